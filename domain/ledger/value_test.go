package ledger_test

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

var day = ledgertest.Date

// dates draws dates of every precision.
var dates = rapid.Custom(func(t *rapid.T) ledger.Date {
	at := time.Date(rapid.IntRange(1000, 9998).Draw(t, "year"), 1, rapid.IntRange(1, 365).Draw(t, "day"), 0, 0, 0, 0, time.UTC)
	d := ledger.Day(at.Date())
	switch rapid.IntRange(0, 2).Draw(t, "precision") {
	case 0:
		d.Month, d.Day = 0, 0
	case 1:
		d.Day = 0
	}
	return d
})

func TestDatesKeepTheirLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, e := dates.Draw(t, "d"), dates.Draw(t, "e")

		again, err := ledger.ParseDate(d.String())
		require.NoError(t, err)
		require.Equal(t, d, again, "what is written reads the same")
		var told ledger.Date
		raw, err := json.Marshal(d)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(raw, &told))
		require.Equal(t, d, told)

		require.LessOrEqual(t, d.First().Compare(d.Last()), 0, "the first day is not after the last")
		require.True(t, strings.HasPrefix(d.First().String(), d.String()))
		require.True(t, strings.HasPrefix(d.Last().String(), d.String()))
		require.Equal(t, "day", d.First().Precision())
		require.Equal(t, "day", d.Last().Precision())
		days := d.Last().DaysSince(d.First()) + 1
		switch d.Precision() {
		case "day":
			require.Equal(t, 1, days)
		case "month":
			require.Contains(t, []int{28, 29, 30, 31}, days)
		case "year":
			require.Contains(t, []int{365, 366}, days)
		}

		require.Equal(t, strings.Compare(d.First().String(), e.First().String()), d.Compare(e))
		require.Equal(t, -d.Compare(e), e.Compare(d))
		require.Equal(t, -d.DaysSince(e), e.DaysSince(d))
		require.Equal(t, sign(d.DaysSince(e)), d.Compare(e))
	})
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// A Duration ends after 292 years; a date does not.
func TestDaysAreCountedOverCenturies(t *testing.T) {
	require.Equal(t, 146097, day("2300-01-01").DaysSince(day("1900-01-01")))
	require.Equal(t, -146097, day("1900-01-01").DaysSince(day("2300-01-01")))
}

func TestParseDate(t *testing.T) {
	for text, want := range map[string]ledger.Date{
		"2021":       {Year: 2021},
		"2021-06":    {Year: 2021, Month: 6},
		"2021-06-15": {Year: 2021, Month: 6, Day: 15},
		"2024-02-29": {Year: 2024, Month: 2, Day: 29},
		"1000":       {Year: 1000},
		"9998-12-31": {Year: 9998, Month: 12, Day: 31},
	} {
		d, err := ledger.ParseDate(text)
		require.NoError(t, err)
		require.Equal(t, want, d)
	}
	for _, text := range []string{
		"", "0999", "9999", "0000-01-01", "21", "2021-", "2021-6", "2021-13", "2021-00", "2021-06-00", "2021-06-31", "2023-02-29", "2100-02-29",
		"2021/06/15", "2021-06-15T00:00:00Z", " 2021", "2021\n", "-2021", "20210615", "２０２１", "today",
	} {
		_, err := ledger.ParseDate(text)
		require.Equal(t, "date", ledger.CodeOf(err), "%q", text)
		require.Error(t, new(ledger.Date).UnmarshalText([]byte(text)), "%q", text)
	}
}

func FuzzParseDate(f *testing.F) {
	for _, text := range []string{"2021", "2021-06", "2024-02-29", "2021-06-31", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ledger.ParseDate(text)
		if err != nil {
			require.Zero(t, d)
			require.Equal(t, ledger.KindInvalid, ledger.KindOf(err))
			return
		}
		require.Equal(t, text, d.String(), "a date is written in one way")
	})
}

func TestTheZeroDateIsNoDate(t *testing.T) {
	var none ledger.Date
	require.True(t, none.IsZero())
	require.Empty(t, none.String()+none.Precision())
	require.Zero(t, none.First())
	require.Zero(t, none.Last())
	require.Negative(t, none.Compare(day("1000")))
	raw, err := json.Marshal(struct {
		On ledger.Date `json:"on,omitzero"`
	}{})
	require.NoError(t, err)
	require.JSONEq(t, `{}`, string(raw), "a missing date is a missing field")
}

func TestTheDayIsThatOfTheZone(t *testing.T) {
	require.Equal(t, day("2026-06-15"), ledger.DayOf(time.Date(2026, 6, 15, 15, 59, 59, 999, time.UTC)))
	require.Equal(t, day("2026-06-16"), ledger.DayOf(time.Date(2026, 6, 15, 16, 0, 0, 0, time.UTC)))
	require.Equal(t, day("2027-01-01"), ledger.DayOf(time.Date(2026, 12, 31, 11, 0, 0, 0, time.FixedZone("", -5*60*60))))
}

func TestLeapYears(t *testing.T) {
	require.Equal(t, day("2024-02-29"), day("2024-02").Last())
	require.Equal(t, day("2100-02-28"), day("2100-02").Last())
	require.Equal(t, day("2026-12-31"), day("2026-12").Last())
	require.Equal(t, 366, day("2025").DaysSince(day("2024")))
	require.Equal(t, 1, day("2024-03").DaysSince(day("2024-02-29")))
}

