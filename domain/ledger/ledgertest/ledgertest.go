// Package ledgertest tells what an aggregate must do as given, when and then, and holds every
// case to the laws that all aggregates share. It knows ledger and no aggregate, and is imported
// by tests only.
//
// Read in this order: ledgertest.go (given, when, then and the laws of deciding), shapes.go
// (what is stored stays readable), streams.go (a store to write to).
package ledgertest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
)

// The defaults of a case: who recorded what was given, and who asks when.
const (
	Author = "pm-zgc-01"
	Actor  = "apr-zgc-02"
)

var (
	// Now is ten in the morning of 15 June 2026 in ledger.Zone.
	Now = time.Date(2026, 6, 15, 2, 0, 0, 0, time.UTC)
	// ID is the thing that a case is about.
	ID = uuid.MustParse("6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11")
	// Before is the day on which what was given was done.
	Before = ledger.Day(2026, time.March, 2)
)

// Case is one sentence about a decider. Either Then or Code tells the answer; neither says that
// nothing is to be done.
type Case[C any, E ledger.Event] struct {
	Name  string
	Given []Past[E]
	At    ledger.Context // Stream, Now, On and Actor have defaults
	When  C
	Then  []E
	Code  string // the rule that refuses
	Field string // the field that is wrong, below /data; told of every Code "invalid"
	// Again says that the same command may rightly cause something a second time. Elsewhere
	// asking again must be refused or cause nothing.
	Again bool
}

// Past is an event as it was recorded.
type Past[E ledger.Event] struct {
	Event E
	Meta  ledger.Metadata
}

// Given is what Author did on the day Before.
func Given[E ledger.Event](events ...E) []Past[E] { return By(Author, Before, events...) }

// By is what somebody did on a day.
func By[E ledger.Event](actor string, on ledger.Date, events ...E) []Past[E] {
	var past []Past[E]
	for _, e := range events {
		past = append(past, Past[E]{e, ledger.Metadata{Actor: actor, OccurredOn: on}})
	}
	return past
}

// Date is a date that a test writes down.
func Date(text string) ledger.Date {
	d, err := ledger.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

// Context is at with the defaults of a case filled in.
func Context(at ledger.Context) ledger.Context {
	if at.Now.IsZero() {
		at.Now = Now
	}
	if at.On.IsZero() {
		at.On = ledger.DayOf(at.Now)
	}
	if at.Actor == "" {
		at.Actor = Actor
	}
	if at.Stream.ID == uuid.Nil {
		at.Stream = ledger.StreamID{Category: "case", ID: ID}
	}
	return at
}

// Run checks each case, and on each the laws:
//
//   - deciding is pure: asked twice it answers the same, and the state is as it was;
//   - what is decided survives being stored, and so does what was given;
//   - having been done, it is refused or causes nothing, unless the case says Again;
//   - evolving is pure: states that came from one state by different events share nothing;
//   - a refusal speaks both languages, and one that is "invalid" points at a field.
func Run[S, C any, E ledger.Event](t *testing.T, d ledger.Decider[S, C, E], codec *ledger.Codec[E], cases []Case[C, E]) {
	t.Helper()
	var others []E
	for _, c := range cases {
		others = append(others, c.Then...)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			at := Context(c.At)
			state := fold(t, d, codec, *new(S), c.Given)
			before := snapshot(t, state)
			events, err := d.Decide(state, c.When, at)
			twice, errTwice := d.Decide(state, c.When, at)
			require.Equal(t, events, twice, "deciding twice gives the same events")
			require.Equal(t, err, errTwice, "deciding twice gives the same refusal")
			require.Equal(t, before, snapshot(t, state), "deciding leaves the state alone")
			if c.Code != "" {
				require.Empty(t, c.Then, "a case tells Then or Code, not both")
				require.Empty(t, events, "a refusal causes nothing")
				refused(t, c.Code, c.Field, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.Then, events)

			after := fold(t, d, codec, state, By(at.Actor, at.On, events...))
			settled := snapshot(t, after)
			for _, e := range others {
				d.Evolve(state, e, ledger.Metadata{Actor: Author, OccurredOn: Before})
			}
			require.Equal(t, before, snapshot(t, state), "evolving leaves the earlier state alone")
			require.Equal(t, settled, snapshot(t, after), "another event leaves the later state alone")

			more, err := d.Decide(after, c.When, at)
			if c.Again {
				require.NoError(t, err)
				require.NotEmpty(t, more, "the case says Again, and nothing came of it")
			} else if err == nil {
				require.Empty(t, more, "asking again is refused or causes nothing")
			}
		})
	}
}

// fold evolves a state as a store would: through the stored form of each event.
func fold[S, C any, E ledger.Event](t *testing.T, d ledger.Decider[S, C, E], codec *ledger.Codec[E], state S, past []Past[E]) S {
	t.Helper()
	for _, p := range past {
		kept, _, err := codec.Seal(t.Context(), &Vault{}, p.Event)
		require.NoError(t, err)
		data, err := codec.Encode(kept)
		require.NoError(t, err)
		e, err := codec.Decode(p.Event.EventType(), data)
		require.NoError(t, err)
		require.Equal(t, kept, e, "an event survives being stored")
		state = d.Evolve(state, e, p.Meta)
	}
	return state
}

// snapshot is a copy of a state that shares nothing with it.
func snapshot(t *testing.T, state any) string {
	t.Helper()
	text, err := json.Marshal(state)
	require.NoError(t, err)
	return string(text)
}

func refused(t *testing.T, code, field string, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, ledger.CodeOf(err), err.Error())
	require.Contains(t, []ledger.Kind{ledger.KindInvalid, ledger.KindRejected}, ledger.KindOf(err))
	require.Equal(t, code == "invalid", ledger.KindOf(err) == ledger.KindInvalid, "a rule has a code of its own")
	refusal := err.(*ledger.Error)
	bilingual(t, refusal.Msg)
	var at []string
	for _, f := range refusal.Fields {
		bilingual(t, f.Detail)
		at = append(at, strings.TrimPrefix(f.Pointer, "/data/"))
	}
	require.Equal(t, field, strings.Join(at, " "), "the field that is wrong")
}

func bilingual(t *testing.T, text ledger.Text) {
	t.Helper()
	require.NotEmpty(t, text.En)
	require.NotEmpty(t, text.Zh)
	require.NotContains(t, text.En+text.Zh, "%!", "a message was formatted wrongly")
}
