package contract

import (
	"encoding/json"
	"fmt"
	"os"
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

	university = uuid.MustParse("5b0e2c1a-7f3d-4e8b-9c6a-0d1e2f3a4b5c")
	maker      = uuid.MustParse("e7c9a3b1-4d5f-4a6b-8c7d-9e0f1a2b3c4d")
	abroad     = uuid.MustParse("7d6c5b4a-3f2e-4d1c-8b0a-9f8e7d6c5b4a")
	theProject = uuid.MustParse("9a1b2c3d-4e5f-4a6b-9c8d-7e6f5a4b3c2d")
	crystal    = uuid.MustParse("1d2c3b4a-5f6e-4789-8abc-def012345678")
	theNotice  = uuid.MustParse("2f3e4d5c-6b7a-4899-8877-665544332211")
)

func yuan(n int64) ledger.Money { return ledger.Money{Minor: n * 100, Currency: "CNY"} }
func fen(n int64) ledger.Money  { return ledger.Money{Minor: n, Currency: "CNY"} }
func entry(n int) uuid.UUID     { return uuid.MustParse(fmt.Sprintf("aa000000-0000-4000-8000-%012d", n)) }
func person(n int) uuid.UUID    { return uuid.MustParse(fmt.Sprintf("b1000000-0000-4000-8000-%012d", n)) }
func long(n int) string         { return strings.Repeat("长", n+1) }

// What other streams say in tests.
type (
	org struct {
		ownership string
		abroad    bool
	}
	proj    bool
	noticed struct {
		kind    string
		subject ledger.StreamID
		on      ledger.Date
	}
)

func (o org) Ownership() string { return o.ownership }
func (o org) IsAbroad() bool    { return o.abroad }
func (p proj) Live() bool       { return bool(p) }
func (n noticed) Cleared(kind string, subject ledger.StreamID) (ledger.Date, bool) {
	return n.on, kind == n.kind && subject == n.subject && !n.on.IsZero()
}

// world is a context in which the parties, the project, three persons and the policies are known.
func world() ledger.Context { return worldIn(true) }

// worldIn is the world in which the project is live, or is not.
func worldIn(live bool) ledger.Context {
	at := ledger.Context{}.
		Knowing(stream("organisation", university), org{ownership: "university"}).
		Knowing(stream("organisation", maker), org{ownership: "private"}).
		Knowing(stream("organisation", abroad), org{ownership: "foreign", abroad: true}).
		Knowing(stream("project", theProject), proj(live)).
		Knowing(stream("achievement", crystal), struct{}{})
	for i := 1; i <= 3; i++ {
		at = at.Knowing(stream("person", person(i)), struct{}{})
	}
	return under(at, law)
}

var law = Rates{NetIncome: 500, Equity: 500, Profit: 50, ProfitYears: 3, Binds: []string{"state-rd", "university"}}

// under is a context decided under a policy with parameters.
func under(at ledger.Context, params any) ledger.Context {
	raw, err := json.Marshal(params)
	if err != nil {
		panic(err)
	}
	at.Rule = &ledger.Rule{Policy: ledger.Policy{Code: "TEST", Version: "1"}, Params: raw}
	return at
}

func on(at ledger.Context, date string) ledger.Context {
	at.On = day(date)
	return at
}

var clocks = Clock{RegisterDays: 30, RecordMonths: 3}

// licence is a licence of a patent for 1,200,000 yuan, not negotiated.
func licence(change func(*Terms)) Terms {
	t := Terms{
		Type: "licence", SubType: "patent", Mode: "licence", Form: "written", Pricing: "listed", PriceForm: "lump",
		Parties: []Party{{university, "provider"}, {maker, "recipient"}}, Total: yuan(1200000),
		Licence: &Licence{Kind: "ordinary", Territory: "中国", From: day("2026-03-02"), To: day("2036-03-01"), Patents: []Patent{{"ZL2", day("2030-01-01")}, {"ZL1", day("2040-06-30")}}},
	}
	if change != nil {
		change(&t)
	}
	return t
}

