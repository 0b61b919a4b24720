package sqlite_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"ttledger/domain/contract"
	"ttledger/domain/ledger"
	"ttledger/projections"
)

// cells is a row by the names of its columns.
type cells map[string]any

func (c cells) text(name string) string { s, _ := c[name].(string); return s }
func (c cells) int(name string) int64   { n, _ := c[name].(int64); return n }
func (c cells) day(name string) string  { return firstDay(c.text(name)) }

// list reads a JSON column.
func list[T any](c cells, name string) (all []T) {
	if text := c.text(name); text != "" {
		if err := json.Unmarshal([]byte(text), &all); err != nil {
			panic(err)
		}
	}
	return all
}

func firstDay(text string) string {
	d, _ := ledger.ParseDate(text)
	return d.First().String()
}

// rowsOf is the rows of a view, in the order of its keys.
func rowsOf(v projections.View, rows map[string][]any) (all []cells) {
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		row := cells{}
		for i, c := range v.Columns {
			row[c.Name] = rows[key][i]
		}
		all = append(all, row)
	}
	return all
}

// books is what reports on contracts look at.
type books struct {
	contracts, money, duties, projects, organisations []cells
	asOf                                              ledger.Date
}

// booksOf takes them from all views, as replaying from zero has them.
func booksOf(replay map[string]map[string][]any, asOf ledger.Date) books {
	of := func(v projections.View) []cells { return rowsOf(v, replay[v.Name]) }
	return books{of(projections.ContractRegister), of(projections.MoneyLedger), of(projections.Obligations), of(projections.ProjectBoard), of(projections.OrganisationRegister), asOf}
}

// replayedAll folds every view from zero.
func replayedAll(t *testing.T, facts []projections.Fact, at projections.At) map[string]map[string][]any {
	all := map[string]map[string][]any{}
	for _, v := range projections.Views() {
		all[v.Name] = replayed(t, v, facts, at)
	}
	return all
}

// naiveContractReports computes each report on contracts in plain Go, over all time.
var naiveContractReports = map[string]func(books) [][]any{
	"k02": naiveSigned, "k03": naiveRegistered, "k04": naiveRegistrationRate, "k08": naiveReceiptRate, "k09": naiveShare,
	"k10": naiveTimeliness, "k15": naiveRelated, "s-a1": naiveAnnual, "s-a2": naiveReturn, "s-a3": naiveStatement, "r18": naiveDuties,
}

// naively computes any report.
func naively(code string, steps map[string][]any, b books) [][]any {
	if of := naiveReports[code]; of != nil {
		return of(steps, b.asOf)
	}
	return naiveContractReports[code](b)
}

// tally sums numbers by the texts of a group; a group nobody put a number in has none.
type tally struct {
	sums map[string][]any
	keys map[string][]any
}

func (y *tally) add(group []any, numbers ...any) {
	key := fmt.Sprint(group...)
	if y.sums == nil {
		y.sums, y.keys = map[string][]any{}, map[string][]any{}
	}
	if y.sums[key] == nil {
		y.sums[key], y.keys[key] = make([]any, len(numbers)), group
	}
	for i, n := range numbers {
		if n != nil {
			had, _ := y.sums[key][i].(int64)
			y.sums[key][i] = had + n.(int64)
		}
	}
}

// rows are the groups in order, nil before any text.
func (y *tally) rows() (all [][]any) {
	for key, group := range y.keys {
		all = append(all, slices.Concat(group, y.sums[key]))
	}
	slices.SortFunc(all, func(a, b []any) int { return compare(a, b) })
	return all
}

func compare(a, b []any) int {
	for i := range a {
		if n := cmp.Compare(orderOf(a[i]), orderOf(b[i])); n != 0 {
			return n
		}
	}
	return 0
}

func orderOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case int64:
		return fmt.Sprintf("%020d", v)
	}
	return " " + v.(string)
}

func share(part, of int64) any {
	if of <= 0 {
		return nil
	}
	return fmt.Sprintf("%.1f", math.Round(1000*float64(part)/float64(of))/10) // a half goes up, as in SQL
}

