// Package incubation is one case of incubation (孵化): a venture applies, is admitted to a facility
// under a version of a policy, is served, financed and counted, and graduates, lands, leaves or is
// evicted. A case at an offshore centre ends by landing; the local case that follows it bears the
// same venture id.
//
// This file is the table of contents; rules.go is what a policy on incubation decides.
package incubation

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Event is a fact in a case's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for a change of one case.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// Stage is where a case stands.
type Stage string

// The stages. From Graduated on, a case is over.
const (
	Applied   Stage = "applied"   // 申请
	Refused   Stage = "refused"   // 未入孵
	Live      Stage = "live"      // 在孵
	Graduated Stage = "graduated" // 毕业
	Landed    Stage = "landed"    // 落地
	Left      Stage = "left"      // 退出
	Evicted   Stage = "evicted"   // 清退
)

// State is a case as far as rules need to know it.
type State struct {
	Application
	Park       uuid.UUID     `json:"park,omitzero"`
	Stage      Stage         `json:"stage"`
	AppliedOn  ledger.Date   `json:"applied_on"`
	Policy     ledger.Policy `json:"policy,omitzero"` // admitted under
	From       ledger.Date   `json:"from,omitzero"`   // admitted on
	Limit      ledger.Date   `json:"limit,omitzero"`  // graduates or leaves by; no end where zero
	Longest    ledger.Date   `json:"longest,omitzero"`
	Last       ledger.Date   `json:"last,omitzero"` // last day as a tenant
	Room       string        `json:"room,omitzero"`
	Area       int64         `json:"area_m2,omitzero"`
	TenantArea int64         `json:"tenant_m2,omitzero"` // of the facility, when admitted
	Mentors    []uuid.UUID   `json:"mentors,omitzero"`
	Interested []uuid.UUID   `json:"interested,omitzero"` // mentors with an interest declared
	Paid       []Paid        `json:"paid,omitzero"`
	Years      []Year        `json:"years,omitzero"`
	Reported   []ledger.Date `json:"reported,omitzero"`
	HasLanded  bool          `json:"has_landed,omitzero"`
}

// Paid is money that was paid in.
type Paid struct {
	On         ledger.Date  `json:"on"`
	Voucher    string       `json:"voucher"`
	Instrument string       `json:"instrument"`
	Amount     ledger.Money `json:"amount"`
}

// Year is the revenue of one reported year.
type Year struct {
	Year    int16        `json:"year"`
	Revenue ledger.Money `json:"revenue"`
}

// IsLive says whether the venture is a tenant.
func (s State) IsLive() bool { return s.Stage == Live }

// Venture is the venture, which keeps its id from case to case.
func (s State) Venture() uuid.UUID { return s.Application.Venture }

// Company is the company incubated; none before it is founded.
func (s State) Company() uuid.UUID { return s.Application.Company }

// LandedIn says whether the case ended by landing, and which company landed.
func (s State) LandedIn() (company uuid.UUID, ok bool) { return s.Application.Company, s.HasLanded }

// Decider is the rules of incubation.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) { return c.decide(s, at) },
	Evolve: func(s State, e Event, m ledger.Metadata) State { return e.apply(s, m) },
	Claims: State.claims,
}

// claims: a code is given once and an offshore case goes on in one local case. From admission to
// the last day a company has no other case, a room no other tenant, and the tenants of a facility
// fit into its area (domain invariants I1, I2, X8, X9).
func (s State) claims(ledger.StreamID) []ledger.Claim {
	var held []ledger.Claim
	if s.Code != "" {
		held = append(held, ledger.Claim{Kind: "incubation-code", Key: s.Code})
	}
	if s.Offshore != uuid.Nil && s.Stage != Refused {
		held = append(held, ledger.Claim{Kind: "offshore-case", Key: s.Offshore.String()})
	}
	if s.From.IsZero() {
		return held
	}
	from, to := s.From.First(), s.Last.Last()
	if s.Application.Company != uuid.Nil {
		held = append(held, ledger.Claim{Kind: "incubated-company", Key: s.Application.Company.String(), From: from, To: to})
	}
	if s.Room != "" {
		held = append(held, ledger.Claim{Kind: "room", Key: s.Facility.String() + " " + s.Room, From: from, To: to})
	}
	if s.Area > 0 {
		held = append(held, ledger.Claim{Kind: "tenant-area", Key: s.Facility.String(), Amount: s.Area, Limit: s.TenantArea, From: from, To: to})
	}
	return held
}

