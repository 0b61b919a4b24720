// Package project is the life of one technology-transfer project: proposed, approved, led
// through the stage gates G0 to G5, funded, industrialised, and completed or terminated.
//
// This file is the table of contents; each verb has a file with its command, its rule, its
// event and its effect. States and guards are those of the zone's stage-gate lifecycle.
package project

import (
	"fmt"
	"regexp"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Event is a fact in a project's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for a change of one project.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// Stage is where a project stands.
type Stage string

// The stages, in order; Rejected and Terminated are the ends before Completed.
const (
	Proposed       Stage = "proposed"       // 申报
	Approved       Stage = "approved"       // 立项
	Pilot          Stage = "pilot"          // 中试
	Industrialised Stage = "industrialised" // 产业化
	Completed      Stage = "completed"      // 结项
	Rejected       Stage = "rejected"       // 未立项
	Terminated     Stage = "terminated"     // 终止
)

// StageNames is the stages in display order.
var StageNames = []struct {
	Stage Stage
	Name  ledger.Text
}{
	{Proposed, ledger.Text{En: "proposed", Zh: "申报"}},
	{Approved, ledger.Text{En: "approved", Zh: "立项"}},
	{Pilot, ledger.Text{En: "pilot", Zh: "中试"}},
	{Industrialised, ledger.Text{En: "industrialised", Zh: "产业化"}},
	{Completed, ledger.Text{En: "completed", Zh: "结项"}},
	{Rejected, ledger.Text{En: "rejected", Zh: "未立项"}},
	{Terminated, ledger.Text{En: "terminated", Zh: "终止"}},
}

// State is a project as far as rules need to know it.
type State struct {
	Stage       Stage        `json:"stage"`
	Titles      ledger.Names `json:"titles"`
	ProposedBy  string       `json:"proposed_by"`
	ProposedOn  ledger.Date  `json:"proposed_on"`
	ApprovedOn  ledger.Date  `json:"approved_on,omitzero"`
	Responsible string       `json:"responsible,omitzero"`
	NextGate    Gate         `json:"next_gate"` // the gate to be decided next; 6 after G5
	OnHold      bool         `json:"on_hold"`
	Milestones  []Milestone  `json:"milestones,omitzero"`
	Results     []Result     `json:"results,omitzero"` // of milestones, the last of each
	Parties     []Party      `json:"parties,omitzero"`
	Links       []Link       `json:"links,omitzero"`
	Readiness   Readiness    `json:"readiness,omitzero"`
	Funding     ledger.Money `json:"funding,omitzero"`
	Site        string       `json:"site,omitzero"` // where it went into production
	Code        string       `json:"code,omitzero"`
	Prepared    []string     `json:"prepared,omitzero"` // handles of those who asked or worked for it
	Decided     []string     `json:"decided,omitzero"`  // handles of those who decided on it

	Achievements []uuid.UUID `json:"achievements,omitzero"`
	RegisterBy   ledger.Date `json:"register_by,omitzero"` // day by which the achievements are to be registered
	Bare         []string    `json:"bare,omitzero"`        // decisions without evidence
}

// Decider is the rules of projects.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) {
		if err := s.oneSide(at); err != nil {
			return nil, err
		}
		return c.decide(s, at)
	},
	Evolve: func(s State, e Event, m ledger.Metadata) State { return e.apply(s, m).acted(m) },
	Claims: func(s State, _ ledger.StreamID) []ledger.Claim {
		if s.Code == "" {
			return nil
		}
		return []ledger.Claim{{Kind: "project-code", Key: s.Code}}
	},
}

// Live says that the project is approved and not closed.
func (s State) Live() bool { return s.ApprovedOn != ledger.Date{} && !s.IsClosed() }

// IsClosed says that it takes no more decisions.
func (s State) IsClosed() bool {
	return s.Stage == Completed || s.Stage == Rejected || s.Stage == Terminated
}

// InChargeOf is the handle of the person responsible; empty where none is named.
func (s State) InChargeOf() string { return s.Responsible }

