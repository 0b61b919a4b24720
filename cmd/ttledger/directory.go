package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/uuid"

	"ttledger/adapters/sqlite"
	"ttledger/adapters/vault"
	"ttledger/domain"
	"ttledger/domain/ledger"
	"ttledger/domain/principal"
	"ttledger/projections"
)

// aggregates is everything the ledger keeps.
var aggregates = domain.Aggregates()

// directory is an open data directory:
//
//	ledger.db         the truth, where it does not live in an EventStoreDB
//	store.json        which ledger it is, where it does
//	views.db          read models; can be deleted
//	trace.db          who read what, append-only
//	vault.db          the keys of personal data, to be backed up apart
//	keys/digest.key   the secret of request digests, 0600
//	keys/master.key   what the keys in vault.db are wrapped by, 0600
//	keys/log.key      what the transparency log is signed with, 0600
//	log/              the transparency log: tiles and checkpoint, as C2SP lays them out
//	webhooks.json     who is told what is recorded; need not be there
//	webhooks/         how far each of them was told
//	lock              held by the one process that writes; names it
type directory struct {
	place
	lock   *flock.Flock // nil where opened for reading
	store  store
	vault  *vault.Vault // nil where opened for reading, and where the events live elsewhere
	ledger *ledger.Ledger
}

var errNoData = usageError{errors.New("say where the ledger is: --data DIR (or TTLEDGER_DATA)")}

func (d *directory) file(name string) string { return filepath.Join(d.data, name) }

// openDirectory opens a data directory for writing and holds its lock.
func openDirectory(ctx context.Context, p place) (*directory, error) {
	if p.data == "" {
		return nil, errNoData
	}
	d := &directory{place: p}
	if err := d.suits(); err != nil {
		return nil, err
	}
	if _, err := os.Stat(d.file("ledger.db")); !p.elsewhere() && errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no ledger in %s; `ttledger serve --data %s` begins one", p.data, p.data)
	}
	if err := d.take(); err != nil {
		return nil, err
	}
	if err := d.open(ctx); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// beginDirectory is openDirectory that begins a ledger where there is none. A new ledger has one
