package investment

import (
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// PayIn records capital that reached the company.
type PayIn struct {
	Amount  ledger.Money `json:"amount" en:"amount paid in" zh:"实缴金额"`
	Voucher string       `json:"voucher" en:"number of the voucher" zh:"凭证号"`
	Outside ledger.Money `json:"outside,omitzero" en:"money of others in the same round, for leverage" zh:"同轮其他资本出资额(计算撬动)"`
}

func (c PayIn) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		c.Amount.Check("amount"),
		ledger.CheckText("voucher", c.Voucher, 100, true),
		s.currency("amount", c.Amount),
		s.open(),
		notBefore(at, s.CommittedOn, ledger.Text{En: "the commitment", Zh: "承诺日"}),
	); err != nil {
		return nil, err
	}
	if !c.Outside.IsZero() {
		if err := ledger.First(c.Outside.Check("outside"), s.currency("outside", c.Outside)); err != nil {
			return nil, err
		}
	}
	if left := s.Amount.Minor - s.paid(); c.Amount.Minor > left {
		return nil, reject("above-commitment", fmt.Sprintf("%s of the commitment is open", s.money(left)), fmt.Sprintf("未到位承诺额为 %s", s.money(left)))
	}
	if slices.ContainsFunc(s.Payments, func(p Payment) bool { return p.Voucher == c.Voucher }) {
		return nil, reject("voucher-used", "the voucher "+c.Voucher+" is booked already", "凭证 "+c.Voucher+" 已入账")
	}
	return []Event{CapitalPaidIn(c)}, nil
}

// money is an amount in the fund's currency, as people read it.
func (s State) money(minor int64) ledger.Money {
	return ledger.Money{Minor: minor, Currency: s.Amount.Currency}
}

func (s State) currency(path string, m ledger.Money) error {
	if m.Currency == s.Amount.Currency {
		return nil
	}
	return ledger.InvalidField(path+"/currency", "the commitment is in "+s.Amount.Currency, "承诺币种为 "+s.Amount.Currency)
}

// open refuses what needs a commitment that has not ended.
func (s State) open() error {
	if !s.Exited {
		return nil
	}
	return reject("exited", "the fund is out of this investment", "该投资已退出")
}

// notBefore refuses an act that certainly happened before another.
func notBefore(at ledger.Context, earlier ledger.Date, what ledger.Text) error {
	if at.On.Last().Compare(earlier.First()) >= 0 {
		return nil
	}
	return reject("date-order", fmt.Sprintf("dated %s, before %s on %s", at.On, what.En, earlier), fmt.Sprintf("业务发生日 %s 早于%s(%s)", at.On, what.Zh, earlier))
}

// CapitalPaidIn: capital reached the company (domain catalogue event 67).
type CapitalPaidIn struct {
	Amount  ledger.Money `json:"amount"`
	Voucher string       `json:"voucher"`
	Outside ledger.Money `json:"outside,omitzero"`
}

// EventType is the stored name.
func (CapitalPaidIn) EventType() string { return "investment.capital-paid-in.v1" }

func (e CapitalPaidIn) apply(s State, m ledger.Metadata) State {
	s.Payments = append(slices.Clone(s.Payments), Payment{Voucher: e.Voucher, On: m.OccurredOn, Minor: e.Amount.Minor})
	return s
}

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
		s.currency("amount", c.Amount),
		ledger.CheckOneOf("ground", c.Ground, "wrong-case", "wrong-amount", "wrong-payee", "double", "returned"),
	); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(s.Payments, func(p Payment) bool { return p.Voucher == c.Voucher })
	if i < 0 {
		return nil, reject("no-such-entry", "nothing was paid in on the voucher "+c.Voucher, "没有凭证号为 "+c.Voucher+" 的实缴")
	}
	if open := s.Payments[i].Minor - s.Payments[i].Reversed; c.Amount.Minor > open {
		return nil, reject("above-entry", fmt.Sprintf("%s of this entry is left to reverse", s.money(open)), fmt.Sprintf("该笔可冲销金额为 %s", s.money(open)))
	}
	if err := notBefore(at, s.Payments[i].On, ledger.Text{En: "the payment", Zh: "实缴日"}); err != nil {
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
func (EntryReversed) EventType() string { return "investment.entry-reversed.v1" }

func (e EntryReversed) apply(s State, _ ledger.Metadata) State {
	s.Payments = slices.Clone(s.Payments)
	for i, p := range s.Payments {
		if p.Voucher == e.Voucher {
			s.Payments[i].Reversed += e.Amount.Minor
		}
	}
	return s
}

// Exit ends an investment. What was not paid in is the fund's to commit again.
type Exit struct {
	Way      string       `json:"way" enum:"sale,listing,buy-back,liquidation,write-off,not-drawn" en:"way out" zh:"退出方式:转让、上市、回购、清算、核销、未缴付终止"`
	Proceeds ledger.Money `json:"proceeds,omitzero" en:"what came back" zh:"退出所得"`
	Meeting  string       `json:"meeting" en:"reference of the committee's decision" zh:"投委会决议编号"`
}

func (c Exit) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		ledger.CheckOneOf("way", c.Way, "sale", "listing", "buy-back", "liquidation", "write-off", "not-drawn"),
		ledger.CheckText("meeting", c.Meeting, 200, true),
		s.open(),
		notBefore(at, s.CommittedOn, ledger.Text{En: "the commitment", Zh: "承诺日"}),
	); err != nil {
		return nil, err
	}
	if !c.Proceeds.IsZero() {
		if err := c.Proceeds.Check("proceeds"); err != nil {
			return nil, err
		}
	}
	if (c.Way == "not-drawn") != (s.paid() == 0) {
		return nil, reject("way-out", "not-drawn is the way out where nothing is paid in, and only there", "未缴付终止仅适用于尚未实缴的承诺,且此时只能如此退出")
	}
	return []Event{InvestmentExited(c)}, nil
}

// InvestmentExited: the fund is out.
type InvestmentExited struct {
	Way      string       `json:"way"`
	Proceeds ledger.Money `json:"proceeds,omitzero"`
	Meeting  string       `json:"meeting"`
}

// EventType is the stored name.
func (InvestmentExited) EventType() string { return "investment.exited.v1" }

func (InvestmentExited) apply(s State, _ ledger.Metadata) State {
	s.Exited = true
	return s
}
