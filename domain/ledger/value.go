package ledger

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Zone is the zone of business dates. China keeps one zone without summer time, so it needs no
// table of zones.
var Zone = time.FixedZone("Asia/Shanghai", 8*60*60)

// Date is a business date as precisely as it is known: a day, a month or a year, in Zone.
// The zero Date means that none is known. Two Dates are equal only if their precision is.
type Date struct {
	Year  int16
	Month int8 // 0 where only the year is known
	Day   int8 // 0 where only the month is known
}

// Day is the Date of a full calendar day.
func Day(year int, month time.Month, day int) Date {
	return Date{int16(year), int8(month), int8(day)}
}

// DayOf is the day that the instant falls on in Zone.
func DayOf(at time.Time) Date {
	y, m, d := at.In(Zone).Date()
	return Day(y, m, d)
}

// ParseDate reads "2021", "2021-06" or "2021-06-15", from year 1000 to 9998.
func ParseDate(text string) (Date, error) {
	var parts [3]int
	n := 0
	for rest, width := text, 4; ; width = 2 {
		if n == len(parts) || len(rest) < width {
			return Date{}, badDate(text)
		}
		for _, digit := range []byte(rest[:width]) {
			if digit < '0' || digit > '9' {
				return Date{}, badDate(text)
			}
			parts[n] = 10*parts[n] + int(digit-'0')
		}
		n++
		if rest = rest[width:]; rest == "" {
			break
		}
		if rest[0] != '-' {
			return Date{}, badDate(text)
		}
		rest = rest[1:]
	}
	d := Date{int16(parts[0]), int8(parts[1]), int8(parts[2])}
	if n > 1 && (d.Month < 1 || d.Month > 12) || n > 2 && (d.Day < 1 || d.Day > (Date{d.Year, d.Month, 0}).Last().Day) || d.Year < 1000 || d.Year > 9998 {
		return Date{}, badDate(text)
	}
	return d, nil
}

func badDate(text string) error {
	return Invalid("date", Text{
		En: fmt.Sprintf("%q is not a date; write 2021-06-15, or 2021-06 or 2021 where no more is known", text),
		Zh: fmt.Sprintf("%q 不是日期;请写 2021-06-15,只知道月或年时写 2021-06 或 2021", text),
	})
}

// IsZero says that no date is known.
func (d Date) IsZero() bool { return d == Date{} }

// Precision is "year", "month" or "day"; "" for the zero Date.
func (d Date) Precision() string {
	switch {
	case d.IsZero():
		return ""
	case d.Month == 0:
		return "year"
	case d.Day == 0:
		return "month"
	}
	return "day"
}

// First is the first day the Date may mean: the day from which it counts in an as-of answer.
func (d Date) First() Date {
	if d.IsZero() {
		return d
	}
	return Date{d.Year, max(d.Month, 1), max(d.Day, 1)}
}

// Last is the last day the Date may mean.
func (d Date) Last() Date {
	switch d.Precision() {
	case "year":
		return Date{d.Year, 12, 31}
	case "month":
		return DayOf(time.Date(int(d.Year), time.Month(d.Month)+1, 0, 12, 0, 0, 0, Zone))
	}
	return d
}

// Compare orders dates by the first day they may mean.
func (d Date) Compare(e Date) int { return strings.Compare(d.First().String(), e.First().String()) }

// DaysSince counts the days from e to d, by the first day each may mean.
func (d Date) DaysSince(e Date) int {
	days := func(d Date) int64 {
		d = d.First()
		return time.Date(int(d.Year), time.Month(d.Month), int(d.Day), 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60)
	}
	return int(days(d) - days(e))
}

// Plus is the day that is years, months and days later than the first that d may mean. Where the
// month is too short for the day it is the month's last: a month after 31 January is 28 February.
func (d Date) Plus(years, months, days int) Date {
	if d.IsZero() {
		return d
	}
	d = d.First()
	at := time.Date(int(d.Year)+years, time.Month(int(d.Month)+months), 1, 12, 0, 0, 0, Zone)
	last := Date{int16(at.Year()), int8(at.Month()), 0}.Last()
	return DayOf(time.Date(at.Year(), at.Month(), int(min(d.Day, last.Day))+days, 12, 0, 0, 0, Zone))
}

// String is "2021", "2021-06" or "2021-06-15"; "" for the zero Date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	// By hand: dates are half of what replaying formats.
	digit := func(n, unit int) byte { return byte('0' + n/unit%10) }
	y, m, day := int(d.Year), int(d.Month), int(d.Day)
	text := [10]byte{digit(y, 1000), digit(y, 100), digit(y, 10), digit(y, 1), '-', digit(m, 10), digit(m, 1), '-', digit(day, 10), digit(day, 1)}
	switch {
	case d.Month == 0:
		return string(text[:4])
	case d.Day == 0:
		return string(text[:7])
	}
	return string(text[:])
}

