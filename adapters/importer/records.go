package importer

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"ttledger/domain/ledger"
)

// source is a file that was recognised.
type source struct {
	path  string
	kind  Kind
	batch string // SHA-256 of the file, hex
	rows  int
}

// inspect reads all files once: their digests, kinds and numbers of rows, in the order in which
// they are to be processed.
func inspect(f Format, files []string, o Options) ([]source, error) {
	if o.Preparer.Handle == o.Approver.Handle {
		return nil, ledger.Invalid("four-eyes", ledger.Text{
			En: "the preparer and the approver must be two principals", Zh: "经办人与审批人须为两个不同账号",
		})
	}
	var sources []source
	var faults []ledger.Field
	for _, path := range files {
		s, fault, err := examine(f, path, o)
		if err != nil {
			return nil, err
		}
		if fault != nil {
			faults = append(faults, ledger.Field{Pointer: path, Detail: *fault})
		}
		sources = append(sources, s)
	}
	if len(faults) > 0 || len(files) == 0 {
		needs := f.needs
		if needs.En == "" {
			needs = ledger.Text{En: accepts(f, "accepted is a file with the columns "), Zh: accepts(f, "可用文件须含列 ")}
		}
		return nil, ledger.Invalid("files", ledger.Text{
			En: "nothing was imported: these files cannot be used as " + f.Name + "; " + needs.En,
			Zh: "未导入任何内容:文件不能按 " + f.Name + " 格式使用;" + needs.Zh,
		}, faults...)
	}
	rank := func(s source) int {
		return slices.IndexFunc(f.Kinds, func(k Kind) bool { return k.Name == s.kind.Name })
	}
	slices.SortStableFunc(sources, func(a, b source) int { return rank(a) - rank(b) })
	return sources, nil
}

// examine reads one file through; fault says why it cannot be used.
func examine(f Format, path string, o Options) (s source, fault *ledger.Text, err error) {
	file, err := os.Open(path)
	if err != nil {
		return s, nil, err
	}
	defer file.Close()
	hash := sha256.New()
	in, err := newRecords(io.TeeReader(file, hash))
	if err != nil {
		return s, nil, fmt.Errorf("%s: %w", path, err)
	}
	kind, fault := recognise(f, in.header)
	if fault != nil {
		return s, fault, nil
	}
	if kind.Dated && o.StatedOn.Precision() != "day" {
		return s, &ledger.Text{En: "needs the day on which the publisher stated it", Zh: "须说明发布方数据的截止日(具体日期)"}, nil
	}
	s, in.template = source{path: path, kind: kind}, kind.template
	for {
		rec, err := in.next()
		switch {
		case errors.Is(err, io.EOF):
			s.batch = hex.EncodeToString(hash.Sum(nil))
			return s, nil, nil
		case err != nil:
			return s, nil, fmt.Errorf("%s: %w", path, err)
		case kind.template != nil && rec.fault != nil && rec.fault.code == notUTF8:
			return s, &ledger.Text{
				En: fmt.Sprintf("line %d is not UTF-8; in a spreadsheet program save it as CSV UTF-8", rec.line),
				Zh: fmt.Sprintf("第 %d 行不是 UTF-8 编码(可能为 GBK);请在表格软件中另存为“CSV UTF-8”", rec.line),
			}, nil
		}
		s.rows++
	}
}

// recognise finds the kind whose columns the header has. Where none fits, the fault is told
// about the kind that comes nearest.
func recognise(f Format, header []string) (Kind, *ledger.Text) {
	var nearest Kind
	var missing []string
	for _, k := range f.Kinds {
		var lacks []string
		for _, column := range k.Columns {
			if n := count(header, column); n == 0 {
				lacks = append(lacks, column)
			} else if n > 1 {
				return k, &ledger.Text{En: fmt.Sprintf("the column %s stands there %d times", column, n), Zh: fmt.Sprintf("列 %s 出现 %d 次", column, n)}
			}
		}
		if len(lacks) == 0 && k.template != nil {
			return k, k.template.misfit(header)
		}
		if len(lacks) == 0 {
			return k, nil
		}
		if len(lacks) < len(k.Columns) && (missing == nil || len(lacks) < len(missing)) {
			nearest, missing = k, lacks
		}
	}
	if missing == nil {
		return nearest, &ledger.Text{
			En: "the first line has none of the known columns; a table must be saved as CSV in UTF-8",
			Zh: "首行不含任何已知列名;表格须另存为 UTF-8 编码的 CSV(GBK 文件须先转换)",
		}
	}
	list := strings.Join(missing, ", ")
	return nearest, &ledger.Text{En: fmt.Sprintf("as a %s file it lacks %s", nearest.Name, list), Zh: fmt.Sprintf("作为 %s 文件缺少列 %s", nearest.Name, list)}
}

func count(list []string, s string) (n int) {
	for _, x := range list {
		if x == s {
			n++
		}
	}
	return n
}

func accepts(f Format, lead string) string {
	var kinds []string
	for _, k := range f.Kinds {
		kinds = append(kinds, lead+strings.Join(k.Columns, ", ")+" ("+k.Name+")")
	}
	return strings.Join(kinds, "; ")
}

// open begins to read a source again from its first row.
func (s source) open() (*records, error) {
	file, err := os.Open(s.path)
	if err != nil {
		return nil, err
	}
	in, err := newRecords(file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", s.path, err), file.Close())
	}
	in.Closer, in.template = file, s.kind.template
	return in, nil
}

// maxRecord bounds a record: a quote that is never closed must not swallow the file.
const maxRecord = 1 << 20

