package organisation

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

// Credit codes that the public register shows.
const (
	enterprise = "91110108551385082Q"
	university = "12100000400000624D"
)

var abroad = &ForeignID{Country: "SE", Scheme: "bolagsverket", ID: "556000-4615"}

func company(change func(*Register)) Register {
	c := Register{Names: ledger.Names{Zh: "沈阳某科技有限公司", En: "Shenyang Example Technology"}, Kind: "company", USCC: enterprise}
	if change != nil {
		change(&c)
	}
	return c
}

func TestRegister(t *testing.T) {
	var cases []ledgertest.Case[Command, Event]
	for name, change := range map[string]func(*Register){
		"a company under its credit code":               nil,
		"a name in Chinese is enough":                   func(c *Register) { c.Names.En = "" },
		"a name in English is enough":                   func(c *Register) { c.Names.Zh = "" },
		"a public institution under its credit code":    func(c *Register) { c.Kind, c.UnitKind, c.USCC = "university", "university", university },
		"one abroad under the number of its register":   func(c *Register) { c.USCC, c.Foreign, c.Region = "", abroad, "SE-O" },
		"a region may be six digits":                    func(c *Register) { c.Region = "210106" },
		"a region may be a country":                     func(c *Register) { c.Region = "US" },
		"industry tags":                                 func(c *Register) { c.IndustryTags = []string{"ic-equipment", "5g"} },
		"founded today":                                 func(c *Register) { c.FoundedOn = ledgertest.Date("2026-06-15") },
		"founded in this year, which may mean any day":  func(c *Register) { c.FoundedOn = ledgertest.Date("2026") },
		"founded in a month long ago":                   func(c *Register) { c.FoundedOn = ledgertest.Date("1958-06") },
		"a name of five hundred characters is not long": func(c *Register) { c.Names.Zh = strings.Repeat("名", 500) },
	} {
		when := company(change)
		// A second registration is refused by the ledger, which knows that the stream is there.
		cases = append(cases, ledgertest.Case[Command, Event]{Name: name, When: when, Then: []Event{Registered(when)}, Again: true})
	}
	ledgertest.Run(t, Decider, Codec, cases)
}

func TestRegisterWhatIsWrong(t *testing.T) {
	var cases []ledgertest.Case[Command, Event]
	for name, wrong := range map[string]struct {
		field  string
		change func(*Register)
	}{
		"no name":                         {"names", func(c *Register) { c.Names = ledger.Names{} }},
		"a name of blanks":                {"names", func(c *Register) { c.Names = ledger.Names{Zh: " ", En: "\t"} }},
		"a Chinese name ending in blanks": {"names/zh", func(c *Register) { c.Names.Zh = "公司 " }},
		"an English name that is too long": {"names/en", func(c *Register) {
			c.Names.En = strings.Repeat("x", 501)
		}},
		"a kind that is not known":             {"kind", func(c *Register) { c.Kind = "bank" }},
		"no kind":                              {"kind", func(c *Register) { c.Kind = "" }},
		"an ownership that is not known":       {"unit_kind", func(c *Register) { c.UnitKind = "mixed" }},
		"neither code nor number":              {"uscc", func(c *Register) { c.USCC = "" }},
		"both code and number":                 {"uscc", func(c *Register) { c.Foreign = abroad }},
		"a code that is one short":             {"uscc", func(c *Register) { c.USCC = enterprise[:17] }},
		"a code that is one long":              {"uscc", func(c *Register) { c.USCC = enterprise + "Q" }},
		"a code with a letter not in use":      {"uscc", func(c *Register) { c.USCC = strings.Replace(enterprise, "5", "S", 1) }},
		"a code in small letters":              {"uscc", func(c *Register) { c.USCC = strings.ToLower(enterprise) }},
		"a code in wide digits":                {"uscc", func(c *Register) { c.USCC = "９１１１０１" }},
		"a code with a wrong check digit":      {"uscc", func(c *Register) { c.USCC = enterprise[:17] + "R" }},
		"a code with one digit mistyped":       {"uscc", func(c *Register) { c.USCC = "91110108551385083Q" }},
		"a code with two neighbours exchanged": {"uscc", func(c *Register) { c.USCC = "91110108551358082Q" }},
		"a country of three letters":           {"foreign/country", foreign("SWE", "bolagsverket", "1")},
		"a country in small letters":           {"foreign/country", foreign("se", "bolagsverket", "1")},
		"China is not abroad":                  {"foreign/country", foreign("CN", "saic", "1")},
		"no register":                          {"foreign/scheme", foreign("SE", "", "1")},
		"a register in capitals":               {"foreign/scheme", foreign("SE", "Bolagsverket", "1")},
		"no number in the register":            {"foreign/id", foreign("SE", "bolagsverket", "")},
		"a number that is too long":            {"foreign/id", foreign("SE", "bolagsverket", strings.Repeat("1", 201))},
		"a region by name":                     {"region", func(c *Register) { c.Region = "Liaoning" }},
		"a region of five digits":              {"region", func(c *Register) { c.Region = "21010" }},
		"the second tag in capitals":           {"industry_tags/1", func(c *Register) { c.IndustryTags = []string{"ic", "IC"} }},
		"more than fifty tags":                 {"industry_tags", func(c *Register) { c.IndustryTags = make([]string, 51) }},
		"an empty tag":                         {"industry_tags/0", func(c *Register) { c.IndustryTags = []string{""} }},
		"founded tomorrow":                     {"founded_on", func(c *Register) { c.FoundedOn = ledgertest.Date("2026-06-16") }},
	} {
		cases = append(cases, ledgertest.Case[Command, Event]{Name: name, When: company(wrong.change), Code: "invalid", Field: wrong.field})
	}
	ledgertest.Run(t, Decider, Codec, cases)
}

