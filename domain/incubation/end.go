package incubation

import (
	"fmt"

	"ttledger/domain/ledger"
)

// Leave ends a case on the venture's side, or takes an application back. The day of the act is the
// last day in the room.
type Leave struct {
	Reason   string       `json:"reason" enum:"voluntary,moved,ceased,merged,limit-reached,other" en:"why" zh:"退出原因"`
	Note     string       `json:"note,omitzero" en:"particulars" zh:"说明"`
	Debts    ledger.Money `json:"debts,omitzero" en:"debts left" zh:"欠缴金额"`
	Assets   string       `json:"assets,omitzero" en:"assets handed back" zh:"资产交还情况"`
	StatedOn ledger.Date  `json:"stated_on,omitzero" en:"for what is taken over from elsewhere: the day it was stated there" zh:"转录数据的原载日期"`
}

func (c Leave) decide(s State, at ledger.Context) ([]Event, error) {
	if s.Stage != Applied {
		if err := s.live(at); err != nil {
			return nil, err
		}
	}
	if err := ledger.First(
		s.notBefore(at, s.AppliedOn),
		ledger.CheckOneOf("reason", c.Reason, "voluntary", "moved", "ceased", "merged", "limit-reached", "other"),
		ledger.CheckText("note", c.Note, 1000, false),
		ledger.CheckText("assets", c.Assets, 500, false),
		checkDebts(c.Debts),
	); err != nil {
		return nil, err
	}
	return []Event{TenancyEnded{c.Reason, c.Note, s.Area, c.Debts, c.Assets, c.StatedOn}}, nil
}

func checkDebts(m ledger.Money) error {
	if m.IsZero() {
		return nil
	}
	return m.Check("debts")
}

// TenancyEnded: the venture left (domain catalogue event 65).
type TenancyEnded struct {
	Reason   string       `json:"reason"`
	Note     string       `json:"note,omitzero"`
	Freed    int64        `json:"freed_m2,omitzero"`
	Debts    ledger.Money `json:"debts,omitzero"`
	Assets   string       `json:"assets,omitzero"`
	StatedOn ledger.Date  `json:"stated_on,omitzero"`
}

// EventType is the stored name.
func (TenancyEnded) EventType() string { return "incubation.left.v1" }

// Correctable: a wrong record is put right by a correction.
func (TenancyEnded) Correctable() {}

func (e TenancyEnded) apply(s State, m ledger.Metadata) State {
	s.Stage, s.Last = Left, m.OccurredOn
	return s
}

// Evict ends a tenancy against the tenant's will, after notice and the time for an appeal.
type Evict struct {
	Ground  string       `json:"ground" enum:"overdue,idle,breach,false-data" en:"ground" zh:"清退事由"`
	Notice  ledger.Date  `json:"notice_on" en:"day on which notice was given" zh:"告知日期"`
	Appeal  string       `json:"appeal" enum:"none,rejected" en:"whether there was an appeal; one that is open or was upheld stops the eviction" zh:"申诉情况(未申诉或已驳回;申诉未决或成立不得清退)"`
	Decided ledger.Date  `json:"appeal_decided_on,omitzero" en:"day on which the appeal was rejected" zh:"申诉驳回日期"`
	Debts   ledger.Money `json:"debts,omitzero" en:"debts left" zh:"欠缴金额"`
	Assets  string       `json:"assets,omitzero" en:"assets handed back" zh:"资产交还情况"`
}

// Under is the version of the policy that the case was admitted under.
func (c Evict) Under(s State) ledger.Governing {
	return ledger.Governing{Form: form, Code: s.Policy.Code, Version: s.Policy.Version}
}

func (c Evict) decide(s State, at ledger.Context) ([]Event, error) {
	rules, err := ledger.Params[Terms](at)
	if err := ledger.First(
		s.live(at), err,
		ledger.CheckOneOf("ground", c.Ground, "overdue", "idle", "breach", "false-data"),
		ledger.CheckOneOf("appeal", c.Appeal, "none", "rejected"),
		ledger.CheckText("assets", c.Assets, 500, false),
		checkDebts(c.Debts),
	); err != nil {
		return nil, err
	}
	if at.Rule.Code != s.Policy.Code || at.Rule.Version != s.Policy.Version {
		return nil, reject("other-policy", fmt.Sprintf("the case was admitted under %s %s", s.Policy.Code, s.Policy.Version), fmt.Sprintf("本案例依据 %s %s 入孵", s.Policy.Code, s.Policy.Version))
	}
	switch {
	case c.Notice.IsZero() || c.Notice.Compare(s.From) < 0 || c.Notice.Compare(at.On) > 0:
		return nil, ledger.InvalidField("notice_on", fmt.Sprintf("from the admission on %s to the day of the eviction", s.From), fmt.Sprintf("应在入孵日 %s 至清退日之间", s.From))
	case at.On.DaysSince(c.Notice.Last()) < rules.AppealDays:
		return nil, reject("appeal-running", fmt.Sprintf("the tenant may appeal for %d days from the notice on %s", rules.AppealDays, c.Notice), fmt.Sprintf("自 %s 告知之日起 %d 天为申诉期,尚未届满", c.Notice, rules.AppealDays))
	case (c.Appeal == "rejected") == c.Decided.IsZero() || c.Decided.Compare(at.On) > 0:
		return nil, ledger.InvalidField("appeal_decided_on", "needed where an appeal was rejected, and not after the eviction", "申诉被驳回时必填,且不晚于清退日")
	case c.Ground == "overdue" && (s.Limit.IsZero() || at.On.Compare(s.Limit) <= 0):
		return nil, reject("not-overdue", "the time limit has not passed", "尚未超过孵化时限")
	}
	return []Event{TenantEvicted{c.Ground, c.Notice, c.Appeal, c.Decided, s.Area, c.Debts, c.Assets}}, nil
}

// TenantEvicted: the tenant had to leave (domain catalogue event 65, by four eyes).
type TenantEvicted struct {
	Ground  string       `json:"ground"`
	Notice  ledger.Date  `json:"notice_on"`
	Appeal  string       `json:"appeal"`
	Decided ledger.Date  `json:"appeal_decided_on,omitzero"`
	Freed   int64        `json:"freed_m2,omitzero"`
	Debts   ledger.Money `json:"debts,omitzero"`
	Assets  string       `json:"assets,omitzero"`
}

// EventType is the stored name.
func (TenantEvicted) EventType() string { return "incubation.evicted.v1" }

// Correctable: a wrong record is put right by a correction.
func (TenantEvicted) Correctable() {}

func (e TenantEvicted) apply(s State, m ledger.Metadata) State {
	s.Stage, s.Last = Evicted, m.OccurredOn
	return s
}
