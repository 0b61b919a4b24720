package achievement

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Disclose begins an achievement. Nothing that must stay secret is recorded: events are for ever,
// and read by every office. The document is named by its digest, as evidence.
type Disclose struct {
	Titles       ledger.Names `json:"titles" en:"title in Chinese, English or both" zh:"成果名称(中文、英文或两者)"`
	Code         string       `json:"code,omitzero" en:"a code people can say, such as A-2026-0042" zh:"成果编号,如 A-2026-0042"`
	Abstract     string       `json:"abstract,omitzero" en:"abstract; only where the achievement is open" zh:"摘要(仅限公开成果)"`
	Category     string       `json:"category" enum:"applied,basic,soft" en:"applied technology, basic theory or soft science" zh:"应用技术、基础理论或软科学"`
	Secrecy      string       `json:"secrecy" enum:"open,commercial,state" en:"open, commercial secret or state secret" zh:"公开、商业秘密或国家秘密"`
	Completers   []Completer  `json:"completers" en:"completers in order, with shares that sum to 1000‰" zh:"完成人(按序),贡献比例合计 1000‰"`
	Organisation uuid.UUID    `json:"organisation" en:"id of the first completing unit" zh:"第一完成单位的标识"`
	Funding      []Funding    `json:"funding,omitzero" en:"what it was funded by" zh:"经费来源"`
	ConceivedOn  ledger.Date  `json:"conceived_on,omitzero" en:"date of conception" zh:"构思完成日期"`
	PublishedOn  ledger.Date  `json:"published_on,omitzero" en:"date of first publication" zh:"首次公开日期"`
	Readiness    *Readiness   `json:"readiness,omitzero" en:"readiness level" zh:"技术就绪度"`
	Industry     string       `json:"industry,omitzero" en:"industry tag" zh:"行业标签"`
}

// Completer is a person, by pseudonym, with a share.
type Completer struct {
	Person   uuid.UUID `json:"person" en:"pseudonym of an enrolled person" zh:"已登记人员的化名标识"`
	Permille int       `json:"permille" en:"share in permille" zh:"贡献比例(‰)"`
}

// Funding is a programme that paid for the work.
type Funding struct {
	Programme string `json:"programme" en:"programme" zh:"计划名称"`
	Number    string `json:"number,omitzero" en:"number there" zh:"项目编号"`
}

// Readiness is a technology readiness level on a named scale.
type Readiness struct {
	Scale string `json:"scale" enum:"ISO16290,GBT22900,GJB7688" en:"scale" zh:"量表"`
	Level int    `json:"level" en:"level: 1 to 9, on GBT22900 1 to 13" zh:"级别:1–9(GBT22900 为 1–13)"`
}

// check holds a level against its scale.
func (r *Readiness) check(path string) error {
	if r == nil {
		return nil
	}
	if err := ledger.CheckOneOf(path+"/scale", r.Scale, "ISO16290", "GBT22900", "GJB7688"); err != nil {
		return err
	}
	top := 9
	if r.Scale == "GBT22900" {
		top = 13
	}
	if r.Level < 1 || r.Level > top {
		return ledger.InvalidField(path+"/level", fmt.Sprintf("1 to %d on %s", top, r.Scale), fmt.Sprintf("%s 为 1 至 %d 级", r.Scale, top))
	}
	return nil
}

// ReliesOn is the completing unit and the completers.
func (c Disclose) ReliesOn() []ledger.StreamID {
	return append([]ledger.StreamID{organisation(c.Organisation)}, persons(c.Completers)...)
}

func persons(list []Completer) []ledger.StreamID {
	var streams []ledger.StreamID
	for _, c := range list {
		streams = append(streams, person(c.Person))
	}
	return streams
}

