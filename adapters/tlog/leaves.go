package tlog

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"filippo.io/torchwood"
)

// leaves reads what a log of a size says of its entries, one bundle at a time.
type leaves struct {
	get  Fetch
	size int64

	n    int64 // of the bundle that is at hand
	list [][]byte
}

// raw is the leaf of an index, as it is hashed.
func (l *leaves) raw(ctx context.Context, index int64) ([]byte, error) {
	if n := index / width; l.list == nil || n != l.n {
		l.list = nil
		data, err := l.get.tile(ctx, widest(tlog.Tile{H: height, L: -1, N: n}, l.size))
		if err != nil {
			return nil, err
		}
		if l.list, err = entries(data); err != nil {
			return nil, fmt.Errorf("entries from %d: %w", n*width+1, err)
		}
		l.n = n
	}
	if i := index % width; i < int64(len(l.list)) {
		return l.list[i], nil
	}
	return nil, fmt.Errorf("the log has no entry %d", index+1)
}

// at is the leaf of an index.
func (l *leaves) at(ctx context.Context, index int64) (Leaf, error) {
	raw, err := l.raw(ctx, index)
	if err != nil {
		return Leaf{}, err
	}
	return ParseLeaf(raw)
}

// entries takes a bundle apart.
func entries(bundle []byte) (list [][]byte, err error) {
	for rest := bundle; len(rest) > 0; {
		var e []byte
		if e, rest, err = torchwood.ReadTileEntry(rest); err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}
