package ledger_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
	"ttledger/domain/policy"
	"ttledger/domain/principal"
)

// A deal has a number of its own and parts. One person asks to grant or to pay, another decides.
type deal struct {
	No    string
	Parts []part
	Ended bool
	On    ledger.Date
	Paid  int
}

type part struct {
	Name string `json:"name"`
	Cost int64  `json:"cost"`
}

type deed interface {
	ledger.Event
	apply(deal) deal
}

type signed struct {
	No    string `json:"no"`
	Parts []part `json:"parts,omitzero"`
	Tag   string `json:"tag,omitzero"`
}

type ended struct{}
type granted struct {
	Cost int64 `json:"cost"`
}
type paid struct {
	Payee ledger.Personal `json:"payee" personal:"payee"`
	Sum   int64           `json:"sum"`
}

func (signed) EventType() string  { return "deal.signed.v1" }
func (ended) EventType() string   { return "deal.ended.v1" }
func (granted) EventType() string { return "deal.granted.v1" }
func (paid) EventType() string    { return "deal.paid.v1" }

func (signed) Correctable() {}
func (paid) Correctable()   {}

// Check is what must hold of a deal however it came to be recorded.
func (e signed) Check() error { return ledger.CheckText("tag", e.Tag, 5, false) }

func (e signed) apply(d deal) deal { d.No, d.Parts = e.No, e.Parts; return d }
func (ended) apply(d deal) deal    { d.Ended = true; return d }
func (granted) apply(d deal) deal  { return d }
func (e paid) apply(d deal) deal   { d.Paid++; return d }

type dealing interface {
	decide(deal, ledger.Context) ([]deed, error)
}

type conclude signed
type reserve signed
type end struct{}
type grant struct {
	To ledger.StreamID `json:"to,omitzero"`
}
type pay struct {
	Payee ledger.Personal `json:"payee" personal:"payee"`
}

func (c conclude) decide(deal, ledger.Context) ([]deed, error) { return []deed{signed(c)}, nil }
func (c reserve) decide(deal, ledger.Context) ([]deed, error)  { return []deed{signed(c)}, nil }
func (end) decide(deal, ledger.Context) ([]deed, error)        { return []deed{ended{}}, nil }

// Under a policy of caps, LOCAL-CAP where none is named.
func (grant) Under(deal) ledger.Governing {
	return ledger.Governing{Form: "cap", Code: "LOCAL-CAP"}
}

func (c grant) Benefits(deal) []ledger.StreamID { return []ledger.StreamID{c.To} }

func (grant) decide(d deal, at ledger.Context) ([]deed, error) {
	cap, err := ledger.Params[capped](at)
	if err != nil {
		return nil, err
	}
	if d.Ended {
		return nil, ledger.Rejected("ended", ledger.Text{En: "it is over", Zh: "已结束"})
	}
	return []deed{granted{cap.Most}}, nil
}

func (c pay) decide(d deal, _ ledger.Context) ([]deed, error) {
	if d.Ended {
		return nil, ledger.Rejected("ended", ledger.Text{En: "it is over", Zh: "已结束"})
	}
	return []deed{paid{c.Payee.Of(referee), 5}}, nil
}

// capped is the parameters of a policy.
type capped struct {
	Most int64 `json:"most"`
}

func (c capped) Check() error { return nil }

var dealCodec = ledger.NewCodec(ledger.Current[signed, deed](), ledger.Current[ended, deed](),
	ledger.Current[granted, deed](), ledger.Current[paid, deed]())

// house is a ledger of deals, with the people who make them and the policies they are made under.
type house struct {
	ledger.Ledger
	store ledgertest.Streams
	vault ledgertest.Vault
	n     int
}

func dealVerbs() []ledger.VerbOf[dealing] {
	pm, apr := []ledger.Role{ledger.PM}, []ledger.Role{ledger.APR}
	return []ledger.VerbOf[dealing]{
		ledger.Does[conclude, dealing](ledger.Verb{Name: "sign", Creates: true, Roles: pm}),
		ledger.Does[end, dealing](ledger.Verb{Name: "end", Roles: pm}),
		ledger.Does[reserve, dealing](ledger.Verb{Name: "reserve", Creates: true, Roles: pm, Approvers: apr}),
		ledger.Does[grant, dealing](ledger.Verb{Name: "grant", Roles: pm, Approvers: apr}),
		ledger.Does[pay, dealing](ledger.Verb{Name: "pay", Roles: pm, Approvers: apr}),
	}
}

