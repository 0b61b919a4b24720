package sqlite_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"ttledger/domain/engagement"
	"ttledger/domain/grant"
	"ttledger/domain/investment"
	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
	"ttledger/domain/organisation"
	"ttledger/domain/recognition"
	"ttledger/domain/team"
	"ttledger/projections"
)

var on = ledgertest.Date

// reported is the rows of a report as of a day, knowing all that is recorded.
func (d *desk) reported(t *testing.T, code, from, asOf string) [][]any {
	t.Helper()
	require.NoError(t, d.runner.CatchUp(t.Context()))
	params := map[string]string{}
	if from != "" {
		params["from"] = from
	}
	page, err := d.views.Report(t.Context(), code, params, projections.At{AsOf: on(asOf), KnownAt: ledger.Entry(len(d.all(t)))})
	require.NoError(t, err)
	for _, row := range page.Rows {
		require.Len(t, row, len(page.Columns))
	}
	return page.Rows
}

func nth(category string, n int) ledger.StreamID {
	return ledger.StreamID{Category: category, ID: thing(n)}
}

// TestTheLadderBalances holds stock and flow to one another over a company that renews, one that
// lapses and comes back, one that is revoked and one that never should have been.
func TestTheLadderBalances(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "views.db"), projections.Views())
	defer d.views.Close()
	next := 100
	granted := func(company int, scheme string, rung int, from, to string) ledger.StreamID {
		next++
		s, e := nth("recognition", next), recognition.Granted{Subject: nth("organisation", company), Scheme: scheme, Issuer: "辽宁", From: on(from), Rung: rung}
		if to != "" {
			e.To = on(to)
		}
		d.record(t, s, e.From, e)
		return s
	}
	ended := func(s ledger.StreamID, day, mode, ground string) {
		d.record(t, s, on(day), recognition.Ended{Subject: nth("organisation", 0), Mode: mode, Ground: ground})
	}
	for company, founded := range map[int]string{1: "2010", 2: "2012", 3: "2015", 4: "2016", 5: "2022-02"} {
		d.record(t, nth("organisation", company), on(founded), organisation.Registered{Names: ledger.Names{Zh: "企业"}, Kind: "company", FoundedOn: on(founded)})
	}
	granted(1, "HNTE", 2, "2018-05-01", "2021-04-30")
	granted(1, "HNTE", 2, "2021-05-01", "2024-04-30") // without a gap
	granted(2, "HNTE", 2, "2018-01-01", "2021-01-31") // lapsed without anybody saying so
	granted(2, "HNTE", 2, "2022-03-01", "2025-02-28") // and again
	ended(granted(3, "HNTE", 2, "2020-06-01", "2023-05-31"), "2022-07-01", "revoked", "tax-offence")
	ended(granted(4, "HNTE", 2, "2021-06-01", "2024-05-31"), "2021-06-01", "revoked", "false-data") // ab initio
	granted(5, "HNTE", 2, "2022-04-01", "2025-03-31")
	granted(5, "EAGLET", 4, "2022-05-01", "")
	ended(granted(4, "TSME", 1, "2021-03-01", "2022-03"), "2022-04-01", "lapsed", "")
	ended(granted(6, "TSME", 1, "2021-03-01", "2023-03-31"), "2022-02-01", "surrendered", "moved")

	require.Equal(t, [][]any{
		{"TSME", int64(2), int64(0), int64(0), int64(0), int64(1), int64(0), int64(1), int64(0), "ok"},
		{"HNTE", int64(2), int64(1), int64(1), int64(0), int64(0), int64(1), int64(0), int64(3), "ok"},
		{"EAGLET", int64(0), int64(1), int64(0), int64(0), int64(0), int64(0), int64(0), int64(1), "ok"},
	}, d.reported(t, "s-d1", "", "2022-12-31"))
	require.Equal(t, [][]any{
		{"TSME", int64(0), int64(2), int64(0), int64(0), int64(0), int64(0), int64(0), int64(2), "ok"},
		{"HNTE", int64(3), int64(0), int64(0), int64(1), int64(1), int64(0), int64(0), int64(2), "ok"},
	}, d.reported(t, "s-d1", "2021-01-01", "2021-12-31"), "what was revoked from the beginning never was")
	require.Equal(t, [][]any{
		{"HNTE", "HNTE", int64(1)},      // 1
		{"HNTE", "none", int64(1)},      // 3
		{"TSME", "moved-out", int64(1)}, // 6
		{"TSME", "none", int64(1)},      // 4
		{"new", "EAGLET", int64(1)},     // 5
		{"none", "HNTE", int64(1)},      // 2
	}, d.reported(t, "k53", "2022-01-01", "2022-12-31"))
	require.Equal(t, [][]any{
		{"HNTE", "HNTE", int64(2)}, {"HNTE", "none", int64(1)}, {"none", "TSME", int64(2)},
	}, d.reported(t, "k53", "2021-01-01", "2021-12-31"))
}

