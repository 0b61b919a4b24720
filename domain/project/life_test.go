package project

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

// One project from its proposal to its acceptance, with a hold, a return and a refusal at each
// turn where someone is too early.
func TestTheWholeLife(t *testing.T) {
	const pm, tm, apr, chair = "pm-zgc-01", "tm-zgc-09", "apr-zgc-02", "chr-zgc-03"
	gate := func(g Gate, decision string) DecideGate {
		c := DecideGate{Gate: g, Decision: decision}
		if decision == "hold" {
			c.HoldUntil = day("2027")
		}
		return c
	}
	var s State
	for i, step := range []struct {
		on      string
		actor   string
		command Command
		code    string // "" where it is accepted
		stage   Stage
		next    Gate
		onHold  bool
	}{
		{"2026-03-02", pm, Propose{Titles: titles, Milestones: []Milestone{sample}}, "", Proposed, 0, false},
		{"2026-03-03", tm, JoinParty{Party{maker, "performer"}}, "", Proposed, 0, false},
		{"2026-03-04", tm, AssessReadiness{Readiness: Readiness{"GBT22900", 4}}, "", Proposed, 0, false},
		{"2026-03-05", chair, gate(0, "hold"), "", Proposed, 0, true},
		{"2026-03-06", apr, Approve{Body: "panel"}, "on-hold", Proposed, 0, true},
		{"2026-03-10", chair, gate(0, "go"), "", Proposed, 1, false},
		{"2026-03-11", chair, gate(1, "recycle"), "", Proposed, 1, false},
		{"2026-03-20", chair, gate(1, "go"), "", Proposed, 2, false},
		{"2026-03-21", chair, gate(2, "go"), "not-approved", Proposed, 2, false},
		{"2026-04", apr, Approve{Body: "panel", Responsible: "tm-zgc-07"}, "", Approved, 2, false},
		{"2026-04-10", pm, AgreeFunding{Amount: yuan(3000000)}, "", Approved, 2, false},
		{"2026-04-20", chair, gate(2, "go"), "", Approved, 3, false},
		{"2026-04-21", chair, gate(4, "go"), "gate-order", Approved, 3, false},
		{"2026-04-22", chair, gate(3, "hold"), "", Approved, 3, true},
		{"2026-04-23", chair, gate(3, "go"), "", Pilot, 4, false},
		{"2026-05-01", tm, VerifyMilestone{"M1", "met", day("2026-04")}, "", Pilot, 4, false},
		{"2026-05-02", pm, ConfirmIndustrialisation{Site: "Hunnan", Start: day("2026-05")}, "gate-order", Pilot, 4, false},
		{"2026-05-03", chair, gate(4, "go"), "", Pilot, 5, false},
		{"2026-05-04", chair, gate(5, "go"), "not-industrialised", Pilot, 5, false},
		{"2026-05-05", chair, gate(5, "hold"), "not-industrialised", Pilot, 5, false},
		{"2026-05-06", pm, ConfirmIndustrialisation{Site: "Hunnan", Start: day("2026-05")}, "", Industrialised, 5, false},
		{"2026-05-10", pm, AdjustFunding{yuan(3500000), "supplement"}, "", Industrialised, 5, false},
		{"2026-05-20", apr, Complete{Acceptance: "A-7"}, "gate-order", Industrialised, 5, false},
		{"2026-05-21", chair, gate(5, "recycle"), "", Industrialised, 5, false},
		{"2026-05-30", chair, gate(5, "go"), "", Industrialised, 6, false},
		{"2026-06-02", apr, Complete{Acceptance: "A-7"}, "", Completed, 6, false},
		{"2026-06-03", apr, Terminate{Ground: "market"}, "closed", Completed, 6, false},
	} {
		at := ledgertest.Context(seen("organisation", maker))
		at.On, at.Actor = day(step.on), step.actor
		events, err := Decider.Decide(s, step.command, at)
		require.Equal(t, step.code, ledger.CodeOf(err), "step %d: %v", i, err)
		s = then(s, events, at)
		require.Equal(t, []any{step.stage, step.next, step.onHold}, []any{s.Stage, s.NextGate, s.OnHold}, "step %d", i)
	}
	require.Equal(t, State{
		Stage: Completed, Titles: titles, ProposedBy: pm, ProposedOn: day("2026-03-02"), ApprovedOn: day("2026-04"),
		Responsible: "tm-zgc-07", NextGate: 6, Milestones: []Milestone{sample}, Results: []Result{{"M1", "met"}},
		Parties: []Party{{maker, "performer"}}, Readiness: Readiness{"GBT22900", 4}, Funding: yuan(3500000), Site: "Hunnan",
		Bare: []string{"G0", "G1", "approval", "G2", "G3", "G4", "G5"},
	}, s)
}

