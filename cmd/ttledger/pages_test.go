package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/organisation"
)

// lived is a server with a little history, whose people sign in by a browser.
type lived struct {
	*live
	tokens  map[string]string
	project uuid.UUID
}

func newLived(t *testing.T) *lived {
	chromium(t)
	o := newOffice(t)
	l := &lived{live: serveHere(t, o, func(s *server) { require.NoError(t, s.prove(false, nil)) }), tokens: map[string]string{"pm": o.read(t, o.manager), "apr": o.read(t, o.approver)}}
	l.tokens["aud"] = issueTo(t, l.address, o.read(t, o.admin), "shen.aud", "AUD")
	manager, approver := ledger.Actor{Handle: "wang.pm", Roles: []ledger.Role{ledger.PM, ledger.TM}}, ledger.Actor{Handle: "zhao.apr", Roles: []ledger.Role{ledger.APR}}
	host := demoID("organisation", "host")
	require.NoError(t, demoDo(t.Context(), l.d.ledger, manager, approver, "organisation", host, act{verb: "register", on: "2021-06-15", data: organisation.Register{
		Names: ledger.Names{Zh: "示范装备制造有限公司", En: "Example Equipment Co., Ltd."}, Kind: "company", UnitKind: "private",
		USCC: "91210106MA0EXAMP00", Region: "210106",
	}}, 0))
	for code, life := range demoProjects(host) {
		require.NoError(t, demoDo(t.Context(), l.d.ledger, manager, approver, "project", demoID("project", code), life[0], 0))
	}
	l.project = demoID("project", "P-2021-0001")
	l.becomesCurrent(t)
	return l
}

// TestAProjectByForms: a manager proposes in Chinese, asks for approval, and another person decides
// in English.
func TestAProjectByForms(t *testing.T) {
	l := newLived(t)
	b := newBrowser(t, l.address)
	b.signIn(t, "zh", l.tokens["pm"])
	b.open(t, "/zh/new/project/propose")
	b.press(t, "main form button.main")
	require.Contains(t, b.text(t), "未入账", "an empty proposal is refused")
	require.Equal(t, "refused", b.eval(t, "document.activeElement.id"), "and the reader is told")
	b.accessible(t, "a refused form")

	b.fill(t, map[string]string{"data-titles-zh": "冷烧结陶瓷", "data-code": "P-2026-0042", "data-budget": "250,000.50", "act-occurred_on": "2026-01-05"})
	b.press(t, "button[name=_add][value='data.milestones']")
	b.fill(t, map[string]string{"data-milestones-0-code": "M1", "data-milestones-0-names-zh": "样品", "data-milestones-0-due": "2026-12"})
	b.press(t, "main form button.main")
	require.Contains(t, b.text(t), "冷烧结陶瓷")
	require.Contains(t, b.text(t), "250,000.50 元")
	require.Contains(t, b.text(t), "2026年1月5日")
	require.Contains(t, b.eval(t, "document.querySelector('.can').innerText"), "尚未立项", "what is not possible yet says why")
	project := firstLine(b.eval(t, "location.pathname.split('/').pop()"))

	b.open(t, "/zh/things/project/"+project+"/do/approve")
	b.fill(t, map[string]string{"data-body": "科技创新部办公会"})
	b.press(t, "main form button.main")
	require.Contains(t, b.text(t), "经他人批准后生效")
	request := b.eval(t, "location.pathname")

	other := b.again(t)
	other.signIn(t, "en", l.tokens["apr"])
	require.Contains(t, other.text(t), "Approvals that wait")
	other.open(t, strings.Replace(request, "/zh/", "/en/", 1)+"/do/decide")
	other.fill(t, map[string]string{"data-decision": "approve"})
	other.press(t, "main form button.main")
	require.Contains(t, other.text(t), "carried out")

	b.open(t, "/zh/things/project/"+project)
	require.Contains(t, b.text(t), "立项")
	b.quiet(t)
	other.quiet(t)
}

