package team

import (
	"fmt"
	"regexp"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// The bounds of a team. Everybody named is read when a command is decided.
const (
	maxCore   = 20
	maxOthers = 50
	maxRights = 100
)

// Form enters a team with what it brings.
type Form struct {
	Code       string       `json:"code" en:"code, such as T-2026-0007" zh:"团队编号,如 T-2026-0007"`
	Scheme     string       `json:"scheme" en:"scheme of team import, the code of its policy" zh:"团队引进办法(政策代码)"`
	Category   string       `json:"category" enum:"attack,founding,innovation" en:"attacks a technical problem, founds a company, or innovates in one" zh:"类别:技术攻关、创办企业、创新团队"`
	Titles     ledger.Names `json:"titles" en:"the technology it brings, without names of persons" zh:"带来的技术(不含人名)"`
	Leader     uuid.UUID    `json:"leader" en:"leader, a pseudonym" zh:"带头人(化名标识)"`
	Core       []uuid.UUID  `json:"core,omitzero" en:"core members, pseudonyms" zh:"核心成员(化名标识)"`
	Others     []uuid.UUID  `json:"others,omitzero" en:"other members, pseudonyms" zh:"一般成员(化名标识)"`
	Origin     Origin       `json:"origin" en:"where it comes from" zh:"来源地"`
	Rights     []Right      `json:"rights,omitzero" en:"intellectual property of its own" zh:"自有知识产权"`
	Enterprise uuid.UUID    `json:"enterprise" en:"receiving enterprise, a registered organisation" zh:"依托(项目执行)企业"`
}

// Origin is where a team comes from.
type Origin struct {
	Country string `json:"country" en:"ISO 3166-1, two letters" zh:"国家或地区代码(两位字母)"`
	Region  string `json:"region,omitzero" en:"region: ISO 3166-2, or 6 digits of GB/T 2260" zh:"地区:ISO 3166-2 或 GB/T 2260 六位代码"`
}

// Right is one piece of intellectual property.
type Right struct {
	Kind string      `json:"kind" enum:"patent,application,software,variety,layout,secret,other" en:"kind" zh:"类型"`
	No   string      `json:"no" en:"number" zh:"编号"`
	On   ledger.Date `json:"on" en:"since when" zh:"取得日期"`
}

func organisationOf(id uuid.UUID) ledger.StreamID {
	return ledger.StreamID{Category: "organisation", ID: id}
}

// everybody is the leader, the core and the others.
func (c Form) everybody() []uuid.UUID {
	return append(append([]uuid.UUID{c.Leader}, c.Core...), c.Others...)
}

// ReliesOn is everybody in the team, and the enterprise.
func (c Form) ReliesOn() []ledger.StreamID {
	return append(people(c.everybody()...), organisationOf(c.Enterprise))
}

// Under is the scheme in force on the day.
func (c Form) Under(State) ledger.Governing {
	return ledger.Governing{Form: "team-scheme", Code: c.Scheme}
}

var (
	codePattern    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$`)
	countryPattern = regexp.MustCompile(`^[A-Z]{2}$`)
	regionPattern  = regexp.MustCompile(`^([A-Z]{2}(-[A-Z0-9]{1,3})?|[0-9]{6})$`)
)

func (c Form) decide(_ State, at ledger.Context) ([]Event, error) {
	scheme, err := ledger.Params[Scheme](at)
	if err != nil {
		return nil, err
	}
	if err := ledger.First(
		c.check(),
		ledger.CheckOneOf("category", c.Category, scheme.Categories...),
		known(at, "leader", c.Leader),
		known(at, "core", c.Core...),
		known(at, "others", c.Others...),
		enterprise(at, c.Enterprise),
		c.meets(scheme, at.On),
	); err != nil {
		return nil, err
	}
	return []Event{TeamFormed{
		Code: c.Code, Scheme: c.Scheme, SchemeVersion: at.Rule.Version, Category: c.Category, Titles: c.Titles,
		Leader: c.Leader, Core: c.Core, Others: c.Others, Origin: c.Origin, Rights: c.Rights, Enterprise: c.Enterprise,
		Eligible: scheme.eligible(c.Leader, c.Core),
	}}, nil
}

func (c Form) check() error {
	if !codePattern.MatchString(c.Code) {
		return ledger.InvalidField("code", "1 to 40 of A-Z a-z 0-9 . _ / -", "1 至 40 位字母、数字或 . _ / -")
	}
	if err := ledger.First(
		c.Titles.Check("titles"),
		ledger.CheckCount("core", len(c.Core), maxCore),
		ledger.CheckCount("others", len(c.Others), maxOthers),
		ledger.CheckCount("rights", len(c.Rights), maxRights),
		once(c.everybody()),
	); err != nil {
		return err
	}
	if !countryPattern.MatchString(c.Origin.Country) {
		return ledger.InvalidField("origin/country", "two capital letters, such as CN or DE", "两位大写字母,例如 CN、DE")
	}
	if c.Origin.Region != "" && !regionPattern.MatchString(c.Origin.Region) {
		return ledger.InvalidField("origin/region", "ISO 3166-2 such as CN-BJ, or six digits such as 110108", "应为 ISO 3166-2(如 CN-BJ)或六位代码(如 110108)")
	}
	for i, r := range c.Rights {
		path := fmt.Sprintf("rights/%d", i)
		if err := ledger.First(
			ledger.CheckOneOf(path+"/kind", r.Kind, "patent", "application", "software", "variety", "layout", "secret", "other"),
			ledger.CheckText(path+"/no", r.No, 100, true),
		); err != nil {
			return err
		}
		if r.On.IsZero() {
			return ledger.InvalidField(path+"/on", "a date is needed", "需要日期")
		}
	}
	return nil
}

// once refuses somebody who is named twice.
func once(ids []uuid.UUID) error {
	seen := map[uuid.UUID]bool{}
	for _, id := range ids {
		if seen[id] {
			return reject("named-twice", fmt.Sprintf("%s has two places in the team", id), fmt.Sprintf("%s 在团队中重复", id))
		}
		seen[id] = true
	}
	return nil
}

// known refuses somebody who is not enrolled.
func known(at ledger.Context, path string, ids ...uuid.UUID) error {
	for _, id := range ids {
		if !at.Exists(personOf(id)) {
			return reject("no-such-person", fmt.Sprintf("%s: nobody is enrolled under the pseudonym %s", path, id), fmt.Sprintf("%s:化名 %s 尚未登记", path, id))
		}
	}
	return nil
}

func enterprise(at ledger.Context, id uuid.UUID) error {
	if at.Exists(organisationOf(id)) {
		return nil
	}
	return reject("no-such-organisation", fmt.Sprintf("the organisation %s is not registered", id), fmt.Sprintf("主体 %s 尚未登记", id))
}

// meets holds what a team brings against the scheme. Too few core members stop nobody from forming
// a team: they may join before it lands.
func (c Form) meets(s Scheme, on ledger.Date) error {
	if s.isLocal(c.Origin) {
		return notFromOutside(c.Origin)
	}
	recent := 0
	for _, r := range c.Rights {
		oldest := on.Plus(-s.RightsYears, 0, 0)
		if s.RightsYears == 0 || r.On.Last().Compare(oldest) >= 0 {
			recent++
		}
	}
	if recent < s.RightsMin {
		return reject("rights-too-old",
			fmt.Sprintf("the scheme asks for %d rights of the last %d years; %d are", s.RightsMin, s.RightsYears, recent),
			fmt.Sprintf("办法要求近 %[2]d 年内自有知识产权 %[1]d 件,现有 %[3]d 件", s.RightsMin, s.RightsYears, recent))
	}
	return nil
}

func notFromOutside(o Origin) error {
	return reject("not-from-outside", fmt.Sprintf("a team from %s is from the region itself, so it is no import", o.Region), fmt.Sprintf("来自 %s 的团队属本地区,不属引进", o.Region))
}

// TeamFormed: there is a team, and what it brings (domain catalogue event 50).
type TeamFormed struct {
	Code          string       `json:"code"`
	Scheme        string       `json:"scheme"`
	SchemeVersion string       `json:"scheme_version"`
	Category      string       `json:"category"`
	Titles        ledger.Names `json:"titles"`
	Leader        uuid.UUID    `json:"leader"`
	Core          []uuid.UUID  `json:"core,omitzero"`
	Others        []uuid.UUID  `json:"others,omitzero"`
	Origin        Origin       `json:"origin"`
	Rights        []Right      `json:"rights,omitzero"`
	Enterprise    uuid.UUID    `json:"enterprise"`
	Eligible      bool         `json:"eligible,omitzero"`
}

// EventType is the stored name.
func (TeamFormed) EventType() string { return "team.formed.v1" }

// Correctable: a wrong record is put right by a correction.
func (TeamFormed) Correctable() {}

func (e TeamFormed) apply(s State, m ledger.Metadata) State {
	s.Stage, s.FormedOn = Formed, m.OccurredOn
	s.Code, s.Category, s.Scheme, s.Version = e.Code, e.Category, e.Scheme, e.SchemeVersion
	s.Leader, s.Core, s.Others = e.Leader, e.Core, e.Others
	s.Origin, s.Enterprise, s.Eligible = e.Origin, e.Enterprise, e.Eligible
	return s
}
