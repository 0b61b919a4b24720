package sqlite

import (
	"context"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ttledger/domain/ledger"
)

// appendRequest is one Append on its way through the queue. The writer sets position and err,
// then closes done.
type appendRequest struct {
	ctx      context.Context
	stream   ledger.StreamID
	expected ledger.Version
	events   []queuedEvent
	position ledger.Position
	err      error
	done     chan struct{}
	since    time.Time
}

// Commit is what one transaction of the writer was, for those who watch.
type Commit struct {
	Requests int             // that it answered, conflicts included
	Queued   int             // that waited when it was done
	Waited   []time.Duration // of each request, from Append to its answer
	Err      error           // of the whole transaction
}

// Watch has f called after each commit, on the writer's time: f must be quick. Nil ends it.
func (s *Store) Watch(f func(Commit)) { s.watch.Store(&f) }

func (s *Store) tell(batch []*appendRequest, err error) {
	f := s.watch.Load()
	if f == nil || *f == nil {
		return
	}
	c := Commit{Requests: len(batch), Queued: len(s.queue), Err: err}
	for _, r := range batch {
		c.Waited = append(c.Waited, time.Since(r.since))
	}
	(*f)(c)
}

// queuedEvent is a Proposed that shares no bytes with the caller.
type queuedEvent struct {
	id, name, data string
	meta           ledger.Metadata
}

// Append is ledger.Streams. A full queue is Unavailable, and then nothing was written. Where
// nobody else waits the caller commits by itself: handing over to the writer and back would cost
// a quarter as much as the disk.
func (s *Store) Append(ctx context.Context, stream ledger.StreamID, expected ledger.Version, events []ledger.Proposed) (ledger.Position, error) {
	r, err := newRequest(ctx, stream, expected, events)
	if err != nil {
		return ledger.Position{}, err
	}
	if s.alone(r) {
		return r.position, r.err
	}
	if err := s.enqueue(r); err != nil {
		return ledger.Position{}, err
	}
	return r.wait()
}

// alone commits a request at once, if there is nobody whose turn it is.
func (s *Store) alone(r *appendRequest) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed || s.readOnly || s.pending.Load() > 0 || !s.turn.TryLock() {
		return false
	}
	defer s.turn.Unlock()
	s.settle([]*appendRequest{r})
	return true
}

// Enqueue is the first half of Append: it takes the place in the order of the store, and wait
// is the answer. An error means that nothing was or will be written. Appends enqueued one after
// the other are written in that order, and each sees those before it, so a caller may have many
// under way. After ctx has ended wait answers at once, with the outcome unknown.
func (s *Store) Enqueue(ctx context.Context, stream ledger.StreamID, expected ledger.Version, events []ledger.Proposed) (wait func() (ledger.Position, error), err error) {
	r, err := newRequest(ctx, stream, expected, events)
	if err != nil {
		return nil, err
	}
	return r.wait, s.enqueue(r)
}

func newRequest(ctx context.Context, stream ledger.StreamID, expected ledger.Version, events []ledger.Proposed) (*appendRequest, error) {
	if len(events) == 0 {
		return nil, ledger.Invalid("no-events", ledger.Text{En: "an append needs an event", Zh: "追加至少需要一个事件"})
	}
	r := &appendRequest{ctx: ctx, stream: stream, expected: expected, done: make(chan struct{}), since: time.Now()}
	for _, e := range events {
		r.events = append(r.events, queuedEvent{e.ID.String(), e.Type, string(e.Data), e.Meta})
	}
	return r, nil
}

func (s *Store) enqueue(r *appendRequest) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed || s.readOnly {
		return ledger.Unavailable("store-closed", ledger.Text{En: "the ledger is not open for writing", Zh: "账本当前不可写入"}, nil)
	}
	s.pending.Add(1)
	select {
	case s.queue <- r:
		return nil
	default:
		s.pending.Add(-1)
		return ledger.Unavailable("queue-full", ledger.Text{En: "too many writes are waiting; try again shortly", Zh: "等待写入的请求过多,请稍后重试"}, nil)
	}
}

func (r *appendRequest) wait() (ledger.Position, error) {
	select {
	case <-r.done:
		return r.position, r.err
	case <-r.ctx.Done():
		return ledger.Position{}, fmt.Errorf("append to %s, outcome unknown: %w", r.stream, r.ctx.Err())
	}
}

// write is the one writer: it commits what is queued as one transaction, until Close.
func (s *Store) write() {
	for r := range s.queue {
		s.turn.Lock()
		batch := []*appendRequest{r}
		for more := true; more && len(batch) < commitBound; {
			select {
			case r, more = <-s.queue:
				if more {
					batch = append(batch, r)
				}
			default:
				more = false
			}
		}
		s.settle(batch)
		s.pending.Add(int64(-len(batch)))
		s.turn.Unlock()
	}
}

