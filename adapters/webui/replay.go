package webui

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"

	"ttledger/domain/ledger"
)

// fold replays events into the state they come to, with what each changed. With T, they are taken
// in the order of the world; else in that of the ledger.
func (p *page) fold(g ledger.Aggregate, events []event) (steps []step, err error) {
	events = slices.Clone(events)
	if p.Moment.AsOf != "" {
		slices.SortStableFunc(events, func(a, b event) int { return a.OccurredOn.Compare(b.OccurredOn) })
	}
	state := g.Zero()
	var before map[string]any
	for _, e := range events {
		decoded, err := g.Decode(e.Type, e.Data)
		if err != nil {
			return nil, fmt.Errorf("%s version %d: %w", e.Stream, e.Version, err)
		}
		meta, err := ledger.DecodeMetadata(e.Metadata)
		if err != nil {
			return nil, fmt.Errorf("%s version %d: %w", e.Stream, e.Version, err)
		}
		state = g.Evolve(state, decoded, meta)
		after, err := plainState(state)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step{Event: e, Before: before, After: after})
		before = after
	}
	return steps, nil
}

// step is an event with the state before and after it.
type step struct {
	Event         event
	Before, After map[string]any
}

// plainState is a state as JSON has it.
func plainState(state any) (map[string]any, error) {
	raw, err := json.Marshal(state)
	if err != nil {
		return nil, err
	}
	fields := map[string]any{}
	return fields, decode(raw, &fields)
}

// stateOf is the state after all events.
func (p *page) stateOf(g ledger.Aggregate, events []event) (map[string]any, error) {
	steps, err := p.fold(g, events)
	if err != nil || len(steps) == 0 {
		return nil, err
	}
	return steps[len(steps)-1].After, nil
}

// replayData is the page that goes through a history step by step.
type replayData struct {
	Kind    ledger.Aggregate
	Stream  stream
	Step    int // from 1
	Steps   int
	Told    told
	Words   string // where one stands, in words
	Compare bool   // two steps are held against each other, not a step against the one before
	From    int
	Changes []changed
}

// changed is a field of a state that is not what it was.
type changed struct {
	Label         string
	Before, After value
	Changed       bool
}

func (s *site) replay(p *page) error {
	g, ok := s.kindOf(p.vars["aggregate"])
	if !ok {
		return nothingHere
	}
	history, err := p.stream()
	if err != nil {
		return err
	}
	steps, err := p.fold(g, history.Events)
	if err != nil {
		return err
	}
	if len(steps) == 0 {
		return nothingHere
	}
	data := replayData{Kind: g, Stream: history, Steps: len(steps)}
	data.Step = p.count("step", len(steps), len(steps))
	data.From = p.count("from", data.Step-1, len(steps))
	data.Compare = data.From != data.Step-1
	at := steps[data.Step-1]
	before := map[string]any{}
	if data.From > 0 {
		before = steps[data.From-1].After
	}
	p.learn(p.mentioned(g.Category, "", before, p.mentioned(g.Category, "", at.After, []ledger.StreamID{history.Stream})))
	data.Told = p.toldOf(at.Event)
	data.Words = fmt.Sprintf(p.say("step-words"), data.Step, data.Steps, data.Told.Name, data.Told.When)
	data.Changes = p.changes(g.Category, before, at.After)
	p.dated()
	return p.render(http.StatusOK, "replay", p.nameOf(history.Stream), data)
}

// count is a parameter that counts, within its bounds.
func (p *page) count(name string, otherwise, most int) int {
	n, err := strconv.Atoi(p.r.URL.Query().Get(name))
	if err != nil {
		n = otherwise
	}
	least := 1
	if name == "from" {
		least = 0
	}
	return min(max(n, least), most)
}

// changes is every field of two states; those that differ first.
func (p *page) changes(category string, before, after map[string]any) []changed {
	all := maps.Clone(before)
	maps.Copy(all, after)
	var list []changed
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c := changed{
			Label: p.site.names.of(p.Lang, category, "", name), Changed: !reflect.DeepEqual(before[name], after[name]),
			Before: p.show(category, name, before[name]), After: p.show(category, name, after[name]),
		}
		if !c.Before.Empty() || !c.After.Empty() {
			list = append(list, c)
		}
	}
	slices.SortStableFunc(list, func(a, b changed) int { return btoi(b.Changed) - btoi(a.Changed) })
	return list
}
