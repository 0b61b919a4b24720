package projections

import (
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/contract"
	"ttledger/domain/ledger"
)

// MoneyRow is one money entry of a contract, with what became of it.
type MoneyRow struct {
	Contract     uuid.UUID        `en:"contract id" zh:"合同标识"`
	Entry        uuid.UUID        `en:"entry id" zh:"分录标识"`
	Kind         string           `en:"kind: receipt, distribution, payment or reversal" zh:"类别:到账、分配、发放、冲销"`
	Of           uuid.UUID        `en:"entry reversed, or distribution paid of" zh:"被冲销或所属分录"`
	OfKind       string           `en:"kind of the entry reversed" zh:"被冲销分录类别"`
	Sign         int64            `en:"sign" zh:"方向"`
	Amount       ledger.Money     `en:"amount" zh:"金额"`
	Tax          ledger.Money     `en:"tax within it" zh:"其中税款"`
	OccurredOn   ledger.Date      `en:"day" zh:"业务发生日"`
	Voucher      string           `en:"voucher" zh:"凭证号"`
	Counterparty string           `en:"payer or payee" zh:"付款方或收款方"`
	Instalment   string           `en:"instalment" zh:"付款里程碑"`
	Ground       string           `en:"ground of the reversal" zh:"冲销原因"`
	Reversed     int64            `en:"reversed of it (minor units)" zh:"已冲销(最小货币单位)"`
	ReversedOn   ledger.Date      `en:"last reversed on" zh:"最近冲销日期"`
	Whole        bool             `en:"reversed whole" zh:"是否全部冲销"`
	Distribution uuid.UUID        `en:"distributed by" zh:"所属分配"`
	DueOn        ledger.Date      `en:"completers to be paid by" zh:"奖酬应付日期"`
	PaidOn       ledger.Date      `en:"completers paid in full on" zh:"奖酬付清日期"`
	Base         string           `en:"base of the distribution" zh:"分配基数"`
	Basis        string           `en:"basis" zh:"分配依据"`
	Mode         string           `en:"mode of conversion" zh:"转化方式"`
	UnitKind     string           `en:"kind of unit" zh:"单位性质"`
	Policy       string           `en:"policy" zh:"政策版本"`
	Gross        ledger.Money     `en:"gross" zh:"收入总额"`
	Deducted     ledger.Money     `en:"costs deducted" zh:"扣除成本"`
	Award        ledger.Money     `en:"part of the completers" zh:"完成人奖酬"`
	Paid         int64            `en:"paid out (minor units)" zh:"已发放(最小货币单位)"`
	Floor        int64            `en:"floor, per mille" zh:"下限(‰)"`
	Guidance     int64            `en:"rate of the policy, per mille" zh:"政策比例(‰)"`
	Receipts     []uuid.UUID      `en:"receipts distributed" zh:"所分配到账"`
	Costs        []contract.Cost  `en:"costs stated" zh:"成本明细"`
	Shares       []contract.Share `en:"shares" zh:"份额明细"`
	Tail         int64            `en:"tail of rounding (minor units)" zh:"尾差(最小货币单位)"`
	Question     bool             `en:"stands on a receipt that was reversed" zh:"所依据到账已冲销(待处理)"`
}

// MoneyLedger is every money entry, one row each (domain read model R5).
var MoneyLedger = NewView(Spec[MoneyRow]{
	Name: "money-ledger", Version: 1, Roles: Readers, Of: Of{"contract", "contract"},
	Title: ledger.Text{En: "money ledger", Zh: "收入分配台账"},
	Keys: func(f Fact) []string {
		var keys []string
		for _, id := range entriesOf(f) {
			keys = append(keys, f.Stream.ID.String()+":"+id.String())
		}
		slices.Sort(keys)
		return slices.Compact(keys)
	},
	Fold: func(r MoneyRow, key string, f Fact) MoneyRow {
		r.Contract, r.Entry = f.Stream.ID, uuid.MustParse(key[37:])
		switch e := f.Event.(type) {
		case contract.ReceiptRecorded:
			r.receive(e, f)
		case contract.DistributionApproved:
			r.distribute(e, f)
		case contract.DistributionPaid:
			r.pay(e, f)
		case contract.EntryReversed:
			r.reverse(e, f)
		}
		return r
	},
})

