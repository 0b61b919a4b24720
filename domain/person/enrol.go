package person

import (
	"fmt"
	"regexp"
	"strings"

	"ttledger/domain/ledger"
)

// Enrol enters a person. The stream's id is the pseudonym: chosen by the client, and nothing that
// tells who it is.
type Enrol struct {
	Name       ledger.Personal   `json:"name" personal:"name" en:"name" zh:"姓名"`
	IDDocument *IDDocument       `json:"id_document,omitzero" en:"identity document; needs the consent sensitive" zh:"身份证件(须单独同意 sensitive)"`
	Contacts   []Contact         `json:"contacts,omitzero" en:"ways to reach them" zh:"联系方式"`
	Titles     []ledger.Personal `json:"titles,omitzero" personal:"title" en:"professional titles" zh:"职称"`
	Notice     string            `json:"notice" en:"version of the data-protection notice they were given" zh:"所告知的个人信息保护告知书版本"`
	Basis      string            `json:"basis" enum:"consent,contract,hr-management,legal-duty" en:"ground on which the data is processed (PIPL 13)" zh:"处理依据(个人信息保护法第十三条)"`
	Retention  string            `json:"retention" enum:"applicant,appointee,payee,panel" en:"for how long it is kept" zh:"保存类别"`
	Consents   []string          `json:"consents,omitzero" enum:"processing,sensitive,other-controller,overseas" en:"consents given, each separately" zh:"已取得的同意(逐项)"`
}

// IDDocument is a document that tells who somebody is.
type IDDocument struct {
	Kind   string          `json:"kind" enum:"resident-id,passport,other" en:"kind of document" zh:"证件类型"`
	Number ledger.Personal `json:"number" personal:"id-document" en:"number" zh:"证件号码"`
}

// Contact is a way to reach somebody.
type Contact struct {
	Way   string          `json:"way" enum:"mobile,phone,email,address,other" en:"way" zh:"方式"`
	Value ledger.Personal `json:"value" personal:"contact" en:"number or address" zh:"号码或地址"`
}

// Kinds are the kinds of personal text of a person.
var Kinds = []string{"name", "id-document", "id-fingerprint", "contact", "title"}

var codePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)

func (c Enrol) decide(_ State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		c.Name.Check("name", 200, true),
		checkParts(c.IDDocument, c.Contacts, c.Titles),
		checkCode("notice", c.Notice),
		ledger.CheckOneOf("basis", c.Basis, "consent", "contract", "hr-management", "legal-duty"),
		checkClass("retention", c.Retention),
		checkConsents(c),
	); err != nil {
		return nil, err
	}
	k := known(c.Name, c.IDDocument, c.Contacts, c.Titles, at)
	return []Event{Enrolled{
		Name: k.Name, IDDocument: k.IDDocument, IDFingerprint: k.IDFingerprint, Contacts: k.Contacts, Titles: k.Titles,
		Notice: c.Notice, Basis: c.Basis, Retention: c.Retention, Consents: c.Consents,
	}}, nil
}

func checkConsents(c Enrol) error {
	held := map[string]bool{}
	for i, purpose := range c.Consents {
		if err := checkConsent(fmt.Sprintf("consents/%d", i), purpose); err != nil {
			return err
		}
		if held[purpose] {
			return ledger.InvalidField(fmt.Sprintf("consents/%d", i), "is given twice", "重复")
		}
		held[purpose] = true
	}
	if c.Basis == "consent" && !held["processing"] {
		return reject("consent-needed", "where consent is the ground, the consent processing is needed (PIPL 13, 14)", "以同意为依据的,须取得 processing 同意(个人信息保护法第十三、十四条)")
	}
	if c.IDDocument != nil && !held["sensitive"] {
		return sensitiveNeeded
	}
	return nil
}

var sensitiveNeeded = reject("sensitive-consent-needed", "an identity document needs a separate consent, sensitive (PIPL 28, 29)", "身份证件属敏感个人信息,须单独同意 sensitive(个人信息保护法第二十八、二十九条)")

func checkParts(d *IDDocument, contacts []Contact, titles []ledger.Personal) error {
	if err := ledger.First(d.check(), ledger.CheckCount("contacts", len(contacts), 20), ledger.CheckCount("titles", len(titles), 20)); err != nil {
		return err
	}
	for i, c := range contacts {
		path := fmt.Sprintf("contacts/%d", i)
		if err := ledger.First(
			ledger.CheckOneOf(path+"/way", c.Way, "mobile", "phone", "email", "address", "other"),
			c.Value.Check(path+"/value", 300, true),
		); err != nil {
			return err
		}
	}
	for i, t := range titles {
		if err := t.Check(fmt.Sprintf("titles/%d", i), 200, true); err != nil {
			return err
		}
	}
	return nil
}

func checkCode(path, code string) error {
	if codePattern.MatchString(code) {
		return nil
	}
	return ledger.InvalidField(path, "1 to 40 of A-Z a-z 0-9 . _ -", "1 至 40 位字母、数字或 . _ -")
}

