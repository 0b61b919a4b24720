package requisition

import (
	"os"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

type row = ledgertest.Case[Command, Event]

var (
	given = ledgertest.Given[Event]
	day   = ledgertest.Date
	here  = ledger.StreamID{Category: "requisition", ID: ledgertest.ID}
)

func yuan(n int64) ledger.Money { return ledger.Money{Minor: n * 100, Currency: "CNY"} }

// plan is a plan of one post, changed; nothing of it is shared.
func plan(change func(*Plan)) Plan {
	budget := yuan(200_000)
	p := Plan{
		Purpose: "post", Budget: &budget, Review: Review{"mean", 3}, Notice: "PN-2026-1",
		Posts: []Post{{
			Code: "director", Titles: ledger.Names{Zh: "部长"}, Level: "middle", Number: 2,
			Conditions: []Condition{{"degree", "degree", ledger.Names{Zh: "硕士"}, ""}, {"age", "age", ledger.Names{Zh: "45 周岁以下"}, "条例第九条"}},
			Pay:        &PayBand{yuan(300_000), yuan(450_000)},
		}},
	}
	if change != nil {
		change(&p)
	}
	return p
}

var (
	approved  = RequisitionApproved{"R-2026-0007", plan(nil)}
	opened    = RequisitionOpened{ledgertest.ID, day("2026-03-16"), day("2026-04-15")}
	cancelled = RequisitionCancelled{"no-need"}
)

func TestPlans(t *testing.T) {
	cases := []row{
		{Name: "a plan", When: Approve{"R-2026-0007", plan(nil)}, Then: []Event{approved}, Again: true},
		{Name: "without budget and pay", When: Approve{"R-1", plan(func(p *Plan) { p.Budget, p.Posts[0].Pay = nil, nil })},
			Then: []Event{RequisitionApproved{"R-1", plan(func(p *Plan) { p.Budget, p.Posts[0].Pay = nil, nil })}}, Again: true},
		{Name: "a code in words", When: Approve{"the plan", plan(nil)}, Code: "invalid", Field: "code"},
		{Name: "no women", When: Approve{"R-1", plan(func(p *Plan) { p.Posts[0].Conditions[0].About = "sex" })}, Code: "discriminatory-condition"},
		{Name: "none of another faith", When: Approve{"R-1", plan(func(p *Plan) { p.Posts[0].Conditions[0].About = "religion" })}, Code: "discriminatory-condition"},
	}
	for name, wrong := range map[string]struct {
		field  string
		change func(*Plan)
	}{
		"no purpose":              {"purpose", func(p *Plan) { p.Purpose = "" }},
		"no method":               {"review/method", func(p *Plan) { p.Review.Method = "" }},
		"no quorum":               {"review/quorum", func(p *Plan) { p.Review.Quorum = 0 }},
		"a crowd":                 {"review/quorum", func(p *Plan) { p.Review.Quorum = 16 }},
		"no notice":               {"notice", func(p *Plan) { p.Notice = "" }},
		"no posts":                {"posts", func(p *Plan) { p.Posts = nil }},
		"too many posts":          {"posts", func(p *Plan) { p.Posts = make([]Post, 51) }},
		"a post twice":            {"posts/1/code", func(p *Plan) { p.Posts = slices.Repeat(p.Posts, 2) }},
		"a budget below zero":     {"budget/minor", func(p *Plan) { p.Budget.Minor = -1 }},
		"a post without code":     {"posts/0/code", func(p *Plan) { p.Posts[0].Code = "" }},
		"a post without title":    {"posts/0/titles", func(p *Plan) { p.Posts[0].Titles = ledger.Names{} }},
		"a post of no level":      {"posts/0/level", func(p *Plan) { p.Posts[0].Level = "" }},
		"nobody":                  {"posts/0/number", func(p *Plan) { p.Posts[0].Number = 0 }},
		"everybody":               {"posts/0/number", func(p *Plan) { p.Posts[0].Number = 1001 }},
		"too many conditions":     {"posts/0/conditions", func(p *Plan) { p.Posts[0].Conditions = make([]Condition, 31) }},
		"a condition twice":       {"posts/0/conditions/1/code", func(p *Plan) { p.Posts[0].Conditions[1].Code = "degree" }},
		"a condition of no code":  {"posts/0/conditions/0/code", func(p *Plan) { p.Posts[0].Conditions[0].Code = "" }},
		"a condition of nothing":  {"posts/0/conditions/0/names", func(p *Plan) { p.Posts[0].Conditions[0].Names = ledger.Names{} }},
		"a condition on luck":     {"posts/0/conditions/0/about", func(p *Plan) { p.Posts[0].Conditions[0].About = "luck" }},
		"an age without a reason": {"posts/0/conditions/1/basis", func(p *Plan) { p.Posts[0].Conditions[1].Basis = "" }},
		"no least pay":            {"posts/0/pay/least/minor", func(p *Plan) { p.Posts[0].Pay.Least.Minor = 0 }},
		"no most pay":             {"posts/0/pay/most/currency", func(p *Plan) { p.Posts[0].Pay.Most.Currency = "" }},
		"two currencies":          {"posts/0/pay/most", func(p *Plan) { p.Posts[0].Pay.Most.Currency = "USD" }},
		"the most below":          {"posts/0/pay/most", func(p *Plan) { p.Posts[0].Pay.Most = yuan(1) }},
	} {
		cases = append(cases, row{Name: name, When: Approve{"R-1", plan(wrong.change)}, Code: "invalid", Field: "plan/" + wrong.field})
	}
	ledgertest.Run(t, Decider, Codec, cases)
}

func TestAmendments(t *testing.T) {
	before, after := given(approved), given(approved, opened)
	change := func(f func(*Plan)) Amend { return Amend{plan(f), "need"} }
	more := func(p *Plan) {
		p.Posts[0].Number = 3
		p.Posts = append(p.Posts, Post{Code: "clerk", Titles: ledger.Names{Zh: "专员"}, Level: "staff", Number: 1})
	}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "other conditions, before it is open", Given: before, When: change(func(p *Plan) { p.Posts[0].Conditions = nil }),
			Then: []Event{RequisitionAmended{plan(func(p *Plan) { p.Posts[0].Conditions = nil }), "need"}}},
		{Name: "the same", Given: before, When: change(nil)},
		{Name: "more of it, while it is open", Given: after, When: change(more), Then: []Event{RequisitionAmended{plan(more), "need"}}},
		{Name: "other conditions, while it is open", Given: after, When: change(func(p *Plan) { p.Posts[0].Conditions = nil }), Code: "announced"},
		{Name: "another title", Given: after, When: change(func(p *Plan) { p.Posts[0].Titles.Zh = "局长" }), Code: "announced"},
		{Name: "another level", Given: after, When: change(func(p *Plan) { p.Posts[0].Level = "executive" }), Code: "announced"},
		{Name: "a post less", Given: after, When: change(func(p *Plan) { p.Posts[0].Code = "clerk" }), Code: "announced"},
		{Name: "another method", Given: after, When: change(func(p *Plan) { p.Review.Method = "trimmed" }), Code: "announced"},
		{Name: "for no reason", Given: before, When: Amend{plan(nil), ""}, Code: "invalid", Field: "ground"},
		{Name: "a wrong plan", Given: before, When: change(func(p *Plan) { p.Posts = nil }), Code: "invalid", Field: "plan/posts"},
		{Name: "after the end", Given: given(approved, cancelled), When: change(nil), Code: "cancelled"},
	})
}

