package achievement

import "ttledger/domain/ledger"

// ExcuseIdleness says until when an achievement is not counted as idle though nothing comes of it.
type ExcuseIdleness struct {
	Ground string      `json:"ground" enum:"negotiating,further-development,regulation,no-market,defensive" en:"why" zh:"事由:洽谈中、需继续研发、受监管限制、暂无市场、防御性持有"`
	Until  ledger.Date `json:"until" en:"last day on which it is excused" zh:"豁免至"`
}

// Benefits is the owners, who are spared what follows from idleness.
func (c ExcuseIdleness) Benefits(s State) []ledger.StreamID {
	var owners []ledger.StreamID
	for _, id := range s.OwnerOrganisations() {
		owners = append(owners, organisation(id))
	}
	return owners
}

func (c ExcuseIdleness) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		ledger.CheckOneOf("ground", c.Ground, "negotiating", "further-development", "regulation", "no-market", "defensive"),
		s.since(at),
	); err != nil {
		return nil, err
	}
	if c.Until.Precision() != "day" || c.Until.Compare(at.On.Last()) <= 0 {
		return nil, ledger.InvalidField("until", "a day after the decision is needed", "须为决定日之后的具体日期")
	}
	if c.Until == s.IdleUntil {
		return nil, nil
	}
	return []Event{IdlenessExcused(c)}, nil
}

// IdlenessExcused: to a day the achievement is not counted as idle.
type IdlenessExcused struct {
	Ground string      `json:"ground"`
	Until  ledger.Date `json:"until"`
}

// EventType is the stored name.
func (IdlenessExcused) EventType() string { return "achievement.idleness-excused.v1" }

func (e IdlenessExcused) apply(s State, _ ledger.Metadata) State {
	s.IdleUntil = e.Until
	return s
}
