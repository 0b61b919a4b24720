package project

import (
	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// proposedV1 is a proposal from before achievements were looked up: they were named and no more.
type proposedV1 struct {
	Titles       ledger.Names  `json:"titles"`
	Code         string        `json:"code,omitzero"`
	External     *ExternalID   `json:"external,omitzero"`
	Achievements []uuid.UUID   `json:"achievements,omitzero"`
	Parties      []Party       `json:"parties,omitzero"`
	Mode         string        `json:"mode,omitzero"`
	Action       int           `json:"action,omitzero"`
	Park         string        `json:"park,omitzero"`
	Tags         []string      `json:"tags,omitzero"`
	Budget       *ledger.Money `json:"budget,omitzero"`
	Start        ledger.Date   `json:"start,omitzero"`
	End          ledger.Date   `json:"end,omitzero"`
	Milestones   []Milestone   `json:"milestones,omitzero"`
}

func (e proposedV1) up() ProjectProposed {
	return ProjectProposed{
		Titles: e.Titles, Code: e.Code, External: e.External, Achievements: e.Achievements, Parties: e.Parties,
		Mode: e.Mode, Action: e.Action, Park: e.Park, Tags: e.Tags, Budget: e.Budget, Start: e.Start, End: e.End,
		Milestones: e.Milestones,
	}
}

// gateDecidedV1 is a gate from before it named the panel and the contract it rested on.
type gateDecidedV1 struct {
	Gate       Gate        `json:"gate"`
	Decision   string      `json:"decision"`
	Scores     []Score     `json:"scores,omitzero"`
	Before     *Readiness  `json:"readiness_before,omitzero"`
	After      *Readiness  `json:"readiness_after,omitzero"`
	Conditions []string    `json:"conditions,omitzero"`
	HoldUntil  ledger.Date `json:"hold_until,omitzero"`
}

func (e gateDecidedV1) up() StageGateDecided {
	return StageGateDecided{
		Gate: e.Gate, Decision: e.Decision, Scores: e.Scores, Before: e.Before, After: e.After,
		Conditions: e.Conditions, HoldUntil: e.HoldUntil,
	}
}

// completedV1 is a completion from before it named the contracts looked at.
type completedV1 struct {
	Acceptance string   `json:"acceptance"`
	Summary    string   `json:"summary,omitzero"`
	RunOn      []string `json:"run_on,omitzero"`
}

func (e completedV1) up() ProjectCompleted {
	return ProjectCompleted{Acceptance: e.Acceptance, Summary: e.Summary, RunOn: e.RunOn}
}
