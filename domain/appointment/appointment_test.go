package appointment

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
	day     = ledgertest.Date
	applied = ledger.StreamID{Category: "application", ID: uuid.MustParse("a1b2c3d4-0000-4000-8000-000000000017")}
	plan    = uuid.MustParse("7d0c9b8a-1111-4222-8333-944455566677")
	who     = uuid.MustParse("0f9e8d7c-aaaa-4bbb-8ccc-9dddeeefff00")
)

// candidate is an application as an appointment asks it.
type candidate struct{ accepted bool }

func (c candidate) AcceptedOffer() bool           { return c.accepted }
func (candidate) Applicant() uuid.UUID            { return who }
func (candidate) AppliedFor() (uuid.UUID, string) { return plan, "director" }

func start(change func(*Start)) Start {
	c := Start{
		Code: "K-2026-0007", Application: applied.ID, Mode: "full-time", Regime: "labour-contract",
		From: day("2026-06-15"), To: day("2029-06-14"), Probation: day("2026-12-14"), ProbationPay: 80, Account: "tm.zhao",
	}
	if change != nil {
		change(&c)
	}
	return c
}

func started(change func(*AppointmentStarted)) AppointmentStarted {
	e := AppointmentStarted{
		Code: "K-2026-0007", Application: applied.ID, Requisition: plan, Post: "director", Person: who, Mode: "full-time", Regime: "labour-contract",
		From: day("2026-06-15"), To: day("2029-06-14"), Probation: day("2026-12-14"), ProbationPay: 80, Account: "tm.zhao",
	}
	if change != nil {
		change(&e)
	}
	return e
}

func known(on string) ledger.Context {
	return ledger.Context{On: day(on)}.Knowing(applied, candidate{true})
}

func TestStart(t *testing.T) {
	at := known("2026-06-15")
	bare := func(c *Start) { c.Probation, c.ProbationPay, c.Account = ledger.Date{}, 0, "" }
	cases := []row{
		{Name: "three years, six months of probation", At: at, When: start(nil), Then: []Event{started(nil)}, Again: true},
		{Name: "open-ended, without probation", At: at, When: start(func(c *Start) { bare(c); c.To = ledger.Date{} }), Again: true,
			Then: []Event{started(func(e *AppointmentStarted) {
				e.To, e.Probation, e.ProbationPay, e.Account = ledger.Date{}, ledger.Date{}, 0, ""
			})}},
		{Name: "no accepted offer", At: ledger.Context{}.Knowing(applied, candidate{}), When: start(nil), Code: "no-accepted-offer"},
		{Name: "no application", When: start(nil), Code: "no-accepted-offer"},
		{Name: "one who works elsewhere, unasked", At: at, When: start(func(c *Start) { c.Mode = "flexible" }), Code: "employer-consent"},
		{Name: "in a month", At: known("2026-06"), When: start(nil), Code: "day-needed"},
		{Name: "too little pay in the probation", At: at, When: start(func(c *Start) { c.ProbationPay = 79 }), Code: "probation-pay"},
		{Name: "too much pay in the probation", At: at, When: start(func(c *Start) { c.ProbationPay = 101 }), Code: "probation-pay"},
	}
	for name, wrong := range map[string]struct {
		field  string
		change func(*Start)
	}{
		"no code":                {"code", func(c *Start) { c.Code = "" }},
		"no mode":                {"mode", func(c *Start) { c.Mode = "" }},
		"no regime":              {"regime", func(c *Start) { c.Regime = "" }},
		"a name for an account":  {"account", func(c *Start) { c.Account = "赵" }},
		"from tomorrow":          {"from", func(c *Start) { c.From = day("2026-06-16") }},
		"from a month":           {"from", func(c *Start) { c.From = day("2026-06") }},
		"to yesterday":           {"to", func(c *Start) { c.To = day("2026-06-14") }},
		"to a month":             {"to", func(c *Start) { c.To = day("2026-07") }},
		"a probation that ended": {"probation", func(c *Start) { c.Probation = day("2026-06-14") }},
		"a probation to a month": {"probation", func(c *Start) { c.Probation = day("2026-07") }},
	} {
		cases = append(cases, row{Name: name, At: at, When: start(wrong.change), Code: "invalid", Field: wrong.field})
	}
	ledgertest.Run(t, Decider, Codec, cases)
	require.Equal(t, []ledger.StreamID{applied}, start(nil).ReliesOn())
}