// settle commits a batch and answers everyone in it. The caller has the turn.
func (s *Store) settle(batch []*appendRequest) {
	idle := !s.checkpointing.Load()
	grown, err := s.commit(batch)
	s.heads.moved(batch, err)
	s.tell(batch, err)
	for _, r := range batch {
		if err != nil {
			r.position, r.err = ledger.Position{}, fmt.Errorf("append to %s: %w", r.stream, err)
		}
		close(r.done)
	}
	s.grown += grown
	if err == nil && grown > 0 {
		s.announce()
		s.relieve(idle)
	}
}

// announce wakes the followers.
func (s *Store) announce() {
	s.wake.Lock()
	defer s.wake.Unlock()
	close(s.grew)
	s.grew = make(chan struct{})
}

// commit writes a batch in one transaction and answers about how many pages that was. An error
// is everyone's; what is wrong with one request stands in that request.
func (s *Store) commit(batch []*appendRequest) (grown int, err error) {
	if err := execute(s.writer, "BEGIN IMMEDIATE"); err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			// Where SQLite has rolled back by itself this fails, and is not needed.
			_ = execute(s.writer, "ROLLBACK")
		}
	}()
	last, err := s.tail()
	if err != nil {
		return 0, err
	}
	tx := transaction{conn: s.writer, tail: last}
	if now := s.now().UTC().Round(0); now.After(tx.at) {
		tx.at = now
	}
	for _, r := range batch {
		if err := tx.append(r); err != nil {
			return 0, err
		}
	}
	if err := execute(s.writer, "COMMIT"); err != nil {
		return 0, err
	}
	if tx.requests > 0 {
		s.last = tx.tail
	}
	return tx.pages(), nil
}

// tail is where a ledger ends: the position of its last event, and when that was recorded.
type tail struct {
	position int64
	at       time.Time
}

// tail reads where the ledger ends. What is remembered only saves the decoding: no failed
// commit and no other process can leave the writer with a wrong idea.
func (s *Store) tail() (tail, error) {
	stmt, err := s.writer.Prepare("SELECT position, metadata FROM events ORDER BY position DESC LIMIT 1")
	if err != nil {
		return tail{}, err
	}
	defer stmt.Reset()
	found, err := stmt.Step()
	if err != nil || !found {
		return tail{}, err
	}
	position := stmt.ColumnInt64(0)
	if position == s.last.position {
		return s.last, nil
	}
	meta, err := ledger.DecodeMetadata(columnBytes(stmt, 1))
	if err != nil {
		return tail{}, fmt.Errorf("event %d: %w", position, err)
	}
	return tail{position, meta.RecordedAt}, nil
}

// transaction is a commit under way: the tail moves with what is written, all at one time.
type transaction struct {
	tail
	conn     *sqlite.Conn
	requests int // written
	bytes    int // of them
}

// append writes one request, or says in it why not. What it returns fails the transaction.
func (tx *transaction) append(r *appendRequest) error {
	if r.err = r.ctx.Err(); r.err != nil {
		return nil
	}
	current, err := tx.version(r.stream)
	if err != nil {
		return err
	}
	if current != r.expected {
		r.err = ledger.Conflict(r.stream, r.expected)
		return nil
	}
	// All are encoded before the first is written: one that cannot be fails its request alone.
	raw := make([]string, len(r.events))
	for i, e := range r.events {
		e.meta.RecordedAt = tx.at
		text, err := ledger.EncodeMetadata(e.meta)
		if err != nil {
			r.err = err
			return nil
		}
		raw[i] = string(text)
	}
	for i, e := range r.events {
		if err := tx.insert(r.stream, current+ledger.Version(i)+1, e, raw[i]); err != nil {
			return err
		}
	}
	r.position = positionOf(tx.position)
	tx.requests++
	return nil
}

func (tx *transaction) version(stream ledger.StreamID) (ledger.Version, error) {
	stmt, err := tx.conn.Prepare("SELECT coalesce(max(version), 0) FROM events WHERE stream = ?")
	if err != nil {
		return 0, err
	}
	stmt.BindText(1, stream.String())
	version, err := sqlitex.ResultInt64(stmt)
	return ledger.Version(version), err
}

func (tx *transaction) insert(stream ledger.StreamID, version ledger.Version, e queuedEvent, metadata string) error {
	stmt, err := tx.conn.Prepare("INSERT OR ROLLBACK INTO events (position, stream, version, id, type, metadata, data) VALUES (?, ?, ?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	tx.position++
	tx.bytes += len(metadata) + len(e.data) + 2*len(e.id)
	stmt.BindInt64(1, tx.position)
	stmt.BindText(2, stream.String())
	stmt.BindInt64(3, int64(version))
	stmt.BindText(4, e.id)
	stmt.BindText(5, e.name)
	stmt.BindText(6, metadata)
	stmt.BindText(7, e.data)
	_, err = stmt.Step()
	return err
}

// pages is about what the transaction added to the log: its rows lie side by side, and each
// request has a page of the index to itself.
func (tx *transaction) pages() int {
	if tx.requests == 0 {
		return 0
	}
	return 3 + tx.requests + tx.bytes/pageBytes
}