func TestMoneyIsWrittenInMajorUnits(t *testing.T) {
	for want, m := range map[string]ledger.Money{
		"":                         {},
		"0.00 CNY":                 {Currency: "CNY"},
		"0.05 CNY":                 {Minor: 5, Currency: "CNY"},
		"-0.05 CNY":                {Minor: -5, Currency: "CNY"},
		"1200000.00 CNY":           {Minor: 120000000, Currency: "CNY"},
		"-12.34 EUR":               {Minor: -1234, Currency: "EUR"},
		"1234 JPY":                 {Minor: 1234, Currency: "JPY"},
		"-1 KRW":                   {Minor: -1, Currency: "KRW"},
		"92233720368547758.07 USD": {Minor: math.MaxInt64, Currency: "USD"},
	} {
		require.Equal(t, want, m.String())
	}
}

// The least amount has no positive twin in an int64.
func TestTheLeastAmountIsWrittenToo(t *testing.T) {
	require.Equal(t, "-92233720368547758.08 CNY", ledger.Money{Minor: math.MinInt64, Currency: "CNY"}.String())
}

func TestMoneyReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := ledger.Money{
			Minor:    rapid.Int64Min(math.MinInt64+1).Draw(t, "minor"),
			Currency: rapid.SampledFrom(strings.Split(ledger.Currencies(), ", ")).Draw(t, "currency"),
		}
		amount, currency, ok := strings.Cut(m.String(), " ")
		require.True(t, ok)
		require.Equal(t, m.Currency, currency)
		whole, part, _ := strings.Cut(amount, ".")
		require.Len(t, part, m.Digits())
		minor, err := strconv.ParseInt(whole+part, 10, 64)
		require.NoError(t, err)
		require.Equal(t, m.Minor, minor)
		require.Equal(t, m.Minor < 0, strings.HasPrefix(amount, "-"))
	})
}

// pointer is where a check found something wrong; "" where it found nothing.
func pointer(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	require.Equal(t, ledger.KindInvalid, ledger.KindOf(err))
	fields := err.(*ledger.Error).Fields
	require.Len(t, fields, 1)
	return fields[0].Pointer
}

func TestChecks(t *testing.T) {
	for name, check := range map[string]struct {
		want string
		err  error
	}{
		"an amount":                          {"", ledger.Money{Minor: 1, Currency: "SEK"}.Check("budget")},
		"no amount":                          {"/data/budget/currency", ledger.Money{}.Check("budget")},
		"a currency that is not accepted":    {"/data/budget/currency", ledger.Money{Minor: 1, Currency: "RUB"}.Check("budget")},
		"an amount of nothing":               {"/data/budget/minor", ledger.Money{Currency: "CNY"}.Check("budget")},
		"a name in one language":             {"", ledger.Names{Zh: "名"}.Check("names")},
		"no name":                            {"/data/names", ledger.Names{}.Check("names")},
		"blanks for a name":                  {"/data/names", ledger.Names{Zh: "\u3000", En: " "}.Check("names")},
		"blanks beside a name":               {"/data/names/zh", ledger.Names{Zh: " ", En: "x"}.Check("names")},
		"a long English name":                {"/data/names/en", ledger.Names{En: strings.Repeat("x", 501)}.Check("names")},
		"text":                               {"", ledger.CheckText("park", "浑南", 2, true)},
		"text may be missing":                {"", ledger.CheckText("park", "", 2, false)},
		"text that is needed":                {"/data/park", ledger.CheckText("park", "", 2, true)},
		"text counted in characters":         {"/data/park", ledger.CheckText("park", "浑南区", 2, true)},
		"blanks before":                      {"/data/park", ledger.CheckText("park", " x", 9, true)},
		"blanks after":                       {"/data/park", ledger.CheckText("park", "x\n", 9, true)},
		"a control character":                {"/data/park", ledger.CheckText("park", "x\x00y", 9, true)},
		"a delete character":                 {"/data/park", ledger.CheckText("park", "x\x7fy", 9, true)},
		"a line end and a tab within":        {"", ledger.CheckText("park", "x\n\ty", 9, true)},
		"a code of the list":                 {"", ledger.CheckOneOf("mode", "b", "a", "b")},
		"a code that is not of the list":     {"/data/mode", ledger.CheckOneOf("mode", "c", "a", "b")},
		"a code in another case":             {"/data/mode", ledger.CheckOneOf("mode", "A", "a", "b")},
		"a list that is full":                {"", ledger.CheckCount("tags", 50, 50)},
		"a list that is too long":            {"/data/tags", ledger.CheckCount("tags", 51, 50)},
		"the first of two that are wrong":    {"/data/a", ledger.First(nil, ledger.CheckText("a", "", 1, true), ledger.CheckText("b", "", 1, true))},
		"the only one that is wrong":         {"/data/b", ledger.First(nil, ledger.CheckText("b", "", 1, true), nil)},
		"none that is wrong, or none at all": {"", ledger.First(ledger.First(), nil)},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, check.want, pointer(t, check.err)) })
	}
}
