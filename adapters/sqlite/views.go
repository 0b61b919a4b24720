package sqlite

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

//go:embed views.sql
var viewsSchema string

const (
	viewsAppID  = 0x54544c56 // "TTLV"
	viewsFormat = 2
	viewReaders = 8
)

// Views is the file of read models: real tables with typed columns, one set for each
// generation, and stable SQL views v_… over those that are served. It answers queries
// (projections.Reader) from its own pool while one runner writes.
type Views struct {
	path   string
	ledger uuid.UUID
	views  []projections.View
	now    func() time.Time
	pool   *sqlitex.Pool

	looking sync.Mutex   // guards look
	look    *sqlite.Conn // the runner's, to read beside a Save; the pool may be full of readers

	mu    sync.Mutex // guards write and grew
	write *sqlite.Conn
	grew  chan struct{} // closed and replaced after each change a reader can see
}

// OpenViews opens the read models of a ledger, and makes the file where there is none. A file
// of another ledger or of another format is refused: it can be deleted and is then built anew.
func OpenViews(path string, ledgerID uuid.UUID, views []projections.View, now func() time.Time) (*Views, error) {
	// The engine would make a file that others can read.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("read models: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("read models: %w", err)
	}
	write, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, fmt.Errorf("read models %s: %w", path, err)
	}
	v := &Views{path: path, ledger: ledgerID, views: views, now: now, write: write, grew: make(chan struct{})}
	if err := v.prepare(); err != nil {
		return nil, fmt.Errorf("read models %s: %w", path, errors.Join(err, write.Close()))
	}
	if v.look, err = sqlite.OpenConn(path, sqlite.OpenReadOnly); err != nil {
		return nil, fmt.Errorf("read models %s: %w", path, errors.Join(err, write.Close()))
	}
	v.look.SetBusyTimeout(lockWait)
	v.pool, err = sqlitex.NewPool(path, sqlitex.PoolOptions{
		Flags: sqlite.OpenReadOnly | sqlite.OpenURI, PoolSize: viewReaders,
		PrepareConn: func(c *sqlite.Conn) error {
			return sqlitex.ExecuteScript(c, "PRAGMA busy_timeout = 10000; PRAGMA query_only = 1; PRAGMA mmap_size = 268435456;", nil)
		},
	})
	if err != nil {
		return nil, errors.Join(err, v.look.Close(), write.Close())
	}
	return v, nil
}

func (v *Views) prepare() (err error) {
	for _, pragma := range []string{
		"PRAGMA busy_timeout = 10000", "PRAGMA page_size = 8192", "PRAGMA journal_mode = WAL",
		// A power cut may lose the last batches, which are then folded again.
		"PRAGMA synchronous = NORMAL", "PRAGMA cache_size = -65536", "PRAGMA wal_autocheckpoint = 8000",
	} {
		if err = sqlitex.ExecuteTransient(v.write, pragma, nil); err != nil {
			return err
		}
	}
	end, err := sqlitex.ImmediateTransaction(v.write)
	if err != nil {
		return err
	}
	defer end(&err)
	app, err := pragmaInt(v.write, "application_id")
	if err != nil {
		return err
	}
	format, err := pragmaInt(v.write, "user_version")
	if err != nil {
		return err
	}
	switch {
	case app != viewsAppID && (app != 0 || format != 0):
		return fmt.Errorf("this is not a file of read models")
	case format > viewsFormat:
		return fmt.Errorf("the file has format %d, this release has %d; delete the file, it is built anew", format, viewsFormat)
	case format == viewsFormat:
		return nil
	}
	// A new file, or one of an older release: that holds nothing that is not built anew.
	script, err := dropEverything(v.write)
	if err != nil {
		return err
	}
	script += viewsSchema + fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", viewsAppID, viewsFormat)
	return sqlitex.ExecuteScript(v.write, script, nil)
}

func dropEverything(c *sqlite.Conn) (script string, err error) {
	err = sqlitex.Execute(c, "SELECT type, name FROM sqlite_schema WHERE type IN ('view', 'table') ORDER BY type DESC", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		script += fmt.Sprintf("DROP %s %s;\n", s.ColumnText(0), quote(s.ColumnText(1)))
		return nil
	}})
	return script, err
}

