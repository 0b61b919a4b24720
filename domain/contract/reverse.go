package contract

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// ReverseEntry undoes a money entry, or a part of it, by an equal and opposite one.
type ReverseEntry struct {
	Reversal uuid.UUID    `json:"reversal" en:"id of the new entry" zh:"冲销分录标识(新)"`
	Entry    uuid.UUID    `json:"entry" en:"id of the entry undone" zh:"被冲销的分录标识"`
	Amount   ledger.Money `json:"amount" en:"how much of it; a distribution whole" zh:"冲销金额(分配须整笔冲销)"`
	Ground   string       `json:"ground" enum:"misbooked,wrong-amount,returned,bounced,recovered,offset,receipt-reversed" en:"booked to the wrong place, wrong amount, returned to the payer, bounced, recovered from the payee, offset against a later share, its receipt was reversed" zh:"原因:错记、金额有误、退款、退票、已追回、已抵扣、到账已冲销"`
}

func (c ReverseEntry) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.fresh("reversal", c.Reversal),
		ledger.CheckOneOf("ground", c.Ground, "misbooked", "wrong-amount", "returned", "bounced", "recovered", "offset", "receipt-reversed"),
	); err != nil {
		return nil, err
	}
	e, ok := s.entry(c.Entry)
	if !ok || e.Kind == "reversal" {
		return nil, reject("no-such-entry", fmt.Sprintf("the contract has no entry %s to reverse", c.Entry), fmt.Sprintf("合同没有可冲销的分录 %s", c.Entry))
	}
	if e.Undone {
		return nil, reject("already-reversed", "the entry was reversed whole", "该分录已全部冲销")
	}
	if err := notBefore(at.On, e.On, ledger.Text{En: "the entry", Zh: "原分录业务发生日"}); err != nil {
		return nil, err
	}
	out := EntryReversed{Reversal: c.Reversal, Entry: c.Entry, Kind: e.Kind, Amount: c.Amount, Ground: c.Ground, Instalment: e.Instalment, Whole: c.Amount.Minor == e.Left()}
	var err error
	switch e.Kind {
	case Distribution:
		out.Award, out.Reopens, err = e.Run.Award, e.Run.Receipts, c.ofRun(s, e)
	case Payment:
		run, _ := s.entry(e.Of)
		out.Distribution = run.ID
		if x := run.Run.Shares; s.awarded(run) == run.Run.Award.Minor && slices.ContainsFunc(x, func(x Share) bool { return x.Completer && x.To == e.To }) {
			out.Reopens = run.Run.Receipts
		}
		err = c.upTo(s, e)
	default:
		run, _ := s.runOn(e.ID)
		out.Distribution, err = run.ID, c.upTo(s, e)
	}
	if err != nil {
		return nil, err
	}
	return []Event{out}, nil
}

// upTo: never more than what is left of the entry.
func (c ReverseEntry) upTo(s State, e Entry) error {
	if err := s.Terms.amount("amount", c.Amount); err != nil {
		return err
	}
	if c.Amount.Minor > e.Left() {
		return reject("over-entry", fmt.Sprintf("%s is left of the entry", s.Terms.money(e.Left())), fmt.Sprintf("该分录仅余 %s 可冲销", s.Terms.money(e.Left())))
	}
	return nil
}

// ofRun: a distribution is reversed whole, once what was paid of it came back and no later one
// deducted costs that it carried on.
func (c ReverseEntry) ofRun(s State, run Entry) error {
	if c.Amount != run.Run.Net {
		return ledger.InvalidField("amount", fmt.Sprintf("a distribution is reversed whole: %s", run.Run.Net), fmt.Sprintf("分配须整笔冲销:%s", run.Run.Net))
	}
	if paid := s.paid(run.ID, func(ledger.StreamID) bool { return true }); paid > 0 {
		return reject("paid-out", fmt.Sprintf("%s of it is paid out; recover or offset it and reverse the payments first", s.Terms.money(paid)),
			fmt.Sprintf("已发放 %s,请先追回或抵扣并冲销发放分录", s.Terms.money(paid)))
	}
	if s.carried(run.ID) < 0 {
		return reject("costs-carried-on", "a later distribution deducted costs that this one carried on; reverse that first", "后续分配已扣除本次结转的成本,请先冲销后续分配")
	}
	return nil
}

// EntryReversed: a money entry was undone, whole or in part (domain catalogue event 38).
type EntryReversed struct {
	Reversal     uuid.UUID    `json:"reversal"`
	Entry        uuid.UUID    `json:"entry"`
	Kind         string       `json:"kind"` // of the entry undone
	Amount       ledger.Money `json:"amount"`
	Ground       string       `json:"ground"`
	Award        ledger.Money `json:"award,omitzero"`        // of a distribution: the completers' part of it
	Whole        bool         `json:"whole,omitzero"`        // nothing is left of the entry
	Instalment   string       `json:"instalment,omitzero"`   // that a receipt was of
	Distribution uuid.UUID    `json:"distribution,omitzero"` // of a payment: what it was paid of; of a receipt: what stands on it and is now open to question
	Reopens      []uuid.UUID  `json:"reopens,omitzero"`      // receipts whose completers are no longer paid in full
}

// EventType is the stored name.
func (EntryReversed) EventType() string { return "contract.entry-reversed.v1" }

func (e EntryReversed) apply(s State, _ ledger.Metadata) State {
	s.Entries = slices.Clone(s.Entries)
	for i := range s.Entries {
		if s.Entries[i].ID == e.Entry {
			s.Entries[i].Reversed += e.Amount.Minor
			s.Entries[i].Undone = s.Entries[i].Left() == 0
		}
	}
	return s.with(Entry{ID: e.Reversal, Kind: "reversal", Of: e.Entry, Amount: e.Amount.Minor, Undone: true})
}
