package projections

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"ttledger/domain/ledger"
)

// maxSteps bounds how often a report is computed for one restatement. What changed between two
// moments at more places is told in groups of entries, each group exactly.
const maxSteps = 200

var restated = []Param{
	{Name: "report", Required: true, Help: ledger.Text{En: "code of the report that is compared", Zh: "所比较报表的代码"}},
	{Name: "params", Help: ledger.Text{En: "its parameters, as in a query: from=2018&to=2024", Zh: "其参数,写法如 from=2018&to=2024"}},
	{Name: "from-known-at", Help: ledger.Text{En: "K of the first moment, an entry; that of the second where absent", Zh: "第一时点的 K(序号);不填则与第二时点相同"}},
	{Name: "from-as-of", Help: ledger.Text{En: "T of the first moment, a date; that of the second where absent", Zh: "第一时点的 T(日期);不填则与第二时点相同"}},
}

// Restatement is S-G2: the lines of any report that differ between two moments, and what made each
// difference: the events that the ledger learned between the two entries, one after another, and
// then the days that passed. The report is computed after each, so that the steps of a line add up
// to its difference, always and exactly.
var Restatement = Report{
	Code: "s-g2", Formula: "S-G2/step-by-step/v1", Roles: Offices, Params: restated, Subject: "report", Lines: 2,
	Title: ledger.Text{En: "restatement", Zh: "数据追溯修订说明"},
	Columns: []Column{
		column("line", TypeText, "line of the report", "报表行"),
		column("column", TypeText, "column", "列"),
		column("was", TypeText, "at the first moment", "第一时点"),
		column("became", TypeText, "at the second moment", "第二时点"),
		column("cause", TypeText, "cause", "原因"),
		column("entry", TypeInteger, "entry", "入账序号"),
		column("day", TypeDate, "day", "日期"),
		column("events", TypeInteger, "places that changed in this step", "本步变动数"),
		column("stream", TypeText, "stream", "事件流"),
		column("type", TypeText, "event", "事件"),
		column("occurred_on", TypeDate, "occurred on", "业务发生日"),
		column("actor", TypeText, "actor", "操作主体"),
		column("before", TypeText, "before it", "变动前"),
		column("after", TypeText, "after it", "变动后"),
		column("difference", TypeNumber, "difference it made", "影响值"),
	},
	Compute: func(ctx context.Context, r Reader, params map[string]string, at At) ([][]any, error) {
		w, err := newWalk(ctx, r, params, at)
		if err != nil {
			return nil, err
		}
		return w.rows(ctx)
	},
}

// RestatedValue is K70: for each line of a report, the sum over its figures of |value at the second
// moment - value at the first|, and how many steps led there. S-G2 names them.
var RestatedValue = Report{
	Code: "k70", Formula: "K70/sum-of-absolute-differences/v1", Roles: Offices, Params: restated, Subject: "report",
	Title: ledger.Text{En: "restated value", Zh: "追溯修订额"},
	Columns: []Column{
		column("line", TypeText, "line of the report", "报表行"),
		column("figures", TypeInteger, "figures that differ", "变动的数值数"),
		column("restated", TypeNumber, "restated value", "追溯修订额"),
		column("steps", TypeInteger, "steps that led there", "变动步数"),
	},
	Compute: func(ctx context.Context, r Reader, params map[string]string, at At) ([][]any, error) {
		w, err := newWalk(ctx, r, params, at)
		if err != nil {
			return nil, err
		}
		return w.sums()
	},
}

// stop is a moment on the way from the first to the second, and what led to it.
type stop struct {
	at     At
	entry  ledger.Entry // the last entry that was learned, or unlearned, in this step
	day    ledger.Date  // the day that passed
	places int
}

// cell is one value of a report: its line and its column.
type cell struct{ line, column string }

// walk is a report at each stop of the way.
type walk struct {
	reader Reader
	report string
	params map[string]string
	stops  []stop
	values []map[cell]any // at each stop
	order  []cell
	seen   map[cell]bool
	kinds  map[string]ColumnType
	whole  At // sees every event on the way
}

