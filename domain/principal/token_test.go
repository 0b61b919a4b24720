package principal

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

const handle = "tm-zgc-07"

// random is 48 bytes that a test can know.
func random() *bytes.Reader { return bytes.NewReader([]byte(strings.Repeat("0123456789ab", 4))) }

// record writes facts of the principal with a handle as they would be stored.
func record(t *testing.T, streams ledger.Streams, handle string, events ...Event) {
	t.Helper()
	var proposed []ledger.Proposed
	for _, e := range events {
		data, err := Codec.Encode(e)
		require.NoError(t, err)
		proposed = append(proposed, ledger.Proposed{ID: uuid.New(), Type: e.EventType(), Data: data, Meta: ledger.Metadata{OccurredOn: ledgertest.Before}})
	}
	stream := ledger.StreamID{Category: "principal", ID: ID(handle)}
	_, version, err := (&Directory{Streams: streams}).Load(t.Context(), stream.ID)
	require.NoError(t, err)
	_, err = streams.Append(t.Context(), stream, version, proposed)
	require.NoError(t, err)
}

// issue enrols a principal with a token and some roles, and returns the token.
func issue(t *testing.T, streams ledger.Streams, grants ...Event) string {
	t.Helper()
	text, c, err := NewToken(random(), handle, "laptop")
	require.NoError(t, err)
	record(t, streams, handle, append([]Event{Enrolled{handle, "person"}, TokenIssued(c)}, grants...)...)
	return text
}

func TestALiveTokenIsItsPrincipal(t *testing.T) {
	var streams ledgertest.Streams
	text := issue(t, &streams,
		RoleGranted{ledger.TM, day("2026-06-15"), day("2026-06-15")},
		RoleGranted{ledger.PM, day("2026-01-01"), day("2026-06-14")},
		RoleGranted{Role: ledger.LEG, From: day("2026-06-16")})
	for name, at := range map[string]struct {
		now   time.Time
		roles []ledger.Role
	}{
		"a role that ends today still counts":                    {ledgertest.Now, []ledger.Role{ledger.TM}},
		"a role that ended yesterday does not, but did":          {ledgertest.Now.AddDate(0, 0, -1), []ledger.Role{ledger.PM}},
		"a role that begins tomorrow does not yet, but will":     {ledgertest.Now.AddDate(0, 0, 1), []ledger.Role{ledger.LEG}},
		"the day begins at midnight in China, not in Greenwich":  {time.Date(2026, 6, 15, 16, 0, 0, 0, time.UTC), []ledger.Role{ledger.LEG}},
		"until midnight in China it is still the day before":     {time.Date(2026, 6, 15, 15, 59, 59, 0, time.UTC), []ledger.Role{ledger.TM}},
		"who holds no role that day is known and may do nothing": {time.Date(2025, 6, 15, 0, 0, 0, 0, time.UTC), nil},
	} {
		t.Run(name, func(t *testing.T) {
			actor, err := (&Directory{Streams: &streams}).Authenticate(t.Context(), text, at.now)
			require.NoError(t, err)
			require.Equal(t, ledger.Actor{Handle: handle, Roles: at.roles}, actor)
		})
	}
}

// Whatever is wrong with a token, the answer is the same, because it must not tell what exists.
func TestEveryOtherTokenIsRefusedAlike(t *testing.T) {
	var streams ledgertest.Streams
	live := issue(t, &streams)
	revoked, second, err := NewToken(iotest.OneByteReader(strings.NewReader(strings.Repeat("z", 48))), handle, "old")
	require.NoError(t, err)
	record(t, &streams, handle, TokenIssued(second), TokenRevoked{second.Token})
	stranger, _, err := NewToken(random(), "nobody-here", "")
	require.NoError(t, err)

	var answers []error
	for name, text := range map[string]string{
		"nothing":                       "",
		"the prefix alone":              tokenPrefix,
		"without its prefix":            strings.TrimPrefix(live, tokenPrefix),
		"with another prefix":           "TTL_" + strings.TrimPrefix(live, tokenPrefix),
		"with a wrong secret":           live[:len(live)-1] + "A",
		"with another's id":             stranger[:len(tokenPrefix)+idChars] + live[len(tokenPrefix)+idChars:],
		"one short":                     live[:len(live)-1],
		"one long":                      live + "A",
		"with blanks around":            " " + live,
		"not base64":                    tokenPrefix + strings.Repeat("*", idChars+secretChars),
		"of nobody":                     stranger,
		"revoked":                       revoked,
		"the digest in place of itself": tokenPrefix + digestOf(live) + "A",
	} {
		t.Run(name, func(t *testing.T) {
			actor, err := (&Directory{Streams: &streams}).Authenticate(t.Context(), text, ledgertest.Now)
			require.Zero(t, actor)
			require.Equal(t, ledger.KindUnauthenticated, ledger.KindOf(err))
			answers = append(answers, err)
		})
	}
	for _, err := range answers {
		require.Equal(t, answers[0], err)
	}
}