func naiveSigned(b books) (rows [][]any) {
	var y tally
	for _, c := range b.contracts {
		if c["signed_on"] == nil {
			continue
		}
		for i, by := range [][]any{{"all", "all"}, {"family", c["type"]}, {"mode", c["mode"]}} {
			y.add([]any{int64(i), by[0], by[1], c["total_currency"]}, int64(1), c["total_minor"])
		}
	}
	for _, r := range y.rows() {
		rows = append(rows, []any{r[1], r[2], r[4], r[3], r[5]})
	}
	return rows
}

func naiveRegistered(b books) (rows [][]any) {
	var y tally
	for _, c := range b.contracts {
		for _, r := range list[projections.RegistrationRow](c, "registrations") {
			if r.Revoked == "ab-initio" {
				continue
			}
			for i, family := range []string{"all", r.Type} {
				y.add([]any{int64(i), family, r.Value.Currency}, int64(1), r.Value.Minor, r.TechValue.Minor)
			}
		}
	}
	for _, r := range y.rows() {
		rows = append(rows, []any{r[1], r[3], r[2], r[4], r[5]})
	}
	return rows
}

func naiveRegistrationRate(b books) [][]any {
	var signed, registered int64
	for _, c := range b.contracts {
		if c["signed_on"] == nil {
			continue
		}
		signed++
		if c["registration_no"] != nil && c["registration_end"] == nil {
			registered++
		}
	}
	return [][]any{{signed, registered, share(registered, signed)}}
}

func naiveReceiptRate(b books) (rows [][]any) {
	var y tally
	for _, c := range b.contracts {
		if c["received_minor"] != nil {
			y.add([]any{c["received_currency"]}, c["received_minor"], int64(0))
		}
		for _, m := range list[contract.Instalment](c, "instalments") {
			if m.Due.Compare(b.asOf) <= 0 {
				y.add([]any{m.Amount.Currency}, int64(0), m.Amount.Minor)
			}
		}
	}
	for _, r := range y.rows() {
		rows = append(rows, append(r, share(r[1].(int64), r[2].(int64))))
	}
	return rows
}

func naiveShare(b books) (rows [][]any) {
	var y tally
	floors := map[string]int64{}
	for _, m := range b.money {
		if m.text("kind") != "distribution" || m.int("whole") != 0 {
			continue
		}
		below := int64(0)
		if m.int("award_minor")*1000 < m.int("floor")*m.int("amount_minor") {
			below = 1
		}
		group := []any{m["base"], m["mode"], m["amount_currency"]}
		floors[fmt.Sprint(group...)] = max(floors[fmt.Sprint(group...)], m.int("floor"))
		y.add(group, int64(1), m["amount_minor"], m["award_minor"], below)
	}
	for _, r := range y.rows() {
		rows = append(rows, []any{r[0], r[1], r[2], r[3], r[4], r[5], share(r[5].(int64), r[4].(int64)), floors[fmt.Sprint(r[:3]...)], r[6]})
	}
	return rows
}

func naiveTimeliness(b books) [][]any {
	var due, timely, late, open int64
	for _, m := range b.money {
		if m.text("kind") != "receipt" || m.int("whole") != 0 || m["due_on"] == nil {
			continue
		}
		due++
		switch paid := m.text("paid_on"); {
		case paid == "":
			open++
		case paid <= m.text("due_on"):
			timely++
		default:
			late++
		}
	}
	return [][]any{{due, timely, late, open, share(timely, due)}}
}

func naiveRelated(b books) [][]any {
	var all, related, unnoticed int64
	for _, c := range b.contracts {
		if c["signed_on"] == nil {
			continue
		}
		all++
		related += c.int("related")
		if c["notice"] == nil {
			unnoticed += c.int("related")
		}
	}
	return [][]any{{all, related, unnoticed}}
}

