package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// serving is a server whose one public route is h, wrapped as every route is.
func serving(t *testing.T, w *world, h handler) string {
	a := assemble(w.config)
	server := httptest.NewServer(a.around(a.serve(route{name: "test", roles: public, handle: h})))
	t.Cleanup(server.Close)
	return server.URL
}

func fetch(t *testing.T, url string, headers ...string) answer {
	t.Helper()
	w := &world{t: t, server: &httptest.Server{URL: url}}
	return w.get("", "", headers...)
}

func TestEveryKindHasItsStatus(t *testing.T) {
	w := newWorld(t)
	for kind, status := range map[ledger.Kind]int{
		ledger.KindInternal: 500, ledger.KindInvalid: 400, ledger.KindUnauthenticated: 401, ledger.KindDenied: 403,
		ledger.KindNotFound: 404, ledger.KindConflict: 409, ledger.KindTooLarge: 413, ledger.KindRejected: 422,
		ledger.KindPrecondition: 428, ledger.KindLimited: 429, ledger.KindUnavailable: 503,
	} {
		err := &ledger.Error{Kind: kind, Code: "some-code", Msg: ledger.Text{En: "no", Zh: "否"}, Err: errors.New("cause"),
			Fields: []ledger.Field{{Pointer: "/data/x", Detail: ledger.Text{En: "wrong", Zh: "错"}}}}
		url := serving(t, w, func(http.ResponseWriter, *http.Request) error { return fmt.Errorf("place: %w", err) })
		a := fetch(t, url, "Accept-Language: zh-TW, en;q=0.5")
		require.Equal(t, status, a.status)
		require.Equal(t, "zh-CN", a.header.Get("Content-Language"))
		require.NotContains(t, a.body, "cause")
		require.Equal(t, status == 401, a.header.Get("WWW-Authenticate") != "", status)
		require.Equal(t, status == 429 || status == 503, a.header.Get("Retry-After") != "", status)
		if kind == ledger.KindInternal {
			require.Equal(t, "internal", a.code(t))
			w.logs.await(t, "request failed", "cause", a.header.Get("Request-Id"))
			continue
		}
		require.Equal(t, "some-code", a.code(t))
		require.Equal(t, "否", a.json(t)["detail"])
		require.Equal(t, []any{map[string]any{"pointer": "/data/x", "detail": "错"}}, a.json(t)["errors"])
		require.Equal(t, "no", fetch(t, url).json(t)["detail"])

		_, err2 := (&Client{Server: url}).Get(t.Context(), "")
		got, ok := errors.AsType[*ledger.Error](err2)
		require.True(t, ok)
		require.Equal(t, kind, got.Kind)
	}
	require.Len(t, kinds, 11)
}

func TestAPanicIsAProblem(t *testing.T) {
	w := newWorld(t)
	a := fetch(t, serving(t, w, func(http.ResponseWriter, *http.Request) error { panic("sore spot") }))
	require.Equal(t, 500, a.status)
	require.Equal(t, "internal", a.code(t))
	require.NotContains(t, a.body, "sore")
	require.Contains(t, w.logs.await(t, "sore spot", a.header.Get("Request-Id")), "problem_test.go", "with its stack")
	require.Contains(t, w.logs.await(t, `"msg":"request"`), `"status":500`)
}

func TestAnAnswerBegunIsBrokenOff(t *testing.T) {
	w := newWorld(t)
	for name, end := range map[string]handler{
		"error": func(http.ResponseWriter, *http.Request) error { return errors.New("midway") },
		"panic": func(http.ResponseWriter, *http.Request) error { panic("midway") },
	} {
		url := serving(t, w, func(rw http.ResponseWriter, r *http.Request) error {
			_, _ = io.WriteString(rw, "half")
			require.NoError(t, http.NewResponseController(rw).Flush())
			return end(rw, r)
		})
		r, err := http.Get(url)
		require.NoError(t, err)
		raw, err := io.ReadAll(r.Body)
		r.Body.Close()
		require.Error(t, err, name)
		require.Equal(t, "half", string(raw))
		w.logs.await(t, "request failed", "midway")
	}
}

