package esdbtest_test

import (
	"bytes"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/esdb/esdbtest"
)

// numbers are the event numbers of a stream, oldest first.
func numbers(t *testing.T, client *esdb.Client, stream string) []uint64 {
	t.Helper()
	read, err := client.ReadStream(within(t), stream, esdb.ReadStreamOptions{}, 10_000)
	all, err := drain(t, read, err)
	require.NoError(t, err)
	got := []uint64{}
	for _, e := range all {
		got = append(got, e.Event.EventNumber)
	}
	return got
}

func TestAnAppendIsHeldAgainstTheExpectedRevision(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client, ctx := connect(t, s.ConnectionString()), within(t)
	for _, wrong := range []esdb.ExpectedRevision{esdb.Revision(0), esdb.StreamExists{}} {
		_, err := client.AppendToStream(ctx, stream, expect(wrong), events(1)...)
		require.Equal(t, esdb.ErrorCodeWrongExpectedVersion, code(t, err), "%T", wrong)
		require.ErrorContains(t, err, "got 'no_stream'")
	}
	_, err := client.AppendToStream(ctx, stream, expect(esdb.NoStream{}), events(2)...)
	require.NoError(t, err)
	for _, wrong := range []esdb.ExpectedRevision{esdb.NoStream{}, esdb.Revision(0), esdb.Revision(2)} {
		_, err := client.AppendToStream(ctx, stream, expect(wrong), events(1)...)
		require.Equal(t, esdb.ErrorCodeWrongExpectedVersion, code(t, err), "%T", wrong)
		require.ErrorContains(t, err, "got '1'")
	}
	for i, right := range []esdb.ExpectedRevision{esdb.Revision(1), esdb.Any{}, esdb.StreamExists{}} {
		result, err := client.AppendToStream(ctx, stream, expect(right), events(1)...)
		require.NoError(t, err)
		require.EqualValues(t, i+2, result.NextExpectedVersion)
	}
	require.Equal(t, []uint64{0, 1, 2, 3, 4}, numbers(t, client, stream))
}

// IndexWriter.cs, CheckCommit.
func TestARepeatIsKnownByItsEventIDs(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client, ctx := connect(t, s.ConnectionString()), within(t)
	first, second := events(2), events(2)
	_, err := client.AppendToStream(ctx, stream, expect(esdb.NoStream{}), first...)
	require.NoError(t, err)
	_, err = client.AppendToStream(ctx, stream, expect(esdb.Revision(1)), second...)
	require.NoError(t, err)

	mixed := []esdb.EventData{first[1], events(1)[0]}
	for name, c := range map[string]struct {
		at       esdb.ExpectedRevision
		events   []esdb.EventData
		conflict bool
		last     uint64
	}{
		"the whole of the last":                   {esdb.Revision(1), second, false, 3},
		"the whole of an older one":               {esdb.NoStream{}, first, false, 1},
		"the beginning of one":                    {esdb.NoStream{}, first[:1], false, 0},
		"two at once":                             {esdb.NoStream{}, append(append([]esdb.EventData{}, first...), second...), false, 3},
		"a part, and a new event":                 {esdb.Revision(0), mixed, true, 0},
		"all, and one beyond the end":             {esdb.Revision(1), append(append([]esdb.EventData{}, second...), events(1)...), true, 0},
		"the right events at another revision":    {esdb.Revision(0), first, true, 0},
		"the right events in another order":       {esdb.NoStream{}, []esdb.EventData{first[1], first[0]}, true, 0},
		"other events":                            {esdb.NoStream{}, events(2), true, 0},
		"the whole without a revision":            {esdb.Any{}, first, false, 1},
		"a part without a revision":               {esdb.Any{}, mixed, true, 0},
		"the whole, where the stream is to exist": {esdb.StreamExists{}, second, false, 3},
	} {
		result, err := client.AppendToStream(ctx, stream, expect(c.at), c.events...)
		if c.conflict {
			require.Equal(t, esdb.ErrorCodeWrongExpectedVersion, code(t, err), name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, c.last, result.NextExpectedVersion, name)
		require.Zero(t, result.CommitPosition, name) // the server need not know it
	}
	require.Equal(t, []uint64{0, 1, 2, 3}, numbers(t, client, stream))

	for range 2 {
		_, err = client.AppendToStream(ctx, stream+"-other", expect(esdb.Any{}), first...)
		require.NoError(t, err)
	}
	require.Len(t, numbers(t, client, stream+"-other"), 2, "the same ids in another stream are other events")
}

// An id left empty is random per call (esdb/protobuf_utils.go, toProposedMessage).
func TestWithoutAnIDARepeatIsDoubled(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client, ctx := connect(t, s.ConnectionString()), within(t)
	unnamed := events(1)
	unnamed[0].EventID = uuid.Nil
	for range 2 {
		_, err := client.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{}, unnamed...) // nil means Any
		require.NoError(t, err)
	}
	require.Len(t, numbers(t, client, stream), 2)
}

