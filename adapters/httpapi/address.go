package httpapi

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// address is where a request comes from: its peer or, where that is a stated proxy, whom the
// proxies say it is for. What clients wrote into X-Forwarded-For themselves stands further left
// and is not believed.
func (a *api) address(r *http.Request) netip.Addr {
	at := peer(r)
	if !a.proxied(at) {
		return at
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		if at = next.Unmap(); !a.proxied(at) {
			break
		}
	}
	return at
}

func peer(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{} // a test's
	}
	return at.Addr().Unmap()
}

func (a *api) proxied(at netip.Addr) bool {
	return slices.ContainsFunc(a.Proxies, func(p netip.Prefix) bool { return p.Contains(at) })
}

// source is what limits go by: an address, or for IPv6 its network, of which one client has all.
func source(at netip.Addr) string {
	if at.Is6() {
		if network, err := at.Prefix(64); err == nil {
			return network.String()
		}
	}
	return at.String()
}

// confidential says whether what is sent back can be read by nobody on the way: HTTPS, by a
// stated proxy's word too, or this machine talking to itself.
func (a *api) confidential(r *http.Request) bool {
	at := peer(r)
	if r.TLS != nil || a.proxied(at) && r.Header.Get("X-Forwarded-Proto") == "https" {
		return true
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	named, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return at.IsLoopback() && (host == "localhost" || err == nil && named.IsLoopback())
}
