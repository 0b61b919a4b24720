package ledger

import (
	"context"
	"fmt"
	"slices"
)

// history is a stream as a command finds it.
type history struct {
	stream  StreamID
	state   any
	version Version
	begun   bool       // it has an event of its own, not only of the ledger's keeping
	own     []Recorded // events that this command recorded before
	events  []Recorded // all, as they are read today
}

func (l *Ledger) load(ctx context.Context, t taken) (history, error) {
	h, err := l.read(ctx, t.aggregate, t.stream)
	for _, r := range h.events {
		if r.Meta.Command == t.Command {
			h.own = append(h.own, r)
		}
	}
	return h, err
}

// read folds a stream: its state knows everything recorded, each event as corrected since.
func (l *Ledger) read(ctx context.Context, a Aggregate, s StreamID) (history, error) {
	h := history{stream: s, state: a.Zero()}
	for r, err := range l.Streams.Read(ctx, s, 0) {
		if err != nil {
			return h, err
		}
		h.events, h.version = append(h.events, r), r.Version
	}
	var err error
	h.begun, h.state, err = a.Fold(h.events)
	return h, err
}

// creates says whether the stream's first own event is among those that this command recorded.
func (h history) creates() bool {
	for _, r := range h.events {
		if _, keeps := keepings.entries[r.Type]; !keeps {
			return len(h.own) > 0 && r.ID == h.own[0].ID
		}
	}
	return false
}

// after is the state once more events are recorded.
func (a Aggregate) after(h history, events []Proposed) (any, error) {
	all := slices.Clone(h.events)
	for i, p := range events {
		all = append(all, Recorded{Proposed: p, Stream: h.stream, Version: h.version + Version(i) + 1})
	}
	_, state, err := a.Fold(all)
	return state, err
}

// Fold is the state of a stream from all its events, the first on, each as corrected by later ones
// of them, and whether the aggregate knows any of them. The events are put right in place.
func (a Aggregate) Fold(events []Recorded) (begun bool, state any, err error) {
	state = a.Zero()
	if err := Correct(events); err != nil {
		return false, nil, err
	}
	for _, r := range events {
		e, err := Decode([]Aggregate{a}, r.Type, r.Data)
		if err != nil {
			return false, nil, fmt.Errorf("%s version %d: %w", r.Stream, r.Version, err)
		}
		if !IsKeeping(e) {
			state, begun = a.Evolve(state, e, r.Meta), true
		}
	}
	return begun, state, nil
}
