package programme

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// AssignOwner makes a unit answer for an action (指定牵头单位).
type AssignOwner struct {
	Action int       `json:"action" en:"number of the action" zh:"行动序号"`
	Owner  uuid.UUID `json:"owner" en:"organisation or unit" zh:"牵头单位"`
}

// ReliesOn is the unit.
func (c AssignOwner) ReliesOn() []ledger.StreamID { return []ledger.StreamID{organisation(c.Owner)} }

func (c AssignOwner) decide(s State, at ledger.Context) ([]Event, error) {
	if c.Owner == uuid.Nil {
		return nil, ledger.InvalidField("owner", "an organisation is needed", "需要牵头单位")
	}
	if err := ledger.First(s.open(), registered("owner", c.Owner, at)); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(s.Actions, func(a Action) bool { return a.Number == c.Action })
	switch {
	case i < 0:
		return nil, ledger.InvalidField("action", fmt.Sprintf("the programme has no action %d", c.Action), fmt.Sprintf("计划没有第 %d 项行动", c.Action))
	case s.Actions[i].Owner == c.Owner:
		return nil, nil
	}
	return []Event{OwnerAssigned(c)}, nil
}

// OwnerAssigned: a unit answers for an action.
type OwnerAssigned struct {
	Action int       `json:"action"`
	Owner  uuid.UUID `json:"owner"`
}

// EventType is the stored name.
func (OwnerAssigned) EventType() string { return "programme.owner-assigned.v1" }

func (e OwnerAssigned) apply(s State, _ ledger.Metadata) State {
	s.Actions = slices.Clone(s.Actions)
	for i := range s.Actions {
		if s.Actions[i].Number == e.Action {
			s.Actions[i].Owner = e.Owner
		}
	}
	return s
}

// Close ends a programme (计划结束).
type Close struct {
	Summary string `json:"summary" en:"what it came to" zh:"总结"`
}

func (c Close) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(s.open(), ledger.CheckText("summary", c.Summary, 2000, true)); err != nil {
		return nil, err
	}
	if at.On.Last().Compare(s.OpenedOn.First()) < 0 {
		return nil, ledger.Rejected("date-order", ledger.Text{
			En: fmt.Sprintf("dated %s, before the programme opened on %s", at.On, s.OpenedOn),
			Zh: fmt.Sprintf("业务发生日 %s 早于计划启动日(%s)", at.On, s.OpenedOn),
		})
	}
	return []Event{Closed(c)}, nil
}

// Closed: the programme is over.
type Closed struct {
	Summary string `json:"summary"`
}

// EventType is the stored name.
func (Closed) EventType() string { return "programme.closed.v1" }

func (Closed) apply(s State, _ ledger.Metadata) State {
	s.Closed = true
	return s
}
