package notice

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

type row = ledgertest.Case[Command, Event]

var (
	day = ledgertest.Date

	venture = ledger.StreamID{Category: "project", ID: ledgertest.ID}
	vacancy = ledger.StreamID{Category: "requisition", ID: ledgertest.ID}
	third   = ledger.StreamID{Category: "application", ID: uuid.MustParse("e7c9a3b1-4d5f-4a6b-8c7d-9e0f1a2b3c4d")}
	fourth  = ledger.StreamID{Category: "application", ID: uuid.MustParse("1d2c3b4a-5f6e-4789-8abc-def012345678")}
	spinOff = uuid.MustParse("5b0e2c1a-7f3d-4e8b-9c6a-0d1e2f3a4b5c")
	lin     = uuid.MustParse("6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c21")
	nobody  = uuid.MustParse("00000000-0000-4000-8000-000000000001")

	asked = Terms{Kinds: []KindTerms{{"price", 15, 0, []string{"unit", "tech-market"}}, {"appointee", 0, 7, nil}}}
	known = governed(asked, ledger.Context{}.Knowing(venture, nil).Knowing(vacancy, nil).Knowing(third, nil).Knowing(fourth, nil).
		Knowing(organisation(spinOff), nil).Knowing(person(lin), nil))
)

// governed is a context under a policy with these terms.
func governed(t Terms, at ledger.Context) ledger.Context {
	params, err := json.Marshal(t)
	if err != nil {
		panic(err)
	}
	at.Rule = &ledger.Rule{Policy: ledger.Policy{Code: "NOTICE-TRANSFER", Version: "2016"}, Form: "notice", Params: params}
	return at
}

func on(date string) ledger.Context {
	at := known
	at.On, at.Now = day(date), ledgertest.Now.AddDate(1, 0, 0)
	return at
}

func price(change func(*Post)) Post {
	c := Post{
		Code: "N-7", Kind: "price", Subject: venture, Titles: ledger.Names{Zh: "价格公示"}, To: day("2026-06-29"), Places: []string{"tech-market", "unit"},
		Price: &ledger.Money{Minor: 120000000, Currency: "CNY"}, Mode: "transfer",
		Related: []Related{{Organisation: spinOff, Relation: "investor"}, {Person: lin, Relation: "completer"}},
	}
	if change != nil {
		change(&c)
	}
	return c
}

func appointees(to string) Post {
	return Post{Kind: "appointee", Subject: vacancy, Titles: ledger.Names{Zh: "拟聘公示"}, To: day(to), Places: []string{"website"}, Listed: []Listed{{"03", third}, {"04", fourth}}}
}

// posted is what a notice comes to that was posted on a day.
func posted(c Post, from string) Posted {
	return Posted{c.Code, c.Kind, c.Subject, c.Titles, day(from), c.To, c.Places, c.Price, c.Mode, c.Related, c.Listed}
}

func running(c Post, from string, more ...Event) []ledgertest.Past[Event] {
	return ledgertest.By(ledgertest.Author, day(from), append([]Event{posted(c, from)}, more...)...)
}

