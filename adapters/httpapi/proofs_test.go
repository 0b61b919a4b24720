package httpapi

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ttledger/adapters/tlog"
	"ttledger/domain/ledger"
)

// TestEveryCommandNamesItsProof: the receipt is there once the entry is signed, and proves it with
// nothing but the log's keys.
func TestEveryCommandNamesItsProof(t *testing.T) {
	w := newWorld(t)
	a := w.post("ada", "/v1/commands/project/6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11/propose", `{"data":{"titles":{"en":"Rotor"}}}`)
	require.Equal(t, 201, a.status, a.body)
	receipts := a.json(t)["receipts"].([]any)
	require.Len(t, receipts, 1)
	path := receipts[0].(string)
	early := w.get("ada", path)
	require.Equal(t, 404, early.status)
	require.Equal(t, "no-receipt", early.code(t))
	require.Equal(t, "1", early.header.Get("Retry-After"))

	w.settle()
	r := w.get("ada", path)
	require.Equal(t, 200, r.status, r.body)
	keys := tlog.ParseKeys([]byte(w.get("", "/checkpoint.keys").body))
	receipt, at, err := tlog.CheckReceipt([]byte(r.body), keys)
	require.NoError(t, err)
	require.Equal(t, "project-6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11", receipt.Leaf.Stream)
	require.Equal(t, w.get("", "/checkpoint").body, string(at.Signed))

	w.enrol("gina", ledger.MEN)
	w.settle()
	require.Equal(t, 404, w.get("gina", path).status, "what one does not see has no receipt")
	require.Equal(t, 400, w.get("ada", "/v1/receipts/7").status)
	require.Equal(t, 400, w.get("ada", path+"?x=1").status)
	proofs := w.get("chen", "/v1/accesses?limit=1000")
	require.Contains(t, proofs.body, `"route":"receipt"`, "to fetch a proof leaves a trace")
}

func TestTheLogIsServedAsC2SPHasIt(t *testing.T) {
	w := newWorld(t)
	for range 130 {
		w.propose("Rotor", "2026-01-01")
	}
	w.settle()
	a := w.get("", "/checkpoint")
	require.Equal(t, 200, a.status)
	require.Equal(t, "no-cache", a.header.Get("Cache-Control"))
	require.True(t, strings.HasPrefix(a.body, "ttledger/"+w.ledger.ID.String()+"\n"), a.body)
	require.Equal(t, 304, w.get("", "/checkpoint", "If-None-Match: "+a.header.Get("ETag")).status)
	require.Equal(t, 400, w.get("", "/checkpoint?x=1").status)
	c, err := tlog.ParseCheckpoint([]byte(a.body))
	require.NoError(t, err)
	require.Less(t, c.N, int64(256))

	partial := "000.p/" + number(int(c.N))
	tile := w.get("", "/tile/0/"+partial)
	require.Equal(t, 200, tile.status)
	require.Len(t, tile.body, int(c.N)*32)
	require.Equal(t, "public, max-age=31536000, immutable", tile.header.Get("Cache-Control"))
	require.Equal(t, "application/octet-stream", tile.header.Get("Content-Type"))
	require.Empty(t, tile.header.Get("Vary"))

	entries := w.get("chen", "/tile/entries/"+partial)
	require.Equal(t, 200, entries.status)
	require.Equal(t, "private, max-age=31536000, immutable", entries.header.Get("Cache-Control"))
	require.Contains(t, entries.header.Get("Vary"), "Authorization")
	require.Contains(t, w.get("chen", "/v1/accesses?limit=1000").body, `"route":"entries-2"`)

	for range 130 {
		w.propose("Rotor", "2026-01-01")
	}
	w.settle()
	require.Equal(t, tile.body, w.get("", "/tile/0/"+partial).body, "a tile never changes, though a full one took its place")
	for _, missing := range []string{"/tile/0/001", "/tile/7/000", "/tile/x/000", "/tile/0/000.p/999", "/tile/00/000", "/tile/0/x001/000"} {
		require.Equal(t, 404, w.get("", missing).status, missing)
	}
}

func TestEveryReportSaysWhereTheLogStood(t *testing.T) {
	w := newWorld(t)
	c := w.get("", "/checkpoint")
	parsed, err := tlog.ParseCheckpoint([]byte(c.body))
	require.NoError(t, err)
	a := w.get("chen", "/v1/reports/k07")
	require.Equal(t, 200, a.status, a.body)
	require.Equal(t, parsed.Line(), a.json(t)["sealed"])
	for _, form := range []string{"csv", "ndjson"} {
		require.Equal(t, parsed.Line(), w.get("chen", "/v1/reports/k07?format="+form).header.Get("Ledger-Checkpoint"))
	}
}

func TestAProcessWithoutALogSaysSo(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Proofs = nil })
	require.Equal(t, "no-log", w.get("", "/checkpoint").code(t))
	require.Equal(t, 404, w.get("", "/tile/0/000").status)
	a := w.post("ada", "/v1/commands/project/6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11/propose", `{"data":{"titles":{"en":"Rotor"}}}`)
	require.NotContains(t, a.json(t), "receipts")
	require.NotContains(t, w.get("chen", "/v1/reports/k07").json(t), "sealed")
}
