package main

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ttledger/adapters/tlog"
	"ttledger/domain/ledger"
	"ttledger/domain/policy"
)

// archive is an honest ledger with persons, an erasure and a policy, as it stood twice: early, with
// the checkpoint that an auditor kept then, and late.
type archive struct {
	early, late string
	kept        string // file of the early checkpoint
	line        string // the late one as a line
	token       string // file of an auditor's
	bundle      string // unpacked
	receipt     uuid.UUID
}

func newArchive(t *testing.T) *archive {
	t.Helper()
	dir := t.TempDir()
	a := &archive{early: filepath.Join(dir, "early"), late: filepath.Join(dir, "late"), kept: filepath.Join(dir, "kept"), token: filepath.Join(dir, "aud"), bundle: filepath.Join(dir, "bundle")}
	d, _, err := beginDirectory(t.Context(), place{data: a.late})
	require.NoError(t, err)
	text, err := issuer{d.ledger, console, ledger.Source{Kind: "process"}}.issue(t.Context(), "shen.aud", "person", []string{"AUD"}, "audit", rand.Reader)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(a.token, []byte(text), 0o600))
	gone, stays := uuid.New(), uuid.New()
	for i, id := range []uuid.UUID{gone, stays} {
		do(t, d, ledger.HR, "person", id, "enrol", somebodyNo(i).enrolment())
	}
	for i := range 12 {
		do(t, d, ledger.PM, "project", uuid.New(), "propose", proposal(i))
	}
	adopt(t, d)
	seal(t, d)
	a.save(t, d, a.early)
	require.NoError(t, os.WriteFile(a.kept, []byte(must(t, "checkpoint", "--data", a.early)), 0o600))

	d = reopen(t, a.late)
	for i := range 12 {
		a.receipt = do(t, d, ledger.PM, "project", uuid.New(), "propose", proposal(20+i)).Events[0].ID
	}
	do(t, d, ledger.DPO, "person", gone, "propose-erasure", map[string]any{"ground": "subject-request"})
	asked := do(t, d, ledger.DPO, "person", gone, "erase", map[string]any{})
	require.True(t, asked.Pending)
	do(t, d, ledger.APR, "approval", asked.Stream.ID, "decide", map[string]any{"decision": "approve"})
	seal(t, d)
	require.NoError(t, d.close())
	a.line = strings.TrimSpace(must(t, "checkpoint", "--data", a.late, "--line"))
	packed := filepath.Join(dir, "bundle.zip")
	must(t, "export", "bundle", "--data", a.late, "--token-file", a.token, "--out", packed, "--receipt", a.receipt.String())
	unpackInto(t, packed, a.bundle)
	return a
}

// save copies a directory that is open, after closing it, and leaves it closed.
func (a *archive) save(t *testing.T, d *directory, to string) {
	require.NoError(t, d.close())
	duplicateTo(t, a.late, to)
}

// duplicateTo copies a directory, closed to others as it is.
func duplicateTo(t *testing.T, from, to string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(to, 0o700))
	_, err := copyTree(from, to, ".")
	require.NoError(t, err)
}

func reopen(t *testing.T, data string) *directory {
	d, err := openDirectory(t.Context(), place{data: data})
	require.NoError(t, err)
	return d
}

func do(t *testing.T, d *directory, role ledger.Role, aggregate string, id uuid.UUID, verb string, data any) ledger.Receipt {
	t.Helper()
	raw, err := json.Marshal(data)
	require.NoError(t, err)
	body, err := json.Marshal(ledger.Act{Data: raw})
	require.NoError(t, err)
	r, err := d.ledger.Do(t.Context(), ledger.Request{
		Aggregate: aggregate, ID: id, Verb: verb, Command: uuid.New(), Body: body, Expect: ledger.Whatever(),
		Actor: ledger.Actor{Handle: "one." + strings.ToLower(string(role)), Roles: []ledger.Role{role}}, Source: ledger.Source{Kind: "api"},
	})
	require.NoError(t, err, explainIn(err))
	return r
}

func explainIn(err error) string {
	if err == nil {
		return ""
	}
	return explain(err)
}

