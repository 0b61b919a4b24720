package httpapi

import (
	"context"
	"slices"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// retold is what a reader asks of a history besides its moment.
type retold struct {
	projections.Wanted
	changes bool   // of the state, with each event
	since   moment // of then, whose state is held against that of now
}

// compared is in what the state of then differs.
type compared struct {
	AsOf       ledger.Date                   `json:"as_of,omitzero"`
	KnownAt    ledger.Entry                  `json:"known_at,omitzero"`
	Difference map[string]projections.Change `json:"difference"`
}

// retold reads which events of a history are asked for, and, in the form that has room for it, what
// they changed.
func (p *params) retold(form format) (q retold, from, to string) {
	q.Actors, q.Types, q.Policies = p.all("actor"), p.all("type"), p.all("policy")
	from, to = p.one("from"), p.one("to")
	if form == formatJSON {
		q.changes = p.number("changes", 0, 0, 1) == 1
		q.since = moment{p.one("since-as-of"), p.one("since-known-at")}
	}
	return q, from, to
}

// days reads the days between which something occurred.
func (q *retold) days(from, to string) (err error) {
	if from != "" {
		q.From, err = ledger.ParseDate(from)
	}
	if to != "" && err == nil {
		q.To, err = ledger.ParseDate(to)
	}
	return err
}

// tell puts to events what each changed, in the order in which they count at a moment, and answers in
// what the state of then differs where that is asked for.
func (a *api) tell(ctx context.Context, stream ledger.StreamID, all, shown []event, at projections.At, q retold) ([]event, *compared, error) {
	if !q.changes && q.since == (moment{}) {
		return slices.DeleteFunc(shown, func(e event) bool { return !q.Wants(e.recorded) }), nil, nil
	}
	g, _ := a.Ledger.Aggregate(stream.Category) // what is seen has one
	steps := make([]projections.Step, len(all))
	for i, e := range all {
		steps[i] = projections.Step{Recorded: e.recorded, Entry: e.Entry}
	}
	now, err := projections.Recount(g, steps, at)
	if err != nil {
		return nil, nil, err
	}
	if q.changes {
		shown = shown[:0:0]
		for _, s := range now.Steps {
			e := all[s.Version-1]
			if e.Changed = s.Changed; q.Wants(e.recorded) {
				shown = append(shown, e)
			}
		}
	} else {
		shown = slices.DeleteFunc(shown, func(e event) bool { return !q.Wants(e.recorded) })
	}
	if q.since == (moment{}) {
		return shown, nil, nil
	}
	since, err := a.at(ctx, q.since)
	if err != nil {
		return nil, nil, err
	}
	if since.AsOf.IsZero() {
		since.AsOf = at.AsOf
	}
	then, err := projections.Recount(g, steps, since)
	if err != nil {
		return nil, nil, err
	}
	c := &compared{AsOf: since.AsOf, KnownAt: since.KnownAt}
	c.Difference, err = projections.Differences(then.State, now.State)
	return shown, c, err
}
