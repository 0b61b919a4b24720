// Package webhook tells other systems that something was recorded, as Standard Webhooks 1.0.0
// says: one signed POST for each event, in order for each endpoint, tried again until it is
// taken or given up.
//
// A message says which event it is and not what is in it; who wants to know reads the ledger
// with a token of their own. Delivery is at least once: a message may come twice, under the same
// webhook-id. What is given up is a dead letter, which is kept and can be sent again.
//
// Read in this order: webhook.go (the sender), endpoint.go (what is configured, and signatures),
// state.go (what outlives the process), guard.go (where messages may not go).
package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// schedule is how long to wait before each attempt at a message, the first included.
var schedule = []time.Duration{
	0, 5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour,
	5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

const (
	jitter     = 0.2              // a wait is up to so much longer, so that senders do not march in step
	patience   = 20 * time.Second // for an endpoint to answer
	lookAround = 5 * time.Second  // between looks for orders
	lastPause  = time.Minute      // between attempts to read the feed
	passedOver = 4096             // events between saves while nothing is sent and nothing rests
	bodyBound  = 64 << 10         // of an answer, so that the connection can be used again
	errorBound = 300              // bytes of an error that are kept
)

// Attempt is one attempt at a message, for those who count.
type Attempt struct {
	Endpoint string // its name
	Outcome  string // taken, not-taken, given-up or gone
	Dead     int    // letters of the endpoint after it
}

// Sender sends what is recorded to endpoints. Transport may be nil: then endpoints are reached
// over the network, and only over the open one unless they allow otherwise. Observe may be nil; it
// is called after each attempt, of all endpoints side by side.
type Sender struct {
	Dir       string // of the endpoints' states; made where it is not there
	Endpoints []Endpoint
	Feed      projections.Feed
	Log       *slog.Logger
	Now       func() time.Time
	Random    func() float64 // from 0 to 1, for the jitter
	Transport http.RoundTripper
	Observe   func(Attempt)
}

// Run sends until ctx ends, if there is anyone to send to. An endpoint that is new begins with what
// is recorded after Run first read the ledger to its end; any other goes on where it stood.
func (s *Sender) Run(ctx context.Context) error {
	if len(s.Endpoints) == 0 {
		return nil
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return err
	}
	var all sync.WaitGroup
	for _, e := range s.Endpoints {
		all.Go(func() { s.worker(e).run(ctx) })
	}
	all.Wait()
	return ctx.Err()
}

// worker sends to one endpoint.
type worker struct {
	*Sender
	Endpoint
	client *http.Client
	log    *slog.Logger
	state  State
	begun  bool         // it has a state; else it only counts, up to the end of the ledger
	saved  ledger.Entry // of the state on disk
}

func (s *Sender) worker(e Endpoint) *worker {
	through := s.Transport
	if through == nil {
		through = transport(e)
	}
	return &worker{Sender: s, Endpoint: e, log: s.Log.With("webhook", e.Name), client: &http.Client{
		Transport: through, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// run follows the feed until ctx ends, and begins again where that fails.
func (w *worker) run(ctx context.Context) {
	for pause := time.Second; ; pause = min(2*pause, lastPause) {
		err := w.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		w.log.Error("webhook paused", "err", err, "pause", pause)
		sleep(ctx, pause)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// follow goes on from the state on disk until something fails or ctx ends.
func (w *worker) follow(ctx context.Context) (err error) {
	if w.state, w.begun, err = ReadState(w.Dir, w.Name); err != nil {
		return err
	}
	w.saved = w.state.Entry
	var from ledger.Position
	if w.begun {
		if from, err = ledger.ParsePosition(w.state.Position); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	batches := w.batches(ctx, from)
	defer func() {
		cancel()
		for range batches { // until nobody reads the store on behalf of this worker
		}
	}()
	for err == nil {
		select {
		case <-time.After(lookAround):
			err = w.rest(ctx)
		case next, more := <-batches:
			if err = next.err; err == nil && more {
				err = w.take(ctx, next.batch)
			} else if err == nil {
				err = ctx.Err()
			}
		}
	}
	return err
}

// followed is what a feed yields at a time.
type followed struct {
	batch projections.Batch
	err   error
}

// batches hands over what the feed yields, a batch when the one before was taken, until ctx ends.
func (w *worker) batches(ctx context.Context, after ledger.Position) <-chan followed {
	batches := make(chan followed)
	go func() {
		defer close(batches)
		for batch, err := range w.Feed.Follow(ctx, after) {
			select {
			case batches <- followed{batch, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return batches
}

// rest is what is done while nothing is recorded.
func (w *worker) rest(ctx context.Context) error {
	if w.begun && w.saved < w.state.Entry {
		if err := w.save(); err != nil {
			return err
		}
	}
	return w.obey(ctx)
}

// take passes a batch on, event by event. The state is saved after each message; what is passed
// over would be passed over again, so that it need not cost a write each time.
func (w *worker) take(ctx context.Context, b projections.Batch) error {
	for _, r := range b.Events {
		entry := w.state.Entry + 1
		sent := w.begun && w.wants(r.Type)
		if sent {
			if err := w.deliver(ctx, messageOf(r, entry)); err != nil {
				return err
			}
		}
		w.state.Entry, w.state.Position, w.state.Failing = entry, r.Position.String(), nil
		if sent {
			if err := w.save(); err != nil {
				return err
			}
		}
	}
	begins := !w.begun && b.Live
	if begins {
		w.begun, w.state.Position = true, b.Through.String()
	}
	if begins || w.begun && w.state.Entry-w.saved >= passedOver {
		return w.save()
	}
	return nil
}

func (w *worker) save() error {
	if err := w.state.write(w.Dir, w.Name); err != nil {
		return err
	}
	w.saved = w.state.Entry
	return nil
}

// deliver returns once the endpoint has taken a message, or it is among the dead letters. What
// it did to the state is saved by the caller, together with the step forward.
func (w *worker) deliver(ctx context.Context, m Message) error {
	for {
		if err := w.ready(ctx); err != nil {
			return err
		}
		err := w.post(ctx, m)
		if err == nil {
			w.tell("taken")
		}
		if err == nil || ctx.Err() != nil {
			return err
		}
		if w.failed(m, err) {
			return nil
		}
		if err := w.save(); err != nil {
			return err
		}
	}
}

// ready waits until the endpoint may be sent to, and carries out orders meanwhile.
func (w *worker) ready(ctx context.Context) error {
	for {
		if err := w.obey(ctx); err != nil {
			return err
		}
		wait := lookAround
		if w.state.Disabled.IsZero() {
			if w.state.Failing == nil {
				return ctx.Err()
			}
			wait = min(wait, w.state.Failing.Due.Sub(w.Now()))
		}
		if wait <= 0 || ctx.Err() != nil {
			return ctx.Err()
		}
		sleep(ctx, wait)
	}
}

// failed notes an attempt in vain and when to try again. It is true where that was the last: the
// message is a dead letter then.
func (w *worker) failed(m Message, err error) bool {
	now := w.Now().UTC()
	if w.state.Failing == nil {
		w.state.Failing = &Letter{Message: m, Since: now}
	}
	f := w.state.Failing
	f.note(err)
	log := w.log.With("entry", m.Data.Entry, "attempt", f.Attempts, "err", f.Error)
	if w.gone(err, now) {
		return false
	}
	if f.Attempts >= len(schedule) {
		f.Due = time.Time{}
		w.state.Dead = append(w.state.Dead, *f)
		log.Error("webhook gave a message up")
		w.tell("given-up")
		return true
	}
	w.tell("not-taken")
	wait := schedule[f.Attempts]
	f.Due = now.Add(wait + time.Duration(jitter*w.Random()*float64(wait)))
	log.Warn("webhook not taken", "due", f.Due)
	return false
}

func (w *worker) tell(outcome string) {
	if w.Observe != nil {
		w.Observe(Attempt{w.Name, outcome, len(w.state.Dead)})
	}
}

// note counts an attempt in vain.
func (l *Letter) note(err error) {
	l.Attempts++
	l.Error = err.Error()
	if len(l.Error) > errorBound {
		l.Error = l.Error[:errorBound]
	}
}

// gone disables an endpoint that wants no more.
func (w *worker) gone(err error, now time.Time) bool {
	if r, ok := errors.AsType[refused](err); !ok || r.status != http.StatusGone {
		return false
	}
	w.state.Disabled = now
	w.tell("gone")
	w.log.Error("webhook disabled: the endpoint is gone")
	return true
}

// obey carries out what an operator has ordered.
func (w *worker) obey(ctx context.Context) error {
	if !w.begun {
		return nil
	}
	if given(w.Dir, w.Name, Enable) {
		w.state.Disabled, w.state.Failing = time.Time{}, nil
		if err := errors.Join(w.save(), done(w.Dir, w.Name, Enable)); err != nil {
			return err
		}
	}
	if w.state.Disabled.IsZero() && given(w.Dir, w.Name, Retry) {
		if err := w.resend(ctx); err != nil {
			return err
		}
		return done(w.Dir, w.Name, Retry)
	}
	return nil
}

// resend makes what is failing due now, and sends the dead letters again, oldest first, until
// one is not taken.
func (w *worker) resend(ctx context.Context) error {
	if w.state.Failing != nil {
		w.state.Failing.Due = w.Now().UTC()
	}
	for taken := true; taken && len(w.state.Dead) > 0; {
		err := w.post(ctx, w.state.Dead[0].Message)
		if err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		if taken = err == nil; taken {
			w.state.Dead = slices.Delete(w.state.Dead, 0, 1)
			w.tell("taken")
		} else if w.state.Dead[0].note(err); !w.gone(err, w.Now().UTC()) {
			w.tell("not-taken")
		}
		if err := w.save(); err != nil {
			return err
		}
	}
	return nil
}

// refused is an answer that does not take the message. A redirection is one: it would lead past
// what the endpoint was allowed.
type refused struct{ status int }

func (r refused) Error() string {
	return fmt.Sprintf("answered %d %s", r.status, http.StatusText(r.status))
}

// post makes one attempt.
func (w *worker) post(ctx context.Context, m Message) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	id, now := m.Data.ID.String(), w.Now()
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("User-Agent", "ttledger")
	q.Header.Set("Webhook-Id", id)
	q.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
	q.Header.Set("Webhook-Signature", w.sign(id, now, body))
	answer, err := w.client.Do(q)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err // without the address, which is configured and may be confidential
	}
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, bodyBound) // what it says does not matter
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return refused{answer.StatusCode}
	}
	return nil
}
