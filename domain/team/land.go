package team

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Land records that a team has come with what it grows in (带土移植备案). The business date is its
// first working day here.
type Land struct {
	Filing   string      `json:"filing" en:"filing number" zh:"备案编号"`
	Place    string      `json:"place" en:"where" zh:"落地地点"`
	Facility uuid.UUID   `json:"facility,omitzero" en:"park, incubator or other facility" zh:"载体(园区、孵化器等)"`
	Arrived  []uuid.UUID `json:"arrived" en:"core members that have arrived, pseudonyms" zh:"已到岗核心成员(化名标识)"`
}

func facilityOf(id uuid.UUID) ledger.StreamID { return ledger.StreamID{Category: "facility", ID: id} }

// ReliesOn is the project, the enterprise and the facility.
func (c Land) ReliesOn(s State) []ledger.StreamID {
	streams := []ledger.StreamID{projectOf(s.Project), organisationOf(s.Enterprise)}
	if c.Facility != uuid.Nil {
		streams = append(streams, facilityOf(c.Facility))
	}
	return streams
}

// Under is the scheme that the team was formed under.
func (c Land) Under(s State) ledger.Governing { return s.governing() }

// Benefits is the receiving enterprise and everybody in the team.
func (c Land) Benefits(s State) []ledger.StreamID { return s.beneficiaries() }

func (c Land) decide(s State, at ledger.Context) ([]Event, error) {
	scheme, err := ledger.Params[Scheme](at)
	if err != nil {
		return nil, err
	}
	if s.Stage == Landed {
		return nil, reject("landed-already", fmt.Sprintf("the team landed on %s", s.FirstDay), fmt.Sprintf("团队已于 %s 落地", s.FirstDay))
	}
	if err := ledger.First(
		ledger.CheckText("filing", c.Filing, 100, true),
		ledger.CheckText("place", c.Place, 200, true),
		ledger.CheckCount("arrived", len(c.Arrived), maxCore),
		once(c.Arrived),
		s.isBound(),
		openProject(at, s.Project),
		notBefore(at, s.BoundOn, ledger.Text{En: "it was bound", Zh: "绑定日"}),
		c.facility(at),
		s.arrived(c.Arrived),
	); err != nil {
		return nil, err
	}
	if scheme.isLocal(s.Origin) {
		return nil, notFromOutside(s.Origin)
	}
	return []Event{TeamLanded{
		Filing: c.Filing, Place: c.Place, Facility: c.Facility, Arrived: c.Arrived,
		Project: s.Project, Enterprise: s.Enterprise, Eligible: scheme.eligible(s.Leader, s.Core),
	}}, nil
}

func (c Land) facility(at ledger.Context) error {
	if c.Facility == uuid.Nil || at.Exists(facilityOf(c.Facility)) {
		return nil
	}
	return reject("no-such-facility", fmt.Sprintf("there is no facility %s", c.Facility), fmt.Sprintf("没有载体 %s", c.Facility))
}

// arrived holds who came against what was agreed.
func (s State) arrived(ids []uuid.UUID) error {
	for i, id := range ids {
		if !slices.Contains(s.Core, id) {
			return reject("not-core", fmt.Sprintf("arrived/%d: %s is no core member", i, id), fmt.Sprintf("arrived/%d:%s 不是核心成员", i, id))
		}
	}
	switch {
	case s.Leader == uuid.Nil:
		return reject("no-leader", "the team has no leader; change its core first", "团队没有带头人,请先变更核心成员")
	case len(ids) < s.AgreedCore:
		return reject("too-few-arrived", fmt.Sprintf("%d core members have arrived; %d were agreed", len(ids), s.AgreedCore), fmt.Sprintf("核心成员到岗 %d 人,约定 %d 人", len(ids), s.AgreedCore))
	}
	return nil
}

// TeamLanded: the team works here (domain catalogue event 52).
type TeamLanded struct {
	Filing     string      `json:"filing"`
	Place      string      `json:"place"`
	Facility   uuid.UUID   `json:"facility,omitzero"`
	Arrived    []uuid.UUID `json:"arrived,omitzero"`
	Project    uuid.UUID   `json:"project"`
	Enterprise uuid.UUID   `json:"enterprise"`
	Eligible   bool        `json:"eligible,omitzero"`
}

// EventType is the stored name.
func (TeamLanded) EventType() string { return "team.landed.v1" }

// Correctable: a wrong record is put right by a correction.
func (TeamLanded) Correctable() {}

func (e TeamLanded) apply(s State, m ledger.Metadata) State {
	s.Stage, s.FirstDay, s.Filing, s.Eligible = Landed, m.OccurredOn, e.Filing, e.Eligible
	return s
}
