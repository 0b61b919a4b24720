package achievement

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// The state of the shares (T1).
const (
	Unsigned = "unsigned" // some completer did not sign yet
	Agreed   = "agreed"   // all signed
	Disputed = "disputed" // some completer objects
)

// Contributions says whether the shares as they stand are agreed.
func (s State) Contributions() string {
	switch {
	case len(s.Disputed) > 0:
		return Disputed
	case len(s.Signed) < len(s.Completers):
		return Unsigned
	}
	return Agreed
}

// ConfirmContribution records a completer's signature under the shares as they stand.
type ConfirmContribution struct {
	Person   uuid.UUID `json:"person" en:"pseudonym of the completer" zh:"完成人的化名标识"`
	Permille int       `json:"permille" en:"the share signed, in permille" zh:"所确认的贡献比例(‰)"`
}

func (c ConfirmContribution) decide(s State, at ledger.Context) ([]Event, error) {
	i, err := s.completer(c.Person)
	if err := ledger.First(err, s.since(at)); err != nil {
		return nil, err
	}
	if share := s.Completers[i].Permille; c.Permille != share {
		return nil, reject("other-share",
			fmt.Sprintf("the completer has %d‰ and not %d‰; change the shares first", share, c.Permille),
			fmt.Sprintf("该完成人的贡献比例为 %d‰,而非 %d‰;如需调整请先变更", share, c.Permille))
	}
	if slices.Contains(s.Signed, c.Person) {
		return nil, nil
	}
	return []Event{ContributionConfirmed(c)}, nil
}

// completer is the place of a person in the list.
func (s State) completer(id uuid.UUID) (int, error) {
	i := slices.IndexFunc(s.Completers, func(c Completer) bool { return c.Person == id })
	if i < 0 {
		return 0, reject("not-a-completer", fmt.Sprintf("%s is no completer of this achievement", id), fmt.Sprintf("%s 不是本成果的完成人", id))
	}
	return i, nil
}

// ContributionConfirmed: a completer signed.
type ContributionConfirmed struct {
	Person   uuid.UUID `json:"person"`
	Permille int       `json:"permille"`
}

// EventType is the stored name.
func (ContributionConfirmed) EventType() string { return "achievement.contribution-confirmed.v1" }

// What was signed counts as long as the share is the one signed: a correction of the disclosure
// voids it.
func (e ContributionConfirmed) apply(s State, _ ledger.Metadata) State {
	if slices.Contains(s.Completers, Completer(e)) {
		s.Signed = append(slices.Clone(s.Signed), e.Person)
	}
	s.Disputed = without(s.Disputed, e.Person)
	return s
}

// DisputeContribution records a completer's objection.
type DisputeContribution struct {
	Person uuid.UUID `json:"person" en:"pseudonym of the completer who objects" zh:"提出异议的完成人化名标识"`
	Ground string    `json:"ground" enum:"share,order,missing-completer,not-a-completer,other" en:"against the share, the order, somebody missing, somebody named" zh:"异议事由:比例、排序、遗漏完成人、列入非完成人、其他"`
}

func (c DisputeContribution) decide(s State, at ledger.Context) ([]Event, error) {
	_, err := s.completer(c.Person)
	if err := ledger.First(
		ledger.CheckOneOf("ground", c.Ground, "share", "order", "missing-completer", "not-a-completer", "other"),
		err, s.since(at),
	); err != nil {
		return nil, err
	}
	if slices.Contains(s.Disputed, c.Person) {
		return nil, nil
	}
	return []Event{ContributionDisputed(c)}, nil
}

// ContributionDisputed: a completer objects to the shares; a signature given before is void.
type ContributionDisputed struct {
	Person uuid.UUID `json:"person"`
	Ground string    `json:"ground"`
}

// EventType is the stored name.
func (ContributionDisputed) EventType() string { return "achievement.contribution-disputed.v1" }

func (e ContributionDisputed) apply(s State, _ ledger.Metadata) State {
	s.Disputed = append(slices.Clone(s.Disputed), e.Person)
	s.Signed = without(s.Signed, e.Person)
	return s
}

// ChangeContributions puts other completers or shares in place of those before; all sign anew.
type ChangeContributions struct {
	Completers []Completer `json:"completers" en:"completers in order, with shares that sum to 1000‰" zh:"完成人(按序),贡献比例合计 1000‰"`
	Ground     string      `json:"ground" enum:"settlement,omission,error,decision" en:"why: settlement, omission, error or a decision of others" zh:"变更原因:协商一致、遗漏、差错、裁决"`
}

// ReliesOn is the completers.
func (c ChangeContributions) ReliesOn() []ledger.StreamID { return persons(c.Completers) }

func (c ChangeContributions) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		ledger.CheckOneOf("ground", c.Ground, "settlement", "omission", "error", "decision"),
		s.since(at),
		checkShares(c.Completers),
		checkPersons(c.Completers, at),
	); err != nil {
		return nil, err
	}
	if slices.Equal(c.Completers, s.Completers) {
		return nil, nil
	}
	return []Event{ContributionsChanged(c)}, nil
}

// ContributionsChanged: other shares are put to the completers; no signature counts any more.
type ContributionsChanged struct {
	Completers []Completer `json:"completers"`
	Ground     string      `json:"ground"`
}

// EventType is the stored name.
func (ContributionsChanged) EventType() string { return "achievement.contributions-changed.v1" }

func (e ContributionsChanged) apply(s State, _ ledger.Metadata) State {
	s.Completers, s.Signed, s.Disputed = e.Completers, nil, nil
	return s
}

// without is a list less one id; the list itself stays.
func without(list []uuid.UUID, id uuid.UUID) []uuid.UUID {
	return slices.DeleteFunc(slices.Clone(list), func(x uuid.UUID) bool { return x == id })
}
