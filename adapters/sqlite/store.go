// Package sqlite keeps a ledger, and the read models made from it, in SQLite files.
//
// store.go, writer.go and checkpoint.go with ledger.sql are the record: ledger.db, append-only.
// One writer commits what is queued as one transaction, so that many callers share an fsync and
// each is answered only after its own. views.go and query.go with views.sql are the read models,
// a file of their own that can be deleted. trace.go with trace.sql is who read what, append-only
// too. The three know nothing of each other.
//
// The package knows the shape of an envelope and no domain event. It talks to the engine
// directly, without database/sql.
package sqlite

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

//go:embed ledger.sql
var ledgerSchema string

const (
	applicationID = 0x74746c67 // "ttlg": the file is a ledger
	formatLevel   = 1          // a newer level is refused rather than misread

	queueBound  = 1024 // requests waiting for the writer; beyond it Append is Unavailable
	commitBound = 256  // requests in one transaction
	pageSize    = 256  // events in one read transaction, and in one Batch
	readers     = 8    // connections for reading

	pageBytes       = 4 << 10
	checkpointPages = 1000     // about so many new pages of the log ask for a checkpoint
	restartPages    = 4000     // about so many begin it anew
	logBoundBytes   = 64 << 20 // beyond it the log is cut

	lockWait    = 5 * time.Second        // for another process to let go
	restartWait = 200 * time.Millisecond // for readers to leave the log, while writes wait
	pollWait    = 250 * time.Millisecond // of a read-only store, which nobody wakes
)

// Store is a ledger in a file. It is ledger.Streams and projections.Feed, and safe for
// concurrent use. Only one process may have a file open for writing; any number may read it.
type Store struct {
	path     string
	ledgerID uuid.UUID
	readOnly bool
	now      func() time.Time
	pool     *sqlitex.Pool // readers

	mu      sync.RWMutex // orders appends before Close
	closed  bool
	queue   chan *appendRequest
	pending atomic.Int64   // in the queue or in the writer's hands
	writes  sync.WaitGroup // the writer

	turn   sync.Mutex   // to write; guards the next four
	writer *sqlite.Conn // until Close
	last   tail
	grown  int // pages written since the last checkpoint, about
	logged int // and since the log was begun

	checkpointer  *sqlite.Conn
	checkpoint    chan struct{} // asks for one
	checkpointing atomic.Bool   // from the request until it is done
	checkpoints   sync.WaitGroup
	checkpointErr error // the checkpointer's until checkpoints is done
	restartErr    error // the writer's until writes is done

	heads heads
	watch atomic.Pointer[func(Commit)]

	wake sync.Mutex
	grew chan struct{} // closed by the next commit
}

// Create makes a new, empty ledger with an id. It refuses a path that is taken.
func Create(path string, ledgerID uuid.UUID) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("create ledger: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("create ledger: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("create ledger %s: %w", path, errors.Join(err, os.Remove(path)))
		}
	}()
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	for _, pragma := range []string{fmt.Sprintf("page_size = %d", pageBytes), "journal_mode = WAL", "synchronous = FULL"} {
		if err := sqlitex.ExecuteTransient(conn, "PRAGMA "+pragma, nil); err != nil {
			return err
		}
	}
	// One transaction: a file is marked as a ledger only when it is a whole one.
	return sqlitex.ExecuteScript(conn, fmt.Sprintf("%s\nINSERT INTO ledger (one, id) VALUES (1, '%s');\nPRAGMA application_id = %d;\nPRAGMA user_version = %d;",
		ledgerSchema, ledgerID, applicationID, formatLevel), nil)
}

// Open opens a ledger for reading and writing; now is the clock of RecordedAt. It refuses a
// path where there is no ledger, or one of a newer format.
func Open(path string, now func() time.Time) (*Store, error) {
	s, err := openStore(path, false)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	s.now = now
	s.queue, s.checkpoint = make(chan *appendRequest, queueBound), make(chan struct{}, 1)
	s.writes.Go(s.write)
	s.checkpoints.Go(s.runCheckpoints)
	return s, nil
}