func transfer(change func(*Terms)) Terms {
	return licence(func(t *Terms) {
		t.Type, t.SubType, t.Mode, t.Licence, t.PreEmption = "transfer", "patent-right", "transfer", nil, "waived"
		if change != nil {
			change(t)
		}
	})
}

func equity(change func(*Terms)) Terms {
	return transfer(func(t *Terms) {
		t.Mode, t.Equity = "equity", &Equity{Company: maker, Capital: yuan(1000000), Appraisal: "沈评报字 18"}
		if change != nil {
			change(t)
		}
	})
}

func development(change func(*Terms)) Terms {
	return licence(func(t *Terms) {
		t.Type, t.SubType, t.Mode, t.Licence = "development", "cooperative", "cooperation", nil
		t.Parties = []Party{{university, "partner"}, {maker, "partner"}}
		if change != nil {
			change(t)
		}
	})
}

func sign(t Terms) Sign {
	return Sign{Code: "HT-2026-0007", Names: ledger.Names{En: "a contract"}, Project: theProject, Terms: t}
}

func signed(t Terms) Signed {
	return Signed{Code: "HT-2026-0007", Names: ledger.Names{En: "a contract"}, Project: theProject, Terms: t, UnitKind: "university"}
}

// wrong turns commands that are wrong in one field into cases.
func wrong(at ledger.Context, past []ledgertest.Past[Event], fields ...any) []row {
	var cases []row
	for i := 0; i < len(fields); i += 2 {
		field, command := fields[i].(string), fields[i+1].(Command)
		cases = append(cases, row{Name: fmt.Sprintf("%s is wrong in case %d", strings.ReplaceAll(field, "/", "."), i/2), Given: past, At: at, When: command, Code: "invalid", Field: field})
	}
	return cases
}

func TestSign(t *testing.T) {
	filed := signed(licence(nil))
	filed.RegisterBy, filed.RecordBy = day("2026-07-15"), day("2026-06-02")
	private := signed(licence(func(x *Terms) {
		x.Pricing, x.Parties = "negotiated", []Party{{maker, "provider"}, {university, "recipient"}}
	}))
	private.UnitKind = "private"
	both := signed(development(func(x *Terms) { x.Parties = []Party{{maker, "partner"}, {university, "partner"}} }))
	full := sign(licence(func(x *Terms) { x.Related = true }))
	full.Achievements, full.Policy = []uuid.UUID{crystal}, "ZJ-2021"
	filled := signed(full.Terms)
	filled.Achievements, filled.Policy = full.Achievements, full.Policy
	exported := licence(func(x *Terms) {
		x.Parties[1].Organisation, x.Export = abroad, &Export{Class: "restricted", Licence: "TX-4"}
	})
	bought := licence(func(x *Terms) { x.Parties = []Party{{abroad, "provider"}, {maker, "recipient"}} })
	imported := signed(bought)
	imported.UnitKind = "foreign"
	nobody := ledger.Context{}.Knowing(stream("project", theProject), proj(true))
	// A second signing is refused by the ledger, which knows that the stream is there.
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a licence, with the days by which it is registered and filed", At: under(world(), clocks), When: sign(licence(nil)), Then: []Event{filed}, Again: true},
		{Name: "with all that others know", At: world(), When: full, Then: []Event{filled}, Again: true},
		{Name: "a private unit negotiates as it likes", At: world(), When: sign(private.Terms), Then: []Event{private}, Again: true},
		{Name: "the unit of partners is the one the law looks at", At: world(), When: sign(both.Terms), Then: []Event{both}, Again: true},
		{Name: "restricted technology with its licence", At: world(), When: sign(exported), Then: []Event{signed(exported)}, Again: true},
		{Name: "technology that comes in needs no export check", At: world(), When: sign(bought), Then: []Event{imported}, Again: true},
		{Name: "a project not approved or closed", At: worldIn(false), When: sign(licence(nil)), Code: "project-not-live"},
		{Name: "parties are registered", At: nobody, When: sign(licence(nil)), Code: "no-such-organisation"},
		{Name: "the company contributed to is registered", At: world(), When: sign(equity(func(x *Terms) { x.Equity.Company = theNotice })), Code: "no-such-organisation"},
		{Name: "a recipient abroad needs an export check", At: world(), When: sign(licence(func(x *Terms) { x.Parties[1].Organisation = abroad })), Code: "export-check-needed"},
		{Name: "prohibited technology stays", At: world(), When: sign(licence(func(x *Terms) { x.Export = &Export{Class: "prohibited"} })), Code: "export-prohibited"},
		{Name: "what is not written", At: world(), When: sign(licence(func(x *Terms) { x.Form = "oral" })), Code: "written-form"},
		{Name: "a licence outlives no patent", At: world(), When: sign(licence(func(x *Terms) { x.Licence.To = day("2040-07") })), Code: "beyond-patents"},
		{Name: "a licence to the end of a month outlives a patent that ends in it", At: world(), When: sign(licence(func(x *Terms) { x.Licence.To, x.Licence.Patents[1].Expiry = day("2040-06"), day("2040-06-15") })), Code: "beyond-patents"},
		{Name: "shares need an appraisal", At: world(), When: sign(equity(func(x *Terms) { x.Equity.Appraisal = "" })), Code: "no-appraisal"},
	})
	missing := sign(licence(nil))
	missing.Achievements = []uuid.UUID{theNotice}
	lost := sign(licence(nil))
	lost.Project = theNotice
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "no such achievement", At: world(), When: missing, Code: "no-such-achievement"},
		{Name: "no such project there", At: world(), When: lost, Code: "no-such-project"},
	})
}