// The base64 decoder skips line ends, so that an id with line ends in it is fewer than 16 bytes.
func TestLineEndsInATokenAreRefused(t *testing.T) {
	var streams ledgertest.Streams
	text := tokenPrefix + strings.Repeat("\n", idChars) + strings.Repeat("A", secretChars)
	require.NotPanics(t, func() {
		_, err := (&Directory{Streams: &streams}).Authenticate(t.Context(), text, ledgertest.Now)
		require.Equal(t, ledger.KindUnauthenticated, ledger.KindOf(err))
	})
}

// A token opens through its last day in China, and a rotated one through its overlap.
func TestATokenEnds(t *testing.T) {
	var streams ledgertest.Streams
	text, c, err := NewToken(random(), handle, "laptop")
	require.NoError(t, err)
	c.Expires = day("2026-06-15")
	record(t, &streams, handle, Enrolled{handle, "person"}, TokenIssued(c))
	d := &Directory{Streams: &streams}
	last := time.Date(2026, 6, 15, 15, 59, 59, 0, time.UTC)
	_, credential, err := d.Check(t.Context(), text, last)
	require.NoError(t, err)
	require.Equal(t, Credential{ID(handle), c.Token}, credential)
	_, err = d.Authenticate(t.Context(), text, last.Add(time.Second))
	require.Equal(t, Refused, err)
	_, err = d.Still(t.Context(), credential, last.Add(time.Second))
	require.Equal(t, Refused, err)

	record(t, &streams, handle, TokenRotated{Token: uuid.New(), SHA256: digest, Expires: day("2027-01-01"), Replaces: c.Token, Until: day("2026-06-14")})
	_, err = d.Still(t.Context(), credential, last)
	require.Equal(t, Refused, err, "the overlap is over")
	actor, err := d.Still(t.Context(), credential, last.AddDate(0, 0, -1))
	require.NoError(t, err)
	require.Equal(t, handle, actor.Handle)
}

// A ledger of before tokens ended opens to the same tokens.
func TestATokenStoredAsV1IsLive(t *testing.T) {
	var streams ledgertest.Streams
	text, c, err := NewToken(random(), handle, "laptop")
	require.NoError(t, err)
	record(t, &streams, handle, Enrolled{handle, "person"})
	_, err = streams.Append(t.Context(), ledger.StreamID{Category: "principal", ID: ID(handle)}, 1, []ledger.Proposed{{
		ID: uuid.New(), Type: "principal.token-issued.v1", Meta: ledger.Metadata{OccurredOn: ledgertest.Before},
		Data: []byte(`{"token":"` + c.Token.String() + `","sha256":"` + c.SHA256 + `"}`),
	}})
	require.NoError(t, err)
	_, err = (&Directory{Streams: &streams}).Authenticate(t.Context(), text, ledgertest.Now.AddDate(50, 0, 0))
	require.NoError(t, err)
}

func TestARevocationCountsAtOnce(t *testing.T) {
	var streams ledgertest.Streams
	text := issue(t, &streams)
	_, err := (&Directory{Streams: &streams}).Authenticate(t.Context(), text, ledgertest.Now)
	require.NoError(t, err)
	s, version, err := (&Directory{Streams: &streams}).Load(t.Context(), ID(handle))
	require.NoError(t, err)
	require.Equal(t, ledger.Version(2), version)
	record(t, &streams, handle, TokenRevoked{s.Tokens[0].Token})
	_, err = (&Directory{Streams: &streams}).Authenticate(t.Context(), text, ledgertest.Now)
	require.Equal(t, ledger.KindUnauthenticated, ledger.KindOf(err))
}

