package panel

import (
	"crypto/ecdh"
	"fmt"
	"regexp"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Convene begins a panel. How it scores and ranks is fixed here, before anyone has scored.
type Convene struct {
	Code       string          `json:"code" en:"a code people can say, such as PN-2026-0003" zh:"评审组编号,如 PN-2026-0003"`
	Subject    ledger.StreamID `json:"subject" en:"what it is convened for, such as requisition-…" zh:"评审事由(事件流),如 requisition-…"`
	Items      []Entrant       `json:"items" en:"what is reviewed, each under a code that does not tell who it is" zh:"评审对象(以不透露身份的编号)"`
	Reviewers  []string        `json:"reviewers" en:"handles of the reviewers" zh:"评审专家账号"`
	Chair      string          `json:"chair" en:"handle of the chair, who does not score" zh:"组长账号(不评分)"`
	Observer   string          `json:"observer" en:"handle of the supervision observer" zh:"监督人员账号"`
	Quorum     int             `json:"quorum" en:"reviews needed for each item" zh:"每一对象的最低评分数"`
	Method     string          `json:"method" enum:"mean,trimmed" en:"mean, or mean without the highest and the lowest" zh:"平均分,或去掉最高最低后的平均分"`
	Criteria   Criteria        `json:"criteria" en:"what is scored" zh:"评分标准"`
	OpeningKey []byte          `json:"opening_key" en:"X25519 public key that scores are sealed to, 32 bytes; supervision keeps the private half" zh:"密封评分用的 X25519 公钥(32 字节);私钥由监督人员保管"`
}

// Entrant is a thing to be reviewed, with its blind code.
type Entrant struct {
	Stream ledger.StreamID `json:"stream" en:"the thing, such as application-…" zh:"对象(事件流),如 application-…"`
	Code   string          `json:"code" en:"its code on this panel" zh:"本评审组内编号"`
}

// Criteria is a version of what is scored.
type Criteria struct {
	Version string      `json:"version" en:"version of the criteria" zh:"评分标准版本"`
	List    []Criterion `json:"list" en:"the criteria, in the order in which points are given" zh:"评分项(按打分顺序)"`
}

// Criterion is one thing that points are given for.
type Criterion struct {
	Code  string       `json:"code" en:"code" zh:"代码"`
	Names ledger.Names `json:"names" en:"what is scored" zh:"评分项名称"`
	Max   int          `json:"max" en:"most points; its weight" zh:"满分(即权重)"`
}

// Item is an Entrant as it is ranked: among those of its group.
type Item struct {
	Stream ledger.StreamID `json:"stream"`
	Code   string          `json:"code"`
	Group  string          `json:"group,omitzero"` // the post applied for
}

// Terms is the parameters of a policy on panels.
type Terms struct {
	MinReviewers int      `json:"min_reviewers" en:"fewest reviewers" zh:"评审专家最少人数"`
	MinQuorum    int      `json:"min_quorum" en:"fewest reviews for each item" zh:"每一对象最少评分数"`
	TrimFrom     int      `json:"trim_from" en:"fewest reviews of which the highest and the lowest may be left out" zh:"可去掉最高最低分的最少评分数"`
	Recuse       []string `json:"recuse" en:"relations that oblige to step back" zh:"必须回避的关系"`
}

// Check says what is wrong with the parameters.
func (t Terms) Check() error {
	switch {
	case t.MinReviewers < 1 || t.MinReviewers > maxReviewers:
		return ledger.InvalidField("params/min_reviewers", fmt.Sprintf("1 to %d", maxReviewers), fmt.Sprintf("1 至 %d", maxReviewers))
	case t.MinQuorum < 1 || t.MinQuorum > t.MinReviewers:
		return ledger.InvalidField("params/min_quorum", "1 to min_reviewers", "1 至 min_reviewers")
	case t.TrimFrom < 3 || t.TrimFrom > maxReviewers:
		return ledger.InvalidField("params/trim_from", fmt.Sprintf("3 to %d: something must be left", maxReviewers), fmt.Sprintf("3 至 %d(须有剩余评分)", maxReviewers))
	}
	for i, relation := range t.Recuse {
		if err := ledger.CheckOneOf(fmt.Sprintf("params/recuse/%d", i), relation, relations[1:]...); err != nil {
			return err
		}
	}
	return nil
}

// Rules is the forms of the policies that panels are convened under.
var Rules = []ledger.RuleForm{
	ledger.RuleOf[Terms]("review-panel", ledger.Text{En: "review panels and recusal", Zh: "评审与回避规则"}),
}

// Most of each, so that a conclusion with all its openings is one command.
const (
	maxItems     = 90
	maxReviewers = 15
	maxCriteria  = 20
	maxPoints    = 1000
)

var handlePattern = regexp.MustCompile(`^[a-z][a-z0-9._-]{1,62}[a-z0-9]$`)

// Under is the policy on panels.
func (Convene) Under(State) ledger.Governing {
	return ledger.Governing{Form: "review-panel", Code: "SELECT-PANEL"}
}

// ReliesOn is what the panel is for and what is before it.
func (c Convene) ReliesOn() []ledger.StreamID {
	streams := []ledger.StreamID{c.Subject}
	for _, i := range c.Items {
		streams = append(streams, i.Stream)
	}
	return streams
}

func (c Convene) decide(_ State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		checkCode("code", c.Code),
		c.checkPeople(),
		c.Criteria.check(),
		c.checkMethod(),
		c.checkSubject(at),
	); err != nil {
		return nil, err
	}
	terms, err := ledger.Params[Terms](at)
	if err != nil {
		return nil, err
	}
	if err := c.checkTerms(terms); err != nil {
		return nil, err
	}
	items, err := c.items(at)
	if err != nil {
		return nil, err
	}
	return []Event{PanelConvened{
		Code: c.Code, Subject: c.Subject, Items: items, Reviewers: c.Reviewers, Chair: c.Chair, Observer: c.Observer,
		Quorum: c.Quorum, Method: c.Method, Criteria: c.Criteria, OpeningKey: c.OpeningKey, Recuse: terms.Recuse,
	}}, nil
}