func naiveAnnual(b books) (rows [][]any) {
	var y tally
	lines, persons := map[string][]any{}, map[ledger.StreamID]bool{}
	for _, c := range b.contracts {
		line := []any{int64(2), c["type"]}
		if slices.Contains([]string{"transfer", "licence", "equity"}, c.text("mode")) {
			line = []any{int64(1), c["mode"]}
		}
		lines[c.text("id")] = line
		if c["signed_on"] != nil {
			y.add(append(line[:2:2], c["total_currency"]), int64(1), c["total_minor"], nil, nil, nil)
		}
	}
	for _, m := range b.money {
		line, kind := append(lines[m.text("contract")][:2:2], m["amount_currency"]), m.text("kind")
		switch {
		case m["occurred_on"] == nil:
		case kind == "receipt", kind == "reversal" && m.text("of_kind") == "receipt":
			y.add(line, int64(0), nil, m.int("sign")*m.int("amount_minor"), nil, nil)
		case kind == "distribution" && m.int("whole") == 0:
			y.add(line, int64(0), nil, nil, m["award_minor"], nil)
			for _, x := range list[contract.Share](m, "shares") {
				persons[x.To] = persons[x.To] || x.Completer
			}
		case kind == "payment" && strings.HasPrefix(m.text("counterparty"), "person-"):
			y.add(line, int64(0), nil, nil, nil, m.int("amount_minor")-m.int("reversed"))
		}
	}
	awarded := int64(0)
	for _, is := range persons {
		if is {
			awarded++
		}
	}
	return append(y.rows(), []any{int64(3), "persons awarded", nil, awarded, nil, nil, nil, nil})
}

func naiveReturn(b books) (rows [][]any) {
	party := func(id any) []any {
		for _, o := range b.organisations {
			if o["id"] == id {
				name, code, country := cmp.Or(o.text("name_zh"), o.text("name_en")), cmp.Or(o.text("uscc"), o.text("foreign_id")), o["foreign_country"]
				if o["uscc"] != nil {
					country = "CN"
				}
				return []any{orNil(name), orNil(code), country, o["region"], o["unit_kind"]}
			}
		}
		return make([]any, 5)
	}
	contracts := slices.Clone(b.contracts)
	slices.SortStableFunc(contracts, func(a, b cells) int { return compare([]any{a["code"]}, []any{b["code"]}) })
	for _, c := range contracts {
		if c["signed_on"] == nil {
			continue
		}
		licence, patents := c.text("licence"), 0
		if licence != "" {
			var l contract.Licence
			if err := json.Unmarshal([]byte(licence), &l); err != nil {
				panic(err)
			}
			patents = len(l.Patents)
		}
		line := func(no, family, currency, value, tech, office, on, revoked any) {
			row := []any{no, orNil(cmp.Or(c.text("title_zh"), c.text("title_en"))), c["code"], family, c["from_on"], c["to_on"], c["signed_on"]}
			row = slices.Concat(row, party(c["recipient"]), party(c["provider"]))
			rows = append(rows, append(row, int64(patents), currency, value, tech, office, on, revoked))
		}
		registrations := list[projections.RegistrationRow](c, "registrations")
		slices.SortStableFunc(registrations, func(a, b projections.RegistrationRow) int {
			return compare([]any{a.On.String(), a.No}, []any{b.On.String(), b.No})
		})
		if len(registrations) == 0 {
			line(nil, c["type"], c["total_currency"], c["total_minor"], c["tech_value_minor"], nil, nil, nil)
		}
		for _, r := range registrations {
			line(r.No, r.Type, r.Value.Currency, r.Value.Minor, r.TechValue.Minor, r.Office, r.On.String(), orNil(r.Revoked))
		}
	}
	return rows
}

