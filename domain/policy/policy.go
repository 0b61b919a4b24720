// Package policy is the rules as data: each policy with its versions, their validity, the document
// they come from and the parameters that decisions read. A decision names the version it was made
// under, so that two versions over the life of one case are both seen.
package policy

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"ttledger/domain/ledger"
)

// Event is a fact in a policy's stream.
type Event interface {
	ledger.Event
	apply(State) State
}

// Command asks for a change of one policy.
type Command interface {
	terms() Terms
	decide(State, ledger.Context) ([]Event, error)
}

// Terms is one version of a policy. A policy keeps its form for all its versions.
type Terms struct {
	Code       string          `json:"code" en:"code of the policy, such as PSTTA-45" zh:"政策代码,如 PSTTA-45"`
	Version    string          `json:"version" en:"version" zh:"版本"`
	Form       string          `json:"form" en:"what its parameters are for" zh:"参数形式"`
	Names      ledger.Names    `json:"names" en:"name" zh:"名称"`
	DocNo      string          `json:"doc_no,omitzero" en:"number of the document" zh:"文号"`
	Issuer     string          `json:"issuer" en:"who issued it" zh:"发布机关"`
	Level      string          `json:"level" enum:"national,provincial,municipal,zone,unit" en:"level" zh:"层级"`
	From       ledger.Date     `json:"from" en:"first day in force" zh:"施行日期"`
	To         ledger.Date     `json:"to,omitzero" en:"last day in force; until superseded where absent" zh:"失效日期;缺省为被替代时止"`
	Supersedes string          `json:"supersedes,omitzero" en:"version that it takes the place of" zh:"所替代的版本"`
	Mark       string          `json:"mark" enum:"L,W,R,D" en:"how sure the text is: L read in the law, W read in an excerpt, R unconfirmed, D our own decision" zh:"可靠程度:L 已核对法条,W 见于摘录,R 未核实,D 自行约定"`
	Source     string          `json:"source,omitzero" en:"where it was read" zh:"来源"`
	Params     json.RawMessage `json:"params" en:"parameters, of the form" zh:"参数(按形式)"`
}

// State is a policy as far as rules need to know it.
type State struct {
	Versions []Terms `json:"versions"` // in order of adoption
}

// InForce is the version in force on a day: of those valid then, the one that came into force last;
// or, where one is named, that version, whatever the day.
func (s State) InForce(on ledger.Date, version string) (ledger.Rule, bool) {
	var best *Terms
	for i, v := range s.Versions {
		if version != "" {
			if v.Version == version {
				best = &s.Versions[i]
			}
			continue
		}
		if v.on(on) && (best == nil || v.From.Compare(best.From) >= 0) {
			best = &s.Versions[i]
		}
	}
	if best == nil {
		return ledger.Rule{}, false
	}
	return ledger.Rule{
		Policy: ledger.Policy{Code: best.Code, Version: best.Version}, Form: best.Form, From: best.From, To: best.To, Params: best.Params,
	}, true
}

func (v Terms) on(day ledger.Date) bool {
	return v.From.Compare(day) <= 0 && (v.To.IsZero() || day.Compare(v.To.Last()) <= 0)
}

// Codec is every stored form of a policy's events.
var Codec = ledger.NewCodec(
	ledger.Current[VersionAdopted, Event](),
)

// Decider is the rules of policies, with the forms that parameters may have.
func Decider(forms []ledger.RuleForm) ledger.Decider[State, Command, Event] {
	return ledger.Decider[State, Command, Event]{
		Decide: func(s State, c Command, at ledger.Context) ([]Event, error) {
			if err := checkParams(forms, c.terms()); err != nil {
				return nil, err
			}
			return c.decide(s, at)
		},
		Evolve: func(s State, e Event, _ ledger.Metadata) State { return e.apply(s) },
	}
}

// Aggregate is policies for the rest of the program, with parameters of the given forms.
func Aggregate(forms ...ledger.RuleForm) ledger.Aggregate {
	return ledger.New("policy", ledger.Text{En: "policy", Zh: "政策"}, Decider(forms), Codec,
		ledger.Does[Adopt, Command](ledger.Verb{Name: "adopt", Creates: true, Roles: asking, Approvers: deciding,
			Help: ledger.Text{En: "adopt a policy by its first version: the parameters that decisions are made under", Zh: "采纳政策(首个版本):决定所依据的参数"}}),
		ledger.Does[Revise, Command](ledger.Verb{Name: "revise", Roles: asking, Approvers: deciding,
			Help: ledger.Text{En: "adopt another version of a policy", Zh: "采纳政策的新版本"}}),
	).SeenBy(ledger.Sight{All: ledger.AllRoles()})
}

