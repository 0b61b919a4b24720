package projections

import (
	"strings"

	"ttledger/domain/ledger"
)

// ContractReports is the reports on contracts and their money, in display order.
var ContractReports = []Report{
	ContractsSigned, RegisteredValue, RegistrationRate, ReceiptRate, CompletersShare, DistributionTimeliness, RelatedParties,
	AnnualConversion, RegistrationReturn, DistributionStatement, DutiesDue,
}

var fromTo = []Param{
	{Name: "from", Help: ledger.Text{En: "first day of the period", Zh: "期间首日"}},
	{Name: "to", Help: ledger.Text{En: "last day of the period", Zh: "期间末日"}},
}

// within is the condition that a date falls in the period; a date of lesser precision counts from
// the first day that it may mean.
func within(date string) string {
	return strings.ReplaceAll(`substr(DATE || '-01-01', 1, 10) BETWEEN coalesce(:from, '0000') AND coalesce(:to, '9998') || '~'`, "DATE", date)
}

// ContractsSigned is K02: |E(ContractSigned, P)| and Σ total, by family and by mode. A contract
// without a total counts and adds nothing.
var ContractsSigned = Report{
	Code: "k02", Formula: "K02/signed-total-by-family-and-mode/v1", Roles: Offices, Params: fromTo,
	Title: ledger.Text{En: "contracts signed", Zh: "签订合同数、额"},
	Columns: []Column{
		column("by", TypeText, "by", "分组"),
		column("value", TypeText, "value", "取值"),
		column("contracts", TypeInteger, "contracts", "合同数"),
		column("currency", TypeText, "currency", "币种"),
		column("total_minor", TypeInteger, "total (minor units)", "合同额(最小货币单位)"),
	},
	SQL: `
WITH s AS (SELECT * FROM {contract-register} WHERE ` + within("signed_on") + `),
g AS (SELECT 1 AS n, 'all' AS by, 'all' AS value, total_currency, total_minor FROM s UNION ALL
      SELECT 2, 'family', type, total_currency, total_minor FROM s UNION ALL
      SELECT 3, 'mode', mode, total_currency, total_minor FROM s)
SELECT by, value, count(*), total_currency, sum(total_minor) FROM g GROUP BY n, by, value, total_currency ORDER BY n, value, total_currency`,
}

// registrations is every registration that was not revoked from the beginning.
const registrations = `(SELECT j.value ->> 'on' AS booked_on, j.value ->> 'type' AS family, j.value -> 'value' ->> 'currency' AS currency,
        j.value -> 'value' ->> 'minor' AS value_minor, j.value -> 'tech_value' ->> 'minor' AS tech_minor
   FROM {contract-register} AS c, json_each(coalesce(c.registrations, '[]')) AS j WHERE coalesce(j.value ->> 'revoked', '') <> 'ab-initio')`

// RegisteredValue is K03: Σ value and Σ technology transaction value over E(ContractRegistered, P)
// not revoked ab initio, by family as recognised. A registration made anew after an amendment
// counts once, on the day of the first, with its later values.
var RegisteredValue = Report{
	Code: "k03", Formula: "K03/registered-value-and-technology-value/v1", Roles: Offices, Params: fromTo,
	Title: ledger.Text{En: "registered contract value", Zh: "认定登记成交额、技术交易额"},
	Columns: []Column{
		column("family", TypeText, "family as recognised", "认定类别"),
		column("registrations", TypeInteger, "registrations", "登记数"),
		column("currency", TypeText, "currency", "币种"),
		column("value_minor", TypeInteger, "contract value (minor units)", "合同成交额(最小货币单位)"),
		column("tech_value_minor", TypeInteger, "technology transaction value (minor units)", "技术交易额(最小货币单位)"),
	},
	SQL: `
WITH r AS (SELECT * FROM ` + registrations + ` WHERE ` + within("booked_on") + `),
g AS (SELECT 1 AS n, 'all' AS family, currency, value_minor, tech_minor FROM r UNION ALL
      SELECT 2, family, currency, value_minor, tech_minor FROM r)
SELECT family, count(*), currency, sum(value_minor), sum(tech_minor) FROM g GROUP BY n, family, currency ORDER BY n, family, currency`,
}

