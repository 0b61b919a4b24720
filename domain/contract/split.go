package contract

import (
	"cmp"
	"slices"
)

// share is so many per mille of an amount, rounded up: in favour of whom a floor protects.
func share(amount int64, perMille int) int64 { return (amount*int64(perMille) + 999) / 1000 }

// part is one piece of a split amount: what its weight gives in whole minor units, and the unit
// of the tail it got.
type part struct{ minor, tail int64 }

// split divides an amount by weights in per mille that sum to 1000. The tail that whole units
// leave goes, a unit each, to the largest remainders, of equal ones to the first: the parts and
// their tails sum to the amount.
func split(amount int64, weights []int) []part {
	parts, order, left := make([]part, len(weights)), make([]int, len(weights)), amount
	for i, w := range weights {
		parts[i].minor, order[i] = amount*int64(w)/1000, i
		left -= parts[i].minor
	}
	remainder := func(i int) int64 { return amount * int64(weights[i]) % 1000 }
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(remainder(b), remainder(a)) })
	for _, i := range order[:left] {
		parts[i].tail = 1
	}
	return parts
}
