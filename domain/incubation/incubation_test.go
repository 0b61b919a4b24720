package incubation

import (
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
	day   = ledgertest.Date

	house   = uuid.MustParse("5b0e2c1a-7f3d-4e8b-9c6a-0d1e2f3a4b5c")
	garden  = uuid.MustParse("5b6c7d8e-9f0a-4b1c-8d3e-4f5a6b7c8d9e")
	abroad  = uuid.MustParse("2e3f4a5b-6c7d-4e8f-9a0b-1c2d3e4f5a6b")
	firm    = uuid.MustParse("1d2c3b4a-5f6e-4789-8abc-def012345678")
	other   = uuid.MustParse("7d8e9f0a-1b2c-4d3e-8f5a-6b7c8d9e0f1a")
	project = uuid.MustParse("3f4a5b6c-7d8e-4f9a-8b1c-2d3e4f5a6b7c")
	deal    = uuid.MustParse("4a5b6c7d-8e9f-4a0b-9c2d-3e4f5a6b7c8d")
	mentor  = uuid.MustParse("0c9b8a7f-6e5d-4c3b-8a29-180716253443")
	venture = uuid.MustParse("e7c9a3b1-4d5f-4a6b-8c7d-9e0f1a2b3c4d")
	first   = uuid.MustParse("6c7d8e9f-0a1b-4c2d-9e4f-5a6b7c8d9e0f") // the offshore case
	nobody  = uuid.MustParse("00000000-0000-4000-8000-000000000000")

	names = ledger.Names{En: "Compliant joint robots"}
)

// What other aggregates would say.
type place struct {
	kind  string
	shut  bool
	park  uuid.UUID
	grace ledger.Date
}

func (p place) OfKind() string             { return p.kind }
func (p place) OfScheme() string           { return "" }
func (p place) OpenOn(ledger.Date) bool    { return !p.shut }
func (p place) RoomArea(room string) int64 { return map[string]int64{"A-101": 120}[room] }
func (p place) TenantArea() int64          { return 9000 }
func (p place) Park() uuid.UUID            { return p.park }
func (p place) StaffBy() ledger.Date       { return p.grace }

type company struct {
	founded ledger.Date
	foreign bool
}

func (c company) Founded() ledger.Date { return c.founded }
func (c company) IsAbroad() bool       { return c.foreign }

type contract struct {
	of      uuid.UUID
	expired bool
}

func (c contract) Effective(ledger.Date) bool { return !c.expired }
func (c contract) ForProject() uuid.UUID      { return c.of }

type certificate struct{ holder uuid.UUID }

func (c certificate) ValidFor(subject ledger.StreamID, scheme string, _ ledger.Date) bool {
	return subject == stream("organisation", c.holder) && scheme == "HNTE"
}

const terms = `{"needs_company":true,"needs_contract":true,"waivers":["founder-team","offshore-landing"],
	"max_company_months":24,"limit_months":48,"long_months":60,"long_fields":["biomedicine"],"extension_months":12,"appeal_days":30,
	"criteria":[{"code":"hnte","names":{"en":"HNTE"},"by":"recognition","scheme":"HNTE"},
		{"code":"financing","names":{"en":"5 M"},"by":"financing","amount":{"minor":500000000,"currency":"CNY"}},
		{"code":"revenue","names":{"en":"10 M"},"by":"revenue","amount":{"minor":1000000000,"currency":"CNY"},"years":2},
		{"code":"acquired","names":{"en":"acquired"},"by":"evidence"}]}`

// known is a context in which all streams of the tests are there and the terms in force.
func known() ledger.Context { return under(terms) }

func under(params string) ledger.Context { return around(ledger.Context{}, params) }

// around adds what a context does not know yet.
func around(at ledger.Context, params string) ledger.Context {
	at.Rule = &ledger.Rule{Policy: rule, Params: []byte(params)}
	return at.
		Knowing(stream("facility", house), place{kind: "incubator", park: garden}).
		Knowing(stream("facility", garden), place{kind: "park"}).
		Knowing(stream("facility", abroad), place{kind: "offshore_centre"}).
		Knowing(stream("organisation", firm), company{founded: day("2025-06-15")}).
		Knowing(stream("organisation", other), company{founded: day("2024-06-14")}).
		Knowing(stream("project", project), nil).
		Knowing(stream("team", project), nil).
		Knowing(stream("contract", deal), contract{of: project}).
		Knowing(stream("person", mentor), nil).
		Knowing(stream("recognition", deal), certificate{firm})
}

// versioned is the context known under a version of a policy, with the same terms.
func versioned(r ledger.Rule) ledger.Context {
	at := known()
	r.Params = at.Rule.Params
	at.Rule = &r
	return at
}

// with is a context with one stream more or other than known.
func with(s ledger.StreamID, state any) ledger.Context {
	return around(ledger.Context{}, terms).Knowing(s, state)
}

func on(at ledger.Context, date string) ledger.Context {
	at.On = day(date)
	return at
}

var (
	rule     = ledger.Policy{Code: "INCUBATOR", Version: "2025"}
	asked    = Application{Names: names, Facility: house, Venture: venture, Company: firm, Project: project}
	applied  = IncubationApplied{Application: asked, Park: garden}
	admitted = IncubationAdmitted{Facility: house, Company: firm, Contract: deal, Room: "A-101", Area: 120,
		Policy: rule, TenantArea: 9000, Limit: day("2030-03-02"), Longest: day("2031-03-02")}
	guided    = MentorAssigned{Mentor: mentor}
	declared  = MentorInterestDeclared{Mentor: mentor, Relation: "invests"}
	graduated = GraduationConfirmed{Criteria: []Met{{Code: "acquired", Evidence: "E-1"}}, Destination: "acquired", AdmittedUnder: rule, JudgedBy: rule}
	gone      = TenancyEnded{Reason: "moved", Freed: 120}
	tenant    = given(applied, admitted)
)

