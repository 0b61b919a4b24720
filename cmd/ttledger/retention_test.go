package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
)

// on is a command about a person with its business date.
func (b *bureau) on(t *testing.T, as string, s somebody, verb string, on ledger.Date, data any) {
	t.Helper()
	status, answer := b.ask(t, as, "POST", "/v1/commands/person/"+s.id.String()+"/"+verb,
		map[string]any{"occurred_on": on, "data": data}, "Idempotency-Key: "+uuid.NewString(), "If-Match: *")
	require.Less(t, status, 300, answer)
}

// TestWhatIsDueIsProposed: the schedule's day comes, the timer proposes once, a hold stops it, and
// people decide.
func TestWhatIsDueIsProposed(t *testing.T) {
	b := newBureau(t)
	b.start(t)
	today := ledger.DayOf(time.Now())
	longAgo, lately := ledger.Date{Year: today.Year - 2, Month: today.Month, Day: 1}, ledger.Date{Year: today.Year, Month: today.Month, Day: 1}
	enrol := func(n int, retention string) somebody {
		s := somebodyNo(n)
		e := s.enrolment()
		e["retention"], e["basis"] = retention, "legal-duty"
		b.on(t, "hua.hr", s, "enrol", longAgo, e)
		return s
	}
	due, held, early, payee, withdrawn := enrol(1, "applicant"), enrol(2, "applicant"), enrol(3, "applicant"), enrol(4, "payee"), enrol(5, "applicant")
	for _, s := range []somebody{due, held} {
		b.on(t, "hua.hr", s, "end-purpose", longAgo, map[string]any{})
	}
	b.on(t, "hua.hr", early, "end-purpose", lately, map[string]any{})
	b.on(t, "hua.hr", payee, "end-purpose", longAgo, map[string]any{})
	b.on(t, "dora.dpo", held, "place-hold", longAgo, map[string]any{"case": "LAO-2026-1"})
	b.on(t, "hua.hr", withdrawn, "classify", longAgo, map[string]any{"retention": "applicant", "basis": "consent"})
	b.on(t, "hua.hr", withdrawn, "withdraw-consent", lately, map[string]any{"purpose": "processing"})
	b.stop(t)

	list := must(t, "privacy", "due", "--data", b.data)
	for _, s := range []somebody{due, held, withdrawn} {
		require.Contains(t, list, s.id.String()+" propose-erasure")
	}
	require.Equal(t, 3, strings.Count(list, "\n"), list)

	b.start(t) // proposes by itself
	proposed := func(s somebody) bool {
		status, row := b.ask(t, "dora.dpo", "GET", "/v1/views/person-register/"+s.id.String(), nil)
		return status == http.StatusOK && !strings.Contains(row, `"proposed":null`)
	}
	require.Eventually(t, func() bool { return proposed(due) && proposed(withdrawn) }, time.Minute, 10*time.Millisecond)
	require.False(t, proposed(held))
	require.False(t, proposed(early))
	_, history := b.ask(t, "shen.aud", "GET", "/v1/streams/person/"+due.id.String(), nil)
	require.Contains(t, history, `"actor":"retention"`)
	require.Contains(t, history, `"kind":"timer"`)
	require.Contains(t, history, `"retention-expired"`)
	b.decide(t, due)
	b.on(t, "dora.dpo", held, "lift-hold", today, map[string]any{"case": "LAO-2026-1"})
	b.stop(t)

	before, _ := headOf(t, b.data, 0)
	again := must(t, "privacy", "due", "--data", b.data, "--propose")
	require.Contains(t, again, held.id.String())
	require.Contains(t, again, "ok")
	require.Equal(t, 1, strings.Count(again, "\n"), again)
	after, _ := headOf(t, b.data, 0)
	require.Equal(t, before.Entry+1, after.Entry)
	require.Empty(t, must(t, "privacy", "due", "--data", b.data, "--propose", "--json"), "what is proposed is not due")
}

