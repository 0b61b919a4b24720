// Package principal is who may act: people and services, the roles granted to them over time
// and the digests of their tokens. People are recorded by handle alone, because names are
// personal data.
//
// A principal's stream id is derived from its handle (ID), so that a handle is one principal,
// and a token carries that id (Token), so that authenticating reads one stream and is never
// behind.
package principal

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Event is a fact in a principal's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for a change of one principal.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// State is a principal as far as rules need to know it.
type State struct {
	Handle string  `json:"handle"`
	Kind   string  `json:"kind"`
	Grants []Grant `json:"grants"`
	Tokens []Key   `json:"tokens"`

	Delegations []Delegation `json:"delegations,omitzero"`
	Interests   []Interest   `json:"interests,omitzero"`
}

// Grant is a role held from a day to a day, both included; a zero To has no end.
type Grant struct {
	Role ledger.Role `json:"role"`
	From ledger.Date `json:"from"`
	To   ledger.Date `json:"to,omitzero"`
}

// Key is a token by its digest.
type Key struct {
	Token    uuid.UUID   `json:"token"`
	SHA256   string      `json:"sha256"`
	Label    string      `json:"label"`
	Expires  ledger.Date `json:"expires,omitzero"`  // last day it opens anything; never where it was issued before tokens ended
	Replaces uuid.UUID   `json:"replaces,omitzero"` // the token that it was rotated from
	Revoked  bool        `json:"revoked"`
}

// LiveOn says whether the token opens anything on a day.
func (k Key) LiveOn(day ledger.Date) bool {
	return !k.Revoked && (k.Expires.IsZero() || day.Compare(k.Expires) <= 0)
}

// RolesOn lists the roles held on a day.
func (s State) RolesOn(day ledger.Date) []ledger.Role {
	var roles []ledger.Role
	for _, g := range s.Grants {
		if g.on(day) && !slices.Contains(roles, g.Role) {
			roles = append(roles, g.Role)
		}
	}
	return roles
}

func (g Grant) on(day ledger.Date) bool {
	return g.From.Compare(day) <= 0 && (g.To.IsZero() || day.Compare(g.To.Last()) <= 0)
}

// meets says that two grants share a day.
func (g Grant) meets(other Grant) bool { return g.on(other.From) || other.on(g.From) }

// Decider is the rules of principals.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) { return c.decide(s, at) },
	Evolve: func(s State, e Event, m ledger.Metadata) State { return e.apply(s, m) },
}

// Codec is every stored form of a principal's events.
var Codec = ledger.NewCodec(
	ledger.Current[Enrolled, Event](),
	ledger.Current[RoleGranted, Event](),
	ledger.Current[RoleEnded, Event](),
	ledger.Former[tokenIssuedV1, TokenIssued, Event]("principal.token-issued.v1", "principal.token-issued.v2", tokenIssuedV1.up),
	ledger.Current[TokenIssued, Event](),
	ledger.Current[TokenRotated, Event](),
	ledger.Current[TokenRevoked, Event](),
	ledger.Current[AuthorityDelegated, Event](),
	ledger.Current[DelegationEnded, Event](),
	ledger.Current[InterestDeclared, Event](),
)

// Aggregate is principals for the rest of the program.
var Aggregate = ledger.New("principal", ledger.Text{En: "principal", Zh: "操作主体"}, Decider, Codec,
	ledger.Does[Enrol, Command](ledger.Verb{Name: "enrol", Creates: true, Roles: administrators,
		Help: ledger.Text{En: "enrol a person or a service by handle", Zh: "以账号登记人员或服务"}}),
	ledger.Does[GrantRole, Command](ledger.Verb{Name: "grant-role", Roles: administrators,
		Help: ledger.Text{En: "grant a role from a day, to a day or open", Zh: "授予角色(起止日期)"}}),
	ledger.Does[EndRole, Command](ledger.Verb{Name: "end-role", Roles: administrators,
		Help: ledger.Text{En: "end a role after a day", Zh: "终止角色"}}),
	ledger.Does[IssueToken, Command](ledger.Verb{Name: "issue-token", Roles: administrators,
		Help: ledger.Text{En: "record the digest of a token made by the caller", Zh: "登记令牌摘要"}}),
	ledger.Does[RotateToken, Command](ledger.Verb{Name: "rotate-token", Roles: anyone, Own: except(ledger.ADM),
		Help: ledger.Text{En: "replace a token by a successor; both open for a time. Everyone their own, an administrator any", Zh: "轮换令牌(新旧令牌重叠有效一段时间);本人可轮换自己的令牌,管理员可轮换任何令牌"}}),
	ledger.Does[RevokeToken, Command](ledger.Verb{Name: "revoke-token", Roles: administrators,
		Help: ledger.Text{En: "revoke a token", Zh: "吊销令牌"}}),
	ledger.Does[Delegate, Command](ledger.Verb{Name: "delegate", Roles: lenders,
		Help: ledger.Text{En: "lend the authority to decide, for a scope and a time", Zh: "授予决定权限(范围与期限)"}}),
	ledger.Does[EndDelegation, Command](ledger.Verb{Name: "end-delegation", Roles: lenders,
		Help: ledger.Text{En: "take lent authority back after a day", Zh: "终止授权"}}),
	ledger.Does[DeclareInterest, Command](ledger.Verb{Name: "declare-interest", Roles: declarers, Own: declarers[1:],
		Help: ledger.Text{En: "declare a relation to a person, an organisation or a case, on which one then does not decide", Zh: "申报与人员、机构或事项的利益关系(此后不得参与相关决定)"}}),
).SeenBy(ledger.Sight{All: []ledger.Role{ledger.ADM, ledger.AUD}, Concerns: concerns})

