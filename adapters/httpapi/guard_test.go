package httpapi

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// proxied lets a test come from any address.
func proxied(c *Config) { c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }

func from(address string) string { return "X-Forwarded-For: 203.0.113.99, " + address }

// guess shows a token that names a principal and is wrong.
func (w *world) guess(handle, address string) answer {
	w.t.Helper()
	right := w.tokens[handle]
	w.tokens["wrong"] = right[:len(right)-8] + strings.Repeat("A", 8)
	return w.get("wrong", "/v1/whoami", from(address))
}

func TestGuessingWaitsLongerEachTime(t *testing.T) {
	w := newWorld(t, proxied)
	for range wrongFree {
		a := w.guess("ada", "198.51.100.7")
		require.Equal(t, 401, a.status)
		require.Equal(t, "token", a.code(t))
	}
	for _, pause := range []int{1, 2, 4, 8, 16} {
		a := w.guess("bea", "198.51.100.7")
		require.Equal(t, 429, a.status, "whoever is guessed at")
		require.Equal(t, "guessing", a.code(t))
		require.Equal(t, strconv.Itoa(pause), a.header.Get("Retry-After"))
		w.pass(time.Duration(pause) * time.Second)
		require.Equal(t, 401, w.guess("bea", "198.51.100.7").status, "after the pause it is looked at")
	}
	require.Equal(t, 429, w.get("ada", "/v1/whoami", from("198.51.100.7")).status, "nor is a right token looked at that was never seen")
	require.Equal(t, 200, w.get("ada", "/v1/whoami", from("198.51.100.8")).status, "elsewhere it opens")
	require.Equal(t, 200, w.get("ada", "/v1/whoami", from("198.51.100.7")).status, "and then it is known, here too")
	w.pass(guessMemory + time.Second)
	require.Equal(t, 401, w.guess("bea", "198.51.100.7").status, "a quiet time is forgiven")
	require.Equal(t, 401, w.guess("bea", "198.51.100.7").status)
}

// Guesses at one principal from everywhere do not lock its holder out.
func TestAnAttackedPrincipalIsNotLockedOut(t *testing.T) {
	w := newWorld(t, proxied)
	for i := range wrongNamed + 5 {
		require.Equal(t, 401, w.guess("ada", fmt.Sprintf("198.51.100.%d", i)).status)
	}
	again := w.guess("ada", "198.51.100.1")
	require.Equal(t, 429, again.status, "who guessed before waits")
	require.Equal(t, 200, w.get("ada", "/v1/whoami", from("192.0.2.1")).status, "who did not, opens with a right token at the first try")
	require.Equal(t, 200, w.get("bea", "/v1/whoami", from("198.51.100.1")).status, "other principals are not concerned")

	stranger := strings.Replace(w.tokens["ada"], w.tokens["ada"][4:26], strings.Repeat("B", 22), 1)
	w.tokens["stranger"] = stranger
	for i := range wrongNamed + 5 {
		require.Equal(t, 401, w.get("stranger", "/v1/whoami", from(fmt.Sprintf("192.0.2.%d", i))).status)
	}
	require.Equal(t, 429, w.get("stranger", "/v1/whoami", from("192.0.2.1")).status, "one that is not there is answered alike")
}

func TestWhatAGuardRemembersIsBounded(t *testing.T) {
	g, now := newGuard(), today
	for i := range 3 * guardEntries {
		g.wrong(fmt.Sprint(i), fmt.Sprint(i), uuid.UUID{byte(i), byte(i >> 8), byte(i >> 16)}, now)
		g.opened(fmt.Sprint("right", i), now)
	}
	require.Len(t, g.addresses, guardEntries)
	require.Len(t, g.named, guardEntries)
	require.Len(t, g.good, guardEntries)

	var last time.Duration
	for range 40 {
		now = now.Add(g.wait("x", "one", uuid.Nil, now))
		g.wrong("x", "one", uuid.Nil, now)
		wait := g.wait("x", "one", uuid.Nil, now)
		require.GreaterOrEqual(t, wait, last)
		last = wait
	}
	require.Equal(t, lastGuess, last)

	l := newLimiters("address", 1)
	for i := range guardEntries + 10 {
		_ = l.take(map[string][]string{}, fmt.Sprint(i), now)
	}
	require.Len(t, l.of, guardEntries)
}

func TestARevokedTokenIsAGuessLikeAnyOther(t *testing.T) {
	w := newWorld(t, proxied)
	require.Equal(t, 200, w.get("ada", "/v1/whoami", from("192.0.2.1")).status)
	w.revoke("ada")
	for range wrongFree {
		require.Equal(t, 401, w.get("ada", "/v1/whoami", from("192.0.2.1")).status)
	}
	require.Equal(t, 429, w.get("ada", "/v1/whoami", from("192.0.2.1")).status)
}

func TestRequestsAreLimited(t *testing.T) {
	told := make(chan Answered, 100)
	w := newWorld(t, proxied, func(c *Config) { c.Limits.Requests, c.Observe = 10, func(a Answered) { told <- a } })
	for i := range 40 {
		a := w.get("ada", "/v1/whoami")
		require.Equal(t, 200, a.status)
		require.Equal(t, `"principal";q=40;w=4`, a.header.Get("RateLimit-Policy"))
		require.Equal(t, fmt.Sprintf(`"principal";r=%d;t=%d`, 39-i, (i+10)/10), a.header.Get("RateLimit"))
	}
	a := w.get("ada", "/v1/whoami")
	require.Equal(t, 429, a.status)
	require.Equal(t, "too-many-requests", a.code(t))
	require.Equal(t, "1", a.header.Get("Retry-After"))
	for range 40 {
		<-told
	}
	require.Equal(t, "limited", (<-told).Refused)
	require.Equal(t, 200, w.get("bea", "/v1/whoami").status, "others are not concerned")
	w.pass(time.Second)
	for range 10 {
		require.Equal(t, 200, w.get("ada", "/v1/whoami").status)
	}
	require.Equal(t, 429, w.get("ada", "/v1/whoami").status)

	for range 4 {
		a := w.get("", "/healthz", from("2001:db8::1"))
		require.Equal(t, 200, a.status)
		require.Equal(t, `"address";q=4;w=4`, a.header.Get("RateLimit-Policy"))
	}
	require.Equal(t, 429, w.get("", "/v1/whoami", from("2001:db8::2")).status, "one network of IPv6 is one client")
	require.Equal(t, 200, w.get("", "/healthz", from("2001:db8:0:1::2")).status)
}

// Who asks through a stated proxy is who the proxy says; others may say what they like.
func TestWhomARequestIsFrom(t *testing.T) {
	w := newWorld(t)
	for range 50 {
		w.guess("ada", "198.51.100.7")
	}
	require.Equal(t, 429, w.guess("ada", "198.51.100.8").status, "without a stated proxy the header says nothing")
}
