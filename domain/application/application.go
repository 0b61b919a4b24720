// Package application is one person's application to one post of a requisition: received, found
// eligible or not, ranked by a panel, offered the post in the order of the ranking, and answered.
//
// Read in this order: application.go (the table of contents), receive.go, eligibility.go, rank.go,
// offer.go, end.go.
//
// The person is a pseudonym. What tells who it is stays in the person's stream; the digests of the
// documents handed in are sealed under the person's key.
package application

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Event is a fact in an application's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for a change of one application.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// Stage is where an application stands.
type Stage string

// The stages, in order.
const (
	Received   Stage = "received"   // 已报名
	Eligible   Stage = "eligible"   // 资格合格
	Ineligible Stage = "ineligible" // 资格不合格
	Ranked     Stage = "ranked"     // 已排序
	Offered    Stage = "offered"    // 已发聘
	Accepted   Stage = "accepted"   // 已应聘
	Declined   Stage = "declined"   // 谢绝
	Lapsed     Stage = "lapsed"     // 逾期
	Withdrawn  Stage = "withdrawn"  // 撤回
	Closed     Stage = "closed"     // 未入选
)

// StageNames is the stages in display order.
var StageNames = []struct {
	Stage Stage
	Name  ledger.Text
}{
	{Received, ledger.Text{En: "received", Zh: "已报名"}},
	{Eligible, ledger.Text{En: "eligible", Zh: "资格合格"}},
	{Ineligible, ledger.Text{En: "ineligible", Zh: "资格不合格"}},
	{Ranked, ledger.Text{En: "ranked", Zh: "已排序"}},
	{Offered, ledger.Text{En: "offered", Zh: "已发聘"}},
	{Accepted, ledger.Text{En: "accepted", Zh: "已应聘"}},
	{Declined, ledger.Text{En: "declined", Zh: "谢绝"}},
	{Lapsed, ledger.Text{En: "lapsed", Zh: "逾期"}},
	{Withdrawn, ledger.Text{En: "withdrawn", Zh: "撤回"}},
	{Closed, ledger.Text{En: "not selected", Zh: "未入选"}},
}

// State is an application as far as rules need to know it.
type State struct {
	Stage       Stage              `json:"stage"`
	Code        string             `json:"code"`
	Person      uuid.UUID          `json:"person"`
	Requisition uuid.UUID          `json:"requisition"`
	Post        string             `json:"post"`
	Retention   string             `json:"retention"`
	ReceivedOn  ledger.Date        `json:"received_on,omitzero"`
	Found       EligibilityDecided `json:"found,omitzero"`
	FoundBy     string             `json:"found_by,omitzero"`
	Panel       uuid.UUID          `json:"panel,omitzero"`
	Rank        int                `json:"rank,omitzero"`
	Ahead       []ledger.StreamID  `json:"ahead,omitzero"`
	RankedOn    ledger.Date        `json:"ranked_on,omitzero"`
	Offer       OfferIssued        `json:"offer,omitzero"`
}

// Decider is the rules of applications.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) { return c.decide(s, at) },
	Evolve: func(s State, e Event, m ledger.Metadata) State { return e.apply(s, m) },
	Claims: claims,
	About:  func(s State, _ ledger.StreamID) uuid.UUID { return s.Person },
}

// claims: a code is one application's for ever; a person has one live application to a post; and
// who has an offer or took it holds one of the places that were approved.
func claims(s State, _ ledger.StreamID) []ledger.Claim {
	if s.Code == "" {
		return nil
	}
	held := []ledger.Claim{{Kind: "application-code", Key: s.Code}}
	post := s.Requisition.String() + "/" + s.Post
	if s.live() {
		held = append(held, ledger.Claim{Kind: "application", Key: s.Person.String() + "/" + post})
	}
	if s.Stage == Offered || s.Stage == Accepted {
		held = append(held, ledger.Claim{Kind: "post", Key: post, Amount: 1, Limit: int64(s.Offer.Places)})
	}
	return held
}

// Codec is every stored form of an application's events.
var Codec = ledger.NewCodec(
	ledger.Current[ApplicationReceived, Event](),
	ledger.Current[EligibilityDecided, Event](),
	ledger.Current[ApplicationRanked, Event](),
	ledger.Current[OfferIssued, Event](),
	ledger.Current[OfferAnswered, Event](),
	ledger.Current[ApplicationWithdrawn, Event](),
	ledger.Current[ApplicationClosed, Event](),
)

var officers = []ledger.Role{ledger.HR}

