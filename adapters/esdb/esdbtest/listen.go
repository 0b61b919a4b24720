package esdbtest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// network is the node's place on the loopback; it outlives a restart.
type network struct {
	addr   string // once known, for ever
	tls    *tls.Config
	caFile string

	mu       sync.Mutex // of what follows
	listener *listener
	open     map[string]*conn // by the address of the client
	accepted int
}

// listener hands gRPC connections to the gRPC server and answers plain HTTP itself, both on one
// port, as the server does.
type listener struct {
	net.Listener
	network *network
	version string
	grpc    chan net.Conn
	closed  chan struct{}
}

func (n *network) listen(version string) (net.Listener, error) {
	inner, err := n.bind()
	if err != nil {
		return nil, err
	}
	l := &listener{Listener: inner, network: n, version: version, grpc: make(chan net.Conn), closed: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.listener = l
	go l.accept()
	return l, nil
}

// bind takes a port below those that the kernel gives to connections, lest one of them take it
// between Stop and Restart.
func (n *network) bind() (inner net.Listener, err error) {
	if n.addr != "" {
		return net.Listen("tcp", n.addr)
	}
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", 20000+mathrand.IntN(12000)) // #nosec G404 -- a port, no secret
		if inner, err = net.Listen("tcp", addr); err == nil {
			n.addr = addr
			return inner, nil
		}
	}
	return nil, err
}

func (l *listener) accept() {
	defer close(l.closed)
	for {
		inner, err := l.Listener.Accept()
		if err != nil {
			return
		}
		go l.sort(l.network.track(inner))
	}
}

// sort looks at what the client says first.
func (l *listener) sort(c net.Conn) {
	_ = c.SetDeadline(time.Now().Add(10 * time.Second)) // who connects must say something
	if l.network.tls != nil {
		c = tls.Server(c, l.network.tls)
	}
	s := &peeked{Conn: c, r: bufio.NewReader(c)}
	preface, err := s.r.Peek(3)
	switch {
	case err != nil:
		_ = c.Close()
	case string(preface) != "PRI": // what HTTP/2 begins with
		l.answer(s)
	default:
		_ = c.SetDeadline(time.Time{})
		select {
		case l.grpc <- s:
		case <-l.closed:
			_ = c.Close()
		}
	}
}

// answer serves GET /info, and nothing else, to one request.
func (l *listener) answer(c *peeked) {
	defer c.Close()
	req, err := http.ReadRequest(c.r)
	if err != nil {
		return
	}
	status, body := "404 Not Found", ""
	if req.Method == http.MethodGet && req.URL.Path == "/info" {
		status, body = "200 OK", fmt.Sprintf(`{"dbVersion":%q,"esVersion":%[1]q,"state":"leader"}`, l.version)
	}
	_, _ = fmt.Fprintf(c, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, len(body), body)
}

// Accept is what the gRPC server calls.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.grpc:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// close stops listening and cuts all connections.
func (n *network) close() {
	n.mu.Lock()
	_ = n.listener.Close()
	var open []*conn
	for _, c := range n.open {
		open = append(open, c)
	}
	n.mu.Unlock()
	for _, c := range open {
		_ = c.Close()
	}
}

// cut closes one connection without a word; what waits to be sent is lost.
func (n *network) cut(client string) {
	n.mu.Lock()
	c := n.open[client]
	n.mu.Unlock()
	if c != nil {
		_ = c.Close()
	}
}

func (n *network) track(inner net.Conn) *conn {
	c := &conn{Conn: inner, network: n}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open[c.RemoteAddr().String()] = c
	n.accepted++
	return c
}

// counts are how many connections are open, and how many ever were.
func (n *network) counts() (open, accepted int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.open), n.accepted
}

// conn is counted until it is closed.
type conn struct {
	net.Conn
	network *network
}

func (c *conn) Close() error {
	c.network.mu.Lock()
	if key := c.RemoteAddr().String(); c.network.open[key] == c {
		delete(c.network.open, key)
	}
	c.network.mu.Unlock()
	return c.Conn.Close()
}

// peeked is a connection of which the beginning was looked at.
type peeked struct {
	net.Conn
	r *bufio.Reader
}

func (p *peeked) Read(b []byte) (int, error) { return p.r.Read(b) }

// makeCertificate is its own authority, for the loopback and a day.
func makeCertificate(t testing.TB) (*tls.Config, string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "esdbtest"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		DNSNames:              []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		NextProtos:   []string{"h2", "http/1.1"}, // gRPC insists on h2
	}, file
}
