package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// TestMain lets the test binary be the program itself, so that it can be killed.
func TestMain(m *testing.M) {
	if os.Getenv("TTLEDGER_TEST_MAIN") != "" {
		dumpOnHangup()
		main()
		return
	}
	os.Exit(m.Run())
}

// program is ttledger as a process of its own.
func program(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), "TTLEDGER_TEST_MAIN=1")
	return c
}

// call runs a command line to its end in this process.
func call(t *testing.T, args ...string) (stdout, stderr string, code int) {
	var out, problems bytes.Buffer
	code = run(t.Context(), args, &out, &problems)
	return out.String(), problems.String(), code
}

func must(t *testing.T, args ...string) string {
	out, problems, code := call(t, args...)
	require.Zero(t, code, "%v: %s", args, problems)
	return out
}

// served is a server process with its address and, at its first start, the administrator's token.
type served struct {
	*exec.Cmd
	address, token string
	said           string // file of what it writes on standard error
}

var tokenPattern = regexp.MustCompile(`ttl_[A-Za-z0-9_-]{65}`)

func startServer(t *testing.T, data string, more ...string) *served {
	s := &served{Cmd: program(append([]string{"serve", "--data", data, "--listen", "127.0.0.1:0"}, more...)...)}
	problems, err := os.Create(filepath.Join(t.TempDir(), "stderr")) // which the process itself writes
	require.NoError(t, err)
	defer problems.Close()
	s.Stderr, s.said = problems, problems.Name()
	out, err := s.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.Start())
	t.Cleanup(func() { _ = s.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	said, _ := os.ReadFile(problems.Name())
	require.NoError(t, err, string(said))
	s.address = strings.TrimSpace(strings.TrimPrefix(line, "listening on "))
	s.token = tokenPattern.FindString(string(said))
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return s
}

func (s *served) stop(t *testing.T) {
	require.NoError(t, s.Process.Signal(syscall.SIGTERM))
	require.NoError(t, s.Wait(), "a clean end is exit 0")
}

// office is a ledger with its people, each token in a file.
type office struct{ dir, data, admin, manager, approver string }

func newOffice(t *testing.T) office {
	dir := t.TempDir()
	o := office{dir: dir, data: filepath.Join(dir, "data")}
	s := startServer(t, o.data)
	require.NotEmpty(t, s.token, "the first start shows a token")
	s.stop(t)
	keep := func(name, token string) string {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte(token), 0o600))
		return file
	}
	o.admin = keep("admin", s.token)
	o.manager = keep("manager", must(t, "token", "issue", "wang.pm", "--role", "PM,TM", "--data", o.data, "--token-file", o.admin))
	o.approver = keep("approver", must(t, "token", "issue", "zhao.apr", "--role", "APR", "--data", o.data, "--token-file", o.admin))
	return o
}

const excerpt = "../../adapters/importer/testdata/"

func (o office) importArgs(where ...string) []string {
	args := []string{"import", "--as", "nsf", "--token-file", o.manager, "--approver-token-file", o.approver,
		"--stated-on", "2024-07-08", "--report", filepath.Join(o.dir, "report.csv"), "--json"}
	args = append(args, where...)
	return append(args, excerpt+"nsf_sbir_awards.csv", excerpt+"nsf_sttr_awards.csv", excerpt+"nsf_icorps_awards.csv", excerpt+"nsf_sbir_sttr_firms.csv")
}

// digest is the last line of a replay without the principals, who differ from office to office.
func (o office) digest(t *testing.T) string {
	var kept []string
	for line := range strings.Lines(must(t, "replay", "--data", o.data)) {
		if !strings.HasPrefix(line, `{"stream":"principal-`) && !strings.HasPrefix(line, `{"streams":`) {
			kept = append(kept, line)
		}
	}
	require.Greater(t, len(kept), 20)
	return strings.Join(kept, "")
}

// lines is the events of a ledger in order, without what differs between any two ledgers.
func (o office) lines(t *testing.T) string {
	var kept strings.Builder
	out := must(t, "export", "events", "--data", o.data, "--token-file", o.manager)
	for line := range strings.Lines(out) {
		var e struct {
			Entry, Version   int
			Stream, ID, Type string
			Data             json.RawMessage
		}
		require.NoError(t, json.Unmarshal([]byte(line), &e))
		if !strings.HasPrefix(e.Stream, "principal-") && e.Stream != "" {
			fmt.Fprintln(&kept, e.Entry, e.Stream, e.Version, e.ID, e.Type, string(e.Data))
		}
	}
	return kept.String()
}

