package person

import (
	"fmt"
	"slices"
	"strings"

	"ttledger/domain/ledger"
)

// Purpose is what somebody may be shown a person's data for: who, and which kinds of text.
type Purpose struct {
	Code  string
	Name  ledger.Text
	Roles []ledger.Role // beside the protection officer, who answers for all of it
	Kinds []string
}

// Purposes is every purpose. Reviewers have none: they see codes (rule H3).
var Purposes = []Purpose{
	{"subject-request", ledger.Text{En: "to answer the person (PIPL 45)", Zh: "答复本人查阅"}, nil, []string{"name", "id-document", "contact", "title"}},
	{"recruitment", ledger.Text{En: "to run a selection", Zh: "办理选聘"}, []ledger.Role{ledger.HR}, []string{"name", "contact", "title"}},
	{"employment", ledger.Text{En: "to run an employment", Zh: "办理聘用与人事管理"}, []ledger.Role{ledger.HR}, []string{"name", "id-document", "contact", "title"}},
	{"contract", ledger.Text{En: "to draw up a contract", Zh: "订立合同"}, []ledger.Role{ledger.LEG, ledger.HR}, []string{"name", "id-document", "contact"}},
	{"payment", ledger.Text{En: "to pay and to report tax", Zh: "支付与纳税申报"}, []ledger.Role{ledger.FIN}, []string{"name", "id-document"}},
	{"legal-claim", ledger.Text{En: "to bring or answer a claim", Zh: "主张权利或应诉"}, []ledger.Role{ledger.LEG}, []string{"name", "id-document", "contact", "title"}},
}

// PurposeOf is a line of the table.
func PurposeOf(code string) (Purpose, error) {
	var codes []string
	for _, p := range Purposes {
		if p.Code == code {
			return p, nil
		}
		codes = append(codes, p.Code)
	}
	return Purpose{}, ledger.CheckOneOf("purpose", code, codes...)
}

// Disclose records that kinds of a person's data are shown to the actor. Whoever shows them does
// so after this was recorded.
type Disclose struct {
	Purpose string   `json:"purpose" enum:"subject-request,recruitment,employment,contract,payment,legal-claim" en:"what for" zh:"目的"`
	Kinds   []string `json:"kinds" enum:"name,id-document,contact,title" en:"which kinds of data" zh:"信息类别"`
}

func (c Disclose) decide(s State, at ledger.Context) ([]Event, error) {
	p, err := PurposeOf(c.Purpose)
	if err != nil {
		return nil, err
	}
	if len(c.Kinds) == 0 {
		return nil, ledger.InvalidField("kinds", "name at least one kind", "至少指定一类信息")
	}
	for i, kind := range c.Kinds {
		if err := ledger.CheckOneOf(fmt.Sprintf("kinds/%d", i), kind, p.Kinds...); err != nil {
			return nil, err
		}
	}
	if at.Role != ledger.DPO {
		if err := ledger.First(p.allows(at.Role), s.unrestricted(), s.agreed(c.Kinds)); err != nil {
			return nil, err
		}
	}
	kinds := slices.Clone(c.Kinds)
	slices.SortFunc(kinds, strings.Compare)
	return []Event{DataDisclosed{c.Purpose, slices.Compact(kinds)}}, nil
}

func (p Purpose) allows(role ledger.Role) error {
	if slices.Contains(p.Roles, role) {
		return nil
	}
	return reject("purpose-role", fmt.Sprintf("%s is no purpose of the role %s", p.Code, role), fmt.Sprintf("角色 %s 不能以 %s 为目的", role, p.Code))
}

// agreed refuses what rests on a consent that was withdrawn: from then on it is not used, whether
// or not it was erased yet.
func (s State) agreed(kinds []string) error {
	if s.Basis == "consent" && !s.consents("processing") {
		return reject("consent-withdrawn", "the consent that this rested on was withdrawn (PIPL 15)", "所依据的同意已撤回(个人信息保护法第十五条)")
	}
	if slices.Contains(kinds, "id-document") && !s.consents("sensitive") {
		return sensitiveNeeded
	}
	return nil
}

// DataDisclosed: the actor was shown kinds of the person's data.
type DataDisclosed struct {
	Purpose string   `json:"purpose"`
	Kinds   []string `json:"kinds"`
}

// EventType is the stored name.
func (DataDisclosed) EventType() string { return "person.data-disclosed.v1" }

func (DataDisclosed) apply(s State, _ ledger.Metadata) State { return s }
