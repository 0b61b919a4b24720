package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"ttledger/adapters/blobs"
	"ttledger/domain/ledger"
	"ttledger/domain/period"
)

// An issued report stays the file it was, whatever is recorded after it.
func TestAReportIsMadeIntoAFileAndIssued(t *testing.T) {
	dir := blobs.Dir(filepath.Join(t.TempDir(), "blobs"))
	w := newWorld(t, func(c *Config) { c.Files = dir })
	w.propose("Rotor dynamics", "2026-05-04")
	w.settle()
	a := w.post("ada", "/v1/reports/k06/files?format=csv&from=2020&as-of=2026-06-30", "")
	require.Equal(t, 201, a.status, a.body)
	file := a.json(t)
	require.Equal(t, "k06", file["report"])
	require.Equal(t, []any{map[string]any{"name": "from", "value": "2020"}}, file["params"])
	require.Equal(t, "2026-06-30", file["as_of"])
	require.Equal(t, "text/csv", file["media_type"])
	digest := file["sha256"].(string)
	kept, err := dir.Read(digest)
	require.NoError(t, err)
	require.EqualValues(t, len(kept), file["bytes"])
	require.Equal(t, string(kept), w.get("chen", "/v1/reports/k06?format=csv&from=2020&as-of=2026-06-30").body, "what the ledger says")
	sum := sha256.Sum256(kept)
	require.Equal(t, hex.EncodeToString(sum[:]), digest)

	w.record("period", period.ReportIssued{
		Report: "k06", AsOf: ledger.Day(2026, 6, 30), KnownAt: 1, SHA256: digest, Name: "漏斗.csv", MediaType: "text/csv",
	})
	w.propose("Another", "2026-05-05")
	w.settle()
	issued := "/v1/issued-reports/" + one("period").String() + ":000001"
	b := w.get("chen", issued)
	require.Equal(t, 200, b.status, b.body)
	require.Equal(t, string(kept), b.body, "as it was, whatever was recorded since")
	require.NotEqual(t, string(kept), w.get("chen", "/v1/reports/k06?format=csv&from=2020&as-of=2026-06-30").body)
	require.Equal(t, `attachment; filename*=utf-8''%E6%BC%8F%E6%96%97.csv`, b.header.Get("Content-Disposition"))
	require.Equal(t, 200, w.ask("chen", "HEAD", issued, "").status)

	require.Equal(t, 201, w.post("ada", "/v1/reports/k06/files", "").status, "a workbook where nothing is said")
	require.Equal(t, "format", w.post("ada", "/v1/reports/k06/files?format=json", "").code(t))
	require.Equal(t, "no-such-report", w.post("ada", "/v1/reports/k99/files", "").code(t))
	require.Equal(t, "no-such-issue", w.get("chen", "/v1/issued-reports/"+one("period").String()+":000009").code(t))
	require.Equal(t, "parameter", w.get("chen", issued+"?format=csv").code(t))
}

func TestAServerWithoutFiles(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, "no-files", w.post("ada", "/v1/reports/k06/files", "").code(t))
}

func TestAFileIsBounded(t *testing.T) {
	k := &kept{}
	_, err := k.Write(make([]byte, maxFile))
	require.NoError(t, err)
	_, err = k.Write([]byte{0})
	require.Equal(t, ledger.KindTooLarge, ledger.KindOf(err))
}
