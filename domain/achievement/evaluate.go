package achievement

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Evaluate records an evaluation; its report is evidence. A later one supersedes it.
type Evaluate struct {
	Evaluator  uuid.UUID   `json:"evaluator" en:"id of the evaluating organisation" zh:"评价机构的标识"`
	Kind       string      `json:"kind" enum:"third-party,self,user" en:"third-party, self or user" zh:"第三方评价、自评价或用户评价"`
	Readiness  *Readiness  `json:"readiness,omitzero" en:"readiness level found" zh:"评定的技术就绪度"`
	Values     []Value     `json:"values,omitzero" en:"points for each of the five values" zh:"五元价值得分"`
	Related    bool        `json:"related,omitzero" en:"the evaluator is related to an owner or a buyer" zh:"评价机构与权利人或受让方有关联"`
	ValidUntil ledger.Date `json:"valid_until,omitzero" en:"last day on which it is valid" zh:"有效期至"`
}

// Value is the points for one of the five values (国办发〔2021〕26号).
type Value struct {
	Value  string `json:"value" enum:"scientific,technical,economic,social,cultural" en:"value" zh:"价值维度:科学、技术、经济、社会、文化"`
	Points int    `json:"points" en:"points, 0 to 100" zh:"得分(0–100)"`
}

// ReliesOn is the evaluator.
func (c Evaluate) ReliesOn() []ledger.StreamID { return []ledger.StreamID{organisation(c.Evaluator)} }

func (c Evaluate) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		ledger.CheckOneOf("kind", c.Kind, "third-party", "self", "user"),
		c.Readiness.check("readiness"),
		checkValues(c.Values),
		s.since(at),
		checkOrganisation(c.Evaluator, at),
	); err != nil {
		return nil, err
	}
	if !c.ValidUntil.IsZero() && c.ValidUntil.Last().Compare(at.On.First()) < 0 {
		return nil, ledger.InvalidField("valid_until", "is before the evaluation", "早于评价日期")
	}
	own := c.Evaluator == s.Organisation || slices.Contains(s.OwnerOrganisations(), c.Evaluator)
	if c.Kind == "self" && !own {
		return nil, reject("not-own", "only the completing unit or an owner evaluates its own achievement", "自评价须由完成单位或权利人作出")
	}
	e := Evaluated(c)
	e.Related = c.Related || own // flagged, not refused: who decides must see it
	return []Event{e}, nil
}

func checkValues(list []Value) error {
	for i, v := range list {
		path := fmt.Sprintf("values/%d", i)
		if err := ledger.CheckOneOf(path+"/value", v.Value, "scientific", "technical", "economic", "social", "cultural"); err != nil {
			return err
		}
		if slices.ContainsFunc(list[:i], func(x Value) bool { return x.Value == v.Value }) {
			return ledger.InvalidField(path+"/value", "is given twice", "重复")
		}
		if v.Points < 0 || v.Points > 100 {
			return ledger.InvalidField(path+"/points", "0 to 100", "应为 0 至 100")
		}
	}
	return nil
}

// Evaluated: somebody judged the achievement (domain catalogue event 18).
type Evaluated struct {
	Evaluator  uuid.UUID   `json:"evaluator"`
	Kind       string      `json:"kind"`
	Readiness  *Readiness  `json:"readiness,omitzero"`
	Values     []Value     `json:"values,omitzero"`
	Related    bool        `json:"related,omitzero"`
	ValidUntil ledger.Date `json:"valid_until,omitzero"`
}

// EventType is the stored name.
func (Evaluated) EventType() string { return "achievement.evaluated.v1" }

func (Evaluated) apply(s State, _ ledger.Metadata) State { return s }
