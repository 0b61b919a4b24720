// Package ledger is the record and the one way to write to it: the envelope every event
// carries, the decider, the codec, the command table and the port to a store.
//
// It knows the standard library and uuid. It has no clock, no randomness, no file, no SQL and
// no HTTP: what changes from call to call is handed in.
//
// Read in this order: ledger.go (what is recorded), value.go (what it is made of), errors.go,
// codec.go (how a fact is stored for ever), aggregate.go (what one kind of thing is), sight.go
// (who sees it), handler.go (the route of a command), and personal.go, parts.go, vault.go and
// sealing.go (what tells who somebody is).
package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Event is a fact in the past tense. EventType is its stored name, written by hand as
// "<aggregate>.<fact>.v<N>" and never changed once released.
type Event interface{ EventType() string }

// StreamID names the stream of one thing: its category (the aggregate's package name in full)
// and the id its first command chose.
type StreamID struct {
	Category string
	ID       uuid.UUID
}

// String is the stored form, "category-uuid".
func (s StreamID) String() string { return s.Category + "-" + s.ID.String() }

// MarshalText is String.
func (s StreamID) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText is ParseStreamID.
func (s *StreamID) UnmarshalText(text []byte) (err error) {
	*s, err = ParseStreamID(string(text))
	return err
}

// ParseStreamID reads "category-uuid". It cuts at the first dash, because a UUID has four more.
func ParseStreamID(text string) (StreamID, error) {
	category, rest, ok := strings.Cut(text, "-")
	id, err := uuid.Parse(rest)
	if !ok || category == "" || err != nil || len(rest) != 36 {
		return StreamID{}, Invalid("stream-id", Text{
			En: fmt.Sprintf("%q is not a stream; it is written category-uuid, such as project-6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11", text),
			Zh: fmt.Sprintf("%q 不是事件流;写法为 类别-uuid,例如 project-6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11", text),
		})
	}
	return StreamID{category, id}, nil
}

// Version counts the events of one stream from 1. 0 means there is no stream.
type Version uint64

// Entry counts all events of the ledger densely from 1 in store order. Readers derive it, so
// that every replica, on either store, gives one event the same number.
type Entry uint64

// Position orders all events of one store. It is opaque outside adapters: compare it, keep it,
// hand it back. The zero Position is before every event.
type Position struct{ Commit, Prepare uint64 }

// Compare is negative where p is before q, zero where they are the same.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Commit, q.Commit), cmp.Compare(p.Prepare, q.Prepare))
}

// String is the form that leaves in headers, "commit.prepare".
func (p Position) String() string { return fmt.Sprintf("%d.%d", p.Commit, p.Prepare) }

// MarshalText is String.
func (p Position) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText is ParsePosition.
func (p *Position) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePosition(string(text))
	return err
}

// ParsePosition reads what String wrote.
func ParsePosition(text string) (Position, error) {
	c, p, ok := strings.Cut(text, ".")
	commit, errC := strconv.ParseUint(c, 10, 64)
	prepare, errP := strconv.ParseUint(p, 10, 64)
	if !ok || errC != nil || errP != nil {
		return Position{}, Invalid("position", Text{
			En: fmt.Sprintf("%q is not a ledger position; hand back the Ledger-Position of an earlier answer", text),
			Zh: fmt.Sprintf("%q 不是账本位置;请使用先前响应中的 Ledger-Position", text),
		})
	}
	return Position{commit, prepare}, nil
}

// Metadata is the envelope: who decided what, when, under which rule and on which evidence.
// It is stored beside the data of each event from the very first, because what is not recorded
// then cannot be added to the past.
type Metadata struct {
	Ledger      uuid.UUID   `json:"ledger"`                // the ledger this event belongs to
	Command     uuid.UUID   `json:"command"`               // the idempotency key of the command that caused it
	Digest      string      `json:"digest"`                // HMAC-SHA-256 of what the client sent, hex
	Actor       string      `json:"actor"`                 // handle of the principal whose token it was
	Role        Role        `json:"role"`                  // the role in which the actor decided
	OnBehalfOf  string      `json:"on_behalf_of,omitzero"` // handle of the principal acted for
	Authority   string      `json:"authority,omitzero"`    // the delegation or grant acted under
	Correlation uuid.UUID   `json:"correlation"`           // what belongs to one affair; the command where none was named
	Causation   uuid.UUID   `json:"causation,omitzero"`    // the event that caused the command, if one did
	Trace       string      `json:"trace,omitzero"`        // W3C trace id
	OccurredOn  Date        `json:"occurred_on"`           // when it was true in the world
	RecordedAt  time.Time   `json:"recorded_at"`           // when the ledger learned it: UTC, stamped by the store adapter, never going back
	Policy      *Policy     `json:"policy,omitzero"`       // the rule version decided under
	Approval    string      `json:"approval,omitzero"`     // the approval stream, for a four-eyes act
	Approver    string      `json:"approver,omitzero"`     // handle of who approved it there
	Evidence    []Evidence  `json:"evidence,omitzero"`     // digests of the documents relied on
	Source      Source      `json:"source"`                // how it came in
	Corrects    uuid.UUID   `json:"corrects,omitzero"`     // the event put right by this one
	Reason      string      `json:"reason,omitzero"`       // a reason code, kebab-case
	Subjects    []uuid.UUID `json:"subjects,omitzero"`     // pseudonyms whose keys protect parts of the data
	ReliedOn    []Relied    `json:"relied_on,omitzero"`    // other streams the decision read, at which version
}

