package project

import (
	"fmt"

	"ttledger/domain/ledger"
)

// Approve takes a proposal on (立项). It stands for the gates of intake and evaluation, G0 and G1.
type Approve struct {
	Body        string      `json:"body" en:"the deciding body" zh:"决策机构"`
	Meeting     string      `json:"meeting,omitzero" en:"reference of the meeting" zh:"会议文号"`
	Conditions  []string    `json:"conditions,omitzero" en:"conditions" zh:"附带条件"`
	Responsible string      `json:"responsible,omitzero" en:"handle of the responsible person" zh:"负责人账号"`
	Milestones  []Milestone `json:"milestones,omitzero" en:"milestones, replacing those proposed" zh:"里程碑(替换申报时所列)"`
}

// Benefits is the parties: nobody with an interest in one approves the project (T6).
func (c Approve) Benefits(s State) []ledger.StreamID { return s.parties() }

func (s State) parties() []ledger.StreamID {
	var streams []ledger.StreamID
	for _, p := range s.Parties {
		streams = append(streams, organisation(p.Organisation))
	}
	return streams
}

func (c Approve) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.open(false),
		ledger.CheckText("body", c.Body, 200, true),
		ledger.CheckText("meeting", c.Meeting, 200, false),
		ledger.CheckText("responsible", c.Responsible, 64, false),
		checkTexts("conditions", c.Conditions),
		checkMilestones(c.Milestones),
		notBefore(at, s.ProposedOn, theProposal),
	); err != nil {
		return nil, err
	}
	if s.Stage != Proposed {
		return nil, ledger.Rejected("already-approved", ledger.Text{En: "the project is approved already", Zh: "项目已立项"})
	}
	if s.OnHold {
		return nil, ledger.Rejected("on-hold", ledger.Text{En: "the project is on hold; decide its gate first", Zh: "项目处于暂缓状态,请先作出阶段评审决定"})
	}
	return []Event{ProjectApproved(c)}, nil
}

// checkTexts checks a list of at most 50 texts.
func checkTexts(path string, list []string) error {
	if err := ledger.CheckCount(path, len(list), 50); err != nil {
		return err
	}
	for i, text := range list {
		if err := ledger.CheckText(fmt.Sprintf("%s/%d", path, i), text, 500, true); err != nil {
			return err
		}
	}
	return nil
}

// ProjectApproved: the project is taken on (domain catalogue event 22).
type ProjectApproved struct {
	Body        string      `json:"body"`
	Meeting     string      `json:"meeting,omitzero"`
	Conditions  []string    `json:"conditions,omitzero"`
	Responsible string      `json:"responsible,omitzero"`
	Milestones  []Milestone `json:"milestones,omitzero"`
}

// EventType is the stored name.
func (ProjectApproved) EventType() string { return "project.approved.v1" }

func (e ProjectApproved) apply(s State, m ledger.Metadata) State {
	s = s.evidenced("approval", m)
	s.Stage, s.ApprovedOn, s.Responsible = Approved, m.OccurredOn, e.Responsible
	s.NextGate = max(s.NextGate, 2)
	if len(e.Milestones) > 0 {
		s.Milestones = e.Milestones
	}
	return s
}
