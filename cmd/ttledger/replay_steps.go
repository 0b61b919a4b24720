package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// replaying is how the history of one thing is shown.
type replaying struct {
	projections.Wanted
	from, to              string
	sinceAsOf, sinceKnown string
	since                 moment
	asJSON                bool
}

func (o *replaying) flags(c *cobra.Command) {
	c.Flags().StringArrayVar(&o.Actors, "actor", nil, "with --stream: only what this handle did; may be repeated")
	c.Flags().StringArrayVar(&o.Types, "type", nil, "with --stream: only events of this stored name; may be repeated")
	c.Flags().StringArrayVar(&o.Policies, "policy", nil, "with --stream: only what was decided under the policy with this code; may be repeated")
	c.Flags().StringVar(&o.from, "from", "", "with --stream: only what occurred on this day or later")
	c.Flags().StringVar(&o.to, "to", "", "with --stream: only what occurred by the end of this day, month or year")
	c.Flags().StringVar(&o.sinceKnown, "since-known-at", "", "with --stream: in what the state then, as known at this entry or instant, differs")
	c.Flags().StringVar(&o.sinceAsOf, "since-as-of", "", "with --stream: likewise, as of this day")
	c.Flags().BoolVar(&o.asJSON, "json", false, "with --stream: one JSON object a step")
}

// settle reads the days and the moment of then.
func (o *replaying) settle() (err error) {
	for text, day := range map[*string]*ledger.Date{&o.from: &o.From, &o.to: &o.To} {
		if *text == "" {
			continue
		}
		if *day, err = ledger.ParseDate(*text); err != nil {
			return usageError{err}
		}
	}
	o.since, err = parseMoment(o.sinceAsOf, o.sinceKnown)
	return err
}

// step is one event of a thing and what it changed.
type step struct {
	Entry      ledger.Entry                  `json:"entry"`
	Version    ledger.Version                `json:"version"`
	ID         uuid.UUID                     `json:"id"`
	Type       string                        `json:"type"`
	OccurredOn ledger.Date                   `json:"occurred_on"`
	RecordedAt time.Time                     `json:"recorded_at"`
	Actor      string                        `json:"actor"`
	Role       ledger.Role                   `json:"role"`
	OnBehalfOf string                        `json:"on_behalf_of,omitzero"`
	Authority  string                        `json:"authority,omitzero"`
	Approval   string                        `json:"approval,omitzero"`
	Approver   string                        `json:"approver,omitzero"`
	Policy     *ledger.Policy                `json:"policy,omitzero"`
	Reason     string                        `json:"reason,omitzero"`
	Evidence   []ledger.Evidence             `json:"evidence,omitzero"`
	ReliedOn   []ledger.Relied               `json:"relied_on,omitzero"`
	Changed    map[string]projections.Change `json:"changed"`
}

func stepOf(s projections.Step) step {
	m := s.Meta
	return step{s.Entry, s.Version, s.ID, s.Type, m.OccurredOn, m.RecordedAt, m.Actor, m.Role, m.OnBehalfOf, m.Authority, m.Approval, m.Approver,
		m.Policy, m.Reason, m.Evidence, m.ReliedOn, s.Changed}
}

func (o *replaying) replay(ctx context.Context, d *directory, id ledger.StreamID, m moment, w io.Writer) error {
	h, known, err := o.history(ctx, d, id, m)
	if err != nil {
		return err
	}
	if len(h.Steps) == 0 {
		return fmt.Errorf("%s has no event at that moment (entry %d)", id, known)
	}
	for _, s := range h.Steps {
		if !o.Wants(s.Recorded) {
			continue
		}
		if err := stepOf(s).print(w, o.asJSON); err != nil {
			return err
		}
	}
	if o.since == (moment{}) {
		return nil
	}
	if o.since.asOf.IsZero() {
		o.since.asOf = m.asOf
	}
	then, entry, err := o.history(ctx, d, id, o.since)
	if err != nil {
		return err
	}
	changed, err := projections.Differences(then.State, h.State)
	if err != nil {
		return err
	}
	if o.asJSON {
		return json.NewEncoder(w).Encode(map[string]any{"since": entry, "difference": changed})
	}
	fmt.Fprintf(w, "since then (entry %d, %d events)\n", entry, len(then.Steps))
	printChanges(w, changed)
	return nil
}

// history is a thing at a moment, and the entry up to which it is known.
func (o *replaying) history(ctx context.Context, d *directory, id ledger.StreamID, m moment) (projections.History, ledger.Entry, error) {
	var list []projections.Step
	known, err := facts(ctx, d, m, func(f projections.Fact) error {
		if f.Stream == id {
			list = append(list, projections.Step{Recorded: f.Recorded, Entry: f.Entry})
		}
		return nil
	})
	if err != nil {
		return projections.History{}, known, err
	}
	h, err := recount(d, id, list, m)
	return h, known, err
}

func (s step) print(w io.Writer, asJSON bool) error {
	if asJSON {
		out := json.NewEncoder(w)
		out.SetEscapeHTML(false)
		return out.Encode(s)
	}
	fmt.Fprintf(w, "entry %d  version %d  %s\n  occurred %s, recorded %s, by %s as %s\n",
		s.Entry, s.Version, s.Type, s.OccurredOn, s.RecordedAt.In(ledger.Zone).Format("2006-01-02 15:04:05"), s.Actor, s.Role)
	for _, line := range []struct{ name, value string }{{"for", s.OnBehalfOf}, {"authority", s.Authority}, {"approval", s.Approval}, {"approved by", s.Approver}, {"reason", s.Reason}} {
		if line.value != "" {
			fmt.Fprintf(w, "  %s %s\n", line.name, line.value)
		}
	}
	if s.Policy != nil {
		fmt.Fprintf(w, "  rule %s %s %s\n", s.Policy.Code, s.Policy.Version, s.Policy.Clause)
	}
	for _, e := range s.Evidence {
		fmt.Fprintf(w, "  evidence %s %s %s\n", e.Alg, e.Digest, e.Name)
	}
	printChanges(w, s.Changed)
	return nil
}

func printChanges(w io.Writer, changed map[string]projections.Change) {
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		c := changed[name]
		if len(c.Before) == 0 {
			c.Before = json.RawMessage("-")
		}
		if len(c.After) == 0 {
			c.After = json.RawMessage("-")
		}
		fmt.Fprintf(w, "  %s: %s → %s\n", name, c.Before, c.After)
	}
}
