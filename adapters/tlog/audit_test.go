package tlog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
)

// of is a ledger that holds these events.
func of(list []ledger.Recorded) iter.Seq2[ledger.Recorded, error] {
	return func(yield func(ledger.Recorded, error) bool) {
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (b *book) list() (list []ledger.Recorded) {
	for r, err := range b.events() {
		require.NoError(b.t, err)
		list = append(list, r)
	}
	return list
}

func (o Outcome) checks() (list []string) {
	for _, f := range o.Findings {
		list = append(list, f.Check)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// TestAnAuditOfALargeLogFindsTheEntry: over several tiles and levels, before, at and after their ends.
func TestAnAuditOfALargeLogFindsTheEntry(t *testing.T) {
	b := newBook(t)
	b.record(300)
	early := b.seal()
	b.record(500)
	late := b.seal()
	b.record(20) // not signed yet
	list := b.list()
	edited := func(i int, change func(*ledger.Recorded)) []ledger.Recorded {
		l := slices.Clone(list)
		change(&l[i])
		return l
	}
	audit := func(l []ledger.Recorded, older ...Checkpoint) Outcome {
		out, err := Audit{Ledger: b.id, Log: Dir(b.dir), Events: of(l), Older: older}.Run(t.Context())
		require.NoError(t, err)
		return out
	}
	require.Empty(t, audit(list, early, late).Findings)
	for _, i := range []int{0, 254, 255, 256, 299, 300, 511, 512, 767, 799} {
		out := audit(edited(i, func(r *ledger.Recorded) { r.Data = append(slices.Clone(r.Data), ' ') }), early)
		require.Equal(t, Finding{"entry", ledger.Entry(i + 1), "the ledger does not hold what the log says, in: SHA-256 of the data", out.Findings[0].Expected, out.Findings[0].Found}, out.Findings[0])
		require.Equal(t, 1, out.Differences, "one entry, and the log is whole: %+v", out.Findings)
		require.NotEqual(t, out.Findings[0].Expected, out.Findings[0].Found)
	}
	out := audit(edited(810, func(r *ledger.Recorded) { r.Data = []byte("{}") }), early, late)
	require.Zero(t, out.Differences, "nothing is known yet of what nobody signed")
	out = audit(slices.Delete(slices.Clone(list), 400, 401), early, late)
	require.Equal(t, ledger.Entry(401), out.Findings[0].Entry)
	require.Greater(t, out.Differences, maxFindings)
	require.Len(t, out.Findings, maxFindings, "all that follows has moved; the first are listed")
	out = audit(slices.Insert(slices.Clone(list), 10, list[9]))
	require.Equal(t, ledger.Entry(11), out.Findings[0].Entry)
	swapped := slices.Clone(list)
	swapped[255], swapped[256] = swapped[256], swapped[255]
	out = audit(swapped)
	require.Equal(t, 2, out.Differences)
	out = audit(list[:700], late)
	require.Equal(t, []string{"consistency", "entry"}, out.checks())
	require.Contains(t, out.Findings[0].What, "the ledger ends at entry 700, and the log has 800")
	require.Contains(t, out.Findings[0].Expected, "project-", "it says what stood there")
	out = audit(nil, late)
	require.Equal(t, ledger.Entry(1), out.Findings[0].Entry)
	broken := func(yield func(ledger.Recorded, error) bool) {
		_ = yield(list[0], nil) && yield(ledger.Recorded{}, errors.New("a page is torn"))
	}
	out, err := Audit{Ledger: b.id, Log: Dir(b.dir), Events: broken}.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, "a page is torn", out.Findings[0].Found)
	require.EqualValues(t, 2, out.Findings[0].Entry)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err = Audit{Ledger: b.id, Log: Dir(b.dir), Events: of(list)}.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

// TestEveryFileOfALogCounts flips a bit in each file, and takes each away.
func TestEveryFileOfALogCounts(t *testing.T) {
	b := newBook(t)
	b.record(600)
	b.seal()
	b.record(200)
	c := b.seal()
	chance := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 3))
	wanted := map[string]bool{CheckpointFile: true}
	for _, name := range TilesOf(c.N) {
		wanted[name] = true
	}
	require.Len(t, wanted, 1+4+4+1)
	require.NoError(t, filepath.WalkDir(b.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, _ := filepath.Rel(b.dir, path)
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		end := len(raw)
		if name == CheckpointFile { // a signature has bits that mean nothing
			end = strings.Index(string(raw), "\n\n")
		}
		for range 20 {
			if name == KeysFile { // another test's
				break
			}
			at, bit := chance.IntN(end), byte(1)<<chance.IntN(8)
			raw[at] ^= bit
			require.NoError(t, os.WriteFile(path, raw, 0o600))
			out := b.audit()
			require.Equal(t, wanted[name], out.Differences > 0, "%s, bit %d of byte %d: %+v", name, bit, at, out.Findings)
			raw[at] ^= bit
			if !wanted[name] {
				break
			}
		}
		require.NoError(t, os.Remove(path))
		require.Equal(t, wanted[name] || name == KeysFile, b.audit().Differences > 0, "without %s", name)
		require.NoError(t, os.WriteFile(path, raw, 0o600))
		return nil
	}))
	b.sound(c)
}

// TestACheckpointThatPromisesTheSkyIsNoBurden: sizes that nobody has, in the log or in a hand.
func TestACheckpointThatPromisesTheSkyIsNoBurden(t *testing.T) {
	b := newBook(t)
	b.record(10)
	c := b.seal()
	sky := c
	sky.N, sky.Signed = 1<<62, nil
	require.Equal(t, []string{"consistency"}, b.audit(sky).checks())
	raw, err := os.ReadFile(filepath.Join(b.dir, CheckpointFile))
	require.NoError(t, err)
	text := strings.Replace(string(raw), "\n10\n", fmt.Sprintf("\n%d\n", int64(1)<<62), 1)
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, CheckpointFile), []byte(text), 0o600))
	out := b.audit()
	require.Subset(t, out.checks(), []string{"entry", "signature"})
	none := c
	none.N, none.Signed = 0, nil
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, CheckpointFile), raw, 0o600))
	b.sound(none)
}
