package incubation

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// ConfirmGraduation ends a case by graduation (毕业认定), judged by the version of the policy in
// force that day, whatever version the case was admitted under.
type ConfirmGraduation struct {
	Criteria    []Met       `json:"criteria" en:"criteria met, one at least" zh:"达到的毕业条件(至少一项)"`
	Destination string      `json:"destination" enum:"park,accelerator,market,acquired,listed,merged,other" en:"where it goes" zh:"毕业去向"`
	Became      string      `json:"became,omitzero" en:"what it became" zh:"去向说明"`
	Panel       []uuid.UUID `json:"panel,omitzero" en:"ids of the panel, by pseudonym" zh:"评审组成员标识(化名)"`
	StatedOn    ledger.Date `json:"stated_on,omitzero" en:"for what is taken over from elsewhere: the day it was stated there" zh:"转录数据的原载日期"`
}

// Met is a criterion with what shows that it is met.
type Met struct {
	Code        string    `json:"code" en:"code of the criterion in the policy" zh:"条件代码"`
	Evidence    string    `json:"evidence" en:"reference of the evidence" zh:"佐证材料编号"`
	Recognition uuid.UUID `json:"recognition,omitzero" en:"id of the recognition, where one shows it" zh:"资格认定标识"`
}

// ReliesOn is the recognitions that are named.
func (c ConfirmGraduation) ReliesOn() []ledger.StreamID {
	var streams []ledger.StreamID
	for _, m := range c.Criteria {
		streams = append(streams, named(stream("recognition", m.Recognition))...)
	}
	return streams
}

// Benefits is whom the graduation favours.
func (c ConfirmGraduation) Benefits(s State) []ledger.StreamID {
	return s.beneficiaries(s.Application.Company)
}

// Under is the policy admitted under, in the version in force on the day.
func (c ConfirmGraduation) Under(s State) ledger.Governing {
	return ledger.Governing{Form: form, Code: s.Policy.Code}
}

func (c ConfirmGraduation) decide(s State, at ledger.Context) ([]Event, error) {
	rules, err := ledger.Params[Terms](at)
	if err := ledger.First(
		s.live(at), err,
		ledger.CheckCount("criteria", len(c.Criteria), 20),
		ledger.CheckOneOf("destination", c.Destination, "park", "accelerator", "market", "acquired", "listed", "merged", "other"),
		ledger.CheckText("became", c.Became, 200, false),
		ledger.CheckCount("panel", len(c.Panel), 50),
	); err != nil {
		return nil, err
	}
	if err := ledger.First(s.otherPolicy(at), inForce(at)); err != nil {
		return nil, err
	}
	if len(c.Criteria) == 0 {
		return nil, reject("no-criterion", "a graduation needs one criterion at least, with evidence", "毕业须至少满足一项条件并附佐证")
	}
	for i, m := range c.Criteria {
		if err := m.check(fmt.Sprintf("criteria/%d/", i), s, rules, at); err != nil {
			return nil, err
		}
	}
	for i, id := range c.Panel {
		if slices.Contains(s.Interested, id) {
			return nil, reject("mentor-on-panel", fmt.Sprintf("panel member %d declared an interest in the venture", i+1), fmt.Sprintf("评审组第 %d 位成员已申报与该项目的利益关系", i+1))
		}
	}
	return []Event{GraduationConfirmed{
		Criteria: c.Criteria, Destination: c.Destination, Became: c.Became, Panel: c.Panel, StatedOn: c.StatedOn,
		AdmittedUnder: s.Policy, JudgedBy: at.Rule.Policy,
	}}, nil
}

// check holds one criterion against the record.
func (m Met) check(path string, s State, rules Terms, at ledger.Context) error {
	if err := ledger.CheckText(path+"evidence", m.Evidence, 200, true); err != nil {
		return err
	}
	c, ok := rules.criterion(m.Code)
	if !ok {
		var codes []string
		for _, c := range rules.Criteria {
			codes = append(codes, c.Code)
		}
		return ledger.CheckOneOf(path+"code", m.Code, codes...)
	}
	met := true
	switch c.By {
	case "financing":
		met = s.raised(c.Amount.Currency, at.On) >= c.Amount.Minor
	case "revenue":
		met = s.earned(c) >= c.Amount.Minor
	case "recognition":
		met = m.recognised(s, c, at)
	}
	if !met {
		return reject("criterion-not-met", fmt.Sprintf("what is on record does not meet the criterion %s", m.Code), fmt.Sprintf("现有记录不满足毕业条件 %s", m.Code))
	}
	return nil
}

