package main

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/esdb/esdbtest"
	"ttledger/adapters/httpapi"
	"ttledger/domain/ledger"
	"ttledger/projections"
)

// eventStores are an event store of this process, and a real one where TTLEDGER_TEST_ESDB says so.
// What a test leaves there is one ledger of a random name.
func eventStores(t *testing.T, test func(t *testing.T, flags []string)) {
	t.Run("esdbtest", func(t *testing.T) {
		test(t, elsewhereFlags(esdbtest.Start(t, esdbtest.Options{}).ConnectionString()))
	})
	if url := os.Getenv("TTLEDGER_TEST_ESDB"); url != "" {
		t.Run("real", func(t *testing.T) { test(t, elsewhereFlags(url)) })
	}
}

func elsewhereFlags(url string) []string {
	return []string{"--store", url, "--ledger", "t" + strings.ToLower(rand.Text())}
}

// copyKey gives a second directory the key that processes of one ledger share.
func copyKey(t *testing.T, from, to string) {
	require.NoError(t, os.MkdirAll(filepath.Join(to, "keys"), 0o700))
	key, err := os.ReadFile(filepath.Join(from, "keys", "digest.key"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(to, "keys", "digest.key"), key, 0o600))
}

// allViews is every row of every view as known at an entry, once a server has come so far.
func allViews(outer *testing.T, s *served, token string, entry int) string {
	var all strings.Builder
	for _, v := range projections.Views() {
		url := fmt.Sprintf("%s/v1/views/%s?format=ndjson&known-at=%d", s.address, v.Name, entry)
		var body string
		require.EventuallyWithT(outer, func(t *assert.CollectT) {
			var status int
			status, body = get(outer, url, token)
			require.Equal(t, http.StatusOK, status, body)
		}, 20*time.Second, 50*time.Millisecond)
		fmt.Fprintln(&all, v.Name, body)
	}
	return all.String()
}

// TestTwoProcessesServeOneLedger: commands go to both, one is killed on the way and started again;
// in the end both say the same of every entry.
func TestTwoProcessesServeOneLedger(t *testing.T) {
	eventStores(t, func(t *testing.T, flags []string) {
		dir := t.TempDir()
		one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
		a := startServer(t, one, flags...)
		require.NotEmpty(t, a.token, "the first start shows a token")
		copyKey(t, one, two)
		b := startServer(t, two, flags...)
		require.Empty(t, b.token, "a ledger has one first start")
		token := issueHere(t, a.address, a.token)
		auditor := issueTo(t, a.address, a.token, "chen.aud", "AUD")

		var mu sync.Mutex
		acknowledged := map[string]bool{}
		propose := func(s *served, n int) (refused int) {
			for range n {
				id, err := propose(t.Context(), s.address, token)
				if err != nil {
					refused++
					continue
				}
				mu.Lock()
				acknowledged[id] = true
				mu.Unlock()
			}
			return refused
		}
		var working sync.WaitGroup
		working.Go(func() { propose(a, 150) })
		propose(b, 40)
		require.NoError(t, b.Process.Kill())
		_ = b.Wait()
		require.Equal(t, 3, propose(b, 3), "it is dead")
		b = startServer(t, two, flags...)
		require.Zero(t, propose(b, 40))
		working.Wait()
		require.GreaterOrEqual(t, len(acknowledged), 230)

		exported := must(t, "export", "events", "--server", a.address, "--token-file", keep(t, dir, a.token))
		entries := strings.Count(exported, `"stream":`)
		first, second := allViews(t, a, auditor, entries), allViews(t, b, auditor, entries)
		require.Equal(t, first, second)
		for id := range acknowledged {
			require.Contains(t, first, id)
		}
		a.stop(t)
		b.stop(t)
		again := startServer(t, one, flags...)
		require.Equal(t, first, allViews(t, again, auditor, entries), "and after a restart")
		again.stop(t)
	})
}

// Each process would keep keys of its own, so that one could not read or erase what another sealed.
func TestPersonalDataIsRefusedWhereProcessesShareNoVault(t *testing.T) {
	eventStores(t, func(t *testing.T, flags []string) {
		s := startServer(t, filepath.Join(t.TempDir(), "data"), flags...)
		officer := issueTo(t, s.address, s.token, "hua.hr", "HR")
		_, err := (&httpapi.Client{Server: s.address, Token: officer}).Do(t.Context(), ledger.Request{
			Aggregate: "person", ID: uuid.New(), Verb: "enrol", Command: uuid.New(),
			Body: []byte(`{"data":{"name":"王小明","notice":"PN-2026-1","basis":"consent","retention":"applicant","consents":["processing"]}}`),
		})
		require.Equal(t, "no-vault", ledger.CodeOf(err), "%v", err)
		s.stop(t)
	})
}

