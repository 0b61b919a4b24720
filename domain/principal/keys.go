package principal

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// The bounds of tokens.
const (
	lifetime    = 365 // days, where no last day is named
	mostLife    = 366 // days
	mostOverlap = 30  // days
	mostTokens  = 50  // live at once
)

// IssueToken records a token that the caller made; the ledger never sees the token itself.
type IssueToken struct {
	Token   uuid.UUID   `json:"token" en:"id of the token, chosen by the caller" zh:"令牌标识"`
	SHA256  string      `json:"sha256" en:"SHA-256 of the token text, 64 hex digits" zh:"令牌文本的 SHA-256(64 位十六进制)"`
	Label   string      `json:"label,omitzero" en:"what it is for" zh:"用途"`
	Expires ledger.Date `json:"expires,omitzero" en:"last day it opens anything, at most 366 days from now; 365 days from now where absent" zh:"最后有效日,至多为今日起 366 天;缺省为 365 天"`
}

var digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (c IssueToken) decide(s State, at ledger.Context) ([]Event, error) {
	expires, err := s.checkNew(c, at)
	if err != nil {
		return nil, err
	}
	return []Event{TokenIssued{c.Token, c.SHA256, c.Label, expires}}, nil
}

// checkNew holds a new token against the rules and settles its last day.
func (s State) checkNew(c IssueToken, at ledger.Context) (expires ledger.Date, err error) {
	if c.Token == uuid.Nil {
		return expires, ledger.InvalidField("token", "an id is needed", "需要令牌标识")
	}
	if !digestPattern.MatchString(c.SHA256) {
		return expires, ledger.InvalidField("sha256", "64 lower-case hex digits are needed", "需要 64 位小写十六进制摘要")
	}
	if err := ledger.CheckText("label", c.Label, 100, false); err != nil {
		return expires, err
	}
	today, last := ledger.DayOf(at.Now), ledger.DayOf(at.Now.AddDate(0, 0, mostLife))
	expires = c.Expires
	if expires.IsZero() {
		expires = ledger.DayOf(at.Now.AddDate(0, 0, lifetime))
	}
	if expires.Precision() != "day" || expires.Compare(today) < 0 || expires.Compare(last) > 0 {
		return expires, ledger.InvalidField("expires", fmt.Sprintf("a day from %s to %s", today, last), fmt.Sprintf("应为 %s 至 %s 之间的某日", today, last))
	}
	live := 0
	for _, k := range s.Tokens {
		if k.Token == c.Token || k.SHA256 == c.SHA256 {
			return expires, ledger.Rejected("token-known", ledger.Text{En: "this token was issued before", Zh: "该令牌已登记过"})
		}
		if k.LiveOn(today) {
			live++
		}
	}
	if live >= mostTokens {
		return expires, ledger.Rejected("too-many-tokens", ledger.Text{
			En: fmt.Sprintf("%s has %d live tokens; revoke one first", s.Handle, live), Zh: fmt.Sprintf("%s 已有 %d 个有效令牌,请先吊销", s.Handle, live),
		})
	}
	return expires, nil
}

// TokenIssued: whoever shows the token acts as this principal, to the last day.
type TokenIssued struct {
	Token   uuid.UUID   `json:"token"`
	SHA256  string      `json:"sha256"`
	Label   string      `json:"label,omitzero"`
	Expires ledger.Date `json:"expires,omitzero"` // none only where it was stored as v1
}

// EventType is the stored name.
func (TokenIssued) EventType() string { return "principal.token-issued.v2" }

func (e TokenIssued) apply(s State, _ ledger.Metadata) State {
	s.Tokens = append(slices.Clone(s.Tokens), Key{Token: e.Token, SHA256: e.SHA256, Label: e.Label, Expires: e.Expires})
	return s
}

// RotateToken records a successor of a token, which itself opens for a time yet.
type RotateToken struct {
	Token       uuid.UUID   `json:"token" en:"id of the token to replace" zh:"被替换令牌的标识"`
	Successor   uuid.UUID   `json:"successor" en:"id of the new token, chosen by the caller" zh:"新令牌标识"`
	SHA256      string      `json:"sha256" en:"SHA-256 of the new token text, 64 hex digits" zh:"新令牌文本的 SHA-256(64 位十六进制)"`
	Label       string      `json:"label,omitzero" en:"what it is for; as before where absent" zh:"用途;缺省沿用原用途"`
	Expires     ledger.Date `json:"expires,omitzero" en:"last day of the new token, at most 366 days from now; 365 days from now where absent" zh:"新令牌最后有效日,至多为今日起 366 天;缺省为 365 天"`
	OverlapDays int         `json:"overlap_days,omitzero" en:"days that the old token opens yet, 0 to 30; 0 is to the end of today" zh:"旧令牌继续有效的天数,0 至 30;0 为至今日止"`
}

func (c RotateToken) decide(s State, at ledger.Context) ([]Event, error) {
	if c.OverlapDays < 0 || c.OverlapDays > mostOverlap {
		return nil, ledger.InvalidField("overlap_days", fmt.Sprintf("0 to %d", mostOverlap), fmt.Sprintf("应为 0 至 %d", mostOverlap))
	}
	i := slices.IndexFunc(s.Tokens, func(k Key) bool { return k.Token == c.Token })
	if i < 0 {
		return nil, tokenUnknown
	}
	expires, err := s.checkNew(IssueToken{c.Successor, c.SHA256, c.Label, c.Expires}, at)
	if err != nil {
		return nil, err
	}
	old := s.Tokens[i]
	if !old.LiveOn(ledger.DayOf(at.Now)) {
		return nil, ledger.Rejected("token-ended", ledger.Text{
			En: "the token no longer opens anything; have a new one issued", Zh: "该令牌已失效,请重新签发",
		})
	}
	if c.Label == "" {
		c.Label = old.Label
	}
	until := ledger.DayOf(at.Now.AddDate(0, 0, c.OverlapDays))
	if !old.Expires.IsZero() && old.Expires.Compare(until) < 0 {
		until = old.Expires
	}
	return []Event{TokenRotated{c.Successor, c.SHA256, c.Label, expires, c.Token, until}}, nil
}

// TokenRotated: a token has a successor, and ends itself.
type TokenRotated struct {
	Token    uuid.UUID   `json:"token"` // the successor
	SHA256   string      `json:"sha256"`
	Label    string      `json:"label,omitzero"`
	Expires  ledger.Date `json:"expires"`
	Replaces uuid.UUID   `json:"replaces"`
	Until    ledger.Date `json:"until"` // last day of the token replaced
}

// EventType is the stored name.
func (TokenRotated) EventType() string { return "principal.token-rotated.v1" }

func (e TokenRotated) apply(s State, _ ledger.Metadata) State {
	s.Tokens = slices.Clone(s.Tokens)
	for i := range s.Tokens {
		if s.Tokens[i].Token == e.Replaces {
			s.Tokens[i].Expires = e.Until
		}
	}
	s.Tokens = append(s.Tokens, Key{Token: e.Token, SHA256: e.SHA256, Label: e.Label, Expires: e.Expires, Replaces: e.Replaces})
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
	return nil, tokenUnknown
}

var tokenUnknown = ledger.Rejected("token-unknown", ledger.Text{En: "no such token of this principal", Zh: "该主体没有此令牌"})

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
