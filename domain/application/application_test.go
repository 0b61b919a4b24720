package application

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

	here   = ledger.StreamID{Category: "application", ID: ledgertest.ID}
	first  = ledger.StreamID{Category: "application", ID: uuid.MustParse("a1b2c3d4-0000-4000-8000-000000000018")}
	plan   = uuid.MustParse("7d0c9b8a-1111-4222-8333-944455566677")
	who    = uuid.MustParse("0f9e8d7c-aaaa-4bbb-8ccc-9dddeeefff00")
	sat    = uuid.MustParse("5eed5eed-2222-4333-8444-955566677788")
	public = uuid.MustParse("c0ffee00-1234-4567-89ab-0123456789ab")
	digest = strings.Repeat("5f", 32)
)

func yuan(n int64) ledger.Money { return ledger.Money{Minor: n * 100, Currency: "CNY"} }

// requirement is a requisition as an application asks it.
type requirement struct {
	places int
	least  ledger.Money
}

func (requirement) OpenOn(on ledger.Date) bool              { return on == day("2026-06-15") }
func (requirement) HasPost(code string) bool                { return code == "director" }
func (requirement) LevelOf(string) string                   { return "middle" }
func (requirement) PrivacyNotice() string                   { return "PN-2026-1" }
func (requirement) HasCondition(_, code string) bool        { return code == "degree" }
func (r requirement) ApprovedNumber(string) int             { return r.places }
func (r requirement) PayBand(string) (_, most ledger.Money) { return r.least, yuan(450_000) }

// somebody is a person as an application asks it.
type somebody struct{ usable bool }

func (s somebody) MayBeUsed() bool { return s.usable }

// concluded is a panel that ranked this application, behind another where second.
type concluded struct{ rank int }

func (c concluded) RankOf(item ledger.StreamID) (int, bool) {
	return c.rank, c.rank > 0 && item == here
}
func (c concluded) AheadOf(ledger.StreamID) []ledger.StreamID {
	if c.rank < 2 {
		return nil
	}
	return []ledger.StreamID{first}
}

// cleared is a notice of appointees that ended on a day.
type cleared struct{ on ledger.Date }

func (c cleared) Cleared(kind string, subject ledger.StreamID) (ledger.Date, bool) {
	return c.on, kind == "appointee" && subject == here && !c.on.IsZero()
}

func receive(change func(*Receive)) Receive {
	c := Receive{
		Code: "A-2026-0117", Requisition: plan, Post: "director", Person: who, Source: "advert",
		Consent:   Consent{"PN-2026-1", []string{"processing", "sensitive"}, "applicant"},
		Documents: []Document{{"identity", ledger.Plain(digest)}},
	}
	if change != nil {
		change(&c)
	}
	return c
}

func received(change func(*ApplicationReceived)) ApplicationReceived {
	e := ApplicationReceived{
		Code: "A-2026-0117", Requisition: plan, Post: "director", Level: "middle", Person: who, Source: "advert",
		Consent:   Consent{"PN-2026-1", []string{"processing", "sensitive"}, "applicant"},
		Documents: []Document{{"identity", ledger.Plain(digest).Of(who)}},
	}
	if change != nil {
		change(&e)
	}
	return e
}

// known is a context with all that an application asks; but is it with one stream otherwise.
func known() ledger.Context { return fill(ledger.Context{Stream: here}) }

func but(s ledger.StreamID, state any) ledger.Context {
	return known().Knowing(s, state)
}

func fill(at ledger.Context) ledger.Context {
	return at.Knowing(requisition(plan), requirement{2, yuan(300_000)}).Knowing(person(who), somebody{true}).
		Knowing(panel(sat), concluded{2}).Knowing(notice(public), cleared{day("2026-06-01")}).Knowing(first, State{Stage: Offered})
}

