package esdbtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Expected versions other than a revision, numbered as the server does (Data/ExpectedVersion.cs).
const (
	anyVersion   = -2
	noStream     = -1
	streamExists = -4
)

// deletedForever is the number of the event that a tombstone is.
const deletedForever = math.MaxInt64

// proposed is an event before it has a place.
type proposed struct {
	id         uuid.UUID
	kind       string
	json       bool
	data, meta []byte
}

// record is an event in the log. Its commit and prepare positions are equal, as for everything
// not written in an explicit transaction.
type record struct {
	proposed
	stream   string
	number   int64
	position uint64
	created  time.Time
}

// size is what the record takes in the log, so that positions are far from dense.
func (r *record) size() uint64 {
	return uint64(100 + len(r.stream) + len(r.kind) + len(r.data) + len(r.meta))
}

// journal is the log of a node and the index of its streams.
type journal struct {
	mu      sync.Mutex
	records []*record             // in the order of positions
	streams map[string][]*record  // number n is at index n
	dead    map[string]bool       // tombstoned
	ids     map[uuid.UUID]*record // the latest of each, whatever its stream
	end     uint64                // the position of the next record
	grew    chan struct{}         // closed when there is more to read
	appends int
}

// newJournal has the events that every fresh server writes about itself.
func newJournal() *journal {
	j := &journal{streams: map[string][]*record{}, dead: map[string]bool{}, ids: map[uuid.UUID]*record{}, grew: make(chan struct{})}
	j.write("$$$user-admin", "$metadata", []byte(`{"$acl":{"$r":"$admins"}}`))
	j.write("$user-admin", "$UserCreated", []byte(`{"loginName":"admin"}`))
	j.write("$users", "$User", []byte(`"admin"`))
	return j
}

// outcome is how an append was decided.
type outcome struct {
	conflict bool
	repeat   bool    // everything was there already
	current  int64   // the number of the last event: of the stream if conflict, else of those written
	position *uint64 // of the last event written
}

// errDeleted: the stream is tombstoned, or soft-deleted while it was expected to exist.
var errDeleted = errors.New("stream is deleted")

// append writes all events or none.
func (j *journal) append(stream string, expected int64, events []proposed) (outcome, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	o, err := j.check(stream, expected, events)
	if err != nil || o.conflict || o.repeat {
		return o, err
	}
	softDeleted := j.metaOf(stream).softDeleted()
	for _, e := range events {
		r := j.put(stream, e)
		o.current, o.position = r.number, &r.position
	}
	if softDeleted && len(events) > 0 {
		j.truncate(stream, o.current-int64(len(events))+1)
	}
	if j.appends++; j.appends%3 == 0 { // the server's own statistics are between everyone's events
		j.put("$stats-127.0.0.1:2113", proposed{id: uuid.New(), kind: "$statsCollected", json: true, data: []byte(`{}`)})
	}
	j.announce()
	return o, nil
}

// check decides an append (ReaderIndex/IndexWriter.cs, CheckCommit): an append whose events are
// all there, at the places where they would go, is a repeat and succeeds; one of which only a part
// is there conflicts.
func (j *journal) check(stream string, expected int64, events []proposed) (outcome, error) {
	have := j.streams[stream]
	last := int64(len(have)) - 1
	conflict := outcome{conflict: true, current: last}
	soft := j.metaOf(stream).softDeleted()
	switch {
	case j.dead[stream]:
		return outcome{}, errDeleted
	case expected == streamExists && soft:
		return outcome{}, errDeleted
	case expected == streamExists && last < 0 && len(j.streams["$$"+stream]) == 0:
		return conflict, nil
	case expected == anyVersion || expected == streamExists:
		return j.checkLoose(stream, last, events), nil
	case expected > last:
		return conflict, nil
	case expected == last:
		return outcome{current: last}, nil
	}
	for i, e := range events {
		n := expected + 1 + int64(i)
		if n <= last && have[n].id == e.id {
			continue
		}
		if i == 0 && expected == noStream && soft {
			return outcome{current: last}, nil // a new life; numbering goes on
		}
		return conflict, nil
	}
	if len(events) == 0 {
		return conflict, nil
	}
	return outcome{repeat: true, current: expected + int64(len(events))}, nil
}

// checkLoose decides where no revision was expected: ids are looked for anywhere in the stream.
func (j *journal) checkLoose(stream string, last int64, events []proposed) outcome {
	o := outcome{current: last}
	for i, e := range events {
		r := j.ids[e.id]
		if r == nil || r.stream != stream {
			return outcome{conflict: i > 0, current: last}
		}
		o = outcome{repeat: true, current: r.number}
	}
	return o
}

// remove deletes a stream: softly, so that it can be written again, or for ever.
func (j *journal) remove(stream string, expected int64, forever bool) (outcome, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	o, err := j.check(stream, expected, []proposed{{id: uuid.New()}})
	if err != nil || o.conflict {
		return o, err
	}
	var r *record
	if forever {
		r = j.put(stream, proposed{id: uuid.New(), kind: "$streamDeleted"})
		j.streams[stream] = j.streams[stream][:len(j.streams[stream])-1]
		r.number = deletedForever
		j.dead[stream] = true
	} else {
		r = j.truncate(stream, deletedForever)
	}
	j.announce()
	return outcome{position: &r.position}, nil
}

// truncate hides the events before a number by the stream's metadata, whose rest is kept.
func (j *journal) truncate(stream string, before int64) *record {
	meta := map[string]json.RawMessage{}
	if all := j.streams["$$"+stream]; len(all) > 0 {
		_ = json.Unmarshal(all[len(all)-1].data, &meta) // what is no JSON counts as empty
	}
	meta["$tb"] = json.RawMessage(fmt.Sprint(before))
	data, err := json.Marshal(meta)
	if err != nil {
		panic(err) // a map of JSON is JSON
	}
	return j.put("$$"+stream, proposed{id: uuid.New(), kind: "$metadata", json: true, data: data})
}

func (j *journal) write(stream, kind string, data []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.put(stream, proposed{id: uuid.New(), kind: kind, json: true, data: data})
	j.announce()
}

func (j *journal) put(stream string, e proposed) *record {
	r := &record{proposed: e, stream: stream, number: int64(len(j.streams[stream])), position: j.end, created: time.Now().UTC()}
	j.records = append(j.records, r)
	j.streams[stream] = append(j.streams[stream], r)
	j.ids[e.id] = r
	j.end += r.size()
	return r
}

// wake makes readers look again.
func (j *journal) wake() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.announce()
}

func (j *journal) announce() {
	close(j.grew)
	j.grew = make(chan struct{})
}