// adopt records a policy as its command would.
func adopt(t *testing.T, d *directory) {
	data, err := json.Marshal(policy.VersionAdopted{Terms: policy.Terms{
		Code: "PSTTA-45", Version: "2015", Form: "reward", Names: ledger.Names{Zh: "促进科技成果转化法第四十五条"}, Issuer: "NPC", Level: "national",
		From: ledger.Day(2015, 10, 1), Mark: "L", Params: json.RawMessage(`{"floor":500}`),
	}})
	require.NoError(t, err)
	_, err = d.store.Append(t.Context(), ledger.PolicyStream("PSTTA-45"), 0, []ledger.Proposed{{ID: uuid.New(), Type: "policy.version-adopted.v1", Data: data, Meta: ledger.Metadata{
		Ledger: d.ledger.ID, Command: uuid.New(), Actor: "one.leg", Role: ledger.LEG, OccurredOn: ledger.Day(2026, 1, 1), Source: ledger.Source{Kind: "api"},
	}}})
	require.NoError(t, err)
}

// seal does what a server does: erases, folds and signs what is recorded.
func seal(t *testing.T, d *directory) {
	t.Helper()
	s, err := newServer(d, logger(io.Discard))
	require.NoError(t, err)
	require.NoError(t, s.upToDate(t.Context()))
	require.NoError(t, s.close())
}

func unpackInto(t *testing.T, packed, dir string) {
	z, err := zip.OpenReader(packed)
	require.NoError(t, err)
	defer z.Close()
	require.NoError(t, os.CopyFS(dir, z))
}

// verified is what verifying says.
func verified(t *testing.T, args ...string) (v verification, code int) {
	t.Helper()
	out, problems, code := call(t, append([]string{"verify", "--json"}, args...)...)
	if out == "" {
		return v, code
	}
	require.NoError(t, json.Unmarshal([]byte(out), &v), "%s %s", out, problems)
	require.Equal(t, code == 0, v.OK)
	return v, code
}

func (v verification) checks() (list []string) {
	for _, f := range v.Findings {
		list = append(list, f.Check)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func copyOf(t *testing.T, dir string) string {
	to := filepath.Join(t.TempDir(), "copy")
	duplicateTo(t, dir, to)
	return to
}

// TestAnHonestLedgerRaisesNoAlarm: in each form, with each checkpoint, with an erasure in it.
func TestAnHonestLedgerRaisesNoAlarm(t *testing.T) {
	a := newArchive(t)
	for _, args := range [][]string{
		{a.late}, {a.late, "--checkpoint", a.kept}, {a.late, "--checkpoint", a.line, "--checkpoint", a.kept},
		{a.early, "--checkpoint", a.kept}, {a.bundle, "--checkpoint", a.kept}, {filepath.Join(filepath.Dir(a.bundle), "bundle.zip"), "--checkpoint", a.line},
		{filepath.Join(a.bundle, "receipts", a.receipt.String()+".tlog-proof"), "--key", filepath.Join(a.late, "log", tlog.KeysFile)},
	} {
		v, code := verified(t, args...)
		require.Zero(t, code, "%v: %+v", args, v.Findings)
		if args[0] == a.late {
			require.Equal(t, 1, v.Erased)
			require.Contains(t, v.Views, "compared, row by row")
		}
	}
	// What is not signed yet is no difference; nor is a server beside.
	s := startServer(t, a.late)
	v, code := verified(t, a.late, "--checkpoint", a.kept)
	require.Zero(t, code, "%+v", v.Findings)
	v, code = verified(t, s.address, "--token-file", a.token, "--checkpoint", a.kept)
	require.Zero(t, code, "%+v", v.Findings)
	require.Contains(t, v.Views, "replayed from the events and compared")
	s.stop(t)
	d := reopen(t, a.late)
	do(t, d, ledger.PM, "project", uuid.New(), "propose", proposal(99))
	require.NoError(t, d.close())
	v, code = verified(t, a.late, "--checkpoint", a.kept)
	require.Zero(t, code, "%+v", v.Findings)
	require.NotZero(t, v.Unsealed)
}

// alter runs SQL on a file as its owner can, triggers or not.
func alter(t *testing.T, file, script string) {
	t.Helper()
	c, err := sqlite.OpenConn(file, sqlite.OpenReadWrite)
	require.NoError(t, err)
	var restore string
	require.NoError(t, sqlitex.ExecuteTransient(c, "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		restore += s.ColumnText(1) + ";\n"
		script = "DROP TRIGGER " + s.ColumnText(0) + ";\n" + script
		return nil
	}}))
	require.NoError(t, sqlitex.ExecuteScript(c, script+";\n"+restore, nil))
	require.NoError(t, c.Close())
}

