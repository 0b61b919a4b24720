package projections

import (
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/incubation"
	"ttledger/domain/ledger"
)

// CaseRow is one case of incubation.
type CaseRow struct {
	ID            uuid.UUID        `en:"case id" zh:"孵化案例标识"`
	Code          string           `en:"code" zh:"孵化编号"`
	NameZh        string           `en:"venture (Chinese)" zh:"项目名称(中文)"`
	NameEn        string           `en:"venture (English)" zh:"项目名称(英文)"`
	Stage         incubation.Stage `en:"stage" zh:"阶段"`
	Facility      uuid.UUID        `en:"facility" zh:"载体标识"`
	Park          uuid.UUID        `en:"park" zh:"所在园区标识"`
	Venture       uuid.UUID        `en:"venture id" zh:"创业项目标识"`
	Company       uuid.UUID        `en:"company" zh:"企业标识"`
	Team          uuid.UUID        `en:"team" zh:"团队标识"`
	Project       uuid.UUID        `en:"project" zh:"项目标识"`
	Offshore      uuid.UUID        `en:"goes on from the offshore case" zh:"原离岸案例标识"`
	Channel       string           `en:"channel" zh:"申请通道"`
	Field         string           `en:"field" zh:"领域"`
	AppliedOn     ledger.Date      `en:"applied on" zh:"申请日期"`
	AdmittedOn    ledger.Date      `en:"admitted on" zh:"入孵日期"`
	Agreement     string           `en:"agreement" zh:"协议编号"`
	Contract      uuid.UUID        `en:"contract" zh:"合同标识"`
	Room          string           `en:"room" zh:"房间"`
	AreaM2        int64            `en:"area let, m²" zh:"租用面积(平方米)"`
	Rent          ledger.Money     `en:"rent a month" zh:"月租金"`
	PolicyCode    string           `en:"admitted under" zh:"入孵依据政策"`
	PolicyVersion string           `en:"version" zh:"入孵依据版本"`
	WaiverChannel string           `en:"waiver" zh:"豁免通道"`
	WaiverReason  string           `en:"reason of the waiver" zh:"豁免理由"`
	LimitOn       ledger.Date      `en:"time limit" zh:"孵化时限"`
	Extensions    int64            `en:"extensions" zh:"延期次数"`
	Mentors       []uuid.UUID      `en:"mentors" zh:"导师标识"`
	Interests     int64            `en:"interests declared by mentors" zh:"导师利益申报数"`
	Services      int64            `en:"services" zh:"服务次数"`
	ServiceHours  int64            `en:"hours of service" zh:"服务时长(小时)"`
	LastServiceOn ledger.Date      `en:"last service on" zh:"最近服务日期"`
	EndedOn       ledger.Date      `en:"last day as a tenant" zh:"在孵最后一日"`
	EndReason     string           `en:"why it ended" zh:"结束原因"`
	GraduatedOn   ledger.Date      `en:"graduated on" zh:"毕业日期"`
	LandedOn      ledger.Date      `en:"landed on" zh:"落地日期"`
	StatedOn      ledger.Date      `en:"stated elsewhere on" zh:"原载日期"`
}

// IncubationCases is every case, one row a case: who is where, until when, and how it ended
// (domain read model R8; which rooms are let on a day is a report over it).
var IncubationCases = NewView(Spec[CaseRow]{
	Name: "incubation-cases", Version: 1, Roles: Readers, Of: Of{"incubation", "id"},
	Title: ledger.Text{En: "incubation cases", Zh: "孵化案例台账"},
	Keys: func(f Fact) []string {
		if f.Stream.Category != "incubation" {
			return nil
		}
		return []string{f.Stream.ID.String()}
	},
	Fold: foldCase,
})

func foldCase(r CaseRow, _ string, f Fact) CaseRow {
	r.ID = f.Stream.ID
	on := f.Meta.OccurredOn
	switch e := f.Event.(type) {
	case incubation.IncubationApplied:
		r.apply(e, on)
	case incubation.ApplicationRefused:
		r.Stage, r.EndReason = incubation.Refused, e.Ground
	case incubation.IncubationAdmitted:
		r.admit(e, on)
	case incubation.MentorAssigned:
		r.Mentors = append(slices.Clone(r.Mentors), e.Mentor)
	case incubation.MentorInterestDeclared:
		r.Interests++
	case incubation.ServiceDelivered:
		r.Services, r.ServiceHours, r.LastServiceOn = r.Services+1, r.ServiceHours+int64(e.Hours), on
	case incubation.IncubationExtended:
		r.LimitOn, r.Extensions = e.Limit, r.Extensions+1
	case incubation.GraduationConfirmed:
		r.Stage, r.EndedOn, r.GraduatedOn, r.EndReason = incubation.Graduated, on, on, "graduated"
	case incubation.GraduationRevoked:
		r.Stage, r.GraduatedOn, r.EndReason = incubation.Left, ledger.Date{}, "graduation-revoked"
	case incubation.LandingConfirmed:
		r.Stage, r.LandedOn, r.Company = incubation.Landed, on, e.Company
		if e.Offshore {
			r.EndedOn, r.EndReason = on, "landed"
		}
	case incubation.TenancyEnded:
		r.Stage, r.EndedOn, r.EndReason = incubation.Left, on, e.Reason
	case incubation.TenantEvicted:
		r.Stage, r.EndedOn, r.EndReason = incubation.Evicted, on, e.Ground
	}
	return r
}

