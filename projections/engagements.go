package projections

import (
	"github.com/google/uuid"

	"ttledger/domain/engagement"
	"ttledger/domain/ledger"
)

// EngagementRow is one thing agreed with others.
type EngagementRow struct {
	ID            uuid.UUID         `en:"engagement id" zh:"事项标识"`
	Code          string            `en:"code" zh:"编号"`
	Kind          string            `en:"kind" zh:"类型"`
	Dimension     int64             `en:"dimension of the six coordinations" zh:"六大协同维度"`
	TitleZh       string            `en:"title (Chinese)" zh:"名称(中文)"`
	TitleEn       string            `en:"title (English)" zh:"名称(英文)"`
	Counterparts  []uuid.UUID       `en:"counterparts" zh:"合作方"`
	DeliverableZh string            `en:"deliverable (Chinese)" zh:"交付内容(中文)"`
	DeliverableEn string            `en:"deliverable (English)" zh:"交付内容(英文)"`
	Action        int64             `en:"programme action" zh:"所属行动"`
	Unit          string            `en:"unit in charge" zh:"责任部门"`
	State         string            `en:"state" zh:"状态"`
	AgreedOn      ledger.Date       `en:"agreed on" zh:"约定日期"`
	Due           ledger.Date       `en:"due" zh:"完成期限"`
	EndedOn       ledger.Date       `en:"delivered or dropped on" zh:"完成或取消日期"`
	Outcome       string            `en:"outcome" zh:"成果"`
	Served        int64             `en:"demands served" zh:"服务需求数"`
	Solved        int64             `en:"demands solved" zh:"解决需求数"`
	Leads         int64             `en:"leads" zh:"线索数"`
	Counts        map[string]int64  `en:"figures" zh:"成果数量"`
	Links         []ledger.StreamID `en:"what it served or led to" zh:"关联对象"`
	DropGround    string            `en:"why it was dropped" zh:"取消原因"`
}

// Engagements is what was agreed with others and what came of it, one row each (domain read model
// R14; the board by dimension is the report s-e2).
var Engagements = NewView(Spec[EngagementRow]{
	Name: "engagements", Version: 1, Roles: Readers, Of: Of{"engagement", "id"},
	Title: ledger.Text{En: "engagements", Zh: "合作事项"},
	Keys:  own("engagement"),
	Fold: func(r EngagementRow, _ string, f Fact) EngagementRow {
		on := f.Meta.OccurredOn
		r.ID = f.Stream.ID
		switch e := f.Event.(type) {
		case engagement.EngagementAgreed:
			r.State, r.AgreedOn = "agreed", on
			r.Code, r.Kind, r.Dimension, r.Due = e.Code, e.Kind, int64(e.Dimension), e.Due
			r.TitleZh, r.TitleEn, r.Counterparts = e.Titles.Zh, e.Titles.En, e.Counterparts
			r.DeliverableZh, r.DeliverableEn = e.Deliverable.Zh, e.Deliverable.En
			r.Action, r.Unit = int64(e.Action), e.Unit
		case engagement.EngagementAmended:
			r.Due = e.Due
			if e.Deliverable != (ledger.Names{}) {
				r.DeliverableZh, r.DeliverableEn = e.Deliverable.Zh, e.Deliverable.En
			}
		case engagement.EngagementDelivered:
			r.State, r.EndedOn, r.Outcome, r.Links = "delivered", on, e.Outcome.Zh, e.Links
			if r.Outcome == "" {
				r.Outcome = e.Outcome.En
			}
			r.count(e.Counts)
		case engagement.EngagementDropped:
			r.State, r.EndedOn, r.DropGround = "dropped", on, e.Ground
		}
		return r
	},
})

func (r *EngagementRow) count(counts []engagement.Count) {
	r.Counts = nil
	if len(counts) > 0 {
		r.Counts = map[string]int64{}
	}
	for _, c := range counts {
		r.Counts[c.Of] = c.N
	}
	r.Served, r.Solved, r.Leads = r.Counts["demands_served"], r.Counts["demands_solved"], r.Counts["leads"]
}
