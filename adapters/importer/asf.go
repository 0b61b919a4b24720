package importer

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"ttledger/domain/facility"
	"ttledger/domain/incubation"
	"ttledger/domain/ledger"
	"ttledger/domain/organisation"
)

// ASF is the podlings of the Apache Incubator with the items of their status pages. A podling is a
// case of incubation under the policy ASF, which sets no limits and must have been adopted; a
// work item that was ticked off is a service, known by its heading. News, and the texts of items,
// name people in plain text and are not taken.
//
// All that the files say was stated on one day, which each act carries: what the publisher knew on
// an earlier day they do not tell.
var ASF = Format{
	Name:  "asf",
	Title: ledger.Text{En: "Apache Incubator: podlings and the items of their status pages", Zh: "Apache 孵化器:孵化项目及其状态页条目"},
	Kinds: []Kind{
		{Name: "podling", Dated: true, Columns: []string{"podling", "name", "status", "sponsor", "start_date", "end_date", "resolution_target", "resolution_note", "description"}},
		{Name: "status", Dated: true, Columns: []string{"podling", "kind", "step", "date", "text"}},
	},
	begin: func(o Options) decoder { return &asf{statedOn: o.StatedOn, podlings: map[string]*podling{}} },
}

// asf is what a run remembers of the rows before.
type asf struct {
	statedOn ledger.Date
	podlings map[string]*podling
	order    []*podling
}

// podling is what a row of the list says.
type podling struct {
	key, name, status string
	start, end        ledger.Date
	became, note      string
	item              *item
	ticked            map[uuid.UUID]*item
}

var (
	asfSpace  = uuid.MustParse("0f3a6a8e-4f0b-5d0e-8a7e-2c5f1b9d6e43")
	asfPolicy = ledger.Policy{Code: "ASF", Version: "2002"}
)

// asfID derives an id from the publisher's key of a thing, or of a command on it.
func asfID(parts ...string) uuid.UUID {
	return uuid.NewSHA1(asfSpace, []byte(strings.Join(parts, "\n")))
}

func asfStream(category, key string) ledger.StreamID {
	return ledger.StreamID{Category: category, ID: asfID(category, key)}
}

func (a *asf) decode(kind string, r record) *item {
	if kind == "status" {
		return a.status(r)
	}
	return a.podling(r)
}

// podling makes an item of a row of the list: the case begins. It ends in follow, after the items
// of the status pages, because nobody serves a case that is over.
func (a *asf) podling(r record) *item {
	f := &fields{record: r}
	p := &podling{
		key: strings.TrimSpace(r.get("podling")), name: f.text("name"), status: strings.TrimSpace(r.get("status")),
		start: f.day("start_date"), became: f.text("resolution_target"), note: f.text("resolution_note"),
		item: &item{key: strings.TrimSpace(r.get("podling"))}, ticked: map[uuid.UUID]*item{},
	}
	if p.status != "current" {
		p.end = f.day("end_date")
	} else if r.get("end_date") != "" {
		f.refuse("bad-date", "end_date", "a podling that is current has no end", "在孵项目不应有结束日期")
	}
	switch known := a.podlings[p.key]; {
	case p.key == "" || p.name == "":
		f.refuse("no-podling", "podling", "the podling has no key or no name", "缺少项目标识或名称")
	case known != nil:
		f.refuse("differs", "podling", fmt.Sprintf("the podling stands already in line %d", known.item.source.Row), fmt.Sprintf("该项目已见于第 %d 行", known.item.source.Row))
	case !slices.Contains([]string{"current", "graduated", "retired"}, p.status):
		f.refuse("bad-status", "status", fmt.Sprintf("%q is none of current, graduated and retired", p.status), fmt.Sprintf("%q 不是 current、graduated 或 retired", p.status))
	case !p.end.IsZero() && p.end.Compare(p.start) < 0:
		f.refuse("ends-before-start", "end_date", "the podling ends before it starts", "结束日期早于开始日期")
	}
	it := p.item
	if f.fault != nil {
		it.refusal = f.fault
		if p.key != "" && a.podlings[p.key] == nil {
			a.podlings[p.key] = p
		}
		return it
	}
	it.stream = p.stream()
	it.steps = append(begins(), p.apply(a.statedOn, f.text("description")), p.admit())
	a.podlings[p.key] = p
	a.order = append(a.order, p)
	return it
}

