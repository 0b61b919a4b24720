// Package facility is the register of platforms, centres, incubators, parks, workstations and
// bases (载体): designated under a scheme, reviewed, changed in their space, and withdrawn. A park
// has a chief scientist in post, or a day until which it may go without one.
//
// This file is the table of contents; kinds.go is what each kind of facility has to state.
package facility

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Event is a fact in a facility's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for a change of one facility.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// State is a facility as far as rules need to know it.
type State struct {
	Designation
	DesignatedOn ledger.Date   `json:"designated_on"`
	WithdrawnOn  ledger.Date   `json:"withdrawn_on,omitzero"` // the first day on which it is none
	Reviewed     []string      `json:"reviewed,omitzero"`     // periods
	Reported     []ledger.Date `json:"reported,omitzero"`     // periods of its own figures
	Chief        *Chief        `json:"chief,omitzero"`
	VacantFrom   ledger.Date   `json:"vacant_from,omitzero"` // of a park without a chief scientist
	FillBy       ledger.Date   `json:"staff_by,omitzero"`    // the last day on which a park takes tenants; see StaffBy
}

// Chief is the chief scientist in post.
type Chief struct {
	Person uuid.UUID   `json:"person"`
	From   ledger.Date `json:"from"`
	To     ledger.Date `json:"to,omitzero"`
	Parks  int64       `json:"parks"` // how many one person may serve, by the policy appointed under
}

// OfKind is the kind of facility, one of Kinds.
func (s State) OfKind() string { return s.Kind }

// OfScheme is the scheme that it was designated under; empty where none is named.
func (s State) OfScheme() string { return s.Scheme }

// OpenOn says whether the facility is designated on a day.
func (s State) OpenOn(on ledger.Date) bool {
	return s.Kind != "" && on.Compare(s.From) >= 0 && (s.To.IsZero() || on.Compare(s.To) <= 0) &&
		(s.WithdrawnOn.IsZero() || on.Compare(s.WithdrawnOn) < 0)
}

// RoomArea is the area of a room in m², 0 where there is no such room.
func (s State) RoomArea(room string) int64 {
	if i := slices.IndexFunc(s.Rooms, func(r Room) bool { return r.Code == room }); i >= 0 {
		return s.Rooms[i].Area
	}
	return 0
}

// TenantArea is what may be let to tenants, in m².
func (s State) TenantArea() int64 { return s.Space.Tenant }

// VacantSince is since when a park has no chief scientist, true while it has none.
func (s State) VacantSince() (ledger.Date, bool) { return s.VacantFrom, !s.VacantFrom.IsZero() }

// StaffBy is the last day on which a park takes tenants: the day until which it may go without a
// chief scientist, counted from when the post fell vacant or will by its term. Zero is no end.
func (s State) StaffBy() ledger.Date { return s.FillBy }

// Park is the park that the facility stands in.
func (s State) Park() uuid.UUID { return s.Designation.Park }

// Decider is the rules of facilities.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) { return c.decide(s, at) },
	Evolve: func(s State, e Event, m ledger.Metadata) State { return e.apply(s, m) },
	Claims: State.claims,
}

// claims: a code and a certificate are never given twice; a chief scientist serves so many parks
// at once as the policy allows. That a park has one chief scientist its own stream sees to.
func (s State) claims(ledger.StreamID) []ledger.Claim {
	var held []ledger.Claim
	if s.Code != "" {
		held = append(held, ledger.Claim{Kind: "facility-code", Key: s.Code})
	}
	if s.Certificate != "" {
		held = append(held, ledger.Claim{Kind: "facility-certificate", Key: s.Scheme + " " + s.Certificate})
	}
	if s.Chief != nil {
		held = append(held, ledger.Claim{Kind: "chief-scientist", Key: s.Chief.Person.String(), Limit: s.Chief.Parks, From: s.Chief.From})
	}
	return held
}

// Codec is every stored form of a facility's events.
var Codec = ledger.NewCodec(
	ledger.Current[Designated, Event](),
	ledger.Current[Reviewed, Event](),
	ledger.Current[SpaceChanged, Event](),
	ledger.Current[OperationReported, Event](),
	ledger.Current[ChiefScientistAppointed, Event](),
	ledger.Current[ChiefScientistReleased, Event](),
	ledger.Current[Withdrawn, Event](),
	ledger.Current[WithdrawalRevoked, Event](),
)

// Who asks, and who decides.
var (
	managers  = []ledger.Role{ledger.PM, ledger.INC, ledger.PRK}
	directors = []ledger.Role{ledger.PRK, ledger.HR}
	deciders  = []ledger.Role{ledger.APR}
)

