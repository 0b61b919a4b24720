package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// item is what one row becomes: commands, one after the other, or a refusal.
type item struct {
	file    string
	source  ledger.Source
	key     string          // what the publisher calls it
	stream  ledger.StreamID // what the row is about
	steps   []step
	twin    *item // an earlier row that says the same: nothing is sent, its fate is shared
	remarks []ledger.Text
	refusal *refusal

	recorded []string       // verbs that are in the record
	version  ledger.Version // of the stream, as the last command on it left it
	new      bool           // this run recorded something for it
}

// step is one command of a row.
type step struct {
	stream  ledger.StreamID
	verb    string
	command uuid.UUID
	body    []byte
	at      ledger.Version    // of the stream, as its maker saw it; 0 where that is not stated
	ensure  bool              // begins what many rows need: once is enough, whoever did it
	free    bool              // true whatever the stream's version: a fact that no other changes
	columns map[string]string // the column behind each part of the command, by JSON pointer
}

// act is the body of a command. Its bytes follow from the facts alone, so that the same facts
// from another file are a repeat.
func act(on ledger.Date, command any) []byte {
	data, err := json.Marshal(command)
	if err == nil {
		data, err = json.Marshal(ledger.Act{OccurredOn: on, Data: data})
	}
	if err != nil {
		panic(err) // a command type that is not JSON is a mistake in the program
	}
	return data
}

// refusal is why a row was not taken.
type refusal struct {
	code, field string
	reason      ledger.Text
}

func (it *item) remark(en, zh string) { it.remarks = append(it.remarks, ledger.Text{En: en, Zh: zh}) }

// perform takes items through their commands stage by stage: the first command of all, then the
// second of all, so that what is sent together goes to different streams. It begins nothing once
// ctx has ended.
func (r *run) perform(ctx context.Context, items []*item) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for stage := 0; ; stage++ {
		var waiting []*item
		for _, it := range items {
			if it.refusal == nil && stage < len(it.steps) {
				waiting = append(waiting, it)
			}
		}
		if len(waiting) == 0 {
			return nil
		}
		for len(waiting) > 0 {
			var err error
			if waiting, err = r.send(ctx, waiting, stage); err != nil {
				return err
			}
		}
	}
}

// send sends one stage of the items that no other item is before on its stream, and returns the
// items still waiting.
func (r *run) send(ctx context.Context, waiting []*item, stage int) (later []*item, err error) {
	var now []*item
	var requests []ledger.Request
	taken := map[ledger.StreamID]bool{}
	for _, it := range waiting {
		s := it.steps[stage]
		switch {
		case s.ensure && r.known[s.stream]:
		case taken[s.stream]:
			later = append(later, it)
		default:
			taken[s.stream] = true
			now, requests = append(now, it), append(requests, r.request(it, s))
		}
	}
	if len(requests) == 0 {
		return later, nil
	}
	outcomes, err := Approved(ctx, r.to, r.o.Approver, requests)
	if err != nil {
		return nil, err
	}
	for i, o := range outcomes {
		if err := r.take(now[i], now[i].steps[stage], o); err != nil {
			return nil, err
		}
	}
	return later, nil
}

// Approved sends requests, decides as the approver on those that await it, and answers what came
// of each command itself. The keys of the decisions follow from those of the requests.
func Approved(ctx context.Context, to Ledger, approver ledger.Actor, requests []ledger.Request) ([]Outcome, error) {
	outcomes, err := ask(ctx, to, requests)
	if err != nil {
		return nil, err
	}
	var decisions []ledger.Request
	var of []int
	for i, o := range outcomes {
		if o.Err == nil && o.Receipt.Pending {
			decisions, of = append(decisions, decision(requests[i], o.Receipt.Stream, approver)), append(of, i)
		}
	}
	decided, err := ask(ctx, to, decisions)
	if err != nil {
		return nil, err
	}
	for i, d := range decided {
		o := &outcomes[of[i]]
		switch e := d.Receipt.Effect; {
		case d.Err != nil:
			*o = d
		case e == nil:
			o.Err = fmt.Errorf("%s is approved and not carried out", d.Receipt.Stream)
		case e.Refused != nil:
			o.Err = ledger.Rejected(e.Refused.Code, e.Refused.Msg)
		default:
			o.Receipt = ledger.Receipt{Stream: e.Stream, Version: e.Version, Events: e.Events, Position: e.Position, Replayed: d.Receipt.Replayed}
		}
	}
	return outcomes, nil
}

