package grant

import (
	"encoding/json"
	"math"
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
	by    = ledgertest.By[Event]
	day   = ledgertest.Date

	crew   = ledger.StreamID{Category: "team", ID: ledgertest.ID}
	maker  = ledger.StreamID{Category: "organisation", ID: uuid.MustParse("5b0e2c1a-7f3d-4e8b-9c6a-0d1e2f3a4b5c")}
	leader = uuid.MustParse("0a6f3a52-3c1b-4b8e-9d4e-7c2f5a1b6d10")
	core   = uuid.MustParse("1b7e4b63-4d2c-4c9f-8e5f-8d3a6b2c7e21")
	proof1 = uuid.MustParse("8c0b5f1e-2d3a-4c4b-8e5f-6a7b8c9d0e1f")
	proof2 = uuid.MustParse("9d1c6a2f-3e4b-4d5c-9f6a-7b8c9d0e1f2a")

	award = Scheme{Beneficiaries: []string{"team", "organisation"}, Purposes: []string{"team-award"}, Ceiling: yuan(3000000), TierScheme: "TALENT_SY", Levels: []string{"A", "B", "C", "D"}, DueDays: 30}
	plain = Scheme{Beneficiaries: []string{"team", "organisation"}, Purposes: []string{"team-award"}}

	first    = Instalment{"I1", ledger.Names{En: "landed"}, yuan(1500000)}
	second   = Instalment{"I2", ledger.Names{Zh: "中期考核"}, yuan(1500000)}
	approved = SubsidyApproved{
		Code: "G-1", Beneficiary: crew, Scheme: "TEAM_AWARD", SchemeVersion: "2026", Purpose: "team-award", Ceiling: yuan(3000000),
		Instalments: []Instalment{first, second}, Body: "leading group", Meeting: "M-1",
	}
	verified = ConditionVerified{Instalment: "I1", Basis: "DTYZ-1", Due: day("2026-07-15")}
	released = InstalmentReleased{Instalment: "I1", Amount: yuan(1500000), Voucher: "V-1", Recognitions: []uuid.UUID{proof1, proof2}}
)

func yuan(n int64) ledger.Money { return ledger.Money{Minor: n * 100, Currency: "CNY"} }

func euro(n int64) ledger.Money { return ledger.Money{Minor: n * 100, Currency: "EUR"} }

// paidOut is a subsidy of which the first instalment was paid.
func paidOut(more ...Event) []ledgertest.Past[Event] {
	return given(append([]Event{approved, verified, released}, more...)...)
}

// squad is a team as a subsidy asks of it.
type squad struct{ eligible bool }

func (s squad) IsEligible() bool      { return s.eligible }
func (s squad) CoreTeam() []uuid.UUID { return []uuid.UUID{leader, core} }

// tiered is a recognition of somebody, valid until a day.
type tiered struct {
	of    ledger.StreamID
	level string
	to    string
}

func (c tiered) ValidFor(s ledger.StreamID, scheme string, on ledger.Date) bool {
	return s == c.of && scheme == "TALENT_SY" && on.Compare(day(c.to)) <= 0
}
func (c tiered) LevelOf() string { return c.level }

func person(id uuid.UUID) ledger.StreamID { return ledger.StreamID{Category: "person", ID: id} }

// under is a context in which a scheme is in force.
func under(s Scheme) ledger.Context {
	params, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return ledger.Context{Rule: &ledger.Rule{Policy: ledger.Policy{Code: "TEAM_AWARD", Version: "2026"}, Params: params}}
}

func on(at ledger.Context, date string) ledger.Context {
	at.On = day(date)
	return at
}

