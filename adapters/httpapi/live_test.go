package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/principal"
)

// serveLive begins again with the server that an open port has.
func (w *world) serveLive(change ...func(*http.Server)) *http.Server {
	w.server.Close()
	h, err := New(w.config)
	require.NoError(w.t, err)
	s := Server(h, "")
	for _, f := range change {
		f(s)
	}
	w.server = httptest.NewUnstartedServer(nil)
	w.server.Config = s
	w.server.Start()
	w.t.Cleanup(w.server.Close)
	return s
}

// frame is what stands between two empty lines of an event stream.
type frame struct {
	id, event, data, comment, retry string
}

// listener reads an event stream as a browser does.
type listener struct {
	t      *testing.T
	answer *http.Response
	lines  *bufio.Scanner
	leave  context.CancelFunc
}

func (w *world) listen(as, path string, headers ...string) *listener {
	w.t.Helper()
	ctx, leave := context.WithCancel(w.t.Context())
	q, err := http.NewRequestWithContext(ctx, "GET", w.server.URL+path, nil)
	require.NoError(w.t, err)
	q.Header.Set("Authorization", "Bearer "+w.tokens[as])
	q.Header.Set("Accept", "text/event-stream")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		q.Header.Add(name, value)
	}
	a, err := w.server.Client().Do(q)
	require.NoError(w.t, err)
	l := &listener{w.t, a, bufio.NewScanner(a.Body), leave}
	l.lines.Buffer(nil, 1<<20)
	w.t.Cleanup(l.close)
	return l
}

func (l *listener) close() {
	l.leave()
	l.answer.Body.Close()
}

// next is the next frame; false at the end.
func (l *listener) next() (f frame, ok bool) {
	for l.lines.Scan() {
		name, value, _ := strings.Cut(l.lines.Text(), ": ")
		switch name {
		case "id":
			f.id = value
		case "event":
			f.event = value
		case "data":
			f.data = value
		case "retry":
			f.retry = value
		case "":
			if value == "" {
				return f, true
			}
			f.comment = value
		}
	}
	return f, false
}

// event is the next frame with one.
func (l *listener) event() frame {
	l.t.Helper()
	for {
		f, ok := l.next()
		require.True(l.t, ok, "the feed ended: %v", l.lines.Err())
		if f.data != "" {
			return f
		}
	}
}

// do proposes a project in this process.
func (w *world) do() error {
	body, err := json.Marshal(map[string]any{"occurred_on": "2026-05-04", "data": map[string]any{"titles": map[string]string{"en": "one"}}})
	if err != nil {
		return err
	}
	_, err = w.ledger.Do(w.t.Context(), ledger.Request{
		Aggregate: "project", ID: uuid.New(), Verb: "propose", Command: uuid.New(), Body: body,
		Actor: ledger.Actor{Handle: "ada", Roles: []ledger.Role{ledger.PM}}, Source: ledger.Source{Kind: "api"},
	})
	return err
}

func TestALiveFeedNeitherLosesNorRepeats(t *testing.T) {
	w := newWorld(t)
	w.serveLive()
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = w.runner.Run(ctx) })
	defer running.Wait()
	defer stop()

	// Writers stay a little ahead of the reader, so that it is live again and again.
	const total, ahead = 1600, 40
	leave, failed := make(chan bool, total), make(chan error, total)
	for range 8 {
		running.Go(func() {
			for range leave {
				if err := w.do(); err != nil {
					failed <- err
				}
			}
		})
	}
	before := len(w.recorded())
	for range ahead {
		leave <- true
	}
	chance := rand.New(rand.NewPCG(1, 2))
	var seen []frame
	for issued, connections := ahead, 0; len(seen) < before+total; connections++ {
		var headers []string
		if len(seen) > 0 {
			headers = append(headers, "Last-Event-ID: "+seen[len(seen)-1].id)
		}
		l := w.listen("chen", "/v1/events?after=0", headers...)
		for range min(1+chance.IntN(60), before+total-len(seen)) {
			seen = append(seen, l.event())
			if issued++; issued <= total {
				leave <- true
			}
		}
		l.close()
	}
	close(leave)
	require.Empty(t, failed)
	for i, r := range w.recorded() {
		require.Equal(t, strconv.Itoa(i+1), seen[i].id)
		require.Equal(t, r.Type, seen[i].event)
		requireCloudEvent(t, []byte(seen[i].data), r, ledger.Entry(i+1))
	}
}

