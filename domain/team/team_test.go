package team

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

type row = ledgertest.Case[Command, Event]

var (
	given = ledgertest.Given[Event]
	day   = ledgertest.Date

	lead   = uuid.MustParse("0a6f3a52-3c1b-4b8e-9d4e-7c2f5a1b6d10")
	one    = uuid.MustParse("1b7e4b63-4d2c-4c9f-8e5f-8d3a6b2c7e21")
	two    = uuid.MustParse("2c8f5c74-5e3d-4dad-9f6a-9e4b7c3d8f32")
	three  = uuid.MustParse("3d9a6d85-6f4e-4ebe-8a7b-af5c8d4e9a43")
	helper = uuid.MustParse("4eab7e96-7a5f-4fcf-9b8c-ba6d9e5fab54")
	fresh  = uuid.MustParse("5fbc8fa7-8b6a-40d0-8c9d-cb7eaf60bc65")
	maker  = uuid.MustParse("5b0e2c1a-7f3d-4e8b-9c6a-0d1e2f3a4b5c")
	alloy  = uuid.MustParse("e7c9a3b1-4d5f-4a6b-8c7d-9e0f1a2b3c4d")
	crys   = uuid.MustParse("1d2c3b4a-5f6e-4789-8abc-def012345678")
	proof  = uuid.MustParse("8c0b5f1e-2d3a-4c4b-8e5f-6a7b8c9d0e1f")
	park   = uuid.MustParse("9f8e7d6c-5b4a-4938-8271-6a5b4c3d2e1f")

	award = Scheme{
		Categories: []string{"attack", "founding"}, CoreMin: 3, TierScheme: "TALENT_SY", LeaderTiers: []string{"A", "B", "C"}, CoreTiers: []string{"A", "B", "C", "D"},
		RightsMin: 1, RightsYears: 5, Region: []string{"CN-LN", "21"},
	}
	titles = ledger.Names{Zh: "高温合金粉末"}
	patent = Right{"patent", "ZL202310123456.7", day("2023-11-14")}

	formed = TeamFormed{
		Code: "T-1", Scheme: "TEAM_SY", SchemeVersion: "2021", Category: "founding", Titles: titles, Leader: lead, Core: []uuid.UUID{one, two, three},
		Others: []uuid.UUID{helper}, Origin: Origin{"CN", "CN-BJ"}, Rights: []Right{patent}, Enterprise: maker, Eligible: true,
	}
	bound  = TeamBound{Project: alloy, Part: "lead", AgreedCore: 3}
	landed = TeamLanded{Filing: "DTYZ-1", Place: "铁西", Arrived: []uuid.UUID{one, two, three}, Project: alloy, Enterprise: maker, Eligible: true}
	gone   = TeamExited{"left", "none"}
)

// live is a project that says whether it is open.
type live bool

func (l live) Live() bool { return bool(l) }

// holder is a recognition of one person.
type holder struct {
	person uuid.UUID
	level  string
}

func (c holder) ValidFor(s ledger.StreamID, scheme string, on ledger.Date) bool {
	return s == personOf(c.person) && scheme == "TALENT_SY" && on == ledger.DayOf(ledgertest.Now)
}
func (c holder) LevelOf() string { return c.level }

// under is a context with a scheme in force, everybody known, and projects open but for those closed.
func under(s Scheme, closed ...uuid.UUID) ledger.Context {
	params, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	at := ledger.Context{Rule: &ledger.Rule{Policy: ledger.Policy{Code: "TEAM_SY", Version: "2021"}, Params: params}}
	for _, id := range []uuid.UUID{lead, one, two, three, helper, fresh} {
		at = at.Knowing(personOf(id), nil)
	}
	for _, id := range []uuid.UUID{alloy, crys} {
		at = at.Knowing(projectOf(id), live(!slices.Contains(closed, id)))
	}
	return at.Knowing(organisationOf(maker), nil)
}

func on(at ledger.Context, date string) ledger.Context {
	at.On = day(date)
	return at
}

