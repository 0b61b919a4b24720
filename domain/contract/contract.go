// Package contract is one technology contract with its money: signed, registered, amended, ended;
// what was received under it, how each receipt was distributed and what was paid, and every
// reversal. One stream, because the money must balance.
//
// This file is the table of contents; each verb has a file with its command, its rule, its event
// and its effect. terms.go is what the parties agreed, policy.go what income is distributed under,
// split.go the arithmetic, facts.go what other aggregates ask.
package contract

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Event is a fact in a contract's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for a change of one contract.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// State is a contract as far as rules need to know it.
type State struct {
	Code          string         `json:"code"`
	Project       uuid.UUID      `json:"project"`
	Achievements  []uuid.UUID    `json:"achievements,omitzero"`
	Terms         Terms          `json:"terms"`
	UnitKind      string         `json:"unit_kind"` // of the providing side, as transfer rules look at it
	Policy        string         `json:"policy"`    // what income is distributed under
	SignedOn      ledger.Date    `json:"signed_on"`
	Registrations []Registration `json:"registrations,omitzero"`
	Reregister    bool           `json:"reregister"` // an amendment asks for registration anew
	LicenceNo     string         `json:"licence_no,omitzero"`
	Ended         string         `json:"ended,omitzero"` // the ground
	EndedOn       ledger.Date    `json:"ended_on,omitzero"`
	Entries       []Entry        `json:"entries,omitzero"`
}

// Decider is the rules of contracts.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) { return c.decide(s, at) },
	Evolve: func(s State, e Event, m ledger.Metadata) State { return e.apply(s, m) },
	Claims: claims,
}

// Codec is every stored form of a contract's events.
var Codec = ledger.NewCodec(
	ledger.Current[Signed, Event](),
	ledger.Current[Registered, Event](),
	ledger.Current[RegistrationRevoked, Event](),
	ledger.Current[LicenceRecorded, Event](),
	ledger.Current[Amended, Event](),
	ledger.Current[Ended, Event](),
	ledger.Current[ReceiptRecorded, Event](),
	ledger.Current[DistributionApproved, Event](),
	ledger.Current[DistributionPaid, Event](),
	ledger.Current[EntryReversed, Event](),
)

var (
	legal    = []ledger.Role{ledger.LEG}
	finance  = []ledger.Role{ledger.FIN}
	approver = []ledger.Role{ledger.APR}
)

// Aggregate is contracts for the rest of the program.
var Aggregate = ledger.New("contract", ledger.Text{En: "technology contract", Zh: "技术合同"}, Decider, Codec,
	ledger.Does[Sign, Command](ledger.Verb{Name: "sign", Creates: true, Roles: legal, Approvers: approver,
		Help: ledger.Text{En: "record the signing of a technology contract", Zh: "技术合同签订"}}),
	ledger.Does[Register, Command](ledger.Verb{Name: "register", Roles: legal,
		Help: ledger.Text{En: "record its registration by the technology-market office", Zh: "技术合同认定登记"}}),
	ledger.Does[RevokeRegistration, Command](ledger.Verb{Name: "revoke-registration", Roles: legal, Approvers: approver,
		Help: ledger.Text{En: "record that the registration was revoked", Zh: "技术合同登记撤销"}}),
	ledger.Does[RecordLicence, Command](ledger.Verb{Name: "record-licence", Roles: legal,
		Help: ledger.Text{En: "record the filing of a patent licence with the patent office", Zh: "专利实施许可合同备案"}}),
	ledger.Does[Amend, Command](ledger.Verb{Name: "amend", Roles: legal, Approvers: approver,
		Help: ledger.Text{En: "change the terms by agreement", Zh: "合同变更"}}),
	ledger.Does[EndPerformed, Command](ledger.Verb{Name: "end-performed", Roles: legal,
		Help: ledger.Text{En: "end a contract that was performed", Zh: "合同履行完毕"}}),
	ledger.Does[End, Command](ledger.Verb{Name: "end", Roles: legal, Approvers: approver,
		Help: ledger.Text{En: "end a contract on another ground", Zh: "合同终止"}}),
	ledger.Does[RecordReceipt, Command](ledger.Verb{Name: "record-receipt", Roles: finance,
		Help: ledger.Text{En: "record money received", Zh: "到账登记"}}),
	ledger.Does[ApproveDistribution, Command](ledger.Verb{Name: "approve-distribution", Roles: []ledger.Role{ledger.TM, ledger.FIN}, Approvers: approver,
		Help: ledger.Text{En: "distribute income, shares or profit", Zh: "收益分配批准"}}),
	ledger.Does[PayDistribution, Command](ledger.Verb{Name: "pay-distribution", Roles: finance,
		Help: ledger.Text{En: "record a payment to a payee of a distribution", Zh: "奖酬发放"}}),
	ledger.Does[ReverseEntry, Command](ledger.Verb{Name: "reverse-entry", Roles: finance, Approvers: approver,
		Help: ledger.Text{En: "undo a money entry by an equal and opposite one", Zh: "冲销"}}),
).SeenBy(Sight)

