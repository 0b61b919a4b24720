package project

import (
	"fmt"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// registrable is what an achievement says of itself here.
type registrable interface{ RegisteredOn() ledger.Date }

func achievement(id uuid.UUID) ledger.StreamID {
	return ledger.StreamID{Category: "achievement", ID: id}
}

func achievements(ids []uuid.UUID) []ledger.StreamID {
	var streams []ledger.StreamID
	for _, id := range ids {
		streams = append(streams, achievement(id))
	}
	return streams
}

// unregistered is the first of the achievements that was not registered by the day of a decision;
// nil where all were.
func unregistered(ids []uuid.UUID, at ledger.Context) uuid.UUID {
	for _, id := range ids {
		a, ok := ledger.About[registrable](at, achievement(id))
		if !ok || a.RegisteredOn().IsZero() || a.RegisteredOn().Compare(at.On.Last()) > 0 {
			return id
		}
	}
	return uuid.Nil
}

// checkAchievements: what a proposal transfers is known, and registered or to be so by a day.
func (c Propose) checkAchievements(at ledger.Context) error {
	for _, id := range c.Achievements {
		if !at.Exists(achievement(id)) {
			return ledger.Rejected("no-such-achievement", ledger.Text{
				En: fmt.Sprintf("there is no achievement %s; disclose it first", id), Zh: fmt.Sprintf("没有科技成果 %s,请先披露", id),
			})
		}
	}
	missing := unregistered(c.Achievements, at)
	switch {
	case missing != uuid.Nil && c.RegisterBy.IsZero():
		return ledger.Rejected("not-registered", ledger.Text{
			En: fmt.Sprintf("the achievement %s is not registered; register it, or say by when it will be (register_by)", missing),
			Zh: fmt.Sprintf("科技成果 %s 尚未登记,请先登记或填写预登记期限(register_by)", missing),
		})
	case missing == uuid.Nil && !c.RegisterBy.IsZero():
		return ledger.InvalidField("register_by", "only where an achievement is not registered yet", "仅在成果尚未登记时填写")
	case !c.RegisterBy.IsZero() && c.RegisterBy.Last().Compare(at.On.First()) < 0:
		return ledger.InvalidField("register_by", "is before the proposal", "早于申报日期")
	}
	return nil
}

// registeredInTime refuses to go on with a project whose achievements were to be registered by now
// and are not.
func (s State) registeredInTime(at ledger.Context) error {
	if s.RegisterBy.IsZero() || at.On.First().Compare(s.RegisterBy.Last()) <= 0 {
		return nil
	}
	if missing := unregistered(s.Achievements, at); missing != uuid.Nil {
		return ledger.Rejected("registration-overdue", ledger.Text{
			En: fmt.Sprintf("the achievement %s was to be registered by %s", missing, s.RegisterBy),
			Zh: fmt.Sprintf("科技成果 %s 应于 %s 前登记", missing, s.RegisterBy),
		})
	}
	return nil
}
