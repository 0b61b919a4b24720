package project

import (
	"fmt"
	"os"
	"reflect"
	"slices"
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
	earlier    = uuid.MustParse("1d2c3b4a-5f6e-4789-8abc-def012345678")

	titles    = ledger.Names{Zh: "大尺寸碳化硅晶体生长", En: "Growth of large silicon-carbide crystals"}
	sample    = Milestone{"M1", ledger.Names{En: "six-inch sample"}, day("2026-12-31")}
	furnace   = Milestone{"M2", ledger.Names{Zh: "第二台炉"}, day("2027-06")}
	proposed  = ProjectProposed{Titles: titles, Milestones: []Milestone{sample, furnace}}
	approved  = ProjectApproved{Body: "zone leading group", Responsible: "tm-zgc-07"}
	produced  = IndustrialisationConfirmed{Site: "Hunnan", Start: day("2026-05")}
	completed = ProjectCompleted{Acceptance: "A-7"}
	ended     = ProjectTerminated{Ground: "market"}
	promised  = FundingAgreed{Amount: yuan(3000000)}
)

func yuan(n int64) ledger.Money { return ledger.Money{Minor: n * 100, Currency: "CNY"} }

func went(g Gate) Event { return StageGateDecided{Gate: g, Decision: "go"} }
func held(g Gate) Event {
	return StageGateDecided{Gate: g, Decision: "hold", HoldUntil: day("2026-09")}
}
func killed(g Gate) Event { return StageGateDecided{Gate: g, Decision: "kill"} }

// through is a project that was approved and went through the gates from G2 to g.
func through(g Gate, more ...Event) []ledgertest.Past[Event] {
	events := []Event{proposed, approved}
	for next := Gate(2); next <= g; next++ {
		if next == 5 {
			events = append(events, produced)
		}
		events = append(events, went(next))
	}
	return given(append(events, more...)...)
}

// seen is a context in which the streams named are there, and the project "earlier" of gone is not.
func seen(category string, ids ...uuid.UUID) ledger.Context {
	var at ledger.Context
	for _, id := range ids {
		at.ReliedOn = append(at.ReliedOn, ledger.Relied{Stream: ledger.StreamID{Category: category, ID: id}, Version: 1})
	}
	return at
}

func on(date string) ledger.Context { return ledger.Context{On: day(date)} }

func as(actor string) ledger.Context { return ledger.Context{Actor: actor} }

// wrong turns commands that are wrong in one field into cases.
func wrong(at ledger.Context, past []ledgertest.Past[Event], fields ...any) []row {
	var cases []row
	for i := 0; i < len(fields); i += 2 {
		field, command := fields[i].(string), fields[i+1].(Command)
		cases = append(cases, row{Name: fmt.Sprintf("%s is wrong in case %d", strings.ReplaceAll(field, "/", "."), i/2), Given: past, At: at, When: command, Code: "invalid", Field: field})
	}
	return cases
}

func long(n int) string { return strings.Repeat("长", n+1) }

func TestPropose(t *testing.T) {
	full := Propose{
		Titles: titles, Code: "P-2026-0042", External: &ExternalID{"ln-kjt", "2026JH1/10400012"},
		Achievements: []uuid.UUID{earlier}, Parties: []Party{{university, "owner"}, {maker, "performer"}},
		Mode: "licence", Action: 6, Park: "hunnan", Tags: []string{"xinzihao"}, Budget: new(yuan(12000000)),
		Start: day("2026-03"), End: day("2026"), Milestones: []Milestone{sample, furnace},
	}
	// A second proposal is refused by the ledger, which knows that the stream is there.
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "with all there is to say", At: seen("organisation", university, maker).Knowing(achievement(earlier), registeredOn("2026-06-15")), When: full, Then: []Event{ProjectProposed(full)}, Again: true},
		{Name: "with a title in one language", When: Propose{Titles: ledger.Names{Zh: "冷烧结"}}, Then: []Event{ProjectProposed{Titles: ledger.Names{Zh: "冷烧结"}}}, Again: true},
		{Name: "ending in the month it starts in", When: Propose{Titles: titles, Start: day("2026-03-20"), End: day("2026-03")},
			Then: []Event{ProjectProposed{Titles: titles, Start: day("2026-03-20"), End: day("2026-03")}}, Again: true},
		{Name: "a party must be registered", At: seen("organisation", university), When: full, Code: "no-such-organisation"},
		{Name: "a project of that id is not an organisation", At: seen("project", university, maker), When: full, Code: "no-such-organisation"},
		{Name: "a stream that was read and is not there is no organisation", When: Propose{Titles: titles, Parties: []Party{{maker, "owner"}}},
			At: ledger.Context{ReliedOn: []ledger.Relied{{Stream: organisation(maker)}}}, Code: "no-such-organisation"},
	})
	with := func(change func(*Propose)) Propose {
		c := Propose{Titles: titles}
		change(&c)
		return c
	}
	milestones := func(list ...Milestone) Propose { return Propose{Titles: titles, Milestones: list} }
	ledgertest.Run(t, Decider, Codec, wrong(seen("organisation", maker), nil,
		"titles", Propose{},
		"titles", Propose{Titles: ledger.Names{Zh: " "}},
		"titles/zh", Propose{Titles: ledger.Names{Zh: long(500)}},
		"titles/en", Propose{Titles: ledger.Names{En: "a bell \a rings"}},
		"titles/en", Propose{Titles: ledger.Names{En: "delete\x7f"}},
		"park", with(func(c *Propose) { c.Park = long(100) }),
		"mode", with(func(c *Propose) { c.Mode = "gift" }),
		"milestones", milestones(make([]Milestone, 101)...),
		"milestones/0/code", milestones(Milestone{"", titles, day("2026")}),
		"milestones/0/code", milestones(Milestone{"-1", titles, day("2026")}),
		"milestones/0/code", milestones(Milestone{strings.Repeat("M", 41), titles, day("2026")}),
		"milestones/1/code", milestones(sample, sample),
		"milestones/1/due", milestones(sample, Milestone{Code: "M2", Names: titles}),
		"milestones/0/names", milestones(Milestone{Code: "M1", Due: day("2026")}),
		"milestones/0/names/zh", milestones(Milestone{"M1", ledger.Names{Zh: " 样品"}, day("2026")}),
		"code", with(func(c *Propose) { c.Code = "P 2026" }),
		"code", with(func(c *Propose) { c.Code = "项目一" }),
		"external/scheme", with(func(c *Propose) { c.External = &ExternalID{"", "1"} }),
		"external/scheme", with(func(c *Propose) { c.External = &ExternalID{long(40), "1"} }),
		"external/id", with(func(c *Propose) { c.External = &ExternalID{"ln-kjt", ""} }),
		"external/id", with(func(c *Propose) { c.External = &ExternalID{"ln-kjt", long(100)} }),
		"tags/1", with(func(c *Propose) { c.Tags = []string{"xinzihao", "Laozihao"} }),
		"tags", with(func(c *Propose) { c.Tags = make([]string, 51) }),
		"parties", with(func(c *Propose) { c.Parties = make([]Party, 51) }),
		"achievements", with(func(c *Propose) { c.Achievements = make([]uuid.UUID, 51) }),
		"parties/0/part", with(func(c *Propose) { c.Parties = []Party{{maker, "friend"}} }),
		"parties/1/part", with(func(c *Propose) { c.Parties = []Party{{maker, "owner"}, {maker, ""}} }),
		"action", with(func(c *Propose) { c.Action = 7 }),
		"action", with(func(c *Propose) { c.Action = -1 }),
		"budget/currency", with(func(c *Propose) { c.Budget = &ledger.Money{Minor: 1} }),
		"budget/currency", with(func(c *Propose) { c.Budget = &ledger.Money{Minor: 1, Currency: "cny"} }),
		"budget/minor", with(func(c *Propose) { c.Budget = new(yuan(0)) }),
		"budget/minor", with(func(c *Propose) { c.Budget = new(yuan(-1)) }),
		"end", with(func(c *Propose) { c.Start, c.End = day("2026-03"), day("2026-02") }),
		"end", with(func(c *Propose) { c.Start, c.End = day("2026"), day("2025-12-31") }),
	))
}

