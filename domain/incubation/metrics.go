package incubation

import (
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// Metrics is a tenant's figures of a month or year. Amounts are in minor units of one currency.
type Metrics struct {
	Period        ledger.Date `json:"period" en:"month or year, such as 2025" zh:"所属期(年或月,如 2025)"`
	Currency      string      `json:"currency" enum:"CNY,USD,EUR,GBP,SEK,CHF,HKD,SGD,JPY,KRW" en:"currency of the amounts" zh:"币种"`
	Revenue       int64       `json:"revenue,omitzero" en:"revenue, minor units" zh:"营业收入(分)"`
	RnD           int64       `json:"rnd,omitzero" en:"spent on research and development, minor units" zh:"研发投入(分)"`
	Tax           int64       `json:"tax,omitzero" en:"taxes paid, minor units" zh:"上缴税金(分)"`
	Subsidies     int64       `json:"subsidies,omitzero" en:"public subsidies received, minor units" zh:"财政资助(分)"`
	Staff         int64       `json:"staff,omitzero" en:"people employed" zh:"从业人员"`
	College       int64       `json:"college_staff,omitzero" en:"of them with a college degree" zh:"其中大专以上人员"`
	NewGraduates  int64       `json:"new_graduates,omitzero" en:"of them graduates of this year" zh:"其中应届毕业生"`
	Returnees     int64       `json:"returnees,omitzero" en:"of them returned from abroad" zh:"其中留学回国人员"`
	IPApplied     int64       `json:"ip_applied,omitzero" en:"rights applied for in the period" zh:"当期知识产权申请数"`
	IPGranted     int64       `json:"ip_granted,omitzero" en:"rights granted in the period" zh:"当期知识产权授权数"`
	IPValid       int64       `json:"ip_valid,omitzero" en:"valid rights held" zh:"拥有有效知识产权数"`
	Inventions    int64       `json:"inventions,omitzero" en:"of them patents for inventions" zh:"其中发明专利"`
	ByReturnees   bool        `json:"by_returnees,omitzero" en:"a company of returnees" zh:"留学人员企业"`
	ByStudents    bool        `json:"by_students,omitzero" en:"a company of students" zh:"大学生科技企业"`
	CompanyInPark bool        `json:"registered_inside,omitzero" en:"registered and at work in the facility" zh:"注册地与办公地均在载体内"`
}

// ReportMetrics reports a tenant's figures of a period that is over, once.
type ReportMetrics struct{ Metrics }

const (
	maxFigure = 10_000_000_000_000_000 // of amounts: a hundred trillion yuan in fen
	maxHeads  = 1_000_000
)

func (c ReportMetrics) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(s.live(at), ledger.Money{Minor: 1, Currency: c.Currency}.Check(""), c.checkFigures()); err != nil {
		return nil, err
	}
	switch p := c.Period.Precision(); {
	case p != "month" && p != "year" || c.Period.Last().Compare(at.On) > 0:
		return nil, ledger.InvalidField("period", "a month or year that is over, such as 2025 or 2025-06", "应为已结束的年或月,如 2025 或 2025-06")
	case c.Period.Last().Compare(s.From) < 0:
		return nil, ledger.InvalidField("period", fmt.Sprintf("ended before the admission on %s", s.From), fmt.Sprintf("早于入孵日 %s", s.From))
	case slices.Contains(s.Reported, c.Period):
		return nil, reject("period-reported", fmt.Sprintf("the figures of %s are recorded; put them right by a correction", c.Period), fmt.Sprintf("%s 数据已报送,请通过更正处理", c.Period))
	}
	return []Event{TenantMetricsReported(c)}, nil
}

// checkFigures is what the return's own form checks: no part is more than its whole.
func (c ReportMetrics) checkFigures() error {
	for _, f := range []struct {
		path  string
		n     int64
		limit int64
	}{
		{"revenue", c.Revenue, maxFigure}, {"rnd", c.RnD, maxFigure}, {"tax", c.Tax, maxFigure}, {"subsidies", c.Subsidies, maxFigure},
		{"staff", c.Staff, maxHeads}, {"college_staff", c.College, c.Staff}, {"new_graduates", c.NewGraduates, c.Staff}, {"returnees", c.Returnees, c.Staff},
		{"ip_applied", c.IPApplied, maxHeads}, {"ip_granted", c.IPGranted, maxHeads}, {"ip_valid", c.IPValid, maxHeads}, {"inventions", c.Inventions, c.IPValid},
	} {
		if f.n < 0 || f.n > f.limit {
			return ledger.InvalidField(f.path, fmt.Sprintf("0 to %d here, got %d; a part is not more than its whole", f.limit, f.n), fmt.Sprintf("此处为 0 至 %d,实际 %d;分项不得大于总项", f.limit, f.n))
		}
	}
	return nil
}

// TenantMetricsReported: the tenant's figures of a period are on record (domain catalogue event 61).
type TenantMetricsReported struct{ Metrics }

// EventType is the stored name.
func (TenantMetricsReported) EventType() string { return "incubation.metrics-reported.v1" }

// Correctable: a wrong record is put right by a correction.
func (TenantMetricsReported) Correctable() {}

func (e TenantMetricsReported) apply(s State, _ ledger.Metadata) State {
	s.Reported = append(slices.Clone(s.Reported), e.Period)
	if e.Period.Precision() == "year" {
		s.Years = append(slices.Clone(s.Years), Year{e.Period.Year, ledger.Money{Minor: e.Revenue, Currency: e.Currency}})
	}
	return s
}
