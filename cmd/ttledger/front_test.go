package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/oidc/oidctest"
	"ttledger/domain/ledger"
	"ttledger/domain/trace"
)

func TestWhereAServerListens(t *testing.T) {
	for name, c := range map[string]struct {
		front
		says string // "" where it may
	}{
		"this machine":                     {front{listen: "127.0.0.1:8080"}, ""},
		"this machine by name":             {front{listen: "localhost:0"}, ""},
		"this machine in IPv6":             {front{listen: "[::1]:0"}, ""},
		"everywhere":                       {front{listen: ":8080"}, "in the clear"},
		"everywhere by number":             {front{listen: "0.0.0.0:8080"}, "in the clear"},
		"a network":                        {front{listen: "192.0.2.1:8080"}, "in the clear"},
		"a name that may be any":           {front{listen: "ledger.example.org:8080"}, "in the clear"},
		"everywhere with TLS":              {front{listen: ":8443", cert: "a", key: "b"}, ""},
		"everywhere behind a proxy":        {front{listen: ":8080", proxies: []string{"10.0.0.7"}}, ""},
		"everywhere behind a network":      {front{listen: ":8080", proxies: []string{"10.0.0.0/24", "fd00::/8"}}, ""},
		"everywhere as was asked for":      {front{listen: ":8080", insecure: true}, ""},
		"a certificate without a key":      {front{listen: ":8443", cert: "a"}, "go together"},
		"behind a proxy that is not named": {front{listen: ":8080", proxies: []string{"yes"}}, `"yes"`},
	} {
		_, err := c.check()
		if c.says == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, c.says, name)
	}
	_, problems, code := call(t, "serve", "--data", filepath.Join(t.TempDir(), "data"), "--listen", "0.0.0.0:0")
	require.Equal(t, exitUsage, code)
	require.Contains(t, problems, "--insecure-listen")
	_, problems, code = call(t, "serve", "--data", t.TempDir(), "--oidc-issuer", "https://login.example.org")
	require.Equal(t, exitUsage, code)
	require.Contains(t, problems, "go together")

	var log strings.Builder
	front{listen: ":8080", insecure: true}.warn(slog.New(slog.NewTextHandler(&log, nil)))
	require.Contains(t, log.String(), "INSECURE")
	log.Reset()
	front{listen: "127.0.0.1:0", insecure: true}.warn(slog.New(slog.NewTextHandler(&log, nil)))
	require.Empty(t, log.String())
}

// certify writes a certificate of its own for localhost, and is the pool that trusts it.
func certify(t *testing.T, cert, key string, serial int64) *x509.CertPool {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "ttledger"}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	// The key first: between the two writes they do not fit, and the old pair must serve.
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), 0o600))
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return pool
}

