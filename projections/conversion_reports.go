package projections

import "ttledger/domain/ledger"

// conversionReports is the reports on achievements and what becomes of them.
var conversionReports = []Report{Disclosures, CohortConversion, AchievementFunnel, AchievementCycleTime, ReadinessGain, MilestonesOnTime, IdleAchievements}

var years = []Param{
	{Name: "from", Help: ledger.Text{En: "first year", Zh: "起始年份"}},
	{Name: "to", Help: ledger.Text{En: "last year", Zh: "截止年份"}},
}

// inYears keeps rows whose column year is within the parameters.
const inYears = ` year BETWEEN coalesce(CAST(:from AS INTEGER), 0) AND coalesce(CAST(:to AS INTEGER), 9999) `

// Disclosures is K01: |E(AchievementDisclosed, P)|, by year and category.
var Disclosures = Report{
	Code: "k01", Formula: "K01/disclosed-by-year/v1", Roles: Offices, Params: years,
	Title: ledger.Text{En: "achievements disclosed", Zh: "成果披露数"},
	Columns: []Column{
		column("year", TypeInteger, "year", "年份"),
		column("disclosed", TypeInteger, "disclosed", "披露数"),
		column("applied", TypeInteger, "applied technology", "应用技术"),
		column("basic", TypeInteger, "basic theory", "基础理论"),
		column("soft", TypeInteger, "soft science", "软科学"),
		column("registered", TypeInteger, "of these registered", "其中已登记"),
		column("agreed", TypeInteger, "shares signed by all", "贡献比例已全部确认"),
		column("disputed", TypeInteger, "shares disputed", "贡献比例有异议"),
	},
	SQL: `
SELECT year, count(*), count(*) FILTER (WHERE category = 'applied'), count(*) FILTER (WHERE category = 'basic'),
       count(*) FILTER (WHERE category = 'soft'), count(registered_on),
       count(*) FILTER (WHERE contributions = 'agreed'), count(*) FILTER (WHERE contributions = 'disputed')
  FROM (SELECT *, CAST(substr(disclosed_on, 1, 4) AS INTEGER) AS year FROM {achievement-register} WHERE disclosed_on IS NOT NULL)
 WHERE` + inYears + `
 GROUP BY year ORDER BY year`,
}

// CohortConversion is K05: achievements registered in cohort year C whose first contract was signed
// within m months of the registration ÷ achievements registered in C with at least m months elapsed
// at T; the others are counted as immature and enter no rate.
var CohortConversion = Report{
	Code: "k05", Formula: "K05/12-24-36-months/v1", Roles: Offices, Params: cohorts,
	Title: ledger.Text{En: "conversion rate by cohort", Zh: "成果转化率(队列)"},
	Columns: []Column{
		column("cohort", TypeInteger, "cohort: year of registration", "队列(登记年份)"),
		column("months", TypeInteger, "within months", "月数"),
		column("mature", TypeInteger, "achievements with so many months elapsed", "已满期成果数"),
		column("converted", TypeInteger, "of these converted in time", "其中按期转化"),
		column("rate", TypeDecimal, "rate, %", "转化率(%)"),
		column("immature", TypeInteger, "immature", "未满期成果数"),
	},
	SQL: `
WITH a AS (
  SELECT CAST(substr(registered_on, 1, 4) AS INTEGER) AS year, months,
         date(substr(registered_on || '-01-01', 1, 10), '+' || months || ' months', 'floor') AS until,
         substr(contracted_on || '-01-01', 1, 10) AS contracted
    FROM {achievement-register}, (SELECT 12 AS months UNION ALL SELECT 24 UNION ALL SELECT 36)
   WHERE registered_on IS NOT NULL
)
SELECT year, months, count(*) FILTER (WHERE until <= :as_of), count(*) FILTER (WHERE until <= :as_of AND contracted <= until),
       CASE WHEN count(*) FILTER (WHERE until <= :as_of) > 0 THEN
            printf('%.1f', 100.0 * count(*) FILTER (WHERE until <= :as_of AND contracted <= until) / count(*) FILTER (WHERE until <= :as_of)) END,
       count(*) FILTER (WHERE until > :as_of)
  FROM a WHERE` + inYears + `
 GROUP BY year, months ORDER BY year, months`,
}

// transfers is, for each achievement that a project transfers, how far its projects came.
const transfers = `
transfers AS (
  SELECT value AS achievement, min(c.approved_on) AS approved_on, min(s.pilot_on) AS pilot_on, min(s.industrialised_on) AS industrialised_on
    FROM {conversion} AS c JOIN {project-steps} AS s ON s.id = c.id, json_each(c.achievements)
   WHERE c.achievements IS NOT NULL GROUP BY value
)`

