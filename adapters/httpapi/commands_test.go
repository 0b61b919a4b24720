package httpapi

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/principal"
)

const proposal = `{"occurred_on":"2026-05-04","data":{"titles":{"en":"Cold sintering","zh":"冷烧结"}}}`

func TestACommandIsRecorded(t *testing.T) {
	w := newWorld(t)
	id := uuid.NewString()
	a := w.post("ada", "/v1/commands/project/"+id+"/propose", proposal, "Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	require.Equal(t, 201, a.status, a.body)
	require.Equal(t, "/v1/streams/project/"+id, a.header.Get("Location"))
	require.Equal(t, `"1"`, a.header.Get("ETag"))
	require.NotEmpty(t, a.header.Get("Ledger-Position"))
	require.Equal(t, "application/json", a.header.Get("Content-Type"))
	got := a.json(t)
	require.Equal(t, "project-"+id, got["stream"])
	require.EqualValues(t, 1, got["version"])
	require.Equal(t, a.header.Get("Ledger-Position"), got["position"])
	require.NotContains(t, got, "replayed")
	event := got["events"].([]any)[0].(map[string]any)
	require.Equal(t, "project.proposed.v2", event["type"])

	for r, err := range w.store.Read(t.Context(), ledger.StreamID{Category: "project", ID: uuid.MustParse(id)}, 0) {
		require.NoError(t, err)
		require.Equal(t, "api", r.Meta.Source.Kind)
		require.Equal(t, "ada", r.Meta.Actor)
		require.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", r.Meta.Trace)
		require.Equal(t, event["id"], r.ID.String())
	}

	a = w.post("tam", "/v1/commands/project/"+id+"/assess-readiness", `{"data":{"readiness":{"scale":"ISO16290","level":4}}}`, `If-Match: "1"`)
	require.Equal(t, 200, a.status, a.body)
	require.Equal(t, `"2"`, a.header.Get("ETag"))
	require.Empty(t, a.header.Get("Location"))

	a = w.post("tam", "/v1/commands/project/"+id+"/assess-readiness", `{"data":{"readiness":{"scale":"ISO16290","level":5}}}`, `If-Match: *`, "Prefer: return=minimal")
	require.Equal(t, 204, a.status, a.body)
	require.Empty(t, a.body)
	require.Equal(t, `"3"`, a.header.Get("ETag"))
}

func TestARepeatAnswersFromTheRecord(t *testing.T) {
	w := newWorld(t)
	path, key := "/v1/commands/project/"+uuid.NewString()+"/propose", uuid.NewString()
	first := w.ask("ada", "POST", path, proposal, asJSON, "Idempotency-Key: "+key)
	require.Equal(t, 201, first.status, first.body)
	require.Empty(t, first.header.Get("Idempotency-Replayed"))

	w.start()
	again := w.ask("ada", "POST", path, proposal, asJSON, `Idempotency-Key: "`+key+`"`)
	require.Equal(t, 201, again.status, again.body)
	require.Equal(t, "true", again.header.Get("Idempotency-Replayed"))
	require.Equal(t, first.header.Get("ETag"), again.header.Get("ETag"))
	require.Equal(t, first.header.Get("Location"), again.header.Get("Location"))
	require.Equal(t, first.header.Get("Ledger-Position"), again.header.Get("Ledger-Position"))
	want, got := first.json(t), again.json(t)
	require.Equal(t, true, got["replayed"])
	delete(got, "replayed")
	require.Equal(t, want, got)

	other := w.ask("ada", "POST", path, strings.Replace(proposal, "Cold", "Warm", 1), asJSON, "Idempotency-Key: "+key)
	require.Equal(t, 422, other.status)
	require.Equal(t, "key-reused", other.code(t))
}

func TestAStaleVersionIsTold(t *testing.T) {
	w := newWorld(t)
	id := w.propose("Cold sintering", "2026-05-04")
	path := "/v1/commands/project/" + id + "/assess-readiness"
	go0 := `{"data":{"readiness":{"scale":"ISO16290","level":4}}}`
	require.Equal(t, 200, w.post("tam", path, go0, `If-Match: "1"`).status)
	w.settle()
	require.Equal(t, 200, w.post("tam", path, `{"data":{"readiness":{"scale":"ISO16290","level":5}}}`, `If-Match: "2"`).status)

	a := w.post("tam", path, go0, `If-Match: "1"`)
	require.Equal(t, 412, a.status)
	require.Equal(t, "stale", a.code(t))
	got := a.json(t)
	require.EqualValues(t, 3, got["current_version"])
	since := got["events"].([]any)
	require.Len(t, since, 2)
	first, last := since[0].(map[string]any), since[1].(map[string]any)
	require.EqualValues(t, 2, first["version"])
	require.Equal(t, "project.readiness-assessed.v1", first["type"])
	require.Equal(t, map[string]any{"readiness": map[string]any{"scale": "ISO16290", "level": 4.}}, first["data"])
	require.Equal(t, "tam", first["metadata"].(map[string]any)["actor"])
	require.Contains(t, first, "entry")
	require.NotContains(t, last, "entry", "not counted yet")

	a = w.post("tam", path, go0)
	require.Equal(t, 428, a.status)
	require.Equal(t, "if-match-needed", a.code(t))
	require.EqualValues(t, 3, a.json(t)["current_version"])

	// Creating what is there: 409 unless the version named is another than the present one.
	create := "/v1/commands/project/" + id + "/propose"
	for _, c := range []struct {
		header string
		status int
	}{{"X-None: 1", 409}, {"If-Match: *", 409}, {`If-Match: "3"`, 409}, {`If-Match: "2"`, 412}} {
		a := w.post("ada", create, proposal, c.header)
		require.Equal(t, c.status, a.status, c.header)
		require.Equal(t, "exists", a.code(t))
		require.EqualValues(t, 3, a.json(t)["current_version"])
	}
}

func TestHeadersOfACommand(t *testing.T) {
	w := newWorld(t)
	id := w.propose("Cold sintering", "2026-05-04")
	decide := "/v1/commands/project/" + id + "/assess-readiness"
	key := "Idempotency-Key: " + uuid.NewString()
	for _, c := range []struct {
		name    string
		headers []string
		status  int
		code    string
	}{
		{"no key", []string{asJSON}, 400, "idempotency-key"},
		{"key is no UUID", []string{asJSON, "Idempotency-Key: 7"}, 400, "idempotency-key"},
		{"key is a URN", []string{asJSON, "Idempotency-Key: urn:uuid:" + uuid.NewString()}, 400, "idempotency-key"},
		{"key is zero", []string{asJSON, "Idempotency-Key: " + uuid.Nil.String()}, 400, "idempotency-key"},
		{"two keys", []string{asJSON, key, "Idempotency-Key: " + uuid.NewString()}, 400, "idempotency-key"},
		{"half a quote", []string{asJSON, `Idempotency-Key: "` + uuid.NewString()}, 400, "idempotency-key"},
		{"weak ETag", []string{asJSON, key, `If-Match: W/"1"`}, 400, "if-match"},
		{"several ETags", []string{asJSON, key, `If-Match: "1", "2"`}, 400, "if-match"},
		{"two If-Match", []string{asJSON, key, `If-Match: "1"`, `If-Match: "1"`}, 400, "if-match"},
		{"bare version", []string{asJSON, key, `If-Match: 1`}, 400, "if-match"},
		{"leading zero", []string{asJSON, key, `If-Match: "01"`}, 400, "if-match"},
		{"beyond 64 bits", []string{asJSON, key, `If-Match: "99999999999999999999"`}, 400, "if-match"},
		{"no media type", []string{key, `If-Match: "1"`}, 415, "media-type"},
		{"a form", []string{key, `If-Match: "1"`, "Content-Type: application/x-www-form-urlencoded"}, 415, "media-type"},
		{"a charset is well", []string{key, `If-Match: "1"`, "Content-Type: application/json; charset=utf-8"}, 200, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := w.ask("tam", "POST", decide, `{"data":{"readiness":{"scale":"ISO16290","level":4}}}`, c.headers...)
			require.Equal(t, c.status, a.status, a.body)
			if c.code != "" {
				require.Equal(t, c.code, a.code(t))
			}
		})
	}
}

