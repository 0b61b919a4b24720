package webui

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// viewList is every register that the reader may read.
func (s *site) viewList(p *page) error {
	var list []projections.View
	for _, v := range s.Views {
		if p.Holds(v.Roles) {
			list = append(list, v)
		}
	}
	p.dated()
	return p.render(http.StatusOK, "views", p.say("views"), list)
}

// viewData is the page of a view.
type viewData struct {
	View    projections.View
	Table   table
	Filters []filter
	Begin   []ledger.Verb // commands that begin what the rows are of
	Whole   bool
	Toggle  string // address with all columns, or with fewer
	Some    bool   // filters are set
}

// filter is a control that narrows the rows.
type filter struct {
	Name, Label, Value string
	Type               projections.ColumnType
	Choices            []choice
}

type choice struct {
	Value, Label string
	Chosen       bool
}

const rowsAPage = 50

// own is the parameters of a page that are not the API's.
var own = []string{"columns", "as-of", "known-at"}

func (s *site) view(p *page) error {
	v, ok := s.viewOf(p.vars["view"])
	if !ok {
		return nothingHere
	}
	query := url.Values{"limit": {strconv.Itoa(rowsAPage)}}
	for name, values := range p.r.URL.Query() {
		if kept := slices.DeleteFunc(slices.Clone(values), func(x string) bool { return x == "" }); len(kept) > 0 && !slices.Contains(own, name) {
			query[name] = kept
		}
	}
	found, err := p.query(v.Name, query)
	if err != nil {
		return err
	}
	columns, whole := p.columnsOf(v.Columns), p.r.URL.Query().Get("columns") == "all"
	filters := p.filters(columns, query)
	if !whole {
		columns = briefly(v, columns, found.Rows)
	}
	p.sorts(columns, query)
	data := viewData{View: v, Filters: filters, Whole: whole, Table: table{
		Caption: say(p.Lang, v.Title), Columns: columns, Rows: p.rowsOf(v, columns, found.Rows), CSV: file("csv", "/v1/views/"+v.Name, p.at(query)), XLSX: file("xlsx", "/v1/views/"+v.Name, p.at(query)),
	}}
	if next := found.cursor(); next != nil {
		data.Table.Next = p.with(next)
	}
	data.Toggle = p.with(url.Values{"columns": {map[bool]string{true: "", false: "all"}[whole]}})
	data.Some = slices.ContainsFunc(filters, func(f filter) bool { return f.Value != "" })
	if g, ok := s.kindOf(v.Of.Category); ok && v.Of.Column == "id" {
		data.Begin = slices.DeleteFunc(slices.Clone(g.Verbs), func(x ledger.Verb) bool { return !x.Creates || !p.Holds(x.Roles) })
	}
	p.dated()
	return p.render(http.StatusOK, "view", say(p.Lang, v.Title), data)
}

// with is the address of this page with other parameters; an empty one is left out.
func (p *page) with(change url.Values) string {
	query := p.r.URL.Query()
	for name, values := range change {
		if query[name] = values; len(values) == 0 || values[0] == "" {
			query.Del(name)
		}
	}
	for name, values := range query {
		if !slices.ContainsFunc(values, func(x string) bool { return x != "" }) {
			query.Del(name)
		}
	}
	return address(p.r.URL.Path, query)
}

// sorts gives each column the address that sorts by it, the other way round where it is sorted.
func (p *page) sorts(columns []shown, query url.Values) {
	now := query.Get("sort")
	for i, c := range columns {
		by := c.Name
		if c.zh != "" && p.Lang == english {
			by = c.en
		}
		if c.Type == projections.TypeJSON {
			continue
		}
		switch now {
		case by:
			columns[i].Sorted, by = "ascending", "-"+by
		case "-" + by:
			columns[i].Sorted = "descending"
		}
		columns[i].Sort = p.with(url.Values{"sort": {by}, "cursor": nil})
	}
}

// filters are the controls for the columns that can be compared.
func (p *page) filters(columns []shown, query url.Values) []filter {
	var list []filter
	add := func(name, label string, t projections.ColumnType, choices []choice) {
		list = append(list, filter{name, label, query.Get(name), t, choices})
	}
	for _, c := range columns {
		switch {
		case c.zh != "":
			name := c.zh
			if p.Lang == english {
				name = c.en
			}
			add(name+".like", c.Label, c.Type, nil)
		case c.minor != "" || c.Name == "id" || strings.HasSuffix(c.Name, "_id"):
		case c.Type == projections.TypeDate:
			add(c.Name+".gte", c.Label+p.say("from-on"), c.Type, nil)
			add(c.Name+".lte", c.Label+p.say("until"), c.Type, nil)
		case c.Type == projections.TypeBoolean:
			add(c.Name, c.Label, c.Type, p.choices(query.Get(c.Name), []choice{{Value: "true", Label: p.say("yes")}, {Value: "false", Label: p.say("no")}}))
		case c.Type == projections.TypeText && p.site.termsOf(p.Lang, c.Name) != nil:
			add(c.Name, c.Label, c.Type, p.choices(query.Get(c.Name), p.site.termsOf(p.Lang, c.Name)))
		case c.Type == projections.TypeText || c.Type == projections.TypeJSON:
			add(c.Name+".like", c.Label, c.Type, nil)
		case c.Type == projections.TypeInteger:
			add(c.Name+".gte", c.Label+" ≥", c.Type, nil)
			add(c.Name+".lte", c.Label+" ≤", c.Type, nil)
		}
	}
	return list
}

// choices marks the one that is chosen.
func (p *page) choices(now string, list []choice) []choice {
	list = slices.Clone(list)
	for i := range list {
		list[i].Chosen = list[i].Value == now
	}
	return list
}

// pick suggests things of a category by a part of their name or code, for the fields of forms.
func (s *site) pick(p *page) error {
	part := strings.TrimSpace(p.r.URL.Query().Get("q"))
	n, ok := s.namer(p.vars["aggregate"])
	if !ok || part == "" {
		return p.write(http.StatusOK, nil)
	}
	var found []row
	for _, column := range slices.Compact([]string{n.zh, n.en, n.code}) {
		if column == "" || len(found) >= suggestions {
			continue
		}
		more, err := p.query(n.view, url.Values{column + ".like": {part}, "limit": {"10"}})
		if err != nil {
			return err
		}
		found = append(found, more.Rows...)
	}
	var list []choice
	for _, r := range found[:min(len(found), suggestions)] {
		list = append(list, choice{Value: r.text("id"), Label: p.called(n, r)})
	}
	return p.part("choices", list)
}

const suggestions = 10
