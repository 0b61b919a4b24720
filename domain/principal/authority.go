package principal

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Delegation is authority lent by whoever holds a role, for a scope and a time, both days included.
type Delegation struct {
	Code  string      `json:"code" en:"code, unique among those of the principal, such as D-2026-01" zh:"授权编号(本人唯一),如 D-2026-01"`
	Role  ledger.Role `json:"role" enum:"APR,CHR" en:"the role lent" zh:"所授角色"`
	Scope []string    `json:"scope" en:"what may be decided: * for all, a kind of thing such as contract, or one command such as contract/sign" zh:"授权范围:* 表示全部,类别如 contract,或命令如 contract/sign"`
	Unit  uuid.UUID   `json:"unit,omitzero" en:"organisation or department it is given in" zh:"所属机构或部门"`
	From  ledger.Date `json:"from" en:"first day" zh:"起始日"`
	To    ledger.Date `json:"to" en:"last day" zh:"截止日"`
}

func (d Delegation) covers(category, verb string) bool {
	return slices.ContainsFunc(d.Scope, func(s string) bool { return s == "*" || s == category || s == category+"/"+verb })
}

func (d Delegation) on(day ledger.Date) bool { return Grant{d.Role, d.From, d.To}.on(day) }

// Interest is a relation that a principal has to somebody: nobody decides on what favours them.
type Interest struct {
	In       ledger.StreamID `json:"in" en:"the person, organisation or case, as its stream" zh:"相关人员、机构或事项(事件流)"`
	Relation string          `json:"relation" enum:"self,kin,employer,shareholder,financial,student,coauthor,other" en:"relation" zh:"关系"`
	From     ledger.Date     `json:"from,omitzero" en:"since when; always where absent" zh:"起始日;缺省为一直"`
	To       ledger.Date     `json:"to,omitzero" en:"until when; still where absent" zh:"截止日;缺省为至今"`
}

// Authority is the role, of those that may decide, in which the principal may decide on a command
// on a day: by a grant, or by a delegation, which is named.
func (s State) Authority(category, verb string, approvers []ledger.Role, on ledger.Date) (role ledger.Role, delegation string, ok bool) {
	for _, held := range s.RolesOn(on) {
		if slices.Contains(approvers, held) {
			return held, "", true
		}
	}
	for _, d := range s.Delegations {
		if slices.Contains(approvers, d.Role) && d.on(on) && d.covers(category, verb) {
			return d.Role, "principal-" + ID(s.Handle).String() + "#" + d.Code, true
		}
	}
	return "", "", false
}

// InterestIn is the relation declared to somebody or something for a day; empty where none.
func (s State) InterestIn(in ledger.StreamID, on ledger.Date) string {
	for _, i := range s.Interests {
		if i.In == in && (i.From.IsZero() || i.From.Compare(on) <= 0) && (i.To.IsZero() || on.Compare(i.To.Last()) <= 0) {
			return i.Relation
		}
	}
	return ""
}

