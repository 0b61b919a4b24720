package indicator

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

// actions is a programme with the first actions.
type actions int

func (a actions) HasAction(number int) bool { return 0 < number && number <= int(a) }

var (
	day    = ledgertest.Date
	kczg   = uuid.MustParse("3b1f2f9e-8a51-4f0f-9a30-0d2f6f1f7c11")
	within = ledger.Context{}.Knowing(ledger.StreamID{Category: "programme", ID: kczg}, actions(6))

	hnte = Define{Code: "HNTE", Names: ledger.Names{Zh: "国家高新技术企业"}, Unit: ledger.Names{Zh: "家"}, Scope: "TIEXI_SETDZ", Kind: Attested,
		Direction: "up", Programme: kczg, Action: 1}
	article  = Source{Title: "沈阳经开区入选“科创中国”第二批试点", Publisher: "沈阳日报", Published: day("2021-06-15")}
	baseline = AttestFigure{Kind: "baseline", Value: 408, Precision: "exact", Scope: "TIEXI_SETDZ", Source: article}
	actual   = AttestFigure{Kind: "actual", Value: 480, Precision: "exact", Scope: "TIEXI_SETDZ", Source: article}
	target   = SetTarget{Value: 600, Due: day("2027-12-31"), Basis: "试点园区创建工作方案"}
)

func TestDefine(t *testing.T) {
	with := func(change func(*Define)) Define {
		c := hnte
		change(&c)
		return c
	}
	wrong := func(field string, change func(*Define)) row {
		return row{Name: "wrong " + field, At: within, When: with(change), Code: "invalid", Field: field}
	}
	derived := with(func(c *Define) { c.Kind, c.Formula, c.Decimals = Derived, "K51/HNTE", 1 })
	alone := with(func(c *Define) { c.Programme, c.Action, c.Direction = uuid.Nil, 0, "down" })
	ledgertest.Run(t, Decider, Codec, []row{
		// A second definition is refused by the ledger, which knows that the stream is there.
		{Name: "attested, for an action", At: within, When: hnte, Then: []Event{Defined(hnte)}, Again: true},
		{Name: "derived by a formula", At: within, When: derived, Then: []Event{Defined(derived)}, Again: true},
		{Name: "of no programme", When: alone, Then: []Event{Defined(alone)}, Again: true},
		{Name: "the programme must be there", When: hnte, Code: "no-such-action"},
		{Name: "the programme must have the action", At: within, When: with(func(c *Define) { c.Action = 7 }), Code: "no-such-action"},
		wrong("code", func(c *Define) { c.Code = "高企" }),
		wrong("names", func(c *Define) { c.Names = ledger.Names{} }),
		wrong("unit", func(c *Define) { c.Unit = ledger.Names{} }),
		wrong("scope", func(c *Define) { c.Scope = "CITY" }),
		wrong("kind", func(c *Define) { c.Kind = "guessed" }),
		wrong("direction", func(c *Define) { c.Direction = "sideways" }),
		wrong("formula", func(c *Define) { c.Formula = "K51/HNTE" }),
		wrong("formula", func(c *Define) { c.Kind = Derived }),
		wrong("formula", func(c *Define) { c.Kind, c.Formula = Derived, "count all" }),
		wrong("decimals", func(c *Define) { c.Decimals = 5 }),
		wrong("decimals", func(c *Define) { c.Decimals = -1 }),
		wrong("programme", func(c *Define) { c.Programme = uuid.Nil }),
	})
	require.Equal(t, []ledger.StreamID{{Category: "programme", ID: kczg}}, hnte.ReliesOn())
	require.Nil(t, alone.ReliesOn())
}

