package grant

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// VerifyCondition says that the condition of an instalment is met. Who verifies does not pay.
type VerifyCondition struct {
	Instalment string `json:"instalment" en:"code of the instalment" zh:"分期代码"`
	Basis      string `json:"basis" en:"what shows it: reference of a report, certificate or contract" zh:"核验依据(报告、证书或合同编号)"`
}

// Under is the scheme that the subsidy was approved under.
func (c VerifyCondition) Under(s State) ledger.Governing { return s.governing() }

func (s State) governing() ledger.Governing {
	return ledger.Governing{Form: "subsidy-scheme", Code: s.Scheme, Version: s.Version}
}

func (c VerifyCondition) decide(s State, at ledger.Context) ([]Event, error) {
	scheme, err := ledger.Params[Scheme](at)
	if err != nil {
		return nil, err
	}
	i, err := s.instalment(c.Instalment)
	if err := ledger.First(ledger.CheckText("basis", c.Basis, 200, true), err, notBefore(at, s.ApprovedOn, theApproval)); err != nil {
		return nil, err
	}
	if by := s.Instalments[i].VerifiedBy; by != "" {
		return nil, reject("verified-already", fmt.Sprintf("%s verified it on %s", by, s.Instalments[i].VerifiedOn), fmt.Sprintf("%s 已于 %s 核验", by, s.Instalments[i].VerifiedOn))
	}
	e := ConditionVerified{Instalment: c.Instalment, Basis: c.Basis}
	if scheme.DueDays > 0 {
		e.Due = at.On.Last().Plus(0, 0, scheme.DueDays)
	}
	return []Event{e}, nil
}

var theApproval = ledger.Text{En: "the approval", Zh: "批准日"}

// notBefore refuses an act that certainly happened before another.
func notBefore(at ledger.Context, earlier ledger.Date, what ledger.Text) error {
	if at.On.Last().Compare(earlier.First()) >= 0 {
		return nil
	}
	return reject("date-order", fmt.Sprintf("dated %s, before %s on %s", at.On, what.En, earlier), fmt.Sprintf("业务发生日 %s 早于%s(%s)", at.On, what.Zh, earlier))
}

// ConditionVerified: an instalment may be paid, by a day where the scheme names one.
type ConditionVerified struct {
	Instalment string      `json:"instalment"`
	Basis      string      `json:"basis"`
	Due        ledger.Date `json:"due,omitzero"`
}

// EventType is the stored name.
func (ConditionVerified) EventType() string { return "grant.condition-verified.v1" }

// Correctable: a wrong record is put right by a correction.
func (ConditionVerified) Correctable() {}

func (e ConditionVerified) apply(s State, m ledger.Metadata) State {
	s.Instalments = slices.Clone(s.Instalments)
	for i, x := range s.Instalments {
		if x.Code == e.Instalment {
			s.Instalments[i].VerifiedBy, s.Instalments[i].VerifiedOn = m.Actor, m.OccurredOn
		}
	}
	return s
}

// ReleaseInstalment pays an instalment. On that day the team must meet its scheme, and those whose
// tiers the scheme asks for must hold them.
type ReleaseInstalment struct {
	Instalment   string       `json:"instalment" en:"code of the instalment" zh:"分期代码"`
	Amount       ledger.Money `json:"amount" en:"amount paid" zh:"拨付金额"`
	Voucher      string       `json:"voucher" en:"number of the voucher" zh:"凭证号"`
	Recognitions []uuid.UUID  `json:"recognitions,omitzero" en:"recognitions that show the tiers, where the scheme asks for them" zh:"人才或资格认定标识(办法要求时)"`
}

func recognition(id uuid.UUID) ledger.StreamID {
	return ledger.StreamID{Category: "recognition", ID: id}
}

// maxRecognitions bounds the recognitions that one payment rests on: a leader and a core.
const maxRecognitions = 21

// ReliesOn is who is paid, and the recognitions.
func (c ReleaseInstalment) ReliesOn(s State) []ledger.StreamID {
	streams := []ledger.StreamID{s.Beneficiary}
	for _, id := range c.Recognitions {
		streams = append(streams, recognition(id))
	}
	return streams
}

// Under is the scheme that the subsidy was approved under.
func (c ReleaseInstalment) Under(s State) ledger.Governing { return s.governing() }

// Benefits is who is paid.
func (c ReleaseInstalment) Benefits(s State) []ledger.StreamID {
	return []ledger.StreamID{s.Beneficiary}
}

