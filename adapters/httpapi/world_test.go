package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/memory"
	"ttledger/adapters/sqlite"
	"ttledger/adapters/tlog"
	"ttledger/domain"
	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
	"ttledger/domain/principal"
	"ttledger/projections"
)

// world is a whole ledger behind a real server: the memory store, real read models, some
// principals. Read models advance when a test says so (settle).
type world struct {
	t      *testing.T
	store  *memory.Store
	ledger *ledger.Ledger
	runner *projections.Runner
	sealer *tlog.Sealer
	trace  *sqlite.Trace
	config Config
	server *httptest.Server
	logs   logs
	tokens map[string]string
	passed atomic.Int64      // since today, for who looks at the clock
	wire   http.RoundTripper // holds every request and answer against the document
}

// logs is the log a line at a time.
type logs chan string

func (l logs) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

// await is the first line that holds all the parts.
func (l logs) await(t *testing.T, parts ...string) string {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		select {
		case line := <-l:
			missing := false
			for _, p := range parts {
				missing = missing || !strings.Contains(line, p)
			}
			if !missing {
				return line
			}
		case <-deadline:
			t.Fatal("no such line in the log")
		}
	}
}

var today = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func newWorld(t *testing.T, change ...func(*Config)) *world {
	clock := today
	now := func() time.Time { clock = clock.Add(time.Second); return clock } // used under the store's lock, and by one request at a time
	w := &world{t: t, store: memory.New(now), logs: make(logs, 1<<16), tokens: map[string]string{}}
	w.ledger = &ledger.Ledger{
		ID: uuid.New(), Secret: []byte("secret"), Streams: w.store, Now: func() time.Time { return today.Add(time.Duration(w.passed.Load())) },
		Aggregates: domain.Aggregates(),
		Vault:      &ledgertest.Vault{},
	}
	views, err := sqlite.OpenViews(filepath.Join(t.TempDir(), "views.db"), w.ledger.ID, projections.Views(), w.ledger.Now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, views.Close()) })
	docs, err := views.Generation(false)
	require.NoError(t, err)
	w.trace, err = sqlite.OpenTrace(filepath.Join(t.TempDir(), "trace.db"), w.ledger.Now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.trace.Close()) })
	log := slog.New(slog.NewJSONHandler(w.logs, nil))
	w.runner = &projections.Runner{Feed: w.store, Streams: w.store, Docs: docs, Views: projections.Views(), Decode: w.ledger.Decode, Log: log}
	keys := filepath.Join(t.TempDir(), "log.key")
	require.NoError(t, tlog.MakeKey(keys, tlog.Origin(w.ledger.ID)))
	dir := t.TempDir()
	signed, err := tlog.Open(dir, keys, w.ledger.ID)
	require.NoError(t, err)
	w.sealer = &tlog.Sealer{Log: signed, Feed: w.store, Now: w.ledger.Now, Slog: log}
	w.config = Config{
		Proofs: tlog.Reader{Get: tlog.Dir(dir)},
		Ledger: w.ledger, Feed: w.store, Reader: views, Views: projections.Views(), Reports: projections.Reports(),
		Trace: w.trace, Log: log, Version: "test",
	}
	for _, f := range change {
		f(&w.config)
	}
	w.enrol("ada", ledger.PM)
	w.enrol("bea", ledger.APR)
	w.enrol("tam", ledger.TM)
	w.enrol("chen", ledger.AUD)
	w.enrol("nobody")
	w.enrol("root", ledger.ADM)
	w.settle()
	w.start()
	return w
}

// start begins a server over what is recorded; calling it again is a restart.
func (w *world) start() {
	if w.server != nil {
		w.server.Close()
	}
	h, err := New(w.config)
	require.NoError(w.t, err)
	w.server = httptest.NewServer(h)
	w.wire = conforming(w.t, w)
	w.t.Cleanup(w.server.Close)
}

// pass lets time pass.
func (w *world) pass(d time.Duration) { w.passed.Add(int64(d)) }

func (w *world) settle() {
	require.NoError(w.t, w.runner.CatchUp(w.t.Context()))
	require.NoError(w.t, w.sealer.CatchUp(w.t.Context()))
}

