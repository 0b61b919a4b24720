package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/contract"
	"ttledger/domain/ledger"
	"ttledger/domain/organisation"
	"ttledger/projections"
)

func yuan(n int64) ledger.Money { return ledger.Money{Minor: n * 100, Currency: "CNY"} }

// The reports on two contracts: a licence whose receipt is distributed and paid (scenario 3), one
// on the last day and one late; and a service whose receipt was booked to it by mistake (scenario 4)
// and whose registration was revoked from the beginning.
func TestContractReports(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "views.db"), projections.Views())
	defer d.views.Close()
	day := func(month, day int) ledger.Date { return ledger.Date{Year: 2026, Month: int8(month), Day: int8(day)} }
	university, maker := thing(1), thing(2)
	licence, service := ledger.StreamID{Category: "contract", ID: thing(3)}, ledger.StreamID{Category: "contract", ID: thing(4)}
	entry := func(n int) uuid.UUID { return thing(100 + n) }
	who := func(n int) ledger.StreamID { return ledger.StreamID{Category: "person", ID: thing(10 + n)} }
	parties := []contract.Party{{Organisation: university, Part: "provider"}, {Organisation: maker, Part: "recipient"}}
	run := func(n, receipt int, gross, net, award int64) contract.DistributionApproved {
		return contract.DistributionApproved{
			Entry: entry(n), Base: "net-income", Basis: "agreement", UnitKind: "university", Mode: "licence", Receipts: []uuid.UUID{entry(receipt)},
			Gross: yuan(gross), Deducted: yuan(gross - net), Net: yuan(net), Award: yuan(award), Floor: 500, Guidance: 500,
			Shares: []contract.Share{{To: who(1), Completer: true, PerMille: 500, Minor: award * 50}, {To: who(2), Completer: true, PerMille: 500, Minor: award * 50}, {To: ledger.StreamID{Category: "organisation", ID: university}, PerMille: 1000, Minor: (net - award) * 100}},
		}
	}
	paid := func(n, run, to int, amount int64, settles ...uuid.UUID) contract.DistributionPaid {
		return contract.DistributionPaid{Entry: entry(n), Distribution: entry(run), Payee: who(to), Amount: yuan(amount), Voucher: "P", Settles: settles}
	}
	first := run(11, 1, 1200000, 1140000, 798000)
	first.Costs = []contract.Cost{{Kind: "patent", Amount: yuan(60000), Voucher: "C1"}}
	for _, f := range []struct {
		s  ledger.StreamID
		on ledger.Date
		e  ledger.Event
	}{
		{ledger.StreamID{Category: "organisation", ID: university}, day(1, 1), organisation.Registered{Names: ledger.Names{Zh: "大学"}, Kind: "university", UnitKind: "university", USCC: "12100000400000624D", Region: "210106"}},
		{ledger.StreamID{Category: "organisation", ID: maker}, day(1, 1), organisation.Registered{Names: ledger.Names{En: "Maker AB"}, Kind: "company", UnitKind: "foreign", Foreign: &organisation.ForeignID{Country: "SE", Scheme: "bolagsverket", ID: "556000-4615"}}},
		{licence, day(3, 2), contract.Signed{
			Code: "HT-1", Names: ledger.Names{Zh: "许可"}, UnitKind: "university", RegisterBy: day(4, 1), RecordBy: day(6, 2), Terms: contract.Terms{
				Type: "licence", SubType: "patent", Mode: "licence", Parties: parties, Total: yuan(1700000), TechValue: yuan(1600000), Related: true, From: day(3, 2),
				Instalments: []contract.Instalment{{Code: "I1", Due: day(5, 1), Amount: yuan(1200000)}, {Code: "I2", Due: day(6, 30), Amount: yuan(500000)}},
				Licence:     &contract.Licence{Kind: "sole", Territory: "中国", From: day(3, 2), To: day(12, 31), Patents: []contract.Patent{{No: "ZL1", Expiry: day(12, 31)}}},
			}}},
		{service, day(3, 10), contract.Signed{Code: "HT-2", Names: ledger.Names{En: "service"}, RegisterBy: day(4, 9), Terms: contract.Terms{Type: "service", SubType: "training", Mode: "other", Parties: parties, Total: yuan(400000)}}},
		{licence, day(4, 1), contract.Registered{No: "2026210100000042", Office: "O", Type: "licence", Value: yuan(1700000), TechValue: yuan(1500000)}},
		{service, day(4, 20), contract.Registered{No: "2026210100000043", Office: "O", Type: "service", Value: yuan(400000), TechValue: yuan(400000)}},
		{service, day(4, 20), contract.RegistrationRevoked{No: "2026210100000043", Effect: "ab-initio", Ground: "sham", Decision: "D", DecidedOn: day(7, 1)}},
		{licence, day(5, 2), contract.ReceiptRecorded{Entry: entry(1), Amount: yuan(1200000), Voucher: "V1", Payer: maker, Instalment: "I1", DistributeBy: day(6, 2)}},
		{service, day(6, 20), contract.ReceiptRecorded{Entry: entry(2), Amount: yuan(300000), Voucher: "V2", Payer: maker}},
		{licence, day(5, 20), first},
		{licence, day(6, 1), paid(21, 11, 1, 399000)},
		{licence, day(6, 2), paid(22, 11, 2, 399000, entry(1))},
		{service, day(6, 20), contract.EntryReversed{Reversal: entry(3), Entry: entry(2), Kind: "receipt", Amount: yuan(300000), Ground: "misbooked", Whole: true}},
		{licence, day(6, 20), contract.ReceiptRecorded{Entry: entry(4), Amount: yuan(300000), Voucher: "V2", Payer: maker, Instalment: "I2", DistributeBy: day(7, 20)}},
		{licence, day(7, 1), run(12, 4, 300000, 300000, 150000)},
		{licence, day(7, 21), paid(23, 12, 1, 75000)},
		{licence, day(7, 22), paid(24, 12, 2, 75000, entry(4))},
	} {
		d.record(t, f.s, f.on, f.e)
	}
	require.NoError(t, d.runner.CatchUp(t.Context()))
	of := func(s ledger.StreamID) string { return s.String() }
	cny := func(n int64) int64 { return n * 100 }
	for code, want := range map[string][][]any{
		"k02": {
			{"all", "all", int64(2), "CNY", cny(2100000)}, {"family", "licence", int64(1), "CNY", cny(1700000)}, {"family", "service", int64(1), "CNY", cny(400000)},
			{"mode", "licence", int64(1), "CNY", cny(1700000)}, {"mode", "other", int64(1), "CNY", cny(400000)},
		},
		"k03": {{"all", int64(1), "CNY", cny(1700000), cny(1500000)}, {"licence", int64(1), "CNY", cny(1700000), cny(1500000)}},
		"k04": {{int64(2), int64(1), "50.0"}},
		"k08": {{"CNY", cny(1500000), cny(1700000), "88.2"}},
		"k09": {{"net-income", "licence", "CNY", int64(2), cny(1440000), cny(948000), "65.8", int64(500), int64(0)}},
		"k10": {{int64(2), int64(1), int64(1), int64(0), "50.0"}},
		"k15": {{int64(2), int64(1), int64(1)}},
		"s-a1": {
			{int64(1), "licence", "CNY", int64(1), cny(1700000), cny(1500000), cny(948000), cny(948000)},
			{int64(2), "service", "CNY", int64(1), cny(400000), cny(0), nil, nil},
			{int64(3), "persons awarded", nil, int64(2), nil, nil, nil, nil},
		},
		"s-a2": {
			{"2026210100000042", "许可", "HT-1", "licence", "2026-03-02", nil, "2026-03-02", "Maker AB", "556000-4615", "SE", nil, "foreign", "大学", "12100000400000624D", "CN", "210106", "university", int64(1), "CNY", cny(1700000), cny(1500000), "O", "2026-04-01", nil},
			{"2026210100000043", "service", "HT-2", "service", nil, nil, "2026-03-10", "Maker AB", "556000-4615", "SE", nil, "foreign", "大学", "12100000400000624D", "CN", "210106", "university", int64(0), "CNY", cny(400000), cny(400000), "O", "2026-04-20", "ab-initio"},
		},
		"r18": {
			{"2026-04-09", "late", int64(11), "register", "办理技术合同认定登记", "have the contract registered", "LEG", of(service), "HT-2", nil, "2026-04-20"},
			{"2026-05-01", "late", int64(1), "instalment", "收取到期价款", "receive an instalment", "FIN", of(licence), "HT-1", "I1", "2026-05-02"},
			{"2026-06-02", "overdue", int64(59), "record-licence", "办理专利实施许可合同备案", "file the patent licence with the patent office", "LEG", of(licence), "HT-1", nil, nil},
			{"2026-06-30", "overdue", int64(31), "instalment", "收取到期价款", "receive an instalment", "FIN", of(licence), "HT-1", "I2", nil},
			{"2026-07-20", "late", int64(2), "distribute", "支付完成人奖酬", "pay the completers their part of a receipt", "FIN", of(licence), "HT-1", entry(4).String(), "2026-07-22"},
		},
	} {
		page, err := d.views.Report(t.Context(), code, map[string]string{}, projections.At{AsOf: day(7, 31)})
		require.NoError(t, err)
		require.Equal(t, want, page.Rows, code)
	}

	page, err := d.views.Report(t.Context(), "s-a3", map[string]string{"contract": "HT-1", "to": "2026-06"}, projections.At{AsOf: day(7, 31)})
	require.NoError(t, err)
	line := func(what string, of, perMille any, amount int64, tail any) []any {
		return []any{"HT-1", entry(11).String(), "2026-05-20", nil, "agreement", "net-income", what, of, perMille, "CNY", cny(amount), tail}
	}
	require.Equal(t, [][]any{
		line("receipt", entry(1).String(), nil, 1200000, nil), line("gross", nil, nil, 1200000, nil), line("cost stated", "patent C1", nil, 60000, nil),
		line("costs deducted", nil, nil, -60000, nil), line("net", nil, nil, 1140000, nil), line("completer", of(who(1)), int64(500), 399000, int64(0)),
		line("completer", of(who(2)), int64(500), 399000, int64(0)), line("unit", "organisation-"+university.String(), int64(1000), 342000, int64(0)), line("tail", nil, nil, 0, nil),
	}, page.Rows)

	// As it was reported at the end of June: the receipt stood with the other contract.
	page, err = d.views.Report(t.Context(), "s-a1", nil, projections.At{AsOf: day(6, 30), KnownAt: 12})
	require.NoError(t, err)
	require.Equal(t, [][]any{
		{int64(1), "licence", "CNY", int64(1), cny(1700000), cny(1200000), cny(798000), cny(798000)},
		{int64(2), "service", "CNY", int64(1), cny(400000), cny(300000), nil, nil},
		{int64(3), "persons awarded", nil, int64(2), nil, nil, nil, nil},
	}, page.Rows)
	page, err = d.views.Report(t.Context(), "k02", map[string]string{"from": "2026-03-03", "to": "2026-03-10"}, projections.At{})
	require.NoError(t, err)
	require.Equal(t, []any{"all", "all", int64(1), "CNY", cny(400000)}, page.Rows[0], "of the period")
	page, err = d.views.Report(t.Context(), "r18", map[string]string{"state": "done"}, projections.At{AsOf: day(7, 31)})
	require.NoError(t, err)
	require.Len(t, page.Rows, 2, "registered on the last day, and distributed on it")
}
