package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/httpapi"
	"ttledger/adapters/memory"
	"ttledger/adapters/sqlite"
	"ttledger/adapters/webhook"
	"ttledger/domain/ledger"
	"ttledger/projections"
)

// shelf is projections.Docs without views: it keeps where each event stood, in the order in
// which they came, and does what a test asks of it before it saves.
type shelf struct {
	before func() error

	mu   sync.Mutex
	kept []projections.Located
}

func (s *shelf) Checkpoint(context.Context) (projections.Checkpoint, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) == 0 {
		return projections.Checkpoint{}, nil
	}
	last := s.kept[len(s.kept)-1]
	return projections.Checkpoint{Entry: last.Entry, Position: last.Position}, nil
}

func (s *shelf) Save(_ context.Context, _ ledger.Entry, c projections.Changes) error {
	if s.before != nil {
		if err := s.before(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, c.Entries...)
	return nil
}

func (s *shelf) Last(context.Context, string, []string) (map[string]projections.Row, error) {
	return nil, nil
}
func (s *shelf) Believed(context.Context, string, string) ([]projections.Row, error) { return nil, nil }
func (s *shelf) Touched(context.Context, string, string) ([]projections.Located, error) {
	return nil, nil
}
func (s *shelf) Entries(context.Context, ledger.StreamID) (map[ledger.Version]ledger.Entry, error) {
	return nil, nil
}
func (s *shelf) Serve(context.Context) error { return nil }

// patient is a runner under a pulse, for use in a synctest bubble.
type patient struct {
	t     *testing.T
	store *memory.Store
	total atomic.Int64 // events recorded
	docs  shelf
	log   bytes.Buffer
	pulse pulse

	decode  func(name string, data []byte) (ledger.Event, error)
	runner  *projections.Runner
	stop    context.CancelFunc
	running sync.WaitGroup
}

var someMeta = ledger.Metadata{Ledger: uuid.New(), Actor: "li.wei", Role: ledger.PM, OccurredOn: ledger.Day(2026, 1, 1), Source: ledger.Source{Kind: "api"}}

type anything string

func (a anything) EventType() string { return string(a) }

func newPatient(t *testing.T) *patient {
	p := &patient{t: t, store: memory.New(time.Now)}
	p.decode = func(name string, _ []byte) (ledger.Event, error) { return anything(name), nil }
	p.pulse.behind = func(_ context.Context, after ledger.Position) (int64, time.Time, error) {
		return p.total.Load() - int64(after.Commit), time.Time{}, nil
	}
	return p
}

// start begins a runner with its pulse; end stops both.
func (p *patient) start() {
	ctx, stop := context.WithCancel(p.t.Context())
	runner := &projections.Runner{Feed: p.store, Streams: p.store, Docs: &p.docs, Decode: p.decode, Log: slog.New(slog.NewJSONHandler(&p.log, nil))}
	p.runner, p.stop, p.pulse.status = runner, stop, runner.Status
	p.running.Go(func() { _ = runner.Run(ctx) })
	p.running.Go(func() { p.pulse.run(ctx) })
	synctest.Wait()
}

func (p *patient) end() {
	p.stop()
	p.running.Wait()
}

// record adds n events of a type and is the stream they are in.
func (p *patient) record(n int, name string) ledger.StreamID {
	stream := ledger.StreamID{Category: "project", ID: uuid.New()}
	events := make([]ledger.Proposed, n)
	for i := range events {
		events[i] = ledger.Proposed{ID: uuid.New(), Type: name, Meta: someMeta, Data: []byte("{}")}
	}
	_, err := p.store.Append(p.t.Context(), stream, 0, events)
	require.NoError(p.t, err)
	p.total.Add(int64(n))
	synctest.Wait()
	return stream
}

// trouble is what the red checks say; "" where all are green.
func (p *patient) trouble() string {
	var red []string
	for _, c := range p.pulse.checks() {
		if !c.OK {
			red = append(red, c.Name+": "+c.Detail)
		}
	}
	return strings.Join(red, "; ")
}

func TestAnIdleLedgerStaysGreen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPatient(t)
		p.record(3, "a.v1")
		p.start()
		defer p.end()
		require.Empty(t, p.trouble())
		time.Sleep(24 * time.Hour)
		require.Empty(t, p.trouble())
		p.record(1, "a.v1")
		require.Empty(t, p.trouble(), "nor does the first event after a night find it red")
	})
}

func TestAWedgedRunnerIsRedWithinTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPatient(t)
		p.start()
		defer p.end()
		time.Sleep(time.Hour)
		release := make(chan struct{})
		p.docs.before = func() error { <-release; return nil }
		p.record(2, "a.v1")
		time.Sleep(3 * time.Second)
		require.Empty(t, p.trouble(), "slow is not wedged")
		time.Sleep(7 * time.Second)
		require.Regexp(t, `^read-models: entry 0: stuck: 2 events behind and no progress for \d+s$`, p.trouble())
		time.Sleep(time.Hour)
		require.Contains(t, p.trouble(), "no progress for 1h0m", "and stays so")
		close(release)
		time.Sleep(2 * time.Second)
		require.Empty(t, p.trouble())
	})
}

func TestAKilledRunnerIsRedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPatient(t)
		p.start()
		require.Empty(t, p.trouble())
		p.end()
		require.Equal(t, "read-models: entry 0: stopped", p.trouble(), "with nothing to do, too")
	})
}

func TestAFailingRunnerIsRedUntilItSaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPatient(t)
		p.start()
		defer p.end()
		var full atomic.Bool
		full.Store(true)
		p.docs.before = func() error {
			if full.Load() {
				return errors.New("/var/lib/secret: disk full")
			}
			return nil
		}
		p.record(1, "a.v1")
		require.Equal(t, "read-models: entry 0: failing, and tried again; the log says why", p.trouble())
		time.Sleep(time.Hour)
		require.NotEmpty(t, p.trouble())
		full.Store(false)
		time.Sleep(11 * time.Second)
		require.Empty(t, p.trouble())
	})
}

func TestALedgerThatDoesNotAnswerIsRed(t *testing.T) {
	for name, answer := range map[string]func(context.Context) error{
		"hangs": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"fails": func(context.Context) error { return errors.New("input/output error") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPatient(t)
				var ill atomic.Bool
				well := p.pulse.behind
				p.pulse.behind = func(ctx context.Context, at ledger.Position) (int64, time.Time, error) {
					if ill.Load() {
						return 0, time.Time{}, answer(ctx)
					}
					return well(ctx, at)
				}
				p.start()
				defer p.end()
				time.Sleep(time.Minute)
				require.Empty(t, p.trouble())
				ill.Store(true)
				time.Sleep(10 * time.Second)
				require.Regexp(t, `^ledger: it has not answered for \d+s`, p.trouble())
			})
		})
	}
}

func TestCatchingUpIsRedUntilFirstLiveAndGreenAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPatient(t)
		p.docs.before = func() error { time.Sleep(2 * time.Second); return nil }
		p.record(60_000, "a.v1")
		p.start()
		defer p.end()
		for range 10 {
			time.Sleep(2 * time.Second)
			require.Regexp(t, `catching up: \d+ events to go$`, p.trouble())
		}
		time.Sleep(time.Minute)
		require.Empty(t, p.trouble())
		p.record(60_000, "a.v1")
		for p.runner.Status().Checkpoint.Entry < 120_000 {
			require.Empty(t, p.trouble(), "long, but it gets on")
			time.Sleep(500 * time.Millisecond)
		}
	})
}

func TestAPoisonEventStopsTheRunnerUntilAReleaseCanReadIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPatient(t)
		readable := p.decode
		p.decode = func(name string, data []byte) (ledger.Event, error) {
			if name == "a.v2" {
				return nil, errors.New("unknown event with a secret in it")
			}
			return readable(name, data)
		}
		p.start()
		p.record(300, "a.v1")
		stream := p.record(1, "a.v2")
		p.record(300, "a.v1")
		want := fmt.Sprintf("read-models: entry 300: stopped: this release cannot read entry 301, %s version 1 (a.v2)", stream)
		require.Equal(t, want, p.trouble())
		time.Sleep(time.Hour)
		require.Equal(t, want, p.trouble())
		p.end()
		require.Equal(t, 1, strings.Count(p.log.String(), "\n"), p.log.String())
		require.Contains(t, p.log.String(), `"msg":"read models stopped","stream":"`+stream.String()+`","version":1,"type":"a.v2","entry":301,"err":"unknown event`)

		p.decode = readable
		p.start()
		require.Empty(t, p.trouble())
		p.end()
		require.Len(t, p.docs.kept, 601)
		for i, at := range p.docs.kept {
			require.EqualValues(t, i+1, at.Entry, "in order, none twice")
			require.EqualValues(t, i+1, at.Position.Commit, "none skipped")
		}
	})
}

