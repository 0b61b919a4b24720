package panel

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
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

	requisition = ledger.StreamID{Category: "requisition", ID: uuid.MustParse("7d0c9b8a-1111-4222-8333-944455566677")}
	ann         = ledger.StreamID{Category: "application", ID: uuid.MustParse("a1b2c3d4-0000-4000-8000-000000000017")}
	bea         = ledger.StreamID{Category: "application", ID: uuid.MustParse("a1b2c3d4-0000-4000-8000-000000000018")}
	project     = ledger.StreamID{Category: "project", ID: ledgertest.ID}

	criteria = Criteria{"C-2026-1", []Criterion{{"ability", ledger.Names{En: "ability"}, 60}, {"record", ledger.Names{Zh: "业绩"}, 40}}}
	key      = append([]byte{9}, make([]byte, 31)...) // the base point of X25519
	minutes  = strings.Repeat("ab", 32)
	sealed   = []byte("sealed")
)

const params = `{"min_reviewers":3,"min_quorum":2,"trim_from":3,"recuse":["kin","employer"]}`

// entrant is an application as a panel asks it.
type entrant struct {
	eligible    bool
	requisition uuid.UUID
	post        string
}

func (e entrant) IsEligible() bool                { return e.eligible }
func (e entrant) AppliedFor() (uuid.UUID, string) { return e.requisition, e.post }

// announced is a requisition as a panel asks it.
type announced struct {
	method string
	quorum int
}

func (a announced) ReviewRules() (string, int) { return a.method, a.quorum }

func convene(change func(*Convene)) Convene {
	c := Convene{
		Code: "PN-2026-0003", Subject: requisition, Items: []Entrant{{ann, "A-017"}, {bea, "A-018"}},
		Reviewers: []string{"rev.one", "rev.two", "rev.three"}, Chair: "chr.lin", Observer: "sup.he",
		Quorum: 2, Method: "mean", Criteria: criteria, OpeningKey: key,
	}
	if change != nil {
		change(&c)
	}
	return c
}

func convened(change func(*PanelConvened)) PanelConvened {
	e := PanelConvened{
		Code: "PN-2026-0003", Subject: requisition, Items: []Item{{ann, "A-017", "director"}, {bea, "A-018", "director"}},
		Reviewers: []string{"rev.one", "rev.two", "rev.three"}, Chair: "chr.lin", Observer: "sup.he",
		Quorum: 2, Method: "mean", Criteria: criteria, OpeningKey: key, Recuse: []string{"kin", "employer"},
	}
	if change != nil {
		change(&e)
	}
	return e
}

// under is a context with the policy, the requisition and the applications.
func under() ledger.Context {
	return ledger.Context{Rule: &ledger.Rule{Params: []byte(params)}}.
		Knowing(requisition, announced{"mean", 2}).
		Knowing(ann, entrant{true, requisition.ID, "director"}).
		Knowing(bea, entrant{true, requisition.ID, "director"}).
		Knowing(project, nil)
}

// but is under, with one of the streams otherwise.
func but(s ledger.StreamID, state any) ledger.Context { return under().Knowing(s, state) }

