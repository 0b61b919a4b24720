// Package identity is who outside issuers of identities (OpenID Connect) are here: an issuer's
// subject, linked to a principal by an administrator.
//
// The id of an identity's stream is derived from issuer and subject (ID), so that finding the
// principal reads one stream and is never behind, and one identity is one principal at a time.
// The subject itself, which may be somebody's address, is recorded nowhere.
package identity

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Event is a fact in an identity's stream.
type Event interface {
	ledger.Event
	apply(State) State
}

// Command asks for a change of one identity.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// State is an identity as far as rules need to know it.
type State struct {
	Issuer    string    `json:"issuer"`
	Principal uuid.UUID `json:"principal,omitzero"` // none where it was unlinked
}

// Decider is the rules of identities.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) { return c.decide(s, at) },
	Evolve: func(s State, e Event, _ ledger.Metadata) State { return e.apply(s) },
}

// Codec is every stored form of an identity's events.
var Codec = ledger.NewCodec(
	ledger.Current[Linked, Event](),
	ledger.Current[Unlinked, Event](),
)

// Aggregate is identities for the rest of the program.
var Aggregate = ledger.New("identity", ledger.Text{En: "outside identity", Zh: "外部身份"}, Decider, Codec,
	ledger.Does[Link, Command](ledger.Verb{Name: "link", Creates: true, Roles: administrators,
		Help: ledger.Text{En: "link a subject of an outside issuer to a principal", Zh: "将外部身份关联到操作主体"}}),
	ledger.Does[Relink, Command](ledger.Verb{Name: "relink", Roles: administrators,
		Help: ledger.Text{En: "link a subject again whose link was ended", Zh: "重新关联已解除关联的外部身份"}}),
	ledger.Does[Unlink, Command](ledger.Verb{Name: "unlink", Roles: administrators,
		Help: ledger.Text{En: "end the link of a subject", Zh: "解除外部身份关联"}}),
).SeenBy(ledger.Sight{All: []ledger.Role{ledger.ADM, ledger.AUD}})

var administrators = []ledger.Role{ledger.ADM}

var identitySpace = uuid.MustParse("5c0a7d0e-2f64-5b9a-9a51-7c3f0d9b6e21")

// ID is the stream id of an issuer's subject. An issuer is a URL and holds no line end, so no two
// pairs are written alike.
func ID(issuer, subject string) uuid.UUID {
	return uuid.NewSHA1(identitySpace, []byte(issuer+"\n"+subject))
}

// Link says which principal an issuer's subject is.
type Link struct {
	Issuer    string    `json:"issuer" en:"the issuer's URL, as its tokens have it in iss" zh:"签发方 URL(即令牌中的 iss)"`
	Subject   string    `json:"subject" en:"the subject, as the tokens have it in sub; it is not recorded" zh:"主体标识(即令牌中的 sub),不入账"`
	Principal uuid.UUID `json:"principal" en:"id of an enrolled principal" zh:"已登记操作主体的标识"`
}

// ReliesOn is the principal.
func (c Link) ReliesOn() []ledger.StreamID { return []ledger.StreamID{principal(c.Principal)} }

func principal(id uuid.UUID) ledger.StreamID { return ledger.StreamID{Category: "principal", ID: id} }

func (c Link) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(
		ledger.CheckText("issuer", c.Issuer, 500, true),
		ledger.CheckText("subject", c.Subject, 255, true),
	); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(c.Issuer, "https://") && !strings.HasPrefix(c.Issuer, "http://") {
		return nil, ledger.InvalidField("issuer", "an issuer is a URL", "签发方须为 URL")
	}
	if at.Stream.ID != ID(c.Issuer, c.Subject) {
		return nil, ledger.Rejected("identity-id", ledger.Text{
			En: fmt.Sprintf("a subject is one identity: the id of this one is %s", ID(c.Issuer, c.Subject)),
			Zh: fmt.Sprintf("一个外部主体对应一个身份:其标识为 %s", ID(c.Issuer, c.Subject)),
		})
	}
	if !at.Exists(principal(c.Principal)) {
		return nil, ledger.Rejected("no-such-principal", ledger.Text{
			En: fmt.Sprintf("the principal %s is not enrolled", c.Principal), Zh: fmt.Sprintf("操作主体 %s 尚未登记", c.Principal),
		})
	}
	switch s.Principal {
	case c.Principal:
		return nil, nil
	case uuid.Nil:
		return []Event{Linked{c.Issuer, c.Principal}}, nil
	}
	return nil, ledger.Rejected("linked", ledger.Text{
		En: "this identity is another principal; unlink it first", Zh: "该外部身份已关联其他操作主体,请先解除关联",
	})
}

// Relink is Link for an identity that is known already.
type Relink struct{ Link }

// Linked: whoever the issuer says is this subject acts as the principal.
type Linked struct {
	Issuer    string    `json:"issuer"`
	Principal uuid.UUID `json:"principal"`
}

// EventType is the stored name.
func (Linked) EventType() string { return "identity.linked.v1" }

func (e Linked) apply(s State) State {
	s.Issuer, s.Principal = e.Issuer, e.Principal
	return s
}

// Unlink ends the link.
type Unlink struct{}

func (Unlink) decide(s State, _ ledger.Context) ([]Event, error) {
	if s.Principal == uuid.Nil {
		return nil, nil
	}
	return []Event{Unlinked{s.Principal}}, nil
}

// Unlinked: the subject is nobody here any more.
type Unlinked struct {
	Principal uuid.UUID `json:"principal"`
}

// EventType is the stored name.
func (Unlinked) EventType() string { return "identity.unlinked.v1" }

func (e Unlinked) apply(s State) State {
	s.Principal = uuid.Nil
	return s
}

// Find is the principal that an identity is, or uuid.Nil. It reads the identity's stream, so it
// is never behind.
func Find(ctx context.Context, streams ledger.Streams, id uuid.UUID) (uuid.UUID, error) {
	var s State
	for r, err := range streams.Read(ctx, ledger.StreamID{Category: "identity", ID: id}, 0) {
		if err != nil {
			return uuid.Nil, err
		}
		e, err := Codec.Decode(r.Type, r.Data)
		if err != nil {
			return uuid.Nil, err
		}
		s = e.apply(s)
	}
	return s.Principal, nil
}
