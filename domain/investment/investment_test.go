package investment

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
	day   = ledgertest.Date

	fund  = uuid.MustParse("7c6d5e4f-3a2b-4c1d-8e0f-9a8b7c6d5e4f")
	maker = uuid.MustParse("5b0e2c1a-7f3d-4e8b-9c6a-0d1e2f3a4b5c")
	alloy = uuid.MustParse("e7c9a3b1-4d5f-4a6b-8c7d-9e0f1a2b3c4d")

	terms = Terms{Fund: fund, Capital: yuan(500000000), MaxPerMille: 200, Body: "committee"}
	made  = CommitmentMade{Code: "F-1", Terms: "FUND-1", Fund: fund, Company: maker, Amount: yuan(20000000), Capital: yuan(500000000), Instrument: "equity", Round: "a", Body: "committee", Meeting: "M-1"}
	paid  = CapitalPaidIn{Amount: yuan(5000000), Voucher: "V-1"}
	out   = InvestmentExited{Way: "sale", Meeting: "M-9"}
)

func yuan(n int64) ledger.Money { return ledger.Money{Minor: n * 100, Currency: "CNY"} }

func euro(n int64) ledger.Money { return ledger.Money{Minor: n * 100, Currency: "EUR"} }

type kind string

func (k kind) OfKind() string { return string(k) }

// under is a context in which a fund has terms.
func under(t Terms) ledger.Context {
	params, err := json.Marshal(t)
	if err != nil {
		panic(err)
	}
	return ledger.Context{Rule: &ledger.Rule{Policy: ledger.Policy{Code: "FUND-1", Version: "2024"}, Params: params}}
}

func on(date string) ledger.Context { return ledger.Context{On: day(date)} }

func TestCommit(t *testing.T) {
	commit := func(change func(*Commit)) Commit {
		c := Commit{Code: "F-1", Terms: "FUND-1", Fund: fund, Company: maker, Amount: yuan(20000000), Instrument: "equity", Round: "a", Meeting: "M-1"}
		if change != nil {
			change(&c)
		}
		return c
	}
	at := under(terms).Knowing(organisation(fund), kind("fund")).Knowing(organisation(maker), kind("company"))
	related := made
	related.Project, related.Related, related.Relation = alloy, true, "the manager holds 3 %"
	most := made
	most.Amount = yuan(100000000)
	other := terms
	other.Fund = maker
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "to a company", At: at, When: commit(nil), Then: []Event{made}, Again: true},
		{Name: "as much as the terms allow", At: at, When: commit(func(c *Commit) { c.Amount = yuan(100000000) }), Then: []Event{most}, Again: true},
		{Name: "to a relation, for a project", At: at.Knowing(project(alloy), nil),
			When: commit(func(c *Commit) { c.Project, c.Related, c.Relation = alloy, true, "the manager holds 3 %" }), Then: []Event{related}, Again: true},
		{Name: "more than the terms allow", At: at, When: commit(func(c *Commit) { c.Amount = yuan(100000001) }), Code: "above-terms"},
		{Name: "from a fund with other terms", At: under(other).Knowing(organisation(fund), kind("fund")).Knowing(organisation(maker), nil), When: commit(nil), Code: "other-fund"},
		{Name: "from what is no fund", At: under(terms).Knowing(organisation(fund), kind("company")), When: commit(nil), Code: "not-a-fund"},
		{Name: "from nobody", At: under(terms), When: commit(nil), Code: "not-a-fund"},
		{Name: "to nobody", At: under(terms).Knowing(organisation(fund), kind("fund")), When: commit(nil), Code: "no-such-organisation"},
		{Name: "for no project", At: at, When: commit(func(c *Commit) { c.Project = alloy }), Code: "no-such-project"},
		{Name: "with no policy in force", When: commit(nil), Code: "no-policy"},
	})
	var cases []row
	for field, change := range map[string]func(*Commit){
		"code":            func(c *Commit) { c.Code = "" },
		"relation":        func(c *Commit) { c.Related = true },
		"amount/minor":    func(c *Commit) { c.Amount = yuan(0) },
		"amount/currency": func(c *Commit) { c.Amount = euro(1) },
		"instrument":      func(c *Commit) { c.Instrument = "gift" },
		"round":           func(c *Commit) { c.Round = "z" },
		"meeting":         func(c *Commit) { c.Meeting = "" },
	} {
		cases = append(cases, row{Name: strings.ReplaceAll(field, "/", "."), At: at, When: commit(change), Code: "invalid", Field: field})
	}
	cases = append(cases,
		row{Name: "a relation that is none", At: at, When: commit(func(c *Commit) { c.Relation = "x" }), Code: "invalid", Field: "relation"},
		row{Name: "a relation of many words", At: at, When: commit(func(c *Commit) { c.Related, c.Relation = true, strings.Repeat("x", 501) }), Code: "invalid", Field: "relation"})
	ledgertest.Run(t, Decider, Codec, cases)
	c := commit(func(c *Commit) { c.Project = alloy })
	require.Equal(t, []ledger.StreamID{organisation(fund), organisation(maker), project(alloy)}, c.ReliesOn())
	require.Equal(t, []ledger.StreamID{organisation(maker)}, c.Benefits(State{}))
	require.Equal(t, ledger.Governing{Form: "fund-terms", Code: "FUND-1"}, c.Under(State{}))
}

