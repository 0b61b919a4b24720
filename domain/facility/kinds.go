package facility

import (
	"slices"

	"ttledger/domain/ledger"
)

// Kind is a kind of facility: what it is called and what its designation has to state.
type Kind struct {
	Code  string
	Name  ledger.Text
	Needs []string // of host, space, functions, directions, agreement_to
}

// Kinds is the registry of kinds, in display order. A new kind is a line here and a word in the
// enumeration of Designation.Kind.
var Kinds = []Kind{
	{"key_lab", ledger.Text{En: "key laboratory", Zh: "重点实验室"}, []string{"host", "directions"}},
	{"eng_tech_centre", ledger.Text{En: "engineering technology centre", Zh: "工程技术中心"}, []string{"host", "directions"}},
	{"ent_tech_centre", ledger.Text{En: "enterprise technology centre", Zh: "企业技术中心"}, []string{"host", "directions"}},
	{"new_rd_institution", ledger.Text{En: "new-type R&D institution", Zh: "新型研发机构"}, []string{"host", "directions"}},
	{"rd_platform", ledger.Text{En: "R&D platform", Zh: "技术研发平台"}, []string{"host", "directions"}},
	{"incubator", ledger.Text{En: "incubator", Zh: "孵化器"}, []string{"host", "space"}},
	{"accelerator", ledger.Text{En: "accelerator", Zh: "加速器"}, []string{"host", "space"}},
	{"innovation_centre", ledger.Text{En: "innovation centre", Zh: "创新中心"}, []string{"host"}},
	{"offshore_base", ledger.Text{En: "offshore base for overseas talent", Zh: "海外人才离岸创新创业基地"}, []string{"host", "functions"}},
	{"offshore_centre", ledger.Text{En: "offshore innovation centre", Zh: "离岸创新中心"}, []string{"host", "functions"}},
	{"overseas_station", ledger.Text{En: "overseas station", Zh: "海外工作站"}, []string{"host", "functions"}},
	{"park", ledger.Text{En: "industrial innovation park", Zh: "工业产业创新园区"}, []string{"host", "space"}},
	{"pilot_park", ledger.Text{En: "pilot park", Zh: "试点园区"}, nil},
	{"workstation", ledger.Text{En: "academician-expert workstation", Zh: "院士专家工作站"}, []string{"host", "agreement_to"}},
	{"service_station", ledger.Text{En: "service station", Zh: "服务站"}, []string{"host"}},
	{"committee", ledger.Text{En: "committee", Zh: "委员会"}, nil},
	{"map_node", ledger.Text{En: "node of the resource map", Zh: "资源地图节点"}, nil},
}

// KindOf is a line of the registry.
func KindOf(code string) (Kind, bool) {
	i := slices.IndexFunc(Kinds, func(k Kind) bool { return k.Code == code })
	if i < 0 {
		return Kind{}, false
	}
	return Kinds[i], true
}

// Functions are the four platforms that an offshore centre is.
var Functions = []string{"transfer", "talent", "incubation", "investment"}

// directions of R&D platforms.
var directions = []string{"basic", "applied", "common"}

// levels at which facilities are designated. Standard and excellent are those of incubators.
var levels = []string{"", "national", "province", "city", "zone", "standard", "excellent", "base", "centre", "station"}