// Labour Contract Law 19 and 70, Regulations on Personnel of Public Institutions 13: for each
// contract the last day that a probation may have, and the day after is refused.
func TestProbationsOfTheLaw(t *testing.T) {
	first := func(c *Start) { c.Regime, c.FirstJob = "public-institution", true }
	for name, c := range map[string]struct {
		to, last, code string
		change         func(*Start)
	}{
		"three years":                        {"2029-06-14", "2026-12-14", "probation-too-long", nil},
		"open-ended":                         {"", "2026-12-14", "probation-too-long", nil},
		"a day short of three years":         {"2029-06-13", "2026-08-14", "probation-too-long", nil},
		"a year":                             {"2027-06-14", "2026-08-14", "probation-too-long", nil},
		"a day short of a year":              {"2027-06-13", "2026-07-14", "probation-too-long", nil},
		"three months":                       {"2026-09-14", "2026-07-14", "probation-too-long", nil},
		"a day short of three months":        {"2026-09-13", "", "no-probation", nil},
		"part-time":                          {"2029-06-14", "", "no-probation", func(c *Start) { c.Mode, c.EmployerConsent = "part-time", true }},
		"a first job, three years":           {"2029-06-14", "2027-06-14", "first-job-probation", first},
		"a first job, two years":             {"2028-06-14", "2026-08-14", "probation-too-long", first},
		"a public institution, no first job": {"2029-06-14", "2026-12-14", "probation-too-long", func(c *Start) { c.Regime = "public-institution" }},
	} {
		decide := func(probation ledger.Date) error {
			_, err := start(func(s *Start) {
				s.To, s.Probation = ledger.Date{}, probation
				if c.to != "" {
					s.To = day(c.to)
				}
				if c.change != nil {
					c.change(s)
				}
			}).decide(State{}, ledgertest.Context(known("2026-06-15")))
			return err
		}
		beyond := day("2026-06-15")
		if c.last != "" {
			require.NoError(t, decide(day(c.last)), name)
			beyond = ledger.DayOf(ledgertest.Now.AddDate(0, 0, day(c.last).DaysSince(day("2026-06-15"))+1))
		}
		require.Equal(t, c.code, ledger.CodeOf(decide(beyond)), name)
	}
}

func given(on string, events ...Event) []ledgertest.Past[Event] {
	return ledgertest.By(ledgertest.Author, day(on), events...)
}

