package project

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Propose begins a project.
type Propose struct {
	Titles       ledger.Names  `json:"titles" en:"title in Chinese, English or both" zh:"项目名称(中文、英文或两者)"`
	Code         string        `json:"code,omitzero" en:"a code people can say, such as P-2026-0042" zh:"项目编号,如 P-2026-0042"`
	External     *ExternalID   `json:"external,omitzero" en:"number in the system it came from" zh:"来源系统编号"`
	Achievements []uuid.UUID   `json:"achievements,omitzero" en:"achievements it transfers" zh:"转化的科技成果"`
	RegisterBy   ledger.Date   `json:"register_by,omitzero" en:"day by which achievements not yet registered are to be (pre-registration)" zh:"预登记:尚未登记的成果应于此日前登记"`
	Parties      []Party       `json:"parties,omitzero" en:"organisations taking part" zh:"参与单位"`
	Mode         string        `json:"mode,omitzero" enum:"self-invest,transfer,licence,cooperation,equity,other" en:"intended mode of conversion (PSTTA Art. 16)" zh:"拟转化方式(促进科技成果转化法第十六条)"`
	Action       int           `json:"action,omitzero" en:"action of the programme, 1 to 6" zh:"六大行动序号(1–6)"`
	Park         string        `json:"park,omitzero" en:"park" zh:"园区"`
	Tags         []string      `json:"tags,omitzero" en:"tags, such as xinzihao or laozihao" zh:"标签,如 xinzihao(新字号)、laozihao(老字号)"`
	Budget       *ledger.Money `json:"budget,omitzero" en:"budget" zh:"预算"`
	Start        ledger.Date   `json:"start,omitzero" en:"planned start" zh:"计划开始"`
	End          ledger.Date   `json:"end,omitzero" en:"planned end" zh:"计划结束"`
	Milestones   []Milestone   `json:"milestones,omitzero" en:"milestones" zh:"里程碑"`
}

// ExternalID is the number another system knows the project by.
type ExternalID struct {
	Scheme string `json:"scheme" en:"the system" zh:"来源系统"`
	ID     string `json:"id" en:"the number there" zh:"编号"`
}

var tagPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// ReliesOn is the organisations named as parties, and the achievements.
func (c Propose) ReliesOn() []ledger.StreamID {
	var streams []ledger.StreamID
	for _, p := range c.Parties {
		streams = append(streams, organisation(p.Organisation))
	}
	return append(streams, achievements(c.Achievements)...)
}

func (c Propose) decide(_ State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		c.Titles.Check("titles"),
		ledger.CheckText("park", c.Park, 100, false),
		ledger.CheckOneOf("mode", c.Mode, "", "self-invest", "transfer", "licence", "cooperation", "equity", "other"),
		checkMilestones(c.Milestones),
		c.checkReferences(at),
	); err != nil {
		return nil, err
	}
	if c.Action < 0 || c.Action > 6 {
		return nil, ledger.InvalidField("action", "1 to 6, or absent", "应为 1 至 6,或不填")
	}
	if c.Budget != nil {
		if err := c.Budget.Check("budget"); err != nil {
			return nil, err
		}
	}
	if !c.Start.IsZero() && !c.End.IsZero() && c.End.Last().Compare(c.Start.First()) < 0 {
		return nil, ledger.InvalidField("end", fmt.Sprintf("the planned end %s is before the start %s", c.End, c.Start), fmt.Sprintf("计划结束 %s 早于开始 %s", c.End, c.Start))
	}
	if err := c.checkAchievements(at); err != nil {
		return nil, err
	}
	return []Event{ProjectProposed(c)}, nil
}

func (c Propose) checkReferences(at ledger.Context) error {
	if c.Code != "" && !codePattern.MatchString(c.Code) {
		return ledger.InvalidField("code", "1 to 40 of A-Z a-z 0-9 . _ / -", "1 至 40 位字母、数字或 . _ / -")
	}
	if e := c.External; e != nil {
		if err := ledger.First(
			ledger.CheckText("external/scheme", e.Scheme, 40, true),
			ledger.CheckText("external/id", e.ID, 100, true),
		); err != nil {
			return err
		}
	}
	if err := ledger.First(
		ledger.CheckCount("tags", len(c.Tags), 50),
		ledger.CheckCount("parties", len(c.Parties), 50),
		ledger.CheckCount("achievements", len(c.Achievements), 50),
	); err != nil {
		return err
	}
	for i, tag := range c.Tags {
		if !tagPattern.MatchString(tag) {
			return ledger.InvalidField(fmt.Sprintf("tags/%d", i), "a tag is 1 to 40 of a-z 0-9 -", "标签为 1 至 40 位小写字母、数字或 -")
		}
	}
	for i, p := range c.Parties {
		if slices.Contains(c.Parties[:i], p) {
			return ledger.InvalidField(fmt.Sprintf("parties/%d", i), "this party is named twice", "参与单位重复")
		}
		if err := checkParty(fmt.Sprintf("parties/%d/", i), p, at); err != nil {
			return err
		}
	}
	return nil
}

// ProjectProposed: the project is on the table (domain catalogue event 21).
type ProjectProposed struct {
	Titles       ledger.Names  `json:"titles"`
	Code         string        `json:"code,omitzero"`
	External     *ExternalID   `json:"external,omitzero"`
	Achievements []uuid.UUID   `json:"achievements,omitzero"`
	RegisterBy   ledger.Date   `json:"register_by,omitzero"`
	Parties      []Party       `json:"parties,omitzero"`
	Mode         string        `json:"mode,omitzero"`
	Action       int           `json:"action,omitzero"`
	Park         string        `json:"park,omitzero"`
	Tags         []string      `json:"tags,omitzero"`
	Budget       *ledger.Money `json:"budget,omitzero"`
	Start        ledger.Date   `json:"start,omitzero"`
	End          ledger.Date   `json:"end,omitzero"`
	Milestones   []Milestone   `json:"milestones,omitzero"`
}

// EventType is the stored name.
func (ProjectProposed) EventType() string { return "project.proposed.v2" }

// Correctable: a wrong record is put right by a correction.
func (ProjectProposed) Correctable() {}

func (e ProjectProposed) apply(s State, m ledger.Metadata) State {
	s.Stage, s.Titles, s.Code = Proposed, e.Titles, e.Code
	s.Achievements, s.RegisterBy = e.Achievements, e.RegisterBy
	s.ProposedBy, s.ProposedOn = m.Actor, m.OccurredOn
	// In the order of dates, a party may stand here that joined before the year proposed in.
	s.Parties, s.Milestones = append(slices.Clone(e.Parties), s.Parties...), e.Milestones
	return s
}
