package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"ttledger/adapters/tlog"
)

// settleFor is how long the sealer leaves an event of an event store alone: one that is shown may
// be lost with its node until it is replicated, and what was signed must stay.
const settleFor = 5 * time.Second

func (d *directory) logKey() string { return d.file("keys/log.key") }

// proofs reads the transparency log of the directory.
func (d *directory) proofs() tlog.Reader { return tlog.Reader{Get: tlog.Dir(d.file("log"))} }

// sealer opens the log to be grown and signed by this process, making its key where there is none.
func (d *directory) sealer(outside []tlog.Checkpoint) (*tlog.Sealer, error) {
	origin := tlog.Origin(d.store.LedgerID())
	if err := tlog.MakeKey(d.logKey(), origin); err != nil {
		return nil, fmt.Errorf("the key of the transparency log: %w", err)
	}
	l, err := tlog.Open(d.file("log"), d.logKey(), d.store.LedgerID())
	if err != nil {
		return nil, fmt.Errorf("the transparency log: %w", err)
	}
	s := &tlog.Sealer{Log: l, Feed: d.store, Outside: outside, Now: time.Now}
	if d.elsewhere() {
		s.Lag = settleFor
	}
	return s, nil
}

// readCheckpoints reads checkpoints that are kept outside.
func readCheckpoints(names []string) (list []tlog.Checkpoint, err error) {
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		c, err := tlog.ParseCheckpoint(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		list = append(list, c)
	}
	return list, nil
}

// sealLast signs what the last requests recorded, so that a server leaves nothing unsigned behind. Where
// events are left alone for a while first, the next start does it.
func (s *server) sealLast(ctx context.Context) {
	if s.proof == nil || s.proof.Lag > 0 || s.proof.Status().Incident != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if err := s.proof.CatchUp(ctx); err != nil {
		s.log.Error("the last entries were not sealed; the next start does it", "err", err)
	}
}

// prove makes this process the one that seals the ledger. On an event store one process does, the
// one that is told to.
func (s *server) prove(wanted bool, outside []string) error {
	if s.d.elsewhere() && !wanted {
		if len(outside) > 0 {
			return usageError{errors.New("--outside-checkpoint is for the process that seals; on an event store that is the one with --seal")}
		}
		return nil
	}
	kept, err := readCheckpoints(outside)
	if err != nil {
		return err
	}
	if s.proof, err = s.d.sealer(kept); err != nil {
		return err
	}
	s.proof.Slog = s.log
	s.metrics.sealing(s.proof.Status)
	return nil
}
