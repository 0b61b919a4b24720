package contract

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

// run is a distribution of receipts without costs, half of it to the first person.
func run(id uuid.UUID, net ledger.Money, receipts ...uuid.UUID) DistributionApproved {
	half := fen(net.Minor / 2)
	return DistributionApproved{
		Entry: id, Base: NetIncome, Basis: "agreement", UnitKind: "university", Mode: "licence", Receipts: receipts, Gross: net, Net: net, Award: half, Floor: 500, Guidance: 500,
		Shares: []Share{{To: stream("person", person(1)), Completer: true, PerMille: 1000, Minor: half.Minor}, {To: stream("organisation", university), PerMille: 1000, Minor: net.Minor - half.Minor}},
	}
}

func receipt(n int, amount ledger.Money) ReceiptRecorded {
	return ReceiptRecorded{Entry: entry(n), Amount: amount, Voucher: "V" + entry(n).String()[30:], Payer: maker}
}

func TestRecordReceipt(t *testing.T) {
	full := RecordReceipt{Entry: entry(1), Amount: yuan(1200000), Tax: yuan(12000), Voucher: "V1", Payer: maker, Instalment: "I1"}
	terms := licence(func(x *Terms) { x.Instalments = []Instalment{{"I1", day("2026-05-01"), yuan(1200000)}} })
	event := func(c RecordReceipt, by string) ReceiptRecorded {
		e := ReceiptRecorded{Entry: c.Entry, Amount: c.Amount, Tax: c.Tax, Voucher: c.Voucher, Payer: c.Payer, Instalment: c.Instalment}
		if by != "" {
			e.DistributeBy = day(by)
		}
		return e
	}
	agreed := licence(func(x *Terms) { x.PayWithin, x.Instalments = 1, terms.Instalments })
	royalty := licence(func(x *Terms) { x.PriceForm, x.Instalments = "entry-royalty", terms.Instalments })
	six := under(world(), Rates{DueMonths: 6})
	poor := world()
	poor.Rule = nil
	past := given(signed(terms))
	first := receipt(9, yuan(1))
	second := full
	second.Voucher, second.Instalment = first.Voucher, ""
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "with what the policy says of its day", At: on(six, "2026-06-15"), Given: past, When: full, Then: []Event{event(full, "2026-12-15")}},
		{Name: "six months from the last of August is the last of February", At: on(ledger.Context{Now: ledgertest.Now.AddDate(0, 4, 0), Rule: six.Rule, ReliedOn: six.ReliedOn}, "2026-08-31"), Given: past, When: full, Then: []Event{event(full, "2027-02-28")}},
		{Name: "what was agreed comes before the policy", At: on(six, "2026-06-15"), Given: given(signed(agreed)), When: full, Then: []Event{event(full, "2026-07-15")}},
		{Name: "without a policy", At: poor, Given: past, When: full, Then: []Event{event(full, "")}},
		{Name: "a royalty may exceed the total", At: world(), Given: given(signed(royalty), first), When: full, Then: []Event{event(full, "")}},
		{Name: "nothing else may", At: world(), Given: given(signed(terms), first), When: full, Code: "over-total"},
		{Name: "a royalty without a total is in yuan", At: world(), Given: given(signed(licence(func(x *Terms) { x.PriceForm, x.Total = "royalty", ledger.Money{} }))), When: second, Then: []Event{event(second, "")}},
		{Name: "once the other is reversed it may", At: world(), Given: given(signed(terms), first, EntryReversed{Reversal: entry(8), Entry: entry(9), Amount: yuan(1)}), When: full, Then: []Event{event(full, "")}},
		{Name: "a voucher is booked once", At: world(), Given: given(signed(royalty), first), When: second, Code: "voucher-used"},
		{Name: "or again once it was reversed", At: world(), Given: given(signed(royalty), first, EntryReversed{Reversal: entry(8), Entry: entry(9), Amount: yuan(1)}), When: second, Then: []Event{event(second, "")}},
		{Name: "an instalment that was agreed", At: world(), Given: given(signed(licence(nil))), When: full, Code: "no-such-instalment"},
		{Name: "a payer that is registered", Given: past, When: full, Code: "no-such-organisation"},
		{Name: "not before the contract", At: on(world(), "2026-03-01"), Given: past, When: full, Code: "date-order"},
		{Name: "not after its end", At: on(world(), "2026-03-03"), Given: given(signed(terms), Ended{Ground: "performed"}), When: full, Code: "ended"},
		{Name: "on its last day", At: on(world(), "2026-03-02"), Given: given(signed(terms), Ended{Ground: "performed"}), When: full, Then: []Event{event(full, "")}},
	})
	with := func(change func(*RecordReceipt)) RecordReceipt {
		c := full
		change(&c)
		return c
	}
	ledgertest.Run(t, Decider, Codec, wrong(world(), given(signed(terms), first),
		"entry", with(func(c *RecordReceipt) { c.Entry = uuid.Nil }),
		"entry", with(func(c *RecordReceipt) { c.Entry = entry(9) }),
		"amount/minor", with(func(c *RecordReceipt) { c.Amount.Minor = 0 }),
		"amount/minor", with(func(c *RecordReceipt) { c.Amount.Minor = most + 1 }),
		"amount/currency", with(func(c *RecordReceipt) { c.Amount.Currency = "USD" }),
		"tax/minor", with(func(c *RecordReceipt) { c.Tax = yuan(1200001) }),
		"voucher", with(func(c *RecordReceipt) { c.Voucher = "" }),
	))
}