func pragmaInt(c *sqlite.Conn, name string) (n int64, err error) {
	err = sqlitex.ExecuteTransient(c, "PRAGMA "+name, &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		n = s.ColumnInt64(0)
		return nil
	}})
	return n, err
}

// Close ends all access.
func (v *Views) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.looking.Lock()
	defer v.looking.Unlock()
	return errors.Join(v.pool.Close(), v.look.Close(), v.write.Close())
}

// Generation is one set of tables; it is the projections.Docs of one runner.
type Generation struct {
	*Views
	id int64
}

// Generation opens the newest generation of this release's views, or makes one: where there is
// none, where the fingerprint of the last is another, or where fresh asks for it. A new one is
// built beside the old, which serves until Serve.
func (v *Views) Generation(fresh bool) (*Generation, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	id, err := v.generation(fresh)
	if err != nil {
		return nil, fmt.Errorf("read models %s: %w", v.path, err)
	}
	return &Generation{v, id}, nil
}

func (v *Views) generation(fresh bool) (id int64, err error) {
	end, err := sqlitex.ImmediateTransaction(v.write)
	if err != nil {
		return 0, err
	}
	defer end(&err)
	print, last := projections.Fingerprint(v.views), int64(0)
	other := false
	err = sqlitex.Execute(v.write, "SELECT id, fingerprint, ledger FROM generations ORDER BY id", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		last = s.ColumnInt64(0)
		other = other || s.ColumnText(2) != v.ledger.String()
		if s.ColumnText(1) == print {
			id = last
		}
		return nil
	}})
	if err == nil && other {
		err = fmt.Errorf("the file belongs to another ledger; delete it, it is built anew")
	}
	if err != nil || (id != 0 && !fresh) {
		return id, err
	}
	id = last + 1
	err = sqlitex.Execute(v.write, "INSERT INTO generations (id, ledger, fingerprint) VALUES (?, ?, ?)", &sqlitex.ExecOptions{Args: []any{id, v.ledger.String(), print}})
	for _, view := range v.views {
		if err != nil {
			return 0, err
		}
		err = v.createTable(id, view)
	}
	return id, err
}

