// Package organisation is the register of companies, universities, funds, societies and
// departments, each under its unified social credit code or the number a foreign register
// gave it.
package organisation

import (
	"fmt"
	"regexp"
	"strings"

	"ttledger/domain/ledger"
)

// Event is a fact in an organisation's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for a change of one organisation.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// State is an organisation as far as rules need to know it.
type State struct {
	Names     ledger.Names `json:"names"`
	Kind      string       `json:"kind"`
	UnitKind  string       `json:"unit_kind,omitzero"`
	USCC      string       `json:"uscc,omitzero"`
	Foreign   *ForeignID   `json:"foreign,omitzero"`
	FoundedOn ledger.Date  `json:"founded_on,omitzero"`
}

// OfKind is what kind of organisation it is.
func (s State) OfKind() string { return s.Kind }

// Ownership is its kind of unit, which transfer rules look at; empty where unknown.
func (s State) Ownership() string { return s.UnitKind }

// Founded is when it was founded; zero where unknown.
func (s State) Founded() ledger.Date { return s.FoundedOn }

// IsAbroad says that it is in a register abroad.
func (s State) IsAbroad() bool { return s.Foreign != nil }

// claims: one organisation a number of its register.
func (s State) claims(ledger.StreamID) []ledger.Claim {
	switch {
	case s.USCC != "":
		return []ledger.Claim{{Kind: "uscc", Key: s.USCC}}
	case s.Foreign != nil:
		return []ledger.Claim{{Kind: "foreign-register", Key: s.Foreign.Country + " " + s.Foreign.Scheme + " " + s.Foreign.ID}}
	}
	return nil
}

// Decider is the rules of organisations.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) { return c.decide(s, at) },
	Evolve: func(s State, e Event, m ledger.Metadata) State { return e.apply(s, m) },
	Claims: State.claims,
}

// Codec is every stored form of an organisation's events.
var Codec = ledger.NewCodec(
	ledger.Current[Registered, Event](),
)

// Aggregate is organisations for the rest of the program.
var Aggregate = ledger.New("organisation", ledger.Text{En: "organisation", Zh: "主体(机构)"}, Decider, Codec,
	ledger.Does[Register, Command](ledger.Verb{Name: "register", Creates: true, Roles: []ledger.Role{ledger.PM, ledger.TM, ledger.LEG, ledger.INC},
		Help: ledger.Text{En: "register an organisation under its credit code or foreign number", Zh: "以统一社会信用代码或境外编号登记主体"}}),
).SeenBy(ledger.Sight{All: ledger.AllRoles()})

// Register enters an organisation. Exactly one of USCC and Foreign names it.
type Register struct {
	Names        ledger.Names `json:"names" en:"name in Chinese, English or both" zh:"名称(中文、英文或两者)"`
	Kind         string       `json:"kind" enum:"company,university,institute,fund,investor,society,department,other" en:"kind" zh:"类型"`
	UnitKind     string       `json:"unit_kind,omitzero" enum:"state-rd,university,state-owned,private,foreign,government,other" en:"ownership that transfer rules look at" zh:"单位性质"`
	USCC         string       `json:"uscc,omitzero" en:"unified social credit code, 18 characters (GB 32100-2015)" zh:"统一社会信用代码(18 位,GB 32100-2015)"`
	Foreign      *ForeignID   `json:"foreign,omitzero" en:"number in a foreign register, where there is no credit code" zh:"境外登记编号(无统一社会信用代码时)"`
	Region       string       `json:"region,omitzero" en:"region: ISO 3166-2, or 6 digits of GB/T 2260" zh:"地区:ISO 3166-2 或 GB/T 2260 六位代码"`
	IndustryTags []string     `json:"industry_tags,omitzero" en:"industry tags" zh:"行业标签"`
	FoundedOn    ledger.Date  `json:"founded_on,omitzero" en:"date of foundation" zh:"成立日期"`
}

// ForeignID is a number that a register abroad gave.
type ForeignID struct {
	Country string `json:"country" en:"ISO 3166-1, two letters" zh:"国家或地区代码(两位字母)"`
	Scheme  string `json:"scheme" en:"the register" zh:"登记体系"`
	ID      string `json:"id" en:"the number there" zh:"编号"`
}

var (
	countryPattern = regexp.MustCompile(`^[A-Z]{2}$`)
	schemePattern  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
	regionPattern  = regexp.MustCompile(`^([A-Z]{2}(-[A-Z0-9]{1,3})?|[0-9]{6})$`)
	tagPattern     = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
)

