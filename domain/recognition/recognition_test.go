package recognition

import (
	"encoding/json"
	"fmt"
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

	maker    = ledger.StreamID{Category: "organisation", ID: uuid.MustParse("5b0e2c1a-7f3d-4e8b-9c6a-0d1e2f3a4b5c")}
	scholar  = ledger.StreamID{Category: "person", ID: uuid.MustParse("0a6f3a52-3c1b-4b8e-9d4e-7c2f5a1b6d10")}
	earlier  = ledger.StreamID{Category: "recognition", ID: uuid.MustParse("8c0b5f1e-2d3a-4c4b-8e5f-6a7b8c9d0e1f")}
	official = Condition{"not-official", ledger.Names{Zh: "非公职人员", En: "holds no public office"}}

	hnte   = Scheme{Subjects: []string{"organisation"}, MinAgeMonths: 12, ValidMonths: 36, Rung: 2}
	tsme   = Scheme{Subjects: []string{"organisation"}, ValidThrough: "03-31", Rung: 1}
	eaglet = Scheme{Subjects: []string{"organisation"}, MaxAgeYears: 10, Rung: 4}
	talent = Scheme{
		Subjects: []string{"person"}, Levels: []string{"A", "B", "C", "D"}, Modes: []string{"full-time", "flexible"},
		Channels: []string{"standard-list"}, Conditions: []Condition{official}, ValidMonths: 60,
	}

	certified = Granted{Subject: maker, Scheme: "HNTE", Certificate: "GR202621000123", Issuer: "辽宁", From: day("2026-03-02"), To: day("2029-03-01"), Rung: 2}
	lapsed    = Ended{Subject: maker, Scheme: "HNTE", Mode: "lapsed"}
	revoked   = Ended{Subject: maker, Scheme: "HNTE", Mode: "revoked", Effect: "prospective", Ground: "tax-offence", DecidedOn: day("2026-06-01"), Decision: "D-1"}
)

// under is a context in which a scheme is in force, and organisations founded when they say.
func under(code string, s Scheme, on string) ledger.Context {
	params, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return ledger.Context{On: day(on), Rule: &ledger.Rule{Policy: ledger.Policy{Code: code, Version: "2021"}, Form: "recognition-scheme", Params: params}}
}

type founded string

func (f founded) Founded() ledger.Date {
	if f == "" {
		return ledger.Date{}
	}
	return day(string(f))
}

