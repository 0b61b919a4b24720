package httpapi

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"ttledger/domain/ledger"
)

// kinds is the one table of kinds and statuses. The client reads it the other way.
var kinds = map[ledger.Kind]struct {
	status int
	title  ledger.Text
}{
	ledger.KindInternal:        {http.StatusInternalServerError, ledger.Text{En: "a defect", Zh: "内部错误"}},
	ledger.KindInvalid:         {http.StatusBadRequest, ledger.Text{En: "the request is not right", Zh: "请求有误"}},
	ledger.KindUnauthenticated: {http.StatusUnauthorized, ledger.Text{En: "say who you are", Zh: "身份未验证"}},
	ledger.KindDenied:          {http.StatusForbidden, ledger.Text{En: "not yours to do", Zh: "无权操作"}},
	ledger.KindNotFound:        {http.StatusNotFound, ledger.Text{En: "nothing there", Zh: "不存在"}},
	ledger.KindConflict:        {http.StatusConflict, ledger.Text{En: "someone wrote first", Zh: "已被他人先行更改"}},
	ledger.KindTooLarge:        {http.StatusRequestEntityTooLarge, ledger.Text{En: "too large", Zh: "内容过大"}},
	ledger.KindRejected:        {http.StatusUnprocessableEntity, ledger.Text{En: "a rule says no", Zh: "不符合规则"}},
	ledger.KindPrecondition:    {http.StatusPreconditionRequired, ledger.Text{En: "say which version you saw", Zh: "需说明所依据的版本"}},
	ledger.KindLimited:         {http.StatusTooManyRequests, ledger.Text{En: "slower", Zh: "请求过于频繁"}},
	ledger.KindUnavailable:     {http.StatusServiceUnavailable, ledger.Text{En: "later", Zh: "暂不可用"}},
}

const (
	problemType = "application/problem+json"
	problemURN  = "urn:ttledger:problem:"
	retryAfter  = "1" // seconds
)

// problem is an error as it leaves (RFC 9457).
type problem struct {
	Type           string          `json:"type"`
	Title          string          `json:"title"`
	Status         int             `json:"status"`
	Detail         string          `json:"detail"`
	Code           string          `json:"code"`     // stable
	Instance       string          `json:"instance"` // the request id
	Errors         []problemField  `json:"errors,omitzero"`
	CurrentVersion *ledger.Version `json:"current_version,omitzero"`
	Events         []event         `json:"events,omitzero"` // since the version the client saw
}

type problemField struct {
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

// refusal is an error with more to say than its kind does: another status, what happened since,
// how long to wait.
type refusal struct {
	error
	status int
	events []event
	after  time.Duration
}

func (r refusal) Unwrap() error { return r.error }

// problemOf tells an error to a client. What is no ledger.Error is a defect and stays inside.
func problemOf(err error, c *call) problem {
	known, ok := errors.AsType[*ledger.Error](err)
	if !ok || known.Kind == ledger.KindInternal {
		known = &ledger.Error{Code: "internal", Msg: ledger.Text{
			En: "something is wrong here, not with your request; it is in the log under this request's id",
			Zh: "系统内部出错,并非请求有误;日志中可按请求编号查询",
		}}
	}
	kind := kinds[known.Kind]
	p := problem{
		Type: problemURN + known.Code, Title: say(c.lang, kind.title), Status: kind.status,
		Detail: say(c.lang, known.Msg), Code: known.Code, Instance: c.id,
	}
	for _, f := range known.Fields {
		p.Errors = append(p.Errors, problemField{f.Pointer, say(c.lang, f.Detail)})
	}
	if known.Kind == ledger.KindConflict || known.Kind == ledger.KindPrecondition {
		p.CurrentVersion = &known.Current
	}
	if r, ok := errors.AsType[refusal](err); ok {
		p.Status, p.Events = r.status, r.events
	}
	return p
}

// fail answers a request with what went wrong. Where the answer has begun already it is broken
// off, so that nobody takes a part for the whole; likewise where the client went away, because
// one that only closed its half of the connection would read an empty 200.
func (a *api) fail(w http.ResponseWriter, r *http.Request, err error) {
	c := callOf(r)
	if r.Context().Err() != nil {
		c.gone = true
		panic(http.ErrAbortHandler)
	}
	p := problemOf(err, c)
	if p.Status >= http.StatusInternalServerError || c.out.status != 0 {
		a.Log.ErrorContext(r.Context(), "request failed", "request_id", c.id, "route", c.route, "err", err)
	}
	if c.out.status != 0 {
		panic(http.ErrAbortHandler)
	}
	h := w.Header()
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", challenge(r.Header))
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.Set("Retry-After", retryAfter)
		if r, ok := errors.AsType[refusal](err); ok && r.after > 0 {
			h.Set("Retry-After", strconv.FormatInt(seconds(r.after), 10))
		}
	}
	raw, err := encode(p)
	if err != nil {
		panic(err) // strings and stored JSON
	}
	h.Set("Content-Type", problemType)
	h.Set("Content-Language", c.lang)
	w.WriteHeader(p.Status)
	_, _ = w.Write(raw) // #nosec G705 -- JSON, sent with nosniff; and there is nobody left to tell
}

func say(lang string, t ledger.Text) string {
	if lang == chinese {
		return t.Zh
	}
	return t.En
}
