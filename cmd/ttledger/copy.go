package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"ttledger/adapters/esdb"
	"ttledger/adapters/sqlite"
	"ttledger/domain/ledger"
	"ttledger/projections"
)

func copyCommand() *cobra.Command {
	var from, to side
	var keyFile string
	c := &cobra.Command{
		Use:   "copy",
		Short: "copy a ledger between engines, event by event and to the byte 迁移",
		Long: `Copies a ledger from one store to another: a data directory, or esdb://… with the ledger's name
there. Ids, versions, envelopes, data and the order, and so the entry numbers, are the same
afterwards; read models are built anew by the next start.

What the target has already must be a beginning of the source, so a copy that was stopped goes on
where it was, and a target that differs is refused. Stop whoever writes the source first: what is
recorded while it runs may be missing at the end, and the next run copies it.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if from.store == "" || to.store == "" {
				return usageError{errors.New("say what to copy: --from and --to, each a data directory or esdb://…")}
			}
			return runCopy(c, from, to, keyFile)
		},
	}
	c.Flags().StringVar(&from.store, "from", "", "data directory or esdb://… to copy")
	c.Flags().StringVar(&from.name, "from-ledger", defaultLedger, "where it is esdb://…: the ledger's name there")
	c.Flags().StringVar(&to.store, "to", "", "data directory or esdb://… to copy to; begun where it is not there")
	c.Flags().StringVar(&to.name, "to-ledger", defaultLedger, "where it is esdb://…: the ledger's name there")
	c.Flags().StringVar(&keyFile, "key", "", "the ledger's keys/digest.key, where neither side is a directory that has it")
	return c
}

// side is one end of a copy.
type side struct{ store, name string }

func (s side) elsewhere() bool { return strings.Contains(s.store, "://") }

func (s side) String() string {
	if s.elsewhere() {
		return s.name + " on " + esdb.Redact(s.store)
	}
	return s.store
}

func (s side) key() string { return filepath.Join(s.store, "keys", "digest.key") }

func runCopy(c *cobra.Command, from, to side, keyFile string) (err error) {
	ctx := c.Context()
	secret, err := sharedKey(from, to, keyFile)
	if err != nil {
		return err
	}
	source, err := from.source(ctx, secret)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, done, err := to.target(ctx, source, secret)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	if source.LedgerID() != target.LedgerID() {
		return fmt.Errorf("%s is another ledger (%s) than %s (%s); nothing was copied", to, target.LedgerID(), from, source.LedgerID())
	}
	there, copied, err := transfer(ctx, source, target, c.ErrOrStderr())
	if err != nil {
		return fmt.Errorf("%w; %d events were there and %d were copied, which stay", err, there, copied)
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "copied %d events; %d were there before; both end at entry %d\n", copied, there, there+copied)
	return err
}

// sharedKey is the key of request digests, which goes with the ledger. Where both have one, it is
// the same.
func sharedKey(from, to side, keyFile string) (secret []byte, err error) {
	files := []string{keyFile}
	for _, s := range []side{from, to} {
		if !s.elsewhere() {
			files = append(files, s.key())
		}
	}
	for _, file := range files {
		if file == "" {
			continue
		}
		raw, err := os.ReadFile(file)
		switch {
		case errors.Is(err, fs.ErrNotExist) && file != keyFile:
		case err != nil:
			return nil, err
		case secret != nil && !bytes.Equal(secret, raw):
			return nil, fmt.Errorf("%s is another key than that of the source: it is another ledger's directory", file)
		default:
			secret = raw
		}
	}
	if secret == nil {
		return nil, usageError{errors.New("the ledger's key goes with it: --key FILE names its keys/digest.key")}
	}
	return secret, nil
}

// source opens what is copied.
func (s side) source(ctx context.Context, secret []byte) (store, error) {
	if s.elsewhere() {
		return esdb.Open(ctx, place{url: s.store, name: s.name}.esdb(secret))
	}
	return sqlite.OpenReadOnly(filepath.Join(s.store, "ledger.db"))
}

// target opens what is copied to, and begins it as the same ledger where it is not there.
func (s side) target(ctx context.Context, source store, secret []byte) (target store, done func() error, err error) {
	if s.elsewhere() {
		config := place{url: s.store, name: s.name}.esdb(secret)
		err := esdb.Begin(ctx, config, source.LedgerID())
		if err != nil && ledger.KindOf(err) != ledger.KindConflict {
			return nil, nil, err
		}
		opened, err := esdb.Open(ctx, config)
		if err != nil {
			return nil, nil, err
		}
		return opened, opened.Close, nil
	}
	d := &directory{place: place{data: s.store}}
	if err := d.suits(); err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(d.file("keys"), 0o700); err != nil {
		return nil, nil, err
	}
	if err := d.take(); err != nil {
		return nil, nil, err
	}
	if err := d.createAs(source.LedgerID(), secret); err != nil {
		return nil, nil, errors.Join(err, d.close())
	}
	if err := d.open(ctx); err != nil {
		return nil, nil, errors.Join(err, d.close())
	}
	return d.store, d.close, nil
}

// copyBatch is how many events are restored at once.
const copyBatch = 256

// transfer holds the target against the source and then restores what it has not.
func transfer(ctx context.Context, source, target store, progress io.Writer) (there, copied int64, err error) {
	next, stop := iter.Pull2(upToNow(ctx, target))
	defer stop()
	c := copying{target: target, show: progressLines(progress)}
	for want, err := range upToNow(ctx, source) {
		if err == nil && !c.ended {
			got, failed, more := next()
			c.ended, err = !more, failed
			if err == nil && more {
				err = c.compare(want, got)
			}
		}
		if err == nil && c.ended {
			err = c.add(ctx, want)
		}
		if err != nil {
			return c.there, c.copied, err
		}
	}
	if c.ended {
		err := c.flush(ctx)
		return c.there, c.copied, err
	}
	got, err, more := next()
	if err == nil && more {
		err = fmt.Errorf("the target goes on after entry %d, where the source ends: with %s version %d", c.there, got.Stream, got.Version)
	}
	return c.there, 0, err
}

// copying is a transfer under way.
type copying struct {
	target        store
	show          func(entry int64)
	ended         bool // the target has no more to compare
	batch         []ledger.Recorded
	there, copied int64
}

func (c *copying) compare(want, got ledger.Recorded) error {
	if !same(want, got) {
		return fmt.Errorf("the target differs at entry %d: %s version %d there, %s version %d in the source", c.there+1, got.Stream, got.Version, want.Stream, want.Version)
	}
	c.there++
	c.show(c.there)
	return nil
}

func (c *copying) add(ctx context.Context, r ledger.Recorded) error {
	if c.batch = append(c.batch, r); len(c.batch) < copyBatch {
		return nil
	}
	return c.flush(ctx)
}

func (c *copying) flush(ctx context.Context) error {
	if err := c.target.Restore(ctx, c.batch); err != nil {
		return fmt.Errorf("after entry %d: %w", c.there+c.copied, err)
	}
	c.copied += int64(len(c.batch))
	c.batch = c.batch[:0]
	c.show(c.there + c.copied)
	return nil
}

// upToNow is what a feed has until it is live.
func upToNow(ctx context.Context, feed projections.Feed) iter.Seq2[ledger.Recorded, error] {
	return func(yield func(ledger.Recorded, error) bool) {
		for batch, err := range feed.Follow(ctx, ledger.Position{}) {
			if err != nil {
				yield(ledger.Recorded{}, err)
				return
			}
			for _, r := range batch.Events {
				if !yield(r, nil) {
					return
				}
			}
			if batch.Live {
				return
			}
		}
	}
}

// same compares what is stored, to the byte. Positions are each store's own.
func same(a, b ledger.Recorded) bool {
	return a.ID == b.ID && a.Stream == b.Stream && a.Version == b.Version && a.Type == b.Type &&
		bytes.Equal(a.RawMeta, b.RawMeta) && bytes.Equal(a.Data, b.Data)
}

// progressLines says now and then how far a copy is.
func progressLines(w io.Writer) func(entry int64) {
	const step = 10_000
	last := int64(0)
	return func(entry int64) {
		if entry/step > last/step {
			fmt.Fprintf(w, "entry %d\n", entry)
		}
		last = entry
	}
}
