package ledger

import "github.com/google/uuid"

// keeping is what the ledger itself records in the stream of any aggregate, whose rules do not
// know it: a claim declared void, and a record put right.
type keeping interface {
	Event
	kept()
}

var keepings = NewCodec(
	Current[ClaimVoided, keeping](),
	Current[RecordCorrected, keeping](),
)

// IsKeeping says that an event is the ledger's own keeping in another's stream.
func IsKeeping(e Event) bool {
	_, ok := e.(keeping)
	return ok
}

// ClaimVoided: a claim that this stream took, and by Version had come to nothing, is void, so that
// whoever asks for the same thing may have it. A claimant that was merely slow finds its stream
// moved on, and learns that it lost.
type ClaimVoided struct {
	Claim Claim    `json:"claim"`
	For   StreamID `json:"for"` // who asked for the same thing
}

// EventType is the stored name.
func (ClaimVoided) EventType() string { return "ledger.claim-voided.v1" }

func (ClaimVoided) kept() {}

// RecordCorrected: an event of this stream was recorded wrongly (domain catalogue event 71). From
// this entry on the event is read with the value given here; the stored bytes stay.
type RecordCorrected struct {
	Event  uuid.UUID `json:"event"`  // the event put right
	Type   string    `json:"type"`   // its stored name
	Path   string    `json:"path"`   // RFC 6901: /occurred_on, or below /data
	Old    string    `json:"old"`    // JSON of the value as it was read until now; empty where there was none
	New    string    `json:"new"`    // JSON of the value that is right; empty where there should be none
	Ground string    `json:"ground"` // why
}

// EventType is the stored name.
func (RecordCorrected) EventType() string { return "ledger.record-corrected.v1" }

func (RecordCorrected) kept() {}