func newHouse() *house {
	h := &house{}
	h.Ledger = newWorld().Ledger
	h.Streams, h.Vault = &h.store, &h.vault
	h.Aggregates = []ledger.Aggregate{
		ledger.New("deal", ledger.Text{En: "deal", Zh: "交易"}, ledger.Decider[deal, dealing, deed]{
			Decide: func(d deal, c dealing, at ledger.Context) ([]deed, error) { return c.decide(d, at) },
			Evolve: func(d deal, e deed, m ledger.Metadata) deal { d = e.apply(d); d.On = m.OccurredOn; return d },
			Claims: func(d deal, _ ledger.StreamID) []ledger.Claim {
				if d.No == "" || d.Ended {
					return nil
				}
				return []ledger.Claim{{Kind: "deal-no", Key: d.No}}
			},
		}, dealCodec, dealVerbs()...),
		principal.Aggregate,
		policy.Aggregate(ledger.RuleOf[capped]("cap", ledger.Text{En: "cap", Zh: "上限"}), ledger.RuleOf[capped]("other", ledger.Text{En: "other", Zh: "其他"})),
	}
	return h
}

var (
	firstDeal  = uuid.MustParse("6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7d01")
	secondDeal = uuid.MustParse("6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7d02")
	asker      = ledger.Actor{Handle: "pm-zgc-01", Roles: []ledger.Role{ledger.PM}}
	approver   = ledger.Actor{Handle: "apr-zgc-02", Roles: []ledger.Role{ledger.APR}}
	admin      = ledger.Actor{Handle: "adm-zgc-01", Roles: []ledger.Role{ledger.ADM}}
)

// ask is a request by somebody under the next key.
func (h *house) ask(by ledger.Actor, category string, id uuid.UUID, verb, body string) ledger.Request {
	h.n++
	return ledger.Request{Aggregate: category, ID: id, Verb: verb, Command: key(h.n), Body: []byte(body), Expect: ledger.Whatever(),
		Actor: by, Source: ledger.Source{Kind: "api"}}
}

func (h *house) do(t *testing.T, by ledger.Actor, category string, id uuid.UUID, verb, body string) ledger.Receipt {
	t.Helper()
	receipt, err := h.Do(t.Context(), h.ask(by, category, id, verb, body))
	require.NoError(t, err)
	return receipt
}

func (h *house) refuses(t *testing.T, code string, r ledger.Request) {
	t.Helper()
	before := h.store.All()
	_, err := h.Do(t.Context(), r)
	require.Equal(t, code, ledger.CodeOf(err), "%v", err)
	require.Equal(t, before, h.store.All(), "a refusal leaves no trace")
}

// decide is another person's answer to a request.
func (h *house) decide(by ledger.Actor, asked ledger.Receipt, answer string) ledger.Request {
	return h.ask(by, "approval", asked.Stream.ID, "decide", `{"data":{"decision":"`+answer+`","reason":"so"}}`)
}

// approve must carry out what was asked.
func (h *house) approve(t *testing.T, asked ledger.Receipt) *ledger.Effect {
	t.Helper()
	require.True(t, asked.Pending)
	receipt, err := h.Do(t.Context(), h.decide(approver, asked, "approve"))
	require.NoError(t, err)
	require.NotNil(t, receipt.Effect)
	return receipt.Effect
}

// adopt brings a version of a policy of caps into force.
func (h *house) adopt(t *testing.T, verb, form, code, version, from, most string) {
	t.Helper()
	effect := h.approve(t, h.do(t, asker, "policy", ledger.PolicyStream(code).ID, verb, `{"data":{"code":"`+code+`","version":"`+version+
		`","form":"`+form+`","names":{"zh":"上限","en":"Cap"},"issuer":"Zone","level":"zone","from":"`+from+`","mark":"D","params":{"most":`+most+`}}}`))
	require.Nil(t, effect.Refused)
}

func (h *house) deal(t *testing.T, id uuid.UUID) deal {
	t.Helper()
	a, _ := h.Aggregate("deal")
	var events []ledger.Recorded
	for r, err := range h.store.Read(t.Context(), ledger.StreamID{Category: "deal", ID: id}, 0) {
		require.NoError(t, err)
		events = append(events, r)
	}
	_, state, err := a.Fold(events)
	require.NoError(t, err)
	return state.(deal)
}

func (h *house) types() (names []string) {
	for _, r := range h.store.All() {
		names = append(names, r.Type)
	}
	return names
}
