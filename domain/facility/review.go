package facility

import (
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// Review records how a periodic review (考核) ended.
type Review struct {
	Period string `json:"period" en:"what was reviewed, such as 2025" zh:"考核周期(如 2025)"`
	Result string `json:"result" enum:"excellent,pass,rectify,fail" en:"excellent, pass, to be rectified or fail" zh:"优秀、合格、限期整改、不合格"`
	Body   string `json:"body,omitzero" en:"who reviewed" zh:"考核机关"`
	Note   string `json:"note,omitzero" en:"findings" zh:"考核意见"`
}

func (c Review) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.open(at),
		ledger.CheckText("period", c.Period, 40, true),
		ledger.CheckOneOf("result", c.Result, "excellent", "pass", "rectify", "fail"),
		ledger.CheckText("body", c.Body, 200, false),
		ledger.CheckText("note", c.Note, 2000, false),
	); err != nil {
		return nil, err
	}
	if slices.Contains(s.Reviewed, c.Period) {
		return nil, reject("reviewed", fmt.Sprintf("the review of %s is recorded; put it right by a correction", c.Period), fmt.Sprintf("%s 考核已登记,请通过更正处理", c.Period))
	}
	return []Event{Reviewed(c)}, nil
}

// Reviewed: a periodic review ended.
type Reviewed struct {
	Period string `json:"period"`
	Result string `json:"result"`
	Body   string `json:"body,omitzero"`
	Note   string `json:"note,omitzero"`
}

// EventType is the stored name.
func (Reviewed) EventType() string { return "facility.reviewed.v1" }

// Correctable: a wrong record is put right by a correction.
func (Reviewed) Correctable() {}

func (e Reviewed) apply(s State, _ ledger.Metadata) State {
	s.Reviewed = append(slices.Clone(s.Reviewed), e.Period)
	return s
}

// ChangeSpace records another area, other rooms or another place. Rooms replaces the whole list.
type ChangeSpace struct {
	Space Space  `json:"space" en:"areas in square metres" zh:"面积(平方米)"`
	Rooms []Room `json:"rooms,omitzero" en:"all rooms from now on" zh:"变更后全部房间"`
	Seats int64  `json:"seats,omitzero" en:"work places" zh:"工位数"`
	Place
}

func (c ChangeSpace) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(s.open(at), c.checkPlace(), checkSpace(c.Space, c.Rooms)); err != nil {
		return nil, err
	}
	if s.Virtual {
		return nil, reject("no-premises", "what has no premises has no area", "虚拟载体没有场地面积")
	}
	if s.Space == c.Space && slices.Equal(s.Rooms, c.Rooms) && s.Seats == c.Seats && s.Place == c.Place {
		return nil, nil
	}
	return []Event{SpaceChanged(c)}, nil
}

// SpaceChanged: the facility has another area, other rooms or another place.
type SpaceChanged struct {
	Space Space  `json:"space"`
	Rooms []Room `json:"rooms,omitzero"`
	Seats int64  `json:"seats,omitzero"`
	Place
}

// EventType is the stored name.
func (SpaceChanged) EventType() string { return "facility.space-changed.v1" }

// Correctable: a wrong record is put right by a correction.
func (SpaceChanged) Correctable() {}

func (e SpaceChanged) apply(s State, _ ledger.Metadata) State {
	s.Space, s.Rooms, s.Seats, s.Place = e.Space, e.Rooms, e.Seats, e.Place
	return s
}
