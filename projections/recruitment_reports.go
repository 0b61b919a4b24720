package projections

import (
	"strings"

	"ttledger/domain/ledger"
)

// recruitmentReports is the reports on open recruitment, in display order.
var recruitmentReports = []Report{
	TimeToFill, Selectivity, OfferAcceptance, ReplacedStaff, ProbationPass, Retention, Recusal, RecruitmentReport, WithoutResponsible,
}

// personnel may read figures on recruitment; who is behind them, application.Sight says.
var personnel = []ledger.Role{ledger.HR, ledger.PM, ledger.APR, ledger.SUP, ledger.DPO, ledger.REP, ledger.AUD}

// staffing see to it that projects have somebody responsible.
var staffing = []ledger.Role{ledger.PM, ledger.TM, ledger.HR, ledger.SUP, ledger.APR, ledger.AUD}

// ratio is a division to one decimal; nothing where there is nothing to divide by.
func ratio(part, whole string) string {
	return "CASE WHEN (" + whole + ") > 0 THEN printf('%.1f', " + part + " / (" + whole + ")) END"
}

// filled is the days from the approval of a requisition to the first working day of each appointee,
// where both are known to the day.
const filled = `(SELECT a.requisition, a.post, p.level, julianday(a.started_on) - julianday(r.approved_on) AS d
   FROM {appointments} AS a
   JOIN {requisition-register} AS r ON r.id = a.requisition
   LEFT JOIN {recruitment-pipeline} AS p ON p.id = a.application
  WHERE length(a.started_on) = 10 AND length(r.approved_on) = 10 AND PERIOD)`

// TimeToFill is K20: the median days from RequisitionApproved to AppointmentStarted, per level of
// post and over all; of fewer than five only how many. Appointments that started in the period.
var TimeToFill = Report{
	Code: "k20", Formula: "K20/median-days-approved-started/v1", Roles: personnel, Params: fromTo,
	Title: ledger.Text{En: "time to fill", Zh: "选聘周期"},
	Columns: []Column{
		column("level", TypeText, "level of post", "岗位层级"),
		column("filled", TypeInteger, "appointments started", "到岗人数"),
		column("median_days", TypeDecimal, "median, days", "中位天数"),
	},
	SQL: `
WITH d AS ` + strings.ReplaceAll(filled, "PERIOD", within("a.started_on")) + `,
g AS (SELECT 1 AS n, 'all' AS level, d FROM d UNION ALL SELECT 2, level, d FROM d WHERE level IS NOT NULL),
ranked AS (SELECT n, level, d, row_number() OVER (PARTITION BY n, level ORDER BY d) AS r, count(*) OVER (PARTITION BY n, level) AS c FROM g)
SELECT level, max(c), CASE WHEN max(c) >= 5 THEN printf('%.1f', avg(d) FILTER (WHERE r IN ((c + 1) / 2, (c + 2) / 2))) END
  FROM ranked GROUP BY n, level ORDER BY n, level`,
}

// Selectivity is K21: applications received ÷ offers accepted, per closed requisition.
var Selectivity = Report{
	Code: "k21", Formula: "K21/received-per-accepted-of-closed/v1", Roles: personnel, Params: fromTo,
	Title: ledger.Text{En: "selectivity of closed requisitions", Zh: "报录比(已结束的选聘)"},
	Columns: []Column{
		column("requisition", TypeText, "requisition", "选聘计划"),
		column("closed_on", TypeDate, "closed on", "结束日期"),
		column("received", TypeInteger, "applications received", "报名数"),
		column("accepted", TypeInteger, "offers accepted", "接受聘书数"),
		column("ratio", TypeDecimal, "applications for each acceptance", "报录比"),
	},
	SQL: `
SELECT r.code, r.ended_on, count(p.received_on), count(*) FILTER (WHERE p.answer = 'accepted'),
       ` + ratio(`1.0 * count(p.received_on)`, `count(*) FILTER (WHERE p.answer = 'accepted')`) + `
  FROM {requisition-register} AS r LEFT JOIN {recruitment-pipeline} AS p ON p.requisition = r.id
 WHERE r.stage = 'closed' AND ` + within("r.ended_on") + `
 GROUP BY r.id ORDER BY r.ended_on, r.code`,
}

