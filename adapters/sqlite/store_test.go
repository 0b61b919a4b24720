package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ttledger/adapters/memory"
	"ttledger/adapters/storetest"
	"ttledger/domain/ledger"
)

var storeLedgerID = uuid.MustParse("0197a3d2-5b1c-7c3e-9f00-3f1f2a6b7c8d")

// newLedger makes a ledger and answers its path.
func newLedger(t testing.TB) string {
	path := filepath.Join(t.TempDir(), "ledger.db")
	require.NoError(t, Create(path, storeLedgerID))
	return path
}

func openLedger(t testing.TB, path string) *Store {
	s, err := Open(path, storetest.Clock())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// runSQL runs SQL on the file as a tool of somebody else's would.
func runSQL(t testing.TB, path, sql string) error {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	require.NoError(t, err)
	defer conn.Close()
	return sqlitex.ExecuteScript(conn, sql, nil)
}

func noteStream() ledger.StreamID { return ledger.StreamID{Category: "project", ID: uuid.New()} }

func noted() ledger.Proposed {
	command := uuid.New()
	return ledger.Proposed{ID: uuid.New(), Type: "project.noted.v1", Data: []byte(`{"note":"` + strings.Repeat("技", 40) + `"}`), Meta: ledger.Metadata{
		Ledger: storeLedgerID, Command: command, Digest: strings.Repeat("5e", 32), Actor: "ada", Role: ledger.PM,
		Correlation: command, OccurredOn: ledger.Day(2026, 5, 4), Source: ledger.Source{Kind: "api"},
	}}
}

func appendN(t testing.TB, s *Store, stream ledger.StreamID, expected ledger.Version, n int) {
	var list []ledger.Proposed
	for range n {
		list = append(list, noted())
	}
	_, err := s.Append(t.Context(), stream, expected, list)
	require.NoError(t, err)
}

func readStream(t testing.TB, s *Store, stream ledger.StreamID) (list []ledger.Recorded, err error) {
	for r, err := range s.Read(t.Context(), stream, 0) {
		if err != nil {
			return list, err
		}
		list = append(list, r)
	}
	return list, nil
}

// readFeed follows from the start until the feed is live.
func readFeed(t testing.TB, s *Store) (list []ledger.Recorded, err error) {
	for b, err := range s.Follow(t.Context(), ledger.Position{}) {
		if err != nil {
			return list, err
		}
		if list = append(list, b.Events...); b.Live {
			break
		}
	}
	return list, nil
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store { return openLedger(t, newLedger(t)) })
}

func TestStoreIsLikeTheReference(t *testing.T) {
	storetest.Alike(t, memory.New(storetest.Clock()), openLedger(t, newLedger(t)))
}

func TestReopeningKeepsEverything(t *testing.T) {
	path, stream := newLedger(t), noteStream()
	s := openLedger(t, path)
	appendN(t, s, stream, 0, 300)
	before, err := readFeed(t, s)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "closing twice is harmless")
	_, err = s.Append(t.Context(), stream, 300, []ledger.Proposed{noted()})
	require.Equal(t, ledger.KindUnavailable, ledger.KindOf(err))
	_, err = readFeed(t, s)
	require.Error(t, err)
	require.NoFileExists(t, path+"-wal")

	s = openLedger(t, path)
	require.Equal(t, storeLedgerID, s.LedgerID())
	after, err := readFeed(t, s)
	require.NoError(t, err)
	require.Equal(t, before, after)
	appendN(t, s, stream, 300, 1)
	after, err = readFeed(t, s)
	require.NoError(t, err)
	require.False(t, after[300].Meta.RecordedAt.Before(after[299].Meta.RecordedAt), "the clock starts anew, the record does not")
}