func TestConcludeProbation(t *testing.T) {
	later := func(date string) ledger.Context {
		return ledger.Context{Now: ledgertest.Now.AddDate(2, 0, 0), On: day(date)}
	}
	told := ledger.Plain("两次考核不合格")
	public := started(func(e *AppointmentStarted) { e.Regime, e.Probation = "public-institution", day("2026-09-14") })
	running := given("2026-06-15", started(nil))
	confirmed := ProbationConcluded{Person: who, Result: "confirmed"}
	extended := ProbationConcluded{Person: who, Result: "extended", Until: day("2026-12-14")}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "confirmed", Given: running, At: later("2026-12-20"), When: ConcludeProbation{Result: "confirmed"}, Then: []Event{confirmed}},
		{Name: "failed, on the last day", Given: running, At: later("2026-12-14"), When: ConcludeProbation{Result: "failed", Reason: "conditions-not-met", Explanation: told},
			Then: []Event{ProbationConcluded{Person: who, Result: "failed", Reason: "conditions-not-met", Explanation: told.Of(who)}}},
		{Name: "failed afterwards", Given: running, At: later("2026-12-15"), When: ConcludeProbation{Result: "failed", Reason: "conditions-not-met", Explanation: told}, Code: "probation-over"},
		{Name: "failed for no reason", Given: running, When: ConcludeProbation{Result: "failed", Explanation: told}, Code: "invalid", Field: "reason"},
		{Name: "failed, untold", Given: running, When: ConcludeProbation{Result: "failed", Reason: "conditions-not-met"}, Code: "invalid", Field: "explanation"},
		{Name: "confirmed for a reason", Given: running, When: ConcludeProbation{Result: "confirmed", Reason: "illness"}, Code: "invalid", Field: "reason"},
		{Name: "on a whim", Given: running, When: ConcludeProbation{Result: "failed", Reason: "whim", Explanation: told}, Code: "invalid", Field: "reason"},
		{Name: "perhaps", Given: running, When: ConcludeProbation{Result: "perhaps"}, Code: "invalid", Field: "result"},
		{Name: "a second probation", Given: running, At: later("2026-12-01"), When: ConcludeProbation{Result: "extended", Until: day("2026-12-20")}, Code: "no-extension"},
		{Name: "extended by a public institution", Given: given("2026-06-15", public), At: later("2026-09-10"), When: ConcludeProbation{Result: "extended", Until: day("2026-12-14")}, Then: []Event{extended}},
		{Name: "extended beyond six months", Given: given("2026-06-15", public), At: later("2026-09-10"), When: ConcludeProbation{Result: "extended", Until: day("2026-12-15")}, Code: "no-extension"},
		{Name: "extended afterwards", Given: given("2026-06-15", public), At: later("2026-09-15"), When: ConcludeProbation{Result: "extended", Until: day("2026-12-14")}, Code: "no-extension"},
		{Name: "extended to what it is", Given: given("2026-06-15", public), At: later("2026-09-10"), When: ConcludeProbation{Result: "extended", Until: day("2026-09-14")}, Code: "invalid", Field: "until"},
		{Name: "extended to a month", Given: given("2026-06-15", public), At: later("2026-09-10"), When: ConcludeProbation{Result: "extended", Until: day("2026-12")}, Code: "invalid", Field: "until"},
		{Name: "confirmed until a day", Given: running, When: ConcludeProbation{Result: "confirmed", Until: day("2027-01-01")}, Code: "invalid", Field: "until"},
		{Name: "confirmed after the extension", Given: given("2026-06-15", public, extended), At: later("2026-12-10"), When: ConcludeProbation{Result: "confirmed"}, Then: []Event{confirmed}},
		{Name: "without one", Given: given("2026-06-15", started(func(e *AppointmentStarted) { e.Probation = ledger.Date{} })), When: ConcludeProbation{Result: "confirmed"}, Code: "no-probation"},
		{Name: "a second time", Given: given("2026-06-15", started(nil), confirmed), When: ConcludeProbation{Result: "failed", Reason: "illness", Explanation: told}, Code: "probation-concluded"},
		{Name: "before it began", Given: running, At: later("2026-06-14"), When: ConcludeProbation{Result: "confirmed"}, Code: "date-order"},
		{Name: "after the end", Given: given("2026-06-15", started(nil), AppointmentEnded{Person: who, Kind: "transfer"}), When: ConcludeProbation{Result: "confirmed"}, Code: "ended"},
	})
	var s State
	require.Equal(t, []ledger.StreamID{{Category: "person", ID: who}}, ConcludeProbation{}.Benefits(started(nil).apply(s, ledger.Metadata{})))
}

