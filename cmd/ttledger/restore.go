package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	sqlitestore "ttledger/adapters/sqlite"
	"ttledger/adapters/tlog"
	"ttledger/adapters/vault"
	"ttledger/domain/ledger"
)

func restoreCommand() *cobra.Command {
	var r restoring
	var notBefore, erased string
	c := &cobra.Command{
		Use:   "restore",
		Short: "make a data directory from backups, once they are found whole 恢复",
		Long: "Makes a data directory from a backup of the ledger and one of the vault, which may be of different days.\n" +
			"Every file is held against its manifest and every event is read before the ledger is there to be served.\n" +
			"What the ledger says was erased is erased from the restored vault too. --not-before refuses a backup that\n" +
			"is behind a known state; --erased carries out erasures that a backup is too old to know of.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if r.data == "" {
				return errNoData
			}
			if r.from == "" || r.vaultFrom == "" {
				return usageError{errors.New("say what from: --from DIR for the ledger and --vault-from DIR for the keys")}
			}
			if r.notBefore, err = parseMark(notBefore); err != nil {
				return err
			}
			if r.erased, err = readErased(erased); err != nil {
				return err
			}
			done, err := r.run(c.Context())
			if err != nil {
				return err
			}
			if done.locked > 0 {
				fmt.Fprintf(c.ErrOrStderr(), "the vault is older than the ledger: %d persons were entered since, and what is held of them cannot be read\n", done.locked)
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "restored to entry %d, digest %s; %d persons stay erased\n", done.head.Entry, done.head.Digest, done.erased)
			return err
		},
	}
	c.Flags().StringVar(&r.data, "data", "", "data directory to make, new or empty")
	c.Flags().StringVar(&r.from, "from", "", "backup of the ledger")
	c.Flags().StringVar(&r.vaultFrom, "vault-from", "", "backup of the vault")
	c.Flags().StringVar(&notBefore, "not-before", "", "ENTRY or ENTRY:DIGEST that the ledger must have reached, as a backup says at its end; or a file with a checkpoint")
	c.Flags().StringVar(&erased, "erased", "", "file of pseudonyms that were erased, as `privacy erased` lists them")
	return c
}

// parseMark reads ENTRY or ENTRY:DIGEST, or a checkpoint from a file.
func parseMark(text string) (m mark, err error) {
	if text == "" {
		return m, nil
	}
	if raw, err := os.ReadFile(text); err == nil {
		c, err := tlog.ParseCheckpoint(raw)
		if err != nil {
			return m, usageError{fmt.Errorf("--not-before: %s: %w", text, err)}
		}
		return markOf(c.Tree), nil
	}
	entry, digest, stated := strings.Cut(text, ":")
	n, err := strconv.ParseUint(entry, 10, 63)
	if err != nil || n == 0 || stated && len(digest) != 64 {
		return m, usageError{fmt.Errorf("--not-before is ENTRY or ENTRY:DIGEST, as a backup says at its end, not %q", text)}
	}
	return mark{ledger.Entry(n), strings.ToLower(digest)}, nil
}

func readErased(file string) (list []uuid.UUID, err error) {
	if file == "" {
		return nil, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" {
			continue
		}
		id, err := uuid.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s line %d: %q is not a pseudonym", file, n, text)
		}
		list = append(list, id)
	}
	return list, lines.Err()
}

// restoring is one restore.
type restoring struct {
	data, from, vaultFrom string
	notBefore             mark
	erased                []uuid.UUID
}

// restoreResult is what a restore came to.
type restoreResult struct {
	head   mark
	erased int // persons whose keys are destroyed
	locked int // persons whose keys are not in the vault, which is too old
}

func (done *restoreResult) count(ctx context.Context, v *vault.Vault, subjects map[uuid.UUID]bool) error {
	gone, err := v.Erased(ctx)
	if err != nil {
		return err
	}
	done.erased = len(gone)
	for s := range subjects {
		known, err := v.Knows(ctx, s)
		if err != nil {
			return err
		}
		if !known {
			done.locked++
		}
	}
	return nil
}

// unverified is the name a ledger has until it is found whole: nothing serves it.
const unverified = "ledger.db.new"

func (r restoring) run(ctx context.Context) (done restoreResult, err error) {
	if err := os.MkdirAll(r.data, 0o700); err != nil {
		return done, err
	}
	// What is there may be newer than the backup, a vault above all.
	if inside, err := os.ReadDir(r.data); err != nil || slices.ContainsFunc(inside, func(e fs.DirEntry) bool { return e.Name() != "lock" }) {
		return done, errors.Join(fmt.Errorf("%s is not empty; restore beside what is there, then move it", r.data), err)
	}
	d := &directory{place: place{data: r.data}}
	if err := d.take(); err != nil {
		return done, err
	}
	defer func() {
		err = errors.Join(err, d.close())
		if err != nil {
			err = errors.Join(err, r.discard())
		}
	}()
	m, err := r.copyParts()
	if err != nil {
		return done, err
	}
	subjects := map[uuid.UUID]bool{}
	if done.head, err = r.verify(ctx, d, m, subjects); err != nil {
		return done, err
	}
	if err = r.eraseAgain(ctx, d); err != nil {
		return done, err
	}
	if err = done.count(ctx, d.vault, subjects); err != nil {
		return done, err
	}
	// An empty log left by reading is not the new ledger's.
	if err := errors.Join(d.store.Close(), removeFiles(filepath.Join(r.data, unverified), "-wal", "-shm")); err != nil {
		return done, err
	}
	return done, os.Rename(filepath.Join(r.data, unverified), filepath.Join(r.data, "ledger.db"))
}

