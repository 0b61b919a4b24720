package appointment

import (
	"fmt"
	"regexp"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Start begins an appointment on its first working day (到岗).
type Start struct {
	Code            string      `json:"code" en:"a code people can say, such as K-2026-0007" zh:"聘任编号,如 K-2026-0007"`
	Application     uuid.UUID   `json:"application" en:"id of the application whose offer was accepted" zh:"已接受聘书的报名标识"`
	Mode            string      `json:"mode" enum:"full-time,flexible,part-time" en:"full-time, flexible or part-time" zh:"全职、柔性或兼职(非全日制)"`
	Regime          string      `json:"regime" enum:"labour-contract,public-institution" en:"law the contract is under" zh:"合同适用:劳动合同或事业单位聘用合同"`
	From            ledger.Date `json:"from" en:"first day of the contract" zh:"合同起始日"`
	To              ledger.Date `json:"to,omitzero" en:"last day of the contract; open-ended where absent" zh:"合同终止日(无固定期限不填)"`
	Probation       ledger.Date `json:"probation,omitzero" en:"last day of the probation, if there is one" zh:"试用期截止日(无试用期不填)"`
	ProbationPay    int         `json:"probation_pay,omitzero" en:"pay in the probation, in percent of that agreed" zh:"试用期工资占约定工资的百分比"`
	FirstJob        bool        `json:"first_job,omitzero" en:"it is their first job" zh:"是否初次就业"`
	EmployerConsent bool        `json:"employer_consent,omitzero" en:"the present employer consents" zh:"现单位是否同意"`
	Account         string      `json:"account,omitzero" en:"handle of their account here" zh:"系统账号"`
	Replaces        uuid.UUID   `json:"replaces,omitzero" en:"pseudonym of whom they replace" zh:"接替人员的化名标识"`
}

func (c Start) application() ledger.StreamID {
	return ledger.StreamID{Category: "application", ID: c.Application}
}

// ReliesOn is the application.
func (c Start) ReliesOn() []ledger.StreamID { return []ledger.StreamID{c.application()} }

var handlePattern = regexp.MustCompile(`^[a-z][a-z0-9._-]{1,62}[a-z0-9]$`)

func (c Start) decide(_ State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		checkCode("code", c.Code),
		ledger.CheckOneOf("mode", c.Mode, "full-time", "flexible", "part-time"),
		ledger.CheckOneOf("regime", c.Regime, "labour-contract", "public-institution"),
		c.checkTerm(at),
		c.checkProbation(),
	); err != nil {
		return nil, err
	}
	if c.Account != "" && !handlePattern.MatchString(c.Account) {
		return nil, ledger.InvalidField("account", "the handle of an account is needed", "需要账号")
	}
	if c.Mode != "full-time" && !c.EmployerConsent {
		return nil, reject("employer-consent", "whoever works elsewhere needs the consent of that employer", "柔性或兼职聘任须经现单位同意")
	}
	a, ok := ledger.About[interface {
		AcceptedOffer() bool
		Applicant() uuid.UUID
		AppliedFor() (requisition uuid.UUID, post string)
	}](at, c.application())
	if !ok || !a.AcceptedOffer() {
		return nil, reject("no-accepted-offer", "an appointment follows an offer that was accepted", "到岗须以已接受的聘书为前提")
	}
	requisition, post := a.AppliedFor()
	return []Event{AppointmentStarted{
		Code: c.Code, Application: c.Application, Requisition: requisition, Post: post, Person: a.Applicant(), Mode: c.Mode, Regime: c.Regime,
		From: c.From, To: c.To, Probation: c.Probation, ProbationPay: c.ProbationPay, FirstJob: c.FirstJob, EmployerConsent: c.EmployerConsent,
		Account: c.Account, Replaces: c.Replaces,
	}}, nil
}