func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func naiveStatement(b books) (rows [][]any) {
	codes, entries := map[string]any{}, map[string]cells{}
	for _, c := range b.contracts {
		codes[c.text("id")] = c["code"]
	}
	for _, m := range b.money {
		entries[m.text("contract")+m.text("entry")] = m
	}
	runs := slices.DeleteFunc(slices.Clone(b.money), func(m cells) bool {
		return m.text("kind") != "distribution" || m.int("whole") != 0
	})
	slices.SortFunc(runs, func(a, b cells) int {
		return compare([]any{codes[a.text("contract")], a["occurred_on"], a["entry"], a["contract"]}, []any{codes[b.text("contract")], b["occurred_on"], b["entry"], b["contract"]})
	})
	for _, d := range runs {
		line := func(what string, of, perMille, minor, tail any) {
			rows = append(rows, []any{codes[d.text("contract")], d["entry"], d["occurred_on"], d["policy"], d["basis"], d["base"], what, of, perMille, d["amount_currency"], minor, tail})
		}
		for _, id := range list[uuid.UUID](d, "receipts") {
			var left any
			if r := entries[d.text("contract")+id.String()]; r["amount_minor"] != nil {
				left = r.int("amount_minor") - r.int("reversed")
			}
			line("receipt", id.String(), nil, left, nil)
		}
		line("gross", nil, nil, d["gross_minor"], nil)
		for _, c := range list[contract.Cost](d, "costs") {
			line("cost stated", c.Kind+" "+c.Voucher, nil, c.Amount.Minor, nil)
		}
		line("costs deducted", nil, nil, -d.int("deducted_minor"), nil)
		line("net", nil, nil, d["amount_minor"], nil)
		for _, x := range list[contract.Share](d, "shares") {
			kind := "unit"
			if x.Completer {
				kind = "completer"
			}
			line(kind, x.To.String(), int64(x.PerMille), x.Minor, x.Tail)
		}
		line("tail", nil, nil, d["tail"], nil)
	}
	return rows
}

func naiveDuties(b books) (rows [][]any) {
	ended, codes := map[string]bool{}, map[string]any{}
	milestones := map[string]bool{}
	for _, c := range b.contracts {
		s := "contract-" + c.text("id")
		ended[s], codes[s] = c["ended"] != nil, c["code"]
	}
	for _, p := range b.projects {
		s := "project-" + p.text("id")
		ended[s], codes[s] = slices.Contains([]string{"completed", "rejected", "terminated"}, p.text("stage")), p["code"]
		for _, m := range list[struct{ Code string }](p, "milestones") {
			milestones[s+m.Code] = true
		}
	}
	for _, o := range b.duties {
		if o["due_on"] == nil || o.int("dropped") != 0 {
			continue
		}
		s, due := o.text("stream"), o.day("due_on")
		over := ended[s] && o.text("kind") != "distribute" || o.text("kind") == "milestone" && !milestones[s+o.text("ref")]
		asOf, dueDay, doneDay := b.asOf, dayOf(due), dayOf(o.text("done_on"))
		var state string
		var days any
		switch {
		case o["done_on"] == nil && over:
			continue
		case o["done_on"] == nil && due < asOf.String():
			state, days = "overdue", int64(asOf.DaysSince(dueDay))
		case o["done_on"] == nil:
			state = "open"
		case o.day("done_on") > due:
			state, days = "late", int64(doneDay.DaysSince(dueDay))
		default:
			continue // done
		}
		rows = append(rows, []any{o["due_on"], state, days, o["kind"], o["what_zh"], o["what_en"], o["who"], o["stream"], codes[s], o["ref"], o["done_on"]})
	}
	slices.SortStableFunc(rows, func(a, b []any) int {
		return compare([]any{firstDay(a[0].(string)), a[7], a[3], a[9]}, []any{firstDay(b[0].(string)), b[7], b[3], b[9]})
	})
	return rows
}

func dayOf(text string) ledger.Date {
	d, _ := ledger.ParseDate(text)
	return d
}

