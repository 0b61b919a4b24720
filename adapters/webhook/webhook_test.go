package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/memory"
	"ttledger/domain/ledger"
	"ttledger/projections"
)

const (
	secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	newer  = "whsec_plJ3nmyCDGBKInavdOK15jsl0123456789ab"
)

// delivery is one attempt as it arrived.
type delivery struct {
	at     time.Time
	id     string
	header http.Header
	body   []byte
	entry  ledger.Entry
}

// receiver is the other end, without a network. It holds every attempt against the reference
// implementation.
type receiver struct {
	t      *testing.T
	secret string
	answer func(d delivery) (int, error) // nil: 200

	mu  sync.Mutex
	got []delivery
}

func (r *receiver) RoundTrip(q *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(q.Body)
	require.NoError(r.t, err)
	oracle, err := standard.NewWebhook(r.secret)
	require.NoError(r.t, err)
	require.NoError(r.t, oracle.Verify(body, q.Header))
	var m Message
	require.NoError(r.t, json.Unmarshal(body, &m))
	d := delivery{time.Now(), q.Header.Get("webhook-id"), q.Header, body, m.Data.Entry}
	r.mu.Lock()
	r.got = append(r.got, d)
	answer := r.answer
	r.mu.Unlock()
	status := 200
	if answer != nil {
		status, err = answer(d)
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Location": {"https://elsewhere.example/"}}, Body: http.NoBody, Request: q}, err
}

func (r *receiver) deliveries() []delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]delivery{}, r.got...)
}

func (r *receiver) entries() []ledger.Entry {
	var list []ledger.Entry
	for _, d := range r.deliveries() {
		list = append(list, d.entry)
	}
	return list
}

func (r *receiver) answers(f func(delivery) (int, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = f
}

// office is a ledger with one endpoint.
type office struct {
	t        *testing.T
	store    *memory.Store
	receiver *receiver
	sender   *Sender
	stop     func()
	recorded []ledger.Proposed
	attempts []Attempt
}

// outcomes counts what was observed.
func (o *office) outcomes() map[string]int {
	counts := map[string]int{}
	for _, a := range o.attempts {
		counts[a.Outcome]++
	}
	return counts
}

// inOffice runs a test in a bubble of its own time, with a sender that has begun.
func inOffice(t *testing.T, test func(o *office)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		e := Endpoint{Name: "portal", URL: "https://portal.example/hook"}
		file := filepath.Join(dir, "portal.secret")
		require.NoError(t, os.WriteFile(file, []byte(secret), 0o600))
		var err error
		e.secrets, err = readSecrets(file)
		require.NoError(t, err)
		o := &office{t: t, store: memory.New(time.Now), receiver: &receiver{t: t, secret: secret}}
		o.sender = &Sender{Dir: filepath.Join(dir, "webhooks"), Endpoints: []Endpoint{e}, Feed: o.store, Log: slog.New(slog.DiscardHandler),
			Now: time.Now, Random: func() float64 { return 0 }, Transport: o.receiver,
			Observe: func(a Attempt) { o.attempts = append(o.attempts, a) }} // one endpoint: never side by side
		o.start()
		test(o)
		o.stop()
	})
}

// start begins the sender; a test calls it again after stop, as a restart.
func (o *office) start() {
	ctx, cancel := context.WithCancel(o.t.Context())
	ended := make(chan bool)
	go func() {
		_ = o.sender.Run(ctx)
		close(ended)
	}()
	o.stop = func() { cancel(); <-ended }
	synctest.Wait()
}

// record appends n events, each to a stream of its own, and lets time stand still meanwhile.
func (o *office) record(n int, name string) {
	for range n {
		p := ledger.Proposed{ID: uuid.New(), Type: name, Data: []byte(`{"confidential":"content"}`),
			Meta: ledger.Metadata{Actor: "ada", OccurredOn: ledger.Day(2026, 5, 4)}}
		_, err := o.store.Append(o.t.Context(), ledger.StreamID{Category: "project", ID: uuid.New()}, 0, []ledger.Proposed{p})
		require.NoError(o.t, err)
		o.recorded = append(o.recorded, p)
	}
	synctest.Wait()
}

func (o *office) state() State {
	s, begun, err := ReadState(o.sender.Dir, "portal")
	require.NoError(o.t, err)
	require.True(o.t, begun)
	return s
}

func wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

const proposed = "project.proposed.v2"

func status(code int) func(delivery) (int, error) {
	return func(delivery) (int, error) { return code, nil }
}

