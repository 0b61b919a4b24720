package importer

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"ttledger/domain/ledger"
)

// Row is what became of one row.
type Row struct {
	File    string
	Line    int    // where the record begins
	Key     string // what the publisher calls it
	Outcome string // accepted or refused
	New     bool   // this run recorded something; false for a repeat
	Stream  string
	Code    string // of the refusal, and below its column and reason
	Field   string
	Reason  ledger.Text
	Remark  string
}

const (
	accepted = "accepted"
	refused  = "refused"
)

var reportColumns = []string{"file", "line", "key", "outcome", "new", "stream", "code", "field", "reason_en", "reason_zh", "remark"}

func (r Row) cells() []string {
	return []string{r.File, strconv.Itoa(r.Line), r.Key, r.Outcome, strconv.FormatBool(r.New), r.Stream, r.Code, r.Field, r.Reason.En, r.Reason.Zh, r.Remark}
}

// bom tells spreadsheet programs that a file is UTF-8.
const bom = "\ufeff"

// report is the file with a line for each row. It appears under its name whole or not at all.
// A nil report takes rows and keeps nothing.
type report struct {
	path string
	file *os.File
	buf  *bufio.Writer
	csv  *csv.Writer
}

func createReport(path string) (*report, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Create(path + ".part")
	if err != nil {
		return nil, err
	}
	r := &report{path: path, file: file, buf: bufio.NewWriter(file)}
	r.csv = csv.NewWriter(r.buf)
	r.csv.UseCRLF = true
	_, err = r.buf.WriteString(bom)
	if err = errors.Join(err, r.csv.Write(reportColumns)); err != nil {
		r.discard()
		return nil, err
	}
	return r, nil
}

func (r *report) write(row Row) error {
	if r == nil {
		return nil
	}
	cells := row.cells()
	for i := range cells {
		cells[i] = guard(cells[i])
	}
	return r.csv.Write(cells)
}

// guard keeps a spreadsheet program from taking a cell for a formula.
func guard(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// commit makes the report appear under its name.
func (r *report) commit() error {
	if r == nil {
		return nil
	}
	r.csv.Flush()
	err := errors.Join(r.csv.Error(), r.buf.Flush(), r.file.Sync(), r.file.Close())
	if err == nil {
		err = os.Rename(r.file.Name(), r.path)
	}
	if err != nil {
		return fmt.Errorf("the rows are imported, but not the report of them: %w", err)
	}
	return nil
}

// discard removes an unfinished report; after commit there is none left.
func (r *report) discard() {
	if r != nil {
		_ = r.file.Close()
		_ = os.Remove(r.file.Name())
	}
}

// Summary is a run in figures.
type Summary struct {
	Format   string           `json:"format"`
	Files    []Count          `json:"files"` // in the order processed
	Total    Count            `json:"total"`
	Refusals map[string]int   `json:"refusals"` // rows by code
	Commands map[string]Tally `json:"commands"` // by aggregate/verb
	Links    Links            `json:"links"`
}

// Count is the rows of a file, or of all: Read = Accepted + Refused, and New are those for which
// something was recorded.
type Count struct {
	File     string `json:"file,omitzero"`
	Kind     string `json:"kind,omitzero"`
	Batch    string `json:"batch,omitzero"` // SHA-256 of the file, hex
	Read     int    `json:"read"`
	Accepted int    `json:"accepted"`
	New      int    `json:"new"`
	Refused  int    `json:"refused"`
}

// Tally counts commands: recorded by this run, or found in the record.
type Tally struct {
	Recorded int `json:"recorded"`
	Repeated int `json:"repeated"`
}

// Links counts what followed from all rows together: linked (new among them), with nothing to
// link to, or refused by a rule.
type Links struct {
	Linked   int            `json:"linked"`
	New      int            `json:"new"`
	Unlinked int            `json:"unlinked"`
	Refused  int            `json:"refused"`
	Refusals map[string]int `json:"refusals,omitempty"` // by code
}

func newSummary(f Format) Summary {
	return Summary{Format: f.Name, Refusals: map[string]int{}, Commands: map[string]Tally{}, Links: Links{Refusals: map[string]int{}}}
}

func (s *Summary) add(c Count) {
	s.Files = append(s.Files, c)
	s.Total.Read += c.Read
	s.Total.Accepted += c.Accepted
	s.Total.New += c.New
	s.Total.Refused += c.Refused
}

func (c *Count) count(r Row) {
	c.Read++
	if r.Outcome == accepted {
		c.Accepted++
	} else {
		c.Refused++
	}
	if r.New {
		c.New++
	}
}

func (l *Links) count(it *item) {
	switch {
	case len(it.steps) == 0:
		l.Unlinked++
	case it.refusal != nil:
		l.Refused++
		l.Refusals[it.refusal.code]++
	default:
		l.Linked++
		if it.new {
			l.New++
		}
	}
}

// Print writes the summary as a table for people.
func (s Summary) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "file 文件\tread 读取\taccepted 接受\tnew 新增\trefused 拒绝")
	for _, c := range append(slices.Clone(s.Files), s.Total) {
		name := c.File
		if name == "" {
			name = "total 合计"
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\n", name, c.Read, c.Accepted, c.New, c.Refused)
	}
	for _, code := range slices.Sorted(maps.Keys(s.Refusals)) {
		fmt.Fprintf(t, "refused 拒绝: %s\t%d\n", code, s.Refusals[code])
	}
	for _, name := range slices.Sorted(maps.Keys(s.Commands)) {
		fmt.Fprintf(t, "%s\trecorded 记录 %d\trepeated 重复 %d\n", name, s.Commands[name].Recorded, s.Commands[name].Repeated)
	}
	fmt.Fprintf(t, "links 关联\tlinked 已关联 %d\tnew 新增 %d\tunlinked 无前序 %d\trefused 拒绝 %d\n", s.Links.Linked, s.Links.New, s.Links.Unlinked, s.Links.Refused)
	return t.Flush()
}
