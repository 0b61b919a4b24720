package sqlite

import (
	"context"

	"zombiezen.com/go/sqlite"

	"ttledger/projections"
)

// Hold reads until ctx ends, as a slow reader would.
func (v *Views) Hold(ctx context.Context) error {
	return v.read(ctx, func(*sqlite.Conn, int64, projections.Checkpoint) error {
		<-ctx.Done()
		return nil
	})
}
