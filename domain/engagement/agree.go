package engagement

import (
	"fmt"
	"regexp"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Agree records what was agreed.
type Agree struct {
	Code         string       `json:"code" en:"code, such as E-2026-0007" zh:"编号,如 E-2026-0007"`
	Kind         string       `json:"kind" enum:"coordination,service_team,talent_tour,forum,reform,resolution" en:"kind" zh:"类型:协同事项、科技服务团、海外人才行、高端论坛、改革举措、委员会决议"`
	Dimension    int          `json:"dimension,omitzero" en:"dimension of the six coordinations, 1 to 6; for coordination" zh:"六大协同维度(1–6),协同事项必填"`
	Titles       ledger.Names `json:"titles" en:"what it is" zh:"事项名称"`
	Counterparts []uuid.UUID  `json:"counterparts,omitzero" en:"registered organisations it is agreed with" zh:"合作方(已登记主体)"`
	Deliverable  ledger.Names `json:"deliverable" en:"what is to be delivered" zh:"交付内容"`
	Due          ledger.Date  `json:"due" en:"by when" zh:"完成期限"`
	Action       int          `json:"action,omitzero" en:"programme action, 1 to 6" zh:"所属行动(1–6)"`
	Unit         string       `json:"unit,omitzero" en:"unit in charge here" zh:"责任部门"`
}

func organisation(id uuid.UUID) ledger.StreamID {
	return ledger.StreamID{Category: "organisation", ID: id}
}

// ReliesOn is the counterparts.
func (c Agree) ReliesOn() []ledger.StreamID {
	var streams []ledger.StreamID
	for _, id := range c.Counterparts {
		streams = append(streams, organisation(id))
	}
	return streams
}

var codePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$`)

func (c Agree) decide(_ State, at ledger.Context) ([]Event, error) {
	if !codePattern.MatchString(c.Code) {
		return nil, ledger.InvalidField("code", "1 to 40 of A-Z a-z 0-9 . _ / -", "1 至 40 位字母、数字或 . _ / -")
	}
	if err := ledger.First(
		ledger.CheckOneOf("kind", c.Kind, "coordination", "service_team", "talent_tour", "forum", "reform", "resolution"),
		c.dimension(),
		c.Titles.Check("titles"),
		c.Deliverable.Check("deliverable"),
		ledger.CheckCount("counterparts", len(c.Counterparts), 50),
		ledger.CheckText("unit", c.Unit, 200, false),
		checkDue(c.Due, at),
	); err != nil {
		return nil, err
	}
	if c.Action < 0 || c.Action > 6 {
		return nil, ledger.InvalidField("action", "1 to 6", "1 至 6")
	}
	for _, id := range c.Counterparts {
		if !at.Exists(organisation(id)) {
			return nil, ledger.Rejected("no-such-organisation", ledger.Text{
				En: fmt.Sprintf("the organisation %s is not registered", id), Zh: fmt.Sprintf("主体 %s 尚未登记", id),
			})
		}
	}
	return []Event{EngagementAgreed(c)}, nil
}

func (c Agree) dimension() error {
	switch {
	case c.Kind != "coordination" && c.Dimension != 0:
		return ledger.InvalidField("dimension", "is for the kind coordination; leave it out", "仅协同事项填写,请留空")
	case c.Kind == "coordination" && (c.Dimension < 1 || c.Dimension > len(Dimensions)):
		return ledger.InvalidField("dimension", "1 to 6, one of the six coordinations", "1 至 6,对应六大协同")
	}
	return nil
}

func checkDue(due ledger.Date, at ledger.Context) error {
	if due.IsZero() || due.Last().Compare(at.On.First()) < 0 {
		return ledger.InvalidField("due", "a date not before the business date is needed", "需要不早于业务发生日的日期")
	}
	return nil
}

// EngagementAgreed: something was agreed (domain catalogue event 68).
type EngagementAgreed struct {
	Code         string       `json:"code"`
	Kind         string       `json:"kind"`
	Dimension    int          `json:"dimension,omitzero"`
	Titles       ledger.Names `json:"titles"`
	Counterparts []uuid.UUID  `json:"counterparts,omitzero"`
	Deliverable  ledger.Names `json:"deliverable"`
	Due          ledger.Date  `json:"due"`
	Action       int          `json:"action,omitzero"`
	Unit         string       `json:"unit,omitzero"`
}

// EventType is the stored name.
func (EngagementAgreed) EventType() string { return "engagement.agreed.v1" }

func (e EngagementAgreed) apply(s State, m ledger.Metadata) State {
	s.Code, s.Kind, s.Due, s.AgreedOn = e.Code, e.Kind, e.Due, m.OccurredOn
	return s
}

// Amend records another due day, another deliverable, or both.
type Amend struct {
	Due         ledger.Date  `json:"due" en:"by when" zh:"完成期限"`
	Deliverable ledger.Names `json:"deliverable,omitzero" en:"what is to be delivered, where that changed" zh:"交付内容(如变更)"`
	Ground      string       `json:"ground" enum:"agreement,delay,scope" en:"why" zh:"变更原因"`
}

func (c Amend) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		ledger.CheckOneOf("ground", c.Ground, "agreement", "delay", "scope"),
		checkDue(c.Due, at),
		s.notBefore(at),
	); err != nil {
		return nil, err
	}
	if c.Deliverable == (ledger.Names{}) {
		if c.Due == s.Due {
			return nil, nil
		}
	} else if err := c.Deliverable.Check("deliverable"); err != nil {
		return nil, err
	}
	return []Event{EngagementAmended(c)}, nil
}

// notBefore refuses an act that certainly happened before the agreement.
func (s State) notBefore(at ledger.Context) error {
	if at.On.Last().Compare(s.AgreedOn.First()) >= 0 {
		return nil
	}
	return ledger.Rejected("date-order", ledger.Text{
		En: fmt.Sprintf("dated %s, before it was agreed on %s", at.On, s.AgreedOn),
		Zh: fmt.Sprintf("业务发生日 %s 早于约定日 %s", at.On, s.AgreedOn),
	})
}

// EngagementAmended: it is due on another day, or something else is.
type EngagementAmended struct {
	Due         ledger.Date  `json:"due"`
	Deliverable ledger.Names `json:"deliverable,omitzero"`
	Ground      string       `json:"ground"`
}

// EventType is the stored name.
func (EngagementAmended) EventType() string { return "engagement.amended.v1" }

func (e EngagementAmended) apply(s State, _ ledger.Metadata) State {
	s.Due = e.Due
	return s
}
