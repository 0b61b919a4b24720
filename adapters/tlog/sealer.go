package tlog

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// Incident is a ledger that does not hold what its log has signed, or a log that does not hold
// together. Nothing is signed until people have looked into it.
type Incident struct {
	Entry ledger.Entry // 0 where it is none in particular
	What  string
}

func (i *Incident) Error() string {
	if i.Entry == 0 {
		return i.What
	}
	return fmt.Sprintf("entry %d: %s", i.Entry, i.What)
}

// Sealer follows a ledger and grows its log: leaves, then tiles, then the signature.
type Sealer struct {
	Log     *Log
	Feed    projections.Feed
	Outside []Checkpoint  // that somebody keeps elsewhere; nothing below or beside them is signed
	Every   time.Duration // between two signatures, at least; a second where 0
	Lag     time.Duration // for which an event is left alone, where one that is shown may yet be lost
	Now     func() time.Time
	Slog    *slog.Logger

	last time.Time // of the latest signature

	mu     sync.Mutex
	status Status
}

// Status is how a sealer fares.
type Status struct {
	Sealed   ledger.Entry // the size that is signed
	Incident *Incident    // why nothing is signed any more
	Err      error        // the last failure, tried again
}

// Status is the present one.
func (s *Sealer) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status
	st.Sealed = ledger.Entry(s.Log.Latest().N)
	return st
}

const (
	firstPause = 100 * time.Millisecond
	lastPause  = 10 * time.Second
)

// Run seals until ctx ends or there is an incident, which the log then tells once.
func (s *Sealer) Run(ctx context.Context) {
	pause := firstPause
	for ctx.Err() == nil {
		before := s.Log.Latest().N
		err := s.follow(ctx, false)
		incident, _ := errors.AsType[*Incident](err)
		s.mu.Lock()
		s.status = Status{Incident: incident, Err: err}
		s.mu.Unlock()
		if incident != nil {
			s.Slog.Error("LEDGER AND LOG DIFFER: nothing is signed any more", "entry", incident.Entry, "what", incident.What)
			return
		}
		if ctx.Err() != nil {
			return
		}
		if s.Log.Latest().N > before {
			pause = firstPause
		}
		s.Slog.Error("sealing paused", "err", err, "pause", pause)
		_ = wait(ctx, pause)
		pause = min(2*pause, lastPause)
	}
}

// CatchUp seals what is recorded by now and returns.
func (s *Sealer) CatchUp(ctx context.Context) error { return s.follow(ctx, true) }

func (s *Sealer) follow(ctx context.Context, once bool) error {
	if err := s.Log.load(ctx); err != nil {
		return err
	}
	if err := s.outside(ctx); err != nil {
		return err
	}
	at := s.place()
	if at.Entry > 0 {
		err := s.from(ctx, at, once)
		if errors.Is(err, errNotThere) { // the place was lost, or what stood there: look from the start
			err = s.from(ctx, place{}, once)
		}
		return err
	}
	return s.from(ctx, at, once)
}

var errNotThere = errors.New("the ledger cannot be followed from where it was left")

// place is where to go on: the position before an entry, so that the first that follows is one that
// was signed and can be held against the log.
type place struct {
	Entry  ledger.Entry    `json:"entry"`
	Before ledger.Position `json:"before"`
}

// place reads where the last run left off. It is only a shortcut: without it everything is read.
func (s *Sealer) place() (at place) {
	raw, err := os.ReadFile(filepath.Join(string(s.Log.dir), placeFile))
	if err != nil || json.Unmarshal(raw, &at) != nil || at.Entry == 0 || int64(at.Entry) > s.Log.edge.size {
		return place{}
	}
	return at
}

// from follows the ledger from a place: what was signed is compared, what is new added.
func (s *Sealer) from(ctx context.Context, at place, once bool) error {
	g := growth{Sealer: s, entry: ledger.Entry(max(int64(at.Entry)-1, 0)), position: at.Before, logged: leaves{get: s.Log.get, size: s.Log.edge.size}}
	begun := false
	for batch, err := range s.Feed.Follow(ctx, at.Before) {
		if err != nil {
			if !begun && at.Entry > 0 && ctx.Err() == nil && ledger.KindOf(err) != ledger.KindUnavailable {
				return errors.Join(errNotThere, err)
			}
			return err
		}
		if err := s.settled(ctx, batch); err != nil {
			return err
		}
		for _, r := range batch.Events {
			if err := g.take(ctx, r); err != nil {
				return g.sure(at, err)
			}
		}
		begun = begun || len(batch.Events) > 0
		if err := g.sealIfDue(ctx, batch.Live, once); err != nil {
			return g.sure(at, err)
		}
		if once && batch.Live {
			return nil
		}
	}
	return ctx.Err()
}

