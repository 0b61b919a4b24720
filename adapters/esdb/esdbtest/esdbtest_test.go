package esdbtest_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/esdb/esdbtest"
)

// stream is a name like those in production.
const stream = "ttledger.project-6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11"

// connect is the real client, closed when the test ends.
func connect(t *testing.T, connection string) *esdb.Client {
	t.Helper()
	config, err := esdb.ParseConnectionString(connection)
	require.NoError(t, err)
	config.Logger = esdb.NoopLogging()
	client, err := esdb.NewClient(config)
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// within is a context for calls that are to answer at once.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// events are n of them with ids of their own.
func events(n int) []esdb.EventData {
	all := make([]esdb.EventData, n)
	for i := range all {
		all[i] = esdb.EventData{EventID: uuid.New(), EventType: "project.proposed.v1", ContentType: esdb.ContentTypeJson,
			Data: []byte(`{"title":"冷烧结"}`), Metadata: []byte(`{"actor":"wu"}`)}
	}
	return all
}

func expect(r esdb.ExpectedRevision) esdb.AppendToStreamOptions {
	return esdb.AppendToStreamOptions{ExpectedRevision: r}
}

// drain reads to the end.
func drain(t *testing.T, r *esdb.ReadStream, err error) ([]*esdb.ResolvedEvent, error) {
	t.Helper()
	require.NoError(t, err)
	defer r.Close()
	var all []*esdb.ResolvedEvent
	for {
		e, err := r.Recv()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, e)
	}
}

// code is the client's class of an error, also of one that it wrapped.
func code(t *testing.T, err error) esdb.ErrorCode {
	t.Helper()
	var e *esdb.Error
	require.ErrorAs(t, err, &e)
	return e.Code()
}

func TestWhatIsAppendedIsReadAndFollowed(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client, ctx := connect(t, s.ConnectionString()), within(t)
	sent := events(3)
	result, err := client.AppendToStream(ctx, stream, expect(esdb.NoStream{}), sent...)
	require.NoError(t, err)
	require.EqualValues(t, 2, result.NextExpectedVersion)
	require.NotZero(t, result.CommitPosition)

	read, err := client.ReadStream(ctx, stream, esdb.ReadStreamOptions{}, 100)
	got, err := drain(t, read, err)
	require.NoError(t, err)
	require.Len(t, got, 3)
	for i, e := range got {
		require.Equal(t, sent[i].EventID, e.Event.EventID)
		require.Equal(t, sent[i].EventType, e.Event.EventType)
		require.Equal(t, sent[i].Data, e.Event.Data)
		require.Equal(t, sent[i].Metadata, e.Event.UserMetadata)
		require.EqualValues(t, i, e.Event.EventNumber)
		require.WithinDuration(t, time.Now(), e.Event.CreatedDate, time.Minute)
	}

	sub, err := client.SubscribeToAll(ctx, esdb.SubscribeToAllOptions{From: esdb.Start{},
		Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"ttledger."}}})
	require.NoError(t, err)
	defer sub.Close()
	for i := range 3 {
		e := sub.Recv()
		require.NotNil(t, e.EventAppeared)
		require.Equal(t, sent[i].EventID, e.EventAppeared.Event.EventID)
	}
	require.NotNil(t, sub.Recv().CheckPointReached)
	require.NotNil(t, sub.Recv().CaughtUp)
}
