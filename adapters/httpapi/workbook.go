package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// The bounds of a sheet of a workbook, which are its format's.
const (
	maxSheetRows = excelize.TotalRows - 2 // under two rows of headings
	maxCellUnits = excelize.TotalCellChars
	maxDigits    = 999_999_999_999_999 // beyond which a spreadsheet rounds
)

// about is what an export is of.
type about struct {
	name    string
	title   ledger.Text
	formula string            // of a report
	scope   map[string]string // of a report
}

// workbook is a view or report as XLSX: a sheet of data under its keys in English and its labels in
// Chinese, numbers and dates as such; a sheet that says what the columns are; and one that says of
// which moment it all is. The same question makes the same bytes.
type workbook struct {
	w      http.ResponseWriter
	about  about
	file   *excelize.File
	data   *excelize.StreamWriter
	styles map[string]int // by number format
	next   int            // row
	first  projections.Page
	cut    int // texts that were too long for a cell
}

func newWorkbook(w http.ResponseWriter, of about) *workbook {
	return &workbook{w: w, about: of, file: excelize.NewFile(), styles: map[string]int{}, next: 3}
}

// The sheets, each with its name in both languages.
const (
	sheetData    = "data 数据"
	sheetColumns = "columns 列"
	sheetAbout   = "about 说明"
)

func (b *workbook) head(first projections.Page) (err error) {
	b.first = first
	file := fmt.Sprintf("%s_%s_%s.xlsx", b.about.name, first.At.AsOf, entryName(first.At.KnownAt))
	b.w.Header().Set("Content-Type", mediaTypes[formatXLSX])
	b.w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s"; filename*=UTF-8''%s`, file, file))
	if err := b.file.SetSheetName("Sheet1", sheetData); err != nil {
		return err
	}
	if b.data, err = b.file.NewStreamWriter(sheetData); err != nil {
		return err
	}
	bold, err := b.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	if err := b.data.SetPanes(&excelize.Panes{Freeze: true, YSplit: 2, TopLeftCell: "A3", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	keys, labels := make([]any, len(first.Columns)), make([]any, len(first.Columns))
	for i, c := range first.Columns {
		keys[i], labels[i] = excelize.Cell{StyleID: bold, Value: c.Name}, excelize.Cell{StyleID: bold, Value: c.Label.Zh}
	}
	if err := b.data.SetRow("A1", keys); err != nil {
		return err
	}
	return b.data.SetRow("A2", labels)
}

func (b *workbook) row(columns []projections.Column, values []any) error {
	if b.next-2 > maxSheetRows {
		return &ledger.Error{Kind: ledger.KindTooLarge, Code: "too-many-rows", Msg: ledger.Text{
			En: fmt.Sprintf("a sheet holds %d rows; filter, or take csv or ndjson", maxSheetRows), Zh: fmt.Sprintf("工作表最多 %d 行;请筛选,或改用 csv、ndjson", maxSheetRows),
		}}
	}
	cells := make([]any, len(values))
	for i, v := range values {
		var err error
		if cells[i], err = b.cell(columns[i].Type, v); err != nil {
			return err
		}
	}
	b.next++
	return b.data.SetRow("A"+strconv.Itoa(b.next-1), cells)
}

// end writes the file; until then nothing has left, so what failed before is answered as an error.
func (b *workbook) end(projections.Page) error {
	if err := b.data.Flush(); err != nil {
		return err
	}
	if err := b.describe(); err != nil {
		return err
	}
	_, err := b.file.WriteTo(b.w)
	return err
}

// close gives up what the file holds on disk meanwhile.
func (b *workbook) close() error { return b.file.Close() }

// cell is a value with its type. A date that is not known to the day, and a number that a
// spreadsheet would round, stay texts.
func (b *workbook) cell(c projections.ColumnType, value any) (any, error) {
	switch v := value.(type) {
	case int64:
		if c == projections.TypeBoolean {
			return v != 0, nil
		}
		if v > maxDigits || v < -maxDigits {
			return strconv.FormatInt(v, 10), nil
		}
		return v, nil
	case string:
		switch c {
		case projections.TypeDecimal, projections.TypeNumber:
			_, places, _ := strings.Cut(v, ".")
			if n, err := strconv.ParseFloat(v, 64); err == nil && len(v) <= 16 {
				return b.styled("0"+strings.TrimSuffix("."+strings.Repeat("0", len(places)), "."), n)
			}
		case projections.TypeDate:
			if on, err := time.Parse(time.DateOnly, v); err == nil && on.Year() >= 1901 {
				return b.styled("yyyy-mm-dd", on)
			}
		case projections.TypeTime:
			if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
				// Spreadsheets know no zones: the wall clock of business dates.
				wall := at.In(ledger.Zone)
				return b.styled("yyyy-mm-dd hh:mm:ss", time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), time.UTC))
			}
		}
		return b.fitted(v), nil
	}
	return value, nil
}

func (b *workbook) styled(format string, value any) (any, error) {
	id, ok := b.styles[format]
	if !ok {
		var err error
		if id, err = b.file.NewStyle(&excelize.Style{CustomNumFmt: &format}); err != nil {
			return nil, err
		}
		b.styles[format] = id
	}
	return excelize.Cell{StyleID: id, Value: value}, nil
}

// fitted cuts a text that is too long for a cell, aloud.
func (b *workbook) fitted(text string) string {
	if len(text) <= maxCellUnits {
		return text
	}
	units := utf16.Encode([]rune(text))
	if len(units) <= maxCellUnits {
		return text
	}
	b.cut++
	const mark = " …(cut 已截断)"
	return string(utf16.Decode(units[:maxCellUnits-len(utf16.Encode([]rune(mark)))-1])) + mark
}

// describe writes the sheets beside the data.
func (b *workbook) describe() error {
	columns := [][]any{{"key 键", "type 类型", "English", "中文"}}
	for _, c := range b.first.Columns {
		columns = append(columns, []any{c.Name, string(c.Type), c.Label.En, c.Label.Zh})
	}
	if err := b.sheet(sheetColumns, columns); err != nil {
		return err
	}
	facts := [][]any{
		{"name 名称", b.about.name}, {"title", b.about.title.En}, {"标题", b.about.title.Zh},
		{"as of (T) 生效时点", b.first.At.AsOf.String()}, {"known at entry (K) 入账时点(序号)", int64(b.first.At.KnownAt)},
		{"rows 行数", int64(b.next - 3)}, {"times are of 时区", "Asia/Shanghai"},
	}
	if b.cut > 0 {
		facts = append(facts, []any{"texts cut, whole in csv 截断文本数(csv 中完整)", int64(b.cut)})
	}
	if b.about.formula != "" {
		facts = append(facts, []any{"formula 公式", b.about.formula})
	}
	names := make([]string, 0, len(b.about.scope))
	for name := range b.about.scope {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		facts = append(facts, []any{"parameter 参数 " + name, b.about.scope[name]})
	}
	return b.sheet(sheetAbout, facts)
}

// sheet writes a small one, not as a stream: of several streams the library writes in any order.
func (b *workbook) sheet(name string, rows [][]any) error {
	if _, err := b.file.NewSheet(name); err != nil {
		return err
	}
	for i, row := range rows {
		if err := b.file.SetSheetRow(name, "A"+strconv.Itoa(i+1), &row); err != nil {
			return err
		}
	}
	return b.file.SetColWidth(name, "A", "B", 36)
}
