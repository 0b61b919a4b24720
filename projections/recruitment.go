package projections

import (
	"github.com/google/uuid"

	"ttledger/domain/application"
	"ttledger/domain/appointment"
	"ttledger/domain/ledger"
	"ttledger/domain/notice"
	"ttledger/domain/panel"
	"ttledger/domain/requisition"
)

// RequisitionRow is one plan of open recruitment.
type RequisitionRow struct {
	ID         uuid.UUID          `en:"requisition id" zh:"选聘计划标识"`
	Code       string             `en:"code" zh:"计划编号"`
	Stage      requisition.Stage  `en:"stage" zh:"阶段"`
	Purpose    string             `en:"purpose" zh:"选聘目的"`
	Posts      []requisition.Post `en:"posts" zh:"岗位"`
	Budget     ledger.Money       `en:"budget" zh:"预算"`
	Method     string             `en:"method of review" zh:"评审方法"`
	Quorum     int                `en:"reviews of each application" zh:"每份报名最低评分数"`
	ApprovedOn ledger.Date        `en:"approved on" zh:"批准日期"`
	Notice     uuid.UUID          `en:"vacancy notice" zh:"招聘公告"`
	FromOn     ledger.Date        `en:"applications from" zh:"报名起始日"`
	ToOn       ledger.Date        `en:"applications to" zh:"报名截止日"`
	Outcome    string             `en:"outcome, or why it was cancelled" zh:"结果或取消原因"`
	EndedOn    ledger.Date        `en:"closed or cancelled on" zh:"结束日期"`
	Version    int64              `en:"version of the stream" zh:"事件流版本"`
}

// RequisitionRegister is the plans of open recruitment, one row each.
var RequisitionRegister = NewView(Spec[RequisitionRow]{
	Name: "requisition-register", Version: 1, Roles: Readers, Of: Of{"requisition", "id"},
	Title: ledger.Text{En: "requisitions", Zh: "选聘计划台账"},
	Keys: func(f Fact) []string {
		if _, ok := f.Event.(requisition.Event); !ok {
			return nil
		}
		return []string{f.Stream.ID.String()}
	},
	Fold: func(r RequisitionRow, _ string, f Fact) RequisitionRow {
		r.ID, r.Version = f.Stream.ID, max(r.Version, int64(f.Version))
		switch e := f.Event.(type) {
		case requisition.RequisitionApproved:
			r.Code, r.Stage, r.ApprovedOn = e.Code, requisition.Approved, f.Meta.OccurredOn
			r.plan(e.Plan)
		case requisition.RequisitionAmended:
			r.plan(e.Plan)
		case requisition.RequisitionOpened:
			r.Stage, r.Notice, r.FromOn, r.ToOn = requisition.Opened, e.Notice, e.From, e.To
		case requisition.RequisitionClosed:
			r.Stage, r.Outcome, r.EndedOn = requisition.Closed, e.Outcome, f.Meta.OccurredOn
		case requisition.RequisitionCancelled:
			r.Stage, r.Outcome, r.EndedOn = requisition.Cancelled, e.Ground, f.Meta.OccurredOn
		}
		return r
	},
})

func (r *RequisitionRow) plan(p requisition.Plan) {
	r.Purpose, r.Posts, r.Method, r.Quorum, r.Budget = p.Purpose, p.Posts, p.Review.Method, p.Review.Quorum, ledger.Money{}
	if p.Budget != nil {
		r.Budget = *p.Budget
	}
}

// PipelineRow is one application on its way. It has no rank and no score before the panel's
// conclusion, because nothing recorded has one.
type PipelineRow struct {
	ID          uuid.UUID    `en:"application id" zh:"报名标识"`
	Code        string       `en:"code" zh:"报名编号"`
	Requisition uuid.UUID    `en:"requisition" zh:"选聘计划"`
	Post        string       `en:"post" zh:"岗位代码"`
	Level       string       `en:"level" zh:"层级"`
	Person      uuid.UUID    `en:"applicant, pseudonym" zh:"应聘者(化名)"`
	Source      string       `en:"source" zh:"来源渠道"`
	Stage       string       `en:"stage" zh:"阶段"`
	ReceivedOn  ledger.Date  `en:"received on" zh:"报名日期"`
	Eligibility string       `en:"eligibility" zh:"资格审查结果"`
	Unmet       []string     `en:"conditions not met" zh:"不符合的条件"`
	Panel       uuid.UUID    `en:"panel" zh:"评审组"`
	BlindCode   string       `en:"code on the panel" zh:"评审编号"`
	Rank        int64        `en:"rank" zh:"排序"`
	ScoreMilli  int64        `en:"score, thousandths of a point" zh:"得分(千分之一分)"`
	RankedOn    ledger.Date  `en:"ranked on" zh:"评审结论日期"`
	NoticedOn   ledger.Date  `en:"named by a notice of appointees on" zh:"拟聘公示日期"`
	OfferedOn   ledger.Date  `en:"offered on" zh:"发聘日期"`
	Pay         ledger.Money `en:"pay offered, a year" zh:"年薪"`
	OutOfOrder  string       `en:"why somebody ahead was passed over" zh:"越序原因"`
	ExpiresOn   ledger.Date  `en:"offer stands until" zh:"答复截止日"`
	Answer      string       `en:"answer" zh:"应聘答复"`
	AnsweredOn  ledger.Date  `en:"answered on" zh:"答复日期"`
	Appointment uuid.UUID    `en:"appointment" zh:"聘任"`
	StartedOn   ledger.Date  `en:"started on" zh:"到岗日期"`
	EndedOn     ledger.Date  `en:"withdrawn or closed on" zh:"撤回或结案日期"`
	EndReason   string       `en:"why" zh:"结案原因"`
	Version     int64        `en:"version of the stream" zh:"事件流版本"`
}

