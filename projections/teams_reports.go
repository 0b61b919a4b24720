package projections

import "ttledger/domain/ledger"

// TeamReports is what is asked of teams, engagements and funds.
func TeamReports() []Report {
	return []Report{TeamFiling, TeamsLanded, LandingRate, CoreIntegrity, TierTasks, TeamErosion, CoordinationBoard, DemandsSolved, FundReport}
}

// TeamFiling is S-B2: the teams that have landed, as they are filed.
var TeamFiling = Report{
	Code: "s-b2", Formula: "S-B2/landed-by-T/v1", Roles: Offices, Params: since,
	Title: ledger.Text{En: "filing of imported teams", Zh: "带土移植团队备案表"},
	Columns: []Column{
		column("filing", TypeText, "filing number", "备案编号"),
		column("code", TypeText, "team", "团队编号"),
		column("category", TypeText, "category", "类别"),
		column("title_zh", TypeText, "technology (Chinese)", "带来技术(中文)"),
		column("title_en", TypeText, "technology (English)", "带来技术(英文)"),
		column("origin", TypeText, "origin", "来源地"),
		column("leader", TypeText, "leader, pseudonym", "带头人(化名)"),
		column("core", TypeInteger, "core members", "核心成员数"),
		column("rights", TypeInteger, "intellectual property", "自有知识产权件数"),
		column("enterprise", TypeText, "receiving enterprise", "依托企业"),
		column("project", TypeText, "project", "项目"),
		column("landed_on", TypeDate, "landed on", "落地日期"),
		column("eligible", TypeBoolean, "meets its scheme", "符合引进办法"),
	},
	SQL: `
SELECT filing, t.code, category, t.title_zh, t.title_en, coalesce(origin_region, origin_country), leader, core_count,
       json_array_length(coalesce(rights, '[]')), coalesce(o.name_zh, o.name_en, enterprise), coalesce(p.code, project), landed_on, eligible
  FROM {team-pipeline} AS t
  LEFT JOIN {organisation-register} AS o ON o.id = enterprise
  LEFT JOIN {project-board} AS p ON p.id = project
 WHERE landed_on IS NOT NULL AND (:from IS NULL OR substr(landed_on || '-01-01', 1, 10) >= :from)
 ORDER BY landed_on, filing, t.code`,
}

// TeamsLanded is K27: teams landed in the period and in all, by category and origin.
var TeamsLanded = Report{
	Code: "k27", Formula: "K27/landed-by-category-and-origin/v1", Roles: Offices, Params: since,
	Title: ledger.Text{En: "teams landed", Zh: "落地团队数"},
	Columns: []Column{
		column("category", TypeText, "category", "类别"),
		column("origin", TypeText, "origin", "来源地"),
		column("landed", TypeInteger, "landed in the period", "期间落地"),
		column("cumulative", TypeInteger, "landed in all", "累计落地"),
	},
	SQL: `
SELECT category, CASE WHEN origin_country = 'CN' THEN coalesce(origin_region, 'CN') ELSE origin_country END AS origin,
       count(*) FILTER (WHERE substr(landed_on || '-01-01', 1, 10) >= coalesce(:from, substr(:as_of, 1, 4) || '-01-01')), count(*)
  FROM {team-pipeline} WHERE landed_on IS NOT NULL
 GROUP BY category, origin ORDER BY category, origin`,
}

// LandingRate is K28: of the teams formed in a year, how many landed by T, and the median of the
// days from the first binding to landing, over those known to the day. A median of fewer than five
// is left out.
var LandingRate = Report{
	Code: "k28", Formula: "K28/landed-of-formed/median-days/v1", Roles: Offices, Params: cohorts,
	Title: ledger.Text{En: "landing rate and days to land", Zh: "落地率与落地周期"},
	Columns: []Column{
		column("cohort", TypeInteger, "formed in", "组建年份"),
		column("formed", TypeInteger, "formed", "组建团队数"),
		column("landed", TypeInteger, "landed", "落地团队数"),
		column("rate", TypeDecimal, "landed, %", "落地率(%)"),
		column("timed", TypeInteger, "with both days known", "日期精确的团队数"),
		column("median_days", TypeDecimal, "median days from binding to landing", "绑定至落地中位天数"),
	},
	SQL: `
WITH t AS (
  SELECT cohort, landed_on,
         CASE WHEN length(bound_on) = 10 AND length(landed_on) = 10 THEN julianday(landed_on) - julianday(bound_on) END AS days
    FROM {team-pipeline}
   WHERE formed_on IS NOT NULL
     AND cohort BETWEEN coalesce(CAST(:from AS INTEGER), 0) AND coalesce(CAST(:to AS INTEGER), 9999)
), ranked AS (
  SELECT cohort, days, row_number() OVER (PARTITION BY cohort ORDER BY days) AS r, count(*) OVER (PARTITION BY cohort) AS c
    FROM t WHERE days IS NOT NULL
), medians AS (
  SELECT cohort, max(c) AS c, printf('%.1f', avg(days) FILTER (WHERE r IN ((c + 1) / 2, (c + 2) / 2))) AS median FROM ranked GROUP BY cohort
)
SELECT cohort, count(*), count(landed_on), printf('%.1f', 100.0 * count(landed_on) / count(*)),
       coalesce(max(c), 0), CASE WHEN max(c) >= 5 THEN max(median) END
  FROM t LEFT JOIN medians USING (cohort)
 GROUP BY cohort ORDER BY cohort`,
}

