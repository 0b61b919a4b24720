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
}

// Grant is a role held from a day to a day, both included; a zero To has no end.
type Grant struct {
	Role ledger.Role `json:"role"`
	From ledger.Date `json:"from"`
	To   ledger.Date `json:"to,omitzero"`
}

// Key is a token by its digest.
type Key struct {
	Token   uuid.UUID `json:"token"`
	SHA256  string    `json:"sha256"`
	Label   string    `json:"label"`
	Revoked bool      `json:"revoked"`
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
	ledger.Current[TokenIssued, Event](),
	ledger.Current[TokenRevoked, Event](),
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
	ledger.Does[RevokeToken, Command](ledger.Verb{Name: "revoke-token", Roles: administrators,
		Help: ledger.Text{En: "revoke a token", Zh: "吊销令牌"}}),
)

var administrators = []ledger.Role{ledger.ADM}

var handleSpace = uuid.MustParse("0b0f5a6e-7d0e-5d0a-8f43-6f6f0c0a9d11")

// ID is the stream id of the principal with a handle.
func ID(handle string) uuid.UUID { return uuid.NewSHA1(handleSpace, []byte(handle)) }

var handlePattern = regexp.MustCompile(`^[a-z][a-z0-9._-]{1,62}[a-z0-9]$`)

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
	for _, g := range s.Grants {
		if g.Role == c.Role && (g.on(c.From) || Grant(c).on(g.From)) {
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

// IssueToken records a token that the caller made; the ledger never sees the token itself.
type IssueToken struct {
	Token  uuid.UUID `json:"token" en:"id of the token, chosen by the caller" zh:"令牌标识"`
	SHA256 string    `json:"sha256" en:"SHA-256 of the token text, 64 hex digits" zh:"令牌文本的 SHA-256(64 位十六进制)"`
	Label  string    `json:"label,omitzero" en:"what it is for" zh:"用途"`
}

var digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (c IssueToken) decide(s State, _ ledger.Context) ([]Event, error) {
	if c.Token == uuid.Nil {
		return nil, ledger.InvalidField("token", "an id is needed", "需要令牌标识")
	}
	if !digestPattern.MatchString(c.SHA256) {
		return nil, ledger.InvalidField("sha256", "64 lower-case hex digits are needed", "需要 64 位小写十六进制摘要")
	}
	if err := ledger.CheckText("label", c.Label, 100, false); err != nil {
		return nil, err
	}
	for _, k := range s.Tokens {
		if k.Token == c.Token || k.SHA256 == c.SHA256 {
			return nil, ledger.Rejected("token-known", ledger.Text{En: "this token was issued before", Zh: "该令牌已登记过"})
		}
	}
	return []Event{TokenIssued(c)}, nil
}

// TokenIssued: whoever shows the token acts as this principal.
type TokenIssued struct {
	Token  uuid.UUID `json:"token"`
	SHA256 string    `json:"sha256"`
	Label  string    `json:"label,omitzero"`
}

// EventType is the stored name.
func (TokenIssued) EventType() string { return "principal.token-issued.v1" }

func (e TokenIssued) apply(s State, _ ledger.Metadata) State {
	s.Tokens = append(slices.Clone(s.Tokens), Key{Token: e.Token, SHA256: e.SHA256, Label: e.Label})
	return s
}

// RevokeToken makes a token useless from now on.
type RevokeToken struct {
	Token uuid.UUID `json:"token" en:"id of the token" zh:"令牌标识"`
}

func (c RevokeToken) decide(s State, _ ledger.Context) ([]Event, error) {
	for _, k := range s.Tokens {
		if k.Token == c.Token && k.Revoked {
			return nil, nil
		}
		if k.Token == c.Token {
			return []Event{TokenRevoked(c)}, nil
		}
	}
	return nil, ledger.Rejected("token-unknown", ledger.Text{En: "no such token of this principal", Zh: "该主体没有此令牌"})
}

// TokenRevoked: the token no longer opens anything.
type TokenRevoked struct {
	Token uuid.UUID `json:"token"`
}

// EventType is the stored name.
func (TokenRevoked) EventType() string { return "principal.token-revoked.v1" }

func (e TokenRevoked) apply(s State, _ ledger.Metadata) State {
	s.Tokens = slices.Clone(s.Tokens)
	for i := range s.Tokens {
		s.Tokens[i].Revoked = s.Tokens[i].Revoked || s.Tokens[i].Token == e.Token
	}
	return s
}
