package importer

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"

	"ttledger/domain/ledger"
)

// Queue is a store that takes an append without waiting for it to be durable. The order of
// Enqueue is the order in the store, and wait answers what Append would have answered.
type Queue interface {
	ledger.Streams
	Enqueue(ctx context.Context, s ledger.StreamID, expected ledger.Version, events []ledger.Proposed) (wait func() (ledger.Position, error), err error)
}

// Local is the port over a ledger in the same process. It decides requests one after the other,
// so that the same file gives the same entries in the same order; where the store is a Queue,
// it does not wait for each to be durable before it decides the next, but for all before it
// answers. While it runs nobody else may write: a claim counts from when it is in the queue.
type Local struct{ Ledger *ledger.Ledger }

// Do decides the requests in order. After a failure that is no answer to a command the rest is
// not tried, so that what is recorded is always a beginning of what would have been.
func (l Local) Do(ctx context.Context, requests []ledger.Request) []Outcome {
	through, ahead := *l.Ledger, &ahead{unfinished: map[ledger.StreamID]func() (ledger.Position, error){}}
	if q, ok := l.Ledger.Streams.(Queue); ok {
		ahead.Queue, through.Streams = q, ahead
	}
	outcomes := make([]Outcome, len(requests))
	var failed error
	for i, r := range requests {
		if failed != nil {
			outcomes[i].Err = failed
			continue
		}
		o := &outcomes[i]
		if o.Receipt, o.Err = through.Do(ctx, r); o.Err != nil && !answered(o.Err) {
			failed = o.Err
		}
	}
	var unclaimed error
	for s, wait := range ahead.unfinished {
		if _, err := wait(); err != nil && s.Category == ledger.Claims.Category {
			unclaimed = err
		}
	}
	for i, r := range requests {
		o := &outcomes[i]
		if unclaimed != nil && o.Err == nil {
			o.Err = unclaimed
			continue
		}
		wait, ok := ahead.unfinished[o.Receipt.Stream]
		if !ok || o.Err != nil {
			continue
		}
		o.Receipt.Position, o.Err = wait()
		// A race lost after the decision was made is settled as the ledger does: decide anew.
		if ledger.KindOf(o.Err) == ledger.KindConflict {
			o.Receipt, o.Err = l.Ledger.Do(ctx, r)
		}
	}
	return outcomes
}

// Beside is the port over a ledger in the same process whose store is no Queue, such as one across
// a network: requests are under way side by side, N at most. Each stream keeps its order; the
// streams among one another do not.
type Beside struct {
	Ledger *ledger.Ledger
	N      int
}

// Do decides the requests.
func (b Beside) Do(ctx context.Context, requests []ledger.Request) []Outcome {
	return SideBySide(b.N, requests, func(r ledger.Request) (ledger.Receipt, error) { return b.Ledger.Do(ctx, r) })
}

// SideBySide does requests of different streams, n at most at once, and answers in their order.
// After a failure that is no answer to a command no more are begun.
func SideBySide(n int, requests []ledger.Request, do func(ledger.Request) (ledger.Receipt, error)) []Outcome {
	outcomes := make([]Outcome, len(requests))
	turns := make(chan struct{}, n)
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	for i, r := range requests {
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			o := &outcomes[i]
			if before := failed.Load(); before != nil {
				o.Err = *before
			} else if o.Receipt, o.Err = do(r); o.Err != nil && !answered(o.Err) {
				failed.Store(&o.Err)
			}
		})
	}
	all.Wait()
	return outcomes
}

// ahead is a store that runs ahead of what is durable, for one call.
type ahead struct {
	Queue
	unfinished map[ledger.StreamID]func() (ledger.Position, error)
}

// Append returns as soon as the events are in the queue; the position is not known yet.
func (a *ahead) Append(ctx context.Context, s ledger.StreamID, expected ledger.Version, events []ledger.Proposed) (ledger.Position, error) {
	wait, err := a.Enqueue(ctx, s, expected, events)
	if err == nil {
		a.unfinished[s] = sync.OnceValues(wait)
	}
	return ledger.Position{}, err
}

// Read waits for what is unfinished on the stream. Whether that came to be, reading shows.
func (a *ahead) Read(ctx context.Context, s ledger.StreamID, after ledger.Version) iter.Seq2[ledger.Recorded, error] {
	if wait, ok := a.unfinished[s]; ok {
		_, _ = wait()
	}
	return a.Queue.Read(ctx, s, after)
}