func TestConvene(t *testing.T) {
	cases := []row{
		{Name: "over applications", At: under(), When: convene(nil), Then: []Event{convened(nil)}, Again: true},
		{Name: "over projects, in one ranking", At: under(), When: convene(func(c *Convene) { c.Subject, c.Items = project, []Entrant{{project, "P-1"}} }),
			Then: []Event{convened(func(e *PanelConvened) { e.Subject, e.Items = project, []Item{{project, "P-1", ""}} })}, Again: true},
		{Name: "by no policy", When: convene(nil), At: ledger.Context{}.Knowing(requisition, announced{"mean", 2}), Code: "no-policy"},
		{Name: "another method than announced", At: but(requisition, announced{"trimmed", 2}), When: convene(nil), Code: "panel-rules"},
		{Name: "a lower quorum than announced", At: but(requisition, announced{"mean", 3}), When: convene(nil), Code: "panel-rules"},
		{Name: "for nothing", At: ledger.Context{}, When: convene(nil), Code: "no-such-subject"},
		{Name: "over what is not there", At: under(), When: convene(func(c *Convene) { c.Items[0].Stream.ID = ledgertest.ID }), Code: "no-such-item"},
		{Name: "over one who is not eligible", At: but(ann, entrant{false, requisition.ID, "director"}), When: convene(nil), Code: "not-eligible"},
		{Name: "over one who applied elsewhere", At: but(ann, entrant{true, ledgertest.ID, "director"}), When: convene(nil), Code: "not-eligible"},
		{Name: "too few reviewers", At: under(), When: convene(func(c *Convene) { c.Reviewers = c.Reviewers[:2] }), Code: "too-few-reviewers"},
		{Name: "a quorum of one", At: under(), When: convene(func(c *Convene) { c.Quorum = 1 }), Code: "panel-rules"},
		{Name: "a quorum of one for a project", At: under(), When: convene(func(c *Convene) { c.Subject, c.Items, c.Quorum = project, []Entrant{{project, "P-1"}}, 1 }), Code: "quorum-too-low"},
		{Name: "trimmed to nothing", At: under(), When: convene(func(c *Convene) {
			c.Subject, c.Items, c.Method = project, []Entrant{{project, "P-1"}}, "trimmed"
		}), Code: "trimmed-too-few"},
	}
	for name, wrong := range map[string]struct {
		field  string
		change func(*Convene)
	}{
		"no code":               {"code", func(c *Convene) { c.Code = "" }},
		"a crowd":               {"reviewers", func(c *Convene) { c.Reviewers = make([]string, 16) }},
		"no handle":             {"reviewers/1", func(c *Convene) { c.Reviewers[1] = "Dr Wu" }},
		"a reviewer twice":      {"reviewers/2", func(c *Convene) { c.Reviewers[2] = "rev.one" }},
		"a chair who scores":    {"chair", func(c *Convene) { c.Chair = "rev.one" }},
		"an observer who opens": {"observer", func(c *Convene) { c.Observer = "chr.lin" }},
		"no criteria version":   {"criteria/version", func(c *Convene) { c.Criteria.Version = "" }},
		"no criterion":          {"criteria/list", func(c *Convene) { c.Criteria.List = nil }},
		"too many criteria":     {"criteria/list", func(c *Convene) { c.Criteria.List = make([]Criterion, 21) }},
		"no criterion code":     {"criteria/list/0/code", func(c *Convene) { c.Criteria.List = []Criterion{{"", ledger.Names{En: "x"}, 1}} }},
		"no criterion name":     {"criteria/list/0/names", func(c *Convene) { c.Criteria.List = []Criterion{{"a", ledger.Names{}, 1}} }},
		"a criterion twice":     {"criteria/list/1/code", func(c *Convene) { c.Criteria.List = slices.Repeat(criteria.List[:1], 2) }},
		"no points":             {"criteria/list/0/max", func(c *Convene) { c.Criteria.List = []Criterion{{"a", ledger.Names{En: "x"}, 0}} }},
		"no method":             {"method", func(c *Convene) { c.Method = "median" }},
		"no quorum":             {"quorum", func(c *Convene) { c.Quorum = 4 }},
		"a key too short":       {"opening_key", func(c *Convene) { c.OpeningKey = key[:31] }},
		"no items":              {"items", func(c *Convene) { c.Items = nil }},
		"an item without code":  {"items/0/code", func(c *Convene) { c.Items[0].Code = "" }},
		"an item twice":         {"items/1", func(c *Convene) { c.Items[1].Stream = ann }},
		"a code twice":          {"items/1", func(c *Convene) { c.Items[1].Code = "A-017" }},
	} {
		cases = append(cases, row{Name: name, At: under(), When: convene(wrong.change), Code: "invalid", Field: wrong.field})
	}
	ledgertest.Run(t, Decider, Codec, cases)
	require.Equal(t, ledger.Governing{Form: "review-panel", Code: "SELECT-PANEL"}, Convene{}.Under(State{}))
	require.Equal(t, []ledger.StreamID{requisition, ann, bea}, convene(nil).ReliesOn())
}

