package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// tree is a part of the document. encoding/json writes its keys in order, so the same tables
// give the same bytes.
type tree = map[string]any

// operation is one path and method of the document. A route whose path has a place for a
// command, a view or a report is one operation for each of them.
type operation struct {
	route
	id       string      // unique
	path     string      // as in the route table, or more definite
	summary  ledger.Text //
	params   []string    // names of shared parameters, beside those of the path
	own      []tree      // parameters that no other operation has
	body     any         // schema of the request's body, or nil
	status   []int       // of success; 200 where empty
	content  tree        // media type to schema, of a success with a body
	headers  []string    // of a success
	problems []int       // statuses of refusals, beside those that every route may answer
	more     tree
}

// document is the OpenAPI 3.1 description of all that is served, made from the route table and
// the tables of commands, views and reports.
func (a *api) document(routes []route) ([]byte, error) {
	paths := map[string]tree{}
	for _, rt := range routes {
		for _, o := range a.operations(rt) {
			if paths[o.path] == nil {
				paths[o.path] = tree{}
			}
			paths[o.path][strings.ToLower(rt.method)] = o.tree()
		}
	}
	info := tree{"title": "ttledger", "version": "1"}
	return encode(tree{
		"openapi": "3.1.0", "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
		"info":  described(info, aboutAPI),
		"paths": paths,
		"components": tree{
			"securitySchemes": tree{"bearer": described(tree{"type": "http", "scheme": "bearer"}, ledger.Text{
				En: "a token that an administrator issued, or a JWT of the issuer of identities", Zh: "管理员签发的令牌,或身份提供方的 JWT",
			}), "session": described(tree{"type": "apiKey", "in": "cookie", "name": sessionCookie}, ledger.Text{
				En: "the cookie of a browser session", Zh: "浏览器会话 Cookie",
			})},
			"parameters": a.parameters(), "headers": headers(), "responses": refusals(), "schemas": a.answers(),
		},
	})
}

var aboutAPI = ledger.Text{
	En: "An event-sourced ledger of technology-transfer projects. One POST is one command; the client picks ids and idempotency keys, and a repeat answers from the record. Reads take a moment: as-of (when it was true) and known-at (what was recorded by then). Every GET answers HEAD too. Unknown parameters are refused.",
	Zh: "技术转移项目的事件溯源账本。一次 POST 为一个命令;标识和幂等键由客户端选定,重发时依记录作答。查询可指定时点:as-of(业务时点)与 known-at(入账时点)。凡 GET 均支持 HEAD。未知参数一律拒绝。",
}

// operations is what the document says of a route.
func (a *api) operations(rt route) []operation {
	o := operation{route: rt, id: rt.name, path: rt.path, summary: routeTexts[rt.name]}
	var all []operation
	switch rt.name {
	case "command":
		for _, c := range a.commands {
			all = append(all, c.operation(o))
		}
	case "view", "view-row":
		for _, v := range a.Views {
			all = append(all, viewOperation(o, v))
		}
	case "approvals":
		listed := viewOperation(o, projections.Approvals)
		listed.id = rt.name
		all = append(all, listed)
	case "report":
		for _, x := range a.Reports {
			all = append(all, reportOperation(o, x))
		}
	case "report-file":
		for _, x := range a.Reports {
			all = append(all, fileOperation(o, x))
		}
	default:
		all = append(all, a.plain(o))
	}
	return all
}

func (c command) operation(o operation) operation {
	o.id, o.path, o.roles, o.summary = o.id+"-"+c.Aggregate+"-"+c.Verb, c.Route, c.roles, c.Help
	o.params = []string{"Idempotency-Key", "If-Match", "Prefer", "traceparent"}
	o.body = c.body
	o.status, o.content = []int{http.StatusOK, http.StatusNoContent}, inJSON(ref("schemas", "Receipt"))
	o.headers = []string{"ETag", "Ledger-Position", "Idempotency-Replayed", "Preference-Applied"}
	o.problems = []int{409, 412, 413, 415, 422}
	o.more = tree{"tags": []string{c.Aggregate}, "x-four-eyes": c.FourEyes}
	if c.FourEyes {
		o.status, o.headers = append(o.status, http.StatusAccepted), append(o.headers, "Location")
	}
	if c.Creates {
		o.params[1] = "If-Match-New"
		if !c.FourEyes {
			o.status[0], o.headers = http.StatusCreated, append(o.headers, "Location")
		}
	} else {
		o.problems = append(o.problems, 404, 428)
	}
	return o
}

// settledParams and settledHeaders are of every read that can wait for the read models.
var (
	settledParams  = []string{"Ledger-Min-Position", "Prefer"}
	settledHeaders = []string{"Ledger-Position", "Ledger-Entry"}
)

func viewOperation(o operation, v projections.View) operation {
	row := ref("schemas", "Row-"+v.Name)
	o.id, o.path, o.roles, o.summary = o.id+"-"+v.Name, strings.Replace(o.path, "{view}", v.Name, 1), v.Roles, v.Title
	o.headers = settledHeaders
	o.params = append([]string{"as-of", "known-at"}, settledParams...)
	o.more = tree{"tags": []string{"views"}}
	if o.name == "view-row" {
		o.content = inJSON(record(footed(tree{"view": aString, "row": row})))
		o.problems = []int{404}
		return o
	}
	o.params = append(o.params, "format", "bom", "header", "sort", "limit", "cursor")
	for _, c := range v.Columns {
		o.own = append(o.own, filterParams(c)...)
	}
	o.content = sheet(record(footed(tree{"view": aString, "rows": list(row), "next": aString}), "next"))
	o.headers, o.problems = slices.Concat(o.headers, fileHeaders), []int{406}
	return o
}

