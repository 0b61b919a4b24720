// Package trace is who read what: each read that must leave a trace is an Access, kept in a file
// beside the ledger, and each day of them is sealed into the ledger by one digest, so that
// afterwards none can be changed, added or dropped without its showing.
//
// An access names people by handle and things by id; it holds no query and no answer.
package trace

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"regexp"
	"time"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Access is one read.
type Access struct {
	Seq     int64        `json:"seq"` // dense from 1, in order
	At      time.Time    `json:"at"`  // UTC, never going back
	Actor   string       `json:"actor"`
	Roles   string       `json:"roles"`             // held then, "AUD,REP"
	Route   string       `json:"route"`             // by its name
	Target  string       `json:"target,omitzero"`   // the stream, view, view/row or report
	Form    string       `json:"form,omitzero"`     // json, or what was exported
	AsOf    string       `json:"as_of,omitzero"`    // T, where one was asked for
	KnownAt string       `json:"known_at,omitzero"` // K, likewise
	Entry   ledger.Entry `json:"entry,omitzero"`    // that the answer stood at
	Request string       `json:"request"`           // id of the request, in the log too
}

// Day is the day an access belongs to.
func (a Access) Day() ledger.Date { return ledger.DayOf(a.At) }

// Query asks for accesses in order.
type Query struct {
	After int64       // the Seq of the last one seen
	Day   ledger.Date // of one day, where it is set
	Actor string      // by one principal, where it is set
	Limit int         // at most; negative for no limit
}

// Digest is the digest of a day's accesses, added in order.
type Digest struct {
	sum   hash.Hash
	count int
}

// NewDigest is the digest of none.
func NewDigest() *Digest { return &Digest{sum: sha256.New()} }

// Add takes in the next: its JSON and a line end.
func (d *Digest) Add(a Access) {
	raw, err := json.Marshal(a)
	if err != nil {
		panic(err) // strings and numbers
	}
	d.sum.Write(append(raw, '\n'))
	d.count++
}

// Seal is the command that records it.
func (d *Digest) Seal(day ledger.Date) Seal {
	return Seal{Day: day, Accesses: d.count, SHA256: hex.EncodeToString(d.sum.Sum(nil))}
}

// Event is a fact about one day's accesses.
type Event interface {
	ledger.Event
	apply(State) State
}

// Command asks for one.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// State is a day as it was sealed.
type State struct {
	Day      ledger.Date `json:"day"`
	Accesses int         `json:"accesses"`
	SHA256   string      `json:"sha256"`
}

// Decider is the rules of traces.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) { return c.decide(s, at) },
	Evolve: func(s State, e Event, _ ledger.Metadata) State { return e.apply(s) },
}

// Codec is every stored form of its events.
var Codec = ledger.NewCodec(ledger.Current[DaySealed, Event]())

// Aggregate is traces for the rest of the program.
var Aggregate = ledger.New("trace", ledger.Text{En: "access trace", Zh: "访问留痕"}, Decider, Codec,
	ledger.Does[Seal, Command](ledger.Verb{Name: "seal", Creates: true, Roles: []ledger.Role{ledger.ADM},
		Help: ledger.Text{En: "seal the accesses of a day by their digest; the program does it by itself", Zh: "封存某日访问留痕的摘要(由系统自动执行)"}}),
).SeenBy(ledger.Sight{All: []ledger.Role{ledger.ADM, ledger.AUD, ledger.DPO}})

// Sealer is who seals: the program, under a handle that nobody can have.
var Sealer = ledger.Actor{Handle: "trace", Roles: []ledger.Role{ledger.ADM}}

var daySpace = uuid.MustParse("d3f2b6c4-1a7e-5f0d-8c55-2e9a40b7c168")

// ID is the stream id of a day.
func ID(day ledger.Date) uuid.UUID { return uuid.NewSHA1(daySpace, []byte(day.String())) }

// Seal records the digest of a day that is over.
type Seal struct {
	Day      ledger.Date `json:"day" en:"a day that is over" zh:"已结束的日期"`
	Accesses int         `json:"accesses" en:"how many there were" zh:"访问次数"`
	SHA256   string      `json:"sha256" en:"SHA-256 over the day's accesses, each its JSON and a line end, in order" zh:"当日访问记录的 SHA-256(每条 JSON 加换行,按序)"`
}

var digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (c Seal) decide(_ State, at ledger.Context) ([]Event, error) {
	switch {
	case at.Actor != Sealer.Handle:
		return nil, ledger.Rejected("not-the-program", ledger.Text{
			En: "a day's accesses are sealed by the program itself", Zh: "访问留痕由系统自动封存",
		})
	case c.Day.Precision() != "day":
		return nil, ledger.InvalidField("day", "must be a day", "须为具体日期")
	case c.Day.Compare(ledger.DayOf(at.Now)) >= 0:
		return nil, ledger.Rejected("day-not-over", ledger.Text{
			En: fmt.Sprintf("%s is not over", c.Day), Zh: fmt.Sprintf("%s 尚未结束", c.Day),
		})
	case c.Accesses < 1:
		return nil, ledger.InvalidField("accesses", "1 or more", "至少为 1")
	case !digestPattern.MatchString(c.SHA256):
		return nil, ledger.InvalidField("sha256", "64 lower-case hex digits are needed", "需要 64 位小写十六进制摘要")
	case at.Stream.ID != ID(c.Day):
		return nil, ledger.Rejected("day-id", ledger.Text{
			En: fmt.Sprintf("a day is one stream: the id of %s is %s", c.Day, ID(c.Day)),
			Zh: fmt.Sprintf("每日对应一个事件流:%s 的标识为 %s", c.Day, ID(c.Day)),
		})
	}
	return []Event{DaySealed(c)}, nil
}

// DaySealed: these were the accesses of a day.
type DaySealed struct {
	Day      ledger.Date `json:"day"`
	Accesses int         `json:"accesses"`
	SHA256   string      `json:"sha256"`
}

// EventType is the stored name.
func (DaySealed) EventType() string { return "trace.day-sealed.v1" }

func (e DaySealed) apply(State) State { return State(e) }
