package sqlite_test

import (
	"bytes"
	"crypto/ecdh"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"ttledger/adapters/sqlite"
	"ttledger/domain"
	"ttledger/domain/application"
	"ttledger/domain/appointment"
	"ttledger/domain/ledger"
	"ttledger/domain/notice"
	"ttledger/domain/panel"
	"ttledger/domain/person"
	"ttledger/domain/requisition"
	"ttledger/projections"
)

// hiring is a bureau with one post to fill and four who apply for it.
type hiring struct {
	*bureau
	plan  ledger.StreamID
	panel ledger.StreamID
	apply [4]ledger.StreamID
	open  []panel.Opening
}

func newHiring(t *testing.T) *hiring {
	o := &hiring{bureau: newBureau(t), plan: nth("requisition", 1), panel: nth("panel", 1)}
	o.l.Aggregates = domain.Aggregates()
	o.adopt("SELECT-PANEL", "2026")
	o.adopt("NOTICE-PERSONNEL", "2014")
	degree := requisition.Condition{Code: "degree", About: "degree", Names: ledger.Names{Zh: "硕士"}}
	o.must("hr", ledger.HR, o.plan, "approve", "2025-03-03", requisition.Approve{Code: "R-1", Plan: requisition.Plan{
		Purpose: "post", Review: requisition.Review{Method: "mean", Quorum: 4}, Notice: "PN-1",
		Posts: []requisition.Post{{Code: "director", Titles: ledger.Names{Zh: "部长"}, Level: "middle", Number: 1, Conditions: []requisition.Condition{degree}}},
	}})
	vacancy := nth("notice", 1)
	o.must("hr", ledger.HR, vacancy, "post", "2025-03-04", notice.Post{Kind: "vacancy", Subject: o.plan, Titles: ledger.Names{Zh: "公开选聘"}, To: on("2025-03-20"), Places: []string{"website"}})
	o.must("hr", ledger.HR, o.plan, "open", "2025-03-05", requisition.Open{Notice: vacancy.ID, From: on("2025-03-06"), To: on("2025-04-05")})
	for i := range o.apply {
		o.apply[i] = nth("application", i)
		who := nth("person", i)
		o.must("hr", ledger.HR, who, "enrol", "2025-03-10", person.Enrol{Name: ledger.Plain("应聘者"), Notice: "PN-1", Basis: "consent", Retention: "applicant", Consents: []string{"processing"}})
		o.must("hr", ledger.HR, o.apply[i], "receive", "2025-03-11", o.receive(i))
		found := application.DecideEligibility{Result: "eligible"}
		if i == 3 {
			found = application.DecideEligibility{Result: "ineligible", Unmet: []string{"degree"}}
		}
		o.must("hr", ledger.HR, o.apply[i], "decide-eligibility", "2025-04-07", found)
	}
	return o
}

func (o *hiring) receive(i int) application.Receive {
	return application.Receive{
		Code: fmt.Sprintf("A-2025-%d", i), Requisition: o.plan.ID, Post: "director", Person: nth("person", i).ID, Source: "advert",
		Consent:   application.Consent{Notice: "PN-1", Purposes: []string{"processing"}, Retention: "applicant"},
		Documents: []application.Document{{Kind: "cv", Digest: ledger.Plain(strings.Repeat("5f", 32))}},
	}
}

func (o *hiring) convene(code string) panel.Convene {
	key, err := ecdh.X25519().NewPrivateKey(bytes.Repeat([]byte{7}, 32))
	require.NoError(o.t, err)
	c := panel.Convene{Code: code, Subject: o.plan, Chair: "chr.lin", Observer: "sup.he", Quorum: 4, Method: "mean", OpeningKey: key.PublicKey().Bytes(),
		Criteria: panel.Criteria{Version: "C-1", List: []panel.Criterion{{Code: "ability", Names: ledger.Names{Zh: "能力"}, Max: 100}}}}
	for i := range 3 {
		c.Items = append(c.Items, panel.Entrant{Stream: o.apply[i], Code: fmt.Sprintf("X-%d", i)})
	}
	for i := range 5 {
		c.Reviewers = append(c.Reviewers, fmt.Sprintf("rev.%d", i))
	}
	return c
}

