package ledger

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// byDecoder is what the JSON decoder makes of an envelope.
func byDecoder(raw []byte) (m Metadata, err error) {
	err = decodeStored(raw, &m)
	return m, err
}

func TestScanningReadsWhatDecodingReads(t *testing.T) {
	id := rapid.Custom(func(t *rapid.T) (id uuid.UUID) {
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		return id
	})
	text := rapid.OneOf(rapid.StringMatching(`[a-z0-9.-]{0,12}`), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		m := Metadata{
			Ledger: id.Draw(t, "ledger"), Command: id.Draw(t, "command"), Correlation: id.Draw(t, "correlation"),
			Digest: text.Draw(t, "digest"), Actor: text.Draw(t, "actor"), Role: Role(text.Draw(t, "role")),
			OnBehalfOf: text.Draw(t, "behalf"), Trace: text.Draw(t, "trace"), Reason: text.Draw(t, "reason"),
			OccurredOn: Day(rapid.IntRange(1000, 9998).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 28).Draw(t, "day")),
			RecordedAt: time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "at"), rapid.Int64Range(0, 999_999_999).Draw(t, "nano")).UTC(),
			Source:     Source{Kind: text.Draw(t, "kind"), Batch: text.Draw(t, "batch"), Row: rapid.IntRange(-1, 1<<40).Draw(t, "row")},
		}
		if rapid.Bool().Draw(t, "nested") {
			m.Policy = &Policy{Code: "PSTTA-45", Version: "2015"}
		}
		raw, err := EncodeMetadata(m)
		require.NoError(t, err)
		want, err := byDecoder(raw)
		require.NoError(t, err)
		got, err := DecodeMetadata(raw)
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func TestTheUsualEnvelopeIsScanned(t *testing.T) {
	for _, source := range []Source{{Kind: "api"}, {Kind: "import", Batch: "ab", Row: 17}} {
		raw, err := EncodeMetadata(Metadata{Actor: "li.wei", Role: PM, OccurredOn: Day(2024, 5, 20), RecordedAt: time.Unix(1, 5).UTC(), Source: source})
		require.NoError(t, err)
		_, ok := scanMetadata(raw)
		require.True(t, ok, string(raw))
	}
}

// FuzzScanMetadata: what scanning accepts, decoding accepts and understands alike.
func FuzzScanMetadata(f *testing.F) {
	for _, name := range []string{"testdata/metadata.json", "testdata/metadata.min.json"} {
		raw, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(raw)
		var compact bytes.Buffer
		require.NoError(f, json.Compact(&compact, raw))
		f.Add(compact.Bytes())
	}
	f.Add([]byte(`{"actor":"a","actor":"b"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, ok := scanMetadata(raw)
		if !ok {
			return
		}
		want, err := byDecoder(raw)
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

// FuzzUnambiguous: JSON that is unambiguous has nothing that looking closely would refuse.
func FuzzUnambiguous(f *testing.F) {
	for _, data := range []string{`{"a":1,"b":[{"a":1},{"a":2}]}`, `{"a":1,"A":2}`, `{"a":{},"b":[],"a":1}`, `[{"a":[{"b":1,"b":2}]}]`, `{"a":"\\\"","b":1}`} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if !unambiguous(data) || !utf8.Valid(data) || !json.Valid(data) { // plain first: it sees what is no JSON, too
			return
		}
		var places []place
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		require.NoError(t, walk(d, "", 0, &places))
	})
}

func TestTheUsualRequestIsUnambiguous(t *testing.T) {
	require.True(t, unambiguous([]byte(`{"occurred_on":"2026-11-02","data":{"titles":{"zh":"冷烧结","en":"Cold \"sintering\""},"tags":["a","b"]}}`)))
	for _, odd := range []string{`{"a":1,"b":{"c":1,"C":2}}`, `{"a":1,"\u0061":2}`, `{"é":1}`, `[`, `]`, `{"a`} {
		require.False(t, unambiguous([]byte(odd)), odd)
	}
}

func BenchmarkDecodeStrict(b *testing.B) {
	data := []byte(`{"occurred_on":"2026-11-02","data":{"titles":{"zh":"冷烧结","en":"Cold sintering"},"action":1,"tags":["a","b"]}}`)
	for b.Loop() {
		require.NoError(b, DecodeStrict(data, "", new(Act)))
	}
}

func BenchmarkDecodeMetadata(b *testing.B) {
	raw, err := EncodeMetadata(Metadata{Actor: "li.wei", Role: PM, Digest: "0123456789abcdef0123456789abcdef", OccurredOn: Day(2024, 5, 20), RecordedAt: time.Unix(1, 5).UTC(), Source: Source{Kind: "api"}})
	require.NoError(b, err)
	b.Run("scanned", func(b *testing.B) {
		for b.Loop() {
			_, _ = scanMetadata(raw)
		}
	})
	b.Run("decoded", func(b *testing.B) {
		for b.Loop() {
			_, _ = byDecoder(raw)
		}
	})
}

// What is no JSON is the decoder's to refuse; looking at it does not panic.
func TestPlainLooksAtAnything(t *testing.T) {
	for _, text := range []string{`{}"x"`, `{}{}"x"`, `[{}]"x"`, `"x"`, `{"a":{}"b"`, `,"x"`, `}"x"`, `{},"x"`, `{`, `{"`} {
		require.NotPanics(t, func() { unambiguous([]byte(text)) }, text)
		var a Act
		require.Equal(t, KindInvalid, KindOf(DecodeStrict([]byte(text), "", &a)), text)
	}
}
