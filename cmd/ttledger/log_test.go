package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/esdb/esdbtest"
	"ttledger/adapters/tlog"
	"ttledger/domain/ledger"
)

// sealedTo waits until a server has signed an entry.
func sealedTo(t *testing.T, address string, entry int64) tlog.Checkpoint {
	t.Helper()
	var c tlog.Checkpoint
	require.Eventually(t, func() bool {
		status, body := get(t, address+"/checkpoint", "")
		if status != 200 {
			return false
		}
		var err error
		c, err = tlog.ParseCheckpoint([]byte(body))
		require.NoError(t, err)
		return c.N >= entry
	}, time.Minute, 20*time.Millisecond)
	return c
}

// TestABackupTakesTheLogAlong: a backup verifies where it lies; what is restored is signed on by the
// same key, from where it was; and an older one is not, where a newer checkpoint is known.
func TestABackupTakesTheLogAlong(t *testing.T) {
	a := newArchive(t)
	oldLedger, oldVault, _ := backup(t, a.early)
	newLedger, newVault, reached := backup(t, a.late)
	v, code := verified(t, newLedger, "--checkpoint", a.kept)
	require.Zero(t, code, "%+v", v.Findings)
	require.Equal(t, reached[:strings.Index(reached, ":")], strings.Fields(a.line)[1], "the mark is the checkpoint")

	newer := filepath.Join(t.TempDir(), "newer")
	require.NoError(t, os.WriteFile(newer, []byte(a.line+"\n"), 0o600))
	data := filepath.Join(t.TempDir(), "data")
	must(t, "restore", "--data", data, "--from", newLedger, "--vault-from", newVault, "--not-before", newer)
	s := startServer(t, data)
	sealedTo(t, s.address, 1)
	s.stop(t)
	v, code = verified(t, data, "--checkpoint", a.line, "--key", filepath.Join(a.late, "log", tlog.KeysFile))
	require.Zero(t, code, "%+v", v.Findings)

	_, problems, code := call(t, "restore", "--data", filepath.Join(t.TempDir(), "x"), "--from", oldLedger, "--vault-from", oldVault, "--not-before", newer)
	require.Equal(t, 1, code)
	require.Contains(t, problems, "take a newer one")
	data = filepath.Join(t.TempDir(), "data")
	must(t, "restore", "--data", data, "--from", oldLedger, "--vault-from", oldVault)
	before, err := os.ReadFile(filepath.Join(data, "log", tlog.CheckpointFile))
	require.NoError(t, err)
	s = startServer(t, data, "--outside-checkpoint", newer)
	require.Eventually(t, func() bool {
		said, _ := os.ReadFile(s.said)
		return strings.Contains(string(said), "LEDGER AND LOG DIFFER")
	}, time.Minute, 20*time.Millisecond)
	s.stop(t)
	after, err := os.ReadFile(filepath.Join(data, "log", tlog.CheckpointFile))
	require.NoError(t, err)
	require.Equal(t, string(before), string(after), "nothing is signed below what is known outside")
}

// TestAKeyIsRotatedUnderAServer by signing with both for a while.
func TestAKeyIsRotatedUnderAServer(t *testing.T) {
	a := newArchive(t)
	keys := filepath.Join(a.late, "log", tlog.KeysFile)
	raw, err := os.ReadFile(keys)
	require.NoError(t, err)
	old := filepath.Join(t.TempDir(), "old")
	require.NoError(t, os.WriteFile(old, raw, 0o600))
	fresh := strings.TrimSpace(must(t, "checkpoint", "rotate", "--data", a.late))
	restarts := 0
	restart := func() {
		restarts++
		s := startServer(t, a.late)
		sealedTo(t, s.address, 1)
		s.stop(t)
		dir := reopen(t, a.late)
		do(t, dir, ledger.PM, "project", uuid.New(), "propose", proposal(300+restarts))
		seal(t, dir)
		require.NoError(t, dir.close())
	}
	restart()
	for _, key := range []string{old, fresh} {
		v, code := verified(t, a.late, "--key", key, "--checkpoint", a.line)
		require.Zero(t, code, "%s: %+v", key, v.Findings)
	}
	require.Equal(t, firstKey(t, old), strings.TrimSpace(must(t, "checkpoint", "retire", "--data", a.late)))
	restart()
	_, code := verified(t, a.late, "--key", old)
	require.Equal(t, 3, code)
	v, code := verified(t, a.late, "--key", fresh, "--key", old, "--checkpoint", a.kept)
	require.Zero(t, code, "%+v", v.Findings)
	_, _, code = call(t, "checkpoint", "retire", "--data", a.late)
	require.Equal(t, 1, code, "one stays")
}

func readFile(t *testing.T, file string) string {
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	return strings.TrimSpace(string(raw))
}

