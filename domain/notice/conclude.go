package notice

import (
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// Conclude ends a notice after its last day, with what became of each objection.
type Conclude struct {
	Objections []Objection `json:"objections,omitzero" en:"objections with their decisions" zh:"异议及处理决定"`
}

// Objection is what somebody held against the notice. Its text is a document, named as evidence,
// for it tells of persons.
type Objection struct {
	Number   string          `json:"number" en:"number of the objection" zh:"异议编号"`
	Ground   string          `json:"ground" enum:"price,relation,ownership,procedure,qualification,conduct,other" en:"ground" zh:"事由:价格、关联关系、权属、程序、资格、行为、其他"`
	Against  ledger.StreamID `json:"against,omitzero" en:"who is objected to, of those listed; the whole notice where absent" zh:"针对名单中的对象;不填则针对整个公示"`
	Decision string          `json:"decision" enum:"upheld,dismissed,retracted" en:"upheld, dismissed or retracted" zh:"成立、不成立或撤回"`
}

func (c Conclude) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(s.running(), c.check(s)); err != nil {
		return nil, err
	}
	if at.On.First().Compare(s.To) <= 0 {
		return nil, reject("notice-running", fmt.Sprintf("the notice runs through %s; conclude it afterwards", s.To), fmt.Sprintf("公示期至 %s(含),期满后方可结束", s.To))
	}
	outcome := "no-objection"
	for _, o := range c.Objections {
		if o.Decision == "upheld" {
			outcome = "objection-upheld"
		}
	}
	return []Event{Concluded{c.Objections, outcome, at.Actor}}, nil
}

func (c Conclude) check(s State) error {
	if err := ledger.CheckCount("objections", len(c.Objections), 200); err != nil {
		return err
	}
	for i, o := range c.Objections {
		path := fmt.Sprintf("objections/%d", i)
		if !codePattern.MatchString(o.Number) || slices.ContainsFunc(c.Objections[:i], func(x Objection) bool { return x.Number == o.Number }) {
			return ledger.InvalidField(path+"/number", "1 to 40 of A-Z a-z 0-9 . _ / -, each once", "1 至 40 位字母、数字或 . _ / -,且不可重复")
		}
		if err := ledger.First(
			ledger.CheckOneOf(path+"/ground", o.Ground, "price", "relation", "ownership", "procedure", "qualification", "conduct", "other"),
			ledger.CheckOneOf(path+"/decision", o.Decision, "upheld", "dismissed", "retracted"),
		); err != nil {
			return err
		}
		if o.Against != (ledger.StreamID{}) && !s.names(o.Against) {
			return ledger.InvalidField(path+"/against", "is not in this notice", "不在本公示之内")
		}
	}
	return nil
}

// running refuses what needs a notice that is neither concluded nor withdrawn.
func (s State) running() error {
	switch {
	case s.Withdrawn:
		return reject("withdrawn", "the notice was withdrawn; post another", "公示已撤回,请重新发布")
	case !s.ConcludedOn.IsZero():
		return reject("concluded", "the notice was concluded on "+s.ConcludedOn.String(), "公示已于 "+s.ConcludedOn.String()+" 结束")
	}
	return nil
}

// Concluded: the notice is over (domain catalogue event 29). An upheld objection stands in the way
// of what was to follow.
type Concluded struct {
	Objections []Objection `json:"objections,omitzero"`
	Outcome    string      `json:"outcome"` // no-objection or objection-upheld
	Supervisor string      `json:"supervisor"`
}

// EventType is the stored name.
func (Concluded) EventType() string { return "notice.concluded.v1" }

func (e Concluded) apply(s State, m ledger.Metadata) State {
	s.ConcludedOn = m.OccurredOn
	for _, o := range e.Objections {
		if o.Decision != "upheld" {
			continue
		}
		against := o.Against
		if against == (ledger.StreamID{}) {
			against = s.Subject
		}
		s.Upheld = append(slices.Clone(s.Upheld), against)
	}
	return s
}

// Withdraw takes a running notice back.
type Withdraw struct {
	Ground string `json:"ground" enum:"error,changed,cancelled" en:"an error in it, changed terms, or cancelled" zh:"撤回原因:内容有误、条件变更、取消"`
}

func (c Withdraw) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.running(),
		ledger.CheckOneOf("ground", c.Ground, "error", "changed", "cancelled"),
	); err != nil {
		return nil, err
	}
	if at.On.Last().Compare(s.From) < 0 {
		return nil, reject("date-order", fmt.Sprintf("dated %s, before the notice was posted on %s", at.On, s.From), fmt.Sprintf("业务发生日 %s 早于公示发布日(%s)", at.On, s.From))
	}
	return []Event{Withdrawn(c)}, nil
}

// Withdrawn: the notice clears nothing.
type Withdrawn struct {
	Ground string `json:"ground"`
}

// EventType is the stored name.
func (Withdrawn) EventType() string { return "notice.withdrawn.v1" }

func (Withdrawn) apply(s State, _ ledger.Metadata) State {
	s.Withdrawn = true
	return s
}
