package esdbtest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// streamsService is the service event_store.client.streams.Streams. Batch appends are left
// unimplemented, and not offered: this client does not use them.
type streamsService struct {
	streams.UnimplementedStreamsServer
	s *Server
}

// Append reads the whole request before it decides. A refusal in between ends the call while the
// client may still be sending, which then learns no more than EOF from Send.
func (v *streamsService) Append(rpc streams.Streams_AppendServer) error {
	ctx := rpc.Context()
	first, err := rpc.Recv()
	if err != nil {
		return err
	}
	options := first.GetOptions()
	if options == nil {
		return thrown()
	}
	name := string(options.GetStreamIdentifier().GetStreamName())
	expected, err := expectedVersion(options)
	if err != nil {
		return err
	}
	c := v.s.begin(ctx, Append, name)
	if err := c.admit(toWrite, name); err != nil {
		return err
	}
	events, err := v.receive(rpc, c)
	if err != nil {
		return err
	}
	if name == "" {
		return thrown() // ClientMessage.WriteEvents takes no empty name
	}
	if err := c.before(); err != nil {
		return err
	}
	o, err := v.s.journal.append(name, expected, events)
	if err != nil {
		return streamDeleted(ctx, name)
	}
	if err := c.after(); err != nil {
		return err
	}
	if o.conflict {
		return rpc.SendAndClose(wrongVersion(options, o.current))
	}
	return rpc.SendAndClose(success(o))
}

// receive takes the events of an append, and refuses them as the server does, one by one.
func (v *streamsService) receive(rpc streams.Streams_AppendServer, c *call) ([]proposed, error) {
	var events []proposed
	size := 0
	for {
		req, err := rpc.Recv()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return nil, err
		}
		m := req.GetProposedMessage()
		if m == nil {
			return nil, thrown()
		}
		kind, content := m.GetMetadata()["type"], m.GetMetadata()["content-type"]
		id := fromProto(m.GetId())
		if kind == "" || id == uuid.Nil {
			return nil, thrown() // the constructor of Event takes neither to be empty
		}
		// Data/Event.cs, SizeOnDisk. Servers before 25.0 forgot to count type and metadata; a client
		// that keeps within this limit keeps within both.
		size += len(m.GetData()) + len(m.GetCustomMetadata()) + 2*len(kind)
		if size > v.s.options.MaxAppendSize {
			return nil, tooLarge(c.ctx, v.s.options.MaxAppendSize)
		}
		events = append(events, proposed{id: id, kind: kind, json: content == "application/json", data: m.GetData(), meta: m.GetCustomMetadata()})
		if err := c.event(); err != nil {
			return nil, err
		}
	}
}

// Delete hides the events of a stream, which may then be written again.
func (v *streamsService) Delete(ctx context.Context, req *streams.DeleteReq) (*streams.DeleteResp, error) {
	o, err := v.remove(ctx, req.GetOptions(), false)
	if err != nil {
		return nil, err
	}
	return &streams.DeleteResp{PositionOption: &streams.DeleteResp_Position_{
		Position: &streams.DeleteResp_Position{CommitPosition: *o.position, PreparePosition: *o.position}}}, nil
}

// Tombstone deletes a stream for ever.
func (v *streamsService) Tombstone(ctx context.Context, req *streams.TombstoneReq) (*streams.TombstoneResp, error) {
	o, err := v.remove(ctx, req.GetOptions(), true)
	if err != nil {
		return nil, err
	}
	return &streams.TombstoneResp{PositionOption: &streams.TombstoneResp_Position_{
		Position: &streams.TombstoneResp_Position{CommitPosition: *o.position, PreparePosition: *o.position}}}, nil
}

func (v *streamsService) remove(ctx context.Context, options revisionOptions, forever bool) (outcome, error) {
	name := string(options.GetStreamIdentifier().GetStreamName())
	expected, err := expectedVersion(options)
	if err != nil {
		return outcome{}, err
	}
	c := v.s.begin(ctx, Delete, name)
	if err := c.admit(toDelete, name); err != nil {
		return outcome{}, err
	}
	if name == "" {
		return outcome{}, thrown()
	}
	if err := c.before(); err != nil {
		return outcome{}, err
	}
	o, err := v.s.journal.remove(name, expected, forever)
	switch {
	case err != nil:
		return o, streamDeleted(ctx, name)
	case o.conflict: // unlike an append, which answers with a result
		return o, wrongVersionError(ctx, name, expected, o.current)
	}
	return o, c.after()
}

// revisionOptions is what the options of appends and deletions have in common.
type revisionOptions interface {
	GetStreamIdentifier() *shared.StreamIdentifier
	GetRevision() uint64
	GetNoStream() *shared.Empty
	GetAny() *shared.Empty
	GetStreamExists() *shared.Empty
}