func TestReceive(t *testing.T) {
	cases := []row{
		{Name: "an application", At: known(), When: receive(nil), Then: []Event{received(nil)}, Again: true},
		{Name: "with nothing in hand", At: known(), When: receive(func(c *Receive) { c.Documents = nil }),
			Then: []Event{received(func(e *ApplicationReceived) { e.Documents = nil })}, Again: true},
		{Name: "out of the window", At: fill(ledger.Context{Stream: here, On: day("2026-06-14")}), When: receive(nil), Code: "not-open"},
		{Name: "to nothing", At: ledger.Context{}.Knowing(person(who), somebody{true}), When: receive(nil), Code: "no-such-requisition"},
		{Name: "by nobody", At: ledger.Context{}, When: receive(nil), Code: "no-such-person"},
		{Name: "by somebody who was erased", At: but(person(who), somebody{}), When: receive(nil), Code: "no-such-person"},
		{Name: "without consent", At: known(), When: receive(func(c *Receive) { c.Consent.Purposes = []string{"sensitive"} }), Code: "consent-needed"},
		{Name: "a document without its consent", At: known(), When: receive(func(c *Receive) { c.Consent.Purposes = []string{"processing"} }), Code: "sensitive-consent-needed"},
	}
	for name, wrong := range map[string]struct {
		field  string
		change func(*Receive)
	}{
		"no code":               {"code", func(c *Receive) { c.Code = "" }},
		"no source":             {"source", func(c *Receive) { c.Source = "" }},
		"another post":          {"post", func(c *Receive) { c.Post = "clerk" }},
		"an older notice":       {"consent/notice", func(c *Receive) { c.Consent.Notice = "PN-2025-1" }},
		"no notice":             {"consent/notice", func(c *Receive) { c.Consent.Notice = "" }},
		"no retention":          {"consent/retention", func(c *Receive) { c.Consent.Retention = "panel" }},
		"a consent to anything": {"consent/purposes/1", func(c *Receive) { c.Consent.Purposes[1] = "all" }},
		"a consent twice":       {"consent/purposes/1", func(c *Receive) { c.Consent.Purposes[1] = "processing" }},
		"a pile":                {"documents", func(c *Receive) { c.Documents = make([]Document, 51) }},
		"a photograph":          {"documents/0/kind", func(c *Receive) { c.Documents[0].Kind = "photograph" }},
		"a file itself":         {"documents/0/digest", func(c *Receive) { c.Documents[0].Digest = ledger.Plain("PDF") }},
	} {
		cases = append(cases, row{Name: name, At: known(), When: receive(wrong.change), Code: "invalid", Field: wrong.field})
	}
	ledgertest.Run(t, Decider, Codec, cases)
	require.Equal(t, []ledger.StreamID{requisition(plan), person(who)}, receive(nil).ReliesOn())
}

var (
	eligible   = EligibilityDecided{Result: "eligible"}
	ineligible = EligibilityDecided{Result: "ineligible", Unmet: []string{"degree"}}
	second     = ApplicationRanked{sat, 2, []ledger.StreamID{first}}
	offered    = OfferIssued{Notice: public, Terms: "T-1", Tier: "C", Pay: yuan(400_000), Expires: day("2026-07-15"), Places: 2}
	accepted   = OfferAnswered{Answer: "accepted"}
	lapsed     = OfferAnswered{Answer: "lapsed"}
)

// went is an application through some events, all by ledgertest.Author.
func went(events ...Event) []ledgertest.Past[Event] {
	return given(append([]Event{received(nil)}, events...)...)
}

