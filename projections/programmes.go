package projections

import (
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/indicator"
	"ttledger/domain/ledger"
	"ttledger/domain/programme"
)

// ProgrammeRow is one programme as its page begins.
type ProgrammeRow struct {
	ID           uuid.UUID                `en:"programme id" zh:"计划标识"`
	Code         string                   `en:"code" zh:"计划代码"`
	NameZh       string                   `en:"name (Chinese)" zh:"名称(中文)"`
	NameEn       string                   `en:"name (English)" zh:"名称(英文)"`
	ThemeZh      string                   `en:"theme (Chinese)" zh:"主题(中文)"`
	ThemeEn      string                   `en:"theme (English)" zh:"主题(英文)"`
	Batch        string                   `en:"batch" zh:"试点批次"`
	Host         uuid.UUID                `en:"run by" zh:"承办单位"`
	Counterparts []uuid.UUID              `en:"run with" zh:"对方单位"`
	Actions      []programme.Action       `en:"actions" zh:"行动"`
	Dimensions   []programme.Dimension    `en:"dimensions of coordination" zh:"协同维度"`
	Industries   []programme.IndustryList `en:"key industries" zh:"重点产业"`
	FromOn       ledger.Date              `en:"first day" zh:"开始日期"`
	ToOn         ledger.Date              `en:"last day planned" zh:"计划结束日期"`
	OpenedOn     ledger.Date              `en:"opened on" zh:"启动日期"`
	ClosedOn     ledger.Date              `en:"closed on" zh:"结束日期"`
}

// Programmes is one row a programme.
var Programmes = NewView(Spec[ProgrammeRow]{
	Name: "programmes", Version: 1, Roles: Readers, Of: Of{"programme", "id"},
	Search: []string{"name_zh", "name_en", "code"},
	Title:  ledger.Text{En: "programmes", Zh: "计划"},
	Keys: func(f Fact) []string {
		if f.Stream.Category != "programme" {
			return nil
		}
		return []string{f.Stream.ID.String()}
	},
	Fold: func(r ProgrammeRow, _ string, f Fact) ProgrammeRow {
		r.ID = f.Stream.ID
		switch e := f.Event.(type) {
		case programme.Opened:
			r.Code, r.NameZh, r.NameEn = e.Code, e.Names.Zh, e.Names.En
			r.ThemeZh, r.ThemeEn, r.Batch = e.Theme.Zh, e.Theme.En, e.Batch
			r.Host, r.Counterparts, r.Actions, r.Dimensions, r.Industries = e.Host, e.Counterparts, e.Actions, e.Dimensions, e.Industries
			r.FromOn, r.ToOn, r.OpenedOn = e.From, e.To, f.Meta.OccurredOn
		case programme.OwnerAssigned:
			r.Actions = slices.Clone(r.Actions)
			for i := range r.Actions {
				if r.Actions[i].Number == e.Action {
					r.Actions[i].Owner = e.Owner
				}
			}
		case programme.Closed:
			r.ClosedOn = f.Meta.OccurredOn
		}
		return r
	},
})

// IndicatorRow is one indicator with where it began, where it is to be and where it stands. Values
// are whole numbers in units of the last decimal place; without its day a value is none.
type IndicatorRow struct {
	ID                uuid.UUID   `en:"indicator id" zh:"指标标识"`
	Code              string      `en:"code" zh:"指标代码"`
	NameZh            string      `en:"name (Chinese)" zh:"名称(中文)"`
	NameEn            string      `en:"name (English)" zh:"名称(英文)"`
	UnitZh            string      `en:"unit (Chinese)" zh:"计量单位(中文)"`
	UnitEn            string      `en:"unit (English)" zh:"计量单位(英文)"`
	Decimals          int64       `en:"decimal places" zh:"小数位数"`
	Scope             string      `en:"scope" zh:"统计口径"`
	Kind              string      `en:"attested or derived" zh:"采信或计算"`
	Formula           string      `en:"formula" zh:"计算公式"`
	Direction         string      `en:"better direction" zh:"向好方向"`
	Programme         uuid.UUID   `en:"programme" zh:"所属计划"`
	Action            int64       `en:"action" zh:"所属行动"`
	Baseline          int64       `en:"baseline" zh:"基线"`
	BaselineOn        ledger.Date `en:"baseline as of" zh:"基线日期"`
	BaselinePrecision string      `en:"precision of the baseline" zh:"基线精度"`
	BaselineSource    string      `en:"source of the baseline" zh:"基线出处"`
	Target            int64       `en:"target" zh:"目标"`
	TargetDue         ledger.Date `en:"target due" zh:"目标期限"`
	TargetStretch     int64       `en:"value to strive for" zh:"挑战值"`
	TargetBasis       string      `en:"basis of the target" zh:"目标依据"`
	TargetSetOn       ledger.Date `en:"target set on" zh:"目标设定日期"`
	Actual            int64       `en:"actual" zh:"实绩"`
	ActualOn          ledger.Date `en:"actual as of" zh:"实绩日期"`
	ActualPrecision   string      `en:"precision of the actual" zh:"实绩精度"`
	ActualSource      string      `en:"source of the actual" zh:"实绩出处"`
}