// Scenario 3, to the fen.
func TestDistribution(t *testing.T) {
	costs := []Cost{{"patent", yuan(30000), "C1"}, {"tax", yuan(12000), "C2"}, {"evaluation", yuan(18000), "C3"}}
	three := []Completer{{person(1), 500}, {person(2), 300}, {person(3), 200}}
	past := given(signed(licence(nil)), receipt(1, yuan(1200000)))
	c := ApproveDistribution{Entry: entry(2), Basis: "agreement", Receipts: []uuid.UUID{entry(1)}, Costs: costs, Completers: three}
	low, high := c, c
	low.Award = yuan(560000)
	high.Rate = new(700)
	exact := c
	exact.Award = yuan(570000)
	paid := func(award int64, a, b, d, rest int64) DistributionApproved {
		return DistributionApproved{
			Entry: entry(2), Base: NetIncome, Basis: "agreement", UnitKind: "university", Mode: "licence", Receipts: c.Receipts, Costs: costs,
			Gross: yuan(1200000), Deducted: yuan(60000), Net: yuan(1140000), Award: yuan(award), Floor: 500, Guidance: 500,
			Shares: []Share{
				{stream("person", person(1)), true, 500, a * 100, 0}, {stream("person", person(2)), true, 300, b * 100, 0},
				{stream("person", person(3)), true, 200, d * 100, 0}, {stream("organisation", university), false, 1000, rest * 100, 0},
			},
		}
	}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "560,000 of 1,140,000 is below the floor", At: world(), Given: past, When: low, Code: "below-floor"},
		{Name: "70 per cent passes", At: world(), Given: past, When: high, Then: []Event{paid(798000, 399000, 239400, 159600, 342000)}},
		{Name: "570,000 is the floor", At: world(), Given: past, When: exact, Then: []Event{paid(570000, 285000, 171000, 114000, 570000)}},
		{Name: "the policy's rate where none is named", At: world(), Given: past, When: c, Then: []Event{paid(570000, 285000, 171000, 114000, 570000)}},
	})
}

