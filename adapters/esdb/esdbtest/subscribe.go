package esdbtest

import (
	"context"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// liveBuffer is how far a subscription may fall behind before the server makes it catch up again,
// and says CaughtUp once more.
const liveBuffer = 32

// subscribeStream follows one stream, which need not exist yet.
func (v *streamsService) subscribeStream(ctx context.Context, name string, at *streams.ReadReq_Options_StreamOptions, out *sender) error {
	stream := v.s.journal.stream(name, out.call.lag())
	next := int64(0) // a revision is exclusive, the start is not
	switch at.GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_End:
		next = stream.last + 1
	case *streams.ReadReq_Options_StreamOptions_Revision:
		next = revision(at) + 1
	}
	if err := out.confirm(); err != nil {
		return err
	}
	live := false
	for {
		if stream.dead {
			return streamDeleted(ctx, name)
		}
		i := sort.Search(len(stream.records), func(i int) bool { return stream.records[i].number >= next })
		live = live && len(stream.records)-i <= liveBuffer
		for _, r := range stream.records[i:] {
			if err := out.event(r, v.s.since(22, 6)); err != nil {
				return err
			}
			next = r.number + 1
		}
		if !live {
			live = true
			if err := out.caughtUp(); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-stream.grew:
			stream = v.s.journal.stream(name, out.call.lag())
		}
	}
}

// subscribeAll follows $all (Enumerators/Enumerator.AllSubscriptionFiltered.cs): Confirmation, what
// there is after the position, with a filter a checkpoint every so many events considered, one more
// when the end is reached, CaughtUp, then what comes, with checkpoints again.
func (v *streamsService) subscribeAll(ctx context.Context, o *streams.ReadReq_Options, out *sender) error {
	if err := out.confirm(); err != nil { // before the position is looked at
		return err
	}
	all, grew := v.s.journal.all(out.call.lag())
	at, err := v.start(o.GetAll(), all)
	if err != nil {
		return err
	}
	f, err := newFollower(o.GetFilter(), out)
	if err != nil {
		return err
	}
	switch o.GetAll().GetAllOption().(type) {
	case *streams.ReadReq_Options_AllOptions_End:
		f.next = len(all)
	case *streams.ReadReq_Options_AllOptions_Position:
		f.after = &at
	}
	for {
		if err := f.send(all); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-grew:
			all, grew = v.s.journal.all(out.call.lag())
		}
	}
}

// follower is a subscription to $all.
type follower struct {
	out      *sender
	wanted   func(*record) bool
	next     int    // the index of the next record
	after    *place // records up to here the client has; they may not even exist yet
	window   int    // how many records a page considers; 0 without a filter
	interval int    // how many from one checkpoint to the next
	extra    bool   // a server that sends a checkpoint, and CaughtUp, when it reaches the end

	page       int     // how many of the page were considered
	seen       int     // how many since the last checkpoint
	safe       *record // where a client could resume: the last one sent, or the first of a page
	checkpoint *record // the last one sent
	live       bool
}

func newFollower(o *streams.ReadReq_Options_FilterOptions, out *sender) (*follower, error) {
	wanted, err := newFilter(o)
	f := &follower{out: out, wanted: wanted, extra: out.s.since(23, 10)}
	if err != nil || o == nil {
		return f, err
	}
	f.window = 32
	if w, ok := o.GetWindow().(*streams.ReadReq_Options_FilterOptions_Max); ok {
		f.window = int(w.Max)
	}
	f.interval = f.window * int(o.GetCheckpointIntervalMultiplier())
	if f.interval == 0 {
		return nil, thrown() // ArgumentOutOfRangeException.ThrowIfZero
	}
	return f, nil
}

// send sends what there is, then says that it is all.
func (f *follower) send(all []*record) error {
	if len(all)-f.next > liveBuffer {
		f.live = false
	}
	f.page = 0
	for ; f.next < len(all); f.next++ {
		if r := all[f.next]; f.after == nil || !f.after.atOrAfter(r) {
			if err := f.consider(r); err != nil {
				return err
			}
		}
	}
	if f.live {
		return nil
	}
	f.live = true
	if !f.extra {
		return nil
	}
	if err := f.mark(); err != nil {
		return err
	}
	return f.out.caughtUp()
}

func (f *follower) consider(r *record) error {
	if f.page == 0 || f.live {
		f.safe = r
	}
	if f.wanted(r) {
		if err := f.out.event(r, true); err != nil {
			return err
		}
		f.safe = r
	}
	if f.window == 0 {
		return nil
	}
	f.seen++
	f.page = (f.page + 1) % f.window
	if f.seen < f.interval || !f.live && f.page != 0 { // while it catches up only between pages
		return nil
	}
	f.seen = 0
	return f.mark()
}

// mark sends a checkpoint, unless the client has that one or did not ask for any.
func (f *follower) mark() error {
	if f.window == 0 || f.safe == nil || f.safe == f.checkpoint {
		return nil
	}
	f.checkpoint = f.safe
	return f.out.rpc.Send(&streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{Checkpoint: &streams.ReadResp_Checkpoint{
		CommitPosition: f.safe.position, PreparePosition: f.safe.position}}})
}

func (o *sender) confirm() error {
	return o.rpc.Send(&streams.ReadResp{Content: &streams.ReadResp_Confirmation{
		Confirmation: &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: uuid.NewString()}}})
}

// caughtUp says that the subscription is live; servers before 23.10 do not.
func (o *sender) caughtUp() error {
	if !o.s.since(23, 10) {
		return nil
	}
	return o.rpc.Send(&streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: &streams.ReadResp_CaughtUp{}}})
}

// newFilter is what the server leaves in: by prefixes or by one regular expression, of the name of
// the stream or of the type of the event.
func newFilter(o *streams.ReadReq_Options_FilterOptions) (func(*record) bool, error) {
	if o == nil {
		return func(*record) bool { return true }, nil
	}
	e, of := o.GetStreamIdentifier(), func(r *record) string { return r.stream }
	if e == nil {
		e, of = o.GetEventType(), func(r *record) string { return r.kind }
	}
	if e.GetRegex() == "" {
		return func(r *record) bool {
			return slices.ContainsFunc(e.GetPrefix(), func(p string) bool { return strings.HasPrefix(of(r), p) })
		}, nil
	}
	re, err := regexp.Compile(e.GetRegex())
	if err != nil {
		return nil, status.Error(codes.Unknown, err.Error())
	}
	return func(r *record) bool { return re.MatchString(of(r)) }, nil
}