func (r *CaseRow) apply(e incubation.IncubationApplied, on ledger.Date) {
	r.Stage, r.AppliedOn, r.StatedOn = incubation.Applied, on, e.StatedOn
	r.Code, r.NameZh, r.NameEn, r.Channel, r.Field = e.Code, e.Names.Zh, e.Names.En, e.Channel, e.Field
	r.Facility, r.Park, r.Venture, r.Company = e.Facility, e.Park, e.Venture, e.Company
	r.Team, r.Project, r.Offshore = e.Team, e.Project, e.Offshore
}

func (r *CaseRow) admit(e incubation.IncubationAdmitted, on ledger.Date) {
	r.Stage, r.AdmittedOn, r.Facility, r.Company = incubation.Live, on, e.Facility, e.Company
	r.Agreement, r.Contract, r.Room, r.AreaM2, r.Rent = e.Agreement, e.Contract, e.Room, e.Area, e.Rent
	r.PolicyCode, r.PolicyVersion, r.LimitOn = e.Policy.Code, e.Policy.Version, e.Limit
	if e.Waiver != nil {
		r.WaiverChannel, r.WaiverReason = e.Waiver.Channel, e.Waiver.Reason
	}
}

// GraduationRow is how one case went on: graduation, landing or both.
type GraduationRow struct {
	ID               uuid.UUID        `en:"case id" zh:"孵化案例标识"`
	GraduatedOn      ledger.Date      `en:"graduated on" zh:"毕业日期"`
	Criteria         []incubation.Met `en:"criteria met" zh:"达到的毕业条件"`
	Destination      string           `en:"destination" zh:"毕业去向"`
	Became           string           `en:"what it became" zh:"去向说明"`
	AdmittedUnder    string           `en:"admitted under" zh:"入孵依据版本"`
	JudgedBy         string           `en:"judged by" zh:"毕业判定版本"`
	RevokedOn        ledger.Date      `en:"revoked by a decision of" zh:"撤销决定日期"`
	LandedOn         ledger.Date      `en:"landed on" zh:"落地日期"`
	LandedFrom       uuid.UUID        `en:"landed from" zh:"来源载体标识"`
	LandedIn         uuid.UUID        `en:"landed in the park" zh:"落地园区标识"`
	LandedAt         uuid.UUID        `en:"landed at the facility" zh:"落地载体标识"`
	Company          uuid.UUID        `en:"company that landed" zh:"落地企业标识"`
	RegisteredOn     ledger.Date      `en:"company registered on" zh:"企业登记日期"`
	FromOffshore     bool             `en:"from an offshore centre" zh:"离岸落地"`
	Functions        []string         `en:"functions" zh:"引进功能"`
	Investment       ledger.Money     `en:"investment agreed" zh:"协议投资额"`
	Jobs             int64            `en:"jobs planned" zh:"计划就业人数"`
	LandM2           int64            `en:"land, m²" zh:"用地(平方米)"`
	AreaM2           int64            `en:"floor space, m²" zh:"用房面积(平方米)"`
	TechnologyImport string           `en:"registration of the technology import" zh:"技术进口合同登记号"`
}

// Graduations is graduations and landings, one row a case (domain read model R9).
var Graduations = NewView(Spec[GraduationRow]{
	Name: "graduations", Version: 1, Roles: Readers, Of: Of{"incubation", "id"},
	Title: ledger.Text{En: "graduations and landings", Zh: "毕业与落地"},
	Keys: func(f Fact) []string {
		switch f.Event.(type) {
		case incubation.GraduationConfirmed, incubation.GraduationRevoked, incubation.LandingConfirmed:
			return []string{f.Stream.ID.String()}
		}
		return nil
	},
	Fold: func(r GraduationRow, _ string, f Fact) GraduationRow {
		r.ID = f.Stream.ID
		switch e := f.Event.(type) {
		case incubation.GraduationConfirmed:
			r.GraduatedOn, r.Criteria, r.Destination, r.Became = f.Meta.OccurredOn, e.Criteria, e.Destination, e.Became
			r.AdmittedUnder, r.JudgedBy = named(e.AdmittedUnder), named(e.JudgedBy)
		case incubation.GraduationRevoked:
			r.GraduatedOn, r.RevokedOn = ledger.Date{}, e.DecidedOn
		case incubation.LandingConfirmed:
			r.LandedOn, r.LandedFrom, r.LandedIn, r.LandedAt = f.Meta.OccurredOn, e.From, e.Park, e.To
			r.Company, r.RegisteredOn, r.FromOffshore, r.Functions = e.Company, e.RegisteredOn, e.Offshore, e.Functions
			r.Investment, r.Jobs, r.LandM2, r.AreaM2, r.TechnologyImport = e.Investment, e.Jobs, e.Land, e.Area, e.Import
		}
		return r
	},
})

