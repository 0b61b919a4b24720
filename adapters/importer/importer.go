// Package importer brings real data into the ledger through the same commands as everyone.
//
// It knows formats (nsf.go, asf.go, template.go), not stores and not HTTP: what it sends goes through the Ledger
// port. Every row of every file ends accepted or refused with a reason. Ids are derived from
// what the publisher calls a thing, so importing again adds nothing, and a run that was stopped
// goes on where it stood.
//
// Read in this order: importer.go (the port, a format, a run), item.go (what a row becomes and
// how it is sent), records.go and fields.go (from bytes to values), report.go, then one format
// a file; cell.go reads the cells of templates. local.go is the port over a ledger in the same process.
package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"ttledger/domain/ledger"
)

// Ledger takes commands.
type Ledger interface {
	// Do decides each request and answers in their order. All requests of one call go to
	// different streams and none depends on another, so they may run side by side. A request
	// may have been recorded although its Outcome is an error of unknown outcome: sending it
	// again is harmless.
	Do(ctx context.Context, requests []ledger.Request) []Outcome
}

// Outcome is what became of one request: a receipt, or why there is none.
type Outcome struct {
	Receipt ledger.Receipt
	Err     error
}

// Options are what a run is told besides its files.
type Options struct {
	// Preparer sends what one person may do; Approver sends the four-eyes commands. They are
	// two principals.
	Preparer, Approver ledger.Actor
	// StatedOn is the day on which the publisher stated what the files say. Kinds with Dated
	// need it.
	StatedOn ledger.Date
	// Report is the file that gets a line for each row, once the run is through; none where
	// empty.
	Report string
	// Progress is called after each window with the rows done, of all files together.
	Progress func(done, total int)
}

// Format is what one publisher's files look like and mean.
type Format struct {
	Name  string
	Title ledger.Text
	Kinds []Kind // files are processed in this order of kinds, whatever the order they come in

	begin func(o Options) decoder
	needs ledger.Text // what a file must be; where empty, the columns of the kinds say so
}

// Kind is one kind of file of a format, known by its header.
type Kind struct {
	Name    string
	Columns []string // that must be there, in any order; others are not looked at
	Dated   bool     // needs Options.StatedOn

	template *template // set where every other column is one of these, and spreadsheets write the file
}

// Formats is what can be imported of others' files; Templates makes one more.
var Formats = []Format{NSF, ASF}

// decoder turns the rows of one run into items and remembers what later rows need.
type decoder interface {
	// decode reads one sound record of a kind.
	decode(kind string, r record) *item
	// follow is what all rows together lead to; an item without steps found nothing to link to.
	follow() []*item
}

// window is how many rows go through their commands together.
const window = 256

// Run imports files of one format. Before anything is recorded it refuses options and files it
// cannot use. A row that a rule refuses is reported and the run goes on; a ledger that fails,
// or an end of ctx, stops the run with code import-stopped, and running the same import again
// is safe. The Summary counts what was done, also where the run stopped.
func Run(ctx context.Context, to Ledger, f Format, files []string, o Options) (Summary, error) {
	sources, err := inspect(f, files, o)
	if err != nil {
		return Summary{}, err
	}
	report, err := createReport(o.Report)
	if err != nil {
		return Summary{}, err
	}
	defer report.discard()
	r := &run{to: to, o: o, decoder: f.begin(o), known: map[ledger.StreamID]bool{}, report: report, summary: newSummary(f)}
	for _, s := range sources {
		r.total += s.rows
	}
	for _, s := range sources {
		if err := r.file(ctx, s); err != nil {
			return r.summary, r.stopped(err)
		}
	}
	if err := r.links(ctx); err != nil {
		return r.summary, r.stopped(err)
	}
	return r.summary, report.commit()
}

// run is the state of one import.
type run struct {
	to          Ledger
	o           Options
	decoder     decoder
	known       map[ledger.StreamID]bool // begun, as far as this run has seen
	report      *report
	summary     Summary
	done, total int
}

// file imports one file, window by window.
func (r *run) file(ctx context.Context, s source) error {
	in, err := s.open()
	if err != nil {
		return err
	}
	defer in.Close()
	count := Count{File: s.path, Kind: s.kind.Name, Batch: s.batch}
	for more := true; more; {
		var items []*item
		for len(items) < window && more {
			rec, err := in.next()
			if more = !errors.Is(err, io.EOF); !more {
				break
			}
			if err != nil {
				return err
			}
			items = append(items, r.item(s, rec))
		}
		if err := r.perform(ctx, items); err != nil {
			return err
		}
		for _, it := range items {
			if err := r.settle(it, &count); err != nil {
				return err
			}
		}
		r.done += len(items)
		if r.o.Progress != nil && len(items) > 0 {
			r.o.Progress(r.done, r.total)
		}
	}
	r.summary.add(count)
	if count.Accepted+count.Refused != s.rows {
		return fmt.Errorf("%s: %d rows were counted, but %d accepted and %d refused: the file changed while it was read", s.path, s.rows, count.Accepted, count.Refused)
	}
	return nil
}

func (r *run) item(s source, rec record) *item {
	it := &item{}
	if rec.fault != nil {
		it.refusal = rec.fault
	} else {
		it = r.decoder.decode(s.kind.Name, rec)
	}
	it.file, it.source = s.path, ledger.Source{Kind: "import", Batch: s.batch, Row: rec.line}
	return it
}

// settle reports a row that has been through its commands.
func (r *run) settle(it *item, count *Count) error {
	if it.twin != nil {
		it.refusal = it.twin.refusal
	}
	row := it.row()
	count.count(row)
	if row.Outcome == refused {
		r.summary.Refusals[row.Code]++
	}
	return r.report.write(row)
}

// links sends what follows from all rows together.
func (r *run) links(ctx context.Context) error {
	for items := range slices.Chunk(r.decoder.follow(), window) {
		if err := r.perform(ctx, items); err != nil {
			return err
		}
		for _, it := range items {
			r.summary.Links.count(it)
		}
	}
	return nil
}

func (r *run) stopped(cause error) error {
	return &ledger.Error{Kind: ledger.KindOf(cause), Code: "import-stopped", Err: cause, Msg: ledger.Text{
		En: fmt.Sprintf("the import stopped after %d of %d rows; what is recorded stays, and running the same import again is safe and goes on from there", r.done, r.total),
		Zh: fmt.Sprintf("导入在 %d/%d 行处停止;已记录的内容保留,可安全地重新运行同一导入并继续", r.done, r.total),
	}}
}
