package application

import (
	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Withdraw records that the applicant withdrew.
type Withdraw struct {
	Reason string `json:"reason" enum:"own-wish,other-offer,consent-withdrawn,other" en:"why" zh:"原因"`
}

func (c Withdraw) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.at(Received, Eligible, Ineligible, Ranked, Offered, Accepted, Declined, Lapsed),
		ledger.CheckOneOf("reason", c.Reason, "own-wish", "other-offer", "consent-withdrawn", "other"),
		notBefore(at, s.ReceivedOn),
	); err != nil {
		return nil, err
	}
	return []Event{ApplicationWithdrawn{s.Person, s.Retention, c.Reason}}, nil
}

// ApplicationWithdrawn: the applicant withdrew. The purpose for which their data was taken ended
// on this day; retention counts from it.
type ApplicationWithdrawn struct {
	Person    uuid.UUID `json:"person"`
	Retention string    `json:"retention"` // class of the schedule that counts from here
	Reason    string    `json:"reason"`
}

// EventType is the stored name.
func (ApplicationWithdrawn) EventType() string { return "application.withdrawn.v1" }

func (ApplicationWithdrawn) apply(s State, _ ledger.Metadata) State {
	s.Stage = Withdrawn
	return s
}

// Close ends an application that came to no appointment.
type Close struct {
	Reason string `json:"reason" enum:"ineligible,not-selected,offer-not-taken,requisition-cancelled" en:"why" zh:"原因"`
}

// ReliesOn is the requisition.
func (Close) ReliesOn(s State) []ledger.StreamID {
	return []ledger.StreamID{requisition(s.Requisition)}
}

// closing is the stages in which an application is closed for a reason.
var closing = map[string][]Stage{
	"ineligible":            {Ineligible},
	"not-selected":          {Received, Eligible, Ranked},
	"offer-not-taken":       {Declined, Lapsed},
	"requisition-cancelled": {Received, Eligible, Ineligible, Ranked, Offered, Declined, Lapsed},
}

func (c Close) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		ledger.CheckOneOf("reason", c.Reason, "ineligible", "not-selected", "offer-not-taken", "requisition-cancelled"),
		s.at(closing[c.Reason]...),
		notBefore(at, s.ReceivedOn),
	); err != nil {
		return nil, err
	}
	r, ok := ledger.About[interface{ ApprovedNumber(post string) int }](at, requisition(s.Requisition))
	if c.Reason == "requisition-cancelled" && ok && r.ApprovedNumber(s.Post) > 0 {
		return nil, reject("not-cancelled", "the requisition is not cancelled", "选聘未取消")
	}
	return []Event{ApplicationClosed{s.Person, s.Retention, c.Reason}}, nil
}

// ApplicationClosed: nothing came of the application. Retention counts from this day.
type ApplicationClosed struct {
	Person    uuid.UUID `json:"person"`
	Retention string    `json:"retention"` // class of the schedule that counts from here
	Reason    string    `json:"reason"`
}

// EventType is the stored name.
func (ApplicationClosed) EventType() string { return "application.closed.v1" }

func (ApplicationClosed) apply(s State, _ ledger.Metadata) State {
	s.Stage = Closed
	return s
}
