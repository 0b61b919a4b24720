package importer

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/memory"
	"ttledger/domain/ledger"
	"ttledger/domain/organisation"
	"ttledger/domain/project"
)

var (
	ledgerID = uuid.MustParse("3e0c9b6a-51d7-4c0e-8a52-9d8f0a7b6c11")
	someday  = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	excerpts = []string{
		"testdata/nsf_sbir_sttr_firms.csv", // last to be processed, though given first
		"testdata/nsf_sbir_awards.csv", "testdata/nsf_sttr_awards.csv", "testdata/nsf_icorps_awards.csv",
	}
)

// world is a ledger with its store and what a run on it came to.
type world struct {
	t      *testing.T
	store  *memory.Store
	ledger *ledger.Ledger
	dir    string
}

func newWorld(t *testing.T) *world {
	store := memory.New(func() time.Time { return someday })
	return &world{t, store, &ledger.Ledger{
		ID: ledgerID, Secret: []byte("secret of the tests"), Streams: store, Now: func() time.Time { return someday },
		Aggregates: []ledger.Aggregate{organisation.Aggregate, project.Aggregate},
	}, t.TempDir()}
}

func (w *world) options() Options {
	return Options{
		Preparer: ledger.Actor{Handle: "importer", Roles: []ledger.Role{ledger.PM}},
		Approver: ledger.Actor{Handle: "approver", Roles: []ledger.Role{ledger.APR}},
		StatedOn: ledger.Day(2024, 7, 8), Report: filepath.Join(w.dir, "report.csv"),
	}
}

