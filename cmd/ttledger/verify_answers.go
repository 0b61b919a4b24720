package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"strconv"
	"time"

	"ttledger/adapters/tlog"
	"ttledger/domain/ledger"
	"ttledger/projections"
)

// compareAnswers asks the server and a ledger of the same events the same questions: every view
// that the auditor may read, as known now and at some entries before.
func (v *verifying) compareAnswers(ctx context.Context, s *audited, dir string) (err error) {
	d, err := openToRead(ctx, place{data: dir})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	ours, err := newServer(d, logger(io.Discard))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ours.close()) }()
	if err := ours.runner.CatchUp(ctx); err != nil {
		v.out.Add(tlog.Finding{Check: "views", What: "the events cannot be replayed", Found: err.Error()})
		return nil
	}
	if alike, err := s.sameViews(ctx, ours); err != nil {
		return err
	} else if !alike {
		v.out.Unsaid, v.out.Views = "the server has other read models than this release of the program: verify with the server's release, or with --no-views", "not compared"
		return nil
	}
	known, err := s.known(ctx)
	if err != nil {
		return err
	}
	known = min(known, v.out.Entries)
	var sheets int
	for _, view := range projections.Views() {
		path := "/v1/views/" + url.PathEscape(view.Name) + "?format=ndjson&as-of=" + ledger.DayOf(time.Now()).String()
		for _, k := range []ledger.Entry{known, known * 2 / 3, known / 3} {
			if k == 0 {
				continue
			}
			compared, err := v.compareRows(ctx, s, ours, view.Name, fmt.Sprintf("%s&known-at=%d", path, k), k)
			if err != nil {
				return err
			}
			if compared {
				sheets++
			}
		}
	}
	v.out.Views = fmt.Sprintf("%d sheets (each view that this token may read, at up to three entries) replayed from the events and compared", sheets)
	return nil
}

// sameViews says whether a server lists the read models that we have.
func (s *audited) sameViews(ctx context.Context, ours *server) (bool, error) {
	body, err := s.get(ctx, "/v1/views")
	if err != nil {
		return false, err
	}
	defer body.Close()
	theirs, err := io.ReadAll(io.LimitReader(body, maxLogFile))
	if err != nil {
		return false, err
	}
	var own bytes.Buffer
	err = ask(ctx, ours.api, s.client.Token, "/v1/views", &own)
	return bytes.Equal(theirs, own.Bytes()), err
}

// known is the entry that the server's read models have come to.
func (s *audited) known(ctx context.Context) (ledger.Entry, error) {
	answer, err := s.client.Get(ctx, "/v1/events?limit=1")
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	n, err := strconv.ParseUint(answer.Header.Get("Ledger-Entry"), 10, 63)
	return ledger.Entry(n), err
}

// compareRows holds the rows of one view at one moment against ours, line by line.
func (v *verifying) compareRows(ctx context.Context, s *audited, ours *server, view, path string, k ledger.Entry) (compared bool, err error) {
	body, err := s.get(ctx, path)
	if ledger.KindOf(err) == ledger.KindDenied {
		return false, nil
	}
	if err != nil {
		v.out.Add(tlog.Finding{Check: "views", Entry: k, What: view + " is not served", Found: err.Error()})
		return true, nil
	}
	defer body.Close()
	from, to := io.Pipe()
	go func() { to.CloseWithError(ask(ctx, ours.api, s.client.Token, path, to)) }()
	defer from.Close()
	next, stop := iter.Pull2(jsonLines(from))
	defer stop()
	for got, err := range jsonLines(body) {
		want, failed, more := next()
		if failed != nil {
			return true, fmt.Errorf("%s, replayed: %w", view, failed)
		}
		if err != nil {
			return true, err
		}
		if !more || !sameRow(want, got) {
			v.out.Add(tlog.Finding{Check: "views", Entry: k, What: fmt.Sprintf("a row of %s as known at entry %d is not what the events come to", view, k), Expected: string(want), Found: string(got)})
			return true, nil
		}
	}
	if want, _, more := next(); more {
		v.out.Add(tlog.Finding{Check: "views", Entry: k, What: fmt.Sprintf("rows of %s as known at entry %d are missing", view, k), Expected: string(want), Found: "nothing"})
	}
	return true, nil
}

// sameRow compares lines of rows. The last says how far each side's read models stood, which may
// differ; how many rows there were may not.
func sameRow(want, got []byte) bool {
	type end struct {
		End   bool `json:"_end"`
		Count int  `json:"count"`
	}
	var a, b end
	if json.Unmarshal(want, &a) == nil && json.Unmarshal(got, &b) == nil && (a.End || b.End) {
		return a == b
	}
	return bytes.Equal(want, got)
}
