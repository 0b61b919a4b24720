// Package panel is one sitting of reviewers over a list of items (评审组): convened, interests
// declared, scores committed to and sealed, opened together, and ranked.
//
// Read in this order: panel.go (the table of contents), convene.go, interest.go, review.go (the
// commitment), conclude.go (the openings), ranking.go, end.go.
//
// Nobody reads a score before the conclusion, whoever runs the ledger included: what a reviewer
// hands in is a commitment and a ciphertext that only the holder of the panel's opening key can
// open. The rules never look into it; what counts is that each opening gives its commitment.
package panel

import (
	"fmt"
	"regexp"
	"slices"

	"ttledger/domain/ledger"
)

// Event is a fact in a panel's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for a change of one panel.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// State is a panel as far as rules need to know it.
type State struct {
	Sitting     PanelConvened  `json:"sitting,omitzero"`
	ConvenedOn  ledger.Date    `json:"convened_on,omitzero"`
	ActedOn     ledger.Date    `json:"acted_on,omitzero"` // the last act dated
	Declared    []Declaration  `json:"declared,omitzero"` // the last of each reviewer and item
	Reviews     []Review       `json:"reviews,omitzero"`
	Excused     []string       `json:"excused,omitzero"`
	AttendedOn  ledger.Date    `json:"attended_on,omitzero"`
	ConcludedOn ledger.Date    `json:"concluded_on,omitzero"`
	Conclusion  PanelConcluded `json:"conclusion,omitzero"`
	Broken      string         `json:"broken,omitzero"` // what of the stored conclusion does not hold
	SetAside    bool           `json:"set_aside,omitzero"`
}

// Decider is the rules of panels.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) { return c.decide(s, at) },
	Evolve: func(s State, e Event, m ledger.Metadata) State {
		s = e.apply(s, m)
		if m.OccurredOn.Compare(s.ActedOn) > 0 {
			s.ActedOn = m.OccurredOn
		}
		return s
	},
	Claims: claims,
}

// claims: a code is one panel's for ever; an item is on one panel at a time, so that nobody shops
// for the panel that likes it.
func claims(s State, _ ledger.StreamID) []ledger.Claim {
	if s.Sitting.Code == "" {
		return nil
	}
	held := []ledger.Claim{{Kind: "panel-code", Key: s.Sitting.Code}}
	if s.SetAside {
		return held
	}
	for _, i := range s.Sitting.Items {
		held = append(held, ledger.Claim{Kind: "panel-item", Key: i.Stream.String()})
	}
	return held
}

// Codec is every stored form of a panel's events.
var Codec = ledger.NewCodec(
	ledger.Current[PanelConvened, Event](),
	ledger.Current[InterestDeclared, Event](),
	ledger.Current[ReviewSubmitted, Event](),
	ledger.Current[ReviewerExcused, Event](),
	ledger.Current[ObserverAttended, Event](),
	ledger.Current[PanelConcluded, Event](),
	ledger.Current[PanelSetAside, Event](),
)

var (
	offices   = []ledger.Role{ledger.HR, ledger.PM}
	reviewers = []ledger.Role{ledger.REV}
	chairs    = []ledger.Role{ledger.CHR}
	deciders  = []ledger.Role{ledger.APR}
)

// Aggregate is panels for the rest of the program.
var Aggregate = ledger.New("panel", ledger.Text{En: "review panel", Zh: "评审组"}, Decider, Codec,
	ledger.Does[Convene, Command](ledger.Verb{Name: "convene", Creates: true, Roles: offices,
		Help: ledger.Text{En: "convene a panel over a list of items", Zh: "组建评审组"}}),
	ledger.Does[DeclareInterest, Command](ledger.Verb{Name: "declare-interest", Roles: reviewers, Own: reviewers,
		Help: ledger.Text{En: "declare a relation to an item before scoring it", Zh: "利益冲突申报与回避"}}),
	ledger.Does[SubmitReview, Command](ledger.Verb{Name: "submit-review", Roles: reviewers, Own: reviewers,
		Help: ledger.Text{En: "hand in a score, committed to and sealed", Zh: "提交密封评分"}}),
	ledger.Does[ExcuseReviewer, Command](ledger.Verb{Name: "excuse-reviewer", Roles: chairs, Own: chairs, Approvers: deciders,
		Help: ledger.Text{En: "excuse a reviewer; none of their scores counts", Zh: "评审专家退出(其评分均不计入)"}}),
	ledger.Does[Attend, Command](ledger.Verb{Name: "attend", Roles: []ledger.Role{ledger.SUP},
		Help: ledger.Text{En: "record that supervision is present at the opening", Zh: "纪检监督到场"}}),
	ledger.Does[Conclude, Command](ledger.Verb{Name: "conclude", Roles: chairs, Own: chairs, Approvers: deciders,
		Help: ledger.Text{En: "open the scores, hold each against its commitment, and rank", Zh: "启封评分并作出评审结论"}}),
	ledger.Does[SetAside, Command](ledger.Verb{Name: "set-aside", Roles: offices, Approvers: deciders,
		Help: ledger.Text{En: "set a panel aside, from its beginning", Zh: "撤销评审(自始无效)"}}),
).SeenBy(Sight)

