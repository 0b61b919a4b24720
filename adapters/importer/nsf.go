package importer

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
	"ttledger/domain/organisation"
	"ttledger/domain/project"
)

// NSF is the awards of the US National Science Foundation for technology transfer (SBIR, STTR,
// I-Corps) with the firms that hold them. An award is a project and a firm an organisation; a
// Phase II continues the Phase I of the same firm.
var NSF = Format{
	Name:  "nsf",
	Title: ledger.Text{En: "US National Science Foundation: technology-transfer awards and firms", Zh: "美国国家科学基金会:技术转移资助项目与企业"},
	Kinds: []Kind{
		{Name: "award", Dated: true, Columns: []string{
			"AwardID", "AwardTitle", "AwardEffectiveDate", "AwardExpirationDate", "AwardTotalIntnAmount", "AwardAmount",
			"AwardInstrument", "Directorate_LongName", "Division_Abbreviation", "Division_LongName", "Year"}},
		{Name: "firm", Columns: []string{"award_id", "firm_name", "firm_state", "award_date", "award_year"}},
	},
	begin: func(o Options) decoder {
		return &nsf{statedOn: o.StatedOn, awards: map[string]*award{}, firms: map[string]*firm{}}
	},
}

// nsf is what a run remembers of the rows before.
type nsf struct {
	statedOn ledger.Date
	awards   map[string]*award // the row that stands for each id
	order    []*award          // those with commands, as met
	firms    map[string]*firm  // by folded name
}

// award is what a row of an award file says.
type award struct {
	id, title            string
	year                 ledger.Date
	effective, expires   ledger.Date
	intended, obligated  int64 // in cents
	instrument           string
	directorate          string
	division, divisionID string
	tags                 string // blank between
	phase                string // the tag of it, or ""

	item *item
	held []holding
}

// firm is a firm as its first row had it.
type firm struct{ key, name, state string }

// holding is a firm's part in an award.
type holding struct {
	firm *firm
	item *item
}

func (n *nsf) decode(kind string, r record) *item {
	if kind == "firm" {
		return n.firm(r)
	}
	return n.award(r)
}

var nsfSpace = uuid.MustParse("7f0d3c52-6e1b-5b8e-9a64-2f1c8d90b7e3")

// nsfID derives an id from the publisher's key of a thing, or of a command on it.
func nsfID(parts ...string) uuid.UUID {
	return uuid.NewSHA1(nsfSpace, []byte(strings.Join(parts, "\n")))
}

func (a *award) stream() ledger.StreamID {
	return ledger.StreamID{Category: "project", ID: nsfID("award", a.id)}
}

func (f *firm) stream() ledger.StreamID {
	return ledger.StreamID{Category: "organisation", ID: nsfID("firm", f.key)}
}

// award makes an item of a row of an award file.
func (n *nsf) award(r record) *item {
	it := &item{key: strings.TrimSpace(r.get("AwardID"))}
	a, fault := readAward(r)
	a.item = it
	known := n.awards[a.id]
	switch {
	case fault != nil:
		it.refusal = fault
		if known == nil {
			n.awards[a.id] = a
		}
		return it
	case known != nil && known.item.refusal == nil:
		return n.again(known, a)
	}
	it.stream = a.stream()
	n.remarkAward(a, r)
	it.steps = n.commands(a)
	n.awards[a.id] = a
	n.order = append(n.order, a)
	return it
}

// again settles a second row of an award: the same facts are a repeat, others are refused.
func (n *nsf) again(first, second *award) *item {
	it := second.item
	it.stream = first.stream()
	if column := first.differs(second); column != "" {
		it.refusal = &refusal{"differs", column, ledger.Text{
			En: fmt.Sprintf("the award stands already in %s, line %d, where %s is another", first.item.file, first.item.source.Row, column),
			Zh: fmt.Sprintf("该资助项目已见于 %s 第 %d 行,且 %s 不同", first.item.file, first.item.source.Row, column),
		}}
		return it
	}
	it.twin = first.item
	it.remark(
		fmt.Sprintf("the same award as in %s, line %d", first.item.file, first.item.source.Row),
		fmt.Sprintf("与 %s 第 %d 行为同一资助项目", first.item.file, first.item.source.Row))
	return it
}

// differs is the first column in which two rows of an award say something else, or "".
func (a *award) differs(b *award) string {
	switch {
	case a.title != b.title:
		return "AwardTitle"
	case a.effective != b.effective:
		return "AwardEffectiveDate"
	case a.expires != b.expires:
		return "AwardExpirationDate"
	case a.intended != b.intended:
		return "AwardTotalIntnAmount"
	case a.obligated != b.obligated:
		return "AwardAmount"
	case a.instrument != b.instrument:
		return "AwardInstrument"
	case a.directorate != b.directorate:
		return "Directorate_LongName"
	case a.divisionID != b.divisionID:
		return "Division_Abbreviation"
	case a.division != b.division:
		return "Division_LongName"
	case a.year != b.year:
		return "Year"
	case a.tags != b.tags:
		return "teams"
	}
	return ""
}

