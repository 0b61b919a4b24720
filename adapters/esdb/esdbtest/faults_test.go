package esdbtest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"ttledger/adapters/esdb/esdbtest"
)

// hasty fails its discovery at once instead of after ten attempts.
const hasty = "&maxDiscoverAttempts=1&discoveryInterval=1&gossipTimeout=5"

// What the client says of a spoilt append never tells whether it was written.
func TestASpoiltAppendIsWrittenOrNot(t *testing.T) {
	soon := 300 * time.Millisecond
	for name, effect := range map[string]esdbtest.Effect{
		"cut":         esdbtest.Drop(),
		"unavailable": esdbtest.Refuse(codes.Unavailable, "Server Is Not Ready"),
		"deadline":    esdbtest.Refuse(codes.DeadlineExceeded, "too late"),
		"timed out":   esdbtest.Refuse(codes.Aborted, "Operation timed out"),
		"no answer":   esdbtest.Hang(),
	} {
		for _, f := range []esdbtest.Fault{
			{Op: esdbtest.Append, Effect: effect},
			{Op: esdbtest.Append, Effect: effect, Events: 2},
			{Op: esdbtest.Append, Effect: effect, After: true},
		} {
			t.Run(fmt.Sprintf("%s, after %v, events %d", name, f.After, f.Events), func(t *testing.T) {
				t.Parallel()
				s := esdbtest.Start(t, esdbtest.Options{})
				client := connect(t, s.ConnectionString())
				s.Fault(f)
				sent := events(4)
				_, err := client.AppendToStream(within(t), stream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}, Deadline: &soon}, sent...)
				require.NotEqual(t, esdb.ErrorCodeWrongExpectedVersion, code(t, err))
				require.Equal(t, 1, s.Strikes())

				other := connect(t, s.ConnectionString())
				read, err := other.ReadStream(within(t), stream, esdb.ReadStreamOptions{}, 10)
				got, err := drain(t, read, err)
				if f.After {
					require.NoError(t, err)
					require.Len(t, got, 4)
				} else {
					require.Equal(t, esdb.ErrorCodeResourceNotFound, code(t, err))
				}
				// In doubt, repeat: it is written once.
				_, err = other.AppendToStream(within(t), stream, expect(esdb.NoStream{}), sent...)
				require.NoError(t, err)
				require.Equal(t, []uint64{0, 1, 2, 3}, numbers(t, other, stream))
			})
		}
	}
}

func TestASpoiltDeletionIsDoneOrNot(t *testing.T) {
	for _, after := range []bool{false, true} {
		s := esdbtest.Start(t, esdbtest.Options{})
		client := connect(t, s.ConnectionString())
		write(t, client, stream, 1)
		s.Fault(esdbtest.Fault{Op: esdbtest.Delete, After: after, Effect: esdbtest.Refuse(codes.Unavailable, "gone")})
		_, err := client.DeleteStream(within(t), stream, esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}})
		require.Equal(t, esdb.ErrorUnavailable, code(t, err))
		read, err := connect(t, s.ConnectionString()).ReadStream(within(t), stream, esdb.ReadStreamOptions{}, 10)
		got, err := drain(t, read, err)
		if after {
			require.Equal(t, esdb.ErrorCodeResourceNotFound, code(t, err))
		} else {
			require.Len(t, got, 1)
		}
	}
}

