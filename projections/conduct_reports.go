package projections

import (
	"strings"

	"ttledger/domain/ledger"
)

// FourEyesTypes are the events that need the approval of another person, always (domain catalogue,
// 4E). Those that need it in some cases only, such as the end of a contract, are not among them.
var FourEyesTypes = []string{
	"programme.opened.v1", "programme.closed.v1", "indicator.figure-attested.v1", "indicator.target-set.v1", "period.closed.v1", "period.report-issued.v1",
	"policy.version-adopted.v1", "ledger.record-corrected.v1", "person.data-erased.v1",
	"project.approved.v1", "project.stage-gate-decided.v1", "project.terminated.v1", "project.completed.v1",
	"contract.signed.v1", "contract.registration-revoked.v1", "contract.amended.v1", "contract.distribution-approved.v1", "contract.entry-reversed.v1",
	"facility.designated.v1", "facility.withdrawn.v1", "facility.chief-scientist-appointed.v1", "facility.chief-scientist-released.v1",
	"requisition.approved.v1", "panel.concluded.v1", "application.offer-issued.v1", "appointment.probation-concluded.v1",
	"team.bound.v1", "team.landed.v1", "team.exited.v1", "grant.approved.v1", "grant.instalment-released.v1", "grant.entry-reversed.v1",
	"incubation.admitted.v1", "incubation.extended.v1", "incubation.graduated.v1", "incubation.landed.v1", "incubation.evicted.v1",
	"investment.commitment-made.v1", "investment.entry-reversed.v1",
}

// EvidenceTypes are the events that rest on a document.
var EvidenceTypes = []string{
	"programme.opened.v1", "indicator.figure-attested.v1", "indicator.target-set.v1", "policy.version-adopted.v1",
	"project.approved.v1", "project.milestone-verified.v1", "project.industrialisation-confirmed.v1", "project.completed.v1",
	"achievement.registered.v1", "achievement.evaluated.v1", "notice.concluded.v1",
	"contract.signed.v1", "contract.registered.v1", "contract.registration-revoked.v1", "contract.receipt-recorded.v1", "contract.distribution-paid.v1",
	"facility.designated.v1", "recognition.granted.v1", "team.landed.v1", "grant.condition-verified.v1", "grant.instalment-released.v1",
	"incubation.financing-recorded.v1", "incubation.graduated.v1", "incubation.landed.v1", "investment.capital-paid-in.v1",
}

// list writes names as the rows of a VALUES clause. They are literals of this program.
func list(names []string) string { return "('" + strings.Join(names, "'), ('") + "')" }

var dated = []Param{
	{Name: "from", Help: ledger.Text{En: "first day, by business date", Zh: "起始业务发生日"}},
	{Name: "to", Help: ledger.Text{En: "last day, by business date", Zh: "截止业务发生日"}},
}

// events is the timeline within the days asked for, by the first day that a date may mean.
const events = `
WITH t AS (
  SELECT * FROM {timeline}
   WHERE substr(occurred_on || '-01-01', 1, 10) BETWEEN coalesce(:from, '0000') AND coalesce(:to, '9999-12-31')
)`

// RecordingLag is K66: for each type of event, the median and 90th percentile (nearest rank) of the
// days from the business date to the recording, over events dated to the day. Fewer than five show
// their number only.
var RecordingLag = Report{
	Code: "k66", Formula: "K66/median-p90/v1", Roles: Offices, Params: dated,
	Title: ledger.Text{En: "recording lag", Zh: "入账时滞"},
	Columns: []Column{
		column("type", TypeText, "event", "事件"),
		column("events", TypeInteger, "events", "事件数"),
		column("median_days", TypeDecimal, "median, days", "中位天数"),
		column("p90_days", TypeDecimal, "90th percentile, days", "P90 天数"),
		column("imprecise", TypeInteger, "events not dated to the day", "日期不精确的事件数"),
	},
	SQL: events + `, ranked AS (
  SELECT type, late_days AS d, row_number() OVER (PARTITION BY type ORDER BY late_days) AS r, count(*) OVER (PARTITION BY type) AS c
    FROM t WHERE length(occurred_on) = 10
), figures AS (
  SELECT type, max(c) AS c,
         printf('%.1f', avg(d) FILTER (WHERE r IN ((c + 1) / 2, (c + 2) / 2))) AS median,
         printf('%.1f', avg(d) FILTER (WHERE r = (9 * c + 9) / 10)) AS p90
    FROM ranked GROUP BY type
)
SELECT t.type, count(*), CASE WHEN f.c >= 5 THEN f.median END, CASE WHEN f.c >= 5 THEN f.p90 END, count(*) - coalesce(f.c, 0)
  FROM t LEFT JOIN figures AS f ON f.type = t.type GROUP BY t.type ORDER BY t.type`,
}