// OpenReadOnly opens a ledger that another process may be writing. Append is refused, and
// Follow notices what is new a little later.
func OpenReadOnly(path string) (*Store, error) {
	s, err := openStore(path, true)
	if err != nil {
		return nil, fmt.Errorf("open ledger for reading: %w", err)
	}
	return s, nil
}

func openStore(path string, readOnly bool) (s *Store, err error) {
	s = &Store{path: path, readOnly: readOnly, grew: make(chan struct{})}
	if s.ledgerID, err = identify(path); err != nil {
		return nil, err
	}
	if !readOnly {
		if s.writer, err = connect(path); err != nil {
			return nil, err
		}
		if s.checkpointer, err = connect(path); err != nil {
			return nil, errors.Join(err, s.writer.Close())
		}
	}
	s.pool, err = sqlitex.NewPool(path, sqlitex.PoolOptions{Flags: sqlite.OpenReadOnly, PoolSize: readers, PrepareConn: prepareConn})
	if err != nil && !readOnly {
		return nil, errors.Join(err, s.checkpointer.Close(), s.writer.Close())
	}
	return s, err
}

// identify reads the ledger's id without changing the file, and says why it is none of ours.
func identify(path string) (uuid.UUID, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		// SQLite would create it; a missing file mostly means a wrong path.
		return uuid.Nil, fmt.Errorf("there is no ledger at %s", path)
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return uuid.Nil, err
	}
	defer conn.Close()
	conn.SetBusyTimeout(lockWait)
	application, err := selectOne(conn, "PRAGMA application_id", sqlitex.ResultInt64)
	switch {
	case sqlite.ErrCode(err) == sqlite.ResultNotADB, err == nil && application != applicationID:
		return uuid.Nil, fmt.Errorf("%s is not a ledger", path)
	case err != nil:
		return uuid.Nil, err
	}
	level, err := selectOne(conn, "PRAGMA user_version", sqlitex.ResultInt64)
	if err != nil {
		return uuid.Nil, err
	}
	if level != formatLevel {
		return uuid.Nil, fmt.Errorf("%s has format level %d and this program reads level %d; use a newer release", path, level, formatLevel)
	}
	id, err := selectOne(conn, "SELECT id FROM ledger", sqlitex.ResultText)
	if err != nil {
		return uuid.Nil, err
	}
	return uuid.Parse(id)
}

func selectOne[T any](conn *sqlite.Conn, query string, result func(*sqlite.Stmt) (T, error)) (T, error) {
	stmt, err := conn.Prepare(query)
	if err != nil {
		var none T
		return none, err
	}
	return result(stmt)
}

func connect(path string) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	if err := prepareConn(conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// prepareConn sets what SQLite keeps per connection and not in the file.
func prepareConn(conn *sqlite.Conn) error {
	conn.SetBusyTimeout(lockWait)
	for _, pragma := range []string{
		"synchronous = FULL",     // with NORMAL a power cut loses acknowledged events
		"wal_autocheckpoint = 0", // they happen off the write path
		"cell_size_check = ON",   // a damaged page is an error and not a guess
		"cache_size = -32768",    // 32 MiB: the index on streams is looked up at random
	} {
		if err := sqlitex.ExecuteTransient(conn, "PRAGMA "+pragma, nil); err != nil {
			return err
		}
	}
	return nil
}

// LedgerID is the id the ledger was created with.
func (s *Store) LedgerID() uuid.UUID { return s.ledgerID }

// Close finishes what is queued, empties the write-ahead log and closes the file. Whoever still
// follows gets an error.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	if !s.readOnly {
		close(s.queue)
	}
	s.mu.Unlock()
	s.writes.Wait()
	var failed error
	if !s.readOnly {
		close(s.checkpoint)
		s.checkpoints.Wait()
		failed = errors.Join(s.checkpointErr, s.restartErr, s.checkpointer.Close())
	}
	failed = errors.Join(failed, s.pool.Close())
	s.wake.Lock()
	close(s.grew) // and left closed: followers come to see that the pool is closed
	s.wake.Unlock()
	if !s.readOnly {
		failed = errors.Join(failed, s.empty("TRUNCATE"), s.writer.Close())
	}
	return failed
}

