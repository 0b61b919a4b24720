package facility

import "ttledger/domain/ledger"

// ChiefRules are the parameters of a policy on chief scientists of parks.
type ChiefRules struct {
	GraceDays int   `json:"grace_days" en:"days a park may go without a chief scientist and still take tenants" zh:"首席科学家空缺宽限天数(其间仍可入园)"`
	MaxParks  int64 `json:"max_parks" en:"parks that one person may serve at once" zh:"一人可同时任职的园区数"`
}

// Check says what is wrong with the parameters.
func (r ChiefRules) Check() error {
	switch {
	case r.GraceDays < 0 || r.GraceDays > 3660:
		return ledger.InvalidField("params/grace_days", "0 to 3660 days", "0 至 3660 天")
	case r.MaxParks < 1 || r.MaxParks > 100:
		return ledger.InvalidField("params/max_parks", "1 to 100 parks", "1 至 100 个园区")
	}
	return nil
}

// StationRules are the parameters of a policy on workstations.
type StationRules struct {
	MinMonths int `json:"min_months" en:"months that the agreement with the expert runs at least" zh:"与专家协议的最短期限(月)"`
}

// Check says what is wrong with the parameters.
func (r StationRules) Check() error {
	if r.MinMonths < 0 || r.MinMonths > 600 {
		return ledger.InvalidField("params/min_months", "0 to 600 months", "0 至 600 个月")
	}
	return nil
}

// The forms of the policies that facilities are decided under, and the codes of the policies that
// are meant where the client names none.
const (
	chiefForm, chiefPolicy     = "chief-scientist", "CHIEF-SCIENTIST"
	stationForm, stationPolicy = "workstation", "WORKSTATION"
)

// Rules are the forms of this package's policies.
var Rules = []ledger.RuleForm{
	ledger.RuleOf[ChiefRules](chiefForm, ledger.Text{En: "chief scientists of parks", Zh: "园区首席科学家"}),
	ledger.RuleOf[StationRules](stationForm, ledger.Text{En: "academician-expert workstations", Zh: "院士专家工作站"}),
}
