package facility

import (
	"fmt"

	"ttledger/domain/ledger"
)

// Withdraw ends a designation (摘牌).
type Withdraw struct {
	Ground      string      `json:"ground" enum:"failed-review,false-application,operator-request,merged,ceased,other" en:"why" zh:"撤销原因"`
	EffectiveOn ledger.Date `json:"effective_on,omitzero" en:"the first day without it; the day of the act where absent" zh:"失效日(缺省为业务发生日)"`
	Note        string      `json:"note,omitzero" en:"what it rests on" zh:"依据"`
}

func (c Withdraw) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.open(at),
		ledger.CheckOneOf("ground", c.Ground, "failed-review", "false-application", "operator-request", "merged", "ceased", "other"),
		ledger.CheckText("note", c.Note, 1000, false),
	); err != nil {
		return nil, err
	}
	e := Withdrawn(c)
	if e.EffectiveOn.IsZero() {
		e.EffectiveOn = at.On
	}
	if e.EffectiveOn.Last().Compare(s.From) < 0 {
		return nil, ledger.InvalidField("effective_on", fmt.Sprintf("before the designation on %s", s.From), fmt.Sprintf("早于认定日(%s)", s.From))
	}
	return []Event{e}, nil
}

// Withdrawn: the designation ended (domain catalogue event 11).
type Withdrawn struct {
	Ground      string      `json:"ground"`
	EffectiveOn ledger.Date `json:"effective_on"`
	Note        string      `json:"note,omitzero"`
}

// EventType is the stored name.
func (Withdrawn) EventType() string { return "facility.withdrawn.v1" }

func (e Withdrawn) apply(s State, _ ledger.Metadata) State {
	s.WithdrawnOn = e.EffectiveOn
	return s
}

// RevokeWithdrawal takes a withdrawal back from its beginning, so it is dated like the withdrawal.
type RevokeWithdrawal struct {
	Ground    string      `json:"ground" en:"why" zh:"撤销理由"`
	DecidedOn ledger.Date `json:"decided_on" en:"day of the decision" zh:"决定日期"`
}

func (c RevokeWithdrawal) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.CheckText("ground", c.Ground, 500, true); err != nil {
		return nil, err
	}
	switch {
	case s.WithdrawnOn.IsZero():
		return nil, reject("not-withdrawn", "the designation stands", "该认定有效,未被撤销")
	case c.DecidedOn.Compare(ledger.DayOf(at.Now)) > 0 || c.DecidedOn.Last().Compare(at.On) < 0:
		return nil, ledger.InvalidField("decided_on", "from the day that the act is dated to today", "应在业务发生日至今天之间")
	}
	return []Event{WithdrawalRevoked(c)}, nil
}

// WithdrawalRevoked: the withdrawal counts as never made.
type WithdrawalRevoked struct {
	Ground    string      `json:"ground"`
	DecidedOn ledger.Date `json:"decided_on"`
}

// EventType is the stored name.
func (WithdrawalRevoked) EventType() string { return "facility.withdrawal-revoked.v1" }

func (WithdrawalRevoked) apply(s State, _ ledger.Metadata) State {
	s.WithdrawnOn = ledger.Date{}
	return s
}
