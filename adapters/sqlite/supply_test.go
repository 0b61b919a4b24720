package sqlite_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"ttledger/domain/achievement"
	"ttledger/domain/contract"
	"ttledger/domain/demand"
	"ttledger/domain/ledger"
	"ttledger/domain/notice"
	"ttledger/domain/project"
	"ttledger/projections"
)

// tell records an event under an envelope that a test changes.
func (d *desk) tell(t require.TestingT, s ledger.StreamID, on ledger.Date, e ledger.Event, change func(*ledger.Metadata)) {
	version := ledger.Version(0)
	for r, err := range d.store.Read(context(t), s, 0) {
		require.NoError(t, err)
		version = r.Version
	}
	data, err := json.Marshal(e)
	require.NoError(t, err)
	command := uuid.New()
	meta := ledger.Metadata{Ledger: ledgerID, Command: command, Correlation: command, Actor: "li.wei", Role: ledger.PM, OccurredOn: on, Source: ledger.Source{Kind: "api"}}
	if change != nil {
		change(&meta)
	}
	_, err = d.store.Append(context(t), s, version, []ledger.Proposed{{ID: ledger.EventID(s, command, 0), Type: e.EventType(), Data: data, Meta: meta}})
	require.NoError(t, err)
}

func date(text string) ledger.Date {
	d, err := ledger.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

func stream(category string, n int) ledger.StreamID {
	return ledger.StreamID{Category: category, ID: thing(n)}
}

var drawSupply = rapid.Custom(func(t *rapid.T) ledger.Event {
	who := func() uuid.UUID { return thing(rapid.IntRange(20, 22).Draw(t, "person")) }
	what := func() uuid.UUID { return thing(rapid.IntRange(0, 2).Draw(t, "thing")) }
	switch rapid.IntRange(0, 16).Draw(t, "kind") {
	case 0, 1:
		return achievement.Disclosed{Titles: ledger.Names{Zh: "晶体"}, Category: "applied", Secrecy: "open", Organisation: what(),
			Completers: []achievement.Completer{{Person: thing(20), Permille: 600}, {Person: thing(21), Permille: 400}}}
	case 2:
		return achievement.ContributionConfirmed{Person: who(), Permille: rapid.SampledFrom([]int{400, 600}).Draw(t, "share")}
	case 3:
		return achievement.ContributionDisputed{Person: who(), Ground: "share"}
	case 4:
		return achievement.ContributionsChanged{Completers: []achievement.Completer{{Person: who(), Permille: 1000}}, Ground: "error"}
	case 5:
		return achievement.Registered{RegistrationNo: "R-1", Authority: "x", OwnerKind: "service", RightsGranted: "none", Owners: []achievement.Owner{{Organisation: what(), Permille: 1000}}}
	case 6:
		return achievement.Evaluated{Evaluator: what(), Kind: "user", Readiness: &achievement.Readiness{Scale: "ISO16290", Level: rapid.IntRange(1, 9).Draw(t, "level")}}
	case 7:
		return achievement.RightGranted{Right: achievement.Right{Kind: "design", Number: rapid.SampledFrom([]string{"ZL1", "ZL2"}).Draw(t, "no"), GrantedOn: drawDate.Draw(t, "grant")},
			AwardDue: ledger.Day(2020, 5, 1), AwardLeast: &ledger.Money{Minor: 150000, Currency: "CNY"}}
	case 8:
		return achievement.AwardPaid{Right: rapid.SampledFrom([]string{"ZL1", "ZL2"}).Draw(t, "no"), Amount: ledger.Money{Minor: 1, Currency: "CNY"}, Voucher: "V"}
	case 9:
		return achievement.IdlenessExcused{Ground: "no-market", Until: drawDate.Draw(t, "until")}
	case 10:
		return demand.Published{Organisation: what(), Terms: demand.Terms{Titles: ledger.Names{En: "x"}, Problem: "x", Mode: "roadshow"}}
	case 11:
		return demand.MatchConfirmed{Achievement: what(), Mode: "roadshow", Channel: "cast"}
	case 12:
		return demand.Closed{Ground: "solved"}
	case 13:
		return notice.Posted{Kind: "price", Subject: stream("project", 0), Titles: ledger.Names{En: "x"}, From: ledger.Day(2020, 1, 1), To: ledger.Day(2020, 1, 15), Places: []string{"unit"}}
	case 14:
		return notice.Concluded{Objections: []notice.Objection{{Number: "1", Ground: "price", Decision: "upheld"}}, Outcome: "objection-upheld", Supervisor: "sup"}
	case 15:
		return notice.Withdrawn{Ground: "error"}
	}
	return contract.Signed{Project: what(), Achievements: []uuid.UUID{what(), what()}}
})

// TestSupplyAtAnyMoment holds the views of achievements, demands, notices and what ties them
// together to the law of read models.
func TestSupplyAtAnyMoment(t *testing.T) {
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		d := newDesk(rt, filepath.Join(t.TempDir(), fmt.Sprintf("views-%d.db", n)), projections.Views())
		defer d.views.Close()
		for range rapid.IntRange(1, 3).Draw(rt, "batches") {
			for range rapid.IntRange(1, 15).Draw(rt, "events") {
				e := rapid.OneOf(drawSupply, drawEvent).Draw(rt, "event")
				var category string
				for _, a := range aggregates {
					for _, name := range a.Events {
						if name == e.EventType() {
							category = a.Category
						}
					}
				}
				d.tell(rt, stream(category, rapid.IntRange(0, 2).Draw(rt, "stream")), drawDate.Draw(rt, "on"), e, func(m *ledger.Metadata) {
					for i := range rapid.IntRange(0, 2).Draw(rt, "documents") {
						m.Evidence = append(m.Evidence, ledger.Evidence{Alg: "sha-256", Digest: fmt.Sprint(i)})
						m.ReliedOn = append(m.ReliedOn, ledger.Relied{Stream: stream(rapid.SampledFrom([]string{"project", "organisation", "notice"}).Draw(rt, "on"), i), Version: ledger.Version(i + rapid.IntRange(0, 1).Draw(rt, "there"))})
					}
				})
			}
			require.NoError(rt, d.runner.CatchUp(context(rt)))
		}
		facts := d.all(rt)
		for range 6 {
			at := projections.At{AsOf: drawDate.Draw(rt, "T").Last(), KnownAt: ledger.Entry(rapid.IntRange(1, len(facts)).Draw(rt, "K"))}
			for _, v := range []projections.View{projections.AchievementRegister, projections.DemandBoard, projections.NoticeBoard, projections.Conversion, projections.Affairs, projections.Evidence} {
				rows, err := projections.Replay(v, facts, at, decode)
				require.NoError(rt, err)
				require.Equal(rt, rows, rowsAt(rt, d.views, v.Name, at), "%s at %v", v.Name, at)
			}
			for _, r := range projections.Reports() {
				page, err := d.views.Report(context(rt), r.Code, given(r), at)
				require.NoError(rt, err, r.Code)
				for _, row := range page.Rows {
					require.Len(rt, row, len(r.Columns))
				}
			}
		}
	})
}

