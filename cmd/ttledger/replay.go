package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
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

// facts yields every event of the ledger up to the moment's K, numbered, and calls f for those up
// to its T.
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
			if !m.asOf.IsZero() && r.Meta.OccurredOn.Compare(m.asOf) > 0 {
				continue
			}
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
	byStream := map[ledger.StreamID][]projections.Fact{}
	_, err := facts(ctx, d, m, func(f projections.Fact) error {
		byStream[f.Stream] = append(byStream[f.Stream], f)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var all []folded
	for stream, list := range byStream {
		all = append(all, fold(d, stream, list, !m.asOf.IsZero()))
	}
	slices.SortFunc(all, func(a, b folded) int { return bytes.Compare([]byte(a.stream.String()), []byte(b.stream.String())) })
	return all, nil
}

func fold(d *directory, stream ledger.StreamID, list []projections.Fact, asOccurred bool) folded {
	a, _ := d.ledger.Aggregate(stream.Category) // it decoded the events
	f := folded{stream: stream, state: a.Zero()}
	if asOccurred {
		slices.SortStableFunc(list, func(x, y projections.Fact) int { return x.Meta.OccurredOn.Compare(y.Meta.OccurredOn) })
	}
	for _, fact := range list {
		f.state, f.version = a.Evolve(f.state, fact.Event, fact.Meta), max(f.version, fact.Version)
	}
	return f
}

func replayCommand() *cobra.Command {
	var at place
	var stream, asOf, knownAt string
	var asJSON bool
	c := &cobra.Command{
		Use:   "replay",
		Short: "show how a state came about, step by step or at a moment 重放",
		Long: `Replays the events of a ledger, also beside a running server.

With --stream, shows each event of that thing and what it changed. Without, prints the state of
everything, one JSON object a line in order of streams, and last their SHA-256: two ledgers that
say the same of the world give the same digest, whenever it was recorded.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			m, err := parseMoment(asOf, knownAt)
			if err != nil {
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
			return replayStream(c.Context(), d, id, m, asJSON, c.OutOrStdout())
		},
	}
	at.flags(c, "data directory")
	c.Flags().StringVar(&stream, "stream", "", "one thing, such as project-6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11")
	c.Flags().StringVar(&asOf, "as-of", "", "T: only what had occurred by this day")
	c.Flags().StringVar(&knownAt, "known-at", "", "K: only what the ledger knew at this entry or instant")
	c.Flags().BoolVar(&asJSON, "json", false, "with --stream: one JSON object a step")
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

// step is one event of a thing and what it changed.
type step struct {
	Entry      ledger.Entry      `json:"entry"`
	Version    ledger.Version    `json:"version"`
	Type       string            `json:"type"`
	OccurredOn ledger.Date       `json:"occurred_on"`
	RecordedAt time.Time         `json:"recorded_at"`
	Actor      string            `json:"actor"`
	Role       ledger.Role       `json:"role"`
	Changed    map[string]change `json:"changed"`
}

type change struct {
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
}

func replayStream(ctx context.Context, d *directory, id ledger.StreamID, m moment, asJSON bool, w io.Writer) error {
	var list []projections.Fact
	known, err := facts(ctx, d, m, func(f projections.Fact) error {
		if f.Stream == id {
			list = append(list, f)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fmt.Errorf("%s has no event at that moment (entry %d)", id, known)
	}
	if !m.asOf.IsZero() {
		slices.SortStableFunc(list, func(x, y projections.Fact) int { return x.Meta.OccurredOn.Compare(y.Meta.OccurredOn) })
	}
	a, _ := d.ledger.Aggregate(id.Category)
	state := a.Zero()
	for _, f := range list {
		before := state
		state = a.Evolve(state, f.Event, f.Meta)
		s := step{f.Entry, f.Version, f.Type, f.Meta.OccurredOn, f.Meta.RecordedAt, f.Meta.Actor, f.Meta.Role, nil}
		if s.Changed, err = diff(before, state); err != nil {
			return err
		}
		if err := s.print(w, asJSON); err != nil {
			return err
		}
	}
	return nil
}

// diff is the fields of a state that an event changed.
func diff(before, after any) (map[string]change, error) {
	b, err := fields(before)
	if err != nil {
		return nil, err
	}
	a, err := fields(after)
	if err != nil {
		return nil, err
	}
	changed := map[string]change{}
	for name := range maps.Keys(a) {
		if !bytes.Equal(a[name], b[name]) {
			changed[name] = change{b[name], a[name]}
		}
	}
	for name := range maps.Keys(b) {
		if _, ok := a[name]; !ok {
			changed[name] = change{Before: b[name]}
		}
	}
	return changed, nil
}

func fields(state any) (map[string]json.RawMessage, error) {
	raw, err := json.Marshal(state)
	if err != nil {
		return nil, err
	}
	var f map[string]json.RawMessage
	return f, json.Unmarshal(raw, &f)
}

func (s step) print(w io.Writer, asJSON bool) error {
	if asJSON {
		out := json.NewEncoder(w)
		out.SetEscapeHTML(false)
		return out.Encode(s)
	}
	fmt.Fprintf(w, "entry %d  version %d  %s\n  occurred %s, recorded %s, by %s as %s\n",
		s.Entry, s.Version, s.Type, s.OccurredOn, s.RecordedAt.In(ledger.Zone).Format("2006-01-02 15:04:05"), s.Actor, s.Role)
	for _, name := range slices.Sorted(maps.Keys(s.Changed)) {
		c := s.Changed[name]
		if len(c.Before) == 0 {
			c.Before = json.RawMessage("-")
		}
		if len(c.After) == 0 {
			c.After = json.RawMessage("-")
		}
		fmt.Fprintf(w, "  %s: %s → %s\n", name, c.Before, c.After)
	}
	return nil
}
