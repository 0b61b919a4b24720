package contract

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Terms is what the parties agreed. An amendment states them anew as a whole.
type Terms struct {
	Type         string       `json:"type" enum:"development,transfer,licence,consulting,service" en:"family of the Civil Code" zh:"合同类别(民法典五类)"`
	SubType      string       `json:"sub_type" enum:"commissioned,cooperative,patent-right,application-right,technical-secret,patent,feasibility,forecast,survey,assessment,problem-solving,training,intermediation" en:"kind within the family" zh:"合同子类"`
	Mode         string       `json:"mode" enum:"self-invest,transfer,licence,cooperation,equity,other" en:"mode of conversion (PSTTA 16)" zh:"转化方式(促进科技成果转化法第十六条)"`
	Form         string       `json:"form" enum:"written,electronic,oral" en:"form" zh:"合同形式"`
	Parties      []Party      `json:"parties" en:"parties" zh:"当事人"`
	Pricing      string       `json:"pricing" enum:"negotiated,listed,auction" en:"how the price was found" zh:"定价方式"`
	PriceForm    string       `json:"price_form" enum:"lump,instalment,royalty,entry-royalty" en:"form of the price (Civil Code 846)" zh:"价款支付方式(民法典第八百四十六条)"`
	Total        ledger.Money `json:"total,omitzero" en:"total; may be missing where all is royalty" zh:"合同成交额(纯提成可不填)"`
	TechValue    ledger.Money `json:"tech_value,omitzero" en:"technology transaction value within the total" zh:"技术交易额"`
	Instalments  []Instalment `json:"instalments,omitzero" en:"what is due when" zh:"付款里程碑"`
	From         ledger.Date  `json:"from,omitzero" en:"first day" zh:"生效日期"`
	To           ledger.Date  `json:"to,omitzero" en:"last day" zh:"届满日期"`
	Licence      *Licence     `json:"licence,omitzero" en:"the licence, of a licence contract" zh:"许可条款(许可合同)"`
	Equity       *Equity      `json:"equity,omitzero" en:"the holding, where technology is contributed" zh:"作价投资条款"`
	Export       *Export      `json:"export,omitzero" en:"export control, where a recipient is abroad" zh:"技术出口审查(受让方在境外时)"`
	Results      string       `json:"results,omitzero" enum:"developer,commissioner,joint,agreed" en:"to whom results belong" zh:"成果归属"`
	Confidential bool         `json:"confidential,omitzero" en:"confidentiality agreed" zh:"是否约定保密"`
	PreEmption   string       `json:"pre_emption,omitzero" enum:"waived,exercised,none" en:"the completers' priority, of a transfer (Civil Code 847)" zh:"完成人优先受让权处理(转让合同,民法典第八百四十七条)"`
	PayWithin    int          `json:"pay_within,omitzero" en:"months from a receipt within which completers are paid, where agreed" zh:"约定奖酬支付期限(到账后月数)"`
	Related      bool         `json:"related,omitzero" en:"a completer, or somebody related to one, has an interest in the recipient" zh:"是否关联交易(完成人或其关联人与受让方有利益关系)"`
}

// Party is an organisation with its part in the contract.
type Party struct {
	Organisation uuid.UUID `json:"organisation" en:"id of a registered organisation" zh:"已登记主体的标识"`
	Part         string    `json:"part" enum:"provider,recipient,partner,intermediary" en:"part: who provides the technology, who gets it, who works together, who brought them together" zh:"角色:提供方(卖方)、受让方(买方)、合作方、中介方"`
}

// Instalment is an amount due by a date.
type Instalment struct {
	Code   string       `json:"code" en:"code, unique in the contract" zh:"代码(合同内唯一)"`
	Due    ledger.Date  `json:"due" en:"due date" zh:"到期日"`
	Amount ledger.Money `json:"amount" en:"amount" zh:"金额"`
}