func TestTheFirstStartShowsATokenOnceAndNoOtherDoes(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	first := startServer(t, data)
	require.NotEmpty(t, first.token)
	status, _ := get(t, first.address+"/v1/whoami", first.token)
	require.Equal(t, http.StatusOK, status)
	first.stop(t)
	second := startServer(t, data)
	require.Empty(t, second.token)
	status, _ = get(t, second.address+"/v1/whoami", first.token)
	require.Equal(t, http.StatusOK, status)
	second.stop(t)
	for name, mode := range map[string]os.FileMode{"keys/digest.key": 0o600, "ledger.db": 0o600, "views.db": 0o600, "keys": 0o700 | os.ModeDir} {
		info, err := os.Stat(filepath.Join(data, name))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode(), name)
	}
}

func get(t *testing.T, url, token string) (int, string) {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	a, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	require.NoError(t, err)
	return a.StatusCode, string(body)
}

func TestExitCodesTellUsageFromFailure(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"version"}, 0, ""},
		{[]string{"nonsense"}, 2, "unknown command"},
		{[]string{"replay", "--nonsense"}, 2, "unknown flag"},
		{[]string{"replay"}, 2, "--data"},
		{[]string{"token", "issue"}, 2, "accepts 1 arg"},
		{[]string{"replay", "--data", "x", "--as-of", "yesterday"}, 2, "is not a date"},
		{[]string{"replay", "--data", "x", "--known-at", "yesterday"}, 2, "entry number or an instant"},
		{[]string{"replay", "--data", "/nowhere"}, 1, "/nowhere"},
		{[]string{"rebuild", "--data", "/nowhere"}, 1, "/nowhere"},
		{[]string{"import", "--as", "xyz", "f.csv"}, 2, "nsf"},
		{[]string{"import", "--as", "nsf", "f.csv"}, 2, "--approver-token-file"},
		{[]string{"import", "--template", "project/bless"}, 2, "project/propose"},
		{[]string{"import", "--template", "project/propose", "f.csv"}, 2, "takes no files"},
		{[]string{"import", "--template", "project/propose", "--lang", "fr"}, 2, "zh-CN or en"},
		{[]string{"token", "issue", "x", "--data", "/nowhere", "--token-file", "y"}, 1, "ttledger serve --data /nowhere"},
	} {
		_, problems, code := call(t, c.args...)
		require.Equal(t, c.code, code, "%v: %s", c.args, problems)
		require.Contains(t, problems, c.says, c.args)
	}
}

func TestFlagsComeFromTheEnvironmentToo(t *testing.T) {
	t.Setenv("TTLEDGER_DATA", "/nowhere")
	_, problems, code := call(t, "replay")
	require.Equal(t, 1, code)
	require.Contains(t, problems, "/nowhere")
}

func TestAnImportIsTheSameWhateverWayItGoes(t *testing.T) {
	here, there := newOffice(t), newOffice(t)
	first := must(t, here.importArgs("--data", here.data)...)
	require.NotContains(t, first, `"new":0,"refused"`)
	again := must(t, here.importArgs("--data", here.data)...)
	var summary struct {
		Total struct{ Read, Accepted, New, Refused int }
	}
	require.NoError(t, json.Unmarshal([]byte(again), &summary))
	require.Zero(t, summary.Total.New, "a second run adds nothing")
	require.Equal(t, summary.Total.Read, summary.Total.Accepted+summary.Total.Refused)

	s := startServer(t, there.data)
	_, problems, code := call(t, there.importArgs("--data", there.data)...)
	require.Equal(t, 1, code)
	require.Contains(t, problems, "--server", "a directory in use says how to go on")
	require.Contains(t, problems, s.address)
	must(t, there.importArgs("--server", s.address)...)
	s.stop(t)
	require.Equal(t, here.digest(t), there.digest(t))
}

func TestAnImportKilledAtRandomMomentsEqualsAnUndisturbedOne(t *testing.T) {
	undisturbed, killed := newOffice(t), newOffice(t)
	must(t, undisturbed.importArgs("--data", undisturbed.data)...)
	kills := 0
	for range 20 {
		c := program(killed.importArgs("--data", killed.data)...)
		require.NoError(t, c.Start())
		timer := time.AfterFunc(time.Duration(10+rand.IntN(150))*time.Millisecond, func() { _ = c.Process.Kill() })
		if err := c.Wait(); err != nil {
			kills++
		}
		timer.Stop()
	}
	t.Logf("%d of 20 runs were killed", kills)
	must(t, killed.importArgs("--data", killed.data)...)
	require.Equal(t, undisturbed.digest(t), killed.digest(t))
	require.Equal(t, undisturbed.lines(t), killed.lines(t), "the same events in the same order")
}

