package projections

import (
	"strings"

	"ttledger/domain/ledger"
)

// Measures is what derived indicators are computed from: each is a SELECT of a formula id and its
// value at the moment of the report, in whole units. An indicator finds its value by its formula;
// one whose formula is not here has none.
var Measures = []string{
	// Projects taken on and not yet over, as those proposed under each action.
	`SELECT 'K06/live', count(*) FROM {project-board} WHERE stage IN ('approved', 'pilot', 'industrialised')`,
	`SELECT 'K06/live/action-' || action, count(*) FROM {project-board} WHERE stage IN ('approved', 'pilot', 'industrialised') AND action > 0 GROUP BY action`,
	`SELECT 'K06/industrialised', count(*) FROM {project-steps} WHERE industrialised_on IS NOT NULL`,
}

// standing is each indicator where it stands at T, in SQL: the actual figure is the attested one of
// the last day not before the baseline's, or for a derived indicator what its formula comes to.
// Attainment is K60, (actual - baseline) / (target - baseline); elapsed is the days since the
// baseline by the days from it to the target's due day, never above 1.
var standing = `
WITH measured(formula, value) AS (` + strings.Join(Measures, " UNION ALL ") + `
), scaled AS (
  SELECT *, CASE decimals WHEN 0 THEN 1 WHEN 1 THEN 10 WHEN 2 THEN 100 WHEN 3 THEN 1000 ELSE 10000 END AS unit,
         substr(baseline_on || '-01-01', 1, 10) AS began
    FROM {indicator-board}
   WHERE (:programme IS NULL OR programme = :programme) AND (:scope IS NULL OR scope = :scope) AND (:action IS NULL OR action = CAST(:action AS INTEGER))
), figures AS (
  SELECT *, CASE WHEN kind = 'derived' THEN (SELECT m.value FROM measured AS m WHERE m.formula = scaled.formula) * unit
                 WHEN substr(actual_on || '-01-01', 1, 10) >= coalesce(began, '') THEN actual END AS now,
         nullif(CAST(max(0, julianday(target_due) - julianday(began)) AS INTEGER), 0) AS planned,
         CAST(max(0, min(julianday(:as_of), julianday(target_due)) - julianday(began)) AS INTEGER) AS gone
    FROM scaled
), parts AS (
  SELECT *, CASE WHEN target_due IS NOT NULL AND began IS NOT NULL THEN (now - baseline) * sign(target - baseline) END AS way,
         nullif(abs(target - baseline), 0) AS distance
    FROM figures
), standing AS (
  SELECT *, 1.0 * way / distance AS attainment, 1.0 * gone / planned AS elapsed,
         CASE WHEN way * distance * planned IS NULL THEN NULL -- in whole numbers, which are exact at the edges
              WHEN way * planned >= gone * distance THEN 'green' WHEN 5 * way * planned >= 4 * gone * distance THEN 'amber' ELSE 'red' END AS status
    FROM parts
)`

var scorecardParams = []Param{
	{Name: "programme", Help: ledger.Text{En: "id of a programme", Zh: "计划标识"}},
	{Name: "scope", Help: ledger.Text{En: "scope: SETDZ or TIEXI_SETDZ", Zh: "统计口径:SETDZ 或 TIEXI_SETDZ"}},
	{Name: "action", Help: ledger.Text{En: "action, 1 to 6", Zh: "行动序号(1–6)"}},
}

