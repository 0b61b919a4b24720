package esdbtest

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// Op is a kind of call.
type Op string

// The calls that a client makes.
const (
	Append    Op = "append"
	Read      Op = "read"      // of a stream or of $all
	Subscribe Op = "subscribe" // to a stream or to $all
	Delete    Op = "delete"    // tombstones too
	Features  Op = "features"  // the first call of a client on a connection; a failure is a failed discovery
	Gossip    Op = "gossip"    // before it, where the connection string names several nodes or discovers
)

// Always is for Fault.Times.
const Always = -1

// Fault spoils calls of one kind. Of several that match a call the oldest is taken, and no other;
// it is spent on that call even where the server refuses it before the fault can strike.
type Fault struct {
	Op Op
	// Stream narrows it to streams whose name begins so; reads of all are of "$all".
	Stream string
	// Events puts it in the middle: an append is spoilt once so many of its events have arrived, a
	// read or subscription once so many were sent (the client may have got fewer if the connection
	// is cut). A call with fewer events is spoilt at its end, still before a write takes effect.
	Events int
	// After lets the call take effect first: the append or deletion is in the log, the events of
	// the read are sent, only the answer is spoilt.
	After bool
	// Effect is what happens.
	Effect Effect
	// Times is how many calls are spoilt: 0 means one, Always means all until Heal.
	Times int
}

// Effect is what a fault does to a call: an error is the call's answer, nil lets it go on. It
// must return when ctx is done. Tests may write their own, for example one that waits on a
// channel of the test to hold a call as long as it likes.
type Effect func(ctx context.Context) error

// Drop cuts the connection without an answer. The client sees Unavailable; other calls on that
// connection die with it.
func Drop() Effect { return func(context.Context) error { return errDrop } }

var errDrop = errors.New("cut the connection")

// Delay lets the call wait.
func Delay(d time.Duration) Effect {
	return func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return status.FromContextError(ctx.Err()).Err()
		case <-time.After(d):
			return nil
		}
	}
}

// Hang never answers; the client's deadline or patience ends it.
func Hang() Effect {
	return func(ctx context.Context) error {
		<-ctx.Done()
		return status.FromContextError(ctx.Err()).Err()
	}
}

// Refuse answers with an error, for example codes.Unavailable, codes.DeadlineExceeded, codes.Aborted
// (the server's own "Operation timed out", after which the outcome is unknown).
func Refuse(code codes.Code, message string) Effect {
	return func(context.Context) error { return status.Error(code, message) }
}

// NotLeader answers as a follower does to a call that requires the leader: with the address of the
// leader, to which the client then connects.
func NotLeader(leader string) Effect {
	return func(ctx context.Context) error {
		host, port, err := net.SplitHostPort(leader)
		if err != nil {
			return err
		}
		return refuse(ctx, codes.NotFound, "Leader info available",
			"exception", "not-leader", "leader-endpoint-host", host, "leader-endpoint-port", port)
	}
}

// faults are those that wait for a call.
type faults struct {
	mu      sync.Mutex
	waiting []*Fault
	calls   map[Op]int
	strikes int
}

// Fault adds one.
func (s *Server) Fault(f Fault) {
	if f.Times == 0 {
		f.Times = 1
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.waiting = append(s.faults.waiting, &f)
}

// Heal takes away all faults; those that already hold a call go on.
func (s *Server) Heal() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.waiting = nil
}

// Strikes counts the calls that were spoilt, so that a test sees its fault happen.
func (s *Server) Strikes() int {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return s.faults.strikes
}

// Calls counts the calls of a kind that arrived, spoilt ones too: a client that retries without
// bound shows here.
func (s *Server) Calls(op Op) int {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return s.faults.calls[op]
}

// call is one call under way, with the fault that it met, if any.
type call struct {
	s      *Server
	ctx    context.Context
	fault  *Fault
	passed int
}

func (s *Server) begin(ctx context.Context, op Op, stream string) *call {
	f := &s.faults
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls == nil {
		f.calls = map[Op]int{}
	}
	f.calls[op]++
	for _, fault := range f.waiting {
		if fault.Op == op && fault.Times != 0 && strings.HasPrefix(stream, fault.Stream) {
			fault.Times-- // Always never gets to zero
			return &call{s: s, ctx: ctx, fault: fault}
		}
	}
	return &call{s: s, ctx: ctx}
}

// admit refuses what the user may not do, and on a follower what only the leader may answer.
func (c *call) admit(do action, stream string) error {
	if err := c.s.authorize(c.ctx, do, stream); err != nil {
		return err
	}
	if leader := c.s.cluster.leader(); c.requiresLeader() && leader != nil && leader != c.s {
		return NotLeader(leader.Addr())(c.ctx)
	}
	return nil
}

func (c *call) requiresLeader() bool {
	md, _ := metadata.FromIncomingContext(c.ctx)
	return slices.Equal(md.Get("requires-leader"), []string{"true"})
}

// lag is how far behind this call's reads are.
func (c *call) lag() int {
	if c.requiresLeader() {
		return 0
	}
	return int(c.s.lag.Load())
}

// start is where a call without events to count is spoilt at once.
func (c *call) start() error {
	if c.fault == nil || c.fault.After || c.fault.Events > 0 {
		return nil
	}
	return c.strike()
}

// event counts one that arrived or was sent.
func (c *call) event() error {
	c.passed++
	if c.fault == nil || c.fault.After || c.passed != c.fault.Events {
		return nil
	}
	return c.strike()
}

// before is the last moment before a call takes effect.
func (c *call) before() error {
	if c.fault == nil || c.fault.After {
		return nil
	}
	return c.strike()
}

// after is when all is done but the answer.
func (c *call) after() error {
	if c.fault == nil {
		return nil
	}
	return c.strike()
}

func (c *call) strike() error {
	effect := c.fault.Effect
	c.fault = nil // once a call
	c.s.faults.mu.Lock()
	c.s.faults.strikes++
	c.s.faults.mu.Unlock()
	err := effect(c.ctx)
	if !errors.Is(err, errDrop) {
		return err
	}
	if p, ok := peer.FromContext(c.ctx); ok {
		c.s.net.cut(p.Addr.String())
	}
	return status.Error(codes.Unavailable, err.Error())
}
