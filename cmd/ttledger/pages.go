package main

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"ttledger/adapters/webui"
	"ttledger/domain/ledger"
	"ttledger/projections"
)

// pages is the web pages in front of an API.
func (s *server) pages(api http.Handler, log *slog.Logger) (http.Handler, error) {
	return webui.New(webui.Config{
		API: api, Standing: s.standing, Attempt: s.d.ledger.Attempt, Now: time.Now, Log: log, Version: version,
		Aggregates: append(slices.Clone(aggregates), ledger.Approvals), Views: projections.Views(), Reports: projections.Reports(),
	})
}

// standing is how far the read models stand, and how many events they are behind.
func (s *server) standing(ctx context.Context) (projections.Checkpoint, int64, error) {
	at, err := s.views.Checkpoint(ctx)
	if err != nil {
		return at, 0, err
	}
	behind, _, err := s.d.store.Behind(ctx, at.Position)
	return at, behind, err
}
