package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"ttledger/adapters/sqlite"
	"ttledger/domain/ledger"
	"ttledger/domain/trace"
)

// sealer records the digest of each day of accesses once the day is over.
type sealer struct {
	trace  *sqlite.Trace
	ledger *ledger.Ledger
	log    *slog.Logger

	done ledger.Date // sealed up to this day, as far as this process has seen
}

// sealEvery is between two looks whether a day is over.
const sealEvery = 10 * time.Minute

// run seals until ctx ends. What fails is tried again with the next look.
func (s *sealer) run(ctx context.Context) {
	t := time.NewTicker(sealEvery)
	defer t.Stop()
	for {
		if err := s.seal(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("a day of accesses was not sealed", "err", err)
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

// seal records every day that is over. The command of a day is always the same, so a day that was
// sealed before is answered from the record, and one that changed since is refused: at the first
// look of a process that holds all days against the ledger.
func (s *sealer) seal(ctx context.Context) error {
	days, err := s.trace.Days(ctx, ledger.DayOf(s.ledger.Now()))
	if err != nil {
		return err
	}
	for _, day := range days {
		if !s.done.IsZero() && day.Compare(s.done) <= 0 {
			continue
		}
		digest, err := s.trace.Seal(ctx, day)
		if err != nil {
			return err
		}
		err = s.record(ctx, digest)
		if ledger.CodeOf(err) == "key-reused" {
			s.log.Error("ACCESS TRACE CHANGED: the accesses of a day are not those that the ledger sealed", "day", day.String(), "now", digest.SHA256)
			err = nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", day, err)
		}
		s.done = day
	}
	return nil
}

func (s *sealer) record(ctx context.Context, c trace.Seal) error {
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	body, err := json.Marshal(ledger.Act{OccurredOn: c.Day, Data: data})
	if err != nil {
		return err
	}
	_, err = s.ledger.Do(ctx, ledger.Request{
		Aggregate: "trace", ID: trace.ID(c.Day), Verb: "seal", Command: uuid.NewSHA1(trace.ID(c.Day), []byte("seal")),
		Body: body, Actor: trace.Sealer, Source: ledger.Source{Kind: "process"},
	})
	return err
}
