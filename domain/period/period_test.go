package period

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

type row = ledgertest.Case[Command, Event]

var (
	day    = ledgertest.Date
	digest = strings.Repeat("0f", 32)
	q2     = Close{Code: "2021Q2", From: day("2021-04-01"), To: day("2021-06-30"), CutOff: 1042, Digest: digest}
	issue  = IssueReport{Report: "s-e1", Params: []Param{{"scope", "SETDZ"}}, AsOf: day("2021-06-30"), KnownAt: 1042, LedgerDigest: digest, SHA256: digest,
		Name: "s-e1.xlsx", MediaType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Unit: ledger.Names{Zh: "千元"}}
)

func TestClose(t *testing.T) {
	with := func(change func(*Close)) Close {
		c := q2
		change(&c)
		return c
	}
	wrong := func(field string, change func(*Close)) row {
		return row{Name: "wrong " + field, When: with(change), Code: "invalid", Field: field}
	}
	ledgertest.Run(t, Decider, Codec, []row{
		// A second closing is refused by the ledger, which knows that the stream is there.
		{Name: "a quarter", When: q2, Then: []Event{Closed(q2)}, Again: true},
		{Name: "on the day after its last", At: ledger.Context{On: day("2021-07-01")}, When: q2, Then: []Event{Closed(q2)}, Again: true},
		{Name: "not on its last day", At: ledger.Context{On: day("2021-06-30")}, When: q2, Code: "not-over"},
		wrong("code", func(c *Close) { c.Code = "二季度" }),
		wrong("from", func(c *Close) { c.From = day("2021") }),
		wrong("to", func(c *Close) { c.To = day("2021-06") }),
		wrong("to", func(c *Close) { c.To = day("2021-03-31") }),
		wrong("cut_off", func(c *Close) { c.CutOff = 0 }),
		wrong("digest", func(c *Close) { c.Digest = strings.ToUpper(digest) }),
	})
}

func TestIssueReport(t *testing.T) {
	with := func(change func(*IssueReport)) IssueReport {
		c := issue
		change(&c)
		return c
	}
	given := ledgertest.Given[Event](Closed(q2))
	wrong := func(field string, change func(*IssueReport)) row {
		return row{Name: "wrong " + field, Given: given, When: with(change), Code: "invalid", Field: field}
	}
	later := with(func(c *IssueReport) { c.KnownAt, c.LedgerDigest, c.Params = 1050, "", nil })
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "at the cut-off", Given: given, When: issue, Then: []Event{ReportIssued(issue)}},
		{Name: "anew, knowing more", Given: ledgertest.Given[Event](Closed(q2), ReportIssued(issue)), When: later, Then: []Event{ReportIssued(later)}},
		{Name: "the same again", Given: ledgertest.Given[Event](Closed(q2), ReportIssued(issue)), When: issue},
		wrong("report", func(c *IssueReport) { c.Report = "" }),
		wrong("params", func(c *IssueReport) { c.Params = make([]Param, 21) }),
		wrong("params/0/name", func(c *IssueReport) { c.Params = []Param{{"", "x"}} }),
		wrong("params/0/value", func(c *IssueReport) { c.Params = []Param{{"x", ""}} }),
		wrong("as_of", func(c *IssueReport) { c.AsOf = day("2021-07-01") }),
		wrong("as_of", func(c *IssueReport) { c.AsOf = day("2021-03-31") }),
		wrong("as_of", func(c *IssueReport) { c.AsOf = day("2021-06") }),
		wrong("known_at", func(c *IssueReport) { c.KnownAt = 1041 }),
		wrong("ledger_digest", func(c *IssueReport) { c.LedgerDigest = "x" }),
		wrong("sha256", func(c *IssueReport) { c.SHA256 = "" }),
		wrong("name", func(c *IssueReport) { c.Name = "" }),
		wrong("media_type", func(c *IssueReport) { c.MediaType = "" }),
		wrong("unit/zh", func(c *IssueReport) { c.Unit.Zh = strings.Repeat("元", 41) }),
		wrong("unit/en", func(c *IssueReport) { c.Unit.En = " yuan" }),
	})
}

func TestWhatTheLedgerAsksOfAPeriod(t *testing.T) {
	s := Decider.Evolve(State{}, Closed(q2), ledger.Metadata{})
	require.Equal(t, []ledger.Claim{{Kind: "period-code", Key: "2021Q2"}}, Decider.Claims(s, ledger.StreamID{}))
	require.Empty(t, Decider.Claims(State{}, ledger.StreamID{}), "nothing holds nothing")
	require.Equal(t, ledger.SeesNone, Sight.Reach([]ledger.Role{ledger.INV, ledger.MEN, ledger.REV}))
	require.Equal(t, ledger.SeesAll, Sight.Reach([]ledger.Role{ledger.REP}))
}

func TestStoredShapes(t *testing.T) { ledgertest.Shapes(t, Codec, os.DirFS("testdata/events")) }

func FuzzDecode(f *testing.F) { ledgertest.FuzzDecode(f, Codec, os.DirFS("testdata/events")) }
