package projections

import (
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/demand"
	"ttledger/domain/ledger"
)

// DemandRow is one demand as a manager scans it.
type DemandRow struct {
	ID           uuid.UUID    `en:"demand id" zh:"需求标识"`
	Code         string       `en:"code" zh:"需求编号"`
	TitleZh      string       `en:"title (Chinese)" zh:"需求名称(中文)"`
	TitleEn      string       `en:"title (English)" zh:"需求名称(英文)"`
	Organisation uuid.UUID    `en:"enterprise" zh:"需求企业"`
	Mode         string       `en:"mode" zh:"对接方式"`
	Industry     string       `en:"industry" zh:"行业"`
	Targets      []string     `en:"target metrics" zh:"技术指标"`
	Budget       ledger.Money `en:"budget" zh:"预算"`
	Deadline     ledger.Date  `en:"last day for offers" zh:"截止日期"`
	PublishedOn  ledger.Date  `en:"published on" zh:"发布日期"`
	Matches      []Matched    `en:"matches" zh:"对接"`
	MatchedOn    ledger.Date  `en:"first matched on" zh:"首次对接日期"`
	Closed       string       `en:"closed, ground" zh:"关闭事由"`
	ClosedOn     ledger.Date  `en:"closed on" zh:"关闭日期"`
}

// Matched is what was confirmed to meet a demand, and where it came from.
type Matched struct {
	Achievement uuid.UUID   `json:"achievement,omitzero"`
	Team        uuid.UUID   `json:"team,omitzero"`
	Channel     string      `json:"channel"`
	Rank        int         `json:"rank,omitzero"`
	On          ledger.Date `json:"on"`
}

// DemandBoard is the demands, one row each.
var DemandBoard = NewView(Spec[DemandRow]{
	Name: "demand-board", Version: 1, Roles: Readers, Of: Of{"demand", "id"},
	Title: ledger.Text{En: "board of demands", Zh: "技术需求看板"},
	Keys: func(f Fact) []string {
		if _, ok := f.Event.(demand.Event); !ok {
			return nil
		}
		return []string{f.Stream.ID.String()}
	},
	Fold: func(r DemandRow, _ string, f Fact) DemandRow {
		on := f.Meta.OccurredOn
		r.ID = f.Stream.ID
		switch e := f.Event.(type) {
		case demand.Published:
			r.Code, r.Organisation, r.PublishedOn = e.Code, e.Organisation, on
			r.terms(e.Terms)
		case demand.Revised:
			r.terms(e.Terms)
		case demand.MatchConfirmed:
			r.Matches = append(slices.Clone(r.Matches), Matched{e.Achievement, e.Team, e.Channel, e.Rank, on})
			r.MatchedOn = first(r.MatchedOn, on)
		case demand.Closed:
			r.Closed, r.ClosedOn = e.Ground, on
		}
		return r
	},
})

func (r *DemandRow) terms(t demand.Terms) {
	r.TitleZh, r.TitleEn, r.Mode, r.Industry = t.Titles.Zh, t.Titles.En, t.Mode, t.Industry
	r.Targets, r.Deadline, r.Budget = t.Targets, t.Deadline, ledger.Money{}
	if t.Budget != nil {
		r.Budget = *t.Budget
	}
}