// A read that is cut ends in an error, never as if there were no more.
func TestASpoiltReadIsAnError(t *testing.T) {
	for name, f := range map[string]esdbtest.Fault{
		"cut at the start":        {Effect: esdbtest.Drop()},
		"cut in the middle":       {Effect: esdbtest.Drop(), Events: 2},
		"cut at the end":          {Effect: esdbtest.Drop(), After: true},
		"refused in the middle":   {Effect: esdbtest.Refuse(codes.Unavailable, "Server Is Too Busy"), Events: 2},
		"refused after the last":  {Effect: esdbtest.Refuse(codes.Unavailable, "Server Is Too Busy"), After: true},
		"fewer events than asked": {Effect: esdbtest.Refuse(codes.Unavailable, "Server Is Too Busy"), Events: 100},
	} {
		s := esdbtest.Start(t, esdbtest.Options{})
		client := connect(t, s.ConnectionString())
		write(t, client, stream, 4)
		f.Op = esdbtest.Read
		s.Fault(f)
		read, err := client.ReadStream(within(t), stream, esdb.ReadStreamOptions{}, 10)
		got, err := drain(t, read, err)
		require.Equal(t, esdb.ErrorUnavailable, code(t, err), name)
		require.Equal(t, 1, s.Strikes(), name)
		if name == "refused in the middle" {
			require.Len(t, got, 2)
		}
		if f.Events == 2 {
			require.LessOrEqual(t, len(got), 2, name)
		}
		require.Len(t, numbers(t, client, stream), 4, "%s: once only", name)
	}
}

// Subscriptions do not come back by themselves.
func TestASpoiltSubscriptionIsDropped(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client := connect(t, s.ConnectionString())
	write(t, client, "ttledger.a", 4)
	s.Fault(esdbtest.Fault{Op: esdbtest.Subscribe, Stream: "$all", Events: 2, Effect: esdbtest.Refuse(codes.Unavailable, "shutting down")})
	sub := subscribe(t, client, esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: ours})
	require.Equal(t, "ttledger.a 0", told(t, sub))
	require.Equal(t, "ttledger.a 1", told(t, sub))
	dropped := sub.Recv().SubscriptionDropped
	require.NotNil(t, dropped)
	require.Equal(t, codes.Unavailable, status.Code(dropped.Error))
	s.Fault(esdbtest.Fault{Op: esdbtest.Subscribe, Effect: esdbtest.Refuse(codes.Unavailable, "shutting down")})
	_, err := client.SubscribeToAll(within(t), esdb.SubscribeToAllOptions{From: esdb.Start{}})
	require.Equal(t, esdb.ErrorUnavailable, code(t, err), "refused before it is confirmed")
}

func TestACutConnectionTakesOtherCallsWithIt(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{TLS: true})
	client, other := connect(t, s.ConnectionString()), connect(t, s.ConnectionString())
	same := subscribe(t, client, esdb.SubscribeToAllOptions{})
	apart := subscribe(t, other, esdb.SubscribeToAllOptions{})
	require.Equal(t, []string{"caught up", "caught up"}, []string{told(t, same), told(t, apart)})
	s.Fault(esdbtest.Fault{Op: esdbtest.Append, Effect: esdbtest.Drop()})
	_, err := client.AppendToStream(within(t), stream, expect(esdb.Any{}), events(1)...)
	require.Equal(t, esdb.ErrorUnavailable, code(t, err))
	require.Contains(t, told(t, same), "dropped")
	write(t, other, stream, 1)
	require.Equal(t, stream+" 0", told(t, apart))
}

func TestAFaultMeetsTheCallsItNames(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client, ctx := connect(t, s.ConnectionString()), within(t)
	s.Fault(esdbtest.Fault{Op: esdbtest.Append, Stream: "ttledger.a", Times: 2, Effect: esdbtest.Refuse(codes.Internal, "first")})
	s.Fault(esdbtest.Fault{Op: esdbtest.Append, Stream: "ttledger.", Times: esdbtest.Always, Effect: esdbtest.Refuse(codes.Internal, "second")})
	try := func(stream string) string {
		_, err := client.AppendToStream(ctx, stream, expect(esdb.Any{}), events(1)...)
		return fmt.Sprint(err)
	}
	require.Contains(t, try("ttledger.b"), "second")
	require.Contains(t, try("ttledger.a"), "first")
	require.Contains(t, try("ttledger.a-2"), "first")
	require.Contains(t, try("ttledger.a"), "second")
	require.Equal(t, "<nil>", try("shop.order-1"))
	require.Equal(t, 4, s.Strikes())
	require.Equal(t, 5, s.Calls(esdbtest.Append))
	s.Heal()
	require.Equal(t, "<nil>", try("ttledger.a"))
}