func (d *IDDocument) check() error {
	if d == nil {
		return nil
	}
	if err := ledger.First(
		ledger.CheckOneOf("id_document/kind", d.Kind, "resident-id", "passport", "other"),
		d.Number.Check("id_document/number", 60, true),
	); err != nil {
		return err
	}
	if d.Kind == "resident-id" && !d.Number.Map(normal).Test(residentID) {
		return ledger.InvalidField("id_document/number", "is not the number of a resident identity card: 17 digits and a check character that fits them (GB 11643)", "不是有效的居民身份证号码:17 位数字加与之相符的校验码(GB 11643)")
	}
	return nil
}

// normal is a document's number as its fingerprint is taken of it.
func normal(number string) string {
	return strings.ToUpper(strings.Join(strings.Fields(number), ""))
}

var residentPattern = regexp.MustCompile(`^[0-9]{17}[0-9X]$`)

// residentID checks form and check character of a resident identity number: the sum of the digits
// by the powers of 2 modulo 11 is 1 (GB 11643-1999, ISO 7064 MOD 11-2).
func residentID(number string) bool {
	if !residentPattern.MatchString(number) {
		return false
	}
	sum := 0
	for _, c := range []byte(number) {
		digit := int(c - '0')
		if c == 'X' {
			digit = 10
		}
		sum = (2*sum + digit) % 11
	}
	return sum == 1
}

// known is what a command tells of a person, as events keep it.
func known(name ledger.Personal, d *IDDocument, contacts []Contact, titles []ledger.Personal, at ledger.Context) Amended {
	id := at.Stream.ID
	k := Amended{Name: name.Of(id)}
	if d != nil {
		number := d.Number.Map(normal)
		k.IDDocument, k.IDFingerprint = &IDDocument{d.Kind, number.Of(id)}, number.Fingerprint().Of(id)
	}
	for _, c := range contacts {
		k.Contacts = append(k.Contacts, Contact{c.Way, c.Value.Of(id)})
	}
	for _, t := range titles {
		k.Titles = append(k.Titles, t.Of(id))
	}
	return k
}

// Enrolled: the person is known under a pseudonym (domain catalogue event 9).
type Enrolled struct {
	Name          ledger.Personal   `json:"name" personal:"name"`
	IDDocument    *IDDocument       `json:"id_document,omitzero"`
	IDFingerprint ledger.Personal   `json:"id_fingerprint,omitzero" personal:"id-fingerprint"`
	Contacts      []Contact         `json:"contacts,omitzero"`
	Titles        []ledger.Personal `json:"titles,omitzero" personal:"title"`
	Notice        string            `json:"notice"`
	Basis         string            `json:"basis"`
	Retention     string            `json:"retention"`
	Consents      []string          `json:"consents,omitzero"`
}

// EventType is the stored name.
func (Enrolled) EventType() string { return "person.enrolled.v1" }

func (e Enrolled) apply(s State, _ ledger.Metadata) State {
	s.Keeping = Keeping{Basis: e.Basis, Class: e.Retention}
	s.Consents = e.Consents
	return s
}

// Amend puts right what is known of a person. What is given takes the place of what was.
type Amend struct {
	Name       ledger.Personal   `json:"name,omitzero" personal:"name" en:"name" zh:"姓名"`
	IDDocument *IDDocument       `json:"id_document,omitzero" en:"identity document" zh:"身份证件"`
	Contacts   []Contact         `json:"contacts,omitzero" en:"ways to reach them, all of them" zh:"联系方式(全部)"`
	Titles     []ledger.Personal `json:"titles,omitzero" personal:"title" en:"professional titles, all of them" zh:"职称(全部)"`
}

func (c Amend) decide(s State, at ledger.Context) ([]Event, error) {
	if c.Name.IsZero() && c.IDDocument == nil && c.Contacts == nil && c.Titles == nil {
		return nil, ledger.InvalidField("name", "say what is to be put right: name, id_document, contacts or titles", "请说明更正内容:name、id_document、contacts 或 titles")
	}
	if err := ledger.First(s.unrestricted(), c.Name.Check("name", 200, false), checkParts(c.IDDocument, c.Contacts, c.Titles)); err != nil {
		return nil, err
	}
	if c.IDDocument != nil && !s.consents("sensitive") {
		return nil, sensitiveNeeded
	}
	return []Event{known(c.Name, c.IDDocument, c.Contacts, c.Titles, at)}, nil
}

// Amended: something about the person was recorded wrongly, and this is right.
type Amended struct {
	Name          ledger.Personal   `json:"name,omitzero" personal:"name"`
	IDDocument    *IDDocument       `json:"id_document,omitzero"`
	IDFingerprint ledger.Personal   `json:"id_fingerprint,omitzero" personal:"id-fingerprint"`
	Contacts      []Contact         `json:"contacts,omitzero"`
	Titles        []ledger.Personal `json:"titles,omitzero" personal:"title"`
}

// EventType is the stored name.
func (Amended) EventType() string { return "person.amended.v1" }

func (Amended) apply(s State, _ ledger.Metadata) State { return s }
