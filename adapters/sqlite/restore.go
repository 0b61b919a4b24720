package sqlite

import (
	"context"
	"time"

	"ttledger/domain/ledger"
)

// Restore appends what was recorded in another store of the same ledger, in the order given and
// to the byte: ids, versions, envelopes with their RecordedAt, data. Positions are this store's
// own. Each must be the next of its stream: KindConflict says that one is not, and then nothing
// was written.
func (s *Store) Restore(ctx context.Context, events []ledger.Recorded) error {
	if len(events) == 0 {
		return nil
	}
	r := &appendRequest{ctx: ctx, stream: events[0].Stream, restore: events, done: make(chan struct{}), since: time.Now()}
	if err := s.enqueue(r); err != nil {
		return err
	}
	_, err := r.wait()
	return err
}

// restore writes what a request restores, or says in it why not.
func (tx *transaction) restore(r *appendRequest) error {
	versions := map[ledger.StreamID]ledger.Version{}
	for _, e := range r.restore {
		version, known := versions[e.Stream]
		if !known {
			var err error
			if version, err = tx.version(e.Stream); err != nil {
				return err
			}
		}
		if e.Version != version+1 {
			r.err = ledger.Conflict(e.Stream, e.Version-1)
			return nil
		}
		versions[e.Stream] = e.Version
	}
	for _, e := range r.restore {
		if err := tx.insert(e.Stream, e.Version, queuedEvent{id: e.ID.String(), name: e.Type, data: string(e.Data)}, string(e.RawMeta)); err != nil {
			return err
		}
		if e.Meta.RecordedAt.After(tx.at) {
			tx.at = e.Meta.RecordedAt
		}
	}
	r.position = positionOf(tx.position)
	tx.requests++
	return nil
}