func long(n int) string { return strings.Repeat("长", n+1) }

// wrong turns commands that are wrong in one field into cases.
func wrong(at ledger.Context, past []ledgertest.Past[Event], fields ...any) []row {
	var cases []row
	for i := 0; i < len(fields); i += 2 {
		field, command := fields[i].(string), fields[i+1].(Command)
		cases = append(cases, row{Name: fmt.Sprintf("%s is wrong in case %d", strings.ReplaceAll(field, "/", "."), i/2), Given: past, At: at, When: command, Code: "invalid", Field: field})
	}
	return cases
}

func TestApply(t *testing.T) {
	full := asked
	full.Code, full.Team, full.Founders, full.Channel, full.Field = "K-2026-0007", project, []uuid.UUID{mentor}, "founder-team", "robotics"
	full.Summary, full.Ask, full.Staff, full.IP = "joints", "120 m²", 6, 3
	team := Application{Names: names, Facility: house, Founders: []uuid.UUID{mentor}}
	own := team
	own.Venture = ledgertest.ID
	inPark := Application{Names: names, Facility: garden, Venture: venture, Company: firm}
	local := Application{Names: names, Facility: house, Offshore: first}
	goesOn := local
	goesOn.Venture, goesOn.Company = venture, firm
	landed := State{Application: Application{Venture: venture, Company: firm}, Stage: Landed, HasLanded: true}
	before := func(s any) ledger.Context { return with(stream("incubation", first), s) }
	// A second application is refused by the ledger, which knows that the stream is there.
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "with all there is to say", At: known(), When: Apply{full}, Then: []Event{IncubationApplied{full, garden}}, Again: true},
		{Name: "a team is a venture of its own", At: known(), When: Apply{team}, Then: []Event{IncubationApplied{own, garden}}, Again: true},
		{Name: "to a park", At: known(), When: Apply{inPark}, Then: []Event{IncubationApplied{inPark, garden}}, Again: true},
		{Name: "a landed venture goes on", At: before(landed), When: Apply{local}, Then: []Event{IncubationApplied{goesOn, garden}}, Again: true},
		{Name: "an offshore case that has not landed", At: before(State{Stage: Live}), When: Apply{local}, Code: "not-landed"},
	})
	c := func(change func(*Application)) Apply {
		a := asked
		change(&a)
		return Apply{a}
	}
	ledgertest.Run(t, Decider, Codec, wrong(before(landed), nil,
		"names", c(func(a *Application) { a.Names = ledger.Names{} }),
		"channel", c(func(a *Application) { a.Channel = "friend" }),
		"field", c(func(a *Application) { a.Field = long(40) }),
		"summary", c(func(a *Application) { a.Summary = long(2000) }),
		"ask", c(func(a *Application) { a.Ask = long(1000) }),
		"founders", c(func(a *Application) { a.Founders = make([]uuid.UUID, 51) }),
		"company", c(func(a *Application) { a.Company = nobody }),
		"team", c(func(a *Application) { a.Team = nobody }),
		"project", c(func(a *Application) { a.Project = nobody }),
		"code", c(func(a *Application) { a.Code = "-" }),
		"staff", c(func(a *Application) { a.IP = -1 }),
		"founders/1", c(func(a *Application) { a.Founders = []uuid.UUID{mentor, nobody} }),
		"facility", c(func(a *Application) { a.Facility = nobody }),
		"offshore", c(func(a *Application) { a.Offshore = nobody }),
		"venture", c(func(a *Application) { a.Offshore, a.Venture = first, other }),
		"company", c(func(a *Application) { a.Offshore, a.Company = first, other }),
	))
	ledgertest.Run(t, Decider, Codec, wrong(with(stream("facility", house), place{kind: "key_lab"}), nil, "facility", Apply{asked}))
}

func TestRefuse(t *testing.T) {
	c := Refuse{Ground: "no-room", Note: "none is free"}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "an application", Given: given(applied), When: c, Then: []Event{ApplicationRefused(c)}},
		{Name: "a tenant", Given: tenant, When: c, Code: "decided"},
		{Name: "before it applied", Given: given(applied), At: ledger.Context{On: day("2025")}, When: c, Code: "date-order"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(ledger.Context{}, given(applied), "ground", Refuse{Ground: "whim"}, "note", Refuse{Ground: "other", Note: long(1000)}))
}