// Scenario 2: a university negotiates 1,200,000 yuan for a transfer. On day 14 of the notice the
// signing is refused; after the conclusion on day 16 it is accepted.
func TestThePriceNotice(t *testing.T) {
	c := sign(transfer(func(x *Terms) { x.Pricing = "negotiated" }))
	c.Notice = theNotice
	e := signed(c.Terms)
	e.Notice = theNotice
	bare := c
	bare.Notice = uuid.Nil
	notice := func(kind string, of uuid.UUID, on string) ledger.Context {
		n := noticed{kind: kind, subject: stream("project", of)}
		if on != "" {
			n.on = day(on)
		}
		return world().Knowing(stream("notice", theNotice), n)
	}
	consulting := sign(licence(func(x *Terms) {
		x.Type, x.SubType, x.Mode, x.Licence, x.Pricing, x.Form = "consulting", "survey", "other", nil, "negotiated", "oral"
	}))
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "on day 14 the notice still runs", At: on(notice("price", theProject, ""), "2026-05-14"), When: c, Code: "price-notice-open"},
		{Name: "on day 16 it is concluded", At: on(notice("price", theProject, "2026-05-16"), "2026-05-16"), When: c, Then: []Event{e}, Again: true},
		{Name: "not dated before the conclusion", At: on(notice("price", theProject, "2026-05-16"), "2026-05-15"), When: c, Code: "price-notice-open"},
		{Name: "a notice of another kind", At: notice("award", theProject, "2026-05-16"), When: c, Code: "price-notice-open"},
		{Name: "a notice of another project", At: notice("price", maker, "2026-05-16"), When: c, Code: "price-notice-open"},
		{Name: "no notice", At: world(), When: bare, Code: "price-notice-needed"},
		{Name: "a notice that is not there", At: world(), When: c, Code: "price-notice-needed"},
		{Name: "advice is no conversion", At: world(), When: consulting, Then: []Event{signed(consulting.Terms)}, Again: true},
	})
	require.Contains(t, c.ReliesOn(), stream("notice", theNotice))
	require.NotContains(t, bare.ReliesOn(), stream("notice", uuid.Nil))
}

