package webui

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// homeData is what waits for the reader, and where the rest is.
type homeData struct {
	Waiting []table
	Begin   []begun
	Reports []projections.Report
	Views   []projections.View
}

// begun is a kind of thing with the commands that begin one.
type begun struct {
	Kind  ledger.Aggregate
	Verbs []ledger.Verb
}

// waiting is a question whose answer somebody has to do something about, to a view or else to a
// report. @me is the reader, @soon a day.
type waiting struct {
	View    string
	Report  string
	Caption string // a word
	Where   url.Values
	Columns []string
}

// desk is what waits, in order of urgency. A view that is not there, or not the reader's, is left
// out.
var desk = []waiting{
	{View: "approvals", Caption: "wait-approvals", Where: url.Values{"status": {"requested"}, "sort": {"-requested_at"}}, Columns: []string{"stream", "verb", "requested_by", "requested_on", "approvers"}},
	{View: "approvals", Caption: "wait-refused", Where: url.Values{"status": {"failed"}, "requested_by": {"@me"}}, Columns: []string{"stream", "verb", "refusal", "decided_by"}},
	{Report: "r18", Caption: "wait-deadlines", Where: url.Values{"to": {"@soon"}}, Columns: []string{"due_on", "state", "days", "what_zh", "who", "stream"}},
	{View: "project-board", Caption: "wait-holds", Where: url.Values{"on_hold_until.gte": {"1000"}, "on_hold_until.lte": {"@soon"}, "sort": {"on_hold_until"}}, Columns: []string{"code", "title_zh", "stage", "gate", "on_hold_until", "responsible"}},
	{View: "project-board", Caption: "wait-mine", Where: url.Values{"responsible": {"@me"}, "sort": {"-changed_on"}}, Columns: []string{"code", "title_zh", "stage", "gate", "changed_on"}},
	{View: "timeline", Caption: "wait-done", Where: url.Values{"actor": {"@me"}, "sort": {"-entry"}}, Columns: []string{"entry", "occurred_on", "type", "stream"}},
}

// soonDays is how far ahead the desk looks.
const soonDays = 30

func (s *site) home(p *page) error {
	data := homeData{}
	words := map[string]string{"@me": p.Who.Handle, "@soon": ledger.DayOf(s.Now().AddDate(0, 0, soonDays)).String()}
	for _, w := range desk {
		t, err := p.waits(w, words)
		if err != nil {
			return err
		}
		if len(t.Rows) > 0 {
			data.Waiting = append(data.Waiting, t)
		}
	}
	data.Begin = p.begins()
	data.Reports = slices.DeleteFunc(slices.Clone(s.Reports), func(x projections.Report) bool { return !p.Holds(x.Roles) })
	data.Views = slices.DeleteFunc(slices.Clone(s.Views), func(v projections.View) bool { return !p.Holds(v.Roles) })
	p.dated()
	return p.render(http.StatusOK, "home", p.say("home"), data)
}

// deskRows bounds the rows of one question on the desk.
const deskRows = 8

func (p *page) waits(w waiting, words map[string]string) (table, error) {
	query := url.Values{}
	var more []string
	for name, values := range w.Where {
		value := first(words[values[0]], values[0])
		query.Set(name, value)
		more = append(more, name, value)
	}
	v, path, all := projections.View{}, "/v1/reports/"+w.Report, p.Href("/reports/"+w.Report, more...)
	columns, roles := p.site.reportColumns(w.Report)
	if w.View != "" {
		v, _ = p.site.viewOf(w.View)
		columns, roles = v.Columns, v.Roles
		path, all = "/v1/views/"+w.View, p.Href("/views/"+w.View, more...)
		query.Set("limit", strconv.Itoa(deskRows))
	}
	if !p.Holds(roles) {
		return table{}, nil
	}
	var found rows
	if err := p.get(path, p.at(query), &found); err != nil {
		return table{}, err
	}
	found.Rows = found.Rows[:min(len(found.Rows), deskRows)]
	list := slices.DeleteFunc(p.columnsOf(columns), func(c shown) bool { return !slices.Contains(w.Columns, c.Name) })
	return table{Caption: p.say(w.Caption), Columns: list, Rows: p.rowsOf(v, list, found.Rows), All: all}, nil
}

func (s *site) reportColumns(code string) ([]projections.Column, []ledger.Role) {
	for _, x := range s.Reports {
		if x.Code == code {
			return x.Columns, x.Roles
		}
	}
	return nil, nil
}

// begins is what the reader may begin, by kind.
func (p *page) begins() []begun {
	var list []begun
	for _, g := range p.site.Aggregates {
		verbs := slices.DeleteFunc(slices.Clone(g.Verbs), func(v ledger.Verb) bool { return !v.Creates || !p.Holds(v.Roles) })
		if len(verbs) > 0 {
			list = append(list, begun{g, verbs})
		}
	}
	return list
}

// commandList is every command with who may send it.
func (s *site) commandList(p *page) error {
	p.dated()
	return p.render(http.StatusOK, "commands", p.say("commands"), s.Aggregates)
}
