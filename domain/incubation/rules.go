package incubation

import (
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// Terms are the parameters of a policy on incubation: who is admitted, for how long, and what
// counts as a graduation.
type Terms struct {
	Scheme           string      `json:"scheme,omitzero"            en:"scheme of the facilities that it is for; any where absent" zh:"适用载体的认定体系,缺省不限"`
	NeedsCompany     bool        `json:"needs_company,omitzero" en:"a registered company is needed for admission (not at offshore centres)" zh:"入孵须为已登记企业(离岸中心除外)"`
	NeedsContract    bool        `json:"needs_contract,omitzero" en:"an effective contract of the project is needed for admission" zh:"入孵须有项目的有效合同"`
	Waivers          []string    `json:"waivers,omitzero" enum:"founder-team,offshore-landing,policy" en:"channels on which those needs may be waived" zh:"可豁免的通道"`
	MaxCompanyMonths int         `json:"max_company_months,omitzero" en:"age of the company at most, months; any where absent" zh:"企业成立时间上限(月),缺省不限"`
	LimitMonths      int         `json:"limit_months,omitzero" en:"time limit, months; none where absent" zh:"孵化时限(月),缺省不限"`
	LongMonths       int         `json:"long_months,omitzero" en:"time limit in the long fields, months" zh:"特定领域孵化时限(月)"`
	LongFields       []string    `json:"long_fields,omitzero" en:"codes of the long fields" zh:"适用较长时限的领域代码"`
	ExtensionMonths  int         `json:"extension_months,omitzero" en:"months that all extensions may come to" zh:"延期合计上限(月)"`
	AppealDays       int         `json:"appeal_days,omitzero" en:"days between the notice of an eviction and the eviction at least" zh:"清退告知至清退的最短天数(申诉期)"`
	Criteria         []Criterion `json:"criteria" en:"criteria of graduation, any one of which is enough" zh:"毕业条件(满足其一)"`
	SelfCheck        []Condition `json:"self_check,omitzero" en:"conditions that an incubator has to meet" zh:"孵化器认定条件"`
}

// Criterion is one way to graduate.
type Criterion struct {
	Code   string       `json:"code" en:"code" zh:"代码"`
	Names  ledger.Names `json:"names" en:"what it says" zh:"内容"`
	By     string       `json:"by" enum:"evidence,financing,revenue,recognition" en:"shown by evidence, by the rounds or the revenue on record, or by a recognition" zh:"判定方式:佐证材料、已登记融资、已报送营收、资格认定"`
	Amount ledger.Money `json:"amount,omitzero" en:"for financing and revenue: the sum" zh:"融资或营收合计"`
	Years  int          `json:"years,omitzero" en:"for revenue: in so many consecutive years" zh:"营收连续年数"`
	Scheme string       `json:"scheme,omitzero" en:"for recognition: its scheme" zh:"资格体系"`
	Mark   string       `json:"mark,omitzero" enum:"L,W,R,D" en:"how it is known" zh:"依据标记"`
}

// Condition is one condition of the accreditation of an incubator: a figure and its bar.
type Condition struct {
	Code  string       `json:"code" enum:"area,use-ratio,financed-share,growth-share,ip-applied-share,ip-held-share,non-rent-share,own-fund-share,graduates,tenants" en:"figure" zh:"指标"`
	Names ledger.Names `json:"names" en:"what it says" zh:"内容"`
	Min   int          `json:"min" en:"bar: a count, or per mille of a share" zh:"下限(数量,或千分比)"`
	Group string       `json:"group,omitzero" en:"conditions of one group are alternatives" zh:"同组条件满足其一即可"`
	Mark  string       `json:"mark,omitzero" enum:"L,W,R,D" en:"how it is known" zh:"依据标记"`
}

// form names the parameters, and policy the one that is meant where the client names none.
const form, policy = "incubation", "INCUBATOR"

// Rules are the forms of this package's policies.
var Rules = []ledger.RuleForm{ledger.RuleOf[Terms](form, ledger.Text{En: "incubation", Zh: "孵化"})}

// channels on which a need may be waived.
var channels = []string{"founder-team", "offshore-landing", "policy"}

// Check says what is wrong with the parameters.
func (r Terms) Check() error {
	for _, n := range []struct {
		path   string
		months int
	}{
		{"max_company_months", r.MaxCompanyMonths}, {"limit_months", r.LimitMonths}, {"long_months", r.LongMonths},
		{"extension_months", r.ExtensionMonths}, {"appeal_days", r.AppealDays},
	} {
		if n.months < 0 || n.months > 1200 {
			return ledger.InvalidField("params/"+n.path, "0 to 1200", "0 至 1200")
		}
	}
	for i, c := range r.Waivers {
		if err := ledger.CheckOneOf(fmt.Sprintf("params/waivers/%d", i), c, channels...); err != nil {
			return err
		}
	}
	if len(r.Criteria) == 0 || len(r.Criteria) > 50 {
		return ledger.InvalidField("params/criteria", "1 to 50 criteria", "1 至 50 项条件")
	}
	for i, c := range r.Criteria {
		if err := c.check(fmt.Sprintf("params/criteria/%d/", i)); err != nil {
			return err
		}
	}
	for i, c := range r.SelfCheck {
		if err := ledger.First(
			ledger.CheckOneOf(fmt.Sprintf("params/self_check/%d/code", i), c.Code, conditionCodes...),
			c.Names.Check(fmt.Sprintf("params/self_check/%d/names", i)),
		); err != nil {
			return err
		}
	}
	return nil
}

var conditionCodes = []string{"area", "use-ratio", "financed-share", "growth-share", "ip-applied-share", "ip-held-share", "non-rent-share", "own-fund-share", "graduates", "tenants"}

func (c Criterion) check(path string) error {
	if err := ledger.First(
		ledger.CheckText(path+"code", c.Code, 40, true),
		c.Names.Check(path+"names"),
		ledger.CheckOneOf(path+"by", c.By, "evidence", "financing", "revenue", "recognition"),
		ledger.CheckText(path+"scheme", c.Scheme, 40, c.By == "recognition"),
	); err != nil {
		return err
	}
	if c.By == "financing" || c.By == "revenue" {
		if err := c.Amount.Check(path + "amount"); err != nil {
			return err
		}
	}
	if (c.By == "revenue") != (c.Years > 0) || c.Years > 20 {
		return ledger.InvalidField(path+"years", "1 to 20 for revenue, and only there", "营收条件为 1 至 20 年,其他条件不填")
	}
	return nil
}

// inForce refuses a version that the client names and that was not in force on the day: a case is
// admitted and judged by the rules of that day, and they are not chosen.
func inForce(at ledger.Context) error {
	if at.Rule.From.Compare(at.On) <= 0 && (at.Rule.To.IsZero() || at.On.Compare(at.Rule.To) <= 0) {
		return nil
	}
	return reject("not-in-force", fmt.Sprintf("version %s of %s was not in force on %s", at.Rule.Version, at.Rule.Code, at.On),
		fmt.Sprintf("%s 版本 %s 在 %s 未施行", at.Rule.Code, at.Rule.Version, at.On))
}

// otherPolicy refuses to go on with a case under another policy than it was admitted under.
func (s State) otherPolicy(at ledger.Context) error {
	if at.Rule.Code == s.Policy.Code {
		return nil
	}
	return reject("other-policy", fmt.Sprintf("the case was admitted under %s, not %s", s.Policy.Code, at.Rule.Code),
		fmt.Sprintf("本案例依据 %s 入孵,而非 %s", s.Policy.Code, at.Rule.Code))
}

// criterion is the criterion of a code.
func (r Terms) criterion(code string) (Criterion, bool) {
	i := slices.IndexFunc(r.Criteria, func(c Criterion) bool { return c.Code == code })
	if i < 0 {
		return Criterion{}, false
	}
	return r.Criteria[i], true
}

// limit is how many months a venture of a field may stay; 0 for no limit.
func (r Terms) limit(field string) int {
	if slices.Contains(r.LongFields, field) {
		return r.LongMonths
	}
	return r.LimitMonths
}