func newWalk(ctx context.Context, r Reader, params map[string]string, to At) (*walk, error) {
	w := &walk{reader: r, report: params["report"], params: map[string]string{}, seen: map[cell]bool{}, kinds: map[string]ColumnType{}}
	given, err := url.ParseQuery(params["params"])
	if err != nil {
		return nil, ledger.Invalid("parameter", ledger.Text{En: "params is written as in a query, such as from=2018&to=2024", Zh: "params 写法如 from=2018&to=2024"})
	}
	for name := range given {
		w.params[name] = given.Get(name)
	}
	from, err := firstMoment(params, to)
	if err != nil {
		return nil, err
	}
	w.whole = At{AsOf: ledger.Day(9998, 12, 31), KnownAt: max(from.KnownAt, to.KnownAt)}
	if err := w.plan(ctx, from, to); err != nil {
		return nil, err
	}
	for _, s := range w.stops {
		if err := w.compute(ctx, s.at); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// firstMoment is by default the second.
func firstMoment(params map[string]string, to At) (from At, err error) {
	from = to
	if text := params["from-known-at"]; text != "" {
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil || n == 0 {
			return from, ledger.Invalid("parameter", ledger.Text{En: "from-known-at is an entry number from 1", Zh: "from-known-at 应为入账序号(从 1 起)"})
		}
		from.KnownAt = ledger.Entry(n)
	}
	if text := params["from-as-of"]; text != "" {
		if from.AsOf, err = ledger.ParseDate(text); err != nil {
			return from, err
		}
		from.AsOf = from.AsOf.Last()
	}
	return from, nil
}

// plan lays the way: first from entry to entry as of the first day, then from day to day as known
// at the second entry.
func (w *walk) plan(ctx context.Context, from, to At) error {
	low, high := min(from.KnownAt, to.KnownAt), max(from.KnownAt, to.KnownAt)
	turns, err := w.reader.Turns(ctx, w.report, At{from.AsOf, low}, At{from.AsOf, high})
	if err != nil {
		return err
	}
	w.stops = []stop{{at: At{from.AsOf, low}}}
	for group := range slices.Chunk(turns.Entries, max(1, (len(turns.Entries)+maxSteps-1)/maxSteps)) {
		last := group[len(group)-1]
		w.stops = append(w.stops, stop{at: At{from.AsOf, last}, entry: last, places: len(group)})
	}
	if to.KnownAt < from.KnownAt {
		w.stops = reversed(w.stops)
	}
	early, late := from.AsOf, to.AsOf
	if late.Compare(early) < 0 {
		early, late = late, early
	}
	if turns, err = w.reader.Turns(ctx, w.report, At{early, to.KnownAt}, At{late, to.KnownAt}); err != nil {
		return err
	}
	days := []stop{{at: At{early, to.KnownAt}}}
	if early != late && !slices.Contains(turns.Days, late) {
		turns.Days = append(turns.Days, late) // the report may count days by itself
	}
	for group := range slices.Chunk(turns.Days, max(1, (len(turns.Days)+maxSteps-1)/maxSteps)) {
		last := group[len(group)-1]
		days = append(days, stop{at: At{last, to.KnownAt}, day: last, places: len(group)})
	}
	if to.AsOf.Compare(from.AsOf) < 0 {
		days = reversed(days)
	}
	w.stops = append(w.stops, days[1:]...)
	return nil
}

// reversed is the same way back: what led to a stop now leads away from it.
func reversed(stops []stop) []stop {
	back := make([]stop, 0, len(stops))
	for i := len(stops) - 1; i >= 0; i-- {
		s := stop{at: stops[i].at}
		if i+1 < len(stops) {
			s.entry, s.day, s.places = stops[i+1].entry, stops[i+1].day, stops[i+1].places
		}
		back = append(back, s)
	}
	return back
}

// compute is the report at one stop, cell by cell.
func (w *walk) compute(ctx context.Context, at At) error {
	page, err := w.reader.Report(ctx, w.report, w.params, at)
	if err != nil {
		return err
	}
	values := map[cell]any{}
	for _, row := range page.Rows {
		names := make([]string, page.Lines)
		for i := range names {
			names[i] = shown(row[i])
		}
		for i := page.Lines; i < len(row); i++ {
			c := cell{strings.Join(names, " "), page.Columns[i].Name}
			values[c] = row[i]
			w.kinds[c.column] = page.Columns[i].Type
			if !w.seen[c] {
				w.seen[c], w.order = true, append(w.order, c)
			}
		}
	}
	w.values = append(w.values, values)
	return nil
}

// differing is the cells that differ between the first stop and the last, line by line.
func (w *walk) differing() []cell {
	was, is := w.values[0], w.values[len(w.values)-1]
	var cells []cell
	for _, c := range w.order {
		if was[c] != is[c] {
			cells = append(cells, c)
		}
	}
	slices.SortStableFunc(cells, func(a, b cell) int { return cmp.Compare(a.line, b.line) })
	return cells
}

func (w *walk) rows(ctx context.Context) ([][]any, error) {
	cells := w.differing()
	causes, err := w.causes(ctx, cells)
	if err != nil {
		return nil, err
	}
	rows := [][]any{}
	for _, c := range cells {
		for i, s := range w.stops[1:] {
			before, after := w.values[i][c], w.values[i+1][c]
			if before == after {
				continue
			}
			row := []any{c.line, c.column, text(w.values[0][c]), text(w.values[len(w.values)-1][c])}
			row = append(row, s.cause(causes[s.entry])...)
			rows = append(rows, append(row, text(before), text(after), w.difference(c, before, after)))
		}
	}
	return rows, nil
}

// cause is what a step is put down to: kind, entry, day, places, stream, type, date and actor.
func (s stop) cause(event []any) []any {
	switch {
	case s.entry == 0:
		return []any{"passing-of-time", nil, s.day.String(), int64(s.places), nil, nil, nil, nil}
	case s.places > 1:
		return append([]any{"events-up-to", int64(s.entry), nil, int64(s.places)}, event...)
	}
	return append([]any{"event", int64(s.entry), nil, int64(1)}, event...)
}

// causes is stream, type, date and actor of each entry that made a difference.
func (w *walk) causes(ctx context.Context, cells []cell) (map[ledger.Entry][]any, error) {
	wanted := map[ledger.Entry]bool{}
	for i, s := range w.stops[1:] {
		if s.entry > 0 && slices.ContainsFunc(cells, func(c cell) bool { return w.values[i][c] != w.values[i+1][c] }) {
			wanted[s.entry] = true
		}
	}
	found := map[ledger.Entry][]any{}
	for group := range slices.Chunk(sorted(wanted), 100) {
		var values []string
		for _, e := range group {
			found[e] = []any{nil, nil, nil, nil}
			values = append(values, fmt.Sprint(e))
		}
		page, err := w.reader.Query(ctx, Query{View: Timeline.Name, At: w.whole, Limit: len(values), Where: []Where{{"entry", "eq", values}}})
		if err != nil {
			return nil, err
		}
		at := func(name string) int {
			return slices.IndexFunc(page.Columns, func(c Column) bool { return c.Name == name })
		}
		for _, row := range page.Rows {
			e := ledger.Entry(row[at("entry")].(int64))
			found[e] = []any{row[at("stream")], row[at("type")], row[at("occurred_on")], row[at("actor")]}
		}
	}
	return found, nil
}

func sorted(set map[ledger.Entry]bool) []ledger.Entry {
	var all []ledger.Entry
	for e := range set {
		all = append(all, e)
	}
	slices.Sort(all)
	return all
}

func (w *walk) sums() ([][]any, error) {
	rows := [][]any{}
	var sum *big.Rat
	for _, c := range w.differing() {
		if len(rows) == 0 || rows[len(rows)-1][0] != c.line {
			sum = new(big.Rat)
			rows = append(rows, []any{c.line, int64(0), "0", int64(0)})
		}
		row := rows[len(rows)-1]
		was, is := w.figure(c, w.values[0][c]), w.figure(c, w.values[len(w.values)-1][c])
		if was == nil || is == nil {
			continue // a text, which has no value
		}
		sum.Add(sum, was.Abs(was.Sub(is, was)))
		row[1], row[2] = row[1].(int64)+1, decimal(sum)
		for i := range w.stops[1:] {
			if w.values[i][c] != w.values[i+1][c] {
				row[3] = row[3].(int64) + 1
			}
		}
	}
	return slices.DeleteFunc(rows, func(row []any) bool { return row[1].(int64) == 0 }), nil
}

// difference is what a step added to a figure; nothing where it is no figure.
func (w *walk) difference(c cell, before, after any) any {
	a, b := w.figure(c, before), w.figure(c, after)
	if a == nil || b == nil {
		return nil
	}
	return decimal(new(big.Rat).Sub(b, a))
}

// figure is a value as a number, 0 where there was none; nil where its column holds no numbers.
func (w *walk) figure(c cell, v any) *big.Rat {
	if kind := w.kinds[c.column]; kind != TypeInteger && kind != TypeDecimal && kind != TypeNumber {
		return nil
	}
	n := new(big.Rat)
	if v != nil {
		n, _ = n.SetString(fmt.Sprint(v))
	}
	return n
}

// decimal writes a number with the places it needs, four at most.
func decimal(n *big.Rat) string {
	if n.IsInt() {
		return n.Num().String()
	}
	return strings.TrimRight(n.FloatString(4), "0")
}

func text(v any) any {
	if v == nil {
		return nil
	}
	return shown(v)
}

func shown(v any) string {
	if v == nil {
		return "—"
	}
	return fmt.Sprint(v)
}
