package projections

import "ttledger/domain/ledger"

// IncubatorReturn is S-C1, the return of one incubator for a year or month: every figure comes
// from events of that period, amounts in thousand yuan as the form has them. A line for which
// nothing is on record shows nothing.
var IncubatorReturn = Report{
	Code: "s-c1", Formula: "S-C1/thousand-yuan/v1", Roles: Offices, Params: []Param{oneHouse, ofPeriod},
	Title: ledger.Text{En: "incubator return (thousand yuan)", Zh: "孵化器统计表(千元)"},
	Columns: []Column{
		column("line", TypeInteger, "line", "行次"),
		column("item_zh", TypeText, "item (Chinese)", "指标名称"),
		column("item_en", TypeText, "item", "指标名称(英文)"),
		column("unit", TypeText, "unit", "计量单位"),
		column("value", TypeDecimal, "value", "数值"),
	},
	SQL: `
WITH ` + atEnd + `, f AS (
  SELECT * FROM {facility-register} WHERE id = :facility
), o AS (
  SELECT * FROM {facility-operations} WHERE facility = :facility AND period = :period AND currency = 'CNY'
), t AS (
  SELECT * FROM tenants WHERE facility = :facility
), m AS (
  SELECT m.* FROM {tenant-metrics} AS m JOIN t ON t.id = m.incubation WHERE m.period = :period AND m.currency = 'CNY'
), r AS (
  SELECT r.* FROM {financing-rounds} AS r JOIN {incubation-cases} AS c ON c.id = r.incubation
   WHERE c.facility = :facility AND substr(r.paid_on, 1, length(:period)) = :period AND r.amount_currency = 'CNY' AND r.instrument IN ('equity', 'convertible')
), g AS (
  SELECT graduated_on FROM {incubation-cases}, ends WHERE facility = :facility AND graduated_on <= day
), lines(line, zh, en, unit, value) AS (
  SELECT 1, '孵化场地总面积', 'total area', 'm²', total_m2 FROM f UNION ALL
  SELECT 2, '其中:办公用房', 'for the operator', 'm²', office_m2 FROM f UNION ALL
  SELECT 3, '其中:在孵企业用房', 'for tenants', 'm²', tenant_m2 FROM f UNION ALL
  SELECT 4, '其中:公共服务用房', 'for public services', 'm²', public_m2 FROM f UNION ALL
  SELECT 5, '其中:其他用房', 'other', 'm²', other_m2 FROM f UNION ALL
  SELECT 10, '财政投资', 'invested by the treasury', '千元', fiscal_investment / 100000.0 FROM o UNION ALL
  SELECT 11, '企业投资', 'invested by enterprises', '千元', enterprise_investment / 100000.0 FROM o UNION ALL
  SELECT 12, '社会及其他投资', 'invested by others', '千元', social_investment / 100000.0 FROM o UNION ALL
  SELECT 20, '总收入', 'total income', '千元', (service_income + property_income + investment_income + other_income) / 100000.0 FROM o UNION ALL
  SELECT 21, '其中:综合服务收入', 'from services', '千元', service_income / 100000.0 FROM o UNION ALL
  SELECT 22, '其中:物业收入', 'from property', '千元', property_income / 100000.0 FROM o UNION ALL
  SELECT 23, '其中:投资收入', 'from investments', '千元', investment_income / 100000.0 FROM o UNION ALL
  SELECT 24, '其中:其他收入', 'other', '千元', other_income / 100000.0 FROM o UNION ALL
  SELECT 25, '净利润', 'net profit', '千元', net_profit / 100000.0 FROM o UNION ALL
  SELECT 26, '上缴税金', 'taxes paid', '千元', tax / 100000.0 FROM o UNION ALL
  SELECT 27, '财政资助', 'public subsidies', '千元', subsidies / 100000.0 FROM o UNION ALL
  SELECT 28, '孵化基金总额', 'incubation fund', '千元', fund / 100000.0 FROM o UNION ALL
  SELECT 30, '管理机构从业人员', 'staff of the operator', '人', staff FROM o UNION ALL
  SELECT 31, '其中:专业孵化服务人员', 'trained for incubation', '人', professional_staff FROM o UNION ALL
  SELECT 32, '其中:大专以上人员', 'with a college degree', '人', college_staff FROM o UNION ALL
  SELECT 33, '其中:留学回国人员', 'returned from abroad', '人', returnee_staff FROM o UNION ALL
  SELECT 40, '在孵企业数', 'tenants', '家', count(*) FROM t UNION ALL
  SELECT 41, '其中:已报送企业数', 'of them with figures', '家', count(*) FROM m UNION ALL
  SELECT 42, '其中:留学人员企业', 'of returnees', '家', sum(by_returnees) FROM m UNION ALL
  SELECT 43, '其中:大学生科技企业', 'of students', '家', sum(by_students) FROM m UNION ALL
  SELECT 50, '在孵企业营业收入', 'revenue of tenants', '千元', sum(revenue) / 100000.0 FROM m UNION ALL
  SELECT 51, '在孵企业研发投入', 'their research and development', '千元', sum(rnd) / 100000.0 FROM m UNION ALL
  SELECT 52, '在孵企业上缴税金', 'their taxes', '千元', sum(tax) / 100000.0 FROM m UNION ALL
  SELECT 53, '在孵企业获财政资助', 'their public subsidies', '千元', sum(subsidies) / 100000.0 FROM m UNION ALL
  SELECT 54, '当期获得风险投资额', 'venture capital paid in', '千元', coalesce(sum(amount_minor), 0) / 100000.0 FROM r UNION ALL
  SELECT 55, '当期获得投资企业数', 'financed', '家', count(DISTINCT incubation) FROM r UNION ALL
  SELECT 60, '在孵企业从业人员', 'employees of tenants', '人', sum(staff) FROM m UNION ALL
  SELECT 61, '其中:大专以上人员', 'with a college degree', '人', sum(college_staff) FROM m UNION ALL
  SELECT 62, '其中:应届毕业生', 'graduates of the year', '人', sum(new_graduates) FROM m UNION ALL
  SELECT 70, '当期知识产权申请数', 'rights applied for', '件', sum(ip_applied) FROM m UNION ALL
  SELECT 71, '当期知识产权授权数', 'rights granted', '件', sum(ip_granted) FROM m UNION ALL
  SELECT 72, '拥有有效知识产权数', 'valid rights', '件', sum(ip_valid) FROM m UNION ALL
  SELECT 73, '其中:发明专利', 'patents for inventions', '件', sum(inventions) FROM m UNION ALL
  SELECT 80, '当期毕业企业数', 'graduated in the period', '家', count(*) FROM g WHERE substr(graduated_on, 1, length(:period)) = :period UNION ALL
  SELECT 81, '累计毕业企业数', 'graduated so far', '家', count(*) FROM g
)
SELECT line, zh, en, unit, CASE WHEN value IS NOT NULL THEN printf('%.1f', value) END FROM lines ORDER BY line`,
}

