package esdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// appendBytes is what the server takes in one append, counted as it counts.
const appendBytes = 1 << 20

// Append is ledger.Streams. The server knows a repeat by the ids of its events, so they must not
// be empty: the client would put a random one in its place and the repeat would double the event.
func (s *Store) Append(ctx context.Context, stream ledger.StreamID, expected ledger.Version, events []ledger.Proposed) (ledger.Position, error) {
	if err := ctx.Err(); err != nil {
		return ledger.Position{}, err
	}
	if len(events) == 0 {
		return ledger.Position{}, ledger.Invalid("no-events", ledger.Text{En: "an append needs an event", Zh: "追加至少需要一个事件"})
	}
	at := s.stamp()
	var list []esdb.EventData
	for _, e := range events {
		e.Meta.RecordedAt = at
		raw, err := ledger.EncodeMetadata(e.Meta)
		if err != nil {
			return ledger.Position{}, err
		}
		list = append(list, eventData(e, raw))
	}
	start := time.Now()
	position, err := s.write(ctx, stream, expected, list)
	s.tell(time.Since(start), err)
	return position, err
}

// Restore appends what was recorded in another store of the same ledger, in the order given and
// to the byte: ids, versions, envelopes with their RecordedAt, data. Positions are this store's
// own. Each must be the next of its stream, or stand there already. An error may leave a beginning
// of them written; restoring the same again goes on from there.
func (s *Store) Restore(ctx context.Context, events []ledger.Recorded) error {
	for run := range runs(events) {
		var list []esdb.EventData
		for _, r := range run {
			list = append(list, eventData(r.Proposed, r.RawMeta))
			s.saw(r.Meta.RecordedAt)
		}
		if _, err := s.write(ctx, run[0].Stream, run[0].Version-1, list); err != nil {
			return err
		}
	}
	return nil
}

// runs cuts events into what can be appended at once: neighbours of one stream that follow one
// another and are not too large together.
func runs(events []ledger.Recorded) func(yield func([]ledger.Recorded) bool) {
	return func(yield func([]ledger.Recorded) bool) {
		for len(events) > 0 {
			n, size := 1, sizeOf(eventData(events[0].Proposed, events[0].RawMeta))
			for ; n < len(events); n++ {
				e, last := events[n], events[n-1]
				size += sizeOf(eventData(e.Proposed, e.RawMeta))
				if e.Stream != last.Stream || e.Version != last.Version+1 || size > appendBytes {
					break
				}
			}
			if !yield(events[:n]) {
				return
			}
			events = events[n:]
		}
	}
}

func eventData(e ledger.Proposed, raw []byte) esdb.EventData {
	return esdb.EventData{EventID: e.ID, EventType: e.Type, ContentType: esdb.ContentTypeJson, Data: e.Data, Metadata: raw}
}

// sizeOf is what the server counts for an event.
func sizeOf(e esdb.EventData) int { return len(e.Data) + len(e.Metadata) + 2*len(e.EventType) }

// write appends to a stream and settles what came of it.
func (s *Store) write(ctx context.Context, stream ledger.StreamID, expected ledger.Version, list []esdb.EventData) (ledger.Position, error) {
	if err := check(list); err != nil {
		return ledger.Position{}, err
	}
	// The client takes a missing expectation as "any", which checks nothing.
	options := esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}, RequiresLeader: true}
	if expected > 0 {
		options.ExpectedRevision = esdb.Revision(uint64(expected) - 1)
	}
	result, err := ask(ctx, s.calls, func(ctx context.Context, client *esdb.Client) (*esdb.WriteResult, error) {
		return client.AppendToStream(ctx, s.streamName(stream), options, list...)
	})
	switch {
	case err == nil && result.CommitPosition != 0:
		if last := uint64(expected) + uint64(len(list)) - 1; result.NextExpectedVersion != last {
			return ledger.Position{}, fmt.Errorf("append to %s: its events went to revision %d and not %d; the stream was deleted before, which loses events", stream, result.NextExpectedVersion, last)
		}
		return ledger.Position{Commit: result.CommitPosition, Prepare: result.PreparePosition}, nil
	case err == nil: // a repeat: the server says that it is there, but not where
		return s.locate(ctx, stream, expected, list)
	case isCode(err, esdb.ErrorCodeWrongExpectedVersion):
		return ledger.Position{}, s.conflict(ctx, stream, expected)
	case ctx.Err() != nil:
		return ledger.Position{}, fmt.Errorf("append to %s, outcome unknown: %w", stream, ctx.Err())
	case broken(err):
		return ledger.Position{}, fmt.Errorf("append to %s, outcome unknown: %w", stream, s.explain(ctx, err))
	}
	return s.outcome(ctx, stream, expected, list, err)
}