// RecruitmentPipeline is the applications, one row each (domain read model R6).
var RecruitmentPipeline = NewView(Spec[PipelineRow]{
	Name: "recruitment-pipeline", Version: 1, Roles: application.Sight.All, Of: Of{"application", "id"},
	Title: ledger.Text{En: "recruitment pipeline", Zh: "选聘流程看板"},
	Keys:  pipelineKeys,
	Fold:  foldPipeline,
})

func pipelineKeys(f Fact) []string {
	var items []ledger.StreamID
	switch e := f.Event.(type) {
	case application.Event:
		return []string{f.Stream.ID.String()}
	case appointment.AppointmentStarted:
		return []string{e.Application.String()}
	case panel.PanelConvened:
		for _, i := range e.Items {
			items = append(items, i.Stream)
		}
	case panel.PanelConcluded:
		for _, r := range e.Ranking {
			items = append(items, r.Stream)
		}
	case panel.PanelSetAside:
		items = e.Items
	case notice.Posted:
		if e.Kind != "appointee" {
			return nil
		}
		items = append(items, e.Subject)
		for _, l := range e.Listed {
			items = append(items, l.Subject)
		}
	}
	var keys []string
	for _, s := range items {
		if s.Category == "application" {
			keys = append(keys, s.ID.String())
		}
	}
	return keys
}

func foldPipeline(r PipelineRow, key string, f Fact) PipelineRow {
	on := f.Meta.OccurredOn
	r.ID = uuid.MustParse(key)
	switch e := f.Event.(type) {
	case application.Event:
		r.Version = max(r.Version, int64(f.Version))
		r.apply(e, on)
	case appointment.AppointmentStarted:
		r.Stage, r.Appointment, r.StartedOn = "started", f.Stream.ID, on
	case notice.Posted:
		r.NoticedOn = on
		r.reach("noticed")
	case panel.PanelConvened:
		r.Panel = f.Stream.ID
		r.reach("under-review")
		for _, i := range e.Items {
			if i.Stream.ID == r.ID {
				r.BlindCode = i.Code
			}
		}
	case panel.PanelConcluded:
		r.RankedOn = on
		r.reach(string(application.Ranked))
		for _, i := range e.Ranking {
			if i.Stream.ID == r.ID {
				r.Rank, r.ScoreMilli = int64(i.Rank), int64(i.Score)
			}
		}
	case panel.PanelSetAside:
		r.Panel, r.BlindCode, r.Rank, r.ScoreMilli, r.RankedOn = uuid.Nil, "", 0, 0, ledger.Date{}
		r.reach(string(application.Eligible))
	}
	return r
}

// reach is a stage before an offer, which is not gone back to.
func (r *PipelineRow) reach(stage string) {
	if r.OfferedOn.IsZero() && r.EndedOn.IsZero() {
		r.Stage = stage
	}
}

func (r *PipelineRow) apply(e application.Event, on ledger.Date) {
	switch e := e.(type) {
	case application.ApplicationReceived:
		r.Stage, r.ReceivedOn = string(application.Received), on
		r.Code, r.Requisition, r.Post, r.Level, r.Person, r.Source = e.Code, e.Requisition, e.Post, e.Level, e.Person, e.Source
	case application.EligibilityDecided:
		r.Stage, r.Eligibility, r.Unmet = e.Result, e.Result, e.Unmet
	case application.ApplicationRanked:
		if r.Rank > 0 && r.NoticedOn.Compare(r.RankedOn) < 0 { // its panel was not set aside, nor is it noticed
			r.reach(string(application.Ranked))
		}
	case application.OfferIssued:
		r.Stage, r.OfferedOn, r.Pay, r.ExpiresOn, r.OutOfOrder = string(application.Offered), on, e.Pay, e.Expires, e.OutOfOrder
		r.Answer, r.AnsweredOn = "", ledger.Date{}
	case application.OfferAnswered:
		r.Stage, r.Answer, r.AnsweredOn = e.Answer, e.Answer, on
	case application.ApplicationWithdrawn:
		r.Stage, r.EndedOn, r.EndReason = string(application.Withdrawn), on, e.Reason
	case application.ApplicationClosed:
		r.Stage, r.EndedOn, r.EndReason = string(application.Closed), on, e.Reason
	}
}