func TestWhatRunsOut(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "views.db"), projections.Views())
	defer d.views.Close()
	s := nth("recognition", 1)
	d.record(t, s, on("2021-03-01"), recognition.Granted{Subject: nth("organisation", 1), Scheme: "TSME", Certificate: "1", Issuer: "辽宁", From: on("2021-03-01"), To: on("2022-03")})
	require.Equal(t, [][]any{{s.ID.String(), thing(1).String(), "TSME", "1", "2022-03-31", int64(-1), "lapse", "2022-04-01"}}, d.reported(t, "p13", "", "2022-04-01"))
	d.record(t, s, on("2022-04-01"), recognition.Ended{Subject: nth("organisation", 1), Mode: "lapsed"})
	require.Empty(t, d.reported(t, "p13", "", "2022-04-01"))
}

func TestWhoIsCertifiedAtWhichTier(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "views.db"), projections.Views())
	defer d.views.Close()
	tier := func(n, person int, tier, from, to string) {
		d.record(t, nth("recognition", n), on(from), recognition.Granted{
			Subject: nth("person", person), Scheme: "TALENT_SY", Level: tier, Mode: "full-time", Certificate: "C", Issuer: "沈阳", From: on(from), To: on(to),
		})
	}
	tier(1, 1, "C", "2020-01-01", "2024-12-31")
	tier(2, 1, "B", "2022-01-01", "2026-12-31")
	tier(3, 2, "C", "2020-01-01", "2022-06-30")
	d.record(t, nth("recognition", 2), on("2023-01-01"), recognition.Ended{Subject: nth("person", 1), Mode: "revoked"})

	require.Equal(t, [][]any{{"TALENT_SY", "B", "full-time", int64(1)}, {"TALENT_SY", "C", "full-time", int64(1)}}, d.reported(t, "k30", "", "2022-06-30"), "each once, at the highest")
	require.Equal(t, [][]any{{"TALENT_SY", "C", "full-time", int64(1)}}, d.reported(t, "k30", "", "2023-01-01"))
	require.Equal(t, [][]any{{"TALENT_SY", "C", thing(1).String(), "full-time", "C", "2020-01-01", "2024-12-31"}}, d.reported(t, "s-b3", "", "2023-01-01"))
	due := func(asOf string) []any { return d.reported(t, "p13-talent", "", asOf)[0][4:] }
	require.Equal(t, []any{"2022-06-30", int64(0), "warn-30", nil}, due("2022-06-30"))
	require.Equal(t, []any{"2022-06-30", int64(-1), "lapse", "2022-07-01"}, due("2022-07-01"))
	require.Equal(t, []any{"2022-06-30", int64(30), "warn-90", nil}, due("2022-05-31"))
	require.Equal(t, []any{"2022-06-30", int64(179), "warn-180", nil}, due("2022-01-02"))
	require.Empty(t, d.reported(t, "p13-talent", "", "2022-01-01"))
	require.Empty(t, d.reported(t, "s-d1", "", "2023-01-01"), "persons stand on no enterprise ladder")
}

