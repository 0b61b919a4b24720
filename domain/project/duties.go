package project

import (
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// The two sides of a project, by the roles that stand on them: nobody acts on both.
var (
	preparers = []ledger.Role{ledger.PM, ledger.TM, ledger.FIN}
	deciders  = []ledger.Role{ledger.APR, ledger.CHR}
	asking    = []ledger.Role{ledger.PM, ledger.TM} // for what a decider must approve
)

// acted remembers on which side who acted.
func (s State) acted(m ledger.Metadata) State {
	if slices.Contains(preparers, m.Role) && !slices.Contains(s.Prepared, m.Actor) {
		s.Prepared = append(slices.Clone(s.Prepared), m.Actor)
	}
	decided := m.Approver
	if slices.Contains(deciders, m.Role) {
		decided = m.Actor // before requests had to be approved, deciders sent the command
	}
	if decided != "" && !slices.Contains(s.Decided, decided) {
		s.Decided = append(slices.Clone(s.Decided), decided)
	}
	return s
}

// oneSide refuses who acted on the other side of this project before, whatever roles they hold
// today: to ask, and to approve.
func (s State) oneSide(at ledger.Context) error {
	switch {
	case slices.Contains(s.Prepared, at.Approver):
		return ledger.Rejected("four-eyes", ledger.Text{
			En: fmt.Sprintf("%s helped to prepare this project; another person must decide", at.Approver),
			Zh: fmt.Sprintf("%s 参与过本项目的经办,须由他人决定", at.Approver),
		})
	case slices.Contains(preparers, at.Role) && slices.Contains(s.Decided, at.Actor):
		return ledger.Rejected("four-eyes", ledger.Text{
			En: fmt.Sprintf("%s decided on this project; another person must do its work", at.Actor),
			Zh: fmt.Sprintf("%s 对本项目作过决定,须由他人经办", at.Actor),
		})
	}
	return nil
}

// Sight: the offices see every project. Completers, mentors and reviewers see those in which they
// act, for which somebody acts on their behalf, or for which they are responsible.
var Sight = ledger.Sight{
	All: slices.DeleteFunc(ledger.AllRoles(), func(r ledger.Role) bool { return slices.Contains(guests, r) }),
	Own: guests,
	Concerns: func(e ledger.Event, m ledger.Metadata) []string {
		var handles []string
		if m.OnBehalfOf != "" {
			handles = append(handles, m.OnBehalfOf)
		}
		if slices.Contains(guests, m.Role) {
			handles = append(handles, m.Actor)
		}
		if e, ok := e.(ProjectApproved); ok && e.Responsible != "" {
			handles = append(handles, e.Responsible)
		}
		return handles
	},
}

// guests take part in single projects.
var guests = []ledger.Role{ledger.INV, ledger.MEN, ledger.REV}
