package projections

import "ttledger/domain/ledger"

// dossierReports is the due-diligence dossier of one project, and how complete dossiers are.
var dossierReports = []Report{Dossier, DossierItems, CompleteDossiers}

var oneProject = []Param{{Name: "project", Required: true, Help: ledger.Text{En: "id of the project", Zh: "项目标识"}}}

// affair is the streams of one project's affair: the project; what its decisions rested on
// (achievements, panels, notices, contracts, other projects left aside); and, three steps far, what
// rests on those: notices, contracts, teams, approvals. What rests on another project and not on
// this one is the other's affair.
const affair = `
this(s) AS (SELECT 'project-' || :project),
others(s) AS (
  SELECT stream FROM {affairs}, this WHERE concerns LIKE 'project-%' GROUP BY stream HAVING max(concerns = s) = 0
), found(s, steps) AS (
  SELECT s, 0 FROM this
  UNION SELECT concerns, 0 FROM {affairs} JOIN this ON stream = s WHERE concerns NOT LIKE 'project-%'
  UNION SELECT stream, steps + 1 FROM found JOIN {affairs} ON concerns = s
   WHERE steps < 3 AND category <> 'project' AND stream NOT IN (SELECT s FROM others)
), affair(s) AS (SELECT DISTINCT s FROM found)`

// Dossier is S-A4, the due-diligence dossier (勤勉尽责证据包, S&T Progress Law 2021 Arts. 68, 97):
// every event of the affair in the order of its dates, with who acted in which role, who approved,
// under which policy, on which documents; what was publicised is among them.
var Dossier = Report{
	Code: "s-a4", Formula: "S-A4/affair-three-steps/v1", Roles: Offices, Params: oneProject,
	Title: ledger.Text{En: "due-diligence dossier of a project", Zh: "勤勉尽责证据包"},
	Columns: []Column{
		column("occurred_on", TypeDate, "occurred on", "业务发生日"),
		column("entry", TypeInteger, "entry", "入账序号"),
		column("recorded_at", TypeTime, "recorded at", "入账时间"),
		column("late_days", TypeInteger, "days recorded late", "入账滞后天数"),
		column("stream", TypeText, "stream", "事件流"),
		column("event", TypeText, "event", "事件"),
		column("actor", TypeText, "actor", "操作主体"),
		column("role", TypeText, "role", "角色"),
		column("approver", TypeText, "approved by", "审批人"),
		column("approval", TypeText, "approval", "审批"),
		column("policy", TypeText, "policy", "政策版本"),
		column("reason", TypeText, "reason", "原因代码"),
		column("documents", TypeInteger, "documents", "佐证材料数"),
		column("evidence", TypeJSON, "digests and names of documents", "佐证材料摘要与名称"),
		column("data", TypeJSON, "content", "内容"),
	},
	SQL: `
WITH RECURSIVE` + affair + `, t AS (
  SELECT * FROM {timeline} WHERE stream IN (SELECT s FROM affair)
), documents AS (
  SELECT stream, version, count(*) AS n, json_group_array(json_object('digest', digest, 'name', name)) AS list
    FROM {evidence} WHERE stream IN (SELECT s FROM affair) GROUP BY stream, version
)
SELECT t.occurred_on, t.entry, t.recorded_at, t.late_days, t.stream, t.type, t.actor, t.role,
       t.approver, t.approval, t.policy, t.reason, coalesce(n, 0), list, t.data
  FROM t LEFT JOIN documents USING (stream, version)
 ORDER BY substr(t.occurred_on || '-01-01', 1, 10), t.entry`,
}

// DossierItems is what a dossier should have, and whether this one does. It goes beyond what an
// exemption needs (project.DossierGaps): notices, registrations and signatures too.
var DossierItems = Report{
	Code: "s-a4-items", Formula: "S-A4/items/v1", Roles: Offices, Params: oneProject,
	Title: ledger.Text{En: "items of a due-diligence dossier", Zh: "勤勉尽责证据包清单"},
	Columns: []Column{
		column("item", TypeText, "item", "项目"),
		column("present", TypeBoolean, "present", "具备"),
		column("detail", TypeText, "detail", "说明"),
	},
	SQL: `
WITH RECURSIVE` + affair + `, p AS (
  SELECT * FROM {conversion} WHERE id = :project
), a AS (
  SELECT r.* FROM p, json_each(p.achievements) JOIN {achievement-register} AS r ON r.id = value WHERE p.achievements IS NOT NULL
), n AS (
  SELECT * FROM {notice-board} WHERE 'notice-' || id IN (SELECT s FROM affair)
), items(n, item, present, detail) AS (
  SELECT 1, 'approval', approved_on IS NOT NULL, approved_on FROM p
  UNION ALL SELECT 2, 'responsible', responsible IS NOT NULL, responsible FROM p
  UNION ALL SELECT 3, 'evidence of decisions', bare IS NULL, bare FROM p
  UNION ALL SELECT 4, 'milestones looked at', count(value) = 0, group_concat(value ->> 'code', ', ')
    FROM p LEFT JOIN json_each(p.milestones) ON value ->> 'result' IS NULL AND value ->> 'due' < :as_of
  UNION ALL SELECT 5, 'achievement registered', registered_on IS NOT NULL, coalesce(registration_no, id) FROM a
  UNION ALL SELECT 6, 'shares signed by all', contributions = 'agreed', contributions FROM a
  UNION ALL SELECT 7, 'notice of ' || kind, state = 'concluded' AND outcome = 'no-objection', coalesce(code, id) || ': ' || coalesce(outcome, state) FROM n
)
SELECT item, present, detail FROM items ORDER BY n, item, detail`,
}

// CompleteDossiers is K14: projects terminated in the year whose dossier lacked nothing then ÷
// projects terminated in the year.
var CompleteDossiers = Report{
	Code: "k14", Formula: "K14/terminated-with-complete-dossier/v1", Roles: Offices, Params: years,
	Title: ledger.Text{En: "terminations with a complete dossier", Zh: "终止项目尽责率"},
	Columns: []Column{
		column("year", TypeInteger, "year", "年份"),
		column("terminated", TypeInteger, "terminated", "终止项目数"),
		column("complete", TypeInteger, "with a complete dossier", "证据包完整数"),
		column("rate", TypeDecimal, "complete, %", "尽责率(%)"),
		column("exempted", TypeInteger, "exemption claimed", "主张尽职免责数"),
	},
	SQL: `
SELECT year, count(*), count(*) FILTER (WHERE dossier_gaps IS NULL),
       printf('%.1f', 100.0 * count(*) FILTER (WHERE dossier_gaps IS NULL) / count(*)), count(*) FILTER (WHERE exemption)
  FROM (SELECT *, CAST(substr(terminated, 1, 4) AS INTEGER) AS year FROM {conversion} WHERE terminated IS NOT NULL)
 WHERE` + inYears + `
 GROUP BY year ORDER BY year`,
}