// live is a whole server in this process, on a real directory.
type live struct {
	office
	*server
	address string
	stop    func()
}

func serveHere(t *testing.T, o office, change ...func(*server)) *live {
	d, err := openDirectory(t.Context(), place{data: o.data})
	require.NoError(t, err)
	s, err := newServer(d, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	for _, f := range change {
		f(s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	address, ended := make(chan string), make(chan error, 1)
	go func() { ended <- s.run(ctx, "127.0.0.1:0", func(a string) { address <- a }) }()
	stop := sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-ended)
		require.NoError(t, d.close())
	})
	t.Cleanup(stop)
	return &live{o, s, <-address, stop}
}

func (l *live) becomes(t *testing.T, status int) string {
	var body string
	require.Eventually(t, func() bool {
		var got int
		got, body = get(t, l.address+"/readyz", "")
		return got == status
	}, 10*time.Second, 20*time.Millisecond)
	return body
}

func (o office) read(t *testing.T, file string) string {
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	return strings.TrimSpace(string(raw))
}

func TestPoisonFromEndToEnd(t *testing.T) {
	o := newOffice(t)
	s := serveHere(t, o)
	s.becomes(t, http.StatusOK)
	stdout, _, code := call(t, "health", "--url", s.address+"/readyz")
	require.Zero(t, code)
	require.Equal(t, "ok\n", stdout)

	stream := ledger.StreamID{Category: "project", ID: uuid.New()}
	_, err := s.d.store.Append(t.Context(), stream, 0, []ledger.Proposed{{ID: uuid.New(), Type: "project.renamed-by-the-future.v7", Meta: someMeta, Data: []byte("{}")}})
	require.NoError(t, err)
	reason := fmt.Sprintf("%s version 1 (project.renamed-by-the-future.v7)", stream)
	require.Contains(t, s.becomes(t, http.StatusServiceUnavailable), reason)
	_, problems, code := call(t, "health", "--url", s.address+"/readyz")
	require.Equal(t, 1, code)
	require.Contains(t, problems, reason)
	status, _ := get(t, s.address+"/healthz", "")
	require.Equal(t, http.StatusOK, status, "the process is up")
	page := s.metrics(t)
	require.Contains(t, page, "\nttledger_projection_stopped 1\n")
	require.Contains(t, page, "\nttledger_projection_lag_events 4\n", "it and the three that made the token of the monitor")
	at := s.runner.Status().Checkpoint.Entry
	stdout, _, code = call(t, "doctor", "--data", o.data)
	require.Equal(t, 1, code)
	require.Contains(t, stdout, fmt.Sprintf("fail  events       this release cannot read entry %d, %s", at+1, reason))
	s.stop()
	_, problems, code = call(t, "health", "--url", s.address+"/healthz")
	require.Equal(t, 1, code, problems)

	next := serveHere(t, o, func(s *server) {
		s.runner.Decode = func(name string, data []byte) (ledger.Event, error) {
			if name == "project.renamed-by-the-future.v7" {
				return anything(name), nil
			}
			return s.d.ledger.Decode(name, data)
		}
	})
	next.becomes(t, http.StatusOK)
	require.Equal(t, at+4, next.runner.Status().Checkpoint.Entry)
}

// metrics reads /metrics with the role that a monitor has.
func (l *live) metrics(t *testing.T) string {
	token := must(t, "token", "issue", "prometheus", "--kind", "service", "--role", "REP", "--server", l.address, "--token-file", l.admin)
	l.becomesCurrent(t)
	status, body := get(t, l.address+"/metrics", strings.TrimSpace(token))
	require.Equal(t, http.StatusOK, status, body)
	return body
}

// becomesCurrent waits for the read models unless they stand still.
func (l *live) becomesCurrent(t *testing.T) {
	require.Eventually(t, func() bool {
		s := l.runner.Status()
		events, _, err := l.d.store.Behind(t.Context(), s.Checkpoint.Position)
		return s.Stopped || err == nil && events == 0
	}, 10*time.Second, 10*time.Millisecond)
}

