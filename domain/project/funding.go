package project

import (
	"fmt"

	"ttledger/domain/ledger"
)

// AgreeFunding records the funding a project was promised.
type AgreeFunding struct {
	Amount     ledger.Money `json:"amount" en:"amount" zh:"金额"`
	Funder     string       `json:"funder,omitzero" en:"who funds" zh:"资助方"`
	Instrument string       `json:"instrument,omitzero" en:"kind of agreement" zh:"资助形式"`
}

func (c AgreeFunding) decide(s State, _ ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.open(true),
		c.Amount.Check("amount"),
		ledger.CheckText("funder", c.Funder, 200, false),
		ledger.CheckText("instrument", c.Instrument, 100, false),
	); err != nil {
		return nil, err
	}
	if !s.Funding.IsZero() {
		return nil, ledger.Rejected("funding-agreed", ledger.Text{
			En: fmt.Sprintf("funding of %s is agreed already; adjust it", s.Funding), Zh: fmt.Sprintf("已约定资助 %s,请使用调整", s.Funding),
		})
	}
	return []Event{FundingAgreed(c)}, nil
}

// FundingAgreed: the project was promised an amount.
type FundingAgreed struct {
	Amount     ledger.Money `json:"amount"`
	Funder     string       `json:"funder,omitzero"`
	Instrument string       `json:"instrument,omitzero"`
}

// EventType is the stored name.
func (FundingAgreed) EventType() string { return "project.funding-agreed.v1" }

// Correctable: a wrong record is put right by a correction.
func (FundingAgreed) Correctable() {}

func (e FundingAgreed) apply(s State, _ ledger.Metadata) State {
	s.Funding = e.Amount
	return s
}

// AdjustFunding changes the amount agreed.
type AdjustFunding struct {
	To     ledger.Money `json:"to" en:"the amount from now on" zh:"调整后金额"`
	Ground string       `json:"ground" enum:"supplement,reduction,amendment" en:"supplement, reduction or amendment" zh:"追加、核减或变更"`
}

func (c AdjustFunding) decide(s State, _ ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.open(true),
		ledger.CheckOneOf("ground", c.Ground, "supplement", "reduction", "amendment"),
	); err != nil {
		return nil, err
	}
	switch {
	case s.Funding.IsZero():
		return nil, ledger.Rejected("no-funding", ledger.Text{En: "no funding is agreed yet", Zh: "尚未约定资助金额"})
	case c.To.Currency != s.Funding.Currency:
		return nil, ledger.InvalidField("to/currency", "the agreed currency is "+s.Funding.Currency, "约定币种为 "+s.Funding.Currency)
	case c.To.Minor < 0:
		return nil, ledger.InvalidField("to/minor", "must not be below zero", "不能小于零")
	case c.To == s.Funding:
		return nil, nil
	case c.Ground == "supplement" && c.To.Minor < s.Funding.Minor, c.Ground == "reduction" && c.To.Minor > s.Funding.Minor:
		return nil, ledger.InvalidField("ground",
			fmt.Sprintf("%s does not lead from %s to %s", c.Ground, s.Funding, c.To),
			fmt.Sprintf("由 %s 到 %s 与调整类型不符", s.Funding, c.To))
	}
	return []Event{FundingAdjusted{From: s.Funding, To: c.To, Ground: c.Ground}}, nil
}

// FundingAdjusted: the amount promised changed.
type FundingAdjusted struct {
	From   ledger.Money `json:"from"`
	To     ledger.Money `json:"to"`
	Ground string       `json:"ground"`
}

// EventType is the stored name.
func (FundingAdjusted) EventType() string { return "project.funding-adjusted.v1" }

func (e FundingAdjusted) apply(s State, _ ledger.Metadata) State {
	s.Funding = e.To
	return s
}
