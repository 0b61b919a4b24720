package contract

import (
	"fmt"
	"regexp"

	"ttledger/domain/ledger"
)

// Register records that the technology-market office registered the contract (认定登记).
type Register struct {
	No         string       `json:"no" en:"registration number, 16 digits" zh:"认定登记编号(16 位数字)"`
	Office     string       `json:"office" en:"registering office" zh:"登记机构"`
	Type       string       `json:"type" enum:"development,transfer,licence,consulting,service" en:"family as recognised" zh:"认定类别"`
	Value      ledger.Money `json:"value" en:"contract value as recognised" zh:"认定合同成交额"`
	TechValue  ledger.Money `json:"tech_value" en:"technology transaction value as recognised" zh:"认定技术交易额"`
	TechIncome ledger.Money `json:"tech_income,omitzero" en:"technical income as recognised" zh:"认定技术性收入"`
}

// Registration is what a registration came to.
type Registration struct {
	No      string      `json:"no"`
	On      ledger.Date `json:"on"`
	Revoked bool        `json:"revoked,omitzero"`
}

var registrationPattern = regexp.MustCompile(`^[0-9]{16}$`)

func (c Register) decide(s State, at ledger.Context) ([]Event, error) {
	if !registrationPattern.MatchString(c.No) {
		return nil, ledger.InvalidField("no", fmt.Sprintf("16 digits, got %q", c.No), fmt.Sprintf("应为 16 位数字,实际 %q", c.No))
	}
	if err := ledger.First(
		s.running(at.On),
		ledger.CheckText("office", c.Office, 200, true),
		ledger.CheckOneOf("type", c.Type, "development", "transfer", "licence", "consulting", "service"),
		s.Terms.amount("value", c.Value),
		s.Terms.within("tech_value", c.TechValue, c.Value.Minor),
	); err != nil {
		return nil, err
	}
	if !c.TechIncome.IsZero() {
		if err := s.Terms.within("tech_income", c.TechIncome, c.TechValue.Minor); err != nil {
			return nil, err
		}
	}
	if s.Terms.Form == "oral" {
		return nil, reject("oral", "an oral contract is not registered", "口头合同不予认定登记")
	}
	for _, r := range s.Registrations {
		if r.No == c.No {
			return nil, reject("registered", fmt.Sprintf("the contract had the number %s already", c.No), fmt.Sprintf("本合同已用过登记编号 %s", c.No))
		}
	}
	if last, ok := s.registered(); ok && !s.Reregister {
		return nil, reject("registered", fmt.Sprintf("the contract is registered as %s; it is registered once", last.No), fmt.Sprintf("合同已登记(%s),只登记一次", last.No))
	}
	return []Event{Registered(c)}, nil
}

// registered is the registration that stands.
func (s State) registered() (Registration, bool) {
	if n := len(s.Registrations); n > 0 && !s.Registrations[n-1].Revoked {
		return s.Registrations[n-1], true
	}
	return Registration{}, false
}

// Registered: the contract is registered (domain catalogue event 31).
type Registered struct {
	No         string       `json:"no"`
	Office     string       `json:"office"`
	Type       string       `json:"type"`
	Value      ledger.Money `json:"value"`
	TechValue  ledger.Money `json:"tech_value"`
	TechIncome ledger.Money `json:"tech_income,omitzero"`
}

// EventType is the stored name.
func (Registered) EventType() string { return "contract.registered.v1" }

func (e Registered) apply(s State, m ledger.Metadata) State {
	s.Registrations = append(s.Registrations[:len(s.Registrations):len(s.Registrations)], Registration{No: e.No, On: m.OccurredOn})
	s.Reregister = false
	return s
}

// RevokeRegistration records that the authority revoked the registration (登记撤销). From the
// beginning, it is dated on the day of the registration, so that no later day shows one.
type RevokeRegistration struct {
	Ground    string       `json:"ground" enum:"sham,false-statement,not-technology,other" en:"sham contract, false statement, not a technology contract, other" zh:"原因:虚假合同、不实申报、非技术合同、其他"`
	Effect    string       `json:"effect" enum:"ab-initio,prospective" en:"from the beginning, or from now on" zh:"效力:自始无效、向后失效"`
	Decision  string       `json:"decision" en:"reference of the authority's decision" zh:"主管部门决定文号"`
	DecidedOn ledger.Date  `json:"decided_on" en:"day of that decision" zh:"决定日期"`
	Recover   ledger.Money `json:"recover,omitzero" en:"benefit to be recovered" zh:"应追回的优惠"`
}

