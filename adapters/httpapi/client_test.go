package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
)

func TestTheClientIsTheLedgerFromAfar(t *testing.T) {
	w := newWorld(t)
	c := &Client{Server: w.server.URL + "/", Token: w.tokens["ada"], Lang: "zh-CN", HTTP: &http.Client{Transport: w.wire}}
	r := ledger.Request{Aggregate: "project", ID: uuid.New(), Verb: "propose", Command: uuid.New(), Body: json.RawMessage(proposal)}
	receipt, err := c.Do(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, ledger.StreamID{Category: "project", ID: r.ID}, receipt.Stream)
	require.True(t, receipt.Created)
	require.False(t, receipt.Replayed)
	require.NotZero(t, receipt.Position)

	again, err := c.Do(t.Context(), r)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	again.Replayed = false
	require.Equal(t, receipt, again)

	here, err := w.ledger.Do(t.Context(), ledger.Request{Aggregate: "project", ID: r.ID, Verb: "propose", Command: r.Command, Body: r.Body, Actor: ledger.Actor{Handle: "ada", Roles: []ledger.Role{ledger.PM}}})
	require.NoError(t, err)
	here.Replayed = false
	require.Equal(t, receipt, here, "the same answer as without a server")

	r.Command = uuid.New()
	r.Body = []byte(`{"data":{"titles":{}}}`)
	_, err = c.Do(t.Context(), ledger.Request{Aggregate: "project", ID: uuid.New(), Verb: "propose", Command: uuid.New(), Body: r.Body})
	got, ok := errors.AsType[*ledger.Error](err)
	require.True(t, ok)
	require.Equal(t, ledger.KindInvalid, got.Kind)
	require.Equal(t, "invalid", got.Code)
	require.Equal(t, "/data/titles", got.Fields[0].Pointer)
	require.Equal(t, "命令内容不符合要求", got.Msg.En, "the language that was asked for, in both")

	c.Token, r.Verb, r.Body = w.tokens["tam"], "assess-readiness", []byte(`{"data":{"readiness":{"scale":"ISO16290","level":4}}}`)
	_, err = c.Do(t.Context(), r)
	require.Equal(t, ledger.KindPrecondition, ledger.KindOf(err))
	r.Expect = ledger.At(7)
	_, err = c.Do(t.Context(), r)
	got, _ = errors.AsType[*ledger.Error](err)
	require.Equal(t, ledger.KindConflict, got.Kind)
	require.Equal(t, "stale", got.Code)
	require.EqualValues(t, 1, got.Current)
	r.Expect = ledger.At(1)
	receipt, err = c.Do(t.Context(), r)
	require.NoError(t, err)
	require.False(t, receipt.Created)
	require.EqualValues(t, 2, receipt.Version)

	answer, err := c.Get(t.Context(), "/v1/events?format=ndjson")
	require.NoError(t, err)
	raw, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Contains(t, string(raw), `"_end":true`)
	_, err = c.Get(t.Context(), "/v1/nothing")
	require.Equal(t, ledger.KindNotFound, ledger.KindOf(err))
}

func TestTheClientAndWhatIsNoLedger(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/elsewhere", http.StatusMovedPermanently)
		case "/elsewhere":
			t.Error("the token went elsewhere")
		default:
			http.Error(w, "bad gateway", http.StatusBadGateway)
		}
	}))
	defer proxy.Close()
	c := &Client{Server: proxy.URL}
	for _, path := range []string{"/moved", "/x"} {
		_, err := c.Get(t.Context(), path)
		require.Equal(t, "server-unreachable", ledger.CodeOf(err))
		require.Equal(t, ledger.KindUnavailable, ledger.KindOf(err))
	}
	proxy.Close()
	_, err := c.Get(t.Context(), "/")
	require.Equal(t, "server-unreachable", ledger.CodeOf(err))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Get(ctx, "/")
	require.ErrorIs(t, err, context.Canceled)
	_, err = (&Client{Server: "http://[bad"}).Get(t.Context(), "/")
	require.Equal(t, "server-address", ledger.CodeOf(err))
}

func TestTheServerHasBounds(t *testing.T) {
	s := Server(http.NotFoundHandler(), "localhost:0")
	require.Equal(t, 5*time.Second, s.ReadHeaderTimeout)
	require.Equal(t, 30*time.Second, s.ReadTimeout)
	require.NotZero(t, s.IdleTimeout)
	require.Equal(t, 64<<10, s.MaxHeaderBytes)
	require.Zero(t, s.WriteTimeout)
}

// A command is not lost because a server says slower: nothing was done, and the client waits.
func TestTheClientWaitsForAServerThatSaysSlower(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.Requests = 1 })
	for range burst {
		require.Equal(t, 200, w.get("ada", "/v1/whoami").status)
	}
	c := &Client{Server: w.server.URL, Token: w.tokens["ada"]}
	_, err := c.Get(t.Context(), "/v1/whoami")
	require.Equal(t, ledger.KindLimited, ledger.KindOf(err), "a read is the caller's to repeat")
	time.AfterFunc(100*time.Millisecond, func() { w.pass(time.Second) })
	r, err := c.Do(t.Context(), ledger.Request{Aggregate: "project", ID: uuid.New(), Verb: "propose", Command: uuid.New(), Body: []byte(proposal)})
	require.NoError(t, err)
	require.True(t, r.Created)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = c.Do(ctx, ledger.Request{Aggregate: "project", ID: uuid.New(), Verb: "propose", Command: uuid.New(), Body: []byte(proposal)})
	require.Equal(t, ledger.KindUnavailable, ledger.KindOf(err))
}
