package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/gorilla/mux"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

func (a *api) reports(w http.ResponseWriter, r *http.Request) error {
	type line struct {
		Code    string               `json:"code"`
		Title   ledger.Text          `json:"title"`
		Formula string               `json:"formula"`
		Route   string               `json:"route"`
		Params  []projections.Param  `json:"params"`
		Columns []projections.Column `json:"columns"`
	}
	if err := paramsOf(r).done(); err != nil {
		return err
	}
	list := []line{}
	for _, x := range a.Reports {
		if permit(callOf(r).actor, x.Roles) == nil {
			list = append(list, line{x.Code, x.Title, x.Formula, "/v1/reports/" + x.Code, append([]projections.Param{}, x.Params...), x.Columns})
		}
	}
	return writeJSON(w, http.StatusOK, map[string]any{"reports": list})
}

func (a *api) findReport(r *http.Request) (projections.Report, error) {
	code := mux.Vars(r)["code"]
	i := slices.IndexFunc(a.Reports, func(x projections.Report) bool { return x.Code == code })
	if i < 0 {
		return projections.Report{}, &ledger.Error{Kind: ledger.KindNotFound, Code: "no-such-report", Msg: ledger.Text{
			En: fmt.Sprintf("there is no report %q; /v1/reports lists them", code), Zh: fmt.Sprintf("没有报表 %q;报表列表见 /v1/reports", code),
		}}
	}
	return a.Reports[i], permit(callOf(r).actor, a.Reports[i].Roles)
}

// report computes a report at one moment.
func (a *api) report(w http.ResponseWriter, r *http.Request) error {
	x, err := a.findReport(r)
	if err != nil {
		return err
	}
	p := paramsOf(r)
	form, err := negotiate(r.Header, p.one("format"), formatJSON, formatNDJSON, formatCSV, formatXLSX)
	if err != nil {
		return err
	}
	scope, at, err := a.readScope(r.Context(), x, p, form)
	if err != nil {
		return err
	}
	if subject := scope[x.Subject]; subject != "" {
		if err := a.mayAsk(callOf(r).actor, subject); err != nil {
			return err
		}
	}
	page, err := a.Reader.Report(r.Context(), x.Code, scope, at)
	if err != nil {
		return err
	}
	if x.Subject != "" {
		if err := a.blank(r.Context(), callOf(r).actor, page); err != nil {
			return err
		}
	}
	sealed, err := a.sealedAt(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Ledger-Formula", x.Formula)
	if sealed != "" {
		w.Header().Set("Ledger-Checkpoint", sealed)
	}
	if form == formatJSON {
		return writeReport(w, x, scope, page, sealed)
	}
	return a.export(w, r, form, about{x.Code, x.Title, x.Formula, scope}, func(yield func(projections.Page, error) bool) { yield(page, nil) })
}

// readScope reads a report's parameters and moment. The Reader says which are missing.
func (a *api) readScope(ctx context.Context, x projections.Report, p *params, form format) (map[string]string, projections.At, error) {
	scope := map[string]string{}
	for _, param := range x.Params {
		if value := p.one(param.Name); value != "" {
			scope[param.Name] = value
		}
	}
	if form != formatJSON {
		p.sheet()
	}
	when := p.moment()
	if err := p.done(); err != nil {
		return nil, projections.At{}, err
	}
	at, err := a.at(ctx, when)
	return scope, at, err
}

// mayAsk holds whoever asks about a report to its own roles.
func (a *api) mayAsk(actor ledger.Actor, code string) error {
	i := slices.IndexFunc(a.Reports, func(x projections.Report) bool { return x.Code == code })
	if i < 0 {
		return ledger.Invalid("parameter", ledger.Text{
			En: fmt.Sprintf("there is no report %q to compare; /v1/reports lists them", code), Zh: fmt.Sprintf("没有可比较的报表 %q;报表列表见 /v1/reports", code),
		})
	}
	return permit(actor, a.Reports[i].Roles)
}

// blank leaves out what a comparison names of streams that the actor does not see: the figures they
// moved are the report's, which things they were is not.
func (a *api) blank(ctx context.Context, actor ledger.Actor, page projections.Page) error {
	at := func(name string) int {
		return slices.IndexFunc(page.Columns, func(c projections.Column) bool { return c.Name == name })
	}
	stream, whom := at("stream"), at("actor")
	if stream < 0 {
		return nil
	}
	s, err := a.sightOf(ctx, actor)
	if err != nil || s.everything {
		return err
	}
	for _, row := range page.Rows {
		name, ok := row[stream].(string)
		if !ok {
			continue
		}
		id, err := ledger.ParseStreamID(name)
		if err != nil {
			return err
		}
		if s.reach[id.Category] != ledger.SeesAll && !s.own[id] {
			row[stream], row[whom] = nil, nil
		}
	}
	return nil
}

func writeReport(w http.ResponseWriter, x projections.Report, scope map[string]string, page projections.Page, sealed string) error {
	stand(w.Header(), page.Checkpoint)
	return writeJSON(w, http.StatusOK, struct {
		Report  string               `json:"report"`
		Title   ledger.Text          `json:"title"`
		Formula string               `json:"formula"`
		Scope   map[string]string    `json:"scope"`
		Columns []projections.Column `json:"columns"`
		Rows    []json.RawMessage    `json:"rows"`
		footing
		Sealed string `json:"sealed,omitzero"` // the checkpoint of the transparency log, as a line
	}{x.Code, x.Title, x.Formula, scope, page.Columns, objects(page), footingOf(page), sealed})
}
