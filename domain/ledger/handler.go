package ledger

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Ledger decides and records. It is the one way in: the web, the command line, imports and
// processes all call Do.
type Ledger struct {
	ID         uuid.UUID
	Secret     []byte           // key of the digests of what clients sent
	Streams    Streams          // the store
	Vault      Vault            // the keys of personal data; nil where none is written or opened
	Now        func() time.Time // the clock
	Aggregates []Aggregate
}

// Expectation is the version of the stream that the maker of a decision saw.
type Expectation struct {
	stated  bool
	any     bool
	version Version
}

// At expects one version.
func At(v Version) Expectation { return Expectation{stated: true, version: v} }

// Whatever waives the expectation aloud: decide on what is there.
func Whatever() Expectation { return Expectation{stated: true, any: true} }

// Actor is who a command comes from: a principal's handle and the roles it holds today.
type Actor struct {
	Handle string
	Roles  []Role
}

// Request is one command on its way in.
type Request struct {
	Aggregate string
	ID        uuid.UUID // the thing; chosen by the client, creation included
	Verb      string
	Command   uuid.UUID // the idempotency key
	Body      []byte    // JSON of an Act, as the client sent it
	Expect    Expectation
	Actor     Actor
	Source    Source
	Trace     string
	Cause     uuid.UUID // the event that caused it, for processes
}

// Act is the form in which a command is sent: the envelope's part that the client knows, and
// the command itself.
type Act struct {
	OccurredOn  Date            `json:"occurred_on,omitzero" en:"when it was true; today where absent; a month or year where no more is known" zh:"业务发生日;缺省为今天;只知年月时可写年或年月"`
	Reason      string          `json:"reason,omitzero" en:"reason code" zh:"原因代码"`
	Authority   string          `json:"authority,omitzero" en:"delegation acted under" zh:"授权依据"`
	OnBehalfOf  string          `json:"on_behalf_of,omitzero" en:"handle of whom it is done for" zh:"代何人办理"`
	Correlation uuid.UUID       `json:"correlation,omitzero" en:"the affair it belongs to" zh:"关联事项"`
	Policy      *Policy         `json:"policy,omitzero" en:"the rule version decided under" zh:"依据的政策版本"`
	Evidence    []Evidence      `json:"evidence,omitzero" en:"digests of the documents relied on" zh:"佐证材料摘要"`
	Data        json.RawMessage `json:"data" en:"the command" zh:"命令内容"`
}

// Receipt is what a command came to.
type Receipt struct {
	Stream   StreamID
	Version  Version  // of the stream, after the command's last event
	Position Position // of that event; zero where the command recorded nothing
	Created  bool     // it began the stream
	Replayed bool     // it had been recorded before; nothing was written now
	Pending  bool     // it awaits another person's decision: Stream is the approval's
	Events   []EventRef
	Effect   *Effect // of an approval's decision: what came of the approved command
}

// EventRef names one recorded event.
type EventRef struct {
	ID      uuid.UUID `json:"id"`
	Type    string    `json:"type"`
	Version Version   `json:"version"`
}

// attempts bounds how often a command is decided anew after losing a race or an answer.
const attempts = 4

// Do decides one command and records what it caused, exactly once for its idempotency key. The
// same key with the same body answers from the record; with another body it is Rejected as
// key-reused.
func (l *Ledger) Do(ctx context.Context, r Request) (Receipt, error) {
	a, verb, err := l.find(r)
	if err != nil {
		return Receipt{}, err
	}
	t := taken{Request: r, aggregate: a, verb: verb, stream: StreamID{a.Category, r.ID}}
	t.digest = l.digest(t.stream, verb.Name, r.Body)
	if t.role, err = roleFor(verb, r); err != nil {
		return l.denied(ctx, t, err)
	}
	if err := l.theirs(ctx, verb, t.role, t.stream, r.Actor.Handle); err != nil {
		return Receipt{}, err
	}
	t.now = l.Now()
	if err := t.read(); err != nil {
		return Receipt{}, err
	}
	switch {
	case verb.FourEyes():
		return l.ask(ctx, t)
	case a.Category == approvals:
		return l.settle(ctx, t)
	}
	return l.perform(ctx, t)
}

