package facility

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Designation is what is said of a facility when it is designated.
type Designation struct {
	Names       ledger.Names `json:"names" en:"name in Chinese, English or both" zh:"名称(中文、英文或两者)"`
	Code        string       `json:"code,omitzero" en:"code, unique in the ledger" zh:"载体编号(全账本唯一)"`
	Kind        string       `json:"kind" enum:"key_lab,eng_tech_centre,ent_tech_centre,new_rd_institution,rd_platform,incubator,accelerator,innovation_centre,offshore_base,offshore_centre,overseas_station,park,pilot_park,workstation,service_station,committee,map_node" en:"kind" zh:"载体类型"`
	Level       string       `json:"level,omitzero" enum:"national,province,city,zone,standard,excellent,base,centre,station" en:"level" zh:"级别"`
	Scheme      string       `json:"scheme,omitzero" en:"scheme or programme of the designation" zh:"认定体系"`
	Issuer      string       `json:"issuer,omitzero" en:"who designates" zh:"认定机关"`
	Certificate string       `json:"certificate,omitzero" en:"number of the certificate, unique in its scheme" zh:"证书编号(体系内唯一)"`
	Host        uuid.UUID    `json:"host,omitzero" en:"id of the organisation that hosts it" zh:"依托单位标识"`
	Operator    uuid.UUID    `json:"operator,omitzero" en:"id of the organisation that runs it, where another" zh:"运营机构标识(与依托单位不同时)"`
	Park        uuid.UUID    `json:"park,omitzero" en:"id of the park it stands in" zh:"所在园区标识"`
	Founded     ledger.Date  `json:"founded,omitzero" en:"founded on" zh:"成立日期"`
	Place
	Virtual    bool        `json:"virtual,omitzero" en:"it has no premises of its own" zh:"无自有场地(虚拟载体)"`
	Space      Space       `json:"space,omitzero" en:"areas in square metres" zh:"面积(平方米)"`
	Rooms      []Room      `json:"rooms,omitzero" en:"rooms" zh:"房间"`
	Seats      int64       `json:"seats,omitzero" en:"work places" zh:"工位数"`
	Functions  []string    `json:"functions,omitzero" enum:"transfer,talent,incubation,investment" en:"functions of an offshore centre: transfer of achievements, flexible recruitment of talent, cross-border incubation, attraction of investment" zh:"离岸功能:成果转化、人才柔性引进、跨境孵化创业、招商引资"`
	Directions []string    `json:"directions,omitzero" enum:"basic,applied,common" en:"directions: basic research, industrial application, common technology" zh:"方向:基础研究、产业应用、共性技术"`
	Agreement  ledger.Date `json:"agreement_to,omitzero" en:"last day of the agreement with the expert" zh:"与专家协议截止日"`
	Experts    []uuid.UUID `json:"experts,omitzero" en:"ids of the experts, by pseudonym" zh:"专家标识(化名)"`
	Theme      string      `json:"theme,omitzero" en:"theme or field" zh:"主题(专业领域)"`
	From       ledger.Date `json:"from,omitzero" en:"first day; the day of the act where absent" zh:"生效日(缺省为业务发生日)"`
	To         ledger.Date `json:"to,omitzero" en:"last day, where it ends" zh:"有效期止"`
	Conditions []string    `json:"conditions,omitzero" en:"conditions" zh:"附带条件"`
}

// Place is where a facility is.
type Place struct {
	Location  string `json:"location,omitzero" en:"address" zh:"地址"`
	Country   string `json:"country,omitzero" en:"ISO 3166-1, two letters" zh:"国家或地区代码(两位字母)"`
	Longitude string `json:"longitude,omitzero" en:"longitude in degrees, WGS 84, such as 123.2654" zh:"经度(WGS 84,度)"`
	Latitude  string `json:"latitude,omitzero" en:"latitude in degrees, WGS 84, such as 41.7812" zh:"纬度(WGS 84,度)"`
}

// Space is areas in square metres.
type Space struct {
	Total  int64 `json:"total_m2" en:"total" zh:"总面积"`
	Office int64 `json:"office_m2,omitzero" en:"for the operator" zh:"办公用房"`
	Tenant int64 `json:"tenant_m2,omitzero" en:"for tenants" zh:"在孵企业用房"`
	Public int64 `json:"public_m2,omitzero" en:"for public services" zh:"公共服务用房"`
	Other  int64 `json:"other_m2,omitzero" en:"other" zh:"其他"`
}

