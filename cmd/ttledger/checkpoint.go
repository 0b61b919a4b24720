package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"ttledger/adapters/httpapi"
	"ttledger/adapters/tlog"
	"ttledger/domain/ledger"
)

func checkpointCommand() *cobra.Command {
	var data, server, out string
	var asLine bool
	c := &cobra.Command{
		Use:   "checkpoint",
		Short: "the signed checkpoint, to be kept elsewhere 检查点",
		Long: `Prints the signed checkpoint of the transparency log. Keep it where whoever runs the ledger cannot
change it: on paper, in a mail, with an auditor. ` + "`ttledger verify --checkpoint`" + ` then shows whether anything
that was recorded up to it was changed since.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			text, err := readCheckpoint(c.Context(), data, server)
			if err != nil {
				return err
			}
			if asLine {
				parsed, err := tlog.ParseCheckpoint(text)
				if err != nil {
					return err
				}
				text = []byte(parsed.Line() + "\n")
			}
			return writeOut(out, c.OutOrStdout(), strings.NewReader(string(text)))
		},
	}
	c.PersistentFlags().StringVar(&data, "data", "", "data directory")
	c.Flags().StringVar(&server, "server", "", "address of a server; its checkpoint is public")
	c.Flags().StringVarP(&out, "out", "o", "-", "file to write; - is standard output")
	c.Flags().BoolVar(&asLine, "line", false, "as one line to print, to mail or to read out: ORIGIN SIZE ROOT")
	c.AddCommand(
		keyCommand("rotate", "add a signing key, which signs beside the one there is from the next start on", &data, tlog.RotateKey),
		keyCommand("retire", "end the older of two signing keys, from the next start on", &data, tlog.RetireKey),
	)
	return c
}

func readCheckpoint(ctx context.Context, data, server string) ([]byte, error) {
	if (data == "") == (server == "") {
		return nil, usageError{errors.New("say whose: --data DIR or --server URL")}
	}
	if server != "" {
		return (&audited{client: &httpapi.Client{Server: server}}).fetch(ctx, tlog.CheckpointFile)
	}
	return (&directory{place: place{data: data}}).proofs().Checkpoint(ctx)
}

// keyCommand is one step of giving the log another key.
func keyCommand(verb, short string, data *string, step func(file, origin string) (string, error)) *cobra.Command {
	return &cobra.Command{
		Use: verb, Short: short, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			d := &directory{place: place{data: *data}}
			if *data == "" {
				return errNoData
			}
			line, err := d.proofs().Line(c.Context())
			if err != nil {
				return fmt.Errorf("nothing was signed here yet: %w", err)
			}
			origin, _, _ := strings.Cut(line, " ")
			public, err := step(d.logKey(), origin)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), public)
			return err
		},
	}
}

// reach calls f with a way to the API: a server's, or this process's own over the directory.
func (a *access) reach(c *cobra.Command, f func(*audited) error) (err error) {
	if (a.data == "") == (a.server == "") {
		return usageError{fmt.Errorf("say where the ledger is: --data DIR, or --server URL where one is running")}
	}
	token, err := readToken(a.tokenFile, c.InOrStdin())
	if err != nil {
		return err
	}
	if a.server != "" {
		return f(&audited{client: &httpapi.Client{Server: a.server, Token: token}})
	}
	d, err := openDirectory(c.Context(), a.place)
	locked := ledger.CodeOf(err) == "locked"
	if locked {
		d, err = openToRead(c.Context(), a.place)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	s, err := newServer(d, logger(io.Discard), func(c *httpapi.Config) { c.Limits.Requests = 1 << 20 })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if !locked {
		if err := s.upToDate(c.Context()); err != nil {
			return err
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	h := httpapi.Server(s.api, l.Addr().String())
	h.ErrorLog = slog.NewLogLogger(s.log.Handler(), slog.LevelWarn)
	go func() { _ = h.Serve(l) }() // it ends with Close
	defer func() { err = errors.Join(err, h.Close()) }()
	return f(&audited{client: &httpapi.Client{Server: "http://" + l.Addr().String(), Token: token}})
}

// upToDate does once what a running server does all the time.
func (s *server) upToDate(ctx context.Context) error {
	if err := s.prove(!s.d.elsewhere(), nil); err != nil {
		return err
	}
	if s.eraser != nil {
		if err := s.eraser.CatchUp(ctx); err != nil {
			return err
		}
	}
	if s.proof != nil {
		if err := s.proof.CatchUp(ctx); err != nil {
			return err
		}
	}
	return s.runner.CatchUp(ctx)
}