var (
	delegationCode = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$`)
	scopePattern   = regexp.MustCompile(`^(\*|[a-z][a-z-]{0,39}(/[a-z][a-z-]{0,39})?)$`)
)

// Delegate lends authority to this principal; whoever lends it holds the role.
type Delegate struct{ Delegation }

func (c Delegate) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		checkCode(c.Code),
		ledger.CheckOneOf("role", string(c.Role), string(ledger.APR), string(ledger.CHR)),
		checkScope(c.Scope),
		checkDays(c.From, c.To),
	); err != nil {
		return nil, err
	}
	switch {
	case at.Actor == s.Handle:
		return nil, ledger.Rejected("own-role", ledger.Text{En: "nobody delegates to oneself", Zh: "不得向自己授权"})
	case c.Role != at.Role:
		return nil, ledger.Rejected("not-held", ledger.Text{
			En: fmt.Sprintf("you act as %s and cannot lend the authority of %s", at.Role, c.Role),
			Zh: fmt.Sprintf("您以 %s 身份办理,不能授予 %s 的权限", at.Role, c.Role),
		})
	}
	if err := s.checkDuties(GrantRole{c.Role, c.From, c.To}); err != nil {
		return nil, err
	}
	for _, d := range s.Delegations {
		if d.Code == c.Code {
			return nil, ledger.Rejected("delegation-known", ledger.Text{
				En: fmt.Sprintf("there is a delegation %s already; take another code", c.Code), Zh: fmt.Sprintf("授权编号 %s 已存在,请换用其他编号", c.Code),
			})
		}
	}
	return []Event{AuthorityDelegated(c)}, nil
}

func checkCode(code string) error {
	if delegationCode.MatchString(code) {
		return nil
	}
	return ledger.InvalidField("code", "1 to 40 of A-Z a-z 0-9 . _ / -", "1 至 40 位字母、数字或 . _ / -")
}

func checkScope(scope []string) error {
	if len(scope) == 0 || len(scope) > 50 {
		return ledger.InvalidField("scope", "1 to 50 of *, a kind such as contract, or a command such as contract/sign", "1 至 50 项:*、类别(如 contract)或命令(如 contract/sign)")
	}
	for i, s := range scope {
		if !scopePattern.MatchString(s) {
			return ledger.InvalidField(fmt.Sprintf("scope/%d", i), "*, a kind such as contract, or a command such as contract/sign", "*、类别(如 contract)或命令(如 contract/sign)")
		}
	}
	return nil
}

func checkDays(from, to ledger.Date) error {
	switch {
	case from.Precision() != "day":
		return ledger.InvalidField("from", "authority runs from a day", "授权须从某日开始")
	case to.Precision() != "day":
		return ledger.InvalidField("to", "authority runs to a day", "授权须到某日为止")
	case to.Compare(from) < 0:
		return ledger.InvalidField("to", "ends before it begins", "截止日早于起始日")
	}
	return nil
}

// AuthorityDelegated: the principal may decide within a scope for a time.
type AuthorityDelegated struct{ Delegation }

// EventType is the stored name.
func (AuthorityDelegated) EventType() string { return "principal.authority-delegated.v1" }

func (e AuthorityDelegated) apply(s State, _ ledger.Metadata) State {
	s.Delegations = append(slices.Clone(s.Delegations), e.Delegation)
	return s
}

// EndDelegation takes lent authority back.
type EndDelegation struct {
	Code string      `json:"code" en:"code of the delegation" zh:"授权编号"`
	Last ledger.Date `json:"last" en:"last day it holds" zh:"最后有效日"`
}

func (c EndDelegation) decide(s State, _ ledger.Context) ([]Event, error) {
	if c.Last.Precision() != "day" {
		return nil, ledger.InvalidField("last", "must be a day", "须为具体日期")
	}
	for _, d := range s.Delegations {
		switch {
		case d.Code == c.Code && d.To == c.Last:
			return nil, nil
		case d.Code == c.Code && d.on(c.Last):
			return []Event{DelegationEnded(c)}, nil
		}
	}
	return nil, ledger.Rejected("no-delegation", ledger.Text{
		En: fmt.Sprintf("there is no delegation %s that holds on %s", c.Code, c.Last), Zh: fmt.Sprintf("没有在 %s 有效的授权 %s", c.Last, c.Code),
	})
}

// DelegationEnded: lent authority holds to the last day and no longer.
type DelegationEnded struct {
	Code string      `json:"code"`
	Last ledger.Date `json:"last"`
}

// EventType is the stored name.
func (DelegationEnded) EventType() string { return "principal.delegation-ended.v1" }

func (e DelegationEnded) apply(s State, _ ledger.Metadata) State {
	s.Delegations = slices.Clone(s.Delegations)
	for i, d := range s.Delegations {
		if d.Code == e.Code {
			s.Delegations[i].To = e.Last
		}
	}
	return s
}

// DeclareInterest says to whom this principal has a relation.
type DeclareInterest struct{ Interest }

func (c DeclareInterest) decide(s State, _ ledger.Context) ([]Event, error) {
	if err := ledger.CheckOneOf("relation", c.Relation, strings.Split("self,kin,employer,shareholder,financial,student,coauthor,other", ",")...); err != nil {
		return nil, err
	}
	if c.In == (ledger.StreamID{}) {
		return nil, ledger.InvalidField("in", "a stream is needed, such as organisation-6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11", "需要事件流,例如 organisation-6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11")
	}
	if !c.To.IsZero() && !c.From.IsZero() && c.To.Last().Compare(c.From) < 0 {
		return nil, ledger.InvalidField("to", "ends before it begins", "截止日早于起始日")
	}
	if slices.Contains(s.Interests, c.Interest) {
		return nil, nil
	}
	return []Event{InterestDeclared(c)}, nil
}

// InterestDeclared: the principal has a relation to somebody or something.
type InterestDeclared struct{ Interest }

// EventType is the stored name.
func (InterestDeclared) EventType() string { return "principal.interest-declared.v1" }

func (e InterestDeclared) apply(s State, _ ledger.Metadata) State {
	s.Interests = append(slices.Clone(s.Interests), e.Interest)
	return s
}