func (c Register) decide(_ State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		c.Names.Check("names"),
		ledger.CheckOneOf("kind", c.Kind, "company", "university", "institute", "fund", "investor", "society", "department", "other"),
		ledger.CheckOneOf("unit_kind", c.UnitKind, "", "state-rd", "university", "state-owned", "private", "foreign", "government", "other"),
		c.checkID(),
		ledger.CheckCount("industry_tags", len(c.IndustryTags), 50),
	); err != nil {
		return nil, err
	}
	if c.Region != "" && !regionPattern.MatchString(c.Region) {
		return nil, ledger.InvalidField("region", "ISO 3166-2 such as US-CA, or six digits such as 210106", "应为 ISO 3166-2(如 US-CA)或六位代码(如 210106)")
	}
	for i, tag := range c.IndustryTags {
		if !tagPattern.MatchString(tag) {
			return nil, ledger.InvalidField(fmt.Sprintf("industry_tags/%d", i), "a tag is 1 to 40 of a-z 0-9 -", "标签为 1 至 40 位小写字母、数字或 -")
		}
	}
	if !c.FoundedOn.IsZero() && c.FoundedOn.Compare(ledger.DayOf(at.Now)) > 0 {
		return nil, ledger.InvalidField("founded_on", "must not be after today", "不能晚于今天")
	}
	return []Event{Registered(c)}, nil
}

func (c Register) checkID() error {
	if (c.USCC == "") == (c.Foreign == nil) {
		return ledger.InvalidField("uscc", "give the credit code, or a foreign number, and not both", "统一社会信用代码与境外编号须且只能填写一项")
	}
	if c.Foreign == nil {
		return CheckUSCC(c.USCC)
	}
	if !countryPattern.MatchString(c.Foreign.Country) || c.Foreign.Country == "CN" {
		return ledger.InvalidField("foreign/country", "two capital letters, not CN: an organisation in China has a credit code", "两位大写字母,且不能为 CN:境内主体须填写统一社会信用代码")
	}
	if !schemePattern.MatchString(c.Foreign.Scheme) {
		return ledger.InvalidField("foreign/scheme", "1 to 40 of a-z 0-9 -", "1 至 40 位小写字母、数字或 -")
	}
	return ledger.CheckText("foreign/id", c.Foreign.ID, 200, true)
}

// usccAlphabet is the 31 characters of GB 32100-2015: digits and letters without I, O, S, V, Z.
const usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// CheckUSCC says what is wrong with a unified social credit code: 18 characters of the
// standard's 31, the last of which is the check digit over the others, weighted by the powers
// of 3 modulo 31 (GB 32100-2015).
func CheckUSCC(code string) error {
	if len(code) != 18 {
		return ledger.InvalidField("uscc", fmt.Sprintf("18 characters, got %d", len(code)), fmt.Sprintf("应为 18 位,实际 %d 位", len(code)))
	}
	sum, weight := 0, 1
	for i := range code {
		value := strings.IndexByte(usccAlphabet, code[i])
		if value < 0 {
			return ledger.InvalidField("uscc", fmt.Sprintf("%q at place %d is not used in credit codes", code[i:i+1], i+1), fmt.Sprintf("第 %d 位 %q 不是代码字符", i+1, code[i:i+1]))
		}
		if i == 17 {
			want := usccAlphabet[(31-sum%31)%31]
			if code[i] != want {
				return ledger.InvalidField("uscc", "the check digit does not fit the other 17 characters; was one mistyped?", "校验码与前 17 位不符,请核对")
			}
		}
		sum += value * weight
		weight = weight * 3 % 31
	}
	return nil
}

// Registered: the organisation is in the register (domain catalogue event 8).
type Registered struct {
	Names        ledger.Names `json:"names"`
	Kind         string       `json:"kind"`
	UnitKind     string       `json:"unit_kind,omitzero"`
	USCC         string       `json:"uscc,omitzero"`
	Foreign      *ForeignID   `json:"foreign,omitzero"`
	Region       string       `json:"region,omitzero"`
	IndustryTags []string     `json:"industry_tags,omitzero"`
	FoundedOn    ledger.Date  `json:"founded_on,omitzero"`
}

// EventType is the stored name.
func (Registered) EventType() string { return "organisation.registered.v1" }

// Correctable: a wrong record is put right by a correction.
func (Registered) Correctable() {}

func (e Registered) apply(s State, _ ledger.Metadata) State {
	s.Names, s.Kind, s.UnitKind = e.Names, e.Kind, e.UnitKind
	s.USCC, s.Foreign, s.FoundedOn = e.USCC, e.Foreign, e.FoundedOn
	return s
}
