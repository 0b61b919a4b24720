// Package achievement is one achievement of science and technology (科技成果): disclosed with its
// completers and their shares, which each of them signs; registered; evaluated; protected by
// rights. That it is converted, or lies idle, follows from projects and contracts and is not
// recorded here.
//
// This file is the table of contents; disclose.go, contribution.go, register.go, evaluate.go,
// right.go and idle.go have the verbs, each with its rule, its event and its effect.
package achievement

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Event is a fact in an achievement's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for a change of one achievement.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// State is an achievement as far as rules need to know it.
type State struct {
	Titles         ledger.Names `json:"titles"`
	Code           string       `json:"code,omitzero"`
	Organisation   uuid.UUID    `json:"organisation"` // first completing unit
	DisclosedOn    ledger.Date  `json:"disclosed_on"`
	Completers     []Completer  `json:"completers"`
	Signed         []uuid.UUID  `json:"signed,omitzero"`   // completers who signed the shares as they stand
	Disputed       []uuid.UUID  `json:"disputed,omitzero"` // completers who object to them
	Certified      ledger.Date  `json:"certified,omitzero"`
	RegistrationNo string       `json:"registration_no,omitzero"`
	OwnerKind      string       `json:"owner_kind,omitzero"`
	Owners         []Owner      `json:"owners,omitzero"`
	Rights         []Right      `json:"rights,omitzero"`
	Awards         []Award      `json:"awards,omitzero"`
	IdleUntil      ledger.Date  `json:"idle_until,omitzero"` // idleness is excused to this day
}

// Decider is the rules of achievements.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) { return c.decide(s, at) },
	Evolve: func(s State, e Event, m ledger.Metadata) State { return e.apply(s, m) },
	Claims: claims,
}

// claims are the numbers that no other achievement may have.
func claims(s State, _ ledger.StreamID) []ledger.Claim {
	var held []ledger.Claim
	if s.Code != "" {
		held = append(held, ledger.Claim{Kind: "achievement-code", Key: s.Code})
	}
	if s.RegistrationNo != "" {
		held = append(held, ledger.Claim{Kind: "achievement-registration", Key: s.RegistrationNo})
	}
	for _, a := range s.Awards {
		held = append(held, ledger.Claim{Kind: "voucher", Key: a.Voucher})
	}
	return held
}

// Codec is every stored form of an achievement's events.
var Codec = ledger.NewCodec(
	ledger.Current[Disclosed, Event](),
	ledger.Current[ContributionConfirmed, Event](),
	ledger.Current[ContributionDisputed, Event](),
	ledger.Current[ContributionsChanged, Event](),
	ledger.Current[Registered, Event](),
	ledger.Current[Evaluated, Event](),
	ledger.Current[RightGranted, Event](),
	ledger.Current[AwardPaid, Event](),
	ledger.Current[IdlenessExcused, Event](),
)

var (
	managers   = []ledger.Role{ledger.TM}
	completers = []ledger.Role{ledger.TM, ledger.INV}
	inventors  = []ledger.Role{ledger.INV}
)

// Aggregate is achievements for the rest of the program.
var Aggregate = ledger.New("achievement", ledger.Text{En: "achievement", Zh: "科技成果"}, Decider, Codec,
	ledger.Does[Disclose, Command](ledger.Verb{Name: "disclose", Creates: true, Roles: completers,
		Help: ledger.Text{En: "disclose an achievement with its completers and their shares", Zh: "成果披露(含完成人及贡献比例)"}}),
	ledger.Does[ConfirmContribution, Command](ledger.Verb{Name: "confirm-contribution", Roles: completers, Own: inventors,
		Help: ledger.Text{En: "record that a completer signed the shares as they stand", Zh: "完成人签字确认贡献比例"}}),
	ledger.Does[DisputeContribution, Command](ledger.Verb{Name: "dispute-contribution", Roles: completers, Own: inventors,
		Help: ledger.Text{En: "record that a completer objects to the shares", Zh: "完成人对贡献比例提出异议"}}),
	ledger.Does[ChangeContributions, Command](ledger.Verb{Name: "change-contributions", Roles: managers,
		Help: ledger.Text{En: "put other shares to the completers, who all sign anew", Zh: "变更贡献比例(须全体重新签字)"}}),
	ledger.Does[Register, Command](ledger.Verb{Name: "register", Roles: managers,
		Help: ledger.Text{En: "record the registration; the certificate does not prove ownership", Zh: "科技成果登记(登记证书不作为权属证明)"}}),
	ledger.Does[Evaluate, Command](ledger.Verb{Name: "evaluate", Roles: managers,
		Help: ledger.Text{En: "record an evaluation by its five values", Zh: "科技成果评价(五元价值)"}}),
	ledger.Does[GrantRight, Command](ledger.Verb{Name: "grant-right", Roles: []ledger.Role{ledger.TM, ledger.LEG},
		Help: ledger.Text{En: "record a patent or other right, with the award that follows from it", Zh: "登记知识产权授权(含法定奖励期限)"}}),
	ledger.Does[PayAward, Command](ledger.Verb{Name: "pay-award", Roles: []ledger.Role{ledger.FIN},
		Help: ledger.Text{En: "record that the award for a right was paid", Zh: "登记授权奖励发放"}}),
	ledger.Does[ExcuseIdleness, Command](ledger.Verb{Name: "excuse-idleness", Roles: managers, Approvers: []ledger.Role{ledger.APR},
		Help: ledger.Text{En: "excuse that an achievement is not converted, until a day", Zh: "闲置豁免(至某日)"}}),
).SeenBy(Sight)

