package esdbtest_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"ttledger/adapters/esdb/esdbtest"
)

var ours = &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"ttledger."}}

func subscribe(t *testing.T, client *esdb.Client, o esdb.SubscribeToAllOptions) *esdb.Subscription {
	t.Helper()
	sub, err := client.SubscribeToAll(within(t), o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = sub.Close() })
	return sub
}

// told is what a subscription says next, in short: the stream and number of an event, or its name.
func told(t *testing.T, sub *esdb.Subscription) string {
	t.Helper()
	e := sub.Recv()
	switch {
	case e.EventAppeared != nil:
		return fmt.Sprintf("%s %d", e.EventAppeared.Event.StreamID, e.EventAppeared.Event.EventNumber)
	case e.CheckPointReached != nil:
		return "checkpoint"
	case e.CaughtUp != nil:
		return "caught up"
	case e.SubscriptionDropped != nil:
		return "dropped: " + e.SubscriptionDropped.Error.Error()
	}
	return "?"
}

func write(t *testing.T, client *esdb.Client, stream string, n int) *esdb.WriteResult {
	t.Helper()
	result, err := client.AppendToStream(within(t), stream, expect(esdb.Any{}), events(n)...)
	require.NoError(t, err)
	return result
}

func TestASubscriptionResumesAfterAPosition(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client := connect(t, s.ConnectionString())
	first := write(t, client, "ttledger.a", 1)
	write(t, client, "ttledger.b", 2)
	sub := subscribe(t, client, esdb.SubscribeToAllOptions{Filter: ours,
		From: esdb.Position{Commit: first.CommitPosition, Prepare: first.PreparePosition}})
	require.NotEmpty(t, sub.Id())
	for _, want := range []string{"ttledger.b 0", "ttledger.b 1", "checkpoint", "caught up"} {
		require.Equal(t, want, told(t, sub))
	}
	write(t, client, "ttledger.c", 1)
	require.Equal(t, "ttledger.c 0", told(t, sub))
}

// From defaults to End (esdb/subscribe_options.go): what is there already is passed over.
func TestASubscriptionWithoutAStartSeesOnlyWhatIsNew(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client := connect(t, s.ConnectionString())
	write(t, client, "ttledger.a", 1)
	sub := subscribe(t, client, esdb.SubscribeToAllOptions{})
	require.Equal(t, "caught up", told(t, sub))
	write(t, client, "ttledger.b", 1)
	require.Equal(t, "ttledger.b 0", told(t, sub))
}

// Enumerator.AllSubscriptionFiltered.cs, GoLive: what a checkpoint from the future covers is not sent.
func TestASubscriptionFromBeyondTheEndPassesOverWhatComes(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client := connect(t, s.ConnectionString())
	last := write(t, client, "ttledger.a", 1).CommitPosition
	future := last + 1<<12
	sub := subscribe(t, client, esdb.SubscribeToAllOptions{Filter: ours, From: esdb.Position{Commit: future, Prepare: future}})
	require.Equal(t, "caught up", told(t, sub))
	i, first := 0, uint64(0)
	for ; first == 0; i++ {
		if r := write(t, client, "ttledger.b", 1); r.CommitPosition > future {
			first = r.NextExpectedVersion
		}
	}
	require.Greater(t, i, 3)
	require.Equal(t, fmt.Sprintf("ttledger.b %d", first), told(t, sub))
}

// The position is looked at after the confirmation; the drop is a raw status, not the client's error.
func TestAPositionWithinARecordDropsTheSubscription(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client := connect(t, s.ConnectionString())
	at := write(t, client, "ttledger.a", 1).CommitPosition
	write(t, client, "ttledger.a", 1)
	sub := subscribe(t, client, esdb.SubscribeToAllOptions{From: esdb.Position{Commit: at + 1, Prepare: at + 1}, Filter: ours})
	dropped := sub.Recv().SubscriptionDropped
	require.NotNil(t, dropped)
	require.Equal(t, codes.InvalidArgument, status.Code(dropped.Error))
	_, isClients := esdb.FromError(dropped.Error)
	require.False(t, isClients)
}