func TestMessagesAreThinSignedAndInOrder(t *testing.T) {
	inOffice(t, func(o *office) {
		o.record(3, proposed)
		got := o.receiver.deliveries()
		require.Len(t, got, 3)
		for i, d := range got {
			require.Equal(t, o.recorded[i].ID.String(), d.id)
			require.Equal(t, "application/json", d.header.Get("Content-Type"))
			require.Equal(t, fmt.Sprint(d.at.Unix()), d.header.Get("webhook-timestamp"))
			require.NotContains(t, string(d.body), "confidential")
			var fields struct {
				Type      string         `json:"type"`
				Timestamp time.Time      `json:"timestamp"`
				Data      map[string]any `json:"data"`
			}
			require.NoError(t, json.Unmarshal(d.body, &fields))
			require.Equal(t, proposed, fields.Type)
			require.False(t, fields.Timestamp.IsZero())
			require.Contains(t, fields.Data["stream"], "project-")
			delete(fields.Data, "stream")
			require.Equal(t, map[string]any{"entry": float64(i + 1), "version": 1.0, "id": d.id, "type": proposed}, fields.Data)
		}
		require.EqualValues(t, 3, o.state().Entry)
	})
}

func TestANewEndpointIsToldNothingOfThePast(t *testing.T) {
	inOffice(t, func(o *office) {
		o.record(2, proposed)
		o.stop()
		other := o.sender.Endpoints[0]
		other.Name, other.Types = "late", []string{proposed}
		o.sender.Endpoints = []Endpoint{other}
		o.record(600, "project.approved.v1") // more than a batch
		o.start()
		require.Len(t, o.receiver.entries(), 2)
		o.record(1, "project.approved.v1")
		o.record(2, proposed)
		o.record(1, "project.approved.v1")
		require.Equal(t, []ledger.Entry{1, 2, 604, 605}, o.receiver.entries(), "and only of what it asked for")
		wait(lookAround)
		s, _, err := ReadState(o.sender.Dir, "late")
		require.NoError(t, err)
		require.EqualValues(t, 606, s.Entry, "what is passed over is passed")
		o.record(passedOver, "project.approved.v1")
		s, _, err = ReadState(o.sender.Dir, "late")
		require.NoError(t, err)
		require.GreaterOrEqual(t, s.Entry, ledger.Entry(606+passedOver), "also while nothing rests")
	})
}

func TestSecretsAreRotated(t *testing.T) {
	inOffice(t, func(o *office) {
		o.stop()
		file := filepath.Join(t.TempDir(), "both")
		require.NoError(t, os.WriteFile(file, []byte(secret+"\n"+newer+"\n"), 0o600))
		var err error
		o.sender.Endpoints[0].secrets, err = readSecrets(file)
		require.NoError(t, err)
		o.start()
		o.record(1, proposed)
		o.receiver.secret = newer
		o.record(1, proposed)
		for _, d := range o.receiver.deliveries() {
			require.Len(t, strings.Split(d.header.Get("webhook-signature"), " "), 2)
		}
		require.EqualValues(t, 2, o.state().Entry)
	})
}

func TestAMessageIsTriedAgainAndGivenUp(t *testing.T) {
	for _, chance := range []float64{0, 0.999} {
		inOffice(t, func(o *office) {
			o.sender.Random = func() float64 { return chance }
			o.receiver.answers(func(d delivery) (int, error) {
				if d.entry == 1 {
					return 500, nil
				}
				return 200, nil
			})
			o.record(2, proposed)
			s := o.state()
			require.Equal(t, 1, s.Failing.Attempts)
			require.Equal(t, "answered 500 Internal Server Error", s.Failing.Error)
			require.Zero(t, s.Entry)
			wait(4 * 24 * time.Hour)
			got := o.receiver.deliveries()
			require.Len(t, got, len(schedule)+1)
			for i := 1; i < len(schedule); i++ {
				require.Equal(t, got[0].id, got[i].id)
				require.Equal(t, got[0].body, got[i].body)
				waited := got[i].at.Sub(got[i-1].at)
				require.Equal(t, schedule[i]+time.Duration(0.2*chance*float64(schedule[i])), waited, "attempt %d", i+1)
			}
			require.EqualValues(t, 2, got[len(schedule)].entry, "the feed goes on")
			s = o.state()
			require.EqualValues(t, 2, s.Entry)
			require.Nil(t, s.Failing)
			require.Len(t, s.Dead, 1)
			require.Equal(t, len(schedule), s.Dead[0].Attempts)
			require.Equal(t, got[0].id, s.Dead[0].Message.Data.ID.String())
			require.True(t, got[0].at.Equal(s.Dead[0].Since))
			require.Equal(t, map[string]int{"not-taken": len(schedule) - 1, "given-up": 1, "taken": 1}, o.outcomes())
			require.Equal(t, Attempt{"portal", "taken", 1}, o.attempts[len(schedule)])
		})
	}
}