func TestAnEffectOfTheTestHoldsACall(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client := connect(t, s.ConnectionString())
	arrived, release := make(chan struct{}), make(chan struct{})
	s.Fault(esdbtest.Fault{Op: esdbtest.Append, Effect: func(context.Context) error {
		close(arrived)
		<-release
		return nil
	}})
	answered := make(chan error, 1)
	go func() {
		_, err := client.AppendToStream(within(t), stream, expect(esdb.NoStream{}), events(1)...)
		answered <- err
	}()
	<-arrived
	write(t, client, stream, 1) // meanwhile somebody else is faster
	close(release)
	require.Equal(t, esdb.ErrorCodeWrongExpectedVersion, code(t, <-answered))

	s.Fault(esdbtest.Fault{Op: esdbtest.Append, Effect: esdbtest.Delay(50 * time.Millisecond)})
	start := time.Now()
	write(t, client, stream, 1)
	require.GreaterOrEqual(t, time.Since(start), 50*time.Millisecond)
}

// After a failed discovery the client answers code 6 for ever: it must be made anew.
func TestAFailedDiscoveryEndsAClient(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	for _, op := range []esdbtest.Op{esdbtest.Features, esdbtest.Gossip} {
		connection := s.ConnectionString()
		if op == esdbtest.Gossip {
			connection = s.ClusterString()
		}
		client := connect(t, connection+hasty)
		s.Fault(esdbtest.Fault{Op: op, Effect: esdbtest.Refuse(codes.Unavailable, "Server Is Not Ready")})
		read := func(client *esdb.Client) error {
			r, err := client.ReadStream(within(t), stream, esdb.ReadStreamOptions{}, 1)
			if err != nil {
				return err
			}
			_, err = drain(t, r, nil)
			return err
		}
		require.Equal(t, esdb.ErrorUnavailable, code(t, read(client)), op)
		require.Equal(t, 1, s.Calls(op), op)
		for range 3 {
			require.Equal(t, esdb.ErrorCodeConnectionClosed, code(t, read(client)), op)
		}
		require.Equal(t, esdb.ErrorCodeResourceNotFound, code(t, read(connect(t, connection+hasty))), op)
	}
}

// A call that comes while a discovery is failing waits for ever, whatever its context says
// (esdb/impl.go, getConnectionHandle): whoever shares a client must let one caller connect it. Nor
// may it be closed then: the waiting caller would panic, "send on closed channel". That is not
// shown here, because the race detector rightly objects.
func TestAFailingDiscoveryHoldsOtherCallersForEver(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	config, err := esdb.ParseConnectionString(s.ConnectionString() + hasty)
	require.NoError(t, err)
	config.Logger = esdb.NoopLogging()
	client, err := esdb.NewClient(config) // never closed, see above
	require.NoError(t, err)
	call := func(ctx context.Context, end chan<- error) {
		_, err := client.ReadStream(ctx, stream, esdb.ReadStreamOptions{}, 1)
		end <- err
	}
	waiting := func() int {
		stacks := make([]byte, 1<<20)
		return bytes.Count(stacks[:runtime.Stack(stacks, true)], []byte("(*grpcClient).getConnectionHandle("))
	}
	before := waiting()
	release := make(chan struct{})
	s.Fault(esdbtest.Fault{Op: esdbtest.Features, Effect: func(context.Context) error {
		<-release
		return status.Error(codes.Unavailable, "Server Is Not Ready")
	}})
	first, second := make(chan error, 1), make(chan error, 1)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	go call(within(t), first)
	require.Eventually(t, func() bool { return s.Calls(esdbtest.Features) == 1 }, 30*time.Second, time.Millisecond)
	go call(cancelled, second)
	require.Eventually(t, func() bool { return waiting() == before+2 }, 30*time.Second, time.Millisecond)
	close(release)
	require.Equal(t, esdb.ErrorUnavailable, code(t, <-first))
	require.Never(t, func() bool { return len(second) > 0 }, 100*time.Millisecond, 10*time.Millisecond)
}

