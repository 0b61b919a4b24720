package main

import (
	"encoding/json"
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// policies is the rules in force, folded from the events that made them and put them right.
type policies map[ledger.StreamID][]ledger.Recorded

const policyCategory = "policy"

func (p policies) note(r ledger.Recorded) {
	if r.Stream.Category == policyCategory {
		p[r.Stream] = append(p[r.Stream], r)
	}
}

// files is a file for each policy.
func (p policies) files() (map[string][]byte, error) {
	i := slices.IndexFunc(aggregates, func(a ledger.Aggregate) bool { return a.Category == policyCategory })
	files := map[string][]byte{}
	for stream, events := range p {
		_, state, err := aggregates[i].Fold(events)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", stream, err)
		}
		raw, err := json.MarshalIndent(state, "", "  ")
		if err != nil {
			return nil, err
		}
		files["policies/"+stream.String()+".json"] = append(raw, '\n')
	}
	return files, nil
}
