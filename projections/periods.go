package projections

import (
	"fmt"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
	"ttledger/domain/period"
)

// versioned keys a fact by itself: the id of its stream and its version there.
func versioned(f Fact) string { return fmt.Sprintf("%s:%06d", f.Stream.ID, f.Version) }

// PeriodRow is one reporting period.
type PeriodRow struct {
	ID       uuid.UUID   `en:"period id" zh:"报告期标识"`
	Code     string      `en:"code" zh:"报告期代码"`
	FromOn   ledger.Date `en:"first day" zh:"首日"`
	ToOn     ledger.Date `en:"last day" zh:"末日"`
	CutOff   int64       `en:"last entry that counts" zh:"截止入账序号"`
	Digest   string      `en:"digest of the ledger at the cut-off" zh:"截止时账本摘要"`
	ClosedOn ledger.Date `en:"closed on" zh:"关账日期"`
	ClosedAt int64       `en:"entry of the closing" zh:"关账入账序号"`
	Issued   int64       `en:"reports issued" zh:"已签发报表数"`
}

// Periods is one row a period that was closed.
var Periods = NewView(Spec[PeriodRow]{
	Name: "periods", Version: 1, Roles: Offices, Of: Of{"period", "id"},
	Title: ledger.Text{En: "reporting periods", Zh: "报告期"},
	Keys: func(f Fact) []string {
		if f.Stream.Category != "period" {
			return nil
		}
		return []string{f.Stream.ID.String()}
	},
	Fold: func(r PeriodRow, _ string, f Fact) PeriodRow {
		r.ID = f.Stream.ID
		switch e := f.Event.(type) {
		case period.Closed:
			r.Code, r.FromOn, r.ToOn, r.CutOff, r.Digest = e.Code, e.From, e.To, int64(e.CutOff), e.Digest
			r.ClosedOn, r.ClosedAt = f.Meta.OccurredOn, int64(f.Entry)
		case period.ReportIssued:
			r.Issued++
		}
		return r
	},
})

// IssueRow is one report that went out.
type IssueRow struct {
	Period       uuid.UUID      `en:"period" zh:"报告期"`
	Report       string         `en:"report" zh:"报表"`
	Params       []period.Param `en:"parameters" zh:"报表参数"`
	AsOf         ledger.Date    `en:"as of (T)" zh:"生效时点(T)"`
	KnownAt      int64          `en:"known at (K)" zh:"入账时点(K)"`
	LedgerDigest string         `en:"digest of the ledger at K" zh:"K 时账本摘要"`
	SHA256       string         `en:"digest of the file" zh:"文件摘要"`
	Name         string         `en:"file" zh:"文件名"`
	MediaType    string         `en:"media type" zh:"媒体类型"`
	UnitZh       string         `en:"unit (Chinese)" zh:"单位(中文)"`
	UnitEn       string         `en:"unit (English)" zh:"单位(英文)"`
	IssuedOn     ledger.Date    `en:"issued on" zh:"签发日期"`
	Approval     string         `en:"approval" zh:"审批"`
}

// IssuedReports is every report that went out, one row an issue, keyed period:version.
var IssuedReports = NewView(Spec[IssueRow]{
	Name: "issued-reports", Version: 1, Roles: Offices, Of: Of{"period", "period"}, Once: true,
	Title: ledger.Text{En: "issued reports", Zh: "已签发报表"},
	Keys: func(f Fact) []string {
		if _, ok := f.Event.(period.ReportIssued); !ok {
			return nil
		}
		return []string{versioned(f)}
	},
	Fold: func(_ IssueRow, _ string, f Fact) IssueRow {
		e := f.Event.(period.ReportIssued)
		return IssueRow{
			Period: f.Stream.ID, Report: e.Report, Params: e.Params, AsOf: e.AsOf, KnownAt: int64(e.KnownAt), LedgerDigest: e.LedgerDigest,
			SHA256: e.SHA256, Name: e.Name, MediaType: e.MediaType, UnitZh: e.Unit.Zh, UnitEn: e.Unit.En,
			IssuedOn: f.Meta.OccurredOn, Approval: f.Meta.Approval,
		}
	},
})