// named is a policy version as people cite it.
func named(p ledger.Policy) string { return p.Code + "@" + p.Version }

// MetricsRow is one tenant's figures of a period.
type MetricsRow struct {
	Incubation       uuid.UUID   `en:"case" zh:"孵化案例标识"`
	Period           ledger.Date `en:"period" zh:"所属期"`
	Currency         string      `en:"currency" zh:"币种"`
	Revenue          int64       `en:"revenue, minor units" zh:"营业收入(分)"`
	Rnd              int64       `en:"research and development, minor units" zh:"研发投入(分)"`
	Tax              int64       `en:"taxes paid, minor units" zh:"上缴税金(分)"`
	Subsidies        int64       `en:"public subsidies, minor units" zh:"财政资助(分)"`
	Staff            int64       `en:"people employed" zh:"从业人员"`
	CollegeStaff     int64       `en:"with a college degree" zh:"大专以上人员"`
	NewGraduates     int64       `en:"graduates of the year" zh:"应届毕业生"`
	Returnees        int64       `en:"returned from abroad" zh:"留学回国人员"`
	IPApplied        int64       `en:"rights applied for" zh:"知识产权申请数"`
	IPGranted        int64       `en:"rights granted" zh:"知识产权授权数"`
	IPValid          int64       `en:"valid rights" zh:"有效知识产权数"`
	Inventions       int64       `en:"patents for inventions" zh:"发明专利"`
	ByReturnees      bool        `en:"company of returnees" zh:"留学人员企业"`
	ByStudents       bool        `en:"company of students" zh:"大学生科技企业"`
	RegisteredInside bool        `en:"registered and at work inside" zh:"注册地与办公地均在载体内"`
}

// TenantMetrics is what tenants reported, one row a case and period.
var TenantMetrics = NewView(Spec[MetricsRow]{
	Name: "tenant-metrics", Version: 1, Roles: Readers, Of: Of{"incubation", "incubation"},
	Title: ledger.Text{En: "figures of tenants", Zh: "在孵企业经营数据"},
	Keys: func(f Fact) []string {
		if e, ok := f.Event.(incubation.TenantMetricsReported); ok {
			return []string{f.Stream.ID.String() + ":" + e.Period.String()}
		}
		return nil
	},
	Fold: func(_ MetricsRow, _ string, f Fact) MetricsRow {
		e := f.Event.(incubation.TenantMetricsReported)
		return MetricsRow{
			f.Stream.ID, e.Period, e.Currency, e.Revenue, e.RnD, e.Tax, e.Subsidies, e.Staff, e.College, e.NewGraduates, e.Returnees,
			e.IPApplied, e.IPGranted, e.IPValid, e.Inventions, e.ByReturnees, e.ByStudents, e.CompanyInPark,
		}
	},
})

// RoundRow is money that was paid in to a tenant.
type RoundRow struct {
	Incubation uuid.UUID    `en:"case" zh:"孵化案例标识"`
	PaidOn     ledger.Date  `en:"paid in on" zh:"到账日期"`
	Round      string       `en:"round" zh:"轮次"`
	Investor   uuid.UUID    `en:"organisation that paid" zh:"投资机构标识"`
	Person     uuid.UUID    `en:"person who paid" zh:"自然人投资者标识"`
	Amount     ledger.Money `en:"amount" zh:"金额"`
	Instrument string       `en:"instrument" zh:"投资形式"`
	OwnFund    bool         `en:"from the own fund of the incubator" zh:"孵化器自有基金"`
	Voucher    string       `en:"voucher" zh:"凭证号"`
}

// FinancingRounds is every round paid in, one row a case and voucher.
var FinancingRounds = NewView(Spec[RoundRow]{
	Name: "financing-rounds", Version: 1, Roles: Readers, Of: Of{"incubation", "incubation"},
	Title: ledger.Text{En: "financing of tenants", Zh: "在孵企业投融资"},
	Keys: func(f Fact) []string {
		if e, ok := f.Event.(incubation.FinancingRoundRecorded); ok {
			return []string{f.Stream.ID.String() + ":" + e.Voucher}
		}
		return nil
	},
	Fold: func(_ RoundRow, _ string, f Fact) RoundRow {
		e := f.Event.(incubation.FinancingRoundRecorded)
		return RoundRow{f.Stream.ID, f.Meta.OccurredOn, e.Round, e.Investor, e.Person, e.Amount, e.Instrument, e.OwnFund, e.Voucher}
	},
})
