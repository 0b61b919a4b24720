package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// moment is what a command looks at: T and K, where K is an entry or an instant.
type moment struct {
	asOf    ledger.Date
	entry   ledger.Entry
	instant time.Time
}

func parseMoment(asOf, knownAt string) (m moment, err error) {
	if asOf != "" {
		if m.asOf, err = ledger.ParseDate(asOf); err != nil {
			return m, usageError{err}
		}
		m.asOf = m.asOf.Last()
	}
	if knownAt == "" {
		return m, nil
	}
	if n, err := strconv.ParseUint(knownAt, 10, 63); err == nil {
		m.entry = ledger.Entry(n)
		return m, nil
	}
	if m.instant, err = time.Parse(time.RFC3339Nano, knownAt); err != nil {
		return m, usageError{fmt.Errorf("--known-at is an entry number or an instant such as 2026-11-23T08:00:00+08:00, not %q", knownAt)}
	}
	return m, nil
}

// facts calls f for every event of the ledger up to the moment's K, numbered and decoded, and answers K
// as an entry.
func facts(ctx context.Context, d *directory, m moment, f func(projections.Fact) error) (known ledger.Entry, err error) {
	for batch, err := range d.store.Follow(ctx, ledger.Position{}) {
		if err != nil {
			return known, err
		}
		for _, r := range batch.Events {
			// recorded_at never goes back within a store, so the first later one ends K.
			if m.entry > 0 && known == m.entry || !m.instant.IsZero() && r.Meta.RecordedAt.After(m.instant) {
				return known, nil
			}
			known++
			e, err := d.ledger.Decode(r.Type, r.Data)
			if err != nil {
				return known, fmt.Errorf("entry %d, %s version %d: %w", known, r.Stream, r.Version, err)
			}
			if err := f(projections.Fact{Recorded: r, Event: e, Entry: known}); err != nil {
				return known, err
			}
		}
		if batch.Live {
			break
		}
	}
	if known < m.entry {
		return known, fmt.Errorf("the ledger has %d entries; %d is not known yet", known, m.entry)
	}
	return known, nil
}

// folded is the state of one thing.
type folded struct {
	stream  ledger.StreamID
	version ledger.Version // of its last event that counted
	state   any
}

// foldAll is the state of everything at a moment, in order of streams. Without a T, events are
// folded as they were recorded, as decisions see them; with one, as they occurred.
func foldAll(ctx context.Context, d *directory, m moment) ([]folded, error) {
	byStream := map[ledger.StreamID][]projections.Step{}
	_, err := facts(ctx, d, m, func(f projections.Fact) error {
		byStream[f.Stream] = append(byStream[f.Stream], projections.Step{Recorded: f.Recorded, Entry: f.Entry})
		return nil
	})
	if err != nil {
		return nil, err
	}
	var all []folded
	for stream, list := range byStream {
		f, counted, err := fold(d, stream, list, m)
		if err != nil {
			return nil, err
		}
		if counted {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b folded) int { return bytes.Compare([]byte(a.stream.String()), []byte(b.stream.String())) })
	return all, nil
}

// fold is the state of one thing; false where nothing of it counted yet.
func fold(d *directory, stream ledger.StreamID, list []projections.Step, m moment) (f folded, counted bool, err error) {
	h, err := recount(d, stream, list, m)
	f = folded{stream: stream, state: h.State}
	for _, s := range h.Steps {
		f.version = max(f.version, s.Version)
	}
	return f, len(h.Steps) > 0, err
}

func recount(d *directory, stream ledger.StreamID, list []projections.Step, m moment) (projections.History, error) {
	a, ok := d.ledger.Aggregate(stream.Category)
	if !ok {
		return projections.History{}, fmt.Errorf("%s: this release does not know such a thing", stream)
	}
	return projections.Recount(a, list, projections.At{AsOf: m.asOf})
}

func replayCommand() *cobra.Command {
	var at place
	var stream, asOf, knownAt string
	var o replaying
	c := &cobra.Command{
		Use:   "replay",
		Short: "show how a state came about, step by step or at a moment 重放",
		Long: `Replays the events of a ledger, also beside a running server.

With --stream, shows each event of that thing: who, in which role, under which rule, on which evidence,
and what it changed in the state, before and after; --actor, --type, --policy, --from and --to choose
among the steps. With --since-known-at or --since-as-of, shows also in what the state of then differs.
Without --stream, prints the state of
everything, one JSON object a line in order of streams, and last their SHA-256: two ledgers that
say the same of the world give the same digest, whenever it was recorded.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			m, err := parseMoment(asOf, knownAt)
			if err != nil {
				return err
			}
			if err := o.settle(); err != nil {
				return err
			}
			d, err := openToRead(c.Context(), at)
			if err != nil {
				return err
			}
			defer d.close()
			if stream == "" {
				return replayAll(c.Context(), d, m, c.OutOrStdout())
			}
			id, err := ledger.ParseStreamID(stream)
			if err != nil {
				return usageError{err}
			}
			return o.replay(c.Context(), d, id, m, c.OutOrStdout())
		},
	}
	at.flags(c, "data directory")
	c.Flags().StringVar(&stream, "stream", "", "one thing, such as project-6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11")
	c.Flags().StringVar(&asOf, "as-of", "", "T: only what had occurred by this day")
	c.Flags().StringVar(&knownAt, "known-at", "", "K: only what the ledger knew at this entry or instant")
	o.flags(c)
	return c
}

func replayAll(ctx context.Context, d *directory, m moment, w io.Writer) error {
	states, err := foldAll(ctx, d, m)
	if err != nil {
		return err
	}
	digest := sha256.New()
	out := json.NewEncoder(io.MultiWriter(w, digest))
	out.SetEscapeHTML(false)
	for _, f := range states {
		line := struct {
			Stream  ledger.StreamID `json:"stream"`
			Version ledger.Version  `json:"version"`
			State   any             `json:"state"`
		}{f.stream, f.version, f.state}
		if err := out.Encode(line); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(w, "{\"streams\":%d,\"sha256\":\"%x\"}\n", len(states), digest.Sum(nil))
	return err
}
