package principal

import (
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// GrantRole gives a role for a time.
type GrantRole struct {
	Role ledger.Role `json:"role" enum:"PM,TM,INV,LEG,FIN,HR,REV,CHR,SUP,INC,MEN,PRK,FUN,APR,DPO,REP,AUD,ADM" en:"role code" zh:"角色代码"`
	From ledger.Date `json:"from" en:"first day" zh:"起始日"`
	To   ledger.Date `json:"to,omitzero" en:"last day; open where absent" zh:"截止日;缺省为长期"`
}

func (c GrantRole) decide(s State, at ledger.Context) ([]Event, error) {
	if !slices.Contains(ledger.AllRoles(), c.Role) {
		return nil, ledger.InvalidField("role", fmt.Sprintf("%q is not a role", c.Role), fmt.Sprintf("%q 不是角色代码", c.Role))
	}
	if c.From.Precision() != "day" {
		return nil, ledger.InvalidField("from", "a grant runs from a day", "授权须从某日开始")
	}
	if !c.To.IsZero() && c.To.Precision() != "day" {
		return nil, ledger.InvalidField("to", "a grant runs to a day", "授权须到某日为止")
	}
	if !c.To.IsZero() && c.To.Compare(c.From) < 0 {
		return nil, ledger.InvalidField("to", "ends before it begins", "截止日早于起始日")
	}
	if at.Actor == s.Handle {
		return nil, ledger.Rejected("own-role", ledger.Text{En: "nobody grants a role to oneself", Zh: "不得为自己授予角色"})
	}
	if err := s.checkDuties(c); err != nil {
		return nil, err
	}
	for _, g := range s.Grants {
		if g.Role == c.Role && g.meets(Grant(c)) {
			if g.From == c.From && g.To == c.To {
				return nil, nil
			}
			return nil, ledger.Rejected("role-held", ledger.Text{
				En: fmt.Sprintf("%s holds %s from %s already; end that grant first", s.Handle, c.Role, g.From),
				Zh: fmt.Sprintf("%s 自 %s 起已持有角色 %s,请先终止原授权", s.Handle, g.From, c.Role),
			})
		}
	}
	return []Event{RoleGranted(c)}, nil
}

// RoleGranted: the role is held from a day on.
type RoleGranted struct {
	Role ledger.Role `json:"role"`
	From ledger.Date `json:"from"`
	To   ledger.Date `json:"to,omitzero"`
}

// EventType is the stored name.
func (RoleGranted) EventType() string { return "principal.role-granted.v1" }

func (e RoleGranted) apply(s State, _ ledger.Metadata) State {
	s.Grants = append(slices.Clone(s.Grants), Grant(e))
	return s
}

// EndRole ends a role: Last is the last day it is held.
type EndRole struct {
	Role ledger.Role `json:"role" enum:"PM,TM,INV,LEG,FIN,HR,REV,CHR,SUP,INC,MEN,PRK,FUN,APR,DPO,REP,AUD,ADM" en:"role code" zh:"角色代码"`
	Last ledger.Date `json:"last" en:"last day the role is held" zh:"持有该角色的最后一日"`
}

func (c EndRole) decide(s State, _ ledger.Context) ([]Event, error) {
	if c.Last.Precision() != "day" {
		return nil, ledger.InvalidField("last", "must be a day", "须为具体日期")
	}
	for _, g := range s.Grants {
		if g.Role == c.Role && g.To == c.Last {
			return nil, nil
		}
		if g.Role == c.Role && g.on(c.Last) {
			return []Event{RoleEnded(c)}, nil
		}
	}
	return nil, ledger.Rejected("role-not-held", ledger.Text{
		En: fmt.Sprintf("%s does not hold %s on %s", s.Handle, c.Role, c.Last),
		Zh: fmt.Sprintf("%s 在 %s 未持有角色 %s", s.Handle, c.Last, c.Role),
	})
}

// RoleEnded: the role is held to the last day and no longer.
type RoleEnded struct {
	Role ledger.Role `json:"role"`
	Last ledger.Date `json:"last"`
}

// EventType is the stored name.
func (RoleEnded) EventType() string { return "principal.role-ended.v1" }

func (e RoleEnded) apply(s State, _ ledger.Metadata) State {
	s.Grants = slices.Clone(s.Grants)
	for i, g := range s.Grants {
		if g.Role == e.Role && g.on(e.Last) {
			s.Grants[i].To = e.Last
		}
	}
	return s
}
