package sqlite

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// read runs f on a pooled connection in one read transaction, with the generation that serves.
func (v *Views) read(ctx context.Context, f func(c *sqlite.Conn, generation int64, cp projections.Checkpoint) error) (err error) {
	defer func() {
		// The engine has words of its own for being interrupted.
		if err != nil && ctx.Err() != nil {
			err = ctx.Err()
		}
	}()
	c, err := v.pool.Take(ctx)
	if err != nil {
		return ledger.Unavailable("views-busy", ledger.Text{En: "the read models cannot be read now", Zh: "读模型暂不可读"}, err)
	}
	defer v.pool.Put(c)
	if err := sqlitex.Execute(c, "BEGIN", nil); err != nil {
		return err
	}
	defer func() {
		c.SetInterrupt(nil)
		_ = sqlitex.Execute(c, "ROLLBACK", nil) // it only read
	}()
	var cp projections.Checkpoint
	generation := int64(0)
	err = sqlitex.Execute(c, "SELECT entry, pos_commit, pos_prepare, recorded_at, id FROM generations WHERE serving", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		cp, generation = scanCheckpoint(s), s.ColumnInt64(4)
		return nil
	}})
	if err != nil {
		return err
	}
	if generation == 0 {
		return ledger.Unavailable("views-building", ledger.Text{En: "the read models are being built", Zh: "读模型正在构建"}, nil)
	}
	return f(c, generation, cp)
}

// Checkpoint is how far the serving read models stand.
func (v *Views) Checkpoint(ctx context.Context) (at projections.Checkpoint, err error) {
	err = v.read(ctx, func(_ *sqlite.Conn, _ int64, cp projections.Checkpoint) error {
		at = cp
		return nil
	})
	return at, err
}

// Wait returns once the serving read models stand at or after a position, or ctx ends.
func (v *Views) Wait(ctx context.Context, p ledger.Position) error {
	for {
		v.mu.Lock()
		grew := v.grew
		v.mu.Unlock()
		cp, err := v.Checkpoint(ctx)
		if err == nil && cp.Position.Compare(p) >= 0 {
			return nil
		}
		if err != nil && ledger.KindOf(err) != ledger.KindUnavailable {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-grew:
		}
	}
}

// KnownAt is the last entry whose running maximum of RecordedAt is not after an instant.
func (v *Views) KnownAt(ctx context.Context, instant time.Time) (entry ledger.Entry, err error) {
	err = v.read(ctx, func(c *sqlite.Conn, _ int64, cp projections.Checkpoint) error {
		// The running maximum never falls, so entries can be searched by halves.
		low, high := ledger.Entry(0), cp.Entry
		for low < high {
			middle := low + (high-low+1)/2
			var at int64
			err := sqlitex.Execute(c, "SELECT recorded_at FROM entries WHERE entry = ?", &sqlitex.ExecOptions{
				Args: []any{int64(middle)}, ResultFunc: func(s *sqlite.Stmt) error { at = s.ColumnInt64(0); return nil }})
			if err != nil {
				return err
			}
			if at <= instant.UnixNano() {
				low = middle
			} else {
				high = middle - 1
			}
		}
		entry = low
		return nil
	})
	return entry, err
}

// Locate is the position of an entry, or of the checkpoint where the entry lies beyond it.
func (v *Views) Locate(ctx context.Context, e ledger.Entry) (entry ledger.Entry, p ledger.Position, err error) {
	err = v.read(ctx, func(c *sqlite.Conn, _ int64, cp projections.Checkpoint) error {
		if e >= cp.Entry {
			entry, p = cp.Entry, cp.Position
			return nil
		}
		entry = e
		return sqlitex.Execute(c, "SELECT pos_commit, pos_prepare FROM entries WHERE entry = ?", &sqlitex.ExecOptions{
			Args: []any{int64(e)}, ResultFunc: func(s *sqlite.Stmt) error {
				p = ledger.Position{Commit: uint64(s.ColumnInt64(0)), Prepare: uint64(s.ColumnInt64(1))}
				return nil
			}})
	})
	return entry, p, err
}

