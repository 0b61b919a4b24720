package main

import (
	"bytes"
	"encoding/json"
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
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// backup backs up a directory into two new ones, and answers them with what --not-before takes.
func backup(t *testing.T, data string) (to, vaultTo, reached string) {
	t.Helper()
	to, vaultTo = filepath.Join(t.TempDir(), "ledger"), filepath.Join(t.TempDir(), "vault")
	out := must(t, "backup", "--data", data, "--to", to, "--vault-to", vaultTo)
	_, reached, _ = strings.Cut(strings.TrimSpace(out), "--not-before ")
	require.NotEmpty(t, reached)
	return to, vaultTo, reached
}

// TestARestoreDoesNotBringAPersonBack goes through every way in which a vault or ledger of before
// an erasure could come back.
func TestARestoreDoesNotBringAPersonBack(t *testing.T) {
	b := newBureau(t)
	b.start(t)
	gone, kept := b.enrol(t, 1), b.enrol(t, 2)
	oldLedger, oldVault, _ := backup(t, b.data) // beside the running server
	before := wrappedKeys(t, filepath.Join(b.data, "vault.db"))[gone.id]
	b.erase(t, gone)
	b.enrol(t, 3)
	newLedger, newVault, reached := backup(t, b.data)
	list := filepath.Join(t.TempDir(), "erased")
	require.NoError(t, os.WriteFile(list, []byte(must(t, "privacy", "erased", "--data", b.data)), 0o600))
	b.stop(t)

	stays := func(t *testing.T, data string) {
		t.Helper()
		b.data = data
		b.start(t)
		defer b.stop(t)
		status, answer := b.subject(t, gone, "?purpose=subject-request")
		require.Equal(t, 422, status, answer)
		require.Contains(t, answer, "subject-erased")
		status, answer = b.command(t, "hua.hr", gone, "enrol", gone.enrolment(), gone.key)
		require.Equal(t, 422, status, answer)
		status, answer = b.subject(t, kept, "?purpose=subject-request")
		require.Equal(t, 200, status, answer)
		require.Contains(t, answer, kept.texts[0])
		require.False(t, bytes.Contains(files(t, data)[filepath.Join(data, "vault.db")], before), "the key is in the file")
	}
	original := b.data
	t.Run("the older vault put in place by hand", func(t *testing.T) {
		_, err := copyFile(filepath.Join(oldVault, "vault.db"), filepath.Join(original, "vault.db"))
		require.NoError(t, err)
		b.seen = ""
		stays(t, original)
	})
	t.Run("the ledger of today and the older vault", func(t *testing.T) {
		data := filepath.Join(t.TempDir(), "data")
		out, problems, code := call(t, "restore", "--data", data, "--from", newLedger, "--vault-from", oldVault, "--not-before", reached)
		require.Zero(t, code, problems)
		require.Contains(t, out, "1 persons stay erased")
		require.Contains(t, problems, "1 persons were entered since", "what is lost is said")
		stays(t, data)
	})
	t.Run("both of today", func(t *testing.T) {
		data := filepath.Join(t.TempDir(), "data")
		must(t, "restore", "--data", data, "--from", newLedger, "--vault-from", newVault)
		restored := files(t, data)[filepath.Join(data, "ledger.db")]
		require.Equal(t, []byte{2, 2}, restored[18:20], "a ledger writes ahead")
		stays(t, data)
	})
	t.Run("both older, held to today", func(t *testing.T) {
		data := filepath.Join(t.TempDir(), "data")
		_, problems, code := call(t, "restore", "--data", data, "--from", oldLedger, "--vault-from", oldVault, "--not-before", reached)
		require.Equal(t, 1, code)
		require.Contains(t, problems, "take a newer one")
		require.Len(t, files(t, data), 1, "nothing but the lock is left")
	})
	t.Run("both older, with the list", func(t *testing.T) {
		data := filepath.Join(t.TempDir(), "data")
		must(t, "restore", "--data", data, "--from", oldLedger, "--vault-from", oldVault, "--erased", list)
		stays(t, data)
	})
}

// TestAnErasureThatACrashCutShort: it is recorded, and the key is still there. It counts as done,
// and the next start does it.
func TestAnErasureThatACrashCutShort(t *testing.T) {
	b := newBureau(t)
	b.start(t)
	s := b.enrol(t, 1)
	status, answer := b.command(t, "dora.dpo", s, "propose-erasure", map[string]any{"ground": "unlawful"}, uuid.New())
	require.Equal(t, 200, status, answer)
	b.stop(t)
	key := wrappedKeys(t, b.file("vault.db"))[s.id]
	d, err := openDirectory(t.Context(), place{data: b.data})
	require.NoError(t, err)
	do := func(handle string, role ledger.Role, verb, data string) error {
		_, err := d.ledger.Do(t.Context(), ledger.Request{
			Aggregate: "person", ID: s.id, Verb: verb, Command: uuid.New(), Body: []byte(`{"data":` + data + `}`),
			Expect: ledger.Whatever(), Actor: ledger.Actor{Handle: handle, Roles: []ledger.Role{role}}, Source: ledger.Source{Kind: "api"},
		})
		return err
	}
	require.NoError(t, decided(t.Context(), d.ledger, ledger.Actor{Handle: "dora.dpo", Roles: []ledger.Role{ledger.DPO}}, ledger.Actor{Handle: "zhao.apr", Roles: []ledger.Role{ledger.APR}},
		ledger.StreamID{Category: "person", ID: s.id}, "erase", ledger.DayOf(time.Now()), 2, struct{}{}))
	require.Equal(t, "subject-erased", ledger.CodeOf(do("dora.dpo", ledger.DPO, "disclose", `{"purpose":"subject-request","kinds":["name"]}`)))
	require.NoError(t, d.close())
	require.Equal(t, key, wrappedKeys(t, b.file("vault.db"))[s.id])

	b.start(t)
	require.Equal(t, make([]byte, len(key)), wrappedKeys(t, b.file("vault.db"))[s.id], "before anybody is answered")
	b.stop(t)
}

// opens counts the texts of a ledger, each of which its vault opens.
func opens(t *testing.T, d *directory) (n int) {
	t.Helper()
	_, err := facts(t.Context(), d, moment{}, func(f projections.Fact) error {
		for _, p := range ledger.PartsOf(f.Event) {
			if _, err := d.ledger.Open(t.Context(), p.Text); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	require.NoError(t, err)
	return n
}

// TestAKilledServerLosesNoKey kills a server while persons are entered: whatever is in the ledger
// afterwards opens, and what was answered is there.
func TestAKilledServerLosesNoKey(t *testing.T) {
	b := newBureau(t)
	answered := 0
	for round := range 8 {
		b.start(t)
		var writing sync.WaitGroup
		var count [4]int
		for i := range count {
			writing.Go(func() {
				for n := 0; ; n++ {
					s := somebodyNo(n)
					body, _ := json.Marshal(map[string]any{"data": s.enrolment()})
					q, _ := http.NewRequest("POST", b.address+"/v1/commands/person/"+s.id.String()+"/enrol", bytes.NewReader(body))
					q.Header = http.Header{"Authorization": {"Bearer " + b.tokens["hua.hr"]}, "Content-Type": {"application/json"}, "Idempotency-Key": {s.key.String()}}
					r, err := client.Do(q)
					if err != nil {
						return // killed
					}
					r.Body.Close()
					if r.StatusCode == http.StatusCreated {
						count[i]++
					}
				}
			})
		}
		time.Sleep(time.Duration(20+15*round) * time.Millisecond) // another moment each round
		require.NoError(t, b.Process.Kill())
		_ = b.Wait()
		writing.Wait()
		for _, n := range count {
			answered += n
		}
	}
	require.Positive(t, answered)
	d, err := openDirectory(t.Context(), place{data: b.data})
	require.NoError(t, err)
	require.GreaterOrEqual(t, opens(t, d), 5*answered)
	require.NoError(t, d.close())
}

// TestABackupBesideAServerIsOneMoment takes backups while commands are recorded, and finds each
// of them whole: a prefix of the ledger with every key that it needs.
func TestABackupBesideAServerIsOneMoment(t *testing.T) {
	b := newBureau(t)
	b.start(t)
	var writing sync.WaitGroup
	enrolled := make(chan somebody, 60)
	writing.Go(func() {
		defer close(enrolled)
		for n := range 60 {
			enrolled <- b.enrol(t, n)
		}
	})
	type taken struct{ ledger, vault, reached string }
	var backups []taken
	done := 0
	for s := range enrolled {
		require.NotEqual(t, uuid.Nil, s.id)
		if done++; done%20 == 0 {
			l, v, reached := backup(t, b.data)
			backups = append(backups, taken{l, v, reached})
		}
	}
	writing.Wait()
	b.stop(t)
	for _, k := range backups {
		at, err := parseMark(k.reached)
		require.NoError(t, err)
		_, then := headOf(t, b.data, at.Entry)
		require.Equal(t, at, then)

		data := filepath.Join(t.TempDir(), "data")
		must(t, "restore", "--data", data, "--from", k.ledger, "--vault-from", k.vault, "--not-before", k.reached)
		head, _ := headOf(t, data, 0)
		require.Equal(t, at, head)
		d, err := openDirectory(t.Context(), place{data: data})
		require.NoError(t, err)
		require.GreaterOrEqual(t, opens(t, d), 5*20)
		require.NoError(t, d.close())
		out := must(t, "doctor", "--data", data)
		require.NotContains(t, out, "fail ")
	}
}

func TestARestoreRefusesWhatIsNotWhole(t *testing.T) {
	b := newBureau(t)
	b.start(t)
	b.enrol(t, 1)
	ledgerFrom, vaultFrom, reached := backup(t, b.data)
	entry, digest, _ := strings.Cut(reached, ":")
	b.stop(t)
	other := newOffice(t)
	otherLedger, otherVault, _ := backup(t, other.data)

	// changed is a copy of a backup after something was done to it.
	changed := func(from string, change func(dir string)) string {
		dir := t.TempDir()
		require.NoError(t, os.CopyFS(dir, os.DirFS(from)))
		change(dir)
		return dir
	}
	flip := func(name string) func(string) {
		return func(dir string) {
			raw, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			raw[len(raw)/2] ^= 1
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), raw, 0o600))
		}
	}
	manifestWith := func(change func(*manifest)) func(string) {
		return func(dir string) {
			var m manifest
			raw, err := os.ReadFile(filepath.Join(dir, manifestFile))
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(raw, &m))
			change(&m)
			raw, err = json.Marshal(m)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, manifestFile), raw, 0o600))
		}
	}
	full := filepath.Join(t.TempDir(), "full")
	require.NoError(t, os.MkdirAll(full, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(full, "vault.db"), nil, 0o600))
	for name, c := range map[string]struct {
		from, vaultFrom string
		more            []string
		says            string
		code            int
	}{
		"a bit of the ledger":      {changed(ledgerFrom, flip("ledger.db")), vaultFrom, nil, "was changed since", 1},
		"a bit of the vault":       {ledgerFrom, changed(vaultFrom, flip("vault.db")), nil, "was changed since", 1},
		"a bit of a key":           {ledgerFrom, changed(vaultFrom, flip("keys/master.key")), nil, "was changed since", 1},
		"a backup cut short":       {changed(ledgerFrom, func(dir string) { require.NoError(t, os.Remove(filepath.Join(dir, manifestFile))) }), vaultFrom, nil, "not a whole backup", 1},
		"a file less":              {changed(ledgerFrom, func(dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "ledger.db"))) }), vaultFrom, nil, "no such file", 1},
		"a head that is not there": {changed(ledgerFrom, manifestWith(func(m *manifest) { m.Head.Entry++ })), vaultFrom, nil, "manifest says otherwise", 1},
		"a file outside":           {changed(ledgerFrom, manifestWith(func(m *manifest) { m.Files[0].Name = "../ledger.db" })), vaultFrom, nil, "outside", 1},
		"a later format":           {changed(ledgerFrom, manifestWith(func(m *manifest) { m.Format = 3 })), vaultFrom, nil, "format 3", 1},
		"the two exchanged":        {vaultFrom, ledgerFrom, nil, "a backup of the vault", 1},
		"two ledgers":              {ledgerFrom, otherVault, nil, "of two ledgers", 1},
		"a later entry":            {ledgerFrom, vaultFrom, []string{"--not-before", "99999"}, "before entry 99999", 1},
		"another history":          {otherLedger, otherVault, []string{"--not-before", "1:" + digest}, "another history", 1},
		"no entry":                 {ledgerFrom, vaultFrom, []string{"--not-before", "x"}, "ENTRY", 2},
		"half a digest":            {ledgerFrom, vaultFrom, []string{"--not-before", entry + ":abc"}, "ENTRY", 2},
		"no list":                  {ledgerFrom, vaultFrom, []string{"--erased", filepath.Join(ledgerFrom, manifestFile)}, "is not a pseudonym", 1},
		"nothing":                  {"", "", nil, "--vault-from", 2},
	} {
		data := filepath.Join(t.TempDir(), "data")
		_, problems, code := call(t, append([]string{"restore", "--data", data, "--from", c.from, "--vault-from", c.vaultFrom}, c.more...)...)
		require.Equal(t, c.code, code, "%s: %s", name, problems)
		require.Contains(t, problems, c.says, name)
		require.NoFileExists(t, filepath.Join(data, "ledger.db"), name)
		if c.code == 1 && len(c.more) < 2 {
			require.Len(t, files(t, data), 1, "%s: nothing but the lock is left", name)
		}
	}
	_, problems, code := call(t, "restore", "--data", full, "--from", ledgerFrom, "--vault-from", vaultFrom)
	require.Equal(t, 1, code)
	require.Contains(t, problems, "is not empty")
	require.FileExists(t, filepath.Join(full, "vault.db"))
	must(t, "restore", "--data", filepath.Join(t.TempDir(), "d"), "--from", ledgerFrom, "--vault-from", vaultFrom, "--not-before", reached)
}

