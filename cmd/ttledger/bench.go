package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"ttledger/adapters/httpapi"
	"ttledger/adapters/sqlite"
	"ttledger/domain/ledger"
	"ttledger/domain/project"
	"ttledger/projections"
)

// figure is one measurement. Ratio is against the baseline taken in the same run.
type figure struct {
	Name     string  `json:"name"`
	Value    float64 `json:"value"`
	Unit     string  `json:"unit"`
	Ratio    float64 `json:"ratio,omitzero"`
	Baseline string  `json:"baseline,omitzero"`
	P50      string  `json:"p50,omitzero"`
	P99      string  `json:"p99,omitzero"`
}

func benchCommand() *cobra.Command {
	var dir string
	var events int
	var large, asJSON bool
	c := &cobra.Command{
		Use:   "bench",
		Short: "measure this machine, as ratios against baselines taken in the same run",
		Long: `Measures the store, the API, replay, read models and questions about past moments on this machine.
Each rate stands beside a baseline taken before and after it in the same run: one event's bytes
appended to a file and synced, again and again, on the same disk; and the same HTTP server with a
handler that only answers. Ratios can be compared between machines, rates cannot.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			work, err := os.MkdirTemp(dir, "ttledger-bench-")
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
			b := &bench{dir: work, events: events, large: large, progress: c.ErrOrStderr()}
			if err := b.run(c.Context()); err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(c.OutOrStdout()).Encode(b.figures)
			}
			return b.print(c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&dir, "dir", "", "directory on the disk to measure; the system's temporary one where empty")
	c.Flags().IntVar(&events, "events", 100_000, "events in the ledger that is replayed and asked")
	c.Flags().BoolVar(&large, "large", false, "also grow that ledger tenfold and measure again")
	c.Flags().BoolVar(&asJSON, "json", false, "figures as JSON")
	return c
}

type bench struct {
	dir      string
	events   int
	large    bool
	progress io.Writer
	figures  []figure
}

// measurement is one part of what is measured.
type measurement struct {
	name    string
	measure func(context.Context) error
}

func (b *bench) steps() []measurement {
	return []measurement{
		{"appends at the store", b.appends},
		{"commands through HTTP", b.commands},
		{fmt.Sprintf("a ledger of %d events", b.events), b.history},
		{"the transparency log", b.proof},
	}
}

func (b *bench) run(ctx context.Context) error {
	for _, s := range b.steps() {
		fmt.Fprintln(b.progress, "measuring", s.name)
		if err := s.measure(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	_, peak := used()
	b.add(figure{"peak memory of the process, page caches included", float64(peak) / (1 << 20), "MiB", 0, "", "", ""})
	return nil
}

func (b *bench) add(f figure) { b.figures = append(b.figures, f) }

func (b *bench) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "measured\tvalue\tunit\tratio\tagainst\tp50\tp99")
	for _, f := range b.figures {
		ratio := ""
		if f.Ratio > 0 {
			ratio = fmt.Sprintf("%.2f", f.Ratio)
		}
		fmt.Fprintf(t, "%s\t%.0f\t%s\t%s\t%s\t%s\t%s\n", f.Name, f.Value, f.Unit, ratio, f.Baseline, f.P50, f.P99)
	}
	return t.Flush()
}

// newLedger makes an empty ledger of its own for one measurement.
func (b *bench) newLedger(name string) (*ledger.Ledger, *sqlite.Store, error) {
	path := filepath.Join(b.dir, name+".db")
	if err := sqlite.Create(path, uuid.New()); err != nil {
		return nil, nil, err
	}
	s, err := sqlite.Open(path, time.Now)
	if err != nil {
		return nil, nil, err
	}
	return &ledger.Ledger{ID: s.LedgerID(), Secret: []byte("bench"), Streams: s, Now: time.Now, Aggregates: aggregates}, s, nil
}

// syncs is the baseline of writing: how often a second the disk takes one event's bytes durably,
// and the median time it takes.
func (b *bench) syncs() (rate float64, median time.Duration, err error) {
	f, err := os.CreateTemp(b.dir, "baseline-*")
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	data := make([]byte, 600)
	var took []time.Duration
	start := time.Now()
	for len(took) < 200 || time.Since(start) < time.Second {
		from := time.Now()
		if _, err := f.Write(data); err != nil {
			return 0, 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, 0, err
		}
		took = append(took, time.Since(from))
	}
	rate = float64(len(took)) / time.Since(start).Seconds()
	slices.Sort(took)
	return rate, took[len(took)/2], nil
}

// crowd runs f from n goroutines for a time and answers the rate and the sorted times of each call.
func crowd(ctx context.Context, n int, length time.Duration, f func(ctx context.Context) error) (rate float64, took []time.Duration, err error) {
	var all sync.WaitGroup
	var mu sync.Mutex
	var failed atomic.Pointer[error]
	start := time.Now()
	for range n {
		all.Go(func() {
			var mine []time.Duration
			for time.Since(start) < length && failed.Load() == nil {
				from := time.Now()
				if err := f(ctx); err != nil {
					failed.Store(&err)
					return
				}
				mine = append(mine, time.Since(from))
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
		})
	}
	all.Wait()
	if e := failed.Load(); e != nil {
		return 0, nil, *e
	}
	slices.Sort(took)
	return float64(len(took)) / time.Since(start).Seconds(), took, nil
}

const measureFor = 3 * time.Second

func (b *bench) appends(ctx context.Context) error {
	for _, writers := range []int{1, 16, 64} {
		_, s, err := b.newLedger(fmt.Sprintf("append-%d", writers))
		if err != nil {
			return err
		}
		before, fsync, err := b.syncs()
		if err != nil {
			return err
		}
		rate, took, err := crowd(ctx, writers, measureFor, func(ctx context.Context) error {
			_, err := s.Append(ctx, ledger.StreamID{Category: "project", ID: uuid.New()}, 0, []ledger.Proposed{benchEvent(proposal(0))})
			return err
		})
		if err != nil {
			return err
		}
		after, _, err := b.syncs()
		if err = errors.Join(err, s.Close()); err != nil {
			return err
		}
		b.add(figure{fmt.Sprintf("append, %d writers", writers), rate, "events/s", rate / ((before + after) / 2), "append+fsync", rank(took, 50), rank(took, 99)})
		if writers == 1 {
			b.add(figure{"one append, median", float64(took[len(took)/2].Microseconds()), "µs", float64(took[len(took)/2]) / float64(fsync), "median fsync", "", ""})
		}
	}
	return nil
}

func rank(took []time.Duration, percent int) string {
	return took[(len(took)-1)*percent/100].Round(10 * time.Microsecond).String()
}

// commands measures durable commands through the whole API on loopback.
func (b *bench) commands(ctx context.Context) error {
	l, s, err := b.newLedger("http")
	if err != nil {
		return err
	}
	token, err := issuer{l, console, ledger.Source{Kind: "process"}}.issue(ctx, "bench.manager", "service", []string{"PM"}, "bench", rand.Reader)
	if err != nil {
		return err
	}
	views, err := sqlite.OpenViews(filepath.Join(b.dir, "http-views.db"), l.ID, projections.Views(), time.Now)
	if err != nil {
		return err
	}
	accesses, err := sqlite.OpenTrace(filepath.Join(b.dir, "http-trace.db"), time.Now)
	if err != nil {
		return err
	}
	api, err := httpapi.New(httpapi.Config{
		Ledger: l, Feed: s, Reader: views, Views: projections.Views(), Reports: projections.Reports(), Trace: accesses,
		Log: slog.New(slog.DiscardHandler), Limits: httpapi.Limits{Requests: 1 << 20},
	})
	if err != nil {
		return err
	}
	for _, clients := range []int{1, 16, 64} {
		if err := b.commandsOf(ctx, clients, api, token); err != nil {
			return err
		}
	}
	return errors.Join(views.Close(), s.Close())
}

// commandsOf measures so many clients, with both baselines before and after.
func (b *bench) commandsOf(ctx context.Context, clients int, api http.Handler, token string) error {
	trivial := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusCreated)
	})
	var disk, handler float64
	baselines := func() error {
		rate, _, err := b.syncs()
		if err != nil {
			return err
		}
		disk += rate / 2
		answers, err := b.overHTTP(ctx, trivial, token, clients)
		handler += answers.rate / 2
		return err
	}
	if err := baselines(); err != nil {
		return err
	}
	commands, err := b.overHTTP(ctx, api, token, clients)
	if err != nil {
		return err
	}
	if err := baselines(); err != nil {
		return err
	}
	name := fmt.Sprintf("command over HTTP, %d clients", clients)
	b.add(figure{name, commands.rate, "commands/s", commands.rate / disk, "append+fsync", rank(commands.took, 50), rank(commands.took, 99)})
	b.add(figure{name, commands.rate, "commands/s", commands.rate / handler, "trivial handler", "", ""})
	b.add(figure{"processor time, client and server", commands.processor.Seconds() * 1e6, "µs/command", 0, "", "", ""})
	return nil
}

// answered is how a crowd fared over HTTP.
type answered struct {
	rate      float64
	took      []time.Duration // sorted
	processor time.Duration   // of client and server, a request
}

func (b *bench) overHTTP(ctx context.Context, h http.Handler, token string, clients int) (answered, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return answered{}, err
	}
	server := httpapi.Server(h, l.Addr().String())
	go func() { _ = server.Serve(l) }() // it ends with Close
	defer server.Close()
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	body, err := json.Marshal(ledger.Act{Data: proposalJSON})
	if err != nil {
		return answered{}, err
	}
	before, _ := used()
	rate, took, err := crowd(ctx, clients, measureFor, func(ctx context.Context) error {
		url := fmt.Sprintf("http://%s/v1/commands/project/%s/propose", l.Addr(), uuid.New())
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			return err
		}
		r.Header = http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}, "Idempotency-Key": {uuid.NewString()}}
		answer, err := client.Do(r)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		said, err := io.ReadAll(answer.Body)
		if answer.StatusCode != http.StatusCreated {
			return fmt.Errorf("%s: %s", answer.Status, said)
		}
		return err
	})
	after, _ := used()
	return answered{rate, took, (after - before) / time.Duration(max(1, len(took)))}, err
}

func proposal(i int) project.ProjectProposed {
	money := ledger.Money{Minor: 120_000_000, Currency: "CNY"}
	return project.ProjectProposed{
		Titles: ledger.Names{Zh: "大型离心压缩机转子动力学", En: "Rotor dynamics of large compressors"},
		Code:   fmt.Sprintf("P-2026-%06d", i), Action: 1, Tags: []string{"xinzihao", "equipment"}, Budget: &money,
	}
}

var proposalJSON, _ = json.Marshal(proposal(0))

// benchEvent is an event with an envelope of the usual size.
func benchEvent(e ledger.Event) ledger.Proposed {
	data, err := json.Marshal(e)
	if err != nil {
		panic(err) // our own types
	}
	command := uuid.New()
	return ledger.Proposed{ID: command, Type: e.EventType(), Data: data, Meta: ledger.Metadata{
		Ledger: command, Command: command, Correlation: command, Digest: fmt.Sprintf("%064x", command[:]),
		Actor: "bench.manager", Role: ledger.PM, OccurredOn: ledger.Day(2024, 5, 20), Source: ledger.Source{Kind: "api"},
	}}
}