func TestTLSFollowsItsFiles(t *testing.T) {
	dir := t.TempDir()
	f := front{listen: "127.0.0.1:0", cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem")}
	_, err := f.tls(slog.New(slog.DiscardHandler))
	require.Error(t, err, "no certificate, no server")
	pool := certify(t, f.cert, f.key, 1)
	d, _, err := beginDirectory(t.Context(), place{data: filepath.Join(dir, "data")})
	require.NoError(t, err)
	s, err := newServer(d, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	s.tls, err = f.tls(slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	started, ended := make(chan string), make(chan error, 1)
	go func() { ended <- s.run(ctx, f.listen, func(address string) { started <- address }) }()
	defer func() {
		cancel()
		require.NoError(t, <-ended)
		require.NoError(t, d.close())
	}()
	address := <-started
	require.True(t, strings.HasPrefix(address, "https://"))

	ask := func(c *tls.Config) (*http.Response, error) {
		transport := &http.Transport{TLSClientConfig: c, ForceAttemptHTTP2: true, DisableKeepAlives: true}
		a, err := (&http.Client{Transport: transport}).Get(address + "/healthz")
		if err == nil {
			_, _ = io.Copy(io.Discard, a.Body)
			a.Body.Close()
		}
		return a, err
	}
	a, err := ask(&tls.Config{RootCAs: pool})
	require.NoError(t, err)
	require.Equal(t, 200, a.StatusCode)
	require.Equal(t, 2, a.ProtoMajor)
	require.NotEmpty(t, a.Header.Get("Strict-Transport-Security"))
	_, err = ask(&tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11})
	require.Error(t, err)

	require.NoError(t, os.WriteFile(f.cert, []byte("half a certific"), 0o600))
	require.Never(t, func() bool { _, err := ask(&tls.Config{RootCAs: pool}); return err != nil }, 2*lookEvery, lookEvery/4, "a bad file changes nothing")
	next := certify(t, f.cert, f.key, 2)
	require.Eventually(t, func() bool { _, err := ask(&tls.Config{RootCAs: next}); return err == nil }, 10*time.Second, 50*time.Millisecond)
}

func TestTokensOnTheCommandLine(t *testing.T) {
	o := newOffice(t)
	s := serveHere(t, o)
	file := filepath.Join(t.TempDir(), "token")
	keep := func(token string) {
		require.NoError(t, os.WriteFile(file, []byte(token), 0o600))
	}
	who := func() int {
		status, _ := get(t, s.address+"/v1/whoami", strings.TrimSpace(o.read(t, file)))
		return status
	}
	keep(must(t, "token", "issue", "wang.pm", "--role", "PM", "--days", "30", "--server", s.address, "--token-file", o.admin))
	require.Equal(t, 200, who())
	old := o.read(t, file)
	keep(must(t, "token", "rotate", "--overlap-days", "0", "--server", s.address, "--token-file", file))
	require.NotEqual(t, old, o.read(t, file))
	require.Equal(t, 200, who())
	listed := must(t, "token", "list", "--data", o.data)
	require.Contains(t, listed, "live to "+ledger.DayOf(time.Now()).String(), "the old opens to the end of today")
	require.Contains(t, listed, "live to "+lastDay(365).String())

	_, problems, code := call(t, "token", "issue", "wang.pm", "--days", "400", "--server", s.address, "--token-file", o.admin)
	require.Equal(t, exitFailed, code)
	require.Contains(t, problems, "/data/expires")
	_, problems, code = call(t, "token", "issue", "wang.pm", "--role", "AUD", "--server", s.address, "--token-file", o.admin)
	require.Equal(t, exitFailed, code)
	require.Contains(t, problems, "[duties]")
	_, _, code = call(t, "token", "rotate", "wang.pm", "--server", s.address, "--token-file", o.admin)
	require.Equal(t, exitUsage, code)
	s.stop()
	keep(must(t, "token", "rotate", "--data", o.data, "--token-file", file))
	require.Equal(t, strings.Count(listed, "live to ")+1, strings.Count(must(t, "token", "list", "--data", o.data), "live to "), "there is one more")
}

func TestIdentitiesOnTheCommandLine(t *testing.T) {
	o := newOffice(t)
	issuer := oidctest.New(t, time.Now())
	d, err := openDirectory(t.Context(), place{data: o.data})
	require.NoError(t, err)
	change, err := serveOptions{requests: 100, issuer: issuer.URL, clientID: oidctest.ClientID, public: "http://localhost:1"}.settle(front{listen: "127.0.0.1:0"})
	require.NoError(t, err)
	s, err := newServer(d, slog.New(slog.DiscardHandler), change)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	started, ended := make(chan string), make(chan error, 1)
	go func() { ended <- s.run(ctx, "127.0.0.1:0", func(address string) { started <- address }) }()
	defer func() {
		cancel()
		require.NoError(t, <-ended)
		require.NoError(t, d.close())
	}()
	address := <-started
	token := issuer.Token("248289761001", nil)
	whoami := func() (int, string) { return get(t, address+"/v1/whoami", token) }
	status, _ := whoami()
	require.Equal(t, 401, status)
	must(t, "token", "issue", "wang.pm", "--role", "PM", "--server", address, "--token-file", o.admin)
	named := []string{"--issuer", issuer.URL, "--subject", "248289761001", "--server", address, "--token-file", o.admin}
	for range 2 { // again after it ended, too
		must(t, append([]string{"identity", "link", "wang.pm"}, named...)...)
		status, body := whoami()
		require.Equal(t, 200, status)
		require.Contains(t, body, "wang.pm")
		must(t, append([]string{"identity", "unlink"}, named...)...)
		status, _ = whoami()
		require.Equal(t, 401, status)
	}
	raw, err := os.ReadFile(filepath.Join(o.data, "ledger.db"))
	require.NoError(t, err)
	wal, err := os.ReadFile(filepath.Join(o.data, "ledger.db-wal"))
	require.NoError(t, err)
	require.NotContains(t, string(raw)+string(wal), "248289761001", "the subject is recorded nowhere")
}

// A day of accesses is sealed once it is over, once, and a change of it afterwards is seen.
func TestADayOfAccessesIsSealed(t *testing.T) {
	o := newOffice(t)
	d, err := openDirectory(t.Context(), place{data: o.data})
	require.NoError(t, err)
	defer func() { require.NoError(t, d.close()) }()
	var log strings.Builder
	s, err := newServer(d, slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	defer func() { require.NoError(t, s.close()) }()
	require.NoError(t, s.trace.Record(t.Context(), trace.Access{Actor: "chen.aud", Route: "stream", Target: "project-" + uuid.NewString()}))
	day := ledger.DayOf(time.Now())
	sealed := func() (events []trace.Event) {
		for r, err := range d.store.Read(t.Context(), ledger.StreamID{Category: "trace", ID: trace.ID(day)}, 0) {
			require.NoError(t, err)
			require.Equal(t, day, r.Meta.OccurredOn)
			require.Equal(t, "process", r.Meta.Source.Kind)
			e, err := trace.Codec.Decode(r.Type, r.Data)
			require.NoError(t, err)
			events = append(events, e)
		}
		return events
	}
	require.NoError(t, s.seals.seal(t.Context()))
	require.Empty(t, sealed(), "today is not over")

	d.ledger.Now = func() time.Time { return time.Now().AddDate(0, 0, 1) }
	digest, err := s.trace.Seal(t.Context(), day)
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, s.seals.seal(t.Context()))
		require.Equal(t, []trace.Event{trace.DaySealed(digest)}, sealed())
	}
	again := &sealer{trace: s.trace, ledger: d.ledger, log: s.log}
	require.NoError(t, again.seal(t.Context()), "by another process")
	require.Len(t, sealed(), 1)
	require.Empty(t, log.String())

	require.NoError(t, s.trace.Record(t.Context(), trace.Access{Actor: "chen.aud", Route: "stream"})) // which is not after the seal for the real clock
	require.NoError(t, (&sealer{trace: s.trace, ledger: d.ledger, log: s.log}).seal(t.Context()))
	require.Contains(t, log.String(), "ACCESS TRACE CHANGED")
	require.Contains(t, log.String(), fmt.Sprint("day=", day))
}
