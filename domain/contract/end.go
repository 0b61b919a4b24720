package contract

import (
	"fmt"

	"ttledger/domain/ledger"
)

// EndPerformed ends a contract whose parties did what they owed.
type EndPerformed struct {
	Settlement string `json:"settlement,omitzero" en:"how it was settled" zh:"结算情况"`
}

func (c EndPerformed) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(s.running(at.On), ledger.CheckText("settlement", c.Settlement, 500, false)); err != nil {
		return nil, err
	}
	return []Event{Ended{Ground: "performed", Settlement: c.Settlement}}, nil
}

// End ends a contract on another ground. A void one ends on the day it was signed.
type End struct {
	Ground     string      `json:"ground" enum:"expired,agreed,breach,late-performance,void" en:"expired, by agreement, breach, late performance, void" zh:"终止原因:期满、协商解除、违约解除、迟延履行解除、无效"`
	By         string      `json:"by,omitzero" enum:"provider,recipient,both,authority" en:"who ended it" zh:"提出方"`
	Settlement string      `json:"settlement" en:"how it is settled" zh:"结算安排"`
	DemandedOn ledger.Date `json:"demanded_on,omitzero" en:"when performance was demanded, of late performance" zh:"催告日期(迟延履行解除)"`
	DecidedOn  ledger.Date `json:"decided_on,omitzero" en:"when it was found void" zh:"认定无效日期"`
}

// demandDays is for how long a demand must have gone unheard before a technology contract is
// rescinded for late performance (Supreme People's Court, technology contracts 2020, 15).
const demandDays = 30

func (c End) decide(s State, at ledger.Context) ([]Event, error) {
	if s.Ended != "" {
		return nil, s.running(at.On)
	}
	if err := ledger.First(
		s.effective(at.On),
		ledger.CheckOneOf("ground", c.Ground, "expired", "agreed", "breach", "late-performance", "void"),
		ledger.CheckOneOf("by", c.By, "", "provider", "recipient", "both", "authority"),
		ledger.CheckText("settlement", c.Settlement, 500, true),
	); err != nil {
		return nil, err
	}
	switch {
	case (c.Ground == "late-performance") == c.DemandedOn.IsZero():
		return nil, ledger.InvalidField("demanded_on", "needed of late performance, and only there", "迟延履行解除时必填,其他原因不得填写")
	case (c.Ground == "void") == c.DecidedOn.IsZero():
		return nil, ledger.InvalidField("decided_on", "needed where the contract is void, and only there", "合同无效时必填,其他原因不得填写")
	case c.Ground == "late-performance" && at.On.DaysSince(c.DemandedOn.Last()) < demandDays:
		return nil, reject("demand-running", fmt.Sprintf("%d days must have passed since the demand of %s", demandDays, c.DemandedOn), fmt.Sprintf("自催告日 %s 起须满 %d 日", c.DemandedOn, demandDays))
	case c.Ground == "void" && at.On != s.SignedOn:
		return nil, abInitio(s.SignedOn)
	case c.Ground == "expired" && (s.Terms.To.IsZero() || at.On.Last().Compare(s.Terms.To) < 0):
		return nil, reject("not-expired", fmt.Sprintf("the contract's last day is %q", s.Terms.To), fmt.Sprintf("合同届满日为 %q", s.Terms.To))
	}
	if c.Ground == "void" {
		if err := checkDecidedOn(c.DecidedOn, at); err != nil {
			return nil, err
		}
	}
	return []Event{Ended(c)}, nil
}

// Ended: the contract is over (domain catalogue event 34).
type Ended struct {
	Ground     string      `json:"ground"`
	By         string      `json:"by,omitzero"`
	Settlement string      `json:"settlement,omitzero"`
	DemandedOn ledger.Date `json:"demanded_on,omitzero"`
	DecidedOn  ledger.Date `json:"decided_on,omitzero"`
}

// EventType is the stored name.
func (Ended) EventType() string { return "contract.ended.v1" }

func (e Ended) apply(s State, m ledger.Metadata) State {
	s.Ended, s.EndedOn = e.Ground, m.OccurredOn
	return s
}