// OfferAcceptance is K22: accepted ÷ (accepted + declined + lapsed), by the last answer to each
// application, given in the period.
var OfferAcceptance = Report{
	Code: "k22", Formula: "K22/accepted-of-answered/v1", Roles: personnel, Params: fromTo,
	Title: ledger.Text{En: "offer acceptance", Zh: "受聘率"},
	Columns: []Column{
		column("level", TypeText, "level of post", "岗位层级"),
		column("accepted", TypeInteger, "accepted", "接受"),
		column("declined", TypeInteger, "declined", "谢绝"),
		column("lapsed", TypeInteger, "lapsed", "逾期"),
		column("share", TypeDecimal, "accepted, %", "受聘率(%)"),
	},
	SQL: `
WITH a AS (SELECT level, answer FROM {recruitment-pipeline} WHERE answer IS NOT NULL AND ` + within("answered_on") + `),
g AS (SELECT 1 AS n, 'all' AS level, answer FROM a UNION ALL SELECT 2, level, answer FROM a)
SELECT level, count(*) FILTER (WHERE answer = 'accepted'), count(*) FILTER (WHERE answer = 'declined'), count(*) FILTER (WHERE answer = 'lapsed'),
       printf('%.1f', 100.0 * count(*) FILTER (WHERE answer = 'accepted') / count(*))
  FROM g GROUP BY n, level ORDER BY n, level`,
}

// ReplacedStaff is K23: persons in post at T who entered by open recruitment ÷ headcount at T. The
// headcount is attested outside and given as a parameter.
var ReplacedStaff = Report{
	Code: "k23", Formula: "K23/in-post-by-recruitment-of-headcount/v1", Roles: personnel,
	Params: []Param{{Name: "headcount", Required: true, Help: ledger.Text{En: "headcount at T, as attested", Zh: "统计日在岗人数(经核定)"}}},
	Title:  ledger.Text{En: "replaced-staff ratio", Zh: "人员更新比(换血率)"},
	Columns: []Column{
		column("in_post", TypeInteger, "in post by open recruitment", "公开选聘在岗人数"),
		column("headcount", TypeInteger, "headcount", "在岗总人数"),
		column("share", TypeDecimal, "share, %", "人员更新比(%)"),
	},
	SQL: `
SELECT count(DISTINCT person), CAST(:headcount AS INTEGER), ` + ratio(`100.0 * count(DISTINCT person)`, `CAST(:headcount AS INTEGER)`) + `
  FROM {appointments} WHERE started_on IS NOT NULL AND (ended_on IS NULL OR ended_on >= :as_of)`,
}

// ProbationPass is K24: confirmed ÷ probations concluded in the period. An extension concludes none.
var ProbationPass = Report{
	Code: "k24", Formula: "K24/confirmed-of-concluded/v1", Roles: personnel, Params: fromTo,
	Title: ledger.Text{En: "probation pass rate", Zh: "转正率"},
	Columns: []Column{
		column("concluded", TypeInteger, "probations concluded", "考核人数"),
		column("confirmed", TypeInteger, "confirmed", "转正人数"),
		column("share", TypeDecimal, "confirmed, %", "转正率(%)"),
	},
	SQL: `
SELECT count(*), count(*) FILTER (WHERE probation = 'confirmed'), ` + ratio(`100.0 * count(*) FILTER (WHERE probation = 'confirmed')`, `count(*)`) + `
  FROM {appointments} WHERE probation IN ('confirmed', 'failed') AND ` + within("probation_on"),
}

