package achievement

import (
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

	university = uuid.MustParse("5b0e2c1a-7f3d-4e8b-9c6a-0d1e2f3a4b5c")
	centre     = uuid.MustParse("e7c9a3b1-4d5f-4a6b-8c7d-9e0f1a2b3c4d")
	lin        = uuid.MustParse("6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c21")
	zhou       = uuid.MustParse("6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c22")
	stranger   = uuid.MustParse("6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c23")

	shares = []Completer{{lin, 600}, {zhou, 400}}
	// known is a context in which the organisations and persons of these tests are there.
	known = ledger.Context{}.Knowing(organisation(university), nil).Knowing(organisation(centre), nil).
		Knowing(person(lin), nil).Knowing(person(zhou), nil)
)

func crystal(change func(*Disclose)) Disclose {
	c := Disclose{
		Titles: ledger.Names{Zh: "碳化硅晶体"}, Code: "A-2026-0042", Abstract: "八英寸", Category: "applied", Secrecy: "open",
		Completers: shares, Organisation: university, Funding: []Funding{{"863", "7"}}, ConceivedOn: day("2026-01"),
		PublishedOn: day("2026"), Readiness: &Readiness{"ISO16290", 4}, Industry: "ic",
	}
	if change != nil {
		change(&c)
	}
	return c
}

func registration(change func(*Register)) Register {
	c := Register{
		RegistrationNo: "9212026Y0117", Authority: "辽宁省科技厅", OwnerKind: "service",
		Owners: []Owner{{Organisation: university, Permille: 1000}}, RightsGranted: "none",
		Rights: []Right{{"invention", "ZL1", day("2025-10-10"), day("2044")}, {"software", "SR2", ledger.Date{}, ledger.Date{}}},
	}
	if change != nil {
		change(&c)
	}
	return c
}

var (
	disclosed  = Disclosed(crystal(nil))
	registered = Registered(registration(nil))
	signedBoth = []Event{ContributionConfirmed{lin, 600}, ContributionConfirmed{zhou, 400}}
)

// told is a disclosed achievement with what came after.
func told(more ...Event) []ledgertest.Past[Event] {
	return given(append([]Event{disclosed}, more...)...)
}

func on(date string) ledger.Context {
	at := known
	at.On = day(date)
	return at
}

// wrong turns commands that are wrong in one field into cases.
func wrong(past []ledgertest.Past[Event], fields ...any) []row {
	var cases []row
	for i := 0; i < len(fields); i += 2 {
		field, command := fields[i].(string), fields[i+1].(Command)
		name := strings.ReplaceAll(field, "/", ".") + " is wrong in case " + string(rune('A'+i/2))
		cases = append(cases, row{Name: name, Given: past, At: known, When: command, Code: "invalid", Field: field})
	}
	return cases
}

func long(n int) string { return strings.Repeat("长", n+1) }

