package contract

import (
	"fmt"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// ApproveDistribution distributes receipts, contributed capital or a year's profit.
type ApproveDistribution struct {
	Entry        uuid.UUID    `json:"entry" en:"id of the entry, new" zh:"分录标识(新)"`
	Basis        string       `json:"basis" enum:"agreement,unit-rule,statutory-default" en:"what the completers' part rests on (PSTTA 44, 45)" zh:"分配依据:约定、单位规定、法定缺省(促进科技成果转化法第四十四、四十五条)"`
	Receipts     []uuid.UUID  `json:"receipts,omitzero" en:"ids of the receipts distributed, whole" zh:"所分配的到账分录(整笔)"`
	Costs        []Cost       `json:"costs,omitzero" en:"costs not deducted before" zh:"尚未扣除的成本"`
	Capital      *Capital     `json:"capital,omitzero" en:"contributed capital, instead of receipts" zh:"作价所得出资(代替到账)"`
	Year         *YearProfit  `json:"year,omitzero" en:"operating profit, instead of receipts" zh:"年营业利润(代替到账)"`
	Rate         *int         `json:"rate,omitzero" en:"completers' part, per mille; of the policy where neither this nor the amount is given" zh:"完成人奖酬比例(‰);与金额均不填时按政策"`
	Award        ledger.Money `json:"award,omitzero" en:"completers' part as an amount, instead of the rate" zh:"完成人奖酬金额(代替比例)"`
	Completers   []Completer  `json:"completers,omitzero" en:"who shares it" zh:"完成人及其份额"`
	Rest         []Rest       `json:"rest,omitzero" en:"who gets the rest; the providing unit where empty" zh:"其余部分的归属(缺省归提供方单位)"`
	AwardNotice  uuid.UUID    `json:"award_notice,omitzero" en:"id of the notice of the awards" zh:"奖酬公示标识"`
	Deliberation string       `json:"deliberation,omitzero" en:"reference of the unit's decision" zh:"单位集体决策文号"`
}

// Cost is what was spent to earn, deducted once.
type Cost struct {
	Kind    string       `json:"kind" enum:"patent,business,tax,evaluation,manager,upkeep,other" en:"patent fees, business cost, tax, evaluation, technology manager, upkeep, other" zh:"类别:专利费、业务成本、税费、评估费、技术经理人费、维护费、其他"`
	Amount  ledger.Money `json:"amount" en:"amount" zh:"金额"`
	Voucher string       `json:"voucher" en:"voucher number" zh:"凭证号"`
}

var costKinds = []string{"patent", "business", "tax", "evaluation", "manager", "upkeep", "other"}

// Capital is registered capital obtained for technology.
type Capital struct {
	Amount       ledger.Money `json:"amount" en:"capital distributed" zh:"分配的出资额"`
	RegisteredOn ledger.Date  `json:"registered_on" en:"day on which the capital was registered" zh:"出资登记日期"`
}

// YearProfit is the operating profit that an achievement made in a year.
type YearProfit struct {
	Year   int          `json:"year" en:"year" zh:"年度"`
	Amount ledger.Money `json:"amount" en:"operating profit" zh:"营业利润"`
}

// Completer is a person with their part of what the completers get.
type Completer struct {
	Person   uuid.UUID `json:"person" en:"pseudonym" zh:"化名标识"`
	PerMille int       `json:"per_mille" en:"part, per mille; together 1000" zh:"份额(‰),合计 1000"`
}

// Rest is an organisation with its part of what the completers do not get.
type Rest struct {
	Organisation uuid.UUID `json:"organisation" en:"id of the organisation" zh:"主体标识"`
	PerMille     int       `json:"per_mille" en:"part, per mille; together 1000" zh:"份额(‰),合计 1000"`
}

// ReliesOn is the payees and the notice.
func (c ApproveDistribution) ReliesOn(s State) []ledger.StreamID {
	read := c.Benefits(s)
	if c.AwardNotice != uuid.Nil {
		read = append(read, stream("notice", c.AwardNotice))
	}
	return read
}

// Under is the policy of the contract.
func (c ApproveDistribution) Under(s State) ledger.Governing { return distribution(s) }

// Benefits are the payees: none of them approves.
func (c ApproveDistribution) Benefits(s State) []ledger.StreamID {
	var all []ledger.StreamID
	for _, x := range c.Completers {
		all = append(all, stream("person", x.Person))
	}
	for _, x := range c.Rest {
		all = append(all, stream("organisation", x.Organisation))
	}
	if len(c.Rest) == 0 {
		all = append(all, stream("organisation", s.Terms.provider()))
	}
	return all
}

func (c ApproveDistribution) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.fresh("entry", c.Entry),
		ledger.CheckOneOf("basis", c.Basis, "agreement", "unit-rule", "statutory-default"),
		ledger.CheckText("deliberation", c.Deliberation, 200, false),
	); err != nil {
		return nil, err
	}
	rates, err := ledger.Params[Rates](at)
	if err != nil {
		return nil, err
	}
	if s.Ended == "void" {
		return nil, reject("ended", "the contract is void: nothing of it is distributed", "合同无效,不得分配收益")
	}
	e, err := c.base(s, rates, at)
	if err := ledger.First(c.checkCompleters(at), c.checkRest(at), err, c.noticed(rates, at), c.weigh(s, rates, &e)); err != nil {
		return nil, err
	}
	c.divide(s, &e)
	return []Event{e}, nil
}

