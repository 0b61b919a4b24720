package tlog

import (
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// edge is the right edge of a growing tree: its size, and of each level of tiles the one that is
// not full yet. That is all that is needed to go on and to tell the root.
type edge struct {
	size  int64
	tiles [][]byte // hashes side by side, fewer than 256 at each level
}

// clone is an edge of the same tree that grows by itself.
func (e *edge) clone() *edge {
	c := &edge{size: e.size}
	for _, t := range e.tiles {
		c.tiles = append(c.tiles, slices.Clone(t))
	}
	return c
}

// add appends the hash of a leaf and hands over each tile that is now full.
func (e *edge) add(leaf tlog.Hash, full func(tlog.Tile, []byte) error) error {
	e.size++
	h := leaf
	for level := 0; ; level++ {
		if level == len(e.tiles) {
			e.tiles = append(e.tiles, make([]byte, 0, width*tlog.HashSize))
		}
		e.tiles[level] = append(e.tiles[level], h[:]...)
		if len(e.tiles[level]) < width*tlog.HashSize {
			return nil
		}
		t := tlog.Tile{H: height, L: level, N: e.size>>(height*(level+1)) - 1, W: width}
		if err := full(t, e.tiles[level]); err != nil {
			return err
		}
		h = rootOfFull(e.tiles[level])
		e.tiles[level] = make([]byte, 0, width*tlog.HashSize) // the full one was handed over
	}
}

// rootOfFull is the hash over a full tile: the hash that stands for it a level of tiles above.
func rootOfFull(tile []byte) tlog.Hash {
	hashes := make([]tlog.Hash, len(tile)/tlog.HashSize)
	for i := range hashes {
		hashes[i] = tlog.Hash(tile[i*tlog.HashSize:])
	}
	for n := len(hashes); n > 1; n /= 2 {
		for i := range n / 2 {
			hashes[i] = tlog.NodeHash(hashes[2*i], hashes[2*i+1])
		}
	}
	return hashes[0]
}

// partial lists the tiles that are begun and not full.
func (e *edge) partial(yield func(tlog.Tile, []byte) error) error {
	for level, data := range e.tiles {
		if len(data) == 0 {
			continue
		}
		t := tlog.Tile{H: height, L: level, N: e.size >> (height * (level + 1)), W: len(data) / tlog.HashSize}
		if err := yield(t, data); err != nil {
			return err
		}
	}
	return nil
}

// tree is the size and root now.
func (e *edge) tree() (Tree, error) {
	root, err := tlog.TreeHash(e.size, e)
	return Tree{N: e.size, Hash: root}, err
}

// ReadHashes is tlog.HashReader for the subtrees along the edge.
func (e *edge) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		t := tlog.TileForIndex(height, x)
		if t.L >= len(e.tiles) || t.N != e.size>>(height*(t.L+1)) || len(e.tiles[t.L]) < t.W*tlog.HashSize {
			return nil, fmt.Errorf("hash %d is not at the edge of a tree of %d", x, e.size)
		}
		var err error
		if hashes[i], err = tlog.HashFromTile(t, e.tiles[t.L][:t.W*tlog.HashSize], x); err != nil {
			return nil, err
		}
	}
	return hashes, nil
}

// Roots tells the root over leaves that come one after the other, and keeps none of them.
type Roots struct{ edge edge }

// Add takes the next leaf.
func (r *Roots) Add(l Leaf) error {
	return r.edge.add(tlog.RecordHash(l.Bytes()), func(tlog.Tile, []byte) error { return nil })
}

// Tree is the size and root of what was added.
func (r *Roots) Tree() (Tree, error) { return r.edge.tree() }
