package httpapi

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/oidc"
	"ttledger/adapters/oidc/oidctest"
	"ttledger/domain/identity"
	"ttledger/domain/ledger"
	"ttledger/domain/principal"
)

// browser is a client that keeps cookies as browsers do.
type browser struct {
	*http.Client
	t    *testing.T
	base string
}

func (w *world) browser() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(w.t, err)
	// A browser calls this machine localhost; Secure cookies are kept for it without TLS too.
	base := strings.Replace(w.server.URL, "127.0.0.1", "localhost", 1)
	return &browser{&http.Client{Jar: jar, Transport: onlyHere{w.wire, base}}, w.t, base}
}

// onlyHere holds what goes to the test's server against its contract, and nothing else.
type onlyHere struct {
	http.RoundTripper
	base string
}

func (o onlyHere) RoundTrip(q *http.Request) (*http.Response, error) {
	if q.URL.Scheme+"://"+q.URL.Host != o.base {
		return http.DefaultTransport.RoundTrip(q)
	}
	return o.RoundTripper.RoundTrip(q)
}

func (b *browser) do(method, path, body string, headers ...string) answer {
	b.t.Helper()
	q, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, strings.NewReader(body))
	require.NoError(b.t, err)
	if body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		q.Header.Add(name, value)
	}
	r, err := b.Do(q)
	require.NoError(b.t, err)
	defer r.Body.Close()
	raw, err := io.ReadAll(r.Body)
	require.NoError(b.t, err)
	return answer{r.StatusCode, r.Header, string(raw)}
}

func signInAs(token string) string { return fmt.Sprintf(`{"token":%q}`, token) }

// revoke ends all tokens of a principal.
func (w *world) revoke(handle string) {
	w.t.Helper()
	s, _, err := (&principal.Directory{Streams: w.store}).Load(w.t.Context(), principal.ID(handle))
	require.NoError(w.t, err)
	for _, k := range s.Tokens {
		w.administer(handle, "revoke-token", principal.RevokeToken{Token: k.Token})
	}
}

// administer sends a command to a principal as whoever sets the world up.
func (w *world) administer(handle, verb string, data any) {
	w.t.Helper()
	raw, err := json.Marshal(map[string]any{"data": data})
	require.NoError(w.t, err)
	_, err = w.ledger.Do(w.t.Context(), ledger.Request{
		Aggregate: "principal", ID: principal.ID(handle), Verb: verb, Command: uuid.New(), Body: raw,
		Expect: ledger.Whatever(), Actor: ledger.Actor{Handle: "setup", Roles: []ledger.Role{ledger.ADM}}, Source: ledger.Source{Kind: "process"},
	})
	require.NoError(w.t, err)
}

func TestASessionActsAsItsPrincipal(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	require.Equal(t, 401, b.do("GET", "/v1/whoami", "").status)
	a := b.do("POST", "/session", signInAs(w.tokens["ada"]))
	require.Equal(t, 200, a.status, a.body)
	require.Equal(t, "ada", a.json(t)["handle"])
	cookie := a.header.Get("Set-Cookie")
	for _, part := range []string{"__Host-ttledger=", "; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax"} {
		require.Contains(t, cookie, part)
	}
	require.NotContains(t, cookie, "Domain")
	require.NotContains(t, cookie, w.tokens["ada"])

	require.Equal(t, "ada", b.do("GET", "/v1/whoami", "").json(t)["handle"])
	id := uuid.NewString()
	a = b.do("POST", "/v1/commands/project/"+id+"/propose", `{"data":{"titles":{"en":"By a browser"}}}`,
		"Idempotency-Key: "+uuid.NewString(), "Sec-Fetch-Site: same-origin")
	require.Equal(t, 201, a.status, a.body)

	// A bearer token wins over the cookie, so that a script's mistake is not somebody else's act.
	require.Equal(t, "chen", b.do("GET", "/v1/whoami", "", "Authorization: Bearer "+w.tokens["chen"]).json(t)["handle"])
	require.Equal(t, 401, b.do("GET", "/v1/whoami", "", "Authorization: Bearer nonsense").status)

	old, err := url.Parse(b.base)
	require.NoError(t, err)
	kept := b.Jar.Cookies(old)
	require.Equal(t, 204, b.do("DELETE", "/session", "").status)
	require.Empty(t, b.Jar.Cookies(old))
	b.Jar.SetCookies(old, kept)
	require.Equal(t, 401, b.do("GET", "/v1/whoami", "").status, "signed out here and not only there")
	w.logs.await(t, `"route":"sign-in"`, `"actor":"ada"`)
}

