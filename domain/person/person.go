// Package person is the people whom the ledger knows by a pseudonym: who they are, why we may
// keep that, until when, and that it was forgotten. What tells who they are is sealed under a key
// of their own; pseudonyms, dates and codes are not.
//
// It knows no key and opens nothing. Read in this order: person.go (the table of contents),
// enrol.go, consent.go, restrict.go, retention.go (how long, as data), erase.go, disclose.go.
package person

import (
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Event is a fact in a person's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for something to be done about one person's data.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// State is a person as far as rules need to know.
type State struct {
	Keeping
	Consents   []string  `json:"consents"`
	Restricted bool      `json:"restricted"`
	Holds      []string  `json:"holds"`
	Proposal   *Proposal `json:"proposal"`
	Erased     bool      `json:"erased"`
}

// Proposal is an erasure that waits for its decision.
type Proposal struct {
	By     string `json:"by"`
	Ground string `json:"ground"`
}

// Decider is the rules of persons.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) {
		if s.Erased {
			return nil, ledger.ErasedSubject(at.Stream.ID)
		}
		return c.decide(s, at)
	},
	Evolve: func(s State, e Event, m ledger.Metadata) State { return e.apply(s, m) },
	About:  func(_ State, s ledger.StreamID) uuid.UUID { return s.ID },
}

// Codec is every stored form of a person's events.
var Codec = ledger.NewCodec(
	ledger.Current[Enrolled, Event](),
	ledger.Current[Amended, Event](),
	ledger.Current[ConsentGiven, Event](),
	ledger.Current[ConsentWithdrawn, Event](),
	ledger.Current[Restricted, Event](),
	ledger.Current[RestrictionLifted, Event](),
	ledger.Current[LegalHoldPlaced, Event](),
	ledger.Current[LegalHoldLifted, Event](),
	ledger.Current[Classified, Event](),
	ledger.Current[PurposeEnded, Event](),
	ledger.Current[ErasureProposed, Event](),
	ledger.Current[DataErased, Event](),
	ledger.Current[DataDisclosed, Event](),
)

var (
	officers   = []ledger.Role{ledger.HR, ledger.DPO}
	protection = []ledger.Role{ledger.DPO}
	lawyers    = []ledger.Role{ledger.LEG, ledger.DPO}
	deciders   = []ledger.Role{ledger.APR}
)

// Unblinders are the roles that may ask for a person's data, each for some purposes.
var Unblinders = []ledger.Role{ledger.DPO, ledger.HR, ledger.LEG, ledger.FIN}

// Aggregate is persons for the rest of the program.
var Aggregate = ledger.New("person", ledger.Text{En: "person", Zh: "人员"}, Decider, Codec,
	ledger.Does[Enrol, Command](ledger.Verb{Name: "enrol", Creates: true, Roles: officers,
		Help: ledger.Text{En: "enter a person under a pseudonym, the id of the stream", Zh: "以化名(事件流标识)登记人员"}}),
	ledger.Does[Amend, Command](ledger.Verb{Name: "amend", Roles: officers,
		Help: ledger.Text{En: "put right what is known of a person", Zh: "更正人员信息"}}),
	ledger.Does[GiveConsent, Command](ledger.Verb{Name: "give-consent", Roles: officers,
		Help: ledger.Text{En: "record a consent", Zh: "登记同意"}}),
	ledger.Does[WithdrawConsent, Command](ledger.Verb{Name: "withdraw-consent", Roles: officers,
		Help: ledger.Text{En: "record that a consent was withdrawn", Zh: "登记撤回同意"}}),
	ledger.Does[Restrict, Command](ledger.Verb{Name: "restrict", Roles: protection,
		Help: ledger.Text{En: "stop everything but storage", Zh: "限制处理(仅存储)"}}),
	ledger.Does[LiftRestriction, Command](ledger.Verb{Name: "lift-restriction", Roles: protection,
		Help: ledger.Text{En: "allow processing again", Zh: "解除处理限制"}}),
	ledger.Does[PlaceHold, Command](ledger.Verb{Name: "place-hold", Roles: lawyers,
		Help: ledger.Text{En: "place a legal hold, which stops erasure", Zh: "设置法律保留(停止删除)"}}),
	ledger.Does[LiftHold, Command](ledger.Verb{Name: "lift-hold", Roles: lawyers,
		Help: ledger.Text{En: "lift a legal hold", Zh: "解除法律保留"}}),
	ledger.Does[Classify, Command](ledger.Verb{Name: "classify", Roles: officers,
		Help: ledger.Text{En: "say anew for how long data is kept, such as when an applicant is appointed", Zh: "变更保存类别(如应聘者转为聘用)"}}),
	ledger.Does[EndPurpose, Command](ledger.Verb{Name: "end-purpose", Roles: officers,
		Help: ledger.Text{En: "record the day on which the purpose was achieved; retention counts from it", Zh: "登记处理目的实现之日(保存期自此起算)"}}),
	ledger.Does[ProposeErasure, Command](ledger.Verb{Name: "propose-erasure", Roles: protection,
		Help: ledger.Text{En: "ask for personal data to be erased", Zh: "提出删除个人信息"}}),
	ledger.Does[Erase, Command](ledger.Verb{Name: "erase", Roles: protection, Approvers: deciders,
		Help: ledger.Text{En: "decide that personal data is erased; the key is destroyed and does not come back", Zh: "决定删除个人信息(密钥销毁,不可恢复)"}}),
	ledger.Does[Disclose, Command](ledger.Verb{Name: "disclose", Roles: Unblinders,
		Help: ledger.Text{En: "record that personal data is shown to somebody, for a purpose", Zh: "登记个人信息的查看(须有目的)"}}),
).SeenBy(Sight)

// Sight is who sees that there is a person, by pseudonym, and what is to happen to the data. What
// is sealed opens to Unblinders only.
var Sight = ledger.Sight{All: []ledger.Role{ledger.HR, ledger.DPO, ledger.LEG, ledger.FIN, ledger.APR, ledger.AUD}}

// MayBeUsed says whether others may begin something with this person: nothing is erased or stored
// only, and where consent is the ground it holds.
func (s State) MayBeUsed() bool {
	return !s.Erased && !s.Restricted && s.Class != "" && s.agreed(nil) == nil
}

// reject is a rule's refusal.
func reject(code, en, zh string) error { return ledger.Rejected(code, ledger.Text{En: en, Zh: zh}) }

// without is a list less one of its items; the list itself stays.
func without(list []string, item string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(x string) bool { return x == item })
}

// with is a list with one more item; the list itself stays.
func with(list []string, item string) []string { return append(slices.Clone(list), item) }