func TestDisclose(t *testing.T) {
	least := Disclose{Titles: ledger.Names{En: "Cold sintering"}, Category: "basic", Secrecy: "state", Completers: []Completer{{lin, 1000}}, Organisation: university, Readiness: &Readiness{"GJB7688", 1}}
	// A second disclosure is refused by the ledger, which knows that the stream is there.
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "with all there is to say", At: known, When: crystal(nil), Then: []Event{disclosed}, Again: true},
		{Name: "conceived today", At: known, When: crystal(func(c *Disclose) { c.ConceivedOn = day("2026-06-15") }), Then: []Event{Disclosed(crystal(func(c *Disclose) { c.ConceivedOn = day("2026-06-15") }))}, Again: true},
		{Name: "a secret with the least there is to say", At: known, When: least, Then: []Event{Disclosed(least)}, Again: true},
		{Name: "no abstract of a secret", At: known, When: crystal(func(c *Disclose) { c.Secrecy, c.PublishedOn = "commercial", ledger.Date{} }), Code: "secret"},
		{Name: "no publication of a secret", At: known, When: crystal(func(c *Disclose) { c.Secrecy, c.Abstract = "commercial", "" }), Code: "secret"},
		{Name: "by a unit that is not registered", At: known, When: crystal(func(c *Disclose) { c.Organisation = stranger }), Code: "no-such-organisation"},
		{Name: "by a person who is not enrolled", At: known, When: crystal(func(c *Disclose) { c.Completers = []Completer{{stranger, 1000}} }), Code: "no-such-person"},
	})
	with := crystal
	ledgertest.Run(t, Decider, Codec, wrong(nil,
		"titles", with(func(c *Disclose) { c.Titles = ledger.Names{} }),
		"code", with(func(c *Disclose) { c.Code = "甲" }),
		"category", with(func(c *Disclose) { c.Category = "art" }),
		"secrecy", with(func(c *Disclose) { c.Secrecy = "" }),
		"abstract", with(func(c *Disclose) { c.Abstract = long(2000) }),
		"funding", with(func(c *Disclose) { c.Funding = make([]Funding, 21) }),
		"funding/0/programme", with(func(c *Disclose) { c.Funding = make([]Funding, 1) }),
		"funding/0/number", with(func(c *Disclose) { c.Funding = []Funding{{"863", long(100)}} }),
		"conceived_on", with(func(c *Disclose) { c.ConceivedOn = day("2026-06-16") }),
		"published_on", with(func(c *Disclose) { c.PublishedOn = day("2027") }),
		"readiness/scale", with(func(c *Disclose) { c.Readiness = &Readiness{"TRL", 4} }),
		"readiness/level", with(func(c *Disclose) { c.Readiness = &Readiness{"ISO16290", 10} }),
		"readiness/level", with(func(c *Disclose) { c.Readiness = &Readiness{"GBT22900", 14} }),
		"readiness/level", with(func(c *Disclose) { c.Readiness = &Readiness{"GJB7688", 0} }),
		"industry", with(func(c *Disclose) { c.Industry = "IC" }),
		"completers", with(func(c *Disclose) { c.Completers = nil }),
		"completers", with(func(c *Disclose) { c.Completers = make([]Completer, 101) }),
		"completers", with(func(c *Disclose) { c.Completers = []Completer{{lin, 600}, {zhou, 399}} }),
		"completers", with(func(c *Disclose) { c.Completers = []Completer{{lin, 600}, {zhou, 401}} }),
		"completers/0/permille", with(func(c *Disclose) { c.Completers = []Completer{{lin, 0}, {zhou, 1000}} }),
		"completers/1/permille", with(func(c *Disclose) { c.Completers = []Completer{{zhou, 1}, {lin, 1001}} }),
		"completers/1/person", with(func(c *Disclose) { c.Completers = []Completer{{lin, 500}, {lin, 500}} }),
	))
}

func TestContributions(t *testing.T) {
	object := DisputeContribution{zhou, "share"}
	change := ChangeContributions{[]Completer{{lin, 500}, {zhou, 500}}, "settlement"}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a completer signs", At: known, Given: told(), When: ConfirmContribution{lin, 600}, Then: []Event{ContributionConfirmed{lin, 600}}},
		{Name: "on the day of the disclosure", At: on("2026-03-02"), Given: told(), When: ConfirmContribution{lin, 600}, Then: []Event{ContributionConfirmed{lin, 600}}},
		{Name: "in its month, which may mean a later day", At: on("2026-03"), Given: told(), When: ConfirmContribution{lin, 600}, Then: []Event{ContributionConfirmed{lin, 600}}},
		{Name: "a signature is given once", At: known, Given: told(ContributionConfirmed{lin, 600}), When: ConfirmContribution{lin, 600}},
		{Name: "another share is not signed", At: known, Given: told(), When: ConfirmContribution{lin, 601}, Code: "other-share"},
		{Name: "a stranger does not sign", At: known, Given: told(), When: ConfirmContribution{stranger, 600}, Code: "not-a-completer"},
		{Name: "nobody signs before the disclosure", At: on("2026-03-01"), Given: told(), When: ConfirmContribution{lin, 600}, Code: "date-order"},
		{Name: "a completer objects", At: known, Given: told(signedBoth...), When: object, Then: []Event{ContributionDisputed(object)}},
		{Name: "an objection is raised once", At: known, Given: told(ContributionDisputed(object)), When: object},
		{Name: "a stranger does not object", At: known, Given: told(), When: DisputeContribution{stranger, "share"}, Code: "not-a-completer"},
		{Name: "nobody objects before the disclosure", At: on("2026-03-01"), Given: told(), When: object, Code: "date-order"},
		{Name: "who objected may sign", At: known, Given: told(ContributionDisputed(object)), When: ConfirmContribution{zhou, 400}, Then: []Event{ContributionConfirmed{zhou, 400}}},
		{Name: "other shares", At: known, Given: told(), When: change, Then: []Event{ContributionsChanged(change)}},
		{Name: "the same shares change nothing", At: known, Given: told(), When: ChangeContributions{shares, "error"}},
		{Name: "no change before the disclosure", At: on("2026-03-01"), Given: told(), When: change, Code: "date-order"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(told(),
		"ground", DisputeContribution{zhou, "envy"},
		"ground", ChangeContributions{change.Completers, ""},
		"completers", ChangeContributions{[]Completer{{lin, 999}}, "error"},
	))
}

