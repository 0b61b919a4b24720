package panel

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

// TestWhateverTheyTry: in no order of declarations, scores, excuses and conclusions does a score
// change once it is in, does who stepped back or was excused have one that counts, or does an item
// fall below the quorum.
func TestWhateverTheyTry(t *testing.T) {
	kept, conclusions := 0, 0
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		s := fold(given(convened(nil)))
		points := map[string]Opening{} // as each reviewer remembers what they handed in
		for range 60 {
			c, handle := attempt(r, s, points)
			before := slices.Clone(s.Reviews)
			events, err := Decider.Decide(s, c, ledgertest.Context(as(handle)))
			if err != nil {
				continue
			}
			if c, ok := c.(SubmitReview); ok {
				require.NotContains(t, points, handle+c.Item, "one score each")
				points[handle+c.Item] = opening(handle, c.Item, scoreOf(c.Commitment, handle, c.Item)...)
			}
			for _, e := range events {
				s = Decider.Evolve(s, e, ledger.Metadata{Actor: handle, OccurredOn: day("2026-06-15")})
			}
			require.True(t, slices.Equal(before, s.Reviews[:len(before)]), "what is in stays as it is")
			kept++
		}
		if s.ConcludedOn.IsZero() {
			continue
		}
		conclusions++
		require.Empty(t, s.Broken)
		require.Equal(t, len(s.counting()), len(s.Conclusion.Openings))
		for _, o := range s.Conclusion.Openings {
			require.Equal(t, points[o.Reviewer+o.Item], o, "opened as it was handed in")
			d, declared := s.declaration(o.Reviewer, o.Item)
			require.True(t, declared && !d.Recused && !slices.Contains(s.Excused, o.Reviewer))
		}
		for _, ranked := range s.Conclusion.Ranking {
			require.GreaterOrEqual(t, ranked.Reviews, s.Sitting.Quorum)
		}
	}
	require.Greater(t, conclusions, 300, "the attempts come to an end often enough to say something (%d acts)", kept)
}

// scoreOf finds the points of a commitment among the few that attempt hands in.
func scoreOf(commitment, reviewer, item string) []int {
	for a := range 4 {
		o := opening(reviewer, item, a, 2*a)
		if Commitment("PN-2026-0003", item, reviewer, o.Points, o.Nonce) == commitment {
			return o.Points
		}
	}
	return nil
}

// attempt is what somebody may try next, sensible or not.
func attempt(r *rand.Rand, s State, points map[string]Opening) (Command, string) {
	reviewer := s.Sitting.Reviewers[r.IntN(3)]
	item := s.Sitting.Items[r.IntN(2)].Code
	switch r.IntN(12) {
	case 0, 1, 2:
		return DeclareInterest{item, "none", r.IntN(12) == 0}, reviewer
	case 3:
		return DeclareInterest{item, "kin", r.IntN(3) == 0}, reviewer
	case 4:
		if r.IntN(8) > 0 {
			return Attend{}, "sup.he"
		}
		return ExcuseReviewer{reviewer, "misconduct"}, "chr.lin"
	case 5, 6:
		return Conclude{tampered(r, s, points), minutes}, "chr.lin"
	}
	a := r.IntN(4)
	o := opening(reviewer, item, a, 2*a)
	return SubmitReview{item, "C-2026-1", Commitment("PN-2026-0003", item, reviewer, o.Points, o.Nonce), sealed}, reviewer
}

// tampered is the openings, in half of the cases not quite.
func tampered(r *rand.Rand, s State, points map[string]Opening) (list []Opening) {
	for _, review := range s.Reviews {
		_, stays := s.declaration(review.Reviewer, review.Item)
		if stays && (!slices.Contains(s.Excused, review.Reviewer) || r.IntN(4) == 0) {
			list = append(list, points[review.Reviewer+review.Item])
		}
	}
	if len(list) == 0 || r.IntN(2) == 0 {
		return list
	}
	i := r.IntN(len(list))
	switch r.IntN(3) {
	case 0:
		list[i].Points = []int{list[i].Points[0] + 1, list[i].Points[1]}
	case 1:
		return slices.Delete(list, i, i+1)
	case 2:
		return append(list, list[i])
	}
	return list
}

// TestOneByteFlippedIsFound: whoever replays a panel of which one character of a stored score,
// commitment, nonce or ranking was changed finds that it does not hold, or cannot read it.
func TestOneByteFlippedIsFound(t *testing.T) {
	past := whole(attended, concluded)
	flipped := 0
	for i, p := range past {
		switch p.Event.(type) {
		case ReviewSubmitted, PanelConcluded:
		default:
			continue
		}
		stored, err := Codec.Encode(p.Event)
		require.NoError(t, err)
		for at := range stored {
			altered := slices.Clone(stored)
			altered[at] ^= 1
			e, err := Codec.Decode(p.Event.EventType(), altered)
			if err != nil || !tells(p.Event, e) {
				continue
			}
			history := slices.Clone(past)
			history[i].Event = e
			s := fold(history)
			require.NotEmpty(t, s.Broken, "event %d, byte %d: %s", i, at, altered)
			require.False(t, s.IsConcluded())
			_, ranked := s.RankOf(ann)
			require.False(t, ranked, "nobody is appointed by it")
			_, err = Decider.Decide(s, Conclude{openings, minutes}, ledgertest.Context(as("chr.lin")))
			require.Equal(t, "conclusion-broken", ledger.CodeOf(err))
			flipped++
		}
	}
	require.Greater(t, flipped, 700)
}

// tells says whether two events differ in what a ranking rests on: not in the ciphertext, which
// nobody needs once the scores are open, nor in what stands beside the scores.
func tells(a, b Event) bool {
	told := func(e Event) string {
		switch e := e.(type) {
		case ReviewSubmitted:
			return fmt.Sprint(e.Item, e.Reviewer, e.Commitment)
		case PanelConcluded:
			text, _ := json.Marshal([]any{e.Openings, e.Ranking})
			return string(text)
		}
		return ""
	}
	return told(a) != told(b)
}

// TestTheCommitmentIsWrittenDown: what a reviewer's own program computes, with printf and sha256sum:
// printf 'ttledger/review/v1\nPN-2026-0003\nA-017\nrev.one\n[50,30]\n00112233445566778899aabbccddeeff' | sha256sum
func TestTheCommitmentIsWrittenDown(t *testing.T) {
	require.Equal(t, "bb18b27143e53eea542274b2fb82c687ca89618815525929d8a643360ba0350a", Commitment("PN-2026-0003", "A-017", "rev.one", []int{50, 30}, "00112233445566778899aabbccddeeff"))
}
