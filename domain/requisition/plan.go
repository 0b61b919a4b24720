package requisition

import (
	"fmt"
	"reflect"
	"slices"

	"ttledger/domain/ledger"
)

// Plan is what is recruited for, and how.
type Plan struct {
	Purpose string        `json:"purpose" enum:"post,team-leader" en:"posts, or the leader of a team" zh:"岗位或团队带头人"`
	Posts   []Post        `json:"posts" en:"posts" zh:"岗位"`
	Budget  *ledger.Money `json:"budget,omitzero" en:"budget of the selection" zh:"选聘预算"`
	Review  Review        `json:"review" en:"how applications are reviewed" zh:"评审规则"`
	Notice  string        `json:"notice" en:"version of the data-protection notice that applicants are given" zh:"个人信息保护告知书版本"`
}

// Post is a kind of place with how many of it there are.
type Post struct {
	Code       string       `json:"code" en:"code, unique in the plan" zh:"岗位代码(计划内唯一)"`
	Titles     ledger.Names `json:"titles" en:"title" zh:"岗位名称"`
	Level      string       `json:"level" enum:"executive,middle,staff" en:"level: executive, middle or staff" zh:"层级:高管、中层、工作人员"`
	Number     int          `json:"number" en:"how many may be appointed" zh:"招聘人数"`
	Conditions []Condition  `json:"conditions,omitzero" en:"conditions of eligibility" zh:"资格条件"`
	Pay        *PayBand     `json:"pay,omitzero" en:"pay a year" zh:"年薪区间"`
}

// Condition is what an applicant must meet.
type Condition struct {
	Code  string       `json:"code" en:"code" zh:"代码"`
	About string       `json:"about" enum:"degree,field,experience,skill,language,licence,title,age,health,sex,ethnicity,race,religion,disability,marriage,residence,other" en:"what it is about" zh:"条件类别"`
	Names ledger.Names `json:"names" en:"the condition" zh:"条件内容"`
	Basis string       `json:"basis,omitzero" en:"regulation that asks for it; needed for age and health" zh:"依据的规定(年龄、健康条件必填)"`
}

// PayBand is between what a post is paid.
type PayBand struct {
	Least ledger.Money `json:"least" en:"at least" zh:"下限"`
	Most  ledger.Money `json:"most" en:"at most" zh:"上限"`
}

// Review is how applications are reviewed.
type Review struct {
	Method string `json:"method" enum:"mean,trimmed" en:"mean, or mean without the highest and the lowest" zh:"平均分,或去掉最高最低后的平均分"`
	Quorum int    `json:"quorum" en:"reviews needed of each application" zh:"每份报名的最低评分数"`
}

var (
	fair = []string{"degree", "field", "experience", "skill", "language", "licence", "title", "other"}
	// Where a regulation asks for it, such as a retirement age.
	founded = []string{"age", "health"}
	// Employment Promotion Law 3 and 26 to 31; on marriage, the Law on Women's Rights 43.
	discriminatory = []string{"sex", "ethnicity", "race", "religion", "disability", "marriage", "residence"}
)

func (p Plan) check() error {
	if err := ledger.First(
		ledger.CheckOneOf("plan/purpose", p.Purpose, "post", "team-leader"),
		ledger.CheckOneOf("plan/review/method", p.Review.Method, "mean", "trimmed"),
		checkCode("plan/notice", p.Notice),
		ledger.CheckCount("plan/posts", len(p.Posts), 50),
	); err != nil {
		return err
	}
	if p.Review.Quorum < 1 || p.Review.Quorum > 15 {
		return ledger.InvalidField("plan/review/quorum", "1 to 15", "1 至 15")
	}
	if p.Budget != nil {
		if err := p.Budget.Check("plan/budget"); err != nil {
			return err
		}
	}
	if len(p.Posts) == 0 {
		return ledger.InvalidField("plan/posts", "at least one post is needed", "至少需要一个岗位")
	}
	for i, post := range p.Posts {
		path := fmt.Sprintf("plan/posts/%d", i)
		if slices.ContainsFunc(p.Posts[:i], func(o Post) bool { return o.Code == post.Code }) {
			return ledger.InvalidField(path+"/code", "each post once", "岗位代码不可重复")
		}
		if err := post.check(path); err != nil {
			return err
		}
	}
	return nil
}

func (p Post) check(path string) error {
	if err := ledger.First(
		checkCode(path+"/code", p.Code),
		p.Titles.Check(path+"/titles"),
		ledger.CheckOneOf(path+"/level", p.Level, "executive", "middle", "staff"),
		ledger.CheckCount(path+"/conditions", len(p.Conditions), 30),
		p.Pay.check(path+"/pay"),
	); err != nil {
		return err
	}
	if p.Number < 1 || p.Number > 1000 {
		return ledger.InvalidField(path+"/number", "1 to 1000", "1 至 1000")
	}
	for i, c := range p.Conditions {
		if err := c.check(fmt.Sprintf("%s/conditions/%d", path, i)); err != nil {
			return err
		}
		if slices.ContainsFunc(p.Conditions[:i], func(o Condition) bool { return o.Code == c.Code }) {
			return ledger.InvalidField(fmt.Sprintf("%s/conditions/%d/code", path, i), "each condition once", "条件代码不可重复")
		}
	}
	return nil
}

