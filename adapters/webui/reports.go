package webui

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"

	"ttledger/projections"
)

func (s *site) reportList(p *page) error {
	list := slices.DeleteFunc(slices.Clone(s.Reports), func(x projections.Report) bool { return !p.Holds(x.Roles) })
	p.dated()
	return p.render(http.StatusOK, "reports", p.say("reports"), list)
}

// reportData is the page of a report.
type reportData struct {
	Report  projections.Report
	Params  []filter
	Table   table
	Chart   *chart
	Sources []projections.View // the rows its figures count
	AsOf    string
	KnownAt uint64
	Whole   string // address with all columns, where some are left out
}

// chart is bars: one measure, or several beside each other, of each row.
type chart struct {
	Measure string
	Options []choice // other measures
	Bars    []bars
}

type bars struct {
	Label string
	Text  string
	Share string // of the greatest, in percent: the width
}

func (s *site) report(p *page) error {
	i := slices.IndexFunc(s.Reports, func(x projections.Report) bool { return x.Code == p.vars["code"] })
	if i < 0 {
		return nothingHere
	}
	x, query := s.Reports[i], url.Values{}
	data := reportData{Report: x, Sources: s.sources(x)}
	for _, param := range x.Params {
		given := p.r.URL.Query().Get(param.Name)
		if given != "" {
			query.Set(param.Name, given)
		}
		data.Params = append(data.Params, filter{Name: param.Name, Label: say(p.Lang, param.Help), Value: given})
	}
	p.dated()
	var found rows
	if err := p.get("/v1/reports/"+x.Code, p.at(query), &found); err != nil {
		return err
	}
	data.AsOf, data.KnownAt = found.AsOf, found.KnownAt
	columns := p.columnsOf(x.Columns)
	if names, ok := curated[x.Code]; ok && p.r.URL.Query().Get("columns") != "all" {
		columns = slices.DeleteFunc(columns, func(c shown) bool { return !slices.Contains(names, c.Name) })
		data.Whole = p.with(url.Values{"columns": {"all"}})
	}
	data.Table = table{
		Caption: say(p.Lang, x.Title), Columns: columns, CSV: file("csv", "/v1/reports/"+x.Code, p.at(query)), XLSX: file("xlsx", "/v1/reports/"+x.Code, p.at(query)),
		Rows: p.rowsOf(projections.View{}, columns, found.Rows),
	}
	p.drill(x, columns, found.Rows, data.Table.Rows)
	data.Chart = p.chartOf(x, columns, found.Rows, data.Table.Rows)
	return p.render(http.StatusOK, "report", say(p.Lang, x.Title), data)
}

var viewInSQL = regexp.MustCompile(`\{([a-z0-9-]+)\}`)

// sources is the views that a report's SQL counts over.
func (s *site) sources(x projections.Report) []projections.View {
	var list []projections.View
	for _, m := range viewInSQL.FindAllStringSubmatch(x.SQL, -1) {
		if v, ok := s.viewOf(m[1]); ok && !slices.ContainsFunc(list, func(o projections.View) bool { return o.Name == v.Name }) {
			list = append(list, v)
		}
	}
	return list
}

// chartOf draws one measure of a report: the one asked for, or its first that is not what the
// rows are of.
func (p *page) chartOf(x projections.Report, columns []shown, found []row, cells [][]value) *chart {
	var measures []int
	for i, c := range columns {
		if i >= max(x.Lines, 1) && c.Numbers() {
			measures = append(measures, i)
		}
	}
	if len(measures) == 0 || len(found) < 2 {
		return nil
	}
	at := measures[0]
	wished := cmp.Or(p.r.URL.Query().Get("chart"), drawn[x.Code])
	for _, i := range measures {
		if columns[i].Name == wished {
			at = i
		}
	}
	c := &chart{Measure: columns[at].Label}
	for _, i := range measures {
		c.Options = append(c.Options, choice{Value: columns[i].Name, Label: columns[i].Label, Chosen: i == at})
	}
	most := 0.0
	for _, r := range found {
		most = max(most, amount(r, columns[at]))
	}
	for i, r := range found {
		b := bars{Label: cells[i][0].Text, Text: cells[i][at].Text, Share: "0"}
		if n := amount(r, columns[at]); most > 0 && n > 0 {
			b.Share = strconv.FormatFloat(100*n/most, 'f', 1, 64)
		}
		c.Bars = append(c.Bars, b)
	}
	return c
}

// amount is a figure of a row as a number; decimals are text.
func amount(r row, c shown) float64 {
	switch v := r[first(c.minor, c.Name)].(type) {
	case json.Number:
		n, _ := v.Float64()
		return n
	case string:
		n, _ := strconv.ParseFloat(v, 64)
		return n
	}
	return 0
}

// drill makes figures lead to the rows they count, where it is known which those are.
func (p *page) drill(x projections.Report, columns []shown, found []row, cells [][]value) {
	for i, r := range found {
		for j, c := range columns {
			to, ok := behind[x.Code+"."+c.Name]
			if !ok || cells[i][j].Text == "" {
				continue
			}
			var more []string
			for name, from := range to.Where {
				value := from
				if key, isColumn := cutColumn(from); isColumn {
					value = r.text(key)
				}
				more = append(more, name, value)
			}
			cells[i][j].Href = p.Href("/views/"+to.View, more...)
		}
	}
}

func cutColumn(text string) (string, bool) {
	if len(text) > 1 && text[0] == '=' {
		return text[1:], true
	}
	return "", false
}

// counting says which rows a figure counts: =name is the row's own value of a column.
type counting struct {
	View  string
	Where map[string]string
}

// behind is the rows behind the figures of reports, by report and column.
var behind = map[string]counting{
	"k06.proposed":       {"project-steps", map[string]string{"cohort": "=cohort"}},
	"k06.approved":       {"project-steps", map[string]string{"cohort": "=cohort", "approved_on.gte": "1000"}},
	"k06.pilot":          {"project-steps", map[string]string{"cohort": "=cohort", "pilot_on.gte": "1000"}},
	"k06.industrialised": {"project-steps", map[string]string{"cohort": "=cohort", "industrialised_on.gte": "1000"}},
	"k06.completed":      {"project-steps", map[string]string{"cohort": "=cohort", "completed_on.gte": "1000"}},
	"k06.ended":          {"project-steps", map[string]string{"cohort": "=cohort", "ended_on.gte": "1000"}},
}

// drawn is the measure that a report's chart shows first.
var drawn = map[string]string{"k06": "approved_share", "k07": "median_days"}
