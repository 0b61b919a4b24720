package esdb

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"ttledger/adapters/esdb/esdbtest"
	"ttledger/domain/ledger"
)

// closedClient answers as one whose discovery has failed.
func closedClient(t *testing.T) error {
	c, err := esdb.ParseConnectionString("esdb://127.0.0.1:1?tls=false&maxDiscoverAttempts=1")
	require.NoError(t, err)
	c.Logger = esdb.NoopLogging()
	client, err := esdb.NewClient(c)
	require.NoError(t, err)
	require.NoError(t, client.Close())
	_, err = client.GetServerVersion()
	require.Error(t, err)
	return err
}

func TestErrorsAreKnownHoweverTheyAreWrapped(t *testing.T) {
	closed := closedClient(t)
	for _, err := range []error{
		closed, fmt.Errorf("could not send append request. Reason: %w", closed),
		fmt.Errorf("failed to perform read. Reason: %w", status.Error(codes.Unavailable, "")), status.Error(codes.Unavailable, ""),
		fmt.Errorf("%w: %v", errPanic, "send on closed channel"), fmt.Errorf("%w: late", errStuck),
	} {
		require.True(t, broken(err), "%v", err)
		require.Equal(t, ledger.KindUnavailable, ledger.KindOf((&Store{}).explain(t.Context(), err)))
	}
	for _, err := range []error{nil, errors.New("x"), status.Error(codes.InvalidArgument, ""), status.Error(codes.NotFound, "")} {
		require.False(t, broken(err), "%v", err)
	}
	for _, code := range []codes.Code{codes.PermissionDenied, codes.Unauthenticated} {
		err := (&Store{}).explain(t.Context(), fmt.Errorf("Reason: %w", status.Error(code, "")))
		require.Equal(t, ledger.KindInternal, ledger.KindOf(err), "our credentials and not the user's")
		require.ErrorContains(t, err, "does not let this process in")
	}
}

func TestAConnectionStringIsReadStrictlyAndKeepsItsPassword(t *testing.T) {
	c, err := configure("esdb+discover://u:s3cret@node.example:2113?nodePreference=follower&maxDiscoverAttempts=50&TLSVerifyCert=false")
	require.NoError(t, err)
	require.True(t, c.DnsDiscover)
	require.Equal(t, "s3cret", c.Password)
	require.Equal(t, esdb.NodePreferenceLeader, c.NodePreference, "a follower's answers may be stale")
	require.Equal(t, 1, c.MaxDiscoverAttempts, "the link says how often to try")
	c, err = configure("esdb://a:2111,b:2112,c:2113?tls=true")
	require.NoError(t, err)
	require.Len(t, c.GossipSeeds, 3)
	for _, wrong := range []string{
		"http://u:s3cret@h:1", "esdb://u:s3cret@", "esdb://u:s3cret@h:x", "esdb://u:s3cret@h:1?tsl=true", "esdb://u:s3cret@h:1?tls=maybe",
		"esdb://u:s3cret@h:1?tlsCaFile=/nowhere", "esdb://u:s3cret@h:1/path", "esdb://u:s3cret@h:1?%zz", "esdb://u:s3cret@h 1", "esdb://u:s3cret@a,b,:x",
	} {
		_, err := configure(wrong)
		require.Equal(t, ledger.KindInvalid, ledger.KindOf(err), wrong)
		require.NotContains(t, err.Error(), "s3cret")
	}
	require.Equal(t, "esdb://…@h:2113?tls=true", Redact("esdb://u:s3cret@h:2113?tls=true"))
}

// fetch asks a link for what f answers.
func fetch(ctx context.Context, l *link, f func() error) error {
	_, err := ask(ctx, l, func(context.Context, *esdb.Client) (struct{}, error) { return struct{}{}, f() })
	return err
}

// Behind its own discovery the client blocks whoever asks, whatever their context says, and closing
// it makes them panic.
func TestACallEndsWhereTheClientDoesNot(t *testing.T) {
	c, err := configure(esdbtest.Start(t, esdbtest.Options{}).ConnectionString())
	require.NoError(t, err)
	l := newLink(c, 2)
	defer l.close()
	stuck := make(chan struct{})
	require.NoError(t, fetch(t.Context(), l, func() error { return nil }))
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		require.ErrorIs(t, fetch(ctx, l, func() error { <-stuck; return nil }), context.DeadlineExceeded)
		cancel()
	}
	require.Equal(t, "queue-full", ledger.CodeOf(fetch(t.Context(), l, func() error { return nil })), "what is stuck keeps its slot")
	close(stuck)
	require.Eventually(t, func() bool { return len(l.slots) == 0 }, 5*time.Second, time.Millisecond)

	before := l.current
	require.NotNil(t, before)
	require.ErrorIs(t, fetch(t.Context(), l, func() error { panic("send on closed channel") }), errPanic)
	require.NoError(t, fetch(t.Context(), l, func() error { return nil }))
	require.NotSame(t, before, l.current, "it was replaced")
}

// A client is closed when its calls have ended, and until then there are only so many.
func TestClientsAreBoundedAndClosed(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	c, err := configure(server.ConnectionString())
	require.NoError(t, err)
	l := newLink(c, 100)
	l.patience = time.Hour // nothing here ends by it
	defer l.close()
	dropped := func() int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.dropped
	}
	stuck := make(chan struct{})
	for n := range maxDropped {
		require.Eventually(t, func() bool { return fetch(t.Context(), l, func() error { return nil }) == nil }, 5*time.Second, time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		require.ErrorIs(t, fetch(ctx, l, func() error { <-stuck; return nil }), context.DeadlineExceeded)
		cancel()
		require.Error(t, fetch(t.Context(), l, func() error { return status.Error(codes.Unavailable, "busy") }))
		require.Equal(t, n+1, dropped())
	}
	require.ErrorContains(t, fetch(t.Context(), l, func() error { return nil }), "busy", "one more would be too many")
	close(stuck)
	require.Eventually(t, func() bool { return dropped() == 0 }, 30*time.Second, time.Millisecond, "they end at once")

	server.Stop()
	require.Eventually(t, func() bool {
		return fetch(t.Context(), l, func() error { return status.Error(codes.Unavailable, "gone") }) != nil
	}, time.Second, time.Millisecond)
	for range 5 {
		require.Error(t, fetch(t.Context(), l, func() error { return status.Error(codes.Unavailable, "gone") }))
	}
	require.Eventually(t, func() bool { return dropped() == 0 }, 30*time.Second, time.Millisecond, "who waited for a discovery too")
}

func TestClosingEndsWhatIsUnderWay(t *testing.T) {
	c, err := configure(esdbtest.Start(t, esdbtest.Options{}).ConnectionString())
	require.NoError(t, err)
	l := newLink(c, 2)
	l.patience = time.Hour
	begun := make(chan struct{})
	ended := make(chan error)
	go func() {
		_, err := ask(t.Context(), l, func(ctx context.Context, _ *esdb.Client) (struct{}, error) {
			close(begun)
			<-ctx.Done()
			return struct{}{}, ctx.Err()
		})
		ended <- err
	}()
	<-begun
	l.close()
	require.ErrorIs(t, <-ended, errStuck)
	require.Equal(t, "store-closed", ledger.CodeOf(fetch(t.Context(), l, func() error { return nil })))
}
