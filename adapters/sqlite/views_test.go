package sqlite_test

import (
	stdcontext "context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ttledger/adapters/memory"
	"ttledger/adapters/sqlite"
	"ttledger/domain"
	"ttledger/domain/ledger"
	"ttledger/domain/organisation"
	"ttledger/domain/person"
	"ttledger/domain/project"
	"ttledger/projections"
)

var (
	aggregates = domain.Aggregates()
	ledgerID   = uuid.MustParse("6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11")
	theNow     = time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
)

func now() time.Time { return theNow }

func decode(name string, data []byte) (ledger.Event, error) {
	return ledger.Decode(aggregates, name, data)
}

// desk is a memory ledger with read models in SQLite.
type desk struct {
	store  *memory.Store
	views  *sqlite.Views
	runner *projections.Runner
}

func newDesk(t require.TestingT, path string, views []projections.View) *desk {
	d := &desk{store: memory.New(now)}
	var err error
	d.views, err = sqlite.OpenViews(path, ledgerID, views, now)
	require.NoError(t, err)
	d.runner = d.newRunner(t, views, false)
	return d
}

func (d *desk) newRunner(t require.TestingT, views []projections.View, fresh bool) *projections.Runner {
	generation, err := d.views.Generation(fresh)
	require.NoError(t, err)
	return &projections.Runner{Feed: d.store, Streams: d.store, Docs: generation, Views: views, Decode: decode, Log: slog.New(slog.DiscardHandler)}
}

// record appends an event as it is, past any rule: views must be right for every history.
func (d *desk) record(t require.TestingT, s ledger.StreamID, on ledger.Date, e ledger.Event) {
	version := ledger.Version(0)
	for r, err := range d.store.Read(context(t), s, 0) {
		require.NoError(t, err)
		version = r.Version
	}
	data, err := json.Marshal(e)
	require.NoError(t, err)
	command := uuid.New()
	_, err = d.store.Append(context(t), s, version, []ledger.Proposed{{
		ID: ledger.EventID(s, command, 0), Type: e.EventType(), Data: data,
		Meta: ledger.Metadata{Ledger: ledgerID, Command: command, Correlation: command, Actor: "li.wei", Role: ledger.PM, OccurredOn: on, Source: ledger.Source{Kind: "api"}},
	}})
	require.NoError(t, err)
}

// all is every fact of the store, numbered.
func (d *desk) all(t require.TestingT) []projections.Fact {
	var facts []projections.Fact
	for batch, err := range d.store.Follow(context(t), ledger.Position{}) {
		require.NoError(t, err)
		for _, r := range batch.Events {
			e, err := decode(r.Type, r.Data)
			require.NoError(t, err)
			facts = append(facts, projections.Fact{Recorded: r, Event: e, Entry: ledger.Entry(len(facts) + 1)})
		}
		if batch.Live {
			break
		}
	}
	return facts
}

// rowsAt reads a whole view at a moment, in pages of a few rows.
func rowsAt(t require.TestingT, views *sqlite.Views, view string, at projections.At) map[string][]any {
	rows := map[string][]any{}
	q := projections.Query{View: view, At: at, Limit: 7}
	for {
		page, err := views.Query(context(t), q)
		require.NoError(t, err)
		for _, r := range page.Rows {
			require.NotContains(t, rows, r[0], "one row a key and moment")
			rows[r[0].(string)] = r[1:]
		}
		if page.Next == "" {
			return rows
		}
		q.After = page.Next
	}
}

