package httpapi

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// cellsOf is a CSV file for spreadsheets as its cells.
func cellsOf(t *testing.T, file string) [][]string {
	t.Helper()
	text, ok := strings.CutPrefix(file, "\ufeff")
	require.True(t, ok, "spreadsheet programs guess the encoding wrong without the mark")
	require.Equal(t, strings.Count(text, "\n"), strings.Count(text, "\r\n"))
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	return records
}

func TestEachCommandHasATemplate(t *testing.T) {
	w := newWorld(t)
	for _, c := range bare(t, w).commands {
		path := "/v1/commands/" + c.Aggregate + "/" + c.Verb
		for lang, public := range map[string]string{english: "/en/catalogue/", chinese: "/zh/catalogue/"} {
			a := w.get("chen", path+"?format=csv", "Accept-Language: "+lang)
			require.Equal(t, 200, a.status)
			require.Equal(t, "text/csv; charset=utf-8; header=present", a.header.Get("Content-Type"))
			require.Equal(t, lang, a.header.Get("Content-Language"))
			require.Contains(t, a.header.Get("Content-Disposition"), "filename*=UTF-8''"+c.Aggregate+"_"+c.Verb+".csv")
			require.Equal(t, a.body, w.get("chen", path, "Accept: text/csv", "Accept-Language: "+lang).body)
			require.Equal(t, a.body, w.get("", public+c.Aggregate+"/"+c.Verb+".csv").body)
			here, err := Template(w.ledger.Aggregates, c.Aggregate+"/"+c.Verb, lang)
			require.NoError(t, err)
			require.Equal(t, a.body, string(here))

			lines := cellsOf(t, a.body)
			require.Len(t, lines, 2)
			require.Equal(t, c.Aggregate+"/"+c.Verb+":id", lines[0][0])
			require.Equal(t, !c.Creates, lines[0][1] == "if_match")
			require.True(t, strings.HasPrefix(lines[1][0], "# "), "by this the line of labels is known")
			seen := map[string]bool{"": true}
			for i, key := range lines[0] {
				require.False(t, seen[key], "%s: %s", path, key)
				require.NotContains(t, "=+-@", lines[1][i][:1])
				seen[key] = true
			}
		}
	}
}

func TestTheColumnsOfATemplate(t *testing.T) {
	w := newWorld(t)
	lines := cellsOf(t, w.get("chen", "/v1/commands/project/propose?format=csv").body)
	require.Equal(t, []string{
		"project/propose:id", "occurred_on", "reason", "authority", "on_behalf_of", "correlation", "policy.code", "policy.version", "policy.clause", "evidence",
		"titles.zh", "titles.en", "code", "external.scheme", "external.id", "achievements", "register_by", "parties", "mode", "action", "park", "tags",
		"budget.minor", "budget.currency", "start", "end", "milestones",
	}, lines[0])
	require.Equal(t, "budget: amount in minor units (fen, cents)", lines[1][22])
	require.Contains(t, lines[1][21], "(several: ; between)")
	require.Contains(t, lines[1][17], `(JSON, such as [{"`)

	a := w.get("chen", "/v1/commands/project/propose").json(t)
	columns := a["columns"].([]any)
	require.Len(t, columns, len(lines[0]))
	require.Equal(t, "/data/budget/minor", columns[22].(map[string]any)["pointer"])
	require.Equal(t, "budget.", columns[22].(map[string]any)["with"])

	catalogue, err := Catalogue(w.ledger.Aggregates)
	require.NoError(t, err)
	require.Equal(t, w.get("chen", "/v1/commands").body, string(catalogue))
}

func TestNoSuchTemplate(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, "no-such-command", w.get("chen", "/v1/commands/project/bless?format=csv").code(t))
	require.Equal(t, "no-such-command", w.get("", "/en/catalogue/project/bless.csv").code(t))
	require.Equal(t, 400, w.get("chen", "/v1/commands/project/propose?format=ndjson").status)
	require.Equal(t, 406, w.get("chen", "/v1/commands/project/propose", "Accept: text/html").status)
	require.Equal(t, 400, w.get("", "/en/catalogue/project/propose.csv?x=1").status)
	require.Equal(t, 401, w.get("", "/v1/commands/project/propose?format=csv").status)
	_, err := Template(w.ledger.Aggregates, "project/bless", english)
	require.ErrorContains(t, err, "project/propose")
}
