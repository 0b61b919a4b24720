package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"ttledger/adapters/sqlite"
	"ttledger/adapters/tlog"
	"ttledger/adapters/vault"
	"ttledger/domain/ledger"
	"ttledger/projections"
)

// views replays the events into read models of its own and holds those that are served against them.
func (v *verifying) views(ctx context.Context, d *directory) (err error) {
	if v.noViews {
		v.out.Views = "not compared, as asked"
		return nil
	}
	served, err := sqlite.OpenServed(d.file("views.db"))
	if errors.Is(err, fs.ErrNotExist) {
		v.out.Views = "there are none; they are built from the events at the next start"
		return nil
	}
	if err != nil {
		v.out.Add(tlog.Finding{Check: "views", What: "views.db cannot be read; delete it and it is built anew", Found: err.Error()})
		return nil
	}
	defer func() { err = errors.Join(err, served.Close()) }()
	if served.Fingerprint == "" {
		v.out.Views = "none has been served yet"
		return nil
	}
	if served.Fingerprint != projections.Fingerprint(projections.Views()) {
		v.out.Unsaid = "views.db was built by another release of this program: verify with that release, or with --no-views"
		v.out.Views = "not compared"
		return nil
	}
	anew, done, err := rebuild(ctx, d, served.Checkpoint.Entry)
	if err != nil {
		if ctx.Err() == nil {
			v.out.Add(tlog.Finding{Check: "views", What: "the events cannot be replayed", Found: err.Error()})
			return nil
		}
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	if served.Checkpoint.Entry > anew.Checkpoint.Entry {
		v.out.Add(tlog.Finding{Check: "views", Entry: served.Checkpoint.Entry, What: "the read models stand beyond the ledger",
			Expected: fmt.Sprint("at most ", anew.Checkpoint.Entry), Found: fmt.Sprint(served.Checkpoint.Entry)})
		return nil
	}
	list, count, err := served.Compare(ctx, anew, maxListed)
	if err != nil {
		return err
	}
	for _, x := range list {
		v.out.Add(tlog.Finding{Check: "views", Entry: x.Entry, What: fmt.Sprintf("a row of %s is not what the events come to: %s", x.View, x.Row), Expected: x.Expected, Found: x.Found})
	}
	v.out.Differences += count - len(list)
	v.out.Views = fmt.Sprintf("%d replayed from the events to entry %d and compared, row by row", len(projections.Views()), served.Checkpoint.Entry)
	return nil
}

const maxListed = 20

// rebuild folds the events up to an entry into read models in a temporary file.
func rebuild(ctx context.Context, d *directory, to ledger.Entry) (anew *sqlite.Served, done func() error, err error) {
	dir, err := os.MkdirTemp("", "ttledger-verify-")
	if err != nil {
		return nil, nil, err
	}
	file := filepath.Join(dir, "views.db")
	err = func() (err error) {
		views, err := sqlite.OpenViews(file, d.store.LedgerID(), projections.Views(), time.Now)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, views.Close()) }()
		generation, err := views.Generation(false)
		if err != nil {
			return err
		}
		return (&projections.Runner{
			Feed: upTo{d.store, to}, Streams: d.store, Docs: generation, Views: projections.Views(), Decode: d.ledger.Decode, Log: logger(io.Discard),
		}).CatchUp(ctx)
	}()
	if err == nil {
		anew, err = sqlite.OpenServed(file)
	}
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return anew, func() error { return errors.Join(anew.Close(), os.RemoveAll(dir)) }, nil
}

// upTo is a feed that ends at an entry.
type upTo struct {
	projections.Feed
	last ledger.Entry
}

func (u upTo) Follow(ctx context.Context, after ledger.Position) iter.Seq2[projections.Batch, error] {
	return func(yield func(projections.Batch, error) bool) {
		left := int64(u.last)
		for batch, err := range u.Feed.Follow(ctx, after) {
			if err == nil && int64(len(batch.Events)) >= left {
				batch.Events, batch.Live = batch.Events[:left], true
				if left > 0 {
					batch.Through = batch.Events[left-1].Position
				}
			}
			left -= int64(len(batch.Events))
			if !yield(batch, err) || err != nil {
				return
			}
		}
	}
}

// vault tells who was erased from who was lost: where the keys are at hand, each that is gone was
// decided on, and each decision was carried out.
func (v *verifying) vault(d *directory) error {
	if v.out.Entries < v.out.Sealed || v.broken() {
		v.out.Vault = "whose keys are gone was not compared, because the ledger could not be read to its end"
		return nil
	}
	keys, err := vault.Erasures(d.file("vault.db"))
	if errors.Is(err, fs.ErrNotExist) {
		v.out.Vault = "the keys of personal data are not at hand"
		return nil
	}
	if err != nil {
		v.out.Add(tlog.Finding{Check: "vault", What: "the keys of personal data cannot be read", Found: err.Error()})
		return nil
	}
	v.out.Vault = "each missing key was erased by one, and no other"
	found := func(subject uuid.UUID, entry ledger.Entry, what, expected, found string) {
		v.out.Add(tlog.Finding{Check: "vault", Entry: entry, What: fmt.Sprintf("person-%s: %s", subject, what), Expected: expected, Found: found})
	}
	for subject, entry := range v.persons.first {
		if _, there := keys[subject]; !there && v.persons.erased[subject] == 0 {
			found(subject, entry, "the key to what is sealed is missing, and no erasure was decided", "a key, or an erasure", "neither")
		}
	}
	for subject, gone := range keys {
		at := v.persons.erased[subject]
		switch {
		case v.persons.requests[subject]:
		case gone && at == 0:
			found(subject, v.persons.first[subject], "the key was destroyed, and no erasure was decided", "a recorded erasure", "none")
		case !gone && at != 0:
			found(subject, at, "an erasure was decided, and the key is still there; the next start of the server destroys it", "no key", "a key")
		}
	}
	return nil
}
