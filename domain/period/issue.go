package period

import (
	"fmt"
	"reflect"
	"slices"

	"ttledger/domain/ledger"
)

// IssueReport puts a report out under the period's name (报告签发). The file itself is kept by its
// digest; a new issue of the same report supersedes the one before and leaves it as it was.
type IssueReport struct {
	Report       string       `json:"report" en:"code of the report, such as s-e1" zh:"报表代码,如 s-e1"`
	Params       []Param      `json:"params,omitzero" en:"its parameters" zh:"报表参数"`
	AsOf         ledger.Date  `json:"as_of" en:"T: as of which day" zh:"T:生效时点"`
	KnownAt      ledger.Entry `json:"known_at" en:"K: known at which entry" zh:"K:入账时点(序号)"`
	LedgerDigest string       `json:"ledger_digest,omitzero" en:"digest of the ledger up to K, SHA-256 in hex" zh:"截至 K 的账本摘要(SHA-256,十六进制)"`
	SHA256       string       `json:"sha256" en:"digest of the file, SHA-256 in hex" zh:"文件摘要(SHA-256,十六进制)"`
	Name         string       `json:"name" en:"name of the file" zh:"文件名"`
	MediaType    string       `json:"media_type" en:"media type of the file" zh:"媒体类型"`
	Unit         ledger.Names `json:"unit,omitzero" en:"unit of its amounts, such as thousand yuan" zh:"金额单位,如千元"`
}

// Param is a parameter that a report was computed with.
type Param struct {
	Name  string `json:"name" en:"name" zh:"名称"`
	Value string `json:"value" en:"value" zh:"取值"`
}

func (c IssueReport) decide(s State, _ ledger.Context) ([]Event, error) {
	if !codePattern.MatchString(c.Report) {
		return nil, ledger.InvalidField("report", "the code of a report, such as s-e1", "应为报表代码,如 s-e1")
	}
	if err := ledger.First(
		checkDigest("sha256", c.SHA256),
		ledger.CheckText("name", c.Name, 200, true),
		ledger.CheckText("media_type", c.MediaType, 100, true),
		ledger.CheckText("unit/zh", c.Unit.Zh, 40, false),
		ledger.CheckText("unit/en", c.Unit.En, 40, false),
		c.checkParams(),
	); err != nil {
		return nil, err
	}
	if c.LedgerDigest != "" {
		if err := checkDigest("ledger_digest", c.LedgerDigest); err != nil {
			return nil, err
		}
	}
	switch {
	case c.AsOf.Precision() != "day" || c.AsOf.Compare(s.From) < 0 || c.AsOf.Compare(s.To) > 0:
		return nil, ledger.InvalidField("as_of", fmt.Sprintf("a day of the period, %s to %s", s.From, s.To), fmt.Sprintf("应为报告期内的日期(%s 至 %s)", s.From, s.To))
	case c.KnownAt < s.CutOff:
		return nil, ledger.InvalidField("known_at", fmt.Sprintf("not before the entry %d at which the period was closed", s.CutOff), fmt.Sprintf("不得早于关账截止序号 %d", s.CutOff))
	case slices.ContainsFunc(s.Issued, func(e ReportIssued) bool { return reflect.DeepEqual(e, ReportIssued(c)) }):
		return nil, nil
	}
	return []Event{ReportIssued(c)}, nil
}

func (c IssueReport) checkParams() error {
	if err := ledger.CheckCount("params", len(c.Params), 20); err != nil {
		return err
	}
	for i, p := range c.Params {
		path := fmt.Sprintf("params/%d", i)
		if err := ledger.First(ledger.CheckText(path+"/name", p.Name, 40, true), ledger.CheckText(path+"/value", p.Value, 200, true)); err != nil {
			return err
		}
	}
	return nil
}

// ReportIssued: the report went out, as the file with this digest (domain catalogue event 7).
type ReportIssued struct {
	Report       string       `json:"report"`
	Params       []Param      `json:"params,omitzero"`
	AsOf         ledger.Date  `json:"as_of"`
	KnownAt      ledger.Entry `json:"known_at"`
	LedgerDigest string       `json:"ledger_digest,omitzero"`
	SHA256       string       `json:"sha256"`
	Name         string       `json:"name"`
	MediaType    string       `json:"media_type"`
	Unit         ledger.Names `json:"unit,omitzero"`
}

// EventType is the stored name.
func (ReportIssued) EventType() string { return "period.report-issued.v1" }

func (e ReportIssued) apply(s State, _ ledger.Metadata) State {
	s.Issued = append(s.Issued[:len(s.Issued):len(s.Issued)], e)
	return s
}
