package project

import "ttledger/domain/ledger"

// ConfirmIndustrialisation says that production has begun (产业化投产).
type ConfirmIndustrialisation struct {
	Site      string      `json:"site" en:"where" zh:"投产地点"`
	Start     ledger.Date `json:"start" en:"since when" zh:"投产日期"`
	Capacity  string      `json:"capacity,omitzero" en:"capacity" zh:"产能"`
	FirstSale string      `json:"first_sale,omitzero" en:"reference of the first sale" zh:"首次销售凭证"`
	Park      string      `json:"park,omitzero" en:"park" zh:"园区"`
}

func (c ConfirmIndustrialisation) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.open(true),
		ledger.CheckText("site", c.Site, 200, true),
		ledger.CheckText("capacity", c.Capacity, 200, false),
		ledger.CheckText("first_sale", c.FirstSale, 200, false),
		ledger.CheckText("park", c.Park, 100, false),
		notBefore(at, s.ApprovedOn, theApproval),
	); err != nil {
		return nil, err
	}
	switch {
	case s.Stage == Industrialised:
		return nil, ledger.Rejected("already-industrialised", ledger.Text{En: "production was confirmed before", Zh: "产业化投产已确认"})
	case s.NextGate != 5:
		return nil, ledger.Rejected("gate-order", ledger.Text{En: "a Go at G4 is needed first", Zh: "须先通过 G4 评审"})
	case c.Start.IsZero() || c.Start.Compare(ledger.DayOf(at.Now)) > 0:
		return nil, ledger.InvalidField("start", "a date not after today is needed", "需要不晚于今天的日期")
	}
	return []Event{IndustrialisationConfirmed(c)}, nil
}

// IndustrialisationConfirmed: the technology is in production (domain catalogue event 25).
type IndustrialisationConfirmed struct {
	Site      string      `json:"site"`
	Start     ledger.Date `json:"start"`
	Capacity  string      `json:"capacity,omitzero"`
	FirstSale string      `json:"first_sale,omitzero"`
	Park      string      `json:"park,omitzero"`
}

// EventType is the stored name.
func (IndustrialisationConfirmed) EventType() string { return "project.industrialisation-confirmed.v1" }

// Correctable: a wrong record is put right by a correction.
func (IndustrialisationConfirmed) Correctable() {}

func (e IndustrialisationConfirmed) apply(s State, _ ledger.Metadata) State {
	s.Stage, s.Site = Industrialised, e.Site
	return s
}