func (c Convene) checkPeople() error {
	if err := ledger.CheckCount("reviewers", len(c.Reviewers), maxReviewers); err != nil {
		return err
	}
	all := append(slices.Clone(c.Reviewers), c.Chair, c.Observer)
	for i, handle := range all {
		path := fmt.Sprintf("reviewers/%d", i)
		if over := i - len(c.Reviewers); over >= 0 {
			path = []string{"chair", "observer"}[over]
		}
		if !handlePattern.MatchString(handle) {
			return ledger.InvalidField(path, "the handle of an account is needed", "需要账号")
		}
		if slices.Contains(all[:i], handle) {
			return ledger.InvalidField(path, handle+" is named twice; reviewers, chair and observer are different people", handle+" 重复;专家、组长与监督人员须为不同的人")
		}
	}
	return nil
}

func (c Criteria) check() error {
	if err := ledger.First(checkCode("criteria/version", c.Version), ledger.CheckCount("criteria/list", len(c.List), maxCriteria)); err != nil {
		return err
	}
	if len(c.List) == 0 {
		return ledger.InvalidField("criteria/list", "at least one criterion is needed", "至少需要一个评分项")
	}
	seen := map[string]bool{}
	for i, k := range c.List {
		path := fmt.Sprintf("criteria/list/%d", i)
		if err := ledger.First(checkCode(path+"/code", k.Code), k.Names.Check(path+"/names")); err != nil {
			return err
		}
		if seen[k.Code] {
			return ledger.InvalidField(path+"/code", "each criterion once", "评分项不可重复")
		}
		seen[k.Code] = true
		if k.Max < 1 || k.Max > maxPoints {
			return ledger.InvalidField(path+"/max", fmt.Sprintf("1 to %d", maxPoints), fmt.Sprintf("1 至 %d", maxPoints))
		}
	}
	return nil
}

func (c Convene) checkMethod() error {
	if err := ledger.CheckOneOf("method", c.Method, "mean", "trimmed"); err != nil {
		return err
	}
	if c.Quorum < 1 || c.Quorum > len(c.Reviewers) {
		return ledger.InvalidField("quorum", "1 to the number of reviewers", "1 至评审专家人数")
	}
	if _, err := ecdh.X25519().NewPublicKey(c.OpeningKey); err != nil {
		return ledger.InvalidField("opening_key", "the 32 bytes of an X25519 public key, in base64", "X25519 公钥(32 字节,base64)")
	}
	return nil
}

