package projections

import "ttledger/domain/ledger"

// LadderReports is what is asked of recognitions: the enterprise ladder, and who holds which tier.
func LadderReports() []Report {
	return []Report{EnterpriseLadder, LadderTransitions, TalentList, TalentStock, Expiring, ExpiringTalent}
}

// since is the first day of a period that ends at T.
var since = []Param{{Name: "from", Help: ledger.Text{En: "first day of the period; 1 January of the year where left out", Zh: "期间首日;不填为当年 1 月 1 日"}}}

// spells is the days on which each enterprise held each scheme: validities that touch or overlap
// are one spell, and a revocation from the beginning leaves none. day2 is the first day after. A
// date of lesser precision counts from its first day, or through its last.
const spells = `
held AS (
  SELECT subject, scheme, rung, renewal_of, ended, ground, granted_on, substr(from_on || '-01-01', 1, 10) AS day1,
         min(coalesce(CASE length(to_on)
               WHEN 4 THEN (to_on + 1) || '-01-01'
               WHEN 7 THEN date(to_on || '-01', '+1 month')
               ELSE date(to_on, '+1 day') END, '9999-12-31'),
             coalesce(substr(ended_on || '-01-01', 1, 10), '9999-12-31')) AS day2
    FROM {recognitions} WHERE subject_kind = 'organisation'
), marked AS (
  SELECT *, coalesce(max(day2) OVER (PARTITION BY subject, scheme ORDER BY day1, day2 ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) < day1, 1) AS begins
    FROM held WHERE day2 > day1
), numbered AS (
  SELECT *, sum(begins) OVER (PARTITION BY subject, scheme ORDER BY day1, day2 ROWS UNBOUNDED PRECEDING) AS n FROM marked
), spells AS (
  SELECT subject, scheme, n, rung, day1, day2, ended, ground
    FROM (SELECT subject, scheme, n, max(rung) OVER spell AS rung, min(day1) OVER spell AS day1, day2, ended, ground,
                 row_number() OVER (PARTITION BY subject, scheme, n ORDER BY day2 DESC, ended IS NULL) AS from_end
            FROM numbered WINDOW spell AS (PARTITION BY subject, scheme, n))
   WHERE from_end = 1
), period AS (
  SELECT coalesce(:from, substr(:as_of, 1, 4) || '-01-01') AS first
)`

// EnterpriseLadder is S-D1 with K51 and K52: for each scheme the enterprises that held it before
// the period and at T, those that came and went in between, and whether the four agree. The
// order of schemes is a convention of display.
var EnterpriseLadder = Report{
	Code: "s-d1", Formula: "K51-K52/spells-of-enterprises/v1", Roles: Offices, Params: since,
	Title: ledger.Text{En: "enterprise ladder", Zh: "企业梯度培育表"},
	Columns: []Column{
		column("scheme", TypeText, "scheme", "认定办法"),
		column("before", TypeInteger, "held before the period", "期初存量"),
		column("first_time", TypeInteger, "came for the first time", "首次取得"),
		column("again", TypeInteger, "came again after a gap", "中断后再次取得"),
		column("renewed", TypeInteger, "renewed without a gap", "续认(未中断)"),
		column("lapsed", TypeInteger, "went: ran out", "到期失效"),
		column("revoked", TypeInteger, "went: revoked", "被撤销"),
		column("surrendered", TypeInteger, "went: surrendered", "主动放弃"),
		column("stock", TypeInteger, "held at T", "期末存量"),
		column("check", TypeText, "before + came - went = held", "核对(期初+进-出=期末)"),
	},
	SQL: `
WITH` + spells + `, counted AS (
  SELECT scheme, max(rung) AS rung,
         count(*) FILTER (WHERE day1 < first AND day2 >= first) AS before,
         count(*) FILTER (WHERE day1 BETWEEN first AND :as_of AND n = 1) AS first_time,
         count(*) FILTER (WHERE day1 BETWEEN first AND :as_of AND n > 1) AS again,
         count(*) FILTER (WHERE day2 BETWEEN first AND :as_of AND coalesce(ended, 'lapsed') = 'lapsed') AS lapsed,
         count(*) FILTER (WHERE day2 BETWEEN first AND :as_of AND ended = 'revoked') AS revoked,
         count(*) FILTER (WHERE day2 BETWEEN first AND :as_of AND ended = 'surrendered') AS surrendered
    FROM spells, period GROUP BY scheme
), stock AS (
  -- Counted another way, so that the check is one.
  SELECT scheme, count(DISTINCT subject) AS n FROM held WHERE day1 <= :as_of AND day2 > :as_of GROUP BY scheme
), renewed AS (
  SELECT scheme, count(*) AS n FROM numbered, period WHERE NOT begins AND day1 BETWEEN first AND :as_of GROUP BY scheme
)
SELECT counted.scheme, before, first_time, again, coalesce(renewed.n, 0), lapsed, revoked, surrendered, coalesce(stock.n, 0),
       CASE WHEN before + first_time + again - lapsed - revoked - surrendered = coalesce(stock.n, 0) THEN 'ok' ELSE 'differs' END
  FROM counted LEFT JOIN stock USING (scheme) LEFT JOIN renewed USING (scheme)
 ORDER BY rung, counted.scheme`,
}

