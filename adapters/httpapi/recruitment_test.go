package httpapi

import (
	"github.com/google/uuid"

	"ttledger/domain/application"
	"ttledger/domain/appointment"
	"ttledger/domain/ledger"
	"ttledger/domain/panel"
	"ttledger/domain/requisition"
)

// recruited is one of each kind of thing of a recruitment, and a panel that each of the handles sits
// on: as its chair and as its reviewer, for whichever they may be.
func (w *world) recruited(handles []string, missing string) map[string]things {
	plan := w.begin("requisition", "", requisition.RequisitionApproved{Code: "R-1"})
	applied := w.begin("application", "", application.ApplicationReceived{Code: "A-1", Requisition: uuid.MustParse(plan), Post: "director"})
	started := w.begin("appointment", "", appointment.AppointmentStarted{Code: "K-1", Application: uuid.MustParse(applied), From: ledger.Day(2026, 3, 2)})
	own := map[string]string{}
	sits := func(handle string) string {
		return w.begin("panel", "", panel.PanelConvened{
			Code: "PN-" + handle, Subject: ledger.StreamID{Category: "requisition", ID: uuid.MustParse(plan)},
			Items:     []panel.Item{{Stream: ledger.StreamID{Category: "application", ID: uuid.MustParse(applied)}, Code: "A-017"}},
			Reviewers: []string{handle}, Chair: handle,
		})
	}
	for _, h := range handles {
		own[h] = sits(h)
	}
	return map[string]things{
		"requisition": {nil, plan, missing},
		"application": {nil, applied, missing},
		"appointment": {nil, started, missing},
		"panel":       {func(h string) string { return own[h] }, sits("somebody"), missing},
	}
}
