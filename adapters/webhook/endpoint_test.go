package webhook

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
)

func writeConfig(t *testing.T, config string) string {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "s"), []byte(secret), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "short"), []byte("whsec_MfKQ9r8G"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bare"), []byte(strings.TrimPrefix(secret, secretPrefix)), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "empty"), nil, 0o600))
	file := filepath.Join(dir, "webhooks.json")
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	return file
}

func TestLoad(t *testing.T) {
	none, err := Load(filepath.Join(t.TempDir(), "webhooks.json"))
	require.NoError(t, err)
	require.Empty(t, none)

	all, err := Load(writeConfig(t, `[{"name":"a","url":"https://a.example/h?k=1","secret_file":"s","types":["x.y.v1"]},
		{"name":"b-2","url":"http://10.1.2.3:80/","secret_file":"s","allow_private":true}]`))
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.True(t, all[0].wants("x.y.v1"))
	require.False(t, all[0].wants("x.z.v1"))
	require.True(t, all[1].wants("x.z.v1"))

	for _, bad := range []string{
		`{}`, `[{"name":"a","url":"https://a.example","secret_file":"s","typos":[]}]`,
		`[{"name":"","url":"https://a.example","secret_file":"s"}]`,
		`[{"name":"../a","url":"https://a.example","secret_file":"s"}]`,
		`[{"name":"a","url":"https://a.example","secret_file":"s"},{"name":"a","url":"https://b.example","secret_file":"s"}]`,
		`[{"name":"a","url":"http://a.example","secret_file":"s"}]`,
		`[{"name":"a","url":"ftp://a.example","secret_file":"s","allow_private":true}]`,
		`[{"name":"a","url":"https:///h","secret_file":"s"}]`,
		`[{"name":"a","url":"https://u:p@a.example","secret_file":"s"}]`,
		`[{"name":"a","url":"https://a.example#f","secret_file":"s"}]`,
		`[{"name":"a","url":"https://a.example"}]`,
		`[{"name":"a","url":"https://a.example","secret_file":"missing"}]`,
		`[{"name":"a","url":"https://a.example","secret_file":"short"}]`,
		`[{"name":"a","url":"https://a.example","secret_file":"bare"}]`,
		`[{"name":"a","url":"https://a.example","secret_file":"empty"}]`,
	} {
		_, err := Load(writeConfig(t, bad))
		require.Error(t, err, bad)
		require.NotContains(t, err.Error(), "MfKQ9r8G", "no secret in an error")
	}
}

func TestOnlyTheOpenNetworkIsOpen(t *testing.T) {
	for _, closed := range []string{
		"127.0.0.1", "127.8.8.8", "::1", "0.0.0.0", "::", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
		"fe80::1", "fc00::1", "fd00:ec2::254", "100.64.0.1", "224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1", "192.0.0.1",
		"198.18.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:100.64.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1", "0.1.2.3", "fec0::1",
	} {
		require.False(t, open(netip.MustParseAddr(closed)), closed)
	}
	for _, public := range []string{"8.8.8.8", "1.1.1.1", "172.32.0.1", "223.5.5.5", "2400:3200::1", "::ffff:8.8.8.8", "100.128.0.1"} {
		require.True(t, open(netip.MustParseAddr(public)), public)
	}
}

// attempt posts once over the network.
func attempt(t *testing.T, url string, allowPrivate bool) error {
	e := Endpoint{Name: "a", URL: url, AllowPrivate: allowPrivate, secrets: [][]byte{[]byte("0123456789abcdef01234567")}}
	s := &Sender{Log: slog.New(slog.DiscardHandler), Now: time.Now}
	w := s.worker(e)
	t.Cleanup(w.client.CloseIdleConnections)
	return w.post(t.Context(), Message{Type: proposed, Data: Pointer{Entry: 1, ID: uuid.New(), Version: ledger.Version(1)}})
}

func TestNoMessageLeavesForAPrivateAddress(t *testing.T) {
	hits := 0
	inside := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits++ }))
	defer inside.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(inside.URL, "https://"), ":")
	for _, url := range []string{
		inside.URL, "https://localhost:" + port, "https://[::1]:" + port, "https://[::ffff:127.0.0.1]:" + port,
		"https://0.0.0.0:" + port, "https://169.254.169.254/latest", "https://10.0.0.1", "https://[fe80::1]",
	} {
		require.ErrorContains(t, attempt(t, url, false), "not an address of the open network", url)
	}
	require.Zero(t, hits)
	require.Nil(t, transport(Endpoint{}).(*http.Transport).Proxy, "a proxy would be a way round")
}

func TestAPrivateAddressThatIsAllowed(t *testing.T) {
	oracle, err := standard.NewWebhookRaw([]byte("0123456789abcdef01234567"))
	require.NoError(t, err)
	var redirected bool
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		case "/elsewhere":
			redirected = true
		default:
			body := make([]byte, r.ContentLength)
			_, _ = r.Body.Read(body)
			if oracle.Verify(body, r.Header) != nil {
				w.WriteHeader(http.StatusUnauthorized)
			}
		}
	}))
	defer inside.Close()
	require.NoError(t, attempt(t, inside.URL+"/hook", true))
	require.EqualError(t, attempt(t, inside.URL+"/moved", true), "answered 307 Temporary Redirect")
	require.False(t, redirected)
}
