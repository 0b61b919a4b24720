package httpapi

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

func linesOf(t *testing.T, body string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for s := bufio.NewScanner(strings.NewReader(body)); s.Scan(); {
		var v map[string]any
		require.NoError(t, json.Unmarshal(s.Bytes(), &v), s.Text())
		all = append(all, v)
	}
	return all
}

func TestAStream(t *testing.T) {
	w := newWorld(t)
	id := w.propose("Cold & <hot> sintering", "2026-05-04")
	w.settle()
	require.Equal(t, 200, w.post("tam", "/v1/commands/project/"+id+"/assess-readiness", `{"occurred_on":"2026-06","data":{"readiness":{"scale":"ISO16290","level":4}}}`, "If-Match: *").status)

	a := w.get("chen", "/v1/streams/project/"+id)
	require.Equal(t, 200, a.status, a.body)
	require.Equal(t, `"2"`, a.header.Get("ETag"))
	require.NotEmpty(t, a.header.Get("Ledger-Position"))
	require.NotEmpty(t, a.header.Get("Ledger-Entry"))
	events := a.json(t)["events"].([]any)
	require.Len(t, events, 2, "the store is asked, which is never behind")
	first, second := events[0].(map[string]any), events[1].(map[string]any)
	for _, name := range []string{"entry", "stream", "version", "id", "type", "occurred_on", "recorded_at", "actor", "role", "metadata", "data"} {
		require.Contains(t, first, name)
	}
	require.Equal(t, a.header.Get("Ledger-Entry"), fmt.Sprint(first["entry"]))
	require.NotContains(t, second, "entry", "the read models have not counted it")
	for r, err := range w.store.Read(t.Context(), ledger.StreamID{Category: "project", ID: uuid.MustParse(id)}, 0) {
		require.NoError(t, err)
		require.Contains(t, a.body, `"metadata":`+string(r.RawMeta)+`,"data":`+string(r.Data)+`}`, "the stored bytes")
	}

	k := fmt.Sprint(first["entry"])
	require.Len(t, w.get("chen", "/v1/streams/project/"+id+"?known-at="+k).json(t)["events"], 1)
	require.Len(t, w.get("chen", "/v1/streams/project/"+id+"?as-of=2026-05-31").json(t)["events"], 1)
	require.Len(t, w.get("chen", "/v1/streams/project/"+id+"?as-of=2026").json(t)["events"], 2, "a year means its last day")
	require.Len(t, w.get("chen", "/v1/streams/project/"+id+"?as-of=2026-05-03").json(t)["events"], 0)
	require.Equal(t, "no-such-stream", w.get("chen", "/v1/streams/project/"+uuid.NewString()).code(t))
	require.Equal(t, "uuid", w.get("chen", "/v1/streams/project/7").code(t))
	require.Equal(t, "parameter", w.get("chen", "/v1/streams/project/"+id+"?asof=2026").code(t))
	require.Equal(t, "beyond", w.get("chen", "/v1/streams/project/"+id+"?known-at=9999").code(t))
	require.Equal(t, "date", w.get("chen", "/v1/streams/project/"+id+"?as-of=soon").code(t))
	require.Equal(t, "known-at", w.get("chen", "/v1/streams/project/"+id+"?known-at=0").code(t))
	require.Equal(t, "before-ledger", w.get("chen", "/v1/streams/project/"+id+"?known-at=2020-01-01T00:00:00%2B08:00").code(t))
}

// single is a feed whose batches have one event each.
type single struct{ projections.Feed }

func (s single) Follow(ctx context.Context, after ledger.Position) iter.Seq2[projections.Batch, error] {
	return func(yield func(projections.Batch, error) bool) {
		for batch, err := range s.Feed.Follow(ctx, after) {
			for _, e := range batch.Events {
				if !yield(projections.Batch{Events: []ledger.Recorded{e}, Through: e.Position}, err) {
					return
				}
			}
			if !yield(projections.Batch{Through: batch.Through, Live: batch.Live}, err) {
				return
			}
		}
	}
}

