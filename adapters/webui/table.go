package webui

import (
	"net/url"
	"slices"
	"strings"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// table is rows as a page shows them.
type table struct {
	Caption string
	Columns []shown
	Rows    [][]value
	Next    string // address of the next page
	CSV     string // of the same rows as a file
	XLSX    string
	All     string // address of the whole table, where this is a part
}

// shown is a column of a page: one of a view, or two that belong together: an amount and its
// currency, a name in two languages.
type shown struct {
	Name   string
	Label  string
	Type   projections.ColumnType
	Sort   string // address that sorts by it
	Sorted string // ascending or descending, where the rows are

	zh, en          string
	minor, currency string
}

// Numbers says whether what is under a heading is set to the right.
func (s shown) Numbers() bool {
	return s.minor != "" || s.Type == projections.TypeInteger || s.Type == projections.TypeDecimal || s.Type == projections.TypeNumber
}

// columnsOf lists the columns of a view or report as a page shows them.
func (p *page) columnsOf(all []projections.Column) []shown {
	has := func(name string) bool {
		return slices.ContainsFunc(all, func(c projections.Column) bool { return c.Name == name })
	}
	var list []shown
	for _, c := range all {
		s := shown{Name: c.Name, Label: say(p.Lang, c.Label), Type: c.Type}
		stem, isZh := strings.CutSuffix(c.Name, "_zh")
		english, isEn := strings.CutSuffix(c.Name, "_en")
		amount, isMinor := strings.CutSuffix(c.Name, "_minor")
		unit, isCurrency := strings.CutSuffix(c.Name, "_currency")
		switch {
		case isEn && has(english+"_zh"), isCurrency && has(unit+"_minor"):
			continue
		case isZh && has(stem+"_en"):
			s.zh, s.en, s.Label = c.Name, stem+"_en", unbracketed(s.Label)
		case isMinor && has(amount+"_currency"):
			s.minor, s.currency, s.Label = c.Name, amount+"_currency", unbracketed(s.Label)
		}
		list = append(list, s)
	}
	return list
}

// unbracketed is a label without what stands in brackets at its end.
func unbracketed(label string) string {
	if i := strings.LastIndexAny(label, "(("); i > 0 {
		return strings.TrimSpace(label[:i])
	}
	return label
}

// cell is what a row has in a column.
func (p *page) cell(category string, c shown, r row) value {
	switch {
	case c.zh != "":
		return value{Text: p.either(r.text(c.zh), r.text(c.en))}
	case c.minor != "":
		if r.text(c.minor) == "" {
			return value{}
		}
		return value{Text: p.money(r.text(c.minor), r.text(c.currency)), Number: true}
	}
	v := p.show(category, c.Name, r[c.Name])
	v.Number = v.Number || c.Type == projections.TypeDecimal || c.Type == projections.TypeNumber
	return v
}

// brief is the columns that a table shows first; a link on it shows all.
const briefColumns = 8

// briefly leaves out what a first look does without: ids, columns that are empty in all rows, and
// what is a structure of its own.
func briefly(v projections.View, columns []shown, found []row) []shown {
	if names, ok := curated[v.Name]; ok {
		return slices.DeleteFunc(slices.Clone(columns), func(c shown) bool { return !slices.Contains(names, c.Name) })
	}
	var list []shown
	for _, c := range columns {
		empty := !slices.ContainsFunc(found, func(r row) bool { return r[c.Name] != nil || c.en != "" && r[c.en] != nil })
		if c.Name == "id" || c.Type == projections.TypeJSON || empty && len(found) > 0 {
			continue
		}
		if list = append(list, c); len(list) == briefColumns {
			break
		}
	}
	return list
}

// curated is the columns of a first look where somebody has thought about them.
var curated = map[string][]string{
	"project-board":         {"code", "title_zh", "stage", "gate", "responsible", "park", "funding_minor", "proposed_on", "changed_on"},
	"s-e1":                  {"action", "name_zh", "unit_zh", "baseline", "target", "target_due", "actual", "actual_on", "attainment", "elapsed", "status"},
	"organisation-register": {"name_zh", "kind", "unit_kind", "uscc", "region", "registered_on", "projects"},
	"timeline":              {"entry", "occurred_on", "type", "stream", "actor", "role", "recorded_at"},
}

// rowsOf fills a table; the first cell of a row leads to the thing the row is of.
func (p *page) rowsOf(v projections.View, columns []shown, found []row) [][]value {
	var streams []ledger.StreamID
	for _, r := range found {
		for _, c := range columns {
			if c.zh == "" && c.minor == "" {
				streams = p.mentioned(v.Of.Category, c.Name, r[c.Name], streams)
			}
		}
	}
	p.learn(streams)
	var list [][]value
	for _, r := range found {
		var cells []value
		for _, c := range columns {
			cells = append(cells, p.cell(v.Of.Category, c, r))
		}
		p.lead(v, r, columns, cells)
		list = append(list, cells)
	}
	return list
}

// lead makes the cell that names a row's thing lead to it.
func (p *page) lead(v projections.View, r row, columns []shown, cells []value) {
	at := slices.IndexFunc(cells, func(c value) bool { return c.Text != "" && c.Href == "" })
	if titled := slices.IndexFunc(columns, func(c shown) bool { return c.zh != "" }); titled >= 0 && cells[titled].Text != "" {
		at = titled
	}
	switch id := r.text(v.Of.Column); {
	case at < 0 || id == "":
	case v.Name == "timeline":
		cells[0].Href = p.Href("/history/" + r.text("entry"))
	case v.Of.Category != "":
		cells[at].Href = p.Href("/things/" + v.Of.Category + "/" + id)
	}
}

// file is the address of the same rows in another form, with the labels of this language.
func file(form, path string, query url.Values) string {
	q := url.Values{}
	for name, values := range query {
		if name != "cursor" && name != "limit" && name != "columns" {
			q[name] = values
		}
	}
	q.Set("format", form)
	q.Set("header", "labels")
	return address(path, q)
}
