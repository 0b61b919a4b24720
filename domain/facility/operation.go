package facility

import (
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// Operation is the operator's own figures of a month or year, as the statistics of incubators ask
// for them. Amounts are in minor units of one currency.
type Operation struct {
	Period        ledger.Date `json:"period" en:"month or year, such as 2025" zh:"所属期(年或月,如 2025)"`
	Currency      string      `json:"currency" enum:"CNY,USD,EUR,GBP,SEK,CHF,HKD,SGD,JPY,KRW" en:"currency of the amounts" zh:"币种"`
	Service       int64       `json:"service_income,omitzero" en:"income from services, minor units" zh:"综合服务收入(分)"`
	Property      int64       `json:"property_income,omitzero" en:"income from rent and property, minor units" zh:"物业收入(分)"`
	Investment    int64       `json:"investment_income,omitzero" en:"income from investments, minor units" zh:"投资收入(分)"`
	Other         int64       `json:"other_income,omitzero" en:"other income, minor units" zh:"其他收入(分)"`
	NetProfit     int64       `json:"net_profit,omitzero" en:"net profit, minor units; below zero for a loss" zh:"净利润(分,亏损为负)"`
	Tax           int64       `json:"tax,omitzero" en:"taxes paid, minor units" zh:"上缴税金(分)"`
	Subsidies     int64       `json:"subsidies,omitzero" en:"public subsidies received, minor units" zh:"财政资助(分)"`
	FiscalFunds   int64       `json:"fiscal_investment,omitzero" en:"invested by the treasury, minor units" zh:"财政投资(分)"`
	CompanyFunds  int64       `json:"enterprise_investment,omitzero" en:"invested by enterprises, minor units" zh:"企业投资(分)"`
	SocialFunds   int64       `json:"social_investment,omitzero" en:"invested by others, minor units" zh:"社会及其他投资(分)"`
	Fund          int64       `json:"fund,omitzero" en:"size of the incubation fund, minor units" zh:"孵化基金规模(分)"`
	Staff         int64       `json:"staff,omitzero" en:"staff of the operator" zh:"管理机构从业人员"`
	Professionals int64       `json:"professional_staff,omitzero" en:"of them trained for incubation" zh:"其中专业孵化服务人员"`
	College       int64       `json:"college_staff,omitzero" en:"of them with a college degree" zh:"其中大专以上人员"`
	Returnees     int64       `json:"returnee_staff,omitzero" en:"of them returned from abroad" zh:"其中留学回国人员"`
}

// ReportOperation reports the operator's figures of a period that is over.
type ReportOperation struct{ Operation }

// maxFigure bounds amounts and counts that are reported: a hundred trillion yuan in fen.
const maxFigure = 10_000_000_000_000_000

func (c ReportOperation) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.open(at),
		ledger.Money{Minor: 1, Currency: c.Currency}.Check(""),
		c.checkFigures(),
	); err != nil {
		return nil, err
	}
	if p := c.Period.Precision(); p != "month" && p != "year" || c.Period.Last().Compare(at.On) > 0 {
		return nil, ledger.InvalidField("period", "a month or year that is over, such as 2025 or 2025-06", "应为已结束的年或月,如 2025 或 2025-06")
	}
	if slices.Contains(s.Reported, c.Period) {
		return nil, reject("period-reported", fmt.Sprintf("the figures of %s are recorded; put them right by a correction", c.Period), fmt.Sprintf("%s 数据已报送,请通过更正处理", c.Period))
	}
	return []Event{OperationReported(c)}, nil
}

func (c ReportOperation) checkFigures() error {
	for _, f := range []struct {
		path  string
		value int64
		least int64
	}{
		{"service_income", c.Service, 0}, {"property_income", c.Property, 0}, {"investment_income", c.Investment, -maxFigure},
		{"other_income", c.Other, 0}, {"net_profit", c.NetProfit, -maxFigure}, {"tax", c.Tax, 0}, {"subsidies", c.Subsidies, 0},
		{"fiscal_investment", c.FiscalFunds, 0}, {"enterprise_investment", c.CompanyFunds, 0}, {"social_investment", c.SocialFunds, 0},
		{"fund", c.Fund, 0}, {"staff", c.Staff, 0}, {"professional_staff", c.Professionals, 0}, {"college_staff", c.College, 0},
		{"returnee_staff", c.Returnees, 0},
	} {
		if f.value < f.least || f.value > maxFigure {
			return ledger.InvalidField(f.path, "is out of range", "数值超出范围")
		}
	}
	for _, part := range []struct {
		path string
		n    int64
	}{{"professional_staff", c.Professionals}, {"college_staff", c.College}, {"returnee_staff", c.Returnees}} {
		if part.n > c.Staff {
			return ledger.InvalidField(part.path, fmt.Sprintf("more than the staff of %d", c.Staff), fmt.Sprintf("超过从业人员总数 %d", c.Staff))
		}
	}
	return nil
}

// OperationReported: the operator's figures of a period are on record.
type OperationReported struct{ Operation }

// EventType is the stored name.
func (OperationReported) EventType() string { return "facility.operation-reported.v1" }

// Correctable: a wrong record is put right by a correction.
func (OperationReported) Correctable() {}

func (e OperationReported) apply(s State, _ ledger.Metadata) State {
	s.Reported = append(slices.Clone(s.Reported), e.Period)
	return s
}
