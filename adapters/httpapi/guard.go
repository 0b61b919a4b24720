package httpapi

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// The pauses after wrong tokens. An address that goes on guessing waits longer each time. A
// principal that is guessed at from many addresses makes those wait that guessed wrong before;
// from any other a right token opens at the first try. A token that opened lately is not a guess
// and never waits.
const (
	wrongFree    = 10              // wrong tokens of an address without a pause
	wrongNamed   = 30              // and of a principal, from all addresses together
	firstGuess   = time.Second     // the first pause; each next is twice as long
	lastGuess    = 5 * time.Minute // of an address
	lastNamed    = time.Minute     // of a principal
	guessMemory  = 15 * time.Minute
	goodMemory   = time.Hour
	guardEntries = 20_000 // of each kind
)

// guard counts wrong tokens. Its memory is bounded: where it is full, the stalest is forgotten.
type guard struct {
	mu        sync.Mutex
	addresses map[string]tally
	named     map[uuid.UUID]tally
	good      map[[sha256.Size]byte]time.Time // tokens that opened, by digest
}

// tally is the wrong tokens so far.
type tally struct {
	wrong int
	last  time.Time
	until time.Time // the end of the pause
}

func newGuard() *guard {
	return &guard{addresses: map[string]tally{}, named: map[uuid.UUID]tally{}, good: map[[sha256.Size]byte]time.Time{}}
}

// wait is how long a token from an address has to wait before it is looked at.
func (g *guard) wait(token, address string, named uuid.UUID, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if opened, ok := g.good[sha256.Sum256([]byte(token))]; ok && now.Sub(opened) < goodMemory {
		return 0
	}
	here := g.addresses[address].at(now)
	wait := here.until.Sub(now)
	if here.wrong > 0 {
		wait = max(wait, g.named[named].at(now).until.Sub(now))
	}
	return max(0, wait)
}

// opened notes a right token.
func (g *guard) opened(token string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	put(g.good, sha256.Sum256([]byte(token)), now, func(t time.Time) time.Time { return t })
}

// wrong notes a wrong one.
func (g *guard) wrong(token, address string, named uuid.UUID, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.good, sha256.Sum256([]byte(token)))
	stalest := func(t tally) time.Time { return t.last }
	put(g.addresses, address, g.addresses[address].at(now).add(now, wrongFree, lastGuess), stalest)
	if named != uuid.Nil {
		put(g.named, named, g.named[named].at(now).add(now, wrongNamed, lastNamed), stalest)
	}
}

// at is a tally as it stands: after a quiet time nothing is left of it.
func (t tally) at(now time.Time) tally {
	if now.Sub(t.last) > guessMemory {
		return tally{}
	}
	return t
}

func (t tally) add(now time.Time, free int, longest time.Duration) tally {
	t.wrong, t.last = t.wrong+1, now
	if beyond := t.wrong - free; beyond >= 0 {
		t.until = now.Add(min(longest, firstGuess<<min(beyond, 20)))
	}
	return t
}

// put writes into a map that keeps its bound: where it is full, the stalest of a few goes, which
// costs the same however full it is.
func put[K comparable, V any](m map[K]V, key K, v V, when func(V) time.Time) {
	if _, known := m[key]; !known && len(m) >= guardEntries {
		var oldest K
		looked, first := 0, time.Time{}
		for k, v := range m {
			if at := when(v); looked == 0 || at.Before(first) {
				oldest, first = k, at
			}
			if looked++; looked == 16 {
				break
			}
		}
		delete(m, oldest)
	}
	m[key] = v
}

// guessing is the answer while a pause lasts; the token was not looked at.
func guessing(wait time.Duration) error {
	return refusal{status: http.StatusTooManyRequests, after: wait, error: &ledger.Error{Kind: ledger.KindLimited, Code: "guessing", Msg: ledger.Text{
		En: fmt.Sprintf("too many wrong tokens; try again in %d s", seconds(wait)), Zh: fmt.Sprintf("错误令牌过多,请 %d 秒后再试", seconds(wait)),
	}}}
}

// seconds is a wait in whole seconds, so that none who waits them comes too early.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }
