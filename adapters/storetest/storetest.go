// Package storetest is the law of stores: what every implementation of ledger.Streams and
// projections.Feed must do, on real ids, under races and with faults injected. An adapter's
// test calls Run, and Alike to be held against the reference.
package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// Store is what a store adapter offers.
type Store interface {
	ledger.Streams
	projections.Feed
	// Restore appends what was recorded in another store of the same ledger, in the order given
	// and to the byte. KindConflict says that one is not the next of its stream; then neither it
	// nor what follows it was written.
	Restore(ctx context.Context, events []ledger.Recorded) error
}

// Clock is a clock to open stores under test with: it jumps back and forth, in the zone of the
// users. Safe for concurrent use.
func Clock() func() time.Time {
	var ticks atomic.Int64
	start := time.Date(2026, 5, 4, 9, 30, 0, 123456789, ledger.Zone)
	return func() time.Time {
		n := ticks.Add(1)
		return start.Add(time.Duration(n)*time.Second - time.Duration(n%3)*time.Hour)
	}
}

// Run holds a store against the law. open gives an empty store with Clock as its clock, closed
// when the test ends; it is called once a test.
func Run(t *testing.T, open func(t *testing.T) Store) {
	laws := []struct {
		name string
		law  func(t *testing.T, s Store)
	}{
		{"what was appended is read, whole and in order", readsWhatWasAppended},
		{"an append is all or nothing", allOrNothing},
		{"an append without events is invalid", emptyAppendIsInvalid},
		{"every wrong version conflicts", wrongVersionsConflict},
		{"a store that says so refuses an exact repeat", repeatsConflict},
		{"one of 64 racing writers wins", oneWinner},
		{"bytes are kept verbatim", bytesVerbatim},
		{"streams with alike names are apart", alikeNamesAreApart},
		{"reading resumes exactly from any version", readResumes},
		{"who is up to date sees the next event once it is acknowledged", nextIsSeen},
		{"following resumes exactly from any position", followResumes},
		{"positions follow the order of commit", positionsInCommitOrder},
		{"what was recorded is stamped in UTC and never goes back", recordedAtNeverGoesBack},
		{"an empty feed is live at once", emptyFeedIsLive},
		{"a cancelled call is an error", cancelIsAnError},
		{"a cancelled follower gets an error and nothing after it", cancelEndsFollowing},
		{"leaving a loop frees the cursor", breakFreesTheCursor},
		{"the feed goes live without loss or repeat", feedGoesLive},
		{"every command takes effect once in spite of faults", onceInSpiteOfFaults},
		{"one of 64 racing claimants has the key, until it gives it up", oneClaimant},
		{"64 racing claimants never hold more than there is", neverTooMuch},
		{"a claimant that is slow loses to who comes after", theSlowClaimantLoses},
		{"a claim whose claimant crashed is taken over", whatACrashLeftIsTakenOver},
		{"a key has one holder in spite of faults", claimsInSpiteOfFaults},
		{"what was recorded elsewhere is restored to the byte", restoresToTheByte},
		{"what is not next is not restored", restoresOnlyWhatIsNext},
	}
	for _, l := range laws {
		t.Run(l.name, func(t *testing.T) { l.law(t, open(t)) })
	}
}

// patience bounds what a store may take that has lost or forgotten something.
const patience = 30 * time.Second

var ledgerID = uuid.MustParse("0197a3d2-5b1c-7c3e-9f00-3f1f2a6b7c8d")

func newStream() ledger.StreamID { return ledger.StreamID{Category: "project", ID: uuid.New()} }

// event is one as a command would make it.
func event(data string) ledger.Proposed {
	command := uuid.New()
	return ledger.Proposed{ID: uuid.New(), Type: "project.noted.v1", Data: []byte(data), Meta: ledger.Metadata{
		Ledger: ledgerID, Command: command, Digest: strings.Repeat("5e", 32), Actor: "ada", Role: ledger.PM,
		Correlation: command, OccurredOn: ledger.Date{Year: 2026, Month: 5}, Source: ledger.Source{Kind: "api"},
		Policy: &ledger.Policy{Code: "p-1", Version: "2026-01"}, ReliedOn: []ledger.Relied{{Stream: newStream(), Version: 3}},
	}}
}

func events(n int) []ledger.Proposed {
	var list []ledger.Proposed
	for i := range n {
		list = append(list, event(fmt.Sprintf(`{"n":%d}`, i)))
	}
	return list
}

func put(t *testing.T, s Store, stream ledger.StreamID, expected ledger.Version, list ...ledger.Proposed) ledger.Position {
	t.Helper()
	position, err := s.Append(t.Context(), stream, expected, list)
	require.NoError(t, err)
	return position
}

func read(t require.TestingT, ctx context.Context, s ledger.Streams, stream ledger.StreamID, after ledger.Version) []ledger.Recorded {
	var list []ledger.Recorded
	for r, err := range s.Read(ctx, stream, after) {
		require.NoError(t, err)
		list = append(list, r)
	}
	return list
}

// drain follows until the feed is live, and checks each batch on the way.
func drain(t require.TestingT, ctx context.Context, s Store, after ledger.Position) []ledger.Recorded {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var list []ledger.Recorded
	for b, err := range s.Follow(ctx, after) {
		require.NoError(t, err)
		require.LessOrEqual(t, len(b.Events), 256)
		list = append(list, b.Events...)
		if len(list) > 0 {
			require.Equal(t, list[len(list)-1].Position, b.Through)
		} else {
			require.Equal(t, after, b.Through)
		}
		if b.Live {
			break
		}
	}
	return list
}

func ids[E any](list []E, id func(E) uuid.UUID) []string {
	out := []string{}
	for _, e := range list {
		out = append(out, id(e).String())
	}
	return out
}

func proposedID(e ledger.Proposed) uuid.UUID { return e.ID }
func recordedID(e ledger.Recorded) uuid.UUID { return e.ID }

// requireStored checks that what came back is what was handed in, with what the store adds.
func requireStored(t require.TestingT, stream ledger.StreamID, after ledger.Version, want []ledger.Proposed, got []ledger.Recorded) {
	require.Equal(t, ids(want, proposedID), ids(got, recordedID))
	for i, r := range got {
		require.Equal(t, stream, r.Stream)
		require.Equal(t, after+ledger.Version(i)+1, r.Version)
		require.Equal(t, want[i].Type, r.Type)
		require.Equal(t, string(want[i].Data), string(r.Data))
		decoded, err := ledger.DecodeMetadata(r.RawMeta)
		require.NoError(t, err)
		require.Equal(t, decoded, r.Meta, "Meta is RawMeta decoded")
		meta := want[i].Meta
		meta.RecordedAt = r.Meta.RecordedAt
		require.Equal(t, meta, r.Meta)
	}
}

func readsWhatWasAppended(t *testing.T, s Store) {
	stream, first, second := newStream(), events(3), events(2)
	put(t, s, stream, 0, first...)
	put(t, s, stream, 3, second...)
	want := slices.Concat(first, second)
	requireStored(t, stream, 0, want, read(t, t.Context(), s, stream, 0))
	feed := drain(t, t.Context(), s, ledger.Position{})
	requireStored(t, stream, 0, want, feed)
	require.Empty(t, read(t, t.Context(), s, newStream(), 0), "a stream that is not there")

	feed[0].Data[0], feed[0].RawMeta[0] = 'x', 'x'
	first[1].Data[0] = 'x'
	again := read(t, t.Context(), s, stream, 0)
	require.Equal(t, `{"n":0} {"n":1}`, string(again[0].Data)+" "+string(again[1].Data), "the store's bytes are its own")
}

func allOrNothing(t *testing.T, s Store) {
	stream := newStream()
	var reader sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	torn := atomic.Int64{}
	reader.Go(func() {
		for ctx.Err() == nil {
			n := int64(0)
			for _, err := range s.Read(t.Context(), stream, 0) {
				if err != nil {
					return
				}
				n++
			}
			if n%3 != 0 {
				torn.Store(n)
			}
		}
	})
	for i := range ledger.Version(20) {
		put(t, s, stream, 3*i, events(3)...)
	}
	_, err := s.Append(t.Context(), stream, 59, events(3))
	require.Equal(t, ledger.KindConflict, ledger.KindOf(err))
	stop()
	reader.Wait()
	require.Zero(t, torn.Load(), "a reader saw part of an append")
	require.Len(t, read(t, t.Context(), s, stream, 0), 60)
	require.Len(t, drain(t, t.Context(), s, ledger.Position{}), 60)
}

