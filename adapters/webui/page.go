package webui

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/mux"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// pagePolicy lets a page have everything from here and nothing from anywhere else.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// maxForm bounds the body of a form.
const maxForm = 1 << 20

// page is one page on its way out; templates see its exported fields and methods.
type page struct {
	Lang   string
	Title  string
	Who    whoami // zero where nobody is signed in
	Moment moment
	Bar    *bar // the controls of time; nil where a page has none
	Head   projections.Checkpoint
	Behind int64  // events that the read models have not seen
	Live   bool   // the page is asked for again when something is recorded
	Said   string // what came of the form that led here
	Wrong  *problem
	Data   any // of the page's own template

	site *site
	w    http.ResponseWriter
	r    *http.Request
	id   string // of the request, and of those it causes
	vars map[string]string
	name map[string]string // of things, looked up already
}

type whoami struct {
	Handle string
	Roles  []struct {
		Role ledger.Role
		Name ledger.Text
	}
	Expires string
}

func (w whoami) actor() ledger.Actor {
	a := ledger.Actor{Handle: w.Handle}
	for _, r := range w.Roles {
		a.Roles = append(a.Roles, r.Role)
	}
	return a
}

// serve makes a route a handler.
func (s *site) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, out := time.Now(), &counted{ResponseWriter: w, status: http.StatusOK}
		p := &page{site: s, w: out, r: r, vars: mux.Vars(r), id: uuid.NewString(), Moment: momentOf(r.URL.Query()), name: map[string]string{}}
		p.Lang, _, _ = strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		r.Body = http.MaxBytesReader(out, r.Body, maxForm)
		p.head(r.TLS != nil)
		err := s.cross.Check(r)
		if err != nil {
			err = crossOrigin
		} else {
			err = p.answer(rt)
		}
		if err != nil {
			p.fail(err)
		}
		s.Log.LogAttrs(r.Context(), slog.LevelInfo, "page", slog.String("request_id", p.id), slog.String("method", r.Method),
			slog.String("page", rt.name), slog.String("lang", p.Lang), slog.Int("status", out.status), slog.Int("bytes", out.bytes),
			slog.Float64("dur_ms", float64(time.Since(began).Microseconds())/1000), slog.String("actor", p.Who.Handle))
	})
}

// counted notes what was answered.
type counted struct {
	http.ResponseWriter
	status, bytes int
}

func (c *counted) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.bytes += n
	return n, err
}

