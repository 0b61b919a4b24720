package webui

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"ttledger/domain/ledger"
)

// plain is an entry number as addresses have it.
func (p *page) plain(e ledger.Entry) string { return strconv.FormatUint(uint64(e), 10) }

// historyData is the ledger between two entries.
type historyData struct {
	From, To ledger.Entry
	Events   []told
	Subjects []string // of the events, beside them
	Older    string
	Newer    string
	Actor    string
	Kind     string
}

const eventsAPage = 50

// history shows what was recorded between two entries, the last first.
func (s *site) history(p *page) error {
	q := p.r.URL.Query()
	data := historyData{Actor: q.Get("actor"), Kind: q.Get("category")}
	query := url.Values{"sort": {"-entry"}, "limit": {strconv.Itoa(eventsAPage)}}
	for name, column := range map[string]string{"from": "entry.gte", "to": "entry.lte", "actor": "actor", "category": "category", "since": "recorded_at.gte", "cursor": "cursor"} {
		if text := q.Get(name); text != "" {
			query.Set(column, text)
		}
	}
	found, err := p.query("timeline", query)
	if err != nil {
		return err
	}
	data.From, data.To = entryOf(q.Get("from")), entryOf(q.Get("to"))
	if data.Events, err = p.fromTimeline(found.Rows); err != nil {
		return err
	}
	if next := found.cursor(); next != nil {
		data.Older = p.with(next)
	}
	p.dated()
	return p.render(http.StatusOK, "history", p.say("history"), data)
}

func entryOf(text string) ledger.Entry {
	n, _ := strconv.ParseUint(text, 10, 63)
	return ledger.Entry(n)
}

// fromTimeline is rows of the timeline as events.
func (p *page) fromTimeline(found []row) ([]told, error) {
	var streams []ledger.StreamID
	for _, r := range found {
		if s, err := ledger.ParseStreamID(r.text("stream")); err == nil {
			streams = append(streams, s)
		}
	}
	p.learn(streams)
	var list []told
	for _, r := range found {
		e, err := eventOf(r)
		if err != nil {
			return nil, err
		}
		t := p.toldOf(e)
		if s, err := ledger.ParseStreamID(e.Stream); err == nil {
			t.Fields = []field{{p.kind(s.Category), value{Text: p.nameOf(s), Href: p.Href("/things/" + s.Category + "/" + s.ID.String())}}}
		}
		list = append(list, t)
	}
	return list, nil
}

// eventOf is a row of the timeline as an event, without its envelope.
func eventOf(r row) (event, error) {
	raw, err := indented(map[string]any(r))
	if err != nil {
		return event{}, err
	}
	e := event{}
	if err := decode([]byte(raw), &e); err != nil {
		return e, fmt.Errorf("timeline: %w", err)
	}
	return e, nil
}

// eventData is the page of one event: what it says, its envelope, and the bytes.
type eventData struct {
	Told     told
	Stream   ledger.StreamID
	Version  ledger.Version
	Fields   []field
	Envelope []field
	RawData  string
	RawMeta  string
	Previous string
	Next     string
}

// event shows one event whole, as it is stored.
func (s *site) event(p *page) error {
	p.dated()
	id, e, err := p.eventAt(p.vars["entry"])
	if err != nil {
		return err
	}
	return p.showEvent(id, e)
}

// eventAt is the event of an entry, as its stream has it.
func (p *page) eventAt(entry string) (id ledger.StreamID, e event, err error) {
	found, err := p.query("timeline", url.Values{"entry": {entry}, "limit": {"1"}})
	if err != nil {
		return id, e, err
	}
	if len(found.Rows) == 0 {
		return id, e, nothingHere
	}
	if id, err = ledger.ParseStreamID(found.Rows[0].text("stream")); err != nil {
		return id, e, err
	}
	p.vars["aggregate"], p.vars["id"] = id.Category, id.ID.String()
	history, err := p.stream()
	if err != nil {
		return id, e, err
	}
	for _, e := range history.Events {
		if p.plain(e.Entry) == entry {
			return id, e, nil
		}
	}
	return id, e, nothingHere
}

func (p *page) showEvent(id ledger.StreamID, e event) error {
	var data, meta any
	if err := decode(e.Data, &data); err != nil {
		return err
	}
	if err := decode(e.Metadata, &meta); err != nil {
		return err
	}
	p.learn(p.mentioned(id.Category, "", data, p.mentioned("", "", meta, []ledger.StreamID{id})))
	d := eventData{Told: p.toldOf(e), Stream: id, Version: e.Version, Fields: p.show(id.Category, "", data).Fields, Envelope: p.show("", "", meta).Fields}
	var err error
	if d.RawData, err = indented(data); err != nil {
		return err
	}
	if d.RawMeta, err = indented(meta); err != nil {
		return err
	}
	if e.Entry > 1 {
		d.Previous = p.Href("/history/" + p.plain(e.Entry-1))
	}
	if e.Entry < p.Head.Entry {
		d.Next = p.Href("/history/" + p.plain(e.Entry+1))
	}
	return p.render(http.StatusOK, "event", d.Told.Name, d)
}
