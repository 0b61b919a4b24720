package incubation

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// AssignMentor gives a tenant a mentor.
type AssignMentor struct {
	Mentor uuid.UUID `json:"mentor" en:"id of the mentor, by pseudonym" zh:"导师标识(化名)"`
	Handle string    `json:"handle,omitzero" en:"handle under which the mentor signs in, to see this case" zh:"导师登录账号(可查看本案例)"`
}

// ReliesOn is the mentor.
func (c AssignMentor) ReliesOn() []ledger.StreamID {
	return []ledger.StreamID{stream("person", c.Mentor)}
}

// maxMentors bounds the mentors of one case.
const maxMentors = 100

func (c AssignMentor) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.live(at),
		ledger.CheckText("handle", c.Handle, 64, false),
		ledger.CheckCount("mentor", len(s.Mentors)+1, maxMentors),
	); err != nil {
		return nil, err
	}
	if !at.Exists(stream("person", c.Mentor)) {
		return nil, ledger.InvalidField("mentor", "is not enrolled", "该人员尚未登记")
	}
	if slices.Contains(s.Mentors, c.Mentor) {
		return nil, nil
	}
	return []Event{MentorAssigned(c)}, nil
}

// MentorAssigned: somebody mentors the venture.
type MentorAssigned struct {
	Mentor uuid.UUID `json:"mentor"`
	Handle string    `json:"handle,omitzero"`
}

// EventType is the stored name.
func (MentorAssigned) EventType() string { return "incubation.mentor-assigned.v1" }

// Correctable: a wrong record is put right by a correction.
func (MentorAssigned) Correctable() {}

func (e MentorAssigned) apply(s State, _ ledger.Metadata) State {
	s.Mentors = append(slices.Clone(s.Mentors), e.Mentor)
	return s
}

// DeclareMentorInterest declares that a mentor has an interest in the venture. Who has one does
// not sit on the panel of its graduation (domain invariant I7).
type DeclareMentorInterest struct {
	Mentor   uuid.UUID `json:"mentor" en:"id of the mentor, by pseudonym" zh:"导师标识(化名)"`
	Relation string    `json:"relation" enum:"invests,founder,director,employed,family,other" en:"what the interest is" zh:"利益关系"`
	Note     string    `json:"note,omitzero" en:"particulars, without names" zh:"说明(不得写姓名)"`
}

func (c DeclareMentorInterest) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.live(at),
		ledger.CheckOneOf("relation", c.Relation, "invests", "founder", "director", "employed", "family", "other"),
		ledger.CheckText("note", c.Note, 500, false),
		s.mentors("mentor", c.Mentor),
	); err != nil {
		return nil, err
	}
	if slices.Contains(s.Interested, c.Mentor) {
		return nil, nil
	}
	return []Event{MentorInterestDeclared(c)}, nil
}

// mentors refuses who is not a mentor of the case.
func (s State) mentors(field string, id uuid.UUID) error {
	if slices.Contains(s.Mentors, id) {
		return nil
	}
	return ledger.InvalidField(field, "is not a mentor of this case; assign first", "不是本案例的导师,请先指派")
}

// MentorInterestDeclared: a mentor has an interest in the venture.
type MentorInterestDeclared struct {
	Mentor   uuid.UUID `json:"mentor"`
	Relation string    `json:"relation"`
	Note     string    `json:"note,omitzero"`
}

// EventType is the stored name.
func (MentorInterestDeclared) EventType() string { return "incubation.mentor-interest-declared.v1" }

func (e MentorInterestDeclared) apply(s State, _ ledger.Metadata) State {
	s.Interested = append(slices.Clone(s.Interested), e.Mentor)
	return s
}

// DeliverService records a service to a tenant.
type DeliverService struct {
	Kind     string      `json:"kind" enum:"mentoring,ip,finance,testing,legal,policy,market,training,infrastructure,governance" en:"kind of service" zh:"服务类别"`
	Mentor   uuid.UUID   `json:"mentor,omitzero" en:"id of the mentor who gave it, by pseudonym" zh:"导师标识(化名)"`
	Provider uuid.UUID   `json:"provider,omitzero" en:"id of the organisation that gave it" zh:"服务机构标识"`
	Hours    int         `json:"hours,omitzero" en:"hours" zh:"时长(小时)"`
	Outcome  string      `json:"outcome,omitzero" en:"what came of it, without names" zh:"服务成效(不得写姓名)"`
	StatedOn ledger.Date `json:"stated_on,omitzero" en:"for what is taken over from elsewhere: the day it was stated there" zh:"转录数据的原载日期"`
}

// ReliesOn is the provider.
func (c DeliverService) ReliesOn() []ledger.StreamID {
	return named(stream("organisation", c.Provider))
}

func (c DeliverService) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.live(at),
		ledger.CheckOneOf("kind", c.Kind, "mentoring", "ip", "finance", "testing", "legal", "policy", "market", "training", "infrastructure", "governance"),
		ledger.CheckText("outcome", c.Outcome, 1000, false),
		checkThere(at, "provider", stream("organisation", c.Provider)),
	); err != nil {
		return nil, err
	}
	if c.Hours < 0 || c.Hours > 10_000 {
		return nil, ledger.InvalidField("hours", fmt.Sprintf("0 to 10,000, got %d", c.Hours), fmt.Sprintf("0 至 10,000,实际 %d", c.Hours))
	}
	if c.Mentor != uuid.Nil {
		if err := s.mentors("mentor", c.Mentor); err != nil {
			return nil, err
		}
	}
	return []Event{ServiceDelivered(c)}, nil
}

// ServiceDelivered: the tenant was served (domain catalogue event 59).
type ServiceDelivered struct {
	Kind     string      `json:"kind"`
	Mentor   uuid.UUID   `json:"mentor,omitzero"`
	Provider uuid.UUID   `json:"provider,omitzero"`
	Hours    int         `json:"hours,omitzero"`
	Outcome  string      `json:"outcome,omitzero"`
	StatedOn ledger.Date `json:"stated_on,omitzero"`
}

// EventType is the stored name.
func (ServiceDelivered) EventType() string { return "incubation.service-delivered.v1" }

// Correctable: a wrong record is put right by a correction.
func (ServiceDelivered) Correctable() {}

func (ServiceDelivered) apply(s State, _ ledger.Metadata) State { return s }