func TestALiveFeedBegins(t *testing.T) {
	w := newWorld(t)
	w.serveLive()
	for range 3 {
		require.NoError(t, w.do()) // not counted by the read models
	}
	head := len(w.recorded())
	l := w.listen("chen", fmt.Sprint("/v1/events?type=project.proposed.v2&after=", head-2), "Last-Event-ID: "+fmt.Sprint(head-1))
	require.Equal(t, 200, l.answer.StatusCode)
	require.Equal(t, "text/event-stream", l.answer.Header.Get("Content-Type"))
	require.Equal(t, "no", l.answer.Header.Get("X-Accel-Buffering"))
	f, _ := l.next()
	require.Equal(t, "3000", f.retry)
	require.Equal(t, strconv.Itoa(head), l.event().id, "the header is newer than the address")

	w.enrol("dora") // lets nothing through
	require.NoError(t, w.do())
	f = l.event()
	require.Equal(t, "project.proposed.v2", f.event)
	require.Equal(t, strconv.Itoa(len(w.recorded())), f.id)

	stream := w.recorded()[head-1].Stream
	require.Equal(t, strconv.Itoa(head), w.listen("chen", "/v1/events?stream="+stream.String()).event().id)
	require.Equal(t, strconv.Itoa(head-2), w.listen("chen", "/v1/events?actor=ada").event().id)

	a := w.ask("chen", "HEAD", "/v1/events", "", "Accept: text/event-stream")
	require.Equal(t, 200, a.status)
	require.Equal(t, "text/event-stream", a.header.Get("Content-Type"))
	for _, bad := range []struct{ query, id, code string }{
		{"limit=5", "", "parameter"}, {"known-at=3", "", "parameter"}, {"", "soon", "last-event-id"}, {"", "-1", "last-event-id"},
		{"", "99999", "beyond"}, {"after=99999", "", "beyond"}, {"stream=x", "", "stream-id"},
	} {
		a := w.get("chen", "/v1/events?"+bad.query, "Accept: text/event-stream", "Last-Event-ID: "+bad.id)
		require.Equal(t, 400, a.status, a.body)
		require.Equal(t, bad.code, a.code(t))
	}
}

func TestAnIdleFeedGivesSignsOfLifeAndOutlastsTheServersReading(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.Pulse = 20 * time.Millisecond })
	w.serveLive(func(s *http.Server) { s.ReadTimeout = 50 * time.Millisecond })
	l := w.listen("chen", fmt.Sprint("/v1/events?after=", len(w.recorded())))
	for beats := 0; beats < 10; {
		f, ok := l.next()
		require.True(t, ok)
		if f.comment == "ping" {
			beats++
		}
	}
	require.NoError(t, w.do())
	require.Equal(t, "project.proposed.v2", l.event().event)
}

func TestARevokedTokenEndsALiveFeed(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.Pulse = 20 * time.Millisecond })
	w.serveLive()
	l := w.listen("chen", fmt.Sprint("/v1/events?after=", len(w.recorded())))
	other := w.listen("root", fmt.Sprint("/v1/events?after=", len(w.recorded())))
	l.next()
	s, _, err := (&principal.Directory{Streams: w.store}).Load(t.Context(), principal.ID("chen"))
	require.NoError(t, err)
	a := w.post("root", "/v1/commands/principal/"+principal.ID("chen").String()+"/revoke-token",
		fmt.Sprintf(`{"data":{"token":%q}}`, s.Tokens[0].Token), "If-Match: *")
	require.Equal(t, 200, a.status, a.body)
	for ok := true; ok; {
		_, ok = l.next()
	}
	require.NoError(t, l.lines.Err(), "in good order, so that the reader comes again and hears why")
	require.Equal(t, 401, w.get("chen", "/v1/events", "Accept: text/event-stream").status)
	require.Equal(t, "principal.token-revoked.v1", other.event().event)
	_, ok := other.next()
	require.True(t, ok, "others go on")
}