// RegistrationRate is K04: contracts signed in P and registered by T ÷ contracts signed in P.
var RegistrationRate = Report{
	Code: "k04", Formula: "K04/registered-of-signed/v1", Roles: Offices, Params: fromTo,
	Title: ledger.Text{En: "registration rate", Zh: "登记率"},
	Columns: []Column{
		column("signed", TypeInteger, "signed", "签订数"),
		column("registered", TypeInteger, "registered by T", "已登记数"),
		column("rate", TypeDecimal, "rate, %", "登记率(%)"),
	},
	SQL: `
SELECT count(*), count(*) FILTER (WHERE registered), CASE WHEN count(*) > 0 THEN printf('%.1f', 100.0 * count(*) FILTER (WHERE registered) / count(*)) END
  FROM (SELECT registration_no IS NOT NULL AND registration_end IS NULL AS registered FROM {contract-register} WHERE ` + within("signed_on") + `)`,
}

// ReceiptRate is K08: (Σ receipts − reversals, to T) ÷ Σ instalments due by T.
var ReceiptRate = Report{
	Code: "k08", Formula: "K08/received-of-due/v1", Roles: Offices,
	Title: ledger.Text{En: "receipt rate", Zh: "到账率"},
	Columns: []Column{
		column("currency", TypeText, "currency", "币种"),
		column("received_minor", TypeInteger, "received (minor units)", "到账(最小货币单位)"),
		column("due_minor", TypeInteger, "due by T (minor units)", "应到(最小货币单位)"),
		column("rate", TypeDecimal, "rate, %", "到账率(%)"),
	},
	SQL: `
WITH m AS (
  SELECT received_currency AS currency, received_minor AS got, 0 AS due FROM {contract-register} WHERE received_minor IS NOT NULL UNION ALL
  SELECT j.value -> 'amount' ->> 'currency', 0, j.value -> 'amount' ->> 'minor'
    FROM {contract-register} AS c, json_each(coalesce(c.instalments, '[]')) AS j WHERE substr((j.value ->> 'due') || '-01-01', 1, 10) <= :as_of
)
SELECT currency, sum(got), sum(due), CASE WHEN sum(due) > 0 THEN printf('%.1f', 100.0 * sum(got) / sum(due)) END FROM m GROUP BY currency ORDER BY currency`,
}

// CompletersShare is K09: Σ shares to completers ÷ Σ net over distributions approved in P and not
// reversed, by base and mode; beside it the highest floor that bound one, and the number below
// theirs, which must be 0.
var CompletersShare = Report{
	Code: "k09", Formula: "K09/award-of-net-by-base-and-mode/v1", Roles: Offices, Params: fromTo,
	Title: ledger.Text{En: "completers' share", Zh: "完成人奖酬比"},
	Columns: []Column{
		column("base", TypeText, "base", "分配基数"),
		column("mode", TypeText, "mode of conversion", "转化方式"),
		column("currency", TypeText, "currency", "币种"),
		column("distributions", TypeInteger, "distributions", "分配次数"),
		column("net_minor", TypeInteger, "net (minor units)", "净额(最小货币单位)"),
		column("award_minor", TypeInteger, "to completers (minor units)", "完成人奖酬(最小货币单位)"),
		column("share", TypeDecimal, "share, %", "奖酬比(%)"),
		column("floor", TypeInteger, "highest floor, per mille", "最高下限(‰)"),
		column("below", TypeInteger, "below the floor", "低于下限次数"),
	},
	SQL: `
SELECT base, mode, amount_currency, count(*), sum(amount_minor), sum(award_minor),
       CASE WHEN sum(amount_minor) > 0 THEN printf('%.1f', 100.0 * sum(award_minor) / sum(amount_minor)) END,
       max(floor), count(*) FILTER (WHERE 1000 * award_minor < floor * amount_minor)
  FROM {money-ledger} WHERE kind = 'distribution' AND NOT whole AND ` + within("occurred_on") + `
 GROUP BY base, mode, amount_currency ORDER BY base, mode, amount_currency`,
}