func TestTeamsOnTheirWay(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "views.db"), projections.Views())
	defer d.views.Close()
	core := []uuid.UUID{thing(91), thing(92), thing(93)}
	for n, region := range map[int]string{1: "CN-BJ", 2: "CN-BJ", 3: ""} {
		s, country := nth("team", n), "DE"
		if region != "" {
			country = "CN"
		}
		d.record(t, s, on("2025-01-10"), team.TeamFormed{Code: fmt.Sprintf("T%d", n), Category: "founding", Titles: ledger.Names{Zh: "合金"}, Leader: thing(90), Core: core,
			Origin: team.Origin{Country: country, Region: region}, Rights: []team.Right{{Kind: "patent", No: "1", On: on("2024")}}, Enterprise: thing(7), Eligible: true})
		if n == 3 {
			continue
		}
		d.record(t, s, on("2025-02-01"), team.TeamBound{Project: thing(8), Part: "support"})
		d.record(t, s, on("2025-03-01"), team.TeamLanded{Filing: "F" + region, Arrived: core, Eligible: true})
	}
	d.record(t, nth("team", 1), on("2025-08-01"), team.MembershipChanged{Out: []team.Place{{Person: core[2], Part: "core"}}, Reason: "left"})
	require.Equal(t, [][]any{{int64(2), int64(1), "50.0", int64(1)}}, d.reported(t, "k29", "", "2025-08-01"))
	d.record(t, nth("team", 1), on("2025-09-01"), team.MembershipChanged{In: []team.Place{{Person: thing(94), Part: "core"}}, Reason: "replaced", CoreAfter: 3, Eligible: true})
	require.Equal(t, [][]any{{int64(2), int64(1), "50.0", int64(2)}}, d.reported(t, "k29", "", "2025-09-01"), "eligible again, and changed all the same")
	d.record(t, nth("team", 2), on("2026-01-01"), team.TeamExited{Ground: "completed", FollowUp: "none"})
	require.Equal(t, [][]any{{int64(1), int64(0), "0.0", int64(1)}}, d.reported(t, "k29", "", "2026-01-01"))
	require.Equal(t, [][]any{{int64(0), int64(0), nil, int64(0)}}, d.reported(t, "k29", "", "2025-02-28"), "of none there is no rate")

	require.Equal(t, [][]any{{"founding", "CN-BJ", int64(0), int64(2)}}, d.reported(t, "k27", "", "2026-06-01"))
	require.Equal(t, [][]any{{"founding", "CN-BJ", int64(2), int64(2)}}, d.reported(t, "k27", "2025-03-01", "2026-06-01"))
	require.Equal(t, [][]any{{int64(2025), int64(3), int64(2), "66.7", int64(2), nil}}, d.reported(t, "k28", "", "2026-06-01"), "no median of two")
	for n := 4; n <= 6; n++ {
		d.record(t, nth("team", n), on("2025-01-10"), team.TeamFormed{Code: fmt.Sprintf("T%d", n), Category: "attack", Leader: thing(90)})
		d.record(t, nth("team", n), on("2025-02-01"), team.TeamBound{Project: thing(8), Part: "support"})
		d.record(t, nth("team", n), on("2025-02-01").Plus(0, 0, 10*n), team.TeamLanded{Filing: "F"})
	}
	require.Equal(t, [][]any{{int64(2025), int64(6), int64(5), "83.3", int64(5), "40.0"}}, d.reported(t, "k28", "", "2026-06-01"))

	d.record(t, nth("grant", 1), on("2025-04-01"), grant.SubsidyApproved{Code: "G", Beneficiary: nth("team", 1), Ceiling: ledger.Money{Minor: 900, Currency: "CNY"}, Instalments: []grant.Instalment{{Code: "I1"}}})
	d.record(t, nth("grant", 1), on("2025-05-01"), grant.InstalmentReleased{Instalment: "I1", Amount: ledger.Money{Minor: 400, Currency: "CNY"}, Voucher: "V"})
	require.Contains(t, d.reported(t, "p8", "", "2025-08-15"), []any{"T1", int64(2), int64(1), int64(1), int64(500)}, "what is open is to be held")
	require.Len(t, d.reported(t, "p8", "", "2025-08-15"), 4)
	require.Len(t, d.reported(t, "p8", "", "2025-09-15"), 3)
	d.record(t, nth("recognition", 1), on("2025-01-01"), recognition.Granted{Subject: nth("person", 91), Scheme: "TALENT_SY", Level: "D", From: on("2025-01-01"), To: on("2025-12-31")})
	tiers := d.reported(t, "p7", "", "2025-03-01")
	require.Len(t, tiers, 8, "leader and core of two teams")
	require.Contains(t, tiers, []any{"T2", "core", thing(91).String(), "D", nil})
	require.Contains(t, tiers, []any{"T1", "leader", thing(90).String(), nil, "certify"})

	filed := d.reported(t, "s-b2", "2025-03-01", "2025-03-01")
	require.Equal(t, []any{"FCN-BJ", "T1", "founding", "合金", nil, "CN-BJ", thing(90).String(), int64(3), int64(1), thing(7).String(), thing(8).String(), "2025-03-01", int64(1)}, filed[0])
	require.Len(t, filed, 2)
}

