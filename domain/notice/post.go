package notice

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Post begins a notice on the business date. Price, mode and related parties are those of a price
// notice (PSTTA Art. 18, 19).
type Post struct {
	Code    string          `json:"code,omitzero" en:"a code people can say, such as N-2026-0042" zh:"公示编号,如 N-2026-0042"`
	Kind    string          `json:"kind" enum:"price,award,vacancy,appointee" en:"price, award, vacancy or appointees" zh:"价格、奖酬、招聘公告或拟聘人员"`
	Subject ledger.StreamID `json:"subject" en:"what it is about: project-…, achievement-…, contract-…, requisition-…" zh:"公示对象的事件流,如 project-…、achievement-…"`
	Titles  ledger.Names    `json:"titles" en:"what is shown, in Chinese, English or both" zh:"公示内容(中文、英文或两者)"`
	To      ledger.Date     `json:"to" en:"last day" zh:"公示截止日(含)"`
	Places  []string        `json:"places" enum:"unit,tech-market,website,platform,press" en:"where it is posted" zh:"公示场所:本单位、技术交易市场、网站、平台、报刊"`
	Price   *ledger.Money   `json:"price,omitzero" en:"price proposed, of a price notice" zh:"拟定价格(价格公示)"`
	Mode    string          `json:"mode,omitzero" enum:"transfer,licence,equity,cooperation,self-invest,other" en:"mode of conversion, of a price notice" zh:"转化方式(价格公示)"`
	Related []Related       `json:"related,omitzero" en:"completers and others related to the recipient" zh:"关联方标注"`
	Listed  []Listed        `json:"listed,omitzero" en:"those who are listed, by number" zh:"名单(按编号)"`
}

// Related is a party with an interest in the recipient.
type Related struct {
	Organisation uuid.UUID `json:"organisation,omitzero" en:"id of a registered organisation" zh:"已登记主体的标识"`
	Person       uuid.UUID `json:"person,omitzero" en:"or pseudonym of a person" zh:"或人员的化名标识"`
	Relation     string    `json:"relation" enum:"completer,kin,investor,officer,employer,other" en:"relation" zh:"关联关系:完成人、亲属、投资人、任职、雇主、其他"`
}

// Listed is somebody, or something, that a notice lists.
type Listed struct {
	Number  string          `json:"number" en:"number under which it is listed" zh:"编号"`
	Subject ledger.StreamID `json:"subject" en:"its stream: application-…, person-…" zh:"事件流,如 application-…、person-…"`
}

// Under is the policy for notices of this kind: that on transfers, or that on personnel.
func (c Post) Under(State) ledger.Governing {
	if c.Kind == "vacancy" || c.Kind == "appointee" {
		return ledger.Governing{Form: "notice", Code: "NOTICE-PERSONNEL"}
	}
	return ledger.Governing{Form: "notice", Code: "NOTICE-TRANSFER"}
}

// ReliesOn is all that the notice names.
func (c Post) ReliesOn() []ledger.StreamID {
	streams := []ledger.StreamID{c.Subject}
	for _, l := range c.Listed {
		streams = append(streams, l.Subject)
	}
	for _, r := range c.Related {
		streams = append(streams, r.who())
	}
	return streams
}

func (r Related) who() ledger.StreamID {
	if r.Organisation != uuid.Nil {
		return organisation(r.Organisation)
	}
	return person(r.Person)
}

