package projections

import (
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
	"ttledger/domain/team"
)

// TeamRow is one team on its way here. Who belongs to it are pseudonyms.
type TeamRow struct {
	ID            uuid.UUID    `en:"team id" zh:"团队标识"`
	Code          string       `en:"code" zh:"团队编号"`
	TitleZh       string       `en:"technology (Chinese)" zh:"带来技术(中文)"`
	TitleEn       string       `en:"technology (English)" zh:"带来技术(英文)"`
	Category      string       `en:"category" zh:"类别"`
	Scheme        string       `en:"scheme" zh:"引进办法"`
	Cohort        int64        `en:"cohort: year in which it was formed" zh:"队列(组建年份)"`
	OriginCountry string       `en:"country of origin" zh:"来源国家"`
	OriginRegion  string       `en:"region of origin" zh:"来源地区"`
	Enterprise    uuid.UUID    `en:"receiving enterprise" zh:"依托企业"`
	Rights        []team.Right `en:"intellectual property" zh:"自有知识产权"`
	Stage         team.Stage   `en:"stage" zh:"阶段"`
	Leader        uuid.UUID    `en:"leader, pseudonym" zh:"带头人(化名)"`
	Core          []uuid.UUID  `en:"core members, pseudonyms" zh:"核心成员(化名)"`
	CoreCount     int64        `en:"core members" zh:"核心成员数"`
	OtherCount    int64        `en:"other members" zh:"一般成员数"`
	Eligible      bool         `en:"meets its scheme" zh:"符合引进办法"`
	LandedLeader  uuid.UUID    `en:"leader when it landed" zh:"落地时带头人"`
	LandedCore    []uuid.UUID  `en:"core when it landed" zh:"落地时核心成员"`
	LeaderStays   bool         `en:"the leader of the landing is still the leader" zh:"落地时带头人仍在任"`
	CoreStays     int64        `en:"core members of the landing who still are" zh:"落地时核心成员仍在人数"`
	Project       uuid.UUID    `en:"project" zh:"绑定项目"`
	Part          string       `en:"part in the project" zh:"项目角色"`
	FormedOn      ledger.Date  `en:"formed on" zh:"组建日期"`
	BoundOn       ledger.Date  `en:"first bound on" zh:"首次绑定日期"`
	LandedOn      ledger.Date  `en:"landed on" zh:"落地日期"`
	Filing        string       `en:"filing number" zh:"备案编号"`
	Place         string       `en:"place" zh:"落地地点"`
	Facility      uuid.UUID    `en:"facility" zh:"载体"`
	Review        string       `en:"last review" zh:"最近考核结论"`
	ReviewedOn    ledger.Date  `en:"last reviewed on" zh:"最近考核日期"`
	ExitedOn      ledger.Date  `en:"left on" zh:"退出日期"`
	ExitGround    string       `en:"why it left" zh:"退出原因"`
	FollowUp      string       `en:"what is to follow" zh:"后续处理"`
}

// TeamPipeline is the teams from forming to leaving, one row a team (domain read model R7).
var TeamPipeline = NewView(Spec[TeamRow]{
	Name: "team-pipeline", Version: 1, Roles: Readers, Of: Of{"team", "id"},
	Title: ledger.Text{En: "team pipeline", Zh: "团队引进看板"},
	Keys:  own("team"),
	Fold:  foldTeam,
})

// own keys the facts of things of one category by their ids.
func own(category string) func(Fact) []string {
	return func(f Fact) []string {
		if f.Stream.Category != category {
			return nil
		}
		return []string{f.Stream.ID.String()}
	}
}

func foldTeam(r TeamRow, _ string, f Fact) TeamRow {
	on := f.Meta.OccurredOn
	r.ID = f.Stream.ID
	switch e := f.Event.(type) {
	case team.TeamFormed:
		r.form(e, on)
	case team.TeamBound:
		r.Project, r.Part, r.BoundOn = e.Project, e.Part, first(r.BoundOn, on)
		if r.Stage == team.Formed {
			r.Stage = team.Bound
		}
	case team.TeamUnbound:
		r.Project, r.Part = uuid.Nil, ""
		if r.Stage == team.Bound {
			r.Stage = team.Formed
		}
	case team.TeamLanded:
		r.Stage, r.LandedOn, r.Eligible = team.Landed, on, e.Eligible
		r.Filing, r.Place, r.Facility = e.Filing, e.Place, e.Facility
		r.LandedLeader, r.LandedCore = r.Leader, r.Core
	case team.MembershipChanged:
		r.change(e)
	case team.TeamReviewed:
		r.Review, r.ReviewedOn = e.Kind+" "+e.Result, on
	case team.TeamExited:
		r.Stage, r.Project, r.Part = team.Exited, uuid.Nil, ""
		r.ExitedOn, r.ExitGround, r.FollowUp = on, e.Ground, e.FollowUp
	}
	r.count()
	return r
}

func (r *TeamRow) form(e team.TeamFormed, on ledger.Date) {
	r.Stage, r.FormedOn, r.Cohort = team.Formed, on, int64(on.Year)
	r.Code, r.Category, r.Scheme = e.Code, e.Category, e.Scheme
	r.TitleZh, r.TitleEn, r.Rights = e.Titles.Zh, e.Titles.En, e.Rights
	r.OriginCountry, r.OriginRegion, r.Enterprise = e.Origin.Country, e.Origin.Region, e.Enterprise
	r.Leader, r.Core, r.OtherCount, r.Eligible = e.Leader, e.Core, int64(len(e.Others)), e.Eligible
}

// change moves people as the rules do. Others are only counted.
func (r *TeamRow) change(e team.MembershipChanged) {
	for _, p := range e.Out {
		switch p.Part {
		case "leader":
			r.Leader = uuid.Nil
		case "core":
			r.Core = slices.DeleteFunc(slices.Clone(r.Core), func(id uuid.UUID) bool { return id == p.Person })
		default:
			r.OtherCount--
		}
	}
	for _, p := range e.In {
		switch p.Part {
		case "leader":
			r.Leader = p.Person
		case "core":
			r.Core = append(slices.Clone(r.Core), p.Person)
		default:
			r.OtherCount++
		}
	}
	r.Eligible = e.Eligible
}

// count is what follows from who is in the team.
func (r *TeamRow) count() {
	r.CoreCount, r.CoreStays = int64(len(r.Core)), 0
	for _, id := range r.LandedCore {
		if slices.Contains(r.Core, id) {
			r.CoreStays++
		}
	}
	r.LeaderStays = r.LandedLeader != uuid.Nil && r.LandedLeader == r.Leader
}
