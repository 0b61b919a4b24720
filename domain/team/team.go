// Package team is the import of a team with what it grows in (带土移植): formed, bound to a
// project, landed in the zone, reviewed, and left. Who belongs to it are pseudonyms.
//
// This file is the table of contents. What a scheme of team import asks for is policy data; see
// scheme.go. Whether a team still meets it is computed at each change and stored with it.
package team

import (
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Event is a fact in a team's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for a change of one team.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// Stage is where a team stands.
type Stage string

// The stages, in order. A team may be unbound again before and after it landed.
const (
	Formed Stage = "formed" // 组建
	Bound  Stage = "bound"  // 绑定项目
	Landed Stage = "landed" // 落地
	Exited Stage = "exited" // 退出
)

// State is a team as far as rules need to know it.
type State struct {
	Stage      Stage       `json:"stage"`
	Code       string      `json:"code"`
	Category   string      `json:"category"`
	Scheme     string      `json:"scheme"`
	Version    string      `json:"version"` // of the scheme, as it was when the team was formed
	Origin     Origin      `json:"origin"`
	Enterprise uuid.UUID   `json:"enterprise"`
	Leader     uuid.UUID   `json:"leader"` // nil while there is none
	Core       []uuid.UUID `json:"core"`
	Others     []uuid.UUID `json:"others"`
	Project    uuid.UUID   `json:"project"` // nil while unbound
	Part       string      `json:"part"`    // in the project: lead or support
	AgreedCore int         `json:"agreed_core"`
	FormedOn   ledger.Date `json:"formed_on"`
	BoundOn    ledger.Date `json:"bound_on"`
	FirstDay   ledger.Date `json:"first_day"` // on which it had landed
	Filing     string      `json:"filing"`
	Eligible   bool        `json:"eligible"`
}

// Bound is the project that the team is bound to.
func (s State) Bound() (uuid.UUID, bool) { return s.Project, s.Project != uuid.Nil }

// LandedOn is the day on which the team landed; zero before.
func (s State) LandedOn() ledger.Date { return s.FirstDay }

// IsEligible says whether the team still meets its scheme.
func (s State) IsEligible() bool { return s.Eligible && s.Stage != Exited }

// Members is everybody in the team: the leader, the core, the others.
func (s State) Members() []uuid.UUID { return append(s.CoreTeam(), s.Others...) }

// LedBy is the leader; nil where there is none.
func (s State) LedBy() uuid.UUID { return s.Leader }

// CoreTeam is the leader and the core members: those whose tiers a subsidy depends on.
func (s State) CoreTeam() []uuid.UUID {
	if s.Leader == uuid.Nil {
		return slices.Clone(s.Core)
	}
	return append([]uuid.UUID{s.Leader}, s.Core...)
}

// Decider is the rules of teams.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) {
		if s.Stage == Exited {
			return nil, reject("exited", "the team has left the programme", "该团队已退出")
		}
		return c.decide(s, at)
	},
	Evolve: func(s State, e Event, m ledger.Metadata) State { return e.apply(s, m) },
	Claims: claims,
}

// claims: codes and filing numbers for ever, the lead of a project while the team is bound to it.
func claims(s State, _ ledger.StreamID) []ledger.Claim {
	if s.Stage == "" {
		return nil
	}
	list := []ledger.Claim{{Kind: "team-code", Key: s.Code}}
	if s.Filing != "" {
		list = append(list, ledger.Claim{Kind: "team-filing", Key: s.Filing})
	}
	if project, bound := s.Bound(); bound && s.Part == "lead" {
		list = append(list, ledger.Claim{Kind: "project-lead-team", Key: project.String()})
	}
	return list
}

// Codec is every stored form of a team's events.
var Codec = ledger.NewCodec(
	ledger.Current[TeamFormed, Event](),
	ledger.Current[TeamBound, Event](),
	ledger.Current[TeamUnbound, Event](),
	ledger.Current[TeamLanded, Event](),
	ledger.Current[MembershipChanged, Event](),
	ledger.Current[TeamReviewed, Event](),
	ledger.Current[TeamExited, Event](),
)

// Rules is the forms of policy that teams are decided under.
var Rules = []ledger.RuleForm{
	ledger.RuleOf[Scheme]("team-scheme", ledger.Text{En: "scheme of team import", Zh: "团队引进(带土移植)办法"}),
}

var (
	managers  = []ledger.Role{ledger.PM}
	offices   = []ledger.Role{ledger.PM, ledger.HR}
	approvers = []ledger.Role{ledger.APR}
)

// Aggregate is teams for the rest of the program.
var Aggregate = ledger.New("team", ledger.Text{En: "team", Zh: "团队"}, Decider, Codec,
	ledger.Does[Form, Command](ledger.Verb{Name: "form", Creates: true, Roles: offices,
		Help: ledger.Text{En: "form a team under a scheme", Zh: "组建团队"}}),
	ledger.Does[Bind, Command](ledger.Verb{Name: "bind", Roles: managers, Approvers: approvers,
		Help: ledger.Text{En: "bind a team to a project", Zh: "绑定项目"}}),
	ledger.Does[Rebind, Command](ledger.Verb{Name: "rebind", Roles: managers, Approvers: approvers,
		Help: ledger.Text{En: "bind a team to another project in place of its own", Zh: "改绑项目"}}),
	ledger.Does[Unbind, Command](ledger.Verb{Name: "unbind", Roles: managers, Approvers: approvers,
		Help: ledger.Text{En: "end the binding to a project", Zh: "解除项目绑定"}}),
	ledger.Does[Land, Command](ledger.Verb{Name: "land", Roles: managers, Approvers: approvers,
		Help: ledger.Text{En: "record that a team landed (transplanted with soil)", Zh: "团队落地(带土移植备案)"}}),
	ledger.Does[ChangeMembers, Command](ledger.Verb{Name: "change-members", Roles: offices,
		Help: ledger.Text{En: "record that members beside the core came or went", Zh: "一般成员变更"}}),
	ledger.Does[ChangeCore, Command](ledger.Verb{Name: "change-core", Roles: offices, Approvers: approvers,
		Help: ledger.Text{En: "change the leader or the core members", Zh: "带头人或核心成员变更"}}),
	ledger.Does[Review, Command](ledger.Verb{Name: "review", Roles: offices,
		Help: ledger.Text{En: "record a review in mid-term or at the end of the term", Zh: "登记中期或期满考核"}}),
	ledger.Does[Exit, Command](ledger.Verb{Name: "exit", Roles: managers, Approvers: approvers,
		Help: ledger.Text{En: "record that a team leaves the programme", Zh: "团队退出"}}),
).SeenBy(Sight)

// Sight: the offices see every team. Completers, mentors and reviewers see those that somebody
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

func personOf(id uuid.UUID) ledger.StreamID { return ledger.StreamID{Category: "person", ID: id} }

// people is the streams of persons.
func people(ids ...uuid.UUID) []ledger.StreamID {
	var streams []ledger.StreamID
	for _, id := range ids {
		if id != uuid.Nil {
			streams = append(streams, personOf(id))
		}
	}
	return streams
}
