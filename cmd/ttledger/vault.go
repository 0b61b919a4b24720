package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/google/uuid"

	"ttledger/adapters/vault"
	"ttledger/domain/ledger"
	"ttledger/domain/person"
)

// masterKeyVariable names a file outside the data directory, such as one that a key service
// mounts; without it the key stands in keys/master.key.
const masterKeyVariable = "TTLEDGER_MASTER_KEY_FILE"

func (d *directory) masterKeyFile() string {
	return cmp.Or(os.Getenv(masterKeyVariable), d.file("keys/master.key"))
}

// openVault opens the vault, beginning it where the ledger holds nothing that needs one.
func (d *directory) openVault() error {
	if _, err := os.Stat(d.file("vault.db")); errors.Is(err, fs.ErrNotExist) {
		if err := d.beginVault(); err != nil {
			return err
		}
	}
	master, err := vault.ReadMasterKey(d.masterKeyFile())
	if err != nil {
		return err
	}
	d.vault, err = vault.Open(d.file("vault.db"), master, d.store.LedgerID())
	return err
}

// beginVault makes an empty vault under another name until it is whole. Where events hold what
// was sealed, an empty vault would hide that the one with their keys is missing.
func (d *directory) beginVault() error {
	sealed, err := d.sealedEvents()
	if err != nil {
		return err
	}
	if sealed > 0 {
		return fmt.Errorf("vault.db is missing, and %d events hold personal data sealed under its keys: restore it, and keys/master.key, from their backup", sealed)
	}
	master, err := vault.ReadMasterKey(d.masterKeyFile())
	if errors.Is(err, fs.ErrNotExist) && os.Getenv(masterKeyVariable) == "" {
		if err := os.MkdirAll(d.file("keys"), 0o700); err != nil {
			return err
		}
		master, err = vault.NewMasterKey(d.masterKeyFile())
	}
	if err != nil {
		return err
	}
	unfinished := d.file("vault.db.new")
	if err := os.Remove(unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := vault.Create(unfinished, master, d.store.LedgerID()); err != nil {
		return err
	}
	return os.Rename(unfinished, d.file("vault.db"))
}

// sealedEvents counts the events that hold something about a person.
func (d *directory) sealedEvents() (n int, err error) {
	for batch, err := range d.store.Follow(context.Background(), ledger.Position{}) {
		if err != nil {
			return n, err
		}
		for _, r := range batch.Events {
			if len(r.Meta.Subjects) > 0 {
				n++
			}
		}
		if batch.Live {
			break
		}
	}
	return n, nil
}

// eraser carries out the erasures of a directory.
func (d *directory) eraser(log *slog.Logger) *vault.Eraser {
	return &vault.Eraser{Feed: d.store, Vault: d.vault, Log: log, Erases: func(r ledger.Recorded) (uuid.UUID, bool) {
		return r.Stream.ID, r.Type == person.DataErased{}.EventType()
	}}
}