func TestApproveDistribution(t *testing.T) {
	alone := []Completer{{person(1), 1000}}
	c := ApproveDistribution{Entry: entry(5), Basis: "unit-rule", Receipts: []uuid.UUID{entry(1)}, Rate: new(500), Completers: alone}
	with := func(change func(*ApproveDistribution)) ApproveDistribution {
		x := c
		change(&x)
		return x
	}
	past := given(signed(licence(nil)), receipt(1, yuan(100)), receipt(2, yuan(50)))
	plain := run(entry(5), yuan(100), entry(1))
	plain.Basis = "unit-rule"
	reversed := EntryReversed{Reversal: entry(8), Entry: entry(1), Amount: yuan(100)}
	cost := func(n int64, v string) []Cost { return []Cost{{"patent", yuan(n), v}} }
	eaten := DistributionApproved{Entry: entry(5), Base: NetIncome, Basis: "unit-rule", UnitKind: "university", Mode: "licence", Receipts: c.Receipts, Costs: cost(120, "C1"),
		Gross: yuan(100), Deducted: yuan(100), CarriedOut: yuan(20), Net: fen(0), Award: fen(0), Floor: 500, Guidance: 500}
	after := run(entry(6), yuan(30), entry(2))
	after.Basis, after.Gross, after.CarriedIn, after.Deducted = "unit-rule", yuan(50), yuan(20), yuan(20)
	second := with(func(x *ApproveDistribution) { x.Entry, x.Receipts = entry(6), []uuid.UUID{entry(2)} })
	shared := plain
	shared.Shares = []Share{{stream("person", person(1)), true, 1000, 5000, 0}, {stream("organisation", university), false, 250, 1250, 0}, {stream("organisation", maker), false, 750, 3750, 0}}
	all := plain
	all.Award, all.Shares = yuan(100), []Share{{stream("person", person(1)), true, 1000, 10000, 0}}
	none := plain
	none.Award, none.Floor, none.UnitKind, none.Shares = fen(0), 0, "private", []Share{{stream("organisation", university), false, 1000, 10000, 0}}
	private := signed(licence(nil))
	private.UnitKind = "private"
	odd := with(func(x *ApproveDistribution) {
		x.Completers = []Completer{{person(1), 333}, {person(2), 333}, {person(3), 334}}
	})
	oddRun := run(entry(5), fen(101), entry(1))
	oddRun.Basis, oddRun.Award, oddRun.Tail = "unit-rule", fen(51), 2
	oddRun.Shares = []Share{{stream("person", person(1)), true, 333, 16, 1}, {stream("person", person(2)), true, 333, 16, 1}, {stream("person", person(3)), true, 334, 17, 0}, {stream("organisation", university), false, 1000, 50, 0}}
	noLaw := world()
	noLaw.Rule = nil
	award := under(world(), Rates{NetIncome: 500, AwardNotice: true})
	cleared := func(kind, on string) ledger.Context {
		return award.Knowing(stream("notice", theNotice), noticed{kind, stream("case", ledgertest.ID), day(on)})
	}
	told := plain
	told.AwardNotice = theNotice
	publicised := with(func(x *ApproveDistribution) { x.AwardNotice = theNotice })
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "half of a receipt", At: world(), Given: past, When: c, Then: []Event{plain}},
		{Name: "costs that eat the receipt are carried on", At: world(), Given: past, When: with(func(x *ApproveDistribution) { x.Costs = cost(120, "C1") }), Then: []Event{eaten}},
		{Name: "and deducted from the next", At: world(), Given: given(signed(licence(nil)), receipt(1, yuan(100)), receipt(2, yuan(50)), eaten), When: second, Then: []Event{after}},
		{Name: "a cost is deducted once", At: world(), Given: given(signed(licence(nil)), receipt(1, yuan(100)), receipt(2, yuan(50)), eaten), When: with(func(x *ApproveDistribution) {
			x.Entry, x.Receipts, x.Costs = entry(6), []uuid.UUID{entry(2)}, cost(1, "C1")
		}), Code: "cost-deducted"},
		{Name: "nor twice in one run", At: world(), Given: past, When: with(func(x *ApproveDistribution) { x.Costs = append(cost(1, "C1"), cost(1, "C1")...) }), Code: "cost-deducted"},
		{Name: "only costs that the policy deducts", At: under(world(), Rates{Deductible: []string{"tax"}}), Given: past, When: with(func(x *ApproveDistribution) { x.Costs = cost(1, "C1") }), Code: "not-deductible"},
		{Name: "the rest among organisations", At: world(), Given: past, When: with(func(x *ApproveDistribution) { x.Rest = []Rest{{university, 250}, {maker, 750}} }), Then: []Event{shared}},
		{Name: "all to the completers", At: world(), Given: past, When: with(func(x *ApproveDistribution) { x.Rate = new(1000) }), Then: []Event{all}},
		{Name: "nothing to them, where nothing binds", At: world(), Given: given(private, receipt(1, yuan(100))), When: with(func(x *ApproveDistribution) { x.Rate, x.Completers = new(0), nil }), Then: []Event{none}},
		{Name: "fen that do not divide go to the largest remainders", At: world(), Given: given(signed(licence(nil)), receipt(1, fen(101))), When: odd, Then: []Event{oddRun}},
		{Name: "after an award notice, where the policy wants one", At: cleared("award", "2026-06-01"), Given: past, When: publicised, Then: []Event{told}},
		{Name: "not without", At: award, Given: past, When: c, Code: "award-notice-needed"},
		{Name: "not by a price notice", At: cleared("price", "2026-06-01"), Given: past, When: publicised, Code: "award-notice-needed"},
		{Name: "not before its end", At: on(cleared("award", "2026-06-01"), "2026-05-31"), Given: past, When: publicised, Code: "award-notice-needed"},
		{Name: "by nothing without a policy", At: noLaw, Given: past, When: c, Code: "no-policy"},
		{Name: "no receipt of another contract", At: world(), Given: past, When: with(func(x *ApproveDistribution) { x.Receipts = []uuid.UUID{entry(3)} }), Code: "no-such-receipt"},
		{Name: "no receipt that was reversed", At: world(), Given: given(signed(licence(nil)), receipt(1, yuan(100)), reversed), When: c, Code: "receipt-reversed"},
		{Name: "no receipt that is distributed", At: world(), Given: given(signed(licence(nil)), receipt(1, yuan(100)), run(entry(4), yuan(100), entry(1))), When: c, Code: "already-distributed"},
		{Name: "no receipt twice", At: world(), Given: past, When: with(func(x *ApproveDistribution) { x.Receipts = []uuid.UUID{entry(1), entry(1)} }), Code: "already-distributed"},
		{Name: "not before the receipt", At: on(world(), "2026-03-01"), Given: past, When: c, Code: "date-order"},
		{Name: "nothing of a void contract", At: world(), Given: given(signed(licence(nil)), receipt(1, yuan(100)), Ended{Ground: "void"}), When: c, Code: "ended"},
		{Name: "a person who is enrolled", At: world(), Given: past, When: with(func(x *ApproveDistribution) { x.Completers = []Completer{{person(4), 1000}} }), Code: "no-such-person"},
		{Name: "an organisation that is registered", At: world(), Given: past, When: with(func(x *ApproveDistribution) { x.Rest = []Rest{{theNotice, 1000}} }), Code: "no-such-organisation"},
		{Name: "capital of a licence", At: world(), Given: past, When: with(func(x *ApproveDistribution) { x.Receipts, x.Capital = nil, &Capital{yuan(1), day("2026")} }), Code: "wrong-base"},
		{Name: "profit of a licence", At: world(), Given: past, When: with(func(x *ApproveDistribution) { x.Receipts, x.Year = nil, &YearProfit{2026, yuan(1)} }), Code: "wrong-base"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(world(), past,
		"entry", with(func(x *ApproveDistribution) { x.Entry = entry(1) }),
		"basis", with(func(x *ApproveDistribution) { x.Basis = "" }),
		"deliberation", with(func(x *ApproveDistribution) { x.Deliberation = long(200) }),
		"receipts", with(func(x *ApproveDistribution) { x.Receipts = nil }),
		"receipts", with(func(x *ApproveDistribution) { x.Year = &YearProfit{2026, yuan(1)} }),
		"receipts", with(func(x *ApproveDistribution) { x.Receipts = make([]uuid.UUID, 201) }),
		"costs", with(func(x *ApproveDistribution) {
			x.Receipts, x.Costs, x.Year = nil, cost(1, "C1"), &YearProfit{2026, yuan(1)}
		}),
		"costs", with(func(x *ApproveDistribution) { x.Costs = make([]Cost, 201) }),
		"costs/0/kind", with(func(x *ApproveDistribution) { x.Costs = []Cost{{"lunch", yuan(1), "C1"}} }),
		"costs/0/amount/minor", with(func(x *ApproveDistribution) { x.Costs = cost(0, "C1") }),
		"costs/0/voucher", with(func(x *ApproveDistribution) { x.Costs = cost(1, "") }),
		"rate", with(func(x *ApproveDistribution) { x.Rate = new(1001) }),
		"rate", with(func(x *ApproveDistribution) { x.Rate = new(-1) }),
		"rate", with(func(x *ApproveDistribution) { x.Award = yuan(1) }),
		"award/minor", with(func(x *ApproveDistribution) { x.Rate, x.Award = nil, yuan(101) }),
		"completers", with(func(x *ApproveDistribution) { x.Completers = nil }),
		"completers", with(func(x *ApproveDistribution) { x.Completers = make([]Completer, 91) }),
		"completers", with(func(x *ApproveDistribution) { x.Completers = []Completer{{person(1), 999}} }),
		"completers/1", with(func(x *ApproveDistribution) { x.Completers = []Completer{{person(1), 500}, {person(1), 500}} }),
		"completers/0", with(func(x *ApproveDistribution) { x.Completers = []Completer{{person(1), 0}} }),
		"rest", with(func(x *ApproveDistribution) { x.Rest = []Rest{{university, 999}} }),
		"rest/1", with(func(x *ApproveDistribution) { x.Rest = []Rest{{university, 500}, {university, 500}} }),
	))
	require.Equal(t, []ledger.StreamID{stream("person", person(1)), stream("organisation", university)}, c.Benefits(fold(signed(licence(nil)))))
	require.Equal(t, []ledger.StreamID{stream("person", person(1)), stream("organisation", maker), stream("notice", theNotice)},
		with(func(x *ApproveDistribution) { x.Rest, x.AwardNotice = []Rest{{maker, 1000}}, theNotice }).ReliesOn(State{}))
}