func TestApprove(t *testing.T) {
	full := Approve{"zone leading group", "沈中关〔2026〕7号", []string{"sign the licence first"}, "tm-zgc-07", []Milestone{sample}}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a proposal", Given: given(proposed), When: full, Then: []Event{ProjectApproved(full)}},
		{Name: "a proposal that went through intake and evaluation", Given: given(proposed, went(0), went(1)), When: Approve{Body: "panel"}, Then: []Event{ProjectApproved{Body: "panel"}}},
		{Name: "a proposal that was on hold and resumed", Given: given(proposed, held(0), went(0)), When: Approve{Body: "panel"}, Then: []Event{ProjectApproved{Body: "panel"}}},
		{Name: "a proposal sent back once", Given: given(proposed, StageGateDecided{Gate: 0, Decision: "recycle"}), When: Approve{Body: "panel"}, Then: []Event{ProjectApproved{Body: "panel"}}},
		{Name: "on the day of the proposal", At: on("2026-03-02"), Given: given(proposed), When: Approve{Body: "panel"}, Then: []Event{ProjectApproved{Body: "panel"}}},
		{Name: "in the month of the proposal, which may mean later", At: on("2026-03"), Given: given(proposed), When: Approve{Body: "panel"}, Then: []Event{ProjectApproved{Body: "panel"}}},
		{Name: "in the year of a proposal of unknown day", At: on("2026-01-01"), Given: by(ledgertest.Author, day("2026"), proposed), When: Approve{Body: "panel"}, Then: []Event{ProjectApproved{Body: "panel"}}},
		{Name: "not the day before the proposal", At: on("2026-03-01"), Given: given(proposed), When: full, Code: "date-order"},
		{Name: "not the month before the proposal", At: on("2026-02"), Given: given(proposed), When: full, Code: "date-order"},
		{Name: "not the year before the proposal", At: on("2025"), Given: by(ledgertest.Author, day("2026"), proposed), When: full, Code: "date-order"},
		{Name: "not twice", Given: given(proposed, approved), When: full, Code: "already-approved"},
		{Name: "not on hold", Given: given(proposed, held(0)), When: full, Code: "on-hold"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(ledger.Context{}, given(proposed),
		"body", Approve{},
		"body", Approve{Body: long(200)},
		"body", Approve{Body: "panel "},
		"meeting", Approve{Body: "panel", Meeting: long(200)},
		"responsible", Approve{Body: "panel", Responsible: long(64)},
		"conditions", Approve{Body: "panel", Conditions: make([]string, 51)},
		"conditions/0", Approve{Body: "panel", Conditions: []string{""}},
		"conditions/1", Approve{Body: "panel", Conditions: []string{"first", long(500)}},
		"milestones/0/due", Approve{Body: "panel", Milestones: []Milestone{{Code: "M1", Names: titles}}},
	))
}