func (w *world) enrol(handle string, roles ...ledger.Role) {
	text, issue, err := principal.NewToken(rand.Reader, handle, "test")
	require.NoError(w.t, err)
	w.tokens[handle] = text
	do := func(verb string, data any) {
		raw, err := json.Marshal(map[string]any{"data": data})
		require.NoError(w.t, err)
		_, err = w.ledger.Do(w.t.Context(), ledger.Request{
			Aggregate: "principal", ID: principal.ID(handle), Verb: verb, Command: uuid.New(), Body: raw,
			Expect: ledger.Whatever(), Actor: ledger.Actor{Handle: "setup", Roles: []ledger.Role{ledger.ADM}}, Source: ledger.Source{Kind: "process"},
		})
		require.NoError(w.t, err)
	}
	do("enrol", principal.Enrol{Handle: handle, Kind: "person"})
	for _, r := range roles {
		do("grant-role", principal.GrantRole{Role: r, From: ledger.Day(2020, 1, 1)})
	}
	do("issue-token", issue)
}

type answer struct {
	status int
	header http.Header
	body   string
}

// json is the body as a tree.
func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.body), &v), a.body)
	return v
}

func (a answer) code(t *testing.T) string {
	t.Helper()
	require.Equal(t, "application/problem+json", a.header.Get("Content-Type"), a.body)
	v := a.json(t)
	require.EqualValues(t, a.status, v["status"])
	require.Equal(t, "urn:ttledger:problem:"+v["code"].(string), v["type"])
	require.Equal(t, a.header.Get("Request-Id"), v["instance"])
	return v["code"].(string)
}

// ask sends a request as a principal ("" for none); headers are "Name: value".
func (w *world) ask(as, method, path, body string, headers ...string) answer {
	w.t.Helper()
	q, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+path, strings.NewReader(body))
	require.NoError(w.t, err)
	if as != "" {
		q.Header.Set("Authorization", "Bearer "+w.tokens[as])
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		q.Header.Add(name, value)
	}
	r, err := (&http.Client{Transport: w.wire, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(q)
	require.NoError(w.t, err)
	defer r.Body.Close()
	raw, err := io.ReadAll(r.Body)
	require.NoError(w.t, err)
	return answer{r.StatusCode, r.Header, string(raw)}
}

func (w *world) get(as, path string, headers ...string) answer {
	w.t.Helper()
	return w.ask(as, "GET", path, "", headers...)
}

const asJSON = "Content-Type: application/json"

// post sends a command under a new key.
func (w *world) post(as, path, body string, headers ...string) answer {
	w.t.Helper()
	return w.ask(as, "POST", path, body, append([]string{asJSON, "Idempotency-Key: " + uuid.NewString()}, headers...)...)
}

// one is the id of the one thing of a kind that record makes.
func one(category string) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceOID, []byte(category)) }

// record begins the one thing of a kind with an event, past any rule.
func (w *world) record(category string, e ledger.Event) {
	w.t.Helper()
	data, err := json.Marshal(e)
	require.NoError(w.t, err)
	s, command := ledger.StreamID{Category: category, ID: one(category)}, uuid.New()
	_, err = w.store.Append(w.t.Context(), s, 0, []ledger.Proposed{{ID: ledger.EventID(s, command, 0), Type: e.EventType(), Data: data, Meta: ledger.Metadata{
		Ledger: w.ledger.ID, Command: command, Correlation: command, Actor: "ada", Role: ledger.PM, OccurredOn: ledger.Day(2026, 11, 1), Source: ledger.Source{Kind: "api"},
	}}})
	require.NoError(w.t, err)
}

// propose records a project and is its id.
func (w *world) propose(title string, on string) string {
	w.t.Helper()
	id := uuid.NewString()
	raw, err := json.Marshal(map[string]any{"occurred_on": on, "data": map[string]any{"titles": map[string]string{"en": title}}})
	require.NoError(w.t, err)
	a := w.post("ada", "/v1/commands/project/"+id+"/propose", string(raw))
	require.Equal(w.t, 201, a.status, a.body)
	return id
}

// reader is a Reader with some of its methods replaced.
type reader struct {
	projections.Reader
	wait  func(context.Context, ledger.Position) error
	query func(context.Context, projections.Query) (projections.Page, error)
}

func (r reader) Wait(ctx context.Context, p ledger.Position) error {
	if r.wait == nil {
		return r.Reader.Wait(ctx, p)
	}
	return r.wait(ctx, p)
}

func (r reader) Query(ctx context.Context, q projections.Query) (projections.Page, error) {
	if r.query == nil {
		return r.Reader.Query(ctx, q)
	}
	return r.query(ctx, q)
}
