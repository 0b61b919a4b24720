package projections

import "ttledger/domain/ledger"

// IncubationReports is the reports on facilities and incubation, in display order.
var IncubationReports = []Report{Occupancy, Rooms, GraduationRate, CohortGraduation, FinancedTenants, GrowingTenants, NonRentIncome, Landings, Stays,
	PlatformsByLevel, ChiefScientists, IncubatorReturn, SelfCheck, PlatformRegister, IncubationWatch}

var (
	ofFacility = Param{Name: "facility", Help: ledger.Text{En: "id of one facility; all where absent", Zh: "载体标识;缺省为全部"}}
	oneHouse   = Param{Name: "facility", Help: ledger.Text{En: "id of the facility", Zh: "载体标识"}, Required: true}
	ofYear     = Param{Name: "period", Help: ledger.Text{En: "year, such as 2025", Zh: "年度,如 2025"}, Required: true}
	ofPeriod   = Param{Name: "period", Help: ledger.Text{En: "year or month, such as 2025 or 2025-06", Zh: "年度或月份,如 2025 或 2025-06"}, Required: true}

	house = []Column{
		column("facility", TypeText, "facility", "载体标识"),
		column("name_zh", TypeText, "name (Chinese)", "名称(中文)"),
		column("name_en", TypeText, "name (English)", "名称(英文)"),
	}
)

func after(head []Column, more ...Column) []Column {
	return append(head[:len(head):len(head)], more...)
}

// live is the cases that are tenants at the end of the day asked for.
const live = `live AS (
  SELECT * FROM {incubation-cases} WHERE admitted_on IS NOT NULL AND ended_on IS NULL
)`

// Occupancy is K40 to K42 and K45 for each facility that takes tenants.
var Occupancy = Report{
	Code: "k40", Formula: "K40-K42,K45/live-at-the-end-of-the-day/v1", Roles: Offices, Params: []Param{ofFacility},
	Title: ledger.Text{En: "occupancy, use of space and overdue tenants", Zh: "入驻率、面积使用与超期在孵"},
	Columns: after(house,
		column("total_m2", TypeInteger, "total area, m²", "总面积(平方米)"),
		column("tenant_m2", TypeInteger, "for tenants, m²", "在孵企业用房(平方米)"),
		column("let_m2", TypeInteger, "let, m²", "在租面积(平方米)"),
		column("tenants", TypeInteger, "tenants", "在孵企业数"),
		column("k40", TypeDecimal, "K40 occupancy, %", "K40 入驻率(%)"),
		column("k41", TypeDecimal, "K41 use of space, %", "K41 使用面积占比(%)"),
		column("k42", TypeDecimal, "K42 tenants per 1,000 m²", "K42 每千平方米在孵企业数"),
		column("k45", TypeInteger, "K45 overdue tenants", "K45 超期在孵数"),
	),
	// K40 = Σ m² of live ÷ tenant area; K41 = (Σ m² of live + public) ÷ total; K42 = live ÷ (total/1000);
	// K45 = live and past their limit.
	SQL: `
WITH ` + live + `, let AS (
  SELECT facility, count(*) AS tenants, sum(area_m2) AS m2, count(*) FILTER (WHERE limit_on < :as_of) AS overdue
    FROM live GROUP BY facility
)
SELECT f.id, f.name_zh, f.name_en, f.total_m2, f.tenant_m2, coalesce(let.m2, 0), coalesce(let.tenants, 0),
       CASE WHEN f.tenant_m2 > 0 THEN printf('%.1f', 100.0 * coalesce(let.m2, 0) / f.tenant_m2) END,
       CASE WHEN f.total_m2 > 0 THEN printf('%.1f', 100.0 * (coalesce(let.m2, 0) + f.public_m2) / f.total_m2) END,
       CASE WHEN f.total_m2 > 0 THEN printf('%.1f', 1000.0 * coalesce(let.tenants, 0) / f.total_m2) END,
       coalesce(let.overdue, 0)
  FROM {facility-register} AS f LEFT JOIN let ON let.facility = f.id
 WHERE (f.kind IN ('incubator', 'accelerator') OR let.tenants > 0) AND f.id = coalesce(:facility, f.id)
 ORDER BY f.id`,
}