func TestDecideEligibility(t *testing.T) {
	appeal := EligibilityDecided{Result: "eligible", Appeal: "AP-1"}
	mine := known()
	mine.Actor = ledgertest.Author
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "eligible", Given: went(), At: known(), When: DecideEligibility{Result: "eligible"}, Then: []Event{eligible}},
		{Name: "not eligible", Given: went(), At: known(), When: DecideEligibility(ineligible), Then: []Event{ineligible}},
		{Name: "not eligible for no reason", Given: went(), At: known(), When: DecideEligibility{Result: "ineligible"}, Code: "invalid", Field: "unmet"},
		{Name: "eligible for want of something", Given: went(), At: known(), When: DecideEligibility{Result: "eligible", Unmet: []string{"degree"}}, Code: "invalid", Field: "unmet"},
		{Name: "for a condition that was not announced", Given: went(), At: known(), When: DecideEligibility{Result: "ineligible", Unmet: []string{"degree", "luck"}}, Code: "invalid", Field: "unmet/1"},
		{Name: "by no requisition", Given: went(), When: DecideEligibility(ineligible), Code: "invalid", Field: "unmet/0"},
		{Name: "for too much", Given: went(), At: known(), When: DecideEligibility{Result: "ineligible", Unmet: make([]string, 31)}, Code: "invalid", Field: "unmet"},
		{Name: "perhaps", Given: went(), At: known(), When: DecideEligibility{Result: "perhaps"}, Code: "invalid", Field: "result"},
		{Name: "before it was received", Given: went(), At: fill(ledger.Context{On: day("2026-03-01")}), When: DecideEligibility{Result: "eligible"}, Code: "date-order"},
		{Name: "on appeal, by another", Given: went(ineligible), At: known(), When: DecideEligibility(appeal), Then: []Event{appeal}},
		{Name: "on appeal, by the same", Given: went(ineligible), At: mine, When: DecideEligibility(appeal), Code: "another-officer"},
		{Name: "on appeal, twice", Given: went(ineligible, appeal), At: known(), When: DecideEligibility(appeal), Code: "appealed"},
		{Name: "an appeal in words", Given: went(ineligible), At: known(), When: DecideEligibility{Result: "eligible", Appeal: "a letter"}, Code: "invalid", Field: "appeal"},
		{Name: "an appeal against nothing", Given: went(), At: known(), When: DecideEligibility(appeal), Code: "not-decided"},
		{Name: "a second time", Given: went(ineligible), At: known(), When: DecideEligibility{Result: "eligible"}, Code: "decided"},
		{Name: "after the ranking", Given: went(eligible, second), At: known(), When: DecideEligibility(appeal), Code: "wrong-stage"},
	})
	require.Equal(t, []ledger.StreamID{requisition(plan)}, DecideEligibility{}.ReliesOn(fold(went())))
}

func TestRank(t *testing.T) {
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "second", Given: went(eligible), At: known(), When: Rank{sat}, Then: []Event{second}},
		{Name: "by a panel that has not concluded", Given: went(eligible), At: but(panel(sat), concluded{}), When: Rank{sat}, Code: "not-ranked"},
		{Name: "by no panel", Given: went(eligible), When: Rank{sat}, Code: "not-ranked"},
		{Name: "before it was received", Given: went(eligible), At: fill(ledger.Context{Stream: here, On: day("2026-03-01")}), When: Rank{sat}, Code: "date-order"},
		{Name: "not eligible", Given: went(ineligible), At: known(), When: Rank{sat}, Code: "wrong-stage"},
	})
	require.Equal(t, []ledger.StreamID{panel(sat)}, Rank{sat}.ReliesOn())
}

func offer(change func(*IssueOffer)) IssueOffer {
	c := IssueOffer{Notice: public, Terms: "T-1", Tier: "C", Pay: yuan(400_000), Expires: day("2026-07-15")}
	if change != nil {
		change(&c)
	}
	return c
}