func TestCoordinationAndFunds(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "views.db"), projections.Views())
	defer d.views.Close()
	agreed := func(n, dimension int, kind, due string) ledger.StreamID {
		s := nth("engagement", n)
		d.record(t, s, on("2025-01-01"), engagement.EngagementAgreed{Code: "E", Kind: kind, Dimension: dimension, Due: on(due)})
		return s
	}
	d.record(t, agreed(1, 5, "coordination", "2025-03"), on("2025-03-20"), engagement.EngagementDelivered{Outcome: ledger.Names{En: "done"}})
	agreed(2, 5, "coordination", "2025-03")
	d.record(t, agreed(3, 5, "coordination", "2025-03-01"), on("2025-02-01"), engagement.EngagementDropped{Ground: "no-need"})
	agreed(4, 1, "coordination", "2025-12-31")
	d.record(t, agreed(5, 0, "service_team", "2025-06"), on("2025-05-01"), engagement.EngagementDelivered{
		Outcome: ledger.Names{Zh: "解决"}, Counts: []engagement.Count{{Of: "demands_served", N: 8}, {Of: "demands_solved", N: 3}}})
	board := d.reported(t, "s-e2", "", "2025-03-31")
	require.Len(t, board, 6, "every dimension has a row")
	require.Equal(t, []any{int64(1), "政策支持", "policy support", int64(1), int64(0), int64(0), int64(0), int64(0), nil}, board[0])
	require.Equal(t, []any{int64(5), "金融服务", "financial services", int64(3), int64(1), int64(1), int64(1), int64(2), "50.0"}, board[4])
	require.Equal(t, int64(0), d.reported(t, "s-e2", "", "2025-03-30")[4][6], "a month is over on its last day")
	for i, name := range engagement.Dimensions {
		require.Equal(t, []any{name.Zh, name.En}, board[i][1:3])
	}
	require.Equal(t, [][]any{{"service_team", int64(1), int64(8), int64(3), "37.5", int64(0)}}, d.reported(t, "k65", "2025-04-01", "2025-12-31"))
	require.Equal(t, []any{"coordination", int64(1), int64(0), int64(0), nil, int64(0)}, d.reported(t, "k65", "", "2025-12-31")[0])

	yuan := func(n int64) ledger.Money { return ledger.Money{Minor: n * 100, Currency: "CNY"} }
	committed := func(n int, amount int64, related bool) ledger.StreamID {
		s := nth("investment", n)
		d.record(t, s, on("2025-01-01"), investment.CommitmentMade{Code: "F", Fund: thing(7), Amount: yuan(amount), Related: related})
		return s
	}
	d.record(t, nth("organisation", 7), on("2020"), organisation.Registered{Names: ledger.Names{Zh: "创新产业基金"}, Kind: "fund"})
	first := committed(1, 2000, true)
	require.Equal(t, [][]any{{"创新产业基金", "CNY", int64(1), int64(200000), int64(0), "0.0", int64(0), nil, int64(1), int64(0)}}, d.reported(t, "s-f1", "", "2025-12-31"))
	committed(2, 2000, false)
	d.record(t, first, on("2025-02-01"), investment.CapitalPaidIn{Amount: yuan(1500), Voucher: "V", Outside: yuan(4000)})
	d.record(t, first, on("2025-03-01"), investment.EntryReversed{Voucher: "V", Amount: yuan(500)})
	require.Equal(t, [][]any{{"创新产业基金", "CNY", int64(2), int64(400000), int64(100000), "25.0", int64(400000), "4.00", int64(1), int64(0)}}, d.reported(t, "s-f1", "", "2025-12-31"))
}

