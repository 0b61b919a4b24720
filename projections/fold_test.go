package projections_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain"
	"ttledger/domain/ledger"
	"ttledger/projections"
)

var aggregates = domain.Aggregates()

// later is the shapes that were born after the first release, in order: each comes after those
// before it, so that a new one changes no row that is kept in a file but its own. A new shape is a
// line here.
var later = []string{
	"principal.token-issued.v2", "principal.token-rotated.v1", "identity.linked.v1", "identity.unlinked.v1", "trace.day-sealed.v1",
	"person.enrolled.v1", "person.amended.v1", "person.consent-given.v1", "person.consent-withdrawn.v1", "person.restricted.v1",
	"person.restriction-lifted.v1", "person.legal-hold-placed.v1", "person.legal-hold-lifted.v1", "person.classified.v1",
	"person.purpose-ended.v1", "person.erasure-proposed.v1", "person.data-disclosed.v1", "person.data-erased.v1",
	"approval.requested.v1", "approval.decided.v1", "approval.carried-out.v1", "claim.taken.v1", "claim.given-up.v1", "ledger.claim-voided.v1",
	"policy.version-adopted.v1", "principal.authority-delegated.v1", "principal.delegation-ended.v1", "principal.interest-declared.v1",
	"approval.failed.v1",
	"contract.signed.v1", "contract.registered.v1", "contract.licence-recorded.v1", "contract.receipt-recorded.v1",
	"contract.distribution-approved.v1", "contract.distribution-paid.v1", "contract.amended.v1", "contract.registration-revoked.v1",
	"contract.entry-reversed.v1", "contract.ended.v1",
	"project.proposed.v2", "project.stage-gate-decided.v2", "project.completed.v2",
	"achievement.disclosed.v1", "achievement.contribution-confirmed.v1", "achievement.contribution-disputed.v1", "achievement.registered.v1",
	"achievement.evaluated.v1", "achievement.right-granted.v1", "achievement.award-paid.v1", "achievement.idleness-excused.v1",
	"achievement.contributions-changed.v1", "demand.published.v1", "demand.revised.v1", "demand.match-confirmed.v1", "demand.closed.v1",
	"notice.posted.v1", "notice.concluded.v1", "notice.withdrawn.v1",
	"facility.designated.v1", "facility.reviewed.v1", "facility.space-changed.v1", "facility.operation-reported.v1",
	"facility.chief-scientist-appointed.v1", "facility.chief-scientist-released.v1", "facility.withdrawn.v1", "facility.withdrawal-revoked.v1",
	"incubation.applied.v1", "incubation.refused.v1", "incubation.admitted.v1", "incubation.mentor-assigned.v1", "incubation.mentor-interest-declared.v1",
	"incubation.service-delivered.v1", "incubation.financing-recorded.v1", "incubation.metrics-reported.v1", "incubation.extended.v1",
	"incubation.graduated.v1", "incubation.graduation-revoked.v1", "incubation.landed.v1", "incubation.left.v1", "incubation.evicted.v1",
	"team.formed.v1", "team.bound.v1", "team.landed.v1", "team.membership-changed.v1", "team.reviewed.v1", "team.unbound.v1", "team.exited.v1", "grant.approved.v1", "grant.condition-verified.v1", "grant.instalment-released.v1", "grant.entry-reversed.v1", "grant.clawed-back.v1", "recognition.granted.v1", "recognition.ended.v1", "investment.commitment-made.v1", "investment.capital-paid-in.v1", "investment.entry-reversed.v1", "investment.exited.v1", "engagement.agreed.v1", "engagement.amended.v1", "engagement.delivered.v1", "engagement.dropped.v1",
	"programme.opened.v1", "programme.owner-assigned.v1", "programme.closed.v1", "indicator.defined.v1", "indicator.figure-attested.v1", "indicator.target-set.v1", "period.closed.v1", "period.report-issued.v1",
	"requisition.approved.v1", "requisition.amended.v1", "requisition.opened.v1", "requisition.closed.v1", "requisition.cancelled.v1",
	"application.received.v1", "application.eligibility-decided.v1", "application.ranked.v1", "application.offer-issued.v1",
	"application.offer-answered.v1", "application.withdrawn.v1", "application.closed.v1",
	"panel.convened.v1", "panel.interest-declared.v1", "panel.review-submitted.v1", "panel.reviewer-excused.v1",
	"panel.observer-attended.v1", "panel.concluded.v1", "panel.set-aside.v1",
	"appointment.started.v1", "appointment.probation-concluded.v1", "appointment.ended.v1",
}

// apart is the shapes that are told of another thing than the first of their kind, because a second
// beginning would change its rows.
var apart = []string{"project.proposed.v2", "project.stage-gate-decided.v2", "project.completed.v2"}

