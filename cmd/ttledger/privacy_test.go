package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ttledger/domain/ledger"
)

// dumpOnHangup lets a test see what the program holds in memory: at each SIGHUP it writes its
// heap, collected first, into the file that TTLEDGER_TEST_HEAP names.
func dumpOnHangup() {
	file := os.Getenv("TTLEDGER_TEST_HEAP")
	if file == "" {
		return
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGHUP)
	go func() {
		for range asked {
			runtime.GC()
			runtime.GC() // pools keep what they hold over one
			f, err := os.Create(file + ".new")
			if err != nil {
				panic(err)
			}
			debug.WriteHeapDump(f.Fd())
			if err := errors.Join(f.Close(), os.Rename(file+".new", file)); err != nil {
				panic(err)
			}
		}
	}()
}

// memory is what the server holds.
func (b *bureau) memory(t *testing.T) []byte {
	t.Helper()
	_ = os.Remove(b.heap)
	require.NoError(t, b.Process.Signal(syscall.SIGHUP))
	require.Eventually(t, func() bool { _, err := os.Stat(b.heap); return err == nil }, time.Minute, 20*time.Millisecond)
	heap, err := os.ReadFile(b.heap)
	require.NoError(t, err)
	return heap
}

// somebody is a person of the tests, whose texts are like nobody else's.
type somebody struct {
	id    uuid.UUID
	key   uuid.UUID // of the command that enrolled them
	texts []string  // name, passport, address, title
}

func somebodyNo(n int) somebody {
	return somebody{uuid.New(), uuid.New(), []string{
		fmt.Sprintf("欧阳测试%03d号", n), fmt.Sprintf("NEEDLEPASS%06dZZZZ", 700_000+n), fmt.Sprintf("needle.person%03d@example.org", n), fmt.Sprintf("特聘研究员第%03d名", n),
	}}
}

func (s somebody) enrolment() map[string]any {
	return map[string]any{
		"name": s.texts[0], "id_document": map[string]any{"kind": "passport", "number": s.texts[1]},
		"contacts": []any{map[string]any{"way": "email", "value": s.texts[2]}}, "titles": []any{s.texts[3]},
		"notice": "PN-2026-1", "basis": "consent", "retention": "applicant", "consents": []string{"processing", "sensitive"},
	}
}

// forms is a text in every form in which it might be left lying about. Those of a text begin with
// those of its beginning.
func forms(text string) []string {
	escaped := ""
	for _, r := range text {
		escaped += fmt.Sprintf(`\u%04x`, r)
	}
	list := []string{text, hex.EncodeToString([]byte(text)), escaped}
	for skip := range 3 { // base64 at each alignment, less what depends on the neighbours
		whole := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", skip) + text))
		list = append(list, whole[4:len(whole)/4*4])
	}
	return list
}

// stems is how the texts of everybody begin.
var stems = []string{"欧阳测试", "NEEDLEPASS700", "needle.person", "特聘研究员第"}

// bureau is an office with its officers, and a server whose memory can be looked into.
type bureau struct {
	office
	*served
	tokens map[string]string
	heap   string
	seen   string // position of the last write, which reads wait for
}

func newBureau(t *testing.T) *bureau {
	b := &bureau{office: newOffice(t), tokens: map[string]string{}}
	for handle, role := range map[string]string{"hua.hr": "HR", "dora.dpo": "DPO", "shen.aud": "AUD"} {
		b.tokens[handle] = strings.TrimSpace(must(t, "token", "issue", handle, "--role", role, "--data", b.data, "--token-file", b.admin))
	}
	approver, err := os.ReadFile(b.approver)
	require.NoError(t, err)
	b.tokens["zhao.apr"] = strings.TrimSpace(string(approver))
	b.heap = filepath.Join(t.TempDir(), "heap")
	t.Setenv("TTLEDGER_TEST_HEAP", b.heap)
	return b
}

