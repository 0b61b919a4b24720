package tlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"filippo.io/torchwood"

	"ttledger/domain/ledger"
)

// Audit holds a ledger against its log, and both against what an auditor kept: bytes, leaves,
// tiles, root, signature, consistency. It believes nothing but what it computes.
type Audit struct {
	Ledger uuid.UUID
	Log    Fetch
	Events iter.Seq2[ledger.Recorded, error] // the whole ledger in order
	Keys   []string                          // one of which has signed; those that the log names where there are none
	Older  []Checkpoint                      // kept by the auditor

	Each func(ledger.Entry, ledger.Recorded) // is told of each event; may be nil
}

// Finding is one difference.
type Finding struct {
	Check    string       `json:"check"`          // checkpoint, signature, consistency, root, tile, entry, …
	Entry    ledger.Entry `json:"entry,omitzero"` // where it is one entry's
	What     string       `json:"what"`           //
	Expected string       `json:"expected,omitzero"`
	Found    string       `json:"found,omitzero"`
}

// Outcome is what an audit came to.
type Outcome struct {
	Ledger      uuid.UUID    `json:"ledger"`
	Entries     ledger.Entry `json:"entries"` // in the ledger
	Sealed      ledger.Entry `json:"sealed"`  // of them under the checkpoint
	Root        string       `json:"root"`    // that the checkpoint states, as it is printed
	Checkpoint  string       `json:"checkpoint"`
	Bytes       int64        `json:"bytes"` // that were digested
	Findings    []Finding    `json:"findings"`
	Differences int          `json:"differences"` // of which the findings list the first
}

// maxFindings bounds those that are listed of one check.
const maxFindings = 20

// Add notes a difference.
func (o *Outcome) Add(f Finding) {
	o.Differences++
	n := 0
	for _, known := range o.Findings {
		if known.Check == f.Check {
			n++
		}
	}
	if n < maxFindings {
		o.Findings = append(o.Findings, f)
	}
}

// auditing is an audit under way.
type auditing struct {
	Audit
	out    *Outcome
	signed Checkpoint // what the log states
	logged leaves
	ours   edge  // over the events
	theirs *edge // over the log's entries; nil as long as they are the same
	bad    map[int64]bool
}

// Run reads everything once. An error is none of the ledger's: ctx has ended.
func (a Audit) Run(ctx context.Context) (Outcome, error) {
	out := Outcome{Ledger: a.Ledger, Findings: []Finding{}}
	w := &auditing{Audit: a, out: &out, bad: map[int64]bool{}}
	w.checkpoint(ctx)
	w.logged = leaves{get: a.Log, size: w.signed.N}
	var broken error
	for batch := range digested(ctx, a.Ledger, a.Events) {
		for _, d := range batch {
			if d.err != nil {
				broken = d.err
				break
			}
			if err := w.entry(ctx, d); err != nil {
				return out, err
			}
		}
	}
	if ctx.Err() != nil {
		return out, ctx.Err()
	}
	if broken != nil {
		w.unreadable(ctx, broken)
	}
	err := w.rest(ctx, broken == nil)
	for _, c := range a.Older {
		if c.N > int64(out.Entries) {
			w.add("consistency", out.Entries+1, "the ledger ends before a checkpoint that you hold", fmt.Sprint("at least ", c.N, " entries"), fmt.Sprint(out.Entries))
		}
	}
	return out, errors.Join(err, ctx.Err())
}

func (w *auditing) add(check string, entry ledger.Entry, what, expected, found string) {
	w.out.Add(Finding{check, entry, what, expected, found})
}