// Sight: the offices see every achievement; completers, mentors and reviewers see those in which
// they act or for which somebody acts on their behalf.
var Sight = ledger.Sight{
	All: slices.DeleteFunc(ledger.AllRoles(), func(r ledger.Role) bool { return slices.Contains(guests, r) }),
	Own: guests,
	Concerns: func(_ ledger.Event, m ledger.Metadata) []string {
		var handles []string
		if m.OnBehalfOf != "" {
			handles = append(handles, m.OnBehalfOf)
		}
		if slices.Contains(guests, m.Role) {
			handles = append(handles, m.Actor)
		}
		return handles
	},
}

var guests = []ledger.Role{ledger.INV, ledger.MEN, ledger.REV}

// RegisteredOn is the day of its registration; zero before.
func (s State) RegisteredOn() ledger.Date { return s.Certified }

// OwnerOrganisations is who owns it, by its registration.
func (s State) OwnerOrganisations() []uuid.UUID {
	var ids []uuid.UUID
	for _, o := range s.Owners {
		if o.Organisation != uuid.Nil {
			ids = append(ids, o.Organisation)
		}
	}
	return ids
}

// CompleterShares is each completer's share in permille, once all of them signed; nil before, for
// nothing is to be shared out by what some object to (T1).
func (s State) CompleterShares() map[uuid.UUID]int {
	if s.Contributions() != Agreed {
		return nil
	}
	shares := map[uuid.UUID]int{}
	for _, c := range s.Completers {
		shares[c.Person] = c.Permille
	}
	return shares
}

func person(id uuid.UUID) ledger.StreamID { return ledger.StreamID{Category: "person", ID: id} }

func organisation(id uuid.UUID) ledger.StreamID {
	return ledger.StreamID{Category: "organisation", ID: id}
}

// reject is a rule's refusal.
func reject(code, en, zh string) error { return ledger.Rejected(code, ledger.Text{En: en, Zh: zh}) }

func checkOrganisation(id uuid.UUID, at ledger.Context) error {
	if at.Exists(organisation(id)) {
		return nil
	}
	return reject("no-such-organisation", fmt.Sprintf("the organisation %s is not registered", id), fmt.Sprintf("主体 %s 尚未登记", id))
}

var (
	codePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$`)
	tagPattern  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
)

func checkCode(path, code string, required bool) error {
	if code == "" && !required || codePattern.MatchString(code) {
		return nil
	}
	return ledger.InvalidField(path, "1 to 40 of A-Z a-z 0-9 . _ / -", "1 至 40 位字母、数字或 . _ / -")
}

// checkPast refuses a date after today.
func checkPast(path string, d ledger.Date, at ledger.Context) error {
	if d.Compare(ledger.DayOf(at.Now)) > 0 {
		return ledger.InvalidField(path, "must not be after today", "不能晚于今天")
	}
	return nil
}

// since refuses an act that certainly happened before the disclosure.
func (s State) since(at ledger.Context) error {
	if at.On.Last().Compare(s.DisclosedOn.First()) < 0 {
		return reject("date-order", fmt.Sprintf("dated %s, before the disclosure on %s", at.On, s.DisclosedOn), fmt.Sprintf("业务发生日 %s 早于披露日(%s)", at.On, s.DisclosedOn))
	}
	return nil
}