// IsZero says that no area is stated.
func (s Space) IsZero() bool { return s == Space{} }

// Room is a room that can be let.
type Room struct {
	Code string `json:"code" en:"code, unique in the facility" zh:"房间号(载体内唯一)"`
	Area int64  `json:"area_m2" en:"area in square metres" zh:"面积(平方米)"`
}

// Designate gives a facility its designation (认定、授牌).
type Designate struct{ Designation }

// ReliesOn is the host, the operator, the park and the experts.
func (c Designate) ReliesOn() []ledger.StreamID {
	var streams []ledger.StreamID
	for _, s := range []ledger.StreamID{organisation(c.Host), organisation(c.Operator), facility(c.Park)} {
		if s.ID != uuid.Nil {
			streams = append(streams, s)
		}
	}
	for _, id := range c.Experts {
		streams = append(streams, person(id))
	}
	return streams
}

// Under is the policy on what the kind needs, where there is one.
func (c Designate) Under(State) ledger.Governing {
	switch c.Kind {
	case "park":
		return ledger.Governing{Form: chiefForm, Code: chiefPolicy}
	case "workstation":
		return ledger.Governing{Form: stationForm, Code: stationPolicy}
	}
	return ledger.Governing{}
}

func (c Designate) decide(_ State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(c.checkTexts(), c.checkPlace(), checkSpace(c.Space, c.Rooms), c.checkNeeds(), c.checkStreams(at)); err != nil {
		return nil, err
	}
	d := Designated{Designation: c.Designation}
	if d.From.IsZero() {
		d.From = at.On
	}
	if !c.To.IsZero() && c.To.Compare(d.From) < 0 {
		return nil, ledger.InvalidField("to", "ends before it begins", "截止日早于生效日")
	}
	switch c.Kind {
	case "park":
		rules, err := ledger.Params[ChiefRules](at)
		if err != nil {
			return nil, err
		}
		d.StaffBy = d.From.Plus(0, 0, rules.GraceDays-1)
	case "workstation":
		rules, err := ledger.Params[StationRules](at)
		if err != nil {
			return nil, err
		}
		if least := d.From.Plus(0, rules.MinMonths, -1); c.Agreement.Last().Compare(least) < 0 {
			return nil, reject("agreement-too-short",
				fmt.Sprintf("the agreement must run %d months, to %s at least", rules.MinMonths, least),
				fmt.Sprintf("协议期限不得少于 %d 个月(至少至 %s)", rules.MinMonths, least))
		}
	}
	return []Event{d}, nil
}