// Codec is every stored form of a project's events.
var Codec = ledger.NewCodec(
	ledger.Former[proposedV1, ProjectProposed, Event]("project.proposed.v1", "project.proposed.v2", proposedV1.up),
	ledger.Current[ProjectProposed, Event](),
	ledger.Current[ProjectApproved, Event](),
	ledger.Former[gateDecidedV1, StageGateDecided, Event]("project.stage-gate-decided.v1", "project.stage-gate-decided.v2", gateDecidedV1.up),
	ledger.Current[StageGateDecided, Event](),
	ledger.Current[MilestoneVerified, Event](),
	ledger.Current[ReadinessAssessed, Event](),
	ledger.Current[FundingAgreed, Event](),
	ledger.Current[FundingAdjusted, Event](),
	ledger.Current[PartyJoined, Event](),
	ledger.Current[ProjectLinked, Event](),
	ledger.Current[IndustrialisationConfirmed, Event](),
	ledger.Current[ProjectTerminated, Event](),
	ledger.Former[completedV1, ProjectCompleted, Event]("project.completed.v1", "project.completed.v2", completedV1.up),
	ledger.Current[ProjectCompleted, Event](),
)

// Aggregate is projects for the rest of the program.
var Aggregate = ledger.New("project", ledger.Text{En: "project", Zh: "技术转移项目"}, Decider, Codec,
	ledger.Does[Propose, Command](ledger.Verb{Name: "propose", Creates: true, Roles: []ledger.Role{ledger.PM},
		Help: ledger.Text{En: "propose a project", Zh: "项目申报"}}),
	ledger.Does[Approve, Command](ledger.Verb{Name: "approve", Roles: asking, Approvers: []ledger.Role{ledger.APR},
		Help: ledger.Text{En: "approve a proposed project", Zh: "立项"}}),
	ledger.Does[DecideGate, Command](ledger.Verb{Name: "decide-gate", Roles: asking, Approvers: []ledger.Role{ledger.APR, ledger.CHR},
		Help: ledger.Text{En: "decide a stage gate: go, hold, recycle or kill", Zh: "阶段评审:通过、暂缓、返修、终止"}}),
	ledger.Does[VerifyMilestone, Command](ledger.Verb{Name: "verify-milestone", Roles: []ledger.Role{ledger.TM},
		Help: ledger.Text{En: "verify a milestone", Zh: "里程碑核验"}}),
	ledger.Does[AssessReadiness, Command](ledger.Verb{Name: "assess-readiness", Roles: []ledger.Role{ledger.TM},
		Help: ledger.Text{En: "record a readiness level on its scale", Zh: "技术就绪度评定"}}),
	ledger.Does[AgreeFunding, Command](ledger.Verb{Name: "agree-funding", Roles: []ledger.Role{ledger.PM, ledger.FIN},
		Help: ledger.Text{En: "record the funding agreed", Zh: "登记约定资助金额"}}),
	ledger.Does[AdjustFunding, Command](ledger.Verb{Name: "adjust-funding", Roles: []ledger.Role{ledger.PM, ledger.FIN},
		Help: ledger.Text{En: "record a change of the funding agreed", Zh: "调整资助金额"}}),
	ledger.Does[JoinParty, Command](ledger.Verb{Name: "join-party", Roles: []ledger.Role{ledger.PM, ledger.TM},
		Help: ledger.Text{En: "enter a registered organisation as a party", Zh: "登记参与单位"}}),
	ledger.Does[LinkProject, Command](ledger.Verb{Name: "link", Roles: []ledger.Role{ledger.PM, ledger.TM},
		Help: ledger.Text{En: "link to the project that this one continues", Zh: "关联前序项目"}}),
	ledger.Does[ConfirmIndustrialisation, Command](ledger.Verb{Name: "confirm-industrialisation", Roles: []ledger.Role{ledger.PM},
		Help: ledger.Text{En: "confirm production after a Go at G4", Zh: "产业化投产确认"}}),
	ledger.Does[Terminate, Command](ledger.Verb{Name: "terminate", Roles: asking, Approvers: []ledger.Role{ledger.APR},
		Help: ledger.Text{En: "end a project before its completion", Zh: "项目终止"}}),
	ledger.Does[Complete, Command](ledger.Verb{Name: "complete", Roles: asking, Approvers: []ledger.Role{ledger.APR},
		Help: ledger.Text{En: "accept and close a project after a Go at G5", Zh: "结项(验收)"}}),
).SeenBy(Sight)