func TestReadingBesideTheWriter(t *testing.T) {
	path, stream := newLedger(t), noteStream()
	s := openLedger(t, path)
	appendN(t, s, stream, 0, 2)
	reader, err := OpenReadOnly(path)
	require.NoError(t, err)
	defer reader.Close()
	require.Equal(t, storeLedgerID, reader.LedgerID())
	_, err = reader.Append(t.Context(), stream, 2, []ledger.Proposed{noted()})
	require.Equal(t, ledger.KindUnavailable, ledger.KindOf(err))

	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	seen := 0
	for b, err := range reader.Follow(ctx, ledger.Position{}) {
		require.NoError(t, err)
		if seen += len(b.Events); seen == 3 {
			break
		}
		appendN(t, s, stream, 2, 1)
	}
}

func TestOneFileOfManyIsALedger(t *testing.T) {
	dir := t.TempDir()
	text, database, newer := filepath.Join(dir, "a.txt"), filepath.Join(dir, "a.db"), newLedger(t)
	require.NoError(t, os.WriteFile(text, []byte(strings.Repeat("not a database\n", 1000)), 0o600))
	require.NoError(t, os.WriteFile(database, nil, 0o600))
	require.NoError(t, runSQL(t, database, "CREATE TABLE t (x)"))
	require.NoError(t, runSQL(t, newer, "PRAGMA user_version = 2"))
	for path, says := range map[string]string{
		filepath.Join(dir, "missing.db"): "there is no ledger at",
		text:                             "is not a ledger",
		database:                         "is not a ledger",
		newer:                            "has format level 2 and this program reads level 1",
	} {
		_, err := Open(path, time.Now)
		require.ErrorContains(t, err, says)
		_, err = OpenReadOnly(path)
		require.ErrorContains(t, err, says)
	}
	require.NoFileExists(t, filepath.Join(dir, "missing.db"))
	require.ErrorIs(t, Create(text, storeLedgerID), os.ErrExist)
}

func TestTriggersRefuseChanges(t *testing.T) {
	path, stream := newLedger(t), noteStream()
	s := openLedger(t, path)
	appendN(t, s, stream, 0, 3)
	before, err := readFeed(t, s)
	require.NoError(t, err)
	for _, sql := range []string{
		"UPDATE events SET data = '{}' WHERE position = 2",
		"DELETE FROM events WHERE position = 3",
		"DELETE FROM events",
		"REPLACE INTO events SELECT position, stream, version, id, type, metadata, '{}' FROM events WHERE position = 2",
		"REPLACE INTO events SELECT 4, stream, version, id, type, metadata, '{}' FROM events WHERE position = 2",
		"UPDATE ledger SET id = ''",
		"DELETE FROM ledger",
		"REPLACE INTO ledger VALUES (1, '')",
	} {
		require.ErrorContains(t, runSQL(t, path, sql), "the ledger is append-only", sql)
	}
	after, err := readFeed(t, s)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestADamagedLedgerIsAnError(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, path string){
		"an event is gone": func(t *testing.T, path string) {
			require.NoError(t, runSQL(t, path, "DROP TRIGGER events_are_not_deleted; DELETE FROM events WHERE position = 150"))
		},
		"an envelope is not one": func(t *testing.T, path string) {
			require.NoError(t, runSQL(t, path, "DROP TRIGGER events_are_not_updated; UPDATE events SET metadata = '{}x' WHERE position = 150"))
		},
		"pages are overwritten": func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			require.NoError(t, err)
			info, err := f.Stat()
			require.NoError(t, err)
			_, err = f.WriteAt([]byte(strings.Repeat("\xa5", int(info.Size()/2))), info.Size()/4)
			require.NoError(t, err)
			require.NoError(t, f.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			path, stream := newLedger(t), noteStream()
			s := openLedger(t, path)
			appendN(t, s, stream, 0, 300)
			require.NoError(t, s.Close())
			damage(t, path)
			s, err := OpenReadOnly(path)
			require.NoError(t, err)
			defer s.Close()
			some, err := readStream(t, s, stream)
			require.Error(t, err)
			require.Less(t, len(some), 150)
			some, err = readFeed(t, s)
			require.Error(t, err)
			require.Less(t, len(some), 150)
		})
	}
}

func TestAPositionBeyondTheEndIsAnError(t *testing.T) {
	s := openLedger(t, newLedger(t))
	appendN(t, s, noteStream(), 0, 3)
	for _, err := range s.Follow(t.Context(), ledger.Position{Commit: 4, Prepare: 4}) {
		require.ErrorContains(t, err, "no event stands at this position")
	}
}

