package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/organisation"
)

// articleServer is a ledger with the article in it, and a client that reads as the auditor.
func articleServer(t *testing.T) (get func(path string) map[string]any) {
	d, _, err := beginDirectory(t.Context(), place{data: filepath.Join(t.TempDir(), "data")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.close()) })
	tokens, err := demoPrincipals(t.Context(), d)
	require.NoError(t, err)
	require.NoError(t, demoArticle(t.Context(), d.ledger,
		ledger.Actor{Handle: "demo.manager", Roles: []ledger.Role{ledger.PM}}, ledger.Actor{Handle: "demo.approver", Roles: []ledger.Role{ledger.APR}}))
	s, err := newServer(d, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.close()) })
	require.NoError(t, s.runner.CatchUp(t.Context()))
	return func(path string) map[string]any {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Authorization", "Bearer "+tokens["demo.auditor"])
		w := httptest.NewRecorder()
		s.api.ServeHTTP(w, r)
		require.Equal(t, 200, w.Code, w.Body.String())
		var answer map[string]any
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
		return answer
	}
}

// TestTheArticleOnItsDay is rows S01, S06, S07, S09 to S12, S23 to S37 of docs/mission.md: the
// programme, its bodies, and every figure with its scope and source.
func TestTheArticleOnItsDay(t *testing.T) {
	get := articleServer(t)
	figures := map[string]string{}
	for _, row := range get("/v1/reports/s-e1?as-of=2021-06-15")["rows"].([]any) {
		line := row.(map[string]any)
		require.Contains(t, line["source"], "沈阳日报", "every figure has its source")
		figures[line["code"].(string)+" "+line["scope"].(string)] = strings.TrimSuffix(line["baseline_precision"].(string), "exact") + line["baseline"].(string)
	}
	require.Equal(t, map[string]string{
		"RANK SETDZ": "19", "REPLACED-STAFF SETDZ": "nearly33.3", "INDUSTRIAL SETDZ": "over3000", "FORTUNE-500 SETDZ": "61", "ABOVE-SCALE SETDZ": "366",
		"ABOVE-SCALE-SHARE SETDZ": "nearly33.3", "INSTITUTES SETDZ": "over10", "ACADEMICIANS SETDZ": "2", "PLATFORMS SETDZ": "197", "KEY-LABS SETDZ": "3",
		"ENG-TECH-CENTRES SETDZ": "1", "ENT-TECH-CENTRES SETDZ": "8", "NEW-RD SETDZ": "5", "TSME TIEXI_SETDZ": "786", "HNTE TIEXI_SETDZ": "408",
		"TLG TIEXI_SETDZ": "119", "EAGLET TIEXI_SETDZ": "60", "GAZELLE TIEXI_SETDZ": "16",
	}, figures)
	require.Len(t, get("/v1/reports/s-e1?scope=TIEXI_SETDZ&as-of=2021-06-15")["rows"], 5)
	programme := get("/v1/views/programmes?code=KCZG-2021")["rows"].([]any)[0].(map[string]any)
	require.Len(t, programme["actions"], 6)
	require.Len(t, programme["dimensions"], 6)
	require.Len(t, programme["industries"], 2, "both lists of key industries, each with its source")
	require.Len(t, get("/v1/search?q=" + url.QueryEscape("沈鼓"))["hits"], 1)
	require.Len(t, get("/v1/search?q=" + url.QueryEscape("高新"))["hits"], 1)

	// Each figure, target and the programme itself took effect by another person's approval.
	for _, row := range get("/v1/reports/k68")["rows"].([]any) {
		require.Equal(t, "100.0", row.(map[string]any)["rate"], "%v", row)
	}
}

// TestTheArticleIsWhole: every row it is the source of has something in the data.
func TestTheArticleIsWhole(t *testing.T) {
	a, err := readArticle()
	require.NoError(t, err)
	rows := map[string]bool{"S01": true, "S03": true, "S04": true, "S21": true} // the programme, its plan and pool, functions of the centres
	for _, o := range a.Organisations {
		require.NoError(t, organisation.CheckUSCC(orExample(o.USCC)), o.Key)
		rows[o.Row] = true
	}
	for _, i := range a.Indicators {
		rows[i.Row] = true
	}
	for _, list := range [][]articleThing{a.Facilities, a.Recognitions, a.Instruments} {
		for _, thing := range list {
			require.NotEmpty(t, thing.Names.Zh)
			require.NotEmpty(t, thing.Names.En)
			rows[thing.Row] = true
		}
	}
	for _, action := range a.Programme.Data.Actions {
		rows[[]string{"S38", "S39", "S40", "S41", "S42", "S43"}[action.Number-1]] = true
	}
	rows["S57"], rows["S58"], rows["S59"], rows["S60"] = true, true, true, len(a.Programme.Data.Industries) == 2
	for n := 1; n <= 60; n++ {
		require.True(t, rows["S"+string(rune('0'+n/10))+string(rune('0'+n%10))], "S%02d has nothing in demo/article.json", n)
	}
}

// orExample is a code, or for a body abroad, which has none, one that is right.
func orExample(uscc string) string {
	if uscc == "" {
		return "91110108551385082Q"
	}
	return uscc
}