func (v *Views) createTable(generation int64, view projections.View) error {
	name := tableName(generation, view.Name)
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s (key TEXT NOT NULL, valid_from TEXT NOT NULL, valid_to TEXT NOT NULL, end_known INTEGER NOT NULL, known_from INTEGER NOT NULL, known_to INTEGER NOT NULL", name)
	for _, c := range view.Columns {
		kind := "TEXT"
		if c.Type == projections.TypeInteger || c.Type == projections.TypeBoolean {
			kind = "INTEGER"
		}
		fmt.Fprintf(&b, ", %s %s", quote(c.Name), kind)
	}
	b.WriteString(", PRIMARY KEY (key, known_from, valid_from)) STRICT")
	if err := sqlitex.Execute(v.write, b.String(), nil); err != nil {
		return err
	}
	columns, err := json.Marshal(view.Columns)
	if err != nil {
		return err
	}
	return sqlitex.Execute(v.write, "INSERT INTO tables (generation, view, name, columns) VALUES (?, ?, ?, ?)",
		&sqlitex.ExecOptions{Args: []any{generation, view.Name, name, string(columns)}})
}

func tableName(generation int64, view string) string {
	return fmt.Sprintf("g%d_%s", generation, strings.ReplaceAll(view, "-", "_"))
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Checkpoint is how far this generation stands. Where it was dropped for a newer one of the same
// fingerprint (a rebuild by another process), it goes on with that.
func (g *Generation) Checkpoint(context.Context) (cp projections.Checkpoint, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.id, err = g.generation(false); err != nil {
		return cp, err
	}
	err = sqlitex.Execute(g.write, "SELECT entry, pos_commit, pos_prepare, recorded_at FROM generations WHERE id = ?",
		&sqlitex.ExecOptions{Args: []any{g.id}, ResultFunc: func(s *sqlite.Stmt) error {
			cp = scanCheckpoint(s)
			return nil
		}})
	return cp, err
}

func scanCheckpoint(s *sqlite.Stmt) projections.Checkpoint {
	cp := projections.Checkpoint{
		Entry:    ledger.Entry(s.ColumnInt64(0)),
		Position: ledger.Position{Commit: uint64(s.ColumnInt64(1)), Prepare: uint64(s.ColumnInt64(2))},
	}
	if n := s.ColumnInt64(3); n != 0 {
		cp.RecordedAt = time.Unix(0, n).UTC()
	}
	return cp
}

func (g *Generation) overtaken() error {
	return &ledger.Error{Kind: ledger.KindConflict, Code: "overtaken", Msg: ledger.Text{
		En: "another process writes these read models", Zh: "另一进程正在写入该读模型",
	}}
}

const rowColumns = 6 // before the view's own: key, valid_from, valid_to, end_known, known_from, known_to

// Last is, for each of the keys that has one, the row believed now that holds for ever. It reads
// beside a Save, from a connection of its own.
func (g *Generation) Last(_ context.Context, view string, keys []string) (map[string]projections.Row, error) {
	rows := make(map[string]projections.Row, len(keys))
	if len(keys) == 0 {
		return rows, nil
	}
	g.looking.Lock()
	defer g.looking.Unlock()
	if err := sqlitex.Execute(g.look, "BEGIN", nil); err != nil {
		return nil, err
	}
	defer func() { _ = sqlitex.Execute(g.look, "ROLLBACK", nil) }() // it only reads
	query := fmt.Sprintf("SELECT * FROM %s WHERE key = ? AND known_to = ? AND valid_to = ?", tableName(g.id, view))
	for _, key := range keys {
		err := sqlitex.Execute(g.look, query, &sqlitex.ExecOptions{
			Args: []any{key, int64(projections.Open), projections.Forever},
			ResultFunc: func(s *sqlite.Stmt) error {
				rows[key] = scanRow(s)
				return nil
			}})
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// Believed is all rows of a key that are believed now, in order of their days.
func (g *Generation) Believed(_ context.Context, view, key string) ([]projections.Row, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var rows []projections.Row
	query := fmt.Sprintf("SELECT * FROM %s WHERE key = ? AND known_to = ? ORDER BY valid_from", tableName(g.id, view))
	err := sqlitex.Execute(g.write, query, &sqlitex.ExecOptions{
		Args: []any{key, int64(projections.Open)},
		ResultFunc: func(s *sqlite.Stmt) error {
			rows = append(rows, scanRow(s))
			return nil
		}})
	return rows, err
}

// Touched finds the events that touched a key by the rows they left: each leaves at least one
// that is known from its entry on.
func (g *Generation) Touched(_ context.Context, view, key string) ([]projections.Located, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var found []projections.Located
	query := fmt.Sprintf(`SELECT entry, pos_commit, pos_prepare, stream, version, recorded_at FROM entries
		WHERE entry IN (SELECT known_from FROM %s WHERE key = ?) ORDER BY entry`, tableName(g.id, view))
	err := sqlitex.Execute(g.write, query, &sqlitex.ExecOptions{
		Args: []any{key},
		ResultFunc: func(s *sqlite.Stmt) error {
			stream, err := ledger.ParseStreamID(s.ColumnText(3))
			found = append(found, projections.Located{
				Entry:      ledger.Entry(s.ColumnInt64(0)),
				Position:   ledger.Position{Commit: uint64(s.ColumnInt64(1)), Prepare: uint64(s.ColumnInt64(2))},
				Stream:     stream,
				Version:    ledger.Version(s.ColumnInt64(4)),
				RecordedAt: time.Unix(0, s.ColumnInt64(5)).UTC(),
			})
			return err
		}})
	return found, err
}

// Entries numbers the events of a stream by version, as far as this generation stands: another may
// be ahead in the same file.
func (g *Generation) Entries(_ context.Context, stream ledger.StreamID) (map[ledger.Version]ledger.Entry, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	entries := map[ledger.Version]ledger.Entry{}
	err := sqlitex.Execute(g.write, `SELECT version, entry FROM entries
		WHERE stream = ? AND entry <= (SELECT entry FROM generations WHERE id = ?)`, &sqlitex.ExecOptions{
		Args: []any{stream.String(), g.id}, ResultFunc: func(s *sqlite.Stmt) error {
			entries[ledger.Version(s.ColumnInt64(0))] = ledger.Entry(s.ColumnInt64(1))
			return nil
		}})
	return entries, err
}

func scanRow(s *sqlite.Stmt) projections.Row {
	row := projections.Row{
		Key: s.ColumnText(0), ValidFrom: s.ColumnText(1), ValidTo: s.ColumnText(2), EndKnown: ledger.Entry(s.ColumnInt64(3)),
		KnownFrom: ledger.Entry(s.ColumnInt64(4)), KnownTo: ledger.Entry(s.ColumnInt64(5)),
		Values: make([]any, 0, s.ColumnCount()-rowColumns),
	}
	for i := rowColumns; i < s.ColumnCount(); i++ {
		row.Values = append(row.Values, value(s, i))
	}
	return row
}

func value(s *sqlite.Stmt, i int) any {
	switch s.ColumnType(i) {
	case sqlite.TypeInteger:
		return s.ColumnInt64(i)
	case sqlite.TypeNull:
		return nil
	}
	return s.ColumnText(i)
}

// Save writes a batch: rows, entries and checkpoint in one transaction, if the checkpoint is
// still where the batch began.
func (g *Generation) Save(_ context.Context, from ledger.Entry, c projections.Changes) error {
	return g.change(func() error {
		to := c.Entries[len(c.Entries)-1]
		err := g.do("UPDATE generations SET entry = ?, pos_commit = ?, pos_prepare = ?, recorded_at = ? WHERE id = ? AND entry = ?",
			int64(to.Entry), int64(to.Position.Commit), int64(to.Position.Prepare), to.RecordedAt.UnixNano(), g.id, int64(from))
		if err != nil {
			return err
		}
		if g.write.Changes() != 1 {
			return g.overtaken()
		}
		numbering, err := g.write.Prepare(`INSERT INTO entries (entry, pos_commit, pos_prepare, stream, version, recorded_at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (entry) DO NOTHING`)
		if err != nil {
			return err
		}
		for _, e := range c.Entries {
			numbering.BindInt64(1, int64(e.Entry))
			numbering.BindInt64(2, int64(e.Position.Commit))
			numbering.BindInt64(3, int64(e.Position.Prepare))
			numbering.BindText(4, e.Stream.String())
			numbering.BindInt64(5, int64(e.Version))
			numbering.BindInt64(6, e.RecordedAt.UnixNano())
			if err := run(numbering, 6, nil); err != nil {
				return err
			}
		}
		for _, view := range c.Views {
			if err := g.saveView(view); err != nil {
				return fmt.Errorf("view %s: %w", view.View, err)
			}
		}
		return nil
	})
}

// change runs f in one transaction and tells those who wait that there is something new.
func (g *Generation) change(f func() error) (err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	end, err := sqlitex.ImmediateTransaction(g.write)
	if err != nil {
		return err
	}
	defer func() {
		end(&err)
		if err == nil {
			g.announce()
		}
	}()
	return f()
}

func (g *Generation) saveView(c projections.ViewChanges) error {
	table := tableName(g.id, c.View)
	ending := fmt.Sprintf("UPDATE %s SET valid_to = ?, end_known = ?, known_to = ? WHERE key = ? AND known_from = ? AND valid_from = ?", table)
	for _, r := range c.Ended {
		if err := g.do(ending, r.ValidTo, int64(r.EndKnown), int64(r.KnownTo), r.Key, int64(r.KnownFrom), r.ValidFrom); err != nil {
			return err
		}
		if g.write.Changes() != 1 {
			return fmt.Errorf("the row of %q that ended is not there", r.Key)
		}
	}
	if len(c.New) == 0 {
		return nil
	}
	inserting, err := g.write.Prepare(fmt.Sprintf("INSERT INTO %s VALUES (?, ?, ?, ?, ?, ?%s)", table, strings.Repeat(", ?", len(c.New[0].Values))))
	if err != nil {
		return err
	}
	for _, r := range c.New {
		inserting.BindText(1, r.Key)
		inserting.BindText(2, r.ValidFrom)
		inserting.BindText(3, r.ValidTo)
		inserting.BindInt64(4, int64(r.EndKnown))
		inserting.BindInt64(5, int64(r.KnownFrom))
		inserting.BindInt64(6, int64(r.KnownTo))
		if err := run(inserting, rowColumns, r.Values); err != nil {
			return err
		}
	}
	return nil
}

// do runs a statement that answers nothing, prepared once.
func (g *Generation) do(query string, args ...any) error {
	stmt, err := g.write.Prepare(query)
	if err != nil {
		return err
	}
	return run(stmt, 0, args)
}

// run binds strings, integers and NULLs behind the parameters that are bound already, and runs a
// statement that answers nothing.
func run(stmt *sqlite.Stmt, bound int, args []any) error {
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			stmt.BindText(bound+i+1, v)
		case int64:
			stmt.BindInt64(bound+i+1, v)
		case nil:
			stmt.BindNull(bound + i + 1)
		default:
			return fmt.Errorf("a column of type %T", arg)
		}
	}
	if _, err := stmt.Step(); err != nil {
		return errors.Join(err, stmt.Reset())
	}
	return stmt.Reset()
}

// Serve flips the v_… views to this generation in one transaction and drops the older ones.
func (g *Generation) Serve(context.Context) error {
	return g.change(func() error {
		there, serving := false, false
		err := sqlitex.Execute(g.write, "SELECT serving FROM generations WHERE id = ?", &sqlitex.ExecOptions{Args: []any{g.id}, ResultFunc: func(s *sqlite.Stmt) error {
			there, serving = true, s.ColumnInt64(0) == 1
			return nil
		}})
		if err != nil || serving {
			return err
		}
		if !there {
			return g.overtaken()
		}
		return g.flip()
	})
}

func (g *Generation) flip() error {
	var script strings.Builder
	err := sqlitex.Execute(g.write, "SELECT generation, view, name FROM tables ORDER BY generation", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		if s.ColumnInt64(0) < g.id {
			base := "v_" + strings.ReplaceAll(s.ColumnText(1), "-", "_")
			fmt.Fprintf(&script, "DROP VIEW IF EXISTS %s; DROP VIEW IF EXISTS %s_history; DROP TABLE %s;\n", base, base, s.ColumnText(2))
		}
		return nil
	}})
	if err != nil {
		return err
	}
	for _, view := range g.views {
		script.WriteString(g.sqlViews(view))
	}
	fmt.Fprintf(&script, "DELETE FROM tables WHERE generation < %d; DELETE FROM generations WHERE id < %d; UPDATE generations SET serving = 1 WHERE id = %d;", g.id, g.id, g.id)
	return sqlitex.ExecuteScript(g.write, script.String(), nil)
}