// raised is what was paid in as capital by a day, in one currency: loans and grants are none.
func (s State) raised(currency string, on ledger.Date) (sum int64) {
	for _, p := range s.Paid {
		capital := p.Instrument == "equity" || p.Instrument == "convertible"
		if capital && p.Amount.Currency == currency && p.On.Compare(on) <= 0 {
			sum += p.Amount.Minor
		}
	}
	return sum
}

// earned is the most that was earned in so many consecutive reported years.
func (s State) earned(c Criterion) (most int64) {
	by := map[int16]int64{}
	for _, y := range s.Years {
		if y.Revenue.Currency == c.Amount.Currency {
			by[y.Year] = y.Revenue.Minor
		}
	}
	for last := range by {
		var sum int64
		n := 0
		for year := last; n < c.Years; year-- {
			revenue, reported := by[year]
			if !reported {
				break
			}
			sum, n = sum+revenue, n+1
		}
		if n == c.Years {
			most = max(most, sum)
		}
	}
	return most
}

// recognised says whether the recognition named is the company's and valid on the day (X17).
func (m Met) recognised(s State, c Criterion, at ledger.Context) bool {
	r, ok := ledger.About[interface {
		ValidFor(subject ledger.StreamID, scheme string, on ledger.Date) bool
	}](at, stream("recognition", m.Recognition))
	return ok && r.ValidFor(stream("organisation", s.Application.Company), c.Scheme, at.On)
}

// GraduationConfirmed: the venture graduated (domain catalogue event 63).
type GraduationConfirmed struct {
	Criteria      []Met         `json:"criteria"`
	Destination   string        `json:"destination"`
	Became        string        `json:"became,omitzero"`
	Panel         []uuid.UUID   `json:"panel,omitzero"`
	StatedOn      ledger.Date   `json:"stated_on,omitzero"`
	AdmittedUnder ledger.Policy `json:"admitted_under"`
	JudgedBy      ledger.Policy `json:"judged_by"`
}

// EventType is the stored name.
func (GraduationConfirmed) EventType() string { return "incubation.graduated.v1" }

func (e GraduationConfirmed) apply(s State, m ledger.Metadata) State {
	s.Stage, s.Last = Graduated, m.OccurredOn
	return s
}

// RevokeGraduation takes a graduation back from its beginning, so it is dated like the graduation.
// The tenancy stays ended: whoever wants back applies anew.
type RevokeGraduation struct {
	Ground    string      `json:"ground" en:"why" zh:"撤销理由"`
	DecidedOn ledger.Date `json:"decided_on" en:"day of the decision" zh:"决定日期"`
}

func (c RevokeGraduation) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(ledger.CheckText("ground", c.Ground, 500, true), s.notBefore(at, s.Last)); err != nil {
		return nil, err
	}
	switch {
	case s.Stage != Graduated:
		return nil, reject("not-graduated", "there is no graduation that stands", "没有有效的毕业认定")
	case c.DecidedOn.Compare(ledger.DayOf(at.Now)) > 0 || c.DecidedOn.Last().Compare(at.On) < 0:
		return nil, ledger.InvalidField("decided_on", "from the day that the act is dated to today", "应在业务发生日至今天之间")
	}
	return []Event{GraduationRevoked(c)}, nil
}

// GraduationRevoked: the graduation counts as never confirmed.
type GraduationRevoked struct {
	Ground    string      `json:"ground"`
	DecidedOn ledger.Date `json:"decided_on"`
}

// EventType is the stored name.
func (GraduationRevoked) EventType() string { return "incubation.graduation-revoked.v1" }

func (e GraduationRevoked) apply(s State, _ ledger.Metadata) State {
	s.Stage = Left
	return s
}