func TestABackupGoesToTwoPlaces(t *testing.T) {
	o := newOffice(t)
	one := t.TempDir()
	for name, c := range map[string]struct {
		args []string
		says string
		code int
	}{
		"one place":          {[]string{"--to", one, "--vault-to", one}, "must not go to one place", 2},
		"one in the other":   {[]string{"--to", one, "--vault-to", filepath.Join(one, "v")}, "one place", 2},
		"the other in one":   {[]string{"--to", filepath.Join(one, "l"), "--vault-to", one}, "is not empty", 1},
		"no place":           {[]string{"--to", one}, "--vault-to", 2},
		"a place in use":     {[]string{"--to", o.data, "--vault-to", t.TempDir()}, "is not empty", 1},
		"no ledger to speak": {[]string{"--data", t.TempDir(), "--to", t.TempDir(), "--vault-to", t.TempDir()}, "no ledger", 1},
	} {
		_, problems, code := call(t, append([]string{"backup", "--data", o.data}, c.args...)...)
		require.Equal(t, c.code, code, "%s: %s", name, problems)
		require.Contains(t, problems, c.says, name)
		_ = os.RemoveAll(filepath.Join(one, "l"))
		_ = os.RemoveAll(filepath.Join(one, "v"))
	}
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(one, link))
	_, problems, code := call(t, "backup", "--data", o.data, "--to", one, "--vault-to", link)
	require.Equal(t, 2, code, problems)

	to, vaultTo, _ := backup(t, o.data)
	for dir, want := range map[string][]string{to: {"ledger.db", "manifest.json", "trace.db", "log/checkpoint", "log/checkpoint.keys", "log/tile/…"}, vaultTo: {"keys/digest.key", "keys/master.key", "keys/log.key", "manifest.json", "vault.db"}} {
		var got []string
		for name := range files(t, dir) {
			rel, err := filepath.Rel(dir, name)
			require.NoError(t, err)
			if rel = filepath.ToSlash(rel); strings.HasPrefix(rel, "log/tile/") {
				rel = "log/tile/…"
			}
			if !slices.Contains(got, rel) {
				got = append(got, rel)
			}
			info, err := os.Stat(name)
			require.NoError(t, err)
			require.EqualValues(t, 0o600, info.Mode().Perm(), name)
		}
		require.ElementsMatch(t, want, got, fmt.Sprint(dir))
	}
}
