package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/mux"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// event is a recorded event as the public sees it. Metadata and Data are the stored bytes.
type event struct {
	Entry      ledger.Entry    `json:"entry,omitzero"` // absent where the read models have not counted it yet
	Stream     string          `json:"stream"`
	Version    ledger.Version  `json:"version"`
	ID         uuid.UUID       `json:"id"`
	Type       string          `json:"type"`
	OccurredOn ledger.Date     `json:"occurred_on"`
	RecordedAt time.Time       `json:"recorded_at"`
	Actor      string          `json:"actor"`
	Role       ledger.Role     `json:"role"`
	Metadata   json.RawMessage `json:"metadata"`
	Data       json.RawMessage `json:"data"`

	Changed map[string]projections.Change `json:"changed,omitzero"` // in the state of its thing, where that is asked for

	recorded ledger.Recorded
}

func eventOf(r ledger.Recorded, entry ledger.Entry) event {
	return event{
		Entry: entry, Stream: r.Stream.String(), Version: r.Version, ID: r.ID, Type: r.Type,
		OccurredOn: r.Meta.OccurredOn, RecordedAt: r.Meta.RecordedAt, Actor: r.Meta.Actor, Role: r.Meta.Role,
		Metadata: r.RawMeta, Data: r.Data, recorded: r,
	}
}

// history is a stream after a version, at most limit events, straight from the store.
func (a *api) history(ctx context.Context, s ledger.StreamID, after ledger.Version, limit int) ([]event, error) {
	events := []event{}
	for r, err := range a.Ledger.Streams.Read(ctx, s, after) {
		if err != nil {
			return nil, err
		}
		if events = append(events, eventOf(r, 0)); len(events) == limit {
			break
		}
	}
	// Read after the events, so that none is numbered that is not there.
	entries, err := a.Reader.Entries(ctx, s)
	if err != nil {
		return nil, err
	}
	for i := range events {
		events[i].Entry = entries[events[i].Version]
	}
	return events, nil
}

// stream answers the history of one thing, oldest first.
func (a *api) stream(w http.ResponseWriter, r *http.Request) error {
	vars, p := mux.Vars(r), paramsOf(r)
	form, err := negotiate(r.Header, p.one("format"), formatJSON, formatBatch, formatCloudEvents)
	if err != nil {
		return err
	}
	when := p.moment()
	asked, from, to := p.retold(form)
	if err := p.done(); err != nil {
		return err
	}
	if err := asked.days(from, to); err != nil {
		return err
	}
	id, err := parseUUID(vars["id"])
	if err != nil {
		return err
	}
	at, err := a.at(r.Context(), when)
	if err != nil {
		return err
	}
	cp, err := a.Reader.Checkpoint(r.Context())
	if err != nil {
		return err
	}
	stream := ledger.StreamID{Category: vars["aggregate"], ID: id}
	seen, err := a.sees(r.Context(), callOf(r).actor, stream)
	if err != nil {
		return err
	}
	var events []event
	if seen {
		if events, err = a.history(r.Context(), stream, 0, math.MaxInt); err != nil {
			return err
		}
	}
	if len(events) == 0 {
		return ledger.NoStream(stream)
	}
	version, all := events[len(events)-1].Version, slices.Clone(events)
	events = slices.DeleteFunc(events, func(e event) bool {
		return at.KnownAt > 0 && (e.Entry == 0 || e.Entry > at.KnownAt) ||
			!at.AsOf.IsZero() && e.OccurredOn.First().Compare(at.AsOf) > 0
	})
	events, since, err := a.tell(r.Context(), stream, all, events, at, asked)
	if err != nil {
		return err
	}
	stand(w.Header(), cp)
	w.Header().Set("ETag", etag(version))
	switch form {
	case formatBatch:
		return writeBatch(w, events)
	case formatCloudEvents:
		return a.streamLines(w, events)
	default:
		return writeJSON(w, http.StatusOK, struct {
			Stream  ledger.StreamID `json:"stream"`
			Version ledger.Version  `json:"version"`
			Events  []event         `json:"events"`
			Since   *compared       `json:"since,omitzero"`
		}{stream, version, append([]event{}, events...), since})
	}
}

func (a *api) streamLines(w http.ResponseWriter, events []event) error {
	out := a.newLines(w)
	for _, e := range events {
		if err := out.line(e.in(formatCloudEvents)); err != nil {
			return err
		}
	}
	return nil
}

// The bounds of a page of events.
const (
	eventsPage    = 100
	eventsPageMax = 1000
)

// feedQuery is what GET /v1/events asks for.
type feedQuery struct {
	after   ledger.Entry
	until   ledger.Entry // 0: the head
	limit   int          // 0: none
	types   []string
	streams []string
	actors  []string
	sight   sight
}