// score declares and hands in what each reviewer gives each item; rev.0 is kin to X-0.
func (o *hiring) score(day string) {
	for r := range 5 {
		for i := range 3 {
			reviewer, item := fmt.Sprintf("rev.%d", r), fmt.Sprintf("X-%d", i)
			if r == 0 && i == 0 {
				require.Equal(o.t, "must-recuse", o.send(reviewer, ledger.REV, o.panel, "declare-interest", day, panel.DeclareInterest{Item: item, Relation: "kin"}))
				o.must(reviewer, ledger.REV, o.panel, "declare-interest", day, panel.DeclareInterest{Item: item, Relation: "kin", Recused: true})
				require.Equal(o.t, "recused", o.send(reviewer, ledger.REV, o.panel, "submit-review", day, o.review(reviewer, item, 99)))
				continue
			}
			require.Equal(o.t, "not-declared", o.send(reviewer, ledger.REV, o.panel, "submit-review", day, o.review(reviewer, item, 50)))
			o.must(reviewer, ledger.REV, o.panel, "declare-interest", day, panel.DeclareInterest{Item: item, Relation: "none"})
			o.must(reviewer, ledger.REV, o.panel, "submit-review", day, o.review(reviewer, item, 90-10*i-r))
			o.open = append(o.open, opened(reviewer, item, 90-10*i-r))
		}
	}
}

func opened(reviewer, item string, points int) panel.Opening {
	return panel.Opening{Item: item, Reviewer: reviewer, Points: []int{points}, Nonce: fmt.Sprintf("%x", fmt.Appendf(nil, "%-20s", reviewer+item))}
}

func (o *hiring) review(reviewer, item string, points int) panel.SubmitReview {
	open := opened(reviewer, item, points)
	return panel.SubmitReview{Item: item, Criteria: "C-1", Commitment: panel.Commitment("PN-1", item, reviewer, open.Points, open.Nonce), Sealed: []byte("ciphertext")}
}

