package httpapi

import (
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func header(name string, values ...string) http.Header {
	return http.Header{http.CanonicalHeaderKey(name): values}
}

func TestLanguage(t *testing.T) {
	for accept, want := range map[string]string{
		"": english, "zh": chinese, "zh-Hant-TW": chinese, "en-GB, zh": english, "fr, zh;q=0.4": chinese,
		"en;q=0.3, zh-CN;q=0.9": chinese, "zh;q=0": english, "*": english, "fr": english, "zh;q=x, en;q=0.1": english,
		"ZH-cn": chinese, ";;,,": english, "zh;q=NaN": english, "zhx": english,
	} {
		require.Equal(t, want, language(header("Accept-Language", accept)), accept)
	}
}

func TestPrefer(t *testing.T) {
	for text, want := range map[string]wish{
		"":                           {},
		"return=minimal":             {minimal: true},
		"return=representation":      {},
		"respond-async, wait=10":     {waits: true, wait: 10 * time.Second},
		"wait=99":                    {waits: true, wait: 30 * time.Second},
		"wait=0":                     {waits: true},
		"wait=-1":                    {},
		"Wait=\"5\"; x=y, wait=7":    {waits: true, wait: 5 * time.Second},
		"wait=1, return = minimal":   {minimal: true, waits: true, wait: time.Second},
		"wait=18446744073709551617":  {},
		"return=minimal;foo=\"a,b\"": {minimal: true},
	} {
		require.Equal(t, want, prefer(header("Prefer", text)), text)
	}
}

func TestNegotiate(t *testing.T) {
	for _, c := range []struct {
		accept, asked string
		want          format
		status        int
	}{
		{"", "", formatJSON, 0},
		{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "", formatJSON, 0},
		{"text/csv", "", formatCSV, 0},
		{"text/*", "", formatCSV, 0},
		{"*/*, text/csv", "", formatCSV, 0},
		{"application/json;q=0.1, application/x-ndjson", "", formatNDJSON, 0},
		{"application/json;q=0, */*", "", formatNDJSON, 0},
		{"image/png", "", "", 406},
		{"image/png", "csv", formatCSV, 0},
		{"text/csv", "xlsx", "", 400},
	} {
		h := http.Header{}
		if c.accept != "" {
			h.Set("Accept", c.accept)
		}
		got, err := negotiate(h, c.asked, formatJSON, formatNDJSON, formatCSV)
		require.Equal(t, c.want, got, c)
		if c.status > 0 {
			require.Equal(t, c.status, problemOf(err, &call{}).Status)
		}
	}
}

func TestTraceID(t *testing.T) {
	for text, want := range map[string]string{
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01": "4bf92f3577b34da6a3ce929d0e0e4736",
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01": "",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01": "",
		"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01": "",
		"4bf92f3577b34da6a3ce929d0e0e4736":                        "",
	} {
		require.Equal(t, want, traceID(header("Traceparent", text)), text)
	}
}

// FuzzHeaders holds that whatever a header says, its parser answers within its own bounds.
func FuzzHeaders(f *testing.F) {
	for _, seed := range []string{
		"", "*", `"7"`, `W/"7"`, `"18446744073709551615"`, `"9223372036854775807"`, "6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11", `"6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11"`,
		"wait=5, return=minimal", "zh-CN;q=0.5,en;q=NaN", "en;q=1e309", "text/csv;q=-1, */*", ",;=,\"", "\x00\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if key, err := idempotencyKey(header("Idempotency-Key", text)); err == nil {
			require.NotEqual(t, uuid.Nil, key)
			require.Contains(t, strings.ToLower(text), key.String())
		}
		expect, seen, err := ifMatch(header("If-Match", text))
		if err == nil {
			require.Equal(t, strings.TrimSpace(text), expect.IfMatch(), "what is understood is what was said")
			require.LessOrEqual(t, uint64(seen), uint64(math.MaxUint64/2+math.MaxUint64/4))
		} else {
			require.Empty(t, expect.IfMatch())
		}
		w := prefer(header("Prefer", text))
		require.True(t, w.wait >= 0 && w.wait <= mostWait)
		require.Contains(t, []string{english, chinese}, language(header("Accept-Language", text)))
		for _, q := range weighted([]string{text}) {
			require.True(t, q >= 0 && q <= 1)
		}
		if got, err := negotiate(header("Accept", text), "", formatJSON, formatCSV); err == nil {
			require.Contains(t, []format{formatJSON, formatCSV}, got)
		}
		if id := traceID(header("Traceparent", text)); id != "" {
			require.Len(t, id, 32)
		}
		require.Regexp(t, `^[A-Za-z0-9._-]{1,64}$`, requestID(header("Request-Id", text)))
	})
}
