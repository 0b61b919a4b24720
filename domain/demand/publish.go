package demand

import (
	"fmt"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Publish begins a demand.
type Publish struct {
	Code         string    `json:"code,omitzero" en:"a code people can say, such as D-2026-0042" zh:"需求编号,如 D-2026-0042"`
	Organisation uuid.UUID `json:"organisation" en:"id of the enterprise that demands it" zh:"需求企业的标识"`
	Terms
}

// Terms is what is demanded, as it stands.
type Terms struct {
	Titles   ledger.Names  `json:"titles" en:"title in Chinese, English or both" zh:"需求名称(中文、英文或两者)"`
	Problem  string        `json:"problem" en:"the problem to be solved" zh:"拟解决的技术难题"`
	Targets  []string      `json:"targets,omitzero" en:"target metrics" zh:"技术指标"`
	Budget   *ledger.Money `json:"budget,omitzero" en:"budget" zh:"预算(榜额)"`
	Deadline ledger.Date   `json:"deadline,omitzero" en:"last day for offers" zh:"截止日期"`
	Mode     string        `json:"mode" enum:"open-list,negotiated,roadshow" en:"open list of challenges, negotiated or roadshow" zh:"揭榜挂帅、协商对接或路演"`
	Industry string        `json:"industry,omitzero" en:"industry tag" zh:"行业标签"`
}

// ReliesOn is the enterprise.
func (c Publish) ReliesOn() []ledger.StreamID {
	return []ledger.StreamID{organisation(c.Organisation)}
}

func (c Publish) decide(_ State, at ledger.Context) ([]Event, error) {
	if c.Code != "" && !codePattern.MatchString(c.Code) {
		return nil, ledger.InvalidField("code", "1 to 40 of A-Z a-z 0-9 . _ / -", "1 至 40 位字母、数字或 . _ / -")
	}
	if err := ledger.First(c.Terms.check(at), checkOrganisation(c.Organisation, at)); err != nil {
		return nil, err
	}
	return []Event{Published(c)}, nil
}

func (t Terms) check(at ledger.Context) error {
	if err := ledger.First(
		t.Titles.Check("titles"),
		ledger.CheckText("problem", t.Problem, 2000, true),
		ledger.CheckCount("targets", len(t.Targets), 50),
		ledger.CheckOneOf("mode", t.Mode, "open-list", "negotiated", "roadshow"),
	); err != nil {
		return err
	}
	for i, target := range t.Targets {
		if err := ledger.CheckText(fmt.Sprintf("targets/%d", i), target, 500, true); err != nil {
			return err
		}
	}
	if t.Budget != nil {
		if err := t.Budget.Check("budget"); err != nil {
			return err
		}
	}
	if t.Industry != "" && !tagPattern.MatchString(t.Industry) {
		return ledger.InvalidField("industry", "a tag is 1 to 40 of a-z 0-9 -", "标签为 1 至 40 位小写字母、数字或 -")
	}
	switch {
	case t.Mode == "open-list" && t.Deadline.IsZero():
		return ledger.InvalidField("deadline", "a challenge on the open list has a last day for offers", "揭榜挂帅须设截止日期")
	case !t.Deadline.IsZero() && t.Deadline.Last().Compare(at.On.First()) < 0:
		return ledger.InvalidField("deadline", "is before the publication", "早于发布日期")
	}
	return nil
}

// Published: the demand is known (domain catalogue event 19).
type Published struct {
	Code         string    `json:"code,omitzero"`
	Organisation uuid.UUID `json:"organisation"`
	Terms
}

// EventType is the stored name.
func (Published) EventType() string { return "demand.published.v1" }

func (e Published) apply(s State, m ledger.Metadata) State {
	s.Code, s.Terms, s.PublishedOn = e.Code, e.Terms, m.OccurredOn
	return s
}

// Revise puts other terms in place of those published.
type Revise struct {
	Terms
	Reason string `json:"reason" enum:"scope,budget,deadline,mode,error" en:"why" zh:"变更原因:内容、预算、期限、方式、差错"`
}

func (c Revise) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.open(at),
		c.Terms.check(at),
		ledger.CheckOneOf("reason", c.Reason, "scope", "budget", "deadline", "mode", "error"),
	); err != nil {
		return nil, err
	}
	if len(s.Matches) > 0 {
		return nil, reject("matched", "the demand is matched; what was offered for stays as it was", "已确认对接,不得变更需求内容")
	}
	return []Event{Revised(c)}, nil
}

// Revised: the demand's terms are others from now on.
type Revised struct {
	Terms
	Reason string `json:"reason"`
}

// EventType is the stored name.
func (Revised) EventType() string { return "demand.revised.v1" }

func (e Revised) apply(s State, _ ledger.Metadata) State {
	s.Terms = e.Terms
	return s
}