func TestPayIn(t *testing.T) {
	c := PayIn{Amount: yuan(5000000), Voucher: "V-1"}
	led := PayIn{Amount: yuan(15000000), Voucher: "V-2", Outside: yuan(60000000)}
	reversed := EntryReversed{"V-1", yuan(5000000), "double"}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a part", Given: given(made), When: c, Then: []Event{paid}},
		{Name: "the rest, with others", Given: given(made, paid), When: led, Then: []Event{CapitalPaidIn(led)}},
		{Name: "not more than was committed", Given: given(made, paid), When: PayIn{Amount: yuan(15000001), Voucher: "V-2"}, Code: "above-commitment"},
		{Name: "what was reversed is open again", Given: given(made, paid, reversed), When: PayIn{Amount: yuan(20000000), Voucher: "V-2"}, Then: []Event{CapitalPaidIn{Amount: yuan(20000000), Voucher: "V-2"}}},
		{Name: "not on a voucher that is booked", Given: given(made, paid), When: PayIn{Amount: yuan(1), Voucher: "V-1"}, Code: "voucher-used"},
		{Name: "not after the exit", Given: given(made, paid, out), When: PayIn{Amount: yuan(1), Voucher: "V-2"}, Code: "exited"},
		{Name: "not before the commitment", At: on("2026-03-01"), Given: given(made), When: c, Code: "date-order"},
		{Name: "something", Given: given(made), When: PayIn{Amount: yuan(0), Voucher: "V"}, Code: "invalid", Field: "amount/minor"},
		{Name: "in its currency", Given: given(made), When: PayIn{Amount: euro(1), Voucher: "V"}, Code: "invalid", Field: "amount/currency"},
		{Name: "on a voucher", Given: given(made), When: PayIn{Amount: yuan(1)}, Code: "invalid", Field: "voucher"},
		{Name: "with others in its currency", Given: given(made), When: PayIn{Amount: yuan(1), Voucher: "V", Outside: euro(1)}, Code: "invalid", Field: "outside/currency"},
	})
}

func TestReverse(t *testing.T) {
	c := ReverseEntry{"V-1", yuan(2000000), "wrong-amount"}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a part", Given: given(made, paid), When: c, Then: []Event{EntryReversed(c)}, Again: true},
		{Name: "not more than the entry", Given: given(made, paid, EntryReversed(c)), When: ReverseEntry{"V-1", yuan(3000001), "double"}, Code: "above-entry"},
		{Name: "nothing that was not paid", Given: given(made, paid), When: ReverseEntry{"V-2", yuan(1), "double"}, Code: "no-such-entry"},
		{Name: "not before it was paid", At: on("2026-03-01"), Given: given(made, paid), When: c, Code: "date-order"},
		{Name: "some entry", Given: given(made, paid), When: ReverseEntry{"", yuan(1), "double"}, Code: "invalid", Field: "voucher"},
		{Name: "something", Given: given(made, paid), When: ReverseEntry{"V-1", yuan(0), "double"}, Code: "invalid", Field: "amount/minor"},
		{Name: "in its currency", Given: given(made, paid), When: ReverseEntry{"V-1", euro(1), "double"}, Code: "invalid", Field: "amount/currency"},
		{Name: "on a ground", Given: given(made, paid), When: ReverseEntry{"V-1", yuan(1), "mood"}, Code: "invalid", Field: "ground"},
	})
}

