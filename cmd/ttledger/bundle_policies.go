package main

import (
	"encoding/json"
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// policies is the rules in force, folded from the events that made them.
type policies map[ledger.StreamID]any

const policyCategory = "policy"

func (p policies) note(entry ledger.Entry, r ledger.Recorded) error {
	i := slices.IndexFunc(aggregates, func(a ledger.Aggregate) bool { return a.Category == policyCategory })
	if r.Stream.Category != policyCategory || i < 0 {
		return nil
	}
	e, err := aggregates[i].Decode(r.Type, r.Data)
	if err != nil {
		return fmt.Errorf("entry %d: %w", entry, err)
	}
	state, ok := p[r.Stream]
	if !ok {
		state = aggregates[i].Zero()
	}
	p[r.Stream] = aggregates[i].Evolve(state, e, r.Meta)
	return nil
}

func (p policies) files() (map[string][]byte, error) {
	files := map[string][]byte{}
	for stream, state := range p {
		raw, err := json.MarshalIndent(state, "", "  ")
		if err != nil {
			return nil, err
		}
		files["policies/"+stream.String()+".json"] = append(raw, '\n')
	}
	return files, nil
}