func TestNoOtherSiteWrites(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	require.Equal(t, 200, b.do("POST", "/session", signInAs(w.tokens["ada"])).status)
	path, body, key := "/v1/commands/project/"+uuid.NewString()+"/propose", `{"data":{"titles":{"en":"Forged"}}}`, "Idempotency-Key: "+uuid.NewString()
	for _, origin := range [][]string{
		{"Sec-Fetch-Site: cross-site"}, {"Sec-Fetch-Site: same-site"}, {"Origin: https://evil.example"}, {"Origin: null"},
	} {
		a := b.do("POST", path, body, append(origin, key)...)
		require.Equal(t, 403, a.status, origin)
		require.Equal(t, "cross-origin", a.code(t))
		require.Equal(t, 403, b.do("DELETE", "/session", "", origin...).status)
		require.Equal(t, 403, w.browser().do("POST", "/session", signInAs(w.tokens["chen"]), origin...).status, "nor signs anyone in")
	}
	require.Equal(t, 200, b.do("GET", "/v1/whoami", "", "Sec-Fetch-Site: cross-site").status, "a link to here is followed")
	require.Contains(t, b.do("GET", "/", "").header.Get("Content-Security-Policy"), "default-src 'none'")
}

func TestASessionEnds(t *testing.T) {
	w := newWorld(t)
	signedIn := func(handle string) *browser {
		b := w.browser()
		require.Equal(t, 200, b.do("POST", "/session", signInAs(w.tokens[handle])).status)
		return b
	}
	who := func(b *browser) int { return b.do("GET", "/v1/whoami", "").status }

	idle := signedIn("ada")
	w.pass(sessionIdle - time.Second)
	require.Equal(t, 200, who(idle))
	w.pass(sessionIdle - time.Second)
	require.Equal(t, 200, who(idle), "use keeps it")
	w.pass(sessionIdle)
	require.Equal(t, 401, who(idle))

	long := signedIn("ada")
	for range 2 * sessionLife / sessionIdle {
		require.Equal(t, 200, who(long))
		w.pass(sessionIdle / 2)
	}
	require.Equal(t, 401, who(long), "however much it is used")

	held, revoked := signedIn("bea"), signedIn("ada")
	w.revoke("ada")
	require.Equal(t, 401, who(revoked), "with its token")
	require.Equal(t, 200, held.do("GET", "/v1/commands", "").status)
	w.administer("bea", "end-role", principal.EndRole{Role: ledger.APR, Last: ledger.Day(2026, 11, 22)})
	require.Equal(t, 403, held.do("GET", "/v1/commands", "").status, "with its role")

	w.start()
	held.base = strings.Replace(w.server.URL, "127.0.0.1", "localhost", 1)
	require.Equal(t, 401, who(held), "with the server")
}

func TestSessionsAreBounded(t *testing.T) {
	s := sessions{by: map[[32]byte]session{}}
	begin := func(who int) string {
		id, err := s.begin(credential{Credential: principal.Credential{Principal: uuid.UUID{byte(who), byte(who >> 8)}}}, today)
		require.NoError(t, err)
		return id
	}
	for range sessionsEach + 1 {
		begin(0)
	}
	require.Len(t, s.by, sessionsEach)
	for i := 1; len(s.by) < sessionsMost; i++ {
		begin(i)
	}
	_, err := s.begin(credential{Credential: principal.Credential{Principal: uuid.UUID{255, 255, 1}}}, today)
	require.Equal(t, "sessions-full", ledger.CodeOf(err))
	_, err = s.begin(credential{}, today.Add(sessionIdle))
	require.NoError(t, err, "those that ended make room")
	require.Len(t, s.by, 1)
}

