package contract

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
)

// The policies that a new ledger may adopt are parameters that rules can read.
func TestSeeds(t *testing.T) {
	files, err := filepath.Glob("../policy/seed/*.json")
	require.NoError(t, err)
	read := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		var seed struct {
			Form   string          `json:"form"`
			Params json.RawMessage `json:"params"`
		}
		require.NoError(t, json.Unmarshal(raw, &seed), file)
		if i := slices.IndexFunc(Rules, func(r ledger.RuleForm) bool { return r.Name == seed.Form }); i >= 0 {
			require.NoError(t, Rules[i].Check(seed.Params), file)
			read++
		}
	}
	require.GreaterOrEqual(t, read, 5)
}
