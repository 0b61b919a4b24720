package esdb

import (
	"context"
	"errors"
	"fmt"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"ttledger/domain/ledger"
)

// isCode looks through what the client wraps its errors in; its FromError does not.
func isCode(err error, code esdb.ErrorCode) bool {
	e, ok := errors.AsType[*esdb.Error](err)
	return ok && e.Code() == code
}

// broken says that a client is of no more use after an error. What a subscription ends with is no
// error of the client's but gRPC's, which all others wrap.
func broken(err error) bool {
	return status.Code(err) == codes.Unavailable || isCode(err, esdb.ErrorCodeConnectionClosed) ||
		errors.Is(err, errStuck) || errors.Is(err, errPanic)
}

// explain says what an error of the client means to a caller. The client's own cancellation
// errors are none of context's, so what the context says comes first.
func (s *Store) explain(ctx context.Context, err error) error {
	_, ours := errors.AsType[*ledger.Error](err)
	switch {
	case err == nil || ours:
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case status.Code(err) == codes.Unauthenticated, status.Code(err) == codes.PermissionDenied:
		return fmt.Errorf("the event store does not let this process in; look at the user and password in --store and at the server's ACLs: %w", err)
	case isCode(err, esdb.ErrorCodeStreamDeleted):
		return fmt.Errorf("a stream of the ledger was deleted for ever, which only an administrator of the event store can do: %w", err)
	}
	return unavailable(err)
}

func unavailable(cause error) error {
	return ledger.Unavailable("store-unavailable", ledger.Text{
		En: "the event store does not answer; try again shortly",
		Zh: "事件库暂时没有响应,请稍后重试",
	}, cause)
}