func TestMetricsOfAServer(t *testing.T) {
	o := newOffice(t)
	s := serveHere(t, o)
	id, err := propose(t.Context(), s.address, o.read(t, o.manager))
	require.NoError(t, err)
	page := s.metrics(t)
	for _, want := range []string{
		`ttledger_http_requests_total{code="201",method="POST",route="command"} `,
		`ttledger_http_request_seconds_count{route="command"} `,
		`ttledger_commands_total{command="project/propose",outcome="accepted"} 1`,
		"ttledger_append_seconds_count 4\n", `ttledger_append_batch_size_count `, "ttledger_append_queue_depth 0\n",
		"ttledger_append_failures_total 0\n", "ttledger_store_up 1\n",
		fmt.Sprintf("ttledger_projection_entry %d\n", s.runner.Status().Checkpoint.Entry),
		"ttledger_projection_lag_events 0\n", "ttledger_projection_lag_seconds 0\n", "ttledger_projection_stopped 0\n",
		`ttledger_build_info{go="go`, "go_goroutines ", "process_open_fds ",
	} {
		require.Contains(t, page, "\n"+want)
	}
	require.NotContains(t, page, id, "names, never paths")
	problems, err := testutil.GatherAndLint(newMetrics(lag{s.runner.Status, s.d.store.Behind}).registry)
	require.NoError(t, err)
	for _, p := range problems {
		require.True(t, !strings.HasPrefix(p.Metric, "ttledger_"), "%s: %s", p.Metric, p.Text)
	}
}

func TestLagIsMeasuredFromTheTrueHead(t *testing.T) {
	l := lag{func() projections.Status { return projections.Status{} }, nil}
	for _, c := range []struct {
		events  int64
		since   time.Time
		err     error
		up, lag string
		least   float64
	}{
		{0, time.Time{}, nil, "1", "0", 0},
		{7, time.Now().Add(-time.Minute), nil, "1", "7", 60},
		{7, time.Now().Add(time.Hour), nil, "1", "7", 0}, // the clock went back
		{0, time.Time{}, errors.New("gone"), "0", "", 0},
	} {
		l.behind = func(context.Context, ledger.Position) (int64, time.Time, error) { return c.events, c.since, c.err }
		page := pageOf(t, newMetrics(l))
		require.Contains(t, page, "ttledger_store_up "+c.up+"\n")
		if c.lag == "" {
			require.NotContains(t, page, "ttledger_projection_lag", "what is not known is not shown")
			continue
		}
		require.Contains(t, page, "ttledger_projection_lag_events "+c.lag+"\n")
		var seconds float64
		_, after, _ := strings.Cut(page, "\nttledger_projection_lag_seconds ")
		_, err := fmt.Sscan(after, &seconds)
		require.NoError(t, err)
		require.InDelta(t, c.least, seconds, 30)
		require.GreaterOrEqual(t, seconds, c.least)
	}
}

func TestALedgerThatFailsAtTheStartIsMeasuredOnceItAnswers(t *testing.T) {
	failing := errors.New("busy")
	m := newMetrics(lag{func() projections.Status { return projections.Status{} }, func(context.Context, ledger.Position) (int64, time.Time, error) {
		return 0, time.Time{}, failing
	}})
	require.Contains(t, pageOf(t, m), "ttledger_store_up 0\n")
	failing = nil
	require.Contains(t, pageOf(t, m), "ttledger_projection_lag_events 0\n")
}

func TestCommitsAreMeasured(t *testing.T) {
	m := newMetrics(lag{func() projections.Status { return projections.Status{} }, func(context.Context, ledger.Position) (int64, time.Time, error) { return 0, time.Time{}, nil }})
	m.committed(sqlite.Commit{Requests: 2, Waited: []time.Duration{time.Millisecond, time.Second}})
	m.committed(sqlite.Commit{Requests: 1, Queued: 5, Waited: []time.Duration{time.Second}, Err: errors.New("disk full")})
	m.answered(httpapi.Answered{Route: "views", Method: "GET", Status: 200, Took: time.Second})
	m.readers(3)
	m.attempted(webhook.Attempt{Endpoint: "portal", Outcome: "given-up", Dead: 7})
	page := pageOf(t, m)
	for _, want := range []string{
		"ttledger_append_seconds_count 3\n", "ttledger_append_seconds_sum 2.001\n", "ttledger_append_batch_size_sum 3\n",
		"ttledger_append_queue_depth 5\n", "ttledger_append_failures_total 1\n",
		`ttledger_http_requests_total{code="200",method="GET",route="views"} 1`,
		"ttledger_live_readers 3\n", `ttledger_webhook_attempts_total{endpoint="portal",outcome="given-up"} 1`,
		`ttledger_webhook_dead_letters{endpoint="portal"} 7`,
	} {
		require.Contains(t, page, want)
	}
	require.NotContains(t, page, "ttledger_commands_total")
}

