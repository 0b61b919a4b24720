package webui

import (
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// value is something as a page shows it: a text, perhaps a link, or a list, or fields of its own.
type value struct {
	Text   string
	Href   string
	Stamp  string // of a time, as machines read it
	Number bool
	Status string // green, amber or red, said in the text too
	List   []value
	Fields []field
}

// field is a value with its name.
type field struct {
	Label string
	Value value
}

// Empty says whether there is nothing to show.
func (v value) Empty() bool { return v.Text == "" && len(v.List) == 0 && len(v.Fields) == 0 }

// show is a value of JSON, as a field of a name, in a thing of a category, has it.
func (p *page) show(category, name string, v any) value {
	switch v := v.(type) {
	case nil:
		return value{}
	case bool:
		return value{Text: p.say(map[bool]string{true: "yes", false: "no"}[v])}
	case json.Number:
		if strings.HasSuffix(name, "_minor") || strings.HasSuffix(name, "_fen") {
			return value{Text: p.money(v.String(), "CNY"), Number: true}
		}
		return value{Text: grouped(v.String(), name), Number: true}
	case string:
		return p.showText(category, name, v)
	case []any:
		var list []value
		for _, one := range v {
			list = append(list, p.show(category, strings.TrimSuffix(name, "s"), one))
		}
		return value{List: list}
	case map[string]any:
		return p.showObject(category, name, v)
	}
	return value{Text: fmt.Sprint(v)}
}

func (p *page) showObject(category, above string, v map[string]any) value {
	if minor, ok := v["minor"].(json.Number); ok && len(v) == 2 {
		currency, _ := v["currency"].(string)
		return value{Text: p.money(minor.String(), currency), Number: true}
	}
	zh, _ := v["zh"].(string)
	en, _ := v["en"].(string)
	if len(v) <= 2 && zh+en != "" {
		return value{Text: p.either(zh, en)}
	}
	var fields []field
	for _, name := range slices.Sorted(maps.Keys(v)) {
		one, label := p.show(category, name, v[name]), p.site.names.of(p.Lang, category, above, name)
		if text, ok := v[name].(string); ok && one.Href != "" {
			if s, known := p.refers(category, name, text); known {
				label = p.kind(s.Category) // and not that it is an id
			}
		}
		if !one.Empty() {
			fields = append(fields, field{label, one})
		}
	}
	return value{Fields: fields}
}

func (p *page) showText(category, name, text string) value {
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return value{Text: p.Time(at), Stamp: at.UTC().Format(time.RFC3339)}
	}
	if d, err := ledger.ParseDate(text); err == nil && (len(text) > 4 || strings.HasSuffix(name, "_on")) {
		return value{Text: p.Date(d), Stamp: text}
	}
	if s, ok := p.refers(category, name, text); ok {
		return value{Text: p.nameOf(s), Href: p.Href("/things/" + s.Category + "/" + s.ID.String())}
	}
	v := value{Text: p.site.term(p.Lang, name, text)}
	if name == "status" && slices.Contains([]string{"green", "amber", "red"}, text) {
		v.Status = text
	}
	return v
}

// either is the text in the page's language, or in the other.
func (p *page) either(zh, en string) string {
	if p.Lang == english && en != "" || zh == "" {
		return en
	}
	return zh
}

// refers is the thing that a text names: a stream in full, or an id in a field that is called
// after what it is an id of.
func (p *page) refers(category, name, text string) (ledger.StreamID, bool) {
	if s, err := ledger.ParseStreamID(text); err == nil && p.site.keeps(s.Category) {
		return s, true
	}
	id, err := uuid.Parse(text)
	if err != nil || len(text) != 36 {
		return ledger.StreamID{}, false
	}
	of := name
	if other, ok := called[name]; ok {
		of = other
	}
	if name == "id" || strings.HasSuffix(name, "_id") && name != "event_id" {
		of = category
	}
	if !p.site.keeps(of) {
		return ledger.StreamID{}, false
	}
	return ledger.StreamID{Category: of, ID: id}, true
}

func (s *site) keeps(category string) bool {
	return slices.ContainsFunc(s.Aggregates, func(g ledger.Aggregate) bool { return g.Category == category })
}

