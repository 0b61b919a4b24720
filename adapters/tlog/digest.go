package tlog

import (
	"context"
	"iter"
	"sync"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"ttledger/domain/ledger"
)

// digest is an event with its leaf.
type digest struct {
	event ledger.Recorded
	leaf  []byte
	hash  tlog.Hash
	err   error
}

// ahead is how many batches may wait between reading, digesting and checking.
const ahead = 4

// digested reads and digests events beside whoever checks them.
func digested(ctx context.Context, id uuid.UUID, events iter.Seq2[ledger.Recorded, error]) iter.Seq[[]digest] {
	return func(yield func([]digest) bool) {
		ctx, stop := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer stop()
		read, done := make(chan []digest, ahead), make(chan []digest, ahead)
		running.Go(func() {
			defer close(read)
			batch := make([]digest, 0, width)
			for r, err := range events {
				if batch = append(batch, digest{event: r, err: err}); len(batch) == width || err != nil {
					if !send(ctx, read, batch) || err != nil {
						return
					}
					batch = make([]digest, 0, width)
				}
			}
			send(ctx, read, batch)
		})
		running.Go(func() {
			defer close(done)
			for batch := range read {
				for i := range batch {
					if d := &batch[i]; d.err == nil {
						d.leaf = LeafOf(id, d.event).Bytes()
						d.hash = tlog.RecordHash(d.leaf)
					}
				}
				if !send(ctx, done, batch) {
					return
				}
			}
		})
		for batch := range done {
			if !yield(batch) {
				return
			}
		}
	}
}

func send(ctx context.Context, to chan<- []digest, batch []digest) bool {
	select {
	case to <- batch:
		return true
	case <-ctx.Done():
		return false
	}
}
