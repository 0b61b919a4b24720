package blobs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ttledger/adapters/blobs"
	"ttledger/domain/ledger"
)

func TestAFileStaysWhatItWas(t *testing.T) {
	d := blobs.Dir(filepath.Join(t.TempDir(), "blobs"))
	digest, err := d.Keep([]byte("序号,数量\r\n"))
	require.NoError(t, err)
	again, err := d.Keep([]byte("序号,数量\r\n"))
	require.NoError(t, err)
	require.Equal(t, digest, again)
	data, err := d.Read(digest)
	require.NoError(t, err)
	require.Equal(t, "序号,数量\r\n", string(data))

	path := filepath.Join(string(d), digest[:2], digest)
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, files, 1, "nothing unfinished is left")
	mode, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), mode.Mode().Perm())

	require.NoError(t, os.WriteFile(path, []byte("数量,序号\r\n"), 0o600))
	_, err = d.Read(digest)
	require.ErrorContains(t, err, "no longer what it was")
}

func TestWhatIsNotKept(t *testing.T) {
	d := blobs.Dir(t.TempDir())
	for _, digest := range []string{"", "../ledger.db", strings.Repeat("0", 64), strings.Repeat("A", 64), strings.Repeat("0", 65)} {
		_, err := d.Read(digest)
		require.Equal(t, "no-such-file", ledger.CodeOf(err), digest)
	}
	_, err := blobs.Dir(filepath.Join(t.TempDir(), "file\x00")).Keep([]byte("x"))
	require.Error(t, err)
}
