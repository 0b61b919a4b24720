package importer

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
)

var (
	awardColumns = []string{"AwardID", "m_sbir", "AwardTitle", "AwardEffectiveDate", "AwardExpirationDate", "AwardTotalIntnAmount", "AwardAmount",
		"AwardInstrument", "Directorate_LongName", "Division_Abbreviation", "Division_LongName", "Year", "teams", "hub", "site", "node"}
	awardValues = map[string]string{"AwardID": "0060805", "AwardTitle": " SBIR Phase I:  Glass &amp; Oxide", "AwardEffectiveDate": "01/15/2001", "AwardExpirationDate": "06/30/2001",
		"AwardTotalIntnAmount": "100000.00", "AwardAmount": "100000", "AwardInstrument": "Standard Grant", "Directorate_LongName": "Dir for Tech, Innovation, & Partnerships",
		"Division_Abbreviation": "TI", "Division_LongName": "Translational Impacts", "Year": "2000", "teams": "0", "hub": "0", "site": "0", "node": "0"}
	firmColumns = []string{"award_id", "firm_name", "firm_state", "award_amount", "award_date", "award_year"}
	firmValues  = map[string]string{"award_id": "0060805", "firm_name": "Glass, Inc.", "firm_state": "MA", "award_amount": "100000.0", "award_date": "2001-01-15", "award_year": "2001"}
)

// awards is an award file: rows of the ordinary award above, each with some values changed.
func awards(rows ...map[string]string) string { return table(awardColumns, awardValues, rows) }

// firms is a firm file in the same way.
func firms(rows ...map[string]string) string { return table(firmColumns, firmValues, rows) }

// corps is a file of I-Corps awards: it has no coded flags.
func corps(rows ...map[string]string) string {
	return table(slices.DeleteFunc(slices.Clone(awardColumns), func(c string) bool { return c == "m_sbir" }), awardValues, rows)
}

func table(columns []string, values map[string]string, rows []map[string]string) string {
	var text strings.Builder
	w := csv.NewWriter(&text)
	w.Write(columns)
	for _, row := range rows {
		var cells []string
		for _, c := range columns {
			if v, ok := row[c]; ok {
				cells = append(cells, v)
			} else {
				cells = append(cells, values[c])
			}
		}
		w.Write(cells)
	}
	w.Flush()
	return text.String()
}

const (
	proposedGlass = `project.proposed.v2 2000 importer {"titles":{"en":"SBIR Phase I: Glass \u0026 Oxide"},"code":"NSF-0060805","external":{"scheme":"nsf-award","id":"0060805"},` +
		`"tags":["nsf","sbir","phase-1","ti"],"budget":{"minor":10000000,"currency":"USD"},"start":"2001-01-15","end":"2001-06-30",` +
		`"milestones":[{"code":"end","names":{"zh":"资助期满","en":"the award expires"},"due":"2001-06-30"}]}`
	approvedGlass = `project.approved.v1 2000 approver {"body":"NSF Dir for Tech, Innovation, \u0026 Partnerships / Translational Impacts"}`
	agreedGlass   = `project.funding-agreed.v1 2001-01-15 importer {"amount":{"minor":10000000,"currency":"USD"},"funder":"US National Science Foundation","instrument":"Standard Grant"}`
)

func TestAward(t *testing.T) {
	w := newWorld(t)
	_, rows := w.run(w.file("a.csv", awards(nil)))
	require.Equal(t, []string{proposedGlass, approvedGlass, agreedGlass}, w.told(rows[0].Stream))
	require.Equal(t, Row{File: "a.csv", Line: 2, Key: "0060805", Outcome: accepted, New: true, Stream: rows[0].Stream}, rows[0])
}

