package demand

import (
	"os"
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

	maker    = uuid.MustParse("e7c9a3b1-4d5f-4a6b-8c7d-9e0f1a2b3c4d")
	society  = uuid.MustParse("5b0e2c1a-7f3d-4e8b-9c6a-0d1e2f3a4b5c")
	crystal  = uuid.MustParse("8d4f0a1e-2b6c-4d3e-9f50-a1b2c3d4e5f6")
	growers  = uuid.MustParse("1d2c3b4a-5f6e-4789-8abc-def012345678")
	jury     = uuid.MustParse("3f2e1d0c-9b8a-4765-8432-10fedcba9876")
	stranger = uuid.MustParse("00000000-0000-4000-8000-000000000001")

	terms = Terms{
		Titles: ledger.Names{Zh: "八英寸衬底"}, Problem: "良率", Targets: []string{"≤ 0.1/cm²"}, Budget: &ledger.Money{Minor: 1, Currency: "CNY"},
		Deadline: day("2026-06-15"), Mode: "open-list", Industry: "ic",
	}
	talks     = Terms{Titles: ledger.Names{En: "Cold sintering"}, Problem: "energy", Mode: "negotiated"}
	listed    = Published{"D-7", maker, terms}
	published = Published{Organisation: maker, Terms: talks}
	offer     = ConfirmMatch{Achievement: crystal, Channel: "own"}
	met       = MatchConfirmed{Achievement: crystal, Mode: "negotiated", Channel: "own"}

	known = ledger.Context{}.Knowing(organisation(maker), nil).Knowing(organisation(society), nil).
		Knowing(matched(crystal, uuid.Nil), nil).Knowing(matched(uuid.Nil, growers), nil)
)

// concluded is a panel as this package asks it; ranked is what it ranked first.
type concluded struct {
	done   bool
	ranked ledger.StreamID
}

func (p concluded) IsConcluded() bool { return p.done }

func (p concluded) RankOf(item ledger.StreamID) (int, bool) { return 1, item == p.ranked }

func with(change func(*Terms)) Terms {
	t := terms
	change(&t)
	return t
}

func on(date string) ledger.Context {
	at := known
	at.On = day(date)
	return at
}

func TestPublish(t *testing.T) {
	full := Publish{"D-7", maker, terms}
	// A second publication is refused by the ledger, which knows that the stream is there.
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "on the open list", At: known, When: full, Then: []Event{listed}, Again: true},
		{Name: "for talks, without a last day", At: known, When: Publish{Organisation: maker, Terms: talks}, Then: []Event{published}, Again: true},
		{Name: "by an enterprise that is not registered", At: known, When: Publish{Organisation: stranger, Terms: talks}, Code: "no-such-organisation"},
		{Name: "under no code", At: known, When: Publish{"需求", maker, terms}, Code: "invalid", Field: "code"},
	})
	for field, wrong := range map[string]Terms{
		"titles":          with(func(t *Terms) { t.Titles = ledger.Names{} }),
		"problem":         with(func(t *Terms) { t.Problem = "" }),
		"targets":         with(func(t *Terms) { t.Targets = make([]string, 51) }),
		"targets/0":       with(func(t *Terms) { t.Targets = []string{strings.Repeat("长", 501)} }),
		"mode":            with(func(t *Terms) { t.Mode = "auction" }),
		"budget/minor":    with(func(t *Terms) { t.Budget = &ledger.Money{Currency: "CNY"} }),
		"budget/currency": with(func(t *Terms) { t.Budget = &ledger.Money{Minor: 1} }),
		"industry":        with(func(t *Terms) { t.Industry = "IC" }),
		"deadline":        with(func(t *Terms) { t.Deadline = ledger.Date{} }),
	} {
		ledgertest.Run(t, Decider, Codec, []row{
			{Name: strings.ReplaceAll(field, "/", ".") + " is wrong", At: known, When: Publish{"", maker, wrong}, Code: "invalid", Field: field},
			{Name: strings.ReplaceAll(field, "/", ".") + " is wrong anew", At: known, Given: given(listed), When: Revise{wrong, "scope"}, Code: "invalid", Field: field},
		})
	}
}