// start serves, and returns once answers are current.
func (b *bureau) start(t *testing.T) {
	t.Helper()
	b.served = startServer(t, b.data)
	require.Eventually(t, func() bool {
		status, _ := b.ask(t, "shen.aud", "GET", "/readyz", nil)
		return status == http.StatusOK
	}, time.Minute, 10*time.Millisecond)
}

// client keeps no connection: what one holds of a request is in the server's memory.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func (b *bureau) ask(t *testing.T, as, method, path string, body any, headers ...string) (int, string) {
	t.Helper()
	var sent io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		require.NoError(t, err)
		sent = bytes.NewReader(raw)
	}
	q, err := http.NewRequestWithContext(t.Context(), method, b.address+path, sent)
	require.NoError(t, err)
	q.Header.Set("Authorization", "Bearer "+b.tokens[as])
	q.Header.Set("Content-Type", "application/json")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		q.Header.Set(name, value)
	}
	if method == http.MethodGet && b.seen != "" {
		q.Header.Set("Ledger-Min-Position", b.seen)
		q.Header.Set("Prefer", "wait=30")
	}
	r, err := client.Do(q)
	require.NoError(t, err)
	defer r.Body.Close()
	raw, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	if at := r.Header.Get("Ledger-Position"); method == http.MethodPost && at != "" && r.Header.Get("Idempotency-Replayed") == "" {
		b.seen = at
	}
	return r.StatusCode, string(raw)
}

func (b *bureau) command(t *testing.T, as string, s somebody, verb string, data any, key uuid.UUID) (int, string) {
	t.Helper()
	return b.ask(t, as, "POST", "/v1/commands/person/"+s.id.String()+"/"+verb, map[string]any{"data": data}, "Idempotency-Key: "+key.String(), "If-Match: *")
}

func (b *bureau) enrol(t *testing.T, n int) somebody {
	t.Helper()
	s := somebodyNo(n)
	status, answer := b.command(t, "hua.hr", s, "enrol", s.enrolment(), s.key)
	require.Equal(t, 201, status, answer)
	return s
}

// erase proposes and decides an erasure, and waits until the key is gone: then not even the
// repeat of the enrolment can be answered.
func (b *bureau) erase(t *testing.T, list ...somebody) {
	t.Helper()
	for _, s := range list {
		status, answer := b.command(t, "dora.dpo", s, "propose-erasure", map[string]any{"ground": "subject-request"}, uuid.New())
		require.Equal(t, 200, status, answer)
		b.decide(t, s)
	}
	for _, s := range list {
		require.Eventually(t, func() bool {
			status, answer := b.command(t, "hua.hr", s, "enrol", s.enrolment(), s.key)
			return status == 422 && strings.Contains(answer, "subject-erased")
		}, time.Minute, 10*time.Millisecond)
	}
}

// decide asks for a proposed erasure as one person and approves it as another.
func (b *bureau) decide(t *testing.T, s somebody) {
	t.Helper()
	status, answer := b.command(t, "dora.dpo", s, "erase", map[string]any{}, uuid.New())
	require.Equal(t, 202, status, answer)
	var asked struct {
		Approval string `json:"approval"`
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &asked))
	path := strings.Replace(asked.Approval, "/v1/approvals/", "/v1/commands/approval/", 1) + "/decide"
	status, answer = b.ask(t, "zhao.apr", "POST", path, map[string]any{"data": map[string]any{"decision": "approve"}}, "Idempotency-Key: "+uuid.NewString(), "If-Match: *")
	require.Equal(t, 200, status, answer)
	require.NotContains(t, answer, "refused")
}

func (b *bureau) subject(t *testing.T, s somebody, query string) (int, string) {
	t.Helper()
	return b.ask(t, "dora.dpo", "GET", "/v1/subjects/"+s.id.String()+query, nil)
}

