package importer

import (
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"

	"ttledger/domain/ledger"
)

// fields reads the columns of a record as values and keeps the first fault it meets, so that a
// row is read in one go and looked at once.
type fields struct {
	record
	fault *refusal
}

func (f *fields) refuse(code, column, en, zh string) {
	if f.fault == nil {
		f.fault = &refusal{code, column, ledger.Text{En: en, Zh: zh}}
	}
}

// text is a line of text as people would type it: entities decoded, blanks folded and trimmed.
func (f *fields) text(column string) string { return fold(f.get(column)) }

func fold(s string) string {
	// Publishers encode what was encoded: "&amp;#8208;" is a hyphen after two steps.
	for range 2 {
		s = html.UnescapeString(s)
	}
	return strings.Join(strings.Fields(s), " ")
}

var (
	amountPattern = regexp.MustCompile(`^([0-9]{1,12})(?:\.([0-9]{1,2})0*)?$`)
	usDatePattern = regexp.MustCompile(`^([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}|[0-9]{2})$`)
	yearPattern   = regexp.MustCompile(`^[0-9]{4}$`)
)

// cents is an amount with at most two decimals, in minor units. Empty is 0.
func (f *fields) cents(column string) int64 {
	text := strings.TrimSpace(f.get(column))
	if text == "" {
		return 0
	}
	m := amountPattern.FindStringSubmatch(text)
	if m == nil {
		f.refuse("bad-amount", column,
			fmt.Sprintf("%q is not an amount; digits with at most two decimals, such as 100000.00", text),
			fmt.Sprintf("%q 不是金额;应为数字,最多两位小数,如 100000.00", text))
		return 0
	}
	minor, err := strconv.ParseInt(m[1]+(m[2] + "00")[:2], 10, 64)
	if err != nil {
		panic(err) // fourteen digits fit
	}
	return minor
}

// usDate is a day written month first, MM/DD/YYYY or M/D/YY; of two digits, 00 to 68 are after
// 2000.
func (f *fields) usDate(column string) ledger.Date {
	text := strings.TrimSpace(f.get(column))
	if m := usDatePattern.FindStringSubmatch(text); m != nil {
		year := m[3]
		if len(year) == 2 && year <= "68" {
			year = "20" + year
		} else if len(year) == 2 {
			year = "19" + year
		}
		if d, err := ledger.ParseDate(fmt.Sprintf("%s-%02s-%02s", year, m[1], m[2])); err == nil {
			return d
		}
	}
	f.refuse("bad-date", column,
		fmt.Sprintf("%q is not a date; month/day/year, such as 07/01/2001 or 7/1/01", text),
		fmt.Sprintf("%q 不是日期;应为 月/日/年,如 07/01/2001 或 7/1/01", text))
	return ledger.Date{}
}

// day is a full ISO date.
func (f *fields) day(column string) ledger.Date {
	text := strings.TrimSpace(f.get(column))
	d, err := ledger.ParseDate(text)
	if err != nil || d.Precision() != "day" {
		f.refuse("bad-date", column,
			fmt.Sprintf("%q is not a date; year-month-day, such as 2001-07-01", text),
			fmt.Sprintf("%q 不是日期;应为 年-月-日,如 2001-07-01", text))
	}
	return d
}

// year is a date of which only the year is known.
func (f *fields) year(column string) ledger.Date {
	text := strings.TrimSpace(f.get(column))
	d, err := ledger.ParseDate(text)
	if err != nil || !yearPattern.MatchString(text) {
		f.refuse("bad-year", column,
			fmt.Sprintf("%q is not a year; four digits, such as 2001", text),
			fmt.Sprintf("%q 不是年份;应为四位数字,如 2001", text))
	}
	return d
}
