package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// TestReportsNameEventsThatThereAre: reports that look for events by their stored names find those
// of every aggregate that is kept, and the parts of them that they look at.
func TestReportsNameEventsThatThereAre(t *testing.T) {
	kept := func(name string) (ledger.Aggregate, bool) {
		category, _, _ := strings.Cut(name, ".")
		i := slices.IndexFunc(aggregates, func(a ledger.Aggregate) bool { return a.Category == category })
		if i < 0 {
			return ledger.Aggregate{}, false
		}
		return aggregates[i], true
	}
	for _, name := range slices.Concat(projections.FourEyesTypes, projections.EvidenceTypes) {
		if a, ok := kept(name); ok {
			require.Contains(t, a.Events, name)
		}
	}
	for name, e := range projections.Exceptional {
		a, ok := kept(name)
		if !ok {
			continue
		}
		require.Contains(t, a.Events, name)
		event, err := a.Decode(name, []byte("{}"))
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(reflect.VisibleFields(reflect.TypeOf(event)), func(f reflect.StructField) bool {
			part, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			return part == e.Part
		}), "%s has no part %s", name, e.Part)
	}
}
