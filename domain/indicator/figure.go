package indicator

import (
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// AttestFigure takes a figure from a source (数据采信). The act is dated on the day that the figure
// is of, so that what is read as of that day has it whenever it was learned.
type AttestFigure struct {
	Kind      string `json:"kind" enum:"baseline,actual" en:"baseline or actual" zh:"基线或实绩"`
	Value     int64  `json:"value" en:"value, in units of the last decimal place" zh:"数值(以末位小数为单位的整数)"`
	Precision string `json:"precision" enum:"exact,over,nearly" en:"exact, over (3,000+) or nearly" zh:"精确、以上或近"`
	Scope     string `json:"scope" enum:"SETDZ,TIEXI_SETDZ" en:"scope of the source, which must be the indicator's" zh:"出处口径,须与指标一致"`
	Source    Source `json:"source" en:"where it stands" zh:"出处"`
}

// Source is where a figure stands.
type Source struct {
	Title     string      `json:"title" en:"document or page" zh:"文件或页面"`
	Publisher string      `json:"publisher,omitzero" en:"who published it" zh:"发布者"`
	Published ledger.Date `json:"published,omitzero" en:"when" zh:"发布日期"`
	Place     string      `json:"place,omitzero" en:"where in it" zh:"所在位置"`
}

func (c AttestFigure) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		ledger.CheckOneOf("kind", c.Kind, "baseline", "actual"),
		ledger.CheckOneOf("precision", c.Precision, "exact", "over", "nearly"),
		ledger.CheckOneOf("scope", c.Scope, scopes...),
		ledger.CheckText("source/title", c.Source.Title, 300, true),
		ledger.CheckText("source/publisher", c.Source.Publisher, 200, false),
		ledger.CheckText("source/place", c.Source.Place, 300, false),
	); err != nil {
		return nil, err
	}
	switch {
	case c.Value < 0:
		return nil, ledger.InvalidField("value", "must not be below zero", "不能小于零")
	case c.Scope != s.Scope:
		return nil, ledger.Rejected("other-scope", ledger.Text{
			En: fmt.Sprintf("the figure is of %s, the indicator of %s; figures of different scope do not mix", c.Scope, s.Scope),
			Zh: fmt.Sprintf("数据口径为 %s,指标口径为 %s,不同口径不得混用", c.Scope, s.Scope),
		})
	case c.Kind == "actual" && s.Kind == Derived:
		return nil, ledger.Rejected("derived", ledger.Text{
			En: "the indicator is derived: its actual figures are computed from the ledger", Zh: "该指标由账本计算,实绩不得采信录入",
		})
	case c.Kind == "baseline" && !s.Baseline.IsZero():
		return nil, ledger.Rejected("baseline-attested", ledger.Text{
			En: fmt.Sprintf("there is a baseline of %s already; a wrong one is corrected", s.Baseline), Zh: fmt.Sprintf("已有 %s 的基线;如有误请更正", s.Baseline),
		})
	case c.Kind == "actual" && slices.Contains(s.Actuals, at.On):
		return nil, ledger.Rejected("figure-attested", ledger.Text{
			En: fmt.Sprintf("there is a figure of %s already; a wrong one is corrected", at.On), Zh: fmt.Sprintf("已有 %s 的数据;如有误请更正", at.On),
		})
	}
	return []Event{FigureAttested(c)}, nil
}

// FigureAttested: a figure, as of the day the event is dated on (domain catalogue event 4).
type FigureAttested struct {
	Kind      string `json:"kind"`
	Value     int64  `json:"value"`
	Precision string `json:"precision"`
	Scope     string `json:"scope"`
	Source    Source `json:"source"`
}

// EventType is the stored name.
func (FigureAttested) EventType() string { return "indicator.figure-attested.v1" }

// Correctable: a wrong record is put right by a correction.
func (FigureAttested) Correctable() {}

func (e FigureAttested) apply(s State, m ledger.Metadata) State {
	if e.Kind == "baseline" {
		s.Baseline = m.OccurredOn
		return s
	}
	s.Actuals = append(s.Actuals[:len(s.Actuals):len(s.Actuals)], m.OccurredOn)
	return s
}