func firstKey(t *testing.T, file string) string {
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	return tlog.ParseKeys(raw)[0]
}

// TestADoctorLooksAtTheLog: sound, changed, and not there yet.
func TestADoctorLooksAtTheLog(t *testing.T) {
	a := newArchive(t)
	out, _, code := call(t, "doctor", "--data", a.late)
	require.Zero(t, code, out)
	require.Regexp(t, `ok +log +signed to entry \d+`, out)
	alter(t, filepath.Join(a.late, "ledger.db"), rewrites["edit data"])
	out, _, code = call(t, "doctor", "--data", a.late)
	require.Equal(t, 1, code)
	require.Regexp(t, `fail +log +the ledger and its transparency log differ in 2 places, the first at entry \d+`, out)
	require.NoError(t, os.RemoveAll(filepath.Join(a.late, "log")))
	out, _, _ = call(t, "doctor", "--data", a.late)
	require.Regexp(t, `ok +log +nothing is signed yet`, out)
}

// TestOneProcessSealsALedgerOfACluster: it signs a little behind the head; another serves no log; and
// what the event store loses after it was signed is an incident.
func TestOneProcessSealsALedgerOfACluster(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	dir, name := t.TempDir(), "t"+strings.ToLower(rand.Text())
	at := func(s *esdbtest.Server) []string { return []string{"--store", s.ConnectionString(), "--ledger", name} }
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	a := startServer(t, one, append(at(server), "--seal")...)
	token := issueHere(t, a.address, a.token)
	auditor := keep(t, dir, issueTo(t, a.address, a.token, "chen.aud", "AUD"))
	copyKey(t, one, two)
	b := startServer(t, two, at(server)...)
	status, _ := get(t, b.address+"/checkpoint", "")
	require.Equal(t, 404, status)
	b.stop(t)
	c := sealedTo(t, a.address, 5)
	a.stop(t)
	kept := filepath.Join(dir, "kept")
	require.NoError(t, os.WriteFile(kept, []byte(c.Line()), 0o600))

	// The store as it was, before what is recorded now.
	backup := esdbtest.Start(t, esdbtest.Options{})
	must(t, "copy", "--from", server.ConnectionString(), "--from-ledger", name, "--to", backup.ConnectionString(), "--to-ledger", name, "--key", filepath.Join(one, "keys", "digest.key"))
	a = startServer(t, one, append(at(server), "--seal")...)
	for range 3 {
		_, err := propose(t.Context(), a.address, token)
		require.NoError(t, err)
	}
	sealedTo(t, a.address, c.N+3)
	v, code := verified(t, append([]string{one, "--checkpoint", kept}, at(server)...)...)
	require.Zero(t, code, "%+v", v.Findings)
	require.Contains(t, v.Views, "compared, row by row")
	v, code = verified(t, a.address, "--token-file", auditor, "--checkpoint", kept)
	require.Zero(t, code, "%+v", v.Findings)
	a.stop(t)

	v, code = verified(t, append([]string{one, "--no-views"}, at(backup)...)...)
	require.Equal(t, 3, code)
	require.Contains(t, v.checks(), "entry")
	require.NoError(t, os.Remove(filepath.Join(one, "views.db")))
	a = startServer(t, one, append(at(backup), "--seal")...)
	require.Eventually(t, func() bool {
		said, _ := os.ReadFile(a.said)
		return strings.Contains(string(said), "LEDGER AND LOG DIFFER") && strings.Contains(string(said), "the ledger ends at entry")
	}, time.Minute, 50*time.Millisecond)
	_, metrics := get(t, a.address+"/metrics", readFile(t, auditor))
	require.Contains(t, metrics, "ttledger_log_incident 1")
	a.stop(t)
}

// TestTesserasFsckReadsAServer: with an auditor's token, which the leaves need. adapters/tlog says when
// it is left out.
func TestTesserasFsckReadsAServer(t *testing.T) {
	program, err := exec.Command("go", "tool", "-modfile=../../.ci/tools.mod", "-n", "fsck").Output()
	if err != nil && os.Getenv("TTLEDGER_FSCK") == "" {
		t.Skip("tessera's fsck cannot be built here: ", err)
	}
	require.NoError(t, err)
	a := newArchive(t)
	s := startServer(t, a.late)
	defer s.stop(t)
	c := sealedTo(t, s.address, 1)
	key := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(key, []byte(firstKey(t, filepath.Join(a.late, "log", tlog.KeysFile))), 0o600))
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	out, _ := exec.CommandContext(ctx, strings.TrimSpace(string(program)), "--storage_url="+s.address+"/", "--bearer_token="+readFile(t, a.token),
		"--public_key="+key, "--ui=false", "--N=4", "--logtostderr").CombinedOutput()
	require.Contains(t, string(out), fmt.Sprintf("Successfully fsck'd log with size %d", c.N))
}
