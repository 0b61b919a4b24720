package projections

import (
	"github.com/google/uuid"

	"ttledger/domain/facility"
	"ttledger/domain/ledger"
)

// FacilityRow is one facility in the register.
type FacilityRow struct {
	ID              uuid.UUID       `en:"facility id" zh:"载体标识"`
	Code            string          `en:"code" zh:"载体编号"`
	NameZh          string          `en:"name (Chinese)" zh:"名称(中文)"`
	NameEn          string          `en:"name (English)" zh:"名称(英文)"`
	Kind            string          `en:"kind" zh:"载体类型"`
	Level           string          `en:"level" zh:"级别"`
	Scheme          string          `en:"scheme" zh:"认定体系"`
	Issuer          string          `en:"issuer" zh:"认定机关"`
	Certificate     string          `en:"certificate" zh:"证书编号"`
	Host            uuid.UUID       `en:"host organisation" zh:"依托单位标识"`
	Operator        uuid.UUID       `en:"operator" zh:"运营机构标识"`
	Park            uuid.UUID       `en:"park" zh:"所在园区标识"`
	Theme           string          `en:"theme" zh:"主题(专业领域)"`
	Location        string          `en:"address" zh:"地址"`
	Country         string          `en:"country" zh:"国家或地区"`
	Longitude       string          `en:"longitude (WGS 84)" zh:"经度(WGS 84)"`
	Latitude        string          `en:"latitude (WGS 84)" zh:"纬度(WGS 84)"`
	Virtual         bool            `en:"without premises" zh:"虚拟载体"`
	TotalM2         int64           `en:"total area, m²" zh:"总面积(平方米)"`
	OfficeM2        int64           `en:"for the operator, m²" zh:"办公用房(平方米)"`
	TenantM2        int64           `en:"for tenants, m²" zh:"在孵企业用房(平方米)"`
	PublicM2        int64           `en:"for public services, m²" zh:"公共服务用房(平方米)"`
	OtherM2         int64           `en:"other area, m²" zh:"其他(平方米)"`
	Rooms           []facility.Room `en:"rooms" zh:"房间"`
	Seats           int64           `en:"work places" zh:"工位数"`
	Functions       []string        `en:"functions" zh:"离岸功能"`
	Directions      []string        `en:"directions" zh:"研究方向"`
	Experts         []uuid.UUID     `en:"experts" zh:"专家标识"`
	AgreementTo     ledger.Date     `en:"agreement until" zh:"协议截止日"`
	FoundedOn       ledger.Date     `en:"founded on" zh:"成立日期"`
	DesignatedOn    ledger.Date     `en:"designated on" zh:"认定日期"`
	InForceFrom     ledger.Date     `en:"in force from" zh:"生效日"`
	InForceTo       ledger.Date     `en:"in force until" zh:"有效期止"`
	ReviewPeriod    string          `en:"last review of" zh:"最近考核周期"`
	ReviewResult    string          `en:"result of the last review" zh:"最近考核结果"`
	FailedReviews   int64           `en:"failed reviews in a row" zh:"连续不合格次数"`
	WithdrawnOn     ledger.Date     `en:"without the designation from" zh:"撤销生效日"`
	WithdrawnGround string          `en:"why withdrawn" zh:"撤销原因"`
}