func TestDecideGate(t *testing.T) {
	full := DecideGate{
		Gate: 3, Decision: "go", Scores: []Score{{"yield", 0}, {"cost", 100}},
		Before: &Readiness{"GBT22900", 6}, After: &Readiness{"GBT22900", 7}, Conditions: []string{"second furnace"},
	}
	hold := func(until string) DecideGate { return DecideGate{Gate: 2, Decision: "hold", HoldUntil: day(until)} }
	back := DecideGate{Gate: 2, Decision: "recycle"}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "intake of a proposal", Given: given(proposed), When: DecideGate{Decision: "go"}, Then: []Event{went(0)}},
		{Name: "evaluation after intake", Given: given(proposed, went(0)), When: DecideGate{Gate: 1, Decision: "go"}, Then: []Event{went(1)}},
		{Name: "commitment after approval", Given: given(proposed, approved), When: DecideGate{Gate: 2, Decision: "go"}, Then: []Event{went(2)}},
		{Name: "pilot, with all there is to say", Given: through(2), When: full, Then: []Event{StageGateDecided(full)}},
		{Name: "industrialise after pilot", Given: through(3), When: DecideGate{Gate: 4, Decision: "go"}, Then: []Event{went(4)}},
		{Name: "close after production began", Given: through(4, produced), When: DecideGate{Gate: 5, Decision: "go"}, Then: []Event{went(5)}},
		{Name: "a hold may be prolonged", Given: given(proposed, approved, held(2)), When: hold("2026-12"), Then: []Event{StageGateDecided(hold("2026-12"))}, Again: true},
		{Name: "a hold may end on the day it is decided", Given: given(proposed, approved), When: hold("2026-06-15"), Then: []Event{StageGateDecided(hold("2026-06-15"))}, Again: true},
		{Name: "a hold may end in the month it is decided in", Given: given(proposed, approved), When: hold("2026-06"), Then: []Event{StageGateDecided(hold("2026-06"))}, Again: true},
		{Name: "a hold resumes by deciding the gate", Given: given(proposed, approved, held(2)), When: DecideGate{Gate: 2, Decision: "go"}, Then: []Event{went(2)}},
		{Name: "a project sent back comes again to the same gate", Given: given(proposed, approved, StageGateDecided(back)), When: DecideGate{Gate: 2, Decision: "go"}, Then: []Event{went(2)}},
		{Name: "a project may be sent back more than once", Given: given(proposed, approved, StageGateDecided(back)), When: back, Then: []Event{StageGateDecided(back)}, Again: true},
		{Name: "kill a proposal", Given: given(proposed), When: DecideGate{Decision: "kill"}, Then: []Event{killed(0)}},
		{Name: "kill a running project", Given: through(3), When: DecideGate{Gate: 4, Decision: "kill"}, Then: []Event{killed(4)}},
		{Name: "no gate is skipped", Given: given(proposed), When: DecideGate{Gate: 1, Decision: "go"}, Code: "gate-order"},
		{Name: "no gate is decided twice", Given: through(2), When: DecideGate{Gate: 2, Decision: "go"}, Code: "gate-order"},
		{Name: "no gate is gone back to", Given: through(3), When: DecideGate{Gate: 2, Decision: "kill"}, Code: "gate-order"},
		{Name: "a hold opens no other gate", Given: given(proposed, held(0)), When: DecideGate{Gate: 1, Decision: "go"}, Code: "gate-order"},
		{Name: "approval stands for intake and evaluation", Given: given(proposed, approved), When: DecideGate{Gate: 0, Decision: "go"}, Code: "gate-order"},
		{Name: "nothing follows the last gate", Given: through(5), When: DecideGate{Gate: 5, Decision: "go"}, Code: "gate-order"},
		{Name: "commitment needs an approval", Given: given(proposed, went(0), went(1)), When: DecideGate{Gate: 2, Decision: "go"}, Code: "not-approved"},
		{Name: "closing needs production", Given: through(4), When: DecideGate{Gate: 5, Decision: "go"}, Code: "not-industrialised"},
		{Name: "not before the proposal", At: on("2026-03-01"), Given: given(proposed), When: DecideGate{Decision: "go"}, Code: "date-order"},
	})
	with := func(change func(*DecideGate)) DecideGate {
		c := DecideGate{Gate: 2, Decision: "go"}
		change(&c)
		return c
	}
	ledgertest.Run(t, Decider, Codec, wrong(ledger.Context{}, given(proposed, approved),
		"gate", DecideGate{Gate: -1, Decision: "go"},
		"gate", DecideGate{Gate: 6, Decision: "go"},
		"decision", DecideGate{Gate: 2},
		"decision", DecideGate{Gate: 2, Decision: "stop"},
		"hold_until", DecideGate{Gate: 2, Decision: "hold"},
		"hold_until", with(func(c *DecideGate) { c.HoldUntil = day("2026-09") }),
		"hold_until", hold("2026-06-14"),
		"hold_until", hold("2026-05"),
		"readiness_after/scale", with(func(c *DecideGate) { c.Before, c.After = &Readiness{"ISO16290", 5}, &Readiness{"GJB7688", 6} }),
		"readiness_after/scale", with(func(c *DecideGate) { c.After = &Readiness{"TRL", 6} }),
		"readiness_after/level", with(func(c *DecideGate) { c.After = &Readiness{"ISO16290", 10} }),
		"readiness_before/scale", with(func(c *DecideGate) { c.Before = &Readiness{"", 6} }),
		"readiness_before/level", with(func(c *DecideGate) { c.Before = &Readiness{"GBT22900", 14} }),
		"scores/0/points", with(func(c *DecideGate) { c.Scores = []Score{{"yield", 101}} }),
		"scores/1/points", with(func(c *DecideGate) { c.Scores = []Score{{"yield", 1}, {"cost", -1}} }),
		"scores/0/criterion", with(func(c *DecideGate) { c.Scores = []Score{{"", 50}} }),
		"scores/0/criterion", with(func(c *DecideGate) { c.Scores = []Score{{long(100), 50}} }),
		"conditions/0", with(func(c *DecideGate) { c.Conditions = []string{"\x00"} }),
	))
}

// One answer, although both levels are wrong: a repeat that points elsewhere would puzzle.
func TestTheFirstOfTwoWrongLevelsIsNamed(t *testing.T) {
	c := DecideGate{Decision: "go", Before: &Readiness{"ISO16290", 0}, After: &Readiness{"ISO16290", 10}}
	s := fold(given(proposed))
	_, first := Decider.Decide(s, c, ledgertest.Context(ledger.Context{}))
	for range 100 {
		_, err := Decider.Decide(s, c, ledgertest.Context(ledger.Context{}))
		require.Equal(t, first, err)
	}
}