// weigh settles the completers' part and holds it against the floor.
func (c ApproveDistribution) weigh(s State, rates Rates, e *DistributionApproved) error {
	if c.Basis == "statutory-default" && !covered(e.Base, s.Terms.Mode) {
		return reject("no-statutory-default", "the law names no part for income of this mode; distribute by agreement or unit rule", "法律未规定该转化方式的缺省比例,请按约定或单位规定分配")
	}
	before := int64(0)
	for _, run := range s.runs() {
		if run.Run.Base == NetIncome {
			before += run.Run.Net.Minor
		}
	}
	net := e.Net.Minor
	e.Floor, e.Guidance = rates.floor(s, e.Base, c.Basis), rates.Of(e.Base)
	if first, _ := s.profitYears(); e.Base == Profit && first != 0 && e.Year >= first+max(rates.ProfitYears, 3) {
		e.Floor = 0 // the years that the law speaks of are over
	}
	award := rates.award(e.Base, before, net)
	switch {
	case c.Rate != nil && (*c.Rate < 0 || *c.Rate > 1000 || !c.Award.IsZero()):
		return ledger.InvalidField("rate", "0 to 1000 per mille, or an amount instead", "0 至 1000 ‰,或改填金额")
	case !c.Award.IsZero():
		if err := s.Terms.within("award", c.Award, net); err != nil {
			return err
		}
		award = c.Award.Minor
	case c.Rate != nil:
		award = share(net, *c.Rate)
	}
	if award < share(net, e.Floor) {
		return reject("below-floor",
			fmt.Sprintf("%s for the completers is below the floor of %s: %d per mille of %s for a unit of kind %s", s.Terms.money(award), s.Terms.money(share(net, e.Floor)), e.Floor, e.Net, s.UnitKind),
			fmt.Sprintf("完成人奖酬 %s 低于下限 %s(%s 的 %d‰,单位性质 %s)", s.Terms.money(award), s.Terms.money(share(net, e.Floor)), e.Net, e.Floor, s.UnitKind))
	}
	if award > 0 && len(c.Completers) == 0 {
		return ledger.InvalidField("completers", "say who shares the completers' part", "须列明完成人及其份额")
	}
	e.Award = s.Terms.money(award)
	return nil
}

func (c ApproveDistribution) checkCompleters(at ledger.Context) error {
	if err := ledger.CheckCount("completers", len(c.Completers), 90); err != nil {
		return err
	}
	seen := map[uuid.UUID]bool{}
	for i, x := range c.Completers {
		if x.PerMille < 1 || seen[x.Person] {
			return ledger.InvalidField(fmt.Sprintf("completers/%d", i), "a part above zero, each person once", "份额须大于零,且每人只列一次")
		}
		seen[x.Person] = true
		if !at.Exists(stream("person", x.Person)) {
			return reject("no-such-person", fmt.Sprintf("the person %s is not enrolled", x.Person), fmt.Sprintf("人员 %s 尚未登记", x.Person))
		}
	}
	if len(c.Completers) > 0 && sumOf(c.Completers, func(x Completer) int { return x.PerMille }) != 1000 {
		return ledger.InvalidField("completers", "the parts must come to 1000 per mille", "份额合计须为 1000 ‰")
	}
	return nil
}

func (c ApproveDistribution) checkRest(at ledger.Context) error {
	if len(c.Rest) == 0 {
		return nil
	}
	seen := map[uuid.UUID]bool{}
	for i, x := range c.Rest {
		if x.PerMille < 1 || seen[x.Organisation] {
			return ledger.InvalidField(fmt.Sprintf("rest/%d", i), "a part above zero, each organisation once", "份额须大于零,且每个主体只列一次")
		}
		seen[x.Organisation] = true
		if !at.Exists(stream("organisation", x.Organisation)) {
			return reject("no-such-organisation", fmt.Sprintf("the organisation %s is not registered", x.Organisation), fmt.Sprintf("主体 %s 尚未登记", x.Organisation))
		}
	}
	if sumOf(c.Rest, func(x Rest) int { return x.PerMille }) != 1000 {
		return ledger.InvalidField("rest", "the parts must come to 1000 per mille", "份额合计须为 1000 ‰")
	}
	return nil
}