// The floor is by kind of unit, base, mode and basis (finding 3).
func TestTheFloor(t *testing.T) {
	guidance := Rates{NetIncome: 700, Equity: 700, Profit: 50}
	for _, x := range []struct {
		rates       Rates
		unit, mode  string
		base, basis string
		floor       int
	}{
		{law, "university", "licence", NetIncome, "agreement", 500},
		{law, "state-rd", "transfer", NetIncome, "unit-rule", 500},
		{law, "state-rd", "equity", Shares, "unit-rule", 500},
		{law, "university", "self-invest", Profit, "agreement", 50},
		{law, "university", "cooperation", NetIncome, "agreement", 0},
		{law, "private", "licence", NetIncome, "agreement", 0},
		{law, "private", "licence", NetIncome, "statutory-default", 500},
		{law, "state-owned", "equity", Shares, "statutory-default", 500},
		{guidance, "university", "licence", NetIncome, "agreement", 500},
		{guidance, "university", "licence", NetIncome, "statutory-default", 700},
		{Rates{}, "university", "licence", NetIncome, "agreement", 500},
	} {
		s := State{UnitKind: x.unit, Terms: Terms{Mode: x.mode}}
		require.Equal(t, x.floor, x.rates.floor(s, x.base, x.basis), "%+v", x)
	}
	c := ApproveDistribution{Entry: entry(5), Basis: "statutory-default", Receipts: []uuid.UUID{entry(1)}, Completers: []Completer{{person(1), 1000}}}
	ledgertest.Run(t, Decider, Codec, []row{{
		Name: "the law names no part of other income", At: world(), Given: given(signed(development(nil)), receipt(1, yuan(100))), When: c, Code: "no-statutory-default",
	}})
}

func TestTiers(t *testing.T) {
	r := Rates{NetIncome: 500, Tiers: []Tier{{0, 700}, {10000, 600}, {20000, 500}}}
	require.Equal(t, int64(7000), r.award(NetIncome, 0, 10000))
	require.Equal(t, int64(7000+6000+2500), r.award(NetIncome, 0, 25000))
	require.Equal(t, int64(3000+2500), r.award(NetIncome, 15000, 10000), "what was distributed before fills the lower tiers")
	require.Equal(t, int64(0), r.award(Profit, 0, 100), "tiers are of income")
	require.Equal(t, int64(1), Rates{Tiers: []Tier{{0, 1000}}}.award(NetIncome, 0, 1))
}

