package httpapi

import (
	"encoding/json"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/facility"
	"ttledger/domain/incubation"
	"ttledger/domain/ledger"
)

// incubated is a facility, and cases of incubation for each handle and for nobody in particular.
func (w *world) incubated(handles []string, missing string) map[string]things {
	names := ledger.Names{En: "Robots"}
	house := w.begin("facility", "", facility.Designated{Designation: facility.Designation{Names: names, Kind: "incubator", Virtual: true, From: ledger.Day(2026, 1, 1)}})
	own := map[string]string{}
	apply := func(behalf string) string {
		return w.begin("incubation", behalf, incubation.IncubationApplied{Application: incubation.Application{Names: names, Facility: uuid.MustParse(house)}})
	}
	for _, h := range handles {
		own[h] = apply(h)
	}
	return map[string]things{
		"facility":   {nil, house, missing},
		"incubation": {func(h string) string { return own[h] }, apply(""), missing},
	}
}

// begin records the first event of a stream as it is, past any rule, and is the stream's id.
func (w *world) begin(category, behalf string, e ledger.Event) string {
	data, err := json.Marshal(e)
	require.NoError(w.t, err)
	s, command := ledger.StreamID{Category: category, ID: uuid.New()}, uuid.New()
	_, err = w.store.Append(w.t.Context(), s, 0, []ledger.Proposed{{ID: ledger.EventID(s, command, 0), Type: e.EventType(), Data: data, Meta: ledger.Metadata{
		Ledger: w.ledger.ID, Command: command, Correlation: command, Actor: "ada", Role: ledger.PM, OnBehalfOf: behalf,
		OccurredOn: ledger.Day(2026, 3, 2), Source: ledger.Source{Kind: "api"},
	}}})
	require.NoError(w.t, err)
	return s.ID.String()
}
