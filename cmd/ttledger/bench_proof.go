package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"ttledger/adapters/sqlite"
	"ttledger/adapters/tlog"
	"ttledger/domain/ledger"
)

// proof measures what the transparency log costs those who write, and how fast an auditor verifies.
func (b *bench) proof(ctx context.Context) error {
	if err := b.sealing(ctx); err != nil {
		return err
	}
	_, s, err := b.newLedger("proven")
	if err != nil {
		return err
	}
	defer s.Close()
	if err := grow(ctx, s, 0, b.events); err != nil {
		return err
	}
	sealer, err := b.sealer(s, "proven")
	if err != nil {
		return err
	}
	start := time.Now()
	if err := sealer.CatchUp(ctx); err != nil {
		return err
	}
	b.add(figure{fmt.Sprintf("sealing %d events that are there", b.events), float64(b.events) / time.Since(start).Seconds(), "events/s", 0, "", "", ""})
	return b.verifying(ctx, s, b.logDir("proven"))
}

func (b *bench) logDir(name string) string { return filepath.Join(b.dir, name+"-log") }

func (b *bench) sealer(s *sqlite.Store, name string) (*tlog.Sealer, error) {
	key := filepath.Join(b.dir, name+".key")
	if err := tlog.MakeKey(key, tlog.Origin(s.LedgerID())); err != nil {
		return nil, err
	}
	l, err := tlog.Open(b.logDir(name), key, s.LedgerID())
	return &tlog.Sealer{Log: l, Feed: s, Now: time.Now, Slog: slog.New(slog.DiscardHandler)}, err
}

// sealing measures appends of 64 writers without the sealer, with it, and without it again.
func (b *bench) sealing(ctx context.Context) error {
	var rates [3]float64
	for i := range rates {
		name := fmt.Sprintf("sealed-%d", i)
		_, s, err := b.newLedger(name)
		if err != nil {
			return err
		}
		sealing, stop := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			if i == 1 {
				if sealer, failed := b.sealer(s, name); failed == nil {
					sealer.Run(sealing)
				}
			}
		}()
		rates[i], _, err = crowd(ctx, 64, measureFor, func(ctx context.Context) error {
			_, err := s.Append(ctx, ledger.StreamID{Category: "project", ID: uuid.New()}, 0, []ledger.Proposed{benchEvent(proposal(0))})
			return err
		})
		stop()
		<-done
		if err := errors.Join(err, s.Close()); err != nil {
			return err
		}
	}
	b.add(figure{"append, 64 writers, sealed meanwhile", rates[1], "events/s", rates[1] / ((rates[0] + rates[2]) / 2), "without the sealer", "", ""})
	return nil
}

// verifying measures an audit without read models, against SHA-256 of the same stored bytes.
func (b *bench) verifying(ctx context.Context, s *sqlite.Store, log string) error {
	start := time.Now()
	out, err := tlog.Audit{Ledger: s.LedgerID(), Log: tlog.Dir(log), Events: upToNow(ctx, s)}.Run(ctx)
	if err != nil {
		return err
	}
	took := time.Since(start)
	if out.Differences > 0 {
		return fmt.Errorf("%+v", out.Findings[0])
	}
	data := make([]byte, out.Bytes/int64(out.Entries))
	start = time.Now()
	for range out.Entries {
		sha256.Sum256(data)
	}
	plain := time.Since(start)
	b.add(figure{fmt.Sprintf("verify, %d events, bytes to signature", out.Entries), float64(out.Entries) / took.Seconds(), "events/s", plain.Seconds() / took.Seconds(), "SHA-256 of the same bytes", "", ""})
	return nil
}
