package projections_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/person"
	"ttledger/projections"
)

var pseudonym = uuid.MustParse("6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11")

func sealed(kind, text string) ledger.Personal {
	return ledger.SealedText(pseudonym, kind, []byte(text))
}

// told is a person's events as they were recorded, a day each.
func told(events ...person.Event) (facts []projections.Fact) {
	for i, e := range events {
		stream := ledger.StreamID{Category: "person", ID: pseudonym}
		facts = append(facts, projections.Fact{Event: e, Entry: ledger.Entry(i + 1), Recorded: ledger.Recorded{
			Stream: stream, Version: ledger.Version(i + 1), Position: ledger.Position{Commit: uint64(i + 1)},
			Proposed: ledger.Proposed{Type: e.EventType(), Meta: ledger.Metadata{
				OccurredOn: ledger.Day(2026, 1, i+1), RecordedAt: time.Date(2026, 2, 1, 0, 0, i, 0, time.UTC),
			}},
		}})
	}
	return facts
}

// row is the values of a view's row by column.
func row(t *testing.T, v projections.View, facts []projections.Fact, key string) map[string]any {
	t.Helper()
	values, ok := replayed(t, v, facts, projections.At{})[key]
	require.True(t, ok, key)
	named := map[string]any{}
	for i, c := range v.Columns {
		named[c.Name] = values[i]
	}
	return named
}

var enrolled = person.Enrolled{Name: sealed("name", "first"), Notice: "PN-1", Basis: "consent", Retention: "applicant", Consents: []string{"processing"}}

func TestThePersonRegister(t *testing.T) {
	of := func(events ...person.Event) map[string]any {
		return row(t, projections.PersonRegister, told(append([]person.Event{enrolled}, events...)...), pseudonym.String())
	}
	r := of(person.Amended{Name: sealed("name", "second")}, person.Amended{Titles: []ledger.Personal{sealed("title", "x")}})
	require.Contains(t, r["name"], `"sealed":"c2Vjb25k"`)
	require.Nil(t, r["due_on"], "nothing ends")

	r = of(person.PurposeEnded{Retention: "applicant"})
	require.Equal(t, "2027-01-02 propose-erasure retention-expired", strings.Join([]string{r["due_on"].(string), r["due_verb"].(string), r["due_ground"].(string)}, " "))
	require.Nil(t, of(person.PurposeEnded{Retention: "applicant"}, person.Classified{Retention: "appointee", Basis: "hr-management"})["due_on"], "an appointment begins anew")
	require.Equal(t, "2026-01-02", of(person.ConsentWithdrawn{Purpose: "processing"})["due_on"])
	require.Nil(t, of(person.ConsentWithdrawn{Purpose: "overseas"})["due_on"])
	require.Nil(t, of(person.ConsentWithdrawn{Purpose: "processing"}, person.ConsentGiven{Purpose: "processing", Notice: "PN-2"})["due_on"])

	r = of(person.Restricted{Ground: "disputed"}, person.LegalHoldPlaced{Case: "A"}, person.LegalHoldPlaced{Case: "B"}, person.LegalHoldLifted{Case: "A"}, person.ErasureProposed{Ground: "unlawful"})
	require.Equal(t, []any{int64(1), int64(1), "unlawful", int64(0)}, []any{r["restricted"], r["holds"], r["proposed"], r["erased"]})
	require.Equal(t, int64(0), of(person.Restricted{Ground: "disputed"}, person.RestrictionLifted{Ground: "resolved"})["restricted"])

	r = of(person.PurposeEnded{Retention: "applicant"}, person.DataErased{Ground: "unlawful"})
	require.Equal(t, []any{int64(1), "2026-01-03", nil, nil}, []any{r["erased"], r["erased_on"], r["name"], r["due_on"]})
}

func TestHoldingsFollowFromTheTypes(t *testing.T) {
	facts := told(person.Enrolled{
		Name: sealed("name", "n"), IDDocument: &person.IDDocument{Kind: "passport", Number: sealed("id-document", "d")},
		Contacts: []person.Contact{{Way: "email", Value: sealed("contact", "c")}, {Way: "phone", Value: sealed("contact", "e")}},
	}, person.Restricted{Ground: "disputed"})
	rows := replayed(t, projections.SubjectHoldings, facts, projections.At{})
	require.Len(t, rows, 4)
	r := row(t, projections.SubjectHoldings, facts, "person-"+pseudonym.String()+":000001:contacts/1/value")
	require.Equal(t, []any{pseudonym.String(), "contact", "contacts/1/value", int64(1)}, []any{r["subject"], r["kind"], r["field"], r["entry"]})
	require.Contains(t, r["sealed"], `"sealed":"ZQ=="`)
}
