package webui

import (
	"net/url"
	"strconv"
	"time"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// moment is what a page is looked at from: T, the day it was true on, and K, the entry it was
// known at. Empty is now.
type moment struct {
	AsOf    string
	KnownAt string
}

// Past says whether the page shows anything but now.
func (m moment) Past() bool { return m.AsOf != "" || m.KnownAt != "" }

func momentOf(q url.Values) moment { return moment{q.Get("as-of"), q.Get("known-at")} }

// bar is the controls of time on a page.
type bar struct {
	Moment moment
	Action string     // where the controls lead: this page
	Keep   url.Values // what else its address says
	Head   ledger.Entry
	Entry  ledger.Entry // the entry the slider stands at
	Today  string
}

// barOf is the controls for a page as its address says.
func barOf(p *page, cp projections.Checkpoint, now time.Time) bar {
	keep := p.r.URL.Query()
	for _, own := range []string{"as-of", "known-at", "cursor"} {
		keep.Del(own)
	}
	b := bar{Moment: p.Moment, Action: p.r.URL.Path, Keep: keep, Head: max(cp.Entry, 1), Entry: max(cp.Entry, 1), Today: ledger.DayOf(now).String()}
	if n, err := strconv.ParseUint(p.Moment.KnownAt, 10, 63); err == nil {
		b.Entry = min(ledger.Entry(n), b.Head)
	}
	return b
}

// settle takes a moment that is now for now: the last page of a table names its moment, and
// nothing may have happened since.
func (m moment) settle(cp projections.Checkpoint, now time.Time) moment {
	if m.AsOf == ledger.DayOf(now).String() {
		m.AsOf = ""
	}
	if m.KnownAt == strconv.FormatUint(uint64(cp.Entry), 10) {
		m.KnownAt = ""
	}
	return m
}
