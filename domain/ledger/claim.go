package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Claim is a hold on something that only so much of may be held at once: a unique key, a single
// binding, room for an interval of days. An aggregate says which claims a state has
// (Decider.Claims); the handler takes what a decision adds before it records the decision, and
// gives up what it drops afterwards.
//
// On any day the amounts held by all streams stay within Limit. A claim is its value: a stream
// whose claim changes in any field takes the new one and gives up the old, and what one stream
// holds of the same thing counts once, at its greatest.
type Claim struct {
	Kind   string `json:"kind"`            // what is claimed, kebab-case: contract-no, uscc, room
	Key    string `json:"key"`             // which one, as it is compared: same text, same thing
	Amount int64  `json:"amount,omitzero"` // how much of it; 1 where zero
	Limit  int64  `json:"limit,omitzero"`  // how much there is of it; 1 where zero
	From   Date   `json:"from,omitzero"`   // the first day; from ever where zero
	To     Date   `json:"to,omitzero"`     // the last day; for ever where zero
}

// String names the thing claimed.
func (c Claim) String() string { return fmt.Sprintf("%s %q", c.Kind, c.Key) }

// normal is the claim with its defaults written out, as it is stored and compared.
func (c Claim) normal() Claim {
	c.Amount, c.Limit = max(c.Amount, 1), max(c.Limit, 1)
	return c
}

// meets says that two claims on one thing share a day.
func (c Claim) meets(other Claim) bool {
	starts := func(c, other Claim) bool {
		return c.From.IsZero() || other.To.IsZero() || c.From.Compare(other.To.Last()) <= 0
	}
	return starts(c, other) && starts(other, c)
}

// on says that the claim covers a day; the zero Date is before all days.
func (c Claim) on(day Date) bool {
	return (c.From.IsZero() || !day.IsZero() && c.From.Compare(day) <= 0) && (c.To.IsZero() || day.Compare(c.To.Last()) <= 0)
}

// ClaimTaken: a stream holds something, if the decision it was taken for is recorded next.
type ClaimTaken struct {
	Claim Claim    `json:"claim"`
	By    StreamID `json:"by"`
	At    Version  `json:"at"` // of By when it was taken: the decision stands at the version after, or came to nothing
}

// EventType is the stored name.
func (ClaimTaken) EventType() string { return "claim.taken.v1" }

// ClaimGivenUp: a stream holds it no longer.
type ClaimGivenUp struct {
	Claim Claim    `json:"claim"`
	By    StreamID `json:"by"`
}

// EventType is the stored name.
func (ClaimGivenUp) EventType() string { return "claim.given-up.v1" }

// claims is the category of the streams in which claims are taken, one a thing claimed.
const claims = "claim"

var claimSpace = uuid.MustParse("6c0c2a3b-2f7a-5a53-8c57-2f3a7f4f9b21")

// ClaimStream is where a thing is claimed: its id follows from the kind and the key.
func ClaimStream(kind, key string) StreamID {
	return StreamID{claims, uuid.NewSHA1(claimSpace, []byte(kind+"\n"+key))}
}

// holdings is who holds a thing, in the order taken.
type holdings struct {
	Held []ClaimTaken `json:"held"`
}

func (h holdings) after(e Event) holdings {
	gone, _ := e.(ClaimGivenUp)
	taken, takes := e.(ClaimTaken)
	if takes {
		gone = ClaimGivenUp{taken.Claim, taken.By}
	}
	held := slices.DeleteFunc(slices.Clone(h.Held), func(t ClaimTaken) bool { return t.Claim == gone.Claim && t.By == gone.By })
	if takes {
		held = append(held, taken)
	}
	return holdings{held}
}

// against lists the claims of other streams that leave too little for one more.
func (h holdings) against(c Claim, by StreamID) []ClaimTaken {
	days := []Date{c.From}
	var others []ClaimTaken
	for _, t := range h.Held {
		if t.By != by && t.Claim.meets(c) {
			others = append(others, t)
			if c.on(t.Claim.From) {
				days = append(days, t.Claim.From) // what is held changes for the worse only where one begins
			}
		}
	}
	for _, day := range days {
		most := map[StreamID]int64{}
		for _, t := range others {
			if t.Claim.on(day) {
				most[t.By] = max(most[t.By], t.Claim.Amount)
			}
		}
		left := c.Limit - c.Amount
		for _, amount := range most {
			left -= amount
		}
		if left < 0 {
			return others
		}
	}
	return nil
}

var claimCodec = NewCodec(Current[ClaimTaken, Event](), Current[ClaimGivenUp, Event]())

// Claims is the aggregate of claims. It has no commands: they are taken and given up with the
// decisions that need them.
var Claims = New(claims, Text{"claim", "占用"}, Decider[holdings, any, Event]{
	Evolve: func(h holdings, e Event, _ Metadata) holdings { return h.after(e) },
}, claimCodec).SeenBy(Sight{All: []Role{AUD, ADM}})

// claimed is what a state holds after more events and did not before, and the reverse.
func (a Aggregate) claimed(h history, events []Proposed) (takes, gives []Claim, err error) {
	if a.claims == nil {
		return nil, nil, nil
	}
	after, err := a.after(h, events)
	if err != nil {
		return nil, nil, err
	}
	before, now := a.held(h.state, h.stream), a.held(after, h.stream)
	missing := func(from []Claim) func(Claim) bool { return func(c Claim) bool { return slices.Contains(from, c) } }
	return slices.DeleteFunc(slices.Clone(now), missing(before)), slices.DeleteFunc(slices.Clone(before), missing(now)), nil
}

