package achievement

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Register records the registration (科技成果登记), dated by the certificate. It says who owns the
// achievement, which the certificate does not prove.
type Register struct {
	RegistrationNo string      `json:"registration_no" en:"registration number" zh:"登记号"`
	Authority      string      `json:"authority" en:"registering authority" zh:"登记机构"`
	OwnerKind      string      `json:"owner_kind" enum:"service,non-service" en:"service or non-service achievement" zh:"职务成果或非职务成果"`
	Owners         []Owner     `json:"owners" en:"owners, whose shares sum to 1000‰" zh:"权利人,份额合计 1000‰"`
	RightsGranted  string      `json:"rights_granted" enum:"none,ownership-share,long-term-use" en:"what completers were granted: nothing, a share of the ownership or long-term use" zh:"赋权:无、所有权份额、长期使用权"`
	Expires        ledger.Date `json:"expires,omitzero" en:"until when the registration or the use granted runs" zh:"有效期至"`
	Rights         []Right     `json:"rights,omitzero" en:"patents and other rights" zh:"知识产权清单"`
}

// Owner is an organisation, or a completer, with a share.
type Owner struct {
	Organisation uuid.UUID `json:"organisation,omitzero" en:"id of a registered organisation" zh:"已登记主体的标识"`
	Person       uuid.UUID `json:"person,omitzero" en:"or pseudonym of a completer" zh:"或完成人的化名标识"`
	Permille     int       `json:"permille" en:"share in permille" zh:"份额(‰)"`
}

// ReliesOn is the owning organisations.
func (c Register) ReliesOn() []ledger.StreamID {
	var streams []ledger.StreamID
	for _, o := range c.Owners {
		if o.Organisation != uuid.Nil {
			streams = append(streams, organisation(o.Organisation))
		}
	}
	return streams
}

func (c Register) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		checkCode("registration_no", c.RegistrationNo, true),
		ledger.CheckText("authority", c.Authority, 200, true),
		ledger.CheckOneOf("owner_kind", c.OwnerKind, "service", "non-service"),
		ledger.CheckOneOf("rights_granted", c.RightsGranted, "none", "ownership-share", "long-term-use"),
		checkOwners(c.Owners),
		checkRights(c.Rights, at),
		s.since(at),
	); err != nil {
		return nil, err
	}
	if !c.Expires.IsZero() && c.Expires.Last().Compare(at.On.First()) < 0 {
		return nil, ledger.InvalidField("expires", "is before the registration", "早于登记日期")
	}
	if !s.Certified.IsZero() {
		return nil, reject("registered", fmt.Sprintf("registered on %s as %s already", s.Certified, s.RegistrationNo), fmt.Sprintf("已于 %s 登记(%s)", s.Certified, s.RegistrationNo))
	}
	if s.Contributions() == Disputed {
		return nil, reject("contribution-disputed", "a completer objects to the shares; settle that first", "完成人对贡献比例有异议,请先解决")
	}
	if err := c.checkHolders(s, at); err != nil {
		return nil, err
	}
	return []Event{Registered(c)}, nil
}

func checkOwners(list []Owner) error {
	if err := ledger.CheckCount("owners", len(list), 50); err != nil {
		return err
	}
	sum := 0
	for i, o := range list {
		path := fmt.Sprintf("owners/%d", i)
		if (o.Organisation == uuid.Nil) == (o.Person == uuid.Nil) {
			return ledger.InvalidField(path, "name an organisation or a person, and not both", "主体与人员须且只能填写一项")
		}
		if slices.ContainsFunc(list[:i], func(x Owner) bool { return x.Organisation == o.Organisation && x.Person == o.Person }) {
			return ledger.InvalidField(path, "is named twice", "权利人重复")
		}
		if o.Permille < 1 || o.Permille > 1000 {
			return ledger.InvalidField(path+"/permille", "1 to 1000", "应为 1 至 1000")
		}
		sum += o.Permille
	}
	if sum != 1000 {
		return ledger.InvalidField("owners", fmt.Sprintf("the shares sum to %d‰ and not to 1000‰", sum), fmt.Sprintf("份额合计为 %d‰,应为 1000‰", sum))
	}
	return nil
}

// checkHolders: organisations are registered; completers own a service achievement only where a
// share was granted to them, and then some of them do.
func (c Register) checkHolders(s State, at ledger.Context) error {
	people := 0
	for _, o := range c.Owners {
		if o.Organisation != uuid.Nil {
			if err := checkOrganisation(o.Organisation, at); err != nil {
				return err
			}
			continue
		}
		if _, err := s.completer(o.Person); err != nil {
			return err
		}
		people++
	}
	if c.OwnerKind == "service" && (people > 0) != (c.RightsGranted == "ownership-share") {
		return reject("rights-granted", "completers own a service achievement by a share granted to them (ownership-share), and only so", "职务成果的完成人须经赋权(所有权份额)方为权利人,且赋权须列明完成人份额")
	}
	return nil
}

// Registered: the achievement is in the state's register (domain catalogue event 17).
type Registered struct {
	RegistrationNo string      `json:"registration_no"`
	Authority      string      `json:"authority"`
	OwnerKind      string      `json:"owner_kind"`
	Owners         []Owner     `json:"owners"`
	RightsGranted  string      `json:"rights_granted"`
	Expires        ledger.Date `json:"expires,omitzero"`
	Rights         []Right     `json:"rights,omitzero"`
}

// EventType is the stored name.
func (Registered) EventType() string { return "achievement.registered.v1" }

// Correctable: a wrong record is put right by a correction.
func (Registered) Correctable() {}

// Check says what is wrong with a corrected one.
func (e Registered) Check() error {
	return ledger.First(checkCode("registration_no", e.RegistrationNo, true), checkOwners(e.Owners))
}

func (e Registered) apply(s State, m ledger.Metadata) State {
	s.Certified, s.RegistrationNo, s.OwnerKind, s.Owners = m.OccurredOn, e.RegistrationNo, e.OwnerKind, e.Owners
	for _, r := range e.Rights {
		s.Rights = withRight(s.Rights, r)
	}
	return s
}