func (p *podling) stream() ledger.StreamID { return asfStream("incubation", p.key) }

// begins is what all podlings need: the foundation and its incubator.
func begins() []step {
	founded := ledger.Date{Year: 2002, Month: 10} // the board's resolution; before the first podling of the list
	foundation, house := asfStream("organisation", "foundation"), asfStream("facility", "incubator")
	register := organisation.Register{
		Names: ledger.Names{En: "The Apache Software Foundation"}, Kind: "society", UnitKind: "foreign",
		Foreign: &organisation.ForeignID{Country: "US", Scheme: "domain-name", ID: "apache.org"}, Region: "US",
	}
	designate := facility.Designate{Designation: facility.Designation{
		Names: ledger.Names{En: "Apache Incubator"}, Kind: "incubator", Scheme: "ASF", Host: foundation.ID, Virtual: true,
	}}
	return []step{
		{stream: foundation, verb: "register", command: asfID("register", "foundation"), body: act(founded, register), ensure: true},
		{stream: house, verb: "designate", command: asfID("designate", "incubator"), body: act(founded, designate), ensure: true},
	}
}

func (p *podling) apply(statedOn ledger.Date, description string) step {
	c := incubation.Apply{Application: incubation.Application{
		Names: ledger.Names{En: p.name}, Code: "ASF-" + p.key, Facility: asfStream("facility", "incubator").ID,
		Summary: description, StatedOn: statedOn,
	}}
	return p.step("apply", act(p.start, c), map[string]string{"": "podling", "/occurred_on": "start_date", "/data/names": "name", "/data/summary": "description"})
}

func (p *podling) admit() step {
	return p.step("admit", actUnder(asfPolicy, p.start, incubation.Admit{}), map[string]string{"": "podling", "/occurred_on": "start_date"})
}

func (p *podling) step(verb string, body []byte, columns map[string]string) step {
	return step{stream: p.stream(), verb: verb, command: asfID(verb, p.key), body: body, columns: columns}
}

// actUnder is act for a command that is decided under a named version of a policy.
func actUnder(policy ledger.Policy, on ledger.Date, command any) []byte {
	data, err := json.Marshal(command)
	if err == nil {
		data, err = json.Marshal(ledger.Act{OccurredOn: on, Policy: &policy, Data: data})
	}
	if err != nil {
		panic(err) // a command type that is not JSON is a mistake in the program
	}
	return data
}

// kinds of service by the heading of the checklist, as it begins.
var asfServices = []struct{ heading, kind string }{
	{"Infrastructure", "infrastructure"},
	{"Mentor", "mentoring"},
	{"Interim responsibility", "mentoring"},
	{"Verify distribution rights", "legal"},
	{"Copyright", "ip"},
	{"Licensing", "legal"},
}

