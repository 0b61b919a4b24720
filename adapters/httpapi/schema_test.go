package httpapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/principal"
	"ttledger/domain/project"
)

// TestWhatTheSchemaRefuses points at each fault, all of one request at once, in both languages.
func TestWhatTheSchemaRefuses(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ name, body, pointer, en, zh string }{
		{"another case", `{"data":{"Titles":{"en":"x"}}}`, "/data/Titles", "names are exact", "区分大小写"},
		{"missing", `{"data":{}}`, "/data/titles", "is missing", "缺少"},
		{"no data", `{}`, "/data", "is missing", "缺少"},
		{"unknown in the envelope", `{"data":{"titles":{"en":"x"}},"on":1}`, "/on", "not known", "未知字段"},
		{"unknown below", `{"data":{"titles":{"en":"x","fr":"y"}}}`, "/data/titles/fr", "not known", "未知字段"},
		{"type", `{"data":{"titles":{"en":7}}}`, "/data/titles/en", "a number does not fit here; expected string", "此处不能是数字,应为文本"},
		{"type in a list", `{"data":{"titles":{"en":"x"},"tags":["a",true]}}`, "/data/tags/1", "a boolean does not fit", "不能是布尔值"},
		{"no list", `{"data":{"titles":{"en":"x"},"tags":"a"}}`, "/data/tags", "expected array", "应为列表"},
		{"no object", `{"data":[]}`, "/data", "expected object", "应为对象"},
		{"null", `{"data":{"titles":null}}`, "/data/titles", "a null does not fit", "不能是空值"},
		{"no whole number", `{"data":{"titles":{"en":"x"},"action":1.5}}`, "/data/action", "expected integer", "应为整数"},
		{"choice", `{"data":{"titles":{"en":"x"},"mode":"gift"}}`, "/data/mode", "one of self-invest, transfer", "不在可选范围"},
		{"date", `{"data":{"titles":{"en":"x"},"start":"4 May"}}`, "/data/start", "write 2021-06-15", "请写 2021-06-15"},
		{"date of the act", `{"occurred_on":"4 May","data":{"titles":{"en":"x"}}}`, "/occurred_on", "write 2021-06-15", "请写"},
		{"uuid", `{"data":{"titles":{"en":"x"},"achievements":["7"]}}`, "/data/achievements/0", "is not a uuid", "uuid 格式"},
		{"far below", `{"data":{"titles":{"en":"x"},"milestones":[{"code":"M1","names":{"en":"x"}}]}}`, "/data/milestones/0/due", "is missing", "缺少"},
		{"escaped", `{"data":{"titles":{"en":"x"},"a/b~c":1}}`, "/data/a~1b~0c", "not known", "未知字段"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := "/v1/commands/project/" + uuid.NewString() + "/propose"
			for lang, part := range map[string]string{"en": c.en, "zh-CN": c.zh} {
				a := w.post("ada", path, c.body, "Accept-Language: "+lang)
				require.Equal(t, 400, a.status, a.body)
				require.Equal(t, "invalid", a.code(t))
				found := map[string]string{}
				for _, e := range a.json(t)["errors"].([]any) {
					e := e.(map[string]any)
					found[e["pointer"].(string)] = e["detail"].(string)
				}
				require.Contains(t, found[c.pointer], part, a.body)
			}
		})
	}
	several := w.post("ada", "/v1/commands/project/"+uuid.NewString()+"/propose", `{"data":{"titles":{"en":7},"mode":"gift","b":1,"a":1}}`)
	var pointers []any
	for _, e := range several.json(t)["errors"].([]any) {
		pointers = append(pointers, e.(map[string]any)["pointer"])
	}
	require.Equal(t, []any{"/data/a", "/data/b", "/data/mode", "/data/titles/en"}, pointers, "all at once, in one order")
	var unknown []string
	for i := range maxWrong + 1 {
		unknown = append(unknown, fmt.Sprintf(`"x%d":1`, i))
	}
	many := w.post("ada", "/v1/commands/project/"+uuid.NewString()+"/propose", "{"+strings.Join(unknown, ",")+"}")
	require.Len(t, many.json(t)["errors"], maxWrong)
}

