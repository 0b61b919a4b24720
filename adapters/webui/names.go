package webui

import (
	"net/url"
	"slices"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// named is the view and the columns that say what the things of a category are called.
type named struct{ view, zh, en, code string }

// namer finds it: the first view of the category by id that has a name, a title or a code.
func (s *site) namer(category string) (named, bool) {
	for _, v := range s.Views {
		if v.Of.Category != category || v.Of.Column != "id" {
			continue
		}
		has := func(name string) string {
			if slices.ContainsFunc(v.Columns, func(c projections.Column) bool { return c.Name == name }) {
				return name
			}
			return ""
		}
		n := named{view: v.Name, code: first(has("code"), has("no"), has("number"), has("contract_no"), has("handle"))}
		n.zh = first(has("title_zh"), has("name_zh"), has("title"), has("name"), has("titles"), has("names"))
		n.en = first(has("title_en"), has("name_en"), n.zh)
		if n.zh+n.code != "" {
			return n, true
		}
	}
	return named{}, false
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// askedAtOnce bounds the ids of one question to the API, which takes a hundred parameters.
const askedAtOnce = 80

// learn looks up what things are called, many at once, before a page shows them. What the reader
// may not see keeps its number.
func (p *page) learn(streams []ledger.StreamID) {
	by := map[string][]string{}
	for _, s := range streams {
		if _, known := p.name[s.String()]; !known && len(by[s.Category]) < 1000 {
			p.name[s.String()] = "" // asked for once
			by[s.Category] = append(by[s.Category], s.ID.String())
		}
	}
	for category, ids := range by {
		n, ok := p.site.namer(category)
		if !ok {
			continue
		}
		for part := range slices.Chunk(ids, askedAtOnce) {
			found, err := p.query(n.view, url.Values{"id": part, "limit": {"500"}})
			if err != nil {
				break
			}
			for _, r := range found.Rows {
				p.name[category+"-"+r.text("id")] = p.called(n, r)
			}
		}
	}
}

// called is the name in a row: its code, and its title in the language of the page.
func (p *page) called(n named, r row) string {
	title := p.either(r.text(n.zh), r.text(n.en))
	if names, ok := r[n.zh].(map[string]any); ok {
		zh, _ := names["zh"].(string)
		en, _ := names["en"].(string)
		title = p.either(zh, en)
	}
	switch code := r.text(n.code); {
	case code == "":
		return title
	case title == "":
		return code
	default:
		return code + " " + title
	}
}

// nameOf is what a thing is called, or its kind and the beginning of its id.
func (p *page) nameOf(s ledger.StreamID) string {
	if name := p.name[s.String()]; name != "" {
		return name
	}
	return p.kind(s.Category) + " " + s.ID.String()[:8]
}

// kind is what things of a category are called.
func (p *page) kind(category string) string {
	if g, ok := p.site.kindOf(category); ok {
		return say(p.Lang, g.Title)
	}
	return category
}

// mentioned is every thing that a value of JSON names.
func (p *page) mentioned(category, name string, v any, list []ledger.StreamID) []ledger.StreamID {
	switch v := v.(type) {
	case string:
		if s, ok := p.refers(category, name, v); ok {
			return append(list, s)
		}
	case []any:
		for _, one := range v {
			list = p.mentioned(category, trimPlural(name), one, list)
		}
	case map[string]any:
		for key, one := range v {
			list = p.mentioned(category, key, one, list)
		}
	}
	return list
}
