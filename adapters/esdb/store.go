// Package esdb keeps a ledger in an EventStoreDB, alone or as a cluster, where one machine is not
// enough: any number of processes serve one ledger and need no coordination but its streams.
//
// Many ledgers and other users may share a cluster. The streams of a ledger are named
// `{ledger}.{category}-{uuid}`, and readers filter by that prefix. The stream `{ledger}` itself
// says which ledger that is; it has no dot and so is no entry.
//
// Read in this order: store.go (a ledger on a cluster), append.go, read.go, follow.go, then what
// is between them and the client: errors.go, link.go (one client in use, replaced when it fails),
// connection.go; and guard.go, for the doctor.
package esdb

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

const (
	formatLevel = 1                   // a newer level is refused rather than misread
	begunType   = "ttledger.begun.v1" // the one event of the stream `{ledger}`

	// A server allows 100 streams of requests on a connection. Followers keep theirs, so they have
	// a connection of their own.
	callBound     = 512
	followBound   = 80
	countersBound = 16 // Behind's and the doctor's
)

// Config says which ledger on which cluster.
type Config struct {
	URL    string           // esdb://… or esdb+discover://…, with the settings of the client
	Ledger string           // the ledger's short name on that cluster, in kebab-case
	Secret []byte           // the key of request digests; all processes that serve a ledger share it
	Now    func() time.Time // the clock of RecordedAt
}

// Store is a ledger on a cluster. It is ledger.Streams and projections.Feed, and safe for
// concurrent use, also by several processes.
type Store struct {
	name   string
	id     uuid.UUID
	now    func() time.Time
	calls  *link         // appends and reads
	follow *link         // subscriptions
	places chan struct{} // of followers

	mu     sync.Mutex
	latest time.Time // the latest RecordedAt that this process wrote or saw
	watch  func(took time.Duration, err error)
}

// begun is the event that a ledger begins with.
type begun struct {
	Ledger uuid.UUID `json:"ledger"`
	Format int       `json:"format"`
	// KeyCheck tells whether a process has the key of request digests, without telling the key.
	// With another one it would take a repeated request for a new one.
	KeyCheck string `json:"key_check"`
}

var kebab = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// maxName bounds the name of a ledger, which stands in every stream's name.
const maxName = 40

// connect makes a store that does not yet know which ledger it is.
func connect(c Config) (*Store, error) {
	if !kebab.MatchString(c.Ledger) || len(c.Ledger) > maxName {
		return nil, ledger.Invalid("ledger-name", ledger.Text{
			En: fmt.Sprintf("%q is not the name of a ledger: lower-case letters, digits and single dashes, at most %d, such as ttledger", c.Ledger, maxName),
			Zh: fmt.Sprintf("%q 不是账本名称:只用小写字母、数字和单个连字符,最多 %d 个字符,例如 ttledger", c.Ledger, maxName),
		})
	}
	config, err := configure(c.URL)
	if err != nil {
		return nil, err
	}
	return &Store{name: c.Ledger, now: c.Now, calls: newLink(config, callBound), follow: newLink(config, followBound+countersBound), places: make(chan struct{}, followBound)}, nil
}

// Begin begins a ledger with an id. Of several processes that try at once one wins; the others
// get KindConflict, and open it.
func Begin(ctx context.Context, c Config, id uuid.UUID) (err error) {
	s, err := connect(c)
	if err != nil {
		return err
	}
	defer s.Close()
	data, err := json.Marshal(begun{id, formatLevel, keyCheck(c.Secret)})
	if err != nil {
		return err
	}
	event := esdb.EventData{EventID: uuid.NewSHA1(id, []byte(begunType)), EventType: begunType, ContentType: esdb.ContentTypeJson, Data: data}
	_, err = ask(ctx, s.calls, func(ctx context.Context, client *esdb.Client) (*esdb.WriteResult, error) {
		return client.AppendToStream(ctx, c.Ledger, esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}, RequiresLeader: true}, event)
	})
	if isCode(err, esdb.ErrorCodeWrongExpectedVersion) {
		return &ledger.Error{Kind: ledger.KindConflict, Code: "ledger-exists", Msg: ledger.Text{
			En: fmt.Sprintf("there is a ledger %s on this event store already", c.Ledger),
			Zh: fmt.Sprintf("该事件库中已有账本 %s", c.Ledger),
		}}
	}
	if err != nil {
		return fmt.Errorf("begin ledger %s: %w", c.Ledger, s.explain(ctx, err))
	}
	return s.protect(ctx)
}

