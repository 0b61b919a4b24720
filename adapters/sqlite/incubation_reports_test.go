package sqlite_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"ttledger/adapters/sqlite"
	"ttledger/domain/facility"
	"ttledger/domain/incubation"
	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
	"ttledger/domain/policy"
	"ttledger/projections"
)

// The history of one incubator, one offshore centre and two parks, small enough to count by hand.
var (
	incubator, offshore, staffed, vacant = thing(101), thing(102), thing(103), thing(104)
	longest, graduate, youngest, landed  = thing(111), thing(112), thing(113), thing(114)
)

func incubationDesk(t *testing.T) *desk {
	d := newDesk(t, filepath.Join(t.TempDir(), "views.db"), projections.Views())
	t.Cleanup(func() { require.NoError(t, d.views.Close()) })
	day := ledgertest.Date
	house := func(id uuid.UUID, on string, e ledger.Event) {
		d.record(t, ledger.StreamID{Category: "facility", ID: id}, day(on), e)
	}
	tenant := func(id uuid.UUID, on string, e ledger.Event) {
		d.record(t, ledger.StreamID{Category: "incubation", ID: id}, day(on), e)
	}
	name := func(s string) ledger.Names { return ledger.Names{En: s} }
	seed, err := os.ReadFile("../../domain/policy/seed/INCUBATOR.2025.json")
	require.NoError(t, err)
	var version policy.Terms
	require.NoError(t, json.Unmarshal(seed, &version))
	d.record(t, ledger.PolicyStream("INCUBATOR"), day("2025-07-01"), policy.VersionAdopted{Terms: version})

	house(incubator, "2020-01-01", facility.Designated{Designation: facility.Designation{Names: name("I"), Kind: "incubator", Level: "national",
		Space: facility.Space{Total: 12000, Tenant: 1000, Public: 1500}, Rooms: []facility.Room{{Code: "A-101", Area: 120}, {Code: "A-102", Area: 90}}, From: day("2020-01-01")}})
	house(offshore, "2018-05-23", facility.Designated{Designation: facility.Designation{Names: name("Heidelberg"), Kind: "offshore_centre",
		Functions: facility.Functions, From: day("2018-05-23")}})
	for _, park := range []uuid.UUID{staffed, vacant} {
		house(park, "2026-01-01", facility.Designated{StaffBy: day("2026-06-29"),
			Designation: facility.Designation{Names: name("P"), Kind: "park", Directions: []string{"applied", "common"}, From: day("2026-01-01")}})
		house(park, "2026-01-11", facility.ChiefScientistAppointed{Person: thing(1), From: day("2026-01-11"), MaxParks: 2})
	}
	house(vacant, "2026-10-31", facility.ChiefScientistReleased{Person: thing(1), Ground: "resigned", VacantFrom: day("2026-11-01"), StaffBy: day("2027-04-29")})
	house(incubator, "2026-02-01", facility.OperationReported{Operation: facility.Operation{Period: day("2025"), Currency: "CNY",
		Service: 30000000, Property: 60000000, Investment: 10000000, Staff: 24}})

	in := func(id uuid.UUID, on string, at uuid.UUID, room string, area int64, limit string) {
		tenant(id, on, incubation.IncubationApplied{Application: incubation.Application{Names: name("V"), Facility: at, Venture: id}})
		e := incubation.IncubationAdmitted{Facility: at, Room: room, Area: area, Policy: ledger.Policy{Code: "INCUBATOR", Version: "2018"}}
		if limit != "" {
			e.Limit = day(limit)
		}
		tenant(id, on, e)
	}
	in(longest, "2022-01-10", incubator, "A-101", 120, "2026-01-10")
	in(graduate, "2023-03-01", incubator, "", 500, "2027-03-01")
	in(youngest, "2025-02-01", incubator, "", 80, "2029-02-01")
	in(landed, "2024-04-01", offshore, "", 0, "")
	metrics := func(id uuid.UUID, year string, revenue int64) {
		tenant(id, "2026-03-01", incubation.TenantMetricsReported{Metrics: incubation.Metrics{Period: day(year), Currency: "CNY", Revenue: revenue, Staff: 10, IPValid: 1}})
	}
	metrics(longest, "2024", 10000000)
	metrics(longest, "2025", 13000000)
	metrics(youngest, "2025", 2500000)
	round := func(id uuid.UUID, on, how string, own bool) {
		tenant(id, on, incubation.FinancingRoundRecorded{Round: "angel", Amount: ledger.Money{Minor: 50000000, Currency: "CNY"}, Instrument: how, OwnFund: own, Voucher: on})
	}
	round(youngest, "2025-05-01", "equity", true)
	round(longest, "2024-05-01", "equity", false)
	round(longest, "2025-05-02", "grant", false)
	tenant(graduate, "2025-06-30", incubation.GraduationConfirmed{Criteria: []incubation.Met{{Code: "hnte", Evidence: "E"}}, Destination: "park",
		AdmittedUnder: ledger.Policy{Code: "INCUBATOR", Version: "2018"}, JudgedBy: ledger.Policy{Code: "INCUBATOR", Version: "2018"}})
	tenant(landed, "2026-05-01", incubation.LandingConfirmed{From: offshore, Park: staffed, Venture: landed, Company: thing(2), RegisteredOn: day("2026-04"),
		Investment: ledger.Money{Minor: 3000000000, Currency: "CNY"}, Jobs: 80, Functions: []string{"transfer", "investment"}, Offshore: true})
	require.NoError(t, d.runner.CatchUp(t.Context()))
	return d
}