// MarshalText is String.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is ParseDate; empty text is refused, a missing date is a missing field.
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDate(string(text))
	return err
}

// currencies are the ISO 4217 codes accepted, with the digits of their minor unit.
var currencies = map[string]int{"CNY": 2, "USD": 2, "EUR": 2, "GBP": 2, "SEK": 2, "CHF": 2, "HKD": 2, "SGD": 2, "JPY": 0, "KRW": 0}

// Money is an amount in integer minor units (fen, cents) of one currency. Two currencies are
// never added.
type Money struct {
	Minor    int64  `json:"minor" en:"amount in minor units (fen, cents)" zh:"金额(最小货币单位,如分)"`
	Currency string `json:"currency" enum:"CNY,USD,EUR,GBP,SEK,CHF,HKD,SGD,JPY,KRW" en:"currency, ISO 4217" zh:"币种(ISO 4217)"`
}

// IsZero says that no amount is stated.
func (m Money) IsZero() bool { return m == Money{} }

// Digits is the number of digits of the currency's minor unit.
func (m Money) Digits() int { return currencies[m.Currency] }

// String is the amount in major units with its currency, "1200000.00 CNY".
func (m Money) String() string {
	if m.IsZero() {
		return ""
	}
	unit := uint64(1)
	for range m.Digits() {
		unit *= 10
	}
	sign, minor := "", uint64(m.Minor)
	if m.Minor < 0 {
		sign, minor = "-", -minor
	}
	if unit == 1 {
		return fmt.Sprintf("%s%d %s", sign, minor, m.Currency)
	}
	return fmt.Sprintf("%s%d.%0*d %s", sign, minor/unit, m.Digits(), minor%unit, m.Currency)
}

// Check says what is wrong with an amount that must be present and above zero; path is its
// place in the command.
func (m Money) Check(path string) error {
	if _, ok := currencies[m.Currency]; !ok {
		return InvalidField(path+"/currency",
			fmt.Sprintf("%q is not an accepted currency; one of %s", m.Currency, Currencies()),
			fmt.Sprintf("%q 不是可用币种;可用:%s", m.Currency, Currencies()))
	}
	if m.Minor <= 0 {
		return InvalidField(path+"/minor", "the amount must be above zero, in minor units", "金额必须大于零(以最小货币单位计)")
	}
	return nil
}

// Currencies lists the accepted codes, for messages.
func Currencies() string {
	var codes []string
	for code := range currencies {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return strings.Join(codes, ", ")
}

// Names is a name in Chinese and English; one of the two is enough.
type Names struct {
	Zh string `json:"zh,omitzero" en:"in Chinese" zh:"中文"`
	En string `json:"en,omitzero" en:"in English" zh:"英文"`
}

// Check says what is wrong with names that must be present, at most 500 characters each.
func (n Names) Check(path string) error {
	if strings.TrimSpace(n.Zh) == "" && strings.TrimSpace(n.En) == "" {
		return InvalidField(path, "a name is needed, in Chinese (zh), English (en) or both", "需要名称:中文(zh)、英文(en)或两者")
	}
	return First(CheckText(path+"/zh", n.Zh, 500, false), CheckText(path+"/en", n.En, 500, false))
}

// CheckText says what is wrong with a line of text: longer than limit characters, missing where
// it is required, with control characters, or with blanks at its ends.
func CheckText(path, text string, limit int, required bool) error {
	switch {
	case required && text == "":
		return InvalidField(path, "must not be empty", "不能为空")
	case len([]rune(text)) > limit:
		return InvalidField(path, fmt.Sprintf("at most %d characters, got %d", limit, len([]rune(text))), fmt.Sprintf("最多 %d 个字符,实际 %d", limit, len([]rune(text))))
	case strings.TrimSpace(text) != text:
		return InvalidField(path, "must not begin or end with blanks", "首尾不能有空白")
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }):
		return InvalidField(path, "must not contain control characters", "不能含有控制字符")
	}
	return nil
}

// CheckOneOf says what is wrong with a code that is not in the list.
func CheckOneOf(path, code string, list ...string) error {
	if slices.Contains(list, code) {
		return nil
	}
	return InvalidField(path,
		fmt.Sprintf("%q is not known; one of %s", code, strings.Join(list, ", ")),
		fmt.Sprintf("%q 不在可选范围:%s", code, strings.Join(list, "、")))
}

// CheckCount says what is wrong with a list of more than limit.
func CheckCount(path string, n, limit int) error {
	if n <= limit {
		return nil
	}
	return InvalidField(path, fmt.Sprintf("at most %d, got %d", limit, n), fmt.Sprintf("最多 %d 个,实际 %d 个", limit, n))
}

// First returns the first error, or nil: a list of checks reads as one.
func First(checks ...error) error {
	for _, err := range checks {
		if err != nil {
			return err
		}
	}
	return nil
}
