package facility

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

type row = ledgertest.Case[Command, Event]

var (
	given = ledgertest.Given[Event]
	day   = ledgertest.Date

	owner     = uuid.MustParse("5b0e2c1a-7f3d-4e8b-9c6a-0d1e2f3a4b5c")
	scientist = uuid.MustParse("0c9b8a7f-6e5d-4c3b-8a29-180716253443")
	garden    = uuid.MustParse("1d2c3b4a-5f6e-4789-8abc-def012345678")
	nobody    = uuid.MustParse("e7c9a3b1-4d5f-4a6b-8c7d-9e0f1a2b3c4d")

	names = ledger.Names{Zh: "沈阳某孵化器", En: "Example Incubator"}
	house = Designation{Names: names, Kind: "incubator", Host: owner, Space: Space{Total: 12000, Office: 500, Tenant: 9000, Public: 1500},
		Rooms: []Room{{"A-101", 120}, {"A-102", 90}}, From: day("2020-01-01")}
	site = Designation{Names: ledger.Names{Zh: "机器人产业园"}, Kind: "park", Host: owner, Space: Space{Total: 500000}, From: day("2026-01-01")}

	opened   = Designated{Designation: house}
	parked   = Designated{Designation: site, StaffBy: day("2026-06-29")}
	inPost   = ChiefScientistAppointed{Person: scientist, From: day("2026-02-01"), MaxParks: 1}
	released = ChiefScientistReleased{Person: scientist, Ground: "resigned", VacantFrom: day("2026-03-02"), StaffBy: day("2026-08-28")}
)

// known is a context in which all the streams of the tests are there, and both policies in force.
func known() ledger.Context {
	return ledger.Context{}.
		Knowing(organisation(owner), nil).
		Knowing(person(scientist), nil).
		Knowing(facility(garden), State{Designation: site})
}

func ruled(params string) ledger.Context {
	at := known()
	at.Rule = &ledger.Rule{Policy: ledger.Policy{Code: "P", Version: "1"}, Params: []byte(params)}
	return at
}

var (
	chiefs   = ruled(`{"grace_days":180,"max_parks":1}`)
	stations = ruled(`{"min_months":36}`)
)

func long(n int) string { return strings.Repeat("长", n+1) }

// wrong turns commands that are wrong in one field into cases.
func wrong(at ledger.Context, past []ledgertest.Past[Event], fields ...any) []row {
	var cases []row
	for i := 0; i < len(fields); i += 2 {
		field, command := fields[i].(string), fields[i+1].(Command)
		cases = append(cases, row{Name: fmt.Sprintf("%s is wrong in case %d", strings.ReplaceAll(field, "/", "."), i/2), Given: past, At: at, When: command, Code: "invalid", Field: field})
	}
	return cases
}

func with(base Designation, change func(*Designation)) Designate {
	change(&base)
	return Designate{base}
}