// entriesOf is the entries that a fact touches: its own and those it changes.
func entriesOf(f Fact) []uuid.UUID {
	switch e := f.Event.(type) {
	case contract.ReceiptRecorded:
		return []uuid.UUID{e.Entry}
	case contract.DistributionApproved:
		return append([]uuid.UUID{e.Entry}, e.Receipts...)
	case contract.DistributionPaid:
		return append([]uuid.UUID{e.Entry, e.Distribution}, e.Settles...)
	case contract.EntryReversed:
		ids := append([]uuid.UUID{e.Reversal, e.Entry}, e.Reopens...)
		if e.Distribution != uuid.Nil {
			ids = append(ids, e.Distribution)
		}
		return ids
	}
	return nil
}

func (r *MoneyRow) receive(e contract.ReceiptRecorded, f Fact) {
	r.Kind, r.Sign, r.OccurredOn = contract.Receipt, 1, f.Meta.OccurredOn
	r.Amount, r.Tax, r.Voucher, r.Instalment, r.DueOn = e.Amount, e.Tax, e.Voucher, e.Instalment, e.DistributeBy
	r.Counterparty = ledger.StreamID{Category: "organisation", ID: e.Payer}.String()
}

func (r *MoneyRow) distribute(e contract.DistributionApproved, f Fact) {
	if r.Entry != e.Entry { // one of the receipts
		r.Distribution = e.Entry
		if e.Award.Minor == 0 {
			r.PaidOn = f.Meta.OccurredOn
		}
		return
	}
	r.Kind, r.OccurredOn, r.Amount = contract.Distribution, f.Meta.OccurredOn, e.Net
	r.Base, r.Basis, r.Mode, r.UnitKind = e.Base, e.Basis, e.Mode, e.UnitKind
	r.Gross, r.Deducted, r.Award, r.Floor, r.Guidance = e.Gross, e.Deducted, e.Award, int64(e.Floor), int64(e.Guidance)
	r.Receipts, r.Costs, r.Shares, r.Tail = e.Receipts, e.Costs, e.Shares, e.Tail
	if p := f.Meta.Policy; p != nil {
		r.Policy = p.Code + "@" + p.Version
	}
}

func (r *MoneyRow) pay(e contract.DistributionPaid, f Fact) {
	switch r.Entry {
	case e.Entry:
		r.Kind, r.Sign, r.OccurredOn = contract.Payment, -1, f.Meta.OccurredOn
		r.Amount, r.Voucher, r.Counterparty, r.Of = e.Amount, e.Voucher, e.Payee.String(), e.Distribution
	case e.Distribution:
		r.Paid += e.Amount.Minor
	default:
		r.PaidOn = f.Meta.OccurredOn
	}
}

func (r *MoneyRow) reverse(e contract.EntryReversed, f Fact) {
	switch {
	case r.Entry == e.Reversal:
		r.Kind, r.OccurredOn, r.Amount, r.Ground = "reversal", f.Meta.OccurredOn, e.Amount, e.Ground
		r.Of, r.OfKind, r.Sign, r.Instalment = e.Entry, e.Kind, map[string]int64{contract.Receipt: -1, contract.Payment: 1}[e.Kind], e.Instalment
	case r.Entry == e.Entry:
		r.Reversed, r.ReversedOn, r.Whole = r.Reversed+e.Amount.Minor, f.Meta.OccurredOn, e.Whole
		r.Question = r.Question && !e.Whole
	case r.Entry == e.Distribution && e.Kind == contract.Payment:
		r.Paid -= e.Amount.Minor
	case r.Entry == e.Distribution:
		r.Question = true
	case e.Kind == contract.Distribution:
		r.Distribution, r.PaidOn = uuid.Nil, ledger.Date{}
	default:
		r.PaidOn = ledger.Date{}
	}
}