func TestWhatIsRefused(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.Body = 4096 })
	id := w.propose("Cold sintering", "2026-05-04")
	decide := "/v1/commands/project/" + id + "/assess-readiness"
	for _, c := range []struct {
		name, as, path, body string
		status               int
		code, pointer        string
	}{
		{"two values for a key", "tam", decide, `{"data":{"readiness":{"scale":"ISO16290","level":4,"level":5}}}`, 400, "malformed", "/data/readiness/level"},
		{"deep", "tam", decide, `{"data":` + strings.Repeat("[", 60) + strings.Repeat("]", 60) + `}`, 400, "invalid", "/data"},
		{"no JSON", "tam", decide, `{"data":`, 400, "malformed", "/data"},
		{"empty", "tam", decide, ``, 400, "malformed", ""},
		{"no data", "tam", decide, `{}`, 400, "invalid", "/data"},
		{"unknown field", "tam", decide, `{"data":{"readiness":{"scale":"ISO16290","level":4},"gates":0}}`, 400, "invalid", "/data/gates"},
		{"wrong choice", "tam", decide, `{"data":{"readiness":{"scale":"maybe","level":4}}}`, 400, "invalid", "/data/readiness/scale"},
		{"tomorrow", "tam", decide, `{"occurred_on":"2027-01-01","data":{"readiness":{"scale":"ISO16290","level":4}}}`, 400, "future-date", "/occurred_on"},
		{"too large", "tam", decide, `{"data":"` + strings.Repeat("x", 5000) + `"}`, 413, "body-too-large", "-"},
		{"a rule", "tam", "/v1/commands/project/" + id + "/verify-milestone", `{"data":{"milestone":"M1","result":"met","achieved_on":"2026-06"}}`, 422, "not-approved", "-"},
		{"not their role", "ada", decide, `{"data":{"readiness":{"scale":"ISO16290","level":4}}}`, 403, "role", "-"},
		{"no role at all", "nobody", decide, `{"data":{"readiness":{"scale":"ISO16290","level":4}}}`, 403, "role", "-"},
		{"no such thing", "tam", "/v1/commands/project/" + uuid.NewString() + "/assess-readiness", `{"data":{"readiness":{"scale":"ISO16290","level":4}}}`, 404, "no-such-stream", "-"},
		{"no such verb", "tam", "/v1/commands/project/" + id + "/repaint", `{"data":{}}`, 404, "no-such-command", "-"},
		{"no such aggregate", "bea", "/v1/commands/ghost/" + id + "/approve", `{"data":{}}`, 404, "no-such-command", "-"},
		{"id is no UUID", "tam", "/v1/commands/project/7/assess-readiness", `{"data":{}}`, 400, "uuid", "-"},
		{"id is no UUID though as long", "tam", "/v1/commands/project/" + strings.Repeat("z", 36) + "/assess-readiness", `{"data":{}}`, 400, "uuid", "-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := w.post(c.as, c.path, c.body, "If-Match: *")
			require.Equal(t, c.status, a.status, a.body)
			require.Equal(t, c.code, a.code(t))
			if c.pointer != "-" {
				require.Equal(t, c.pointer, a.json(t)["errors"].([]any)[0].(map[string]any)["pointer"])
			}
		})
	}
}

