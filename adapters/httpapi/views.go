package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// What every sheet takes as parameters, and every view besides.
var (
	sheetParams = []string{"as-of", "known-at", "format", "bom", "header"}
	viewParams  = append([]string{"sort", "limit", "cursor"}, sheetParams...)
)

// The bounds of a page of a view.
const (
	viewPage    = 50
	viewPageMax = 500
	exportPage  = 1000
	maxSort     = 8
)

// footing says at which moment an answer holds and how far the read models stood.
type footing struct {
	AsOf       ledger.Date  `json:"as_of"`
	KnownAt    ledger.Entry `json:"known_at"`
	Checkpoint checkpoint   `json:"checkpoint"`
}

type checkpoint struct {
	Entry      ledger.Entry    `json:"entry"`
	Position   ledger.Position `json:"position"`
	RecordedAt string          `json:"recorded_at,omitzero"`
}

func footingOf(p projections.Page) footing {
	c := checkpoint{Entry: p.Checkpoint.Entry, Position: p.Checkpoint.Position}
	if at := p.Checkpoint.RecordedAt; !at.IsZero() {
		c.RecordedAt = at.UTC().Format("2006-01-02T15:04:05.000000Z")
	}
	return footing{p.At.AsOf, p.At.KnownAt, c}
}

func (a *api) views(w http.ResponseWriter, r *http.Request) error {
	type line struct {
		Name    string               `json:"name"`
		Version int                  `json:"version"`
		Title   ledger.Text          `json:"title"`
		Route   string               `json:"route"`
		Columns []projections.Column `json:"columns"`
	}
	if err := paramsOf(r).done(); err != nil {
		return err
	}
	list := []line{}
	for _, v := range a.Views {
		if permit(callOf(r).actor, v.Roles) == nil {
			list = append(list, line{v.Name, v.Version, v.Title, "/v1/views/" + v.Name, v.Columns})
		}
	}
	return writeJSON(w, http.StatusOK, map[string]any{"views": list})
}

// findView is the view of the route, if the actor may read it.
func (a *api) findView(r *http.Request) (projections.View, error) {
	name := mux.Vars(r)["view"]
	i := slices.IndexFunc(a.Views, func(v projections.View) bool { return v.Name == name })
	if i < 0 {
		return projections.View{}, &ledger.Error{Kind: ledger.KindNotFound, Code: "no-such-view", Msg: ledger.Text{
			En: fmt.Sprintf("there is no view %q; /v1/views lists them", name), Zh: fmt.Sprintf("没有视图 %q;视图列表见 /v1/views", name),
		}}
	}
	return a.Views[i], permit(callOf(r).actor, a.Views[i].Roles)
}

// view answers a page of a view as JSON, or all its rows as NDJSON, CSV or XLSX.
func (a *api) view(w http.ResponseWriter, r *http.Request) error {
	v, err := a.findView(r)
	if err != nil {
		return err
	}
	p := paramsOf(r)
	form, err := negotiate(r.Header, p.one("format"), formatJSON, formatNDJSON, formatCSV, formatXLSX)
	if err != nil {
		return err
	}
	q, err := a.readQuery(r.Context(), v, p, form)
	if err != nil {
		return err
	}
	if q.Only, err = a.only(r.Context(), callOf(r).actor, v); err != nil {
		return err
	}
	if form == formatJSON {
		return a.viewPage(w, r, q)
	}
	return a.export(w, r, form, about{name: v.Name, title: v.Title}, a.pages(r.Context(), q))
}

// readQuery reads filters, order, page and moment. The Reader checks the values of filters.
func (a *api) readQuery(ctx context.Context, v projections.View, p *params, form format) (q projections.Query, err error) {
	q.View = v.Name
	for _, c := range v.Columns {
		q.Where = append(q.Where, filters(p, c.Name)...)
	}
	q.Sort = order(p, v.Columns)
	q.After = p.one("cursor")
	if form == formatJSON {
		q.Limit = int(p.number("limit", viewPage, 1, viewPageMax))
	} else {
		q.Limit = int(p.number("limit", math.MaxInt64, 1, math.MaxInt64))
		p.sheet()
	}
	when := p.moment()
	if err := p.done(); err != nil {
		return q, err
	}
	q.At, err = a.at(ctx, when)
	return q, err
}