func TestEnd(t *testing.T) {
	at := ledger.Context{Now: ledgertest.Now.AddDate(2, 0, 0), On: day("2027-02-28")}
	month := at
	month.On = day("2027-03")
	running := given("2026-06-15", started(nil))
	failed := given("2026-06-15", started(nil), ProbationConcluded{Person: who, Result: "failed", Reason: "conditions-not-met"})
	ended := func(e AppointmentEnded) []Event {
		e.Person, e.Account = who, "tm.zhao"
		return []Event{e}
	}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "resigned, with two years of non-compete", Given: running, At: at, When: End{Kind: "resignation", NonCompete: day("2029-02-28"), Handover: "tm.qian"},
			Then: ended(AppointmentEnded{Kind: "resignation", NonCompete: day("2029-02-28"), Handover: "tm.qian"})},
		{Name: "a day more of it", Given: running, At: at, When: End{Kind: "resignation", NonCompete: day("2029-03-01")}, Code: "non-compete"},
		{Name: "none of it", Given: running, At: at, When: End{Kind: "resignation", NonCompete: day("2027-02-28")}, Code: "non-compete"},
		{Name: "to some month", Given: running, At: at, When: End{Kind: "resignation", NonCompete: day("2028")}, Code: "non-compete"},
		{Name: "dismissed", Given: running, At: at, When: End{Kind: "dismissal", Reason: "LCL-39-2"}, Then: ended(AppointmentEnded{Kind: "dismissal", Reason: "LCL-39-2"})},
		{Name: "dismissed for no reason", Given: running, At: at, When: End{Kind: "dismissal"}, Code: "invalid", Field: "reason"},
		{Name: "failed the probation", Given: failed, At: at, When: End{Kind: "probation-failed"}, Then: ended(AppointmentEnded{Kind: "probation-failed"})},
		{Name: "failed it, under another name", Given: failed, At: at, When: End{Kind: "agreement"}, Code: "probation-result"},
		{Name: "failed what was not concluded", Given: running, At: at, When: End{Kind: "probation-failed"}, Code: "probation-result"},
		{Name: "somehow", Given: running, At: at, When: End{Kind: "somehow"}, Code: "invalid", Field: "kind"},
		{Name: "handed to nobody", Given: running, At: at, When: End{Kind: "expiry", Handover: "钱"}, Code: "invalid", Field: "handover"},
		{Name: "in a month", Given: running, At: month, When: End{Kind: "expiry"}, Code: "day-needed"},
		{Name: "before it began", Given: running, At: ledger.Context{On: day("2026-06-14")}, When: End{Kind: "expiry"}, Code: "date-order"},
	})
}

func TestWhatOthersAsk(t *testing.T) {
	var s State
	stream := ledger.StreamID{Category: "appointment", ID: ledgertest.ID}
	require.Empty(t, Decider.Claims(s, stream))
	require.False(t, s.InPost(day("2026-06-15")))
	s = Decider.Evolve(s, started(nil), ledger.Metadata{OccurredOn: day("2026-06-15")})
	require.Equal(t, []ledger.Claim{{Kind: "appointment-code", Key: "K-2026-0007"}, {Kind: "appointment-of", Key: applied.ID.String()}}, Decider.Claims(s, stream))
	require.Equal(t, who, Decider.About(s, stream))
	require.True(t, s.InPost(day("2030-01-01")))
	require.False(t, s.InPost(day("2026-06-14")))
	s = Decider.Evolve(s, AppointmentEnded{}, ledger.Metadata{OccurredOn: day("2027-02-28")})
	require.True(t, s.InPost(day("2027-02-28")), "the last working day counts")
	require.False(t, s.InPost(day("2027-03-01")))
}

// What may be corrected is what the catalogue of events says.
func TestCorrectable(t *testing.T) {
	for _, e := range []Event{started(nil), ProbationConcluded{}, AppointmentEnded{}} {
		c, ok := e.(interface{ Correctable() })
		require.True(t, ok)
		c.Correctable()
		require.True(t, strings.HasPrefix(e.EventType(), "appointment."))
	}
}

func TestStoredShapes(t *testing.T) { ledgertest.Shapes(t, Codec, os.DirFS("testdata/events")) }

func FuzzDecode(f *testing.F) { ledgertest.FuzzDecode(f, Codec, os.DirFS("testdata/events")) }
