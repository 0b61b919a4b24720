package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/project"
)

// Fault is what happens to one Append.
type Fault int

// The faults: none, or the append fails before it takes effect, or it takes effect and the
// answer is lost.
const (
	NoFault Fault = iota
	NotWritten
	AnswerLost
)

var errFault = errors.New("injected fault")

type faulty struct {
	ledger.Streams
	plan func() Fault
}

// Faulty is a store whose appends fail by a plan, which is asked before each. The plan must be
// safe for concurrent use.
func Faulty(s ledger.Streams, plan func() Fault) ledger.Streams {
	if strict, ok := s.(ledger.Strict); ok {
		return struct {
			faulty
			ledger.Strict
		}{faulty{s, plan}, strict}
	}
	return faulty{s, plan}
}

// Append fails where the plan says so.
func (f faulty) Append(ctx context.Context, s ledger.StreamID, expected ledger.Version, events []ledger.Proposed) (ledger.Position, error) {
	fault := f.plan()
	if fault == NotWritten {
		return ledger.Position{}, errFault
	}
	position, err := f.Streams.Append(ctx, s, expected, events)
	if err == nil && fault == AnswerLost {
		return ledger.Position{}, errFault
	}
	return position, err
}

// randomFaults fails two appends in three, either way.
func randomFaults(seed uint64) func() Fault {
	var mu sync.Mutex
	r := rand.New(rand.NewPCG(seed, 1)) // #nosec G404 -- faults that a seed repeats
	return func() Fault {
		mu.Lock()
		defer mu.Unlock()
		return Fault(r.IntN(3))
	}
}

func onceInSpiteOfFaults(t *testing.T, s Store) {
	const projects, workers, commands = 2, 4, 10
	seed := rand.Uint64() // #nosec G404 -- of faults, no secret
	t.Logf("seed %d", seed)
	l := &ledger.Ledger{ID: ledgerID, Secret: []byte("secret"), Streams: Faulty(s, randomFaults(seed)),
		Now: Clock(), Aggregates: []ledger.Aggregate{project.Aggregate}}
	for range projects {
		id := uuid.New()
		asked := []ledger.Request{request(id, "propose", `{"data":{"titles":{"en":"Cold sintering","zh":"冷烧结"}}}`)}
		first, err := insist(t.Context(), l, asked[0])
		require.NoError(t, err)
		require.True(t, first.Created)
		var mu sync.Mutex
		var working sync.WaitGroup
		for w := range workers {
			working.Go(func() {
				for i := range commands {
					r := request(id, "assess-readiness", fmt.Sprintf(`{"data":{"readiness":{"scale":"ISO16290","level":%d}}}`, 1+(w+i)%9))
					_, err := insist(t.Context(), l, r)
					mu.Lock()
					asked = append(asked, r)
					mu.Unlock()
					if err != nil {
						t.Errorf("%s: %v", r.Verb, err)
					}
				}
			})
		}
		working.Wait()
		requireOnce(t, l, s, asked)
	}
}

func request(id uuid.UUID, verb, body string) ledger.Request {
	return ledger.Request{Aggregate: "project", ID: id, Verb: verb, Command: uuid.New(), Body: []byte(body), Expect: ledger.Whatever(),
		Actor: ledger.Actor{Handle: "ada", Roles: []ledger.Role{ledger.PM, ledger.TM}}, Source: ledger.Source{Kind: "api"}}
}

// insist repeats a command under its key until it is answered, as a client would.
func insist(ctx context.Context, l *ledger.Ledger, r ledger.Request) (receipt ledger.Receipt, err error) {
	for range 200 {
		receipt, err = l.Do(ctx, r)
		if kind := ledger.KindOf(err); err == nil || (kind != ledger.KindConflict && !errors.Is(err, errFault)) {
			return receipt, err
		}
	}
	return receipt, err
}

// requireOnce checks that each command stands in its stream once, where its receipt says.
func requireOnce(t *testing.T, l *ledger.Ledger, s Store, asked []ledger.Request) {
	stream := ledger.StreamID{Category: asked[0].Aggregate, ID: asked[0].ID}
	recorded := read(t, t.Context(), s, stream, 0)
	require.Len(t, recorded, len(asked))
	commands := map[uuid.UUID]ledger.Recorded{}
	for _, r := range recorded {
		commands[r.Meta.Command] = r
	}
	require.Len(t, commands, len(asked))
	for _, r := range asked {
		receipt, err := l.Do(t.Context(), r)
		require.NoError(t, err)
		require.True(t, receipt.Replayed)
		e := commands[r.Command]
		require.Equal(t, []ledger.EventRef{{ID: e.ID, Type: e.Type, Version: e.Version}}, receipt.Events)
	}
}