// given is a value for each parameter that a report needs.
func given(r projections.Report) map[string]string {
	params := map[string]string{}
	for _, p := range r.Params {
		if p.Required {
			params[p.Name] = thing(0).String()
		}
		if p.Name == "report" {
			params[p.Name] = "k06" // what a restatement compares
		}
	}
	return params
}

// says is what a report answers as of a day.
func (d *desk) says(t *testing.T, code, asOf string, params map[string]string) [][]any {
	t.Helper()
	page, err := d.views.Report(t.Context(), code, params, projections.At{AsOf: date(asOf)})
	require.NoError(t, err)
	return page.Rows
}

func disclosedAs(category string) achievement.Disclosed {
	return achievement.Disclosed{Titles: ledger.Names{Zh: "晶体"}, Category: category, Secrecy: "open", Completers: []achievement.Completer{{Person: thing(20), Permille: 1000}}, Organisation: thing(9)}
}

var registeredAs = achievement.Registered{RegistrationNo: "R-1", Authority: "x", OwnerKind: "service", RightsGranted: "none", Owners: []achievement.Owner{{Organisation: thing(9), Permille: 1000}}}

// TestConversionReports: six achievements and three projects, whose figures are counted by hand.
func TestConversionReports(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "views.db"), projections.Views())
	defer d.views.Close()
	on := func(s ledger.StreamID, day string, e ledger.Event) { t.Helper(); d.tell(t, s, date(day), e, nil) }
	// 0 is contracted 11 months after its registration, 1 after 14, 2 never; 3 has a patent only, 4 is
	// excused, 5 is disclosed and no more.
	for n, story := range [][2]string{{"2020-01-10", "2020-03-01"}, {"2020-02-01", "2020-05"}, {"2020-06-01", "2020-06-30"}, {"2021-01-01", ""}, {"2021-02-01", "2021-03-01"}, {"2021-05-01", ""}} {
		on(stream("achievement", n), story[0], disclosedAs([]string{"applied", "basic", "soft"}[n%3]))
		if story[1] != "" {
			on(stream("achievement", n), story[1], registeredAs)
		}
	}
	on(stream("achievement", 0), "2020-01-11", achievement.ContributionConfirmed{Person: thing(20), Permille: 1000})
	on(stream("achievement", 2), "2020-06-02", achievement.ContributionDisputed{Person: thing(20), Ground: "share"})
	on(stream("achievement", 3), "2021-04-01", achievement.RightGranted{Right: achievement.Right{Kind: "design", Number: "ZL1", GrantedOn: date("2021-04-01")}})
	on(stream("achievement", 4), "2022-02-01", achievement.IdlenessExcused{Ground: "no-market", Until: date("2022-12-31")})
	levels := func(gate project.Gate, scale string, level int) project.StageGateDecided {
		return project.StageGateDecided{Gate: gate, Decision: "go", After: &project.Readiness{Scale: scale, Level: level}}
	}
	milestones := []project.Milestone{{Code: "M1", Due: date("2021-03")}, {Code: "M2", Due: date("2021-06-30")}, {Code: "M3", Due: date("2021-07-01")}, {Code: "M4", Due: date("2022-01-01")}, {Code: "M5", Due: date("2021-12-31")}}
	one, two, three := stream("project", 0), stream("project", 1), stream("project", 2)
	on(one, "2020-04-01", project.ProjectProposed{Titles: ledger.Names{Zh: "一"}, Achievements: []uuid.UUID{thing(0), thing(1)}, Milestones: milestones})
	on(one, "2020-04-02", levels(1, "ISO16290", 4))
	on(one, "2020-05-01", project.ProjectApproved{Body: "x", Responsible: "tm"})
	on(stream("contract", 0), "2021-02-01", contract.Signed{Project: thing(0), Achievements: []uuid.UUID{thing(0)}})
	on(stream("contract", 1), "2021-07-01", contract.Signed{Project: thing(0), Achievements: []uuid.UUID{thing(1)}})
	on(stream("contract", 1), "2021-07-02", contract.ReceiptRecorded{Entry: thing(30), Amount: ledger.Money{Minor: 1, Currency: "CNY"}, Voucher: "V", Payer: thing(9)})
	on(stream("contract", 0), "2022-05-01", contract.Ended{Ground: "performed"})
	on(stream("contract", 1), "2022-08-01", contract.Ended{Ground: "rescinded"})
	on(one, "2021-08-01", levels(3, "ISO16290", 7))
	for code, found := range map[string][2]string{"M1": {"met", "2021-03-31"}, "M2": {"met", "2021-07-01"}, "M3": {"waived", ""}} {
		e := project.MilestoneVerified{Milestone: code, Result: found[0], Due: date("2021-06-30"), Verifier: "x"}
		if found[1] != "" {
			e.AchievedOn = date(found[1])
		}
		on(one, "2021-08-02", e)
	}
	on(two, "2021-01-01", project.ProjectProposed{Titles: ledger.Names{Zh: "二"}})
	on(two, "2021-01-02", levels(1, "GBT22900", 4))
	on(two, "2021-02-01", project.ProjectApproved{Body: "x"})
	on(two, "2021-03-01", levels(2, "ISO16290", 5))
	on(two, "2021-06-01", project.ProjectTerminated{Ground: "market"})
	documented := func(m *ledger.Metadata) { m.Evidence = []ledger.Evidence{{Alg: "sha-256", Digest: "ab"}} }
	d.tell(t, three, date("2021-01-01"), project.ProjectProposed{Titles: ledger.Names{Zh: "三"}}, nil)
	d.tell(t, three, date("2021-02-01"), project.ProjectApproved{Body: "x", Responsible: "tm"}, documented)
	d.tell(t, three, date("2021-06-02"), project.ProjectTerminated{Ground: "market", Dossier: "D", Exemption: true}, nil)
	require.NoError(t, d.runner.CatchUp(t.Context()))

	n := func(x int) int64 { return int64(x) }
	require.Equal(t, [][]any{
		{n(2020), n(3), n(1), n(1), n(1), n(3), n(1), n(1)},
		{n(2021), n(3), n(1), n(1), n(1), n(1), n(0), n(0)},
	}, d.says(t, "k01", "2022-06-01", nil))
	require.Len(t, d.says(t, "k01", "2022-06-01", map[string]string{"from": "2021"}), 1)
	require.Equal(t, [][]any{
		{n(2020), n(12), n(3), n(1), "33.3", n(0)},
		{n(2020), n(24), n(2), n(2), "100.0", n(1)},
		{n(2020), n(36), n(0), n(0), nil, n(3)},
		{n(2021), n(12), n(1), n(0), "0.0", n(0)},
		{n(2021), n(24), n(0), n(0), nil, n(1)},
		{n(2021), n(36), n(0), n(0), nil, n(1)},
	}, d.says(t, "k05", "2022-06-01", nil))
	require.Equal(t, [][]any{
		{n(2020), n(3), n(3), "100.0", n(2), "66.7", n(2), "66.7", n(2), "66.7", n(0), "0.0", n(1), "33.3"},
		{n(2021), n(3), n(1), "33.3", n(0), "0.0", n(0), "0.0", n(0), "0.0", n(0), "0.0", n(0), "0.0"},
	}, d.says(t, "k06-achievements", "2022-06-01", nil))
	require.Equal(t, [][]any{{"ISO16290", n(1), "3.0", n(1)}}, d.says(t, "k11", "2022-06-01", nil))
	require.Equal(t, [][]any{{"ISO16290", n(0), nil, n(1)}}, d.says(t, "k11", "2021-03-01", nil), "a scale with nothing to compare has no mean")
	require.Equal(t, [][]any{{n(2021), n(3), n(1), "33.3", n(1), n(0), n(0), n(1), n(1)}}, d.says(t, "k12", "2021-12-31", nil))
	require.Equal(t, [][]any{{n(2021), n(2), n(1), "50.0", n(1)}}, d.says(t, "k14", "2022-06-01", nil))
	idle := func(asOf string, params map[string]string) (rows [][]any) {
		for _, r := range d.says(t, "k13", asOf, params) {
			rows = append(rows, []any{r[0], r[5], r[6], r[7]})
		}
		return rows
	}
	require.Empty(t, idle("2021-01-31", nil), "0 is not idle for a year yet when it is contracted")
	require.Equal(t, [][]any{{thing(1).String(), "2020-05", "2021-05-02", n(1)}}, idle("2021-05-02", nil))
	require.Equal(t, [][]any{{thing(2).String(), "2020-06-30", "2021-07-01", n(336)}, {thing(3).String(), "2021-04-01", "2022-04-02", n(61)}}, idle("2022-06-01", nil))
	require.Len(t, idle("2023-01-01", nil), 4, "an excuse ends, and so does a contract")
	require.Len(t, idle("2021-04-12", map[string]string{"days": "10"}), 4)
}

