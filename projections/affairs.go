package projections

import (
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// AffairRow says that one thing belongs to the affair of another: what was decided of it rested on
// the other. A project's dossier is gathered along these.
type AffairRow struct {
	Stream   string      `en:"stream" zh:"事件流"`
	Category string      `en:"kind of thing" zh:"对象类别"`
	Concerns string      `en:"stream it concerns" zh:"关联的事件流"`
	Since    ledger.Date `en:"since" zh:"起始日期"`
	Entry    int64       `en:"entry that first says so" zh:"首次入账序号"`
}

// hubs are kinds of things that everything rests on, so that they tie nothing together.
var hubs = []string{"organisation", "person", "principal", "policy", "claim", "identity"}

// Affairs is which thing concerns which, one row a pair, from the streams that decisions relied on
// and those that approvals were asked for.
var Affairs = NewView(Spec[AffairRow]{
	Name: "affairs", Version: 1, Roles: Readers, Of: Of{Column: "stream"},
	Title: ledger.Text{En: "what concerns what", Zh: "事项关联"},
	Keys: func(f Fact) []string {
		if f.Stream.Category == "claim" {
			return nil // it only holds what another stream says
		}
		var keys []string
		concerns := func(s ledger.StreamID) {
			if s != f.Stream && !slices.Contains(hubs, s.Category) {
				keys = append(keys, f.Stream.String()+" "+s.String())
			}
		}
		for _, r := range f.Meta.ReliedOn {
			if r.Version > 0 {
				concerns(r.Stream)
			}
		}
		if e, ok := f.Event.(ledger.ApprovalRequested); ok {
			concerns(e.Stream)
		}
		slices.Sort(keys)
		return slices.Compact(keys)
	},
	Fold: func(r AffairRow, key string, f Fact) AffairRow {
		r.Stream, r.Category = f.Stream.String(), f.Stream.Category
		r.Concerns = key[len(r.Stream)+1:]
		if r.Entry == 0 {
			r.Since, r.Entry = f.Meta.OccurredOn, int64(f.Entry)
		}
		return r
	},
})

// EvidenceRow is one document that one event rests on, by its digest.
type EvidenceRow struct {
	Stream     string      `en:"stream" zh:"事件流"`
	Version    int64       `en:"version" zh:"版本"`
	Entry      int64       `en:"entry" zh:"入账序号"`
	Type       string      `en:"event" zh:"事件"`
	OccurredOn ledger.Date `en:"occurred on" zh:"业务发生日"`
	Alg        string      `en:"digest algorithm" zh:"摘要算法"`
	Digest     string      `en:"digest" zh:"摘要"`
	MediaType  string      `en:"media type" zh:"媒体类型"`
	Name       string      `en:"file name" zh:"文件名"`
}

// Evidence is every document named as evidence, so that one in hand is found by its digest.
var Evidence = NewView(Spec[EvidenceRow]{
	Name: "evidence", Version: 1, Roles: Readers, Of: Of{Column: "stream"}, Once: true, Keeps: true,
	Title: ledger.Text{En: "documents named as evidence", Zh: "佐证材料清单"},
	Keys: func(f Fact) []string {
		var keys []string
		for i := range f.Meta.Evidence {
			keys = append(keys, evidenceKey(f, i))
		}
		return keys
	},
	Fold: func(_ EvidenceRow, key string, f Fact) EvidenceRow {
		r := EvidenceRow{
			Stream: f.Stream.String(), Version: int64(f.Version), Entry: int64(f.Entry), Type: f.Type, OccurredOn: f.Meta.OccurredOn,
		}
		for i, e := range f.Meta.Evidence {
			if evidenceKey(f, i) == key {
				r.Alg, r.Digest, r.MediaType, r.Name = e.Alg, e.Digest, e.MediaType, e.Name
			}
		}
		return r
	},
})

func evidenceKey(f Fact, i int) string { return fmt.Sprintf("%s:%06d:%02d", f.Stream, f.Version, i) }
