// Package investment is one commitment of a fund to a company: made within what the fund has left
// to commit, paid in, and exited. The terms of a fund are policy data; see terms.go.
package investment

import (
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Event is a fact in a commitment's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for a change of one commitment.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// State is a commitment as far as rules need to know it.
type State struct {
	Code        string       `json:"code"`
	Fund        uuid.UUID    `json:"fund"`
	Company     uuid.UUID    `json:"company"`
	Amount      ledger.Money `json:"amount"`
	Capital     ledger.Money `json:"capital"` // that the fund could commit in all, when it did
	CommittedOn ledger.Date  `json:"committed_on"`
	Payments    []Payment    `json:"payments"`
	Exited      bool         `json:"exited"`
}

// Payment is capital paid in, less what was reversed of it.
type Payment struct {
	Voucher  string      `json:"voucher"`
	On       ledger.Date `json:"on"`
	Minor    int64       `json:"minor"`
	Reversed int64       `json:"reversed"`
}

// paid is what was paid in, less what was reversed.
func (s State) paid() int64 {
	var sum int64
	for _, p := range s.Payments {
		sum += p.Minor - p.Reversed
	}
	return sum
}

// committed is what the commitment holds of the fund: all of it, or what was paid once it ended.
func (s State) committed() int64 {
	if s.Exited {
		return s.paid()
	}
	return s.Amount.Minor
}

// Decider is the rules of commitments.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) { return c.decide(s, at) },
	Evolve: func(s State, e Event, m ledger.Metadata) State { return e.apply(s, m) },
	Claims: claims,
}

// claims: the code, the vouchers, and a part of what the fund has to commit.
func claims(s State, _ ledger.StreamID) []ledger.Claim {
	if s.Code == "" {
		return nil
	}
	list := []ledger.Claim{{Kind: "investment-code", Key: s.Code}}
	if held := s.committed(); held > 0 {
		list = append(list, ledger.Claim{
			Kind: "fund-capital", Key: s.Fund.String() + " " + s.Amount.Currency,
			Amount: held, Limit: s.Capital.Minor, From: s.CommittedOn.First(),
		})
	}
	for _, p := range s.Payments {
		list = append(list, ledger.Claim{Kind: "payment-voucher", Key: p.Voucher})
	}
	return list
}

// Codec is every stored form of a commitment's events.
var Codec = ledger.NewCodec(
	ledger.Current[CommitmentMade, Event](),
	ledger.Current[CapitalPaidIn, Event](),
	ledger.Current[EntryReversed, Event](),
	ledger.Current[InvestmentExited, Event](),
)

// Rules is the forms of policy that commitments are decided under.
var Rules = []ledger.RuleForm{
	ledger.RuleOf[Terms]("fund-terms", ledger.Text{En: "terms of a fund", Zh: "基金章程(出资条款)"}),
}

var approvers = []ledger.Role{ledger.APR}

// Aggregate is commitments for the rest of the program.
var Aggregate = ledger.New("investment", ledger.Text{En: "investment", Zh: "基金投资"}, Decider, Codec,
	ledger.Does[Commit, Command](ledger.Verb{Name: "commit", Creates: true, Roles: []ledger.Role{ledger.FUN}, Approvers: approvers,
		Help: ledger.Text{En: "commit capital of a fund to a company", Zh: "基金承诺出资"}}),
	ledger.Does[PayIn, Command](ledger.Verb{Name: "pay-in", Roles: []ledger.Role{ledger.FIN},
		Help: ledger.Text{En: "record capital paid in", Zh: "实缴到位"}}),
	ledger.Does[ReverseEntry, Command](ledger.Verb{Name: "reverse-entry", Roles: []ledger.Role{ledger.FIN}, Approvers: approvers,
		Help: ledger.Text{En: "reverse capital that was booked wrongly", Zh: "冲销"}}),
	ledger.Does[Exit, Command](ledger.Verb{Name: "exit", Roles: []ledger.Role{ledger.FUN}, Approvers: approvers,
		Help: ledger.Text{En: "record that the fund is out, and what is not paid in is no longer committed", Zh: "投资退出(未到位部分不再承诺)"}}),
).SeenBy(Sight)

// Sight: the offices see every commitment. Completers, mentors and reviewers see those that
// somebody acts on for them.
var Sight = ledger.Sight{
	All: slices.DeleteFunc(ledger.AllRoles(), func(r ledger.Role) bool { return slices.Contains(guests, r) }),
	Own: guests,
	Concerns: func(_ ledger.Event, m ledger.Metadata) []string {
		if m.OnBehalfOf == "" {
			return nil
		}
		return []string{m.OnBehalfOf}
	},
}

// guests take part in single cases.
var guests = []ledger.Role{ledger.INV, ledger.MEN, ledger.REV}

// reject is a rule's refusal.
func reject(code, en, zh string) error { return ledger.Rejected(code, ledger.Text{En: en, Zh: zh}) }