// T1: shares count for distribution only while each completer's signature stands under them.
func TestSharesCountOnceAllSigned(t *testing.T) {
	after := func(events ...Event) State {
		s := Decider.Evolve(State{}, disclosed, ledger.Metadata{OccurredOn: ledgertest.Before})
		for _, e := range events {
			s = Decider.Evolve(s, e, ledger.Metadata{OccurredOn: ledgertest.Before})
		}
		return s
	}
	require.Equal(t, Unsigned, after(signedBoth[0]).Contributions())
	require.Nil(t, after(signedBoth[0]).CompleterShares())
	require.Equal(t, map[uuid.UUID]int{lin: 600, zhou: 400}, after(signedBoth...).CompleterShares())

	disputed := after(append(signedBoth, ContributionDisputed{zhou, "share"})...)
	require.Equal(t, Disputed, disputed.Contributions())
	require.Nil(t, disputed.CompleterShares())
	require.Equal(t, Agreed, Decider.Evolve(disputed, ContributionConfirmed{zhou, 400}, ledger.Metadata{}).Contributions())

	changed := after(append(signedBoth, ContributionsChanged{[]Completer{{lin, 500}, {zhou, 500}}, "settlement"})...)
	require.Equal(t, Unsigned, changed.Contributions(), "a change needs all signatures anew")
}

func TestRegister(t *testing.T) {
	shared := registration(func(c *Register) {
		c.RightsGranted, c.Expires = "ownership-share", day("2026-06")
		c.Owners = []Owner{{Organisation: university, Permille: 700}, {Person: lin, Permille: 300}}
	})
	own := registration(func(c *Register) {
		c.OwnerKind, c.Owners = "non-service", []Owner{{Person: zhou, Permille: 999}, {Person: lin, Permille: 1}}
		c.Expires, c.Rights[0].GrantedOn, c.Rights[0].ExpiresOn = day("2026-06-15"), day("2026-02"), day("2026")
		c.Rights[1].GrantedOn, c.Rights[1].ExpiresOn = day("2026-02-01"), day("2026-02-01")
	})
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "by its unit", At: known, Given: told(), When: registration(nil), Then: []Event{registered}},
		{Name: "with a share granted to a completer", At: known, Given: told(signedBoth...), When: shared, Then: []Event{Registered(shared)}},
		{Name: "a non-service achievement of a completer", At: known, Given: told(), When: own, Then: []Event{Registered(own)}},
		{Name: "not twice", At: known, Given: told(registered), When: registration(func(c *Register) { c.RegistrationNo = "9212026Y0118" }), Code: "registered"},
		{Name: "not while a completer objects", At: known, Given: told(ContributionDisputed{zhou, "order"}), When: registration(nil), Code: "contribution-disputed"},
		{Name: "not before the disclosure", At: on("2026-03-01"), Given: told(), When: registration(nil), Code: "date-order"},
		{Name: "of an owner that is not registered", At: known, Given: told(), When: registration(func(c *Register) { c.Owners[0].Organisation = stranger }), Code: "no-such-organisation"},
		{Name: "of a person who is no completer", At: known, Given: told(), When: registration(func(c *Register) {
			c.RightsGranted, c.Owners = "ownership-share", []Owner{{Person: stranger, Permille: 1000}}
		}), Code: "not-a-completer"},
		{Name: "of a completer to whom nothing was granted", At: known, Given: told(), When: registration(func(c *Register) { c.Owners = []Owner{{Person: lin, Permille: 1000}} }), Code: "rights-granted"},
		{Name: "a share granted to nobody", At: known, Given: told(), When: registration(func(c *Register) { c.RightsGranted = "ownership-share" }), Code: "rights-granted"},
	})
	with := registration
	ledgertest.Run(t, Decider, Codec, wrong(told(),
		"registration_no", with(func(c *Register) { c.RegistrationNo = "" }),
		"authority", with(func(c *Register) { c.Authority = "" }),
		"owner_kind", with(func(c *Register) { c.OwnerKind = "mine" }),
		"rights_granted", with(func(c *Register) { c.RightsGranted = "all" }),
		"expires", with(func(c *Register) { c.Expires = day("2026-06-14") }),
		"owners", with(func(c *Register) { c.Owners = nil }),
		"owners", with(func(c *Register) { c.Owners = make([]Owner, 51) }),
		"owners", with(func(c *Register) { c.Owners[0].Permille = 999 }),
		"owners/0/permille", with(func(c *Register) { c.Owners[0].Permille = 0 }),
		"owners/0/permille", with(func(c *Register) { c.Owners[0].Permille = 1001 }),
		"owners/0", with(func(c *Register) { c.Owners[0].Person = lin }),
		"owners/0", with(func(c *Register) { c.Owners[0].Organisation = uuid.Nil }),
		"owners/1", with(func(c *Register) { c.Owners = append(c.Owners, c.Owners[0]) }),
		"rights", with(func(c *Register) { c.Rights = make([]Right, 101) }),
		"rights/1/number", with(func(c *Register) { c.Rights[1].Number = "ZL1" }),
		"rights/1/number", with(func(c *Register) { c.Rights[1].Number = "" }),
		"rights/0/kind", with(func(c *Register) { c.Rights[0].Kind = "idea" }),
		"rights/0/granted_on", with(func(c *Register) { c.Rights[0].GrantedOn = day("2026-06-16") }),
		"rights/0/expires_on", with(func(c *Register) { c.Rights[0].ExpiresOn = day("2024") }),
	))
}

