package webui

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"ttledger/domain/ledger"
)

// answer is what the API answered.
type answer struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

// problem is an error of the API (RFC 9457), in the language of the page.
type problem struct {
	Status int
	Title  string
	Detail string
	Code   string
	Errors []struct{ Pointer, Detail string }

	CurrentVersion *ledger.Version `json:"current_version"`
	Events         []event         // since the version the form was made on
}

func (p *problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail) }

// isStatus says whether the API answered with a status.
func isStatus(err error, status int) bool {
	p, ok := errors.AsType[*problem](err)
	return ok && p.Status == status
}

// carried is what of the browser's request the API sees: who it is, and where it comes from.
var carried = []string{"Cookie", "X-Forwarded-For", "X-Forwarded-Proto", "Origin", "Sec-Fetch-Site", "Traceparent"}

// ask sends a request to the API as the browser that asks for the page.
func (p *page) ask(method, path string, query url.Values, header http.Header, body []byte) (*answer, error) {
	target := path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	q, err := http.NewRequestWithContext(p.r.Context(), method, target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		q.Header[name] = values
	}
	for _, name := range carried {
		if values := p.r.Header.Values(name); len(values) > 0 {
			q.Header[name] = values
		}
	}
	q.Header.Set("Accept-Language", map[string]string{chinese: "zh-CN", english: "en"}[p.Lang])
	q.Header.Set("Request-Id", p.id)
	q.RequestURI, q.Host, q.RemoteAddr, q.TLS = target, p.r.Host, p.r.RemoteAddr, p.r.TLS
	a := &answer{status: http.StatusOK, header: http.Header{}}
	p.site.API.ServeHTTP(a, q)
	if a.status < 400 {
		return a, nil
	}
	wrong := &problem{Status: a.status}
	if err := json.Unmarshal(a.body.Bytes(), wrong); err != nil {
		return nil, fmt.Errorf("%s %s answered %d with no problem: %w", method, path, a.status, err)
	}
	return a, wrong
}

// get reads a JSON answer; numbers stay as they are written.
func (p *page) get(path string, query url.Values, into any) error {
	a, err := p.ask(http.MethodGet, path, query, nil, nil)
	if err != nil {
		return err
	}
	return decode(a.body.Bytes(), into)
}

func decode(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(into)
}

// at adds the page's moment to a query.
func (p *page) at(query url.Values) url.Values {
	if query == nil {
		query = url.Values{}
	}
	if p.Moment.AsOf != "" {
		query.Set("as-of", p.Moment.AsOf)
	}
	if p.Moment.KnownAt != "" {
		query.Set("known-at", p.Moment.KnownAt)
	}
	return query
}

// rows is a page of a view.
type rows struct {
	Rows    []row
	AsOf    string `json:"as_of"`
	KnownAt uint64 `json:"known_at"`
	Next    string
}

// row is one row of a view or report: columns by name, as string, json.Number, bool or nil, or as
// they stand in JSON.
type row map[string]any

func (r row) text(name string) string {
	switch v := r[name].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// query asks one view for rows at the page's moment.
func (p *page) query(view string, query url.Values) (rows, error) {
	var answer rows
	err := p.get("/v1/views/"+view, p.at(query), &answer)
	return answer, err
}

// cursor is what of the address of the API's next page is needed to ask for it.
func (r rows) cursor() url.Values {
	_, text, _ := strings.Cut(r.Next, "?")
	values, err := url.ParseQuery(text)
	if r.Next == "" || err != nil {
		return nil
	}
	return url.Values{"cursor": values["cursor"], "as-of": values["as-of"], "known-at": values["known-at"]}
}
