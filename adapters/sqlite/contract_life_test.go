package sqlite_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/sqlite"
	"ttledger/domain/contract"
	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
	"ttledger/domain/organisation"
	"ttledger/domain/person"
	"ttledger/domain/policy"
	"ttledger/domain/principal"
	"ttledger/domain/project"
	"ttledger/projections"
)

// office is a ledger in a file, with those who work with it.
type office struct {
	t      *testing.T
	ledger *ledger.Ledger
}

func newOffice(t *testing.T) office {
	path := filepath.Join(t.TempDir(), "ledger.db")
	require.NoError(t, sqlite.Create(path, ledgerID))
	store, err := sqlite.Open(path, now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return office{t, &ledger.Ledger{ID: ledgerID, Secret: []byte("secret"), Streams: store, Now: now, Vault: &ledgertest.Vault{}, Aggregates: []ledger.Aggregate{
		ledger.Approvals, ledger.Claims, policy.Aggregate(contract.Rules...), principal.Aggregate, organisation.Aggregate, project.Aggregate, person.Aggregate, contract.Aggregate,
	}}}
}

// try does a command as somebody in one role; one that another must approve is approved by zhao.
func (o office) try(s ledger.StreamID, verb, on string, role ledger.Role, data any) error {
	command := uuid.New()
	receipt, err := o.ledger.Do(o.t.Context(), o.request(s, verb, on, command, ledger.Actor{Handle: "li." + string(role), Roles: []ledger.Role{role}}, data))
	if err != nil || !receipt.Pending {
		return err
	}
	receipt, err = o.ledger.Do(o.t.Context(), o.request(receipt.Stream, "decide", "", uuid.New(), ledger.Actor{Handle: "zhao.apr", Roles: []ledger.Role{ledger.APR}}, ledger.Decide{Decision: "approve"}))
	require.NoError(o.t, err)
	require.NotNil(o.t, receipt.Effect)
	require.Nil(o.t, receipt.Effect.Refused, "%+v", receipt.Effect.Refused)
	return nil
}

func (o office) request(s ledger.StreamID, verb, on string, command uuid.UUID, actor ledger.Actor, data any) ledger.Request {
	act := map[string]any{"data": data}
	if on != "" {
		act["occurred_on"] = on
	}
	body, err := json.Marshal(act)
	require.NoError(o.t, err)
	return ledger.Request{Aggregate: s.Category, ID: s.ID, Verb: verb, Command: command, Body: body, Expect: ledger.Whatever(), Actor: actor, Source: ledger.Source{Kind: "api"}}
}

func (o office) do(s ledger.StreamID, verb, on string, role ledger.Role, data any) {
	o.t.Helper()
	require.NoError(o.t, o.try(s, verb, on, role, data), "%s %s", s, verb)
}

// Two contracts from their parties to their reversals, through the commands that offices send, the
// approvals, the claims and the policies that come with the program: scenarios 3 and 4 to the fen.
func TestTheLifeOfContracts(t *testing.T) {
	o := newOffice(t)
	of := func(category string, n int) ledger.StreamID { return ledger.StreamID{Category: category, ID: thing(n)} }
	for _, seed := range []string{"PSTTA-45.2015", "BJ-2019.2019", "ZJ-2021.2021", "DEFAULT.2026", "CONTRACT.2026"} {
		raw, err := os.ReadFile("../../domain/policy/seed/" + seed + ".json")
		require.NoError(t, err)
		code, _, _ := strings.Cut(seed, ".")
		o.do(ledger.PolicyStream(code), "adopt", "2025-12-01", ledger.FIN, json.RawMessage(raw))
	}
	o.do(of("organisation", 1), "register", "2026-01-02", ledger.LEG, organisation.Register{Names: ledger.Names{Zh: "大学"}, Kind: "university", UnitKind: "university", USCC: "12100000400000624D"})
	o.do(of("organisation", 2), "register", "2026-01-02", ledger.LEG, organisation.Register{Names: ledger.Names{Zh: "公司"}, Kind: "company", UnitKind: "private", USCC: "91110108551385082Q"})
	o.do(of("project", 3), "propose", "2026-01-03", ledger.PM, project.Propose{Titles: ledger.Names{Zh: "冷烧结"}})
	for n := 11; n <= 13; n++ {
		o.do(of("person", n), "enrol", "2026-01-03", ledger.HR, person.Enrol{Name: ledger.Plain("某某"), Notice: "PN-1", Basis: "contract", Retention: "payee"})
	}
	sign := func(code string) contract.Sign {
		return contract.Sign{Code: code, Names: ledger.Names{Zh: "许可"}, Project: thing(3), Policy: "DEFAULT", Terms: contract.Terms{
			Type: "licence", SubType: "technical-secret", Mode: "licence", Form: "written", Pricing: "listed", PriceForm: "lump", Total: yuan(1200000),
			Parties: []contract.Party{{Organisation: thing(1), Part: "provider"}, {Organisation: thing(2), Part: "recipient"}},
			Licence: &contract.Licence{Kind: "sole", Territory: "中国", From: ledger.Day(2026, 3, 2), To: ledger.Day(2030, 3, 1)},
		}}
	}
	a, b := of("contract", 4), of("contract", 5)
	require.Equal(t, "project-not-live", ledger.CodeOf(o.try(a, "sign", "2026-03-02", ledger.LEG, sign("HT-1"))))
	o.do(of("project", 3), "approve", "2026-02-01", ledger.PM, project.Approve{Body: "办公会"})
	o.do(a, "sign", "2026-03-02", ledger.LEG, sign("HT-1"))
	require.Equal(t, "claimed", ledger.CodeOf(o.try(b, "sign", "2026-03-02", ledger.LEG, sign("HT-1"))), "a contract number is one contract's")
	o.do(b, "sign", "2026-03-02", ledger.LEG, sign("HT-2"))

	receipt := func(n int, amount int64, voucher string) contract.RecordReceipt {
		return contract.RecordReceipt{Entry: thing(100 + n), Amount: yuan(amount), Voucher: voucher, Payer: thing(2)}
	}
	// Scenario 4: booked to the wrong contract in June, put right in August.
	o.do(b, "record-receipt", "2026-06-20", ledger.FIN, receipt(1, 300000, "V-1"))
	require.Equal(t, "claimed", ledger.CodeOf(o.try(a, "record-receipt", "2026-06-20", ledger.FIN, receipt(2, 300000, "V-1"))), "a voucher is booked once")
	o.do(b, "reverse-entry", "2026-06-20", ledger.FIN, contract.ReverseEntry{Reversal: thing(103), Entry: thing(101), Amount: yuan(300000), Ground: "misbooked"})
	o.do(a, "record-receipt", "2026-06-20", ledger.FIN, receipt(2, 300000, "V-1"))
	o.do(a, "record-receipt", "2026-07-01", ledger.FIN, receipt(3, 900000, "V-2")) // 1,200,000 with the other

	// Scenario 3.
	distribute := contract.ApproveDistribution{
		Entry: thing(110), Basis: "unit-rule", Receipts: []uuid.UUID{thing(102), thing(103)}, Award: yuan(560000),
		Costs:      []contract.Cost{{Kind: "patent", Amount: yuan(30000), Voucher: "C-1"}, {Kind: "tax", Amount: yuan(12000), Voucher: "C-2"}, {Kind: "evaluation", Amount: yuan(18000), Voucher: "C-3"}},
		Completers: []contract.Completer{{Person: thing(11), PerMille: 500}, {Person: thing(12), PerMille: 300}, {Person: thing(13), PerMille: 200}},
	}
	require.Equal(t, "below-floor", ledger.CodeOf(o.try(a, "approve-distribution", "2026-07-10", ledger.TM, distribute)))
	distribute.Award, distribute.Rate = ledger.Money{}, new(700)
	o.do(a, "approve-distribution", "2026-07-10", ledger.TM, distribute)
	for i, amount := range []int64{399000, 239400, 159600} {
		o.do(a, "pay-distribution", "2026-07-20", ledger.FIN, contract.PayDistribution{Entry: thing(120 + i), Distribution: thing(110), Payee: thing(11 + i), Amount: yuan(amount), Voucher: "P-1"})
	}
	require.Equal(t, "over-share", ledger.CodeOf(o.try(a, "pay-distribution", "2026-07-21", ledger.FIN, contract.PayDistribution{Entry: thing(130), Distribution: thing(110), Payee: thing(11), Amount: ledger.Money{Minor: 1, Currency: "CNY"}, Voucher: "P-2"})))

	views, runner := o.readModels()
	require.NoError(t, runner.CatchUp(t.Context()))
	page, err := views.Report(t.Context(), "k10", nil, projections.At{AsOf: ledger.DayOf(now())})
	require.NoError(t, err)
	require.Equal(t, [][]any{{int64(2), int64(2), int64(0), int64(0), "100.0"}}, page.Rows, "both receipts were due six months on")
	page, err = views.Report(t.Context(), "s-a3", nil, projections.At{})
	require.NoError(t, err)
	duties, err := views.Report(t.Context(), "r18", map[string]string{"state": "overdue"}, projections.At{AsOf: ledger.Day(2026, 4, 2)})
	require.NoError(t, err)
	require.Len(t, duties.Rows, 2, "thirty days after signing neither is registered")
	var lines [][]any
	for _, r := range page.Rows {
		lines = append(lines, []any{r[3], r[6], r[10]})
	}
	require.Equal(t, [][]any{
		{"DEFAULT@2026", "receipt", int64(30000000)}, {"DEFAULT@2026", "receipt", int64(90000000)}, {"DEFAULT@2026", "gross", int64(120000000)},
		{"DEFAULT@2026", "cost stated", int64(3000000)}, {"DEFAULT@2026", "cost stated", int64(1200000)}, {"DEFAULT@2026", "cost stated", int64(1800000)},
		{"DEFAULT@2026", "costs deducted", int64(-6000000)}, {"DEFAULT@2026", "net", int64(114000000)},
		{"DEFAULT@2026", "completer", int64(39900000)}, {"DEFAULT@2026", "completer", int64(23940000)}, {"DEFAULT@2026", "completer", int64(15960000)},
		{"DEFAULT@2026", "unit", int64(34200000)}, {"DEFAULT@2026", "tail", int64(0)},
	}, lines)
}

func (o office) readModels() (*sqlite.Views, *projections.Runner) {
	views, err := sqlite.OpenViews(filepath.Join(o.t.TempDir(), "views.db"), ledgerID, projections.Views(), now)
	require.NoError(o.t, err)
	o.t.Cleanup(func() { require.NoError(o.t, views.Close()) })
	generation, err := views.Generation(false)
	require.NoError(o.t, err)
	store := o.ledger.Streams.(*sqlite.Store)
	return views, &projections.Runner{Feed: store, Streams: store, Docs: generation, Views: projections.Views(), Decode: o.ledger.Decode}
}