// Entries numbers the events of a stream by version, as far as the read models stand.
func (v *Views) Entries(ctx context.Context, stream ledger.StreamID) (map[ledger.Version]ledger.Entry, error) {
	entries := map[ledger.Version]ledger.Entry{}
	err := v.read(ctx, func(c *sqlite.Conn, _ int64, cp projections.Checkpoint) error {
		return sqlitex.Execute(c, "SELECT version, entry FROM entries WHERE stream = ? AND entry <= ?", &sqlitex.ExecOptions{
			Args: []any{stream.String(), int64(cp.Entry)}, ResultFunc: func(s *sqlite.Stmt) error {
				entries[ledger.Version(s.ColumnInt64(0))] = ledger.Entry(s.ColumnInt64(1))
				return nil
			}})
	})
	return entries, err
}

// table is a view as the serving generation has it, which may be an older release's.
type table struct {
	view     string
	name     string
	columns  []projections.Column
	searched []string
}

func (v *Views) table(c *sqlite.Conn, generation int64, view string) (table, error) {
	t := table{view: view}
	if i := slices.IndexFunc(v.views, func(x projections.View) bool { return x.Name == view }); i >= 0 {
		t.searched = v.views[i].Search
	}
	var raw string
	err := sqlitex.Execute(c, "SELECT name, columns FROM tables WHERE generation = ? AND view = ?", &sqlitex.ExecOptions{
		Args: []any{generation, view}, ResultFunc: func(s *sqlite.Stmt) error {
			t.name, raw = s.ColumnText(0), s.ColumnText(1)
			return nil
		}})
	if err != nil {
		return t, err
	}
	if t.name == "" {
		return t, &ledger.Error{Kind: ledger.KindNotFound, Code: "no-such-view", Msg: ledger.Text{
			En: fmt.Sprintf("there is no view %q", view), Zh: fmt.Sprintf("没有视图 %q", view),
		}}
	}
	if err := json.Unmarshal([]byte(raw), &t.columns); err != nil {
		return t, err
	}
	// An older release's table may lack a column that this one is searched in.
	t.searched = slices.DeleteFunc(slices.Clone(t.searched), func(name string) bool {
		return !slices.ContainsFunc(t.columns, func(c projections.Column) bool { return c.Name == name })
	})
	return t, nil
}

func (t table) column(name string) (projections.Column, error) {
	for _, c := range t.columns {
		if c.Name == name {
			return c, nil
		}
	}
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.Name
	}
	return projections.Column{}, ledger.Invalid("no-such-column", ledger.Text{
		En: fmt.Sprintf("%s has no column %q; it has %s", t.view, name, strings.Join(names, ", ")),
		Zh: fmt.Sprintf("%s 没有列 %q;可用列:%s", t.view, name, strings.Join(names, "、")),
	})
}

// slice is the SQL condition for the rows of one moment, with :as_of and :known_at.
const slice = "known_from <= :known_at AND :known_at < known_to AND valid_from <= :as_of AND (:as_of < valid_to OR :known_at < end_known)"

// moment settles T and K: today where no day was given, the checkpoint where no entry was.
func (v *Views) moment(at projections.At, cp projections.Checkpoint) (projections.At, error) {
	if at.AsOf.IsZero() {
		at.AsOf = ledger.DayOf(v.now())
	}
	at.AsOf = at.AsOf.Last()
	if at.KnownAt > cp.Entry {
		return at, ledger.Invalid("beyond", ledger.Text{
			En: fmt.Sprintf("the read models stand at entry %d; %d is not known yet", cp.Entry, at.KnownAt),
			Zh: fmt.Sprintf("读模型位于第 %d 条,第 %d 条尚未入账", cp.Entry, at.KnownAt),
		})
	}
	if at.KnownAt == 0 {
		at.KnownAt = cp.Entry
	}
	return at, nil
}

// cursor is where a page ended. It pins the moment, so that pages of one question fit together
// whatever is recorded meanwhile.
type cursor struct {
	AsOf    ledger.Date  `json:"t"`
	KnownAt ledger.Entry `json:"k"`
	Key     string       `json:"a,omitzero"` // the last key, in key order
	Offset  int          `json:"o,omitzero"` // the rows so far, in another order
	Query   string       `json:"q"`          // digest of the question
}