// checkpoints are those that come until the subscription has caught up.
func checkpoints(t *testing.T, sub *esdb.Subscription) []esdb.Position {
	t.Helper()
	seen := []esdb.Position{}
	for {
		e := sub.Recv()
		if e.CaughtUp != nil {
			return seen
		}
		require.NotNil(t, e.CheckPointReached)
		if len(seen) > 0 {
			require.Greater(t, e.CheckPointReached.Commit, seen[len(seen)-1].Commit)
		}
		seen = append(seen, *e.CheckPointReached)
	}
}

func TestCheckpointsComeEveryIntervalAndNeverTooFar(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client := connect(t, s.ConnectionString())
	every20 := esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: ours, MaxSearchWindow: 10, CheckpointInterval: 2}
	for n := len(whole(t, client)); n < 100; n++ {
		s.Write("shop.order-1", "order-placed", []byte(`{}`))
	}
	require.Len(t, checkpoints(t, subscribe(t, client, every20)), 5, "no second one at the end")
	for range 3 {
		s.Write("shop.order-1", "order-placed", []byte(`{}`))
	}
	sub := subscribe(t, client, every20)
	seen := checkpoints(t, sub)
	require.Len(t, seen, 6, "every 20 events considered, and at the end")

	write(t, client, "ttledger.a", 1) // whoever resumes from any of them misses nothing
	require.Equal(t, "ttledger.a 0", told(t, sub))
	for _, from := range seen {
		again := subscribe(t, client, esdb.SubscribeToAllOptions{From: from, Filter: ours})
		for said := ""; said != "ttledger.a 0"; {
			said = told(t, again)
			require.NotContains(t, said, "dropped")
			require.NotEqual(t, "caught up", said)
		}
	}
	for range 20 { // live too
		s.Write("shop.order-1", "order-placed", []byte(`{}`))
	}
	require.Equal(t, "checkpoint", told(t, sub))
}

func TestWithoutAFilterThereAreNoCheckpoints(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client := connect(t, s.ConnectionString())
	write(t, client, "ttledger.a", 100)
	sub := subscribe(t, client, esdb.SubscribeToAllOptions{From: esdb.Start{}, CheckpointInterval: 1, MaxSearchWindow: 1})
	for said := ""; said != "caught up"; said = told(t, sub) {
		require.NotEqual(t, "checkpoint", said)
	}
}

// Servers before 23.10 say nothing when the end is reached.
func TestOldServersDoNotSayCaughtUp(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{Version: "22.10.5"})
	client := connect(t, s.ConnectionString())
	write(t, client, "ttledger.a", 1)
	sub := subscribe(t, client, esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: ours})
	require.Equal(t, "ttledger.a 0", told(t, sub))
	write(t, client, "ttledger.b", 1)
	require.Equal(t, "ttledger.b 0", told(t, sub))
	one, err := client.SubscribeToStream(within(t), "ttledger.a", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	require.NoError(t, err)
	require.Equal(t, "ttledger.a 0", told(t, one))
	write(t, client, "ttledger.a", 1)
	require.Equal(t, "ttledger.a 1", told(t, one))
}

// A subscription that falls behind its buffer catches up again, and says so again.
func TestCaughtUpMayComeMoreThanOnce(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client := connect(t, s.ConnectionString())
	sub := subscribe(t, client, esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: ours})
	require.Equal(t, "checkpoint", told(t, sub))
	require.Equal(t, "caught up", told(t, sub))
	write(t, client, "ttledger.a", 200)
	for said, n := "", 0; said != "caught up"; {
		if said = told(t, sub); said == fmt.Sprintf("ttledger.a %d", n) {
			n++
		} else if said == "caught up" {
			require.Equal(t, 200, n)
		} else {
			require.Equal(t, "checkpoint", said)
		}
	}
}