func expectedVersion(o revisionOptions) (int64, error) {
	switch {
	case o.GetAny() != nil:
		return anyVersion, nil
	case o.GetNoStream() != nil:
		return noStream, nil
	case o.GetStreamExists() != nil:
		return streamExists, nil
	case int64(o.GetRevision()) < 0:
		return 0, thrown() // beyond the range of the server's numbers
	}
	return int64(o.GetRevision()), nil
}

func success(o outcome) *streams.AppendResp {
	ok := &streams.AppendResp_Success{PositionOption: &streams.AppendResp_Success_NoPosition{NoPosition: &shared.Empty{}}}
	if o.current < 0 {
		ok.CurrentRevisionOption = &streams.AppendResp_Success_NoStream{NoStream: &shared.Empty{}}
	} else {
		ok.CurrentRevisionOption = &streams.AppendResp_Success_CurrentRevision{CurrentRevision: uint64(o.current)}
	}
	// Of a repeat the server knows the position only once the event is indexed (logPos -1 in
	// CheckCommit until then), so none may be counted on.
	if o.position != nil {
		ok.PositionOption = &streams.AppendResp_Success_Position{
			Position: &streams.AppendResp_Position{CommitPosition: *o.position, PreparePosition: *o.position}}
	}
	return &streams.AppendResp{Result: &streams.AppendResp_Success_{Success: ok}}
}

func wrongVersion(o *streams.AppendReq_Options, current int64) *streams.AppendResp {
	w := &streams.AppendResp_WrongExpectedVersion{}
	switch e := o.GetExpectedStreamRevision().(type) {
	case *streams.AppendReq_Options_Any:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedAny{ExpectedAny: &shared.Empty{}}
	case *streams.AppendReq_Options_StreamExists:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: &shared.Empty{}}
	case *streams.AppendReq_Options_NoStream:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &shared.Empty{}}
	case *streams.AppendReq_Options_Revision:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision{ExpectedRevision: e.Revision}
	}
	if current < 0 {
		w.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &shared.Empty{}}
	} else {
		w.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: uint64(current)}
	}
	return &streams.AppendResp{Result: &streams.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: w}}
}

// The errors of the server (Transport/Grpc/RpcExceptions.cs): a status, and what the client looks
// for in the trailers.

func refuse(ctx context.Context, code codes.Code, message string, trailers ...string) error {
	_ = grpc.SetTrailer(ctx, metadata.Pairs(trailers...)) // fails only outside of a call
	return status.Error(code, message)
}

// thrown is what becomes of an exception that nobody on the server foresaw.
func thrown() error { return status.Error(codes.Unknown, "Exception was thrown by handler.") }

func accessDenied(ctx context.Context) error {
	return refuse(ctx, codes.PermissionDenied, "Access Denied", "exception", "access-denied")
}

func streamDeleted(ctx context.Context, stream string) error {
	return refuse(ctx, codes.FailedPrecondition, fmt.Sprintf("Event stream '%s' is deleted.", stream),
		"exception", "stream-deleted", "stream-name", stream)
}

func tooLarge(ctx context.Context, limit int) error {
	return refuse(ctx, codes.InvalidArgument, fmt.Sprintf("Maximum Append Size of %d Exceeded.", limit),
		"exception", "maximum-append-size-exceeded", "maximum-append-size", strconv.Itoa(limit))
}

func wrongVersionError(ctx context.Context, stream string, expected, current int64) error {
	return refuse(ctx, codes.FailedPrecondition,
		fmt.Sprintf("Delete failed due to WrongExpectedVersion. Stream: %s, Expected version: %d, Actual version: %d", stream, expected, current),
		"exception", "wrong-expected-version", "stream-name", stream,
		"expected-version", strconv.FormatInt(expected, 10), "actual-version", strconv.FormatInt(current, 10))
}

func fromProto(id *shared.UUID) uuid.UUID {
	if s := id.GetStructured(); s != nil {
		var u uuid.UUID
		binary.BigEndian.PutUint64(u[:8], uint64(s.GetMostSignificantBits()))
		binary.BigEndian.PutUint64(u[8:], uint64(s.GetLeastSignificantBits()))
		return u
	}
	u, err := uuid.Parse(id.GetString_())
	if err != nil {
		return uuid.Nil
	}
	return u
}

func toProto(u uuid.UUID) *shared.UUID {
	return &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits:  int64(binary.BigEndian.Uint64(u[:8])),
		LeastSignificantBits: int64(binary.BigEndian.Uint64(u[8:])),
	}}}
}