func listReport(t *testing.T, views *sqlite.Views, code, asOf string, params ...string) [][]any {
	t.Helper()
	given := map[string]string{}
	for i := 0; i < len(params); i += 2 {
		given[params[i]] = params[i+1]
	}
	at := projections.At{}
	if asOf != "" {
		at.AsOf = ledgertest.Date(asOf)
	}
	page, err := views.Report(t.Context(), code, given, at)
	require.NoError(t, err, code)
	for _, row := range page.Rows {
		require.Len(t, row, len(page.Columns), code)
	}
	return page.Rows
}

func TestReportsOnIncubation(t *testing.T) {
	d := incubationDesk(t)
	house, centre := incubator.String(), offshore.String()
	type rows = [][]any
	require.Equal(t, rows{
		{house, nil, "I", int64(12000), int64(1000), int64(200), int64(2), "20.0", "14.2", "0.2", int64(1)},
	}, listReport(t, d.views, "k40", ""))
	require.Equal(t, rows{
		{house, nil, "I", int64(12000), int64(1000), int64(700), int64(3), "70.0", "18.3", "0.3", int64(0)},
		{centre, nil, "Heidelberg", int64(0), int64(0), int64(0), int64(1), nil, nil, nil, int64(0)},
	}, listReport(t, d.views, "k40", "2025-06-29"), "as it was the day before the graduation")
	require.Equal(t, rows{
		{"A-101", int64(120), longest.String(), nil, "V", int64(120), "2022-01-10", "2026-01-10", int64(317), int64(0)},
		{"A-102", int64(90), nil, nil, nil, nil, nil, nil, nil, nil},
		{nil, nil, youngest.String(), nil, "V", int64(80), "2025-02-01", "2029-02-01", nil, int64(0)},
	}, listReport(t, d.views, "r8", "", "facility", house))
	require.Equal(t, rows{
		{house, int64(2022), int64(0), int64(1), int64(0), "0.0"},
		{house, int64(2023), int64(1), int64(1), int64(0), "0.0"},
		{house, int64(2024), int64(2), int64(0), int64(0), "0.0"},
		{house, int64(2025), int64(2), int64(1), int64(1), "33.3"},
		{house, int64(2026), int64(2), int64(0), int64(0), "0.0"},
	}, listReport(t, d.views, "k43", "", "facility", house))
	require.Equal(t, rows{
		{int64(2022), int64(1), int64(1), int64(0), "0.0"},
		{int64(2023), int64(1), int64(0), int64(0), nil},
	}, listReport(t, d.views, "k44", "", "facility", house, "to", "2024"))
	require.Equal(t, rows{{house, int64(2), int64(1), "50.0", int64(1), "50.0"}}, listReport(t, d.views, "k46", "", "period", "2025", "facility", house))
	require.Equal(t, rows{{house, int64(1), int64(1), "100.0"}}, listReport(t, d.views, "k47", "", "period", "2025"))
	require.Equal(t, rows{{house, "CNY", "300.0", "100.0", "1000.0", "40.0"}}, listReport(t, d.views, "k48", "", "period", "2025"))
	require.Equal(t, rows{
		{centre, "all", int64(1), "30000.0", int64(0), int64(80), int64(1), "100.0"},
		{centre, "investment", int64(1), "30000.0", int64(0), int64(80), nil, nil},
		{centre, "transfer", int64(1), "30000.0", int64(0), int64(80), nil, nil},
	}, listReport(t, d.views, "k49", ""))
	require.Equal(t, rows{
		{house, "ended", int64(1), nil}, {house, "graduated", int64(1), nil}, {house, "live", int64(2), nil},
	}, listReport(t, d.views, "r9", "", "facility", house), "of fewer than five the number only")
}

