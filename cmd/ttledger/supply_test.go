package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
)

// zone is a server with people of the roles that an affair needs.
type zone struct {
	*served
	tokens map[string]string
	seen   string // position of the last write, which reads wait for
}

func newZone(t *testing.T, people map[string]string) *zone {
	data := filepath.Join(t.TempDir(), "data")
	z := &zone{served: startServer(t, data), tokens: map[string]string{}}
	admin := filepath.Join(t.TempDir(), "admin")
	require.NoError(t, os.WriteFile(admin, []byte(z.token), 0o600))
	for handle, roles := range people {
		z.tokens[handle] = strings.TrimSpace(must(t, "token", "issue", handle, "--role", roles, "--server", z.address, "--token-file", admin))
	}
	return z
}

// ask sends a request and decodes the answer.
func (z *zone) ask(t *testing.T, as, method, path string, body any) (int, map[string]any) {
	t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), method, z.address+path, strings.NewReader(string(raw)))
	require.NoError(t, err)
	r.Header = http.Header{"Authorization": {"Bearer " + z.tokens[as]}, "Content-Type": {"application/json"}, "Idempotency-Key": {uuid.NewString()}, "If-Match": {"*"}}
	if method == http.MethodGet {
		r.Header.Set("Ledger-Min-Position", z.seen)
		r.Header.Set("Prefer", "wait=30")
	}
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	if at := answer.Header.Get("Ledger-Position"); method == http.MethodPost && at != "" {
		z.seen = at
	}
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	var said map[string]any
	require.NoError(t, json.Unmarshal(text, &said), string(text))
	return answer.StatusCode, said
}

// does sends a command and answers the code of the rule that refuses it, or "".
func (z *zone) does(t *testing.T, as, path, on string, data any) string {
	t.Helper()
	status, said := z.ask(t, as, "POST", "/v1/commands/"+path, map[string]any{"occurred_on": on, "data": data})
	code, _ := said["code"].(string)
	require.True(t, code != "" || status < 300, "%d %v", status, said)
	return code
}

// approved is does for what another person must approve.
func (z *zone) approved(t *testing.T, as, by, path, on string, data any) {
	t.Helper()
	status, said := z.ask(t, as, "POST", "/v1/commands/"+path, map[string]any{
		"occurred_on": on, "data": data, "evidence": []any{map[string]any{"alg": "sha-256", "digest": strings.Repeat("cd", 32), "name": "决议.pdf"}},
	})
	require.Less(t, status, 300, said)
	approval, err := ledger.ParseStreamID(said["stream"].(string))
	require.NoError(t, err)
	status, said = z.ask(t, by, "POST", "/v1/commands/approval/"+approval.ID.String()+"/decide", map[string]any{"data": map[string]any{"decision": "approve"}})
	require.Less(t, status, 300, said)
}

