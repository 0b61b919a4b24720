package application

import (
	"fmt"

	"ttledger/domain/ledger"
)

// DecideEligibility says whether the applicant meets the conditions of the post. A decision may be
// appealed once; another officer then decides.
type DecideEligibility struct {
	Result string   `json:"result" enum:"eligible,ineligible" en:"result" zh:"审查结果"`
	Unmet  []string `json:"unmet,omitzero" en:"codes of the conditions that are not met" zh:"不符合的条件代码"`
	Appeal string   `json:"appeal,omitzero" en:"number of the appeal that this answers" zh:"申诉编号(复审时填写)"`
}

// ReliesOn is the requisition, which has the conditions.
func (DecideEligibility) ReliesOn(s State) []ledger.StreamID {
	return []ledger.StreamID{requisition(s.Requisition)}
}

func (c DecideEligibility) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.at(Received, Eligible, Ineligible),
		ledger.CheckOneOf("result", c.Result, "eligible", "ineligible"),
		notBefore(at, s.ReceivedOn),
		c.checkUnmet(s, at),
	); err != nil {
		return nil, err
	}
	if c.Appeal != "" {
		if err := checkCode("appeal", c.Appeal); err != nil {
			return nil, err
		}
	}
	switch decided := s.Stage != Received; {
	case !decided && c.Appeal != "":
		return nil, reject("not-decided", "there is no decision to appeal against", "尚无可申诉的审查结果")
	case decided && c.Appeal == "":
		return nil, reject("decided", "eligibility is decided; name the appeal that this answers", "资格审查已作出;复审须填写申诉编号")
	case decided && s.Found.Appeal != "":
		return nil, reject("appealed", "an appeal was answered already", "申诉已答复")
	case decided && s.FoundBy == at.Actor:
		return nil, reject("another-officer", "an appeal is answered by another officer", "复审须由他人作出")
	}
	return []Event{EligibilityDecided(c)}, nil
}

// checkUnmet: a refusal says which conditions of the post are not met.
func (c DecideEligibility) checkUnmet(s State, at ledger.Context) error {
	if (c.Result == "ineligible") != (len(c.Unmet) > 0) {
		return ledger.InvalidField("unmet", "the codes of the conditions that are not met, where ineligible, and only there", "不合格时(且仅在不合格时)填写不符合的条件代码")
	}
	if err := ledger.CheckCount("unmet", len(c.Unmet), 30); err != nil {
		return err
	}
	r, _ := ledger.About[interface {
		HasCondition(post, code string) bool
	}](at, requisition(s.Requisition))
	for i, code := range c.Unmet {
		if r == nil || !r.HasCondition(s.Post, code) {
			return ledger.InvalidField(fmt.Sprintf("unmet/%d", i), fmt.Sprintf("the post has no condition %q", code), fmt.Sprintf("岗位无条件 %q", code))
		}
	}
	return nil
}

// EligibilityDecided: the conditions of the post are met, or not (domain catalogue event 41).
type EligibilityDecided struct {
	Result string   `json:"result"`
	Unmet  []string `json:"unmet,omitzero"`
	Appeal string   `json:"appeal,omitzero"` // that this answered
}

// EventType is the stored name.
func (EligibilityDecided) EventType() string { return "application.eligibility-decided.v1" }

func (e EligibilityDecided) apply(s State, m ledger.Metadata) State {
	s.Stage, s.Found, s.FoundBy = Ineligible, e, m.Actor
	if e.Result == "eligible" {
		s.Stage = Eligible
	}
	return s
}