var awardIDPattern = regexp.MustCompile(`^[0-9]{7}$`)

func readAward(r record) (*award, *refusal) {
	f := &fields{record: r}
	a := &award{id: strings.TrimSpace(r.get("AwardID"))}
	if !awardIDPattern.MatchString(a.id) {
		f.refuse("bad-award-id", "AwardID",
			fmt.Sprintf("%q is not an award number; seven digits, zeros in front included, such as 0060805", a.id),
			fmt.Sprintf("%q 不是资助编号;应为七位数字(含前导零),如 0060805", a.id))
	}
	a.title = f.text("AwardTitle")
	a.tags, a.phase = tags(r, a.title)
	if a.tags == "" {
		f.refuse("not-technology-transfer", "AwardTitle",
			"the title names none of SBIR, STTR and I-Corps as a word",
			"标题中没有作为独立词出现的 SBIR、STTR 或 I-Corps")
	}
	a.year = f.year("Year")
	a.effective, a.expires = f.usDate("AwardEffectiveDate"), f.usDate("AwardExpirationDate")
	a.intended, a.obligated = f.cents("AwardTotalIntnAmount"), f.cents("AwardAmount")
	a.instrument, a.directorate = f.text("AwardInstrument"), f.text("Directorate_LongName")
	a.division, a.divisionID = f.text("Division_LongName"), f.text("Division_Abbreviation")
	return a, f.fault
}

var (
	programmes = []struct {
		tag  string
		word *regexp.Regexp
	}{
		{"sbir", regexp.MustCompile(`(?i)\b(SBIR|Small Business Innovation Research)\b`)},
		{"sttr", regexp.MustCompile(`(?i)\b(STTR|Small Business Technology Transfer)\b`)},
		{"i-corps", regexp.MustCompile(`(?i)\bI-?Corps\b`)},
	}
	kindsOfCorps = []struct{ column, tag string }{{"teams", "team"}, {"hub", "hub"}, {"site", "site"}, {"node", "node"}}

	// A phase counts where it follows the programme at the beginning: other titles speak of the
	// phases of others, or of those of matter. The publisher has "Phae I" and "Phase l" too.
	phasePattern = regexp.MustCompile(`(?i)^(?:(?:SBIR|STTR|Small Business Innovation Research|Small Business Technology Transfer)[\s/:(),-]*)+pha?s?e\s*(IIB|IB|II|I|l|1|2)\b[\s:.-]*`)
	phases       = map[string]string{"I": "phase-1", "L": "phase-1", "1": "phase-1", "IB": "phase-1b", "II": "phase-2", "2": "phase-2", "IIB": "phase-2"}

	divisionPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
)

// tags are what an award can be found by, "" where it belongs to no programme, and its phase.
func tags(r record, title string) (list, phase string) {
	var all []string
	for _, p := range programmes {
		if p.word.MatchString(title) || p.tag == "i-corps" && corpsFile(r) {
			all = append(all, p.tag)
		}
	}
	if len(all) == 0 {
		return "", ""
	}
	if m := phasePattern.FindStringSubmatch(title); m != nil {
		phase = phases[strings.ToUpper(m[1])]
		all = append(all, phase)
	}
	for _, k := range kindsOfCorps {
		if r.get(k.column) == "1" {
			all = append(all, k.tag)
		}
	}
	if division := strings.ToLower(r.get("Division_Abbreviation")); divisionPattern.MatchString(division) {
		all = append(all, division)
	}
	return strings.Join(append([]string{"nsf"}, all...), " "), phase
}

// corpsFile says whether the file is the list of I-Corps awards: it alone has the flags of
// I-Corps without the coded flags of the other programmes, m_….
func corpsFile(r record) bool {
	for _, k := range kindsOfCorps {
		if _, ok := r.columns[k.column]; !ok {
			return false
		}
	}
	for column := range r.columns {
		if strings.HasPrefix(column, "m_") {
			return false
		}
	}
	return true
}

// promised is what the award was promised at first. An intended amount of nothing is a filler.
func (a *award) promised() int64 { return cmp.Or(a.intended, a.obligated) }