// Rooms is who has which room of a facility, vacant ones too (domain read model R8).
var Rooms = Report{
	Code: "r8", Formula: "R8/rooms-at-the-end-of-the-day/v1", Roles: Offices, Params: []Param{oneHouse},
	Title: ledger.Text{En: "incubator occupancy by room", Zh: "孵化器入驻与面积(按房间)"},
	Columns: []Column{
		column("room", TypeText, "room", "房间"),
		column("room_m2", TypeInteger, "area of the room, m²", "房间面积(平方米)"),
		column("case", TypeText, "case", "孵化案例标识"),
		column("name_zh", TypeText, "venture (Chinese)", "项目名称(中文)"),
		column("name_en", TypeText, "venture (English)", "项目名称(英文)"),
		column("let_m2", TypeInteger, "let, m²", "在租面积(平方米)"),
		column("from", TypeDate, "since", "入孵日期"),
		column("limit", TypeDate, "time limit", "孵化时限"),
		column("overdue_days", TypeInteger, "days overdue", "超期天数"),
		column("services", TypeInteger, "services so far", "累计服务次数"),
	},
	SQL: `
WITH ` + live + `, rooms AS (
  SELECT value ->> 'code' AS room, value ->> 'area_m2' AS m2
    FROM {facility-register} AS f, json_each(coalesce(f.rooms, '[]')) WHERE f.id = :facility
), tenants AS (
  SELECT * FROM live WHERE facility = :facility
)
SELECT coalesce(rooms.room, tenants.room), rooms.m2, tenants.id, tenants.name_zh, tenants.name_en, tenants.area_m2, tenants.admitted_on, tenants.limit_on,
       CASE WHEN tenants.limit_on < :as_of THEN CAST(julianday(:as_of) - julianday(tenants.limit_on) AS INTEGER) END, tenants.services
  FROM rooms FULL JOIN tenants ON tenants.room = rooms.room
 ORDER BY coalesce(rooms.room, tenants.room) NULLS LAST, tenants.admitted_on, tenants.id`,
}

// GraduationRate is K43 for each facility and year up to the day asked for.
var GraduationRate = Report{
	Code: "k43", Formula: "K43/graduated-by-live-at-start-plus-admitted/v1", Roles: Offices, Params: []Param{ofFacility},
	Title: ledger.Text{En: "annual graduation rate", Zh: "年度毕业率"},
	Columns: []Column{
		column("facility", TypeText, "facility", "载体标识"),
		column("year", TypeInteger, "year", "年度"),
		column("live_at_start", TypeInteger, "live on 1 January", "年初在孵数"),
		column("admitted", TypeInteger, "admitted", "当年入孵数"),
		column("graduated", TypeInteger, "graduated", "当年毕业数"),
		column("k43", TypeDecimal, "K43 graduation rate, %", "K43 年度毕业率(%)"),
	},
	// K43 = graduated in the year ÷ (live on 1 January + admitted in the year).
	SQL: `
WITH RECURSIVE cases AS (
  SELECT facility, substr(admitted_on || '-01-01', 1, 10) AS a, substr(ended_on || '-01-01', 1, 10) AS e, substr(graduated_on, 1, 4) + 0 AS g
    FROM {incubation-cases} WHERE admitted_on IS NOT NULL AND facility = coalesce(:facility, facility)
), years(year) AS (
  SELECT min(substr(a, 1, 4)) + 0 FROM cases HAVING count(*) > 0
  UNION ALL SELECT year + 1 FROM years WHERE year < substr(:as_of, 1, 4) + 0
), counted AS (
  SELECT facility, year, count(*) FILTER (WHERE substr(a, 1, 4) + 0 < year AND (e IS NULL OR substr(e, 1, 4) + 0 >= year)) AS live,
         count(*) FILTER (WHERE substr(a, 1, 4) + 0 = year) AS admitted, count(*) FILTER (WHERE g = year) AS graduated
    FROM cases, years GROUP BY facility, year
)
SELECT facility, year, live, admitted, graduated, printf('%.1f', 100.0 * graduated / (live + admitted))
  FROM counted WHERE live + admitted > 0 ORDER BY facility, year`,
}

