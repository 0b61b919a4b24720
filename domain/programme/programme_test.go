package programme

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
	zone = uuid.MustParse("3b1f2f9e-8a51-4f0f-9a30-0d2f6f1f7c01")
	cast = uuid.MustParse("3b1f2f9e-8a51-4f0f-9a30-0d2f6f1f7c02")
	unit = uuid.MustParse("3b1f2f9e-8a51-4f0f-9a30-0d2f6f1f7c03")
	day  = ledgertest.Date

	name    = ledger.Names{Zh: "创新主体培育行动"}
	minimal = Open{Code: "KCZG", Names: name, Actions: []Action{{Number: 1, Names: name}, {Number: 4, Names: name, Owner: unit}}}
	opened  = Opened(minimal)
	full    = Open{
		Code: "KCZG-2021", Names: name, Theme: ledger.Names{Zh: "让产业插上创新翅膀"}, Batch: "第二批", Host: zone, Counterparts: []uuid.UUID{cast},
		From: day("2021-05-28"), To: day("2025"), Actions: []Action{{1, name, unit}, {2, name, zone}, {6, name, uuid.Nil}},
		Dimensions: []Dimension{{1, name}, {2, name}},
		Industries: []IndustryList{{"沈阳日报", day("2021-06-15"), []Industry{{"biomedicine", name}}}},
	}
)

// seen is a context in which these organisations are registered.
func seen(organisations ...uuid.UUID) ledger.Context {
	at := ledger.Context{}
	for _, id := range organisations {
		at.ReliedOn = append(at.ReliedOn, ledger.Relied{Stream: organisation(id), Version: 1})
	}
	return at
}

func TestOpen(t *testing.T) {
	with := func(change func(*Open)) Open {
		c := full
		change(&c)
		return c
	}
	wrong := func(field string, change func(*Open)) row {
		return row{Name: "wrong " + field, At: seen(zone, cast, unit), When: with(change), Code: "invalid", Field: field}
	}
	list := full.Industries[0]
	ledgertest.Run(t, Decider, Codec, []row{
		// A second opening is refused by the ledger, which knows that the stream is there.
		{Name: "with all there is to say", At: seen(zone, cast, unit), When: full, Then: []Event{Opened(full)}, Again: true},
		{Name: "with two actions, not in a row", At: seen(unit), When: minimal, Then: []Event{opened}, Again: true},
		{Name: "the host must be registered", At: seen(cast, unit), When: full, Code: "no-such-organisation"},
		{Name: "a counterpart must be registered", At: seen(zone, unit), When: full, Code: "no-such-organisation"},
		{Name: "an owner must be registered", At: seen(zone, cast), When: full, Code: "no-such-organisation"},
		wrong("code", func(c *Open) { c.Code = "科创" }),
		wrong("names", func(c *Open) { c.Names = ledger.Names{} }),
		wrong("theme/zh", func(c *Open) { c.Theme.Zh = " x" }),
		wrong("theme/en", func(c *Open) { c.Theme.En = strings.Repeat("x", 501) }),
		wrong("batch", func(c *Open) { c.Batch = strings.Repeat("批", 201) }),
		wrong("counterparts", func(c *Open) { c.Counterparts = make([]uuid.UUID, 51) }),
		wrong("actions", func(c *Open) { c.Actions = nil }),
		wrong("actions/0/number", func(c *Open) { c.Actions = []Action{{0, name, unit}} }),
		wrong("actions/1/number", func(c *Open) { c.Actions = []Action{{1, name, unit}, {1, name, unit}} }),
		wrong("actions/0/number", func(c *Open) { c.Actions = []Action{{7, name, unit}} }),
		wrong("actions/0/names", func(c *Open) { c.Actions = []Action{{Number: 1}} }),
		wrong("dimensions/1/number", func(c *Open) { c.Dimensions = []Dimension{{2, name}, {1, name}} }),
		wrong("dimensions/0/names", func(c *Open) { c.Dimensions = []Dimension{{Number: 1}} }),
		wrong("industries", func(c *Open) { c.Industries = make([]IndustryList, 21) }),
		wrong("industries/0/source", func(c *Open) { c.Industries = []IndustryList{{"", list.Stated, list.Items}} }),
		wrong("industries/0/stated", func(c *Open) { c.Industries = []IndustryList{{Source: "x"}} }),
		wrong("industries/0/items", func(c *Open) { c.Industries = []IndustryList{{"x", list.Stated, make([]Industry, 101)}} }),
		wrong("industries/0/items/0/code", func(c *Open) { c.Industries = []IndustryList{{"x", list.Stated, []Industry{{"生物", name}}}} }),
		wrong("industries/0/items/0/names", func(c *Open) { c.Industries = []IndustryList{{"x", list.Stated, []Industry{{Code: "it"}}}} }),
		wrong("to", func(c *Open) { c.To = day("2021-05-27") }),
	})
}

func TestWhatChanges(t *testing.T) {
	given := ledgertest.Given[Event](opened)
	over := ledgertest.Given[Event](opened, Closed{"done"})
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "another unit answers for an action", Given: given, At: seen(cast), When: AssignOwner{4, cast}, Then: []Event{OwnerAssigned{4, cast}}},
		{Name: "the unit that does already", Given: given, At: seen(unit), When: AssignOwner{4, unit}},
		{Name: "the unit must be registered", Given: given, When: AssignOwner{4, unit}, Code: "no-such-organisation"},
		{Name: "an owner is named", Given: given, When: AssignOwner{Action: 4}, Code: "invalid", Field: "owner"},
		{Name: "the action must be there", Given: given, At: seen(unit), When: AssignOwner{5, unit}, Code: "invalid", Field: "action"},
		{Name: "not once it is over", Given: over, At: seen(unit), When: AssignOwner{1, unit}, Code: "closed"},
		{Name: "it ends", Given: given, When: Close{"done"}, Then: []Event{Closed{"done"}}},
		{Name: "it ends once", Given: over, When: Close{"done"}, Code: "closed"},
		{Name: "what it came to is said", Given: given, When: Close{}, Code: "invalid", Field: "summary"},
		{Name: "not before it began", Given: given, At: ledger.Context{On: day("2026-03-01")}, When: Close{"done"}, Code: "date-order"},
	})
}

func TestWhatOthersAskOfAProgramme(t *testing.T) {
	s := Decider.Evolve(State{}, opened, ledger.Metadata{OccurredOn: day("2021-05-28")})
	require.True(t, s.HasAction(4))
	require.False(t, s.HasAction(2))
	require.Equal(t, []ledger.Claim{{Kind: "programme-code", Key: "KCZG"}}, Decider.Claims(s, ledger.StreamID{}))
	require.Empty(t, Decider.Claims(State{}, ledger.StreamID{}), "nothing holds nothing")
	require.False(t, Decider.Evolve(s, Closed{"done"}, ledger.Metadata{}).HasAction(4))
	require.Equal(t, []ledger.StreamID{organisation(zone), organisation(cast), organisation(unit), organisation(zone)}, full.ReliesOn())
	require.Equal(t, []ledger.StreamID{organisation(unit)}, AssignOwner{4, unit}.ReliesOn())
	Opened{}.Correctable()
}

func TestStoredShapes(t *testing.T) { ledgertest.Shapes(t, Codec, os.DirFS("testdata/events")) }

func FuzzDecode(f *testing.F) { ledgertest.FuzzDecode(f, Codec, os.DirFS("testdata/events")) }