// The ways to change what was recorded: each is SQL on ledger.db.
var rewrites = map[string]string{
	"edit data":          `UPDATE events SET data = replace(data, 'P-2026-000003', 'P-2026-000093') WHERE data LIKE '%P-2026-000003%'`,
	"edit metadata":      `UPDATE events SET metadata = replace(metadata, 'one.pm', 'two.pm') WHERE position = 12`,
	"edit a policy":      `UPDATE events SET data = replace(data, '"floor":500', '"floor":900') WHERE stream LIKE 'policy-%'`,
	"edit an event's id": `UPDATE events SET id = '00000000-0000-4000-8000-000000000000' WHERE position = 9`,
	"insert": `UPDATE events SET position = -position - 1 WHERE position > 10; UPDATE events SET position = -position WHERE position < 0;
		INSERT INTO events SELECT 11, 'project-00000000-0000-4000-8000-000000000001', 1, '00000000-0000-4000-8000-000000000002', type, metadata, data FROM events WHERE type = 'project.proposed.v2' ORDER BY position LIMIT 1`,
	"delete, with a gap": `DELETE FROM events WHERE position = 11`,
	"delete, closed up":  `DELETE FROM events WHERE position = 11; UPDATE events SET position = -position WHERE position > 11; UPDATE events SET position = -position - 1 WHERE position < 0`,
	"swap":               `UPDATE events SET position = -11 WHERE position = 11; UPDATE events SET position = 11 WHERE position = 12; UPDATE events SET position = 12 WHERE position = -11`,
	"truncate":           `DELETE FROM events WHERE position > (SELECT max(position) - 3 FROM events)`,
	"truncate far":       `DELETE FROM events WHERE position > 10`,
}

// TestTampering is the matrix: what is changed, and by whom. Whoever has the files and not the key is
// found without anything kept; who has the key too, with an older checkpoint alone.
func TestTampering(t *testing.T) {
	a := newArchive(t)
	for name, script := range rewrites {
		t.Run(name, func(t *testing.T) {
			data := copyOf(t, a.late)
			alter(t, filepath.Join(data, "ledger.db"), script)
			v, code := verified(t, data, "--no-views")
			require.Equal(t, 3, code)
			require.Contains(t, v.checks(), "entry", "it says which entry")
			require.NotContains(t, v.checks(), "root", "and that the log is whole")
			require.NotContains(t, v.checks(), "tile")
			for _, f := range v.Findings {
				require.NotZero(t, f.Entry, "%+v", f)
				require.NotEmpty(t, f.Expected+f.Found)
			}
		})
		t.Run(name+", signed again", func(t *testing.T) {
			data := copyOf(t, a.late)
			alter(t, filepath.Join(data, "ledger.db"), script)
			signAgain(t, data, name)
			v, code := verified(t, data, "--checkpoint", a.line, "--no-views")
			require.Equal(t, 3, code)
			require.Subset(t, []string{"consistency", "entry", "vault"}, v.checks())
			require.Contains(t, v.checks(), "consistency")
			if name == "truncate" {
				return // what was kept early says nothing of what came later
			}
			_, code = verified(t, data, "--checkpoint", a.kept, "--no-views")
			require.Equal(t, 3, code)
		})
	}
	t.Run("an old backup", func(t *testing.T) {
		v, code := verified(t, a.early)
		require.Zero(t, code, "by itself it is what it was: %+v", v.Findings)
		v, code = verified(t, a.early, "--checkpoint", a.line)
		require.Equal(t, 3, code)
		require.Contains(t, v.checks(), "consistency")
	})
	t.Run("an old ledger.db in place of the new", func(t *testing.T) {
		data := copyOf(t, a.late)
		_, err := copyFile(filepath.Join(a.early, "ledger.db"), filepath.Join(data, "ledger.db"))
		require.NoError(t, err)
		v, code := verified(t, data)
		require.Equal(t, 3, code)
		require.Contains(t, v.checks(), "entry")
		require.Contains(t, v.checks(), "views", "read models stand beyond it")
	})
	t.Run("another ledger in its place", func(t *testing.T) {
		data := copyOf(t, a.late)
		other := newOffice(t)
		_, err := copyFile(filepath.Join(other.data, "ledger.db"), filepath.Join(data, "ledger.db"))
		require.NoError(t, err)
		_, code := verified(t, data)
		require.Equal(t, 3, code)
	})
	t.Run("no ledger.db, and one that is none", func(t *testing.T) {
		data := copyOf(t, a.late)
		require.NoError(t, os.WriteFile(filepath.Join(data, "ledger.db"), []byte("not a ledger"), 0o600))
		_, code := verified(t, data)
		require.Equal(t, 3, code)
		require.NoError(t, os.Remove(filepath.Join(data, "ledger.db")))
		_, code = verified(t, data)
		require.Equal(t, 3, code)
	})
}