func TestAwardRows(t *testing.T) {
	for name, c := range map[string]struct {
		row         map[string]string
		code, field string   // of the refusal
		say         string   // in the reason or the remark
		told        []string // parts of the events from the third on
		events      int
	}{
		"as agreed":             {events: 3},
		"supplement":            {row: map[string]string{"AwardAmount": "125000.50"}, events: 4, told: []string{"", `adjusted.v1 2024-07-08 importer {"from":{"minor":10000000,"currency":"USD"},"to":{"minor":12500050,"currency":"USD"},"ground":"supplement"}`}},
		"reduction to nothing":  {row: map[string]string{"AwardAmount": "0"}, events: 4, told: []string{"", `"to":{"minor":0,"currency":"USD"},"ground":"reduction"`}},
		"filler":                {row: map[string]string{"AwardTotalIntnAmount": ""}, events: 3, say: "obligated amount stands for it", told: []string{`"minor":10000000`}},
		"filler of zeros":       {row: map[string]string{"AwardTotalIntnAmount": "0.00", "AwardAmount": "7"}, events: 3, say: "缺少约定金额", told: []string{`"minor":700,`}},
		"no amount":             {row: map[string]string{"AwardTotalIntnAmount": "0", "AwardAmount": "0"}, events: 2, say: "no funding is recorded"},
		"begins after extract":  {row: map[string]string{"AwardEffectiveDate": "9/1/24", "AwardExpirationDate": "9/1/25", "Year": "2024", "AwardAmount": "0"}, events: 4, say: "after the day of the extract", told: []string{"2024-09-01", "2024-09-01"}},
		"before the award year": {row: map[string]string{"AwardEffectiveDate": "12/15/1999"}, events: 3, say: "before the award year", told: []string{"1999-12-15"}},
		"two digits, old":       {row: map[string]string{"AwardEffectiveDate": "1/5/69"}, events: 3, told: []string{"1969-01-05"}},
		"two digits, new":       {row: map[string]string{"AwardExpirationDate": "1/5/68"}, events: 3},

		"seven digits":         {row: map[string]string{"AwardID": "60805"}, code: "bad-award-id", field: "AwardID", say: `"60805"`},
		"no such day":          {row: map[string]string{"AwardEffectiveDate": "02/30/2001"}, code: "bad-date", field: "AwardEffectiveDate", say: `"02/30/2001" is not a date; month/day/year`},
		"no date":              {row: map[string]string{"AwardExpirationDate": ""}, code: "bad-date", field: "AwardExpirationDate"},
		"amount with a comma":  {row: map[string]string{"AwardTotalIntnAmount": "100,000"}, code: "bad-amount", field: "AwardTotalIntnAmount", say: "two decimals"},
		"below zero":           {row: map[string]string{"AwardAmount": "-1"}, code: "bad-amount", field: "AwardAmount"},
		"half a cent":          {row: map[string]string{"AwardAmount": "1.005"}, code: "bad-amount", field: "AwardAmount"},
		"no year":              {row: map[string]string{"Year": "FY2000"}, code: "bad-year", field: "Year"},
		"a month for a year":   {row: map[string]string{"Year": "2000-01"}, code: "bad-year", field: "Year"},
		"part of a word":       {row: map[string]string{"AwardTitle": "SHF: posttranslational STTRAM and SSBIR"}, code: "not-technology-transfer", field: "AwardTitle"},
		"ends before it began": {row: map[string]string{"AwardExpirationDate": "12/31/2000"}, code: "invalid", field: "AwardExpirationDate", say: "the planned end 2000-12-31 is before the start 2001-01-15"},
		"a year to come":       {row: map[string]string{"Year": "2027", "AwardExpirationDate": "1/1/28"}, code: "future-date", field: "Year"},
		"a day to come":        {row: map[string]string{"AwardEffectiveDate": "12/1/26", "AwardExpirationDate": "1/1/28"}, code: "future-date", field: "AwardEffectiveDate", say: "recorded before the refusal: propose, approve", events: 2},
		"long instrument":      {row: map[string]string{"AwardInstrument": strings.Repeat("x", 101)}, code: "invalid", field: "AwardInstrument", say: "propose, approve", events: 2},
		"long directorate":     {row: map[string]string{"Directorate_LongName": strings.Repeat("x", 201)}, code: "invalid", field: "Directorate_LongName", say: "propose", events: 1},
		"control character":    {row: map[string]string{"AwardTitle": "SBIR Phase I: \x02"}, code: "invalid", field: "AwardTitle"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			s, rows := w.run(w.file("a.csv", awards(c.row)))
			require.Equal(t, c.code, rows[0].Code, rows[0])
			require.Equal(t, c.field, rows[0].Field)
			require.Contains(t, rows[0].Reason.En+rows[0].Remark, c.say)
			require.Equal(t, c.code != "", rows[0].Outcome == refused)
			require.Equal(t, c.code != "", rows[0].Reason.Zh != "")
			require.Equal(t, c.events > 0, rows[0].New)
			require.Equal(t, c.events > 0, rows[0].Stream != "")
			require.Len(t, w.events(), c.events)
			require.Equal(t, c.events, len(w.told(rows[0].Stream)))
			if c.code != "" {
				require.Equal(t, map[string]int{c.code: 1}, s.Refusals)
			}
			for i, part := range c.told {
				require.Contains(t, w.told(rows[0].Stream)[2+i], part)
			}
		})
	}
}

