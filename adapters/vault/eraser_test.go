package vault

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/memory"
	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

// faulty is a vault whose next erasures fail.
type faulty struct {
	ledgertest.Vault
	mu   sync.Mutex
	left int
}

func (f *faulty) Erase(ctx context.Context, s uuid.UUID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left--; f.left >= 0 {
		return errors.New("the disk is full")
	}
	return f.Vault.Erase(ctx, s)
}

func (f *faulty) erased(t *testing.T, s uuid.UUID) bool {
	_, err := f.Seal(t.Context(), s, "name", nil)
	return ledger.CodeOf(err) == "subject-erased"
}

func put(t *testing.T, store *memory.Store, name string) uuid.UUID {
	s := ledger.StreamID{Category: "case", ID: uuid.New()}
	_, err := store.Append(t.Context(), s, 0, []ledger.Proposed{{ID: uuid.New(), Type: name, Data: []byte(`{}`), Meta: ledger.Metadata{OccurredOn: ledgertest.Before}}})
	require.NoError(t, err)
	return s.ID
}

func eraserOf(store *memory.Store, v ledger.Vault) *Eraser {
	return &Eraser{Feed: store, Vault: v, Log: slog.New(slog.DiscardHandler), Erases: func(r ledger.Recorded) (uuid.UUID, bool) {
		return r.Stream.ID, r.Type == "erased"
	}}
}

func TestErasuresAreCarriedOut(t *testing.T) {
	store := memory.New(time.Now)
	before, kept := put(t, store, "erased"), put(t, store, "kept")
	v := &faulty{}
	e := eraserOf(store, v)
	require.NoError(t, e.CatchUp(t.Context()))
	require.True(t, v.erased(t, before))
	require.False(t, v.erased(t, kept))

	// An older vault, restored, learns it again.
	older := &faulty{}
	require.NoError(t, eraserOf(store, older).CatchUp(t.Context()))
	require.True(t, older.erased(t, before))

	failing := &faulty{left: 1}
	require.Error(t, eraserOf(store, failing).CatchUp(t.Context()), "who waits for it is told")
}

func TestAnErasureIsNotGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, v := memory.New(time.Now), &faulty{}
		e := eraserOf(store, v)
		require.NoError(t, e.CatchUp(t.Context()))
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { e.Run(ctx) })
		first := put(t, store, "erased")
		synctest.Wait()
		require.True(t, v.erased(t, first), "at once")

		v.mu.Lock()
		v.left = 8
		v.mu.Unlock()
		second := put(t, store, "erased")
		synctest.Wait()
		require.False(t, v.erased(t, second))
		require.True(t, e.Failing())
		time.Sleep(time.Minute) // of the bubble
		synctest.Wait()
		require.True(t, v.erased(t, second))
		require.False(t, e.Failing())
		stop()
		running.Wait()
	})
}