// signAgain makes the log anew over what the ledger holds now, with the log's own key.
func signAgain(t *testing.T, data, how string) {
	t.Helper()
	require.NoError(t, os.RemoveAll(filepath.Join(data, "log")))
	require.NoError(t, os.Remove(filepath.Join(data, "views.db")))
	if strings.Contains(how, "gap") {
		alter(t, filepath.Join(data, "ledger.db"), `UPDATE events SET position = -position WHERE position > 11; UPDATE events SET position = -position - 1 WHERE position < 0`)
	}
	d, err := openToRead(t.Context(), place{data: data})
	require.NoError(t, err)
	s, err := d.sealer(nil)
	require.NoError(t, err)
	require.NoError(t, s.CatchUp(t.Context()))
	require.NoError(t, d.close())
	v, code := verified(t, data, "--no-views")
	if code != 0 { // the erasure of a person may have gone with the rest
		require.Equal(t, []string{"vault"}, v.checks(), "nothing kept, nothing found: %+v", v.Findings)
	}
}

// TestTamperingWithTheLog changes the files of the log, of a directory and of a bundle.
func TestTamperingWithTheLog(t *testing.T) {
	a := newArchive(t)
	v, code := verified(t, a.late)
	require.Zero(t, code)
	n := fmt.Sprint(v.Sealed)
	edit := func(file string, f func([]byte) []byte) func(t *testing.T, log string) {
		return func(t *testing.T, log string) {
			raw, err := os.ReadFile(filepath.Join(log, file))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(log, file), f(raw), 0o600))
		}
	}
	lines := func(f func([]string)) func([]byte) []byte {
		return func(raw []byte) []byte {
			list := strings.Split(string(raw), "\n")
			f(list)
			return []byte(strings.Join(list, "\n"))
		}
	}
	entries, hashes := "tile/entries/000.p/"+n, "tile/0/000.p/"+n
	for name, c := range map[string]struct {
		harm   func(t *testing.T, log string)
		checks []string // at least
	}{
		"a hash":               {edit(hashes, func(b []byte) []byte { b[70] ^= 1; return b }), []string{"tile"}},
		"two hashes swapped":   {edit(hashes, func(b []byte) []byte { return slices.Concat(b[32:64], b[:32], b[64:]) }), []string{"tile"}},
		"a tile too short":     {edit(hashes, func(b []byte) []byte { return b[:len(b)-32] }), []string{"tile"}},
		"a tile too long":      {edit(hashes, func(b []byte) []byte { return append(b, b[:32]...) }), []string{"tile"}},
		"no tile":              {func(t *testing.T, log string) { require.NoError(t, os.Remove(filepath.Join(log, hashes))) }, []string{"tile"}},
		"a leaf":               {edit(entries, func(b []byte) []byte { b[len(b)-1] ^= 1; return b }), []string{"entry", "root"}},
		"a leaf's length":      {edit(entries, func(b []byte) []byte { b[1] ^= 1; return b }), []string{"tile"}},
		"entries too short":    {edit(entries, func(b []byte) []byte { return b[:len(b)-10] }), []string{"tile"}},
		"no entries":           {func(t *testing.T, log string) { require.NoError(t, os.Remove(filepath.Join(log, entries))) }, []string{"tile"}},
		"a size too small":     {edit("checkpoint", lines(func(l []string) { l[1] = "20" })), []string{"signature", "tile", "root"}},
		"a size too great":     {edit("checkpoint", lines(func(l []string) { l[1] = "9999999999" })), []string{"signature", "entry"}},
		"another root":         {edit("checkpoint", lines(func(l []string) { l[2] = "A" + l[2][1:] })), []string{"signature", "root"}},
		"another origin":       {edit("checkpoint", lines(func(l []string) { l[0] += "x" })), []string{"checkpoint", "signature"}},
		"no signature":         {edit("checkpoint", func(b []byte) []byte { return b[:bytes.Index(b, []byte("\n\n"))+2] }), []string{"signature"}},
		"no checkpoint":        {func(t *testing.T, log string) { require.NoError(t, os.Remove(filepath.Join(log, "checkpoint"))) }, []string{"checkpoint"}},
		"an empty checkpoint":  {edit("checkpoint", func([]byte) []byte { return nil }), []string{"checkpoint"}},
		"no keys":              {func(t *testing.T, log string) { require.NoError(t, os.Remove(filepath.Join(log, tlog.KeysFile))) }, []string{"signature"}},
		"another's keys":       {func(t *testing.T, log string) { strangersKey(t, log) }, []string{"signature"}},
		"an older checkpoint":  {func(t *testing.T, log string) { copyIn(t, a.kept, filepath.Join(log, "checkpoint")) }, nil},
		"a rotten earlier one": {func(t *testing.T, log string) { require.NoError(t, os.RemoveAll(filepath.Join(log, "tile"))) }, []string{"tile"}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.checks == nil {
				data := copyOf(t, a.late)
				c.harm(t, filepath.Join(data, "log"))
				v, code := verified(t, data, "--checkpoint", a.line)
				require.Equal(t, 3, code, "found with what was kept")
				require.Contains(t, v.checks(), "consistency")
				return
			}
			data := copyOf(t, a.late)
			c.harm(t, filepath.Join(data, "log"))
			v, code := verified(t, data, "--no-views")
			require.Equal(t, 3, code)
			require.Subset(t, v.checks(), c.checks)
			if !slices.Contains(c.checks, "entry") {
				require.NotContains(t, v.checks(), "entry", "the ledger is whole: %+v", v.Findings)
			}
			pack := copyOf(t, a.bundle)
			c.harm(t, pack)
			_, code = verified(t, pack)
			require.Equal(t, 3, code, "in a bundle")
		})
	}
}