func TestForm(t *testing.T) {
	form := func(change func(*Form)) Form {
		c := Form{Code: "T-1", Scheme: "TEAM_SY", Category: "founding", Titles: titles, Leader: lead, Core: []uuid.UUID{one, two, three},
			Others: []uuid.UUID{helper}, Origin: Origin{"CN", "CN-BJ"}, Rights: []Right{patent}, Enterprise: maker}
		if change != nil {
			change(&c)
		}
		return c
	}
	small := formed
	small.Core, small.Eligible = []uuid.UUID{one, two}, false
	abroad := formed
	abroad.Origin = Origin{Country: "DE"}
	old := formed
	old.Rights = []Right{{"patent", "x", day("2021-06-15")}}
	any := formed
	any.Rights = nil
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "from another province", At: under(award), When: form(nil), Then: []Event{formed}, Again: true},
		{Name: "from abroad", At: under(award), When: form(func(c *Form) { c.Origin = Origin{Country: "DE"} }), Then: []Event{abroad}, Again: true},
		{Name: "with too small a core, which is not eligible yet", At: under(award), When: form(func(c *Form) { c.Core = []uuid.UUID{one, two} }), Then: []Event{small}, Again: true},
		{Name: "with a right of five years ago to the day", At: under(award), When: form(func(c *Form) { c.Rights = old.Rights }), Then: []Event{old}, Again: true},
		{Name: "under a scheme that asks for no rights", At: under(Scheme{Categories: categories}), When: form(func(c *Form) { c.Rights = nil }), Then: []Event{any}, Again: true},
		{Name: "with rights that are too old", At: under(award), When: form(func(c *Form) { c.Rights = []Right{{"patent", "x", day("2021-06-14")}} }), Code: "rights-too-old"},
		{Name: "from here", At: under(award), When: form(func(c *Form) { c.Origin = Origin{"CN", "210106"} }), Code: "not-from-outside"},
		{Name: "with a leader in the core", At: under(award), When: form(func(c *Form) { c.Core = []uuid.UUID{one, lead} }), Code: "named-twice"},
		{Name: "with somebody nobody knows", At: under(award), When: form(func(c *Form) { c.Others = []uuid.UUID{park} }), Code: "no-such-person"},
		{Name: "without a leader", At: under(award), When: form(func(c *Form) { c.Leader = uuid.Nil }), Code: "no-such-person"},
		{Name: "with an enterprise nobody knows", At: under(award), When: form(func(c *Form) { c.Enterprise = park }), Code: "no-such-organisation"},
		{Name: "with no policy in force", When: form(nil), Code: "no-policy"},
	})
	var cases []row
	for field, change := range map[string]func(*Form){
		"code":           func(c *Form) { c.Code = "T 1" },
		"category":       func(c *Form) { c.Category = "innovation" }, // not one of this scheme's
		"titles":         func(c *Form) { c.Titles = ledger.Names{} },
		"core":           func(c *Form) { c.Core = make([]uuid.UUID, 21) },
		"others":         func(c *Form) { c.Others = make([]uuid.UUID, 51) },
		"rights":         func(c *Form) { c.Rights = make([]Right, 101) },
		"origin/country": func(c *Form) { c.Origin.Country = "China" },
		"origin/region":  func(c *Form) { c.Origin.Region = "Beijing" },
		"rights/0/kind":  func(c *Form) { c.Rights = []Right{{"idea", "x", day("2024")}} },
		"rights/0/no":    func(c *Form) { c.Rights = []Right{{"patent", "", day("2024")}} },
		"rights/0/on":    func(c *Form) { c.Rights = []Right{{Kind: "patent", No: "x"}} },
	} {
		cases = append(cases, row{Name: strings.ReplaceAll(field, "/", "."), At: under(award), When: form(change), Code: "invalid", Field: field})
	}
	ledgertest.Run(t, Decider, Codec, cases)
	require.Equal(t, ledger.Governing{Form: "team-scheme", Code: "TEAM_SY"}, form(nil).Under(State{}))
	require.Len(t, form(nil).ReliesOn(), 6)
}