func TestGrant(t *testing.T) {
	c := Grant{Subject: maker, Scheme: "HNTE", Certificate: "GR202621000123", Issuer: "辽宁"}
	is := func(change func(*Granted)) []Event {
		e := certified
		change(&e)
		return []Event{e}
	}
	young := under("HNTE", hnte, "2026-03-02").Knowing(maker, founded("2020-05-06"))
	sme := Grant{Subject: maker, Scheme: "TSME", Certificate: "202621010600001", Issuer: "辽宁", From: day("2026-04-10")}
	bird := Grant{Subject: maker, Scheme: "EAGLET", Issuer: "辽宁"}
	person := Grant{Subject: scholar, Scheme: "TALENT_SY", Level: "C", Mode: "full-time", Channel: "standard-list", Certificate: "SYC-1", Issuer: "沈阳", Met: []string{"not-official"}}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "three years from the day", At: young, When: c, Then: []Event{certified}, Again: true},
		{Name: "less where the certificate says so", At: young, When: Grant{Subject: maker, Scheme: "HNTE", Certificate: "GR202621000123", Issuer: "辽宁", To: day("2027-12")},
			Then: is(func(e *Granted) { e.To = day("2027-12") }), Again: true},
		{Name: "not more", At: young, When: Grant{Subject: maker, Scheme: "HNTE", Issuer: "辽宁", To: day("2029-03-02")}, Code: "validity"},
		{Name: "through a day of the next year", At: under("TSME", tsme, "2026-05-01").Knowing(maker, nil), When: sme,
			Then: []Event{Granted{Subject: maker, Scheme: "TSME", Certificate: "202621010600001", Issuer: "辽宁", From: day("2026-04-10"), To: day("2027-03-31"), Rung: 1}}, Again: true},
		{Name: "without end, ten years old to the day", At: under("EAGLET", eaglet, "2026-03-02").Knowing(maker, founded("2016-03-02")), When: bird,
			Then: []Event{Granted{Subject: maker, Scheme: "EAGLET", Issuer: "辽宁", From: day("2026-03-02"), Rung: 4}}, Again: true},
		{Name: "founded in the year ten years ago, which may mean its last day", At: under("EAGLET", eaglet, "2026-03-02").Knowing(maker, founded("2016")), When: bird,
			Then: []Event{Granted{Subject: maker, Scheme: "EAGLET", Issuer: "辽宁", From: day("2026-03-02"), Rung: 4}}, Again: true},
		{Name: "a person at a level", At: under("TALENT_SY", talent, "2026-03-31").Knowing(scholar, nil), When: person,
			Then: []Event{Granted{Subject: scholar, Scheme: "TALENT_SY", Level: "C", Mode: "full-time", Channel: "standard-list", Certificate: "SYC-1", Issuer: "沈阳",
				From: day("2026-03-31"), To: day("2031-03-30"), Met: []string{"not-official"}}}, Again: true},
		{Name: "a day older than ten years", At: under("EAGLET", eaglet, "2026-03-03").Knowing(maker, founded("2016-03-02")), When: bird, Code: "too-old"},
		{Name: "a day younger than one year", At: under("HNTE", hnte, "2026-03-02").Knowing(maker, founded("2025-03-03")), When: c, Code: "too-young"},
		{Name: "of unknown age", At: under("HNTE", hnte, "2026-03-02").Knowing(maker, founded("")), When: c, Code: "age-unknown"},
		{Name: "of an organisation that says no age", At: under("HNTE", hnte, "2026-03-02").Knowing(maker, nil), When: c, Code: "age-unknown"},
		{Name: "of who is not registered", At: under("HNTE", hnte, "2026-03-02"), When: c, Code: "no-such-subject"},
		{Name: "under the policy of another scheme", At: under("TLG", hnte, "2026-03-02").Knowing(maker, founded("2020")), When: c, Code: "other-scheme"},
		{Name: "with no policy in force", At: ledger.Context{}, When: c, Code: "no-policy"},
		{Name: "with a condition nobody confirmed", At: under("TALENT_SY", talent, "2026-03-31").Knowing(scholar, nil),
			When: Grant{Subject: scholar, Scheme: "TALENT_SY", Level: "C", Mode: "flexible", Channel: "standard-list", Issuer: "沈阳"}, Code: "condition-unmet"},
	})
	wrong := func(at ledger.Context, field string, change func(*Grant)) row {
		c := person
		change(&c)
		return row{Name: strings.ReplaceAll(field, "/", ".") + " is wrong", At: at, When: c, Code: "invalid", Field: field}
	}
	at := under("TALENT_SY", talent, "2026-03-31").Knowing(scholar, nil)
	ledgertest.Run(t, Decider, Codec, []row{
		wrong(at, "subject", func(c *Grant) { c.Subject = maker }),
		wrong(at, "level", func(c *Grant) { c.Level = "E" }),
		wrong(at, "mode", func(c *Grant) { c.Mode = "" }),
		wrong(at, "channel", func(c *Grant) { c.Channel = "friends" }),
		wrong(at, "issuer", func(c *Grant) { c.Issuer = "" }),
		wrong(at, "certificate", func(c *Grant) { c.Certificate = " x" }),
		wrong(at, "met", func(c *Grant) { c.Met = make([]string, 51) }),
		wrong(at, "met/0", func(c *Grant) { c.Met = []string{""} }),
		wrong(at, "to", func(c *Grant) { c.To = day("2026-03-30") }),
		{Name: "a level where there are none", At: under("HNTE", hnte, "2026-03-02"), When: Grant{Subject: maker, Scheme: "HNTE", Level: "A", Issuer: "辽宁"}, Code: "invalid", Field: "level"},
	})
}

