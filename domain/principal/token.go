package principal

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

const (
	tokenPrefix = "ttl_"
	idChars     = 22 // a UUID in base64
	secretChars = 43 // 32 bytes in base64
)

// NewToken makes a token for the principal with a handle from 48 bytes of random, and the command
// that records it; RotateToken takes what it holds too. The text is to be shown once and kept by its holder only.
func NewToken(random io.Reader, handle, label string) (text string, c IssueToken, err error) {
	var raw [48]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", c, err
	}
	id, b64 := ID(handle), base64.RawURLEncoding
	text = tokenPrefix + b64.EncodeToString(id[:]) + b64.EncodeToString(raw[:32])
	return text, IssueToken{Token: uuid.UUID(raw[32:]), SHA256: digestOf(text), Label: label}, nil
}

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Directory knows principals as they stand. It remembers those it has seen and reads only what
// was recorded since, so that asking costs little and is still never behind. Safe for
// concurrent use; not to be copied.
type Directory struct {
	Streams ledger.Streams

	mu   sync.Mutex
	seen map[uuid.UUID]known
}

// known is a principal up to a version.
type known struct {
	state   State
	version ledger.Version
}

// remembered bounds how many principals a Directory keeps in memory.
const remembered = 10_000

// Credential is a token by its ids: what a session remembers of it.
type Credential struct {
	Principal uuid.UUID
	Token     uuid.UUID
}

// Named is the principal that a token says it is of, whether or not it is.
func Named(text string) (uuid.UUID, bool) {
	rest, ok := strings.CutPrefix(text, tokenPrefix)
	if !ok || len(rest) != idChars+secretChars {
		return uuid.Nil, false
	}
	id, err := base64.RawURLEncoding.DecodeString(rest[:idChars]) // it skips line ends
	if err != nil || len(id) != len(uuid.UUID{}) {
		return uuid.Nil, false
	}
	return uuid.UUID(id), true
}

// Refused is the answer to anything but a live token; it says nothing about what exists.
var Refused = &ledger.Error{Kind: ledger.KindUnauthenticated, Code: "token", Msg: ledger.Text{
	En: "a valid bearer token is needed", Zh: "需要有效的访问令牌",
}}

// Authenticate says whose token this is and which roles that principal holds today. It looks at
// the principal's stream, so a revocation counts from the moment it is recorded. Anything but a
// live token is Refused.
func (d *Directory) Authenticate(ctx context.Context, text string, now time.Time) (ledger.Actor, error) {
	actor, _, err := d.Check(ctx, text, now)
	return actor, err
}

// Check is Authenticate that also says which token it was.
func (d *Directory) Check(ctx context.Context, text string, now time.Time) (ledger.Actor, Credential, error) {
	id, ok := Named(text)
	if !ok {
		return ledger.Actor{}, Credential{}, Refused
	}
	s, _, err := d.Load(ctx, id)
	if err != nil {
		return ledger.Actor{}, Credential{}, err
	}
	digest, found, today := []byte(digestOf(text)), uuid.Nil, ledger.DayOf(now)
	for _, k := range s.Tokens {
		if subtle.ConstantTimeCompare(digest, []byte(k.SHA256)) == 1 && k.LiveOn(today) {
			found = k.Token
		}
	}
	if found == uuid.Nil {
		return ledger.Actor{}, Credential{}, Refused
	}
	return s.actor(today), Credential{id, found}, nil
}

// Still is who acts by a token that was shown earlier, if it is live yet.
func (d *Directory) Still(ctx context.Context, c Credential, now time.Time) (ledger.Actor, error) {
	s, _, err := d.Load(ctx, c.Principal)
	if err != nil {
		return ledger.Actor{}, err
	}
	today := ledger.DayOf(now)
	for _, k := range s.Tokens {
		if k.Token == c.Token && k.LiveOn(today) {
			return s.actor(today), nil
		}
	}
	return ledger.Actor{}, Refused
}

func (s State) actor(today ledger.Date) ledger.Actor {
	return ledger.Actor{Handle: s.Handle, Roles: s.RolesOn(today)}
}

// Load is one principal as it stands; version 0 means that there is none.
func (d *Directory) Load(ctx context.Context, id uuid.UUID) (State, ledger.Version, error) {
	d.mu.Lock()
	k := d.seen[id]
	d.mu.Unlock()
	before := k.version
	for r, err := range d.Streams.Read(ctx, ledger.StreamID{Category: "principal", ID: id}, k.version) {
		if err != nil {
			return State{}, 0, err
		}
		e, err := Codec.Decode(r.Type, r.Data)
		if err != nil {
			return State{}, 0, err
		}
		k.state, k.version = e.apply(k.state, r.Meta), r.Version
	}
	if k.version > before {
		d.remember(id, k)
	}
	return k.state, k.version, nil
}

// remember keeps the newest that was read; states are never written into once they are made.
func (d *Directory) remember(id uuid.UUID, k known) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.seen) >= remembered || d.seen == nil {
		d.seen = map[uuid.UUID]known{}
	}
	if k.version > d.seen[id].version {
		d.seen[id] = k
	}
}
