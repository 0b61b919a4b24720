package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ttledger/adapters/tlog"
	"ttledger/domain/ledger"
)

// manifest says what a backup holds. It is written last: a directory without it is no backup.
type manifest struct {
	Format int         `json:"format"`
	Part   string      `json:"part"` // ledger or vault
	Ledger uuid.UUID   `json:"ledger"`
	MadeAt time.Time   `json:"made_at"`
	Head   *mark       `json:"head,omitzero"` // of a ledger
	Files  []savedFile `json:"files"`
}

type savedFile struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

const (
	manifestFile   = "manifest.json"
	manifestFormat = 2 // 1 had another digest of the head, which is not compared
	partLedger     = "ledger"
	partVault      = "vault"
)

func backupCommand() *cobra.Command {
	var data, to, vaultTo string
	c := &cobra.Command{
		Use:   "backup",
		Short: "back up the ledger, and apart from it the keys of personal data; a server may run 备份",
		Long: "Writes the ledger to --to, and the vault with its keys to --vault-to, each with a manifest. Keep the two\n" +
			"apart: whoever has both can read personal data, and a copy of the vault that is kept for good keeps what\n" +
			"was erased since. A server may run meanwhile.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if data == "" {
				return errNoData
			}
			if err := apart(to, vaultTo); err != nil {
				return err
			}
			d, err := openToRead(c.Context(), place{data: data})
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, d.close()) }()
			// The ledger first: every key that it needs is then in the vault's copy.
			head, err := d.backUpLedger(c.Context(), to)
			if err != nil {
				return err
			}
			if err := d.backUpVault(vaultTo); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "backed up to entry %d; a restore can be held to it by --not-before %d:%s\n", head.Entry, head.Entry, head.Digest)
			return err
		},
	}
	c.Flags().StringVar(&data, "data", "", "data directory")
	c.Flags().StringVar(&to, "to", "", "directory for the ledger, new or empty")
	c.Flags().StringVar(&vaultTo, "vault-to", "", "directory for the vault and its keys, new or empty, elsewhere")
	return c
}

// apart refuses two destinations of which one is in the other.
func apart(to, vaultTo string) error {
	if to == "" || vaultTo == "" {
		return usageError{errors.New("say where to: --to DIR for the ledger and --vault-to DIR for the keys, apart from one another")}
	}
	for _, dir := range []string{to, vaultTo} {
		if err := emptyDirectory(dir); err != nil {
			return err
		}
	}
	a, errA := filepath.EvalSymlinks(to)
	b, errB := filepath.EvalSymlinks(vaultTo)
	if err := errors.Join(errA, errB); err != nil {
		return err
	}
	for _, pair := range [][2]string{{a, b}, {b, a}} {
		within, err := filepath.Rel(pair[0], pair[1])
		if err == nil && within != ".." && !strings.HasPrefix(within, ".."+string(filepath.Separator)) {
			return usageError{fmt.Errorf("the ledger and the vault must not go to one place: %s holds %s", pair[0], pair[1])}
		}
	}
	return nil
}

func emptyDirectory(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	inside, err := os.ReadDir(dir)
	if err == nil && len(inside) > 0 {
		return fmt.Errorf("%s is not empty; a backup goes to a directory of its own", dir)
	}
	return err
}