// A bare parameter in a range or limit makes the engine plan the statement anew for each value;
// an expression does not.
const (
	selectStream = "SELECT position, stream, version, id, type, metadata, data FROM events WHERE stream = ?1 AND version > ?2 + 0 ORDER BY version LIMIT ?3 + 0"
	selectFeed   = "SELECT position, stream, version, id, type, metadata, data FROM events WHERE position > ?1 + 0 ORDER BY position LIMIT ?2 + 0"
)

// Read is ledger.Streams. It reads a page at a time and holds no connection while the caller
// looks at an event.
func (s *Store) Read(ctx context.Context, stream ledger.StreamID, after ledger.Version) iter.Seq2[ledger.Recorded, error] {
	return func(yield func(ledger.Recorded, error) bool) {
		nothing, commits := s.heads.look(stream, after)
		if nothing && ctx.Err() == nil {
			return
		}
		for {
			page, err := s.page(ctx, selectStream, func(stmt *sqlite.Stmt) {
				stmt.BindText(1, stream.String())
				stmt.BindInt64(2, int64(min(after, math.MaxInt64)))
				stmt.BindInt64(3, pageSize)
			})
			for _, r := range page {
				if r.Version != after+1 {
					err = fmt.Errorf("version %d is missing", after+1)
				} else {
					err = ctx.Err()
				}
				if err != nil {
					break
				}
				if !yield(r, nil) {
					return
				}
				after = r.Version
			}
			if err != nil {
				yield(ledger.Recorded{}, fmt.Errorf("read %s: %w", stream, err))
				return
			}
			if len(page) < pageSize {
				if !s.readOnly {
					s.heads.note(stream, after, commits)
				}
				return
			}
		}
	}
}

// Follow is projections.Feed. A position beyond the end is an error: it belongs to another
// ledger, or to a later state of this one than was restored.
func (s *Store) Follow(ctx context.Context, after ledger.Position) iter.Seq2[projections.Batch, error] {
	return func(yield func(projections.Batch, error) bool) {
		last, live := int64(after.Commit), false
		err := s.holds(ctx, last)
		for err == nil {
			grew := s.nextCommit()
			var batch projections.Batch
			if batch, err = s.batch(ctx, last); err != nil {
				break
			}
			// Woken without news, a follower that was told it is live is not told again.
			if (len(batch.Events) > 0 || !live) && !yield(batch, nil) {
				return
			}
			last, live = int64(batch.Through.Commit), batch.Live
			if live {
				err = s.await(ctx, grew)
			}
		}
		yield(projections.Batch{}, fmt.Errorf("follow after %d: %w", last, err))
	}
}

// Behind counts the events after a position and says when the first of them was recorded.
func (s *Store) Behind(ctx context.Context, after ledger.Position) (events int64, since time.Time, err error) {
	conn, err := s.pool.Take(ctx)
	if err != nil {
		return 0, time.Time{}, err
	}
	defer s.pool.Put(conn)
	// Positions are dense: the number of the last row tells how many there are.
	last, err := selectOne(conn, "SELECT coalesce(max(position), 0) FROM events", sqlitex.ResultInt64)
	if events = last - int64(after.Commit); err != nil || events <= 0 {
		return 0, time.Time{}, err
	}
	first, err := s.feed(ctx, int64(after.Commit), 1)
	if err != nil || len(first) == 0 {
		return events, time.Time{}, err
	}
	return events, first[0].Meta.RecordedAt, nil
}

// nextCommit is closed by the next commit; taken before reading, no commit is slept through.
func (s *Store) nextCommit() <-chan struct{} {
	s.wake.Lock()
	defer s.wake.Unlock()
	return s.grew
}

