package incubation

import (
	"fmt"
	"regexp"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Application is who asks to be incubated where. A team may apply before its company is founded.
type Application struct {
	Names    ledger.Names `json:"names" en:"name of the venture, in Chinese, English or both" zh:"创业项目名称(中文、英文或两者)"`
	Code     string       `json:"code,omitzero" en:"code, unique in the ledger" zh:"孵化编号(全账本唯一)"`
	Facility uuid.UUID    `json:"facility" en:"id of the incubator, accelerator or offshore centre" zh:"申请入驻载体的标识"`
	Venture  uuid.UUID    `json:"venture,omitzero" en:"id of the venture, kept from case to case; a new one where absent" zh:"创业项目标识(各阶段不变,缺省为新项目)"`
	Company  uuid.UUID    `json:"company,omitzero" en:"id of the registered company" zh:"企业标识"`
	Team     uuid.UUID    `json:"team,omitzero" en:"id of the team" zh:"团队标识"`
	Founders []uuid.UUID  `json:"founders,omitzero" en:"ids of the founders, by pseudonym" zh:"创始人标识(化名)"`
	Project  uuid.UUID    `json:"project,omitzero" en:"id of the project" zh:"项目标识"`
	Offshore uuid.UUID    `json:"offshore,omitzero" en:"id of the offshore case that landed and goes on here" zh:"已落地的离岸孵化案例标识"`
	Channel  string       `json:"channel,omitzero" enum:"contract,founder-team,offshore-landing,policy" en:"channel it applies on" zh:"申请通道"`
	Field    string       `json:"field,omitzero" en:"code of the field, which the time limit may depend on" zh:"领域代码(影响孵化时限)"`
	Summary  string       `json:"summary,omitzero" en:"what the venture does" zh:"项目简介"`
	Ask      string       `json:"ask,omitzero" en:"what it asks for" zh:"入孵需求"`
	Staff    int64        `json:"staff,omitzero" en:"people" zh:"人数"`
	IP       int64        `json:"ip,omitzero" en:"intellectual property rights held" zh:"拥有知识产权数"`
	StatedOn ledger.Date  `json:"stated_on,omitzero" en:"for what is taken over from elsewhere: the day it was stated there" zh:"转录数据的原载日期"`
}

// Apply records an application (入孵申请).
type Apply struct{ Application }

// ReliesOn is the facility and whatever the application names.
func (c Apply) ReliesOn() []ledger.StreamID {
	streams := named(stream("facility", c.Facility), stream("organisation", c.Company), stream("team", c.Team),
		stream("project", c.Project), stream("incubation", c.Offshore))
	for _, id := range c.Founders {
		streams = append(streams, stream("person", id))
	}
	return streams
}

var codePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,79}$`)

func (c Apply) decide(_ State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		c.Names.Check("names"),
		ledger.CheckOneOf("channel", c.Channel, append([]string{"", "contract"}, channels...)...),
		ledger.CheckText("field", c.Field, 40, false),
		ledger.CheckText("summary", c.Summary, 2000, false),
		ledger.CheckText("ask", c.Ask, 1000, false),
		ledger.CheckCount("founders", len(c.Founders), 50),
		checkThere(at, "company", stream("organisation", c.Company)),
		checkThere(at, "team", stream("team", c.Team)),
		checkThere(at, "project", stream("project", c.Project)),
	); err != nil {
		return nil, err
	}
	if c.Code != "" && !codePattern.MatchString(c.Code) {
		return nil, ledger.InvalidField("code", "1 to 80 of letters, digits and . _ / -, beginning with a letter or digit", "1 至 80 位字母、数字或 . _ / -,以字母或数字开头")
	}
	if c.Staff < 0 || c.Staff > maxHeads || c.IP < 0 || c.IP > maxHeads {
		return nil, ledger.InvalidField("staff", "0 to 1,000,000 people and rights", "人数和知识产权数为 0 至 1,000,000")
	}
	for i, id := range c.Founders {
		if err := checkThere(at, fmt.Sprintf("founders/%d", i), stream("person", id)); err != nil {
			return nil, err
		}
	}
	e := IncubationApplied{Application: c.Application}
	if err := ledger.First(c.house(&e, at), c.goesOn(&e, at)); err != nil {
		return nil, err
	}
	if e.Venture == uuid.Nil {
		e.Venture = at.Stream.ID
	}
	return []Event{e}, nil
}

// host is what is asked of the facility.
type host interface {
	OfKind() string
	OfScheme() string
	OpenOn(ledger.Date) bool
	RoomArea(room string) int64
	TenantArea() int64
	Park() uuid.UUID
}

// house finds the park that the facility stands in, for the day of the admission.
func (c Apply) house(e *IncubationApplied, at ledger.Context) error {
	f, ok := ledger.About[host](at, stream("facility", c.Facility))
	switch {
	case !ok:
		return ledger.InvalidField("facility", "is not designated", "该载体未经认定")
	case !takesTenants(f.OfKind()):
		return ledger.InvalidField("facility", fmt.Sprintf("a facility of kind %s takes no tenants", f.OfKind()), fmt.Sprintf("%s 类载体不接收在孵企业", f.OfKind()))
	case f.OfKind() == "park":
		e.Park = c.Facility
	default:
		e.Park = f.Park()
	}
	return nil
}

// takesTenants says whether ventures are incubated in a kind of facility.
func takesTenants(kind string) bool {
	return offshore(kind) || kind == "incubator" || kind == "accelerator" || kind == "innovation_centre" || kind == "park"
}

// offshore says whether a kind of facility is abroad: there a venture needs no company here.
func offshore(kind string) bool {
	return kind == "offshore_centre" || kind == "offshore_base" || kind == "overseas_station"
}

// goesOn takes the venture from the offshore case that it goes on from.
func (c Apply) goesOn(e *IncubationApplied, at ledger.Context) error {
	if c.Offshore == uuid.Nil {
		return nil
	}
	before, ok := ledger.About[interface {
		Venture() uuid.UUID
		LandedIn() (uuid.UUID, bool)
	}](at, stream("incubation", c.Offshore))
	if !ok {
		return ledger.InvalidField("offshore", "there is no such case", "没有该孵化案例")
	}
	company, landed := before.LandedIn()
	switch {
	case !landed:
		return reject("not-landed", "the offshore case has not landed; confirm the landing first", "该离岸案例尚未落地,请先办理落地确认")
	case c.Venture != uuid.Nil && c.Venture != before.Venture():
		return ledger.InvalidField("venture", "the offshore case is of another venture", "与离岸案例的创业项目不一致")
	case c.Company != uuid.Nil && c.Company != company:
		return ledger.InvalidField("company", "another company landed", "与落地企业不一致")
	}
	e.Venture, e.Company = before.Venture(), company
	return nil
}

// IncubationApplied: a venture asks to be incubated (domain catalogue event 57).
type IncubationApplied struct {
	Application
	Park uuid.UUID `json:"park,omitzero"` // that the facility stands in
}

// EventType is the stored name.
func (IncubationApplied) EventType() string { return "incubation.applied.v1" }

// Correctable: a wrong record is put right by a correction.
func (IncubationApplied) Correctable() {}

func (e IncubationApplied) apply(s State, m ledger.Metadata) State {
	s.Application, s.Park, s.Stage, s.AppliedOn = e.Application, e.Park, Applied, m.OccurredOn
	return s
}

// Refuse answers an application with no.
type Refuse struct {
	Ground string `json:"ground" enum:"not-eligible,no-room,incomplete,other" en:"why" zh:"原因"`
	Note   string `json:"note,omitzero" en:"reasons" zh:"说明"`
}

func (c Refuse) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.waiting(at),
		ledger.CheckOneOf("ground", c.Ground, "not-eligible", "no-room", "incomplete", "other"),
		ledger.CheckText("note", c.Note, 1000, false),
	); err != nil {
		return nil, err
	}
	return []Event{ApplicationRefused(c)}, nil
}

// waiting refuses what is decided on an application only.
func (s State) waiting(at ledger.Context) error {
	if s.Stage != Applied {
		return reject("decided", fmt.Sprintf("the application was decided: %s", s.Stage), fmt.Sprintf("该申请已有结果:%s", stageZh(s.Stage)))
	}
	return s.notBefore(at, s.AppliedOn)
}

// ApplicationRefused: the venture is not admitted.
type ApplicationRefused struct {
	Ground string `json:"ground"`
	Note   string `json:"note,omitzero"`
}

// EventType is the stored name.
func (ApplicationRefused) EventType() string { return "incubation.refused.v1" }

// Correctable: a wrong record is put right by a correction.
func (ApplicationRefused) Correctable() {}

func (e ApplicationRefused) apply(s State, _ ledger.Metadata) State {
	s.Stage = Refused
	return s
}