// DistributionTimeliness is K10: receipts whose distribution was fully paid by the due date ÷
// receipts whose due date fell in P. Receipts reversed whole are neither.
var DistributionTimeliness = Report{
	Code: "k10", Formula: "K10/paid-by-due-of-due/v1", Roles: Offices, Params: fromTo,
	Title: ledger.Text{En: "distribution timeliness", Zh: "奖酬及时率"},
	Columns: []Column{
		column("due", TypeInteger, "receipts due", "应付到账笔数"),
		column("timely", TypeInteger, "paid by the day", "按期付清笔数"),
		column("late", TypeInteger, "paid later", "逾期付清笔数"),
		column("open", TypeInteger, "not paid", "未付清笔数"),
		column("rate", TypeDecimal, "rate, %", "及时率(%)"),
	},
	SQL: `
SELECT count(*), count(*) FILTER (WHERE paid_on <= due_on), count(*) FILTER (WHERE paid_on > due_on), count(*) FILTER (WHERE paid_on IS NULL),
       CASE WHEN count(*) > 0 THEN printf('%.1f', 100.0 * count(*) FILTER (WHERE paid_on <= due_on) / count(*)) END
  FROM {money-ledger} WHERE kind = 'receipt' AND NOT whole AND due_on IS NOT NULL AND ` + within("due_on"),
}

// RelatedParties is K15: contracts with the flag; those without a notice, which must be 0.
var RelatedParties = Report{
	Code: "k15", Formula: "K15/related-and-unnoticed/v1", Roles: Offices, Params: fromTo,
	Title: ledger.Text{En: "related-party contracts", Zh: "关联交易数"},
	Columns: []Column{
		column("contracts", TypeInteger, "contracts signed", "签订合同数"),
		column("related", TypeInteger, "with related parties", "关联交易数"),
		column("unnoticed", TypeInteger, "of them without a notice", "其中未公示"),
	},
	SQL: `
SELECT count(*), count(*) FILTER (WHERE related), count(*) FILTER (WHERE related AND notice IS NULL)
  FROM {contract-register} WHERE ` + within("signed_on"),
}

