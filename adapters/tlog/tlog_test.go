package tlog

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"filippo.io/torchwood"

	"ttledger/adapters/memory"
	"ttledger/domain/ledger"
)

// book is a ledger in memory with its log on disk.
type book struct {
	t     *testing.T
	id    uuid.UUID
	store *memory.Store
	dir   string
	key   string
}

func newBook(t *testing.T) *book {
	b := &book{t: t, id: uuid.New(), store: memory.New(time.Now), dir: filepath.Join(t.TempDir(), "log")}
	b.key = filepath.Join(t.TempDir(), "log.key")
	require.NoError(t, MakeKey(b.key, Origin(b.id)))
	return b
}

// record adds n events, each to a stream of its own.
func (b *book) record(n int) { recordIn(b.t, b.store, n) }

func recordIn(t *testing.T, store *memory.Store, n int) {
	t.Helper()
	for i := range n {
		meta := ledger.Metadata{Ledger: uuid.New(), Actor: "li.wei", Role: ledger.PM, OccurredOn: ledger.Day(2026, 1, 1), Source: ledger.Source{Kind: "api"}}
		data, err := json.Marshal(map[string]any{"n": i, "text": uuid.NewString()})
		require.NoError(t, err)
		_, err = store.Append(t.Context(), ledger.StreamID{Category: "project", ID: uuid.New()}, 0, []ledger.Proposed{{ID: uuid.New(), Type: "project.proposed.v1", Data: data, Meta: meta}})
		require.NoError(t, err)
	}
}

func (b *book) sealer() *Sealer {
	b.t.Helper()
	l, err := Open(b.dir, b.key, b.id)
	require.NoError(b.t, err)
	return &Sealer{Log: l, Feed: b.store, Now: time.Now, Slog: slog.New(slog.DiscardHandler)}
}

// seal signs all that is recorded, as a process that has just started.
func (b *book) seal() Checkpoint {
	b.t.Helper()
	s := b.sealer()
	require.NoError(b.t, s.CatchUp(b.t.Context()))
	return s.Log.Latest()
}

func (b *book) events() iter.Seq2[ledger.Recorded, error] { return recorded(b.t.Context(), b.store) }

// recorded is everything that is recorded by now.
func recorded(ctx context.Context, s *memory.Store) iter.Seq2[ledger.Recorded, error] {
	return func(yield func(ledger.Recorded, error) bool) {
		for batch, err := range s.Follow(ctx, ledger.Position{}) {
			if err != nil {
				yield(ledger.Recorded{}, err)
				return
			}
			for _, r := range batch.Events {
				if !yield(r, nil) {
					return
				}
			}
			if batch.Live {
				return
			}
		}
	}
}

func (b *book) leaves() (all [][]byte) {
	for r, err := range b.events() {
		require.NoError(b.t, err)
		all = append(all, LeafOf(b.id, r).Bytes())
	}
	return all
}

func (b *book) audit(older ...Checkpoint) Outcome {
	b.t.Helper()
	out, err := Audit{Ledger: b.id, Log: Dir(b.dir), Events: b.events(), Older: older}.Run(b.t.Context())
	require.NoError(b.t, err)
	return out
}

func (b *book) sound(older ...Checkpoint) {
	b.t.Helper()
	out := b.audit(older...)
	require.Empty(b.t, out.Findings)
	require.Zero(b.t, out.Differences)
}

func TestALeafIsReadAsItWasWritten(t *testing.T) {
	b := newBook(t)
	b.record(3)
	for r, err := range b.events() {
		require.NoError(t, err)
		leaf := LeafOf(b.id, r)
		raw := leaf.Bytes()
		again, err := ParseLeaf(raw)
		require.NoError(t, err)
		require.Equal(t, leaf, again)
		for n := range raw {
			_, err := ParseLeaf(raw[:n])
			require.Error(t, err, "%d bytes of it", n)
		}
		_, err = ParseLeaf(append(slices.Clone(raw), 0))
		require.Error(t, err)
	}
}

