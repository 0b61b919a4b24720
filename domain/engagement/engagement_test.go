package engagement

import (
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

	beijing = uuid.MustParse("5b0e2c1a-7f3d-4e8b-9c6a-0d1e2f3a4b5c")
	demand  = ledger.StreamID{Category: "demand", ID: uuid.MustParse("1d2c3b4a-5f6e-4789-8abc-def012345678")}
	names   = ledger.Names{Zh: "京沈基金互投"}
	agreed  = EngagementAgreed{Code: "E-1", Kind: "coordination", Dimension: 5, Titles: names, Counterparts: []uuid.UUID{beijing}, Deliverable: names, Due: day("2026-09-30"), Action: 3, Unit: "科技创新部"}
	done    = EngagementDelivered{Outcome: names}
)

func on(date string) ledger.Context { return ledger.Context{On: day(date)} }

func TestAgree(t *testing.T) {
	agree := func(change func(*Agree)) Agree {
		c := Agree(agreed)
		if change != nil {
			change(&c)
		}
		return c
	}
	at := ledger.Context{}.Knowing(organisation(beijing), nil)
	forum := EngagementAgreed{Code: "E-2", Kind: "forum", Titles: names, Deliverable: names, Due: day("2026-06")}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "an item of the coordinations", At: at, When: agree(nil), Then: []Event{agreed}, Again: true},
		{Name: "a forum in this month", When: Agree(forum), Then: []Event{forum}, Again: true},
		{Name: "with who is not registered", When: agree(nil), Code: "no-such-organisation"},
	})
	var cases []row
	for field, change := range map[string]func(*Agree){
		"code":         func(c *Agree) { c.Code = "" },
		"kind":         func(c *Agree) { c.Kind = "lunch" },
		"dimension":    func(c *Agree) { c.Dimension = 7 },
		"titles":       func(c *Agree) { c.Titles = ledger.Names{} },
		"deliverable":  func(c *Agree) { c.Deliverable = ledger.Names{} },
		"counterparts": func(c *Agree) { c.Counterparts = make([]uuid.UUID, 51) },
		"unit":         func(c *Agree) { c.Unit = " " },
		"due":          func(c *Agree) { c.Due = day("2026-06-14") },
		"action":       func(c *Agree) { c.Action = 7 },
	} {
		cases = append(cases, row{Name: strings.ReplaceAll(field, "/", "."), At: at, When: agree(change), Code: "invalid", Field: field})
	}
	cases = append(cases,
		row{Name: "a coordination of no dimension", At: at, When: agree(func(c *Agree) { c.Dimension = 0 }), Code: "invalid", Field: "dimension"},
		row{Name: "a forum of a dimension", At: at, When: agree(func(c *Agree) { c.Kind = "forum" }), Code: "invalid", Field: "dimension"},
		row{Name: "due some day", At: at, When: agree(func(c *Agree) { c.Due = ledger.Date{} }), Code: "invalid", Field: "due"})
	ledgertest.Run(t, Decider, Codec, cases)
	require.Equal(t, []ledger.StreamID{organisation(beijing)}, agree(nil).ReliesOn())
}

func TestAmend(t *testing.T) {
	later := Amend{Due: day("2026-12-31"), Ground: "delay"}
	more := Amend{Due: day("2026-09-30"), Deliverable: ledger.Names{En: "and a first investment"}, Ground: "scope"}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "later", Given: given(agreed), When: later, Then: []Event{EngagementAmended(later)}},
		{Name: "more", Given: given(agreed), When: more, Then: []Event{EngagementAmended(more)}, Again: true},
		{Name: "to what it is", Given: given(agreed), When: Amend{Due: agreed.Due, Ground: "delay"}},
		{Name: "once it is done", Given: given(agreed, done), When: later, Code: "ended"},
		{Name: "before it was agreed", At: on("2026-03-01"), Given: given(agreed), When: later, Code: "date-order"},
		{Name: "for a reason", Given: given(agreed), When: Amend{Due: day("2027")}, Code: "invalid", Field: "ground"},
		{Name: "to the past", Given: given(agreed), When: Amend{Due: day("2025"), Ground: "delay"}, Code: "invalid", Field: "due"},
		{Name: "to something nameless", Given: given(agreed), When: Amend{Due: day("2027"), Deliverable: ledger.Names{Zh: " "}, Ground: "scope"}, Code: "invalid", Field: "deliverable"},
	})
}

