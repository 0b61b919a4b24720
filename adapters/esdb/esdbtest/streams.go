package esdbtest

import (
	"context"
	"errors"
	"io"

	"github.com/google/uuid"

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