func copyIn(t *testing.T, from, to string) {
	_, err := copyFile(from, to)
	require.NoError(t, err)
}

// strangersKey signs the log with a key that nobody knows, and says it is the log's.
func strangersKey(t *testing.T, log string) {
	raw, err := os.ReadFile(filepath.Join(log, "checkpoint"))
	require.NoError(t, err)
	c, err := tlog.ParseCheckpoint(raw)
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, tlog.MakeKey(filepath.Join(dir, "key"), c.Origin))
	id := uuid.MustParse(strings.TrimPrefix(c.Origin, "ttledger/"))
	_, err = tlog.Open(dir, filepath.Join(dir, "key"), id)
	require.NoError(t, err)
	copyIn(t, filepath.Join(dir, tlog.KeysFile), filepath.Join(log, tlog.KeysFile))
}

// TestTamperingWithAViewIsFound: whatever a read model shows that the events do not come to.
func TestTamperingWithAViewIsFound(t *testing.T) {
	a := newArchive(t)
	for name, script := range map[string]string{
		"a cell":     `UPDATE %s SET stage = 'industrialised' WHERE key = (SELECT min(key) FROM %[1]s)`,
		"a row less": `DELETE FROM %s WHERE key = (SELECT max(key) FROM %[1]s)`,
		"a row more": `INSERT INTO %s SELECT * FROM (SELECT * FROM %[1]s LIMIT 1) WHERE false; INSERT INTO %[1]s (key, valid_from, valid_to, end_known, known_from, known_to) VALUES ('x', '2026-01-01', '9999-12-31', 0, 3, 9223372036854775807)`,
		"when":       `UPDATE %s SET known_from = known_from - 1`,
		"an entry":   `UPDATE entries SET version = version + 100 WHERE entry = 5 -- %s`,
		"a SQL view": `DROP VIEW v_project_board; CREATE VIEW v_project_board AS SELECT * FROM %s WHERE false`,
	} {
		t.Run(name, func(t *testing.T) {
			data := copyOf(t, a.late)
			file := filepath.Join(data, "views.db")
			alter(t, file, fmt.Sprintf(script, boardTable(t, file)))
			v, code := verified(t, data)
			require.Equal(t, 3, code)
			require.Equal(t, []string{"views"}, v.checks())
			s := startServer(t, data)
			v, code = verified(t, s.address, "--token-file", a.token)
			// The API does not use the last two; and it is asked about three moments, not all.
			if !slices.Contains([]string{"when", "an entry", "a SQL view"}, name) {
				require.Equal(t, 3, code, "what it serves")
				require.Equal(t, []string{"views"}, v.checks())
			}
			s.stop(t)
		})
	}
	t.Run("built by another release", func(t *testing.T) {
		data := copyOf(t, a.late)
		alter(t, filepath.Join(data, "views.db"), `UPDATE generations SET fingerprint = 'x'`)
		_, problems, code := call(t, "verify", data)
		require.Equal(t, 1, code, "it cannot be said")
		require.Contains(t, problems, "another release")
		alter(t, filepath.Join(data, "ledger.db"), rewrites["edit data"])
		_, code = verified(t, data)
		require.Equal(t, 3, code, "what was found is said all the same")
	})
}