// administrator, whose token is the second result; it is shown once and stands nowhere.
func beginDirectory(ctx context.Context, p place) (d *directory, token string, err error) {
	if p.data == "" {
		return nil, "", errNoData
	}
	d = &directory{place: p}
	if err := d.suits(); err != nil {
		return nil, "", err
	}
	if err := os.MkdirAll(d.file("keys"), 0o700); err != nil {
		return nil, "", err
	}
	if err := d.take(); err != nil {
		return nil, "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	create := d.create
	if p.elsewhere() {
		create = func() error { return d.createElsewhere(ctx) }
	}
	if err := create(); err != nil {
		return d, "", err
	}
	if err := d.open(ctx); err != nil {
		return d, "", err
	}
	token, err = d.firstAdministrator(ctx)
	return d, token, err
}

// create makes what is not there: first the secret, then the ledger, under another name until it
// is whole, so that a crash leaves either no ledger or a good one.
func (d *directory) create() error {
	secret := make([]byte, 32)
	rand.Read(secret)
	return d.createAs(uuid.New(), secret)
}

// createAs is create for a ledger that has an id and a secret already.
func (d *directory) createAs(id uuid.UUID, secret []byte) error {
	if _, err := os.Stat(d.file("ledger.db")); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(d.file("keys/digest.key"), secret, 0o600); err != nil {
		return err
	}
	unfinished := d.file("ledger.db.new")
	for _, stale := range []string{unfinished, unfinished + "-wal", unfinished + "-shm"} {
		if err := os.Remove(stale); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := sqlite.Create(unfinished, id); err != nil {
		return err
	}
	return os.Rename(unfinished, d.file("ledger.db"))
}

func (d *directory) open(ctx context.Context) error {
	secret, err := d.openStore(ctx)
	if err != nil {
		return err
	}
	if d.elsewhere() {
		if err := d.mark(); err != nil {
			return err
		}
	}
	d.ledger = &ledger.Ledger{ID: d.store.LedgerID(), Secret: secret, Streams: d.store, Now: time.Now, Aggregates: aggregates}
	if d.elsewhere() {
		return nil // the processes of a cluster would each keep keys of their own
	}
	if err := d.openVault(); err != nil {
		return err
	}
	d.ledger.Vault = d.vault
	return nil
}

// openToRead opens a ledger beside whoever is writing it.
func openToRead(ctx context.Context, p place) (*directory, error) {
	if p.data == "" {
		return nil, errNoData
	}
	d := &directory{place: p}
	if err := d.suits(); err != nil {
		return nil, err
	}
	if p.elsewhere() {
		if _, err := d.openStore(ctx); err != nil {
			return nil, err
		}
	} else {
		s, err := sqlite.OpenReadOnly(d.file("ledger.db"))
		if err != nil {
			return nil, err
		}
		d.store = s
	}
	d.ledger = &ledger.Ledger{ID: d.store.LedgerID(), Streams: d.store, Now: time.Now, Aggregates: aggregates}
	return d, nil
}

// take holds the lock, or says who does.
func (d *directory) take() error {
	d.lock = flock.New(d.file("lock"), flock.SetPermissions(0o600))
	held, err := d.lock.TryLock()
	if err != nil {
		return fmt.Errorf("lock %s: %w", d.data, err)
	}
	if !held {
		d.lock = nil
		holder, _ := os.ReadFile(d.file("lock")) // a hint, no more
		return &ledger.Error{Kind: ledger.KindUnavailable, Code: "locked", Msg: ledger.Text{
			En: fmt.Sprintf("another process writes %s (%s); send the command to it with --server URL, or stop it first", d.data, strings.TrimSpace(string(holder))),
			Zh: "另一进程正在写入该目录;请用 --server 指向它,或先停止它",
		}}
	}
	return d.sign("")
}

// sign writes into the lock file who holds it.
func (d *directory) sign(address string) error {
	return os.WriteFile(d.file("lock"), fmt.Appendf(nil, "pid %d %s\n", os.Getpid(), address), 0o600)
}

func (d *directory) close() error {
	var err error
	if d.store != nil {
		err = d.store.Close()
	}
	if d.vault != nil {
		err = errors.Join(err, d.vault.Close())
	}
	if d.lock != nil {
		err = errors.Join(err, d.lock.Unlock())
	}
	return err
}

// readModels opens the read models with their runner.
func (d *directory) readModels(fresh bool, log *slog.Logger) (*sqlite.Views, *projections.Runner, error) {
	views, err := sqlite.OpenViews(d.file("views.db"), d.store.LedgerID(), projections.Views(), time.Now)
	if err != nil {
		return nil, nil, err
	}
	generation, err := views.Generation(fresh)
	if err != nil {
		return nil, nil, errors.Join(err, views.Close())
	}
	return views, &projections.Runner{
		Feed: d.store, Streams: d.store, Docs: generation, Views: projections.Views(), Decode: d.ledger.Decode, Log: log,
	}, nil
}

// console is who acts when the directory itself is at hand: at the first start, and to recover.
var console = ledger.Actor{Handle: "console", Roles: []ledger.Role{ledger.ADM}}

const administrator = "admin"

// firstAdministrator enrols the administrator of a ledger that has none with a token.
func (d *directory) firstAdministrator(ctx context.Context) (string, error) {
	issuer := issuer{d.ledger, console, ledger.Source{Kind: "process"}}
	var err error
	for try := range firstTries {
		s, _, failed := (&principal.Directory{Streams: d.store}).Load(ctx, principal.ID(administrator))
		if failed != nil || len(s.Tokens) > 0 {
			return "", failed
		}
		var token string
		if token, err = issuer.issue(ctx, administrator, "person", []string{"ADM"}, "first administrator", rand.Reader); ledger.KindOf(err) != ledger.KindConflict {
			return token, err
		}
		// Other processes begin the same ledger at this moment.
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(time.Duration(10*(try+1)) * time.Millisecond):
		}
	}
	return "", err
}

// firstTries bounds how often the first administrator is begun in a race with other processes.
const firstTries = 20

// readToken reads a token from a file, - for standard input.
func readToken(file string, stdin io.Reader) (string, error) {
	if file == "" {
		return "", usageError{errors.New("a token is needed: --token-file FILE (or TTLEDGER_TOKEN_FILE); `ttledger token issue` makes one")}
	}
	var raw []byte
	var err error
	if file == "-" {
		raw, err = io.ReadAll(io.LimitReader(stdin, 4096))
	} else {
		raw, err = os.ReadFile(file)
	}
	return strings.TrimSpace(string(raw)), err
}

// authenticate says who acts by the token in a file.
func (d *directory) authenticate(ctx context.Context, file string, stdin io.Reader) (ledger.Actor, error) {
	token, err := readToken(file, stdin)
	if err != nil {
		return ledger.Actor{}, err
	}
	actor, err := authenticateWith(ctx, d.ledger, token)
	if err != nil {
		return actor, fmt.Errorf("%s: %w", file, err)
	}
	return actor, nil
}

func authenticateWith(ctx context.Context, l *ledger.Ledger, token string) (ledger.Actor, error) {
	return (&principal.Directory{Streams: l.Streams}).Authenticate(ctx, token, l.Now())
}