func TestVerifyMilestone(t *testing.T) {
	verified := func(result, achieved string) MilestoneVerified {
		e := MilestoneVerified{Milestone: "M1", Result: result, Due: sample.Due, Verifier: ledgertest.Actor}
		if achieved != "" {
			e.AchievedOn = day(achieved)
		}
		return e
	}
	met := VerifyMilestone{"M1", "met", day("2026-06-15")}
	replaced := ProjectApproved{Body: "panel", Milestones: []Milestone{{"N1", titles, day("2027")}}}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "met", Given: given(proposed, approved), When: met, Then: []Event{verified("met", "2026-06-15")}},
		{Name: "not dated before the approval", At: on("2025-12-31"), Given: append(given(proposed), by(ledgertest.Actor, day("2026-01-02"), approved)...), When: VerifyMilestone{Milestone: "M1", Result: "waived"}, Code: "date-order"},
		{Name: "met in a month", Given: given(proposed, approved), When: VerifyMilestone{"M1", "met", day("2026-06")}, Then: []Event{verified("met", "2026-06")}},
		{Name: "met in this year, which may mean any day of it", Given: given(proposed, approved), When: VerifyMilestone{"M1", "met", day("2026")}, Then: []Event{verified("met", "2026")}},
		{Name: "partly met, and looked at again", Given: given(proposed, approved), When: VerifyMilestone{Milestone: "M1", Result: "partly"}, Then: []Event{verified("partly", "")}, Again: true},
		{Name: "missed, and looked at again", Given: given(proposed, approved), When: VerifyMilestone{Milestone: "M1", Result: "missed"}, Then: []Event{verified("missed", "")}, Again: true},
		{Name: "waived", Given: given(proposed, approved), When: VerifyMilestone{Milestone: "M1", Result: "waived"}, Then: []Event{verified("waived", "")}},
		{Name: "met after it was missed", Given: given(proposed, approved, verified("missed", "")), When: met, Then: []Event{verified("met", "2026-06-15")}},
		{Name: "the second after the first", Given: given(proposed, approved, verified("met", "2026-06-01")), When: VerifyMilestone{Milestone: "M2", Result: "partly"},
			Then: []Event{MilestoneVerified{Milestone: "M2", Result: "partly", Due: furnace.Due, Verifier: ledgertest.Actor}}, Again: true},
		{Name: "by who proposed, who is not responsible", At: as(ledgertest.Author), Given: given(proposed, approved), When: VerifyMilestone{Milestone: "M1", Result: "waived"},
			Then: []Event{MilestoneVerified{Milestone: "M1", Result: "waived", Due: sample.Due, Verifier: ledgertest.Author}}},
		{Name: "on hold too", Given: given(proposed, approved, held(2)), When: met, Then: []Event{verified("met", "2026-06-15")}},
		{Name: "approval replaces the milestones", Given: given(proposed, replaced), When: VerifyMilestone{Milestone: "N1", Result: "waived"},
			Then: []Event{MilestoneVerified{Milestone: "N1", Result: "waived", Due: day("2027"), Verifier: ledgertest.Actor}}},
		{Name: "a milestone that approval replaced is gone", Given: given(proposed, replaced), When: met, Code: "no-such-milestone"},
		{Name: "not one the project does not have", Given: given(proposed, approved), When: VerifyMilestone{Milestone: "M3", Result: "missed"}, Code: "no-such-milestone"},
		{Name: "not by the responsible person", At: as("tm-zgc-07"), Given: given(proposed, approved), When: met, Code: "own-milestone"},
		{Name: "not one that was met", Given: given(proposed, approved, verified("met", "2026-06-01")), When: VerifyMilestone{Milestone: "M1", Result: "missed"}, Code: "milestone-settled"},
		{Name: "not one that was waived", Given: given(proposed, approved, verified("missed", ""), verified("waived", "")), When: met, Code: "milestone-settled"},
		{Name: "not of a proposal", Given: given(proposed), When: met, Code: "not-approved"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(ledger.Context{}, given(proposed, approved),
		"result", VerifyMilestone{Milestone: "M1", Result: "done"},
		"achieved_on", VerifyMilestone{Milestone: "M1", Result: "met"},
		"achieved_on", VerifyMilestone{"M1", "partly", day("2026-06-01")},
		"achieved_on", VerifyMilestone{"M1", "met", day("2026-06-16")},
		"achieved_on", VerifyMilestone{"M1", "met", day("2026-07")},
	))
}

func TestAssessReadiness(t *testing.T) {
	var cases []row
	for _, r := range []Readiness{{"ISO16290", 1}, {"ISO16290", 9}, {"GJB7688", 1}, {"GJB7688", 9}, {"GBT22900", 1}, {"GBT22900", 13}} {
		cases = append(cases, row{Name: fmt.Sprintf("level %d of %s", r.Level, r.Scale), Given: given(proposed),
			When: AssessReadiness{Readiness: r}, Then: []Event{ReadinessAssessed{Readiness: r}}, Again: true})
	}
	// A technology may be found less ready than was thought, and equally ready a second time.
	ledgertest.Run(t, Decider, Codec, append(cases,
		row{Name: "a level may fall", Given: given(proposed, ReadinessAssessed{Readiness: Readiness{"ISO16290", 6}}), When: AssessReadiness{Readiness{"ISO16290", 5}, "centre"},
			Then: []Event{ReadinessAssessed{Readiness{"ISO16290", 5}, "centre"}}, Again: true},
		row{Name: "not before the proposal", At: on("2026-02"), Given: given(proposed), When: AssessReadiness{Readiness: Readiness{"ISO16290", 5}}, Code: "date-order"},
	))
	ledgertest.Run(t, Decider, Codec, wrong(ledger.Context{}, given(proposed),
		"readiness/scale", AssessReadiness{},
		"readiness/scale", AssessReadiness{Readiness: Readiness{"iso16290", 5}},
		"readiness/level", AssessReadiness{Readiness: Readiness{"ISO16290", 0}},
		"readiness/level", AssessReadiness{Readiness: Readiness{"ISO16290", 10}},
		"readiness/level", AssessReadiness{Readiness: Readiness{"GJB7688", 10}},
		"readiness/level", AssessReadiness{Readiness: Readiness{"GBT22900", 14}},
		"readiness/level", AssessReadiness{Readiness: Readiness{"GBT22900", -1}},
		"assessor", AssessReadiness{Readiness{"ISO16290", 5}, long(200)},
	))
}

