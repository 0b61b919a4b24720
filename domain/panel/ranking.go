package panel

import (
	"cmp"
	"slices"
	"strings"

	"ttledger/domain/ledger"
)

// Ranked is an item in its place.
type Ranked struct {
	Stream  ledger.StreamID `json:"stream"`
	Code    string          `json:"code"`
	Group   string          `json:"group,omitzero"`
	Rank    int             `json:"rank"`        // items of exactly the same score share it
	Score   int             `json:"score_milli"` // the mean in thousandths of a point, rounded half up
	Reviews int             `json:"reviews"`     // that were counted
}

// scored is an item with the sum of the points that count; the sum over Reviews is the exact mean.
type scored struct {
	Ranked
	sum int
}

// rank is the items of a panel in the order of their scores, group by group.
func rank(p PanelConvened, openings []Opening) []Ranked {
	var list []scored
	for _, item := range p.Items {
		var totals []int
		for _, o := range openings {
			if o.Item == item.Code {
				totals = append(totals, sum(o.Points))
			}
		}
		list = append(list, score(item, totals, p.Method))
	}
	slices.SortFunc(list, func(a, b scored) int {
		return cmp.Or(strings.Compare(a.Group, b.Group), better(a, b), strings.Compare(a.Code, b.Code))
	})
	var ranking []Ranked
	for _, s := range list {
		s.Rank = 1
		for _, other := range list {
			if other.Group == s.Group && better(other, s) < 0 {
				s.Rank++
			}
		}
		ranking = append(ranking, s.Ranked)
	}
	return ranking
}

// score is an item with the mean of its totals, the highest and the lowest left out where trimmed.
func score(item Item, totals []int, method string) scored {
	slices.Sort(totals)
	if method == "trimmed" && len(totals) > 2 {
		totals = totals[1 : len(totals)-1]
	}
	s := scored{Ranked{Stream: item.Stream, Code: item.Code, Group: item.Group, Reviews: len(totals)}, sum(totals)}
	if n := len(totals); n > 0 {
		s.Score = (2*1000*s.sum + n) / (2 * n)
	}
	return s
}

// better is negative where a has the higher mean: exactly, without dividing.
func better(a, b scored) int { return cmp.Compare(b.sum*a.Reviews, a.sum*b.Reviews) }

func sum(points []int) int {
	total := 0
	for _, p := range points {
		total += p
	}
	return total
}
