package webui

import (
	"encoding/json"
	"errors"

	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// event is a recorded event as the API tells it.
type event struct {
	Entry      ledger.Entry   `json:"entry"`
	Stream     string         `json:"stream"`
	Version    ledger.Version `json:"version"`
	ID         uuid.UUID      `json:"id"`
	Type       string         `json:"type"`
	OccurredOn ledger.Date    `json:"occurred_on"`
	RecordedAt time.Time      `json:"recorded_at"`
	Actor      string         `json:"actor"`
	Role       ledger.Role    `json:"role"`
	Metadata   json.RawMessage
	Data       json.RawMessage
}

// stream is the history of one thing at the page's moment, and the version it has now.
type stream struct {
	Stream  ledger.StreamID
	Version ledger.Version
	Events  []event
}

func (p *page) stream() (stream, error) {
	var s stream
	err := p.get("/v1/streams/"+p.vars["aggregate"]+"/"+url.PathEscape(p.vars["id"]), p.at(nil), &s)
	return s, err
}

// thingData is the page of one thing: its facts, what else speaks of it, what can be done to it,
// and how it came about.
type thingData struct {
	Kind    ledger.Aggregate
	Stream  stream
	Key     string
	Facts   []field
	Related []table
	Can     []can
	Events  []told
}

// can is a command as somebody may send it now, or why not.
type can struct {
	Verb    ledger.Verb
	Href    string // of its form; empty where the reader has no role for it
	Because string
}

// told is an event as the timeline tells it.
type told struct {
	event
	Name   string
	When   string
	At     string
	Who    string
	Late   int // days
	Fields []field
	Raw    string // address of the event as it is stored
}

func (s *site) thing(p *page) error {
	g, ok := s.kindOf(p.vars["aggregate"])
	if !ok {
		return nothingHere
	}
	history, err := p.stream()
	if err != nil {
		return err
	}
	data := thingData{Kind: g, Stream: history, Key: history.Stream.ID.String()}
	p.Said = p.saidBy(p.r.URL.Query().Get("done"))
	if data.Facts, err = p.facts(g, history); err != nil {
		return err
	}
	if data.Related, err = p.related(history.Stream); err != nil {
		return err
	}
	for _, v := range g.Verbs {
		if !v.Creates {
			data.Can = append(data.Can, p.can(history.Stream, v))
		}
	}
	slices.SortStableFunc(data.Can, func(a, b can) int { return btoi(a.Because != "") - btoi(b.Because != "") })
	data.Events = p.tell(g, slices.Backward(history.Events))
	p.dated()
	return p.render(http.StatusOK, "thing", p.nameOf(history.Stream), data)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// can says whether the reader may send a command from this page, and why not where not. What a rule
// says to an empty command is told beside its form, which stays: the rule may look at the data too.
func (p *page) can(stream ledger.StreamID, v ledger.Verb) can {
	c := can{Verb: v, Href: p.Href("/things/" + stream.Category + "/" + stream.ID.String() + "/do/" + v.Name)}
	if !p.Holds(v.Roles) {
		c.Href, c.Because = "", p.say("needs-role")+roleNames(p.Lang, v.Roles)
	} else if p.site.Attempt != nil && !p.Moment.Past() {
		err := p.site.Attempt(p.r.Context(), ledger.Request{Aggregate: stream.Category, ID: stream.ID, Verb: v.Name, Actor: p.Who.actor()})
		if known, ok := errors.AsType[*ledger.Error](err); ok {
			c.Because = say(p.Lang, known.Msg)
		}
	}
	return c
}

// saidBy is what a command that led here came to.
func (p *page) saidBy(verb string) string {
	g, _ := p.site.kindOf(p.vars["aggregate"])
	if verb == "asked" {
		return p.say("asked")
	}
	if v, ok := g.Verb(verb); ok {
		return p.say("recorded") + say(p.Lang, v.Help)
	}
	return ""
}

// facts is what the first view of the thing's own says of it, or else its state.
func (p *page) facts(g ledger.Aggregate, history stream) ([]field, error) {
	for _, v := range p.site.Views {
		if v.Of.Category != g.Category || v.Of.Column != "id" || !p.Holds(v.Roles) {
			continue
		}
		found, err := p.query(v.Name, url.Values{"id": {history.Stream.ID.String()}, "limit": {"1"}})
		if err != nil {
			return nil, err
		}
		if len(found.Rows) == 1 {
			if n, ok := p.site.namer(g.Category); ok && n.view == v.Name {
				p.name[history.Stream.String()] = p.called(n, found.Rows[0])
			}
			return p.fields(v, found.Rows[0]), nil
		}
	}
	state, err := p.stateOf(g, history.Events)
	if err != nil {
		return nil, err
	}
	return p.show(g.Category, "", state).Fields, nil
}

// fields is a row as a list of names and values, without what is empty.
func (p *page) fields(v projections.View, r row) []field {
	var streams []ledger.StreamID
	for name, one := range r {
		streams = p.mentioned(v.Of.Category, name, one, streams)
	}
	p.learn(streams)
	var list []field
	for _, c := range p.columnsOf(v.Columns) {
		if one := p.cell(v.Of.Category, c, r); !one.Empty() && c.Name != "id" && c.Name != "version" && !(one.Text == "0" && slices.Contains(fromOne, c.Name)) {
			list = append(list, field{c.Label, one})
		}
	}
	return list
}

// fromOne is the columns that count from one: 0 says that nothing was said.
var fromOne = []string{"action", "readiness_level"}

// relatedRows bounds the rows of one view on the page of a thing.
const relatedRows = 10

// related is the rows of other views that speak of a thing: those with a column that is called
// after its kind.
func (p *page) related(of ledger.StreamID) ([]table, error) {
	var list []table
	for _, v := range p.site.Views {
		if v.Of.Category == of.Category && v.Of.Column == "id" || v.Name == projections.Timeline.Name || v.Name == projections.Involvement.Name || !p.Holds(v.Roles) {
			continue
		}
		for _, c := range v.Columns {
			filter := relates(v, c, of)
			if filter == nil {
				continue
			}
			t, err := p.relatedTable(v, filter)
			if err != nil {
				return nil, err
			}
			if len(t.Rows) > 0 {
				list = append(list, t)
			}
		}
	}
	return list, nil
}

// relates is the filter for the rows of a view that name a thing in a column, or nil.
func relates(v projections.View, c projections.Column, of ledger.StreamID) url.Values {
	name := trimPlural(c.Name)
	switch {
	case c.Type == projections.TypeText && (name == of.Category || called[c.Name] == of.Category):
		return url.Values{c.Name: {of.ID.String()}}
	case c.Name == "stream" && v.Of.Column == "stream", c.Type == projections.TypeText && (c.Name == "subject" || c.Name == "about"):
		return url.Values{c.Name: {of.String(), of.ID.String()}}
	case c.Type == projections.TypeJSON && (name == of.Category || namedIn[v.Name+"."+c.Name] == of.Category):
		return url.Values{c.Name + ".like": {of.ID.String()}}
	}
	return nil
}

// namedIn is the columns of JSON in which things of a category are named.
var namedIn = map[string]string{"project-board.parties": "organisation"}

func (p *page) relatedTable(v projections.View, filter url.Values) (table, error) {
	query := url.Values{"limit": {strconv.Itoa(relatedRows)}}
	for name, values := range filter {
		query[name] = values
	}
	found, err := p.query(v.Name, query)
	if err != nil {
		return table{}, err
	}
	columns := briefly(v, p.columnsOf(v.Columns), found.Rows)
	t := table{Caption: say(p.Lang, v.Title), Columns: columns, Rows: p.rowsOf(v, columns, found.Rows)}
	var more []string
	for name, values := range filter {
		more = append(more, name, values[0])
	}
	t.All = p.Href("/views/"+v.Name, more...)
	return t, nil
}

// tell is events as the timeline tells them.
func (p *page) tell(g ledger.Aggregate, events func(func(int, event) bool)) []told {
	var list []told
	var streams []ledger.StreamID
	data := map[uuid.UUID]any{}
	for _, e := range events {
		var v any
		if err := decode(e.Data, &v); err == nil {
			data[e.ID] = v
			streams = p.mentioned(g.Category, "", v, streams)
		}
	}
	p.learn(streams)
	for _, e := range events {
		t := p.toldOf(e)
		t.Fields = p.show(g.Category, "", data[e.ID]).Fields
		list = append(list, t)
	}
	return list
}

func (p *page) toldOf(e event) told {
	t := told{
		event: e, Name: p.site.eventName(p.Lang, e.Type), When: p.Date(e.OccurredOn), At: p.Time(e.RecordedAt),
		Who: e.Actor + p.say("as-role") + roleNames(p.Lang, []ledger.Role{e.Role}),
	}
	t.Late = max(0, ledger.DayOf(e.RecordedAt).DaysSince(e.OccurredOn.Last()))
	if e.Entry > 0 {
		t.Raw = p.Href("/history/" + p.plain(e.Entry))
	}
	return t
}