func TestApprove(t *testing.T) {
	approve := func(change func(*Approve)) Approve {
		c := Approve{Code: "G-1", Beneficiary: crew, Scheme: "TEAM_AWARD", Purpose: "team-award", Ceiling: yuan(3000000), Instalments: []Instalment{first, second}, Body: "leading group", Meeting: "M-1"}
		if change != nil {
			change(&c)
		}
		return c
	}
	team := under(award).Knowing(crew, squad{true})
	toMaker := approved
	toMaker.Beneficiary = maker
	huge := ledger.Money{Minor: math.MaxInt64, Currency: "CNY"}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "to a team", At: team, When: approve(nil), Then: []Event{approved}, Again: true},
		{Name: "to a company, where the scheme knows no ceiling", At: under(plain).Knowing(maker, nil), When: approve(func(c *Approve) { c.Beneficiary = maker }), Then: []Event{toMaker}, Again: true},
		{Name: "to a team that is not eligible", At: under(award).Knowing(crew, squad{}), When: approve(nil), Code: "team-not-eligible"},
		{Name: "to nobody", At: under(award), When: approve(nil), Code: "no-such-beneficiary"},
		{Name: "above what the scheme pays", At: team, When: approve(func(c *Approve) { c.Ceiling = yuan(3000001) }), Code: "above-scheme"},
		{Name: "in instalments above the ceiling", At: team, When: approve(func(c *Approve) { c.Ceiling = yuan(2999999) }), Code: "above-ceiling"},
		{Name: "in instalments that overflow", At: team, When: approve(func(c *Approve) {
			c.Instalments = []Instalment{first, {"I2", first.Condition, huge}}
		}), Code: "above-ceiling"},
		{Name: "with no policy in force", When: approve(nil), Code: "no-policy"},
	})
	var cases []row
	for field, change := range map[string]func(*Approve){
		"code":                          func(c *Approve) { c.Code = "" },
		"beneficiary":                   func(c *Approve) { c.Beneficiary = person(leader) },
		"purpose":                       func(c *Approve) { c.Purpose = "fun" },
		"ceiling/minor":                 func(c *Approve) { c.Ceiling = yuan(0) },
		"body":                          func(c *Approve) { c.Body = "" },
		"meeting":                       func(c *Approve) { c.Meeting = " " },
		"instalments":                   func(c *Approve) { c.Instalments = nil },
		"instalments/1/code":            func(c *Approve) { c.Instalments = []Instalment{first, first} },
		"instalments/0/condition":       func(c *Approve) { c.Instalments = []Instalment{{Code: "I1", Amount: yuan(1)}} },
		"instalments/0/amount/currency": func(c *Approve) { c.Instalments = []Instalment{{"I1", first.Condition, euro(1)}} },
		"ceiling/currency":              func(c *Approve) { c.Ceiling, c.Instalments = euro(1), []Instalment{{"I1", first.Condition, euro(1)}} },
	} {
		cases = append(cases, row{Name: strings.ReplaceAll(field, "/", "."), At: team, When: approve(change), Code: "invalid", Field: field})
	}
	cases = append(cases, row{Name: "many instalments", At: team, When: approve(func(c *Approve) { c.Instalments = make([]Instalment, 21) }), Code: "invalid", Field: "instalments"})
	ledgertest.Run(t, Decider, Codec, cases)
	c := approve(nil)
	require.Equal(t, []ledger.StreamID{crew}, c.ReliesOn())
	require.Equal(t, ledger.Governing{Form: "subsidy-scheme", Code: "TEAM_AWARD"}, c.Under(State{}))
	require.Equal(t, []ledger.StreamID{crew}, c.Benefits(State{}))
}

func TestVerifyCondition(t *testing.T) {
	at := under(award)
	c := VerifyCondition{"I1", "DTYZ-1"}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "to be paid within thirty days", At: at, Given: given(approved), When: c, Then: []Event{verified}},
		{Name: "to be paid some day", At: under(plain), Given: given(approved), When: c, Then: []Event{ConditionVerified{Instalment: "I1", Basis: "DTYZ-1"}}},
		{Name: "once", At: at, Given: given(approved, verified), When: c, Code: "verified-already"},
		{Name: "of an instalment there is not", At: at, Given: given(approved), When: VerifyCondition{"I3", "x"}, Code: "no-such-instalment"},
		{Name: "on no basis", At: at, Given: given(approved), When: VerifyCondition{"I1", ""}, Code: "invalid", Field: "basis"},
		{Name: "before it was approved", At: on(at, "2026-03-01"), Given: given(approved), When: c, Code: "date-order"},
		{Name: "with no policy in force", Given: given(approved), When: c, Code: "no-policy"},
	})
	require.Equal(t, ledger.Governing{Form: "subsidy-scheme", Code: "TEAM_AWARD", Version: "2026"}, c.Under(State{Scheme: "TEAM_AWARD", Version: "2026"}))
}

