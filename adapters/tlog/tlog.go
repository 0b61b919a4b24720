// Package tlog is the ledger as a transparency log, so that nobody need trust whoever keeps it.
//
// Leaf n is entry n: a short record of the digests of the stored bytes. The leaves form an RFC 6962
// Merkle tree; the tree is kept as 256-wide tiles and a signed checkpoint, in the formats of C2SP
// (tlog-tiles, tlog-checkpoint, signed-note, tlog-proof), which tools nobody here wrote can read.
// Whoever keeps one checkpoint elsewhere can show later whether anything below it was changed.
//
// Personal texts are ciphertext inside the bytes that are digested: whoever is erased leaves the
// bytes, and the proofs, as they were.
//
// Read in this order: leaf.go (what is digested), edge.go (the tree), files.go (how it is stored),
// key.go and checkpoint.go (who signs what), sealer.go (how it grows), receipt.go (the proof of one
// entry) and audit.go (what an auditor checks).
package tlog

import (
	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"filippo.io/torchwood"
)

// Tree is a size and the root hash at that size: what a checkpoint says.
type Tree = tlog.Tree

const (
	height = torchwood.TileHeight
	width  = torchwood.TileWidth
)

// Origin names the log of a ledger, in its checkpoints and its keys.
func Origin(ledger uuid.UUID) string { return "ttledger/" + ledger.String() }
