package sqlite_test

import (
	"fmt"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"ttledger/domain/indicator"
	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
	"ttledger/domain/organisation"
	"ttledger/domain/period"
	"ttledger/domain/programme"
	"ttledger/domain/project"
	"ttledger/projections"
)

var day = ledgertest.Date

// report is a report's rows, each by the names of its columns.
func report(t require.TestingT, d *desk, code string, params map[string]string, at projections.At) []map[string]any {
	page, err := d.views.Report(context(t), code, params, at)
	require.NoError(t, err)
	rows := []map[string]any{}
	for _, values := range page.Rows {
		require.Len(t, values, len(page.Columns))
		row := map[string]any{}
		for i, c := range page.Columns {
			row[c.Name] = values[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// pick is some columns of the rows.
func pick(rows []map[string]any, columns ...string) [][]any {
	var picked [][]any
	for _, row := range rows {
		var values []any
		for _, c := range columns {
			values = append(values, row[c])
		}
		picked = append(picked, values)
	}
	return picked
}

func settled(t *testing.T, record func(*desk)) *desk {
	d := newDesk(t, filepath.Join(t.TempDir(), "views.db"), projections.Views())
	t.Cleanup(func() { _ = d.views.Close() })
	record(d)
	require.NoError(t, d.runner.CatchUp(t.Context()))
	return d
}

func measure(code, scope, kind, formula string, action int) indicator.Defined {
	return indicator.Defined{Code: code, Names: ledger.Names{Zh: code}, Unit: ledger.Names{Zh: "家"}, Scope: scope, Kind: kind, Formula: formula, Direction: "up", Action: action}
}

func attested(kind string, value int64, scope string) indicator.FigureAttested {
	return indicator.FigureAttested{Kind: kind, Value: value, Precision: "exact", Scope: scope, Source: indicator.Source{Title: "沈阳日报"}}
}

// TestBaselineScorecard is the zone's first acceptance scenario, to the decimal.
func TestBaselineScorecard(t *testing.T) {
	baselines := []struct {
		code, scope string
		action      int
		value       int64
	}{
		{"EAGLET", "TIEXI_SETDZ", 1, 60}, {"GAZELLE", "TIEXI_SETDZ", 1, 16}, {"HNTE", "TIEXI_SETDZ", 1, 408}, {"TLG", "TIEXI_SETDZ", 1, 119},
		{"TSME", "TIEXI_SETDZ", 1, 786}, {"PLATFORMS", "SETDZ", 2, 197},
	}
	d := settled(t, func(d *desk) {
		for i, b := range baselines {
			s := ledger.StreamID{Category: "indicator", ID: thing(i)}
			d.record(t, s, day("2021-06-15"), measure(b.code, b.scope, "attested", "", b.action))
			d.record(t, s, day("2021-06-15"), attested("baseline", b.value, b.scope))
		}
		hnte := ledger.StreamID{Category: "indicator", ID: thing(2)}
		d.record(t, hnte, day("2021-09-01"), indicator.TargetSet{Value: 600, Due: day("2025-12-31"), Basis: "工作方案"})
		d.record(t, hnte, day("2023-06-30"), attested("actual", 480, "TIEXI_SETDZ"))
	})
	first := report(t, d, "s-e1", nil, projections.At{AsOf: day("2021-06-15")})
	require.Equal(t, [][]any{
		{"EAGLET", "TIEXI_SETDZ", "60", nil, nil}, {"GAZELLE", "TIEXI_SETDZ", "16", nil, nil}, {"HNTE", "TIEXI_SETDZ", "408", nil, nil},
		{"TLG", "TIEXI_SETDZ", "119", nil, nil}, {"TSME", "TIEXI_SETDZ", "786", nil, nil}, {"PLATFORMS", "SETDZ", "197", nil, nil},
	}, pick(first, "code", "scope", "baseline", "target", "status"))

	then := projections.At{AsOf: day("2023-06-30")}
	hnte := report(t, d, "s-e1", map[string]string{"action": "1"}, then)[2]
	require.Equal(t, [][]any{{"480", "600", "37.5", int64(745), int64(1660), "44.9", "amber"}},
		pick([]map[string]any{hnte}, "actual", "target", "attainment", "days_elapsed", "days_planned", "elapsed", "status"))
	require.Equal(t, [][]any{{int64(1), int64(5), int64(4), "37.5", int64(1)}, {int64(2), int64(1), int64(1), nil, int64(0)}},
		pick(report(t, d, "k61", nil, then), "action", "indicators", "lacking", "score", "amber"))
	require.Len(t, report(t, d, "s-e1", map[string]string{"scope": "SETDZ"}, then), 1, "scopes are apart")
	require.Empty(t, report(t, d, "s-e1", map[string]string{"programme": uuid.NewString()}, then))
	require.Equal(t, [][]any{{"HNTE", "2021-06-15", "baseline", "408"}, {"HNTE", "2023-06-30", "actual", "480"}},
		pick(report(t, d, "figure-series", map[string]string{"code": "HNTE"}, then), "code", "figure_on", "kind", "value"))
}

// TestTheStatusOfAnIndicator is K60 at its edges.
func TestTheStatusOfAnIndicator(t *testing.T) {
	due := day("2022-06-15") // 365 days
	for name, c := range map[string]struct {
		baseline, target, actual int64
		asOf                     string
		attainment, elapsed      any
		status                   any
	}{
		"just kept up":               {0, 365, 73, "2021-08-27", "20.0", "20.0", "green"},
		"a little behind":            {0, 365, 72, "2021-08-27", "19.7", "20.0", "amber"},
		"at four fifths of it":       {0, 3650, 584, "2021-08-27", "16.0", "20.0", "amber"},
		"below four fifths":          {0, 3650, 583, "2021-08-27", "16.0", "20.0", "red"},
		"backwards":                  {100, 200, 90, "2021-08-27", "-10.0", "20.0", "red"},
		"down is the better way":     {100, 50, 75, "2021-08-27", "50.0", "20.0", "green"},
		"on the first day":           {10, 20, 10, "2021-06-15", "0.0", "0.0", "green"},
		"past the due day":           {10, 20, 18, "2030-01-01", "80.0", "100.0", "amber"},
		"a target like the baseline": {10, 10, 10, "2021-08-27", nil, "20.0", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := settled(t, func(d *desk) {
				s := ledger.StreamID{Category: "indicator", ID: thing(1)}
				d.record(t, s, day("2021-06-15"), measure("X", "SETDZ", "attested", "", 1))
				d.record(t, s, day("2021-06-15"), attested("baseline", c.baseline, "SETDZ"))
				d.record(t, s, day("2021-06-15"), indicator.TargetSet{Value: c.target, Due: due, Basis: "x"})
				d.record(t, s, day(c.asOf), attested("actual", c.actual, "SETDZ"))
			})
			row := report(t, d, "s-e1", nil, projections.At{AsOf: day(c.asOf)})
			require.Equal(t, [][]any{{c.attainment, c.elapsed, c.status}}, pick(row, "attainment", "elapsed", "status"))
		})
	}
}

// TestADerivedIndicatorIsComputed, an attested one is not, and the two show which they are.
func TestADerivedIndicatorIsComputed(t *testing.T) {
	d := settled(t, func(d *desk) {
		s := ledger.StreamID{Category: "indicator", ID: thing(1)}
		live := measure("LIVE", "SETDZ", "derived", "K06/live/action-1", 1)
		live.Decimals = 1
		d.record(t, s, day("2021-06-15"), live)
		d.record(t, s, day("2021-06-15"), attested("baseline", 25, "SETDZ"))
		d.record(t, ledger.StreamID{Category: "indicator", ID: thing(2)}, day("2021-06-15"), measure("UNKNOWN", "SETDZ", "derived", "K99/nothing", 1))
		for i := range 3 {
			p := ledger.StreamID{Category: "project", ID: thing(10 + i)}
			d.record(t, p, day("2021-07-01"), project.ProjectProposed{Titles: ledger.Names{Zh: "冷烧结"}, Action: 1 + i/2})
			d.record(t, p, day(fmt.Sprintf("2021-08-%02d", i+1)), project.ProjectApproved{Body: "x"})
		}
	})
	at := func(on string) [][]any {
		return pick(report(t, d, "s-e1", nil, projections.At{AsOf: day(on)}), "code", "kind", "baseline", "actual")
	}
	require.Equal(t, [][]any{{"LIVE", "derived", "2.5", nil}, {"UNKNOWN", "derived", nil, nil}}, at("2021-07-31"))
	require.Equal(t, [][]any{{"LIVE", "derived", "2.5", "2.0"}, {"UNKNOWN", "derived", nil, nil}}, at("2021-08-03"))
}

// TestWhatIsRecordedAfterTheCloseIsRestated is the fourth acceptance scenario: a closed quarter's
// report stays as it was, its figures as known now move, and the restatement names both events.
func TestWhatIsRecordedAfterTheCloseIsRestated(t *testing.T) {
	one, other := ledger.StreamID{Category: "indicator", ID: thing(1)}, ledger.StreamID{Category: "indicator", ID: thing(2)}
	q2 := ledger.StreamID{Category: "period", ID: thing(3)}
	d := settled(t, func(d *desk) {
		for i, s := range []ledger.StreamID{one, other} {
			d.record(t, s, day("2021-04-01"), measure(fmt.Sprintf("I%d", i+1), "SETDZ", "attested", "", 1))
		}
		d.record(t, one, day("2021-06-20"), attested("actual", 300000, "SETDZ"))
		d.record(t, q2, day("2021-07-10"), period.Closed{Code: "2021Q2", From: day("2021-04-01"), To: day("2021-06-30"), CutOff: 3, Digest: strings.Repeat("0", 64)})
		d.record(t, ledger.StreamID{Category: "organisation", ID: thing(4)}, day("2021-06-01"), organisation.Registered{Names: ledger.Names{Zh: "沈鼓"}, Kind: "company"})
		d.record(t, one, day("2021-06-21"), attested("actual", 0, "SETDZ"))
		d.record(t, other, day("2021-06-20"), attested("actual", 300000, "SETDZ"))
	})
	issued := projections.At{AsOf: day("2021-06-30"), KnownAt: 3}
	before, err := d.views.Report(t.Context(), "s-e1", nil, issued)
	require.NoError(t, err)
	require.Equal(t, [][]any{{"I1", "300000"}, {"I2", nil}}, pick(report(t, d, "s-e1", nil, issued), "code", "actual"))
	d.record(t, q2, day("2021-09-01"), period.ReportIssued{Report: "s-e1", AsOf: day("2021-06-30"), KnownAt: 3, SHA256: strings.Repeat("0", 64), Name: "x", MediaType: "x"})
	require.NoError(t, d.runner.CatchUp(t.Context()))
	after, err := d.views.Report(t.Context(), "s-e1", nil, issued)
	require.NoError(t, err)
	require.Equal(t, before.Rows, after.Rows, "what was known stays what it was")

	now := projections.At{AsOf: day("2021-06-30")}
	params := map[string]string{"report": "s-e1", "from-known-at": "3"}
	steps := report(t, d, "s-g2", params, now)
	require.Contains(t, pick(steps, "line", "column", "was", "became", "entry", "stream", "type", "difference"),
		[]any{"I1 SETDZ", "actual", "300000", "0", int64(6), one.String(), "indicator.figure-attested.v1", "-300000"})
	require.Contains(t, pick(steps, "line", "column", "was", "became", "entry", "stream", "type", "difference"),
		[]any{"I2 SETDZ", "actual", nil, "300000", int64(7), other.String(), "indicator.figure-attested.v1", "300000"})
	for _, step := range steps {
		require.Contains(t, []any{int64(6), int64(7)}, step["entry"], "nothing else is to blame")
	}
	require.Equal(t, [][]any{{"I1 SETDZ", int64(1), "300000"}, {"I2 SETDZ", int64(1), "300000"}}, pick(report(t, d, "k70", params, now), "line", "figures", "restated"))

	late := report(t, d, "s-g3", nil, projections.At{AsOf: day("2021-12-31")})
	require.Equal(t, [][]any{{"late", int64(5), "2021Q2"}, {"late", int64(6), "2021Q2"}, {"late", int64(7), "2021Q2"}}, pick(late, "kind", "entry", "periods"))
	require.Empty(t, report(t, d, "s-g3", map[string]string{"from": "2021-06-22"}, projections.At{AsOf: day("2021-12-31")}))
}

// TestARestatementExplainsAllOfEveryDifference: between any two moments, forwards or backwards, the
// steps of each cell lead without a gap from what it was to what it became, what they add is the
// whole difference, and no other cell differs.
func TestARestatementExplainsAllOfEveryDifference(t *testing.T) {
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		d := newDesk(rt, filepath.Join(t.TempDir(), fmt.Sprintf("views-%d.db", n)), projections.Views())
		defer d.views.Close()
		entries := d.history(rt, rapid.IntRange(1, 25))
		require.NoError(rt, d.runner.CatchUp(context(rt)))
		moment := func(name string) projections.At {
			return projections.At{AsOf: drawDate.Draw(rt, name+" T").Last(), KnownAt: ledger.Entry(rapid.IntRange(1, entries).Draw(rt, name+" K"))}
		}
		from, to := moment("from"), moment("to")
		for _, code := range []string{"k06", "k07", "k66"} {
			params := map[string]string{"report": code, "from-known-at": fmt.Sprint(from.KnownAt), "from-as-of": from.AsOf.String()}
			was, became := cellsOf(rt, d, code, from), cellsOf(rt, d, code, to)
			told := map[string]any{}
			sums := map[string]*big.Rat{}
			for _, step := range report(rt, d, "s-g2", params, to) {
				name := fmt.Sprint(step["line"], " ", step["column"])
				if _, begun := told[name]; !begun {
					told[name], sums[name] = was[name], new(big.Rat)
				}
				require.Equal(rt, told[name], step["before"], "%s %s: a step begins where the one before ended", code, name)
				told[name] = step["after"]
				difference, _ := new(big.Rat).SetString(fmt.Sprint(step["difference"]))
				sums[name].Add(sums[name], difference)
			}
			for name := range merged(was, became) {
				if was[name] == became[name] {
					require.NotContains(rt, told, name, code)
					continue
				}
				require.Equal(rt, became[name], told[name], "%s %s: the last step ends where the cell is", code, name)
				require.Equal(rt, new(big.Rat).Sub(number(became[name]), number(was[name])).RatString(), sums[name].RatString(), "%s %s", code, name)
			}
		}
	})
}

// TestAReportChangesOnlyWhereItTurns: computed at every entry, it is another only at those that the
// restatement looks at.
func TestAReportChangesOnlyWhereItTurns(t *testing.T) {
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		d := newDesk(rt, filepath.Join(t.TempDir(), fmt.Sprintf("views-%d.db", n)), projections.Views())
		defer d.views.Close()
		entries := d.history(rt, rapid.IntRange(2, 20))
		require.NoError(rt, d.runner.CatchUp(context(rt)))
		asOf := drawDate.Draw(rt, "T").Last()
		at := func(k ledger.Entry) projections.At { return projections.At{AsOf: asOf, KnownAt: k} }
		for _, code := range []string{"k06", "k07"} {
			turns, err := d.views.Turns(context(rt), code, at(1), at(ledger.Entry(entries)))
			require.NoError(rt, err)
			for k := ledger.Entry(2); k <= ledger.Entry(entries); k++ {
				if !slices.Contains(turns.Entries, k) {
					require.Equal(rt, cellsOf(rt, d, code, at(k-1)), cellsOf(rt, d, code, at(k)), "%s at %d", code, k)
				}
			}
		}
	})
}

