package projections

import (
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/contract"
	"ttledger/domain/ledger"
)

// ContractRow is one technology contract as the register has it.
type ContractRow struct {
	ID              uuid.UUID             `en:"contract id" zh:"合同标识"`
	Code            string                `en:"contract number" zh:"合同编号"`
	TitleZh         string                `en:"title (Chinese)" zh:"合同名称(中文)"`
	TitleEn         string                `en:"title (English)" zh:"合同名称(英文)"`
	Status          string                `en:"status" zh:"状态"`
	Project         uuid.UUID             `en:"project id" zh:"项目标识"`
	Achievements    []uuid.UUID           `en:"achievements" zh:"成果"`
	Type            string                `en:"family" zh:"合同类别"`
	SubType         string                `en:"kind within the family" zh:"合同子类"`
	Mode            string                `en:"mode of conversion" zh:"转化方式"`
	UnitKind        string                `en:"kind of the providing unit" zh:"提供方单位性质"`
	Provider        uuid.UUID             `en:"provider" zh:"提供方(卖方)"`
	Recipient       uuid.UUID             `en:"recipient" zh:"受让方(买方)"`
	Parties         []contract.Party      `en:"parties" zh:"当事人"`
	Form            string                `en:"form" zh:"合同形式"`
	Pricing         string                `en:"how the price was found" zh:"定价方式"`
	PriceForm       string                `en:"form of the price" zh:"价款支付方式"`
	Total           ledger.Money          `en:"total" zh:"合同成交额"`
	TechValue       ledger.Money          `en:"technology transaction value agreed" zh:"约定技术交易额"`
	Instalments     []contract.Instalment `en:"instalments" zh:"付款里程碑"`
	SignedOn        ledger.Date           `en:"signed on" zh:"签订日期"`
	FromOn          ledger.Date           `en:"first day" zh:"生效日期"`
	ToOn            ledger.Date           `en:"last day" zh:"届满日期"`
	Licence         *contract.Licence     `en:"licence" zh:"许可条款"`
	LicenceNo       string                `en:"filing number of the licence" zh:"许可备案号"`
	Equity          *contract.Equity      `en:"contributed for" zh:"作价投资条款"`
	ExportClass     string                `en:"export class" zh:"技术出口类别"`
	Related         bool                  `en:"related parties" zh:"是否关联交易"`
	Notice          uuid.UUID             `en:"price notice" zh:"价格公示"`
	Policy          string                `en:"policy of distributions" zh:"收益分配政策"`
	RegisterBy      ledger.Date           `en:"to be registered by" zh:"应登记日期"`
	RegistrationNo  string                `en:"registration number" zh:"认定登记编号"`
	RegisteredOn    ledger.Date           `en:"registered on" zh:"登记日期"`
	RegistrationEnd ledger.Date           `en:"registration revoked on" zh:"登记撤销日期"`
	Registrations   []RegistrationRow     `en:"registrations" zh:"认定登记记录"`
	EndedOn         ledger.Date           `en:"ended on" zh:"终止日期"`
	Ended           string                `en:"ground of the end" zh:"终止原因"`
	Amendments      int64                 `en:"amendments" zh:"变更次数"`
	Received        ledger.Money          `en:"received, less reversals" zh:"累计到账(扣除冲销)"`
	Awarded         ledger.Money          `en:"awarded to completers" zh:"累计完成人奖酬"`
	Version         int64                 `en:"version of the stream" zh:"事件流版本"`
}

// RegistrationRow is one registration. One made anew after an amendment takes the place of the one
// before; it keeps the day on which the contract was first registered.
type RegistrationRow struct {
	No         string       `json:"no"`
	On         ledger.Date  `json:"on"`
	Office     string       `json:"office"`
	Type       string       `json:"type"`
	Value      ledger.Money `json:"value"`
	TechValue  ledger.Money `json:"tech_value"`
	TechIncome ledger.Money `json:"tech_income,omitzero"`
	Revoked    string       `json:"revoked,omitzero"` // ab-initio or prospective
}

