package oidc

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/oidc/oidctest"
	"ttledger/domain/identity"
	"ttledger/domain/ledger"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func of(issuer *oidctest.Issuer) *Issuer {
	return New(Config{
		Issuer: issuer.URL, ClientID: oidctest.ClientID, Secret: oidctest.Secret,
		Redirect: "http://localhost:1/session/oidc/callback", Now: func() time.Time { return now },
	})
}

func TestABearerIsItsSubject(t *testing.T) {
	issuer := oidctest.New(t, now)
	i := of(issuer)
	id, err := i.Bearer(t.Context(), issuer.Token("ada", nil))
	require.NoError(t, err)
	require.Equal(t, identity.ID(issuer.URL, "ada"), id)
	_, err = i.Bearer(t.Context(), issuer.Token("ada", map[string]any{"aud": []string{"another", oidctest.ClientID}}))
	require.NoError(t, err, "for several")
}

func TestEveryOtherBearerIsRefusedAlike(t *testing.T) {
	issuer, stranger := oidctest.New(t, now), oidctest.New(t, now)
	i := of(issuer)
	good := issuer.Token("ada", nil)
	_, err := i.Bearer(t.Context(), good)
	require.NoError(t, err)
	parts := strings.Split(good, ".")
	b64 := base64.RawURLEncoding.EncodeToString
	claims := map[string]any{"iss": issuer.URL, "sub": "ada", "aud": oidctest.ClientID, "exp": now.Add(time.Hour).Unix()}
	for name, token := range map[string]string{
		"for another audience":            issuer.Token("ada", map[string]any{"aud": "another"}),
		"for none":                        issuer.Token("ada", map[string]any{"aud": ""}),
		"of another issuer":               stranger.Token("ada", nil),
		"of another that says it is this": stranger.Token("ada", map[string]any{"iss": issuer.URL}),
		"that ended":                      issuer.Token("ada", map[string]any{"exp": now.Add(-time.Second).Unix()}),
		"that never ends":                 issuer.Token("ada", map[string]any{"exp": 0}),
		"not good yet":                    issuer.Token("ada", map[string]any{"nbf": now.Add(time.Hour).Unix()}),
		"of nobody":                       issuer.Token("", nil),
		"unsigned":                        b64([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".",
		"unsigned with a signature":       b64([]byte(`{"alg":"none","kid":"rsa-1"}`)) + "." + parts[1] + "." + parts[2],
		"by a shared secret":              oidctest.Sign(t, []byte(strings.Repeat("a secret of both", 2)), jose.HS256, claims),
		"by a signature we do not take":   oidctest.Sign(t, issuer.Key(), jose.PS256, claims),
		"changed":                         parts[0] + "." + b64([]byte(`{"iss":"`+issuer.URL+`","sub":"bea","aud":"ttledger","exp":4102444800}`)) + "." + parts[2],
		"cut":                             good[:len(good)-2],
		"dots":                            "..",
		"nothing":                         "",
	} {
		_, err := i.Bearer(t.Context(), token)
		require.Equal(t, refused, err, name)
	}
}

func TestKeysRotate(t *testing.T) {
	issuer := oidctest.New(t, now)
	i := of(issuer)
	old := issuer.Token("ada", nil)
	for range 3 {
		_, err := i.Bearer(t.Context(), old)
		require.NoError(t, err)
	}
	require.Equal(t, 1, issuer.Fetched(), "known keys are not asked for again")

	issuer.Rotate("ec-2", oidctest.NewECKey(t), jose.ES256)
	_, err := i.Bearer(t.Context(), issuer.Token("ada", nil))
	require.NoError(t, err, "an unknown key is asked for")
	require.Equal(t, 2, issuer.Fetched())
	_, err = i.Bearer(t.Context(), old)
	require.NoError(t, err, "the old is good while the issuer has it")
	issuer.Drop()
	issuer.Rotate("ec-3", oidctest.NewECKey(t), jose.ES256)
	_, err = i.Bearer(t.Context(), issuer.Token("ada", nil))
	require.NoError(t, err)
	_, err = i.Bearer(t.Context(), old)
	require.Equal(t, refused, err, "and no longer")
}

func TestASilentIssuerIsNotAWrongToken(t *testing.T) {
	issuer := oidctest.New(t, now)
	token := issuer.Token("ada", nil)
	clock, up := now, false
	proxied := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !up {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		http.Redirect(w, r, issuer.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer proxied.Close()
	i := of(issuer)
	i.Now = func() time.Time { return clock }
	right := i.Config.Issuer
	i.Config.Issuer = proxied.URL
	_, err := i.Bearer(t.Context(), token)
	require.Equal(t, ledger.KindUnavailable, ledger.KindOf(err))
	i.Config.Issuer = right
	_, err = i.Bearer(t.Context(), token)
	require.Equal(t, ledger.KindUnavailable, ledger.KindOf(err), "not asked at once again")
	clock = clock.Add(pause)
	_, err = i.Bearer(t.Context(), token)
	require.NoError(t, err, "the ledger need not be restarted for it")
}

// browse follows the issuer's answer as a browser would, up to its way back here.
func browse(t *testing.T, address string) url.Values {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	a, err := client.Get(address)
	require.NoError(t, err)
	defer a.Body.Close()
	require.Equal(t, http.StatusFound, a.StatusCode)
	back, err := url.Parse(a.Header.Get("Location"))
	require.NoError(t, err)
	return back.Query()
}

func TestTheCodeFlow(t *testing.T) {
	flow := struct{ State, Nonce, Verifier string }{"the state", "the nonce", strings.Repeat("verifier", 6)}
	issuer := oidctest.New(t, now)
	i := of(issuer)
	begin := func() url.Values {
		address, err := i.Begin(t.Context(), flow)
		require.NoError(t, err)
		require.NotContains(t, address, flow.Verifier)
		return browse(t, address)
	}
	back := begin()
	require.Equal(t, flow.State, back.Get("state"))
	id, err := i.Complete(t.Context(), back.Get("code"), flow)
	require.NoError(t, err)
	require.Equal(t, identity.ID(issuer.URL, issuer.SignedIn), id)

	_, err = i.Complete(t.Context(), back.Get("code"), flow)
	require.Equal(t, refused, err, "a code is good once")
	other := flow
	other.Verifier = strings.Repeat("another-", 6)
	_, err = i.Complete(t.Context(), begin().Get("code"), other)
	require.Equal(t, refused, err, "and to who began")
	for name, claims := range map[string]map[string]any{
		"another nonce":    {"nonce": "another"},
		"no nonce":         {"nonce": ""},
		"another audience": {"aud": "another"},
		"another issuer":   {"iss": "https://elsewhere.example"},
		"ended":            {"exp": now.Add(-time.Second).Unix()},
	} {
		issuer.Claims = claims
		id, err := i.Complete(t.Context(), begin().Get("code"), flow)
		require.Equal(t, refused, err, name)
		require.Equal(t, uuid.Nil, id)
	}
}