// history records some facts of a few projects, some of them wrongly and then put right, and answers
// how many entries that made.
func (d *desk) history(rt *rapid.T, events *rapid.Generator[int]) int {
	for range events.Draw(rt, "events") {
		if rapid.IntRange(0, 4).Draw(rt, "what") == 0 {
			d.correct(rt)
			continue
		}
		s := ledger.StreamID{Category: "project", ID: thing(rapid.IntRange(0, 2).Draw(rt, "stream"))}
		d.record(rt, s, drawDate.Draw(rt, "on"), drawEvent.Draw(rt, "event"))
	}
	d.record(rt, ledger.StreamID{Category: "project", ID: thing(3)}, drawDate.Draw(rt, "on"), drawEvent.Draw(rt, "event"))
	return len(d.all(rt))
}

// cells is a report as line and column to what stands there.
func cellsOf(t require.TestingT, d *desk, code string, at projections.At) map[string]any {
	page, err := d.views.Report(context(t), code, nil, at)
	require.NoError(t, err)
	all := map[string]any{}
	for _, row := range page.Rows {
		for i, c := range page.Columns[1:] {
			if row[i+1] != nil {
				all[fmt.Sprint(row[0], " ", c.Name)] = fmt.Sprint(row[i+1])
			}
		}
	}
	return all
}

