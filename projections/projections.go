// Package projections is the read models: what the events come to, for people and for reports.
//
// A read model is a View: a row type, which keys a fact touches, and a pure fold. One Runner
// advances all views together, one batch in one transaction with one checkpoint. Rows carry
// when they were true and when the ledger knew (bitemporal.go), so a question about any past
// moment is a query and not a replay. The package writes no event and knows no SQL engine.
//
// Read in this order: projections.go (the types and ports), view.go (a row type becomes a
// table), bitemporal.go (how a fact changes the rows of a key), runner.go, then one view a
// file, and reports.go.
package projections

import (
	"context"
	"iter"
	"time"

	"ttledger/domain/ledger"
)

// Batch is a run of events in store order, bounded by the store (256 at most). Live says that
// at that moment nothing more was recorded; such a batch may be empty.
type Batch struct {
	Events  []ledger.Recorded
	Through ledger.Position // resume here: every event up to it was yielded
	Live    bool
}

// Feed is the port to the whole ledger in order.
type Feed interface {
	// Follow yields every event after a position, once and in order, then waits for more until
	// ctx ends. An error is yielded at most once, and last; ctx's end is such an error. The
	// first batch with Live set may be empty and comes without waiting.
	Follow(ctx context.Context, after ledger.Position) iter.Seq2[Batch, error]
}

// Fact is an event as a view sees it: recorded, decoded and counted.
type Fact struct {
	ledger.Recorded
	Event ledger.Event
	Entry ledger.Entry

	amended *amended // of a correction: what it puts right
}

// Checkpoint is how far read models stand. Position and Entry belong together.
type Checkpoint struct {
	Entry      ledger.Entry
	Position   ledger.Position
	RecordedAt time.Time // the latest RecordedAt up to Entry
}

// At is a moment to look at: effective as of a day and known as of an entry. Zero is now.
type At struct {
	AsOf    ledger.Date  // T: what had occurred by the end of this day
	KnownAt ledger.Entry // K: what the ledger had learned up to this entry
}

// Query asks one view for rows at one moment.
type Query struct {
	View  string
	Key   string // one row; all where empty
	At    At
	Only  *Only    // rows of some streams; of all where nil
	Where []Where  // all must hold
	Words []string // each must stand in a column that the view is searched in
	Sort  []Sort   // then by key
	Limit int      // rows a page, 1 to 1000
	After string   // the Next of the page before; its moment, filter and order must be the same
}

// Only keeps the rows whose column begins with one of the prefixes or is one of the values.
type Only struct {
	Column   string
	Prefixes []string
	Values   []string
}

// Where compares a column: Op is eq (any of Values), gte, lte or like (contains).
type Where struct {
	Column string
	Op     string
	Values []string
}

// Sort orders by a column.
type Sort struct {
	Column     string
	Descending bool
}

// Page is an answer: rows of one moment, all from one transaction.
type Page struct {
	Columns    []Column // of the rows, the key first
	Rows       [][]any  // string, int64, bool (as int64 0 or 1), or nil
	Next       string   // the cursor of the page after, or ""
	At         At       // the moment answered for, never zero
	Checkpoint Checkpoint
	Lines      int // of a report: how many of the first columns name a line
}

// Turns is where an answer may change: the rows it is computed from begin, end or are believed no
// longer.
type Turns struct {
	Entries []ledger.Entry
	Days    []ledger.Date
}

// Reader is the port that pages and reports are read through. Unknown views, columns, reports
// and parameters are KindNotFound or KindInvalid; a moment beyond the checkpoint is KindInvalid.
type Reader interface {
	// Checkpoint is how far the serving read models stand.
	Checkpoint(ctx context.Context) (Checkpoint, error)
	// Wait returns once the serving read models stand at or after a position, or ctx ends.
	Wait(ctx context.Context, p ledger.Position) error
	// KnownAt is the last entry whose running maximum of RecordedAt is not after an instant.
	KnownAt(ctx context.Context, instant time.Time) (ledger.Entry, error)
	// Locate is the position of an entry; Entry 0 is the zero Position. Beyond the checkpoint
	// it answers the checkpoint's entry and position.
	Locate(ctx context.Context, e ledger.Entry) (ledger.Entry, ledger.Position, error)
	// Entries numbers the events of a stream by version, as far as the read models stand.
	Entries(ctx context.Context, s ledger.StreamID) (map[ledger.Version]ledger.Entry, error)
	// Query reads one page of a view.
	Query(ctx context.Context, q Query) (Page, error)
	// Report computes a report at one moment with its parameters.
	Report(ctx context.Context, code string, params map[string]string, at At) (Page, error)
	// Turns is where a report may change after one moment and up to a later one: by what the ledger
	// learned, as of the day of the first; and by the days that passed, as known at the second. Both
	// are in order.
	Turns(ctx context.Context, code string, after, through At) (Turns, error)
}

// Column is a column of a view or report.
type Column struct {
	Name  string      `json:"name"`
	Type  ColumnType  `json:"type"`
	Label ledger.Text `json:"label"`
}

// ColumnType is how a value is stored and shown.
type ColumnType string

// The column types. In SQL the first, the dates, times and JSON are TEXT, the others INTEGER.
const (
	TypeText    ColumnType = "text"
	TypeInteger ColumnType = "integer"
	TypeBoolean ColumnType = "boolean"
	TypeDate    ColumnType = "date" // "2021", "2021-06" or "2021-06-15"
	TypeTime    ColumnType = "time" // RFC 3339, UTC
	TypeJSON    ColumnType = "json"
	TypeDecimal ColumnType = "decimal" // a number with one decimal place, TEXT; reports only
	TypeNumber  ColumnType = "number"  // a number with the decimal places it needs, TEXT; reports only
)