// ContractRegister is the register of technology contracts (domain read model R4).
var ContractRegister = NewView(Spec[ContractRow]{
	Name: "contract-register", Version: 1, Roles: Readers, Of: Of{"contract", "id"},
	Title: ledger.Text{En: "register of technology contracts", Zh: "技术合同台账"},
	Keys: func(f Fact) []string {
		if f.Stream.Category != "contract" {
			return nil
		}
		return []string{f.Stream.ID.String()}
	},
	Fold: func(r ContractRow, _ string, f Fact) ContractRow {
		r.ID, r.Version = f.Stream.ID, max(r.Version, int64(f.Version))
		r.take(f)
		r.Status = r.status()
		return r
	},
})

func (r *ContractRow) take(f Fact) {
	on := f.Meta.OccurredOn
	switch e := f.Event.(type) {
	case contract.Signed:
		r.Code, r.TitleZh, r.TitleEn, r.Project, r.Achievements = e.Code, e.Names.Zh, e.Names.En, e.Project, e.Achievements
		r.Notice, r.Policy, r.UnitKind, r.SignedOn, r.RegisterBy = e.Notice, e.Policy, e.UnitKind, on, e.RegisterBy
		r.agree(e.Terms)
	case contract.Amended:
		r.UnitKind = e.UnitKind
		if e.Reregister {
			r.RegisterBy = e.RegisterBy
		}
		r.Amendments++
		r.agree(e.Terms)
	case contract.Registered:
		r.register(e, on)
	case contract.RegistrationRevoked:
		r.Registrations = slices.Clone(r.Registrations)
		for i := range r.Registrations {
			if r.Registrations[i].No == e.No {
				r.Registrations[i].Revoked = e.Effect
			}
		}
		r.RegistrationEnd = on
	case contract.LicenceRecorded:
		r.LicenceNo = e.No
	case contract.Ended:
		r.EndedOn, r.Ended = on, e.Ground
	case contract.ReceiptRecorded:
		r.Received = plus(r.Received, e.Amount, 1)
	case contract.DistributionApproved:
		r.Awarded = plus(r.Awarded, e.Award, 1)
	case contract.EntryReversed:
		switch e.Kind {
		case contract.Receipt:
			r.Received = plus(r.Received, e.Amount, -1)
		case contract.Distribution:
			r.Awarded = plus(r.Awarded, e.Award, -1)
		}
	}
}

func (r *ContractRow) agree(t contract.Terms) {
	r.Type, r.SubType, r.Mode, r.Form, r.Pricing, r.PriceForm = t.Type, t.SubType, t.Mode, t.Form, t.Pricing, t.PriceForm
	r.Total, r.TechValue, r.Instalments, r.FromOn, r.ToOn = t.Total, t.TechValue, t.Instalments, t.From, t.To
	r.Licence, r.Equity, r.Related, r.Parties, r.ExportClass = t.Licence, t.Equity, t.Related, t.Parties, ""
	if t.Export != nil {
		r.ExportClass = t.Export.Class
	}
	r.Provider, r.Recipient = partyOf(t, "provider", "partner"), partyOf(t, "recipient")
}

// partyOf is the first party that has the first of the parts that any has.
func partyOf(t contract.Terms, parts ...string) uuid.UUID {
	for _, part := range parts {
		for _, p := range t.Parties {
			if p.Part == part {
				return p.Organisation
			}
		}
	}
	return uuid.Nil
}

func (r *ContractRow) register(e contract.Registered, on ledger.Date) {
	n := len(r.Registrations)
	if anew := n > 0 && r.Registrations[n-1].Revoked == ""; anew {
		on, n = r.Registrations[n-1].On, n-1
	}
	r.Registrations = append(r.Registrations[:n:n], RegistrationRow{No: e.No, On: on, Office: e.Office, Type: e.Type, Value: e.Value, TechValue: e.TechValue, TechIncome: e.TechIncome})
	r.RegistrationNo, r.RegisteredOn, r.RegistrationEnd, r.RegisterBy = e.No, on, ledger.Date{}, ledger.Date{}
}

func (r *ContractRow) status() string {
	switch {
	case r.Ended != "":
		return "ended"
	case !r.RegistrationEnd.IsZero():
		return "registration-revoked"
	case r.Received.Minor > 0:
		return "performing"
	case r.RegistrationNo != "":
		return "registered"
	}
	return "signed"
}

// plus adds an amount, or takes it away; both are of one currency.
func plus(sum, amount ledger.Money, sign int64) ledger.Money {
	return ledger.Money{Minor: sum.Minor + sign*amount.Minor, Currency: amount.Currency}
}