// Licence is what may be used, by whom beside, where and until when.
type Licence struct {
	Kind      string      `json:"kind" enum:"exclusive,sole,ordinary" en:"exclusive, sole or ordinary" zh:"独占、排他、普通"`
	Territory string      `json:"territory" en:"territory" zh:"许可地域"`
	From      ledger.Date `json:"from" en:"first day" zh:"许可起始日"`
	To        ledger.Date `json:"to" en:"last day" zh:"许可届满日"`
	Patents   []Patent    `json:"patents,omitzero" en:"patents licensed" zh:"许可专利"`
}

// Patent is a patent with its end.
type Patent struct {
	No     string      `json:"no" en:"number" zh:"专利号"`
	Expiry ledger.Date `json:"expiry" en:"last day of protection" zh:"专利权届满日"`
}

// Equity is what technology was contributed for.
type Equity struct {
	Company   uuid.UUID    `json:"company" en:"id of the company" zh:"被投资企业标识"`
	Capital   ledger.Money `json:"capital" en:"registered capital obtained for the technology" zh:"作价所得出资额"`
	Appraisal string       `json:"appraisal" en:"reference of the appraisal report (Company Law 48)" zh:"资产评估报告文号(公司法第四十八条)"`
}

// Export is the result of the export-control check.
type Export struct {
	Class   string `json:"class" enum:"free,restricted,prohibited" en:"class in the catalogue" zh:"目录类别:自由、限制、禁止"`
	Licence string `json:"licence,omitzero" en:"number of the export licence, of restricted technology" zh:"技术出口许可证号(限制类)"`
}

// subTypes are the kinds within each family.
var subTypes = map[string][]string{
	"development": {"commissioned", "cooperative"},
	"transfer":    {"patent-right", "application-right", "technical-secret"},
	"licence":     {"patent", "technical-secret"},
	"consulting":  {"feasibility", "forecast", "survey", "assessment"},
	"service":     {"problem-solving", "training", "intermediation"},
}

var codePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$`)

func checkCode(path, code string) error {
	if codePattern.MatchString(code) {
		return nil
	}
	return ledger.InvalidField(path, "1 to 40 of A-Z a-z 0-9 . _ / -", "1 至 40 位字母、数字或 . _ / -")
}

// check is what can be said of terms by themselves.
func (t Terms) check() error {
	if err := ledger.First(
		ledger.CheckOneOf("type", t.Type, "development", "transfer", "licence", "consulting", "service"),
		ledger.CheckOneOf("sub_type", t.SubType, subTypes[t.Type]...),
		ledger.CheckOneOf("mode", t.Mode, "self-invest", "transfer", "licence", "cooperation", "equity", "other"),
		ledger.CheckOneOf("form", t.Form, "written", "electronic", "oral"),
		ledger.CheckOneOf("pricing", t.Pricing, "negotiated", "listed", "auction"),
		ledger.CheckOneOf("results", t.Results, "", "developer", "commissioner", "joint", "agreed"),
		ledger.CheckOneOf("pre_emption", t.PreEmption, "", "waived", "exercised", "none"),
		t.checkParties(), t.checkPrice(), t.checkLicence(), t.checkEquity(), t.checkExport(),
	); err != nil {
		return err
	}
	switch {
	case t.Mode == "transfer" && t.Type != "transfer", t.Mode == "licence" && t.Type != "licence":
		return ledger.InvalidField("mode", fmt.Sprintf("a %s contract does not convert by %s", t.Type, t.Mode), fmt.Sprintf("%s 类合同的转化方式不能是 %s", t.Type, t.Mode))
	case t.Type == "transfer" && t.PreEmption == "":
		return ledger.InvalidField("pre_emption", "say how the completers' priority was handled", "须说明完成人优先受让权的处理")
	case !t.To.IsZero() && t.To.Last().Compare(t.From) < 0:
		return ledger.InvalidField("to", "must not be before the first day", "不能早于生效日期")
	case t.PayWithin < 0 || t.PayWithin > 120:
		return ledger.InvalidField("pay_within", "0 to 120 months", "0 至 120 个月")
	case t.Form == "oral" && (t.Type == "development" || t.Type == "transfer" || t.Type == "licence"):
		return reject("written-form", fmt.Sprintf("a %s contract is made in writing (Civil Code 851, 863)", t.Type), "技术开发、转让、许可合同应当采用书面形式(民法典第八百五十一条、第八百六十三条)")
	}
	return nil
}

func (t Terms) checkParties() error {
	if err := ledger.CheckCount("parties", len(t.Parties), 20); err != nil {
		return err
	}
	parts, seen := map[string]int{}, map[Party]bool{}
	for i, p := range t.Parties {
		if err := ledger.CheckOneOf(fmt.Sprintf("parties/%d/part", i), p.Part, "provider", "recipient", "partner", "intermediary"); err != nil {
			return err
		}
		if seen[p] {
			return ledger.InvalidField(fmt.Sprintf("parties/%d", i), "is given twice", "重复")
		}
		seen[p] = true
		parts[p.Part]++
	}
	if parts["partner"] < 2 && (parts["provider"] == 0 || parts["recipient"] == 0) {
		return ledger.InvalidField("parties", "a provider and a recipient are needed, or two partners", "需要提供方与受让方,或两个合作方")
	}
	return nil
}

func (t Terms) checkPrice() error {
	if err := ledger.First(
		ledger.CheckOneOf("price_form", t.PriceForm, "lump", "instalment", "royalty", "entry-royalty"),
		ledger.CheckCount("instalments", len(t.Instalments), 200),
	); err != nil {
		return err
	}
	if !t.Total.IsZero() || t.PriceForm != "royalty" {
		if err := t.amount("total", t.Total); err != nil {
			return err
		}
	}
	if !t.TechValue.IsZero() {
		if err := t.within("tech_value", t.TechValue, t.Total.Minor); err != nil {
			return err
		}
	}
	sum, seen := int64(0), map[string]bool{}
	for i, m := range t.Instalments {
		at := fmt.Sprintf("instalments/%d", i)
		if err := ledger.First(checkCode(at+"/code", m.Code), t.within(at+"/amount", m.Amount, t.Total.Minor-sum)); err != nil {
			return err
		}
		if m.Due.IsZero() || seen[m.Code] {
			return ledger.InvalidField(at, "needs a due date, and a code that no other has", "须有到期日,且代码不可重复")
		}
		seen[m.Code] = true
		sum += m.Amount.Minor
	}
	if t.PriceForm == "instalment" && sum != t.Total.Minor {
		return ledger.InvalidField("instalments", fmt.Sprintf("they come to %s, the total is %s", t.money(sum), t.Total), fmt.Sprintf("各期合计 %s,合同总额 %s", t.money(sum), t.Total))
	}
	return nil
}

// within checks an amount of the contract's currency that is no more than a limit.
func (t Terms) within(path string, m ledger.Money, limit int64) error {
	if err := t.amount(path, m); err != nil {
		return err
	}
	if m.Minor > limit {
		return ledger.InvalidField(path+"/minor", fmt.Sprintf("at most %s is left for it", t.money(limit)), fmt.Sprintf("不能超过 %s", t.money(limit)))
	}
	return nil
}

// most bounds amounts, so that no sum of shares of sums overflows: ten trillion yuan.
const most = 1_000_000_000_000_000

// amount checks an amount above zero in the contract's currency.
func (t Terms) amount(path string, m ledger.Money) error {
	if err := m.Check(path); err != nil {
		return err
	}
	if m.Minor > most {
		return ledger.InvalidField(path+"/minor", fmt.Sprintf("at most %s", t.money(most)), fmt.Sprintf("不能超过 %s", t.money(most)))
	}
	if m.Currency != t.currency() {
		return ledger.InvalidField(path+"/currency", "the contract is in "+t.currency(), "合同币种为 "+t.currency())
	}
	return nil
}

// currency is that of the total; CNY where all is royalty.
func (t Terms) currency() string {
	if t.Total.IsZero() {
		return "CNY"
	}
	return t.Total.Currency
}

func (t Terms) money(minor int64) ledger.Money {
	return ledger.Money{Minor: minor, Currency: t.currency()}
}

// moneyOr is money, or none where it is nothing.
func (t Terms) moneyOr(minor int64) ledger.Money {
	if minor == 0 {
		return ledger.Money{}
	}
	return t.money(minor)
}

func (t Terms) checkLicence() error {
	l := t.Licence
	if (t.Type == "licence") == (l == nil) {
		return ledger.InvalidField("licence", "needed of a licence contract, and only there", "许可合同必填,其他合同不得填写")
	}
	if l == nil {
		return nil
	}
	if err := ledger.First(
		ledger.CheckOneOf("licence/kind", l.Kind, "exclusive", "sole", "ordinary"),
		ledger.CheckText("licence/territory", l.Territory, 200, true),
		ledger.CheckCount("licence/patents", len(l.Patents), 200),
	); err != nil {
		return err
	}
	if l.From.IsZero() || l.To.IsZero() || l.To.Last().Compare(l.From) < 0 {
		return ledger.InvalidField("licence/to", "a first and a last day are needed, in this order", "须填写起止日期,且届满日不早于起始日")
	}
	if (t.SubType == "patent") == (len(l.Patents) == 0) {
		return ledger.InvalidField("licence/patents", "needed of a patent licence, and only there", "专利许可必填,其他许可不得填写")
	}
	var last ledger.Date
	for i, p := range l.Patents {
		at := fmt.Sprintf("licence/patents/%d", i)
		if err := ledger.CheckText(at+"/no", p.No, 60, true); err != nil {
			return err
		}
		if p.Expiry.IsZero() {
			return ledger.InvalidField(at+"/expiry", "a date is needed", "须填写届满日")
		}
		if last.IsZero() || p.Expiry.Last().Compare(last) > 0 {
			last = p.Expiry.Last()
		}
	}
	if len(l.Patents) > 0 && l.To.Last().Compare(last) > 0 {
		return reject("beyond-patents", fmt.Sprintf("the licence lasts to %s, the last of its patents to %s (Civil Code 865)", l.To, last),
			fmt.Sprintf("许可届满日 %s 晚于专利权届满日 %s(民法典第八百六十五条)", l.To, last))
	}
	return nil
}

func (t Terms) checkEquity() error {
	if (t.Mode == "equity") == (t.Equity == nil) {
		return ledger.InvalidField("equity", "needed where technology is contributed for shares, and only there", "作价投资必填,其他方式不得填写")
	}
	if t.Equity == nil {
		return nil
	}
	if t.Equity.Appraisal == "" {
		return reject("no-appraisal", "technology is contributed at an appraised value; give the report (Company Law 48)", "以技术作价出资应当评估作价,请填写评估报告(公司法第四十八条)")
	}
	return ledger.First(t.amount("equity/capital", t.Equity.Capital), ledger.CheckText("equity/appraisal", t.Equity.Appraisal, 200, true))
}

func (t Terms) checkExport() error {
	if t.Export == nil {
		return nil
	}
	if err := ledger.First(
		ledger.CheckOneOf("export/class", t.Export.Class, "free", "restricted", "prohibited"),
		ledger.CheckText("export/licence", t.Export.Licence, 100, t.Export.Class == "restricted"),
	); err != nil {
		return err
	}
	if t.Export.Class == "prohibited" {
		return reject("export-prohibited", "this technology must not be exported (TIER 31)", "该技术属于禁止出口的技术")
	}
	return nil
}

// provider is the organisation that books the income: the first that provides, or works together.
func (t Terms) provider() uuid.UUID {
	for _, part := range []string{"provider", "partner"} {
		if i := slices.IndexFunc(t.Parties, func(p Party) bool { return p.Part == part }); i >= 0 {
			return t.Parties[i].Organisation
		}
	}
	return uuid.Nil
}

// open says that receipts may exceed the total.
func (t Terms) open() bool { return t.PriceForm == "royalty" || t.PriceForm == "entry-royalty" }