// AchievementFunnel is K06 from the disclosure on: for cohort C (year of disclosure), how many
// achievements reached a step by T, and their share in percent.
var AchievementFunnel = Report{
	Code: "k06-achievements", Formula: "K06/disclosed-registered-approved-contracted-pilot-industrialised-received/v1", Roles: Offices, Params: cohorts,
	Title: ledger.Text{En: "conversion funnel of achievements", Zh: "成果转化漏斗"},
	Columns: []Column{
		column("cohort", TypeInteger, "cohort: year of disclosure", "队列(披露年份)"),
		column("disclosed", TypeInteger, "disclosed", "披露"),
		column("registered", TypeInteger, "registered", "登记"),
		column("registered_share", TypeDecimal, "registered, %", "登记率(%)"),
		column("approved", TypeInteger, "in an approved project", "立项"),
		column("approved_share", TypeDecimal, "approved, %", "立项率(%)"),
		column("contracted", TypeInteger, "contracted", "签约"),
		column("contracted_share", TypeDecimal, "contracted, %", "签约率(%)"),
		column("pilot", TypeInteger, "pilot (Go at G3)", "中试(G3 通过)"),
		column("pilot_share", TypeDecimal, "pilot, %", "中试率(%)"),
		column("industrialised", TypeInteger, "industrialised", "产业化"),
		column("industrialised_share", TypeDecimal, "industrialised, %", "产业化率(%)"),
		column("received", TypeInteger, "first receipt", "到账"),
		column("received_share", TypeDecimal, "received, %", "到账率(%)"),
	},
	SQL: `
WITH` + transfers + `, receipts AS (
  SELECT value AS paid_for, 1 AS received FROM {contract-register}, json_each(achievements)
   WHERE achievements IS NOT NULL AND received_minor > 0 GROUP BY value
)
SELECT year, count(*),
       count(registered_on),     printf('%.1f', 100.0 * count(registered_on) / count(*)),
       count(approved_on),       printf('%.1f', 100.0 * count(approved_on) / count(*)),
       count(contracted_on),     printf('%.1f', 100.0 * count(contracted_on) / count(*)),
       count(pilot_on),          printf('%.1f', 100.0 * count(pilot_on) / count(*)),
       count(industrialised_on), printf('%.1f', 100.0 * count(industrialised_on) / count(*)),
       count(received),          printf('%.1f', 100.0 * count(received) / count(*))
  FROM (SELECT id, registered_on, contracted_on, CAST(substr(disclosed_on, 1, 4) AS INTEGER) AS year
          FROM {achievement-register} WHERE disclosed_on IS NOT NULL)
  LEFT JOIN transfers ON achievement = id LEFT JOIN receipts ON paid_for = id
 WHERE` + inYears + `
 GROUP BY year ORDER BY year`,
}

// AchievementCycleTime is K07 over the steps before the pilot: of achievements to their first
// approved project, of projects that transfer something from the approval to the pilot. The cohort
// is the year in which a step began.
var AchievementCycleTime = Report{
	Code: "k07-achievements", Formula: "K07/median-p90-less-hold/v1", Roles: Offices, Params: cohorts, Columns: CycleTime.Columns,
	Title: ledger.Text{En: "cycle time from disclosure to pilot", Zh: "成果转化周期(披露至中试)"},
	SQL: `
WITH` + transfers + `, steps(n, step) AS (
  VALUES (1, 'disclosed-registered'), (2, 'registered-approved'), (3, 'approved-contracted'), (4, 'contracted-pilot')
), every AS (
  SELECT 1 AS n, disclosed_on AS a, registered_on AS b, NULL AS ended_on, NULL AS held_since, NULL AS holds FROM {achievement-register} UNION ALL
  SELECT 2, registered_on, approved_on, NULL, NULL, NULL FROM {achievement-register} LEFT JOIN transfers ON achievement = id UNION ALL
  SELECT 3, c.approved_on, c.contracted_on, s.ended_on, s.held_since, s.holds
    FROM {conversion} AS c JOIN {project-steps} AS s ON s.id = c.id WHERE c.achievements IS NOT NULL OR c.contract IS NOT NULL UNION ALL
  SELECT 4, c.contracted_on, s.pilot_on, s.ended_on, s.held_since, s.holds
    FROM {conversion} AS c JOIN {project-steps} AS s ON s.id = c.id
), pairs AS (
  SELECT *, CAST(substr(a, 1, 4) AS INTEGER) AS year FROM every WHERE a IS NOT NULL AND` + inYears + `
)` + cycleFigures,
}

// ReadinessGain is K11: mean(level at the last gate after G1 − level at G1), on one scale only;
// projects whose two levels are of different scales are counted apart.
var ReadinessGain = Report{
	Code: "k11", Formula: "K11/last-gate-less-g1/v1", Roles: Offices,
	Title: ledger.Text{En: "gain of readiness", Zh: "就绪度提升"},
	Columns: []Column{
		column("scale", TypeText, "scale", "量表"),
		column("projects", TypeInteger, "projects", "项目数"),
		column("mean_gain", TypeDecimal, "mean gain, levels", "平均提升(级)"),
		column("incomparable", TypeInteger, "projects measured on another scale at G1", "G1 采用其他量表的项目数"),
	},
	SQL: `
SELECT last_scale, count(*) FILTER (WHERE g1_scale = last_scale),
       CASE WHEN count(*) FILTER (WHERE g1_scale = last_scale) > 0 THEN
            printf('%.1f', avg(last_level - g1_level) FILTER (WHERE g1_scale = last_scale)) END,
       count(*) FILTER (WHERE g1_scale <> last_scale)
  FROM {conversion} WHERE g1_scale IS NOT NULL AND last_gate > 1
 GROUP BY last_scale ORDER BY last_scale`,
}

