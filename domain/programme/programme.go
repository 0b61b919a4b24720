// Package programme is a programme with its six actions and six dimensions of coordination: under
// whose name it runs, with whom, which unit answers for which action, and until when.
package programme

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Event is a fact in a programme's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for a change of one programme.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// State is a programme as far as rules need to know it.
type State struct {
	Code     string      `json:"code"`
	OpenedOn ledger.Date `json:"opened_on,omitzero"`
	Closed   bool        `json:"closed"`
	Actions  []Action    `json:"actions"`
}

// HasAction says whether an open programme has the action of this number.
func (s State) HasAction(number int) bool {
	return !s.Closed && slices.ContainsFunc(s.Actions, func(a Action) bool { return a.Number == number })
}

// Decider is the rules of programmes.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) { return c.decide(s, at) },
	Evolve: func(s State, e Event, m ledger.Metadata) State { return e.apply(s, m) },
	Claims: func(s State, _ ledger.StreamID) []ledger.Claim {
		if s.Code == "" {
			return nil
		}
		return []ledger.Claim{{Kind: "programme-code", Key: s.Code}}
	},
}

// Codec is every stored form of a programme's events.
var Codec = ledger.NewCodec(
	ledger.Current[Opened, Event](),
	ledger.Current[OwnerAssigned, Event](),
	ledger.Current[Closed, Event](),
)

// Aggregate is programmes for the rest of the program.
var Aggregate = ledger.New("programme", ledger.Text{En: "programme", Zh: "计划"}, Decider, Codec,
	ledger.Does[Open, Command](ledger.Verb{Name: "open", Creates: true, Roles: []ledger.Role{ledger.PM}, Approvers: []ledger.Role{ledger.APR},
		Help: ledger.Text{En: "open a programme with its actions and dimensions of coordination", Zh: "启动计划,列明行动与协同维度"}}),
	ledger.Does[AssignOwner, Command](ledger.Verb{Name: "assign-owner", Roles: []ledger.Role{ledger.PM},
		Help: ledger.Text{En: "make a unit answer for an action", Zh: "指定行动的牵头单位"}}),
	ledger.Does[Close, Command](ledger.Verb{Name: "close", Roles: []ledger.Role{ledger.PM}, Approvers: []ledger.Role{ledger.APR},
		Help: ledger.Text{En: "close a programme", Zh: "结束计划"}}),
).SeenBy(ledger.Sight{All: ledger.AllRoles()})

// Action is one of the programme's actions.
type Action struct {
	Number int          `json:"number" en:"number, 1 to 6" zh:"序号(1–6)"`
	Names  ledger.Names `json:"names" en:"name" zh:"名称"`
	Owner  uuid.UUID    `json:"owner,omitzero" en:"organisation or unit that answers for it" zh:"牵头单位"`
}

// Dimension is one of the ways in which two sides coordinate.
type Dimension struct {
	Number int          `json:"number" en:"number, 1 to 6" zh:"序号(1–6)"`
	Names  ledger.Names `json:"names" en:"name" zh:"名称"`
}

// IndustryList is the programme's key industries as one source lists them. Sources differ, so each
// list says whose it is and of when.
type IndustryList struct {
	Source string      `json:"source" en:"who lists them so" zh:"出处"`
	Stated ledger.Date `json:"stated" en:"date of the source" zh:"出处日期"`
	Items  []Industry  `json:"items" en:"industries" zh:"产业"`
}

// Industry is a key industry by the code that projects and organisations are tagged with.
type Industry struct {
	Code  string       `json:"code" en:"code, as in tags" zh:"代码(与标签一致)"`
	Names ledger.Names `json:"names" en:"name" zh:"名称"`
}

var (
	codePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$`)
	tagPattern  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
)

func organisation(id uuid.UUID) ledger.StreamID {
	return ledger.StreamID{Category: "organisation", ID: id}
}

// registered refuses an organisation that is not in the register.
func registered(path string, id uuid.UUID, at ledger.Context) error {
	if id == uuid.Nil || at.Exists(organisation(id)) {
		return nil
	}
	return ledger.Rejected("no-such-organisation", ledger.Text{
		En: fmt.Sprintf("%s: there is no organisation %s; register it first", path, id),
		Zh: fmt.Sprintf("%s:没有主体 %s,请先登记", path, id),
	})
}

func checkActions(actions []Action, at ledger.Context) error {
	if len(actions) == 0 {
		return ledger.InvalidField("actions", "a programme has an action at least", "至少需要一项行动")
	}
	last := 0
	for i, a := range actions {
		path := fmt.Sprintf("actions/%d", i)
		if err := ledger.First(checkNumber(path, a.Number, last), a.Names.Check(path+"/names"), registered(path+"/owner", a.Owner, at)); err != nil {
			return err
		}
		last = a.Number
	}
	return nil
}

func checkDimensions(dimensions []Dimension) error {
	last := 0
	for i, d := range dimensions {
		path := fmt.Sprintf("dimensions/%d", i)
		if err := ledger.First(checkNumber(path, d.Number, last), d.Names.Check(path+"/names")); err != nil {
			return err
		}
		last = d.Number
	}
	return nil
}

func checkNumber(path string, number, last int) error {
	if number > last && number <= 6 {
		return nil
	}
	return ledger.InvalidField(path+"/number", "numbers are 1 to 6, each once and in order", "序号应为 1 至 6,依次排列且不重复")
}

func checkIndustries(lists []IndustryList) error {
	if err := ledger.CheckCount("industries", len(lists), 20); err != nil {
		return err
	}
	for i, list := range lists {
		path := fmt.Sprintf("industries/%d", i)
		if err := ledger.First(ledger.CheckText(path+"/source", list.Source, 300, true), ledger.CheckCount(path+"/items", len(list.Items), 100)); err != nil {
			return err
		}
		if list.Stated.IsZero() {
			return ledger.InvalidField(path+"/stated", "the date of the source is needed", "需要出处日期")
		}
		for j, item := range list.Items {
			at := fmt.Sprintf("%s/items/%d", path, j)
			if !tagPattern.MatchString(item.Code) {
				return ledger.InvalidField(at+"/code", "a code is 1 to 40 of a-z 0-9 -", "代码为 1 至 40 位小写字母、数字或 -")
			}
			if err := item.Names.Check(at + "/names"); err != nil {
				return err
			}
		}
	}
	return nil
}

// open refuses what needs a programme that runs.
func (s State) open() error {
	if s.Closed {
		return ledger.Rejected("closed", ledger.Text{En: "the programme is closed", Zh: "计划已结束"})
	}
	return nil
}
