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

	"ttledger/domain/ledger"
)

// Issuer is an OpenID provider. An identity is identity.ID of its issuer and subject. What is
// wrong with a token or a code is KindUnauthenticated; a provider that does not answer is
// KindUnavailable.
type Issuer interface {
	// Bearer checks a JWT that was shown as a bearer token.
	Bearer(ctx context.Context, token string) (uuid.UUID, error)
	// Begin is where to send a browser to sign in (code flow with PKCE).
	Begin(ctx context.Context, f Flow) (address string, err error)
	// Complete exchanges the code that came back for an identity.
	Complete(ctx context.Context, code string, f Flow) (uuid.UUID, error)
}

// Flow is the secrets of one sign-in, new each time. It has no name of its own, so that a provider
// need not know this package.
type Flow = struct{ State, Nonce, Verifier string }

// The bounds of sign-ins under way.
const (
	flowLife  = 10 * time.Minute
	flowsMost = 1000 // the oldest goes
)

// flowCookie holds the state, so that a sign-in ends in the browser in which it began.
const flowCookie = "__Host-ttledger-signin"

// flows is the sign-ins under way, by the digest of their state.
type flows struct {
	mu sync.Mutex
	by map[[sha256.Size]byte]pendingFlow
}

type pendingFlow struct {
	Flow
	began time.Time
}

func (f *flows) begin(now time.Time) Flow {
	f.mu.Lock()
	defer f.mu.Unlock()
	oldest, first := [sha256.Size]byte{}, now
	for key, p := range f.by {
		if now.Sub(p.began) >= flowLife {
			delete(f.by, key)
		} else if !p.began.After(first) {
			oldest, first = key, p.began
		}
	}
	if len(f.by) >= flowsMost {
		delete(f.by, oldest)
	}
	secret := func() string {
		var raw [32]byte
		rand.Read(raw[:])
		return base64.RawURLEncoding.EncodeToString(raw[:])
	}
	flow := Flow{secret(), secret(), secret()}
	f.by[digestOf(flow.State)] = pendingFlow{flow, now}
	return flow
}

// take ends a flow: each state is good once.
func (f *flows) take(state string, now time.Time) (Flow, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, ok := f.by[digestOf(state)]
	delete(f.by, digestOf(state))
	return p.Flow, ok && now.Sub(p.began) < flowLife
}

var noOIDC = &ledger.Error{Kind: ledger.KindNotFound, Code: "no-oidc", Msg: ledger.Text{
	En: "no issuer of identities is set up here; sign in with a token", Zh: "此处未配置身份提供方,请使用令牌登录",
}}

// oidcBegin sends a browser to the issuer.
func (a *api) oidcBegin(w http.ResponseWriter, r *http.Request) error {
	if a.Issuer == nil {
		return noOIDC
	}
	if err := a.mayHoldCookie(r); err != nil {
		return err
	}
	flow := a.flows.begin(a.Ledger.Now())
	to, err := a.Issuer.Begin(r.Context(), flow)
	if err != nil {
		return err
	}
	setCookie(w, flowCookie, flow.State, int(flowLife/time.Second))
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// oidcCallback is where the issuer sends the browser back to. What else the issuer says in the
// query is its own affair.
func (a *api) oidcCallback(w http.ResponseWriter, r *http.Request) error {
	if a.Issuer == nil {
		return noOIDC
	}
	if err := a.mayHoldCookie(r); err != nil {
		return err
	}
	q := r.URL.Query()
	cookie, err := r.Cookie(flowCookie)
	if err != nil || q.Get("state") == "" || cookie.Value != q.Get("state") {
		return signInFailed
	}
	setCookie(w, flowCookie, "", -1)
	flow, ok := a.flows.take(cookie.Value, a.Ledger.Now())
	if !ok || q.Get("code") == "" {
		return signInFailed
	}
	id, err := a.Issuer.Complete(r.Context(), q.Get("code"), flow)
	if err != nil {
		return err
	}
	actor, c, err := a.linked(r.Context(), id)
	if err != nil {
		return err
	}
	if err := a.give(w, c); err != nil {
		return err
	}
	callOf(r).actor = actor
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

var signInFailed = ledger.Invalid("sign-in", ledger.Text{
	En: "this sign-in did not begin in this browser, or took longer than ten minutes, or was refused; begin again at /session/oidc",
	Zh: "该登录并非始于本浏览器、已超过十分钟或被拒绝,请自 /session/oidc 重新开始",
})
