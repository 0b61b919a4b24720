package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// filled writes the template of a command with rows in it; the cells are named by column.
func (o office) filled(t *testing.T, command string, rows ...map[string]string) string {
	path := filepath.Join(o.dir, strings.ReplaceAll(command, "/", "_")+".csv")
	must(t, "import", "--template", command, "-o", path, "--lang", "en")
	empty, err := os.ReadFile(path)
	require.NoError(t, err)
	keys, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(empty), "\ufeff"))).Read()
	require.NoError(t, err)
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	defer file.Close()
	w := csv.NewWriter(file)
	for _, row := range rows {
		cells := make([]string, len(keys))
		for i, key := range keys {
			cells[i] = row[strings.TrimPrefix(key, command+":")]
		}
		require.NoError(t, w.Write(cells))
	}
	w.Flush()
	require.NoError(t, w.Error())
	return path
}

// templates fills two commands' templates, with two rows that are refused, and imports them.
func (o office) templates(t *testing.T, where ...string) (total struct{ Read, Accepted, New, Refused int }, report string) {
	propose := o.filled(t, "project/propose",
		map[string]string{"id": "P-1", "occurred_on": "2026/1/5", "titles.zh": "冷烧结", "titles.en": "Cold sintering", "tags": "xinzihao;laozihao"},
		map[string]string{"id": "P-2", "occurred_on": "2026-01-06"},
		map[string]string{"id": "P-3", "occurred_on": "2026-01-07", "titles.en": "Plasma", "action": "six"})
	approve := o.filled(t, "project/approve", map[string]string{"id": "P-1", "if_match": "1", "occurred_on": "2026-02-01", "body": "办公会"})
	out := must(t, append([]string{"import", "--as", "template", "--token-file", o.manager, "--approver-token-file", o.approver,
		"--report", filepath.Join(o.dir, "report.csv"), "--json", approve, propose}, where...)...)
	var summary struct {
		Total struct{ Read, Accepted, New, Refused int }
	}
	require.NoError(t, json.Unmarshal([]byte(out), &summary))
	raw, err := os.ReadFile(filepath.Join(o.dir, "report.csv"))
	require.NoError(t, err)
	return summary.Total, strings.ReplaceAll(string(raw), o.dir, "")
}

func TestTemplatesAreTheSameWhateverWayTheyGo(t *testing.T) {
	here, there := newOffice(t), newOffice(t)
	total, report := here.templates(t, "--data", here.data)
	require.Equal(t, struct{ Read, Accepted, New, Refused int }{4, 2, 2, 2}, total, report)
	require.Contains(t, report, ",4,P-2,refused,false,,invalid,titles.zh,")
	require.Contains(t, report, `,5,P-3,refused,false,,bad-integer,action,"""six"" is not a whole number`)
	again, _ := here.templates(t, "--data", here.data)
	require.Equal(t, struct{ Read, Accepted, New, Refused int }{4, 2, 0, 2}, again)

	s := startServer(t, there.data)
	_, remote := there.templates(t, "--server", s.address)
	again, _ = there.templates(t, "--server", s.address)
	require.Zero(t, again.New)
	s.stop(t)
	require.NotEmpty(t, here.lines(t))
	require.Equal(t, here.lines(t), there.lines(t))
	for i, line := range strings.Split(report, "\r\n") {
		// The wording is the server's, in one language.
		want, got := strings.Split(line, ","), strings.Split(strings.Split(remote, "\r\n")[i], ",")
		require.Equal(t, want[:min(len(want), 8)], got[:min(len(got), 8)])
	}
}