func TestTags(t *testing.T) {
	for title, want := range map[string]string{
		"SBIR Phase I: x":                                "nsf sbir phase-1 ti",
		"SBIR Phase IB: x":                               "nsf sbir phase-1b ti",
		"SBIR PHASE II: x":                               "nsf sbir phase-2 ti",
		"SBIR Phase IIB: x":                              "nsf sbir phase-2 ti",
		"SBIR Phae I: x":                                 "nsf sbir phase-1 ti",
		"STTR Phase l: x":                                "nsf sttr phase-1 ti",
		"SBIR PhaseI: x":                                 "nsf sbir phase-1 ti",
		"SBIR Phase 1: x":                                "nsf sbir phase-1 ti",
		"SBIR Phase Imaging: x":                          "nsf sbir ti",
		"SBIR/STTR Phase II: x":                          "nsf sbir sttr phase-2 ti",
		"SBIR/Phase I: x":                                "nsf sbir phase-1 ti",
		"Help for SBIR Phase II Grantees":                "nsf sbir ti",
		"I-Corps: Phase I transitions":                   "nsf i-corps ti",
		"Small Business Innovation Research Phase II: x": "nsf sbir phase-2 ti",
		"Small Business Technology Transfer: x":          "nsf sttr ti",
	} {
		got, phase := tags(record{values: []string{"TI"}, columns: map[string]int{"Division_Abbreviation": 0, "m_x": 0}}, title)
		require.Equal(t, want, got, title)
		require.Contains(t, " "+got+" ", " "+cmp.Or(phase, "nsf")+" ")
	}
	w := newWorld(t)
	_, rows := w.run(w.file("a.csv", corps(
		map[string]string{"AwardID": "1000001", "AwardTitle": "A pilot", "teams": "1", "hub": "", "Division_Abbreviation": "A/B"},
		map[string]string{"AwardID": "1000002", "AwardTitle": "A pilot", "teams": " ", "hub": "`", "site": "1", "node": "1"})))
	require.Contains(t, w.told(rows[0].Stream)[0], `"tags":["nsf","i-corps","team"]`)
	require.Contains(t, w.told(rows[1].Stream)[0], `"tags":["nsf","i-corps","site","node","ti"]`)
	require.Contains(t, rows[1].Remark, "teams is \" \", read as no / teams 为 \" \",按“否”处理; hub is \"`\"")
}

func TestSameAwardTwice(t *testing.T) {
	w := newWorld(t)
	one := w.file("1.csv", awards(nil, map[string]string{"AwardID": "bad"}, map[string]string{"AwardID": "7777777", "AwardAmount": "?"}))
	two := w.file("2.csv", corps(
		map[string]string{"AwardEffectiveDate": "1/15/01", "AwardTotalIntnAmount": "100000", "AwardTitle": "SBIR Phase I: Glass & Oxide"},
		map[string]string{"AwardID": "7777777"}))
	_, rows := w.run(one, two)
	require.Equal(t, "differs", rows[3].Code, "the file of I-Corps awards says it is one")
	require.Equal(t, "teams", rows[3].Field)
	require.True(t, rows[4].New, "a row that was refused is not the first")

	w = newWorld(t)
	_, rows = w.run(w.file("1.csv", awards(nil)), w.file("2.csv", awards(
		map[string]string{"AwardEffectiveDate": "1/15/01", "AwardTotalIntnAmount": "100000", "AwardTitle": "SBIR Phase I: Glass & Oxide", "hub": ""})))
	require.Equal(t, accepted, rows[1].Outcome)
	require.False(t, rows[1].New)
	require.Contains(t, rows[1].Remark, "1.csv, line 2")
	require.Equal(t, rows[0].Stream, rows[1].Stream)
	require.Len(t, w.events(), 3)

	for column, value := range map[string]string{"AwardTitle": "SBIR: other", "AwardEffectiveDate": "1/16/01", "AwardExpirationDate": "7/1/01", "AwardTotalIntnAmount": "1",
		"AwardAmount": "1", "AwardInstrument": "Contract", "Directorate_LongName": "ENG", "Division_Abbreviation": "ENG", "Division_LongName": "Engineering", "Year": "2001", "teams": "1"} {
		w := newWorld(t)
		_, rows := w.run(w.file("a.csv", awards(nil, map[string]string{column: value})))
		require.Equal(t, "differs", rows[1].Code, column)
		require.Equal(t, column, rows[1].Field)
		require.Len(t, w.events(), 3)
		if column == "AwardAmount" {
			continue // against an earlier run that is an adjustment, and news
		}
		_, rows = w.run(w.file("b.csv", awards(map[string]string{column: value})))
		require.Equal(t, "differs", rows[0].Code, "also against an earlier run: %s", column)
		require.Len(t, w.events(), 3)
	}

	w = newWorld(t)
	_, rows = w.run(w.file("a.csv", awards(map[string]string{"AwardExpirationDate": "12/31/2000"}, map[string]string{"AwardExpirationDate": "12/31/2000"})))
	require.Equal(t, "invalid", rows[1].Code, "a repeat shares the fate of the first")
}