func emptyAppendIsInvalid(t *testing.T, s Store) {
	stream := newStream()
	for _, list := range [][]ledger.Proposed{nil, {}} {
		_, err := s.Append(t.Context(), stream, 0, list)
		require.Equal(t, ledger.KindInvalid, ledger.KindOf(err))
	}
	put(t, s, stream, 0, events(1)...)
	_, err := s.Append(t.Context(), stream, 1, nil)
	require.Equal(t, ledger.KindInvalid, ledger.KindOf(err))
}

func repeatsConflict(t *testing.T, s Store) {
	if _, strict := s.(ledger.Strict); !strict {
		return
	}
	stream, list := newStream(), events(2)
	put(t, s, stream, 0, list...)
	_, err := s.Append(t.Context(), stream, 0, list)
	require.Equal(t, ledger.KindConflict, ledger.KindOf(err))
}

func wrongVersionsConflict(t *testing.T, s Store) {
	refused := func(stream ledger.StreamID, wrong ...ledger.Version) {
		t.Helper()
		for _, v := range wrong {
			_, err := s.Append(t.Context(), stream, v, events(2))
			require.Equal(t, ledger.KindConflict, ledger.KindOf(err), "version %d: %v", v, err)
		}
	}
	absent, present := newStream(), newStream()
	refused(absent, 1, 2, 1<<40)
	want := events(2)
	put(t, s, present, 0, want...)
	refused(present, 0, 1, 3, 4, 1<<40)
	require.Empty(t, read(t, t.Context(), s, absent, 0))
	requireStored(t, present, 0, want, drain(t, t.Context(), s, ledger.Position{}))
}

func oneWinner(t *testing.T, s Store) {
	stream := newStream()
	for version := range ledger.Version(4) {
		var won, lost atomic.Int64
		var start, done sync.WaitGroup
		start.Add(1)
		for range 64 {
			done.Go(func() {
				start.Wait()
				_, err := s.Append(t.Context(), stream, version, events(1))
				switch {
				case err == nil:
					won.Add(1)
				case ledger.KindOf(err) == ledger.KindConflict:
					lost.Add(1)
				}
			})
		}
		start.Done()
		done.Wait()
		require.Equal(t, []int64{1, 63}, []int64{won.Load(), lost.Load()}, "winners and losers at version %d", version)
		require.Len(t, read(t, t.Context(), s, stream, 0), int(version)+1)
	}
}

func bytesVerbatim(t *testing.T, s Store) {
	var want []ledger.Proposed
	for _, data := range []string{
		`{}`, ` { "b" : 1 , "a" : 1.50 }` + "\n", `{"a":1,"a":2}`, `{"n":12345678901234567890.10}`,
		`{"zh":"沈阳 新字号","rare":"𠀀𪚥","rtl":"שלום","joined":"👩‍🔬","separators":"` + "\u2028\u2029\ufeff" + `"}`,
		`{"composed":"é","decomposed":"e` + "\u0301" + `","escaped":"\u00e9\u0000\ud83d\ude00<>&'"}`,
		`"` + strings.Repeat("技术", 200_000/6) + `"`,
	} {
		want = append(want, event(data))
	}
	want[1].Meta.Reason, want[2].Meta.Trace = "<&>\u2028'\"", "轨迹"
	stream := newStream()
	put(t, s, stream, 0, want...)
	requireStored(t, stream, 0, want, read(t, t.Context(), s, stream, 0))
	requireStored(t, stream, 0, want, drain(t, t.Context(), s, ledger.Position{}))
}

func alikeNamesAreApart(t *testing.T, s Store) {
	id := uuid.MustParse("6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11")
	next := uuid.MustParse("6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c12")
	streams := []ledger.StreamID{
		{Category: "pro", ID: id}, {Category: "project", ID: id}, {Category: "projects", ID: id},
		{Category: "project", ID: next}, {Category: "Project", ID: id}, {Category: "project", ID: uuid.Nil},
	}
	want := map[ledger.StreamID][]ledger.Proposed{}
	for i, stream := range streams {
		want[stream] = events(i + 1)
		put(t, s, stream, 0, want[stream]...)
	}
	for _, stream := range streams {
		requireStored(t, stream, 0, want[stream], read(t, t.Context(), s, stream, 0))
	}
}

