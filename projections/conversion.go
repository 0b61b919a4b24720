package projections

import (
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/contract"
	"ttledger/domain/ledger"
	"ttledger/domain/project"
)

// ConversionRow is what reports on conversion need of one project beside its steps: what it
// transfers, its first contract, its readiness from gate to gate, its milestones, and what its
// due-diligence dossier lacks.
type ConversionRow struct {
	ID           uuid.UUID          `en:"project id" zh:"项目标识"`
	Achievements []uuid.UUID        `en:"achievements" zh:"科技成果"`
	RegisterBy   ledger.Date        `en:"achievements to be registered by" zh:"预登记期限"`
	Contract     uuid.UUID          `en:"first contract" zh:"首个合同"`
	ContractedOn ledger.Date        `en:"first contract signed on" zh:"首个合同签订日期"`
	ApprovedOn   ledger.Date        `en:"approved on" zh:"立项日期"`
	Responsible  string             `en:"responsible person" zh:"负责人"`
	G1Scale      string             `en:"readiness scale at G1" zh:"G1 就绪度量表"`
	G1Level      int                `en:"readiness level at G1" zh:"G1 就绪度级别"`
	LastGate     int                `en:"last gate at which readiness was found" zh:"最近认定就绪度的关口"`
	LastScale    string             `en:"readiness scale at the last gate" zh:"最近关口就绪度量表"`
	LastLevel    int                `en:"readiness level at the last gate" zh:"最近关口就绪度级别"`
	Milestones   []MilestoneOutcome `en:"milestones with their results" zh:"里程碑及结果"`
	Bare         []string           `en:"decisions without evidence" zh:"缺佐证的决定"`
	Terminated   ledger.Date        `en:"terminated on" zh:"终止日期"`
	Ground       string             `en:"ground of termination" zh:"终止原因"`
	Exemption    bool               `en:"exemption for diligence" zh:"主张尽职免责"`
	DossierGaps  []string           `en:"what the dossier lacked at the last of its events" zh:"证据包缺项(截至最近事件)"`
}

// MilestoneOutcome is a milestone with the last finding on it.
type MilestoneOutcome struct {
	Code       string      `json:"code"`
	Due        ledger.Date `json:"due"`
	Result     string      `json:"result,omitzero"`
	AchievedOn ledger.Date `json:"achieved_on,omitzero"`
}

// Conversion is the projects, one row each.
var Conversion = NewView(Spec[ConversionRow]{
	Name: "conversion", Version: 1, Roles: Readers, Of: Of{"project", "id"},
	Title: ledger.Text{En: "conversion of achievements by project", Zh: "项目成果转化情况"},
	Keys: func(f Fact) []string {
		switch f.Event.(type) {
		case project.ProjectProposed, project.ProjectApproved, project.StageGateDecided, project.MilestoneVerified, project.ProjectTerminated:
			return ownProject(f)
		}
		if e, ok := f.Event.(contract.Signed); ok {
			return []string{e.Project.String()}
		}
		return nil
	},
	Fold: func(r ConversionRow, key string, f Fact) ConversionRow {
		r.ID = uuid.MustParse(key)
		if _, ok := f.Event.(contract.Signed); ok {
			if r.ContractedOn.IsZero() {
				r.Contract, r.ContractedOn = f.Stream.ID, f.Meta.OccurredOn
			}
			return r
		}
		r.take(f)
		r.DossierGaps = r.state().DossierGaps(f.Meta.OccurredOn)
		return r
	},
})

func (r *ConversionRow) take(f Fact) {
	switch e := f.Event.(type) {
	case project.ProjectProposed:
		r.Achievements, r.RegisterBy = e.Achievements, e.RegisterBy
		r.milestones(e.Milestones)
	case project.ProjectApproved:
		r.ApprovedOn, r.Responsible = first(r.ApprovedOn, f.Meta.OccurredOn), e.Responsible
		r.evidenced("approval", f.Meta)
		if len(e.Milestones) > 0 {
			r.milestones(e.Milestones)
		}
	case project.StageGateDecided:
		r.evidenced(e.Gate.String(), f.Meta)
		r.gate(e)
		if e.Decision == "kill" && !r.ApprovedOn.IsZero() {
			r.Terminated, r.Ground = first(r.Terminated, f.Meta.OccurredOn), "killed at "+e.Gate.String()
		}
	case project.MilestoneVerified:
		r.Milestones = slices.Clone(r.Milestones)
		for i := range r.Milestones {
			if m := &r.Milestones[i]; m.Code == e.Milestone {
				m.Result, m.AchievedOn = e.Result, e.AchievedOn
			}
		}
	case project.ProjectTerminated:
		r.Terminated, r.Ground, r.Exemption = first(r.Terminated, f.Meta.OccurredOn), e.Ground, e.Exemption
	}
}

func (r *ConversionRow) milestones(list []project.Milestone) {
	r.Milestones = nil
	for _, m := range list {
		r.Milestones = append(r.Milestones, MilestoneOutcome{Code: m.Code, Due: m.Due})
	}
}

func (r *ConversionRow) gate(e project.StageGateDecided) {
	found := e.After
	if found == nil {
		found = e.Before
	}
	if found == nil {
		return
	}
	if e.Gate == 1 {
		r.G1Scale, r.G1Level = found.Scale, found.Level
	}
	r.LastGate, r.LastScale, r.LastLevel = int(e.Gate), found.Scale, found.Level
}

func (r *ConversionRow) evidenced(decision string, m ledger.Metadata) {
	r.Bare = slices.DeleteFunc(slices.Clone(r.Bare), func(d string) bool { return d == decision })
	if len(m.Evidence) == 0 {
		r.Bare = append(r.Bare, decision)
	}
}

// state is what the project's own rules look at to say what a dossier lacks.
func (r *ConversionRow) state() project.State {
	s := project.State{ApprovedOn: r.ApprovedOn, Responsible: r.Responsible, Bare: r.Bare}
	for _, m := range r.Milestones {
		s.Milestones = append(s.Milestones, project.Milestone{Code: m.Code, Due: m.Due})
		if m.Result != "" {
			s.Results = append(s.Results, project.Result{Milestone: m.Code, Result: m.Result})
		}
	}
	return s
}
