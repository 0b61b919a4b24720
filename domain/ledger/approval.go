package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
)

// approvals is the category of the streams in which four-eyes commands are asked for and decided.
const approvals = "approval"

var approvalSpace = uuid.MustParse("d0b6e2f4-3c58-5b0c-9a39-54f7e1b06d72")

// ApprovalStream is where a four-eyes command awaits its decision: its id follows from the command's.
func ApprovalStream(command uuid.UUID) StreamID {
	return StreamID{approvals, uuid.NewSHA1(approvalSpace, command[:])}
}

// ApprovalRequested: somebody asked for what another person must decide (domain catalogue event
// 70). The envelope says who asked, in which role and when.
type ApprovalRequested struct {
	Stream    StreamID   `json:"stream"`                             // the thing
	Seen      Version    `json:"seen"`                               // its version when it was asked
	Verb      string     `json:"verb"`                               // what is asked for
	Approvers []Role     `json:"approvers"`                          // who may decide
	Benefits  []StreamID `json:"benefits,omitzero"`                  // whom it favours
	Act       string     `json:"act,omitzero"`                       // JSON of the command with its part of the envelope
	ActSealed Personal   `json:"act_sealed,omitzero" personal:"act"` // where it may tell of a person
}

// EventType is the stored name.
func (ApprovalRequested) EventType() string { return "approval.requested.v1" }

// ApprovalDecided: another person decided, or who asked took it back (domain catalogue event 70).
type ApprovalDecided struct {
	Decision string `json:"decision"` // approve, refuse or withdraw
	Reason   string `json:"reason,omitzero"`
}

// EventType is the stored name.
func (ApprovalDecided) EventType() string { return "approval.decided.v1" }

// ApprovalCarriedOut: the command was recorded.
type ApprovalCarriedOut struct {
	Version Version    `json:"version"` // of the stream asked about, after it
	Events  []EventRef `json:"events"`
}

// EventType is the stored name.
func (ApprovalCarriedOut) EventType() string { return "approval.carried-out.v1" }

// ApprovalFailed: the command was approved, and refused when its rules were checked again.
type ApprovalFailed struct {
	Code string `json:"code"`
	En   string `json:"en"`
	Zh   string `json:"zh"`
}

// EventType is the stored name.
func (ApprovalFailed) EventType() string { return "approval.failed.v1" }

// Approval is the state of a request.
type Approval struct {
	ApprovalRequested
	Request   Metadata `json:"-"` // the envelope of the request
	AskedBy   string   `json:"asked_by"`
	AskedIn   Role     `json:"asked_in"`
	AskedOn   Date     `json:"asked_on"`
	Status    string   `json:"status"` // requested, approved, refused, withdrawn, carried-out or failed
	DecidedBy string   `json:"decided_by,omitzero"`
	DecidedIn Role     `json:"decided_in,omitzero"`
	DecidedOn Date     `json:"decided_on,omitzero"`
	Effect    *Effect  `json:"effect,omitzero"`
}

func (a Approval) after(e Event, m Metadata) Approval {
	switch e := e.(type) {
	case ApprovalRequested:
		a.ApprovalRequested, a.Request, a.Status = e, m, "requested"
		a.AskedBy, a.AskedIn, a.AskedOn = m.Actor, m.Role, m.OccurredOn
	case ApprovalDecided:
		a.Status = map[string]string{"approve": "approved", "refuse": "refused", "withdraw": "withdrawn"}[e.Decision]
		a.DecidedBy, a.DecidedIn, a.DecidedOn = m.Actor, m.Role, m.OccurredOn
	case ApprovalCarriedOut:
		a.Status, a.Effect = "carried-out", &Effect{Stream: a.Stream, Version: e.Version, Events: e.Events}
	case ApprovalFailed:
		a.Status, a.Effect = "failed", &Effect{Stream: a.Stream, Refused: &Refusal{e.Code, Text{e.En, e.Zh}}}
	}
	return a
}

// Effect is what came of an approved command.
type Effect struct {
	Stream  StreamID   `json:"stream"`
	Version Version    `json:"version,omitzero"` // after it
	Events  []EventRef `json:"events,omitzero"`
	Refused *Refusal   `json:"refused,omitzero"` // by the rules, when they were checked again

	Position Position `json:"-"` // of its last event, where it was recorded now
}

// Refusal is why an approved command was not carried out.
type Refusal struct {
	Code string `json:"code"`
	Msg  Text   `json:"message"`
}

