package projections

import (
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
	"ttledger/domain/organisation"
	"ttledger/domain/project"
)

// OrganisationRow is one organisation in the register.
type OrganisationRow struct {
	ID             uuid.UUID   `en:"organisation id" zh:"主体标识"`
	NameZh         string      `en:"name (Chinese)" zh:"名称(中文)"`
	NameEn         string      `en:"name (English)" zh:"名称(英文)"`
	Kind           string      `en:"kind" zh:"类型"`
	UnitKind       string      `en:"ownership" zh:"单位性质"`
	USCC           string      `en:"unified social credit code" zh:"统一社会信用代码"`
	ForeignCountry string      `en:"country of the foreign number" zh:"境外编号国别"`
	ForeignScheme  string      `en:"foreign register" zh:"境外登记体系"`
	ForeignID      string      `en:"foreign number" zh:"境外编号"`
	Region         string      `en:"region" zh:"地区"`
	IndustryTags   []string    `en:"industry tags" zh:"行业标签"`
	FoundedOn      ledger.Date `en:"founded on" zh:"成立日期"`
	RegisteredOn   ledger.Date `en:"registered on" zh:"登记日期"`
	Projects       int64       `en:"projects it takes part in" zh:"参与项目数"`
}

// OrganisationRegister is the register, one row an organisation.
var OrganisationRegister = NewView(Spec[OrganisationRow]{
	Name: "organisation-register", Version: 1, Roles: Readers, Of: Of{"organisation", "id"},
	Search: []string{"name_zh", "name_en", "uscc", "foreign_id"},
	Title:  ledger.Text{En: "organisation register", Zh: "主体登记册"},
	Keys: func(f Fact) []string {
		var keys []string
		switch e := f.Event.(type) {
		case organisation.Registered:
			keys = append(keys, f.Stream.ID.String())
		case project.PartyJoined:
			keys = append(keys, e.Organisation.String())
		case project.ProjectProposed:
			for _, p := range e.Parties {
				keys = append(keys, p.Organisation.String())
			}
		}
		slices.Sort(keys)
		return slices.Compact(keys)
	},
	Fold: func(r OrganisationRow, key string, f Fact) OrganisationRow {
		switch e := f.Event.(type) {
		case organisation.Registered:
			r.register(e, f)
		case project.PartyJoined, project.ProjectProposed:
			r.ID = uuid.MustParse(key)
			r.Projects++
		}
		return r
	},
})

func (r *OrganisationRow) register(e organisation.Registered, f Fact) {
	r.ID, r.RegisteredOn = f.Stream.ID, f.Meta.OccurredOn
	r.NameZh, r.NameEn, r.Kind, r.UnitKind = e.Names.Zh, e.Names.En, e.Kind, e.UnitKind
	r.USCC, r.Region, r.IndustryTags, r.FoundedOn = e.USCC, e.Region, e.IndustryTags, e.FoundedOn
	if e.Foreign != nil {
		r.ForeignCountry, r.ForeignScheme, r.ForeignID = e.Foreign.Country, e.Foreign.Scheme, e.Foreign.ID
	}
}
