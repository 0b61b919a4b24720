package esdbtest_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/esdb/esdbtest"
)

// whole is all of $all.
func whole(t *testing.T, client *esdb.Client) []*esdb.ResolvedEvent {
	t.Helper()
	read, err := client.ReadAll(within(t), esdb.ReadAllOptions{}, 10_000)
	all, err := drain(t, read, err)
	require.NoError(t, err)
	return all
}

func TestNotFoundComesFromRecv(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	read, err := connect(t, s.ConnectionString()).ReadStream(within(t), stream, esdb.ReadStreamOptions{}, 10)
	require.NoError(t, err)
	defer read.Close()
	_, err = read.Recv()
	require.Equal(t, esdb.ErrorCodeResourceNotFound, code(t, err))
}

func TestAStreamIsReadBothWaysFromAnywhere(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client, ctx := connect(t, s.ConnectionString()), within(t)
	_, err := client.AppendToStream(ctx, stream, expect(esdb.NoStream{}), events(5)...)
	require.NoError(t, err)
	for _, c := range []struct {
		direction esdb.Direction
		from      esdb.StreamPosition
		count     uint64
		want      []uint64
	}{
		{esdb.Forwards, esdb.Start{}, 100, []uint64{0, 1, 2, 3, 4}},
		{esdb.Forwards, nil, 2, []uint64{0, 1}}, // nil is the start
		{esdb.Forwards, esdb.Revision(3), 100, []uint64{3, 4}},
		{esdb.Forwards, esdb.Revision(5), 100, nil},
		{esdb.Forwards, esdb.Revision(50), 100, nil},
		{esdb.Backwards, esdb.End{}, 2, []uint64{4, 3}},
		{esdb.Backwards, esdb.Revision(2), 100, []uint64{2, 1, 0}},
		{esdb.Backwards, esdb.Revision(50), 1, []uint64{4}},
		{esdb.Backwards, esdb.Start{}, 100, []uint64{0}},
	} {
		read, err := client.ReadStream(ctx, stream, esdb.ReadStreamOptions{Direction: c.direction, From: c.from}, c.count)
		got, err := drain(t, read, err)
		require.NoError(t, err)
		var numbers []uint64
		for _, e := range got {
			numbers = append(numbers, e.Event.EventNumber)
		}
		require.Equal(t, c.want, numbers, "%v from %v", c.direction, c.from)
	}
}

// IndexReader.cs, ReadStreamEventsForward: Ensure.Nonnegative(fromEventNumber), Ensure.Positive(maxCount).
func TestReadingForwardFromTheEndIsAnError(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client, ctx := connect(t, s.ConnectionString()), within(t)
	_, err := client.AppendToStream(ctx, stream, expect(esdb.NoStream{}), events(1)...)
	require.NoError(t, err)
	read, err := client.ReadStream(ctx, stream, esdb.ReadStreamOptions{From: esdb.End{}}, 10)
	_, err = drain(t, read, err)
	require.Equal(t, esdb.ErrorCodeUnknown, code(t, err))
	read, err = client.ReadStream(ctx, stream, esdb.ReadStreamOptions{}, 0)
	_, err = drain(t, read, err)
	require.Equal(t, esdb.ErrorCodeUnknown, code(t, err), "nothing may not be asked for")

	// Of $all the end is the position of the writer, where there is nothing (StorageReaderWorker.cs).
	all, err := client.ReadAll(ctx, esdb.ReadAllOptions{From: esdb.End{}}, 10)
	none, err := drain(t, all, err)
	require.NoError(t, err)
	require.Empty(t, none)
}

// The server puts positions on the events of stream reads since 22.6 (kurrent-io/KurrentDB#3459);
// before, and still for events of explicit transactions, they are 2^64-1.
func TestStreamReadsHavePositionsOnNewerServersOnly(t *testing.T) {
	for version, known := range map[string]bool{"21.10.11": false, "22.6.0": true, "24.10.4": true} {
		s := esdbtest.Start(t, esdbtest.Options{Version: version})
		client, ctx := connect(t, s.ConnectionString()), within(t)
		result, err := client.AppendToStream(ctx, stream, expect(esdb.NoStream{}), events(1)...)
		require.NoError(t, err)
		read, err := client.ReadStream(ctx, stream, esdb.ReadStreamOptions{}, 10)
		got, err := drain(t, read, err)
		require.NoError(t, err)
		if known {
			require.Equal(t, result.CommitPosition, got[0].Event.Position.Commit)
			require.Equal(t, result.CommitPosition, *got[0].Commit)
		} else {
			require.EqualValues(t, uint64(math.MaxUint64), got[0].Event.Position.Commit)
			require.EqualValues(t, uint64(math.MaxUint64), got[0].Event.Position.Prepare)
			require.Nil(t, got[0].Commit)
		}
	}
}