// A follower that is asked for what only the leader does names it, and the client goes there.
func TestNotLeaderSendsTheClientToTheLeader(t *testing.T) {
	leader := esdbtest.Start(t, esdbtest.Options{})
	follower := esdbtest.Start(t, esdbtest.Options{Join: leader})
	client, ctx := connect(t, follower.ConnectionString()), within(t)
	follower.Fault(esdbtest.Fault{Op: esdbtest.Append, Effect: esdbtest.NotLeader(leader.Addr())})
	_, err := client.AppendToStream(ctx, stream, expect(esdb.NoStream{}), events(1)...)
	require.Equal(t, esdb.ErrorCodeNotLeader, code(t, err))
	write(t, client, stream, 1)
	require.Equal(t, 1, follower.Calls(esdbtest.Append))
	require.Equal(t, 1, leader.Calls(esdbtest.Append))
}

// RequiresLeader and NodePreferenceLeader do not reach the server, because the client puts the
// header into the incoming metadata (esdb/options.go). A caller can send it by itself.
func TestTheLeaderIsRequiredOnlyByAHeaderOfTheCallers(t *testing.T) {
	leader := esdbtest.Start(t, esdbtest.Options{})
	follower := esdbtest.Start(t, esdbtest.Options{Join: leader})
	client, ctx := connect(t, follower.ConnectionString()), within(t)
	write(t, client, stream, 2) // a follower forwards appends
	follower.Lag(1)
	read := func(ctx context.Context) (int, error) {
		r, err := client.ReadStream(ctx, stream, esdb.ReadStreamOptions{RequiresLeader: true}, 10)
		got, err := drain(t, r, err)
		return len(got), err
	}
	n, err := read(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, n, "stale")
	insist := metadata.AppendToOutgoingContext(ctx, "requires-leader", "true")
	_, err = read(insist)
	require.Equal(t, esdb.ErrorCodeNotLeader, code(t, err))
	n, err = read(insist)
	require.NoError(t, err)
	require.Equal(t, 2, n)

	leader.Lag(1) // on the leader too the header means the whole log
	n, err = read(insist)
	require.NoError(t, err)
	require.Equal(t, 2, n)
}

func TestGossipFindsTheNodeThatLeads(t *testing.T) {
	first := esdbtest.Start(t, esdbtest.Options{})
	second := esdbtest.Start(t, esdbtest.Options{Join: first})
	write(t, connect(t, first.ClusterString()), stream, 1)
	require.Equal(t, []int{1, 0}, []int{first.Calls(esdbtest.Append), second.Calls(esdbtest.Append)})
	first.Stop()
	client := connect(t, first.ClusterString())
	_, err := client.AppendToStream(metadata.AppendToOutgoingContext(within(t), "requires-leader", "true"),
		stream, expect(esdb.Revision(0)), events(1)...)
	require.NoError(t, err, "the next one leads")
	require.Equal(t, 1, second.Calls(esdbtest.Append))
	require.Equal(t, []uint64{0, 1}, numbers(t, client, stream), "one log")
	first.Restart()
	follower := connect(t, first.ClusterString()+"&nodePreference=follower")
	require.Len(t, numbers(t, follower, stream), 2)
}

func TestAClusterSharesUsersAndCertificate(t *testing.T) {
	first := esdbtest.Start(t, esdbtest.Options{Users: users})
	esdbtest.Start(t, esdbtest.Options{Join: first})
	write(t, connect(t, first.ClusterString()+"&nodePreference=follower"), stream, 1)
	require.Len(t, numbers(t, connect(t, first.ConnectionString()), stream), 1)
}

// FromError looks at the outermost error only, and the client wraps some of its own.
func TestFromErrorDoesNotUnwrap(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client := connect(t, s.ConnectionString())
	s.Fault(esdbtest.Fault{Op: esdbtest.Subscribe, Effect: esdbtest.Refuse(codes.Unavailable, "shutting down")})
	_, err := client.SubscribeToAll(within(t), esdb.SubscribeToAllOptions{})
	outer, ok := esdb.FromError(err)
	require.False(t, ok)
	require.Equal(t, esdb.ErrorCodeUnknown, outer.Code())
	var inner *esdb.Error
	require.True(t, errors.As(err, &inner))
	require.Equal(t, esdb.ErrorUnavailable, inner.Code())
}