// Where the cookie would cross a network in the clear there is none.
func TestSessionsNeedHTTPS(t *testing.T) {
	w := newWorld(t)
	a := w.ask("", "POST", "/session", signInAs(w.tokens["ada"]), asJSON)
	require.Equal(t, 200, a.status, "this machine by its number")
	h, err := New(w.config)
	require.NoError(t, err)
	ask := func(change func(*http.Request)) *httptest.ResponseRecorder {
		q := httptest.NewRequest("POST", "http://ledger.example.org/session", strings.NewReader(signInAs(w.tokens["ada"])))
		q.Header.Set("Content-Type", "application/json")
		q.RemoteAddr = "192.0.2.1:1"
		change(q)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, q)
		return rec
	}
	plain := ask(func(*http.Request) {})
	require.Equal(t, 403, plain.Code)
	require.Contains(t, plain.Body.String(), "https-needed")
	require.Empty(t, plain.Header().Get("Set-Cookie"))
	require.Equal(t, 403, ask(func(q *http.Request) { q.Header.Set("X-Forwarded-Proto", "https") }).Code, "anyone can say that")
	require.Equal(t, 403, ask(func(q *http.Request) { q.Host = "localhost" }).Code, "and that")
	secure := ask(func(q *http.Request) { q.TLS = &tls.ConnectionState{} })
	require.Equal(t, 200, secure.Code)
	require.NotEmpty(t, secure.Header().Get("Strict-Transport-Security"))
	w.config.Proxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	h, err = New(w.config)
	require.NoError(t, err)
	require.Equal(t, 200, ask(func(q *http.Request) { q.Header.Set("X-Forwarded-Proto", "https") }).Code, "a stated proxy says it")
	require.Equal(t, 403, ask(func(q *http.Request) { q.Header.Set("X-Forwarded-Proto", "http") }).Code)
}

// identities lets an issuer be believed; its callback is on the test's server.
func identities(issuer *oidctest.Issuer, w **world) func(*Config) {
	return func(c *Config) {
		c.Issuer = lateIssuer{func() Issuer {
			base := strings.Replace((*w).server.URL, "127.0.0.1", "localhost", 1)
			return oidc.New(oidc.Config{Issuer: issuer.URL, ClientID: oidctest.ClientID, Secret: oidctest.Secret, Redirect: base + "/session/oidc/callback", Now: c.Ledger.Now})
		}}
	}
}

func (w *world) link(issuer *oidctest.Issuer, subject, handle string) {
	w.t.Helper()
	path := "/v1/commands/identity/" + identity.ID(issuer.URL, subject).String() + "/link"
	a := w.post("root", path, fmt.Sprintf(`{"data":{"issuer":%q,"subject":%q,"principal":%q}}`, issuer.URL, subject, principal.ID(handle)))
	require.Equal(w.t, 201, a.status, a.body)
	require.NotContains(w.t, a.body, subject)
}