// TestEveryPageIsAccessible looks at every page in both languages, wide and narrow, by day and by
// night.
func TestEveryPageIsAccessible(t *testing.T) {
	l := newLived(t)
	b := newBrowser(t, l.address)
	for _, lang := range []string{"zh", "en"} {
		b.open(t, "/"+lang+"/sign-in")
		b.accessible(t, "sign-in "+lang)
	}
	b.signIn(t, "zh", l.tokens["pm"])
	thing := "/things/project/" + l.project.String()
	pages := map[string]string{
		"home": "/", "board": "/board", "views": "/views", "view": "/views/project-board", "columns": "/views/project-board?columns=all", "reports": "/reports",
		"report": "/reports/k06", "scorecard": "/reports/s-e1", "map": "/map", "search": "/search?q=%E7%A4%BA%E8%8C%83", "deadlines": "/reports/r18", "commands": "/commands", "thing": thing, "form": thing + "/do/decide-gate", "replay": thing + "/replay",
		"history": "/history", "event": "/history/8", "nothing": "/nothing-here", "past": thing + "?known-at=8&as-of=2022-01-01",
	}
	for name, path := range pages {
		for _, lang := range []string{"zh", "en"} {
			for _, narrow := range []bool{false, true} {
				b.window(t, map[bool]int64{false: 1280, true: 390}[narrow], narrow)
				b.open(t, "/"+lang+path)
				where := fmt.Sprintf("%s-%s-%v", name, lang, map[bool]string{false: "wide", true: "narrow"}[narrow])
				b.accessible(t, where)
				require.NotContains(t, b.eval(t, "document.body.innerText"), "⟦", where)
				require.Equal(t, "true", b.eval(t, "document.documentElement.scrollWidth <= innerWidth"), "%s is wider than its window", where)
				b.keep(t, where)
			}
		}
	}
	b.quiet(t)
}

// TestAPageShowsThePast: with T and K in its address a page says what was true and known then, the
// slider moves by keys, and nothing can be written.
func TestAPageShowsThePast(t *testing.T) {
	l := newLived(t)
	b := newBrowser(t, l.address)
	b.signIn(t, "en", l.tokens["aud"])
	b.open(t, "/en/things/project/"+l.project.String())
	require.NotContains(t, b.text(t), "looking at the past")
	slider := "document.querySelector('[name=known-at]')"
	b.eval(t, slider+".focus(); "+slider+".value = 8; "+slider+".dispatchEvent(new Event('input'))")
	b.follows(t, slider+".getAttribute('aria-valuetext').includes(' 20')")
	b.press(t, ".bar button")
	require.Contains(t, b.eval(t, "document.body.innerText"), "You are looking at the past")
	require.Contains(t, b.eval(t, "location.search"), "known-at=8")
	b.quiet(t)
}

// TestPagesSayWhatWasRecordedMeanwhile: what others record shows without being asked for.
func TestPagesSayWhatWasRecordedMeanwhile(t *testing.T) {
	l := newLived(t)
	b := newBrowser(t, l.address)
	b.signIn(t, "zh", l.tokens["pm"])
	b.open(t, "/zh/views/organisation-register")
	require.Equal(t, "true", b.eval(t, "document.getElementById('news').hidden"))
	manager, approver := ledger.Actor{Handle: "wang.pm", Roles: []ledger.Role{ledger.PM}}, ledger.Actor{}
	require.NoError(t, demoDo(t.Context(), l.d.ledger, manager, approver, "organisation", uuid.New(), act{verb: "register", on: "2024-06-15", data: organisation.Register{
		Names: ledger.Names{Zh: "某大学"}, Kind: "university", UnitKind: "state-rd", USCC: "12100000400000123X",
	}}, 0))
	b.follows(t, "!document.getElementById('news').hidden")
	b.follows(t, "document.getElementById('live').innerText.includes('某大学')")
	b.quiet(t)
}

// TestPagesWithoutASession lead to signing in and back, and to no other site.
func TestPagesWithoutASession(t *testing.T) {
	l := serveHere(t, newOffice(t))
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, to := range map[string]string{
		"/en/views/project-board?stage=pilot": "/en/sign-in?next=%2Fen%2Fviews%2Fproject-board%3Fstage%3Dpilot",
		"/zh/":                                "/zh/sign-in?next=%2Fzh%2F",
	} {
		r, err := client.Do(request(t.Context(), t, l.address+path))
		require.NoError(t, err)
		require.NoError(t, r.Body.Close())
		require.Equal(t, http.StatusSeeOther, r.StatusCode)
		require.Equal(t, to, r.Header.Get("Location"))
	}
}