// noticed is where a policy wants awards publicised first (Zhejiang 39).
func (c ApproveDistribution) noticed(rates Rates, at ledger.Context) error {
	if !rates.AwardNotice {
		return nil
	}
	n, ok := ledger.About[notice](at, stream("notice", c.AwardNotice))
	if ok {
		on, cleared := n.Cleared("award", at.Stream)
		ok = cleared && at.On.Last().Compare(on) >= 0
	}
	if !ok {
		return reject("award-notice-needed", "the policy wants the awards publicised, without an upheld objection, before they are approved", "该政策要求奖酬方案先行公示且无异议成立")
	}
	return nil
}

// divide splits the completers' part and the rest to the last minor unit.
func (c ApproveDistribution) divide(s State, e *DistributionApproved) {
	var people, others []int
	for _, x := range c.Completers {
		people = append(people, x.PerMille)
	}
	if len(c.Rest) == 0 {
		c.Rest = []Rest{{s.Terms.provider(), 1000}}
	}
	for _, x := range c.Rest {
		others = append(others, x.PerMille)
	}
	if e.Award.Minor > 0 {
		for i, p := range split(e.Award.Minor, people) {
			e.Shares = append(e.Shares, Share{stream("person", c.Completers[i].Person), true, people[i], p.minor, p.tail})
		}
	}
	if rest := e.Net.Minor - e.Award.Minor; rest > 0 {
		for i, p := range split(rest, others) {
			e.Shares = append(e.Shares, Share{stream("organisation", c.Rest[i].Organisation), false, others[i], p.minor, p.tail})
		}
	}
	for _, x := range e.Shares {
		e.Tail += x.Tail
	}
}

func sumOf[T any](list []T, of func(T) int) (sum int) {
	for _, x := range list {
		sum += of(x)
	}
	return sum
}

// Share is what one payee gets: the whole units of their part, and the unit of the tail that fell
// to them.
type Share struct {
	To        ledger.StreamID `json:"to"`
	Completer bool            `json:"completer,omitzero"`
	PerMille  int             `json:"per_mille"` // of the completers' part, or of the rest
	Minor     int64           `json:"minor"`
	Tail      int64           `json:"tail,omitzero"`
}

// DistributionApproved: income, shares or profit are distributed (domain catalogue event 36). The
// shares and the tail come to the net exactly.
type DistributionApproved struct {
	Entry        uuid.UUID    `json:"entry"`
	Base         string       `json:"base"` // net-income, equity or profit
	Basis        string       `json:"basis"`
	UnitKind     string       `json:"unit_kind"`
	Mode         string       `json:"mode"`
	Receipts     []uuid.UUID  `json:"receipts,omitzero"`
	RegisteredOn ledger.Date  `json:"capital_registered_on,omitzero"`
	Year         int          `json:"year,omitzero"`
	Gross        ledger.Money `json:"gross"`
	CarriedIn    ledger.Money `json:"carried_in,omitzero"` // costs stated earlier that no receipt reached
	Costs        []Cost       `json:"costs,omitzero"`
	Deducted     ledger.Money `json:"deducted,omitzero"`
	CarriedOut   ledger.Money `json:"carried_out,omitzero"`
	Net          ledger.Money `json:"net"`
	Award        ledger.Money `json:"award"`             // the completers' part
	Floor        int          `json:"floor,omitzero"`    // per mille, below which it would have been refused
	Guidance     int          `json:"guidance,omitzero"` // per mille, as the policy names it
	Shares       []Share      `json:"shares,omitzero"`   // none where costs took all
	Tail         int64        `json:"tail,omitzero"`     // minor units that rounding left, in the shares' tails
	AwardNotice  uuid.UUID    `json:"award_notice,omitzero"`
	Deliberation string       `json:"deliberation,omitzero"`
}

// EventType is the stored name.
func (DistributionApproved) EventType() string { return "contract.distribution-approved.v1" }

func (e DistributionApproved) apply(s State, m ledger.Metadata) State {
	return s.with(Entry{ID: e.Entry, Kind: Distribution, On: m.OccurredOn, Amount: e.Net.Minor, Run: &e})
}
