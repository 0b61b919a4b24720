// Package demand is one technology demand (技术需求): published by an enterprise, perhaps as an open
// challenge (揭榜挂帅), matched with achievements or teams, and closed.
//
// This file is the table of contents; publish.go and match.go have the verbs, each with its rule,
// its event and its effect.
package demand

import (
	"fmt"
	"regexp"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Event is a fact in a demand's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for a change of one demand.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// State is a demand as far as rules need to know it.
type State struct {
	Code        string            `json:"code,omitzero"`
	Terms       Terms             `json:"terms"`
	PublishedOn ledger.Date       `json:"published_on"`
	Matches     []ledger.StreamID `json:"matches,omitzero"`
	Closed      string            `json:"closed,omitzero"` // the ground on which it was closed
}

// Decider is the rules of demands.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) { return c.decide(s, at) },
	Evolve: func(s State, e Event, m ledger.Metadata) State { return e.apply(s, m) },
	Claims: func(s State, _ ledger.StreamID) []ledger.Claim {
		if s.Code == "" {
			return nil
		}
		return []ledger.Claim{{Kind: "demand-code", Key: s.Code}}
	},
}

// Codec is every stored form of a demand's events.
var Codec = ledger.NewCodec(
	ledger.Current[Published, Event](),
	ledger.Current[Revised, Event](),
	ledger.Current[MatchConfirmed, Event](),
	ledger.Current[Closed, Event](),
)

// Aggregate is demands for the rest of the program.
var Aggregate = ledger.New("demand", ledger.Text{En: "technology demand", Zh: "技术需求"}, Decider, Codec,
	ledger.Does[Publish, Command](ledger.Verb{Name: "publish", Creates: true, Roles: []ledger.Role{ledger.PM},
		Help: ledger.Text{En: "publish a demand, or put it on the list of challenges", Zh: "技术需求发布(张榜)"}}),
	ledger.Does[Revise, Command](ledger.Verb{Name: "revise", Roles: []ledger.Role{ledger.PM},
		Help: ledger.Text{En: "publish the terms of a demand anew", Zh: "技术需求变更"}}),
	ledger.Does[ConfirmMatch, Command](ledger.Verb{Name: "confirm-match", Roles: []ledger.Role{ledger.TM},
		Help: ledger.Text{En: "confirm the achievement or team that meets it", Zh: "供需对接确认(揭榜确定)"}}),
	ledger.Does[Close, Command](ledger.Verb{Name: "close", Roles: []ledger.Role{ledger.PM, ledger.TM},
		Help: ledger.Text{En: "close a demand", Zh: "关闭技术需求"}}),
).SeenBy(ledger.Sight{All: ledger.AllRoles()})

// OpenOn says whether offers may be made on a day.
func (s State) OpenOn(day ledger.Date) bool {
	return !s.PublishedOn.IsZero() && s.Closed == "" && day.Compare(s.PublishedOn) >= 0 &&
		(s.Terms.Deadline.IsZero() || day.Compare(s.Terms.Deadline.Last()) <= 0)
}

// open refuses what a closed demand takes no more, and what certainly came before its publication.
func (s State) open(at ledger.Context) error {
	switch {
	case s.Closed != "":
		return reject("closed", "the demand is closed: "+s.Closed, "技术需求已关闭:"+s.Closed)
	case at.On.Last().Compare(s.PublishedOn.First()) < 0:
		return reject("date-order", fmt.Sprintf("dated %s, before the publication on %s", at.On, s.PublishedOn), fmt.Sprintf("业务发生日 %s 早于发布日(%s)", at.On, s.PublishedOn))
	}
	return nil
}

func organisation(id uuid.UUID) ledger.StreamID {
	return ledger.StreamID{Category: "organisation", ID: id}
}

func checkOrganisation(id uuid.UUID, at ledger.Context) error {
	if at.Exists(organisation(id)) {
		return nil
	}
	return reject("no-such-organisation", fmt.Sprintf("the organisation %s is not registered", id), fmt.Sprintf("主体 %s 尚未登记", id))
}

// reject is a rule's refusal.
func reject(code, en, zh string) error { return ledger.Rejected(code, ledger.Text{En: en, Zh: zh}) }

var (
	codePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$`)
	tagPattern  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
)
