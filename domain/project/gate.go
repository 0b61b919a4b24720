package project

import (
	"fmt"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Gate is a stage gate, 0 to 5: intake 受理, evaluate 评价, commit 签约, pilot 中试,
// industrialise 产业化, close 验收.
type Gate int

// String is G0 to G5.
func (g Gate) String() string { return fmt.Sprintf("G%d", int(g)) }

// DecideGate decides the gate that is next.
type DecideGate struct {
	Gate       Gate        `json:"gate" en:"gate, 0 to 5" zh:"评审关口(0–5)"`
	Decision   string      `json:"decision" enum:"go,hold,recycle,kill" en:"go, hold, recycle or kill" zh:"通过、暂缓、返修或终止"`
	Scores     []Score     `json:"scores,omitzero" en:"scores by criterion" zh:"分项评分"`
	Before     *Readiness  `json:"readiness_before,omitzero" en:"readiness level before" zh:"评审前就绪度"`
	After      *Readiness  `json:"readiness_after,omitzero" en:"readiness level found" zh:"评审认定就绪度"`
	Conditions []string    `json:"conditions,omitzero" en:"conditions" zh:"附带条件"`
	HoldUntil  ledger.Date `json:"hold_until,omitzero" en:"hold until, for hold" zh:"暂缓至(仅暂缓时)"`
	Panel      uuid.UUID   `json:"panel,omitzero" en:"id of the concluded panel it rests on" zh:"所依据的评审组标识"`
	Contract   uuid.UUID   `json:"contract,omitzero" en:"id of the effective contract it rests on" zh:"所依据的有效合同标识"`
}

// Score is the points given for one criterion.
type Score struct {
	Criterion string `json:"criterion" en:"criterion" zh:"评价指标"`
	Points    int    `json:"points" en:"points, 0 to 100" zh:"得分(0–100)"`
}

// ReliesOn is the panel and the contract it rests on, and the achievements that are to be
// registered before the project goes on.
func (c DecideGate) ReliesOn(s State) []ledger.StreamID {
	var streams []ledger.StreamID
	if c.Panel != uuid.Nil {
		streams = append(streams, ledger.StreamID{Category: "panel", ID: c.Panel})
	}
	if c.Contract != uuid.Nil {
		streams = append(streams, contract(c.Contract))
	}
	if c.Gate >= 2 && !s.RegisterBy.IsZero() {
		streams = append(streams, achievements(s.Achievements)...)
	}
	return streams
}

// Benefits is the parties: nobody with an interest in one lets the project go on (T6).
func (c DecideGate) Benefits(s State) []ledger.StreamID {
	if c.Decision != "go" {
		return nil
	}
	return s.parties()
}

func contract(id uuid.UUID) ledger.StreamID { return ledger.StreamID{Category: "contract", ID: id} }

func (c DecideGate) decide(s State, at ledger.Context) ([]Event, error) {
	if c.Gate < 0 || c.Gate > 5 {
		return nil, ledger.InvalidField("gate", "0 to 5", "应为 0 至 5")
	}
	if err := ledger.First(
		ledger.CheckOneOf("decision", c.Decision, "go", "hold", "recycle", "kill"),
		c.checkDetail(),
		s.open(c.Gate >= 2),
		notBefore(at, s.ProposedOn, theProposal),
	); err != nil {
		return nil, err
	}
	if c.Gate != s.NextGate {
		return nil, ledger.Rejected("gate-order", ledger.Text{
			En: fmt.Sprintf("gates are decided in order: %s is next, not %s", s.NextGate, c.Gate),
			Zh: fmt.Sprintf("阶段评审须依次进行:下一关口为 %s,而非 %s", s.NextGate, c.Gate),
		})
	}
	if c.Gate == 5 && s.Stage != Industrialised {
		return nil, ledger.Rejected("not-industrialised", ledger.Text{
			En: "G5 closes a project in production; confirm industrialisation first", Zh: "G5 为结项评审,请先确认产业化投产",
		})
	}
	if c.Decision == "hold" && !c.HoldUntil.IsZero() && c.HoldUntil.Last().Compare(at.On.First()) < 0 {
		return nil, ledger.InvalidField("hold_until", "is before the decision", "早于决定日期")
	}
	if err := c.checkGrounds(s, at); err != nil {
		return nil, err
	}
	return []Event{StageGateDecided(c)}, nil
}

// checkGrounds: what the decision is said to rest on, does stand.
func (c DecideGate) checkGrounds(s State, at ledger.Context) error {
	if c.Panel != uuid.Nil {
		p, ok := ledger.About[interface{ IsConcluded() bool }](at, ledger.StreamID{Category: "panel", ID: c.Panel})
		if !ok || !p.IsConcluded() {
			return ledger.Rejected("panel-not-concluded", ledger.Text{
				En: fmt.Sprintf("the panel %s is not concluded", c.Panel), Zh: fmt.Sprintf("评审组 %s 尚未作出结论", c.Panel),
			})
		}
	}
	if c.Contract != uuid.Nil {
		k, ok := ledger.About[interface {
			Effective(on ledger.Date) bool
			ForProject() uuid.UUID
		}](at, contract(c.Contract))
		if !ok || !k.Effective(at.On) || k.ForProject() != at.Stream.ID {
			return ledger.Rejected("contract-not-effective", ledger.Text{
				En: fmt.Sprintf("%s is no contract of this project in effect on %s", c.Contract, at.On),
				Zh: fmt.Sprintf("%s 不是本项目在 %s 有效的合同", c.Contract, at.On),
			})
		}
	}
	if c.Gate >= 2 && c.Decision == "go" {
		return s.registeredInTime(at)
	}
	return nil
}

func (c DecideGate) checkDetail() error {
	if (c.Decision == "hold") == c.HoldUntil.IsZero() {
		return ledger.InvalidField("hold_until", "needed for hold, and only for hold", "暂缓时必填,其他决定不得填写")
	}
	if c.Before != nil && c.After != nil && c.Before.Scale != c.After.Scale {
		return ledger.InvalidField("readiness_after/scale", "levels of different scales cannot be compared", "不同量表的级别不可比较")
	}
	if err := ledger.CheckCount("scores", len(c.Scores), 50); err != nil {
		return err
	}
	for i, score := range c.Scores {
		if score.Points < 0 || score.Points > 100 {
			return ledger.InvalidField(fmt.Sprintf("scores/%d/points", i), "0 to 100", "应为 0 至 100")
		}
		if err := ledger.CheckText(fmt.Sprintf("scores/%d/criterion", i), score.Criterion, 100, true); err != nil {
			return err
		}
	}
	return ledger.First(c.Before.checkGiven("readiness_before"), c.After.checkGiven("readiness_after"), checkTexts("conditions", c.Conditions))
}

// StageGateDecided: a gate was decided (domain catalogue event 23).
type StageGateDecided struct {
	Gate       Gate        `json:"gate"`
	Decision   string      `json:"decision"`
	Scores     []Score     `json:"scores,omitzero"`
	Before     *Readiness  `json:"readiness_before,omitzero"`
	After      *Readiness  `json:"readiness_after,omitzero"`
	Conditions []string    `json:"conditions,omitzero"`
	HoldUntil  ledger.Date `json:"hold_until,omitzero"`
	Panel      uuid.UUID   `json:"panel,omitzero"`
	Contract   uuid.UUID   `json:"contract,omitzero"`
}

// EventType is the stored name.
func (StageGateDecided) EventType() string { return "project.stage-gate-decided.v2" }

func (e StageGateDecided) apply(s State, m ledger.Metadata) State {
	s = s.evidenced(e.Gate.String(), m)
	s.OnHold = e.Decision == "hold"
	if e.After != nil {
		s.Readiness = *e.After
	}
	if e.Decision == "go" {
		s.NextGate = e.Gate + 1
	}
	s.Stage = e.StageAfter(s.Stage)
	return s
}

// StageAfter is the stage a project has once the gate was decided so: Go at G3 opens the pilot,
// Kill ends a proposal as rejected and a running project as terminated.
func (e StageGateDecided) StageAfter(before Stage) Stage {
	switch {
	case e.Decision == "go" && e.Gate == 3:
		return Pilot
	case e.Decision == "kill" && before == Proposed:
		return Rejected
	case e.Decision == "kill":
		return Terminated
	}
	return before
}