func TestPost(t *testing.T) {
	// A second posting is refused by the ledger, which knows that the stream is there.
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "a price for the fifteen days asked", At: on("2026-06-15"), When: price(nil), Then: []Event{posted(price(nil), "2026-06-15")}, Again: true},
		{Name: "for longer", At: on("2026-06-01"), When: price(nil), Then: []Event{posted(price(nil), "2026-06-01")}, Again: true},
		{Name: "not for fourteen", At: on("2026-06-16"), When: price(nil), Code: "notice-too-short"},
		{Name: "not to a day that is over", At: on("2026-06-30"), When: price(nil), Code: "notice-too-short"},
		{Name: "not in one of two places", At: known, When: price(func(c *Post) { c.Places = []string{"unit"} }), Code: "place-missing"},
		{Name: "seven working days over a weekend", At: on("2026-06-15"), When: appointees("2026-06-23"), Then: []Event{posted(appointees("2026-06-23"), "2026-06-15")}, Again: true},
		{Name: "not six", At: on("2026-06-15"), When: appointees("2026-06-22"), Code: "notice-too-short"},
		{Name: "not six and a weekend", At: on("2026-06-13"), When: appointees("2026-06-22"), Code: "notice-too-short"},
		{Name: "a kind that the policy does not know", At: known, When: price(func(c *Post) { c.Kind, c.Price, c.Mode = "award", nil, "" }), Code: "kind-not-governed"},
		{Name: "under no policy", At: ledger.Context{ReliedOn: known.ReliedOn}, When: price(nil), Code: "no-policy"},
		{Name: "not in a month", At: on("2026-06"), When: price(nil), Code: "day-needed"},
		{Name: "not about nothing", At: known, When: price(func(c *Post) { c.Subject.ID = nobody }), Code: "no-such-subject"},
		{Name: "not related to nobody", At: known, When: price(func(c *Post) { c.Related[1].Person = nobody }), Code: "no-such-subject"},
		{Name: "not listing nobody", At: known, When: price(func(c *Post) { c.Listed = []Listed{{"1", person(nobody)}} }), Code: "no-such-subject"},
	})
	with := price
	for _, wrong := range []struct {
		field string
		when  Post
	}{
		{"code", with(func(c *Post) { c.Code = "公" })},
		{"kind", with(func(c *Post) { c.Kind = "rumour" })},
		{"titles", with(func(c *Post) { c.Titles = ledger.Names{} })},
		{"price", with(func(c *Post) { c.Price = nil })},
		{"price", with(func(c *Post) { c.Kind = "award" })},
		{"price/minor", with(func(c *Post) { c.Price = &ledger.Money{Currency: "CNY"} })},
		{"mode", with(func(c *Post) { c.Mode = "" })},
		{"mode", with(func(c *Post) { c.Kind, c.Price = "award", nil })},
		{"places", with(func(c *Post) { c.Places = nil })},
		{"places/0", with(func(c *Post) { c.Places = []string{"tree"} })},
		{"places/1", with(func(c *Post) { c.Places = []string{"unit", "unit"} })},
		{"to", with(func(c *Post) { c.To = day("2026-07") })},
		{"related", with(func(c *Post) { c.Related = make([]Related, 51) })},
		{"related/0", with(func(c *Post) { c.Related[0].Person = lin })},
		{"related/0", with(func(c *Post) { c.Related[0].Organisation = uuid.Nil })},
		{"related/1/relation", with(func(c *Post) { c.Related[1].Relation = "friend" })},
		{"listed", with(func(c *Post) { c.Listed = make([]Listed, 501) })},
		{"listed/0/number", with(func(c *Post) { c.Listed = []Listed{{"", third}} })},
		{"listed/1", with(func(c *Post) { c.Listed = []Listed{{"1", third}, {"1", fourth}} })},
		{"listed/1", with(func(c *Post) { c.Listed = []Listed{{"1", third}, {"2", third}} })},
	} {
		ledgertest.Run(t, Decider, Codec, []row{{Name: strings.ReplaceAll(wrong.field, "/", ".") + " is wrong", At: known, When: wrong.when, Code: "invalid", Field: wrong.field}})
	}
	require.Equal(t, []ledger.StreamID{venture, organisation(spinOff), person(lin)}, price(nil).ReliesOn())
	require.Equal(t, []ledger.StreamID{vacancy, third, fourth}, appointees("2026-06-30").ReliesOn())
	require.Equal(t, ledger.Governing{Form: "notice", Code: "NOTICE-TRANSFER"}, price(nil).Under(State{}))
	require.Equal(t, ledger.Governing{Form: "notice", Code: "NOTICE-PERSONNEL"}, appointees("2026-06-30").Under(State{}))
}