func (s *Store) await(ctx context.Context, grew <-chan struct{}) error {
	var poll <-chan time.Time
	if s.readOnly {
		poll = time.After(pollWait)
	}
	select {
	case <-grew:
	case <-poll:
	case <-ctx.Done():
	}
	return ctx.Err()
}

func (s *Store) feed(ctx context.Context, after int64, limit int64) ([]ledger.Recorded, error) {
	return s.page(ctx, selectFeed, func(stmt *sqlite.Stmt) {
		stmt.BindInt64(1, after)
		stmt.BindInt64(2, limit)
	})
}

func (s *Store) holds(ctx context.Context, position int64) error {
	if position == 0 {
		return nil
	}
	page, err := s.feed(ctx, position-1, 1)
	if err == nil && (len(page) == 0 || page[0].Position != positionOf(position)) {
		err = errors.New("no event stands at this position")
	}
	return err
}

// batch is the next run of events after a position, with none missing.
func (s *Store) batch(ctx context.Context, after int64) (projections.Batch, error) {
	page, err := s.feed(ctx, after, pageSize)
	for i, r := range page {
		if want := positionOf(after + int64(i) + 1); r.Position != want {
			return projections.Batch{}, fmt.Errorf("the event at position %s is missing", want)
		}
	}
	return projections.Batch{Events: page, Through: positionOf(after + int64(len(page))), Live: len(page) < pageSize}, err
}

// page runs a query for events in one short read transaction. All of it, or an error.
func (s *Store) page(ctx context.Context, query string, bind func(*sqlite.Stmt)) ([]ledger.Recorded, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	conn, err := s.pool.Take(ctx)
	if err != nil {
		return nil, err
	}
	defer s.pool.Put(conn)
	stmt, err := conn.Prepare(query)
	if err != nil {
		return nil, interrupted(ctx, err)
	}
	defer stmt.Reset()
	bind(stmt)
	var page []ledger.Recorded
	for {
		more, err := stmt.Step()
		if err != nil {
			return nil, interrupted(ctx, err)
		}
		if !more {
			return page, nil
		}
		r, err := decodeRow(stmt)
		if err != nil {
			return nil, fmt.Errorf("event at position %d: %w", stmt.ColumnInt64(0), err)
		}
		page = append(page, r)
	}
}

// interrupted gives the reason where SQLite only says that it was told to stop.
func interrupted(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil {
		return cause
	}
	return err
}

// decodeRow reads a row in the order of selectStream and selectFeed.
func decodeRow(stmt *sqlite.Stmt) (r ledger.Recorded, err error) {
	r.Position = positionOf(stmt.ColumnInt64(0))
	r.Version = ledger.Version(stmt.ColumnInt64(2))
	r.Type = stmt.ColumnText(4)
	r.RawMeta, r.Data = columnBytes(stmt, 5), columnBytes(stmt, 6)
	var errs [3]error
	r.Stream, errs[0] = ledger.ParseStreamID(stmt.ColumnText(1))
	r.ID, errs[1] = uuid.Parse(stmt.ColumnText(3))
	r.Meta, errs[2] = ledger.DecodeMetadata(r.RawMeta)
	return r, errors.Join(errs[:]...)
}

func columnBytes(stmt *sqlite.Stmt, column int) []byte {
	text := make([]byte, stmt.ColumnLen(column))
	stmt.ColumnBytes(column, text)
	return text
}

// positionOf is the position of a row. The row's number says it all.
func positionOf(row int64) ledger.Position {
	return ledger.Position{Commit: uint64(row), Prepare: uint64(row)}
}

// execute runs a statement that is prepared once a connection and whose rows do not matter.
func execute(conn *sqlite.Conn, query string) error {
	stmt, err := conn.Prepare(query)
	if err != nil {
		return err
	}
	defer stmt.Reset()
	_, err = stmt.Step()
	return err
}
