package ledger

import (
	"context"
	"fmt"
	"slices"
)

// Sight is who sees the streams of an aggregate, wherever they show: in histories, feeds and
// views. What somebody does not see is answered like what is not there.
type Sight struct {
	All []Role // see every stream
	Own []Role // see those that concern them
	// Concerns names the handles that an event makes its stream the affair of. Once it is
	// theirs it stays so. Needed where a role sees or acts on its own only.
	Concerns func(Event, Metadata) []string
}

// Reach is how much of an aggregate's streams an actor sees.
type Reach uint8

// The reaches.
const (
	SeesNone Reach = iota
	SeesOwn
	SeesAll
)

// SeenBy declares who sees an aggregate's streams; without it nobody does.
func (a Aggregate) SeenBy(s Sight) Aggregate {
	a.Sight = s
	return a
}

// Reach is the widest that one of the roles gives.
func (s Sight) Reach(roles []Role) Reach {
	holds := func(list []Role) bool {
		return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(list, r) })
	}
	switch {
	case holds(s.All):
		return SeesAll
	case holds(s.Own):
		return SeesOwn
	}
	return SeesNone
}

// Concerns says whether a stream is the affair of the principal with a handle. It reads the
// stream, so it is never behind.
func (l *Ledger) Concerns(ctx context.Context, s StreamID, handle string) (bool, error) {
	a, ok := l.Aggregate(s.Category)
	if !ok || a.Sight.Concerns == nil {
		return false, nil
	}
	for r, err := range l.Streams.Read(ctx, s, 0) {
		if err != nil {
			return false, err
		}
		e, err := a.Decode(r.Type, r.Data)
		if err != nil {
			return false, fmt.Errorf("%s version %d: %w", s, r.Version, err)
		}
		if slices.Contains(a.Sight.Concerns(e, r.Meta), handle) {
			return true, nil
		}
	}
	return false, nil
}

// theirs refuses a role that acts on its own only what is another's, as if it were not there.
func (l *Ledger) theirs(ctx context.Context, v Verb, role Role, s StreamID, handle string) error {
	if !slices.Contains(v.Own, role) {
		return nil
	}
	theirs, err := l.Concerns(ctx, s, handle)
	if err == nil && !theirs {
		err = NoStream(s)
	}
	return err
}

// NoStream is the answer to whoever asks for a stream that is not there, or not for them.
func NoStream(s StreamID) error {
	return &Error{Kind: KindNotFound, Code: "no-such-stream", Msg: Text{
		En: fmt.Sprintf("there is no %s", s), Zh: fmt.Sprintf("没有 %s", s),
	}}
}
