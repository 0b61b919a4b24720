package httpapi

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

//go:embed page.html page.css
var pageFiles embed.FS

// pagePolicy lets the page have its style from here and nothing from anywhere else.
const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// published is what is made once at start.
type published struct {
	openapi asset
	style   asset
	pages   map[string]asset // by language
}

// publish makes the document and the pages.
func (a *api) publish(routes []route) error {
	raw, err := a.document(routes)
	if err != nil {
		return fmt.Errorf("httpapi: the OpenAPI document: %w", err)
	}
	style, err := pageFiles.ReadFile("page.css")
	if err != nil {
		return err
	}
	a.published = published{
		openapi: assetOf("openapi.json", mediaTypes[formatJSON], raw),
		style:   assetOf("page.css", "text/css; charset=utf-8", style),
		pages:   map[string]asset{},
	}
	for _, lang := range []string{english, chinese} {
		html, err := a.render(lang)
		if err != nil {
			return fmt.Errorf("httpapi: the catalogue page: %w", err)
		}
		a.published.pages[lang] = assetOf("catalogue", "text/html; charset=utf-8", html)
	}
	return nil
}

func (a *api) openapi(w http.ResponseWriter, r *http.Request) error {
	return a.published.openapi.write(w, r)
}

func (a *api) pageStyle(w http.ResponseWriter, r *http.Request) error {
	return a.published.style.write(w, r)
}

// page sends a reader to the page in their language.
func (a *api) page(w http.ResponseWriter, r *http.Request) error {
	if err := paramsOf(r).done(); err != nil {
		return err
	}
	to := "/en/catalogue"
	if callOf(r).lang == chinese {
		to = "/zh/catalogue"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// pageIn answers the page in one language.
func (a *api) pageIn(lang string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Content-Security-Policy", pagePolicy)
		w.Header().Set("Content-Language", lang)
		return a.published.pages[lang].write(w, r)
	}
}

// pageView is what the template shows.
type pageView struct {
	Lang    string
	Act     []pageField
	Kinds   []pageKind
	Views   []projections.View
	Reports []projections.Report
}

// pageKind is one kind of thing.
type pageKind struct {
	ledger.Aggregate
	Commands []pageCommand
	Stored   []pageEvent
}

type pageCommand struct {
	command
	Fields   []pageField
	Example  string // body
	Curl     string
	Template string // where it is
}

// pageField is a field of a body, at its path.
type pageField struct {
	Path     string
	Type     string // of JSON
	Format   string // uuid or date, where it is one
	Required bool
	Personal bool // it is kept sealed
	Choices  []any
	Help     ledger.Text
}

// pageEvent is a stored name with an example of its data, or with what it is read as where it is
// a former shape.
type pageEvent struct{ Name, Example, ReadAs string }

func (a *api) render(lang string) ([]byte, error) {
	t, err := template.New("page.html").Funcs(template.FuncMap{
		"say": func(t ledger.Text) string { return say(lang, t) },
		"t": func(key string) (string, error) {
			label, ok := pageLabels[key]
			if !ok {
				return "", fmt.Errorf("there is no label %q", key)
			}
			return say(lang, label), nil
		},
		"named":  named,
		"column": func(t projections.ColumnType) string { return say(lang, columnTypes[t]) },
		"kind": func(f pageField) string {
			switch {
			case f.Format == "date":
				return say(lang, columnTypes[projections.TypeDate])
			case f.Format != "":
				return strings.ToUpper(f.Format)
			case lang == chinese:
				return typeNames[f.Type]
			}
			return cmp.Or(f.Type, "any JSON")
		},
	}).ParseFS(pageFiles, "page.html")
	if err != nil {
		return nil, err
	}
	view := pageView{Lang: lang, Act: fieldsOf(actSchema, ""), Views: a.Views, Reports: a.Reports}
	for _, g := range a.Ledger.Aggregates {
		k, err := a.kindOf(g, lang)
		if err != nil {
			return nil, err
		}
		view.Kinds = append(view.Kinds, k)
	}
	var b bytes.Buffer
	err = t.Execute(&b, view)
	return b.Bytes(), err
}

// kindOf is an aggregate as the page shows it.
func (a *api) kindOf(g ledger.Aggregate, lang string) (pageKind, error) {
	k := pageKind{Aggregate: g}
	for _, c := range a.commands {
		if c.Aggregate != g.Category {
			continue
		}
		body, err := indented(example(c.body, false))
		if err != nil {
			return k, err
		}
		template := fmt.Sprintf("/%s/catalogue/%s/%s.csv", map[string]string{english: "en", chinese: "zh"}[lang], c.Aggregate, c.Verb)
		k.Commands = append(k.Commands, pageCommand{c, fieldsOf(c.Schema, ""), body, c.curl(body), template})
	}
	for _, name := range g.Events {
		s, now, err := eventSchema(g, name)
		if err != nil {
			return k, err
		}
		if now != name {
			k.Stored = append(k.Stored, pageEvent{Name: name, ReadAs: now})
			continue
		}
		data, err := indented(example(s, true))
		if err != nil {
			return k, err
		}
		k.Stored = append(k.Stored, pageEvent{Name: name, Example: data})
	}
	return k, nil
}

// eventSchema is the schema of an event as it is read today, from nothing but its Go type, and the
// stored name of that shape.
func eventSchema(g ledger.Aggregate, name string) (s *jsonschema.Schema, now string, err error) {
	e, err := g.Decode(name, []byte("{}"))
	if err != nil {
		return nil, "", err
	}
	return storedSchemaOf(reflect.TypeOf(e)), e.EventType(), nil
}

// curl is the command as one types it.
func (c command) curl(body string) string {
	lines := []string{
		`curl -X POST "$SERVER` + strings.Replace(c.Route, "{id}", "$ID", 1) + `"`,
		`-H "Authorization: Bearer $TOKEN"`, `-H "Idempotency-Key: $(uuidgen)"`, `-H "Content-Type: application/json"`,
	}
	if !c.Creates {
		lines = append(lines, `-H 'If-Match: "1"'`)
	}
	return strings.Join(append(lines, "-d '"+body+"'"), " \\\n  ")
}

// fieldsOf lists the fields of an object and of what is in it, in their order.
func fieldsOf(s *jsonschema.Schema, path string) []pageField {
	var list []pageField
	if s.Properties == nil {
		return nil
	}
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		f, at := p.Value, path+p.Key
		zh, _ := f.Extras[inChinese].(string)
		_, sealed := f.Extras[personal]
		field := pageField{
			Path: at, Type: f.Type, Format: f.Format, Required: slices.Contains(s.Required, p.Key),
			Personal: sealed, Choices: f.Enum, Help: ledger.Text{En: f.Description, Zh: zh},
		}
		if f.Pattern == datePattern {
			field.Format = "date"
		}
		if field.Type == "" {
			field.Type = "object"
		}
		list = append(list, field)
		if f.Items != nil {
			list[len(list)-1].Choices = append(field.Choices, f.Items.Enum...)
			_, list[len(list)-1].Personal = f.Items.Extras[personal]
			list = append(list, fieldsOf(f.Items, at+"[].")...)
		}
		list = append(list, fieldsOf(f, at+".")...)
	}
	return list
}

