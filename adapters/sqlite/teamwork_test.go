package sqlite_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/sqlite"
	"ttledger/domain/grant"
	"ttledger/domain/investment"
	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
	"ttledger/domain/organisation"
	"ttledger/domain/person"
	"ttledger/domain/policy"
	"ttledger/domain/project"
	"ttledger/domain/recognition"
	"ttledger/domain/team"
)

// bureau is a ledger in a real file, and the people who send it commands.
type bureau struct {
	t *testing.T
	l *ledger.Ledger
}

func newBureau(t *testing.T) *bureau {
	now := func() time.Time { return time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC) }
	path := filepath.Join(t.TempDir(), "ledger.db")
	require.NoError(t, sqlite.Create(path, ledgerID))
	store, err := sqlite.Open(path, now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return &bureau{t, &ledger.Ledger{
		ID: ledgerID, Secret: []byte("secret"), Streams: store, Now: now, Vault: &ledgertest.Vault{},
		Aggregates: []ledger.Aggregate{
			ledger.Approvals, ledger.Claims, policy.Aggregate(slices.Concat(team.Rules, grant.Rules, recognition.Rules, investment.Rules)...),
			organisation.Aggregate, project.Aggregate, person.Aggregate, team.Aggregate, grant.Aggregate, recognition.Aggregate, investment.Aggregate,
		},
	}}
}

// send sends a command as somebody in a role; a four-eyes command is approved by "boss". It is the
// code of the refusal, wherever that came.
func (o *bureau) send(actor string, role ledger.Role, s ledger.StreamID, verb, on string, data any) string {
	o.t.Helper()
	raw, err := json.Marshal(map[string]any{"occurred_on": on, "data": data})
	require.NoError(o.t, err)
	request := ledger.Request{
		Aggregate: s.Category, ID: s.ID, Verb: verb, Command: uuid.New(), Body: raw, Expect: ledger.Whatever(),
		Actor: ledger.Actor{Handle: actor, Roles: []ledger.Role{role}}, Source: ledger.Source{Kind: "api"},
	}
	receipt, err := o.l.Do(o.t.Context(), request)
	if err != nil || !receipt.Pending {
		return o.code(err)
	}
	request.Aggregate, request.ID, request.Verb, request.Command = "approval", receipt.Stream.ID, "decide", uuid.New()
	request.Body, request.Actor = []byte(`{"data":{"decision":"approve"}}`), ledger.Actor{Handle: "boss", Roles: []ledger.Role{ledger.APR}}
	if receipt, err = o.l.Do(o.t.Context(), request); err != nil || receipt.Effect.Refused == nil {
		return o.code(err)
	}
	return receipt.Effect.Refused.Code
}

func (o *bureau) code(err error) string {
	o.t.Helper()
	if err != nil {
		require.NotEqual(o.t, ledger.KindInternal, ledger.KindOf(err), "%v", err)
	}
	return ledger.CodeOf(err)
}

func (o *bureau) must(actor string, role ledger.Role, s ledger.StreamID, verb, on string, data any) {
	o.t.Helper()
	require.Empty(o.t, o.send(actor, role, s, verb, on, data), "%s %s", s.Category, verb)
}

// adopt brings a policy that comes with the program into force.
func (o *bureau) adopt(code, version string) {
	raw, err := os.ReadFile("../../domain/policy/seed/" + code + "." + version + ".json")
	require.NoError(o.t, err)
	o.must("pm", ledger.PM, ledger.PolicyStream(code), "adopt", "2021-01-01", json.RawMessage(raw))
}

func (o *bureau) people(n int) []uuid.UUID {
	var ids []uuid.UUID
	for i := range n {
		s := nth("person", 50+i)
		o.must("hr", ledger.HR, s, "enrol", "2025-01-01", person.Enrol{Name: ledger.Plain("某人"), Notice: "PN-1", Basis: "hr-management", Retention: "appointee"})
		ids = append(ids, s.ID)
	}
	return ids
}

func (o *bureau) certify(n int, of uuid.UUID, tier string) uuid.UUID {
	s := nth("recognition", n)
	o.must("hr", ledger.HR, s, "grant", "2026-05-01", recognition.Grant{
		Subject: ledger.StreamID{Category: "person", ID: of}, Scheme: "TALENT_SY", Level: tier, Mode: "full-time", Channel: "standard-list",
		Certificate: s.ID.String(), Issuer: "沈阳", To: ledgertest.Date("2029-04-30"), Met: []string{"not-official"},
	})
	return s.ID
}

