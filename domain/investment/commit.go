package investment

import (
	"fmt"
	"regexp"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Commit promises a fund's capital to a company.
type Commit struct {
	Code       string       `json:"code" en:"code, such as F-2026-0007" zh:"编号,如 F-2026-0007"`
	Terms      string       `json:"terms" en:"terms of the fund, the code of their policy" zh:"基金章程(政策代码)"`
	Fund       uuid.UUID    `json:"fund" en:"id of the registered fund" zh:"已登记基金的标识"`
	Company    uuid.UUID    `json:"company" en:"id of the registered company" zh:"被投企业的标识"`
	Project    uuid.UUID    `json:"project,omitzero" en:"id of the project, where it is for one" zh:"所投项目的标识(如有)"`
	Amount     ledger.Money `json:"amount" en:"amount committed" zh:"承诺出资额"`
	Instrument string       `json:"instrument" enum:"equity,convertible,debt,fund-share,other" en:"instrument" zh:"出资方式:股权、可转债、债权、基金份额、其他"`
	Round      string       `json:"round,omitzero" enum:"seed,angel,pre-a,a,b,c,later,other" en:"round of financing" zh:"融资轮次"`
	Meeting    string       `json:"meeting" en:"reference of the committee's decision" zh:"投委会决议编号"`
	Related    bool         `json:"related,omitzero" en:"the company is related to the fund, its manager or who decides" zh:"是否关联交易"`
	Relation   string       `json:"relation,omitzero" en:"how, without names of persons" zh:"关联关系说明(不含人名)"`
}

func organisation(id uuid.UUID) ledger.StreamID {
	return ledger.StreamID{Category: "organisation", ID: id}
}

func project(id uuid.UUID) ledger.StreamID { return ledger.StreamID{Category: "project", ID: id} }

// ReliesOn is the fund, the company and the project.
func (c Commit) ReliesOn() []ledger.StreamID {
	streams := []ledger.StreamID{organisation(c.Fund), organisation(c.Company)}
	if c.Project != uuid.Nil {
		streams = append(streams, project(c.Project))
	}
	return streams
}

// Under is the terms of the fund in force on the day.
func (c Commit) Under(State) ledger.Governing {
	return ledger.Governing{Form: "fund-terms", Code: c.Terms}
}

// Benefits is the company.
func (c Commit) Benefits(State) []ledger.StreamID {
	return []ledger.StreamID{organisation(c.Company)}
}

var codePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$`)

func (c Commit) decide(_ State, at ledger.Context) ([]Event, error) {
	terms, err := ledger.Params[Terms](at)
	if err != nil {
		return nil, err
	}
	if err := ledger.First(c.check(), c.known(at), c.within(terms)); err != nil {
		return nil, err
	}
	return []Event{CommitmentMade{
		Code: c.Code, Terms: c.Terms, Fund: c.Fund, Company: c.Company, Project: c.Project, Amount: c.Amount, Capital: terms.Capital,
		Instrument: c.Instrument, Round: c.Round, Body: terms.Body, Meeting: c.Meeting, Related: c.Related, Relation: c.Relation,
	}}, nil
}

func (c Commit) check() error {
	if !codePattern.MatchString(c.Code) {
		return ledger.InvalidField("code", "1 to 40 of A-Z a-z 0-9 . _ / -", "1 至 40 位字母、数字或 . _ / -")
	}
	if c.Related == (c.Relation == "") {
		return ledger.InvalidField("relation", "say how the parties are related where they are, and nothing where they are not", "关联交易须说明关联关系,非关联交易请留空")
	}
	return ledger.First(
		c.Amount.Check("amount"),
		ledger.CheckOneOf("instrument", c.Instrument, "equity", "convertible", "debt", "fund-share", "other"),
		ledger.CheckOneOf("round", c.Round, "", "seed", "angel", "pre-a", "a", "b", "c", "later", "other"),
		ledger.CheckText("meeting", c.Meeting, 200, true),
		ledger.CheckText("relation", c.Relation, 500, false),
	)
}

// known refuses a fund that is none, and a company or project that is not in the ledger.
func (c Commit) known(at ledger.Context) error {
	if f, ok := ledger.About[interface{ OfKind() string }](at, organisation(c.Fund)); !ok || f.OfKind() != "fund" {
		return reject("not-a-fund", fmt.Sprintf("no fund is registered under %s", c.Fund), fmt.Sprintf("%s 不是已登记的基金", c.Fund))
	}
	if !at.Exists(organisation(c.Company)) {
		return reject("no-such-organisation", fmt.Sprintf("the organisation %s is not registered", c.Company), fmt.Sprintf("主体 %s 尚未登记", c.Company))
	}
	if c.Project != uuid.Nil && !at.Exists(project(c.Project)) {
		return reject("no-such-project", fmt.Sprintf("there is no project %s", c.Project), fmt.Sprintf("没有项目 %s", c.Project))
	}
	return nil
}

// within holds a commitment against the terms. What others committed is the ledger's to know.
func (c Commit) within(t Terms) error {
	switch {
	case t.Fund != c.Fund:
		return reject("other-fund", fmt.Sprintf("these are the terms of the fund %s", t.Fund), fmt.Sprintf("该章程属于基金 %s", t.Fund))
	case c.Amount.Currency != t.Capital.Currency:
		return ledger.InvalidField("amount/currency", "the fund's capital is in "+t.Capital.Currency, "基金币种为 "+t.Capital.Currency)
	case c.Amount.Minor > t.most():
		most := ledger.Money{Minor: t.most(), Currency: t.Capital.Currency}
		return reject("above-terms", fmt.Sprintf("the terms allow %s to one company", most), fmt.Sprintf("按章程单一企业出资上限为 %s", most))
	}
	return nil
}

// CommitmentMade: capital is promised (domain catalogue event 66).
type CommitmentMade struct {
	Code       string       `json:"code"`
	Terms      string       `json:"terms"`
	Fund       uuid.UUID    `json:"fund"`
	Company    uuid.UUID    `json:"company"`
	Project    uuid.UUID    `json:"project,omitzero"`
	Amount     ledger.Money `json:"amount"`
	Capital    ledger.Money `json:"capital"`
	Instrument string       `json:"instrument"`
	Round      string       `json:"round,omitzero"`
	Body       string       `json:"body"`
	Meeting    string       `json:"meeting"`
	Related    bool         `json:"related,omitzero"`
	Relation   string       `json:"relation,omitzero"`
}

// EventType is the stored name.
func (CommitmentMade) EventType() string { return "investment.commitment-made.v1" }

func (e CommitmentMade) apply(s State, m ledger.Metadata) State {
	s.Code, s.Fund, s.Company, s.Amount, s.Capital, s.CommittedOn = e.Code, e.Fund, e.Company, e.Amount, e.Capital, m.OccurredOn
	return s
}