func TestFunding(t *testing.T) {
	adjust := func(to int64, ground string) AdjustFunding { return AdjustFunding{yuan(to), ground} }
	adjusted := func(from, to int64, ground string) []Event {
		return []Event{FundingAdjusted{yuan(from), yuan(to), ground}}
	}
	agreed := given(proposed, approved, promised)
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "agreed", Given: given(proposed, approved), When: AgreeFunding(promised), Then: []Event{promised}},
		{Name: "agreed once only", Given: agreed, When: AgreeFunding{Amount: yuan(1)}, Code: "funding-agreed"},
		{Name: "agreed once only, even where nothing is left", Given: given(proposed, approved, promised, FundingAdjusted{yuan(3000000), yuan(0), "reduction"}),
			When: AgreeFunding{Amount: yuan(1)}, Code: "funding-agreed"},
		{Name: "a proposal is not funded", Given: given(proposed), When: AgreeFunding(promised), Code: "not-approved"},
		{Name: "a supplement raises it", Given: agreed, When: adjust(3000001, "supplement"), Then: adjusted(3000000, 3000001, "supplement")},
		{Name: "a reduction lowers it", Given: agreed, When: adjust(2999999, "reduction"), Then: adjusted(3000000, 2999999, "reduction")},
		{Name: "a reduction may leave nothing", Given: agreed, When: adjust(0, "reduction"), Then: adjusted(3000000, 0, "reduction")},
		{Name: "an amendment may raise it", Given: agreed, When: adjust(4000000, "amendment"), Then: adjusted(3000000, 4000000, "amendment")},
		{Name: "an amendment may lower it", Given: agreed, When: adjust(2000000, "amendment"), Then: adjusted(3000000, 2000000, "amendment")},
		{Name: "the same amount is no adjustment", Given: agreed, When: adjust(3000000, "supplement")},
		{Name: "an adjustment starts from the last one", Given: given(proposed, approved, promised, FundingAdjusted{yuan(3000000), yuan(5000000), "supplement"}),
			When: adjust(4000000, "reduction"), Then: adjusted(5000000, 4000000, "reduction")},
		{Name: "nothing to adjust", Given: given(proposed, approved), When: adjust(1, "supplement"), Code: "no-funding"},
		{Name: "a proposal has nothing to adjust", Given: given(proposed), When: adjust(1, "supplement"), Code: "not-approved"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(ledger.Context{}, given(proposed, approved),
		"amount/currency", AgreeFunding{},
		"amount/currency", AgreeFunding{Amount: ledger.Money{Minor: 1, Currency: "XAU"}},
		"amount/minor", AgreeFunding{Amount: yuan(0)},
		"amount/minor", AgreeFunding{Amount: yuan(-1)},
		"funder", AgreeFunding{Amount: yuan(1), Funder: long(200)},
		"instrument", AgreeFunding{Amount: yuan(1), Instrument: long(100)},
	))
	ledgertest.Run(t, Decider, Codec, wrong(ledger.Context{}, agreed,
		"ground", adjust(1, "mistake"),
		"ground", adjust(2999999, "supplement"),
		"ground", adjust(3000001, "reduction"),
		"ground", AdjustFunding{ledger.Money{Minor: promised.Amount.Minor - 1, Currency: "CNY"}, "supplement"},
		"ground", AdjustFunding{ledger.Money{Minor: promised.Amount.Minor + 1, Currency: "CNY"}, "reduction"},
		"to/currency", AdjustFunding{ledger.Money{Minor: 1, Currency: "EUR"}, "amendment"},
		"to/currency", AdjustFunding{ledger.Money{Minor: 1}, "amendment"},
		"to/minor", adjust(-1, "reduction"),
	))
}

func TestJoinParty(t *testing.T) {
	join := JoinParty{Party{maker, "partner"}}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a registered organisation", At: seen("organisation", maker), Given: given(proposed), When: join, Then: []Event{PartyJoined(join)}},
		{Name: "in another part as well", At: seen("organisation", maker), Given: given(proposed, PartyJoined{Party{maker, "owner"}}, PartyJoined{Party{maker, "funder"}}, PartyJoined{Party{university, "partner"}}),
			When: join, Then: []Event{PartyJoined(join)}},
		{Name: "another organisation in the same part", At: seen("organisation", university), Given: given(proposed, PartyJoined(join)),
			When: JoinParty{Party{university, "partner"}}, Then: []Event{PartyJoined{Party{university, "partner"}}}},
		{Name: "once in each part", At: seen("organisation", maker), Given: given(proposed, PartyJoined(join)), When: join, Code: "party-known"},
		{Name: "one that the proposal named", At: seen("organisation", maker), Given: given(ProjectProposed{Titles: titles, Parties: []Party{{maker, "partner"}}}), When: join, Code: "party-known"},
		{Name: "one that is not registered", At: seen("organisation", university), Given: given(proposed), When: join, Code: "no-such-organisation"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(seen("organisation", maker), given(proposed),
		"part", JoinParty{Party{maker, "friend"}},
		"part", JoinParty{Party{Organisation: maker}},
	))
}

func TestLinkProject(t *testing.T) {
	link := LinkProject{earlier, "continues", "grant agreement"}
	linked := func(id uuid.UUID) Event { return ProjectLinked{Project: id, Relation: "continues"} }
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "to the project it continues", At: seen("project", earlier), Given: given(proposed), When: link, Then: []Event{ProjectLinked(link)}},
		{Name: "to a fourth project", At: seen("project", earlier), Given: given(proposed, linked(uuid.UUID{1}), linked(uuid.UUID{2}), linked(uuid.UUID{3})), When: link, Then: []Event{ProjectLinked(link)}},
		{Name: "to another than the one it is linked to", At: seen("project", maker), Given: given(proposed, linked(earlier)),
			When: LinkProject{Project: maker, Relation: "continues"}, Then: []Event{linked(maker)}},
		{Name: "linked already", At: seen("project", earlier), Given: given(proposed, linked(earlier)), When: link},
		{Name: "to a project that is not there", At: seen("organisation", earlier), Given: given(proposed), When: link, Code: "no-such-project"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(seen("project", earlier, ledgertest.ID), given(proposed),
		"relation", LinkProject{Project: earlier, Relation: "replaces"},
		"relation", LinkProject{Project: earlier},
		"basis", LinkProject{earlier, "continues", long(200)},
		"project", LinkProject{Project: ledgertest.ID, Relation: "continues"},
	))
}

