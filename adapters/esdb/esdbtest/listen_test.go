package esdbtest_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"ttledger/adapters/esdb/esdbtest"
)

func version(t *testing.T, client *esdb.Client) esdb.ServerVersion {
	t.Helper()
	v, err := client.GetServerVersion()
	require.NoError(t, err)
	return *v
}

func TestTheVersionIsToldOverBothProtocols(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	require.Equal(t, esdb.ServerVersion{Major: 24, Minor: 10, Patch: 4}, version(t, connect(t, s.ConnectionString())))
	require.Contains(t, get(t, http.DefaultTransport, "http://"+s.Addr()+"/info"), `"esVersion":"24.10.4"`)

	old := esdbtest.Start(t, esdbtest.Options{Version: "21.10.11", TLS: true})
	require.Equal(t, esdb.ServerVersion{Major: 21, Minor: 10, Patch: 11}, version(t, connect(t, old.ConnectionString())))
	pem, err := os.ReadFile(old.CAFile())
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(pem))
	trusting := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	require.Contains(t, get(t, trusting, "https://"+old.Addr()+"/info"), `"esVersion":"21.10.11"`)
}

func get(t *testing.T, transport http.RoundTripper, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(within(t), http.MethodGet, url, nil)
	require.NoError(t, err)
	resp, err := (&http.Client{Transport: transport}).Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(body)
}

func TestTLSNeedsTheCertificate(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{TLS: true})
	write(t, connect(t, s.ConnectionString()), stream, 1)
	for _, wrong := range []string{"esdb://" + s.Addr() + "?tls=true", "esdb://" + s.Addr() + "?tls=false"} {
		_, err := connect(t, wrong+hasty).AppendToStream(within(t), stream, expect(esdb.Any{}), events(1)...)
		require.Equal(t, esdb.ErrorUnavailable, code(t, err), wrong)
	}
}

func TestAnOutageKeepsTheLogAndThePort(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client, addr := connect(t, s.ConnectionString()), s.Addr()
	write(t, client, stream, 2)
	sub := subscribe(t, client, esdb.SubscribeToAllOptions{})
	require.Equal(t, "caught up", told(t, sub))
	s.Stop()
	s.Stop() // twice is once
	require.Zero(t, s.Connections())
	require.Contains(t, told(t, sub), "dropped")
	_, err := client.AppendToStream(within(t), stream, expect(esdb.Any{}), events(1)...)
	require.Equal(t, esdb.ErrorUnavailable, code(t, err))
	_, err = connect(t, s.ConnectionString()+hasty).AppendToStream(within(t), stream, expect(esdb.Any{}), events(1)...)
	require.Equal(t, esdb.ErrorUnavailable, code(t, err))

	s.Restart()
	s.Restart()
	require.Equal(t, addr, s.Addr())
	require.Equal(t, []uint64{0, 1}, numbers(t, connect(t, s.ConnectionString()), stream))
}

func TestAnOutageAlsoCutsWhoSaysNothing(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	silent, err := net.Dial("tcp", s.Addr())
	require.NoError(t, err)
	defer silent.Close()
	require.Eventually(t, func() bool { return s.Connections() == 1 }, 10*time.Second, time.Millisecond)
	s.Stop()
	require.Zero(t, s.Connections())
}

// An Unavailable answer makes the client discover anew without closing the connection it had
// (esdb/impl.go, reconnect), and Close closes only the last.
func TestEachUnavailableAnswerLeaksAConnection(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client := connect(t, s.ConnectionString())
	write(t, client, stream, 1)
	require.Equal(t, 1, s.Connections())
	for range 5 {
		s.Fault(esdbtest.Fault{Op: esdbtest.Append, Effect: esdbtest.Refuse(codes.Unavailable, "Server Is Too Busy")})
		_, err := client.AppendToStream(within(t), stream, expect(esdb.Any{}), events(1)...)
		require.Equal(t, esdb.ErrorUnavailable, code(t, err))
	}
	write(t, client, stream, 1)
	require.Equal(t, 6, s.Connections())
	require.Equal(t, 6, s.Accepted())
	require.NoError(t, client.Close())
	require.Eventually(t, func() bool { return s.Connections() == 5 }, 10*time.Second, time.Millisecond)
}
