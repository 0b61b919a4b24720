// Package domain is the table of contents of everything the ledger keeps. A new aggregate is a line
// here; where its decisions are made under policies, its forms are another.
package domain

import (
	"slices"

	"ttledger/domain/achievement"
	"ttledger/domain/application"
	"ttledger/domain/appointment"
	"ttledger/domain/contract"
	"ttledger/domain/demand"
	"ttledger/domain/engagement"
	"ttledger/domain/facility"
	"ttledger/domain/grant"
	"ttledger/domain/identity"
	"ttledger/domain/incubation"
	"ttledger/domain/indicator"
	"ttledger/domain/investment"
	"ttledger/domain/ledger"
	"ttledger/domain/notice"
	"ttledger/domain/organisation"
	"ttledger/domain/panel"
	"ttledger/domain/period"
	"ttledger/domain/person"
	"ttledger/domain/policy"
	"ttledger/domain/principal"
	"ttledger/domain/programme"
	"ttledger/domain/project"
	"ttledger/domain/recognition"
	"ttledger/domain/requisition"
	"ttledger/domain/team"
	"ttledger/domain/trace"
)

// Rules is the forms that policies may have.
func Rules() []ledger.RuleForm {
	return slices.Concat(notice.Rules, contract.Rules, facility.Rules, incubation.Rules,
		team.Rules, grant.Rules, recognition.Rules, investment.Rules, panel.Rules)
}

// Aggregates is every kind of thing, in display order.
func Aggregates() []ledger.Aggregate {
	return []ledger.Aggregate{
		principal.Aggregate, identity.Aggregate, trace.Aggregate,
		organisation.Aggregate, person.Aggregate, policy.Aggregate(Rules()...),
		achievement.Aggregate, demand.Aggregate, project.Aggregate, notice.Aggregate, contract.Aggregate,
		requisition.Aggregate, application.Aggregate, panel.Aggregate, appointment.Aggregate,
		facility.Aggregate, incubation.Aggregate,
		team.Aggregate, grant.Aggregate, recognition.Aggregate, investment.Aggregate, engagement.Aggregate,
		programme.Aggregate, indicator.Aggregate, period.Aggregate,
		ledger.Approvals, ledger.Claims,
	}
}
