package httpapi

import (
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"ttledger/domain/ledger"
)

// burst is for how many seconds' requests one may come at once.
const burst = 4

// anonymousPart is how much less an address gets than a principal, for requests without a token.
const anonymousPart = 10

// limiters bounds the requests of each principal and of each address. Its memory is bounded: where
// it is full, the one that was quiet longest of a few is forgotten and begins anew.
type limiters struct {
	name      string // of the policy, as the headers tell it
	perSecond int
	mu        sync.Mutex
	of        map[string]limiter
}

type limiter struct {
	*rate.Limiter
	last time.Time
}

func newLimiters(name string, perSecond int) *limiters {
	return &limiters{name: name, perSecond: perSecond, of: map[string]limiter{}}
}

// take counts a request and says in headers how many are left. KindLimited is too many.
func (l *limiters) take(h http.Header, key string, now time.Time) error {
	l.mu.Lock()
	one, ok := l.of[key]
	if !ok {
		one.Limiter = rate.NewLimiter(rate.Limit(l.perSecond), l.perSecond*burst)
	}
	one.last = now
	put(l.of, key, one, func(one limiter) time.Time { return one.last })
	l.mu.Unlock()

	allowed, left := one.AllowN(now, 1), max(0, one.TokensAt(now))
	full := (float64(l.perSecond*burst) - left) / float64(l.perSecond)
	h.Set("RateLimit-Policy", fmt.Sprintf("%q;q=%d;w=%d", l.name, l.perSecond*burst, burst))
	h.Set("RateLimit", fmt.Sprintf("%q;r=%d;t=%d", l.name, int(left), int(math.Ceil(full))))
	if allowed {
		return nil
	}
	return refusal{status: http.StatusTooManyRequests, after: time.Second, error: &ledger.Error{Kind: ledger.KindLimited, Code: "too-many-requests", Msg: ledger.Text{
		En: fmt.Sprintf("at most %d requests a second, and %d at once; slower", l.perSecond, l.perSecond*burst),
		Zh: fmt.Sprintf("每秒至多 %d 次请求,瞬时至多 %d 次,请降低频率", l.perSecond, l.perSecond*burst),
	}}}
}