var approvalCodec = NewCodec(
	Current[ApprovalRequested, Event](),
	Current[ApprovalDecided, Event](),
	Current[ApprovalCarriedOut, Event](),
	Current[ApprovalFailed, Event](),
)

// Decide is another person's decision on a request.
type Decide struct {
	Decision string `json:"decision" enum:"approve,refuse" en:"approve or refuse" zh:"批准或不批准"`
	Reason   string `json:"reason,omitzero" en:"why; needed to refuse. No personal data" zh:"理由;不批准时必填。不得含个人信息"`
}

// Withdraw takes a request back.
type Withdraw struct {
	Reason string `json:"reason,omitzero" en:"why. No personal data" zh:"理由。不得含个人信息"`
}

// approvalCommand is Decide or Withdraw.
type approvalCommand interface {
	decide(Approval, Context) ([]Event, error)
}

// Approvals is the aggregate of requests for what another person must decide. Requests begin by
// sending a four-eyes command.
var Approvals = New(approvals, Text{"approval", "审批"}, Decider[Approval, approvalCommand, Event]{
	Decide: func(s Approval, c approvalCommand, at Context) ([]Event, error) { return c.decide(s, at) },
	Evolve: func(s Approval, e Event, m Metadata) Approval { return s.after(e, m) },
}, approvalCodec,
	Does[Decide, approvalCommand](Verb{Name: "decide", Roles: people, Help: Text{"approve or refuse what another person asked for", "批准或不批准他人的申请"}}),
	Does[Withdraw, approvalCommand](Verb{Name: "withdraw", Roles: people, Help: Text{"take back what you asked for", "撤回本人的申请"}}),
).SeenBy(Sight{
	All: slices.DeleteFunc(slices.Clone(AllRoles()), func(r Role) bool { return slices.Contains(guests, r) }),
	Own: guests,
	Concerns: func(e Event, m Metadata) []string {
		if _, asked := e.(ApprovalRequested); asked {
			return []string{m.Actor}
		}
		return nil
	},
})

// guests take part in single affairs.
var guests = []Role{INV, MEN, REV}

// people is every role that somebody may ask or decide in.
var people = slices.DeleteFunc(AllRoles(), func(r Role) bool { return r == REP || r == AUD || r == ADM })

func (c Decide) decide(s Approval, at Context) ([]Event, error) {
	if err := First(
		CheckOneOf("decision", c.Decision, "approve", "refuse"),
		CheckText("reason", c.Reason, 500, c.Decision == "refuse"),
		s.open(),
	); err != nil {
		return nil, err
	}
	if at.On.Last().Compare(s.AskedOn) < 0 {
		return nil, Rejected("date-order", Text{
			En: fmt.Sprintf("dated %s, before the request on %s", at.On, s.AskedOn),
			Zh: fmt.Sprintf("业务发生日 %s 早于申请日(%s)", at.On, s.AskedOn),
		})
	}
	if at.Actor == s.Request.Actor || at.Actor == s.Request.OnBehalfOf {
		return nil, Rejected("four-eyes", Text{
			En: fmt.Sprintf("%s asked for this; another person must decide", at.Actor),
			Zh: fmt.Sprintf("%s 是申请人,须由他人决定", at.Actor),
		})
	}
	return []Event{ApprovalDecided(c)}, nil
}

func (c Withdraw) decide(s Approval, at Context) ([]Event, error) {
	if err := First(CheckText("reason", c.Reason, 500, false), s.open()); err != nil {
		return nil, err
	}
	if at.Actor != s.Request.Actor {
		return nil, Rejected("not-yours", Text{
			En: fmt.Sprintf("%s asked for this and may withdraw it", s.Request.Actor),
			Zh: fmt.Sprintf("只有申请人 %s 可以撤回", s.Request.Actor),
		})
	}
	return []Event{ApprovalDecided{"withdraw", c.Reason}}, nil
}

func (a Approval) open() error {
	if a.Status == "requested" {
		return nil
	}
	return Rejected("decided-already", Text{
		En: fmt.Sprintf("this request is %s already", a.Status), Zh: fmt.Sprintf("该申请已处理(%s)", a.Status),
	})
}

// ask records that somebody asks for a four-eyes command, if its rules would allow it today. A
// repeat finds the request there.
func (l *Ledger) ask(ctx context.Context, t taken) (Receipt, error) {
	stream := ApprovalStream(t.Command)
	var failed error
	for range attempts {
		asked, err := l.read(ctx, Approvals, stream)
		if err != nil {
			return Receipt{}, err
		}
		if asked.begun {
			return l.askedBefore(ctx, t, asked)
		}
		if failed != nil && KindOf(failed) != KindConflict {
			return Receipt{}, failed // it is not there: the append failed, and not its answer alone
		}
		receipt, final, err := l.askNow(ctx, t, stream)
		if err == nil || final {
			return receipt, err
		}
		failed = err
	}
	return Receipt{}, failed
}