// Scenario 7 and the conditions of admission, one refusal each.
func TestAdmit(t *testing.T) {
	c := Admit{Contract: deal, Room: "A-101", Area: 120}
	full := c
	full.Agreement, full.Rent, full.RentTerms = "FH-1", ledger.Money{Minor: 360000, Currency: "CNY"}, "half"
	full.Services, full.Conditions = []string{"mentoring"}, []string{"report"}
	today := admitted
	today.Limit, today.Longest = day("2030-06-15"), day("2031-06-15")
	told := today
	told.Agreement, told.Rent, told.RentTerms, told.Services, told.Conditions = full.Agreement, full.Rent, full.RentTerms, full.Services, full.Conditions
	medicine := applied
	medicine.Field = "biomedicine"
	longer := today
	longer.Limit, longer.Longest = day("2031-06-15"), day("2032-06-15")
	old := applied
	old.Company = other
	waived := &Waiver{"offshore-landing", "landed from Heidelberg"}
	landed := applied
	landed.Offshore, landed.Company, landed.Project = first, other, uuid.Nil
	landing := IncubationAdmitted{Facility: house, Company: other, Waiver: waived, Policy: rule, TenantArea: 9000, Limit: today.Limit, Longest: today.Longest}
	team := applied
	team.Company, team.Team = uuid.Nil, project
	outside := IncubationApplied{Application: Application{Names: names, Facility: abroad, Venture: venture}}
	free := `{"criteria":[{"code":"resolved","names":{"en":"resolved"},"by":"evidence"}]}`
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a contracted project", Given: given(applied), At: known(), When: c, Then: []Event{today}},
		{Name: "with all there is to say", Given: given(applied), At: known(), When: full, Then: []Event{told}},
		{Name: "a field with more time", Given: given(medicine), At: known(), When: c, Then: []Event{longer}},
		{Name: "a company founded since it applied", Given: given(team), At: known(), When: Admit{Company: firm, Contract: deal, Room: "A-101", Area: 120}, Then: []Event{today}},
		{Name: "a landed venture without contract, company older", Given: given(landed), At: known(), When: Admit{Waiver: waived}, Then: []Event{landing}},
		{Name: "a team of founders by waiver", Given: given(team), At: known(), When: Admit{Company: firm, Waiver: &Waiver{"founder-team", "founders"}},
			Then: []Event{IncubationAdmitted{Facility: house, Company: firm, Waiver: &Waiver{"founder-team", "founders"}, Policy: rule, TenantArea: 9000, Limit: today.Limit, Longest: today.Longest}}},
		{Name: "under terms without limits", Given: given(IncubationApplied{Application: Application{Names: names, Facility: house, Venture: venture}}), At: under(free), When: Admit{},
			Then: []Event{IncubationAdmitted{Facility: house, Policy: rule, TenantArea: 9000}}},
		{Name: "offshore without a company here", Given: given(outside), At: under(strings.Replace(terms, `"needs_contract":true,`, "", 1)), When: Admit{},
			Then: []Event{IncubationAdmitted{Facility: abroad, Policy: rule, TenantArea: 9000, Limit: today.Limit, Longest: today.Longest}}},
		{Name: "on the last day of the park's grace", Given: given(applied), At: with(stream("facility", garden), place{grace: day("2026-06-15")}), When: c, Then: []Event{today}},

		{Name: "without a contract", Given: given(applied), At: known(), When: Admit{Room: "A-101", Area: 120}, Code: "no-contract"},
		{Name: "with a contract that ended", Given: given(applied), At: with(stream("contract", deal), contract{project, true}), When: c, Code: "contract-not-effective"},
		{Name: "the company is too old", Given: given(old), At: known(), When: c, Code: "too-old"},
		{Name: "nobody knows how old the company is", Given: given(applied), At: with(stream("organisation", firm), company{}), When: c, Code: "age-unknown"},
		{Name: "the policy knows no such waiver", Given: given(applied), At: known(), When: Admit{Waiver: &Waiver{"policy", "x"}}, Code: "no-such-waiver"},
		{Name: "a waiver for founders without any", Given: given(applied), At: known(), When: Admit{Waiver: &Waiver{"founder-team", "x"}}, Code: "no-team"},
		{Name: "a waiver for a landing that was none", Given: given(applied), At: known(), When: Admit{Waiver: &Waiver{"offshore-landing", "x"}}, Code: "no-offshore-case"},
		{Name: "the room is too small", Given: given(applied), At: known(), When: Admit{Contract: deal, Room: "A-101", Area: 121}, Code: "room-too-small"},
		{Name: "more than there is for tenants", Given: given(applied), At: known(), When: Admit{Contract: deal, Area: 9001}, Code: "no-such-area"},
		{Name: "the facility is closed", Given: given(applied), At: with(stream("facility", house), place{kind: "incubator", shut: true}), When: c, Code: "not-designated"},
		{Name: "a day after the park's grace", Given: given(applied), At: with(stream("facility", garden), place{grace: day("2026-06-14")}), When: c, Code: "no-chief-scientist"},
		{Name: "under a policy for another scheme", Given: given(applied), At: under(strings.Replace(terms, "{", `{"scheme":"ASF",`, 1)), When: c, Code: "other-scheme"},
		{Name: "under a version that was superseded", Given: given(applied), At: versioned(ledger.Rule{Policy: older, To: day("2025-06-30")}), When: c, Code: "not-in-force"},
		{Name: "under a version to come", Given: given(applied), At: versioned(ledger.Rule{Policy: rule, From: day("2026-06-16")}), When: c, Code: "not-in-force"},
		{Name: "without a policy", Given: given(applied), When: c, Code: "no-policy"},
		{Name: "a tenant", Given: tenant, At: known(), When: c, Code: "decided"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(known(), given(applied),
		"agreement", Admit{Agreement: long(100)}, "room", Admit{Room: long(40)}, "rent_terms", Admit{RentTerms: long(500)},
		"rent/minor", Admit{Rent: ledger.Money{Minor: -1, Currency: "CNY"}},
		"services/0", Admit{Services: []string{""}}, "conditions", Admit{Conditions: make([]string, 51)},
		"company", Admit{Company: other, Contract: deal},
		"waiver/channel", Admit{Waiver: &Waiver{"friend", "x"}}, "waiver/reason", Admit{Waiver: &Waiver{Channel: "policy"}},
		"area_m2", Admit{Contract: deal, Area: -1}, "area_m2", Admit{Contract: deal, Room: "A-101"},
		"room", Admit{Contract: deal, Room: "Z", Area: 1},
		"contract", Admit{Contract: nobody},
	))
	ledgertest.Run(t, Decider, Codec, wrong(with(stream("contract", deal), contract{of: other}), given(applied), "contract", c))
	ledgertest.Run(t, Decider, Codec, wrong(known(), given(team), "company", Admit{Contract: deal}, "company", Admit{Contract: deal, Company: nobody}))
}

