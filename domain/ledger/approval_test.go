package ledger_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
	"ttledger/domain/principal"
)

const (
	signIt  = `{"data":{"no":"K-1"}}`
	grantIt = `{"data":{"to":"organisation-0d9f6c1e-0c51-4a3e-8a8e-2f6d7f2b1c33"}}`
	payIt   = `{"data":{"payee":"王小明"}}`
)

// openHouse is a house with one deal and one policy of caps.
func openHouse(t *testing.T) *house {
	h := newHouse()
	h.do(t, asker, "deal", firstDeal, "sign", signIt)
	h.adopt(t, "adopt", "cap", "LOCAL-CAP", "2026", "2026-01-01", "7")
	return h
}

func TestWhatNeedsTwoIsAskedForAndApproved(t *testing.T) {
	h := openHouse(t)
	r := h.ask(asker, "deal", firstDeal, "grant", grantIt)
	asked, err := h.Do(t.Context(), r)
	require.NoError(t, err)
	require.True(t, asked.Pending)
	require.Equal(t, ledger.ApprovalStream(r.Command), asked.Stream)
	require.NotContains(t, h.types(), "deal.granted.v1", "asked for, and not done")

	again, err := h.Do(t.Context(), r)
	require.NoError(t, err)
	require.True(t, again.Replayed && again.Pending)
	require.Equal(t, asked.Events, again.Events)
	other := r
	other.Body = []byte(`{"data":{}}`)
	h.refuses(t, "key-reused", other)
	other = r
	other.Actor.Handle = "pm-zgc-09"
	h.refuses(t, "key-reused", other)

	effect := h.approve(t, asked)
	all := h.store.All()
	done := all[len(all)-2]
	require.Equal(t, "deal.granted.v1", done.Type)
	require.Equal(t, `{"cost":7}`, string(done.Data))
	require.Equal(t, asked.Stream.String(), done.Meta.Approval)
	require.Equal(t, [3]string{"pm-zgc-01", "PM", "apr-zgc-02"}, [3]string{done.Meta.Actor, string(done.Meta.Role), done.Meta.Approver})
	require.Equal(t, r.Command, done.Meta.Command)
	require.Equal(t, &ledger.Policy{Code: "LOCAL-CAP", Version: "2026"}, done.Meta.Policy)
	require.Equal(t, []ledger.EventRef{{ID: done.ID, Type: done.Type, Version: 2}}, effect.Events)
	require.Equal(t, "approval.carried-out.v1", all[len(all)-1].Type)

	h.refuses(t, "decided-already", h.decide(approver, asked, "refuse"))
	found, err := h.CarryOut(t.Context(), asked.Stream)
	require.NoError(t, err)
	require.Equal(t, effect.Events, found.Events)
	require.Equal(t, all, h.store.All(), "to carry it out again changes nothing")
}

func TestWhatTheRulesForbidIsNotAskedFor(t *testing.T) {
	h := openHouse(t)
	h.refuses(t, "claimed", h.ask(asker, "deal", secondDeal, "reserve", signIt))
	h.refuses(t, "no-such-stream", h.ask(asker, "deal", secondDeal, "grant", grantIt))
	stale := h.ask(asker, "deal", firstDeal, "grant", grantIt)
	stale.Expect = ledger.At(9)
	h.refuses(t, "stale", stale)
	h.do(t, asker, "deal", firstDeal, "end", `{"data":{}}`)
	h.refuses(t, "ended", h.ask(asker, "deal", firstDeal, "grant", grantIt))
	h.approve(t, h.do(t, asker, "deal", secondDeal, "reserve", signIt)) // the number is free
	require.Equal(t, "K-1", h.deal(t, secondDeal).No)
}

func TestRulesAreCheckedAgainWhenItIsApproved(t *testing.T) {
	h := openHouse(t)
	asked := h.do(t, asker, "deal", firstDeal, "grant", grantIt)
	h.do(t, asker, "deal", firstDeal, "end", `{"data":{}}`)
	effect := h.approve(t, asked)
	require.Equal(t, "ended", effect.Refused.Code)
	require.NotContains(t, h.types(), "deal.granted.v1")
	require.Equal(t, "approval.failed.v1", h.types()[len(h.types())-1])
}