func boardTable(t *testing.T, file string) (name string) {
	c, err := sqlite.OpenConn(file, sqlite.OpenReadOnly)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, sqlitex.ExecuteTransient(c, "SELECT name FROM tables WHERE view = 'project-board'", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		name = s.ColumnText(0)
		return nil
	}}))
	return name
}

// TestErasedIsToldFromLost: keys that are gone, with and without a decision.
func TestErasedIsToldFromLost(t *testing.T) {
	a := newArchive(t)
	for name, c := range map[string]struct{ script, says string }{
		"a key is lost":           {`DELETE FROM keys WHERE erased = 0`, "the key to what is sealed is missing, and no erasure was decided"},
		"a key was destroyed":     {`UPDATE keys SET erased = 1, wrapped = zeroblob(60) WHERE erased = 0`, "the key was destroyed, and no erasure was decided"},
		"an erased key came back": {`UPDATE keys SET erased = 0, wrapped = randomblob(60) WHERE erased = 1`, "an erasure was decided, and the key is still there"},
	} {
		t.Run(name, func(t *testing.T) {
			data := copyOf(t, a.late)
			alter(t, filepath.Join(data, "vault.db"), c.script)
			v, code := verified(t, data)
			require.Equal(t, 3, code)
			require.Equal(t, []string{"vault"}, v.checks())
			require.Contains(t, v.Findings[0].What, c.says)
		})
	}
	data := copyOf(t, a.late)
	require.NoError(t, os.Remove(filepath.Join(data, "vault.db")))
	v, code := verified(t, data)
	require.Zero(t, code, "an auditor need not have the keys")
	require.Contains(t, v.Vault, "not at hand")
}

// TestTamperingWithABundle changes what only a bundle has.
func TestTamperingWithABundle(t *testing.T) {
	a := newArchive(t)
	for name, harm := range map[string]func(lines []string) []string{
		"edit":         func(l []string) []string { l[7] = strings.Replace(l[7], "2026", "2025", 1); return l },
		"insert":       func(l []string) []string { return slices.Insert(l, 7, l[6]) },
		"delete":       func(l []string) []string { return slices.Delete(l, 7, 8) },
		"swap":         func(l []string) []string { l[7], l[8] = l[8], l[7]; return l },
		"truncate":     func(l []string) []string { return l[:len(l)-3] },
		"rubbish":      func(l []string) []string { l[7] = "{"; return l },
		"nothing left": func(l []string) []string { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			pack := copyOf(t, a.bundle)
			raw, err := os.ReadFile(filepath.Join(pack, bundleEvents))
			require.NoError(t, err)
			text := strings.Join(harm(strings.Split(strings.TrimSpace(string(raw)), "\n")), "\n")
			require.NoError(t, os.WriteFile(filepath.Join(pack, bundleEvents), []byte(text), 0o600))
			sumAgain(t, pack)
			v, code := verified(t, pack)
			require.Equal(t, 3, code)
			require.Contains(t, v.checks(), "entry")
			require.NotContains(t, v.checks(), "bundle", "the sums were made anew")
		})
	}
	for _, c := range []struct{ glob, check string }{
		{"policies/*.json", "policy"}, {"receipts/*", "receipt"}, {"COVER.html", "bundle"}, {"schemas/project.proposed.v2.json", "bundle"}, {"keys/1.pem", "bundle"}, {"README.md", "bundle"},
	} {
		t.Run(c.glob, func(t *testing.T) {
			pack := copyOf(t, a.bundle)
			found, err := filepath.Glob(filepath.Join(pack, c.glob))
			require.NoError(t, err)
			require.NotEmpty(t, found)
			raw, err := os.ReadFile(found[0])
			require.NoError(t, err)
			raw[len(raw)/2] ^= 2
			require.NoError(t, os.WriteFile(found[0], raw, 0o600))
			v, code := verified(t, pack)
			require.Equal(t, 3, code)
			require.Contains(t, v.checks(), c.check)
		})
	}
	t.Run("a file more", func(t *testing.T) {
		pack := copyOf(t, a.bundle)
		require.NoError(t, os.WriteFile(filepath.Join(pack, "policies", "mine.json"), []byte("{}"), 0o600))
		v, code := verified(t, pack)
		require.Equal(t, 3, code)
		require.Equal(t, []string{"bundle", "policy"}, v.checks())
	})
	t.Run("a bundle of before, and one of another", func(t *testing.T) {
		packed := filepath.Join(t.TempDir(), "early.zip")
		must(t, "export", "bundle", "--data", copyOf(t, a.early), "--token-file", a.token, "--out", packed)
		_, code := verified(t, packed, "--checkpoint", a.line)
		require.Equal(t, 3, code)
		other := newArchive(t)
		_, code = verified(t, other.bundle, "--checkpoint", a.kept)
		require.Equal(t, 3, code)
	})
}

