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
	require.Greater(t, config.KeepAliveInterval, s.minPing)
	s.Stop()
	s.minPing = 20 * time.Millisecond // so that the test need not wait for minutes
	s.Restart()

	f := dial(t, s)
	for range 10 { // without a call, as an idle client
		time.Sleep(s.minPing + time.Millisecond) // longer on a slow machine, which is no harm
		require.NoError(t, f.WritePing(false, [8]byte{}))
	}
	for answers := 0; answers < 10; {
		frame, err := f.ReadFrame()
		require.NoError(t, err)
		require.NotEqual(t, http2.FrameGoAway, frame.Header().Type)
		if frame.Header().Type == http2.FramePing {
			answers++
		}
	}

	s.Stop()
	s.minPing = time.Minute
	s.Restart()
	f = dial(t, s)
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

// dial opens an HTTP/2 connection that makes no call.
func dial(t *testing.T, s *Server) *http2.Framer {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(30*time.Second)))
	_, err = c.Write([]byte(http2.ClientPreface))
	require.NoError(t, err)
	f := http2.NewFramer(c, c)
	require.NoError(t, f.WriteSettings())
	return f
}