func TestSharesAndProfit(t *testing.T) {
	capital := ApproveDistribution{Entry: entry(5), Basis: "agreement", Capital: &Capital{yuan(600000), day("2026-05-05")}, Completers: []Completer{{person(1), 1000}}}
	held := DistributionApproved{
		Entry: entry(5), Base: Shares, Basis: "agreement", UnitKind: "university", Mode: "equity", RegisteredOn: day("2026-05-05"), Gross: yuan(600000), Net: yuan(600000), Award: yuan(300000),
		Floor: 500, Guidance: 500, Shares: []Share{{stream("person", person(1)), true, 1000, 30000000, 0}, {stream("organisation", university), false, 1000, 30000000, 0}},
	}
	year := func(n int, rate *int) ApproveDistribution {
		return ApproveDistribution{Entry: entry(n), Basis: "unit-rule", Year: &YearProfit{n, yuan(1000)}, Rate: rate, Completers: []Completer{{person(1), 1000}}}
	}
	profit := func(n, floor int, award int64) DistributionApproved {
		return DistributionApproved{
			Entry: entry(n), Base: Profit, Basis: "unit-rule", UnitKind: "university", Mode: "cooperation", Year: n, Gross: yuan(1000), Net: yuan(1000), Award: yuan(award), Floor: floor, Guidance: 50,
			Shares: []Share{{stream("person", person(1)), true, 1000, award * 100, 0}, {stream("organisation", university), false, 1000, (1000 - award) * 100, 0}},
		}
	}
	signedIn := by(ledgertest.Author, day("2022"), signed(development(nil)))
	years := func(from, to int) []ledgertest.Past[Event] {
		past := slices.Clone(signedIn)
		for n := from; n <= to; n++ {
			past = append(past, given(profit(n, 50, 50))...)
		}
		return past
	}
	with := func(change func(*Capital)) ApproveDistribution {
		c, x := capital, *capital.Capital
		change(&x)
		c.Capital = &x
		return c
	}
	low := capital
	low.Rate = new(499)
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "half of the shares", At: world(), Given: given(signed(equity(nil))), When: capital, Then: []Event{held}},
		{Name: "not less", At: world(), Given: given(signed(equity(nil))), When: low, Code: "below-floor"},
		{Name: "five per cent of a year's profit", At: world(), Given: years(0, -1), When: year(2023, nil), Then: []Event{profit(2023, 50, 50)}},
		{Name: "not less of a year's", At: world(), Given: years(0, -1), When: year(2023, new(49)), Code: "below-floor"},
		{Name: "in consecutive years", At: world(), Given: years(2022, 2023), When: year(2025, nil), Code: "year-order"},
		{Name: "each once", At: world(), Given: years(2022, 2023), When: year(2023, nil), Code: "invalid", Field: "entry"},
		{Name: "for three years", At: world(), Given: years(2022, 2023), When: year(2024, new(10)), Code: "below-floor"},
		{Name: "after which the law is silent", At: world(), Given: years(2022, 2024), When: year(2025, new(10)), Then: []Event{profit(2025, 0, 10)}},
	})
	other := func(c ApproveDistribution) ApproveDistribution { c.Entry = entry(7); return c }
	ledgertest.Run(t, Decider, Codec, wrong(world(), given(signed(equity(nil)), held),
		"capital/amount/minor", other(with(func(c *Capital) { c.Amount = yuan(400001) })),
		"capital/registered_on", other(with(func(c *Capital) { c.Amount, c.RegisteredOn = yuan(1), ledger.Date{} })),
		"capital/registered_on", other(with(func(c *Capital) { c.Amount, c.RegisteredOn = yuan(1), day("2026-06-16") })),
	))
	ledgertest.Run(t, Decider, Codec, wrong(world(), years(0, -1),
		"year/amount/minor", ApproveDistribution{Entry: entry(1), Basis: "agreement", Year: &YearProfit{2025, yuan(0)}},
		"year/year", year(2021, nil),
		"year/year", year(2027, nil),
	))
}

func TestPayDistribution(t *testing.T) {
	past := given(signed(licence(nil)), receipt(1, yuan(100)), run(entry(2), yuan(100), entry(1)))
	pay := func(n int, to uuid.UUID, amount ledger.Money, voucher string) PayDistribution {
		return PayDistribution{entry(n), entry(2), to, amount, voucher}
	}
	paid := func(c PayDistribution, settles ...uuid.UUID) DistributionPaid {
		to := stream("person", c.Payee)
		if c.Payee == university {
			to = stream("organisation", university)
		}
		return DistributionPaid{c.Entry, c.Distribution, to, c.Amount, c.Voucher, settles}
	}
	first, unit := person(1), university
	part, rest := pay(3, first, yuan(20), "P1"), pay(4, first, yuan(30), "P2")
	tailed := run(entry(2), yuan(100), entry(1))
	tailed.Shares[0].Minor, tailed.Shares[0].Tail, tailed.Tail = 4999, 1, 1
	lost := pay(3, first, yuan(20), "P1")
	lost.Distribution = entry(1)
	undone := EntryReversed{Reversal: entry(9), Entry: entry(2), Amount: yuan(100)}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a part", Given: past, When: part, Then: []Event{paid(part)}},
		{Name: "the rest settles the receipts", Given: append(past[:3:3], given(paid(part))...), When: rest, Then: []Event{paid(rest, entry(1))}},
		{Name: "not before the last fen", Given: past, When: pay(3, first, fen(4999), "P1"), Then: []Event{paid(pay(3, first, fen(4999), "P1"))}},
		{Name: "the tail is of the share", Given: given(signed(licence(nil)), receipt(1, yuan(100)), tailed), When: pay(3, first, yuan(50), "P1"), Then: []Event{paid(pay(3, first, yuan(50), "P1"), entry(1))}},
		{Name: "the unit's part settles nothing", Given: past, When: pay(3, unit, yuan(50), "P1"), Then: []Event{paid(pay(3, unit, yuan(50), "P1"))}},
		{Name: "never above the share", Given: append(past[:3:3], given(paid(part))...), When: pay(4, first, fen(3001), "P2"), Code: "over-share"},
		{Name: "one voucher a payee", Given: append(past[:3:3], given(paid(part))...), When: pay(4, first, yuan(1), "P1"), Code: "voucher-used"},
		{Name: "one voucher may pay several", Given: append(past[:3:3], given(paid(part))...), When: pay(4, unit, yuan(1), "P1"), Then: []Event{paid(pay(4, unit, yuan(1), "P1"))}},
		{Name: "nobody else", Given: past, When: pay(3, person(2), yuan(1), "P1"), Code: "no-such-payee"},
		{Name: "of a distribution", Given: past, When: lost, Code: "no-such-distribution"},
		{Name: "that stands", Given: append(past[:3:3], given(undone)...), When: part, Code: "no-such-distribution"},
		{Name: "not before it", At: on(ledger.Context{}, "2026-03-01"), Given: past, When: part, Code: "date-order"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(world(), past,
		"entry", pay(2, first, yuan(1), "P1"),
		"amount/minor", pay(3, first, yuan(0), "P1"),
		"voucher", pay(3, first, yuan(1), ""),
	))
}