func TestRevise(t *testing.T) {
	longer := Revise{with(func(t *Terms) { t.Deadline = day("2026-12") }), "deadline"}
	month := Revise{with(func(t *Terms) { t.Deadline = day("2026-06") }), "deadline"}
	late := Revise{with(func(t *Terms) { t.Deadline = day("2026-06-14") }), "deadline"}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a later last day", At: known, Given: given(listed), When: longer, Then: []Event{Revised(longer)}, Again: true},
		{Name: "on the day of the publication", At: on("2026-03-02"), Given: given(listed), When: longer, Then: []Event{Revised(longer)}, Again: true},
		{Name: "in its month, which may mean a later day", At: on("2026-03"), Given: given(listed), When: longer, Then: []Event{Revised(longer)}, Again: true},
		{Name: "to this month, of which some days are left", At: known, Given: given(listed), When: month, Then: []Event{Revised(month)}, Again: true},
		{Name: "for no reason", At: known, Given: given(listed), When: Revise{terms, ""}, Code: "invalid", Field: "reason"},
		{Name: "with a last day that is over", At: known, Given: given(listed), When: late, Code: "invalid", Field: "deadline"},
		{Name: "not before the publication", At: on("2026-03-01"), Given: given(listed), When: longer, Code: "date-order"},
		{Name: "not once closed", At: known, Given: given(listed, Closed{"withdrawn"}), When: longer, Code: "closed"},
		{Name: "not once matched", At: known, Given: given(published, met), When: longer, Code: "matched"},
	})
}

func TestConfirmMatch(t *testing.T) {
	byPanel := func(p any) ledger.Context { return known.Knowing(panel(jury), p) }
	ranked := ConfirmMatch{Team: growers, Channel: "society", Source: society, Panel: jury}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "an achievement, by talks", At: known, Given: given(published), When: offer, Then: []Event{met}},
		{Name: "a team that a panel ranked", At: byPanel(concluded{true, matched(uuid.Nil, growers)}), Given: given(listed), When: ranked,
			Then: []Event{MatchConfirmed{Team: growers, Mode: "open-list", Channel: "society", Source: society, Panel: jury, Rank: 1}}},
		{Name: "a second one", At: known, Given: given(published, met), When: ConfirmMatch{Team: growers, Channel: "cast"},
			Then: []Event{MatchConfirmed{Team: growers, Mode: "negotiated", Channel: "cast"}}},
		{Name: "each once", At: known, Given: given(published, met), When: offer, Code: "match-known"},
		{Name: "the open list needs a panel", At: known, Given: given(listed), When: offer, Code: "invalid", Field: "panel"},
		{Name: "that is there", At: known, Given: given(listed), When: ranked, Code: "panel-not-concluded"},
		{Name: "and concluded", At: byPanel(concluded{false, matched(uuid.Nil, growers)}), Given: given(listed), When: ranked, Code: "panel-not-concluded"},
		{Name: "and that ranked what is matched", At: byPanel(concluded{true, matched(growers, uuid.Nil)}), Given: given(listed), When: ranked, Code: "not-ranked"},
		{Name: "what is not there", At: known, Given: given(published), When: ConfirmMatch{Team: stranger, Channel: "own"}, Code: "no-such-match"},
		{Name: "from where nobody is", At: known, Given: given(published), When: ConfirmMatch{Team: growers, Channel: "own", Source: stranger}, Code: "no-such-organisation"},
		{Name: "neither achievement nor team", At: known, Given: given(published), When: ConfirmMatch{Channel: "own"}, Code: "invalid", Field: "achievement"},
		{Name: "both achievement and team", At: known, Given: given(published), When: ConfirmMatch{Achievement: crystal, Team: growers, Channel: "own"}, Code: "invalid", Field: "achievement"},
		{Name: "by a channel that is not known", At: known, Given: given(published), When: ConfirmMatch{Team: growers, Channel: "luck"}, Code: "invalid", Field: "channel"},
		{Name: "not once closed", At: known, Given: given(published, Closed{"withdrawn"}), When: offer, Code: "closed"},
	})
	require.Equal(t, []ledger.StreamID{matched(uuid.Nil, growers), organisation(society), panel(jury)}, ranked.ReliesOn())
	require.Equal(t, []ledger.StreamID{matched(crystal, uuid.Nil)}, offer.ReliesOn())
	require.NoError(t, met.Check())
	require.Error(t, MatchConfirmed{}.Check(), "a correction leaves one match")
	met.Correctable()
}

