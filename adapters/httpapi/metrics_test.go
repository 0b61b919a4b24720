package httpapi

import (
	"io"
	"net/http"
	"regexp"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestAnswersAreCountedByNamesFromOurTables(t *testing.T) {
	told := make(chan Answered, 1)
	w := newWorld(t, func(c *Config) { c.Observe = func(a Answered) { told <- a } })
	id, key := uuid.NewString(), "Idempotency-Key: "+uuid.NewString()
	path := "/v1/commands/project/" + id + "/propose"
	const body = `{"data":{"titles":{"en":"Cold sintering"}}}`
	for _, c := range []struct {
		as, method, path, body string
		headers                []string
		want                   Answered
	}{
		{"ada", "POST", path, body, []string{asJSON, key}, Answered{"command", "POST", 201, 0, "project/propose", "accepted", ""}},
		{"ada", "POST", path, body, []string{asJSON, key}, Answered{"command", "POST", 201, 0, "project/propose", "replayed", ""}},
		{"ada", "POST", path, body, []string{asJSON, "Idempotency-Key: " + uuid.NewString()}, Answered{"command", "POST", 409, 0, "project/propose", "conflict", ""}},
		{"ada", "POST", path, `{"data":{"titles":{"en":"Another"}}}`, []string{asJSON, key}, Answered{"command", "POST", 422, 0, "project/propose", "rejected", ""}},
		{"ada", "POST", path, body, []string{asJSON}, Answered{"command", "POST", 400, 0, "project/propose", "invalid", ""}},
		{"ada", "POST", path, body, []string{key}, Answered{"command", "POST", 415, 0, "project/propose", "invalid", ""}},
		{"", "POST", path, body, []string{asJSON, key}, Answered{"command", "POST", 401, 0, "project/propose", "unauthenticated", ""}},
		{"nobody", "POST", path, body, []string{asJSON, key}, Answered{"command", "POST", 403, 0, "project/propose", "denied", ""}},
		{"ada", "POST", "/v1/commands/project/" + id + "/made-up", body, []string{asJSON, key}, Answered{"command", "POST", 404, 0, "unknown", "not-found", ""}},
		{"ada", "POST", "/v1/commands/made-up/" + id + "/propose", body, []string{asJSON, key}, Answered{"command", "POST", 404, 0, "unknown", "not-found", ""}},
		{"ada", "GET", "/v1/streams/project/" + id, "", nil, Answered{"stream", "GET", 200, 0, "", "", ""}},
		{"ada", "GET", "/v1/made-up/" + id, "", nil, Answered{"unmatched", "GET", 404, 0, "", "", ""}},
		{"ada", "MADEUP", "/v1/views", "", nil, Answered{"unmatched", "other", 405, 0, "", "", ""}},
	} {
		a := w.ask(c.as, c.method, c.path, c.body, c.headers...)
		require.Equal(t, c.want.Status, a.status, "%s %s: %s", c.method, c.path, a.body)
		got := <-told
		require.Positive(t, got.Took)
		got.Took = 0
		require.Equal(t, c.want, got, "%s %s", c.method, c.path)
	}
}

func TestMetricsNeedAToken(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1\n") })
	})
	for as, status := range map[string]int{"": 401, "ada": 403, "nobody": 403, "chen": 200, "root": 200} {
		require.Equal(t, status, w.get(as, "/metrics").status, as)
	}
	require.Equal(t, "up 1\n", w.get("chen", "/metrics").body)
	w.config.Metrics = nil
	w.start()
	require.Equal(t, "no-metrics", w.get("chen", "/metrics").code(t))
}

func TestATraceGoesThroughTheAnswerAndTheLog(t *testing.T) {
	w := newWorld(t)
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	a := w.get("", "/healthz", "Traceparent: 00-"+trace+"-00f067aa0ba902b7-01")
	m := regexp.MustCompile(`^00-` + trace + `-([0-9a-f]{16})-00$`).FindStringSubmatch(a.header.Get("Traceresponse"))
	require.NotNil(t, m, a.header)
	require.NotEqual(t, "00f067aa0ba902b7", m[1], "a span of its own")
	w.logs.await(t, `"route":"health"`, `"trace_id":"`+trace+`"`, `"span_id":"`+m[1]+`"`)
	for _, wrong := range []string{"", "00-" + trace, "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "ff-" + trace + "-00f067aa0ba902b7-01"} {
		a := w.get("", "/healthz", "Traceparent: "+wrong)
		require.Equal(t, 200, a.status)
		require.Empty(t, a.header.Get("Traceresponse"), wrong)
		require.NotContains(t, w.logs.await(t, `"route":"health"`), "trace_id", wrong)
	}
}

func TestTheAccessLogNamesTheCommandAndWhatItMade(t *testing.T) {
	w := newWorld(t)
	id := w.propose("Cold sintering", "2026-11-02")
	line := w.logs.await(t, `"route":"command"`)
	require.Contains(t, line, `"actor":"ada"`)
	require.Contains(t, line, `"command":"project/propose","stream":"project-`+id+`","version":"1","position":"`)
	require.Contains(t, line, `"request_id":"`)
	require.NotContains(t, line, "sintering")
	w.get("ada", "/v1/streams/made-up/"+id)
	require.NotContains(t, w.logs.await(t, `"route":"stream"`), "made-up")
}