func TestErasureAtTheCommandLine(t *testing.T) {
	b := newBureau(t)
	b.start(t)
	s, other := b.enrol(t, 1), b.enrol(t, 2)
	b.stop(t)
	token := func(handle string) string {
		file := filepath.Join(t.TempDir(), handle)
		require.NoError(t, os.WriteFile(file, []byte(b.tokens[handle]), 0o600))
		return file
	}
	as := func(handle string, args ...string) []string {
		return append(args, "--data", b.data, "--token-file", token(handle))
	}

	out := must(t, as("dora.dpo", "privacy", "export", s.id.String())...)
	require.Contains(t, out, `"kind":"name"`)
	require.Empty(t, finds([]byte(out), []somebody{s}))
	out = must(t, as("dora.dpo", "privacy", "export", s.id.String(), "--purpose", "subject-request")...)
	require.NotEmpty(t, finds([]byte(out), []somebody{s}))

	_, problems, code := call(t, as("dora.dpo", "privacy", "erase", s.id.String())...)
	require.Equal(t, 1, code)
	require.Contains(t, problems, "[not-proposed]")
	_, problems, code = call(t, as("hua.hr", "privacy", "propose", s.id.String())...)
	require.Equal(t, 1, code)
	require.Contains(t, problems, "[role]")
	must(t, as("dora.dpo", "privacy", "propose", s.id.String(), "--ground", "unlawful")...)
	key := wrappedKeys(t, b.file("vault.db"))[s.id]
	require.Contains(t, must(t, as("dora.dpo", "privacy", "erase", s.id.String())...), "awaits another person")
	_, problems, code = call(t, as("dora.dpo", "privacy", "erase", s.id.String(), "--approver-token-file", token("dora.dpo"))...)
	require.Equal(t, 1, code)
	require.Contains(t, problems, "[no-authority]")
	must(t, as("dora.dpo", "privacy", "erase", s.id.String(), "--approver-token-file", token("zhao.apr"))...)
	require.NotEqual(t, key, wrappedKeys(t, b.file("vault.db"))[s.id], "carried out at once")
	require.Equal(t, s.id.String()+"\n", must(t, "privacy", "erased", "--data", b.data))
	_, problems, code = call(t, as("dora.dpo", "privacy", "export", s.id.String(), "--purpose", "subject-request")...)
	require.Equal(t, 1, code)
	require.Contains(t, problems, "subject-erased")
	require.NotEmpty(t, finds([]byte(must(t, as("dora.dpo", "privacy", "export", other.id.String(), "--purpose", "subject-request")...)), []somebody{other}))

	_, problems, code = call(t, as("dora.dpo", "privacy", "export", "王小明")...)
	require.Equal(t, 2, code)
	require.Contains(t, problems, "is not a pseudonym")
}

func (o office) file(name string) string { return filepath.Join(o.data, name) }

func TestAVaultIsNotLostQuietly(t *testing.T) {
	b := newBureau(t)
	// A directory of an earlier release has none, and gets one.
	require.NoError(t, os.Remove(b.file("vault.db")))
	require.NoError(t, os.Remove(b.file("keys/master.key")))
	b.start(t)
	s := b.enrol(t, 1)
	b.stop(t)
	for _, name := range []string{"vault.db", "keys/master.key"} {
		info, err := os.Stat(b.file(name))
		require.NoError(t, err)
		require.EqualValues(t, 0o600, info.Mode().Perm(), name)
	}
	require.Contains(t, must(t, "doctor", "--data", b.data), "vault")

	refused := func(says string) {
		t.Helper()
		_, problems, code := call(t, "token", "recover", "--data", b.data)
		require.Equal(t, 1, code)
		require.Contains(t, problems, says)
		out, _, code := call(t, "doctor", "--data", b.data)
		require.Equal(t, 1, code, out)
	}
	away := filepath.Join(t.TempDir(), "away")
	require.NoError(t, os.Rename(b.file("vault.db"), away))
	refused("1 events hold personal data")
	require.NoFileExists(t, b.file("vault.db"))
	require.NoError(t, os.Rename(away, b.file("vault.db")))

	require.NoError(t, os.Chmod(b.file("keys/master.key"), 0o644))
	refused("open to others")
	require.NoError(t, os.Chmod(b.file("keys/master.key"), 0o600))
	require.NoError(t, os.Rename(b.file("keys/master.key"), away))
	refused("master key")
	t.Setenv(masterKeyVariable, away) // kept elsewhere
	b.start(t)
	status, answer := b.subject(t, s, "?purpose=subject-request")
	require.Equal(t, 200, status)
	require.Contains(t, answer, s.texts[0])
	b.stop(t)

	to, vaultTo, _ := backup(t, b.data)
	require.NotContains(t, files(t, vaultTo), filepath.Join(vaultTo, "keys/master.key"), "what is kept elsewhere stays there")
	restored := filepath.Join(t.TempDir(), "restored")
	must(t, "restore", "--data", restored, "--from", to, "--vault-from", vaultTo)
	t.Setenv(masterKeyVariable, "")
	_, problems, code := call(t, "restore", "--data", filepath.Join(t.TempDir(), "keyless"), "--from", to, "--vault-from", vaultTo)
	require.Equal(t, 1, code)
	require.Contains(t, problems, "master key")
}
