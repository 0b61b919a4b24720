package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/webhook"
)

// mailbox receives webhooks on a real port.
type mailbox struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	ids    []string // by entry, from the first that came
	first  int
	wrong  error
}

const webhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func newMailbox(t *testing.T) *mailbox {
	oracle, err := standard.NewWebhook(webhookSecret)
	require.NoError(t, err)
	m := &mailbox{status: 200}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		defer m.mu.Unlock()
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = oracle.Verify(body, r.Header)
		}
		if err == nil && m.status == 200 {
			err = m.take(body, r.Header.Get("webhook-id"))
		}
		if err != nil && r.Context().Err() == nil {
			m.wrong = err
		}
		w.WriteHeader(m.status)
	}))
	t.Cleanup(m.Close)
	return m
}

// take holds a message against those before it: the next one, or one of them again.
func (m *mailbox) take(body []byte, id string) error {
	var message webhook.Message
	if err := json.Unmarshal(body, &message); err != nil {
		return err
	}
	entry := int(message.Data.Entry)
	if m.first == 0 {
		m.first = entry
	}
	at := entry - m.first
	switch {
	case at < 0 || at > len(m.ids):
		return fmt.Errorf("entry %d came after %d", entry, m.first+len(m.ids)-1)
	case at == len(m.ids):
		m.ids = append(m.ids, id)
	case m.ids[at] != id:
		return fmt.Errorf("entry %d came as %s and as %s", entry, m.ids[at], id)
	}
	return nil
}

func (m *mailbox) answer(status int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status = status
}

func (m *mailbox) taken(t *testing.T) (messages int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	require.NoError(t, m.wrong)
	return len(m.ids)
}

func (o office) managerToken(t *testing.T) string {
	raw, err := os.ReadFile(o.manager)
	require.NoError(t, err)
	return strings.TrimSpace(string(raw))
}

// hook configures an endpoint of a directory.
func hook(t *testing.T, data, name, url string) {
	require.NoError(t, os.WriteFile(filepath.Join(data, "hook.secret"), []byte(webhookSecret), 0o600))
	config := fmt.Sprintf(`[{"name":%q,"url":%q,"secret_file":"hook.secret","allow_private":true}]`, name, url)
	require.NoError(t, os.WriteFile(filepath.Join(data, "webhooks.json"), []byte(config), 0o600))
}

// endpoint is what `webhook list` says of the one endpoint, once it says so.
func endpoint(t *testing.T, data string, so func(webhookLine) bool) webhookLine {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		var l webhookLine
		require.NoError(t, json.Unmarshal([]byte(must(t, "webhook", "list", "--data", data, "--json")), &l))
		if so(l) {
			return l
		}
		require.True(t, time.Now().Before(deadline), "%+v", l)
		time.Sleep(10 * time.Millisecond) // another process is waited for
	}
}

func begun(l webhookLine) bool { return l.Begun }

func TestNoMessageIsLostWhenTheServerIsKilled(t *testing.T) {
	o, box := newOffice(t), newMailbox(t)
	hook(t, o.data, "portal", box.URL)
	manager := o.managerToken(t)
	recorded := 0
	for range 8 {
		s := startServer(t, o.data)
		endpoint(t, o.data, begun)
		for range 20 + rand.IntN(40) {
			_, err := propose(t.Context(), s.address, manager)
			require.NoError(t, err)
			recorded++
		}
		require.NoError(t, s.Process.Kill())
		_ = s.Wait()
	}
	s := startServer(t, o.data)
	endpoint(t, o.data, func(l webhookLine) bool { return l.Behind == 0 })
	s.stop(t)
	require.Equal(t, recorded, box.taken(t), "in order, each at least once, a repeat under the same id")
}

func TestWhatAnOperatorSeesOfWebhooks(t *testing.T) {
	o, box := newOffice(t), newMailbox(t)
	require.Empty(t, must(t, "webhook", "list", "--data", o.data))
	hook(t, o.data, "portal", box.URL)
	require.Contains(t, must(t, "webhook", "list", "--data", o.data), "not begun")

	manager := o.managerToken(t)
	s := startServer(t, o.data)
	endpoint(t, o.data, begun)
	box.answer(410)
	_, err := propose(t.Context(), s.address, manager)
	require.NoError(t, err)
	endpoint(t, o.data, func(l webhookLine) bool { return !l.Disabled.IsZero() && l.Behind == 1 })
	out := must(t, "webhook", "list", "--data", o.data)
	require.Contains(t, out, "1 behind")
	require.Contains(t, out, "disabled since")
	require.Contains(t, out, "answered 410 Gone")

	box.answer(200)
	must(t, "webhook", "enable", "portal", "--data", o.data)
	endpoint(t, o.data, func(l webhookLine) bool { return l.Behind == 0 && l.Failing == nil })
	require.Equal(t, 1, box.taken(t))

	box.answer(500)
	_, err = propose(t.Context(), s.address, manager)
	require.NoError(t, err)
	endpoint(t, o.data, func(l webhookLine) bool { return l.Failing != nil })
	require.Contains(t, must(t, "webhook", "list", "--data", o.data), "failing since")
	box.answer(200)
	must(t, "webhook", "retry", "portal", "--data", o.data)
	endpoint(t, o.data, func(l webhookLine) bool { return l.Behind == 0 })
	s.stop(t)

	_, problems, code := call(t, "webhook", "retry", "nobody", "--data", o.data)
	require.Equal(t, exitFailed, code)
	require.Contains(t, problems, `no endpoint "nobody"`)
	_, _, code = call(t, "webhook", "retry", "portal")
	require.Equal(t, exitUsage, code)
	_, _, code = call(t, "webhook", "enable", "--data", o.data)
	require.Equal(t, exitUsage, code)
	require.NoError(t, os.WriteFile(filepath.Join(o.data, "webhooks.json"), []byte(`[{`), 0o600))
	_, problems, code = call(t, "serve", "--data", o.data, "--listen", "127.0.0.1:0")
	require.Equal(t, exitFailed, code, "a server that would tell nobody does not begin")
	require.Contains(t, problems, "webhooks.json")
}

func TestDeadLettersAreListed(t *testing.T) {
	var out strings.Builder
	l := webhookLine{Name: "portal", URL: "https://portal.example", Begun: true, Behind: 3}
	l.Dead = []webhook.Letter{{Message: webhook.Message{Type: "project.proposed.v1", Data: webhook.Pointer{Entry: 7}}, Attempts: 10, Error: "answered 500"}}
	require.NoError(t, l.print(&out, false))
	require.Contains(t, out.String(), "given up: entry 7 project.proposed.v1")
}