func TestPolicy(t *testing.T) {
	form := Rules[0]
	require.NoError(t, form.Check([]byte(params)))
	for wrong, field := range map[string]string{
		`{"min_reviewers":0,"min_quorum":2,"trim_from":3,"recuse":[]}`:        "min_reviewers",
		`{"min_reviewers":16,"min_quorum":2,"trim_from":3,"recuse":[]}`:       "min_reviewers",
		`{"min_reviewers":3,"min_quorum":4,"trim_from":3,"recuse":[]}`:        "min_quorum",
		`{"min_reviewers":3,"min_quorum":2,"trim_from":2,"recuse":[]}`:        "trim_from",
		`{"min_reviewers":3,"min_quorum":2,"trim_from":3,"recuse":["none"]}`:  "recuse/0",
		`{"min_reviewers":3,"min_quorum":2,"trim_from":3,"recuse":[],"x":[]}`: "x",
	} {
		err := form.Check([]byte(wrong))
		require.Equal(t, ledger.KindInvalid, ledger.KindOf(err), wrong)
		require.ErrorContains(t, err, field)
	}
}

// The seed asks nothing that no panel could meet.
func TestTheSeedIsOfTheForm(t *testing.T) {
	raw, err := os.ReadFile("../policy/seed/SELECT-PANEL.2026.json")
	require.NoError(t, err)
	var seed struct {
		Code, Form string
		Params     json.RawMessage
	}
	require.NoError(t, json.Unmarshal(raw, &seed))
	require.Equal(t, Convene{}.Under(State{}), ledger.Governing{Form: seed.Form, Code: seed.Code})
	require.NoError(t, Rules[0].Check(seed.Params))
}

// as is a context in which somebody acts.
func as(handle string) ledger.Context { return ledger.Context{Actor: handle} }

func declared(reviewer, item string) Event { return InterestDeclared{item, reviewer, "none", false} }
func recused(reviewer, item string) Event  { return InterestDeclared{item, reviewer, "kin", true} }

func nonce(reviewer, item string) string {
	return fmt.Sprintf("%x", fmt.Appendf(nil, "%-16s", reviewer+item))
}

func opening(reviewer, item string, points ...int) Opening {
	return Opening{item, reviewer, points, nonce(reviewer, item)}
}

func submitted(o Opening) Event {
	return ReviewSubmitted{o.Item, o.Reviewer, Commitment("PN-2026-0003", o.Item, o.Reviewer, o.Points, o.Nonce), sealed, "C-2026-1"}
}

func TestDeclareInterest(t *testing.T) {
	sits := given(convened(nil))
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "none", Given: sits, At: as("rev.one"), When: DeclareInterest{"A-017", "none", false}, Then: []Event{declared("rev.one", "A-017")}},
		{Name: "kin, stepping back", Given: sits, At: as("rev.one"), When: DeclareInterest{"A-017", "kin", true}, Then: []Event{recused("rev.one", "A-017")}},
		{Name: "kin, staying", Given: sits, At: as("rev.one"), When: DeclareInterest{"A-017", "kin", false}, Code: "must-recuse"},
		{Name: "a co-author, staying", Given: sits, At: as("rev.one"), When: DeclareInterest{"A-017", "coauthor", false}, Then: []Event{InterestDeclared{"A-017", "rev.one", "coauthor", false}}},
		{Name: "found out later", Given: given(convened(nil), declared("rev.one", "A-017")), At: as("rev.one"), When: DeclareInterest{"A-017", "kin", true}, Then: []Event{recused("rev.one", "A-017")}},
		{Name: "back again", Given: given(convened(nil), recused("rev.one", "A-017")), At: as("rev.one"), When: DeclareInterest{"A-017", "none", false}, Code: "recused"},
		{Name: "after the score", Given: given(convened(nil), declared("rev.one", "A-017"), submitted(opening("rev.one", "A-017", 1, 1))), At: as("rev.one"), When: DeclareInterest{"A-017", "kin", true}, Code: "scored"},
		{Name: "a relation that is not known", Given: sits, At: as("rev.one"), When: DeclareInterest{"A-017", "friend", false}, Code: "invalid", Field: "relation"},
		{Name: "an item that is not here", Given: sits, At: as("rev.one"), When: DeclareInterest{"A-019", "none", false}, Code: "invalid", Field: "item"},
		{Name: "by one who does not sit here", Given: sits, At: as("rev.four"), When: DeclareInterest{"A-017", "none", false}, Code: "not-a-reviewer"},
		{Name: "by one who was excused", Given: given(convened(nil), ReviewerExcused{"rev.one", "unavailable"}), At: as("rev.one"), When: DeclareInterest{"A-017", "none", false}, Code: "excused"},
		{Name: "before the panel sat", Given: sits, At: ledger.Context{Actor: "rev.one", On: day("2026-03-01")}, When: DeclareInterest{"A-017", "none", false}, Code: "date-order"},
	})
}

