package sqlite

import (
	"sync"

	"ttledger/domain/ledger"
)

// heads remembers after which version a stream has nothing, so that a reader who is up to date
// learns so without a query: authenticating a request is such a read. Only the one writer of a
// file can keep it true.
type heads struct {
	mu      sync.Mutex
	nothing map[ledger.StreamID]ledger.Version // after this version
	commits uint64
}

// headsBound is how many streams are remembered.
const headsBound = 16_384

// look answers whether a stream has nothing after a version, and the count of commits to note
// with what a query will find.
func (h *heads) look(s ledger.StreamID, after ledger.Version) (nothing bool, commits uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	last, known := h.nothing[s]
	return known && after >= last, h.commits
}

// note remembers what a query found, unless there was a commit since look.
func (h *heads) note(s ledger.StreamID, last ledger.Version, commits uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if commits != h.commits {
		return
	}
	if h.nothing == nil || len(h.nothing) >= headsBound {
		h.nothing = map[ledger.StreamID]ledger.Version{}
	}
	h.nothing[s] = last
}

// moved is the writer's: after a commit, before anyone is told. A failed one may have been written
// all the same, so nothing is remembered over it.
func (h *heads) moved(batch []*appendRequest, failed error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.commits++
	if failed != nil {
		clear(h.nothing)
		return
	}
	for _, r := range batch {
		if _, known := h.nothing[r.stream]; known && r.err == nil {
			h.nothing[r.stream] = r.expected + ledger.Version(len(r.events))
		}
	}
}
