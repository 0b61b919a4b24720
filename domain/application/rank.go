package application

import (
	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Rank takes over the place that a panel concluded, and who is ahead.
type Rank struct {
	Panel uuid.UUID `json:"panel" en:"id of the panel" zh:"评审组标识"`
}

// ranking is what a panel says of its items.
type ranking interface {
	RankOf(item ledger.StreamID) (rank int, ok bool)
	AheadOf(item ledger.StreamID) []ledger.StreamID
}

// ReliesOn is the panel.
func (c Rank) ReliesOn() []ledger.StreamID { return []ledger.StreamID{panel(c.Panel)} }

func (c Rank) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(s.at(Eligible, Ranked), notBefore(at, s.ReceivedOn)); err != nil {
		return nil, err
	}
	p, ok := ledger.About[ranking](at, panel(c.Panel))
	if !ok {
		return nil, notRanked
	}
	place, ok := p.RankOf(at.Stream)
	if !ok {
		return nil, notRanked
	}
	if s.Stage == Ranked && s.Panel == c.Panel {
		return nil, nil
	}
	return []Event{ApplicationRanked{c.Panel, place, p.AheadOf(at.Stream)}}, nil
}

var notRanked = reject("not-ranked", "that panel has not concluded a rank of this application, or was set aside", "该评审组未对本报名作出有效排序")

// ApplicationRanked: a panel put the application in a place.
type ApplicationRanked struct {
	Panel uuid.UUID         `json:"panel"`
	Rank  int               `json:"rank"`
	Ahead []ledger.StreamID `json:"ahead,omitzero"` // applications to the post in a better place
}

// EventType is the stored name.
func (ApplicationRanked) EventType() string { return "application.ranked.v1" }

func (e ApplicationRanked) apply(s State, m ledger.Metadata) State {
	s.Stage, s.Panel, s.Rank, s.Ahead, s.RankedOn = Ranked, e.Panel, e.Rank, e.Ahead, m.OccurredOn
	return s
}