func TestSubmitReview(t *testing.T) {
	o := opening("rev.one", "A-017", 50, 30)
	commitment := submitted(o).(ReviewSubmitted).Commitment
	hand := func(change func(*SubmitReview)) SubmitReview {
		c := SubmitReview{"A-017", "C-2026-1", commitment, sealed}
		if change != nil {
			change(&c)
		}
		return c
	}
	sits := given(convened(nil), declared("rev.one", "A-017"))
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a score", Given: sits, At: as("rev.one"), When: hand(nil), Then: []Event{submitted(o)}},
		{Name: "before a declaration", Given: given(convened(nil), declared("rev.one", "A-018"), declared("rev.two", "A-017")), At: as("rev.one"), When: hand(nil), Code: "not-declared"},
		{Name: "of what one stepped back from", Given: given(convened(nil), recused("rev.one", "A-017")), At: as("rev.one"), When: hand(nil), Code: "recused"},
		{Name: "another score", Given: given(convened(nil), declared("rev.one", "A-017"), submitted(o)), At: as("rev.one"), When: hand(func(c *SubmitReview) { c.Commitment = minutes }), Code: "scored"},
		{Name: "by other criteria", Given: sits, At: as("rev.one"), When: hand(func(c *SubmitReview) { c.Criteria = "C-2" }), Code: "invalid", Field: "criteria"},
		{Name: "no commitment", Given: sits, At: as("rev.one"), When: hand(func(c *SubmitReview) { c.Commitment = "80" }), Code: "invalid", Field: "commitment"},
		{Name: "nothing sealed", Given: sits, At: as("rev.one"), When: hand(func(c *SubmitReview) { c.Sealed = nil }), Code: "invalid", Field: "sealed"},
		{Name: "too much sealed", Given: sits, At: as("rev.one"), When: hand(func(c *SubmitReview) { c.Sealed = make([]byte, 1025) }), Code: "invalid", Field: "sealed"},
		{Name: "by one who does not sit here", Given: sits, At: as("chr.lin"), When: hand(nil), Code: "not-a-reviewer"},
		{Name: "to a panel that was set aside", Given: given(convened(nil), declared("rev.one", "A-017"), PanelSetAside{Ground: "procedure", DecidedOn: day("2026-06-15")}), At: as("rev.one"), When: hand(nil), Code: "set-aside"},
	})
}

// whole is a panel of five openings and one recusal, attended, to be concluded: of A-017 rev.one
// gave 80 points, rev.two 61 and rev.three 60; of A-018 rev.two gave 67 and rev.three 67.
var (
	openings = []Opening{
		opening("rev.one", "A-017", 50, 30), opening("rev.two", "A-017", 31, 30), opening("rev.three", "A-017", 30, 30),
		opening("rev.two", "A-018", 37, 30), opening("rev.three", "A-018", 27, 40),
	}
	scores = []Event{
		declared("rev.one", "A-017"), recused("rev.one", "A-018"), declared("rev.two", "A-017"), declared("rev.two", "A-018"), declared("rev.three", "A-017"), declared("rev.three", "A-018"),
		submitted(openings[0]), submitted(openings[1]), submitted(openings[2]), submitted(openings[3]), submitted(openings[4]),
	}
	attended  = ObserverAttended{"sup.he"}
	concluded = PanelConcluded{Openings: openings, Method: "mean", Quorum: 2, Observer: "sup.he", Minutes: minutes, Ranking: []Ranked{
		{ann, "A-017", "director", 1, 67000, 3}, {bea, "A-018", "director", 1, 67000, 2},
	}}
)