func TestMentors(t *testing.T) {
	c := DeclareMentorInterest{Mentor: mentor, Relation: "invests", Note: "2 %"}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "assigned", Given: tenant, At: known(), When: AssignMentor{mentor, "men-1"}, Then: []Event{MentorAssigned{mentor, "men-1"}}},
		{Name: "assigned already", Given: given(applied, admitted, guided), At: known(), When: AssignMentor{Mentor: mentor}},
		{Name: "an interest declared", Given: given(applied, admitted, guided), At: known(), When: c, Then: []Event{MentorInterestDeclared(c)}},
		{Name: "declared already", Given: given(applied, admitted, guided, declared), At: known(), When: c},
		{Name: "of one who applied only", Given: given(applied), At: known(), When: AssignMentor{Mentor: mentor}, Code: "not-live"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(known(), tenant,
		"mentor", AssignMentor{Mentor: nobody}, "handle", AssignMentor{mentor, long(64)},
		"relation", DeclareMentorInterest{Mentor: mentor, Relation: "friend"},
		"note", DeclareMentorInterest{mentor, "other", long(500)},
		"mentor", DeclareMentorInterest{Mentor: mentor, Relation: "other"},
	))
	var full []Event
	for range maxMentors {
		full = append(full, MentorAssigned{Mentor: nobody})
	}
	ledgertest.Run(t, Decider, Codec, wrong(known(), append(given(applied, admitted), given(full...)...), "mentor", AssignMentor{Mentor: mentor}))
}

func TestDeliverService(t *testing.T) {
	c := DeliverService{Kind: "mentoring", Mentor: mentor, Provider: firm, Hours: 3, Outcome: "a pilot customer"}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "by a mentor", Given: given(applied, admitted, guided), At: known(), When: c, Then: []Event{ServiceDelivered(c)}, Again: true},
		{Name: "by nobody named", Given: tenant, At: known(), When: DeliverService{Kind: "ip"}, Then: []Event{ServiceDelivered{Kind: "ip"}}, Again: true},
		{Name: "to one who left", Given: given(applied, admitted, gone), At: known(), When: DeliverService{Kind: "ip"}, Code: "not-live"},
		{Name: "before the admission", Given: tenant, At: on(known(), "2025"), When: DeliverService{Kind: "ip"}, Code: "date-order"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(known(), tenant,
		"kind", DeliverService{Kind: "lunch"}, "outcome", DeliverService{Kind: "ip", Outcome: long(1000)},
		"provider", DeliverService{Kind: "ip", Provider: nobody}, "hours", DeliverService{Kind: "ip", Hours: 10_001},
		"mentor", DeliverService{Kind: "ip", Mentor: mentor}))
}

func round(change func(*RecordFinancing)) RecordFinancing {
	c := RecordFinancing{Round: "angel", Investor: other, Amount: ledger.Money{Minor: 600000000, Currency: "CNY"}, Instrument: "equity", Voucher: "V-1"}
	if change != nil {
		change(&c)
	}
	return c
}

func TestRecordFinancing(t *testing.T) {
	own := round(func(c *RecordFinancing) { c.OwnFund = true })
	byMentor := round(func(c *RecordFinancing) { c.Investor, c.Person = uuid.Nil, mentor })
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "from the own fund", Given: tenant, At: known(), When: own, Then: []Event{FinancingRoundRecorded(own)}},
		{Name: "from a mentor who declared it", Given: given(applied, admitted, guided, declared), At: known(), When: byMentor, Then: []Event{FinancingRoundRecorded(byMentor)}},
		{Name: "from a mentor who did not", Given: given(applied, admitted, guided), At: known(), When: byMentor, Code: "interest-undeclared"},
		{Name: "the same voucher", Given: given(applied, admitted, FinancingRoundRecorded(own)), At: known(), When: round(nil), Code: "voucher-known"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(known(), tenant,
		"round", round(func(c *RecordFinancing) { c.Round = "z" }),
		"amount/minor", round(func(c *RecordFinancing) { c.Amount.Minor = 0 }),
		"instrument", round(func(c *RecordFinancing) { c.Instrument = "promise" }),
		"voucher", round(func(c *RecordFinancing) { c.Voucher = "" }),
		"investor", round(func(c *RecordFinancing) { c.Investor = nobody }),
		"person", round(func(c *RecordFinancing) { c.Person = nobody }),
		"investor", round(func(c *RecordFinancing) { c.Investor = uuid.Nil }),
		"investor", round(func(c *RecordFinancing) { c.Person = mentor }),
	))
}

func TestReportMetrics(t *testing.T) {
	figures := Metrics{Period: day("2026-05"), Currency: "CNY", Revenue: 100, Staff: 24, College: 21, IPValid: 7, Inventions: 3}
	c := func(change func(*Metrics)) ReportMetrics {
		m := figures
		change(&m)
		return ReportMetrics{m}
	}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a month", Given: tenant, When: ReportMetrics{figures}, Then: []Event{TenantMetricsReported{figures}}},
		{Name: "again with other figures", Given: given(applied, admitted, TenantMetricsReported{figures}), When: c(func(m *Metrics) { m.Revenue = 2 }), Code: "period-reported"},
		{Name: "after leaving", Given: given(applied, admitted, gone), When: ReportMetrics{figures}, Code: "not-live"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(ledger.Context{}, tenant,
		"/currency", c(func(m *Metrics) { m.Currency = "RMB" }),
		"revenue", c(func(m *Metrics) { m.Revenue = -1 }),
		"new_graduates", c(func(m *Metrics) { m.NewGraduates = 25 }),
		"inventions", c(func(m *Metrics) { m.Inventions = 8 }),
		"period", c(func(m *Metrics) { m.Period = day("2026") }),
		"period", c(func(m *Metrics) { m.Period = day("2026-06-01") }),
		"period", c(func(m *Metrics) { m.Period = day("2026-02") }),
	))
}