func TestDesignate(t *testing.T) {
	full := house
	full.Code, full.Level, full.Scheme, full.Issuer, full.Certificate = "F-2026-0007", "national", "INCUBATOR", "MIIT", "2026-0311"
	full.Operator, full.Park, full.Founded, full.Theme = owner, garden, day("2015-04"), "robotics"
	full.Place = Place{"开发大路 7 号", "CN", "123.2654", "41.7812"}
	full.Seats, full.To, full.Conditions = 40, day("2029"), []string{"report changes"}
	online := Designation{Names: names, Kind: "incubator", Host: owner, Virtual: true}
	undated := site
	undated.From = ledger.Date{}
	dated := undated
	dated.From = day("2026-06-15")
	station := Designation{Names: names, Kind: "workstation", Host: owner, Experts: []uuid.UUID{scientist}, From: day("2026-06-15"), Agreement: day("2029-06-14")}
	short := station
	short.Agreement = day("2029-06-13")
	centre := Designation{Names: names, Kind: "offshore_centre", Level: "centre", Host: owner, Functions: Functions, From: day("2018-05")}
	// A second designation is refused by the ledger, which knows that the stream is there.
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "with all there is to say", At: known(), When: Designate{full}, Then: []Event{Designated{Designation: full}}, Again: true},
		{Name: "without premises", At: known(), When: Designate{online}, Then: []Event{Designated{Designation: from(online, "2026-06-15")}}, Again: true},
		{Name: "a park is vacant and has its grace", At: chiefs, When: Designate{undated},
			Then: []Event{Designated{Designation: dated, StaffBy: day("2026-12-11")}}, Again: true},
		{Name: "a park needs a policy", At: known(), When: Designate{site}, Code: "no-policy"},
		{Name: "a workstation with three years", At: stations, When: Designate{station}, Then: []Event{Designated{Designation: station}}, Again: true},
		{Name: "a workstation a day short", At: stations, When: Designate{short}, Code: "agreement-too-short"},
		{Name: "a workstation needs a policy", At: known(), When: Designate{station}, Code: "no-policy"},
		{Name: "an offshore centre with its four functions", At: known(), When: Designate{centre}, Then: []Event{Designated{Designation: centre}}, Again: true},
	})
	d := func(change func(*Designation)) Designate { return with(house, change) }
	ledgertest.Run(t, Decider, Codec, wrong(known(), nil,
		"names", d(func(d *Designation) { d.Names = ledger.Names{} }),
		"code", d(func(d *Designation) { d.Code = "-1" }),
		"kind", d(func(d *Designation) { d.Kind = "hotel" }),
		"level", d(func(d *Designation) { d.Level = "world" }),
		"scheme", d(func(d *Designation) { d.Certificate = "1" }),
		"issuer", d(func(d *Designation) { d.Issuer = long(200) }),
		"certificate", d(func(d *Designation) { d.Scheme, d.Certificate = "X", long(100) }),
		"theme", d(func(d *Designation) { d.Theme = long(200) }),
		"functions/0", d(func(d *Designation) { d.Functions = []string{"fun"} }),
		"functions/1", d(func(d *Designation) { d.Functions = []string{"talent", "talent"} }),
		"directions/0", d(func(d *Designation) { d.Directions = []string{"up"} }),
		"experts", d(func(d *Designation) { d.Experts = make([]uuid.UUID, 51) }),
		"conditions", d(func(d *Designation) { d.Conditions = make([]string, 51) }),
		"conditions/0", d(func(d *Designation) { d.Conditions = []string{""} }),
		"location", d(func(d *Designation) { d.Location = long(300) }),
		"country", d(func(d *Designation) { d.Country = "china" }),
		"latitude", d(func(d *Designation) { d.Longitude = "123" }),
		"longitude", d(func(d *Designation) { d.Longitude, d.Latitude = "181", "41" }),
		"latitude", d(func(d *Designation) { d.Longitude, d.Latitude = "123", "1e1" }),
		"latitude", d(func(d *Designation) { d.Longitude, d.Latitude = "123", "north" }),
		"space/tenant_m2", d(func(d *Designation) { d.Space.Tenant = -1 }),
		"space/total_m2", d(func(d *Designation) { d.Space.Public = 9000 }),
		"rooms", d(func(d *Designation) { d.Rooms = make([]Room, 2001) }),
		"rooms/1/code", d(func(d *Designation) { d.Rooms = []Room{{"A", 1}, {"A", 1}} }),
		"rooms/0/area_m2", d(func(d *Designation) { d.Rooms = []Room{{"A", 0}} }),
		"rooms", d(func(d *Designation) { d.Rooms = []Room{{"A", 12001}} }),
		"virtual", d(func(d *Designation) { d.Virtual = true }),
		"host", d(func(d *Designation) { d.Host = uuid.Nil }),
		"space", d(func(d *Designation) { d.Space, d.Rooms = Space{}, nil }),
		"functions", with(centre, func(d *Designation) { d.Functions = nil }),
		"directions", d(func(d *Designation) { d.Kind = "rd_platform" }),
		"agreement_to", with(station, func(d *Designation) { d.Agreement = ledger.Date{} }),
		"host", d(func(d *Designation) { d.Host = nobody }),
		"operator", d(func(d *Designation) { d.Operator = nobody }),
		"experts/1", d(func(d *Designation) { d.Experts = []uuid.UUID{scientist, nobody} }),
		"park", d(func(d *Designation) { d.Park = nobody }),
		"to", d(func(d *Designation) { d.To = day("2019-12-31") }),
	))
}

func from(d Designation, on string) Designation {
	d.From = day(on)
	return d
}

