package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
	"ttledger/domain/principal"
)

// admit lets a request in, or says why not: it does not come from another site's page, the query
// is of a size, the bearer is who they say, asks no more often than they may, and has a role for
// the route.
func (a *api) admit(w http.ResponseWriter, r *http.Request, roles []ledger.Role) error {
	c := callOf(r)
	if err := a.cross.Check(r); err != nil {
		c.refused = "cross-origin"
		return &ledger.Error{Kind: ledger.KindDenied, Code: "cross-origin", Err: err, Msg: ledger.Text{
			En: "another site's page may not write here", Zh: "不接受来自其他网站页面的写操作",
		}}
	}
	if len(r.URL.RawQuery) > a.Limits.Query {
		return ledger.Invalid("query-too-long", ledger.Text{
			En: fmt.Sprintf("the query has %d bytes; at most %d", len(r.URL.RawQuery), a.Limits.Query),
			Zh: fmt.Sprintf("查询字符串为 %d 字节,最多 %d", len(r.URL.RawQuery), a.Limits.Query),
		})
	}
	var refused error
	if !slices.Equal(roles, public) {
		refused = a.may(r, roles)
	}
	if err := a.limit(w, r); err != nil {
		c.refused = "limited"
		return err
	}
	return refused
}

// limit counts a request for who asks, or for where it comes from.
func (a *api) limit(w http.ResponseWriter, r *http.Request) error {
	if handle := callOf(r).actor.Handle; handle != "" {
		return a.requests.take(w.Header(), handle, a.Ledger.Now())
	}
	return a.anonymous.take(w.Header(), source(a.address(r)), a.Ledger.Now())
}

// may finds out who asks and holds them against the roles.
func (a *api) may(r *http.Request, roles []ledger.Role) error {
	actor, credential, err := a.authenticate(r)
	if err != nil {
		return err
	}
	callOf(r).actor, callOf(r).credential = actor, credential
	if slices.Equal(roles, bearer) {
		return nil
	}
	return permit(actor, roles)
}

// authenticate says who asks: by a bearer token where one was sent, else by the cookie of a
// session.
func (a *api) authenticate(r *http.Request) (ledger.Actor, credential, error) {
	if r.Header.Get("Authorization") != "" {
		return a.tokenHolder(r, bearerToken(r.Header))
	}
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return ledger.Actor{}, credential{}, principal.Refused
	}
	c, ok := a.sessions.find(cookie.Value, a.Ledger.Now())
	if !ok {
		callOf(r).refused = "session"
		return ledger.Actor{}, credential{}, principal.Refused
	}
	actor, err := a.still(r.Context(), c)
	if err != nil {
		callOf(r).refused = "session"
	}
	return actor, c, err
}

// tokenHolder says whose a token is, of ours or of the issuer's, and minds those who guess.
func (a *api) tokenHolder(r *http.Request, token string) (ledger.Actor, credential, error) {
	now, from, c := a.Ledger.Now(), source(a.address(r)), callOf(r)
	named, _ := principal.Named(token)
	if wait := a.guard.wait(token, from, named, now); wait > 0 {
		c.refused = "guessing"
		return ledger.Actor{}, credential{}, guessing(wait)
	}
	actor, found, err := a.check(r, token)
	switch {
	case err == nil:
		a.guard.opened(token, now)
	case ledger.KindOf(err) == ledger.KindUnauthenticated:
		c.refused = "token"
		a.guard.wrong(token, from, named, now)
	}
	return actor, found, err
}

func (a *api) check(r *http.Request, token string) (ledger.Actor, credential, error) {
	if a.Issuer == nil || strings.Count(token, ".") != 2 { // a JWT has three parts, a token of ours one
		actor, c, err := a.principals.Check(r.Context(), token, a.Ledger.Now())
		return actor, credential{c, uuid.Nil}, err
	}
	id, err := a.Issuer.Bearer(r.Context(), token)
	if err != nil {
		return ledger.Actor{}, credential{}, err
	}
	return a.linked(r.Context(), id)
}
