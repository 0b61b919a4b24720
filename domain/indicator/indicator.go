// Package indicator is the figures that a programme is measured by: what one counts and over which
// scope, where it stood at the beginning, where it is to be, and where it stands.
//
// An indicator is either attested, its figures being taken from sources, or derived, being
// computed from the ledger by a formula. The two never mix in one series; only the baseline of a
// derived one is attested, because what was before the ledger is not in it.
package indicator

import (
	"regexp"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Event is a fact in an indicator's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for a change of one indicator.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// The kinds of indicators.
const (
	Attested = "attested" // 采信
	Derived  = "derived"  // 计算
)

// The scopes that figures are of. Figures of different scope are never added.
var scopes = []string{"SETDZ", "TIEXI_SETDZ"} // 经开区; 铁西区、经开区

// State is an indicator as far as rules need to know it.
type State struct {
	Code     string        `json:"code"`
	Scope    string        `json:"scope"`
	Kind     string        `json:"kind"`
	Baseline ledger.Date   `json:"baseline,omitzero"` // the day of the baseline
	Actuals  []ledger.Date `json:"actuals,omitzero"`  // the days of the actual figures
	Target   *TargetSet    `json:"target,omitzero"`
}

// Decider is the rules of indicators.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) { return c.decide(s, at) },
	Evolve: func(s State, e Event, m ledger.Metadata) State { return e.apply(s, m) },
	Claims: func(s State, _ ledger.StreamID) []ledger.Claim {
		if s.Code == "" {
			return nil
		}
		return []ledger.Claim{{Kind: "indicator-code", Key: s.Code + " " + s.Scope}}
	},
}

// Codec is every stored form of an indicator's events.
var Codec = ledger.NewCodec(
	ledger.Current[Defined, Event](),
	ledger.Current[FigureAttested, Event](),
	ledger.Current[TargetSet, Event](),
)

// Aggregate is indicators for the rest of the program.
var Aggregate = ledger.New("indicator", ledger.Text{En: "indicator", Zh: "指标"}, Decider, Codec,
	ledger.Does[Define, Command](ledger.Verb{Name: "define", Creates: true, Roles: []ledger.Role{ledger.PM},
		Help: ledger.Text{En: "define what is measured, over which scope, and how", Zh: "定义指标、口径与计算方式"}}),
	ledger.Does[AttestFigure, Command](ledger.Verb{Name: "attest-figure", Roles: []ledger.Role{ledger.PM}, Approvers: []ledger.Role{ledger.APR},
		Help: ledger.Text{En: "take a figure from a source; the act is dated on the day that the figure is of", Zh: "采信出处数据;业务发生日即数据所属日期"}}),
	ledger.Does[SetTarget, Command](ledger.Verb{Name: "set-target", Roles: []ledger.Role{ledger.PM}, Approvers: []ledger.Role{ledger.APR},
		Help: ledger.Text{En: "set the target, in place of the one before", Zh: "设定目标(替换原目标)"}}),
).SeenBy(Sight)

// Sight: the offices see indicators; completers, mentors and reviewers have no part in them.
var Sight = ledger.Sight{All: slices.DeleteFunc(ledger.AllRoles(), func(r ledger.Role) bool {
	return r == ledger.INV || r == ledger.MEN || r == ledger.REV
})}

// Define begins an indicator (指标定义).
type Define struct {
	Code      string       `json:"code" en:"code, such as HNTE" zh:"指标代码,如 HNTE"`
	Names     ledger.Names `json:"names" en:"name in Chinese, English or both" zh:"名称(中文、英文或两者)"`
	Unit      ledger.Names `json:"unit" en:"unit" zh:"计量单位"`
	Decimals  int          `json:"decimals,omitzero" en:"decimal places of its values, 0 to 4" zh:"小数位数(0–4)"`
	Scope     string       `json:"scope" enum:"SETDZ,TIEXI_SETDZ" en:"scope: the zone, or district and zone" zh:"统计口径:经开区,或铁西区、经开区"`
	Kind      string       `json:"kind" enum:"attested,derived" en:"attested from sources, or derived from the ledger" zh:"采信或由账本计算"`
	Formula   string       `json:"formula,omitzero" en:"formula of a derived one, such as K51/HNTE" zh:"计算公式(由账本计算时),如 K51/HNTE"`
	Direction string       `json:"direction" enum:"up,down" en:"the direction that is better" zh:"向好方向"`
	Programme uuid.UUID    `json:"programme,omitzero" en:"programme" zh:"所属计划"`
	Action    int          `json:"action,omitzero" en:"action of the programme, 1 to 6" zh:"所属行动序号(1–6)"`
}

