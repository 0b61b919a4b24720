package contract

import (
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// The kinds of money entries. A reversal is one too; here it stands in the entry it undoes.
const (
	Receipt      = "receipt"
	Distribution = "distribution"
	Payment      = "payment"
)

// Entry is a line of the contract's money, with what was undone of it. Amounts are in minor units
// of the contract's currency.
type Entry struct {
	ID         uuid.UUID             `json:"id"`
	Kind       string                `json:"kind"`
	On         ledger.Date           `json:"on"`
	Amount     int64                 `json:"amount"`
	Reversed   int64                 `json:"reversed,omitzero"`
	Undone     bool                  `json:"undone,omitzero"` // reversed whole
	Voucher    string                `json:"voucher,omitzero"`
	Instalment string                `json:"instalment,omitzero"` // of a receipt
	Due        ledger.Date           `json:"due,omitzero"`        // of a receipt: by when the completers are to be paid
	Run        *DistributionApproved `json:"run,omitzero"`        // of a distribution
	Of         uuid.UUID             `json:"of,omitzero"`         // of a payment: the distribution
	To         ledger.StreamID       `json:"to,omitzero"`         // of a payment: the payee
}

// Left is what stands of an entry.
func (e Entry) Left() int64 { return e.Amount - e.Reversed }

// with is the state with one more entry.
func (s State) with(e Entry) State {
	s.Entries = append(s.Entries[:len(s.Entries):len(s.Entries)], e)
	return s
}

// entry finds an entry.
func (s State) entry(id uuid.UUID) (Entry, bool) {
	i := slices.IndexFunc(s.Entries, func(e Entry) bool { return e.ID == id })
	if i < 0 {
		return Entry{}, false
	}
	return s.Entries[i], true
}

// fresh checks the id of a new entry.
func (s State) fresh(path string, id uuid.UUID) error {
	if _, known := s.entry(id); id == uuid.Nil || known {
		return ledger.InvalidField(path, "a new id is needed, that no other entry of the contract has", "须为新的标识,不得与本合同其他分录重复")
	}
	return nil
}

// received is what stands of all receipts.
func (s State) received() (sum int64) {
	for _, e := range s.Entries {
		if e.Kind == Receipt {
			sum += e.Left()
		}
	}
	return sum
}

// runs yields the distributions that stand.
func (s State) runs() []Entry {
	return slices.DeleteFunc(slices.Clone(s.Entries), func(e Entry) bool { return e.Kind != Distribution || e.Undone })
}

// runOn finds the distribution that a receipt went into.
func (s State) runOn(receipt uuid.UUID) (Entry, bool) {
	for _, run := range s.runs() {
		if slices.Contains(run.Run.Receipts, receipt) {
			return run, true
		}
	}
	return Entry{}, false
}

// carried is what was stated of costs and is not deducted yet, as if a run were not there.
func (s State) carried(except uuid.UUID) (sum int64) {
	for _, run := range s.runs() {
		if run.ID == except {
			continue
		}
		for _, c := range run.Run.Costs {
			sum += c.Amount.Minor
		}
		sum -= run.Run.Deducted.Minor
	}
	return sum
}

// paid is what stands of payments of a distribution, to whom the test holds of.
func (s State) paid(run uuid.UUID, to func(ledger.StreamID) bool) (sum int64) {
	for _, e := range s.Entries {
		if e.Kind == Payment && e.Of == run && to(e.To) {
			sum += e.Left()
		}
	}
	return sum
}

// awarded is what stands of payments to completers.
func (s State) awarded(run Entry) int64 {
	return s.paid(run.ID, func(to ledger.StreamID) bool {
		return slices.ContainsFunc(run.Run.Shares, func(x Share) bool { return x.Completer && x.To == to })
	})
}