func TestShutdownEndsLiveFeedsAtOnce(t *testing.T) {
	w := newWorld(t)
	s := w.serveLive()
	l := w.listen("chen", "/v1/events")
	l.event()
	ended := make(chan error)
	go func() {
		for ok := true; ok; {
			_, ok = l.next()
		}
		ended <- l.lines.Err()
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	began := time.Now()
	require.NoError(t, s.Shutdown(ctx))
	require.Less(t, time.Since(began), 2*time.Second)
	require.NoError(t, <-ended, "in good order")
}

func TestLiveReadersAreBounded(t *testing.T) {
	var most, now atomic.Int64
	w := newWorld(t, func(c *Config) {
		c.Limits.Live = 2
		c.Readers = func(live int) { now.Store(int64(live)); most.Store(max(most.Load(), int64(live))) }
	})
	w.serveLive()
	first := w.listen("chen", "/v1/events")
	w.listen("bea", "/v1/events")
	a := w.get("chen", "/v1/events", "Accept: text/event-stream")
	require.Equal(t, 503, a.status)
	require.Equal(t, "live-full", a.code(t))
	require.NotEmpty(t, a.header.Get("Retry-After"))
	require.Equal(t, 200, w.get("chen", "/v1/events").status, "pages are still to be had")
	first.close()
	w.logs.await(t, `"route":"events"`, `"status":499`)
	require.EqualValues(t, 1, now.Load())
	w.listen("chen", "/v1/events").event()
	require.EqualValues(t, 2, most.Load())
}

// deaf connects, asks for the live feed and reads nothing.
func (w *world) deaf() net.Conn {
	conn, err := net.Dial("tcp", w.server.Listener.Addr().String())
	require.NoError(w.t, err)
	w.t.Cleanup(func() { conn.Close() })
	_, err = fmt.Fprintf(conn, "GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nAuthorization: Bearer %s\r\n\r\n", w.tokens["chen"])
	require.NoError(w.t, err)
	return conn
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestASlowReaderHoldsUpNobodyAndIsDropped(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.Write, c.Limits.Live = 3*time.Second, 9 })
	w.serveLive()
	// 60 MB: no socket holds that much for a reader.
	const events, size = 1000, 60_000
	stream, data := ledger.StreamID{Category: "project", ID: uuid.New()}, []byte(`"`+strings.Repeat("x", size)+`"`)
	for i := range events {
		_, err := w.store.Append(t.Context(), stream, ledger.Version(i), []ledger.Proposed{{ID: uuid.New(), Type: "project.proposed.v1", Data: data,
			Meta: ledger.Metadata{Actor: "ada", OccurredOn: ledger.Day(2026, 5, 4)}}})
		require.NoError(t, err)
	}
	before := heap()
	var slow []net.Conn
	for range 8 {
		slow = append(slow, w.deaf())
	}
	l, last, seen := w.listen("chen", "/v1/events"), len(w.recorded()), 0
	for seen < last {
		f, ok := l.next()
		if !ok { // on a busy machine this reader may be too slow as well; it comes again
			l.close()
			l = w.listen("chen", "/v1/events", fmt.Sprint("Last-Event-ID: ", seen))
		} else if f.id != "" {
			require.Equal(t, strconv.Itoa(seen+1), f.id, "nothing lost, nothing twice")
			seen++
		}
	}
	// Two batches of 256 events for each of nine readers would be more; a whole backlog far more.
	grown := int64(heap()) - int64(before)
	require.Less(t, grown, int64(9*2*256*(size+5_000)), "no reader's backlog is kept")
	for range slow {
		w.logs.await(t, `"route":"events"`, `"status":499`)
	}
	l.close()
	for _, c := range slow {
		taken, _ := io.Copy(io.Discard, c)
		require.Less(t, taken, int64(events*size), "it was cut off")
	}
}