// ReliesOn is the programme.
func (c Define) ReliesOn() []ledger.StreamID {
	if c.Programme == uuid.Nil {
		return nil
	}
	return []ledger.StreamID{c.programme()}
}

func (c Define) programme() ledger.StreamID {
	return ledger.StreamID{Category: "programme", ID: c.Programme}
}

var (
	codePattern    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$`)
	formulaPattern = regexp.MustCompile(`^[A-Z][0-9]{2}(/[A-Za-z0-9_-]{1,40}){0,3}$`)
)

func (c Define) decide(_ State, at ledger.Context) ([]Event, error) {
	if !codePattern.MatchString(c.Code) {
		return nil, ledger.InvalidField("code", "1 to 40 of A-Z a-z 0-9 . _ / -", "1 至 40 位字母、数字或 . _ / -")
	}
	if err := ledger.First(
		c.Names.Check("names"),
		c.Unit.Check("unit"),
		ledger.CheckOneOf("scope", c.Scope, scopes...),
		ledger.CheckOneOf("kind", c.Kind, Attested, Derived),
		ledger.CheckOneOf("direction", c.Direction, "up", "down"),
		c.checkFormula(),
		c.checkAction(at),
	); err != nil {
		return nil, err
	}
	if c.Decimals < 0 || c.Decimals > 4 {
		return nil, ledger.InvalidField("decimals", "0 to 4", "应为 0 至 4")
	}
	return []Event{Defined(c)}, nil
}

func (c Define) checkFormula() error {
	if (c.Kind == Derived) != (c.Formula != "") {
		return ledger.InvalidField("formula", "a derived indicator has a formula, an attested one has none", "由账本计算的指标须有公式,采信指标不得有公式")
	}
	if c.Formula != "" && !formulaPattern.MatchString(c.Formula) {
		return ledger.InvalidField("formula", "the id of a KPI and what of it, such as K51/HNTE", "应为 KPI 编号及其分项,如 K51/HNTE")
	}
	return nil
}

func (c Define) checkAction(at ledger.Context) error {
	if c.Programme == uuid.Nil {
		if c.Action != 0 {
			return ledger.InvalidField("programme", "an action is of a programme; name it", "行动须注明所属计划")
		}
		return nil
	}
	p, ok := ledger.About[interface{ HasAction(int) bool }](at, c.programme())
	if ok && p.HasAction(c.Action) {
		return nil
	}
	return ledger.Rejected("no-such-action", ledger.Text{
		En: "there is no open programme with this action", Zh: "没有含该行动且在执行的计划",
	})
}

// Defined: what is measured (domain catalogue event 3).
type Defined struct {
	Code      string       `json:"code"`
	Names     ledger.Names `json:"names"`
	Unit      ledger.Names `json:"unit"`
	Decimals  int          `json:"decimals,omitzero"`
	Scope     string       `json:"scope"`
	Kind      string       `json:"kind"`
	Formula   string       `json:"formula,omitzero"`
	Direction string       `json:"direction"`
	Programme uuid.UUID    `json:"programme,omitzero"`
	Action    int          `json:"action,omitzero"`
}

// EventType is the stored name.
func (Defined) EventType() string { return "indicator.defined.v1" }

// Correctable: a wrong record is put right by a correction.
func (Defined) Correctable() {}

func (e Defined) apply(s State, _ ledger.Metadata) State {
	s.Code, s.Scope, s.Kind = e.Code, e.Scope, e.Kind
	return s
}
