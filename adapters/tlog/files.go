package tlog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"

	"filippo.io/torchwood"
)

// The files of a log beside its tiles, whose paths are C2SP's.
const (
	CheckpointFile = "checkpoint"
	KeysFile       = "checkpoint.keys" // the keys that have signed, a line each, the newest first
	placeFile      = "place"           // where in the store the last entry stands; can be lost
)

// Fetch reads a file of a log by its path, wherever the log is: a directory, a server, a bundle.
// What is not there is fs.ErrNotExist.
type Fetch func(ctx context.Context, path string) ([]byte, error)

// Dir is Fetch from a directory. Of a partial tile that is not there any more it takes the
// beginning of one that has grown.
func Dir(dir string) Fetch {
	return func(_ context.Context, name string) ([]byte, error) {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return nil, fs.ErrNotExist
		}
		return os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	}
}

// tile reads a tile; of a partial one that is not there any more, the beginning of the full one.
func (get Fetch) tile(ctx context.Context, t tlog.Tile) ([]byte, error) {
	raw, err := get(ctx, torchwood.TilePath(t))
	if errors.Is(err, fs.ErrNotExist) && t.W < width {
		whole := t
		whole.W = width
		if raw, err = get(ctx, torchwood.TilePath(whole)); err == nil {
			raw, err = cut(t, raw)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", torchwood.TilePath(t), err)
	}
	return raw, nil
}

// cut is the beginning of a wider tile.
func cut(t tlog.Tile, wider []byte) ([]byte, error) {
	if t.L >= 0 {
		if len(wider) < t.W*tlog.HashSize {
			return nil, fs.ErrNotExist
		}
		return wider[:t.W*tlog.HashSize], nil
	}
	rest := wider
	var err error
	for range t.W {
		if _, rest, err = torchwood.ReadTileEntry(rest); err != nil {
			return nil, err
		}
	}
	return wider[:len(wider)-len(rest)], nil
}

// hashes reads single hashes of a tree from its tiles, as they are: not held against a root.
type hashes struct {
	ctx  context.Context
	get  Fetch
	size int64
	read map[tlog.Tile][]byte
}

func (get Fetch) hashes(ctx context.Context, size int64) *hashes {
	return &hashes{ctx, get, size, map[tlog.Tile][]byte{}}
}

// ReadHashes is tlog.HashReader.
func (h *hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		t := widest(tlog.TileForIndex(height, x), h.size)
		data, ok := h.read[t]
		if !ok {
			var err error
			if data, err = h.get.tile(h.ctx, t); err != nil {
				return nil, err
			}
			if len(data) != t.W*tlog.HashSize {
				return nil, fmt.Errorf("%s has %d bytes", torchwood.TilePath(t), len(data))
			}
			h.read[t] = data
		}
		var err error
		if list[i], err = tlog.HashFromTile(t, data, x); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// widest is a tile as wide as a tree of a size has it.
func widest(t tlog.Tile, size int64) tlog.Tile {
	per := max(t.L, 0) * height
	t.W = int(min(size>>per-t.N*width, width))
	return t
}

// TilesOf is the paths of all tiles of a tree, those of the entries first.
func TilesOf(size int64) (paths []string) {
	for level := -1; level < 0 || size>>(height*level) > 0; level++ {
		for n := int64(0); ; n++ {
			t := widest(tlog.Tile{H: height, L: level, N: n}, size)
			if t.W <= 0 {
				break
			}
			paths = append(paths, torchwood.TilePath(t))
		}
	}
	return paths
}

// files writes a log into a directory.
type files string

// save writes a file whole or not at all, and is back once it is on the disk. Its name is only
// once its folder is synced.
func (dir files) save(name string, data []byte, mode fs.FileMode) error {
	to := filepath.Join(string(dir), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(to+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(to+".new", to)
}

// settle makes the names durable in the folders of these files, and in those above.
func (dir files) settle(names ...string) error {
	done := map[string]bool{}
	for _, name := range names {
		for folder := path.Dir(name); !done[folder]; folder = path.Dir(folder) {
			done[folder] = true
			if err := syncFolder(filepath.Join(string(dir), filepath.FromSlash(folder))); err != nil {
				return err
			}
		}
	}
	return nil
}

func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