func TestConfirmIndustrialisation(t *testing.T) {
	full := ConfirmIndustrialisation{"Hunnan", day("2026-06-15"), "20 000 wafers", "invoice 7", "hunnan"}
	year := ConfirmIndustrialisation{Site: "Hunnan", Start: day("2026")}
	days := ledgertest.Given(Event(proposed))
	days = append(days, by(ledgertest.Actor, day("2026-04"), approved, went(2), went(3), went(4))...)
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "after a Go at G4", Given: through(4), When: full, Then: []Event{IndustrialisationConfirmed(full)}},
		{Name: "since this year, which may mean any day of it", Given: through(4), When: year, Then: []Event{IndustrialisationConfirmed(year)}},
		{Name: "in the month of the approval", At: on("2026-04-01"), Given: days, When: year, Then: []Event{IndustrialisationConfirmed(year)}},
		{Name: "not between proposal and approval", At: on("2026-03-20"), Given: days, When: year, Code: "date-order"},
		{Name: "not twice", Given: through(4, produced), When: full, Code: "already-industrialised"},
		{Name: "not before G4", Given: through(3), When: full, Code: "gate-order"},
		{Name: "not of a proposal", Given: given(proposed), When: full, Code: "not-approved"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(ledger.Context{}, through(4),
		"site", ConfirmIndustrialisation{Start: day("2026")},
		"site", ConfirmIndustrialisation{Site: long(200), Start: day("2026")},
		"start", ConfirmIndustrialisation{Site: "Hunnan"},
		"start", ConfirmIndustrialisation{Site: "Hunnan", Start: day("2026-06-16")},
		"start", ConfirmIndustrialisation{Site: "Hunnan", Start: day("2027")},
		"capacity", ConfirmIndustrialisation{Site: "Hunnan", Start: day("2026"), Capacity: long(200)},
		"first_sale", ConfirmIndustrialisation{Site: "Hunnan", Start: day("2026"), FirstSale: long(200)},
		"park", ConfirmIndustrialisation{Site: "Hunnan", Start: day("2026"), Park: long(100)},
	))
}

func TestTerminate(t *testing.T) {
	exempt := Terminate{"technical-failure", "each bears its own", "DD-2026-003", true}
	full := exempt
	full.Exemption = false
	documented := func(past []ledgertest.Past[Event]) []ledgertest.Past[Event] {
		for i := range past {
			past[i].Meta.Evidence = []ledger.Evidence{{Alg: "sha-256", Digest: "00"}}
		}
		return past
	}
	orphan := ProjectApproved{Body: "panel"}
	lastDay := ledger.Context{On: day("2026-12-31"), Now: ledgertest.Now.AddDate(1, 0, 0)}
	monthly := ProjectProposed{Titles: titles, Milestones: []Milestone{{"M1", titles, day("2026-12")}}}
	late := ledger.Context{On: day("2027-01-01"), Now: ledgertest.Now.AddDate(1, 0, 0)}
	missed := MilestoneVerified{Milestone: "M1", Result: "missed", Due: sample.Due}
	var cases []row
	for _, ground := range []string{"technical-failure", "market", "force-majeure", "breach", "misconduct"} {
		cases = append(cases, row{Name: "for " + ground, Given: through(3), When: Terminate{Ground: ground}, Then: []Event{ProjectTerminated{Ground: ground}}})
	}
	ledgertest.Run(t, Decider, Codec, append(cases,
		row{Name: "with an exemption for diligence", Given: documented(through(3)), When: exempt, Then: []Event{ProjectTerminated(exempt)}},
		row{Name: "no exemption without evidence for each decision", Given: append(documented(through(2)), given(went(3))...), When: exempt, Code: "dossier-incomplete"},
		row{Name: "an exemption, where a gate was decided again with evidence", Given: append(given(proposed), documented(given(approved))[0], given(held(2))[0], documented(given(went(2)))[0]),
			When: exempt, Then: []Event{ProjectTerminated(exempt)}},
		row{Name: "no exemption for what was never approved", Given: documented(given(proposed)), When: exempt, Code: "dossier-incomplete"},
		row{Name: "no exemption where nobody was responsible", Given: documented(given(proposed, orphan)), When: exempt, Code: "dossier-incomplete"},
		row{Name: "no exemption while a milestone is due that nobody looked at", At: late, Given: documented(through(3)), When: exempt, Code: "dossier-incomplete"},
		row{Name: "an exemption on the day on which a milestone is due", At: lastDay, Given: documented(given(monthly, approved)), When: exempt, Then: []Event{ProjectTerminated(exempt)}},
		row{Name: "an exemption though a milestone was missed", At: late, Given: documented(through(3, missed)), When: exempt, Then: []Event{ProjectTerminated(exempt)}},
		row{Name: "a proposal", Given: given(proposed), When: full, Then: []Event{ProjectTerminated(full)}},
		row{Name: "while on hold", Given: given(proposed, approved, held(2)), When: full, Then: []Event{ProjectTerminated(full)}},
		row{Name: "in production", Given: through(5), When: full, Then: []Event{ProjectTerminated(full)}},
		row{Name: "an exemption needs a dossier", Given: through(3), When: Terminate{Ground: "market", Exemption: true}, Code: "dossier-needed"},
		row{Name: "not before the proposal", At: on("2026-03-01"), Given: through(3), When: full, Code: "date-order"},
	))
	ledgertest.Run(t, Decider, Codec, wrong(ledger.Context{}, through(3),
		"ground", Terminate{},
		"ground", Terminate{Ground: "boredom"},
		"loss_split", Terminate{Ground: "market", LossSplit: long(500)},
		"dossier", Terminate{Ground: "market", Dossier: long(200)},
	))
}

func TestComplete(t *testing.T) {
	full := Complete{Acceptance: "A-7", Summary: "two licences", RunOn: []string{"royalties until 2033"}}
	days := append(given(proposed), by(ledgertest.Actor, day("2026-04-10"), approved, went(2), went(3), went(4), produced, went(5))...)
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "after a Go at G5", Given: through(5), When: full, Then: []Event{ProjectCompleted(full)}},
		{Name: "on the day of the approval", At: on("2026-04-10"), Given: days, When: full, Then: []Event{ProjectCompleted(full)}},
		{Name: "not between proposal and approval", At: on("2026-04-09"), Given: days, When: full, Code: "date-order"},
		{Name: "not before G5", Given: through(4, produced), When: full, Code: "gate-order"},
		{Name: "not of a proposal", Given: given(proposed), When: full, Code: "not-approved"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(ledger.Context{}, through(5),
		"acceptance", Complete{},
		"acceptance", Complete{Acceptance: long(200)},
		"summary", Complete{Acceptance: "A-7", Summary: long(2000)},
		"run_on", Complete{Acceptance: "A-7", RunOn: make([]string, 51)},
		"run_on/0", Complete{Acceptance: "A-7", RunOn: []string{""}},
	))
}

