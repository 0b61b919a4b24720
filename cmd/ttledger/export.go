package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"ttledger/adapters/httpapi"
	"ttledger/domain/ledger"
)

func exportCommand() *cobra.Command {
	root := &cobra.Command{Use: "export", Short: "write events, a view, a report or an audit bundle to a file 导出"}
	root.AddCommand(
		bundleCommand(),
		exportOf("events", "every event in order, with the stored bytes", cobra.NoArgs, "ndjson", func([]string) string { return "/v1/events" }),
		exportOf("view NAME", "all rows of a read model at a moment", cobra.ExactArgs(1), "csv", func(args []string) string { return "/v1/views/" + url.PathEscape(args[0]) }),
		exportOf("issued KEY", "an issued report, as the file it was", cobra.ExactArgs(1), "", func(args []string) string { return "/v1/issued-reports/" + url.PathEscape(args[0]) }),
		exportOf("report CODE", "a report at a moment", cobra.ExactArgs(1), "csv", func(args []string) string { return "/v1/reports/" + url.PathEscape(args[0]) }),
	)
	return root
}

// exportOf is one export: the same answer as the API gives, from a server or from the directory.
func exportOf(use, short string, args cobra.PositionalArgs, format string, path func([]string) string) *cobra.Command {
	var at access
	var out, asOf, knownAt string
	var params []string
	c := &cobra.Command{Use: use, Short: short, Args: args, RunE: func(c *cobra.Command, args []string) error {
		query := url.Values{}
		for name, value := range map[string]string{"format": format, "as-of": asOf, "known-at": knownAt} {
			if value != "" {
				query.Set(name, value)
			}
		}
		for _, p := range params {
			name, value, ok := strings.Cut(p, "=")
			if !ok {
				return usageError{fmt.Errorf("--param is name=value, not %q", p)}
			}
			query.Add(name, value)
		}
		return at.fetch(c, path(args)+"?"+query.Encode(), out)
	}}
	at.flags(c)
	c.Flags().StringVar(&format, "format", format, "json, ndjson, csv or xlsx (events: json or ndjson)")
	c.Flags().StringVarP(&out, "out", "o", "-", "file to write, whole or not at all; - is standard output")
	c.Flags().StringVar(&knownAt, "known-at", "", "K: an entry number or an instant")
	if use != "events" {
		c.Flags().StringVar(&asOf, "as-of", "", "T: a date")
	}
	c.Flags().StringArrayVar(&params, "param", nil, "filter or parameter as the API takes it, name=value; may be repeated")
	return c
}

// fetch writes an answer of the API to a file.
func (a *access) fetch(c *cobra.Command, path, out string) error {
	if a.server != "" {
		token, err := readToken(a.tokenFile, c.InOrStdin())
		if err != nil {
			return err
		}
		client := &httpapi.Client{Server: a.server, Token: token}
		answer, err := client.Get(c.Context(), path)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		return writeOut(out, c.OutOrStdout(), answer.Body)
	}
	token, err := readToken(a.tokenFile, c.InOrStdin())
	if err != nil {
		return err
	}
	return a.fetchHere(c, token, path, out)
}

// fetchHere asks the API in this process. Read models are brought up to date where nobody else
// writes the directory; beside a server they are its own.
func (a *access) fetchHere(c *cobra.Command, token, path, out string) (err error) {
	d, err := openDirectory(c.Context(), a.place)
	locked := ledger.CodeOf(err) == "locked"
	if locked {
		d, err = openToRead(c.Context(), a.place)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	s, err := newServer(d, logger(io.Discard))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if !locked {
		if err := errors.Join(s.eraser.CatchUp(c.Context()), s.runner.CatchUp(c.Context())); err != nil {
			return err
		}
	}
	from, to := io.Pipe()
	go func() { to.CloseWithError(ask(c.Context(), s.api, token, path, to)) }()
	return writeOut(out, c.OutOrStdout(), from)
}

// ask makes one request of a handler and writes its answer's body.
func ask(ctx context.Context, api http.Handler, token, path string, w io.Writer) (err error) {
	defer func() {
		// A handler that has begun to answer has no other way to say that it failed.
		if v := recover(); v == http.ErrAbortHandler {
			err = errors.New("the export broke off")
		} else if v != nil {
			panic(v)
		}
	}()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	a := &answer{header: http.Header{}, to: w}
	api.ServeHTTP(a, r)
	return a.refused()
}

// answer takes a handler's answer: its body to a writer, or a problem kept as the error.
type answer struct {
	header  http.Header
	status  int
	to      io.Writer
	problem strings.Builder
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) { a.status = status }

func (a *answer) Write(p []byte) (int, error) {
	if a.status >= 300 {
		return a.problem.Write(p)
	}
	return a.to.Write(p)
}

// FlushError has nothing to do: the reader of a pipe takes each write at once.
func (a *answer) FlushError() error { return nil }

func (a *answer) refused() error {
	if a.status < 300 {
		return nil
	}
	return fmt.Errorf("%s", strings.TrimSpace(a.problem.String()))
}

// writeOut copies to standard output, or to a file that appears only when it is whole.
func writeOut(out string, stdout io.Writer, from io.Reader) (err error) {
	if out == "-" {
		_, err := io.Copy(stdout, from)
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(out), ".export-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if _, err := io.Copy(f, from); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), out)
}