func TestRenew(t *testing.T) {
	c := Renew{Grant: Grant{Subject: maker, Scheme: "HNTE", Certificate: "GR202921000009", Issuer: "辽宁"}, Renews: earlier.ID}
	at := under("HNTE", hnte, "2029-03-02")
	at.Now = ledgertest.Now.AddDate(4, 0, 0)
	at = at.Knowing(maker, founded("2020"))
	old := func(events ...Event) State {
		s := State{}
		for _, e := range events {
			s = Decider.Evolve(s, e, ledger.Metadata{OccurredOn: day("2026-03-02")})
		}
		return s
	}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "of one that lapsed", At: at.Knowing(earlier, old(certified, lapsed)), When: c, Then: []Event{Granted{
			Subject: maker, Scheme: "HNTE", Certificate: "GR202921000009", Issuer: "辽宁", From: day("2029-03-02"), To: day("2032-03-01"), Rung: 2, RenewalOf: earlier.ID,
		}}, Again: true},
		{Name: "of one that was revoked", At: at.Knowing(earlier, old(certified, revoked)), When: c, Code: "renews-revoked"},
		{Name: "of another scheme's", At: at.Knowing(earlier, State{Subject: maker, Scheme: "TSME"}), When: c, Code: "not-its-renewal"},
		{Name: "of another's", At: at.Knowing(earlier, State{Subject: scholar, Scheme: "HNTE"}), When: c, Code: "not-its-renewal"},
		{Name: "of none", At: at, When: c, Code: "not-its-renewal"},
		{Name: "as little as a grant is", At: ledger.Context{}, When: c, Code: "no-policy"},
	})
	require.Equal(t, []ledger.StreamID{maker, earlier}, c.ReliesOn())
	require.Equal(t, []ledger.StreamID{maker}, c.Grant.ReliesOn())
	require.Equal(t, ledger.Governing{Form: "recognition-scheme", Code: "HNTE"}, c.Under(State{}))
}

func TestEnd(t *testing.T) {
	on := func(date string) ledger.Context {
		return ledger.Context{On: day(date), Now: ledgertest.Now.AddDate(5, 0, 0)}
	}
	short := Granted{Subject: maker, Scheme: "HNTE", Issuer: "辽宁", From: day("2026-03-02"), To: day("2027-02")}
	forever := Granted{Subject: maker, Scheme: "EAGLET", Issuer: "辽宁", From: day("2026-03-02")}
	moved := Ended{Subject: maker, Scheme: "HNTE", Mode: "surrendered", Ground: "moved"}
	from := Revoke{Effect: "prospective", Ground: "tax-offence", DecidedOn: day("2026-06-01"), Decision: "D-1"}
	never := Revoke{Effect: "ab-initio", Ground: "false-data", DecidedOn: day("2026-06-01"), Decision: "D-2"}
	undone := Ended{Subject: maker, Scheme: "HNTE", Mode: "revoked", Effect: "ab-initio", Ground: "false-data", DecidedOn: day("2026-06-01"), Decision: "D-2"}
	movedBird := moved
	movedBird.Scheme = "EAGLET"
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "it lapses on the day after its last", At: on("2029-03-02"), Given: given(certified), When: Lapse{}, Then: []Event{lapsed}},
		{Name: "its last may be a month", At: on("2027-03-01"), Given: given(short), When: Lapse{}, Then: []Event{lapsed}},
		{Name: "it does not lapse on its last day", At: on("2029-03-01"), Given: given(certified), When: Lapse{}, Code: "date-order"},
		{Name: "what has no end does not lapse", At: on("2029-03-01"), Given: given(forever), When: Lapse{}, Code: "does-not-lapse"},
		{Name: "it lapses once", At: on("2029-03-02"), Given: given(certified, lapsed), When: Lapse{}, Code: "ended"},
		{Name: "its holder gives it up", At: on("2029-03-01"), Given: given(certified), When: Surrender{"moved"}, Then: []Event{moved}},
		{Name: "what has no end is given up", At: on("2029-03-01"), Given: given(forever), When: Surrender{"moved"}, Then: []Event{movedBird}},
		{Name: "for a reason", At: on("2029-03-01"), Given: given(certified), When: Surrender{"tired"}, Code: "invalid", Field: "ground"},
		{Name: "not before it began", At: on("2026-03-01"), Given: given(certified), When: Surrender{"moved"}, Code: "date-order"},
		{Name: "not after it ran out", At: on("2029-03-02"), Given: given(certified), When: Surrender{"moved"}, Code: "date-order"},
		{Name: "not once it ended", At: on("2027-01-01"), Given: given(certified, lapsed), When: Surrender{"moved"}, Code: "ended"},
		{Name: "it is revoked from a day on", At: on("2026-06-02"), Given: given(certified), When: from, Then: []Event{revoked}},
		{Name: "it is revoked from a day on only while it holds", At: on("2026-06-02"), Given: given(certified, moved), When: from, Code: "ended"},
		{Name: "it is revoked from the beginning, dated the beginning", At: on("2026-03-02"), Given: given(certified), When: never, Then: []Event{undone}},
		{Name: "from the beginning even when it lapsed", At: on("2026-03-02"), Given: given(certified, lapsed), When: never, Then: []Event{undone}},
		{Name: "from the beginning on no other day", At: on("2026-03-03"), Given: given(certified), When: never, Code: "date-order"},
		{Name: "it is revoked once", At: on("2026-03-02"), Given: given(certified, revoked), When: never, Code: "ended"},
		{Name: "it is revoked somehow", Given: given(certified), When: Revoke{Effect: "perhaps"}, Code: "invalid", Field: "effect"},
		{Name: "on a ground", Given: given(certified), When: Revoke{Effect: "ab-initio", Ground: "mood"}, Code: "invalid", Field: "ground"},
		{Name: "by a decision", Given: given(certified), When: Revoke{Effect: "ab-initio", Ground: "other"}, Code: "invalid", Field: "decision"},
		{Name: "of some day", Given: given(certified), When: Revoke{Effect: "ab-initio", Ground: "other", Decision: "D"}, Code: "invalid", Field: "decided_on"},
		{Name: "not of tomorrow", Given: given(certified), When: Revoke{Effect: "ab-initio", Ground: "other", Decision: "D", DecidedOn: day("2026-06-16")}, Code: "invalid", Field: "decided_on"},
	})
}

