package panel

import (
	"slices"

	"ttledger/domain/ledger"
)

// relations to an item, of which none is the first.
var relations = []string{"none", "kin", "student", "employer", "coauthor", "financial"}

// DeclareInterest says how the actor stands to an item. It comes before any score of theirs (H1).
type DeclareInterest struct {
	Item     string `json:"item" en:"code of the item" zh:"对象编号"`
	Relation string `json:"relation" enum:"none,kin,student,employer,coauthor,financial" en:"relation to it" zh:"与该对象的关系"`
	Recused  bool   `json:"recused,omitzero" en:"the reviewer steps back from this item" zh:"是否回避"`
}

func (c DeclareInterest) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(s.sitting(at), s.seat(at.Actor, c.Item), ledger.CheckOneOf("relation", c.Relation, relations...)); err != nil {
		return nil, err
	}
	d := Declaration{c.Item, at.Actor, c.Relation, c.Recused}
	before, again := s.declaration(at.Actor, c.Item)
	_, scored := s.review(at.Actor, c.Item)
	switch {
	case again && before == d:
		return nil, nil
	case scored:
		return nil, reject("scored", "you scored this item already; the chair can excuse you from the panel", "已对该对象评分;如需回避,可由组长办理退出")
	case again && before.Recused:
		return nil, reject("recused", "a recusal is not taken back", "回避后不得撤回")
	case !c.Recused && slices.Contains(s.Sitting.Recuse, c.Relation):
		return nil, reject("must-recuse", "this relation obliges to step back; declare recused", "存在该关系必须回避,请申报回避")
	}
	return []Event{InterestDeclared(d)}, nil
}

// Declaration is how a reviewer stands to an item.
type Declaration struct {
	Item     string `json:"item"`
	Reviewer string `json:"reviewer"`
	Relation string `json:"relation"`
	Recused  bool   `json:"recused,omitzero"`
}

// InterestDeclared: a reviewer said how they stand to an item (domain catalogue event 42).
type InterestDeclared Declaration

// EventType is the stored name.
func (InterestDeclared) EventType() string { return "panel.interest-declared.v1" }

func (e InterestDeclared) apply(s State, _ ledger.Metadata) State {
	s.Declared = slices.DeleteFunc(slices.Clone(s.Declared), func(d Declaration) bool { return d.Reviewer == e.Reviewer && d.Item == e.Item })
	s.Declared = append(s.Declared, Declaration(e))
	return s
}
