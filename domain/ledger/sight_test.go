package ledger_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
)

// owned is a world in which a diary is the affair of who opened it, and REV writes in its own only.
func owned() *world {
	w := newWorld()
	g := &w.Aggregates[0]
	*g = g.SeenBy(ledger.Sight{All: []ledger.Role{ledger.PM}, Own: []ledger.Role{ledger.REV}, Concerns: func(e ledger.Event, m ledger.Metadata) []string {
		if _, ok := e.(opened); ok {
			return []string{m.Actor}
		}
		return nil
	}})
	for i := range g.Verbs {
		if g.Verbs[i].Name == "write" {
			g.Verbs[i].Roles, g.Verbs[i].Own = []ledger.Role{ledger.PM, ledger.REV}, []ledger.Role{ledger.REV}
		}
	}
	return w
}

func by(handle string, roles ...ledger.Role) func(*ledger.Request) {
	return func(r *ledger.Request) { r.Actor = ledger.Actor{Handle: handle, Roles: roles} }
}

func TestARoleThatActsOnItsOwnOnly(t *testing.T) {
	w := owned()
	_, err := w.Do(t.Context(), request(1, "open", `{"data":{"title":"x"}}`, by("ada", ledger.PM)))
	require.NoError(t, err)
	line := `{"data":{"lines":["x"]}}`
	_, err = w.Do(t.Context(), request(2, "write", line, by("ada", ledger.REV)))
	require.NoError(t, err, "what concerns them")
	_, others := w.Do(t.Context(), request(3, "write", line, by("bea", ledger.REV)))
	_, known := w.Do(t.Context(), request(2, "write", line, by("bea", ledger.REV)))
	missing := request(4, "write", line, by("bea", ledger.REV))
	missing.ID = uuid.MustParse("0f6d3a52-4b1c-4c5e-9d0a-7a1d5b2c9e44")
	_, nothing := w.Do(t.Context(), missing)
	require.Equal(t, ledger.NoStream(stream), others)
	require.Equal(t, others, known, "not even that a key was used")
	require.Equal(t, ledger.NoStream(ledger.StreamID{Category: "diary", ID: missing.ID}), nothing)
	_, err = w.Do(t.Context(), request(5, "write", line, by("bea", ledger.REV, ledger.PM)))
	require.NoError(t, err, "the wider role counts")

	w.store.BeforeRead = func(ledger.StreamID) error { return context.DeadlineExceeded }
	_, err = w.Do(t.Context(), request(6, "write", line, by("ada", ledger.REV)))
	require.ErrorIs(t, err, context.DeadlineExceeded, "a store in trouble is not a thing that is not there")
	_, err = w.Concerns(t.Context(), stream, "ada")
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestNarrowerRolesComeLast(t *testing.T) {
	build := func(own ...ledger.Role) func() {
		return func() {
			ledger.New("diary", ledger.Text{}, ledger.Decider[diary, task, entry]{}, diaries,
				ledger.Does[burn, task](ledger.Verb{Name: "burn", Roles: []ledger.Role{ledger.PM, ledger.INV, ledger.REV}, Own: own}))
		}
	}
	require.NotPanics(t, build())
	require.NotPanics(t, build(ledger.INV, ledger.REV))
	require.NotPanics(t, build(ledger.PM, ledger.INV, ledger.REV))
	require.Panics(t, build(ledger.INV), "REV may more, and comes later")
	require.Panics(t, build(ledger.AUD), "one who may not at all")
}

func TestWithoutASightNobodySees(t *testing.T) {
	var s ledger.Sight
	require.Equal(t, ledger.SeesNone, s.Reach(ledger.AllRoles()))
	concerns, err := newWorld().Concerns(t.Context(), stream, "ada")
	require.NoError(t, err)
	require.False(t, concerns)
}