func TestNobodyDecidesOnTheirOwnRequest(t *testing.T) {
	h := openHouse(t)
	both := ledger.Actor{Handle: asker.Handle, Roles: []ledger.Role{ledger.PM, ledger.APR}}
	asked := h.do(t, asker, "deal", firstDeal, "grant", `{"on_behalf_of":"apr-zgc-03","data":{}}`)
	h.refuses(t, "four-eyes", h.decide(both, asked, "approve"))
	h.refuses(t, "four-eyes", h.decide(ledger.Actor{Handle: "apr-zgc-03", Roles: both.Roles}, asked, "approve"))
	h.refuses(t, "role", h.decide(ledger.Actor{Handle: "leg-zgc-01", Roles: []ledger.Role{ledger.LEG}}, asked, "approve"))
	h.refuses(t, "invalid", h.ask(approver, "approval", asked.Stream.ID, "decide", `{"data":{"decision":"refuse"}}`))
	h.refuses(t, "invalid", h.decide(approver, asked, "perhaps"))
	h.refuses(t, "no-such-stream", h.decide(approver, ledger.Receipt{Stream: ledger.ApprovalStream(key(99))}, "approve"))

	h.refuses(t, "not-yours", h.ask(approver, "approval", asked.Stream.ID, "withdraw", `{"data":{}}`))
	h.do(t, asker, "approval", asked.Stream.ID, "withdraw", `{"data":{}}`)
	h.refuses(t, "decided-already", h.decide(approver, asked, "approve"))

	asked = h.do(t, asker, "deal", firstDeal, "grant", grantIt)
	receipt, err := h.Do(t.Context(), h.decide(approver, asked, "refuse"))
	require.NoError(t, err)
	require.Nil(t, receipt.Effect)
	h.refuses(t, "decided-already", h.ask(asker, "approval", asked.Stream.ID, "withdraw", `{"data":{}}`))
	require.NotContains(t, h.types(), "deal.granted.v1")
}

// enrol makes a principal of whom the ledger knows what they may.
func (h *house) enrol(t *testing.T, handle string) uuid.UUID {
	id := principal.ID(handle)
	require.Equal(t, ledger.PrincipalStream(handle).ID, id)
	h.do(t, admin, "principal", id, "enrol", `{"data":{"handle":"`+handle+`","kind":"person"}}`)
	return id
}

func TestAuthorityIsThatOfTheDay(t *testing.T) {
	h := openHouse(t)
	asked := h.do(t, asker, "deal", firstDeal, "grant", grantIt)
	id := h.enrol(t, "apr-zgc-05")
	deputy := ledger.Actor{Handle: "apr-zgc-05", Roles: []ledger.Role{ledger.TM}}
	h.refuses(t, "no-authority", h.decide(deputy, asked, "approve"))

	lend := func(code, scope, from, to string) {
		h.do(t, approver, "principal", id, "delegate", `{"data":{"code":"`+code+`","role":"APR","scope":["`+scope+`"],"from":"`+from+`","to":"`+to+`"}}`)
	}
	lend("D-1", "contract", "2026-06-01", "2026-06-30")
	lend("D-2", "deal/pay", "2026-06-01", "2026-06-30")
	lend("D-3", "deal", "2026-05-01", "2026-06-14")
	h.refuses(t, "no-authority", h.decide(deputy, asked, "approve"))
	lend("D-4", "deal/grant", "2026-06-15", "2026-06-15")

	h.do(t, deputy, "principal", id, "declare-interest", `{"data":{"in":"organisation-0d9f6c1e-0c51-4a3e-8a8e-2f6d7f2b1c33","relation":"kin","to":"2026-06-14"}}`)
	receipt, err := h.Do(t.Context(), h.decide(deputy, asked, "approve"))
	require.NoError(t, err, "an interest that has ended is none")
	require.Nil(t, receipt.Effect.Refused)
	for _, r := range h.store.All() {
		if r.Stream == asked.Stream && r.Type == "approval.decided.v1" {
			require.Equal(t, ledger.APR, r.Meta.Role)
			require.Equal(t, "principal-"+id.String()+"#D-4", r.Meta.Authority, "the delegation is named")
		}
	}

	h.do(t, deputy, "principal", id, "declare-interest", `{"data":{"in":"organisation-0d9f6c1e-0c51-4a3e-8a8e-2f6d7f2b1c33","relation":"shareholder","from":"2026-06-15"}}`)
	h.refuses(t, "interested", h.decide(deputy, h.do(t, asker, "deal", firstDeal, "grant", grantIt), "approve"))
}