// askNow decides whether a request may be made, and files it. An error is final where it is the
// decision, and not where it is the append.
func (l *Ledger) askNow(ctx context.Context, t taken, stream StreamID) (receipt Receipt, final bool, err error) {
	h, err := l.load(ctx, t)
	if err != nil {
		return Receipt{}, true, err
	}
	if len(h.own) > 0 { // recorded before another had to decide on it
		receipt, err = l.replay(ctx, h, t.digest, t.Actor)
		return receipt, true, err
	}
	if err := expect(t.verb, t.Expect, h); err != nil {
		return Receipt{}, true, err
	}
	d, err := l.decide(ctx, t, h)
	if err != nil || d.store == nil {
		return Receipt{Stream: t.stream, Version: h.version}, true, err
	}
	requested, sealing, err := l.request(ctx, t, h, d)
	if err != nil {
		return Receipt{}, true, err
	}
	receipt, err = l.file(ctx, t, stream, requested, sealing)
	return receipt, false, err
}

// request is what is recorded of a request, and under which keys.
func (l *Ledger) request(ctx context.Context, t taken, h history, d decision) (ApprovalRequested, *sealing, error) {
	stream := ApprovalStream(t.Command)
	requested := ApprovalRequested{Stream: t.stream, Seen: h.version, Verb: t.verb.Name, Approvers: t.verb.Approvers}
	for _, s := range d.benefits {
		if s != (StreamID{}) { // a command may leave out whom it favours
			requested.Benefits = append(requested.Benefits, s)
		}
	}
	kept, err := json.Marshal(t.act) // with its date, which may be a default of today
	if err != nil {
		return requested, nil, err
	}
	sealing := &sealing{ctx: ctx, vault: l.Vault}
	if t.command.personal || t.aggregate.aboutPersons {
		// Under a key of the request's own, destroyed when it is settled.
		sealing.carried = true
		raw, err := json.Marshal(sealedAct{t.digest, kept})
		requested.ActSealed = Plain(string(raw)).Of(stream.ID)
		return requested, sealing, err
	}
	requested.Act = string(kept)
	return requested, sealing, l.free(ctx, t, h, d)
}

// sealedAct is what is kept of a request that may tell of a person.
type sealedAct struct {
	Digest string          `json:"digest"`
	Act    json.RawMessage `json:"act"`
}

// free refuses early what would find a claim taken.
func (l *Ledger) free(ctx context.Context, t taken, h history, d decision) error {
	if t.aggregate.claims == nil {
		return nil
	}
	events, err := d.store(&sealing{ctx: ctx, vault: l.Vault})
	if err != nil {
		return err
	}
	for i := range events {
		events[i].Meta = l.envelope(t, d)
	}
	takes, _, err := t.aggregate.claimed(h, events)
	if err != nil {
		return err
	}
	for _, c := range takes {
		held, _, err := l.holdings(ctx, ClaimStream(c.Kind, c.Key))
		if err != nil {
			return err
		}
		var holders []ClaimTaken
		for _, o := range held.against(c, t.stream) {
			if really, err := l.holds(ctx, o); err != nil {
				return err
			} else if really {
				holders = append(holders, o)
			}
		}
		if len((holdings{holders}).against(c, t.stream)) > 0 {
			return claimedBy(c, holders)
		}
	}
	return nil
}

// file records the request.
func (l *Ledger) file(ctx context.Context, t taken, stream StreamID, requested ApprovalRequested, s *sealing) (Receipt, error) {
	event, err := seal(s, approvalCodec, Event(requested))
	if err != nil {
		return Receipt{}, err
	}
	data, err := approvalCodec.Encode(event)
	if err != nil {
		return Receipt{}, err
	}
	meta := l.envelope(t, decision{})
	meta.OccurredOn, meta.Evidence, meta.Policy = DayOf(t.now), nil, nil // of the act, which is kept
	if err := s.envelope(&meta); err != nil {
		return Receipt{}, err
	}
	if s.carried {
		meta.Reason, meta.Authority = "", ""
	}
	p := Proposed{ID: EventID(stream, t.Command, 0), Type: event.EventType(), Data: data, Meta: meta}
	position, err := l.Streams.Append(ctx, stream, 0, []Proposed{p})
	return Receipt{Stream: stream, Version: 1, Position: position, Pending: true, Events: []EventRef{{p.ID, p.Type, 1}}}, err
}

