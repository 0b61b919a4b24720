package demand

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// ConfirmMatch says which achievement or team meets the demand, in the demand's own mode.
type ConfirmMatch struct {
	Achievement uuid.UUID `json:"achievement,omitzero" en:"id of the achievement" zh:"成果标识"`
	Team        uuid.UUID `json:"team,omitzero" en:"or id of the team" zh:"或团队标识"`
	Channel     string    `json:"channel" enum:"own,cast,society,offshore-centre,zhongguancun,service-team,talent-tour,other" en:"where it came from" zh:"来源:自有、科协、学会、离岸中心、中关村、科技服务团、海外人才行、其他"`
	Source      uuid.UUID `json:"source,omitzero" en:"id of the organisation it came from" zh:"来源主体标识"`
	Panel       uuid.UUID `json:"panel,omitzero" en:"id of the concluded panel that ranked the offers; needed for an open list" zh:"评审组标识(揭榜必填)"`
}

// Match is what meets a demand: the stream of an achievement or a team.
func (c ConfirmMatch) Match() ledger.StreamID { return matched(c.Achievement, c.Team) }

func matched(achievement, team uuid.UUID) ledger.StreamID {
	if achievement != uuid.Nil {
		return ledger.StreamID{Category: "achievement", ID: achievement}
	}
	return ledger.StreamID{Category: "team", ID: team}
}

func panel(id uuid.UUID) ledger.StreamID { return ledger.StreamID{Category: "panel", ID: id} }

// ReliesOn is what meets the demand, where it came from and who ranked it.
func (c ConfirmMatch) ReliesOn() []ledger.StreamID {
	streams := []ledger.StreamID{c.Match()}
	if c.Source != uuid.Nil {
		streams = append(streams, organisation(c.Source))
	}
	if c.Panel != uuid.Nil {
		streams = append(streams, panel(c.Panel))
	}
	return streams
}

func (c ConfirmMatch) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		checkOne(c.Achievement, c.Team),
		ledger.CheckOneOf("channel", c.Channel, "own", "cast", "society", "offshore-centre", "zhongguancun", "service-team", "talent-tour", "other"),
		s.open(at),
	); err != nil {
		return nil, err
	}
	if !at.Exists(c.Match()) {
		return nil, reject("no-such-match", fmt.Sprintf("there is no %s", c.Match()), fmt.Sprintf("没有 %s", c.Match()))
	}
	if c.Source != uuid.Nil {
		if err := checkOrganisation(c.Source, at); err != nil {
			return nil, err
		}
	}
	if slices.Contains(s.Matches, c.Match()) {
		return nil, reject("match-known", "this match is confirmed already", "该对接已确认")
	}
	rank, err := c.rank(s, at)
	if err != nil {
		return nil, err
	}
	return []Event{MatchConfirmed{c.Achievement, c.Team, s.Terms.Mode, c.Channel, c.Source, c.Panel, rank}}, nil
}

// ranking is what a panel says of what it ranked.
type ranking interface {
	IsConcluded() bool
	RankOf(item ledger.StreamID) (rank int, ok bool)
}

// rank is the place that a concluded panel gave the match: needed on an open list.
func (c ConfirmMatch) rank(s State, at ledger.Context) (int, error) {
	if c.Panel == uuid.Nil {
		if s.Terms.Mode == "open-list" {
			return 0, ledger.InvalidField("panel", "a challenge on the open list is decided by a panel; name it", "揭榜须经评审,请填写评审组")
		}
		return 0, nil
	}
	p, ok := ledger.About[ranking](at, panel(c.Panel))
	if !ok || !p.IsConcluded() {
		return 0, reject("panel-not-concluded", fmt.Sprintf("the panel %s is not concluded", c.Panel), fmt.Sprintf("评审组 %s 尚未作出结论", c.Panel))
	}
	rank, ok := p.RankOf(c.Match())
	if !ok {
		return 0, reject("not-ranked", fmt.Sprintf("the panel did not rank %s", c.Match()), fmt.Sprintf("评审组未对 %s 排序", c.Match()))
	}
	return rank, nil
}

// MatchConfirmed: something meets the demand (domain catalogue event 20).
type MatchConfirmed struct {
	Achievement uuid.UUID `json:"achievement,omitzero"`
	Team        uuid.UUID `json:"team,omitzero"`
	Mode        string    `json:"mode"`
	Channel     string    `json:"channel"`
	Source      uuid.UUID `json:"source,omitzero"`
	Panel       uuid.UUID `json:"panel,omitzero"`
	Rank        int       `json:"rank,omitzero"`
}

// EventType is the stored name.
func (MatchConfirmed) EventType() string { return "demand.match-confirmed.v1" }

// Correctable: a wrong record is put right by a correction.
func (MatchConfirmed) Correctable() {}

// Check says what is wrong with a corrected one.
func (e MatchConfirmed) Check() error { return checkOne(e.Achievement, e.Team) }

func checkOne(achievement, team uuid.UUID) error {
	if (achievement == uuid.Nil) == (team == uuid.Nil) {
		return ledger.InvalidField("achievement", "name an achievement or a team, and not both", "成果与团队须且只能填写一项")
	}
	return nil
}

func (e MatchConfirmed) apply(s State, _ ledger.Metadata) State {
	s.Matches = append(slices.Clone(s.Matches), matched(e.Achievement, e.Team))
	return s
}

// Close ends a demand.
type Close struct {
	Ground string `json:"ground" enum:"solved,expired,withdrawn" en:"solved, expired or withdrawn" zh:"已解决、到期或撤回"`
}

func (c Close) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		ledger.CheckOneOf("ground", c.Ground, "solved", "expired", "withdrawn"),
		s.open(at),
	); err != nil {
		return nil, err
	}
	switch {
	case c.Ground == "solved" && len(s.Matches) == 0:
		return nil, reject("not-matched", "nothing was matched that could have solved it", "尚无对接成果,不能以已解决关闭")
	case c.Ground == "expired" && (s.Terms.Deadline.IsZero() || at.On.First().Compare(s.Terms.Deadline.Last()) <= 0):
		return nil, reject("not-expired", "its last day for offers is not over", "尚未超过截止日期")
	}
	return []Event{Closed(c)}, nil
}

// Closed: nothing more is offered or confirmed.
type Closed struct {
	Ground string `json:"ground"`
}

// EventType is the stored name.
func (Closed) EventType() string { return "demand.closed.v1" }

func (e Closed) apply(s State, _ ledger.Metadata) State {
	s.Closed = e.Ground
	return s
}