func TestWhatARecognitionSays(t *testing.T) {
	at := func(on string, events ...Event) State {
		s := Decider.Evolve(State{}, certified, ledger.Metadata{OccurredOn: day("2026-03-20")})
		for _, e := range events {
			s = Decider.Evolve(s, e, ledger.Metadata{OccurredOn: day(on)})
		}
		return s
	}
	valid := func(s State, on string) bool { return s.ValidFor(maker, "HNTE", day(on)) }
	s := at("")
	require.False(t, valid(s, "2026-03-01"))
	require.True(t, valid(s, "2026-03-02"))
	require.True(t, valid(s, "2029-03-01"), "the last day counts")
	require.False(t, valid(s, "2029-03-02"))
	require.False(t, s.ValidFor(scholar, "HNTE", day("2027")))
	require.False(t, s.ValidFor(maker, "TSME", day("2027")))
	require.True(t, valid(at("2026-06-02", revoked), "2026-06-01"))
	require.False(t, valid(at("2026-06-02", revoked), "2026-06-02"), "from the day on it does not hold")
	require.False(t, valid(at("2026-03-02", revoked), "2026-03-02"), "from the beginning it never held")
	require.Equal(t, "C", State{Level: "C"}.LevelOf())
	require.Nil(t, Decider.Claims(State{}, maker))
	require.Equal(t, []ledger.Claim{{Kind: "certificate", Key: "HNTE GR202621000123"}}, Decider.Claims(at("2026-06-02", revoked), maker), "a revoked number is not given again")
	require.Nil(t, Sight.Concerns(certified, ledger.Metadata{Actor: "pm"}))
	require.Equal(t, []string{"inv"}, Sight.Concerns(certified, ledger.Metadata{OnBehalfOf: "inv"}))
}

func TestSchemes(t *testing.T) {
	for params, field := range map[string]string{
		`{}`:                    "params/subjects",
		`{"subjects":["team"]}`: "params/subjects/0",
		`{"subjects":["organisation"],"conditions":[{"code":""}]}`:                                             "params/conditions/0/code",
		`{"subjects":["organisation"],"conditions":[{"code":"x","names":{}}]}`:                                 "params/conditions/0/names",
		`{"subjects":["organisation"],"valid_months":-1}`:                                                      "params/valid_months",
		`{"subjects":["organisation"],"valid_months":12,"valid_through":"03-31"}`:                              "params/valid_through",
		`{"subjects":["organisation"],"valid_through":"02-29"}`:                                                "params/valid_through",
		`{"subjects":["organisation"],"valid_through":"03"}`:                                                   "params/valid_through",
		`{"subjects":["organisation"],"validity":3}`:                                                           "params",
		`{"subjects":["organisation"],"conditions":[{"code":"x","names":{"en":"x"}}],"valid_through":"03-31"}`: "",
		`{"subjects":["organisation"],"valid_months":36}`:                                                      "",
	} {
		err := Rules[0].Check([]byte(params))
		if field == "" {
			require.NoError(t, err, params)
			continue
		}
		require.Equal(t, ledger.KindInvalid, ledger.KindOf(err), params)
		require.Equal(t, "/data/"+field, err.(*ledger.Error).Fields[0].Pointer, params)
	}
}

func ExampleScheme() {
	to, _ := hnte.last(day("2024-02-29"), ledger.Date{})
	fmt.Println(to)
	// Output: 2027-02-27
}
