package sqlite_test

import (
	stdcontext "context"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

type ctx = stdcontext.Context

// context is a test's own where it has one; rapid's has one too.
func context(t require.TestingT) ctx {
	if has, ok := t.(interface{ Context() ctx }); ok {
		return has.Context()
	}
	return stdcontext.Background()
}

// naiveReports computes each report in plain Go from the rows of project-steps.
var naiveReports = map[string]func(steps map[string][]any, asOf ledger.Date) [][]any{
	"k06": naiveFunnel,
	"k07": naiveCycleTime,
}

// reckoned is the reports that a naive reckoning is held against; each of the others has a test of
// its own, in which what it must say is written down.
func reckoned() (list []projections.Report) {
	for _, r := range projections.Reports() {
		if naiveReports[r.Code] != nil || naiveContractReports[r.Code] != nil {
			list = append(list, r)
		}
	}
	return list
}

func stepColumn(row []any, name string) any {
	i := slices.IndexFunc(projections.ProjectSteps.Columns, func(c projections.Column) bool { return c.Name == name })
	return row[i]
}

func naiveFunnel(steps map[string][]any, _ ledger.Date) [][]any {
	counts := map[int64]map[string]int64{}
	for _, row := range steps {
		if stepColumn(row, "proposed_on") == nil {
			continue
		}
		cohort := stepColumn(row, "cohort").(int64)
		if counts[cohort] == nil {
			counts[cohort] = map[string]int64{}
		}
		for _, name := range []string{"proposed_on", "approved_on", "pilot_on", "industrialised_on", "completed_on", "ended_on"} {
			if stepColumn(row, name) != nil {
				counts[cohort][name]++
			}
		}
	}
	var cohorts []int64
	for c := range counts {
		cohorts = append(cohorts, c)
	}
	slices.Sort(cohorts)
	var rows [][]any
	for _, c := range cohorts {
		n := counts[c]
		row := []any{c, n["proposed_on"]}
		for _, name := range []string{"approved_on", "pilot_on", "industrialised_on", "completed_on"} {
			row = append(row, n[name], fmt.Sprintf("%.1f", math.Round(1000*float64(n[name])/float64(n["proposed_on"]))/10))
		}
		rows = append(rows, append(row, n["ended_on"]))
	}
	return rows
}

func naiveCycleTime(steps map[string][]any, asOf ledger.Date) [][]any {
	var rows [][]any
	names := []string{"proposed", "approved", "pilot", "industrialised", "completed"}
	for i := range 4 {
		var through, open []int
		imprecise := int64(0)
		for _, row := range steps {
			if stepColumn(row, "proposed_on") == nil {
				continue
			}
			a, b := dateOf(row, names[i]+"_on"), dateOf(row, names[i+1]+"_on")
			ended := stepColumn(row, "ended_on") != nil
			switch {
			case a.IsZero() || b.IsZero() && ended:
			case a.Precision() != "day" || !b.IsZero() && b.Precision() != "day":
				imprecise++
			case b.IsZero():
				open = append(open, asOf.DaysSince(a)-held(row, a, asOf, dateOf(row, "held_since")))
			default:
				through = append(through, b.DaysSince(a)-held(row, a, b, ledger.Date{}))
			}
		}
		median, p90 := figures(through)
		age, _ := figures(open)
		rows = append(rows, []any{names[i] + "-" + names[i+1], int64(len(through)), median, p90, int64(len(open)), age, imprecise})
	}
	return rows
}

func dateOf(row []any, name string) ledger.Date {
	text, _ := stepColumn(row, name).(string)
	d, _ := ledger.ParseDate(text)
	return d
}

// held is the days on hold between a and z.
func held(row []any, a, z, since ledger.Date) int {
	var holds []projections.Hold
	if text, ok := stepColumn(row, "holds").(string); ok {
		_ = json.Unmarshal([]byte(text), &holds)
	}
	if !since.IsZero() {
		holds = append(holds, projections.Hold{From: since, To: z})
	}
	days := 0
	for _, h := range holds {
		from, to := h.From, h.To
		if from.Compare(a) < 0 {
			from = a
		}
		if to.Compare(z) > 0 {
			to = z
		}
		days += max(0, to.DaysSince(from))
	}
	return days
}

// figures is the median and the nearest-rank 90th percentile, nil for fewer than five.
func figures(days []int) (median, p90 any) {
	n := len(days)
	if n < 5 {
		return nil, nil
	}
	slices.Sort(days)
	return fmt.Sprintf("%.1f", float64(days[(n-1)/2]+days[n/2])/2), fmt.Sprintf("%.1f", float64(days[(9*n+9)/10-1]))
}
