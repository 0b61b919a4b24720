package project

import "ttledger/domain/ledger"

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
	return []Event{ProjectTerminated(c)}, nil
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
	Acceptance string   `json:"acceptance" en:"reference of the acceptance" zh:"验收文号"`
	Summary    string   `json:"summary,omitzero" en:"benefits delivered" zh:"成效概述"`
	RunOn      []string `json:"run_on,omitzero" en:"obligations that run on" zh:"存续义务"`
}

func (c Complete) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.open(true),
		ledger.CheckText("acceptance", c.Acceptance, 200, true),
		ledger.CheckText("summary", c.Summary, 2000, false),
		checkTexts("run_on", c.RunOn),
		notBefore(at, s.ApprovedOn, theApproval),
	); err != nil {
		return nil, err
	}
	if s.NextGate != 6 {
		return nil, ledger.Rejected("gate-order", ledger.Text{En: "a Go at G5 is needed first", Zh: "须先通过 G5 评审"})
	}
	return []Event{ProjectCompleted(c)}, nil
}

// ProjectCompleted: the project was accepted and closed (domain catalogue event 27).
type ProjectCompleted struct {
	Acceptance string   `json:"acceptance"`
	Summary    string   `json:"summary,omitzero"`
	RunOn      []string `json:"run_on,omitzero"`
}

// EventType is the stored name.
func (ProjectCompleted) EventType() string { return "project.completed.v1" }

func (e ProjectCompleted) apply(s State, _ ledger.Metadata) State {
	s.Stage = Completed
	return s
}
