package projections

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
	"ttledger/domain/person"
)

// PersonRow is one person under a pseudonym. The name is sealed.
type PersonRow struct {
	ID          uuid.UUID       `en:"pseudonym" zh:"化名标识"`
	Name        ledger.Personal `en:"name, sealed" zh:"姓名(密文)" personal:"name"`
	Notice      string          `en:"notice given" zh:"告知书版本"`
	Basis       string          `en:"ground" zh:"处理依据"`
	Retention   string          `en:"retention class" zh:"保存类别"`
	EnrolledOn  ledger.Date     `en:"enrolled on" zh:"登记日期"`
	EndedOn     ledger.Date     `en:"purpose achieved on" zh:"目的实现日期"`
	WithdrawnOn ledger.Date     `en:"consent withdrawn on" zh:"撤回同意日期"`
	DueOn       ledger.Date     `en:"kept until" zh:"保存至"`
	DueVerb     string          `en:"what is due then" zh:"到期处理"`
	DueGround   string          `en:"on which ground" zh:"到期理由"`
	Restricted  bool            `en:"stored only" zh:"仅存储"`
	Holds       int64           `en:"legal holds" zh:"法律保留数"`
	Proposed    string          `en:"erasure proposed, ground" zh:"拟删除理由"`
	Erased      bool            `en:"erased" zh:"已删除"`
	ErasedOn    ledger.Date     `en:"erased on" zh:"删除日期"`
}

// PersonReaders may see who is known by pseudonym, and what is to happen to the data.
var PersonReaders = person.Sight.All

// PersonRegister is the persons, one row each, with until when their data is kept.
var PersonRegister = NewView(Spec[PersonRow]{
	Name: "person-register", Version: 1, Roles: PersonReaders, Of: Of{"person", "id"},
	Title: ledger.Text{En: "register of persons, by pseudonym", Zh: "人员登记册(化名)"},
	Keys: func(f Fact) []string {
		if _, ok := f.Event.(person.Event); !ok {
			return nil
		}
		return []string{f.Stream.ID.String()}
	},
	Fold: func(r PersonRow, _ string, f Fact) PersonRow {
		r.ID = f.Stream.ID
		r.take(f)
		due := person.Keeping{Basis: r.Basis, Class: r.Retention, EndedOn: r.EndedOn, WithdrawnOn: r.WithdrawnOn}.Due()
		r.DueOn, r.DueVerb, r.DueGround = due.On, due.Verb, due.Ground
		if r.Erased { // whatever was said to have occurred later
			r.Name, r.DueOn, r.DueVerb, r.DueGround = ledger.Personal{}, ledger.Date{}, "", ""
		}
		return r
	},
})

func (r *PersonRow) take(f Fact) {
	switch e := f.Event.(type) {
	case person.Enrolled:
		r.Name, r.Notice, r.Basis, r.Retention, r.EnrolledOn = e.Name, e.Notice, e.Basis, e.Retention, f.Meta.OccurredOn
	case person.Amended:
		if !e.Name.IsZero() {
			r.Name = e.Name
		}
	case person.ConsentGiven:
		if e.Purpose == "processing" {
			r.WithdrawnOn = ledger.Date{}
		}
	case person.ConsentWithdrawn:
		if e.Purpose == "processing" {
			r.WithdrawnOn = f.Meta.OccurredOn
		}
	case person.Classified:
		r.Retention, r.Basis, r.EndedOn = e.Retention, e.Basis, ledger.Date{}
	case person.PurposeEnded:
		r.EndedOn = f.Meta.OccurredOn
	case person.Restricted:
		r.Restricted = true
	case person.RestrictionLifted:
		r.Restricted = false
	case person.LegalHoldPlaced:
		r.Holds++
	case person.LegalHoldLifted:
		r.Holds--
	case person.ErasureProposed:
		r.Proposed = e.Ground
	case person.DataErased:
		r.Erased, r.ErasedOn = true, f.Meta.OccurredOn
	}
}

// HoldingRow is one personal text in one event, of whatever kind of thing.
type HoldingRow struct {
	Subject    uuid.UUID       `en:"pseudonym" zh:"化名标识"`
	Entry      int64           `en:"entry" zh:"入账序号"`
	Stream     string          `en:"stream" zh:"事件流"`
	Version    int64           `en:"version" zh:"版本"`
	Type       string          `en:"event" zh:"事件"`
	Field      string          `en:"field" zh:"字段"`
	Kind       string          `en:"kind of data" zh:"信息类别"`
	OccurredOn ledger.Date     `en:"occurred on" zh:"业务发生日"`
	RecordedAt time.Time       `en:"recorded at" zh:"入账时间"`
	Sealed     json.RawMessage `en:"sealed text" zh:"密文"`
}

// SubjectHoldings is every personal text that is held, and where (domain read model R22). It
// follows from the types of the events, so that no kind of thing can be forgotten in it.
var SubjectHoldings = NewView(Spec[HoldingRow]{
	Name: "subject-holdings", Version: 1, Roles: PersonReaders, Of: Of{"person", "subject"}, Once: true,
	Title: ledger.Text{En: "what is held of whom, and where", Zh: "个人信息存放清单"},
	Keys: func(f Fact) []string {
		var keys []string
		for _, p := range ledger.PartsOf(f.Event) {
			keys = append(keys, holdingKey(f, p))
		}
		return keys
	},
	Fold: func(_ HoldingRow, key string, f Fact) HoldingRow {
		r := HoldingRow{
			Entry: int64(f.Entry), Stream: f.Stream.String(), Version: int64(f.Version), Type: f.Type,
			OccurredOn: f.Meta.OccurredOn, RecordedAt: f.Meta.RecordedAt,
		}
		for _, p := range ledger.PartsOf(f.Event) {
			if holdingKey(f, p) == key {
				r.Subject, r.Field, r.Kind = p.Text.Subject(), p.Path, p.Kind
				r.Sealed, _ = json.Marshal(p.Text) // ids and bytes
			}
		}
		return r
	},
})

func holdingKey(f Fact, p ledger.Part) string {
	return fmt.Sprintf("%s:%06d:%s", f.Stream, f.Version, p.Path)
}
