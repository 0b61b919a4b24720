package appointment

import (
	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// End ends an appointment, on its last working day.
type End struct {
	Kind       string      `json:"kind" enum:"expiry,resignation,agreement,dismissal,probation-failed,retirement,transfer,death" en:"how it ended" zh:"离任方式"`
	Reason     string      `json:"reason,omitzero" en:"reason code; needed for a dismissal" zh:"原因代码(解聘必填)"`
	NonCompete ledger.Date `json:"non_compete,omitzero" en:"last day of a non-compete obligation" zh:"竞业限制截止日"`
	Handover   string      `json:"handover,omitzero" en:"handle of who took over" zh:"交接人账号"`
}

func (c End) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.running(at),
		ledger.CheckOneOf("kind", c.Kind, "expiry", "resignation", "agreement", "dismissal", "probation-failed", "retirement", "transfer", "death"),
	); err != nil {
		return nil, err
	}
	if c.Reason != "" || c.Kind == "dismissal" {
		if err := checkCode("reason", c.Reason); err != nil {
			return nil, err
		}
	}
	if c.Handover != "" && !handlePattern.MatchString(c.Handover) {
		return nil, ledger.InvalidField("handover", "the handle of an account is needed", "需要账号")
	}
	if at.On.Precision() != "day" {
		return nil, reject("day-needed", "an appointment ends on a day", "离任须为具体日期")
	}
	if (c.Kind == "probation-failed") != (s.Result == "failed") {
		return nil, reject("probation-result", "it ends as probation-failed where the probation was concluded as failed, and only there", "试用期考核不合格的(且仅此情形)应以 probation-failed 离任")
	}
	// Labour Contract Law 24: at most two years.
	if !c.NonCompete.IsZero() && (c.NonCompete.Precision() != "day" || c.NonCompete.Compare(at.On) <= 0 || c.NonCompete.Compare(after(at.On, 24)) > 0) {
		return nil, reject("non-compete", "a non-compete obligation ends at most two years after the appointment: by "+after(at.On, 24).String()+" (Labour Contract Law 24)", "竞业限制自离任起不得超过二年,即至 "+after(at.On, 24).String()+"(劳动合同法第二十四条)")
	}
	return []Event{AppointmentEnded{s.Started.Person, s.Started.Account, c.Kind, c.Reason, c.NonCompete, c.Handover}}, nil
}

// AppointmentEnded: somebody left the post (domain catalogue event 49). What is kept of them as an
// appointee counts from this day.
type AppointmentEnded struct {
	Person     uuid.UUID   `json:"person"`
	Account    string      `json:"account,omitzero"` // whose projects need another responsible person
	Kind       string      `json:"kind"`
	Reason     string      `json:"reason,omitzero"`
	NonCompete ledger.Date `json:"non_compete,omitzero"`
	Handover   string      `json:"handover,omitzero"`
}

// EventType is the stored name.
func (AppointmentEnded) EventType() string { return "appointment.ended.v1" }

// Correctable: a wrong record is put right by a correction.
func (AppointmentEnded) Correctable() {}

func (AppointmentEnded) apply(s State, m ledger.Metadata) State {
	s.EndedOn = m.OccurredOn
	return s
}
