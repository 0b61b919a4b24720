package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/gorilla/mux"
	"github.com/oasdiff/oasdiff/checker"
	"github.com/oasdiff/oasdiff/diff"
	"github.com/oasdiff/oasdiff/load"
	"github.com/stretchr/testify/require"
)

// contract is a document ready to hold requests and answers against.
type contract struct {
	doc    *openapi3.T
	router routers.Router
}

var contracts sync.Map // by document: many tests serve the same

func init() {
	for _, media := range []string{"application/x-ndjson", "text/csv", "text/html", "text/css", mediaTypes[formatXLSX], "application/octet-stream"} {
		openapi3filter.RegisterBodyDecoder(media, openapi3filter.PlainBodyDecoder)
	}
	openapi3filter.RegisterBodyDecoder("application/cloudevents-batch+json", openapi3filter.JSONBodyDecoder)
}

// contractOf reads a document. Its objects are closed, so that an answer with a field that the
// document does not name is found; clients are promised no such thing.
func contractOf(t *testing.T, raw []byte) contract {
	t.Helper()
	if known, ok := contracts.Load(string(raw)); ok {
		return known.(contract)
	}
	var all map[string]any
	require.NoError(t, json.Unmarshal(raw, &all))
	closeObjects(all)
	closed, err := json.Marshal(all)
	require.NoError(t, err)
	doc, err := openapi3.NewLoader().LoadFromData(closed)
	require.NoError(t, err)
	router, err := gorillamux.NewRouter(doc)
	require.NoError(t, err)
	c := contract{doc, router}
	contracts.Store(string(raw), c)
	return c
}

func closeObjects(v any) {
	switch v := v.(type) {
	case map[string]any:
		_, fields := v["properties"].(map[string]any)
		if _, open := v["additionalProperties"]; fields && v["type"] == "object" && !open {
			v["additionalProperties"] = false
		}
		for _, x := range v {
			closeObjects(x)
		}
	case []any:
		for _, x := range v {
			closeObjects(x)
		}
	}
}

// checkedWire sends requests and holds them and their answers against the contract. A request
// that was refused may break it; its answer may not.
type checkedWire struct {
	t *testing.T
	contract
}

func conforming(t *testing.T, w *world) http.RoundTripper {
	t.Helper()
	a := bare(t, w)
	raw, err := a.document(a.routes())
	require.NoError(t, err)
	return checkedWire{t, contractOf(t, raw)}
}

func (c checkedWire) RoundTrip(q *http.Request) (*http.Response, error) {
	var sent []byte
	if q.Body != nil {
		sent, _ = io.ReadAll(q.Body)
		q.Body = io.NopCloser(bytes.NewReader(sent))
	}
	answer, err := http.DefaultTransport.RoundTrip(q)
	if err != nil || strings.HasPrefix(answer.Header.Get("Content-Type"), "text/event-stream") {
		return answer, err
	}
	body, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	answer.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		answer.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), iotest.ErrReader(err)))
		return answer, nil // broken off, which no contract describes
	}
	if err := c.holds(q, sent, answer, body); err != nil {
		c.t.Errorf("%s %s answered %d: %v\n%s", q.Method, q.URL, answer.StatusCode, err, body)
	}
	return answer, nil
}

func (c checkedWire) holds(q *http.Request, sent []byte, answer *http.Response, body []byte) error {
	asked := q.Clone(q.Context())
	asked.Body = io.NopCloser(bytes.NewReader(sent))
	if q.Method == http.MethodHead {
		asked.Method = http.MethodGet
	}
	route, vars, err := c.router.FindRoute(asked)
	if err != nil {
		return c.unrouted(answer, body)
	}
	input := &openapi3filter.RequestValidationInput{Request: asked, PathParams: vars, Route: route, Options: &openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true,
	}}
	if answer.StatusCode < 400 {
		if err := openapi3filter.ValidateRequest(q.Context(), input); err != nil {
			return fmt.Errorf("the request: %w", err)
		}
	}
	return openapi3filter.ValidateResponse(q.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: answer.StatusCode, Header: answer.Header, Body: io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: q.Method == http.MethodHead},
	})
}

