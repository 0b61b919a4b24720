package recognition

import (
	"fmt"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Grant records what an issuer recognised. The scheme, which is a policy, says who may be, at
// which level and for how long.
type Grant struct {
	Subject     ledger.StreamID `json:"subject" en:"who or what is recognised: organisation-, person- or facility- with its id" zh:"认定对象:organisation-、person- 或 facility- 加标识"`
	Scheme      string          `json:"scheme" en:"scheme, the code of its policy, such as HNTE" zh:"认定办法(政策代码),如 HNTE"`
	Level       string          `json:"level,omitzero" en:"level, where the scheme has them" zh:"等级(如办法设定)"`
	Mode        string          `json:"mode,omitzero" en:"way of serving, where the scheme has them" zh:"引进方式(如办法设定)"`
	Channel     string          `json:"channel,omitzero" en:"way to be recognised, where the scheme has them" zh:"认定渠道(如办法设定)"`
	Certificate string          `json:"certificate,omitzero" en:"number of the certificate or entry" zh:"证书或入库编号"`
	Issuer      string          `json:"issuer" en:"who recognised" zh:"认定机构"`
	From        ledger.Date     `json:"from,omitzero" en:"first day; the business date where left out" zh:"有效期起;不填为业务发生日"`
	To          ledger.Date     `json:"to,omitzero" en:"last day, where the certificate says less than the scheme" zh:"有效期止(证书短于办法时填写)"`
	Met         []string        `json:"met,omitzero" en:"codes of the scheme's conditions that are confirmed" zh:"已确认条件的代码"`
}

// ReliesOn is who or what is recognised.
func (c Grant) ReliesOn() []ledger.StreamID { return []ledger.StreamID{c.Subject} }

// Under is the scheme in force on the day.
func (c Grant) Under(State) ledger.Governing {
	return ledger.Governing{Form: "recognition-scheme", Code: c.Scheme}
}

func (c Grant) decide(_ State, at ledger.Context) ([]Event, error) {
	e, err := c.granted(at)
	if err != nil {
		return nil, err
	}
	return []Event{e}, nil
}

// granted is the fact that a grant comes to.
func (c Grant) granted(at ledger.Context) (Granted, error) {
	scheme, err := ledger.Params[Scheme](at)
	if err != nil {
		return Granted{}, err
	}
	if err := ledger.First(
		c.texts(),
		c.under(at),
		scheme.admits(c),
	); err != nil {
		return Granted{}, err
	}
	if !at.Exists(c.Subject) {
		return Granted{}, reject("no-such-subject", fmt.Sprintf("%s is not in the ledger", c.Subject), fmt.Sprintf("账本中没有 %s", c.Subject))
	}
	if c.From.IsZero() {
		c.From = at.On
	}
	to, err := scheme.last(c.From.First(), c.To)
	if err != nil {
		return Granted{}, err
	}
	return Granted{
		Subject: c.Subject, Scheme: c.Scheme, Level: c.Level, Mode: c.Mode, Channel: c.Channel,
		Certificate: c.Certificate, Issuer: c.Issuer, From: c.From, To: to, Rung: scheme.Rung, Met: c.Met,
	}, scheme.aged(at, c.Subject, c.From)
}

func (c Grant) texts() error {
	if err := ledger.First(
		ledger.CheckText("certificate", c.Certificate, 100, false),
		ledger.CheckText("issuer", c.Issuer, 200, true),
		ledger.CheckCount("met", len(c.Met), 50),
	); err != nil {
		return err
	}
	for i, code := range c.Met {
		if err := ledger.CheckText(fmt.Sprintf("met/%d", i), code, 40, true); err != nil {
			return err
		}
	}
	return nil
}

// under refuses a policy of another scheme, which a client may have named.
func (c Grant) under(at ledger.Context) error {
	if at.Rule.Code == c.Scheme {
		return nil
	}
	return reject("other-scheme", fmt.Sprintf("a recognition under %s is decided under the policy of that code, not %s", c.Scheme, at.Rule.Code), fmt.Sprintf("%s 的认定应依据同代码政策,而非 %s", c.Scheme, at.Rule.Code))
}

// Granted: who or what was recognised, from when to when (domain catalogue event 14).
type Granted struct {
	Subject     ledger.StreamID `json:"subject"`
	Scheme      string          `json:"scheme"`
	Level       string          `json:"level,omitzero"`
	Mode        string          `json:"mode,omitzero"`
	Channel     string          `json:"channel,omitzero"`
	Certificate string          `json:"certificate,omitzero"`
	Issuer      string          `json:"issuer"`
	From        ledger.Date     `json:"from"`
	To          ledger.Date     `json:"to,omitzero"`
	Rung        int             `json:"rung,omitzero"` // where the scheme stands on the ladder as it is displayed
	Met         []string        `json:"met,omitzero"`
	RenewalOf   uuid.UUID       `json:"renewal_of,omitzero"`
}

// EventType is the stored name.
func (Granted) EventType() string { return "recognition.granted.v1" }

// Correctable: a wrong record is put right by a correction.
func (Granted) Correctable() {}

func (e Granted) apply(s State, _ ledger.Metadata) State {
	s.Subject, s.Scheme, s.Level, s.Certificate = e.Subject, e.Scheme, e.Level, e.Certificate
	s.From, s.To = e.From, e.To
	return s
}

// Renew records the recognition that follows an earlier one of the same subject and scheme.
type Renew struct {
	Grant
	Renews uuid.UUID `json:"renews" en:"id of the recognition that it renews" zh:"所续认资格的标识"`
}

// renewed is what the rule wants to know of the earlier one.
type renewed interface {
	Holds(subject ledger.StreamID, scheme string) bool
	IsRevoked() bool
}

// Holds says whether this is a recognition of a subject under a scheme, valid or not.
func (s State) Holds(subject ledger.StreamID, scheme string) bool {
	return s.Subject == subject && s.Scheme == scheme
}

// IsRevoked says whether it was withdrawn.
func (s State) IsRevoked() bool { return s.Ended == "revoked" }

func (c Renew) earlier() ledger.StreamID {
	return ledger.StreamID{Category: "recognition", ID: c.Renews}
}

// ReliesOn is who or what is recognised, and the earlier recognition.
func (c Renew) ReliesOn() []ledger.StreamID { return []ledger.StreamID{c.Subject, c.earlier()} }

func (c Renew) decide(_ State, at ledger.Context) ([]Event, error) {
	e, err := c.granted(at)
	if err != nil {
		return nil, err
	}
	was, ok := ledger.About[renewed](at, c.earlier())
	switch {
	case !ok || !was.Holds(c.Subject, c.Scheme):
		return nil, reject("not-its-renewal", fmt.Sprintf("%s is no recognition of this subject under %s", c.earlier(), c.Scheme), fmt.Sprintf("%s 不是该对象在 %s 下的资格", c.earlier(), c.Scheme))
	case was.IsRevoked():
		return nil, reject("renews-revoked", "what was revoked is not renewed; grant anew", "被撤销的资格不能续认,须重新认定")
	}
	e.RenewalOf = c.Renews
	return []Event{e}, nil
}
