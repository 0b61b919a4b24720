package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"ttledger/adapters/esdb"
	"ttledger/adapters/sqlite"
	"ttledger/domain/ledger"
	"ttledger/projections"
)

// store is where the events live: a file in the directory, or an EventStoreDB.
type store interface {
	ledger.Streams
	projections.Feed
	LedgerID() uuid.UUID
	Behind(ctx context.Context, after ledger.Position) (events int64, since time.Time, err error)
	Restore(ctx context.Context, events []ledger.Recorded) error
	Close() error
}

// place says where a ledger is: its directory and, where its events live in an EventStoreDB, the
// address of that and the name the ledger has there.
type place struct{ data, url, name string }

const defaultLedger = "ttledger"

func (p *place) flags(c *cobra.Command, data string) {
	c.Flags().StringVar(&p.data, "data", "", data)
	c.Flags().StringVar(&p.url, "store", "", "esdb://… where the events live in an EventStoreDB; the directory then keeps the rest")
	c.Flags().StringVar(&p.name, "ledger", defaultLedger, "with --store: the ledger's name there")
}

// elsewhere says that the events live in an EventStoreDB.
func (p place) elsewhere() bool { return p.url != "" }

func (p place) esdb(secret []byte) esdb.Config {
	return esdb.Config{URL: p.url, Ledger: p.name, Secret: secret, Now: time.Now}
}

// markerFile says, in a directory whose events live elsewhere, which ledger it serves.
const markerFile = "store.json"

type marker struct {
	Name   string    `json:"name"`
	Ledger uuid.UUID `json:"ledger"`
}

// suits refuses a directory that is another ledger's, before anything is touched.
func (d *directory) suits() error {
	m, marked, err := d.marked()
	switch {
	case err != nil:
		return err
	case !d.elsewhere() && marked:
		return fmt.Errorf("%s serves the ledger %s, whose events live in an event store; say where: --store esdb://… --ledger %s", d.data, m.Name, m.Name)
	case d.elsewhere() && marked && m.Name != d.name:
		return fmt.Errorf("%s serves the ledger %s and not %s; take another directory, or --ledger %s", d.data, m.Name, d.name, m.Name)
	}
	if _, err := os.Stat(d.file("ledger.db")); d.elsewhere() && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s keeps a ledger of its own (ledger.db); take another directory with --store, or `ttledger copy` it there", d.data)
	}
	return nil
}

func (d *directory) marked() (m marker, ok bool, err error) {
	raw, err := os.ReadFile(d.file(markerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, false, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	if err != nil {
		return m, false, fmt.Errorf("%s: %w", d.file(markerFile), err)
	}
	return m, true, nil
}

// mark notes which ledger the directory serves, once.
func (d *directory) mark() error {
	m, marked, err := d.marked()
	if err != nil {
		return err
	}
	if !marked {
		raw, err := json.Marshal(marker{d.name, d.store.LedgerID()})
		if err != nil {
			return err
		}
		return os.WriteFile(d.file(markerFile), raw, 0o600)
	}
	if m.Ledger != d.store.LedgerID() {
		return fmt.Errorf("%s serves the ledger %s, and %s on this event store is the ledger %s; take another directory", d.data, m.Ledger, d.name, d.store.LedgerID())
	}
	return nil
}

// openStore opens where the events live, and reads the secret.
func (d *directory) openStore(ctx context.Context) (secret []byte, err error) {
	secret, err = os.ReadFile(d.file("keys/digest.key"))
	if err != nil {
		return nil, fmt.Errorf("the secret of request digests is needed to tell a repeat from a new request: %w", err)
	}
	if !d.elsewhere() {
		s, err := sqlite.Open(d.file("ledger.db"), time.Now)
		if err == nil {
			d.store = s
		}
		return secret, err
	}
	s, err := esdb.Open(ctx, d.esdb(secret))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", esdb.Redact(d.url), err)
	}
	d.store = s
	return secret, nil
}

// createElsewhere begins a ledger in an EventStoreDB where none has the name. Of several processes
// that try at once one wins; the others open it, if they have its key.
func (d *directory) createElsewhere(ctx context.Context) error {
	secret, fresh, err := d.ensureKey()
	if err != nil {
		return err
	}
	err = d.openOrBegin(ctx, secret)
	if ledger.CodeOf(err) == "other-key" && fresh {
		err = errors.Join(err, os.Remove(d.file("keys/digest.key"))) // to make room for the right one
	}
	return err
}

func (d *directory) openOrBegin(ctx context.Context, secret []byte) error {
	open := func() error {
		s, err := esdb.Open(ctx, d.esdb(secret))
		if err != nil {
			return fmt.Errorf("%s: %w", esdb.Redact(d.url), err)
		}
		return s.Close()
	}
	_, marked, err := d.marked()
	if err != nil {
		return err
	}
	// A directory that has served a ledger begins no other: it was pointed at the wrong place.
	if err := open(); marked || ledger.KindOf(err) != ledger.KindNotFound {
		return err
	}
	if err := esdb.Begin(ctx, d.esdb(secret), uuid.New()); ledger.KindOf(err) != ledger.KindConflict {
		return err
	}
	return open()
}

// ensureKey is the key of the directory, made where there is none: before the ledger is, so that a
// crash leaves no ledger without one, and whole or not at all, so that processes may share keys/.
func (d *directory) ensureKey() (secret []byte, fresh bool, err error) {
	path := d.file("keys/digest.key")
	f, err := os.CreateTemp(d.file("keys"), ".digest.key-*") // 0600
	if err != nil {
		return nil, false, err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	secret = make([]byte, 32)
	rand.Read(secret)
	_, err = f.Write(secret)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, false, err
	}
	err = os.Link(f.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		secret, err = os.ReadFile(path)
		return secret, false, err
	}
	return secret, true, err
}
