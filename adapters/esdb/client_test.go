package esdb_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"ttledger/adapters/esdb"
	"ttledger/adapters/esdb/esdbtest"
	"ttledger/domain/ledger"
	"ttledger/domain/project"
)

// What the client does that a ledger must survive, each with a real client and a server that fails.

func newStream() ledger.StreamID { return ledger.StreamID{Category: "project", ID: uuid.New()} }

func noted(data string) ledger.Proposed {
	command := uuid.New()
	return ledger.Proposed{ID: uuid.New(), Type: "project.noted.v1", Data: []byte(data), Meta: ledger.Metadata{
		Ledger: uuid.New(), Command: command, Digest: strings.Repeat("5e", 32), Actor: "ada", Role: ledger.PM,
		Correlation: command, OccurredOn: ledger.Day(2026, 5, 4), Source: ledger.Source{Kind: "api"},
	}}
}

func several(n int) (list []ledger.Proposed) {
	for i := range n {
		list = append(list, noted(fmt.Sprintf(`{"n":%d}`, i)))
	}
	return list
}

func read(t *testing.T, s *esdb.Store, stream ledger.StreamID) (list []ledger.Recorded) {
	for r, err := range s.Read(t.Context(), stream, 0) {
		require.NoError(t, err)
		list = append(list, r)
	}
	return list
}

// upToNow is the feed until it is live.
func upToNow(t *testing.T, s *esdb.Store, after ledger.Position) (list []ledger.Recorded) {
	for b, err := range s.Follow(t.Context(), after) {
		require.NoError(t, err)
		if list = append(list, b.Events...); b.Live {
			break
		}
	}
	return list
}

func start(t *testing.T, o esdbtest.Options) (*esdbtest.Server, *esdb.Store) {
	server := esdbtest.Start(t, o)
	return server, begin(t, config(server.ConnectionString(), time.Now))
}

func TestAnEventWithoutAnIDIsRefused(t *testing.T) {
	server, s := start(t, esdbtest.Options{})
	before := server.Calls(esdbtest.Append)
	list := several(2)
	list[1].ID = uuid.Nil
	_, err := s.Append(t.Context(), newStream(), 0, list)
	require.ErrorContains(t, err, "has no id")
	require.Equal(t, before, server.Calls(esdbtest.Append), "the client would have made one up")
}

func TestARepeatIsOneAndSaysWhereItStands(t *testing.T) {
	for _, version := range []string{"24.10.4", "21.10.11"} {
		server, s := start(t, esdbtest.Options{Version: version})
		stream, list := newStream(), several(3)
		first, err := s.Append(t.Context(), stream, 0, list)
		require.NoError(t, err)
		_, err = s.Append(t.Context(), stream, 3, several(2))
		require.NoError(t, err)
		for range 300 {
			server.Write("another-1", "noise", nil)
		}
		again, err := s.Append(t.Context(), stream, 0, list)
		require.NoError(t, err, "the server knows it by its ids")
		require.Equal(t, first, again, "on %s", version)
		require.Len(t, read(t, s, stream), 5)
	}
}

func TestTooMuchIsRefusedBeforeItIsSent(t *testing.T) {
	server, s := start(t, esdbtest.Options{})
	_, err := s.Append(t.Context(), newStream(), 0, []ledger.Proposed{noted(`"` + strings.Repeat("x", 700_000) + `"`), noted(`"` + strings.Repeat("y", 700_000) + `"`)})
	require.Equal(t, ledger.KindTooLarge, ledger.KindOf(err))
	require.Regexp(t, `have 140\d{4} bytes together; the event store takes 1048576`, err.Error())

	// To the byte: what we take the server takes, and one byte more neither.
	stream, version := newStream(), ledger.Version(0)
	e := noted("")
	_, err = s.Append(t.Context(), stream, 0, []ledger.Proposed{e})
	require.NoError(t, err)
	meta := len(read(t, s, stream)[0].RawMeta)
	room := 1<<20 - 2*len(e.Type) - meta - 64 // its time of recording may be written shorter or longer
	for size := room; size < room+160; size++ {
		calls := server.Calls(esdbtest.Append)
		_, err := s.Append(t.Context(), stream, version+1, []ledger.Proposed{noted(strings.Repeat("x", size))})
		if err != nil {
			require.Equal(t, ledger.KindTooLarge, ledger.KindOf(err), "%v", err)
			require.Equal(t, calls, server.Calls(esdbtest.Append))
			return
		}
		version++
		if size == room {
			size += 40
		}
	}
	t.Fatal("nothing was too large")
}