// TestRelease holds the payments of an imported team to its composition and its tiers on the day.
func TestRelease(t *testing.T) {
	at := func(s squad, tiers ...tiered) ledger.Context {
		c := under(award).Knowing(crew, s)
		for i, id := range []uuid.UUID{proof1, proof2} {
			if i < len(tiers) {
				c = c.Knowing(recognition(id), tiers[i])
			}
		}
		return c
	}
	ofLeader, ofCore := tiered{person(leader), "C", "2029-03-01"}, tiered{person(core), "D", "2026-06-15"}
	all := at(squad{true}, ofLeader, ofCore)
	c := ReleaseInstalment{Instalment: "I1", Amount: yuan(1500000), Voucher: "V-1", Recognitions: []uuid.UUID{proof1, proof2}}
	again := func(amount ledger.Money) ReleaseInstalment {
		return ReleaseInstalment{Instalment: "I1", Amount: amount, Voucher: "V-2", Recognitions: c.Recognitions}
	}
	second := InstalmentReleased(again(yuan(500000)))
	as := func(actor, approver string) ledger.Context {
		at := all
		at.Actor, at.Approver = actor, approver
		return at
	}
	forMaker := approved
	forMaker.Beneficiary = maker
	reversed := EntryReversed{Voucher: "V-1", Amount: yuan(500000), Ground: "wrong-amount"}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "the team eligible, leader and core certified", At: all, Given: given(approved, verified), When: c, Then: []Event{released}},
		{Name: "what was reversed is paid again", At: all, Given: paidOut(reversed), When: again(yuan(500000)), Then: []Event{second}},
		{Name: "where no tier is asked for", At: under(plain).Knowing(crew, squad{true}), Given: given(approved, verified), When: c, Then: []Event{released}},
		{Name: "to a company that holds what is asked for", At: under(award).Knowing(maker, nil).Knowing(recognition(proof1), tiered{maker, "A", "2027"}),
			Given: given(forMaker, verified), When: c, Then: []Event{released}},
		{Name: "the team eroded", At: at(squad{false}, ofLeader, ofCore), Given: given(approved, verified), When: c, Code: "team-not-eligible"},
		{Name: "a tier ran out the day before", At: at(squad{true}, ofLeader, tiered{person(core), "D", "2026-06-14"}), Given: given(approved, verified), When: c, Code: "tier-not-valid"},
		{Name: "a tier is not accepted", At: at(squad{true}, ofLeader, tiered{person(core), "E", "2027"}), Given: given(approved, verified), When: c, Code: "tier-not-valid"},
		{Name: "a tier is another's", At: at(squad{true}, ofLeader, ofLeader), Given: given(approved, verified), When: c, Code: "tier-not-valid"},
		{Name: "a tier is not named", At: at(squad{true}, ofLeader), Given: given(approved, verified), When: c, Code: "tier-not-valid"},
		{Name: "the condition is open", At: all, Given: given(approved), When: c, Code: "condition-open"},
		{Name: "asked by who verified", At: as(ledgertest.Author, ""), Given: given(approved, verified), When: c, Code: "same-person"},
		{Name: "approved by who verified", At: as("fin", ledgertest.Author), Given: given(approved, verified), When: c, Code: "same-person"},
		{Name: "more than the instalment", At: all, Given: given(approved, verified), When: again(yuan(1500001)), Code: "above-instalment"},
		{Name: "what was paid", At: all, Given: paidOut(), When: again(yuan(1)), Code: "above-instalment"},
		{Name: "on a voucher that is booked", At: all, Given: paidOut(reversed), When: c, Code: "voucher-used"},
		{Name: "an instalment there is not", At: all, Given: given(approved, verified), When: ReleaseInstalment{Instalment: "I3", Amount: yuan(1), Voucher: "V"}, Code: "no-such-instalment"},
		{Name: "before the condition was verified", At: on(all, "2026-03-04"), Given: append(given(approved), by("tm", day("2026-03-05"), verified)...), When: c, Code: "date-order"},
		{Name: "with no policy in force", Given: given(approved, verified), When: c, Code: "no-policy"},
		{Name: "in another currency", At: all, Given: given(approved, verified), When: again(euro(1)), Code: "invalid", Field: "amount/currency"},
		{Name: "nothing", At: all, Given: given(approved, verified), When: again(yuan(0)), Code: "invalid", Field: "amount/minor"},
		{Name: "on no voucher", At: all, Given: given(approved, verified), When: ReleaseInstalment{Instalment: "I1"}, Code: "invalid", Field: "voucher"},
		{Name: "on a crowd of recognitions", At: all, Given: given(approved, verified), When: ReleaseInstalment{Voucher: "V", Recognitions: make([]uuid.UUID, 22)}, Code: "invalid", Field: "recognitions"},
	})
	s := State{Beneficiary: maker, Scheme: "TEAM_AWARD", Version: "2026"}
	require.Equal(t, []ledger.StreamID{maker, recognition(proof1), recognition(proof2)}, c.ReliesOn(s))
	require.Equal(t, []ledger.StreamID{maker}, c.Benefits(s))
	require.Equal(t, VerifyCondition{}.Under(s), c.Under(s))
}

