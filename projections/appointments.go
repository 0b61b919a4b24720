package projections

import (
	"github.com/google/uuid"

	"ttledger/domain/appointment"
	"ttledger/domain/ledger"
)

// AppointmentRow is one person in one post.
type AppointmentRow struct {
	ID          uuid.UUID   `en:"appointment id" zh:"聘任标识"`
	Code        string      `en:"code" zh:"聘任编号"`
	Application uuid.UUID   `en:"application" zh:"报名"`
	Requisition uuid.UUID   `en:"requisition" zh:"选聘计划"`
	Post        string      `en:"post" zh:"岗位代码"`
	Person      uuid.UUID   `en:"appointee, pseudonym" zh:"受聘人(化名)"`
	Account     string      `en:"account" zh:"系统账号"`
	Stage       string      `en:"stage: started, confirmed, failed or ended" zh:"阶段"`
	Mode        string      `en:"mode" zh:"聘用方式"`
	Regime      string      `en:"law of the contract" zh:"合同适用"`
	StartedOn   ledger.Date `en:"started on" zh:"到岗日期"`
	FromOn      ledger.Date `en:"contract from" zh:"合同起始日"`
	ToOn        ledger.Date `en:"contract to" zh:"合同终止日"`
	ProbationTo ledger.Date `en:"probation to" zh:"试用期截止日"`
	Probation   string      `en:"probation: confirmed, extended or failed" zh:"试用期考核结果"`
	ProbationOn ledger.Date `en:"probation concluded on" zh:"试用期考核日期"`
	EndedOn     ledger.Date `en:"last day" zh:"离任日期"`
	EndKind     string      `en:"how it ended" zh:"离任方式"`
	EndReason   string      `en:"reason" zh:"离任原因"`
	NonCompete  ledger.Date `en:"non-compete to" zh:"竞业限制截止日"`
	Replaces    uuid.UUID   `en:"replaces, pseudonym" zh:"接替人员(化名)"`
	Version     int64       `en:"version of the stream" zh:"事件流版本"`
}

// Appointments is who holds or held which post, one row an appointment.
var Appointments = NewView(Spec[AppointmentRow]{
	Name: "appointments", Version: 1, Roles: appointment.Sight.All, Of: Of{"appointment", "id"},
	Title: ledger.Text{En: "appointments", Zh: "聘任台账"},
	Keys: func(f Fact) []string {
		if _, ok := f.Event.(appointment.Event); !ok {
			return nil
		}
		return []string{f.Stream.ID.String()}
	},
	Fold: func(r AppointmentRow, _ string, f Fact) AppointmentRow {
		on := f.Meta.OccurredOn
		r.ID, r.Version = f.Stream.ID, max(r.Version, int64(f.Version))
		switch e := f.Event.(type) {
		case appointment.AppointmentStarted:
			r.Code, r.Application, r.Requisition, r.Post, r.Person, r.Account = e.Code, e.Application, e.Requisition, e.Post, e.Person, e.Account
			r.Stage, r.Mode, r.Regime, r.StartedOn = "started", e.Mode, e.Regime, on
			r.FromOn, r.ToOn, r.ProbationTo, r.Replaces = e.From, e.To, e.Probation, e.Replaces
		case appointment.ProbationConcluded:
			r.Probation, r.ProbationOn = e.Result, on
			if e.Result == "extended" {
				r.ProbationTo = e.Until
			} else {
				r.Stage = e.Result
			}
		case appointment.AppointmentEnded:
			r.Stage, r.EndedOn, r.EndKind, r.EndReason, r.NonCompete = "ended", on, e.Kind, e.Reason, e.NonCompete
		}
		return r
	},
})
