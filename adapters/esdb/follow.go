package esdb

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

const (
	// Servers before 23.10 do not say that a subscription has caught up. Until one has said so, it
	// is found out by reading, at first soon and then this often.
	firstLook = 5 * time.Millisecond
	lastLook  = 500 * time.Millisecond

	firstPause = 100 * time.Millisecond // before a dropped subscription is taken up again
	lastPause  = time.Second

	countBound = 1024 // Behind counts no further
)

// Follow is projections.Feed. A dropped subscription is taken up again where it was, for as long
// as ctx allows, so that an outage of the server is a pause to whoever follows; only the first
// one's failure is an error. A position where no event of the ledger stands is an error: it
// belongs to another ledger, or the cluster lost what was not replicated when it was shown.
func (s *Store) Follow(ctx context.Context, after ledger.Position) iter.Seq2[projections.Batch, error] {
	return func(yield func(projections.Batch, error) bool) {
		select {
		case s.places <- struct{}{}:
			defer func() { <-s.places }()
			s.run(ctx, after, yield)
		default:
			yield(projections.Batch{}, ledger.Unavailable("too-many-followers", ledger.Text{
				En: fmt.Sprintf("%d readers follow the event store already; try again later", followBound),
				Zh: fmt.Sprintf("已有 %d 个读者在跟随事件库,请稍后重试", followBound),
			}, nil))
		}
	}
}

// run follows without taking a place.
func (s *Store) run(ctx context.Context, after ledger.Position, yield func(projections.Batch, error) bool) {
	f := &follower{store: s, at: after, yield: yield}
	if err := f.run(ctx); err != nil {
		yield(projections.Batch{}, fmt.Errorf("follow after %s: %w", f.at, err))
	}
}

// Behind counts the events after a position, up to 1,024, and says when the first of them was
// recorded.
func (s *Store) Behind(ctx context.Context, after ledger.Position) (events int64, since time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, callWait)
	defer cancel()
	s.run(ctx, after, func(b projections.Batch, failed error) bool {
		if err = failed; err != nil {
			return false
		}
		if events == 0 && len(b.Events) > 0 {
			since = b.Events[0].Meta.RecordedAt
		}
		events += int64(len(b.Events))
		return !b.Live && events < countBound
	})
	return events, since, err
}

// follower is one Follow.
type follower struct {
	store *Store
	yield func(projections.Batch, error) bool
	at    ledger.Position // of the last event yielded
	seen  ledger.Position // at, or a checkpoint after it: no event of the ledger is between them
	batch []ledger.Recorded
	live  bool // the subscription has caught up
	told  bool // whoever follows knows that
	begun bool // a subscription was once taken up
}

var errLeft = errors.New("nobody follows any more")

// run follows until ctx ends, which is its error, or nobody follows any more.
func (f *follower) run(ctx context.Context) error {
	pause := firstPause
	for {
		before := f.at
		err := f.subscribe(ctx)
		switch {
		case errors.Is(err, errLeft):
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !f.begun || ledger.KindOf(err) != ledger.KindUnavailable || ledger.CodeOf(err) == "store-closed":
			return err
		}
		if f.at != before {
			pause = firstPause
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, lastPause)
	}
}

