package project

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

// did is what somebody did in a role.
func did(actor string, role ledger.Role, e Event) ledgertest.Past[Event] {
	return ledgertest.Past[Event]{Event: e, Meta: ledger.Metadata{Actor: actor, Role: role, OccurredOn: ledgertest.Before}}
}

func TestNobodyActsOnBothSidesOfAProject(t *testing.T) {
	given := []ledgertest.Past[Event]{
		did("pm", ledger.PM, ProjectProposed{Titles: titles}),
		did("tm", ledger.TM, ReadinessAssessed{Readiness: Readiness{"ISO16290", 4}}),
		did("chair", ledger.CHR, StageGateDecided{Gate: 0, Decision: "go"}),
		did("boss", ledger.APR, ProjectApproved{Body: "panel"}),
	}
	given = append(given, ledgertest.Past[Event]{Event: StageGateDecided{Gate: 2, Decision: "hold"}, Meta: ledger.Metadata{
		Actor: "pm", Role: ledger.PM, Approver: "lent", OccurredOn: ledgertest.Before}})
	at := func(actor string, role ledger.Role) ledger.Context { return ledger.Context{Actor: actor, Role: role} }
	by := func(approver string) ledger.Context {
		return ledger.Context{Actor: "pm", Role: ledger.PM, Approver: approver}
	}
	gate := DecideGate{Gate: 2, Decision: "go"}
	ledgertest.Run(t, Decider, Codec, []ledgertest.Case[Command, Event]{
		{Name: "who assessed decides", Given: given, At: by("tm"), When: gate, Code: "four-eyes"},
		{Name: "who proposed ends", Given: given, At: by("pm"), When: Terminate{Ground: "market"}, Code: "four-eyes"},
		{Name: "who approved a gate works on it", Given: given, At: at("lent", ledger.TM), When: AssessReadiness{Readiness: Readiness{"ISO16290", 5}}, Code: "four-eyes"},
		{Name: "who decided a gate works on it", Given: given, At: at("chair", ledger.TM), When: AssessReadiness{Readiness: Readiness{"ISO16290", 5}}, Code: "four-eyes"},
		{Name: "who approved agrees funding", Given: given, At: at("boss", ledger.FIN), When: AgreeFunding{Amount: yuan(1)}, Code: "four-eyes"},
		{Name: "who decided decides on", Given: given, At: by("chair"), When: gate, Then: []Event{StageGateDecided(gate)}},
		{Name: "who prepared works on", Given: given, At: at("tm", ledger.PM), When: AgreeFunding{Amount: yuan(1)},
			Then: []Event{FundingAgreed{Amount: yuan(1)}}},
		{Name: "on another project who prepares may decide", Given: given[:1], At: by("tm"), When: DecideGate{Gate: 0, Decision: "go"},
			Then: []Event{StageGateDecided{Gate: 0, Decision: "go"}}},
	})
}

func TestWhomAProjectConcerns(t *testing.T) {
	for name, c := range map[string]struct {
		event Event
		meta  ledger.Metadata
		whom  []string
	}{
		"not the office that acts":         {ProjectProposed{}, ledger.Metadata{Actor: "pm", Role: ledger.PM}, nil},
		"whom the office acts for":         {ProjectProposed{}, ledger.Metadata{Actor: "pm", Role: ledger.PM, OnBehalfOf: "inventor"}, []string{"inventor"}},
		"a guest who acts":                 {ReadinessAssessed{}, ledger.Metadata{Actor: "mentor", Role: ledger.MEN}, []string{"mentor"}},
		"who is responsible from approval": {ProjectApproved{Responsible: "tm"}, ledger.Metadata{Actor: "boss", Role: ledger.APR}, []string{"tm"}},
	} {
		require.Equal(t, c.whom, Sight.Concerns(c.event, c.meta), name)
	}
	require.Equal(t, ledger.SeesAll, Sight.Reach([]ledger.Role{ledger.REV, ledger.PM}), "the widest role counts")
	require.Equal(t, ledger.SeesOwn, Sight.Reach([]ledger.Role{ledger.REV}))
	require.Equal(t, ledger.SeesNone, Sight.Reach(nil))
}