func TestExtend(t *testing.T) {
	c := Extend{Limit: day("2031-03-02"), Reason: "trials"}
	free := admitted
	free.Limit, free.Longest = ledger.Date{}, ledger.Date{}
	late := on(ledger.Context{Now: ledgertest.Now.AddDate(4, 0, 0)}, "2030-03-03")
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "to the longest the policy allows", Given: tenant, When: c, Then: []Event{IncubationExtended(c)}},
		{Name: "a day longer", Given: tenant, When: Extend{day("2031-03-03"), "trials"}, Code: "too-long"},
		{Name: "after the limit", Given: tenant, At: late, When: c, Code: "past-limit"},
		{Name: "without a limit", Given: given(applied, free), When: c, Code: "no-limit"},
		{Name: "once it is over", Given: given(applied, admitted, graduated), When: c, Code: "not-live"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(ledger.Context{}, tenant, "reason", Extend{Limit: c.Limit},
		"limit", Extend{day("2031"), "x"}, "limit", Extend{day("2030-03-02"), "x"}))
}

func TestConfirmGraduation(t *testing.T) {
	by := func(code string) ConfirmGraduation {
		return ConfirmGraduation{Criteria: []Met{{Code: code, Evidence: "E-1"}}, Destination: "market"}
	}
	hnte := ConfirmGraduation{Criteria: []Met{{"hnte", "GR1", deal}}, Destination: "park", Became: "tenant", Panel: []uuid.UUID{other}}
	then := func(c ConfirmGraduation) []Event {
		return []Event{GraduationConfirmed{Criteria: c.Criteria, Destination: c.Destination, Became: c.Became, Panel: c.Panel, AdmittedUnder: older, JudgedBy: rule}}
	}
	was := admitted
	was.Policy = older
	past := func(more ...Event) []ledgertest.Past[Event] { return given(append([]Event{applied, was}, more...)...) }
	paid := func(n int64, how, currency string) Event {
		return FinancingRoundRecorded(round(func(c *RecordFinancing) { c.Amount, c.Instrument = ledger.Money{Minor: n, Currency: currency}, how }))
	}
	year := func(y string, n int64, currency string) Event {
		return TenantMetricsReported{Metrics{Period: day(y), Currency: currency, Revenue: n}}
	}
	panel := by("acquired")
	panel.Panel = []uuid.UUID{other, mentor}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "by recognition; the event names both versions", Given: past(), At: known(), When: hnte, Then: then(hnte)},
		{Name: "by a recognition of another company", Given: past(), At: with(stream("recognition", deal), certificate{other}), When: hnte, Code: "criterion-not-met"},
		{Name: "by a recognition that is not named", Given: past(), At: known(), When: by("hnte"), Code: "criterion-not-met"},
		{Name: "by evidence", Given: past(), At: known(), When: by("acquired"), Then: then(by("acquired"))},
		{Name: "by six millions paid in", Given: past(paid(600000000, "equity", "CNY")), At: known(), When: by("financing"), Then: then(by("financing"))},
		{Name: "by two rounds together", Given: past(paid(300000000, "equity", "CNY"), paid(200000000, "convertible", "CNY")), At: known(), When: by("financing"), Then: then(by("financing"))},
		{Name: "by a fen too little", Given: past(paid(499999999, "equity", "CNY")), At: known(), When: by("financing"), Code: "criterion-not-met"},
		{Name: "by a loan", Given: past(paid(600000000, "loan", "CNY")), At: known(), When: by("financing"), Code: "criterion-not-met"},
		{Name: "in another currency", Given: past(paid(600000000, "equity", "KRW")), At: known(), When: by("financing"), Code: "criterion-not-met"},
		{Name: "by two years of revenue", Given: past(year("2027", 400000000, "CNY"), year("2028", 600000000, "CNY")), At: known(), When: by("revenue"), Then: then(by("revenue"))},
		{Name: "by years that do not follow each other", Given: past(year("2026", 900000000, "CNY"), year("2028", 900000000, "CNY")), At: known(), When: by("revenue"), Code: "criterion-not-met"},
		{Name: "by revenue of two currencies", Given: past(year("2027", 900000000, "USD"), year("2028", 900000000, "CNY")), At: known(), When: by("revenue"), Code: "criterion-not-met"},
		{Name: "by months", Given: past(year("2027-01", 900000000, "CNY"), year("2027-02", 900000000, "CNY")), At: known(), When: by("revenue"), Code: "criterion-not-met"},
		{Name: "by nothing", Given: past(), At: known(), When: ConfirmGraduation{Destination: "market"}, Code: "no-criterion"},
		{Name: "judged by a mentor with an interest", Given: past(guided, declared), At: known(), When: panel, Code: "mentor-on-panel"},
		{Name: "judged by a mentor without", Given: past(guided), At: known(), When: panel, Then: then(panel)},
		{Name: "judged by a version that was superseded", Given: past(), At: versioned(ledger.Rule{Policy: older, To: day("2025-06-30")}), When: hnte, Code: "not-in-force"},
		{Name: "judged by another policy", Given: past(), At: versioned(ledger.Rule{Policy: ledger.Policy{Code: "ASF", Version: "2002"}}), When: hnte, Code: "other-policy"},
		{Name: "without a policy", Given: past(), When: hnte, Code: "no-policy"},
		{Name: "twice", Given: past(graduated), At: known(), When: hnte, Code: "not-live"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(known(), past(),
		"destination", ConfirmGraduation{Criteria: hnte.Criteria, Destination: "home"},
		"became", ConfirmGraduation{Criteria: hnte.Criteria, Destination: "park", Became: long(200)},
		"panel", ConfirmGraduation{Criteria: hnte.Criteria, Destination: "park", Panel: make([]uuid.UUID, 51)},
		"criteria", ConfirmGraduation{Criteria: make([]Met, 21), Destination: "park"},
		"criteria/0/evidence", ConfirmGraduation{Criteria: []Met{{Code: "hnte"}}, Destination: "park"},
		"criteria/0/code", by("luck"),
	))
}