// read decodes the body.
func (t *taken) read() (err error) {
	if t.act, err = readAct(t.Body, t.now); err != nil {
		return err
	}
	if t.verb.Name == correct.Name {
		t.corrects = &Correction{}
		t.command = facts[any](nil)
		return DecodeStrict(t.act.Data, "/data", t.corrects)
	}
	t.command, err = t.aggregate.prepare(t.verb.Name, t.act.Data)
	return err
}

// perform records a command that needs nobody else, or nobody any more.
func (l *Ledger) perform(ctx context.Context, t taken) (Receipt, error) {
	if _, strict := l.Streams.(Strict); strict && t.verb.Creates {
		// Mostly nothing is there, and the store says if there is: deciding on nothing saves the
		// read. Whatever goes wrong is found again by looking.
		if receipt, _, err := l.record(ctx, t, history{stream: t.stream, state: t.aggregate.Zero()}); err == nil {
			return receipt, nil
		}
	}
	return l.insist(ctx, t)
}

// taken is a request with all that can be known of it without its stream.
type taken struct {
	Request
	aggregate Aggregate
	verb      Verb
	stream    StreamID
	digest    string
	role      Role
	now       time.Time
	act       Act
	command   prepared
	corrects  *Correction // where the command is one
	approval  string      // the stream that approved it
	approver  string      // and who did
}

// insist decides on what is there, and again after losing a race or an answer.
func (l *Ledger) insist(ctx context.Context, t taken) (Receipt, error) {
	var last error
	for range attempts {
		h, err := l.load(ctx, t)
		if err != nil {
			return Receipt{}, err
		}
		if len(h.own) > 0 {
			return l.replay(ctx, h, t.digest, t.Actor)
		}
		receipt, final, err := l.record(ctx, t, h)
		if err == nil || final {
			return receipt, err
		}
		// A conflict was not written; any other outcome is unknown. Both are settled by reading.
		last = err
	}
	if KindOf(last) == KindConflict {
		return Receipt{}, &Error{Kind: KindConflict, Code: "busy", Msg: Text{
			En: fmt.Sprintf("%s is being changed by others; try again", t.stream),
			Zh: fmt.Sprintf("%s 正被他人修改,请重试", t.stream),
		}}
	}
	if h, err := l.load(ctx, t); err == nil && len(h.own) > 0 {
		return l.replay(ctx, h, t.digest, t.Actor) // the last answer was lost, not the write
	}
	return Receipt{}, last
}

// record decides a request on a history and appends what it caused. An error is final where it
// is the decision, and not where it is the append.
func (l *Ledger) record(ctx context.Context, t taken, h history) (receipt Receipt, final bool, err error) {
	if err := expect(t.verb, t.Expect, h); err != nil {
		return Receipt{}, true, err
	}
	d, err := l.decide(ctx, t, h)
	if err != nil {
		return Receipt{}, true, err
	}
	if d.store == nil {
		return Receipt{Stream: t.stream, Version: h.version}, true, nil
	}
	sealing := &sealing{ctx: ctx, vault: l.Vault, carried: t.command.personal}
	events, err := d.store(sealing)
	if err != nil {
		return Receipt{}, true, err
	}
	meta := l.envelope(t, d)
	if err := sealing.envelope(&meta); err != nil {
		return Receipt{}, true, err
	}
	receipt = Receipt{Stream: t.stream, Created: !h.begun}
	for i := range events {
		events[i].ID = EventID(t.stream, t.Command, i)
		events[i].Meta = meta
		receipt.Version = h.version + Version(i) + 1
		receipt.Events = append(receipt.Events, EventRef{events[i].ID, events[i].Type, receipt.Version})
	}
	takes, gives, err := t.aggregate.claimed(h, events)
	if err != nil {
		return Receipt{}, true, err
	}
	if final, err := l.take(ctx, h, takes, meta); err != nil {
		return Receipt{}, final, err
	}
	if receipt.Position, err = l.Streams.Append(ctx, t.stream, h.version, events); err == nil {
		l.giveUp(ctx, h.stream, gives, meta)
	}
	return receipt, false, err
}

// decision is what a command comes to on one history.
type decision struct {
	relied   []Relied
	rule     *Rule
	benefits []StreamID
	store    stored // nil where nothing is to be recorded
}