// unrouted is the answer to what the document does not have: nothing there, or a problem.
func (c checkedWire) unrouted(answer *http.Response, body []byte) error {
	if answer.StatusCode == http.StatusMovedPermanently {
		return nil
	}
	if answer.StatusCode < 400 {
		return fmt.Errorf("the document has no such operation")
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil && len(body) > 0 {
		return err
	}
	return c.doc.Components.Schemas["Problem"].Value.VisitJSON(v, openapi3.EnableJSONSchema2020())
}

func TestTheDocumentIsValid(t *testing.T) {
	w := newWorld(t)
	a := w.get("", "/openapi.json")
	require.Equal(t, 200, a.status)
	require.Equal(t, "application/json", a.header.Get("Content-Type"))
	doc, err := openapi3.NewLoader().LoadFromData([]byte(a.body))
	require.NoError(t, err)
	require.NoError(t, doc.Validate(t.Context()))

	require.Equal(t, 304, w.get("", "/openapi.json", "If-None-Match: "+a.header.Get("ETag")).status)
	require.Equal(t, 400, w.get("", "/openapi.json?x=1").status)
	w.start()
	again := w.get("", "/openapi.json")
	require.Equal(t, a.body, again.body, "the same tables, the same bytes")
	require.Equal(t, a.header.Get("ETag"), again.header.Get("ETag"))
}

// bare is the API without a server.
func bare(t *testing.T, w *world) *api {
	t.Helper()
	a := assemble(w.config)
	var err error
	a.commands, err = catalogue(w.ledger.Aggregates)
	require.NoError(t, err)
	require.NoError(t, a.mount(a.routes()))
	return a
}

func TestTheDocumentIsTheRoutes(t *testing.T) {
	w := newWorld(t)
	a := bare(t, w)
	raw, err := a.document(a.routes())
	require.NoError(t, err)
	doc := contractOf(t, raw).doc

	// Each operation of the document is answered by a route of its method; each route has one.
	documented := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, o := range item.Operations() {
			q, err := http.NewRequestWithContext(t.Context(), method, strings.NewReplacer("{", "", "}", "").Replace(path), nil)
			require.NoError(t, err)
			var match mux.RouteMatch
			require.True(t, a.router.Match(q, &match) && match.MatchErr == nil, "%s %s", method, path)
			template, err := match.Route.GetPathTemplate()
			require.NoError(t, err)
			documented[method+" "+template] = true
			require.Equal(t, o.OperationID == match.Route.GetName(), template == path, "a definite path has an id of its own: %s", o.OperationID)
			require.NotEmpty(t, o.Description, path)
			require.NotEmpty(t, o.Extensions[inChinese], path)
		}
	}
	routed := map[string]bool{}
	require.NoError(t, a.router.Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		template, err := route.GetPathTemplate()
		require.NoError(t, err)
		methods, err := route.GetMethods()
		require.NoError(t, err)
		require.Equal(t, slices.Contains(methods, "GET"), slices.Contains(methods, "HEAD"))
		for _, m := range methods {
			if m != "HEAD" {
				routed[m+" "+template] = true
			}
		}
		return nil
	}))
	require.Equal(t, routed, documented)

	for _, c := range a.commands {
		o := doc.Paths.Value(c.Route).Post
		require.EqualValues(t, c.FourEyes, o.Extensions["x-four-eyes"])
		require.Len(t, o.Extensions["x-roles"], len(c.roles))
		require.Equal(t, c.Help.Zh, o.Extensions[inChinese])
		require.Equal(t, !c.Creates, o.Responses.Status(428) != nil, "%s", c.Route)
	}
	for _, rt := range a.routes() {
		require.NotEmpty(t, routeTexts[rt.name].Zh, "the route %s says not what it is for", rt.name)
	}
	require.Len(t, routeTexts, len(a.routes()))
}

func TestEveryPartOfTheDocumentIsInBothLanguages(t *testing.T) {
	w := newWorld(t)
	var doc any
	require.NoError(t, json.Unmarshal([]byte(w.get("", "/openapi.json").body), &doc))
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if _, ok := v["description"].(string); ok {
				require.NotEmpty(t, v[inChinese], at)
			}
			for name, x := range v {
				walk(at+"/"+name, x)
			}
		case []any:
			for i, x := range v {
				walk(fmt.Sprint(at, "/", i), x)
			}
		}
	}
	walk("", doc)
}