// rowsInHistory reads a moment as a reporting tool would, from the SQL view of all rows.
func rowsInHistory(t require.TestingT, conn *zombiezen.Conn, v projections.View, at projections.At) map[string][]any {
	names := []string{"key"}
	for _, c := range v.Columns {
		names = append(names, `"`+c.Name+`"`)
	}
	rows := map[string][]any{}
	query := fmt.Sprintf("SELECT %s FROM v_%s_history WHERE valid_from <= ?1 AND ?1 < valid_to AND known_from <= ?2 AND ?2 < known_to",
		strings.Join(names, ", "), strings.ReplaceAll(v.Name, "-", "_"))
	err := sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: []any{at.AsOf.String(), int64(at.KnownAt)}, ResultFunc: func(s *zombiezen.Stmt) error {
		require.NotContains(t, rows, s.ColumnText(0), "one row a key and moment")
		var row []any
		for i := 1; i < s.ColumnCount(); i++ {
			switch s.ColumnType(i) {
			case zombiezen.TypeInteger:
				row = append(row, s.ColumnInt64(i))
			case zombiezen.TypeText:
				row = append(row, s.ColumnText(i))
			default:
				row = append(row, nil)
			}
		}
		rows[s.ColumnText(0)] = row
		return nil
	}})
	require.NoError(t, err)
	return rows
}

var drawDate = rapid.Custom(func(t *rapid.T) ledger.Date {
	d := ledger.Day(rapid.IntRange(2019, 2021).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 28).Draw(t, "day"))
	switch rapid.IntRange(0, 5).Draw(t, "precision") {
	case 0:
		d.Month, d.Day = 0, 0
	case 1:
		d.Day = 0
	}
	return d
})

var drawEvent = rapid.Custom(func(t *rapid.T) ledger.Event {
	organisationID := func() uuid.UUID { return thing(rapid.IntRange(0, 2).Draw(t, "organisation")) }
	money := ledger.Money{Minor: rapid.Int64Range(1, 1e12).Draw(t, "minor"), Currency: "CNY"}
	switch rapid.IntRange(0, 11).Draw(t, "kind") {
	case 0, 1:
		return project.ProjectProposed{Titles: ledger.Names{En: "Cold sintering", Zh: "冷烧结"}, Tags: []string{"a"}, Budget: &money,
			Milestones: []project.Milestone{{Code: rapid.SampledFrom([]string{"M1", "M2"}).Draw(t, "milestone"), Names: ledger.Names{Zh: "样品"}, Due: ledger.Day(2020, 5, 1)}},
			Parties:    []project.Party{{Organisation: organisationID(), Part: "owner"}}}
	case 2:
		return project.ProjectApproved{Body: "committee"}
	case 3, 4, 5:
		decision := rapid.SampledFrom([]string{"go", "hold", "recycle", "kill"}).Draw(t, "decision")
		return project.StageGateDecided{Gate: project.Gate(rapid.IntRange(0, 5).Draw(t, "gate")), Decision: decision,
			After: &project.Readiness{Scale: "ISO16290", Level: rapid.IntRange(1, 9).Draw(t, "level")}}
	case 6:
		return project.MilestoneVerified{Milestone: rapid.SampledFrom([]string{"M1", "M2"}).Draw(t, "milestone"), Result: rapid.SampledFrom([]string{"partly", "waived"}).Draw(t, "result"), Due: ledger.Day(2020, 5, 1)}
	case 7:
		return project.FundingAgreed{Amount: money}
	case 8:
		return project.PartyJoined{Party: project.Party{Organisation: organisationID(), Part: "partner"}}
	case 9:
		return project.IndustrialisationConfirmed{Site: "Tiexi", Start: drawDate.Draw(t, "start")}
	case 10:
		return project.ProjectTerminated{Ground: "market"}
	}
	return project.ProjectCompleted{Acceptance: "A-1"}
})

var drawPerson = rapid.Custom(func(t *rapid.T) ledger.Event {
	text := ledger.SealedText(thing(0), "name", rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "sealed"))
	class := rapid.SampledFrom([]string{"applicant", "appointee", "payee", "panel"}).Draw(t, "class")
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0, 1:
		return person.Enrolled{Name: text, Notice: "PN-1", Basis: "consent", Retention: class, Consents: []string{"processing"}}
	case 2:
		return person.Amended{Name: text}
	case 3:
		return person.ConsentWithdrawn{Purpose: "processing"}
	case 4:
		return person.Classified{Retention: class, Basis: "contract"}
	case 5, 6:
		return person.PurposeEnded{Retention: class}
	case 7:
		return person.LegalHoldPlaced{Case: "LAO-1"}
	case 8:
		return person.ErasureProposed{Ground: "unlawful"}
	}
	return person.DataErased{Ground: "unlawful"}
})