func filters(p *params, column string) []projections.Where {
	var list []projections.Where
	if values := p.all(column); len(values) > 0 {
		list = append(list, projections.Where{Column: column, Op: "eq", Values: values})
	}
	for _, op := range []string{"gte", "lte", "like"} {
		if value := p.one(column + "." + op); value != "" {
			list = append(list, projections.Where{Column: column, Op: op, Values: []string{value}})
		}
	}
	return list
}

// order reads sort=-a,b: by a downwards, then by b.
func order(p *params, columns []projections.Column) []projections.Sort {
	text := p.one("sort")
	if text == "" {
		return nil
	}
	var list []projections.Sort
	for item := range strings.SplitSeq(text, ",") {
		name, down := strings.CutPrefix(item, "-")
		if !slices.ContainsFunc(columns, func(c projections.Column) bool { return c.Name == name }) {
			p.wrong(fmt.Sprintf("sort takes columns, - before one to turn it round; there is no column %q", name), fmt.Sprintf("sort 应为列名(降序加 -);没有列 %q", name))
		}
		list = append(list, projections.Sort{Column: name, Descending: down})
	}
	if len(list) > maxSort {
		p.wrong(fmt.Sprintf("sort takes at most %d columns", maxSort), fmt.Sprintf("sort 最多 %d 列", maxSort))
	}
	return list
}

func (a *api) viewPage(w http.ResponseWriter, r *http.Request, q projections.Query) error {
	page, err := a.Reader.Query(r.Context(), q)
	if err != nil {
		return err
	}
	next := ""
	if page.Next != "" {
		next = nextPage(w, r, url.Values{"cursor": {page.Next}, "as-of": {page.At.AsOf.String()}, "known-at": {fmt.Sprint(page.At.KnownAt)}})
	}
	stand(w.Header(), page.Checkpoint)
	return writeJSON(w, http.StatusOK, struct {
		View string            `json:"view"`
		Rows []json.RawMessage `json:"rows"`
		footing
		Next string `json:"next,omitzero"`
	}{q.View, objects(page), footingOf(page), next})
}

// viewRow answers one row by its key.
func (a *api) viewRow(w http.ResponseWriter, r *http.Request) error {
	v, err := a.findView(r)
	if err != nil {
		return err
	}
	p := paramsOf(r)
	when := p.moment()
	if err := p.done(); err != nil {
		return err
	}
	at, err := a.at(r.Context(), when)
	if err != nil {
		return err
	}
	only, err := a.only(r.Context(), callOf(r).actor, v)
	if err != nil {
		return err
	}
	key := mux.Vars(r)["key"]
	page, err := a.Reader.Query(r.Context(), projections.Query{View: v.Name, Key: key, At: at, Only: only, Limit: 1})
	if err != nil {
		return err
	}
	if len(page.Rows) == 0 {
		return &ledger.Error{Kind: ledger.KindNotFound, Code: "no-such-row", Msg: ledger.Text{
			En: fmt.Sprintf("%s has no row %q at that moment", v.Name, key), Zh: fmt.Sprintf("%s 在该时点没有 %q", v.Name, key),
		}}
	}
	stand(w.Header(), page.Checkpoint)
	return writeJSON(w, http.StatusOK, struct {
		View string          `json:"view"`
		Row  json.RawMessage `json:"row"`
		footing
	}{v.Name, objects(page)[0], footingOf(page)})
}

// pages reads a query to its end, or to its limit, a page at a time and all at one moment.
func (a *api) pages(ctx context.Context, q projections.Query) iter.Seq2[projections.Page, error] {
	return func(yield func(projections.Page, error) bool) {
		for left := q.Limit; ; {
			q.Limit = min(left, exportPage)
			page, err := a.Reader.Query(ctx, q)
			left -= len(page.Rows)
			if !yield(page, err) || err != nil || page.Next == "" || left <= 0 {
				return
			}
			q.At, q.After = page.At, page.Next
		}
	}
}