// CohortGraduation is K44: of the cases admitted in a year, those that graduated within their
// limit, over those whose limit has passed by the day asked for.
var CohortGraduation = Report{
	Code: "k44", Formula: "K44/graduated-within-limit-by-limit-elapsed/v1", Roles: Offices, Params: append([]Param{ofFacility}, cohorts...),
	Title: ledger.Text{En: "cohort graduation rate", Zh: "队列毕业率"},
	Columns: []Column{
		column("cohort", TypeInteger, "year admitted", "入孵年度"),
		column("admitted", TypeInteger, "admitted", "入孵数"),
		column("elapsed", TypeInteger, "limit has passed", "时限已届满数"),
		column("graduated", TypeInteger, "of them graduated within it", "其中时限内毕业数"),
		column("k44", TypeDecimal, "K44 cohort graduation rate, %", "K44 队列毕业率(%)"),
	},
	SQL: `
WITH counted AS (
  SELECT substr(admitted_on, 1, 4) + 0 AS cohort, count(*) AS admitted, count(*) FILTER (WHERE limit_on < :as_of) AS elapsed,
         count(*) FILTER (WHERE limit_on < :as_of AND graduated_on <= limit_on) AS graduated
    FROM {incubation-cases} WHERE admitted_on IS NOT NULL AND facility = coalesce(:facility, facility)
   GROUP BY 1
)
SELECT cohort, admitted, elapsed, graduated, CASE WHEN elapsed > 0 THEN printf('%.1f', 100.0 * graduated / elapsed) END
  FROM counted WHERE cohort BETWEEN coalesce(CAST(:from AS INTEGER), 0) AND coalesce(CAST(:to AS INTEGER), 9999)
 ORDER BY cohort`,
}

// atEnd is the tenants at the end of the year or month asked for, or of the day where it is not over.
const atEnd = `ends AS (
  SELECT min(:as_of, CASE length(:period) WHEN 7 THEN date(:period || '-01', '+1 month', '-1 day') ELSE :period || '-12-31' END) AS day
), tenants AS (
  SELECT c.* FROM {incubation-cases} AS c, ends
   WHERE substr(admitted_on || '-01-01', 1, 10) <= day AND (ended_on IS NULL OR ended_on > day)
)`

// FinancedTenants is K46: tenants at the year's end with a round paid in that year; those from the
// incubator's own fund apart.
var FinancedTenants = Report{
	Code: "k46", Formula: "K46/paid-in-in-year-of-tenants-at-year-end/v1", Roles: Offices, Params: []Param{ofYear, ofFacility},
	Title: ledger.Text{En: "financed tenants", Zh: "获投融资在孵企业占比"},
	Columns: []Column{
		column("facility", TypeText, "facility", "载体标识"),
		column("tenants", TypeInteger, "tenants at the end of the year", "年末在孵企业数"),
		column("financed", TypeInteger, "financed in the year", "当年获投融资数"),
		column("k46", TypeDecimal, "K46 financed, %", "K46 获投融资占比(%)"),
		column("own_fund", TypeInteger, "of them with equity from the own fund", "其中自有基金实缴投资数"),
		column("own_fund_share", TypeDecimal, "from the own fund, %", "自有基金投资占比(%)"),
	},
	SQL: `
WITH ` + atEnd + `, rounds AS (
  SELECT incubation, max(own_fund AND instrument IN ('equity', 'convertible')) AS own FROM {financing-rounds}
   WHERE substr(paid_on, 1, 4) = :period AND instrument <> 'grant' GROUP BY incubation
)
SELECT facility, count(*), count(rounds.incubation), printf('%.1f', 100.0 * count(rounds.incubation) / count(*)),
       coalesce(sum(rounds.own), 0), printf('%.1f', 100.0 * coalesce(sum(rounds.own), 0) / count(*))
  FROM tenants LEFT JOIN rounds ON rounds.incubation = tenants.id
 WHERE facility = coalesce(:facility, facility) GROUP BY facility ORDER BY facility`,
}

