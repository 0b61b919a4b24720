package httpapi

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// cloudEvent is a recorded event as CloudEvents 1.0 has it, in structured mode. Data is the
// stored bytes. What follows Time are extensions; those that the specification documents have
// its names: correlation, sequence, distributed tracing, auth context.
type cloudEvent struct {
	SpecVersion     string    `json:"specversion"`
	ID              uuid.UUID `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Subject         string    `json:"subject"`
	Time            time.Time `json:"time"`              // when it was recorded
	Sequence        string    `json:"sequence,omitzero"` // the entry in 20 digits, so that it sorts as text; absent where it is not counted yet
	OccurredOn      string    `json:"occurredon"`        // as precise as it is known: 2021, 2021-06 or 2021-06-15
	CorrelationID   uuid.UUID `json:"correlationid"`     // what belongs to one affair
	CausationID     uuid.UUID `json:"causationid,omitzero"`
	TraceParent     string    `json:"traceparent,omitzero"`
	AuthType        string    `json:"authtype"`
	AuthID          string    `json:"authid"`   // handle of the principal
	AuthRole        string    `json:"authrole"` // the role in which it decided
	DataContentType string    `json:"datacontenttype"`

	Data json.RawMessage `json:"data"`
}

// cloudEventType is put before a stored name: the specification wants a reverse-DNS name. It is
// of the program and not of an installation, so that a consumer written for one ledger serves
// all; which ledger it was says the source.
const cloudEventType = "io.ttledger."

func cloudEventOf(e event) cloudEvent {
	m := e.recorded.Meta
	c := cloudEvent{
		SpecVersion: "1.0", ID: e.ID, Source: "urn:uuid:" + m.Ledger.String() + "#" + e.Stream,
		Type: cloudEventType + e.Type, Subject: e.Stream, Time: e.RecordedAt, OccurredOn: e.OccurredOn.String(),
		CorrelationID: m.Correlation, CausationID: m.Causation, TraceParent: traceParent(m.Trace, e.ID),
		AuthType: authType(m.Source), AuthID: e.Actor, AuthRole: string(e.Role),
		DataContentType: "application/json", Data: e.Data,
	}
	if e.Entry > 0 {
		c.Sequence = fmt.Sprintf("%020d", e.Entry)
	}
	return c
}

// authType is the kind of the actor, in the words of the auth context extension. The record
// tells the ledger's own acts from those of token holders, and not which of these are people.
func authType(s ledger.Source) string {
	if s.Kind == "timer" || s.Kind == "process" {
		return "system"
	}
	return "unknown"
}

var wholeTrace = regexp.MustCompile(`^[0-9a-f]{32}$`)

// traceParent carries a recorded trace on (W3C), or is "" where there is none that is valid. The
// record keeps no span, so the event stands for its own: the first half of its id. Whether the
// trace was sampled is not known, which is flags 00.
func traceParent(trace string, id uuid.UUID) string {
	if !wholeTrace.MatchString(trace) || strings.Trim(trace, "0") == "" || binary.BigEndian.Uint64(id[:8]) == 0 {
		return ""
	}
	return "00-" + trace + "-" + hex.EncodeToString(id[:8]) + "-00"
}

// in is the event in the form a client asked for.
func (e event) in(form format) any {
	if form == formatJSON || form == formatNDJSON {
		return e
	}
	return cloudEventOf(e)
}

// cloudEventsOf is a batch: the list, and nothing around it.
func cloudEventsOf(events []event) []cloudEvent {
	batch := make([]cloudEvent, len(events))
	for i, e := range events {
		batch[i] = cloudEventOf(e)
	}
	return batch
}

func writeBatch(w http.ResponseWriter, events []event) error {
	raw, err := encode(cloudEventsOf(events))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", mediaTypes[formatBatch])
	_, err = w.Write(raw)
	return err
}