// Codec is every stored form of a case's events.
var Codec = ledger.NewCodec(
	ledger.Current[IncubationApplied, Event](),
	ledger.Current[ApplicationRefused, Event](),
	ledger.Current[IncubationAdmitted, Event](),
	ledger.Current[MentorAssigned, Event](),
	ledger.Current[MentorInterestDeclared, Event](),
	ledger.Current[ServiceDelivered, Event](),
	ledger.Current[FinancingRoundRecorded, Event](),
	ledger.Current[TenantMetricsReported, Event](),
	ledger.Current[IncubationExtended, Event](),
	ledger.Current[GraduationConfirmed, Event](),
	ledger.Current[GraduationRevoked, Event](),
	ledger.Current[LandingConfirmed, Event](),
	ledger.Current[TenancyEnded, Event](),
	ledger.Current[TenantEvicted, Event](),
)

// Who asks, and who decides.
var (
	managers = []ledger.Role{ledger.INC}
	deciders = []ledger.Role{ledger.APR}
)

// Aggregate is incubation for the rest of the program.
var Aggregate = ledger.New("incubation", ledger.Text{En: "incubation case", Zh: "孵化"}, Decider, Codec,
	ledger.Does[Apply, Command](ledger.Verb{Name: "apply", Creates: true, Roles: managers,
		Help: ledger.Text{En: "record an application for incubation", Zh: "申请入孵"}}),
	ledger.Does[Refuse, Command](ledger.Verb{Name: "refuse", Roles: deciders,
		Help: ledger.Text{En: "refuse an application", Zh: "不予入孵"}}),
	ledger.Does[Admit, Command](ledger.Verb{Name: "admit", Roles: managers, Approvers: deciders,
		Help: ledger.Text{En: "admit a venture as a tenant", Zh: "入孵"}}),
	ledger.Does[AssignMentor, Command](ledger.Verb{Name: "assign-mentor", Roles: managers,
		Help: ledger.Text{En: "assign a mentor", Zh: "指派创业导师"}}),
	ledger.Does[DeclareMentorInterest, Command](ledger.Verb{Name: "mentor-interest", Roles: []ledger.Role{ledger.INC, ledger.MEN}, Own: []ledger.Role{ledger.MEN},
		Help: ledger.Text{En: "declare an interest that a mentor has in the venture", Zh: "导师利益申报"}}),
	ledger.Does[DeliverService, Command](ledger.Verb{Name: "deliver-service", Roles: []ledger.Role{ledger.INC, ledger.MEN}, Own: []ledger.Role{ledger.MEN},
		Help: ledger.Text{En: "record a service delivered", Zh: "登记孵化服务"}}),
	ledger.Does[RecordFinancing, Command](ledger.Verb{Name: "record-financing", Roles: managers,
		Help: ledger.Text{En: "record a round that was paid in", Zh: "登记投融资(实际到账)"}}),
	ledger.Does[ReportMetrics, Command](ledger.Verb{Name: "report-metrics", Roles: managers,
		Help: ledger.Text{En: "report the figures of a tenant for a month or year", Zh: "报送在孵企业经营数据"}}),
	ledger.Does[Extend, Command](ledger.Verb{Name: "extend", Roles: managers, Approvers: deciders,
		Help: ledger.Text{En: "extend the time limit", Zh: "延期"}}),
	ledger.Does[ConfirmGraduation, Command](ledger.Verb{Name: "confirm-graduation", Roles: managers, Approvers: deciders,
		Help: ledger.Text{En: "confirm a graduation on criteria met with evidence", Zh: "毕业认定"}}),
	ledger.Does[RevokeGraduation, Command](ledger.Verb{Name: "revoke-graduation", Roles: managers, Approvers: deciders,
		Help: ledger.Text{En: "revoke a graduation, as if it had never been", Zh: "撤销毕业认定(自始无效)"}}),
	ledger.Does[ConfirmLanding, Command](ledger.Verb{Name: "confirm-landing", Roles: []ledger.Role{ledger.PRK, ledger.INC}, Approvers: deciders,
		Help: ledger.Text{En: "confirm that a venture landed in a park", Zh: "落地确认"}}),
	ledger.Does[Leave, Command](ledger.Verb{Name: "leave", Roles: managers,
		Help: ledger.Text{En: "record that a tenant left, or an application was taken back", Zh: "主动退出"}}),
	ledger.Does[Evict, Command](ledger.Verb{Name: "evict", Roles: managers, Approvers: deciders,
		Help: ledger.Text{En: "evict a tenant after notice, once the time for an appeal is over", Zh: "清退(已告知且申诉期满)"}}),
).SeenBy(Sight)

