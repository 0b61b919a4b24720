package projections

import (
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
	"ttledger/domain/project"
)

// Views is every read model, in display order. A new one is a file and a line here.
func Views() []View {
	return slices.Concat(
		[]View{ProjectBoard, ProjectSteps, OrganisationRegister, PersonRegister, SubjectHoldings, Timeline, Approvals, PolicyVersions, Involvement, AccessDays},
		[]View{AchievementRegister, DemandBoard, NoticeBoard, Conversion, Affairs, Evidence, ContractRegister, MoneyLedger, Obligations},
		[]View{RequisitionRegister, RecruitmentPipeline, PanelBoard, PanelReviews, Appointments},
		[]View{FacilityRegister, Parks, FacilityOperations, IncubationCases, Graduations, TenantMetrics, FinancingRounds},
		[]View{TeamPipeline, Grants, Recognitions, TalentTiers, FundCommitments, Engagements},
		[]View{Programmes, IndicatorBoard, Figures, Periods, IssuedReports, Exceptions},
	)
}

// Readers may read what holds no personal data; of which rows, an aggregate's Sight says.
var Readers = ledger.AllRoles()

// Offices see every project, and so what is counted over all.
var Offices = project.Sight.All

// BoardRow is one project as a manager scans it.
type BoardRow struct {
	ID             uuid.UUID           `en:"project id" zh:"项目标识"`
	Code           string              `en:"code" zh:"项目编号"`
	TitleZh        string              `en:"title (Chinese)" zh:"项目名称(中文)"`
	TitleEn        string              `en:"title (English)" zh:"项目名称(英文)"`
	Stage          project.Stage       `en:"stage" zh:"阶段"`
	Gate           int                 `en:"gate to be decided next" zh:"下一评审关口"`
	Decision       string              `en:"last gate decision" zh:"最近评审决定"`
	OnHoldUntil    ledger.Date         `en:"on hold until" zh:"暂缓至"`
	Responsible    string              `en:"responsible person" zh:"负责人"`
	Park           string              `en:"park" zh:"园区"`
	Action         int                 `en:"programme action" zh:"所属行动"`
	Mode           string              `en:"mode of conversion" zh:"转化方式"`
	Tags           []string            `en:"tags" zh:"标签"`
	Parties        []project.Party     `en:"parties" zh:"参与单位"`
	Continues      []uuid.UUID         `en:"projects it continues" zh:"承接项目"`
	Budget         ledger.Money        `en:"budget" zh:"预算"`
	Funding        ledger.Money        `en:"funding" zh:"资助金额"`
	ReadinessScale string              `en:"readiness scale" zh:"就绪度量表"`
	ReadinessLevel int                 `en:"readiness level" zh:"就绪度级别"`
	ExternalScheme string              `en:"source system" zh:"来源系统"`
	ExternalID     string              `en:"number in the source system" zh:"来源系统编号"`
	StartOn        ledger.Date         `en:"planned start" zh:"计划开始"`
	EndOn          ledger.Date         `en:"planned end" zh:"计划结束"`
	ProposedOn     ledger.Date         `en:"proposed on" zh:"申报日期"`
	ApprovedOn     ledger.Date         `en:"approved on" zh:"立项日期"`
	Milestones     []project.Milestone `en:"milestones" zh:"里程碑"`
	Results        []project.Result    `en:"milestone results" zh:"里程碑结果"`
	ChangedOn      ledger.Date         `en:"last changed on" zh:"最近变更日期"`
	Version        int64               `en:"version of the stream" zh:"事件流版本"`
}

// ProjectBoard is the board of projects, one row a project (domain read model R1).
var ProjectBoard = NewView(Spec[BoardRow]{
	Name: "project-board", Version: 1, Roles: Readers, Of: Of{"project", "id"},
	Search: []string{"title_zh", "title_en", "code", "external_id"},
	Title:  ledger.Text{En: "project board", Zh: "项目看板"},
	Keys:   ownProject,
	Fold:   foldBoard,
})

// ownProject keys a project's facts by its id.
func ownProject(f Fact) []string {
	if f.Stream.Category != "project" {
		return nil
	}
	return []string{f.Stream.ID.String()}
}

func foldBoard(r BoardRow, _ string, f Fact) BoardRow {
	r.ID, r.ChangedOn = f.Stream.ID, f.Meta.OccurredOn
	r.Version = max(r.Version, int64(f.Version))
	switch e := f.Event.(type) {
	case project.ProjectProposed:
		r.propose(e, f)
	case project.ProjectApproved:
		r.Stage, r.Responsible, r.ApprovedOn = project.Approved, e.Responsible, f.Meta.OccurredOn
		r.Gate = max(r.Gate, 2)
		if len(e.Milestones) > 0 {
			r.Milestones = e.Milestones
		}
	case project.StageGateDecided:
		r.Stage, r.Decision, r.OnHoldUntil = e.StageAfter(r.Stage), e.Decision, e.HoldUntil
		if e.Decision == "go" {
			r.Gate = int(e.Gate) + 1
		}
		if e.After != nil {
			r.ReadinessScale, r.ReadinessLevel = e.After.Scale, e.After.Level
		}
	case project.MilestoneVerified:
		r.Results = slices.DeleteFunc(slices.Clone(r.Results), func(x project.Result) bool { return x.Milestone == e.Milestone })
		r.Results = append(r.Results, project.Result{Milestone: e.Milestone, Result: e.Result})
	case project.ReadinessAssessed:
		r.ReadinessScale, r.ReadinessLevel = e.Readiness.Scale, e.Readiness.Level
	case project.FundingAgreed:
		r.Funding = e.Amount
	case project.FundingAdjusted:
		r.Funding = e.To
	case project.PartyJoined:
		r.Parties = append(slices.Clone(r.Parties), e.Party)
	case project.ProjectLinked:
		r.Continues = append(slices.Clone(r.Continues), e.Project)
	case project.IndustrialisationConfirmed:
		r.Stage = project.Industrialised
	case project.ProjectTerminated:
		r.Stage, r.OnHoldUntil = project.Terminated, ledger.Date{}
	case project.ProjectCompleted:
		r.Stage = project.Completed
	}
	return r
}

func (r *BoardRow) propose(e project.ProjectProposed, f Fact) {
	r.Stage, r.ProposedOn = project.Proposed, f.Meta.OccurredOn
	r.Code, r.TitleZh, r.TitleEn = e.Code, e.Titles.Zh, e.Titles.En
	r.Park, r.Action, r.Mode, r.Tags = e.Park, e.Action, e.Mode, e.Tags
	r.StartOn, r.EndOn, r.Milestones = e.Start, e.End, e.Milestones
	// A party that joined with an earlier date stands here before the proposal.
	r.Parties = append(slices.Clone(e.Parties), r.Parties...)
	if e.Budget != nil {
		r.Budget = *e.Budget
	}
	if e.External != nil {
		r.ExternalScheme, r.ExternalID = e.External.Scheme, e.External.ID
	}
}
