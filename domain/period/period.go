// Package period is the times that are reported on: closed at an entry of the ledger, after which
// what is dated inside is late, and the reports that were issued of them, each by the digest of the
// file it was.
package period

import (
	"regexp"
	"slices"

	"ttledger/domain/ledger"
)

// Event is a fact in a period's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for a change of one period.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// State is a period as far as rules need to know it.
type State struct {
	Code   string         `json:"code"`
	From   ledger.Date    `json:"from,omitzero"`
	To     ledger.Date    `json:"to,omitzero"`
	CutOff ledger.Entry   `json:"cut_off"`
	Issued []ReportIssued `json:"issued,omitzero"`
}

// Decider is the rules of periods.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) { return c.decide(s, at) },
	Evolve: func(s State, e Event, m ledger.Metadata) State { return e.apply(s, m) },
	Claims: func(s State, _ ledger.StreamID) []ledger.Claim {
		if s.Code == "" {
			return nil
		}
		return []ledger.Claim{{Kind: "period-code", Key: s.Code}}
	},
}

// Codec is every stored form of a period's events.
var Codec = ledger.NewCodec(
	ledger.Current[Closed, Event](),
	ledger.Current[ReportIssued, Event](),
)

// Aggregate is periods for the rest of the program.
var Aggregate = ledger.New("period", ledger.Text{En: "reporting period", Zh: "报告期"}, Decider, Codec,
	ledger.Does[Close, Command](ledger.Verb{Name: "close", Creates: true, Roles: []ledger.Role{ledger.PM}, Approvers: []ledger.Role{ledger.APR},
		Help: ledger.Text{En: "close a period at an entry of the ledger", Zh: "报告期关账,确定截止序号"}}),
	ledger.Does[IssueReport, Command](ledger.Verb{Name: "issue-report", Roles: []ledger.Role{ledger.PM}, Approvers: []ledger.Role{ledger.APR},
		Help: ledger.Text{En: "issue a report of a closed period, as the file it is", Zh: "签发已关账报告期的报表文件"}}),
).SeenBy(Sight)

// Sight: the offices see periods; completers, mentors and reviewers have no part in them.
var Sight = ledger.Sight{All: slices.DeleteFunc(ledger.AllRoles(), func(r ledger.Role) bool {
	return r == ledger.INV || r == ledger.MEN || r == ledger.REV
})}

var (
	codePattern   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$`)
	digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

func checkDigest(path, digest string) error {
	if digestPattern.MatchString(digest) {
		return nil
	}
	return ledger.InvalidField(path, "SHA-256 in hex, 64 of 0-9 a-f", "应为 SHA-256 十六进制,64 位 0-9 a-f")
}
