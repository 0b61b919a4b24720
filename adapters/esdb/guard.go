package esdb

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"ttledger/domain/ledger"
)

// settingsStream holds the ACL of all streams that have none of their own.
const settingsStream = "$settings"

// Guarding is that ACL as a ledger needs it: only administrators of the event store delete streams
// or set their metadata, by which events would vanish after an age or a number.
const Guarding = `{"$userStreamAcl":{"$r":"$all","$w":"$all","$d":"$admins","$mr":"$all","$mw":"$admins"}}`

// Guard is what keeps the events of a ledger on a server, for the doctor.
type Guard struct {
	Version  string
	Insecure bool     // without TLS the client sends no user, and such a server enforces no ACL
	Hidden   bool     // this process's user may not see the default ACL
	Open     []string // what others than administrators may do: delete, set metadata
	Limited  []string // metadata of the ledger's streams by which events vanish
}

// protect sets the default ACL where nobody has set one. It is left alone where somebody has, or
// where this process may not: the doctor tells.
func (s *Store) protect(ctx context.Context) error {
	event := esdb.EventData{EventID: uuid.NewSHA1(uuid.Nil, []byte(Guarding)), EventType: "update-default-acl", ContentType: esdb.ContentTypeJson, Data: []byte(Guarding)}
	_, err := ask(ctx, s.calls, func(ctx context.Context, client *esdb.Client) (*esdb.WriteResult, error) {
		return client.AppendToStream(ctx, settingsStream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}, RequiresLeader: true}, event)
	})
	if isCode(err, esdb.ErrorCodeWrongExpectedVersion) || status.Code(err) == codes.PermissionDenied {
		return nil
	}
	return s.explain(ctx, err)
}

// Guard looks at the server and at the metadata of every stream of the ledger.
func (s *Store) Guard(ctx context.Context) (g Guard, err error) {
	version, err := ask(ctx, s.calls, func(_ context.Context, client *esdb.Client) (*esdb.ServerVersion, error) {
		return client.GetServerVersion()
	})
	if err != nil {
		return g, s.explain(ctx, err)
	}
	g.Version = fmt.Sprintf("%d.%d.%d", version.Major, version.Minor, version.Patch)
	g.Insecure = s.calls.config.DisableTLS
	g.Open, err = s.openToOthers(ctx)
	if g.Hidden = status.Code(err) == codes.PermissionDenied; err != nil && !g.Hidden {
		return g, err
	}
	g.Limited, err = s.limited(ctx)
	return g, err
}

// roles are names of users and groups; one may stand alone.
type roles []string

func (r *roles) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		*r = roles{""}
		return json.Unmarshal(raw, &(*r)[0])
	}
	return json.Unmarshal(raw, (*[]string)(r))
}

// onlyAdmins says that roles were given, and none but administrators'.
func (r roles) onlyAdmins() bool {
	return r != nil && !slices.ContainsFunc(r, func(role string) bool { return role != "$admins" && role != "admin" })
}

func (s *Store) openToOthers(ctx context.Context) (open []string, err error) {
	page, err := s.page(ctx, settingsStream, esdb.Backwards, esdb.End{}, 1)
	if err != nil {
		return nil, fmt.Errorf("the default ACL cannot be read: %w", err)
	}
	var set struct {
		User struct {
			Delete    roles `json:"$d"`
			MetaWrite roles `json:"$mw"`
		} `json:"$userStreamAcl"`
	}
	if len(page) > 0 {
		if err := json.Unmarshal(page[0].Data, &set); err != nil {
			return nil, fmt.Errorf("the default ACL in %s cannot be read: %w", settingsStream, err)
		}
	}
	if !set.User.Delete.onlyAdmins() {
		open = append(open, "delete streams")
	}
	if !set.User.MetaWrite.onlyAdmins() {
		open = append(open, "set $maxAge and $maxCount")
	}
	return open, nil
}

// limitedWait ends the look at servers that do not say that a subscription has caught up.
const limitedWait = 2 * time.Second

// limited finds the last metadata of each stream of the ledger, and which of it makes events vanish.
func (s *Store) limited(ctx context.Context) (found []string, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	events, err := s.subscribe(ctx, ledger.Position{}, "$$"+s.prefix())
	if err != nil {
		return nil, err
	}
	last := map[string]string{}
	for caughtUp := false; !caughtUp; {
		select {
		case e := <-events:
			switch {
			case e.SubscriptionDropped != nil:
				return nil, s.explain(ctx, e.SubscriptionDropped.Error)
			case e.EventAppeared != nil:
				stream := strings.TrimPrefix(e.EventAppeared.OriginalEvent().StreamID, "$$")
				last[stream] = vanishing(e.EventAppeared.OriginalEvent().Data)
			}
			caughtUp = e.CaughtUp != nil
		case <-time.After(limitedWait):
			caughtUp = true
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	for stream, names := range last {
		if names != "" {
			found = append(found, stream+": "+names)
		}
	}
	slices.Sort(found)
	return found, nil
}

// vanishing names what in a stream's metadata makes events vanish, and an ACL of its own, which
// stands before the default.
func vanishing(metadata []byte) string {
	var set map[string]json.RawMessage
	if json.Unmarshal(metadata, &set) != nil {
		return "metadata that cannot be read"
	}
	var names []string
	for _, name := range []string{"$maxAge", "$maxCount", "$tb", "$acl"} {
		if _, ok := set[name]; ok {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}