func TestAnApprovedCommandIsCarriedOutOnceWhateverIsLost(t *testing.T) {
	for name, lose := range map[string]func(h *house, fail func() error){
		"answers":  func(h *house, fail func() error) { h.store.AfterAppend = fail },
		"appends":  func(h *house, fail func() error) { h.store.BeforeAppend = fail },
		"contacts": func(h *house, fail func() error) { h.store.BeforeRead = func(ledger.StreamID) error { return fail() } },
	} {
		for nth := range 6 {
			t.Run(name, func(t *testing.T) {
				h := openHouse(t)
				asked := h.do(t, asker, "deal", firstDeal, "pay", payIt)
				calls := 0
				lose(h, func() error {
					if calls++; calls == nth+1 {
						return ledgertest.ErrLost
					}
					return nil
				})
				r := h.decide(approver, asked, "approve")
				receipt, err := h.Do(t.Context(), r)
				if err != nil {
					require.ErrorIs(t, err, ledgertest.ErrLost)
					receipt, err = h.Do(t.Context(), r)
				}
				require.NoError(t, err)
				require.NotNil(t, receipt.Effect)
				lose(h, func() error { return nil })
				_, err = h.CarryOut(t.Context(), asked.Stream)
				require.NoError(t, err)
				require.Equal(t, 1, h.deal(t, firstDeal).Paid)
				count := map[string]int{}
				for _, name := range h.types() {
					count[name]++
				}
				require.Equal(t, 2, count["approval.carried-out.v1"], "with that of the policy")
			})
		}
	}
}

func TestWhatARequestTellsOfAPersonIsShreddedWhenItIsSettled(t *testing.T) {
	act := func(h *house, s ledger.StreamID) ledger.Personal {
		for r := range h.store.Read(t.Context(), s, 0) {
			require.NotContains(t, string(r.Data), "王小明")
			e, err := h.Decode(r.Type, r.Data)
			require.NoError(t, err)
			if e, ok := e.(ledger.ApprovalRequested); ok {
				return e.ActSealed
			}
		}
		return ledger.Personal{}
	}
	for name, settle := range map[string]func(h *house, asked ledger.Receipt) ledger.Request{
		"approved": func(h *house, asked ledger.Receipt) ledger.Request { return h.decide(approver, asked, "approve") },
		"refused":  func(h *house, asked ledger.Receipt) ledger.Request { return h.decide(approver, asked, "refuse") },
		"withdrawn": func(h *house, asked ledger.Receipt) ledger.Request {
			return h.ask(asker, "approval", asked.Stream.ID, "withdraw", `{"data":{}}`)
		},
		"failed": func(h *house, asked ledger.Receipt) ledger.Request {
			h.do(t, asker, "deal", firstDeal, "end", `{"data":{}}`)
			return h.decide(approver, asked, "approve")
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := openHouse(t)
			r := h.ask(asker, "deal", firstDeal, "pay", payIt)
			asked, err := h.Do(t.Context(), r)
			require.NoError(t, err)
			sealed := act(h, asked.Stream)
			text, err := h.Open(t.Context(), sealed)
			require.NoError(t, err)
			require.Contains(t, text, "王小明", "until then it can be read")

			_, err = h.Do(t.Context(), settle(h, asked))
			require.NoError(t, err)
			_, err = h.Open(t.Context(), sealed)
			require.Equal(t, "subject-erased", ledger.CodeOf(err), "%v", err)
			again, err := h.Do(t.Context(), r)
			require.NoError(t, err)
			require.True(t, again.Replayed, "a repeat is answered all the same")
		})
	}
}
