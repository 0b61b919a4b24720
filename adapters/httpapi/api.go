// Package httpapi is the ledger over HTTP: commands in, history, read models and reports out.
//
// It knows no rule and no SQL. What is decided, ledger.Ledger decides; what is read comes from
// projections.Reader and projections.Feed; here it is only parsed, asked and written.
//
// Read in this order: api.go (the routes, one screen), serve.go (what happens around each of
// them), admit.go (who asks) with guard.go, limit.go, address.go, session.go and oidc.go, sight.go
// (what they see), trace.go (what of it is remembered), problem.go (errors), header.go (what clients may say in headers) and query.go (in
// queries), then commands.go with schema.go (what a body must be), catalogue.go with template.go, events.go with
// cloudevents.go and live.go, views.go, reports.go, search.go and issue.go with sheet.go and workbook.go (the formats), proofs.go (the transparency log), subjects.go (personal data), openapi.go with components.go and page.go (all of it
// described, for machines and for people), and client.go, the same in the other direction.
package httpapi

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/mux"

	"ttledger/domain/ledger"
	"ttledger/domain/principal"
	"ttledger/projections"
)

// Config is what the API is made of. Ledger, Feed, Reader, Trace and Log are required.
type Config struct {
	Ledger  *ledger.Ledger       // decides and records; its store and its clock serve here too
	Feed    projections.Feed     // the whole ledger in order, for GET /v1/events
	Reader  projections.Reader   // the read models
	Views   []projections.View   // those that are served, each with the roles that may read it
	Reports []projections.Report // likewise
	Trace   Tracer               // who read what
	Proofs  Proofs               // the transparency log; nil for none
	Files   Keeper               // issued reports; nil where none are kept
	Log     *slog.Logger         // one line a request; never a token, never a body
	Version string               // of the program, shown at /

	// Ready tells how the parts fare on which an answer depends; /readyz is 503 while one is not
	// OK. Where it is nil, /readyz is as good as /healthz.
	Ready func(context.Context) []Check

	// Observe is told of each request once it is answered, and Readers how many follow live when
	// that changes; they must be quick. Metrics is what GET /metrics serves. Each may be nil.
	Observe func(Answered)
	Readers func(live int)
	Metrics http.Handler

	Issuer  Issuer         // of identities (OpenID Connect); nil for none
	Proxies []netip.Prefix // whose word is taken on whom a request is for

	Limits Limits
}

// Check is one line of /readyz, which is public: Detail must not tell secrets.
type Check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitzero"`
}

// Limits bounds what one request may cost. A zero field has its default.
type Limits struct {
	Body  int64         // bytes of a request's body; 1 MiB
	Query int           // bytes of a query string; 8 KiB
	Write time.Duration // for writing an answer, or the next rows of an export; 60 s
	Wait  time.Duration // for read models to reach Ledger-Min-Position; 2 s
	Live  int           // live feeds at once; 256
	Pulse time.Duration // between signs of life on a live feed, and looks at its reader's token; 15 s

	Requests int // of one principal a second, four times as many at once; of one address without a token a tenth; 2000
}

func (l Limits) orDefault() Limits {
	return Limits{
		Body: positive(l.Body, 1<<20), Query: positive(l.Query, 8<<10),
		Write: positive(l.Write, time.Minute), Wait: positive(l.Wait, 2*time.Second),
		Live: positive(l.Live, 256), Pulse: positive(l.Pulse, 15*time.Second), Requests: positive(l.Requests, 2000),
	}
}

func positive[T int | int64 | time.Duration](n, otherwise T) T {
	if n > 0 {
		return n
	}
	return otherwise
}

type api struct {
	Config
	principals *principal.Directory
	commands   []command
	published  published
	router     *mux.Router
	readers    chan struct{} // holds one for each live feed

	guard     *guard
	sessions  sessions
	flows     flows
	requests  *limiters // of principals
	anonymous *limiters // of addresses
	cross     *http.CrossOriginProtection
}

func assemble(c Config) *api {
	c.Limits = c.Limits.orDefault()
	return &api{
		Config: c, principals: &principal.Directory{Streams: c.Ledger.Streams}, router: mux.NewRouter(), readers: make(chan struct{}, c.Limits.Live),
		guard: newGuard(), sessions: sessions{by: map[[sha256.Size]byte]session{}}, flows: flows{by: map[[sha256.Size]byte]pendingFlow{}},
		requests: newLimiters("principal", c.Limits.Requests), anonymous: newLimiters("address", max(1, c.Limits.Requests/anonymousPart)),
		cross: http.NewCrossOriginProtection(),
	}
}

