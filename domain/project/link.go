package project

import (
	"fmt"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// LinkProject says which project this one continues.
type LinkProject struct {
	Project  uuid.UUID `json:"project" en:"id of the other project" zh:"另一项目的标识"`
	Relation string    `json:"relation" enum:"continues" en:"continues" zh:"承接"`
	Basis    string    `json:"basis,omitzero" en:"what the link rests on" zh:"关联依据"`
}

// Link is another project this one is related to.
type Link struct {
	Project  uuid.UUID `json:"project"`
	Relation string    `json:"relation"`
}

// ReliesOn is the other project.
func (c LinkProject) ReliesOn() []ledger.StreamID {
	return []ledger.StreamID{{Category: "project", ID: c.Project}}
}

func (c LinkProject) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.open(false),
		ledger.CheckOneOf("relation", c.Relation, "continues"),
		ledger.CheckText("basis", c.Basis, 200, false),
	); err != nil {
		return nil, err
	}
	if c.Project == at.Stream.ID {
		return nil, ledger.InvalidField("project", "a project does not continue itself", "项目不能承接自身")
	}
	if !at.Exists(ledger.StreamID{Category: "project", ID: c.Project}) {
		return nil, ledger.Rejected("no-such-project", ledger.Text{
			En: fmt.Sprintf("there is no project %s", c.Project), Zh: fmt.Sprintf("没有项目 %s", c.Project),
		})
	}
	for _, l := range s.Links {
		if l == (Link{c.Project, c.Relation}) {
			return nil, nil
		}
	}
	return []Event{ProjectLinked(c)}, nil
}

// ProjectLinked: this project continues another.
type ProjectLinked struct {
	Project  uuid.UUID `json:"project"`
	Relation string    `json:"relation"`
	Basis    string    `json:"basis,omitzero"`
}

// EventType is the stored name.
func (ProjectLinked) EventType() string { return "project.linked.v1" }

func (e ProjectLinked) apply(s State, _ ledger.Metadata) State {
	s.Links = append(s.Links[:len(s.Links):len(s.Links)], Link{e.Project, e.Relation})
	return s
}
