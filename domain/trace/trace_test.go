package trace

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

func TestSeal(t *testing.T) {
	day, today, digest := ledgertest.Date("2026-06-14"), ledgertest.Date("2026-06-15"), strings.Repeat("9f86d081", 8)
	of := func(day ledger.Date) ledger.Context {
		return ledger.Context{Actor: Sealer.Handle, Stream: ledger.StreamID{Category: "trace", ID: ID(day)}}
	}
	someone := of(day)
	someone.Actor = "wu.adm"
	ledgertest.Run(t, Decider, Codec, []ledgertest.Case[Command, Event]{
		// A second seal of a day is refused by the ledger, which knows that the stream is there.
		{Name: "yesterday", At: of(day), When: Seal{day, 17, digest}, Then: []Event{DaySealed{day, 17, digest}}, Again: true},
		{Name: "by an administrator", At: someone, When: Seal{day, 17, digest}, Code: "not-the-program"},
		{Name: "today", At: of(today), When: Seal{today, 17, digest}, Code: "day-not-over"},
		{Name: "a month", At: of(day), When: Seal{ledgertest.Date("2026-05"), 17, digest}, Code: "invalid", Field: "day"},
		{Name: "nothing", At: of(day), When: Seal{day, 0, digest}, Code: "invalid", Field: "accesses"},
		{Name: "no digest", At: of(day), When: Seal{day, 17, digest[1:]}, Code: "invalid", Field: "sha256"},
		{Name: "under another day", At: of(today), When: Seal{day, 17, digest}, Code: "day-id"},
	})
}

// The digest binds what was read, by whom, and in which order: it is pinned, because a ledger
// holds it for ever.
func TestDigest(t *testing.T) {
	one := Access{Seq: 1, At: time.Date(2026, 6, 14, 1, 2, 3, 456000000, time.UTC), Actor: "chen.aud", Roles: "AUD", Route: "stream", Target: "project-6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11", Form: "json", Entry: 9, Request: "r-1"}
	two := one
	two.Seq, two.Actor = 2, "lin.dpo"
	of := func(list ...Access) Seal {
		d := NewDigest()
		for _, a := range list {
			d.Add(a)
		}
		return d.Seal(one.Day())
	}
	require.Equal(t, Seal{ledgertest.Date("2026-06-14"), 2, "348c33d40a04c4010a640537d2efe9ba6dcfa7ce94b65f256b4c3685628356c1"}, of(one, two))
	require.NotEqual(t, of(one, two), of(two, one))
	require.NotEqual(t, of(one, two), of(one))
}

func TestStoredShapes(t *testing.T) { ledgertest.Shapes(t, Codec, os.DirFS("testdata/events")) }

func FuzzDecode(f *testing.F) { ledgertest.FuzzDecode(f, Codec, os.DirFS("testdata/events")) }
