package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"ttledger/adapters/blobs"
	"ttledger/adapters/esdb"
	"ttledger/adapters/httpapi"
	"ttledger/adapters/oidc"
	"ttledger/adapters/sqlite"
	"ttledger/adapters/tlog"
	"ttledger/adapters/vault"
	"ttledger/adapters/webhook"
	"ttledger/projections"
)

func serveCommand() *cobra.Command {
	var where place
	var at front
	var o serveOptions
	c := &cobra.Command{
		Use:   "serve",
		Short: "serve a ledger over HTTP, beginning it where there is none 启动服务",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, log := c.Context(), logger(c.ErrOrStderr())
			change, err := o.settle(at)
			if err != nil {
				return err
			}
			d, token, err := beginDirectory(ctx, where)
			if err != nil {
				return err
			}
			defer d.close()
			if token != "" {
				fmt.Fprintf(c.ErrOrStderr(), "A new ledger was begun in %s. Its administrator's token, shown only now:\n%s\n", where.data, token)
			}
			s, err := newServer(d, log, change)
			if err != nil {
				return err
			}
			if s.tls, err = at.tls(log); err == nil {
				err = s.prove(o.seal, o.outside)
			}
			if err != nil {
				return errors.Join(err, s.close())
			}
			at.warn(log)
			return s.run(ctx, at.listen, func(address string) {
				fmt.Fprintln(c.OutOrStdout(), "listening on", address)
			})
		},
	}
	where.flags(c, "data directory")
	at.flags(c)
	o.flags(c)
	return c
}

// serveOptions is what of the API an operator decides.
type serveOptions struct {
	requests                             int
	issuer, clientID, secretFile, public string
	seal                                 bool
	outside                              []string
}

func (o *serveOptions) flags(c *cobra.Command) {
	c.Flags().IntVar(&o.requests, "max-requests", 2000, "requests a second of one principal, four times as many at once; of one address without a token a tenth")
	c.Flags().StringVar(&o.issuer, "oidc-issuer", "", "URL of the issuer of identities (OpenID Connect) by which people may sign in")
	c.Flags().StringVar(&o.clientID, "oidc-client-id", "", "who this server is to the issuer")
	c.Flags().StringVar(&o.secretFile, "oidc-secret-file", "", "file with the secret it has there; none for a public client")
	c.Flags().StringVar(&o.public, "public-url", "", "address by which browsers reach this server, such as https://ledger.example.org; for the issuer")
	c.Flags().BoolVar(&o.seal, "seal", false, "with --store: this process, of all that serve the ledger, grows and signs its transparency log")
	c.Flags().StringSliceVar(&o.outside, "outside-checkpoint", nil, "file with a checkpoint that is kept outside; nothing below it or beside it is signed")
}

// settle checks all of it before anything is opened.
func (o serveOptions) settle(at front) (func(*httpapi.Config), error) {
	proxies, err := at.check()
	if err != nil {
		return nil, err
	}
	if o.requests < 1 {
		return nil, usageError{errors.New("--max-requests is 1 or more")}
	}
	var identities httpapi.Issuer
	if o.issuer != "" || o.clientID != "" {
		public, err := url.Parse(o.public)
		if o.issuer == "" || o.clientID == "" || err != nil || public.Host == "" {
			return nil, usageError{errors.New("--oidc-issuer, --oidc-client-id and --public-url go together")}
		}
		c := oidc.Config{Issuer: o.issuer, ClientID: o.clientID, Redirect: public.JoinPath("session/oidc/callback").String(), Now: time.Now}
		if o.secretFile != "" {
			secret, err := os.ReadFile(o.secretFile)
			if err != nil {
				return nil, err
			}
			c.Secret = strings.TrimSpace(string(secret))
		}
		identities = oidc.New(c)
	}
	return func(c *httpapi.Config) {
		c.Proxies, c.Issuer, c.Limits.Requests = proxies, identities, o.requests
	}, nil
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
	eraser *vault.Eraser // nil where there is no vault
	pulse  pulse
	trace  *sqlite.Trace
	seals  *sealer
	proof  *tlog.Sealer // nil where another process seals
	tls    *tls.Config  // nil for none
	api    http.Handler
	log    *slog.Logger

	metrics *metrics
}

func newServer(d *directory, log *slog.Logger, change ...func(*httpapi.Config)) (*server, error) {
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
	if s.trace, err = sqlite.OpenTrace(d.file("trace.db"), time.Now); err != nil {
		return nil, errors.Join(err, s.views.Close())
	}
	s.seals = &sealer{trace: s.trace, ledger: d.ledger, log: log}
	s.pulse.status, s.pulse.behind = s.runner.Status, d.store.Behind
	m := newMetrics(lag{s.runner.Status, d.store.Behind})
	s.metrics = m
	if s.eraser != nil {
		m.erasures(s.eraser.Failing)
	}
	switch store := d.store.(type) {
	case *sqlite.Store:
		store.Watch(m.committed)
	case *esdb.Store:
		store.Watch(m.appended)
	}
	s.hooks.Observe = m.attempted
	if err := m.hooks(s.hooks); err != nil {
		return nil, errors.Join(err, s.close())
	}
	config := httpapi.Config{
		Ledger: d.ledger, Feed: d.store, Reader: s.views, Trace: s.trace, Proofs: d.proofs(), Files: blobs.Dir(d.file("blobs")),
		Views: projections.Views(), Reports: projections.Reports(),
		Log: log, Version: version, Ready: s.ready, Observe: m.answered, Readers: m.readers, Metrics: m.handler(),
	}
	for _, f := range change {
		f(&config)
	}
	api, err := httpapi.New(config)
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	if s.api, err = s.pages(api, log); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *server) close() error { return errors.Join(s.views.Close(), s.trace.Close()) }

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
	if s.eraser != nil {
		if err := s.eraser.CatchUp(ctx); err != nil {
			return errors.Join(err, s.close())
		}
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return errors.Join(err, s.close())
	}
	address := "http://" + l.Addr().String()
	if s.tls != nil {
		address = "https://" + l.Addr().String()
	}
	if err := s.d.sign(address); err != nil {
		return errors.Join(err, l.Close(), s.close())
	}
	models, stopModels := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { _ = s.runner.Run(models) }) // what ends it stands in the log and in /readyz
	running.Go(func() { s.pulse.run(models) })
	running.Go(func() { s.seals.run(models) })
	running.Go(func() { s.attend(models) })
	if s.proof != nil {
		running.Go(func() { s.proof.Run(models) })
	}
	if s.eraser != nil {
		running.Go(func() { s.eraser.Run(models) })
		running.Go(func() { s.retain(models) })
	}
	running.Go(func() {
		if err := s.hooks.Run(models); err != nil && models.Err() == nil {
			s.log.Error("webhooks stopped", "err", err)
		}
	})
	h := httpapi.Server(s.api, l.Addr().String())
	served := make(chan error, 1)
	h.ErrorLog, h.TLSConfig = slog.NewLogLogger(s.log.Handler(), slog.LevelWarn), s.tls
	go func() {
		if s.tls != nil {
			served <- h.ServeTLS(l, "", "")
			return
		}
		served <- h.Serve(l)
	}()
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
	s.sealLast(ctx)
	return errors.Join(err, s.close())
}