func thing(n int) uuid.UUID { return uuid.NewSHA1(ledgerID, []byte{byte(n)}) }

// TestAnyMomentEqualsReplay is the law of read models: whatever was recorded, in whatever order
// of dates, every view and report at any (T, K) is what folding from zero gives.
func TestAnyMomentEqualsReplay(t *testing.T) {
	views := projections.Views()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "pieces"), 1))
		path := filepath.Join(t.TempDir(), fmt.Sprintf("views-%d.db", n))
		d := newDesk(rt, path, views)
		defer d.views.Close()
		for range rapid.IntRange(1, 5).Draw(rt, "batches") {
			for range rapid.IntRange(1, 12).Draw(rt, "events") {
				switch rapid.IntRange(0, 9).Draw(rt, "what") {
				case 7, 8, 9:
					s := ledger.StreamID{Category: "contract", ID: thing(rapid.IntRange(0, 1).Draw(rt, "stream"))}
					d.record(rt, s, drawDate.Draw(rt, "on"), drawContract.Draw(rt, "event"))
				case 2:
					d.correct(rt)
				case 0:
					s := ledger.StreamID{Category: "organisation", ID: thing(rapid.IntRange(0, 2).Draw(rt, "stream"))}
					d.record(rt, s, drawDate.Draw(rt, "on"), organisation.Registered{Names: ledger.Names{Zh: "沈鼓"}, Kind: "company"})
				case 1:
					s := ledger.StreamID{Category: "person", ID: thing(rapid.IntRange(0, 2).Draw(rt, "stream"))}
					d.record(rt, s, drawDate.Draw(rt, "on"), drawPerson.Draw(rt, "event"))
				default:
					s := ledger.StreamID{Category: "project", ID: thing(rapid.IntRange(0, 2).Draw(rt, "stream"))}
					d.record(rt, s, drawDate.Draw(rt, "on"), drawEvent.Draw(rt, "event"))
				}
			}
			// In pieces, so that one is folded while the one before is saved.
			d.runner.Feed, d.runner.Gather = trickle{d.store, random}, 1
			facts := ledger.Entry(len(d.all(rt)))
			for d.runner.Status().Checkpoint.Entry < facts {
				require.NoError(rt, d.runner.CatchUp(context(rt)))
			}
		}
		facts := d.all(rt)
		if len(facts) == 0 {
			return // corrections of nothing
		}
		tool, err := zombiezen.OpenConn(path, zombiezen.OpenReadOnly)
		require.NoError(rt, err)
		defer tool.Close()
		for range 8 {
			at := projections.At{
				AsOf:    drawDate.Draw(rt, "T").Last(),
				KnownAt: ledger.Entry(rapid.IntRange(1, len(facts)).Draw(rt, "K")),
			}
			if rapid.Bool().Draw(rt, "on the day of a fact") {
				at.AsOf = rapid.SampledFrom(facts).Draw(rt, "fact").Meta.OccurredOn.First()
			}
			replay := replayedAll(t, facts, at)
			for _, v := range views {
				rows := replay[v.Name]
				require.Equal(rt, rows, rowsAt(rt, d.views, v.Name, at), "%s at %v", v.Name, at)
				require.Equal(rt, rows, rowsInHistory(rt, tool, v, at), "%s at %v, by SQL", v.Name, at)
			}
			steps, books := replay[projections.ProjectSteps.Name], booksOf(replay, at.AsOf)
			for _, r := range reckoned() {
				page, err := d.views.Report(context(rt), r.Code, nil, at)
				require.NoError(rt, err)
				require.Equal(rt, naively(r.Code, steps, books), page.Rows, "%s at %v", r.Code, at)
				for _, row := range page.Rows {
					require.Len(rt, row, len(page.Columns))
				}
			}
		}
	})
}