// Sight: the offices and chairs see every panel, a reviewer those on which they sit. A chair acts
// on their own only.
var Sight = ledger.Sight{
	All: []ledger.Role{ledger.HR, ledger.PM, ledger.APR, ledger.SUP, ledger.DPO, ledger.AUD, ledger.CHR},
	Own: []ledger.Role{ledger.REV},
	Concerns: func(e ledger.Event, _ ledger.Metadata) []string {
		if e, ok := e.(PanelConvened); ok {
			return append(slices.Clone(e.Reviewers), e.Chair)
		}
		return nil
	},
}

// IsConcluded says that the scores were opened and the ranking stands.
func (s State) IsConcluded() bool { return !s.ConcludedOn.IsZero() && !s.SetAside && s.Broken == "" }

// RankOf is the place of an item in its group; none before the conclusion.
func (s State) RankOf(item ledger.StreamID) (rank int, ok bool) {
	if s.IsConcluded() {
		for _, r := range s.Conclusion.Ranking {
			if r.Stream == item {
				return r.Rank, true
			}
		}
	}
	return 0, false
}

// AheadOf is the items of the same group in a better place.
func (s State) AheadOf(item ledger.StreamID) []ledger.StreamID {
	rank, ok := s.RankOf(item)
	if !ok {
		return nil
	}
	group := s.itemOf(item).Group
	var ahead []ledger.StreamID
	for _, r := range s.Conclusion.Ranking {
		if r.Group == group && r.Rank < rank {
			ahead = append(ahead, r.Stream)
		}
	}
	return ahead
}

func (s State) itemOf(stream ledger.StreamID) Item {
	i := slices.IndexFunc(s.Sitting.Items, func(i Item) bool { return i.Stream == stream })
	return s.Sitting.Items[i]
}

// sitting refuses what needs a panel that is at work, and what is dated before its last act: the
// order in which people declare, score and open is what the conclusion rests on.
func (s State) sitting(at ledger.Context) error {
	switch {
	case at.On.Compare(s.ActedOn) < 0:
		return reject("date-order", "dated "+at.On.String()+", before the panel's last act on "+s.ActedOn.String(), "业务发生日 "+at.On.String()+" 早于评审组最近一次行为("+s.ActedOn.String()+")")
	case s.SetAside:
		return reject("set-aside", "the panel was set aside", "评审组已撤销")
	case s.Broken != "":
		return reject("conclusion-broken", "the stored conclusion does not hold: "+s.Broken, "已存评审结论校验不符:"+s.Broken)
	case !s.ConcludedOn.IsZero():
		return reject("concluded", "the panel concluded on "+s.ConcludedOn.String(), "评审已于 "+s.ConcludedOn.String()+" 作出结论")
	}
	return nil
}

// seat refuses who does not sit on this panel, and an item that is not before it.
func (s State) seat(reviewer, item string) error {
	if !slices.Contains(s.Sitting.Reviewers, reviewer) {
		return reject("not-a-reviewer", reviewer+" does not review on this panel", reviewer+" 不是本评审组专家")
	}
	if slices.Contains(s.Excused, reviewer) {
		return reject("excused", reviewer+" was excused from this panel", reviewer+" 已退出本评审组")
	}
	if !slices.ContainsFunc(s.Sitting.Items, func(i Item) bool { return i.Code == item }) {
		return ledger.InvalidField("item", fmt.Sprintf("%q is not the code of an item of this panel", item), fmt.Sprintf("%q 不是本评审组的对象编号", item))
	}
	return nil
}

func (s State) declaration(reviewer, item string) (Declaration, bool) {
	for _, d := range s.Declared {
		if d.Reviewer == reviewer && d.Item == item {
			return d, true
		}
	}
	return Declaration{}, false
}

func (s State) review(reviewer, item string) (Review, bool) {
	for _, r := range s.Reviews {
		if r.Reviewer == reviewer && r.Item == item {
			return r, true
		}
	}
	return Review{}, false
}

var codePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$`)

func checkCode(path, code string) error {
	if codePattern.MatchString(code) {
		return nil
	}
	return ledger.InvalidField(path, "1 to 40 of A-Z a-z 0-9 . _ / -", "1 至 40 位字母、数字或 . _ / -")
}

// reject is a rule's refusal.
func reject(code, en, zh string) error { return ledger.Rejected(code, ledger.Text{En: en, Zh: zh}) }
