package team

import (
	"fmt"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Bind ties a team to a project, with what both promise. A project has one leading team.
type Bind struct {
	Project     uuid.UUID   `json:"project" en:"id of an approved, open project" zh:"已立项且未关闭项目的标识"`
	Part        string      `json:"part" enum:"lead,support" en:"part in the project" zh:"在项目中的角色:牵头、参与"`
	To          ledger.Date `json:"to,omitzero" en:"agreed end" zh:"约定截止日"`
	Commitments Commitments `json:"commitments,omitzero" en:"what was promised" zh:"约定事项"`
}

// Commitments is what a team promised.
type Commitments struct {
	MonthsPerYear int `json:"months_per_year,omitzero" en:"months a year that the leader works here" zh:"带头人每年在岗月数"`
	Share         int `json:"share,omitzero" en:"share in the enterprise, per mille" zh:"持股比例(‰)"`
	NoMoveYears   int `json:"no_move_years,omitzero" en:"years in which the enterprise does not move away" zh:"企业不迁出年数"`
	Core          int `json:"core,omitzero" en:"core members that will arrive; what the scheme asks for where left out" zh:"应到岗核心成员数(不填按办法)"`
}

// IsZero says that nothing was promised.
func (c Commitments) IsZero() bool { return c == Commitments{} }

func projectOf(id uuid.UUID) ledger.StreamID { return ledger.StreamID{Category: "project", ID: id} }

// ReliesOn is the project.
func (c Bind) ReliesOn() []ledger.StreamID { return []ledger.StreamID{projectOf(c.Project)} }

// Under is the scheme that the team was formed under.
func (c Bind) Under(s State) ledger.Governing { return s.governing() }

func (s State) governing() ledger.Governing {
	return ledger.Governing{Form: "team-scheme", Code: s.Scheme, Version: s.Version}
}

// Benefits is the receiving enterprise and everybody in the team.
func (c Bind) Benefits(s State) []ledger.StreamID { return s.beneficiaries() }

func (s State) beneficiaries() []ledger.StreamID {
	return append(people(s.Members()...), organisationOf(s.Enterprise))
}

func (c Bind) decide(s State, at ledger.Context) ([]Event, error) {
	if s.Project != uuid.Nil {
		return nil, reject("bound-already", fmt.Sprintf("the team is bound to the project %s; rebind it", s.Project), fmt.Sprintf("团队已绑定项目 %s,请使用改绑", s.Project))
	}
	e, err := c.bound(s, at)
	if err != nil {
		return nil, err
	}
	return []Event{e}, nil
}

// bound is the fact that a binding comes to.
func (c Bind) bound(s State, at ledger.Context) (TeamBound, error) {
	scheme, err := ledger.Params[Scheme](at)
	if err != nil {
		return TeamBound{}, err
	}
	if err := ledger.First(
		ledger.CheckOneOf("part", c.Part, "lead", "support"),
		c.Commitments.check(),
		notBefore(at, s.FormedOn, ledger.Text{En: "the team was formed", Zh: "团队组建日"}),
		openProject(at, c.Project),
	); err != nil {
		return TeamBound{}, err
	}
	if !c.To.IsZero() && c.To.Last().Compare(at.On) < 0 {
		return TeamBound{}, ledger.InvalidField("to", "must not be before the business date", "不能早于业务发生日")
	}
	agreed := c.Commitments.Core
	if agreed == 0 {
		agreed = scheme.CoreMin
	}
	return TeamBound{Project: c.Project, Part: c.Part, To: c.To, Commitments: c.Commitments, AgreedCore: agreed}, nil
}

func (c Commitments) check() error {
	for _, f := range []struct {
		path   string
		n, max int
	}{{"months_per_year", c.MonthsPerYear, 12}, {"share", c.Share, 1000}, {"no_move_years", c.NoMoveYears, 30}, {"core", c.Core, maxCore}} {
		if f.n < 0 || f.n > f.max {
			return ledger.InvalidField("commitments/"+f.path, fmt.Sprintf("0 to %d", f.max), fmt.Sprintf("0 至 %d", f.max))
		}
	}
	return nil
}

// openProject refuses a project that is not approved, or closed.
func openProject(at ledger.Context, id uuid.UUID) error {
	p, ok := ledger.About[interface{ Live() bool }](at, projectOf(id))
	switch {
	case !at.Exists(projectOf(id)):
		return reject("no-such-project", fmt.Sprintf("there is no project %s", id), fmt.Sprintf("没有项目 %s", id))
	case !ok || !p.Live():
		return reject("project-not-open", "a team is bound to, and lands on, a project that is approved and not closed", "团队只能绑定并落地于已立项且未关闭的项目")
	}
	return nil
}

// notBefore refuses an act that certainly happened before another.
func notBefore(at ledger.Context, earlier ledger.Date, what ledger.Text) error {
	if earlier.IsZero() || at.On.Last().Compare(earlier.First()) >= 0 {
		return nil
	}
	return reject("date-order", fmt.Sprintf("dated %s, before %s on %s", at.On, what.En, earlier), fmt.Sprintf("业务发生日 %s 早于%s(%s)", at.On, what.Zh, earlier))
}

// TeamBound: the team is tied to a project; a later one takes its place (domain catalogue event 51).
type TeamBound struct {
	Project     uuid.UUID   `json:"project"`
	Part        string      `json:"part"`
	To          ledger.Date `json:"to,omitzero"`
	Commitments Commitments `json:"commitments,omitzero"`
	AgreedCore  int         `json:"agreed_core,omitzero"`
	Replaces    uuid.UUID   `json:"replaces,omitzero"` // the project it was bound to before
	Ground      string      `json:"ground,omitzero"`
}

// EventType is the stored name.
func (TeamBound) EventType() string { return "team.bound.v1" }

func (e TeamBound) apply(s State, m ledger.Metadata) State {
	s.Project, s.Part, s.AgreedCore, s.BoundOn = e.Project, e.Part, e.AgreedCore, m.OccurredOn
	if s.Stage == Formed {
		s.Stage = Bound
	}
	return s
}

var unbindGrounds = []string{"project-ended", "agreement", "reorganised", "breach"}

// Rebind ties a team to another project in place of its own.
type Rebind struct {
	Bind
	Ground string `json:"ground" enum:"project-ended,agreement,reorganised,breach" en:"why" zh:"理由"`
}

func (c Rebind) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(s.isBound(), ledger.CheckOneOf("ground", c.Ground, unbindGrounds...)); err != nil {
		return nil, err
	}
	if c.Project == s.Project {
		return nil, reject("bound-already", "the team is bound to this project", "团队已绑定该项目")
	}
	e, err := c.bound(s, at)
	if err != nil {
		return nil, err
	}
	e.Replaces, e.Ground = s.Project, c.Ground
	return []Event{e}, nil
}

func (s State) isBound() error {
	if s.Project != uuid.Nil {
		return nil
	}
	return reject("not-bound", "the team is bound to no project", "团队未绑定项目")
}

// Unbind ends a binding.
type Unbind struct {
	Ground string `json:"ground" enum:"project-ended,agreement,reorganised,breach" en:"why" zh:"理由"`
}

func (c Unbind) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		ledger.CheckOneOf("ground", c.Ground, unbindGrounds...),
		s.isBound(),
		notBefore(at, s.BoundOn, ledger.Text{En: "it was bound", Zh: "绑定日"}),
	); err != nil {
		return nil, err
	}
	return []Event{TeamUnbound{s.Project, c.Ground}}, nil
}

// TeamUnbound: the team is tied to no project any more.
type TeamUnbound struct {
	Project uuid.UUID `json:"project"`
	Ground  string    `json:"ground"`
}

// EventType is the stored name.
func (TeamUnbound) EventType() string { return "team.unbound.v1" }

func (TeamUnbound) apply(s State, _ ledger.Metadata) State {
	s.Project, s.Part, s.AgreedCore = uuid.Nil, "", 0
	if s.Stage == Bound {
		s.Stage = Formed
	}
	return s
}
