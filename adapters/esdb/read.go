package esdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"ttledger/domain/ledger"
)

// pageSize is how many events are asked for at once, and in one Batch at most.
const pageSize = 256

// Read is ledger.Streams. It reads a page at a time, so that a slow caller keeps nothing open.
func (s *Store) Read(ctx context.Context, stream ledger.StreamID, after ledger.Version) iter.Seq2[ledger.Recorded, error] {
	return func(yield func(ledger.Recorded, error) bool) {
		for {
			page, err := s.page(ctx, s.streamName(stream), esdb.Forwards, esdb.Revision(uint64(after)), pageSize)
			for _, e := range page {
				var r ledger.Recorded
				if r, err = s.recorded(e); err != nil {
					break
				}
				if r.Version != after+1 {
					err = fmt.Errorf("version %d is missing: somebody truncated the stream or deleted it", after+1)
				} else {
					err = ctx.Err()
				}
				if err != nil {
					break
				}
				if !yield(r, nil) {
					return
				}
				after = r.Version
			}
			if err != nil {
				yield(ledger.Recorded{}, fmt.Errorf("read %s: %w", stream, err))
				return
			}
			if len(page) < pageSize {
				return
			}
		}
	}
}

// page reads events of a stream, none where there is no such stream.
func (s *Store) page(ctx context.Context, stream string, d esdb.Direction, from esdb.StreamPosition, count uint64) ([]*esdb.RecordedEvent, error) {
	return s.read(ctx, func(ctx context.Context, client *esdb.Client) (*esdb.ReadStream, error) {
		return client.ReadStream(ctx, stream, esdb.ReadStreamOptions{Direction: d, From: from, RequiresLeader: true}, count)
	})
}

// all reads events of everybody. Forwards, the one at from comes first; backwards, it does not come.
func (s *Store) all(ctx context.Context, d esdb.Direction, from esdb.AllPosition, count uint64) ([]*esdb.RecordedEvent, error) {
	return s.read(ctx, func(ctx context.Context, client *esdb.Client) (*esdb.ReadStream, error) {
		return client.ReadAll(ctx, esdb.ReadAllOptions{Direction: d, From: from, RequiresLeader: true}, count)
	})
}

func (s *Store) read(ctx context.Context, open func(context.Context, *esdb.Client) (*esdb.ReadStream, error)) ([]*esdb.RecordedEvent, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	list, err := ask(ctx, s.calls, func(ctx context.Context, client *esdb.Client) ([]*esdb.RecordedEvent, error) {
		r, err := open(ctx, client)
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return collect(r)
	})
	if isCode(err, esdb.ErrorCodeResourceNotFound) {
		return nil, nil
	}
	return list, s.explain(ctx, err)
}

// collect receives all of a read, or an error. That a stream is not there comes only now.
func collect(r *esdb.ReadStream) (list []*esdb.RecordedEvent, err error) {
	for {
		e, err := r.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return nil, err
		}
		list = append(list, e.OriginalEvent())
	}
}

// recorded is an event of this ledger as everyone else knows it.
func (s *Store) recorded(e *esdb.RecordedEvent) (r ledger.Recorded, err error) {
	r.Version = ledger.Version(e.EventNumber) + 1 // the server counts from 0
	r.Position = positionOf(e)
	r.ID, r.Type, r.Data, r.RawMeta = e.EventID, e.EventType, e.Data, e.UserMetadata
	name, _ := strings.CutPrefix(e.StreamID, s.prefix())
	if r.Stream, err = ledger.ParseStreamID(name); err != nil {
		return r, fmt.Errorf("the stream %s is none of a ledger's: %w", e.StreamID, err)
	}
	if r.Type == "$streamDeleted" {
		return r, fmt.Errorf("%s was deleted for ever, which only an administrator of the event store can do", r.Stream)
	}
	if r.Meta, err = ledger.DecodeMetadata(r.RawMeta); err != nil {
		return r, fmt.Errorf("%s version %d: %w", r.Stream, r.Version, err)
	}
	s.saw(r.Meta.RecordedAt)
	return r, nil
}

// positionOf is where an event stands; zero where the server does not say, as on some stream reads.
func positionOf(e *esdb.RecordedEvent) ledger.Position {
	if e.Position.Commit == math.MaxUint64 {
		return ledger.Position{}
	}
	return ledger.Position{Commit: e.Position.Commit, Prepare: e.Position.Prepare}
}
