package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// processPause lies between two looks at what is left to do.
const processPause = 10 * time.Second

// timer is who records what a day brings about (process P13).
var timer = ledger.Actor{Handle: "timer", Roles: []ledger.Role{ledger.HR}}

var timerSpace = uuid.MustParse("0d7e4c52-9a1b-5f0e-8c36-3b1f5a7d2e48")

// attend does what a crash or a day left to do, at the start and then every few seconds, until ctx
// ends. Several processes on one ledger may do so: each thing is done once.
func (s *server) attend(ctx context.Context) {
	for {
		if err := s.current(ctx); err == nil {
			s.carryOut(ctx)
			s.lapse(ctx, ledger.DayOf(s.d.ledger.Now()))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(processPause):
		}
	}
}

// carryOut finishes requests that were approved and not carried out (process P1).
func (s *server) carryOut(ctx context.Context) {
	where := []projections.Where{{Column: "status", Op: "eq", Values: []string{"approved"}}}
	s.each(ctx, projections.Approvals.Name, where, func(row map[string]any) {
		id, err := uuid.Parse(cell(row, "id"))
		if err == nil {
			_, err = s.d.ledger.CarryOut(ctx, ledger.StreamID{Category: ledger.Approvals.Category, ID: id})
		}
		s.log.InfoContext(ctx, "approved request carried out", "approval", cell(row, "id"), "outcome", outcome(err))
	})
}

// lapse ends what ran out, dated the day after its last (process P13). The command's id follows from
// what lapses, so that doing it twice is doing it once.
func (s *server) lapse(ctx context.Context, today ledger.Date) {
	where := []projections.Where{{Column: "to_on", Op: "lte", Values: []string{today.Plus(0, 0, -1).String()}}}
	s.each(ctx, projections.Recognitions.Name, where, func(row map[string]any) {
		id, errID := uuid.Parse(cell(row, "id"))
		last, errDate := ledger.ParseDate(cell(row, "to_on"))
		if errID != nil || errDate != nil || cell(row, "ended") != "" || last.Last().Compare(today) >= 0 {
			return
		}
		body, err := json.Marshal(ledger.Act{OccurredOn: last.Last().Plus(0, 0, 1), Data: json.RawMessage("{}")})
		if err == nil {
			_, err = s.d.ledger.Do(ctx, ledger.Request{
				Aggregate: "recognition", ID: id, Verb: "lapse", Command: uuid.NewSHA1(timerSpace, []byte(id.String()+last.String())),
				Body: body, Expect: ledger.Whatever(), Actor: timer, Source: ledger.Source{Kind: "timer"},
			})
		}
		s.log.InfoContext(ctx, "recognition lapsed", "recognition", id.String(), "outcome", outcome(err))
	})
}

// each calls f for every row of a view that holds now.
func (s *server) each(ctx context.Context, view string, where []projections.Where, f func(row map[string]any)) {
	q := projections.Query{View: view, Where: where, Limit: 1000}
	for {
		page, err := s.views.Query(ctx, q)
		if err != nil {
			s.log.ErrorContext(ctx, "what is left to do could not be looked at", "view", view, "err", err)
			return
		}
		for _, values := range page.Rows {
			row := map[string]any{}
			for i, c := range page.Columns {
				row[c.Name] = values[i]
			}
			f(row)
		}
		if page.Next == "" {
			return
		}
		q.At, q.After = page.At, page.Next
	}
}

func cell(row map[string]any, column string) string {
	s, _ := row[column].(string)
	return s
}