// seed is a policy as it stands in the repository.
func seed(t *testing.T, file string) (stream ledger.StreamID, data map[string]any) {
	raw, err := os.ReadFile("../../domain/policy/seed/" + file + ".json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &data))
	return ledger.PolicyStream(data["code"].(string)), data
}

// TestFromDisclosureToDossier is an affair from the disclosure of an achievement to the dossier of
// its project, with scenario 2: a university signs at a negotiated price once that was public for
// fifteen days; on the fourteenth it does not.
func TestFromDisclosureToDossier(t *testing.T) {
	z := newZone(t, map[string]string{"lin.tm": "TM,PM", "zhao.apr": "APR", "qin.sup": "SUP", "he.hr": "HR", "xu.leg": "LEG", "wen.aud": "AUD"})
	id := func() string { return uuid.NewString() }
	unit, lin, crystal, venture, price := id(), id(), id(), id(), id()
	policy, terms := seed(t, "NOTICE-TRANSFER.2016")
	z.approved(t, "xu.leg", "zhao.apr", "policy/"+policy.ID.String()+"/adopt", "2026-09-01", terms)
	require.Empty(t, z.does(t, "lin.tm", "organisation/"+unit+"/register", "2026-09-01", map[string]any{"names": map[string]string{"zh": "沈阳工业大学"}, "kind": "university", "unit_kind": "university", "uscc": "12100000400000624D"}))
	require.Empty(t, z.does(t, "he.hr", "person/"+lin+"/enrol", "2026-09-01", map[string]any{"name": "林某", "notice": "PN-1", "basis": "legal-duty", "retention": "payee"}))

	disclosure := map[string]any{"titles": map[string]string{"zh": "碳化硅晶体"}, "code": "A-2026-0001", "category": "applied", "secrecy": "open", "organisation": unit,
		"completers": []any{map[string]any{"person": lin, "permille": 999}}}
	require.Equal(t, "invalid", z.does(t, "lin.tm", "achievement/"+crystal+"/disclose", "2026-09-02", disclosure), "shares sum to 1000‰")
	disclosure["completers"] = []any{map[string]any{"person": lin, "permille": 1000}}
	require.Empty(t, z.does(t, "lin.tm", "achievement/"+crystal+"/disclose", "2026-09-02", disclosure))
	require.Equal(t, "claimed", z.does(t, "lin.tm", "achievement/"+id()+"/disclose", "2026-09-02", disclosure), "a code is one achievement's")
	proposal := map[string]any{"titles": map[string]string{"zh": "碳化硅晶体转化"}, "code": "P-2026-0001", "achievements": []string{crystal}, "parties": []any{map[string]string{"organisation": unit, "part": "owner"}}}
	require.Equal(t, "not-registered", z.does(t, "lin.tm", "project/"+venture+"/propose", "2026-09-10", proposal))
	require.Empty(t, z.does(t, "lin.tm", "achievement/"+crystal+"/register", "2026-09-05", map[string]any{"registration_no": "9212026Y0001", "authority": "辽宁省科技厅", "owner_kind": "service", "rights_granted": "none", "owners": []any{map[string]any{"organisation": unit, "permille": 1000}}}))
	require.Empty(t, z.does(t, "lin.tm", "achievement/"+crystal+"/confirm-contribution", "2026-09-05", map[string]any{"person": lin, "permille": 1000}))
	require.Empty(t, z.does(t, "lin.tm", "project/"+venture+"/propose", "2026-09-10", proposal))
	z.approved(t, "lin.tm", "zhao.apr", "project/"+venture+"/approve", "2026-09-15", map[string]any{"body": "科技创新部办公会", "responsible": "wu.pm"})

	notice := map[string]any{"kind": "price", "subject": "project-" + venture, "titles": map[string]string{"zh": "转让价格公示"}, "to": "2026-10-14", "places": []string{"unit"}, "mode": "transfer",
		"price": map[string]any{"minor": 120000000, "currency": "CNY"}}
	require.Equal(t, "notice-too-short", z.does(t, "lin.tm", "notice/"+price+"/post", "2026-10-01", notice))
	notice["to"] = "2026-10-15"
	require.Empty(t, z.does(t, "lin.tm", "notice/"+price+"/post", "2026-10-01", notice))
	require.Equal(t, "notice-running", z.does(t, "qin.sup", "notice/"+price+"/conclude", "2026-10-14", map[string]any{}), "day 14")
	maker, deal := id(), id()
	require.Empty(t, z.does(t, "lin.tm", "organisation/"+maker+"/register", "2026-09-01", map[string]any{"names": map[string]string{"en": "Maker"}, "kind": "company", "unit_kind": "private", "uscc": "91110108551385082Q"}))
	rules, params := seed(t, "CONTRACT.2026")
	z.approved(t, "xu.leg", "zhao.apr", "policy/"+rules.ID.String()+"/adopt", "2026-09-01", params)
	sign := map[string]any{"code": "HT-2026-0001", "names": map[string]string{"zh": "转让合同"}, "project": venture, "achievements": []string{crystal}, "notice": price,
		"type": "transfer", "sub_type": "technical-secret", "mode": "transfer", "form": "written", "pricing": "negotiated", "price_form": "lump",
		"parties": []any{map[string]string{"organisation": unit, "part": "provider"}, map[string]string{"organisation": maker, "part": "recipient"}},
		"total":   map[string]any{"minor": 120000000, "currency": "CNY"}, "tech_value": map[string]any{"minor": 120000000, "currency": "CNY"}, "from": "2026-10-16", "results": "agreed", "pre_emption": "waived"}
	require.Equal(t, "price-notice-open", z.does(t, "xu.leg", "contract/"+deal+"/sign", "2026-10-14", sign))
	require.Empty(t, z.does(t, "qin.sup", "notice/"+price+"/conclude", "2026-10-16", map[string]any{}), "day 16")
	z.approved(t, "xu.leg", "zhao.apr", "contract/"+deal+"/sign", "2026-10-16", sign)

	z.dossier(t, venture)
}

func (z *zone) dossier(t *testing.T, venture string) {
	t.Helper()
	rows := func(report string) (list []map[string]any) {
		_, said := z.ask(t, "wen.aud", "GET", "/v1/reports/"+report+"?project="+venture, nil)
		for _, r := range said["rows"].([]any) {
			list = append(list, r.(map[string]any))
		}
		return list
	}
	var told []string
	for _, r := range rows("s-a4") {
		if strings.HasPrefix(text(r["event"]), "approval.") {
			r["occurred_on"] = "today" // when it was asked for and decided
		}
		told = append(told, strings.Join([]string{text(r["occurred_on"]), text(r["event"]), text(r["actor"]), text(r["approver"]), text(r["policy"])}, " "))
	}
	require.Equal(t, []string{
		"2026-09-02 achievement.disclosed.v1 lin.tm - -",
		"2026-09-05 achievement.registered.v1 lin.tm - -",
		"2026-09-05 achievement.contribution-confirmed.v1 lin.tm - -",
		"2026-09-10 project.proposed.v2 lin.tm - -",
		"2026-09-15 project.approved.v1 lin.tm zhao.apr -",
		"2026-10-01 notice.posted.v1 lin.tm - NOTICE-TRANSFER@2016",
		"2026-10-16 notice.concluded.v1 qin.sup - -",
		"2026-10-16 contract.signed.v1 xu.leg zhao.apr CONTRACT@2026",
		"today approval.requested.v1 lin.tm - -",
		"today approval.decided.v1 zhao.apr - -",
		"today approval.carried-out.v1 zhao.apr - -",
		"today approval.requested.v1 xu.leg - -",
		"today approval.decided.v1 zhao.apr - -",
		"today approval.carried-out.v1 zhao.apr - -",
	}, told)
	for _, r := range rows("s-a4-items") {
		require.Equal(t, true, r["present"], r)
	}
}

func text(v any) string {
	if v == nil {
		return "-"
	}
	return v.(string)
}