func TestDeadLettersAreSentAgain(t *testing.T) {
	inOffice(t, func(o *office) {
		o.receiver.answers(status(503))
		o.record(2, proposed)
		wait(8 * 24 * time.Hour)
		require.Len(t, o.state().Dead, 2)
		before := len(o.receiver.deliveries())

		require.NoError(t, Give(o.sender.Dir, "portal", Retry))
		wait(lookAround)
		require.Len(t, o.receiver.deliveries(), before+1, "it stops at the first that is not taken")
		require.Equal(t, len(schedule)+1, o.state().Dead[0].Attempts)
		wait(time.Hour)
		require.Len(t, o.receiver.deliveries(), before+1, "an order is carried out once")

		o.receiver.answers(nil)
		o.stop()
		require.NoError(t, Give(o.sender.Dir, "portal", Retry))
		o.start()
		wait(lookAround)
		require.Equal(t, []ledger.Entry{1, 2}, o.receiver.entries()[before+1:], "given while nobody sends, it waits")
		require.Equal(t, o.receiver.deliveries()[0].id, o.receiver.deliveries()[before+1].id)
		require.Empty(t, o.state().Dead)
		require.Equal(t, Attempt{"portal", "taken", 0}, o.attempts[len(o.attempts)-1])
		require.Equal(t, map[string]int{"not-taken": 2*(len(schedule)-1) + 1, "given-up": 2, "taken": 2}, o.outcomes())
		o.record(1, proposed)
		require.EqualValues(t, 3, o.state().Entry)
	})
}

func TestWhatIsFailingIsTriedAtOnceWhenOrdered(t *testing.T) {
	inOffice(t, func(o *office) {
		o.receiver.answers(status(500))
		o.record(1, proposed)
		wait(24 * time.Hour)
		o.receiver.answers(nil)
		require.EqualValues(t, 0, o.state().Entry)
		require.NoError(t, Give(o.sender.Dir, "portal", Retry))
		wait(lookAround)
		require.EqualValues(t, 1, o.state().Entry)
	})
}

func TestAnEndpointThatIsGoneIsDisabled(t *testing.T) {
	inOffice(t, func(o *office) {
		o.receiver.answers(status(410))
		o.record(2, proposed)
		require.False(t, o.state().Disabled.IsZero())
		wait(7 * 24 * time.Hour)
		require.Len(t, o.receiver.deliveries(), 1)
		o.stop()
		o.start()
		require.NoError(t, Give(o.sender.Dir, "portal", Retry))
		wait(time.Hour)
		require.Len(t, o.receiver.deliveries(), 1, "nor after a restart, nor to try again")
		require.Equal(t, map[string]int{"gone": 1}, o.outcomes())

		o.receiver.answers(status(500))
		require.NoError(t, Give(o.sender.Dir, "portal", Enable))
		wait(lookAround)
		require.Equal(t, 1, o.state().Failing.Attempts, "with the whole schedule before it")
		o.receiver.answers(nil)
		wait(lookAround)
		require.Equal(t, []ledger.Entry{1, 1, 1, 2}, o.receiver.entries(), "it goes on with the message that was refused")
		s := o.state()
		require.True(t, s.Disabled.IsZero())
		require.Nil(t, s.Failing)
		require.Empty(t, s.Dead)
	})
}

func TestWhatIsNoSuccess(t *testing.T) {
	for _, code := range []int{199, 300, 301, 302, 304, 307, 308, 400, 404, 429, 500} {
		inOffice(t, func(o *office) {
			o.receiver.answers(status(code))
			o.record(1, proposed)
			require.Len(t, o.receiver.deliveries(), 1, "a redirection is not followed")
			require.Contains(t, o.state().Failing.Error, fmt.Sprintf("answered %d", code))
		})
	}
	for _, code := range []int{200, 201, 202, 204, 299} {
		inOffice(t, func(o *office) {
			o.receiver.answers(status(code))
			o.record(1, proposed)
			require.EqualValues(t, 1, o.state().Entry)
		})
	}
}

func TestAnEndpointThatDoesNotAnswer(t *testing.T) {
	inOffice(t, func(o *office) {
		o.stop()
		o.sender.Transport = hanging{}
		o.start()
		o.record(1, proposed)
		wait(time.Second)
		o.stop()
		require.Nil(t, o.state().Failing, "an attempt that the end of the program cut off does not count")
		began := time.Now()
		o.start()
		wait(patience)
		require.Equal(t, 1, o.state().Failing.Attempts)
		require.Equal(t, began.Add(patience+5*time.Second).UTC(), o.state().Failing.Due)
		require.NotContains(t, o.state().Failing.Error, "portal.example", "the address may be confidential")
	})
}