// MilestonesOnTime is K12: milestones met by their due date ÷ milestones due in the year and by T,
// waived ones shown apart.
var MilestonesOnTime = Report{
	Code: "k12", Formula: "K12/met-by-due/v1", Roles: Offices, Params: years,
	Title: ledger.Text{En: "milestones on time", Zh: "里程碑按期率"},
	Columns: []Column{
		column("year", TypeInteger, "year due", "到期年份"),
		column("due", TypeInteger, "due, less waived", "到期数(不含豁免)"),
		column("on_time", TypeInteger, "met on time", "按期达成"),
		column("rate", TypeDecimal, "on time, %", "按期率(%)"),
		column("late", TypeInteger, "met late", "逾期达成"),
		column("partly", TypeInteger, "partly met", "部分达成"),
		column("missed", TypeInteger, "missed", "未达成"),
		column("open", TypeInteger, "without a finding", "未核验"),
		column("waived", TypeInteger, "waived", "豁免"),
	},
	SQL: `
WITH m AS (
  SELECT CAST(substr(due, 1, 4) AS INTEGER) AS year, coalesce(result, 'open') AS result, achieved <= last AS on_time
    FROM (SELECT value ->> 'due' AS due, value ->> 'result' AS result, substr((value ->> 'achieved_on') || '-01-01', 1, 10) AS achieved,
                 substr((value ->> 'due') || CASE length(value ->> 'due') WHEN 4 THEN '-12-31' ELSE '-31' END, 1, 10) AS last
            FROM {conversion}, json_each(milestones) WHERE milestones IS NOT NULL)
   WHERE last <= :as_of
), counts AS (
  SELECT year, count(*) FILTER (WHERE result <> 'waived') AS due, count(*) FILTER (WHERE result = 'met' AND on_time) AS on_time,
         count(*) FILTER (WHERE result = 'met' AND NOT on_time) AS late, count(*) FILTER (WHERE result = 'partly') AS partly,
         count(*) FILTER (WHERE result = 'missed') AS missed, count(*) FILTER (WHERE result = 'open') AS open,
         count(*) FILTER (WHERE result = 'waived') AS waived
    FROM m WHERE` + inYears + ` GROUP BY year
)
SELECT year, due, on_time, CASE WHEN due > 0 THEN printf('%.1f', 100.0 * on_time / due) END, late, partly, missed, open, waived
  FROM counts ORDER BY year`,
}

// IdleAchievements is K13: registered or granted more than so many days before T, no contract in
// effect or performed, not excused. That completers may then convert it themselves is a local rule (T10), and not said here.
var IdleAchievements = Report{
	Code: "k13", Formula: "K13/registered-or-granted/v1", Roles: Offices,
	Params: []Param{{Name: "days", Help: ledger.Text{En: "days without a contract after which it is idle; 365 where absent", Zh: "无合同即视为闲置的天数,缺省 365"}}},
	Title:  ledger.Text{En: "idle achievements", Zh: "闲置成果"},
	Columns: []Column{
		column("id", TypeText, "achievement id", "成果标识"),
		column("code", TypeText, "code", "成果编号"),
		column("title_zh", TypeText, "title (Chinese)", "成果名称(中文)"),
		column("title_en", TypeText, "title (English)", "成果名称(英文)"),
		column("organisation", TypeText, "first completing unit", "第一完成单位"),
		column("since", TypeDate, "registered or granted on", "登记或授权日期"),
		column("idle_since", TypeDate, "idle since", "闲置起始日"),
		column("idle_days", TypeInteger, "days idle", "闲置天数"),
	},
	SQL: `
WITH a AS (
  SELECT *, min(coalesce(registered_on, '9999'), coalesce(granted_on, '9999')) AS since
    FROM {achievement-register}
   WHERE id NOT IN (SELECT value FROM {contract-register}, json_each(achievements) WHERE achievements IS NOT NULL AND signed_on IS NOT NULL AND (ended_on IS NULL OR ended = 'performed'))
     AND (excused_until IS NULL OR excused_until < :as_of)
), b AS (
  SELECT *, date(substr(since || '-01-01', 1, 10), '+' || (coalesce(CAST(:days AS INTEGER), 365) + 1) || ' days') AS idle_since
    FROM a WHERE since < '9999'
)
SELECT id, code, title_zh, title_en, organisation, since, idle_since, CAST(julianday(:as_of) - julianday(idle_since) AS INTEGER) + 1
  FROM b WHERE idle_since <= :as_of ORDER BY idle_since, id`,
}