// held is the claims of a state, in one order for all who take several.
func (a Aggregate) held(state any, s StreamID) []Claim {
	var held []Claim
	if a.claims != nil {
		for _, c := range a.claims(state, s) {
			held = append(held, c.normal())
		}
	}
	slices.SortFunc(held, func(a, b Claim) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key), a.From.Compare(b.From))
	})
	return slices.Compact(held)
}

// take takes claims for a decision on a history. An error is final where somebody else holds one,
// and not where the store failed.
func (l *Ledger) take(ctx context.Context, h history, wanted []Claim, meta Metadata) (final bool, err error) {
	for _, c := range wanted {
		if final, err := l.takeOne(ctx, h, c, meta); err != nil {
			return final, err
		}
	}
	return false, nil
}

// contenders bounds how often a claim is tried anew: each turn lost is one that another won.
const contenders = 200

func (l *Ledger) takeOne(ctx context.Context, h history, c Claim, meta Metadata) (final bool, err error) {
	stream := ClaimStream(c.Kind, c.Key)
	mine := ClaimTaken{c, h.stream, h.version}
	for range contenders {
		held, at, err := l.holdings(ctx, stream)
		if err != nil || slices.Contains(held.Held, mine) {
			return false, err
		}
		event := Event(mine)
		if others := held.against(c, h.stream); len(others) > 0 {
			idle, err := l.idle(ctx, others, h.stream, meta)
			if err != nil {
				return false, err
			}
			if idle == nil {
				return true, claimedBy(c, others)
			}
			event = ClaimGivenUp{idle.Claim, idle.By}
		}
		if err := l.keep(ctx, stream, at, event, meta); err != nil && KindOf(err) != KindConflict {
			return false, err
		}
	}
	return false, &Error{Kind: KindConflict, Code: "busy", Msg: Text{
		En: fmt.Sprintf("many ask for the %s at once; try again", c), Zh: fmt.Sprintf("%s 正被多方同时申请,请重试", c),
	}}
}

func claimedBy(c Claim, others []ClaimTaken) error {
	var names []string
	for _, t := range others {
		if !slices.Contains(names, t.By.String()) {
			names = append(names, t.By.String())
		}
	}
	const shown = 5
	more := ""
	if len(names) > shown {
		names, more = names[:shown], "…"
	}
	list := strings.Join(names, ", ") + more
	if c.Limit > 1 {
		return Rejected("no-room", Text{
			En: fmt.Sprintf("of the %s there is %d; with %d more, what %s hold would exceed it", c, c.Limit, c.Amount, list),
			Zh: fmt.Sprintf("%s 总量为 %d;再占用 %d 将超出(现由 %s 占用)", c, c.Limit, c.Amount, list),
		})
	}
	return Rejected("claimed", Text{En: fmt.Sprintf("the %s is taken, by %s", c, list), Zh: fmt.Sprintf("%s 已被 %s 占用", c, list)})
}

// holdings reads who holds a thing.
func (l *Ledger) holdings(ctx context.Context, stream StreamID) (held holdings, at Version, err error) {
	for r, err := range l.Streams.Read(ctx, stream, 0) {
		if err != nil {
			return held, 0, err
		}
		e, err := claimCodec.Decode(r.Type, r.Data)
		if err != nil {
			return held, 0, fmt.Errorf("%s version %d: %w", stream, r.Version, err)
		}
		held, at = held.after(e), r.Version
	}
	return held, at, nil
}

// holds says whether a stream's state still has the claim it took.
func (l *Ledger) holds(ctx context.Context, t ClaimTaken) (bool, error) {
	a, known := l.Aggregate(t.By.Category)
	if !known {
		return true, nil // not ours to judge
	}
	h, err := l.read(ctx, a, t.By)
	return slices.Contains(a.held(h.state, t.By), t.Claim), err
}

// idle finds a claim that its stream does not hold: it was given up without that being recorded,
// or came to nothing. One whose decision might still be recorded is first made void.
func (l *Ledger) idle(ctx context.Context, others []ClaimTaken, asks StreamID, meta Metadata) (*ClaimTaken, error) {
	for _, t := range others {
		a, known := l.Aggregate(t.By.Category)
		for range attempts {
			if !known {
				break
			}
			h, err := l.read(ctx, a, t.By)
			if err != nil {
				return nil, err
			}
			if slices.Contains(a.held(h.state, t.By), t.Claim) {
				break
			}
			if h.version != t.At {
				return &t, nil // its decision can no longer be recorded
			}
			if err = l.keep(ctx, t.By, h.version, ClaimVoided{t.Claim, asks}, meta); err == nil {
				return &t, nil
			}
			if KindOf(err) != KindConflict {
				return nil, err
			}
		}
	}
	return nil, nil
}

// keep appends one event that goes with a decision to another stream.
func (l *Ledger) keep(ctx context.Context, s StreamID, at Version, e Event, meta Metadata) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = l.Streams.Append(ctx, s, at, []Proposed{{ID: EventID(s, meta.Command, int(at)), Type: e.EventType(), Data: data, Meta: meta}})
	return err
}

// giveUp records what a decision let go. Where that fails, whoever asks next finds it out.
func (l *Ledger) giveUp(ctx context.Context, by StreamID, gives []Claim, meta Metadata) {
	for _, c := range gives {
		stream := ClaimStream(c.Kind, c.Key)
		for range attempts {
			held, at, err := l.holdings(ctx, stream)
			if err != nil || !slices.ContainsFunc(held.Held, func(t ClaimTaken) bool { return t.Claim == c && t.By == by }) {
				break
			}
			if KindOf(l.keep(ctx, stream, at, ClaimGivenUp{c, by}, meta)) != KindConflict {
				break
			}
		}
	}
}