// Scenario 4: a receipt proves to belong to another contract.
func TestReverseEntry(t *testing.T) {
	distributed := given(signed(licence(nil)), receipt(1, yuan(300000)), run(entry(2), yuan(300000), entry(1)))
	payment := DistributionPaid{Entry: entry(3), Distribution: entry(2), Payee: stream("person", person(1)), Amount: yuan(150000), Voucher: "P1", Settles: []uuid.UUID{entry(1)}}
	back := EntryReversed{Reversal: entry(4), Entry: entry(3), Kind: Payment, Amount: yuan(150000), Ground: "recovered", Whole: true, Distribution: entry(2), Reopens: []uuid.UUID{entry(1)}}
	some := back
	some.Amount, some.Whole = yuan(1), false
	unsettled := payment
	unsettled.Amount, unsettled.Settles = yuan(149999), nil
	toUnit := DistributionPaid{Entry: entry(3), Distribution: entry(2), Payee: stream("organisation", university), Amount: yuan(1), Voucher: "P1"}
	reverse := func(n, of int, amount ledger.Money) ReverseEntry {
		return ReverseEntry{entry(n), entry(of), amount, "misbooked"}
	}
	carrying := run(entry(2), yuan(0), entry(1))
	carrying.Costs, carrying.Deducted, carrying.Gross, carrying.Shares = []Cost{{"patent", yuan(120), "C1"}}, yuan(100), yuan(100), nil
	after := run(entry(6), yuan(30), entry(5))
	after.Deducted = yuan(20)
	carried := given(signed(licence(nil)), receipt(1, yuan(100)), receipt(5, yuan(50)), carrying)
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a receipt of another contract, on its own day", At: on(world(), "2026-03-02"), Given: given(signed(licence(nil)), receipt(1, yuan(300000))), When: reverse(9, 1, yuan(300000)),
			Then: []Event{EntryReversed{Reversal: entry(9), Entry: entry(1), Kind: Receipt, Amount: yuan(300000), Ground: "misbooked", Whole: true}}},
		{Name: "of an instalment", Given: given(signed(licence(nil)), ReceiptRecorded{Entry: entry(1), Amount: yuan(2), Voucher: "V1", Instalment: "I1"}), When: reverse(9, 1, yuan(1)),
			Then: []Event{EntryReversed{Reversal: entry(9), Entry: entry(1), Kind: Receipt, Amount: yuan(1), Ground: "misbooked", Instalment: "I1"}}},
		{Name: "a part of a receipt", Given: given(signed(licence(nil)), receipt(1, yuan(300000))), When: reverse(9, 1, yuan(1)),
			Then: []Event{EntryReversed{Reversal: entry(9), Entry: entry(1), Kind: Receipt, Amount: yuan(1), Ground: "misbooked"}}},
		{Name: "one that is distributed names what stands on it", Given: distributed, When: reverse(9, 1, yuan(300000)),
			Then: []Event{EntryReversed{Reversal: entry(9), Entry: entry(1), Kind: Receipt, Amount: yuan(300000), Ground: "misbooked", Whole: true, Distribution: entry(2)}}},
		{Name: "a payment that was recovered", Given: append(distributed[:3:3], given(payment)...), When: ReverseEntry{entry(4), entry(3), yuan(150000), "recovered"}, Then: []Event{back}},
		{Name: "a payment in part", Given: append(distributed[:3:3], given(payment)...), When: ReverseEntry{entry(4), entry(3), yuan(1), "recovered"}, Then: []Event{some}},
		{Name: "the unit's reopens nothing", Given: append(distributed[:3:3], given(toUnit)...), When: ReverseEntry{entry(4), entry(3), yuan(1), "bounced"},
			Then: []Event{EntryReversed{Reversal: entry(4), Entry: entry(3), Kind: Payment, Amount: yuan(1), Ground: "bounced", Whole: true, Distribution: entry(2)}}},
		{Name: "nor does a part of what was not paid in full", Given: append(distributed[:3:3], given(unsettled)...), When: ReverseEntry{entry(4), entry(3), yuan(1), "bounced"},
			Then: []Event{EntryReversed{Reversal: entry(4), Entry: entry(3), Kind: Payment, Amount: yuan(1), Ground: "bounced", Distribution: entry(2)}}},
		{Name: "a distribution whole", Given: distributed, When: reverse(9, 2, yuan(300000)),
			Then: []Event{EntryReversed{Reversal: entry(9), Entry: entry(2), Kind: Distribution, Amount: yuan(300000), Award: yuan(150000), Ground: "misbooked", Whole: true, Reopens: []uuid.UUID{entry(1)}}}},
		{Name: "not what is paid out", Given: append(distributed[:3:3], given(payment)...), When: reverse(9, 2, yuan(300000)), Code: "paid-out"},
		{Name: "one that costs took whole", Given: carried, When: reverse(9, 2, fen(0)),
			Then: []Event{EntryReversed{Reversal: entry(9), Entry: entry(2), Kind: Distribution, Amount: fen(0), Award: fen(0), Ground: "misbooked", Whole: true, Reopens: []uuid.UUID{entry(1)}}}},
		{Name: "not one whose costs were carried on", Given: append(carried[:4:4], given(after)...), When: reverse(9, 2, fen(0)), Code: "costs-carried-on"},
		{Name: "never above the entry", Given: given(signed(licence(nil)), receipt(1, yuan(300000))), When: reverse(9, 1, fen(30000001)), Code: "over-entry"},
		{Name: "nor above what is left of it", Given: given(signed(licence(nil)), receipt(1, yuan(300000)), EntryReversed{Reversal: entry(8), Entry: entry(1), Amount: yuan(1)}), When: reverse(9, 1, yuan(300000)), Code: "over-entry"},
		{Name: "nothing twice", Given: append(distributed[:1:1], given(receipt(1, yuan(1)), EntryReversed{Reversal: entry(9), Entry: entry(1), Amount: yuan(1)})...), When: reverse(8, 1, yuan(1)), Code: "already-reversed"},
		{Name: "no reversal", Given: append(distributed[:1:1], given(receipt(1, yuan(1)), EntryReversed{Reversal: entry(9), Entry: entry(1), Amount: yuan(1)})...), When: reverse(8, 9, yuan(1)), Code: "no-such-entry"},
		{Name: "no entry of another contract", Given: distributed, When: reverse(9, 7, yuan(1)), Code: "no-such-entry"},
		{Name: "not before the entry", At: on(world(), "2026-03-01"), Given: distributed, When: reverse(9, 1, yuan(1)), Code: "date-order"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(world(), distributed,
		"reversal", reverse(2, 1, yuan(1)),
		"ground", ReverseEntry{Reversal: entry(9), Entry: entry(1), Amount: yuan(1)},
		"amount/minor", reverse(9, 1, yuan(0)),
		"amount", reverse(9, 2, yuan(1)),
	))
}

