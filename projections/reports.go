package projections

import (
	"context"
	"slices"

	"ttledger/domain/ledger"
)

// Report is a standard question, answered by SQL over the rows of one moment. A view is named in
// the SQL as {view-name}; :as_of is T as a day, :known_at is K, and each parameter is bound as text under its
// name, NULL where it was not given. The formulae are those of the zone's KPI list.
type Report struct {
	Code    string // KPI or report id, lower case
	Title   ledger.Text
	Formula string // formula id, printed with every answer
	Roles   []ledger.Role
	Params  []Param
	Columns []Column
	Lines   int // how many of the first columns name a line; 1 where 0
	SQL     string

	// Compute answers what SQL cannot: a question about another report, whose code is the
	// parameter Subject. It may not be asked by who may not read that report.
	Compute func(ctx context.Context, r Reader, params map[string]string, at At) ([][]any, error)
	Subject string
}

// Param is a parameter of a report.
type Param struct {
	Name     string      `json:"name"`
	Help     ledger.Text `json:"help"`
	Required bool        `json:"required"`
}

// Reports is every report, in display order. A new one is a line here.
func Reports() []Report {
	return slices.Concat(
		[]Report{Scorecard, ActionScores, FigureSeries, ResourceMap, ResourceLinks, Funnel, CycleTime},
		conversionReports, dossierReports, ContractReports, recruitmentReports, IncubationReports, LadderReports(), TeamReports(), auditReports,
		[]Report{RecordingLag, CorrectionRate, FourEyesConformity, EvidenceCoverage, RestatedValue, Restatement, ExceptionReport},
	)
}

var cohorts = []Param{
	{Name: "from", Help: ledger.Text{En: "first cohort year", Zh: "起始队列年份"}},
	{Name: "to", Help: ledger.Text{En: "last cohort year", Zh: "截止队列年份"}},
}

func column(name string, t ColumnType, en, zh string) Column {
	return Column{name, t, ledger.Text{En: en, Zh: zh}}
}

// Funnel is K06 over the steps that are recorded so far: for each cohort (year of the proposal),
// how many projects reached a step by T, and their share in percent. Achievements, contracts and
// receipts join it when they are recorded.
var Funnel = Report{
	Code: "k06", Formula: "K06/proposed-approved-pilot-industrialised-completed/v1", Roles: Offices, Params: cohorts,
	Title: ledger.Text{En: "conversion funnel", Zh: "转化漏斗"},
	Columns: []Column{
		column("cohort", TypeInteger, "cohort year", "队列年份"),
		column("proposed", TypeInteger, "proposed", "申报"),
		column("approved", TypeInteger, "approved", "立项"),
		column("approved_share", TypeDecimal, "approved, %", "立项率(%)"),
		column("pilot", TypeInteger, "pilot (Go at G3)", "中试(G3 通过)"),
		column("pilot_share", TypeDecimal, "pilot, %", "中试率(%)"),
		column("industrialised", TypeInteger, "industrialised", "产业化"),
		column("industrialised_share", TypeDecimal, "industrialised, %", "产业化率(%)"),
		column("completed", TypeInteger, "completed", "结项"),
		column("completed_share", TypeDecimal, "completed, %", "结项率(%)"),
		column("ended", TypeInteger, "rejected or terminated", "未立项或终止"),
	},
	SQL: `
SELECT cohort, count(*),
       count(approved_on),       printf('%.1f', 100.0 * count(approved_on) / count(*)),
       count(pilot_on),          printf('%.1f', 100.0 * count(pilot_on) / count(*)),
       count(industrialised_on), printf('%.1f', 100.0 * count(industrialised_on) / count(*)),
       count(completed_on),      printf('%.1f', 100.0 * count(completed_on) / count(*)),
       count(ended_on)
  FROM {project-steps}
 WHERE proposed_on IS NOT NULL
   AND cohort BETWEEN coalesce(CAST(:from AS INTEGER), 0) AND coalesce(CAST(:to AS INTEGER), 9999)
 GROUP BY cohort ORDER BY cohort`,
}

