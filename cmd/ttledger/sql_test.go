package main

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// sqlite3 asks the read models with the engine's own command line, a program that nobody here wrote.
func sqlite3(t *testing.T, data, query string) (string, error) {
	t.Helper()
	out, err := exec.Command("sqlite3", "-readonly", filepath.Join(data, "views.db"), query).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// TestAnySQLiteToolReadsBesideARunningServer: the v_… views answer while the server writes, each
// statement of one moment, and nothing can be written through them.
func TestAnySQLiteToolReadsBesideARunningServer(t *testing.T) {
	_, err := exec.LookPath("sqlite3")
	require.NoError(t, err, "apt-get install sqlite3: the test reads with a tool of others")
	o := newOffice(t)
	s := startServer(t, o.data)
	require.Eventually(t, func() bool {
		_, err := sqlite3(t, o.data, "SELECT count(*) FROM v_project_board")
		return err == nil
	}, 20*time.Second, 50*time.Millisecond, "the first read models are served")
	imported := make(chan error, 1)
	go func() {
		imported <- program(o.importArgs("--server", s.address)...).Run()
	}()
	seen, looks := 0, 0
	for done := false; !done; looks++ {
		select {
		case err := <-imported:
			require.NoError(t, err)
			done = true
		default:
		}
		// Both are written in one transaction, so no statement sees one without the other.
		both, err := sqlite3(t, o.data, "SELECT (SELECT count(*) FROM v_project_board), (SELECT count(*) FROM v_project_steps)")
		require.NoError(t, err, both)
		board, steps, _ := strings.Cut(both, "|")
		require.Equal(t, board, steps)
		n, err := strconv.Atoi(board)
		require.NoError(t, err)
		require.GreaterOrEqual(t, n, seen, "nothing that was shown is taken back")
		seen = n
	}
	require.Greater(t, looks, 3, "it was read while it was written")
	require.Eventually(t, func() bool {
		n, err := sqlite3(t, o.data, "SELECT count(*) FROM v_project_board")
		return err == nil && n == strconv.Itoa(strings.Count(must(t, "export", "view", "project-board", "--format", "ndjson", "--server", s.address, "--token-file", o.manager), "\n")-1)
	}, 20*time.Second, 50*time.Millisecond, "in the end both tell the same")
	out, err := sqlite3(t, o.data, "UPDATE v_project_board SET stage = 'completed'; DELETE FROM generations")
	require.Error(t, err)
	require.Contains(t, out, "cannot modify")
	out, err = sqlite3(t, o.data, "DELETE FROM generations")
	require.Error(t, err)
	require.Contains(t, out, "readonly")
	s.stop(t)
}