var (
	asking   = []ledger.Role{ledger.PM, ledger.TM, ledger.LEG, ledger.FIN, ledger.HR, ledger.INC, ledger.FUN}
	deciding = []ledger.Role{ledger.APR}
)

func checkParams(forms []ledger.RuleForm, v Terms) error {
	i := slices.IndexFunc(forms, func(f ledger.RuleForm) bool { return f.Name == v.Form })
	if i < 0 {
		var names []string
		for _, f := range forms {
			names = append(names, f.Name)
		}
		return ledger.CheckOneOf("form", v.Form, names...)
	}
	return forms[i].Check(v.Params)
}

// Adopt brings the first version into force.
type Adopt struct{ Terms }

// Revise brings another version into force.
type Revise struct{ Terms }

func (c Adopt) terms() Terms  { return c.Terms }
func (c Revise) terms() Terms { return c.Terms }

func (c Revise) decide(s State, at ledger.Context) ([]Event, error) { return Adopt(c).decide(s, at) }

var codePattern = regexp.MustCompile(`^[A-Z0-9][A-Z0-9._-]{0,39}$`)

func (c Adopt) decide(s State, at ledger.Context) ([]Event, error) {
	if !codePattern.MatchString(c.Code) || at.Stream.ID != ledger.PolicyStream(c.Code).ID {
		return nil, ledger.InvalidField("code",
			fmt.Sprintf("1 to 40 of A-Z 0-9 . _ -, and the id of the stream follows from it: %s", ledger.PolicyStream(c.Code).ID),
			fmt.Sprintf("1 至 40 位大写字母、数字或 . _ -,且事件流标识由代码得出:%s", ledger.PolicyStream(c.Code).ID))
	}
	if err := ledger.First(
		ledger.CheckText("version", c.Version, 40, true),
		c.Names.Check("names"),
		ledger.CheckText("doc_no", c.DocNo, 100, false),
		ledger.CheckText("issuer", c.Issuer, 200, true),
		ledger.CheckText("source", c.Source, 500, false),
		ledger.CheckOneOf("level", c.Level, "national", "provincial", "municipal", "zone", "unit"),
		ledger.CheckOneOf("mark", c.Mark, "L", "W", "R", "D"),
		checkDays(c.From, c.To),
	); err != nil {
		return nil, err
	}
	known := c.Supersedes == ""
	for _, v := range s.Versions {
		if v.Version == c.Version {
			return nil, ledger.Rejected("version-known", ledger.Text{
				En: fmt.Sprintf("version %s of %s is adopted already", v.Version, v.Code), Zh: fmt.Sprintf("%s 的版本 %s 已采纳", v.Code, v.Version),
			})
		}
		if v.Form != c.Form {
			return nil, ledger.Rejected("policy-form", ledger.Text{
				En: fmt.Sprintf("the versions of %s have the form %s", v.Code, v.Form), Zh: fmt.Sprintf("%s 各版本的形式为 %s", v.Code, v.Form),
			})
		}
		known = known || v.Version == c.Supersedes
	}
	if !known {
		return nil, ledger.InvalidField("supersedes", "there is no such version", "没有此版本")
	}
	return []Event{VersionAdopted(c)}, nil
}

func checkDays(from, to ledger.Date) error {
	if from.Precision() != "day" {
		return ledger.InvalidField("from", "a version is in force from a day", "版本须自某日起施行")
	}
	if !to.IsZero() && to.Compare(from) < 0 {
		return ledger.InvalidField("to", "ends before it begins", "失效日期早于施行日期")
	}
	return nil
}

// VersionAdopted: decisions are made under this version (domain catalogue event 2).
type VersionAdopted struct{ Terms }

// EventType is the stored name.
func (VersionAdopted) EventType() string { return "policy.version-adopted.v1" }

// Correctable: a wrong record is put right by a correction.
func (VersionAdopted) Correctable() {}

func (e VersionAdopted) apply(s State) State {
	s.Versions = append(s.Versions[:len(s.Versions):len(s.Versions)], e.Terms)
	if i := slices.IndexFunc(s.Versions, func(v Terms) bool { return v.Version == e.Supersedes }); i >= 0 && s.Versions[i].To.IsZero() {
		s.Versions = slices.Clone(s.Versions)
		s.Versions[i].To = e.From.Plus(0, 0, -1)
	}
	return s
}
