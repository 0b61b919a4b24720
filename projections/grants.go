package projections

import (
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/grant"
	"ttledger/domain/ledger"
)

// GrantRow is one subsidy. Amounts are minor units of the ceiling's currency.
type GrantRow struct {
	ID           uuid.UUID         `en:"subsidy id" zh:"资助标识"`
	Code         string            `en:"code" zh:"资助编号"`
	Beneficiary  string            `en:"beneficiary" zh:"资助对象"`
	Scheme       string            `en:"scheme" zh:"资助办法"`
	Purpose      string            `en:"purpose" zh:"用途"`
	Ceiling      ledger.Money      `en:"ceiling" zh:"资助上限"`
	Body         string            `en:"decided by" zh:"决策机构"`
	ApprovedOn   ledger.Date       `en:"approved on" zh:"批准日期"`
	Instalments  []GrantInstalment `en:"instalments" zh:"分期"`
	Verified     int64             `en:"conditions verified" zh:"已核验条件数"`
	Paid         int64             `en:"paid, less what was reversed (minor units)" zh:"已拨付净额(最小货币单位)"`
	ClawedBack   int64             `en:"clawed back (minor units)" zh:"已追回(最小货币单位)"`
	NextDue      ledger.Date       `en:"next payment due on" zh:"下一应拨付日"`
	LastPaidOn   ledger.Date       `en:"last paid on" zh:"最近拨付日期"`
	ClawedBackOn ledger.Date       `en:"last clawed back on" zh:"最近追回日期"`
}

// GrantInstalment is an instalment as the subsidies show it.
type GrantInstalment struct {
	Code     string      `json:"code"`
	Minor    int64       `json:"minor"`
	Verified ledger.Date `json:"verified,omitzero"`
	Due      ledger.Date `json:"due,omitzero"`
	Paid     int64       `json:"paid,omitzero"`
	Vouchers []string    `json:"vouchers,omitzero"`
}

// Grants is the subsidies, one row each, with what was paid of them.
var Grants = NewView(Spec[GrantRow]{
	Name: "grants", Version: 1, Roles: Readers, Of: Of{"grant", "id"},
	Title: ledger.Text{En: "subsidies", Zh: "资助台账"},
	Keys:  own("grant"),
	Fold: func(r GrantRow, _ string, f Fact) GrantRow {
		r.ID = f.Stream.ID
		r.Instalments = slices.Clone(r.Instalments)
		switch e := f.Event.(type) {
		case grant.SubsidyApproved:
			r.Code, r.Beneficiary, r.Scheme, r.Purpose = e.Code, e.Beneficiary.String(), e.Scheme, e.Purpose
			r.Ceiling, r.Body, r.ApprovedOn = e.Ceiling, e.Body, f.Meta.OccurredOn
			for _, x := range e.Instalments {
				r.instalment(x.Code).Minor = x.Amount.Minor
			}
		case grant.ConditionVerified:
			x := r.instalment(e.Instalment)
			x.Verified, x.Due = f.Meta.OccurredOn, e.Due
		case grant.InstalmentReleased:
			x := r.instalment(e.Instalment)
			x.Paid, x.Vouchers = x.Paid+e.Amount.Minor, append(slices.Clone(x.Vouchers), e.Voucher)
			r.LastPaidOn = f.Meta.OccurredOn
		case grant.EntryReversed:
			for i, x := range r.Instalments {
				if slices.Contains(x.Vouchers, e.Voucher) {
					r.Instalments[i].Paid -= e.Amount.Minor
				}
			}
		case grant.ClawedBack:
			r.ClawedBack, r.ClawedBackOn = r.ClawedBack+e.Amount.Minor, f.Meta.OccurredOn
		}
		r.sum()
		return r
	},
})

// instalment finds an instalment, or makes room for one that a fact of an earlier date names.
func (r *GrantRow) instalment(code string) *GrantInstalment {
	i := slices.IndexFunc(r.Instalments, func(x GrantInstalment) bool { return x.Code == code })
	if i < 0 {
		i = len(r.Instalments)
		r.Instalments = append(r.Instalments, GrantInstalment{Code: code})
	}
	return &r.Instalments[i]
}

// sum is what follows from the instalments.
func (r *GrantRow) sum() {
	r.Verified, r.Paid, r.NextDue = 0, 0, ledger.Date{}
	for _, x := range r.Instalments {
		r.Paid += x.Paid
		if x.Verified.IsZero() {
			continue
		}
		r.Verified++
		if x.Paid < x.Minor && !x.Due.IsZero() && (r.NextDue.IsZero() || x.Due.Compare(r.NextDue) < 0) {
			r.NextDue = x.Due
		}
	}
}
