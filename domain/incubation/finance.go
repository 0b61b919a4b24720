package incubation

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// RecordFinancing records money that was paid in; what is announced is not counted. It is dated
// the day of the payment.
type RecordFinancing struct {
	Round      string       `json:"round" enum:"seed,angel,pre-a,a,b,c,later,strategic,debt,other" en:"round" zh:"轮次"`
	Investor   uuid.UUID    `json:"investor,omitzero" en:"id of the organisation that paid" zh:"投资机构标识"`
	Person     uuid.UUID    `json:"person,omitzero" en:"id of the person who paid, by pseudonym" zh:"自然人投资者标识(化名)"`
	Amount     ledger.Money `json:"amount" en:"amount paid in" zh:"到账金额"`
	Instrument string       `json:"instrument" enum:"equity,convertible,loan,grant" en:"instrument" zh:"投资形式"`
	OwnFund    bool         `json:"own_fund,omitzero" en:"it came from the own fund of the incubator" zh:"是否孵化器自有基金"`
	Voucher    string       `json:"voucher" en:"number of the voucher" zh:"到账凭证号"`
}

// ReliesOn is the investor.
func (c RecordFinancing) ReliesOn() []ledger.StreamID {
	return named(stream("organisation", c.Investor), stream("person", c.Person))
}

func (c RecordFinancing) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.live(at),
		ledger.CheckOneOf("round", c.Round, "seed", "angel", "pre-a", "a", "b", "c", "later", "strategic", "debt", "other"),
		c.Amount.Check("amount"),
		ledger.CheckOneOf("instrument", c.Instrument, "equity", "convertible", "loan", "grant"),
		ledger.CheckText("voucher", c.Voucher, 100, true),
		checkThere(at, "investor", stream("organisation", c.Investor)),
		checkThere(at, "person", stream("person", c.Person)),
	); err != nil {
		return nil, err
	}
	switch {
	case (c.Investor == uuid.Nil) == (c.Person == uuid.Nil):
		return nil, ledger.InvalidField("investor", "an organisation or a person paid, and not both", "投资机构与自然人须且只能填写一项")
	case slices.ContainsFunc(s.Paid, func(p Paid) bool { return p.Voucher == c.Voucher }):
		return nil, reject("voucher-known", fmt.Sprintf("the voucher %s is recorded", c.Voucher), fmt.Sprintf("凭证 %s 已登记", c.Voucher))
	case slices.Contains(s.Mentors, c.Person) && !slices.Contains(s.Interested, c.Person):
		return nil, reject("interest-undeclared", "a mentor who invests declares it first", "导师投资须先申报利益关系")
	}
	return []Event{FinancingRoundRecorded(c)}, nil
}

// FinancingRoundRecorded: money was paid in (domain catalogue event 60).
type FinancingRoundRecorded struct {
	Round      string       `json:"round"`
	Investor   uuid.UUID    `json:"investor,omitzero"`
	Person     uuid.UUID    `json:"person,omitzero"`
	Amount     ledger.Money `json:"amount"`
	Instrument string       `json:"instrument"`
	OwnFund    bool         `json:"own_fund,omitzero"`
	Voucher    string       `json:"voucher"`
}

// EventType is the stored name.
func (FinancingRoundRecorded) EventType() string { return "incubation.financing-recorded.v1" }

// Correctable: a wrong record is put right by a correction.
func (FinancingRoundRecorded) Correctable() {}

func (e FinancingRoundRecorded) apply(s State, m ledger.Metadata) State {
	s.Paid = append(slices.Clone(s.Paid), Paid{m.OccurredOn, e.Voucher, e.Instrument, e.Amount})
	return s
}
