// Package vault keeps the keys that personal data is sealed under: vault.db, one key a subject,
// each wrapped by a master key that is kept elsewhere. It is the SQLite form of ledger.Vault.
//
// It is a file of its own, backed up apart from the ledger, because destroying a key is what
// erases a person: from the ledger, its copies, exports and backups at once. So the file leaves
// nothing of a destroyed key behind: the row is overwritten where it stands, there is no
// write-ahead log, and the rollback journal is gone before Erase answers. What lies below the
// file system (blocks of flash, snapshots) is beyond it.
//
// Read in this order: vault.go (the file), cipher.go (what is done with a key), master.go (the
// master key) and eraser.go (what carries erasures out).
package vault

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ttledger/domain/ledger"
)

//go:embed vault.sql
var schema string

const (
	applicationID = 0x74746c76 // "ttlv": the file is a vault
	formatLevel   = 1
	lockWait      = 5 * time.Second // for a backup to let go
)

// Vault is ledger.Vault in a file that one process has open for writing.
type Vault struct {
	ledgerID uuid.UUID
	master   cipher.AEAD

	mu   sync.Mutex // over conn, and over making a key against destroying it
	conn *sqlite.Conn
	own  []byte // the vault's own key
}

// Create makes an empty vault for a ledger, under a master key. It refuses a path that is taken.
func Create(path string, master MasterKey, ledgerID uuid.UUID) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("create vault: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("create vault: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("create vault %s: %w", path, errors.Join(err, os.Remove(path)))
		}
	}()
	conn, err := connect(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	own := wrap(gcm(master[:]), newKey(), ledgerID, uuid.Nil)
	return sqlitex.ExecuteScript(conn, fmt.Sprintf("%s\nINSERT INTO vault (one, ledger, own) VALUES (1, '%s', x'%s');\nPRAGMA application_id = %d;\nPRAGMA user_version = %d;",
		schema, ledgerID, hex.EncodeToString(own), applicationID, formatLevel), nil)
}

// Open opens the vault of a ledger. It refuses a file that is none, another ledger's vault and
// another master key.
func Open(path string, master MasterKey, ledgerID uuid.UUID) (*Vault, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no vault at %s", path)
	}
	conn, err := connect(path)
	if err != nil {
		return nil, fmt.Errorf("open vault: %w", err)
	}
	v := &Vault{ledgerID: ledgerID, master: gcm(master[:]), conn: conn}
	if err := v.identify(); err != nil {
		return nil, fmt.Errorf("open vault %s: %w", path, errors.Join(err, conn.Close()))
	}
	return v, nil
}

func connect(path string) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	conn.SetBusyTimeout(lockWait)
	for _, pragma := range []string{
		"journal_mode = DELETE", // a write-ahead log would keep old pages
		"secure_delete = ON",
		"synchronous = EXTRA", // the journal, with the key in it, is gone for good before the answer
		"temp_store = MEMORY",
		"cell_size_check = ON",
	} {
		if err := sqlitex.ExecuteTransient(conn, "PRAGMA "+pragma, nil); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}

func (v *Vault) identify() error {
	for pragma, want := range map[string]int64{"application_id": applicationID, "user_version": formatLevel} {
		stmt, err := v.conn.Prepare("PRAGMA " + pragma)
		if err != nil {
			return err
		}
		got, err := sqlitex.ResultInt64(stmt)
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("it is no vault that this release reads: its %s is %d, not %d", pragma, got, want)
		}
	}
	var belongs string
	var own []byte
	err := sqlitex.Execute(v.conn, "SELECT ledger, own FROM vault", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		belongs, own = s.ColumnText(0), blob(s, 1)
		return nil
	}})
	if err != nil {
		return err
	}
	if belongs != v.ledgerID.String() {
		return fmt.Errorf("it belongs to the ledger %s, not %s", belongs, v.ledgerID)
	}
	if v.own, err = unwrap(v.master, own, v.ledgerID, uuid.Nil); err != nil {
		return errors.New("it was made under another master key")
	}
	return nil
}

// Close closes the file.
func (v *Vault) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.conn.Close()
}

// Seal is that of ledger.Vault.
func (v *Vault) Seal(ctx context.Context, subject uuid.UUID, kind string, text []byte) ([]byte, error) {
	if subject == uuid.Nil {
		return nil, errors.New("vault: nothing is sealed for nobody")
	}
	key, err := v.key(ctx, subject, true)
	if err != nil {
		return nil, err
	}
	return seal(key, text, v.bound(subject, kind)), nil
}