// FacilityRegister is every facility with its designation (domain read model R17).
var FacilityRegister = NewView(Spec[FacilityRow]{
	Name: "facility-register", Version: 1, Roles: Readers, Of: Of{"facility", "id"},
	Title: ledger.Text{En: "facility register", Zh: "平台载体台账"},
	Keys: func(f Fact) []string {
		switch f.Event.(type) {
		case facility.Designated, facility.Reviewed, facility.SpaceChanged, facility.Withdrawn, facility.WithdrawalRevoked:
			return []string{f.Stream.ID.String()}
		}
		return nil
	},
	Fold: func(r FacilityRow, _ string, f Fact) FacilityRow {
		r.ID = f.Stream.ID
		switch e := f.Event.(type) {
		case facility.Designated:
			r.designate(e, f)
		case facility.Reviewed:
			r.ReviewPeriod, r.ReviewResult = e.Period, e.Result
			r.FailedReviews++
			if e.Result != "fail" {
				r.FailedReviews = 0
			}
		case facility.SpaceChanged:
			r.space(e.Space, e.Rooms, e.Seats, e.Place)
		case facility.Withdrawn:
			r.WithdrawnOn, r.WithdrawnGround = e.EffectiveOn, e.Ground
		case facility.WithdrawalRevoked:
			r.WithdrawnOn, r.WithdrawnGround = ledger.Date{}, ""
		}
		return r
	},
})

func (r *FacilityRow) designate(e facility.Designated, f Fact) {
	r.Code, r.NameZh, r.NameEn, r.Kind, r.Level = e.Code, e.Names.Zh, e.Names.En, e.Kind, e.Level
	r.Scheme, r.Issuer, r.Certificate = e.Scheme, e.Issuer, e.Certificate
	r.Host, r.Operator, r.Park, r.Theme, r.Virtual = e.Host, e.Operator, e.Park, e.Theme, e.Virtual
	r.Functions, r.Directions, r.Experts = e.Functions, e.Directions, e.Experts
	r.AgreementTo, r.FoundedOn = e.Agreement, e.Founded
	r.DesignatedOn, r.InForceFrom, r.InForceTo = f.Meta.OccurredOn, e.From, e.To
	r.space(e.Space, e.Rooms, e.Seats, e.Place)
}

func (r *FacilityRow) space(s facility.Space, rooms []facility.Room, seats int64, p facility.Place) {
	r.TotalM2, r.OfficeM2, r.TenantM2, r.PublicM2, r.OtherM2 = s.Total, s.Office, s.Tenant, s.Public, s.Other
	r.Rooms, r.Seats = rooms, seats
	r.Location, r.Country, r.Longitude, r.Latitude = p.Location, p.Country, p.Longitude, p.Latitude
}

// ParkRow is one park and its chief scientist.
type ParkRow struct {
	ID             uuid.UUID   `en:"park id" zh:"园区标识"`
	NameZh         string      `en:"name (Chinese)" zh:"名称(中文)"`
	NameEn         string      `en:"name (English)" zh:"名称(英文)"`
	Theme          string      `en:"theme" zh:"主题"`
	ChiefScientist uuid.UUID   `en:"chief scientist in post" zh:"在任首席科学家标识"`
	InPostFrom     ledger.Date `en:"in post from" zh:"任期起"`
	InPostTo       ledger.Date `en:"term until" zh:"任期止"`
	VacantFrom     ledger.Date `en:"vacant from" zh:"空缺起始"`
	TenantsUntil   ledger.Date `en:"takes tenants until, without one" zh:"空缺宽限期止"`
	Vacancies      []Vacancy   `en:"vacancies that ended" zh:"已结束的空缺区间"`
}

// Vacancy is a time without a chief scientist, from its first day to that of the successor.
type Vacancy struct {
	From ledger.Date `json:"from"`
	To   ledger.Date `json:"to"`
}