func TestBind(t *testing.T) {
	at := under(award)
	c := Bind{Project: alloy, Part: "lead"}
	other := Bind{Project: crys, Part: "support", To: day("2029"), Commitments: Commitments{MonthsPerYear: 9, Core: 2}}
	otherBound := TeamBound{Project: crys, Part: "support", To: day("2029"), Commitments: other.Commitments, AgreedCore: 2}
	instead := otherBound
	instead.Replaces, instead.Ground = alloy, "agreement"
	promise := func(p Commitments) Bind { return Bind{Project: alloy, Part: "lead", Commitments: p} }
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "to an open project, agreeing on what the scheme asks for", At: at, Given: given(formed), When: c, Then: []Event{bound}},
		{Name: "with promises", At: at, Given: given(formed), When: other, Then: []Event{otherBound}},
		{Name: "one project at a time", At: at, Given: given(formed, bound), When: other, Code: "bound-already"},
		{Name: "to no project", At: at, Given: given(formed), When: Bind{Project: park, Part: "lead"}, Code: "no-such-project"},
		{Name: "to a closed project", At: under(award, alloy), Given: given(formed), When: c, Code: "project-not-open"},
		{Name: "before it was formed", At: on(at, "2026-03-01"), Given: given(formed), When: c, Code: "date-order"},
		{Name: "not once it left", At: at, Given: given(formed, gone), When: c, Code: "exited"},
		{Name: "with no policy in force", Given: given(formed), When: c, Code: "no-policy"},
		{Name: "in some part", At: at, Given: given(formed), When: Bind{Project: alloy, Part: "guest"}, Code: "invalid", Field: "part"},
		{Name: "to a day that is past", At: at, Given: given(formed), When: Bind{Project: alloy, Part: "lead", To: day("2026-06-14")}, Code: "invalid", Field: "to"},
		{Name: "for more months than a year has", At: at, Given: given(formed), When: promise(Commitments{MonthsPerYear: 13}), Code: "invalid", Field: "commitments/months_per_year"},
		{Name: "for less than no share", At: at, Given: given(formed), When: promise(Commitments{Share: -1}), Code: "invalid", Field: "commitments/share"},

		{Name: "to another in place of its own", At: at, Given: given(formed, bound), When: Rebind{other, "agreement"}, Then: []Event{instead}},
		{Name: "not to the same", At: at, Given: given(formed, bound), When: Rebind{c, "agreement"}, Code: "bound-already"},
		{Name: "in place of none", At: at, Given: given(formed), When: Rebind{c, "agreement"}, Code: "not-bound"},
		{Name: "to a closed one in place of its own", At: under(award, crys), Given: given(formed, bound), When: Rebind{other, "agreement"}, Code: "project-not-open"},
		{Name: "for a reason", At: at, Given: given(formed, bound), When: Rebind{other, "mood"}, Code: "invalid", Field: "ground"},

		{Name: "unbound", At: at, Given: given(formed, bound), When: Unbind{"project-ended"}, Then: []Event{TeamUnbound{alloy, "project-ended"}}},
		{Name: "unbound after landing", At: at, Given: given(formed, bound, landed), When: Unbind{"project-ended"}, Then: []Event{TeamUnbound{alloy, "project-ended"}}},
		{Name: "unbound from nothing", At: at, Given: given(formed), When: Unbind{"project-ended"}, Code: "not-bound"},
		{Name: "unbound before it was bound", At: on(at, "2026-03-01"), Given: given(formed, bound), When: Unbind{"project-ended"}, Code: "date-order"},
		{Name: "unbound for a reason", At: at, Given: given(formed, bound), When: Unbind{"mood"}, Code: "invalid", Field: "ground"},
	})
	require.Equal(t, ledger.Governing{Form: "team-scheme", Code: "TEAM_SY", Version: "2021"}, c.Under(fold(formed)), "the scheme it was formed under stays")
	require.Equal(t, []ledger.StreamID{projectOf(alloy)}, c.ReliesOn())
	require.Equal(t, append(people(lead, one, two, three, helper), organisationOf(maker)), c.Benefits(fold(formed)))
}