func TestAnUnclearAnswerIsSettledByReading(t *testing.T) {
	server, s := start(t, esdbtest.Options{})
	unclear := []esdbtest.Fault{
		{Effect: esdbtest.Refuse(codes.Unknown, "something")},
		{Effect: esdbtest.Refuse(codes.Aborted, "Operation timed out")},
	}
	for _, fault := range unclear {
		// It took effect: success, and where it stands.
		fault.Op, fault.Stream, fault.After = esdbtest.Append, "t", true
		server.Fault(fault)
		stream, strikes := newStream(), server.Strikes()
		position, err := s.Append(t.Context(), stream, 0, several(3))
		require.NoError(t, err)
		require.Equal(t, strikes+1, server.Strikes())
		require.Equal(t, read(t, s, stream)[2].Position, position)

		// It was rejected in the middle of the send, and the stream is elsewhere: a conflict.
		fault.After, fault.Events = false, 1
		server.Fault(fault)
		_, err = s.Append(t.Context(), stream, 1, several(3))
		require.Equal(t, ledger.KindConflict, ledger.KindOf(err), "%v", err)

		// It was rejected and nobody knows whether it will take effect.
		server.Fault(fault)
		_, err = s.Append(t.Context(), stream, 3, several(3))
		require.Equal(t, ledger.KindUnavailable, ledger.KindOf(err), "%v", err)
		require.ErrorContains(t, err, "outcome unknown")
		require.Len(t, read(t, s, stream), 3)
	}
}

// TestItComesBackAfterTheServer: a client whose discovery failed answers "closed" for ever.
func TestItComesBackAfterTheServer(t *testing.T) {
	server, s := start(t, esdbtest.Options{})
	server.Stop()
	for range 50 {
		_, err := s.Append(t.Context(), newStream(), 0, several(1))
		require.Equal(t, ledger.KindUnavailable, ledger.KindOf(err), "%v", err)
	}
	server.Restart()
	back := time.Now()
	require.Eventually(t, func() bool {
		_, err := s.Append(t.Context(), newStream(), 0, several(1))
		return err == nil
	}, 5*time.Second, 10*time.Millisecond)
	t.Logf("back after %s", time.Since(back).Round(time.Millisecond))
}

// TestNobodyWaitsLongerThanTheyWant: behind a discovery that hangs, the client blocks whoever asks
// next, whatever their context says.
func TestNobodyWaitsLongerThanTheyWant(t *testing.T) {
	server, s := start(t, esdbtest.Options{})
	goroutines := runtime.NumGoroutine()
	server.Fault(esdbtest.Fault{Op: esdbtest.Append, Stream: "t", Times: 1, Effect: esdbtest.Refuse(codes.Unavailable, "busy")})
	_, err := s.Append(t.Context(), newStream(), 0, several(1))
	require.Equal(t, ledger.KindUnavailable, ledger.KindOf(err))
	server.Fault(esdbtest.Fault{Op: esdbtest.Features, Times: esdbtest.Always, Effect: esdbtest.Hang()})
	begun := time.Now()
	var all sync.WaitGroup
	for range 60 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			if _, err := s.Append(ctx, newStream(), 0, several(1)); err == nil {
				t.Error("nobody can have answered")
			}
		})
	}
	all.Wait()
	require.Less(t, time.Since(begun), 30*time.Second)
	server.Heal()
	server.Stop() // which ends what hangs
	server.Restart()
	require.Eventually(t, func() bool {
		_, err := s.Append(t.Context(), newStream(), 0, several(1))
		return err == nil
	}, 15*time.Second, 10*time.Millisecond)
	require.Eventually(t, func() bool { return runtime.NumGoroutine() < goroutines+30 }, 15*time.Second, 50*time.Millisecond)
}

func TestRefusalsLeakNoConnections(t *testing.T) {
	server, s := start(t, esdbtest.Options{})
	server.Fault(esdbtest.Fault{Op: esdbtest.Append, Stream: "t", Times: 12, Effect: esdbtest.Refuse(codes.Unavailable, "too busy")})
	most := 0
	require.Eventually(t, func() bool {
		_, err := s.Append(t.Context(), newStream(), 0, several(1))
		most = max(most, server.Connections())
		return err == nil
	}, 60*time.Second, 5*time.Millisecond)
	require.LessOrEqual(t, most, 4, "of the clients that were replaced none stays")
	require.Greater(t, server.Accepted(), 10, "it was replaced indeed")
}