// What completers are owed of a receipt is overdue after its day, until it is paid or the receipt is
// undone.
func TestOverdue(t *testing.T) {
	due := receipt(1, yuan(100))
	due.DistributeBy = day("2026-09-02")
	s := fold(signed(licence(nil)), due, receipt(5, yuan(50)))
	require.False(t, s.OverdueOn(day("2026-09-02")))
	require.True(t, s.OverdueOn(day("2026-09-03")))
	undone := Decider.Evolve(s, EntryReversed{Reversal: entry(9), Entry: entry(1), Kind: Receipt, Amount: yuan(100), Whole: true}, ledger.Metadata{})
	require.False(t, undone.OverdueOn(day("2026-09-03")))
	s = Decider.Evolve(s, run(entry(2), yuan(100), entry(1)), ledger.Metadata{})
	require.True(t, s.OverdueOn(day("2026-09-03")), "approved is not paid")
	s = Decider.Evolve(s, DistributionPaid{Entry: entry(3), Distribution: entry(2), Payee: stream("person", person(1)), Amount: yuan(50), Voucher: "P1"}, ledger.Metadata{})
	require.False(t, s.OverdueOn(day("2026-09-03")))
}

// A receipt reversed under its distribution is an open question until that is reversed too.
func TestQuestions(t *testing.T) {
	s := fold(signed(licence(nil)), receipt(1, yuan(100)), run(entry(2), yuan(100), entry(1)))
	require.Empty(t, s.Questions())
	s = Decider.Evolve(s, EntryReversed{Reversal: entry(3), Entry: entry(1), Kind: Receipt, Amount: yuan(40)}, ledger.Metadata{})
	require.Equal(t, []Question{{entry(2), 4000}}, s.Questions())
	s = Decider.Evolve(s, EntryReversed{Reversal: entry(4), Entry: entry(2), Kind: Distribution, Amount: yuan(100)}, ledger.Metadata{})
	require.Empty(t, s.Questions())
}

func TestPolicies(t *testing.T) {
	for _, x := range []struct{ form, params, field string }{
		{"contract", `{"register_days":30,"record_months":3}`, ""},
		{"contract", `{"register_days":-1,"record_months":3}`, "params"},
		{"contract", `{"register_days":30,"record_months":121}`, "params"},
		{"distribution", `{"net_income":500,"equity":500,"profit":50,"profit_years":3,"tiers":[{"above_minor":0,"per_mille":700},{"above_minor":5,"per_mille":600}]}`, ""},
		{"distribution", `{"net_income":1001,"equity":500,"profit":50,"profit_years":3}`, "params/net_income"},
		{"distribution", `{"net_income":1,"equity":-1,"profit":50,"profit_years":3}`, "params/equity"},
		{"distribution", `{"net_income":1,"equity":1,"profit":50,"profit_years":21}`, "params"},
		{"distribution", `{"net_income":1,"equity":1,"profit":50,"profit_years":3,"deductible":["lunch"]}`, "params/deductible/0"},
		{"distribution", `{"net_income":1,"equity":1,"profit":50,"profit_years":3,"tiers":[{"above_minor":1,"per_mille":1}]}`, "params/tiers/0"},
		{"distribution", `{"net_income":1,"equity":1,"profit":50,"profit_years":3,"tiers":[{"above_minor":0,"per_mille":1},{"above_minor":0,"per_mille":1}]}`, "params/tiers/1"},
	} {
		i := slices.IndexFunc(Rules, func(r ledger.RuleForm) bool { return r.Name == x.form })
		err := Rules[i].Check([]byte(x.params))
		if x.field == "" {
			require.NoError(t, err)
			continue
		}
		require.Equal(t, "/data/"+x.field, err.(*ledger.Error).Fields[0].Pointer, x.params)
	}
	require.Equal(t, "ZJ-2021", RecordReceipt{}.Under(State{Policy: "ZJ-2021"}).Code)
	require.Equal(t, "distribution", ApproveDistribution{}.Under(State{}).Form)
	require.Equal(t, ledger.Governing{Form: "contract", Code: "CONTRACT"}, Sign{}.Under(State{}))
	require.Equal(t, ledger.Governing{Form: "contract", Code: "CONTRACT"}, Amend{}.Under(State{}))
	require.Len(t, Sign{Terms: licence(nil)}.Benefits(State{}), 2)
	require.Equal(t, uuid.Nil, Terms{}.provider())
	require.Contains(t, Sign{Achievements: []uuid.UUID{crystal}}.ReliesOn(), stream("achievement", crystal))
	require.Len(t, Amend{Terms: equity(nil)}.Benefits(State{}), 3)
	require.Equal(t, []ledger.StreamID{stream("organisation", maker)}, RecordReceipt{Payer: maker}.ReliesOn())
}

