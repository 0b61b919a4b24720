package projections

import "ttledger/domain/ledger"

// designated is the facilities that have their designation on the day asked for.
const designated = `designated AS (
  SELECT * FROM {facility-register} AS f
   WHERE kind IS NOT NULL AND substr(in_force_from || '-01-01', 1, 10) <= :as_of
     AND (in_force_to IS NULL OR in_force_to >= substr(:as_of, 1, length(in_force_to)))
     AND (withdrawn_on IS NULL OR substr(withdrawn_on || '-01-01', 1, 10) > :as_of)
)`

// PlatformsByLevel is K54: facilities by kind, level and direction. One of two directions stands
// in both lines.
var PlatformsByLevel = Report{
	Code: "k54", Formula: "K54/designated-by-kind-level-direction/v1", Roles: Offices,
	Title: ledger.Text{En: "platforms by kind, level and direction", Zh: "平台数量(按类型、级别、方向)"},
	Columns: []Column{
		column("kind", TypeText, "kind", "载体类型"),
		column("level", TypeText, "level", "级别"),
		column("direction", TypeText, "direction; all", "方向;合计为 all"),
		column("facilities", TypeInteger, "facilities", "数量"),
	},
	SQL: `
WITH ` + designated + `, lines AS (
  SELECT kind, level, 'all' AS direction FROM designated UNION ALL
  SELECT kind, level, value FROM designated, json_each(coalesce(directions, '[]'))
)
SELECT kind, level, direction, count(*) FROM lines GROUP BY kind, level, direction ORDER BY kind, level, direction <> 'all', direction`,
}

// ChiefScientists is K63: for each park who is in post at T, and the days of vacancy in a period;
// in the last line the share of parks with one in post.
var ChiefScientists = Report{
	Code: "k63", Formula: "K63/in-post-by-parks,vacancy-days/v1", Roles: Offices,
	Params: []Param{
		{Name: "from", Help: ledger.Text{En: "first day of the period whose vacancy is counted, such as 2025-01-01", Zh: "空缺统计起始日,如 2025-01-01"}},
		{Name: "to", Help: ledger.Text{En: "last day of the period; the day asked for where absent", Zh: "空缺统计截止日;缺省为截至日"}},
	},
	Title: ledger.Text{En: "parks with a chief scientist", Zh: "首席科学家覆盖率"},
	Columns: []Column{
		column("park", TypeText, "park; all", "园区标识;合计为 all"),
		column("name_zh", TypeText, "name (Chinese)", "名称(中文)"),
		column("name_en", TypeText, "name (English)", "名称(英文)"),
		column("in_post", TypeInteger, "in post", "在任"),
		column("parks", TypeInteger, "parks", "园区数"),
		column("k63", TypeDecimal, "K63 with one in post, %", "K63 覆盖率(%)"),
		column("vacant_from", TypeDate, "vacant from", "空缺起始"),
		column("tenants_until", TypeDate, "takes tenants until", "宽限期止"),
		column("vacancy_days", TypeInteger, "days vacant in the period", "期内空缺天数"),
	},
	// A term that ran out leaves the post vacant from the day after, with or without a release.
	SQL: `
WITH ` + designated + `, period AS (
  SELECT coalesce(:from, '0000-01-01') AS a, date(min(coalesce(:to, :as_of), :as_of), '+1 day') AS z
), parks AS (
  SELECT p.*, coalesce(p.vacant_from, CASE WHEN p.in_post_to < :as_of THEN date(p.in_post_to, '+1 day') END) AS since
    FROM {parks} AS p JOIN designated AS d ON d.id = p.id
), spans AS (
  SELECT parks.id, substr((value ->> 'from') || '-01-01', 1, 10) AS a, substr((value ->> 'to') || '-01-01', 1, 10) AS z FROM parks, json_each(coalesce(vacancies, '[]')) UNION ALL
  SELECT id, since, '9999-12-31' FROM parks WHERE since IS NOT NULL
), days AS (
  SELECT id, CAST(sum(max(0, julianday(min(spans.z, period.z)) - julianday(max(spans.a, period.a)))) AS INTEGER) AS n FROM spans, period GROUP BY id
), lines AS (
  SELECT 1 AS o, parks.id, name_zh, name_en, (since IS NULL OR since > :as_of) AS in_post, since, tenants_until, coalesce(n, 0) AS n
    FROM parks LEFT JOIN days ON days.id = parks.id
)
SELECT id, name_zh, name_en, in_post, parks, k63, since, tenants_until, n FROM (
  SELECT o, id, name_zh, name_en, in_post, 1 AS parks, NULL AS k63, since, tenants_until, n FROM lines UNION ALL
  SELECT 2, 'all', NULL, NULL, sum(in_post), count(*), printf('%.1f', 100.0 * sum(in_post) / count(*)), NULL, NULL, sum(n) FROM lines HAVING count(*) > 0
) ORDER BY o, id`,
}

// PlatformRegister is S-D2: what is designated on the day asked for.
var PlatformRegister = Report{
	Code: "s-d2", Formula: "S-D2/designated/v1", Roles: Offices,
	Title:  ledger.Text{En: "platform register", Zh: "创新平台名录"},
	Params: []Param{{Name: "kind", Help: ledger.Text{En: "one kind; all where absent", Zh: "载体类型;缺省为全部"}}},
	Columns: after(house,
		column("code", TypeText, "code", "载体编号"),
		column("kind", TypeText, "kind", "载体类型"),
		column("level", TypeText, "level", "级别"),
		column("directions", TypeJSON, "directions", "方向"),
		column("host", TypeText, "host", "依托单位标识"),
		column("issuer", TypeText, "issuer", "认定机关"),
		column("certificate", TypeText, "certificate", "证书编号"),
		column("in_force_from", TypeDate, "in force from", "生效日"),
		column("in_force_to", TypeDate, "in force until", "有效期止"),
		column("review_period", TypeText, "last review of", "最近考核周期"),
		column("review_result", TypeText, "result", "考核结果"),
	),
	SQL: `
WITH ` + designated + `
SELECT id, name_zh, name_en, code, kind, level, directions, host, issuer, certificate, in_force_from, in_force_to, review_period, review_result
  FROM designated WHERE kind = coalesce(:kind, kind) ORDER BY kind, level, id`,
}
