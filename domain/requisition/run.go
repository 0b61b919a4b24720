package requisition

import (
	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Open takes applications from a day to a day, once the vacancy is publicly posted.
type Open struct {
	Notice uuid.UUID   `json:"notice" en:"id of the vacancy notice" zh:"招聘公告标识"`
	From   ledger.Date `json:"from" en:"first day for applications" zh:"报名起始日"`
	To     ledger.Date `json:"to" en:"last day for applications" zh:"报名截止日"`
}

func (c Open) notice() ledger.StreamID { return ledger.StreamID{Category: "notice", ID: c.Notice} }

// ReliesOn is the notice.
func (c Open) ReliesOn() []ledger.StreamID { return []ledger.StreamID{c.notice()} }

func (c Open) decide(s State, at ledger.Context) ([]Event, error) {
	if err := s.live(); err != nil {
		return nil, err
	}
	if s.Stage == Opened {
		return nil, reject("opened", "the posts are open already", "已发布公告并开始报名")
	}
	if c.From.Precision() != "day" || at.On.Compare(s.ApprovedOn) < 0 || c.From.Compare(at.On) < 0 {
		return nil, ledger.InvalidField("from", "a day, not before this is decided nor the plan approved", "须为具体日期,且不早于业务发生日与计划批准日")
	}
	if c.To.Precision() != "day" || c.To.Compare(c.From) < 0 {
		return nil, ledger.InvalidField("to", "a day, not before the first", "须为具体日期,且不早于起始日")
	}
	if n, ok := ledger.About[interface {
		IsPosted(kind string, subject ledger.StreamID) bool
	}](at, c.notice()); !ok || !n.IsPosted("vacancy", at.Stream) {
		return nil, reject("not-posted", "the vacancy is not publicly posted by that notice", "该公告未发布本计划的招聘信息")
	}
	return []Event{RequisitionOpened(c)}, nil
}

// RequisitionOpened: applications are taken.
type RequisitionOpened struct {
	Notice uuid.UUID   `json:"notice"`
	From   ledger.Date `json:"from"`
	To     ledger.Date `json:"to"`
}

// EventType is the stored name.
func (RequisitionOpened) EventType() string { return "requisition.opened.v1" }

func (e RequisitionOpened) apply(s State, _ ledger.Metadata) State {
	s.Stage, s.From, s.To = Opened, e.From, e.To
	return s
}

// Close ends a requisition whose applications are dealt with.
type Close struct {
	Outcome string `json:"outcome" enum:"filled,partly-filled,unfilled" en:"what came of it" zh:"选聘结果"`
}

func (c Close) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(s.live(), ledger.CheckOneOf("outcome", c.Outcome, "filled", "partly-filled", "unfilled")); err != nil {
		return nil, err
	}
	if s.Stage != Opened || at.On.Compare(s.To) <= 0 {
		return nil, reject("not-run", "applications have not been taken to the last day", "尚未开始报名或报名尚未截止")
	}
	return []Event{RequisitionClosed(c)}, nil
}

// RequisitionClosed: the recruitment ended.
type RequisitionClosed struct {
	Outcome string `json:"outcome"`
}

// EventType is the stored name.
func (RequisitionClosed) EventType() string { return "requisition.closed.v1" }

func (RequisitionClosed) apply(s State, _ ledger.Metadata) State {
	s.Stage = Closed
	return s
}

// Cancel gives a requisition up. Nobody is offered a post of it from then on.
type Cancel struct {
	Ground string `json:"ground" enum:"no-need,budget,establishment,procedure" en:"why" zh:"取消原因"`
}

func (c Cancel) decide(s State, _ ledger.Context) ([]Event, error) {
	if err := ledger.First(s.live(), ledger.CheckOneOf("ground", c.Ground, "no-need", "budget", "establishment", "procedure")); err != nil {
		return nil, err
	}
	return []Event{RequisitionCancelled(c)}, nil
}

// RequisitionCancelled: the recruitment was given up.
type RequisitionCancelled struct {
	Ground string `json:"ground"`
}

// EventType is the stored name.
func (RequisitionCancelled) EventType() string { return "requisition.cancelled.v1" }

func (RequisitionCancelled) apply(s State, _ ledger.Metadata) State {
	s.Stage = Cancelled
	return s
}
