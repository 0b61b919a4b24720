// Package oidc asks an issuer of identities (OpenID Connect) who somebody is: by a JWT that was
// shown as a bearer token, and by the code flow with PKCE for browsers. Whom an identity is here,
// and what they may do, is the ledger's to say.
package oidc

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/google/uuid"
	"golang.org/x/oauth2"

	"ttledger/domain/identity"
	"ttledger/domain/ledger"
)

// Config says which issuer, and who we are to it.
type Config struct {
	Issuer   string // its URL, exactly as its tokens have it in iss
	ClientID string // ours; tokens must be for it (aud)
	Secret   string // ours; empty for a public client
	Redirect string // where it sends browsers back to
	Now      func() time.Time
}

// algorithms are the signatures that are believed. None, and those of a shared secret, are not
// among them.
var algorithms = []string{oidc.RS256, oidc.ES256, oidc.EdDSA}

// Issuer is an issuer of identities. It is asked about itself when it is first needed, so that the
// ledger starts without it. Safe for concurrent use.
type Issuer struct {
	Config
	http *http.Client

	mu    sync.Mutex
	known *oidc.Provider
	again time.Time // not asked before then, after it did not answer
}

// New is an issuer that was not asked yet.
func New(c Config) *Issuer {
	return &Issuer{Config: c, http: &http.Client{Timeout: 5 * time.Second}}
}

// pause is between two questions to an issuer that does not answer.
const pause = 2 * time.Second

func (i *Issuer) provider() (*oidc.Provider, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.known != nil {
		return i.known, nil
	}
	if i.Now().Before(i.again) {
		return nil, silent(errors.New("it did not answer a moment ago"))
	}
	// The provider keeps the context for the keys it fetches later, so it is no request's.
	p, err := oidc.NewProvider(oidc.ClientContext(context.Background(), i.http), i.Issuer)
	if err != nil {
		i.again = i.Now().Add(pause)
		return nil, silent(err)
	}
	i.known = p
	return p, nil
}

func silent(cause error) error {
	return ledger.Unavailable("issuer", ledger.Text{En: "the issuer of identities does not answer", Zh: "身份提供方无响应"}, cause)
}

// refused is the answer to a token or a code that is not right.
var refused = &ledger.Error{Kind: ledger.KindUnauthenticated, Code: "token", Msg: ledger.Text{
	En: "a valid bearer token is needed", Zh: "需要有效的访问令牌",
}}

// Bearer checks a JWT: signature, issuer, audience and times.
func (i *Issuer) Bearer(ctx context.Context, token string) (uuid.UUID, error) {
	t, err := i.verify(ctx, token)
	if err != nil {
		return uuid.Nil, err
	}
	return identity.ID(t.Issuer, t.Subject), nil
}

func (i *Issuer) verify(ctx context.Context, token string) (*oidc.IDToken, error) {
	p, err := i.provider()
	if err != nil {
		return nil, err
	}
	t, err := p.Verifier(&oidc.Config{ClientID: i.ClientID, SupportedSigningAlgs: algorithms, Now: i.Now}).Verify(ctx, token)
	switch {
	case err == nil && t.Subject != "":
		return t, nil
	case err != nil && strings.Contains(err.Error(), "fetching keys"): // it has no type of its own
		return nil, silent(err)
	}
	return nil, refused
}

func (i *Issuer) client(p *oidc.Provider) oauth2.Config {
	return oauth2.Config{
		ClientID: i.ClientID, ClientSecret: i.Secret, RedirectURL: i.Redirect,
		Endpoint: p.Endpoint(), Scopes: []string{oidc.ScopeOpenID},
	}
}

// Begin is where to send a browser to sign in.
func (i *Issuer) Begin(_ context.Context, f struct{ State, Nonce, Verifier string }) (string, error) {
	p, err := i.provider()
	if err != nil {
		return "", err
	}
	c := i.client(p)
	return c.AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), nil
}

// Complete exchanges the code that came back for the identity it stands for.
func (i *Issuer) Complete(ctx context.Context, code string, f struct{ State, Nonce, Verifier string }) (uuid.UUID, error) {
	p, err := i.provider()
	if err != nil {
		return uuid.Nil, err
	}
	c := i.client(p)
	got, err := c.Exchange(oidc.ClientContext(ctx, i.http), code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		if _, answered := errors.AsType[*oauth2.RetrieveError](err); answered {
			return uuid.Nil, refused
		}
		return uuid.Nil, silent(err)
	}
	raw, _ := got.Extra("id_token").(string)
	t, err := i.verify(ctx, raw)
	if err != nil {
		return uuid.Nil, err
	}
	if subtle.ConstantTimeCompare([]byte(t.Nonce), []byte(f.Nonce)) != 1 {
		return uuid.Nil, refused
	}
	return identity.ID(t.Issuer, t.Subject), nil
}