// sqlViews are the stable names that reporting tools query: v_name is what holds today, and
// v_name_history all rows with the days they held and the entries they were known. A row whose
// end was learned later is two there: as it was believed to last, and as it ended.
func (g *Generation) sqlViews(view projections.View) string {
	base, table := "v_"+strings.ReplaceAll(view.Name, "-", "_"), tableName(g.id, view.Name)
	var columns strings.Builder
	for _, c := range view.Columns {
		columns.WriteString(", " + quote(c.Name))
	}
	return fmt.Sprintf(`
CREATE VIEW %[1]s AS SELECT key%[2]s FROM %[3]s WHERE known_to = %[4]d AND valid_from <= date('now', '+8 hours') AND valid_to > date('now', '+8 hours');
CREATE VIEW %[1]s_history AS
	SELECT key, valid_from, '%[5]s' AS valid_to, known_from, min(end_known, known_to) AS known_to%[2]s FROM %[3]s WHERE known_from < end_known
	UNION ALL SELECT key, valid_from, valid_to, end_known AS known_from, known_to%[2]s FROM %[3]s WHERE end_known < known_to;
`, base, columns.String(), table, int64(math.MaxInt64), projections.Forever)
}

// announce wakes those who wait for the read models to come further. Callers hold mu.
func (v *Views) announce() {
	close(v.grew)
	v.grew = make(chan struct{})
}