// headOf is the mark of a directory's ledger, and the mark at an earlier entry.
func headOf(t *testing.T, data string, at ledger.Entry) (head, then mark) {
	t.Helper()
	d, err := openToRead(t.Context(), place{data: data})
	require.NoError(t, err)
	defer d.close()
	then, head, err = checked(t.Context(), d, at, func(ledger.Entry, ledger.Recorded) {})
	require.NoError(t, err)
	return head, then
}

// files is every file below a directory.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			all[path], err = os.ReadFile(path)
		}
		return err
	}))
	return all
}

// finds is where a text holds one of somebody's, in whatever form; "" where it does not.
func finds(text []byte, list []somebody) string {
	for i, stem := range stems {
		for j, begin := range forms(stem) {
			for at := 0; ; at++ {
				next := bytes.Index(text[at:], []byte(begin))
				if next < 0 {
					break
				}
				at += next
				for _, s := range list {
					if bytes.HasPrefix(text[at:], []byte(forms(s.texts[i])[j])) {
						return fmt.Sprintf("%q: %q", s.texts[i], text[max(0, at-100):min(len(text), at+100)])
					}
				}
			}
		}
	}
	return ""
}

func lacks(t *testing.T, where string, text []byte, list []somebody) {
	t.Helper()
	require.Empty(t, finds(text, list), where)
}

func TestTheSearchFindsWhatIsThere(t *testing.T) {
	s, other := somebodyNo(7), somebodyNo(8)
	for _, text := range s.texts {
		for i, form := range forms(text) {
			require.NotEmpty(t, finds([]byte("... "+form+" ..."), []somebody{other, s}), "form %d of %s", i, text)
			require.Empty(t, finds([]byte("... "+form+" ..."), []somebody{other}))
		}
		require.NotEmpty(t, finds([]byte(base64.StdEncoding.EncodeToString([]byte("before "+text+" after"))), []somebody{s}))
	}
}

// wrappedKeys is the keys of a vault file as it stores them.
func wrappedKeys(t *testing.T, path string) map[uuid.UUID][]byte {
	t.Helper()
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	require.NoError(t, err)
	defer conn.Close()
	conn.SetBusyTimeout(busyWait)
	keys := map[uuid.UUID][]byte{}
	require.NoError(t, sqlitex.ExecuteTransient(conn, "SELECT subject, wrapped FROM keys", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		id, key := make([]byte, 16), make([]byte, s.ColumnLen(1))
		s.ColumnBytes(0, id)
		s.ColumnBytes(1, key)
		keys[uuid.UUID(id)] = key
		return nil
	}}))
	return keys
}

// reading is everything that is answered to somebody who may read it.
var reading = []string{
	"/v1/events?after=0&limit=1000", "/v1/events?format=ndjson", "/v1/events?format=cloudevents", "/v1/views/timeline?format=ndjson",
	"/v1/views/person-register?format=csv", "/v1/views/subject-holdings?format=ndjson", "/v1/views/organisation-register?format=csv",
	"/v1/reports/k06", "/v1/reports/k07?format=csv", "/metrics", "/v1/commands", "/openapi.json",
}