func TestIssueOffer(t *testing.T) {
	ready := went(eligible, second)
	passed := offered
	passed.OutOfOrder = "medical"
	dear := offered
	dear.Pay = yuan(9_000_000)
	cases := []row{
		{Name: "in order", Given: ready, At: known(), When: offer(nil), Then: []Event{offered}},
		{Name: "past one who declined", Given: ready, At: but(first, State{Stage: Declined}), When: offer(nil), Then: []Event{offered}},
		{Name: "past one who waits", Given: ready, At: but(first, State{Stage: Ranked}), When: offer(nil), Code: "out-of-order"},
		{Name: "past one who is unknown", Given: ready, At: but(first, nil), When: offer(nil), Code: "out-of-order"},
		{Name: "past one who waits, for a reason", Given: ready, At: but(first, State{Stage: Ranked}), When: offer(func(c *IssueOffer) { c.OutOfOrder = "medical" }), Then: []Event{passed}},
		{Name: "again, on other terms", Given: went(eligible, second, dear), At: known(), When: offer(nil), Then: []Event{offered}},
		{Name: "again, after it lapsed", Given: went(eligible, second, offered, lapsed), At: known(), When: offer(nil), Then: []Event{offered}},
		{Name: "where pay is open", Given: ready, At: but(requisition(plan), requirement{places: 2}), When: offer(nil), Then: []Event{offered}},
		{Name: "not ranked", Given: went(eligible), At: known(), When: offer(nil), Code: "wrong-stage"},
		{Name: "declined before", Given: went(eligible, second, offered, OfferAnswered{"declined", "pay"}), At: known(), When: offer(nil), Code: "wrong-stage"},
		{Name: "a panel that was set aside", Given: ready, At: but(panel(sat), concluded{}), When: offer(nil), Code: "not-ranked"},
		{Name: "a rank that is another now", Given: ready, At: but(panel(sat), concluded{1}), When: offer(nil), Code: "not-ranked"},
		{Name: "no panel", Given: ready, At: but(panel(sat), nil), When: offer(nil), Code: "not-ranked"},
		{Name: "not noticed", Given: ready, At: but(notice(public), cleared{}), When: offer(nil), Code: "not-noticed"},
		{Name: "no notice", Given: ready, At: but(notice(public), nil), When: offer(nil), Code: "not-noticed"},
		{Name: "noticed before the ranking", Given: ready, At: but(notice(public), cleared{day("2026-03-01")}), When: offer(nil), Code: "notice-order"},
		{Name: "noticed until tomorrow", Given: ready, At: but(notice(public), cleared{day("2026-06-16")}), When: offer(nil), Code: "notice-order"},
		{Name: "of a cancelled plan", Given: ready, At: but(requisition(plan), requirement{}), When: offer(nil), Code: "no-post"},
		{Name: "of no plan", Given: ready, At: but(requisition(plan), nil), When: offer(nil), Code: "no-post"},
		{Name: "to one whose data is stored only", Given: ready, At: but(person(who), somebody{}), When: offer(nil), Code: "no-such-person"},
		{Name: "too dear", Given: ready, At: known(), When: offer(func(c *IssueOffer) { c.Pay = yuan(450_001) }), Code: "pay-band"},
		{Name: "too cheap", Given: ready, At: known(), When: offer(func(c *IssueOffer) { c.Pay = yuan(299_999) }), Code: "pay-band"},
		{Name: "before the ranking", Given: ready, At: fill(ledger.Context{Stream: here, On: day("2026-03-01")}), When: offer(nil), Code: "date-order"},
	}
	for name, wrong := range map[string]struct {
		field  string
		change func(*IssueOffer)
	}{
		"no terms":         {"terms", func(c *IssueOffer) { c.Terms = "" }},
		"a tier beyond":    {"tier", func(c *IssueOffer) { c.Tier = "E" }},
		"no pay":           {"pay/minor", func(c *IssueOffer) { c.Pay.Minor = 0 }},
		"another currency": {"pay/currency", func(c *IssueOffer) { c.Pay.Currency = "USD" }},
		"a whim":           {"out_of_order", func(c *IssueOffer) { c.OutOfOrder = "taste" }},
		"for a month":      {"expires", func(c *IssueOffer) { c.Expires = day("2026-07") }},
		"until yesterday":  {"expires", func(c *IssueOffer) { c.Expires = day("2026-06-14") }},
	} {
		cases = append(cases, row{Name: name, Given: ready, At: known(), When: offer(wrong.change), Code: "invalid", Field: wrong.field})
	}
	ledgertest.Run(t, Decider, Codec, cases)
	s := fold(ready)
	require.Equal(t, []ledger.StreamID{requisition(plan), person(who), panel(sat), notice(public), first}, offer(nil).ReliesOn(s))
	require.Equal(t, []ledger.StreamID{person(who)}, offer(nil).Benefits(s))
}