func TestAFullQueueIsUnavailable(t *testing.T) {
	path := newLedger(t)
	s := openLedger(t, path)
	blocker, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	require.NoError(t, err)
	defer blocker.Close()
	require.NoError(t, sqlitex.ExecuteTransient(blocker, "BEGIN IMMEDIATE", nil))

	cancelled, cancel := context.WithCancel(t.Context())
	defer cancel()
	dropped := noteStream()
	var waits []func() (ledger.Position, error)
	for err == nil {
		var wait func() (ledger.Position, error)
		if wait, err = s.Enqueue(t.Context(), noteStream(), 0, []ledger.Proposed{noted()}); err == nil {
			waits = append(waits, wait)
		}
		if len(waits) == 500 {
			_, err = s.Enqueue(cancelled, dropped, 0, []ledger.Proposed{noted()})
			cancel()
		}
		require.Less(t, len(waits), 5000)
	}
	require.Equal(t, ledger.KindUnavailable, ledger.KindOf(err))
	require.Equal(t, "queue-full", ledger.CodeOf(err))

	require.NoError(t, sqlitex.ExecuteTransient(blocker, "ROLLBACK", nil))
	for i, wait := range waits {
		position, err := wait()
		require.NoError(t, err)
		require.Equal(t, uint64(i+1), position.Commit, "the order of the queue is the order of the store")
	}
	list, err := readFeed(t, s)
	require.NoError(t, err)
	require.Len(t, list, len(waits), "what was refused was not written, nor what nobody waited for any more")
}

func TestAppendsUnderWayKeepTheirOrder(t *testing.T) {
	s, stream := openLedger(t, newLedger(t)), noteStream()
	var waits []func() (ledger.Position, error)
	for version := range ledger.Version(100) {
		wait, err := s.Enqueue(t.Context(), stream, version, []ledger.Proposed{noted()})
		require.NoError(t, err)
		waits = append(waits, wait)
	}
	_, err := s.Append(t.Context(), stream, 100, []ledger.Proposed{noted()})
	require.NoError(t, err, "an append goes behind what is under way")
	wrong, err := s.Enqueue(t.Context(), stream, 7, []ledger.Proposed{noted()})
	require.NoError(t, err)
	for i, wait := range waits {
		position, err := wait()
		require.NoError(t, err)
		require.Equal(t, uint64(i+1), position.Commit)
	}
	_, err = wrong()
	require.Equal(t, ledger.KindConflict, ledger.KindOf(err))
}

func TestTheLogIsCheckpointed(t *testing.T) {
	path := newLedger(t)
	s := openLedger(t, path)
	appendN(t, s, noteStream(), 0, 1)
	appendN(t, s, noteStream(), 0, checkpointPages*pageBytes/400)
	copied := func() bool {
		file, err := os.Stat(path)
		return err == nil && file.Size() > checkpointPages*pageBytes
	}
	require.Eventually(t, copied, 30*time.Second, 5*time.Millisecond, "the log is copied while the store is open")
}

const crashPath = "TTLEDGER_TEST_CRASH"

