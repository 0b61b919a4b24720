package esdb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"ttledger/domain/ledger"
)

const (
	callWait   = 5 * time.Second        // for one answer of the server
	firstWait  = 100 * time.Millisecond // before the third client in a row; the second is tried at once
	lastWait   = time.Second
	maxDropped = 3 // clients that may wait for their calls to end, besides the one in use
)

// link keeps one client in use and replaces it when it fails. It must, because a client does not
// mend itself: after a failed discovery it answers "closed" for ever and leaves others who were
// waiting blocked, whatever their context says; after each Unavailable it forgets a connection
// without closing it. So a client is asked to discover once, by one goroutine, before anyone else
// may use it; it is dropped at its first such failure, and closed when its calls have ended; each
// call has a goroutine of its own; and the number of clients is bounded.
type link struct {
	config   *esdb.Configuration
	patience time.Duration // with one call
	slots    chan struct{} // calls under way, those that are stuck included
	ctx      context.Context
	cancel   context.CancelFunc

	mu      sync.Mutex
	current *generation // nil until the next call makes one
	dropped int         // clients that were dropped and not yet closed
	failed  int         // clients in a row that came to nothing
	notTill time.Time   // no client is made before
	last    error       // why the last one failed
}

// generation is one client. ready is closed when its discovery is over; err says how it went.
type generation struct {
	client *esdb.Client
	ready  chan struct{}
	err    error

	users  int // the link's mu guards the rest
	closed bool
}

func newLink(config *esdb.Configuration, bound int) *link {
	ctx, cancel := context.WithCancel(context.Background())
	return &link{config: config, patience: callWait, slots: make(chan struct{}, bound), ctx: ctx, cancel: cancel}
}

var (
	errStuck = errors.New("the event store did not answer in time")
	errPanic = errors.New("the client broke off")
)

// ask has f ask the server something. It answers within its patience or when ctx ends, even where the
// client does not; f then ends later by itself, and what it came to is lost.
func ask[T any](ctx context.Context, l *link, f func(context.Context, *esdb.Client) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	limited, cancel := context.WithTimeout(ctx, l.patience)
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()
	var a answer
	g, err := l.use(limited)
	if err != nil {
		return a.value, err
	}
	answers := make(chan answer, 1)
	go func() {
		defer l.leave(g)
		var a answer
		a.err = guarded(func() (err error) {
			a.value, err = f(limited, g.client)
			return err
		})
		answers <- a
	}()
	select {
	case a = <-answers:
	case <-limited.Done():
		a.err = limited.Err()
	}
	return a.value, l.judge(ctx, limited, g, a.err)
}

// judge says whether a client is of further use after what a call came to.
func (l *link) judge(ctx, limited context.Context, g *generation, err error) error {
	// The server is told the deadline and may end the call a moment before it.
	if end, _ := limited.Deadline(); status.Code(err) == codes.DeadlineExceeded && time.Until(end) < firstWait {
		<-limited.Done()
	}
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: %w", errStuck, err)
	}
	if broken(err) {
		l.replace(g, err)
	} else if ctx.Err() == nil {
		l.works(g)
	}
	return err
}

// guarded turns a panic into an error: the client has two, for a message it does not know and for
// being closed while somebody waits for it.
func guarded(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %v", errPanic, v)
		}
	}()
	return f()
}

// use is the client in use, once its discovery is over. Right after a failure there is none, and
// callers are told so at once instead of piling up. Who got one must leave it.
func (l *link) use(ctx context.Context) (*generation, error) {
	select {
	case l.slots <- struct{}{}:
	default:
		return nil, ledger.Unavailable("queue-full", ledger.Text{En: "too many requests wait for the event store; try again shortly", Zh: "等待事件库的请求过多,请稍后重试"}, nil)
	}
	g, err := l.take()
	if err != nil {
		<-l.slots
		return nil, err
	}
	select {
	case <-g.ready:
		err = g.err
	case <-ctx.Done():
		err = fmt.Errorf("%w: %w", errStuck, ctx.Err())
	}
	if err != nil {
		l.leave(g)
		return nil, err
	}
	return g, nil
}

func (l *link) take() (*generation, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.ctx.Err() != nil:
		return nil, ledger.Unavailable("store-closed", ledger.Text{En: "the ledger is not open", Zh: "账本已关闭"}, nil)
	case l.current != nil:
		l.current.users++
		return l.current, nil
	case l.dropped >= maxDropped || time.Now().Before(l.notTill):
		return nil, l.last
	}
	client, err := esdb.NewClient(l.config)
	if err != nil {
		return nil, err
	}
	l.current = &generation{client: client, ready: make(chan struct{}), users: 2}
	go l.discover(l.current)
	return l.current, nil
}

// discover makes the client connect, alone.
func (l *link) discover(g *generation) {
	defer l.part(g)
	g.err = guarded(func() error {
		_, err := g.client.GetServerVersion()
		return err
	})
	if g.err != nil {
		l.replace(g, g.err)
	}
	close(g.ready)
}

// works notes that a client gave an answer.
func (l *link) works(g *generation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if g == l.current {
		l.failed = 0
	}
}

// replace drops a client.
func (l *link) replace(g *generation, why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if g != l.current {
		return
	}
	l.last = why
	if l.failed++; l.failed > 1 {
		l.notTill = time.Now().Add(min(firstWait<<min(l.failed-2, 8), lastWait))
	}
	l.drop()
}

// drop closes the client in use once its calls have ended. Those that have not when they should are
// stuck, and closing it is what ends them.
func (l *link) drop() {
	g := l.current
	l.current, l.dropped = nil, l.dropped+1
	if g.users == 0 {
		l.end(g)
		return
	}
	time.AfterFunc(l.patience, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.end(g)
	})
}

func (l *link) leave(g *generation) {
	l.part(g)
	<-l.slots
}

func (l *link) part(g *generation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if g.users--; g.users == 0 && g != l.current {
		l.end(g)
	}
}

func (l *link) end(g *generation) {
	if g.closed {
		return
	}
	g.closed = true
	l.dropped--
	_ = g.client.Close()
}

func (l *link) close() {
	l.cancel()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != nil {
		l.drop()
	}
}