// TestTheTreeIsThatOfRFC6962 holds roots, inclusion and consistency proofs of random logs against
// an implementation that nobody here wrote.
func TestTheTreeIsThatOfRFC6962(t *testing.T) {
	chance := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	for range 5 {
		b := newBook(t)
		theirs := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
		roots := map[int64]Checkpoint{}
		var size int64
		for range 6 {
			n := chance.IntN(200) + 1
			if chance.IntN(3) == 0 {
				n += 300
			}
			b.record(n)
			c := b.seal()
			for _, leaf := range b.leaves()[size:] {
				require.NoError(t, theirs.Append(rfc6962.DefaultHasher.HashLeaf(leaf), nil))
			}
			root, err := theirs.GetRootHash(nil)
			require.NoError(t, err)
			size += int64(n)
			require.Equal(t, size, c.N)
			require.Equal(t, root, c.Hash[:], "at %d", size)
			roots[size] = c
		}
		read := Dir(b.dir).hashes(t.Context(), size)
		leaves, root := b.leaves(), roots[size].Hash
		for range 40 {
			i := chance.Int64N(size)
			p, err := tlog.ProveRecord(size, i, read)
			require.NoError(t, err)
			require.NoError(t, proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(i), uint64(size), rfc6962.DefaultHasher.HashLeaf(leaves[i]), slicesOf(p), root[:]))
		}
		for n, c := range roots {
			p, err := tlog.ProveTree(size, n, read)
			require.NoError(t, err)
			if n < size {
				require.NoError(t, proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(n), uint64(size), slicesOf(p), c.Hash[:], root[:]))
			}
		}
		b.sound(roots[size])
	}
}

func slicesOf[T ~[]tlog.Hash](p T) (list [][]byte) {
	for _, h := range p {
		list = append(list, h[:])
	}
	return list
}

// TestTorchwoodReadsTheLog reads tiles, checkpoint and receipts with a client that nobody here wrote.
func TestTorchwoodReadsTheLog(t *testing.T) {
	b := newBook(t)
	b.record(700)
	b.seal()
	b.record(70_000 - 700) // three levels of tiles
	c := b.seal()
	keys, err := os.ReadFile(filepath.Join(b.dir, KeysFile))
	require.NoError(t, err)
	v, err := note.NewVerifier(ParseKeys(keys)[0])
	require.NoError(t, err)
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(Origin(b.id)), torchwood.SingleVerifierPolicy(v))
	raw, err := os.ReadFile(filepath.Join(b.dir, CheckpointFile))
	require.NoError(t, err)
	verified, _, err := torchwood.VerifyCheckpoint(raw, policy)
	require.NoError(t, err)
	require.Equal(t, c.Tree, verified.Tree)

	files, err := torchwood.NewTileFS(os.DirFS(b.dir))
	require.NoError(t, err)
	client, err := torchwood.NewClient(files)
	require.NoError(t, err)
	leaves := b.leaves()
	n := int64(0)
	for i, entry := range client.AllEntries(t.Context(), verified.Tree, 0) {
		require.Equal(t, n, i)
		require.Equal(t, leaves[i], entry)
		n++
	}
	require.NoError(t, client.Err())
	require.Equal(t, c.N, n)

	for _, i := range []int{0, 255, 256, 65_535, 65_536, 69_999} {
		leaf, err := ParseLeaf(leaves[i])
		require.NoError(t, err)
		receipt, err := Reader{Dir(b.dir)}.Prove(t.Context(), leaf.Event)
		require.NoError(t, err)
		require.Equal(t, ledger.Entry(i+1), receipt.Entry)
		require.NoError(t, torchwood.VerifyProof(policy, tlog.RecordHash(leaves[i]), receipt.Signed))
		checked, at, err := CheckReceipt(receipt.Signed, ParseKeys(keys))
		require.NoError(t, err)
		require.Equal(t, receipt, checked)
		require.Equal(t, c.Tree, at.Tree)
	}
	_, err = Reader{Dir(b.dir)}.Prove(t.Context(), uuid.New())
	require.ErrorIs(t, err, ErrNotSealed)
}

