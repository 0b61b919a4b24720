package projections

import (
	"encoding/json"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
	"ttledger/domain/policy"
)

// PolicyRow is one version of a policy.
type PolicyRow struct {
	ID          uuid.UUID       `en:"policy id" zh:"政策标识"`
	Code        string          `en:"policy" zh:"政策代码"`
	Version     string          `en:"version" zh:"版本"`
	Form        string          `en:"what its parameters are for" zh:"参数形式"`
	NameZh      string          `en:"name (Chinese)" zh:"名称(中文)"`
	NameEn      string          `en:"name (English)" zh:"名称(英文)"`
	DocNo       string          `en:"document" zh:"文号"`
	Issuer      string          `en:"issuer" zh:"发布机关"`
	Level       string          `en:"level" zh:"层级"`
	InForceFrom ledger.Date     `en:"in force from" zh:"施行日期"`
	InForceTo   ledger.Date     `en:"in force until" zh:"失效日期"`
	Supersedes  string          `en:"takes the place of version" zh:"所替代的版本"`
	Mark        string          `en:"how sure the text is" zh:"可靠程度"`
	Source      string          `en:"where it was read" zh:"来源"`
	AdoptedOn   ledger.Date     `en:"adopted on" zh:"采纳日期"`
	Params      json.RawMessage `en:"parameters" zh:"参数"`
}

// PolicyVersions is every version of every policy, one row a version.
var PolicyVersions = NewView(Spec[PolicyRow]{
	Name: "policy-versions", Version: 1, Roles: Readers, Of: Of{"policy", "id"},
	Title: ledger.Text{En: "policy versions", Zh: "政策版本"},
	Keys: func(f Fact) []string {
		e, ok := f.Event.(policy.VersionAdopted)
		if !ok {
			return nil
		}
		keys := []string{e.Code + "@" + e.Version}
		if e.Supersedes != "" {
			keys = append(keys, e.Code+"@"+e.Supersedes)
		}
		return keys
	},
	Fold: func(r PolicyRow, key string, f Fact) PolicyRow {
		e := f.Event.(policy.VersionAdopted)
		r.ID = f.Stream.ID
		if key != e.Code+"@"+e.Version {
			if r.InForceTo.IsZero() {
				r.InForceTo = e.From.Plus(0, 0, -1)
			}
			return r
		}
		return PolicyRow{
			r.ID, e.Code, e.Version, e.Form, e.Names.Zh, e.Names.En, e.DocNo, e.Issuer, e.Level,
			e.From, e.To, e.Supersedes, e.Mark, e.Source, f.Meta.OccurredOn, e.Params,
		}
	},
})