func TestReportsOnFacilities(t *testing.T) {
	d := incubationDesk(t)
	type rows = [][]any
	require.Equal(t, rows{
		{"incubator", "national", "all", int64(1)}, {"offshore_centre", nil, "all", int64(1)},
		{"park", nil, "all", int64(2)}, {"park", nil, "applied", int64(2)}, {"park", nil, "common", int64(2)},
	}, listReport(t, d.views, "k54", ""))
	require.Equal(t, rows{{"offshore_centre", nil, "all", int64(1)}}, listReport(t, d.views, "k54", "2019-12-31"))
	require.Equal(t, rows{
		{staffed.String(), nil, "P", int64(1), int64(1), nil, nil, nil, int64(10)},
		{vacant.String(), nil, "P", int64(0), int64(1), nil, "2026-11-01", "2027-04-29", int64(33)},
		{"all", nil, nil, int64(1), int64(2), "50.0", nil, nil, int64(43)},
	}, listReport(t, d.views, "k63", ""), "ten days in January, and from 1 to 23 November")
	require.Equal(t, int64(5+5+15), listReport(t, d.views, "k63", "", "from", "2026-01-06", "to", "2026-11-15")[2][8])
	require.Len(t, listReport(t, d.views, "s-d2", "", "kind", "park"), 2)
	require.Equal(t, incubator.String(), listReport(t, d.views, "s-d2", "2025-01-01")[0][0])
}

func TestTheReturnIsInThousandYuan(t *testing.T) {
	d := incubationDesk(t)
	value := map[int64]any{}
	for _, row := range listReport(t, d.views, "s-c1", "", "facility", incubator.String(), "period", "2025") {
		value[row[0].(int64)] = row[4]
	}
	for line, want := range map[int64]any{
		1: "12000.0", 3: "1000.0", 20: "1000.0", 21: "300.0", 40: "2.0", 41: "2.0", 50: "155.0", 54: "500.0", 55: "1.0", 60: "20.0", 72: "2.0", 80: "1.0", 81: "1.0",
	} {
		require.Equal(t, want, value[line], "line %d", line)
	}
	for _, row := range listReport(t, d.views, "s-c1", "", "facility", incubator.String(), "period", "2023-02") {
		if line := row[0].(int64); line == 40 {
			require.Equal(t, "1.0", row[4], "at the end of the month")
		} else if line == 20 || line == 50 {
			require.Nil(t, row[4], "nothing is on record for line %d", line)
		}
	}
}

func TestTheSelfCheckTakesItsBarsFromThePolicy(t *testing.T) {
	d := incubationDesk(t)
	var got [][]any
	for _, row := range listReport(t, d.views, "s-c2", "", "facility", incubator.String(), "period", "2025") {
		got = append(got, []any{row[0], row[1], row[5], row[6], row[7], row[8]})
	}
	require.Equal(t, [][]any{
		{"2025", "own-fund-share", "50.0", "10.0", int64(1), int64(1)},
		{"2025", "financed-share", "50.0", "20.0", int64(1), int64(1)},
		{"2025", "growth-share", "100.0", "30.0", int64(1), int64(1)},
		{"2025", "non-rent-share", "40.0", "30.0", int64(1), int64(1)},
	}, got)
	require.Empty(t, listReport(t, d.views, "s-c2", "2025-06-30", "facility", incubator.String(), "period", "2025"), "no version was in force")
	require.Len(t, listReport(t, d.views, "s-c2", "", "facility", incubator.String(), "period", "2025", "version", "2025"), 4)
}

