package contract

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// PayDistribution records what a payee of a distribution was paid, or the shares they were given.
type PayDistribution struct {
	Entry        uuid.UUID    `json:"entry" en:"id of the entry, new" zh:"分录标识(新)"`
	Distribution uuid.UUID    `json:"distribution" en:"id of the distribution" zh:"分配分录标识"`
	Payee        uuid.UUID    `json:"payee" en:"id of the person or organisation, as in the distribution" zh:"收款人(人员或主体)标识,与分配分录一致"`
	Amount       ledger.Money `json:"amount" en:"amount" zh:"金额"`
	Voucher      string       `json:"voucher" en:"voucher number" zh:"凭证号"`
}

func (c PayDistribution) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.fresh("entry", c.Entry),
		s.Terms.amount("amount", c.Amount),
		ledger.CheckText("voucher", c.Voucher, 100, true),
	); err != nil {
		return nil, err
	}
	run, ok := s.entry(c.Distribution)
	if !ok || run.Kind != Distribution || run.Undone {
		return nil, reject("no-such-distribution", fmt.Sprintf("no distribution %s stands", c.Distribution), fmt.Sprintf("没有有效的分配分录 %s", c.Distribution))
	}
	if err := notBefore(at.On, run.On, ledger.Text{En: "the distribution", Zh: "分配批准日"}); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(run.Run.Shares, func(x Share) bool { return x.To.ID == c.Payee })
	if i < 0 {
		return nil, reject("no-such-payee", fmt.Sprintf("the distribution gives nothing to %s", c.Payee), fmt.Sprintf("该分配中没有收款人 %s", c.Payee))
	}
	if slices.ContainsFunc(s.Entries, func(e Entry) bool {
		return e.Kind == Payment && !e.Undone && e.Of == run.ID && e.To.ID == c.Payee && e.Voucher == c.Voucher
	}) {
		return nil, reject("voucher-used", fmt.Sprintf("voucher %s is booked for this payee already", c.Voucher), fmt.Sprintf("凭证 %s 已为该收款人入账", c.Voucher))
	}
	to := run.Run.Shares[i]
	left := to.Minor + to.Tail - s.paid(run.ID, func(x ledger.StreamID) bool { return x == to.To })
	if c.Amount.Minor > left {
		return nil, reject("over-share", fmt.Sprintf("%s is left of this share", s.Terms.money(left)), fmt.Sprintf("该份额仅余 %s 未付", s.Terms.money(left)))
	}
	e := DistributionPaid{Entry: c.Entry, Distribution: c.Distribution, Payee: to.To, Amount: c.Amount, Voucher: c.Voucher}
	if to.Completer && s.awarded(run)+c.Amount.Minor == run.Run.Award.Minor {
		e.Settles = run.Run.Receipts
	}
	return []Event{e}, nil
}

// DistributionPaid: a payee was paid (domain catalogue event 37).
type DistributionPaid struct {
	Entry        uuid.UUID       `json:"entry"`
	Distribution uuid.UUID       `json:"distribution"`
	Payee        ledger.StreamID `json:"payee"`
	Amount       ledger.Money    `json:"amount"`
	Voucher      string          `json:"voucher"`
	Settles      []uuid.UUID     `json:"settles,omitzero"` // receipts of which the completers now have all they were awarded
}

// EventType is the stored name.
func (DistributionPaid) EventType() string { return "contract.distribution-paid.v1" }

func (e DistributionPaid) apply(s State, m ledger.Metadata) State {
	return s.with(Entry{ID: e.Entry, Kind: Payment, On: m.OccurredOn, Amount: e.Amount.Minor, Voucher: e.Voucher, Of: e.Distribution, To: e.Payee})
}
