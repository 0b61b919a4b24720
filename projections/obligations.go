package projections

import (
	"slices"

	"ttledger/domain/achievement"
	"ttledger/domain/contract"
	"ttledger/domain/ledger"
	"ttledger/domain/notice"
	"ttledger/domain/project"
)

// ObligationRow is one duty: what somebody owes by a day.
type ObligationRow struct {
	Category string       `en:"kind of thing" zh:"对象类别"`
	Stream   string       `en:"stream" zh:"事件流"`
	Kind     string       `en:"duty" zh:"事项"`
	Ref      string       `en:"which of them" zh:"事项标识"`
	WhatEn   string       `en:"what (English)" zh:"内容(英文)"`
	WhatZh   string       `en:"what (Chinese)" zh:"内容(中文)"`
	Who      ledger.Role  `en:"whose duty" zh:"责任角色"`
	DueOn    ledger.Date  `en:"due on" zh:"到期日"`
	DoneOn   ledger.Date  `en:"done on" zh:"完成日期"`
	Dropped  bool         `en:"fell away" zh:"是否取消"`
	Amount   ledger.Money `en:"amount due" zh:"应付金额"`
	Met      int64        `en:"met of it (minor units)" zh:"已到(最小货币单位)"`
	OpenedOn ledger.Date  `en:"since" zh:"起始日期"`
}

// duty is what one fact says of one obligation.
type duty struct {
	kind, ref string
	does      func(*ObligationRow, Fact)
}

// duties is, for each kind of thing, what its facts make due, done or fall away. An aggregate whose
// events bear dates by which something is owed has a line here and nothing else.
var duties = map[string]func(ledger.Event) []duty{
	"achievement": achievementDuties,
	"contract":    contractDuties,
	"notice":      noticeDuties,
	"project":     projectDuties,
}

// Obligations is what is due by whom, one row a duty (domain read model R18). That the thing itself
// ended stands in its own view; see the report r18.
var Obligations = NewView(Spec[ObligationRow]{
	Name: "obligations", Version: 1, Roles: Readers, Of: Of{Column: "stream"},
	Title: ledger.Text{En: "obligations and deadlines", Zh: "待办与期限"},
	Keys: func(f Fact) []string {
		of := duties[f.Stream.Category]
		if of == nil {
			return nil
		}
		var keys []string
		for _, d := range of(f.Event) {
			keys = append(keys, d.key(f))
		}
		slices.Sort(keys)
		return slices.Compact(keys)
	},
	Fold: func(r ObligationRow, key string, f Fact) ObligationRow {
		for _, d := range duties[f.Stream.Category](f.Event) {
			if d.key(f) == key {
				r.Category, r.Stream, r.Kind, r.Ref = f.Stream.Category, f.Stream.String(), d.kind, d.ref
				d.does(&r, f)
			}
		}
		return r
	},
})

func (d duty) key(f Fact) string { return f.Stream.String() + ":" + d.kind + ":" + d.ref }

// due opens a duty; one that has no day is none.
func due(kind, ref string, on ledger.Date, who ledger.Role, what ledger.Text, amount ledger.Money) []duty {
	if on.IsZero() {
		return nil
	}
	return []duty{{kind, ref, func(r *ObligationRow, f Fact) {
		r.DueOn, r.Who, r.WhatEn, r.WhatZh, r.Amount = on, who, what.En, what.Zh, amount
		r.OpenedOn = first(r.OpenedOn, f.Meta.OccurredOn)
		if r.Met < amount.Minor {
			r.DoneOn = ledger.Date{}
		}
	}}}
}

// done says that it was done on the day of the fact.
func done(kind, ref string) duty {
	return duty{kind, ref, func(r *ObligationRow, f Fact) { r.DoneOn = f.Meta.OccurredOn }}
}

// reopened says that it is to be done again.
func reopened(kind, ref string) duty {
	return duty{kind, ref, func(r *ObligationRow, _ Fact) { r.DoneOn = ledger.Date{} }}
}

// dropped says that it fell away.
func dropped(kind, ref string) duty {
	return duty{kind, ref, func(r *ObligationRow, _ Fact) { r.Dropped = true }}
}

// met says that so much of the amount due came in, or went out again.
func met(kind, ref string, minor int64) duty {
	return duty{kind, ref, func(r *ObligationRow, f Fact) {
		if r.Met += minor; r.Met < r.Amount.Minor {
			r.DoneOn = ledger.Date{}
		} else {
			r.DoneOn = first(r.DoneOn, f.Meta.OccurredOn)
		}
	}}
}

