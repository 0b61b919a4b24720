package facility

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// The policies that a ledger begins with have parameters that rules can read.
func TestTheSeedIsSound(t *testing.T) {
	for i, version := range []string{"CHIEF-SCIENTIST.2021", "WORKSTATION.2021"} {
		raw, err := os.ReadFile("../policy/seed/" + version + ".json")
		require.NoError(t, err)
		var seed struct {
			Form   string
			Params json.RawMessage
		}
		require.NoError(t, json.Unmarshal(raw, &seed))
		require.Equal(t, Rules[i].Name, seed.Form)
		require.NoError(t, Rules[i].Check(seed.Params), version)
	}
}
