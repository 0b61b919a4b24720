package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// corrected is a ledger with a project whose title was put right, with two people.
func corrected(t *testing.T) (data string, id uuid.UUID) {
	a := newArchive(t)
	d := reopen(t, a.late)
	id = uuid.New()
	proposed := do(t, d, ledger.PM, "project", id, "propose", proposal(500))
	asked := do(t, d, ledger.PM, "project", id, "correct", map[string]any{"event": proposed.Events[0].ID, "path": "/data/titles/en", "old": "Rotor dynamics of large compressors", "new": "Rotor dynamics", "ground": "misprint"})
	require.True(t, asked.Pending)
	do(t, d, ledger.APR, "approval", asked.Stream.ID, "decide", map[string]any{"decision": "approve"})
	require.NoError(t, d.close())
	return a.late, id
}

// TestEveryStepAddsUpToTheState: for each thing, the last step leaves what decisions see, and each
// begins where the one before ended.
func TestEveryStepAddsUpToTheState(t *testing.T) {
	data, _ := corrected(t)
	d, err := openToRead(t.Context(), place{data: data})
	require.NoError(t, err)
	defer d.close()
	byStream := map[ledger.StreamID][]projections.Step{}
	known, err := facts(t.Context(), d, moment{}, func(f projections.Fact) error {
		byStream[f.Stream] = append(byStream[f.Stream], projections.Step{Recorded: f.Recorded, Entry: f.Entry})
		return nil
	})
	require.NoError(t, err)
	require.NotZero(t, known)
	corrections := 0
	for stream, list := range byStream {
		g, ok := d.ledger.Aggregate(stream.Category)
		require.True(t, ok)
		h, err := projections.Recount(g, list, projections.At{})
		require.NoError(t, err)
		require.Len(t, h.Steps, len(list))
		var records []ledger.Recorded
		for _, s := range list {
			records = append(records, s.Recorded)
		}
		_, want, err := g.Fold(records)
		require.NoError(t, err)
		require.Equal(t, asJSON(t, want), asJSON(t, h.State), "%s", stream)
		fields := map[string]string{}
		for name, raw := range fieldsIn(t, g.Zero()) {
			fields[name] = string(raw)
		}
		for _, s := range h.Steps {
			if s.Type == (ledger.RecordCorrected{}).EventType() {
				require.Contains(t, s.Changed, "titles")
				corrections++
			}
			for name, c := range s.Changed {
				require.Equal(t, fields[name], string(c.Before), "%s %s", stream, name)
				if fields[name] = string(c.After); len(c.After) == 0 {
					delete(fields, name)
				}
			}
		}
		final := map[string]string{}
		for name, raw := range fieldsIn(t, h.State) {
			final[name] = string(raw)
		}
		require.Equal(t, final, fields)
		late, err := projections.Recount(g, list, projections.At{AsOf: ledger.Day(9999, 12, 31)})
		require.NoError(t, err)
		require.Len(t, late.Steps, len(list))
	}
	require.Equal(t, 1, corrections)
}

func asJSON(t *testing.T, v any) string {
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return string(raw)
}

func fieldsIn(t *testing.T, state any) (f map[string]json.RawMessage) {
	require.NoError(t, json.Unmarshal([]byte(asJSON(t, state)), &f))
	return f
}

// TestAReplayIsChosenAndCompared: by who, what, rule and days, and between two moments.
func TestAReplayIsChosenAndCompared(t *testing.T) {
	data, id := corrected(t)
	replay := func(more ...string) string {
		return must(t, append([]string{"replay", "--data", data, "--stream", "project-" + id.String()}, more...)...)
	}
	all := replay()
	require.Contains(t, all, "project.proposed.v2")
	require.Contains(t, all, `titles: {"zh":"大型离心压缩机转子动力学","en":"Rotor dynamics of large compressors"} → {"zh":"大型离心压缩机转子动力学","en":"Rotor dynamics"}`)
	require.Contains(t, all, "approval approval-", "who approved stands there")
	require.Equal(t, 1, strings.Count(replay("--type", "project.proposed.v2"), "entry "))
	require.Equal(t, 2, strings.Count(replay("--actor", "one.pm"), "\n  occurred"))
	require.Empty(t, replay("--actor", "nobody"))
	require.Empty(t, replay("--policy", "X"))
	require.Empty(t, replay("--to", "2020"))
	require.Equal(t, all, replay("--from", "2020"))

	var first step
	require.NoError(t, json.Unmarshal([]byte(strings.SplitN(replay("--json"), "\n", 2)[0]), &first))
	since := replay("--since-known-at", fmt.Sprint(first.Entry))
	require.Contains(t, since, fmt.Sprintf("since then (entry %d, 1 events)\n  titles: ", first.Entry))
	require.NotContains(t, replay("--known-at", fmt.Sprint(first.Entry), "--since-known-at", fmt.Sprint(first.Entry)), "→ {\"zh\":\"大型离心压缩机转子动力学\",\"en\":\"Rotor dynamics\"}")
	require.Contains(t, replay("--as-of", "2099", "--type", "project.proposed.v2"), `"en":"Rotor dynamics"}`, "as of a day, an event counts as it was put right")
	for _, wrong := range [][]string{{"--from", "soon"}, {"--since-known-at", "soon"}} {
		_, _, code := call(t, append([]string{"replay", "--data", data, "--stream", "project-" + id.String()}, wrong...)...)
		require.Equal(t, exitUsage, code)
	}
}
