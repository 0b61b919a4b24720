package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// Served is the read models of a file as they are served, held still and changed in nothing.
type Served struct {
	Fingerprint string
	Checkpoint  projections.Checkpoint

	conn   *sqlite.Conn
	tables map[string]string // by view
}

// OpenServed opens read models beside whoever writes them. A file that never served is all zero.
func OpenServed(path string) (s *Served, err error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return nil, err
	}
	s = &Served{conn: conn, tables: map[string]string{}}
	conn.SetBusyTimeout(lockWait)
	// One transaction, so that all of it is of one moment.
	if err := sqlitex.Execute(conn, "BEGIN", nil); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if err := s.read(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Served) read() error {
	generation := int64(0)
	err := sqlitex.Execute(s.conn, "SELECT entry, pos_commit, pos_prepare, recorded_at, id, fingerprint FROM generations WHERE serving", &sqlitex.ExecOptions{ResultFunc: func(r *sqlite.Stmt) error {
		s.Checkpoint, generation, s.Fingerprint = scanCheckpoint(r), r.ColumnInt64(4), r.ColumnText(5)
		return nil
	}})
	if err != nil {
		return err
	}
	return sqlitex.Execute(s.conn, "SELECT view, name FROM tables WHERE generation = ?", &sqlitex.ExecOptions{Args: []any{generation}, ResultFunc: func(r *sqlite.Stmt) error {
		s.tables[r.ColumnText(0)] = r.ColumnText(1)
		return nil
	}})
}

// Close lets the file go.
func (s *Served) Close() error { return s.conn.Close() }

// Difference is a row of a read model that is not what the events come to.
type Difference struct {
	View, Row       string       // Row is its key
	Entry           ledger.Entry // from which on it is known
	Expected, Found string       // "" where there is none
}

// Compare holds everything that is served against read models of the same events, built anew to the
// same entry. It answers the first differences, and how many there are.
func (s *Served) Compare(ctx context.Context, anew *Served, most int) (list []Difference, count int, err error) {
	s.conn.SetInterrupt(ctx.Done())
	anew.conn.SetInterrupt(ctx.Done())
	add := func(d Difference) {
		if count++; len(list) < most {
			list = append(list, d)
		}
	}
	for view, name := range anew.tables {
		columns, err := columnsIn(anew.conn, name)
		if err != nil {
			return list, count, err
		}
		query := "SELECT " + columns + " FROM %s ORDER BY key, known_from, valid_from"
		if err := merge(view, s.conn, fmt.Sprintf(query, quote(s.tables[view])), anew.conn, fmt.Sprintf(query, quote(name)), add); err != nil {
			return list, count, err
		}
	}
	entries := "SELECT printf('%020d', entry), stream, version, '', entry, pos_commit, pos_prepare, recorded_at FROM entries ORDER BY entry"
	if err := merge("entries", s.conn, entries, anew.conn, entries, add); err != nil {
		return list, count, err
	}
	return list, count, s.definitions(anew, add)
}

func columnsIn(c *sqlite.Conn, table string) (string, error) {
	var names []string
	err := sqlitex.Execute(c, "SELECT name FROM pragma_table_info(?) ORDER BY cid", &sqlitex.ExecOptions{Args: []any{table}, ResultFunc: func(r *sqlite.Stmt) error {
		names = append(names, quote(r.ColumnText(0)))
		return nil
	}})
	return strings.Join(names, ", "), err
}

// merge walks two lists of rows that are in one order, by key and the entry they are known from.
func merge(view string, served *sqlite.Conn, a string, anew *sqlite.Conn, b string, add func(Difference)) error {
	s, err := newListing(served, a)
	if err != nil {
		add(Difference{View: view, Expected: "a table", Found: err.Error()})
		return nil
	}
	defer s.close()
	n, err := newListing(anew, b)
	if err != nil {
		return err
	}
	defer n.close()
	for s.more || n.more {
		order := strings.Compare(s.order, n.order)
		switch {
		case !n.more || s.more && order < 0:
			add(Difference{view, s.key, s.entry, "", s.row})
			err = s.next()
		case !s.more || order > 0:
			add(Difference{view, n.key, n.entry, n.row, ""})
			err = n.next()
		default:
			if s.row != n.row {
				add(Difference{view, n.key, n.entry, n.row, s.row})
			}
			err = errors.Join(s.next(), n.next())
		}
		if err != nil {
			add(Difference{View: view, Expected: "rows", Found: err.Error()})
			return nil
		}
	}
	return nil
}

// listing is a list of rows, each as text.
type listing struct {
	stmt       *sqlite.Stmt
	more       bool
	order, row string
	key        string
	entry      ledger.Entry
}

func newListing(c *sqlite.Conn, query string) (*listing, error) {
	stmt, err := c.Prepare(query)
	if err != nil {
		return nil, err
	}
	r := &listing{stmt: stmt}
	return r, r.next()
}

func (r *listing) next() (err error) {
	if r.more, err = r.stmt.Step(); err != nil || !r.more {
		r.more = false
		return err
	}
	var b strings.Builder
	for i := range r.stmt.ColumnCount() {
		if i > 0 {
			b.WriteString(" | ")
		}
		if r.stmt.ColumnType(i) == sqlite.TypeNull {
			b.WriteString("NULL")
		} else {
			b.WriteString(r.stmt.ColumnText(i))
		}
	}
	r.row, r.key, r.entry = b.String(), r.stmt.ColumnText(0), ledger.Entry(r.stmt.ColumnInt64(4))
	r.order = fmt.Sprintf("%s\x00%020d\x00%s", r.key, r.entry, r.stmt.ColumnText(1))
	return nil
}

func (r *listing) close() { _ = r.stmt.Reset() }

var generationName = regexp.MustCompile(`\bg[0-9]+_`)

// definitions holds the SQL views against those of now: one that was redefined would show other
// rows than are stored.
func (s *Served) definitions(anew *Served, add func(Difference)) error {
	read := func(c *sqlite.Conn) (map[string]string, error) {
		all := map[string]string{}
		return all, sqlitex.Execute(c, "SELECT name, sql FROM sqlite_schema WHERE type IN ('view', 'trigger')", &sqlitex.ExecOptions{ResultFunc: func(r *sqlite.Stmt) error {
			all[r.ColumnText(0)] = generationName.ReplaceAllString(r.ColumnText(1), "g_")
			return nil
		}})
	}
	served, err := read(s.conn)
	if err != nil {
		return err
	}
	want, err := read(anew.conn)
	if err != nil {
		return err
	}
	for name, sql := range want {
		if served[name] != sql {
			add(Difference{View: name, Expected: sql, Found: served[name]})
		}
	}
	for name, sql := range served {
		if _, known := want[name]; !known {
			add(Difference{View: name, Found: sql})
		}
	}
	return nil
}