func TestDeliver(t *testing.T) {
	full := Deliver{Outcome: names, Counts: []Count{{"demands_served", 5}, {"demands_solved", 2}}, Links: []ledger.StreamID{demand}, Report: "YS-1"}
	at := ledger.Context{}.Knowing(demand, nil)
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "with figures", At: at, Given: given(agreed), When: full, Then: []Event{EngagementDelivered(full)}},
		{Name: "in a word", Given: given(agreed), When: Deliver{Outcome: names}, Then: []Event{done}},
		{Name: "once", Given: given(agreed, done), When: full, Code: "ended"},
		{Name: "not once it was dropped", Given: given(agreed, EngagementDropped{"no-need"}), When: full, Code: "ended"},
		{Name: "for what is not there", Given: given(agreed), When: full, Code: "no-such-link"},
		{Name: "before it was agreed", At: on("2026-03-01"), Given: given(agreed), When: Deliver{Outcome: names}, Code: "date-order"},
		{Name: "something", Given: given(agreed), When: Deliver{}, Code: "invalid", Field: "outcome"},
		{Name: "in a report", Given: given(agreed), When: Deliver{Outcome: names, Report: " "}, Code: "invalid", Field: "report"},
		{Name: "with many figures", Given: given(agreed), When: Deliver{Outcome: names, Counts: make([]Count, 21)}, Code: "invalid", Field: "counts"},
		{Name: "with a figure nobody knows", Given: given(agreed), When: Deliver{Outcome: names, Counts: []Count{{"smiles", 1}}}, Code: "invalid", Field: "counts/0/of"},
		{Name: "with a figure below zero", Given: given(agreed), When: Deliver{Outcome: names, Counts: []Count{{"leads", -1}}}, Code: "invalid", Field: "counts/0/n"},
		{Name: "with a figure given twice", Given: given(agreed), When: Deliver{Outcome: names, Counts: []Count{{"leads", 1}, {"leads", 1}}}, Code: "invalid", Field: "counts/1/n"},
		{Name: "with many links", Given: given(agreed), When: Deliver{Outcome: names, Links: make([]ledger.StreamID, 91)}, Code: "invalid", Field: "links"},
		{Name: "with a link to a person", Given: given(agreed), When: Deliver{Outcome: names, Links: []ledger.StreamID{{Category: "person", ID: beijing}}}, Code: "invalid", Field: "links/0"},
		{Name: "dropped", Given: given(agreed), When: Drop{"counterpart"}, Then: []Event{EngagementDropped{"counterpart"}}},
		{Name: "dropped for a reason", Given: given(agreed), When: Drop{"mood"}, Code: "invalid", Field: "ground"},
		{Name: "dropped before it was agreed", At: on("2026-03-01"), Given: given(agreed), When: Drop{"other"}, Code: "date-order"},
	})
	require.Equal(t, []ledger.StreamID{demand}, full.ReliesOn())
}

func TestWhatAnEngagementHolds(t *testing.T) {
	s := Decider.Evolve(State{}, agreed, ledger.Metadata{})
	require.Nil(t, Decider.Claims(State{}, demand))
	require.Equal(t, []ledger.Claim{{Kind: "engagement-code", Key: "E-1"}}, Decider.Claims(s, demand))
	require.Len(t, Dimensions, 6)
	require.Nil(t, Sight.Concerns(agreed, ledger.Metadata{Actor: "pm"}))
	require.Equal(t, []string{"inv"}, Sight.Concerns(agreed, ledger.Metadata{OnBehalfOf: "inv"}))
}
