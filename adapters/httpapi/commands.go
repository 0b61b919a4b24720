package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/gorilla/mux"

	"ttledger/domain/ledger"
)

// result is a receipt as it leaves.
type result struct {
	Stream   string            `json:"stream"`
	Version  ledger.Version    `json:"version"`
	Events   []ledger.EventRef `json:"events"`            // none where it was so already
	Receipts []string          `json:"receipts,omitzero"` // where the proof of each is, once it is sealed
	Position ledger.Position   `json:"position,omitzero"`
	Replayed bool              `json:"replayed,omitzero"`
	Approval string            `json:"approval,omitzero"` // where it awaits another person's decision
	Effect   *ledger.Effect    `json:"effect,omitzero"`   // of a decision: what came of the approved command
}

// command decides one command.
func (a *api) command(w http.ResponseWriter, r *http.Request) error {
	request, seen, err := a.readCommand(r)
	if err != nil {
		return err
	}
	if err := a.checked(request); err != nil {
		return err
	}
	receipt, err := a.Ledger.Do(r.Context(), request)
	if err != nil {
		return a.overtaken(r.Context(), request, seen, err)
	}
	return a.writeReceipt(w, r, receipt)
}

// checked holds a request's body against its command's schema. A command that is not there, or
// not this actor's, is the ledger's to answer.
func (a *api) checked(q ledger.Request) error {
	c, ok := a.find(q.Aggregate, q.Verb)
	if !ok || permit(q.Actor, c.roles) != nil {
		return nil
	}
	return c.check(q.Body)
}

// readCommand reads a request, and the version its maker saw where one was named.
func (a *api) readCommand(r *http.Request) (q ledger.Request, seen ledger.Version, err error) {
	vars := mux.Vars(r)
	q = ledger.Request{
		Aggregate: vars["aggregate"], Verb: vars["verb"],
		Actor: callOf(r).actor, Source: ledger.Source{Kind: "api"}, Trace: traceID(r.Header),
	}
	if q.ID, err = parseUUID(vars["id"]); err != nil {
		return q, 0, err
	}
	if err = onlyJSON(r.Header); err != nil {
		return q, 0, err
	}
	if q.Command, err = idempotencyKey(r.Header); err != nil {
		return q, 0, err
	}
	if q.Expect, seen, err = ifMatch(r.Header); err != nil {
		return q, 0, err
	}
	q.Body, err = readBody(r)
	return q, seen, err
}

func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if long, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, &ledger.Error{Kind: ledger.KindTooLarge, Code: "body-too-large", Msg: ledger.Text{
			En: fmt.Sprintf("the body may have %d bytes", long.Limit), Zh: fmt.Sprintf("请求正文最多 %d 字节", long.Limit),
		}}
	}
	if err != nil {
		return nil, &ledger.Error{Kind: ledger.KindInvalid, Code: "body", Err: err, Msg: ledger.Text{
			En: "the body ended too early", Zh: "请求正文不完整",
		}}
	}
	return body, nil
}

// writeReceipt answers what was recorded, now or, by a repeat, before.
func (a *api) writeReceipt(w http.ResponseWriter, r *http.Request, receipt ledger.Receipt) error {
	status, h := http.StatusOK, w.Header()
	h.Set("ETag", etag(receipt.Version))
	if receipt.Position != (ledger.Position{}) {
		h.Set("Ledger-Position", receipt.Position.String())
	}
	if receipt.Replayed {
		h.Set("Idempotency-Replayed", "true")
	}
	answer := result{
		Stream: receipt.Stream.String(), Version: receipt.Version, Events: append([]ledger.EventRef{}, receipt.Events...),
		Position: receipt.Position, Replayed: receipt.Replayed, Effect: receipt.Effect,
	}
	answer.Receipts = a.receiptPaths(answer.Events)
	if receipt.Effect != nil {
		answer.Receipts = append(answer.Receipts, a.receiptPaths(receipt.Effect.Events)...)
	}
	switch {
	case receipt.Pending:
		status = http.StatusAccepted
		answer.Approval = "/v1/approvals/" + receipt.Stream.ID.String()
		h.Set("Location", answer.Approval)
	case receipt.Created:
		status = http.StatusCreated
		h.Set("Location", streamPath(receipt.Stream))
	}
	if e := receipt.Effect; e != nil && e.Position.Compare(receipt.Position) > 0 {
		h.Set("Ledger-Position", e.Position.String())
	}
	if prefer(r.Header).minimal {
		h.Set("Preference-Applied", "return=minimal")
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return writeJSON(w, status, answer)
}

func etag(v ledger.Version) string { return strconv.Quote(strconv.FormatUint(uint64(v), 10)) }

func streamPath(s ledger.StreamID) string { return "/v1/streams/" + s.Category + "/" + s.ID.String() }

// maxSince bounds the events that a refusal shows; the stream has the rest.
const maxSince = 100

// overtaken makes a conflict with the version that the client named a 412, and shows what
// happened since.
func (a *api) overtaken(ctx context.Context, q ledger.Request, seen ledger.Version, cause error) error {
	known, ok := errors.AsType[*ledger.Error](cause)
	stated := q.Expect.IfMatch() != "" && q.Expect != ledger.Whatever()
	if !ok || known.Kind != ledger.KindConflict || !stated || known.Current == seen {
		return cause
	}
	stream := ledger.StreamID{Category: q.Aggregate, ID: q.ID}
	var events []event
	shown, err := a.sees(ctx, q.Actor, stream)
	if err == nil && shown {
		events, err = a.history(ctx, stream, seen, maxSince)
	}
	if err != nil {
		return err
	}
	return refusal{error: cause, status: http.StatusPreconditionFailed, events: events}
}