func (c Start) checkTerm(at ledger.Context) error {
	switch {
	case at.On.Precision() != "day":
		return reject("day-needed", "an appointment begins on a day", "到岗须为具体日期")
	case c.From.Precision() != "day" || at.On.Compare(c.From) < 0:
		return ledger.InvalidField("from", "a day, not after the first working day", "须为具体日期,且不晚于到岗日")
	case !c.To.IsZero() && (c.To.Precision() != "day" || c.To.Compare(at.On) < 0):
		return ledger.InvalidField("to", "a day, not before the first working day", "须为具体日期,且不早于到岗日")
	case !c.Probation.IsZero() && (c.Probation.Precision() != "day" || c.Probation.Compare(at.On) < 0):
		return ledger.InvalidField("probation", "a day, not before the first working day", "须为具体日期,且不早于到岗日")
	}
	return nil
}

// checkProbation is the law on probation: its length by that of the contract, its pay, and the
// twelve months of a first job with a public institution.
func (c Start) checkProbation() error {
	if c.Regime == "public-institution" && c.FirstJob && c.lasts(36) {
		// Regulations on Personnel of Public Institutions 13.
		if c.Probation != before(after(c.From, 12)) {
			return reject("first-job-probation", "a first job with a public institution, for three years or more, has a probation of 12 months: to "+before(after(c.From, 12)).String(), "事业单位初次就业且聘期三年以上的,试用期为 12 个月,至 "+before(after(c.From, 12)).String()+"(条例第十三条)")
		}
		return c.checkPay()
	}
	if c.Probation.IsZero() {
		return nil
	}
	// Labour Contract Law 19; 70 for work that is not full-time.
	if months := c.probationMonths(); months == 0 {
		return reject("no-probation", "a contract of less than three months, or part-time, has no probation (Labour Contract Law 19, 70)", "合同期限不满三个月或非全日制用工不得约定试用期(劳动合同法第十九、七十条)")
	} else if !within(c.From, c.Probation, months) {
		return reject("probation-too-long", fmt.Sprintf("the probation of such a contract is at most %d months: to %s (Labour Contract Law 19)", months, before(after(c.From, months))), fmt.Sprintf("该合同期限的试用期不得超过 %d 个月,即至 %s(劳动合同法第十九条)", months, before(after(c.From, months))))
	}
	return c.checkPay()
}

// checkPay: Labour Contract Law 20.
func (c Start) checkPay() error {
	if c.ProbationPay < 80 || c.ProbationPay > 100 {
		return reject("probation-pay", "pay in the probation is 80 to 100 percent of that agreed (Labour Contract Law 20)", "试用期工资为约定工资的 80% 至 100%(劳动合同法第二十条)")
	}
	return nil
}

// probationMonths is the longest probation of the contract.
func (c Start) probationMonths() int {
	switch {
	case c.Mode == "part-time" || !c.lasts(3):
		return 0
	case !c.lasts(12):
		return 1
	case !c.lasts(36):
		return 2
	}
	return 6
}

// lasts says whether the contract is for at least so many months.
func (c Start) lasts(months int) bool {
	return c.To.IsZero() || c.To.Compare(before(after(c.From, months))) >= 0
}

// AppointmentStarted: somebody began work (domain catalogue event 47).
type AppointmentStarted struct {
	Code            string      `json:"code"`
	Application     uuid.UUID   `json:"application"`
	Requisition     uuid.UUID   `json:"requisition"`
	Post            string      `json:"post"`
	Person          uuid.UUID   `json:"person"`
	Mode            string      `json:"mode"`
	Regime          string      `json:"regime"`
	From            ledger.Date `json:"from"`
	To              ledger.Date `json:"to,omitzero"`
	Probation       ledger.Date `json:"probation,omitzero"`
	ProbationPay    int         `json:"probation_pay,omitzero"`
	FirstJob        bool        `json:"first_job,omitzero"`
	EmployerConsent bool        `json:"employer_consent,omitzero"`
	Account         string      `json:"account,omitzero"`
	Replaces        uuid.UUID   `json:"replaces,omitzero"`
}

// EventType is the stored name.
func (AppointmentStarted) EventType() string { return "appointment.started.v1" }

// Correctable: a wrong record is put right by a correction.
func (AppointmentStarted) Correctable() {}

func (e AppointmentStarted) apply(s State, m ledger.Metadata) State {
	s.Started, s.StartedOn, s.Probation = e, m.OccurredOn, e.Probation
	return s
}
