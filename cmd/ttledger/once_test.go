package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/httpapi"
	"ttledger/domain/ledger"
)

// forgetful is a connection that loses some requests before they arrive and some answers.
type forgetful struct{ lost *atomic.Int64 }

func (f forgetful) RoundTrip(r *http.Request) (*http.Response, error) {
	chance := rand.IntN(5)
	if chance == 0 {
		f.lost.Add(1)
		return nil, errors.New("the request was lost")
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if chance == 1 && err == nil {
		f.lost.Add(1)
		return nil, errors.Join(errors.New("the answer was lost"), answer.Body.Close())
	}
	return answer, err
}

// here serves a new ledger in this process until the test ends.
func here(t *testing.T) (address string, d *directory, token string) {
	ctx, cancel := context.WithCancel(t.Context())
	d, token, err := beginDirectory(ctx, place{data: filepath.Join(t.TempDir(), "data")})
	require.NoError(t, err)
	s, err := newServer(d, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	started, ended := make(chan string), make(chan error, 1)
	go func() { ended <- s.run(ctx, "127.0.0.1:0", func(address string) { started <- address }) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, errors.Join(<-ended, d.close()))
	})
	return <-started, d, token
}

// TestEachOfTenThousandCommandsTakesEffectOnce: 64 clients, few things, lost requests and lost
// answers; each client repeats with the same key until it is answered, and sometimes once more.
func TestEachOfTenThousandCommandsTakesEffectOnce(t *testing.T) {
	const clients, commands, things = 64, 10_000, 400
	address, d, admin := here(t)
	token := issueHere(t, address, admin)
	lost := new(atomic.Int64)
	client := &httpapi.Client{Server: address, Token: token, HTTP: &http.Client{Transport: forgetful{lost}}}
	ids := make([]uuid.UUID, things)
	for i := range ids {
		ids[i] = uuid.New()
	}
	var next atomic.Int64
	var keys sync.Map
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for n := next.Add(1); n <= commands; n = next.Add(1) {
				key := uuid.New()
				r := ledger.Request{Aggregate: "project", Verb: "assess-readiness", ID: ids[rand.IntN(things)], Command: key, Expect: ledger.Whatever(),
					Body: fmt.Appendf(nil, `{"data":{"readiness":{"scale":"ISO16290","level":%d}}}`, 1+n%9)}
				if n <= things {
					r.Verb, r.ID, r.Body, r.Expect = "propose", ids[n-1], []byte(`{"data":{"titles":{"zh":"冷烧结"}}}`), ledger.Expectation{}
				}
				if err := insist(t.Context(), client, r); err != nil {
					t.Error(err)
					return
				}
				keys.Store(key, true)
			}
		})
	}
	all.Wait()
	require.Greater(t, lost.Load(), int64(commands/4))
	seen := map[uuid.UUID]int{}
	for batch, err := range d.store.Follow(t.Context(), ledger.Position{}) {
		require.NoError(t, err)
		for _, e := range batch.Events {
			if e.Stream.Category == "project" {
				seen[e.Meta.Command]++
			}
		}
		if batch.Live {
			break
		}
	}
	require.Len(t, seen, commands, "nothing but what was acknowledged, and all of it")
	for key, n := range seen {
		_, acknowledged := keys.Load(key)
		require.True(t, acknowledged && n == 1, "%s took effect %d times", key, n)
	}
}

// insist repeats a command until it is answered, and once more now and then. Things that are not
// there yet and races that were lost are tried again like lost answers.
func insist(ctx context.Context, client *httpapi.Client, r ledger.Request) error {
	for range 10_000 {
		_, err := client.Do(ctx, r)
		switch kind := ledger.KindOf(err); {
		case err == nil && rand.IntN(10) == 0:
			_, again := client.Do(ctx, r)
			if again == nil || ledger.KindOf(again) == ledger.KindUnavailable {
				return nil
			}
			return again
		case err == nil:
			return nil
		case kind != ledger.KindUnavailable && kind != ledger.KindNotFound && ledger.CodeOf(err) != "busy":
			return err
		}
	}
	return fmt.Errorf("%s was never answered", r.Command)
}

func issueHere(t *testing.T, address, admin string) string {
	return issueTo(t, address, admin, "wang.pm", "PM", "TM")
}

func issueTo(t *testing.T, address, admin, handle string, roles ...string) string {
	i := issuer{&httpapi.Client{Server: address, Token: admin}, ledger.Actor{}, ledger.Source{Kind: "api"}}
	token, err := i.issue(t.Context(), handle, "person", roles, "", randomReader{})
	require.NoError(t, err)
	return token
}

// randomReader is random enough for a test.
type randomReader struct{}

func (randomReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(rand.IntN(256))
	}
	return len(p), nil
}
