package vault

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"

	"ttledger/adapters/vault/vaulttest"
	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

var (
	master   = MasterKey(bytes.Repeat([]byte{7}, 32))
	ledgerID = uuid.MustParse("2f1e0d3c-4b5a-4968-8776-655443322110")
)

func open(t *testing.T, path string) *Vault {
	t.Helper()
	v, err := Open(path, master, ledgerID)
	require.NoError(t, err)
	t.Cleanup(func() { _ = v.Close() })
	return v
}

func begin(t *testing.T) (*Vault, string) {
	path := filepath.Join(t.TempDir(), "vault.db")
	require.NoError(t, Create(path, master, ledgerID))
	return open(t, path), path
}

func TestVaults(t *testing.T) {
	t.Run("file", func(t *testing.T) {
		vaulttest.Run(t, func(t *testing.T) ledger.Vault { v, _ := begin(t); return v })
	})
	t.Run("test", func(t *testing.T) {
		vaulttest.Run(t, func(*testing.T) ledger.Vault { return &ledgertest.Vault{} })
	})
}

func TestAVaultIsFoundAgain(t *testing.T) {
	v, path := begin(t)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	kept, lost := uuid.New(), uuid.New()
	a, err := v.Seal(t.Context(), kept, "name", []byte("王小明"))
	require.NoError(t, err)
	print, err := v.Digest(t.Context(), uuid.Nil, "id", []byte("x"))
	require.NoError(t, err)
	require.NoError(t, v.Erase(t.Context(), lost))
	require.NoError(t, v.Close())

	v = open(t, path)
	text, err := v.Open(t.Context(), kept, "name", a)
	require.NoError(t, err)
	require.Equal(t, "王小明", string(text))
	again, err := v.Digest(t.Context(), uuid.Nil, "id", []byte("x"))
	require.NoError(t, err)
	require.Equal(t, print, again)
	_, err = v.Seal(t.Context(), lost, "name", nil)
	require.Equal(t, "subject-erased", ledger.CodeOf(err))
	for id, want := range map[uuid.UUID]bool{kept: true, lost: true, uuid.New(): false} {
		known, err := v.Knows(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, want, known)
	}
	erased, err := v.Erased(t.Context())
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{lost}, erased)
}

func TestWhatIsNoVaultOfOursIsRefused(t *testing.T) {
	_, path := begin(t)
	other := MasterKey(bytes.Repeat([]byte{8}, 32))
	_, err := Open(path, other, ledgerID)
	require.ErrorContains(t, err, "another master key")
	_, err = Open(path, master, uuid.New())
	require.ErrorContains(t, err, "belongs to the ledger "+ledgerID.String())
	_, err = Open(path+".no", master, ledgerID)
	require.ErrorContains(t, err, "there is no vault at")
	require.NoFileExists(t, path+".no")
	require.Error(t, Create(path, master, ledgerID), "a path that is taken")

	text := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(text, bytes.Repeat([]byte("no database "), 100), 0o600))
	_, err = Open(text, master, ledgerID)
	require.Error(t, err)
}

func TestNothingIsSealedForNobody(t *testing.T) {
	v, _ := begin(t)
	_, err := v.Seal(t.Context(), uuid.Nil, "name", []byte("x"))
	require.Error(t, err)
	_, err = v.Open(t.Context(), uuid.New(), "name", []byte("x"))
	require.ErrorContains(t, err, "there is no key")
}

// A ciphertext tells neither a text nor how long it is.
func TestShortTextsAreAsLong(t *testing.T) {
	v, _ := begin(t)
	id := uuid.New()
	a, err := v.Seal(t.Context(), id, "name", []byte("王五"))
	require.NoError(t, err)
	b, err := v.Seal(t.Context(), id, "name", []byte("欧阳小明"))
	require.NoError(t, err)
	require.Len(t, b, len(a))
}

// wrappedKeys is the stored bytes of all keys, by subject.
func wrappedKeys(t *testing.T, v *Vault) map[uuid.UUID][]byte {
	keys := map[uuid.UUID][]byte{}
	require.NoError(t, v.execute("SELECT subject, wrapped FROM keys", func(s *sqlite.Stmt) {
		keys[uuid.UUID(blob(s, 0))] = blob(s, 1)
	}))
	return keys
}

// directoryBytes is every byte of every file beside the vault.
func directoryBytes(t *testing.T, path string) []byte {
	var all []byte
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(filepath.Dir(path), f.Name()))
		require.NoError(t, err)
		all = append(all, data...)
	}
	return all
}

// TestAnErasedKeyIsNowhere reads the bytes of the file, its journal and its free pages, after
// each erasure and after pages were split and reused.
func TestAnErasedKeyIsNowhere(t *testing.T) {
	v, path := begin(t)
	var subjects []uuid.UUID
	make := func(n int) {
		for range n {
			id := uuid.New()
			_, err := v.Seal(t.Context(), id, "name", []byte("x"))
			require.NoError(t, err)
			subjects = append(subjects, id)
		}
	}
	make(200) // several pages
	keys := wrappedKeys(t, v)
	require.Len(t, keys, 200)
	require.True(t, bytes.Contains(directoryBytes(t, path), keys[subjects[0]]), "the test sees what is there")
	for i, id := range subjects[:200] {
		if i%2 == 1 {
			continue
		}
		require.NoError(t, v.Erase(t.Context(), id))
		if i%20 == 0 {
			require.NotContains(t, string(directoryBytes(t, path)), string(keys[id]), "at once")
			make(5)
		}
	}
	all := directoryBytes(t, path)
	for i, id := range subjects[:200] {
		require.Equal(t, i%2 == 1, bytes.Contains(all, keys[id][12:]), "subject %d", i)
	}
	require.NoError(t, v.Close())
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, files, 1, "no journal stays")
}

func TestMasterKeys(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "master.key")
	made, err := NewMasterKey(path)
	require.NoError(t, err)
	read, err := ReadMasterKey(path)
	require.NoError(t, err)
	require.Equal(t, made, read)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	_, err = NewMasterKey(path)
	require.ErrorContains(t, err, "is taken", "a master key is never replaced")
	require.NotContains(t, fmt.Sprintf("%v %x %s %#v %d", made, made, made, made, made), fmt.Sprintf("%x", made[:4]))

	require.NoError(t, os.Chmod(path, 0o640))
	_, err = ReadMasterKey(path)
	require.ErrorContains(t, err, "open to others")
	require.NoError(t, os.WriteFile(path, []byte("abc"), 0o600))
	require.NoError(t, os.Chmod(path, 0o600))
	_, err = ReadMasterKey(path)
	require.ErrorContains(t, err, "64 hex digits")
	_, err = ReadMasterKey(path + ".no")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// FuzzOpen: whatever is handed in as ciphertext is refused, and never a panic.
func FuzzOpen(f *testing.F) {
	key := sha256.Sum256([]byte("k"))
	f.Add([]byte{})
	f.Add([]byte{sealedV1})
	f.Add(seal(key[:], []byte("x"), []byte("elsewhere")))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := unseal(key[:], data, []byte("here"))
		require.Error(t, err)
	})
}