// CoreIntegrity is K29: of the teams that landed and did not complete their term, how many have
// the leader and at least three of the core members they landed with. A replacement restores a
// team's standing under its scheme; here the team still counts as changed.
var CoreIntegrity = Report{
	Code: "k29", Formula: "K29/leader-and-three-of-landing/v1", Roles: Offices,
	Title: ledger.Text{En: "core integrity", Zh: "核心团队稳定率"},
	Columns: []Column{
		column("landed", TypeInteger, "landed and not completed", "落地且未期满团队数"),
		column("intact", TypeInteger, "with leader and three of the core they landed with", "带头人及三名落地时核心成员在任"),
		column("rate", TypeDecimal, "intact, %", "稳定率(%)"),
		column("eligible", TypeInteger, "that meet their scheme", "符合引进办法的团队数"),
	},
	SQL: `
SELECT count(*), count(*) FILTER (WHERE stays), CASE WHEN count(*) > 0 THEN printf('%.1f', 100.0 * count(*) FILTER (WHERE stays) / count(*)) END, count(*) FILTER (WHERE eligible AND exited_on IS NULL)
  FROM (SELECT eligible, exited_on, leader_stays AND core_stays >= 3 AND exited_on IS NULL AS stays
          FROM {team-pipeline} WHERE landed_on IS NOT NULL AND coalesce(exit_ground, '') <> 'completed')`,
}

// CoordinationBoard is S-E2 with K62: for each of the six coordinations what was agreed, delivered,
// dropped and is overdue, and what was delivered of what was due by T. What was dropped was not due.
var CoordinationBoard = Report{
	Code: "s-e2", Formula: "K62/delivered-of-due/v1", Roles: Offices,
	Title: ledger.Text{En: "six-coordination board", Zh: "六大协同进展表"},
	Columns: []Column{
		column("dimension", TypeInteger, "dimension", "维度"),
		column("name_zh", TypeText, "dimension (Chinese)", "维度(中文)"),
		column("name_en", TypeText, "dimension (English)", "维度(英文)"),
		column("agreed", TypeInteger, "agreed", "约定事项"),
		column("delivered", TypeInteger, "delivered", "已完成"),
		column("dropped", TypeInteger, "dropped", "已取消"),
		column("overdue", TypeInteger, "overdue", "逾期"),
		column("due", TypeInteger, "due by T", "应完成"),
		column("rate", TypeDecimal, "delivered of due, %", "完成率(%)"),
	},
	SQL: `
WITH dimensions(n, zh, en) AS (VALUES
  (1, '政策支持', 'policy support'), (2, '体制机制', 'institutions and mechanisms'), (3, '空间规划', 'spatial planning'),
  (4, '产业发展', 'industrial development'), (5, '金融服务', 'financial services'), (6, '服务配套', 'supporting services')
), items AS (
  SELECT dimension, state,
         state <> 'dropped' AND CASE length(due)
           WHEN 4 THEN due || '-12-31' WHEN 7 THEN date(due || '-01', '+1 month', '-1 day') ELSE due END <= :as_of AS was_due
    FROM {engagements} WHERE kind = 'coordination'
)
SELECT n, zh, en, count(state),
       count(*) FILTER (WHERE state = 'delivered'), count(*) FILTER (WHERE state = 'dropped'),
       count(*) FILTER (WHERE was_due AND state = 'agreed'), count(*) FILTER (WHERE was_due),
       CASE WHEN count(*) FILTER (WHERE was_due) > 0
            THEN printf('%.1f', 100.0 * count(*) FILTER (WHERE was_due AND state = 'delivered') / count(*) FILTER (WHERE was_due)) END
  FROM dimensions LEFT JOIN items ON dimension = n
 GROUP BY n ORDER BY n`,
}

