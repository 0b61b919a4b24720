// Package esdbtest is an EventStoreDB for tests: a gRPC server in the process of the test that
// speaks the protocol of EventStoreDB over a log in memory, so that the real client meets, over a
// real connection, what a real server does, and its failures when a test asks for them.
//
// It knows nothing of ledgers. What it answers was taken from the source of the server
// (EventStoreDB 24.10, Log V2), as the comments say; the package's own tests hold it against the
// client and are meant to be read as a description of that server.
//
// Read it in this order: journal.go decides what an append does, streams.go and read.go and
// subscribe.go are the protocol, access.go is users and ACLs, faults.go is what can go wrong,
// listen.go is the network.
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
}

// Server is one node. All its methods may be called at any time from any goroutine.
type Server struct {
	t       testing.TB
	options Options
	version [2]int
	journal *journal
	faults  faults
	net     network

	mu   sync.Mutex // of what follows
	grpc *grpc.Server
	done chan struct{}
}

// Start runs a server on a free port of the loopback until the test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Version == "" {
		o.Version = "24.10.4"
	}
	if o.MaxAppendSize == 0 {
		o.MaxAppendSize = 1 << 20
	}
	s := &Server{t: t, options: o, version: parseVersion(t, o.Version), journal: newJournal()}
	s.net.open = map[string]*conn{}
	if o.TLS || o.Users != nil {
		s.net.tls, s.net.caFile = makeCertificate(t)
	}
	s.Restart()
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

// ConnectionString connects as Admin if there is that user, else anonymously.
func (s *Server) ConnectionString() string { return s.ConnectionStringAs(Admin) }

// ConnectionStringAs connects with the name and password of one of Options.Users, or anonymously
// where there is none of that name. Settings may be added to it with "&key=value".
func (s *Server) ConnectionStringAs(user string) string {
	credentials := ""
	if password, ok := s.options.Users[user]; ok {
		credentials = url.UserPassword(user, password).String() + "@"
	}
	if s.net.tls == nil {
		return fmt.Sprintf("esdb://%s%s?tls=false", credentials, s.net.addr)
	}
	return fmt.Sprintf("esdb://%s%s?tls=true&tlsCaFile=%s", credentials, s.net.addr, url.QueryEscape(s.net.caFile))
}

// Stop closes the listener and cuts every connection, as a crash would: calls under way fail, new
// connections are refused. The log is kept for Restart.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.grpc == nil {
		return
	}
	s.net.close()
	s.grpc.Stop()
	<-s.done
	s.grpc = nil
}

// Restart listens again on the same port with the log as it was; it does nothing to a server that
// runs.
func (s *Server) Restart() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.grpc != nil {
		return
	}
	listener, err := s.net.listen(s.options.Version)
	require.NoError(s.t, err)
	s.grpc = grpc.NewServer(
		grpc.MaxRecvMsgSize(16<<20),
		grpc.WaitForHandlers(true), // nothing outlives Stop
		// A client pings every 10 s, also when idle; that much is tolerated, a flood is not.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: minPing, PermitWithoutStream: true}),
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

// Lag makes every read and subscription answer like a follower that has not yet received the last
// n events (events of system streams do not count), until CatchUp. Appends are still decided on
// the whole log, because a follower forwards them to the leader.
func (s *Server) Lag(n int) { s.journal.setLag(n) }

// CatchUp ends Lag.
func (s *Server) CatchUp() { s.journal.setLag(0) }

// minPing is the shortest time between two pings that the server puts up with.
const minPing = 5 * time.Second
