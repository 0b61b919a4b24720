package projections

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// TimelineRow is one event as people read it.
type TimelineRow struct {
	Entry       int64           `en:"entry" zh:"入账序号"`
	Category    string          `en:"kind of thing" zh:"对象类别"`
	Stream      string          `en:"stream" zh:"事件流"`
	Version     int64           `en:"version" zh:"版本"`
	EventID     uuid.UUID       `en:"event id" zh:"事件标识"`
	Type        string          `en:"event" zh:"事件"`
	OccurredOn  ledger.Date     `en:"occurred on" zh:"业务发生日"`
	RecordedAt  time.Time       `en:"recorded at" zh:"入账时间"`
	LateDays    int64           `en:"days recorded late" zh:"入账滞后天数"`
	Actor       string          `en:"actor" zh:"操作主体"`
	Role        ledger.Role     `en:"role" zh:"角色"`
	OnBehalfOf  string          `en:"on behalf of" zh:"代何人"`
	Source      string          `en:"source" zh:"来源"`
	Batch       string          `en:"import file digest" zh:"导入文件摘要"`
	Row         int64           `en:"import line" zh:"导入行号"`
	Policy      string          `en:"policy" zh:"政策版本"`
	Approval    string          `en:"approval" zh:"审批"`
	Approver    string          `en:"approved by" zh:"审批人"`
	Reason      string          `en:"reason" zh:"原因代码"`
	Corrects    uuid.UUID       `en:"corrects event" zh:"更正的事件"`
	Command     uuid.UUID       `en:"command" zh:"命令"`
	Evidence    int64           `en:"documents relied on" zh:"佐证数"`
	Correctable bool            `en:"may be corrected" zh:"可更正"`
	Data        json.RawMessage `en:"data" zh:"内容"`
}

// Timeline is every event of one thing in order, one row an event, keyed stream:version
// (domain read models R2, R19).
var Timeline = NewView(Spec[TimelineRow]{
	Name: "timeline", Version: 3, Roles: Readers, Once: true, Keeps: true, Of: Of{Column: "stream"},
	Title: ledger.Text{En: "timeline", Zh: "时间线"},
	Keys:  func(f Fact) []string { return []string{fmt.Sprintf("%s:%06d", f.Stream, f.Version)} },
	Fold: func(_ TimelineRow, _ string, f Fact) TimelineRow {
		m := f.Meta
		r := TimelineRow{
			Entry: int64(f.Entry), Category: f.Stream.Category, Stream: f.Stream.String(), Version: int64(f.Version),
			EventID: f.ID, Type: f.Type, OccurredOn: m.OccurredOn, RecordedAt: m.RecordedAt,
			Actor: m.Actor, Role: m.Role, OnBehalfOf: m.OnBehalfOf,
			Source: m.Source.Kind, Batch: m.Source.Batch, Row: int64(m.Source.Row),
			Approval: m.Approval, Approver: m.Approver, Reason: m.Reason, Corrects: m.Corrects, Command: m.Command,
			Evidence: int64(len(m.Evidence)), Data: f.Data,
		}
		r.LateDays = int64(max(0, ledger.DayOf(m.RecordedAt).DaysSince(m.OccurredOn.Last())))
		_, r.Correctable = f.Event.(interface{ Correctable() })
		if m.Policy != nil {
			r.Policy = m.Policy.Code + "@" + m.Policy.Version
		}
		return r
	},
})
