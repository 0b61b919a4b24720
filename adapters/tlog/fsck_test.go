package tlog

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fsck is tessera's checker of logs, built from .ci/tools.mod. Where it is not to be had, as without
// a network, its tests are left out, but not where TTLEDGER_FSCK says that it must be (.ci/run).
func fsck(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "tool", "-modfile=../../.ci/tools.mod", "-n", "fsck").Output()
	if err != nil && os.Getenv("TTLEDGER_FSCK") == "" {
		t.Skip("tessera's fsck cannot be built here: ", err)
	}
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

// TestTesserasFsckFindsNothing runs it with more than two workers, because with one it can hang, for a
// time, and requires its word: its exit says nothing.
func TestTesserasFsckFindsNothing(t *testing.T) {
	program := fsck(t)
	check := func(b *book) string {
		raw, err := os.ReadFile(filepath.Join(b.dir, KeysFile))
		require.NoError(t, err)
		key := filepath.Join(t.TempDir(), "key")
		require.NoError(t, os.WriteFile(key, []byte(ParseKeys(raw)[0]), 0o600))
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		out, _ := exec.CommandContext(ctx, program, "--storage_url=file://"+b.dir+"/", "--public_key="+key, "--ui=false", "--N=4", "--logtostderr").CombinedOutput()
		return string(out)
	}
	b := newBook(t)
	for _, n := range []int{1, 255, 1, 1000, 65_536} {
		b.record(n)
		c := b.seal()
		require.Contains(t, check(b), fmt.Sprintf("Successfully fsck'd log with size %d", c.N))
	}
	flip(t, filepath.Join(b.dir, "tile/0/100"))
	require.NotContains(t, check(b), "Successfully", "it does look")
}
