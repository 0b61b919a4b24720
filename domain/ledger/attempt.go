package ledger

import "context"

// Attempt says what stands in the way of a command that is not written out yet: the role, or a rule
// that looks at nothing but the state. It decides on empty data and records nothing. What only the
// data can answer is no obstacle, so nil does not promise that any data will do.
func (l *Ledger) Attempt(ctx context.Context, r Request) error {
	a, verb, err := l.find(r)
	if err != nil {
		return err
	}
	r.Body = []byte(`{"data":{}}`)
	t := taken{Request: r, aggregate: a, verb: verb, stream: StreamID{a.Category, r.ID}, now: l.Now()}
	if t.role, err = roleFor(verb, r); err != nil {
		return err
	}
	if err := l.theirs(ctx, verb, t.role, t.stream, r.Actor.Handle); err != nil {
		return err
	}
	if err := t.read(); err != nil {
		return nil // it is the data that is not there
	}
	h, err := l.load(ctx, t)
	if err != nil {
		return err
	}
	if _, err = l.decide(ctx, t, h); KindOf(err) == KindRejected {
		return err
	}
	return nil
}
