// Package notice is one public notice (公示): a price, an award, a vacancy or appointees shown for as
// many days as the policy asks, objected to or not, and concluded by who supervises.
//
// This file is the table of contents; post.go, conclude.go and terms.go (the policy form) have the
// rest. No name stands in a notice: who is listed is a pseudonym and a number.
package notice

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Event is a fact in a notice's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for a change of one notice.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// State is a notice as far as rules need to know it.
type State struct {
	Kind        string            `json:"kind"`
	Code        string            `json:"code,omitzero"`
	Subject     ledger.StreamID   `json:"subject"`
	Listed      []ledger.StreamID `json:"listed,omitzero"`
	Related     bool              `json:"related"`
	From        ledger.Date       `json:"from"`
	To          ledger.Date       `json:"to"`
	Withdrawn   bool              `json:"withdrawn"`
	ConcludedOn ledger.Date       `json:"concluded_on,omitzero"`
	Upheld      []ledger.StreamID `json:"upheld,omitzero"` // against whom or what an objection was upheld
}

// Decider is the rules of notices.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) { return c.decide(s, at) },
	Evolve: func(s State, e Event, m ledger.Metadata) State { return e.apply(s, m) },
	Claims: func(s State, _ ledger.StreamID) []ledger.Claim {
		if s.Code == "" {
			return nil
		}
		return []ledger.Claim{{Kind: "notice-code", Key: s.Code}}
	},
}

// Codec is every stored form of a notice's events.
var Codec = ledger.NewCodec(
	ledger.Current[Posted, Event](),
	ledger.Current[Concluded, Event](),
	ledger.Current[Withdrawn, Event](),
)

// Aggregate is notices for the rest of the program.
var Aggregate = ledger.New("notice", ledger.Text{En: "public notice", Zh: "公示"}, Decider, Codec,
	ledger.Does[Post, Command](ledger.Verb{Name: "post", Creates: true, Roles: []ledger.Role{ledger.TM, ledger.HR},
		Help: ledger.Text{En: "post a public notice; it cannot be unposted", Zh: "公示发布(不可撤销)"}}),
	ledger.Does[Conclude, Command](ledger.Verb{Name: "conclude", Roles: []ledger.Role{ledger.SUP},
		Help: ledger.Text{En: "conclude a notice once its last day is over", Zh: "公示结束(期满后)"}}),
	ledger.Does[Withdraw, Command](ledger.Verb{Name: "withdraw", Roles: []ledger.Role{ledger.TM, ledger.HR},
		Help: ledger.Text{En: "take a running notice back, so that it clears nothing", Zh: "公示撤回"}}),
).SeenBy(ledger.Sight{All: ledger.AllRoles()})

// Cleared says whether a notice of a kind was concluded without an upheld objection to a subject,
// and when. A subject is what the notice is about, or one of those it lists.
func (s State) Cleared(kind string, subject ledger.StreamID) (on ledger.Date, ok bool) {
	if s.Kind != kind || s.ConcludedOn.IsZero() || !s.names(subject) || slices.Contains(s.Upheld, subject) {
		return ledger.Date{}, false
	}
	// What was upheld against one who is listed stands against the whole, not against the others;
	// what was upheld against the whole stands against everyone.
	if slices.Contains(s.Upheld, s.Subject) || subject == s.Subject && len(s.Upheld) > 0 {
		return ledger.Date{}, false
	}
	return s.ConcludedOn, true
}

// IsPosted says whether such a notice was posted and not withdrawn.
func (s State) IsPosted(kind string, subject ledger.StreamID) bool {
	return s.Kind == kind && !s.Withdrawn && s.names(subject)
}

// IsMarked says whether the notice told that somebody related takes part (T6).
func (s State) IsMarked() bool { return s.Related }

func (s State) names(subject ledger.StreamID) bool {
	return subject == s.Subject || slices.Contains(s.Listed, subject)
}

func organisation(id uuid.UUID) ledger.StreamID {
	return ledger.StreamID{Category: "organisation", ID: id}
}

func person(id uuid.UUID) ledger.StreamID { return ledger.StreamID{Category: "person", ID: id} }

// reject is a rule's refusal.
func reject(code, en, zh string) error { return ledger.Rejected(code, ledger.Text{En: en, Zh: zh}) }

func checkExists(s ledger.StreamID, at ledger.Context) error {
	if at.Exists(s) {
		return nil
	}
	return reject("no-such-subject", fmt.Sprintf("there is no %s", s), fmt.Sprintf("没有 %s", s))
}

var codePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$`)