// askedBefore answers a repeat.
func (l *Ledger) askedBefore(ctx context.Context, t taken, asked history) (Receipt, error) {
	state := asked.state.(Approval)
	same, err := l.sameRequest(ctx, state.Request, t.digest)
	if CodeOf(err) == "subject-erased" {
		same, err = true, nil // settled, and its text destroyed
	}
	if err != nil {
		return Receipt{}, err
	}
	if !same || state.Request.Actor != t.Actor.Handle {
		return Receipt{}, keyReused()
	}
	first := asked.events[0]
	return Receipt{Stream: asked.stream, Version: asked.version, Position: first.Position, Pending: true, Replayed: true,
		Events: []EventRef{{first.ID, first.Type, first.Version}}}, nil
}

// settle records a decision on a request, or that it is withdrawn, and carries out what is approved.
func (l *Ledger) settle(ctx context.Context, t taken) (Receipt, error) {
	h, err := l.load(ctx, t)
	if err != nil {
		return Receipt{}, err
	}
	if !h.begun || len(h.own) > 0 || t.verb.Name != "decide" {
		receipt, err := l.perform(ctx, t)
		if err == nil {
			receipt.Effect, err = l.CarryOut(ctx, t.stream)
		}
		return receipt, err
	}
	asked := h.state.(Approval)
	if t.role, t.act.Authority, err = l.mayDecide(ctx, t, asked); err != nil {
		return Receipt{}, err
	}
	receipt, _, err := l.record(ctx, t, h)
	if err != nil || receipt.Version == h.version {
		return receipt, err
	}
	decided := asked.after(ApprovalDecided(t.decided()), Metadata{Actor: t.Actor.Handle, Role: t.role, OccurredOn: t.act.OccurredOn})
	receipt.Effect, err = l.carryOut(ctx, t.stream, receipt.Version, decided, receipt.Events[0].ID)
	return receipt, err
}

// decided is the decision of a request that was accepted.
func (t taken) decided() (d Decide) {
	_ = json.Unmarshal(t.act.Data, &d) // it was read before
	return d
}

// decides is what the handler asks of a principal's state.
type decides interface {
	// Authority is the role, of those that may decide, in which the principal may decide on a
	// command on a day, and the delegation it rests on; false where there is none.
	Authority(category, verb string, approvers []Role, on Date) (role Role, delegation string, ok bool)
	// InterestIn is the relation that the principal has declared to somebody; empty where none.
	InterestIn(s StreamID, on Date) string
}

// mayDecide holds who decides against who may, on the day of the decision.
func (l *Ledger) mayDecide(ctx context.Context, t taken, asked Approval) (Role, string, error) {
	who := PrincipalStream(t.Actor.Handle)
	_, states, err := l.rely(ctx, []StreamID{who})
	if err != nil {
		return "", "", err
	}
	principal, enrolled := states[who].(decides)
	if !enrolled {
		role, err := roleFor(Verb{Name: asked.Verb, Roles: asked.Approvers}, Request{Aggregate: asked.Stream.Category, Actor: t.Actor})
		return role, t.act.Authority, err
	}
	role, delegation, ok := principal.Authority(asked.Stream.Category, asked.Verb, asked.Approvers, t.act.OccurredOn)
	if !ok {
		return "", "", &Error{Kind: KindDenied, Code: "no-authority", Msg: Text{
			En: fmt.Sprintf("%s had no authority on %s to decide on %s/%s, which needs one of the roles %v", t.Actor.Handle, t.act.OccurredOn, asked.Stream.Category, asked.Verb, asked.Approvers),
			Zh: fmt.Sprintf("%s 于 %s 无权决定 %s/%s(需要角色 %v 之一)", t.Actor.Handle, t.act.OccurredOn, asked.Stream.Category, asked.Verb, asked.Approvers),
		}}
	}
	for _, favoured := range append(slices.Clone(asked.Benefits), asked.Stream) {
		if relation := principal.InterestIn(favoured, t.act.OccurredOn); relation != "" {
			return "", "", Rejected("interested", Text{
				En: fmt.Sprintf("%s has an interest in %s (%s) and cannot decide", t.Actor.Handle, favoured, relation),
				Zh: fmt.Sprintf("%s 与 %s 存在利益关系(%s),不得参与决定", t.Actor.Handle, favoured, relation),
			})
		}
	}
	if delegation == "" {
		delegation = t.act.Authority
	}
	return role, delegation, nil
}

