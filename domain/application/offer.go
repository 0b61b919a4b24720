package application

import (
	"fmt"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// IssueOffer offers the post, or offers it on other terms while no answer came (发放聘书).
type IssueOffer struct {
	Notice     uuid.UUID    `json:"notice" en:"id of the notice of appointees that named the applicant" zh:"拟聘公示标识"`
	Terms      string       `json:"terms" en:"version of the terms" zh:"聘用条款版本"`
	Tier       string       `json:"tier,omitzero" enum:"A,B,C,D" en:"tier of talent" zh:"人才层次"`
	Pay        ledger.Money `json:"pay" en:"pay a year" zh:"年薪"`
	Expires    ledger.Date  `json:"expires" en:"last day for an answer" zh:"答复截止日"`
	OutOfOrder string       `json:"out_of_order,omitzero" enum:"medical,inspection,unreachable,conflict-of-interest,other-post" en:"why somebody ahead is passed over" zh:"越过排序在前者的原因"`
}

// ReliesOn is all that an offer rests on: requisition, person, panel, notice and who is ahead.
func (c IssueOffer) ReliesOn(s State) []ledger.StreamID {
	return append([]ledger.StreamID{requisition(s.Requisition), person(s.Person), panel(s.Panel), notice(c.Notice)}, s.Ahead...)
}

// Benefits is who gains by an offer.
func (IssueOffer) Benefits(s State) []ledger.StreamID { return []ledger.StreamID{person(s.Person)} }

func (c IssueOffer) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.at(Ranked, Offered, Lapsed),
		checkCode("terms", c.Terms),
		ledger.CheckOneOf("tier", c.Tier, "", "A", "B", "C", "D"),
		c.Pay.Check("pay"),
		ledger.CheckOneOf("out_of_order", c.OutOfOrder, "", "medical", "inspection", "unreachable", "conflict-of-interest", "other-post"),
		notBefore(at, s.RankedOn),
	); err != nil {
		return nil, err
	}
	if c.Expires.Precision() != "day" || c.Expires.Compare(at.On) < 0 {
		return nil, ledger.InvalidField("expires", "a day, not before the offer", "须为具体日期,且不早于发聘日")
	}
	places, err := c.checkPost(s, at)
	if err != nil {
		return nil, err
	}
	if err := ledger.First(c.checkPlace(s, at), c.checkNotice(s, at), c.checkOrder(s, at)); err != nil {
		return nil, err
	}
	e := OfferIssued{c.Notice, c.Terms, c.Tier, c.Pay, c.Expires, c.OutOfOrder, places}
	if s.Stage == Offered && s.Offer == e {
		return nil, nil
	}
	return []Event{e}, nil
}

// checkPost: the post is approved, and pays what it may.
func (c IssueOffer) checkPost(s State, at ledger.Context) (places int, err error) {
	r, ok := ledger.About[interface {
		ApprovedNumber(post string) int
		PayBand(post string) (least, most ledger.Money)
	}](at, requisition(s.Requisition))
	if !ok || r.ApprovedNumber(s.Post) == 0 {
		return 0, reject("no-post", "the post is not approved, or its requisition was cancelled", "岗位未获批准或选聘已取消")
	}
	least, most := r.PayBand(s.Post)
	switch {
	case least.IsZero():
	case c.Pay.Currency != least.Currency:
		return 0, ledger.InvalidField("pay/currency", "the post is paid in "+least.Currency, "岗位薪酬币种为 "+least.Currency)
	case c.Pay.Minor < least.Minor || c.Pay.Minor > most.Minor:
		return 0, reject("pay-band", fmt.Sprintf("the post is paid %s to %s a year", least, most), fmt.Sprintf("岗位年薪区间为 %s 至 %s", least, most))
	}
	return r.ApprovedNumber(s.Post), nil
}

// checkPlace: the ranking that the application took over still stands, and the person may still be
// dealt with.
func (c IssueOffer) checkPlace(s State, at ledger.Context) error {
	if p, ok := ledger.About[interface{ MayBeUsed() bool }](at, person(s.Person)); !ok || !p.MayBeUsed() {
		return reject("no-such-person", "the applicant's data may not be used any more", "该应聘者信息已不可使用")
	}
	p, ok := ledger.About[ranking](at, panel(s.Panel))
	if !ok {
		return notRanked
	}
	if rank, ok := p.RankOf(at.Stream); !ok || rank != s.Rank {
		return notRanked
	}
	return nil
}

