package incubation

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// The policies that a ledger begins with have parameters that rules can read.
func TestTheSeedIsSound(t *testing.T) {
	for _, version := range []string{"INCUBATOR.2018", "INCUBATOR.2025", "ASF.2002"} {
		raw, err := os.ReadFile("../policy/seed/" + version + ".json")
		require.NoError(t, err)
		var seed struct {
			Form   string
			Params json.RawMessage
		}
		require.NoError(t, json.Unmarshal(raw, &seed))
		require.Equal(t, form, seed.Form)
		require.NoError(t, Rules[0].Check(seed.Params), version)
	}
}