func (c ReleaseInstalment) decide(s State, at ledger.Context) ([]Event, error) {
	scheme, err := ledger.Params[Scheme](at)
	if err != nil {
		return nil, err
	}
	i, err := s.instalment(c.Instalment)
	if err := ledger.First(
		ledger.CheckText("voucher", c.Voucher, 100, true),
		ledger.CheckCount("recognitions", len(c.Recognitions), maxRecognitions),
		c.Amount.Check("amount"),
		err,
	); err != nil {
		return nil, err
	}
	if err := ledger.First(
		s.fresh(c.Voucher),
		s.payable(c, s.Instalments[i], at),
		eligible(at, s.Beneficiary),
		c.certified(s, scheme, at),
	); err != nil {
		return nil, err
	}
	return []Event{InstalmentReleased(c)}, nil
}

// payable holds a payment against its instalment.
func (s State) payable(c ReleaseInstalment, x Standing, at ledger.Context) error {
	open := x.Amount.Minor - s.paid(x.Code)
	switch {
	case x.VerifiedBy == "":
		return reject("condition-open", "the condition of this instalment is not verified", "该期拨付条件尚未核验")
	case x.VerifiedBy == at.Actor || x.VerifiedBy == at.Approver:
		return reject("same-person", fmt.Sprintf("%s verified the condition; others pay", x.VerifiedBy), fmt.Sprintf("%s 核验了拨付条件,须由他人办理和批准拨付", x.VerifiedBy))
	case c.Amount.Currency != s.Currency:
		return ledger.InvalidField("amount/currency", "the subsidy is in "+s.Currency, "资助币种为 "+s.Currency)
	case c.Amount.Minor > open:
		return reject("above-instalment", fmt.Sprintf("%s of this instalment is open", s.money(open)), fmt.Sprintf("该期未拨付金额为 %s", s.money(open)))
	}
	return notBefore(at, x.VerifiedOn, ledger.Text{En: "the condition was verified", Zh: "条件核验日"})
}

// tier is what a recognition says of its holder.
type tier interface {
	ValidFor(subject ledger.StreamID, scheme string, on ledger.Date) bool
	LevelOf() string
}

// certified wants a valid tier of everybody the scheme asks it of: the leader and the core of a
// team, or who else is subsidised.
func (c ReleaseInstalment) certified(s State, scheme Scheme, at ledger.Context) error {
	if scheme.TierScheme == "" {
		return nil
	}
	for _, subject := range holders(at, s.Beneficiary) {
		if !slices.ContainsFunc(c.Recognitions, func(id uuid.UUID) bool {
			t, ok := ledger.About[tier](at, recognition(id))
			return ok && t.ValidFor(subject, scheme.TierScheme, at.On) && (len(scheme.Levels) == 0 || slices.Contains(scheme.Levels, t.LevelOf()))
		}) {
			return reject("tier-not-valid",
				fmt.Sprintf("no recognition of %s under %s that is valid on %s and accepted by the scheme is named", subject, scheme.TierScheme, at.On),
				fmt.Sprintf("未提供 %s 在 %s 下于 %s 有效且办法认可的资格", subject, scheme.TierScheme, at.On))
		}
	}
	return nil
}

func holders(at ledger.Context, beneficiary ledger.StreamID) []ledger.StreamID {
	team, ok := ledger.About[interface{ CoreTeam() []uuid.UUID }](at, beneficiary)
	if !ok {
		return []ledger.StreamID{beneficiary}
	}
	var people []ledger.StreamID
	for _, id := range team.CoreTeam() {
		people = append(people, ledger.StreamID{Category: "person", ID: id})
	}
	return people
}

// InstalmentReleased: money was paid (domain catalogue event 56).
type InstalmentReleased struct {
	Instalment   string       `json:"instalment"`
	Amount       ledger.Money `json:"amount"`
	Voucher      string       `json:"voucher"`
	Recognitions []uuid.UUID  `json:"recognitions,omitzero"`
}

// EventType is the stored name.
func (InstalmentReleased) EventType() string { return "grant.instalment-released.v1" }

func (e InstalmentReleased) apply(s State, m ledger.Metadata) State {
	s.Payments = append(slices.Clone(s.Payments), Payment{Voucher: e.Voucher, Instalment: e.Instalment, On: m.OccurredOn, Minor: e.Amount.Minor})
	s.Vouchers = s.booked(e.Voucher)
	return s
}
