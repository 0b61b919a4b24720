package recognition

import (
	"fmt"

	"ttledger/domain/ledger"
)

// Lapse records that the validity ran out. It is dated the day after the last.
type Lapse struct{}

func (Lapse) decide(s State, at ledger.Context) ([]Event, error) {
	if err := s.live(); err != nil {
		return nil, err
	}
	if s.To.IsZero() {
		return nil, reject("does-not-lapse", "this recognition has no last day", "该资格没有截止日,不会到期")
	}
	if day := s.To.Last().Plus(0, 0, 1); at.On != day {
		return nil, reject("date-order", fmt.Sprintf("it held to %s, so its lapse is dated %s", s.To, day), fmt.Sprintf("有效期至 %s,到期失效的业务发生日应为 %s", s.To, day))
	}
	return []Event{s.ended(Ended{Mode: "lapsed"})}, nil
}

// Surrender records that the holder gave it up.
type Surrender struct {
	Ground string `json:"ground" enum:"merged,moved,wound-up,no-longer-met,other" en:"why" zh:"理由"`
}

func (c Surrender) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		ledger.CheckOneOf("ground", c.Ground, "merged", "moved", "wound-up", "no-longer-met", "other"),
		s.live(),
		s.held(at.On),
	); err != nil {
		return nil, err
	}
	return []Event{s.ended(Ended{Mode: "surrendered", Ground: c.Ground})}, nil
}

// held refuses a day on which there is nothing to end.
func (s State) held(on ledger.Date) error {
	if on.Last().Compare(s.From) < 0 || !s.To.IsZero() && on.Compare(s.To.Last()) > 0 {
		return reject("date-order", fmt.Sprintf("dated %s; it holds from %s to %s", on, s.From, s.To), fmt.Sprintf("业务发生日 %s 不在有效期 %s 至 %s 内", on, s.From, s.To))
	}
	return nil
}

// Revoke withdraws a recognition. From the beginning (ab-initio) it is dated the first day of
// validity, so that as of any day it never held; the day of the decision is in the data.
type Revoke struct {
	Effect    string      `json:"effect" enum:"prospective,ab-initio" en:"from the business date on, or as if it had never been" zh:"效力:自业务发生日起,或自始无效"`
	Ground    string      `json:"ground" enum:"false-data,no-longer-met,safety-or-quality,tax-offence,not-reported,other" en:"ground" zh:"撤销事由"`
	DecidedOn ledger.Date `json:"decided_on" en:"day of the authority's decision" zh:"主管部门决定日期"`
	Decision  string      `json:"decision" en:"reference of the decision" zh:"决定文号"`
}

func (c Revoke) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		ledger.CheckOneOf("effect", c.Effect, "prospective", "ab-initio"),
		ledger.CheckOneOf("ground", c.Ground, "false-data", "no-longer-met", "safety-or-quality", "tax-offence", "not-reported", "other"),
		ledger.CheckText("decision", c.Decision, 200, true),
	); err != nil {
		return nil, err
	}
	if c.DecidedOn.IsZero() || c.DecidedOn.Compare(ledger.DayOf(at.Now)) > 0 {
		return nil, ledger.InvalidField("decided_on", "a date not after today is needed", "需要不晚于今天的日期")
	}
	if s.IsRevoked() {
		return nil, reject("ended", fmt.Sprintf("it was revoked by a decision of %s", s.DecidedOn), fmt.Sprintf("该资格已由 %s 的决定撤销", s.DecidedOn))
	}
	if c.Effect == "ab-initio" {
		if at.On != s.From {
			return nil, reject("date-order", fmt.Sprintf("a revocation from the beginning is dated %s, the first day of validity", s.From), fmt.Sprintf("自始无效的撤销,业务发生日应为有效期首日 %s", s.From))
		}
	} else if err := ledger.First(s.live(), s.held(at.On)); err != nil {
		return nil, err
	}
	return []Event{s.ended(Ended{Mode: "revoked", Effect: c.Effect, Ground: c.Ground, DecidedOn: c.DecidedOn, Decision: c.Decision})}, nil
}

// Ended: from the business date on it no longer holds (domain catalogue event 15).
// It says whose and which, so that who may not know of persons' recognitions can be kept from it.
type Ended struct {
	Subject   ledger.StreamID `json:"subject"`
	Scheme    string          `json:"scheme"`
	Mode      string          `json:"mode"` // lapsed, revoked, surrendered
	Effect    string          `json:"effect,omitzero"`
	Ground    string          `json:"ground,omitzero"`
	DecidedOn ledger.Date     `json:"decided_on,omitzero"`
	Decision  string          `json:"decision,omitzero"`
}

func (s State) ended(e Ended) Ended {
	e.Subject, e.Scheme = s.Subject, s.Scheme
	return e
}

// EventType is the stored name.
func (Ended) EventType() string { return "recognition.ended.v1" }

func (e Ended) apply(s State, m ledger.Metadata) State {
	s.Ended, s.EndedOn, s.DecidedOn = e.Mode, m.OccurredOn, e.DecidedOn
	return s
}
