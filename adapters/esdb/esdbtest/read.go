package esdbtest

import (
	"context"
	"math"
	"slices"
	"sort"
	"strconv"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// Read serves reads and subscriptions, of a stream and of $all.
func (v *streamsService) Read(req *streams.ReadReq, rpc streams.Streams_ReadServer) error {
	o, ctx := req.GetOptions(), rpc.Context()
	name, op := "$all", Read
	if o.GetStream() != nil {
		name = string(o.GetStream().GetStreamIdentifier().GetStreamName())
	}
	if o.GetSubscription() != nil {
		op = Subscribe
	}
	c := v.s.begin(ctx, op, name)
	if err := c.admit(toRead, name); err != nil {
		return err
	}
	if name == "" || o.GetUuidOption() == nil {
		return thrown()
	}
	if err := c.start(); err != nil {
		return err
	}
	out := &sender{s: v.s, rpc: rpc, call: c}
	var err error
	switch {
	case op == Subscribe && o.GetAll() != nil:
		err = v.subscribeAll(ctx, o, out)
	case op == Subscribe:
		err = v.subscribeStream(ctx, name, o.GetStream(), out)
	case o.GetAll() != nil:
		err = v.readAll(o, out)
	default:
		err = v.readStream(ctx, name, o, out)
	}
	if err != nil {
		return err
	}
	return c.after()
}

func (v *streamsService) readStream(ctx context.Context, name string, o *streams.ReadReq_Options, out *sender) error {
	at, backwards := o.GetStream(), o.GetReadDirection() == streams.ReadReq_Options_Backwards
	if at.GetEnd() != nil && !backwards || o.GetCount() == 0 {
		// A forward read from the end is one from -1, which IndexReader.cs refuses; so it does 0 events.
		return status.Error(codes.Unknown, "Unexpected ReadStreamResult: Error")
	}
	stream := v.s.journal.stream(name, out.call.lag())
	if stream.dead {
		return streamDeleted(ctx, name)
	}
	if !stream.exists {
		return out.rpc.Send(&streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{StreamNotFound: &streams.ReadResp_StreamNotFound{
			StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(name)}}}})
	}
	from := revision(at)
	i := sort.Search(len(stream.records), func(i int) bool { return stream.records[i].number >= from })
	found := stream.records[i:]
	if backwards {
		if i < len(stream.records) && stream.records[i].number == from {
			i++
		}
		found = slices.Clone(stream.records[:i])
		slices.Reverse(found)
	}
	return out.events(found[:min(uint64(len(found)), o.GetCount())], v.s.since(22, 6))
}

func revision(at *streams.ReadReq_Options_StreamOptions) int64 {
	if at.GetEnd() != nil || at.GetRevision() > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(at.GetRevision())
}

func (v *streamsService) readAll(o *streams.ReadReq_Options, out *sender) error {
	all, _ := v.s.journal.all(out.call.lag())
	from, err := v.start(o.GetAll(), all)
	if err != nil {
		return err
	}
	wanted, err := newFilter(o.GetFilter())
	if err != nil {
		return err
	}
	// A position is before the event that is there: reading forwards from it returns the event,
	// reading backwards does not.
	i, step := sort.Search(len(all), func(i int) bool { return !from.after(all[i]) }), 1
	if o.GetReadDirection() == streams.ReadReq_Options_Backwards {
		i, step = i-1, -1
	}
	for left := o.GetCount(); left > 0 && i >= 0 && i < len(all); i += step {
		if !wanted(all[i]) {
			continue
		}
		left--
		if err := out.event(all[i], true); err != nil {
			return err
		}
	}
	return nil
}

// place is a position in the log; commit first, then prepare.
type place struct{ commit, prepare uint64 }

// after tells whether the place is after the beginning of a record.
func (p place) after(r *record) bool {
	return p.commit > r.position || p.commit == r.position && p.prepare > r.position
}

// atOrAfter tells whether a subscription that resumes here has seen the record.
func (p place) atOrAfter(r *record) bool {
	return p.commit > r.position || p.commit == r.position && p.prepare >= r.position
}

// start is where a read of $all begins. A position within a record is refused; one behind the last
// record is the end, even within it, because the server looks no further (AllReader.cs,
// LastIndexedPosition).
func (v *streamsService) start(at *streams.ReadReq_Options_AllOptions, all []*record) (place, error) {
	switch {
	case at.GetEnd() != nil:
		return place{math.MaxUint64, math.MaxUint64}, nil
	case at.GetPosition() == nil:
		return place{}, nil
	}
	p := place{at.GetPosition().GetCommitPosition(), at.GetPosition().GetPreparePosition()}
	i := sort.Search(len(all), func(i int) bool { return all[i].position >= p.commit })
	if i < len(all) && all[i].position != p.commit {
		return p, v.wrongPosition()
	}
	return p, nil
}

func (v *streamsService) wrongPosition() error {
	if v.s.since(24, 2) {
		return status.Error(codes.InvalidArgument, "Trying to read from an invalid position.")
	}
	return status.Error(codes.Unknown, "Unexpected ReadAllResult: Error")
}

// sender sends what is read and lets faults strike between the events.
type sender struct {
	s    *Server
	rpc  streams.Streams_ReadServer
	call *call
}

func (o *sender) events(all []*record, positions bool) error {
	for _, r := range all {
		if err := o.event(r, positions); err != nil {
			return err
		}
	}
	return nil
}

func (o *sender) event(r *record, positions bool) error {
	content := "application/octet-stream"
	if r.json {
		content = "application/json"
	}
	e := &streams.ReadResp_ReadEvent_RecordedEvent{
		Id:               toProto(r.id),
		StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(r.stream)},
		StreamRevision:   uint64(r.number),
		CommitPosition:   math.MaxUint64,
		PreparePosition:  math.MaxUint64,
		Metadata: map[string]string{
			"type":         r.kind,
			"content-type": content,
			"created":      strconv.FormatInt(r.created.UnixNano()/100, 10), // in ticks of 100 ns
		},
		CustomMetadata: r.meta,
		Data:           r.data,
	}
	read := &streams.ReadResp_ReadEvent{Event: e, Position: &streams.ReadResp_ReadEvent_NoPosition{NoPosition: &shared.Empty{}}}
	if positions {
		e.CommitPosition, e.PreparePosition = r.position, r.position
		read.Position = &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: r.position}
	}
	if err := o.rpc.Send(&streams.ReadResp{Content: &streams.ReadResp_Event{Event: read}}); err != nil {
		return err
	}
	return o.call.event()
}
