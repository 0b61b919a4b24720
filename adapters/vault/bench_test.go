package vault

import (
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// BenchmarkVault is what personal data costs a command: a text of a known subject sealed and
// opened, and a new subject's key made durable.
func BenchmarkVault(b *testing.B) {
	path := filepath.Join(b.TempDir(), "vault.db")
	require.NoError(b, Create(path, master, ledgerID))
	v, err := Open(path, master, ledgerID)
	require.NoError(b, err)
	defer v.Close()
	id := uuid.New()
	text, err := v.Seal(b.Context(), id, "name", []byte("王小明"))
	require.NoError(b, err)
	b.Run("seal", func(b *testing.B) {
		for b.Loop() {
			if _, err := v.Seal(b.Context(), id, "name", []byte("王小明")); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			if _, err := v.Open(b.Context(), id, "name", text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("new-subject", func(b *testing.B) {
		for b.Loop() {
			if _, err := v.Seal(b.Context(), uuid.New(), "name", []byte("王小明")); err != nil {
				b.Fatal(err)
			}
		}
	})
}
