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
	for _, t := range []ledger.Text{s.names[trimPlural(name)+":"+code], terms[code], s.names[":"+code]} {
		if t.En != "" {
			return say(lang, t)
		}
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
	"key_lab":            {En: "key laboratory", Zh: "重点实验室"},
	"eng_tech_centre":    {En: "engineering technology centre", Zh: "工程技术研究中心"},
	"ent_tech_centre":    {En: "enterprise technology centre", Zh: "企业技术中心"},
	"new_rd_institution": {En: "new-type R&D institution", Zh: "新型研发机构"},
	"rd_platform":        {En: "R&D platform", Zh: "研发平台"},
	"incubator":          {En: "incubator", Zh: "孵化器"},
	"accelerator":        {En: "accelerator", Zh: "加速器"},
	"innovation_centre":  {En: "innovation centre", Zh: "创新中心"},
	"offshore_base":      {En: "offshore base", Zh: "离岸创新创业基地"},
	"offshore_centre":    {En: "offshore centre", Zh: "离岸创新中心"},
	"overseas_station":   {En: "overseas station", Zh: "海外工作站"},
	"park":               {En: "park", Zh: "园区"},
	"pilot_park":         {En: "pilot park", Zh: "中试园区"},
	"workstation":        {En: "academician-expert workstation", Zh: "院士专家工作站"},
	"service_station":    {En: "service station", Zh: "科技服务站"},
	"committee":          {En: "committee", Zh: "委员会"},
	"map_node":           {En: "node", Zh: "资源节点"},
	"level:national":     {En: "national", Zh: "国家级"},
	"level:provincial":   {En: "provincial", Zh: "省级"},
	"level:province":     {En: "provincial", Zh: "省级"},
	"level:municipal":    {En: "municipal", Zh: "市级"},
	"level:city":         {En: "municipal", Zh: "市级"},
	"level:zone":         {En: "zone", Zh: "区级"},
	"level:unit":         {En: "unit", Zh: "单位级"},
	"level:standard":     {En: "standard", Zh: "标准级"},
	"level:excellent":    {En: "excellent", Zh: "卓越级"},
	"investor":           {En: "investor", Zh: "投资机构"},
	"state-owned":        {En: "state-owned", Zh: "国有"},
	"government":         {En: "government", Zh: "政府"},
	"requested":          {En: "requested", Zh: "待审批"},
	"approved":           {En: "approved", Zh: "已批准"},
	"refused":            {En: "refused", Zh: "未批准"},
	"withdrawn":          {En: "withdrawn", Zh: "已撤回"},
	"carried-out":        {En: "carried out", Zh: "已执行"},
	"failed":             {En: "failed", Zh: "未能执行"},
	"state:open":         {En: "open", Zh: "待办"},
	"state:overdue":      {En: "overdue", Zh: "逾期"},
	"state:late":         {En: "done late", Zh: "逾期完成"},
	"state:done":         {En: "done", Zh: "已完成"},
	"status:green":       {En: "on track", Zh: "正常"},
	"status:amber":       {En: "at risk", Zh: "预警"},
	"status:red":         {En: "behind", Zh: "滞后"},
	"attested":           {En: "attested", Zh: "采信"},
	"derived":            {En: "derived", Zh: "计算"},
	"exact":              {En: "exact", Zh: "精确"},
	"over":               {En: "more than", Zh: "以上"},
	"nearly":             {En: "nearly", Zh: "近"},
	"SETDZ":              {En: "the zone", Zh: "经开区"},
	"TIEXI_SETDZ":        {En: "district and zone", Zh: "铁西区、经开区"},
	"development":        {En: "development", Zh: "技术开发"},
	"consulting":         {En: "consulting", Zh: "技术咨询"},
	"service":            {En: "service", Zh: "技术服务"},
	"person":             {En: "person", Zh: "人员"},
	"organisation":       {En: "organisation", Zh: "主体"},
	"facility":           {En: "facility", Zh: "载体"},
	"team":               {En: "team", Zh: "团队"},
	"price":              {En: "price", Zh: "价格"},
	"award":              {En: "award", Zh: "奖酬"},
	"vacancy":            {En: "vacancy", Zh: "招聘"},
	"appointee":          {En: "appointees", Zh: "拟聘人员"},
	"up":                 {En: "up", Zh: "越高越好"},
	"down":               {En: "down", Zh: "越低越好"},
	"baseline":           {En: "baseline", Zh: "基线"},
	"actual":             {En: "actual", Zh: "实绩"},
	"decision:approve":   {En: "approve", Zh: "批准"},
	"decision:refuse":    {En: "refuse", Zh: "不批准"},
	"go":                 {En: "go", Zh: "通过"}, "hold": {En: "hold", Zh: "暂缓"}, "recycle": {En: "recycle", Zh: "返修"}, "kill": {En: "kill", Zh: "终止"},
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
	"achievement.award-paid":              {En: "Award paid", Zh: "奖励兑现"},
	"achievement.contribution-confirmed":  {En: "Contribution confirmed", Zh: "贡献确认"},
	"achievement.contribution-disputed":   {En: "Contribution disputed", Zh: "贡献异议"},
	"achievement.contributions-changed":   {En: "Contributions changed", Zh: "贡献比例变更"},
	"achievement.disclosed":               {En: "Achievement disclosed", Zh: "成果披露"},
	"achievement.evaluated":               {En: "Achievement evaluated", Zh: "成果评价"},
	"achievement.idleness-excused":        {En: "Idleness excused", Zh: "闲置豁免"},
	"achievement.registered":              {En: "Achievement registered", Zh: "成果登记"},
	"achievement.right-granted":           {En: "Right granted", Zh: "知识产权授权"},
	"approval.carried-out":                {En: "Carried out", Zh: "已执行"},
	"approval.decided":                    {En: "Approval decided", Zh: "审批决定"},
	"approval.failed":                     {En: "Approved, but not carried out", Zh: "获批后未能执行"},
	"approval.requested":                  {En: "Approval requested", Zh: "审批申请"},
	"claim.given-up":                      {En: "Claim given up", Zh: "占用释放"},
	"claim.taken":                         {En: "Claim taken", Zh: "占用登记"},
	"contract.amended":                    {En: "Contract amended", Zh: "合同变更"},
	"contract.distribution-approved":      {En: "Distribution approved", Zh: "收益分配批准"},
	"contract.distribution-paid":          {En: "Distribution paid", Zh: "奖酬发放"},
	"contract.ended":                      {En: "Contract ended", Zh: "合同终止"},
	"contract.entry-reversed":             {En: "Entry reversed", Zh: "冲销"},
	"contract.licence-recorded":           {En: "Licence recorded", Zh: "许可登记"},
	"contract.receipt-recorded":           {En: "Receipt recorded", Zh: "到账"},
	"contract.registered":                 {En: "Contract registered", Zh: "合同认定登记"},
	"contract.registration-revoked":       {En: "Registration revoked", Zh: "登记撤销"},
	"contract.signed":                     {En: "Contract signed", Zh: "合同签订"},
	"demand.closed":                       {En: "Demand closed", Zh: "需求关闭"},
	"demand.match-confirmed":              {En: "Match confirmed", Zh: "对接确认"},
	"demand.published":                    {En: "Demand published", Zh: "需求发布"},
	"demand.revised":                      {En: "Demand revised", Zh: "需求变更"},
	"engagement.agreed":                   {En: "Engagement agreed", Zh: "合作事项约定"},
	"engagement.amended":                  {En: "Engagement amended", Zh: "合作事项变更"},
	"engagement.delivered":                {En: "Engagement delivered", Zh: "合作事项完成"},
	"engagement.dropped":                  {En: "Engagement dropped", Zh: "合作事项取消"},
	"facility.chief-scientist-appointed":  {En: "Chief scientist appointed", Zh: "首席科学家聘任"},
	"facility.chief-scientist-released":   {En: "Chief scientist released", Zh: "首席科学家卸任"},
	"facility.designated":                 {En: "Facility designated", Zh: "载体认定(授牌)"},
	"facility.operation-reported":         {En: "Operation reported", Zh: "运营数据报送"},
	"facility.reviewed":                   {En: "Facility reviewed", Zh: "载体考核"},
	"facility.space-changed":              {En: "Space changed", Zh: "场地变更"},
	"facility.withdrawal-revoked":         {En: "Withdrawal revoked", Zh: "撤销决定作废"},
	"facility.withdrawn":                  {En: "Facility withdrawn", Zh: "载体撤销(摘牌)"},
	"grant.approved":                      {En: "Subsidy approved", Zh: "资助批准"},
	"grant.clawed-back":                   {En: "Clawed back", Zh: "追回"},
	"grant.condition-verified":            {En: "Condition verified", Zh: "条件核验"},
	"grant.entry-reversed":                {En: "Entry reversed", Zh: "冲销"},
	"grant.instalment-released":           {En: "Instalment released", Zh: "资助拨付"},
	"identity.linked":                     {En: "Identity linked", Zh: "外部身份关联"},
	"identity.unlinked":                   {En: "Identity unlinked", Zh: "外部身份解除"},
	"incubation.admitted":                 {En: "Admitted", Zh: "入孵"},
	"incubation.applied":                  {En: "Incubation applied for", Zh: "申请入孵"},
	"incubation.evicted":                  {En: "Evicted", Zh: "清退"},
	"incubation.extended":                 {En: "Extended", Zh: "延期"},
	"incubation.financing-recorded":       {En: "Financing recorded", Zh: "投融资登记"},
	"incubation.graduated":                {En: "Graduated", Zh: "毕业"},
	"incubation.graduation-revoked":       {En: "Graduation revoked", Zh: "毕业撤销"},
	"incubation.landed":                   {En: "Landed", Zh: "落地"},
	"incubation.left":                     {En: "Left", Zh: "退出"},
	"incubation.mentor-assigned":          {En: "Mentor assigned", Zh: "导师指派"},
	"incubation.mentor-interest-declared": {En: "Mentor's interest declared", Zh: "导师利益申报"},
	"incubation.metrics-reported":         {En: "Metrics reported", Zh: "经营数据报送"},
	"incubation.refused":                  {En: "Refused", Zh: "不予入孵"},
	"incubation.service-delivered":        {En: "Service delivered", Zh: "孵化服务"},
	"indicator.defined":                   {En: "Indicator defined", Zh: "指标定义"},
	"indicator.figure-attested":           {En: "Figure attested", Zh: "数据采信"},
	"indicator.target-set":                {En: "Target set", Zh: "目标设定"},
	"investment.capital-paid-in":          {En: "Capital paid in", Zh: "实缴到位"},
	"investment.commitment-made":          {En: "Commitment made", Zh: "基金承诺出资"},
	"investment.entry-reversed":           {En: "Entry reversed", Zh: "冲销"},
	"investment.exited":                   {En: "Exited", Zh: "投资退出"},
	"ledger.claim-voided":                 {En: "Claim voided", Zh: "占用作废"},
	"ledger.record-corrected":             {En: "Record corrected", Zh: "更正"},
	"notice.concluded":                    {En: "Notice concluded", Zh: "公示结束"},
	"notice.posted":                       {En: "Notice posted", Zh: "公示发布"},
	"notice.withdrawn":                    {En: "Notice withdrawn", Zh: "公示撤回"},
	"organisation.registered":             {En: "Organisation registered", Zh: "主体登记"},
	"period.closed":                       {En: "Period closed", Zh: "报告期关账"},
	"period.report-issued":                {En: "Report issued", Zh: "报告签发"},
	"person.amended":                      {En: "Personal data amended", Zh: "个人信息更正"},
	"person.classified":                   {En: "Retention class set", Zh: "保存类别设定"},
	"person.consent-given":                {En: "Consent given", Zh: "同意"},
	"person.consent-withdrawn":            {En: "Consent withdrawn", Zh: "撤回同意"},
	"person.data-disclosed":               {En: "Personal data disclosed", Zh: "个人信息提供"},
	"person.data-erased":                  {En: "Personal data erased", Zh: "个人信息删除"},
	"person.enrolled":                     {En: "Person enrolled", Zh: "人员登记"},
	"person.erasure-proposed":             {En: "Erasure proposed", Zh: "删除提议"},
	"person.legal-hold-lifted":            {En: "Legal hold lifted", Zh: "解除法律保全"},
	"person.legal-hold-placed":            {En: "Legal hold placed", Zh: "法律保全"},
	"person.purpose-ended":                {En: "Purpose ended", Zh: "处理目的终了"},
	"person.restricted":                   {En: "Processing restricted", Zh: "限制处理"},
	"person.restriction-lifted":           {En: "Restriction lifted", Zh: "解除限制"},
	"policy.version-adopted":              {En: "Policy version adopted", Zh: "政策版本生效"},
	"principal.authority-delegated":       {En: "Authority delegated", Zh: "授权委托"},
	"principal.delegation-ended":          {En: "Delegation ended", Zh: "委托终止"},
	"principal.enrolled":                  {En: "Principal enrolled", Zh: "账号登记"},
	"principal.interest-declared":         {En: "Interest declared", Zh: "利益申报"},
	"principal.role-ended":                {En: "Role ended", Zh: "角色终止"},
	"principal.role-granted":              {En: "Role granted", Zh: "授予角色"},
	"principal.token-issued":              {En: "Token issued", Zh: "签发令牌"},
	"principal.token-revoked":             {En: "Token revoked", Zh: "吊销令牌"},
	"principal.token-rotated":             {En: "Token rotated", Zh: "轮换令牌"},
	"programme.closed":                    {En: "Programme closed", Zh: "计划结束"},
	"programme.opened":                    {En: "Programme opened", Zh: "计划启动"},
	"programme.owner-assigned":            {En: "Owner assigned", Zh: "责任单位指定"},
	"project.approved":                    {En: "Project approved", Zh: "立项"},
	"project.completed":                   {En: "Project completed", Zh: "结项"},
	"project.funding-adjusted":            {En: "Funding adjusted", Zh: "资助金额调整"},
	"project.funding-agreed":              {En: "Funding agreed", Zh: "资助金额约定"},
	"project.industrialisation-confirmed": {En: "Industrialisation confirmed", Zh: "产业化投产"},
	"project.linked":                      {En: "Project linked", Zh: "关联前序项目"},
	"project.milestone-verified":          {En: "Milestone verified", Zh: "里程碑核验"},
	"project.party-joined":                {En: "Party joined", Zh: "参与单位登记"},
	"project.proposed":                    {En: "Project proposed", Zh: "项目申报"},
	"project.readiness-assessed":          {En: "Readiness assessed", Zh: "就绪度评定"},
	"project.stage-gate-decided":          {En: "Stage gate decided", Zh: "阶段评审"},
	"project.terminated":                  {En: "Project terminated", Zh: "项目终止"},
	"recognition.ended":                   {En: "Recognition ended", Zh: "资格终止"},
	"recognition.granted":                 {En: "Recognition granted", Zh: "资格认定"},
	"team.bound":                          {En: "Team bound to a project", Zh: "绑定项目"},
	"team.exited":                         {En: "Team exited", Zh: "团队退出"},
	"team.formed":                         {En: "Team formed", Zh: "团队组建"},
	"team.landed":                         {En: "Team landed", Zh: "团队落地"},
	"team.membership-changed":             {En: "Membership changed", Zh: "成员变更"},
	"team.reviewed":                       {En: "Team reviewed", Zh: "团队考核"},
	"team.unbound":                        {En: "Team unbound", Zh: "解除绑定"},
	"trace.day-sealed":                    {En: "Day of accesses sealed", Zh: "访问日志封存"},
	"requisition.approved":                {En: "Requisition approved", Zh: "选聘计划批准"},
	"requisition.amended":                 {En: "Requisition amended", Zh: "选聘计划变更"},
	"requisition.closed":                  {En: "Requisition closed", Zh: "选聘计划关闭"},
	"requisition.cancelled":               {En: "Requisition cancelled", Zh: "选聘计划取消"},
	"application.received":                {En: "Application received", Zh: "报名受理"},
	"application.eligibility-decided":     {En: "Eligibility decided", Zh: "资格审查"},
	"application.offer-issued":            {En: "Offer issued", Zh: "发聘"},
	"application.offer-answered":          {En: "Offer answered", Zh: "应聘答复"},
	"application.offer-withdrawn":         {En: "Offer withdrawn", Zh: "撤回聘书"},
	"application.withdrawn":               {En: "Application withdrawn", Zh: "撤回报名"},
	"panel.convened":                      {En: "Panel convened", Zh: "组建评审组"},
	"panel.interest-declared":             {En: "Interest declared", Zh: "利益申报(回避)"},
	"panel.review-submitted":              {En: "Review submitted, sealed", Zh: "评分提交(密封)"},
	"panel.concluded":                     {En: "Panel concluded", Zh: "评审结论"},
	"panel.revoked":                       {En: "Conclusion revoked", Zh: "评审结论撤销"},
	"appointment.started":                 {En: "Appointment started", Zh: "到岗"},
	"appointment.probation-concluded":     {En: "Probation concluded", Zh: "试用考核"},
	"appointment.ended":                   {En: "Appointment ended", Zh: "离任"},
}