func fold(events ...Event) State {
	var s State
	for _, e := range events {
		s = Decider.Evolve(s, e, ledger.Metadata{OccurredOn: ledgertest.Before})
	}
	return s
}

func TestLand(t *testing.T) {
	at := under(award)
	c := Land{Filing: "DTYZ-1", Place: "铁西", Arrived: []uuid.UUID{one, two, three}}
	hosted := Land{Filing: "DTYZ-1", Place: "铁西", Arrived: c.Arrived, Facility: park}
	inPark := landed
	inPark.Facility = park
	few := bound
	few.AgreedCore = 2
	eroded := MembershipChanged{Out: []Place{{three, "core"}}, Reason: "left", CoreAfter: 2}
	fewLanded := landed
	fewLanded.Arrived, fewLanded.Eligible = []uuid.UUID{one, two}, false
	local := award
	local.Region = []string{"CN-BJ"}
	leaderless := MembershipChanged{Out: []Place{{lead, "leader"}}, Reason: "left", CoreAfter: 3}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "bound, with the core that was agreed", At: at, Given: given(formed, bound), When: c, Then: []Event{landed}},
		{Name: "in a facility", At: at.Knowing(facilityOf(park), nil), Given: given(formed, bound), When: hosted, Then: []Event{inPark}},
		{Name: "with less than the scheme asks for, where that was agreed", At: at, Given: given(formed, few, eroded),
			When: Land{Filing: "DTYZ-1", Place: "铁西", Arrived: []uuid.UUID{one, two}}, Then: []Event{fewLanded}},
		{Name: "on the day it was bound", At: on(at, "2026-03-02"), Given: given(formed, bound), When: c, Then: []Event{landed}},
		{Name: "in a facility that is none", At: at, Given: given(formed, bound), When: hosted, Code: "no-such-facility"},
		{Name: "unbound", At: at, Given: given(formed), When: c, Code: "not-bound"},
		{Name: "on a project that closed", At: under(award, alloy), Given: given(formed, bound), When: c, Code: "project-not-open"},
		{Name: "before it was bound", At: on(at, "2026-03-01"), Given: given(formed, bound), When: c, Code: "date-order"},
		{Name: "with fewer than agreed", At: at, Given: given(formed, bound), When: Land{Filing: "F", Place: "P", Arrived: []uuid.UUID{one, two}}, Code: "too-few-arrived"},
		{Name: "with who is no core member", At: at, Given: given(formed, bound), When: Land{Filing: "F", Place: "P", Arrived: []uuid.UUID{one, two, helper}}, Code: "not-core"},
		{Name: "with somebody counted twice", At: at, Given: given(formed, bound), When: Land{Filing: "F", Place: "P", Arrived: []uuid.UUID{one, two, two}}, Code: "named-twice"},
		{Name: "without a leader", At: at, Given: given(formed, bound, leaderless), When: c, Code: "no-leader"},
		{Name: "from here, as the scheme says now", At: under(local), Given: given(formed, bound), When: c, Code: "not-from-outside"},
		{Name: "twice", At: at, Given: given(formed, bound, landed), When: c, Code: "landed-already"},
		{Name: "with no policy in force", Given: given(formed, bound), When: c, Code: "no-policy"},
		{Name: "without a filing number", At: at, Given: given(formed, bound), When: Land{Place: "P"}, Code: "invalid", Field: "filing"},
		{Name: "nowhere", At: at, Given: given(formed, bound), When: Land{Filing: "F"}, Code: "invalid", Field: "place"},
		{Name: "with a crowd", At: at, Given: given(formed, bound), When: Land{Filing: "F", Place: "P", Arrived: make([]uuid.UUID, 21)}, Code: "invalid", Field: "arrived"},
	})
	s := fold(formed, bound)
	require.Equal(t, []ledger.StreamID{projectOf(alloy), organisationOf(maker), facilityOf(park)}, hosted.ReliesOn(s))
	require.Equal(t, c.Benefits(s), Bind{}.Benefits(s))
	require.Equal(t, c.Under(s), Bind{}.Under(s))
}