// records reads the records of a CSV file. A fault costs one line: where a record that runs over
// several lines is unsound, its first line is refused and reading goes on with the second.
type records struct {
	io.Closer
	in      *bufio.Reader
	back    [][]byte // lines read ahead and given back
	line    int      // number of the next line
	header  []string
	columns map[string]int

	template *template // or nil; its files have ragged and idle rows
}

// record is one record, with the line it begins on; fault where it could not be read.
type record struct {
	line    int
	values  []string
	columns map[string]int
	fault   *refusal
}

// get is the value of a column; "" where the file has no such column.
func (r record) get(column string) string {
	if i, ok := r.columns[column]; ok {
		return r.values[i]
	}
	return ""
}

func newRecords(file io.Reader) (*records, error) {
	r := &records{in: bufio.NewReaderSize(file, maxRecord), line: 1, columns: map[string]int{}}
	first, _, err := r.read()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	r.line++
	// A header that is not sound CSV has no known columns, and the file is refused for that.
	fields, _ := parse(bytes.TrimPrefix(first, []byte(bom)))
	for i, name := range fields {
		name = strings.TrimSpace(name)
		r.header = append(r.header, name)
		r.columns[name] = i
	}
	return r, nil
}

// next is the next record that says something; io.EOF after the last.
func (r *records) next() (record, error) {
	for {
		rec, err := r.one()
		if err != nil || rec.fault != nil || r.template == nil || !r.template.idle(rec) {
			return rec, err
		}
	}
}

// one is the next record that is not an empty line; io.EOF after the last.
func (r *records) one() (record, error) {
	lines, long, err := r.gather()
	if err != nil {
		return record{}, err
	}
	rec, used := record{line: r.line, columns: r.columns}, len(lines)
	text := bytes.Join(lines, nil)
	values, err := parse(text)
	if r.template != nil && err == nil {
		values = r.fit(values)
	}
	switch {
	case long:
		rec.fault, used = faulty("too-long", "the record is longer than 1 MiB", "记录超过 1 MiB"), 1
	case err != nil:
		used = 1
		rec.fault = faulty("csv-quotes",
			fmt.Sprintf("the quotes are not balanced (%v); a quote inside a value is written twice and the value is quoted", err),
			"引号不匹配;值内的引号须写两次,且整个值须加引号")
	case len(values) != len(r.header) && r.template != nil:
		// Its further lines are read with it: with rows of any length they would pass for rows.
		stray := values[len(values)-1]
		rec.fault = faulty("csv-fields",
			fmt.Sprintf("%q stands under no column; a value with a comma must be quoted", stray),
			fmt.Sprintf("%q 不在任何列下;含逗号的值须加引号", stray))
	case len(values) != len(r.header):
		used = 1
		rec.fault = faulty("csv-fields",
			fmt.Sprintf("%d fields where the header has %d; a value with a comma must be quoted", len(values), len(r.header)),
			fmt.Sprintf("有 %d 个字段,而表头有 %d 个;含逗号的值须加引号", len(values), len(r.header)))
	case !utf8.Valid(text):
		rec.fault = faulty(notUTF8, "the text is not UTF-8; a GBK file must be converted first", "文本不是 UTF-8 编码;GBK 文件须先转换")
	default:
		rec.values = values
	}
	if used < len(lines) {
		r.back = append(slices.Clone(lines[used:]), r.back...)
	}
	r.line += used
	return rec, nil
}

// notUTF8 is the code of a row in another encoding.
const notUTF8 = "not-utf-8"

// fit makes a row as long as the header, as far as nothing is lost: spreadsheet programs leave
// out empty cells at the end of some rows and add columns that are empty in all. A value under
// no column is kept as one field too many.
func (r *records) fit(values []string) []string {
	fitted := make([]string, len(r.header))
	copy(fitted, values)
	for i, v := range values {
		if strings.TrimSpace(v) != "" && (i >= len(r.header) || r.header[i] == "") {
			return append(fitted, v)
		}
	}
	return fitted
}

func faulty(code, en, zh string) *refusal {
	return &refusal{code: code, reason: ledger.Text{En: en, Zh: zh}}
}

// gather collects lines until the quotes are balanced, or for as long as a record may be.
func (r *records) gather() (lines [][]byte, long bool, err error) {
	for size, quotes := 0, 0; ; {
		line, long, err := r.read()
		switch {
		case errors.Is(err, io.EOF) && len(lines) > 0:
			return lines, false, nil
		case err != nil:
			return nil, false, err
		case len(lines) == 0 && len(bytes.TrimRight(line, "\r\n")) == 0:
			r.line++
			continue
		}
		lines = append(lines, line)
		size += len(line)
		quotes += bytes.Count(line, []byte{'"'})
		if quotes%2 == 0 || size >= maxRecord {
			return lines, long, nil
		}
	}
}

// read is the next line with its end. Of a line beyond maxRecord only the beginning is kept.
func (r *records) read() (line []byte, long bool, err error) {
	if len(r.back) > 0 {
		line, r.back = r.back[0], r.back[1:]
		return line, false, nil
	}
	slice, err := r.in.ReadSlice('\n')
	line = bytes.Clone(slice)
	for errors.Is(err, bufio.ErrBufferFull) {
		long = true
		_, err = r.in.ReadSlice('\n')
	}
	if errors.Is(err, io.EOF) && len(line) > 0 {
		err = nil
	}
	return line, long, err
}

// parse reads the fields of one record.
func parse(text []byte) ([]string, error) {
	c := csv.NewReader(bytes.NewReader(text))
	c.FieldsPerRecord = -1
	fields, err := c.Read()
	if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
		return nil, wrong.Err
	}
	return fields, err
}