// everyFact is one fact of each stored shape, as the domain's fixtures have it.
func everyFact(t *testing.T) []projections.Fact {
	var names []string
	for _, a := range aggregates {
		names = append(names, slices.DeleteFunc(slices.Clone(a.Events), func(name string) bool { return slices.Contains(later, name) })...)
	}
	var facts []projections.Fact
	versions := map[string]int{}
	for _, name := range append(names, later...) {
		category, _, _ := strings.Cut(name, ".")
		seed := category
		if slices.Contains(apart, name) {
			seed += " apart"
		}
		stream := ledger.StreamID{Category: category, ID: uuid.NewSHA1(uuid.NameSpaceOID, []byte(seed))}
		folder := category
		if category == "approval" || category == "claim" {
			folder = "ledger" // what the ledger itself records
		}
		data, err := os.ReadFile(filepath.Join("../domain", folder, "testdata/events", name+".json"))
		require.NoError(t, err)
		e, err := ledger.Decode(aggregates, name, data)
		require.NoError(t, err)
		n := len(facts) + 1
		facts = append(facts, projections.Fact{Event: e, Entry: ledger.Entry(n), Recorded: ledger.Recorded{
			Stream: stream, Version: ledger.Version(versions[seed] + 1), Position: ledger.Position{Commit: uint64(n)},
			Proposed: ledger.Proposed{
				ID: ledger.EventID(stream, uuid.Nil, versions[seed]), Type: name, Data: data,
				Meta: ledger.Metadata{
					Actor: "li.wei", Role: ledger.PM, OccurredOn: ledger.Day(2024, 1, n%28+1),
					RecordedAt: time.Date(2024, 2, 1, 0, 0, n, 0, time.UTC), Source: ledger.Source{Kind: "api"},
				},
			},
		}})
		versions[seed]++
	}
	return facts
}

// TestAFoldChangesOnlyWithItsVersion: rows that were built by one fold are not rebuilt unless the
// view's version moves, so what a version makes of the events is kept in a file. Where this
// fails for a change that is meant, raise the view's Version and keep the new rows beside the old.
func TestAFoldChangesOnlyWithItsVersion(t *testing.T) {
	facts := everyFact(t)
	for _, v := range projections.Views() {
		rows := replayed(t, v, facts, projections.At{})
		named := map[string]map[string]any{}
		for key, values := range rows {
			named[key] = map[string]any{}
			for i, c := range v.Columns {
				if values[i] != nil {
					named[key][c.Name] = values[i]
				}
			}
		}
		got, err := json.MarshalIndent(named, "", "  ")
		require.NoError(t, err)
		file := fmt.Sprintf("testdata/%s.v%d.json", v.Name, v.Version)
		want, err := os.ReadFile(file)
		require.NoError(t, err, "the rows of a new version belong into %s:\n%s", file, got)
		require.JSONEq(t, string(want), string(got), v.Name)
	}
}

func TestAViewWithoutARoleOrALabelDoesNotBuild(t *testing.T) {
	type row struct {
		A string `en:"a" zh:"甲"`
	}
	type bare struct{ A string }
	spec := projections.Spec[row]{Name: "x", Version: 1, Roles: projections.Readers}
	require.NotPanics(t, func() { projections.NewView(spec) })
	spec.Roles = nil
	require.Panics(t, func() { projections.NewView(spec) })
	require.Panics(t, func() { projections.NewView(projections.Spec[bare]{Name: "x", Version: 1, Roles: projections.Readers}) })
}

func TestAFingerprintMovesWithNameVersionAndColumns(t *testing.T) {
	type row struct {
		A string `en:"a" zh:"甲"`
	}
	type wider struct {
		A string `en:"a" zh:"甲"`
		B int    `en:"b" zh:"乙"`
	}
	view := func(name string, version int) projections.View {
		return projections.NewView(projections.Spec[row]{Name: name, Version: version, Roles: projections.Readers})
	}
	first := projections.Fingerprint([]projections.View{view("x", 1)})
	require.Equal(t, first, projections.Fingerprint([]projections.View{view("x", 1)}))
	require.NotEqual(t, first, projections.Fingerprint([]projections.View{view("y", 1)}))
	require.NotEqual(t, first, projections.Fingerprint([]projections.View{view("x", 2)}))
	require.NotEqual(t, first, projections.Fingerprint([]projections.View{
		projections.NewView(projections.Spec[wider]{Name: "x", Version: 1, Roles: projections.Readers}),
	}))
}

// replayed folds a view from zero.
func replayed(t *testing.T, v projections.View, facts []projections.Fact, at projections.At) map[string][]any {
	t.Helper()
	rows, err := projections.Replay(v, facts, at, func(name string, data []byte) (ledger.Event, error) { return ledger.Decode(aggregates, name, data) })
	require.NoError(t, err)
	return rows
}