func TestTokens(t *testing.T) {
	w := newWorld(t)
	good := w.tokens["chen"]
	for name, header := range map[string]string{
		"none":           "X-None: 1",
		"another scheme": "Authorization: Basic " + good,
		"no scheme":      "Authorization: " + good,
		"short":          "Authorization: Bearer " + good[:20],
		"wrong secret":   "Authorization: Bearer " + good[:len(good)-2] + "AA",
		"no base64":      "Authorization: Bearer ttl_" + strings.Repeat("*", 65),
		"two of them":    "Authorization: Bearer " + good,
		"two blanks":     "Authorization: Bearer  " + good,
		"principal gone": "Authorization: Bearer ttl_" + strings.Repeat("A", 65),
	} {
		t.Run(name, func(t *testing.T) {
			headers := []string{header}
			if name == "two of them" {
				headers = append(headers, header)
			}
			a := w.get("", "/v1/whoami", headers...)
			require.Equal(t, 401, a.status, a.body)
			require.Equal(t, "token", a.code(t))
			challenge := a.header.Get("WWW-Authenticate")
			require.True(t, strings.HasPrefix(challenge, `Bearer realm="ttledger"`), challenge)
			require.Equal(t, name != "none", strings.Contains(challenge, "invalid_token"))
		})
	}
	a := w.get("", "/v1/whoami", "Authorization: bearer "+good)
	require.Equal(t, 200, a.status)
	token := func(handle string) uuid.UUID {
		s, _, err := (&principal.Directory{Streams: w.store}).Load(t.Context(), principal.ID(handle))
		require.NoError(t, err)
		return s.Tokens[0].Token
	}
	require.JSONEq(t, fmt.Sprintf(`{"handle":"chen","roles":[{"role":"AUD","name":{"en":"auditor","zh-CN":"审计员"}}],"token":%q,"expires":"2027-11-23"}`, token("chen")), a.body)
	a = w.get("nobody", "/v1/whoami")
	require.Equal(t, 200, a.status)
	require.JSONEq(t, fmt.Sprintf(`{"handle":"nobody","roles":[],"token":%q,"expires":"2027-11-23"}`, token("nobody")), a.body)
	require.Equal(t, 403, w.get("nobody", "/v1/events").status)
}

