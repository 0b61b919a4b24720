package httpapi

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// The bounds of a search.
const (
	maxSearch  = 200 // characters
	maxWords   = 8
	searchPage = 20 // of each view
)

// hit is a row that has the words.
type hit struct {
	View  string          `json:"view"`
	Title ledger.Text     `json:"title"`
	Key   string          `json:"key"`
	Route string          `json:"route"`
	Row   json.RawMessage `json:"row"` // the columns that were searched in
}

// search looks for words in the names, titles and codes that the actor may read: in every view that
// is searched in, each word anywhere, so that two characters of Chinese are found like any text.
func (a *api) search(w http.ResponseWriter, r *http.Request) error {
	p := paramsOf(r)
	text, when := p.one("q"), p.moment()
	limit := int(p.number("limit", searchPage, 1, 100))
	words := strings.Fields(text)
	if len(words) == 0 || len(words) > maxWords || utf8.RuneCountInString(text) > maxSearch || !utf8.ValidString(text) {
		p.wrong("q is 1 to 8 words, at most 200 characters", "q 应为 1 至 8 个词,最多 200 个字符")
	}
	if err := p.done(); err != nil {
		return err
	}
	at, err := a.at(r.Context(), when)
	if err != nil {
		return err
	}
	hits, foot := []hit{}, projections.Page{}
	for _, v := range a.Views {
		if len(v.Search) == 0 || permit(callOf(r).actor, v.Roles) != nil {
			continue
		}
		q := projections.Query{View: v.Name, At: at, Words: words, Limit: limit}
		if q.Only, err = a.only(r.Context(), callOf(r).actor, v); err != nil {
			return err
		}
		if foot, err = a.Reader.Query(r.Context(), q); err != nil {
			return err
		}
		at = foot.At // the next view at the same moment
		for _, row := range foot.Rows {
			key := row[0].(string)
			hits = append(hits, hit{v.Name, v.Title, key, "/v1/views/" + v.Name + "/" + url.PathEscape(key), searched(v, foot.Columns, row)})
		}
	}
	stand(w.Header(), foot.Checkpoint)
	return writeJSON(w, http.StatusOK, struct {
		Hits []hit `json:"hits"`
		footing
	}{hits, footingOf(foot)})
}

// searched is a row's columns that the words may stand in.
func searched(v projections.View, columns []projections.Column, row []any) json.RawMessage {
	var names []projections.Column
	var values []any
	for i, c := range columns {
		if slices.Contains(v.Search, c.Name) {
			names, values = append(names, c), append(values, row[i])
		}
	}
	return object(names, values)
}
