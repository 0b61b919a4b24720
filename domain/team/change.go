package team

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

var changeReasons = []string{"joined", "left", "replaced", "promoted", "appointment-ended", "misconduct", "other"}

// ChangeMembers records that members beside the core came or went.
type ChangeMembers struct {
	In     []uuid.UUID `json:"in,omitzero" en:"who joined, pseudonyms" zh:"新增成员(化名标识)"`
	Out    []uuid.UUID `json:"out,omitzero" en:"who left, pseudonyms" zh:"离开成员(化名标识)"`
	Reason string      `json:"reason" enum:"joined,left,replaced,promoted,appointment-ended,misconduct,other" en:"why" zh:"原因"`
}

// ReliesOn is who joined.
func (c ChangeMembers) ReliesOn() []ledger.StreamID { return people(c.In...) }

// Under is the scheme that the team was formed under.
func (c ChangeMembers) Under(s State) ledger.Governing { return s.governing() }

func (c ChangeMembers) decide(s State, at ledger.Context) ([]Event, error) {
	var e MembershipChanged
	for _, id := range c.In {
		e.In = append(e.In, Place{Person: id, Part: "other"})
	}
	for _, id := range c.Out {
		e.Out = append(e.Out, Place{Person: id, Part: "other"})
	}
	e.Reason = c.Reason
	return change(s, e, at)
}

// ChangeCore changes the leader or the core. Who comes from another place in the team leaves that
// place by the same command.
type ChangeCore struct {
	In     []Joiner `json:"in,omitzero" en:"who comes to which place" zh:"进入的岗位与人员"`
	Out    []Place  `json:"out,omitzero" en:"who leaves which place" zh:"离开的岗位与人员"`
	Reason string   `json:"reason" enum:"joined,left,replaced,promoted,appointment-ended,misconduct,other" en:"why" zh:"原因"`
}

// Place is somebody in a part of the team.
type Place struct {
	Person uuid.UUID `json:"person" en:"pseudonym" zh:"化名标识"`
	Part   string    `json:"part" enum:"leader,core,other" en:"part in the team" zh:"角色:带头人、核心成员、一般成员"`
}

// Joiner is somebody who comes to a place, with what certifies them.
type Joiner struct {
	Place
	Recognition uuid.UUID `json:"recognition,omitzero" en:"recognition of the talent tier, needed once the team has landed where the scheme asks for tiers" zh:"人才认定标识(办法要求层次且团队已落地时必填)"`
}

func recognitionOf(id uuid.UUID) ledger.StreamID {
	return ledger.StreamID{Category: "recognition", ID: id}
}

// ReliesOn is who comes, and their recognitions.
func (c ChangeCore) ReliesOn() []ledger.StreamID {
	var streams []ledger.StreamID
	for _, j := range c.In {
		streams = append(streams, personOf(j.Person))
		if j.Recognition != uuid.Nil {
			streams = append(streams, recognitionOf(j.Recognition))
		}
	}
	return streams
}

// Under is the scheme that the team was formed under.
func (c ChangeCore) Under(s State) ledger.Governing { return s.governing() }

// Benefits is who comes to a place.
func (c ChangeCore) Benefits(State) []ledger.StreamID {
	var ids []uuid.UUID
	for _, j := range c.In {
		ids = append(ids, j.Person)
	}
	return people(ids...)
}

func (c ChangeCore) decide(s State, at ledger.Context) ([]Event, error) {
	scheme, err := ledger.Params[Scheme](at)
	if err != nil {
		return nil, err
	}
	e := MembershipChanged{Out: c.Out, Reason: c.Reason}
	for i, j := range c.In {
		if err := certified(s, scheme, at, i, j); err != nil {
			return nil, err
		}
		e.In = append(e.In, j.Place)
	}
	return change(s, e, at)
}

// tier is what a recognition says of its holder.
type tier interface {
	ValidFor(subject ledger.StreamID, scheme string, on ledger.Date) bool
	LevelOf() string
}

// certified wants a valid tier of who joins the core of a team that has landed. Before, tiers are
// certified after landing.
func certified(s State, scheme Scheme, at ledger.Context, i int, j Joiner) error {
	accepted := scheme.tiers(j.Part)
	if s.Stage != Landed || j.Part == "other" || accepted == nil {
		return nil
	}
	t, ok := ledger.About[tier](at, recognitionOf(j.Recognition))
	if ok && t.ValidFor(personOf(j.Person), scheme.TierScheme, at.On) && slices.Contains(accepted, t.LevelOf()) {
		return nil
	}
	return reject("tier-needed",
		fmt.Sprintf("in/%d: name a recognition of this person under %s, valid on %s, at one of the tiers %v", i, scheme.TierScheme, at.On, accepted),
		fmt.Sprintf("in/%d:须提供该人员在 %s 下于 %s 有效的人才认定,层次为 %v 之一", i, scheme.TierScheme, at.On, accepted))
}

