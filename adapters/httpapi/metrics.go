package httpapi

import (
	"net/http"
	"slices"
	"time"

	"ttledger/domain/ledger"
)

// Answered is one request with its answer, for those who count. Its strings come from tables of
// this program and never from the request, so that a client cannot make up new ones.
type Answered struct {
	Route   string
	Method  string // "other" where no route has it
	Status  int    // 499 where the client did not wait
	Took    time.Duration
	Command string // aggregate/verb on the route of commands, "unknown" where there is none such
	Outcome string // of a command: accepted, replayed, or the kind of what went wrong
	Refused string // why it was not let in: token, session, guessing, limited or cross-origin; mostly ""
}

// operators may read the metrics. They say who does how much and how well, which is not for
// everyone who reaches the port; a monitor gets a token of its own, with the role that may do
// least: REP.
var operators = []ledger.Role{ledger.ADM, ledger.AUD, ledger.REP}

func (a *api) metrics(w http.ResponseWriter, r *http.Request) error {
	if a.Metrics == nil {
		return &ledger.Error{Kind: ledger.KindNotFound, Code: "no-metrics", Msg: ledger.Text{
			En: "nothing is measured here", Zh: "此处未提供运行指标",
		}}
	}
	a.Metrics.ServeHTTP(w, r)
	return nil
}

func (c *call) answered(method string, took time.Duration) Answered {
	if !slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete}, method) {
		method = "other"
	}
	answer := Answered{Route: c.route, Method: method, Status: c.status(), Took: took, Command: c.command, Refused: c.refused}
	if c.command != "" {
		answer.Outcome = outcome(answer.Status)
		if c.out.Header().Get("Idempotency-Replayed") != "" {
			answer.Outcome = "replayed"
		}
	}
	return answer
}

// outcome is a status of the route of commands in a word.
func outcome(status int) string {
	switch status {
	case http.StatusBadRequest, http.StatusUnsupportedMediaType:
		return "invalid"
	case http.StatusUnauthorized:
		return "unauthenticated"
	case http.StatusForbidden:
		return "denied"
	case http.StatusNotFound:
		return "not-found"
	case http.StatusConflict, http.StatusPreconditionFailed:
		return "conflict"
	case http.StatusRequestEntityTooLarge:
		return "too-large"
	case http.StatusUnprocessableEntity:
		return "rejected"
	case http.StatusPreconditionRequired:
		return "precondition"
	case http.StatusTooManyRequests:
		return "limited"
	case http.StatusServiceUnavailable:
		return "unavailable"
	case statusGone:
		return "gone"
	}
	if status < http.StatusMultipleChoices {
		return "accepted"
	}
	return "internal"
}
