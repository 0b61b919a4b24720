package ledger

import "fmt"

// Claim is a hold on something that only so much of may be held at once: a unique key, a single
// binding, room for an interval of days. An aggregate says which claims a state has
// (Decider.Claims); the handler takes what a decision adds before it records the decision, and
// gives up what it drops afterwards.
//
// On any day the amounts held by all streams stay within Limit. A claim is its value: a stream
// whose claim changes in any field takes the new one and gives up the old, and what one stream
// holds of the same thing counts once, at its greatest.
type Claim struct {
	Kind   string `json:"kind"`            // what is claimed, kebab-case: contract-no, uscc, room
	Key    string `json:"key"`             // which one, as it is compared: same text, same thing
	Amount int64  `json:"amount,omitzero"` // how much of it; 1 where zero
	Limit  int64  `json:"limit,omitzero"`  // how much there is of it; 1 where zero
	From   Date   `json:"from,omitzero"`   // the first day; from ever where zero
	To     Date   `json:"to,omitzero"`     // the last day; for ever where zero
}

// String names the thing claimed.
func (c Claim) String() string { return fmt.Sprintf("%s %q", c.Kind, c.Key) }
