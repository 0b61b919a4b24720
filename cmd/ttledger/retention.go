package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
	"ttledger/domain/person"
	"ttledger/projections"
)

// retentionPause lies between two looks at what is due; dues are days.
const retentionPause = time.Hour

// retention is who proposes what the schedule says is due (process P14).
var retention = ledger.Actor{Handle: "retention", Roles: []ledger.Role{ledger.DPO}}

var retentionSpace = uuid.MustParse("5b0d8a61-7f1e-5c53-9d0a-2d0a7b1c4e14")

// dueData is one person's data whose time has come.
type dueData struct {
	Subject uuid.UUID   `json:"subject"`
	On      ledger.Date `json:"on"`
	Verb    string      `json:"verb"`
	Ground  string      `json:"ground"`
	Holds   int64       `json:"holds"` // legal holds that stand in the way
}

// command is the command that is due. Its id follows from what is due, so that issuing it twice
// is issuing it once; it is dated by the rule.
func (d dueData) command() (ledger.Request, error) {
	data, err := json.Marshal(person.ProposeErasure{Ground: d.Ground}) // restrict has the same form
	if err != nil {
		return ledger.Request{}, err
	}
	body, err := json.Marshal(ledger.Act{OccurredOn: d.On, Data: data, Policy: &ledger.Policy{Code: "retention", Version: person.ScheduleVersion}})
	if err != nil {
		return ledger.Request{}, err
	}
	return ledger.Request{
		Aggregate: person.Aggregate.Category, ID: d.Subject, Verb: d.Verb, Body: body, Expect: ledger.Whatever(),
		Command: uuid.NewSHA1(retentionSpace, []byte(d.Subject.String()+d.On.String()+d.Verb+d.Ground)),
		Actor:   retention, Source: ledger.Source{Kind: "timer"},
	}, nil
}

// dues lists what is due by a day and not under way, as the read models know it.
func dues(ctx context.Context, views projections.Reader, by ledger.Date) (list []dueData, err error) {
	q := projections.Query{
		View: projections.PersonRegister.Name, Limit: 1000,
		Where: []projections.Where{{Column: "due_on", Op: "lte", Values: []string{by.String()}}},
	}
	for {
		page, err := views.Query(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, values := range page.Rows {
			if d, open := dueOf(page.Columns, values); open {
				list = append(list, d)
			}
		}
		if page.Next == "" {
			return list, nil
		}
		q.At, q.After = page.At, page.Next
	}
}

// dueOf reads a row of the register; false where it was proposed, or done, already.
func dueOf(columns []projections.Column, values []any) (d dueData, open bool) {
	row := map[string]any{}
	for i, c := range columns {
		row[c.Name] = values[i]
	}
	text := func(name string) string { s, _ := row[name].(string); return s }
	id, err := uuid.Parse(text("id"))
	on, errDate := ledger.ParseDate(text("due_on"))
	d = dueData{Subject: id, On: on, Verb: text("due_verb"), Ground: text("due_ground")}
	d.Holds, _ = row["holds"].(int64)
	under := text("proposed") != "" || d.Verb == "restrict" && row["restricted"] == int64(1)
	return d, err == nil && errDate == nil && d.Verb != "" && !under
}

// retain proposes what is due, at the start and then every hour, until ctx ends. What a rule
// refuses, such as under a legal hold, is asked for again later.
func (s *server) retain(ctx context.Context) {
	for {
		if err := s.current(ctx); err == nil {
			s.propose(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(retentionPause):
		}
	}
}

func (s *server) propose(ctx context.Context) {
	list, err := dues(ctx, s.views, ledger.DayOf(s.d.ledger.Now()))
	if err != nil {
		s.log.ErrorContext(ctx, "retention could not be looked at", "err", err)
		return
	}
	for _, d := range list {
		q, err := d.command()
		if err == nil {
			_, err = s.d.ledger.Do(ctx, q)
		}
		s.log.InfoContext(ctx, "retention", "subject", d.Subject.String(), "verb", d.Verb, "on", d.On.String(), "outcome", outcome(err))
	}
}

// outcome is how a command went, for logs: the rule that refused it, or ok.
func outcome(err error) string {
	if err == nil {
		return "ok"
	}
	if code := ledger.CodeOf(err); code != "" {
		return code
	}
	return "internal"
}
