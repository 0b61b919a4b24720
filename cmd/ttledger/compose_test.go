package main

import (
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/stretchr/testify/require"
)

func TestTheComposeFileIsValid(t *testing.T) {
	o, err := cli.NewProjectOptions([]string{"../../docker-compose.yml"}, cli.WithName("ttledger"))
	require.NoError(t, err)
	p, err := o.LoadProject(t.Context())
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"eventstore", "ttledger"}, p.ServiceNames())
	require.NotEmpty(t, p.Services["ttledger"].Build.Context)
	require.NotNil(t, p.Services["eventstore"].HealthCheck)
	require.Equal(t, []string{"CMD", "/ttledger", "health"}, []string(p.Services["ttledger"].HealthCheck.Test), "the image has no shell")
	for _, port := range p.Services["ttledger"].Ports {
		require.Equal(t, "127.0.0.1", port.HostIP, "the service is not published beyond this host")
	}
}
