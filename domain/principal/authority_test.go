package principal

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

var (
	lent     = Delegation{Code: "D-1", Role: ledger.APR, Scope: []string{"contract", "project/close"}, From: day("2026-01-01"), To: day("2026-12-31")}
	lender   = ledger.Context{Actor: "apr-zgc-02", Role: ledger.APR}
	company  = ledger.StreamID{Category: "organisation", ID: uuid.MustParse("0d9f6c1e-0c51-4a3e-8a8e-2f6d7f2b1c33")}
	interest = Interest{In: company, Relation: "kin", From: day("2026-01"), To: day("2026-06")}
)

func lending(change func(*Delegation)) Delegate {
	d := lent
	change(&d)
	return Delegate{d}
}

func TestDelegate(t *testing.T) {
	cases := []ledgertest.Case[Command, Event]{
		{Name: "authority for a year", Given: given(enrolled), At: lender, When: Delegate{lent}, Then: []Event{AuthorityDelegated{lent}}},
		{Name: "to oneself", Given: given(enrolled), At: ledger.Context{Actor: "tm-zgc-07", Role: ledger.APR}, When: Delegate{lent}, Code: "own-role"},
		{Name: "of a role not held", Given: given(enrolled), At: ledger.Context{Role: ledger.CHR}, When: Delegate{lent}, Code: "not-held"},
		{Name: "a code once", Given: given(enrolled, AuthorityDelegated{lent}), At: lender, When: Delegate{lent}, Code: "delegation-known"},
	}
	for field, change := range map[string]func(*Delegation){
		"code": func(d *Delegation) { d.Code = "" }, "role": func(d *Delegation) { d.Role = ledger.PM }, "scope": func(d *Delegation) { d.Scope = nil },
		"scope/1": func(d *Delegation) { d.Scope = []string{"*", "All"} }, "from": func(d *Delegation) { d.From = day("2026") }, "to": func(d *Delegation) { d.To = ledger.Date{} },
	} {
		cases = append(cases, ledgertest.Case[Command, Event]{Name: "wrong " + field, Given: given(enrolled), At: lender, When: lending(change), Code: "invalid", Field: field})
	}
	cases = append(cases, ledgertest.Case[Command, Event]{Name: "ends before it begins", Given: given(enrolled), At: lender,
		When: lending(func(d *Delegation) { d.To = day("2025-12-31") }), Code: "invalid", Field: "to"})
	ledgertest.Run(t, Decider, Codec, cases)
}

func TestEndDelegation(t *testing.T) {
	held := given(enrolled, AuthorityDelegated{lent})
	ledgertest.Run(t, Decider, Codec, []ledgertest.Case[Command, Event]{
		{Name: "before its end", Given: held, At: lender, When: EndDelegation{"D-1", day("2026-06-30")}, Then: []Event{DelegationEnded{"D-1", day("2026-06-30")}}},
		{Name: "ended so already", Given: held, At: lender, When: EndDelegation{"D-1", day("2026-12-31")}},
		{Name: "after its end", Given: held, At: lender, When: EndDelegation{"D-1", day("2027-01-01")}, Code: "no-delegation"},
		{Name: "another", Given: held, At: lender, When: EndDelegation{"D-2", day("2026-06-30")}, Code: "no-delegation"},
		{Name: "a month", Given: held, At: lender, When: EndDelegation{"D-1", day("2026-06")}, Code: "invalid", Field: "last"},
	})
}

func TestDeclareInterest(t *testing.T) {
	ledgertest.Run(t, Decider, Codec, []ledgertest.Case[Command, Event]{
		{Name: "for a time", Given: given(enrolled), When: DeclareInterest{interest}, Then: []Event{InterestDeclared{interest}}},
		{Name: "declared so already", Given: given(enrolled, InterestDeclared{interest}), When: DeclareInterest{interest}},
		{Name: "of no known relation", Given: given(enrolled), When: DeclareInterest{Interest{In: company, Relation: "friend"}}, Code: "invalid", Field: "relation"},
		{Name: "in nothing", Given: given(enrolled), When: DeclareInterest{Interest{Relation: "kin"}}, Code: "invalid", Field: "in"},
		{Name: "ends before it begins", Given: given(enrolled), When: DeclareInterest{Interest{company, "kin", day("2026-02-01"), day("2026-01")}}, Code: "invalid", Field: "to"},
	})
}

func TestAuthorityOnADay(t *testing.T) {
	s := State{Handle: "tm-zgc-07", Delegations: []Delegation{lent}, Interests: []Interest{interest}, Grants: []Grant{{ledger.CHR, day("2026-03-01"), day("2026-03-31")}}}
	named := "principal-" + ID("tm-zgc-07").String() + "#D-1"
	for _, c := range []struct {
		kind, verb, on, delegation string
		role                       ledger.Role
	}{
		{"contract", "sign", "2026-01-01", named, ledger.APR}, {"contract", "sign", "2026-12-31", named, ledger.APR},
		{"contract", "sign", "2025-12-31", "", ""}, {"contract", "sign", "2027-01-01", "", ""},
		{"project", "close", "2026-05-05", named, ledger.APR}, {"project", "approve", "2026-05-05", "", ""},
		{"project", "approve", "2026-03-31", "", ledger.CHR}, {"contract", "sign", "2026-03-01", "", ledger.CHR},
	} {
		role, delegation, ok := s.Authority(c.kind, c.verb, []ledger.Role{ledger.APR, ledger.CHR}, day(c.on))
		require.Equal(t, c.role, role, "%v", c)
		require.Equal(t, c.delegation, delegation)
		require.Equal(t, c.role != "", ok)
	}
	_, _, ok := s.Authority("contract", "sign", []ledger.Role{ledger.FIN}, day("2026-03-01"))
	require.False(t, ok, "a role that does not decide on it")
	for on, want := range map[string]string{"2025-12-31": "", "2026-01-01": "kin", "2026-06-30": "kin", "2026-07-01": ""} {
		require.Equal(t, want, s.InterestIn(company, day(on)), on)
	}
	require.Empty(t, s.InterestIn(ledger.ApprovalStream(company.ID), day("2026-03-01")))
}