// TestATeamIsImported is the acceptance scenario of team import: it lands, loses a core member, is
// paid nothing while it does not meet its scheme, and is paid again after a certified replacement.
func TestATeamIsImported(t *testing.T) {
	o := newBureau(t)
	o.adopt("TALENT_SY", "2023")
	o.adopt("TEAM_SY", "1")
	o.adopt("TEAM_AWARD", "1")
	maker, alloy, crew, rival, award := nth("organisation", 1), nth("project", 1), nth("team", 1), nth("team", 2), nth("grant", 1)
	ids := o.people(6)
	lead, core, fresh := ids[0], ids[1:4], ids[4]
	o.must("pm", ledger.PM, maker, "register", "2026-01-05", organisation.Register{Names: ledger.Names{Zh: "某公司"}, Kind: "company", USCC: "91110108551385082Q"})
	o.must("pm", ledger.PM, alloy, "propose", "2026-01-05", project.Propose{Titles: ledger.Names{Zh: "高温合金"}})
	form := func(code string, leader uuid.UUID) team.Form {
		return team.Form{Code: code, Scheme: "TEAM_SY", Category: "founding", Titles: ledger.Names{Zh: "合金"}, Leader: leader, Core: core,
			Origin: team.Origin{Country: "CN", Region: "CN-BJ"}, Rights: []team.Right{{Kind: "patent", No: "ZL1", On: ledgertest.Date("2023")}}, Enterprise: maker.ID}
	}
	o.must("hr", ledger.HR, crew, "form", "2026-01-10", form("T-1", lead))
	require.Equal(t, "claimed", o.send("hr", ledger.HR, rival, "form", "2026-01-10", form("T-1", fresh)), "a code is one team's")
	o.must("hr", ledger.HR, rival, "form", "2026-01-10", form("T-2", fresh))

	bind, land := team.Bind{Project: alloy.ID, Part: "lead"}, team.Land{Filing: "DTYZ-1", Place: "铁西", Arrived: core}
	require.Equal(t, "project-not-open", o.send("pm", ledger.PM, crew, "bind", "2026-02-01", bind))
	o.must("pm", ledger.PM, alloy, "approve", "2026-02-01", project.Approve{Body: "领导小组"})
	o.must("pm", ledger.PM, crew, "bind", "2026-02-01", bind)
	require.Equal(t, "claimed", o.send("pm", ledger.PM, rival, "bind", "2026-02-01", bind), "a project has one leading team")
	require.Equal(t, "too-few-arrived", o.send("pm", ledger.PM, crew, "land", "2026-03-01", team.Land{Filing: "DTYZ-1", Place: "铁西", Arrived: core[:2]}))
	o.must("pm", ledger.PM, crew, "land", "2026-03-01", land)

	yuan := func(n int64) ledger.Money { return ledger.Money{Minor: n * 100, Currency: "CNY"} }
	paid := func(code string) grant.Instalment {
		return grant.Instalment{Code: code, Condition: ledger.Names{Zh: "落地"}, Amount: yuan(500000)}
	}
	approve := grant.Approve{Code: "G-1", Beneficiary: crew, Scheme: "TEAM_AWARD", Purpose: "team-award", Ceiling: yuan(1000000), Instalments: []grant.Instalment{paid("I1"), paid("I2")}, Body: "领导小组"}
	o.must("pm", ledger.PM, award, "approve", "2026-04-01", approve)
	approve.Code = "G-2"
	require.Equal(t, "claimed", o.send("pm", ledger.PM, nth("grant", 2), "approve", "2026-04-01", approve), "one purpose is not funded twice")

	release := grant.ReleaseInstalment{Instalment: "I1", Amount: yuan(500000), Voucher: "V-1"}
	require.Equal(t, "condition-open", o.send("fin", ledger.FIN, award, "release-instalment", "2026-05-01", release))
	o.must("tm", ledger.TM, award, "verify-condition", "2026-04-10", grant.VerifyCondition{Instalment: "I1", Basis: "DTYZ-1"})
	o.must("tm", ledger.TM, award, "verify-condition", "2026-04-10", grant.VerifyCondition{Instalment: "I2", Basis: "DTYZ-1"})
	require.Equal(t, "tier-not-valid", o.send("fin", ledger.FIN, award, "release-instalment", "2026-05-01", release))
	for i, id := range append([]uuid.UUID{lead}, core...) {
		release.Recognitions = append(release.Recognitions, o.certify(20+i, id, "D"))
	}
	require.Equal(t, "tier-not-valid", o.send("fin", ledger.FIN, award, "release-instalment", "2026-04-30", release), "the tiers hold from May on")
	o.must("fin", ledger.FIN, award, "release-instalment", "2026-05-01", release)

	o.must("hr", ledger.HR, crew, "change-core", "2026-08-01", team.ChangeCore{Out: []team.Place{{Person: core[2], Part: "core"}}, Reason: "left"})
	release.Instalment, release.Voucher = "I2", "V-2"
	require.Equal(t, "team-not-eligible", o.send("fin", ledger.FIN, award, "release-instalment", "2026-08-02", release))
	joiner := team.Joiner{Place: team.Place{Person: fresh, Part: "core"}}
	require.Equal(t, "tier-needed", o.send("hr", ledger.HR, crew, "change-core", "2026-09-01", team.ChangeCore{In: []team.Joiner{joiner}, Reason: "replaced"}))
	joiner.Recognition = o.certify(30, fresh, "D")
	o.must("hr", ledger.HR, crew, "change-core", "2026-09-01", team.ChangeCore{In: []team.Joiner{joiner}, Reason: "replaced"})
	require.Equal(t, "tier-not-valid", o.send("fin", ledger.FIN, award, "release-instalment", "2026-09-02", release), "whoever is in the core is asked for")
	release.Recognitions = append(release.Recognitions, joiner.Recognition)
	o.must("fin", ledger.FIN, award, "release-instalment", "2026-09-02", release)

	o.must("hr", ledger.HR, ledger.StreamID{Category: "recognition", ID: joiner.Recognition}, "revoke", "2026-05-01",
		recognition.Revoke{Effect: "ab-initio", Ground: "false-data", DecidedOn: ledgertest.Date("2026-10-01"), Decision: "D-1"})
	o.must("fin", ledger.FIN, award, "claw-back", "2026-10-20", grant.ClawBack{Amount: yuan(500000), Ground: "recognition-revoked", Decision: "D-2", Voucher: "V-3"})
	o.must("pm", ledger.PM, crew, "exit", "2026-11-01", team.Exit{Ground: "not-eligible", FollowUp: "claw-back"})
	o.must("pm", ledger.PM, rival, "bind", "2026-11-02", bind)
}