func TestEmptyNamesAreRefused(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client, ctx := connect(t, s.ConnectionString()), within(t)
	_, err := client.AppendToStream(ctx, "", expect(esdb.NoStream{}), events(1)...)
	require.Equal(t, esdb.ErrorCodeUnknown, code(t, err))
	untyped := events(1)
	untyped[0].EventType = ""
	_, err = client.AppendToStream(ctx, stream, expect(esdb.NoStream{}), untyped...)
	require.Equal(t, esdb.ErrorCodeUnknown, code(t, err))
	read, err := client.ReadStream(ctx, "", esdb.ReadStreamOptions{}, 1)
	_, err = drain(t, read, err)
	require.Equal(t, esdb.ErrorCodeUnknown, code(t, err))
	require.Error(t, func() error {
		read, err := client.ReadStream(ctx, stream, esdb.ReadStreamOptions{}, 1)
		_, err = drain(t, read, err)
		return err
	}(), "nothing was written")
}

// Streams.Append.cs counts data, metadata and twice the length of the type of all events together.
func TestAnAppendIsAtMostOneMebibyte(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client, ctx := connect(t, s.ConnectionString()), within(t)
	fits := esdb.EventData{EventID: uuid.New(), EventType: "type", Metadata: []byte("1234"), Data: bytes.Repeat([]byte("x"), 1<<20-4-2*4)}
	_, err := client.AppendToStream(ctx, stream, expect(esdb.NoStream{}), fits)
	require.NoError(t, err)

	above := fits
	above.EventID, above.Data = uuid.New(), append(fits.Data, 'x')
	_, err = client.AppendToStream(ctx, stream, expect(esdb.Revision(0)), above)
	require.Equal(t, esdb.ErrorCodeUnknown, code(t, err))
	require.ErrorContains(t, err, "Maximum Append Size of 1048576 Exceeded.")

	// The refusal comes while the client is still sending: it may learn no more than EOF.
	many := events(64)
	for i := range many {
		many[i].Data = bytes.Repeat([]byte("x"), 64<<10)
	}
	_, err = client.AppendToStream(ctx, stream, expect(esdb.Revision(0)), many...)
	require.Equal(t, esdb.ErrorCodeUnknown, code(t, err))
	require.Len(t, numbers(t, client, stream), 1, "all or nothing")
}

func TestASoftDeletedStreamMayLiveAgain(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client, ctx := connect(t, s.ConnectionString()), within(t)
	gone := events(3)
	_, err := client.AppendToStream(ctx, stream, expect(esdb.NoStream{}), gone...)
	require.NoError(t, err)
	_, err = client.DeleteStream(ctx, stream, esdb.DeleteStreamOptions{ExpectedRevision: esdb.Revision(7)})
	require.Equal(t, esdb.ErrorCodeUnknown, code(t, err), "a wrong revision is no result here, but an error")
	require.ErrorContains(t, err, "WrongExpectedVersion")
	result, err := client.DeleteStream(ctx, stream, esdb.DeleteStreamOptions{ExpectedRevision: esdb.Revision(2)})
	require.NoError(t, err)
	require.NotZero(t, result.Position.Commit)

	read, err := client.ReadStream(ctx, stream, esdb.ReadStreamOptions{}, 10)
	_, err = drain(t, read, err)
	require.Equal(t, esdb.ErrorCodeResourceNotFound, code(t, err))
	_, err = client.AppendToStream(ctx, stream, expect(esdb.StreamExists{}), events(1)...)
	require.Equal(t, esdb.ErrorCodeStreamDeleted, code(t, err))

	written, err := client.AppendToStream(ctx, stream, expect(esdb.NoStream{}), events(2)...)
	require.NoError(t, err)
	require.EqualValues(t, 4, written.NextExpectedVersion, "numbering goes on")
	require.Equal(t, []uint64{3, 4}, numbers(t, client, stream))
	_, err = client.AppendToStream(ctx, stream, expect(esdb.NoStream{}), events(1)...)
	require.Equal(t, esdb.ErrorCodeWrongExpectedVersion, code(t, err))

	all, err := client.ReadAll(ctx, esdb.ReadAllOptions{}, 1000)
	found, err := drain(t, all, err)
	require.NoError(t, err)
	require.True(t, func() bool {
		for _, e := range found {
			if e.Event.EventID == gone[0].EventID {
				return true
			}
		}
		return false
	}(), "what was deleted stays in $all until it is scavenged")
}

func TestATombstoneIsForEver(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client, ctx := connect(t, s.ConnectionString()), within(t)
	_, err := client.AppendToStream(ctx, stream, expect(esdb.NoStream{}), events(1)...)
	require.NoError(t, err)
	_, err = client.TombstoneStream(ctx, stream, esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Revision(0)})
	require.NoError(t, err)
	for _, at := range []esdb.ExpectedRevision{esdb.NoStream{}, esdb.Revision(0), esdb.Any{}} {
		_, err = client.AppendToStream(ctx, stream, expect(at), events(1)...)
		require.Equal(t, esdb.ErrorCodeStreamDeleted, code(t, err))
	}
	read, err := client.ReadStream(ctx, stream, esdb.ReadStreamOptions{}, 10)
	_, err = drain(t, read, err)
	require.Equal(t, esdb.ErrorCodeStreamDeleted, code(t, err))
	all, err := client.ReadAll(ctx, esdb.ReadAllOptions{Direction: esdb.Backwards, From: esdb.End{}}, 1)
	last, err := drain(t, all, err)
	require.NoError(t, err)
	require.Equal(t, "$streamDeleted", last[0].Event.EventType)
}