const released = "testdata/openapi.json"

// breaks is what of a newer document breaks clients of an older one.
func breaks(t *testing.T, older, newer []byte) []string {
	t.Helper()
	spec := func(raw []byte, name string) *load.SpecInfo {
		s, err := load.NewSpecInfoFromData(openapi3.NewLoader(), raw, name)
		require.NoError(t, err)
		return s
	}
	d, sources, err := diff.GetWithOperationsSourcesMap(diff.NewConfig(), spec(older, "released"), spec(newer, "served"))
	require.NoError(t, err)
	var list []string
	for _, change := range checker.CheckBackwardCompatibility(checker.NewConfig(checker.GetAllChecks()), d, sources) {
		if change.GetLevel() == checker.ERR {
			list = append(list, fmt.Sprintf("%s %s: %s", change.GetOperation(), change.GetPath(), change.GetUncolorizedText(checker.NewDefaultLocalizer())))
		}
	}
	return list
}

// TestNothingReleasedBreaks holds the served document against the released one. Additions pass.
// With TTLEDGER_RELEASE=1 it writes the served document as the released one instead.
func TestNothingReleasedBreaks(t *testing.T) {
	w := newWorld(t)
	served := []byte(w.get("", "/openapi.json").body)
	if os.Getenv("TTLEDGER_RELEASE") != "" {
		var pretty bytes.Buffer
		require.NoError(t, json.Indent(&pretty, served, "", "\t"))
		require.NoError(t, os.WriteFile(released, pretty.Bytes(), 0o644))
	}
	older, err := os.ReadFile(released)
	require.NoError(t, err)
	require.Empty(t, breaks(t, older, served), `The API breaks its clients.
Not meant: put back what is missing; a new field is optional, an old one stays.
Meant: serve the new shape beside the old under another path or name, or, before the first release
of what broke, say so in the changelog and run
	TTLEDGER_RELEASE=1 go test ./adapters/httpapi -run TestNothingReleasedBreaks
and commit `+released+` with the change.`)
}

func TestTheGateSeesBreaks(t *testing.T) {
	older, err := os.ReadFile(released)
	require.NoError(t, err)
	propose := "/v1/commands/project/{id}/propose"
	for name, c := range map[string]struct {
		change func(paths, schemas map[string]any)
		breaks bool
	}{
		"a path is gone": {func(p, s map[string]any) { delete(p, propose) }, true},
		"a field is required": {func(p, s map[string]any) {
			data := dig(p, propose, "post", "requestBody", "content", "application/json", "schema", "properties", "data")
			data["required"] = append(data["required"].([]any), "code")
		}, true},
		"a choice is gone": {func(p, s map[string]any) {
			mode := dig(p, propose, "post", "requestBody", "content", "application/json", "schema", "properties", "data", "properties", "mode")
			mode["enum"] = mode["enum"].([]any)[1:]
		}, true},
		"a column is gone": {func(p, s map[string]any) {
			row := dig(s, "Row-project-board")
			delete(row["properties"].(map[string]any), "stage")
			row["required"] = slices.DeleteFunc(row["required"].([]any), func(n any) bool { return n == "stage" })
		}, true},
		"additions": {func(p, s map[string]any) {
			data := dig(p, propose, "post", "requestBody", "content", "application/json", "schema", "properties", "data", "properties")
			data["colour"] = map[string]any{"type": "string"}
			dig(s, "Row-project-board", "properties")["colour"] = map[string]any{"type": "string"}
			p["/new"] = p["/healthz"]
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var doc map[string]any
			require.NoError(t, json.Unmarshal(older, &doc))
			c.change(dig(doc, "paths"), dig(doc, "components", "schemas"))
			newer, err := json.Marshal(doc)
			require.NoError(t, err)
			found := breaks(t, older, newer)
			require.Equal(t, c.breaks, len(found) > 0, found)
		})
	}
}

func dig(v map[string]any, path ...string) map[string]any {
	for _, name := range path {
		v = v[name].(map[string]any)
	}
	return v
}