// status makes an item of a row of the status pages.
func (a *asf) status(r record) *item {
	f := &fields{record: r}
	key, heading := strings.TrimSpace(r.get("podling")), strings.TrimRight(f.text("step"), " !")
	it := &item{key: key}
	p := a.podlings[key]
	switch {
	case p == nil:
		f.refuse("unknown-podling", "podling", fmt.Sprintf("podling %q stands in no list of this run", key), fmt.Sprintf("项目 %q 不在本次导入的列表中", key))
	case p.item.refusal != nil:
		f.refuse("podling-refused", "podling", fmt.Sprintf("the row of podling %s was refused (%s)", key, p.item.refusal.code), fmt.Sprintf("项目 %s 所在行已被拒绝(%s)", key, p.item.refusal.code))
	case r.get("kind") == "news":
		f.refuse("free-text", "text", "news is text that may name people; it is not taken", "新闻为自由文本,可能含人名,不予导入")
	}
	on := f.itemDate("date")
	switch {
	case f.fault != nil:
	case on.Last().Compare(p.start) < 0:
		f.refuse("before-start", "date", fmt.Sprintf("dated %s, before the podling's start on %s", on, p.start), fmt.Sprintf("日期 %s 早于该项目开始日 %s", on, p.start))
	case !p.end.IsZero() && on.Compare(p.end) > 0:
		f.refuse("after-end", "date", fmt.Sprintf("dated %s, after the podling's end on %s", on, p.end), fmt.Sprintf("日期 %s 晚于该项目结束日 %s", on, p.end))
	}
	if f.fault != nil {
		it.refusal = f.fault
		return it
	}
	it.stream = p.stream()
	command := asfID("deliver-service", key, heading, on.String(), r.get("text"))
	if twin := p.ticked[command]; twin != nil {
		it.twin = twin
		it.remark(fmt.Sprintf("the same item as in line %d", twin.source.Row), fmt.Sprintf("与第 %d 行为同一条目", twin.source.Row))
		return it
	}
	p.ticked[command] = it
	c := incubation.DeliverService{Kind: serviceKind(heading), Outcome: heading, StatedOn: a.statedOn}
	s := p.step("deliver-service", act(on, c), map[string]string{"": "step", "/occurred_on": "date"})
	s.command, s.free = command, true
	it.steps = []step{s}
	return it
}

func serviceKind(heading string) string {
	for _, s := range asfServices {
		if strings.HasPrefix(heading, s.heading) {
			return s.kind
		}
	}
	return "governance"
}

// itemDate is a day or month; what stands there until an item is done is no date.
func (f *fields) itemDate(column string) ledger.Date {
	text := strings.TrimSpace(f.get(column))
	d, err := ledger.ParseDate(text)
	switch {
	case err == nil:
		return d
	case strings.ContainsAny(text, "0123456789"):
		f.refuse("bad-date", column, fmt.Sprintf("%q is not a date; year-month-day, such as 2009-07-18", text), fmt.Sprintf("%q 不是日期;应为 年-月-日,如 2009-07-18", text))
	default:
		f.refuse("undated", column, fmt.Sprintf("the item has no date (%q), so it was not ticked off", text), fmt.Sprintf("该条目无日期(%q),尚未完成", text))
	}
	return ledger.Date{}
}

// follow ends the cases that are over; those still current have nothing to follow.
func (a *asf) follow() []*item {
	var items []*item
	for _, p := range a.order {
		it := &item{file: p.item.file, source: p.item.source, key: p.key, stream: p.stream()}
		if p.item.refusal == nil && p.status != "current" {
			it.steps = []step{p.ends(a.statedOn)}
		}
		items = append(items, it)
	}
	return items
}

func (p *podling) ends(statedOn ledger.Date) step {
	var s step
	if p.status == "graduated" {
		s = p.step("confirm-graduation", actUnder(asfPolicy, p.end, incubation.ConfirmGraduation{
			Criteria:    []incubation.Met{{Code: "resolution", Evidence: "incubator.apache.org/projects/" + p.key + ".html"}},
			Destination: "other", Became: cmp.Or(p.became, p.note), StatedOn: statedOn,
		}), map[string]string{"": "status", "/occurred_on": "end_date"})
	} else {
		s = p.step("leave", act(p.end, incubation.Leave{Reason: "ceased", Note: p.note, StatedOn: statedOn}),
			map[string]string{"": "status", "/occurred_on": "end_date", "/data/note": "resolution_note"})
	}
	s.free = true // services came between; the case's own rules still decide
	return s
}