// TestOpenRecruitment is the acceptance scenario of a sealed review within a recruitment, from the
// plan to the confirmed appointee, by the commands that everybody sends, in a real file.
func TestOpenRecruitment(t *testing.T) {
	o := newHiring(t)
	twice := o.receive(0)
	twice.Code = "A-2025-9"
	require.Equal(t, "claimed", o.send("hr", ledger.HR, nth("application", 9), "receive", "2025-03-12", twice), "one live application to a post")

	require.Equal(t, "panel-rules", o.send("hr", ledger.HR, o.panel, "convene", "2025-04-10", func() panel.Convene { c := o.convene("PN-1"); c.Method = "trimmed"; c.Quorum = 5; return c }()))
	o.must("hr", ledger.HR, o.panel, "convene", "2025-04-10", o.convene("PN-1"))
	require.Equal(t, "claimed", o.send("hr", ledger.HR, nth("panel", 2), "convene", "2025-04-10", o.convene("PN-2")), "nobody shops for a panel")
	require.Equal(t, "no-such-stream", o.send("rev.9", ledger.REV, o.panel, "declare-interest", "2025-04-11", panel.DeclareInterest{Item: "X-0", Relation: "none"}), "a reviewer of another panel does not even see it")
	o.score("2025-04-11")
	require.Equal(t, "scored", o.send("rev.1", ledger.REV, o.panel, "submit-review", "2025-04-11", o.review("rev.1", "X-0", 100)), "a score stays as it is")
	require.Equal(t, "not-ranked", o.send("hr", ledger.HR, o.apply[0], "rank", "2025-04-12", application.Rank{Panel: o.panel.ID}))

	conclude := panel.Conclude{Openings: o.open, Minutes: strings.Repeat("ab", 32)}
	require.Equal(t, "no-observer", o.send("chr.lin", ledger.CHR, o.panel, "conclude", "2025-04-12", conclude))
	o.must("sup.he", ledger.SUP, o.panel, "attend", "2025-04-12", panel.Attend{})
	better := panel.Conclude{Openings: append([]panel.Opening{opened("rev.1", "X-0", 0)}, o.open[1:]...), Minutes: conclude.Minutes}
	require.NotEmpty(t, o.send("chr.lin", ledger.CHR, o.panel, "conclude", "2025-04-12", better), "no other score opens")
	o.must("chr.lin", ledger.CHR, o.panel, "conclude", "2025-04-12", conclude)
	for i := range 3 {
		o.must("hr", ledger.HR, o.apply[i], "rank", "2025-04-13", application.Rank{Panel: o.panel.ID})
	}

	list := nth("notice", 2)
	offer := application.IssueOffer{Notice: list.ID, Terms: "T-1", Pay: ledger.Money{Minor: 40000000, Currency: "CNY"}, Expires: on("2025-06-15")}
	require.Equal(t, "not-noticed", o.send("hr", ledger.HR, o.apply[0], "issue-offer", "2025-04-14", offer))
	o.must("hr", ledger.HR, list, "post", "2025-04-14", notice.Post{Kind: "appointee", Subject: o.plan, Titles: ledger.Names{Zh: "拟聘"}, To: on("2025-04-24"), Places: []string{"website"},
		Listed: []notice.Listed{{Number: "1", Subject: o.apply[0]}, {Number: "2", Subject: o.apply[1]}}})
	require.Equal(t, "not-noticed", o.send("hr", ledger.HR, o.apply[0], "issue-offer", "2025-04-20", offer), "not while it runs")
	o.must("sup.he", ledger.SUP, list, "conclude", "2025-04-25", notice.Conclude{})
	require.Equal(t, "out-of-order", o.send("hr", ledger.HR, o.apply[1], "issue-offer", "2025-05-01", offer))
	o.must("hr", ledger.HR, o.apply[0], "issue-offer", "2025-05-01", offer)
	require.Equal(t, "claimed", o.send("hr", ledger.HR, o.apply[1], "issue-offer", "2025-05-02", offer), "one place is approved")
	o.must("hr", ledger.HR, o.apply[0], "answer-offer", "2025-05-20", application.AnswerOffer{Answer: "declined", Reason: "pay"})
	o.must("hr", ledger.HR, o.apply[1], "issue-offer", "2025-05-21", offer)
	o.must("hr", ledger.HR, o.apply[1], "answer-offer", "2025-05-30", application.AnswerOffer{Answer: "accepted"})

	post := nth("appointment", 1)
	start := appointment.Start{Code: "K-1", Application: o.apply[1].ID, Mode: "full-time", Regime: "labour-contract", From: on("2025-07-01"), To: on("2028-06-30"), Probation: on("2025-12-31"), ProbationPay: 80, Account: "zhao.tm"}
	o.must("hr", ledger.HR, post, "start", "2025-07-01", start)
	start.Code = "K-2"
	require.Equal(t, "claimed", o.send("hr", ledger.HR, nth("appointment", 2), "start", "2025-07-01", start), "an offer is taken up once")
	o.must("hr", ledger.HR, post, "conclude-probation", "2025-12-20", appointment.ConcludeProbation{Result: "confirmed"})
	o.must("hr", ledger.HR, o.apply[0], "close", "2025-07-02", application.Close{Reason: "offer-not-taken"})
	o.must("hr", ledger.HR, o.apply[2], "close", "2025-07-02", application.Close{Reason: "not-selected"})
	o.must("hr", ledger.HR, o.apply[3], "close", "2025-07-02", application.Close{Reason: "ineligible"})
	o.must("hr", ledger.HR, o.plan, "close", "2025-07-03", requisition.Close{Outcome: "filled"})
	o.figures(t)
}