// TestCycleTimeOfAchievements: five of a kind make a figure, four do not.
func TestCycleTimeOfAchievements(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "views.db"), projections.Views())
	defer d.views.Close()
	for i := range 5 {
		start := time.Date(2021, 1, 1, 12, 0, 0, 0, ledger.Zone)
		after := func(days int) ledger.Date { return ledger.DayOf(start.AddDate(0, 0, days)) }
		a, p := stream("achievement", i), stream("project", i)
		d.tell(t, a, after(0), disclosedAs("applied"), nil)
		d.tell(t, a, after(10*(i+1)), registeredAs, nil)
		d.tell(t, p, after(100), project.ProjectProposed{Titles: ledger.Names{Zh: "一"}, Achievements: []uuid.UUID{thing(i)}}, nil)
		d.tell(t, p, after(110), project.ProjectApproved{Body: "x"}, nil)
		d.tell(t, p, after(120), project.StageGateDecided{Gate: 2, Decision: "hold", HoldUntil: after(200)}, nil)
		d.tell(t, p, after(140), project.StageGateDecided{Gate: 2, Decision: "go"}, nil)
		if i < 4 {
			d.tell(t, stream("contract", i), after(150), contract.Signed{Project: thing(i), Achievements: []uuid.UUID{thing(i)}}, nil)
		}
	}
	require.NoError(t, d.runner.CatchUp(t.Context()))
	n := func(x int) int64 { return int64(x) }
	require.Equal(t, [][]any{
		{"disclosed-registered", n(5), "30.0", "50.0", n(0), nil, n(0)},
		{"registered-approved", n(5), "80.0", "100.0", n(0), nil, n(0)},
		{"approved-contracted", n(4), nil, nil, n(1), nil, n(0)},
		{"contracted-pilot", n(0), nil, nil, n(4), nil, n(0)},
	}, d.says(t, "k07-achievements", "2021-12-31", nil))
}