func TestExit(t *testing.T) {
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "by a sale", Given: given(made, paid), When: Exit{"sale", yuan(9000000), "M-9"}, Then: []Event{InvestmentExited{"sale", yuan(9000000), "M-9"}}},
		{Name: "with nothing", Given: given(made, paid), When: Exit{Way: "write-off", Meeting: "M-9"}, Then: []Event{InvestmentExited{Way: "write-off", Meeting: "M-9"}}},
		{Name: "before anything was drawn", Given: given(made), When: Exit{Way: "not-drawn", Meeting: "M-9"}, Then: []Event{InvestmentExited{Way: "not-drawn", Meeting: "M-9"}}},
		{Name: "what was not drawn is not sold", Given: given(made), When: Exit{Way: "sale", Meeting: "M-9"}, Code: "way-out"},
		{Name: "what was drawn is not undrawn", Given: given(made, paid), When: Exit{Way: "not-drawn", Meeting: "M-9"}, Code: "way-out"},
		{Name: "once", Given: given(made, paid, out), When: Exit{Way: "sale", Meeting: "M-9"}, Code: "exited"},
		{Name: "not before the commitment", At: on("2026-03-01"), Given: given(made, paid), When: Exit{Way: "sale", Meeting: "M-9"}, Code: "date-order"},
		{Name: "some way", Given: given(made, paid), When: Exit{Way: "lost", Meeting: "M-9"}, Code: "invalid", Field: "way"},
		{Name: "by a decision", Given: given(made, paid), When: Exit{Way: "sale"}, Code: "invalid", Field: "meeting"},
		{Name: "for money", Given: given(made, paid), When: Exit{"sale", yuan(-1), "M-9"}, Code: "invalid", Field: "proceeds/minor"},
	})
}

func TestWhatACommitmentHolds(t *testing.T) {
	fold := func(events ...Event) State {
		var s State
		for _, e := range events {
			s = Decider.Evolve(s, e, ledger.Metadata{OccurredOn: day("2026-03")})
		}
		return s
	}
	code := ledger.Claim{Kind: "investment-code", Key: "F-1"}
	voucher := ledger.Claim{Kind: "payment-voucher", Key: "V-1"}
	capital := func(held ledger.Money) ledger.Claim {
		return ledger.Claim{Kind: "fund-capital", Key: fund.String() + " CNY", Amount: held.Minor, Limit: yuan(500000000).Minor, From: day("2026-03-01")}
	}
	s := ledger.StreamID{}
	require.Nil(t, claims(State{}, s))
	require.Equal(t, []ledger.Claim{code, capital(yuan(20000000))}, claims(fold(made), s))
	require.Equal(t, []ledger.Claim{code, capital(yuan(5000000)), voucher}, claims(fold(made, paid, out), s), "what was not drawn is the fund's again")
	require.Equal(t, []ledger.Claim{code}, claims(fold(made, InvestmentExited{Way: "not-drawn"}), s))
	require.Nil(t, Sight.Concerns(made, ledger.Metadata{Actor: "fun"}))
	require.Equal(t, []string{"inv"}, Sight.Concerns(made, ledger.Metadata{OnBehalfOf: "inv"}))
}

func TestTerms(t *testing.T) {
	for params, field := range map[string]string{
		`{"capital":{"minor":1,"currency":"CNY"},"body":"b"}`:                                                                    "params/fund",
		`{"fund":"7c6d5e4f-3a2b-4c1d-8e0f-9a8b7c6d5e4f","capital":{"minor":1,"currency":"CNY"},"max_per_mille":1001,"body":"b"}`: "params/max_per_mille",
		`{"fund":"7c6d5e4f-3a2b-4c1d-8e0f-9a8b7c6d5e4f","body":"b"}`:                                                             "params/capital/currency",
		`{"fund":"7c6d5e4f-3a2b-4c1d-8e0f-9a8b7c6d5e4f","capital":{"minor":1,"currency":"CNY"}}`:                                 "params/body",
		`{"fund":"7c6d5e4f-3a2b-4c1d-8e0f-9a8b7c6d5e4f","capital":{"minor":1,"currency":"CNY"},"body":"b"}`:                      "",
	} {
		err := Rules[0].Check([]byte(params))
		if field == "" {
			require.NoError(t, err, params)
			continue
		}
		require.Equal(t, "/data/"+field, err.(*ledger.Error).Fields[0].Pointer, params)
	}
	require.Equal(t, int64(math.MaxInt64), Terms{Capital: ledger.Money{Minor: math.MaxInt64}, MaxPerMille: 1000}.most(), "without overflow")
	require.Equal(t, int64(333), Terms{Capital: ledger.Money{Minor: 1000}, MaxPerMille: 333}.most())
	require.Equal(t, int64(7), Terms{Capital: ledger.Money{Minor: 7}}.most())
}
