package sqlite

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ttledger/domain/ledger"
	"ttledger/domain/trace"
)

//go:embed trace.sql
var traceSchema string

const (
	traceAppID  = 0x74746c61 // "ttla"
	traceFormat = 1
	traceQueue  = 1024 // accesses waiting to be written; beyond it Record is Unavailable
	traceBatch  = 256  // accesses in one transaction
)

// Trace is the file of who read what. One writer commits what is queued as one transaction, so
// that many readers share an fsync, and each is answered only after its own. Safe for concurrent
// use, also by an export beside the server.
type Trace struct {
	now  func() time.Time
	pool *sqlitex.Pool

	mu     sync.RWMutex // orders Record before Close
	closed bool
	queue  chan *accessRequest
	writes sync.WaitGroup

	conn *sqlite.Conn // the writer's own
}

type accessRequest struct {
	access trace.Access
	err    error
	done   chan struct{}
}

// OpenTrace opens the trace of a ledger, and makes the file where there is none.
func OpenTrace(path string, now func() time.Time) (*Trace, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // the engine would make one that others can read
	if err != nil {
		return nil, fmt.Errorf("access trace: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, fmt.Errorf("access trace %s: %w", path, err)
	}
	t := &Trace{now: now, conn: conn, queue: make(chan *accessRequest, traceQueue)}
	if err := t.prepare(); err != nil {
		return nil, fmt.Errorf("access trace %s: %w", path, errors.Join(err, conn.Close()))
	}
	t.pool, err = sqlitex.NewPool(path, sqlitex.PoolOptions{
		Flags: sqlite.OpenReadOnly, PoolSize: 2,
		PrepareConn: func(c *sqlite.Conn) error {
			return sqlitex.ExecuteScript(c, "PRAGMA busy_timeout = 10000; PRAGMA query_only = 1;", nil)
		},
	})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	t.writes.Go(t.write)
	return t, nil
}

func (t *Trace) prepare() (err error) {
	for _, pragma := range []string{"busy_timeout = 10000", "journal_mode = WAL", "synchronous = FULL"} {
		if err := sqlitex.ExecuteTransient(t.conn, "PRAGMA "+pragma, nil); err != nil {
			return err
		}
	}
	end, err := sqlitex.ImmediateTransaction(t.conn)
	if err != nil {
		return err
	}
	defer end(&err)
	app, err := pragmaInt(t.conn, "application_id")
	if err != nil {
		return err
	}
	format, err := pragmaInt(t.conn, "user_version")
	if err != nil {
		return err
	}
	switch {
	case app == 0 && format == 0:
		err = sqlitex.ExecuteScript(t.conn, traceSchema+fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", traceAppID, traceFormat), nil)
	case app != traceAppID:
		err = errors.New("this is not an access trace")
	case format != traceFormat:
		err = fmt.Errorf("the file has format %d, this release has %d", format, traceFormat)
	}
	return err
}

// Record writes an access durably, with its number and time. An error means that it is not known
// to be written; what was to be read must not be shown then.
func (t *Trace) Record(ctx context.Context, a trace.Access) error {
	r := &accessRequest{access: a, done: make(chan struct{})}
	if err := t.enqueue(r); err != nil {
		return err
	}
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *Trace) enqueue(r *accessRequest) error {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if !t.closed {
		select {
		case t.queue <- r:
			return nil
		default:
		}
	}
	return untraced(nil)
}

func untraced(cause error) error {
	return ledger.Unavailable("untraced", ledger.Text{
		En: "this read cannot be traced now, and so is not answered; try again shortly", Zh: "本次查阅暂无法留痕,故不予答复,请稍后重试",
	}, cause)
}

// write is the one writer, until Close.
func (t *Trace) write() {
	for r := range t.queue {
		batch := []*accessRequest{r}
		for more := true; more && len(batch) < traceBatch; {
			select {
			case r, more = <-t.queue:
				if more {
					batch = append(batch, r)
				}
			default:
				more = false
			}
		}
		err := t.commit(batch)
		for _, r := range batch {
			if err != nil {
				r.err = untraced(err)
			}
			close(r.done)
		}
	}
}

func (t *Trace) commit(batch []*accessRequest) (err error) {
	end, err := sqlitex.ImmediateTransaction(t.conn)
	if err != nil {
		return err
	}
	defer end(&err)
	var seq int64
	var last time.Time
	err = sqlitex.Execute(t.conn, "SELECT seq, at FROM accesses ORDER BY seq DESC LIMIT 1", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		seq, last = s.ColumnInt64(0), time.Unix(0, s.ColumnInt64(1)).UTC()
		return nil
	}})
	if err != nil {
		return err
	}
	for _, r := range batch {
		seq++
		if now := t.now().UTC(); now.After(last) {
			last = now
		}
		a := r.access
		a.At = last
		err = sqlitex.Execute(t.conn, "INSERT INTO accesses VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &sqlitex.ExecOptions{Args: []any{
			seq, last.UnixNano(), a.Day().String(), a.Actor, a.Roles, a.Route, a.Target, a.Form, a.AsOf, a.KnownAt, int64(a.Entry), a.Request,
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// Close writes what is queued and ends all access.
func (t *Trace) Close() error {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil
	}
	t.closed = true
	close(t.queue)
	t.mu.Unlock()
	t.writes.Wait()
	return errors.Join(t.pool.Close(), t.conn.Close())
}

// Accesses is a page of accesses in order.
func (t *Trace) Accesses(ctx context.Context, q trace.Query) (page []trace.Access, err error) {
	err = t.read(ctx, q, func(a trace.Access) { page = append(page, a) })
	return page, err
}

// Days is the days up to one, without it, that have accesses, in order.
func (t *Trace) Days(ctx context.Context, before ledger.Date) (days []ledger.Date, err error) {
	c, err := t.pool.Take(ctx)
	if err != nil {
		return nil, err
	}
	defer t.pool.Put(c)
	err = sqlitex.Execute(c, "SELECT DISTINCT day FROM accesses WHERE day < ? ORDER BY day", &sqlitex.ExecOptions{
		Args: []any{before.String()}, ResultFunc: func(s *sqlite.Stmt) error {
			day, err := ledger.ParseDate(s.ColumnText(0))
			days = append(days, day)
			return err
		}})
	return days, err
}

// Seal is the digest of a day as the file has it.
func (t *Trace) Seal(ctx context.Context, day ledger.Date) (trace.Seal, error) {
	d := trace.NewDigest()
	err := t.read(ctx, trace.Query{Day: day, Limit: -1}, d.Add)
	return d.Seal(day), err
}

func (t *Trace) read(ctx context.Context, q trace.Query, each func(trace.Access)) error {
	c, err := t.pool.Take(ctx)
	if err != nil {
		return err
	}
	defer t.pool.Put(c)
	text, args := "SELECT seq, at, actor, roles, route, target, form, as_of, known_at, entry, request FROM accesses WHERE seq > :after", map[string]any{":after": q.After, ":limit": q.Limit}
	if !q.Day.IsZero() {
		text, args[":day"] = text+" AND day = :day", q.Day.String()
	}
	if q.Actor != "" {
		text, args[":actor"] = text+" AND actor = :actor", q.Actor
	}
	return sqlitex.Execute(c, text+" ORDER BY seq LIMIT :limit", &sqlitex.ExecOptions{Named: args, ResultFunc: func(s *sqlite.Stmt) error {
		each(trace.Access{
			Seq: s.ColumnInt64(0), At: time.Unix(0, s.ColumnInt64(1)).UTC(), Actor: s.ColumnText(2), Roles: s.ColumnText(3),
			Route: s.ColumnText(4), Target: s.ColumnText(5), Form: s.ColumnText(6), AsOf: s.ColumnText(7), KnownAt: s.ColumnText(8),
			Entry: ledger.Entry(s.ColumnInt64(9)), Request: s.ColumnText(10),
		})
		return nil
	}})
}
