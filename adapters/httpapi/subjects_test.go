package httpapi

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
)

const wang = `{"data":{"name":"王小明","id_document":{"kind":"resident-id","number":"11010519491231002X"},"contacts":[{"way":"mobile","value":"13800138000"}],` +
	`"titles":["高级工程师"],"notice":"PN-2026-1","basis":"consent","retention":"applicant","consents":["processing","sensitive"]}}`

var secrets = []string{"王小明", "11010519491231002X", "13800138000", "高级工程师"}

// newOffice is a world with those who have to do with persons.
func newOffice(t *testing.T) *world {
	w := newWorld(t)
	w.enrol("dora", ledger.DPO)
	w.enrol("hua", ledger.HR)
	w.settle()
	return w
}

// enrolPerson records somebody and is the path of their data.
func (w *world) enrolPerson() (id, path string) {
	w.t.Helper()
	id = uuid.NewString()
	a := w.post("hua", "/v1/commands/person/"+id+"/enrol", wang)
	require.Equal(w.t, 201, a.status, a.body)
	w.settle()
	return id, "/v1/subjects/" + id
}

// texts is what an answer opened, by kind.
func texts(t *testing.T, a answer) map[string]any {
	t.Helper()
	require.Equal(t, 200, a.status, a.body)
	opened := map[string]any{}
	for _, h := range a.json(t)["holdings"].([]any) {
		h := h.(map[string]any)
		if text, ok := h["text"]; ok {
			opened[h["kind"].(string)] = text
		}
	}
	return opened
}

func TestWhatIsHeldOfAPerson(t *testing.T) {
	w := newOffice(t)
	id, path := w.enrolPerson()
	a := w.get("chen", path)
	require.Equal(t, 200, a.status, a.body)
	v := a.json(t)
	require.Equal(t, "applicant", v["retention"])
	require.NotContains(t, v, "kept_until")
	var held []string
	for _, h := range v["holdings"].([]any) {
		h := h.(map[string]any)
		require.Equal(t, "person-"+id, h["stream"])
		held = append(held, fmt.Sprint(h["field"], " ", h["kind"]))
	}
	require.ElementsMatch(t, []string{"name name", "id_document/number id-document", "id_fingerprint id-fingerprint", "contacts/0/value contact", "titles/0 title"}, held)
	require.Empty(t, texts(t, a), "nothing is opened without a purpose")

	require.Equal(t, "no-such-subject", w.get("dora", "/v1/subjects/"+uuid.NewString()).code(t))
	require.Equal(t, 400, w.get("dora", "/v1/subjects/7").status)
	require.Equal(t, 400, w.get("dora", path+"?kind=name").status)
	require.Equal(t, 403, w.get("ada", path).status)
}

func TestOpeningIsRecordedFirst(t *testing.T) {
	w := newOffice(t)
	id, path := w.enrolPerson()
	stream := ledger.StreamID{Category: "person", ID: uuid.MustParse(id)}
	disclosed := func() (list []string) {
		for r, err := range w.store.Read(t.Context(), stream, 1) {
			require.NoError(t, err)
			list = append(list, r.Meta.Actor+" "+string(r.Meta.Role)+" "+string(r.Data))
		}
		return list
	}
	a := w.get("hua", path+"?purpose=recruitment")
	require.Equal(t, map[string]any{"name": "王小明", "contact": "13800138000", "title": "高级工程师"}, texts(t, a))
	require.Equal(t, "no-store", a.header.Get("Cache-Control"))
	require.Equal(t, []string{`hua HR {"purpose":"recruitment","kinds":["contact","name","title"]}`}, disclosed())
	require.Equal(t, map[string]any{"name": "王小明"}, texts(t, w.get("hua", path+"?purpose=recruitment&kind=name")))
	all := texts(t, w.get("dora", path+"?purpose=subject-request"))
	require.Equal(t, "11010519491231002X", all["id-document"])
	require.NotContains(t, all, "id-fingerprint")
	require.Len(t, disclosed(), 3)

	for name, q := range map[string]struct {
		as, query, code string
	}{
		"another's purpose":           {"hua", "?purpose=payment", "purpose-role"},
		"no purpose of ours":          {"hua", "?purpose=curiosity", "invalid"},
		"more than the purpose needs": {"hua", "?purpose=recruitment&kind=id-document", "invalid"},
		"an auditor":                  {"chen", "?purpose=subject-request", "role"},
		"who decides":                 {"bea", "?purpose=subject-request", "role"},
	} {
		b := w.get(q.as, path+q.query)
		require.Equal(t, q.code, b.code(t), name)
		for _, s := range secrets {
			require.NotContains(t, b.body, s, name)
		}
	}
	head := w.ask("hua", "HEAD", path+"?purpose=recruitment", "")
	require.Equal(t, 200, head.status)
	require.Len(t, disclosed(), 3, "a refusal and a HEAD show nothing")

	// What cannot be recorded is not shown.
	w.ledger.Streams = full{w.store}
	b := w.get("hua", path+"?purpose=recruitment")
	require.Equal(t, 503, b.status)
	require.NotContains(t, b.body, "王小明")
}

