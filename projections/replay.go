package projections

import (
	"maps"
	"slices"

	"ttledger/domain/ledger"
)

// Replay folds a view at one moment from zero: what its rows must be, by definition. facts are
// in entry order, as recorded; a zero AsOf or KnownAt is no bound. It is slow and obviously right:
// proofs and tests hold the stored rows against it.
func Replay(v View, facts []Fact, at At, decode func(name string, data []byte) (ledger.Event, error)) (map[string][]any, error) {
	known, err := Known(facts, at.KnownAt, decode)
	if err != nil {
		return nil, err
	}
	if v.keeps {
		known = facts[:len(known)] // as recorded
	}
	byKey := map[string][]Fact{}
	for _, f := range known {
		if !at.AsOf.IsZero() && f.Meta.OccurredOn.Compare(at.AsOf) > 0 {
			continue
		}
		for _, key := range v.keys(f) {
			byKey[key] = append(byKey[key], f)
		}
	}
	rows := map[string][]any{}
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		slices.SortStableFunc(byKey[key], byOccurrence)
		row := v.zero()
		for _, f := range byKey[key] {
			row = v.fold(row, key, f)
		}
		rows[key] = v.values(row)
	}
	return rows, nil
}