// checkpoint reads what the log states, who signed that, and what the auditor holds.
func (w *auditing) checkpoint(ctx context.Context) {
	origin := Origin(w.Ledger)
	if len(w.Keys) == 0 {
		text, err := w.Log(ctx, KeysFile)
		if err != nil {
			w.add("signature", 0, "the log does not say by which keys it is signed", KeysFile, err.Error())
		}
		w.Keys = ParseKeys(text)
	}
	raw, err := w.Log(ctx, CheckpointFile)
	if errors.Is(err, fs.ErrNotExist) {
		w.add("checkpoint", 0, "the log has no checkpoint", "a signed one", "none")
	} else if err != nil {
		w.add("checkpoint", 0, "the log's checkpoint cannot be read", "a signed one", err.Error())
	} else if w.signed, err = ParseCheckpoint(raw); err != nil || w.signed.Signed == nil {
		w.add("checkpoint", 0, "the log's checkpoint cannot be read", "a signed one", fmt.Sprint(err))
		w.signed = Checkpoint{}
	} else {
		w.sound("the log's checkpoint", w.signed, origin)
	}
	w.out.Sealed, w.out.Root, w.out.Checkpoint = ledger.Entry(w.signed.N), w.signed.Hash.String(), w.signed.Line()
	for _, c := range w.Older {
		w.sound(fmt.Sprintf("the checkpoint that you hold of entry %d", c.N), c, origin)
		if c.N > w.signed.N {
			w.add("consistency", ledger.Entry(w.signed.N+1), "the log ends before a checkpoint that you hold", fmt.Sprint("at least ", c.N, " entries"), fmt.Sprint(w.signed.N))
		}
	}
}

// sound says whose a checkpoint is.
func (w *auditing) sound(what string, c Checkpoint, origin string) {
	if c.Origin != origin {
		w.add("checkpoint", 0, what+" is of another log", origin, c.Origin)
	}
	if err := c.Verify(w.Keys); err != nil {
		w.add("signature", 0, what+" is not signed by a key of this log", fmt.Sprint(w.Keys), err.Error())
	}
}

// entry takes the next event of the ledger.
func (w *auditing) entry(ctx context.Context, d digest) error {
	w.out.Entries++
	w.out.Bytes += int64(len(d.event.RawMeta) + len(d.event.Data))
	if w.Each != nil {
		w.Each(w.out.Entries, d.event)
	}
	n := int64(w.out.Entries)
	if n > w.signed.N {
		if err := w.ours.add(d.hash, keepNone); err != nil {
			return err
		}
		return w.reached(ctx, &w.ours)
	}
	if w.theirs == nil && !w.same(ctx, n-1, d) {
		w.theirs = w.ours.clone()
	} else if w.theirs != nil {
		w.same(ctx, n-1, d)
	}
	if w.theirs == nil {
		if err := w.ours.add(d.hash, w.tile(ctx)); err != nil {
			return err
		}
		return w.reached(ctx, &w.ours)
	}
	if err := w.ours.add(d.hash, keepNone); err != nil {
		return err
	}
	return w.log(ctx, n-1)
}

func keepNone(tlog.Tile, []byte) error { return nil }

// same holds an event against the log's leaf, and says in which parts they differ.
func (w *auditing) same(ctx context.Context, index int64, d digest) bool {
	raw, ok := w.leaf(ctx, index)
	if !ok || bytes.Equal(raw, d.leaf) {
		return true
	}
	entry := ledger.Entry(index + 1)
	want, err := ParseLeaf(raw)
	if err != nil {
		w.add("tile", entry, "the log's leaf cannot be read: "+err.Error(), LeafOf(w.Ledger, d.event).String(), fmt.Sprintf("%x", raw))
		return false
	}
	parts, expected, found := differences(want, LeafOf(w.Ledger, d.event))
	w.add("entry", entry, "the ledger does not hold what the log says, in: "+parts, expected, found)
	return false
}

// leaf is the log's leaf of an index. A bundle that cannot be read is told of once.
func (w *auditing) leaf(ctx context.Context, index int64) ([]byte, bool) {
	n := index / width
	if w.bad[n] {
		return nil, false
	}
	t := widest(tlog.Tile{H: height, L: -1, N: n}, w.signed.N)
	raw, err := w.logged.raw(ctx, index)
	if err == nil && len(w.logged.list) != t.W {
		err = fmt.Errorf("it has %d entries", len(w.logged.list))
	}
	if err != nil {
		w.bad[n] = true
		w.add("tile", ledger.Entry(index+1), "entries of the log cannot be read", fmt.Sprintf("%s with %d entries", torchwood.TilePath(t), t.W), err.Error())
		return nil, false
	}
	return raw, true
}

// log goes on over the log's own entries, once they are not the ledger's.
func (w *auditing) log(ctx context.Context, index int64) error {
	raw, ok := w.leaf(ctx, index)
	if !ok {
		raw = nil // told already; the root tells the rest
	}
	if err := w.theirs.add(tlog.RecordHash(raw), w.tile(ctx)); err != nil {
		return err
	}
	return w.reached(ctx, w.theirs)
}