var older = ledger.Policy{Code: "INCUBATOR", Version: "2018"}

func TestRevokeGraduation(t *testing.T) {
	c := RevokeGraduation{"forged", day("2026-06-15")}
	past := given(applied, admitted, graduated)
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "dated like the graduation", Given: past, At: on(known(), "2026-03-02"), When: c, Then: []Event{GraduationRevoked(c)}},
		{Name: "dated before it", Given: past, At: on(known(), "2026-03-01"), When: c, Code: "date-order"},
		{Name: "where there is none", Given: tenant, At: known(), When: c, Code: "not-graduated"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(on(known(), "2026-03-02"), past, "ground", RevokeGraduation{DecidedOn: day("2026-06")},
		"decided_on", RevokeGraduation{"x", day("2026-06-16")}, "decided_on", RevokeGraduation{"x", day("2026-03-01")}))
}

func TestConfirmLanding(t *testing.T) {
	c := ConfirmLanding{Park: garden, Company: firm, RegisteredOn: day("2026-05"), Jobs: 80}
	full := ConfirmLanding{Park: garden, To: house, Company: firm, RegisteredOn: day("2026-05"), Land: 1, Area: 2,
		Investment: ledger.Money{Minor: 3, Currency: "EUR"}, Jobs: 4, Functions: []string{"transfer"}, Import: "JS-1"}
	outside := IncubationApplied{Application: Application{Names: names, Facility: abroad, Venture: venture}}
	there := given(outside, IncubationAdmitted{Facility: abroad, Policy: rule})
	graduate := given(applied, admitted, graduated)
	unnamed, unregistered := full, full
	unnamed.Functions = nil
	unregistered.Import = ""
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a graduate", Given: graduate, At: known(), When: c,
			Then: []Event{LandingConfirmed{From: house, Park: garden, Venture: venture, Company: firm, RegisteredOn: c.RegisteredOn, Jobs: 80}}},
		{Name: "from abroad, which ends the case", Given: there, At: known(), When: full,
			Then: []Event{LandingConfirmed{abroad, garden, house, venture, firm, day("2026-05"), 1, 2, full.Investment, 4, []string{"transfer"}, "JS-1", true}}},
		{Name: "from abroad before the import is registered", Given: there, At: known(), When: unregistered, Code: "import-unregistered"},
		{Name: "a second time", Given: append(graduate, given(LandingConfirmed{Company: firm, RegisteredOn: day("2026-03")})...), At: known(), When: c, Code: "landed"},
		{Name: "a tenant who has not graduated", Given: tenant, At: known(), When: c, Code: "not-graduated"},
		{Name: "from abroad after leaving", Given: append(there, given(gone)...), At: known(), When: full, Code: "not-live"},
		{Name: "before the graduation", Given: graduate, At: on(known(), "2026-03-01"), When: c, Code: "date-order"},
		{Name: "in a park that is closed", Given: graduate, At: with(stream("facility", garden), place{kind: "park", shut: true}), When: c, Code: "not-designated"},
		{Name: "in a park without a chief scientist", Given: graduate, At: with(stream("facility", garden), place{kind: "park", grace: day("2026-06-14")}), When: c, Code: "no-chief-scientist"},
		{Name: "of a company abroad", Given: graduate, At: with(stream("organisation", firm), company{foreign: true}), When: c, Code: "company-abroad"},
	})
	d := func(change func(*ConfirmLanding)) ConfirmLanding {
		x := c
		change(&x)
		return x
	}
	ledgertest.Run(t, Decider, Codec, wrong(known(), graduate,
		"investment/minor", d(func(c *ConfirmLanding) { c.Investment = ledger.Money{Minor: -1, Currency: "CNY"} }),
		"jobs", d(func(c *ConfirmLanding) { c.Jobs = -1 }),
		"functions/0", d(func(c *ConfirmLanding) { c.Functions = []string{"fun"} }),
		"import_registration", d(func(c *ConfirmLanding) { c.Import = long(100) }),
		"park", d(func(c *ConfirmLanding) { c.Park = house }),
		"to", d(func(c *ConfirmLanding) { c.To = abroad }),
		"company", d(func(c *ConfirmLanding) { c.Company = nobody }),
		"registered_on", d(func(c *ConfirmLanding) { c.RegisteredOn = ledger.Date{} }),
		"registered_on", d(func(c *ConfirmLanding) { c.RegisteredOn = day("2026-06-16") }),
	))
	ledgertest.Run(t, Decider, Codec, wrong(known(), there, "functions", unnamed))
}

