package ledger_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

// The envelope is stored for ever, like the events: the fixtures were written by hand and are
// not to be edited.
func TestTheEnvelopeKeepsItsShape(t *testing.T) {
	for _, file := range []string{"metadata.json", "metadata.min.json"} {
		stored, err := os.ReadFile("testdata/" + file)
		require.NoError(t, err)
		m, err := ledger.DecodeMetadata(stored)
		require.NoError(t, err)
		if file == "metadata.json" {
			ledgertest.Filled(t, "metadata", reflect.ValueOf(m))
		}
		again, err := ledger.EncodeMetadata(m)
		require.NoError(t, err)
		var want bytes.Buffer
		require.NoError(t, json.Compact(&want, stored))
		require.Equal(t, want.String(), string(again), file)
	}
}

func TestAnEnvelopeIsNotHalfUnderstood(t *testing.T) {
	for name, raw := range map[string]string{
		"a field of a newer release": `{"mood":"good"}`,
		"more after the envelope":    `{} {}`,
		"an empty date":              `{"occurred_on":""}`,
		"a stream that is none":      `{"relied_on":[{"stream":"organisation","version":1}]}`,
		"cut short":                  `{"actor":"pm`,
		"nothing":                    ``,
	} {
		_, err := ledger.DecodeMetadata([]byte(raw))
		require.ErrorContains(t, err, "metadata", name)
	}
}

func TestAnEnvelopeThatCouldNotBeReadIsNotWritten(t *testing.T) {
	good := ledger.Metadata{OccurredOn: day("2026"), RecordedAt: ledgertest.Now}
	_, err := ledger.EncodeMetadata(good)
	require.NoError(t, err)
	for _, change := range []func(*ledger.Metadata){
		func(m *ledger.Metadata) { m.OccurredOn = ledger.Date{} },
		func(m *ledger.Metadata) { m.RecordedAt = time.Time{} },
	} {
		m := good
		change(&m)
		_, err := ledger.EncodeMetadata(m)
		require.Error(t, err)
	}
}

func TestParseStreamID(t *testing.T) {
	id := uuid.MustParse("6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11")
	s, err := ledger.ParseStreamID("project-6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11")
	require.NoError(t, err)
	require.Equal(t, ledger.StreamID{Category: "project", ID: id}, s)
	for _, text := range []string{
		"", "project", "project-", "-6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11", "6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11",
		"project-6f1c2f9e8a514f0f9a300d2f6f1f7c11", "project-{6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11}",
		"project-urn:uuid:6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11", "project-6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c1g",
		"project-6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11 ", "tech-project-6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11",
	} {
		_, err := ledger.ParseStreamID(text)
		require.Equal(t, "stream-id", ledger.CodeOf(err), text)
	}
}

func FuzzParseStreamID(f *testing.F) {
	f.Add("project-6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11")
	f.Add("a-b")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ledger.ParseStreamID(text)
		if err != nil {
			require.Equal(t, ledger.KindInvalid, ledger.KindOf(err))
			return
		}
		again, err := ledger.ParseStreamID(s.String())
		require.NoError(t, err)
		require.Equal(t, s, again)
		require.True(t, strings.EqualFold(text, s.String()), "one stream has one name")
	})
}

func TestParsePosition(t *testing.T) {
	p, err := ledger.ParsePosition("18446744073709551615.0")
	require.NoError(t, err)
	require.Equal(t, ledger.Position{Commit: 1<<64 - 1}, p)
	for _, text := range []string{"", ".", "1", "1.", ".1", "1.2.3", "-1.2", "+1.2", " 1.2", "1.2 ", "0x1.2", "1_0.2", "18446744073709551616.0", "一.二"} {
		_, err := ledger.ParsePosition(text)
		require.Equal(t, "position", ledger.CodeOf(err), text)
	}
}

