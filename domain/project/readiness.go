package project

import "ttledger/domain/ledger"

// AssessReadiness records a readiness level outside a gate.
type AssessReadiness struct {
	Readiness Readiness `json:"readiness" en:"level on its scale" zh:"就绪度(含量表)"`
	Assessor  string    `json:"assessor,omitzero" en:"who assessed it" zh:"评定方"`
}

func (c AssessReadiness) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.open(false),
		c.Readiness.check("readiness"),
		ledger.CheckText("assessor", c.Assessor, 200, false),
		notBefore(at, s.ProposedOn, theProposal),
	); err != nil {
		return nil, err
	}
	return []Event{ReadinessAssessed(c)}, nil
}

// ReadinessAssessed: the technology stood at a level of a scale.
type ReadinessAssessed struct {
	Readiness Readiness `json:"readiness"`
	Assessor  string    `json:"assessor,omitzero"`
}

// EventType is the stored name.
func (ReadinessAssessed) EventType() string { return "project.readiness-assessed.v1" }

// Correctable: a wrong record is put right by a correction.
func (ReadinessAssessed) Correctable() {}

func (e ReadinessAssessed) apply(s State, _ ledger.Metadata) State {
	s.Readiness = e.Readiness
	return s
}
