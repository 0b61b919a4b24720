package incubation

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Admit makes the venture a tenant (入孵). What the policy needs may be waived on a named channel,
// with a reason, which shows among the exceptions.
type Admit struct {
	Agreement  string       `json:"agreement,omitzero" en:"number of the incubation agreement" zh:"孵化协议编号"`
	Company    uuid.UUID    `json:"company,omitzero" en:"id of the company, where it was founded after the application" zh:"企业标识(申请后成立时填写)"`
	Contract   uuid.UUID    `json:"contract,omitzero" en:"id of the contract of the project" zh:"项目合同标识"`
	Room       string       `json:"room,omitzero" en:"room" zh:"房间"`
	Area       int64        `json:"area_m2,omitzero" en:"area let, in square metres" zh:"租用面积(平方米)"`
	Rent       ledger.Money `json:"rent,omitzero" en:"rent a month" zh:"月租金"`
	RentTerms  string       `json:"rent_terms,omitzero" en:"terms of the rent" zh:"租金条件"`
	Services   []string     `json:"services,omitzero" en:"services agreed" zh:"约定服务"`
	Conditions []string     `json:"conditions,omitzero" en:"conditions" zh:"附带条件"`
	Waiver     *Waiver      `json:"waiver,omitzero" en:"waiver of what the policy needs" zh:"条件豁免"`
}

// Waiver is why what a policy needs is not asked for.
type Waiver struct {
	Channel string `json:"channel" enum:"founder-team,offshore-landing,policy" en:"channel" zh:"通道"`
	Reason  string `json:"reason" en:"reason" zh:"理由"`
}

// ReliesOn is the facility and its park, the company, the project and its contract.
func (c Admit) ReliesOn(s State) []ledger.StreamID {
	return named(stream("facility", s.Facility), stream("facility", s.Park), stream("organisation", c.company(s)),
		stream("project", s.Project), stream("contract", c.Contract))
}

// Benefits is the company, or else the founders.
func (c Admit) Benefits(s State) []ledger.StreamID { return s.beneficiaries(c.company(s)) }

func (s State) beneficiaries(company uuid.UUID) []ledger.StreamID {
	streams := named(stream("organisation", company))
	for _, id := range s.Founders {
		streams = append(streams, stream("person", id))
	}
	return streams
}

func (c Admit) company(s State) uuid.UUID {
	if s.Application.Company != uuid.Nil {
		return s.Application.Company
	}
	return c.Company
}

// Under is the policy on incubation in force on the day.
func (c Admit) Under(State) ledger.Governing { return ledger.Governing{Form: form, Code: policy} }

func (c Admit) decide(s State, at ledger.Context) ([]Event, error) {
	rules, err := ledger.Params[Terms](at)
	if err := ledger.First(s.waiting(at), err, c.checkTexts()); err != nil {
		return nil, err
	}
	if c.Company != uuid.Nil && c.Company != c.company(s) {
		return nil, ledger.InvalidField("company", "the application is of another company", "与申请企业不一致")
	}
	f, ok := ledger.About[host](at, stream("facility", s.Facility))
	if !ok {
		return nil, fmt.Errorf("facility %s of an application is not there", s.Facility)
	}
	if err := ledger.First(
		inForce(at),
		c.checkScheme(rules, f, at),
		c.checkWaiver(s, rules),
		c.checkHost(s, f, at),
		c.checkPark(s, at),
		c.checkContract(s, rules, at),
		c.checkCompany(s, rules, f, at),
	); err != nil {
		return nil, err
	}
	e := IncubationAdmitted{
		Facility: s.Facility, Company: c.company(s), Agreement: c.Agreement, Contract: c.Contract, Room: c.Room, Area: c.Area,
		Rent: c.Rent, RentTerms: c.RentTerms, Services: c.Services, Conditions: c.Conditions, Waiver: c.Waiver,
		Policy: at.Rule.Policy, TenantArea: f.TenantArea(),
	}
	if months := rules.limit(s.Field); months > 0 {
		e.Limit = at.On.Plus(0, months, 0)
		e.Longest = at.On.Plus(0, months+rules.ExtensionMonths, 0)
	}
	return []Event{e}, nil
}

