package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/esdb/esdbtest"
)

func diagnose(t *testing.T, args []string) map[string]finding {
	out, _, _ := call(t, append([]string{"doctor", "--json"}, args...)...)
	found := map[string]finding{}
	for line := range strings.Lines(out) {
		var f finding
		require.NoError(t, json.Unmarshal([]byte(line), &f))
		found[f.Check] = f
	}
	return found
}

func TestTheDoctorExaminesAnEventStore(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{Users: map[string]string{esdbtest.Admin: "s3cret", "clerk": "s3cret"}})
	data := filepath.Join(t.TempDir(), "data")
	at := []string{"--data", data, "--store", server.ConnectionString(), "--ledger", "zone"}
	s := startServer(t, data, at[2:]...)
	admin := s.token
	id, err := propose(t.Context(), s.address, issueHere(t, s.address, admin))
	require.NoError(t, err)
	waitForBoard(t, s.address, issueHere(t, s.address, s.token))
	s.stop(t)

	found := diagnose(t, at)
	for check, f := range found {
		require.NotEqual(t, verdictFail, f.Verdict, "%s: %s", check, f.Detail.En)
	}
	require.Contains(t, found["store"].Detail.En, "EventStoreDB 24.10.4; ledger zone")
	require.Contains(t, found["acl"].Detail.En, "only administrators")
	require.Contains(t, found["no promise"].Detail.En, "before it is replicated")
	require.NotContains(t, found["store"].Detail.En+found["acl"].Detail.En, "s3cret")

	client := func(user string) *esdb.Client {
		c, err := esdb.ParseConnectionString(server.ConnectionStringAs(user))
		require.NoError(t, err)
		c.Logger = esdb.NoopLogging()
		client, err := esdb.NewClient(c)
		require.NoError(t, err)
		t.Cleanup(func() { client.Close() })
		return client
	}
	stream := "zone.project-" + id
	limit := esdb.StreamMetadata{}
	limit.SetMaxCount(1)
	_, err = client("clerk").SetStreamMetadata(t.Context(), stream, esdb.AppendToStreamOptions{}, limit)
	require.ErrorContains(t, err, "AccessDenied")
	_, err = client("clerk").DeleteStream(t.Context(), stream, esdb.DeleteStreamOptions{})
	require.ErrorContains(t, err, "AccessDenied")

	// Who may not administer serves the ledger as well, once it may read $all.
	server.Write("$$$all", "$metadata", []byte(`{"$acl":{"$r":["clerk","$admins"]}}`))
	asClerk := []string{"--data", data, "--store", server.ConnectionStringAs("clerk"), "--ledger", "zone"}
	s = startServer(t, data, asClerk[2:]...)
	_, err = propose(t.Context(), s.address, issueHere(t, s.address, admin))
	require.NoError(t, err)
	s.stop(t)
	found = diagnose(t, asClerk)
	require.Equal(t, verdictWarn, found["acl"].Verdict)
	require.Contains(t, found["acl"].Detail.En, "run this once as an administrator")
	require.Equal(t, verdictOK, found["limits"].Verdict)
	require.Equal(t, verdictOK, found["events"].Verdict)

	_, err = client(esdbtest.Admin).SetStreamMetadata(t.Context(), stream, esdb.AppendToStreamOptions{}, limit)
	require.NoError(t, err)
	server.Write("$settings", "update-default-acl", []byte(`{"$userStreamAcl":{"$d":["$all"],"$mw":"$admins"}}`))
	found = diagnose(t, at)
	require.Equal(t, verdictFail, found["limits"].Verdict)
	require.Contains(t, found["limits"].Detail.En, stream+": $maxCount")
	require.Equal(t, verdictFail, found["acl"].Verdict)
	require.Contains(t, found["acl"].Detail.En, "not only administrators may delete streams;")

	server.Stop()
	found = diagnose(t, at)
	require.Equal(t, verdictFail, found["store"].Verdict)
	require.Contains(t, found["store"].Detail.En, "does not answer")
}

func TestTheDoctorWarnsOfAnEventStoreWithoutUsers(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	data := filepath.Join(t.TempDir(), "data")
	startServer(t, data, "--store", server.ConnectionString()).stop(t)
	found := diagnose(t, []string{"--data", data, "--store", server.ConnectionString()})
	require.Equal(t, verdictWarn, found["acl"].Verdict)
}
