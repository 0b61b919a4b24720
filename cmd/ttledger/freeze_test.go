package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/period"
)

// TestAClosedPeriodIsFrozen: every report of it becomes a file that is kept, each is asked to be
// issued once, and doing it again changes nothing.
func TestAClosedPeriodIsFrozen(t *testing.T) {
	o := newOffice(t)
	s := startServer(t, o.data)
	require.NoError(t, program(o.importArgs("--server", s.address)...).Run())
	s.stop(t)
	d, err := openDirectory(t.Context(), place{data: o.data})
	require.NoError(t, err)
	require.NoError(t, decided(t.Context(), d.ledger, ledger.Actor{Handle: "wang.pm", Roles: []ledger.Role{ledger.PM}}, ledger.Actor{Handle: "zhao.apr", Roles: []ledger.Role{ledger.APR}},
		ledger.StreamID{Category: "period", ID: demoID("period", "2021")}, "close", ledger.Day(2024, 1, 10), 0,
		period.Close{Code: "2021", From: ledger.Day(2021, 1, 1), To: ledger.Day(2021, 12, 31), CutOff: 20, Digest: strings.Repeat("0", 64)}))
	require.NoError(t, d.close())

	s = startServer(t, o.data)
	freeze := func(more ...string) (string, string, int) {
		return call(t, append([]string{"freeze", demoID("period", "2021").String(), "--server", s.address, "--token-file", o.manager}, more...)...)
	}
	require.Eventually(t, func() bool {
		rows, _, code := call(t, "export", "view", "periods", "--server", s.address, "--token-file", o.manager)
		return code == 0 && strings.Contains(rows, "2021-12-31")
	}, 20*time.Second, 50*time.Millisecond, "the read models show the period")
	out, problems, code := freeze()
	require.Zero(t, code, problems)
	require.Contains(t, out, "s-e1\t")
	require.Contains(t, out, "k06\t")
	require.NotContains(t, out, "s-g2\t", "it needs to be told what to compare")
	for line := range strings.Lines(out) {
		digest := strings.Split(line, "\t")[1]
		_, err := os.Stat(filepath.Join(o.data, "blobs", digest[:2], digest))
		require.NoError(t, err, line)
	}
	asked := func() int { // of the store, which is never behind
		return strings.Count(must(t, "export", "events", "--param", "type=approval.requested.v1", "--server", s.address, "--token-file", o.approver), "\n")
	}
	before := asked()
	again, problems, code := freeze()
	require.Zero(t, code, problems)
	require.Equal(t, out, again, "the same files")
	require.Equal(t, before, asked(), "asked for once")
	one, _, code := freeze("--report", "k06", "--format", "csv")
	require.Zero(t, code)
	require.Equal(t, 1, strings.Count(one, "\n"))
	_, problems, code = call(t, "freeze", "2021", "--server", s.address, "--token-file", o.manager)
	require.Equal(t, exitUsage, code, problems)
	s.stop(t)
}