// An achievement is registered when a project is proposed, or will be by a day; and then, by the
// time the project goes on, it is.
func TestPreRegistration(t *testing.T) {
	propose := func(by string) Propose {
		c := Propose{Titles: titles, Achievements: []uuid.UUID{earlier}}
		if by != "" {
			c.RegisterBy = day(by)
		}
		return c
	}
	knows := func(on string) ledger.Context {
		return ledger.Context{}.Knowing(achievement(earlier), registeredOn(on))
	}
	inJune, lastDay := knows("2026-06-20"), knows("")
	inJune.On, inJune.Now = day("2026-06"), ledgertest.Now.AddDate(0, 1, 0)
	lastDay.On, lastDay.Now = day("2026-06-30"), ledgertest.Now.AddDate(0, 1, 0)
	pre := ProjectProposed(propose("2026-06"))
	waiting := given(pre, approved)
	later := func(on string) ledger.Context {
		at := knows(on)
		at.On, at.Now = day("2026-07-01"), ledgertest.Now.AddDate(0, 1, 0)
		return at
	}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "registered by then", At: knows("2026-06"), When: propose(""), Then: []Event{ProjectProposed(propose(""))}, Again: true},
		{Name: "not registered", At: knows(""), When: propose(""), Code: "not-registered"},
		{Name: "registered only later", At: knows("2026-06-16"), When: propose(""), Code: "not-registered"},
		{Name: "to be registered this month", At: knows(""), When: propose("2026-06"), Then: []Event{pre}, Again: true},
		{Name: "to be registered today", At: knows(""), When: propose("2026-06-15"), Then: []Event{ProjectProposed(propose("2026-06-15"))}, Again: true},
		{Name: "registered in the month of the proposal", At: inJune, When: propose(""), Then: []Event{ProjectProposed(propose(""))}, Again: true},
		{Name: "to be registered before today", At: knows(""), When: propose("2026-06-14"), Code: "invalid", Field: "register_by"},
		{Name: "registered and to be registered", At: knows("2026-01"), When: propose("2026-12"), Code: "invalid", Field: "register_by"},
		{Name: "nothing to be registered", When: Propose{Titles: titles, RegisterBy: day("2027")}, Code: "invalid", Field: "register_by"},
		{Name: "not an achievement that is not there", When: propose("2027"), Code: "no-such-achievement"},
		{Name: "a gate while there is time", At: knows(""), Given: waiting, When: DecideGate{Gate: 2, Decision: "go"}, Then: []Event{went(2)}},
		{Name: "a gate on the last day", At: lastDay, Given: waiting, When: DecideGate{Gate: 2, Decision: "go"}, Then: []Event{went(2)}},
		{Name: "no gate once it is overdue", At: later(""), Given: waiting, When: DecideGate{Gate: 2, Decision: "go"}, Code: "registration-overdue"},
		{Name: "but for going on", At: later(""), Given: waiting, When: DecideGate{Gate: 2, Decision: "kill"}, Then: []Event{killed(2)}},
		{Name: "a gate once it is registered", At: later("2026-06-30"), Given: waiting, When: DecideGate{Gate: 2, Decision: "go"}, Then: []Event{went(2)}},
	})
}

// registeredOn is an achievement as projects ask it.
type registeredOn string

func (d registeredOn) RegisteredOn() (on ledger.Date) {
	if d != "" {
		on = day(string(d))
	}
	return on
}

// A decision that is said to rest on a panel or a contract does.
func TestGroundsOfAGate(t *testing.T) {
	jury, deal := uuid.MustParse("3f2e1d0c-9b8a-4765-8432-10fedcba9876"), uuid.MustParse("2a1b0c9d-8e7f-4a6b-9c5d-4e3f2a1b0c9d")
	c := DecideGate{Gate: 3, Decision: "go", Panel: jury, Contract: deal}
	knows := func(p juryOf, k dealOf) ledger.Context {
		return ledger.Context{}.Knowing(ledger.StreamID{Category: "panel", ID: jury}, p).Knowing(contract(deal), k)
	}
	ours := dealOf{ledgertest.ID, true, false}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a panel and a contract", At: knows(true, ours), Given: through(2), When: c, Then: []Event{StageGateDecided(c)}},
		{Name: "a panel that is not concluded", At: knows(false, ours), Given: through(2), When: c, Code: "panel-not-concluded"},
		{Name: "a panel that is not there", Given: through(2), When: c, Code: "panel-not-concluded"},
		{Name: "a contract that ended", At: knows(true, dealOf{ledgertest.ID, false, false}), Given: through(2), When: c, Code: "contract-not-effective"},
		{Name: "a contract of another project", At: knows(true, dealOf{earlier, true, false}), Given: through(2), When: c, Code: "contract-not-effective"},
	})
	require.Equal(t, []ledger.StreamID{{Category: "panel", ID: jury}, contract(deal)}, c.ReliesOn(State{Achievements: []uuid.UUID{earlier}}))
	require.Equal(t, []ledger.StreamID{achievement(earlier)}, DecideGate{Gate: 2}.ReliesOn(State{Achievements: []uuid.UUID{earlier}, RegisterBy: day("2027")}))
	require.Empty(t, DecideGate{Gate: 1}.ReliesOn(State{Achievements: []uuid.UUID{earlier}, RegisterBy: day("2027")}))

	done := Complete{Acceptance: "A-7", Contracts: []uuid.UUID{deal}}
	owing := dealOf{ledgertest.ID, true, true}
	listed := done
	listed.RunOn = []string{"the award of 2026"}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "completed with nothing overdue", At: knows(true, ours), Given: through(5), When: done, Then: []Event{ProjectCompleted(done)}},
		{Name: "not with a payment overdue", At: knows(true, owing), Given: through(5), When: done, Code: "payment-overdue"},
		{Name: "unless it is said to run on", At: knows(true, owing), Given: through(5), When: listed, Then: []Event{ProjectCompleted(listed)}},
		{Name: "not by the contract of another", At: knows(true, dealOf{earlier, true, false}), Given: through(5), When: done, Code: "invalid", Field: "contracts/0"},
		{Name: "not by a contract that is not there", Given: through(5), When: done, Code: "invalid", Field: "contracts/0"},
		{Name: "by fifty contracts at most", Given: through(5), When: Complete{Acceptance: "A-7", Contracts: make([]uuid.UUID, 51)}, Code: "invalid", Field: "contracts"},
	})
	require.Equal(t, []ledger.StreamID{contract(deal)}, done.ReliesOn())
}