func TestAFollowerGoesOnAfterEveryDrop(t *testing.T) {
	server, s := start(t, esdbtest.Options{})
	const n = 400
	write := func() {
		stream, version := newStream(), ledger.Version(0)
		for i := range n {
			server.Write("another-1", "noise", nil)
			server.Write("$system", "$noise", nil)
			list := several(1)
			for { // until it is there: a dropped connection takes appends with it
				_, err := s.Append(t.Context(), stream, version, list)
				if err == nil {
					break
				}
				time.Sleep(time.Millisecond)
			}
			version++
			if i == n/2 {
				server.Stop()
				server.Restart()
			}
		}
	}
	var list []ledger.Recorded
	var writing sync.WaitGroup
	var once sync.Once
	for b, err := range s.Follow(t.Context(), ledger.Position{}) {
		require.NoError(t, err, "an outage is a pause")
		once.Do(func() { // once it is live
			server.Fault(esdbtest.Fault{Op: esdbtest.Subscribe, Events: 20, Times: 6, Effect: esdbtest.Drop()})
			writing.Go(write)
			server.Stop()
			server.Restart()
		})
		if list = append(list, b.Events...); len(list) >= n {
			break
		}
	}
	writing.Wait()
	require.Len(t, list, n)
	for i, r := range list {
		require.Equal(t, ledger.Version(i)+1, r.Version, "none is lost, doubled or another's")
	}
	require.GreaterOrEqual(t, server.Strikes(), 3)
}

func TestAFollowerThatCannotBeginSaysSo(t *testing.T) {
	server, s := start(t, esdbtest.Options{})
	server.Stop()
	for _, err := range s.Follow(t.Context(), ledger.Position{}) {
		require.Equal(t, ledger.KindUnavailable, ledger.KindOf(err), "%v", err)
	}
	_, _, err := s.Behind(t.Context(), ledger.Position{})
	require.Equal(t, ledger.KindUnavailable, ledger.KindOf(err))
}