// change decides who is in the team afterwards, and whether it still meets its scheme.
func change(s State, e MembershipChanged, at ledger.Context) ([]Event, error) {
	scheme, err := ledger.Params[Scheme](at)
	if err != nil {
		return nil, err
	}
	if len(e.In)+len(e.Out) == 0 {
		return nil, ledger.InvalidField("in", "say who comes (in) or goes (out)", "请填写新增(in)或离开(out)人员")
	}
	if err := ledger.First(
		ledger.CheckOneOf("reason", e.Reason, changeReasons...),
		checkPlaces("in", e.In),
		checkPlaces("out", e.Out),
		notBefore(at, s.FormedOn, ledger.Text{En: "the team was formed", Zh: "团队组建日"}),
	); err != nil {
		return nil, err
	}
	for _, p := range e.Out {
		if !s.holds(p) {
			return nil, reject("not-in-team", fmt.Sprintf("%s is not in the team as %s", p.Person, p.Part), fmt.Sprintf("%s 不是团队的 %s", p.Person, p.Part))
		}
	}
	left := s.less(e.Out)
	if err := left.fits(e.In, at); err != nil {
		return nil, err
	}
	after := left.plus(e.In)
	if err := ledger.First(ledger.CheckCount("in", len(after.Core), maxCore), ledger.CheckCount("in", len(after.Others), maxOthers)); err != nil {
		return nil, err
	}
	e.Eligible, e.CoreAfter = scheme.eligible(after.Leader, after.Core), len(after.Core)
	return []Event{e}, nil
}

// fits refuses who comes when their place is taken, or they are in the team.
func (s State) fits(in []Place, at ledger.Context) error {
	for _, p := range in {
		if err := known(at, "in", p.Person); err != nil {
			return err
		}
		switch {
		case slices.Contains(s.Members(), p.Person):
			return reject("named-twice", fmt.Sprintf("%s is in the team already; let them leave their place by the same command", p.Person), fmt.Sprintf("%s 已在团队中;请在同一命令中离开原岗位", p.Person))
		case p.Part == "leader" && s.Leader != uuid.Nil:
			return reject("led-already", "the team has a leader; let them leave that place by the same command", "团队已有带头人;请在同一命令中卸任")
		}
		s = s.plus([]Place{p})
	}
	return nil
}

func checkPlaces(path string, places []Place) error {
	if err := ledger.CheckCount(path, len(places), maxCore); err != nil {
		return err
	}
	for i, p := range places {
		if err := ledger.CheckOneOf(fmt.Sprintf("%s/%d/part", path, i), p.Part, "leader", "core", "other"); err != nil {
			return err
		}
	}
	return nil
}

// holds says whether somebody has a place.
func (s State) holds(p Place) bool {
	switch p.Part {
	case "leader":
		return s.Leader == p.Person && p.Person != uuid.Nil
	case "core":
		return slices.Contains(s.Core, p.Person)
	}
	return slices.Contains(s.Others, p.Person)
}

// less is the team without some places; s shares nothing with it that changes.
func (s State) less(places []Place) State {
	for _, p := range places {
		is := func(id uuid.UUID) bool { return id == p.Person }
		switch p.Part {
		case "leader":
			s.Leader = uuid.Nil
		case "core":
			s.Core = slices.DeleteFunc(slices.Clone(s.Core), is)
		default:
			s.Others = slices.DeleteFunc(slices.Clone(s.Others), is)
		}
	}
	return s
}

// plus is the team with some places more; s shares nothing with it that changes.
func (s State) plus(places []Place) State {
	for _, p := range places {
		switch p.Part {
		case "leader":
			s.Leader = p.Person
		case "core":
			s.Core = append(slices.Clone(s.Core), p.Person)
		default:
			s.Others = append(slices.Clone(s.Others), p.Person)
		}
	}
	return s
}

// MembershipChanged: somebody came or went, and what that means for the team's standing under its
// scheme (domain catalogue event 53).
type MembershipChanged struct {
	In        []Place `json:"in,omitzero"`
	Out       []Place `json:"out,omitzero"`
	Reason    string  `json:"reason"`
	CoreAfter int     `json:"core_after,omitzero"`
	Eligible  bool    `json:"still_eligible,omitzero"`
}

// EventType is the stored name.
func (MembershipChanged) EventType() string { return "team.membership-changed.v1" }

func (e MembershipChanged) apply(s State, _ ledger.Metadata) State {
	s = s.less(e.Out).plus(e.In)
	s.Eligible = e.Eligible
	return s
}
