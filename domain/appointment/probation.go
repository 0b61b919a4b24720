package appointment

import (
	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// ConcludeProbation says what came of a probation (试用期考核).
type ConcludeProbation struct {
	Result      string          `json:"result" enum:"confirmed,extended,failed" en:"result" zh:"考核结果"`
	Reason      string          `json:"reason,omitzero" enum:"conditions-not-met,serious-breach,serious-neglect,illness,not-competent" en:"ground of the dismissal (Labour Contract Law 39, 40)" zh:"解除理由(劳动合同法第三十九、四十条)"`
	Explanation ledger.Personal `json:"explanation,omitzero" personal:"explanation" en:"what the appointee was told" zh:"向本人说明的理由"`
	Until       ledger.Date     `json:"until,omitzero" en:"last day of the probation, extended" zh:"延长后的试用期截止日"`
}

// extension is the longest probation of a public institution with its extension, in months.
const extension = 6 // 国办发〔2002〕35号, on the employment system of public institutions

// Benefits is who gains by a confirmation.
func (ConcludeProbation) Benefits(s State) []ledger.StreamID {
	return []ledger.StreamID{{Category: "person", ID: s.Started.Person}}
}

func (c ConcludeProbation) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.running(at),
		ledger.CheckOneOf("result", c.Result, "confirmed", "extended", "failed"),
		ledger.CheckOneOf("reason", c.Reason, "", "conditions-not-met", "serious-breach", "serious-neglect", "illness", "not-competent"),
		c.Explanation.Check("explanation", 2000, c.Result == "failed"),
	); err != nil {
		return nil, err
	}
	switch {
	case s.Probation.IsZero():
		return nil, reject("no-probation", "the appointment has no probation", "该聘任无试用期")
	case s.Result != "":
		return nil, reject("probation-concluded", "the probation was concluded as "+s.Result+"; there is one only (Labour Contract Law 19)", "试用期已考核("+s.Result+");只能约定一次试用期(劳动合同法第十九条)")
	case (c.Result == "failed") != (c.Reason != ""):
		return nil, ledger.InvalidField("reason", "the ground, where failed, and only there (Labour Contract Law 21)", "不合格时(且仅在不合格时)填写理由(劳动合同法第二十一条)")
	case c.Result == "failed" && at.On.Compare(s.Probation) > 0:
		return nil, reject("probation-over", "the probation ended on "+s.Probation.String()+"; nobody fails it afterwards", "试用期已于 "+s.Probation.String()+" 届满,不得再以试用不合格解除")
	}
	if err := c.checkExtension(s, at); err != nil {
		return nil, err
	}
	return []Event{ProbationConcluded{s.Started.Person, c.Result, c.Reason, c.Explanation.Of(s.Started.Person), c.Until}}, nil
}

// checkExtension: a labour contract has one probation and no second (Labour Contract Law 19); a
// public institution may extend it once.
func (c ConcludeProbation) checkExtension(s State, at ledger.Context) error {
	switch {
	case c.Result != "extended" && c.Until.IsZero():
		return nil
	case c.Result != "extended" || c.Until.Precision() != "day" || c.Until.Compare(s.Probation) <= 0:
		return ledger.InvalidField("until", "a day after the present end, where extended, and only there", "延长时(且仅在延长时)填写,须晚于现截止日")
	case s.Started.Regime != "public-institution" || s.Extended || at.On.Compare(s.Probation) > 0 || !within(s.Started.From, c.Until, extension):
		return reject("no-extension", "only a public institution extends a probation, once, while it runs, to at most six months", "仅事业单位可在试用期内延长一次,且合计不超过六个月")
	}
	return nil
}

// ProbationConcluded: the appointee was confirmed, or not, or is to be seen for longer (domain
// catalogue event 48).
type ProbationConcluded struct {
	Person      uuid.UUID       `json:"person"`
	Result      string          `json:"result"`
	Reason      string          `json:"reason,omitzero"`
	Explanation ledger.Personal `json:"explanation,omitzero" personal:"explanation"`
	Until       ledger.Date     `json:"until,omitzero"`
}

// EventType is the stored name.
func (ProbationConcluded) EventType() string { return "appointment.probation-concluded.v1" }

// Correctable: a wrong record is put right by a correction.
func (ProbationConcluded) Correctable() {}

func (e ProbationConcluded) apply(s State, _ ledger.Metadata) State {
	if e.Result == "extended" {
		s.Probation, s.Extended = e.Until, true
	} else {
		s.Result = e.Result
	}
	return s
}