func whole(more ...Event) []ledgertest.Past[Event] {
	return given(append(append([]Event{convened(nil)}, scores...), more...)...)
}

func TestConclude(t *testing.T) {
	with := func(i int, change func(*Opening)) Conclude {
		list := slices.Clone(openings)
		list[i].Points = slices.Clone(list[i].Points)
		change(&list[i])
		return Conclude{list, minutes}
	}
	late := ledger.Context{Actor: "chr.lin", On: day("2026-06-14")}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a tie", Given: whole(attended), At: as("chr.lin"), When: Conclude{openings, minutes}, Then: []Event{concluded}},
		{Name: "a point changed", Given: whole(attended), At: as("chr.lin"), When: with(1, func(o *Opening) { o.Points[0]++ }), Code: "opening-mismatch"},
		{Name: "points moved", Given: whole(attended), At: as("chr.lin"), When: with(1, func(o *Opening) { o.Points = []int{30, 31} }), Code: "opening-mismatch"},
		{Name: "another nonce", Given: whole(attended), At: as("chr.lin"), When: with(1, func(o *Opening) { o.Nonce = strings.Repeat("0", 32) }), Code: "opening-mismatch"},
		{Name: "a short nonce", Given: whole(attended), At: as("chr.lin"), When: with(1, func(o *Opening) { o.Nonce = "00" }), Code: "invalid", Field: "openings/1/nonce"},
		{Name: "more points than there are", Given: whole(attended), At: as("chr.lin"), When: with(1, func(o *Opening) { o.Points[0] = 61 }), Code: "invalid", Field: "openings/1/points/0"},
		{Name: "points missing", Given: whole(attended), At: as("chr.lin"), When: with(1, func(o *Opening) { o.Points = []int{61} }), Code: "invalid", Field: "openings/1/points"},
		{Name: "a score left out", Given: whole(attended), At: as("chr.lin"), When: Conclude{openings[1:], minutes}, Code: "invalid", Field: "openings"},
		{Name: "a score twice", Given: whole(attended), At: as("chr.lin"), When: Conclude{append(slices.Clone(openings), openings[0]), minutes}, Code: "invalid", Field: "openings/5"},
		{Name: "a score by who stepped back", Given: whole(attended), At: as("chr.lin"), When: Conclude{append(slices.Clone(openings), opening("rev.one", "A-018", 0, 0)), minutes}, Code: "invalid", Field: "openings/5"},
		{Name: "a score that got in despite a recusal", Given: whole(attended, submitted(opening("rev.one", "A-018", 60, 40))), At: as("chr.lin"), When: Conclude{append(slices.Clone(openings), opening("rev.one", "A-018", 60, 40)), minutes}, Code: "invalid", Field: "openings/5"},
		{Name: "one that does not make up a quorum", Given: whole(attended, ReviewerExcused{"rev.three", "misconduct"}, submitted(opening("rev.one", "A-018", 60, 40))), At: as("chr.lin"), When: Conclude{slices.Concat(openings[:2], openings[3:4]), minutes}, Code: "no-quorum"},
		{Name: "by another", Given: whole(attended), At: as("chr.wu"), When: Conclude{openings, minutes}, Code: "not-the-chair"},
		{Name: "unobserved", Given: whole(), At: as("chr.lin"), When: Conclude{openings, minutes}, Code: "no-observer"},
		{Name: "without minutes", Given: whole(attended), At: as("chr.lin"), When: Conclude{openings, ""}, Code: "invalid", Field: "minutes"},
		{Name: "a review missing", Given: given(append(append([]Event{convened(nil)}, scores[:10]...), attended)...), At: as("chr.lin"), When: Conclude{openings[:4], minutes}, Code: "review-missing"},
		{Name: "a declaration missing", Given: given(append(append([]Event{convened(nil), scores[0]}, scores[2:]...), attended)...), At: as("chr.lin"), When: Conclude{openings, minutes}, Code: "review-missing"},
		{Name: "too few for the quorum", Given: whole(attended, ReviewerExcused{"rev.three", "misconduct"}), At: as("chr.lin"), When: Conclude{slices.Concat(openings[:2], openings[3:4]), minutes}, Code: "no-quorum"},
		{Name: "a second time", Given: whole(attended, concluded), At: as("chr.lin"), When: Conclude{openings, minutes}, Code: "concluded"},
		{Name: "before supervision came", Given: append(whole(), ledgertest.By[Event]("sup.he", day("2026-06-15"), attended)...), At: late, When: Conclude{openings, minutes}, Code: "date-order"},
	})
}

