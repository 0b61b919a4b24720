package projections

import "ttledger/domain/ledger"

// auditReports is what auditors ask.
var auditReports = []Report{AuditTimeline}

// AuditTimeline is S-G1: what was recorded, by whom, under which rule and on whose approval, in order,
// for auditors. The answer carries the checkpoint of the transparency log; the receipt of each line
// is at /v1/receipts/ and its event id.
var AuditTimeline = Report{
	Code: "s-g1", Formula: "S-G1/timeline/v1", Roles: []ledger.Role{ledger.SUP, ledger.DPO, ledger.AUD},
	Title: ledger.Text{En: "audit timeline, a thousand entries at a time", Zh: "审计时间线(每次一千条)"},
	Params: []Param{
		{Name: "after", Help: ledger.Text{En: "entry number to go on after", Zh: "自该入账序号之后"}},
		{Name: "from", Help: ledger.Text{En: "what was recorded on this day (UTC) or later", Zh: "入账日(UTC)自该日起"}},
		{Name: "to", Help: ledger.Text{En: "what was recorded by this day (UTC)", Zh: "入账日(UTC)至该日"}},
		{Name: "actor", Help: ledger.Text{En: "handle of who recorded or approved it", Zh: "操作或审批主体账号"}},
		{Name: "stream", Help: ledger.Text{En: "of one thing, such as project-6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11", Zh: "某一对象,如 project-6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11"}},
		{Name: "event", Help: ledger.Text{En: "stored name of the event", Zh: "事件名称"}},
		{Name: "policy", Help: ledger.Text{En: "code of the policy, or CODE@VERSION", Zh: "政策代码,或 代码@版本"}},
	},
	Columns: []Column{
		column("entry", TypeInteger, "entry", "入账序号"),
		column("recorded_at", TypeTime, "recorded at", "入账时间"),
		column("occurred_on", TypeDate, "occurred on", "业务发生日"),
		column("late_days", TypeInteger, "days recorded late", "入账滞后天数"),
		column("actor", TypeText, "actor", "操作主体"),
		column("role", TypeText, "role", "角色"),
		column("on_behalf_of", TypeText, "on behalf of", "代何人"),
		column("approver", TypeText, "approved by", "审批人"),
		column("event", TypeText, "event", "事件"),
		column("stream", TypeText, "stream", "事件流"),
		column("version", TypeInteger, "version", "版本"),
		column("policy", TypeText, "policy", "政策版本"),
		column("reason", TypeText, "reason", "原因代码"),
		column("corrects", TypeText, "corrects event", "更正的事件"),
		column("source", TypeText, "source", "来源"),
		column("event_id", TypeText, "event id", "事件标识"),
	},
	SQL: `
SELECT entry, recorded_at, occurred_on, late_days, actor, role, on_behalf_of, approver, type, stream, version, policy, reason, corrects, source, event_id
FROM {timeline}
WHERE entry > CAST(coalesce(:after, '0') AS INTEGER)
  AND (:from IS NULL OR substr(recorded_at, 1, 10) >= :from)
  AND (:to IS NULL OR substr(recorded_at, 1, 10) <= :to)
  AND (:actor IS NULL OR actor = :actor OR approver = :actor)
  AND (:stream IS NULL OR stream = :stream)
  AND (:event IS NULL OR type = :event)
  AND (:policy IS NULL OR policy = :policy OR policy LIKE :policy || '@%')
ORDER BY entry
LIMIT 1000`,
}