func TestFirm(t *testing.T) {
	w := newWorld(t)
	s, rows := w.run(
		w.file("f.csv", firms(nil,
			map[string]string{"firm_name": "GLASS INC", "firm_state": "NY", "award_date": "2001-07-01"},
			map[string]string{"firm_name": "Oxide LLC", "award_date": "2001-07-01", "firm_state": ""},
			map[string]string{"award_id": "1000001", "firm_name": "GLASS  INC", "firm_state": "NY", "award_date": "2001-07-01"})),
		w.file("a.csv", awards(nil, map[string]string{"AwardID": "1000001", "AwardEffectiveDate": "7/1/01", "AwardExpirationDate": "7/1/02"})))
	require.Equal(t, []int{2, 4}, reads(s), "awards come first")
	require.Equal(t, Tally{Recorded: 2}, s.Commands["organisation/register"])
	require.Equal(t, 4, s.Files[1].Accepted)
	require.Equal(t, 3, s.Files[1].New)

	glass, oxide := firm{key: "glass inc"}, firm{key: "oxide llc"}
	require.Equal(t, []string{`organisation.registered.v1 2001-01-15 importer {"names":{"en":"Glass, Inc."},"kind":"company","unit_kind":"foreign",` +
		`"foreign":{"country":"US","scheme":"nsf-firm","id":"glass inc"},"region":"US-MA"}`}, w.told(glass.stream().String()))
	require.Contains(t, w.told(oxide.stream().String())[0], `2001 importer`, "the first of July is a filler")
	require.Contains(t, w.told(oxide.stream().String())[0], `"region":"US"}`)
	require.Equal(t, []string{
		fmt.Sprintf(`project.party-joined.v1 2001-01-15 importer {"organisation":"%s","part":"performer"}`, glass.stream().ID),
		fmt.Sprintf(`project.party-joined.v1 2001 importer {"organisation":"%s","part":"performer"}`, oxide.stream().ID),
	}, w.told(rows[0].Stream)[3:])
	require.Contains(t, w.told(rows[1].Stream)[3], "2001-07-01", "unless the award began on that very day")

	require.Contains(t, rows[3].Remark, "same award and firm as in line 2")
	require.Contains(t, rows[4].Remark, "a second firm")
	require.Contains(t, rows[5].Remark, `registered as "Glass, Inc."`)
	require.Contains(t, rows[5].Remark, `registered in MA`)
	require.Equal(t, rows[0].Stream, rows[4].Stream)
}

func TestFirmRefused(t *testing.T) {
	for name, c := range map[string]struct {
		row              map[string]string
		code, field, say string
	}{
		"unknown award":     {map[string]string{"award_id": "21762"}, "unknown-award", "award_id", "must be given together"},
		"award refused":     {map[string]string{"award_id": "1000001"}, "award-refused", "award_id", "bad-amount"},
		"refused by a rule": {map[string]string{"award_id": "1000002"}, "award-refused", "award_id", "invalid"},
		"no name":           {map[string]string{"firm_name": " . "}, "no-firm", "firm_name", ""},
		"bad date":          {map[string]string{"award_date": "7/1/2001"}, "bad-date", "award_date", "year-month-day"},
		"a month":           {map[string]string{"award_date": "2001-07"}, "bad-date", "award_date", ""},
		"bad year":          {map[string]string{"award_year": ""}, "bad-year", "award_year", ""},
		"a day to come":     {map[string]string{"award_date": "2027-01-02", "award_year": "2027"}, "future-date", "award_date", ""},
		"no such state":     {map[string]string{"firm_state": "Mass."}, "invalid", "firm_state", "ISO 3166-2"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a := w.file("a.csv", awards(nil, map[string]string{"AwardID": "1000001", "AwardAmount": "?"},
				map[string]string{"AwardID": "1000002", "AwardExpirationDate": "12/31/2000"}))
			_, rows := w.run(a, w.file("f.csv", firms(c.row)))
			require.Equal(t, c.code, rows[3].Code)
			require.Equal(t, c.field, rows[3].Field)
			require.Contains(t, rows[3].Reason.En, c.say)
			require.Len(t, w.events(), 3, "nothing is recorded for it")
		})
	}
}

