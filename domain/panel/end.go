package panel

import (
	"slices"

	"ttledger/domain/ledger"
)

// ExcuseReviewer lets a reviewer go who cannot or must not go on. All their scores go with them,
// unopened, so that nobody can leave out a single one.
type ExcuseReviewer struct {
	Reviewer string `json:"reviewer" en:"handle of the reviewer" zh:"评审专家账号"`
	Ground   string `json:"ground" enum:"unavailable,interest-found,misconduct" en:"why" zh:"原因"`
}

func (c ExcuseReviewer) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(s.sitting(at), ledger.CheckOneOf("ground", c.Ground, "unavailable", "interest-found", "misconduct")); err != nil {
		return nil, err
	}
	if !slices.Contains(s.Sitting.Reviewers, c.Reviewer) {
		return nil, ledger.InvalidField("reviewer", c.Reviewer+" does not review on this panel", c.Reviewer+" 不是本评审组专家")
	}
	if slices.Contains(s.Excused, c.Reviewer) {
		return nil, nil
	}
	return []Event{ReviewerExcused(c)}, nil
}

// ReviewerExcused: a reviewer left the panel, and none of their scores counts.
type ReviewerExcused struct {
	Reviewer string `json:"reviewer"`
	Ground   string `json:"ground"`
}

// EventType is the stored name.
func (ReviewerExcused) EventType() string { return "panel.reviewer-excused.v1" }

func (e ReviewerExcused) apply(s State, _ ledger.Metadata) State {
	s.Excused = append(s.Excused[:len(s.Excused):len(s.Excused)], e.Reviewer)
	return s
}

// SetAside withdraws a panel as if it had never been: its items may go before another. After a
// conclusion it is dated on that day, so that whoever looks back sees none.
type SetAside struct {
	Ground    string      `json:"ground" enum:"procedure,interest-found,scores-lost,objection-upheld,requisition-cancelled" en:"why" zh:"原因"`
	DecidedOn ledger.Date `json:"decided_on" en:"day of the decision" zh:"决定日期"`
}

func (c SetAside) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.CheckOneOf("ground", c.Ground, "procedure", "interest-found", "scores-lost", "objection-upheld", "requisition-cancelled"); err != nil {
		return nil, err
	}
	effective := s.ConcludedOn
	if effective.IsZero() {
		effective = c.DecidedOn
	}
	switch {
	case s.SetAside:
		return nil, nil
	case c.DecidedOn.IsZero() || c.DecidedOn.Compare(ledger.DayOf(at.Now)) > 0 || c.DecidedOn.Compare(s.ConvenedOn) < 0:
		return nil, ledger.InvalidField("decided_on", "a day from the convening to today", "应在组建之日至今日之间")
	case at.On != effective:
		return nil, reject("from-the-beginning", "date this on "+effective.String()+", the day it takes effect from; the day of the decision is in decided_on", "自始无效,业务发生日应为 "+effective.String()+";决定日期填入 decided_on")
	}
	e := PanelSetAside{Ground: c.Ground, DecidedOn: c.DecidedOn}
	for _, i := range s.Sitting.Items {
		e.Items = append(e.Items, i.Stream)
	}
	return []Event{e}, nil
}

// PanelSetAside: the panel and its ranking count as never having been.
type PanelSetAside struct {
	Ground    string            `json:"ground"`
	DecidedOn ledger.Date       `json:"decided_on"`
	Items     []ledger.StreamID `json:"items"` // that may go before another
}

// EventType is the stored name.
func (PanelSetAside) EventType() string { return "panel.set-aside.v1" }

func (PanelSetAside) apply(s State, _ ledger.Metadata) State {
	s.SetAside = true
	return s
}