// decide reads what the command depends on and asks the rules.
func (l *Ledger) decide(ctx context.Context, t taken, h history) (d decision, err error) {
	at := Context{Stream: t.stream, On: t.act.OccurredOn, Now: t.now, Actor: t.Actor.Handle, Role: t.role, Approver: t.approver}
	streams := t.command.reliesOn(h.state)
	if g := t.command.governed(h.state); g.Form != "" {
		var policy StreamID
		if at.Rule, policy, err = l.rule(ctx, g, t.act); err != nil {
			return d, err
		}
		streams = append(streams[:len(streams):len(streams)], policy)
	}
	if at.ReliedOn, at.states, err = l.rely(ctx, streams); err != nil {
		return d, err
	}
	d.relied, d.rule, d.benefits = at.ReliedOn, at.Rule, t.command.benefits(h.state)
	if t.corrects != nil {
		d.store, err = t.aggregate.correct(*t.corrects, h, DayOf(t.now))
	} else {
		d.store, err = t.command.decide(h.state, at)
	}
	return d, err
}

// envelope is the metadata of what a request caused.
func (l *Ledger) envelope(t taken, d decision) Metadata {
	meta := Metadata{
		Ledger: l.ID, Command: t.Command, Digest: t.digest,
		Actor: t.Actor.Handle, Role: t.role, OnBehalfOf: t.act.OnBehalfOf, Authority: t.act.Authority,
		Correlation: t.act.Correlation, Causation: t.Cause, Trace: t.Trace,
		OccurredOn: t.act.OccurredOn, Policy: t.act.Policy, Evidence: t.act.Evidence,
		Source: t.Source, Reason: t.act.Reason, ReliedOn: d.relied,
		Approval: t.approval, Approver: t.approver,
	}
	if d.rule != nil {
		meta.Policy = &Policy{d.rule.Code, d.rule.Version, d.rule.Clause}
	}
	if t.corrects != nil {
		meta.Corrects = t.corrects.Event
	}
	meta.Correlation = t.act.correlation(t.Command)
	return meta
}

func (l *Ledger) find(r Request) (Aggregate, Verb, error) {
	if a, ok := l.Aggregate(r.Aggregate); ok {
		if v, ok := a.Verb(r.Verb); ok {
			return a, v, nil
		}
	}
	return Aggregate{}, Verb{}, &Error{Kind: KindNotFound, Code: "no-such-command", Msg: Text{
		En: fmt.Sprintf("there is no command %s/%s; the catalogue lists them", r.Aggregate, r.Verb),
		Zh: fmt.Sprintf("没有命令 %s/%s;请查看命令目录", r.Aggregate, r.Verb),
	}}
}

// Aggregate finds an aggregate by its category. Approvals and Claims are always there: whatever is
// kept may need them.
func (l *Ledger) Aggregate(category string) (Aggregate, bool) {
	switch category {
	case approvals:
		return Approvals, true
	case claims:
		return Claims, true
	}
	for _, a := range l.Aggregates {
		if a.Category == category {
			return a, true
		}
	}
	return Aggregate{}, false
}

// Decode reads a stored event of any aggregate.
func (l *Ledger) Decode(name string, data []byte) (Event, error) {
	return Decode(l.Aggregates, name, data)
}

// Decode reads a stored event of any of the aggregates.
func Decode(aggregates []Aggregate, name string, data []byte) (Event, error) {
	if _, keeps := keepings.entries[name]; keeps {
		return keepings.Decode(name, data)
	}
	for _, list := range [][]Aggregate{aggregates, {Approvals, Claims}} {
		for _, a := range list {
			if slices.Contains(a.Events, name) {
				return a.Decode(name, data)
			}
		}
	}
	return nil, fmt.Errorf("unknown event %q", name)
}

func roleFor(v Verb, r Request) (Role, error) {
	for _, role := range v.Roles {
		if slices.Contains(r.Actor.Roles, role) {
			return role, nil
		}
	}
	return "", &Error{Kind: KindDenied, Code: "role", Msg: Text{
		En: fmt.Sprintf("%s/%s needs one of the roles %v", r.Aggregate, v.Name, v.Roles),
		Zh: fmt.Sprintf("%s/%s 需要以下角色之一:%v", r.Aggregate, v.Name, v.Roles),
	}}
}

// denied answers who lacks the role: a repeat of what was recorded while the role was held still
// gets its answer.
func (l *Ledger) denied(ctx context.Context, t taken, denial error) (Receipt, error) {
	if h, err := l.load(ctx, t); err == nil && len(h.own) > 0 {
		if receipt, err := l.replay(ctx, h, t.digest, t.Actor); err == nil {
			return receipt, nil
		}
	}
	return Receipt{}, denial
}