func (c Designate) checkTexts() error {
	var kinds []string
	for _, k := range Kinds {
		kinds = append(kinds, k.Code)
	}
	return ledger.First(
		c.Names.Check("names"),
		checkCode("code", c.Code),
		ledger.CheckOneOf("kind", c.Kind, kinds...),
		ledger.CheckOneOf("level", c.Level, levels...),
		ledger.CheckText("scheme", c.Scheme, 100, c.Certificate != ""),
		ledger.CheckText("issuer", c.Issuer, 200, false),
		ledger.CheckText("certificate", c.Certificate, 100, false),
		ledger.CheckText("theme", c.Theme, 200, false),
		checkSet("functions", c.Functions, Functions...),
		checkSet("directions", c.Directions, directions...),
		ledger.CheckCount("experts", len(c.Experts), 50),
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

// checkNeeds holds the designation against the registry of kinds.
func (c Designate) checkNeeds() error {
	kind, _ := KindOf(c.Kind)
	stated := map[string]bool{
		"host": c.Host != uuid.Nil, "space": c.Space.Total > 0 || c.Virtual, "functions": len(c.Functions) > 0,
		"directions": len(c.Directions) > 0, "agreement_to": !c.Agreement.IsZero(),
	}
	for _, field := range kind.Needs {
		if !stated[field] {
			return ledger.InvalidField(field, fmt.Sprintf("is needed for the kind %s (%s)", kind.Code, kind.Name.En), fmt.Sprintf("%s必须填写", kind.Name.Zh))
		}
	}
	if c.Virtual && !c.Space.IsZero() {
		return ledger.InvalidField("virtual", "what has no premises has no area", "虚拟载体不得填写面积")
	}
	return nil
}

func (c Designate) checkStreams(at ledger.Context) error {
	if err := ledger.First(checkThere(at, "host", organisation(c.Host)), checkThere(at, "operator", organisation(c.Operator))); err != nil {
		return err
	}
	for i, id := range c.Experts {
		if err := checkThere(at, fmt.Sprintf("experts/%d", i), person(id)); err != nil {
			return err
		}
	}
	if c.Park == uuid.Nil {
		return nil
	}
	if park, ok := ledger.About[kinded](at, facility(c.Park)); !ok || park.OfKind() != "park" {
		return ledger.InvalidField("park", "is not a park that is designated", "不是已认定的园区")
	}
	return nil
}

var (
	countryPattern = regexp.MustCompile(`^[A-Z]{2}$`)
	degreePattern  = regexp.MustCompile(`^-?[0-9]{1,3}(\.[0-9]{1,7})?$`)
)

func (p Place) checkPlace() error {
	if err := ledger.CheckText("location", p.Location, 300, false); err != nil {
		return err
	}
	if p.Country != "" && !countryPattern.MatchString(p.Country) {
		return ledger.InvalidField("country", "two capital letters, such as CN or DE", "两位大写字母,如 CN 或 DE")
	}
	if (p.Longitude == "") != (p.Latitude == "") {
		return ledger.InvalidField("latitude", "longitude and latitude go together", "经度与纬度须同时填写")
	}
	return ledger.First(checkDegrees("longitude", p.Longitude, 180), checkDegrees("latitude", p.Latitude, 90))
}

func checkDegrees(path, text string, limit float64) error {
	if text == "" {
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !degreePattern.MatchString(text) || n < -limit || n > limit {
		return ledger.InvalidField(path, fmt.Sprintf("degrees from -%v to %v with at most 7 decimals", limit, limit), fmt.Sprintf("度数,-%v 至 %v,最多 7 位小数", limit, limit))
	}
	return nil
}

// maxArea bounds an area in m²: a park of a thousand square kilometres.
const maxArea = 1_000_000_000

// checkSpace: the parts of an area are within the total, and so are the rooms.
func checkSpace(s Space, rooms []Room) error {
	parts := []struct {
		path string
		area int64
	}{{"total_m2", s.Total}, {"office_m2", s.Office}, {"tenant_m2", s.Tenant}, {"public_m2", s.Public}, {"other_m2", s.Other}}
	for _, p := range parts {
		if p.area < 0 || p.area > maxArea {
			return ledger.InvalidField("space/"+p.path, "square metres, from 0 to 1,000,000,000", "平方米,0 至 1,000,000,000")
		}
	}
	if sum := s.Office + s.Tenant + s.Public + s.Other; sum > s.Total {
		return ledger.InvalidField("space/total_m2", fmt.Sprintf("the parts come to %d m², more than the total of %d", sum, s.Total), fmt.Sprintf("各部分合计 %d 平方米,超过总面积 %d", sum, s.Total))
	}
	if err := ledger.CheckCount("rooms", len(rooms), 2000); err != nil {
		return err
	}
	var let int64
	for i, r := range rooms {
		path := fmt.Sprintf("rooms/%d/", i)
		if !codePattern.MatchString(r.Code) || slices.ContainsFunc(rooms[:i], func(o Room) bool { return o.Code == r.Code }) {
			return ledger.InvalidField(path+"code", "a code of letters, digits and . _ / -, once in the list", "房间号由字母、数字或 . _ / - 组成,且不得重复")
		}
		if r.Area < 1 || r.Area > maxArea {
			return ledger.InvalidField(path+"area_m2", "square metres, above 0", "平方米,须大于 0")
		}
		let += r.Area
	}
	if let > s.Total {
		return ledger.InvalidField("rooms", fmt.Sprintf("the rooms come to %d m², more than the total of %d", let, s.Total), fmt.Sprintf("房间合计 %d 平方米,超过总面积 %d", let, s.Total))
	}
	return nil
}

// Designated: the facility has its designation (domain catalogue event 10).
type Designated struct {
	Designation
	StaffBy ledger.Date `json:"staff_by,omitzero"` // of a park: the last day it takes tenants without a chief scientist
}

// EventType is the stored name.
func (Designated) EventType() string { return "facility.designated.v1" }

// Correctable: a wrong record is put right by a correction.
func (Designated) Correctable() {}

func (e Designated) apply(s State, m ledger.Metadata) State {
	s.Designation, s.DesignatedOn = e.Designation, m.OccurredOn
	if e.Kind == "park" && s.Chief == nil {
		s.VacantFrom, s.FillBy = e.From, e.StaffBy
	}
	return s
}
