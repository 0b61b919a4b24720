package project

import (
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// VerifyMilestone records what became of a milestone.
type VerifyMilestone struct {
	Milestone  string      `json:"milestone" en:"code of the milestone" zh:"里程碑代码"`
	Result     string      `json:"result" enum:"met,partly,missed,waived" en:"met, partly, missed or waived" zh:"达成、部分达成、未达成、豁免"`
	AchievedOn ledger.Date `json:"achieved_on,omitzero" en:"when it was met" zh:"达成日期"`
}

// Result is the last finding on one milestone.
type Result struct {
	Milestone string `json:"milestone"`
	Result    string `json:"result"`
}

func (c VerifyMilestone) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.open(true),
		ledger.CheckOneOf("result", c.Result, "met", "partly", "missed", "waived"),
		notBefore(at, s.ApprovedOn, theApproval),
	); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(s.Milestones, func(m Milestone) bool { return m.Code == c.Milestone })
	if i < 0 {
		return nil, ledger.Rejected("no-such-milestone", ledger.Text{
			En: fmt.Sprintf("the project has no milestone %q", c.Milestone), Zh: fmt.Sprintf("项目没有里程碑 %q", c.Milestone),
		})
	}
	if at.Actor == s.Responsible {
		return nil, ledger.Rejected("own-milestone", ledger.Text{
			En: "the responsible person does not verify the project's milestones", Zh: "负责人不得核验本项目里程碑",
		})
	}
	if (c.Result == "met") == c.AchievedOn.IsZero() {
		return nil, ledger.InvalidField("achieved_on", "needed where the milestone is met, and only there", "达成时必填,其他结果不得填写")
	}
	if c.AchievedOn.Compare(ledger.DayOf(at.Now)) > 0 {
		return nil, ledger.InvalidField("achieved_on", "must not be after today", "不能晚于今天")
	}
	for _, r := range s.Results {
		if r.Milestone == c.Milestone && (r.Result == "met" || r.Result == "waived") {
			return nil, ledger.Rejected("milestone-settled", ledger.Text{
				En: fmt.Sprintf("milestone %s was settled as %s", c.Milestone, r.Result),
				Zh: fmt.Sprintf("里程碑 %s 已有最终结论(%s)", c.Milestone, r.Result),
			})
		}
	}
	return []Event{MilestoneVerified{
		Milestone: c.Milestone, Result: c.Result, AchievedOn: c.AchievedOn,
		Due: s.Milestones[i].Due, Verifier: at.Actor,
	}}, nil
}

// MilestoneVerified: a milestone was looked at (domain catalogue event 24).
type MilestoneVerified struct {
	Milestone  string      `json:"milestone"`
	Result     string      `json:"result"`
	Due        ledger.Date `json:"due"`
	AchievedOn ledger.Date `json:"achieved_on,omitzero"`
	Verifier   string      `json:"verifier"`
}

// EventType is the stored name.
func (MilestoneVerified) EventType() string { return "project.milestone-verified.v1" }

// Correctable: a wrong record is put right by a correction.
func (MilestoneVerified) Correctable() {}

func (e MilestoneVerified) apply(s State, _ ledger.Metadata) State {
	s.Results = slices.DeleteFunc(slices.Clone(s.Results), func(r Result) bool { return r.Milestone == e.Milestone })
	s.Results = append(s.Results, Result{e.Milestone, e.Result})
	return s
}
