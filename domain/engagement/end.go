package engagement

import (
	"fmt"

	"ttledger/domain/ledger"
)

// Deliver records what came of an engagement.
type Deliver struct {
	Outcome ledger.Names      `json:"outcome" en:"what came of it" zh:"成果"`
	Counts  []Count           `json:"counts,omitzero" en:"figures" zh:"成果数量"`
	Links   []ledger.StreamID `json:"links,omitzero" en:"what it served or led to: demand-, team-, project-, contract-, facility-, organisation- or policy- with its id" zh:"关联对象:demand-、team-、project-、contract-、facility-、organisation- 或 policy- 加标识"`
	Report  string            `json:"report,omitzero" en:"reference of the accepted report" zh:"验收报告编号"`
}

// Count is how many of something there were.
type Count struct {
	Of string `json:"of" enum:"participants,experts,visits,demands_served,demands_solved,leads,contracts,enterprises,service_bodies" en:"of what" zh:"指标"`
	N  int64  `json:"n" en:"how many" zh:"数量"`
}

// ReliesOn is what it served or led to.
func (c Deliver) ReliesOn() []ledger.StreamID { return c.Links }

func (c Deliver) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		c.Outcome.Check("outcome"),
		ledger.CheckText("report", c.Report, 200, false),
		ledger.CheckCount("counts", len(c.Counts), 20),
		ledger.CheckCount("links", len(c.Links), 90),
		s.notBefore(at),
	); err != nil {
		return nil, err
	}
	counted := map[string]bool{}
	for i, n := range c.Counts {
		path := fmt.Sprintf("counts/%d", i)
		if err := ledger.CheckOneOf(path+"/of", n.Of, "participants", "experts", "visits", "demands_served", "demands_solved", "leads", "contracts", "enterprises", "service_bodies"); err != nil {
			return nil, err
		}
		if n.N < 0 || counted[n.Of] {
			return nil, ledger.InvalidField(path+"/n", "not below zero, and each once", "不能小于零,且每项一次")
		}
		counted[n.Of] = true
	}
	for i, link := range c.Links {
		if err := ledger.CheckOneOf(fmt.Sprintf("links/%d", i), link.Category, "demand", "team", "project", "contract", "facility", "organisation", "policy"); err != nil {
			return nil, err
		}
		if !at.Exists(link) {
			return nil, ledger.Rejected("no-such-link", ledger.Text{En: fmt.Sprintf("%s is not in the ledger", link), Zh: fmt.Sprintf("账本中没有 %s", link)})
		}
	}
	return []Event{EngagementDelivered(c)}, nil
}

// EngagementDelivered: it is done (domain catalogue event 69).
type EngagementDelivered struct {
	Outcome ledger.Names      `json:"outcome"`
	Counts  []Count           `json:"counts,omitzero"`
	Links   []ledger.StreamID `json:"links,omitzero"`
	Report  string            `json:"report,omitzero"`
}

// EventType is the stored name.
func (EngagementDelivered) EventType() string { return "engagement.delivered.v1" }

// Correctable: a wrong record is put right by a correction.
func (EngagementDelivered) Correctable() {}

func (EngagementDelivered) apply(s State, _ ledger.Metadata) State {
	s.Ended = "delivered"
	return s
}

// Drop records that it will not be delivered.
type Drop struct {
	Ground string `json:"ground" enum:"counterpart,superseded,no-need,resources,other" en:"why" zh:"取消原因"`
}

func (c Drop) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		ledger.CheckOneOf("ground", c.Ground, "counterpart", "superseded", "no-need", "resources", "other"),
		s.notBefore(at),
	); err != nil {
		return nil, err
	}
	return []Event{EngagementDropped(c)}, nil
}

// EngagementDropped: it will not be delivered.
type EngagementDropped struct {
	Ground string `json:"ground"`
}

// EventType is the stored name.
func (EngagementDropped) EventType() string { return "engagement.dropped.v1" }

func (EngagementDropped) apply(s State, _ ledger.Metadata) State {
	s.Ended = "dropped"
	return s
}
