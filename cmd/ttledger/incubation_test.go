package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/memory"
	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

// campus is a whole ledger whose day the test sets.
type campus struct {
	t   *testing.T
	now time.Time
	*ledger.Ledger
	things map[string]uuid.UUID
	dated  string // when what is done is said to have been done; the day where empty
}

func newCampus(t *testing.T) *campus {
	z := &campus{t: t, things: map[string]uuid.UUID{}}
	z.Ledger = &ledger.Ledger{ID: uuid.New(), Secret: []byte("secret"), Streams: memory.New(func() time.Time { return z.now }), Vault: &ledgertest.Vault{},
		Now: func() time.Time { return z.now }, Aggregates: aggregates}
	z.on("2026-06-01")
	for _, file := range []string{"INCUBATOR.2018", "INCUBATOR.2025", "CHIEF-SCIENTIST.2021"} {
		raw, err := os.ReadFile(filepath.Join("../../domain/policy/seed", file+".json"))
		require.NoError(t, err)
		var v struct{ Code, Version string }
		require.NoError(t, json.Unmarshal(raw, &v))
		z.things[v.Code] = ledger.PolicyStream(v.Code).ID
		verb := map[bool]string{true: "revise", false: "adopt"}[v.Version == "2025"]
		z.must("policy", v.Code, verb, string(raw))
	}
	return z
}

func (z *campus) on(day string) {
	d := ledgertest.Date(day)
	z.now = time.Date(int(d.Year), time.Month(d.Month), int(d.Day), 10, 0, 0, 0, ledger.Zone)
}

// id is a thing by its name in the test.
func (z *campus) id(name string) uuid.UUID {
	if _, known := z.things[name]; !known {
		z.things[name] = uuid.NewSHA1(uuid.NameSpaceOID, []byte(name))
	}
	return z.things[name]
}

// do asks, has another person approve where that is needed, and is the code of the refusal, if any.
// Names in angle brackets in the data stand for ids.
func (z *campus) do(category, name, verb, data string) string {
	z.t.Helper()
	for other, id := range z.things {
		data = strings.ReplaceAll(data, "<"+other+">", id.String())
	}
	body := `{"data":` + data + `}`
	if z.dated != "" {
		body = `{"occurred_on":"` + z.dated + `","data":` + data + `}`
	}
	a, _ := z.Aggregate(category)
	v, ok := a.Verb(verb)
	require.True(z.t, ok, verb)
	receipt, err := z.Do(z.t.Context(), ledger.Request{Aggregate: category, ID: z.id(name), Verb: verb, Command: uuid.New(),
		Body: []byte(body), Expect: ledger.Whatever(), Actor: ledger.Actor{Handle: "asks", Roles: v.Roles[:1]}})
	if err != nil || !receipt.Pending {
		require.NotEqual(z.t, "invalid", ledger.CodeOf(err), "%v", err)
		require.Equal(z.t, err == nil, ledger.CodeOf(err) == "", "%v", err)
		return ledger.CodeOf(err)
	}
	receipt, err = z.Do(z.t.Context(), ledger.Request{Aggregate: "approval", ID: receipt.Stream.ID, Verb: "decide", Command: uuid.New(),
		Body: []byte(`{"data":{"decision":"approve"}}`), Expect: ledger.Whatever(), Actor: ledger.Actor{Handle: "decides", Roles: []ledger.Role{ledger.APR}}})
	require.NoError(z.t, err)
	if receipt.Effect.Refused != nil {
		return receipt.Effect.Refused.Code
	}
	return ""
}

func (z *campus) must(category, name, verb, data string) {
	z.t.Helper()
	require.Empty(z.t, z.do(category, name, verb, data), "%s %s %s", category, verb, name)
}

func (z *campus) company(name, uscc, founded string) {
	z.id(name)
	z.must("organisation", name, "register", fmt.Sprintf(`{"names":{"en":%q},"kind":"company","uscc":%q,"founded_on":%q}`, name, uscc, founded))
}

func (z *campus) scientist(name string) {
	z.id(name)
	z.must("person", name, "enrol", `{"name":"`+name+`","notice":"N-1","basis":"contract","retention":"appointee"}`)
}

// settled is a campus with a park, its incubator and an offshore centre.
func settled(t *testing.T) *campus {
	z := newCampus(t)
	z.company("host", "91110108551385082Q", "2010-04")
	z.company("maker", "9144030071526726XG", "2025-09-01")
	z.company("rival", "912101060000000390", "2026-01-01")
	z.id("park")
	z.id("house")
	z.id("heidelberg")
	z.must("facility", "park", "designate", `{"names":{"en":"Robotics park"},"kind":"park","host":"<host>","space":{"total_m2":500000}}`)
	z.must("facility", "house", "designate", `{"names":{"en":"Incubator"},"kind":"incubator","host":"<host>","park":"<park>",
		"space":{"total_m2":1000,"tenant_m2":200},"rooms":[{"code":"A-1","area_m2":120},{"code":"A-2","area_m2":150}]}`)
	z.must("facility", "heidelberg", "designate", `{"names":{"en":"Heidelberg"},"kind":"offshore_centre","host":"<host>","functions":["incubation","transfer"]}`)
	return z
}

const waived = `"waiver":{"channel":"policy","reason":"pilot of the zone"}`

