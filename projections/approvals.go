package projections

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// ApprovalRow is one request for what another person must decide.
type ApprovalRow struct {
	ID          uuid.UUID   `en:"request" zh:"申请标识"`
	Status      string      `en:"status: requested, approved, refused, withdrawn, carried-out or failed" zh:"状态"`
	Category    string      `en:"kind of thing" zh:"对象类别"`
	Stream      string      `en:"stream" zh:"事件流"`
	Verb        string      `en:"command" zh:"命令"`
	Approvers   string      `en:"roles that may decide" zh:"可审批角色"`
	RequestedBy string      `en:"asked by" zh:"申请人"`
	RequestedIn ledger.Role `en:"asked as" zh:"申请人角色"`
	RequestedOn ledger.Date `en:"asked on" zh:"申请日期"`
	RequestedAt time.Time   `en:"asked at" zh:"申请时间"`
	DecidedBy   string      `en:"decided by" zh:"审批人"`
	DecidedIn   ledger.Role `en:"decided as" zh:"审批人角色"`
	Authority   string      `en:"delegation acted under" zh:"授权依据"`
	DecidedOn   ledger.Date `en:"decided on" zh:"审批日期"`
	Reason      string      `en:"reason" zh:"审批理由"`
	Version     int64       `en:"version of the thing after it" zh:"生效后版本"`
	Refusal     string      `en:"why it was not carried out" zh:"未执行原因代码"`
	Command     uuid.UUID   `en:"command id" zh:"命令标识"`
}

// Approvals is what awaits or had a decision, one row a request (domain invariant X13).
var Approvals = NewView(Spec[ApprovalRow]{
	Name: "approvals", Version: 1, Roles: Readers, Of: Of{"approval", "id"},
	Title: ledger.Text{En: "approvals", Zh: "审批事项"},
	Keys: func(f Fact) []string {
		if f.Stream.Category != ledger.Approvals.Category {
			return nil
		}
		return []string{f.Stream.ID.String()}
	},
	Fold: func(r ApprovalRow, _ string, f Fact) ApprovalRow {
		r.ID = f.Stream.ID
		switch e := f.Event.(type) {
		case ledger.ApprovalRequested:
			r.Status, r.Category, r.Stream, r.Verb, r.Command = "requested", e.Stream.Category, e.Stream.String(), e.Verb, f.Meta.Command
			r.Approvers = roleList(e.Approvers)
			r.RequestedBy, r.RequestedIn, r.RequestedOn, r.RequestedAt = f.Meta.Actor, f.Meta.Role, f.Meta.OccurredOn, f.Meta.RecordedAt
		case ledger.ApprovalDecided:
			r.Status, r.Reason = map[string]string{"approve": "approved", "refuse": "refused", "withdraw": "withdrawn"}[e.Decision], e.Reason
			r.DecidedBy, r.DecidedIn, r.DecidedOn, r.Authority = f.Meta.Actor, f.Meta.Role, f.Meta.OccurredOn, f.Meta.Authority
		case ledger.ApprovalCarriedOut:
			r.Status, r.Version = "carried-out", int64(e.Version)
		case ledger.ApprovalFailed:
			r.Status, r.Refusal = "failed", e.Code
		}
		return r
	},
})

func roleList(roles []ledger.Role) string {
	var names []string
	for _, r := range roles {
		names = append(names, string(r))
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
