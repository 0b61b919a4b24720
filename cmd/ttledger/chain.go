package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// mark names a state of a ledger: how many entries, and a digest over all of their stored bytes.
type mark struct {
	Entry  ledger.Entry `json:"entry"`
	Digest string       `json:"digest"`
}

// checked reads a whole ledger as it is stored: every event decodes, none is missing from the
// order or from its stream. It answers the mark at the head, and tells f each
// event with the mark it makes.
func checked(ctx context.Context, d *directory, f func(mark, ledger.Recorded)) (head mark, err error) {
	var sum [sha256.Size]byte
	versions := map[ledger.StreamID]ledger.Version{}
	head.Digest = hex.EncodeToString(sum[:])
	// Follow itself fails where a position is missing.
	for batch, err := range d.store.Follow(ctx, ledger.Position{}) {
		if err != nil {
			return head, err
		}
		for _, r := range batch.Events {
			head.Entry++
			if _, err := d.ledger.Decode(r.Type, r.Data); err != nil {
				return head, &projections.Undecodable{Stream: r.Stream, Version: r.Version, Entry: head.Entry, Type: r.Type, Err: err}
			}
			if versions[r.Stream]++; versions[r.Stream] != r.Version {
				return head, fmt.Errorf("entry %d is version %d of %s where version %d belongs", head.Entry, r.Version, r.Stream, versions[r.Stream])
			}
			sum = chained(sum, d.store.LedgerID(), r)
			head.Digest = hex.EncodeToString(sum[:])
			f(head, r)
		}
		if batch.Live {
			break
		}
	}
	return head, nil
}

// chained is the digest after one more event: of the digest before it and of everything that is
// stored of the event, each part with its length. The transparency log will take its place.
func chained(before [sha256.Size]byte, ledgerID [16]byte, r ledger.Recorded) [sha256.Size]byte {
	meta, data := sha256.Sum256(r.RawMeta), sha256.Sum256(r.Data)
	b := []byte("ttl/backup/v1")
	for _, part := range [][]byte{
		before[:], ledgerID[:], r.ID[:], []byte(r.Stream.String()), binary.BigEndian.AppendUint64(nil, uint64(r.Version)), []byte(r.Type), meta[:], data[:],
	} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part)))
		b = append(b, part...)
	}
	return sha256.Sum256(b)
}
