package person

import (
	"os"
	"strings"
	"testing"
	"testing/quick"

	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

// The example number of GB 11643-1999, and one with the check character X.
const (
	resident  = "11010519491231002X"
	resident2 = "440524188001010014"
)

func somebody(change func(*Enrol)) Enrol {
	c := Enrol{
		Name: ledger.Plain("王小明"), IDDocument: &IDDocument{"resident-id", ledger.Plain(resident)},
		Contacts: []Contact{{"mobile", ledger.Plain("13800138000")}}, Titles: []ledger.Personal{ledger.Plain("高级工程师")},
		Notice: "PN-2026-1", Basis: "consent", Retention: "applicant", Consents: []string{"processing", "sensitive"},
	}
	if change != nil {
		change(&c)
	}
	return c
}

func of(text string) ledger.Personal { return ledger.Plain(text).Of(ledgertest.ID) }

// enrolled is what somebody comes to.
func enrolled(change func(*Enrolled)) Enrolled {
	e := Enrolled{
		Name: of("王小明"), IDDocument: &IDDocument{"resident-id", of(resident)}, IDFingerprint: of(resident).Fingerprint(),
		Contacts: []Contact{{"mobile", of("13800138000")}}, Titles: []ledger.Personal{of("高级工程师")},
		Notice: "PN-2026-1", Basis: "consent", Retention: "applicant", Consents: []string{"processing", "sensitive"},
	}
	if change != nil {
		change(&e)
	}
	return e
}

type testCase = ledgertest.Case[Command, Event]

func TestEnrol(t *testing.T) {
	ledgertest.Run(t, Decider, Codec, []testCase{
		// A second enrolment is refused by the ledger, which knows that the stream is there.
		{Name: "a person with everything", When: somebody(nil), Then: []Event{enrolled(nil)}, Again: true},
		{Name: "a name is enough", When: Enrol{Name: ledger.Plain("A"), Notice: "1", Basis: "legal-duty", Retention: "panel"},
			Then: []Event{Enrolled{Name: of("A"), Notice: "1", Basis: "legal-duty", Retention: "panel"}}, Again: true},
		{Name: "a number is kept as its fingerprint is taken", When: somebody(func(c *Enrol) { c.IDDocument.Number = ledger.Plain("110105 19491231 002x") }),
			Then: []Event{enrolled(nil)}, Again: true},
		{Name: "a passport has no check digit of ours", When: somebody(func(c *Enrol) { c.IDDocument = &IDDocument{"passport", ledger.Plain("e1234")} }),
			Then: []Event{enrolled(func(e *Enrolled) {
				e.IDDocument, e.IDFingerprint = &IDDocument{"passport", of("E1234")}, of("E1234").Fingerprint()
			})}, Again: true},
		{Name: "no consent to processing where it is the ground", When: somebody(func(c *Enrol) { c.Consents = []string{"sensitive"} }), Code: "consent-needed"},
		{Name: "no separate consent to the document", When: somebody(func(c *Enrol) { c.Consents = []string{"processing"} }), Code: "sensitive-consent-needed"},
	})
	var cases []testCase
	for name, wrong := range map[string]struct {
		field  string
		change func(*Enrol)
	}{
		"no name":                      {"name", func(c *Enrol) { c.Name = ledger.Personal{} }},
		"a name too long":              {"name", func(c *Enrol) { c.Name = ledger.Plain(strings.Repeat("x", 201)) }},
		"a document of no kind":        {"id_document/kind", func(c *Enrol) { c.IDDocument.Kind = "card" }},
		"a document without a number":  {"id_document/number", func(c *Enrol) { c.IDDocument.Number = ledger.Personal{} }},
		"a mistyped resident number":   {"id_document/number", func(c *Enrol) { c.IDDocument.Number = ledger.Plain("110105194912310021") }},
		"a short resident number":      {"id_document/number", func(c *Enrol) { c.IDDocument.Number = ledger.Plain("1101051949123100") }},
		"a contact by pigeon":          {"contacts/0/way", func(c *Enrol) { c.Contacts[0].Way = "pigeon" }},
		"a contact without value":      {"contacts/0/value", func(c *Enrol) { c.Contacts[0].Value = ledger.Personal{} }},
		"too many contacts":            {"contacts", func(c *Enrol) { c.Contacts = make([]Contact, 21) }},
		"too many titles":              {"titles", func(c *Enrol) { c.Titles = make([]ledger.Personal, 21) }},
		"an empty title":               {"titles/0", func(c *Enrol) { c.Titles = make([]ledger.Personal, 1) }},
		"a notice in words":            {"notice", func(c *Enrol) { c.Notice = "the notice" }},
		"a ground that is not known":   {"basis", func(c *Enrol) { c.Basis = "interest" }},
		"a class that is not known":    {"retention", func(c *Enrol) { c.Retention = "ever" }},
		"a consent that is not known":  {"consents/0", func(c *Enrol) { c.Consents[0] = "all" }},
		"a consent that is told twice": {"consents/1", func(c *Enrol) { c.Consents[1] = "processing" }},
	} {
		cases = append(cases, testCase{Name: name, When: somebody(wrong.change), Code: "invalid", Field: wrong.field})
	}
	ledgertest.Run(t, Decider, Codec, cases)
}

// No refusal repeats what it was told.
func TestRefusalsAreDiscreet(t *testing.T) {
	for _, change := range []func(*Enrol){
		func(c *Enrol) { c.IDDocument.Number = ledger.Plain("110105194912310021") },
		func(c *Enrol) { c.Name = ledger.Plain(" 王小明") },
		func(c *Enrol) { c.Contacts[0].Value = ledger.Plain("13800138000\x01") },
	} {
		_, err := somebody(change).decide(State{}, ledgertest.Context(ledger.Context{}))
		require.Error(t, err)
		for _, secret := range []string{"110105", "王小明", "138"} {
			require.NotContains(t, err.Error(), secret)
		}
	}
}

func TestResidentID(t *testing.T) {
	require.True(t, residentID(resident))
	require.True(t, residentID(resident2))
	for i := range resident2 { // every single mistyped digit is found
		for d := byte('0'); d <= '9'; d++ {
			if wrong := []byte(resident2); wrong[i] != d {
				wrong[i] = d
				require.False(t, residentID(string(wrong)), string(wrong))
			}
		}
	}
}

func TestAmend(t *testing.T) {
	given := ledgertest.Given[Event](enrolled(nil))
	restricted := ledgertest.Given[Event](enrolled(nil), Restricted{"disputed"})
	bare := ledgertest.Given[Event](enrolled(func(e *Enrolled) { e.IDDocument, e.Consents = nil, []string{"processing"} }))
	ledgertest.Run(t, Decider, Codec, []testCase{
		// What is sealed cannot be compared, so that the same again is put right again.
		{Name: "a name", Given: given, When: Amend{Name: ledger.Plain("王晓明")}, Then: []Event{Amended{Name: of("王晓明")}}, Again: true},
		{Name: "a document", Given: given, When: Amend{IDDocument: &IDDocument{"resident-id", ledger.Plain(resident2)}},
			Then: []Event{Amended{IDDocument: &IDDocument{"resident-id", of(resident2)}, IDFingerprint: of(resident2).Fingerprint()}}, Again: true},
		{Name: "contacts and titles", Given: given, When: Amend{Contacts: []Contact{{"email", ledger.Plain("a@b.cn")}}, Titles: []ledger.Personal{ledger.Plain("Dr")}},
			Then: []Event{Amended{Contacts: []Contact{{"email", of("a@b.cn")}}, Titles: []ledger.Personal{of("Dr")}}}, Again: true},
		{Name: "nothing", Given: given, When: Amend{}, Code: "invalid", Field: "name"},
		{Name: "a wrong title", Given: given, When: Amend{Titles: make([]ledger.Personal, 1)}, Code: "invalid", Field: "titles/0"},
		{Name: "a document without consent", Given: bare, When: Amend{IDDocument: &IDDocument{"passport", ledger.Plain("E1")}}, Code: "sensitive-consent-needed"},
		{Name: "stored only", Given: restricted, When: Amend{Name: ledger.Plain("x")}, Code: "restricted"},
	})
}

func TestConsents(t *testing.T) {
	given := ledgertest.Given[Event](enrolled(nil))
	ledgertest.Run(t, Decider, Codec, []testCase{
		{Name: "another consent", Given: given, When: GiveConsent{"overseas", "PN-2"}, Then: []Event{ConsentGiven{"overseas", "PN-2"}}},
		{Name: "one that is given", Given: given, When: GiveConsent{"processing", "PN-2"}},
		{Name: "to what is not known", Given: given, When: GiveConsent{"all", "PN-2"}, Code: "invalid", Field: "purpose"},
		{Name: "by no notice", Given: given, When: GiveConsent{"overseas", ""}, Code: "invalid", Field: "notice"},
		{Name: "withdrawn", Given: given, When: WithdrawConsent{"processing"}, Then: []Event{ConsentWithdrawn{"processing"}}},
		{Name: "withdrawn though not given", Given: given, When: WithdrawConsent{"overseas"}, Code: "no-consent"},
		{Name: "withdrawn from what is not known", Given: given, When: WithdrawConsent{"all"}, Code: "invalid", Field: "purpose"},
	})
}

func TestRestrictionAndHolds(t *testing.T) {
	given := ledgertest.Given[Event](enrolled(nil))
	restricted := ledgertest.Given[Event](enrolled(nil), Restricted{"disputed"})
	held := ledgertest.Given[Event](enrolled(nil), LegalHoldPlaced{"LAO-1"})
	ledgertest.Run(t, Decider, Codec, []testCase{
		{Name: "restrict", Given: given, When: Restrict{"disputed"}, Then: []Event{Restricted{"disputed"}}},
		{Name: "restricted already", Given: restricted, When: Restrict{"retention-duty"}},
		{Name: "restrict for no reason", Given: given, When: Restrict{"x"}, Code: "invalid", Field: "ground"},
		{Name: "lift", Given: restricted, When: LiftRestriction{"resolved"}, Then: []Event{RestrictionLifted{"resolved"}}},
		{Name: "nothing to lift", Given: given, When: LiftRestriction{"resolved"}},
		{Name: "lift for no reason", Given: restricted, When: LiftRestriction{}, Code: "invalid", Field: "ground"},
		{Name: "hold", Given: given, When: PlaceHold{"LAO-1"}, Then: []Event{LegalHoldPlaced{"LAO-1"}}},
		{Name: "held already", Given: held, When: PlaceHold{"LAO-1"}},
		{Name: "a second hold", Given: held, When: PlaceHold{"LAO-2"}, Then: []Event{LegalHoldPlaced{"LAO-2"}}},
		{Name: "a hold in words", Given: given, When: PlaceHold{"the Wang case"}, Code: "invalid", Field: "case"},
		{Name: "lift the hold", Given: held, When: LiftHold{"LAO-1"}, Then: []Event{LegalHoldLifted{"LAO-1"}}},
		{Name: "no such hold", Given: held, When: LiftHold{"LAO-2"}, Code: "no-such-hold"},
		{Name: "a case in words", Given: held, When: LiftHold{""}, Code: "invalid", Field: "case"},
	})
	full := State{Holds: make([]string, maxHolds)}
	_, err := PlaceHold{"LAO-1"}.decide(full, ledger.Context{})
	require.Equal(t, "invalid", ledger.CodeOf(err))
}

func TestErasure(t *testing.T) {
	ended := ledgertest.By[Event](ledgertest.Author, ledger.Day(2025, 6, 15), enrolled(nil), PurposeEnded{"applicant"})
	late := ledgertest.By[Event](ledgertest.Author, ledger.Day(2025, 6, 16), enrolled(nil), PurposeEnded{"applicant"})
	payee := ledgertest.By[Event](ledgertest.Author, ledger.Day(1990, 1, 1), enrolled(func(e *Enrolled) { e.Retention = "payee" }), PurposeEnded{"payee"})
	given := ledgertest.Given[Event](enrolled(nil))
	proposed := ledgertest.Given[Event](enrolled(nil), ErasureProposed{"subject-request"})
	held := ledgertest.Given[Event](enrolled(nil), LegalHoldPlaced{"LAO-1"})
	heldAfter := ledgertest.Given[Event](enrolled(nil), ErasureProposed{"unlawful"}, LegalHoldPlaced{"LAO-1"})
	own := append(ledgertest.Given[Event](enrolled(nil)), ledgertest.By[Event](ledgertest.Actor, ledgertest.Before, ErasureProposed{"unlawful"})...)
	erased := ledgertest.Given[Event](enrolled(nil), DataErased{"unlawful"})
	cases := []testCase{
		{Name: "propose on request", Given: given, When: ProposeErasure{"subject-request"}, Then: []Event{ErasureProposed{"subject-request"}}},
		{Name: "on the day it is due", Given: ended, When: ProposeErasure{"retention-expired"}, Then: []Event{ErasureProposed{"retention-expired"}}},
		{Name: "a day before", Given: late, When: ProposeErasure{"retention-expired"}, Code: "not-due"},
		{Name: "retention without an end", Given: given, When: ProposeErasure{"retention-expired"}, Code: "not-due"},
		{Name: "what is to be restricted", Given: payee, When: ProposeErasure{"retention-expired"}, Code: "not-due"},
		{Name: "proposed already", Given: proposed, When: ProposeErasure{"unlawful"}},
		{Name: "propose for no reason", Given: given, When: ProposeErasure{}, Code: "invalid", Field: "ground"},
		{Name: "propose under a hold", Given: held, When: ProposeErasure{"unlawful"}, Code: "legal-hold"},
		{Name: "decide", Given: proposed, When: Erase{}, Then: []Event{DataErased{"subject-request"}}},
		{Name: "decide what nobody proposed", Given: given, When: Erase{}, Code: "not-proposed"},
		{Name: "approve one's own", Given: own, At: ledger.Context{Approver: ledgertest.Actor}, When: Erase{}, Code: "four-eyes"},
		{Name: "decide under a hold", Given: heldAfter, When: Erase{}, Code: "legal-hold"},
	}
	for _, c := range []Command{somebody(nil), Amend{Name: ledger.Plain("x")}, GiveConsent{"processing", "1"}, WithdrawConsent{"processing"}, Restrict{"disputed"},
		LiftRestriction{"resolved"}, PlaceHold{"LAO-1"}, LiftHold{"LAO-1"}, Classify{"payee", "contract"}, EndPurpose{}, ProposeErasure{"unlawful"}, Erase{},
		Disclose{"subject-request", []string{"name"}}} {
		cases = append(cases, testCase{Name: "after the erasure", Given: erased, When: c, Code: "subject-erased"})
	}
	ledgertest.Run(t, Decider, Codec, cases)
}

func TestRetention(t *testing.T) {
	given := ledgertest.Given[Event](enrolled(nil))
	restricted := ledgertest.Given[Event](enrolled(nil), Restricted{"disputed"})
	ended := ledgertest.Given[Event](enrolled(nil), PurposeEnded{"applicant"})
	ledgertest.Run(t, Decider, Codec, []testCase{
		{Name: "appointed", Given: given, When: Classify{"appointee", "hr-management"}, Then: []Event{Classified{"appointee", "hr-management"}}},
		{Name: "the same", Given: given, When: Classify{"applicant", "consent"}},
		{Name: "no class", Given: given, When: Classify{"x", "consent"}, Code: "invalid", Field: "retention"},
		{Name: "no ground", Given: given, When: Classify{"payee", "x"}, Code: "invalid", Field: "basis"},
		{Name: "stored only", Given: restricted, When: Classify{"payee", "contract"}, Code: "restricted"},
		{Name: "consent that is not there", Given: ledgertest.Given[Event](enrolled(nil), ConsentWithdrawn{"processing"}), When: Classify{"payee", "consent"}, Code: "consent-needed"},
		{Name: "the purpose ends", Given: given, When: EndPurpose{}, Then: []Event{PurposeEnded{"applicant"}}},
		{Name: "it ended another day", Given: ended, When: EndPurpose{}, Code: "purpose-ended"},
	})

	day := ledgertest.Date
	for name, c := range map[string]struct {
		Keeping
		due Due
	}{
		"under way":                       {Keeping{"consent", "applicant", ledger.Date{}, ledger.Date{}}, Due{}},
		"an applicant, after a year":      {Keeping{"contract", "applicant", day("2025-02-10"), ledger.Date{}}, Due{day("2026-02-10"), "propose-erasure", "retention-expired"}},
		"an appointee, after two":         {Keeping{"hr-management", "appointee", day("2024-02-29"), ledger.Date{}}, Due{day("2026-02-28"), "propose-erasure", "retention-expired"}},
		"the last day that is meant":      {Keeping{"contract", "applicant", day("2025"), ledger.Date{}}, Due{day("2026-12-31"), "propose-erasure", "retention-expired"}},
		"a payee, restricted":             {Keeping{"legal-duty", "payee", day("1995-12-31"), ledger.Date{}}, Due{day("2025-12-31"), "restrict", "retention-duty"}},
		"a panel, never":                  {Keeping{"legal-duty", "panel", day("2001-01-01"), ledger.Date{}}, Due{}},
		"withdrawn, at once":              {Keeping{"consent", "applicant", ledger.Date{}, day("2026-01-02")}, Due{day("2026-01-02"), "propose-erasure", "consent-withdrawn"}},
		"withdrawn, but a duty to keep":   {Keeping{"consent", "payee", ledger.Date{}, day("2026-01-02")}, Due{day("2026-01-02"), "restrict", "consent-withdrawn"}},
		"withdrawn, which was no ground":  {Keeping{"contract", "applicant", ledger.Date{}, day("2026-01-02")}, Due{}},
		"a class of a later release, yet": {Keeping{"contract", "later", day("2001-01-01"), ledger.Date{}}, Due{}},
	} {
		require.Equal(t, c.due, c.Due(), name)
	}
}

// Retention never ends early: a month more is a day later, and in the month that is meant.
func TestMonthsAreAdded(t *testing.T) {
	require.NoError(t, quick.Check(func(offset uint16, months uint8) bool {
		d := ledger.DayOf(ledgertest.Now.AddDate(0, 0, int(offset%20_000)))
		sum := addMonths(d, int(months))
		whole := int(sum.Year)*12 + int(sum.Month) - int(d.Year)*12 - int(d.Month)
		return whole == int(months) && (sum.Day == d.Day || sum == sum.First() || sum.Day == ledger.Date{Year: sum.Year, Month: sum.Month}.Last().Day && sum.Day < d.Day)
	}, nil))
}

func TestDisclosure(t *testing.T) {
	given := ledgertest.Given[Event](enrolled(nil))
	restricted := ledgertest.Given[Event](enrolled(nil), Restricted{"disputed"})
	as := func(r ledger.Role) ledger.Context { return ledger.Context{Role: r} }
	ledgertest.Run(t, Decider, Codec, []testCase{
		{Name: "HR for a selection", Given: given, At: as(ledger.HR), When: Disclose{"recruitment", []string{"name", "contact", "name"}},
			Then: []Event{DataDisclosed{"recruitment", []string{"contact", "name"}}}, Again: true},
		{Name: "the protection officer, though restricted", Given: restricted, At: as(ledger.DPO), When: Disclose{"subject-request", []string{"id-document"}},
			Then: []Event{DataDisclosed{"subject-request", []string{"id-document"}}}, Again: true},
		{Name: "nobody else, once the consent was withdrawn", Given: ledgertest.Given[Event](enrolled(nil), ConsentWithdrawn{"processing"}), At: as(ledger.HR), When: Disclose{"recruitment", []string{"name"}}, Code: "consent-withdrawn"},
		{Name: "no document, once its consent was withdrawn", Given: ledgertest.Given[Event](enrolled(nil), ConsentWithdrawn{"sensitive"}), At: as(ledger.HR), When: Disclose{"employment", []string{"id-document"}}, Code: "sensitive-consent-needed"},
		{Name: "the rest of it, though", Given: ledgertest.Given[Event](enrolled(nil), ConsentWithdrawn{"sensitive"}), At: as(ledger.HR), When: Disclose{"employment", []string{"name"}},
			Then: []Event{DataDisclosed{"employment", []string{"name"}}}, Again: true},
		{Name: "nobody else, when restricted", Given: restricted, At: as(ledger.HR), When: Disclose{"recruitment", []string{"name"}}, Code: "restricted"},
		{Name: "more than the purpose needs", Given: given, At: as(ledger.HR), When: Disclose{"recruitment", []string{"name", "id-document"}}, Code: "invalid", Field: "kinds/1"},
		{Name: "what nobody is shown", Given: given, At: as(ledger.DPO), When: Disclose{"subject-request", []string{"id-fingerprint"}}, Code: "invalid", Field: "kinds/0"},
		{Name: "another's purpose", Given: given, At: as(ledger.FIN), When: Disclose{"recruitment", []string{"name"}}, Code: "purpose-role"},
		{Name: "no purpose", Given: given, At: as(ledger.DPO), When: Disclose{"curiosity", []string{"name"}}, Code: "invalid", Field: "purpose"},
		{Name: "nothing", Given: given, At: as(ledger.DPO), When: Disclose{"subject-request", nil}, Code: "invalid", Field: "kinds"},
	})
	for _, p := range Purposes {
		require.Subset(t, Unblinders, p.Roles)
		require.Subset(t, Kinds, p.Kinds)
		require.NotContains(t, p.Roles, ledger.REV, "reviewers see codes")
	}
}

func TestStoredShapes(t *testing.T) { ledgertest.Shapes(t, Codec, os.DirFS("testdata/events")) }

func FuzzDecode(f *testing.F) { ledgertest.FuzzDecode(f, Codec, os.DirFS("testdata/events")) }
