package projections

import (
	"github.com/google/uuid"

	"ttledger/domain/ledger"
	"ttledger/domain/recognition"
)

// RecognitionRow is one recognition of an enterprise or a facility.
type RecognitionRow struct {
	ID          uuid.UUID   `en:"recognition id" zh:"资格标识"`
	SubjectKind string      `en:"kind of subject" zh:"对象类别"`
	Subject     uuid.UUID   `en:"subject" zh:"对象标识"`
	Scheme      string      `en:"scheme" zh:"认定办法"`
	Rung        int64       `en:"rung, as displayed" zh:"梯度展示次序"`
	Level       string      `en:"level" zh:"等级"`
	Channel     string      `en:"channel" zh:"渠道"`
	Certificate string      `en:"certificate" zh:"证书或入库编号"`
	Issuer      string      `en:"issuer" zh:"认定机构"`
	FromOn      ledger.Date `en:"valid from" zh:"有效期起"`
	ToOn        ledger.Date `en:"valid to" zh:"有效期止"`
	RenewalOf   uuid.UUID   `en:"renews" zh:"所续认资格"`
	GrantedOn   ledger.Date `en:"granted on" zh:"认定日期"`
	Ended       string      `en:"ended by" zh:"终止方式"`
	EndedOn     ledger.Date `en:"no longer held from" zh:"终止日期"`
	Effect      string      `en:"effect of a revocation" zh:"撤销效力"`
	Ground      string      `en:"ground" zh:"终止事由"`
	DecidedOn   ledger.Date `en:"revocation decided on" zh:"撤销决定日期"`
}

// TalentRow is one recognition of a person, under a pseudonym.
type TalentRow struct {
	ID          uuid.UUID   `en:"recognition id" zh:"资格标识"`
	Person      uuid.UUID   `en:"pseudonym" zh:"化名标识"`
	Scheme      string      `en:"scheme" zh:"认定办法"`
	Tier        string      `en:"tier" zh:"层次"`
	Mode        string      `en:"mode" zh:"引进方式"`
	Channel     string      `en:"channel" zh:"认定渠道"`
	Certificate string      `en:"certificate" zh:"证书编号"`
	Issuer      string      `en:"issuer" zh:"认定机构"`
	FromOn      ledger.Date `en:"valid from" zh:"有效期起"`
	ToOn        ledger.Date `en:"valid to" zh:"有效期止"`
	RenewalOf   uuid.UUID   `en:"renews" zh:"所续认资格"`
	GrantedOn   ledger.Date `en:"granted on" zh:"认定日期"`
	Ended       string      `en:"ended by" zh:"终止方式"`
	EndedOn     ledger.Date `en:"no longer held from" zh:"终止日期"`
	Ground      string      `en:"ground" zh:"终止事由"`
}

// Recognitions is what enterprises and facilities were recognised as, one row a recognition
// (domain read model R10). Stock, flow and transitions are reports over it.
var Recognitions = NewView(Spec[RecognitionRow]{
	Name: "recognitions", Version: 1, Roles: Readers, Of: Of{"recognition", "id"},
	Title: ledger.Text{En: "recognitions of enterprises and facilities", Zh: "企业与载体资格"},
	Keys:  recognised(false),
	Fold: func(r RecognitionRow, _ string, f Fact) RecognitionRow {
		r.ID = f.Stream.ID
		switch e := f.Event.(type) {
		case recognition.Granted:
			r.SubjectKind, r.Subject, r.GrantedOn = e.Subject.Category, e.Subject.ID, f.Meta.OccurredOn
			r.Scheme, r.Rung, r.Level, r.Channel = e.Scheme, int64(e.Rung), e.Level, e.Channel
			r.Certificate, r.Issuer, r.FromOn, r.ToOn, r.RenewalOf = e.Certificate, e.Issuer, e.From, e.To, e.RenewalOf
		case recognition.Ended:
			r.Ended, r.EndedOn = e.Mode, f.Meta.OccurredOn
			r.Effect, r.Ground, r.DecidedOn = e.Effect, e.Ground, e.DecidedOn
		}
		return r
	},
})

// TalentTiers is the tiers that persons were certified at, for who may know of persons (domain
// read model R11).
var TalentTiers = NewView(Spec[TalentRow]{
	Name: "talent-tiers", Version: 1, Roles: PersonReaders, Of: Of{"recognition", "id"},
	Title: ledger.Text{En: "talent tiers, by pseudonym", Zh: "人才层次(化名)"},
	Keys:  recognised(true),
	Fold: func(r TalentRow, _ string, f Fact) TalentRow {
		r.ID = f.Stream.ID
		switch e := f.Event.(type) {
		case recognition.Granted:
			r.Person, r.GrantedOn = e.Subject.ID, f.Meta.OccurredOn
			r.Scheme, r.Tier, r.Mode, r.Channel = e.Scheme, e.Level, e.Mode, e.Channel
			r.Certificate, r.Issuer, r.FromOn, r.ToOn, r.RenewalOf = e.Certificate, e.Issuer, e.From, e.To, e.RenewalOf
		case recognition.Ended:
			r.Ended, r.EndedOn, r.Ground = e.Mode, f.Meta.OccurredOn, e.Ground
		}
		return r
	},
})

// recognised keys the recognitions of persons, or of others.
func recognised(persons bool) func(Fact) []string {
	return func(f Fact) []string {
		var subject ledger.StreamID
		switch e := f.Event.(type) {
		case recognition.Granted:
			subject = e.Subject
		case recognition.Ended:
			subject = e.Subject
		default:
			return nil
		}
		if (subject.Category == "person") != persons {
			return nil
		}
		return []string{f.Stream.ID.String()}
	}
}