func merged(a, b map[string]any) map[string]bool {
	names := map[string]bool{}
	for name := range a {
		names[name] = true
	}
	for name := range b {
		names[name] = true
	}
	return names
}

func number(v any) *big.Rat {
	if v == nil {
		return new(big.Rat)
	}
	n, _ := new(big.Rat).SetString(fmt.Sprint(v))
	return n
}

// TestARestatementSaysWhatIsWrong with its question.
func TestARestatementSaysWhatIsWrong(t *testing.T) {
	d := settled(t, func(d *desk) {
		d.record(t, ledger.StreamID{Category: "indicator", ID: thing(1)}, day("2021-06-15"), measure("X", "SETDZ", "attested", "", 1))
	})
	for code, params := range map[string]map[string]string{
		"parameter":      {},
		"no-such-report": {"report": "s-x9"},
		"not-restated":   {"report": "s-g2"},
		"date":           {"report": "k06", "from-as-of": "today"},
		"beyond":         {"report": "k06", "from-known-at": "9"},
	} {
		_, err := d.views.Report(t.Context(), "s-g2", params, projections.At{})
		require.Equal(t, code, ledger.CodeOf(err), "%v", params)
	}
	for _, params := range []map[string]string{{"report": "k06", "from-known-at": "0"}, {"report": "k06", "params": "%zz"}, {"report": "k06", "params": "until=2020"}} {
		_, err := d.views.Report(t.Context(), "k70", params, projections.At{})
		require.Equal(t, "parameter", ledger.CodeOf(err), "%v", params)
	}
}

