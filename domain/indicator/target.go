package indicator

import (
	"fmt"

	"ttledger/domain/ledger"
)

// SetTarget sets where an indicator is to be (目标设定). A later target takes its place.
type SetTarget struct {
	Value   int64       `json:"value" en:"value, in units of the last decimal place" zh:"数值(以末位小数为单位的整数)"`
	Due     ledger.Date `json:"due" en:"by when, to the day" zh:"完成日期(到日)"`
	Stretch int64       `json:"stretch,omitzero" en:"value to strive for beyond it" zh:"挑战值"`
	Basis   string      `json:"basis" en:"plan or decision that sets it" zh:"依据(方案或决定)"`
}

func (c SetTarget) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.CheckText("basis", c.Basis, 500, true); err != nil {
		return nil, err
	}
	switch {
	case c.Value < 0:
		return nil, ledger.InvalidField("value", "must not be below zero", "不能小于零")
	case c.Stretch < 0:
		return nil, ledger.InvalidField("stretch", "must not be below zero", "不能小于零")
	case c.Due.Precision() != "day":
		return nil, ledger.InvalidField("due", "a day is needed", "须精确到日")
	case c.Due.Compare(at.On) <= 0:
		return nil, ledger.InvalidField("due", fmt.Sprintf("must be after %s", at.On), fmt.Sprintf("须晚于 %s", at.On))
	case s.Target != nil && *s.Target == TargetSet(c):
		return nil, nil
	}
	return []Event{TargetSet(c)}, nil
}

// TargetSet: where the indicator is to be (domain catalogue event 5).
type TargetSet struct {
	Value   int64       `json:"value"`
	Due     ledger.Date `json:"due"`
	Stretch int64       `json:"stretch,omitzero"`
	Basis   string      `json:"basis"`
}

// EventType is the stored name.
func (TargetSet) EventType() string { return "indicator.target-set.v1" }

func (e TargetSet) apply(s State, _ ledger.Metadata) State {
	s.Target = &e
	return s
}
