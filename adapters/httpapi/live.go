package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// closingKey finds the context that ends when a server begins to shut down. Shutdown waits for
// handlers, and a live feed would let it wait for ever.
type closingKey struct{}

// endWith makes a context end when the server of a request begins to shut down, too.
func endWith(r *http.Request) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(r.Context())
	if closing, ok := r.Context().Value(closingKey{}).(context.Context); ok {
		context.AfterFunc(closing, cancel)
	}
	return ctx, cancel
}

// lastEventID is where a reader that was cut off had come to, or otherwise.
func lastEventID(h http.Header, otherwise ledger.Entry) (ledger.Entry, error) {
	text := h.Get("Last-Event-ID")
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, ledger.Invalid("last-event-id", ledger.Text{
			En: "Last-Event-ID is the id of an event of this feed: its entry number", Zh: "Last-Event-ID 须为本事件流中事件的 id,即入账序号",
		})
	}
	return ledger.Entry(n), nil
}

// live answers the ledger as it grows, as server-sent events: every event after q.after that the
// filters let through, once and in order, its entry as id, and a comment now and then so that an
// idle connection is known to stand. It ends when the reader goes, does not take a write in time,
// or may no longer read, and when the server shuts down; the reader resumes with Last-Event-ID.
// A reader costs at most two batches of the feed in memory, however slow it is.
func (a *api) live(w http.ResponseWriter, r *http.Request, q feedQuery) error {
	select {
	case a.readers <- struct{}{}:
		a.count(len(a.readers))
		defer func() { <-a.readers; a.count(len(a.readers)) }()
	default:
		return ledger.Unavailable("live-full", ledger.Text{
			En: fmt.Sprintf("%d readers follow live already; later, or read pages", a.Limits.Live),
			Zh: fmt.Sprintf("已有 %d 个实时读者;请稍后再试,或分页读取", a.Limits.Live),
		}, nil)
	}
	w.Header().Set("Content-Type", mediaTypes[formatLive])
	w.Header().Set("X-Accel-Buffering", "no") // a proxy that gathers would hold events back
	if r.Method == http.MethodHead {
		return nil
	}
	ctx, end := endWith(r)
	defer end()
	f := &liveFeed{api: a, w: w, r: r, q: q, end: end, flush: a.flusher(w)}
	var err error
	if f.at.entry, f.at.position, err = a.Reader.Locate(ctx, q.after); err != nil {
		return err
	}
	batches := follow(ctx, a.Feed, f.at.position)
	defer func() {
		end()
		for range batches { // until nobody reads the store on behalf of this request
		}
	}()
	return f.run(ctx, batches)
}

// count tells how many follow now.
func (a *api) count(readers int) {
	if a.Readers != nil {
		a.Readers(readers)
	}
}

// followed is what a feed yields at a time.
type followed struct {
	batch projections.Batch
	err   error
}

// follow hands over what a feed yields, a batch when the one before was taken, until ctx ends.
func follow(ctx context.Context, feed projections.Feed, after ledger.Position) <-chan followed {
	batches := make(chan followed)
	go func() {
		defer close(batches)
		for batch, err := range feed.Follow(ctx, after) {
			select {
			case batches <- followed{batch, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return batches
}

// liveFeed is one reader's.
type liveFeed struct {
	api   *api
	w     http.ResponseWriter
	r     *http.Request
	q     feedQuery
	end   context.CancelFunc // ends the feed in good order
	flush func() error
	pulse <-chan time.Time
	at    place // how far it has read
	open  bool  // the answer has begun
}

// run ends without an error where the feed was ended, and with the request's where that was.
func (f *liveFeed) run(ctx context.Context, batches <-chan followed) error {
	pulse := time.NewTicker(f.api.Limits.Pulse)
	defer pulse.Stop()
	f.pulse = pulse.C
	for ctx.Err() == nil {
		var err error
		select {
		case <-ctx.Done():
		case <-f.pulse:
			err = f.beat()
		case next, more := <-batches:
			if !more {
				return f.r.Context().Err()
			}
			if err = next.err; err == nil {
				err = f.send(ctx, next.batch)
			}
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	return f.r.Context().Err()
}

// beat looks whether the reader still may read, and gives a sign of life.
func (f *liveFeed) beat() error {
	err := f.api.may(f.r, ledger.AllRoles())
	if err == nil {
		f.q.sight, err = f.api.sightOf(f.r.Context(), callOf(f.r).actor)
	}
	if kind := ledger.KindOf(err); err != nil && (kind == ledger.KindUnauthenticated || kind == ledger.KindDenied) {
		f.end()
		return nil
	}
	if err != nil || !f.open {
		return err
	}
	if err := f.write(": ping\n\n"); err != nil {
		return err
	}
	return f.flush()
}

// send passes a batch on. A reader that claims to have read what is not recorded is refused:
// it would miss what is recorded under those numbers later.
func (f *liveFeed) send(ctx context.Context, b projections.Batch) error {
	for _, r := range b.Events {
		f.at = place{f.at.entry + 1, r.Position}
		if f.at.entry <= f.q.after || !f.q.wants(r) {
			continue
		}
		if shown, err := f.api.shows(f.q.sight, r); err != nil || !shown {
			if err != nil {
				return err
			}
			continue
		}
		if err := f.event(eventOf(r, f.at.entry)); err != nil {
			return err
		}
		select {
		case <-f.pulse: // also while there is much to send
			if err := f.beat(); err != nil {
				return err
			}
		default:
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if f.at.entry < f.q.after {
		if !b.Live {
			return nil
		}
		return ledger.Invalid("beyond", ledger.Text{
			En: fmt.Sprintf("the ledger has %d entries; nothing is after %d", f.at.entry, f.q.after),
			Zh: fmt.Sprintf("账本共 %d 条,第 %d 条之后无从谈起", f.at.entry, f.q.after),
		})
	}
	if err := f.begin(); err != nil {
		return err
	}
	return f.flush()
}

func (f *liveFeed) begin() error {
	if f.open {
		return nil
	}
	f.open = true
	return f.write("retry: 3000\n\n")
}

func (f *liveFeed) event(e event) error {
	raw, err := encode(cloudEventOf(e)) // one line
	if err == nil {
		err = f.begin()
	}
	if err != nil {
		return err
	}
	return f.write(fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n", e.Entry, e.Type, raw))
}

// write gives the reader as long as any other to take it.
func (f *liveFeed) write(text string) error {
	f.api.extend(f.w)
	_, err := f.w.Write([]byte(text))
	return err
}
