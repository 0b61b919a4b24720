package projections

import "ttledger/domain/ledger"

// IncubationWatch is what somebody should propose or look after (domain processes P10 to P12): a
// tenant whose rounds or revenue on record meet a criterion of the policy in force, a time limit
// that comes or has passed, a landing from abroad without its local case. Nothing happens by itself.
var IncubationWatch = Report{
	Code: "p10", Formula: "P10-P12/to-be-proposed/v1", Roles: Offices,
	Params: []Param{{Name: "days", Help: ledger.Text{En: "days ahead of a time limit; 90 where absent", Zh: "时限前预警天数;缺省 90"}}},
	Title:  ledger.Text{En: "incubation: to be proposed", Zh: "孵化提醒(待提出事项)"},
	Columns: []Column{
		column("what", TypeText, "graduate, limit, overdue or local-case", "事项:毕业、临期、超期、待立本地案例"),
		column("case", TypeText, "case", "孵化案例标识"),
		column("name_zh", TypeText, "venture (Chinese)", "项目名称(中文)"),
		column("name_en", TypeText, "venture (English)", "项目名称(英文)"),
		column("detail", TypeText, "criterion", "条件"),
		column("due", TypeDate, "time limit", "时限"),
	},
	SQL: `
WITH ` + live + `, criteria AS (
  SELECT p.code AS policy, value ->> 'code' AS criterion, value ->> 'by' AS by, value ->> '$.amount.minor' AS minor,
         value ->> '$.amount.currency' AS currency, value ->> 'years' AS years
    FROM {policy-versions} AS p, json_each(p.params, '$.criteria')
   WHERE p.form = 'incubation' AND p.in_force_from <= :as_of AND (p.in_force_to IS NULL OR p.in_force_to >= :as_of)
), raised AS (
  SELECT incubation, amount_currency AS currency, sum(amount_minor) AS minor FROM {financing-rounds}
   WHERE instrument IN ('equity', 'convertible') GROUP BY 1, 2
), earned AS (
  SELECT m.incubation, c.policy, c.criterion
    FROM criteria AS c JOIN {tenant-metrics} AS m ON c.by = 'revenue' AND m.currency = c.currency AND length(m.period) = 4
    JOIN {tenant-metrics} AS y ON y.incubation = m.incubation AND y.currency = m.currency AND length(y.period) = 4
         AND y.period + 0 BETWEEN m.period - c.years + 1 AND m.period + 0
   GROUP BY m.incubation, c.policy, c.criterion, m.period, c.minor, c.years HAVING count(*) = c.years AND sum(y.revenue) >= c.minor
), lines AS (
  SELECT 1 AS o, 'graduate' AS what, live.id, c.criterion AS detail, live.limit_on AS due
    FROM live JOIN criteria AS c ON c.policy = live.policy_code
    LEFT JOIN raised ON raised.incubation = live.id AND raised.currency = c.currency
   WHERE c.by = 'financing' AND raised.minor >= c.minor
      OR EXISTS (SELECT 1 FROM earned AS e WHERE e.incubation = live.id AND e.policy = c.policy AND e.criterion = c.criterion)
  UNION ALL
  SELECT 2, CASE WHEN limit_on < :as_of THEN 'overdue' ELSE 'limit' END, id, NULL, limit_on FROM live
   WHERE limit_on <= date(:as_of, '+' || coalesce(CAST(:days AS INTEGER), 90) || ' days')
  UNION ALL
  SELECT 3, 'local-case', g.id, NULL, NULL FROM {graduations} AS g
   WHERE g.from_offshore AND NOT EXISTS (SELECT 1 FROM {incubation-cases} AS c WHERE c.offshore = g.id AND c.stage <> 'refused')
)
SELECT what, lines.id, c.name_zh, c.name_en, detail, due FROM lines JOIN {incubation-cases} AS c ON c.id = lines.id
 ORDER BY o, due, lines.id, detail`,
}
