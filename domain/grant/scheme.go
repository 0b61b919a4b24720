package grant

import (
	"fmt"
	"regexp"

	"ttledger/domain/ledger"
)

// Scheme is the parameters of one scheme of subsidies, as a policy version carries them.
type Scheme struct {
	Beneficiaries []string     `json:"beneficiaries" enum:"team,person,organisation" en:"what may be subsidised" zh:"资助对象"`
	Purposes      []string     `json:"purposes" en:"codes of the purposes it pays for" zh:"资助用途代码"`
	Ceiling       ledger.Money `json:"ceiling,omitzero" en:"most that one subsidy may be" zh:"单项资助上限"`
	TierScheme    string       `json:"tier_scheme,omitzero" en:"scheme of recognition whose validity a payment depends on" zh:"拨付所依据的资格认定办法"`
	Levels        []string     `json:"levels,omitzero" en:"levels of it that are accepted; all where left out" zh:"可接受的等级(不填为全部)"`
	DueDays       int          `json:"due_days,omitzero" en:"days from verifying a condition within which it is paid" zh:"条件核验后应拨付天数"`
}

var purposePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// Check says what is wrong with a scheme.
func (s Scheme) Check() error {
	if len(s.Beneficiaries) == 0 {
		return ledger.InvalidField("params/beneficiaries", "name what may be subsidised: team, person, organisation", "请列明资助对象:team、person、organisation")
	}
	for i, b := range s.Beneficiaries {
		if err := ledger.CheckOneOf(fmt.Sprintf("params/beneficiaries/%d", i), b, "team", "person", "organisation"); err != nil {
			return err
		}
	}
	if len(s.Purposes) == 0 {
		return ledger.InvalidField("params/purposes", "name the purposes", "请列明资助用途")
	}
	for i, p := range s.Purposes {
		if !purposePattern.MatchString(p) {
			return ledger.InvalidField(fmt.Sprintf("params/purposes/%d", i), "1 to 40 of a-z 0-9 -", "1 至 40 位小写字母、数字或 -")
		}
	}
	if s.DueDays < 0 || s.DueDays > 3660 {
		return ledger.InvalidField("params/due_days", "0 to 3660", "0 至 3660")
	}
	if !s.Ceiling.IsZero() {
		return s.Ceiling.Check("params/ceiling")
	}
	return nil
}
