// Package domain is the table of contents of everything the ledger keeps. A new aggregate is a line
// here; where its decisions are made under policies, its forms are another.
package domain

import (
	"slices"

	"ttledger/domain/achievement"
	"ttledger/domain/contract"
	"ttledger/domain/demand"
	"ttledger/domain/identity"
	"ttledger/domain/ledger"
	"ttledger/domain/notice"
	"ttledger/domain/organisation"
	"ttledger/domain/person"
	"ttledger/domain/policy"
	"ttledger/domain/principal"
	"ttledger/domain/project"
	"ttledger/domain/trace"
)

// Rules is the forms that policies may have.
func Rules() []ledger.RuleForm { return slices.Concat(notice.Rules, contract.Rules) }

// Aggregates is every kind of thing, in display order.
func Aggregates() []ledger.Aggregate {
	return []ledger.Aggregate{
		principal.Aggregate, identity.Aggregate, trace.Aggregate,
		organisation.Aggregate, person.Aggregate, policy.Aggregate(Rules()...),
		achievement.Aggregate, demand.Aggregate, project.Aggregate, notice.Aggregate, contract.Aggregate,
		ledger.Approvals, ledger.Claims,
	}
}