func (c Disclose) decide(_ State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		c.Titles.Check("titles"),
		checkCode("code", c.Code, false),
		ledger.CheckOneOf("category", c.Category, "applied", "basic", "soft"),
		ledger.CheckOneOf("secrecy", c.Secrecy, "open", "commercial", "state"),
		ledger.CheckText("abstract", c.Abstract, 2000, false),
		c.checkFunding(),
		checkPast("conceived_on", c.ConceivedOn, at),
		checkPast("published_on", c.PublishedOn, at),
		c.Readiness.check("readiness"),
	); err != nil {
		return nil, err
	}
	if c.Industry != "" && !tagPattern.MatchString(c.Industry) {
		return nil, ledger.InvalidField("industry", "a tag is 1 to 40 of a-z 0-9 -", "标签为 1 至 40 位小写字母、数字或 -")
	}
	if c.Secrecy != "open" && (c.Abstract != "" || !c.PublishedOn.IsZero()) {
		return nil, reject("secret", "of a secret achievement no abstract and no publication is recorded; name its document as evidence", "涉密成果不登记摘要与公开日期,请以佐证材料摘要值代替")
	}
	if err := ledger.First(checkShares(c.Completers), checkOrganisation(c.Organisation, at), checkPersons(c.Completers, at)); err != nil {
		return nil, err
	}
	return []Event{Disclosed(c)}, nil
}

func (c Disclose) checkFunding() error {
	if err := ledger.CheckCount("funding", len(c.Funding), 20); err != nil {
		return err
	}
	for i, f := range c.Funding {
		path := fmt.Sprintf("funding/%d", i)
		if err := ledger.First(
			ledger.CheckText(path+"/programme", f.Programme, 200, true),
			ledger.CheckText(path+"/number", f.Number, 100, false),
		); err != nil {
			return err
		}
	}
	return nil
}

// checkShares: persons, each once, whose shares sum to 1000‰ (T1).
func checkShares(list []Completer) error {
	if err := ledger.CheckCount("completers", len(list), 100); err != nil {
		return err
	}
	sum := 0
	for i, c := range list {
		path := fmt.Sprintf("completers/%d", i)
		if slices.ContainsFunc(list[:i], func(other Completer) bool { return other.Person == c.Person }) {
			return ledger.InvalidField(path+"/person", "is named twice", "完成人重复")
		}
		if c.Permille < 1 || c.Permille > 1000 {
			return ledger.InvalidField(path+"/permille", "1 to 1000", "应为 1 至 1000")
		}
		sum += c.Permille
	}
	if sum != 1000 {
		return ledger.InvalidField("completers", fmt.Sprintf("the shares sum to %d‰ and not to 1000‰", sum), fmt.Sprintf("贡献比例合计为 %d‰,应为 1000‰", sum))
	}
	return nil
}

func checkPersons(list []Completer, at ledger.Context) error {
	for _, c := range list {
		if !at.Exists(person(c.Person)) {
			return reject("no-such-person", fmt.Sprintf("there is no person %s; enrol them first", c.Person), fmt.Sprintf("人员 %s 尚未登记", c.Person))
		}
	}
	return nil
}

// Disclosed: the achievement is known (domain catalogue event 16).
type Disclosed struct {
	Titles       ledger.Names `json:"titles"`
	Code         string       `json:"code,omitzero"`
	Abstract     string       `json:"abstract,omitzero"`
	Category     string       `json:"category"`
	Secrecy      string       `json:"secrecy"`
	Completers   []Completer  `json:"completers"`
	Organisation uuid.UUID    `json:"organisation"`
	Funding      []Funding    `json:"funding,omitzero"`
	ConceivedOn  ledger.Date  `json:"conceived_on,omitzero"`
	PublishedOn  ledger.Date  `json:"published_on,omitzero"`
	Readiness    *Readiness   `json:"readiness,omitzero"`
	Industry     string       `json:"industry,omitzero"`
}

// EventType is the stored name.
func (Disclosed) EventType() string { return "achievement.disclosed.v1" }

// Correctable: a wrong record is put right by a correction.
func (Disclosed) Correctable() {}

// Check says what is wrong with a corrected one.
func (e Disclosed) Check() error {
	return ledger.First(e.Titles.Check("titles"), checkCode("code", e.Code, false), checkShares(e.Completers))
}

func (e Disclosed) apply(s State, m ledger.Metadata) State {
	s.Titles, s.Code, s.Organisation, s.Completers = e.Titles, e.Code, e.Organisation, e.Completers
	s.DisclosedOn = m.OccurredOn
	return s
}