func TestUndo(t *testing.T) {
	r := ReverseEntry{"V-1", yuan(500000), "wrong-amount"}
	b := ClawBack{yuan(1000000), "breach", "D-1", "V-9"}
	came := ClawedBack(b)
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "part of a payment is reversed", Given: paidOut(), When: r, Then: []Event{EntryReversed(r)}, Again: true},
		{Name: "all of it", Given: paidOut(), When: ReverseEntry{"V-1", yuan(1500000), "double"}, Then: []Event{EntryReversed{"V-1", yuan(1500000), "double"}}},
		{Name: "not more than the entry", Given: paidOut(EntryReversed(r)), When: ReverseEntry{"V-1", yuan(1000001), "double"}, Code: "above-entry"},
		{Name: "not what came back", Given: paidOut(came), When: ReverseEntry{"V-1", yuan(500001), "double"}, Code: "above-entry"},
		{Name: "not what was never paid", Given: paidOut(), When: ReverseEntry{"V-2", yuan(1), "double"}, Code: "no-such-entry"},
		{Name: "not before it was paid", At: on(ledger.Context{}, "2026-03-01"), Given: paidOut(), When: r, Code: "date-order"},
		{Name: "in its currency", Given: paidOut(), When: ReverseEntry{"V-1", euro(1), "double"}, Code: "invalid", Field: "amount/currency"},
		{Name: "something", Given: paidOut(), When: ReverseEntry{"V-1", yuan(0), "double"}, Code: "invalid", Field: "amount/minor"},
		{Name: "on a ground", Given: paidOut(), When: ReverseEntry{"V-1", yuan(1), "mood"}, Code: "invalid", Field: "ground"},
		{Name: "some entry", Given: paidOut(), When: ReverseEntry{"", yuan(1), "double"}, Code: "invalid", Field: "voucher"},

		{Name: "money is clawed back", Given: paidOut(), When: b, Then: []Event{came}},
		{Name: "not more than is out", Given: paidOut(came), When: ClawBack{yuan(500001), "breach", "D-1", "V-8"}, Code: "above-paid"},
		{Name: "not on a voucher that is booked", Given: paidOut(), When: ClawBack{yuan(1), "breach", "D-1", "V-1"}, Code: "voucher-used"},
		{Name: "not before there was a subsidy", At: on(ledger.Context{}, "2026-03-01"), Given: paidOut(), When: b, Code: "date-order"},
		{Name: "money in its currency", Given: paidOut(), When: ClawBack{euro(1), "breach", "D-1", "V-8"}, Code: "invalid", Field: "amount/currency"},
		{Name: "some money", Given: paidOut(), When: ClawBack{yuan(-1), "breach", "D-1", "V-8"}, Code: "invalid", Field: "amount/minor"},
		{Name: "money on a ground", Given: paidOut(), When: ClawBack{yuan(1), "mood", "D-1", "V-8"}, Code: "invalid", Field: "ground"},
		{Name: "money by a decision", Given: paidOut(), When: ClawBack{yuan(1), "breach", "", "V-8"}, Code: "invalid", Field: "decision"},
		{Name: "money on a voucher", Given: paidOut(), When: ClawBack{yuan(1), "breach", "D-1", ""}, Code: "invalid", Field: "voucher"},
	})
}

func TestWhatASubsidyHolds(t *testing.T) {
	var s State
	for _, p := range paidOut(ClawedBack{Amount: yuan(1), Voucher: "V-9"}) {
		s = Decider.Evolve(s, p.Event, p.Meta)
	}
	require.Equal(t, []ledger.Claim{
		{Kind: "grant-code", Key: "G-1"}, {Kind: "subsidy-purpose", Key: crew.String() + " team-award"},
		{Kind: "payment-voucher", Key: "V-1"}, {Kind: "payment-voucher", Key: "V-9"},
	}, claims(s, crew), "the same purpose is not funded twice")
	require.Nil(t, claims(State{}, crew))
	require.Nil(t, Sight.Concerns(approved, ledger.Metadata{Actor: "pm"}))
	require.Equal(t, []string{"inv"}, Sight.Concerns(approved, ledger.Metadata{OnBehalfOf: "inv"}))
}

func TestSchemes(t *testing.T) {
	for params, field := range map[string]string{
		`{}`:                           "params/beneficiaries",
		`{"beneficiaries":["fund"]}`:   "params/beneficiaries/0",
		`{"beneficiaries":["person"]}`: "params/purposes",
		`{"beneficiaries":["person"],"purposes":["Rent"]}`:                                        "params/purposes/0",
		`{"beneficiaries":["person"],"purposes":["rent"],"due_days":-1}`:                          "params/due_days",
		`{"beneficiaries":["person"],"purposes":["rent"],"ceiling":{"minor":0,"currency":"CNY"}}`: "params/ceiling/minor",
		`{"beneficiaries":["person"],"purposes":["rent"],"ceiling":{"minor":1,"currency":"CNY"}}`: "",
		`{"beneficiaries":["person"],"purposes":["rent"]}`:                                        "",
	} {
		err := Rules[0].Check([]byte(params))
		if field == "" {
			require.NoError(t, err, params)
			continue
		}
		require.Equal(t, "/data/"+field, err.(*ledger.Error).Fields[0].Pointer, params)
	}
}
