package httpapi

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/mux"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// call is what is known of one request while it is answered.
type call struct {
	id         string // the request id
	trace      string // the client's trace id, or ""
	span       string // this request's own in that trace
	lang       string
	route      string
	command    string // aggregate/verb, on the route of commands
	stream     string // that the path names, or ""
	actor      ledger.Actor
	credential credential
	out        *recorder
	refused    string // why it was not let in, for the metrics
	gone       bool   // the client went away before the answer
}

type callKey struct{}

func callOf(r *http.Request) *call { return r.Context().Value(callKey{}).(*call) }

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int // 0 until the header is written
	bytes  int64
}

func (o *recorder) WriteHeader(status int) {
	if o.status == 0 {
		o.status = status
	}
	o.ResponseWriter.WriteHeader(status)
}

func (o *recorder) Write(p []byte) (int, error) {
	if o.status == 0 {
		o.status = http.StatusOK
	}
	n, err := o.ResponseWriter.Write(p)
	o.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController through to the connection.
func (o *recorder) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// around wraps what every request passes, matched or not; router.Use would skip the unmatched.
func (a *api) around(router http.Handler) http.Handler {
	return a.identified(a.logged(a.recovered(a.secured(a.bounded(router)))))
}

func (a *api) identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{id: requestID(r.Header), trace: traceID(r.Header), lang: language(r.Header), route: "-", out: &recorder{ResponseWriter: w}}
		w.Header().Set("Request-Id", c.id)
		if c.trace != "" {
			c.span = newSpan()
			w.Header().Set("Traceresponse", "00-"+c.trace+"-"+c.span+"-00")
		}
		next.ServeHTTP(c.out, r.WithContext(context.WithValue(r.Context(), callKey{}, c)))
	})
}

// statusGone is what the log says of a client that did not wait; nobody receives it.
const statusGone = 499

func (a *api) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, began := callOf(r), time.Now()
		// Deferred, because an answer broken off leaves by a panic.
		defer func() {
			took := time.Since(began)
			a.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", c.attributes(r.Method, took)...)
			if a.Observe != nil {
				a.Observe(c.answered(r.Method, took))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// status is what was answered, as the log and the metrics have it.
func (c *call) status() int {
	if c.gone {
		return statusGone
	}
	return cmp.Or(c.out.status, http.StatusOK)
}

// attributes is the line of the access log: who asked for what and how it went, by names and
// ids. Paths, queries, headers and bodies stay out of it, and with them tokens and personal data.
func (c *call) attributes(method string, took time.Duration) []slog.Attr {
	line := []slog.Attr{
		slog.String("request_id", c.id), slog.String("method", method), slog.String("route", c.route),
		slog.Int("status", c.status()), slog.Int64("bytes", c.out.bytes),
		slog.Float64("dur_ms", float64(took.Microseconds())/1000), slog.String("actor", c.actor.Handle),
	}
	h := c.out.Header()
	for _, a := range []slog.Attr{
		slog.String("trace_id", c.trace), slog.String("span_id", c.span),
		slog.String("command", c.command), slog.String("stream", c.stream),
		slog.String("version", strings.Trim(h.Get("ETag"), `"`)), slog.String("position", h.Get("Ledger-Position")),
	} {
		if a.Value.String() != "" {
			line = append(line, a)
		}
	}
	return line
}

func (a *api) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch v := recover(); v {
			case nil:
			case http.ErrAbortHandler:
				panic(v)
			default:
				a.fail(w, r, fmt.Errorf("panic: %v\n%s", v, debug.Stack()))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func (a *api) secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "private, no-cache")
		h.Set("Vary", "Accept, Accept-Language, Authorization, Cookie")
		next.ServeHTTP(w, r)
	})
}

func (a *api) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, a.Limits.Body)
		a.extend(w)
		next.ServeHTTP(w, r)
	})
}

// extend gives the client time to take what is written next. A deadline for the whole answer
// would cut long exports off.
func (a *api) extend(w http.ResponseWriter) {
	// A writer that has no deadlines is a test's.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(a.Limits.Write))
}

// serve makes a route a handler: who may, then what.
func (a *api) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.place(r, rt)
		err := a.admit(w, r, rt.roles)
		if err == nil {
			err = rt.handle(w, r)
		}
		if err != nil {
			a.fail(w, r, err)
		}
	})
}

