package team

import (
	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Review records how a team was judged in mid-term or at the end of its term.
type Review struct {
	Kind   string `json:"kind" enum:"interim,final" en:"in mid-term, or at the end of the term" zh:"中期考核或期满考核"`
	Result string `json:"result" enum:"good,passed,rectify,failed" en:"result" zh:"结论:优秀、合格、整改、不合格"`
	Body   string `json:"body" en:"who judged" zh:"考核机构"`
	Report string `json:"report,omitzero" en:"reference of the report" zh:"考核报告编号"`
}

func (c Review) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		ledger.CheckOneOf("kind", c.Kind, "interim", "final"),
		ledger.CheckOneOf("result", c.Result, "good", "passed", "rectify", "failed"),
		ledger.CheckText("body", c.Body, 200, true),
		ledger.CheckText("report", c.Report, 200, false),
	); err != nil {
		return nil, err
	}
	if s.Stage != Landed {
		return nil, reject("not-landed", "a team is reviewed after it has landed", "团队落地后方可考核")
	}
	if err := notBefore(at, s.FirstDay, ledger.Text{En: "it landed", Zh: "落地日"}); err != nil {
		return nil, err
	}
	return []Event{TeamReviewed(c)}, nil
}

// TeamReviewed: the team was judged.
type TeamReviewed struct {
	Kind   string `json:"kind"`
	Result string `json:"result"`
	Body   string `json:"body"`
	Report string `json:"report,omitzero"`
}

// EventType is the stored name.
func (TeamReviewed) EventType() string { return "team.reviewed.v1" }

// Correctable: a wrong record is put right by a correction.
func (TeamReviewed) Correctable() {}

func (TeamReviewed) apply(s State, _ ledger.Metadata) State { return s }

// Exit records that a team leaves the programme, and what is to follow.
type Exit struct {
	Ground   string `json:"ground" enum:"completed,left,dissolved,failed-review,not-eligible,breach" en:"ground" zh:"退出原因"`
	FollowUp string `json:"follow_up" enum:"none,claw-back,project-review" en:"what is to follow" zh:"后续处理:无、追回资助、项目复核"`
}

func (c Exit) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		ledger.CheckOneOf("ground", c.Ground, "completed", "left", "dissolved", "failed-review", "not-eligible", "breach"),
		ledger.CheckOneOf("follow_up", c.FollowUp, "none", "claw-back", "project-review"),
		notBefore(at, s.FormedOn, ledger.Text{En: "the team was formed", Zh: "团队组建日"}),
		notBefore(at, s.FirstDay, ledger.Text{En: "it landed", Zh: "落地日"}),
	); err != nil {
		return nil, err
	}
	if c.Ground == "completed" && s.Stage != Landed {
		return nil, reject("not-landed", "only a team that landed completes its term", "团队未落地,不能以期满退出")
	}
	return []Event{TeamExited(c)}, nil
}

// TeamExited: the team left the programme (domain catalogue event 54).
type TeamExited struct {
	Ground   string `json:"ground"`
	FollowUp string `json:"follow_up"`
}

// EventType is the stored name.
func (TeamExited) EventType() string { return "team.exited.v1" }

func (TeamExited) apply(s State, _ ledger.Metadata) State {
	s.Stage, s.Project, s.Part = Exited, uuid.Nil, ""
	return s
}