// drawContract is any fact of a contract, past any rule.
var drawContract = rapid.Custom(func(t *rapid.T) ledger.Event {
	entry := func() uuid.UUID { return thing(100 + rapid.IntRange(0, 4).Draw(t, "entry")) }
	currency := rapid.SampledFrom([]string{"CNY", "CNY", "CNY", "EUR"}).Draw(t, "currency")
	money := func() ledger.Money {
		return ledger.Money{Minor: rapid.Int64Range(1, 1e12).Draw(t, "minor"), Currency: currency}
	}
	mode := rapid.SampledFrom([]string{"transfer", "licence", "equity", "cooperation", "other"}).Draw(t, "mode")
	terms := contract.Terms{
		Type: rapid.SampledFrom([]string{"development", "transfer", "licence"}).Draw(t, "type"), Mode: mode, Total: money(), Related: rapid.Bool().Draw(t, "related"),
		Parties: []contract.Party{{Organisation: thing(0), Part: "provider"}, {Organisation: thing(rapid.IntRange(1, 2).Draw(t, "buyer")), Part: "recipient"}},
	}
	if rapid.Bool().Draw(t, "instalments") {
		terms.Instalments = []contract.Instalment{{Code: "I1", Due: drawDate.Draw(t, "due"), Amount: money()}}
	}
	if mode == "licence" {
		terms.Licence = &contract.Licence{Kind: "sole", From: ledger.Day(2020, 1, 1), To: ledger.Day(2021, 1, 1), Patents: []contract.Patent{{No: "ZL1", Expiry: ledger.Day(2030, 1, 1)}}}
	}
	no := rapid.SampledFrom([]string{"2026210100000042", "2026210100000043"}).Draw(t, "no")
	instalment := rapid.SampledFrom([]string{"", "I1"}).Draw(t, "instalment")
	switch rapid.IntRange(0, 12).Draw(t, "kind") {
	case 0, 1:
		return contract.Signed{Code: "HT-1", Names: ledger.Names{En: "a contract"}, Terms: terms, RegisterBy: drawDate.Draw(t, "register by"), Notice: rapid.SampledFrom([]uuid.UUID{uuid.Nil, thing(9)}).Draw(t, "notice")}
	case 2:
		return contract.Registered{No: no, Office: "x", Type: terms.Type, Value: money(), TechValue: money()}
	case 3:
		return contract.RegistrationRevoked{No: no, Effect: rapid.SampledFrom([]string{"ab-initio", "prospective"}).Draw(t, "effect"), DecidedOn: ledger.Day(2021, 1, 1)}
	case 4:
		return contract.Amended{Terms: terms, Reregister: rapid.Bool().Draw(t, "again"), RegisterBy: drawDate.Draw(t, "register by")}
	case 5:
		return contract.Ended{Ground: "performed"}
	case 6, 7:
		return contract.ReceiptRecorded{Entry: entry(), Amount: money(), Voucher: "V", Payer: thing(1), Instalment: instalment, DistributeBy: drawDate.Draw(t, "by").Last()}
	case 8, 9:
		net := money()
		award := ledger.Money{Minor: rapid.Int64Range(0, net.Minor).Draw(t, "award"), Currency: currency}
		return contract.DistributionApproved{
			Entry: entry(), Base: "net-income", Basis: "agreement", Mode: mode, Receipts: []uuid.UUID{entry()}, Gross: net, Net: net, Award: award, Floor: rapid.SampledFrom([]int{0, 500}).Draw(t, "floor"),
			Costs:  []contract.Cost{{Kind: "patent", Amount: money(), Voucher: "C"}},
			Shares: []contract.Share{{To: ledger.StreamID{Category: "person", ID: thing(0)}, Completer: true, PerMille: 1000, Minor: award.Minor}, {To: ledger.StreamID{Category: "organisation", ID: thing(0)}, PerMille: 1000, Minor: net.Minor - award.Minor}},
		}
	case 10:
		return contract.DistributionPaid{Entry: entry(), Distribution: entry(), Payee: ledger.StreamID{Category: "person", ID: thing(0)}, Amount: money(), Voucher: "P", Settles: []uuid.UUID{entry()}}
	}
	return contract.EntryReversed{
		Reversal: entry(), Entry: entry(), Kind: rapid.SampledFrom([]string{"receipt", "distribution", "payment"}).Draw(t, "of"), Amount: money(), Award: money(), Ground: "misbooked",
		Whole: rapid.Bool().Draw(t, "whole"), Instalment: instalment, Distribution: entry(), Reopens: []uuid.UUID{entry()},
	}
})