func (c Condition) check(path string) error {
	if err := ledger.First(
		checkCode(path+"/code", c.Code),
		c.Names.Check(path+"/names"),
		ledger.CheckOneOf(path+"/about", c.About, slices.Concat(fair, founded, discriminatory)...),
		ledger.CheckText(path+"/basis", c.Basis, 200, slices.Contains(founded, c.About)),
	); err != nil {
		return err
	}
	if slices.Contains(discriminatory, c.About) {
		return reject("discriminatory-condition",
			fmt.Sprintf("the condition %s is about %s, on which nobody may be refused work (Employment Promotion Law 3, 26)", c.Code, c.About),
			fmt.Sprintf("条件 %s 属就业歧视(%s),不得作为录用条件(就业促进法第三、二十六条)", c.Code, c.About))
	}
	return nil
}

func (b *PayBand) check(path string) error {
	if b == nil {
		return nil
	}
	if err := ledger.First(b.Least.Check(path+"/least"), b.Most.Check(path+"/most")); err != nil {
		return err
	}
	if b.Most.Currency != b.Least.Currency || b.Most.Minor < b.Least.Minor {
		return ledger.InvalidField(path+"/most", "not below the least, in the same currency", "不低于下限,且币种相同")
	}
	return nil
}

// Approve begins a requisition with its plan (选聘计划批准).
type Approve struct {
	Code string `json:"code" en:"a code people can say, such as R-2026-0007" zh:"计划编号,如 R-2026-0007"`
	Plan Plan   `json:"plan" en:"the plan" zh:"计划"`
}

func (c Approve) decide(_ State, _ ledger.Context) ([]Event, error) {
	if err := ledger.First(checkCode("code", c.Code), c.Plan.check()); err != nil {
		return nil, err
	}
	return []Event{RequisitionApproved(c)}, nil
}

// RequisitionApproved: posts may be recruited for (domain catalogue event 39).
type RequisitionApproved struct {
	Code string `json:"code"`
	Plan Plan   `json:"plan"`
}

// EventType is the stored name.
func (RequisitionApproved) EventType() string { return "requisition.approved.v1" }

func (e RequisitionApproved) apply(s State, m ledger.Metadata) State {
	s.Stage, s.Code, s.Plan, s.ApprovedOn = Approved, e.Code, e.Plan, m.OccurredOn
	return s
}

// Amend replaces the plan. Once posts are open, what applicants were told stays: only numbers and
// money change, and posts are added.
type Amend struct {
	Plan   Plan   `json:"plan" en:"the plan from now on" zh:"变更后的计划"`
	Ground string `json:"ground" enum:"need,budget,establishment,error" en:"why" zh:"变更原因"`
}

func (c Amend) decide(s State, _ ledger.Context) ([]Event, error) {
	if err := ledger.First(s.live(), ledger.CheckOneOf("ground", c.Ground, "need", "budget", "establishment", "error"), c.Plan.check()); err != nil {
		return nil, err
	}
	if reflect.DeepEqual(s.Plan, c.Plan) {
		return nil, nil
	}
	if s.Stage == Opened {
		if err := s.keeps(c.Plan); err != nil {
			return nil, err
		}
	}
	return []Event{RequisitionAmended(c)}, nil
}

// keeps refuses a plan that changes what was announced.
func (s State) keeps(p Plan) error {
	if p.Review != s.Plan.Review || p.Notice != s.Plan.Notice || p.Purpose != s.Plan.Purpose {
		return reject("announced", "purpose, review and data-protection notice were announced and stay", "选聘目的、评审规则与告知书已公告,不得变更")
	}
	for _, was := range s.Plan.Posts {
		i := slices.IndexFunc(p.Posts, func(o Post) bool { return o.Code == was.Code })
		if i < 0 || p.Posts[i].Level != was.Level || p.Posts[i].Titles != was.Titles || !slices.Equal(p.Posts[i].Conditions, was.Conditions) {
			return reject("announced", "the post "+was.Code+" was announced; its title, level and conditions stay", "岗位 "+was.Code+" 已公告,其名称、层级与条件不得变更")
		}
	}
	return nil
}

// RequisitionAmended: another plan took the place of the one before.
type RequisitionAmended struct {
	Plan   Plan   `json:"plan"`
	Ground string `json:"ground"`
}

// EventType is the stored name.
func (RequisitionAmended) EventType() string { return "requisition.amended.v1" }

func (e RequisitionAmended) apply(s State, _ ledger.Metadata) State {
	s.Plan = e.Plan
	return s
}
