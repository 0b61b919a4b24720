package ledger_test

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
	"ttledger/domain/organisation"
)

func ExampleLedger_Do() {
	l := ledger.Ledger{
		ID:         uuid.MustParse("2f1e0d3c-4b5a-4968-8776-655443322110"),
		Secret:     []byte("a key of the vault"),
		Streams:    new(ledgertest.Streams),
		Now:        func() time.Time { return ledgertest.Now },
		Aggregates: []ledger.Aggregate{organisation.Aggregate},
	}
	register := ledger.Request{
		Aggregate: "organisation",
		ID:        uuid.MustParse("5b0e2c1a-7f3d-4e8b-9c6a-0d1e2f3a4b5c"), // chosen by the client
		Verb:      "register",
		Command:   uuid.MustParse("01977a3e-5c1f-7d2b-9e44-6a0b1c2d3e4f"), // the idempotency key
		Body:      []byte(`{"data":{"names":{"en":"Tsinghua University"},"kind":"university","uscc":"12100000400000624D"}}`),
		Actor:     ledger.Actor{Handle: "pm-zgc-01", Roles: []ledger.Role{ledger.PM}},
		Source:    ledger.Source{Kind: "api"},
	}
	receipt, err := l.Do(context.Background(), register)
	fmt.Println(receipt.Stream, receipt.Version, receipt.Created, err)

	// The answer was lost on its way: asking again changes nothing.
	receipt, err = l.Do(context.Background(), register)
	fmt.Println(receipt.Events[0].Type, receipt.Replayed, err)

	// Another key is another command.
	register.Command = uuid.MustParse("01977a3e-5c1f-7d2b-9e44-000000000002")
	_, err = l.Do(context.Background(), register)
	fmt.Println(ledger.CodeOf(err))
	// Output:
	// organisation-5b0e2c1a-7f3d-4e8b-9c6a-0d1e2f3a4b5c 1 true <nil>
	// organisation.registered.v1 true <nil>
	// exists
}