// SelfCheck is S-C2: each condition of a version of the policy with its value and bar. Conditions
// of one group are alternatives. The bars are the policy's; the version is the one in force on the
// day asked for unless another is named.
var SelfCheck = Report{
	Code: "s-c2", Formula: "S-C2/conditions-of-the-policy/v1", Roles: Offices,
	Params: []Param{oneHouse, ofYear,
		{Name: "policy", Help: ledger.Text{En: "policy; INCUBATOR where absent", Zh: "政策代码;缺省为 INCUBATOR"}},
		{Name: "version", Help: ledger.Text{En: "version; the one in force where absent", Zh: "版本;缺省为当日有效版本"}},
	},
	Title: ledger.Text{En: "accreditation self-check", Zh: "孵化器认定条件自查"},
	Columns: []Column{
		column("version", TypeText, "version", "政策版本"),
		column("code", TypeText, "condition", "条件代码"),
		column("name_zh", TypeText, "condition (Chinese)", "条件(中文)"),
		column("name_en", TypeText, "condition (English)", "条件(英文)"),
		column("group", TypeText, "alternatives", "择一组"),
		column("value", TypeDecimal, "value (% for shares)", "实际值(比例为 %)"),
		column("bar", TypeDecimal, "bar", "标准"),
		column("met", TypeInteger, "met", "达标"),
		column("group_met", TypeInteger, "met, with its alternatives", "达标(含同组)"),
		column("mark", TypeText, "how sure the bar is", "标准可靠程度"),
	},
	SQL: `
WITH ` + atEnd + `, ` + growth + `, p AS (
  SELECT * FROM {policy-versions} WHERE form = 'incubation' AND code = coalesce(:policy, 'INCUBATOR')
     AND CASE WHEN :version IS NOT NULL THEN version = :version
              ELSE in_force_from <= :as_of AND (in_force_to IS NULL OR in_force_to >= :as_of) END
   ORDER BY in_force_from DESC LIMIT 1
), conditions AS (
  SELECT p.version, json_each.key AS o, value ->> 'code' AS code, value ->> '$.names.zh' AS zh, value ->> '$.names.en' AS en,
         coalesce(value ->> 'group', value ->> 'code') AS grp, value ->> 'group' AS shown, value ->> 'min' AS bar, value ->> 'mark' AS mark
    FROM p, json_each(p.params, '$.self_check')
), f AS (
  SELECT * FROM {facility-register} WHERE id = :facility
), t AS (
  SELECT tenants.*, m.ip_applied, m.ip_valid,
         EXISTS (SELECT 1 FROM {financing-rounds} AS r WHERE r.incubation = tenants.id AND substr(r.paid_on, 1, 4) = :period AND r.instrument <> 'grant') AS financed,
         EXISTS (SELECT 1 FROM {financing-rounds} AS r WHERE r.incubation = tenants.id AND substr(r.paid_on, 1, 4) = :period AND r.own_fund
                    AND r.instrument IN ('equity', 'convertible')) AS own
    FROM tenants LEFT JOIN {tenant-metrics} AS m ON m.incubation = tenants.id AND m.period = :period WHERE tenants.facility = :facility
), o AS (
  SELECT * FROM {facility-operations} WHERE facility = :facility AND period = :period
), figures(code, value, share) AS (
  SELECT 'area', total_m2, 0 FROM f UNION ALL
  SELECT 'tenants', count(*), 0 FROM t UNION ALL
  SELECT 'graduates', count(*), 0 FROM {incubation-cases} WHERE facility = :facility AND substr(graduated_on, 1, 4) = :period UNION ALL
  SELECT 'use-ratio', 1000.0 * (public_m2 + coalesce((SELECT sum(area_m2) FROM t), 0)) / nullif(total_m2, 0), 1 FROM f UNION ALL
  SELECT 'financed-share', 1000.0 * sum(financed) / nullif(count(*), 0), 1 FROM t UNION ALL
  SELECT 'own-fund-share', 1000.0 * sum(own) / nullif(count(*), 0), 1 FROM t UNION ALL
  SELECT 'ip-applied-share', 1000.0 * count(*) FILTER (WHERE ip_applied > 0) / nullif(count(*), 0), 1 FROM t UNION ALL
  SELECT 'ip-held-share', 1000.0 * count(*) FILTER (WHERE ip_valid > 0) / nullif(count(*), 0), 1 FROM t UNION ALL
  SELECT 'growth-share', 1000.0 * sum(up) / nullif(count(*), 0), 1 FROM grown JOIN {incubation-cases} AS c ON c.id = grown.incubation WHERE c.facility = :facility UNION ALL
  SELECT 'non-rent-share', 1000.0 * (service_income + investment_income) / nullif(service_income + property_income + investment_income + other_income, 0), 1 FROM o
)
SELECT version, c.code, zh, en, shown,
       CASE WHEN value IS NOT NULL THEN printf('%.1f', CASE WHEN share THEN value / 10.0 ELSE value END) END,
       printf('%.1f', CASE WHEN c.code IN ('area', 'tenants', 'graduates') THEN bar ELSE bar / 10.0 END),
       coalesce(value >= bar, 0), max(coalesce(value >= bar, 0)) OVER (PARTITION BY grp), mark
  FROM conditions AS c LEFT JOIN figures ON figures.code = c.code ORDER BY o`,
}