// AnnualConversion is S-A1, the annual report that PSTTA 21 asks of a unit: block 1 is conversion by
// transfer, licence and equity, block 2 development, consulting and service, block 3 how many
// persons were awarded. Contracts are those signed in the period; money is what moved in it, less
// what was reversed in it; awards are of distributions approved in it that stand.
var AnnualConversion = Report{
	Code: "s-a1", Formula: "S-A1/contracts-receipts-awards/v1", Roles: Offices,
	Params: append([]Param{{Name: "unit", Help: ledger.Text{En: "id of the providing organisation; all where absent", Zh: "提供方单位标识;缺省为全部"}}}, fromTo...),
	Title:  ledger.Text{En: "annual conversion report", Zh: "科技成果转化年度报告"},
	Columns: []Column{
		column("block", TypeInteger, "block", "部分"),
		column("line", TypeText, "line", "项目"),
		column("currency", TypeText, "currency", "币种"),
		column("contracts", TypeInteger, "contracts signed, or persons", "合同项数或人数"),
		column("value_minor", TypeInteger, "contract value (minor units)", "合同金额(最小货币单位)"),
		column("received_minor", TypeInteger, "received (minor units)", "当年到账(最小货币单位)"),
		column("awarded_minor", TypeInteger, "awarded to completers (minor units)", "奖励个人(最小货币单位)"),
		column("paid_minor", TypeInteger, "paid to completers (minor units)", "已发放个人(最小货币单位)"),
	},
	SQL: `
WITH c AS (
  SELECT *, CASE WHEN mode IN ('transfer', 'licence', 'equity') THEN 1 ELSE 2 END AS block,
         CASE WHEN mode IN ('transfer', 'licence', 'equity') THEN mode ELSE type END AS line
    FROM {contract-register} WHERE :unit IS NULL OR provider = :unit
), m AS (
  SELECT c.block, c.line, m.* FROM {money-ledger} AS m JOIN c ON c.id = m.contract WHERE ` + within("m.occurred_on") + `
), x AS (
  SELECT block, line, total_currency AS currency, 1 AS n, total_minor AS value, NULL AS got, NULL AS award, NULL AS paid FROM c WHERE ` + within("signed_on") + ` UNION ALL
  SELECT block, line, amount_currency, 0, NULL, sign * amount_minor, NULL, NULL FROM m WHERE kind = 'receipt' OR kind = 'reversal' AND of_kind = 'receipt' UNION ALL
  SELECT block, line, amount_currency, 0, NULL, NULL, award_minor, NULL FROM m WHERE kind = 'distribution' AND NOT whole UNION ALL
  SELECT block, line, amount_currency, 0, NULL, NULL, NULL, amount_minor - reversed FROM m WHERE kind = 'payment' AND counterparty LIKE 'person-%'
)
SELECT block, line, currency, sum(n), sum(value), sum(got), sum(award), sum(paid) FROM x GROUP BY block, line, currency
UNION ALL
SELECT 3, 'persons awarded', NULL, count(DISTINCT j.value ->> 'to'), NULL, NULL, NULL, NULL
  FROM m, json_each(coalesce(m.shares, '[]')) AS j WHERE m.kind = 'distribution' AND NOT m.whole AND j.value ->> 'completer'
 ORDER BY 1, 2, 3`,
}

// RegistrationReturn is S-A2, the register in the order of the fields of form JJ-001. What the
// ledger does not hold of the form (field of technology, plan source, expected investment and
// output) is not in it.
var RegistrationReturn = Report{
	Code: "s-a2", Formula: "S-A2/jj-001-order/v1", Roles: Offices, Params: fromTo,
	Title: ledger.Text{En: "contract register, form JJ-001", Zh: "技术合同登记台账(JJ-001)"},
	Columns: []Column{
		column("registration_no", TypeText, "registration number", "合同登记编号"),
		column("title", TypeText, "title", "项目名称"),
		column("code", TypeText, "contract number", "合同编号"),
		column("family", TypeText, "family", "合同类别"),
		column("from_on", TypeDate, "first day", "有效期起"),
		column("to_on", TypeDate, "last day", "有效期止"),
		column("signed_on", TypeDate, "signed on", "签订日期"),
		column("buyer", TypeText, "buyer", "买方名称"),
		column("buyer_code", TypeText, "buyer's credit code or foreign number", "买方代码"),
		column("buyer_country", TypeText, "buyer's country", "买方国别"),
		column("buyer_region", TypeText, "buyer's division", "买方行政区划"),
		column("buyer_kind", TypeText, "buyer's nature", "买方性质"),
		column("seller", TypeText, "seller", "卖方名称"),
		column("seller_code", TypeText, "seller's credit code or foreign number", "卖方代码"),
		column("seller_country", TypeText, "seller's country", "卖方国别"),
		column("seller_region", TypeText, "seller's division", "卖方行政区划"),
		column("seller_kind", TypeText, "seller's nature", "卖方性质"),
		column("patents", TypeInteger, "patents", "涉及专利数"),
		column("currency", TypeText, "currency", "币种"),
		column("value_minor", TypeInteger, "contract value (minor units)", "合同成交额(最小货币单位)"),
		column("tech_value_minor", TypeInteger, "technology transaction value (minor units)", "技术交易额(最小货币单位)"),
		column("office", TypeText, "registering office", "登记机构"),
		column("registered_on", TypeDate, "registered on", "登记日期"),
		column("revoked", TypeText, "registration revoked", "登记撤销"),
	},
	SQL: `
SELECT r.value ->> 'no', coalesce(c.title_zh, c.title_en), c.code, coalesce(r.value ->> 'type', c.type), c.from_on, c.to_on, c.signed_on,
       coalesce(b.name_zh, b.name_en), coalesce(b.uscc, b.foreign_id), CASE WHEN b.uscc IS NOT NULL THEN 'CN' ELSE b.foreign_country END, b.region, b.unit_kind,
       coalesce(s.name_zh, s.name_en), coalesce(s.uscc, s.foreign_id), CASE WHEN s.uscc IS NOT NULL THEN 'CN' ELSE s.foreign_country END, s.region, s.unit_kind,
       coalesce(json_array_length(c.licence, '$.patents'), 0),
       coalesce(r.value -> 'value' ->> 'currency', c.total_currency), coalesce(r.value -> 'value' ->> 'minor', c.total_minor),
       coalesce(r.value -> 'tech_value' ->> 'minor', c.tech_value_minor), r.value ->> 'office', r.value ->> 'on', r.value ->> 'revoked'
  FROM {contract-register} AS c
  LEFT JOIN json_each(coalesce(c.registrations, '[]')) AS r
  LEFT JOIN {organisation-register} AS b ON b.id = c.recipient
  LEFT JOIN {organisation-register} AS s ON s.id = c.provider
 WHERE ` + within("c.signed_on") + ` ORDER BY c.code, c.id, r.value ->> 'on', r.value ->> 'no', r.key`,
}