func request(ctx context.Context, t *testing.T, address string) *http.Request {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	require.NoError(t, err)
	return q
}

// TestABrowserVerifies: the page of an entry's proof is green, by WebCrypto and by the library, and
// red once one character of what is stored is another.
func TestABrowserVerifies(t *testing.T) {
	l := newLived(t)
	b := newBrowser(t, l.address)
	b.signIn(t, "zh", l.tokens["aud"])
	require.Eventually(t, func() bool {
		b.open(t, "/zh/history/8/proof")
		b.follows(t, "document.getElementById('result').dataset.result !== ''")
		return b.eval(t, "document.getElementById('result').dataset.result") == "true"
	}, 20*time.Second, 200*time.Millisecond)
	require.Contains(t, b.text(t), "WebCrypto")
	b.accessible(t, "the proof")
	b.keep(t, "proof-whole")

	again := func() string {
		b.eval(t, "document.getElementById('result').dataset.result = ''; document.querySelector('#proof button').click()")
		b.follows(t, "document.getElementById('result').dataset.result !== ''")
		return b.eval(t, "document.getElementById('result').dataset.result")
	}
	for _, part := range []string{"meta", "data", "stream", "version"} {
		field := "document.getElementById('part-" + part + "')"
		was := b.eval(t, field+".value")
		b.eval(t, field+".value = "+field+".value.slice(0, -2) + '7' + "+field+".value.slice(-1) + (`"+part+"` === 'version' ? '9' : '')")
		require.Equal(t, "false", again(), part)
		b.keep(t, "proof-broken")
		b.eval(t, fmt.Sprintf("%s.value = %q", field, was))
		require.Equal(t, "true", again(), part)
	}

	_, err := chromedp.Call(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: "Object.defineProperty(crypto, 'subtle', {value: undefined})"})
	require.NoError(t, err)
	b.open(t, "/en/history/8/proof")
	b.follows(t, "document.getElementById('result').dataset.result !== ''")
	require.Equal(t, "true", b.eval(t, "document.getElementById('result').dataset.result"), b.text(t))
	require.Contains(t, b.text(t), "noble")
	b.quiet(t)
}

// TestPagesAreSmall: none needs more than 100 kB. How long they take is measured, not required: a
// test must not fail by a slow machine.
func TestPagesAreSmall(t *testing.T) {
	l := newLived(t)
	thing := "/zh/things/project/" + l.project.String()
	client := signedIn(t, l.address, l.tokens["pm"])
	for _, path := range []string{"/zh/", "/zh/board", "/zh/views/project-board", "/zh/reports/k06", "/zh/reports/s-e1", thing, thing + "/replay", thing + "/do/decide-gate", "/zh/history"} {
		var took []time.Duration
		for range 9 {
			began := time.Now()
			r, err := client.Do(request(t.Context(), t, strings.Replace(l.address, "127.0.0.1", "localhost", 1)+path))
			require.NoError(t, err)
			raw, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			require.NoError(t, r.Body.Close())
			took = append(took, time.Since(began))
			require.Equal(t, http.StatusOK, r.StatusCode, path)
			require.Less(t, len(raw), 100_000, path)
		}
		slices.Sort(took)
		t.Logf("%s: %s at the median", path, took[len(took)/2].Round(100*time.Microsecond))
	}
}

// signedIn is a client with a session's cookie, which a jar would keep to HTTPS.
func signedIn(t *testing.T, address, token string) *http.Client {
	r, err := http.PostForm(strings.Replace(address, "127.0.0.1", "localhost", 1)+"/zh/sign-in", url.Values{"token": {token}, "next": {"/healthz"}})
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	require.NotEmpty(t, r.Request.Response.Cookies())
	return &http.Client{Transport: withCookie{r.Request.Response.Cookies()[0]}}
}

type withCookie struct{ *http.Cookie }

func (c withCookie) RoundTrip(r *http.Request) (*http.Response, error) {
	r.AddCookie(c.Cookie)
	return http.DefaultTransport.RoundTrip(r)
}