// drawTeamwork is some fact about a team, a subsidy, a recognition, a commitment or an engagement.
var drawTeamwork = rapid.Custom(func(t *rapid.T) ledger.Event {
	minor := ledger.Money{Minor: rapid.Int64Range(1, 1e9).Draw(t, "minor"), Currency: "CNY"}
	place := team.Place{Person: thing(rapid.IntRange(90, 93).Draw(t, "person")), Part: rapid.SampledFrom([]string{"leader", "core", "other"}).Draw(t, "part")}
	subject := nth(rapid.SampledFrom([]string{"organisation", "person"}).Draw(t, "subject"), 1)
	day, voucher := drawDate.Draw(t, "day"), rapid.SampledFrom([]string{"V-1", "V-2"}).Draw(t, "voucher")
	return rapid.SampledFrom([]ledger.Event{
		team.TeamFormed{Code: "T", Category: "attack", Leader: thing(90), Core: []uuid.UUID{thing(91), thing(92)}, Origin: team.Origin{Country: "DE"}},
		team.TeamBound{Project: thing(8), Part: "lead"}, team.TeamUnbound{Project: thing(8), Ground: "breach"},
		team.TeamLanded{Filing: "F", Eligible: true}, team.TeamReviewed{Kind: "final", Result: "good"}, team.TeamExited{Ground: "left"},
		team.MembershipChanged{In: []team.Place{place}, Reason: "joined"}, team.MembershipChanged{Out: []team.Place{place}, Reason: "left"},
		grant.SubsidyApproved{Code: "G", Beneficiary: subject, Ceiling: minor, Instalments: []grant.Instalment{{Code: "I1", Amount: minor}}},
		grant.ConditionVerified{Instalment: "I1", Due: day}, grant.InstalmentReleased{Instalment: "I1", Amount: minor, Voucher: voucher},
		grant.EntryReversed{Voucher: voucher, Amount: minor}, grant.ClawedBack{Amount: minor},
		recognition.Granted{Subject: subject, Scheme: "HNTE", From: day, Rung: 2}, recognition.Ended{Subject: subject, Mode: "lapsed"},
		investment.CommitmentMade{Code: "F", Amount: minor}, investment.CapitalPaidIn{Amount: minor, Voucher: voucher},
		investment.EntryReversed{Voucher: voucher, Amount: minor}, investment.InvestmentExited{Way: "sale"},
		engagement.EngagementAgreed{Code: "E", Kind: "coordination", Dimension: 1, Due: day}, engagement.EngagementAmended{Due: day},
		engagement.EngagementDelivered{Counts: []engagement.Count{{Of: "leads", N: 3}}}, engagement.EngagementDropped{Ground: "other"},
	}).Draw(t, "event")
})

// TestAnyMomentOfTeamworkEqualsReplay is the law of read models for these, and the ladder balances
// whatever was recorded.
func TestAnyMomentOfTeamworkEqualsReplay(t *testing.T) {
	views := []projections.View{
		projections.TeamPipeline, projections.Grants, projections.Recognitions, projections.TalentTiers, projections.FundCommitments, projections.Engagements,
		projections.OrganisationRegister, projections.ProjectBoard, // which the reports name
	}
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		d := newDesk(t, filepath.Join(t.TempDir(), fmt.Sprintf("views-%d.db", n)), views)
		defer d.views.Close()
		for range rapid.IntRange(1, 4).Draw(rt, "batches") {
			for range rapid.IntRange(1, 12).Draw(rt, "events") {
				e := drawTeamwork.Draw(rt, "event")
				category, _, _ := strings.Cut(e.EventType(), ".")
				d.record(rt, nth(category, rapid.IntRange(0, 2).Draw(rt, "stream")), drawDate.Draw(rt, "on"), e)
			}
			require.NoError(rt, d.runner.CatchUp(context(rt)))
		}
		facts := d.all(rt)
		for range 4 {
			at := projections.At{AsOf: drawDate.Draw(rt, "T").Last(), KnownAt: ledger.Entry(rapid.IntRange(1, len(facts)).Draw(rt, "K"))}
			for _, v := range views {
				require.Equal(rt, replayed(t, v, facts, at), rowsAt(rt, d.views, v.Name, at), "%s at %v", v.Name, at)
			}
			for _, r := range slices.Concat(projections.LadderReports(), projections.TeamReports()) {
				page, err := d.views.Report(context(rt), r.Code, nil, at)
				require.NoError(rt, err, r.Code)
				for _, row := range page.Rows {
					require.Len(rt, row, len(r.Columns), r.Code)
					if r.Code == "s-d1" {
						require.Equal(rt, "ok", row[9], "%v", row)
					}
				}
			}
		}
	})
}