// sumAgain writes the sums of a bundle anew, as whoever changes it can.
func sumAgain(t *testing.T, pack string) {
	var sums strings.Builder
	require.NoError(t, filepath.WalkDir(pack, func(path string, e fs.DirEntry, err error) error {
		name, _ := filepath.Rel(pack, path)
		if err == nil && !e.IsDir() && name != bundleSums {
			fmt.Fprintf(&sums, "%s  %s\n", sumOf(os.DirFS(pack), filepath.ToSlash(name)), filepath.ToSlash(name))
		}
		return err
	}))
	require.NoError(t, os.WriteFile(filepath.Join(pack, bundleSums), []byte(sums.String()), 0o600))
}

// TestEveryFlippedBitIsFound flips one bit at a time of what is digested: stored bytes of events,
// tiles, what the checkpoint states, and every file of a bundle.
func TestEveryFlippedBitIsFound(t *testing.T) {
	a := newArchive(t)
	chance := mathrand.New(mathrand.NewPCG(uint64(time.Now().UnixNano()), 7))
	require.NoError(t, os.Remove(filepath.Join(a.late, "views.db"))) // what it shows is another test's
	flipStored(t, a.late, 500, chance)
	flips := func(n int, target, file string, where func(raw []byte) int) {
		t.Helper()
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		for range n {
			at, bit := where(raw), byte(1)<<chance.IntN(8)
			raw[at] ^= bit
			require.NoError(t, os.WriteFile(file, raw, 0o600))
			_, code := verified(t, target)
			require.Equal(t, 3, code, "%s, bit %d of byte %d", file, bit, at)
			raw[at] ^= bit
		}
		require.NoError(t, os.WriteFile(file, raw, 0o600))
	}
	anywhere := func(raw []byte) int { return chance.IntN(len(raw)) }
	v, code := verified(t, a.late)
	require.Zero(t, code, "%+v", v.Findings)
	n := fmt.Sprint(v.Sealed)
	flips(100, a.late, filepath.Join(a.late, "log", "tile/0/000.p", n), anywhere)
	flips(100, a.late, filepath.Join(a.late, "log", "tile/entries/000.p", n), anywhere)
	flips(100, a.late, filepath.Join(a.late, "log", tlog.CheckpointFile), func(raw []byte) int { return chance.IntN(bytes.Index(raw, []byte("\n\n"))) })
	var files []string
	require.NoError(t, filepath.WalkDir(a.bundle, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, path)
		}
		return err
	}))
	for range 200 {
		flips(1, a.bundle, files[chance.IntN(len(files))], anywhere)
	}
	v, code = verified(t, a.bundle)
	require.Zero(t, code, "%+v", v.Findings)
}