func TestAReceiptThatWasChangedProvesNothing(t *testing.T) {
	b := newBook(t)
	b.record(40)
	b.seal()
	keys, err := os.ReadFile(filepath.Join(b.dir, KeysFile))
	require.NoError(t, err)
	leaf, err := ParseLeaf(b.leaves()[17])
	require.NoError(t, err)
	receipt, err := Reader{Dir(b.dir)}.Prove(t.Context(), leaf.Event)
	require.NoError(t, err)
	for i := range receipt.Signed {
		changed := slices.Clone(receipt.Signed)
		changed[i] ^= 1
		got, _, err := CheckReceipt(changed, ParseKeys(keys))
		if err == nil { // base64 has bits that mean nothing; what is said must be the same
			got.Signed = receipt.Signed
			require.Equal(t, receipt, got, "byte %d", i)
		}
	}
}

// TestALogGrowsAlikeHoweverItIsRun: in one go, in many starts, with its place lost.
func TestALogGrowsAlikeHoweverItIsRun(t *testing.T) {
	one := newBook(t)
	two := newBook(t)
	two.id, two.store = one.id, one.store
	require.NoError(t, os.Remove(two.key))
	require.NoError(t, MakeKey(two.key, Origin(two.id)))
	for _, n := range []int{1, 254, 1, 1, 255, 300, 7} {
		one.record(n)
		c := two.seal()
		two.sound(c)
		require.NoError(t, os.RemoveAll(filepath.Join(two.dir, placeFile)))
	}
	require.Equal(t, one.seal().Tree, two.seal().Tree)
	tiles := func(dir string) map[string]string {
		all := map[string]string{}
		require.NoError(t, filepath.WalkDir(filepath.Join(dir, "tile"), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			raw, err := os.ReadFile(path)
			name, _ := filepath.Rel(dir, path)
			all[name] = string(raw)
			return err
		}))
		return all
	}
	for name, raw := range tiles(one.dir) {
		require.Equal(t, raw, tiles(two.dir)[name], name)
	}
	require.NoFileExists(t, filepath.Join(two.dir, "tile/0/000.p/1"), "a full tile takes the place of those it began as")
}

func TestTheSealerFollowsALiveLedger(t *testing.T) {
	b := newBook(t)
	s := b.sealer()
	s.Every = 10 * time.Millisecond
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	for range 20 {
		b.record(30)
	}
	require.Eventually(t, func() bool { return s.Status().Sealed == 600 }, 20*time.Second, time.Millisecond)
	stop()
	<-done
	b.sound()
}

// TestNothingIsSignedOverAnIncident goes through the ways in which a ledger can have lost what was
// signed, and a log what it is made of.
func TestNothingIsSignedOverAnIncident(t *testing.T) {
	other := memory.New(time.Now)
	recordIn(t, other, 600)
	for name, c := range map[string]struct {
		harm func(b *book, s *Sealer)
		says string
	}{
		"a shorter ledger": {func(b *book, s *Sealer) {
			b.store = memory.New(time.Now)
			s.Feed = b.store
		}, "entry 1: the ledger ends at entry 0, and its log has signed 500"},
		"another history": {func(b *book, s *Sealer) { s.Feed = other }, "no longer holds what was signed"},
		"another history, its place lost": {func(b *book, s *Sealer) {
			s.Feed = other
			require.NoError(t, os.Remove(filepath.Join(b.dir, placeFile)))
		}, "entry 1: the ledger no longer holds what was signed"},
		"a tile": {func(b *book, s *Sealer) {
			flip(t, filepath.Join(b.dir, "tile/1/000.p/1"))
		}, "the log's tiles come to the root"},
		"a checkpoint from outside that is further": {func(b *book, s *Sealer) {
			s.Outside = []Checkpoint{{Origin: Origin(b.id), Tree: Tree{N: 5000}}}
		}, "the ledger ends at entry 510, and a checkpoint from outside says 5000"},
		"a checkpoint from outside of another history": {func(b *book, s *Sealer) {
			s.Outside = []Checkpoint{{Origin: Origin(b.id), Tree: Tree{N: 300}}}
		}, "this is another history"},
		"a checkpoint from outside, reached while the log grows": {func(b *book, s *Sealer) {
			s.Outside = []Checkpoint{{Origin: Origin(b.id), Tree: Tree{N: 505}}}
		}, "this is another history"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook(t)
			b.record(500)
			before := b.seal()
			b.record(10)
			s := b.sealer()
			c.harm(b, s)
			s.Run(t.Context()) // it comes back by itself
			require.NotNil(t, s.Status().Incident)
			require.Contains(t, s.Status().Incident.Error(), c.says)
			raw, err := os.ReadFile(filepath.Join(b.dir, CheckpointFile))
			require.NoError(t, err)
			require.Equal(t, before.Signed, raw, "the last signature stands")
		})
	}
}

