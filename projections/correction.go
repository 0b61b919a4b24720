package projections

import (
	"context"
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// amended is an event before and after a correction: as it was read until then, and as it is read
// from then on.
type amended struct{ was, is Fact }

// Known is the facts as they are read at an entry: those up to it, each as corrected by then. A zero
// entry is no bound. The facts are in entry order and are not changed.
func Known(facts []Fact, k ledger.Entry, decode func(name string, data []byte) (ledger.Event, error)) ([]Fact, error) {
	known := slices.Clone(facts)
	if k != 0 {
		known = slices.DeleteFunc(known, func(f Fact) bool { return f.Entry > k })
	}
	for _, f := range known {
		c, ok := f.Event.(ledger.RecordCorrected)
		if !ok {
			continue
		}
		i := slices.IndexFunc(known, func(f Fact) bool { return f.ID == c.Event })
		if i < 0 {
			return nil, fmt.Errorf("entry %d corrects an event that is not there", f.Entry)
		}
		corrected, err := correctedBy(known[i], f, decode)
		if err != nil {
			return nil, err
		}
		known[i] = corrected
	}
	return known, nil
}

func correctedBy(target, by Fact, decode func(string, []byte) (ledger.Event, error)) (Fact, error) {
	both := []ledger.Recorded{target.Recorded, by.Recorded}
	if err := ledger.Correct(both); err != nil {
		return Fact{}, err
	}
	event, err := decode(both[0].Type, both[0].Data)
	return Fact{Recorded: both[0], Event: event, Entry: target.Entry}, err
}

// amend finds what a correction puts right: among the facts of its batch, or in its stream.
func (r *Runner) amend(ctx context.Context, f Fact, batch []Fact, saving *flight) (*amended, error) {
	c := f.Event.(ledger.RecordCorrected)
	corrections := slices.DeleteFunc(slices.Clone(batch), func(b Fact) bool { return b.Stream != f.Stream || !isCorrection(b) })
	if err := saving.land(); err != nil {
		return nil, err
	}
	facts, err := r.ofStream(ctx, f.Stream, corrections)
	if err != nil {
		return nil, err
	}
	// What the batch brought is not saved yet, and was corrected since only by what the batch brought.
	for _, b := range batch {
		if b.Stream == f.Stream && !slices.ContainsFunc(facts, func(f Fact) bool { return f.ID == b.ID }) {
			facts = append(facts, b)
		}
	}
	if facts, err = Known(facts, 0, r.Decode); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(facts, func(f Fact) bool { return f.ID == c.Event })
	if i < 0 {
		return nil, fmt.Errorf("%s version %d corrects an event that is not there", f.Stream, f.Version)
	}
	is, err := correctedBy(facts[i], f, r.Decode)
	return &amended{facts[i], is}, err
}

func isCorrection(f Fact) bool {
	_, is := f.Event.(ledger.RecordCorrected)
	return is
}

// ofStream is the saved events of a stream, as corrected by those of its corrections that are saved
// or among the ones given.
func (r *Runner) ofStream(ctx context.Context, s ledger.StreamID, corrections []Fact) ([]Fact, error) {
	entries, err := r.Docs.Entries(ctx, s)
	if err != nil {
		return nil, err
	}
	var facts []Fact
	for e, err := range r.Streams.Read(ctx, s, 0) {
		if err != nil {
			return nil, err
		}
		entry, saved := entries[e.Version]
		if !saved {
			i := slices.IndexFunc(corrections, func(c Fact) bool { return c.ID == e.ID })
			if i < 0 || !slices.ContainsFunc(facts, func(f Fact) bool { return f.ID == corrections[i].amended.was.ID }) {
				continue // nothing that is saved
			}
			entry = corrections[i].Entry
		}
		event, err := r.Decode(e.Type, e.Data)
		if err != nil {
			return nil, &Undecodable{e.Stream, e.Version, entry, e.Type, err}
		}
		facts = append(facts, Fact{Recorded: e, Event: event, Entry: entry})
	}
	known, err := Known(facts, 0, r.Decode)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(known, func(f Fact) bool { _, saved := entries[f.Version]; return !saved }), nil
}

// recast folds a key again from the first day that a correction touches.
func (b *book) recast(ctx context.Context, f Fact, from past) error {
	i := slices.IndexFunc(b.facts, func(x Fact) bool { return x.ID == f.amended.was.ID })
	day := ""
	for _, version := range []Fact{f.amended.was, f.amended.is} {
		if first := version.Meta.OccurredOn.First().String(); slices.Contains(b.view.keys(version), b.key) && (day == "" || first < day) {
			day = first
		}
	}
	switch touches := slices.Contains(b.view.keys(f.amended.is), b.key); {
	case i >= 0 && touches:
		b.facts[i] = f.amended.is
	case i >= 0:
		b.facts = slices.Delete(b.facts, i, i+1)
	}
	return b.refold(ctx, f.Entry, day, from, true)
}