// New is the API as one handler. It fails on what is open to nobody in particular: a route, a
// command, a view or a report without roles, an aggregate of which it is not said who sees it; and on a view or report whose columns or parameters
// bear the name of a parameter that every one has.
func New(c Config) (http.Handler, error) {
	if c.Ledger == nil || c.Feed == nil || c.Reader == nil || c.Trace == nil || c.Log == nil {
		return nil, errors.New("httpapi: a ledger, a feed, a reader, a trace and a log are needed")
	}
	a := assemble(c)
	if err := a.declared(); err != nil {
		return nil, err
	}
	var err error
	if a.commands, err = catalogue(c.Ledger.Aggregates); err != nil {
		return nil, err
	}
	routes := a.routes()
	if err := a.mount(routes); err != nil {
		return nil, err
	}
	if err := a.publish(routes); err != nil {
		return nil, err
	}
	return a.around(a.router), nil
}

// route is one line of the API. GET answers HEAD too.
type route struct {
	name   string // for logs
	method string
	path   string
	roles  []ledger.Role // who may; public or bearer where it is not a matter of roles
	handle handler
}

// handler answers a request or says why not; it never writes an error itself.
type handler func(w http.ResponseWriter, r *http.Request) error

var (
	public = []ledger.Role{"(public)"} // no token is asked for
	bearer = []ledger.Role{"(bearer)"} // any live token, with or without a role today
)

// routes is the whole API.
func (a *api) routes() []route {
	all := ledger.AllRoles() // commands, views and reports then have roles of their own
	return append([]route{
		{"index", "GET", "/", public, a.index},
		{"health", "GET", "/healthz", public, a.health},
		{"ready", "GET", "/readyz", public, a.ready},
		{"metrics", "GET", "/metrics", operators, a.metrics},
		{"openapi", "GET", "/openapi.json", public, a.openapi},
		{"page", "GET", "/catalogue", public, a.page},
		{"page-en", "GET", "/en/catalogue", public, a.pageIn(english)},
		{"page-zh", "GET", "/zh/catalogue", public, a.pageIn(chinese)},
		{"template-en", "GET", "/en/catalogue/{aggregate}/{verb}.csv", public, a.templateIn(english)},
		{"template-zh", "GET", "/zh/catalogue/{aggregate}/{verb}.csv", public, a.templateIn(chinese)},
		{"page-style", "GET", "/catalogue.css", public, a.pageStyle},
		{"sign-in", "POST", "/session", public, a.signIn},
		{"sign-out", "DELETE", "/session", public, a.signOut},
		{"oidc", "GET", "/session/oidc", public, a.oidcBegin},
		{"oidc-callback", "GET", "/session/oidc/callback", public, a.oidcCallback},
		{"whoami", "GET", "/v1/whoami", bearer, a.whoami},
		{"command", "POST", "/v1/commands/{aggregate}/{id}/{verb}", all, a.command},
		{"catalogue", "GET", "/v1/commands", all, a.catalogue},
		{"catalogue-entry", "GET", "/v1/commands/{aggregate}/{verb}", all, a.catalogueEntry},
		{"stream", "GET", "/v1/streams/{aggregate}/{id}", all, a.settled(a.traced(a.stream))},
		{"events", "GET", "/v1/events", all, a.settled(a.traced(a.events))},
		{"views", "GET", "/v1/views", all, a.views},
		{"view", "GET", "/v1/views/{view}", all, a.settled(a.traced(a.view))},
		{"view-row", "GET", "/v1/views/{view}/{key}", all, a.settled(a.traced(a.viewRow))},
		{"approvals", "GET", "/v1/approvals", all, as(a.settled(a.traced(a.view)), "view", projections.Approvals.Name)},
		{"approval", "GET", "/v1/approvals/{id}", all, as(a.settled(a.traced(a.stream)), "aggregate", ledger.Approvals.Category)},
		{"subject", "GET", "/v1/subjects/{id}", projections.PersonReaders, a.settled(a.traced(a.subject))},
		{"search", "GET", "/v1/search", all, a.settled(a.traced(a.search))},
		{"reports", "GET", "/v1/reports", all, a.reports},
		{"report", "GET", "/v1/reports/{code}", all, a.settled(a.traced(a.report))},
		{"report-file", "POST", "/v1/reports/{code}/files", issuers, a.settled(a.keepReport)},
		{"issued", "GET", "/v1/issued-reports/{key}", projections.Offices, a.settled(a.traced(a.issued))},
		{"accesses", "GET", "/v1/accesses", watchers, a.traced(a.accesses)},
	}, a.tileRoutes()...)
}

