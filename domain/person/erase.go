package person

import (
	"fmt"
	"strings"

	"ttledger/domain/ledger"
)

func (s State) unheld() error {
	if len(s.Holds) == 0 {
		return nil
	}
	cases := strings.Join(s.Holds, ", ")
	return reject("legal-hold", "a legal hold stands in the way: "+cases, "存在法律保留:"+cases)
}

// ProposeErasure asks for a person's data to be erased; somebody else decides.
type ProposeErasure struct {
	Ground string `json:"ground" enum:"retention-expired,consent-withdrawn,subject-request,unlawful" en:"why (PIPL 47)" zh:"理由(个人信息保护法第四十七条)"`
}

func (c ProposeErasure) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.CheckOneOf("ground", c.Ground, "retention-expired", "consent-withdrawn", "subject-request", "unlawful"); err != nil {
		return nil, err
	}
	if s.Proposal != nil {
		return nil, nil
	}
	if err := s.unheld(); err != nil {
		return nil, err
	}
	if due := s.Due(); c.Ground == "retention-expired" && (due.Ground != c.Ground || due.On.Compare(at.On) > 0) {
		return nil, notDue(due)
	}
	return []Event{ErasureProposed(c)}, nil
}

func notDue(d Due) error {
	if d.On.IsZero() {
		return reject("not-due", "no retention ends: its purpose has not, or it is kept for good", "保存期尚未起算,或属长期保存")
	}
	return reject("not-due", fmt.Sprintf("the schedule says %s on %s", d.Verb, d.On), fmt.Sprintf("按保存期限表应于 %s 执行 %s", d.On, d.Verb))
}

// ErasureProposed: the erasure waits for its decision.
type ErasureProposed struct {
	Ground string `json:"ground"`
}

// EventType is the stored name.
func (ErasureProposed) EventType() string { return "person.erasure-proposed.v1" }

func (e ErasureProposed) apply(s State, m ledger.Metadata) State {
	s.Proposal = &Proposal{m.Actor, e.Ground}
	return s
}

// Erase decides that the data is erased. What carries it out destroys the key.
type Erase struct{}

func (Erase) decide(s State, at ledger.Context) ([]Event, error) {
	if s.Proposal == nil {
		return nil, reject("not-proposed", "the protection officer proposes an erasure before it is decided", "删除须先由个人信息保护负责人提出")
	}
	if s.Proposal.By == at.Approver {
		return nil, reject("four-eyes", "whoever proposed the erasure does not decide it", "提出删除者不得自行决定(四眼原则)")
	}
	if err := s.unheld(); err != nil {
		return nil, err
	}
	return []Event{DataErased{Ground: s.Proposal.Ground}}, nil
}

// DataErased: the person's data is erased. From here on it counts as gone, whether or not the key
// is yet.
type DataErased struct {
	Ground string `json:"ground"`
}

// EventType is the stored name.
func (DataErased) EventType() string { return "person.data-erased.v1" }

func (DataErased) apply(s State, _ ledger.Metadata) State {
	s.Erased = true
	return s
}
