package httpapi

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"ttledger/projections"
)

// sheet claims the parameters of an export, which the export reads itself.
func (p *params) sheet() {
	if bom := p.one("bom"); bom != "" && bom != "0" && bom != "1" {
		p.wrong("bom is 0 or 1", "bom 应为 0 或 1")
	}
	if header := p.one("header"); header != "" && header != "keys" && header != "labels" {
		p.wrong("header is keys or labels", "header 应为 keys 或 labels")
	}
}

// rows writes one form of an export: a head, row upon row, an end.
type rows interface {
	head(first projections.Page) error
	row(columns []projections.Column, values []any) error
	end(last projections.Page) error
}

// export answers all pages as one file. What fails after the first row breaks the answer off.
func (a *api) export(w http.ResponseWriter, r *http.Request, form format, of about, pages iter.Seq2[projections.Page, error]) (err error) {
	var out rows = &lineRows{lines: a.newLines(w)}
	switch form {
	case formatCSV:
		out = a.newTable(w, r, of.name)
	case formatXLSX:
		book := newWorkbook(w, of)
		defer func() { err = errors.Join(err, book.close()) }()
		out = book
	}
	begun, last := false, projections.Page{}
	for page, err := range pages {
		if err != nil {
			return err
		}
		if !begun {
			stand(w.Header(), page.Checkpoint)
			w.Header().Set("Ledger-As-Of", page.At.AsOf.String())
			w.Header().Set("Ledger-Known-At", fmt.Sprint(page.At.KnownAt))
			if err := out.head(page); err != nil || r.Method == http.MethodHead {
				return err
			}
		}
		for _, values := range page.Rows {
			if err := out.row(page.Columns, values); err != nil {
				return err
			}
		}
		begun, last = true, page
	}
	return out.end(last)
}

// flushEvery is how many rows leave together.
const flushEvery = 100

// lines is NDJSON on its way out, with a last line that says that it is whole.
type lines struct {
	flush func() error
	out   io.Writer
	count int
}

func (a *api) newLines(w http.ResponseWriter) *lines {
	w.Header().Set("Content-Type", mediaTypes[formatNDJSON])
	return &lines{flush: a.flusher(w), out: w}
}

// flusher sends what was written and gives the client time for what is next.
func (a *api) flusher(w http.ResponseWriter) func() error {
	control := http.NewResponseController(w)
	return func() error {
		a.extend(w)
		return control.Flush()
	}
}

func (l *lines) line(v any) error {
	raw, err := encode(v)
	if err != nil {
		return err
	}
	return l.raw(raw)
}

func (l *lines) raw(line []byte) error {
	if _, err := l.out.Write(line); err != nil {
		return err
	}
	if l.count++; l.count%flushEvery == 0 {
		return l.flush()
	}
	return nil
}

func (l *lines) end(more map[string]any) error {
	trailer := map[string]any{"_end": true, "count": l.count}
	maps.Copy(trailer, more)
	raw, err := encode(trailer)
	if err != nil {
		return err
	}
	_, err = l.out.Write(raw)
	return err
}

// lineRows is a view or report as NDJSON.
type lineRows struct{ lines *lines }

func (l *lineRows) head(projections.Page) error { return nil }

func (l *lineRows) row(columns []projections.Column, values []any) error {
	return l.lines.raw(append(object(columns, values), '\n'))
}

func (l *lineRows) end(last projections.Page) error {
	return l.lines.end(map[string]any{
		"entry": last.Checkpoint.Entry, "position": last.Checkpoint.Position, "as_of": last.At.AsOf, "known_at": last.At.KnownAt,
	})
}

// objects is the rows of a page as JSON.
func objects(p projections.Page) []json.RawMessage {
	list := make([]json.RawMessage, len(p.Rows))
	for i, values := range p.Rows {
		list[i] = object(p.Columns, values)
	}
	return list
}

// object is a row as JSON, its columns in their order.
func object(columns []projections.Column, values []any) []byte {
	b := []byte{'{'}
	for i, c := range columns {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, quoted(c.Name)...), ':')
		switch v := values[i].(type) {
		case nil:
			b = append(b, "null"...)
		case int64:
			if c.Type == projections.TypeBoolean {
				b = strconv.AppendBool(b, v != 0)
			} else {
				b = strconv.AppendInt(b, v, 10)
			}
		case string:
			if c.Type == projections.TypeJSON {
				b = append(b, v...)
			} else {
				b = append(b, quoted(v)...)
			}
		default:
			panic(fmt.Sprintf("column %s holds a %T", c.Name, v)) // the Reader breaks its contract
		}
	}
	return append(b, '}')
}

func quoted(text string) []byte {
	raw, err := encode(text)
	if err != nil {
		panic(err) // a string has always a form in JSON
	}
	return raw[:len(raw)-1]
}

// table is a view or report as CSV for spreadsheets: UTF-8 with a byte order mark, without which
// they guess the encoding wrong, and CRLF.
type table struct {
	w      http.ResponseWriter
	csv    *csv.Writer
	flush  func() error
	name   string
	lang   string
	bom    bool
	labels bool
	count  int
}

func (a *api) newTable(w http.ResponseWriter, r *http.Request, name string) *table {
	q := r.URL.Query()
	t := &table{
		w: w, csv: csv.NewWriter(w), flush: a.flusher(w), name: name, lang: callOf(r).lang,
		bom: q.Get("bom") != "0", labels: q.Get("header") == "labels",
	}
	t.csv.UseCRLF = true
	return t
}

func (t *table) head(first projections.Page) error {
	file := fmt.Sprintf("%s_%s_%s.csv", t.name, first.At.AsOf, entryName(first.At.KnownAt))
	h := t.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s"; filename*=UTF-8''%s`, file, file))
	if t.labels {
		h.Set("Content-Language", t.lang)
	}
	if t.bom {
		if _, err := io.WriteString(t.w, "\ufeff"); err != nil {
			return err
		}
	}
	names := make([]string, len(first.Columns))
	for i, c := range first.Columns {
		if names[i] = c.Name; t.labels {
			names[i] = say(t.lang, c.Label)
		}
	}
	return t.csv.Write(names)
}

func (t *table) row(columns []projections.Column, values []any) error {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = cell(columns[i].Type, v)
	}
	if err := t.csv.Write(cells); err != nil {
		return err
	}
	if t.count++; t.count%flushEvery != 0 {
		return nil
	}
	if t.csv.Flush(); t.csv.Error() != nil {
		return t.csv.Error()
	}
	return t.flush()
}

func (t *table) end(projections.Page) error {
	t.csv.Flush()
	return t.csv.Error()
}

// cell is a value as a spreadsheet takes it. Text that one would run as a formula is marked as
// text.
func cell(c projections.ColumnType, value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case int64:
		if c == projections.TypeBoolean {
			return strconv.FormatBool(v != 0)
		}
		return strconv.FormatInt(v, 10)
	case string:
		if c == projections.TypeText && v != "" && strings.ContainsRune("=+-@\t\r", rune(v[0])) {
			return "'" + v
		}
		return v
	}
	panic(fmt.Sprintf("a column holds a %T", value)) // the Reader breaks its contract
}
