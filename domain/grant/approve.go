package grant

import (
	"fmt"
	"math"
	"regexp"

	"ttledger/domain/ledger"
)

// Approve grants a subsidy. It is paid in instalments, each on a condition of its own.
type Approve struct {
	Code        string          `json:"code" en:"code, such as G-2026-0007" zh:"资助编号,如 G-2026-0007"`
	Beneficiary ledger.StreamID `json:"beneficiary" en:"team-, person- or organisation- with its id" zh:"资助对象:team-、person- 或 organisation- 加标识"`
	Scheme      string          `json:"scheme" en:"scheme, the code of its policy" zh:"资助办法(政策代码)"`
	Purpose     string          `json:"purpose" en:"purpose, one of the scheme's; a beneficiary is funded once for each" zh:"用途(办法所列;同一用途不重复资助)"`
	Ceiling     ledger.Money    `json:"ceiling" en:"most that is paid in all" zh:"资助上限"`
	Instalments []Instalment    `json:"instalments" en:"instalments, which come to the ceiling at the most" zh:"分期(合计不超过上限)"`
	Body        string          `json:"body" en:"the deciding body" zh:"决策机构"`
	Meeting     string          `json:"meeting,omitzero" en:"reference of the meeting" zh:"会议文号"`
}

// Instalment is a part of a subsidy that is paid when its condition is met.
type Instalment struct {
	Code      string       `json:"code" en:"code, unique in the subsidy" zh:"分期代码(本资助内唯一)"`
	Condition ledger.Names `json:"condition" en:"what must be so before it is paid" zh:"拨付条件"`
	Amount    ledger.Money `json:"amount" en:"amount" zh:"金额"`
}

var codePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$`)

// ReliesOn is who is subsidised.
func (c Approve) ReliesOn() []ledger.StreamID { return []ledger.StreamID{c.Beneficiary} }

// Under is the scheme in force on the day.
func (c Approve) Under(State) ledger.Governing {
	return ledger.Governing{Form: "subsidy-scheme", Code: c.Scheme}
}

// Benefits is who is subsidised. Who belongs to a team declares an interest in it.
func (c Approve) Benefits(State) []ledger.StreamID { return []ledger.StreamID{c.Beneficiary} }

func (c Approve) decide(_ State, at ledger.Context) ([]Event, error) {
	scheme, err := ledger.Params[Scheme](at)
	if err != nil {
		return nil, err
	}
	if err := ledger.First(
		c.check(),
		ledger.CheckOneOf("beneficiary", c.Beneficiary.Category, scheme.Beneficiaries...),
		ledger.CheckOneOf("purpose", c.Purpose, scheme.Purposes...),
		c.within(scheme.Ceiling),
	); err != nil {
		return nil, err
	}
	if !at.Exists(c.Beneficiary) {
		return nil, reject("no-such-beneficiary", fmt.Sprintf("%s is not in the ledger", c.Beneficiary), fmt.Sprintf("账本中没有 %s", c.Beneficiary))
	}
	if err := eligible(at, c.Beneficiary); err != nil {
		return nil, err
	}
	return []Event{SubsidyApproved{
		Code: c.Code, Beneficiary: c.Beneficiary, Scheme: c.Scheme, SchemeVersion: at.Rule.Version, Purpose: c.Purpose,
		Ceiling: c.Ceiling, Instalments: c.Instalments, Body: c.Body, Meeting: c.Meeting,
	}}, nil
}

func (c Approve) check() error {
	if !codePattern.MatchString(c.Code) {
		return ledger.InvalidField("code", "1 to 40 of A-Z a-z 0-9 . _ / -", "1 至 40 位字母、数字或 . _ / -")
	}
	if err := ledger.First(
		c.Ceiling.Check("ceiling"),
		ledger.CheckText("body", c.Body, 200, true),
		ledger.CheckText("meeting", c.Meeting, 200, false),
		ledger.CheckCount("instalments", len(c.Instalments), 20),
	); err != nil {
		return err
	}
	if len(c.Instalments) == 0 {
		return ledger.InvalidField("instalments", "at least one is needed", "至少需要一期")
	}
	seen := map[string]bool{}
	var sum int64
	for i, x := range c.Instalments {
		path := fmt.Sprintf("instalments/%d", i)
		if !codePattern.MatchString(x.Code) || seen[x.Code] {
			return ledger.InvalidField(path+"/code", "1 to 40 of A-Z a-z 0-9 . _ / -, each once", "1 至 40 位字母、数字或 . _ / -,且不可重复")
		}
		seen[x.Code] = true
		if err := ledger.First(x.Condition.Check(path+"/condition"), x.Amount.Check(path+"/amount")); err != nil {
			return err
		}
		if x.Amount.Currency != c.Ceiling.Currency {
			return ledger.InvalidField(path+"/amount/currency", "the ceiling is in "+c.Ceiling.Currency, "上限币种为 "+c.Ceiling.Currency)
		}
		if sum = plus(sum, x.Amount.Minor); sum > c.Ceiling.Minor {
			return reject("above-ceiling", fmt.Sprintf("the instalments come to more than the ceiling of %s", c.Ceiling), fmt.Sprintf("分期合计超过上限 %s", c.Ceiling))
		}
	}
	return nil
}

// plus adds what is not below zero, and stops at the largest number.
func plus(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// within holds the ceiling of a subsidy against that of its scheme.
func (c Approve) within(most ledger.Money) error {
	switch {
	case most.IsZero():
		return nil
	case c.Ceiling.Currency != most.Currency:
		return ledger.InvalidField("ceiling/currency", "the scheme pays in "+most.Currency, "办法币种为 "+most.Currency)
	case c.Ceiling.Minor > most.Minor:
		return reject("above-scheme", fmt.Sprintf("the scheme pays %s at the most, not %s", most, c.Ceiling), fmt.Sprintf("办法上限为 %s,不得为 %s", most, c.Ceiling))
	}
	return nil
}

// eligible refuses a team that does not meet its scheme. Others have none to meet.
func eligible(at ledger.Context, beneficiary ledger.StreamID) error {
	if beneficiary.Category != "team" {
		return nil
	}
	if t, ok := ledger.About[interface{ IsEligible() bool }](at, beneficiary); ok && t.IsEligible() {
		return nil
	}
	return reject("team-not-eligible", "the team does not meet its scheme of team import as it is composed now", "团队现有构成不符合其引进办法")
}

// SubsidyApproved: a subsidy is promised (domain catalogue event 55).
type SubsidyApproved struct {
	Code          string          `json:"code"`
	Beneficiary   ledger.StreamID `json:"beneficiary"`
	Scheme        string          `json:"scheme"`
	SchemeVersion string          `json:"scheme_version"`
	Purpose       string          `json:"purpose"`
	Ceiling       ledger.Money    `json:"ceiling"`
	Instalments   []Instalment    `json:"instalments"`
	Body          string          `json:"body"`
	Meeting       string          `json:"meeting,omitzero"`
}

// EventType is the stored name.
func (SubsidyApproved) EventType() string { return "grant.approved.v1" }

func (e SubsidyApproved) apply(s State, m ledger.Metadata) State {
	s.Code, s.Beneficiary, s.Purpose, s.ApprovedOn = e.Code, e.Beneficiary, e.Purpose, m.OccurredOn
	s.Scheme, s.Version, s.Currency = e.Scheme, e.SchemeVersion, e.Ceiling.Currency
	s.Instalments = nil
	for _, x := range e.Instalments {
		s.Instalments = append(s.Instalments, Standing{Instalment: x})
	}
	return s
}
