// Package grant is one subsidy: approved in instalments, each with a condition that another person
// verifies, paid, and where need be reversed or clawed back. What a scheme pays for, to whom and on
// which tiers is policy data; see scheme.go.
package grant

import (
	"slices"

	"ttledger/domain/ledger"
)

// Event is a fact in a subsidy's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for a change of one subsidy.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// State is a subsidy as far as rules need to know it. Amounts are minor units of Currency.
type State struct {
	Code        string          `json:"code"`
	Beneficiary ledger.StreamID `json:"beneficiary"`
	Purpose     string          `json:"purpose"`
	Scheme      string          `json:"scheme"`
	Version     string          `json:"version"` // of the scheme, as it was when approved
	Currency    string          `json:"currency"`
	ApprovedOn  ledger.Date     `json:"approved_on"`
	Instalments []Standing      `json:"instalments"`
	Payments    []Payment       `json:"payments"`
	Vouchers    []string        `json:"vouchers"` // of payments and of what came back
	ClawedBack  int64           `json:"clawed_back"`
}

// Standing is where an instalment stands.
type Standing struct {
	Instalment
	VerifiedBy string      `json:"verified_by"` // handle; empty while the condition is not verified
	VerifiedOn ledger.Date `json:"verified_on"`
}

// Payment is an instalment released, less what was reversed of it.
type Payment struct {
	Voucher    string      `json:"voucher"`
	Instalment string      `json:"instalment"`
	On         ledger.Date `json:"on"`
	Minor      int64       `json:"minor"`
	Reversed   int64       `json:"reversed"`
}

// Decider is the rules of subsidies.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) { return c.decide(s, at) },
	Evolve: func(s State, e Event, m ledger.Metadata) State { return e.apply(s, m) },
	Claims: claims,
}

// claims: codes and vouchers, and the purpose, for which a beneficiary is funded once.
func claims(s State, _ ledger.StreamID) []ledger.Claim {
	if s.Code == "" {
		return nil
	}
	list := []ledger.Claim{
		{Kind: "grant-code", Key: s.Code},
		{Kind: "subsidy-purpose", Key: s.Beneficiary.String() + " " + s.Purpose},
	}
	for _, voucher := range s.Vouchers {
		list = append(list, ledger.Claim{Kind: "payment-voucher", Key: voucher})
	}
	return list
}

// Codec is every stored form of a subsidy's events.
var Codec = ledger.NewCodec(
	ledger.Current[SubsidyApproved, Event](),
	ledger.Current[ConditionVerified, Event](),
	ledger.Current[InstalmentReleased, Event](),
	ledger.Current[EntryReversed, Event](),
	ledger.Current[ClawedBack, Event](),
)

// Rules is the forms of policy that subsidies are decided under.
var Rules = []ledger.RuleForm{
	ledger.RuleOf[Scheme]("subsidy-scheme", ledger.Text{En: "scheme of subsidies", Zh: "资助办法"}),
}

var approvers = []ledger.Role{ledger.APR}

// Aggregate is subsidies for the rest of the program.
var Aggregate = ledger.New("grant", ledger.Text{En: "subsidy", Zh: "资助"}, Decider, Codec,
	ledger.Does[Approve, Command](ledger.Verb{Name: "approve", Creates: true, Roles: []ledger.Role{ledger.PM, ledger.HR}, Approvers: approvers,
		Help: ledger.Text{En: "approve a subsidy in instalments", Zh: "资助批准(分期)"}}),
	ledger.Does[VerifyCondition, Command](ledger.Verb{Name: "verify-condition", Roles: []ledger.Role{ledger.PM, ledger.HR, ledger.TM},
		Help: ledger.Text{En: "verify that the condition of an instalment is met", Zh: "核验拨付条件"}}),
	ledger.Does[ReleaseInstalment, Command](ledger.Verb{Name: "release-instalment", Roles: []ledger.Role{ledger.FIN}, Approvers: approvers,
		Help: ledger.Text{En: "pay an instalment", Zh: "资助拨付"}}),
	ledger.Does[ReverseEntry, Command](ledger.Verb{Name: "reverse-entry", Roles: []ledger.Role{ledger.FIN}, Approvers: approvers,
		Help: ledger.Text{En: "reverse a payment that was booked wrongly", Zh: "冲销"}}),
	ledger.Does[ClawBack, Command](ledger.Verb{Name: "claw-back", Roles: []ledger.Role{ledger.FIN}, Approvers: approvers,
		Help: ledger.Text{En: "claw back what was paid", Zh: "追回"}}),
).SeenBy(Sight)

// Sight: the offices see every subsidy. Completers, mentors and reviewers see those that somebody
// acts on for them.
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

// money is an amount in the subsidy's currency, as people read it.
func (s State) money(minor int64) ledger.Money {
	return ledger.Money{Minor: minor, Currency: s.Currency}
}

// instalment finds an instalment by its code.
func (s State) instalment(code string) (int, error) {
	i := slices.IndexFunc(s.Instalments, func(x Standing) bool { return x.Code == code })
	if i < 0 {
		return i, reject("no-such-instalment", "this subsidy has no instalment "+code, "该资助没有分期 "+code)
	}
	return i, nil
}

// paid is what was paid of an instalment, less what was reversed; of all of them for "".
func (s State) paid(instalment string) int64 {
	var sum int64
	for _, p := range s.Payments {
		if instalment == "" || p.Instalment == instalment {
			sum += p.Minor - p.Reversed
		}
	}
	return sum
}

// fresh refuses a voucher that was booked on this subsidy before. Elsewhere a claim refuses it.
func (s State) fresh(voucher string) error {
	if !slices.Contains(s.Vouchers, voucher) {
		return nil
	}
	return reject("voucher-used", "the voucher "+voucher+" is booked already", "凭证 "+voucher+" 已入账")
}

func (s State) booked(voucher string) []string { return append(slices.Clone(s.Vouchers), voucher) }
