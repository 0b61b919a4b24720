package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
)

// Rule is one version of a policy as a decision reads it: parameters that users adopt as data.
type Rule struct {
	Policy
	Form   string          // what the parameters are for: which Go type reads them
	From   Date            // first day in force
	To     Date            // last day in force; in force until superseded where zero
	Params json.RawMessage // of the form
}

// Governing names the policy that a command is decided under. The client may name another of the
// same form in its Act.
type Governing struct {
	Form    string // the form its parameters must have
	Code    string // the policy where the client names none
	Version string // a version pinned earlier; the one in force on the business date where empty
}

// Governed is a command decided under a policy. The handler finds the version, hands it to the
// rule as Context.Rule and records it in the envelope. Without a form none governs after all.
type Governed[S any] interface{ Under(S) Governing }

// RuleForm is a kind of parameters that policies may carry.
type RuleForm struct {
	Name  string
	Title Text
	Check func(params []byte) error // strict, and pointing at the field that is wrong
}

// RuleOf is the form read by the type T.
func RuleOf[T interface{ Check() error }](name string, title Text) RuleForm {
	return RuleForm{name, title, func(params []byte) error {
		var v T
		if err := DecodeStrict(params, "/data/params", &v); err != nil {
			return err
		}
		return v.Check()
	}}
}

// PolicyStream is where the versions of a policy are: its id follows from its code.
func PolicyStream(code string) StreamID {
	return StreamID{"policy", uuid.NewSHA1(policySpace, []byte(code))}
}

var policySpace = uuid.MustParse("5b8a0f52-6c8e-5d53-9d0e-2f6f2b8d4a10")

// Params reads the parameters of the rule that a decision is made under; without a version in
// force it refuses as no-policy.
func Params[T any](at Context) (T, error) {
	var v T
	if at.Rule == nil {
		return v, Rejected("no-policy", Text{
			En: fmt.Sprintf("no version of the policy that this is decided under was in force on %s; adopt one first", at.On),
			Zh: fmt.Sprintf("%s 无有效的适用政策版本,请先采纳政策", at.On),
		})
	}
	d := json.NewDecoder(bytes.NewReader(at.Rule.Params))
	if err := d.Decode(&v); err != nil {
		return v, fmt.Errorf("policy %s version %s: %w", at.Rule.Code, at.Rule.Version, err)
	}
	return v, nil
}

// About is what the state of another stream, on which a command relies, says to T: an interface
// of what the asking aggregate wants to know. It is false where there is no such stream or its
// state does not say it.
func About[T any](at Context, s StreamID) (T, bool) {
	said, ok := at.states[s].(T)
	return said, ok
}

// Knowing is the context with the state of one more stream, for tests of rules.
func (c Context) Knowing(s StreamID, state any) Context {
	states := maps.Clone(c.states)
	if states == nil {
		states = map[StreamID]any{}
	}
	states[s] = state
	c.states = states
	c.ReliedOn = append(c.ReliedOn[:len(c.ReliedOn):len(c.ReliedOn)], Relied{s, 1})
	return c
}

// maxRelied bounds the streams that one command may name.
const maxRelied = 100

// rely folds the streams that a command names, each once.
func (l *Ledger) rely(ctx context.Context, streams []StreamID) ([]Relied, map[StreamID]any, error) {
	if len(streams) == 0 {
		return nil, nil, nil
	}
	versions, states := map[string]Relied{}, map[StreamID]any{}
	for _, s := range streams {
		if _, read := versions[s.String()]; read || len(versions) == maxRelied {
			continue // beyond the bound a rule finds it missing
		}
		a, known := l.Aggregate(s.Category)
		if !known {
			versions[s.String()] = Relied{Stream: s}
			continue
		}
		h, err := l.read(ctx, a, s)
		if err != nil {
			return nil, nil, err
		}
		seen := Relied{Stream: s}
		if h.begun {
			seen.Version, states[s] = h.version, h.state
		}
		versions[s.String()] = seen
	}
	var relied []Relied
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		relied = append(relied, versions[name])
	}
	return relied, states, nil
}

// versions is what the handler asks of a policy's state.
type versions interface {
	// InForce is the version in force on a day, or, where one is named, that version.
	InForce(on Date, version string) (Rule, bool)
}

// rule finds the version that a command is decided under: the client's where it names one.
func (l *Ledger) rule(ctx context.Context, g Governing, act Act) (*Rule, StreamID, error) {
	if act.Policy != nil {
		g.Code, g.Version = act.Policy.Code, act.Policy.Version
	}
	stream := PolicyStream(g.Code)
	_, states, err := l.rely(ctx, []StreamID{stream})
	if err != nil {
		return nil, stream, err
	}
	policy, known := states[stream].(versions)
	if !known {
		return nil, stream, unknownPolicy(g, act)
	}
	rule, found := policy.InForce(act.OccurredOn, g.Version)
	if !found {
		return nil, stream, unknownPolicy(g, act)
	}
	if rule.Form != g.Form {
		return nil, stream, Rejected("policy-form", Text{
			En: fmt.Sprintf("the policy %s is of the form %s; this is decided under one of the form %s", g.Code, rule.Form, g.Form),
			Zh: fmt.Sprintf("政策 %s 的形式为 %s,此决定须适用形式为 %s 的政策", g.Code, rule.Form, g.Form),
		})
	}
	if act.Policy != nil {
		rule.Clause = act.Policy.Clause
	}
	return &rule, stream, nil
}

// unknownPolicy refuses a version that the client named and nobody adopted. Without one named it is
// the rule's to say whether it can do without.
func unknownPolicy(g Governing, act Act) error {
	if act.Policy == nil {
		return nil
	}
	return Rejected("no-such-policy", Text{
		En: fmt.Sprintf("the policy %s has no version %s", g.Code, g.Version),
		Zh: fmt.Sprintf("政策 %s 没有版本 %s", g.Code, g.Version),
	})
}