// checkNotice: the appointee was publicly named, and nobody objected with success (H4).
func (c IssueOffer) checkNotice(s State, at ledger.Context) error {
	n, ok := ledger.About[interface {
		Cleared(kind string, subject ledger.StreamID) (on ledger.Date, ok bool)
	}](at, notice(c.Notice))
	if !ok {
		return notCleared
	}
	on, ok := n.Cleared("appointee", at.Stream)
	if !ok {
		return notCleared
	}
	if on.Compare(s.RankedOn) < 0 || on.Compare(at.On) > 0 {
		return reject("notice-order", "the notice of appointees ended on "+on.String()+"; it comes after the ranking and before the offer", "拟聘公示于 "+on.String()+" 结束,应在排序之后、发聘之前")
	}
	return nil
}

var notCleared = reject("not-noticed", "the applicant was not named by a notice of appointees that is concluded without an upheld objection", "该应聘者未经拟聘公示,或公示未结束、异议成立")

// checkOrder: nobody ahead is passed over without a reason on record (H4).
func (c IssueOffer) checkOrder(s State, at ledger.Context) error {
	if c.OutOfOrder != "" {
		return nil
	}
	for _, ahead := range s.Ahead {
		if a, ok := ledger.About[interface{ Passed() bool }](at, ahead); !ok || !a.Passed() {
			return reject("out-of-order", fmt.Sprintf("%s is ahead and waits for an offer; say why it is passed over", ahead), fmt.Sprintf("%s 排序在前且尚未发聘;越过须说明原因", ahead))
		}
	}
	return nil
}

// OfferIssued: the post was offered (domain catalogue event 45).
type OfferIssued struct {
	Notice     uuid.UUID    `json:"notice"`
	Terms      string       `json:"terms"`
	Tier       string       `json:"tier,omitzero"`
	Pay        ledger.Money `json:"pay"`
	Expires    ledger.Date  `json:"expires"`
	OutOfOrder string       `json:"out_of_order,omitzero"`
	Places     int          `json:"places"` // approved for the post, of which this takes one
}

// EventType is the stored name.
func (OfferIssued) EventType() string { return "application.offer-issued.v1" }

func (e OfferIssued) apply(s State, _ ledger.Metadata) State {
	s.Stage, s.Offer = Offered, e
	return s
}

// AnswerOffer records what came of an offer.
type AnswerOffer struct {
	Answer string `json:"answer" enum:"accepted,declined,lapsed" en:"accepted, declined, or lapsed without an answer" zh:"接受、谢绝或逾期未答复"`
	Reason string `json:"reason,omitzero" enum:"pay,place,family,other-offer,current-employer,other" en:"why it was declined" zh:"谢绝原因"`
}

func (c AnswerOffer) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		s.at(Offered),
		ledger.CheckOneOf("answer", c.Answer, "accepted", "declined", "lapsed"),
		ledger.CheckOneOf("reason", c.Reason, "", "pay", "place", "family", "other-offer", "current-employer", "other"),
	); err != nil {
		return nil, err
	}
	if (c.Answer == "declined") != (c.Reason != "") {
		return nil, ledger.InvalidField("reason", "why, where declined, and only there", "谢绝时(且仅在谢绝时)填写原因")
	}
	switch late := at.On.Compare(s.Offer.Expires) > 0; {
	case c.Answer == "lapsed" && !late:
		return nil, reject("not-expired", "the offer stands until "+s.Offer.Expires.String(), "聘书有效期至 "+s.Offer.Expires.String())
	case c.Answer != "lapsed" && late:
		return nil, reject("expired", "the offer stood until "+s.Offer.Expires.String()+"; issue another", "聘书已于 "+s.Offer.Expires.String()+" 到期,请重新发聘")
	}
	return []Event{OfferAnswered(c)}, nil
}

// OfferAnswered: the offer was accepted, declined, or lapsed (domain catalogue event 46).
type OfferAnswered struct {
	Answer string `json:"answer"`
	Reason string `json:"reason,omitzero"`
}

// EventType is the stored name.
func (OfferAnswered) EventType() string { return "application.offer-answered.v1" }

func (e OfferAnswered) apply(s State, _ ledger.Metadata) State {
	s.Stage = map[string]Stage{"accepted": Accepted, "declined": Declined, "lapsed": Lapsed}[e.Answer]
	return s
}
