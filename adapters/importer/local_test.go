package importer

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/memory"
	"ttledger/domain/ledger"
)

// queue is the memory store as a Queue: what is enqueued is written, in order, when it is first
// waited for. before may write in between, as another client would.
type queue struct {
	*memory.Store
	todo    []func()
	longest int
	before  func()
	broken  map[int]error // by number of the append
	n       int
}

func (q *queue) Enqueue(ctx context.Context, s ledger.StreamID, expected ledger.Version, events []ledger.Proposed) (func() (ledger.Position, error), error) {
	var at ledger.Position
	var err error
	q.n++
	n := q.n
	q.todo = append(q.todo, func() {
		if q.before != nil {
			q.before()
			q.before = nil
		}
		if err = q.broken[n]; err == nil {
			at, err = q.Store.Append(ctx, s, expected, events)
		}
	})
	q.longest = max(q.longest, len(q.todo))
	return func() (ledger.Position, error) {
		for _, do := range q.todo {
			do()
		}
		q.todo = nil
		return at, err
	}, nil
}

func (q *queue) Append(ctx context.Context, s ledger.StreamID, expected ledger.Version, events []ledger.Proposed) (ledger.Position, error) {
	wait, err := q.Enqueue(ctx, s, expected, events)
	if err != nil {
		return ledger.Position{}, err
	}
	return wait()
}

func TestLocalThroughAQueue(t *testing.T) {
	plain, queued := newWorld(t), newWorld(t)
	plain.run(excerpts...)
	q := &queue{Store: queued.store}
	queued.ledger.Streams = q
	queued.run(excerpts...)
	require.Equal(t, plain.recorded(), queued.recorded())
	require.Greater(t, q.longest, 50, "nobody waited for each")
}

// ask is a request to register the nth firm.
func ask(n byte, name string) ledger.Request {
	s := register(firm{key: name, name: name}, ledger.Day(2020, 1, 2))
	return ledger.Request{Aggregate: "organisation", ID: uuid.UUID{15: n}, Verb: "register", Command: uuid.UUID{15: n, 14: name[0]}, Body: s.body,
		Actor: ledger.Actor{Handle: "importer", Roles: []ledger.Role{ledger.PM}}}
}

func TestLocalSettlesWhatItDidNotWaitFor(t *testing.T) {
	w := newWorld(t)
	direct := *w.ledger
	q := &queue{Store: w.store, broken: map[int]error{6: errBroken}}
	w.ledger.Streams = q
	q.before = func() {
		_, err := direct.Do(t.Context(), ask(2, "other"))
		require.NoError(t, err)
	}
	out := Local{w.ledger}.Do(t.Context(), []ledger.Request{ask(1, "a"), ask(2, "b"), ask(3, "c"), ask(4, "d")})
	require.NoError(t, out[0].Err)
	require.Equal(t, ledger.Version(1), out[0].Receipt.Version)
	require.Equal(t, w.events()[1].Position, out[0].Receipt.Position, "known once it is settled")
	require.Equal(t, "exists", ledger.CodeOf(out[1].Err), "a race that was lost is decided anew")
	require.NoError(t, out[2].Err)
	require.ErrorIs(t, out[3].Err, errBroken)

	again := Local{w.ledger}.Do(t.Context(), []ledger.Request{ask(1, "a"), ask(1, "a")})
	require.True(t, again[0].Receipt.Replayed)
	require.Equal(t, out[0].Receipt.Position, again[1].Receipt.Position)
}

// Two requests of one stream break the port's rule; the later still sees the earlier.
func TestLocalReadsItsWrites(t *testing.T) {
	w := newWorld(t)
	q := &queue{Store: w.store}
	w.ledger.Streams = q
	out := Local{w.ledger}.Do(t.Context(), []ledger.Request{ask(1, "a"), ask(1, "b")})
	require.NoError(t, out[0].Err)
	require.Equal(t, "exists", ledger.CodeOf(out[1].Err))
	require.Equal(t, 2, q.n, "the claim and the fact")
}

func TestLocalStopsAtAFailure(t *testing.T) {
	w := newWorld(t)
	w.ledger.Streams = &breaking{w.store, 3, false}
	out := Local{w.ledger}.Do(t.Context(), []ledger.Request{ask(1, "a"), ask(2, "b"), ask(3, "c")})
	require.NoError(t, out[0].Err)
	require.ErrorIs(t, out[1].Err, errBroken)
	require.ErrorIs(t, out[2].Err, errBroken)
	require.Len(t, w.events(), 1)
}
