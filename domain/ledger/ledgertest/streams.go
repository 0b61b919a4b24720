package ledgertest

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"time"

	"ttledger/domain/ledger"
)

// ErrLost is what Streams answers when it is told to lose something.
var ErrLost = errors.New("the answer was lost")

// Streams is the smallest store that keeps the contract of ledger.Streams, for the tests of
// packages that know no adapter. It can be told to fail, before an append takes effect and
// after.
type Streams struct {
	// BeforeAppend and AfterAppend, where set, run around an append, which answers what they
	// return. BeforeRead runs before a read.
	BeforeAppend, AfterAppend func() error
	BeforeRead                func(ledger.StreamID) error

	mu  sync.Mutex
	all []ledger.Recorded
}

// Append is that of ledger.Streams.
func (s *Streams) Append(_ context.Context, id ledger.StreamID, expected ledger.Version, events []ledger.Proposed) (ledger.Position, error) {
	if err := call(s.BeforeAppend); err != nil {
		return ledger.Position{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ledger.Version(len(s.stream(id))) != expected {
		return ledger.Position{}, ledger.Conflict(id, expected)
	}
	for i, e := range events {
		e.Meta.RecordedAt = Now.Add(time.Duration(len(s.all)) * time.Second)
		raw, err := ledger.EncodeMetadata(e.Meta)
		if err != nil {
			return ledger.Position{}, err
		}
		if e.Meta, err = ledger.DecodeMetadata(raw); err != nil {
			return ledger.Position{}, err
		}
		s.all = append(s.all, ledger.Recorded{
			Proposed: e, RawMeta: raw, Stream: id, Version: expected + ledger.Version(i) + 1,
			Position: ledger.Position{Commit: uint64(len(s.all)) + 1},
		})
	}
	return s.all[len(s.all)-1].Position, call(s.AfterAppend)
}

// RefusesRepeats is ledger.Strict.
func (s *Streams) RefusesRepeats() {}

// Read is that of ledger.Streams.
func (s *Streams) Read(_ context.Context, id ledger.StreamID, after ledger.Version) iter.Seq2[ledger.Recorded, error] {
	return func(yield func(ledger.Recorded, error) bool) {
		if s.BeforeRead != nil {
			if err := s.BeforeRead(id); err != nil {
				yield(ledger.Recorded{}, err)
				return
			}
		}
		s.mu.Lock()
		events := s.stream(id)
		s.mu.Unlock()
		for _, r := range events[min(int(after), len(events)):] {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// All is every event recorded, in order.
func (s *Streams) All() []ledger.Recorded {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all)
}

func (s *Streams) stream(id ledger.StreamID) []ledger.Recorded {
	var events []ledger.Recorded
	for _, r := range s.all {
		if r.Stream == id {
			events = append(events, r)
		}
	}
	return events
}

func call(f func() error) error {
	if f == nil {
		return nil
	}
	return f()
}