// growth is the tenants with figures of the year and of the year before in one currency.
const growth = `grown AS (
  SELECT now.incubation, now.revenue > 1.2 * old.revenue OR now.rnd > 1.2 * old.rnd AS up
    FROM {tenant-metrics} AS now JOIN {tenant-metrics} AS old
      ON old.incubation = now.incubation AND old.period = CAST(:period - 1 AS TEXT) AND old.currency = now.currency
   WHERE now.period = :period
)`

// GrowingTenants is K47: revenue or R&D spending up by more than 20 %.
var GrowingTenants = Report{
	Code: "k47", Formula: "K47/revenue-or-rnd-up-20-of-both-years-reported/v1", Roles: Offices, Params: []Param{ofYear, ofFacility},
	Title: ledger.Text{En: "growing tenants", Zh: "高成长在孵企业占比"},
	Columns: []Column{
		column("facility", TypeText, "facility", "载体标识"),
		column("reported", TypeInteger, "tenants with both years reported", "两年均报送的企业数"),
		column("growing", TypeInteger, "growing", "高成长企业数"),
		column("k47", TypeDecimal, "K47 growing, %", "K47 高成长占比(%)"),
	},
	SQL: `
WITH ` + growth + `
SELECT c.facility, count(*), sum(up), printf('%.1f', 100.0 * sum(up) / count(*))
  FROM grown JOIN {incubation-cases} AS c ON c.id = grown.incubation
 WHERE c.facility = coalesce(:facility, c.facility) GROUP BY c.facility ORDER BY c.facility`,
}

// NonRentIncome is K48: income from services and investments over all income.
var NonRentIncome = Report{
	Code: "k48", Formula: "K48/service-and-investment-by-total-income/v1", Roles: Offices, Params: []Param{ofYear, ofFacility},
	Title: ledger.Text{En: "share of income not from rent", Zh: "非房租收入占比"},
	Columns: []Column{
		column("facility", TypeText, "facility", "载体标识"),
		column("currency", TypeText, "currency", "币种"),
		column("service", TypeDecimal, "services, thousands", "服务收入(千)"),
		column("investment", TypeDecimal, "investments, thousands", "投资收入(千)"),
		column("total", TypeDecimal, "total, thousands", "总收入(千)"),
		column("k48", TypeDecimal, "K48 not from rent, %", "K48 非房租收入占比(%)"),
	},
	SQL: `
WITH o AS (
  SELECT *, service_income + property_income + investment_income + other_income AS total FROM {facility-operations} WHERE period = :period
)
SELECT facility, currency, printf('%.1f', service_income / 100000.0), printf('%.1f', investment_income / 100000.0), printf('%.1f', total / 100000.0),
       CASE WHEN total > 0 THEN printf('%.1f', 100.0 * (service_income + investment_income) / total) END
  FROM o WHERE facility = coalesce(:facility, facility) ORDER BY facility`,
}