func TestReview(t *testing.T) {
	c := Review{Period: "2025", Result: "pass", Body: "bureau", Note: "good"}
	over := given(opened, Withdrawn{Ground: "ceased", EffectiveOn: day("2026-03-02")})
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a review", Given: given(opened), When: c, Then: []Event{Reviewed(c)}},
		{Name: "a second of the same period", Given: given(opened, Reviewed(c)), When: Review{Period: "2025", Result: "fail"}, Code: "reviewed"},
		{Name: "after the withdrawal", Given: over, When: c, Code: "withdrawn"},
		{Name: "before the designation", Given: given(opened), At: ledger.Context{On: day("2019")}, When: c, Code: "date-order"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(ledger.Context{}, given(opened),
		"period", Review{Result: "pass"}, "result", Review{Period: "2025", Result: "so-so"},
		"body", Review{Period: "2025", Result: "pass", Body: long(200)}, "note", Review{Period: "2025", Result: "pass", Note: long(2000)}))
}

func TestChangeSpace(t *testing.T) {
	c := ChangeSpace{Space: Space{Total: 13000, Tenant: 10000}, Rooms: []Room{{"B", 70}}, Seats: 2, Place: Place{Location: "7 号"}}
	same := ChangeSpace{Space: house.Space, Rooms: house.Rooms}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "more space", Given: given(opened), When: c, Then: []Event{SpaceChanged(c)}},
		{Name: "the same space", Given: given(opened), When: same},
		{Name: "what has no premises", Given: given(Designated{Designation: Designation{Names: names, Kind: "incubator", Virtual: true, From: house.From}}), When: c, Code: "no-premises"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(ledger.Context{}, given(opened),
		"space/total_m2", ChangeSpace{Space: Space{Total: 1, Other: 2}}, "country", ChangeSpace{Place: Place{Country: "x"}}))
	s := fold(opened, SpaceChanged(c))
	require.Equal(t, []int64{70, 0, 10000}, []int64{s.RoomArea("B"), s.RoomArea("A-101"), s.TenantArea()})
}

func TestReportOperation(t *testing.T) {
	figures := Operation{Period: day("2025"), Currency: "CNY", Service: 32, Property: 50, Investment: -8, NetProfit: -4, Staff: 24, College: 22}
	change := func(f func(*Operation)) ReportOperation {
		o := figures
		f(&o)
		return ReportOperation{o}
	}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a year", Given: given(opened), When: ReportOperation{figures}, Then: []Event{OperationReported{figures}}},
		{Name: "a month beside its year", Given: given(opened, OperationReported{figures}), When: change(func(o *Operation) { o.Period = day("2025-12") }),
			Then: []Event{OperationReported{change(func(o *Operation) { o.Period = day("2025-12") }).Operation}}},
		{Name: "the year again", Given: given(opened, OperationReported{figures}), When: change(func(o *Operation) { o.Tax = 1 }), Code: "period-reported"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(ledger.Context{}, given(opened),
		"/currency", change(func(o *Operation) { o.Currency = "RMB" }),
		"period", change(func(o *Operation) { o.Period = day("2025-12-31") }),
		"period", change(func(o *Operation) { o.Period = day("2026") }),
		"tax", change(func(o *Operation) { o.Tax = -1 }),
		"staff", change(func(o *Operation) { o.Staff = maxFigure + 1 }),
		"returnee_staff", change(func(o *Operation) { o.Returnees = 25 }),
	))
}

func TestAppointChiefScientist(t *testing.T) {
	c := AppointChiefScientist{Person: scientist}
	term := AppointChiefScientist{Person: scientist, From: day("2026-02-01"), To: day("2029-01-31"), Mandate: "robotics"}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "without an end", Given: given(parked), At: chiefs, When: c, Then: []Event{ChiefScientistAppointed{Person: scientist, From: day("2026-06-15"), MaxParks: 1}}},
		{Name: "for a term", Given: given(parked), At: chiefs, When: term,
			Then: []Event{ChiefScientistAppointed{Person: scientist, From: term.From, To: term.To, Mandate: "robotics", MaxParks: 1, StaffBy: day("2029-07-30")}}},
		{Name: "a second", Given: given(parked, inPost), At: chiefs, When: c, Code: "in-post"},
		{Name: "a successor", Given: given(parked, inPost, released), At: chiefs, When: c, Then: []Event{ChiefScientistAppointed{Person: scientist, From: day("2026-06-15"), MaxParks: 1}}},
		{Name: "of an incubator", Given: given(opened), At: chiefs, When: c, Code: "no-park"},
		{Name: "without a policy", Given: given(parked), At: known(), When: c, Code: "no-policy"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(chiefs, given(parked),
		"person", AppointChiefScientist{Person: nobody},
		"mandate", AppointChiefScientist{Person: scientist, Mandate: long(1000)},
		"from", AppointChiefScientist{Person: scientist, From: day("2025-12-31")},
		"to", AppointChiefScientist{Person: scientist, To: day("2026-06-14")},
	))
}

