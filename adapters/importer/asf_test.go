package importer

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/facility"
	"ttledger/domain/incubation"
	"ttledger/domain/ledger"
	"ttledger/domain/organisation"
	"ttledger/domain/policy"
)

var podlingFiles = []string{"testdata/asf_status.csv", "testdata/asf_podlings.csv"}

// newApache is a ledger that has adopted the policy under which podlings are incubated.
func newApache(t *testing.T) *world {
	w := newWorld(t)
	w.ledger.Aggregates = []ledger.Aggregate{ledger.Approvals, ledger.Claims, policy.Aggregate(incubation.Rules...),
		organisation.Aggregate, facility.Aggregate, incubation.Aggregate}
	seed, err := os.ReadFile("../../domain/policy/seed/ASF.2002.json")
	require.NoError(t, err)
	var version policy.Terms
	require.NoError(t, json.Unmarshal(seed, &version))
	data, err := json.Marshal(policy.VersionAdopted{Terms: version})
	require.NoError(t, err)
	command := uuid.New()
	_, err = w.store.Append(t.Context(), ledger.PolicyStream("ASF"), 0, []ledger.Proposed{{ID: command, Type: "policy.version-adopted.v1", Data: data,
		Meta: ledger.Metadata{Ledger: ledgerID, Command: command, Correlation: command, Actor: "root", Role: ledger.APR, OccurredOn: version.From}}})
	require.NoError(t, err)
	return w
}

// runASF imports files of the Apache Incubator.
func (w *world) runASF(files ...string) (Summary, []Row) {
	o := w.options()
	o.Preparer.Roles, o.StatedOn = []ledger.Role{ledger.INC}, ledger.Day(2026, 2, 8)
	s, err := Run(w.t.Context(), Local{w.ledger}, ASF, files, o)
	require.NoError(w.t, err)
	require.Equal(w.t, s.Total.Read, s.Total.Accepted+s.Total.Refused)
	return s, w.report()
}

func TestPodlings(t *testing.T) {
	w := newApache(t)
	s, rows := w.runASF(podlingFiles...)
	require.Equal(t, 22, s.Files[0].Accepted, s.Refusals)
	require.Equal(t, Links{Linked: 18, New: 18, Unlinked: 4, Refusals: map[string]int{}}, s.Links)
	require.Equal(t, 12, s.Commands["incubation/confirm-graduation"].Recorded)
	require.Equal(t, 6, s.Commands["incubation/leave"].Recorded)
	for code := range s.Refusals {
		require.Contains(t, []string{"free-text", "undated", "bad-date", "after-end", "before-start"}, code)
	}
	for _, r := range rows {
		if r.Code != "" {
			require.NotEmpty(t, r.Reason.Zh)
			require.NotEmpty(t, r.Field)
		}
	}
	abdera := w.told(asfStream("incubation", "abdera").String())
	require.Contains(t, abdera[0], "incubation.applied.v1 2006-06-06 importer")
	require.Contains(t, abdera[0], `"stated_on":"2026-02-08"`)
	require.Contains(t, abdera[1], "incubation.admitted.v1 2006-06-06 approver")
	require.Contains(t, abdera[1], `"policy":{"code":"ASF","version":"2002"}`)
	require.NotContains(t, abdera[1], "limit")
	last := abdera[len(abdera)-1]
	require.Contains(t, last, "incubation.graduated.v1 2008-11-08 approver")
	require.Contains(t, last, `"code":"resolution"`)

	before := w.events()
	again, _ := w.runASF(podlingFiles[1], podlingFiles[0])
	require.Equal(t, before, w.events(), "a repeat adds nothing")
	require.Zero(t, again.Total.New)
	require.Equal(t, s.Refusals, again.Refusals)
}

const podlingHeader = "podling,name,status,aliases,sponsor,champion,mentors,start_date,end_date,resolution_target,resolution_note,description\n"

func TestFaultyPodlings(t *testing.T) {
	for line, code := range map[string]string{
		"x,X,current,,,,,2020-01-01,2021-01-01,,,": "bad-date",
		"x,X,current,,,,,2020-13-01,,,,":           "bad-date",
		"x,X,graduated,,,,,2020-01-01,,,,":         "bad-date",
		"x,X,retired,,,,,2020-01-01,2019-12-31,,,": "ends-before-start",
		"x,X,lost,,,,,2020-01-01,2020-12-31,,,":    "bad-status",
		"x,,current,,,,,2020-01-01,,,,":            "no-podling",
		"x,X,current,,,,,2027-01-01,,,,":           "future-date",
		"x,X,current,,,,,2001-01-01,,,,":           "not-in-force",
	} {
		w := newApache(t)
		list := w.file("podlings.csv", podlingHeader+line+"\n")
		items := w.file("status.csv", "podling,kind,step,date,text\nx,work-item,Copyright,2020-06-01,a\n")
		s, rows := w.runASF(list, items)
		require.Equal(t, map[string]int{code: 1, "podling-refused": 1}, s.Refusals, line)
		require.Equal(t, "refused", rows[0].Outcome)
	}
	w := newApache(t)
	twice := w.file("podlings.csv", podlingHeader+strings.Repeat("x,X,current,,,,,2020-01-01,,,,\n", 2))
	s, _ := w.runASF(twice)
	require.Equal(t, map[string]int{"differs": 1}, s.Refusals)
}

func TestFaultyItems(t *testing.T) {
	w := newApache(t)
	list := w.file("podlings.csv", podlingHeader+"x,X,retired,,,,,2009-01-01,2010-01-01,,,\n")
	items := w.file("status.csv", "podling,kind,step,date,text\n"+strings.Join([]string{
		"x,news,,2009-06-01,New committer: Somebody", "y,work-item,Copyright,2009-06-01,a", "x,work-item,Copyright,2009-18-07,a",
		"x,work-item,Copyright,....-..-..,a", "x,work-item,Copyright,2010-01-02,a", "x,work-item,Copyright,2008-12-31,a",
		"x,work-item,Copyright,2009-06,a", "x,work-item,Copyright,2009-06,a", "x,work-item,Mentor-related responsibility/oversight,2009-07-01,b",
		"x,work-item,Project Setup,2010-01-01,c",
	}, "\n")+"\n")
	s, rows := w.runASF(list, items)
	require.Equal(t, map[string]int{"free-text": 1, "unknown-podling": 1, "bad-date": 1, "undated": 1, "after-end": 1, "before-start": 1}, s.Refusals)
	require.Contains(t, rows[8].Remark, "the same item as in line 8")
	told := w.told(asfStream("incubation", "x").String())
	require.Len(t, told, 6)
	require.Contains(t, told[2], `{"kind":"ip","outcome":"Copyright","stated_on":"2026-02-08"}`)
	require.Contains(t, told[3], `"kind":"mentoring"`)
	require.Contains(t, told[4], `"kind":"governance"`)
	require.Contains(t, told[5], "incubation.left.v1 2010-01-01")
	for _, e := range w.events() {
		require.NotContains(t, string(e.Data), "Somebody", "no name is taken")
	}
}

func TestPodlingsNeedTheirPolicy(t *testing.T) {
	w := newApache(t)
	w.store, w.ledger.Streams = nil, newWorld(t).store
	s, _ := w.runASF(podlingFiles[1])
	require.Equal(t, map[string]int{"no-such-policy": 22}, s.Refusals)
}
