package httpapi

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
)

// TestAStreamTellsWhatEachEventChanged: step by step, chosen, and against another moment.
func TestAStreamTellsWhatEachEventChanged(t *testing.T) {
	w := newWorld(t)
	w.enrol("tim", ledger.TM)
	id := w.propose("Rotor", "2026-01-05")
	path := "/v1/streams/project/" + id
	for i, gate := range []string{"2026-02-01", "2026-03-01"} {
		a := w.post("ada", "/v1/commands/project/"+id+"/decide-gate", fmt.Sprintf(`{"occurred_on":%q,"policy":{"code":"GATES","version":"1"},"data":{"gate":%d,"decision":"go"}}`, gate, i), "If-Match: *")
		require.Less(t, a.status, 300, a.body)
		asked, err := ledger.ParseStreamID(a.json(t)["stream"].(string))
		require.NoError(t, err)
		a = w.post("bea", "/v1/commands/approval/"+asked.ID.String()+"/decide", `{"data":{"decision":"approve"}}`, "If-Match: *")
		require.Less(t, a.status, 300, a.body)
	}
	w.settle()
	steps := func(query string) (events []any, since map[string]any) {
		a := w.get("chen", path+query)
		require.Equal(t, 200, a.status, a.body)
		v := a.json(t)
		since, _ = v["since"].(map[string]any)
		return v["events"].([]any), since
	}
	changed := func(e any) map[string]any { c, _ := e.(map[string]any)["changed"].(map[string]any); return c }

	plain, _ := steps("")
	require.Len(t, plain, 3)
	require.Nil(t, changed(plain[0]), "only where it is asked for")
	told, _ := steps("?changes=1")
	require.Equal(t, map[string]any{"before": `""`, "after": `"proposed"`}, asTexts(changed(told[0])["stage"]))
	require.NotEmpty(t, changed(told[1]))
	first := told[0].(map[string]any)["entry"].(float64)

	one, _ := steps("?changes=1&policy=GATES&from=2026-02-15&actor=ada&type=project.stage-gate-decided.v2")
	require.Len(t, one, 1)
	byRule, _ := steps("?policy=GATES&from=2026-02-15")
	require.Len(t, byRule, 1)
	require.Equal(t, "2026-03-01", byRule[0].(map[string]any)["occurred_on"])
	before, _ := steps("?to=2026-01")
	require.Len(t, before, 1)

	_, since := steps(fmt.Sprintf("?since-known-at=%d", int(first)))
	require.NotEmpty(t, since["difference"])
	require.Equal(t, first, since["known_at"])
	_, since = steps(fmt.Sprintf("?known-at=%d&since-known-at=%d", int(first), int(first)))
	require.Empty(t, since["difference"])
	asOf, since := steps("?changes=1&as-of=2026-02&since-as-of=2026-01")
	require.Len(t, asOf, 2)
	require.NotEmpty(t, since["difference"])

	for _, wrong := range []string{"?changes=2", "?from=soon", "?since-known-at=x", "?since-known-at=99999", "?format=cloudevents&changes=1"} {
		require.Equal(t, 400, w.get("chen", path+wrong).status, wrong)
	}
	require.Contains(t, w.get("chen", "/v1/accesses?limit=1000").body, path[len("/v1/streams/"):len("/v1/streams/")+7], "and it leaves a trace")
}

// asTexts is a change with its JSON as text.
func asTexts(v any) map[string]any {
	all := map[string]any{}
	for name, x := range v.(map[string]any) {
		raw, _ := encode(x)
		all[name] = string(raw[:len(raw)-1])
	}
	return all
}

// TestTheAuditTimelineIsInOrderAndChosen: S-G1.
func TestTheAuditTimelineIsInOrderAndChosen(t *testing.T) {
	w := newWorld(t)
	one, two := w.propose("Rotor", "2026-01-05"), w.propose("Stator", "2026-01-06")
	w.settle()
	rows := func(query string) (list []map[string]any) {
		a := w.get("chen", "/v1/reports/s-g1"+query)
		require.Equal(t, 200, a.status, a.body)
		require.NotEmpty(t, a.json(t)["sealed"])
		for _, r := range a.json(t)["rows"].([]any) {
			list = append(list, r.(map[string]any))
		}
		return list
	}
	all := rows("")
	for i, r := range all {
		require.EqualValues(t, i+1, r["entry"])
	}
	require.Len(t, rows("?after=3"), len(all)-3)
	mine := rows("?actor=ada&event=project.proposed.v2")
	require.Len(t, mine, 2)
	require.Equal(t, "project-"+two, rows("?stream=project-" + two)[0]["stream"])
	require.Equal(t, "project-"+one, mine[0]["stream"])
	require.Empty(t, rows("?policy=X"))
	require.Empty(t, rows("?to=2020-01-01"))
	require.Len(t, rows("?from=2020-01-01"), len(all))
	require.Equal(t, 200, w.get("chen", "/v1/receipts/"+mine[0]["event_id"].(string)).status)
	require.Equal(t, 403, w.get("ada", "/v1/reports/s-g1").status)
}
