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
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"ttledger/adapters/httpapi"
	"ttledger/adapters/sqlite"
	"ttledger/adapters/tlog"
	"ttledger/domain/ledger"
	"ttledger/projections"
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