func TestWhatIsToBeProposed(t *testing.T) {
	d := incubationDesk(t)
	type rows = [][]any
	require.Equal(t, rows{
		{"overdue", longest.String(), nil, "V", nil, "2026-01-10"},
		{"local-case", landed.String(), nil, "V", nil, nil},
	}, listReport(t, d.views, "p10", ""))
	require.Equal(t, rows{{"limit", longest.String(), nil, "V", nil, "2026-01-10"}}, listReport(t, d.views, "p10", "2025-10-12"), "ninety days before")
	require.Empty(t, listReport(t, d.views, "p10", "2025-10-11"))
	require.Len(t, listReport(t, d.views, "p10", "2025-10-11", "days", "91"), 1)

	young := ledger.StreamID{Category: "incubation", ID: youngest}
	paid := func(on string, yuan int64) {
		d.record(t, young, ledgertest.Date(on), incubation.FinancingRoundRecorded{Round: "a", Amount: ledger.Money{Minor: yuan * 100, Currency: "CNY"}, Instrument: "equity", Voucher: on})
	}
	paid("2026-06-01", 4_499_999)
	d.record(t, young, ledgertest.Date("2026-07-01"), incubation.TenantMetricsReported{Metrics: incubation.Metrics{Period: ledgertest.Date("2024"), Currency: "CNY", Revenue: 997_500_000}})
	require.NoError(t, d.runner.CatchUp(t.Context()))
	require.Equal(t, rows{{"graduate", youngest.String(), nil, "V", "revenue", "2029-02-01"}}, listReport(t, d.views, "p10", "")[:1], "ten millions in two years")
	require.NotEqual(t, "graduate", listReport(t, d.views, "p10", "2026-06-30")[0][0], "a yuan too little was paid in")
	paid("2026-08-01", 1)
	require.NoError(t, d.runner.CatchUp(t.Context()))
	require.Equal(t, "financing", listReport(t, d.views, "p10", "")[0][4])
}

var drawIncubation = rapid.Custom(func(t *rapid.T) ledger.Event {
	amount := ledger.Money{Minor: rapid.Int64Range(1, 1e12).Draw(t, "minor"), Currency: "CNY"}
	on, period := drawDate.Draw(t, "a date"), ledgertest.Date(rapid.SampledFrom([]string{"2019", "2020", "2020-06"}).Draw(t, "period"))
	id := thing(rapid.IntRange(0, 2).Draw(t, "other"))
	switch rapid.IntRange(0, 12).Draw(t, "kind") {
	case 0, 1:
		return incubation.IncubationApplied{Application: incubation.Application{Names: ledger.Names{En: "Robots"}, Facility: id, Venture: id}}
	case 2, 3:
		return incubation.IncubationAdmitted{Facility: id, Room: "A-1", Area: 120, Limit: on, Waiver: &incubation.Waiver{Channel: "policy", Reason: "x"}}
	case 4:
		return incubation.MentorAssigned{Mentor: id}
	case 5:
		return incubation.ServiceDelivered{Kind: "ip", Hours: 3}
	case 6:
		return incubation.FinancingRoundRecorded{Round: "a", Amount: amount, Instrument: "equity", Voucher: rapid.SampledFrom([]string{"V-1", "V-2"}).Draw(t, "voucher")}
	case 7:
		return incubation.TenantMetricsReported{Metrics: incubation.Metrics{Period: period, Currency: "CNY", Revenue: amount.Minor, Staff: 3}}
	case 8:
		return incubation.IncubationExtended{Limit: on, Reason: "x"}
	case 9:
		return incubation.GraduationConfirmed{Criteria: []incubation.Met{{Code: "hnte", Evidence: "E"}}, Destination: "park"}
	case 10:
		return incubation.GraduationRevoked{Ground: "x", DecidedOn: on}
	case 11:
		return incubation.LandingConfirmed{From: id, Park: id, Company: id, RegisteredOn: on, Investment: amount, Offshore: rapid.Bool().Draw(t, "offshore"), Functions: []string{"talent"}}
	}
	return incubation.TenancyEnded{Reason: "moved"}
})

