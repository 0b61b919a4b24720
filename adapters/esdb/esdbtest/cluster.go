package esdbtest

import (
	"context"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
)

// cluster is the nodes that share a log. The first that runs leads; there are no elections, and an
// event is on all nodes at once but for Lag.
type cluster struct {
	mu    sync.Mutex
	nodes []*Server
}

func (c *cluster) join(s *Server) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nodes = append(c.nodes, s)
}

func (c *cluster) all() []*Server {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nodes[:len(c.nodes):len(c.nodes)]
}

// leader is nil where no node runs.
func (c *cluster) leader() *Server {
	for _, n := range c.all() {
		if n.up.Load() {
			return n
		}
	}
	return nil
}

// gossipService tells a client which nodes there are.
type gossipService struct {
	gossip.UnimplementedGossipServer
	s *Server
}

// Read is asked by clients whose connection string names several nodes or discovers them.
func (v *gossipService) Read(ctx context.Context, _ *shared.Empty) (*gossip.ClusterInfo, error) {
	if err := v.s.begin(ctx, Gossip, "").before(); err != nil {
		return nil, err
	}
	info, leader := &gossip.ClusterInfo{}, v.s.cluster.leader()
	for _, n := range v.s.cluster.all() {
		host, port, err := net.SplitHostPort(n.Addr())
		if err != nil {
			return nil, err
		}
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return nil, err
		}
		state := gossip.MemberInfo_Follower
		if n == leader {
			state = gossip.MemberInfo_Leader
		}
		info.Members = append(info.Members, &gossip.MemberInfo{
			InstanceId:   toProto(uuid.NewSHA1(uuid.Nil, []byte(n.Addr()))),
			TimeStamp:    time.Now().UnixNano() / 100,
			State:        state,
			IsAlive:      n.up.Load(),
			HttpEndPoint: &gossip.EndPoint{Address: host, Port: uint32(number)},
		})
	}
	return info, nil
}

// featuresService tells a client, on every new connection, the version and what it may call.
type featuresService struct {
	serverfeatures.UnimplementedServerFeaturesServer
	s *Server
}

// GetSupportedMethods names services and methods in lower case, as the server does.
func (v *featuresService) GetSupportedMethods(ctx context.Context, _ *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	if err := v.s.begin(ctx, Features, "").before(); err != nil {
		return nil, err
	}
	answer := &serverfeatures.SupportedMethods{EventStoreServerVersion: v.s.options.Version}
	for _, name := range []string{"read", "append", "delete", "tombstone"} {
		answer.Methods = append(answer.Methods, &serverfeatures.SupportedMethod{
			ServiceName: "event_store.client.streams.streams", MethodName: name})
	}
	return answer, nil
}