func TestEventsInOrder(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Feed = single{c.Feed} })
	for i := range 5 {
		w.propose(fmt.Sprint("project ", i), "2026-05-04")
	}
	w.settle()
	late := w.propose("not counted yet", "2026-05-04")
	var total int
	for batch, err := range w.store.Follow(t.Context(), ledger.Position{}) {
		require.NoError(t, err)
		if total += len(batch.Events); batch.Live {
			break
		}
	}

	seen, path := 0, "/v1/events?limit=4"
	for pages := 0; path != ""; pages++ {
		a := w.get("chen", path)
		require.Equal(t, 200, a.status, a.body)
		got := a.json(t)
		for _, e := range got["events"].([]any) {
			seen++
			require.EqualValues(t, seen, e.(map[string]any)["entry"])
		}
		path = ""
		if next, ok := got["next"].(string); ok {
			require.Equal(t, "<"+next+`>; rel="next"`, a.header.Get("Link"))
			require.Len(t, got["events"], 4)
			path = next
		}
	}
	require.Equal(t, total, seen)
	require.NotContains(t, w.get("chen", fmt.Sprintf("/v1/events?limit=%d", total)).json(t), "next", "a full page may be the last")

	require.Len(t, w.get("chen", "/v1/events?type=project.proposed.v2&type=nothing.else.v1").json(t)["events"], 6)
	require.Len(t, w.get("chen", "/v1/events?stream=project-"+late).json(t)["events"], 1)
	require.Len(t, w.get("chen", "/v1/events?actor=ada&limit=1").json(t)["events"], 1)
	require.Len(t, w.get("chen", fmt.Sprint("/v1/events?after=", total-2)).json(t)["events"], 2)
	require.Len(t, w.get("chen", fmt.Sprint("/v1/events?after=", total+9)).json(t)["events"], 0)
	require.Len(t, w.get("chen", "/v1/events?known-at=3").json(t)["events"], 3)
	for _, bad := range []string{"limit=0", "limit=1001", "limit=x", "after=-1", "after=1&after=2", "stream=project", "until=3", "limit=", "%zz", "a;b"} {
		require.Equal(t, 400, w.get("chen", "/v1/events?"+bad).status, bad)
	}
	require.Equal(t, 406, w.get("chen", "/v1/events", "Accept: text/csv").status)

	a := w.get("chen", "/v1/events?after=2", "Accept: application/x-ndjson")
	require.Equal(t, "application/x-ndjson", a.header.Get("Content-Type"))
	rows := linesOf(t, a.body)
	require.Len(t, rows, total-2+1)
	require.EqualValues(t, 3, rows[0]["entry"])
	require.Equal(t, map[string]any{"_end": true, "count": float64(total - 2), "entry": float64(total), "position": fmt.Sprintf("%d.%d", total, total)}, rows[len(rows)-1])
	rows = linesOf(t, w.get("chen", "/v1/events?format=ndjson&known-at=3").body)
	require.Len(t, rows, 4)
	require.EqualValues(t, 3, rows[3]["entry"])
	require.Len(t, linesOf(t, w.get("chen", "/v1/events?format=ndjson&limit=2").body), 3)
}

