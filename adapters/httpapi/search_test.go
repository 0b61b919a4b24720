package httpapi

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
)

func TestSearch(t *testing.T) {
	w := newWorld(t)
	w.enrol("ines", ledger.INV)
	propose := func(headers, titles string) string {
		id := uuid.NewString()
		a := w.post("ada", "/v1/commands/project/"+id+"/propose", `{"occurred_on":"2026-05-04",`+headers+`"data":{"titles":`+titles+`}}`)
		require.Equal(t, 201, a.status, a.body)
		return id
	}
	rotor := propose("", `{"zh":"大型离心压缩机转子动力学","en":"Rotor dynamics of large Compressors"}`)
	hers := propose(`"on_behalf_of":"ines",`, `{"zh":"压缩机冷烧结"}`)
	maker := uuid.NewString()
	require.Equal(t, 201, w.post("ada", "/v1/commands/organisation/"+maker+"/register",
		`{"occurred_on":"2026-05-01","data":{"names":{"zh":"沈鼓压缩机厂"},"kind":"company","foreign":{"country":"DE","scheme":"hrb","id":"7"}}}`).status)
	w.settle()
	find := func(as, q string) (keys []string) {
		a := w.get(as, "/v1/search?q="+url.QueryEscape(q))
		require.Equal(t, 200, a.status, a.body)
		for _, h := range a.json(t)["hits"].([]any) {
			keys = append(keys, h.(map[string]any)["key"].(string))
		}
		return keys
	}
	require.ElementsMatch(t, []string{rotor, hers, maker}, find("chen", "压缩"), "two characters of Chinese, in projects and organisations")
	require.Equal(t, []string{rotor}, find("chen", "转子"))
	require.Equal(t, []string{rotor}, find("chen", "ROTOR compressors"), "each word, whatever its case and order")
	require.Equal(t, []string{hers}, find("chen", "烧结 压缩"))
	require.Empty(t, find("chen", "转子 烧结"), "all of the words")
	require.Empty(t, find("chen", "100%"))
	require.ElementsMatch(t, []string{hers, maker}, find("ines", "压缩"), "a completer finds her own")

	hit := w.get("chen", "/v1/search?q="+url.QueryEscape("转子")).json(t)["hits"].([]any)[0].(map[string]any)
	require.Equal(t, "大型离心压缩机转子动力学", hit["row"].(map[string]any)["title_zh"])
	require.Equal(t, 200, w.get("chen", hit["route"].(string)).status)
	require.Empty(t, w.get("chen", "/v1/search?q="+url.QueryEscape("转子")+"&as-of=2026-05-03").json(t)["hits"], "as of a day before")
	require.Len(t, w.get("chen", "/v1/search?q="+url.QueryEscape("压缩")+"&limit=1").json(t)["hits"], 2, "of each view")
	for _, wrong := range []string{"", "?q=", "?q=%20", "?q=%FF", "?q=" + strings.Repeat("a+", 9), "?q=" + strings.Repeat("a", 201), "?q=a&limit=0", "?q=a&limit=101", "?q=a&view=b"} {
		require.Equal(t, "parameter", w.get("chen", "/v1/search"+wrong).code(t), wrong)
	}
}