// TestAKilledWriterLosesNothing runs itself as a child that appends until it is killed.
func TestAKilledWriterLosesNothing(t *testing.T) {
	if path := os.Getenv(crashPath); path != "" {
		appendForEver(t, path)
		return
	}
	path := newLedger(t)
	acknowledged := map[string]ledger.Version{}
	for range 3 {
		killedWhileAppending(t, path, acknowledged)
		s := openLedger(t, path)
		for name, version := range acknowledged {
			stream, err := ledger.ParseStreamID(name)
			require.NoError(t, err)
			list, err := readStream(t, s, stream)
			require.NoError(t, err)
			require.GreaterOrEqual(t, ledger.Version(len(list)), version, "%s lost what was acknowledged", name)
		}
		_, err := readFeed(t, s)
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	require.NoError(t, err)
	defer conn.Close()
	stmt, _, err := conn.PrepareTransient("PRAGMA integrity_check")
	require.NoError(t, err)
	defer stmt.Finalize()
	verdict, err := sqlitex.ResultText(stmt)
	require.NoError(t, err)
	require.Equal(t, "ok", verdict)
}

// killedWhileAppending notes each stream's last acknowledged version until the child is dead.
func killedWhileAppending(t *testing.T, path string, acknowledged map[string]ledger.Version) {
	ctx, kill := context.WithCancel(t.Context())
	defer kill()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestAKilledWriterLosesNothing$")
	child.Env = append(os.Environ(), crashPath+"="+path)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	lines, count := bufio.NewScanner(out), 0
	for ; lines.Scan(); count++ {
		if count == 0 {
			time.AfterFunc(time.Duration(rand.Int64N(int64(600*time.Millisecond))), kill)
		}
		var name string
		var version ledger.Version
		if _, err := fmt.Sscanf(lines.Text(), "acknowledged %s %d.", &name, &version); err == nil {
			acknowledged[name] = max(acknowledged[name], version)
		}
	}
	require.Error(t, child.Wait(), "the child was killed")
	require.NotZero(t, count)
}

func appendForEver(t *testing.T, path string) {
	s, err := Open(path, time.Now)
	require.NoError(t, err)
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			stream := noteStream()
			for version := ledger.Version(0); ; version++ {
				if _, err := s.Append(t.Context(), stream, version, []ledger.Proposed{noted()}); err != nil {
					t.Error(err)
					return
				}
				fmt.Printf("acknowledged %s %d.\n", stream, version+1)
			}
		})
	}
	writers.Wait()
}

// BenchmarkAppend reports the rate of durable appends as a multiple of what the same disk does
// when each event is written to a plain file and synced, measured in the same run.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := openLedger(b, newLedger(b))
			before := syncsPerSecond(b)
			b.ResetTimer()
			var next atomic.Int64
			var working sync.WaitGroup
			for range writers {
				working.Go(func() {
					for next.Add(1) <= int64(b.N) {
						if _, err := s.Append(b.Context(), noteStream(), 0, []ledger.Proposed{noted()}); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			working.Wait()
			b.StopTimer()
			rate := float64(b.N) / b.Elapsed().Seconds()
			disk := (before + syncsPerSecond(b)) / 2
			b.ReportMetric(rate, "events/s")
			b.ReportMetric(disk, "syncs/s")
			b.ReportMetric(rate/disk, "x-disk")
		})
	}
}

// syncsPerSecond is how often a second the disk takes one event's bytes durably.
func syncsPerSecond(b *testing.B) float64 {
	f, err := os.Create(filepath.Join(b.TempDir(), "baseline"))
	require.NoError(b, err)
	defer f.Close()
	e := noted()
	e.Meta.RecordedAt = time.Now().UTC()
	meta, err := ledger.EncodeMetadata(e.Meta)
	require.NoError(b, err)
	const rounds = 500
	start := time.Now()
	for range rounds {
		_, err := f.Write(append(meta, e.Data...))
		require.NoError(b, err)
		require.NoError(b, f.Sync())
	}
	return rounds / time.Since(start).Seconds()
}

func TestBehindCountsWhatWasNotSeen(t *testing.T) {
	s := openLedger(t, newLedger(t))
	events, _, err := s.Behind(t.Context(), ledger.Position{})
	require.NoError(t, err)
	require.Zero(t, events)
	var commits []Commit
	s.Watch(func(c Commit) { commits = append(commits, c) })
	first, err := s.Append(t.Context(), noteStream(), 0, []ledger.Proposed{noted()})
	require.NoError(t, err)
	appendN(t, s, noteStream(), 0, 1)
	events, since, err := s.Behind(t.Context(), first)
	require.NoError(t, err)
	require.EqualValues(t, 1, events)
	require.False(t, since.IsZero())
	s.Watch(nil)
	require.Len(t, commits, 2)
	require.Equal(t, 1, commits[0].Requests)
	require.Len(t, commits[0].Waited, 1)
}
