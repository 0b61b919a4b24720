package projections

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// ExceptionRow is one event that somebody who leads wants to hear of.
type ExceptionRow struct {
	Kind       string      `en:"kind of exception" zh:"例外类型"`
	Stream     string      `en:"stream" zh:"事件流"`
	Entry      int64       `en:"entry" zh:"入账序号"`
	EventID    uuid.UUID   `en:"event id" zh:"事件标识"`
	Type       string      `en:"event" zh:"事件"`
	OccurredOn ledger.Date `en:"occurred on" zh:"业务发生日"`
	RecordedAt time.Time   `en:"recorded at" zh:"入账时间"`
	Actor      string      `en:"actor" zh:"操作主体"`
	Approval   string      `en:"approval" zh:"审批"`
	Reason     string      `en:"reason" zh:"原因代码"`
	Corrects   uuid.UUID   `en:"corrects event" zh:"更正的事件"`
}

// Exceptional says of which types of events which part of the data, where there is one, makes it
// an exception of which kind. A type that can be is a line here.
var Exceptional = map[string]struct{ Part, Kind string }{
	"contract.signed.v1":                     {"related", "related-party"},
	"incubation.admitted.v1":                 {"waiver", "waiver"},
	"incubation.mentor-interest-declared.v1": {"relation", "related-party"},
	"investment.commitment-made.v1":          {"related", "related-party"},
	"notice.posted.v1":                       {"related", "related-party"},
	"panel.interest-declared.v1":             {"recused", "recusal"},
	ledger.RecordCorrected{}.EventType():     {"event", "correction"},
}

// exceptionsOf says what is out of the ordinary about a fact. What is late depends on which periods
// are closed and is found by the report S-G3.
func exceptionsOf(f Fact) []string {
	e, ok := Exceptional[f.Type]
	if !ok {
		return nil
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(f.Data, &parts); err != nil {
		return nil // it was decoded before it came here
	}
	switch string(parts[e.Part]) {
	case "", "null", "false", "[]", "{}", `""`:
		return nil
	}
	return []string{e.Kind}
}

// Exceptions is one row for each way in which an event is out of the ordinary, keyed kind
// stream:version (domain read model R20).
var Exceptions = NewView(Spec[ExceptionRow]{
	Name: "exceptions", Version: 1, Roles: Offices, Of: Of{Column: "stream"}, Once: true, Keeps: true,
	Title: ledger.Text{En: "exceptions", Zh: "例外与预警"},
	Keys: func(f Fact) []string {
		kinds := exceptionsOf(f)
		keys := make([]string, len(kinds))
		for i, kind := range kinds {
			keys[i] = kind + " " + f.Stream.Category + "-" + versioned(f)
		}
		return keys
	},
	Fold: func(_ ExceptionRow, key string, f Fact) ExceptionRow {
		kind, _, _ := strings.Cut(key, " ")
		return ExceptionRow{
			Kind: kind, Stream: f.Stream.String(), Entry: int64(f.Entry), EventID: f.ID, Type: f.Type,
			OccurredOn: f.Meta.OccurredOn, RecordedAt: f.Meta.RecordedAt, Actor: f.Meta.Actor, Approval: f.Meta.Approval,
			Reason: f.Meta.Reason, Corrects: f.Meta.Corrects,
		}
	},
})
