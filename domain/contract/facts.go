package contract

import (
	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Effective says that on a day the contract was signed and not ended.
func (s State) Effective(on ledger.Date) bool {
	return s.Code != "" && s.SignedOn.Compare(on) <= 0 && (s.Ended == "" || on.Compare(s.EndedOn) < 0)
}

// ForProject is the project that the contract carries out.
func (s State) ForProject() uuid.UUID { return s.Project }

// OverdueOn says that on a day completers should have been paid their part of a receipt that stands,
// and were not.
func (s State) OverdueOn(on ledger.Date) bool {
	for _, e := range s.Entries {
		if e.Kind != Receipt || e.Left() == 0 || e.Due.IsZero() || on.Compare(e.Due) <= 0 {
			continue
		}
		if run, ok := s.runOn(e.ID); !ok || s.awarded(run) < run.Run.Award.Minor {
			return true
		}
	}
	return false
}

// Question is something that a reversal left to be settled.
type Question struct {
	Distribution uuid.UUID // it stands on more than is left of its receipts
	Excess       int64     // by how much, in minor units
}

// Questions are the distributions whose receipts were reversed after they were approved: what was
// paid of them is to be recovered or offset, and they are to be reversed and made anew.
func (s State) Questions() []Question {
	var open []Question
	for _, run := range s.Entries {
		if run.Kind != Distribution || run.Left() == 0 || run.Run.Base != NetIncome {
			continue
		}
		left := int64(0)
		for _, id := range run.Run.Receipts {
			r, _ := s.entry(id)
			left += r.Left()
		}
		if left < run.Run.Gross.Minor {
			open = append(open, Question{run.ID, run.Run.Gross.Minor - left})
		}
	}
	return open
}

// What other aggregates say, as the rules of contracts need to know it.
type (
	organisation interface {
		Ownership() string
		IsAbroad() bool
	}
	project interface{ Live() bool }
	notice  interface {
		Cleared(kind string, subject ledger.StreamID) (on ledger.Date, ok bool)
	}
)
