// Package requisition is one plan of open recruitment (公开选聘计划): posts approved before anyone
// applies, opened by a public notice, closed when filled or not.
//
// Read in this order: requisition.go (the table of contents), plan.go, run.go.
package requisition

import (
	"regexp"
	"slices"

	"ttledger/domain/ledger"
)

// Event is a fact in a requisition's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for a change of one requisition.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// Stage is where a requisition stands.
type Stage string

// The stages, in order; Cancelled is the end before Closed.
const (
	Approved  Stage = "approved"  // 计划批准
	Opened    Stage = "opened"    // 发布公告
	Closed    Stage = "closed"    // 已完成
	Cancelled Stage = "cancelled" // 取消
)

// State is a requisition as far as rules need to know it.
type State struct {
	Stage      Stage       `json:"stage"`
	Code       string      `json:"code"`
	Plan       Plan        `json:"plan"`
	ApprovedOn ledger.Date `json:"approved_on,omitzero"`
	From       ledger.Date `json:"from,omitzero"` // applications are taken from this day
	To         ledger.Date `json:"to,omitzero"`   // to this
}

// Decider is the rules of requisitions.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) { return c.decide(s, at) },
	Evolve: func(s State, e Event, m ledger.Metadata) State { return e.apply(s, m) },
	Claims: func(s State, _ ledger.StreamID) []ledger.Claim {
		if s.Code == "" {
			return nil
		}
		return []ledger.Claim{{Kind: "requisition-code", Key: s.Code}}
	},
}

// Codec is every stored form of a requisition's events.
var Codec = ledger.NewCodec(
	ledger.Current[RequisitionApproved, Event](),
	ledger.Current[RequisitionAmended, Event](),
	ledger.Current[RequisitionOpened, Event](),
	ledger.Current[RequisitionClosed, Event](),
	ledger.Current[RequisitionCancelled, Event](),
)

var (
	officers = []ledger.Role{ledger.HR}
	deciders = []ledger.Role{ledger.APR}
)

// Aggregate is requisitions for the rest of the program.
var Aggregate = ledger.New("requisition", ledger.Text{En: "requisition", Zh: "选聘计划"}, Decider, Codec,
	ledger.Does[Approve, Command](ledger.Verb{Name: "approve", Creates: true, Roles: officers, Approvers: deciders,
		Help: ledger.Text{En: "approve a plan of open recruitment", Zh: "批准公开选聘计划"}}),
	ledger.Does[Amend, Command](ledger.Verb{Name: "amend", Roles: officers, Approvers: deciders,
		Help: ledger.Text{En: "replace the plan by another", Zh: "变更选聘计划"}}),
	ledger.Does[Open, Command](ledger.Verb{Name: "open", Roles: officers,
		Help: ledger.Text{En: "open the posts for applications, once their notice is posted", Zh: "发布公告、开始报名"}}),
	ledger.Does[Close, Command](ledger.Verb{Name: "close", Roles: officers,
		Help: ledger.Text{En: "close it, with what came of it", Zh: "选聘结束"}}),
	ledger.Does[Cancel, Command](ledger.Verb{Name: "cancel", Roles: officers, Approvers: deciders,
		Help: ledger.Text{En: "cancel it", Zh: "取消选聘"}}),
).SeenBy(Sight)

// Sight: posts and their conditions are public; everyone sees them.
var Sight = ledger.Sight{All: ledger.AllRoles()}

// OpenOn says whether applications are taken on a day.
func (s State) OpenOn(on ledger.Date) bool {
	return s.Stage == Opened && on.Compare(s.From) >= 0 && on.Compare(s.To) <= 0
}

// HasPost says whether there is a post of a code.
func (s State) HasPost(code string) bool { return s.post(code).Number > 0 }

// ApprovedNumber is how many may be appointed to a post; none once it is cancelled.
func (s State) ApprovedNumber(post string) int {
	if s.Stage == Cancelled {
		return 0
	}
	return s.post(post).Number
}

// LevelOf is the level of a post.
func (s State) LevelOf(post string) string { return s.post(post).Level }

// PayBand is between what a post is paid a year; zero where the plan does not say.
func (s State) PayBand(post string) (least, most ledger.Money) {
	if band := s.post(post).Pay; band != nil {
		return band.Least, band.Most
	}
	return ledger.Money{}, ledger.Money{}
}

// HasCondition says whether a post asks for a condition.
func (s State) HasCondition(post, code string) bool {
	return slices.ContainsFunc(s.post(post).Conditions, func(c Condition) bool { return c.Code == code })
}

// ReviewRules is how applications are reviewed, as it was announced.
func (s State) ReviewRules() (method string, quorum int) {
	return s.Plan.Review.Method, s.Plan.Review.Quorum
}

// PrivacyNotice is the version of the data-protection notice that applicants are given.
func (s State) PrivacyNotice() string { return s.Plan.Notice }

func (s State) post(code string) Post {
	for _, p := range s.Plan.Posts {
		if p.Code == code {
			return p
		}
	}
	return Post{}
}

// live refuses what needs a requisition that has not ended.
func (s State) live() error {
	switch s.Stage {
	case Closed:
		return reject("closed", "the requisition is closed", "选聘已结束")
	case Cancelled:
		return reject("cancelled", "the requisition was cancelled", "选聘已取消")
	}
	return nil
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
