package projections_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/organisation"
	"ttledger/domain/person"
	"ttledger/domain/principal"
	"ttledger/domain/project"
	"ttledger/projections"
)

var aggregates = []ledger.Aggregate{principal.Aggregate, organisation.Aggregate, project.Aggregate, person.Aggregate}

// everyFact is one fact of each stored shape, as the domain's fixtures have it.
func everyFact(t *testing.T) []projections.Fact {
	var facts []projections.Fact
	for _, a := range aggregates {
		stream := ledger.StreamID{Category: a.Category, ID: uuid.NewSHA1(uuid.NameSpaceOID, []byte(a.Category))}
		for i, name := range a.Events {
			data, err := os.ReadFile(filepath.Join("../domain", a.Category, "testdata/events", name+".json"))
			require.NoError(t, err)
			e, err := a.Decode(name, data)
			require.NoError(t, err)
			n := len(facts) + 1
			facts = append(facts, projections.Fact{Event: e, Entry: ledger.Entry(n), Recorded: ledger.Recorded{
				Stream: stream, Version: ledger.Version(i + 1), Position: ledger.Position{Commit: uint64(n)},
				Proposed: ledger.Proposed{
					ID: ledger.EventID(stream, uuid.Nil, i), Type: name, Data: data,
					Meta: ledger.Metadata{
						Actor: "li.wei", Role: ledger.PM, OccurredOn: ledger.Day(2024, 1, n%28+1),
						RecordedAt: time.Date(2024, 2, 1, 0, 0, n, 0, time.UTC), Source: ledger.Source{Kind: "api"},
					},
				},
			}})
		}
	}
	return facts
}

// TestAFoldChangesOnlyWithItsVersion: rows that were built by one fold are not rebuilt unless the
// view's version moves, so what a version makes of the events is kept in a file. Where this
// fails for a change that is meant, raise the view's Version and keep the new rows beside the old.
func TestAFoldChangesOnlyWithItsVersion(t *testing.T) {
	facts := everyFact(t)
	for _, v := range projections.Views() {
		rows := projections.Replay(v, facts, projections.At{})
		named := map[string]map[string]any{}
		for key, values := range rows {
			named[key] = map[string]any{}
			for i, c := range v.Columns {
				if values[i] != nil {
					named[key][c.Name] = values[i]
				}
			}
		}
		got, err := json.MarshalIndent(named, "", "  ")
		require.NoError(t, err)
		file := fmt.Sprintf("testdata/%s.v%d.json", v.Name, v.Version)
		want, err := os.ReadFile(file)
		require.NoError(t, err, "the rows of a new version belong into %s:\n%s", file, got)
		require.JSONEq(t, string(want), string(got), v.Name)
	}
}

func TestAViewWithoutARoleOrALabelDoesNotBuild(t *testing.T) {
	type row struct {
		A string `en:"a" zh:"甲"`
	}
	type bare struct{ A string }
	spec := projections.Spec[row]{Name: "x", Version: 1, Roles: projections.Readers}
	require.NotPanics(t, func() { projections.NewView(spec) })
	spec.Roles = nil
	require.Panics(t, func() { projections.NewView(spec) })
	require.Panics(t, func() { projections.NewView(projections.Spec[bare]{Name: "x", Version: 1, Roles: projections.Readers}) })
}

func TestAFingerprintMovesWithNameVersionAndColumns(t *testing.T) {
	type row struct {
		A string `en:"a" zh:"甲"`
	}
	type wider struct {
		A string `en:"a" zh:"甲"`
		B int    `en:"b" zh:"乙"`
	}
	view := func(name string, version int) projections.View {
		return projections.NewView(projections.Spec[row]{Name: name, Version: version, Roles: projections.Readers})
	}
	first := projections.Fingerprint([]projections.View{view("x", 1)})
	require.Equal(t, first, projections.Fingerprint([]projections.View{view("x", 1)}))
	require.NotEqual(t, first, projections.Fingerprint([]projections.View{view("y", 1)}))
	require.NotEqual(t, first, projections.Fingerprint([]projections.View{view("x", 2)}))
	require.NotEqual(t, first, projections.Fingerprint([]projections.View{
		projections.NewView(projections.Spec[wider]{Name: "x", Version: 1, Roles: projections.Readers}),
	}))
}