// LadderTransitions is K53: how many enterprises stood on which top rung before the period and
// stand on which at T. Who was founded in the period was new; who gave a scheme up because of a
// move, and holds none, has moved out. Enterprises that stood nowhere and stand nowhere are left out.
var LadderTransitions = Report{
	Code: "k53", Formula: "K53/top-rung-as-displayed/v1", Roles: Offices, Params: since,
	Title: ledger.Text{En: "transitions on the ladder", Zh: "梯度跃迁矩阵"},
	Columns: []Column{
		column("before", TypeText, "top rung before", "期初最高梯度"),
		column("after", TypeText, "top rung at T", "期末最高梯度"),
		column("enterprises", TypeInteger, "enterprises", "企业数"),
	},
	SQL: `
WITH` + spells + `, tops AS (
  SELECT subject,
         max(CASE WHEN day1 < first AND day2 >= first THEN printf('%09d %s', rung, scheme) END) AS before,
         max(CASE WHEN day1 <= :as_of AND day2 > :as_of THEN printf('%09d %s', rung, scheme) END) AS after,
         max(coalesce(ended = 'surrendered' AND ground = 'moved' AND day2 BETWEEN first AND :as_of, 0)) AS moved
    FROM spells, period GROUP BY subject
)
SELECT CASE WHEN before IS NOT NULL THEN substr(before, 11)
            WHEN substr(founded_on || '-01-01', 1, 10) >= first THEN 'new' ELSE 'none' END AS a,
       CASE WHEN after IS NOT NULL THEN substr(after, 11) WHEN moved THEN 'moved-out' ELSE 'none' END AS b,
       count(*)
  FROM tops JOIN period LEFT JOIN {organisation-register} AS o ON o.id = tops.subject
 WHERE before IS NOT NULL OR after IS NOT NULL
 GROUP BY a, b ORDER BY a, b`,
}

// validTalent is the recognitions of persons that hold at T.
const validTalent = `
valid AS (
  SELECT * FROM {talent-tiers}
   WHERE substr(from_on || '-01-01', 1, 10) <= :as_of
     AND (to_on IS NULL OR CASE length(to_on)
            WHEN 4 THEN to_on || '-12-31'
            WHEN 7 THEN date(to_on || '-01', '+1 month', '-1 day')
            ELSE to_on END >= :as_of)
     AND (ended_on IS NULL OR substr(ended_on || '-01-01', 1, 10) > :as_of)
)`

