// Package esdbtest is an EventStoreDB for tests: a gRPC server in the process of the test that
// speaks the protocol of EventStoreDB over a log in memory, so that the real client meets, over a
// real connection, what a real server does, and its failures when a test asks for them.
//
// It knows nothing of ledgers. What it answers was taken from the source of the server
// (EventStoreDB 24.10, Log V2), as the comments say; the package's own tests hold it against the
// client and are meant to be read as a description of that server, and of what its client v4.2.0
// makes of it: a failed discovery ends the client, holds callers whatever their context says, and
// Close then makes them panic; an Unavailable answer leaks a connection; RequiresLeader is never
// sent; an append refused early is EOF; lists of roles cannot be read.
//
// Read it in this order: journal.go decides what an append does and view.go what a reader sees,
// streams.go, read.go and subscribe.go are the protocol (wire.go its messages and errors),
// access.go is users and ACLs, cluster.go several nodes and discovery, faults.go what can go wrong,
// listen.go the network.
//
//	s := esdbtest.Start(t, esdbtest.Options{})
//	s.Fault(esdbtest.Fault{Op: esdbtest.Append, After: true, Effect: esdbtest.Drop()})
//	client := open(s.ConnectionString()) // its next append is written, and the answer lost
package esdbtest

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/stretchr/testify/require"
)

// Admin is the user that belongs to $admins, whom no ACL binds.
const Admin = "admin"

// Options say what kind of server is started; the zero value is a server of version 24.10.4
// without TLS and access control ("insecure", as the development profile runs it).
type Options struct {
	// Version is what the server says it is. Older ones behave as they did: before 23.10 no
	// CaughtUp is sent, before 22.6 the events of stream reads carry no position (2^64-1), and
	// before 24.2 a wrong position is Unknown instead of InvalidArgument.
	Version string
	// Users are names and passwords. With them anonymous calls are refused and ACLs are
	// enforced; Admin belongs to $admins. They imply TLS, because the client sends credentials
	// over nothing else.
	Users map[string]string
	// TLS serves with a certificate made for the test; ConnectionString names it.
	TLS bool
	// MaxAppendSize is in bytes; the default is the server's 1,048,576.
	MaxAppendSize int
	// Join makes a further node of that server's cluster: one log, every node with its own port,
	// faults and lag. The other options are taken from that server.
	Join *Server
}

// Server is one node. All its methods may be called at any time from any goroutine.
type Server struct {
	t       testing.TB
	options Options
	version [2]int
	cluster *cluster
	journal *journal
	faults  faults
	net     network
	lag     atomic.Int64
	up      atomic.Bool
	minPing time.Duration // the shortest time between two pings that it puts up with

	mu   sync.Mutex // of what follows
	grpc *grpc.Server
	done chan struct{}
}

// Start runs a server on a port of the loopback until the test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{t: t, options: o, cluster: &cluster{}, journal: newJournal(), minPing: 5 * time.Second}
	s.net.open = map[string]*conn{}
	switch {
	case o.Join != nil:
		s.options, s.cluster, s.journal = o.Join.options, o.Join.cluster, o.Join.journal
		s.net.tls, s.net.caFile = o.Join.net.tls, o.Join.net.caFile
	case o.TLS || o.Users != nil:
		s.net.tls, s.net.caFile = makeCertificate(t)
	}
	if s.options.Version == "" {
		s.options.Version = "24.10.4"
	}
	if s.options.MaxAppendSize == 0 {
		s.options.MaxAppendSize = 1 << 20
	}
	s.version = parseVersion(t, s.options.Version)
	require.NoError(t, s.serve())
	s.cluster.join(s)
	t.Cleanup(s.Stop)
	return s
}

func parseVersion(t testing.TB, v string) (version [2]int) {
	for i, part := range strings.SplitN(v, ".", 3)[:2] {
		n, err := strconv.Atoi(part)
		require.NoError(t, err, "%q is no version like 24.10.4", v)
		version[i] = n
	}
	return version
}

// since tells whether the server is of that version or newer.
func (s *Server) since(major, minor int) bool {
	return s.version[0] > major || s.version[0] == major && s.version[1] >= minor
}

// Addr is where the server listens, and will listen again after Restart: host:port.
func (s *Server) Addr() string { return s.net.addr }

