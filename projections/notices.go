package projections

import (
	"github.com/google/uuid"

	"ttledger/domain/ledger"
	"ttledger/domain/notice"
)

// NoticeRow is one public notice with what became of it.
type NoticeRow struct {
	ID          uuid.UUID        `en:"notice id" zh:"公示标识"`
	Code        string           `en:"code" zh:"公示编号"`
	Kind        string           `en:"kind" zh:"公示类型"`
	Subject     string           `en:"what it is about" zh:"公示对象"`
	TitleZh     string           `en:"content (Chinese)" zh:"公示内容(中文)"`
	TitleEn     string           `en:"content (English)" zh:"公示内容(英文)"`
	FromDay     ledger.Date      `en:"first day" zh:"公示起始日"`
	ToDay       ledger.Date      `en:"last day" zh:"公示截止日"`
	Places      []string         `en:"places" zh:"公示场所"`
	Price       ledger.Money     `en:"price proposed" zh:"拟定价格"`
	Mode        string           `en:"mode of conversion" zh:"转化方式"`
	Related     []notice.Related `en:"related parties" zh:"关联方"`
	Listed      int64            `en:"listed" zh:"名单人数"`
	Policy      string           `en:"policy" zh:"政策版本"`
	State       string           `en:"posted, concluded or withdrawn" zh:"状态:公示中、已结束、已撤回"`
	Outcome     string           `en:"outcome" zh:"结果"`
	Objections  int64            `en:"objections" zh:"异议数"`
	Upheld      int64            `en:"objections upheld" zh:"成立的异议数"`
	ConcludedOn ledger.Date      `en:"concluded or withdrawn on" zh:"结束或撤回日期"`
	Supervisor  string           `en:"concluded by" zh:"监督人"`
}

// NoticeBoard is the notices, one row each.
var NoticeBoard = NewView(Spec[NoticeRow]{
	Name: "notice-board", Version: 1, Roles: Readers, Of: Of{"notice", "id"},
	Title: ledger.Text{En: "board of public notices", Zh: "公示看板"},
	Keys: func(f Fact) []string {
		if _, ok := f.Event.(notice.Event); !ok {
			return nil
		}
		return []string{f.Stream.ID.String()}
	},
	Fold: func(r NoticeRow, _ string, f Fact) NoticeRow {
		r.ID = f.Stream.ID
		switch e := f.Event.(type) {
		case notice.Posted:
			r.post(e, f.Meta)
		case notice.Concluded:
			r.State, r.Outcome, r.ConcludedOn, r.Supervisor = "concluded", e.Outcome, f.Meta.OccurredOn, e.Supervisor
			r.Objections = int64(len(e.Objections))
			for _, o := range e.Objections {
				if o.Decision == "upheld" {
					r.Upheld++
				}
			}
		case notice.Withdrawn:
			r.State, r.Outcome, r.ConcludedOn = "withdrawn", e.Ground, f.Meta.OccurredOn
		}
		return r
	},
})

func (r *NoticeRow) post(e notice.Posted, m ledger.Metadata) {
	r.State = "posted"
	r.Code, r.Kind, r.Subject, r.TitleZh, r.TitleEn = e.Code, e.Kind, e.Subject.String(), e.Titles.Zh, e.Titles.En
	r.FromDay, r.ToDay, r.Places, r.Mode = e.From, e.To, e.Places, e.Mode
	r.Related, r.Listed = e.Related, int64(len(e.Listed))
	if e.Price != nil {
		r.Price = *e.Price
	}
	if m.Policy != nil {
		r.Policy = m.Policy.Code + "@" + m.Policy.Version
	}
}