// copyParts copies both backups, each file held against its manifest.
func (r restoring) copyParts() (m manifest, err error) {
	m, err = readManifest(r.from, partLedger)
	if err != nil {
		return m, err
	}
	v, err := readManifest(r.vaultFrom, partVault)
	if err != nil {
		return m, err
	}
	if m.Ledger != v.Ledger {
		return m, fmt.Errorf("the backups are of two ledgers: %s is of %s, %s of %s", r.from, m.Ledger, r.vaultFrom, v.Ledger)
	}
	return m, errors.Join(m.copyTo(r.from, r.data), v.copyTo(r.vaultFrom, r.data))
}

func readManifest(dir, part string) (m manifest, err error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return m, fmt.Errorf("%s is not a whole backup: %w", dir, err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%s: the manifest cannot be read: %w", dir, err)
	}
	if m.Format < 1 || m.Format > manifestFormat || m.Part != part {
		return m, fmt.Errorf("%s holds a backup of the %s, format %d; a %s of format %d or before is needed", dir, m.Part, m.Format, part, manifestFormat)
	}
	return m, nil
}

func (m manifest) copyTo(from, to string) error {
	for _, f := range m.Files {
		if !filepath.IsLocal(f.Name) {
			return fmt.Errorf("the manifest of %s names a file outside of it: %q", from, f.Name)
		}
		target := f.Name
		if target == "ledger.db" {
			target = unverified
		}
		sum, err := copyFile(filepath.Join(from, f.Name), filepath.Join(to, target))
		if err != nil {
			return err
		}
		if sum != f.SHA256 {
			return fmt.Errorf("%s in %s was changed since it was backed up: its SHA-256 is %s and the manifest says %s", f.Name, from, sum, f.SHA256)
		}
	}
	return nil
}

// verify reads the whole ledger, and holds it against its manifest and what must be in it. It
// notes whose keys protect something.
func (r restoring) verify(ctx context.Context, d *directory, m manifest, subjects map[uuid.UUID]bool) (head mark, err error) {
	path := filepath.Join(r.data, unverified)
	if err := logged(path); err != nil {
		return head, err
	}
	if d.store, err = sqlitestore.OpenReadOnly(path); err != nil {
		return head, err
	}
	d.ledger = &ledger.Ledger{ID: d.store.LedgerID(), Streams: d.store, Aggregates: aggregates}
	at, head, err := checked(ctx, d, r.notBefore.Entry, func(_ ledger.Entry, e ledger.Recorded) {
		for _, s := range e.Meta.Subjects {
			if s != e.Stream.ID || e.Stream.Category != ledger.Approvals.Category { // a settled request's own key is gone by design
				subjects[s] = true
			}
		}
	})
	switch {
	case err != nil:
		return head, err
	case m.Head == nil || m.Head.Entry != head.Entry || m.Format == manifestFormat && *m.Head != head || d.store.LedgerID() != m.Ledger:
		return head, fmt.Errorf("the ledger ends at entry %d, digest %s, and its manifest says otherwise", head.Entry, head.Digest)
	case head.Entry < r.notBefore.Entry:
		return head, fmt.Errorf("the backup ends at entry %d, before entry %d that it must have reached; take a newer one", head.Entry, r.notBefore.Entry)
	case r.notBefore.Digest != "" && at.Digest != r.notBefore.Digest:
		return head, fmt.Errorf("at entry %d the digest is %s, not %s: this is another history", at.Entry, at.Digest, r.notBefore.Digest)
	}
	return head, nil
}

// logged makes a copied ledger write ahead again, as a ledger does.
func logged(path string) error {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	return errors.Join(sqlitex.ExecuteTransient(conn, "PRAGMA journal_mode = WAL", nil), conn.Close())
}

// eraseAgain destroys in the restored vault the keys of all who were erased.
func (r restoring) eraseAgain(ctx context.Context, d *directory) error {
	master, err := vault.ReadMasterKey(d.masterKeyFile())
	if err != nil {
		return err
	}
	if d.vault, err = vault.Open(d.file("vault.db"), master, d.store.LedgerID()); err != nil {
		return err
	}
	if err := d.eraser(slog.New(slog.DiscardHandler)).CatchUp(ctx); err != nil {
		return err
	}
	for _, subject := range r.erased {
		if err := d.vault.Erase(ctx, subject); err != nil {
			return err
		}
	}
	return nil
}

// discard removes what a restore that failed has copied.
func (r restoring) discard() error {
	return errors.Join(
		removeFiles(filepath.Join(r.data, unverified), "", "-wal", "-shm"),
		removeFiles(filepath.Join(r.data, "vault.db"), "", "-journal"),
		removeFiles(filepath.Join(r.data, "trace.db"), "", "-wal", "-shm"),
		os.RemoveAll(filepath.Join(r.data, "keys")), os.RemoveAll(filepath.Join(r.data, "log")), os.RemoveAll(filepath.Join(r.data, "blobs")))
}

func removeFiles(path string, suffixes ...string) error {
	var failed error
	for _, s := range suffixes {
		if err := os.Remove(path + s); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}