var (
	toRegister   = ledger.Text{En: "have the contract registered", Zh: "办理技术合同认定登记"}
	toFile       = ledger.Text{En: "file the patent licence with the patent office", Zh: "办理专利实施许可合同备案"}
	toDistribute = ledger.Text{En: "pay the completers their part of a receipt", Zh: "支付完成人奖酬"}
	toReceive    = ledger.Text{En: "receive an instalment", Zh: "收取到期价款"}
	toAward      = ledger.Text{En: "pay the inventors the award for a patent", Zh: "发放授权专利奖励"}
	toConclude   = ledger.Text{En: "conclude a public notice", Zh: "结束公示"}
	toCertify    = ledger.Text{En: "have the achievements of a project registered", Zh: "办理项目成果登记"}
)

func contractDuties(e ledger.Event) (list []duty) {
	switch e := e.(type) {
	case contract.Signed:
		list = append(list, due("register", "", e.RegisterBy, ledger.LEG, toRegister, ledger.Money{})...)
		list = append(list, due("record-licence", "", e.RecordBy, ledger.LEG, toFile, ledger.Money{})...)
		list = append(list, instalments(e.Terms)...)
	case contract.Amended:
		if e.Reregister {
			list = append(list, due("register", "", e.RegisterBy, ledger.LEG, toRegister, ledger.Money{})...)
			list = append(list, reopened("register", ""))
		}
		list = append(list, instalments(e.Terms)...)
	case contract.Registered:
		list = append(list, done("register", ""))
	case contract.LicenceRecorded:
		list = append(list, done("record-licence", ""))
	case contract.ReceiptRecorded:
		list = append(list, due("distribute", e.Entry.String(), e.DistributeBy, ledger.FIN, toDistribute, ledger.Money{})...)
		if e.Instalment != "" {
			list = append(list, met("instalment", e.Instalment, e.Amount.Minor))
		}
	case contract.DistributionApproved:
		for _, id := range e.Receipts {
			if e.Award.Minor == 0 {
				list = append(list, done("distribute", id.String()))
			}
		}
	case contract.DistributionPaid:
		for _, id := range e.Settles {
			list = append(list, done("distribute", id.String()))
		}
	case contract.EntryReversed:
		list = reversedDuties(e)
	}
	return list
}

func instalments(t contract.Terms) (list []duty) {
	for _, m := range t.Instalments {
		list = append(list, due("instalment", m.Code, m.Due, ledger.FIN, toReceive, m.Amount)...)
	}
	return list
}

func reversedDuties(e contract.EntryReversed) (list []duty) {
	for _, id := range e.Reopens {
		list = append(list, reopened("distribute", id.String()))
	}
	if e.Kind == contract.Receipt && e.Whole {
		list = append(list, dropped("distribute", e.Entry.String()))
	}
	if e.Kind == contract.Receipt && e.Instalment != "" {
		list = append(list, met("instalment", e.Instalment, -e.Amount.Minor))
	}
	return list
}

func projectDuties(e ledger.Event) (list []duty) {
	switch e := e.(type) {
	case project.ProjectProposed:
		return append(milestones(e.Milestones), due("register-achievements", "", e.RegisterBy, ledger.TM, toCertify, ledger.Money{})...)
	case project.ProjectApproved:
		return milestones(e.Milestones)
	case project.MilestoneVerified:
		if e.Result == "waived" {
			return []duty{dropped("milestone", e.Milestone)}
		}
		if e.Result == "met" {
			return []duty{{"milestone", e.Milestone, func(r *ObligationRow, _ Fact) { r.DoneOn = e.AchievedOn }}}
		}
	}
	return nil
}

// achievementDuties: the award for a service patent (T9).
func achievementDuties(e ledger.Event) []duty {
	switch e := e.(type) {
	case achievement.RightGranted:
		if e.AwardLeast != nil {
			return due("award", e.Number, e.AwardDue, ledger.FIN, toAward, *e.AwardLeast)
		}
	case achievement.AwardPaid:
		return []duty{done("award", e.Right)}
	}
	return nil
}

// noticeDuties: a notice is concluded once its last day is over (P2).
func noticeDuties(e ledger.Event) []duty {
	switch e := e.(type) {
	case notice.Posted:
		return due("conclude-notice", "", e.To.Plus(0, 0, 1), ledger.SUP, toConclude, ledger.Money{})
	case notice.Concluded:
		return []duty{done("conclude-notice", "")}
	case notice.Withdrawn:
		return []duty{dropped("conclude-notice", "")}
	}
	return nil
}

func milestones(list []project.Milestone) (all []duty) {
	for _, m := range list {
		all = append(all, due("milestone", m.Code, m.Due, ledger.PM, ledger.Text{En: m.Names.En, Zh: m.Names.Zh}, ledger.Money{})...)
	}
	return all
}