// place notes what a request is about: only what is known here, however the path reads.
func (a *api) place(r *http.Request, rt route) {
	c, vars := callOf(r), mux.Vars(r)
	c.route = rt.name
	if id, err := parseUUID(vars["id"]); err == nil && a.knows(func(g ledger.Aggregate) bool { return g.Category == vars["aggregate"] }) {
		c.stream = ledger.StreamID{Category: vars["aggregate"], ID: id}.String()
	}
	if rt.name != "command" {
		return
	}
	c.command = "unknown"
	if a.knows(func(g ledger.Aggregate) bool {
		return g.Category == vars["aggregate"] && slices.ContainsFunc(g.Verbs, func(v ledger.Verb) bool { return v.Name == vars["verb"] })
	}) {
		c.command = vars["aggregate"] + "/" + vars["verb"]
	}
}

func (a *api) knows(fits func(ledger.Aggregate) bool) bool {
	return slices.ContainsFunc(a.Ledger.Aggregates, fits)
}

// permit refuses an actor who holds none of the roles today.
func permit(actor ledger.Actor, roles []ledger.Role) error {
	if slices.ContainsFunc(roles, func(role ledger.Role) bool { return slices.Contains(actor.Roles, role) }) {
		return nil
	}
	return &ledger.Error{Kind: ledger.KindDenied, Code: "role", Msg: ledger.Text{
		En: fmt.Sprintf("this needs one of the roles %v", roles), Zh: fmt.Sprintf("需要以下角色之一:%v", roles),
	}}
}

// unmatched answers 405 where another method would do, and 404.
func (a *api) unmatched(w http.ResponseWriter, r *http.Request) error {
	var allow []string
	for _, method := range []string{"GET", "HEAD", "POST", "DELETE"} {
		other, match := *r, mux.RouteMatch{}
		other.Method = method
		if a.router.Match(&other, &match) && match.MatchErr == nil {
			allow = append(allow, method)
		}
	}
	if len(allow) == 0 {
		return &ledger.Error{Kind: ledger.KindNotFound, Code: "no-such-path", Msg: ledger.Text{
			En: "there is nothing at this path; / lists what there is", Zh: "该路径不存在;可用路径见 /",
		}}
	}
	w.Header().Set("Allow", strings.Join(allow, ", "))
	return refusal{status: http.StatusMethodNotAllowed, error: ledger.Invalid("method", ledger.Text{
		En: r.Method + " is not allowed here; " + strings.Join(allow, ", ") + " is",
		Zh: "此处不支持 " + r.Method + ",可用:" + strings.Join(allow, "、"),
	})}
}

// settled makes a read wait for the read models to reach Ledger-Min-Position.
func (a *api) settled(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if text := r.Header.Get("Ledger-Min-Position"); text != "" {
			p, err := ledger.ParsePosition(text)
			if err != nil {
				return err
			}
			if err := a.await(r, p); err != nil {
				return err
			}
		}
		return next(w, r)
	}
}

func (a *api) await(r *http.Request, p ledger.Position) error {
	// Asked first, so that wait=0 is an answer and not an expired deadline.
	if cp, err := a.Reader.Checkpoint(r.Context()); err == nil && cp.Position.Compare(p) >= 0 {
		return nil
	}
	patience := a.Limits.Wait
	if wish := prefer(r.Header); wish.waits {
		patience = wish.wait
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	err := a.Reader.Wait(ctx, p)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ledger.Unavailable("view-behind", ledger.Text{
			En: fmt.Sprintf("the read models have not reached position %s yet", p), Zh: fmt.Sprintf("读模型尚未到达账本位置 %s", p),
		}, err)
	}
	return err
}

// stand says in headers how far the read models stood that the answer comes from.
func stand(h http.Header, cp projections.Checkpoint) {
	h.Set("Ledger-Position", cp.Position.String())
	h.Set("Ledger-Entry", fmt.Sprint(cp.Entry))
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	raw, err := encode(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, err = w.Write(raw) // #nosec G705 -- JSON, sent with nosniff
	return err
}

// encode is JSON as it is, without escapes for HTML, so that stored bytes leave as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// requestID takes a sensible id from the client, else makes one.
func requestID(h http.Header) string {
	id := h.Get("Request-Id")
	odd := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r))
	}
	if id != "" && len(id) <= 64 && !strings.ContainsFunc(id, odd) {
		return id
	}
	return uuid.Must(uuid.NewV7()).String()
}

// newSpan is an id for this request in its client's trace.
func newSpan() string {
	var id [8]byte
	rand.Read(id[:])
	return hex.EncodeToString(id[:])
}