// posted is a notice as a requisition asks it.
type posted struct{ kind string }

func (p posted) IsPosted(kind string, subject ledger.StreamID) bool {
	return kind == p.kind && subject == here
}

func TestRun(t *testing.T) {
	notice := ledger.StreamID{Category: "notice", ID: ledgertest.ID}
	on := func(date string, state any) ledger.Context {
		return ledger.Context{Stream: here, On: day(date)}.Knowing(notice, state)
	}
	open := func(change func(*Open)) Open {
		c := Open(opened)
		if change != nil {
			change(&c)
		}
		return c
	}
	ok := on("2026-03-15", posted{"vacancy"})
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "open", Given: given(approved), At: ok, When: open(nil), Then: []Event{opened}},
		{Name: "not posted", Given: given(approved), At: on("2026-03-15", posted{"price"}), When: open(nil), Code: "not-posted"},
		{Name: "no notice", Given: given(approved), At: ledger.Context{Stream: here, On: day("2026-03-15")}, When: open(nil), Code: "not-posted"},
		{Name: "from yesterday", Given: given(approved), At: on("2026-03-17", posted{"vacancy"}), When: open(nil), Code: "invalid", Field: "from"},
		{Name: "before the plan", Given: given(approved), At: on("2026-03-01", posted{"vacancy"}), When: open(nil), Code: "invalid", Field: "from"},
		{Name: "from a month", Given: given(approved), At: ok, When: open(func(c *Open) { c.From = day("2026-04") }), Code: "invalid", Field: "from"},
		{Name: "to before from", Given: given(approved), At: ok, When: open(func(c *Open) { c.To = day("2026-03-15") }), Code: "invalid", Field: "to"},
		{Name: "to a month", Given: given(approved), At: ok, When: open(func(c *Open) { c.To = day("2026-04") }), Code: "invalid", Field: "to"},
		{Name: "after it was closed", Given: given(approved, opened, RequisitionClosed{"filled"}), At: ok, When: open(nil), Code: "closed"},
		{Name: "twice", Given: given(approved, opened), At: ok, When: open(nil), Code: "opened"},

		{Name: "close", Given: given(approved, opened), When: Close{"filled"}, Then: []Event{RequisitionClosed{"filled"}}},
		{Name: "close with no outcome", Given: given(approved, opened), When: Close{"well"}, Code: "invalid", Field: "outcome"},
		{Name: "close what was not open", Given: given(approved), When: Close{"filled"}, Code: "not-run"},
		{Name: "close on the last day", Given: given(approved, opened), At: ledger.Context{On: day("2026-04-15")}, When: Close{"filled"}, Code: "not-run"},
		{Name: "cancel", Given: given(approved, opened), When: Cancel{"no-need"}, Then: []Event{cancelled}},
		{Name: "cancel for no reason", Given: given(approved), When: Cancel{""}, Code: "invalid", Field: "ground"},
	})
	require.Equal(t, []ledger.StreamID{notice}, Open(opened).ReliesOn())
}