// A firm that one row cannot register is registered by the next that can.
func TestFirmRegisteredByAnotherRow(t *testing.T) {
	w := newWorld(t)
	_, rows := w.run(w.file("a.csv", awards(nil, map[string]string{"AwardID": "1000001"})),
		w.file("f.csv", firms(map[string]string{"firm_state": "Mass."}, map[string]string{"award_id": "1000001"})))
	require.Equal(t, []string{refused, accepted}, []string{rows[2].Outcome, rows[3].Outcome})

	// Known from an earlier run by other particulars: those stand.
	a := w.file("a.csv", awards(map[string]string{"AwardID": "1000002"}))
	s, rows := w.run(a, w.file("f.csv", firms(map[string]string{"award_id": "1000002", "firm_name": "GLASS INC"})))
	require.Equal(t, accepted, rows[1].Outcome)
	require.Contains(t, rows[1].Remark, "other particulars, which stand")
	require.Equal(t, Tally{Repeated: 1}, s.Commands["organisation/register"])
}

// A row that was refused is not the first of its award and firm.
func TestFirmRowAfterARefusedOne(t *testing.T) {
	w := newWorld(t)
	list := []map[string]string{{"award_date": "2027-01-02"}}
	for range window {
		list = append(list, map[string]string{"award_id": "1"})
	}
	s, _ := w.run(w.file("a.csv", awards(nil)), w.file("f.csv", firms(append(list, nil)...)))
	require.Equal(t, map[string]int{"future-date": 1, "unknown-award": window}, s.Refusals)
	require.Equal(t, Tally{Recorded: 1}, s.Commands["project/join-party"])
}

func TestLinks(t *testing.T) {
	award := func(id, title, effective string) map[string]string {
		return map[string]string{"AwardID": id, "AwardTitle": title, "AwardEffectiveDate": effective, "AwardExpirationDate": "12/31/2020"}
	}
	holds := func(id, name string) map[string]string { return map[string]string{"award_id": id, "firm_name": name} }
	w := newWorld(t)
	s, rows := w.run(w.file("a.csv", awards(
		award("1000001", "SBIR Phase I: Glass", "1/1/01"),
		award("1000002", "STTR Phase I: Oxide", "1/1/02"),
		award("1000003", "SBIR Phase IB: Steel", "1/1/03"),
		award("1000004", "SBIR Phase I: Later", "1/1/06"),
		award("2000001", "SBIR PHASE II:  GLASS.", "1/1/05"),
		award("2000002", "SBIR Phase II: Copper", "1/1/05"),
		award("2000003", "SBIR Phase II: Of another", "1/1/05"),
		award("2000004", "SBIR Phase II: Of nobody", "1/1/05"),
		award("2000005", "SBIR Phase II: Shared", "1/1/05"),
		award("2000006", "SBIR Phase II: Refused", "1/1/05"),
		map[string]string{"AwardID": "2000007", "AwardTitle": "SBIR Phase II: Glass", "AwardExpirationDate": "1/1/01"},
	)), w.file("f.csv", firms(
		holds("1000001", "Glass"), holds("1000002", "Glass"), holds("1000003", "Glass"), holds("1000004", "Glass"),
		holds("2000001", "Glass"), holds("2000002", "Glass"), holds("2000003", "Other"),
		holds("2000005", "Other"), holds("2000005", "Glass"),
		map[string]string{"award_id": "2000006", "firm_name": "Glass", "award_date": "2027-01-02"},
	)))
	require.Equal(t, Links{Linked: 3, New: 3, Unlinked: 1, Refusals: map[string]int{}}, s.Links)
	last := func(row int) string { lines := w.told(rows[row].Stream); return lines[len(lines)-1] }
	linked := func(to int, basis string) string {
		a := awardOf(rows[to].Key)
		return fmt.Sprintf(`project.linked.v1 2005-01-01 importer {"project":"%s","relation":"continues","basis":"%s"}`, a.stream().ID, basis)
	}
	require.Equal(t, linked(0, "same firm and title"), last(4))
	require.Equal(t, linked(2, "same firm, latest earlier Phase I"), last(5))
	require.Equal(t, linked(2, "same firm, latest earlier Phase I"), last(8))
	for _, row := range []int{6, 7, 9} {
		require.NotContains(t, last(row), "linked")
	}
	for _, e := range w.events() {
		if e.Type == "project.linked.v1" && e.Stream.String() == rows[8].Stream {
			require.Equal(t, ledger.Source{Kind: "import", Batch: s.Files[1].Batch, Row: 10}, e.Meta.Source, "the line of the firm it rests on")
		}
	}

	// Another run knows an earlier Phase I that fits better: the link that is recorded stands.
	s, _ = w.run(w.file("a.csv", awards(award("1000009", "SBIR Phase I: Copper", "1/1/04"), award("2000002", "SBIR Phase II: Copper", "1/1/05"))),
		w.file("f.csv", firms(holds("1000009", "Glass"), holds("2000002", "Glass"))))
	require.Equal(t, Links{Refused: 1, Refusals: map[string]int{"differs": 1}}, s.Links)
}