func TestTheRankingFollowsFromTheScores(t *testing.T) {
	item := func(code, group string) Item { return Item{Stream: ann, Code: code, Group: group} }
	open := func(code string, totals ...int) (list []Opening) {
		for _, total := range totals {
			list = append(list, Opening{Item: code, Points: []int{total}})
		}
		return list
	}
	items := []Item{item("c", "x"), item("a", "x"), item("b", "x"), item("d", "y")}
	all := slices.Concat(open("a", 10, 11, 11), open("b", 90, 10, 11, 12), open("c", 10, 11), open("d", 1))
	places := func(method string) (text []string) {
		for _, r := range rank(PanelConvened{Items: items, Method: method}, all) {
			text = append(text, fmt.Sprintf("%s%d %d/%d", r.Code, r.Rank, r.Score, r.Reviews))
		}
		return text
	}
	require.Equal(t, []string{"b1 30750/4", "a2 10667/3", "c3 10500/2", "d1 1000/1"}, places("mean"))
	require.Equal(t, []string{"b1 11500/2", "a2 11000/1", "c3 10500/2", "d1 1000/1"}, places("trimmed"))
	all = slices.Concat(open("a", 1, 2), open("b", 2, 1), open("c", 1))
	require.Equal(t, []string{"a1 1500/2", "b1 1500/2", "c3 1000/1", "d1 0/0"}, places("mean"), "after two firsts comes the third")
}

func TestAttend(t *testing.T) {
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "the observer", Given: whole(), At: as("sup.he"), When: Attend{}, Then: []Event{attended}},
		{Name: "another", Given: whole(), At: as("sup.wu"), When: Attend{}, Code: "not-the-observer"},
		{Name: "after the conclusion", Given: whole(attended, concluded), At: as("sup.he"), When: Attend{}, Code: "concluded"},
	})
}

func TestEnds(t *testing.T) {
	aside := PanelSetAside{"objection-upheld", day("2026-06-15"), []ledger.StreamID{ann, bea}}
	from := func(on string) ledger.Context { return ledger.Context{On: day(on)} }
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "excused", Given: whole(), When: ExcuseReviewer{"rev.one", "interest-found"}, Then: []Event{ReviewerExcused{"rev.one", "interest-found"}}},
		{Name: "excused for no reason", Given: whole(), When: ExcuseReviewer{"rev.one", ""}, Code: "invalid", Field: "ground"},
		{Name: "excused from another panel", Given: whole(), When: ExcuseReviewer{"rev.four", "unavailable"}, Code: "invalid", Field: "reviewer"},
		{Name: "excused afterwards", Given: whole(attended, concluded), When: ExcuseReviewer{"rev.one", "misconduct"}, Code: "concluded"},
		{Name: "set aside, from the conclusion on", Given: whole(attended, concluded), At: from("2026-03-02"), When: SetAside{"objection-upheld", day("2026-06-15")}, Then: []Event{aside}},
		{Name: "set aside before a conclusion", Given: whole(), When: SetAside{"objection-upheld", day("2026-06-15")}, Then: []Event{aside}},
		{Name: "set aside from the decision on", Given: whole(attended, concluded), When: SetAside{"procedure", day("2026-06-15")}, Code: "from-the-beginning"},
		{Name: "set aside for no reason", Given: whole(), When: SetAside{"", day("2026-06-15")}, Code: "invalid", Field: "ground"},
		{Name: "set aside tomorrow", Given: whole(), When: SetAside{"procedure", day("2026-06-16")}, Code: "invalid", Field: "decided_on"},
		{Name: "set aside before it sat", Given: whole(), When: SetAside{"procedure", day("2026-03-01")}, Code: "invalid", Field: "decided_on"},
		{Name: "set aside one day", Given: whole(), When: SetAside{Ground: "procedure"}, Code: "invalid", Field: "decided_on"},
	})
}