func TestChangeMembers(t *testing.T) {
	at := under(award)
	swap := ChangeMembers{In: []uuid.UUID{fresh}, Out: []uuid.UUID{helper}, Reason: "replaced"}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "one for another", At: at, Given: given(formed), When: swap,
			Then: []Event{MembershipChanged{In: []Place{{fresh, "other"}}, Out: []Place{{helper, "other"}}, Reason: "replaced", CoreAfter: 3, Eligible: true}}},
		{Name: "nobody", At: at, Given: given(formed), When: ChangeMembers{Reason: "left"}, Code: "invalid", Field: "in"},
		{Name: "for no reason", At: at, Given: given(formed), When: ChangeMembers{Out: []uuid.UUID{helper}}, Code: "invalid", Field: "reason"},
		{Name: "a core member", At: at, Given: given(formed), When: ChangeMembers{Out: []uuid.UUID{one}, Reason: "left"}, Code: "not-in-team"},
		{Name: "who is in the team", At: at, Given: given(formed), When: ChangeMembers{In: []uuid.UUID{one}, Reason: "joined"}, Code: "named-twice"},
		{Name: "somebody twice", At: at, Given: given(formed), When: ChangeMembers{In: []uuid.UUID{fresh, fresh}, Reason: "joined"}, Code: "named-twice"},
		{Name: "who is not enrolled", At: at, Given: given(formed), When: ChangeMembers{In: []uuid.UUID{park}, Reason: "joined"}, Code: "no-such-person"},
		{Name: "before there was a team", At: on(at, "2026-03-01"), Given: given(formed), When: swap, Code: "date-order"},
		{Name: "too many at once", At: at, Given: given(formed), When: ChangeMembers{Out: make([]uuid.UUID, 21), Reason: "left"}, Code: "invalid", Field: "out"},
		{Name: "with no policy in force", Given: given(formed), When: swap, Code: "no-policy"},
	})
	full := formed
	full.Others = make([]uuid.UUID, maxOthers)
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "into a team that is full", At: at, Given: given(full), When: ChangeMembers{In: []uuid.UUID{fresh}, Reason: "joined"}, Code: "invalid", Field: "in"},
	})
	require.Equal(t, people(fresh), swap.ReliesOn())
	require.Equal(t, Bind{}.Under(fold(formed)), swap.Under(fold(formed)))
}

