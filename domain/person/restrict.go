package person

import (
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// unrestricted refuses what is more than storage while that is all that is allowed.
func (s State) unrestricted() error {
	if !s.Restricted {
		return nil
	}
	return reject("restricted", "this person's data may only be stored (PIPL 47); the protection officer can lift that", "该人员信息仅可存储(个人信息保护法第四十七条);须由个人信息保护负责人解除限制")
}

// Restrict stops everything but storage and protection (PIPL 47, second paragraph).
type Restrict struct {
	Ground string `json:"ground" enum:"retention-duty,disputed,consent-withdrawn,subject-request" en:"why" zh:"理由"`
}

func (c Restrict) decide(s State, _ ledger.Context) ([]Event, error) {
	if err := ledger.CheckOneOf("ground", c.Ground, "retention-duty", "disputed", "consent-withdrawn", "subject-request"); err != nil {
		return nil, err
	}
	if s.Restricted {
		return nil, nil
	}
	return []Event{Restricted(c)}, nil
}

// Restricted: the data is only stored.
type Restricted struct {
	Ground string `json:"ground"`
}

// EventType is the stored name.
func (Restricted) EventType() string { return "person.restricted.v1" }

func (Restricted) apply(s State, _ ledger.Metadata) State {
	s.Restricted = true
	return s
}

// LiftRestriction allows processing again.
type LiftRestriction struct {
	Ground string `json:"ground" enum:"resolved,consent-given,subject-request" en:"why" zh:"理由"`
}

func (c LiftRestriction) decide(s State, _ ledger.Context) ([]Event, error) {
	if err := ledger.CheckOneOf("ground", c.Ground, "resolved", "consent-given", "subject-request"); err != nil {
		return nil, err
	}
	if !s.Restricted {
		return nil, nil
	}
	return []Event{RestrictionLifted(c)}, nil
}

// RestrictionLifted: the data may be processed again.
type RestrictionLifted struct {
	Ground string `json:"ground"`
}

// EventType is the stored name.
func (RestrictionLifted) EventType() string { return "person.restriction-lifted.v1" }

func (RestrictionLifted) apply(s State, _ ledger.Metadata) State {
	s.Restricted = false
	return s
}

// maxHolds bounds the legal holds on one person.
const maxHolds = 50

// PlaceHold places a legal hold: while one stands, nothing is erased.
type PlaceHold struct {
	Case string `json:"case" en:"reference of the case" zh:"案件编号"`
}

func (c PlaceHold) decide(s State, _ ledger.Context) ([]Event, error) {
	if err := ledger.First(checkCode("case", c.Case), ledger.CheckCount("case", len(s.Holds)+1, maxHolds)); err != nil {
		return nil, err
	}
	if slices.Contains(s.Holds, c.Case) {
		return nil, nil
	}
	return []Event{LegalHoldPlaced(c)}, nil
}

// LegalHoldPlaced: a case needs the data.
type LegalHoldPlaced struct {
	Case string `json:"case"`
}

// EventType is the stored name.
func (LegalHoldPlaced) EventType() string { return "person.legal-hold-placed.v1" }

func (e LegalHoldPlaced) apply(s State, _ ledger.Metadata) State {
	s.Holds = with(s.Holds, e.Case)
	return s
}

// LiftHold lifts a legal hold.
type LiftHold struct {
	Case string `json:"case" en:"reference of the case" zh:"案件编号"`
}

func (c LiftHold) decide(s State, _ ledger.Context) ([]Event, error) {
	if err := checkCode("case", c.Case); err != nil {
		return nil, err
	}
	if !slices.Contains(s.Holds, c.Case) {
		return nil, reject("no-such-hold", fmt.Sprintf("no hold stands for the case %s", c.Case), fmt.Sprintf("案件 %s 没有法律保留", c.Case))
	}
	return []Event{LegalHoldLifted(c)}, nil
}

// LegalHoldLifted: the case no longer needs the data.
type LegalHoldLifted struct {
	Case string `json:"case"`
}

// EventType is the stored name.
func (LegalHoldLifted) EventType() string { return "person.legal-hold-lifted.v1" }

func (e LegalHoldLifted) apply(s State, _ ledger.Metadata) State {
	s.Holds = without(s.Holds, e.Case)
	return s
}
