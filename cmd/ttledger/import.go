package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"ttledger/adapters/httpapi"
	"ttledger/adapters/importer"
	"ttledger/domain/ledger"
)

func importCommand() *cobra.Command {
	var at access
	var as, approverFile, statedOn, report string
	var sheet blank
	var asJSON bool
	c := &cobra.Command{
		Use:   "import FILE...",
		Short: "record the rows of files through the same commands as everyone 导入",
		Long: `Records the rows of files through the same commands, rules and roles as everyone. Each row ends
accepted or refused, with file, line, field and reason in the report. Running an import again adds
nothing, and one that was stopped or killed goes on where it was.

Any command can be imported: --template writes it as an empty table, and --as template takes the
table filled in and saved as CSV UTF-8.

Two people import: who prepares (--token-file, role PM; INC for asf) and who approves what needs four eyes
(--approver-token-file, role APR).`,
		Args: func(c *cobra.Command, files []string) error {
			if sheet.name != "" && len(files) > 0 {
				return errors.New("--template writes an empty table and takes no files")
			}
			if sheet.name != "" {
				return nil
			}
			return cobra.MinimumNArgs(1)(c, files)
		},
		RunE: func(c *cobra.Command, files []string) (err error) {
			if sheet.name != "" {
				return sheet.write(c)
			}
			if err := knownFormat(as); err != nil {
				return err
			}
			o := importer.Options{Report: report}
			if statedOn != "" {
				if o.StatedOn, err = ledger.ParseDate(statedOn); err != nil {
					return usageError{err}
				}
			}
			o.Progress = progress(c.ErrOrStderr())
			return at.both(c, approverFile, func(to importer.Ledger, preparer, approver ledger.Actor) error {
				o.Preparer, o.Approver = preparer, approver
				f, err := formatOf(c.Context(), as, to)
				if err != nil {
					return err
				}
				return runImport(c, to, f, files, o, asJSON)
			})
		},
	}
	at.flags(c)
	sheet.flags(c)
	c.Flags().StringVar(&as, "as", "", "format of the files: "+strings.Join(formatNames(), ", "))
	c.Flags().StringVar(&approverFile, "approver-token-file", "", "file with the approver's token")
	c.Flags().StringVar(&statedOn, "stated-on", "", "the day the publisher stated what the files say; dates facts that the files do not date")
	c.Flags().StringVar(&report, "report", "import-report.csv", "file to write the row report to")
	c.Flags().BoolVar(&asJSON, "json", false, "the summary as JSON")
	return c
}

// blank is an empty template to write.
type blank struct{ name, out, lang string }

func (b *blank) flags(c *cobra.Command) {
	c.Flags().StringVar(&b.name, "template", "", "write the template of a command instead, such as project/propose")
	c.Flags().StringVarP(&b.out, "out", "o", "-", "file to write the template to; - is standard output")
	c.Flags().StringVar(&b.lang, "lang", "zh-CN", "language of the template's labels: zh-CN or en")
}

func (b *blank) write(c *cobra.Command) error {
	if b.lang != "zh-CN" && b.lang != "en" {
		return usageError{fmt.Errorf("--lang is zh-CN or en, not %q", b.lang)}
	}
	raw, err := httpapi.Template(aggregates, b.name, b.lang)
	if err != nil {
		return usageError{err}
	}
	return writeOut(b.out, c.OutOrStdout(), bytes.NewReader(raw))
}

func formatNames() []string {
	names := []string{importer.TemplateName}
	for _, f := range importer.Formats {
		names = append(names, f.Name)
	}
	return names
}

func knownFormat(name string) error {
	if names := formatNames(); !slices.Contains(names, name) {
		return usageError{fmt.Errorf("--as says the format of the files: one of %s", strings.Join(names, ", "))}
	}
	return nil
}

// formatOf is a format by its name. Templates are those of the ledger that takes the commands.
func formatOf(ctx context.Context, name string, to importer.Ledger) (importer.Format, error) {
	for _, f := range importer.Formats {
		if f.Name == name {
			return f, nil
		}
	}
	if server, ok := to.(remote); ok {
		catalogue, err := server.catalogue(ctx)
		if err != nil {
			return importer.Format{}, err
		}
		return importer.Templates(catalogue, nil)
	}
	catalogue, err := httpapi.Catalogue(aggregates)
	if err != nil {
		return importer.Format{}, err
	}
	check, err := httpapi.Checker(aggregates)
	if err != nil {
		return importer.Format{}, err
	}
	return importer.Templates(catalogue, check)
}

func runImport(c *cobra.Command, to importer.Ledger, f importer.Format, files []string, o importer.Options, asJSON bool) error {
	summary, err := importer.Run(c.Context(), to, f, files, o)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(c.OutOrStdout()).Encode(summary)
	}
	if err := summary.Print(c.OutOrStdout()); err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.OutOrStdout(), "report:", o.Report)
	return err
}

// both is open for two people.
func (a *access) both(c *cobra.Command, approverFile string, f func(to importer.Ledger, preparer, approver ledger.Actor) error) error {
	if approverFile == "" {
		return usageError{errors.New("what needs four eyes needs a second person: --approver-token-file FILE")}
	}
	return a.open(c, func(to commander, preparer ledger.Actor) error {
		token, err := readToken(approverFile, c.InOrStdin())
		if err != nil {
			return err
		}
		if client, ok := to.(*httpapi.Client); ok {
			second := *client
			second.Token = token
			preparer, approver := ledger.Actor{Handle: "preparer"}, ledger.Actor{Handle: "approver"}
			return f(remote{map[string]*httpapi.Client{"preparer": client, "approver": &second}}, preparer, approver)
		}
		local := to.(*ledger.Ledger)
		approver, err := authenticateWith(c.Context(), local, token)
		if err != nil {
			return fmt.Errorf("%s: %w", approverFile, err)
		}
		if _, queue := local.Streams.(importer.Queue); !queue {
			return f(importer.Beside{Ledger: local, N: sideBySide}, preparer, approver)
		}
		return f(importer.Local{Ledger: local}, preparer, approver)
	})
}

// remote sends an import's commands to a server, which knows each person by the token.
type remote struct{ clients map[string]*httpapi.Client }

// maxCatalogue bounds what is read of a server's commands.
const maxCatalogue = 16 << 20

// catalogue is the commands as the server has them.
func (r remote) catalogue(ctx context.Context) ([]byte, error) {
	answer, err := r.clients["preparer"].Get(ctx, "/v1/commands")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(io.LimitReader(answer.Body, maxCatalogue))
}

// sideBySide is how many requests of one call are under way at once.
const sideBySide = 16

func (r remote) Do(ctx context.Context, requests []ledger.Request) []importer.Outcome {
	return importer.SideBySide(sideBySide, requests, func(q ledger.Request) (ledger.Receipt, error) {
		return r.clients[q.Actor.Handle].Do(ctx, q)
	})
}

// progress shows a bar on a terminal, and a plain line every few seconds elsewhere.
func progress(w io.Writer) func(done, total int) {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		var bar *progressbar.ProgressBar
		return func(done, total int) {
			if bar == nil {
				bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(w), progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("row"), progressbar.OptionClearOnFinish())
			}
			_ = bar.Set(done) // a bar that cannot be drawn is no reason to stop
		}
	}
	var last time.Time
	return func(done, total int) {
		if now := time.Now(); done == total || now.Sub(last) >= 2*time.Second {
			last = now
			fmt.Fprintf(w, "%d of %d rows\n", done, total)
		}
	}
}