// IndicatorBoard is one row an indicator: what the scorecard is computed from (domain read model
// R13).
var IndicatorBoard = NewView(Spec[IndicatorRow]{
	Name: "indicator-board", Version: 1, Roles: Offices, Of: Of{"indicator", "id"},
	Search: []string{"name_zh", "name_en", "code"},
	Title:  ledger.Text{En: "indicators", Zh: "指标"},
	Keys: func(f Fact) []string {
		if f.Stream.Category != "indicator" {
			return nil
		}
		return []string{f.Stream.ID.String()}
	},
	Fold: func(r IndicatorRow, _ string, f Fact) IndicatorRow {
		r.ID = f.Stream.ID
		switch e := f.Event.(type) {
		case indicator.Defined:
			r.Code, r.NameZh, r.NameEn, r.UnitZh, r.UnitEn = e.Code, e.Names.Zh, e.Names.En, e.Unit.Zh, e.Unit.En
			r.Decimals, r.Scope, r.Kind, r.Formula, r.Direction = int64(e.Decimals), e.Scope, e.Kind, e.Formula, e.Direction
			r.Programme, r.Action = e.Programme, int64(e.Action)
		case indicator.FigureAttested:
			r.attest(e, f.Meta.OccurredOn)
		case indicator.TargetSet:
			r.Target, r.TargetDue, r.TargetStretch, r.TargetBasis, r.TargetSetOn = e.Value, e.Due, e.Stretch, e.Basis, f.Meta.OccurredOn
		}
		return r
	},
})

func (r *IndicatorRow) attest(e indicator.FigureAttested, on ledger.Date) {
	if e.Kind == "baseline" {
		r.Baseline, r.BaselineOn, r.BaselinePrecision, r.BaselineSource = e.Value, on, e.Precision, sourceOf(e)
		return
	}
	r.Actual, r.ActualOn, r.ActualPrecision, r.ActualSource = e.Value, on, e.Precision, sourceOf(e)
}

// sourceOf is where a figure stands, in one line: publisher, title, date, place.
func sourceOf(e indicator.FigureAttested) string {
	line := ""
	for _, part := range []string{e.Source.Publisher, e.Source.Title, e.Source.Published.String(), e.Source.Place} {
		if part != "" && line != "" {
			line += ", "
		}
		line += part
	}
	return line
}

// FigureRow is one attested figure.
type FigureRow struct {
	Indicator uuid.UUID   `en:"indicator" zh:"指标"`
	Kind      string      `en:"baseline or actual" zh:"基线或实绩"`
	Value     int64       `en:"value" zh:"数值"`
	FigureOn  ledger.Date `en:"as of" zh:"数据日期"`
	Precision string      `en:"precision" zh:"精度"`
	Scope     string      `en:"scope" zh:"统计口径"`
	Source    string      `en:"source" zh:"出处"`
}

// Figures is every attested figure, one row a figure, keyed indicator:version.
var Figures = NewView(Spec[FigureRow]{
	Name: "figures", Version: 1, Roles: Offices, Of: Of{"indicator", "indicator"}, Once: true,
	Title: ledger.Text{En: "attested figures", Zh: "采信数据"},
	Keys: func(f Fact) []string {
		if _, ok := f.Event.(indicator.FigureAttested); !ok {
			return nil
		}
		return []string{versioned(f)}
	},
	Fold: func(_ FigureRow, _ string, f Fact) FigureRow {
		e := f.Event.(indicator.FigureAttested)
		return FigureRow{f.Stream.ID, e.Kind, e.Value, f.Meta.OccurredOn, e.Precision, e.Scope, sourceOf(e)}
	},
})