func TestWhoMayNotIsToldThatFirst(t *testing.T) {
	w := newWorld(t)
	a := w.post("tam", "/v1/commands/project/"+uuid.NewString()+"/propose", `{"data":{"nonsense":1}}`)
	require.Equal(t, 403, a.status, a.body)
	require.Equal(t, "role", a.code(t))
}

// TestARepeatOutlivesTheRole: who has lost the role since still gets the answer of the record,
// and nobody else does.
func TestARepeatOutlivesTheRole(t *testing.T) {
	w := newWorld(t)
	path, key := "/v1/commands/project/"+uuid.NewString()+"/propose", "Idempotency-Key: "+uuid.NewString()
	require.Equal(t, 201, w.ask("ada", "POST", path, proposal, asJSON, key).status)
	for verb, data := range map[string]string{"grant-role": `{"role":"TM","from":"2026-11-01"}`, "end-role": `{"role":"PM","last":"2026-11-01"}`} {
		a := w.post("root", "/v1/commands/principal/"+principal.ID("ada").String()+"/"+verb, `{"data":`+data+`}`, "If-Match: *")
		require.Equal(t, 200, a.status, a.body)
	}
	require.Equal(t, 403, w.post("ada", path, proposal).status)
	again := w.ask("ada", "POST", path, proposal, asJSON, key)
	require.Equal(t, 201, again.status, again.body)
	require.Equal(t, "true", again.header.Get("Idempotency-Replayed"))
	require.Equal(t, 403, w.ask("bea", "POST", path, proposal, asJSON, key).status)
}

// TestEveryKeywordHasWords fails where schemaOf writes a keyword whose faults would only be
// told as "does not fit the schema".
func TestEveryKeywordHasWords(t *testing.T) {
	known := []string{"$schema", "type", "properties", "required", "additionalProperties", "items", "enum", "pattern", "format", "contentEncoding", "description", inChinese, personal}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		s, ok := v.(map[string]any)
		if !ok {
			return
		}
		for keyword, x := range s {
			require.Contains(t, known, keyword, at)
			if keyword == "pattern" {
				require.Contains(t, []any{datePattern, streamPattern}, x, at)
			}
			if fields, ok := x.(map[string]any); ok && keyword == "properties" {
				for name, f := range fields {
					walk(at+"/"+name, f)
				}
			}
		}
		walk(at+"/[]", s["items"])
	}
	for _, c := range bare(t, newWorld(t)).commands {
		raw, err := encode(c.body)
		require.NoError(t, err)
		var v any
		require.NoError(t, json.Unmarshal(raw, &v))
		walk(c.Route, v)
	}
}

// TestExamplesAreTrue holds every example of the catalogue against what it is an example of.
func TestExamplesAreTrue(t *testing.T) {
	w := newWorld(t)
	for _, c := range bare(t, w).commands {
		for _, whole := range []bool{false, true} {
			body, err := indented(example(c.body, whole))
			require.NoError(t, err)
			require.NoError(t, c.check([]byte(body)), "%s %s", c.Route, body)
			var act ledger.Act
			require.NoError(t, ledger.DecodeStrict([]byte(body), "", &act))
			g, _ := w.ledger.Aggregate(c.Aggregate)
			v, _ := g.Verb(c.Verb)
			require.NoError(t, ledger.DecodeStrict(act.Data, "/data", reflect.New(v.Data).Interface()), "%s %s", c.Route, body)
		}
	}
	for _, g := range w.ledger.Aggregates {
		for _, name := range g.Events {
			s, now, err := eventSchema(g, name)
			require.NoError(t, err)
			if now != name {
				continue // a former shape, of which the catalogue shows what it is read as
			}
			data, err := encode(example(s, true))
			require.NoError(t, err)
			e, err := g.Decode(name, data)
			require.NoError(t, err, "%s %s", name, data)
			require.NotZero(t, e)
			again, err := json.Marshal(e)
			require.NoError(t, err)
			require.JSONEq(t, string(data), string(again), "every field is shown")
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	commands, err := catalogue([]ledger.Aggregate{project.Aggregate})
	require.NoError(b, err)
	for b.Loop() {
		require.NoError(b, commands[0].check([]byte(proposal)))
	}
}