// Open opens a ledger. KindNotFound says that none was begun under this name.
func Open(ctx context.Context, c Config) (*Store, error) {
	s, err := connect(c)
	if err != nil {
		return nil, err
	}
	if err := s.identify(ctx, c.Secret); err != nil {
		return nil, fmt.Errorf("open ledger %s: %w", c.Ledger, errors.Join(err, s.Close()))
	}
	if err := s.sawLast(ctx); err != nil {
		return nil, fmt.Errorf("open ledger %s: %w", c.Ledger, errors.Join(err, s.Close()))
	}
	return s, nil
}

// identify reads which ledger it is, and refuses one that this process cannot serve.
func (s *Store) identify(ctx context.Context, secret []byte) error {
	page, err := s.page(ctx, s.name, esdb.Forwards, esdb.Start{}, 1)
	if err != nil {
		return err
	}
	if len(page) == 0 {
		return &ledger.Error{Kind: ledger.KindNotFound, Code: "no-such-ledger", Msg: ledger.Text{
			En: fmt.Sprintf("no ledger %s was begun on this event store", s.name),
			Zh: fmt.Sprintf("该事件库中没有账本 %s", s.name),
		}}
	}
	var b begun
	if err := json.Unmarshal(page[0].Data, &b); err != nil || page[0].EventType != begunType {
		return fmt.Errorf("the stream %s does not begin a ledger but with %s; choose another --ledger", s.name, page[0].EventType)
	}
	if b.Format != formatLevel {
		return fmt.Errorf("it has format level %d and this program reads level %d; use a newer release", b.Format, formatLevel)
	}
	if !hmac.Equal([]byte(b.KeyCheck), []byte(keyCheck(secret))) {
		return &ledger.Error{Kind: ledger.KindDenied, Code: "other-key", Msg: ledger.Text{
			En: "keys/digest.key is not the key this ledger was begun with, so repeats would not be known; copy that of a process that serves it",
			Zh: "keys/digest.key 与该账本开始时的密钥不同,将无法识别重复请求;请从正在服务该账本的进程复制该文件",
		}}
	}
	s.id = b.Ledger
	return nil
}

func keyCheck(secret []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("ttledger/key-check/v1"))
	return hex.EncodeToString(mac.Sum(nil))
}

// LedgerID is the id the ledger was begun with.
func (s *Store) LedgerID() uuid.UUID { return s.id }

// Close closes the connections. Whoever still follows or waits gets an error.
func (s *Store) Close() error {
	s.calls.close()
	s.follow.close()
	return nil
}

// Watch has f called after each append, on its time: f must be quick.
func (s *Store) Watch(f func(took time.Duration, err error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch = f
}

func (s *Store) tell(took time.Duration, err error) {
	s.mu.Lock()
	f := s.watch
	s.mu.Unlock()
	if f != nil {
		f(took, err)
	}
}

// stamp is the RecordedAt of what is appended now. It is not before what this process wrote or
// saw when the append began; clocks of several processes differ, so readers use the latest seen.
func (s *Store) stamp() time.Time {
	s.saw(s.now().UTC().Round(0))
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.latest
}

func (s *Store) saw(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at.After(s.latest) {
		s.latest = at
	}
}

// prefix is what the streams of this ledger begin with, and no others.
func (s *Store) prefix() string { return s.name + "." }

func (s *Store) streamName(id ledger.StreamID) string { return s.prefix() + id.String() }

func (s *Store) owns(stream string) bool { return strings.HasPrefix(stream, s.prefix()) }