func TestFiltersAreOfStreamOrType(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client := connect(t, s.ConnectionString())
	write(t, client, "ttledger.a", 1)
	s.Write("ttledgerx.a", "order-placed", []byte(`{}`))
	s.Write("shop.order-1", "order-placed", []byte(`{}`))
	for name, c := range map[string]struct {
		filter *esdb.SubscriptionFilter
		want   []string
	}{
		"prefixes of streams":  {&esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"ttledger.", "shop."}}, []string{"ttledger.a 0", "shop.order-1 0"}},
		"expression of stream": {&esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: `^ttledger\.`}, []string{"ttledger.a 0"}},
		"prefix of type":       {&esdb.SubscriptionFilter{Type: esdb.EventFilterType, Prefixes: []string{"order-"}}, []string{"ttledgerx.a 0", "shop.order-1 0"}},
		"no system events":     {esdb.ExcludeSystemEventsFilter(), []string{"ttledger.a 0", "ttledgerx.a 0", "shop.order-1 0"}},
	} {
		sub := subscribe(t, client, esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: c.filter})
		for _, want := range append(c.want, "checkpoint", "caught up") {
			require.Equal(t, want, told(t, sub), name)
		}
	}
}

func TestAStreamIsFollowedEvenBeforeItExists(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client, ctx := connect(t, s.ConnectionString()), within(t)
	sub, err := client.SubscribeToStream(ctx, stream, esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	require.NoError(t, err)
	require.Equal(t, "caught up", told(t, sub))
	write(t, client, stream, 3)
	for i := range 3 {
		require.Equal(t, fmt.Sprintf("%s %d", stream, i), told(t, sub))
	}
	after, err := client.SubscribeToStream(ctx, stream, esdb.SubscribeToStreamOptions{From: esdb.Revision(1)})
	require.NoError(t, err)
	require.Equal(t, stream+" 2", told(t, after), "a revision is exclusive")
	_, err = client.TombstoneStream(ctx, stream, esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Any{}})
	require.NoError(t, err)
	require.Equal(t, "caught up", told(t, after))
	require.Contains(t, told(t, after), "is deleted")
}

func TestAFollowerIsStaleUntilItCatchesUp(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client, ctx := connect(t, s.ConnectionString()), within(t)
	write(t, client, stream, 3)
	s.Write("$stats-127.0.0.1:2113", "$statsCollected", []byte(`{}`)) // does not count
	s.Lag(2)
	require.Equal(t, []uint64{0}, numbers(t, client, stream))
	sub := subscribe(t, client, esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: ours})
	for _, want := range []string{stream + " 0", "checkpoint", "caught up"} {
		require.Equal(t, want, told(t, sub))
	}
	// What was read is not what an append is held against.
	_, err := client.AppendToStream(ctx, stream, expect(esdb.Revision(0)), events(1)...)
	require.Equal(t, esdb.ErrorCodeWrongExpectedVersion, code(t, err))
	write(t, client, stream, 1)
	require.Equal(t, []uint64{0, 1}, numbers(t, client, stream), "it stays behind")
	require.Equal(t, stream+" 1", told(t, sub))
	s.Lag(math.MaxInt32)
	read, err := client.ReadStream(ctx, stream, esdb.ReadStreamOptions{}, 10)
	_, err = drain(t, read, err)
	require.Equal(t, esdb.ErrorCodeResourceNotFound, code(t, err), "even of a stream it need not know")
	s.CatchUp()
	require.Equal(t, []uint64{0, 1, 2, 3}, numbers(t, client, stream))
	require.Equal(t, stream+" 2", told(t, sub))
	require.Equal(t, stream+" 3", told(t, sub))
}

func TestCancellingIsNotContextCanceled(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client := connect(t, s.ConnectionString())
	ctx, cancel := context.WithCancel(t.Context())
	other, err := client.SubscribeToAll(ctx, esdb.SubscribeToAllOptions{})
	require.NoError(t, err)
	require.Equal(t, "caught up", told(t, other))
	cancel()
	dropped := other.Recv().SubscriptionDropped
	require.NotNil(t, dropped)
	require.NotErrorIs(t, dropped.Error, context.Canceled)
	require.Equal(t, codes.Canceled, status.Code(dropped.Error))
}