// Sight: the offices see every case. Guests see those in which they act or mentor, or in which
// somebody acts on their behalf.
var Sight = ledger.Sight{
	All: slices.DeleteFunc(ledger.AllRoles(), func(r ledger.Role) bool { return slices.Contains(guests, r) }),
	Own: guests,
	Concerns: func(e ledger.Event, m ledger.Metadata) []string {
		var handles []string
		if m.OnBehalfOf != "" {
			handles = append(handles, m.OnBehalfOf)
		}
		if slices.Contains(guests, m.Role) {
			handles = append(handles, m.Actor)
		}
		if e, ok := e.(MentorAssigned); ok && e.Handle != "" {
			handles = append(handles, e.Handle)
		}
		return handles
	},
}

// guests take part in single cases.
var guests = []ledger.Role{ledger.INV, ledger.MEN, ledger.REV}

// reject is a rule's refusal.
func reject(code, en, zh string) error { return ledger.Rejected(code, ledger.Text{En: en, Zh: zh}) }

// live refuses what is done to tenants only.
func (s State) live(at ledger.Context) error {
	if s.Stage != Live {
		return reject("not-live", fmt.Sprintf("the case is not live: %s", s.Stage), fmt.Sprintf("该孵化案例不在孵:%s", stageZh(s.Stage)))
	}
	return s.notBefore(at, s.From)
}

// notBefore refuses an act that certainly happened before another day of the case.
func (s State) notBefore(at ledger.Context, earlier ledger.Date) error {
	if at.On.Last().Compare(earlier) < 0 {
		return reject("date-order", fmt.Sprintf("dated %s, before %s of the case", at.On, earlier), fmt.Sprintf("业务发生日 %s 早于本案例的 %s", at.On, earlier))
	}
	return nil
}

// StageNames is the stages in display order.
var StageNames = []struct {
	Stage Stage
	Name  ledger.Text
}{
	{Applied, ledger.Text{En: "applied", Zh: "申请"}},
	{Refused, ledger.Text{En: "refused", Zh: "未入孵"}},
	{Live, ledger.Text{En: "live", Zh: "在孵"}},
	{Graduated, ledger.Text{En: "graduated", Zh: "毕业"}},
	{Landed, ledger.Text{En: "landed", Zh: "落地"}},
	{Left, ledger.Text{En: "left", Zh: "退出"}},
	{Evicted, ledger.Text{En: "evicted", Zh: "清退"}},
}

func stageZh(s Stage) string {
	for _, n := range StageNames {
		if n.Stage == s {
			return n.Name.Zh
		}
	}
	return string(s)
}

// stream names a stream; named leaves out those without an id.
func stream(category string, id uuid.UUID) ledger.StreamID {
	return ledger.StreamID{Category: category, ID: id}
}

func named(streams ...ledger.StreamID) []ledger.StreamID {
	return slices.DeleteFunc(streams, func(s ledger.StreamID) bool { return s.ID == uuid.Nil })
}

// checkThere refuses a stream that is named and is not there.
func checkThere(at ledger.Context, field string, s ledger.StreamID) error {
	if s.ID == uuid.Nil || at.Exists(s) {
		return nil
	}
	return ledger.InvalidField(field, fmt.Sprintf("there is no %s; register it first", s), fmt.Sprintf("没有 %s,请先登记", s))
}