// check refuses what the server would refuse only after it was sent.
func check(list []esdb.EventData) error {
	size := 0
	for _, e := range list {
		if e.EventID == uuid.Nil {
			return errors.New("an event has no id, so a repeat of its append would double it")
		}
		size += sizeOf(e)
	}
	if size > appendBytes {
		return &ledger.Error{Kind: ledger.KindTooLarge, Code: "append-too-large", Msg: ledger.Text{
			En: fmt.Sprintf("the events of this command have %d bytes together; the event store takes %d at once", size, appendBytes),
			Zh: fmt.Sprintf("该命令的事件共 %d 字节;事件库一次最多接受 %d 字节", size, appendBytes),
		}}
	}
	return nil
}

// A refused append is read again after these pauses, until the reading shows what refused it.
var stalePauses = []time.Duration{0, 20 * time.Millisecond, 60 * time.Millisecond, 180 * time.Millisecond}

// conflict is the answer to a wrong expected version. A follower may still show the stream as it
// was: whoever read it there would decide on the same again. So it returns once the stream is
// seen to have moved, or after a pause.
func (s *Store) conflict(ctx context.Context, stream ledger.StreamID, expected ledger.Version) error {
	for _, pause := range stalePauses {
		if err := wait(ctx, pause); err != nil {
			return err
		}
		tail, err := s.page(ctx, s.streamName(stream), esdb.Backwards, esdb.End{}, 1)
		if err != nil {
			break // that it was a conflict is known
		}
		if version := len(tail); version == 0 && expected != 0 || version > 0 && tail[0].EventNumber+1 != uint64(expected) {
			break
		}
	}
	return ledger.Conflict(stream, expected)
}

// outcome reads what came of an append whose answer says nothing: the client reports a rejection
// in the middle of a send as an end of file or an unknown error.
func (s *Store) outcome(ctx context.Context, stream ledger.StreamID, expected ledger.Version, list []esdb.EventData, cause error) (ledger.Position, error) {
	got, err := s.page(ctx, s.streamName(stream), esdb.Forwards, esdb.Revision(uint64(expected)), uint64(len(list)))
	switch {
	case err != nil || len(got) == 0:
		return ledger.Position{}, fmt.Errorf("append to %s, outcome unknown: %w", stream, s.explain(ctx, cause))
	case got[0].EventID != list[0].EventID:
		return ledger.Position{}, ledger.Conflict(stream, expected)
	}
	return s.locate(ctx, stream, expected, list)
}

// locateBound is how many pages of $all are looked through for an event.
const locateBound = 16

// locate finds where events stand that were appended before. Streams need not tell positions, and
// then it is found from the end of $all; further back than that it stays unknown, the zero
// Position, as on a read.
func (s *Store) locate(ctx context.Context, stream ledger.StreamID, expected ledger.Version, list []esdb.EventData) (ledger.Position, error) {
	last := len(list) - 1
	got, err := s.page(ctx, s.streamName(stream), esdb.Forwards, esdb.Revision(uint64(expected)+uint64(last)), 1)
	if err != nil {
		return ledger.Position{}, fmt.Errorf("append to %s, outcome unknown: %w", stream, err)
	}
	if len(got) == 0 || got[0].EventID != list[last].EventID {
		return ledger.Position{}, fmt.Errorf("append to %s: the server says that its events stand there, and they do not", stream)
	}
	if p := positionOf(got[0]); p != (ledger.Position{}) {
		return p, nil
	}
	var found ledger.Position
	err = s.backwards(ctx, locateBound, func(e *esdb.RecordedEvent) bool {
		if e.EventID == list[last].EventID && s.owns(e.StreamID) {
			found = positionOf(e)
		}
		return found == ledger.Position{}
	})
	return found, err
}

// sawLast looks at the last event of the ledger, if one is near the end of $all: what is stamped
// from now on comes after it.
func (s *Store) sawLast(ctx context.Context) (err error) {
	failed := s.backwards(ctx, locateBound, func(e *esdb.RecordedEvent) bool {
		if !s.owns(e.StreamID) {
			return true
		}
		_, err = s.recorded(e)
		return false
	})
	return errors.Join(err, failed)
}

// backwards shows the events of $all from the last on, until see has seen enough.
func (s *Store) backwards(ctx context.Context, pages int, see func(*esdb.RecordedEvent) bool) error {
	var from esdb.AllPosition = esdb.End{}
	for range pages {
		page, err := s.all(ctx, esdb.Backwards, from, pageSize)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(page, func(e *esdb.RecordedEvent) bool { return !see(e) }) || len(page) < pageSize {
			return nil
		}
		from = page[len(page)-1].Position // exclusive on the way back
	}
	return nil
}

func wait(ctx context.Context, pause time.Duration) error {
	if pause == 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(pause):
	case <-ctx.Done():
	}
	return ctx.Err()
}