// TestConduct holds K66 to K69 to a ledger small enough to count by hand.
func TestConduct(t *testing.T) {
	d := settled(t, func(d *desk) {
		for i := range 5 {
			s := ledger.StreamID{Category: "indicator", ID: thing(i)}
			// The clock of the desk stands on 23 November 2026.
			d.record(t, s, day(fmt.Sprintf("2026-11-%02d", 23-i)), measure(fmt.Sprint("I", i), "SETDZ", "attested", "", 0))
		}
		d.record(t, ledger.StreamID{Category: "indicator", ID: thing(0)}, day("2026"), attested("baseline", 1, "SETDZ"))
	})
	now := projections.At{}
	require.Equal(t, [][]any{
		{"indicator.defined.v1", int64(5), "2.0", "4.0", int64(0)}, {"indicator.figure-attested.v1", int64(1), nil, nil, int64(1)},
	}, pick(report(t, d, "k66", nil, now), "type", "events", "median_days", "p90_days", "imprecise"))
	require.Equal(t, [][]any{{"indicator.defined.v1", "api", int64(5), int64(0), "0.0"}, {"indicator.figure-attested.v1", "api", int64(1), int64(0), "0.0"}},
		pick(report(t, d, "k67", nil, now), "type", "source", "events", "corrected", "rate"))
	require.Equal(t, [][]any{{"indicator.figure-attested.v1", int64(1), int64(0), "0.0"}}, pick(report(t, d, "k68", nil, now), "type", "events", "approved", "rate"))
	require.Equal(t, [][]any{{"indicator.figure-attested.v1", int64(1), int64(0), "0.0"}}, pick(report(t, d, "k69", nil, now), "type", "events", "evidenced", "rate"))
	require.Empty(t, report(t, d, "k69", map[string]string{"to": "2025-12-31"}, now))
}