// TestReportsOverManyProjects holds the figures that need several projects, which short histories
// seldom have.
func TestReportsOverManyProjects(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "views.db"), projections.Views())
	defer d.views.Close()
	random := rand.New(rand.NewPCG(5, 6))
	for i := range 60 {
		s := ledger.StreamID{Category: "project", ID: thing(i)}
		on := ledger.Day(2019, time.Month(1+random.IntN(12)), 1+random.IntN(28))
		step := func(e ledger.Event) {
			on = ledger.DayOf(time.Date(int(on.Year), time.Month(on.Month), int(on.Day)+random.IntN(90), 12, 0, 0, 0, ledger.Zone))
			d.record(t, s, on, e)
		}
		step(project.ProjectProposed{Titles: ledger.Names{Zh: "冷烧结"}})
		for _, e := range []ledger.Event{
			project.ProjectApproved{Body: "x"}, project.StageGateDecided{Gate: 3, Decision: "hold", HoldUntil: ledger.Day(2030, 1, 1)},
			project.StageGateDecided{Gate: 3, Decision: "go"}, project.IndustrialisationConfirmed{Site: "x", Start: on}, project.ProjectCompleted{Acceptance: "x"},
		}[:random.IntN(6)] {
			step(e)
		}
	}
	require.NoError(t, d.runner.CatchUp(t.Context()))
	facts := d.all(t)
	for _, asOf := range []ledger.Date{ledger.Day(2019, 6, 30), ledger.Day(2019, 12, 31), ledger.Day(2020, 6, 30), ledger.Day(2022, 1, 1)} {
		at := projections.At{AsOf: asOf, KnownAt: ledger.Entry(len(facts))}
		replay := replayedAll(t, facts, at)
		steps, books := replay[projections.ProjectSteps.Name], booksOf(replay, at.AsOf)
		for _, r := range reckoned() {
			page, err := d.views.Report(t.Context(), r.Code, nil, at)
			require.NoError(t, err)
			require.Equal(t, naively(r.Code, steps, books), page.Rows, "%s as of %s", r.Code, asOf)
		}
	}
}

// lossy is a Docs that fails saves before and after they take effect.
type lossy struct {
	projections.Docs
	random *rand.Rand
}

var errLost = errors.New("lost")

func (l lossy) Save(ctx ctx, from ledger.Entry, c projections.Changes) error {
	switch l.random.IntN(3) {
	case 0:
		return errLost
	case 1:
		if err := l.Docs.Save(ctx, from, c); err != nil {
			return err
		}
		return errLost
	}
	return l.Docs.Save(ctx, from, c)
}

func TestSavesLostBeforeAndAfterEffectChangeNothing(t *testing.T) {
	views := projections.Views()
	d := newDesk(t, filepath.Join(t.TempDir(), "views.db"), views)
	defer d.views.Close()
	random := rand.New(rand.NewPCG(1, 2))
	d.runner.Docs = lossy{d.runner.Docs, random}
	for i := range 400 {
		s := ledger.StreamID{Category: "project", ID: thing(i % 5)}
		d.record(t, s, ledger.Day(2020, time.Month(random.IntN(12)+1), 3), project.FundingAgreed{Amount: ledger.Money{Minor: int64(i + 1), Currency: "CNY"}})
		if i%40 == 0 {
			for d.runner.CatchUp(t.Context()) != nil {
			}
		}
	}
	for d.runner.CatchUp(t.Context()) != nil {
	}
	facts := d.all(t)
	at := projections.At{AsOf: ledger.Day(2026, 1, 1), KnownAt: ledger.Entry(len(facts))}
	for _, v := range views {
		require.Equal(t, replayed(t, v, facts, at), rowsAt(t, d.views, v.Name, at), v.Name)
	}
}