// CAFile is the path of the certificate to trust, in PEM; empty without TLS.
func (s *Server) CAFile() string { return s.net.caFile }

// ConnectionString connects to this node, as Admin if there is that user, else anonymously.
func (s *Server) ConnectionString() string { return s.ConnectionStringAs(Admin) }

// ConnectionStringAs connects with the name and password of one of Options.Users, or anonymously
// where there is none of that name. Settings may be added to it with "&key=value".
func (s *Server) ConnectionStringAs(user string) string {
	return s.connectionString("esdb", user, s.net.addr)
}

// ClusterString names all nodes as Admin, so that the client asks them by gossip which of them to
// connect to.
func (s *Server) ClusterString() string {
	nodes := s.cluster.all()
	if len(nodes) == 1 {
		return s.connectionString("esdb+discover", Admin, s.net.addr)
	}
	addrs := make([]string, len(nodes))
	for i, n := range nodes {
		addrs[i] = n.net.addr
	}
	return s.connectionString("esdb", Admin, strings.Join(addrs, ","))
}

func (s *Server) connectionString(scheme, user, hosts string) string {
	credentials, settings := "", "tls=false"
	if password, ok := s.options.Users[user]; ok {
		credentials = url.UserPassword(user, password).String() + "@"
	}
	if s.net.tls != nil {
		settings = "tls=true&tlsCaFile=" + url.QueryEscape(s.net.caFile)
	}
	return fmt.Sprintf("%s://%s%s?%s", scheme, credentials, hosts, settings)
}

// Stop closes the listener and cuts every connection, as a crash would: calls under way fail, new
// connections are refused. The log is kept for Restart.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.grpc == nil {
		return
	}
	s.up.Store(false)
	s.net.close()
	s.grpc.Stop()
	<-s.done
	s.grpc = nil
}

// Restart listens again on the same port with the log as it was; it does nothing to a server that
// runs. Where it fails, so does the test.
func (s *Server) Restart() {
	s.t.Helper()
	if err := s.serve(); err != nil {
		s.t.Errorf("restarting the server: %v", err) // not Fatal, which is for the test's goroutine only
	}
}

func (s *Server) serve() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.grpc != nil {
		return nil
	}
	listener, err := s.net.listen(s.options.Version)
	if err != nil {
		return err
	}
	s.grpc = grpc.NewServer(
		grpc.MaxRecvMsgSize(16<<20),
		grpc.WaitForHandlers(true), // nothing outlives Stop
		// A client pings every 10 s, also when idle; that much is tolerated, a flood is not.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: s.minPing, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 10 * time.Second, Timeout: 10 * time.Second}),
	)
	streams.RegisterStreamsServer(s.grpc, &streamsService{s: s})
	serverfeatures.RegisterServerFeaturesServer(s.grpc, &featuresService{s: s})
	gossip.RegisterGossipServer(s.grpc, &gossipService{s: s})
	server, done := s.grpc, make(chan struct{})
	s.done = done
	go func() {
		defer close(done)
		_ = server.Serve(listener) // it ends by Stop, always with an error
	}()
	s.up.Store(true)
	return nil
}

// Connections counts the connections that are open now: a client that leaks them shows here.
func (s *Server) Connections() int {
	open, _ := s.net.counts()
	return open
}

// Accepted counts the connections ever made.
func (s *Server) Accepted() int {
	_, accepted := s.net.counts()
	return accepted
}

// Write appends an event without a client, unchecked: what another user of the cluster, or the
// server itself (streams that begin with $), does between ours.
func (s *Server) Write(stream, eventType string, data []byte) {
	s.journal.write(stream, eventType, data)
}

// Lag makes every read and subscription on this node answer like a follower that has not yet
// received the last n events (those of system streams do not count), until CatchUp. Appends are
// still decided on the whole log, because a follower forwards them to the leader; and so are calls
// with the header requires-leader. The client means to send that header and does not (it writes it
// into the incoming metadata, esdb/options.go): a caller has to put it into the outgoing metadata.
func (s *Server) Lag(n int) {
	s.lag.Store(int64(n))
	s.journal.wake()
}

// CatchUp ends Lag.
func (s *Server) CatchUp() { s.Lag(0) }