// appendMany appends at least n events, some at once, to the streams in turn.
func appendMany(t *testing.T, s Store, n int, streams ...ledger.StreamID) []ledger.Proposed {
	var all []ledger.Proposed
	versions := map[ledger.StreamID]ledger.Version{}
	for i := 0; len(all) < n; i++ {
		list, stream := events(1+i%7), streams[i%len(streams)]
		put(t, s, stream, versions[stream], list...)
		versions[stream] += ledger.Version(len(list))
		all = append(all, list...)
	}
	return all
}

// resumePoints is every place near the start, the end and where a batch of 256 ends.
func resumePoints(n int) []int {
	var points []int
	for i := range n + 1 {
		if i < 30 || i > n-10 || i > 250 && i < 260 {
			points = append(points, i)
		}
	}
	return points
}

func readResumes(t *testing.T, s Store) {
	stream := newStream()
	all := appendMany(t, s, 270, stream)
	for _, after := range resumePoints(len(all)) {
		version := ledger.Version(after)
		requireStored(t, stream, version, all[after:], read(t, t.Context(), s, stream, version))
	}
	require.Empty(t, read(t, t.Context(), s, stream, ledger.Version(len(all))+7))
}

// nextIsSeen: with readers about who keep asking for news, as authentication does.
func nextIsSeen(t *testing.T, s Store) {
	stream := newStream()
	ctx, cancel := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			after := ledger.Version(0)
			for ctx.Err() == nil {
				for r, err := range s.Read(ctx, stream, after) {
					if err != nil {
						break // the end of the test
					}
					after = r.Version
				}
			}
		})
	}
	for n := range ledger.Version(100) {
		put(t, s, stream, n, event(`{}`))
		require.Len(t, read(t, t.Context(), s, stream, n), 1, "after version %d", n)
		require.Empty(t, read(t, t.Context(), s, stream, n+1))
		require.Empty(t, read(t, t.Context(), s, stream, n+50), "beyond the end")
	}
	cancel()
	asking.Wait()
}

func followResumes(t *testing.T, s Store) {
	all := appendMany(t, s, 270, newStream(), newStream(), newStream())
	feed := drain(t, t.Context(), s, ledger.Position{})
	require.Equal(t, ids(all, proposedID), ids(feed, recordedID))
	for _, n := range resumePoints(len(all))[1:] {
		rest := drain(t, t.Context(), s, feed[n-1].Position)
		require.Equal(t, ids(all[n:], proposedID), ids(rest, recordedID), "after event %d", n)
	}
}

func positionsInCommitOrder(t *testing.T, s Store) {
	var last ledger.Position
	for i := range 20 {
		stream, list := newStream(), events(1+i%3)
		position := put(t, s, stream, 0, list...)
		require.Positive(t, position.Compare(last))
		added := drain(t, t.Context(), s, last)
		require.Equal(t, ids(list, proposedID), ids(added, recordedID))
		for _, r := range added {
			require.Positive(t, r.Position.Compare(last))
			last = r.Position
		}
		require.Equal(t, position, last, "an append answers where its last event stands")
		for _, r := range read(t, t.Context(), s, stream, 0) {
			if r.Position != (ledger.Position{}) {
				require.Equal(t, added[r.Version-1].Position, r.Position)
			}
		}
	}
}

func recordedAtNeverGoesBack(t *testing.T, s Store) {
	forged := events(2)
	forged[0].Meta.RecordedAt = time.Date(2199, 1, 1, 0, 0, 0, 0, time.UTC)
	put(t, s, newStream(), 0, forged...)
	for range 12 {
		put(t, s, newStream(), 0, events(2)...)
	}
	feed := drain(t, t.Context(), s, ledger.Position{})
	distinct := map[time.Time]bool{}
	for i, r := range feed {
		at := r.Meta.RecordedAt
		require.Equal(t, time.UTC, at.Location())
		require.Equal(t, 2026, at.Year(), "stamped by the store and not by the caller")
		require.Contains(t, string(r.RawMeta), `"recorded_at":"`+at.Format(time.RFC3339Nano)+`"`)
		if i > 0 {
			require.False(t, at.Before(feed[i-1].Meta.RecordedAt), "event %d", i+1)
		}
		distinct[at] = true
	}
	require.Greater(t, len(distinct), 2, "and it does go on")
}

