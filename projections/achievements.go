package projections

import (
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/achievement"
	"ttledger/domain/contract"
	"ttledger/domain/ledger"
)

// AchievementRow is one achievement with the dates that idleness and conversion are counted from.
// Who completed it is known by pseudonym.
type AchievementRow struct {
	ID             uuid.UUID               `en:"achievement id" zh:"成果标识"`
	Code           string                  `en:"code" zh:"成果编号"`
	TitleZh        string                  `en:"title (Chinese)" zh:"成果名称(中文)"`
	TitleEn        string                  `en:"title (English)" zh:"成果名称(英文)"`
	Category       string                  `en:"category" zh:"成果类别"`
	Secrecy        string                  `en:"secrecy" zh:"密级"`
	Industry       string                  `en:"industry" zh:"行业"`
	Organisation   uuid.UUID               `en:"first completing unit" zh:"第一完成单位"`
	Completers     []achievement.Completer `en:"completers and shares" zh:"完成人及贡献比例"`
	Signed         []uuid.UUID             `en:"completers who signed" zh:"已签字完成人"`
	Disputed       []uuid.UUID             `en:"completers who object" zh:"有异议的完成人"`
	Contributions  string                  `en:"shares: unsigned, agreed or disputed" zh:"贡献确认状态"`
	DisclosedOn    ledger.Date             `en:"disclosed on" zh:"披露日期"`
	RegisteredOn   ledger.Date             `en:"registered on" zh:"登记日期"`
	RegistrationNo string                  `en:"registration number (no proof of ownership)" zh:"登记号(不作为权属证明)"`
	OwnerKind      string                  `en:"service or non-service" zh:"职务/非职务"`
	Owners         []achievement.Owner     `en:"owners" zh:"权利人"`
	RightsGranted  string                  `en:"rights granted to completers" zh:"赋权"`
	Rights         []achievement.Right     `en:"patents and other rights" zh:"知识产权"`
	GrantedOn      ledger.Date             `en:"first right granted on" zh:"首项授权日期"`
	Awards         []AwardDue              `en:"awards due by law" zh:"法定授权奖励"`
	ReadinessScale string                  `en:"readiness scale" zh:"就绪度量表"`
	ReadinessLevel int                     `en:"readiness level" zh:"就绪度级别"`
	EvaluatedOn    ledger.Date             `en:"last evaluated on" zh:"最近评价日期"`
	Evaluation     string                  `en:"kind of evaluation" zh:"评价类型"`
	Related        bool                    `en:"evaluated by a related party" zh:"关联方评价"`
	ExcusedUntil   ledger.Date             `en:"idleness excused until" zh:"闲置豁免至"`
	ContractedOn   ledger.Date             `en:"first contract signed on" zh:"首个合同签订日期"`
	Contracts      []uuid.UUID             `en:"contracts" zh:"合同"`
}

// AwardDue is the award for a right as the law asks for it (T9).
type AwardDue struct {
	Right  string        `json:"right"`
	Due    ledger.Date   `json:"due"`
	Least  *ledger.Money `json:"least"`
	PaidOn ledger.Date   `json:"paid_on,omitzero"`
}

// AchievementRegister is the register of achievements, one row each.
var AchievementRegister = NewView(Spec[AchievementRow]{
	Name: "achievement-register", Version: 1, Roles: Readers, Of: Of{"achievement", "id"},
	Title: ledger.Text{En: "register of achievements", Zh: "科技成果台账"},
	Keys: func(f Fact) []string {
		if _, ok := f.Event.(achievement.Event); ok {
			return []string{f.Stream.ID.String()}
		}
		if e, ok := f.Event.(contract.Signed); ok {
			return texts(e.Achievements)
		}
		return nil
	},
	Fold: func(r AchievementRow, key string, f Fact) AchievementRow {
		r.ID = uuid.MustParse(key)
		if _, ok := f.Event.(contract.Signed); ok {
			r.ContractedOn = first(r.ContractedOn, f.Meta.OccurredOn)
			r.Contracts = append(slices.Clone(r.Contracts), f.Stream.ID)
			return r
		}
		r.take(f)
		r.Contributions = achievement.State{Completers: r.Completers, Signed: r.Signed, Disputed: r.Disputed}.Contributions()
		return r
	},
})

func (r *AchievementRow) take(f Fact) {
	on := f.Meta.OccurredOn
	switch e := f.Event.(type) {
	case achievement.Disclosed:
		r.disclose(e, on)
	case achievement.ContributionConfirmed:
		r.Disputed = without(r.Disputed, e.Person)
		if slices.Contains(r.Completers, achievement.Completer(e)) {
			r.Signed = append(without(r.Signed, e.Person), e.Person)
		}
	case achievement.ContributionDisputed:
		r.Signed, r.Disputed = without(r.Signed, e.Person), append(without(r.Disputed, e.Person), e.Person)
	case achievement.ContributionsChanged:
		r.Completers, r.Signed, r.Disputed = e.Completers, nil, nil
	case achievement.Registered:
		r.RegisteredOn, r.RegistrationNo, r.OwnerKind = on, e.RegistrationNo, e.OwnerKind
		r.Owners, r.RightsGranted = e.Owners, e.RightsGranted
		for _, right := range e.Rights {
			r.hold(right)
		}
	case achievement.Evaluated:
		r.EvaluatedOn, r.Evaluation, r.Related = on, e.Kind, e.Related
		r.readiness(e.Readiness)
	case achievement.RightGranted:
		r.hold(e.Right)
		if e.AwardLeast != nil {
			r.Awards = append(slices.Clone(r.Awards), AwardDue{Right: e.Number, Due: e.AwardDue, Least: e.AwardLeast})
		}
	case achievement.AwardPaid:
		r.Awards = slices.Clone(r.Awards)
		for i := range r.Awards {
			if r.Awards[i].Right == e.Right {
				r.Awards[i].PaidOn = on
			}
		}
	case achievement.IdlenessExcused:
		r.ExcusedUntil = e.Until
	}
}

func (r *AchievementRow) disclose(e achievement.Disclosed, on ledger.Date) {
	r.Code, r.TitleZh, r.TitleEn, r.Category, r.Secrecy = e.Code, e.Titles.Zh, e.Titles.En, e.Category, e.Secrecy
	r.Industry, r.Organisation, r.Completers, r.DisclosedOn = e.Industry, e.Organisation, e.Completers, on
	r.readiness(e.Readiness)
}

func (r *AchievementRow) readiness(found *achievement.Readiness) {
	if found != nil {
		r.ReadinessScale, r.ReadinessLevel = found.Scale, found.Level
	}
}

// hold enters a right, in place of the one of its number.
func (r *AchievementRow) hold(right achievement.Right) {
	r.Rights = append(slices.DeleteFunc(slices.Clone(r.Rights), func(x achievement.Right) bool { return x.Number == right.Number }), right)
	if granted := right.GrantedOn; !granted.IsZero() && (r.GrantedOn.IsZero() || granted.Compare(r.GrantedOn) < 0) {
		r.GrantedOn = granted
	}
}

// without is a list less one id; the list itself stays.
func without(list []uuid.UUID, id uuid.UUID) []uuid.UUID {
	return slices.DeleteFunc(slices.Clone(list), func(x uuid.UUID) bool { return x == id })
}

// texts is ids as keys, each once.
func texts(ids []uuid.UUID) []string {
	var keys []string
	for _, id := range ids {
		keys = append(keys, id.String())
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