// DistributionStatement is S-A3: for each distribution that stands its receipts, costs, net, shares
// and tail, as lines that come to the net.
var DistributionStatement = Report{
	Code: "s-a3", Formula: "S-A3/receipts-costs-net-shares-tail/v1", Roles: Offices,
	Params: append([]Param{{Name: "contract", Help: ledger.Text{En: "contract number; all where absent", Zh: "合同编号;缺省为全部"}}}, fromTo...),
	Title:  ledger.Text{En: "distribution statement", Zh: "收益分配清单"},
	Columns: []Column{
		column("contract", TypeText, "contract number", "合同编号"),
		column("distribution", TypeText, "distribution", "分配分录"),
		column("approved_on", TypeDate, "approved on", "批准日期"),
		column("policy", TypeText, "policy", "政策版本"),
		column("basis", TypeText, "basis", "分配依据"),
		column("base", TypeText, "base", "分配基数"),
		column("line", TypeText, "line", "行目"),
		column("of", TypeText, "receipt, cost or payee", "到账、成本或收款人"),
		column("per_mille", TypeInteger, "per mille", "份额(‰)"),
		column("currency", TypeText, "currency", "币种"),
		column("amount_minor", TypeInteger, "amount (minor units)", "金额(最小货币单位)"),
		column("tail_minor", TypeInteger, "tail within what is paid (minor units)", "尾差归入(最小货币单位)"),
	},
	SQL: `
WITH d AS (
  SELECT c.code, m.* FROM {money-ledger} AS m JOIN {contract-register} AS c ON c.id = m.contract
   WHERE m.kind = 'distribution' AND NOT m.whole AND (:contract IS NULL OR c.code = :contract) AND ` + within("m.occurred_on") + `
), l AS (
  SELECT d.*, 1 AS n, j.key AS i, 'receipt' AS line, j.value AS what, NULL AS pm, (SELECT amount_minor - reversed FROM {money-ledger} AS r WHERE r.contract = d.contract AND r.entry = j.value) AS minor, NULL AS t
    FROM d, json_each(coalesce(d.receipts, '[]')) AS j UNION ALL
  SELECT d.*, 2, 0, 'gross', NULL, NULL, gross_minor, NULL FROM d UNION ALL
  SELECT d.*, 3, j.key, 'cost stated', (j.value ->> 'kind') || ' ' || (j.value ->> 'voucher'), NULL, j.value -> 'amount' ->> 'minor', NULL FROM d, json_each(coalesce(d.costs, '[]')) AS j UNION ALL
  SELECT d.*, 4, 0, 'costs deducted', NULL, NULL, -coalesce(deducted_minor, 0), NULL FROM d UNION ALL
  SELECT d.*, 5, 0, 'net', NULL, NULL, amount_minor, NULL FROM d UNION ALL
  SELECT d.*, 6, j.key, iif(j.value ->> 'completer', 'completer', 'unit'), j.value ->> 'to', j.value ->> 'per_mille', j.value ->> 'minor', coalesce(j.value ->> 'tail', 0) FROM d, json_each(coalesce(d.shares, '[]')) AS j UNION ALL
  SELECT d.*, 7, 0, 'tail', NULL, NULL, tail, NULL FROM d
)
SELECT code, entry, occurred_on, policy, basis, base, line, what, pm, amount_currency, minor, t FROM l ORDER BY code, occurred_on, entry, contract, n, i`,
}

