package projections

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"ttledger/domain/ledger"
)

// Docs is where the runner keeps its rows: one generation of tables, built under one
// fingerprint. Only one runner writes a generation; Save finds out if another does.
type Docs interface {
	// Checkpoint is how far this generation stands.
	Checkpoint(ctx context.Context) (Checkpoint, error)
	// Last is, for each of the keys that has one, the row believed now that holds Forever. It is
	// called while a Save of other keys is under way, and waits for none; the others do.
	Last(ctx context.Context, view string, keys []string) (map[string]Row, error)
	// Believed is all rows of a key that are believed now, by ValidFrom.
	Believed(ctx context.Context, view, key string) ([]Row, error)
	// Touched is every event that touched a key, in order.
	Touched(ctx context.Context, view, key string) ([]Located, error)
	// Entries numbers the events of a stream by version, as far as this generation stands.
	Entries(ctx context.Context, s ledger.StreamID) (map[ledger.Version]ledger.Entry, error)
	// Save writes all changes and the new checkpoint in one transaction, if the checkpoint is
	// still at from; KindConflict if not.
	Save(ctx context.Context, from ledger.Entry, c Changes) error
	// Serve makes this generation the one that is read, once, and drops older ones.
	Serve(ctx context.Context) error
}

// Located says where an event stands.
type Located struct {
	Entry      ledger.Entry
	Position   ledger.Position
	Stream     ledger.StreamID
	Version    ledger.Version
	RecordedAt time.Time // the latest up to this entry
}

// Changes is what one batch came to.
type Changes struct {
	Entries []Located
	Views   []ViewChanges
}

// ViewChanges is what one batch did to one view.
type ViewChanges struct {
	View  string
	Ended []Row // stored rows with the ends they got: ValidTo and EndKnown, KnownTo
	New   []Row
}

// Undecodable is an event that this release cannot read. It stops the runner: nothing is
// skipped, and a release that can read it goes on from there.
type Undecodable struct {
	Stream  ledger.StreamID
	Version ledger.Version
	Entry   ledger.Entry
	Type    string
	Err     error
}

func (u *Undecodable) Error() string {
	return fmt.Sprintf("read models stopped: entry %d, %s version %d (%s) cannot be read: %v", u.Entry, u.Stream, u.Version, u.Type, u.Err)
}

func (u *Undecodable) Unwrap() error { return u.Err }

// Runner brings all views up to date together and keeps them so.
type Runner struct {
	Feed    Feed
	Streams ledger.Streams // for the facts of a key that a late one is folded among
	Docs    Docs
	Views   []View
	Decode  func(name string, data []byte) (ledger.Event, error)
	Log     *slog.Logger
	Gather  int // events folded in one transaction while catching up; 4,096 where 0

	mu     sync.Mutex
	status Status
}

// Status is how a runner fares.
type Status struct {
	Checkpoint Checkpoint
	Live       bool  // it has caught up at least once
	Err        error // the last failure; nil once a batch was saved again
	Stopped    bool  // it will not go on by itself
}

// Status is the present one.
func (r *Runner) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

func (r *Runner) note(change func(*Status)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.status)
}

// gather is how many events are folded in one transaction while catching up, where nothing is
// said: what follows one another often touches the same keys. Live, every batch is folded at once.
const gather = 4096

const (
	firstPause = 100 * time.Millisecond
	lastPause  = 10 * time.Second
)

