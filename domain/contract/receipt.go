package contract

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// RecordReceipt records money that came in.
type RecordReceipt struct {
	Entry      uuid.UUID    `json:"entry" en:"id of the entry, new" zh:"分录标识(新)"`
	Amount     ledger.Money `json:"amount" en:"amount received" zh:"到账金额"`
	Tax        ledger.Money `json:"tax,omitzero" en:"tax within it" zh:"其中税款"`
	Voucher    string       `json:"voucher" en:"voucher number" zh:"凭证号"`
	Payer      uuid.UUID    `json:"payer" en:"id of the organisation that paid" zh:"付款主体标识"`
	Instalment string       `json:"instalment,omitzero" en:"code of the instalment" zh:"付款里程碑代码"`
}

// ReliesOn is the payer.
func (c RecordReceipt) ReliesOn() []ledger.StreamID {
	return []ledger.StreamID{stream("organisation", c.Payer)}
}

// Under is the policy that says by when a receipt is distributed.
func (c RecordReceipt) Under(s State) ledger.Governing { return distribution(s) }

func distribution(s State) ledger.Governing {
	return ledger.Governing{Form: "distribution", Code: s.Policy}
}

func (c RecordReceipt) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.effective(at.On),
		s.fresh("entry", c.Entry),
		s.Terms.amount("amount", c.Amount),
		ledger.CheckText("voucher", c.Voucher, 100, true),
		c.checkTax(s),
		s.fits(c),
	); err != nil {
		return nil, err
	}
	if !at.Exists(stream("organisation", c.Payer)) {
		return nil, reject("no-such-organisation", fmt.Sprintf("the organisation %s is not registered", c.Payer), fmt.Sprintf("主体 %s 尚未登记", c.Payer))
	}
	by := s.Terms.PayWithin
	if by == 0 {
		rates, _ := ledger.Params[Rates](at) // money that came in is recorded, policy or none
		by = rates.DueMonths
	}
	return []Event{ReceiptRecorded{
		Entry: c.Entry, Amount: c.Amount, Tax: c.Tax, Voucher: c.Voucher, Payer: c.Payer, Instalment: c.Instalment,
		DistributeBy: months(at.On, by),
	}}, nil
}

func (c RecordReceipt) checkTax(s State) error {
	if c.Tax.IsZero() {
		return nil
	}
	return s.Terms.within("tax", c.Tax, c.Amount.Minor)
}

// fits holds a receipt against what was received before and what was agreed.
func (s State) fits(c RecordReceipt) error {
	if slices.ContainsFunc(s.Entries, func(e Entry) bool { return e.Kind == Receipt && !e.Undone && e.Voucher == c.Voucher }) {
		return reject("voucher-used", fmt.Sprintf("voucher %s is booked already", c.Voucher), fmt.Sprintf("凭证 %s 已入账", c.Voucher))
	}
	if c.Instalment != "" && !slices.ContainsFunc(s.Terms.Instalments, func(m Instalment) bool { return m.Code == c.Instalment }) {
		return reject("no-such-instalment", fmt.Sprintf("the contract has no instalment %q", c.Instalment), fmt.Sprintf("合同没有付款里程碑 %q", c.Instalment))
	}
	limit := s.Terms.Total.Minor
	if s.Terms.open() {
		limit = most
	}
	if left := limit - s.received(); c.Amount.Minor > left {
		return reject("over-total", fmt.Sprintf("%s is left of the contract's total; amend the contract first", s.Terms.money(left)),
			fmt.Sprintf("合同总额仅余 %s 未到账,请先办理合同变更", s.Terms.money(left)))
	}
	return nil
}

// ReceiptRecorded: money came in (domain catalogue event 35).
type ReceiptRecorded struct {
	Entry        uuid.UUID    `json:"entry"`
	Amount       ledger.Money `json:"amount"`
	Tax          ledger.Money `json:"tax,omitzero"`
	Voucher      string       `json:"voucher"`
	Payer        uuid.UUID    `json:"payer"`
	Instalment   string       `json:"instalment,omitzero"`
	DistributeBy ledger.Date  `json:"distribute_by,omitzero"` // by when the completers are to be paid
}

// EventType is the stored name.
func (ReceiptRecorded) EventType() string { return "contract.receipt-recorded.v1" }

func (e ReceiptRecorded) apply(s State, m ledger.Metadata) State {
	return s.with(Entry{ID: e.Entry, Kind: Receipt, On: m.OccurredOn, Amount: e.Amount.Minor, Voucher: e.Voucher, Instalment: e.Instalment, Due: e.DistributeBy})
}