func TestOutsideIdentities(t *testing.T) {
	issuer := oidctest.New(t, today)
	var w *world
	w = newWorld(t, identities(issuer, &w))

	// Bearer: the JWT acts as the principal, once an administrator says so.
	w.tokens["jwt"] = issuer.Token("248289761001", nil)
	unlinked := w.get("jwt", "/v1/whoami")
	w.tokens["bad"] = issuer.Token("248289761001", map[string]any{"aud": "another"})
	wrong := w.get("bad", "/v1/whoami")
	require.Equal(t, 401, unlinked.status)
	require.Equal(t, sameButID(wrong), sameButID(unlinked), "who is nobody here learns no more than who is wrong")
	w.link(issuer, "248289761001", "ada")
	require.Equal(t, "ada", w.get("jwt", "/v1/whoami").json(t)["handle"])
	require.Equal(t, 201, w.post("jwt", "/v1/commands/project/"+uuid.NewString()+"/propose", `{"data":{"titles":{"en":"By a JWT"}}}`).status)

	// Browser: the code flow, from one end to the other.
	b := w.browser()
	a := b.do("GET", "/session/oidc", "")
	require.Equal(t, 200, a.status, a.body)
	require.Equal(t, "ada", b.do("GET", "/v1/whoami", "").json(t)["handle"])

	// Another browser cannot be made to end a sign-in that this one began.
	b.CheckRedirect = func(q *http.Request, _ []*http.Request) error {
		if q.URL.Path == "/session/oidc/callback" {
			return http.ErrUseLastResponse
		}
		return nil
	}
	back, err := url.Parse(b.do("GET", "/session/oidc", "").header.Get("Location"))
	require.NoError(t, err)
	victim := w.browser()
	require.Equal(t, 400, victim.do("GET", back.RequestURI(), "").status)
	require.Equal(t, 400, b.do("GET", "/session/oidc/callback?code=x&state=made-up", "").status)
	b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	require.Equal(t, 303, b.do("GET", back.RequestURI(), "").status)
	require.Equal(t, 400, b.do("GET", back.RequestURI(), "").status, "a state is good once")

	// A sign-in that took too long, a nonce that is another's, and a subject that is nobody here.
	b.CheckRedirect = nil
	issuer.Claims = map[string]any{"nonce": "another"}
	require.Equal(t, 401, w.browser().do("GET", "/session/oidc", "").status)
	issuer.Claims, issuer.SignedIn = nil, "nobody"
	require.Equal(t, 401, w.browser().do("GET", "/session/oidc", "").status)

	// The link ends, and with it the session and the bearer, at once.
	a = w.post("root", "/v1/commands/identity/"+identity.ID(issuer.URL, "248289761001").String()+"/unlink", `{"data":{}}`, "If-Match: *")
	require.Equal(t, 200, a.status, a.body)
	require.Equal(t, 401, b.do("GET", "/v1/whoami", "").status)
	require.Equal(t, 401, w.get("jwt", "/v1/whoami").status)
}

func TestASignInIsGoodOnceAndForAWhile(t *testing.T) {
	f := flows{by: map[[32]byte]pendingFlow{}}
	flow := f.begin(today)
	got, ok := f.take(flow.State, today.Add(flowLife-time.Second))
	require.True(t, ok)
	require.Equal(t, flow, got)
	_, ok = f.take(flow.State, today)
	require.False(t, ok, "once")
	_, ok = f.take(f.begin(today).State, today.Add(flowLife))
	require.False(t, ok, "and not later")
	first := f.begin(today)
	for range flowsMost {
		f.begin(today.Add(time.Second))
	}
	require.Len(t, f.by, flowsMost)
	_, ok = f.take(first.State, today.Add(time.Second))
	require.False(t, ok, "where there are too many the oldest goes")
}

func TestWithoutAnIssuerThereIsNone(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, "no-oidc", w.get("", "/session/oidc").code(t))
	require.Equal(t, "no-oidc", w.get("", "/session/oidc/callback?code=a&state=b").code(t))
}

// sameButID is an answer without what is different in every one.
func sameButID(a answer) string {
	return fmt.Sprint(a.status, strings.ReplaceAll(a.body, a.header.Get("Request-Id"), "-"), a.header.Get("Content-Type"), a.header.Get("Etag"), a.header.Get("WWW-Authenticate"))
}

// lateIssuer is made when it is first asked, because its callback's address is known only then.
type lateIssuer struct{ make func() Issuer }

func (l lateIssuer) Bearer(ctx context.Context, token string) (uuid.UUID, error) {
	return l.make().Bearer(ctx, token)
}

func (l lateIssuer) Begin(ctx context.Context, f Flow) (string, error) { return l.make().Begin(ctx, f) }

func (l lateIssuer) Complete(ctx context.Context, code string, f Flow) (uuid.UUID, error) {
	return l.make().Complete(ctx, code, f)
}
