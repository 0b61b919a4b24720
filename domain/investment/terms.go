package investment

import (
	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Terms is the terms of one fund, as a policy version carries them. What a fund may commit changes
// when its terms do: by another version, adopted by two people.
type Terms struct {
	Fund        uuid.UUID    `json:"fund" en:"id of the registered fund" zh:"已登记基金的标识"`
	Capital     ledger.Money `json:"capital" en:"what it may commit in all" zh:"可承诺出资总额"`
	MaxPerMille int          `json:"max_per_mille,omitzero" en:"most that goes to one company, per mille of that" zh:"单一企业上限(‰)"`
	Body        string       `json:"body" en:"the body that decides" zh:"决策机构"`
}

// Check says what is wrong with the terms.
func (t Terms) Check() error {
	if t.Fund == uuid.Nil {
		return ledger.InvalidField("params/fund", "the id of a registered fund is needed", "需要已登记基金的标识")
	}
	if t.MaxPerMille < 0 || t.MaxPerMille > 1000 {
		return ledger.InvalidField("params/max_per_mille", "0 to 1000", "0 至 1000")
	}
	return ledger.First(t.Capital.Check("params/capital"), ledger.CheckText("params/body", t.Body, 200, true))
}

// most is what may go to one company. It is computed without overflow: capital of 9·10^18 minor
// units times 1000 would not fit.
func (t Terms) most() int64 {
	if t.MaxPerMille == 0 {
		return t.Capital.Minor
	}
	n := int64(t.MaxPerMille)
	return t.Capital.Minor/1000*n + t.Capital.Minor%1000*n/1000
}