func fold(past []ledgertest.Past[Event]) State {
	var s State
	for _, p := range past {
		s = Decider.Evolve(s, p.Event, p.Meta)
	}
	return s
}

func TestWhatOthersAsk(t *testing.T) {
	open := fold(whole(attended))
	_, ok := open.RankOf(ann)
	require.False(t, ok, "blind until concluded")
	require.False(t, open.IsConcluded())
	require.Empty(t, open.AheadOf(ann))

	third := concluded
	third.Ranking = []Ranked{{ann, "A-017", "director", 1, 67000, 3}, {bea, "A-018", "director", 2, 65500, 2}}
	third.Openings = slices.Clone(openings)
	third.Openings[3] = opening("rev.two", "A-018", 34, 30)
	past := slices.Clone(whole(attended))
	past[10].Event = submitted(third.Openings[3])
	s := fold(append(past, given(third)...))
	require.Empty(t, s.Broken)
	require.True(t, s.IsConcluded())
	rank, ok := s.RankOf(bea)
	require.True(t, ok)
	require.Equal(t, 2, rank)
	require.Equal(t, []ledger.StreamID{ann}, s.AheadOf(bea))
	require.Empty(t, s.AheadOf(ann))
	_, ok = s.RankOf(project)
	require.False(t, ok)

	s = fold(append(past, given(third, PanelSetAside{Ground: "procedure", DecidedOn: day("2026-06-15")})...))
	require.False(t, s.IsConcluded())
	_, ok = s.RankOf(ann)
	require.False(t, ok, "a panel that was set aside has no ranking")
}

func TestClaims(t *testing.T) {
	stream := ledger.StreamID{Category: "panel", ID: ledgertest.ID}
	code := ledger.Claim{Kind: "panel-code", Key: "PN-2026-0003"}
	require.Empty(t, Decider.Claims(State{}, stream))
	require.Equal(t, []ledger.Claim{code, {Kind: "panel-item", Key: ann.String()}, {Kind: "panel-item", Key: bea.String()}}, Decider.Claims(fold(whole()), stream))
	require.Equal(t, []ledger.Claim{code}, Decider.Claims(fold(whole(PanelSetAside{Ground: "procedure", DecidedOn: day("2026-06-15")})), stream), "its items may go before another")
}

func TestWhoSees(t *testing.T) {
	require.Equal(t, ledger.SeesOwn, Sight.Reach([]ledger.Role{ledger.REV}))
	require.Equal(t, ledger.SeesNone, Sight.Reach([]ledger.Role{ledger.INV, ledger.MEN, ledger.FIN}))
	require.Equal(t, []string{"rev.one", "rev.two", "rev.three", "chr.lin"}, Sight.Concerns(convened(nil), ledger.Metadata{}))
	require.Empty(t, Sight.Concerns(attended, ledger.Metadata{Actor: "sup.he"}))
}

func TestStoredShapes(t *testing.T) { ledgertest.Shapes(t, Codec, os.DirFS("testdata/events")) }

func FuzzDecode(f *testing.F) { ledgertest.FuzzDecode(f, Codec, os.DirFS("testdata/events")) }