// TestACorrectionIsAnException, and is told with what it put right.
func TestACorrectionIsAnException(t *testing.T) {
	d := settled(t, func(d *desk) {
		s := ledger.StreamID{Category: "indicator", ID: thing(1)}
		d.record(t, s, day("2021-06-15"), measure("X", "SETDZ", "attested", "", 0))
		wrong := d.all(t)[0]
		d.record(t, s, day("2021-07-01"), ledger.RecordCorrected{Event: wrong.ID, Type: wrong.Type, Path: "/data/code", Old: `"X"`, New: `"Y"`, Ground: "mistyped"})
	})
	require.Equal(t, [][]any{{"correction", int64(2), "ledger.record-corrected.v1"}}, pick(report(t, d, "s-g3", nil, projections.At{}), "kind", "entry", "type"))
	steps := report(t, d, "s-g2", map[string]string{"report": "s-e1", "from-known-at": "1"}, projections.At{})
	require.Equal(t, [][]any{{int64(2), "ledger.record-corrected.v1"}}, pick(steps[:1], "entry", "type"))
}

// TestTheResourceMap is who is joined to whom, by projects and programmes.
func TestTheResourceMap(t *testing.T) {
	node := func(n int) string { return "organisation-" + thing(n).String() }
	d := settled(t, func(d *desk) {
		for i, region := range []string{"210106", "210106", "DE"} {
			d.record(t, ledger.StreamID{Category: "organisation", ID: thing(i)}, day("2021-06-15"),
				organisation.Registered{Names: ledger.Names{Zh: fmt.Sprint("机构", i)}, Kind: "company", Region: region, IndustryTags: []string{"laozihao"}})
		}
		d.record(t, ledger.StreamID{Category: "project", ID: thing(10)}, day("2021-07-01"), project.ProjectProposed{
			Titles: ledger.Names{Zh: "冷烧结"}, Parties: []project.Party{{Organisation: thing(0), Part: "owner"}, {Organisation: thing(1), Part: "performer"}},
		})
		d.record(t, ledger.StreamID{Category: "programme", ID: thing(11)}, day("2021-07-01"), programme.Opened{
			Code: "KCZG", Host: thing(0), Counterparts: []uuid.UUID{thing(2)}, Actions: []programme.Action{{Number: 1}},
		})
	})
	now := projections.At{}
	nodes := report(t, d, "r16", nil, now)
	require.Equal(t, []any{node(0), "210106", int64(2)}, pick(nodes, "node", "place", "links")[0])
	require.Len(t, nodes, 3)
	require.Equal(t, [][]any{{node(2), int64(1)}}, pick(report(t, d, "r16", map[string]string{"place": "DE"}, now), "node", "links"))
	require.Empty(t, report(t, d, "r16", map[string]string{"kind": "university"}, now))
	require.ElementsMatch(t, []any{"project", "programme"}, []any{report(t, d, "r16-links", nil, now)[0]["kind"], report(t, d, "r16-links", nil, now)[1]["kind"]})
	require.Empty(t, report(t, d, "r16-links", nil, projections.At{AsOf: day("2021-06-30")}))
}
