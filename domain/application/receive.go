package application

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Receive begins an application (报名受理).
type Receive struct {
	Code        string     `json:"code" en:"a code people can say, such as A-2026-0117" zh:"报名编号,如 A-2026-0117"`
	Requisition uuid.UUID  `json:"requisition" en:"id of the requisition" zh:"选聘计划标识"`
	Post        string     `json:"post" en:"code of the post" zh:"岗位代码"`
	Person      uuid.UUID  `json:"person" en:"pseudonym of the applicant" zh:"应聘者化名标识"`
	Source      string     `json:"source" enum:"advert,referral,overseas-tour,offshore-centre,society,other" en:"how they came to apply" zh:"来源渠道"`
	Consent     Consent    `json:"consent" en:"what the applicant was told and agreed to" zh:"告知与同意"`
	Documents   []Document `json:"documents,omitzero" en:"documents handed in" zh:"提交材料"`
}

// Consent is what an applicant was told and agreed to (PIPL 13, 14, 17).
type Consent struct {
	Notice    string   `json:"notice" en:"version of the data-protection notice" zh:"告知书版本"`
	Purposes  []string `json:"purposes" enum:"processing,sensitive,other-controller,overseas" en:"agreed to, each separately" zh:"同意事项(逐项)"`
	Retention string   `json:"retention" enum:"applicant" en:"for how long the data is kept" zh:"保存类别"`
}

// Document is a document that was handed in; the ledger keeps its digest, sealed.
type Document struct {
	Kind   string          `json:"kind" enum:"cv,degree,identity,title,reference,research,other" en:"kind" zh:"材料类别"`
	Digest ledger.Personal `json:"digest" personal:"document" en:"SHA-256 of the file" zh:"文件摘要(SHA-256)"`
}

var digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// ReliesOn is the requisition and the person.
func (c Receive) ReliesOn() []ledger.StreamID {
	return []ledger.StreamID{requisition(c.Requisition), person(c.Person)}
}

func (c Receive) decide(_ State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		checkCode("code", c.Code),
		ledger.CheckOneOf("source", c.Source, "advert", "referral", "overseas-tour", "offshore-centre", "society", "other"),
		c.Consent.check(),
		c.checkDocuments(),
	); err != nil {
		return nil, err
	}
	if p, ok := ledger.About[interface{ MayBeUsed() bool }](at, person(c.Person)); !ok || !p.MayBeUsed() {
		return nil, reject("no-such-person", "no person is enrolled under this pseudonym whose data may be used", "该化名无可使用的人员登记")
	}
	r, ok := ledger.About[interface {
		OpenOn(ledger.Date) bool
		HasPost(code string) bool
		LevelOf(post string) string
		PrivacyNotice() string
	}](at, requisition(c.Requisition))
	switch {
	case !ok:
		return nil, reject("no-such-requisition", "there is no such requisition", "没有该选聘计划")
	case !r.HasPost(c.Post):
		return nil, ledger.InvalidField("post", fmt.Sprintf("the requisition has no post %q", c.Post), fmt.Sprintf("选聘计划无岗位 %q", c.Post))
	case !r.OpenOn(at.On):
		return nil, reject("not-open", "applications are not taken on "+at.On.String(), at.On.String()+" 不在报名期内")
	case r.PrivacyNotice() != c.Consent.Notice:
		return nil, ledger.InvalidField("consent/notice", "applicants to this requisition are given the notice "+r.PrivacyNotice(), "本选聘的告知书版本为 "+r.PrivacyNotice())
	}
	e := ApplicationReceived{c.Code, c.Requisition, c.Post, r.LevelOf(c.Post), c.Person, c.Source, c.Consent, nil}
	for _, d := range c.Documents {
		e.Documents = append(e.Documents, Document{d.Kind, d.Digest.Of(c.Person)})
	}
	return []Event{e}, nil
}

func (c Consent) check() error {
	if err := ledger.First(checkCode("consent/notice", c.Notice), ledger.CheckOneOf("consent/retention", c.Retention, "applicant")); err != nil {
		return err
	}
	for i, p := range c.Purposes {
		path := fmt.Sprintf("consent/purposes/%d", i)
		if err := ledger.CheckOneOf(path, p, "processing", "sensitive", "other-controller", "overseas"); err != nil {
			return err
		}
		if slices.Contains(c.Purposes[:i], p) {
			return ledger.InvalidField(path, "is given twice", "重复")
		}
	}
	if !slices.Contains(c.Purposes, "processing") {
		return reject("consent-needed", "an application is processed with the applicant's consent (PIPL 13, 14)", "处理应聘信息须取得本人同意(个人信息保护法第十三、十四条)")
	}
	return nil
}

func (c Receive) checkDocuments() error {
	if err := ledger.CheckCount("documents", len(c.Documents), 50); err != nil {
		return err
	}
	for i, d := range c.Documents {
		path := fmt.Sprintf("documents/%d", i)
		if err := ledger.CheckOneOf(path+"/kind", d.Kind, "cv", "degree", "identity", "title", "reference", "research", "other"); err != nil {
			return err
		}
		if !d.Digest.Test(digestPattern.MatchString) {
			return ledger.InvalidField(path+"/digest", "a SHA-256 in hex, 64 of 0-9 a-f", "SHA-256 摘要(64 位小写十六进制)")
		}
		if d.Kind == "identity" && !slices.Contains(c.Consent.Purposes, "sensitive") {
			return reject("sensitive-consent-needed", "an identity document needs a separate consent, sensitive (PIPL 28, 29)", "身份证件属敏感个人信息,须单独同意 sensitive(个人信息保护法第二十八、二十九条)")
		}
	}
	return nil
}

// ApplicationReceived: somebody applied (domain catalogue event 40).
type ApplicationReceived struct {
	Code        string     `json:"code"`
	Requisition uuid.UUID  `json:"requisition"`
	Post        string     `json:"post"`
	Level       string     `json:"level"` // of the post, when it was applied for
	Person      uuid.UUID  `json:"person"`
	Source      string     `json:"source"`
	Consent     Consent    `json:"consent"`
	Documents   []Document `json:"documents,omitzero"`
}

// EventType is the stored name.
func (ApplicationReceived) EventType() string { return "application.received.v1" }

// Correctable: a wrong record is put right by a correction.
func (ApplicationReceived) Correctable() {}

func (e ApplicationReceived) apply(s State, m ledger.Metadata) State {
	s.Stage, s.Code, s.Person, s.Retention = Received, e.Code, e.Person, e.Consent.Retention
	s.Requisition, s.Post, s.ReceivedOn = e.Requisition, e.Post, m.OccurredOn
	return s
}
