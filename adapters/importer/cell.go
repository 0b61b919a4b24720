package importer

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// spoiled is what a spreadsheet program leaves of a long number, or of a formula that failed.
var spoiled = regexp.MustCompile(`^(-?[0-9](\.[0-9]+)?E[+-][0-9]{2,3}|#(N/A|NAME\?|REF!|VALUE!|DIV/0!|NUM!|NULL!|#+))$`)

// cell is a cell of a template without the blanks around it.
func (f *fields) cell(c column) string {
	text := strings.TrimSpace(f.get(c.Key))
	if spoiled.MatchString(text) {
		f.refuse("spoiled-cell", c.Key,
			fmt.Sprintf("%q is what a spreadsheet program left of the value; give the column the format Text and enter it again", text),
			fmt.Sprintf("%q 是表格软件改写后的内容;请将该列设为“文本”格式后重新填写", text))
	}
	return text
}

// value reads a cell as its column's type has it in JSON.
func (f *fields) value(c column, text string) any {
	switch c.Type {
	case "integer":
		return f.integer(c, text)
	case "boolean":
		return f.boolean(c, text)
	case "date":
		return f.date(c, text)
	case "uuid":
		id, err := uuid.Parse(text)
		if err != nil || len(text) != 36 {
			f.refuse("bad-uuid", c.Key, fmt.Sprintf("%q is not a UUID, such as 6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11", text), fmt.Sprintf("%q 不是 UUID,如 6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11", text))
		}
		return id.String()
	case "list":
		if !strings.HasPrefix(text, "[") {
			return f.list(c, text)
		}
		return f.json(c, text)
	case "json":
		return f.json(c, text)
	}
	return f.choice(c, text)
}

func (f *fields) choice(c column, text string) string {
	if len(c.Choices) > 0 && !slices.Contains(c.Choices, any(text)) {
		list := strings.Trim(fmt.Sprint(c.Choices), "[]")
		f.refuse("bad-choice", c.Key, fmt.Sprintf("%q is not known; one of: %s", text, list), fmt.Sprintf("%q 不在可选范围:%s", text, list))
	}
	return text
}

func (f *fields) integer(c column, text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		f.refuse("bad-integer", c.Key, fmt.Sprintf("%q is not a whole number; digits alone, such as 125000", text), fmt.Sprintf("%q 不是整数;只写数字,如 125000", text))
	}
	return n
}

func (f *fields) boolean(c column, text string) bool {
	switch strings.ToLower(text) {
	case "true", "是":
		return true
	case "false", "否":
		return false
	}
	f.refuse("bad-boolean", c.Key, fmt.Sprintf("%q is neither true nor false", text), fmt.Sprintf("%q 应为 true(是)或 false(否)", text))
	return false
}

// datePattern is a date with the year first, as spreadsheet programs rewrite 2021-06-05 too:
// 2021/6/5, 2021年6月5日. With the month or the day first it cannot be told which is which.
var datePattern = regexp.MustCompile(`^([0-9]{4})(?:年?|[-/.年]([0-9]{1,2})(?:月?|[-/.月]([0-9]{1,2})日?))$`)

func (f *fields) date(c column, text string) string {
	if m := datePattern.FindStringSubmatch(text); m != nil {
		iso := m[1]
		for _, part := range m[2:] {
			if part != "" {
				iso += fmt.Sprintf("-%02s", part)
			}
		}
		if _, err := ledger.ParseDate(iso); err == nil {
			return iso
		}
	}
	f.refuse("bad-date", c.Key,
		fmt.Sprintf("%q is not a date with the year first; write 2021-06-15, or 2021-06 or 2021 where no more is known", text),
		fmt.Sprintf("%q 不是年份在前的日期;请写 2021-06-15,只知道月或年时写 2021-06 或 2021", text))
	return ""
}

// list reads the values between ; signs. A list with a text that has one itself is written as
// JSON instead.
func (f *fields) list(c column, text string) []any {
	list := []any{}
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ';' || r == '\uff1b' }) {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, f.value(column{Key: c.Key, Type: c.Items, Choices: c.Choices}, part))
		}
	}
	return list
}

func (f *fields) json(c column, text string) json.RawMessage {
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	sample := c.Example
	if c.Type == "list" {
		sample = `["one","two"]`
	}
	f.refuse("bad-json", c.Key,
		fmt.Sprintf("the cell is not JSON with straight quotes, such as %s", sample),
		fmt.Sprintf("单元格不是 JSON(须用英文直引号),如 %s", sample))
	return json.RawMessage("null")
}