// sure has an incident that was met on the shortcut looked into from the start: it may have begun
// before.
func (g *growth) sure(at place, err error) error {
	if _, ok := errors.AsType[*Incident](err); ok && at.Entry > 0 && g.Log.edge.size == g.logged.size {
		return errors.Join(errNotThere, err)
	}
	return err
}

// settled leaves a batch alone until its last event is old enough, by a clock that may differ from
// that of who recorded it.
func (s *Sealer) settled(ctx context.Context, b projections.Batch) error {
	if s.Lag == 0 || len(b.Events) == 0 {
		return nil
	}
	age := s.Now().Sub(b.Events[len(b.Events)-1].Meta.RecordedAt)
	return wait(ctx, min(max(s.Lag-age, 0), s.Lag))
}

// growth is one time of following.
type growth struct {
	*Sealer
	entry    ledger.Entry    // taken last
	position ledger.Position // of it
	at       place           // of it
	logged   leaves
}

// take holds an event against what was signed, or adds it.
func (g *growth) take(ctx context.Context, r ledger.Recorded) error {
	g.entry++
	g.at, g.position = place{g.entry, g.position}, r.Position
	leaf := LeafOf(g.Log.ledger, r)
	if n := int64(g.entry); n <= g.logged.size {
		want, err := g.logged.at(ctx, n-1)
		if err != nil {
			return err
		}
		if want != leaf {
			parts, expected, found := differences(want, leaf)
			return &Incident{g.entry, fmt.Sprintf("the ledger no longer holds what was signed: %s was %s and is %s", parts, expected, found)}
		}
		return nil
	}
	if err := g.Log.add(leaf.Bytes()); err != nil {
		return err
	}
	for _, c := range g.Outside {
		if c.N == g.Log.edge.size {
			if err := g.agrees(c, &g.Log.edge); err != nil {
				return err
			}
		}
	}
	return nil
}

// sealIfDue signs when all that is recorded was taken, or when it is time.
func (g *growth) sealIfDue(ctx context.Context, live, once bool) error {
	size := g.Log.edge.size
	if live && int64(g.entry) < g.logged.size {
		return &Incident{g.entry + 1, fmt.Sprintf("the ledger ends at entry %d, and its log has signed %d", g.entry, g.logged.size)}
	}
	for _, c := range g.Outside {
		if size < c.N {
			if live {
				return &Incident{ledger.Entry(size + 1), fmt.Sprintf("the ledger ends at entry %d, and a checkpoint from outside says %d", size, c.N)}
			}
			return nil
		}
	}
	every := cmp.Or(g.Every, time.Second)
	if size == g.Log.Latest().N && g.Log.resigned() || !live && g.Now().Sub(g.last) < every {
		return nil
	}
	if !once {
		if err := wait(ctx, every-g.Now().Sub(g.last)); err != nil {
			return err
		}
	}
	if err := g.Log.seal(); err != nil {
		return err
	}
	g.last = g.Now()
	return g.leave()
}

// leave notes where to go on. Its loss costs a reading of the ledger.
func (g *growth) leave() error {
	if g.at.Entry == 0 {
		return nil
	}
	raw, err := json.Marshal(g.at)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(string(g.Log.dir), placeFile), raw, 0o600)
}

// outside holds the checkpoints that others keep against what is signed already.
func (s *Sealer) outside(ctx context.Context) error {
	for _, c := range s.Outside {
		if c.Origin != Origin(s.Log.ledger) {
			return &Incident{What: "the checkpoint from outside is one of " + c.Origin}
		}
		if c.N > s.Log.edge.size || c.N == 0 {
			continue
		}
		if err := s.agrees(c, s.Log.get.hashes(ctx, s.Log.edge.size)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sealer) agrees(c Checkpoint, h tlog.HashReader) error {
	root, err := tlog.TreeHash(c.N, h)
	if err != nil {
		return err
	}
	if root != c.Hash {
		return &Incident{What: fmt.Sprintf("a checkpoint from outside says that the root at entry %d is %s, and it is %s: this is another history", c.N, c.Hash, root)}
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