func (c Convene) checkTerms(t Terms) error {
	switch {
	case len(c.Reviewers) < t.MinReviewers:
		return reject("too-few-reviewers", fmt.Sprintf("the policy asks for at least %d reviewers", t.MinReviewers), fmt.Sprintf("按规定评审专家不少于 %d 人", t.MinReviewers))
	case c.Quorum < t.MinQuorum:
		return reject("quorum-too-low", fmt.Sprintf("the policy asks for at least %d reviews of each item", t.MinQuorum), fmt.Sprintf("按规定每一对象的评分不少于 %d 份", t.MinQuorum))
	case c.Method == "trimmed" && c.Quorum < t.TrimFrom:
		return reject("trimmed-too-few", fmt.Sprintf("leaving out the highest and the lowest needs at least %d reviews of each item", t.TrimFrom), fmt.Sprintf("去掉最高最低分要求每一对象至少 %d 份评分", t.TrimFrom))
	}
	return nil
}

// checkSubject holds the panel against what its subject promised before anyone applied.
func (c Convene) checkSubject(at ledger.Context) error {
	if !at.Exists(c.Subject) {
		return reject("no-such-subject", fmt.Sprintf("there is no %s", c.Subject), fmt.Sprintf("没有 %s", c.Subject))
	}
	promised, ok := ledger.About[interface {
		ReviewRules() (method string, quorum int)
	}](at, c.Subject)
	if !ok {
		return nil
	}
	if method, quorum := promised.ReviewRules(); c.Method != method || c.Quorum < quorum {
		return reject("panel-rules", fmt.Sprintf("announced was the method %s with at least %d reviews of each item", method, quorum), fmt.Sprintf("公告的评审方法为 %s,每一对象至少 %d 份评分", method, quorum))
	}
	return nil
}

func (c Convene) items(at ledger.Context) ([]Item, error) {
	if len(c.Items) == 0 || len(c.Items) > maxItems {
		return nil, ledger.InvalidField("items", fmt.Sprintf("1 to %d items", maxItems), fmt.Sprintf("1 至 %d 个评审对象", maxItems))
	}
	var items []Item
	for i, e := range c.Items {
		path := fmt.Sprintf("items/%d", i)
		if err := checkCode(path+"/code", e.Code); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(items, func(o Item) bool { return o.Code == e.Code || o.Stream == e.Stream }) {
			return nil, ledger.InvalidField(path, "each item and each code once", "评审对象及其编号不可重复")
		}
		if !at.Exists(e.Stream) {
			return nil, reject("no-such-item", fmt.Sprintf("there is no %s", e.Stream), fmt.Sprintf("没有 %s", e.Stream))
		}
		item := Item{Stream: e.Stream, Code: e.Code}
		if a, ok := ledger.About[applicant](at, e.Stream); ok {
			requisition, post := a.AppliedFor()
			if !a.IsEligible() || requisition != c.Subject.ID {
				return nil, reject("not-eligible", fmt.Sprintf("%s is no eligible application to %s", e.Code, c.Subject), fmt.Sprintf("%s 不是 %s 的合格报名", e.Code, c.Subject))
			}
			item.Group = post
		}
		items = append(items, item)
	}
	return items, nil
}

// applicant is an item that competes for a post.
type applicant interface {
	IsEligible() bool
	AppliedFor() (requisition uuid.UUID, post string)
}

// PanelConvened: the panel sits; what it goes by is fixed.
type PanelConvened struct {
	Code       string          `json:"code"`
	Subject    ledger.StreamID `json:"subject"`
	Items      []Item          `json:"items"`
	Reviewers  []string        `json:"reviewers"`
	Chair      string          `json:"chair"`
	Observer   string          `json:"observer"`
	Quorum     int             `json:"quorum"`
	Method     string          `json:"method"`
	Criteria   Criteria        `json:"criteria"`
	OpeningKey []byte          `json:"opening_key"`
	Recuse     []string        `json:"recuse,omitzero"` // relations that oblige to step back
}

// EventType is the stored name.
func (PanelConvened) EventType() string { return "panel.convened.v1" }

func (e PanelConvened) apply(s State, m ledger.Metadata) State {
	s.Sitting, s.ConvenedOn = e, m.OccurredOn
	return s
}