// Sight: the offices see every contract. Completers, mentors and reviewers see those in which they
// act or for which somebody acts on their behalf.
var Sight = ledger.Sight{
	All: slices.DeleteFunc(ledger.AllRoles(), func(r ledger.Role) bool { return slices.Contains(guests, r) }),
	Own: guests,
	Concerns: func(_ ledger.Event, m ledger.Metadata) []string {
		var handles []string
		if m.OnBehalfOf != "" {
			handles = append(handles, m.OnBehalfOf)
		}
		if slices.Contains(guests, m.Role) {
			handles = append(handles, m.Actor)
		}
		return handles
	},
}

// guests take part in single contracts.
var guests = []ledger.Role{ledger.INV, ledger.MEN, ledger.REV}

// claims: the contract's number and every registration number it had are its own for ever; a
// receipt's voucher for as long as something of the receipt stands, so that one booked to the
// wrong contract can be booked to the right one. Vouchers are numbered by the unit that books.
func claims(s State, _ ledger.StreamID) []ledger.Claim {
	if s.Code == "" {
		return nil
	}
	held := []ledger.Claim{{Kind: "contract-code", Key: s.Code}}
	for _, r := range s.Registrations {
		held = append(held, ledger.Claim{Kind: "registration-no", Key: r.No})
	}
	for _, e := range s.Entries {
		if e.Kind == Receipt && e.Left() > 0 {
			held = append(held, ledger.Claim{Kind: "voucher", Key: s.Terms.provider().String() + " " + e.Voucher})
		}
	}
	return held
}

// effective refuses what needs a contract that is in force on the day.
func (s State) effective(on ledger.Date) error {
	switch {
	case on.Last().Compare(s.SignedOn.First()) < 0:
		return reject("date-order", fmt.Sprintf("dated %s, before the contract was signed on %s", on, s.SignedOn),
			fmt.Sprintf("业务发生日 %s 早于合同签订日(%s)", on, s.SignedOn))
	case s.Ended != "" && on.First().Compare(s.EndedOn.Last()) > 0:
		return reject("ended", fmt.Sprintf("the contract ended on %s (%s)", s.EndedOn, s.Ended),
			fmt.Sprintf("合同已于 %s 终止(%s)", s.EndedOn, s.Ended))
	}
	return nil
}

// running refuses a further act on the terms of a contract that ended.
func (s State) running(on ledger.Date) error {
	if s.Ended != "" {
		return reject("ended", fmt.Sprintf("the contract ended on %s (%s)", s.EndedOn, s.Ended), fmt.Sprintf("合同已于 %s 终止(%s)", s.EndedOn, s.Ended))
	}
	return s.effective(on)
}

// notBefore refuses an act that certainly happened before another.
func notBefore(on, earlier ledger.Date, what ledger.Text) error {
	if on.Last().Compare(earlier.First()) >= 0 {
		return nil
	}
	return reject("date-order", fmt.Sprintf("dated %s, before %s on %s", on, what.En, earlier), fmt.Sprintf("业务发生日 %s 早于%s(%s)", on, what.Zh, earlier))
}

func reject(code, en, zh string) error { return ledger.Rejected(code, ledger.Text{En: en, Zh: zh}) }

func stream(category string, id uuid.UUID) ledger.StreamID {
	return ledger.StreamID{Category: category, ID: id}
}
