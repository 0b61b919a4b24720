// Package memory is the reference store: the contract of a ledger's store in the fewest lines.
// It is no mock. It obeys the same law as the others (adapters/storetest) and keeps nothing
// when the process ends.
package memory

import (
	"context"
	"iter"
	"slices"
	"sync"
	"time"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// batchSize bounds a batch of the feed.
const batchSize = 256

// Store keeps a ledger in memory. It is ledger.Streams and projections.Feed.
type Store struct {
	now func() time.Time

	mu      sync.Mutex
	events  []ledger.Recorded // event n stands at index n-1
	streams map[ledger.StreamID][]ledger.Recorded
	latest  time.Time     // the latest RecordedAt
	grew    chan struct{} // closed by the next append
}

// New is an empty store; now is its clock.
func New(now func() time.Time) *Store {
	return &Store{now: now, streams: map[ledger.StreamID][]ledger.Recorded{}, grew: make(chan struct{})}
}

// Append is ledger.Streams.
func (s *Store) Append(ctx context.Context, stream ledger.StreamID, expected ledger.Version, events []ledger.Proposed) (ledger.Position, error) {
	if err := ctx.Err(); err != nil {
		return ledger.Position{}, err
	}
	if len(events) == 0 {
		return ledger.Position{}, ledger.Invalid("no-events", ledger.Text{En: "an append needs an event", Zh: "追加至少需要一个事件"})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ledger.Version(len(s.streams[stream])) != expected {
		return ledger.Position{}, ledger.Conflict(stream, expected)
	}
	recorded, err := s.record(stream, expected, events)
	if err != nil {
		return ledger.Position{}, err
	}
	s.keep(recorded)
	return recorded[len(recorded)-1].Position, nil
}

// Restore appends what was recorded in another store of the same ledger, in the order given and
// to the byte. KindConflict says that one is not the next of its stream, and nothing was written.
func (s *Store) Restore(_ context.Context, events []ledger.Recorded) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	versions := map[ledger.StreamID]ledger.Version{}
	var kept []ledger.Recorded
	for i, r := range events {
		versions[r.Stream]++
		if r.Version != ledger.Version(len(s.streams[r.Stream]))+versions[r.Stream] {
			return ledger.Conflict(r.Stream, r.Version-1)
		}
		position := uint64(len(s.events)+i) + 1
		r.Data, r.RawMeta = slices.Clone(r.Data), slices.Clone(r.RawMeta)
		r.Position = ledger.Position{Commit: position, Prepare: position}
		kept = append(kept, r)
	}
	s.keep(kept)
	return nil
}

// keep adds events to their streams and wakes the followers.
func (s *Store) keep(recorded []ledger.Recorded) {
	s.events = append(s.events, recorded...)
	for _, r := range recorded {
		s.streams[r.Stream] = append(s.streams[r.Stream], r)
		if r.Meta.RecordedAt.After(s.latest) {
			s.latest = r.Meta.RecordedAt
		}
	}
	close(s.grew)
	s.grew = make(chan struct{})
}

// RefusesRepeats is ledger.Strict: the version alone decides.
func (s *Store) RefusesRepeats() {}

// record turns what is proposed into what will be stored, nothing shared with the caller.
func (s *Store) record(stream ledger.StreamID, version ledger.Version, events []ledger.Proposed) ([]ledger.Recorded, error) {
	at, position := s.now().UTC().Round(0), uint64(len(s.events))
	if at.Before(s.latest) {
		at = s.latest
	}
	var recorded []ledger.Recorded
	for _, e := range events {
		version, position = version+1, position+1
		e.Meta.RecordedAt = at
		raw, err := ledger.EncodeMetadata(e.Meta)
		if err != nil {
			return nil, err
		}
		e.Data = slices.Clone(e.Data)
		recorded = append(recorded, ledger.Recorded{
			Proposed: e, Stream: stream, Version: version, RawMeta: raw,
			Position: ledger.Position{Commit: position, Prepare: position},
		})
	}
	return recorded, nil
}

// Read is ledger.Streams.
func (s *Store) Read(ctx context.Context, stream ledger.StreamID, after ledger.Version) iter.Seq2[ledger.Recorded, error] {
	return func(yield func(ledger.Recorded, error) bool) {
		s.mu.Lock()
		events := s.streams[stream]
		s.mu.Unlock()
		for _, r := range events[min(after, ledger.Version(len(events))):] {
			r, err := reread(r)
			if err == nil {
				err = ctx.Err()
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(ledger.Recorded{}, err)
		}
	}
}

// Follow is projections.Feed.
func (s *Store) Follow(ctx context.Context, after ledger.Position) iter.Seq2[projections.Batch, error] {
	return func(yield func(projections.Batch, error) bool) {
		for {
			s.mu.Lock()
			events, grew := s.events, s.grew
			s.mu.Unlock()
			from := min(after.Commit, uint64(len(events)))
			to := min(from+batchSize, uint64(len(events)))
			batch := projections.Batch{Through: after, Live: to-from < batchSize}
			err := ctx.Err()
			for _, r := range events[from:to] {
				if err == nil {
					r, err = reread(r)
				}
				batch.Events, batch.Through = append(batch.Events, r), r.Position
			}
			if err != nil {
				yield(projections.Batch{}, err)
				return
			}
			if !yield(batch, nil) {
				return
			}
			after = batch.Through
			if !batch.Live {
				continue
			}
			select {
			case <-grew:
			case <-ctx.Done():
			}
		}
	}
}

// reread is an event as it would come back from a disk: its own bytes, its envelope decoded.
func reread(r ledger.Recorded) (ledger.Recorded, error) {
	r.Data, r.RawMeta = slices.Clone(r.Data), slices.Clone(r.RawMeta)
	meta, err := ledger.DecodeMetadata(r.RawMeta)
	r.Meta = meta
	return r, err
}