func indented(v any) (string, error) {
	raw, err := encode(v)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = json.Indent(&b, bytes.TrimSpace(raw), "", "  ")
	return b.String(), err
}

// columnTypes is what the types of columns are called.
var columnTypes = map[projections.ColumnType]ledger.Text{
	projections.TypeText:    {En: "text", Zh: "文本"},
	projections.TypeInteger: {En: "integer", Zh: "整数"},
	projections.TypeBoolean: {En: "true or false", Zh: "是/否"},
	projections.TypeDate:    {En: "date", Zh: "日期"},
	projections.TypeTime:    {En: "time", Zh: "时间"},
	projections.TypeJSON:    {En: "JSON", Zh: "JSON"},
	projections.TypeDecimal: {En: "decimal", Zh: "小数"},
	projections.TypeNumber:  {En: "number", Zh: "数值"},
}

// pageLabels is every word of the page that no table has.
var pageLabels = map[string]ledger.Text{
	"title":     {En: "Catalogue", Zh: "目录"},
	"lead":      {En: "Every command, event, view and report of this ledger. The same tables make the routes, the schemas and the OpenAPI document.", Zh: "本账本的全部命令、事件、视图与报表。接口、数据模式与 OpenAPI 文档均由同一组表生成。"},
	"other":     {En: "中文", Zh: "English"},
	"openapi":   {En: "OpenAPI document", Zh: "OpenAPI 文档"},
	"contents":  {En: "Contents", Zh: "目次"},
	"envelope":  {En: "What surrounds every command", Zh: "命令的公共信封"},
	"commands":  {En: "Commands", Zh: "命令"},
	"events":    {En: "Events", Zh: "事件"},
	"views":     {En: "Views", Zh: "视图"},
	"reports":   {En: "Reports", Zh: "报表"},
	"roles":     {En: "Who may", Zh: "可用角色"},
	"four-eyes": {En: "four eyes: takes effect only by another person", Zh: "四眼原则:须由他人决定方可生效"},
	"creates":   {En: "begins a stream", Zh: "新建事件流"},
	"field":     {En: "Field", Zh: "字段"},
	"type":      {En: "Type", Zh: "类型"},
	"personal":  {En: "personal, kept sealed", Zh: "个人信息,加密保存"},
	"required":  {En: "required", Zh: "必填"},
	"choices":   {En: "One of", Zh: "可选值"},
	"help":      {En: "Meaning", Zh: "说明"},
	"no-fields": {En: "This command has no fields of its own.", Zh: "该命令没有自身字段。"},
	"example":   {En: "Example body", Zh: "请求正文示例"},
	"curl":      {En: "With curl", Zh: "使用 curl"},
	"template":  {En: "import template", Zh: "导入模板"},
	"stored":    {En: "Example of its data", Zh: "数据示例"},
	"read-as":   {En: "No longer written; read as", Zh: "已不再写入,读取时视为"},
	"columns":   {En: "Columns", Zh: "列"},
	"column":    {En: "Column", Zh: "列名"},
	"label":     {En: "Label", Zh: "标签"},
	"version":   {En: "version", Zh: "版本"},
	"params":    {En: "Parameters", Zh: "参数"},
	"param":     {En: "Parameter", Zh: "参数名"},
	"formula":   {En: "Formula", Zh: "公式"},
	"none":      {En: "none", Zh: "无"},
	"moment":    {En: "Every view and report takes as-of (when it was true) and known-at (what was recorded by then).", Zh: "所有视图与报表均可指定 as-of(业务时点)与 known-at(入账时点)。"},
}