func TestLeave(t *testing.T) {
	c := Leave{Reason: "moved", Note: "larger rooms", Debts: ledger.Money{Minor: 1, Currency: "CNY"}, Assets: "handed back"}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a tenant", Given: tenant, When: c, Then: []Event{TenancyEnded{"moved", "larger rooms", 120, c.Debts, "handed back", ledger.Date{}}}},
		{Name: "an application taken back", Given: given(applied), When: Leave{Reason: "voluntary"}, Then: []Event{TenancyEnded{Reason: "voluntary"}}},
		{Name: "twice", Given: given(applied, admitted, gone), When: c, Code: "not-live"},
		{Name: "before it applied", Given: given(applied), At: ledger.Context{On: day("2025")}, When: c, Code: "date-order"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(ledger.Context{}, tenant, "reason", Leave{Reason: "whim"}, "note", Leave{Reason: "other", Note: long(1000)},
		"assets", Leave{Reason: "other", Assets: long(500)}, "debts/minor", Leave{Reason: "other", Debts: ledger.Money{Minor: -1, Currency: "CNY"}}))
}

func TestEvict(t *testing.T) {
	c := Evict{Ground: "breach", Notice: day("2026-05-16"), Appeal: "none"}
	lost := Evict{Ground: "idle", Notice: day("2026-05-16"), Appeal: "rejected", Decided: day("2026-06-10")}
	overdue := Evict{Ground: "overdue", Notice: day("2026-05-01"), Appeal: "none"}
	past := admitted
	past.Limit = day("2026-06-14")
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "on the day the appeal is over", Given: tenant, At: known(), When: c, Then: []Event{TenantEvicted{Ground: "breach", Notice: c.Notice, Appeal: "none", Freed: 120}}},
		{Name: "a day before", Given: tenant, At: on(known(), "2026-06-14"), When: c, Code: "appeal-running"},
		{Name: "after an appeal that was rejected", Given: tenant, At: known(), When: lost, Then: []Event{TenantEvicted{Ground: "idle", Notice: c.Notice, Appeal: "rejected", Decided: lost.Decided, Freed: 120}}},
		{Name: "overdue", Given: given(applied, past), At: known(), When: overdue, Then: []Event{TenantEvicted{Ground: "overdue", Notice: overdue.Notice, Appeal: "none", Freed: 120}}},
		{Name: "not overdue", Given: tenant, At: known(), When: overdue, Code: "not-overdue"},
		{Name: "under another version than admitted under", Given: tenant, At: versioned(ledger.Rule{Policy: older}), When: c, Code: "other-policy"},
		{Name: "without a policy", Given: tenant, When: c, Code: "no-policy"},
		{Name: "one who left", Given: given(applied, admitted, gone), At: known(), When: c, Code: "not-live"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(known(), tenant,
		"ground", Evict{Ground: "whim"}, "appeal", Evict{Ground: "idle", Appeal: "open"},
		"assets", Evict{Ground: "idle", Appeal: "none", Assets: long(500)}, "debts/currency", Evict{Ground: "idle", Appeal: "none", Debts: ledger.Money{Minor: 1}},
		"notice_on", Evict{Ground: "idle", Appeal: "none"}, "notice_on", Evict{Ground: "idle", Appeal: "none", Notice: day("2026-03-01")},
		"appeal_decided_on", Evict{Ground: "idle", Appeal: "rejected", Notice: day("2026-05-01")},
		"appeal_decided_on", Evict{Ground: "idle", Appeal: "rejected", Notice: day("2026-05-01"), Decided: day("2026-06-16")}))
}

func fold(events ...Event) (s State) {
	for _, p := range given(events...) {
		s = Decider.Evolve(s, p.Event, p.Meta)
	}
	return s
}

func TestClaims(t *testing.T) {
	coded := applied
	coded.Code, coded.Offshore = "K-7", first
	base := []ledger.Claim{{Kind: "incubation-code", Key: "K-7"}, {Kind: "offshore-case", Key: first.String()}}
	held := func(to string) []ledger.Claim {
		from, end := day("2026-03-02"), ledger.Date{}
		if to != "" {
			end = day(to)
		}
		return append(base[:2:2],
			ledger.Claim{Kind: "incubated-company", Key: firm.String(), From: from, To: end},
			ledger.Claim{Kind: "room", Key: house.String() + " A-101", From: from, To: end},
			ledger.Claim{Kind: "tenant-area", Key: house.String(), Amount: 120, Limit: 9000, From: from, To: end})
	}
	for name, c := range map[string]struct {
		events []Event
		claims []ledger.Claim
	}{
		"who applied holds no room":                  {[]Event{coded}, base},
		"who was refused may come again":             {[]Event{coded, ApplicationRefused{}}, base[:1]},
		"a tenant":                                   {[]Event{coded, admitted}, held("")},
		"who left frees the room from the day after": {[]Event{coded, admitted, gone}, held("2026-03-02")},
		"so does a graduate":                         {[]Event{coded, admitted, graduated}, held("2026-03-02")},
		"and one who was evicted":                    {[]Event{coded, admitted, TenantEvicted{}}, held("2026-03-02")},
		"an offshore venture holds nothing":          {[]Event{IncubationApplied{}, IncubationAdmitted{}}, nil},
	} {
		require.Equal(t, c.claims, Decider.Claims(fold(c.events...), ledger.StreamID{}), name)
	}
}