// A store that cannot answer must not look like a token that is wrong, nor a history that cannot
// be read like a shorter one.
func TestATroubledStoreIsNotAWrongToken(t *testing.T) {
	var streams ledgertest.Streams
	text := issue(t, &streams)
	for name, event := range map[string]ledger.Proposed{
		"an unknown event":   {Type: "principal.knighted.v1", Data: []byte(`{}`)},
		"a damaged event":    {Type: TokenRevoked{}.EventType(), Data: []byte(`{"token":`)},
		"a field of its own": {Type: TokenRevoked{}.EventType(), Data: []byte(`{"why":"lost"}`)},
	} {
		t.Run(name, func(t *testing.T) {
			var streams ledgertest.Streams
			text := issue(t, &streams)
			event.Meta.OccurredOn = ledgertest.Before
			_, err := streams.Append(t.Context(), ledger.StreamID{Category: "principal", ID: ID(handle)}, 2, []ledger.Proposed{event})
			require.NoError(t, err)
			_, err = (&Directory{Streams: &streams}).Authenticate(t.Context(), text, ledgertest.Now)
			require.Error(t, err)
			require.Equal(t, ledger.KindInternal, ledger.KindOf(err))
		})
	}
	streams.BeforeRead = func(ledger.StreamID) error { return context.DeadlineExceeded }
	_, err := (&Directory{Streams: &streams}).Authenticate(t.Context(), text, ledgertest.Now)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestNewToken(t *testing.T) {
	text, c, err := NewToken(random(), handle, "laptop")
	require.NoError(t, err)
	require.Len(t, text, len(tokenPrefix)+idChars+secretChars)
	require.Equal(t, "laptop", c.Label)
	require.NotContains(t, c.SHA256+c.Token.String(), text, "the command does not hold the token")
	id, err := base64.RawURLEncoding.DecodeString(text[len(tokenPrefix):][:idChars])
	require.NoError(t, err)
	require.Equal(t, ID(handle), uuid.UUID(id), "a token carries the id of its principal")

	again, c2, err := NewToken(random(), handle, "laptop")
	require.NoError(t, err)
	require.Equal(t, text, again, "all of its chance comes from the reader")
	require.Equal(t, c, c2)

	_, _, err = NewToken(iotest.ErrReader(errors.New("no entropy")), handle, "")
	require.Error(t, err)
	_, _, err = NewToken(strings.NewReader("too little"), handle, "")
	require.Error(t, err, "a token is never made of less chance than it should be")
}

// FuzzAuthenticate: no text makes it panic, and none but the token opens anything.
func FuzzAuthenticate(f *testing.F) {
	text, c, err := NewToken(random(), handle, "laptop")
	require.NoError(f, err)
	f.Add(text)
	f.Add(text[:len(text)-1] + "A")
	f.Fuzz(func(t *testing.T, shown string) {
		var streams ledgertest.Streams
		record(t, &streams, handle, Enrolled{handle, "person"}, TokenIssued(c))
		_, err := (&Directory{Streams: &streams}).Authenticate(t.Context(), shown, ledgertest.Now)
		require.Equal(t, shown == text, err == nil)
	})
}

func TestADirectoryRemembersAndIsNeverBehind(t *testing.T) {
	var streams ledgertest.Streams
	text := issue(t, &streams, RoleGranted{Role: ledger.PM, From: day("2026-01-01")})
	d := &Directory{Streams: &streams}
	actor, err := d.Authenticate(t.Context(), text, ledgertest.Now)
	require.NoError(t, err)
	require.Equal(t, []ledger.Role{ledger.PM}, actor.Roles)
	record(t, &streams, handle, RoleGranted{Role: ledger.TM, From: day("2026-01-01")})
	actor, err = d.Authenticate(t.Context(), text, ledgertest.Now)
	require.NoError(t, err)
	require.Equal(t, []ledger.Role{ledger.PM, ledger.TM}, actor.Roles)
	_, c, err := NewToken(random(), handle, "laptop")
	require.NoError(t, err)
	record(t, &streams, handle, TokenRevoked{c.Token})
	_, err = d.Authenticate(t.Context(), text, ledgertest.Now)
	require.Equal(t, ledger.KindUnauthenticated, ledger.KindOf(err))
}