func TestPositionsGrowWithGapsAndOthersAreInBetween(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client, ctx := connect(t, s.ConnectionString()), within(t)
	var mine []uint64
	for i := range 6 {
		result, err := client.AppendToStream(ctx, fmt.Sprintf("%s-%d", stream, i), expect(esdb.NoStream{}), events(2)...)
		require.NoError(t, err)
		require.Equal(t, result.CommitPosition, result.PreparePosition)
		mine = append(mine, result.CommitPosition)
		s.Write("shop.order-1", "order-placed", []byte(`{}`))
	}
	all := whole(t, client)
	last := int64(-1000)
	ours, systems, others := 0, 0, 0
	for _, e := range all {
		require.Equal(t, e.Event.Position.Commit, e.Event.Position.Prepare)
		require.Equal(t, e.Event.Position.Commit, *e.Commit)
		require.Greater(t, int64(e.Event.Position.Commit), last+100, "not dense")
		last = int64(e.Event.Position.Commit)
		switch {
		case strings.HasPrefix(e.Event.StreamID, "$") && ours > 0 && ours < 12:
			systems++
		case e.Event.StreamID == "shop.order-1":
			others++
		case strings.HasPrefix(e.Event.StreamID, stream):
			if ours%2 == 1 {
				require.Equal(t, mine[ours/2], e.Event.Position.Commit, "the position of an append is that of its last event")
			}
			ours++
		}
	}
	require.Equal(t, []int{12, 6}, []int{ours, others})
	require.Positive(t, systems)
}

func TestAllIsReadBothWaysFromBoundariesOnly(t *testing.T) {
	for version, want := range map[string]string{"24.10.4": "Trying to read from an invalid position.", "23.10.1": "Unexpected ReadAllResult: Error"} {
		s := esdbtest.Start(t, esdbtest.Options{Version: version})
		client, ctx := connect(t, s.ConnectionString()), within(t)
		_, err := client.AppendToStream(ctx, stream, expect(esdb.NoStream{}), events(4)...)
		require.NoError(t, err)
		all := whole(t, client)
		n := len(all)
		at := func(i int) esdb.Position { return all[i].Event.Position }
		read := func(direction esdb.Direction, from esdb.AllPosition) ([]*esdb.ResolvedEvent, error) {
			r, err := client.ReadAll(ctx, esdb.ReadAllOptions{Direction: direction, From: from}, 1)
			return drain(t, r, err)
		}

		one, err := read(esdb.Forwards, at(n-2))
		require.NoError(t, err)
		require.Equal(t, all[n-2].Event.EventID, one[0].Event.EventID, "forwards a position is inclusive")
		one, err = read(esdb.Backwards, at(n-2))
		require.NoError(t, err)
		require.Equal(t, all[n-3].Event.EventID, one[0].Event.EventID, "backwards it is not")
		one, err = read(esdb.Backwards, esdb.End{})
		require.NoError(t, err)
		require.Equal(t, all[n-1].Event.EventID, one[0].Event.EventID)
		one, err = read(esdb.Forwards, esdb.Position{Commit: at(n-1).Commit + 1<<20, Prepare: at(n-1).Commit + 1<<20})
		require.NoError(t, err)
		require.Empty(t, one, "beyond the end is no error")

		within := esdb.Position{Commit: at(n-2).Commit + 1, Prepare: at(n-2).Commit + 1}
		_, err = read(esdb.Forwards, within)
		require.ErrorContains(t, err, want)
		_, err = read(esdb.Backwards, within)
		require.ErrorContains(t, err, want)
	}
}

func TestTooOldEventsAreHidden(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client := connect(t, s.ConnectionString())
	write(t, client, stream, 2)
	var m esdb.StreamMetadata
	m.SetMaxAge(time.Second)
	_, err := client.SetStreamMetadata(within(t), stream, expect(esdb.Any{}), m)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(numbers(t, client, stream)) == 0 }, 30*time.Second, 10*time.Millisecond)
	write(t, client, stream, 1)
	require.Equal(t, []uint64{2}, numbers(t, client, stream), "numbering goes on")
}

func TestMetadataHidesEventsOfAStreamButNotOfAll(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client, ctx := connect(t, s.ConnectionString()), within(t)
	for name, c := range map[string]struct {
		set  func(m *esdb.StreamMetadata)
		want []uint64
	}{
		"$maxCount": {func(m *esdb.StreamMetadata) { m.SetMaxCount(2) }, []uint64{3, 4}},
		"$tb":       {func(m *esdb.StreamMetadata) { m.SetTruncateBefore(4) }, []uint64{4}},
		"$maxAge":   {func(m *esdb.StreamMetadata) { m.SetMaxAge(time.Hour) }, []uint64{0, 1, 2, 3, 4}},
	} {
		of := stream + name
		_, err := client.AppendToStream(ctx, of, expect(esdb.NoStream{}), events(5)...)
		require.NoError(t, err)
		var m esdb.StreamMetadata
		c.set(&m)
		_, err = client.SetStreamMetadata(ctx, of, expect(esdb.NoStream{}), m)
		require.NoError(t, err)
		got, err := client.GetStreamMetadata(ctx, of, esdb.ReadStreamOptions{})
		require.NoError(t, err)
		require.Equal(t, m, *got, name)
		require.Equal(t, c.want, numbers(t, client, of), name)
		found := 0
		for _, e := range whole(t, client) {
			if e.Event.StreamID == of {
				found++
			}
		}
		require.Equal(t, 5, found, name)
	}
	// The client wraps what Recv said.
	_, err := client.GetStreamMetadata(ctx, stream+"-none", esdb.ReadStreamOptions{})
	require.Equal(t, esdb.ErrorCodeResourceNotFound, code(t, err))
	var m esdb.StreamMetadata
	m.SetMaxCount(1)
	_, err = client.SetStreamMetadata(ctx, stream+"$maxCount", expect(esdb.Revision(0)), m)
	require.NoError(t, err)
	require.Equal(t, []uint64{1}, numbers(t, client, "$$"+stream+"$maxCount"), "of metadata only the last counts")
}