func TestTwoRunnersCannotBothAdvance(t *testing.T) {
	views := projections.Views()
	d := newDesk(t, filepath.Join(t.TempDir(), "views.db"), views)
	defer d.views.Close()
	d.record(t, ledger.StreamID{Category: "project", ID: thing(1)}, ledger.Day(2020, 1, 1), project.ProjectApproved{Body: "x"})
	generation, err := d.views.Generation(false)
	require.NoError(t, err)
	stale := projections.Changes{Entries: []projections.Located{{Entry: 1, Stream: ledger.StreamID{Category: "project", ID: thing(1)}, Version: 1}}}
	require.NoError(t, d.runner.CatchUp(t.Context()))
	require.Equal(t, ledger.KindConflict, ledger.KindOf(generation.Save(t.Context(), 0, stale)))
}

func TestAPoisonEventStopsTheRunnerAndALaterReleaseGoesOn(t *testing.T) {
	views := projections.Views()
	d := newDesk(t, filepath.Join(t.TempDir(), "views.db"), views)
	defer d.views.Close()
	good := ledger.StreamID{Category: "project", ID: thing(1)}
	d.record(t, good, ledger.Day(2020, 1, 1), project.ProjectApproved{Body: "x"})
	require.NoError(t, d.runner.CatchUp(t.Context()))
	d.record(t, ledger.StreamID{Category: "project", ID: thing(2)}, ledger.Day(2020, 1, 1), unknown{})
	d.record(t, good, ledger.Day(2020, 1, 2), project.FundingAgreed{Amount: ledger.Money{Minor: 1, Currency: "CNY"}})

	err := d.runner.Run(t.Context())
	stuck, ok := errors.AsType[*projections.Undecodable](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, ledger.Entry(2), stuck.Entry)
	require.Equal(t, ledger.Version(1), stuck.Version)
	require.Equal(t, ledger.StreamID{Category: "project", ID: thing(2)}, stuck.Stream)
	require.True(t, d.runner.Status().Stopped)
	require.Equal(t, ledger.Entry(1), d.runner.Status().Checkpoint.Entry, "nothing after the poison event is folded")

	d.runner.Decode = func(name string, data []byte) (ledger.Event, error) {
		if name == (unknown{}).EventType() {
			return unknown{}, nil
		}
		return decode(name, data)
	}
	require.NoError(t, d.runner.CatchUp(t.Context()))
	require.Equal(t, ledger.Entry(3), d.runner.Status().Checkpoint.Entry)
}

type unknown struct{}

func (unknown) EventType() string { return "project.from-the-future.v1" }

