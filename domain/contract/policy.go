package contract

import (
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// Rules are the forms of policies that contracts are decided under.
var Rules = []ledger.RuleForm{
	ledger.RuleOf[Clock]("contract", ledger.Text{En: "time limits of contracts", Zh: "技术合同期限"}),
	ledger.RuleOf[Rates]("distribution", ledger.Text{En: "distribution of income", Zh: "科技成果转化收益分配"}),
}

// Clock is the time limits that contracts are followed up by.
type Clock struct {
	RegisterDays int `json:"register_days" en:"days from signing after which a missing registration is flagged" zh:"签订后未登记的提示天数"`
	RecordMonths int `json:"record_months" en:"months from its first day within which a patent licence is filed" zh:"专利许可自生效起的备案月数"`
}

// Check says what is wrong with the limits.
func (c Clock) Check() error {
	if c.RegisterDays < 0 || c.RegisterDays > 3660 || c.RecordMonths < 0 || c.RecordMonths > 120 {
		return ledger.InvalidField("params", "0 to 3660 days, 0 to 120 months", "天数为 0 至 3660,月数为 0 至 120")
	}
	return nil
}

// clock is the limits in force; where no policy is, nothing is chased.
func clock(at ledger.Context) Clock {
	c, _ := ledger.Params[Clock](at)
	return c
}

// Rates is what a policy says of distributions. Rates are in per mille of the base: of net income
// from transfer or licence, of the capital that technology was contributed for, of the operating
// profit of a year.
type Rates struct {
	NetIncome   int      `json:"net_income" en:"of net income, per mille" zh:"转让、许可净收入(‰)"`
	Equity      int      `json:"equity" en:"of shares, per mille" zh:"作价投资股份(‰)"`
	Profit      int      `json:"profit" en:"of a year's operating profit, per mille" zh:"年营业利润(‰)"`
	ProfitYears int      `json:"profit_years" en:"for how many consecutive years" zh:"连续提取年数"`
	Binds       []string `json:"binds,omitzero" en:"kinds of unit for which the rates are a floor; elsewhere they hold where nothing was agreed" zh:"以上比例为下限的单位性质;其他单位在未约定时适用"`
	DueMonths   int      `json:"due_months,omitzero" en:"months from a receipt within which completers are paid" zh:"到账后支付奖酬的月数"`
	AwardNotice bool     `json:"award_notice,omitzero" en:"awards are publicised first" zh:"奖酬方案须先公示"`
	Deductible  []string `json:"deductible,omitzero" en:"kinds of cost that may be deducted; all where empty" zh:"可扣除的成本类别(缺省为全部)"`
	Tiers       []Tier   `json:"tiers,omitzero" en:"rates by cumulative net income, where no other is asked for" zh:"按累计净收入分档的比例"`
}

// Tier is the rate of the part of cumulative net income above an amount.
type Tier struct {
	Above    int64 `json:"above_minor" en:"above, in minor units" zh:"超过(最小货币单位)"`
	PerMille int   `json:"per_mille" en:"per mille" zh:"比例(‰)"`
}

// Check says what is wrong with the rates.
func (r Rates) Check() error {
	for path, rate := range map[string]int{"net_income": r.NetIncome, "equity": r.Equity, "profit": r.Profit} {
		if rate < 0 || rate > 1000 {
			return ledger.InvalidField("params/"+path, "0 to 1000 per mille", "0 至 1000 ‰")
		}
	}
	if r.ProfitYears < 0 || r.ProfitYears > 20 || r.DueMonths < 0 || r.DueMonths > 120 {
		return ledger.InvalidField("params", "0 to 20 years, 0 to 120 months", "年数为 0 至 20,月数为 0 至 120")
	}
	for i, kind := range r.Deductible {
		if err := ledger.CheckOneOf(fmt.Sprintf("params/deductible/%d", i), kind, costKinds...); err != nil {
			return err
		}
	}
	above := int64(-1)
	for i, t := range r.Tiers {
		if t.Above <= above || i == 0 && t.Above != 0 || t.Above > most || t.PerMille < 0 || t.PerMille > 1000 {
			return ledger.InvalidField(fmt.Sprintf("params/tiers/%d", i), "from 0 on, each above the one before, 0 to 1000 per mille", "自 0 起逐档递增,比例为 0 至 1000 ‰")
		}
		above = t.Above
	}
	return nil
}

// The bases that a distribution is made of (PSTTA 45).
const (
	NetIncome = "net-income" // receipts less costs
	Shares    = "equity"     // the capital that technology was contributed for
	Profit    = "profit"     // the operating profit of a year
)

// Of is the rate of a base.
func (r Rates) Of(base string) int {
	return map[string]int{NetIncome: r.NetIncome, Shares: r.Equity, Profit: r.Profit}[base]
}

// theLaw is PSTTA 45 (2015), in per mille: the floor of state-established research units and
// universities, whatever other policy a distribution names.
var theLaw = Rates{NetIncome: 500, Equity: 500, Profit: 50}

// byLaw says that the law sets a floor to a kind of unit (PSTTA 45, last paragraph).
func byLaw(unit string) bool { return unit == "state-rd" || unit == "university" }

// covered says that PSTTA 45 speaks of a base under a mode: income of transfers and licences.
func covered(base, mode string) bool {
	return base != NetIncome || mode == "transfer" || mode == "licence"
}

// floor is the per mille of a base below which the completers' part is refused.
func (r Rates) floor(s State, base, basis string) int {
	if !covered(base, s.Terms.Mode) {
		return 0
	}
	floor := 0
	if byLaw(s.UnitKind) {
		floor = theLaw.Of(base)
	}
	if basis == "statutory-default" || slices.Contains(r.Binds, s.UnitKind) {
		floor = max(floor, r.Of(base))
	}
	return floor
}

// award is the completers' part by the policy's own rates: by tiers of cumulative net income where
// it has any.
func (r Rates) award(base string, before, net int64) int64 {
	if base != NetIncome || len(r.Tiers) == 0 {
		return share(net, r.Of(base))
	}
	sum := int64(0)
	for i, t := range r.Tiers {
		top := before + net
		if i+1 < len(r.Tiers) {
			top = min(top, r.Tiers[i+1].Above)
		}
		sum += share(max(0, top-max(before, t.Above)), t.PerMille)
	}
	return min(sum, net)
}

// days is a date so many days on; none where it is none.
func days(from ledger.Date, n int) ledger.Date {
	if n == 0 {
		return ledger.Date{}
	}
	return from.Last().Plus(0, 0, n)
}

// months is the same day so many months on, or the last of that month; none where it is none.
func months(from ledger.Date, n int) ledger.Date {
	if n == 0 {
		return ledger.Date{}
	}
	return from.Last().Plus(0, n, 0)
}
