package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"ttledger/adapters/httpapi"
	"ttledger/adapters/sqlite"
	"ttledger/adapters/tlog"
	"ttledger/domain/ledger"
)

// server verifies a ledger through its API: it is believed in nothing. The events are kept in a
// ledger of our own meanwhile, whose answers those of the server are compared with.
func (v *verifying) server(ctx context.Context, address string, a tlog.Audit) (err error) {
	token, err := readToken(v.tokenFile, v.stdin)
	if err != nil {
		return err
	}
	s := &audited{client: &httpapi.Client{Server: address, Token: token}}
	a.Log = s.fetch
	if a.Ledger, err = s.ledgerID(ctx); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "ttledger-verify-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := sqlite.Create(filepath.Join(dir, "ledger.db"), a.Ledger); err != nil {
		return err
	}
	copied, err := sqlite.Open(filepath.Join(dir, "ledger.db"), time.Now)
	if err != nil {
		return err
	}
	copying := duplicate{store: copied}
	a.Events = copying.tee(ctx, s.events(ctx))
	err = v.audit(ctx, a)
	if err := errors.Join(err, copied.Close()); err != nil {
		return err
	}
	v.out.Vault = "the keys of personal data are the server's"
	switch {
	case v.noViews:
		v.out.Views = "not compared, as asked"
		return nil
	case copying.err != nil:
		v.out.Views = "not compared: " + copying.err.Error()
		return nil
	}
	return v.compareAnswers(ctx, s, dir)
}

// audited is a server that is being verified.
type audited struct{ client *httpapi.Client }

// slow is how often a server may ask to be asked more slowly, and how long is waited.
const (
	slowTimes = 60
	slowFor   = time.Second
)

// get reads a path; where the server says slower, more slowly.
func (s *audited) get(ctx context.Context, path string) (body io.ReadCloser, err error) {
	for range slowTimes {
		answer, failed := s.client.Get(ctx, path)
		if failed == nil {
			return answer.Body, nil
		}
		if err = failed; ledger.KindOf(err) != ledger.KindLimited {
			break
		}
		select {
		case <-time.After(slowFor):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return nil, err
}

// maxLogFile bounds a file of the log: a full tile of entries is the largest there can be.
const maxLogFile = 256 * (2 + 1<<16)

func (s *audited) fetch(ctx context.Context, path string) ([]byte, error) {
	body, err := s.get(ctx, "/"+path)
	if ledger.KindOf(err) == ledger.KindNotFound {
		return nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(io.LimitReader(body, maxLogFile))
}

// ledgerID is whose log this is, by its own word, which everything else is then held against.
func (s *audited) ledgerID(ctx context.Context) (uuid.UUID, error) {
	raw, err := s.fetch(ctx, tlog.CheckpointFile)
	if err != nil {
		return uuid.Nil, fmt.Errorf("%s has no transparency log that can be read: %w", s.client.Server, err)
	}
	origin, _, _ := strings.Cut(string(raw), "\n")
	id, err := uuid.Parse(strings.TrimPrefix(origin, "ttledger/"))
	if err != nil {
		return uuid.Nil, fmt.Errorf("%s: the checkpoint is none of a ledger's: %q", s.client.Server, origin)
	}
	return id, nil
}

// eventLine is an event as the API and audit bundles have it.
type eventLine struct {
	Entry    ledger.Entry    `json:"entry"`
	Stream   ledger.StreamID `json:"stream"`
	Version  ledger.Version  `json:"version"`
	ID       uuid.UUID       `json:"id"`
	Type     string          `json:"type"`
	Metadata json.RawMessage `json:"metadata"`
	Data     json.RawMessage `json:"data"`
	End      bool            `json:"_end"`
}

// recorded is the event with its bytes as they came.
func (e eventLine) recorded(metadata, data []byte) (r ledger.Recorded, err error) {
	r.ID, r.Type, r.Data = e.ID, e.Type, data
	r.Stream, r.Version, r.RawMeta = e.Stream, e.Version, metadata
	r.Meta, err = ledger.DecodeMetadata(r.RawMeta)
	return r, err
}

// maxEventLine bounds one event.
const maxEventLine = 64 << 20

// events reads all that the server has.
func (s *audited) events(ctx context.Context) iter.Seq2[ledger.Recorded, error] {
	return func(yield func(ledger.Recorded, error) bool) {
		body, err := s.get(ctx, "/v1/events?format=ndjson")
		if err != nil {
			yield(ledger.Recorded{}, err)
			return
		}
		defer body.Close()
		n, ended := ledger.Entry(0), false
		for line, err := range jsonLines(body) {
			var e eventLine
			if err == nil {
				err = json.Unmarshal(line, &e)
			}
			if err == nil && e.End {
				ended = true
				continue
			}
			n++
			if err == nil && e.Entry != n {
				err = fmt.Errorf("entry %d does not come, but entry %d; where the token is no auditor's, it does not see every entry", n, e.Entry)
			}
			var r ledger.Recorded
			if err == nil {
				r, err = e.recorded(e.Metadata, e.Data)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
		if !ended {
			yield(ledger.Recorded{}, errors.New("the server broke the events off"))
		}
	}
}

func jsonLines(r io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(make([]byte, 64<<10), maxEventLine)
		for lines.Scan() {
			if !yield(bytes.Clone(lines.Bytes()), nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// duplicate keeps events in a ledger of our own as they come by.
type duplicate struct {
	store *sqlite.Store
	batch []ledger.Recorded
	err   error // why there is no copy
}

func (d *duplicate) tee(ctx context.Context, events iter.Seq2[ledger.Recorded, error]) iter.Seq2[ledger.Recorded, error] {
	return func(yield func(ledger.Recorded, error) bool) {
		for r, err := range events {
			if err != nil {
				d.err = err
			} else if d.batch = append(d.batch, r); len(d.batch) == copyBatch {
				d.flush(ctx)
			}
			if !yield(r, err) {
				return
			}
		}
		d.flush(ctx)
	}
}

func (d *duplicate) flush(ctx context.Context) {
	if d.err == nil {
		d.err = d.store.Restore(ctx, d.batch)
	}
	d.batch = d.batch[:0]
}