// Open is that of ledger.Vault.
func (v *Vault) Open(ctx context.Context, subject uuid.UUID, kind string, sealed []byte) ([]byte, error) {
	key, err := v.key(ctx, subject, false)
	if err != nil {
		return nil, err
	}
	return unseal(key, sealed, v.bound(subject, kind))
}

// bound is what a ciphertext belongs to. It is the same in an event, a state and a read model.
func (v *Vault) bound(subject uuid.UUID, kind string) []byte {
	return record("ttl/personal/v1", v.ledgerID[:], subject[:], []byte(kind))
}

// Digest is that of ledger.Vault.
func (v *Vault) Digest(ctx context.Context, subject uuid.UUID, purpose string, data []byte) ([]byte, error) {
	key := v.own
	if subject != uuid.Nil {
		var err error
		if key, err = v.key(ctx, subject, true); err != nil {
			return nil, err
		}
	}
	return digest(key, record("ttl/digest/v1", v.ledgerID[:], []byte(purpose), data)), nil
}

// key is a subject's key, made durably where there is none and it is wanted. No key is kept in
// memory beyond the call.
func (v *Vault) key(ctx context.Context, subject uuid.UUID, wanted bool) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	var wrapped []byte
	erased := false
	err := v.execute("SELECT wrapped, erased FROM keys WHERE subject = ?", func(s *sqlite.Stmt) {
		wrapped, erased = blob(s, 0), s.ColumnInt64(1) == 1
	}, subject[:])
	switch {
	case err != nil:
		return nil, fmt.Errorf("vault: %w", err)
	case erased:
		return nil, ledger.ErasedSubject(subject)
	case wrapped != nil:
		return unwrap(v.master, wrapped, v.ledgerID, subject)
	case !wanted:
		return nil, fmt.Errorf("vault: there is no key of %s; was an older vault restored?", subject)
	}
	key := newKey()
	err = v.execute("INSERT INTO keys (subject, wrapped, erased) VALUES (?, ?, 0)", nil, subject[:], wrap(v.master, key, v.ledgerID, subject))
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return key, nil
}

// Erase is that of ledger.Vault.
func (v *Vault) Erase(ctx context.Context, subject uuid.UUID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	err := v.execute(`INSERT INTO keys (subject, wrapped, erased) VALUES (?, zeroblob(60), 1)
		ON CONFLICT (subject) DO UPDATE SET wrapped = zeroblob(60), erased = 1 WHERE erased = 0`, nil, subject[:])
	if err != nil {
		return fmt.Errorf("vault: erase %s: %w", subject, err)
	}
	return nil
}

// Erased lists the subjects whose keys were destroyed.
func (v *Vault) Erased(ctx context.Context) ([]uuid.UUID, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var list []uuid.UUID
	err := v.execute("SELECT subject FROM keys WHERE erased = 1 ORDER BY subject", func(s *sqlite.Stmt) {
		list = append(list, uuid.UUID(blob(s, 0)))
	})
	return list, errors.Join(err, ctx.Err())
}

// Knows says whether there is a key of a subject, or was one that was erased.
func (v *Vault) Knows(ctx context.Context, subject uuid.UUID) (bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	known := false
	err := v.execute("SELECT 1 FROM keys WHERE subject = ?", func(*sqlite.Stmt) { known = true }, subject[:])
	return known, errors.Join(err, ctx.Err())
}

// execute runs a statement that is prepared once, with blobs for its parameters.
func (v *Vault) execute(query string, row func(*sqlite.Stmt), args ...[]byte) error {
	stmt, err := v.conn.Prepare(query)
	if err != nil {
		return err
	}
	defer stmt.Reset()
	defer stmt.ClearBindings()
	for i, a := range args {
		stmt.BindBytes(i+1, a)
	}
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return err
		}
		if row != nil {
			row(stmt)
		}
	}
}

func blob(s *sqlite.Stmt, column int) []byte {
	b := make([]byte, s.ColumnLen(column))
	s.ColumnBytes(column, b)
	return b
}

func newKey() []byte {
	key := make([]byte, keyBytes)
	rand.Read(key) // it does not fail
	return key
}

// Erasures says of each subject that a vault has or had a key of whether it was erased. It opens no
// key and needs none, so that an auditor may ask beside whoever writes the vault.
func Erasures(path string) (erased map[uuid.UUID]bool, err error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	conn.SetBusyTimeout(auditorWait)
	erased = map[uuid.UUID]bool{}
	return erased, sqlitex.ExecuteTransient(conn, "SELECT subject, erased FROM keys", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		subject, err := uuid.FromBytes(blob(s, 0))
		erased[subject] = s.ColumnInt64(1) == 1
		return err
	}})
}

// auditorWait is how long an auditor waits for a writer to let go.
const auditorWait = 5 * time.Second