// figures holds the reports and the pipeline against what happened.
func (o *hiring) figures(t *testing.T) {
	now := func() time.Time { return time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC) }
	views, err := sqlite.OpenViews(filepath.Join(t.TempDir(), "views.db"), ledgerID, projections.Views(), now)
	require.NoError(t, err)
	defer views.Close()
	docs, err := views.Generation(false)
	require.NoError(t, err)
	store := o.l.Streams.(*sqlite.Store)
	runner := &projections.Runner{Feed: store, Streams: store, Docs: docs, Views: projections.Views(), Decode: o.l.Decode, Log: slog.New(slog.DiscardHandler)}
	require.NoError(t, runner.CatchUp(t.Context()))
	head, err := views.Checkpoint(t.Context())
	require.NoError(t, err)
	report := func(code, asOf string, params map[string]string) string {
		page, err := views.Report(t.Context(), code, params, projections.At{AsOf: on(asOf), KnownAt: head.Entry})
		require.NoError(t, err, code)
		var lines []string
		for _, row := range page.Rows {
			require.Len(t, row, len(page.Columns), code)
			var cells []string
			for _, cell := range row {
				cells = append(cells, strings.ReplaceAll(fmt.Sprint(cell), "<nil>", "-"))
			}
			lines = append(lines, strings.Join(cells, " "))
		}
		return strings.Join(lines, "; ")
	}
	later := "2026-11-01"
	for code, want := range map[string]string{
		"k20": "all 1 -; middle 1 -", // too few for a median
		"k21": "R-1 2025-07-03 4 1 4.0",
		"k22": "all 1 1 0 50.0; middle 1 1 0 50.0",
		"k24": "1 1 100.0",
		"k25": "12 1 1 100.0; 24 0 0 -; 36 0 0 -", // nothing to divide by
		"k26": "15 1 6.7 14 14 100.0",
		"x15": "",
	} {
		require.Equal(t, want, report(code, later, nil), code)
	}
	require.Equal(t, "1 3 33.3", report("k23", later, map[string]string{"headcount": "3"}))
	require.Equal(t, "1 0 -", report("k23", later, map[string]string{"headcount": "0"}))
	require.Equal(t, "0 3 0.0", report("k23", "2025-06-30", map[string]string{"headcount": "3"}), "the day before the first")
	require.Equal(t, "R-1 closed director 部长 - middle 1 4 3 3 2 1 1 1 1 0 4.0 50.0 100.0 -", report("s-b1", later, map[string]string{"requisition": "R-1"}))
	require.Equal(t, "R-1 opened director 部长 - middle 1 4 3 0 0 0 0 0 0 0 - - - -", report("s-b1", "2025-04-11", nil), "blind until concluded")
	require.Empty(t, report("s-b1", later, map[string]string{"requisition": "R-2"}))

	stages := map[string]string{"2025-04-01": "received", "2025-04-08": "eligible", "2025-04-11": "under-review", "2025-04-13": "ranked", "2025-04-20": "noticed", "2025-05-21": "offered", "2025-05-30": "accepted", "2025-07-01": "started"}
	for asOf, want := range stages {
		page, err := views.Query(t.Context(), projections.Query{View: "recruitment-pipeline", Key: o.apply[1].ID.String(), At: projections.At{AsOf: on(asOf), KnownAt: head.Entry}, Limit: 1})
		require.NoError(t, err)
		require.Len(t, page.Rows, 1, asOf)
		require.Equal(t, want, page.Rows[0][slices.IndexFunc(page.Columns, func(c projections.Column) bool { return c.Name == "stage" })], asOf)
	}
}