func (n *nsf) remarkAward(a *award, r record) {
	it := a.item
	for _, k := range kindsOfCorps {
		if v := r.get(k.column); !slices.Contains([]string{"", "0", "1"}, v) {
			it.remark(fmt.Sprintf("%s is %q, read as no", k.column, v), fmt.Sprintf("%s 为 %q,按“否”处理", k.column, v))
		}
	}
	switch {
	case a.promised() == 0:
		it.remark("no amount is stated; no funding is recorded", "未载明金额,不记录资助")
	case a.intended == 0:
		it.remark("the intended amount is missing; the obligated amount stands for it", "缺少约定金额,以已拨付金额代替")
	}
	if a.adjusted() && a.adjustedOn(n.statedOn) != n.statedOn {
		it.remark("begins after the day of the extract; the change of its amount is dated its beginning", "起始日晚于数据截止日,金额调整记于起始日")
	}
	if a.effective.Year < a.year.Year {
		it.remark("the effective date is before the award year", "生效日早于资助年度")
	}
}

func (a *award) adjusted() bool { return a.intended > 0 && a.obligated != a.intended }

// adjustedOn is the day on which the amount obligated was stated, but never before the amount
// intended was agreed: the fold by date would end with the wrong one.
func (a *award) adjustedOn(stated ledger.Date) ledger.Date {
	if a.effective.Compare(stated) > 0 {
		return a.effective
	}
	return stated
}

// commands are the award's life as far as the file knows it.
func (n *nsf) commands(a *award) []step {
	usd := func(minor int64) ledger.Money { return ledger.Money{Minor: minor, Currency: "USD"} }
	propose := project.Propose{
		Titles: ledger.Names{En: a.title}, Code: "NSF-" + a.id,
		External: &project.ExternalID{Scheme: "nsf-award", ID: a.id},
		Tags:     strings.Fields(a.tags), Start: a.effective, End: a.expires,
		Milestones: []project.Milestone{{Code: "end", Names: ledger.Names{Zh: "资助期满", En: "the award expires"}, Due: a.expires}},
	}
	if a.intended > 0 {
		propose.Budget = new(usd(a.intended))
	}
	steps := []step{
		a.step("propose", act(a.year, propose), map[string]string{"": "AwardTitle", "/occurred_on": "Year",
			"/data/budget": "AwardTotalIntnAmount", "/data/start": "AwardEffectiveDate", "/data/end": "AwardExpirationDate"}),
		a.step("approve", act(a.year, project.Approve{Body: "NSF " + a.directorate + " / " + a.division}),
			map[string]string{"": "Directorate_LongName", "/occurred_on": "Year"}),
	}
	if a.promised() > 0 {
		agree := project.AgreeFunding{Amount: usd(a.promised()), Funder: "US National Science Foundation", Instrument: a.instrument}
		steps = append(steps, a.step("agree-funding", act(a.effective, agree), map[string]string{"": "AwardTotalIntnAmount",
			"/occurred_on": "AwardEffectiveDate", "/data/instrument": "AwardInstrument"}))
	}
	if a.adjusted() {
		adjust := project.AdjustFunding{To: usd(a.obligated), Ground: "supplement"}
		if a.obligated < a.intended {
			adjust.Ground = "reduction"
		}
		steps = append(steps, a.step("adjust-funding", act(a.adjustedOn(n.statedOn), adjust), map[string]string{"": "AwardAmount"}))
	}
	return steps
}

func (a *award) step(verb string, body []byte, columns map[string]string) step {
	return step{stream: a.stream(), verb: verb, command: nsfID(verb, a.id), body: body, columns: columns}
}

// firm makes an item of a row of the firm file: the firm is registered and joins the award's
// project.
func (n *nsf) firm(r record) *item {
	f := &fields{record: r}
	id := strings.TrimSpace(r.get("award_id"))
	it := &item{key: id}
	a := n.awards[id]
	switch {
	case a == nil:
		f.refuse("unknown-award", "award_id",
			fmt.Sprintf("award %q stands in none of the award files of this run; the files it stands in must be given together with this one", id),
			fmt.Sprintf("资助编号 %q 不在本次导入的资助文件中;须与所在的资助文件一并导入", id))
	case a.item.refusal != nil:
		f.refuse("award-refused", "award_id",
			fmt.Sprintf("the row of award %s was refused (%s)", id, a.item.refusal.code),
			fmt.Sprintf("资助项目 %s 所在行已被拒绝(%s)", id, a.item.refusal.code))
	}
	on := f.awardDate(a)
	now := firm{key: letters(f.text("firm_name")), name: f.text("firm_name"), state: strings.TrimSpace(r.get("firm_state"))}
	if now.key == "" {
		f.refuse("no-firm", "firm_name", "the firm has no name", "缺少企业名称")
	}
	if f.fault != nil {
		it.refusal = f.fault
		return it
	}
	it.stream = a.stream()
	for _, h := range a.held {
		if h.firm.key == now.key && h.item.refusal == nil {
			it.twin = h.item
			it.remark(fmt.Sprintf("the same award and firm as in line %d", h.item.source.Row), fmt.Sprintf("与第 %d 行为同一资助项目和企业", h.item.source.Row))
			return it
		}
	}
	if len(a.held) > 0 {
		it.remark("a second firm under the same award", "同一资助项目的另一企业")
	}
	held := n.meet(now, it)
	a.held = append(a.held, holding{held, it})
	it.steps = []step{register(now, on), join(a, held, on)}
	return it
}