// Landings is K49 by centre and function; a venture of two functions stands in both lines, and in
// the line of all once. Beside it the cases opened at the centre and their landing rate.
var Landings = Report{
	Code: "k49", Formula: "K49/landings-by-centre-and-function/v1", Roles: Offices, Params: cohorts,
	Title: ledger.Text{En: "landings by centre and function", Zh: "落地情况(按中心和功能)"},
	Columns: []Column{
		column("centre", TypeText, "landed from", "来源载体标识"),
		column("function", TypeText, "function; all", "引进功能;合计为 all"),
		column("landings", TypeInteger, "landings", "落地数"),
		column("investment", TypeDecimal, "investment, thousand yuan", "落地投资额(千元)"),
		column("other_currency", TypeInteger, "landings with investment in another currency", "投资为其他币种的落地数"),
		column("jobs", TypeInteger, "jobs planned", "计划就业人数"),
		column("cases", TypeInteger, "cases opened at the centre", "该中心入孵案例数"),
		column("rate", TypeDecimal, "landing rate, %", "落地率(%)"),
	},
	SQL: `
WITH landed AS (
  SELECT * FROM {graduations} WHERE landed_on IS NOT NULL
     AND substr(landed_on, 1, 4) + 0 BETWEEN coalesce(CAST(:from AS INTEGER), 0) AND coalesce(CAST(:to AS INTEGER), 9999)
), lines AS (
  SELECT id, landed_from, 'all' AS function, investment_minor AS minor, investment_currency AS currency, jobs FROM landed UNION ALL
  SELECT landed.id, landed_from, value, investment_minor, investment_currency, jobs FROM landed, json_each(coalesce(functions, '[]'))
), opened AS (
  SELECT facility, count(*) AS n FROM {incubation-cases}
   WHERE admitted_on IS NOT NULL AND substr(admitted_on, 1, 4) + 0 BETWEEN coalesce(CAST(:from AS INTEGER), 0) AND coalesce(CAST(:to AS INTEGER), 9999)
   GROUP BY facility
), ofthem AS (
  SELECT facility, count(landed_on) AS n FROM {incubation-cases}
   WHERE admitted_on IS NOT NULL AND substr(admitted_on, 1, 4) + 0 BETWEEN coalesce(CAST(:from AS INTEGER), 0) AND coalesce(CAST(:to AS INTEGER), 9999)
   GROUP BY facility
)
SELECT landed_from, function, count(*), printf('%.1f', coalesce(sum(minor) FILTER (WHERE currency = 'CNY'), 0) / 100000.0),
       count(*) FILTER (WHERE currency <> 'CNY'), sum(jobs),
       CASE WHEN function = 'all' THEN max(opened.n) END,
       CASE WHEN function = 'all' THEN printf('%.1f', 100.0 * max(ofthem.n) / max(opened.n)) END
  FROM lines LEFT JOIN opened ON opened.facility = landed_from LEFT JOIN ofthem ON ofthem.facility = landed_from
 GROUP BY landed_from, function ORDER BY landed_from, function <> 'all', function`,
}

// Stays is how the cases of each facility ended and how long they stayed, median over five or more
// whose days are known (domain read model R9).
var Stays = Report{
	Code: "r9", Formula: "R9/outcomes-and-median-stay/v1", Roles: Offices, Params: []Param{ofFacility},
	Title: ledger.Text{En: "outcomes and length of stay", Zh: "孵化结果与在孵时长"},
	Columns: []Column{
		column("facility", TypeText, "facility", "载体标识"),
		column("outcome", TypeText, "graduated, landed, left or evicted; ended together; live", "毕业、落地、退出、清退;合计 ended;在孵 live"),
		column("cases", TypeInteger, "cases", "案例数"),
		column("median_days", TypeDecimal, "median stay, days", "在孵时长中位数(天)"),
	},
	SQL: `
WITH cases AS (
  SELECT facility, CASE WHEN ended_on IS NULL THEN 'live' WHEN graduated_on IS NOT NULL THEN 'graduated' ELSE stage END AS outcome,
         CASE WHEN length(admitted_on) = 10 AND length(coalesce(ended_on, :as_of)) = 10
              THEN julianday(coalesce(ended_on, :as_of)) - julianday(admitted_on) END AS days
    FROM {incubation-cases} WHERE admitted_on IS NOT NULL AND facility = coalesce(:facility, facility)
), lines AS (
  SELECT * FROM cases UNION ALL SELECT facility, 'ended', days FROM cases WHERE outcome <> 'live'
), ranked AS (
  SELECT *, row_number() OVER (PARTITION BY facility, outcome, days IS NULL ORDER BY days) AS r,
         count(days) OVER (PARTITION BY facility, outcome) AS n FROM lines
)
SELECT facility, outcome, count(*),
       CASE WHEN max(n) >= 5 THEN printf('%.1f', avg(days) FILTER (WHERE days IS NOT NULL AND r IN ((n + 1) / 2, (n + 2) / 2))) END
  FROM ranked GROUP BY facility, outcome ORDER BY facility, outcome`,
}