// checkScheme: a policy made for one scheme admits nobody elsewhere.
func (c Admit) checkScheme(rules Terms, f host, at ledger.Context) error {
	if rules.Scheme == "" || rules.Scheme == f.OfScheme() {
		return nil
	}
	return reject("other-scheme", fmt.Sprintf("the policy %s is for facilities of the scheme %s", at.Rule.Code, rules.Scheme), fmt.Sprintf("政策 %s 仅适用于 %s 体系的载体", at.Rule.Code, rules.Scheme))
}

func (c Admit) checkTexts() error {
	if !c.Rent.IsZero() {
		if err := c.Rent.Check("rent"); err != nil {
			return err
		}
	}
	return ledger.First(
		ledger.CheckText("agreement", c.Agreement, 100, false),
		ledger.CheckText("room", c.Room, 40, false),
		ledger.CheckText("rent_terms", c.RentTerms, 500, false),
		checkLines("services", c.Services),
		checkLines("conditions", c.Conditions),
	)
}

func checkLines(path string, list []string) error {
	if err := ledger.CheckCount(path, len(list), 50); err != nil {
		return err
	}
	for i, text := range list {
		if err := ledger.CheckText(fmt.Sprintf("%s/%d", path, i), text, 500, true); err != nil {
			return err
		}
	}
	return nil
}

// checkWaiver: the channel is one that the policy knows and that the case is on.
func (c Admit) checkWaiver(s State, rules Terms) error {
	if c.Waiver == nil {
		return nil
	}
	if err := ledger.First(
		ledger.CheckOneOf("waiver/channel", c.Waiver.Channel, channels...),
		ledger.CheckText("waiver/reason", c.Waiver.Reason, 1000, true),
	); err != nil {
		return err
	}
	switch {
	case !slices.Contains(rules.Waivers, c.Waiver.Channel):
		return reject("no-such-waiver", fmt.Sprintf("the policy knows no waiver on the channel %s", c.Waiver.Channel), fmt.Sprintf("政策未规定 %s 通道的豁免", c.Waiver.Channel))
	case c.Waiver.Channel == "founder-team" && s.Team == uuid.Nil && len(s.Founders) == 0:
		return reject("no-team", "the application names no team and no founders", "申请中未列团队或创始人")
	case c.Waiver.Channel == "offshore-landing" && s.Offshore == uuid.Nil:
		return reject("no-offshore-case", "the application does not go on from an offshore case", "申请不是由离岸案例落地而来")
	}
	return nil
}

// checkHost: the facility is open, and the room is there and large enough.
func (c Admit) checkHost(s State, f host, at ledger.Context) error {
	switch room := f.RoomArea(c.Room); {
	case !f.OpenOn(at.On):
		return reject("not-designated", fmt.Sprintf("the facility is not designated on %s", at.On), fmt.Sprintf("%s 该载体未在认定有效期内", at.On))
	case c.Area < 0:
		return ledger.InvalidField("area_m2", "square metres, 0 or more", "平方米,不得小于 0")
	case c.Room != "" && room == 0:
		return ledger.InvalidField("room", fmt.Sprintf("the facility has no room %q", c.Room), fmt.Sprintf("该载体没有房间 %q", c.Room))
	case c.Room != "" && c.Area > room:
		return reject("room-too-small", fmt.Sprintf("room %s has %d m², %d are to be let", c.Room, room, c.Area), fmt.Sprintf("房间 %s 面积 %d 平方米,不足 %d", c.Room, room, c.Area))
	case c.Room != "" && c.Area == 0:
		return ledger.InvalidField("area_m2", "is needed with a room", "填写房间时须填写面积")
	case c.Area > f.TenantArea():
		return reject("no-such-area", fmt.Sprintf("%d m² are more than the %d for tenants", c.Area, f.TenantArea()), fmt.Sprintf("%d 平方米超过在孵企业用房 %d 平方米", c.Area, f.TenantArea()))
	}
	return nil
}

// checkPark: after its grace a park without a chief scientist takes nobody (invariant X4).
func (c Admit) checkPark(s State, at ledger.Context) error {
	return checkStaffed(s.Park, at)
}

