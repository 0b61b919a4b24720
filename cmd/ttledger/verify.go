package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"ttledger/adapters/tlog"
	"ttledger/domain/ledger"
	"ttledger/domain/person"
)

// errDifferent is a verification that found a difference; exit 3.
var errDifferent = errors.New("what was verified is not what was recorded")

// verification is what `ttledger verify` found.
type verification struct {
	Target string `json:"target"`
	tlog.Outcome
	Unsealed ledger.Entry `json:"unsealed"`         // entries after the checkpoint, which are proven by the next
	Erased   int          `json:"erased"`           // persons whose data is gone by a recorded decision
	Views    string       `json:"views"`            // what of the read models was compared
	Vault    string       `json:"vault"`            // whether the keys of personal data were at hand
	Unsaid   string       `json:"unsaid,omitzero"`  // why it cannot be said that all agrees
	OK       bool         `json:"ok"`               //
	Seconds  float64      `json:"seconds"`          //
	Receipt  *receiptRead `json:"receipt,omitzero"` // where one was verified
}

// verifying is one run of it.
type verifying struct {
	place
	tokenFile string
	stdin     io.Reader
	older     []string
	keys      []string
	noViews   bool
	show      func(done, total int)

	out     verification
	persons persons
}

func verifyCommand() *cobra.Command {
	var v verifying
	var asJSON bool
	c := &cobra.Command{
		Use:   "verify DIR|URL|BUNDLE|RECEIPT",
		Short: "verify a ledger, a server, an audit bundle or a receipt 核验",
		Long: `Verifies without trusting whoever keeps the ledger: the stored bytes of every event come to its leaf,
the leaves to the tiles and the root, the root is the one that was signed, and the history goes on from
every checkpoint that you kept (--checkpoint). The events are replayed into fresh read models, which are
compared with those that are served.

What is verified is a data directory (a server may run), a server (an auditor's token), an audit bundle
(a zip file, or the directory it was unpacked to) or a receipt. Without a checkpoint of your own, whoever
has every file and the signing key can have rewritten it all; with one, nothing below it.

Exit 0 where all agrees, 3 where there is a difference, 1 where it could not be verified.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			v.stdin, v.show = c.InOrStdin(), steps(c.ErrOrStderr(), "entries")
			start := time.Now()
			if err := v.run(c.Context(), args[0]); err != nil {
				return err
			}
			v.out.Seconds = time.Since(start).Seconds()
			v.out.OK = v.out.Differences == 0 && v.out.Unsaid == ""
			return v.out.print(c.OutOrStdout(), asJSON)
		},
	}
	c.Flags().StringArrayVar(&v.older, "checkpoint", nil, "a checkpoint that you kept: a file, or the line ORIGIN SIZE ROOT itself; may be repeated")
	c.Flags().StringArrayVar(&v.keys, "key", nil, "public key of the log that you kept: a file, or the line itself; without it, those that the log names")
	c.Flags().BoolVar(&v.noViews, "no-views", false, "do not replay the events into read models and compare them")
	c.Flags().StringVar(&v.tokenFile, "token-file", "", "with a URL: file with an auditor's token; - is standard input")
	c.Flags().StringVar(&v.url, "store", "", "with a directory: esdb://… where its events live in an EventStoreDB")
	c.Flags().StringVar(&v.name, "ledger", defaultLedger, "with --store: the ledger's name there")
	c.Flags().BoolVar(&asJSON, "json", false, "the result as JSON")
	return c
}

func (v *verifying) run(ctx context.Context, target string) error {
	v.out.Target, v.out.Findings = target, []tlog.Finding{}
	older, err := kept(v.older, tlog.ParseCheckpoint)
	if err != nil {
		return usageError{fmt.Errorf("--checkpoint: %w", err)}
	}
	keys, err := kept(v.keys, func(text []byte) ([]string, error) { return tlog.ParseKeys(text), nil })
	if err != nil {
		return usageError{fmt.Errorf("--key: %w", err)}
	}
	a := tlog.Audit{Older: older, Each: v.each}
	for _, list := range keys {
		a.Keys = append(a.Keys, list...)
	}
	if strings.HasPrefix(target, "http://") || strings.HasPrefix(target, "https://") {
		return v.server(ctx, target, a)
	}
	info, err := os.Stat(target)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return v.file(ctx, target, a)
	case exists(filepath.Join(target, bundleEvents)):
		return v.bundle(ctx, os.DirFS(target), a)
	}
	return v.directory(ctx, target, a)
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// kept reads what an auditor kept: each a file, or the text itself.
func kept[T any](list []string, parse func([]byte) (T, error)) (all []T, err error) {
	for _, text := range list {
		raw, err := os.ReadFile(text)
		if err != nil {
			raw = []byte(text)
		}
		one, err := parse(raw)
		if err != nil {
			return nil, fmt.Errorf("%q is no file that can be read, nor what is asked for: %w", text, err)
		}
		all = append(all, one)
	}
	return all, nil
}

// broken says that the ledger could not be read to its end.
func (v *verifying) broken() bool {
	return slices.ContainsFunc(v.out.Findings, func(f tlog.Finding) bool { return f.Check == "entry" && f.Entry > v.out.Entries })
}

// each is told of every event.
func (v *verifying) each(entry ledger.Entry, r ledger.Recorded) {
	v.persons.note(entry, r)
	v.show(int(entry), max(int(entry), int(v.out.Sealed)))
}

// audit runs the part that is the same for all: the ledger against its log.
func (v *verifying) audit(ctx context.Context, a tlog.Audit) error {
	if raw, err := a.Log(ctx, tlog.CheckpointFile); err == nil {
		if c, err := tlog.ParseCheckpoint(raw); err == nil && c.N < 1<<40 {
			v.out.Sealed = ledger.Entry(c.N) // for the bar
		}
	}
	out, err := a.Run(ctx)
	if err != nil {
		return err
	}
	v.out.Outcome = out
	v.out.Unsealed = max(out.Entries, out.Sealed) - out.Sealed
	v.out.Erased = len(v.persons.erased)
	return nil
}

// directory verifies a data directory, in all its parts.
func (v *verifying) directory(ctx context.Context, dir string, a tlog.Audit) (err error) {
	v.data = dir
	d, err := v.openDirectory(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	a.Ledger, a.Log, a.Events = d.store.LedgerID(), d.proofs().Get, upToNow(ctx, d.store)
	if err := v.audit(ctx, a); err != nil {
		return err
	}
	if err := v.vault(d); err != nil {
		return err
	}
	return v.views(ctx, d)
}

// openDirectory opens a directory to be verified. A ledger of which not even that can be read any
// more is a difference, and not a failure to look.
func (v *verifying) openDirectory(ctx context.Context) (*directory, error) {
	if !exists(filepath.Join(v.data, "ledger.db")) && !v.elsewhere() {
		if exists(filepath.Join(v.data, "log", tlog.CheckpointFile)) {
			return nil, fmt.Errorf("%w: %s has a log and no ledger.db", errDifferent, v.data)
		}
		return nil, fmt.Errorf("there is no ledger in %s", v.data)
	}
	d, err := openToRead(ctx, v.place)
	if err != nil && !v.elsewhere() {
		return nil, fmt.Errorf("%w: the ledger cannot be opened: %w", errDifferent, err)
	}
	return d, err
}

// persons is who is in a ledger, and whose data is gone by a decision that it holds.
type persons struct {
	first    map[uuid.UUID]ledger.Entry // that holds something sealed under their key
	erased   map[uuid.UUID]ledger.Entry // that records the decision
	requests map[uuid.UUID]bool         // for approval, each of which has a key until it is settled
}

var erasure = person.DataErased{}.EventType()

func (p *persons) note(entry ledger.Entry, r ledger.Recorded) {
	if p.first == nil {
		p.first, p.erased, p.requests = map[uuid.UUID]ledger.Entry{}, map[uuid.UUID]ledger.Entry{}, map[uuid.UUID]bool{}
	}
	if r.Stream.Category == ledger.Approvals.Category {
		p.requests[r.Stream.ID] = true
	}
	for _, s := range r.Meta.Subjects {
		if p.first[s] == 0 && !p.requests[s] {
			p.first[s] = entry
		}
	}
	if r.Type == erasure {
		p.erased[r.Stream.ID] = entry
	}
}

// print says how it went; the error is the exit.
func (v *verification) print(w io.Writer, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(v); err != nil {
			return err
		}
		return v.verdict()
	}
	for _, f := range v.Findings {
		at := ""
		if f.Entry > 0 {
			at = fmt.Sprintf("entry %d: ", f.Entry)
		}
		fmt.Fprintf(w, "DIFFERS  %-12s %s%s\n", f.Check, at, f.What)
		if f.Expected != "" || f.Found != "" {
			fmt.Fprintf(w, "           expected  %s\n           found     %s\n", f.Expected, f.Found)
		}
	}
	if more := v.Differences - len(v.Findings); more > 0 {
		fmt.Fprintf(w, "and %d more differences like these\n", more)
	}
	if v.Receipt != nil {
		v.Receipt.print(w)
		return v.verdict()
	}
	fmt.Fprintf(w, "%s\n  ledger      %s, %d entries, of which %d are not signed yet\n  checkpoint  %s\n  views       %s\n  persons     %d erased by a recorded decision; %s\n",
		v.Target, v.Ledger, v.Entries, v.Unsealed, v.Checkpoint, v.Views, v.Erased, v.Vault)
	if v.OK {
		fmt.Fprintf(w, "verified: everything agrees / 核验通过\n")
	}
	return v.verdict()
}

func (v *verification) verdict() error {
	if v.Differences > 0 {
		return fmt.Errorf("%w: %d differences / 核验发现 %d 处不一致", errDifferent, v.Differences, v.Differences)
	}
	if v.Unsaid != "" {
		return errors.New(v.Unsaid)
	}
	return nil
}