// Retention is K25: of the appointments started at least m months before T, those still in post m
// months after their start, for 12, 24 and 36 months. Starts that are not known to the day are left out.
var Retention = Report{
	Code: "k25", Formula: "K25/in-post-after-12-24-36-months/v1", Roles: personnel,
	Title: ledger.Text{En: "retention", Zh: "留任率"},
	Columns: []Column{
		column("months", TypeInteger, "months", "月数"),
		column("started", TypeInteger, "started so long ago", "满该月数的到岗人数"),
		column("retained", TypeInteger, "in post then", "留任人数"),
		column("share", TypeDecimal, "retained, %", "留任率(%)"),
	},
	SQL: `
WITH m(months) AS (VALUES (12), (24), (36)),
s AS (SELECT m.months, date(a.started_on, '+' || m.months || ' months') AS anniversary, a.ended_on
        FROM m JOIN {appointments} AS a ON length(a.started_on) = 10 AND date(a.started_on, '+' || m.months || ' months') <= :as_of)
SELECT m.months, count(s.anniversary), count(*) FILTER (WHERE s.anniversary IS NOT NULL AND (s.ended_on IS NULL OR s.ended_on >= s.anniversary)),
       ` + ratio(`100.0 * count(*) FILTER (WHERE s.anniversary IS NOT NULL AND (s.ended_on IS NULL OR s.ended_on >= s.anniversary))`, `count(s.anniversary)`) + `
  FROM m LEFT JOIN s ON s.months = m.months GROUP BY m.months ORDER BY m.months`,
}

// Recusal is K26: recused ÷ declared, and reviews with a prior declaration ÷ reviews, which must be
// 100 %. Declarations and reviews of the period.
var Recusal = Report{
	Code: "k26", Formula: "K26/recused-of-declared-prior-of-reviews/v1", Roles: personnel, Params: fromTo,
	Title: ledger.Text{En: "recusal and coverage of declarations", Zh: "回避率与申报率"},
	Columns: []Column{
		column("declared", TypeInteger, "declarations", "申报数"),
		column("recused", TypeInteger, "recusals", "回避数"),
		column("recusal_share", TypeDecimal, "recused, %", "回避率(%)"),
		column("reviews", TypeInteger, "reviews", "评分数"),
		column("prior", TypeInteger, "reviews declared for before", "评分前已申报数"),
		column("coverage_share", TypeDecimal, "declared before, %", "申报率(%)"),
	},
	SQL: `
WITH x AS (SELECT declared_on IS NOT NULL AND ` + within("declared_on") + ` AS d, recused, submitted_on IS NOT NULL AND ` + within("submitted_on") + ` AS s, prior FROM {panel-reviews})
SELECT count(*) FILTER (WHERE d), count(*) FILTER (WHERE d AND recused), ` + ratio(`100.0 * count(*) FILTER (WHERE d AND recused)`, `count(*) FILTER (WHERE d)`) + `,
       count(*) FILTER (WHERE s), count(*) FILTER (WHERE s AND prior), ` + ratio(`100.0 * count(*) FILTER (WHERE s AND prior)`, `count(*) FILTER (WHERE s)`) + `
  FROM x`,
}