func TestAChangedFoldIsBuiltBesideTheOldWhileReadsGoOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views.db")
	old := []projections.View{counter(1, 1)}
	d := newDesk(t, path, old)
	for i := range 300 {
		d.record(t, ledger.StreamID{Category: "project", ID: thing(i % 7)}, ledger.Day(2020, 1, 1), project.ProjectApproved{Body: "x"})
	}
	require.NoError(t, d.runner.CatchUp(t.Context()))
	require.NoError(t, d.views.Close())

	changed := []projections.View{counter(2, 1000)}
	var err error
	d.views, err = sqlite.OpenViews(path, ledgerID, changed, now)
	require.NoError(t, err)
	defer d.views.Close()
	runner := d.newRunner(t, changed, false)

	// Readers see all rows of the one or all of the other, never a mixture.
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 3 {
		readers.Go(func() {
			for {
				var total int64
				for _, row := range rowsOnce(t, d.views) {
					total += row[1].(int64)
				}
				if total != 300 && total != 300_000 {
					t.Errorf("a mixture: %d", total)
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	require.NoError(t, runner.CatchUp(t.Context()))
	close(stop)
	readers.Wait()
	var total int64
	for _, row := range rowsOnce(t, d.views) {
		total += row[1].(int64)
	}
	require.Equal(t, int64(300_000), total, "the new fold serves")
}

func rowsOnce(t *testing.T, views *sqlite.Views) [][]any {
	page, err := views.Query(t.Context(), projections.Query{View: "counter", Limit: 1000})
	if err != nil {
		t.Error(err)
	}
	return page.Rows
}

type counterRow struct {
	Count int64 `en:"count" zh:"计数"`
}

func counter(version int, step int64) projections.View {
	return projections.NewView(projections.Spec[counterRow]{
		Name: "counter", Version: version, Roles: projections.Readers,
		Keys: func(f projections.Fact) []string { return []string{f.Stream.String()} },
		Fold: func(r counterRow, _ string, _ projections.Fact) counterRow { r.Count += step; return r },
	})
}

func TestQueriesSayWhatIsWrong(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "views.db"), projections.Views())
	defer d.views.Close()
	d.record(t, ledger.StreamID{Category: "project", ID: thing(1)}, ledger.Day(2020, 1, 1), project.ProjectApproved{Body: "x"})
	require.NoError(t, d.runner.CatchUp(t.Context()))
	board := projections.Query{View: "project-board", Limit: 5}
	for name, c := range map[string]struct {
		change func(*projections.Query)
		code   string
	}{
		"an unknown view": {func(q *projections.Query) { q.View = "nothing" }, "no-such-view"},
		"an unknown column": {func(q *projections.Query) {
			q.Where = []projections.Where{{Column: "x", Op: "eq", Values: []string{"1"}}}
		}, "no-such-column"},
		"an unknown sort": {func(q *projections.Query) {
			q.Sort = []projections.Sort{{Column: "x; DROP TABLE g1", Descending: false}}
		}, "no-such-column"},
		"text for a number": {func(q *projections.Query) {
			q.Where = []projections.Where{{Column: "version", Op: "gte", Values: []string{"many"}}}
		}, "filter"},
		"an unknown operator": {func(q *projections.Query) {
			q.Where = []projections.Where{{Column: "version", Op: "ne", Values: []string{"1"}}}
		}, "filter"},
		"a moment to come":      {func(q *projections.Query) { q.At.KnownAt = 99 }, "beyond"},
		"a foreign cursor":      {func(q *projections.Query) { q.After = "bm90aGluZw" }, "cursor"},
		"a page without a size": {func(q *projections.Query) { q.Limit = 0 }, "limit"},
	} {
		q := board
		c.change(&q)
		_, err := d.views.Query(t.Context(), q)
		require.Equal(t, c.code, ledger.CodeOf(err), name)
	}
}

func TestKnownAtFindsTheLastEntryNotAfterAnInstant(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "views.db"), projections.Views())
	defer d.views.Close()
	start := theNow
	defer func() { theNow = start }()
	for i := range 20 {
		theNow = start.Add(time.Duration(i/2) * time.Minute)
		d.record(t, ledger.StreamID{Category: "project", ID: thing(i)}, ledger.Day(2020, 1, 1), project.ProjectApproved{Body: "x"})
	}
	require.NoError(t, d.runner.CatchUp(t.Context()))
	for i := range 10 {
		entry, err := d.views.KnownAt(t.Context(), start.Add(time.Duration(i)*time.Minute))
		require.NoError(t, err)
		require.Equal(t, ledger.Entry(2*i+2), entry)
	}
	entry, err := d.views.KnownAt(t.Context(), start.Add(-time.Second))
	require.NoError(t, err)
	require.Zero(t, entry)
}

func TestSortedPagesFitTogetherAtOneMoment(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "views.db"), projections.Views())
	defer d.views.Close()
	for i := range 23 {
		d.record(t, ledger.StreamID{Category: "project", ID: thing(i)}, ledger.Day(2020, 1, 1), project.FundingAgreed{Amount: ledger.Money{Minor: int64(100 - i%5), Currency: "CNY"}})
	}
	require.NoError(t, d.runner.CatchUp(t.Context()))
	q := projections.Query{View: "project-board", Limit: 4, Sort: []projections.Sort{{Column: "funding_minor", Descending: true}}}
	var amounts []int64
	keys := map[any]bool{}
	for {
		page, err := d.views.Query(t.Context(), q)
		require.NoError(t, err)
		at := slices.IndexFunc(page.Columns, func(c projections.Column) bool { return c.Name == "funding_minor" })
		for _, r := range page.Rows {
			amounts, keys[r[0]] = append(amounts, r[at].(int64)), true
		}
		// What is recorded between two pages does not show in them.
		d.record(t, ledger.StreamID{Category: "project", ID: uuid.New()}, ledger.Day(2020, 1, 1), project.FundingAgreed{Amount: ledger.Money{Minor: 1000, Currency: "CNY"}})
		require.NoError(t, d.runner.CatchUp(t.Context()))
		if page.Next == "" {
			break
		}
		q.After = page.Next
	}
	require.Len(t, keys, 23)
	require.True(t, slices.IsSortedFunc(amounts, func(a, b int64) int { return int(b - a) }))
}

