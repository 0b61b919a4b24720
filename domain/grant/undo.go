package grant

import (
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// ReverseEntry undoes a payment that was booked wrongly by an equal and opposite entry.
type ReverseEntry struct {
	Voucher string       `json:"voucher" en:"voucher of the payment" zh:"原凭证号"`
	Amount  ledger.Money `json:"amount" en:"amount reversed" zh:"冲销金额"`
	Ground  string       `json:"ground" enum:"wrong-case,wrong-amount,wrong-payee,double,returned" en:"ground" zh:"冲销原因"`
}

func (c ReverseEntry) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		ledger.CheckText("voucher", c.Voucher, 100, true),
		c.Amount.Check("amount"),
		ledger.CheckOneOf("ground", c.Ground, "wrong-case", "wrong-amount", "wrong-payee", "double", "returned"),
	); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(s.Payments, func(p Payment) bool { return p.Voucher == c.Voucher })
	if i < 0 {
		return nil, reject("no-such-entry", "nothing was paid on the voucher "+c.Voucher, "没有凭证号为 "+c.Voucher+" 的拨付")
	}
	// What was clawed back is no longer there to be reversed.
	open := min(s.Payments[i].Minor-s.Payments[i].Reversed, s.paid("")-s.ClawedBack)
	switch {
	case c.Amount.Currency != s.Currency:
		return nil, ledger.InvalidField("amount/currency", "the subsidy is in "+s.Currency, "资助币种为 "+s.Currency)
	case c.Amount.Minor > open:
		return nil, reject("above-entry", fmt.Sprintf("%s of this entry is left to reverse", s.money(open)), fmt.Sprintf("该笔可冲销金额为 %s", s.money(open)))
	}
	if err := notBefore(at, s.Payments[i].On, ledger.Text{En: "the payment", Zh: "拨付日"}); err != nil {
		return nil, err
	}
	return []Event{EntryReversed(c)}, nil
}

// EntryReversed: a payment, or part of it, did not count (domain catalogue event 38).
type EntryReversed struct {
	Voucher string       `json:"voucher"`
	Amount  ledger.Money `json:"amount"`
	Ground  string       `json:"ground"`
}

// EventType is the stored name.
func (EntryReversed) EventType() string { return "grant.entry-reversed.v1" }

func (e EntryReversed) apply(s State, _ ledger.Metadata) State {
	s.Payments = slices.Clone(s.Payments)
	for i, p := range s.Payments {
		if p.Voucher == e.Voucher {
			s.Payments[i].Reversed += e.Amount.Minor
		}
	}
	return s
}

// ClawBack records that paid money was called back and came.
type ClawBack struct {
	Amount   ledger.Money `json:"amount" en:"amount that came back" zh:"追回金额"`
	Ground   string       `json:"ground" enum:"not-eligible,breach,false-data,team-exited,recognition-revoked" en:"ground" zh:"追回原因"`
	Decision string       `json:"decision" en:"reference of the decision" zh:"决定文号"`
	Voucher  string       `json:"voucher" en:"number of the voucher" zh:"凭证号"`
}

func (c ClawBack) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		c.Amount.Check("amount"),
		ledger.CheckOneOf("ground", c.Ground, "not-eligible", "breach", "false-data", "team-exited", "recognition-revoked"),
		ledger.CheckText("decision", c.Decision, 200, true),
		ledger.CheckText("voucher", c.Voucher, 100, true),
		s.fresh(c.Voucher),
		notBefore(at, s.ApprovedOn, theApproval),
	); err != nil {
		return nil, err
	}
	out := s.paid("") - s.ClawedBack
	switch {
	case c.Amount.Currency != s.Currency:
		return nil, ledger.InvalidField("amount/currency", "the subsidy is in "+s.Currency, "资助币种为 "+s.Currency)
	case c.Amount.Minor > out:
		return nil, reject("above-paid", fmt.Sprintf("%s is paid and not come back", s.money(out)), fmt.Sprintf("已拨付且未追回金额为 %s", s.money(out)))
	}
	return []Event{ClawedBack(c)}, nil
}

// ClawedBack: paid money came back.
type ClawedBack struct {
	Amount   ledger.Money `json:"amount"`
	Ground   string       `json:"ground"`
	Decision string       `json:"decision"`
	Voucher  string       `json:"voucher"`
}

// EventType is the stored name.
func (ClawedBack) EventType() string { return "grant.clawed-back.v1" }

func (e ClawedBack) apply(s State, _ ledger.Metadata) State {
	s.ClawedBack += e.Amount.Minor
	s.Vouchers = s.booked(e.Voucher)
	return s
}