func TestTheStateAnswersOthers(t *testing.T) {
	s := fold(applied, admitted)
	require.True(t, s.IsLive())
	require.Equal(t, []uuid.UUID{venture, firm}, []uuid.UUID{s.Venture(), s.Company()})
	_, landed := s.LandedIn()
	require.False(t, landed)
	s = fold(applied, admitted, graduated, LandingConfirmed{Company: other})
	company, landed := s.LandedIn()
	require.True(t, landed)
	require.Equal(t, other, company)
	require.Equal(t, Landed, s.Stage)
	require.Equal(t, day("2026-03-02"), fold(applied, admitted, LandingConfirmed{Offshore: true}).Last)
	require.Equal(t, Left, fold(applied, admitted, graduated, GraduationRevoked{}).Stage)
	require.Equal(t, "none", stageZh("none"))
}

func TestWhatACommandReliesOn(t *testing.T) {
	s := fold(applied, admitted)
	require.Equal(t, []ledger.StreamID{stream("facility", house), stream("organisation", firm), stream("project", project)}, Apply{asked}.ReliesOn())
	require.Equal(t, []ledger.StreamID{stream("person", mentor)}, Apply{Application{Founders: []uuid.UUID{mentor}}}.ReliesOn())
	require.Equal(t, []ledger.StreamID{stream("facility", house), stream("facility", garden), stream("organisation", firm), stream("project", project), stream("contract", deal)}, Admit{Contract: deal}.ReliesOn(s))
	require.Equal(t, []ledger.StreamID{stream("person", mentor)}, AssignMentor{Mentor: mentor}.ReliesOn())
	require.Equal(t, []ledger.StreamID{stream("organisation", firm)}, DeliverService{Provider: firm}.ReliesOn())
	require.Equal(t, []ledger.StreamID{stream("person", mentor)}, RecordFinancing{Person: mentor}.ReliesOn())
	require.Equal(t, []ledger.StreamID{stream("recognition", deal)}, ConfirmGraduation{Criteria: []Met{{Recognition: deal}, {}}}.ReliesOn())
	require.Equal(t, []ledger.StreamID{stream("facility", house), stream("facility", garden), stream("organisation", other)}, ConfirmLanding{Park: garden, Company: other}.ReliesOn(s))
	company := []ledger.StreamID{stream("organisation", firm)}
	require.Equal(t, company, Admit{}.Benefits(s))
	require.Equal(t, company, Extend{}.Benefits(s))
	require.Equal(t, company, ConfirmGraduation{}.Benefits(s))
	require.Equal(t, company, ConfirmLanding{Company: firm}.Benefits(s))
	require.Equal(t, []ledger.StreamID{stream("person", mentor)}, Admit{}.Benefits(State{Application: Application{Founders: []uuid.UUID{mentor}}}))
	require.Equal(t, ledger.Governing{Form: "incubation", Code: "INCUBATOR"}, Admit{}.Under(s))
	require.Equal(t, ledger.Governing{Form: "incubation", Code: "INCUBATOR"}, ConfirmGraduation{}.Under(s))
	require.Equal(t, ledger.Governing{Form: "incubation", Code: "INCUBATOR", Version: "2025"}, Evict{}.Under(s))
}

func TestAnApplicationWhoseFacilityIsNotThereIsAFault(t *testing.T) {
	_, err := Decider.Decide(fold(applied), Admit{}, ledgertest.Context(ledger.Context{Rule: &ledger.Rule{Params: []byte(terms)}}))
	require.Equal(t, ledger.KindInternal, ledger.KindOf(err))
}

func TestWhomACaseConcerns(t *testing.T) {
	require.Empty(t, Sight.Concerns(applied, ledger.Metadata{Actor: "inc", Role: ledger.INC}))
	require.Equal(t, []string{"founder"}, Sight.Concerns(applied, ledger.Metadata{Role: ledger.INC, OnBehalfOf: "founder"}))
	require.Equal(t, []string{"men-1"}, Sight.Concerns(ServiceDelivered{}, ledger.Metadata{Actor: "men-1", Role: ledger.MEN}))
	require.Equal(t, []string{"men-1"}, Sight.Concerns(MentorAssigned{Handle: "men-1"}, ledger.Metadata{Role: ledger.INC}))
}

func TestPolicies(t *testing.T) {
	check := func(params string) error { return Rules[0].Check([]byte(params)) }
	require.NoError(t, check(terms))
	for _, params := range []string{
		`{}`, `{"criteria":[],"x":1}`, `{"limit_months":-1}`, `{"waivers":["friend"]}`,
		`{"criteria":[{"code":"","names":{"en":"x"},"by":"evidence"}]}`,
		`{"criteria":[{"code":"a","names":{},"by":"evidence"}]}`,
		`{"criteria":[{"code":"a","names":{"en":"x"},"by":"luck"}]}`,
		`{"criteria":[{"code":"a","names":{"en":"x"},"by":"recognition"}]}`,
		`{"criteria":[{"code":"a","names":{"en":"x"},"by":"financing"}]}`,
		`{"criteria":[{"code":"a","names":{"en":"x"},"by":"evidence","years":1}]}`,
		`{"criteria":[{"code":"a","names":{"en":"x"},"by":"evidence"}],"self_check":[{"code":"luck","names":{"en":"x"}}]}`,
	} {
		require.Error(t, check(params), params)
	}
}

func TestWhatCanBeCorrected(t *testing.T) {
	for _, e := range []interface{ Correctable() }{
		IncubationApplied{}, ApplicationRefused{}, MentorAssigned{}, ServiceDelivered{}, FinancingRoundRecorded{}, TenantMetricsReported{},
		LandingConfirmed{}, TenancyEnded{}, TenantEvicted{},
	} {
		e.Correctable()
	}
}

func TestStoredShapes(t *testing.T) { ledgertest.Shapes(t, Codec, os.DirFS("testdata/events")) }

func FuzzDecode(f *testing.F) { ledgertest.FuzzDecode(f, Codec, os.DirFS("testdata/events")) }