// called is the fields that hold ids of a category under another name.
var called = map[string]string{
	"continue": "project", "continues": "project", "company": "organisation", "companie": "organisation", "host": "organisation", "owner": "organisation",
	"leader": "person", "member": "person", "completer": "person", "applicant": "person", "reviewer": "person", "payee": "person", "chief_scientist": "person",
	"park": "facility", "room_of": "facility", "fund": "organisation", "target": "organisation", "venture": "team", "counterpart": "organisation", "enterprise": "organisation",
}

// Date is a day, month or year as people write it.
func (p *page) Date(d ledger.Date) string {
	switch {
	case d.IsZero():
		return ""
	case p.Lang == chinese && d.Day > 0:
		return fmt.Sprintf("%d年%d月%d日", d.Year, d.Month, d.Day)
	case p.Lang == chinese && d.Month > 0:
		return fmt.Sprintf("%d年%d月", d.Year, d.Month)
	case p.Lang == chinese:
		return fmt.Sprintf("%d年", d.Year)
	case d.Day > 0:
		return fmt.Sprintf("%d %s %d", d.Day, time.Month(d.Month).String()[:3], d.Year)
	case d.Month > 0:
		return fmt.Sprintf("%s %d", time.Month(d.Month).String()[:3], d.Year)
	}
	return strconv.Itoa(int(d.Year))
}

// Time is an instant in the zone of business dates.
func (p *page) Time(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	at = at.In(ledger.Zone)
	return p.Date(ledger.DayOf(at)) + " " + at.Format("15:04:05")
}

// wan is ten thousand yuan, in fen.
const wan = 1_000_000

// money is an amount in minor units as people write it: yuan in 万元 where Chinese is read and two
// places say all of it.
func (p *page) money(minor, currency string) string {
	n, err := strconv.ParseInt(minor, 10, 64)
	if err != nil {
		return minor
	}
	m := ledger.Money{Minor: n, Currency: currency}
	amount, _, _ := strings.Cut(m.String(), " ")
	if currency == "CNY" && p.Lang == chinese && (n >= wan || n <= -wan) && n%(wan/100) == 0 {
		amount = strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(float64(n)/wan, 'f', 2, 64), "0"), ".")
		return grouped(amount, "") + " 万元"
	}
	amount = grouped(strings.TrimSuffix(amount, ".00"), "")
	if p.Lang == english {
		return currency + " " + amount
	}
	return amount + " " + p.site.term(p.Lang, "currency", currency)
}

// grouped is a number with its thousands apart; years and codes are no such numbers.
func grouped(number, name string) string {
	whole, fraction, has := strings.Cut(number, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	if len(whole) < 5 && name != "" || strings.Contains(name, "cohort") || strings.Contains(name, "year") {
		return number
	}
	var parts []string
	for len(whole) > 3 {
		parts = append([]string{whole[len(whole)-3:]}, parts...)
		whole = whole[:len(whole)-3]
	}
	number = sign + strings.Join(append([]string{whole}, parts...), ",")
	if has {
		number += "." + fraction
	}
	return number
}

// Entry is an entry number as people read it.
func (p *page) Entry(n any) string {
	text := fmt.Sprint(n)
	return grouped(text, "")
}

// indented is JSON as people read it.
func indented(v any) (string, error) {
	raw, err := json.MarshalIndent(v, "", "  ")
	return string(raw), err
}

// funcs is what templates may call besides the page.
func (s *site) funcs(lang string) template.FuncMap {
	return template.FuncMap{
		"t":     func(key string) (string, error) { return word(lang, key) },
		"say":   func(t ledger.Text) string { return say(lang, t) },
		"asset": s.assetPath,
		"add":   func(a, b int) int { return a + b },
		"roles": func(list []ledger.Role) string { return roleNames(lang, list) },
		"list":  func(all ...any) []any { return all },
	}
}

// kindOf is the aggregate of a category.
func (s *site) kindOf(category string) (ledger.Aggregate, bool) {
	i := slices.IndexFunc(s.Aggregates, func(g ledger.Aggregate) bool { return g.Category == category })
	if i < 0 {
		return ledger.Aggregate{}, false
	}
	return s.Aggregates[i], true
}

func (s *site) viewOf(name string) (projections.View, bool) {
	i := slices.IndexFunc(s.Views, func(v projections.View) bool { return v.Name == name })
	if i < 0 {
		return projections.View{}, false
	}
	return s.Views[i], true
}