func reportOperation(o operation, x projections.Report) operation {
	o.id, o.path, o.roles, o.summary = o.id+"-"+x.Code, strings.Replace(o.path, "{code}", x.Code, 1), x.Roles, x.Title
	o.params = append([]string{"as-of", "known-at", "format", "bom", "header"}, settledParams...)
	for _, p := range x.Params {
		o.own = append(o.own, described(tree{"name": p.Name, "in": "query", "required": p.Required, "schema": aString}, p.Help))
	}
	o.content = sheet(record(footed(tree{
		"report": aString, "title": ref("schemas", "Text"), "formula": aString, "scope": tree{"type": "object", "additionalProperties": aString},
		"columns": list(ref("schemas", "Column")), "rows": list(rowSchema(x.Columns)), "sealed": aString,
	}), "sealed"))
	o.headers, o.problems = slices.Concat(settledHeaders, fileHeaders, []string{"Ledger-Formula", "Ledger-Checkpoint"}), []int{406}
	o.more = tree{"tags": []string{"reports"}, "x-formula": x.Formula}
	return o
}

// fileOperation is a report made into a file that is kept.
func fileOperation(o operation, x projections.Report) operation {
	file := reportOperation(o, x)
	file.id, file.roles = o.id+"-"+x.Code, o.roles
	file.status, file.headers, file.problems = []int{http.StatusCreated}, settledHeaders, []int{413}
	file.content = inJSON(answerOf[reportFile]())
	return file
}

// fileHeaders are those of an export.
var fileHeaders = []string{"Link", "Content-Disposition", "Ledger-As-Of", "Ledger-Known-At"}

// filterParams is how a column filters: any of some values, from, to, and contains.
func filterParams(c projections.Column) []tree {
	params := []tree{described(tree{
		"name": c.Name, "in": "query", "style": "form", "explode": true, "schema": list(aString),
	}, c.Label)}
	for _, op := range []string{"gte", "lte", "like"} {
		params = append(params, tree{"name": c.Name + "." + op, "in": "query", "schema": aString})
	}
	return params
}

// tree is the operation as the document has it.
func (o operation) tree() tree {
	params := []any{ref("parameters", "Accept-Language"), ref("parameters", "Request-Id")}
	for _, name := range slices.Concat(pathNames(o.path), o.params) {
		params = append(params, ref("parameters", name))
	}
	for _, p := range o.own {
		params = append(params, p)
	}
	t := described(tree{"operationId": o.id, "summary": o.summary.En, "parameters": params, "responses": o.responses(), "security": []any{}}, o.summary)
	if !slices.Equal(o.roles, public) {
		t["security"] = []any{tree{"bearer": []string{}}, tree{"session": []string{}}}
		if !slices.Equal(o.roles, bearer) {
			t["x-roles"] = o.roles
		}
	}
	if o.body != nil {
		t["requestBody"] = tree{"required": true, "content": inJSON(o.body)}
	}
	maps.Copy(t, o.more)
	return t
}

func (o operation) responses() tree {
	all := tree{}
	if len(o.status) == 0 {
		o.status = []int{http.StatusOK}
	}
	own := tree{}
	for _, name := range []string{"Request-Id", "RateLimit", "RateLimit-Policy"} {
		own[name] = ref("headers", name)
	}
	for _, name := range o.headers {
		own[name] = ref("headers", name)
	}
	for _, status := range o.status {
		success := described(tree{"headers": own}, successTexts[status])
		if o.content != nil && status != http.StatusNoContent {
			success["content"] = o.content
		}
		all[number(status)] = success
	}
	refused := slices.Concat(o.problems, []int{400, 429, 500})
	if !slices.Equal(o.roles, public) {
		refused = append(refused, 401, 503)
		if !slices.Equal(o.roles, bearer) {
			refused = append(refused, 403)
		}
	}
	for _, status := range refused {
		all[number(status)] = ref("responses", number(status))
	}
	return all
}

var pathName = regexp.MustCompile(`\{([a-z-]+)\}`)

// pathNames is the places in a path.
func pathNames(path string) []string {
	var names []string
	for _, m := range pathName.FindAllStringSubmatch(path, -1) {
		names = append(names, m[1])
	}
	return names
}

// asset is something made once at start, with the ETag of its bytes.
type asset struct {
	name, media, etag string
	bytes             []byte
}

func assetOf(name, media string, raw []byte) asset {
	sum := sha256.Sum256(raw)
	return asset{name, media, `"` + hex.EncodeToString(sum[:12]) + `"`, raw}
}

// write answers the bytes, or 304 to who has them.
func (s asset) write(w http.ResponseWriter, r *http.Request) error {
	if err := paramsOf(r).done(); err != nil {
		return err
	}
	w.Header().Set("Content-Type", s.media)
	w.Header().Set("ETag", s.etag)
	http.ServeContent(w, r, s.name, time.Time{}, bytes.NewReader(s.bytes))
	return nil
}
