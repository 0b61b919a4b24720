package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// maxParams bounds the parameters of one query.
const maxParams = 100

// params is a query read strictly: what no one asks for by name is an error, because a
// misspelt filter must not silently answer with everything.
type params struct {
	values url.Values
	known  []string
	err    error // the first
}

func paramsOf(r *http.Request) *params {
	values, err := url.ParseQuery(r.URL.RawQuery)
	p := &params{values: values}
	if err != nil {
		p.wrong("the query cannot be read: "+err.Error(), "查询字符串无法解析")
	}
	n := 0
	for _, list := range values {
		n += len(list)
	}
	if n > maxParams {
		p.wrong(fmt.Sprintf("at most %d parameters, got %d", maxParams, n), fmt.Sprintf("最多 %d 个参数,实际 %d", maxParams, n))
	}
	return p
}

func (p *params) wrong(en, zh string) {
	if p.err == nil {
		p.err = ledger.Invalid("parameter", ledger.Text{En: en, Zh: zh})
	}
}

// all is every value of a parameter.
func (p *params) all(name string) []string {
	p.known = append(p.known, name)
	return p.values[name]
}

// one is the value of a parameter that is given at most once, or "".
func (p *params) one(name string) string {
	values := p.all(name)
	if len(values) == 0 {
		return ""
	}
	if len(values) > 1 || values[0] == "" {
		p.wrong(name+" takes one value", name+" 需要且只能有一个值")
	}
	return values[0]
}

// number is the value of a parameter as a whole number from low to high; otherwise where absent.
func (p *params) number(name string, otherwise, low, high uint64) uint64 {
	text := p.one(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n < low || n > high {
		p.wrong(fmt.Sprintf("%s is a whole number from %d to %d", name, low, high), fmt.Sprintf("%s 应为 %d 至 %d 的整数", name, low, high))
	}
	return n
}

// done is the first thing wrong with the query, parameters that nobody asked for included.
func (p *params) done() error {
	for name := range p.values {
		if !slices.Contains(p.known, name) {
			slices.Sort(p.known)
			list := strings.Join(slices.Compact(p.known), ", ")
			p.wrong(fmt.Sprintf("there is no parameter %q here; accepted: %s", name, list), fmt.Sprintf("没有参数 %q;可用:%s", name, list))
		}
	}
	return p.err
}

// moment reads as-of and known-at, to be settled once the whole query is known to be right.
type moment struct {
	asOf    string
	knownAt string
}

func (p *params) moment() moment { return moment{p.one("as-of"), p.one("known-at")} }

// at settles a moment: T as the last day that as-of may mean, K from an entry or an instant.
func (a *api) at(ctx context.Context, m moment) (at projections.At, err error) {
	if m.asOf != "" {
		if at.AsOf, err = ledger.ParseDate(m.asOf); err != nil {
			return at, err
		}
		at.AsOf = at.AsOf.Last()
	}
	if m.knownAt != "" {
		at.KnownAt, err = a.knownAt(ctx, m.knownAt)
	}
	return at, err
}

func (a *api) knownAt(ctx context.Context, text string) (ledger.Entry, error) {
	if n, err := strconv.ParseUint(text, 10, 63); err == nil && n > 0 {
		cp, err := a.Reader.Checkpoint(ctx)
		if err == nil && ledger.Entry(n) > cp.Entry {
			err = ledger.Invalid("beyond", ledger.Text{
				En: fmt.Sprintf("the read models stand at entry %d; %d is not known yet", cp.Entry, n),
				Zh: fmt.Sprintf("读模型位于第 %d 条,第 %d 条尚未入账", cp.Entry, n),
			})
		}
		return ledger.Entry(n), err
	}
	// A + that was not escaped arrives as a blank.
	instant, err := time.Parse(time.RFC3339, strings.Replace(text, " ", "+", 1))
	if err != nil {
		return 0, ledger.Invalid("known-at", ledger.Text{
			En: fmt.Sprintf("known-at is an entry number from 1 or an instant such as 2026-05-04T09:00:00+08:00, not %q", text),
			Zh: fmt.Sprintf("known-at 应为入账序号(从 1 起)或时刻(如 2026-05-04T09:00:00+08:00),而非 %q", text),
		})
	}
	entry, err := a.Reader.KnownAt(ctx, instant)
	if err == nil && entry == 0 {
		// 0 would mean now, and show what nobody knew then.
		err = ledger.Invalid("before-ledger", ledger.Text{
			En: "nothing had been recorded by " + text, Zh: "截至 " + text + " 尚无入账",
		})
	}
	return entry, err
}
