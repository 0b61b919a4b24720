package team

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Scheme is the parameters of one scheme of team import, as a policy version carries them.
type Scheme struct {
	Categories  []string `json:"categories" enum:"attack,founding,innovation" en:"categories of teams" zh:"团队类别"`
	CoreMin     int      `json:"core_min" en:"core members beside the leader, at the least" zh:"核心成员最低人数(不含带头人)"`
	TierScheme  string   `json:"tier_scheme,omitzero" en:"scheme under which leader and core are certified" zh:"人才认定办法代码"`
	LeaderTiers []string `json:"leader_tiers,omitzero" en:"tiers accepted of the leader" zh:"带头人层次"`
	CoreTiers   []string `json:"core_tiers,omitzero" en:"tiers accepted of core members" zh:"核心成员层次"`
	RightsMin   int      `json:"rights_min,omitzero" en:"rights of its own that a team brings, at the least" zh:"自有知识产权最低件数"`
	RightsYears int      `json:"rights_years,omitzero" en:"greatest age of those rights, years" zh:"知识产权最长年限(年)"`
	Region      []string `json:"region,omitzero" en:"beginnings of the codes of the region that a team must come from outside of, such as CN-LN and 21" zh:"本地区代码前缀(团队须来自区域外),如 CN-LN、21"`
}

// Check says what is wrong with a scheme.
func (s Scheme) Check() error {
	if len(s.Categories) == 0 {
		return ledger.InvalidField("params/categories", "name the categories: attack, founding, innovation", "请列明团队类别:attack、founding、innovation")
	}
	for i, category := range s.Categories {
		if err := ledger.CheckOneOf(fmt.Sprintf("params/categories/%d", i), category, categories...); err != nil {
			return err
		}
	}
	for _, f := range []struct {
		path   string
		n, max int
	}{{"core_min", s.CoreMin, maxCore}, {"rights_min", s.RightsMin, maxRights}, {"rights_years", s.RightsYears, 100}} {
		if f.n < 0 || f.n > f.max {
			return ledger.InvalidField("params/"+f.path, fmt.Sprintf("0 to %d", f.max), fmt.Sprintf("0 至 %d", f.max))
		}
	}
	if s.TierScheme != "" && (len(s.LeaderTiers) == 0 || len(s.CoreTiers) == 0) {
		return ledger.InvalidField("params/core_tiers", "where tiers are asked for, say which, of leader and core", "要求人才层次时,须列明带头人与核心成员的层次")
	}
	return nil
}

var categories = []string{"attack", "founding", "innovation"}

// isLocal says whether a team comes from the region of the scheme, from which it is no import.
func (s Scheme) isLocal(o Origin) bool {
	return slices.ContainsFunc(s.Region, func(prefix string) bool { return strings.HasPrefix(o.Region, prefix) })
}

// eligible says whether a composition meets the scheme.
func (s Scheme) eligible(leader uuid.UUID, core []uuid.UUID) bool {
	return leader != uuid.Nil && len(core) >= s.CoreMin
}

// tiers is what the scheme accepts of somebody in a part; none where it asks for no tier.
func (s Scheme) tiers(part string) []string {
	switch {
	case s.TierScheme == "":
		return nil
	case part == "leader":
		return s.LeaderTiers
	}
	return s.CoreTiers
}
