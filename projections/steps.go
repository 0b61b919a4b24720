package projections

import (
	"github.com/google/uuid"

	"ttledger/domain/ledger"
	"ttledger/domain/project"
)

// StepsRow is the dates at which one project reached its steps: what the funnel and the cycle
// times are computed from. The first time counts.
type StepsRow struct {
	ID               uuid.UUID     `en:"project id" zh:"项目标识"`
	Cohort           int64         `en:"cohort: year of the proposal" zh:"队列(申报年份)"`
	Stage            project.Stage `en:"stage" zh:"阶段"`
	ProposedOn       ledger.Date   `en:"proposed on" zh:"申报日期"`
	ApprovedOn       ledger.Date   `en:"approved on" zh:"立项日期"`
	PilotOn          ledger.Date   `en:"pilot opened on (Go at G3)" zh:"中试日期(G3 通过)"`
	IndustrialisedOn ledger.Date   `en:"industrialised on" zh:"产业化日期"`
	CompletedOn      ledger.Date   `en:"completed on" zh:"结项日期"`
	EndedOn          ledger.Date   `en:"rejected or terminated on" zh:"未立项或终止日期"`
	HeldSince        ledger.Date   `en:"on hold since" zh:"暂缓起始"`
	Holds            []Hold        `en:"times on hold" zh:"暂缓区间"`
}

// Hold is a time on hold, from the day of the decision to the day of the next.
type Hold struct {
	From ledger.Date `json:"from"`
	To   ledger.Date `json:"to"`
}

// ProjectSteps is one row a project with the date of each step.
var ProjectSteps = NewView(Spec[StepsRow]{
	Name: "project-steps", Version: 1, Roles: Readers, Of: Of{"project", "id"},
	Title: ledger.Text{En: "project steps", Zh: "项目阶段日期"},
	Keys: func(f Fact) []string {
		switch f.Event.(type) {
		case project.ProjectProposed, project.ProjectApproved, project.StageGateDecided, project.IndustrialisationConfirmed,
			project.ProjectCompleted, project.ProjectTerminated:
			return ownProject(f)
		}
		return nil
	},
	Fold: func(r StepsRow, _ string, f Fact) StepsRow {
		on := f.Meta.OccurredOn
		r.ID = f.Stream.ID
		switch e := f.Event.(type) {
		case project.ProjectProposed:
			r.Cohort, r.Stage = int64(on.Year), project.Proposed
			r.ProposedOn = on
		case project.ProjectApproved:
			r.Stage = project.Approved
			r.ApprovedOn = first(r.ApprovedOn, on)
		case project.StageGateDecided:
			r.decide(e, on)
		case project.IndustrialisationConfirmed:
			r.Stage = project.Industrialised
			r.IndustrialisedOn = first(r.IndustrialisedOn, on)
		case project.ProjectCompleted:
			r.Stage = project.Completed
			r.CompletedOn = first(r.CompletedOn, on)
		case project.ProjectTerminated:
			r.Stage = project.Terminated
			r.EndedOn = first(r.EndedOn, on)
			r.resume(on)
		}
		return r
	},
})

func (r *StepsRow) decide(e project.StageGateDecided, on ledger.Date) {
	r.resume(on)
	r.Stage = e.StageAfter(r.Stage)
	switch {
	case e.Decision == "hold":
		r.HeldSince = on
	case e.Decision == "kill":
		r.EndedOn = first(r.EndedOn, on)
	case e.Decision == "go" && e.Gate == 3:
		r.PilotOn = first(r.PilotOn, on)
	}
}

// resume ends a time on hold: any further decision does.
func (r *StepsRow) resume(on ledger.Date) {
	if r.HeldSince.IsZero() {
		return
	}
	r.Holds = append(r.Holds[:len(r.Holds):len(r.Holds)], Hold{r.HeldSince, on})
	r.HeldSince = ledger.Date{}
}

func first(known, now ledger.Date) ledger.Date {
	if known.IsZero() {
		return now
	}
	return known
}
