package webui

import (
	"net/http"
	"net/url"
	"slices"

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

// waiting is a question whose answer somebody has to do something about. @me is the reader, @today
// and @soon are days.
type waiting struct {
	View    string
	Caption string // a word
	Where   url.Values
	Columns []string
}

// desk is what waits, in order of urgency. A view that is not there, or not the reader's, is left
// out.
var desk = []waiting{
	{"approvals", "wait-approvals", url.Values{"status": {"requested"}, "sort": {"-requested_at"}}, []string{"stream", "verb", "requested_by", "requested_on", "approvers"}},
	{"approvals", "wait-refused", url.Values{"status": {"failed"}, "requested_by": {"@me"}}, []string{"stream", "verb", "refusal", "decided_by"}},
	{"obligations", "wait-deadlines", url.Values{"due_on.lte": {"@soon"}, "settled": {"false"}, "sort": {"due_on"}}, []string{"stream", "what_zh", "who", "due_on", "amount_minor"}},
	{"project-board", "wait-holds", url.Values{"on_hold_until.gte": {"1000"}, "on_hold_until.lte": {"@soon"}, "sort": {"on_hold_until"}}, []string{"code", "title_zh", "stage", "gate", "on_hold_until", "responsible"}},
	{"project-board", "wait-mine", url.Values{"responsible": {"@me"}, "sort": {"-changed_on"}}, []string{"code", "title_zh", "stage", "gate", "changed_on"}},
	{"timeline", "wait-done", url.Values{"actor": {"@me"}, "sort": {"-entry"}}, []string{"entry", "occurred_on", "type", "stream"}},
}

// soonDays is how far ahead the desk looks.
const soonDays = 30

func (s *site) home(p *page) error {
	data := homeData{}
	now := s.Now()
	fill := map[string]string{"@me": p.Who.Handle, "@today": ledger.DayOf(now).String(), "@soon": ledger.DayOf(now.AddDate(0, 0, soonDays)).String()}
	for _, w := range desk {
		v, ok := s.viewOf(w.View)
		if !ok || !p.Holds(v.Roles) {
			continue
		}
		t, err := p.waits(v, w, fill)
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

func (p *page) waits(v projections.View, w waiting, words map[string]string) (table, error) {
	query := url.Values{"limit": {"8"}}
	var more []string
	for name, values := range w.Where {
		value := first(words[values[0]], values[0])
		query.Set(name, value)
		more = append(more, name, value)
	}
	found, err := p.query(v.Name, query)
	if err != nil {
		return table{}, err
	}
	columns := p.columnsOf(v.Columns)
	if w.Columns == nil {
		columns = briefly(v, columns, found.Rows)
	} else {
		columns = slices.DeleteFunc(columns, func(c shown) bool { return !slices.Contains(w.Columns, c.Name) })
	}
	return table{Caption: p.say(w.Caption), Columns: columns, Rows: p.rowsOf(v, columns, found.Rows), All: p.Href("/views/"+v.Name, more...)}, nil
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
