package incubation

import (
	"fmt"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// ConfirmLanding confirms that the venture settled in a park (落地): a graduate, or the venture of
// an offshore case, which ends by it and goes on in a local case.
type ConfirmLanding struct {
	Park         uuid.UUID    `json:"park" en:"id of the park it lands in" zh:"落地园区标识"`
	To           uuid.UUID    `json:"to,omitzero" en:"id of the facility in the park, where one takes it" zh:"落地载体标识"`
	Company      uuid.UUID    `json:"company" en:"id of the company or branch registered here" zh:"落地企业标识"`
	RegisteredOn ledger.Date  `json:"registered_on" en:"registered on" zh:"企业登记日期"`
	Land         int64        `json:"land_m2,omitzero" en:"land in square metres" zh:"用地(平方米)"`
	Area         int64        `json:"area_m2,omitzero" en:"floor space in square metres" zh:"用房面积(平方米)"`
	Investment   ledger.Money `json:"investment,omitzero" en:"investment agreed" zh:"协议投资额"`
	Jobs         int64        `json:"jobs,omitzero" en:"jobs planned" zh:"计划就业人数"`
	Functions    []string     `json:"functions,omitzero" enum:"transfer,talent,incubation,investment" en:"functions of the offshore centre that brought it" zh:"引进功能:成果转化、人才引进、跨境孵化、招商引资"`
	Import       string       `json:"import_registration,omitzero" en:"number of the registration of the technology import" zh:"技术进口合同登记号"`
}

// ReliesOn is where it comes from, where it lands, and the company.
func (c ConfirmLanding) ReliesOn(s State) []ledger.StreamID {
	return named(stream("facility", s.Facility), stream("facility", c.Park), stream("facility", c.To), stream("organisation", c.Company))
}

// Benefits is the company.
func (c ConfirmLanding) Benefits(State) []ledger.StreamID {
	return named(stream("organisation", c.Company))
}

func (c ConfirmLanding) decide(s State, at ledger.Context) ([]Event, error) {
	from, _ := ledger.About[host](at, stream("facility", s.Facility))
	abroad := from != nil && offshore(from.OfKind())
	if err := ledger.First(s.mayLand(abroad, at), c.checkFigures(), c.checkPlace(at), c.checkCompany(s, at)); err != nil {
		return nil, err
	}
	switch {
	case abroad && len(c.Functions) == 0:
		return nil, ledger.InvalidField("functions", "is needed for a venture from an offshore centre", "离岸落地须填写引进功能")
	case abroad && c.Import == "":
		return nil, reject("import-unregistered", "the technology comes from abroad; its import must be registered first", "技术来自境外,须先办理技术进口合同登记")
	}
	return []Event{LandingConfirmed{
		From: s.Facility, Park: c.Park, To: c.To, Venture: s.Application.Venture, Company: c.Company, RegisteredOn: c.RegisteredOn,
		Land: c.Land, Area: c.Area, Investment: c.Investment, Jobs: c.Jobs, Functions: c.Functions, Import: c.Import,
		Offshore: abroad,
	}}, nil
}

// mayLand: a venture lands once, from abroad while it is incubated, at home after graduation.
func (s State) mayLand(abroad bool, at ledger.Context) error {
	switch {
	case s.HasLanded:
		return reject("landed", "the venture has landed", "该项目已落地")
	case abroad:
		return s.live(at)
	case s.Stage != Graduated:
		return reject("not-graduated", "the venture lands once it has graduated", "毕业后方可办理落地")
	}
	return s.notBefore(at, s.Last)
}

func (c ConfirmLanding) checkFigures() error {
	if !c.Investment.IsZero() {
		if err := c.Investment.Check("investment"); err != nil {
			return err
		}
	}
	for _, n := range []struct {
		path  string
		value int64
	}{{"land_m2", c.Land}, {"area_m2", c.Area}, {"jobs", c.Jobs}} {
		if n.value < 0 || n.value > 1_000_000_000 {
			return ledger.InvalidField(n.path, "0 to 1,000,000,000", "0 至 1,000,000,000")
		}
	}
	for i, f := range c.Functions {
		if err := ledger.CheckOneOf(fmt.Sprintf("functions/%d", i), f, "transfer", "talent", "incubation", "investment"); err != nil {
			return err
		}
	}
	return ledger.CheckText("import_registration", c.Import, 100, false)
}

func (c ConfirmLanding) checkPlace(at ledger.Context) error {
	park, ok := ledger.About[host](at, stream("facility", c.Park))
	if !ok || park.OfKind() != "park" {
		return ledger.InvalidField("park", "is not a park that is designated", "不是已认定的园区")
	}
	if !park.OpenOn(at.On) {
		return reject("not-designated", fmt.Sprintf("the park is not designated on %s", at.On), fmt.Sprintf("%s 该园区未在认定有效期内", at.On))
	}
	if c.To != uuid.Nil {
		if to, ok := ledger.About[host](at, stream("facility", c.To)); !ok || to.Park() != c.Park {
			return ledger.InvalidField("to", "is not a facility in that park", "不是该园区内的载体")
		}
	}
	return checkStaffed(c.Park, at)
}

func (c ConfirmLanding) checkCompany(s State, at ledger.Context) error {
	org, ok := ledger.About[interface{ IsAbroad() bool }](at, stream("organisation", c.Company))
	switch {
	case !ok:
		return ledger.InvalidField("company", "is not a registered organisation", "该主体尚未登记")
	case org.IsAbroad():
		return reject("company-abroad", "a company or branch registered here lands, not one abroad", "落地主体须为境内登记的企业或分支机构")
	case c.RegisteredOn.IsZero() || c.RegisteredOn.Compare(at.On) > 0:
		return ledger.InvalidField("registered_on", "a day not after the landing", "应不晚于落地日")
	}
	return nil
}

// LandingConfirmed: the venture settled in a park (domain catalogue event 64).
type LandingConfirmed struct {
	From         uuid.UUID    `json:"from"`
	Park         uuid.UUID    `json:"park"`
	To           uuid.UUID    `json:"to,omitzero"`
	Venture      uuid.UUID    `json:"venture"`
	Company      uuid.UUID    `json:"company"`
	RegisteredOn ledger.Date  `json:"registered_on"`
	Land         int64        `json:"land_m2,omitzero"`
	Area         int64        `json:"area_m2,omitzero"`
	Investment   ledger.Money `json:"investment,omitzero"`
	Jobs         int64        `json:"jobs,omitzero"`
	Functions    []string     `json:"functions,omitzero"`
	Import       string       `json:"import_registration,omitzero"`
	Offshore     bool         `json:"offshore,omitzero"` // it came from an offshore centre, whose case ends
}

// EventType is the stored name.
func (LandingConfirmed) EventType() string { return "incubation.landed.v1" }

// Correctable: a wrong record is put right by a correction.
func (LandingConfirmed) Correctable() {}

func (e LandingConfirmed) apply(s State, m ledger.Metadata) State {
	s.HasLanded, s.Application.Company = true, e.Company
	if e.Offshore {
		s.Last = m.OccurredOn
	}
	s.Stage = Landed
	return s
}