func TestTermsThatAreWrong(t *testing.T) {
	var fields []any
	for _, x := range []struct {
		field string
		terms Terms
	}{
		{"type", licence(func(x *Terms) { x.Type = "gift" })},
		{"sub_type", licence(func(x *Terms) { x.SubType = "training" })},
		{"mode", licence(func(x *Terms) { x.Mode = "gift" })},
		{"mode", licence(func(x *Terms) { x.Mode = "transfer" })},
		{"mode", transfer(func(x *Terms) { x.Mode = "licence" })},
		{"form", licence(func(x *Terms) { x.Form = "" })},
		{"pricing", licence(func(x *Terms) { x.Pricing = "" })},
		{"results", licence(func(x *Terms) { x.Results = "nobody" })},
		{"pre_emption", licence(func(x *Terms) { x.PreEmption = "ignored" })},
		{"pre_emption", transfer(func(x *Terms) { x.PreEmption = "" })},
		{"to", licence(func(x *Terms) { x.From, x.To = day("2026-03"), day("2026-02") })},
		{"pay_within", licence(func(x *Terms) { x.PayWithin = -1 })},
		{"pay_within", licence(func(x *Terms) { x.PayWithin = 121 })},
		{"parties", licence(func(x *Terms) { x.Parties = make([]Party, 21) })},
		{"parties", licence(func(x *Terms) { x.Parties = x.Parties[:1] })},
		{"parties", licence(func(x *Terms) { x.Parties = []Party{{maker, "recipient"}, {university, "partner"}} })},
		{"parties/1/part", licence(func(x *Terms) { x.Parties[1].Part = "friend" })},
		{"parties/1", licence(func(x *Terms) { x.Parties[1] = x.Parties[0] })},
		{"price_form", licence(func(x *Terms) { x.PriceForm = "" })},
		{"instalments", licence(func(x *Terms) { x.Instalments = make([]Instalment, 201) })},
		{"instalments", licence(func(x *Terms) {
			x.PriceForm, x.Instalments = "instalment", []Instalment{{"I1", day("2026"), yuan(1)}}
		})},
		{"instalments/0/code", licence(func(x *Terms) { x.Instalments = []Instalment{{"", day("2026"), yuan(1)}} })},
		{"instalments/0/amount/minor", licence(func(x *Terms) { x.Instalments = []Instalment{{"I1", day("2026"), yuan(1200001)}} })},
		{"instalments/0", licence(func(x *Terms) { x.Instalments = []Instalment{{Code: "I1", Amount: yuan(1)}} })},
		{"instalments/1", licence(func(x *Terms) {
			x.Instalments = []Instalment{{"I1", day("2026"), yuan(1)}, {"I1", day("2026"), yuan(1)}}
		})},
		{"total/currency", licence(func(x *Terms) { x.Total = ledger.Money{} })},
		{"total/minor", licence(func(x *Terms) { x.Total = fen(most + 1) })},
		{"tech_value/minor", licence(func(x *Terms) { x.TechValue = yuan(1200001) })},
		{"tech_value/currency", licence(func(x *Terms) { x.TechValue = ledger.Money{Minor: 1, Currency: "USD"} })},
		{"licence", licence(func(x *Terms) { x.Licence = nil })},
		{"licence", transfer(func(x *Terms) { x.Licence = &Licence{} })},
		{"licence/kind", licence(func(x *Terms) { x.Licence.Kind = "" })},
		{"licence/territory", licence(func(x *Terms) { x.Licence.Territory = "" })},
		{"licence/to", licence(func(x *Terms) { x.Licence.To = ledger.Date{} })},
		{"licence/to", licence(func(x *Terms) { x.Licence.To = day("2026-03-01") })},
		{"licence/patents", licence(func(x *Terms) { x.Licence.Patents = nil })},
		{"licence/patents", licence(func(x *Terms) { x.SubType = "technical-secret" })},
		{"licence/patents", licence(func(x *Terms) { x.Licence.Patents = make([]Patent, 201) })},
		{"licence/patents/0/no", licence(func(x *Terms) { x.Licence.Patents[0].No = "" })},
		{"licence/patents/0/expiry", licence(func(x *Terms) { x.Licence.Patents[0].Expiry = ledger.Date{} })},
		{"equity", equity(func(x *Terms) { x.Equity = nil })},
		{"equity", transfer(func(x *Terms) { x.Equity = &Equity{} })},
		{"equity/capital/minor", equity(func(x *Terms) { x.Equity.Capital.Minor = 0 })},
		{"equity/appraisal", equity(func(x *Terms) { x.Equity.Appraisal = long(200) })},
		{"export/class", licence(func(x *Terms) { x.Export = &Export{} })},
		{"export/licence", licence(func(x *Terms) { x.Export = &Export{Class: "restricted"} })},
	} {
		fields = append(fields, x.field, sign(x.terms))
	}
	with := func(change func(*Sign)) Sign {
		c := sign(licence(nil))
		change(&c)
		return c
	}
	fields = append(fields,
		"code", with(func(c *Sign) { c.Code = "合同一" }),
		"names", with(func(c *Sign) { c.Names = ledger.Names{} }),
		"achievements", with(func(c *Sign) { c.Achievements = make([]uuid.UUID, 51) }),
		"policy", with(func(c *Sign) { c.Policy = "a policy" }),
	)
	ledgertest.Run(t, Decider, Codec, wrong(world(), nil, fields...))
	royalty := sign(licence(func(x *Terms) {
		x.PriceForm, x.Total, x.Licence.Patents, x.SubType = "royalty", ledger.Money{}, nil, "technical-secret"
	}))
	exact := sign(licence(func(x *Terms) {
		x.PriceForm, x.TechValue = "instalment", yuan(1200000)
		x.Instalments = []Instalment{{"I1", day("2026"), yuan(200000)}, {"I2", day("2027"), yuan(1000000)}}
	}))
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a royalty has no total", At: world(), When: royalty, Then: []Event{signed(royalty.Terms)}, Again: true},
		{Name: "instalments that come to the total", At: world(), When: exact, Then: []Event{signed(exact.Terms)}, Again: true},
	})
}