// Aggregate is facilities for the rest of the program.
var Aggregate = ledger.New("facility", ledger.Text{En: "facility", Zh: "平台载体"}, Decider, Codec,
	ledger.Does[Designate, Command](ledger.Verb{Name: "designate", Creates: true, Roles: managers, Approvers: deciders,
		Help: ledger.Text{En: "designate a platform, centre, incubator, park or workstation", Zh: "载体认定(授牌)"}}),
	ledger.Does[Review, Command](ledger.Verb{Name: "review", Roles: []ledger.Role{ledger.PM},
		Help: ledger.Text{En: "record a periodic review", Zh: "登记定期考核结果"}}),
	ledger.Does[ChangeSpace, Command](ledger.Verb{Name: "change-space", Roles: managers,
		Help: ledger.Text{En: "record another area, rooms or place", Zh: "变更面积、房间或地点"}}),
	ledger.Does[ReportOperation, Command](ledger.Verb{Name: "report-operation", Roles: []ledger.Role{ledger.INC, ledger.PRK},
		Help: ledger.Text{En: "report the figures of the operator for a month or year", Zh: "报送运营机构月度或年度数据"}}),
	ledger.Does[AppointChiefScientist, Command](ledger.Verb{Name: "appoint-chief-scientist", Roles: directors, Approvers: deciders,
		Help: ledger.Text{En: "appoint the chief scientist of a park", Zh: "聘任园区首席科学家"}}),
	ledger.Does[ReleaseChiefScientist, Command](ledger.Verb{Name: "release-chief-scientist", Roles: directors, Approvers: deciders,
		Help: ledger.Text{En: "release the chief scientist of a park", Zh: "园区首席科学家卸任"}}),
	ledger.Does[Withdraw, Command](ledger.Verb{Name: "withdraw", Roles: managers, Approvers: deciders,
		Help: ledger.Text{En: "withdraw a designation", Zh: "撤销认定(摘牌)"}}),
	ledger.Does[RevokeWithdrawal, Command](ledger.Verb{Name: "revoke-withdrawal", Roles: managers, Approvers: deciders,
		Help: ledger.Text{En: "revoke the withdrawal, as if it had never been", Zh: "撤销摘牌决定(自始无效)"}}),
).SeenBy(ledger.Sight{All: ledger.AllRoles()})

// reject is a rule's refusal.
func reject(code, en, zh string) error { return ledger.Rejected(code, ledger.Text{En: en, Zh: zh}) }

// open refuses what needs a designation that still stands.
func (s State) open(at ledger.Context) error {
	switch {
	case !s.WithdrawnOn.IsZero():
		return reject("withdrawn", fmt.Sprintf("the designation was withdrawn on %s", s.WithdrawnOn), fmt.Sprintf("该认定已于 %s 撤销", s.WithdrawnOn))
	case at.On.Last().Compare(s.From) < 0:
		return reject("date-order", fmt.Sprintf("dated %s, before the designation on %s", at.On, s.From), fmt.Sprintf("业务发生日 %s 早于认定日(%s)", at.On, s.From))
	}
	return nil
}

func organisation(id uuid.UUID) ledger.StreamID {
	return ledger.StreamID{Category: "organisation", ID: id}
}

func facility(id uuid.UUID) ledger.StreamID { return ledger.StreamID{Category: "facility", ID: id} }

func person(id uuid.UUID) ledger.StreamID { return ledger.StreamID{Category: "person", ID: id} }

// kinded is what is asked of another facility.
type kinded interface{ OfKind() string }

// checkThere refuses a stream that is named and is not there.
func checkThere(at ledger.Context, field string, s ledger.StreamID) error {
	if s.ID == uuid.Nil || at.Exists(s) {
		return nil
	}
	return ledger.InvalidField(field, fmt.Sprintf("there is no %s; register it first", s), fmt.Sprintf("没有 %s,请先登记", s))
}

var codePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$`)

// checkCode says what is wrong with a code that people say on the telephone.
func checkCode(path, code string) error {
	if code == "" || codePattern.MatchString(code) {
		return nil
	}
	return ledger.InvalidField(path, "1 to 40 of letters, digits and . _ / -, beginning with a letter or digit", "1 至 40 位字母、数字或 . _ / -,以字母或数字开头")
}

// checkSet says what is wrong with a list of codes, each of which stands once.
func checkSet(path string, list []string, choices ...string) error {
	for i, code := range list {
		at := fmt.Sprintf("%s/%d", path, i)
		if err := ledger.CheckOneOf(at, code, choices...); err != nil {
			return err
		}
		if slices.Contains(list[:i], code) {
			return ledger.InvalidField(at, "is named twice", "重复")
		}
	}
	return nil
}