// tile holds a tile of the log against the entries below it.
func (w *auditing) tile(ctx context.Context) func(tlog.Tile, []byte) error {
	return func(t tlog.Tile, want []byte) error {
		got, err := w.Log.tile(ctx, t)
		switch {
		case err != nil && ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			w.add("tile", 0, "a tile of the log cannot be read", torchwood.TilePath(t), err.Error())
		case !bytes.Equal(got, want):
			w.add("tile", 0, fmt.Sprintf("a tile of the log is not what its entries come to: %s, entries %d to %d", torchwood.TilePath(t), t.N<<(height*(t.L+1))+1, (t.N*width+int64(t.W))<<(height*t.L)), unequal(want, got), unequal(got, want))
		}
		return nil
	}
}

// unequal is the first hash in which a tile is not like another.
func unequal(a, b []byte) string {
	for i := 0; i < len(a); i += tlog.HashSize {
		end := min(i+tlog.HashSize, len(a))
		if end > len(b) || !bytes.Equal(a[i:end], b[i:end]) {
			return fmt.Sprintf("hash %d: %x", i/tlog.HashSize, a[i:end])
		}
	}
	return fmt.Sprintf("%d hashes", len(a)/tlog.HashSize)
}

// reached holds the root at sizes that were signed against what was signed.
func (w *auditing) reached(ctx context.Context, e *edge) error {
	at := func(n int64) bool { return n == e.size }
	mine := at(w.signed.N) && w.out.Sealed > 0
	held := slices.ContainsFunc(w.Older, func(c Checkpoint) bool { return at(c.N) })
	if !mine && !held {
		return nil
	}
	t, err := e.tree()
	if err != nil {
		return err
	}
	if mine {
		if err := e.partial(w.tile(ctx)); err != nil {
			return err
		}
		if t.Hash != w.signed.Hash {
			w.add("root", 0, fmt.Sprintf("the %d entries do not come to the root that the checkpoint states", t.N), w.signed.Hash.String(), t.Hash.String())
		}
	}
	for _, c := range w.Older {
		if at(c.N) && c.Hash != t.Hash {
			w.add("consistency", 0, fmt.Sprintf("at entry %d this is not the history of which you hold a checkpoint: an entry up to there was changed, put in, taken out or moved", c.N), c.Hash.String(), t.Hash.String())
		}
	}
	return nil
}

// unreadable is a ledger that breaks off.
func (w *auditing) unreadable(ctx context.Context, cause error) {
	w.add("entry", w.out.Entries+1, "the ledger cannot be read here", w.stated(ctx, int64(w.out.Entries)), cause.Error())
}

// stated is the leaf of an index for people, as far as the log says.
func (w *auditing) stated(ctx context.Context, index int64) string {
	if index >= w.signed.N {
		return "an entry, or the end"
	}
	if raw, ok := w.leaf(ctx, index); ok {
		if l, err := ParseLeaf(raw); err == nil {
			return l.String()
		}
	}
	return "an entry"
}

// rest goes on over the log alone where the ledger ends before it.
func (w *auditing) rest(ctx context.Context, whole bool) error {
	from := int64(w.out.Entries)
	if from >= w.signed.N {
		return nil
	}
	if whole {
		w.add("entry", ledger.Entry(from+1), fmt.Sprintf("the ledger ends at entry %d, and the log has %d: what was recorded last is gone", from, w.signed.N), w.stated(ctx, from), "nothing")
	}
	if w.theirs == nil {
		w.theirs = w.ours.clone()
	}
	for n := from; n < w.signed.N; n++ {
		if err := errors.Join(w.log(ctx, n), ctx.Err()); err != nil {
			return err
		}
		if w.bad[n/width] && n%width == 0 && !w.readable(ctx, n) {
			break // a log that states more than it has
		}
	}
	return nil
}

// readable says whether the log has any tile of entries from an index on.
func (w *auditing) readable(ctx context.Context, index int64) bool {
	_, err := w.Log.tile(ctx, widest(tlog.Tile{H: height, L: -1, N: index / width}, w.signed.N))
	return err == nil
}
