package principal

import (
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// duty is a role with those that one person never holds on the same day. Who asks and who decides
// may be one person on different cases; that is held apart where they act, on each case.
type duty struct {
	role ledger.Role
	from []ledger.Role
	why  ledger.Text
}

// duties is the table of domain conventions: who watches does not do what is watched, and who
// administers takes no part.
var duties = []duty{
	{ledger.ADM, except(ledger.ADM), ledger.Text{
		En: "an administrator gives access and takes no part in what the ledger records",
		Zh: "系统管理员只管理权限,不参与业务",
	}},
	{ledger.AUD, []ledger.Role{
		ledger.PM, ledger.TM, ledger.INV, ledger.LEG, ledger.FIN, ledger.HR, ledger.REV, ledger.CHR,
		ledger.INC, ledger.MEN, ledger.PRK, ledger.FUN, ledger.APR, ledger.DPO,
	}, ledger.Text{
		En: "an auditor examines what others did and records nothing",
		Zh: "审计员检查他人所办事项,不得经办业务",
	}},
	{ledger.SUP, []ledger.Role{
		ledger.PM, ledger.TM, ledger.LEG, ledger.FIN, ledger.HR, ledger.REV, ledger.CHR, ledger.APR,
	}, ledger.Text{
		En: "who supervises selection, prices and gates neither prepares nor decides them",
		Zh: "监督选聘、定价与评审者不得经办或决定这些事项",
	}},
	{ledger.PRK, []ledger.Role{ledger.INC, ledger.APR}, ledger.Text{
		En: "who watches admission and eviction neither prepares nor decides them",
		Zh: "监督入驻与清退者不得经办或决定这些事项",
	}},
}

// apart says why one person may not hold both roles, if so.
func apart(a, b ledger.Role) (ledger.Text, bool) {
	for _, d := range duties {
		if d.role == a && slices.Contains(d.from, b) || d.role == b && slices.Contains(d.from, a) {
			return d.why, true
		}
	}
	return ledger.Text{}, false
}

// checkDuties refuses a grant that meets one it must be kept apart from on some day.
func (s State) checkDuties(c GrantRole) error {
	for _, g := range s.Grants {
		if why, clash := apart(g.Role, c.Role); clash && g.meets(Grant(c)) {
			return ledger.Rejected("duties", ledger.Text{
				En: fmt.Sprintf("%s holds %s from %s; nobody holds it and %s on the same day: %s", s.Handle, g.Role, g.From, c.Role, why.En),
				Zh: fmt.Sprintf("%s 自 %s 起持有角色 %s,同一日不得兼任 %s:%s", s.Handle, g.From, g.Role, c.Role, why.Zh),
			})
		}
	}
	return nil
}
