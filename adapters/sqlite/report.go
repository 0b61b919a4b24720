package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

func findReport(code string) (projections.Report, error) {
	reports := projections.Reports()
	i := slices.IndexFunc(reports, func(r projections.Report) bool { return r.Code == code })
	if i < 0 {
		return projections.Report{}, &ledger.Error{Kind: ledger.KindNotFound, Code: "no-such-report", Msg: ledger.Text{
			En: fmt.Sprintf("there is no report %q", code), Zh: fmt.Sprintf("没有报表 %q", code),
		}}
	}
	return reports[i], nil
}

// tablesOf is the tables that a report is computed from.
func (v *Views) tablesOf(c *sqlite.Conn, generation int64, report projections.Report) ([]table, error) {
	var tables []table
	for _, view := range v.views {
		if !strings.Contains(report.SQL, "{"+view.Name+"}") {
			continue
		}
		t, err := v.table(c, generation, view.Name)
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// Report computes a report at one moment.
func (v *Views) Report(ctx context.Context, code string, params map[string]string, at projections.At) (page projections.Page, err error) {
	report, err := findReport(code)
	if err != nil {
		return page, err
	}
	args, err := arguments(report, params)
	if err != nil {
		return page, err
	}
	err = v.read(ctx, func(c *sqlite.Conn, generation int64, cp projections.Checkpoint) error {
		page.Columns, page.Checkpoint, page.Lines = report.Columns, cp, max(1, report.Lines)
		if page.At, err = v.moment(at, cp); err != nil || report.Compute != nil {
			return err
		}
		args[":as_of"], args[":known_at"] = page.At.AsOf.String(), int64(page.At.KnownAt)
		tables, err := v.tablesOf(c, generation, report)
		if err != nil {
			return err
		}
		text := report.SQL
		for _, t := range tables {
			text = strings.ReplaceAll(text, "{"+t.view+"}", fmt.Sprintf("(SELECT * FROM %s WHERE %s)", t.name, slice))
		}
		page.Rows, err = rows(c, text, args)
		return err
	})
	if err == nil && report.Compute != nil {
		page.Rows, err = report.Compute(ctx, v, params, page.At)
	}
	return page, err
}

// Turns is where a report may change after one moment and up to a later one.
func (v *Views) Turns(ctx context.Context, code string, after, through projections.At) (turns projections.Turns, err error) {
	report, err := findReport(code)
	if err != nil {
		return turns, err
	}
	if report.Compute != nil {
		return turns, ledger.Invalid("not-restated", ledger.Text{En: code + " is itself a comparison", Zh: code + " 本身即为比较类报表"})
	}
	err = v.read(ctx, func(c *sqlite.Conn, generation int64, cp projections.Checkpoint) error {
		if _, err := v.moment(through, cp); err != nil {
			return err
		}
		tables, err := v.tablesOf(c, generation, report)
		if err != nil {
			return err
		}
		var learned, passed []string
		for _, t := range tables {
			learned = append(learned, fmt.Sprintf(turnsLearned, t.name))
			passed = append(passed, fmt.Sprintf(turnsPassed, t.name))
		}
		args := map[string]any{
			":as_of": after.AsOf.String(), ":after": int64(after.KnownAt), ":through": int64(through.KnownAt),
		}
		entries, err := rows(c, strings.Join(learned, " UNION ")+" ORDER BY 1", args)
		if err != nil {
			return err
		}
		for _, row := range entries {
			turns.Entries = append(turns.Entries, ledger.Entry(row[0].(int64)))
		}
		args = map[string]any{":after": after.AsOf.String(), ":through": through.AsOf.String(), ":known_at": int64(through.KnownAt)}
		days, err := rows(c, strings.Join(passed, " UNION ")+" ORDER BY 1", args)
		if err != nil {
			return err
		}
		for _, row := range days {
			day, err := ledger.ParseDate(row[0].(string))
			if err != nil {
				return err
			}
			turns.Days = append(turns.Days, day)
		}
		return nil
	})
	return turns, err
}

// What turns a slice of a table, of rows that count by the day or at the entry that stays: where a
// row ends another begins, but a row that is no longer believed may leave nothing.
const (
	turnsLearned = `SELECT known_from FROM %[1]s WHERE known_from > :after AND known_from <= :through AND valid_from <= :as_of
		UNION SELECT known_to FROM %[1]s WHERE known_to > :after AND known_to <= :through AND valid_from <= :as_of`
	turnsPassed = "SELECT valid_from FROM %s WHERE valid_from > :after AND valid_from <= :through AND known_from <= :known_at AND :known_at < known_to"
)

// arguments binds a report's parameters, NULL for those not given.
func arguments(r projections.Report, params map[string]string) (map[string]any, error) {
	args := map[string]any{}
	for _, p := range r.Params {
		args[":"+p.Name] = nil
		if value, ok := params[p.Name]; ok {
			args[":"+p.Name] = value
		} else if p.Required {
			return nil, ledger.Invalid("parameter", ledger.Text{
				En: fmt.Sprintf("%s needs %s: %s", r.Code, p.Name, p.Help.En), Zh: fmt.Sprintf("%s 需要参数 %s:%s", r.Code, p.Name, p.Help.Zh),
			})
		}
	}
	for name := range params {
		if _, ok := args[":"+name]; !ok {
			return nil, ledger.Invalid("parameter", ledger.Text{
				En: fmt.Sprintf("%s has no parameter %q", r.Code, name), Zh: fmt.Sprintf("%s 没有参数 %q", r.Code, name),
			})
		}
	}
	return args, nil
}
