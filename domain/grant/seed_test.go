package grant

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestThePoliciesThatComeWithIt(t *testing.T) {
	files, err := filepath.Glob("../policy/seed/*.json")
	require.NoError(t, err)
	checked := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		var version struct {
			Form   string
			Params json.RawMessage
		}
		require.NoError(t, json.Unmarshal(data, &version))
		if version.Form == "subsidy-scheme" {
			require.NoError(t, Rules[0].Check(version.Params), file)
			checked++
		}
	}
	require.NotZero(t, checked)
}
