package contract

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// base is what is distributed: one of receipts, capital and profit.
func (c ApproveDistribution) base(s State, rates Rates, at ledger.Context) (DistributionApproved, error) {
	e := DistributionApproved{Entry: c.Entry, Basis: c.Basis, UnitKind: s.UnitKind, Mode: s.Terms.Mode, AwardNotice: c.AwardNotice, Deliberation: c.Deliberation}
	given := 0
	for _, one := range []bool{len(c.Receipts) > 0, c.Capital != nil, c.Year != nil} {
		if one {
			given++
		}
	}
	if given != 1 {
		return e, ledger.InvalidField("receipts", "give receipts, or capital, or the profit of a year", "到账、出资、年营业利润须且只能填写一项")
	}
	if len(c.Costs) > 0 && len(c.Receipts) == 0 {
		return e, ledger.InvalidField("costs", "costs are deducted from receipts only", "成本只能从到账中扣除")
	}
	switch {
	case c.Capital != nil:
		return c.fromCapital(s, e, at)
	case c.Year != nil:
		return c.fromProfit(s, e, at)
	}
	return c.fromReceipts(s, rates, e, at)
}

// fromReceipts: the receipts whole, less the costs that were not deducted before, as far as the
// receipts reach; what they do not reach is carried to the next run.
func (c ApproveDistribution) fromReceipts(s State, rates Rates, e DistributionApproved, at ledger.Context) (DistributionApproved, error) {
	if err := ledger.CheckCount("receipts", len(c.Receipts), 200); err != nil {
		return e, err
	}
	gross := int64(0)
	for i, id := range c.Receipts {
		r, ok := s.entry(id)
		run, distributed := s.runOn(id)
		switch {
		case !ok || r.Kind != Receipt:
			return e, reject("no-such-receipt", fmt.Sprintf("the contract has no receipt %s", id), fmt.Sprintf("合同没有到账分录 %s", id))
		case r.Undone:
			return e, reject("receipt-reversed", fmt.Sprintf("the receipt %s was reversed", r.Voucher), fmt.Sprintf("到账 %s 已冲销", r.Voucher))
		case distributed || slices.Contains(c.Receipts[:i], id):
			return e, reject("already-distributed", fmt.Sprintf("the receipt %s is distributed already (%s)", r.Voucher, run.ID), fmt.Sprintf("到账 %s 已分配(%s)", r.Voucher, run.ID))
		}
		if err := notBefore(at.On, r.On, ledger.Text{En: "the receipt", Zh: "到账日"}); err != nil {
			return e, err
		}
		gross += r.Left()
	}
	stated, err := s.costs(c.Costs, rates)
	if err != nil {
		return e, err
	}
	carried := s.carried(uuid.Nil)
	deducted := min(gross, carried+stated)
	e.Base, e.Receipts, e.Costs = NetIncome, c.Receipts, c.Costs
	e.Gross, e.Net = s.Terms.money(gross), s.Terms.money(gross-deducted)
	e.CarriedIn, e.Deducted, e.CarriedOut = s.Terms.moneyOr(carried), s.Terms.moneyOr(deducted), s.Terms.moneyOr(carried+stated-deducted)
	return e, nil
}

// costs is the sum of cost lines, none of which was deducted before.
func (s State) costs(lines []Cost, rates Rates) (sum int64, err error) {
	if err := ledger.CheckCount("costs", len(lines), 200); err != nil {
		return 0, err
	}
	used := map[string]bool{}
	for _, run := range s.runs() {
		for _, c := range run.Run.Costs {
			used[c.Voucher] = true
		}
	}
	for i, c := range lines {
		at := fmt.Sprintf("costs/%d", i)
		if err := ledger.First(
			ledger.CheckOneOf(at+"/kind", c.Kind, costKinds...),
			s.Terms.within(at+"/amount", c.Amount, most-sum),
			ledger.CheckText(at+"/voucher", c.Voucher, 100, true),
		); err != nil {
			return 0, err
		}
		if len(rates.Deductible) > 0 && !slices.Contains(rates.Deductible, c.Kind) {
			return 0, reject("not-deductible", fmt.Sprintf("the policy does not deduct %s costs", c.Kind), fmt.Sprintf("该政策不允许扣除 %s 类成本", c.Kind))
		}
		if used[c.Voucher] {
			return 0, reject("cost-deducted", fmt.Sprintf("the cost of voucher %s was deducted already; a cost is deducted once", c.Voucher), fmt.Sprintf("凭证 %s 的成本已扣除,成本只扣一次", c.Voucher))
		}
		used[c.Voucher] = true
		sum += c.Amount.Minor
	}
	return sum, nil
}

// fromCapital: the reward in shares is due when the capital is registered (PSTTA 45(2)).
func (c ApproveDistribution) fromCapital(s State, e DistributionApproved, at ledger.Context) (DistributionApproved, error) {
	if s.Terms.Mode != "equity" {
		return e, reject("wrong-base", "capital is distributed where technology was contributed for shares", "仅作价投资合同可分配出资")
	}
	left := s.Terms.Equity.Capital.Minor
	for _, run := range s.runs() {
		if run.Run.Base == Shares {
			left -= run.Run.Net.Minor
		}
	}
	if err := s.Terms.within("capital/amount", c.Capital.Amount, left); err != nil {
		return e, err
	}
	if c.Capital.RegisteredOn.IsZero() || at.On.Last().Compare(c.Capital.RegisteredOn) < 0 {
		return e, ledger.InvalidField("capital/registered_on", "needed, and not after this act: shares are rewarded once the capital is registered", "须填写且不晚于业务发生日:出资登记后方可奖励股权")
	}
	e.Base, e.RegisteredOn, e.Gross, e.Net = Shares, c.Capital.RegisteredOn, c.Capital.Amount, c.Capital.Amount
	return e, nil
}

// fromProfit: a part of each year's profit, in consecutive years (PSTTA 45(3)).
func (c ApproveDistribution) fromProfit(s State, e DistributionApproved, at ledger.Context) (DistributionApproved, error) {
	if s.Terms.Mode != "self-invest" && s.Terms.Mode != "cooperation" {
		return e, reject("wrong-base", "profit is distributed where the achievement is carried out by oneself or together", "仅自行实施或合作实施可按营业利润分配")
	}
	if err := s.Terms.amount("year/amount", c.Year.Amount); err != nil {
		return e, err
	}
	if c.Year.Year < int(s.SignedOn.Year) || c.Year.Year > int(at.On.Year) {
		return e, ledger.InvalidField("year/year", "from the year of signing to this one", "须在签订年度至本年度之间")
	}
	first, last := s.profitYears()
	if last != 0 && c.Year.Year != last+1 {
		return e, reject("year-order", fmt.Sprintf("profit was distributed from %d to %d; %d is next", first, last, last+1), fmt.Sprintf("已分配 %d 至 %d 年度,下一年度为 %d", first, last, last+1))
	}
	e.Base, e.Year, e.Gross, e.Net = Profit, c.Year.Year, c.Year.Amount, c.Year.Amount
	return e, nil
}

// profitYears is the first and the last year whose profit was distributed; 0 where none was.
func (s State) profitYears() (first, last int) {
	for _, run := range s.runs() {
		if run.Run.Base != Profit {
			continue
		}
		if first == 0 || run.Run.Year < first {
			first = run.Run.Year
		}
		last = max(last, run.Run.Year)
	}
	return first, last
}