func awardOf(id string) *award { return &award{id: id} }

// FuzzAwardRow holds the decoder to its word: what it accepts is answered by the ledger's rules,
// never as malformed, and what it refuses has a column and a reason.
func FuzzAwardRow(f *testing.F) {
	f.Add("0060805", "SBIR Phase I: x", "01/01/2001", "6/30/01", "100000.00", "0", "Standard Grant", "Dir", "TI", "Impacts", "2000", "`")
	f.Add("1000001", "I-Corps &amp;#8208;", "2/29/00", "12/31/99", "", ".5", "", "", "\x00", "\n", "9999", "1")
	f.Fuzz(func(t *testing.T, id, title, effective, expires, intended, obligated, instrument, directorate, division, name, year, teams string) {
		row := map[string]string{"AwardID": id, "AwardTitle": title, "AwardEffectiveDate": effective, "AwardExpirationDate": expires,
			"AwardTotalIntnAmount": intended, "AwardAmount": obligated, "AwardInstrument": instrument, "Directorate_LongName": directorate,
			"Division_Abbreviation": division, "Division_LongName": name, "Year": year, "teams": teams}
		decodeAndSend(t, "award", row)
	})
}

// FuzzFirmRow is the same for firms.
func FuzzFirmRow(f *testing.F) {
	f.Add("0060805", "Glass, Inc.", "MA", "2001-07-01", "2001")
	f.Add("0060805", "ǅ\u0130&lt;", "", "2001-13-01", "0000")
	f.Fuzz(func(t *testing.T, id, name, state, date, year string) {
		row := map[string]string{"award_id": id, "firm_name": name, "firm_state": state, "award_date": date, "award_year": year}
		decodeAndSend(t, "firm", row)
	})
}

// decodeAndSend takes a row through the decoder and the ledger twice, without files; a firm's
// after the row of the award it may name.
func decodeAndSend(t *testing.T, kind string, row map[string]string) {
	w := newWorld(t)
	o := w.options()
	r := &run{to: Local{w.ledger}, o: o, decoder: NSF.begin(o), known: map[ledger.StreamID]bool{}, summary: newSummary(NSF)}
	source := source{path: "f.csv", batch: strings.Repeat("0", 64), kind: Kind{Name: "award"}}
	items := []*item{r.item(source, recordOf(awardValues))}
	source.kind.Name = kind
	for range 2 {
		items = append(items, r.item(source, recordOf(row)))
	}
	require.NoError(t, r.perform(t.Context(), items))
	require.NoError(t, r.links(t.Context()))
	for _, it := range items {
		var count Count
		require.NoError(t, r.settle(it, &count))
		if it.refusal != nil {
			require.NotEqual(t, "malformed", it.refusal.code)
			require.NotEmpty(t, it.refusal.code)
			require.NotEmpty(t, it.refusal.field)
			require.NotEmpty(t, it.refusal.reason.En)
			require.NotEmpty(t, it.refusal.reason.Zh)
		}
	}
}

func recordOf(row map[string]string) record {
	r := record{line: 2, columns: map[string]int{}}
	for column, value := range row {
		// The reader of records lets no other text through.
		r.columns[column], r.values = len(r.values), append(r.values, strings.ToValidUTF8(value, "?"))
	}
	return r
}