func (c RevokeRegistration) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		ledger.CheckOneOf("ground", c.Ground, "sham", "false-statement", "not-technology", "other"),
		ledger.CheckOneOf("effect", c.Effect, "ab-initio", "prospective"),
		ledger.CheckText("decision", c.Decision, 200, true),
		checkDecidedOn(c.DecidedOn, at),
	); err != nil {
		return nil, err
	}
	if !c.Recover.IsZero() {
		if err := c.Recover.Check("recover"); err != nil {
			return nil, err
		}
	}
	last, ok := s.registered()
	switch {
	case !ok:
		return nil, reject("not-registered", "the contract is not registered", "合同未登记")
	case c.Effect == "ab-initio" && at.On != last.On:
		return nil, abInitio(last.On)
	case c.Effect == "prospective" && at.On.Compare(last.On) < 0:
		return nil, notBefore(at.On.First(), last.On, ledger.Text{En: "the registration", Zh: "登记日"})
	}
	return []Event{RegistrationRevoked{No: last.No, Ground: c.Ground, Effect: c.Effect, Decision: c.Decision, DecidedOn: c.DecidedOn, Recover: c.Recover}}, nil
}

func checkDecidedOn(d ledger.Date, at ledger.Context) error {
	if d.IsZero() || d.Compare(ledger.DayOf(at.Now)) > 0 || d.Last().Compare(at.On) < 0 {
		return ledger.InvalidField("decided_on", "needed; not after today, not before it takes effect", "须填写,不晚于今天,不早于生效日")
	}
	return nil
}

// abInitio says on which day something is undone from its beginning.
func abInitio(on ledger.Date) error {
	return reject("ab-initio-date", fmt.Sprintf("what is undone from the beginning is dated %s, as what it undoes; decided_on is the day of the decision", on),
		fmt.Sprintf("自始无效的,业务发生日须为原业务发生日 %s;决定日期填入 decided_on", on))
}

// RegistrationRevoked: the registration no longer stands (domain catalogue event 32).
type RegistrationRevoked struct {
	No        string       `json:"no"`
	Ground    string       `json:"ground"`
	Effect    string       `json:"effect"`
	Decision  string       `json:"decision"`
	DecidedOn ledger.Date  `json:"decided_on"`
	Recover   ledger.Money `json:"recover,omitzero"`
}

// EventType is the stored name.
func (RegistrationRevoked) EventType() string { return "contract.registration-revoked.v1" }

func (e RegistrationRevoked) apply(s State, _ ledger.Metadata) State {
	list := make([]Registration, len(s.Registrations))
	for i, r := range s.Registrations {
		list[i] = r
		list[i].Revoked = r.Revoked || r.No == e.No
	}
	s.Registrations = list
	return s
}

// RecordLicence records that the patent office filed the licence (备案).
type RecordLicence struct {
	No string `json:"no" en:"filing number" zh:"备案号"`
}

func (c RecordLicence) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(s.running(at.On), ledger.CheckText("no", c.No, 60, true)); err != nil {
		return nil, err
	}
	switch {
	case s.Terms.SubType != "patent":
		return nil, reject("not-a-patent-licence", "only a licence of patents is filed with the patent office", "仅专利实施许可合同需要备案")
	case s.LicenceNo != "":
		return nil, reject("licence-recorded", fmt.Sprintf("the licence is filed as %s", s.LicenceNo), fmt.Sprintf("许可已备案(%s)", s.LicenceNo))
	}
	return []Event{LicenceRecorded(c)}, nil
}

// LicenceRecorded: the patent office filed the licence (Patent Rules 2023, 15).
type LicenceRecorded struct {
	No string `json:"no"`
}

// EventType is the stored name.
func (LicenceRecorded) EventType() string { return "contract.licence-recorded.v1" }

func (e LicenceRecorded) apply(s State, _ ledger.Metadata) State {
	s.LicenceNo = e.No
	return s
}
