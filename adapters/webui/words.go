package webui

import (
	"fmt"
	"strings"

	"ttledger/domain/ledger"
)

// The languages of the pages, as paths name them.
const (
	chinese = "zh"
	english = "en"
)

func say(lang string, t ledger.Text) string {
	if lang == chinese && t.Zh != "" || t.En == "" {
		return t.Zh
	}
	return t.En
}

func word(lang, key string) (string, error) {
	w, ok := words[key]
	if !ok {
		return "", fmt.Errorf("webui: there is no word %q", key)
	}
	return say(lang, w), nil
}

// say is a word in the page's language; a key that nobody wrote shows as what it is.
func (p *page) say(key string) string {
	w, ok := words[key]
	if !ok {
		return "⟦" + key + "⟧"
	}
	return say(p.Lang, w)
}

func roleNames(lang string, roles []ledger.Role) string {
	var list []string
	for _, known := range ledger.RoleNames {
		for _, r := range roles {
			if r == known.Role {
				list = append(list, say(lang, known.Name))
			}
		}
	}
	return strings.Join(list, map[string]string{chinese: "、", english: ", "}[lang])
}

func trimPlural(name string) string { return strings.TrimSuffix(name, "s") }

// words is every word of the pages that no table has.
var words = map[string]ledger.Text{
	"search": {En: "Search", Zh: "搜索"}, "park": {En: "Park", Zh: "园区"}, "action": {En: "Action", Zh: "行动"}, "hold-over": {En: "hold ended on ", Zh: "暂缓已届期:"},
	"asked": {En: "Asked for; it takes effect once another person has approved it.", Zh: "已提出申请,经他人批准后生效。"},
	"proof": {En: "Proof", Zh: "审计证明"}, "proof-lead": {En: "Your browser verifies here, from the stored bytes, that this entry is in the signed log. Change one character below and verify again.", Zh: "由您的浏览器依据存储字节验证该条目在已签署的日志中。可改动下方任一字符后重新验证。"},
	"proof-script": {En: "This page verifies by a script; without one, use the commands below.", Zh: "本页通过脚本验证;未启用脚本时请使用下方命令。"},
	"proof-bytes":  {En: "The stored bytes are those of the leaf", Zh: "存储字节与日志叶一致"}, "proof-tree": {En: "The leaf is in the tree, at this entry", Zh: "该叶在默克尔树中,且位于此序号"}, "proof-signature": {En: "The root was signed by the log’s key", Zh: "树根由日志密钥签署"}, "proof-kept": {En: "It is the checkpoint you kept", Zh: "与您留存的检查点一致"},
	"proof-ok": {En: "agrees:", Zh: "一致:"}, "proof-bad": {En: "DIFFERS:", Zh: "不一致:"}, "proof-whole": {En: "This entry is in the log as it was signed.", Zh: "该条目与已签署的日志一致。"}, "proof-broken": {En: "This is NOT what was signed.", Zh: "与已签署的日志不一致!"},
	"proof-line": {En: "Checkpoint line you kept (optional)", Zh: "您留存的检查点行(可选)"}, "proof-line-help": {En: "Only one of the same size can be compared here; for an older one use “ttledger verify --checkpoint”.", Zh: "此处仅能比较相同条数的检查点;更早的请使用 ttledger verify --checkpoint。"},
	"proof-again": {En: "Verify again", Zh: "重新验证"}, "proof-hand": {En: "By hand", Zh: "手工验证"}, "proof-hand-lead": {En: "On a machine of your own, with the key you kept on the first day:", Zh: "在您自己的机器上,使用首日留存的公钥:"}, "proof-keep": {En: "keep it on the first day", Zh: "首日留存"},
	"map-lead": {En: "A schematic: bearing and distance from Shenyang (outward by the root of the distance). It shows no boundaries and is no map.", Zh: "示意图:以沈阳为中心,按方位与距离(半径取距离平方根)排列;不表示任何行政区域界线,不是地图。"}, "map-none": {En: "No facility has its coordinates recorded at this moment.", Zh: "该时点没有登记坐标的载体。"},
	"distance": {En: "distance, km", Zh: "距离(公里)"}, "bearing": {En: "bearing", Zh: "方位角"}, "node": {En: "node", Zh: "节点"}, "shenyang": {En: "Shenyang", Zh: "沈阳"}, "kind-of": {En: "kind", Zh: "类型"},
	"links": {En: "links", Zh: "联系数"}, "scorecard": {En: "Scorecard", Zh: "计分卡"}, "as-xlsx": {En: "As a workbook (XLSX)", Zh: "导出 XLSX"},
	"wrong-not-yet": {En: "The read models do not answer yet", Zh: "读模型尚未就绪"}, "todo-not-yet": {En: "They may be built anew after a start. Nothing is lost; try again in a moment.", Zh: "启动后可能正在重建,数据不会丢失,请稍后再试。"},
	"brand": {En: "Ledger", Zh: "统计台账"}, "skip": {En: "Skip to the content", Zh: "跳到正文"},
	"home": {En: "Desk", Zh: "工作台"}, "views": {En: "Registers", Zh: "台账"}, "reports": {En: "Reports", Zh: "报表"}, "history": {En: "History", Zh: "入账记录"},
	"commands": {En: "Commands", Zh: "命令"}, "catalogue": {En: "Catalogue", Zh: "目录"}, "board": {En: "Board", Zh: "看板"}, "map": {En: "Map", Zh: "资源图"},
	"other": {En: "中文", Zh: "English"}, "menu": {En: "Main menu", Zh: "主菜单"}, "signed-in": {En: "Signed in as", Zh: "当前用户"},
	"sign-in": {En: "Sign in", Zh: "登录"}, "sign-out": {En: "Sign out", Zh: "退出"}, "token": {En: "Access token", Zh: "访问令牌"},
	"token-help":   {En: "The administrator issues it with “ttledger token issue”. It stays in this form; the browser keeps a session of twelve hours at most.", Zh: "由管理员以 ttledger token issue 签发。令牌不会保存在浏览器中,会话最长 12 小时。"},
	"sign-in-lead": {En: "Every fact is an immutable event; nothing is edited, only corrected in the open.", Zh: "每一事实均为不可变更的事件;只可公开更正,不可涂改。"},
	"sign-in-oidc": {En: "Sign in by the organisation’s identity service", Zh: "使用单位统一身份登录"},
	"time":         {En: "Moment", Zh: "时点"}, "as-of": {En: "True on (T)", Zh: "业务时点 T"}, "known-at": {En: "Known at entry (K)", Zh: "入账时点 K"},
	"as-of-help":    {En: "What had occurred by the end of this day", Zh: "截至该日业务上已发生的"},
	"known-at-help": {En: "What the ledger had learned up to this entry", Zh: "截至该条账本已入账的"},
	"look":          {En: "Look", Zh: "查看"}, "now": {En: "Back to now", Zh: "回到现在"}, "past": {En: "You are looking at the past; it can be read and not written.", Zh: "正在查看过去的状态:只读。"},
	"past-t": {En: "as of", Zh: "业务时点"}, "past-k": {En: "known at entry", Zh: "截至入账第"}, "past-k2": {En: ".", Zh: "条。"}, "unknown-then": {En: "Nothing was known of it at this moment.", Zh: "该时点账本对此尚无记录。"}, "can-now": {En: "Commands are for now.", Zh: "只能在当前时点办理。"},
	"stands": {En: "Stands at entry", Zh: "读模型位于第"}, "stands2": {En: "recorded", Zh: "条,入账时间"}, "behind": {En: "The read models are behind the record by", Zh: "读模型落后于账本"}, "behind2": {En: "events", Zh: "条事件"},
	"level": {En: "nothing is outstanding", Zh: "已与账本同步"}, "entries": {En: "entries", Zh: "条"}, "newer": {En: "new entries were recorded", Zh: "条新记录入账"}, "show-newer": {En: "Show them", Zh: "显示"},
	"yes": {En: "yes", Zh: "是"}, "no": {En: "no", Zh: "否"}, "none": {En: "nothing", Zh: "无"}, "empty": {En: "No rows at this moment.", Zh: "该时点没有记录。"},
	"filters": {En: "Filters", Zh: "筛选"}, "apply": {En: "Apply", Zh: "应用"}, "clear": {En: "Clear", Zh: "清除"}, "from-on": {En: ", from", Zh: "(起)"}, "until": {En: ", until", Zh: "(止)"}, "any": {En: "any", Zh: "不限"},
	"all-columns": {En: "All columns", Zh: "全部列"}, "fewer-columns": {En: "Fewer columns", Zh: "精简列"}, "as-csv": {En: "As a file (CSV)", Zh: "导出 CSV"}, "next-page": {En: "Next page", Zh: "下一页"}, "sort-by": {En: "sort by", Zh: "排序"},
	"whole-table": {En: "All of them", Zh: "查看全部"}, "new": {En: "New", Zh: "新建"}, "columns": {En: "columns", Zh: "列"}, "rows-of": {En: "Rows of", Zh: "行"},
	"formula": {En: "Formula", Zh: "公式"}, "formula-text": {En: "How it is computed (SQL)", Zh: "计算方式(SQL)"}, "counted-over": {En: "It counts the rows of", Zh: "统计来源"}, "chart": {En: "Chart", Zh: "图表"}, "measure": {En: "Measure", Zh: "指标"},
	"facts": {En: "Facts", Zh: "概况"}, "related": {En: "What else speaks of it", Zh: "相关记录"}, "can": {En: "What can be done", Zh: "可办事项"}, "cannot": {En: "Not possible for you now", Zh: "目前不可办"}, "timeline": {En: "Timeline", Zh: "时间线"},
	"needs-role": {En: "needs the role: ", Zh: "需要角色:"}, "as-role": {En: ", ", Zh: ","}, "recorded": {En: "Recorded: ", Zh: "已入账:"},
	"late": {En: "recorded late by", Zh: "滞后入账"}, "days": {En: "days", Zh: "天"}, "raw": {En: "as stored", Zh: "原始记录"}, "replay": {En: "Replay step by step", Zh: "逐步重放"}, "print": {En: "Print", Zh: "打印"}, "version": {En: "version", Zh: "版本"},
	"occurred": {En: "Occurred", Zh: "业务发生"}, "was-recorded": {En: "Recorded", Zh: "入账"}, "by": {En: "By", Zh: "经办"}, "entry": {En: "Entry", Zh: "入账序号"},
	"step": {En: "Step", Zh: "步"}, "step-words": {En: "Step %d of %d: %s, %s", Zh: "第 %d 步,共 %d 步:%s,%s"}, "before": {En: "Before", Zh: "之前"}, "after": {En: "After", Zh: "之后"}, "field": {En: "Field", Zh: "字段"},
	"first": {En: "First", Zh: "首步"}, "previous": {En: "Previous", Zh: "上一步"}, "next": {En: "Next", Zh: "下一步"}, "last": {En: "Last", Zh: "末步"}, "changed": {En: "changed", Zh: "有变化"}, "compare-with": {En: "Compare with step", Zh: "与此步比较"}, "compare": {En: "Compare", Zh: "比较"}, "start": {En: "before the first", Zh: "首步之前"},
	"event": {En: "Event", Zh: "事件"}, "data": {En: "What it says", Zh: "内容"}, "envelope": {En: "Envelope", Zh: "信封"}, "stored": {En: "As stored", Zh: "原始存储"}, "older": {En: "Older", Zh: "更早"}, "newer-one": {En: "Newer", Zh: "更晚"},
	"between": {En: "What changed between", Zh: "区间变化"}, "from-entry": {En: "from entry", Zh: "自第"}, "to-entry": {En: "to entry", Zh: "至第"}, "actor": {En: "Actor", Zh: "操作主体"}, "category": {En: "Kind of thing", Zh: "对象类别"},
	"required": {En: "required", Zh: "必填"}, "personal": {En: "personal; kept sealed", Zh: "个人信息,加密保存"}, "send": {En: "Record", Zh: "提交入账"}, "cancel": {En: "Cancel", Zh: "取消"}, "add-row": {En: "Add a row", Zh: "增加一行"}, "one-a-line": {En: "one a line", Zh: "每行一项"}, "choose": {En: "choose", Zh: "请选择"},
	"around": {En: "Circumstances: date, reason, evidence", Zh: "办理信息:日期、原因、佐证"}, "amount": {En: "amount", Zh: "金额"}, "currency": {En: "currency", Zh: "币种"}, "money-help": {En: "in whole units, such as 12000.00", Zh: "以元计,如 12000.00"}, "date-help": {En: "2021-06-15; or 2021-06 or 2021 where no more is known", Zh: "2021-06-15;只知年月时可写 2021-06 或 2021"},
	"mend": {En: "Please put right:", Zh: "请更正:"}, "refused": {En: "Refused", Zh: "未入账"}, "four-eyes": {En: "Takes effect only by another person’s decision", Zh: "须由他人审批方可生效"}, "since": {En: "Meanwhile this was recorded; look again and decide again:", Zh: "在您填写期间已有新的入账,请查看后重新决定:"},
	"json-help": {En: "as JSON", Zh: "JSON 格式"}, "id-help": {En: "type a part of the name or code, or an id", Zh: "输入名称或编号的一部分,或标识"}, "who-may": {En: "Who may", Zh: "可用角色"}, "decided-by": {En: "decided by", Zh: "审批角色"},
	"wait-approvals": {En: "Approvals that wait", Zh: "待审批"}, "wait-refused": {En: "Approved and then refused: to be mended", Zh: "获批后未能执行,待更正"}, "wait-deadlines": {En: "Deadlines within 30 days", Zh: "30 天内到期"}, "wait-holds": {En: "On hold, to be decided again within 30 days", Zh: "暂缓将届期"}, "wait-mine": {En: "In my charge", Zh: "由我负责"}, "wait-done": {En: "What I recorded last", Zh: "我最近办理"},
	"nothing-waits": {En: "Nothing waits for you.", Zh: "暂无待办。"}, "begin": {En: "Begin something", Zh: "新办事项"}, "go-on": {En: "Go on with", Zh: "继续查看"},
	"wrong-no-such-page": {En: "There is nothing at this address", Zh: "该地址没有页面"}, "todo-no-such-page": {En: "Go back, or begin at the desk.", Zh: "请返回上一页,或从工作台开始。"},
	"wrong-cross-origin": {En: "Another site’s page may not write here", Zh: "不接受来自其他网站页面的写操作"}, "todo-cross-origin": {En: "Open the form here and send it again.", Zh: "请在本站打开表单后重新提交。"},
	"wrong-internal": {En: "Something is wrong here, not with what you did", Zh: "系统内部出错,并非操作有误"}, "todo-internal": {En: "Nothing was recorded by halves. Try again; if it happens again, tell the administrator the number below.", Zh: "没有任何内容被部分入账。请重试;若再次发生,请将下方编号告知管理员。"},
	"wrong-bad-form": {En: "The form could not be read", Zh: "表单无法读取"}, "todo-bad-form": {En: "It may be too large; 1 MiB is the most.", Zh: "可能过大,最多 1 MiB。"},
	"request-id": {En: "Number of this request", Zh: "请求编号"}, "to-home": {En: "To the desk", Zh: "回到工作台"}, "printed": {En: "Printed from entry", Zh: "打印自入账第"},
}