// Scenario 2: on day 14 nothing can be concluded; the notice of 15 days is concluded on day 16.
func TestConclude(t *testing.T) {
	fifteen := running(price(func(c *Post) { c.To = day("2026-06-15") }), "2026-06-01")
	decided := func(decision string) Conclude {
		return Conclude{[]Objection{{Number: "Y-1", Ground: "price", Decision: decision}}}
	}
	concluded := func(outcome string, c Conclude) []Event {
		return []Event{Concluded{c.Objections, outcome, ledgertest.Actor}}
	}
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "on day 14", At: on("2026-06-14"), Given: fifteen, When: Conclude{}, Code: "notice-running"},
		{Name: "on day 15, which is its last", At: on("2026-06-15"), Given: fifteen, When: Conclude{}, Code: "notice-running"},
		{Name: "in the month, which may mean its first day", At: on("2026-06"), Given: fifteen, When: Conclude{}, Code: "notice-running"},
		{Name: "on day 16", At: on("2026-06-16"), Given: fifteen, When: Conclude{}, Then: concluded("no-objection", Conclude{})},
		{Name: "with an objection dismissed", At: on("2026-06-16"), Given: fifteen, When: decided("dismissed"), Then: concluded("no-objection", decided("dismissed"))},
		{Name: "with an objection upheld", At: on("2026-06-16"), Given: fifteen, When: decided("upheld"), Then: concluded("objection-upheld", decided("upheld"))},
		{Name: "not twice", At: on("2026-06-17"), Given: append(fifteen, ledgertest.By[Event]("sup", day("2026-06-16"), Concluded{nil, "no-objection", "sup"})...), When: Conclude{}, Code: "concluded"},
		{Name: "not once withdrawn", At: on("2026-06-17"), Given: running(price(nil), "2026-06-01", Withdrawn{"error"}), When: Conclude{}, Code: "withdrawn"},
		{Name: "too many objections", At: on("2026-06-16"), Given: fifteen, When: Conclude{make([]Objection, 201)}, Code: "invalid", Field: "objections"},
		{Name: "an objection without number", At: on("2026-06-16"), Given: fifteen, When: Conclude{make([]Objection, 1)}, Code: "invalid", Field: "objections/0/number"},
		{Name: "an objection told twice", At: on("2026-06-16"), Given: fifteen, When: Conclude{append(decided("upheld").Objections, decided("dismissed").Objections...)}, Code: "invalid", Field: "objections/1/number"},
		{Name: "an objection without ground", At: on("2026-06-16"), Given: fifteen, When: Conclude{[]Objection{{Number: "1", Decision: "upheld"}}}, Code: "invalid", Field: "objections/0/ground"},
		{Name: "an objection without decision", At: on("2026-06-16"), Given: fifteen, When: decided(""), Code: "invalid", Field: "objections/0/decision"},
		{Name: "an objection to who is not listed", At: on("2026-06-16"), Given: fifteen, When: Conclude{[]Objection{{"1", "conduct", third, "upheld"}}}, Code: "invalid", Field: "objections/0/against"},
	})
}

func TestWithdraw(t *testing.T) {
	ledgertest.Run(t, Decider, Codec, []row{
		{Name: "while it runs", At: on("2026-06-10"), Given: running(price(nil), "2026-06-01"), When: Withdraw{"error"}, Then: []Event{Withdrawn{"error"}}},
		{Name: "on its first day", At: on("2026-06-01"), Given: running(price(nil), "2026-06-01"), When: Withdraw{"changed"}, Then: []Event{Withdrawn{"changed"}}},
		{Name: "in its month, which may mean a later day", At: on("2026-06"), Given: running(price(nil), "2026-06-10"), When: Withdraw{"changed"}, Then: []Event{Withdrawn{"changed"}}},
		{Name: "not twice", At: on("2026-06-10"), Given: running(price(nil), "2026-06-01", Withdrawn{"error"}), When: Withdraw{"error"}, Code: "withdrawn"},
		{Name: "not before it was posted", At: on("2026-05-31"), Given: running(price(nil), "2026-06-01"), When: Withdraw{"error"}, Code: "date-order"},
		{Name: "for no ground", At: on("2026-06-10"), Given: running(price(nil), "2026-06-01"), When: Withdraw{}, Code: "invalid", Field: "ground"},
	})
}

func TestWhatANoticeClears(t *testing.T) {
	last := ledger.Metadata{OccurredOn: day("2026-06-24")}
	after := func(c Post, events ...Event) State {
		s := Decider.Evolve(State{}, posted(c, "2026-06-15"), ledger.Metadata{OccurredOn: day("2026-06-15")})
		for _, e := range events {
			s = Decider.Evolve(s, e, last)
		}
		return s
	}
	upheld := func(against ledger.StreamID) Concluded {
		return Concluded{[]Objection{{"1", "conduct", against, "upheld"}, {"2", "other", against, "dismissed"}}, "objection-upheld", "sup"}
	}
	clears := func(s State, kind string, subject ledger.StreamID) bool {
		on, ok := s.Cleared(kind, subject)
		require.Equal(t, ok, on == last.OccurredOn)
		return ok
	}
	list := appointees("2026-06-23")
	clean := after(list, Concluded{nil, "no-objection", "sup"})
	require.True(t, clears(clean, "appointee", vacancy) && clears(clean, "appointee", third) && clears(clean, "appointee", fourth))
	require.False(t, clears(clean, "appointee", venture), "not what it does not name")
	require.False(t, clears(clean, "price", vacancy), "not of another kind")
	require.False(t, clears(after(list), "appointee", third), "not while it runs")

	dismissed := after(list, Concluded{[]Objection{{"1", "conduct", third, "dismissed"}}, "no-objection", "sup"})
	require.True(t, clears(dismissed, "appointee", third), "what was dismissed stands in nobody's way")

	one := after(list, upheld(third))
	require.Equal(t, []bool{false, true, false}, []bool{clears(one, "appointee", third), clears(one, "appointee", fourth), clears(one, "appointee", vacancy)})
	whole := after(list, upheld(ledger.StreamID{}))
	require.Equal(t, []bool{false, false, false}, []bool{clears(whole, "appointee", third), clears(whole, "appointee", fourth), clears(whole, "appointee", vacancy)})

	require.True(t, after(list).IsPosted("appointee", fourth))
	require.False(t, after(list).IsPosted("vacancy", fourth))
	require.False(t, after(list, Withdrawn{"error"}).IsPosted("appointee", fourth))
	require.False(t, after(list).IsMarked())
	require.True(t, after(price(func(c *Post) { c.Related = c.Related[:1] })).IsMarked())
	require.Equal(t, []ledger.Claim{{Kind: "notice-code", Key: "N-7"}}, Decider.Claims(after(price(nil)), ledger.StreamID{}))
	require.Nil(t, Decider.Claims(after(list), ledger.StreamID{}))
}

