package httpapi

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"ttledger/domain/identity"
	"ttledger/domain/ledger"
	"ttledger/domain/principal"
)

// The bounds of browser sessions.
const (
	sessionIdle  = 30 * time.Minute
	sessionLife  = 12 * time.Hour
	sessionsEach = 20     // of one principal; the idlest goes
	sessionsMost = 10_000 // of all; beyond it nobody signs in
)

// sessionCookie holds a session's id. Its prefix makes browsers keep it to this host and to HTTPS.
const sessionCookie = "__Host-ttledger"

// sessions is who is signed in by a browser. An id is known to its browser alone; here is its
// SHA-256. They are kept in memory: after a restart people sign in again. What a session may do is
// looked up on every request, so that it ends with its token, its identity or its role.
type sessions struct {
	mu sync.Mutex
	by map[[sha256.Size]byte]session
}

type session struct {
	credential
	began, seen time.Time
}

// credential is what somebody signed in with: a token, or an outside identity.
type credential struct {
	principal.Credential
	identity uuid.UUID
}

func digestOf(id string) [sha256.Size]byte { return sha256.Sum256([]byte(id)) }

func (s session) live(now time.Time) bool {
	return now.Sub(s.seen) < sessionIdle && now.Sub(s.began) < sessionLife
}

// begin makes a session and answers its id.
func (s *sessions) begin(c credential, now time.Time) (id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	theirs, idlest := 0, [sha256.Size]byte{}
	for key, one := range s.by {
		switch {
		case !one.live(now):
			delete(s.by, key)
		case one.Principal == c.Principal:
			if theirs++; theirs == 1 || one.seen.Before(s.by[idlest].seen) {
				idlest = key
			}
		}
	}
	if theirs >= sessionsEach {
		delete(s.by, idlest)
	}
	if len(s.by) >= sessionsMost {
		return "", ledger.Unavailable("sessions-full", ledger.Text{En: "too many people are signed in", Zh: "登录人数过多"}, nil)
	}
	var raw [32]byte
	rand.Read(raw[:])
	id = base64.RawURLEncoding.EncodeToString(raw[:])
	s.by[digestOf(id)] = session{c, now, now}
	return id, nil
}

// find is what a live session was begun with, and notes that it is used.
func (s *sessions) find(id string, now time.Time) (credential, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.by[digestOf(id)]
	if !ok || !one.live(now) {
		delete(s.by, digestOf(id))
		return credential{}, false
	}
	one.seen = now
	s.by[digestOf(id)] = one
	return one.credential, true
}

func (s *sessions) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.by, digestOf(id))
}

// still is who acts by what they signed in with, as it stands now.
func (a *api) still(ctx context.Context, c credential) (ledger.Actor, error) {
	if c.identity == uuid.Nil {
		return a.principals.Still(ctx, c.Credential, a.Ledger.Now())
	}
	actor, _, err := a.linked(ctx, c.identity)
	return actor, err
}

// linked is the principal an outside identity is today. One that is nobody's is refused like a
// wrong token: it tells nothing about who is here.
func (a *api) linked(ctx context.Context, id uuid.UUID) (ledger.Actor, credential, error) {
	who, err := identity.Find(ctx, a.Ledger.Streams, id)
	if err != nil {
		return ledger.Actor{}, credential{}, err
	}
	s, _, err := a.principals.Load(ctx, who)
	if err != nil {
		return ledger.Actor{}, credential{}, err
	}
	if who == uuid.Nil || s.Handle == "" {
		return ledger.Actor{}, credential{}, principal.Refused
	}
	actor := ledger.Actor{Handle: s.Handle, Roles: s.RolesOn(ledger.DayOf(a.Ledger.Now()))}
	return actor, credential{principal.Credential{Principal: who}, id}, nil
}

// signIn begins a session for a token and gives it to the browser.
func (a *api) signIn(w http.ResponseWriter, r *http.Request) error {
	if err := a.mayHoldCookie(r); err != nil {
		return err
	}
	if err := onlyJSON(r.Header); err != nil {
		return err
	}
	body, err := readBody(r)
	if err != nil {
		return err
	}
	var sent signInBody
	if err := ledger.DecodeStrict(body, "", &sent); err != nil {
		return err
	}
	actor, c, err := a.tokenHolder(r, sent.Token)
	if err != nil {
		return err
	}
	if err := a.give(w, c); err != nil {
		return err
	}
	callOf(r).actor, callOf(r).credential = actor, c
	return a.whoami(w, r)
}

type signInBody struct {
	Token string `json:"token" en:"a token" zh:"访问令牌"`
}

// signOut ends the session of the cookie, if there is one.
func (a *api) signOut(w http.ResponseWriter, r *http.Request) error {
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		a.sessions.end(cookie.Value)
	}
	setCookie(w, sessionCookie, "", -1)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// give begins a session and sets its cookie.
func (a *api) give(w http.ResponseWriter, c credential) error {
	id, err := a.sessions.begin(c, a.Ledger.Now())
	if err != nil {
		return err
	}
	setCookie(w, sessionCookie, id, int(sessionLife/time.Second))
	return nil
}

// setCookie sets a cookie that scripts cannot read and other sites cannot use to write. It is Lax
// and not Strict, because an issuer of identities sends people back here by a link.
func setCookie(w http.ResponseWriter, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: age, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// mayHoldCookie refuses sessions where the cookie would cross a network in the clear, and browsers
// would not keep it.
func (a *api) mayHoldCookie(r *http.Request) error {
	if a.confidential(r) {
		return nil
	}
	return &ledger.Error{Kind: ledger.KindDenied, Code: "https-needed", Msg: ledger.Text{
		En: "sessions are given over HTTPS, or to this machine as localhost", Zh: "会话仅通过 HTTPS 或本机 localhost 提供",
	}}
}