func emptyFeedIsLive(t *testing.T, s Store) {
	require.Empty(t, drain(t, t.Context(), s, ledger.Position{}))
	position := put(t, s, newStream(), 0, events(256)...)
	require.Len(t, drain(t, t.Context(), s, ledger.Position{}), 256, "where the batches come out even")
	require.Empty(t, drain(t, t.Context(), s, position))
}

func cancelIsAnError(t *testing.T, s Store) {
	stream := newStream()
	put(t, s, stream, 0, events(3)...)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	yielded := 0
	for _, err := range s.Read(ctx, stream, 0) {
		if yielded++; yielded == 1 {
			require.NoError(t, err)
			cancel()
			continue
		}
		require.ErrorIs(t, err, context.Canceled)
	}
	require.Equal(t, 2, yielded, "one event, then the error")
	_, err := s.Append(ctx, stream, 3, events(1))
	require.ErrorIs(t, err, context.Canceled)
	for _, stream := range []ledger.StreamID{stream, newStream()} {
		var errs []error
		for _, err := range s.Read(ctx, stream, 0) {
			errs = append(errs, err)
		}
		require.Len(t, errs, 1)
		require.ErrorIs(t, errs[0], context.Canceled)
	}
}

func cancelEndsFollowing(t *testing.T, s Store) {
	put(t, s, newStream(), 0, events(3)...)
	for _, whenLive := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		if !whenLive {
			cancel()
		}
		var last error
		for b, err := range s.Follow(ctx, ledger.Position{}) {
			require.NoError(t, last, "nothing comes after an error")
			if last = err; b.Live {
				cancel()
			}
		}
		require.ErrorIs(t, last, context.Canceled)
		cancel()
	}
}

func breakFreesTheCursor(t *testing.T, s Store) {
	stream := newStream()
	put(t, s, stream, 0, events(20)...)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for range 100 {
		for _, err := range s.Read(ctx, stream, 0) {
			require.NoError(t, err)
			break
		}
		for _, err := range s.Follow(ctx, ledger.Position{}) {
			require.NoError(t, err)
			break
		}
	}
	_, err := s.Append(ctx, stream, 20, events(1))
	require.NoError(t, err)
	require.Len(t, read(t, ctx, s, stream, 0), 21)
}

func feedGoesLive(t *testing.T, s Store) {
	const writers, appends = 8, 40
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	answers := make(chan answer, writers*appends)
	var writing, following sync.WaitGroup
	for range writers {
		writing.Go(func() {
			stream, version := newStream(), ledger.Version(0)
			for i := range appends {
				list := events(1 + i%2)
				position, err := s.Append(ctx, stream, version, list)
				version += ledger.Version(len(list))
				answers <- answer{list[len(list)-1].ID, position, err}
			}
		})
	}
	feeds := make([][]ledger.Recorded, 3)
	for i := range feeds {
		following.Go(func() { feeds[i] = follow(ctx, s, writers*appends*3/2) })
	}
	writing.Wait()
	following.Wait()
	close(answers)
	require.Equal(t, ids(feeds[0], recordedID), ids(feeds[1], recordedID), "all followers see one order")
	require.Equal(t, ids(feeds[0], recordedID), ids(feeds[2], recordedID))
	requireFeed(t, feeds[0], answers, writers*appends*3/2)
}

// answer is what an append of an event was answered with.
type answer struct {
	id       uuid.UUID
	position ledger.Position
	err      error
}

// follow collects n events from the start of a feed, or fewer if it ends.
func follow(ctx context.Context, s Store, n int) []ledger.Recorded {
	var list []ledger.Recorded
	for b, err := range s.Follow(ctx, ledger.Position{}) {
		if list = append(list, b.Events...); err != nil || len(list) >= n {
			break
		}
	}
	return list
}

func requireFeed(t *testing.T, feed []ledger.Recorded, answers <-chan answer, n int) {
	require.Len(t, feed, n)
	versions := map[ledger.StreamID]ledger.Version{}
	positions := map[uuid.UUID]ledger.Position{}
	var last ledger.Position
	for _, r := range feed {
		require.Positive(t, r.Position.Compare(last))
		require.Equal(t, versions[r.Stream]+1, r.Version)
		last, versions[r.Stream], positions[r.ID] = r.Position, r.Version, r.Position
	}
	require.Len(t, positions, n, "each event once")
	for a := range answers {
		require.NoError(t, a.err)
		require.Equal(t, positions[a.id], a.position)
	}
}