func TestAView(t *testing.T) {
	w := newWorld(t)
	a1 := w.propose("alpha", "2026-05-04")
	w.propose("beta", "2026-05-05")
	w.propose("gamma", "2026-05-06")
	w.settle()

	a := w.get("chen", "/v1/views/project-board?title_en=alpha&title_en=gamma&sort=-title_en")
	require.Equal(t, 200, a.status, a.body)
	got := a.json(t)
	require.Equal(t, "project-board", got["view"])
	require.Equal(t, "2026-11-23", got["as_of"])
	rows := got["rows"].([]any)
	require.Len(t, rows, 2)
	require.Equal(t, "gamma", rows[0].(map[string]any)["title_en"])
	require.Equal(t, fmt.Sprint(got["known_at"]), a.header.Get("Ledger-Entry"))
	cp := got["checkpoint"].(map[string]any)
	require.Equal(t, a.header.Get("Ledger-Position"), cp["position"])
	require.Contains(t, cp, "recorded_at")
	require.NotContains(t, got, "next")
	require.True(t, strings.Index(a.body, `"key"`) < strings.Index(a.body, `"code"`), "the columns in their order")

	require.Len(t, w.get("chen", "/v1/views/project-board?proposed_on.gte=2026-05-05&proposed_on.lte=2026-05-05").json(t)["rows"], 1)
	require.Len(t, w.get("chen", "/v1/views/project-board?title_en.like=AMM").json(t)["rows"], 1)
	require.Len(t, w.get("chen", "/v1/views/project-board?as-of=2026-05-04").json(t)["rows"], 1)
	entry := w.get("chen", "/v1/streams/project/"+a1).json(t)["events"].([]any)[0].(map[string]any)["entry"]
	require.Len(t, w.get("chen", fmt.Sprint("/v1/views/project-board?known-at=", entry)).json(t)["rows"], 1)
	require.Len(t, w.get("chen", "/v1/views/project-board?known-at=2026-11-24T09:00:00+08:00").json(t)["rows"], 3, "a plus not escaped")

	row := w.get("chen", "/v1/views/project-board/"+a1)
	require.Equal(t, "alpha", row.json(t)["row"].(map[string]any)["title_en"])
	require.Equal(t, "no-such-row", w.get("chen", "/v1/views/project-board/"+uuid.NewString()).code(t))
	require.Equal(t, "no-such-row", w.get("chen", "/v1/views/project-board/"+a1+"?as-of=2026-05-03").code(t))
	require.Equal(t, "no-such-view", w.get("chen", "/v1/views/ghost").code(t))

	for _, bad := range []string{"titel=x", "sort=ghost", "sort=", "limit=501", "cursor=%21", "as-of=x", "as-of=2026&as-of=2025", "gate=x", "bom=1", "stage.gt=1"} {
		a := w.get("chen", "/v1/views/project-board?"+bad)
		require.Equal(t, 400, a.status, bad)
		a.code(t)
	}
	zh := w.get("chen", "/v1/views/project-board?titel=x", "Accept-Language: zh-CN")
	require.Equal(t, "zh-CN", zh.header.Get("Content-Language"))
	require.Contains(t, zh.json(t)["detail"], "没有参数")
	require.Contains(t, zh.json(t)["detail"], "title_en.like", "it names what is accepted")

	list := w.get("chen", "/v1/views").json(t)["views"].([]any)
	require.Len(t, list, len(projections.Views()))
	require.Equal(t, "project-board", list[0].(map[string]any)["name"])
	require.Contains(t, list[0].(map[string]any)["columns"].([]any)[0], "label")
}

func TestPagesStandAtOneMoment(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		w.propose(fmt.Sprint("project ", i), "2026-05-04")
	}
	w.settle()
	seen, path := 0, "/v1/views/project-board?limit=2&sort=title_en&stage=proposed"
	for path != "" {
		a := w.get("chen", path)
		require.Equal(t, 200, a.status, a.body)
		got := a.json(t)
		for _, row := range got["rows"].([]any) {
			require.Equal(t, fmt.Sprint("project ", seen), row.(map[string]any)["title_en"])
			seen++
		}
		path, _ = got["next"].(string)
		if path != "" {
			require.Contains(t, a.header.Get("Link"), path)
			require.Contains(t, path, "as-of=2026-11-23")
			require.Contains(t, path, fmt.Sprint("known-at=", got["known_at"]))
			w.propose("project 00 comes between", "2026-05-04")
			w.settle()
		}
	}
	require.Equal(t, 5, seen)

	next := w.get("chen", "/v1/views/project-board?limit=2").json(t)["next"].(string)
	q, err := url.Parse(next)
	require.NoError(t, err)
	other := url.Values{"cursor": q.Query()["cursor"], "stage": {"approved"}}
	require.Equal(t, "cursor", w.get("chen", "/v1/views/project-board?"+other.Encode()).code(t))
}

