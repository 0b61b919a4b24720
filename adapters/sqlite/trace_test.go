package sqlite

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ttledger/domain/ledger"
	"ttledger/domain/trace"
)

func openTrace(t *testing.T, path string, now func() time.Time) *Trace {
	t.Helper()
	opened, err := OpenTrace(path, now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	return opened
}

func TestATraceHoldsEveryAccessOnceAndInOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trace.db")
	first := openTrace(t, path, time.Now)
	beside := openTrace(t, path, time.Now) // an export beside the server
	var readers sync.WaitGroup
	for i := range 16 {
		to := []*Trace{first, beside}[i%2]
		readers.Go(func() {
			for range 20 {
				require.NoError(t, to.Record(t.Context(), trace.Access{Actor: "chen.aud", Roles: "AUD", Route: "stream", Request: "r"}))
			}
		})
	}
	readers.Wait()
	require.NoError(t, first.Close())
	require.Equal(t, ledger.KindUnavailable, ledger.KindOf(first.Record(t.Context(), trace.Access{})), "closed is not written")

	again := openTrace(t, path, time.Now)
	require.NoError(t, again.Record(t.Context(), trace.Access{Actor: "lin.dpo", Roles: "DPO", Route: "accesses", Entry: 7, AsOf: "2026-05", KnownAt: "6"}))
	all, err := again.Accesses(t.Context(), trace.Query{Limit: 1000})
	require.NoError(t, err)
	require.Len(t, all, 321)
	for i, a := range all {
		require.EqualValues(t, i+1, a.Seq)
		require.False(t, i > 0 && a.At.Before(all[i-1].At))
	}
	page, err := again.Accesses(t.Context(), trace.Query{After: 319, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, all[319:320], page)
	page, err = again.Accesses(t.Context(), trace.Query{Actor: "lin.dpo", Limit: 10})
	require.NoError(t, err)
	require.Equal(t, all[320:], page)
	stat, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), stat.Mode().Perm())
}

// A day ends at midnight in China; its digest is that of its rows, and a clock put back opens no
// day again.
func TestADayOfAccesses(t *testing.T) {
	clock := time.Date(2026, 6, 14, 15, 59, 59, 0, time.UTC)
	tr := openTrace(t, filepath.Join(t.TempDir(), "trace.db"), func() time.Time { return clock })
	record := func(at time.Time) {
		clock = at
		require.NoError(t, tr.Record(t.Context(), trace.Access{Actor: "chen.aud", Route: "view", Target: "timeline"}))
	}
	record(clock)
	record(clock)
	record(clock.Add(time.Second))
	record(clock.Add(-time.Hour))
	day, next := ledger.Day(2026, 6, 14), ledger.Day(2026, 6, 15)
	days, err := tr.Days(t.Context(), next)
	require.NoError(t, err)
	require.Equal(t, []ledger.Date{day}, days)

	rows, err := tr.Accesses(t.Context(), trace.Query{Day: day, Limit: 10})
	require.NoError(t, err)
	require.Len(t, rows, 2)
	want := trace.NewDigest()
	for _, a := range rows {
		want.Add(a)
	}
	seal, err := tr.Seal(t.Context(), day)
	require.NoError(t, err)
	require.Equal(t, want.Seal(day), seal)
	later, err := tr.Accesses(t.Context(), trace.Query{Day: next, Limit: 10})
	require.NoError(t, err)
	require.Len(t, later, 2)
}

func TestATraceIsAppendOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trace.db")
	tr := openTrace(t, path, time.Now)
	require.NoError(t, tr.Record(t.Context(), trace.Access{Actor: "chen.aud"}))
	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	require.NoError(t, err)
	defer c.Close()
	for _, text := range []string{
		"UPDATE accesses SET actor = 'x'", "DELETE FROM accesses",
		"INSERT OR REPLACE INTO accesses SELECT seq, at, day, 'x', roles, route, target, form, as_of, known_at, entry, request FROM accesses",
		"INSERT INTO accesses SELECT seq + 1, at - 1, day, actor, roles, route, target, form, as_of, known_at, entry, request FROM accesses",
	} {
		require.ErrorContains(t, sqlitex.Execute(c, text, nil), "append-only", text)
	}
}

func TestAnotherFileIsNoTrace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.db")
	c, err := sqlite.OpenConn(path)
	require.NoError(t, err)
	require.NoError(t, sqlitex.ExecuteScript(c, "CREATE TABLE x (y); PRAGMA application_id = 7;", nil))
	require.NoError(t, c.Close())
	_, err = OpenTrace(path, time.Now)
	require.ErrorContains(t, err, "not an access trace")
}