func TestEvaluate(t *testing.T) {
	full := Evaluate{centre, "third-party", &Readiness{"GBT22900", 13}, []Value{{"technical", 100}, {"social", 0}}, false, day("2026-06")}
	flagged := func(c Evaluate) []Event {
		e := Evaluated(c)
		e.Related = true
		return []Event{e}
	}
	self, user := Evaluate{Evaluator: university, Kind: "self", ValidUntil: day("2026-06-15")}, Evaluate{Evaluator: centre, Kind: "user", Related: true}
	owned := Registered(registration(func(c *Register) { c.Owners = []Owner{{Organisation: centre, Permille: 1000}} }))
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "by a third party", At: known, Given: told(), When: full, Then: []Event{Evaluated(full)}, Again: true},
		{Name: "by the unit itself", At: known, Given: told(), When: self, Then: flagged(self), Again: true},
		{Name: "by a user who is related", At: known, Given: told(), When: user, Then: flagged(user), Again: true},
		{Name: "a third party that is an owner is flagged", At: known, Given: told(owned), When: full, Then: flagged(full), Again: true},
		{Name: "nobody else evaluates itself", At: known, Given: told(), When: Evaluate{Evaluator: centre, Kind: "self"}, Code: "not-own"},
		{Name: "by nobody known", At: known, Given: told(), When: Evaluate{Evaluator: stranger, Kind: "user"}, Code: "no-such-organisation"},
		{Name: "not before the disclosure", At: on("2026-03-01"), Given: told(), When: full, Code: "date-order"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(told(),
		"kind", Evaluate{Evaluator: centre},
		"readiness/scale", Evaluate{Evaluator: centre, Kind: "user", Readiness: &Readiness{}},
		"values/0/value", Evaluate{Evaluator: centre, Kind: "user", Values: []Value{{"moral", 1}}},
		"values/1/value", Evaluate{Evaluator: centre, Kind: "user", Values: []Value{{"social", 1}, {"social", 2}}},
		"values/0/points", Evaluate{Evaluator: centre, Kind: "user", Values: []Value{{"social", 101}}},
		"values/0/points", Evaluate{Evaluator: centre, Kind: "user", Values: []Value{{"social", -1}}},
		"valid_until", Evaluate{Evaluator: centre, Kind: "user", ValidUntil: day("2026-06-14")},
	))
}