// Where a project ends depends on where it stood.
func TestWhereItEnds(t *testing.T) {
	for name, end := range map[string]struct {
		past  []ledgertest.Past[Event]
		stage Stage
	}{
		"killed before approval it was never taken on":  {given(proposed, killed(0)), Rejected},
		"killed after evaluation it was never taken on": {given(proposed, went(0), went(1), killed(1)), Rejected},
		"killed after approval it is terminated":        {given(proposed, approved, killed(2)), Terminated},
		"killed in its pilot it is terminated":          {through(3, killed(4)), Terminated},
		"killed in production it is terminated":         {through(4, produced, killed(5)), Terminated},
		"terminated as a proposal it is terminated":     {given(proposed, ended), Terminated},
		"a killed project is not on hold":               {given(proposed, approved, held(2), killed(2)), Terminated},
		"a terminated project is not on hold":           {given(proposed, approved, held(2), ended), Terminated},
	} {
		s := fold(end.past)
		require.Equal(t, end.stage, s.Stage, name)
		require.False(t, s.OnHold, name)
	}
}

func TestAGateFindsTheReadiness(t *testing.T) {
	found := StageGateDecided{Gate: 2, Decision: "recycle", After: &Readiness{"ISO16290", 3}}
	s := fold(through(0, ReadinessAssessed{Readiness: Readiness{"ISO16290", 5}}, found))
	require.Equal(t, Readiness{"ISO16290", 3}, s.Readiness)
	s = then(s, []Event{went(2)}, ledger.Context{})
	require.Equal(t, Readiness{"ISO16290", 3}, s.Readiness, "a gate that found none leaves it")
	require.True(t, Readiness{}.IsZero())
	require.Equal(t, "G2", Gate(2).String())
}

// FuzzLife tells a life from bytes, four to a command, and holds it to what must be true of
// every life.
func FuzzLife(f *testing.F) {
	chance := rand.New(rand.NewPCG(2026, 6))
	for range 64 {
		story := make([]byte, 4*200)
		for i := range story {
			story[i] = byte(chance.Uint32())
		}
		f.Add(story)
	}
	f.Fuzz(func(t *testing.T, story []byte) {
		var s State
		var past []ledgertest.Past[Event]
		var states []State
		var snapshots []string
		for ; len(story) >= 4 && len(past) < 300; story = story[4:] {
			command, at := tell(s, [4]byte(story))
			// The ledger sees to it that a proposal, and nothing else, comes first.
			if _, first := command.(Propose); first != (len(past) == 0) {
				continue
			}
			events, err := Decider.Decide(s, command, at)
			if err != nil {
				require.Empty(t, events)
				require.NotEqual(t, ledger.KindInternal, ledger.KindOf(err))
				continue
			}
			after := then(s, events, at)
			follows(t, s, after, events, at)
			past = append(past, recorded(events, at)...)
			states, snapshots = append(states, after), append(snapshots, text(t, after))
			s = after
		}
		for i, kept := range states {
			require.Equal(t, snapshots[i], text(t, kept), "a later event changed the state after step %d", i)
		}
		var again State
		for _, p := range past {
			data, err := Codec.Encode(p.Event)
			require.NoError(t, err)
			e, err := Codec.Decode(p.Event.EventType(), data)
			require.NoError(t, err)
			again = Decider.Evolve(again, e, p.Meta)
		}
		require.Equal(t, s, again, "what is read from the record is what was lived")
	})
}

// follows holds one step to the invariants of a life.
func follows(t *testing.T, before, after State, events []Event, at ledger.Context) {
	t.Helper()
	if closed(before.Stage) {
		require.Empty(t, events, "a closed project stays closed")
	}
	require.GreaterOrEqual(t, after.NextGate, before.NextGate, "gates never go back")
	require.LessOrEqual(t, after.NextGate, before.NextGate+2, "only an approval stands for two gates")
	require.GreaterOrEqual(t, rank[after.Stage], rank[before.Stage], "stages never go back")
	require.GreaterOrEqual(t, after.Funding.Minor, int64(0))
	require.False(t, after.OnHold && closed(after.Stage), "what is closed is not on hold")
	switch after.Stage {
	case Approved:
		require.Contains(t, []Gate{2, 3}, after.NextGate)
	case Pilot:
		require.Contains(t, []Gate{4, 5}, after.NextGate)
	case Industrialised:
		require.Contains(t, []Gate{5, 6}, after.NextGate)
	case Completed:
		require.Equal(t, Gate(6), after.NextGate)
	}
	looked := map[string]bool{}
	for _, r := range after.Results {
		require.False(t, looked[r.Milestone], "a milestone has one result")
		looked[r.Milestone] = true
	}
	if len(events) > 0 {
		require.NotContains(t, before.Prepared, at.Approver, "approved by who prepared")
		require.NotContains(t, before.Decided, at.Actor, "prepared by who decided")
	}
	for _, e := range events {
		switch e := e.(type) {
		case StageGateDecided:
			require.Equal(t, e.StageAfter(before.Stage), after.Stage)
		case MilestoneVerified:
			require.NotEqual(t, before.Responsible, at.Actor, "a milestone by the responsible person")
		case IndustrialisationConfirmed:
			require.Equal(t, Gate(5), before.NextGate, "production before G4")
		}
	}
}

