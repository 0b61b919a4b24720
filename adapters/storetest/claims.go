package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
)

// A booking holds one claim, until it is cancelled: the smallest thing to try claims on.
type booking struct{ Held []ledger.Claim }

type booked struct {
	Claim ledger.Claim `json:"claim"`
}

type cancelled struct{}

func (booked) EventType() string    { return "booking.booked.v1" }
func (cancelled) EventType() string { return "booking.cancelled.v1" }

type book struct {
	Claim ledger.Claim `json:"claim"`
}

type cancel struct{}

var bookings = ledger.New("booking", ledger.Text{En: "booking", Zh: "预订"}, ledger.Decider[booking, any, ledger.Event]{
	Decide: func(_ booking, c any, _ ledger.Context) ([]ledger.Event, error) {
		if c, books := c.(book); books {
			return []ledger.Event{booked(c)}, nil
		}
		return []ledger.Event{cancelled{}}, nil
	},
	Evolve: func(_ booking, e ledger.Event, _ ledger.Metadata) booking {
		if e, books := e.(booked); books {
			return booking{[]ledger.Claim{e.Claim}}
		}
		return booking{}
	},
	Claims: func(s booking, _ ledger.StreamID) []ledger.Claim { return s.Held },
}, ledger.NewCodec(ledger.Current[booked, ledger.Event](), ledger.Current[cancelled, ledger.Event]()),
	ledger.Does[book, any](ledger.Verb{Name: "book", Creates: true, Roles: []ledger.Role{ledger.PM}}),
	ledger.Does[cancel, any](ledger.Verb{Name: "cancel", Roles: []ledger.Role{ledger.PM}}))

func bookingLedger(s ledger.Streams) *ledger.Ledger {
	return &ledger.Ledger{ID: ledgerID, Secret: []byte("secret"), Streams: s, Now: Clock(), Aggregates: []ledger.Aggregate{bookings}}
}

// books is a request for a claim by a thing of its own.
func books(t *testing.T, c ledger.Claim) ledger.Request {
	body, err := json.Marshal(map[string]any{"data": book{c}})
	require.NoError(t, err)
	r := request(uuid.New(), "book", string(body))
	r.Aggregate = "booking"
	return r
}

func cancels(id uuid.UUID) ledger.Request {
	r := request(id, "cancel", `{"data":{}}`)
	r.Aggregate = "booking"
	return r
}

func streamOf(r ledger.Request) ledger.StreamID {
	return ledger.StreamID{Category: r.Aggregate, ID: r.ID}
}

// race sends the requests at once, each until it is answered, and gives the streams that got what
// they asked for. All others must be refused with the code.
func race(t *testing.T, l *ledger.Ledger, code string, asked []ledger.Request) (won []ledger.Request) {
	var mu sync.Mutex
	var racing sync.WaitGroup
	for _, r := range asked {
		racing.Go(func() {
			_, err := insist(t.Context(), l, r)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won = append(won, r)
			} else if ledger.CodeOf(err) != code {
				t.Errorf("%s: %v", r.ID, err)
			}
		})
	}
	racing.Wait()
	return won
}

// types lists the events of a stream.
func types(t *testing.T, s Store, stream ledger.StreamID) (names []string) {
	for _, r := range read(t, t.Context(), s, stream, 0) {
		names = append(names, r.Type)
	}
	return names
}

const racers = 64

func oneClaimant(t *testing.T, s Store) {
	l := bookingLedger(s)
	var asked []ledger.Request
	for range racers {
		asked = append(asked, books(t, ledger.Claim{Kind: "no", Key: "A-1"}))
	}
	won := race(t, l, "claimed", asked)
	require.Len(t, won, 1, "one key has one holder")
	for _, r := range asked {
		require.Equal(t, r.ID == won[0].ID, slices.Contains(types(t, s, streamOf(r)), "booking.booked.v1"), "the others have no fact")
	}

	again, err := l.Do(t.Context(), won[0])
	require.NoError(t, err)
	require.True(t, again.Replayed && again.Created, "who repeats is answered from the record")

	_, err = insist(t.Context(), l, cancels(won[0].ID))
	require.NoError(t, err)
	next := books(t, ledger.Claim{Kind: "no", Key: "A-1"})
	_, err = l.Do(t.Context(), next)
	require.NoError(t, err, "what is given up is free")
	require.Equal(t, []string{"booking.booked.v1"}, types(t, s, streamOf(next)))
}

// roomFor claims amounts of 1 to 3 out of 10 for ten days that begin on different days.
func roomFor(i int) ledger.Claim {
	from := ledger.Day(2026, 5, 1).Plus(0, 0, i%16)
	return ledger.Claim{Kind: "hall", Key: "1", Amount: int64(1 + i%3), Limit: 10, From: from, To: from.Plus(0, 0, 9)}
}

