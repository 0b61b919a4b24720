package webui

import (
	"strings"

	"ttledger/domain/ledger"
	"ttledger/domain/project"
)

// term is what a code is called: by the field it stands in, else wherever it stands. A code that
// nobody named is shown as it is, so nothing is hidden.
func (s *site) term(lang, name, code string) string {
	if t, ok := terms[name+":"+code]; ok {
		return say(lang, t)
	}
	if t, ok := terms[code]; ok {
		return say(lang, t)
	}
	if lang == english && code != "" && name == "category" {
		return code
	}
	for _, g := range s.Aggregates {
		if g.Category == code && (name == "category" || name == "kind") {
			return say(lang, g.Title)
		}
	}
	if name == "role" {
		return roleNames(lang, []ledger.Role{ledger.Role(code)})
	}
	if name == "type" {
		return s.eventName(lang, code)
	}
	return code
}

// termsOf is every code of a field, where they are few and known.
func (s *site) termsOf(lang, name string) []choice {
	var list []choice
	switch name {
	case "stage":
		for _, n := range project.StageNames {
			list = append(list, choice{Value: string(n.Stage), Label: say(lang, n.Name)})
		}
	case "role":
		for _, n := range ledger.RoleNames {
			list = append(list, choice{Value: string(n.Role), Label: say(lang, n.Name)})
		}
	case "category":
		for _, g := range s.Aggregates {
			list = append(list, choice{Value: g.Category, Label: say(lang, g.Title)})
		}
	}
	return list
}

// eventName is what an event is called; one that nobody named keeps its stored name, readable.
func (s *site) eventName(lang, stored string) string {
	if t, ok := eventNames[unversioned(stored)]; ok {
		return say(lang, t)
	}
	_, fact, ok := strings.Cut(unversioned(stored), ".")
	if !ok {
		return stored
	}
	return strings.ReplaceAll(fact, "-", " ")
}

func unversioned(stored string) string {
	if i := strings.LastIndex(stored, ".v"); i > 0 {
		return stored[:i]
	}
	return stored
}

func init() {
	for _, n := range project.StageNames {
		terms["stage:"+string(n.Stage)] = n.Name
	}
}

// terms is what codes are called.
var terms = map[string]ledger.Text{
	"go": {En: "go", Zh: "通过"}, "hold": {En: "hold", Zh: "暂缓"}, "recycle": {En: "recycle", Zh: "返修"}, "kill": {En: "kill", Zh: "终止"},
	"currency:CNY": {En: "yuan (CNY)", Zh: "元"}, "currency:USD": {En: "US dollar", Zh: "美元"}, "currency:EUR": {En: "euro", Zh: "欧元"}, "currency:GBP": {En: "pound sterling", Zh: "英镑"}, "currency:SEK": {En: "Swedish krona", Zh: "瑞典克朗"},
	"currency:CHF": {En: "Swiss franc", Zh: "瑞士法郎"}, "currency:HKD": {En: "Hong Kong dollar", Zh: "港元"}, "currency:SGD": {En: "Singapore dollar", Zh: "新加坡元"}, "currency:JPY": {En: "yen", Zh: "日元"}, "currency:KRW": {En: "won", Zh: "韩元"},
	"mode:self-invest": {En: "own investment", Zh: "自行投资实施"}, "mode:transfer": {En: "transfer", Zh: "转让"}, "mode:licence": {En: "licence", Zh: "许可"}, "mode:cooperation": {En: "cooperation", Zh: "合作实施"}, "mode:equity": {En: "equity", Zh: "作价投资"}, "mode:other": {En: "other", Zh: "其他"},
	"part:owner": {En: "owner", Zh: "所有方"}, "part:performer": {En: "performer", Zh: "承担方"}, "part:partner": {En: "partner", Zh: "合作方"}, "part:funder": {En: "funder", Zh: "资助方"},
	"company": {En: "company", Zh: "企业"}, "university": {En: "university", Zh: "高校"}, "institute": {En: "research institute", Zh: "科研院所"}, "fund": {En: "fund", Zh: "基金"}, "society": {En: "society", Zh: "学会"}, "department": {En: "department", Zh: "部门"}, "agency": {En: "agency", Zh: "机构"},
	"state-rd": {En: "state R&D unit", Zh: "国家设立的研发机构、高校"}, "state_rd": {En: "state R&D unit", Zh: "国家设立的研发机构、高校"}, "soe": {En: "state-owned", Zh: "国有企业"}, "private": {En: "private", Zh: "民营"}, "foreign": {En: "foreign", Zh: "外资"},
	"result:met": {En: "met", Zh: "达成"}, "result:late": {En: "late", Zh: "逾期达成"}, "result:missed": {En: "missed", Zh: "未达成"}, "result:waived": {En: "waived", Zh: "豁免"},
	"ui": {En: "page", Zh: "页面"}, "api": {En: "API", Zh: "接口"}, "import": {En: "import", Zh: "导入"}, "timer": {En: "timer", Zh: "定时"}, "process": {En: "process", Zh: "流程"},
	"step:proposed-approved": {En: "proposed to approved", Zh: "申报至立项"}, "step:approved-pilot": {En: "approved to pilot", Zh: "立项至中试"}, "step:pilot-industrialised": {En: "pilot to industrialised", Zh: "中试至产业化"}, "step:industrialised-completed": {En: "industrialised to completed", Zh: "产业化至结项"},
	"laozihao": {En: "old industry", Zh: "老字号"}, "yuanzihao": {En: "raw-material industry", Zh: "原字号"}, "xinzihao": {En: "new industry", Zh: "新字号"},
}

// eventNames is what events are called.
var eventNames = map[string]ledger.Text{
	"project.proposed": {En: "Project proposed", Zh: "项目申报"}, "project.approved": {En: "Project approved", Zh: "立项"}, "project.stage-gate-decided": {En: "Stage gate decided", Zh: "阶段评审"},
	"project.milestone-verified": {En: "Milestone verified", Zh: "里程碑核验"}, "project.readiness-assessed": {En: "Readiness assessed", Zh: "就绪度评定"}, "project.funding-agreed": {En: "Funding agreed", Zh: "资助金额约定"},
	"project.funding-adjusted": {En: "Funding adjusted", Zh: "资助金额调整"}, "project.party-joined": {En: "Party joined", Zh: "参与单位登记"}, "project.linked": {En: "Project linked", Zh: "关联前序项目"},
	"project.industrialisation-confirmed": {En: "Industrialisation confirmed", Zh: "产业化投产"}, "project.terminated": {En: "Project terminated", Zh: "项目终止"}, "project.completed": {En: "Project completed", Zh: "结项"},
	"organisation.registered": {En: "Organisation registered", Zh: "主体登记"},
	"principal.enrolled":      {En: "Principal enrolled", Zh: "账号登记"}, "principal.role-granted": {En: "Role granted", Zh: "授予角色"}, "principal.role-revoked": {En: "Role revoked", Zh: "撤销角色"}, "principal.token-issued": {En: "Token issued", Zh: "签发令牌"}, "principal.token-revoked": {En: "Token revoked", Zh: "吊销令牌"},
	"person.enrolled": {En: "Person enrolled", Zh: "人员登记"}, "person.data-erased": {En: "Personal data erased", Zh: "个人信息删除"},
}