func TestReleaseChiefScientist(t *testing.T) {
	c := ReleaseChiefScientist{Ground: "resigned"}
	at := chiefs
	at.On = day("2026-06-10")
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "today", Given: given(parked, inPost), At: at, When: c,
			Then: []Event{ChiefScientistReleased{scientist, "resigned", day("2026-06-11"), day("2026-12-07")}}},
		{Name: "as of an earlier day", Given: given(parked, inPost), At: at, When: ReleaseChiefScientist{"term-ended", day("2026-05-31")},
			Then: []Event{ChiefScientistReleased{scientist, "term-ended", day("2026-06-01"), day("2026-11-27")}}},
		{Name: "nobody is in post", Given: given(parked), At: at, When: c, Code: "vacant"},
		{Name: "of an incubator", Given: given(opened), At: at, When: c, Code: "no-park"},
		{Name: "without a policy", Given: given(parked, inPost), When: c, Code: "no-policy"},
	})
	ledgertest.Run(t, Decider, Codec, wrong(at, given(parked, inPost),
		"ground", ReleaseChiefScientist{Ground: "tired"},
		"last_day", ReleaseChiefScientist{"resigned", day("2026-01-31")},
		"last_day", ReleaseChiefScientist{"resigned", day("2026-06-16")},
	))
}

func TestWithdraw(t *testing.T) {
	c := Withdraw{Ground: "failed-review", Note: "twice"}
	gone := Withdrawn{Ground: "failed-review", EffectiveOn: day("2026-03-02")}
	back := RevokeWithdrawal{Ground: "wrong year", DecidedOn: day("2026-06-15")}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "today", Given: given(opened), When: c, Then: []Event{Withdrawn{"failed-review", day("2026-06-15"), "twice"}}},
		{Name: "from a later day", Given: given(opened), When: Withdraw{Ground: "ceased", EffectiveOn: day("2027")}, Then: []Event{Withdrawn{Ground: "ceased", EffectiveOn: day("2027")}}},
		{Name: "twice", Given: given(opened, gone), When: c, Code: "withdrawn"},
		{Name: "revoked", Given: given(opened, gone), At: ledger.Context{On: day("2026-03-02")}, When: back, Then: []Event{WithdrawalRevoked(back)}},
		{Name: "nothing to revoke", Given: given(opened), When: back, Code: "not-withdrawn"},
		{Name: "withdrawn anew after the revocation", Given: given(opened, gone, WithdrawalRevoked(back)), When: c, Then: []Event{Withdrawn{"failed-review", day("2026-06-15"), "twice"}}},
	})
	ledgertest.Run(t, Decider, Codec, wrong(ledger.Context{}, given(opened),
		"ground", Withdraw{Ground: "whim"}, "note", Withdraw{Ground: "other", Note: long(1000)},
		"effective_on", Withdraw{Ground: "other", EffectiveOn: day("2019-12-31")}))
	ledgertest.Run(t, Decider, Codec, wrong(ledger.Context{On: day("2026-03-02")}, given(opened, gone),
		"ground", RevokeWithdrawal{DecidedOn: day("2026-06-15")},
		"decided_on", RevokeWithdrawal{"x", day("2026-06-16")}, "decided_on", RevokeWithdrawal{"x", day("2026-03-01")}))
}

func fold(events ...Event) (s State) {
	for _, p := range given(events...) {
		s = Decider.Evolve(s, p.Event, p.Meta)
	}
	return s
}

// Scenario 9: a park may go without a chief scientist for its grace, and not a day longer.
func TestWhenAParkIsVacant(t *testing.T) {
	for name, c := range map[string]struct {
		events []Event
		since  string
		by     string
	}{
		"designated vacant":            {[]Event{parked}, "2026-01-01", "2026-06-29"},
		"in post without an end":       {[]Event{parked, inPost}, "", ""},
		"released":                     {[]Event{parked, inPost, released}, "2026-03-02", "2026-08-28"},
		"replaced":                     {[]Event{parked, inPost, released, inPost}, "", ""},
		"the record came out of order": {[]Event{inPost, parked}, "", ""},
		"no park":                      {[]Event{opened}, "", ""},
	} {
		s := fold(c.events...)
		since, vacant := s.VacantSince()
		require.Equal(t, []string{c.since, c.by}, []string{since.String(), s.StaffBy().String()}, name)
		require.Equal(t, c.since != "", vacant, name)
	}
}