func TestTerms(t *testing.T) {
	require.NoError(t, asked.Check())
	require.NoError(t, Terms{Kinds: []KindTerms{{Kind: "award", Days: 365, Weekdays: 260}}}.Check())
	for field, wrong := range map[string]Terms{
		"kinds":             {},
		"kinds/0/kind":      {Kinds: []KindTerms{{Kind: "rumour"}}},
		"kinds/1/kind":      {Kinds: []KindTerms{{Kind: "price"}, {Kind: "price"}}},
		"kinds/0/days":      {Kinds: []KindTerms{{Kind: "price", Days: 366}}},
		"kinds/0/weekdays":  {Kinds: []KindTerms{{Kind: "price", Weekdays: -1}}},
		"kinds/0/places/0":  {Kinds: []KindTerms{{Kind: "price", Places: []string{"tree"}}}},
		"kinds/0/places/1":  {Kinds: []KindTerms{{Kind: "price", Places: []string{"unit", "unit"}}}},
		"kinds/1/days":      {Kinds: []KindTerms{{Kind: "price"}, {Kind: "award", Days: -1}}},
		"kinds/0/weekdays ": {Kinds: []KindTerms{{Kind: "price", Weekdays: 261}}},
	} {
		err := wrong.Check()
		require.Equal(t, "invalid", ledger.CodeOf(err), field)
		require.Equal(t, "/data/params/"+strings.TrimSpace(field), err.(*ledger.Error).Fields[0].Pointer)
	}
}

// Each seed of this form is one that Check accepts, and asks what the text of its policy asks.
func TestSeeds(t *testing.T) {
	days := map[string]int{}
	for _, file := range []string{"NOTICE-TRANSFER.2016", "NOTICE-TRANSFER-ZJ.2021", "NOTICE-PERSONNEL.2014"} {
		raw, err := os.ReadFile("../policy/seed/" + file + ".json")
		require.NoError(t, err)
		var seed struct {
			Code, Version, Form string
			Params              json.RawMessage
		}
		require.NoError(t, json.Unmarshal(raw, &seed))
		require.Equal(t, file, seed.Code+"."+seed.Version)
		require.Equal(t, Rules[0].Name, seed.Form)
		require.NoError(t, Rules[0].Check(seed.Params))
		var terms Terms
		require.NoError(t, json.Unmarshal(seed.Params, &terms))
		for _, k := range terms.Kinds {
			days[file+" "+k.Kind] = max(k.Days, k.Weekdays)
		}
	}
	require.Equal(t, map[string]int{
		"NOTICE-TRANSFER.2016 price": 15, "NOTICE-TRANSFER.2016 award": 15,
		"NOTICE-TRANSFER-ZJ.2021 price": 15, "NOTICE-TRANSFER-ZJ.2021 award": 15,
		"NOTICE-PERSONNEL.2014 vacancy": 7, "NOTICE-PERSONNEL.2014 appointee": 7,
	}, days)
}

func TestStoredShapes(t *testing.T) { ledgertest.Shapes(t, Codec, os.DirFS("testdata/events")) }

func FuzzDecode(f *testing.F) { ledgertest.FuzzDecode(f, Codec, os.DirFS("testdata/events")) }
