package main

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/esdb/esdbtest"
)

// outage is what clients met while the event store was away.
type outage struct {
	mu           sync.Mutex
	codes        map[string]int    // by phase and status
	acknowledged map[string]string // the stream of each idempotency key that was answered
	unhelpful    int               // 503 without Retry-After
	back         time.Time         // the first acknowledgement after the return
}

// client proposes projects one after the other, each under its key until it is acknowledged.
func (o *outage) client(t *testing.T, address, token string, phase func() string, end <-chan struct{}) {
	for {
		id, key := uuid.NewString(), uuid.NewString()
		for acknowledged := false; !acknowledged; {
			select {
			case <-end:
				return // with what was not acknowledged; it may be there or not
			default:
			}
			acknowledged = o.once(t, address, token, id, key, phase)
		}
	}
}

func (o *outage) once(t *testing.T, address, token, id, key string, phase func() string) bool {
	r, err := http.NewRequest(http.MethodPost, address+"/v1/commands/project/"+id+"/propose", strings.NewReader(`{"data":{"titles":{"zh":"冷烧结"}}}`))
	if err != nil {
		t.Error(err)
		return true
	}
	r.Header = http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}, "Idempotency-Key": {key}}
	during := phase()
	a, err := http.DefaultClient.Do(r)
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		o.codes[during+" none"]++
		return false
	}
	a.Body.Close()
	o.codes[fmt.Sprintf("%s %d", during, a.StatusCode)]++
	switch {
	case a.StatusCode == http.StatusServiceUnavailable:
		if a.Header.Get("Retry-After") == "" {
			o.unhelpful++
		}
		time.Sleep(5 * time.Millisecond) // a client that does not heed it, but for the sake of this machine
		return false
	case a.StatusCode != http.StatusCreated && a.StatusCode != http.StatusOK:
		t.Errorf("%s: %s", during, a.Status)
		return true
	}
	o.acknowledged[key] = id
	if phase() == "after" && o.back.IsZero() {
		o.back = time.Now()
	}
	return true
}

var residentPattern = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

// resident is the memory of a process in MiB; 0 where the system does not tell.
func resident(pid int) int {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if m := residentPattern.FindSubmatch(status); m != nil {
		kib, _ := strconv.Atoi(string(m[1]))
		return kib / 1024
	}
	return 0
}

// TestAnOutageOfTheEventStoreLosesAndDoublesNothing: TTLEDGER_TEST_OUTAGE=30s makes it longer, and
// strict with the time it takes to recover.
func TestAnOutageOfTheEventStoreLosesAndDoublesNothing(t *testing.T) {
	long, soon := 2*time.Second, time.Minute
	if text := os.Getenv("TTLEDGER_TEST_OUTAGE"); text != "" {
		var err error
		long, err = time.ParseDuration(text)
		require.NoError(t, err)
		soon = 5 * time.Second // where nothing else runs
	}
	const clients = 16
	server := esdbtest.Start(t, esdbtest.Options{})
	dir := t.TempDir()
	data, flags := filepath.Join(dir, "data"), elsewhereFlags(server.ConnectionString())
	s := startServer(t, data, flags...)
	token := issueHere(t, s.address, s.token)
	waitForBoard(t, s.address, token)

	o := &outage{codes: map[string]int{}, acknowledged: map[string]string{}}
	var phase sync.Map
	phase.Store("is", "before")
	in := func() string { p, _ := phase.Load("is"); return p.(string) }
	end := make(chan struct{})
	var all sync.WaitGroup
	for range clients {
		all.Go(func() { o.client(t, s.address, token, in, end) })
	}
	time.Sleep(time.Second) // of load
	before := resident(s.Process.Pid)
	phase.Store("is", "during")
	server.Stop()
	require.Eventually(t, func() bool {
		status, _ := get(t, s.address+"/readyz", "")
		return status == http.StatusServiceUnavailable || long < 10*time.Second
	}, 10*time.Second, 50*time.Millisecond, "/readyz tells")
	most := 0
	for until := time.Now().Add(long); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		most = max(most, resident(s.Process.Pid))
	}
	server.Restart()
	phase.Store("is", "after")
	back := time.Now()
	require.Eventually(t, func() bool { o.mu.Lock(); defer o.mu.Unlock(); return !o.back.IsZero() }, soon, 5*time.Millisecond, "it takes commands again")
	waitForBoard(t, s.address, token)
	ready := time.Since(back)
	require.Less(t, ready, soon, "and its read models are current")
	time.Sleep(time.Second) // of load
	close(end)
	all.Wait()

	require.Zero(t, o.unhelpful, "503 comes with Retry-After")
	require.Positive(t, o.codes["during 503"])
	require.Less(t, most, before+64, "MiB")
	recorded := map[string]int{} // by idempotency key
	d, err := openToRead(t.Context(), place{data, flags[1], flags[3]})
	require.NoError(t, err)
	defer d.close()
	for r, err := range upToNow(t.Context(), d.store) {
		require.NoError(t, err)
		recorded[r.Meta.Command.String()]++
	}
	for key := range o.acknowledged {
		require.Equal(t, 1, recorded[key], "acknowledged and recorded once")
	}
	for key, n := range recorded {
		require.Equal(t, 1, n, "%s is doubled", key)
	}
	t.Logf("outage %s, %d clients: %d acknowledged, answers %v", long, clients, len(o.acknowledged), sorted(o.codes))
	t.Logf("memory %d MiB before, %d at most during; took commands %s and was ready %s after the return; %d connections open",
		before, most, o.back.Sub(back).Round(time.Millisecond), ready.Round(time.Millisecond), server.Connections())
	s.stop(t)
}

func sorted(codes map[string]int) (list []string) {
	for _, k := range slices.Sorted(maps.Keys(codes)) {
		list = append(list, fmt.Sprintf("%s ×%d", k, codes[k]))
	}
	return list
}
