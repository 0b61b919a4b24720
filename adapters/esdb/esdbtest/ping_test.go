package esdbtest

import (
	"net"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
)

// The client pings every 10 s unless told otherwise, also when it is idle; a server of gRPC-Go
// would by default close such a connection. A flood of pings ends it here too.
func TestPingsAreToleratedAndAFloodIsNot(t *testing.T) {
	s := Start(t, Options{})
	config, err := esdb.ParseConnectionString(s.ConnectionString())
	require.NoError(t, err)
	require.Greater(t, config.KeepAliveInterval, minPing)

	c, err := net.Dial("tcp", s.Addr())
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.SetDeadline(time.Now().Add(30*time.Second)))
	_, err = c.Write([]byte(http2.ClientPreface))
	require.NoError(t, err)
	f := http2.NewFramer(c, c)
	require.NoError(t, f.WriteSettings())
	for range 10 {
		require.NoError(t, f.WritePing(false, [8]byte{}))
	}
	for {
		frame, err := f.ReadFrame()
		require.NoError(t, err)
		if away, ok := frame.(*http2.GoAwayFrame); ok {
			require.Equal(t, http2.ErrCodeEnhanceYourCalm, away.ErrCode)
			return
		}
	}
}
