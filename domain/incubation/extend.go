package incubation

import (
	"fmt"

	"ttledger/domain/ledger"
)

// Extend moves the time limit, within what the policy admitted under allows.
type Extend struct {
	Limit  ledger.Date `json:"limit" en:"the new limit" zh:"延期至"`
	Reason string      `json:"reason" en:"reason" zh:"延期理由"`
}

// Benefits is whom the extension favours.
func (c Extend) Benefits(s State) []ledger.StreamID { return s.beneficiaries(s.Application.Company) }

func (c Extend) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(s.live(at), ledger.CheckText("reason", c.Reason, 1000, true)); err != nil {
		return nil, err
	}
	switch {
	case s.Limit.IsZero():
		return nil, reject("no-limit", "the case has no time limit", "本案例没有孵化时限")
	case at.On.Compare(s.Limit) > 0:
		return nil, reject("past-limit", fmt.Sprintf("the limit passed on %s; it is extended before", s.Limit), fmt.Sprintf("时限已于 %s 届满,应在届满前延期", s.Limit))
	case c.Limit.Precision() != "day" || c.Limit.Compare(s.Limit) <= 0:
		return nil, ledger.InvalidField("limit", fmt.Sprintf("a day after %s", s.Limit), fmt.Sprintf("应为晚于 %s 的日期", s.Limit))
	case c.Limit.Compare(s.Longest) > 0:
		return nil, reject("too-long", fmt.Sprintf("the policy %s %s allows no limit after %s", s.Policy.Code, s.Policy.Version, s.Longest), fmt.Sprintf("按 %s %s,延期不得超过 %s", s.Policy.Code, s.Policy.Version, s.Longest))
	}
	return []Event{IncubationExtended(c)}, nil
}

// IncubationExtended: the time limit moved (domain catalogue event 62).
type IncubationExtended struct {
	Limit  ledger.Date `json:"limit"`
	Reason string      `json:"reason"`
}

// EventType is the stored name.
func (IncubationExtended) EventType() string { return "incubation.extended.v1" }

func (e IncubationExtended) apply(s State, _ ledger.Metadata) State {
	s.Limit = e.Limit
	return s
}