var rank = map[Stage]int{"": 0, Proposed: 1, Approved: 2, Pilot: 3, Industrialised: 4, Completed: 5, Rejected: 5, Terminated: 5}

func closed(s Stage) bool { return rank[s] == 5 }

// tell makes a command and its circumstances from four bytes: what, how, who, when. It prefers
// the gate that is next, or lives would be short.
func tell(s State, b [4]byte) (Command, ledger.Context) {
	at := ledgertest.Context(seen("organisation", maker))
	at.ReliedOn = append(at.ReliedOn, seen("project", earlier).ReliedOn...)
	at.Actor = []string{"pm-zgc-01", "apr-zgc-02", "tm-zgc-07", "chr-zgc-03"}[b[2]%4]
	at.Role = ledger.PM
	at.Approver = []string{"", "chr-zgc-03", "apr-zgc-02", "pm-zgc-01"}[b[2]/4%4]
	at.On = []ledger.Date{ledger.DayOf(at.Now), day("2026-03-02"), day("2026-04"), day("2026"), day("2025-12-31")}[b[3]%5]
	how := int(b[1])
	pick := func(list ...string) string { return list[how%len(list)] }
	amount := ledger.Money{Minor: int64(how%5-1) * 100, Currency: pick("CNY", "CNY", "CNY", "JPY", "")}
	switch b[0] % 20 {
	case 0:
		return Propose{Titles: titles, Milestones: []Milestone{sample, furnace}, Parties: []Party{{maker, "owner"}}[:how%2]}, at
	case 1:
		return Approve{Body: "panel", Responsible: pick("tm-zgc-07", ""), Milestones: []Milestone{furnace}[:how%2]}, at
	case 2:
		return VerifyMilestone{pick("M1", "M2", "M3"), pick("met", "partly", "missed", "waived", "lost"), day("2026-05")}, at
	case 3:
		return VerifyMilestone{Milestone: pick("M1", "M2"), Result: pick("partly", "missed", "waived")}, at
	case 4:
		return AssessReadiness{Readiness: Readiness{pick("ISO16290", "GBT22900", "GJB7688"), how % 16}}, at
	case 5:
		return AgreeFunding{Amount: amount}, at
	case 6:
		return AdjustFunding{amount, pick("supplement", "reduction", "amendment")}, at
	case 7:
		return JoinParty{Party{maker, pick("owner", "performer", "partner", "funder")}}, at
	case 8:
		return LinkProject{Project: earlier, Relation: "continues"}, at
	case 9:
		return ConfirmIndustrialisation{Site: "Hunnan", Start: at.On}, at
	case 10:
		return Complete{Acceptance: "A-7"}, at
	case 11:
		if how%8 == 0 { // an early end is a short story
			return Terminate{Ground: "market"}, at
		}
		return Terminate{Ground: "market", Exemption: true}, at
	}
	c := DecideGate{Gate: s.NextGate, Decision: pick("go", "go", "go", "go", "recycle", "hold", "go", "go", "recycle", "hold", "kill")}
	if how >= 224 {
		c.Gate = Gate(how%8 - 1)
	}
	if c.Decision == "hold" {
		c.HoldUntil = day("2027")
	}
	if how%3 == 0 {
		c.After = &Readiness{"ISO16290", 1 + how%9}
	}
	return c, at
}

// then evolves a state by what was just decided.
func then(s State, events []Event, at ledger.Context) State {
	for _, p := range recorded(events, at) {
		s = Decider.Evolve(s, p.Event, p.Meta)
	}
	return s
}

func recorded(events []Event, at ledger.Context) (past []ledgertest.Past[Event]) {
	for _, e := range events {
		past = append(past, ledgertest.Past[Event]{Event: e, Meta: ledger.Metadata{Actor: at.Actor, Role: at.Role, Approver: at.Approver, OccurredOn: at.On}})
	}
	return past
}

func text(t *testing.T, s State) string {
	t.Helper()
	b, err := json.Marshal(s)
	require.NoError(t, err)
	return string(b)
}
