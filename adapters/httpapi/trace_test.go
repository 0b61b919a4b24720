package httpapi

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/trace"
)

// accesses is the trace so far.
func (w *world) accesses() []trace.Access {
	w.t.Helper()
	all, err := w.trace.Accesses(w.t.Context(), trace.Query{Limit: 1000})
	require.NoError(w.t, err)
	return all
}

func TestWhatAuditorsReadLeavesATrace(t *testing.T) {
	w := newWorld(t)
	id := w.propose("Hush hush", "2026-05-04")
	w.settle()
	head := ledger.Entry(len(w.recorded()))
	for _, c := range []struct {
		path string
		want trace.Access
	}{
		{"/v1/streams/project/" + id + "?as-of=2026-05", trace.Access{Route: "stream", Target: "project-" + id, Form: "application/json", AsOf: "2026-05", Entry: head}},
		{"/v1/events?limit=1&actor=li.wei&known-at=3", trace.Access{Route: "events", Form: "application/json", KnownAt: "3", Entry: head}},
		{"/v1/views/project-board?title_en.like=Hush", trace.Access{Route: "view", Target: "project-board", Form: "application/json", Entry: head}},
		{"/v1/views/project-board/" + id, trace.Access{Route: "view-row", Target: "project-board/" + id, Form: "application/json", Entry: head}},
		{"/v1/reports/k06?format=csv", trace.Access{Route: "report", Target: "k06", Form: "text/csv", Entry: head}},
		{"/v1/accesses", trace.Access{Route: "accesses", Form: "application/json"}},
	} {
		before := len(w.accesses())
		a := w.get("chen", c.path, "Request-Id: r-1")
		require.Equal(t, 200, a.status, a.body)
		all := w.accesses()
		require.Len(t, all, before+1, c.path)
		got := all[before]
		require.Equal(t, today, got.At)
		c.want.Seq, c.want.At, c.want.Actor, c.want.Roles, c.want.Request = int64(before+1), got.At, "chen", "AUD", "r-1"
		require.Equal(t, c.want, got)
	}
	before := len(w.accesses())
	for _, path := range []string{"/v1/streams/project/" + uuid.NewString(), "/v1/views/nowhere", "/v1/events?made-up=x", "/v1/views", "/v1/whoami"} {
		w.get("chen", path)
	}
	require.Len(t, w.accesses(), before, "nothing was read")
	w.ask("chen", "HEAD", "/v1/views/timeline?format=csv", "")
	require.Len(t, w.accesses(), before+1)
}

func TestExportsOfAnyoneLeaveATrace(t *testing.T) {
	w := newWorld(t)
	w.propose("Cold sintering", "2026-05-04")
	w.settle()
	w.get("ada", "/v1/views/project-board")
	w.get("ada", "/v1/events")
	require.Empty(t, w.accesses(), "work on the screen leaves none")
	for i, path := range []string{
		"/v1/views/project-board?format=csv", "/v1/views/timeline?format=ndjson", "/v1/reports/k07?format=csv",
		"/v1/events?format=ndjson", "/v1/events?format=cloudevents-batch",
	} {
		require.Equal(t, 200, w.get("ada", path).status)
		require.Len(t, w.accesses(), i+1, path)
	}
	w.serveLive()
	w.listen("ada", "/v1/events").event()
	require.Len(t, w.accesses(), 6)
	require.Equal(t, "text/event-stream", w.accesses()[5].Form)
}

// untraceable is a trace that cannot be written.
type untraceable struct{ Tracer }

func (untraceable) Record(context.Context, trace.Access) error {
	return ledger.Unavailable("untraced", ledger.Text{En: "not now", Zh: "暂不可用"}, errors.New("disk full"))
}

func TestWithoutATraceNothingIsRead(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Trace = untraceable{c.Trace} })
	id := w.propose("Hush hush", "2026-05-04")
	w.settle()
	for _, path := range []string{
		"/v1/streams/project/" + id, "/v1/events", "/v1/events?format=ndjson", "/v1/views/project-board", "/v1/views/project-board?format=csv",
		"/v1/views/project-board/" + id, "/v1/reports/k06", "/v1/accesses",
	} {
		a := w.get("chen", path)
		require.Equal(t, 503, a.status, path)
		require.Equal(t, "untraced", a.code(t))
		require.NotContains(t, a.body, "Hush")
		require.Equal(t, 503, w.ask("chen", "HEAD", path, "").status, path)
	}
	require.Equal(t, 200, w.get("ada", "/v1/views/project-board").status, "others work on")
}

func TestAccessesByPage(t *testing.T) {
	w := newWorld(t)
	w.enrol("dan", ledger.DPO)
	for range 5 {
		w.get("chen", "/v1/events?limit=1")
		w.pass(24 * time.Hour)
	}
	require.Equal(t, 403, w.get("ada", "/v1/accesses").status)
	require.Equal(t, 403, w.get("root", "/v1/accesses").status)
	a := w.get("dan", "/v1/accesses?limit=3&actor=chen").json(t)
	require.Len(t, a["accesses"], 3)
	require.Equal(t, "/v1/accesses?actor=chen&after=3&limit=3", a["next"])
	a = w.get("dan", fmt.Sprint(a["next"])).json(t)
	require.Len(t, a["accesses"], 2)
	require.Nil(t, a["next"])
	require.Len(t, w.get("dan", "/v1/accesses?day=2026-11-24").json(t)["accesses"], 1)
	require.Equal(t, 400, w.get("dan", "/v1/accesses?day=2026-11").status)
	require.Equal(t, 400, w.get("dan", "/v1/accesses?limit=0").status)
}