func foreign(country, scheme, id string) func(*Register) {
	return func(c *Register) { c.USCC, c.Foreign = "", &ForeignID{country, scheme, id} }
}

// The first three are codes that public registers show, so that the arithmetic is not checked
// against itself. The last two have the first and the last character of the alphabet as check digit.
func TestCheckUSCC(t *testing.T) {
	for _, code := range []string{enterprise, university, "9144030071526726XG", "91210106000000039" + "0", "91210106000000029" + "Y"} {
		require.NoError(t, CheckUSCC(code), code)
	}
}

// The standard's check digit finds every single mistyped character.
func TestEveryMistypedCharacterIsFound(t *testing.T) {
	for place := range enterprise {
		for _, other := range usccAlphabet {
			mistyped := enterprise[:place] + string(other) + enterprise[place+1:]
			if mistyped != enterprise {
				require.Error(t, CheckUSCC(mistyped), mistyped)
			}
		}
	}
}

func TestTheStateIsWhatRulesNeed(t *testing.T) {
	c := company(func(c *Register) { c.UnitKind, c.FoundedOn = "private", ledgertest.Date("1999-03") })
	s := Decider.Evolve(State{}, Registered(c), ledger.Metadata{})
	require.Equal(t, []any{"company", "private", c.FoundedOn, false}, []any{s.OfKind(), s.Ownership(), s.Founded(), s.IsAbroad()})
	require.Equal(t, []ledger.Claim{{Kind: "uscc", Key: enterprise}}, Decider.Claims(s, ledger.StreamID{}))
	s = Decider.Evolve(State{}, Registered{Names: c.Names, Kind: "company", Foreign: abroad}, ledger.Metadata{})
	require.True(t, s.IsAbroad())
	require.Equal(t, []ledger.Claim{{Kind: "foreign-register", Key: "SE bolagsverket 556000-4615"}}, Decider.Claims(s, ledger.StreamID{}))
	require.Empty(t, Decider.Claims(State{}, ledger.StreamID{}))
}

func TestStoredShapes(t *testing.T) { ledgertest.Shapes(t, Codec, os.DirFS("testdata/events")) }

func FuzzDecode(f *testing.F) { ledgertest.FuzzDecode(f, Codec, os.DirFS("testdata/events")) }

// FuzzCheckUSCC: whatever is accepted is 18 characters of the alphabet.
func FuzzCheckUSCC(f *testing.F) {
	f.Add(enterprise)
	f.Add("９１１１０１")
	f.Fuzz(func(t *testing.T, code string) {
		if CheckUSCC(code) == nil {
			require.Len(t, code, 18)
			require.Empty(t, strings.Trim(code, usccAlphabet))
		}
	})
}
