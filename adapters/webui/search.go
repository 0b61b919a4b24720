package webui

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"ttledger/domain/ledger"
)

// searchData is what was found by words.
type searchData struct {
	Words string
	Found []found
}

// found is a row that has the words, leading to its thing.
type found struct {
	Title, Href string
	Name, Text  string
}

// search looks for words in everything that may be searched.
func (s *site) search(p *page) error {
	p.dated()
	data := searchData{Words: strings.TrimSpace(p.r.URL.Query().Get("q"))}
	if data.Words != "" {
		var answer struct {
			Hits []struct {
				View  string
				Title ledger.Text `json:"title"`
				Key   string
				Row   row
			}
		}
		if err := p.get("/v1/search", p.at(url.Values{"q": {data.Words}}), &answer); err != nil {
			return err
		}
		for _, h := range answer.Hits {
			f := found{Title: say(p.Lang, h.Title), Name: h.Key, Href: p.Href("/views/" + h.View)}
			if v, ok := s.viewOf(h.View); ok && v.Of.Category != "" && v.Of.Column == "id" {
				f.Href = p.Href("/things/" + v.Of.Category + "/" + h.Key)
			}
			var texts []string
			for _, name := range slices.Sorted(maps.Keys(h.Row)) {
				if text := h.Row.text(name); text != "" {
					texts = append(texts, text)
				}
			}
			f.Text = strings.Join(texts, " · ")
			data.Found = append(data.Found, f)
		}
	}
	return p.render(http.StatusOK, "search", p.say("search"), data)
}
