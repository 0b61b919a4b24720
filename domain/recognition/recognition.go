// Package recognition is what an enterprise, a person or a facility was recognised as, from when
// to when: a rung of the enterprise ladder, a talent tier, a national honour. Which schemes there
// are, for whom, at which levels and for how long, is policy data; see scheme.go.
//
// One stream is one recognition of one subject under one scheme. A renewal is another recognition,
// which names the one that it renews.
package recognition

import (
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// Event is a fact in a recognition's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for a change of one recognition.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// State is a recognition as far as rules need to know it.
type State struct {
	Subject     ledger.StreamID `json:"subject"`
	Scheme      string          `json:"scheme"`
	Level       string          `json:"level,omitzero"`
	Certificate string          `json:"certificate"`
	From        ledger.Date     `json:"from"`
	To          ledger.Date     `json:"to,omitzero"`
	Ended       string          `json:"ended,omitzero"`    // how, where it ended
	EndedOn     ledger.Date     `json:"ended_on,omitzero"` // the first day on which it no longer held
	DecidedOn   ledger.Date     `json:"decided_on,omitzero"`
}

// ValidFor says whether a subject holds this recognition, under a scheme, on a day.
func (s State) ValidFor(subject ledger.StreamID, scheme string, on ledger.Date) bool {
	return s.Subject == subject && s.Scheme == scheme && s.From.Compare(on) <= 0 &&
		(s.To.IsZero() || on.Compare(s.To) <= 0) && (s.Ended == "" || on.Compare(s.EndedOn) < 0)
}

// LevelOf is the level recognised; empty where the scheme has none.
func (s State) LevelOf() string { return s.Level }

// Decider is the rules of recognitions.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) { return c.decide(s, at) },
	Evolve: func(s State, e Event, m ledger.Metadata) State { return e.apply(s, m) },
	// A certificate's number stays taken when it ends: a revoked one is not given again.
	Claims: func(s State, _ ledger.StreamID) []ledger.Claim {
		if s.Certificate == "" {
			return nil
		}
		return []ledger.Claim{{Kind: "certificate", Key: s.Scheme + " " + s.Certificate}}
	},
}

// Codec is every stored form of a recognition's events.
var Codec = ledger.NewCodec(
	ledger.Current[Granted, Event](),
	ledger.Current[Ended, Event](),
)

// Rules is the forms of policy that recognitions are decided under.
var Rules = []ledger.RuleForm{
	ledger.RuleOf[Scheme]("recognition-scheme", ledger.Text{En: "scheme of recognition", Zh: "资格认定办法"}),
}

var (
	offices   = []ledger.Role{ledger.PM, ledger.HR}
	approvers = []ledger.Role{ledger.APR}
)

// Aggregate is recognitions for the rest of the program.
var Aggregate = ledger.New("recognition", ledger.Text{En: "recognition", Zh: "资格认定"}, Decider, Codec,
	ledger.Does[Grant, Command](ledger.Verb{Name: "grant", Creates: true, Roles: offices,
		Help: ledger.Text{En: "record a recognition granted under a scheme", Zh: "登记资格认定"}}),
	ledger.Does[Renew, Command](ledger.Verb{Name: "renew", Creates: true, Roles: offices,
		Help: ledger.Text{En: "record the recognition that renews an earlier one", Zh: "登记资格复审(续认)"}}),
	ledger.Does[Lapse, Command](ledger.Verb{Name: "lapse", Roles: offices,
		Help: ledger.Text{En: "record that it ran out, on the day after its last", Zh: "登记资格到期失效(有效期届满次日)"}}),
	ledger.Does[Surrender, Command](ledger.Verb{Name: "surrender", Roles: offices,
		Help: ledger.Text{En: "record that its holder gave it up", Zh: "登记主动放弃资格"}}),
	ledger.Does[Revoke, Command](ledger.Verb{Name: "revoke", Roles: offices, Approvers: approvers,
		Help: ledger.Text{En: "withdraw it, from a day on or as if it had never been", Zh: "撤销资格(自即日起或自始无效)"}}),
).SeenBy(Sight)

// Sight: the offices see every recognition. Completers, mentors and reviewers see those that
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

// live refuses what needs a recognition that has not ended.
func (s State) live() error {
	if s.Ended == "" {
		return nil
	}
	return reject("ended", fmt.Sprintf("the recognition ended on %s (%s)", s.EndedOn, s.Ended), fmt.Sprintf("该资格已于 %s 终止(%s)", s.EndedOn, s.Ended))
}