func TestClose(t *testing.T) {
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "solved by what was matched", At: known, Given: given(published, met), When: Close{"solved"}, Then: []Event{Closed{"solved"}}},
		{Name: "solved by nothing", At: known, Given: given(published), When: Close{"solved"}, Code: "not-matched"},
		{Name: "withdrawn", At: known, Given: given(published), When: Close{"withdrawn"}, Then: []Event{Closed{"withdrawn"}}},
		{Name: "expired the day after the last", At: ledger.Context{Now: ledgertest.Now.AddDate(0, 0, 1)}, Given: given(listed), When: Close{"expired"}, Then: []Event{Closed{"expired"}}},
		{Name: "not expired on the last day", At: known, Given: given(listed), When: Close{"expired"}, Code: "not-expired"},
		{Name: "not expired in the month that is the last", At: known, Given: given(listed, Revised{with(func(t *Terms) { t.Deadline = day("2026-06") }), "deadline"}), When: Close{"expired"}, Code: "not-expired"},
		{Name: "never expired without one", At: known, Given: given(published), When: Close{"expired"}, Code: "not-expired"},
		{Name: "for a ground that is not known", At: known, Given: given(published), When: Close{"bored"}, Code: "invalid", Field: "ground"},
		{Name: "not twice", At: known, Given: given(published, Closed{"withdrawn"}), When: Close{"withdrawn"}, Code: "closed"},
	})
}

func TestWhatOthersAsk(t *testing.T) {
	s := Decider.Evolve(State{}, listed, ledger.Metadata{OccurredOn: ledgertest.Before})
	require.False(t, State{}.OpenOn(day("2026-06-15")))
	require.False(t, s.OpenOn(day("2026-03-01")))
	require.True(t, s.OpenOn(day("2026-03-02")))
	require.True(t, s.OpenOn(day("2026-06-15")))
	require.False(t, s.OpenOn(day("2026-06-16")))
	monthly := Decider.Evolve(s, Revised{with(func(t *Terms) { t.Deadline = day("2026-06") }), "deadline"}, ledger.Metadata{})
	require.True(t, monthly.OpenOn(day("2026-06-30")))
	require.True(t, Decider.Evolve(State{}, published, ledger.Metadata{OccurredOn: ledgertest.Before}).OpenOn(day("2030")))
	require.Equal(t, []ledger.Claim{{Kind: "demand-code", Key: "D-7"}}, Decider.Claims(s, ledger.StreamID{}))
	require.Nil(t, Decider.Claims(State{}, ledger.StreamID{}))
	require.False(t, Decider.Evolve(s, Closed{"withdrawn"}, ledger.Metadata{}).OpenOn(day("2026-04-01")))
	require.Equal(t, []ledger.StreamID{organisation(maker)}, Publish{Organisation: maker}.ReliesOn())
}

func TestStoredShapes(t *testing.T) { ledgertest.Shapes(t, Codec, os.DirFS("testdata/events")) }

func FuzzDecode(f *testing.F) { ledgertest.FuzzDecode(f, Codec, os.DirFS("testdata/events")) }