// Scorecard is S-E1 with K60 on each line: green where attainment has kept up with the time
// elapsed, amber from 0.8 of it, red below. A line without a target or an actual has no status.
var Scorecard = Report{
	Code: "s-e1", Formula: "K60/actual-baseline-target/v1", Roles: Offices, Params: scorecardParams, Lines: 2,
	Title: ledger.Text{En: "six-action scorecard", Zh: "六大行动计分卡"},
	Columns: []Column{
		column("code", TypeText, "indicator", "指标代码"),
		column("scope", TypeText, "scope", "统计口径"),
		column("action", TypeInteger, "action", "行动"),
		column("name_zh", TypeText, "name (Chinese)", "名称(中文)"),
		column("name_en", TypeText, "name (English)", "名称(英文)"),
		column("unit_zh", TypeText, "unit (Chinese)", "计量单位(中文)"),
		column("unit_en", TypeText, "unit (English)", "计量单位(英文)"),
		column("kind", TypeText, "attested or derived", "采信或计算"),
		column("formula", TypeText, "formula", "计算公式"),
		column("baseline", TypeNumber, "baseline", "基线"),
		column("baseline_on", TypeDate, "baseline as of", "基线日期"),
		column("baseline_precision", TypeText, "precision of the baseline", "基线精度"),
		column("target", TypeNumber, "target", "目标"),
		column("target_due", TypeDate, "target due", "目标期限"),
		column("actual", TypeNumber, "actual", "实绩"),
		column("actual_on", TypeDate, "actual as of", "实绩日期"),
		column("actual_precision", TypeText, "precision of the actual", "实绩精度"),
		column("attainment", TypeDecimal, "attainment, %", "目标完成度(%)"),
		column("elapsed", TypeDecimal, "time elapsed, %", "时间进度(%)"),
		column("days_elapsed", TypeInteger, "days elapsed", "已过天数"),
		column("days_planned", TypeInteger, "days planned", "计划天数"),
		column("status", TypeText, "status", "状态"),
		column("source", TypeText, "source", "出处"),
	},
	SQL: standing + `
SELECT code, scope, action, name_zh, name_en, unit_zh, unit_en, kind, formula,
       CASE WHEN baseline_on IS NOT NULL THEN printf('%.*f', decimals, 1.0 * baseline / unit) END, baseline_on, baseline_precision,
       CASE WHEN target_due IS NOT NULL THEN printf('%.*f', decimals, 1.0 * target / unit) END, target_due,
       CASE WHEN now IS NOT NULL THEN printf('%.*f', decimals, 1.0 * now / unit) END,
       CASE WHEN now IS NULL THEN NULL WHEN kind = 'derived' THEN :as_of ELSE actual_on END,
       CASE WHEN now IS NULL THEN NULL WHEN kind = 'derived' THEN 'exact' ELSE actual_precision END,
       CASE WHEN attainment IS NOT NULL THEN printf('%.1f', 100 * attainment) END,
       CASE WHEN elapsed IS NOT NULL THEN printf('%.1f', 100 * elapsed) END, gone, planned, status,
       coalesce(CASE WHEN now IS NOT NULL AND kind = 'attested' THEN actual_source END, baseline_source)
  FROM standing ORDER BY action, code, scope`,
}

// ActionScores is K61: for each action the mean of K60 over its indicators, each capped at 1.2, and
// how many of them lack what it takes.
var ActionScores = Report{
	Code: "k61", Formula: "K61/mean-capped-1.2/v1", Roles: Offices, Params: scorecardParams,
	Title: ledger.Text{En: "action scores", Zh: "行动得分"},
	Columns: []Column{
		column("action", TypeInteger, "action", "行动"),
		column("indicators", TypeInteger, "indicators", "指标数"),
		column("lacking", TypeInteger, "indicators lacking data", "缺数据的指标数"),
		column("score", TypeDecimal, "score, %", "得分(%)"),
		column("green", TypeInteger, "green", "绿"),
		column("amber", TypeInteger, "amber", "黄"),
		column("red", TypeInteger, "red", "红"),
	},
	SQL: standing + `
SELECT action, count(*), count(*) - count(attainment),
       CASE WHEN count(attainment) > 0 THEN printf('%.1f', 100 * avg(min(attainment, 1.2))) END,
       count(*) FILTER (WHERE status = 'green'), count(*) FILTER (WHERE status = 'amber'), count(*) FILTER (WHERE status = 'red')
  FROM standing WHERE action > 0 GROUP BY action ORDER BY action`,
}

// FigureSeries is every attested figure of each indicator in order of its day, baselines marked.
var FigureSeries = Report{
	Code: "figure-series", Formula: "FigureAttested/by-day/v1", Roles: Offices, Lines: 4,
	Params: []Param{{Name: "code", Help: ledger.Text{En: "code of an indicator", Zh: "指标代码"}}},
	Title:  ledger.Text{En: "series of attested figures", Zh: "采信数据序列"},
	Columns: []Column{
		column("code", TypeText, "indicator", "指标代码"),
		column("scope", TypeText, "scope", "统计口径"),
		column("figure_on", TypeDate, "as of", "数据日期"),
		column("kind", TypeText, "baseline or actual", "基线或实绩"),
		column("value", TypeNumber, "value", "数值"),
		column("precision", TypeText, "precision", "精度"),
		column("unit_zh", TypeText, "unit (Chinese)", "计量单位(中文)"),
		column("unit_en", TypeText, "unit (English)", "计量单位(英文)"),
		column("source", TypeText, "source", "出处"),
	},
	SQL: `
SELECT i.code, f.scope, f.figure_on, f.kind,
       printf('%.*f', i.decimals, 1.0 * f.value / CASE i.decimals WHEN 0 THEN 1 WHEN 1 THEN 10 WHEN 2 THEN 100 WHEN 3 THEN 1000 ELSE 10000 END),
       f.precision, i.unit_zh, i.unit_en, f.source
  FROM {figures} AS f JOIN {indicator-board} AS i ON i.id = f.indicator
 WHERE :code IS NULL OR i.code = :code
 ORDER BY i.code, f.scope, substr(f.figure_on || '-01-01', 1, 10), f.kind`,
}
