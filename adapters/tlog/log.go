package tlog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"

	"filippo.io/torchwood"
)

// writers is how many files are on their way to the disk at once.
const writers = 8

// Log is a log that this process writes: the one that grows it and signs.
type Log struct {
	dir    files
	get    Fetch
	ledger uuid.UUID
	keys   keySet

	edge    edge
	bundle  []byte // the leaves of the tile that is not full yet
	pending errgroup.Group
	written []string // since the last checkpoint
	filled  []string // tiles of it that are full now

	mu     sync.Mutex // guards latest
	latest Checkpoint // signed last
}

// Open opens the log of a ledger in a directory, beginning it where there is none.
func Open(dir, keyFile string, ledgerID uuid.UUID) (*Log, error) {
	l := &Log{dir: files(dir), get: Dir(dir), ledger: ledgerID}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	var err error
	if l.keys, err = readKeys(keyFile, Origin(ledgerID)); err != nil {
		return nil, err
	}
	if err := l.publish(); err != nil {
		return nil, err
	}
	return l, nil
}

// publish lists the public keys that sign now before those that have signed.
func (l *Log) publish() error {
	before, err := os.ReadFile(filepath.Join(string(l.dir), KeysFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	keys := slices.Clone(l.keys.public)
	for _, k := range ParseKeys(before) {
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	text := strings.Join(keys, "\n") + "\n"
	if text == string(before) {
		return nil
	}
	return errors.Join(l.dir.save(KeysFile, []byte(text), 0o600), l.dir.settle(KeysFile))
}

// load reads how far the log is signed: the frontier of the tree is built anew from the tiles and must
// come to the root that was signed.
func (l *Log) load(ctx context.Context) error {
	_ = l.pending.Wait() // of an attempt that failed
	l.edge, l.bundle, l.pending, l.written, l.filled = edge{}, nil, errgroup.Group{}, nil, nil
	l.pending.SetLimit(writers)
	raw, err := l.get(ctx, CheckpointFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	c, err := ParseCheckpoint(raw)
	if err != nil {
		return &Incident{What: "the log's checkpoint cannot be read: " + err.Error()}
	}
	if c.Origin != Origin(l.ledger) {
		return &Incident{What: "the log is that of " + c.Origin + ", and this ledger's is " + Origin(l.ledger)}
	}
	l.edge.size = c.N
	for level := 0; c.N>>(height*level) > 0; level++ {
		data, err := l.edgeTile(ctx, level)
		if err != nil {
			return missing("tiles", err)
		}
		l.edge.tiles = append(l.edge.tiles, data)
	}
	if l.bundle, err = l.edgeTile(ctx, -1); err != nil {
		return missing("entries", err)
	}
	t, err := l.edge.tree()
	if err != nil || t.Hash != c.Hash {
		return &Incident{What: fmt.Sprintf("the log's tiles come to the root %s and its checkpoint, at entry %d, says %s", t.Hash, c.N, c.Hash)}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.latest = c
	return nil
}

// missing is an incident where a file is not there; a disk that does not answer is asked again.
func missing(what string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &Incident{What: fmt.Sprintf("%s of the log are missing: %v", what, err)}
	}
	return err
}

// edgeTile is the tile of a level that is not full, from where a tile can grow.
func (l *Log) edgeTile(ctx context.Context, level int) ([]byte, error) {
	t := widest(tlog.Tile{H: height, L: level, N: l.edge.size >> (height * (max(level, 0) + 1))}, l.edge.size)
	if t.W == 0 {
		return nil, nil
	}
	return l.get.tile(ctx, t)
}

// Latest is the checkpoint that was signed last; its Signed is nil before the first.
func (l *Log) Latest() Checkpoint {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.latest
}

// add appends a leaf. Tiles that are full go to the disk meanwhile.
func (l *Log) add(leaf []byte) (err error) {
	n := l.edge.size / width
	if l.bundle, err = torchwood.AppendTileEntry(l.bundle, leaf); err != nil {
		return err
	}
	if err := l.edge.add(tlog.RecordHash(leaf), l.write); err != nil {
		return err
	}
	if l.edge.size%width != 0 {
		return nil
	}
	full := l.bundle
	l.bundle = nil
	return l.write(tlog.Tile{H: height, L: -1, N: n, W: width}, full)
}

// write takes a tile on its way to the disk; its bytes are not touched again.
func (l *Log) write(t tlog.Tile, data []byte) error {
	name := torchwood.TilePath(t)
	l.written = append(l.written, name)
	if t.W == width {
		l.filled = append(l.filled, name)
	}
	l.pending.Go(func() error { return l.dir.save(name, data, 0o600) })
	return nil
}

// seal signs what was added: once the tiles are on the disk, and not before.
func (l *Log) seal() error {
	if err := l.edge.partial(l.write); err != nil {
		return err
	}
	if len(l.bundle) > 0 {
		t := widest(tlog.Tile{H: height, L: -1, N: l.edge.size / width}, l.edge.size)
		if err := l.write(t, l.bundle); err != nil {
			return err
		}
	}
	if err := l.pending.Wait(); err != nil {
		return err
	}
	if err := l.dir.settle(l.written...); err != nil {
		return err
	}
	t, err := l.edge.tree()
	if err != nil {
		return err
	}
	signed, err := l.keys.sign(Origin(l.ledger), t)
	if err != nil {
		return err
	}
	if err := errors.Join(l.dir.save(CheckpointFile, signed, 0o600), l.dir.settle(CheckpointFile)); err != nil {
		return err
	}
	l.mu.Lock()
	l.latest = Checkpoint{Origin(l.ledger), t, signed}
	l.mu.Unlock()
	return l.tidy()
}

// tidy removes the partial tiles whose place a full one took.
func (l *Log) tidy() error {
	var failed error
	for _, name := range l.filled {
		failed = errors.Join(failed, os.RemoveAll(filepath.Join(string(l.dir), filepath.FromSlash(name)+".p")))
	}
	l.written, l.filled = nil, nil
	return failed
}

// resigned says whether all keys of now have signed the latest checkpoint.
func (l *Log) resigned() bool {
	c := l.Latest()
	for _, k := range l.keys.public {
		if c.Signed == nil || c.Verify([]string{k}) != nil {
			return false
		}
	}
	return true
}