func fold(past []ledgertest.Past[Event]) State {
	var s State
	for _, p := range past {
		s = Decider.Evolve(s, p.Event, p.Meta)
	}
	return s
}

func TestWhatOthersAsk(t *testing.T) {
	s := fold(given(approved, opened))
	require.True(t, s.OpenOn(day("2026-03-16")) && s.OpenOn(day("2026-04-15")))
	require.False(t, s.OpenOn(day("2026-03-15")) || s.OpenOn(day("2026-04-16")) || fold(given(approved)).OpenOn(day("2026-04-01")))
	require.True(t, s.HasPost("director"))
	require.False(t, s.HasPost("clerk"))
	require.Equal(t, 2, s.ApprovedNumber("director"))
	require.Zero(t, fold(given(approved, cancelled)).ApprovedNumber("director"))
	require.Equal(t, "middle", s.LevelOf("director"))
	least, most := s.PayBand("director")
	require.Equal(t, []ledger.Money{yuan(300_000), yuan(450_000)}, []ledger.Money{least, most})
	least, _ = s.PayBand("clerk")
	require.True(t, least.IsZero())
	require.True(t, s.HasCondition("director", "degree"))
	require.False(t, s.HasCondition("director", "luck") || s.HasCondition("clerk", "degree"))
	method, quorum := s.ReviewRules()
	require.Equal(t, "mean3", method+string(rune('0'+quorum)))
	require.Equal(t, "PN-2026-1", s.PrivacyNotice())
	require.Empty(t, Decider.Claims(State{}, here))
	require.Equal(t, []ledger.Claim{{Kind: "requisition-code", Key: "R-2026-0007"}}, Decider.Claims(s, here))
	require.Equal(t, uuid.UUID(ledgertest.ID), opened.Notice)
}

func TestStoredShapes(t *testing.T) { ledgertest.Shapes(t, Codec, os.DirFS("testdata/events")) }

func FuzzDecode(f *testing.F) { ledgertest.FuzzDecode(f, Codec, os.DirFS("testdata/events")) }
