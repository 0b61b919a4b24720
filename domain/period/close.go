package period

import (
	"fmt"

	"ttledger/domain/ledger"
)

// Close ends what may be recorded of a period without being late (报告期关账).
type Close struct {
	Code   string       `json:"code" en:"code, such as 2021Q2" zh:"报告期代码,如 2021Q2"`
	From   ledger.Date  `json:"from" en:"first day" zh:"首日"`
	To     ledger.Date  `json:"to" en:"last day" zh:"末日"`
	CutOff ledger.Entry `json:"cut_off" en:"last entry that counts (K)" zh:"截止入账序号(K)"`
	Digest string       `json:"digest" en:"digest of the ledger up to that entry, SHA-256 in hex" zh:"截至该序号的账本摘要(SHA-256,十六进制)"`
}

func (c Close) decide(_ State, at ledger.Context) ([]Event, error) {
	switch {
	case !codePattern.MatchString(c.Code):
		return nil, ledger.InvalidField("code", "1 to 40 of A-Z a-z 0-9 . _ / -", "1 至 40 位字母、数字或 . _ / -")
	case c.From.Precision() != "day":
		return nil, ledger.InvalidField("from", "a day is needed", "须精确到日")
	case c.To.Precision() != "day":
		return nil, ledger.InvalidField("to", "a day is needed", "须精确到日")
	case c.To.Compare(c.From) < 0:
		return nil, ledger.InvalidField("to", "the last day is before the first", "末日早于首日")
	case c.CutOff == 0:
		return nil, ledger.InvalidField("cut_off", "an entry number from 1", "应为入账序号(从 1 起)")
	}
	if err := checkDigest("digest", c.Digest); err != nil {
		return nil, err
	}
	if at.On.Compare(c.To) <= 0 {
		return nil, ledger.Rejected("not-over", ledger.Text{
			En: fmt.Sprintf("the period lasts until %s; it is closed on a later day than %s", c.To, at.On),
			Zh: fmt.Sprintf("报告期至 %s 止,须在其后关账(业务发生日 %s)", c.To, at.On),
		})
	}
	return []Event{Closed(c)}, nil
}

// Closed: what is recorded after it and dated inside is late (domain catalogue event 6).
type Closed struct {
	Code   string       `json:"code"`
	From   ledger.Date  `json:"from"`
	To     ledger.Date  `json:"to"`
	CutOff ledger.Entry `json:"cut_off"`
	Digest string       `json:"digest"`
}

// EventType is the stored name.
func (Closed) EventType() string { return "period.closed.v1" }

func (e Closed) apply(s State, _ ledger.Metadata) State {
	s.Code, s.From, s.To, s.CutOff = e.Code, e.From, e.To, e.CutOff
	return s
}