func TestNoAcknowledgedCommandIsLostWhenTheServerIsKilled(t *testing.T) {
	o := newOffice(t)
	token, err := os.ReadFile(o.manager)
	require.NoError(t, err)
	acknowledged := map[string]string{}
	for range 4 {
		s := startServer(t, o.data)
		stop := time.AfterFunc(time.Duration(50+rand.IntN(200))*time.Millisecond, func() { _ = s.Process.Kill() })
		for {
			id, err := propose(t.Context(), s.address, strings.TrimSpace(string(token)))
			if err != nil {
				break // the server is gone; what it did not acknowledge may or may not be there
			}
			acknowledged[id] = s.address
		}
		stop.Stop()
		_ = s.Wait()
	}
	require.NotEmpty(t, acknowledged)
	all := must(t, "replay", "--data", o.data)
	for id := range acknowledged {
		require.Contains(t, all, `"project-`+id+`"`)
	}
}

// propose sends one command and answers its id once it was acknowledged.
func propose(ctx context.Context, address, token string) (string, error) {
	id := uuid.NewString()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/v1/commands/project/"+id+"/propose", strings.NewReader(`{"data":{"titles":{"zh":"冷烧结"}}}`))
	if err != nil {
		return "", err
	}
	r.Header = http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}, "Idempotency-Key": {uuid.NewString()}}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer a.Body.Close()
	if a.StatusCode != http.StatusCreated {
		return "", errors.New(a.Status)
	}
	return id, nil
}

func TestRebuildBesideAServerChangesNothingThatIsRead(t *testing.T) {
	o := newOffice(t)
	must(t, o.importArgs("--data", o.data)...)
	token, err := os.ReadFile(o.manager)
	require.NoError(t, err)
	s := startServer(t, o.data)
	before := waitForBoard(t, s.address, string(token))
	require.Contains(t, must(t, "rebuild", "--data", o.data), "rebuilt to entry")
	_, after := get(t, s.address+"/v1/views/project-board?limit=500", strings.TrimSpace(string(token)))
	require.Equal(t, before, after)

	// The server goes on with the new tables.
	id, err := propose(t.Context(), s.address, strings.TrimSpace(string(token)))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		status, _ := get(t, s.address+"/v1/views/project-board/"+id, strings.TrimSpace(string(token)))
		return status == http.StatusOK
	}, 10*time.Second, 20*time.Millisecond)
	s.stop(t)
}

// waitForBoard reads the board once the server is ready.
func waitForBoard(t *testing.T, address, token string) string {
	require.Eventually(t, func() bool {
		status, _ := get(t, address+"/readyz", "")
		return status == http.StatusOK
	}, 10*time.Second, 20*time.Millisecond)
	status, body := get(t, address+"/v1/views/project-board?limit=500", strings.TrimSpace(token))
	require.Equal(t, http.StatusOK, status)
	return body
}

func TestExportsAreTheAnswersOfTheServer(t *testing.T) {
	o := newOffice(t)
	must(t, o.importArgs("--data", o.data)...)
	here := must(t, "export", "view", "project-board", "--data", o.data, "--token-file", o.manager, "--as-of", "2015-12-31", "--known-at", "100")
	require.True(t, strings.HasPrefix(here, "\ufeffkey,"), "a CSV for spreadsheets begins with a byte order mark")
	s := startServer(t, o.data)
	waitForBoard(t, s.address, must(t, "token", "issue", "li.aud", "--role", "AUD", "--server", s.address, "--token-file", o.admin))
	require.Equal(t, here, must(t, "export", "view", "project-board", "--server", s.address, "--token-file", o.manager, "--as-of", "2015-12-31", "--known-at", "100"))
	s.stop(t)

	file := filepath.Join(o.dir, "k06.csv")
	must(t, "export", "report", "k06", "--data", o.data, "--token-file", o.manager, "--param", "from=2000", "-o", file)
	report, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(report), "cohort,proposed,approved")
	_, problems, code := call(t, "export", "report", "k99", "--data", o.data, "--token-file", o.manager, "-o", file+".not")
	require.Equal(t, 1, code)
	require.Contains(t, problems, "no-such-report")
	require.NoFileExists(t, file+".not", "a refused export leaves no file")
}

func TestReplayShowsHowAStateCameAbout(t *testing.T) {
	o := newOffice(t)
	must(t, o.importArgs("--data", o.data)...)
	id := regexp.MustCompile(`project-[0-9a-f-]{36}`).FindString(must(t, "replay", "--data", o.data))
	steps := must(t, "replay", "--data", o.data, "--stream", id)
	require.Contains(t, steps, "version 1  project.proposed.v2")
	require.Contains(t, steps, `stage: "" → "proposed"`)
	require.Contains(t, steps, `stage: "proposed" → "approved"`)
	require.Contains(t, steps, "approved by zhao.apr")
	_, problems, code := call(t, "replay", "--data", o.data, "--stream", id, "--known-at", "5")
	require.Equal(t, 1, code)
	require.Contains(t, problems, "no event at that moment (entry 5)")
	_, problems, _ = call(t, "replay", "--data", o.data, "--known-at", "99999999")
	require.Contains(t, problems, "is not known yet")
}
