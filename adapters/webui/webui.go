// Package webui is the ledger as web pages, in Chinese and in English.
//
// It is a client of the API in the same process: every page asks the API's handler for what it
// shows, as the browser that asks for the page, and every form is sent to it as a command. So a
// page shows what its reader may see and no more, leaves the traces the API leaves, and there is
// nothing on a page that cannot be had over HTTP. What the pages are made of, the tables of
// commands, views and reports, is the program's own; nothing here knows a rule or SQL.
//
// Read in this order: webui.go (the routes, one screen), ask.go (the API as its client sees it),
// page.go (what surrounds every page), moment.go (T and K), words.go and terms.go (what things
// are called), value.go (how a value is shown), then one kind of page a file: home.go, views.go,
// reports.go, thing.go with replay.go, form.go with schema.go and fill.go, history.go, map.go.
package webui

import (
	"context"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// Config is what the pages are made of. API, Standing and Log are required.
type Config struct {
	API        http.Handler                                                 // answers what the pages ask, and every path that is no page
	Standing   func(context.Context) (projections.Checkpoint, int64, error) // how far the read models stand, and how many events they are behind
	Attempt    func(context.Context, ledger.Request) error                  // what stands in the way of a command; nil where nothing is told
	Aggregates []ledger.Aggregate
	Views      []projections.View
	Reports    []projections.Report
	Now        func() time.Time
	Log        *slog.Logger // one line a page
	Version    string
}

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed all:static
var staticFiles embed.FS

// site is all pages.
type site struct {
	Config
	router *mux.Router
	pages  map[string]map[string]*template.Template // by language, by name
	assets map[string]asset
	names  labels
	cross  *http.CrossOriginProtection
}

// New is the pages as one handler, in front of the API.
func New(c Config) (http.Handler, error) {
	if c.API == nil || c.Standing == nil || c.Now == nil || c.Log == nil {
		return nil, errors.New("webui: an API, a standing, a clock and a log are needed")
	}
	s := &site{Config: c, router: mux.NewRouter(), names: labelsOf(c.Aggregates, c.Views), cross: http.NewCrossOriginProtection()}
	var err error
	if s.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if s.pages, err = s.parse(); err != nil {
		return nil, err
	}
	for _, rt := range s.routes() {
		methods := []string{rt.method}
		if rt.method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
		s.router.Handle("/{lang:zh|en}"+rt.path, s.serve(rt)).Methods(methods...)
	}
	s.router.HandleFunc("/", s.front).Methods(http.MethodGet, http.MethodHead)
	s.router.HandleFunc("/favicon.ico", s.favicon).Methods(http.MethodGet, http.MethodHead)
	s.router.PathPrefix("/assets/").HandlerFunc(s.asset).Methods(http.MethodGet, http.MethodHead)
	s.router.NotFoundHandler = http.HandlerFunc(s.beyond)
	s.router.MethodNotAllowedHandler = http.HandlerFunc(s.beyond)
	return s.router, nil
}

// route is one line of the pages; the path stands below the language.
type route struct {
	name   string // for the log, and of the template
	method string
	path   string
	open   bool // for those not signed in, too
	handle func(*page) error
}

// routes is every page.
func (s *site) routes() []route {
	return []route{
		{"sign-in", "GET", "/sign-in", true, s.signInForm},
		{"sign-in", "POST", "/sign-in", true, s.signIn},
		{"sign-out", "POST", "/sign-out", true, s.signOut},
		{"home", "GET", "/", false, s.home},
		{"board", "GET", "/board", false, s.board},
		{"moment", "GET", "/moment", false, s.moment},
		{"views", "GET", "/views", false, s.viewList},
		{"view", "GET", "/views/{view}", false, s.view},
		{"reports", "GET", "/reports", false, s.reportList},
		{"report", "GET", "/reports/{code}", false, s.report},
		{"commands", "GET", "/commands", false, s.commandList},
		{"new", "GET", "/new/{aggregate}/{verb}", false, s.begin},
		{"thing", "GET", "/things/{aggregate}/{id}", false, s.thing},
		{"form", "GET", "/things/{aggregate}/{id}/do/{verb}", false, s.form},
		{"form", "POST", "/things/{aggregate}/{id}/do/{verb}", false, s.do},
		{"replay", "GET", "/things/{aggregate}/{id}/replay", false, s.replay},
		{"history", "GET", "/history", false, s.history},
		{"event", "GET", "/history/{entry:[0-9]+}", false, s.event},
		{"proof", "GET", "/history/{entry:[0-9]+}/proof", false, s.proof},
		{"map", "GET", "/map", false, s.drawing},
		{"search", "GET", "/search", false, s.search},
		{"pick", "GET", "/pick/{aggregate}", false, s.pick},
	}
}

// front sends a browser to the pages in its reader's language; programs get the API's index.
func (s *site) front(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		s.API.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Vary", "Accept, Accept-Language")
	http.Redirect(w, r, "/"+preferred(r.Header.Get("Accept-Language"))+"/", http.StatusSeeOther)
}

// preferred is the language of the pages that a browser's wishes come nearest to: of the two,
// whichever it names first.
func preferred(accept string) string {
	for wish := range strings.SplitSeq(strings.ToLower(accept), ",") {
		switch wish = strings.TrimSpace(wish); {
		case strings.HasPrefix(wish, "zh"):
			return chinese
		case strings.HasPrefix(wish, "en"):
			return english
		}
	}
	return chinese
}

// beyond answers what is no page: below a language like a page, else the API's answer.
func (s *site) beyond(w http.ResponseWriter, r *http.Request) {
	lang, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if lang != chinese && lang != english || strings.HasPrefix(rest, "catalogue") {
		s.API.ServeHTTP(w, r)
		return
	}
	s.serve(route{name: "unmatched", open: true, handle: func(*page) error { return nothingHere }}).ServeHTTP(w, r)
}