// CorrectionRate is K67: of the events of types that may be corrected, how many were, by type and
// by how they came in.
var CorrectionRate = Report{
	Code: "k67", Formula: "K67/corrected-by-type-and-source/v1", Roles: Offices, Params: dated, Lines: 2,
	Title: ledger.Text{En: "correction rate", Zh: "更正率"},
	Columns: []Column{
		column("type", TypeText, "event", "事件"),
		column("source", TypeText, "source", "来源"),
		column("events", TypeInteger, "events", "事件数"),
		column("corrected", TypeInteger, "corrected", "被更正数"),
		column("rate", TypeDecimal, "rate, %", "更正率(%)"),
	},
	SQL: events + `, corrected AS (SELECT DISTINCT corrects AS event_id FROM {timeline} WHERE corrects IS NOT NULL)
SELECT t.type, t.source, count(*), count(c.event_id), printf('%.1f', 100.0 * count(c.event_id) / count(*))
  FROM t LEFT JOIN corrected AS c ON c.event_id = t.event_id
 WHERE t.correctable GROUP BY t.type, t.source ORDER BY t.type, t.source`,
}

// FourEyesConformity is K68: of the events that need another person's approval, how many name it.
// It must be 100 %.
var FourEyesConformity = Report{
	Code: "k68", Formula: "K68/approved-by-type/v1", Roles: Offices, Params: dated,
	Title: ledger.Text{En: "four-eyes conformity", Zh: "双人复核率"},
	Columns: []Column{
		column("type", TypeText, "event", "事件"),
		column("events", TypeInteger, "events", "事件数"),
		column("approved", TypeInteger, "with an approval", "有审批的事件数"),
		column("rate", TypeDecimal, "rate, %", "复核率(%)"),
	},
	SQL: events + `, kinds(type) AS (VALUES ` + list(FourEyesTypes) + `)
SELECT t.type, count(*), count(t.approval), printf('%.1f', 100.0 * count(t.approval) / count(*))
  FROM t JOIN kinds ON kinds.type = t.type GROUP BY t.type ORDER BY t.type`,
}

// EvidenceCoverage is K69: of the events that rest on a document, how many name one.
var EvidenceCoverage = Report{
	Code: "k69", Formula: "K69/evidence-by-type/v1", Roles: Offices, Params: dated,
	Title: ledger.Text{En: "evidence coverage", Zh: "佐证覆盖率"},
	Columns: []Column{
		column("type", TypeText, "event", "事件"),
		column("events", TypeInteger, "events", "事件数"),
		column("evidenced", TypeInteger, "with evidence", "有佐证的事件数"),
		column("rate", TypeDecimal, "rate, %", "覆盖率(%)"),
	},
	SQL: events + `, kinds(type) AS (VALUES ` + list(EvidenceTypes) + `)
SELECT t.type, count(*), count(*) FILTER (WHERE t.evidence > 0), printf('%.1f', 100.0 * count(*) FILTER (WHERE t.evidence > 0) / count(*))
  FROM t JOIN kinds ON kinds.type = t.type GROUP BY t.type ORDER BY t.type`,
}

// ExceptionReport is S-G3: what is out of the ordinary, and what is late: dated inside a period and
// recorded after the entry at which it was closed (invariant X14). It names streams of every kind,
// so only those read it who see them.
var ExceptionReport = Report{
	Code: "s-g3", Formula: "S-G3/flagged-and-late/v1", Roles: []ledger.Role{ledger.APR, ledger.AUD}, Params: dated, Lines: 3,
	Title: ledger.Text{En: "exceptions", Zh: "例外事项报告"},
	Columns: []Column{
		column("kind", TypeText, "kind of exception", "例外类型"),
		column("entry", TypeInteger, "entry", "入账序号"),
		column("stream", TypeText, "stream", "事件流"),
		column("type", TypeText, "event", "事件"),
		column("occurred_on", TypeDate, "occurred on", "业务发生日"),
		column("recorded_at", TypeTime, "recorded at", "入账时间"),
		column("actor", TypeText, "actor", "操作主体"),
		column("approval", TypeText, "approval", "审批"),
		column("reason", TypeText, "reason", "原因代码"),
		column("periods", TypeText, "closed periods it is dated in", "所属已关账报告期"),
	},
	SQL: events + `
SELECT * FROM (
  SELECT e.kind, e.entry, e.stream, e.type, e.occurred_on, e.recorded_at, e.actor, e.approval, e.reason, NULL AS periods
    FROM {exceptions} AS e
   WHERE substr(e.occurred_on || '-01-01', 1, 10) BETWEEN coalesce(:from, '0000') AND coalesce(:to, '9999-12-31')
  UNION ALL
  SELECT 'late', t.entry, t.stream, t.type, t.occurred_on, t.recorded_at, t.actor, t.approval, t.reason, group_concat(p.code, ' ' ORDER BY p.code)
    FROM {periods} AS p JOIN t ON t.entry > p.cut_off AND substr(t.occurred_on || '-01-01', 1, 10) BETWEEN p.from_on AND p.to_on
   WHERE p.closed_on IS NOT NULL AND t.category NOT IN ('approval', 'claim')
   GROUP BY t.entry
) ORDER BY kind, entry`,
}
