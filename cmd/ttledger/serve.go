package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"ttledger/adapters/httpapi"
	"ttledger/adapters/sqlite"
	"ttledger/adapters/vault"
	"ttledger/adapters/webhook"
	"ttledger/projections"
)

func serveCommand() *cobra.Command {
	var data, listen string
	c := &cobra.Command{
		Use:   "serve",
		Short: "serve a ledger over HTTP, beginning it where there is none 启动服务",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx := c.Context()
			d, token, err := beginDirectory(ctx, data)
			if err != nil {
				return err
			}
			defer d.close()
			if token != "" {
				fmt.Fprintf(c.ErrOrStderr(), "A new ledger was begun in %s. Its administrator's token, shown only now:\n%s\n", data, token)
			}
			s, err := newServer(d, logger(c.ErrOrStderr()))
			if err != nil {
				return err
			}
			return s.run(ctx, listen, func(address string) {
				fmt.Fprintln(c.OutOrStdout(), "listening on", address)
			})
		},
	}
	c.Flags().StringVar(&data, "data", "", "data directory")
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "address to listen on; port 0 takes a free one")
	return c
}

// logger writes JSON lines, or text where a person watches.
func logger(w io.Writer) *slog.Logger {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return slog.New(slog.NewTextHandler(w, nil))
	}
	return slog.New(slog.NewJSONHandler(w, nil))
}

// server is a directory with its read models and its API.
type server struct {
	d      *directory
	views  *sqlite.Views
	runner *projections.Runner
	hooks  *webhook.Sender
	eraser *vault.Eraser // nil where the directory is only read
	pulse  pulse
	api    http.Handler
	log    *slog.Logger
}

func newServer(d *directory, log *slog.Logger) (*server, error) {
	s := &server{d: d, log: log}
	if d.vault != nil {
		s.eraser = d.eraser(log)
	}
	var err error
	if s.hooks, err = d.webhooks(log); err != nil {
		return nil, err
	}
	if s.views, s.runner, err = d.readModels(false, log); err != nil {
		return nil, err
	}
	s.pulse.status, s.pulse.behind = s.runner.Status, d.store.Behind
	m := newMetrics(lag{s.runner.Status, d.store.Behind})
	if s.eraser != nil {
		m.erasures(s.eraser.Failing)
	}
	d.store.Watch(m.committed)
	s.api, err = httpapi.New(httpapi.Config{
		Ledger: d.ledger, Feed: d.store, Reader: s.views,
		Views: projections.Views(), Reports: projections.Reports(),
		Log: log, Version: version, Ready: s.ready, Observe: m.answered, Metrics: m.handler(),
	})
	if err != nil {
		return nil, errors.Join(err, s.views.Close())
	}
	return s, nil
}

// readyWait bounds a look into the read models.
const readyWait = 2 * time.Second

// ready is what /readyz shows: the pulse, and whether the read models can be read.
func (s *server) ready(ctx context.Context) []httpapi.Check {
	ctx, cancel := context.WithTimeout(ctx, readyWait)
	defer cancel()
	_, err := s.views.Checkpoint(ctx)
	reading := httpapi.Check{Name: "reading", OK: err == nil}
	if err != nil {
		reading.Detail = "the read models cannot be read"
	}
	return append(s.pulse.checks(), reading)
}

// drain is how long requests under way may take to finish at the end.
const drain = 10 * time.Second

// run serves until ctx ends, then shuts down in order of dependence: requests may wait for read
// models, and read models read the store, which the caller closes last.
func (s *server) run(ctx context.Context, listen string, started func(address string)) error {
	// Before anybody is answered: what was erased is gone, from a restored vault too.
	if err := s.eraser.CatchUp(ctx); err != nil {
		return errors.Join(err, s.views.Close())
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return errors.Join(err, s.views.Close())
	}
	address := "http://" + l.Addr().String()
	if err := s.d.sign(address); err != nil {
		return errors.Join(err, l.Close(), s.views.Close())
	}
	models, stopModels := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { _ = s.runner.Run(models) }) // what ends it stands in the log and in /readyz
	running.Go(func() { s.pulse.run(models) })
	running.Go(func() { s.eraser.Run(models) })
	running.Go(func() { s.retain(models) })
	running.Go(func() {
		if err := s.hooks.Run(models); err != nil && models.Err() == nil {
			s.log.Error("webhooks stopped", "err", err)
		}
	})
	h := httpapi.Server(s.api, l.Addr().String())
	served := make(chan error, 1)
	go func() { served <- h.Serve(l) }()
	started(address)
	select {
	case err = <-served:
	case <-ctx.Done():
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		if err = h.Shutdown(last); err != nil {
			err = errors.Join(err, h.Close())
		}
	}
	stopModels()
	running.Wait()
	return errors.Join(err, s.views.Close())
}