// TestDossier: one project's affair, gathered over six streams, without what is another's.
func TestDossier(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "views.db"), projections.Views())
	defer d.views.Close()
	mine, other, crystal := stream("project", 0), stream("project", 1), stream("achievement", 2)
	deal, foreign, price := stream("contract", 3), stream("contract", 4), stream("notice", 5)
	rests := func(on ...ledger.StreamID) func(*ledger.Metadata) {
		return func(m *ledger.Metadata) {
			for _, s := range on {
				m.ReliedOn = append(m.ReliedOn, ledger.Relied{Stream: s, Version: 1})
			}
			m.Evidence = []ledger.Evidence{{Alg: "sha-256", Digest: "ab", Name: "纪要.pdf"}}
		}
	}
	unit := stream("organisation", 9)
	d.tell(t, crystal, date("2020-12-01"), disclosedAs("applied"), rests(unit))
	d.tell(t, crystal, date("2020-12-10"), registeredAs, rests(unit))
	for _, p := range []ledger.StreamID{mine, other} {
		d.tell(t, p, date("2021-01-01"), project.ProjectProposed{Titles: ledger.Names{Zh: "一"}, Achievements: []uuid.UUID{crystal.ID}, Milestones: []project.Milestone{{Code: "M1", Due: date("2021-05-01")}}}, rests(crystal, unit))
	}
	d.tell(t, price, date("2021-02-01"), notice.Posted{Code: "N-7", Kind: "price", Subject: mine, Titles: ledger.Names{Zh: "价格"}, From: date("2021-02-01"), To: date("2021-02-15"), Places: []string{"unit"}}, func(m *ledger.Metadata) {
		rests(mine)(m)
		m.Role, m.Policy = ledger.TM, &ledger.Policy{Code: "NOTICE-TRANSFER", Version: "2016"}
	})
	d.tell(t, price, date("2021-02-16"), notice.Concluded{Outcome: "no-objection", Supervisor: "sup"}, func(m *ledger.Metadata) { m.Actor, m.Role = "sup", ledger.SUP })
	d.tell(t, deal, date("2021-03-01"), contract.Signed{Project: mine.ID, Achievements: []uuid.UUID{crystal.ID}}, rests(mine, crystal, price, unit))
	d.tell(t, foreign, date("2021-03-02"), contract.Signed{Project: other.ID, Achievements: []uuid.UUID{crystal.ID}}, rests(other, crystal))
	d.tell(t, mine, date("2021-01-15"), project.ProjectApproved{Body: "x", Responsible: "tm"}, func(m *ledger.Metadata) {
		rests()(m)
		m.Approval, m.Reason = "approval-7", "meeting"
	})
	require.NoError(t, d.runner.CatchUp(t.Context()))

	params := map[string]string{"project": mine.ID.String()}
	var told [][]any
	for _, r := range d.says(t, "s-a4", "2021-12-31", params) {
		told = append(told, []any{r[0], r[5], r[6], r[7], r[9], r[10], r[11], r[12]})
	}
	require.Equal(t, [][]any{
		{"2020-12-01", "achievement.disclosed.v1", "li.wei", "PM", nil, nil, nil, int64(1)},
		{"2020-12-10", "achievement.registered.v1", "li.wei", "PM", nil, nil, nil, int64(1)},
		{"2021-01-01", "project.proposed.v2", "li.wei", "PM", nil, nil, nil, int64(1)},
		{"2021-01-15", "project.approved.v1", "li.wei", "PM", "approval-7", nil, "meeting", int64(1)},
		{"2021-02-01", "notice.posted.v1", "li.wei", "TM", nil, "NOTICE-TRANSFER@2016", nil, int64(1)},
		{"2021-02-16", "notice.concluded.v1", "sup", "SUP", nil, nil, nil, int64(0)},
		{"2021-03-01", "contract.signed.v1", "li.wei", "PM", nil, nil, nil, int64(1)},
	}, told)
	require.Equal(t, `[{"digest":"ab","name":"纪要.pdf"}]`, d.says(t, "s-a4", "2021-12-31", params)[0][13])
	require.Equal(t, [][]any{
		{"approval", int64(1), "2021-01-15"},
		{"responsible", int64(1), "tm"},
		{"evidence of decisions", int64(1), nil},
		{"milestones looked at", int64(0), "M1"},
		{"achievement registered", int64(1), "R-1"},
		{"shares signed by all", int64(0), "unsigned"},
		{"notice of price", int64(1), "N-7: no-objection"},
	}, d.says(t, "s-a4-items", "2021-12-31", params))
	require.Equal(t, []any{"milestones looked at", int64(1), nil}, d.says(t, "s-a4-items", "2021-04-30", params)[3])
	_, err := d.views.Report(t.Context(), "s-a4", nil, projections.At{})
	require.Equal(t, "parameter", ledger.CodeOf(err))
}

