package esdbtest

import (
	"context"
	"net"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
)

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

// gossipService tells a client which nodes there are: this one, the leader.
type gossipService struct {
	gossip.UnimplementedGossipServer
	s *Server
}

func (v *gossipService) Read(ctx context.Context, _ *shared.Empty) (*gossip.ClusterInfo, error) {
	if err := v.s.begin(ctx, Gossip, "").before(); err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(v.s.Addr())
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, err
	}
	return &gossip.ClusterInfo{Members: []*gossip.MemberInfo{{
		InstanceId:   toProto(uuid.New()),
		TimeStamp:    time.Now().UnixNano() / 100,
		State:        gossip.MemberInfo_Leader,
		IsAlive:      true,
		HttpEndPoint: &gossip.EndPoint{Address: host, Port: uint32(number)},
	}}}, nil
}