var office = Register{No: "2026210100000042", Office: "沈阳市技术市场管理办公室", Type: "licence", Value: yuan(1200000), TechValue: yuan(1100000)}

func TestRegister(t *testing.T) {
	again := office
	again.No = "2026210100000043"
	income := office
	income.TechIncome = yuan(1000000)
	oral := signed(licence(func(x *Terms) {
		x.Type, x.SubType, x.Mode, x.Licence, x.Form = "service", "training", "other", nil, "oral"
	}))
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a contract", Given: given(signed(licence(nil))), When: income, Then: []Event{Registered(income)}},
		{Name: "anew after an amendment", Given: given(signed(licence(nil)), Registered(office), Amended{Terms: licence(nil), Reregister: true}), When: again, Then: []Event{Registered(again)}},
		{Name: "anew after a revocation", Given: given(signed(licence(nil)), Registered(office), RegistrationRevoked{No: office.No, DecidedOn: day("2026-06")}), When: again, Then: []Event{Registered(again)}},
		{Name: "once", Given: given(signed(licence(nil)), Registered(office)), When: again, Code: "registered"},
		{Name: "not under a number it had", Given: given(signed(licence(nil)), Registered(office), RegistrationRevoked{No: office.No, DecidedOn: day("2026-06")}), When: office, Code: "registered"},
		{Name: "no oral contract", Given: given(oral), When: office, Code: "oral"},
		{Name: "not before it is signed", At: on(world(), "2026-03-01"), Given: given(signed(licence(nil))), When: office, Code: "date-order"},
		{Name: "not once it ended", Given: given(signed(licence(nil)), Ended{Ground: "performed"}), When: office, Code: "ended"},
	})
	with := func(change func(*Register)) Register {
		c := office
		change(&c)
		return c
	}
	ledgertest.Run(t, Decider, Codec, wrong(world(), given(signed(licence(nil))),
		"no", with(func(c *Register) { c.No = "202621010000004" }),
		"no", with(func(c *Register) { c.No = "20262101000000421" }),
		"no", with(func(c *Register) { c.No = "2026210100000O42" }),
		"office", with(func(c *Register) { c.Office = "" }),
		"type", with(func(c *Register) { c.Type = "" }),
		"value/minor", with(func(c *Register) { c.Value.Minor = 0 }),
		"tech_value/minor", with(func(c *Register) { c.TechValue = yuan(1200001) }),
		"tech_income/minor", with(func(c *Register) { c.TechIncome = yuan(1100001) }),
	))
}