// trickle is a feed in batches of a few events, some said to be the last for now, so that a
// runner saves often.
type trickle struct {
	projections.Feed
	random *rand.Rand
}

func (f trickle) Follow(ctx ctx, after ledger.Position) iter.Seq2[projections.Batch, error] {
	return func(yield func(projections.Batch, error) bool) {
		for batch, err := range f.Feed.Follow(ctx, after) {
			for err == nil && len(batch.Events) > 0 {
				n := min(len(batch.Events), 1+f.random.IntN(4))
				some := projections.Batch{Events: batch.Events[:n], Through: batch.Events[n-1].Position, Live: f.random.IntN(4) == 0}
				if !yield(some, nil) {
					return
				}
				batch.Events = batch.Events[n:]
			}
			if !yield(batch, err) || err != nil {
				return
			}
		}
	}
}

// mortal is a Docs at whose saves the runner dies, before they took effect or after.
type mortal struct {
	projections.Docs
	random *rand.Rand
}

func (m mortal) Save(ctx ctx, from ledger.Entry, c projections.Changes) error {
	switch m.random.IntN(4) {
	case 0:
		return errLost
	case 1:
		if err := m.Docs.Save(ctx, from, c); err != nil {
			return err
		}
		return errLost
	}
	return m.Docs.Save(ctx, from, c)
}

func TestReadModelsKilledAThousandTimesEqualThoseThatNeverWere(t *testing.T) {
	const kills = 1000
	views, random, path := projections.Views(), rand.New(rand.NewPCG(3, 4)), filepath.Join(t.TempDir(), "views.db")
	death := rand.New(rand.NewPCG(5, 6)) // its own, because a save runs beside the feed
	d := newDesk(t, path, views)
	for i := range 1500 {
		s := ledger.StreamID{Category: "project", ID: thing(i % 40)}
		d.record(t, s, ledger.Day(2018+random.IntN(5), time.Month(random.IntN(12)+1), 3), project.FundingAgreed{Amount: ledger.Money{Minor: int64(i + 1), Currency: "CNY"}})
	}
	killed, done := 0, false
	for !done || killed < kills {
		if killed%100 == 0 { // and the file is opened anew now and then
			require.NoError(t, d.views.Close())
			var err error
			d.views, err = sqlite.OpenViews(path, ledgerID, views, now)
			require.NoError(t, err)
		}
		fresh := done // what is left of the thousand kills a rebuild beside the old
		runner := d.newRunner(t, views, fresh)
		runner.Feed, runner.Docs, runner.Gather = trickle{d.store, random}, mortal{runner.Docs, death}, 3
		var died error
		for died == nil && runner.Status().Checkpoint.Entry < 1500 {
			died = runner.CatchUp(t.Context())
		}
		if died != nil {
			require.ErrorIs(t, died, errLost)
			killed++
		}
		done = died == nil
	}
	defer d.views.Close()
	t.Logf("killed %d times", killed)
	facts := d.all(t)
	for _, at := range []projections.At{{AsOf: ledger.Day(2026, 1, 1), KnownAt: 1500}, {AsOf: ledger.Day(2020, 6, 1), KnownAt: 700}} {
		for _, v := range views {
			require.Equal(t, replayed(t, v, facts, at), rowsAt(t, d.views, v.Name, at), v.Name)
		}
	}
}

