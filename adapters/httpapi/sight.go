package httpapi

import (
	"context"
	"fmt"
	"slices"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// sight is what of the ledger an actor sees. Of what is not seen nothing is told, not even that it
// is there.
type sight struct {
	handle     string
	everything bool
	reach      map[string]ledger.Reach  // by category
	own        map[ledger.StreamID]bool // where the reach is SeesOwn
}

// The most things of an actor who sees their own only.
const maxOwn = 10_000

// sightOf reads what concerns the actor, where their roles see no more. It may be a little behind,
// and then shows too little.
func (a *api) sightOf(ctx context.Context, actor ledger.Actor) (sight, error) {
	s := sight{handle: actor.Handle, everything: true, reach: map[string]ledger.Reach{}, own: map[ledger.StreamID]bool{}}
	limited := false
	for _, g := range a.Ledger.Aggregates {
		reach := g.Sight.Reach(actor.Roles)
		s.reach[g.Category] = reach
		s.everything = s.everything && reach == ledger.SeesAll
		limited = limited || reach == ledger.SeesOwn
	}
	if !limited {
		return s, nil
	}
	q := projections.Query{View: projections.Involvement.Name, Limit: maxOwn,
		Where: []projections.Where{{Column: "handle", Op: "eq", Values: []string{actor.Handle}}}}
	for page, err := range a.pages(ctx, q) {
		if err != nil {
			return s, err
		}
		column := slices.IndexFunc(page.Columns, func(c projections.Column) bool { return c.Name == "stream" })
		for _, row := range page.Rows {
			stream, err := ledger.ParseStreamID(fmt.Sprint(row[column]))
			if err != nil {
				return s, err
			}
			s.own[stream] = true
		}
	}
	return s, nil
}

// shows says whether a recorded event shows. An event that makes its stream the actor's own counts
// from itself on.
func (a *api) shows(s sight, r ledger.Recorded) (bool, error) {
	switch {
	case s.everything || s.reach[r.Stream.Category] == ledger.SeesAll:
		return true, nil
	case s.reach[r.Stream.Category] == ledger.SeesNone:
		return false, nil
	case s.own[r.Stream]:
		return true, nil
	}
	g, _ := a.Ledger.Aggregate(r.Stream.Category) // it has a reach
	e, err := g.Decode(r.Type, r.Data)
	if err == nil && slices.Contains(g.Sight.Concerns(e, r.Meta), s.handle) {
		s.own[r.Stream] = true
	}
	return s.own[r.Stream], err
}

// sees says whether an actor sees a stream; for their own it reads the stream itself and is never
// behind.
func (a *api) sees(ctx context.Context, actor ledger.Actor, stream ledger.StreamID) (bool, error) {
	g, ok := a.Ledger.Aggregate(stream.Category)
	if !ok {
		return false, nil
	}
	switch g.Sight.Reach(actor.Roles) {
	case ledger.SeesAll:
		return true, nil
	case ledger.SeesOwn:
		return a.Ledger.Concerns(ctx, stream, actor.Handle)
	}
	return false, nil
}

// only is the rows of a view that an actor sees; nil where that is all.
func (a *api) only(ctx context.Context, actor ledger.Actor, v projections.View) (*projections.Only, error) {
	if v.Of.Column == "" {
		return nil, nil
	}
	s, err := a.sightOf(ctx, actor)
	if err != nil || s.everything || v.Of.Category != "" && s.reach[v.Of.Category] == ledger.SeesAll {
		return nil, err
	}
	only := &projections.Only{Column: v.Of.Column}
	for stream := range s.own {
		switch v.Of.Category {
		case "":
			only.Values = append(only.Values, stream.String())
		case stream.Category:
			only.Values = append(only.Values, stream.ID.String())
		}
	}
	slices.Sort(only.Values)
	if v.Of.Category == "" {
		for category, reach := range s.reach {
			if reach == ledger.SeesAll {
				only.Prefixes = append(only.Prefixes, category+"-")
			}
		}
		slices.Sort(only.Prefixes)
	}
	return only, nil
}

// sighted refuses tables in which it is not said who sees what.
func (a *api) sighted() error {
	for _, g := range a.Ledger.Aggregates {
		if len(g.Sight.All)+len(g.Sight.Own) == 0 {
			return fmt.Errorf("httpapi: of the aggregate %s it is not said who sees its streams (SeenBy)", g.Category)
		}
		if len(g.Sight.Own) == 0 {
			continue
		}
		if g.Sight.Concerns == nil || projections.Concerning[g.Category] == nil {
			return fmt.Errorf("httpapi: roles see their own of %s, and it is not said whose it is (Concerns, projections.Concerning)", g.Category)
		}
		for _, v := range a.Views {
			if v.Of.Column == "" && overlap(v.Roles, g.Sight.Own) {
				return fmt.Errorf("httpapi: the view %s is open to roles that see their own of %s, and says not whose its rows are (Of)", v.Name, g.Category)
			}
		}
		for _, x := range a.Reports {
			if overlap(x.Roles, g.Sight.Own) {
				return fmt.Errorf("httpapi: the report %s counts over all and is open to roles that see their own of %s", x.Code, g.Category)
			}
		}
	}
	return nil
}

func overlap(a, b []ledger.Role) bool {
	return slices.ContainsFunc(a, func(r ledger.Role) bool { return slices.Contains(b, r) })
}