var (
	administrators = []ledger.Role{ledger.ADM}
	lenders        = []ledger.Role{ledger.APR, ledger.CHR}
	declarers      = slices.DeleteFunc(slices.Clone(anyone), func(r ledger.Role) bool { return r == ledger.AUD || r == ledger.REP })
	anyone         = append([]ledger.Role{ledger.ADM}, except(ledger.ADM)...) // the widest first
)

// except is every role but one.
func except(role ledger.Role) []ledger.Role {
	return slices.DeleteFunc(ledger.AllRoles(), func(r ledger.Role) bool { return r == role })
}

// concerns: a principal's stream is its own affair, and not of who administers it.
func concerns(e ledger.Event, _ ledger.Metadata) []string {
	if e, ok := e.(Enrolled); ok {
		return []string{e.Handle}
	}
	return nil
}

// ID is the stream id of the principal with a handle.
func ID(handle string) uuid.UUID { return ledger.PrincipalStream(handle).ID }

var handlePattern = regexp.MustCompile(`^[a-z][a-z0-9._-]{1,62}[a-z0-9]$`)

// reserved are the handles under which the program itself acts.
var reserved = []string{"console", "trace", "retention", "timer"}

// Enrol begins a principal.
type Enrol struct {
	Handle string `json:"handle" en:"3 to 64 of a-z 0-9 . _ -, beginning with a letter; not a real name" zh:"账号:3 至 64 位小写字母、数字或 . _ -,以字母开头;不得为真实姓名"`
	Kind   string `json:"kind" enum:"person,service" en:"person or service" zh:"人员或服务"`
}

func (c Enrol) decide(_ State, at ledger.Context) ([]Event, error) {
	if !handlePattern.MatchString(c.Handle) {
		return nil, ledger.InvalidField("handle",
			"3 to 64 of a-z 0-9 . _ -, beginning with a letter and ending with a letter or digit",
			"须为 3 至 64 位小写字母、数字或 . _ -,以字母开头,以字母或数字结尾")
	}
	if err := ledger.CheckOneOf("kind", c.Kind, "person", "service"); err != nil {
		return nil, err
	}
	if slices.Contains(reserved, c.Handle) {
		return nil, ledger.Rejected("reserved-handle", ledger.Text{
			En: c.Handle + " is what this program calls itself when it acts; take another handle",
			Zh: c.Handle + " 为系统自身所用账号,请另选账号",
		})
	}
	if at.Stream.ID != ID(c.Handle) {
		return nil, ledger.Rejected("handle-id", ledger.Text{
			En: fmt.Sprintf("a handle is one principal: the id of %s is %s", c.Handle, ID(c.Handle)),
			Zh: fmt.Sprintf("一个账号对应一个主体:%s 的标识为 %s", c.Handle, ID(c.Handle)),
		})
	}
	return []Event{Enrolled(c)}, nil
}

// Enrolled: the principal is known by its handle.
type Enrolled struct {
	Handle string `json:"handle"`
	Kind   string `json:"kind"`
}

// EventType is the stored name.
func (Enrolled) EventType() string { return "principal.enrolled.v1" }

func (e Enrolled) apply(s State, _ ledger.Metadata) State {
	s.Handle, s.Kind = e.Handle, e.Kind
	return s
}
