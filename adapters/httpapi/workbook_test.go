package httpapi

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"ttledger/domain/ledger"
	"ttledger/domain/person"
	"ttledger/projections"
)

func opened(t *testing.T, body string) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(strings.NewReader(body))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

func cellAt(t *testing.T, f *excelize.File, sheet, at string) string {
	t.Helper()
	text, err := f.GetCellValue(sheet, at)
	require.NoError(t, err)
	return text
}

func TestAWorkbook(t *testing.T) {
	w := newWorld(t)
	w.propose("=HYPERLINK(1)", "2026-05-04")
	w.propose("Rotor dynamics", "2026")
	w.settle()
	a := w.get("chen", "/v1/views/project-board?format=xlsx&sort=proposed_on&as-of=2026-11-01")
	require.Equal(t, 200, a.status, a.body)
	require.Equal(t, mediaTypes[formatXLSX], a.header.Get("Content-Type"))
	require.Regexp(t, `^attachment; filename="project-board_2026-11-01_k[0-9]+.xlsx"`, a.header.Get("Content-Disposition"))
	require.Equal(t, "2026-11-01", a.header.Get("Ledger-As-Of"))
	f := opened(t, a.body)
	require.Equal(t, []string{sheetData, sheetColumns, sheetAbout}, f.GetSheetList())
	rows, err := f.GetRows(sheetData)
	require.NoError(t, err)
	require.Len(t, rows, 4)
	at := map[string]string{} // column letter by key
	for i, key := range rows[0] {
		at[key], err = excelize.ColumnNumberToName(i + 1)
		require.NoError(t, err)
	}
	require.Equal(t, "项目名称(英文)", cellAt(t, f, sheetData, at["title_en"]+"2"))
	require.Equal(t, "2026", cellAt(t, f, sheetData, at["proposed_on"]+"3"), "a date known to the year is a text")
	require.Equal(t, "2026-05-04", cellAt(t, f, sheetData, at["proposed_on"]+"4"))
	raw, err := f.GetCellValue(sheetData, at["proposed_on"]+"4", excelize.Options{RawCellValue: true})
	require.NoError(t, err)
	require.Equal(t, "46146", raw, "and one to the day a date")
	require.Equal(t, "=HYPERLINK(1)", cellAt(t, f, sheetData, at["title_en"]+"4"))
	formula, err := f.GetCellFormula(sheetData, at["title_en"]+"4")
	require.NoError(t, err)
	require.Empty(t, formula, "a text is never run")
	about, err := f.GetRows(sheetAbout)
	require.NoError(t, err)
	require.Contains(t, about, []string{"as of (T) 生效时点", "2026-11-01"})
	require.Contains(t, about, []string{"known at entry (K) 入账时点(序号)", a.header.Get("Ledger-Known-At")})
	require.Contains(t, about, []string{"rows 行数", "2"})

	again := w.get("chen", "/v1/views/project-board?sort=proposed_on&as-of=2026-11-01", "Accept: "+mediaTypes[formatXLSX])
	require.True(t, a.body == again.body, "the same question makes the same bytes")
	require.Equal(t, 200, w.ask("chen", "HEAD", "/v1/views/project-board?format=xlsx", "").status)
}

func TestAReportAsAWorkbook(t *testing.T) {
	w := newWorld(t)
	w.propose("Rotor dynamics", "2026-05-04")
	w.settle()
	f := opened(t, w.get("chen", "/v1/reports/k06?format=xlsx&from=2020").body)
	require.Equal(t, "0.0", cellAt(t, f, sheetData, "D3"))
	kind, err := f.GetCellType(sheetData, "D3")
	require.NoError(t, err)
	require.Contains(t, []excelize.CellType{excelize.CellTypeNumber, excelize.CellTypeUnset}, kind)
	about, err := f.GetRows(sheetAbout)
	require.NoError(t, err)
	require.Contains(t, about, []string{"formula 公式", projections.Funnel.Formula})
	require.Contains(t, about, []string{"parameter 参数 from", "2020"})
}

func TestTypedCells(t *testing.T) {
	b := newWorkbook(httptest.NewRecorder(), about{name: "x"})
	defer b.close()
	for _, c := range []struct {
		kind  projections.ColumnType
		value any
		want  any
	}{
		{projections.TypeText, nil, nil},
		{projections.TypeInteger, int64(5), int64(5)},
		{projections.TypeInteger, int64(999_999_999_999_999), int64(999_999_999_999_999)},
		{projections.TypeInteger, int64(1_000_000_000_000_000), "1000000000000000"},
		{projections.TypeInteger, int64(-1_000_000_000_000_000), "-1000000000000000"},
		{projections.TypeBoolean, int64(1), true},
		{projections.TypeBoolean, int64(0), false},
		{projections.TypeDate, "2021-06", "2021-06"},
		{projections.TypeDate, "1899-12-31", "1899-12-31"},
		{projections.TypeDecimal, "12345678901234567.5", "12345678901234567.5"},
		{projections.TypeJSON, `{"a":1}`, `{"a":1}`},
		{projections.TypeText, strings.Repeat("名", maxCellUnits), strings.Repeat("名", maxCellUnits)},
	} {
		got, err := b.cell(c.kind, c.value)
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
	long, err := b.cell(projections.TypeText, strings.Repeat("名", maxCellUnits+1))
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(long.(string), "(cut 已截断)"), "a text that does not fit says so")
	require.LessOrEqual(t, len([]rune(long.(string))), maxCellUnits)
	require.Equal(t, 1, b.cut)
	when, err := b.cell(projections.TypeTime, "2026-05-04T17:00:00.000000Z")
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 5, 5, 1, 0, 0, 0, time.UTC), when.(excelize.Cell).Value, "the wall clock of the zone's dates")
	b.next = maxSheetRows + 3
	require.Equal(t, ledger.KindTooLarge, ledger.KindOf(b.row(nil, nil)))
}

func TestAComparisonIsHeldToTheReportsRoles(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Reports = append([]projections.Report{}, c.Reports...)
		for i := range c.Reports {
			if c.Reports[i].Code == "k07" {
				c.Reports[i].Roles = []ledger.Role{ledger.PM}
			}
		}
	})
	w.propose("Rotor dynamics", "2026-05-04")
	w.settle()
	require.Equal(t, 200, w.get("chen", "/v1/reports/s-g2?report=k06&from-known-at=1").status)
	require.Equal(t, 403, w.get("chen", "/v1/reports/s-g2?report=k07&from-known-at=1").status)
	require.Equal(t, "parameter", w.get("chen", "/v1/reports/k70?report=k99").code(t))
	// An administrator sees no person: what moved the figures shows, which person it was does not.
	w.record("person", person.Amended{})
	w.settle()
	blank := w.get("root", "/v1/reports/s-g2?report=k66&from-known-at=1").body
	require.Contains(t, blank, `"type":"person.amended.v1"`)
	require.NotContains(t, blank, one("person").String())
	require.Contains(t, w.get("chen", "/v1/reports/s-g2?report=k66&from-known-at=1").body, one("person").String())
	rows := w.get("ada", "/v1/reports/s-g2?report=k06&from-known-at=1").json(t)["rows"].([]any)
	require.NotEmpty(t, rows)
	require.Equal(t, "project.proposed.v2", rows[0].(map[string]any)["type"])
}