// T9: the award for a service patent, its day and its least amount.
func TestRights(t *testing.T) {
	grant := func(kind string, agreed bool) GrantRight { return GrantRight{kind, "ZL9", day("2046"), agreed} }
	granted := func(kind, on string, agreed bool, due string, yuan int64) RightGranted {
		e := RightGranted{Right: Right{kind, "ZL9", day(on), day("2046")}, AwardAgreed: agreed}
		if due != "" {
			e.AwardDue, e.AwardLeast = day(due), &ledger.Money{Minor: yuan * 100, Currency: "CNY"}
		}
		return e
	}
	private := Registered(registration(func(c *Register) { c.OwnerKind = "non-service" }))
	pay := PayAward{"ZL9", ledger.Money{Minor: 400000, Currency: "CNY"}, "J-7"}
	patent := granted("invention", "2026-03-02", false, "2026-06-02", 4000)
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "an invention", At: known, Given: told(), When: grant("invention", false), Then: []Event{granted("invention", "2026-06-15", false, "2026-09-15", 4000)}},
		{Name: "a utility model", At: known, Given: told(), When: grant("utility-model", false), Then: []Event{granted("utility-model", "2026-06-15", false, "2026-09-15", 1500)}},
		{Name: "a design, granted on a day that the third month lacks", At: ledger.Context{On: day("2026-03-31")}, Given: told(), When: grant("design", false),
			Then: []Event{granted("design", "2026-03-31", false, "2026-06-30", 1500)}},
		{Name: "granted in a month, of which the last day counts", At: on("2026-05"), Given: told(), When: grant("design", false), Then: []Event{granted("design", "2026-05", false, "2026-08-31", 1500)}},
		{Name: "what was agreed stands", At: known, Given: told(), When: grant("invention", true), Then: []Event{granted("invention", "2026-06-15", true, "", 0)}},
		{Name: "software has no award by law", At: known, Given: told(), When: grant("software", false), Then: []Event{granted("software", "2026-06-15", false, "", 0)}},
		{Name: "nor has what is no service achievement", At: known, Given: told(private), When: grant("invention", false), Then: []Event{granted("invention", "2026-06-15", false, "", 0)}},
		{Name: "what was applied for is granted", At: known, Given: told(registered), When: GrantRight{Kind: "software", Number: "SR2"},
			Then: []Event{RightGranted{Right: Right{"software", "SR2", day("2026-06-15"), ledger.Date{}}}}},
		{Name: "nothing is granted twice", At: known, Given: told(registered), When: GrantRight{Kind: "invention", Number: "ZL1"}, Code: "right-granted"},
		{Name: "nothing before the disclosure", At: on("2026-03-01"), Given: told(), When: grant("design", false), Code: "date-order"},
		{Name: "the award is paid", At: known, Given: told(patent), When: pay, Then: []Event{AwardPaid(pay)}},
		{Name: "once", At: known, Given: told(patent, AwardPaid(pay)), When: pay, Code: "award-paid"},
		{Name: "not for a right that is not there", At: known, Given: told(), When: pay, Code: "no-such-right"},
		{Name: "not for one only applied for", At: known, Given: told(registered), When: PayAward{"SR2", pay.Amount, "J-7"}, Code: "no-such-right"},
		{Name: "not before the disclosure was", At: on("2026-03-01"), Given: told(patent), When: pay, Code: "date-order"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(told(patent),
		"kind", GrantRight{Number: "ZL2"},
		"number", GrantRight{Kind: "design"},
		"expires_on", GrantRight{"design", "ZL2", day("2026-06-14"), false},
		"amount/minor", PayAward{"ZL9", ledger.Money{Currency: "CNY"}, "J-7"},
		"voucher", PayAward{"ZL9", pay.Amount, ""},
	))
}