// Aggregate is applications for the rest of the program.
var Aggregate = ledger.New("application", ledger.Text{En: "application", Zh: "应聘报名"}, Decider, Codec,
	ledger.Does[Receive, Command](ledger.Verb{Name: "receive", Creates: true, Roles: officers,
		Help: ledger.Text{En: "receive an application to a post", Zh: "报名受理"}}),
	ledger.Does[DecideEligibility, Command](ledger.Verb{Name: "decide-eligibility", Roles: officers,
		Help: ledger.Text{En: "decide whether the conditions of the post are met", Zh: "资格审查"}}),
	ledger.Does[Rank, Command](ledger.Verb{Name: "rank", Roles: officers,
		Help: ledger.Text{En: "take over the rank that a panel concluded", Zh: "登记评审排序"}}),
	ledger.Does[IssueOffer, Command](ledger.Verb{Name: "issue-offer", Roles: officers, Approvers: []ledger.Role{ledger.APR},
		Help: ledger.Text{En: "offer the post", Zh: "发放聘书"}}),
	ledger.Does[AnswerOffer, Command](ledger.Verb{Name: "answer-offer", Roles: officers,
		Help: ledger.Text{En: "record the answer to an offer", Zh: "登记应聘答复"}}),
	ledger.Does[Withdraw, Command](ledger.Verb{Name: "withdraw", Roles: officers,
		Help: ledger.Text{En: "record that the applicant withdrew", Zh: "登记撤回报名"}}),
	ledger.Does[Close, Command](ledger.Verb{Name: "close", Roles: officers,
		Help: ledger.Text{En: "close an application that came to no appointment; its data is kept from then on for a time", Zh: "未入选结案(材料保存期自此起算)"}}),
).SeenBy(Sight)

// Sight is who runs, decides, supervises and audits a selection. Reviewers and chairs see codes on
// their panel, never an application (H3).
var Sight = ledger.Sight{All: []ledger.Role{ledger.HR, ledger.APR, ledger.SUP, ledger.DPO, ledger.AUD}}

// AppliedFor is the post, and of which requisition.
func (s State) AppliedFor() (requisition uuid.UUID, post string) { return s.Requisition, s.Post }

// Applicant is the pseudonym of who applied.
func (s State) Applicant() uuid.UUID { return s.Person }

// IsEligible says that the conditions are met and nothing ended the application.
func (s State) IsEligible() bool {
	return s.Found.Result == "eligible" && s.live()
}

// AcceptedOffer says that the post was offered and accepted.
func (s State) AcceptedOffer() bool { return s.Stage == Accepted }

// Passed says that whoever is next in order need not wait for this one.
func (s State) Passed() bool { return !s.live() || s.Stage == Offered || s.Stage == Accepted }

// live says that the application may still come to an appointment.
func (s State) live() bool {
	return slices.Contains([]Stage{Received, Eligible, Ranked, Offered, Accepted}, s.Stage)
}

// at refuses a command in a stage that is not one of those it is for.
func (s State) at(stages ...Stage) error {
	if slices.Contains(stages, s.Stage) {
		return nil
	}
	name := ledger.Text{En: string(s.Stage), Zh: string(s.Stage)}
	for _, n := range StageNames {
		if n.Stage == s.Stage {
			name = n.Name
		}
	}
	return reject("wrong-stage", "the application is "+name.En, "报名状态为“"+name.Zh+"”")
}

func requisition(id uuid.UUID) ledger.StreamID {
	return ledger.StreamID{Category: "requisition", ID: id}
}
func person(id uuid.UUID) ledger.StreamID { return ledger.StreamID{Category: "person", ID: id} }
func panel(id uuid.UUID) ledger.StreamID  { return ledger.StreamID{Category: "panel", ID: id} }
func notice(id uuid.UUID) ledger.StreamID { return ledger.StreamID{Category: "notice", ID: id} }

var codePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$`)

func checkCode(path, code string) error {
	if codePattern.MatchString(code) {
		return nil
	}
	return ledger.InvalidField(path, "1 to 40 of A-Z a-z 0-9 . _ / -", "1 至 40 位字母、数字或 . _ / -")
}

// reject is a rule's refusal.
func reject(code, en, zh string) error { return ledger.Rejected(code, ledger.Text{En: en, Zh: zh}) }

// notBefore refuses an act dated before another of the application.
func notBefore(at ledger.Context, earlier ledger.Date) error {
	if at.On.Last().Compare(earlier) >= 0 {
		return nil
	}
	return reject("date-order", fmt.Sprintf("dated %s, before what it follows on %s", at.On, earlier), fmt.Sprintf("业务发生日 %s 早于前一环节(%s)", at.On, earlier))
}
