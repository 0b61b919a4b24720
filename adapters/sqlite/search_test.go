package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/organisation"
	"ttledger/domain/project"
	"ttledger/projections"
)

// BenchmarkSearch looks for two characters among 20,000 titles and names.
func BenchmarkSearch(b *testing.B) {
	d := newDesk(b, filepath.Join(b.TempDir(), "views.db"), projections.Views())
	defer d.views.Close()
	for i := range 10_000 {
		d.record(b, ledger.StreamID{Category: "organisation", ID: uuid.New()}, day("2021-06-15"),
			organisation.Registered{Names: ledger.Names{Zh: fmt.Sprintf("沈阳第%d装备制造有限公司", i), En: fmt.Sprintf("Shenyang Equipment Maker %d", i)}, Kind: "company"})
		d.record(b, ledger.StreamID{Category: "project", ID: uuid.New()}, day("2021-06-15"),
			project.ProjectProposed{Titles: ledger.Names{Zh: fmt.Sprintf("大型离心压缩机转子动力学第%d期", i), En: "Rotor dynamics of large compressors"}})
	}
	require.NoError(b, d.runner.CatchUp(b.Context()))
	for _, words := range [][]string{{"转子"}, {"冶炼"}, {"第9999"}} {
		b.Run(words[0], func(b *testing.B) {
			for b.Loop() {
				for _, view := range []string{"project-board", "organisation-register"} {
					_, err := d.views.Query(b.Context(), projections.Query{View: view, Words: words, Limit: 20})
					require.NoError(b, err)
				}
			}
		})
	}
}
