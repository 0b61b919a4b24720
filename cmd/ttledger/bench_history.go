package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"time"
	"ttledger/adapters/sqlite"
	"ttledger/domain/ledger"
	"ttledger/domain/project"
	"ttledger/projections"

	"github.com/google/uuid"
)

// history measures a ledger of some size: reading it whole, building its read models, asking
// about moments, and appending to it.
func (b *bench) history(ctx context.Context) error {
	_, s, err := b.newLedger("history")
	if err != nil {
		return err
	}
	defer s.Close()
	if err := grow(ctx, s, 0, b.events); err != nil {
		return err
	}
	small, err := b.at(ctx, s, b.events)
	if err != nil || !b.large {
		return err
	}
	fmt.Fprintln(b.progress, "measuring a ledger of", 10*b.events, "events")
	if err := grow(ctx, s, b.events, 10*b.events); err != nil {
		return err
	}
	big, err := b.at(ctx, s, 10*b.events)
	if err != nil {
		return err
	}
	b.add(figure{"time of an append, ten times the events", big.Seconds() * 1e6, "µs", float64(big) / float64(small), "the smaller ledger", "", ""})
	return nil
}

// grow appends lives of five events each until the ledger has so many.
func grow(ctx context.Context, s *sqlite.Store, from, to int) error {
	var waits []func() (ledger.Position, error)
	settle := func() error {
		for _, wait := range waits {
			if _, err := wait(); err != nil {
				return err
			}
		}
		waits = waits[:0]
		return nil
	}
	for i := from; i < to; i += 5 {
		stream := ledger.StreamID{Category: "project", ID: uuid.New()}
		var life []ledger.Proposed
		for n, e := range []ledger.Event{
			proposal(i), project.ProjectApproved{Body: "科技创新部办公会"}, project.StageGateDecided{Gate: 2, Decision: "go"},
			project.FundingAgreed{Amount: ledger.Money{Minor: 1, Currency: "CNY"}}, project.StageGateDecided{Gate: 3, Decision: "go"},
		} {
			p := benchEvent(e)
			p.Meta.OccurredOn = ledger.Day(2010+i%15, time.Month(n+1), 1+i%28)
			life = append(life, p)
		}
		wait, err := s.Enqueue(ctx, stream, 0, life)
		if err != nil {
			return err
		}
		if waits = append(waits, wait); len(waits) == 512 {
			if err := settle(); err != nil {
				return err
			}
		}
	}
	return settle()
}

func (b *bench) at(ctx context.Context, s *sqlite.Store, events int) (appending time.Duration, err error) {
	if err := b.replay(ctx, s, events); err != nil {
		return 0, err
	}
	views, err := b.catchUp(ctx, s, events)
	if err != nil {
		return 0, err
	}
	defer views.Close()
	if err := b.moments(ctx, views, events); err != nil {
		return 0, err
	}
	_, took, err := crowd(ctx, 1, measureFor, func(ctx context.Context) error {
		_, err := s.Append(ctx, ledger.StreamID{Category: "project", ID: uuid.New()}, 0, []ledger.Proposed{benchEvent(proposal(0))})
		return err
	})
	if err != nil {
		return 0, err
	}
	info, err := os.Stat(filepath.Join(b.dir, "history.db"))
	if err != nil {
		return 0, err
	}
	b.add(figure{fmt.Sprintf("stored bytes an event, %d events", events), float64(info.Size()) / float64(events), "bytes", 0, "", "", ""})
	return took[len(took)/2], nil
}

func decodeAny(name string, data []byte) (ledger.Event, error) {
	return ledger.Decode(aggregates, name, data)
}

func (b *bench) replay(ctx context.Context, s *sqlite.Store, events int) error {
	debug.FreeOSMemory()
	var before, peak runtime.MemStats
	runtime.ReadMemStats(&before)
	start, n, most := time.Now(), 0, uint64(0)
	for batch, err := range s.Follow(ctx, ledger.Position{}) {
		if err != nil {
			return err
		}
		for _, r := range batch.Events {
			if _, err := decodeAny(r.Type, r.Data); err != nil {
				return err
			}
			n++
		}
		if n%25_600 == 0 {
			runtime.ReadMemStats(&peak)
			most = max(most, peak.HeapAlloc)
		}
		if batch.Live {
			break
		}
	}
	b.add(figure{fmt.Sprintf("replay decoded, %d events", events), float64(n) / time.Since(start).Seconds(), "events/s", 0, "", "", ""})
	b.add(figure{fmt.Sprintf("heap while replaying %d events", events), float64(most-min(most, before.HeapAlloc)) / (1 << 20), "MiB", 0, "", "", ""})
	return nil
}

func (b *bench) catchUp(ctx context.Context, s *sqlite.Store, events int) (*sqlite.Views, error) {
	views, err := sqlite.OpenViews(filepath.Join(b.dir, fmt.Sprintf("views-%d.db", events)), s.LedgerID(), projections.Views(), time.Now)
	if err != nil {
		return nil, err
	}
	generation, err := views.Generation(false)
	if err != nil {
		return nil, errors.Join(err, views.Close())
	}
	runner := &projections.Runner{Feed: s, Streams: s, Docs: generation, Views: projections.Views(), Decode: decodeAny, Log: slog.New(slog.DiscardHandler)}
	start := time.Now()
	if err := runner.CatchUp(ctx); err != nil {
		return nil, errors.Join(err, views.Close())
	}
	b.add(figure{fmt.Sprintf("catch-up of all views, %d events", events), float64(runner.Status().Checkpoint.Entry) / time.Since(start).Seconds(), "events/s", 0, "", "", ""})
	return views, nil
}

// moments compares questions about the past with the same about now.
func (b *bench) moments(ctx context.Context, views *sqlite.Views, events int) error {
	past := projections.At{AsOf: ledger.Day(2018, 6, 30), KnownAt: ledger.Entry(events / 2)}
	for _, q := range []struct {
		name string
		ask  func(at projections.At) error
	}{
		{"one page of the board", func(at projections.At) error {
			_, err := views.Query(ctx, projections.Query{View: "project-board", Limit: 50, At: at})
			return err
		}},
		{"a filtered page", func(at projections.At) error {
			_, err := views.Query(ctx, projections.Query{View: "project-board", Limit: 50, At: at, Where: []projections.Where{{Column: "stage", Op: "eq", Values: []string{"pilot"}}}})
			return err
		}},
		{"the funnel", func(at projections.At) error {
			_, err := views.Report(ctx, "k06", nil, at)
			return err
		}},
	} {
		now, err := median(func() error { return q.ask(projections.At{}) })
		if err != nil {
			return err
		}
		then, err := median(func() error { return q.ask(past) })
		if err != nil {
			return err
		}
		b.add(figure{fmt.Sprintf("(T, K): %s, %d events", q.name, events), float64(then.Microseconds()), "µs", float64(then) / float64(now), "now", "", ""})
	}
	return nil
}

func median(f func() error) (time.Duration, error) {
	var took []time.Duration
	for range 7 {
		start := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