func TestAClientThatLeavesIsNoError(t *testing.T) {
	w := newWorld(t)
	entered := make(chan bool)
	url := serving(t, w, func(_ http.ResponseWriter, r *http.Request) error {
		entered <- true
		<-r.Context().Done()
		return r.Context().Err()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-entered; cancel() }()
	q, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	require.NoError(t, err)
	_, err = http.DefaultClient.Do(q)
	require.ErrorIs(t, err, context.Canceled)
	require.Contains(t, w.logs.await(t, "status"), `"status":499`, "and no line before it")

	half, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	defer half.Close()
	_, err = io.WriteString(half, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err)
	<-entered
	require.NoError(t, half.(*net.TCPConn).CloseWrite())
	raw, err := io.ReadAll(half)
	require.NoError(t, err)
	require.Empty(t, raw, "no 200 for an outcome that nobody knows")
}

func TestWhatSurroundsEveryRoute(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		method, path string
		status       int
		code, allow  string
	}{
		{"GET", "/", 200, "", ""},
		{"HEAD", "/", 200, "", ""},
		{"HEAD", "/v1/views", 200, "", ""},
		{"HEAD", "/v1/views/project-board?format=csv", 200, "", ""},
		{"HEAD", "/v1/events?format=ndjson", 200, "", ""},
		{"GET", "/nowhere", 404, "no-such-path", ""},
		{"GET", "/v1", 404, "no-such-path", ""},
		{"DELETE", "/v1/views", 405, "method", "GET, HEAD"},
		{"OPTIONS", "/v1/views", 405, "method", "GET, HEAD"},
		{"POST", "/v1/commands/project/propose", 405, "method", "GET, HEAD"},
		{"GET", "/v1/commands/project/" + uuid.NewString() + "/propose", 405, "method", "POST"},
		{"GET", "/v1/views/project-board/a%2Fb", 404, "no-such-path", ""},
		{"GET", "//v1/views", 301, "", ""},
		{"GET", "/v1/../v1/views", 301, "", ""},
	} {
		t.Run(c.method+c.path, func(t *testing.T) {
			a := w.ask("chen", c.method, c.path, "", "Request-Id: abc-1")
			require.Equal(t, c.status, a.status, a.body)
			require.Equal(t, "abc-1", a.header.Get("Request-Id"))
			require.Equal(t, "nosniff", a.header.Get("X-Content-Type-Options"))
			require.Equal(t, "private, no-cache", a.header.Get("Cache-Control"))
			require.Equal(t, c.allow, a.header.Get("Allow"))
			if c.code != "" {
				require.Equal(t, c.code, a.code(t))
			}
			if c.method == "HEAD" {
				require.Empty(t, a.body)
			}
			w.logs.await(t, `"request_id":"abc-1"`, fmt.Sprintf(`"status":%d`, c.status))
		})
	}
	for _, odd := range []string{"a b", "<x>", "é", string(make([]byte, 0)) + fmt.Sprintf("%065d", 1)} {
		id := w.get("", "/", "Request-Id: "+odd).header.Get("Request-Id")
		require.Equal(t, uuid.Version(7), uuid.MustParse(id).Version())
	}
	long := w.get("chen", "/v1/views?x="+fmt.Sprintf("%09000d", 1))
	require.Equal(t, 400, long.status)
	require.Equal(t, "query-too-long", long.code(t))
}

func TestTheLogTellsNoSecret(t *testing.T) {
	w := newWorld(t)
	w.propose("Hush hush", "2026-05-04")
	line := w.logs.await(t, `"route":"command"`)
	for _, part := range []string{`"method":"POST"`, `"status":201`, `"actor":"ada"`, `"request_id"`, `"bytes"`, `"dur_ms"`} {
		require.Contains(t, line, part)
	}
	require.NotContains(t, line, w.tokens["ada"])
	require.NotContains(t, line, "Hush")
}

func TestReadiness(t *testing.T) {
	checks := []Check{{Name: "store", OK: true}, {Name: "views", OK: true}}
	w := newWorld(t, func(c *Config) { c.Ready = func(context.Context) []Check { return checks } })
	require.Equal(t, 200, w.get("", "/healthz").status)
	a := w.get("", "/readyz")
	require.Equal(t, 200, a.status)
	require.JSONEq(t, `{"status":"ok","checks":[{"name":"store","ok":true},{"name":"views","ok":true}]}`, a.body)

	checks = []Check{{Name: "store", OK: true}, {Name: "views", Detail: "stopped at entry 7"}}
	a = w.get("", "/readyz")
	require.Equal(t, 503, a.status)
	require.Equal(t, "1", a.header.Get("Retry-After"))
	require.JSONEq(t, `{"status":"unready","checks":[{"name":"store","ok":true},{"name":"views","ok":false,"detail":"stopped at entry 7"}]}`, a.body)
	require.Equal(t, 200, w.get("", "/healthz").status)
}

func TestNothingIsServedThatIsOpenToNobodyInParticular(t *testing.T) {
	w := newWorld(t)
	a := assemble(w.config)
	require.ErrorContains(t, a.mount([]route{{name: "x", method: "GET", path: "/x", handle: a.index}}), "/x")

	refuses := func(part string, change func(*Config)) {
		c := w.config
		change(&c)
		_, err := New(c)
		require.ErrorContains(t, err, part)
	}
	view, report := w.config.Views[0], w.config.Reports[0]
	refuses("project-board", func(c *Config) { v := view; v.Roles = nil; c.Views = []projections.View{v} })
	refuses("sort", func(c *Config) {
		v := view
		v.Columns = []projections.Column{{Name: "sort"}}
		c.Views = []projections.View{v}
	})
	refuses(report.Code, func(c *Config) { r := report; r.Roles = nil; c.Reports = []projections.Report{r} })
	refuses("as-of", func(c *Config) {
		r := report
		r.Params = []projections.Param{{Name: "as-of"}}
		c.Reports = []projections.Report{r}
	})
	refuses("project/propose", func(c *Config) {
		l := *w.ledger
		g, _ := l.Aggregate("project")
		g.Verbs = []ledger.Verb{{Name: "propose"}}
		l.Aggregates = []ledger.Aggregate{g}
		c.Ledger = &l
	})
	refuses("needed", func(c *Config) { c.Log = nil })
}
