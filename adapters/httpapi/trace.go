package httpapi

import (
	"context"
	"fmt"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"ttledger/domain/ledger"
	"ttledger/domain/trace"
)

// Tracer keeps who read what.
type Tracer interface {
	// Record writes an access durably before what was read leaves.
	Record(ctx context.Context, a trace.Access) error
	// Accesses is a page of them, in order.
	Accesses(ctx context.Context, q trace.Query) ([]trace.Access, error)
}

// watchers are those whose reads all leave a trace. Of the others, exports do.
var watchers = []ledger.Role{ledger.AUD, ledger.DPO}

// traced makes what a route reads leave a trace before it leaves itself; without the one there is
// not the other.
func (a *api) traced(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		t := &tracing{ResponseWriter: w, api: a, r: r}
		if err := next(t, r); err != nil {
			return err
		}
		t.note(http.StatusOK) // an answer without a body has written nothing yet
		return t.err
	}
}

// tracing is an answer whose first byte waits for its trace.
type tracing struct {
	http.ResponseWriter
	api   *api
	r     *http.Request
	noted bool
	err   error
}

func (t *tracing) WriteHeader(status int) {
	if t.note(status); t.err == nil {
		t.ResponseWriter.WriteHeader(status)
	}
}

func (t *tracing) Write(p []byte) (int, error) {
	if t.note(http.StatusOK); t.err != nil {
		return 0, t.err
	}
	return t.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController through; nothing is flushed before it is written.
func (t *tracing) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// note records the access once, if it must be.
func (t *tracing) note(status int) {
	if t.noted {
		return
	}
	t.noted = true
	media, _, _ := mime.ParseMediaType(t.Header().Get("Content-Type"))
	export := media != mediaTypes[formatJSON]
	if actor := callOf(t.r).actor; status < 300 && (export || overlap(actor.Roles, watchers)) {
		t.err = t.api.Trace.Record(t.r.Context(), t.access(media))
	}
}

// access is the read as the trace has it. The query's dates were understood before anything was
// written; the rest of the query stays out.
func (t *tracing) access(media string) trace.Access {
	c, vars, query := callOf(t.r), mux.Vars(t.r), t.r.URL.Query()
	entry, _ := strconv.ParseUint(t.Header().Get("Ledger-Entry"), 10, 64) // 0 where there is none
	target := strings.Trim(vars["view"]+"/"+vars["key"], "/") + vars["code"]
	if c.stream != "" {
		target = c.stream
	}
	var roles []string
	for _, r := range c.actor.Roles {
		roles = append(roles, string(r))
	}
	slices.Sort(roles)
	return trace.Access{
		Actor: c.actor.Handle, Roles: strings.Join(roles, ","), Route: c.route, Target: target, Form: media,
		AsOf: query.Get("as-of"), KnownAt: query.Get("known-at"), Entry: ledger.Entry(entry), Request: c.id,
	}
}

// accesses answers who read what, in order; to read it leaves a trace as well.
func (a *api) accesses(w http.ResponseWriter, r *http.Request) error {
	p := paramsOf(r)
	q := trace.Query{After: int64(p.number("after", 0, 0, math.MaxInt64)), Actor: p.one("actor"), Limit: int(p.number("limit", eventsPage, 1, eventsPageMax))}
	day := p.one("day")
	if err := p.done(); err != nil {
		return err
	}
	if day != "" {
		var err error
		if q.Day, err = ledger.ParseDate(day); err == nil && q.Day.Precision() != "day" {
			err = ledger.Invalid("date", ledger.Text{En: "day is a day such as 2026-05-04", Zh: "day 应为日期,如 2026-05-04"})
		}
		if err != nil {
			return err
		}
	}
	limit := q.Limit
	q.Limit++ // one more, to know whether there is another page
	page, err := a.Trace.Accesses(r.Context(), q)
	if err != nil {
		return err
	}
	next := ""
	if len(page) > limit {
		page = page[:limit]
		next = nextPage(w, r, url.Values{"after": {fmt.Sprint(page[limit-1].Seq)}})
	}
	return writeJSON(w, http.StatusOK, struct {
		Accesses []trace.Access `json:"accesses"`
		Next     string         `json:"next,omitzero"`
	}{append([]trace.Access{}, page...), next})
}
