package contract

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Sign records a contract as it was signed.
type Sign struct {
	Code         string       `json:"code" en:"contract number" zh:"合同编号"`
	Names        ledger.Names `json:"names" en:"title of the contract" zh:"合同(项目)名称"`
	Project      uuid.UUID    `json:"project" en:"id of the project" zh:"项目标识"`
	Achievements []uuid.UUID  `json:"achievements,omitzero" en:"ids of the achievements" zh:"成果标识"`
	Notice       uuid.UUID    `json:"notice,omitzero" en:"id of the price notice" zh:"价格公示标识"`
	Policy       string       `json:"policy,omitzero" en:"policy that income is distributed under; PSTTA-45 where none" zh:"收益分配适用政策代码(缺省 PSTTA-45)"`
	Terms
}

// ReliesOn is the project, the parties, the achievements and the notice.
func (c Sign) ReliesOn() []ledger.StreamID {
	read := append(c.Terms.streams(), stream("project", c.Project))
	for _, id := range c.Achievements {
		read = append(read, stream("achievement", id))
	}
	if c.Notice != uuid.Nil {
		read = append(read, stream("notice", c.Notice))
	}
	return read
}

// Under is how contracts are followed up.
func (c Sign) Under(State) ledger.Governing {
	return ledger.Governing{Form: "contract", Code: "CONTRACT"}
}

// Benefits are the parties: whoever has an interest in one does not decide on the price.
func (c Sign) Benefits(State) []ledger.StreamID { return c.Terms.streams() }

// streams are the organisations that terms name.
func (t Terms) streams() []ledger.StreamID {
	var all []ledger.StreamID
	for _, p := range t.Parties {
		all = append(all, stream("organisation", p.Organisation))
	}
	if t.Equity != nil {
		all = append(all, stream("organisation", t.Equity.Company))
	}
	return all
}

func (c Sign) decide(_ State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		checkCode("code", c.Code),
		c.Names.Check("names"),
		ledger.CheckCount("achievements", len(c.Achievements), 50),
		c.Terms.check(),
	); err != nil {
		return nil, err
	}
	if c.Policy != "" {
		if err := checkCode("policy", c.Policy); err != nil {
			return nil, err
		}
	}
	unit, err := c.Terms.known(at)
	if err := ledger.First(err, c.knownProject(at), c.Terms.noticed(unit, c.Notice, c.Project, at)); err != nil {
		return nil, err
	}
	limits := clock(at)
	e := Signed{
		Code: c.Code, Names: c.Names, Project: c.Project, Achievements: c.Achievements, Notice: c.Notice, Policy: c.Policy,
		Terms: c.Terms, UnitKind: unit, RegisterBy: days(at.On, limits.RegisterDays),
	}
	if c.Type == "licence" && c.SubType == "patent" {
		e.RecordBy = months(c.Licence.From, limits.RecordMonths)
	}
	return []Event{e}, nil
}

// knownProject: the project is live and the achievements are there.
func (c Sign) knownProject(at ledger.Context) error {
	p, ok := ledger.About[project](at, stream("project", c.Project))
	switch {
	case !ok:
		return reject("no-such-project", fmt.Sprintf("there is no project %s", c.Project), fmt.Sprintf("没有项目 %s", c.Project))
	case !p.Live():
		return reject("project-not-live", "the project is not approved, or closed", "项目尚未立项或已关闭")
	}
	for _, id := range c.Achievements {
		if !at.Exists(stream("achievement", id)) {
			return reject("no-such-achievement", fmt.Sprintf("there is no achievement %s", id), fmt.Sprintf("没有成果 %s", id))
		}
	}
	return nil
}

// known: the parties are registered, and what leaves the country was looked at. It answers the
// kind of unit that provides: the first by which the law sets a floor, else the first.
func (t Terms) known(at ledger.Context) (unit string, err error) {
	abroad := false
	for _, s := range t.streams() {
		if _, ok := ledger.About[organisation](at, s); !ok {
			return "", reject("no-such-organisation", fmt.Sprintf("the organisation %s is not registered", s.ID), fmt.Sprintf("主体 %s 尚未登记", s.ID))
		}
	}
	for _, p := range t.Parties {
		o, _ := ledger.About[organisation](at, stream("organisation", p.Organisation))
		switch p.Part {
		case "provider", "partner":
			if unit == "" || byLaw(o.Ownership()) {
				unit = o.Ownership()
			}
		}
		abroad = abroad || o.IsAbroad() && (p.Part == "recipient" || p.Part == "partner")
	}
	if abroad && t.Export == nil {
		return "", reject("export-check-needed", "a recipient is abroad: say in which class of the export catalogue the technology is (TIER 30-40)", "受让方在境外,须填写技术出口目录类别(技术进出口管理条例第三十至四十条)")
	}
	return unit, nil
}

// noticed is PSTTA 18: what state-established research units and universities negotiate a price
// for is publicised first, and no objection was upheld.
func (t Terms) noticed(unit string, id, of uuid.UUID, at ledger.Context) error {
	if !byLaw(unit) || t.Pricing != "negotiated" || !slices.Contains([]string{"transfer", "licence", "equity"}, t.Mode) {
		return nil
	}
	n, ok := ledger.About[notice](at, stream("notice", id))
	if !ok {
		return reject("price-notice-needed", "the price was negotiated: name and price are publicised before signing; say by which notice (PSTTA 18)", "协议定价的,签订前须公示成果名称与拟交易价格,请填写公示(促进科技成果转化法第十八条)")
	}
	on, cleared := n.Cleared("price", stream("project", of))
	if !cleared || at.On.Last().Compare(on) < 0 {
		return reject("price-notice-open", "the price notice of this project was not concluded, without an upheld objection, by that day", "截至该日,本项目的价格公示尚未结束,或有异议成立")
	}
	return nil
}

// Signed: a technology contract was signed (domain catalogue event 30).
type Signed struct {
	Code         string       `json:"code"`
	Names        ledger.Names `json:"names"`
	Project      uuid.UUID    `json:"project"`
	Achievements []uuid.UUID  `json:"achievements,omitzero"`
	Notice       uuid.UUID    `json:"notice,omitzero"`
	Policy       string       `json:"policy,omitzero"`
	Terms
	UnitKind   string      `json:"unit_kind,omitzero"`
	RegisterBy ledger.Date `json:"register_by,omitzero"` // when registration is chased
	RecordBy   ledger.Date `json:"record_by,omitzero"`   // when a patent licence is to be filed
}

// EventType is the stored name.
func (Signed) EventType() string { return "contract.signed.v1" }

func (e Signed) apply(_ State, m ledger.Metadata) State {
	s := State{Code: e.Code, Project: e.Project, Achievements: e.Achievements, Terms: e.Terms, UnitKind: e.UnitKind, Policy: e.Policy, SignedOn: m.OccurredOn}
	if s.Policy == "" {
		s.Policy = "PSTTA-45"
	}
	return s
}