func (c Post) decide(_ State, at ledger.Context) ([]Event, error) {
	if c.Code != "" && !codePattern.MatchString(c.Code) {
		return nil, ledger.InvalidField("code", "1 to 40 of A-Z a-z 0-9 . _ / -", "1 至 40 位字母、数字或 . _ / -")
	}
	if err := ledger.First(
		ledger.CheckOneOf("kind", c.Kind, kinds...),
		c.Titles.Check("titles"),
		c.checkPrice(),
		checkPlaces("places", c.Places),
		c.checkNamed(at),
	); err != nil {
		return nil, err
	}
	switch {
	case len(c.Places) == 0:
		return nil, ledger.InvalidField("places", "a notice is posted somewhere", "须填写公示场所")
	case c.To.Precision() != "day":
		return nil, ledger.InvalidField("to", "the last day is needed", "需要公示截止日")
	case at.On.Precision() != "day":
		return nil, reject("day-needed", "a notice begins on a day; the business date must be one", "公示自某日开始,业务发生日须精确到日")
	}
	terms, err := ledger.Params[Terms](at)
	if err != nil {
		return nil, err
	}
	kind, err := terms.of(c.Kind)
	if err := ledger.First(err, kind.met(at.On, c.To, c.Places)); err != nil {
		return nil, err
	}
	return []Event{Posted{c.Code, c.Kind, c.Subject, c.Titles, at.On, c.To, c.Places, c.Price, c.Mode, c.Related, c.Listed}}, nil
}

// checkPrice: a price notice names price and mode (PSTTA Art. 18); others have none.
func (c Post) checkPrice() error {
	modes := []string{"transfer", "licence", "equity", "cooperation", "self-invest", "other"}
	if c.Kind != "price" {
		if c.Price != nil {
			return ledger.InvalidField("price", "only a price notice has a price", "仅价格公示填写价格")
		}
		return ledger.CheckOneOf("mode", c.Mode, "")
	}
	if c.Price == nil {
		return ledger.InvalidField("price", "a price notice names the price proposed", "价格公示须填写拟定价格")
	}
	return ledger.First(c.Price.Check("price"), ledger.CheckOneOf("mode", c.Mode, modes...))
}

func (c Post) checkNamed(at ledger.Context) error {
	if err := ledger.First(
		ledger.CheckCount("related", len(c.Related), 50),
		ledger.CheckCount("listed", len(c.Listed), 500),
		checkExists(c.Subject, at),
	); err != nil {
		return err
	}
	for i, r := range c.Related {
		path := fmt.Sprintf("related/%d", i)
		if (r.Organisation == uuid.Nil) == (r.Person == uuid.Nil) {
			return ledger.InvalidField(path, "name an organisation or a person, and not both", "主体与人员须且只能填写一项")
		}
		if err := ledger.First(
			ledger.CheckOneOf(path+"/relation", r.Relation, "completer", "kin", "investor", "officer", "employer", "other"),
			checkExists(r.who(), at),
		); err != nil {
			return err
		}
	}
	for i, l := range c.Listed {
		path := fmt.Sprintf("listed/%d", i)
		if !codePattern.MatchString(l.Number) {
			return ledger.InvalidField(path+"/number", "1 to 40 of A-Z a-z 0-9 . _ / -", "1 至 40 位字母、数字或 . _ / -")
		}
		if slices.ContainsFunc(c.Listed[:i], func(x Listed) bool { return x.Number == l.Number || x.Subject == l.Subject }) {
			return ledger.InvalidField(path, "is listed twice", "重复")
		}
		if err := checkExists(l.Subject, at); err != nil {
			return err
		}
	}
	return nil
}

// Posted: the notice is public from a day to another (domain catalogue event 28).
type Posted struct {
	Code    string          `json:"code,omitzero"`
	Kind    string          `json:"kind"`
	Subject ledger.StreamID `json:"subject"`
	Titles  ledger.Names    `json:"titles"`
	From    ledger.Date     `json:"from"`
	To      ledger.Date     `json:"to"`
	Places  []string        `json:"places"`
	Price   *ledger.Money   `json:"price,omitzero"`
	Mode    string          `json:"mode,omitzero"`
	Related []Related       `json:"related,omitzero"`
	Listed  []Listed        `json:"listed,omitzero"`
}

// EventType is the stored name.
func (Posted) EventType() string { return "notice.posted.v1" }

func (e Posted) apply(s State, _ ledger.Metadata) State {
	s.Kind, s.Code, s.Subject, s.From, s.To, s.Related = e.Kind, e.Code, e.Subject, e.From, e.To, len(e.Related) > 0
	for _, l := range e.Listed {
		s.Listed = append(s.Listed, l.Subject)
	}
	return s
}