// TestErosion is the acceptance scenario of a team that loses a core member in its fifth month.
func TestErosion(t *testing.T) {
	at := under(award)
	out := Place{three, "core"}
	in := func(r uuid.UUID) []Joiner { return []Joiner{{Place{fresh, "core"}, r}} }
	leaves := MembershipChanged{Out: []Place{out}, Reason: "left", CoreAfter: 2}
	comes := MembershipChanged{In: []Place{{fresh, "core"}}, Reason: "replaced", CoreAfter: 3, Eligible: true}
	ok := at.Knowing(recognitionOf(proof), holder{fresh, "D"})
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a core member leaves, and the scheme is not met", At: at, Given: given(formed, bound, landed), When: ChangeCore{Out: []Place{out}, Reason: "left"}, Then: []Event{leaves}},
		{Name: "a certified replacement restores it", At: ok, Given: given(formed, bound, landed, leaves), When: ChangeCore{In: in(proof), Reason: "replaced"}, Then: []Event{comes}},
		{Name: "not one without a certificate", At: ok, Given: given(formed, bound, landed, leaves), When: ChangeCore{In: in(uuid.Nil), Reason: "replaced"}, Code: "tier-needed"},
		{Name: "not one with another's", At: at.Knowing(recognitionOf(proof), holder{helper, "D"}), Given: given(formed, bound, landed, leaves), When: ChangeCore{In: in(proof), Reason: "replaced"}, Code: "tier-needed"},
		{Name: "not one at a level that is not accepted", At: at.Knowing(recognitionOf(proof), holder{fresh, "E"}), Given: given(formed, bound, landed, leaves), When: ChangeCore{In: in(proof), Reason: "replaced"}, Code: "tier-needed"},
		{Name: "not on a day when it does not hold", At: on(ok, "2026-06-14"), Given: given(formed, bound, landed, leaves), When: ChangeCore{In: in(proof), Reason: "replaced"}, Code: "tier-needed"},
		{Name: "before landing no certificate is asked for", At: at, Given: given(formed, leaves), When: ChangeCore{In: in(uuid.Nil), Reason: "replaced"}, Then: []Event{comes}},
		{Name: "a leader's level is another", At: at.Knowing(recognitionOf(proof), holder{one, "D"}), Given: given(formed, bound, landed),
			When: ChangeCore{In: []Joiner{{Place{one, "leader"}, proof}}, Out: []Place{{lead, "leader"}, {one, "core"}}, Reason: "promoted"}, Code: "tier-needed"},
		{Name: "a core member takes over the lead", At: at.Knowing(recognitionOf(proof), holder{one, "C"}), Given: given(formed, bound, landed),
			When: ChangeCore{In: []Joiner{{Place{one, "leader"}, proof}}, Out: []Place{{lead, "leader"}, {one, "core"}}, Reason: "promoted"},
			Then: []Event{MembershipChanged{In: []Place{{one, "leader"}}, Out: []Place{{lead, "leader"}, {one, "core"}}, Reason: "promoted", CoreAfter: 2}}},
		{Name: "the leader steps back into the ranks", At: at, Given: given(formed, bound, landed),
			When: ChangeCore{In: []Joiner{{Place: Place{lead, "other"}}}, Out: []Place{{lead, "leader"}}, Reason: "other"},
			Then: []Event{MembershipChanged{In: []Place{{lead, "other"}}, Out: []Place{{lead, "leader"}}, Reason: "other", CoreAfter: 3}}},
		{Name: "there is one leader", At: at, Given: given(formed), When: ChangeCore{In: []Joiner{{Place: Place{fresh, "leader"}}}, Reason: "joined"}, Code: "led-already"},
		{Name: "nobody is no leader", At: at, Given: given(formed, MembershipChanged{Out: []Place{{lead, "leader"}}, Reason: "left"}), When: ChangeCore{Out: []Place{{uuid.Nil, "leader"}}, Reason: "left"}, Code: "not-in-team"},
		{Name: "into some part", At: at, Given: given(formed), When: ChangeCore{In: []Joiner{{Place: Place{fresh, "guest"}}}, Reason: "joined"}, Code: "invalid", Field: "in/0/part"},
		{Name: "with no policy in force", Given: given(formed), When: ChangeCore{Out: []Place{out}, Reason: "left"}, Code: "no-policy"},
	})
	full := formed
	full.Core = make([]uuid.UUID, maxCore)
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "into a core that is full", At: at, Given: given(full), When: ChangeCore{In: in(uuid.Nil), Reason: "joined"}, Code: "invalid", Field: "in"},
	})
	c := ChangeCore{In: in(proof)}
	require.Equal(t, []ledger.StreamID{personOf(fresh), recognitionOf(proof)}, c.ReliesOn())
	require.Equal(t, people(fresh), c.Benefits(State{}))
	require.Equal(t, Bind{}.Under(fold(formed)), c.Under(fold(formed)))
	require.Nil(t, Scheme{}.tiers("core"), "a scheme may ask for no tiers")
}

