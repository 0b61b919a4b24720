package webhook

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// reserved is what is neither private nor loopback by name and yet not the open network.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),       // this network
	netip.MustParsePrefix("100.64.0.0/10"),   // behind a carrier's translation
	netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments
	netip.MustParsePrefix("192.0.2.0/24"),    // documentation, like the next two
	netip.MustParsePrefix("198.51.100.0/24"), //
	netip.MustParsePrefix("203.0.113.0/24"),  //
	netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks
	netip.MustParsePrefix("240.0.0.0/4"),     // reserved, and broadcast
	netip.MustParsePrefix("64:ff9b::/96"),    // IPv4 in disguise, like the next three
	netip.MustParsePrefix("64:ff9b:1::/48"),  //
	netip.MustParsePrefix("2002::/16"),       //
	netip.MustParsePrefix("2001::/32"),       //
	netip.MustParsePrefix("::/96"),           //
	netip.MustParsePrefix("fec0::/10"),       // site-local, of old
}

func open(a netip.Addr) bool {
	a = a.Unmap()
	for _, p := range reserved {
		if p.Contains(a) {
			return false
		}
	}
	return a.IsGlobalUnicast() && !a.IsPrivate()
}

// refusePrivate is a net.Dialer's Control. It sees the address that a name was resolved to and
// that is dialled next, so a name cannot lead elsewhere between the look and the call.
func refusePrivate(_, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if !open(a.Addr()) {
		return fmt.Errorf("%s is not an address of the open network; allow_private would allow it", a.Addr())
	}
	return nil
}

// transport reaches an endpoint directly: through a proxy of the environment the addresses
// would be the proxy's to choose.
func transport(e Endpoint) http.RoundTripper {
	d := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	if !e.AllowPrivate {
		d.Control = refusePrivate
	}
	return &http.Transport{
		DialContext: d.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConns: 2, IdleConnTimeout: 90 * time.Second, MaxResponseHeaderBytes: 64 << 10,
	}
}