var drawRecruitment = rapid.Custom(func(t *rapid.T) ledger.Event {
	what := func(category string) ledger.StreamID { return nth(category, rapid.IntRange(0, 2).Draw(t, category)) }
	one, two := what("application"), what("application")
	switch rapid.IntRange(0, 16).Draw(t, "kind") {
	case 0:
		return requisition.RequisitionApproved{Code: "R-1", Plan: requisition.Plan{Posts: []requisition.Post{{Code: "director", Number: 1}}}}
	case 1:
		return requisition.RequisitionClosed{Outcome: "filled"}
	case 2, 3:
		return application.ApplicationReceived{Code: "A-1", Requisition: what("requisition").ID, Post: "director", Level: "middle", Person: thing(20)}
	case 4:
		return application.EligibilityDecided{Result: rapid.SampledFrom([]string{"eligible", "ineligible"}).Draw(t, "result")}
	case 5:
		return application.ApplicationRanked{Panel: what("panel").ID, Rank: 1}
	case 6:
		return application.OfferIssued{Pay: ledger.Money{Minor: 1, Currency: "CNY"}, Expires: drawDate.Draw(t, "expires"), Places: 1}
	case 7:
		return application.OfferAnswered{Answer: rapid.SampledFrom([]string{"accepted", "declined", "lapsed"}).Draw(t, "answer")}
	case 8:
		return application.ApplicationClosed{Reason: "not-selected"}
	case 9:
		return panel.PanelConvened{Code: "PN-1", Subject: nth("requisition", 0), Items: []panel.Item{{Stream: one, Code: "X-0"}, {Stream: two, Code: "X-1"}}}
	case 10:
		return panel.InterestDeclared{Item: "X-0", Reviewer: "rev.1", Relation: "none", Recused: rapid.Bool().Draw(t, "recused")}
	case 11:
		return panel.ReviewSubmitted{Item: "X-0", Reviewer: "rev.1", Commitment: "c", Sealed: []byte("s")}
	case 12:
		return panel.PanelConcluded{Openings: []panel.Opening{{Item: "X-0", Reviewer: "rev.1", Points: []int{1}}}, Ranking: []panel.Ranked{{Stream: one, Rank: 1, Score: 1000}}}
	case 13:
		return panel.PanelSetAside{DecidedOn: drawDate.Draw(t, "decided"), Items: []ledger.StreamID{one, two}}
	case 14:
		return appointment.AppointmentStarted{Application: one.ID, Requisition: what("requisition").ID, Post: "director", Person: thing(20), From: drawDate.Draw(t, "from")}
	case 15:
		return appointment.AppointmentEnded{Kind: "transfer"}
	}
	return notice.Posted{Kind: "appointee", Subject: one, From: drawDate.Draw(t, "from"), To: drawDate.Draw(t, "to"), Listed: []notice.Listed{{Number: "1", Subject: two}}}
})

// TestRecruitmentAtAnyMoment holds the views of recruitment to the law of read models, whatever
// comes late or in no sensible order.
func TestRecruitmentAtAnyMoment(t *testing.T) {
	list := []projections.View{projections.RequisitionRegister, projections.RecruitmentPipeline, projections.PanelBoard, projections.PanelReviews, projections.Appointments}
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		d := newDesk(rt, filepath.Join(t.TempDir(), fmt.Sprintf("views-%d.db", n)), list)
		defer d.views.Close()
		for range rapid.IntRange(1, 3).Draw(rt, "batches") {
			for range rapid.IntRange(1, 12).Draw(rt, "events") {
				e := drawRecruitment.Draw(rt, "event")
				category, _, _ := strings.Cut(e.EventType(), ".")
				d.record(rt, nth(category, rapid.IntRange(0, 2).Draw(rt, "stream")), drawDate.Draw(rt, "on"), e)
			}
			require.NoError(rt, d.runner.CatchUp(context(rt)))
		}
		facts := d.all(rt)
		for range 4 {
			at := projections.At{AsOf: drawDate.Draw(rt, "T").Last(), KnownAt: ledger.Entry(rapid.IntRange(1, len(facts)).Draw(rt, "K"))}
			for _, v := range list {
				rows, err := projections.Replay(v, facts, at, decode)
				require.NoError(rt, err)
				require.Equal(rt, rows, rowsAt(rt, d.views, v.Name, at), "%s at %v", v.Name, at)
			}
		}
	})
}