// full is a store that takes no more.
type full struct{ ledger.Streams }

func (full) Append(context.Context, ledger.StreamID, ledger.Version, []ledger.Proposed) (ledger.Position, error) {
	return ledger.Position{}, ledger.Unavailable("full", ledger.Text{En: "full", Zh: "已满"}, nil)
}

func TestRestrictedAndErased(t *testing.T) {
	w := newOffice(t)
	id, path := w.enrolPerson()
	do := func(as, verb, data string) {
		t.Helper()
		a := w.post(as, "/v1/commands/person/"+id+"/"+verb, `{"data":`+data+`}`, "If-Match: *")
		require.Equal(t, 200, a.status, a.body)
	}
	do("dora", "restrict", `{"ground":"disputed"}`)
	require.Equal(t, "restricted", w.get("hua", path+"?purpose=recruitment").code(t))
	require.Equal(t, "王小明", texts(t, w.get("dora", path+"?purpose=subject-request"))["name"])

	do("dora", "propose-erasure", `{"ground":"subject-request"}`)
	asked := w.post("dora", "/v1/commands/person/"+id+"/erase", `{"data":{}}`, "If-Match: *")
	require.Equal(t, 202, asked.status, asked.body)
	decide := strings.Replace(asked.header.Get("Location"), "/v1/approvals/", "/v1/commands/approval/", 1) + "/decide"
	require.Equal(t, "no-authority", w.post("dora", decide, `{"data":{"decision":"approve"}}`, "If-Match: *").code(t))
	a := w.post("bea", decide, `{"data":{"decision":"approve"}}`, "If-Match: *")
	require.Equal(t, 200, a.status, a.body)
	require.Equal(t, "person-"+id, a.json(t)["effect"].(map[string]any)["stream"])
	// Neither the key is gone yet nor have the read models heard of it.
	a = w.get("dora", path+"?purpose=subject-request")
	require.Equal(t, "subject-erased", a.code(t))
	w.settle()
	require.Equal(t, true, w.get("dora", path).json(t)["erased"])
	require.NoError(t, w.ledger.Vault.Erase(t.Context(), uuid.MustParse(id)))
	require.Equal(t, "subject-erased", w.get("dora", path+"?purpose=subject-request").code(t))
	require.Equal(t, "subject-erased", w.post("hua", "/v1/commands/person/"+id+"/amend", `{"data":{"name":"x"}}`, "If-Match: *").code(t))
	zh := w.get("dora", path+"?purpose=subject-request", "Accept-Language: zh-CN")
	require.Contains(t, zh.json(t)["detail"], "已删除")
}

// No answer, no read model and no log line tells what was sent.
func TestNothingElseTells(t *testing.T) {
	w := newOffice(t)
	id, _ := w.enrolPerson()
	for _, path := range []string{
		"/v1/streams/person/" + id, "/v1/events?after=0&limit=1000", "/v1/events?format=ndjson", "/v1/events?format=cloudevents",
		"/v1/views/person-register", "/v1/views/person-register?format=csv", "/v1/views/subject-holdings", "/v1/views/timeline?stream=person-" + id,
	} {
		a := w.get("chen", path)
		require.Equal(t, 200, a.status, path)
		require.Contains(t, a.body, id)
		for _, s := range secrets {
			require.NotContains(t, a.body, s, path)
		}
	}
	bad := strings.Replace(wang, "11010519491231002X", "110105194912310021", 1)
	a := w.post("hua", "/v1/commands/person/"+uuid.NewString()+"/enrol", bad)
	require.Equal(t, 400, a.status)
	require.NotContains(t, a.body, "110105")
	close(w.logs)
	for line := range w.logs {
		for _, s := range append(secrets, "110105") {
			require.NotContains(t, line, s)
		}
	}
}

func TestTheCatalogueMarksPersonalData(t *testing.T) {
	w := newOffice(t)
	fields := w.get("hua", "/v1/commands/person/enrol").json(t)["schema"].(map[string]any)["properties"].(map[string]any)
	name := fields["name"].(map[string]any)
	require.Equal(t, "string", name["type"])
	require.Equal(t, "name", name["x-personal"])
	require.Equal(t, "title", dig(fields, "titles", "items")["x-personal"])
	require.Equal(t, "contact", dig(fields, "contacts", "items", "properties", "value")["x-personal"])
	require.NotContains(t, fields["notice"], "x-personal")
	require.Contains(t, dig(fields, "consents", "items"), "enum")
	page := w.get("", "/en/catalogue").body
	require.Contains(t, page, "personal, kept sealed")
	require.Contains(t, page, "Y2lwaGVydGV4dA")
	require.Equal(t, "invalid", w.post("hua", "/v1/commands/person/"+uuid.NewString()+"/enrol", strings.Replace(wang, `"name":"王小明"`, `"name":{"subject":"`+uuid.NewString()+`","kind":"name","sealed":"AAAA"}`, 1)).code(t))
}