func (q question) digest() string {
	raw, _ := json.Marshal([]any{q.View, q.Where, q.Sort, q.Words}) // strings only
	sum := sha256.Sum256(raw)
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

func (q *question) resume() (c cursor, err error) {
	if q.After == "" {
		return c, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(q.After)
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil || c.Query != q.digest() || c.Offset < 0 || c.KnownAt == 0 || c.AsOf.IsZero() {
		return c, ledger.Invalid("cursor", ledger.Text{
			En: "the cursor is not of this question; begin again without it", Zh: "游标与本查询不符,请去掉游标重新开始",
		})
	}
	if (q.At.AsOf.IsZero() || q.At.AsOf.Last() == c.AsOf) && (q.At.KnownAt == 0 || q.At.KnownAt == c.KnownAt) {
		q.At = projections.At{AsOf: c.AsOf, KnownAt: c.KnownAt}
		return c, nil
	}
	return c, ledger.Invalid("cursor", ledger.Text{En: "the cursor is of another moment", Zh: "游标属于另一时点"})
}

type question struct{ projections.Query }

// Query reads one page of a view.
func (v *Views) Query(ctx context.Context, query projections.Query) (page projections.Page, err error) {
	q := question{query}
	if q.Limit < 1 || q.Limit > 1000 {
		return page, ledger.Invalid("limit", ledger.Text{En: "limit is 1 to 1000", Zh: "limit 应为 1 至 1000"})
	}
	from, err := q.resume()
	if err != nil {
		return page, err
	}
	err = v.read(ctx, func(c *sqlite.Conn, generation int64, cp projections.Checkpoint) error {
		t, err := v.table(c, generation, q.View)
		if err != nil {
			return err
		}
		page.Checkpoint = cp
		if page.At, err = v.moment(q.At, cp); err != nil {
			return err
		}
		s, err := q.sql(t, from)
		if err != nil {
			return err
		}
		s.args[":as_of"], s.args[":known_at"] = page.At.AsOf.String(), int64(page.At.KnownAt)
		key := projections.Column{Name: "key", Type: projections.TypeText, Label: ledger.Text{En: "key", Zh: "键"}}
		page.Columns = append([]projections.Column{key}, t.columns...)
		page.Rows, err = rows(c, s.text, s.args)
		return err
	})
	if err != nil || len(page.Rows) <= q.Limit {
		return page, err
	}
	page.Rows = page.Rows[:q.Limit]
	next := cursor{AsOf: page.At.AsOf, KnownAt: page.At.KnownAt, Query: q.digest()}
	if len(q.Sort) > 0 {
		next.Offset = from.Offset + q.Limit
	} else {
		next.Key = page.Rows[q.Limit-1][0].(string)
	}
	raw, err := json.Marshal(next)
	page.Next = base64.RawURLEncoding.EncodeToString(raw)
	return page, err
}

type statement struct {
	text string
	args map[string]any
}

// sql writes the question as a statement for one row more than the page holds.
func (q question) sql(t table, from cursor) (statement, error) {
	s := statement{args: map[string]any{":limit": int64(q.Limit) + 1, ":offset": int64(from.Offset)}}
	names := []string{"key"}
	for _, c := range t.columns {
		names = append(names, quote(c.Name))
	}
	conditions := []string{slice}
	if q.Key != "" {
		conditions, s.args[":key"] = append(conditions, "key = :key"), q.Key
	}
	if from.Key != "" {
		conditions, s.args[":after"] = append(conditions, "key > :after"), from.Key
	}
	if q.Only != nil {
		condition, err := t.only(*q.Only, s.args)
		if err != nil {
			return s, err
		}
		conditions = append(conditions, condition)
	}
	for i, w := range q.Where {
		condition, err := t.where(w, i, s.args)
		if err != nil {
			return s, err
		}
		conditions = append(conditions, condition)
	}
	conditions = append(conditions, t.search(q.Words, s.args)...)
	var order []string
	for _, o := range q.Sort {
		if _, err := t.column(o.Column); err != nil {
			return s, err
		}
		direction := " ASC"
		if o.Descending {
			direction = " DESC"
		}
		order = append(order, quote(o.Column)+direction)
	}
	s.text = fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY %s LIMIT :limit OFFSET :offset",
		strings.Join(names, ", "), t.name, strings.Join(conditions, " AND "), strings.Join(append(order, "key"), ", "))
	return s, nil
}

// only writes which streams' rows are asked for; none where it names none.
func (t table) only(o projections.Only, args map[string]any) (string, error) {
	if _, err := t.column(o.Column); err != nil {
		return "", err
	}
	name, values := quote(o.Column), make([]string, len(o.Values))
	for i, v := range o.Values {
		values[i] = fmt.Sprintf(":v%d", i)
		args[values[i]] = v
	}
	alternatives := []string{fmt.Sprintf("%s IN (%s)", name, strings.Join(values, ", "))}
	for i, p := range o.Prefixes {
		holder := fmt.Sprintf(":p%d", i)
		alternatives, args[holder] = append(alternatives, fmt.Sprintf("substr(%s, 1, length(%s)) = %s", name, holder, holder)), p
	}
	return "(" + strings.Join(alternatives, " OR ") + ")", nil
}

// search writes that each word stands in a column that is searched in. A view that is searched in
// none has no row with a word.
func (t table) search(words []string, args map[string]any) []string {
	var conditions []string
	for i, word := range words {
		holder, places := fmt.Sprintf(":s%d", i), []string{"0"}
		args[holder] = word
		for _, name := range t.searched {
			places = append(places, fmt.Sprintf("instr(lower(%s), lower(%s)) > 0", quote(name), holder))
		}
		conditions = append(conditions, "("+strings.Join(places, " OR ")+")")
	}
	return conditions
}

// where writes one filter, with its values as arguments.
func (t table) where(w projections.Where, number int, args map[string]any) (string, error) {
	c, err := t.column(w.Column)
	if err != nil {
		return "", err
	}
	var holders []string
	for i, text := range w.Values {
		value, err := argument(c, w.Op, text)
		if err != nil {
			return "", err
		}
		holder := fmt.Sprintf(":w%d_%d", number, i)
		holders, args[holder] = append(holders, holder), value
	}
	if len(holders) == 0 || (w.Op != "eq" && len(holders) > 1) {
		return "", ledger.Invalid("filter", ledger.Text{En: "one value for " + w.Column, Zh: w.Column + " 需要且只能有一个值"})
	}
	name := quote(c.Name)
	switch w.Op {
	case "eq":
		if slices.Contains(w.Values, "") {
			return fmt.Sprintf("(%s IN (%s) OR %s IS NULL)", name, strings.Join(holders, ", "), name), nil
		}
		return fmt.Sprintf("%s IN (%s)", name, strings.Join(holders, ", ")), nil
	case "gte":
		return fmt.Sprintf("%s >= %s", name, holders[0]), nil
	case "lte":
		return fmt.Sprintf("%s <= %s", name, holders[0]), nil
	case "like":
		return fmt.Sprintf("instr(lower(%s), lower(%s)) > 0", name, holders[0]), nil
	}
	return "", ledger.Invalid("filter", ledger.Text{En: "a filter is eq, gte, lte or like", Zh: "筛选方式为 eq、gte、lte 或 like"})
}

// argument turns a filter's text into a value of the column's type.
func argument(c projections.Column, op, text string) (any, error) {
	if op == "like" || text == "" {
		return text, nil
	}
	switch c.Type {
	case projections.TypeInteger:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, ledger.Invalid("filter", ledger.Text{
				En: fmt.Sprintf("%s is a whole number; %q is not", c.Name, text), Zh: fmt.Sprintf("%s 应为整数,而非 %q", c.Name, text),
			})
		}
		return n, nil
	case projections.TypeBoolean:
		if text != "true" && text != "false" {
			return nil, ledger.Invalid("filter", ledger.Text{En: c.Name + " is true or false", Zh: c.Name + " 应为 true 或 false"})
		}
		return map[string]int64{"true": 1, "false": 0}[text], nil
	}
	return text, nil
}

func rows(c *sqlite.Conn, text string, args map[string]any) ([][]any, error) {
	var all [][]any
	err := sqlitex.Execute(c, text, &sqlitex.ExecOptions{Named: args, ResultFunc: func(s *sqlite.Stmt) error {
		row := make([]any, s.ColumnCount())
		for i := range row {
			row[i] = value(s, i)
		}
		all = append(all, row)
		return nil
	}})
	return all, err
}