// Run follows the feed until ctx ends, which is its error, or an event cannot be decoded
// (*Undecodable); the log then names the event, once. Other failures are tried again with
// growing pauses, at most 10 s long.
func (r *Runner) Run(ctx context.Context) error {
	pause := firstPause
	for {
		before := r.Status().Checkpoint.Entry
		err := r.follow(ctx, false)
		r.note(func(s *Status) { s.Err = err })
		if u, stuck := errors.AsType[*Undecodable](err); stuck || ctx.Err() != nil {
			r.note(func(s *Status) { s.Stopped = true })
			if stuck {
				r.Log.ErrorContext(ctx, "read models stopped", "stream", u.Stream.String(), "version", u.Version, "type", u.Type, "entry", u.Entry, "err", u.Err)
			}
			return err
		}
		if r.Status().Checkpoint.Entry > before {
			pause = firstPause
		}
		r.Log.ErrorContext(ctx, "read models paused", "err", err, "pause", pause)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

// CatchUp folds what is recorded by now and returns.
func (r *Runner) CatchUp(ctx context.Context) error { return r.follow(ctx, true) }

func (r *Runner) follow(ctx context.Context, once bool) (err error) {
	at, err := r.Docs.Checkpoint(ctx)
	if err != nil {
		return err
	}
	r.note(func(s *Status) { s.Checkpoint = at })
	saving := flight{saved: at}
	defer func() { err = cmp.Or(err, saving.land()) }()
	serving := false
	var gathered []ledger.Recorded
	for batch, err := range r.Feed.Follow(ctx, at.Position) {
		if err != nil {
			return err
		}
		gathered = append(gathered, batch.Events...)
		if !batch.Live && len(gathered) < cmp.Or(r.Gather, gather) {
			continue
		}
		if len(gathered) > 0 {
			if at, err = r.apply(ctx, at, gathered, &saving); err != nil {
				return err
			}
			gathered = gathered[:0]
		}
		if batch.Live {
			if err := saving.land(); err != nil {
				return err
			}
		}
		if batch.Live && !serving {
			if err := r.Docs.Serve(ctx); err != nil {
				return err
			}
			serving = true
		}
		r.note(func(s *Status) { s.Checkpoint, s.Live, s.Err = saving.saved, s.Live || batch.Live, nil })
		if batch.Live && once {
			return nil
		}
	}
	return ctx.Err()
}

// flight is the save that may be under way while the next batch is folded. What it does to the
// rows that are believed to last is known before the store shows it.
type flight struct {
	saved Checkpoint // of the last that landed
	to    Checkpoint
	last  map[string]map[string]believed // by view and key
	done  chan error                     // nil where none is under way
}

// begin saves the changes of a batch beside the caller.
func (f *flight) begin(ctx context.Context, docs Docs, to Checkpoint, c Changes, last map[string]map[string]believed) {
	done, from := make(chan error, 1), f.saved.Entry
	f.to, f.last, f.done = to, last, done
	go func() { done <- docs.Save(ctx, from, c) }()
}

// land waits for the save under way, if one is.
func (f *flight) land() error {
	if f.done == nil {
		return nil
	}
	err := <-f.done
	f.done, f.last = nil, nil
	if err == nil {
		f.saved = f.to
	}
	return err
}

// apply folds a batch into all views and begins to save it. A failed save leaves nothing behind,
// so the batch is simply folded again from the old checkpoint.
func (r *Runner) apply(ctx context.Context, from Checkpoint, events []ledger.Recorded, saving *flight) (Checkpoint, error) {
	to := from
	var changes Changes
	var facts []Fact
	for _, e := range events {
		to.Entry, to.Position = to.Entry+1, e.Position
		if e.Meta.RecordedAt.After(to.RecordedAt) {
			to.RecordedAt = e.Meta.RecordedAt
		}
		event, err := r.Decode(e.Type, e.Data)
		if err != nil {
			return from, &Undecodable{e.Stream, e.Version, to.Entry, e.Type, err}
		}
		f := Fact{Recorded: e, Event: event, Entry: to.Entry}
		if isCorrection(f) {
			if f.amended, err = r.amend(ctx, f, facts, saving); err != nil {
				return from, err
			}
		}
		facts = append(facts, f)
		changes.Entries = append(changes.Entries, Located{to.Entry, e.Position, e.Stream, e.Version, to.RecordedAt})
	}
	last := map[string]map[string]believed{}
	for _, v := range r.Views {
		c, rows, err := r.fold(ctx, v, facts, saving)
		if err != nil {
			return from, fmt.Errorf("view %s: %w", v.Name, err)
		}
		changes.Views, last[v.Name] = append(changes.Views, c), rows
	}
	if err := saving.land(); err != nil {
		return from, err
	}
	saving.begin(ctx, r.Docs, to, changes, last)
	return to, nil
}

// fold works a batch into the rows of one view, and answers also the last row of each key.
func (r *Runner) fold(ctx context.Context, v View, facts []Fact, saving *flight) (ViewChanges, map[string]believed, error) {
	books, recast := map[string]*book{}, false
	for _, f := range facts {
		recast = recast || f.amended != nil
		for _, key := range v.touched(f) {
			books[key] = &book{view: v, key: key}
		}
	}
	keys := slices.Sorted(maps.Keys(books))
	if !v.once || recast {
		if err := r.open(ctx, v, books, keys, saving); err != nil {
			return ViewChanges{}, nil, err
		}
	}
	now := settled{Runner: r, saving: saving}
	for _, f := range facts {
		if f.amended == nil || v.keeps {
			for _, key := range v.keys(f) {
				if err := books[key].add(ctx, f, now); err != nil {
					return ViewChanges{}, nil, err
				}
			}
			continue
		}
		now.corrections = append(now.corrections, f)
		for _, key := range v.touched(f) {
			if err := books[key].recast(ctx, f, now); err != nil {
				return ViewChanges{}, nil, err
			}
		}
	}
	all, last := ViewChanges{View: v.Name}, map[string]believed{}
	for _, key := range keys {
		c := books[key].changes()
		all.Ended, all.New = append(all.Ended, c.Ended...), append(all.New, c.New...)
		if rows := books[key].rows; !v.once && len(rows) > 0 {
			last[key] = rows[len(rows)-1]
		}
	}
	return all, last, nil
}

// open puts into each book the last row of its key: from the save under way, else as stored.
func (r *Runner) open(ctx context.Context, v View, books map[string]*book, keys []string, saving *flight) error {
	var others []string
	for _, key := range keys {
		row, ok := saving.last[v.Name][key]
		if !ok {
			others = append(others, key)
			continue
		}
		row.stored = true
		books[key].rows = []believed{row}
	}
	stored, err := r.Docs.Last(ctx, v.Name, others)
	for key, row := range stored {
		doc, err := v.scan(row.Values)
		if err != nil {
			return err
		}
		books[key].rows = []believed{{Row: row, doc: doc, stored: true}}
	}
	return err
}

// settled is what is stored of a key, once the save under way has landed.
type settled struct {
	*Runner
	saving      *flight
	corrections []Fact // of this batch, up to the fact that is being folded
}

func (s settled) believed(ctx context.Context, v View, key string) ([]Row, error) {
	if err := s.saving.land(); err != nil {
		return nil, err
	}
	return s.Docs.Believed(ctx, v.Name, key)
}

// facts reads again every stored fact of a key, each of its streams once.
func (s settled) facts(ctx context.Context, v View, key string) ([]Fact, error) {
	if err := s.saving.land(); err != nil {
		return nil, err
	}
	touched, err := s.Docs.Touched(ctx, v.Name, key)
	if err != nil {
		return nil, err
	}
	streams := map[ledger.StreamID]bool{}
	for _, at := range touched {
		streams[at.Stream] = true
	}
	for _, c := range s.corrections {
		streams[c.Stream] = true
	}
	var facts []Fact
	for stream := range streams {
		all, err := s.ofStream(ctx, stream, s.corrections)
		if err != nil {
			return nil, err
		}
		for _, f := range all {
			if slices.Contains(v.keys(f), key) {
				facts = append(facts, f)
			}
		}
	}
	return facts, nil
}