// PrincipalStream is where a principal is: its id follows from the handle.
func PrincipalStream(handle string) StreamID {
	return StreamID{"principal", uuid.NewSHA1(handleSpace, []byte(handle))}
}

var handleSpace = uuid.MustParse("0b0f5a6e-7d0e-5d0a-8f43-6f6f0c0a9d11")

// CarryOut runs an approved command under its own id, checking its rules again, and records what
// became of it. Doing it again changes nothing; nil where there is nothing to carry out.
func (l *Ledger) CarryOut(ctx context.Context, approval StreamID) (*Effect, error) {
	h, err := l.read(ctx, Approvals, approval)
	if err != nil {
		return nil, err
	}
	asked := h.state.(Approval)
	if asked.Status != "approved" {
		return asked.Effect, l.shred(ctx, approval, asked)
	}
	i := slices.IndexFunc(h.events, func(r Recorded) bool { return r.Type == ApprovalDecided{}.EventType() })
	return l.carryOut(ctx, approval, h.version, asked, h.events[i].ID)
}

// carryOut carries out what was approved by a decision, the last event of the approval's stream.
func (l *Ledger) carryOut(ctx context.Context, approval StreamID, at Version, asked Approval, decision uuid.UUID) (*Effect, error) {
	if asked.Status != "approved" {
		return nil, l.shred(ctx, approval, asked)
	}
	t, err := l.resume(ctx, asked)
	if err != nil {
		return nil, err
	}
	t.Cause, t.approval = decision, approval.String()
	var outcome Event
	receipt, err := l.insist(ctx, t)
	if err == nil {
		outcome = ApprovalCarriedOut{receipt.Version, receipt.Events}
	} else if refused, ok := errors.AsType[*Error](err); ok && refused.Kind.final() {
		outcome = ApprovalFailed{refused.Code, refused.Msg.En, refused.Msg.Zh}
	} else {
		return nil, err // not known; approved it stays, and is carried out later
	}
	meta := Metadata{
		Ledger: l.ID, Command: uuid.NewSHA1(approvalSpace, append([]byte("outcome "), t.Command[:]...)),
		Digest: l.digest(approval, "outcome", []byte(outcome.EventType())),
		Actor:  asked.DecidedBy, Role: asked.DecidedIn, Correlation: t.act.correlation(t.Command),
		Causation: decision, OccurredOn: DayOf(t.now), Source: Source{Kind: "process"},
	}
	if err := l.keep(ctx, approval, at, outcome, meta); err != nil && KindOf(err) != KindConflict {
		return nil, err
	}
	asked = asked.after(outcome, meta)
	effect := *asked.Effect
	effect.Position = receipt.Position
	return &effect, l.shred(ctx, approval, asked)
}

// shred destroys the key of a request that is settled: what it told of a person is needed no more.
func (l *Ledger) shred(ctx context.Context, approval StreamID, asked Approval) error {
	if asked.ActSealed.IsZero() || asked.Status == "requested" || asked.Status == "approved" {
		return nil
	}
	return l.Vault.Erase(ctx, approval.ID)
}

// resume is the command as it was asked for, now that it may run.
func (l *Ledger) resume(ctx context.Context, asked Approval) (taken, error) {
	m := asked.Request
	a, verb, err := l.find(Request{Aggregate: asked.Stream.Category, Verb: asked.Verb})
	if err != nil {
		return taken{}, err
	}
	body, digest := []byte(asked.Act), m.Digest
	if !asked.ActSealed.IsZero() {
		text, err := l.Open(ctx, asked.ActSealed)
		if err != nil {
			return taken{}, err
		}
		var kept sealedAct
		if err := json.Unmarshal([]byte(text), &kept); err != nil {
			return taken{}, err
		}
		body, digest = kept.Act, kept.Digest
	}
	t := taken{
		Request: Request{
			Aggregate: a.Category, ID: asked.Stream.ID, Verb: verb.Name, Command: m.Command, Body: body, Expect: Whatever(),
			Actor: Actor{m.Actor, []Role{m.Role}}, Source: m.Source, Trace: m.Trace,
		},
		aggregate: a, verb: verb, stream: asked.Stream, digest: digest, role: m.Role, now: l.Now(), approver: asked.DecidedBy,
	}
	return t, t.read()
}

func (a Act) correlation(command uuid.UUID) uuid.UUID {
	if a.Correlation == uuid.Nil {
		return command
	}
	return a.Correlation
}