// Whatever is asked, the money balances.
func TestTheMoneyBalances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := fold(signed(licence(func(x *Terms) { x.PriceForm = rapid.SampledFrom([]string{"lump", "entry-royalty"}).Draw(t, "price") })))
		s.UnitKind = rapid.SampledFrom([]string{"university", "private"}).Draw(t, "unit")
		at := ledgertest.Context(under(world(), rapid.SampledFrom([]Rates{
			law, {NetIncome: 700}, {}, {Tiers: []Tier{{0, 900}, {50000, 500}}},
		}).Draw(t, "policy")))
		for n := range rapid.IntRange(1, 30).Draw(t, "length") {
			events, err := Decider.Decide(s, anyCommand(t, s, n), at)
			if err != nil {
				require.Contains(t, []ledger.Kind{ledger.KindInvalid, ledger.KindRejected}, ledger.KindOf(err), "%v", err)
			}
			for _, e := range events {
				s = Decider.Evolve(s, e, ledger.Metadata{OccurredOn: at.On})
			}
			balanced(t, s)
		}
	})
}

// anyCommand is a command of the money, mostly one that is likely to be taken.
func anyCommand(t *rapid.T, s State, n int) Command {
	id := entry(100 + n)
	anyOf := func(kinds ...string) uuid.UUID {
		ids := []uuid.UUID{entry(99)}
		for _, e := range s.Entries {
			if slices.Contains(kinds, e.Kind) {
				ids = append(ids, e.ID, e.ID, e.ID)
			}
		}
		return rapid.SampledFrom(ids).Draw(t, "entry")
	}
	amount := fen(rapid.Int64Range(1, 60_000_000).Draw(t, "amount"))
	switch rapid.IntRange(0, 4).Draw(t, "verb") {
	case 0:
		return RecordReceipt{Entry: id, Amount: amount, Voucher: id.String(), Payer: maker}
	case 1, 2:
		c := ApproveDistribution{Entry: id, Basis: "agreement", Receipts: []uuid.UUID{anyOf(Receipt)}}
		if other := anyOf(Receipt); rapid.Bool().Draw(t, "two") {
			c.Receipts = append(c.Receipts, other)
		}
		if rapid.Bool().Draw(t, "costs") {
			c.Costs = []Cost{{"patent", amount, id.String()}}
		}
		switch rapid.IntRange(0, 2).Draw(t, "part") {
		case 0:
			c.Rate = new(rapid.IntRange(0, 1000).Draw(t, "rate"))
		case 1:
			c.Award = fen(rapid.Int64Range(1, 60_000_000).Draw(t, "award"))
		}
		a := rapid.IntRange(1, 998).Draw(t, "first")
		b := rapid.IntRange(1, 999-a).Draw(t, "second")
		c.Completers = []Completer{{person(1), a}, {person(2), b}, {person(3), 1000 - a - b}}
		return c
	case 3:
		run := anyOf(Distribution)
		to := person(1)
		if e, ok := s.entry(run); ok && len(e.Run.Shares) > 0 {
			x := rapid.SampledFrom(e.Run.Shares).Draw(t, "payee")
			to = x.To.ID
			if rapid.Bool().Draw(t, "whole") && x.Minor+x.Tail > 0 {
				amount = fen(x.Minor + x.Tail)
			}
		}
		return PayDistribution{id, run, to, amount, id.String()}
	}
	e, ok := s.entry(anyOf(Receipt, Distribution, Payment))
	if ok && rapid.Bool().Draw(t, "whole") {
		amount = fen(e.Left())
	}
	return ReverseEntry{id, e.ID, amount, "misbooked"}
}

// balanced is what holds of a contract's money whatever was done.
func balanced(t *rapid.T, s State) {
	if !s.Terms.open() {
		require.LessOrEqual(t, s.received(), s.Terms.Total.Minor)
	}
	require.GreaterOrEqual(t, s.carried(uuid.Nil), int64(0), "no cost is deducted that was not stated")
	for _, e := range s.Entries {
		require.GreaterOrEqual(t, e.Reversed, int64(0))
		if e.Kind != "reversal" {
			require.GreaterOrEqual(t, e.Left(), int64(0), "no reversal is above its entry")
		}
		if e.Kind != Distribution || e.Undone {
			continue
		}
		r := e.Run
		sum, award := r.Tail, int64(0)
		for _, x := range r.Shares {
			sum += x.Minor
			if x.Completer {
				award += x.Minor + x.Tail
			}
			paid := s.paid(e.ID, func(to ledger.StreamID) bool { return to == x.To })
			require.LessOrEqual(t, paid, x.Minor+x.Tail, "nobody is paid above their share")
		}
		require.Equal(t, r.Net.Minor, sum, "shares and tail come to the net")
		require.Equal(t, r.Gross.Minor-r.Deducted.Minor, r.Net.Minor)
		require.Equal(t, r.Award.Minor, award)
		if s.UnitKind == "university" {
			require.GreaterOrEqual(t, 2*award, r.Net.Minor, "half is the law")
		}
	}
	seen := map[uuid.UUID]bool{}
	for _, e := range s.runs() {
		for _, id := range e.Run.Receipts {
			require.False(t, seen[id], "a receipt is distributed once")
			seen[id] = true
		}
	}
}
