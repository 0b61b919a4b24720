package projections

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
	"ttledger/domain/panel"
)

// PanelRow is one sitting of reviewers. What they scored stands in it once it is concluded.
type PanelRow struct {
	ID          uuid.UUID      `en:"panel id" zh:"评审组标识"`
	Code        string         `en:"code" zh:"评审组编号"`
	Subject     string         `en:"convened for" zh:"评审事由"`
	Stage       string         `en:"stage: convened, concluded or set-aside" zh:"阶段"`
	Items       []panel.Item   `en:"items, by code" zh:"评审对象(编号)"`
	Reviewers   []string       `en:"reviewers" zh:"评审专家"`
	Excused     []string       `en:"reviewers excused" zh:"退出的专家"`
	Chair       string         `en:"chair" zh:"组长"`
	Observer    string         `en:"observer" zh:"监督人员"`
	Quorum      int            `en:"reviews of each item" zh:"每一对象最低评分数"`
	Method      string         `en:"method" zh:"评审方法"`
	Criteria    string         `en:"version of the criteria" zh:"评分标准版本"`
	Declared    int64          `en:"declarations of interest" zh:"利益申报数"`
	Submitted   int64          `en:"reviews handed in" zh:"已提交评分数"`
	ConvenedOn  ledger.Date    `en:"convened on" zh:"组建日期"`
	AttendedOn  ledger.Date    `en:"supervision present on" zh:"监督到场日期"`
	ConcludedOn ledger.Date    `en:"concluded on" zh:"结论日期"`
	Ranking     []panel.Ranked `en:"ranking" zh:"排序结果"`
	Minutes     string         `en:"SHA-256 of the minutes" zh:"评审纪要摘要"`
	Ground      string         `en:"why it was set aside" zh:"撤销原因"`
	DecidedOn   ledger.Date    `en:"set aside by a decision of" zh:"撤销决定日期"`
	Version     int64          `en:"version of the stream" zh:"事件流版本"`
}

// PanelBoard is the panels, one row each. Reviewers and chairs see those they sit on.
var PanelBoard = NewView(Spec[PanelRow]{
	Name: "panel-board", Version: 1, Roles: slices.Concat(panel.Sight.All, panel.Sight.Own), Of: Of{"panel", "id"},
	Title: ledger.Text{En: "review panels", Zh: "评审组看板"},
	Keys: func(f Fact) []string {
		if _, ok := f.Event.(panel.Event); !ok {
			return nil
		}
		return []string{f.Stream.ID.String()}
	},
	Fold: func(r PanelRow, _ string, f Fact) PanelRow {
		on := f.Meta.OccurredOn
		r.ID, r.Version = f.Stream.ID, max(r.Version, int64(f.Version))
		switch e := f.Event.(type) {
		case panel.PanelConvened:
			r.Code, r.Subject, r.Stage, r.Items, r.Reviewers = e.Code, e.Subject.String(), "convened", e.Items, e.Reviewers
			r.Chair, r.Observer, r.Quorum, r.Method, r.Criteria, r.ConvenedOn = e.Chair, e.Observer, e.Quorum, e.Method, e.Criteria.Version, on
		case panel.InterestDeclared:
			r.Declared++
		case panel.ReviewSubmitted:
			r.Submitted++
		case panel.ReviewerExcused:
			r.Excused = append(slices.Clone(r.Excused), e.Reviewer)
		case panel.ObserverAttended:
			r.AttendedOn = on
		case panel.PanelConcluded:
			r.Stage, r.ConcludedOn, r.Ranking, r.Minutes = "concluded", on, e.Ranking, e.Minutes
		case panel.PanelSetAside:
			r.Stage, r.Ground, r.DecidedOn, r.Ranking = "set-aside", e.Ground, e.DecidedOn, nil
		}
		return r
	},
})

// ReviewRow is how one reviewer stood to one item, and whether their score is in.
type ReviewRow struct {
	Panel       uuid.UUID   `en:"panel" zh:"评审组"`
	Item        string      `en:"item, by code" zh:"对象编号"`
	Reviewer    string      `en:"reviewer" zh:"评审专家"`
	Relation    string      `en:"relation declared" zh:"申报的关系"`
	Recused     bool        `en:"stepped back" zh:"是否回避"`
	DeclaredOn  ledger.Date `en:"declared on" zh:"申报日期"`
	SubmittedOn ledger.Date `en:"score handed in on" zh:"评分提交日期"`
	Prior       bool        `en:"declared before the score" zh:"评分前已申报"`
	Commitment  string      `en:"commitment" zh:"承诺值"`
	Opened      bool        `en:"opened and counted" zh:"已启封计入"`
}

// PanelReviews is one row for each reviewer and item of a panel.
var PanelReviews = NewView(Spec[ReviewRow]{
	Name: "panel-reviews", Version: 1, Roles: panel.Sight.All, Of: Of{"panel", "panel"},
	Title: ledger.Text{En: "declarations and reviews", Zh: "利益申报与评分情况"},
	Keys: func(f Fact) []string {
		switch e := f.Event.(type) {
		case panel.InterestDeclared:
			return []string{reviewKey(f, e.Item, e.Reviewer)}
		case panel.ReviewSubmitted:
			return []string{reviewKey(f, e.Item, e.Reviewer)}
		case panel.PanelConcluded:
			var keys []string
			for _, o := range e.Openings {
				keys = append(keys, reviewKey(f, o.Item, o.Reviewer))
			}
			return keys
		}
		return nil
	},
	Fold: func(r ReviewRow, key string, f Fact) ReviewRow {
		r.Panel = f.Stream.ID
		_, rest, _ := strings.Cut(key, " ")
		r.Item, r.Reviewer, _ = strings.Cut(rest, " ")
		switch e := f.Event.(type) {
		case panel.InterestDeclared:
			r.Relation, r.Recused, r.DeclaredOn = e.Relation, e.Recused, f.Meta.OccurredOn
		case panel.ReviewSubmitted:
			r.SubmittedOn, r.Commitment, r.Prior = f.Meta.OccurredOn, e.Commitment, !r.DeclaredOn.IsZero()
		case panel.PanelConcluded:
			r.Opened = true
		}
		return r
	},
})

// reviewKey: neither codes nor handles have blanks.
func reviewKey(f Fact, item, reviewer string) string {
	return f.Stream.ID.String() + " " + item + " " + reviewer
}
