package httpapi

import (
	"bytes"
	"cmp"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"

	"github.com/gorilla/mux"

	"ttledger/domain/ledger"
	"ttledger/domain/period"
	"ttledger/projections"
)

// Keeper keeps files by the digest of their bytes, for ever and as they were.
type Keeper interface {
	Keep(data []byte) (digest string, err error)
	Read(digest string) ([]byte, error)
}

// maxFile bounds a report that is kept.
const maxFile = 64 << 20

// issuers make the files of reports that are to be issued.
var issuers = []ledger.Role{ledger.PM}

// reportFile is a report as a file that is kept: what the command period/issue-report takes, and
// how many bytes it has.
type reportFile struct {
	period.IssueReport
	Bytes int `json:"bytes"`
}

// keepReport computes a report at a moment and keeps the file, so that what is issued is what the
// ledger said and not what somebody made of it.
func (a *api) keepReport(w http.ResponseWriter, r *http.Request) error {
	if a.Files == nil {
		return ledger.Unavailable("no-files", ledger.Text{En: "this server keeps no files", Zh: "本服务未配置文件存储"}, nil)
	}
	asked := r.Clone(r.Context())
	query := asked.URL.Query()
	form := cmp.Or(query.Get("format"), string(formatXLSX))
	if !slices.Contains([]string{string(formatXLSX), string(formatCSV), string(formatNDJSON)}, form) {
		return ledger.Invalid("format", ledger.Text{En: "a file is xlsx, csv or ndjson", Zh: "文件格式为 xlsx、csv 或 ndjson"})
	}
	query.Set("format", form)
	asked.Method, asked.URL.RawQuery = http.MethodGet, query.Encode()
	made := &kept{header: http.Header{}}
	if err := a.report(made, asked); err != nil {
		return err
	}
	file, err := a.describeFile(asked, made, form)
	if err != nil {
		return err
	}
	if file.SHA256, err = a.Files.Keep(made.body.Bytes()); err != nil {
		return err
	}
	stand(w.Header(), made.checkpoint())
	return writeJSON(w, http.StatusCreated, file)
}

// describeFile reads from the answer what it is.
func (a *api) describeFile(r *http.Request, made *kept, form string) (f reportFile, err error) {
	x, err := a.findReport(r)
	if err != nil {
		return f, err
	}
	f.Report, f.Bytes = x.Code, made.body.Len()
	for _, p := range x.Params {
		if value := r.URL.Query().Get(p.Name); value != "" {
			f.Params = append(f.Params, period.Param{Name: p.Name, Value: value})
		}
	}
	if f.AsOf, err = ledger.ParseDate(made.header.Get("Ledger-As-Of")); err != nil {
		return f, err
	}
	known, err := strconv.ParseUint(made.header.Get("Ledger-Known-At"), 10, 64)
	f.KnownAt = ledger.Entry(known)
	f.MediaType, _, _ = mime.ParseMediaType(made.header.Get("Content-Type"))
	f.Name = fmt.Sprintf("%s_%s_%s.%s", x.Code, f.AsOf, entryName(f.KnownAt), form)
	return f, err
}

// kept is an answer on its way into a file.
type kept struct {
	header http.Header
	body   bytes.Buffer
}

func (k *kept) Header() http.Header { return k.header }

func (k *kept) WriteHeader(int) {}

func (k *kept) Write(p []byte) (int, error) {
	if k.body.Len()+len(p) > maxFile {
		return 0, &ledger.Error{Kind: ledger.KindTooLarge, Code: "too-large", Msg: ledger.Text{
			En: fmt.Sprintf("the file would have more than %d bytes; narrow the report", maxFile), Zh: fmt.Sprintf("文件将超过 %d 字节,请缩小报表范围", maxFile),
		}}
	}
	return k.body.Write(p)
}

// FlushError has nothing to do: nobody waits.
func (k *kept) FlushError() error { return nil }

// checkpoint is how far the read models stood, as the answer said.
func (k *kept) checkpoint() (cp projections.Checkpoint) {
	entry, _ := strconv.ParseUint(k.header.Get("Ledger-Entry"), 10, 64) // written by stand
	cp.Entry = ledger.Entry(entry)
	cp.Position, _ = ledger.ParsePosition(k.header.Get("Ledger-Position"))
	return cp
}

// issued answers an issued report as the file it was, to who may read that report.
func (a *api) issued(w http.ResponseWriter, r *http.Request) error {
	if err := paramsOf(r).done(); err != nil {
		return err
	}
	key := mux.Vars(r)["key"]
	page, err := a.Reader.Query(r.Context(), projections.Query{View: projections.IssuedReports.Name, Key: key, Limit: 1})
	if err != nil {
		return err
	}
	if len(page.Rows) == 0 || a.Files == nil {
		return &ledger.Error{Kind: ledger.KindNotFound, Code: "no-such-issue", Msg: ledger.Text{
			En: fmt.Sprintf("no report was issued as %q; /v1/views/issued-reports lists them", key), Zh: fmt.Sprintf("没有签发 %q;已签发报表见 /v1/views/issued-reports", key),
		}}
	}
	issue := map[string]string{}
	for i, c := range page.Columns {
		issue[c.Name], _ = page.Rows[0][i].(string)
	}
	if err := a.mayAsk(callOf(r).actor, issue["report"]); err != nil {
		return err
	}
	data, err := a.Files.Read(issue["sha256"])
	if err != nil {
		return err
	}
	stand(w.Header(), page.Checkpoint)
	w.Header().Set("Content-Type", "application/octet-stream") // what was issued is saved, not shown
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": issue["name"]}))
	w.Header().Set("ETag", `"`+issue["sha256"]+`"`)
	if r.Method == http.MethodHead {
		return nil
	}
	_, err = w.Write(data)
	return err
}
