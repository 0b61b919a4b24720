package storetest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
)

// elsewhere is n events of a few streams as another store has recorded them: at positions of its
// own, by clocks that differ, with an envelope that nobody would write so today.
func elsewhere(t *testing.T, n int) []ledger.Recorded {
	streams := []ledger.StreamID{newStream(), newStream(), newStream()}
	versions := map[ledger.StreamID]ledger.Version{}
	var all []ledger.Recorded
	for i := range n {
		e := event(fmt.Sprintf(`{"n": %d}`, i))
		stream := streams[i*i/3%3]
		versions[stream]++
		e.Meta.RecordedAt = time.Date(2025, 1, 2, 3, 4, 5-2*(i%2), 6000+i, time.UTC)
		raw, err := json.MarshalIndent(e.Meta, " ", "  ")
		require.NoError(t, err)
		e.Meta, err = ledger.DecodeMetadata(raw)
		require.NoError(t, err)
		all = append(all, ledger.Recorded{Proposed: e, Stream: stream, Version: versions[stream],
			Position: ledger.Position{Commit: 7_000_000 + uint64(i)}, RawMeta: raw})
	}
	return all
}

func restoresToTheByte(t *testing.T, s Store) {
	all := elsewhere(t, 300)
	require.NoError(t, s.Restore(t.Context(), nil))
	require.NoError(t, s.Restore(t.Context(), all[:99]))
	next := all[99]
	require.Len(t, read(t, t.Context(), s, next.Stream, 0), int(next.Version)-1)
	require.NoError(t, s.Restore(t.Context(), all[99:100]))
	require.Len(t, read(t, t.Context(), s, next.Stream, next.Version-1), 1, "who was up to date sees it too")
	require.NoError(t, s.Restore(t.Context(), all[100:]))
	requireSame(t, all, drain(t, t.Context(), s, ledger.Position{}))

	stream := all[299].Stream
	put(t, s, stream, ledger.Version(len(read(t, t.Context(), s, stream, 0))), events(1)...)
	feed := drain(t, t.Context(), s, ledger.Position{})
	require.Len(t, feed, 301)
	require.Equal(t, 2026, feed[300].Meta.RecordedAt.Year(), "what comes after is stamped again")

	late := elsewhere(t, 1)
	late[0].Meta.RecordedAt = feed[300].Meta.RecordedAt.Add(240 * time.Hour)
	var err error
	late[0].RawMeta, err = ledger.EncodeMetadata(late[0].Meta)
	require.NoError(t, err)
	require.NoError(t, s.Restore(t.Context(), late))
	put(t, s, newStream(), 0, events(1)...)
	feed = drain(t, t.Context(), s, ledger.Position{})
	require.False(t, feed[302].Meta.RecordedAt.Before(late[0].Meta.RecordedAt), "and not before what was restored")
}

func restoresOnlyWhatIsNext(t *testing.T, s Store) {
	all := elsewhere(t, 12)
	require.NoError(t, s.Restore(t.Context(), all[:6]))
	gap := all[6]
	gap.Version += 2
	require.Equal(t, ledger.KindConflict, ledger.KindOf(s.Restore(t.Context(), []ledger.Recorded{gap, all[7]})))
	requireSame(t, all[:6], drain(t, t.Context(), s, ledger.Position{}))

	twin := all[5]
	twin.ID = event("{}").ID
	require.Equal(t, ledger.KindConflict, ledger.KindOf(s.Restore(t.Context(), []ledger.Recorded{twin, all[6]})))
	requireSame(t, all[:6], drain(t, t.Context(), s, ledger.Position{}))

	// A repeat, after an answer was lost, is taken as one or refused, and doubles nothing.
	_ = s.Restore(t.Context(), all[:6])
	require.NoError(t, s.Restore(t.Context(), all[6:]))
	requireSame(t, all, drain(t, t.Context(), s, ledger.Position{}))
}

// requireSame compares everything but positions.
func requireSame(t *testing.T, want, got []ledger.Recorded) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		want, got := want[i], got[i]
		want.Position, got.Position = ledger.Position{}, ledger.Position{}
		require.Equal(t, want, got, "entry %d", i+1)
	}
}