// readAct decodes the body and settles the business date: nobody acts in the future.
func readAct(body []byte, now time.Time) (Act, error) {
	var act Act
	if err := DecodeStrict(body, "", &act); err != nil {
		return Act{}, err
	}
	today := DayOf(now)
	if act.OccurredOn.IsZero() {
		act.OccurredOn = today
	}
	if act.OccurredOn.Compare(today) > 0 {
		return Act{}, Invalid("future-date", Text{
			En: fmt.Sprintf("an act cannot be dated in the future; today is %s", today),
			Zh: fmt.Sprintf("业务发生日不能晚于今天(%s)", today),
		}, Field{"/occurred_on", Text{"must not be after today", "不能晚于今天"}})
	}
	if len(act.Data) == 0 || string(act.Data) == "null" {
		return Act{}, Invalid("malformed", Text{"the command is missing", "缺少命令内容"},
			Field{"/data", Text{"the command goes here, {} where it has no fields", "命令内容写在这里,没有字段时写 {}"}})
	}
	return act, checkAct(act)
}

func checkAct(a Act) error {
	for i, e := range a.Evidence {
		raw, err := hex.DecodeString(e.Digest)
		if (e.Alg != "sha-256" && e.Alg != "hmac-sha-256") || err != nil || len(raw) != sha256.Size {
			return Invalid("invalid", Text{"the evidence is not valid", "佐证材料摘要不符合要求"}, Field{fmt.Sprintf("/evidence/%d", i),
				Text{"alg is sha-256 or hmac-sha-256, digest is 64 hex digits", "alg 为 sha-256 或 hmac-sha-256,digest 为 64 位十六进制"}})
		}
	}
	return nil
}

// digest binds a key to what was asked of which stream, without revealing it.
func (l *Ledger) digest(s StreamID, verb string, body []byte) string {
	mac := hmac.New(sha256.New, l.Secret)
	fmt.Fprintf(mac, "%s\n%s\n", s, verb)
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// replay answers a repeat from the record, to whom it was answered first.
func (l *Ledger) replay(ctx context.Context, h history, digest string, actor Actor) (Receipt, error) {
	first, last := h.own[0], h.own[len(h.own)-1]
	same, err := l.sameRequest(ctx, first.Meta, digest)
	if err != nil {
		return Receipt{}, err
	}
	if !same || first.Meta.Actor != actor.Handle {
		return Receipt{}, keyReused()
	}
	receipt := Receipt{Stream: h.stream, Version: last.Version, Position: last.Position, Created: h.creates(), Replayed: true}
	for _, r := range h.own {
		receipt.Events = append(receipt.Events, EventRef{r.ID, r.Type, r.Version})
	}
	return receipt, nil
}

func keyReused() error {
	return Rejected("key-reused", Text{
		En: "this idempotency key was used before for another request; take a new key",
		Zh: "该幂等键已用于另一请求,请使用新的键",
	})
}

// expect holds the stream against what the maker of the decision saw.
func expect(v Verb, e Expectation, h history) error {
	switch {
	case v.Creates && h.begun:
		return &Error{Kind: KindConflict, Code: "exists", Current: h.version, Msg: Text{
			En: fmt.Sprintf("%s is there already, at version %d", h.stream, h.version),
			Zh: fmt.Sprintf("%s 已存在(版本 %d)", h.stream, h.version),
		}}
	case v.Creates && (!e.stated || e.any || e.version == 0):
		return nil
	case !v.Creates && !h.begun:
		return NoStream(h.stream)
	case !e.stated:
		return &Error{Kind: KindPrecondition, Code: "if-match-needed", Current: h.version, Msg: Text{
			En: "say which version you decided on: If-Match with the ETag you were shown, or * to waive it",
			Zh: "请说明所依据的版本:If-Match 填写所见 ETag,或填 * 放弃检查",
		}}
	case !e.any && e.version != h.version:
		return &Error{Kind: KindConflict, Code: "stale", Current: h.version, Msg: Text{
			En: fmt.Sprintf("%s has moved on from version %d to %d; look again and decide again", h.stream, e.version, h.version),
			Zh: fmt.Sprintf("%s 已由版本 %d 变为 %d,请查看后重新决定", h.stream, e.version, h.version),
		}}
	}
	return nil
}