var drawFacility = rapid.Custom(func(t *rapid.T) ledger.Event {
	on := drawDate.Draw(t, "a date")
	switch rapid.IntRange(0, 7).Draw(t, "kind") {
	case 0, 1:
		return facility.Designated{StaffBy: on, Designation: facility.Designation{Names: ledger.Names{Zh: "园区"}, From: on, Directions: []string{"basic"},
			Kind: rapid.SampledFrom([]string{"park", "incubator"}).Draw(t, "kind of facility"), Space: facility.Space{Total: 100, Tenant: 50}, Rooms: []facility.Room{{Code: "A-1", Area: 9}}}}
	case 2:
		return facility.Reviewed{Period: "2020", Result: rapid.SampledFrom([]string{"pass", "fail"}).Draw(t, "result")}
	case 3:
		return facility.OperationReported{Operation: facility.Operation{Period: ledgertest.Date("2020"), Currency: "CNY", Service: 7, Property: 9}}
	case 4:
		return facility.ChiefScientistAppointed{Person: thing(1), From: on, To: drawDate.Draw(t, "end"), MaxParks: 1}
	case 5:
		return facility.ChiefScientistReleased{Person: thing(1), Ground: "resigned", VacantFrom: on, StaffBy: on}
	case 6:
		return facility.Withdrawn{Ground: "ceased", EffectiveOn: on}
	}
	return facility.WithdrawalRevoked{Ground: "x", DecidedOn: on}
})

// The law of read models holds of facilities and cases too, whatever was recorded in whatever
// order of dates; and every report has an answer at every moment.
func TestAnyMomentOfIncubationEqualsReplay(t *testing.T) {
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		d := newDesk(rt, filepath.Join(t.TempDir(), fmt.Sprintf("views-%d.db", n)), projections.Views())
		defer d.views.Close()
		for range rapid.IntRange(1, 3).Draw(rt, "batches") {
			for range rapid.IntRange(1, 12).Draw(rt, "events") {
				id := thing(rapid.IntRange(0, 2).Draw(rt, "stream"))
				if rapid.Bool().Draw(rt, "a case") {
					d.record(rt, ledger.StreamID{Category: "incubation", ID: id}, drawDate.Draw(rt, "on"), drawIncubation.Draw(rt, "event"))
				} else {
					d.record(rt, ledger.StreamID{Category: "facility", ID: id}, drawDate.Draw(rt, "on"), drawFacility.Draw(rt, "event"))
				}
			}
			require.NoError(rt, d.runner.CatchUp(context(rt)))
		}
		d.correct(rt)
		require.NoError(rt, d.runner.CatchUp(context(rt)))
		facts := d.all(rt)
		for range 2 {
			at := projections.At{AsOf: drawDate.Draw(rt, "T").Last(), KnownAt: ledger.Entry(rapid.IntRange(1, len(facts)).Draw(rt, "K"))}
			for _, v := range []projections.View{projections.FacilityRegister, projections.Parks, projections.FacilityOperations,
				projections.IncubationCases, projections.Graduations, projections.TenantMetrics, projections.FinancingRounds} {
				require.Equal(rt, replayed(t, v, facts, at), rowsAt(rt, d.views, v.Name, at), "%s at %v", v.Name, at)
			}
			for _, r := range projections.IncubationReports {
				params := map[string]string{}
				for _, p := range r.Params {
					if p.Required {
						params[p.Name] = map[string]string{"facility": thing(0).String(), "period": "2020"}[p.Name]
					}
				}
				page, err := d.views.Report(context(rt), r.Code, params, at)
				require.NoError(rt, err, r.Code)
				for _, row := range page.Rows {
					require.Len(rt, row, len(r.Columns), r.Code)
				}
			}
		}
	})
}
