package identity

import (
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

const (
	issuer  = "https://login.example.org"
	subject = "248289761001"
)

var (
	given = ledgertest.Given[Event]
	ada   = uuid.MustParse("39f4d81b-57ee-50c3-9021-3560d5a29472")
	bea   = uuid.MustParse("0f6d3a52-4b1c-4c5e-9d0a-7a1d5b2c9e44")
)

func TestLinks(t *testing.T) {
	at := ledger.Context{
		Stream:   ledger.StreamID{Category: "identity", ID: ID(issuer, subject)},
		ReliedOn: []ledger.Relied{{Stream: principal(ada), Version: 3}, {Stream: principal(bea), Version: 1}},
	}
	link := Link{issuer, subject, ada}
	linked := Linked{issuer, ada}
	ledgertest.Run(t, Decider, Codec, []ledgertest.Case[Command, Event]{
		{Name: "linked", At: at, When: link, Then: []Event{linked}},
		{Name: "linked so already", At: at, Given: given(linked), When: link},
		{Name: "one identity is one principal", At: at, Given: given(linked), When: Link{issuer, subject, bea}, Code: "linked"},
		{Name: "moved by way of unlinking", At: at, Given: given(linked, Unlinked{ada}), When: Relink{Link{issuer, subject, bea}}, Then: []Event{Linked{issuer, bea}}},
		{Name: "under another's id", At: ledger.Context{ReliedOn: at.ReliedOn}, When: link, Code: "identity-id"},
		{Name: "to nobody", At: at, When: Link{issuer, subject, uuid.UUID{1}}, Code: "no-such-principal"},
		{Name: "no issuer", At: at, When: Link{"", subject, ada}, Code: "invalid", Field: "issuer"},
		{Name: "an issuer that is no URL", At: at, When: Link{"login.example.org", subject, ada}, Code: "invalid", Field: "issuer"},
		{Name: "no subject", At: at, When: Link{issuer, "", ada}, Code: "invalid", Field: "subject"},
		{Name: "a subject beyond what issuers may have", At: at, When: Link{issuer, strings.Repeat("9", 256), ada}, Code: "invalid", Field: "subject"},
		{Name: "unlinked", At: at, Given: given(linked), When: Unlink{}, Then: []Event{Unlinked{ada}}},
		{Name: "unlinked already", At: at, Given: given(linked, Unlinked{ada}), When: Unlink{}},
	})
}

func TestFind(t *testing.T) {
	var streams ledgertest.Streams
	stream := ledger.StreamID{Category: "identity", ID: ID(issuer, subject)}
	find := func() uuid.UUID {
		found, err := Find(t.Context(), &streams, stream.ID)
		require.NoError(t, err)
		return found
	}
	require.Equal(t, uuid.Nil, find())
	for i, c := range []struct {
		event Event
		is    uuid.UUID
	}{{Linked{issuer, ada}, ada}, {Unlinked{ada}, uuid.Nil}, {Linked{issuer, bea}, bea}} {
		data, err := Codec.Encode(c.event)
		require.NoError(t, err)
		_, err = streams.Append(t.Context(), stream, ledger.Version(i), []ledger.Proposed{{ID: uuid.New(), Type: c.event.EventType(), Data: data, Meta: ledger.Metadata{OccurredOn: ledgertest.Before}}})
		require.NoError(t, err)
		require.Equal(t, c.is, find())
	}
}

// An identity has the same id on every machine, for ever: this one is pinned.
func TestTheIDOfAnIdentity(t *testing.T) {
	require.Equal(t, "7fdc5061-3b49-5284-923a-89c2f8cf62bc", ID(issuer, subject).String())
	require.NotEqual(t, ID(issuer, subject), ID(issuer+"/", subject))
}

func TestStoredShapes(t *testing.T) { ledgertest.Shapes(t, Codec, os.DirFS("testdata/events")) }

func FuzzDecode(f *testing.F) { ledgertest.FuzzDecode(f, Codec, os.DirFS("testdata/events")) }