// as is a handler under another address, which leaves a part of its own unsaid.
func as(h handler, variable, value string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		vars := map[string]string{variable: value}
		maps.Copy(vars, mux.Vars(r))
		return h(w, mux.SetURLVars(r, vars))
	}
}

// mount registers the routes, flat: a Subrouter would answer a wrong method with 404.
func (a *api) mount(routes []route) error {
	for _, rt := range routes {
		if len(rt.roles) == 0 {
			return fmt.Errorf("httpapi: the route %s says not who may", rt.path)
		}
		methods := []string{rt.method}
		if rt.method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
		a.router.Handle(rt.path, a.serve(rt)).Methods(methods...).Name(rt.name)
	}
	unmatched := a.serve(route{name: "unmatched", roles: public, handle: a.unmatched})
	a.router.NotFoundHandler, a.router.MethodNotAllowedHandler = unmatched, unmatched
	return nil
}

// declared holds the tables of commands, views and reports against what New promises.
func (a *api) declared() error {
	for _, g := range a.Ledger.Aggregates {
		for _, v := range g.Verbs {
			if len(v.Roles) == 0 {
				return fmt.Errorf("httpapi: the command %s/%s says not who may", g.Category, v.Name)
			}
		}
	}
	if err := a.sighted(); err != nil {
		return err
	}
	for _, v := range a.Views {
		if len(v.Roles) == 0 {
			return fmt.Errorf("httpapi: the view %s says not who may", v.Name)
		}
		for _, c := range v.Columns {
			if slices.Contains(viewParams, c.Name) {
				return fmt.Errorf("httpapi: the view %s has a column with the name of the parameter %s", v.Name, c.Name)
			}
		}
	}
	for _, r := range a.Reports {
		if len(r.Roles) == 0 {
			return fmt.Errorf("httpapi: the report %s says not who may", r.Code)
		}
		for _, p := range r.Params {
			if slices.Contains(sheetParams, p.Name) {
				return fmt.Errorf("httpapi: the report %s redefines the parameter %s", r.Code, p.Name)
			}
		}
	}
	return nil
}

func (a *api) index(w http.ResponseWriter, r *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]any{
		"name": "ttledger", "version": a.Version,
		"links": []string{"/session", "/v1/whoami", "/v1/commands", "/v1/events", "/v1/views", "/v1/search", "/v1/reports", "/checkpoint", "/healthz", "/readyz", "/openapi.json", "/catalogue"},
	})
}

func (a *api) health(w http.ResponseWriter, r *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (a *api) ready(w http.ResponseWriter, r *http.Request) error {
	checks := []Check{}
	if a.Ready != nil {
		checks = append(checks, a.Ready(r.Context())...)
	}
	status, word := http.StatusOK, "ok"
	if slices.ContainsFunc(checks, func(c Check) bool { return !c.OK }) {
		status, word = http.StatusServiceUnavailable, "unready"
		w.Header().Set("Retry-After", retryAfter)
	}
	return writeJSON(w, status, map[string]any{"status": word, "checks": checks})
}

func (a *api) whoami(w http.ResponseWriter, r *http.Request) error {
	c := callOf(r)
	self := whoami{Handle: c.actor.Handle, Roles: named(c.actor.Roles)}
	s, _, err := a.principals.Load(r.Context(), c.credential.Principal)
	if err != nil {
		return err
	}
	for _, k := range s.Tokens {
		if k.Token == c.credential.Token {
			self.Token, self.Expires = k.Token, k.Expires
		}
	}
	return writeJSON(w, http.StatusOK, self)
}

// whoami is an actor as they see themselves, with the token that they came by.
type whoami struct {
	Handle  string      `json:"handle"`
	Roles   []namedRole `json:"roles"`
	Token   uuid.UUID   `json:"token,omitzero"`
	Expires ledger.Date `json:"expires,omitzero"` // its last day
}

// namedRole is a role as people read it.
type namedRole struct {
	Role ledger.Role `json:"role"`
	Name ledger.Text `json:"name"`
}

// named lists roles with their names, in display order.
func named(roles []ledger.Role) []namedRole {
	list := []namedRole{}
	for _, r := range ledger.RoleNames {
		if slices.Contains(roles, r.Role) {
			list = append(list, namedRole{r.Role, r.Name})
		}
	}
	return list
}