// DemandsSolved is K65 as far as engagements report it: demands served and solved, by kind.
var DemandsSolved = Report{
	Code: "k65", Formula: "K65/solved-of-served-by-engagements/v1", Roles: Offices, Params: since,
	Title: ledger.Text{En: "demands served and solved", Zh: "需求服务与解决"},
	Columns: []Column{
		column("kind", TypeText, "kind of engagement", "事项类型"),
		column("delivered", TypeInteger, "delivered", "已完成事项"),
		column("served", TypeInteger, "demands served", "服务需求数"),
		column("solved", TypeInteger, "demands solved", "解决需求数"),
		column("rate", TypeDecimal, "solved of served, %", "解决率(%)"),
		column("leads", TypeInteger, "leads", "线索数"),
	},
	SQL: `
SELECT kind, count(*), sum(served), sum(solved), CASE WHEN sum(served) > 0 THEN printf('%.1f', 100.0 * sum(solved) / sum(served)) END, sum(leads)
  FROM {engagements}
 WHERE state = 'delivered' AND substr(ended_on || '-01-01', 1, 10) >= coalesce(:from, substr(:as_of, 1, 4) || '-01-01')
 GROUP BY kind ORDER BY kind`,
}

// FundReport is S-F1 with K64: for each fund what it committed, what of that is paid in, and the
// money of others in the same rounds to one of its own. Amounts are minor units.
var FundReport = Report{
	Code: "s-f1", Formula: "K64/committed-paid-leverage/v1", Roles: Offices,
	Title: ledger.Text{En: "fund report", Zh: "基金承诺与到位表"},
	Columns: []Column{
		column("fund", TypeText, "fund", "基金"),
		column("currency", TypeText, "currency", "币种"),
		column("commitments", TypeInteger, "commitments", "承诺笔数"),
		column("committed", TypeInteger, "committed", "承诺出资"),
		column("paid", TypeInteger, "paid in", "实缴到位"),
		column("rate", TypeDecimal, "paid of committed, %", "到位率(%)"),
		column("outside", TypeInteger, "of others in the same rounds", "同轮其他资本"),
		column("leverage", TypeDecimal, "of others to one of its own", "撬动倍数"),
		column("related", TypeInteger, "with related parties", "关联交易笔数"),
		column("exited", TypeInteger, "exited", "已退出笔数"),
	},
	SQL: `
SELECT coalesce(o.name_zh, o.name_en, fund), amount_currency, count(*), sum(amount_minor), sum(paid),
       printf('%.1f', 100.0 * sum(paid) / sum(amount_minor)), sum(outside), CASE WHEN sum(paid) > 0 THEN printf('%.2f', 1.0 * sum(outside) / sum(paid)) END,
       sum(related), count(exited_on)
  FROM {fund-commitments} LEFT JOIN {organisation-register} AS o ON o.id = fund
 WHERE committed_on IS NOT NULL
 GROUP BY fund, amount_currency ORDER BY 1, 2`,
}

// TierTasks is P7's question: who leads or is in the core of a team that has landed, and whether
// they hold a tier at T. Where they hold none, certification is to be sought.
var TierTasks = Report{
	Code: "p7", Formula: "P7/leader-and-core-of-landed/v1", Roles: PersonReaders,
	Title: ledger.Text{En: "tiers of those in landed teams", Zh: "落地团队人才认定任务"},
	Columns: []Column{
		column("team", TypeText, "team", "团队编号"),
		column("part", TypeText, "part", "角色"),
		column("person", TypeText, "pseudonym", "化名标识"),
		column("tier", TypeText, "tier held", "现有层次"),
		column("due", TypeText, "what is due", "应办事项"),
	},
	SQL: `
WITH` + validTalent + `, members AS (
  SELECT code, 'leader' AS part, leader AS person FROM {team-pipeline} WHERE stage = 'landed' AND leader IS NOT NULL
  UNION ALL
  SELECT code, 'core', value FROM {team-pipeline}, json_each(coalesce(core, '[]')) WHERE stage = 'landed'
)
SELECT code, part, members.person, min(tier), CASE WHEN count(tier) = 0 THEN 'certify' END
  FROM members LEFT JOIN valid ON valid.person = members.person
 GROUP BY code, part, members.person ORDER BY code, part DESC, members.person`,
}

// TeamErosion is P8's question: the teams that landed and do not meet their scheme at T, with what
// of their subsidies is not paid yet, which is to be held.
var TeamErosion = Report{
	Code: "p8", Formula: "P8/landed-not-eligible/v1", Roles: Offices,
	Title: ledger.Text{En: "teams that no longer meet their scheme", Zh: "团队构成预警"},
	Columns: []Column{
		column("team", TypeText, "team", "团队编号"),
		column("core", TypeInteger, "core members", "核心成员数"),
		column("has_leader", TypeBoolean, "has a leader", "有带头人"),
		column("subsidies", TypeInteger, "subsidies", "资助项数"),
		column("held", TypeInteger, "not paid yet (minor units)", "未拨付金额(最小货币单位)"),
	},
	SQL: `
SELECT t.code, core_count, leader IS NOT NULL, count(g.id), coalesce(sum(ceiling_minor - paid), 0)
  FROM {team-pipeline} AS t LEFT JOIN {grants} AS g ON beneficiary = 'team-' || t.id
 WHERE stage = 'landed' AND NOT eligible
 GROUP BY t.id ORDER BY t.code`,
}