func TestReviewAndExit(t *testing.T) {
	at := under(award)
	r := Review{"interim", "passed", "科技局", "KH-1"}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "reviewed", At: at, Given: given(formed, bound, landed), When: r, Then: []Event{TeamReviewed(r)}, Again: true},
		{Name: "reviewed before it landed", At: at, Given: given(formed, bound), When: r, Code: "not-landed"},
		{Name: "reviewed on a day before it landed", At: on(at, "2026-03-01"), Given: given(formed, bound, landed), When: r, Code: "date-order"},
		{Name: "reviewed at some time", When: Review{"monthly", "passed", "科技局", ""}, Code: "invalid", Field: "kind"},
		{Name: "reviewed with a result", When: Review{"final", "fine", "科技局", ""}, Code: "invalid", Field: "result"},
		{Name: "reviewed by somebody", When: Review{"final", "passed", "", ""}, Code: "invalid", Field: "body"},
		{Name: "reviewed in a report", When: Review{"final", "passed", "科技局", " "}, Code: "invalid", Field: "report"},
		{Name: "its term is completed", At: at, Given: given(formed, bound, landed), When: Exit{"completed", "none"}, Then: []Event{TeamExited{"completed", "none"}}},
		{Name: "no term is completed before landing", At: at, Given: given(formed, bound), When: Exit{"completed", "none"}, Code: "not-landed"},
		{Name: "it leaves", At: at, Given: given(formed), When: Exit{"left", "none"}, Then: []Event{gone}},
		{Name: "it leaves once", At: at, Given: given(formed, gone), When: Exit{"left", "none"}, Code: "exited"},
		{Name: "it does not leave before it landed", At: on(at, "2026-03-01"), Given: given(formed, bound, landed), When: Exit{"left", "none"}, Code: "date-order"},
		{Name: "it leaves on a ground", Given: given(formed), When: Exit{"bored", "none"}, Code: "invalid", Field: "ground"},
		{Name: "with something to follow", Given: given(formed), When: Exit{"left", "party"}, Code: "invalid", Field: "follow_up"},
	})
}

func TestWhatATeamSays(t *testing.T) {
	s := fold(formed, bound, landed)
	project, is := s.Bound()
	require.True(t, is)
	require.Equal(t, alloy, project)
	require.Equal(t, ledgertest.Before, s.LandedOn())
	require.True(t, s.IsEligible())
	require.Equal(t, lead, s.LedBy())
	require.Equal(t, []uuid.UUID{lead, one, two, three, helper}, s.Members())
	require.Equal(t, []ledger.Claim{{Kind: "team-code", Key: "T-1"}, {Kind: "team-filing", Key: "DTYZ-1"}, {Kind: "project-lead-team", Key: alloy.String()}}, claims(s, ledger.StreamID{}))
	require.Nil(t, claims(State{}, ledger.StreamID{}))
	helping := bound
	helping.Part = "support"
	require.Len(t, claims(fold(formed, helping), ledger.StreamID{}), 1, "several teams may support a project")
	s.Core = slices.Grow(s.Core, 5)
	a := s.plus([]Place{{fresh, "core"}})
	s.plus([]Place{{helper, "core"}})
	require.Equal(t, fresh, a.Core[3], "states that came from one state share nothing")
	left := fold(formed, bound, landed, gone)
	require.False(t, left.IsEligible(), "who left meets nothing")
	require.Len(t, claims(left, ledger.StreamID{}), 2, "the lead of the project is free again")
	loose := fold(formed, bound, TeamUnbound{alloy, "breach"}, MembershipChanged{Out: []Place{{lead, "leader"}}})
	require.Equal(t, Formed, loose.Stage)
	require.Equal(t, []uuid.UUID{one, two, three}, loose.CoreTeam())
	require.Nil(t, Sight.Concerns(formed, ledger.Metadata{Actor: "pm"}))
	require.Equal(t, []string{"inv"}, Sight.Concerns(formed, ledger.Metadata{OnBehalfOf: "inv"}))
}

func TestSchemes(t *testing.T) {
	for params, field := range map[string]string{
		`{}`:                        "params/categories",
		`{"categories":["circus"]}`: "params/categories/0",
		`{"categories":["attack"],"core_min":21}`:                        "params/core_min",
		`{"categories":["attack"],"rights_years":-1}`:                    "params/rights_years",
		`{"categories":["attack"],"tier_scheme":"T","core_tiers":["A"]}`: "params/core_tiers",
		`{"categories":["attack"],"core_min":3}`:                         "",
	} {
		err := Rules[0].Check([]byte(params))
		if field == "" {
			require.NoError(t, err, params)
			continue
		}
		require.Equal(t, "/data/"+field, err.(*ledger.Error).Fields[0].Pointer, params)
	}
}
