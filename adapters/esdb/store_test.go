package esdb_test

import (
	"crypto/rand"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/esdb"
	"ttledger/adapters/esdb/esdbtest"
	"ttledger/adapters/memory"
	"ttledger/adapters/storetest"
)

// newName is a ledger of its own, so that tests can share a server.
func newName() string { return "t" + strings.ToLower(rand.Text()) }

func config(url string, now func() time.Time) esdb.Config {
	return esdb.Config{URL: url, Ledger: newName(), Secret: []byte("secret"), Now: now}
}

// begin begins a ledger and opens it until the test ends.
func begin(t testing.TB, c esdb.Config) *esdb.Store {
	require.NoError(t, esdb.Begin(t.Context(), c, uuid.New()))
	return open(t, c)
}

func open(t testing.TB, c esdb.Config) *esdb.Store {
	s, err := esdb.Open(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// servers are a server of this process, of each kind that answers differently, and a real one
// where TTLEDGER_TEST_ESDB says so.
func servers(t *testing.T, test func(t *testing.T, url string)) {
	for _, version := range []string{"24.10.4", "22.10.5", "21.10.11"} {
		t.Run(version, func(t *testing.T) {
			test(t, esdbtest.Start(t, esdbtest.Options{Version: version}).ConnectionString())
		})
	}
	t.Run("tls and users", func(t *testing.T) {
		test(t, esdbtest.Start(t, esdbtest.Options{Users: map[string]string{esdbtest.Admin: rand.Text()}}).ConnectionString())
	})
	if url := os.Getenv("TTLEDGER_TEST_ESDB"); url != "" {
		t.Run("real", func(t *testing.T) { test(t, url) })
	}
}

func TestStore(t *testing.T) {
	servers(t, func(t *testing.T, url string) {
		storetest.Run(t, func(t *testing.T) storetest.Store { return begin(t, config(url, storetest.Clock())) })
	})
}

// The reference tells positions on stream reads, as servers do since 22.6.
func TestStoreIsAlikeTheReference(t *testing.T) {
	url := esdbtest.Start(t, esdbtest.Options{}).ConnectionString()
	storetest.Alike(t, memory.New(storetest.Clock()), begin(t, config(url, storetest.Clock())))
}
