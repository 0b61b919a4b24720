package httpapi

import (
	"bufio"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
)

var attributeName = regexp.MustCompile(`^[a-z0-9]{1,20}$`)

// requireCloudEvent holds what was sent against the SDK and against what is stored.
func requireCloudEvent(t *testing.T, raw []byte, r ledger.Recorded, entry ledger.Entry) cloudevents.Event {
	t.Helper()
	var e cloudevents.Event
	require.NoError(t, json.Unmarshal(raw, &e), string(raw))
	require.NoError(t, e.Validate())
	require.Equal(t, "1.0", e.SpecVersion())
	require.Equal(t, r.ID.String(), e.ID())
	require.Equal(t, fmt.Sprintf("urn:uuid:%s#%s", r.Meta.Ledger, r.Stream), e.Source())
	require.Equal(t, "io.ttledger."+r.Type, e.Type())
	require.Equal(t, r.Stream.String(), e.Subject())
	require.True(t, r.Meta.RecordedAt.Equal(e.Time()))
	require.Equal(t, "application/json", e.DataContentType())
	require.Contains(t, string(raw), `"data":`+string(r.Data)+"}", "the stored bytes")
	require.Equal(t, string(r.Data), string(e.Data()))
	extensions := e.Extensions()
	require.Equal(t, r.Meta.Correlation.String(), extensions["correlationid"])
	require.Equal(t, r.Meta.OccurredOn.String(), extensions["occurredon"])
	require.Equal(t, r.Meta.Actor, extensions["authid"])
	require.Equal(t, string(r.Meta.Role), extensions["authrole"])
	if entry == 0 {
		require.NotContains(t, extensions, "sequence")
	} else {
		require.Equal(t, fmt.Sprintf("%020d", entry), extensions["sequence"])
	}
	for name := range extensions {
		require.Regexp(t, attributeName, name)
	}
	return e
}

// recorded is everything in the store, in order.
func (w *world) recorded() []ledger.Recorded {
	var all []ledger.Recorded
	for batch, err := range w.store.Follow(w.t.Context(), ledger.Position{}) {
		require.NoError(w.t, err)
		if all = append(all, batch.Events...); batch.Live {
			break
		}
	}
	return all
}

func batchOf(t *testing.T, a answer) []json.RawMessage {
	t.Helper()
	require.Equal(t, 200, a.status, a.body)
	require.Equal(t, "application/cloudevents-batch+json", a.header.Get("Content-Type"))
	var batch []json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(a.body), &batch), a.body)
	return batch
}

const asBatch = "Accept: application/cloudevents-batch+json"

func TestEventsAsCloudEventsInPages(t *testing.T) {
	w := newWorld(t)
	w.propose("Cold & <hot> \u2028 sintering", "2026-05")
	w.settle()
	all := w.recorded()

	seen, path := 0, "/v1/events?limit=4"
	for path != "" {
		a := w.get("chen", path, asBatch)
		for _, raw := range batchOf(t, a) {
			requireCloudEvent(t, raw, all[seen], ledger.Entry(seen+1))
			seen++
		}
		next, _, _ := strings.Cut(strings.TrimPrefix(a.header.Get("Link"), "<"), ">")
		path = next
	}
	require.Len(t, all, seen)
	require.Equal(t, "[]\n", w.get("chen", "/v1/events?type=none.such.v1", asBatch).body)
	require.Len(t, batchOf(t, w.get("chen", "/v1/events?actor=ada&format=cloudevents-batch")), 1)
	require.Equal(t, "parameter", w.get("chen", "/v1/events?limit=1001", asBatch).code(t))
}

func TestEventsAsCloudEventsInLines(t *testing.T) {
	w := newWorld(t)
	w.propose("one", "2026-05-04")
	w.settle()
	all := w.recorded()
	a := w.get("chen", "/v1/events?format=cloudevents&after=2")
	require.Equal(t, 200, a.status, a.body)
	require.Equal(t, "application/x-ndjson", a.header.Get("Content-Type"))
	entry := 2
	for s := bufio.NewScanner(strings.NewReader(a.body)); s.Scan(); entry++ {
		requireCloudEvent(t, s.Bytes(), all[entry], ledger.Entry(entry+1))
	}
	require.Len(t, all, entry, "every line is an event")
	require.Contains(t, w.get("chen", "/v1/events", "Accept: application/x-ndjson").body, `"_end":true`, "plain lines are as they were")
}

func TestAStreamAsCloudEvents(t *testing.T) {
	w := newWorld(t)
	id := w.propose("one", "2026-05-04")
	w.settle()
	require.Equal(t, 200, w.post("tam", "/v1/commands/project/"+id+"/assess-readiness", `{"occurred_on":"2026-06","data":{"readiness":{"scale":"ISO16290","level":4}}}`,
		"If-Match: *", "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").status)
	all := w.recorded()
	first, second := all[len(all)-2], all[len(all)-1]

	batch := batchOf(t, w.get("chen", "/v1/streams/project/"+id, asBatch))
	require.Len(t, batch, 2)
	e := requireCloudEvent(t, batch[0], first, ledger.Entry(len(all)-1))
	require.NotContains(t, e.Extensions(), "traceparent")
	require.NotContains(t, e.Extensions(), "causationid")
	require.Equal(t, "unknown", e.Extensions()["authtype"])
	e = requireCloudEvent(t, batch[1], second, 0)
	require.Regexp(t, traceparent, e.Extensions()["traceparent"])
	require.Equal(t, "0af7651916cd43dd8448eb211c80319c", strings.Split(e.Extensions()["traceparent"].(string), "-")[1])

	lines := strings.Split(strings.TrimSpace(w.get("chen", "/v1/streams/project/"+id+"?format=cloudevents&as-of=2026-05-31").body), "\n")
	require.Len(t, lines, 1)
	requireCloudEvent(t, []byte(lines[0]), first, ledger.Entry(len(all)-1))
	require.Equal(t, 406, w.get("chen", "/v1/streams/project/"+id, "Accept: text/csv").status)
}

func TestWhatACloudEventSaysOfItsCause(t *testing.T) {
	cause := uuid.New()
	r := ledger.Recorded{Proposed: ledger.Proposed{ID: uuid.New(), Data: []byte("{}"), Meta: ledger.Metadata{
		Ledger: uuid.New(), Causation: cause, OccurredOn: ledger.Day(2026, 5, 4), Source: ledger.Source{Kind: "timer"},
	}}}
	c := cloudEventOf(eventOf(r, 7))
	require.Equal(t, cause, c.CausationID)
	require.Equal(t, "system", c.AuthType)

	id := uuid.MustParse("00000000-0000-0001-8000-000000000000")
	trace := "0af7651916cd43dd8448eb211c80319c"
	require.Equal(t, "00-"+trace+"-0000000000000001-00", traceParent(trace, id))
	for _, none := range []string{"", trace[1:], trace + "0", strings.ToUpper(trace), strings.Repeat("0", 32), "00-" + trace + "-b7ad6b7169203331-01"} {
		require.Empty(t, traceParent(none, id), none)
	}
	require.Empty(t, traceParent(trace, uuid.Nil))
}
