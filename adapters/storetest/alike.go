package storetest

import (
	"cmp"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"ttledger/domain/ledger"
)

// Alike holds a store against a reference: random operations on both give the same answers.
func Alike(t *testing.T, reference, subject Store) {
	rapid.Check(t, func(t *rapid.T) {
		p := &pair{stores: [2]Store{reference, subject}, streams: []ledger.StreamID{newStream(), newStream(), newStream()}}
		for i, s := range p.stores {
			p.ends[i] = []ledger.Position{end(t, s)}
		}
		t.Repeat(map[string]func(*rapid.T){"append": p.append, "read": p.read, "follow": p.follow})
	})
}

// pair is two stores that were asked the same, on streams of this run alone.
type pair struct {
	stores  [2]Store
	streams []ledger.StreamID
	ends    [2][]ledger.Position // of each store, where it stood after each append
}

func end(t require.TestingT, s Store) (last ledger.Position) {
	for b, err := range s.Follow(context.Background(), ledger.Position{}) {
		require.NoError(t, err)
		if last = b.Through; b.Live {
			break
		}
	}
	return last
}

func (p *pair) append(t *rapid.T) {
	stream := rapid.SampledFrom(p.streams).Draw(t, "stream")
	expected := rapid.Uint64Range(0, 6).Draw(t, "expected")
	var list []ledger.Proposed
	for range rapid.IntRange(0, 3).Draw(t, "events") {
		list = append(list, event(fmt.Sprintf("%q", rapid.String().Draw(t, "data"))))
	}
	var kinds, failed [2]any
	for i, s := range p.stores {
		position, err := s.Append(context.Background(), stream, ledger.Version(expected), list)
		if kinds[i], failed[i] = ledger.KindOf(err), err != nil; err == nil {
			p.ends[i] = append(p.ends[i], position)
		}
	}
	require.Equal(t, kinds[0], kinds[1])
	require.Equal(t, failed[0], failed[1])
}

func (p *pair) read(t *rapid.T) {
	stream := rapid.SampledFrom(p.streams).Draw(t, "stream")
	after := ledger.Version(rapid.Uint64Range(0, 8).Draw(t, "after"))
	requireAlike(t, read(t, context.Background(), p.stores[0], stream, after), read(t, context.Background(), p.stores[1], stream, after))
}

func (p *pair) follow(t *rapid.T) {
	from := rapid.IntRange(0, len(p.ends[0])-1).Draw(t, "from")
	requireAlike(t, drain(t, context.Background(), p.stores[0], p.ends[0][from]), drain(t, context.Background(), p.stores[1], p.ends[1][from]))
}

// requireAlike compares but for what is each store's own: positions and the clock.
func requireAlike(t require.TestingT, a, b []ledger.Recorded) {
	require.Len(t, b, len(a))
	for i := range a {
		require.Equal(t, stripped(a[i]), stripped(b[i]))
		if i > 0 {
			require.Equal(t, cmp.Compare(a[i].Position.Compare(a[i-1].Position), 0), cmp.Compare(b[i].Position.Compare(b[i-1].Position), 0))
		}
	}
}

func stripped(r ledger.Recorded) ledger.Recorded {
	r.Position, r.Meta.RecordedAt, r.RawMeta = ledger.Position{}, time.Time{}, nil
	return r
}
