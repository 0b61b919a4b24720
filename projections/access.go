package projections

import (
	"strings"
	"time"

	"ttledger/domain/achievement"
	"ttledger/domain/contract"
	"ttledger/domain/engagement"
	"ttledger/domain/grant"
	"ttledger/domain/incubation"
	"ttledger/domain/investment"
	"ttledger/domain/ledger"
	"ttledger/domain/panel"
	"ttledger/domain/project"
	"ttledger/domain/recognition"
	"ttledger/domain/team"
	"ttledger/domain/trace"
)

// InvolvementRow says that a thing is the affair of a principal.
type InvolvementRow struct {
	Handle   string      `en:"principal" zh:"操作主体"`
	Category string      `en:"kind of thing" zh:"对象类别"`
	Stream   string      `en:"stream" zh:"事件流"`
	Since    ledger.Date `en:"since" zh:"起始日期"`
}

// Concerning is, for each kind of thing of which some role sees its own only, whom a fact makes it
// the affair of. The API does not start where one is missing.
var Concerning = map[string]func(ledger.Event, ledger.Metadata) []string{
	"project":     project.Sight.Concerns,
	"achievement": achievement.Sight.Concerns,
	"approval":    ledger.Approvals.Sight.Concerns,
	"contract":    contract.Sight.Concerns,
	"panel":       panel.Sight.Concerns,
	"incubation":  incubation.Sight.Concerns,
	"team":        team.Sight.Concerns,
	"grant":       grant.Sight.Concerns,
	"recognition": recognition.Sight.Concerns,
	"investment":  investment.Sight.Concerns,
	"engagement":  engagement.Sight.Concerns,
}

// Involvement is what concerns whom, one row a principal and thing. From it the API knows what a
// role that sees its own only may see; being behind, it shows too little and never too much.
var Involvement = NewView(Spec[InvolvementRow]{
	Name: "involvement", Version: 2, Roles: []ledger.Role{ledger.ADM, ledger.AUD},
	Title: ledger.Text{En: "who is named in what", Zh: "涉及人员"},
	Keys: func(f Fact) []string {
		whom := Concerning[f.Stream.Category]
		if whom == nil {
			return nil
		}
		var keys []string
		for _, handle := range whom(f.Event, f.Meta) {
			keys = append(keys, handle+" "+f.Stream.String())
		}
		return keys
	},
	Fold: func(r InvolvementRow, key string, f Fact) InvolvementRow {
		r.Handle, r.Stream, _ = strings.Cut(key, " ")
		r.Category, r.Since = f.Stream.Category, first(r.Since, f.Meta.OccurredOn)
		return r
	},
})

// AccessDayRow is one day of reads that left a trace, as it was sealed.
type AccessDayRow struct {
	Day      ledger.Date `en:"day" zh:"日期"`
	Accesses int64       `en:"accesses" zh:"访问次数"`
	SHA256   string      `en:"digest of the accesses" zh:"访问记录摘要"`
	SealedAt time.Time   `en:"sealed at" zh:"封存时间"`
}

// AccessDays is the sealed days; the accesses themselves are at /v1/accesses.
var AccessDays = NewView(Spec[AccessDayRow]{
	Name: "access-days", Version: 1, Roles: []ledger.Role{ledger.AUD, ledger.DPO}, Once: true,
	Title: ledger.Text{En: "sealed days of access", Zh: "访问留痕封存"},
	Keys: func(f Fact) []string {
		if e, ok := f.Event.(trace.DaySealed); ok {
			return []string{e.Day.String()}
		}
		return nil
	},
	Fold: func(_ AccessDayRow, _ string, f Fact) AccessDayRow {
		e := f.Event.(trace.DaySealed)
		return AccessDayRow{Day: e.Day, Accesses: int64(e.Accesses), SHA256: e.SHA256, SealedAt: f.Meta.RecordedAt}
	},
})
