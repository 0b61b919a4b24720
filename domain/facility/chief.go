package facility

import (
	"fmt"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// AppointChiefScientist appoints the chief scientist of a park, one at a time.
type AppointChiefScientist struct {
	Person  uuid.UUID   `json:"person" en:"id of the person, by pseudonym" zh:"人员标识(化名)"`
	From    ledger.Date `json:"from,omitzero" en:"first day of the term; the day of the act where absent" zh:"任期起(缺省为业务发生日)"`
	To      ledger.Date `json:"to,omitzero" en:"last day of the term, where it ends" zh:"任期止"`
	Mandate string      `json:"mandate,omitzero" en:"mandate" zh:"职责"`
}

// ReliesOn is the person.
func (c AppointChiefScientist) ReliesOn() []ledger.StreamID {
	return []ledger.StreamID{person(c.Person)}
}

// Benefits is the person.
func (c AppointChiefScientist) Benefits(State) []ledger.StreamID { return c.ReliesOn() }

// Under is the policy on chief scientists.
func (c AppointChiefScientist) Under(State) ledger.Governing {
	return ledger.Governing{Form: chiefForm, Code: chiefPolicy}
}

func (c AppointChiefScientist) decide(s State, at ledger.Context) ([]Event, error) {
	rules, err := ledger.Params[ChiefRules](at)
	if err := ledger.First(s.park(), s.open(at), err, ledger.CheckText("mandate", c.Mandate, 1000, false)); err != nil {
		return nil, err
	}
	if !at.Exists(person(c.Person)) {
		return nil, ledger.InvalidField("person", "is not enrolled", "该人员尚未登记")
	}
	if s.Chief != nil {
		return nil, reject("in-post", fmt.Sprintf("a chief scientist is in post since %s; release first", s.Chief.From), fmt.Sprintf("自 %s 起已有首席科学家在任,请先办理卸任", s.Chief.From))
	}
	e := ChiefScientistAppointed{Person: c.Person, From: c.From, To: c.To, Mandate: c.Mandate, MaxParks: rules.MaxParks}
	if e.From.IsZero() {
		e.From = at.On
	}
	switch {
	case e.From.Last().Compare(s.VacantFrom) < 0:
		return nil, ledger.InvalidField("from", fmt.Sprintf("the post is vacant from %s on only", s.VacantFrom), fmt.Sprintf("该职位自 %s 起空缺", s.VacantFrom))
	case !c.To.IsZero() && c.To.Compare(e.From) < 0:
		return nil, ledger.InvalidField("to", "ends before it begins", "任期止早于任期起")
	case !c.To.IsZero():
		e.StaffBy = c.To.Plus(0, 0, rules.GraceDays)
	}
	return []Event{e}, nil
}

// park refuses what only a park has.
func (s State) park() error {
	if s.Kind != "park" {
		return reject("no-park", "only a park has a chief scientist", "仅园区设首席科学家")
	}
	return nil
}

// ChiefScientistAppointed: the park has a chief scientist (domain catalogue event 12).
type ChiefScientistAppointed struct {
	Person   uuid.UUID   `json:"person"`
	From     ledger.Date `json:"from"`
	To       ledger.Date `json:"to,omitzero"`
	Mandate  string      `json:"mandate,omitzero"`
	MaxParks int64       `json:"max_parks"`
	StaffBy  ledger.Date `json:"staff_by,omitzero"` // the last day the park takes tenants, should the term end without a successor
}

// EventType is the stored name.
func (ChiefScientistAppointed) EventType() string { return "facility.chief-scientist-appointed.v1" }

// Correctable: a wrong record is put right by a correction.
func (ChiefScientistAppointed) Correctable() {}

func (e ChiefScientistAppointed) apply(s State, _ ledger.Metadata) State {
	s.Chief = &Chief{e.Person, e.From, e.To, e.MaxParks}
	s.VacantFrom, s.FillBy = ledger.Date{}, e.StaffBy
	return s
}

// ReleaseChiefScientist ends a chief scientist's term.
type ReleaseChiefScientist struct {
	Ground string      `json:"ground" enum:"term-ended,resigned,recalled,deceased,other" en:"why" zh:"卸任原因"`
	Last   ledger.Date `json:"last_day,omitzero" en:"last day in post; the day of the act where absent" zh:"在任最后一日(缺省为业务发生日)"`
}

// Under is the policy on chief scientists.
func (c ReleaseChiefScientist) Under(State) ledger.Governing {
	return ledger.Governing{Form: chiefForm, Code: chiefPolicy}
}

func (c ReleaseChiefScientist) decide(s State, at ledger.Context) ([]Event, error) {
	rules, err := ledger.Params[ChiefRules](at)
	if err := ledger.First(s.park(), err, ledger.CheckOneOf("ground", c.Ground, "term-ended", "resigned", "recalled", "deceased", "other")); err != nil {
		return nil, err
	}
	if s.Chief == nil {
		return nil, reject("vacant", "no chief scientist is in post", "首席科学家职位空缺")
	}
	last := c.Last
	if last.IsZero() {
		last = at.On
	}
	if last.Last().Compare(s.Chief.From) < 0 || last.Compare(ledger.DayOf(at.Now)) > 0 {
		return nil, ledger.InvalidField("last_day", fmt.Sprintf("from %s to today", s.Chief.From), fmt.Sprintf("应在 %s 至今天之间", s.Chief.From))
	}
	return []Event{ChiefScientistReleased{
		Person: s.Chief.Person, Ground: c.Ground, VacantFrom: last.Plus(0, 0, 1), StaffBy: last.Plus(0, 0, rules.GraceDays),
	}}, nil
}

// ChiefScientistReleased: the park has no chief scientist any more (domain catalogue event 13).
type ChiefScientistReleased struct {
	Person     uuid.UUID   `json:"person"`
	Ground     string      `json:"ground"`
	VacantFrom ledger.Date `json:"vacant_from"`
	StaffBy    ledger.Date `json:"staff_by"` // the last day the park takes tenants without a successor
}

// EventType is the stored name.
func (ChiefScientistReleased) EventType() string { return "facility.chief-scientist-released.v1" }

// Correctable: a wrong record is put right by a correction.
func (ChiefScientistReleased) Correctable() {}

func (e ChiefScientistReleased) apply(s State, _ ledger.Metadata) State {
	s.Chief, s.VacantFrom, s.FillBy = nil, e.VacantFrom, e.StaffBy
	return s
}