func TestRevokeRegistration(t *testing.T) {
	ab := RevokeRegistration{Ground: "sham", Effect: "ab-initio", Decision: "沈科撤 3", DecidedOn: day("2026-06-10"), Recover: yuan(72000)}
	now := ab
	now.Effect, now.Recover = "prospective", ledger.Money{}
	past := given(signed(licence(nil)), Registered(office))
	event := func(c RevokeRegistration) Event {
		return RegistrationRevoked{office.No, c.Ground, c.Effect, c.Decision, c.DecidedOn, c.Recover}
	}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "from the beginning, on the day of the registration", At: on(world(), "2026-03-02"), Given: past, When: ab, Then: []Event{event(ab)}},
		{Name: "from now on", At: on(world(), "2026-06-10"), Given: past, When: now, Then: []Event{event(now)}},
		{Name: "from the beginning is not dated later", At: on(world(), "2026-06-10"), Given: past, When: ab, Code: "ab-initio-date"},
		{Name: "not before the registration", At: on(world(), "2026-03-01"), Given: past, When: now, Code: "date-order"},
		{Name: "what is not registered", Given: given(signed(licence(nil))), At: on(world(), "2026-06-10"), When: now, Code: "not-registered"},
		{Name: "not twice", Given: given(signed(licence(nil)), Registered(office), event(now)), At: on(world(), "2026-06-10"), When: now, Code: "not-registered"},
	})
	with := func(change func(*RevokeRegistration)) RevokeRegistration {
		c := now
		change(&c)
		return c
	}
	ledgertest.Run(t, Decider, Codec, wrong(on(world(), "2026-06-10"), past,
		"ground", with(func(c *RevokeRegistration) { c.Ground = "" }),
		"effect", with(func(c *RevokeRegistration) { c.Effect = "" }),
		"decision", with(func(c *RevokeRegistration) { c.Decision = "" }),
		"decided_on", with(func(c *RevokeRegistration) { c.DecidedOn = ledger.Date{} }),
		"decided_on", with(func(c *RevokeRegistration) { c.DecidedOn = day("2026-06-16") }),
		"decided_on", with(func(c *RevokeRegistration) { c.DecidedOn = day("2026-06-09") }),
		"recover/minor", with(func(c *RevokeRegistration) { c.Recover = fen(-1) }),
	))
}

func TestRecordLicence(t *testing.T) {
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a patent licence", Given: given(signed(licence(nil))), When: RecordLicence{"X1"}, Then: []Event{LicenceRecorded{"X1"}}},
		{Name: "once", Given: given(signed(licence(nil)), LicenceRecorded{"X1"}), When: RecordLicence{"X2"}, Code: "licence-recorded"},
		{Name: "nothing else", Given: given(signed(transfer(nil))), When: RecordLicence{"X1"}, Code: "not-a-patent-licence"},
		{Name: "with its number", Given: given(signed(licence(nil))), When: RecordLicence{}, Code: "invalid", Field: "no"},
	})
}