func TestViewsAsFiles(t *testing.T) {
	w := newWorld(t)
	for _, title := range []string{"=1+1", "+1", "-1", "@x", "plain, \"quoted\"", "line\nbreak", "tab\tinside"} {
		w.propose(title, "2026-05-04")
	}
	w.settle()
	a := w.get("chen", "/v1/views/project-board?sort=title_en", "Accept: text/csv")
	require.Equal(t, 200, a.status)
	require.Equal(t, "text/csv; charset=utf-8; header=present", a.header.Get("Content-Type"))
	k := a.header.Get("Ledger-Entry")
	file := "project-board_2026-11-23_k" + k + ".csv"
	require.Equal(t, `attachment; filename="`+file+`"; filename*=UTF-8''`+file, a.header.Get("Content-Disposition"))
	body, ok := strings.CutPrefix(a.body, "\ufeff")
	require.True(t, ok, "a byte order mark")
	require.NotContains(t, strings.ReplaceAll(body, "\r\n", ""), "\n")
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"key", "id", "code"}, rows[0][:3])
	var titles []string
	for _, row := range rows[1:] {
		titles = append(titles, row[4])
	}
	require.Equal(t, []string{"'+1", "'-1", "'=1+1", "'@x", "line\nbreak", `plain, "quoted"`, "tab\tinside"}, titles)

	a = w.get("chen", "/v1/views/project-board?format=csv&bom=0&header=labels&limit=1&sort=title_en", "Accept-Language: zh")
	require.True(t, strings.HasPrefix(a.body, "键,项目标识"), a.body)
	require.Equal(t, "zh-CN", a.header.Get("Content-Language"))
	require.Equal(t, 2, strings.Count(a.body, "\r\n"))
	require.Equal(t, 400, w.get("chen", "/v1/views/project-board?format=csv&bom=2").status)

	lines := linesOf(t, w.get("chen", "/v1/views/project-board?format=ndjson").body)
	require.Len(t, lines, 8)
	end := lines[7]
	require.Equal(t, true, end["_end"])
	require.EqualValues(t, 7, end["count"])
	require.Equal(t, k, fmt.Sprint(end["known_at"]))
	require.Equal(t, "2026-11-23", end["as_of"])
	require.Contains(t, end, "position")
}

func TestCells(t *testing.T) {
	columns := []projections.Column{{Name: "a", Type: projections.TypeJSON}, {Name: "b", Type: projections.TypeBoolean}, {Name: "c", Type: projections.TypeInteger}, {Name: "d", Type: projections.TypeText}, {Name: "e", Type: projections.TypeText}}
	require.Equal(t, `{"a":[1,2],"b":true,"c":-7,"d":"<b>","e":null}`, string(object(columns, []any{"[1,2]", int64(1), int64(-7), "<b>", nil})))
	require.Equal(t, "true", cell(projections.TypeBoolean, int64(1)))
	require.Equal(t, "-7", cell(projections.TypeInteger, int64(-7)))
	require.Equal(t, "-1.5", cell(projections.TypeDecimal, "-1.5"))
	require.Equal(t, "'\tx", cell(projections.TypeText, "\tx"))
	require.Equal(t, "'\rx", cell(projections.TypeText, "\rx"))
	require.Equal(t, "", cell(projections.TypeText, nil))
}

func TestALongExportIsOneMoment(t *testing.T) {
	var asked []projections.Query
	w := newWorld(t, func(c *Config) {
		c.Reader = reader{Reader: c.Reader, query: func(_ context.Context, q projections.Query) (projections.Page, error) {
			asked = append(asked, q)
			page := projections.Page{Columns: []projections.Column{{Name: "key", Type: projections.TypeText}}, At: projections.At{AsOf: ledger.Day(2026, 1, 1), KnownAt: 7}}
			for range q.Limit {
				page.Rows = append(page.Rows, []any{"x"})
			}
			if page.Next = "more"; len(asked) == 3 {
				return page, errors.New("the disk is gone")
			}
			return page, nil
		}}
	})
	lines := linesOf(t, w.get("chen", "/v1/views/project-board?format=ndjson&limit=1200").body)
	require.Len(t, lines, 1201)
	require.Equal(t, []int{1000, 200}, []int{asked[0].Limit, asked[1].Limit})
	require.Equal(t, projections.At{AsOf: ledger.Day(2026, 1, 1), KnownAt: 7}, asked[1].At)
	require.Equal(t, "more", asked[1].After)

	asked = asked[:1]
	q, err := http.NewRequestWithContext(t.Context(), "GET", w.server.URL+"/v1/views/project-board?format=csv", nil)
	require.NoError(t, err)
	q.Header.Set("Authorization", "Bearer "+w.tokens["chen"])
	r, err := http.DefaultClient.Do(q)
	require.NoError(t, err)
	defer r.Body.Close()
	require.Equal(t, 200, r.StatusCode)
	_, err = csv.NewReader(r.Body).ReadAll()
	require.Error(t, err, "a failure does not look like the end")
}