// flipStored flips bits of what the ledger holds of its events, one at a time. It goes by way of SQL,
// because in the file the remains of former pages look the same.
func flipStored(t *testing.T, data string, n int, chance *mathrand.Rand) {
	t.Helper()
	file := filepath.Join(data, "ledger.db")
	alter(t, file, "CREATE TABLE kept AS SELECT * FROM events")
	c, err := sqlite.OpenConn(file, sqlite.OpenReadWrite)
	require.NoError(t, err)
	run := func(query string, args ...any) (text string) {
		require.NoError(t, sqlitex.ExecuteTransient(c, query, &sqlitex.ExecOptions{Args: args, ResultFunc: func(s *sqlite.Stmt) error {
			text = s.ColumnText(0)
			return nil
		}}))
		return text
	}
	run("PRAGMA synchronous = OFF")
	run("DROP TRIGGER events_are_not_updated")
	columns := []string{"id", "type", "stream", "metadata", "data", "metadata", "data"}
	for range n {
		column, position := columns[chance.IntN(len(columns))], chance.IntN(40)+1
		raw := []byte(run("SELECT "+column+" FROM kept WHERE position = ?", position))
		at, bit := chance.IntN(len(raw)), byte(1)<<chance.IntN(8)
		if raw[at] ^= bit; column == "id" || column == "stream" && strings.EqualFold(string(raw), run("SELECT stream FROM kept WHERE position = ?", position)) {
			raw[at] ^= bit // a UUID says the same in capitals
			raw[at] ^= 1
		}
		run("UPDATE events SET "+column+" = CAST(? AS TEXT) WHERE position = ?", raw, position)
		_, code := verified(t, data)
		require.Equal(t, 3, code, "bit %d of byte %d of %s of entry %d: %q", bit, at, column, position, raw)
		run("UPDATE events SET "+column+" = (SELECT "+column+" FROM kept WHERE kept.position = events.position) WHERE position = ?", position)
	}
	run("DROP TABLE kept")
	require.NoError(t, c.Close())
}

// TestABundleIsVerifiedWithoutUs runs what its README says, with the tools of any machine.
func TestABundleIsVerifiedWithoutUs(t *testing.T) {
	for _, tool := range []string{"python3", "openssl", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("this machine has no " + tool)
		}
	}
	a := newArchive(t)
	readme, err := os.ReadFile(filepath.Join(a.bundle, "README.md"))
	require.NoError(t, err)
	_, script, _ := strings.Cut(string(readme), "```sh\n")
	script, _, _ = strings.Cut(script, "```")
	c, err := tlog.ParseCheckpoint([]byte(must(t, "checkpoint", "--data", a.early)))
	require.NoError(t, err)
	script = strings.NewReplacer("KEPT-ROOT", c.Hash.String(), "KEPT-SIZE", fmt.Sprint(c.N)).Replace(script)
	run := func() (string, error) {
		cmd := exec.Command("bash", "-euo", "pipefail", "-c", script)
		cmd.Dir = a.bundle
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run()
	require.NoError(t, err, out)
	require.Contains(t, out, "Signature Verified Successfully")
	for _, name := range []string{"text", "sig"} {
		require.NoError(t, os.Remove(filepath.Join(a.bundle, name)))
	}
	raw, err := os.ReadFile(filepath.Join(a.bundle, bundleEvents))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(a.bundle, bundleEvents), bytes.Replace(raw, []byte("P-2026-000003"), []byte("P-2026-000004"), 1), 0o600))
	sumAgain(t, a.bundle)
	out, err = run()
	require.Error(t, err)
	require.Contains(t, out, "the events come to")
}

// TestReadModelsFoldedAsTheyCameAreThoseOfAReplay: a running server folds facts in the order and the
// batches in which they come, late ones among them; an auditor, all at once.
func TestReadModelsFoldedAsTheyCameAreThoseOfAReplay(t *testing.T) {
	o := newOffice(t)
	s := startServer(t, o.data)
	must(t, o.importArgs("--server", s.address)...)
	auditor := keep(t, o.dir, issueTo(t, s.address, readFile(t, o.admin), "chen.aud", "AUD"))
	v, code := verified(t, s.address, "--token-file", auditor)
	require.Zero(t, code, "%+v", v.Findings)
	v, code = verified(t, o.data)
	require.Zero(t, code, "%+v", v.Findings)
	require.Greater(t, int(v.Entries), 300)
	s.stop(t)
	v, code = verified(t, o.data)
	require.Zero(t, code, "%+v", v.Findings)
	require.Zero(t, v.Unsealed, "a server leaves nothing unsigned behind")
}
