package main

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/esdb"
	"ttledger/domain/ledger"
)

func composed(t *testing.T, profiles ...string) *types.Project {
	o, err := cli.NewProjectOptions([]string{"../../docker-compose.yml"}, cli.WithName("ttledger"), cli.WithProfiles(profiles))
	require.NoError(t, err)
	p, err := o.LoadProject(t.Context())
	require.NoError(t, err)
	for name, s := range p.Services {
		for _, port := range s.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, "%s is not published beyond this host", name)
		}
		if s.Build == nil {
			require.Regexp(t, `:\d+\.\d+`, s.Image, "%s is pinned", name)
			require.NotContains(t, s.Image, "latest")
		} else {
			require.Equal(t, []string{"CMD", "/ttledger", "health"}, []string(s.HealthCheck.Test), "the image has no shell")
			requireFlags(t, s)
		}
		if name != "certificates" {
			require.NotNil(t, s.HealthCheck, name)
		}
	}
	return p
}

// requireFlags has the program itself read a service's command line and the address of its store.
func requireFlags(t *testing.T, s types.ServiceConfig) {
	c, args, err := rootCommand().Find(s.Command)
	require.NoError(t, err)
	require.NoError(t, c.ParseFlags(args))
	url := c.Flags().Lookup("store").Value.String()
	if from := s.Environment["TTLEDGER_STORE"]; from != nil {
		url = strings.ReplaceAll(*from, "&tlsCaFile=/certs/ca/ca.crt", "") // which is not here
	}
	if url != "" {
		_, err = esdb.Open(t.Context(), esdb.Config{URL: url, Ledger: "A"})
		require.Equal(t, "ledger-name", ledger.CodeOf(err))
		_, err = esdb.Open(t.Context(), esdb.Config{URL: url, Ledger: "a"})
		require.NotEqual(t, "store-url", ledger.CodeOf(err), "%v", err)
	}
}

func TestTheComposeFileIsValid(t *testing.T) {
	p := composed(t)
	require.Equal(t, []string{"ttledger"}, p.ServiceNames())
	require.NotEmpty(t, p.Services["ttledger"].Build.Context)
}

func TestTheDevelopmentProfileIsOneOpenNode(t *testing.T) {
	p := composed(t, "development")
	require.ElementsMatch(t, []string{"ttledger", "eventstore", "ttledger-development"}, p.ServiceNames())
	require.Equal(t, "true", *p.Services["eventstore"].Environment["EVENTSTORE_INSECURE"])
}

func TestTheClusterProfileIsThreeNodesTwoProcessesAndABalancer(t *testing.T) {
	p := composed(t, "cluster")
	require.ElementsMatch(t, []string{"ttledger", "certificates", "node1", "node2", "node3", "ttledger1", "ttledger2", "balancer"}, p.ServiceNames())
	made := strings.Join(p.Services["certificates"].Command, " ")
	addresses := map[string]bool{}
	for _, name := range []string{"node1", "node2", "node3"} {
		node := p.Services[name]
		require.NotContains(t, node.Environment, "EVENTSTORE_INSECURE", "development only")
		require.Equal(t, "3", *node.Environment["EVENTSTORE_CLUSTER_SIZE"])
		require.Equal(t, name, *node.Environment["EVENTSTORE_ADVERTISE_HOST_TO_CLIENT_AS"])
		require.Equal(t, "/etc/eventstore/certs/"+name+"/node.crt", *node.Environment["EVENTSTORE_CERTIFICATE_FILE"])
		require.Equal(t, "/etc/eventstore/certs/"+name+"/node.key", *node.Environment["EVENTSTORE_CERTIFICATE_PRIVATE_KEY_FILE"])
		require.Empty(t, node.Ports, "only the ledger reaches it")
		address := *node.Environment["EVENTSTORE_REPLICATION_IP"]
		require.Equal(t, node.Networks["events"].Ipv4Address, address)
		require.True(t, netip.MustParsePrefix(p.Networks["events"].Ipam.Config[0].Subnet).Contains(netip.MustParseAddr(address)))
		require.True(t, strings.HasPrefix(address, "172.30.240.1"), "as the certificates say")
		require.NotContains(t, *node.Environment["EVENTSTORE_GOSSIP_SEED"], address)
		addresses[address] = true
	}
	require.Len(t, addresses, 3)
	require.Contains(t, made, "-ip-addresses 127.0.0.1,172.30.240.1$n -dns-names localhost,node$n")
	require.Contains(t, made, "rm ./ca/ca.key")
	shared := map[string]int{}
	for _, name := range []string{"ttledger1", "ttledger2"} {
		require.Contains(t, *p.Services[name].Environment["TTLEDGER_STORE"], "node1:2113,node2:2113,node3:2113?tls=true")
		for _, v := range p.Services[name].Volumes {
			shared[v.Source+" "+v.Target]++
		}
	}
	require.Equal(t, 2, shared["keys /var/lib/ttledger/keys"], "the processes of one ledger share its key")
	require.Contains(t, p.Services["ttledger1"].Command, "--seal", "one process seals")
	require.NotContains(t, p.Services["ttledger2"].Command, "--seal")
	require.Contains(t, p.Configs["balancer"].Content, "option httpchk GET /readyz")
}