func TestAReport(t *testing.T) {
	w := newWorld(t)
	w.propose("alpha", "2026-05-04")
	w.propose("beta", "2025-05-04")
	w.settle()
	a := w.get("chen", "/v1/reports/k06?from=2026&known-at=9999")
	require.Equal(t, "beyond", a.code(t))
	a = w.get("chen", "/v1/reports/k06?from=2026")
	require.Equal(t, 200, a.status, a.body)
	got := a.json(t)
	require.Equal(t, projections.Funnel.Formula, got["formula"])
	require.Equal(t, map[string]any{"from": "2026"}, got["scope"])
	require.Len(t, got["rows"], 1)
	require.Len(t, got["columns"], len(projections.Funnel.Columns))
	for _, name := range []string{"as_of", "known_at", "checkpoint"} {
		require.Contains(t, got, name)
	}
	a = w.get("chen", "/v1/reports/k06?format=csv&header=labels")
	require.Equal(t, projections.Funnel.Formula, a.header.Get("Ledger-Formula"))
	require.Equal(t, "2026-11-23", a.header.Get("Ledger-As-Of"))
	require.Equal(t, a.header.Get("Ledger-Entry"), a.header.Get("Ledger-Known-At"))
	require.Contains(t, a.body, "cohort year,proposed")
	require.Equal(t, 3, strings.Count(a.body, "\r\n"))
	require.Len(t, linesOf(t, w.get("chen", "/v1/reports/k06?format=ndjson").body), 3)
	require.Equal(t, "parameter", w.get("chen", "/v1/reports/k06?form=2026").code(t))
	require.Equal(t, "no-such-report", w.get("chen", "/v1/reports/ghost").code(t))
	require.Len(t, w.get("chen", "/v1/reports").json(t)["reports"], len(projections.Reports()))
}

func TestViewsAndReportsHaveTheirReaders(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		for i := range c.Views {
			c.Views[i].Roles = []ledger.Role{ledger.AUD}
		}
		for i := range c.Reports {
			c.Reports[i].Roles = []ledger.Role{ledger.REP}
		}
	})
	require.Equal(t, 403, w.get("ada", "/v1/views/project-board").status)
	require.Equal(t, 403, w.get("ada", "/v1/views/project-board/x").status)
	require.Equal(t, 200, w.get("chen", "/v1/views/project-board").status)
	require.Empty(t, w.get("ada", "/v1/views").json(t)["views"])
	require.Equal(t, 403, w.get("chen", "/v1/reports/k06").status)
	require.Empty(t, w.get("chen", "/v1/reports").json(t)["reports"])
}

func TestAReadWaitsForWhatItsReaderWrote(t *testing.T) {
	var patience []time.Duration
	w := newWorld(t, func(c *Config) {
		c.Reader = reader{Reader: c.Reader, wait: func(ctx context.Context, _ ledger.Position) error {
			end, _ := ctx.Deadline()
			if patience = append(patience, time.Until(end).Round(10*time.Second)); time.Until(end) > time.Second {
				return nil // they arrived
			}
			<-ctx.Done()
			return ctx.Err()
		}}
		c.Limits.Wait = 1
	})
	a := w.post("ada", "/v1/commands/project/"+uuid.NewString()+"/propose", proposal)
	position := "Ledger-Min-Position: " + a.header.Get("Ledger-Position")
	for _, path := range []string{"/v1/views/project-board", "/v1/events", "/v1/reports/k06"} {
		behind := w.get("chen", path, position)
		require.Equal(t, 503, behind.status)
		require.Equal(t, "view-behind", behind.code(t))
		require.Equal(t, "1", behind.header.Get("Retry-After"))
	}
	require.Equal(t, []time.Duration{0, 0, 0}, patience)
	require.Equal(t, 200, w.get("chen", "/v1/views/project-board", position, "Prefer: wait=60").status)
	require.Equal(t, 30*time.Second, patience[3], "bounded")
	require.Equal(t, 503, w.get("chen", "/v1/views/project-board", position, "Prefer: wait=0").status)
	w.settle()
	now := w.get("chen", "/v1/views/project-board", position, "Prefer: wait=0")
	require.Equal(t, 200, now.status)
	require.Len(t, now.json(t)["rows"], 1)
	require.Equal(t, "position", w.get("chen", "/v1/views/project-board", "Ledger-Min-Position: x").code(t))
}
