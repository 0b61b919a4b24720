package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"ttledger/adapters/httpapi"
	"ttledger/projections"
)

// What is wrong shows within beat + patience: 6 s.
const (
	beat     = time.Second     // between two looks at the ledger
	patience = 5 * time.Second // with read models that have work and do not get on
)

// pulse watches whether the read models follow the ledger. It looks by itself and not when it is
// asked, so that the first question after a quiet night has a true answer, and questions, which
// anyone may ask, cost nothing. It remembers when all was last seen well: whatever hangs, the
// looking included, lets that grow old.
type pulse struct {
	status func() projections.Status
	behind behind

	mu     sync.Mutex
	looked time.Time // when the ledger last answered
	well   time.Time // when the read models last had nothing to do, or had got on
	last   projections.Checkpoint
	events int64 // that they had not seen when last looked at
}

// run looks until ctx ends.
func (p *pulse) run(ctx context.Context) {
	p.mu.Lock()
	p.looked, p.well = time.Now(), time.Now()
	p.mu.Unlock()
	t := time.NewTicker(beat)
	defer t.Stop()
	for ctx.Err() == nil {
		p.look(ctx)
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
}

func (p *pulse) look(ctx context.Context) {
	at := p.status().Checkpoint
	events, _, err := p.behind(ctx, at.Position)
	if err != nil {
		return // which looked will show
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.looked = time.Now()
	if events <= 0 || at.Entry != p.last.Entry {
		p.well = p.looked
	}
	p.last, p.events = at, events
}

// checks are red while the ledger does not answer, and while the read models do not follow it.
// An idle ledger is green, however long it has been idle.
func (p *pulse) checks() []httpapi.Check {
	p.mu.Lock()
	defer p.mu.Unlock()
	record := httpapi.Check{Name: "ledger", OK: time.Since(p.looked) <= patience}
	if !record.OK {
		record.Detail = fmt.Sprintf("it has not answered for %s", time.Since(p.looked).Round(time.Second))
	}
	status := p.status()
	trouble := p.trouble(status)
	models := httpapi.Check{Name: "read-models", OK: trouble == "", Detail: fmt.Sprintf("entry %d", status.Checkpoint.Entry)}
	if !models.OK {
		models.Detail += ": " + trouble
	}
	return []httpapi.Check{record, models}
}

// trouble says what is wrong with the read models in words that everyone may see: names and
// numbers, but no cause, which may hold paths or what is stored. Causes stand in the log.
// Until they were live once they are not ready: what they answer may be years old.
func (p *pulse) trouble(s projections.Status) string {
	u, poisoned := errors.AsType[*projections.Undecodable](s.Err)
	quiet := time.Since(p.well)
	switch {
	case s.Stopped && poisoned:
		return fmt.Sprintf("stopped: this release cannot read entry %d, %s version %d (%s)", u.Entry, u.Stream, u.Version, u.Type)
	case s.Stopped:
		return "stopped"
	case s.Err != nil:
		return "failing, and tried again; the log says why"
	case quiet > patience:
		return fmt.Sprintf("stuck: %d events behind and no progress for %s", p.events, quiet.Round(time.Second))
	case !s.Live:
		return fmt.Sprintf("catching up: %d events to go", p.events)
	}
	return ""
}

// healthWait bounds the question of `ttledger health`.
const healthWait = 3 * time.Second

func healthCommand() *cobra.Command {
	var url string
	c := &cobra.Command{
		Use:   "health",
		Short: "ask a server whether it is ready; exit 0 if so 健康检查",
		Long:  "Asks a server's /readyz, or /healthz, and exits 0 where it answers 200. For images that have no curl.",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(c.Context(), healthWait)
			defer cancel()
			if err := askHealth(ctx, url); err != nil {
				return fmt.Errorf("%s: %w", url, err)
			}
			_, err := fmt.Fprintln(c.OutOrStdout(), "ok")
			return err
		},
	}
	c.Flags().StringVar(&url, "url", "http://127.0.0.1:8080/readyz", "what to ask")
	return c
}

func askHealth(ctx context.Context, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return usageError{err}
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	if a.StatusCode == http.StatusOK {
		return nil
	}
	var body struct{ Checks []httpapi.Check }
	// Whatever else answers there need not speak JSON; its status says enough.
	_ = json.NewDecoder(io.LimitReader(a.Body, 64<<10)).Decode(&body)
	told := []string{a.Status}
	for _, c := range body.Checks {
		if !c.OK {
			told = append(told, c.Name+": "+c.Detail)
		}
	}
	return errors.New(strings.Join(told, "; "))
}