// TestDutiesOfSupply: the award for a patent, a notice to be concluded, achievements to be registered.
func TestDutiesOfSupply(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "views.db"), projections.Views())
	defer d.views.Close()
	crystal, price, lost, venture := stream("achievement", 0), stream("notice", 1), stream("notice", 2), stream("project", 3)
	d.tell(t, crystal, date("2021-01-01"), disclosedAs("applied"), nil)
	d.tell(t, crystal, date("2021-02-01"), achievement.RightGranted{Right: achievement.Right{Kind: "design", Number: "ZL1", GrantedOn: date("2021-02-01")}, AwardDue: date("2021-05-01"), AwardLeast: &ledger.Money{Minor: 150000, Currency: "CNY"}}, nil)
	d.tell(t, crystal, date("2021-02-01"), achievement.RightGranted{Right: achievement.Right{Kind: "software", Number: "SR1", GrantedOn: date("2021-02-01")}}, nil)
	d.tell(t, crystal, date("2021-03-01"), achievement.AwardPaid{Right: "ZL1", Amount: ledger.Money{Minor: 150000, Currency: "CNY"}, Voucher: "V"}, nil)
	for _, s := range []ledger.StreamID{price, lost} {
		d.tell(t, s, date("2021-02-01"), notice.Posted{Kind: "award", Subject: venture, Titles: ledger.Names{En: "x"}, From: date("2021-02-01"), To: date("2021-02-28"), Places: []string{"unit"}}, nil)
	}
	d.tell(t, price, date("2021-03-02"), notice.Concluded{Outcome: "no-objection", Supervisor: "sup"}, nil)
	d.tell(t, lost, date("2021-02-03"), notice.Withdrawn{Ground: "error"}, nil)
	d.tell(t, venture, date("2021-01-05"), project.ProjectProposed{Titles: ledger.Names{En: "x"}, Achievements: []uuid.UUID{crystal.ID}, RegisterBy: date("2021-06-30")}, nil)
	require.NoError(t, d.runner.CatchUp(t.Context()))
	column := func(name string) int {
		return slices.IndexFunc(projections.Obligations.Columns, func(c projections.Column) bool { return c.Name == name })
	}
	duties := map[string][]any{}
	for _, r := range rowsAt(t, d.views, "obligations", projections.At{}) {
		duties[fmt.Sprint(r[column("stream")], " ", r[column("kind")])] = []any{r[column("who")], r[column("due_on")], r[column("done_on")], r[column("dropped")]}
	}
	require.Equal(t, map[string][]any{
		crystal.String() + " award":                 {"FIN", "2021-05-01", "2021-03-01", int64(0)},
		price.String() + " conclude-notice":         {"SUP", "2021-03-01", "2021-03-02", int64(0)},
		lost.String() + " conclude-notice":          {"SUP", "2021-03-01", nil, int64(1)},
		venture.String() + " register-achievements": {"TM", "2021-06-30", nil, int64(0)},
	}, duties)
}
