package project

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Terminate ends a project that will not be completed.
type Terminate struct {
	Ground    string `json:"ground" enum:"technical-failure,market,force-majeure,breach,misconduct" en:"ground" zh:"终止原因"`
	LossSplit string `json:"loss_split,omitzero" en:"how the loss is shared" zh:"损失分担"`
	Dossier   string `json:"dossier,omitzero" en:"reference of the due-diligence dossier" zh:"勤勉尽责证据包编号"`
	Exemption bool   `json:"exemption,omitzero" en:"exemption for diligence is claimed" zh:"是否主张尽职免责"`
}

func (c Terminate) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.open(false),
		ledger.CheckOneOf("ground", c.Ground, "technical-failure", "market", "force-majeure", "breach", "misconduct"),
		ledger.CheckText("loss_split", c.LossSplit, 500, false),
		ledger.CheckText("dossier", c.Dossier, 200, false),
		notBefore(at, s.ProposedOn, theProposal),
	); err != nil {
		return nil, err
	}
	// S&T Progress Law (2021) Arts. 68, 97: diligence is proved by the original records.
	if c.Exemption && c.Dossier == "" {
		return nil, ledger.Rejected("dossier-needed", ledger.Text{
			En: "an exemption is claimed on a due-diligence dossier; name it", Zh: "主张尽职免责须提供勤勉尽责证据包",
		})
	}
	if gaps := s.DossierGaps(at.On); c.Exemption && len(gaps) > 0 {
		return nil, ledger.Rejected("dossier-incomplete", ledger.Text{
			En: "an exemption is claimed on a complete dossier; it lacks: " + strings.Join(gaps, ", "),
			Zh: "主张尽职免责须证据包完整,尚缺:" + strings.Join(gaps, "、"),
		})
	}
	return []Event{ProjectTerminated(c)}, nil
}

// evidenced remembers the decisions that name no document they rest on: of each gate, the last.
func (s State) evidenced(decision string, m ledger.Metadata) State {
	s.Bare = slices.DeleteFunc(slices.Clone(s.Bare), func(d string) bool { return d == decision })
	if len(m.Evidence) == 0 {
		s.Bare = append(s.Bare, decision)
	}
	return s
}

// DossierGaps is what a due-diligence dossier of the project would lack on a day: the approval, a
// responsible person, evidence for the approval and each gate, a finding on each milestone due (K14).
func (s State) DossierGaps(on ledger.Date) []string {
	var gaps []string
	if s.ApprovedOn.IsZero() {
		gaps = append(gaps, "approval")
	}
	if s.Responsible == "" {
		gaps = append(gaps, "responsible")
	}
	for _, decision := range s.Bare {
		gaps = append(gaps, "evidence/"+decision)
	}
	for _, m := range s.Milestones {
		found := slices.ContainsFunc(s.Results, func(r Result) bool { return r.Milestone == m.Code })
		if !found && m.Due.Last().Compare(on.First()) < 0 {
			gaps = append(gaps, "milestone/"+m.Code)
		}
	}
	return gaps
}

// ProjectTerminated: the project ended early (domain catalogue event 26).
type ProjectTerminated struct {
	Ground    string `json:"ground"`
	LossSplit string `json:"loss_split,omitzero"`
	Dossier   string `json:"dossier,omitzero"`
	Exemption bool   `json:"exemption,omitzero"`
}

// EventType is the stored name.
func (ProjectTerminated) EventType() string { return "project.terminated.v1" }

func (e ProjectTerminated) apply(s State, _ ledger.Metadata) State {
	s.Stage, s.OnHold = Terminated, false
	return s
}

// Complete accepts and closes a project (结项).
type Complete struct {
	Acceptance string      `json:"acceptance" en:"reference of the acceptance" zh:"验收文号"`
	Summary    string      `json:"summary,omitzero" en:"benefits delivered" zh:"成效概述"`
	RunOn      []string    `json:"run_on,omitzero" en:"obligations that run on" zh:"存续义务"`
	Contracts  []uuid.UUID `json:"contracts,omitzero" en:"the project's contracts" zh:"项目合同"`
}

// ReliesOn is the contracts.
func (c Complete) ReliesOn() []ledger.StreamID {
	var streams []ledger.StreamID
	for _, id := range c.Contracts {
		streams = append(streams, contract(id))
	}
	return streams
}

func (c Complete) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.open(true),
		ledger.CheckText("acceptance", c.Acceptance, 200, true),
		ledger.CheckText("summary", c.Summary, 2000, false),
		checkTexts("run_on", c.RunOn),
		ledger.CheckCount("contracts", len(c.Contracts), 50),
		notBefore(at, s.ApprovedOn, theApproval),
	); err != nil {
		return nil, err
	}
	if s.NextGate != 6 {
		return nil, ledger.Rejected("gate-order", ledger.Text{En: "a Go at G5 is needed first", Zh: "须先通过 G5 评审"})
	}
	if err := c.checkContracts(at); err != nil {
		return nil, err
	}
	return []Event{ProjectCompleted(c)}, nil
}

// checkContracts: they are the project's, and where a payment to completers is overdue, what runs
// on says so.
func (c Complete) checkContracts(at ledger.Context) error {
	for i, id := range c.Contracts {
		k, ok := ledger.About[interface{ ForProject() uuid.UUID }](at, contract(id))
		if !ok || k.ForProject() != at.Stream.ID {
			return ledger.InvalidField(fmt.Sprintf("contracts/%d", i), "is no contract of this project", "不是本项目的合同")
		}
		owing, ok := ledger.About[interface{ OverdueOn(ledger.Date) bool }](at, contract(id))
		if ok && owing.OverdueOn(at.On) && len(c.RunOn) == 0 {
			return ledger.Rejected("payment-overdue", ledger.Text{
				En: fmt.Sprintf("under the contract %s completers are to be paid and were not; pay them, or name the obligation in run_on", id),
				Zh: fmt.Sprintf("合同 %s 项下应付完成人的奖酬逾期未付,请先支付或在存续义务中列明", id),
			})
		}
	}
	return nil
}

// ProjectCompleted: the project was accepted and closed (domain catalogue event 27).
type ProjectCompleted struct {
	Acceptance string      `json:"acceptance"`
	Summary    string      `json:"summary,omitzero"`
	RunOn      []string    `json:"run_on,omitzero"`
	Contracts  []uuid.UUID `json:"contracts,omitzero"`
}

// EventType is the stored name.
func (ProjectCompleted) EventType() string { return "project.completed.v2" }

func (e ProjectCompleted) apply(s State, _ ledger.Metadata) State {
	s.Stage = Completed
	return s
}