// DutiesDue is R18 as a list: what is open, overdue or was done late by T. What was owed of a thing
// that ended since is left out, but for money that came in and is not distributed.
var DutiesDue = Report{
	Code: "r18", Formula: "R18/open-overdue-late/v1", Roles: Offices,
	Params: append([]Param{{Name: "state", Help: ledger.Text{En: "open, overdue, late or done; all but done where absent", Zh: "open 待办、overdue 逾期、late 逾期完成、done 已完成;缺省为除已完成外"}}}, fromTo...),
	Title:  ledger.Text{En: "obligations and deadlines", Zh: "待办与期限"},
	Columns: []Column{
		column("due_on", TypeDate, "due on", "到期日"),
		column("state", TypeText, "state", "状态"),
		column("days", TypeInteger, "days overdue", "逾期天数"),
		column("duty", TypeText, "duty", "事项"),
		column("what_zh", TypeText, "what (Chinese)", "内容(中文)"),
		column("what_en", TypeText, "what (English)", "内容(英文)"),
		column("who", TypeText, "whose duty", "责任角色"),
		column("stream", TypeText, "stream", "事件流"),
		column("code", TypeText, "contract or project number", "合同或项目编号"),
		column("ref", TypeText, "which of them", "事项标识"),
		column("done_on", TypeDate, "done on", "完成日期"),
	},
	SQL: `
WITH o AS (
  SELECT o.*, coalesce(c.code, p.code) AS thing, substr(o.due_on || '-01-01', 1, 10) AS day, substr(o.done_on || '-01-01', 1, 10) AS done
    FROM {obligations} AS o
    LEFT JOIN {contract-register} AS c ON o.category = 'contract' AND c.id = substr(o.stream, 10)
    LEFT JOIN {project-board} AS p ON o.category = 'project' AND p.id = substr(o.stream, 9)
   WHERE o.due_on IS NOT NULL AND NOT o.dropped
     AND (o.kind = 'distribute' OR o.done_on IS NOT NULL OR coalesce(c.ended, '') = '')
     AND (p.id IS NULL OR o.done_on IS NOT NULL OR p.stage NOT IN ('completed', 'rejected', 'terminated')
          AND EXISTS (SELECT 1 FROM json_each(coalesce(p.milestones, '[]')) AS j WHERE j.value ->> 'code' = o.ref))
), s AS (
  SELECT *, CASE WHEN done IS NULL AND day < :as_of THEN 'overdue' WHEN done IS NULL THEN 'open' WHEN done > day THEN 'late' ELSE 'done' END AS state FROM o
)
SELECT due_on, state, CASE state WHEN 'overdue' THEN CAST(julianday(:as_of) - julianday(day) AS INTEGER) WHEN 'late' THEN CAST(julianday(done) - julianday(day) AS INTEGER) END,
       kind, what_zh, what_en, who, stream, thing, ref, done_on
  FROM s WHERE (state = :state OR :state IS NULL AND state <> 'done') AND ` + within("due_on") + `
 ORDER BY day, stream, kind, ref`,
}