func TestACheckpointFromOutsideIsNoHindrance(t *testing.T) {
	b := newBook(t)
	b.record(300)
	c := b.seal()
	require.NoError(t, os.RemoveAll(b.dir)) // as after a restore
	b.record(10)
	s := b.sealer()
	s.Outside = []Checkpoint{c}
	require.NoError(t, s.CatchUp(t.Context()))
	b.sound(c)
}

func flip(t *testing.T, file string) {
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	raw[len(raw)/2] ^= 1
	require.NoError(t, os.WriteFile(file, raw, 0o600))
}

// TestACrashBetweenAnyTwoWritesIsMended: what is on the disk beyond the checkpoint is written over.
func TestACrashBetweenAnyTwoWritesIsMended(t *testing.T) {
	b := newBook(t)
	b.record(400)
	c := b.seal()
	kept := map[string][]byte{}
	for _, name := range []string{CheckpointFile, placeFile} {
		raw, err := os.ReadFile(filepath.Join(b.dir, name))
		require.NoError(t, err)
		kept[name] = raw
	}
	b.record(300)
	b.seal() // past the end of a tile
	for name, raw := range kept {
		require.NoError(t, os.WriteFile(filepath.Join(b.dir, name), raw, 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, "tile/0/002.p/188.new"), []byte("half"), 0o600))
	b.record(5)
	require.EqualValues(t, 705, b.seal().N)
	b.sound(c)
}

func TestAKeyTakesAnothersPlace(t *testing.T) {
	b := newBook(t)
	info, err := os.Stat(b.key)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	b.record(10)
	first := b.seal()
	keysOf := func() []string {
		raw, err := os.ReadFile(filepath.Join(b.dir, KeysFile))
		require.NoError(t, err)
		return ParseKeys(raw)
	}
	old := keysOf()
	_, err = RetireKey(b.key, Origin(b.id))
	require.ErrorContains(t, err, "one key only")
	fresh, err := RotateKey(b.key, Origin(b.id))
	require.NoError(t, err)
	_, err = RotateKey(b.key, Origin(b.id))
	require.ErrorContains(t, err, "two keys already")
	both := b.seal()
	require.Equal(t, first.Tree, both.Tree, "signed again, with nothing new")
	require.NoError(t, both.Verify(old))
	require.NoError(t, both.Verify([]string{fresh}))
	require.Error(t, first.Verify([]string{fresh}))
	retired, err := RetireKey(b.key, Origin(b.id))
	require.NoError(t, err)
	require.Equal(t, old[0], retired)
	b.record(1)
	last := b.seal()
	require.Error(t, last.Verify(old))
	require.NoError(t, last.Verify([]string{fresh}))
	require.Equal(t, []string{fresh, old[0]}, keysOf())
	b.sound(first, both, last)
	info, err = os.Stat(b.key)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())

	require.NoError(t, MakeKey(b.key, Origin(b.id)), "a key that is there stays")
	_, err = Open(b.dir, b.key, uuid.New())
	require.ErrorContains(t, err, "this log is")
}