// awardDate is the date of a firm's row. The first of July is what the publisher fills in where
// it knows the year alone, unless the award began on that very day.
func (f *fields) awardDate(a *award) ledger.Date {
	day, year := f.day("award_date"), f.year("award_year")
	if day.Month == 7 && day.Day == 1 && (a == nil || a.effective != day) {
		return year
	}
	return day
}

// meet is the firm as it was met first, with remarks on what this row has otherwise.
func (n *nsf) meet(now firm, it *item) *firm {
	first := n.firms[now.key]
	if first == nil {
		n.firms[now.key] = &now
		return &now
	}
	if first.name != now.name {
		it.remark(fmt.Sprintf("the firm is registered as %q", first.name), fmt.Sprintf("该企业登记名称为 %q", first.name))
	}
	if first.state != now.state {
		it.remark(fmt.Sprintf("the firm is registered in %s", first.state), fmt.Sprintf("该企业登记地区为 %s", first.state))
	}
	return first
}

// register enters a firm. What transfer rules ask of the kind of unit is answered from where
// they apply: to them a US firm is foreign, whoever owns it.
func register(f firm, on ledger.Date) step {
	c := organisation.Register{
		Names: ledger.Names{En: f.name}, Kind: "company", UnitKind: "foreign", Region: "US",
		Foreign: &organisation.ForeignID{Country: "US", Scheme: "nsf-firm", ID: f.key},
	}
	if f.state != "" {
		c.Region += "-" + f.state
	}
	return step{
		stream: f.stream(), verb: "register", command: nsfID("register", f.key), body: act(on, c), ensure: true,
		columns: map[string]string{"": "firm_name", "/occurred_on": "award_date", "/data/region": "firm_state"},
	}
}

// join makes a firm the performer of an award's project. It holds whatever else happened to the
// project since, so it waives the version; the project's own rules still decide.
func join(a *award, f *firm, on ledger.Date) step {
	s := a.step("join-party", act(on, project.JoinParty{Party: project.Party{Organisation: f.stream().ID, Part: "performer"}}),
		map[string]string{"": "award_id", "/occurred_on": "award_date"})
	s.command, s.free = nsfID("join-party", a.id, f.key), true
	return s
}

// letters is a name as it is compared: lower case, all but letters and digits folded to one
// blank.
func letters(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}

// follow links each Phase II of a firm to the Phase I that it continues.
func (n *nsf) follow() []*item {
	earlier := map[*firm][]*award{}
	for _, a := range n.order {
		for _, h := range a.holders() {
			if a.phase == "phase-1" || a.phase == "phase-1b" {
				earlier[h.firm] = append(earlier[h.firm], a)
			}
		}
	}
	var items []*item
	for _, a := range n.order {
		holders := a.holders()
		if a.phase != "phase-2" || len(holders) == 0 {
			continue
		}
		it := &item{file: holders[0].item.file, source: holders[0].item.source, key: a.id, stream: a.stream()}
		var best *award
		for _, h := range holders {
			if before := a.continues(earlier[h.firm]); before != nil && (best == nil || a.prefers(before, best)) {
				best, it.source = before, h.item.source
			}
		}
		if best != nil {
			it.steps = []step{link(a, best)}
		}
		items = append(items, it)
	}
	return items
}

// holders are the firms that joined the award's project.
func (a *award) holders() []holding {
	if a.item.refusal != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(a.held), func(h holding) bool { return h.item.refusal != nil })
}

// continues picks the Phase I that a Phase II continues among those of one firm; nil where none
// began before it.
func (a *award) continues(candidates []*award) (best *award) {
	for _, c := range candidates {
		if c.effective.Compare(a.effective) < 0 && (best == nil || a.prefers(c, best)) {
			best = c
		}
	}
	return best
}

// prefers says whether c is a better Phase I to a than d: the same title first, then the later,
// then the higher number.
func (a *award) prefers(c, d *award) bool {
	if same := c.subject() == a.subject(); same != (d.subject() == a.subject()) {
		return same
	}
	return cmp.Or(c.effective.Compare(d.effective), cmp.Compare(c.id, d.id)) > 0
}

// subject is the title without programme and phase, as it is compared.
func (a *award) subject() string { return letters(phasePattern.ReplaceAllString(a.title, "")) }

// link waives the version for the same reason as join.
func link(a, before *award) step {
	basis := "same firm, latest earlier Phase I"
	if a.subject() == before.subject() {
		basis = "same firm and title"
	}
	s := a.step("link", act(a.effective, project.LinkProject{Project: before.stream().ID, Relation: "continues", Basis: basis}), nil)
	s.free = true
	return s
}
