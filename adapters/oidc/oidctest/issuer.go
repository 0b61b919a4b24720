// Package oidctest is an OpenID Connect issuer over real HTTP with real keys, for tests: discovery,
// JWKS, and the code flow with PKCE for whoever it is told is signed in.
package oidctest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

// The client that the issuer knows.
const (
	ClientID = "ttledger"
	Secret   = "a secret of the client"
)

// Issuer is one issuer. Its fields may be changed between requests, not during them.
type Issuer struct {
	URL      string
	Now      time.Time      // of the tokens it makes
	SignedIn string         // the subject whose browser comes by
	Claims   map[string]any // of the ID tokens it makes, beside or instead of the right ones

	t       *testing.T
	mu      sync.Mutex
	keys    []jose.JSONWebKey // the last signs
	pending map[string]url.Values
	fetched int // how often the keys were asked for
}

// New is an issuer until the test ends, with an RSA key.
func New(t *testing.T, now time.Time) *Issuer {
	i := &Issuer{t: t, Now: now, SignedIn: "248289761001", pending: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", i.discovery)
	mux.HandleFunc("GET /keys", i.jwks)
	mux.HandleFunc("GET /authorize", i.authorize)
	mux.HandleFunc("POST /token", i.token)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	i.URL = server.URL
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	i.Rotate("rsa-1", key, jose.RS256)
	return i
}

// NewECKey is a key for ES256.
func NewECKey(t *testing.T) crypto.Signer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

// Rotate takes a new key to sign by; the earlier ones stay in the JWKS.
func (i *Issuer) Rotate(id string, key crypto.Signer, alg jose.SignatureAlgorithm) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = append(i.keys, jose.JSONWebKey{Key: key, KeyID: id, Algorithm: string(alg), Use: "sig"})
}

// Key is what it signs by now.
func (i *Issuer) Key() any {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.keys[len(i.keys)-1].Key
}

// Drop withdraws all keys but the last.
func (i *Issuer) Drop() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = i.keys[len(i.keys)-1:]
}

// Token is a token for a subject, with some claims beside or instead of the right ones.
func (i *Issuer) Token(subject string, change map[string]any) string {
	claims := map[string]any{
		"iss": i.URL, "sub": subject, "aud": ClientID, "iat": i.Now.Unix(), "exp": i.Now.Add(time.Hour).Unix(),
	}
	maps.Copy(claims, change)
	i.mu.Lock()
	key := i.keys[len(i.keys)-1]
	i.mu.Unlock()
	return Sign(i.t, key, jose.SignatureAlgorithm(key.Algorithm), claims)
}

// Sign makes a JWT by any key.
func Sign(t *testing.T, key any, alg jose.SignatureAlgorithm, claims map[string]any) string {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	require.NoError(t, err)
	raw, err := json.Marshal(claims)
	require.NoError(t, err)
	signed, err := s.Sign(raw)
	require.NoError(t, err)
	text, err := signed.CompactSerialize()
	require.NoError(t, err)
	return text
}

func (i *Issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	i.write(w, map[string]any{
		"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256", "ES256", "PS256", "HS256", "none"},
	})
}

// Fetched is how often the keys were asked for.
func (i *Issuer) Fetched() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.fetched
}

func (i *Issuer) jwks(w http.ResponseWriter, _ *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.fetched++
	var set jose.JSONWebKeySet
	for _, k := range i.keys {
		set.Keys = append(set.Keys, k.Public())
	}
	i.write(w, set)
}

// authorize sends the browser back with a code, as whoever is signed in.
func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != ClientID || q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" || q.Get("nonce") == "" {
		http.Error(w, "invalid_request", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	i.mu.Lock()
	i.pending[code] = q
	i.mu.Unlock()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		http.Error(w, "invalid_request", http.StatusBadRequest)
		return
	}
	back.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {i.URL}}.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound) // #nosec G710 -- an issuer of tests, whose clients are tests
}

// token gives an ID token for a code, once, to who knows the verifier.
func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	q, ok := i.pending[r.FormValue("code")]
	delete(i.pending, r.FormValue("code"))
	i.mu.Unlock()
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	id, secret, _ := r.BasicAuth()
	if !ok || base64.RawURLEncoding.EncodeToString(sum[:]) != q.Get("code_challenge") || id != ClientID || secret != url.QueryEscape(Secret) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		i.write(w, map[string]string{"error": "invalid_grant"})
		return
	}
	claims := map[string]any{"nonce": q.Get("nonce")}
	maps.Copy(claims, i.Claims)
	w.Header().Set("Content-Type", "application/json")
	i.write(w, map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "id_token": i.Token(i.SignedIn, claims)})
}

func (i *Issuer) write(w http.ResponseWriter, v any) {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		i.t.Error(err)
	}
}