// TestACosignatureFits: a witness adds its line, and the checkpoint is what it was.
func TestACosignatureFits(t *testing.T) {
	b := newBook(t)
	b.record(10)
	c := b.seal()
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	witness, err := torchwood.NewCosignatureSigner("witness.example.org", key)
	require.NoError(t, err)
	_, err = note.Open(c.Signed, note.VerifierList())
	var unverified *note.UnverifiedNoteError
	require.ErrorAs(t, err, &unverified)
	cosigned, err := note.Sign(unverified.Note, witness)
	require.NoError(t, err)
	parsed, err := ParseCheckpoint(cosigned)
	require.NoError(t, err)
	require.Equal(t, c.Tree, parsed.Tree)
	b.sound(parsed)
	_, _, err = torchwood.VerifyCheckpoint(cosigned, torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(Origin(b.id)), torchwood.SingleVerifierPolicy(witness.Verifier())))
	require.NoError(t, err)
}

func TestACheckpointCanBeKeptAsALine(t *testing.T) {
	b := newBook(t)
	b.record(10)
	c := b.seal()
	require.Equal(t, fmt.Sprintf("ttledger/%s 10 %s", b.id, c.Hash), c.Line())
	kept, err := ParseCheckpoint([]byte(c.Line() + "\n"))
	require.NoError(t, err)
	require.Equal(t, c.Tree, kept.Tree)
	b.record(1)
	b.seal()
	b.sound(kept)
	for _, wrong := range []string{"", "a b", "a b c", "a 1 c", c.Line() + " more", "-1", "a -1 " + c.Hash.String(), "ttledger/x\n10\n" + c.Hash.String() + "\n"} {
		_, err := ParseCheckpoint([]byte(wrong))
		require.Error(t, err, wrong)
	}
}

// TestASealerGoesOnOnceTheDiskIsWell: what fails is tried again, and nothing is signed meanwhile.
func TestASealerGoesOnOnceTheDiskIsWell(t *testing.T) {
	b := newBook(t)
	b.record(300)
	before := b.seal()
	b.record(300)
	tiles := filepath.Join(b.dir, "tile")
	require.NoError(t, os.Rename(filepath.Join(tiles, "0"), filepath.Join(tiles, "0.away")))
	s := b.sealer()
	require.Error(t, s.CatchUp(t.Context()))
	require.NoError(t, os.Rename(filepath.Join(tiles, "0.away"), filepath.Join(tiles, "0")))
	require.NoError(t, os.Rename(filepath.Join(tiles, "1"), filepath.Join(tiles, "1.away")))
	require.NoError(t, os.WriteFile(filepath.Join(tiles, "1"), nil, 0o600)) // no folder
	s = b.sealer()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	require.Eventually(t, func() bool { st := s.Status(); return st.Err != nil || st.Incident != nil }, 20*time.Second, time.Millisecond)
	raw, err := os.ReadFile(filepath.Join(b.dir, CheckpointFile))
	require.NoError(t, err)
	require.Equal(t, before.Signed, raw)
	require.NoError(t, os.Remove(filepath.Join(tiles, "1")))
	require.NoError(t, os.Rename(filepath.Join(tiles, "1.away"), filepath.Join(tiles, "1")))
	stop()
	<-done
	require.EqualValues(t, 600, b.seal().N)
	b.sound(before)
}

// TestASealerWaitsWhereWhatIsShownMayBeLost for as long as it is told to, and no longer.
func TestASealerWaitsWhereWhatIsShownMayBeLost(t *testing.T) {
	b := newBook(t)
	b.record(3)
	s := b.sealer()
	s.Lag = 300 * time.Millisecond
	began := time.Now()
	require.NoError(t, s.CatchUp(t.Context()))
	require.GreaterOrEqual(t, time.Since(began), 200*time.Millisecond)
	s.Now = func() time.Time { return time.Now().Add(-time.Hour) } // a clock that differs
	b.record(1)
	began = time.Now()
	require.NoError(t, s.CatchUp(t.Context()))
	require.Less(t, time.Since(began), 20*time.Second)
	require.EqualValues(t, 4, s.Log.Latest().N)
}