func ask(ctx context.Context, to Ledger, requests []ledger.Request) ([]Outcome, error) {
	if len(requests) == 0 {
		return nil, nil
	}
	outcomes := to.Do(ctx, requests)
	if len(outcomes) != len(requests) {
		return nil, fmt.Errorf("%d commands were sent and %d answered", len(requests), len(outcomes))
	}
	return outcomes, nil
}

// decision approves what was asked for.
func decision(q ledger.Request, approval ledger.StreamID, approver ledger.Actor) ledger.Request {
	return ledger.Request{
		Aggregate: approval.Category, ID: approval.ID, Verb: "decide", Command: uuid.NewSHA1(q.Command, []byte("decide")),
		Body: []byte(`{"data":{"decision":"approve"}}`), Expect: ledger.Whatever(), Actor: approver, Source: q.Source,
	}
}

func (r *run) request(it *item, s step) ledger.Request {
	q := ledger.Request{
		Aggregate: s.stream.Category, ID: s.stream.ID, Verb: s.verb, Command: s.command, Body: s.body,
		Actor: r.o.Preparer, Source: it.source,
	}
	switch {
	case s.free:
		q.Expect = ledger.Whatever()
	case s.at > 0:
		q.Expect = ledger.At(s.at)
	case it.version > 0:
		q.Expect = ledger.At(it.version)
	}
	return q
}

// take notes what became of a step. An error is returned where the ledger failed and did not
// answer.
func (r *run) take(it *item, s step, o Outcome) error {
	name := s.stream.Category + "/" + s.verb
	tally := r.summary.Commands[name]
	switch {
	case o.Err == nil:
		if s.stream == it.stream {
			it.version = o.Receipt.Version
		}
		it.recorded = append(it.recorded, s.verb)
		r.known[s.stream] = true
		if o.Receipt.Replayed || len(o.Receipt.Events) == 0 {
			tally.Repeated++
		} else {
			it.new = true
			tally.Recorded++
		}
		r.summary.Commands[name] = tally
	case s.ensure && (ledger.CodeOf(o.Err) == "key-reused" || ledger.CodeOf(o.Err) == "exists"):
		r.known[s.stream] = true
		tally.Repeated++
		r.summary.Commands[name] = tally
		it.remark(fmt.Sprintf("the %s was recorded before with other particulars, which stand", s.stream.Category), "该主体先前已登记,其登记内容保持不变")
	case !answered(o.Err):
		return o.Err
	default:
		it.refuse(s, o.Err)
	}
	return nil
}

// answered says whether an error is the ledger's answer to this one command. Anything else would
// meet the next command too; so would a role that is missing.
func answered(err error) bool {
	switch ledger.KindOf(err) {
	case ledger.KindRejected, ledger.KindInvalid, ledger.KindConflict, ledger.KindNotFound, ledger.KindTooLarge:
		return true
	}
	return false
}

// refuse turns the ledger's answer into words about the row and the column.
func (it *item) refuse(s step, err error) {
	e, _ := errors.AsType[*ledger.Error](err)
	it.refusal = &refusal{code: e.Code, field: s.column(""), reason: e.Msg}
	if len(e.Fields) > 0 {
		it.refusal.field, it.refusal.reason = s.column(e.Fields[0].Pointer), e.Fields[0].Detail
	}
	if e.Code == "key-reused" {
		it.refusal.code = "differs"
		it.refusal.reason = ledger.Text{
			En: fmt.Sprintf("the ledger holds other facts of this row's %s from an earlier import; put it right by a correction", s.verb),
			Zh: fmt.Sprintf("账本中已有先前导入的不同内容(命令 %s),请通过更正处理", s.verb),
		}
	}
	if len(it.recorded) > 0 {
		done := strings.Join(it.recorded, ", ")
		it.remark("recorded before the refusal: "+done, "拒绝前已记录:"+done)
	}
}

// column is the column behind a part of the command, or behind the nearest part around it.
func (s step) column(pointer string) string {
	for pointer != "" && s.columns[pointer] == "" {
		pointer = pointer[:strings.LastIndexByte(pointer, '/')]
	}
	return s.columns[pointer]
}

func (it *item) row() Row {
	row := Row{File: it.file, Line: it.source.Row, Key: it.key, Outcome: accepted, New: it.new}
	if it.refusal == nil || len(it.recorded) > 0 {
		row.Stream = it.stream.String()
	}
	if it.refusal != nil {
		row.Outcome, row.Code, row.Field, row.Reason = refused, it.refusal.code, it.refusal.field, it.refusal.reason
	}
	var remarks []string
	for _, text := range it.remarks {
		remarks = append(remarks, text.En+" / "+text.Zh)
	}
	row.Remark = strings.Join(remarks, "; ")
	return row
}