// Party is an organisation with its part in the project.
type Party struct {
	Organisation uuid.UUID `json:"organisation" en:"id of a registered organisation" zh:"已登记主体的标识"`
	Part         string    `json:"part" enum:"owner,performer,partner,funder" en:"part: owner, performer, partner or funder" zh:"参与角色:所有方、承担方、合作方、资助方"`
}

// Milestone is something due by a date.
type Milestone struct {
	Code  string       `json:"code" en:"code, unique in the project" zh:"里程碑代码(项目内唯一)"`
	Names ledger.Names `json:"names" en:"what is due" zh:"内容"`
	Due   ledger.Date  `json:"due" en:"due date" zh:"到期日"`
}

// Readiness is a technology readiness level on a named scale. Levels of different scales are
// never compared.
type Readiness struct {
	Scale string `json:"scale" enum:"ISO16290,GBT22900,GJB7688" en:"scale" zh:"量表"`
	Level int    `json:"level" en:"level: 1 to 9, on GBT22900 1 to 13" zh:"级别:1–9(GBT22900 为 1–13)"`
}

// IsZero says that no level is known.
func (r Readiness) IsZero() bool { return r == Readiness{} }

// check holds a level against its scale. GB/T 22900 has a variant of 13 levels beside that of 9.
func (r Readiness) check(path string) error {
	if err := ledger.CheckOneOf(path+"/scale", r.Scale, "ISO16290", "GBT22900", "GJB7688"); err != nil {
		return err
	}
	top := 9
	if r.Scale == "GBT22900" {
		top = 13
	}
	if r.Level < 1 || r.Level > top {
		return ledger.InvalidField(path+"/level", fmt.Sprintf("1 to %d on %s", top, r.Scale), fmt.Sprintf("%s 为 1 至 %d 级", r.Scale, top))
	}
	return nil
}

// checkGiven is check for a level that may be absent.
func (r *Readiness) checkGiven(path string) error {
	if r == nil {
		return nil
	}
	return r.check(path)
}

var codePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$`)

func checkMilestones(list []Milestone) error {
	if err := ledger.CheckCount("milestones", len(list), 100); err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, m := range list {
		at := fmt.Sprintf("milestones/%d", i)
		if !codePattern.MatchString(m.Code) || seen[m.Code] {
			return ledger.InvalidField(at+"/code", "1 to 40 of A-Z a-z 0-9 . _ / -, each once", "1 至 40 位字母、数字或 . _ / -,且不可重复")
		}
		seen[m.Code] = true
		if m.Due.IsZero() {
			return ledger.InvalidField(at+"/due", "a due date is needed", "需要到期日")
		}
		if err := m.Names.Check(at + "/names"); err != nil {
			return err
		}
	}
	return nil
}

// open refuses what needs a project that is neither closed nor, where live, still a proposal.
func (s State) open(live bool) error {
	switch {
	case s.IsClosed():
		return ledger.Rejected("closed", ledger.Text{
			En: fmt.Sprintf("the project is %s and takes no more decisions", s.Stage),
			Zh: fmt.Sprintf("项目已关闭(%s),不再接受决定", stageZh(s.Stage)),
		})
	case live && s.Stage == Proposed:
		return ledger.Rejected("not-approved", ledger.Text{En: "the project is not approved yet", Zh: "项目尚未立项"})
	}
	return nil
}

// notBefore refuses an act that certainly happened before another.
func notBefore(at ledger.Context, earlier ledger.Date, what ledger.Text) error {
	if !earlier.IsZero() && at.On.Last().Compare(earlier.First()) < 0 {
		return ledger.Rejected("date-order", ledger.Text{
			En: fmt.Sprintf("dated %s, before %s on %s", at.On, what.En, earlier),
			Zh: fmt.Sprintf("业务发生日 %s 早于%s(%s)", at.On, what.Zh, earlier),
		})
	}
	return nil
}

func stageZh(s Stage) string {
	for _, n := range StageNames {
		if n.Stage == s {
			return n.Name.Zh
		}
	}
	return string(s)
}

var (
	theProposal = ledger.Text{En: "the proposal", Zh: "申报日"}
	theApproval = ledger.Text{En: "the approval", Zh: "立项日"}
)