func TestAnswers(t *testing.T) {
	out := went(eligible, second, offered)
	on := func(date string) ledger.Context {
		return ledger.Context{Now: ledgertest.Now.AddDate(0, 2, 0), On: day(date)}
	}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "yes, on the last day", Given: out, At: on("2026-07-15"), When: AnswerOffer{Answer: "accepted"}, Then: []Event{accepted}},
		{Name: "no", Given: out, When: AnswerOffer{"declined", "pay"}, Then: []Event{OfferAnswered{"declined", "pay"}}},
		{Name: "nothing", Given: out, At: on("2026-07-16"), When: AnswerOffer{Answer: "lapsed"}, Then: []Event{lapsed}},
		{Name: "yes, too late", Given: out, At: on("2026-07-16"), When: AnswerOffer{Answer: "accepted"}, Code: "expired"},
		{Name: "lapsed too early", Given: out, At: on("2026-07-15"), When: AnswerOffer{Answer: "lapsed"}, Code: "not-expired"},
		{Name: "no, for no reason", Given: out, When: AnswerOffer{Answer: "declined"}, Code: "invalid", Field: "reason"},
		{Name: "yes, for a reason", Given: out, When: AnswerOffer{"accepted", "pay"}, Code: "invalid", Field: "reason"},
		{Name: "no, on a whim", Given: out, When: AnswerOffer{"declined", "whim"}, Code: "invalid", Field: "reason"},
		{Name: "perhaps", Given: out, When: AnswerOffer{Answer: "perhaps"}, Code: "invalid", Field: "answer"},
		{Name: "to no offer", Given: went(eligible), When: AnswerOffer{Answer: "accepted"}, Code: "wrong-stage"},
	})
}

func TestEnds(t *testing.T) {
	closed := func(reason string) []Event { return []Event{ApplicationClosed{who, "applicant", reason}} }
	out := but(requisition(plan), requirement{})
	early := ledger.Context{On: day("2026-03-01")}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "withdrawn", Given: went(), When: Withdraw{"own-wish"}, Then: []Event{ApplicationWithdrawn{who, "applicant", "own-wish"}}},
		{Name: "withdrawn after accepting", Given: went(eligible, second, offered, accepted), When: Withdraw{"other-offer"}, Then: []Event{ApplicationWithdrawn{who, "applicant", "other-offer"}}},
		{Name: "withdrawn for no reason", Given: went(), When: Withdraw{""}, Code: "invalid", Field: "reason"},
		{Name: "withdrawn before it began", Given: went(), At: early, When: Withdraw{"own-wish"}, Code: "date-order"},
		{Name: "withdrawn after the end", Given: went(ApplicationClosed{who, "applicant", "not-selected"}), When: Withdraw{"own-wish"}, Code: "wrong-stage"},
		{Name: "not eligible", Given: went(ineligible), At: known(), When: Close{"ineligible"}, Then: closed("ineligible")},
		{Name: "not selected", Given: went(eligible, second), At: known(), When: Close{"not-selected"}, Then: closed("not-selected")},
		{Name: "not taken", Given: went(eligible, second, offered, lapsed), At: known(), When: Close{"offer-not-taken"}, Then: closed("offer-not-taken")},
		{Name: "cancelled, with an offer out", Given: went(eligible, second, offered), At: out, When: Close{"requisition-cancelled"}, Then: closed("requisition-cancelled")},
		{Name: "cancelled, which it is not", Given: went(), At: known(), When: Close{"requisition-cancelled"}, Code: "not-cancelled"},
		{Name: "not selected, with an offer out", Given: went(eligible, second, offered), At: known(), When: Close{"not-selected"}, Code: "wrong-stage"},
		{Name: "closed after accepting", Given: went(eligible, second, offered, accepted), At: out, When: Close{"requisition-cancelled"}, Code: "wrong-stage"},
		{Name: "closed for no reason", Given: went(), At: known(), When: Close{"tired"}, Code: "invalid", Field: "reason"},
		{Name: "closed before it began", Given: went(), At: early, When: Close{"not-selected"}, Code: "date-order"},
	})
	require.Equal(t, []ledger.StreamID{requisition(plan)}, Close{}.ReliesOn(fold(went())))
}

