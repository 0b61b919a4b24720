package webui

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"ttledger/domain/ledger"
	"ttledger/domain/project"
)

// boardData is the projects by stage.
type boardData struct {
	Search, Park, Action string
	Lanes                []lane
}

// lane is one stage with the projects that changed last.
type lane struct {
	Name  string
	Cards []card
	More  string // address of all of them; empty where these are all
}

// card is a project as a manager scans it.
type card struct {
	Name, Href, Note, Late string
}

const cardsALane = 8

// board shows the projects by stage, those that changed last first.
func (s *site) board(p *page) error {
	q := p.r.URL.Query()
	data := boardData{Search: q.Get("q"), Park: q.Get("park"), Action: q.Get("action")}
	n, ok := s.namer("project")
	if !ok {
		return nothingHere
	}
	for _, stage := range project.StageNames {
		query := url.Values{"stage": {string(stage.Stage)}, "sort": {"-changed_on"}}
		more := []string{"stage", string(stage.Stage), "sort", "-changed_on"}
		for name, value := range map[string]string{p.titled(data.Search, n) + ".like": data.Search, "park.like": data.Park, "action": data.Action} {
			if value != "" {
				query.Set(name, value)
				more = append(more, name, value)
			}
		}
		query.Set("limit", strconv.Itoa(cardsALane))
		found, err := p.query(n.view, query)
		if err != nil {
			return err
		}
		l := lane{Name: say(p.Lang, stage.Name)}
		for _, r := range found.Rows {
			l.Cards = append(l.Cards, p.card(n, r))
		}
		if found.Next != "" {
			l.More = p.Href("/views/"+n.view, more...)
		}
		data.Lanes = append(data.Lanes, l)
	}
	p.dated()
	return p.render(http.StatusOK, "board", p.say("board"), data)
}

// titled is the column that a search looks in: the Chinese title where it has Chinese in it.
func (p *page) titled(search string, n named) string {
	if strings.ContainsFunc(search, func(r rune) bool { return r > 0x2e00 }) {
		return n.zh
	}
	return n.en
}

// card tells of a row what a glance needs: who, since when, and what is overdue, in words.
func (p *page) card(n named, r row) card {
	c := card{Name: p.called(n, r), Href: p.Href("/things/project/" + r.text("id"))}
	today := cmp.Or(p.Moment.AsOf, ledger.DayOf(p.site.Now()).String())
	if on, err := ledger.ParseDate(r.text("changed_on")); err == nil {
		c.Note = strings.Trim(r.text("responsible")+" · "+p.Date(on), " ·")
	}
	if until := r.text("on_hold_until"); until != "" && until < today {
		c.Late = p.say("hold-over") + until
	}
	return c
}

// moment says in words where a slider of entries stands: the entry, and when it was recorded.
func (s *site) moment(p *page) error {
	p.Moment = moment{}
	at := entryOf(p.r.URL.Query().Get("known-at"))
	text := p.Entry(at) + " / " + p.Entry(p.Head.Entry)
	found, err := p.query("timeline", url.Values{"entry": {p.plain(at)}, "limit": {"1"}})
	if err == nil && len(found.Rows) == 1 {
		if recorded, err := time.Parse(time.RFC3339Nano, found.Rows[0].text("recorded_at")); err == nil {
			text = fmt.Sprintf("%s · %s", text, p.Time(recorded))
		}
	}
	p.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = p.w.Write([]byte(text)) // #nosec G705 -- plain text, sent with nosniff
	return nil
}