func TestExcuseIdleness(t *testing.T) {
	excuse := ExcuseIdleness{"negotiating", day("2026-06-16")}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "to the next day", At: known, Given: told(), When: excuse, Then: []Event{IdlenessExcused(excuse)}},
		{Name: "to another day", At: known, Given: told(IdlenessExcused{"no-market", day("2026-12-31")}), When: excuse, Then: []Event{IdlenessExcused(excuse)}},
		{Name: "not before the disclosure", At: on("2026-03-01"), Given: told(), When: excuse, Code: "date-order"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(told(),
		"ground", ExcuseIdleness{"lazy", day("2027-01-01")},
		"until", ExcuseIdleness{"negotiating", day("2026-06-15")},
		"until", ExcuseIdleness{"negotiating", day("2027")},
		"until", ExcuseIdleness{"negotiating", day("2026-06-14")},
		"until", ExcuseIdleness{Ground: "negotiating"},
	))
}

// A correction voids the signatures under what it changes, and must leave something right.
func TestCorrections(t *testing.T) {
	corrected := disclosed
	corrected.Completers = []Completer{{lin, 500}, {zhou, 500}}
	var s State
	for _, e := range append([]Event{corrected}, signedBoth...) {
		s = Decider.Evolve(s, e, ledger.Metadata{})
	}
	require.Equal(t, Unsigned, s.Contributions())

	for _, e := range []interface {
		ledger.Correctable
		Check() error
	}{disclosed, registered, RightGranted{Right: registered.Rights[0]}, AwardPaid{"ZL1", ledger.Money{Minor: 1, Currency: "CNY"}, "J-7"}} {
		e.Correctable()
		require.NoError(t, e.Check())
	}
	corrected.Completers = shares[:1]
	require.Error(t, corrected.Check())
	require.Error(t, Registered{RegistrationNo: "1"}.Check())
	require.Error(t, RightGranted{}.Check())
	require.Error(t, AwardPaid{}.Check())
}

func TestWhatOthersAsk(t *testing.T) {
	var s State
	for _, e := range []Event{disclosed, Registered(registration(func(c *Register) {
		c.RightsGranted, c.Owners = "ownership-share", []Owner{{Organisation: university, Permille: 700}, {Person: lin, Permille: 300}}
	})), AwardPaid{"ZL1", ledger.Money{Minor: 1, Currency: "CNY"}, "J-7"}} {
		s = Decider.Evolve(s, e, ledger.Metadata{OccurredOn: day("2026-03-02")})
	}
	require.Equal(t, day("2026-03-02"), s.RegisteredOn())
	require.Equal(t, []uuid.UUID{university}, s.OwnerOrganisations())
	require.Equal(t, []ledger.StreamID{organisation(university)}, ExcuseIdleness{}.Benefits(s))
	require.Equal(t, []ledger.Claim{
		{Kind: "achievement-code", Key: "A-2026-0042"}, {Kind: "achievement-registration", Key: "9212026Y0117"}, {Kind: "voucher", Key: "J-7"},
	}, claims(s, ledger.StreamID{}))
	require.Empty(t, claims(State{}, ledger.StreamID{}))
}

func TestWhatACommandReliesOn(t *testing.T) {
	require.Equal(t, []ledger.StreamID{organisation(university), person(lin), person(zhou)}, crystal(nil).ReliesOn())
	require.Equal(t, []ledger.StreamID{person(lin), person(zhou)}, ChangeContributions{Completers: shares}.ReliesOn())
	require.Equal(t, []ledger.StreamID{organisation(centre)}, Evaluate{Evaluator: centre}.ReliesOn())
	require.Equal(t, []ledger.StreamID{organisation(university)}, Register{Owners: []Owner{{Person: lin}, {Organisation: university}}}.ReliesOn())
}

func TestWhoseAffairItIs(t *testing.T) {
	require.Equal(t, []string{"lin"}, Sight.Concerns(disclosed, ledger.Metadata{Actor: "tm", Role: ledger.TM, OnBehalfOf: "lin"}))
	require.Equal(t, []string{"lin"}, Sight.Concerns(disclosed, ledger.Metadata{Actor: "lin", Role: ledger.INV}))
	require.Empty(t, Sight.Concerns(disclosed, ledger.Metadata{Actor: "tm", Role: ledger.TM}))
}

func TestStoredShapes(t *testing.T) { ledgertest.Shapes(t, Codec, os.DirFS("testdata/events")) }

func FuzzDecode(f *testing.F) { ledgertest.FuzzDecode(f, Codec, os.DirFS("testdata/events")) }