// RecruitmentReport is S-B1 (公开选聘情况表): K20 to K26 as far as they are of a post, one row a post.
var RecruitmentReport = Report{
	Code: "s-b1", Formula: "S-B1/by-requisition-post/v1", Roles: personnel,
	Params: []Param{{Name: "requisition", Help: ledger.Text{En: "code of one requisition", Zh: "选聘计划编号"}}},
	Title:  ledger.Text{En: "report on open recruitment", Zh: "公开选聘情况表"},
	Columns: []Column{
		column("requisition", TypeText, "requisition", "选聘计划"),
		column("stage", TypeText, "stage", "阶段"),
		column("post", TypeText, "post", "岗位代码"),
		column("title_zh", TypeText, "title (Chinese)", "岗位名称(中文)"),
		column("title_en", TypeText, "title (English)", "岗位名称(英文)"),
		column("level", TypeText, "level", "层级"),
		column("number", TypeInteger, "approved", "计划人数"),
		column("received", TypeInteger, "applications received", "报名数"),
		column("eligible", TypeInteger, "eligible", "资格合格数"),
		column("ranked", TypeInteger, "ranked", "评审排序数"),
		column("offered", TypeInteger, "offers", "发聘数"),
		column("accepted", TypeInteger, "accepted", "接受数"),
		column("declined", TypeInteger, "declined or lapsed", "谢绝或逾期数"),
		column("started", TypeInteger, "started", "到岗数"),
		column("confirmed", TypeInteger, "confirmed", "转正数"),
		column("left", TypeInteger, "left", "离任数"),
		column("selectivity", TypeDecimal, "applications for each acceptance", "报录比"),
		column("acceptance_share", TypeDecimal, "accepted of answered, %", "受聘率(%)"),
		column("pass_share", TypeDecimal, "confirmed of probations concluded, %", "转正率(%)"),
		column("days_to_fill", TypeDecimal, "days to fill, median of five or more", "选聘周期中位天数(不少于 5 人)"),
	},
	SQL: `
WITH posts AS (
  SELECT r.id, r.code, r.stage, j.value ->> 'code' AS post, j.value -> 'titles' ->> 'zh' AS zh, j.value -> 'titles' ->> 'en' AS en,
         j.value ->> 'level' AS level, j.value ->> 'number' AS number, j.key AS n
    FROM {requisition-register} AS r, json_each(coalesce(r.posts, '[]')) AS j
   WHERE :requisition IS NULL OR r.code = :requisition
), applied AS (
  SELECT requisition, post, count(*) AS received, count(*) FILTER (WHERE eligibility = 'eligible') AS eligible, count(*) FILTER (WHERE rank > 0) AS ranked,
         count(offered_on) AS offered, count(*) FILTER (WHERE answer = 'accepted') AS accepted, count(*) FILTER (WHERE answer IN ('declined', 'lapsed')) AS declined
    FROM {recruitment-pipeline} WHERE received_on IS NOT NULL GROUP BY requisition, post
), appointed AS (
  SELECT requisition, post, count(started_on) AS started, count(*) FILTER (WHERE probation = 'confirmed') AS confirmed,
         count(*) FILTER (WHERE probation IN ('confirmed', 'failed')) AS concluded, count(ended_on) AS left
    FROM {appointments} GROUP BY requisition, post
), ranked AS (
  SELECT requisition, post, d, row_number() OVER (PARTITION BY requisition, post ORDER BY d) AS r, count(*) OVER (PARTITION BY requisition, post) AS c
    FROM ` + strings.ReplaceAll(filled, "PERIOD", "TRUE") + `
), days AS (
  SELECT requisition, post, CASE WHEN max(c) >= 5 THEN printf('%.1f', avg(d) FILTER (WHERE r IN ((c + 1) / 2, (c + 2) / 2))) END AS median
    FROM ranked GROUP BY requisition, post
)
SELECT p.code, p.stage, p.post, p.zh, p.en, p.level, p.number,
       coalesce(a.received, 0), coalesce(a.eligible, 0), coalesce(a.ranked, 0), coalesce(a.offered, 0), coalesce(a.accepted, 0), coalesce(a.declined, 0),
       coalesce(k.started, 0), coalesce(k.confirmed, 0), coalesce(k.left, 0),
       ` + ratio(`1.0 * a.received`, `a.accepted`) + `,
       ` + ratio(`100.0 * a.accepted`, `a.accepted + a.declined`) + `,
       ` + ratio(`100.0 * k.confirmed`, `k.concluded`) + `,
       d.median
  FROM posts AS p
  LEFT JOIN applied AS a ON a.requisition = p.id AND a.post = p.post
  LEFT JOIN appointed AS k ON k.requisition = p.id AND k.post = p.post
  LEFT JOIN days AS d ON d.requisition = p.id AND d.post = p.post
 ORDER BY p.code, p.n`,
}

// WithoutResponsible is the open projects whose responsible person left the post (domain invariant
// X15): each needs another.
var WithoutResponsible = Report{
	Code: "x15", Formula: "X15/live-projects-responsible-left/v1", Roles: staffing,
	Title: ledger.Text{En: "projects whose responsible person has left", Zh: "负责人已离任的项目"},
	Columns: []Column{
		column("project", TypeText, "project", "项目"),
		column("code", TypeText, "code", "项目编号"),
		column("stage", TypeText, "stage", "阶段"),
		column("responsible", TypeText, "responsible", "负责人账号"),
		column("left_on", TypeDate, "left on", "离任日期"),
	},
	SQL: `
SELECT b.id, b.code, b.stage, b.responsible, max(a.ended_on)
  FROM {project-board} AS b JOIN {appointments} AS a ON a.account = b.responsible
 WHERE b.stage NOT IN ('proposed', 'completed', 'rejected', 'terminated')
 GROUP BY b.id HAVING count(*) FILTER (WHERE a.ended_on IS NULL OR a.ended_on >= :as_of) = 0
 ORDER BY b.code, b.id`,
}