// subscribe takes up a subscription and hands on what it brings, until it drops.
func (f *follower) subscribe(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if err := f.store.holds(ctx, f.at); err != nil {
		return err
	}
	events, err := f.store.subscribe(ctx, f.at, f.store.prefix())
	if err != nil {
		return err
	}
	// What was gathered and not handed on comes again.
	f.batch, f.live, f.begun = nil, false, true
	f.seen = f.at
	pause := firstLook
	look := time.NewTimer(pause)
	defer look.Stop()
	for {
		select {
		case e := <-events:
			err = f.take(ctx, e)
		case <-look.C:
			if !f.live {
				f.live, err = f.store.nothingAfter(ctx, f.seen)
			}
			pause = min(2*pause, lastLook)
			look.Reset(pause)
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if err := f.hand(len(events) == 0); err != nil {
			return err
		}
	}
}

func (f *follower) take(ctx context.Context, e *esdb.SubscriptionEvent) error {
	switch {
	case e.SubscriptionDropped != nil:
		return f.store.explain(ctx, e.SubscriptionDropped.Error)
	case e.CaughtUp != nil:
		f.live = true
	case e.FellBehind != nil:
		f.live = false
	case e.CheckPointReached != nil:
		f.seen = ledger.Position{Commit: e.CheckPointReached.Commit, Prepare: e.CheckPointReached.Prepare}
	case e.EventAppeared != nil:
		r, err := f.store.recorded(e.EventAppeared.OriginalEvent())
		if err != nil {
			return err
		}
		f.batch, f.seen = append(f.batch, r), r.Position
	}
	return nil
}

// hand hands on what was gathered: a full batch, or, once live, all there is.
func (f *follower) hand(idle bool) error {
	live := f.live && idle
	if len(f.batch) < pageSize && (!live || f.told && len(f.batch) == 0) {
		return nil
	}
	batch := projections.Batch{Events: f.batch, Through: f.at, Live: live}
	if n := len(f.batch); n > 0 {
		batch.Through = f.batch[n-1].Position
	}
	if !f.yield(batch, nil) {
		return errLeft
	}
	f.batch, f.at, f.told = nil, batch.Through, f.told || live
	return nil
}

// subscribe takes up a subscription to events after a position, of streams whose names begin with
// a prefix. Its messages come through a channel, a drop last, and it ends with ctx.
func (s *Store) subscribe(ctx context.Context, after ledger.Position, prefix string) (<-chan *esdb.SubscriptionEvent, error) {
	options := esdb.SubscribeToAllOptions{
		From:           esdb.Start{}, // left out it would be the end
		Filter:         &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{prefix}},
		RequiresLeader: true,
	}
	if after != (ledger.Position{}) {
		options.From = esdb.Position{Commit: after.Commit, Prepare: after.Prepare} // exclusive
	}
	// The subscription outlives the question, so it has the context of its own.
	subscription, err := ask(ctx, s.follow, func(_ context.Context, client *esdb.Client) (*esdb.Subscription, error) {
		return client.SubscribeToAll(ctx, options)
	})
	if err != nil {
		return nil, s.explain(ctx, err)
	}
	events := make(chan *esdb.SubscriptionEvent, pageSize)
	go pump(ctx, subscription, events)
	return events, nil
}

func pump(ctx context.Context, subscription *esdb.Subscription, events chan<- *esdb.SubscriptionEvent) {
	defer subscription.Close()
	for dropped := false; !dropped; {
		var e *esdb.SubscriptionEvent
		if err := guarded(func() error { e = subscription.Recv(); return nil }); err != nil {
			e = &esdb.SubscriptionEvent{SubscriptionDropped: &esdb.SubscriptionDropped{Error: err}}
		}
		dropped = e.SubscriptionDropped != nil
		select {
		case events <- e:
		case <-ctx.Done():
			return
		}
	}
}

// holds checks that an event of this ledger stands at a position.
func (s *Store) holds(ctx context.Context, at ledger.Position) error {
	if at == (ledger.Position{}) {
		return nil
	}
	page, err := s.all(ctx, esdb.Forwards, esdb.Position{Commit: at.Commit, Prepare: at.Prepare}, 1)
	// Of a position inside a record the server says that it is invalid, older ones that they do not
	// know what is wrong.
	code := status.Code(err)
	inside := err != nil && ctx.Err() == nil && (code == codes.InvalidArgument || code == codes.Unknown && !broken(err))
	if inside || err == nil && (len(page) == 0 || positionOf(page[0]) != at || !s.owns(page[0].StreamID)) {
		return errors.New("no event of this ledger stands at this position")
	}
	return err
}

// nothingAfter reads $all from a position to its end and says whether no event of the ledger came.
func (s *Store) nothingAfter(ctx context.Context, at ledger.Position) (bool, error) {
	var from esdb.AllPosition = esdb.Start{}
	if at != (ledger.Position{}) {
		from = esdb.Position{Commit: at.Commit, Prepare: at.Prepare}
	}
	for {
		page, err := s.all(ctx, esdb.Forwards, from, pageSize)
		if err != nil {
			return false, err
		}
		for _, e := range page {
			if s.owns(e.StreamID) && positionOf(e).Compare(at) > 0 {
				return false, nil
			}
		}
		if len(page) < pageSize {
			return true, nil
		}
		from = page[len(page)-1].Position // comes again as the first of the next page
	}
}