func TestWhenAFacilityIsOpen(t *testing.T) {
	ends := house
	ends.To = day("2026-12")
	s := fold(Designated{Designation: ends}, Withdrawn{EffectiveOn: day("2026-05-01")})
	for on, open := range map[string]bool{"2019-12-31": false, "2020-01-01": true, "2026-04-30": true, "2026-05-01": false} {
		require.Equal(t, open, s.OpenOn(day(on)), on)
	}
	s = fold(Designated{Designation: ends})
	require.True(t, s.OpenOn(day("2026-12-01")))
	require.False(t, s.OpenOn(day("2027-01-01")))
	require.False(t, State{}.OpenOn(day("2026-01-01")))
	require.Equal(t, []string{"incubator", ""}, []string{s.OfKind(), s.OfScheme()})
	require.Equal(t, uuid.Nil, s.Park())
}

func TestClaims(t *testing.T) {
	named := house
	named.Code, named.Scheme, named.Certificate = "F-7", "INCUBATOR", "311"
	require.Equal(t, []ledger.Claim{{Kind: "facility-code", Key: "F-7"}, {Kind: "facility-certificate", Key: "INCUBATOR 311"}},
		Decider.Claims(fold(Designated{Designation: named}, Withdrawn{EffectiveOn: day("2026-05")}), ledger.StreamID{}), "a certificate is never given twice")
	require.Equal(t, []ledger.Claim{{Kind: "chief-scientist", Key: scientist.String(), Limit: 1, From: day("2026-02-01")}},
		Decider.Claims(fold(parked, inPost), ledger.StreamID{}))
	require.Empty(t, Decider.Claims(fold(parked, inPost, released), ledger.StreamID{}))
}

func TestWhatACommandReliesOn(t *testing.T) {
	c := Designate{Designation{Host: owner, Park: garden, Experts: []uuid.UUID{scientist}}}
	require.Equal(t, []ledger.StreamID{organisation(owner), facility(garden), person(scientist)}, c.ReliesOn())
	a := AppointChiefScientist{Person: scientist}
	require.Equal(t, []ledger.StreamID{person(scientist)}, a.Benefits(State{}))
	require.Equal(t, ledger.Governing{Form: "chief-scientist", Code: "CHIEF-SCIENTIST"}, a.Under(State{}))
	require.Equal(t, a.Under(State{}), ReleaseChiefScientist{}.Under(State{}))
	for kind, form := range map[string]string{"park": "chief-scientist", "workstation": "workstation", "incubator": ""} {
		require.Equal(t, form, Designate{Designation{Kind: kind}}.Under(State{}).Form, kind)
	}
}

// The enumeration that clients are shown is the registry.
func TestTheKindsAreThoseOfTheRegistry(t *testing.T) {
	var codes []string
	for _, k := range Kinds {
		codes = append(codes, k.Code)
		require.NotEmpty(t, k.Name.En)
		require.NotEmpty(t, k.Name.Zh)
	}
	field, _ := reflect.TypeFor[Designation]().FieldByName("Kind")
	require.Equal(t, strings.Join(codes, ","), field.Tag.Get("enum"))
	_, ok := KindOf("hotel")
	require.False(t, ok)
}

func TestPolicies(t *testing.T) {
	for params, field := range map[string]string{
		`{"grace_days":180,"max_parks":1}`:       "",
		`{"grace_days":-1,"max_parks":1}`:        "grace_days",
		`{"grace_days":180,"max_parks":0}`:       "max_parks",
		`{"grace_days":180,"max_parks":1,"x":1}`: "x",
	} {
		err := Rules[0].Check([]byte(params))
		require.Equal(t, field == "", err == nil, params)
		if err != nil {
			require.Contains(t, err.Error(), field)
		}
	}
	require.NoError(t, Rules[1].Check([]byte(`{"min_months":36}`)))
	require.Error(t, Rules[1].Check([]byte(`{"min_months":601}`)))
}

func TestWhatCanBeCorrected(t *testing.T) {
	for _, e := range []interface{ Correctable() }{
		Designated{}, Reviewed{}, SpaceChanged{}, OperationReported{}, ChiefScientistAppointed{}, ChiefScientistReleased{},
	} {
		e.Correctable()
	}
}

func TestStoredShapes(t *testing.T) { ledgertest.Shapes(t, Codec, os.DirFS("testdata/events")) }

func FuzzDecode(f *testing.F) { ledgertest.FuzzDecode(f, Codec, os.DirFS("testdata/events")) }