func keep(t *testing.T, dir, token string) string {
	file := filepath.Join(dir, "token")
	require.NoError(t, os.WriteFile(file, []byte(token), 0o600))
	return file
}

func TestProcessesThatShareTheirKeysMayStartAtOnce(t *testing.T) {
	eventStores(t, func(t *testing.T, flags []string) {
		dir := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(dir, "keys"), 0o700))
		ids := make([]string, 6)
		var starting sync.WaitGroup
		for i := range ids {
			data := filepath.Join(dir, fmt.Sprint(i))
			require.NoError(t, os.Mkdir(data, 0o700))
			require.NoError(t, os.Symlink(filepath.Join(dir, "keys"), filepath.Join(data, "keys")))
			starting.Go(func() {
				d, _, err := beginDirectory(t.Context(), place{data, flags[1], flags[3]})
				if err != nil {
					t.Error(err)
					return
				}
				ids[i] = d.store.LedgerID().String()
				if err := d.close(); err != nil {
					t.Error(err)
				}
			})
		}
		starting.Wait()
		require.Len(t, slices.Compact(ids), 1)
		files, err := os.ReadDir(filepath.Join(dir, "keys"))
		require.NoError(t, err)
		require.Len(t, files, 1)
	})
}

func TestADirectoryServesOneLedger(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{}).ConnectionString()
	dir := t.TempDir()
	flags, others := elsewhereFlags(server), elsewhereFlags(server)
	data := filepath.Join(dir, "data")
	s := startServer(t, data, flags...)
	token := keep(t, dir, s.token)
	s.stop(t)

	refused := func(what string, args ...string) {
		t.Helper()
		_, problems, code := call(t, args...)
		require.Equal(t, exitFailed, code)
		require.Contains(t, problems, what)
	}
	refused("say where: --store esdb://…", "serve", "--data", data)
	refused("serves the ledger "+flags[3]+" and not "+others[3], append([]string{"serve", "--data", data}, others...)...)
	refused("no ledger "+others[3]+" was begun", append([]string{"token", "list", "--data", newDirectory(t, data)}, others...)...)

	empty := esdbtest.Start(t, esdbtest.Options{}).ConnectionString()
	refused("no ledger "+flags[3]+" was begun", "serve", "--data", data, "--store", empty, "--ledger", flags[3])
	twin := newDirectory(t, data)
	startServer(t, twin, "--store", empty, "--ledger", flags[3]).stop(t)
	refused("on this event store is the ledger", "serve", "--data", data, "--store", empty, "--ledger", flags[3])

	lone := newOffice(t)
	refused("keeps a ledger of its own", append([]string{"serve", "--data", lone.data}, flags...)...)

	stranger := filepath.Join(dir, "stranger")
	refused("keys/digest.key is not the key", append([]string{"serve", "--data", stranger}, flags...)...)
	require.NoFileExists(t, filepath.Join(stranger, "keys", "digest.key"), "the key to copy there is another's")

	require.NoError(t, os.Remove(filepath.Join(data, "keys", "digest.key")))
	refused("secret of request digests", append([]string{"token", "issue", "x.y", "--data", data, "--token-file", token}, flags...)...)
}

// newDirectory is one with the key of another, and nothing else.
func newDirectory(t *testing.T, from string) string {
	to := t.TempDir()
	copyKey(t, from, to)
	return to
}

func TestAnImportIntoAnEventStoreIsTheSame(t *testing.T) {
	o := newOffice(t)
	must(t, o.importArgs("--data", o.data)...)
	eventStores(t, func(t *testing.T, flags []string) {
		dir := t.TempDir()
		e := office{dir: dir, data: filepath.Join(dir, "data"), manager: filepath.Join(dir, "manager"), approver: filepath.Join(dir, "approver")}
		s := startServer(t, e.data, flags...)
		e.admin = keep(t, dir, s.token)
		s.stop(t)
		at := append([]string{"--data", e.data}, flags...)
		issue := func(file, handle, roles string) {
			token := must(t, append([]string{"token", "issue", handle, "--role", roles, "--token-file", e.admin}, at...)...)
			require.NoError(t, os.WriteFile(file, []byte(token), 0o600))
		}
		issue(e.manager, "wang.pm", "PM,TM")
		issue(e.approver, "zhao.apr", "APR")
		must(t, e.importArgs(at...)...)
		require.Equal(t, must(t, append(o.importArgs("--data", o.data), "--json")...), must(t, append(e.importArgs(at...), "--json")...), "and again")
		require.Equal(t, things(must(t, "replay", "--data", o.data)), things(must(t, append([]string{"replay"}, at...)...)))
	})
}

// things are the states of a replay but for principals, whose tokens are random.
func things(replayed string) (list []string) {
	for line := range strings.Lines(replayed) {
		if strings.Contains(line, `"stream":"project-`) || strings.Contains(line, `"stream":"organisation-`) {
			list = append(list, line)
		}
	}
	return list
}