// TalentList is S-B3: who holds which tier at T, by pseudonym, for who may know of persons.
var TalentList = Report{
	Code: "s-b3", Formula: "S-B3/valid-at-T/v1", Roles: PersonReaders,
	Title: ledger.Text{En: "list of talent by tier", Zh: "高层次人才名录"},
	Columns: []Column{
		column("scheme", TypeText, "scheme", "认定办法"),
		column("tier", TypeText, "tier", "层次"),
		column("person", TypeText, "pseudonym", "化名标识"),
		column("mode", TypeText, "mode", "引进方式"),
		column("certificate", TypeText, "certificate", "证书编号"),
		column("from_on", TypeDate, "valid from", "有效期起"),
		column("to_on", TypeDate, "valid to", "有效期止"),
	},
	SQL: `
WITH` + validTalent + `
SELECT scheme, tier, person, mode, certificate, from_on, to_on FROM valid ORDER BY scheme, tier, from_on, person`,
}

// TalentStock is K30: how many persons hold each tier at T, by mode. Who holds several counts once
// at the highest, which comes first in the alphabet.
var TalentStock = Report{
	Code: "k30", Formula: "K30/persons-by-highest-tier/v1", Roles: Offices,
	Title: ledger.Text{En: "talent by tier", Zh: "各层次人才数"},
	Columns: []Column{
		column("scheme", TypeText, "scheme", "认定办法"),
		column("tier", TypeText, "tier", "层次"),
		column("mode", TypeText, "mode", "引进方式"),
		column("persons", TypeInteger, "persons", "人数"),
	},
	SQL: `
WITH` + validTalent + `, highest AS (
  SELECT *, row_number() OVER (PARTITION BY scheme, person ORDER BY tier, from_on DESC) AS n FROM valid
)
SELECT scheme, tier, mode, count(*) FROM highest WHERE n = 1 GROUP BY scheme, tier, mode ORDER BY scheme, tier, mode`,
}

// expiring is P13's question to a view of recognitions: those not ended whose last day is past, so
// that their lapse is to be recorded on the day after it, or less than 180, 90 or 30 days ahead.
func expiring(view, subject string) string {
	return `
WITH ends AS (
  SELECT id, ` + subject + ` AS subject, scheme, certificate,
         CASE length(to_on) WHEN 4 THEN to_on || '-12-31' WHEN 7 THEN date(to_on || '-01', '+1 month', '-1 day') ELSE to_on END AS last
    FROM {` + view + `} WHERE ended IS NULL AND to_on IS NOT NULL
), due AS (
  SELECT *, CAST(julianday(last) - julianday(:as_of) AS INTEGER) AS days FROM ends
)
SELECT id, subject, scheme, certificate, last, days,
       CASE WHEN days < 0 THEN 'lapse' WHEN days < 30 THEN 'warn-30' WHEN days < 90 THEN 'warn-90' ELSE 'warn-180' END,
       CASE WHEN days < 0 THEN date(last, '+1 day') END
  FROM due WHERE days < 180 ORDER BY days, id`
}

var expiringColumns = []Column{
	column("id", TypeText, "recognition", "资格标识"),
	column("subject", TypeText, "subject", "对象标识"),
	column("scheme", TypeText, "scheme", "认定办法"),
	column("certificate", TypeText, "certificate", "证书编号"),
	column("last", TypeDate, "last day", "有效期止"),
	column("days", TypeInteger, "days left", "剩余天数"),
	column("due", TypeText, "what is due", "应办事项"),
	column("lapse_on", TypeDate, "date of the lapse", "到期失效日"),
}

// Expiring is the recognitions of enterprises and facilities that ran out or soon will.
var Expiring = Report{
	Code: "p13", Formula: "P13/lapse-and-180-90-30/v1", Roles: Offices, Columns: expiringColumns,
	Title: ledger.Text{En: "recognitions that run out", Zh: "资格到期预警"},
	SQL:   expiring("recognitions", "subject"),
}

// ExpiringTalent is the same of persons, for who may know of them.
var ExpiringTalent = Report{
	Code: "p13-talent", Formula: "P13/lapse-and-180-90-30/v1", Roles: PersonReaders, Columns: expiringColumns,
	Title: ledger.Text{En: "talent tiers that run out", Zh: "人才认定到期预警"},
	SQL:   expiring("talent-tiers", "person"),
}