// TestAFundCommitsWhatItHas holds commitments of one fund to its capital, over all of them.
func TestAFundCommitsWhatItHas(t *testing.T) {
	o := newBureau(t)
	yuan := func(n int64) ledger.Money { return ledger.Money{Minor: n * 100, Currency: "CNY"} }
	fund, maker := nth("organisation", 1), nth("organisation", 2)
	o.must("pm", ledger.PM, fund, "register", "2026-01-05", organisation.Register{Names: ledger.Names{Zh: "创新产业基金"}, Kind: "fund", USCC: "91110108551385082Q"})
	o.must("pm", ledger.PM, maker, "register", "2026-01-05", organisation.Register{Names: ledger.Names{Zh: "某公司"}, Kind: "company", USCC: "12100000400000624D"})
	terms := func(version string, capital int64, supersedes string) policy.Terms {
		params, err := json.Marshal(investment.Terms{Fund: fund.ID, Capital: yuan(capital), Body: "投委会"})
		require.NoError(t, err)
		return policy.Terms{Code: "FUND-1", Version: version, Form: "fund-terms", Names: ledger.Names{Zh: "基金章程"}, Issuer: "基金", Level: "unit",
			From: ledgertest.Date("2026-0" + version + "-01"), Supersedes: supersedes, Mark: "D", Params: params}
	}
	o.must("fun", ledger.FUN, ledger.PolicyStream("FUND-1"), "adopt", "2026-01-01", terms("1", 1000, ""))
	commit := func(n int, on string, amount int64) string {
		s := nth("investment", n)
		return o.send("fun", ledger.FUN, s, "commit", on, investment.Commit{Code: s.ID.String()[:8], Terms: "FUND-1", Fund: fund.ID, Company: maker.ID, Amount: yuan(amount), Instrument: "equity", Meeting: "M"})
	}
	require.Empty(t, commit(1, "2026-02-01", 600))
	require.Equal(t, "no-room", commit(2, "2026-02-02", 500), "400 are left")
	require.Empty(t, commit(3, "2026-02-02", 400))
	require.Equal(t, "no-room", commit(4, "2026-02-03", 1))
	o.must("fin", ledger.FIN, nth("investment", 1), "pay-in", "2026-03-01", investment.PayIn{Amount: yuan(200), Voucher: "V-1"})
	require.Equal(t, "claimed", o.send("fin", ledger.FIN, nth("investment", 3), "pay-in", "2026-03-01", investment.PayIn{Amount: yuan(200), Voucher: "V-1"}), "a voucher is booked once")
	o.must("fun", ledger.FUN, nth("investment", 1), "exit", "2026-04-01", investment.Exit{Way: "write-off", Meeting: "M"})
	require.Empty(t, commit(5, "2026-04-02", 400), "what was not drawn is the fund's again")
	require.Equal(t, "no-room", commit(6, "2026-04-02", 1))
	o.must("fun", ledger.FUN, ledger.PolicyStream("FUND-1"), "revise", "2026-05-01", terms("5", 2000, "1"))
	require.Empty(t, commit(7, "2026-05-02", 1000), "more capital, by another version of the terms")
	require.Equal(t, "no-room", commit(8, "2026-05-03", 1))
}