func TestAmend(t *testing.T) {
	dearer := licence(func(x *Terms) { x.Total = yuan(1500000) })
	later := licence(func(x *Terms) { x.To = day("2036-03-01") })
	abroadNow := licence(func(x *Terms) {
		x.Parties[1].Organisation, x.Export, x.To = abroad, &Export{Class: "free"}, day("2036")
	})
	dollars := licence(func(x *Terms) { x.Total.Currency = "USD" })
	negotiated := licence(func(x *Terms) { x.Pricing, x.Total = "negotiated", yuan(900000) })
	received := ReceiptRecorded{Entry: entry(1), Amount: yuan(1200000), Voucher: "V1"}
	cleared := world().Knowing(stream("notice", theNotice), noticed{"price", stream("project", theProject), day("2026-05-01")})
	amended := func(terms Terms, changed ...string) Amended {
		return Amended{Reason: "r", Terms: terms, UnitKind: "university", Changed: changed}
	}
	anew := amended(dearer, "total")
	anew.Reregister, anew.RegisterBy = true, day("2026-07-15")
	exported := amended(abroadNow, "parties", "to", "export")
	exported.Reregister = true
	told := amended(negotiated, "pricing", "total")
	told.Notice = theNotice
	past := given(signed(licence(nil)))
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "what is not registered is not registered anew", At: world(), Given: past, When: Amend{Reason: "r", Terms: dearer}, Then: []Event{amended(dearer, "total")}},
		{Name: "another value is registered anew", At: under(world(), clocks), Given: given(signed(licence(nil)), Registered(office)), When: Amend{Reason: "r", Terms: dearer}, Then: []Event{anew}},
		{Name: "a later end is not", At: world(), Given: given(signed(licence(nil)), Registered(office)), When: Amend{Reason: "r", Terms: later}, Then: []Event{amended(later, "to")}},
		{Name: "what is exported always is", At: world(), Given: given(signed(licence(nil)), Registered(office)), When: Amend{Reason: "r", Terms: abroadNow}, Then: []Event{exported}},
		{Name: "another negotiated price needs its notice", At: world(), Given: past, When: Amend{Reason: "r", Terms: negotiated}, Code: "price-notice-needed"},
		{Name: "and may be signed after it", At: cleared, Given: past, When: Amend{Reason: "r", Notice: theNotice, Terms: negotiated}, Then: []Event{told}},
		{Name: "nothing changed", At: world(), Given: past, When: Amend{Reason: "r", Terms: licence(nil)}, Code: "nothing-changed"},
		{Name: "a party not registered", Given: past, When: Amend{Reason: "r", Terms: dearer}, Code: "no-such-organisation"},
		{Name: "never below what was received", At: world(), Given: given(signed(licence(nil)), received), When: Amend{Reason: "r", Terms: licence(func(x *Terms) { x.Total = yuan(1199999) })}, Code: "below-receipts"},
		{Name: "down to what was received", At: world(), Given: given(signed(licence(nil)), ReceiptRecorded{Entry: entry(1), Amount: yuan(1000000), Voucher: "V1"}), When: Amend{Reason: "r", Terms: licence(func(x *Terms) { x.Total = yuan(1000000) })},
			Then: []Event{amended(licence(func(x *Terms) { x.Total = yuan(1000000) }), "total")}},
		{Name: "never another currency under money booked", At: world(), Given: given(signed(licence(nil)), received), When: Amend{Reason: "r", Terms: dollars}, Code: "currency-fixed"},
		{Name: "never another mode under a distribution", At: world(), Given: given(signed(licence(nil)), received, run(entry(2), yuan(1200000), entry(1))), When: Amend{Reason: "r", Terms: licence(func(x *Terms) { x.Mode = "other" })}, Code: "mode-fixed"},
		{Name: "not once it ended", At: world(), Given: given(signed(licence(nil)), Ended{Ground: "performed"}), When: Amend{Reason: "r", Terms: dearer}, Code: "ended"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(world(), past,
		"reason", Amend{Terms: dearer},
		"form", Amend{Reason: "r", Terms: licence(func(x *Terms) { x.Form = "" })},
	))
	require.Equal(t, stream("notice", theNotice), Amend{Notice: theNotice}.ReliesOn()[0])
}

func TestEnd(t *testing.T) {
	past := given(signed(licence(func(x *Terms) { x.To = day("2026-05-31") })))
	open := given(signed(licence(nil)))
	late := End{Ground: "late-performance", By: "recipient", Settlement: "s", DemandedOn: day("2026-05-16")}
	void := End{Ground: "void", Settlement: "s", DecidedOn: day("2026-06-01")}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "performed", Given: past, When: EndPerformed{"paid"}, Then: []Event{Ended{Ground: "performed", Settlement: "paid"}}},
		{Name: "expired", Given: past, When: End{Ground: "expired", Settlement: "s"}, Then: []Event{Ended{Ground: "expired", Settlement: "s"}}},
		{Name: "by agreement", Given: past, When: End{Ground: "agreed", By: "both", Settlement: "s"}, Then: []Event{Ended{Ground: "agreed", By: "both", Settlement: "s"}}},
		{Name: "for late performance, thirty days after the demand", Given: past, When: late, Then: []Event{Ended(late)}},
		{Name: "not on the twenty-ninth", At: on(world(), "2026-06-14"), Given: past, When: late, Code: "demand-running"},
		{Name: "void from the beginning", At: on(world(), "2026-03-02"), Given: past, When: void, Then: []Event{Ended(void)}},
		{Name: "void is not dated later", Given: past, When: void, Code: "ab-initio-date"},
		{Name: "not expired yet", At: on(world(), "2026-05-30"), Given: past, When: End{Ground: "expired", Settlement: "s"}, Code: "not-expired"},
		{Name: "without a last day nothing expires", Given: open, When: End{Ground: "expired", Settlement: "s"}, Code: "not-expired"},
		{Name: "once", Given: given(signed(licence(nil)), Ended{Ground: "performed"}), When: End{Ground: "agreed", Settlement: "s"}, Code: "ended"},
		{Name: "performed once", Given: given(signed(licence(nil)), Ended{Ground: "performed"}), When: EndPerformed{}, Code: "ended"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(world(), past,
		"ground", End{Settlement: "s"},
		"by", End{Ground: "agreed", By: "nobody", Settlement: "s"},
		"settlement", End{Ground: "agreed"},
		"settlement", EndPerformed{long(500)},
		"demanded_on", End{Ground: "late-performance", Settlement: "s"},
		"demanded_on", End{Ground: "agreed", Settlement: "s", DemandedOn: day("2026")},
		"decided_on", End{Ground: "void", Settlement: "s"},
	))
	ledgertest.Run(t, Decider, Codec, wrong(on(world(), "2026-03-02"), past, "decided_on", End{Ground: "void", Settlement: "s", DecidedOn: day("2026-06-16")}))
}

