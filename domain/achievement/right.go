package achievement

import (
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// Right is a patent or another right in the achievement.
type Right struct {
	Kind      string      `json:"kind" enum:"invention,utility-model,design,software,plant-variety,layout" en:"kind of right" zh:"类型:发明、实用新型、外观设计、软件著作权、植物新品种、集成电路布图"`
	Number    string      `json:"number" en:"its number" zh:"专利号或登记号"`
	GrantedOn ledger.Date `json:"granted_on,omitzero" en:"when it was granted; absent while only applied for" zh:"授权日期(仅申请时不填)"`
	ExpiresOn ledger.Date `json:"expires_on,omitzero" en:"last day of its term" zh:"期限届满日"`
}

var rightKinds = []string{"invention", "utility-model", "design", "software", "plant-variety", "layout"}

func checkRights(list []Right, at ledger.Context) error {
	if err := ledger.CheckCount("rights", len(list), 100); err != nil {
		return err
	}
	for i, r := range list {
		path := fmt.Sprintf("rights/%d/", i)
		if slices.ContainsFunc(list[:i], func(x Right) bool { return x.Number == r.Number }) {
			return ledger.InvalidField(path+"number", "is named twice", "重复")
		}
		if err := ledger.First(r.check(path), checkPast(path+"granted_on", r.GrantedOn, at)); err != nil {
			return err
		}
	}
	return nil
}

// check checks a right that stands at prefix in the command.
func (r Right) check(prefix string) error {
	if err := ledger.First(
		ledger.CheckOneOf(prefix+"kind", r.Kind, rightKinds...),
		checkCode(prefix+"number", r.Number, true),
	); err != nil {
		return err
	}
	if !r.ExpiresOn.IsZero() && r.ExpiresOn.Last().Compare(r.GrantedOn.First()) < 0 {
		return ledger.InvalidField(prefix+"expires_on", "is before the grant", "早于授权日期")
	}
	return nil
}

// GrantRight records that a right was granted on the business date.
type GrantRight struct {
	Kind        string      `json:"kind" enum:"invention,utility-model,design,software,plant-variety,layout" en:"kind of right" zh:"类型:发明、实用新型、外观设计、软件著作权、植物新品种、集成电路布图"`
	Number      string      `json:"number" en:"its number" zh:"专利号或登记号"`
	ExpiresOn   ledger.Date `json:"expires_on,omitzero" en:"last day of its term" zh:"期限届满日"`
	AwardAgreed bool        `json:"award_agreed,omitzero" en:"the award is settled by contract or rules of the unit" zh:"奖励已由合同约定或规章制度规定"`
}

func (c GrantRight) decide(s State, at ledger.Context) ([]Event, error) {
	r := Right{c.Kind, c.Number, at.On, c.ExpiresOn}
	if err := ledger.First(r.check(""), s.since(at)); err != nil {
		return nil, err
	}
	if i := s.right(c.Number); i >= 0 && !s.Rights[i].GrantedOn.IsZero() {
		return nil, reject("right-granted", fmt.Sprintf("%s was granted on %s already", c.Number, s.Rights[i].GrantedOn), fmt.Sprintf("%s 已于 %s 授权", c.Number, s.Rights[i].GrantedOn))
	}
	e := RightGranted{Right: r, AwardAgreed: c.AwardAgreed}
	if least := statutoryAward(c.Kind); least != nil && !c.AwardAgreed && s.OwnerKind != "non-service" {
		e.AwardDue, e.AwardLeast = at.On.Last().Plus(0, 3, 0), least
	}
	return []Event{e}, nil
}

// statutoryAward is what the inventors of a service patent get at least, within three months of
// its grant, where nothing was agreed (Implementing Rules of the Patent Law 2023, Art. 93: T9).
func statutoryAward(kind string) *ledger.Money {
	switch kind {
	case "invention":
		return &ledger.Money{Minor: 4000_00, Currency: "CNY"}
	case "utility-model", "design":
		return &ledger.Money{Minor: 1500_00, Currency: "CNY"}
	}
	return nil
}

// right is the place of a right by its number, -1 where there is none.
func (s State) right(number string) int {
	return slices.IndexFunc(s.Rights, func(r Right) bool { return r.Number == number })
}

// withRight is the rights with r in place of the one of its number; the list itself stays.
func withRight(list []Right, r Right) []Right {
	list = slices.DeleteFunc(slices.Clone(list), func(x Right) bool { return x.Number == r.Number })
	return append(list, r)
}

// RightGranted: a right in the achievement was granted. AwardDue and AwardLeast are what the law
// then asks of the unit.
type RightGranted struct {
	Right
	AwardAgreed bool          `json:"award_agreed,omitzero"`
	AwardDue    ledger.Date   `json:"award_due,omitzero"`
	AwardLeast  *ledger.Money `json:"award_least,omitzero"`
}

// EventType is the stored name.
func (RightGranted) EventType() string { return "achievement.right-granted.v1" }

// Correctable: a wrong record is put right by a correction.
func (RightGranted) Correctable() {}

// Check says what is wrong with a corrected one.
func (e RightGranted) Check() error { return e.Right.check("") }

func (e RightGranted) apply(s State, _ ledger.Metadata) State {
	s.Rights = withRight(s.Rights, e.Right)
	return s
}

// PayAward records the award paid to the inventors of a right, on the business date.
type PayAward struct {
	Right   string       `json:"right" en:"number of the right" zh:"专利号"`
	Amount  ledger.Money `json:"amount" en:"amount, to all inventors together" zh:"金额(全体发明人合计)"`
	Voucher string       `json:"voucher" en:"voucher number" zh:"凭证号"`
}

// Award is a right's award that was paid.
type Award struct {
	Right   string `json:"right"`
	Voucher string `json:"voucher"`
}

func (c PayAward) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(AwardPaid(c).Check(), s.since(at)); err != nil {
		return nil, err
	}
	if i := s.right(c.Right); i < 0 || s.Rights[i].GrantedOn.IsZero() {
		return nil, reject("no-such-right", fmt.Sprintf("no right %q was granted in this achievement", c.Right), fmt.Sprintf("本成果没有已授权的 %q", c.Right))
	}
	if slices.ContainsFunc(s.Awards, func(a Award) bool { return a.Right == c.Right }) {
		return nil, reject("award-paid", fmt.Sprintf("the award for %s was paid already", c.Right), fmt.Sprintf("%s 的奖励已发放", c.Right))
	}
	return []Event{AwardPaid(c)}, nil
}

// AwardPaid: the inventors got their award.
type AwardPaid struct {
	Right   string       `json:"right"`
	Amount  ledger.Money `json:"amount"`
	Voucher string       `json:"voucher"`
}

// EventType is the stored name.
func (AwardPaid) EventType() string { return "achievement.award-paid.v1" }

// Correctable: a wrong record is put right by a correction.
func (AwardPaid) Correctable() {}

// Check says what is wrong with a corrected one.
func (e AwardPaid) Check() error {
	return ledger.First(e.Amount.Check("amount"), checkCode("voucher", e.Voucher, true))
}

func (e AwardPaid) apply(s State, _ ledger.Metadata) State {
	s.Awards = append(slices.Clone(s.Awards), Award{e.Right, e.Voucher})
	return s
}
