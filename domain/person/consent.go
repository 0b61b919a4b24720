package person

import (
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// consentPurposes are what a person agrees to, each separately (PIPL 23, 29, 39).
var consentPurposes = []string{"processing", "sensitive", "other-controller", "overseas"}

func checkConsent(path, purpose string) error {
	return ledger.CheckOneOf(path, purpose, consentPurposes...)
}

func (s State) consents(purpose string) bool { return slices.Contains(s.Consents, purpose) }

// GiveConsent records a consent.
type GiveConsent struct {
	Purpose string `json:"purpose" enum:"processing,sensitive,other-controller,overseas" en:"to what" zh:"同意事项"`
	Notice  string `json:"notice" en:"version of the notice they agreed to" zh:"所依据的告知书版本"`
}

func (c GiveConsent) decide(s State, _ ledger.Context) ([]Event, error) {
	if err := ledger.First(checkConsent("purpose", c.Purpose), checkCode("notice", c.Notice)); err != nil {
		return nil, err
	}
	if s.consents(c.Purpose) {
		return nil, nil
	}
	return []Event{ConsentGiven(c)}, nil
}

// ConsentGiven: the person agreed, knowing a notice.
type ConsentGiven struct {
	Purpose string `json:"purpose"`
	Notice  string `json:"notice"`
}

// EventType is the stored name.
func (ConsentGiven) EventType() string { return "person.consent-given.v1" }

func (e ConsentGiven) apply(s State, _ ledger.Metadata) State {
	s.Consents = with(s.Consents, e.Purpose)
	if e.Purpose == "processing" {
		s.WithdrawnOn = ledger.Date{}
	}
	return s
}

// WithdrawConsent records that a consent no longer holds.
type WithdrawConsent struct {
	Purpose string `json:"purpose" enum:"processing,sensitive,other-controller,overseas" en:"of what" zh:"撤回事项"`
}

func (c WithdrawConsent) decide(s State, _ ledger.Context) ([]Event, error) {
	if err := checkConsent("purpose", c.Purpose); err != nil {
		return nil, err
	}
	if !s.consents(c.Purpose) {
		return nil, reject("no-consent", fmt.Sprintf("there is no consent to %s to withdraw", c.Purpose), fmt.Sprintf("没有可撤回的 %s 同意", c.Purpose))
	}
	return []Event{ConsentWithdrawn(c)}, nil
}

// ConsentWithdrawn: the person no longer agrees. Where that was the ground, the data is to go.
type ConsentWithdrawn struct {
	Purpose string `json:"purpose"`
}

// EventType is the stored name.
func (ConsentWithdrawn) EventType() string { return "person.consent-withdrawn.v1" }

func (e ConsentWithdrawn) apply(s State, m ledger.Metadata) State {
	s.Consents = without(s.Consents, e.Purpose)
	if e.Purpose == "processing" {
		s.WithdrawnOn = m.OccurredOn
	}
	return s
}