func fold(past []ledgertest.Past[Event]) State {
	var s State
	for _, p := range past {
		s = Decider.Evolve(s, p.Event, p.Meta)
	}
	return s
}

func TestWhatOthersAsk(t *testing.T) {
	for _, c := range []struct {
		went                       []ledgertest.Past[Event]
		eligible, accepted, passed bool
	}{
		{went(), false, false, false},
		{went(eligible), true, false, false},
		{went(ineligible), false, false, true},
		{went(eligible, second), true, false, false},
		{went(eligible, second, offered), true, false, true},
		{went(eligible, second, offered, accepted), true, true, true},
		{went(eligible, second, offered, lapsed), false, false, true},
		{went(eligible, ApplicationWithdrawn{who, "applicant", "own-wish"}), false, false, true},
	} {
		s := fold(c.went)
		require.Equal(t, c.eligible, s.IsEligible(), s.Stage)
		require.Equal(t, c.accepted, s.AcceptedOffer(), s.Stage)
		require.Equal(t, c.passed, s.Passed(), s.Stage)
		r, post := s.AppliedFor()
		require.Equal(t, plan, r)
		require.Equal(t, "director", post)
		require.Equal(t, who, s.Applicant())
		require.Equal(t, who, Decider.About(s, here))
	}
}

func TestClaims(t *testing.T) {
	code := ledger.Claim{Kind: "application-code", Key: "A-2026-0117"}
	one := ledger.Claim{Kind: "application", Key: who.String() + "/" + plan.String() + "/director"}
	place := ledger.Claim{Kind: "post", Key: plan.String() + "/director", Amount: 1, Limit: 2}
	for _, c := range []struct {
		state State
		holds []ledger.Claim
	}{
		{State{}, nil},
		{fold(went()), []ledger.Claim{code, one}},
		{fold(went(eligible, second, offered)), []ledger.Claim{code, one, place}},
		{fold(went(eligible, second, offered, accepted)), []ledger.Claim{code, one, place}},
		{fold(went(eligible, second, offered, lapsed)), []ledger.Claim{code}},
		{fold(went(ineligible)), []ledger.Claim{code}},
	} {
		require.Equal(t, c.holds, Decider.Claims(c.state, here), c.state.Stage)
	}
}

// Reviewers see codes on their panel and never an application (H3).
func TestReviewersAreBlind(t *testing.T) {
	require.Equal(t, ledger.SeesNone, Sight.Reach([]ledger.Role{ledger.REV, ledger.CHR, ledger.INV, ledger.MEN, ledger.REP}))
}

// What may be corrected is what the catalogue of events says.
func TestCorrectable(t *testing.T) {
	c, ok := Event(received(nil)).(interface{ Correctable() })
	require.True(t, ok)
	c.Correctable()
	_, ok = Event(offered).(interface{ Correctable() })
	require.False(t, ok, "an offer is issued anew")
}

func TestEveryStageHasAName(t *testing.T) {
	require.Len(t, StageNames, 10)
	require.Equal(t, "wrong-stage", ledger.CodeOf(State{Stage: "archived"}.at(Received)))
}

func TestStoredShapes(t *testing.T) { ledgertest.Shapes(t, Codec, os.DirFS("testdata/events")) }

func FuzzDecode(f *testing.F) { ledgertest.FuzzDecode(f, Codec, os.DirFS("testdata/events")) }
