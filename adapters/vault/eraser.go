package vault

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// Eraser carries out the erasures that the ledger records: it destroys the key of each subject
// that an event erased. Replayed from the first event at every start, it also does so to a vault
// that was restored from before an erasure, and finishes what a crash left undone.
type Eraser struct {
	Feed   projections.Feed
	Vault  ledger.Vault
	Erases func(ledger.Recorded) (subject uuid.UUID, ok bool) // whether an event erases somebody
	Log    *slog.Logger

	at      projections.Checkpoint
	failing atomic.Bool
}

// Failing says that a recorded erasure was tried and could not be carried out yet.
func (e *Eraser) Failing() bool { return e.failing.Load() }

const (
	firstPause = 100 * time.Millisecond
	lastPause  = 10 * time.Second
)

// CatchUp carries out what is recorded by now.
func (e *Eraser) CatchUp(ctx context.Context) error { return e.follow(ctx, true) }

// Run goes on from where CatchUp left off until ctx ends. What fails is tried again, with growing
// pauses of at most 10 s: an erasure is never given up.
func (e *Eraser) Run(ctx context.Context) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		before := e.at.Entry
		err := e.follow(ctx, false)
		if ctx.Err() != nil {
			return
		}
		if e.at.Entry > before {
			pause = firstPause
		}
		e.Log.ErrorContext(ctx, "an erasure could not be carried out and is tried again", "err", err, "pause", pause)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func (e *Eraser) follow(ctx context.Context, once bool) error {
	for batch, err := range e.Feed.Follow(ctx, e.at.Position) {
		if err != nil {
			return err
		}
		for _, r := range batch.Events {
			if subject, ok := e.Erases(r); ok {
				err := e.Vault.Erase(ctx, subject)
				e.failing.Store(err != nil)
				if err != nil {
					return err
				}
			}
			e.at.Entry, e.at.Position = e.at.Entry+1, r.Position
		}
		if once && batch.Live {
			return nil
		}
	}
	return ctx.Err()
}
