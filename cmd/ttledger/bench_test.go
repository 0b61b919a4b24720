package main

import (
	"crypto/rand"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ttledger/adapters/httpapi"
	"ttledger/adapters/sqlite"
	"ttledger/domain/ledger"
	"ttledger/projections"
)

func BenchmarkHTTP(b *testing.B) {
	x := &bench{dir: b.TempDir(), progress: io.Discard}
	l, s, err := x.newLedger("http")
	require.NoError(b, err)
	token, err := issuer{l, console, ledger.Source{Kind: "process"}}.issue(b.Context(), "bench.manager", "service", []string{"PM"}, "bench", rand.Reader)
	require.NoError(b, err)
	views, err := sqlite.OpenViews(filepath.Join(x.dir, "http-views.db"), l.ID, projections.Views(), time.Now)
	require.NoError(b, err)
	api, err := httpapi.New(httpapi.Config{Ledger: l, Feed: s, Reader: views, Views: projections.Views(), Reports: projections.Reports(), Log: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	for b.Loop() {
		var before, after syscall.Rusage
		syscall.Getrusage(0, &before)
		rate, _, err := x.overHTTP(b.Context(), api, token, 64)
		syscall.Getrusage(0, &after)
		require.NoError(b, err)
		used := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
		b.ReportMetric(rate, "cmd/s")
		b.ReportMetric(float64(used)/1000/(rate*3), "cpu-us/cmd")
	}
	require.NoError(b, views.Close())
	require.NoError(b, s.Close())
}

func BenchmarkCatchUp(b *testing.B) {
	x := &bench{dir: b.TempDir(), progress: io.Discard}
	_, s, err := x.newLedger("history")
	require.NoError(b, err)
	require.NoError(b, grow(b.Context(), s, 0, 100_000))
	for b.Loop() {
		var before, after syscall.Rusage
		syscall.Getrusage(0, &before)
		from := time.Now()
		views, err := x.catchUp(b.Context(), s, 100_000)
		took := time.Since(from)
		syscall.Getrusage(0, &after)
		require.NoError(b, err)
		require.NoError(b, views.Close())
		info, _ := os.Stat(filepath.Join(x.dir, "views-100000.db"))
		require.NoError(b, os.Remove(filepath.Join(x.dir, "views-100000.db")))
		used := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
		b.ReportMetric(100_000/took.Seconds(), "events/s")
		b.ReportMetric(float64(used)/1000/100_000, "cpu-us/event")
		b.ReportMetric(float64(info.Size())/100_000, "bytes/event")
	}
	require.NoError(b, s.Close())
}
