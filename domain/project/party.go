package project

import (
	"fmt"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// JoinParty enters an organisation that takes part.
type JoinParty struct {
	Party
}

// ReliesOn is the organisation.
func (c JoinParty) ReliesOn() []ledger.StreamID {
	return []ledger.StreamID{organisation(c.Organisation)}
}

func organisation(id uuid.UUID) ledger.StreamID {
	return ledger.StreamID{Category: "organisation", ID: id}
}

func (c JoinParty) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(s.open(false), checkParty("", c.Party, at)); err != nil {
		return nil, err
	}
	for _, p := range s.Parties {
		if p == c.Party {
			return nil, ledger.Rejected("party-known", ledger.Text{
				En: "this organisation takes part in this way already", Zh: "该主体已以此角色参与",
			})
		}
	}
	return []Event{PartyJoined(c)}, nil
}

// checkParty checks a party that stands at prefix in the command.
func checkParty(prefix string, p Party, at ledger.Context) error {
	if err := ledger.CheckOneOf(prefix+"part", p.Part, "owner", "performer", "partner", "funder"); err != nil {
		return err
	}
	if !at.Exists(organisation(p.Organisation)) {
		return ledger.Rejected("no-such-organisation", ledger.Text{
			En: fmt.Sprintf("the organisation %s is not registered", p.Organisation), Zh: fmt.Sprintf("主体 %s 尚未登记", p.Organisation),
		})
	}
	return nil
}

// PartyJoined: an organisation takes part.
type PartyJoined struct {
	Party
}

// EventType is the stored name.
func (PartyJoined) EventType() string { return "project.party-joined.v1" }

// Correctable: a wrong record is put right by a correction.
func (PartyJoined) Correctable() {}

func (e PartyJoined) apply(s State, _ ledger.Metadata) State {
	s.Parties = append(s.Parties[:len(s.Parties):len(s.Parties)], e.Party)
	return s
}