func (p *page) head(secure bool) {
	h := p.w.Header()
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Content-Language", map[string]string{chinese: "zh-CN", english: "en"}[p.Lang])
	h.Set("Request-Id", p.id)
	if secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

func (p *page) answer(rt route) error {
	if !rt.open {
		if err := p.get("/v1/whoami", nil, &p.Who); err != nil {
			return err
		}
	}
	var err error
	if p.Head, p.Behind, err = p.site.Standing(p.r.Context()); err != nil && !rt.open {
		p.site.Log.WarnContext(p.r.Context(), "the read models do not answer", "request_id", p.id, "err", err)
		return notYet
	}
	p.Moment = p.Moment.settle(p.Head, p.site.Now())
	return rt.handle(p)
}

// render writes the page of a name.
func (p *page) render(status int, name, title string, data any) error {
	p.Title, p.Data = title, data
	var b bytes.Buffer
	t, ok := p.site.pages[p.Lang][name]
	if !ok {
		return fmt.Errorf("webui: there is no template %s", name)
	}
	if err := t.ExecuteTemplate(&b, "layout", p); err != nil {
		return err
	}
	return p.write(status, b.Bytes())
}

func (p *page) write(status int, html []byte) error {
	p.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	p.w.WriteHeader(status)
	_, err := p.w.Write(html)
	if err != nil {
		return nil // the reader went away
	}
	return nil
}

// dated gives a page the controls of time.
func (p *page) dated() {
	b := barOf(p, p.Head, p.site.Now())
	p.Bar = &b
	p.Live = !p.Moment.Past()
}

var (
	nothingHere = &problem{Status: http.StatusNotFound, Code: "no-such-page"}
	notYet      = &problem{Status: http.StatusServiceUnavailable, Code: "not-yet"}
	crossOrigin = &problem{Status: http.StatusForbidden, Code: "cross-origin"}
)

// fail answers with what went wrong and what to do; who is not signed in is sent to do so.
func (p *page) fail(err error) {
	if isStatus(err, http.StatusUnauthorized) {
		p.redirect("/"+p.Lang+"/sign-in", url.Values{"next": {p.r.URL.RequestURI()}})
		return
	}
	wrong, ok := errors.AsType[*problem](err)
	if !ok {
		p.site.Log.ErrorContext(p.r.Context(), "page failed", "request_id", p.id, "err", err)
		wrong = &problem{Status: http.StatusInternalServerError, Code: "internal"}
	}
	p.Wrong, p.Bar, p.Live = wrong, nil, false
	if wrong.Title == "" {
		copied := *wrong
		copied.Title, copied.Detail = p.say("wrong-"+wrong.Code), p.say("todo-"+wrong.Code)
		p.Wrong = &copied
	}
	if err := p.render(p.Wrong.Status, "wrong", p.Wrong.Title, nil); err != nil {
		p.site.Log.ErrorContext(p.r.Context(), "page failed", "request_id", p.id, "err", err)
		http.Error(p.w, p.Wrong.Title, p.Wrong.Status)
	}
}

func (p *page) redirect(path string, query url.Values) {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	p.w.Header().Set("Location", path)
	p.w.WriteHeader(http.StatusSeeOther)
}

// Href is the address of a page in this language at this moment; more is name, value, name, …
func (p *page) Href(path string, more ...string) string {
	query := p.at(nil)
	for i := 0; i+1 < len(more); i += 2 {
		query.Add(more[i], more[i+1])
	}
	return address("/"+p.Lang+path, query)
}

// Self is the address of this page.
func (p *page) Self() string { return p.r.URL.RequestURI() }

// Path is its path.
func (p *page) Path() string { return p.r.URL.Path }

// Now is the address of this page now.
func (p *page) Now() string {
	query := p.r.URL.Query()
	for _, name := range []string{"as-of", "known-at", "cursor"} {
		query.Del(name)
	}
	return address(p.r.URL.Path, query)
}

// Other is this page in the other language.
func (p *page) Other() string {
	rest := strings.TrimPrefix(p.r.URL.Path, "/"+p.Lang)
	other := map[string]string{chinese: english, english: chinese}[p.Lang]
	if p.r.Method != http.MethodGet {
		return "/" + other + "/"
	}
	return address("/"+other+rest, p.r.URL.Query())
}

func address(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// Here says whether a part of the site is where the page is.
func (p *page) Here(path string) bool {
	rest := strings.TrimPrefix(p.r.URL.Path, "/"+p.Lang)
	return rest == path || path != "/" && strings.HasPrefix(rest, path+"/")
}

// Holds says whether the reader has one of some roles.
func (p *page) Holds(roles []ledger.Role) bool {
	return slices.ContainsFunc(p.Who.Roles, func(mine struct {
		Role ledger.Role
		Name ledger.Text
	}) bool {
		return slices.Contains(roles, mine.Role)
	})
}

// parse reads each page's template, with the layout and the parts they share, in each language.
func (s *site) parse() (map[string]map[string]*template.Template, error) {
	entries, err := templateFiles.ReadDir("templates")
	if err != nil {
		return nil, err
	}
	all := map[string]map[string]*template.Template{}
	for _, lang := range []string{chinese, english} {
		shared, err := template.New("layout").Funcs(s.funcs(lang)).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html")
		if err != nil {
			return nil, err
		}
		all[lang] = map[string]*template.Template{}
		for _, e := range entries {
			name := strings.TrimSuffix(e.Name(), ".html")
			if name == "layout" || name == "parts" {
				continue
			}
			t, err := template.Must(shared.Clone()).ParseFS(templateFiles, "templates/"+e.Name())
			if err != nil {
				return nil, err
			}
			all[lang][name] = t
		}
	}
	return all, nil
}

// Number is the number of the request, by which the log knows it.
func (p *page) Number() string { return p.id }

// NameOf is what a thing is called.
func (p *page) NameOf(s ledger.StreamID) string { return p.nameOf(s) }

// Kinds is every kind of thing, to choose from.
func (p *page) Kinds(now string) []choice { return p.choices(now, p.site.termsOf(p.Lang, "category")) }

// part writes a part of a page for a script that puts it in its place.
func (p *page) part(name string, data any) error {
	var b bytes.Buffer
	p.Data = data
	if err := p.site.pages[p.Lang][name].ExecuteTemplate(&b, "main", p); err != nil {
		return err
	}
	return p.write(http.StatusOK, b.Bytes())
}
