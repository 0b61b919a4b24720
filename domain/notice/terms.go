package notice

import (
	"fmt"
	"slices"
	"time"

	"ttledger/domain/ledger"
)

// The kinds of notice and the places it may be posted in.
var (
	kinds  = []string{"price", "award", "vacancy", "appointee"}
	places = []string{"unit", "tech-market", "website", "platform", "press"}
)

// Terms is what a policy asks of notices (form "notice").
type Terms struct {
	Kinds []KindTerms `json:"kinds" en:"what is asked of each kind" zh:"各类公示的要求"`
}

// KindTerms is what is asked of one kind of notice. Public holidays are not known here: Weekdays
// counts Mondays to Fridays, so a term in working days is set with its holidays added.
type KindTerms struct {
	Kind     string   `json:"kind" enum:"price,award,vacancy,appointee" en:"kind of notice" zh:"公示类型"`
	Days     int      `json:"days,omitzero" en:"least number of days, the first and the last counted" zh:"最少天数(含首尾)"`
	Weekdays int      `json:"weekdays,omitzero" en:"least number of Mondays to Fridays among them" zh:"其中最少工作日数(周一至周五)"`
	Places   []string `json:"places,omitzero" enum:"unit,tech-market,website,platform,press" en:"places it must be posted in" zh:"须公示的场所"`
}

// Rules is the policy forms that this package reads.
var Rules = []ledger.RuleForm{ledger.RuleOf[Terms]("notice", ledger.Text{En: "terms of public notices", Zh: "公示要求"})}

// Check says what is wrong with the terms.
func (t Terms) Check() error {
	if len(t.Kinds) == 0 {
		return ledger.InvalidField("params/kinds", "name at least one kind of notice", "至少列出一类公示")
	}
	for i, k := range t.Kinds {
		path := fmt.Sprintf("params/kinds/%d", i)
		if err := ledger.CheckOneOf(path+"/kind", k.Kind, kinds...); err != nil {
			return err
		}
		if slices.ContainsFunc(t.Kinds[:i], func(x KindTerms) bool { return x.Kind == k.Kind }) {
			return ledger.InvalidField(path+"/kind", "is given twice", "重复")
		}
		if k.Days < 0 || k.Days > 365 {
			return ledger.InvalidField(path+"/days", "0 to 365", "应为 0 至 365")
		}
		if k.Weekdays < 0 || k.Weekdays > 260 {
			return ledger.InvalidField(path+"/weekdays", "0 to 260", "应为 0 至 260")
		}
		if err := checkPlaces(path+"/places", k.Places); err != nil {
			return err
		}
	}
	return nil
}

func checkPlaces(path string, list []string) error {
	for i, p := range list {
		at := fmt.Sprintf("%s/%d", path, i)
		if err := ledger.CheckOneOf(at, p, places...); err != nil {
			return err
		}
		if slices.Contains(list[:i], p) {
			return ledger.InvalidField(at, "is given twice", "重复")
		}
	}
	return nil
}

// of is the terms of one kind.
func (t Terms) of(kind string) (KindTerms, error) {
	i := slices.IndexFunc(t.Kinds, func(k KindTerms) bool { return k.Kind == kind })
	if i < 0 {
		return KindTerms{}, reject("kind-not-governed", fmt.Sprintf("the policy says nothing of notices of the kind %s; name one that does", kind), fmt.Sprintf("所适用政策未规定 %s 类公示,请指定适用的政策", kind))
	}
	return t.Kinds[i], nil
}

// met refuses a notice from one day to another that falls short of the terms.
func (k KindTerms) met(from, to ledger.Date, where []string) error {
	days := to.DaysSince(from) + 1
	if days < k.Days {
		return reject("notice-too-short", fmt.Sprintf("%s to %s is %d days; the policy asks for at least %d", from, to, days, k.Days), fmt.Sprintf("%s 至 %s 共 %d 天,政策要求不少于 %d 天", from, to, days, k.Days))
	}
	if n := weekdays(from, days); n < k.Weekdays {
		return reject("notice-too-short", fmt.Sprintf("%s to %s has %d Mondays to Fridays; the policy asks for at least %d", from, to, n, k.Weekdays), fmt.Sprintf("%s 至 %s 有 %d 个工作日,政策要求不少于 %d 个", from, to, n, k.Weekdays))
	}
	for _, p := range k.Places {
		if !slices.Contains(where, p) {
			return reject("place-missing", fmt.Sprintf("the policy asks for the place %q too", p), fmt.Sprintf("政策要求还须在 %q 公示", p))
		}
	}
	return nil
}

// weekdays counts Mondays to Fridays among so many days from one on.
func weekdays(from ledger.Date, days int) int {
	start := time.Date(int(from.Year), time.Month(from.Month), int(from.Day), 12, 0, 0, 0, ledger.Zone)
	n := 0
	for i := range days {
		if w := start.AddDate(0, 0, i).Weekday(); w != time.Saturday && w != time.Sunday {
			n++
		}
	}
	return n
}
