// Package engagement is one thing agreed with others: an item of the six coordinations, a service
// team, a talent tour, a forum, a measure of reform or a committee's resolution. It is agreed with
// a day on which it is due, and delivered or dropped.
package engagement

import (
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// Event is a fact in an engagement's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for a change of one engagement.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// State is an engagement as far as rules need to know it.
type State struct {
	Code     string      `json:"code"`
	Kind     string      `json:"kind"`
	AgreedOn ledger.Date `json:"agreed_on"`
	Due      ledger.Date `json:"due"`
	Ended    string      `json:"ended"` // delivered or dropped
}

// Dimensions is the six coordinations (六大协同), in their order.
var Dimensions = []ledger.Text{
	{En: "policy support", Zh: "政策支持"},
	{En: "institutions and mechanisms", Zh: "体制机制"},
	{En: "spatial planning", Zh: "空间规划"},
	{En: "industrial development", Zh: "产业发展"},
	{En: "financial services", Zh: "金融服务"},
	{En: "supporting services", Zh: "服务配套"},
}

// Decider is the rules of engagements.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) {
		if s.Ended != "" {
			return nil, ledger.Rejected("ended", ledger.Text{
				En: fmt.Sprintf("the engagement was %s", s.Ended), Zh: fmt.Sprintf("该事项已结束(%s)", s.Ended),
			})
		}
		return c.decide(s, at)
	},
	Evolve: func(s State, e Event, m ledger.Metadata) State { return e.apply(s, m) },
	Claims: func(s State, _ ledger.StreamID) []ledger.Claim {
		if s.Code == "" {
			return nil
		}
		return []ledger.Claim{{Kind: "engagement-code", Key: s.Code}}
	},
}

// Codec is every stored form of an engagement's events.
var Codec = ledger.NewCodec(
	ledger.Current[EngagementAgreed, Event](),
	ledger.Current[EngagementAmended, Event](),
	ledger.Current[EngagementDelivered, Event](),
	ledger.Current[EngagementDropped, Event](),
)

var offices = []ledger.Role{ledger.PM, ledger.TM, ledger.PRK, ledger.INC, ledger.HR}

// Aggregate is engagements for the rest of the program.
var Aggregate = ledger.New("engagement", ledger.Text{En: "engagement", Zh: "合作事项"}, Decider, Codec,
	ledger.Does[Agree, Command](ledger.Verb{Name: "agree", Creates: true, Roles: offices,
		Help: ledger.Text{En: "record what was agreed, with whom and by when", Zh: "合作事项约定"}}),
	ledger.Does[Amend, Command](ledger.Verb{Name: "amend", Roles: offices,
		Help: ledger.Text{En: "record another due day or deliverable", Zh: "变更期限或交付内容"}}),
	ledger.Does[Deliver, Command](ledger.Verb{Name: "deliver", Roles: offices,
		Help: ledger.Text{En: "record what came of it", Zh: "合作事项完成"}}),
	ledger.Does[Drop, Command](ledger.Verb{Name: "drop", Roles: offices,
		Help: ledger.Text{En: "record that it will not be delivered", Zh: "合作事项取消"}}),
).SeenBy(Sight)

// Sight: the offices see every engagement. Completers, mentors and reviewers see those that
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