// A file of an older release is built anew, one of a newer release or of somebody else is refused.
func TestAFileOfAnotherFormat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views.db")
	change := func(sql string) {
		conn, err := zombiezen.OpenConn(path, zombiezen.OpenReadWrite)
		require.NoError(t, err)
		defer conn.Close()
		require.NoError(t, sqlitex.ExecuteScript(conn, sql, nil))
	}
	d := newDesk(t, path, projections.Views())
	d.record(t, ledger.StreamID{Category: "project", ID: thing(1)}, ledger.Day(2021, 6, 15), project.ProjectProposed{Titles: ledger.Names{Zh: "冷烧结"}})
	require.NoError(t, d.runner.CatchUp(t.Context()))
	rows := rowsAt(t, d.views, "project-board", projections.At{})
	require.Len(t, rows, 1)
	require.NoError(t, d.views.Close())

	change(`PRAGMA user_version = 1; DELETE FROM entries; CREATE TABLE "an old one" (a); CREATE VIEW v_old AS SELECT 1`)
	var err error
	d.views, err = sqlite.OpenViews(path, ledgerID, projections.Views(), now)
	require.NoError(t, err)
	_, err = d.views.Checkpoint(t.Context())
	require.Equal(t, "views-building", ledger.CodeOf(err))
	require.NoError(t, d.newRunner(t, projections.Views(), false).CatchUp(t.Context()))
	require.Equal(t, rows, rowsAt(t, d.views, "project-board", projections.At{}))
	require.NoError(t, d.views.Close())

	for _, sql := range []string{"PRAGMA user_version = 3", "PRAGMA user_version = 2; PRAGMA application_id = 7"} {
		change(sql)
		_, err = sqlite.OpenViews(path, ledgerID, projections.Views(), now)
		require.Error(t, err)
	}
}

// However many read, and however slowly, the read models go on.
func TestReadersDoNotHoldTheRunnerUp(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "views.db"), projections.Views())
	defer d.views.Close()
	s := ledger.StreamID{Category: "project", ID: thing(1)}
	d.record(t, s, ledger.Day(2021, 6, 15), project.ProjectProposed{Titles: ledger.Names{Zh: "冷烧结"}})
	require.NoError(t, d.runner.CatchUp(t.Context()))
	waiting, enough := stdcontext.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 20 { // more than there are connections, each held until the end
		readers.Go(func() { _ = d.views.Hold(waiting) })
	}
	d.record(t, s, ledger.Day(2021, 7, 1), project.ProjectApproved{Body: "x"})
	require.NoError(t, d.runner.CatchUp(t.Context()))
	enough()
	readers.Wait()
	require.Len(t, rowsAt(t, d.views, "project-board", projections.At{}), 1)
}

// correct puts some earlier record right: its amount or name where it has one, or else its date.
func (d *desk) correct(rt *rapid.T) {
	facts := slices.DeleteFunc(d.all(rt), func(f projections.Fact) bool { return ledger.IsKeeping(f.Event) })
	if len(facts) == 0 {
		return
	}
	f := rapid.SampledFrom(facts).Draw(rt, "wrong")
	path, value := "/occurred_on", any(drawDate.Draw(rt, "right date"))
	if rapid.Bool().Draw(rt, "what it says") {
		switch f.Event.(type) {
		case organisation.Registered:
			path, value = "/data/names/zh", rapid.SampledFrom([]string{"沈鼓", "机床"}).Draw(rt, "name")
		case project.FundingAgreed:
			path, value = "/data/amount/minor", rapid.IntRange(1, 9).Draw(rt, "amount")
		}
	}
	text, err := json.Marshal(value)
	require.NoError(rt, err)
	d.record(rt, f.Stream, ledger.DayOf(theNow), ledger.RecordCorrected{Event: f.ID, Type: f.Type, Path: path, Old: "0", New: string(text), Ground: "mistyped"})
}

// replayed folds a view from zero.
func replayed(t *testing.T, v projections.View, facts []projections.Fact, at projections.At) map[string][]any {
	t.Helper()
	rows, err := projections.Replay(v, facts, at, decode)
	require.NoError(t, err)
	return rows
}