// CycleTime is K07: for each step, median and 90th percentile (nearest rank) of the days between
// its two events less the days on hold, over projects whose two dates are known to the day.
// Projects still in the step are beside it as open, with the median of their age at T. Figures
// over fewer than five projects are left out. Dates known only to the year or month are counted
// as imprecise and enter no figure.
var CycleTime = Report{
	Code: "k07", Formula: "K07/median-p90-less-hold/v1", Roles: Offices, Params: cohorts,
	Title: ledger.Text{En: "cycle time by step", Zh: "阶段周期"},
	Columns: []Column{
		column("step", TypeText, "step", "阶段"),
		column("closed", TypeInteger, "projects through the step", "已完成该阶段的项目数"),
		column("median_days", TypeDecimal, "median, days", "中位天数"),
		column("p90_days", TypeDecimal, "90th percentile, days", "P90 天数"),
		column("open", TypeInteger, "projects in the step", "处于该阶段的项目数"),
		column("open_median_age", TypeDecimal, "median age of open, days", "在办中位天数"),
		column("imprecise", TypeInteger, "projects with a date not known to the day", "日期不精确的项目数"),
	},
	SQL: `
WITH s AS (
  SELECT * FROM {project-steps}
   WHERE proposed_on IS NOT NULL
     AND cohort BETWEEN coalesce(CAST(:from AS INTEGER), 0) AND coalesce(CAST(:to AS INTEGER), 9999)
), steps(n, step) AS (
  VALUES (1, 'proposed-approved'), (2, 'approved-pilot'), (3, 'pilot-industrialised'), (4, 'industrialised-completed')
), pairs AS (
  SELECT 1 AS n, proposed_on AS a, approved_on AS b, ended_on, held_since, holds FROM s UNION ALL
  SELECT 2, approved_on, pilot_on, ended_on, held_since, holds FROM s UNION ALL
  SELECT 3, pilot_on, industrialised_on, ended_on, held_since, holds FROM s UNION ALL
  SELECT 4, industrialised_on, completed_on, ended_on, held_since, holds FROM s
)` + cycleFigures,
}

// cycleFigures is the figures of CTEs named steps (n, step) and pairs (n, a, b, ended_on, held_since,
// holds): of each step the days from a to b less the days on hold.
const cycleFigures = `, spans AS (
  SELECT n, a, b IS NOT NULL AS closed,
         length(a) < 10 OR length(coalesce(b, a)) < 10 AS imprecise,
         coalesce(b, :as_of) AS z, holds,
         CASE WHEN b IS NULL THEN held_since END AS held_since
    FROM pairs WHERE a IS NOT NULL AND (b IS NOT NULL OR ended_on IS NULL)
), days AS (
  SELECT n, closed, julianday(z) - julianday(a)
         - coalesce((SELECT sum(max(0, julianday(min(z, day2)) - julianday(max(a, day1))))
                       FROM (SELECT substr(value ->> 'from' || '-01-01', 1, 10) AS day1,
                                    substr(value ->> 'to' || '-01-01', 1, 10) AS day2
                               FROM json_each(coalesce(holds, '[]')))), 0)
         - coalesce(max(0, julianday(z) - julianday(max(a, substr(held_since || '-01-01', 1, 10)))), 0) AS d
    FROM spans WHERE NOT imprecise
), ranked AS (
  SELECT n, closed, d, row_number() OVER (PARTITION BY n, closed ORDER BY d) AS r, count(*) OVER (PARTITION BY n, closed) AS c
    FROM days
), figures AS (
  SELECT n, closed, max(c) AS c,
         printf('%.1f', avg(d) FILTER (WHERE r IN ((c + 1) / 2, (c + 2) / 2))) AS median,
         printf('%.1f', avg(d) FILTER (WHERE r = (9 * c + 9) / 10)) AS p90
    FROM ranked GROUP BY n, closed
)
SELECT steps.step,
       coalesce(through.c, 0), CASE WHEN through.c >= 5 THEN through.median END, CASE WHEN through.c >= 5 THEN through.p90 END,
       coalesce(still.c, 0), CASE WHEN still.c >= 5 THEN still.median END,
       (SELECT count(*) FROM spans WHERE spans.n = steps.n AND imprecise)
  FROM steps
  LEFT JOIN figures AS through ON through.n = steps.n AND through.closed
  LEFT JOIN figures AS still ON still.n = steps.n AND NOT still.closed
 ORDER BY steps.n`
