package esdbtest

import (
	"encoding/json"
	"sort"
	"strings"
	"time"
)

// all is what a reader that lags so many events behind sees of $all, and a channel that is closed
// when there is more.
func (j *journal) all(lag int) ([]*record, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.visible(lag), j.grew
}

func (j *journal) visible(lag int) []*record {
	n := len(j.records)
	for hidden := 0; hidden < lag && n > 0; n-- {
		if !strings.HasPrefix(j.records[n-1].stream, "$") {
			hidden++
		}
	}
	return j.records[:n:n]
}

// view is what a reader sees of a stream.
type view struct {
	records []*record // without those that its metadata hides
	last    int64     // the number of the last one, hidden or not
	exists  bool
	dead    bool
	grew    <-chan struct{}
}

func (j *journal) stream(name string, lag int) view {
	j.mu.Lock()
	defer j.mu.Unlock()
	all := j.visible(lag)
	limit := uint64(0)
	if len(all) > 0 {
		limit = all[len(all)-1].position + 1
	}
	have := j.streams[name]
	have = have[:sort.Search(len(have), func(i int) bool { return have[i].position >= limit })]
	m := j.metaOf(name)
	v := view{last: int64(len(have)) - 1, exists: len(have) > 0 && !m.softDeleted(), dead: j.dead[name], grew: j.grew}
	if v.exists {
		v.records = m.shown(have, time.Now())
	}
	return v
}

// metaOf is the metadata of a stream: the last event of the stream $$name. That of a metadata
// stream says that only its last event counts.
func (j *journal) metaOf(stream string) streamMeta {
	if strings.HasPrefix(stream, "$$") {
		return streamMeta{MaxCount: new(int64(1))}
	}
	var m streamMeta
	if all := j.streams["$$"+stream]; len(all) > 0 {
		if err := json.Unmarshal(all[len(all)-1].data, &m); err != nil {
			return streamMeta{} // Data/StreamMetadata.cs, TryFromJsonBytes: what is no JSON counts as empty
		}
	}
	return m
}

// streamMeta is what the server understands of the metadata of a stream.
type streamMeta struct {
	MaxCount       *int64 `json:"$maxCount"`
	MaxAge         *int64 `json:"$maxAge"` // seconds
	TruncateBefore *int64 `json:"$tb"`
	ACL            *acl   `json:"$acl"`
}

func (m streamMeta) softDeleted() bool {
	return m.TruncateBefore != nil && *m.TruncateBefore == deletedForever
}

// shown leaves out what is too old, too many or truncated. They stay in $all.
func (m streamMeta) shown(all []*record, now time.Time) []*record {
	from := 0
	if m.MaxCount != nil {
		from = max(from, len(all)-int(*m.MaxCount))
	}
	if m.TruncateBefore != nil {
		from = max(from, int(min(*m.TruncateBefore, int64(len(all)))))
	}
	for m.MaxAge != nil && from < len(all) && now.Sub(all[from].created) > time.Duration(*m.MaxAge)*time.Second {
		from++
	}
	return all[from:]
}