func neverTooMuch(t *testing.T, s Store) {
	l := bookingLedger(s)
	var asked []ledger.Request
	claimed := map[uuid.UUID]ledger.Claim{}
	for i := range racers {
		r := books(t, roomFor(i))
		asked, claimed[r.ID] = append(asked, r), roomFor(i)
	}
	won := race(t, l, "no-room", asked)
	used := func(day ledger.Date) (sum int64) {
		for _, r := range won {
			if c := claimed[r.ID]; c.From.Compare(day) <= 0 && day.Compare(c.To) <= 0 {
				sum += c.Amount
			}
		}
		return sum
	}
	for i := range 26 {
		day := ledger.Day(2026, 5, 1).Plus(0, 0, i)
		require.LessOrEqual(t, used(day), int64(10), "%s", day)
	}
	for _, r := range asked { // and nobody was refused for whom there was room
		if slices.ContainsFunc(won, func(w ledger.Request) bool { return w.ID == r.ID }) {
			continue
		}
		c, full := claimed[r.ID], false
		for i := range 10 {
			full = full || used(c.From.Plus(0, 0, i))+c.Amount > 10
		}
		if !full {
			_, err := l.Do(t.Context(), r)
			require.NoError(t, err, "what a racer held in passing is free again")
			won = append(won, r)
		}
	}
}

// held is a store on which the facts of one stream wait until they are let go.
type held struct {
	ledger.Streams
	stream  ledger.StreamID
	waiting chan struct{} // closed when the first fact has come
	release chan struct{}
	once    *sync.Once
}

func (h held) Append(ctx context.Context, s ledger.StreamID, at ledger.Version, events []ledger.Proposed) (ledger.Position, error) {
	if s == h.stream {
		h.once.Do(func() { close(h.waiting) })
		<-h.release
	}
	return h.Streams.Append(ctx, s, at, events)
}

func theSlowClaimantLoses(t *testing.T, s Store) {
	claim := ledger.Claim{Kind: "no", Key: "B-7"}
	slow, quick := books(t, claim), books(t, claim)
	store := held{s, streamOf(slow), make(chan struct{}), make(chan struct{}), &sync.Once{}}
	answer := make(chan error, 1)
	go func() {
		_, err := bookingLedger(store).Do(t.Context(), slow)
		answer <- err
	}()
	<-store.waiting // it has its claim and not yet its fact
	_, err := bookingLedger(s).Do(t.Context(), quick)
	close(store.release)
	require.NoError(t, err)
	require.Equal(t, "claimed", ledger.CodeOf(<-answer))
	require.Equal(t, []string{"ledger.claim-voided.v1"}, types(t, s, streamOf(slow)))
	require.Equal(t, []string{"booking.booked.v1"}, types(t, s, streamOf(quick)))

	other := books(t, ledger.Claim{Kind: "no", Key: "B-8"})
	other.ID = slow.ID
	receipt, err := bookingLedger(s).Do(t.Context(), other)
	require.NoError(t, err)
	require.True(t, receipt.Created, "the stream has kept a note and was not begun by it")
	require.Equal(t, ledger.Version(2), receipt.Version)
}

func whatACrashLeftIsTakenOver(t *testing.T, s Store) {
	claim := ledger.Claim{Kind: "no", Key: "C-3"}
	appends := 0
	crash := Faulty(s, func() Fault { // the claim is written, and then nothing any more
		if appends++; appends > 1 {
			return NotWritten
		}
		return NoFault
	})
	dead, next := books(t, claim), books(t, claim)
	_, err := bookingLedger(crash).Do(t.Context(), dead)
	require.ErrorIs(t, err, errFault)
	taken := ledger.ClaimStream(claim.Kind, claim.Key)
	require.Equal(t, []string{"claim.taken.v1"}, types(t, s, taken))

	_, err = bookingLedger(s).Do(t.Context(), next)
	require.NoError(t, err)
	require.Equal(t, []string{"claim.taken.v1", "claim.given-up.v1", "claim.taken.v1"}, types(t, s, taken))
	require.Equal(t, []string{"ledger.claim-voided.v1"}, types(t, s, streamOf(dead)))

	_, err = bookingLedger(s).Do(t.Context(), dead)
	require.Equal(t, "claimed", ledger.CodeOf(err), "who comes back finds it gone")
}

func claimsInSpiteOfFaults(t *testing.T, s Store) {
	l := bookingLedger(Faulty(s, randomFaults(uint64(len(t.Name())))))
	for round := range 6 {
		var asked []ledger.Request
		for range 4 {
			asked = append(asked, books(t, ledger.Claim{Kind: "no", Key: fmt.Sprintf("D-%d", round)}))
		}
		require.Len(t, race(t, l, "claimed", asked), 1)
		facts := 0
		for _, r := range asked {
			if slices.Contains(types(t, s, streamOf(r)), "booking.booked.v1") {
				facts++
			}
		}
		require.Equal(t, 1, facts)
	}
}
