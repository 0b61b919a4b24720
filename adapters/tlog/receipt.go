package tlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"filippo.io/torchwood"

	"ttledger/domain/ledger"
)

// Receipt is the proof that one entry is in the ledger: by itself, for ever, with nothing asked of
// the server that gave it.
type Receipt struct {
	Entry  ledger.Entry
	Leaf   Leaf
	Signed []byte // c2sp.org/tlog-proof, with the leaf as its extra data
}

// ErrNotSealed is an event that no signed checkpoint covers: not yet, or there is none such.
var ErrNotSealed = fmt.Errorf("no signed checkpoint covers this event: %w", fs.ErrNotExist)

// Reader answers from a log that somebody else may be writing.
type Reader struct{ Get Fetch }

// Checkpoint is the one that was signed last.
func (r Reader) Checkpoint(ctx context.Context) ([]byte, error) { return r.Get(ctx, CheckpointFile) }

// Line is the same as a line to print.
func (r Reader) Line(ctx context.Context) (string, error) {
	raw, err := r.Checkpoint(ctx)
	if err != nil {
		return "", err
	}
	c, err := ParseCheckpoint(raw)
	return c.Line(), err
}

// Keys is the public keys that sign and have signed, a line each.
func (r Reader) Keys(ctx context.Context) ([]byte, error) { return r.Get(ctx, KeysFile) }

// Tile is a tile by its path as C2SP has it; fs.ErrNotExist where there is none.
func (r Reader) Tile(ctx context.Context, path string) ([]byte, error) {
	t, err := torchwood.ParseTilePath(path)
	if err != nil {
		return nil, fs.ErrNotExist
	}
	return r.Get.tile(ctx, t)
}

// Receipt is the proof of an event's entry, and the stream it is in.
func (r Reader) Receipt(ctx context.Context, event uuid.UUID) (stream string, proof []byte, err error) {
	receipt, err := r.Prove(ctx, event)
	return receipt.Leaf.Stream, receipt.Signed, err
}

// Prove proves the entry of an event against the latest checkpoint.
func (r Reader) Prove(ctx context.Context, event uuid.UUID) (Receipt, error) {
	raw, err := r.Get(ctx, CheckpointFile)
	if errors.Is(err, fs.ErrNotExist) {
		return Receipt{}, ErrNotSealed
	}
	if err != nil {
		return Receipt{}, err
	}
	c, err := ParseCheckpoint(raw)
	if err != nil {
		return Receipt{}, err
	}
	index, leaf, err := r.find(ctx, c.N, event)
	if err != nil {
		return Receipt{}, err
	}
	proof, err := tlog.ProveRecord(c.N, index, r.Get.hashes(ctx, c.N))
	if err != nil {
		return Receipt{}, err
	}
	if err := tlog.CheckRecord(proof, c.N, c.Hash, index, tlog.RecordHash(leaf)); err != nil {
		return Receipt{}, fmt.Errorf("the log does not hold together at entry %d: %w", index+1, err)
	}
	parsed, err := ParseLeaf(leaf)
	return Receipt{ledger.Entry(index + 1), parsed, torchwood.FormatProofWithExtraData(index, leaf, proof, raw)}, err
}

// find looks for the leaf of an event from the end, where those are that are asked for. There is
// no index to keep, to trust or to lose; a million entries are looked through in a third of a
// second.
func (r Reader) find(ctx context.Context, size int64, event uuid.UUID) (index int64, leaf []byte, err error) {
	for n := (size - 1) / width; n >= 0 && size > 0; n-- {
		bundle, err := r.Get.tile(ctx, widest(tlog.Tile{H: height, L: -1, N: n}, size))
		if err != nil {
			return 0, nil, err
		}
		if !bytes.Contains(bundle, event[:]) {
			continue
		}
		list, err := entries(bundle)
		if err != nil {
			return 0, nil, err
		}
		for i, raw := range list {
			if l, err := ParseLeaf(raw); err == nil && l.Event == event {
				return n*width + int64(i), raw, nil
			}
		}
	}
	return 0, nil, ErrNotSealed
}

// CheckReceipt says what a receipt proves, by the keys of the log and nothing else.
func CheckReceipt(proof []byte, keys []string) (Receipt, Checkpoint, error) {
	leaf, err := torchwood.ProofExtraData(proof)
	if err != nil {
		return Receipt{}, Checkpoint{}, err
	}
	parsed, err := ParseLeaf(leaf)
	if err != nil {
		return Receipt{}, Checkpoint{}, err
	}
	_, note, _ := bytes.Cut(proof, []byte("\n\n"))
	c, err := ParseCheckpoint(note)
	if err != nil {
		return Receipt{}, Checkpoint{}, err
	}
	if c.Origin != Origin(parsed.Ledger) {
		return Receipt{}, c, fmt.Errorf("the receipt is of the ledger %s and its checkpoint of %s", parsed.Ledger, c.Origin)
	}
	policy, err := anyOf(c.Origin, keys)
	if err != nil {
		return Receipt{}, c, err
	}
	if err := torchwood.VerifyProof(policy, tlog.RecordHash(leaf), proof); err != nil {
		return Receipt{}, c, err
	}
	var index int64
	if _, err := fmt.Sscanf(string(bytes.SplitN(proof, []byte("\n"), 4)[2]), "index %d", &index); err != nil {
		return Receipt{}, c, err
	}
	return Receipt{ledger.Entry(index + 1), parsed, proof}, c, nil
}

// RootAt says whether a log of a size goes on from a checkpoint.
func RootAt(ctx context.Context, get Fetch, size int64, c Checkpoint) error {
	if c.N > size {
		return fmt.Errorf("the log ends at entry %d, before the checkpoint's %d", size, c.N)
	}
	root, err := tlog.TreeHash(c.N, get.hashes(ctx, size))
	if err == nil && root != c.Hash {
		err = fmt.Errorf("the root at entry %d is %s, and not %s", c.N, root, c.Hash)
	}
	return err
}
