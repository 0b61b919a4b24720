package contract

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Amend changes the terms by agreement. They are stated anew, as a whole.
type Amend struct {
	Reason string    `json:"reason" en:"reason" zh:"变更原因"`
	Notice uuid.UUID `json:"notice,omitzero" en:"id of the price notice, where the price changes" zh:"价格公示标识(价款变更时)"`
	Terms
}

// ReliesOn is the parties and the notice.
func (c Amend) ReliesOn() []ledger.StreamID {
	read := c.Terms.streams()
	if c.Notice != uuid.Nil {
		read = append(read, stream("notice", c.Notice))
	}
	return read
}

// Under is how contracts are followed up.
func (c Amend) Under(State) ledger.Governing {
	return ledger.Governing{Form: "contract", Code: "CONTRACT"}
}

// Benefits are the parties.
func (c Amend) Benefits(State) []ledger.StreamID { return c.Terms.streams() }

func (c Amend) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.running(at.On),
		ledger.CheckText("reason", c.Reason, 500, true),
		c.Terms.check(),
	); err != nil {
		return nil, err
	}
	changed := differing(s.Terms, c.Terms)
	if len(changed) == 0 {
		return nil, reject("nothing-changed", "the terms are as they were", "合同条款没有变化")
	}
	unit, err := c.Terms.known(at)
	if err := ledger.First(err, s.holds(c.Terms)); err != nil {
		return nil, err
	}
	if c.Total != s.Terms.Total || c.PriceForm != s.Terms.PriceForm {
		if err := c.Terms.noticed(unit, c.Notice, s.Project, at); err != nil {
			return nil, err
		}
	}
	e := Amended{Reason: c.Reason, Notice: c.Notice, Terms: c.Terms, UnitKind: unit, Changed: changed}
	if again := c.Export != nil || touches(changed, "type", "total", "tech_value", "parties"); again && len(s.Registrations) > 0 {
		e.Reregister, e.RegisterBy = true, days(at.On, clock(at).RegisterDays)
	}
	return []Event{e}, nil
}

// holds: what was received, distributed and contributed fits the new terms.
func (s State) holds(t Terms) error {
	switch got := s.received(); {
	case len(s.Entries) > 0 && t.currency() != s.Terms.currency():
		return reject("currency-fixed", "money was booked in "+s.Terms.currency(), "已有 "+s.Terms.currency()+" 分录,不能变更币种")
	case len(s.runs()) > 0 && t.Mode != s.Terms.Mode:
		return reject("mode-fixed", "income was distributed under the mode "+s.Terms.Mode, "已按 "+s.Terms.Mode+" 方式分配收益,不能变更转化方式")
	case !t.open() && got > t.Total.Minor:
		return reject("below-receipts", fmt.Sprintf("%s was received already", s.Terms.money(got)), fmt.Sprintf("已到账 %s", s.Terms.money(got)))
	}
	return nil
}

// differing names the terms that differ, as their JSON does.
func differing(a, b Terms) (names []string) {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range x.NumField() {
		if !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			name, _, _ := strings.Cut(x.Type().Field(i).Tag.Get("json"), ",")
			names = append(names, name)
		}
	}
	return names
}

func touches(changed []string, names ...string) bool {
	for _, c := range changed {
		for _, n := range names {
			if c == n {
				return true
			}
		}
	}
	return false
}

// Amended: the terms are others from now on (domain catalogue event 33).
type Amended struct {
	Reason string    `json:"reason"`
	Notice uuid.UUID `json:"notice,omitzero"`
	Terms
	UnitKind   string      `json:"unit_kind,omitzero"`
	Changed    []string    `json:"changed"`
	Reregister bool        `json:"reregister,omitzero"` // it is to be registered anew
	RegisterBy ledger.Date `json:"register_by,omitzero"`
}

// EventType is the stored name.
func (Amended) EventType() string { return "contract.amended.v1" }

func (e Amended) apply(s State, _ ledger.Metadata) State {
	s.Terms, s.UnitKind, s.Reregister = e.Terms, e.UnitKind, s.Reregister || e.Reregister
	return s
}