// backUpLedger copies the ledger as it stands at one moment, and reads the copy through.
func (d *directory) backUpLedger(ctx context.Context, to string) (head mark, err error) {
	// The log first: what it has signed is then in the ledger's copy.
	log, err := d.backUpLog(ctx, to)
	if err != nil {
		return head, err
	}
	if err := copyDatabase(d.file("ledger.db"), filepath.Join(to, "ledger.db"), "DELETE"); err != nil {
		return head, err
	}
	copied, err := openToRead(ctx, place{data: to})
	if err != nil {
		return head, err
	}
	_, head, err = checked(ctx, copied, 0, func(ledger.Entry, ledger.Recorded) {})
	if err = errors.Join(err, copied.close()); err != nil {
		return head, err
	}
	files := append([]string{"ledger.db"}, log...)
	if _, err := os.Stat(d.file("trace.db")); err == nil {
		if err := copyDatabase(d.file("trace.db"), filepath.Join(to, "trace.db"), "DELETE"); err != nil {
			return head, err
		}
		files = append(files, "trace.db")
	}
	blobs, err := copyTree(d.data, to, "blobs")
	if err != nil {
		return head, err
	}
	return head, writeManifest(to, manifest{Part: partLedger, Ledger: d.store.LedgerID(), Head: &head}, append(files, blobs...))
}

// backUpLog copies the transparency log as it was signed last.
func (d *directory) backUpLog(ctx context.Context, to string) (names []string, err error) {
	raw, err := d.proofs().Checkpoint(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var c tlog.Checkpoint
	if err == nil {
		c, err = tlog.ParseCheckpoint(raw)
	}
	keys, failed := d.proofs().Keys(ctx)
	if err := errors.Join(err, failed); err != nil {
		return nil, err
	}
	save := func(name string, data []byte) error {
		names = append(names, "log/"+name)
		file := filepath.Join(to, "log", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return err
		}
		return writeOut(file, nil, bytes.NewReader(data))
	}
	for _, tile := range tlog.TilesOf(c.N) {
		data, err := d.proofs().Tile(ctx, tile)
		if err == nil {
			err = save(tile, data)
		}
		if err != nil {
			return nil, err
		}
	}
	return names, errors.Join(save(tlog.KeysFile, keys), save(tlog.CheckpointFile, raw))
}

func (d *directory) backUpVault(to string) error {
	if err := copyDatabase(d.file("vault.db"), filepath.Join(to, "vault.db"), "DELETE"); err != nil {
		return err
	}
	keys, err := copyTree(d.data, to, "keys")
	if err != nil {
		return err
	}
	return writeManifest(to, manifest{Part: partVault, Ledger: d.store.LedgerID()}, append([]string{"vault.db"}, keys...))
}

// copyDatabase copies a database that others may be writing, as it is at one moment.
func copyDatabase(from, to, journal string) (err error) {
	if _, err := os.Stat(from); err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	src, err := sqlite.OpenConn(from, sqlite.OpenReadOnly)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	src.SetBusyTimeout(busyWait)
	dst, err := sqlite.OpenConn(to, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	b, err := sqlite.NewBackup(dst, "main", src, "main")
	if err != nil {
		return err
	}
	_, err = b.Step(-1)
	if err = errors.Join(err, b.Close()); err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return sqlitex.ExecuteTransient(dst, "PRAGMA journal_mode = "+journal, nil)
}

// busyWait is how long a copy waits for a writer to let go.
const busyWait = 10 * time.Second

// copyTree copies the files below a folder that may not be there, and lists them by their names
// from the directory on.
func copyTree(from, to, folder string) (names []string, err error) {
	err = filepath.WalkDir(filepath.Join(from, folder), func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		names = append(names, filepath.ToSlash(name))
		_, err = copyFile(path, filepath.Join(to, name))
		return err
	})
	return names, err
}

// copyFile copies a file durably and answers its SHA-256.
func copyFile(from, to string) (sum string, err error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return "", err
	}
	src, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(dst, h), src)
	return hex.EncodeToString(h.Sum(nil)), errors.Join(err, dst.Sync(), dst.Close())
}

func writeManifest(dir string, m manifest, names []string) error {
	m.Format, m.MadeAt = manifestFormat, time.Now().UTC().Truncate(time.Second)
	for _, name := range names {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		h := sha256.New()
		n, err := io.Copy(h, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		m.Files = append(m.Files, savedFile{name, n, hex.EncodeToString(h.Sum(nil))})
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return writeOut(filepath.Join(dir, manifestFile), nil, strings.NewReader(string(text)+"\n"))
}