// hanging never answers.
type hanging struct{}

func (hanging) RoundTrip(q *http.Request) (*http.Response, error) {
	<-q.Context().Done()
	return nil, q.Context().Err()
}

func TestARestartGoesOnWhereItStood(t *testing.T) {
	inOffice(t, func(o *office) {
		o.record(3, proposed)
		o.stop()
		o.record(2, proposed)
		o.start()
		require.Equal(t, []ledger.Entry{1, 2, 3, 4, 5}, o.receiver.entries())

		o.receiver.answers(status(500))
		o.record(1, proposed)
		wait(10 * time.Minute) // three attempts: at 0 s, 5 s and 5 min 5 s
		o.stop()
		s := o.state()
		require.Equal(t, 3, s.Failing.Attempts)
		o.start()
		wait(time.Until(s.Failing.Due) - time.Second)
		require.Len(t, o.receiver.deliveries(), 8, "not before it is due")
		wait(time.Second)
		require.Len(t, o.receiver.deliveries(), 9)
		require.Equal(t, 4, o.state().Failing.Attempts)
		require.Equal(t, s.Failing.Since, o.state().Failing.Since)
	})
}

// TestKilledAtAnyMoment: a kill leaves the state as it was before the last write; putting that
// back is a kill between a delivery and its checkpoint.
func TestKilledAtAnyMoment(t *testing.T) {
	inOffice(t, func(o *office) {
		chance := rand.New(rand.NewPCG(3, 4))
		file := stateFile(o.sender.Dir, "portal")
		var killed []byte // the state on disk when the sender was killed
		o.receiver.answers(func(delivery) (int, error) {
			if killed == nil && chance.IntN(10) == 0 {
				killed, _ = os.ReadFile(file)
			}
			if chance.IntN(10) == 0 {
				return 500, nil
			}
			return 200, nil
		})
		kills := 0
		for range 300 {
			o.record(1, proposed)
			wait(10 * time.Minute)
			if killed == nil {
				continue
			}
			kills++
			o.stop()
			require.NoError(t, os.WriteFile(file, killed, 0o600))
			require.NoError(t, os.WriteFile(file+".new", killed[:len(killed)/2], 0o600), "a write that was cut off")
			killed = nil
			o.start()
		}
		wait(10 * time.Minute)
		require.Greater(t, kills, 10)
		require.EqualValues(t, 300, o.state().Entry)
		next, repeats := ledger.Entry(1), 0
		for _, d := range o.receiver.deliveries() {
			require.LessOrEqual(t, d.entry, next, "none is skipped")
			require.Equal(t, o.recorded[d.entry-1].ID.String(), d.id, "a repeat bears the same id")
			if d.entry == next {
				next++
			} else {
				repeats++
			}
		}
		require.EqualValues(t, 301, next)
		require.Greater(t, repeats, 10)
	})
}

// torn is a feed that fails after so many batches, again and again.
type torn struct{ projections.Feed }

func (f torn) Follow(ctx context.Context, after ledger.Position) iter.Seq2[projections.Batch, error] {
	return func(yield func(projections.Batch, error) bool) {
		left := 2
		for batch, err := range f.Feed.Follow(ctx, after) {
			if left--; left < 0 {
				yield(projections.Batch{}, errors.New("torn"))
				return
			}
			if !yield(batch, err) {
				return
			}
		}
	}
}

func TestAFeedThatFailsIsTakenUpAgain(t *testing.T) {
	inOffice(t, func(o *office) {
		o.stop()
		o.sender.Feed = torn{o.store}
		o.start()
		var want []ledger.Entry
		for i := range 20 {
			o.record(1, proposed)
			want = append(want, ledger.Entry(i+1))
		}
		wait(time.Hour)
		require.Equal(t, want, o.receiver.entries())
	})
}

func TestAStateThatCannotBeReadStopsItsEndpointOnly(t *testing.T) {
	inOffice(t, func(o *office) {
		o.stop()
		broken := o.sender.Endpoints[0]
		broken.Name = "broken"
		o.sender.Endpoints = append(o.sender.Endpoints, broken)
		require.NoError(t, os.WriteFile(stateFile(o.sender.Dir, "broken"), []byte(`{"entry":`), 0o600))
		o.start()
		o.record(1, proposed)
		wait(time.Hour)
		require.Len(t, o.receiver.deliveries(), 1)
		_, _, err := ReadState(o.sender.Dir, "broken")
		require.Error(t, err)
	})
}

func TestWithoutEndpointsNothingIsMade(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "webhooks")
	require.NoError(t, (&Sender{Dir: dir}).Run(t.Context()))
	require.NoDirExists(t, dir)
}
