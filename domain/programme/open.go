package programme

import (
	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Open begins a programme (计划启动).
type Open struct {
	Code         string         `json:"code" en:"a code people can say, such as KCZG-2021" zh:"计划代码,如 KCZG-2021"`
	Names        ledger.Names   `json:"names" en:"name in Chinese, English or both" zh:"名称(中文、英文或两者)"`
	Theme        ledger.Names   `json:"theme,omitzero" en:"theme" zh:"主题"`
	Batch        string         `json:"batch,omitzero" en:"batch of pilots it came with" zh:"试点批次"`
	Host         uuid.UUID      `json:"host,omitzero" en:"organisation that runs it here" zh:"承办单位"`
	Counterparts []uuid.UUID    `json:"counterparts,omitzero" en:"organisations it is run with" zh:"对方单位"`
	From         ledger.Date    `json:"from,omitzero" en:"first day" zh:"开始日期"`
	To           ledger.Date    `json:"to,omitzero" en:"last day planned" zh:"计划结束日期"`
	Actions      []Action       `json:"actions" en:"actions" zh:"行动"`
	Dimensions   []Dimension    `json:"dimensions,omitzero" en:"dimensions of coordination" zh:"协同维度"`
	Industries   []IndustryList `json:"industries,omitzero" en:"key industries, by source" zh:"重点产业(按出处)"`
}

// ReliesOn is the organisations named.
func (c Open) ReliesOn() []ledger.StreamID {
	var streams []ledger.StreamID
	for _, id := range c.organisations() {
		if id != uuid.Nil {
			streams = append(streams, organisation(id))
		}
	}
	return streams
}

func (c Open) organisations() []uuid.UUID {
	ids := append([]uuid.UUID{c.Host}, c.Counterparts...)
	for _, a := range c.Actions {
		ids = append(ids, a.Owner)
	}
	return ids
}

func (c Open) decide(_ State, at ledger.Context) ([]Event, error) {
	if !codePattern.MatchString(c.Code) {
		return nil, ledger.InvalidField("code", "1 to 40 of A-Z a-z 0-9 . _ / -", "1 至 40 位字母、数字或 . _ / -")
	}
	if err := ledger.First(
		c.Names.Check("names"),
		ledger.CheckText("theme/zh", c.Theme.Zh, 500, false),
		ledger.CheckText("theme/en", c.Theme.En, 500, false),
		ledger.CheckText("batch", c.Batch, 200, false),
		ledger.CheckCount("counterparts", len(c.Counterparts), 50),
		registered("host", c.Host, at),
		checkActions(c.Actions, at),
		checkDimensions(c.Dimensions),
		checkIndustries(c.Industries),
	); err != nil {
		return nil, err
	}
	for _, id := range c.Counterparts {
		if err := registered("counterparts", id, at); err != nil {
			return nil, err
		}
	}
	if !c.From.IsZero() && !c.To.IsZero() && c.To.Last().Compare(c.From.First()) < 0 {
		return nil, ledger.InvalidField("to", "the last day is before the first", "结束日期早于开始日期")
	}
	return []Event{Opened(c)}, nil
}

// Opened: the programme runs (domain catalogue event 1).
type Opened struct {
	Code         string         `json:"code"`
	Names        ledger.Names   `json:"names"`
	Theme        ledger.Names   `json:"theme,omitzero"`
	Batch        string         `json:"batch,omitzero"`
	Host         uuid.UUID      `json:"host,omitzero"`
	Counterparts []uuid.UUID    `json:"counterparts,omitzero"`
	From         ledger.Date    `json:"from,omitzero"`
	To           ledger.Date    `json:"to,omitzero"`
	Actions      []Action       `json:"actions"`
	Dimensions   []Dimension    `json:"dimensions,omitzero"`
	Industries   []IndustryList `json:"industries,omitzero"`
}

// EventType is the stored name.
func (Opened) EventType() string { return "programme.opened.v1" }

// Correctable: a wrong record is put right by a correction.
func (Opened) Correctable() {}

func (e Opened) apply(s State, m ledger.Metadata) State {
	s.Code, s.OpenedOn, s.Actions = e.Code, m.OccurredOn, e.Actions
	return s
}