// TestErasureOfAHundred enrols a hundred persons, uses their data, erases half, and looks for
// these in every file, answer, export and log line, and in the memory of the server.
func TestErasureOfAHundred(t *testing.T) {
	b := newBureau(t)
	must(t, b.importArgs("--data", b.data)...)
	b.start(t)
	var all []somebody
	for n := range 100 {
		all = append(all, b.enrol(t, n))
	}
	erased, kept := all[:50], all[50:]
	for i, s := range all {
		if i%5 == 0 {
			status, answer := b.command(t, "hua.hr", s, "amend", map[string]any{"titles": []any{s.texts[3]}}, uuid.New())
			require.Equal(t, 200, status, answer)
			status, answer = b.subject(t, s, "?purpose=subject-request")
			require.Equal(t, 200, status)
			for _, text := range s.texts {
				require.Contains(t, answer, text)
			}
		}
	}
	shown := filepath.Join(t.TempDir(), "shown.json")
	dpo := filepath.Join(t.TempDir(), "dpo")
	require.NoError(t, os.WriteFile(dpo, []byte(b.tokens["dora.dpo"]), 0o600))
	must(t, "privacy", "export", all[0].id.String(), "--purpose", "subject-request", "--server", b.address, "--token-file", dpo, "-o", shown)
	require.NotEmpty(t, finds(files(t, filepath.Dir(shown))[shown], all[:1]))

	before, _ := headOf(t, b.data, 0)
	keys := wrappedKeys(t, filepath.Join(b.data, "vault.db"))
	require.Len(t, keys, 100)
	reports := map[string]string{}
	for _, path := range []string{"/v1/reports/k06", "/v1/reports/k07"} {
		_, reports[path] = b.ask(t, "shen.aud", "GET", path+"?format=csv", nil)
		require.Greater(t, strings.Count(reports[path], "\n"), 2, "the report has something to count")
	}

	b.erase(t, erased...)

	// What was not erased is there as before.
	for _, s := range kept[:5] {
		status, answer := b.subject(t, s, "?purpose=subject-request")
		require.Equal(t, 200, status, answer)
		require.Contains(t, answer, s.texts[0])
	}
	var answers bytes.Buffer
	for _, s := range erased {
		status, answer := b.subject(t, s, "?purpose=subject-request")
		require.Equal(t, 422, status, answer)
		answers.WriteString(answer)
		_, answer = b.subject(t, s, "")
		answers.WriteString(answer)
		_, answer = b.ask(t, "shen.aud", "GET", "/v1/streams/person/"+s.id.String(), nil)
		answers.WriteString(answer)
	}
	for _, path := range reading {
		status, answer := b.ask(t, "shen.aud", "GET", path, nil)
		require.Equal(t, 200, status, path)
		answers.WriteString(answer)
	}
	require.Contains(t, answers.String(), "ttledger_erasure_failing 0")
	lacks(t, "an answer", answers.Bytes(), all)

	http.DefaultClient.CloseIdleConnections() // the export's; a server that idles on one keeps what was last sent over it
	// A connection that was closed stays with its last request for half a second (net/http).
	heap := b.memory(t)
	for deadline := time.Now().Add(time.Minute); finds(heap, erased) != "" && time.Now().Before(deadline); {
		heap = b.memory(t)
	}
	require.Contains(t, string(heap), erased[0].id.String(), "the dump shows what is in memory")
	lacks(t, "the server's memory", heap, erased)

	exports := t.TempDir()
	auditor := filepath.Join(t.TempDir(), "aud")
	require.NoError(t, os.WriteFile(auditor, []byte(b.tokens["shen.aud"]), 0o600))
	must(t, "export", "events", "--server", b.address, "--token-file", auditor, "-o", filepath.Join(exports, "events"))
	must(t, "export", "view", "person-register", "--server", b.address, "--token-file", auditor, "-o", filepath.Join(exports, "register"))
	for path, want := range reports {
		_, got := b.ask(t, "shen.aud", "GET", path+"?format=csv", nil)
		require.Equal(t, want, got, "an erasure changes no count")
	}
	after, then := headOf(t, b.data, before.Entry)
	require.Greater(t, after.Entry, before.Entry)
	require.Equal(t, before, then, "an erasure changes no stored byte")

	logs := b.said
	for _, running := range []bool{true, false} {
		if !running {
			b.stop(t)
		}
		for _, dir := range []string{b.data, exports, filepath.Dir(logs)} {
			for name, content := range files(t, dir) {
				lacks(t, name, content, all)
				for _, s := range erased {
					require.False(t, bytes.Contains(content, keys[s.id]), "%s holds a destroyed key", name)
				}
			}
		}
	}
	vault := files(t, b.data)[filepath.Join(b.data, "vault.db")]
	require.True(t, bytes.Contains(vault, keys[kept[0].id]), "the test sees keys where they are")
}
