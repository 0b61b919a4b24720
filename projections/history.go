package projections

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// History is one thing at a moment, and how it came to be so.
type History struct {
	Steps []Step
	State any
}

// Step is one event of a thing, as it is read at the moment, and what it changed in its state.
type Step struct {
	ledger.Recorded
	Entry   ledger.Entry
	Changed map[string]Change
}

// Change is a field of a state before and after.
type Change struct {
	Before json.RawMessage `json:"before,omitempty" en:"before" zh:"变更前"`
	After  json.RawMessage `json:"after,omitempty" en:"after" zh:"变更后"`
}

// Recount folds all events of one stream, in entry order, to a moment. Without a T they are folded as
// they were recorded, as decisions see them, and a correction is a step that changes what it puts
// right; with one, as they occurred, each as corrected by the moment.
func Recount(g ledger.Aggregate, events []Step, at At) (History, error) {
	known := slices.Clone(events)
	if at.KnownAt != 0 {
		known = slices.DeleteFunc(known, func(s Step) bool { return s.Entry == 0 || s.Entry > at.KnownAt })
	}
	if !at.AsOf.IsZero() {
		return asOccurred(g, known, at.AsOf)
	}
	h := History{State: g.Zero()}
	for i, s := range known {
		before := h.State
		e, err := ledger.Decode([]ledger.Aggregate{g}, s.Type, s.Data)
		switch {
		case err != nil:
		case s.Type == ledger.RecordCorrected{}.EventType():
			_, h.State, err = g.Fold(recordsOf(known[:i+1]))
		case !ledger.IsKeeping(e):
			h.State = g.Evolve(h.State, e, s.Meta)
		}
		if err == nil {
			s.Changed, err = Differences(before, h.State)
		}
		if err != nil {
			return h, fmt.Errorf("%s version %d: %w", s.Stream, s.Version, err)
		}
		h.Steps = append(h.Steps, s)
	}
	return h, nil
}

func recordsOf(steps []Step) (list []ledger.Recorded) {
	for _, s := range steps {
		list = append(list, s.Recorded)
	}
	return list
}

// asOccurred is the history in the order in which things happened, up to a day.
func asOccurred(g ledger.Aggregate, known []Step, day ledger.Date) (History, error) {
	h, records := History{State: g.Zero()}, recordsOf(known)
	if err := ledger.Correct(records); err != nil {
		return h, err
	}
	for i, r := range records {
		if known[i].Recorded = r; r.Meta.OccurredOn.Compare(day) <= 0 {
			h.Steps = append(h.Steps, known[i])
		}
	}
	slices.SortStableFunc(h.Steps, func(a, b Step) int {
		return cmp.Or(a.Meta.OccurredOn.Compare(b.Meta.OccurredOn), cmp.Compare(a.Version, b.Version))
	})
	for i, s := range h.Steps {
		e, err := ledger.Decode([]ledger.Aggregate{g}, s.Type, s.Data)
		before := h.State
		if err == nil && !ledger.IsKeeping(e) {
			h.State = g.Evolve(h.State, e, s.Meta)
		}
		if err == nil {
			h.Steps[i].Changed, err = Differences(before, h.State)
		}
		if err != nil {
			return h, fmt.Errorf("%s version %d: %w", s.Stream, s.Version, err)
		}
	}
	return h, nil
}

// Differences is the fields in which two states of a thing differ.
func Differences(before, after any) (map[string]Change, error) {
	b, err := fieldsOf(before)
	if err != nil {
		return nil, err
	}
	a, err := fieldsOf(after)
	if err != nil {
		return nil, err
	}
	changed := map[string]Change{}
	for name := range a {
		if !bytes.Equal(a[name], b[name]) {
			changed[name] = Change{b[name], a[name]}
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			changed[name] = Change{Before: b[name]}
		}
	}
	return changed, nil
}

func fieldsOf(state any) (map[string]json.RawMessage, error) {
	raw, err := json.Marshal(state)
	if err != nil {
		return nil, err
	}
	var f map[string]json.RawMessage
	return f, json.Unmarshal(raw, &f)
}

// Wanted says which steps of a history are to be shown; what is empty asks for nothing.
type Wanted struct {
	Actors, Types []string
	Policies      []string    // by code
	From, To      ledger.Date // days on which it occurred
}

// Wants says whether an event is asked for.
func (w Wanted) Wants(r ledger.Recorded) bool {
	among := func(list []string, value string) bool { return len(list) == 0 || slices.Contains(list, value) }
	rule := ""
	if r.Meta.Policy != nil {
		rule = r.Meta.Policy.Code
	}
	return among(w.Actors, r.Meta.Actor) && among(w.Types, r.Type) && among(w.Policies, rule) &&
		(w.From.IsZero() || r.Meta.OccurredOn.Compare(w.From) >= 0) && (w.To.IsZero() || r.Meta.OccurredOn.Compare(w.To.Last()) <= 0)
}