func TestWhatOthersAsk(t *testing.T) {
	s := Decider.Evolve(State{}, signed(licence(nil)), ledger.Metadata{OccurredOn: day("2026-03-02")})
	require.False(t, State{}.Effective(day("2026-03-02")))
	require.False(t, s.Effective(day("2026-03-01")))
	require.True(t, s.Effective(day("2026-03-02")))
	require.Equal(t, theProject, s.ForProject())
	s = Decider.Evolve(s, Ended{Ground: "performed"}, ledger.Metadata{OccurredOn: day("2026-06-01")})
	require.True(t, s.Effective(day("2026-05-31")))
	require.False(t, s.Effective(day("2026-06-01")))
}

func TestClaims(t *testing.T) {
	require.Empty(t, claims(State{}, ledger.StreamID{}))
	s := fold(signed(licence(nil)), Registered(office), RegistrationRevoked{No: office.No},
		ReceiptRecorded{Entry: entry(1), Amount: yuan(10), Voucher: "V1"}, ReceiptRecorded{Entry: entry(2), Amount: yuan(10), Voucher: "V2"},
		EntryReversed{Reversal: entry(3), Entry: entry(1), Amount: yuan(10)}, EntryReversed{Reversal: entry(4), Entry: entry(2), Amount: yuan(9)})
	require.Equal(t, []ledger.Claim{
		{Kind: "contract-code", Key: "HT-2026-0007"},
		{Kind: "registration-no", Key: office.No},
		{Kind: "voucher", Key: university.String() + " V2"},
	}, claims(s, ledger.StreamID{}), "a number is held for ever, a voucher as long as something of it stands")
}

func TestWhoSees(t *testing.T) {
	require.Equal(t, []string{"zhao.inv", "sun.inv"}, Sight.Concerns(Registered{}, ledger.Metadata{Actor: "sun.inv", Role: ledger.INV, OnBehalfOf: "zhao.inv"}))
	require.Empty(t, Sight.Concerns(Registered{}, ledger.Metadata{Actor: "li.leg", Role: ledger.LEG}))
	require.Equal(t, ledger.SeesAll, Sight.Reach([]ledger.Role{ledger.FIN}))
	require.Equal(t, ledger.SeesOwn, Sight.Reach([]ledger.Role{ledger.INV}))
}

// fold is the state after events of the day Before.
func fold(events ...Event) (s State) {
	for _, e := range events {
		s = Decider.Evolve(s, e, ledger.Metadata{Actor: ledgertest.Author, OccurredOn: ledgertest.Before})
	}
	return s
}

func TestStoredShapes(t *testing.T) { ledgertest.Shapes(t, Codec, os.DirFS("testdata/events")) }

func FuzzDecode(f *testing.F) { ledgertest.FuzzDecode(f, Codec, os.DirFS("testdata/events")) }