// file writes a file and is its path.
func (w *world) file(name, text string) string {
	path := filepath.Join(w.dir, name)
	require.NoError(w.t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// run imports files and reads the report back.
func (w *world) run(files ...string) (Summary, []Row) {
	s, err := Run(w.t.Context(), Local{w.ledger}, NSF, files, w.options())
	require.NoError(w.t, err)
	require.Equal(w.t, s.Total.Read, s.Total.Accepted+s.Total.Refused)
	rows := w.report()
	require.Len(w.t, rows, s.Total.Read)
	return s, rows
}

func (w *world) report() (rows []Row) {
	file, err := os.ReadFile(w.options().Report)
	require.NoError(w.t, err)
	text, ok := strings.CutPrefix(string(file), bom)
	require.True(w.t, ok)
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(w.t, err)
	require.Equal(w.t, reportColumns, records[0])
	for _, c := range records[1:] {
		row := Row{File: filepath.Base(c[0]), Key: c[2], Outcome: c[3], New: c[4] == "true", Stream: c[5],
			Code: c[6], Field: c[7], Reason: ledger.Text{En: c[8], Zh: c[9]}, Remark: c[10]}
		_, err := fmt.Sscan(c[1], &row.Line)
		require.NoError(w.t, err)
		rows = append(rows, row)
	}
	return rows
}

// events is the whole ledger in order, without what differs from run to run.
func (w *world) events() []ledger.Recorded {
	return slices.DeleteFunc(w.recorded(), func(e ledger.Recorded) bool { return e.Stream.Category == "claim" || e.Stream.Category == "approval" })
}

// recorded is all of it, with what the ledger keeps of claims and approvals.
func (w *world) recorded() (all []ledger.Recorded) {
	for batch, err := range w.store.Follow(w.t.Context(), ledger.Position{}) {
		require.NoError(w.t, err)
		for _, e := range batch.Events {
			e.Meta.RecordedAt, e.RawMeta = time.Time{}, nil
			all = append(all, e)
		}
		if batch.Live {
			break
		}
	}
	return all
}

// told is the events of one stream, "type occurred-on actor data" each, the actor being who decided.
func (w *world) told(stream string) (lines []string) {
	for _, e := range w.events() {
		if e.Stream.String() == stream {
			lines = append(lines, fmt.Sprintf("%s %s %s %s", e.Type, e.Meta.OccurredOn, cmp.Or(e.Meta.Approver, e.Meta.Actor), e.Data))
		}
	}
	return lines
}

func TestExcerpts(t *testing.T) {
	w := newWorld(t)
	s, rows := w.run(excerpts...)
	require.Equal(t, []int{75, 60, 60, 69}, reads(s))
	require.Equal(t, map[string]int{"not-technology-transfer": 5, "invalid": 1, "award-refused": 1, "unknown-award": 6}, s.Refusals)
	require.Equal(t, Links{Linked: 21, New: 21, Unlinked: 4, Refusals: map[string]int{}}, s.Links)
	for name, tally := range s.Commands {
		require.Zero(t, tally.Repeated, name)
	}
	var text strings.Builder
	require.NoError(t, s.Print(&text))
	require.Contains(t, text.String(), "total 合计")

	before := w.events()
	for _, e := range before {
		require.Equal(t, "import", e.Meta.Source.Kind)
		require.Len(t, e.Meta.Source.Batch, 64)
		require.Greater(t, e.Meta.Source.Row, 1)
	}
	again, rowsAgain := w.run(excerpts...)
	require.Equal(t, before, w.events(), "a repeat adds nothing")
	require.Zero(t, again.Total.New)
	require.Equal(t, s.Total.Accepted, again.Total.Accepted)
	require.Equal(t, s.Refusals, again.Refusals)
	for i, row := range rowsAgain {
		require.False(t, row.New)
		row.New = rows[i].New
		require.Equal(t, rows[i], row)
	}
	for _, tally := range again.Commands {
		require.Zero(t, tally.Recorded)
	}
}

func reads(s Summary) (n []int) {
	for _, c := range s.Files {
		n = append(n, c.Read)
	}
	return n
}

// The same rows from other files, in another order and cut otherwise, are the same facts.
func TestOtherFiles(t *testing.T) {
	w := newWorld(t)
	w.run(excerpts[1])
	w.run(excerpts[0], excerpts[2], excerpts[1])
	s, rows := w.run(excerpts[0], excerpts[3], excerpts[2], excerpts[1])
	require.Zero(t, s.Refusals["differs"])
	whole := newWorld(t)
	whole.run(excerpts...)
	ids := func(w *world) []string {
		var list []string
		for _, e := range w.events() {
			list = append(list, e.ID.String())
		}
		return slices.Sorted(slices.Values(list))
	}
	require.Equal(t, ids(whole), ids(w))
	require.NotEmpty(t, rows)
}

var errBroken = errors.New("the disk is gone")

// breaking is a store that fails for good after some appends, before or after the last of them
// took effect.
type breaking struct {
	ledger.Streams
	left int
	late bool
}

func (b *breaking) Append(ctx context.Context, s ledger.StreamID, v ledger.Version, events []ledger.Proposed) (ledger.Position, error) {
	b.left--
	if b.left == 0 && b.late {
		_, err := b.Streams.Append(ctx, s, v, events)
		return ledger.Position{}, errors.Join(err, errBroken)
	}
	if b.left <= 0 {
		return ledger.Position{}, errBroken
	}
	return b.Streams.Append(ctx, s, v, events)
}

func (b *breaking) Read(ctx context.Context, s ledger.StreamID, after ledger.Version) iter.Seq2[ledger.Recorded, error] {
	if b.left <= 0 {
		return func(yield func(ledger.Recorded, error) bool) { yield(ledger.Recorded{}, errBroken) }
	}
	return b.Streams.Read(ctx, s, after)
}

func TestInterrupted(t *testing.T) {
	undisturbed := newWorld(t)
	undisturbed.run(excerpts...)
	want := undisturbed.recorded()
	for _, late := range []bool{false, true} {
		for _, n := range []int{1, 74, 480, len(want)} {
			t.Run(fmt.Sprint(n, late), func(t *testing.T) {
				w := newWorld(t)
				w.ledger.Streams = &breaking{w.store, n, late}
				_, err := Run(t.Context(), Local{w.ledger}, NSF, excerpts, w.options())
				require.ErrorIs(t, err, errBroken)
				require.Equal(t, "import-stopped", ledger.CodeOf(err))
				require.ErrorContains(t, err, "safe")
				left, err := os.ReadDir(w.dir)
				require.NoError(t, err)
				require.Empty(t, left, "half a report is none")
				begun := w.recorded()
				require.Len(t, begun, map[bool]int{false: n - 1, true: n}[late])
				for i, e := range begun {
					require.Equal(t, want[i], e, "a beginning of the whole")
				}

				w.ledger.Streams = w.store
				w.run(excerpts...)
				require.Equal(t, want, w.recorded())
			})
		}
	}
}

func TestCancelled(t *testing.T) {
	undisturbed := newWorld(t)
	undisturbed.run(excerpts...)
	for n := range 5 {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		o, calls := w.options(), 0
		if n == 0 {
			cancel()
		}
		o.Progress = func(done, total int) {
			require.Equal(t, 264, total)
			if calls++; calls == n {
				cancel()
			}
		}
		s, err := Run(ctx, Local{w.ledger}, NSF, excerpts, o)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, "import-stopped", ledger.CodeOf(err))
		require.Len(t, s.Files, n)
		require.Equal(t, n, calls)
		w.run(excerpts...)
		require.Equal(t, undisturbed.recorded(), w.recorded())
		cancel()
	}
}

// A window is not the unit of a result: more rows than fit in one, with everything repeated.
func TestManyWindows(t *testing.T) {
	w := newWorld(t)
	rows := make([]map[string]string, 0, 2*window+2)
	for i := range window + 1 {
		rows = append(rows, map[string]string{"AwardID": fmt.Sprintf("%07d", i)})
	}
	rows = append(rows, rows...)
	path := w.file("awards.csv", awards(rows...))
	var progress []int
	o := w.options()
	o.Progress = func(done, _ int) { progress = append(progress, done) }
	s, err := Run(t.Context(), Local{w.ledger}, NSF, []string{path}, o)
	require.NoError(t, err)
	require.Equal(t, []int{256, 512, 514}, progress)
	require.Equal(t, Tally{Recorded: window + 1}, s.Commands["project/propose"])
	require.Equal(t, 2*window+2, s.Total.Accepted)
	require.Equal(t, window+1, s.Total.New)
}

func TestDifferentStreamsInOneCall(t *testing.T) {
	w := newWorld(t)
	_, err := Run(t.Context(), apart{t, Local{w.ledger}}, NSF, excerpts, w.options())
	require.NoError(t, err)
}

// apart holds a run to the port's contract.
type apart struct {
	t  *testing.T
	to Ledger
}

func (a apart) Do(ctx context.Context, requests []ledger.Request) []Outcome {
	seen := map[uuid.UUID]bool{}
	for _, r := range requests {
		require.False(a.t, seen[r.ID])
		seen[r.ID] = true
	}
	require.NotEmpty(a.t, requests)
	require.LessOrEqual(a.t, len(requests), window)
	return a.to.Do(ctx, requests)
}

// short is a port that breaks its promise.
type short struct{}

func (short) Do(context.Context, []ledger.Request) []Outcome { return nil }

func TestUnanswered(t *testing.T) {
	w := newWorld(t)
	_, err := Run(t.Context(), short{}, NSF, excerpts, w.options())
	require.Equal(t, "import-stopped", ledger.CodeOf(err))
}

func TestMissingRoleStopsTheRun(t *testing.T) {
	w := newWorld(t)
	o := w.options()
	o.Approver.Roles = []ledger.Role{ledger.PM}
	_, err := Run(t.Context(), Local{w.ledger}, NSF, excerpts, o)
	require.Equal(t, ledger.KindDenied, ledger.KindOf(err))
}

func TestRefusedBeforeAnythingIsWritten(t *testing.T) {
	good := awards(nil)
	for name, c := range map[string]struct {
		files  map[string]string
		change func(*Options)
		say    []string
	}{
		"no file":         {nil, nil, []string{"AwardID, AwardTitle", "award_id, firm_name"}},
		"missing columns": {map[string]string{"a.csv": strings.Replace(good, "AwardAmount", "Amount", 1), "b.csv": good}, nil, []string{"a.csv", "lacks AwardAmount"}},
		"another table":   {map[string]string{"a.csv": good, "b.csv": "name,age\nx,1\n"}, nil, []string{"b.csv", "none of the known columns"}},
		"empty":           {map[string]string{"b.csv": ""}, nil, []string{"b.csv"}},
		"UTF-16":          {map[string]string{"b.csv": "\xff\xfeA\x00w\x00"}, nil, []string{"b.csv", "UTF-8"}},
		"column twice":    {map[string]string{"a.csv": "Year," + good}, nil, []string{"Year stands there 2 times"}},
		"no day stated":   {map[string]string{"a.csv": good}, func(o *Options) { o.StatedOn = ledger.Date{Year: 2024} }, []string{"the day on which"}},
		"one pair of eyes": {map[string]string{"a.csv": good}, func(o *Options) { o.Approver.Handle = o.Preparer.Handle },
			[]string{"two principals"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			var files []string
			for _, name := range slices.Sorted(maps.Keys(c.files)) {
				files = append(files, w.file(name, c.files[name]))
			}
			o := w.options()
			if c.change != nil {
				c.change(&o)
			}
			_, err := Run(t.Context(), Local{w.ledger}, NSF, files, o)
			require.Equal(t, ledger.KindInvalid, ledger.KindOf(err))
			for _, text := range c.say {
				require.ErrorContains(t, err, text)
			}
			require.Empty(t, w.events())
			require.NoFileExists(t, o.Report)
		})
	}
	w := newWorld(t)
	_, err := Run(t.Context(), Local{w.ledger}, NSF, []string{filepath.Join(w.dir, "none.csv")}, w.options())
	require.ErrorIs(t, err, os.ErrNotExist)
	o := w.options()
	o.Report = filepath.Join(w.dir, "none", "report.csv")
	_, err = Run(t.Context(), Local{w.ledger}, NSF, []string{w.file("a.csv", good)}, o)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Empty(t, w.events())
}

func TestFileThatChanges(t *testing.T) {
	w := newWorld(t)
	one, two := w.file("1.csv", awards(nil)), w.file("2.csv", awards(map[string]string{"AwardID": "7654321"}))
	o := w.options()
	o.Progress = func(done, _ int) { w.file("2.csv", awards(map[string]string{"AwardID": "7654321"}, nil)) }
	_, err := Run(t.Context(), Local{w.ledger}, NSF, []string{one, two}, o)
	require.ErrorContains(t, err, "changed while it was read")
}

func TestFaultyFile(t *testing.T) {
	w := newWorld(t)
	text := strings.ReplaceAll(bom+awards(nil, map[string]string{"AwardID": "1000001"}, map[string]string{"AwardID": "1000002"}), "\n", "\r\n")
	lines := strings.SplitAfter(text, "\r\n")
	lines = slices.Insert(lines, 2, "1000003,\"SBIR\" Phase I\r\n", "1000004,\xd6\xd0\xb9\xfa"+strings.Repeat(",", len(awardColumns)-2)+"\r\n", "1000005,\r\n", "\r\n")
	s, rows := w.run(w.file("a.csv", strings.Join(lines, "")))
	require.Equal(t, map[string]int{"csv-quotes": 1, "not-utf-8": 1, "csv-fields": 1}, s.Refusals)
	require.Equal(t, []Count{{File: s.Files[0].File, Kind: "award", Batch: s.Files[0].Batch, Read: 6, Accepted: 3, New: 3, Refused: 3}}, s.Files)
	var at []int
	for _, row := range rows {
		at = append(at, row.Line)
	}
	require.Equal(t, []int{2, 3, 4, 5, 7, 8}, at)
	require.Contains(t, rows[2].Reason.En, "GBK")

	o := w.options()
	o.Report = ""
	_, err := Run(t.Context(), Local{w.ledger}, NSF, []string{s.Files[0].File}, o)
	require.NoError(t, err, "a run without a report")
}

func TestGuard(t *testing.T) {
	for in, out := range map[string]string{"": "", "a=1": "a=1", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx"} {
		require.Equal(t, out, guard(in))
	}
	w := newWorld(t)
	_, rows := w.run(w.file("a.csv", awards(map[string]string{"AwardID": "=cmd()"})))
	require.Equal(t, "'=cmd()", rows[0].Key)
	text, err := os.ReadFile(w.options().Report)
	require.NoError(t, err)
	require.Equal(t, strings.Count(string(text), "\n"), strings.Count(string(text), "\r\n"))
}