func pageOf(t *testing.T, m *metrics) string {
	w := httptest.NewRecorder()
	m.handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	return w.Body.String()
}

// TestTheLogTellsNoSecrets greps what a server wrote in a run of its own, its first start (which
// shows the token once, to whoever starts it) set apart.
func TestTheLogTellsNoSecrets(t *testing.T) {
	o := newOffice(t)
	ctx, stop := context.WithCancel(t.Context())
	var log bytes.Buffer
	out, in := io.Pipe()
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, []string{"serve", "--data", o.data, "--listen", "127.0.0.1:0"}, in, &log) }()
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	address, token := strings.TrimSpace(strings.TrimPrefix(line, "listening on ")), o.read(t, o.manager)
	_, err = propose(t.Context(), address, token)
	require.NoError(t, err)
	get(t, address+"/v1/whoami", token)
	get(t, address+"/v1/views/project-board?title.like=hushhush", token)
	get(t, address+"/v1/whoami", strings.Replace(token, "ttl_", "ttl_x", 1))
	get(t, address+"/hushhush?access_token="+token, "")
	must(t, "token", "issue", "li.aud", "--role", "AUD", "--server", address, "--token-file", o.admin)
	stop()
	require.Zero(t, <-ended)
	text := log.String()
	for _, secret := range []string{token, token[8:40], "ttl_", "Bearer", "冷烧结", "hushhush", o.read(t, o.admin)[8:40]} {
		require.NotContains(t, text, secret)
	}
	routes := map[string]bool{}
	for line := range strings.Lines(text) {
		var entry map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &entry), line)
		require.NotEmpty(t, entry["time"])
		if entry["msg"] == "request" {
			for _, field := range []string{"level", "request_id", "route", "method", "status", "dur_ms", "actor"} {
				require.Contains(t, entry, field)
			}
			routes[entry["route"].(string)] = true
		}
	}
	require.True(t, routes["command"] && routes["whoami"] && routes["view"] && routes["unmatched"], routes)
}

// examine is what the doctor says of a directory, by check.
func (o office) examine(t *testing.T) map[string]finding {
	stdout, problems, code := call(t, "doctor", "--data", o.data, "--json")
	found, failed := map[string]finding{}, false
	for line := range strings.Lines(stdout) {
		var f finding
		require.NoError(t, json.Unmarshal([]byte(line), &f))
		require.NotEmpty(t, f.Detail.En)
		require.NotEmpty(t, f.Detail.Zh)
		found[f.Check] = f
		failed = failed || f.Verdict == verdictFail
	}
	require.Equal(t, failed, code == exitFailed, problems)
	return found
}

func (o office) copy(t *testing.T, from, to string) {
	raw, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, raw, 0o600))
}

func TestTheDoctorFindsNothingWrongWithAGoodDirectory(t *testing.T) {
	o := newOffice(t)
	s := serveHere(t, o)
	s.becomes(t, http.StatusOK)
	found := o.examine(t)
	require.Contains(t, found["lock"].Detail.En, "held by pid")
	require.Contains(t, found["lock"].Detail.En, s.address)
	s.becomesCurrent(t)
	s.stop()
	before := listing(t, o.data)
	found = o.examine(t)
	require.Equal(t, before, listing(t, o.data), "it changes nothing")
	for _, check := range []string{"modes", "lock", "ledger.db", "events", "clock", "views.db", "read-models"} {
		require.Equal(t, verdictOK, found[check].Verdict, "%s: %s", check, found[check].Detail.En)
	}
	require.Contains(t, found, "disk")
	require.Equal(t, "free", found["lock"].Detail.En)
	must(t, "token", "issue", "xia.aud", "--role", "AUD", "--data", o.data, "--token-file", o.admin) // the lock is free
}

func listing(t *testing.T, dir string) (all []string) {
	require.NoError(t, filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() && !strings.HasSuffix(path, "-shm") && !strings.HasSuffix(path, "-wal") {
			all = append(all, fmt.Sprint(path, info.Size(), info.Mode(), info.ModTime()))
		}
		return err
	}))
	return all
}

func TestTheDoctorSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name, check, verdict, says string
		harm                       func(t *testing.T, o office)
	}{
		{"no ledger", "directory", verdictFail, "no ledger", func(t *testing.T, o office) { require.NoError(t, os.Remove(filepath.Join(o.data, "ledger.db"))) }},
		{"open key", "modes", verdictFail, "keys/digest.key", func(t *testing.T, o office) {
			require.NoError(t, os.Chmod(filepath.Join(o.data, "keys/digest.key"), 0o644))
		}},
		{"open ledger", "modes", verdictFail, "ledger.db", func(t *testing.T, o office) {
			require.NoError(t, os.Chmod(filepath.Join(o.data, "ledger.db"), 0o640))
		}},
		{"open directory", "modes", verdictWarn, "chmod 700", func(t *testing.T, o office) { require.NoError(t, os.Chmod(o.data, 0o755)) }},
		{"no key", "keys", verdictFail, "backup of keys/", func(t *testing.T, o office) {
			require.NoError(t, os.Remove(filepath.Join(o.data, "keys/digest.key")))
		}},
		{"damaged ledger", "ledger.db", verdictFail, "restore a backup", func(t *testing.T, o office) { scratch(t, filepath.Join(o.data, "ledger.db")) }},
		{"damaged views", "views.db", verdictFail, "delete views.db", func(t *testing.T, o office) { scratch(t, filepath.Join(o.data, "views.db")) }},
		{"no views", "views.db", verdictOK, "builds it", func(t *testing.T, o office) { require.NoError(t, os.Remove(filepath.Join(o.data, "views.db"))) }},
		{"others' views", "read-models", verdictFail, "belongs to the ledger", func(t *testing.T, o office) {
			other := newOffice(t)
			s := serveHere(t, other)
			s.becomes(t, http.StatusOK)
			s.stop()
			o.copy(t, filepath.Join(other.data, "views.db"), filepath.Join(o.data, "views.db"))
		}},
		{"behind", "read-models", verdictOK, "3 events behind", func(t *testing.T, o office) {
			must(t, "token", "issue", "xia.aud", "--role", "AUD", "--data", o.data, "--token-file", o.admin)
		}},
		{"restored", "read-models", verdictFail, "3 events ahead", func(t *testing.T, o office) { restored(t, o) }},
		{"restored and gone on", "read-models", verdictFail, "saw another event at entry", func(t *testing.T, o office) {
			restored(t, o)
			must(t, "token", "issue", "yan.aud", "--role", "AUD,REP", "--data", o.data, "--token-file", o.admin)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t)
			s := serveHere(t, o)
			s.becomes(t, http.StatusOK)
			s.becomesCurrent(t)
			s.stop()
			c.harm(t, o)
			found := o.examine(t)
			require.Contains(t, found, c.check)
			require.Equal(t, c.verdict, found[c.check].Verdict, found[c.check].Detail.En)
			require.Contains(t, found[c.check].Detail.En, c.says)
		})
	}
}

// restored is a ledger that was put back to before its last three events.
func restored(t *testing.T, o office) {
	backup := filepath.Join(o.dir, "backup.db")
	o.copy(t, filepath.Join(o.data, "ledger.db"), backup)
	s := serveHere(t, o)
	must(t, "token", "issue", "xia.aud", "--role", "AUD", "--server", s.address, "--token-file", o.admin)
	s.becomesCurrent(t)
	s.stop()
	o.copy(t, backup, filepath.Join(o.data, "ledger.db"))
}

// scratch overwrites the second half of a file's pages.
func scratch(t *testing.T, path string) {
	info, err := os.Stat(path)
	require.NoError(t, err)
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer file.Close()
	half := info.Size() / 2
	_, err = file.WriteAt(bytes.Repeat([]byte{0xa5}, int(half)), half)
	require.NoError(t, err)
}

func TestTheDoctorSeesThatTheClockWentBack(t *testing.T) {
	o := newOffice(t)
	d := doctor{place: place{data: o.data}, now: func() time.Time { return time.Now().Add(-time.Hour) }}
	d.examine(t.Context())
	var out bytes.Buffer
	require.NoError(t, d.print(&out, false), "a warning is no failure")
	require.Regexp(t, `(?m)^warn  clock        the last event was recorded (59m59|1h0m0)s from now`, out.String())
}
