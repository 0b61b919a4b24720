package projections

import (
	"github.com/google/uuid"

	"ttledger/domain/investment"
	"ttledger/domain/ledger"
)

// CommitmentRow is one commitment of a fund. Amounts without a currency of their own are minor
// units of the commitment's.
type CommitmentRow struct {
	ID          uuid.UUID    `en:"investment id" zh:"投资标识"`
	Code        string       `en:"code" zh:"编号"`
	Fund        uuid.UUID    `en:"fund" zh:"基金"`
	Company     uuid.UUID    `en:"company" zh:"被投企业"`
	Project     uuid.UUID    `en:"project" zh:"项目"`
	Amount      ledger.Money `en:"committed" zh:"承诺出资"`
	Capital     int64        `en:"capital of the fund then (minor units)" zh:"当时基金可承诺总额(最小货币单位)"`
	Paid        int64        `en:"paid in, less what was reversed (minor units)" zh:"实缴净额(最小货币单位)"`
	Outside     int64        `en:"others in the same rounds (minor units)" zh:"同轮其他资本(最小货币单位)"`
	Instrument  string       `en:"instrument" zh:"出资方式"`
	Round       string       `en:"round" zh:"轮次"`
	Body        string       `en:"decided by" zh:"决策机构"`
	Meeting     string       `en:"decision" zh:"决议编号"`
	Related     bool         `en:"related parties" zh:"关联交易"`
	CommittedOn ledger.Date  `en:"committed on" zh:"承诺日期"`
	FirstPaidOn ledger.Date  `en:"first paid in on" zh:"首次实缴日期"`
	ExitedOn    ledger.Date  `en:"exited on" zh:"退出日期"`
	Way         string       `en:"way out" zh:"退出方式"`
	Proceeds    ledger.Money `en:"proceeds" zh:"退出所得"`
}

// FundCommitments is what funds promised, paid in and left, one row a commitment (domain read
// model R12).
var FundCommitments = NewView(Spec[CommitmentRow]{
	Name: "fund-commitments", Version: 1, Roles: Readers, Of: Of{"investment", "id"},
	Title: ledger.Text{En: "fund commitments", Zh: "基金承诺与到位"},
	Keys:  own("investment"),
	Fold: func(r CommitmentRow, _ string, f Fact) CommitmentRow {
		on := f.Meta.OccurredOn
		r.ID = f.Stream.ID
		switch e := f.Event.(type) {
		case investment.CommitmentMade:
			r.Code, r.Fund, r.Company, r.Project = e.Code, e.Fund, e.Company, e.Project
			r.Amount, r.Capital, r.Instrument, r.Round = e.Amount, e.Capital.Minor, e.Instrument, e.Round
			r.Body, r.Meeting, r.Related, r.CommittedOn = e.Body, e.Meeting, e.Related, on
		case investment.CapitalPaidIn:
			r.Paid, r.Outside, r.FirstPaidOn = r.Paid+e.Amount.Minor, r.Outside+e.Outside.Minor, first(r.FirstPaidOn, on)
		case investment.EntryReversed:
			r.Paid -= e.Amount.Minor
		case investment.InvestmentExited:
			r.ExitedOn, r.Way, r.Proceeds = on, e.Way, e.Proceeds
		}
		return r
	},
})