// events answers the whole ledger in order: a page of it, all of it a line an event, or live.
func (a *api) events(w http.ResponseWriter, r *http.Request) error {
	p := paramsOf(r)
	form, err := negotiate(r.Header, p.one("format"), formatJSON, formatNDJSON, formatBatch, formatCloudEvents, formatLive)
	if err != nil {
		return err
	}
	q, err := a.readFeedQuery(r, p, form)
	if err != nil {
		return err
	}
	cp, err := a.Reader.Checkpoint(r.Context())
	if err != nil {
		return err
	}
	stand(w.Header(), cp)
	switch form {
	case formatLive:
		return a.live(w, r, q)
	case formatNDJSON, formatCloudEvents:
		return a.eventLines(w, r, q, form)
	default:
		return a.eventPage(w, r, q, form)
	}
}

func (a *api) readFeedQuery(r *http.Request, p *params, form format) (q feedQuery, err error) {
	q.after = ledger.Entry(p.number("after", 0, 0, math.MaxInt64))
	q.types, q.streams, q.actors = p.all("type"), p.all("stream"), p.all("actor")
	knownAt := ""
	switch form {
	case formatLive: // has neither a limit nor an end
		if q.after, err = lastEventID(r.Header, q.after); err != nil {
			return q, err
		}
	case formatNDJSON, formatCloudEvents:
		q.limit, knownAt = int(p.number("limit", 0, 1, math.MaxInt64)), p.one("known-at")
	default:
		q.limit, knownAt = int(p.number("limit", eventsPage, 1, eventsPageMax)), p.one("known-at")
	}
	if err := p.done(); err != nil {
		return q, err
	}
	for _, s := range q.streams {
		if _, err := ledger.ParseStreamID(s); err != nil {
			return q, err
		}
	}
	if knownAt != "" {
		if q.until, err = a.knownAt(r.Context(), knownAt); err != nil {
			return q, err
		}
	}
	q.sight, err = a.sightOf(r.Context(), callOf(r).actor)
	return q, err
}

func (a *api) eventPage(w http.ResponseWriter, r *http.Request, q feedQuery, form format) error {
	page, limit := []event{}, q.limit
	q.limit++ // one more, to know whether there is another page
	if _, err := a.scan(r.Context(), q, func(e event) error {
		page = append(page, e)
		return nil
	}); err != nil {
		return err
	}
	next := ""
	if len(page) > limit {
		page = page[:limit]
		next = nextPage(w, r, url.Values{"after": {fmt.Sprint(page[limit-1].Entry)}})
	}
	if form == formatBatch {
		return writeBatch(w, page)
	}
	return writeJSON(w, http.StatusOK, struct {
		Events []event `json:"events"`
		Next   string  `json:"next,omitzero"`
	}{page, next})
}

// nextPage is the address of the next page, in the header Link too.
func nextPage(w http.ResponseWriter, r *http.Request, change url.Values) string {
	values := r.URL.Query()
	for name, list := range change {
		values[name] = list
	}
	next := r.URL.EscapedPath() + "?" + values.Encode()
	w.Header().Set("Link", "<"+next+`>; rel="next"`)
	return next
}

// eventLines says with a last line that it is whole, unless every line must be a CloudEvent; HTTP
// shows then whether the answer was broken off.
func (a *api) eventLines(w http.ResponseWriter, r *http.Request, q feedQuery, form format) error {
	out := a.newLines(w)
	if r.Method == http.MethodHead {
		return nil
	}
	end, err := a.scan(r.Context(), q, func(e event) error { return out.line(e.in(form)) })
	if err != nil || form == formatCloudEvents {
		return err
	}
	return out.end(map[string]any{"entry": end.entry, "position": end.position})
}

// place is how far a scan came.
type place struct {
	entry    ledger.Entry
	position ledger.Position
}

// scan calls emit for the events a query asks for, in order, up to what is recorded now, and
// says where it ended.
func (a *api) scan(ctx context.Context, q feedQuery, emit func(event) error) (at place, err error) {
	if at.entry, at.position, err = a.Reader.Locate(ctx, q.after); err != nil {
		return at, err
	}
	emitted := 0
	for batch, err := range a.Feed.Follow(ctx, at.position) {
		if err != nil {
			return at, err
		}
		for _, r := range batch.Events {
			if q.until > 0 && at.entry >= q.until {
				return at, nil
			}
			at = place{at.entry + 1, r.Position}
			if at.entry <= q.after || !q.wants(r) {
				continue
			}
			if shown, err := a.shows(q.sight, r); err != nil || !shown {
				if err != nil {
					return at, err
				}
				continue
			}
			if err := emit(eventOf(r, at.entry)); err != nil {
				return at, err
			}
			if emitted++; emitted == q.limit {
				return at, nil
			}
		}
		if batch.Live {
			return at, nil
		}
	}
	return at, ctx.Err()
}

func (q feedQuery) wants(r ledger.Recorded) bool {
	among := func(list []string, value string) bool { return len(list) == 0 || slices.Contains(list, value) }
	return among(q.types, r.Type) && among(q.streams, r.Stream.String()) && among(q.actors, r.Meta.Actor)
}

// entryName is how a file's name says K.
func entryName(e ledger.Entry) string { return "k" + strconv.FormatUint(uint64(e), 10) }
