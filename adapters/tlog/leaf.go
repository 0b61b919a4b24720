package tlog

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// leafForm is the first part of a leaf. Another form would be another name.
const leafForm = "ttl/leaf/v1"

// Leaf is what the log says of one entry.
type Leaf struct {
	Ledger  uuid.UUID
	Event   uuid.UUID
	Stream  string
	Version ledger.Version
	Type    string
	Meta    [sha256.Size]byte // SHA-256 of the stored metadata
	Data    [sha256.Size]byte // SHA-256 of the stored data
}

// LeafOf is the leaf of a recorded event. The stored bytes are digested as they are; nothing is
// ever written anew to be digested.
func LeafOf(ledgerID uuid.UUID, r ledger.Recorded) Leaf {
	return Leaf{ledgerID, r.ID, r.Stream.String(), r.Version, r.Type, sha256.Sum256(r.RawMeta), sha256.Sum256(r.Data)}
}

// Bytes is the leaf as it is hashed: its form and its parts, each after its length in four bytes,
// big end first.
func (l Leaf) Bytes() []byte {
	b := make([]byte, 0, 8*4+len(leafForm)+2*16+len(l.Stream)+8+len(l.Type)+2*sha256.Size)
	part := func(p []byte) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	part([]byte(leafForm))
	part(l.Ledger[:])
	part(l.Event[:])
	part([]byte(l.Stream))
	part(binary.BigEndian.AppendUint64(nil, uint64(l.Version)))
	part([]byte(l.Type))
	part(l.Meta[:])
	part(l.Data[:])
	return b
}

// ParseLeaf reads what Bytes wrote, and nothing else.
func ParseLeaf(b []byte) (l Leaf, err error) {
	var parts [8][]byte
	for i := range parts {
		if len(b) < 4 || uint64(len(b)-4) < uint64(binary.BigEndian.Uint32(b)) {
			return Leaf{}, errors.New("the leaf ends too early")
		}
		n := binary.BigEndian.Uint32(b)
		parts[i], b = b[4:4+n], b[4+n:]
	}
	for i, want := range [8]int{len(leafForm), 16, 16, -1, 8, -1, sha256.Size, sha256.Size} {
		if want >= 0 && len(parts[i]) != want {
			return Leaf{}, fmt.Errorf("part %d of the leaf has %d bytes and not %d", i, len(parts[i]), want)
		}
	}
	if string(parts[0]) != leafForm || len(b) > 0 {
		return Leaf{}, errors.New("this is not a leaf of the form " + leafForm)
	}
	return Leaf{
		uuid.UUID(parts[1]), uuid.UUID(parts[2]), string(parts[3]), ledger.Version(binary.BigEndian.Uint64(parts[4])), string(parts[5]),
		[sha256.Size]byte(parts[6]), [sha256.Size]byte(parts[7]),
	}, nil
}

// String is the leaf for people.
func (l Leaf) String() string {
	return fmt.Sprintf("%s version %d, %s, event %s, metadata %s, data %s", l.Stream, l.Version, l.Type, l.Event, hex.EncodeToString(l.Meta[:]), hex.EncodeToString(l.Data[:]))
}

// differences names the parts in which two leaves of one entry differ, as they are and as they
// ought to be.
func differences(want, got Leaf) (parts, expected, found string) {
	add := func(name, w, g string) {
		if w == g {
			return
		}
		if parts != "" {
			parts, expected, found = parts+", ", expected+", ", found+", "
		}
		parts, expected, found = parts+name, expected+w, found+g
	}
	add("ledger", want.Ledger.String(), got.Ledger.String())
	add("event id", want.Event.String(), got.Event.String())
	add("stream", want.Stream, got.Stream)
	add("version", fmt.Sprint(want.Version), fmt.Sprint(got.Version))
	add("type", want.Type, got.Type)
	add("SHA-256 of the metadata", hex.EncodeToString(want.Meta[:]), hex.EncodeToString(got.Meta[:]))
	add("SHA-256 of the data", hex.EncodeToString(want.Data[:]), hex.EncodeToString(got.Data[:]))
	return parts, expected, found
}