func TestFollowersAndCallsAreBounded(t *testing.T) {
	server, s := start(t, esdbtest.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	var live, refused atomic.Int64
	var following sync.WaitGroup
	for range 100 {
		following.Go(func() {
			for b, err := range s.Follow(ctx, ledger.Position{}) {
				switch {
				case b.Live:
					live.Add(1)
				case ledger.CodeOf(err) == "too-many-followers":
					refused.Add(1)
				}
			}
		})
	}
	require.Eventually(t, func() bool { return live.Load() == 80 && refused.Load() == 20 }, 20*time.Second, 10*time.Millisecond)
	_, err := s.Append(t.Context(), newStream(), 0, several(1))
	require.NoError(t, err, "followers are in nobody's way")
	events, _, err := s.Behind(t.Context(), ledger.Position{})
	require.NoError(t, err)
	require.EqualValues(t, 1, events)
	cancel()
	following.Wait()

	server.Fault(esdbtest.Fault{Op: esdbtest.Append, Stream: "t", Times: esdbtest.Always, Effect: esdbtest.Hang()})
	full := make(chan struct{}, 700)
	ctx, cancel = context.WithCancel(t.Context())
	var calling sync.WaitGroup
	for range 700 {
		calling.Go(func() {
			for ctx.Err() == nil {
				if _, err := s.Append(ctx, newStream(), 0, several(1)); ledger.CodeOf(err) == "queue-full" {
					full <- struct{}{}
					return
				}
			}
		})
	}
	<-full
	cancel()
	calling.Wait()
}

// A follower shows the stream as it was. Who decided on that gets a conflict, reads again after a
// pause, and either sees what happened or is told so: nothing loops.
func TestAStaleReadEndsAsAConflict(t *testing.T) {
	server, s := start(t, esdbtest.Options{})
	l := &ledger.Ledger{ID: s.LedgerID(), Secret: []byte("secret"), Streams: s, Now: time.Now, Aggregates: []ledger.Aggregate{project.Aggregate}}
	id := uuid.New()
	do := func(verb, body string) error {
		_, err := l.Do(t.Context(), ledger.Request{Aggregate: "project", ID: id, Verb: verb, Command: uuid.New(), Body: []byte(body), Expect: ledger.Whatever(),
			Actor: ledger.Actor{Handle: "ada", Roles: []ledger.Role{ledger.PM, ledger.TM}}, Source: ledger.Source{Kind: "api"}})
		return err
	}
	assess := func() error {
		return do("assess-readiness", fmt.Sprintf(`{"data":{"readiness":{"scale":"ISO16290","level":%d}}}`, 1+rand.IntN(9)))
	}
	require.NoError(t, do("propose", `{"data":{"titles":{"en":"Cold sintering","zh":"冷烧结"}}}`))
	require.NoError(t, do("assess-readiness", `{"data":{"readiness":{"scale":"ISO16290","level":3}}}`))

	server.Lag(1)
	calls := server.Calls(esdbtest.Append)
	err := assess()
	require.Equal(t, ledger.KindConflict, ledger.KindOf(err), "%v", err)
	require.LessOrEqual(t, server.Calls(esdbtest.Append)-calls, 4)

	time.AfterFunc(100*time.Millisecond, server.CatchUp)
	require.NoError(t, assess(), "the follower caught up meanwhile")
}

// A node that does not lead says who does, and the client goes there. It closes the connection under
// whatever else is on it, with a race of its own, so nothing else is here.
func TestItGoesToTheLeader(t *testing.T) {
	server, s := start(t, esdbtest.Options{})
	for range 10 {
		server.Fault(esdbtest.Fault{Op: esdbtest.Append, Stream: "t", Effect: esdbtest.NotLeader(server.Addr())})
		stream, list := newStream(), several(1)
		_, err := s.Append(t.Context(), stream, 0, list)
		require.Equal(t, ledger.KindUnavailable, ledger.KindOf(err), "%v", err)
		_, err = s.Append(t.Context(), stream, 0, list)
		require.NoError(t, err)
	}
}

// TestEveryCommandTakesEffectOnceWhateverTheServerDoes: appends fail in every way, before they take
// effect and after, and connections are cut with all that is on them.
func TestEveryCommandTakesEffectOnceWhateverTheServerDoes(t *testing.T) {
	server, s := start(t, esdbtest.Options{})
	l := &ledger.Ledger{ID: s.LedgerID(), Secret: []byte("secret"), Streams: s, Now: time.Now, Aggregates: []ledger.Aggregate{project.Aggregate}}
	effects := []esdbtest.Effect{
		esdbtest.Drop(), esdbtest.Refuse(codes.Unavailable, "busy"), esdbtest.Refuse(codes.Aborted, "Operation timed out"),
		esdbtest.Refuse(codes.Unknown, "?"), esdbtest.Refuse(codes.DeadlineExceeded, "late"), esdbtest.Delay(20 * time.Millisecond),
	}
	request := func(id uuid.UUID, verb, body string) ledger.Request {
		return ledger.Request{Aggregate: "project", ID: id, Verb: verb, Command: uuid.New(), Body: []byte(body), Expect: ledger.Whatever(),
			Actor: ledger.Actor{Handle: "ada", Roles: []ledger.Role{ledger.PM, ledger.TM}}, Source: ledger.Source{Kind: "api"}}
	}
	insist := func(r ledger.Request) {
		var last error
		require.Eventually(t, func() bool {
			server.Fault(esdbtest.Fault{Op: esdbtest.Append, Stream: "t", Events: rand.IntN(3), After: rand.IntN(2) == 0, Effect: effects[rand.IntN(len(effects))]})
			_, last = l.Do(t.Context(), r)
			if kind := ledger.KindOf(last); last != nil && kind != ledger.KindUnavailable && kind != ledger.KindConflict {
				t.Errorf("%v", last)
			}
			return last == nil
		}, time.Minute, time.Millisecond)
	}
	asked := map[uuid.UUID]bool{}
	var mu sync.Mutex
	var working sync.WaitGroup
	for range 3 {
		id := uuid.New()
		first := request(id, "propose", `{"data":{"titles":{"en":"Cold sintering","zh":"冷烧结"}}}`)
		mu.Lock()
		asked[first.Command] = true
		mu.Unlock()
		insist(first)
		for range 3 {
			working.Go(func() {
				for range 12 {
					r := request(id, "assess-readiness", fmt.Sprintf(`{"data":{"readiness":{"scale":"ISO16290","level":%d}}}`, 1+rand.IntN(9)))
					mu.Lock()
					asked[r.Command] = true
					mu.Unlock()
					insist(r)
				}
			})
		}
	}
	working.Wait()
	server.Heal()
	recorded := map[uuid.UUID]int{}
	for _, r := range upToNow(t, s, ledger.Position{}) {
		recorded[r.Meta.Command]++
	}
	for command := range asked {
		require.Equal(t, 1, recorded[command])
	}
	require.Len(t, recorded, len(asked))
	require.Greater(t, server.Strikes(), 50)
}

func TestProcessesThatRaceBeginOneLedger(t *testing.T) {
	servers(t, func(t *testing.T, url string) {
		c := config(url, time.Now)
		var won atomic.Int64
		var racing sync.WaitGroup
		for range 8 {
			racing.Go(func() {
				switch err := esdb.Begin(t.Context(), c, uuid.New()); {
				case err == nil:
					won.Add(1)
				case ledger.KindOf(err) != ledger.KindConflict:
					t.Error(err)
				}
			})
		}
		racing.Wait()
		require.EqualValues(t, 1, won.Load())
		one, two := open(t, c), open(t, c)
		require.Equal(t, one.LedgerID(), two.LedgerID())
		require.Empty(t, upToNow(t, one, ledger.Position{}), "its beginning is no entry")
	})
}

func TestWhatCannotBeServedIsRefused(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	c := config(server.ConnectionString(), time.Now)
	refused := func(c esdb.Config, kind ledger.Kind, what string) {
		t.Helper()
		_, err := esdb.Open(t.Context(), c)
		require.ErrorContains(t, err, what)
		require.Equal(t, kind, ledger.KindOf(err))
	}
	refused(c, ledger.KindNotFound, "no ledger "+c.Ledger+" was begun")
	begin(t, c)
	other := c
	other.Secret = []byte("another")
	refused(other, ledger.KindDenied, "copy that of a process that serves it")
	for _, name := range []string{"", "A", "a.b", "a_b", "a-", "-a", "1a", strings.Repeat("a", 41)} {
		other := c
		other.Ledger = name
		refused(other, ledger.KindInvalid, "is not the name of a ledger")
	}
	c.Ledger = newName()
	server.Write(c.Ledger, "ttledger.begun.v1", []byte(`{"ledger":"`+uuid.NewString()+`","format":2,"key_check":""}`))
	refused(c, ledger.KindInternal, "format level 2 and this program reads level 1")
	c.Ledger = newName()
	server.Write(c.Ledger, "OrderPlaced", []byte(`{}`))
	refused(c, ledger.KindInternal, "does not begin a ledger")
}

func TestAPositionWhereNothingStandsIsAnError(t *testing.T) {
	for _, version := range []string{"24.10.4", "21.10.11"} {
		server, s := start(t, esdbtest.Options{Version: version})
		position, err := s.Append(t.Context(), newStream(), 0, several(1))
		require.NoError(t, err)
		lone := begin(t, config(server.ConnectionString(), time.Now))
		inside := ledger.Position{Commit: position.Commit + 1, Prepare: position.Prepare + 1}
		beyond := ledger.Position{Commit: position.Commit + 1<<40, Prepare: position.Prepare + 1<<40}
		for i, s := range []*esdb.Store{lone, s, s} {
			for _, err := range s.Follow(t.Context(), []ledger.Position{position, inside, beyond}[i]) {
				require.ErrorContains(t, err, "no event of this ledger stands at this position", "%d on %s", i, version)
				require.Equal(t, ledger.KindInternal, ledger.KindOf(err))
			}
		}
	}
}

func TestAnotherProcessesClockMayBeBehind(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	c := config(server.ConnectionString(), time.Now)
	ahead := begin(t, c)
	stream := newStream()
	_, err := ahead.Append(t.Context(), stream, 0, several(1))
	require.NoError(t, err)
	c.Now = func() time.Time { return time.Now().Add(-time.Hour) }
	behind := open(t, c)
	_, err = behind.Append(t.Context(), stream, 1, several(1))
	require.NoError(t, err)
	list := read(t, ahead, stream)
	require.False(t, list[1].Meta.RecordedAt.Before(list[0].Meta.RecordedAt), "it saw what was recorded before it was opened")
	_, err = ahead.Append(t.Context(), stream, 2, several(1))
	require.NoError(t, err)
	read(t, behind, stream)
	_, err = behind.Append(t.Context(), newStream(), 0, several(1))
	require.NoError(t, err)
	feed := upToNow(t, behind, ledger.Position{})
	require.False(t, feed[3].Meta.RecordedAt.Before(feed[2].Meta.RecordedAt), "and what it read since")
}

// What an administrator of the event store can do to a ledger is an error and no shorter history.
func TestMissingEventsAreAnError(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	c := config(server.ConnectionString(), time.Now)
	s, stream := begin(t, c), newStream()
	_, err := s.Append(t.Context(), stream, 0, several(5))
	require.NoError(t, err)
	name := "$$" + c.Ledger + "." + stream.String()
	server.Write(name, "$metadata", []byte(`{"$maxCount":2}`))
	var failed error
	for _, err := range s.Read(t.Context(), stream, 0) {
		failed = err
	}
	require.ErrorContains(t, failed, "version 1 is missing")
	server.Write(name, "$metadata", []byte(`{"$tb":9223372036854775807}`))
	require.Empty(t, read(t, s, stream), "a deleted stream looks like none")
	_, err = s.Append(t.Context(), stream, 0, several(1))
	require.ErrorContains(t, err, "the stream was deleted before")
}

// The client reports a cancelled context as an unknown error of its own.
func TestACancelledCallSaysSo(t *testing.T) {
	server, s := start(t, esdbtest.Options{})
	for _, op := range []esdbtest.Op{esdbtest.Append, esdbtest.Read, esdbtest.Subscribe} {
		server.Fault(esdbtest.Fault{Op: op, Times: esdbtest.Always, Effect: esdbtest.Hang()})
	}
	for range 20 {
		for name, call := range map[string]func(context.Context) error{
			"append": func(ctx context.Context) error {
				_, err := s.Append(ctx, newStream(), 0, several(1))
				return err
			},
			"read": func(ctx context.Context) (failed error) {
				for _, err := range s.Read(ctx, newStream(), 0) {
					failed = err
				}
				return failed
			},
			"follow": func(ctx context.Context) (failed error) {
				for _, err := range s.Follow(ctx, ledger.Position{}) {
					failed = err
				}
				return failed
			},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
			require.ErrorIs(t, call(ctx), context.DeadlineExceeded, name)
			cancel()
		}
	}
}

func TestTriesGrowRarer(t *testing.T) {
	server, s := start(t, esdbtest.Options{})
	server.Fault(esdbtest.Fault{Op: esdbtest.Features, Times: esdbtest.Always, Effect: esdbtest.Refuse(codes.Unavailable, "not ready")})
	server.Stop()
	_, err := s.Append(t.Context(), newStream(), 0, several(1))
	require.Equal(t, ledger.KindUnavailable, ledger.KindOf(err))
	server.Restart()
	tried := server.Calls(esdbtest.Features)
	until := time.Now().Add(2 * time.Second)
	require.Eventually(t, func() bool {
		if _, err := s.Append(t.Context(), newStream(), 0, several(1)); ledger.KindOf(err) != ledger.KindUnavailable {
			t.Errorf("%v", err)
		}
		return time.Now().After(until)
	}, time.Minute, time.Millisecond)
	require.LessOrEqual(t, server.Calls(esdbtest.Features)-tried, 10, "in 2 s of asking all the time")
}

// A server that says that a subscription has caught up needs not be read to know it.
func TestCaughtUpIsBelieved(t *testing.T) {
	server, s := start(t, esdbtest.Options{})
	server.Fault(esdbtest.Fault{Op: esdbtest.Read, Stream: "$all", Times: esdbtest.Always, Effect: esdbtest.Refuse(codes.Unavailable, "busy")})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for b, err := range s.Follow(ctx, ledger.Position{}) {
		require.NoError(t, err)
		if b.Live {
			break
		}
	}
}

func TestAClusterIsDiscoveredAndItsLeaderFollowed(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	nodes := []*esdbtest.Server{server, esdbtest.Start(t, esdbtest.Options{Join: server}), esdbtest.Start(t, esdbtest.Options{Join: server})}
	for _, url := range []string{server.ClusterString(), "esdb+discover://" + nodes[1].Addr() + "?tls=false"} {
		s := begin(t, config(url, time.Now))
		stream, version := newStream(), ledger.Version(0)
		var seen []ledger.Recorded
		put := func() {
			t.Helper()
			list := several(1)
			require.Eventually(t, func() bool {
				_, err := s.Append(t.Context(), stream, version, list)
				return err == nil
			}, 5*time.Second, 5*time.Millisecond)
			version++
		}
		put()
		for b, err := range s.Follow(t.Context(), ledger.Position{}) {
			require.NoError(t, err)
			if seen = append(seen, b.Events...); !b.Live {
				continue
			}
			if len(seen) == 6 {
				break
			}
			switch {
			case len(seen) == 1: // the leader goes away, and another leads
				nodes[0].Stop()
			case len(seen) == 3:
				nodes[0].Restart()
			}
			if len(seen) == int(version) {
				put()
			}
		}
		require.Len(t, read(t, s, stream), 6)
		nodes[0].Restart()
	}
}
