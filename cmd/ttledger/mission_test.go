package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// TestTheMissionIsServed holds each row of docs/mission.md that works against the commands, views,
// reports and tests that there are.
func TestTheMissionIsServed(t *testing.T) {
	text, err := os.ReadFile("../../docs/mission.md")
	require.NoError(t, err)
	found, err := exec.Command("grep", "-rhoE", "^func Test[A-Za-z0-9]+", "--include=*_test.go", "../..").Output()
	require.NoError(t, err)
	tests := strings.Fields(strings.ReplaceAll(string(found), "func ", ""))
	next := 1
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, " | ")
		row := strings.TrimPrefix(cells[0], "| ")
		if len(cells) != 8 || !strings.HasPrefix(row, "S") {
			continue
		}
		require.Equal(t, fmt.Sprintf("S%02d", next), row, "every row, in order")
		next++
		state := strings.TrimSuffix(strings.TrimSpace(cells[7]), " |")
		require.Contains(t, []string{"works", "merge"}, state, row)
		require.NotEmpty(t, names(cells[6]), "%s has no test", row)
		if state == "merge" {
			continue
		}
		for _, name := range names(cells[3]) {
			category, verb, _ := strings.Cut(name, "/")
			i := slices.IndexFunc(aggregates, func(a ledger.Aggregate) bool { return a.Category == category })
			require.GreaterOrEqual(t, i, 0, "%s: no %s", row, category)
			_, ok := aggregates[i].Verb(verb)
			require.True(t, ok, "%s: no command %s", row, name)
		}
		for _, name := range names(cells[4]) {
			require.True(t, slices.ContainsFunc(projections.Views(), func(v projections.View) bool { return v.Name == name }), "%s: no view %s", row, name)
		}
		for _, code := range names(cells[5]) {
			require.True(t, slices.ContainsFunc(projections.Reports(), func(x projections.Report) bool { return x.Code == code }), "%s: no report %s", row, code)
		}
		for _, name := range names(cells[6]) {
			require.Contains(t, tests, name, row)
		}
	}
	require.Equal(t, 61, next, "S01 to S60")
}

// names is the words of a cell that stand in backquotes.
func names(cell string) []string { return strings.Fields(strings.ReplaceAll(cell, "`", "")) }
