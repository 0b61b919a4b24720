package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
)

func TestADecisionIsMadeUnderTheVersionInForce(t *testing.T) {
	h := newHouse()
	h.do(t, asker, "deal", firstDeal, "sign", signIt)
	h.refuses(t, "no-policy", h.ask(asker, "deal", firstDeal, "grant", grantIt))
	h.adopt(t, "adopt", "cap", "LOCAL-CAP", "2025", "2025-01-01", "5")
	h.adopt(t, "revise", "cap", "LOCAL-CAP", "2026", "2026-06-01", "6")
	h.adopt(t, "adopt", "cap", "ZONE-CAP", "1", "2026-01-01", "9")
	h.adopt(t, "adopt", "other", "OTHER", "1", "2026-01-01", "9")

	for _, c := range []struct{ name, envelope, data, policy, version string }{
		{"today", ``, `{"cost":6}`, "LOCAL-CAP", "2026"},
		{"on the business date", `"occurred_on":"2026-05-31",`, `{"cost":5}`, "LOCAL-CAP", "2025"},
		{"one that is named", `"policy":{"code":"LOCAL-CAP","version":"2025"},`, `{"cost":5}`, "LOCAL-CAP", "2025"},
		{"another policy of the form", `"policy":{"code":"ZONE-CAP","version":"1"},`, `{"cost":9}`, "ZONE-CAP", "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h.approve(t, h.do(t, asker, "deal", firstDeal, "grant", `{`+c.envelope+`"data":{}}`))
			all := h.store.All()
			done := all[len(all)-2]
			require.Equal(t, c.data, string(done.Data))
			require.Equal(t, &ledger.Policy{Code: c.policy, Version: c.version}, done.Meta.Policy)
			require.Equal(t, ledger.PolicyStream(c.policy), done.Meta.ReliedOn[0].Stream)
		})
	}
	for _, c := range []struct{ code, envelope string }{
		{"no-policy", `"occurred_on":"2024-12-31",`},
		{"no-such-policy", `"policy":{"code":"LOCAL-CAP","version":"2030"},`},
		{"no-such-policy", `"policy":{"code":"NONE","version":"1"},`},
		{"policy-form", `"policy":{"code":"OTHER","version":"1"},`},
	} {
		h.refuses(t, c.code, h.ask(asker, "deal", firstDeal, "grant", `{`+c.envelope+`"data":{}}`))
	}
}
