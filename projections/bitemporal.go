package projections

import (
	"cmp"
	"context"
	"math"
	"slices"

	"ttledger/domain/ledger"
)

// Row is one version of one key's row: what it said, from which day it was true and from which
// entry the ledger believed so; until which day, and from which entry on that end was known; and
// before which entry it was believed at all. At day T and entry K it holds where
//
//	ValidFrom <= T and KnownFrom <= K < KnownTo and (T < ValidTo or K < EndKnown)
//
// The rows of a key never overlap, and those that hold at one entry cover every day from the
// first on. A fact that comes in order ends one row and begins another; that the former was once
// believed to last is not a row of its own.
type Row struct {
	Key       string
	ValidFrom string       // day
	ValidTo   string       // day, exclusive; Forever while it lasts
	EndKnown  ledger.Entry // from this entry on ValidTo is known; Open while it lasts
	KnownFrom ledger.Entry
	KnownTo   ledger.Entry // exclusive; Open while it is believed
	Values    []any
}

// Forever is the ValidTo of a row that still holds, and Open the KnownTo of one still believed.
const (
	Forever = "9999-12-31"
	Open    = ledger.Entry(math.MaxInt64)
)

// believed is a Row on the runner's desk.
type believed struct {
	Row
	doc    any
	stored bool // it came from the store, so its end is an update and not an insert
	ended  bool // by this batch
}

// book is the rows of one key while a batch is folded into them.
type book struct {
	view  View
	key   string
	rows  []believed // believed now, in order of ValidFrom; only the last until whole
	whole bool       // rows holds all that are believed, not only the last
	facts []Fact     // of this batch
	done  ViewChanges
}

// past is where a book gets what it did not load: needed only when a fact arrives late.
type past interface {
	believed(ctx context.Context, v View, key string) ([]Row, error)
	facts(ctx context.Context, v View, key string) ([]Fact, error)
}

// add folds one more fact in. A fact dated on or after the last row's first day extends it; a
// fact dated earlier came late, and all from its day on is folded again.
func (b *book) add(ctx context.Context, f Fact, from past) error {
	b.facts = append(b.facts, f)
	day := f.Meta.OccurredOn.First().String()
	if len(b.rows) > 0 && day < b.rows[len(b.rows)-1].ValidFrom {
		return b.refold(ctx, f.Entry, day, from, false)
	}
	doc := b.view.zero()
	if n := len(b.rows); n > 0 {
		last := &b.rows[n-1]
		doc = last.doc
		if day > last.ValidFrom {
			last.ValidTo, last.EndKnown, last.ended = day, f.Entry, true
		} else {
			b.close(*last, f.Entry)
			b.rows = b.rows[:n-1]
		}
	}
	doc = b.view.fold(doc, b.key, f)
	b.believe(day, Forever, f.Entry, doc)
	return nil
}

// refold puts a late fact in its place: rows that end by its day stay, the others are no longer
// believed from entry k on, and what follows from all facts of the key takes their place. Where a
// fact may have gone from the day, the row that ended by it does not stay either.
func (b *book) refold(ctx context.Context, k ledger.Entry, day string, from past, gone bool) error {
	facts, err := from.facts(ctx, b.view, b.key)
	if err != nil {
		return err
	}
	facts = append(facts, b.facts...)
	slices.SortFunc(facts, byOccurrence)
	if !b.whole {
		rows, err := from.believed(ctx, b.view, b.key)
		if err != nil {
			return err
		}
		if err := b.complete(rows); err != nil {
			return err
		}
	}
	start := day
	old := b.rows
	b.rows = nil
	for _, r := range old {
		if r.ValidTo < day || r.ValidTo == day && !gone {
			b.rows = append(b.rows, r)
			continue
		}
		start = min(start, r.ValidFrom)
		b.close(r, k)
	}
	doc := b.view.zero()
	for i, f := range facts {
		doc = b.view.fold(doc, b.key, f)
		first, end := f.Meta.OccurredOn.First().String(), Forever
		if i+1 < len(facts) {
			end = facts[i+1].Meta.OccurredOn.First().String()
		}
		if first != end && first >= start {
			b.believe(first, end, k, doc)
		}
	}
	return nil
}

// complete loads the believed rows that the batch did not need until now. Rows that the batch
// itself closed or ended are still open in the store and are left out.
func (b *book) complete(stored []Row) error {
	b.whole = true
	var earlier []believed
	for _, r := range stored {
		touched := slices.ContainsFunc(b.done.Ended, func(c Row) bool { return c.ValidFrom == r.ValidFrom && c.KnownFrom == r.KnownFrom }) ||
			slices.ContainsFunc(b.rows, func(c believed) bool { return c.ValidFrom == r.ValidFrom })
		if touched {
			continue
		}
		doc, err := b.view.scan(r.Values)
		if err != nil {
			return err
		}
		earlier = append(earlier, believed{Row: r, doc: doc, stored: true})
	}
	b.rows = append(earlier, b.rows...)
	slices.SortFunc(b.rows, func(x, y believed) int { return cmp.Compare(x.ValidFrom, y.ValidFrom) })
	return nil
}

// believe adds a row from entry k on.
func (b *book) believe(from, to string, k ledger.Entry, doc any) {
	row := Row{Key: b.key, ValidFrom: from, ValidTo: to, EndKnown: k, KnownFrom: k, KnownTo: Open, Values: b.view.values(doc)}
	if to == Forever {
		row.EndKnown = Open
	}
	b.rows = append(b.rows, believed{Row: row, doc: doc})
}

// close ends a row's belief at entry k.
func (b *book) close(r believed, k ledger.Entry) {
	r.KnownTo = k
	if r.stored {
		b.done.Ended = append(b.done.Ended, r.Row)
	} else if r.KnownFrom < k {
		b.done.New = append(b.done.New, r.Row)
	}
}

// changes is what the batch did to the key's rows.
func (b *book) changes() ViewChanges {
	for _, r := range b.rows {
		switch {
		case !r.stored:
			b.done.New = append(b.done.New, r.Row)
		case r.ended:
			b.done.Ended = append(b.done.Ended, r.Row)
		}
	}
	return b.done
}

// byOccurrence is the order in which facts are folded: by the first day they may mean, then by
// entry.
func byOccurrence(f, g Fact) int {
	return cmp.Or(f.Meta.OccurredOn.Compare(g.Meta.OccurredOn), cmp.Compare(f.Entry, g.Entry))
}