func FuzzParsePosition(f *testing.F) {
	f.Add("7.3")
	f.Add("007.0")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ledger.ParsePosition(text)
		if err != nil {
			require.Equal(t, ledger.KindInvalid, ledger.KindOf(err))
			return
		}
		raw, err := p.MarshalText()
		require.NoError(t, err)
		again, err := ledger.ParsePosition(string(raw))
		require.NoError(t, err)
		require.Equal(t, p, again)
	})
}

func TestPositionsAreInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		position := rapid.Custom(func(t *rapid.T) ledger.Position {
			return ledger.Position{Commit: rapid.Uint64Max(3).Draw(t, "commit"), Prepare: rapid.Uint64().Draw(t, "prepare")}
		})
		p, q := position.Draw(t, "p"), position.Draw(t, "q")
		require.Equal(t, -p.Compare(q), q.Compare(p))
		require.Equal(t, p == q, p.Compare(q) == 0)
		require.LessOrEqual(t, ledger.Position{}.Compare(p), 0, "the zero position is before all others")
		if p.Commit != q.Commit {
			require.Equal(t, cmp.Compare(p.Commit, q.Commit), p.Compare(q))
		}
	})
}

// Ids are stored for ever and have to be the same on every machine: these are pinned.
func TestEventIDsAreDerived(t *testing.T) {
	s := ledger.StreamID{Category: "project", ID: uuid.MustParse("6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11")}
	command := uuid.MustParse("01977a3e-5c1f-7d2b-9e44-6a0b1c2d3e4f")
	require.Equal(t, "d3ef2c4b-5d06-506f-a0be-043e013da392", ledger.EventID(s, command, 0).String())
	require.Equal(t, "b5a70569-7ebc-5a84-bb50-35ddd2f3d0d0", ledger.EventID(s, command, 1).String())

	ids := map[uuid.UUID]bool{}
	for _, stream := range []ledger.StreamID{s, {Category: "projects", ID: s.ID}, {Category: "project", ID: command}} {
		for _, c := range []uuid.UUID{command, s.ID} {
			for i := range 300 {
				ids[ledger.EventID(stream, c, i)] = true
			}
		}
	}
	require.Equal(t, 3*2*300, len(ids), "another stream, command or index is another id")
}

func TestErrorsKeepTheirMeaningWhenWrapped(t *testing.T) {
	cause := errors.New("disk full")
	err := ledger.Unavailable("store", ledger.Text{En: "later", Zh: "稍后"}, cause)
	wrapped := fmt.Errorf("append: %w", err)
	require.Equal(t, ledger.KindUnavailable, ledger.KindOf(wrapped))
	require.Equal(t, "store", ledger.CodeOf(wrapped))
	require.ErrorIs(t, wrapped, cause)
	require.Equal(t, "store: later: disk full", err.Error())

	require.Equal(t, ledger.KindInternal, ledger.KindOf(cause), "what has no meaning is a defect")
	require.Empty(t, ledger.CodeOf(cause))
	require.Equal(t, ledger.KindInternal, ledger.KindOf(nil))

	field := ledger.InvalidField("title", "is missing", "缺少")
	require.Equal(t, "invalid: the command is not valid; /data/title: is missing", field.Error())
	require.Equal(t, ledger.KindRejected, ledger.KindOf(ledger.Rejected("closed", ledger.Text{})))
	require.Equal(t, ledger.KindConflict, ledger.KindOf(ledger.Conflict(ledger.StreamID{}, 3)))
	require.Equal(t, "conflict", ledger.CodeOf(ledger.Conflict(ledger.StreamID{}, 3)))
}

func TestRolesAreListedOnceWithBothNames(t *testing.T) {
	seen := map[ledger.Role]bool{}
	for _, r := range ledger.RoleNames {
		require.False(t, seen[r.Role], r.Role)
		require.NotEmpty(t, r.Name.En)
		require.NotEmpty(t, r.Name.Zh)
		seen[r.Role] = true
	}
	require.Len(t, ledger.AllRoles(), len(seen))
	require.Len(t, seen, 18)
}
