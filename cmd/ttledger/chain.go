package main

import (
	"context"
	"encoding/hex"
	"fmt"

	"ttledger/adapters/tlog"
	"ttledger/domain/ledger"
	"ttledger/projections"
)

// mark names a state of a ledger: how many entries, and the root of the transparency log over all of
// their stored bytes, which is what a checkpoint says.
type mark struct {
	Entry  ledger.Entry `json:"entry"`
	Digest string       `json:"digest"` // hex
}

func markOf(t tlog.Tree) mark { return mark{ledger.Entry(t.N), hex.EncodeToString(t.Hash[:])} }

// checked reads a whole ledger as it is stored: every event decodes, none is missing from the
// order or from its stream. It answers the marks at an entry and at the head, and tells f each event.
func checked(ctx context.Context, d *directory, entry ledger.Entry, f func(ledger.Entry, ledger.Recorded)) (at, head mark, err error) {
	var roots tlog.Roots
	versions := map[ledger.StreamID]ledger.Version{}
	n := ledger.Entry(0)
	// Follow itself fails where a position is missing.
	for batch, err := range d.store.Follow(ctx, ledger.Position{}) {
		if err != nil {
			return at, head, err
		}
		for _, r := range batch.Events {
			n++
			if _, err := d.ledger.Decode(r.Type, r.Data); err != nil {
				return at, head, &projections.Undecodable{Stream: r.Stream, Version: r.Version, Entry: n, Type: r.Type, Err: err}
			}
			if versions[r.Stream]++; versions[r.Stream] != r.Version {
				return at, head, fmt.Errorf("entry %d is version %d of %s where version %d belongs", n, r.Version, r.Stream, versions[r.Stream])
			}
			if err := roots.Add(tlog.LeafOf(d.store.LedgerID(), r)); err != nil {
				return at, head, err
			}
			if n == entry {
				t, err := roots.Tree()
				if err != nil {
					return at, head, err
				}
				at = markOf(t)
			}
			f(n, r)
		}
		if batch.Live {
			break
		}
	}
	t, err := roots.Tree()
	return at, markOf(t), err
}