// Policy names the version of a rule, and the clause, that a decision was made under.
type Policy struct {
	Code    string `json:"code" en:"code of the policy" zh:"政策代码"`
	Version string `json:"version" en:"version" zh:"版本"`
	Clause  string `json:"clause,omitzero" en:"clause" zh:"条款"`
}

// Evidence is the digest of a document. Personal documents are digested with a keyed hash, so
// that erasing the key silences them too.
type Evidence struct {
	Alg       string `json:"alg" enum:"sha-256,hmac-sha-256" en:"digest algorithm" zh:"摘要算法"`
	Digest    string `json:"digest" en:"digest in hex, 64 digits" zh:"摘要(十六进制 64 位)"`
	MediaType string `json:"media_type,omitzero" en:"media type" zh:"媒体类型"`
	Name      string `json:"name,omitzero" en:"file name" zh:"文件名"`
}

// Source says how a command came in. Batch and Row are set for imports: the digest of the file
// and the line its row begins on.
type Source struct {
	Kind  string `json:"kind"` // ui, api, import, timer or process
	Batch string `json:"batch,omitzero"`
	Row   int    `json:"row,omitzero"`
}

// Relied names a stream that a decision read and the version it saw; 0 where there was none.
type Relied struct {
	Stream  StreamID `json:"stream"`
	Version Version  `json:"version"`
}

// Proposed is an event on its way into a stream.
type Proposed struct {
	ID   uuid.UUID
	Type string
	Data []byte // stored verbatim
	Meta Metadata
}

// Recorded is an event in its stream. RawMeta and Data are the stored bytes, for proofs and
// exports; Meta is RawMeta decoded.
type Recorded struct {
	Proposed
	Stream   StreamID
	Version  Version
	Position Position // zero where a store does not know it on a stream read
	RawMeta  []byte
}

// Streams is the port for writing commands.
type Streams interface {
	// Append adds events to one stream after version expected, all of them or none, durably,
	// and answers where the last one stands. It stamps RecordedAt. KindConflict means that the
	// stream is at another version and nothing was written. After any other error the outcome
	// is unknown: Read before trying again. Safe for concurrent use.
	Append(ctx context.Context, s StreamID, expected Version, events []Proposed) (Position, error)
	// Read yields the events after a version in order, nothing for a stream that is not there.
	// An error is yielded at most once, and last; a sequence that ended without one is whole.
	Read(ctx context.Context, s StreamID, after Version) iter.Seq2[Recorded, error]
}

// Strict is a store that answers an exact repeat of an append with KindConflict, always. Streams
// leaves that open, because an EventStoreDB lets it succeed.
type Strict interface{ RefusesRepeats() }

// EncodeMetadata is the stored form of an envelope. Store adapters call it once they have
// stamped RecordedAt. It refuses an envelope that could not be read again.
func EncodeMetadata(m Metadata) ([]byte, error) {
	if m.OccurredOn.IsZero() || m.RecordedAt.IsZero() {
		return nil, errors.New("metadata: an event has a business date and a time of recording")
	}
	return json.Marshal(m)
}

// DecodeMetadata reads what EncodeMetadata wrote. Unknown fields are errors: an envelope from
// a newer release must not be half understood.
func DecodeMetadata(raw []byte) (Metadata, error) {
	if m, ok := scanMetadata(raw); ok {
		return m, nil
	}
	var m Metadata
	if err := decodeStored(raw, &m); err != nil {
		return Metadata{}, fmt.Errorf("metadata: %w", err)
	}
	return m, nil
}