// Parks is every park with its chief scientist (domain read model R15). The days of a vacancy
// depend on the day asked for, so a report counts them.
var Parks = NewView(Spec[ParkRow]{
	Name: "parks", Version: 1, Roles: Readers, Of: Of{"facility", "id"},
	Title: ledger.Text{En: "parks and chief scientists", Zh: "园区与首席科学家"},
	Keys: func(f Fact) []string {
		switch e := f.Event.(type) {
		case facility.Designated:
			if e.Kind != "park" {
				return nil
			}
		case facility.ChiefScientistAppointed, facility.ChiefScientistReleased:
		default:
			return nil
		}
		return []string{f.Stream.ID.String()}
	},
	Fold: func(r ParkRow, _ string, f Fact) ParkRow {
		r.ID = f.Stream.ID
		switch e := f.Event.(type) {
		case facility.Designated:
			r.NameZh, r.NameEn, r.Theme = e.Names.Zh, e.Names.En, e.Theme
			if r.ChiefScientist == uuid.Nil {
				r.VacantFrom, r.TenantsUntil = e.From, e.StaffBy
			}
		case facility.ChiefScientistAppointed:
			if !r.VacantFrom.IsZero() && r.VacantFrom.Compare(e.From) < 0 {
				r.Vacancies = append(r.Vacancies[:len(r.Vacancies):len(r.Vacancies)], Vacancy{r.VacantFrom, e.From})
			}
			r.ChiefScientist, r.InPostFrom, r.InPostTo = e.Person, e.From, e.To
			r.VacantFrom, r.TenantsUntil = ledger.Date{}, e.StaffBy
		case facility.ChiefScientistReleased:
			r.ChiefScientist, r.InPostFrom, r.InPostTo = uuid.Nil, ledger.Date{}, ledger.Date{}
			r.VacantFrom, r.TenantsUntil = e.VacantFrom, e.StaffBy
		}
		return r
	},
})

// OperationRow is the operator's figures of one facility and period.
type OperationRow struct {
	Facility             uuid.UUID   `en:"facility" zh:"载体标识"`
	Period               ledger.Date `en:"period" zh:"所属期"`
	Currency             string      `en:"currency" zh:"币种"`
	ServiceIncome        int64       `en:"income from services, minor units" zh:"综合服务收入(分)"`
	PropertyIncome       int64       `en:"income from property, minor units" zh:"物业收入(分)"`
	InvestmentIncome     int64       `en:"income from investments, minor units" zh:"投资收入(分)"`
	OtherIncome          int64       `en:"other income, minor units" zh:"其他收入(分)"`
	NetProfit            int64       `en:"net profit, minor units" zh:"净利润(分)"`
	Tax                  int64       `en:"taxes paid, minor units" zh:"上缴税金(分)"`
	Subsidies            int64       `en:"public subsidies, minor units" zh:"财政资助(分)"`
	FiscalInvestment     int64       `en:"invested by the treasury, minor units" zh:"财政投资(分)"`
	EnterpriseInvestment int64       `en:"invested by enterprises, minor units" zh:"企业投资(分)"`
	SocialInvestment     int64       `en:"invested by others, minor units" zh:"社会及其他投资(分)"`
	Fund                 int64       `en:"incubation fund, minor units" zh:"孵化基金规模(分)"`
	Staff                int64       `en:"staff" zh:"从业人员"`
	ProfessionalStaff    int64       `en:"trained for incubation" zh:"专业孵化服务人员"`
	CollegeStaff         int64       `en:"with a college degree" zh:"大专以上人员"`
	ReturneeStaff        int64       `en:"returned from abroad" zh:"留学回国人员"`
}

// FacilityOperations is what operators reported, one row a facility and period.
var FacilityOperations = NewView(Spec[OperationRow]{
	Name: "facility-operations", Version: 1, Roles: Readers, Of: Of{"facility", "facility"},
	Title: ledger.Text{En: "figures of operators", Zh: "载体运营数据"},
	Keys: func(f Fact) []string {
		if e, ok := f.Event.(facility.OperationReported); ok {
			return []string{f.Stream.ID.String() + ":" + e.Period.String()}
		}
		return nil
	},
	Fold: func(_ OperationRow, _ string, f Fact) OperationRow {
		e := f.Event.(facility.OperationReported)
		return OperationRow{
			f.Stream.ID, e.Period, e.Currency, e.Service, e.Property, e.Investment, e.Other, e.NetProfit, e.Tax, e.Subsidies,
			e.FiscalFunds, e.CompanyFunds, e.SocialFunds, e.Fund, e.Staff, e.Professionals, e.College, e.Returnees,
		}
	},
})