func TestAttestFigure(t *testing.T) {
	with := func(c AttestFigure, change func(*AttestFigure)) AttestFigure {
		change(&c)
		return c
	}
	given := ledgertest.Given[Event](Defined(hnte))
	derived := Defined(hnte)
	derived.Kind = Derived
	measured := append(ledgertest.Given[Event](Defined(hnte)), ledgertest.By[Event]("pm-zgc-01", day("2023-06-30"), FigureAttested(baseline), FigureAttested(actual))...)
	wrong := func(field string, change func(*AttestFigure)) row {
		return row{Name: "wrong " + field, Given: given, When: with(actual, change), Code: "invalid", Field: field}
	}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a baseline", Given: given, When: baseline, Then: []Event{FigureAttested(baseline)}},
		{Name: "an actual figure", Given: given, When: actual, Then: []Event{FigureAttested(actual)}},
		{Name: "an actual figure of another day", Given: measured, When: actual, Then: []Event{FigureAttested(actual)}},
		{Name: "a second figure of one day is a correction", Given: measured, At: ledger.Context{On: day("2023-06-30")}, When: actual, Code: "figure-attested"},
		{Name: "a second baseline is a correction", Given: measured, When: baseline, Code: "baseline-attested"},
		{Name: "the baseline of a derived one is attested", Given: ledgertest.Given[Event](derived), When: baseline, Then: []Event{FigureAttested(baseline)}},
		{Name: "its actual figures are computed", Given: ledgertest.Given[Event](derived), When: actual, Code: "derived"},
		{Name: "scopes do not mix", Given: given, When: with(actual, func(c *AttestFigure) { c.Scope = "SETDZ" }), Code: "other-scope"},
		wrong("kind", func(c *AttestFigure) { c.Kind = "forecast" }),
		wrong("precision", func(c *AttestFigure) { c.Precision = "about" }),
		wrong("scope", func(c *AttestFigure) { c.Scope = "" }),
		wrong("value", func(c *AttestFigure) { c.Value = -1 }),
		wrong("source/title", func(c *AttestFigure) { c.Source.Title = "" }),
		wrong("source/publisher", func(c *AttestFigure) { c.Source.Publisher = strings.Repeat("报", 201) }),
		wrong("source/place", func(c *AttestFigure) { c.Source.Place = " p" }),
	})
}

func TestSetTarget(t *testing.T) {
	with := func(change func(*SetTarget)) SetTarget {
		c := target
		change(&c)
		return c
	}
	given := ledgertest.Given[Event](Defined(hnte), TargetSet(target))
	wrong := func(field string, change func(*SetTarget)) row {
		return row{Name: "wrong " + field, Given: given, When: with(change), Code: "invalid", Field: field}
	}
	higher := with(func(c *SetTarget) { c.Value, c.Stretch = 620, 650 })
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "the first", Given: ledgertest.Given[Event](Defined(hnte)), When: target, Then: []Event{TargetSet(target)}},
		{Name: "in place of another", Given: given, When: higher, Then: []Event{TargetSet(higher)}},
		{Name: "the same again", Given: given, When: target},
		wrong("value", func(c *SetTarget) { c.Value = -1 }),
		wrong("stretch", func(c *SetTarget) { c.Stretch = -1 }),
		wrong("due", func(c *SetTarget) { c.Due = day("2027") }),
		wrong("due", func(c *SetTarget) { c.Due = day("2026-06-15") }),
		wrong("basis", func(c *SetTarget) { c.Basis = "" }),
	})
}

func TestWhatTheLedgerAsksOfAnIndicator(t *testing.T) {
	s := Decider.Evolve(State{}, Defined(hnte), ledger.Metadata{})
	require.Equal(t, []ledger.Claim{{Kind: "indicator-code", Key: "HNTE TIEXI_SETDZ"}}, Decider.Claims(s, ledger.StreamID{}))
	require.Empty(t, Decider.Claims(State{}, ledger.StreamID{}), "nothing holds nothing")
	require.Equal(t, ledger.SeesNone, Sight.Reach([]ledger.Role{ledger.INV, ledger.MEN, ledger.REV}))
	require.Equal(t, ledger.SeesAll, Sight.Reach([]ledger.Role{ledger.REP}))
	Defined{}.Correctable()
	FigureAttested{}.Correctable()
}

func TestStoredShapes(t *testing.T) { ledgertest.Shapes(t, Codec, os.DirFS("testdata/events")) }

func FuzzDecode(f *testing.F) { ledgertest.FuzzDecode(f, Codec, os.DirFS("testdata/events")) }