// T6: who has an interest in a party neither approves a project nor lets it go on.
func TestWhomAProjectFavours(t *testing.T) {
	s := State{Parties: []Party{{maker, "owner"}, {university, "partner"}}}
	both := []ledger.StreamID{organisation(maker), organisation(university)}
	require.Equal(t, both, Approve{}.Benefits(s))
	require.Equal(t, both, DecideGate{Decision: "go"}.Benefits(s))
	require.Empty(t, DecideGate{Decision: "kill"}.Benefits(s))
}

// juryOf and dealOf are a panel and a contract as projects ask them.
type juryOf bool

func (p juryOf) IsConcluded() bool { return bool(p) }

type dealOf struct {
	project          uuid.UUID
	effective, owing bool
}

func (k dealOf) ForProject() uuid.UUID      { return k.project }
func (k dealOf) Effective(ledger.Date) bool { return k.effective }
func (k dealOf) OverdueOn(ledger.Date) bool { return k.owing }

// commands is one of each verb but the first, none of them wrong in itself.
var commands = []Command{
	Approve{Body: "panel"},
	DecideGate{Gate: 0, Decision: "go"},
	VerifyMilestone{Milestone: "M1", Result: "missed"},
	AssessReadiness{Readiness: Readiness{"ISO16290", 5}},
	AgreeFunding{Amount: yuan(1)},
	AdjustFunding{yuan(1), "amendment"},
	JoinParty{Party{maker, "partner"}},
	LinkProject{Project: earlier, Relation: "continues"},
	ConfirmIndustrialisation{Site: "Hunnan", Start: day("2026")},
	Terminate{Ground: "market"},
	Complete{Acceptance: "A-7"},
}

// verb is the line of the command table that a command belongs to.
func verb(t *testing.T, c Command) ledger.Verb {
	t.Helper()
	for _, v := range Aggregate.Verbs {
		if v.Data == reflect.TypeOf(c) {
			return v
		}
	}
	require.Fail(t, "not in the command table", "%T", c)
	return ledger.Verb{}
}

func TestAClosedProjectRefusesEverything(t *testing.T) {
	require.Len(t, commands, len(Aggregate.Verbs)-2, "each verb but propose and the ledger's own correct")
	closed := map[string][]ledgertest.Past[Event]{
		"a completed project":                    through(5, completed),
		"a terminated project":                   through(3, ended),
		"a proposal that was terminated":         given(proposed, ended),
		"a proposal killed at a gate":            given(proposed, killed(0)),
		"a proposal killed after a hold":         given(proposed, held(0), killed(0)),
		"a running project killed at a gate":     through(3, killed(4)),
		"a project terminated while it was held": through(2, held(3), ended),
	}
	var cases []row
	for name, past := range closed {
		for _, c := range commands {
			at := seen("organisation", maker)
			at.ReliedOn = append(at.ReliedOn, seen("project", earlier).ReliedOn...)
			cases = append(cases, row{Name: name + " and " + verb(t, c).Name, Given: past, At: at, When: c, Code: "closed"})
		}
	}
	ledgertest.Run(t, Decider, Codec, cases)
}

// What another person must approve, no decider asks for, and who helped to prepare the project does
// not approve.
func TestFourEyes(t *testing.T) {
	var fourEyes []string
	for _, c := range commands {
		v := verb(t, c)
		if !v.FourEyes() {
			continue
		}
		fourEyes = append(fourEyes, v.Name)
		require.Empty(t, slices.DeleteFunc(slices.Clone(v.Roles), func(r ledger.Role) bool { return !slices.Contains(deciders, r) }), v.Name)
		past := map[string][]ledgertest.Past[Event]{"approve": given(proposed), "decide-gate": given(proposed), "complete": through(5)}[v.Name]
		if past == nil {
			past = through(2)
		}
		past[0].Meta.Role = ledger.PM
		at := ledgertest.Context(ledger.Context{Role: ledger.PM, Actor: ledgertest.Author, Approver: ledgertest.Author})
		_, err := Decider.Decide(fold(past), c, at)
		require.Equal(t, "four-eyes", ledger.CodeOf(err), v.Name)
		at.Approver = "apr-zgc-09"
		events, err := Decider.Decide(fold(past), c, at)
		require.NoError(t, err)
		require.NotEmpty(t, events)
	}
	require.Equal(t, []string{"approve", "decide-gate", "terminate", "complete"}, fourEyes)
}

func TestCommandsNameTheStreamsTheyRelyOn(t *testing.T) {
	for name, want := range map[string]struct {
		command Command
		streams []ledger.StreamID
	}{
		"no parties":    {Propose{}, nil},
		"two parties":   {Propose{Parties: []Party{{maker, "owner"}, {university, "partner"}}}, []ledger.StreamID{organisation(maker), organisation(university)}},
		"achievements":  {Propose{Achievements: []uuid.UUID{earlier}}, []ledger.StreamID{achievement(earlier)}},
		"a party":       {JoinParty{Party{maker, "owner"}}, []ledger.StreamID{{Category: "organisation", ID: maker}}},
		"other project": {LinkProject{Project: earlier}, []ledger.StreamID{{Category: "project", ID: earlier}}},
	} {
		require.Equal(t, want.streams, want.command.(ledger.Relier).ReliesOn(), name)
	}
}

func TestEveryStageHasANameInBothLanguages(t *testing.T) {
	seen := map[Stage]bool{}
	for _, n := range StageNames {
		require.NotEmpty(t, n.Name.En)
		require.NotEmpty(t, n.Name.Zh)
		require.Equal(t, n.Name.Zh, stageZh(n.Stage))
		seen[n.Stage] = true
	}
	require.Len(t, seen, 7)
	require.Equal(t, "archived", stageZh("archived"), "a stage without a name is shown by its code")
}

func TestStoredShapes(t *testing.T) { ledgertest.Shapes(t, Codec, os.DirFS("testdata/events")) }

func FuzzDecode(f *testing.F) { ledgertest.FuzzDecode(f, Codec, os.DirFS("testdata/events")) }

func fold(past []ledgertest.Past[Event]) State {
	var s State
	for _, p := range past {
		s = Decider.Evolve(s, p.Event, p.Meta)
	}
	return s
}