// Scenario 7: a room is let once, an area not beyond itself, a company incubated once at a time;
// what one tenant leaves the next has from the day after.
func TestRoomAndCompanyAreClaimed(t *testing.T) {
	z := settled(t)
	apply := func(name, company string) {
		z.id(name)
		z.must("incubation", name, "apply", fmt.Sprintf(`{"names":{"en":%q},"facility":"<house>","company":"<%s>"}`, name, company))
	}
	apply("joints", "maker")
	apply("arms", "rival")
	apply("joints again", "maker")
	require.Equal(t, "no-contract", z.do("incubation", "joints", "admit", `{"room":"A-1","area_m2":120}`))
	z.must("incubation", "joints", "admit", `{"room":"A-1","area_m2":120,`+waived+`}`)
	require.Equal(t, "claimed", z.do("incubation", "arms", "admit", `{"room":"A-1","area_m2":10,`+waived+`}`), "the room")
	require.Equal(t, "no-room", z.do("incubation", "arms", "admit", `{"room":"A-2","area_m2":81,`+waived+`}`), "120 and 81 of 200")
	require.Equal(t, "claimed", z.do("incubation", "joints again", "admit", `{`+waived+`}`), "the company")
	z.on("2026-07-01")
	z.must("incubation", "joints", "leave", `{"reason":"moved"}`)
	require.Equal(t, "claimed", z.do("incubation", "arms", "admit", `{"room":"A-1","area_m2":120,`+waived+`}`), "it is the last day in the room")
	z.on("2026-07-02")
	z.must("incubation", "arms", "admit", `{"room":"A-1","area_m2":120,`+waived+`}`)
	z.must("incubation", "joints again", "admit", `{"room":"A-2","area_m2":80,`+waived+`}`)
}

// An offshore case ends by landing, and goes on in one local case of the same venture.
func TestAnOffshoreCaseLandsOnce(t *testing.T) {
	z := settled(t)
	z.id("abroad")
	z.id("here")
	z.id("here too")
	z.must("incubation", "abroad", "apply", `{"names":{"en":"Joints"},"facility":"<heidelberg>"}`)
	z.must("incubation", "abroad", "admit", `{`+waived+`}`)
	local := `{"names":{"en":"Joints"},"facility":"<house>","offshore":"<abroad>"}`
	require.Equal(t, "not-landed", z.do("incubation", "here", "apply", local))
	landing := `{"park":"<park>","company":"<maker>","registered_on":"2026-05-20","functions":["transfer"],"jobs":80%s}`
	require.Equal(t, "import-unregistered", z.do("incubation", "abroad", "confirm-landing", fmt.Sprintf(landing, "")))
	z.must("incubation", "abroad", "confirm-landing", fmt.Sprintf(landing, `,"import_registration":"JS-1"`))
	z.must("incubation", "here", "apply", local)
	require.Equal(t, "claimed", z.do("incubation", "here too", "apply", local), "it goes on once")
	z.on("2026-06-02")
	z.must("incubation", "here", "admit", `{"waiver":{"channel":"offshore-landing","reason":"landed"}}`)
}

// Scenario 9: 180 days a park may go without a chief scientist; on day 181 nobody is admitted.
func TestAParkWithoutAChiefScientist(t *testing.T) {
	z := settled(t)
	z.scientist("Wang")
	z.must("facility", "park", "appoint-chief-scientist", `{"person":"<Wang>"}`)
	require.Equal(t, "in-post", z.do("facility", "park", "appoint-chief-scientist", `{"person":"<Wang>"}`))
	z.on("2026-06-30")
	z.must("facility", "park", "release-chief-scientist", `{"ground":"resigned"}`)
	for _, name := range []string{"joints", "arms"} {
		z.id(name)
	}
	z.must("incubation", "joints", "apply", `{"names":{"en":"J"},"facility":"<house>","company":"<maker>"}`)
	z.must("incubation", "arms", "apply", `{"names":{"en":"A"},"facility":"<house>","company":"<rival>"}`)
	z.on("2026-12-27") // day 180
	z.must("incubation", "joints", "admit", `{`+waived+`}`)
	z.on("2026-12-28")
	require.Equal(t, "no-chief-scientist", z.do("incubation", "arms", "admit", `{`+waived+`}`))
	z.must("facility", "park", "appoint-chief-scientist", `{"person":"<Wang>"}`)
	z.must("incubation", "arms", "admit", `{`+waived+`}`)
}

// Scenario 10: admitted under one version and judged by the next, and the event names both.
func TestAGraduationNamesBothVersions(t *testing.T) {
	z := newCampus(t)
	z.company("host", "91110108551385082Q", "2010-04")
	z.company("maker", "9144030071526726XG", "2023-09-01")
	z.id("house")
	dated := func(category, name, verb, day, data string) {
		t.Helper()
		z.dated = day
		z.must(category, name, verb, data)
		z.dated = ""
	}
	dated("facility", "house", "designate", "2023-01-01", `{"names":{"en":"I"},"kind":"incubator","host":"<host>","virtual":true}`)
	z.id("joints")
	dated("incubation", "joints", "apply", "2024-05-01", `{"names":{"en":"J"},"facility":"<house>","company":"<maker>"}`)
	dated("incubation", "joints", "admit", "2024-05-02", `{`+waived+`}`)
	dated("incubation", "joints", "record-financing", "2026-02-01", `{"round":"angel","investor":"<host>","amount":{"minor":600000000,"currency":"CNY"},"instrument":"equity","voucher":"V-1"}`)
	z.must("incubation", "joints", "confirm-graduation", `{"criteria":[{"code":"financing","evidence":"V-1"}],"destination":"market"}`)
	var last ledger.Recorded
	for r, err := range z.Streams.Read(t.Context(), ledger.StreamID{Category: "incubation", ID: z.id("joints")}, 0) {
		require.NoError(t, err)
		last = r
	}
	require.Contains(t, string(last.Data), `"admitted_under":{"code":"INCUBATOR","version":"2018"},"judged_by":{"code":"INCUBATOR","version":"2025"}`)
	require.Equal(t, &ledger.Policy{Code: "INCUBATOR", Version: "2025"}, last.Meta.Policy)
	require.Equal(t, "decides", last.Meta.Approver)
}