func checkStaffed(id uuid.UUID, at ledger.Context) error {
	park, ok := ledger.About[interface{ StaffBy() ledger.Date }](at, stream("facility", id))
	if !ok || park.StaffBy().IsZero() || at.On.Compare(park.StaffBy()) <= 0 {
		return nil
	}
	return reject("no-chief-scientist",
		fmt.Sprintf("the park has no chief scientist, and its time without one ended on %s; appoint one first", park.StaffBy()),
		fmt.Sprintf("园区首席科学家空缺,宽限期已于 %s 届满,请先聘任", park.StaffBy()))
}

// checkContract: only a contracted project is incubated, or a waiver names why not (invariants I5, X1).
func (c Admit) checkContract(s State, rules Terms, at ledger.Context) error {
	if c.Contract == uuid.Nil {
		if rules.NeedsContract && c.Waiver == nil {
			return reject("no-contract", "the project has no contract that is named; name it, or a waiver with its channel and reason", "未列项目有效合同;请填写合同,或写明豁免通道及理由")
		}
		return nil
	}
	contract, ok := ledger.About[interface {
		Effective(ledger.Date) bool
		ForProject() uuid.UUID
	}](at, stream("contract", c.Contract))
	switch {
	case !ok || s.Project == uuid.Nil || contract.ForProject() != s.Project:
		return ledger.InvalidField("contract", "is not a contract of the project applied with", "不是所申请项目的合同")
	case !contract.Effective(at.On):
		return reject("contract-not-effective", fmt.Sprintf("the contract is not in effect on %s", at.On), fmt.Sprintf("%s 该合同不在有效期", at.On))
	}
	return nil
}

// checkCompany: a company is there, and young enough; at an offshore centre there need be none.
func (c Admit) checkCompany(s State, rules Terms, f host, at ledger.Context) error {
	id := c.company(s)
	if id == uuid.Nil {
		if rules.NeedsCompany && !offshore(f.OfKind()) {
			return ledger.InvalidField("company", "is needed; a team is admitted once its company is registered", "须填写企业;团队在企业登记后方可入孵")
		}
		return nil
	}
	if err := checkThere(at, "company", stream("organisation", id)); err != nil || rules.MaxCompanyMonths == 0 || c.Waiver != nil {
		return err
	}
	org, _ := ledger.About[interface{ Founded() ledger.Date }](at, stream("organisation", id))
	switch {
	case org == nil || org.Founded().IsZero():
		return reject("age-unknown", "the day on which the company was founded is not on record; it is needed for its age", "企业成立日期未登记,无法判断成立时间")
	case at.On.Compare(org.Founded().Last().Plus(0, rules.MaxCompanyMonths, 0)) > 0:
		return reject("too-old", fmt.Sprintf("the company was founded on %s, more than %d months ago", org.Founded(), rules.MaxCompanyMonths), fmt.Sprintf("企业成立于 %s,已超过 %d 个月", org.Founded(), rules.MaxCompanyMonths))
	}
	return nil
}

// IncubationAdmitted: the venture is a tenant (domain catalogue event 58).
type IncubationAdmitted struct {
	Facility   uuid.UUID     `json:"facility"`
	Company    uuid.UUID     `json:"company,omitzero"`
	Agreement  string        `json:"agreement,omitzero"`
	Contract   uuid.UUID     `json:"contract,omitzero"`
	Room       string        `json:"room,omitzero"`
	Area       int64         `json:"area_m2,omitzero"`
	Rent       ledger.Money  `json:"rent,omitzero"`
	RentTerms  string        `json:"rent_terms,omitzero"`
	Services   []string      `json:"services,omitzero"`
	Conditions []string      `json:"conditions,omitzero"`
	Waiver     *Waiver       `json:"waiver,omitzero"`
	Policy     ledger.Policy `json:"policy"`
	TenantArea int64         `json:"tenant_m2,omitzero"` // of the facility on that day
	Limit      ledger.Date   `json:"limit,omitzero"`     // by the policy; none where absent
	Longest    ledger.Date   `json:"longest,omitzero"`   // the limit that extensions may come to
}

// EventType is the stored name.
func (IncubationAdmitted) EventType() string { return "incubation.admitted.v1" }

func (e IncubationAdmitted) apply(s State, m ledger.Metadata) State {
	s.Stage, s.From, s.Policy, s.Limit, s.Longest = Live, m.OccurredOn, e.Policy, e.Limit, e.Longest
	s.Application.Company, s.Room, s.Area, s.TenantArea = e.Company, e.Room, e.Area, e.TenantArea
	return s
}