func TestTheCatalogueIsTheTables(t *testing.T) {
	w := newWorld(t)
	var list struct {
		Act      map[string]any `json:"act"`
		Commands []struct {
			Aggregate, Verb, Route string
			Roles                  []namedRole
			FourEyes               bool `json:"four_eyes"`
			Creates                bool
			Help                   ledger.Text
			Schema                 map[string]any
		} `json:"commands"`
	}
	require.NoError(t, json.Unmarshal([]byte(w.get("chen", "/v1/commands").body), &list))
	n := 0
	for _, g := range w.ledger.Aggregates {
		for _, v := range g.Verbs {
			c := list.Commands[n]
			n++
			require.Equal(t, []string{g.Category, v.Name}, []string{c.Aggregate, c.Verb})
			require.Equal(t, v.Help, c.Help)
			require.Len(t, c.Roles, len(v.Roles))
			require.Equal(t, v.FourEyes(), c.FourEyes)
			require.Equal(t, v.Creates, c.Creates)
			require.Equal(t, "object", c.Schema["type"])
			require.Equal(t, false, c.Schema["additionalProperties"])
			require.Equal(t, "https://json-schema.org/draft/2020-12/schema", c.Schema["$schema"])
			for name, field := range c.Schema["properties"].(map[string]any) {
				require.NotEmpty(t, field.(map[string]any)["description"], "%s/%s %s", g.Category, v.Name, name)
				require.NotEmpty(t, field.(map[string]any)["x-description-zh"], "%s/%s %s", g.Category, v.Name, name)
			}
		}
	}
	require.Len(t, list.Commands, n)
	require.Equal(t, []any{"data"}, list.Act["required"])

	a := w.get("chen", "/v1/commands/project/join-party")
	require.Equal(t, 200, a.status)
	s := a.json(t)["schema"].(map[string]any)
	require.Equal(t, []any{"organisation", "part"}, s["required"], "fields of an embedded struct too")
	properties := s["properties"].(map[string]any)
	require.Equal(t, "uuid", properties["organisation"].(map[string]any)["format"])
	require.Equal(t, []any{"owner", "performer", "partner", "funder"}, properties["part"].(map[string]any)["enum"])
	require.Contains(t, a.json(t), "act")

	s = w.get("chen", "/v1/commands/project/propose").json(t)["schema"].(map[string]any)
	require.Equal(t, []any{"titles"}, s["required"])
	due := s["properties"].(map[string]any)["milestones"].(map[string]any)["items"].(map[string]any)["properties"].(map[string]any)["due"].(map[string]any)
	require.Equal(t, "string", due["type"])
	require.NotEmpty(t, due["pattern"])
	require.Equal(t, "due date", due["description"])

	require.Equal(t, "no-such-command", w.get("chen", "/v1/commands/project/ghost").code(t))
	require.Equal(t, "parameter", w.get("chen", "/v1/commands?x=1").code(t))
}
