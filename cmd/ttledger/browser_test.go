package main

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// browser is a real Chromium with one window. It remembers what pages complain of, and what they
// ask other hosts for.
type browser struct {
	context.Context
	address string

	mu   sync.Mutex
	said []string
}

// chromium is where the browser is; without one the tests of pages are left out, except where
// TTLEDGER_REQUIRE_BROWSER says that there must be one.
func chromium(t *testing.T) string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("TTLEDGER_REQUIRE_BROWSER") != "" {
		t.Fatal("there is no Chromium, and TTLEDGER_REQUIRE_BROWSER asks for one")
	}
	t.Skip("there is no Chromium; .ci/run installs one")
	return ""
}

func newBrowser(t *testing.T, address string) *browser {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "zh-CN"))
	allocated, end := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(end)
	ctx, closeTab := chromedp.NewContext(allocated)
	t.Cleanup(closeTab)
	b := &browser{Context: ctx, address: address}
	require.NoError(t, chromedp.Do(ctx))
	b.listen(t)
	return b
}

// again is another window of the same browser with cookies of its own.
func (b *browser) again(t *testing.T) *browser {
	ctx, closeTab := chromedp.NewContext(b.Context, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	other := &browser{Context: ctx, address: b.address}
	require.NoError(t, chromedp.Do(ctx))
	other.listen(t)
	return other
}

func (b *browser) listen(t *testing.T) {
	note := func(text string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.said = append(b.said, text)
	}
	console, thrown := chromedp.Events(b, runtime.ConsoleAPICalled), chromedp.Events(b, runtime.ExceptionThrown)
	requests := chromedp.Events(b, network.RequestWillBeSent)
	_, err := chromedp.Call(b, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	go func() {
		for e, err := range console {
			if err == nil && (e.Type == "error" || e.Type == "warning") {
				raw, _ := json.Marshal(e.Args)
				note("console: " + string(raw))
			}
		}
	}()
	go func() {
		for e, err := range thrown {
			if err == nil {
				note("exception: " + e.ExceptionDetails.Text)
			}
		}
	}()
	go func() {
		for e, err := range requests {
			if err != nil {
				return
			}
			if to, err := url.Parse(e.Request.URL); err == nil && to.Scheme != "data" && to.Scheme != "about" && "http://"+to.Host != b.address {
				note("asks another host: " + e.Request.URL)
			}
		}
	}()
}

// quiet requires that no page complained and none asked another host.
func (b *browser) quiet(t *testing.T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Empty(t, b.said)
}

func (b *browser) open(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, chromedp.Do(b, chromedp.Navigate(b.address+path)), path)
}

func (b *browser) signIn(t *testing.T, lang, token string) {
	t.Helper()
	b.open(t, "/"+lang+"/sign-in")
	b.fill(t, map[string]string{"token": token})
	b.press(t, "main form button.main")
	require.Contains(t, b.eval(t, "document.body.innerText"), map[string]string{"zh": "工作台", "en": "Desk"}[lang])
}

// eval is what a script comes to, as text.
func (b *browser) eval(t *testing.T, script string) string {
	t.Helper()
	v, err := chromedp.Run(b, chromedp.Evaluate[any](script))
	require.NoError(t, err, script)
	return fmt.Sprint(v)
}

// fill types into fields by their ids.
func (b *browser) fill(t *testing.T, values map[string]string) {
	t.Helper()
	for id, value := range values {
		found := b.eval(t, fmt.Sprintf(`(() => { const f = document.getElementById(%q); if (!f) return 'absent'; f.value = %q; f.dispatchEvent(new Event('change', {bubbles: true})); return 'there' })()`, id, value))
		require.Equal(t, "there", found, "the field %s on %s", id, b.eval(t, "location.href"))
	}
}

// press clicks and waits for the page that it leads to.
func (b *browser) press(t *testing.T, selector string) {
	t.Helper()
	require.Equal(t, "1", b.eval(t, fmt.Sprintf("document.querySelectorAll(%q).length ? 1 : document.body.innerText", selector)), selector)
	_, err := chromedp.RunResponse(b, chromedp.Click(chromedp.CSS(selector)))
	require.NoError(t, err, selector)
}

func (b *browser) text(t *testing.T) string {
	t.Helper()
	return b.eval(t, "document.querySelector('main').innerText")
}

var axe = sync.OnceValues(func() (string, error) {
	f, err := os.Open("testdata/axe-core-4.14.1.min.js.gz")
	if err != nil {
		return "", err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return "", err
	}
	raw, err := io.ReadAll(z)
	return string(raw), err
})

// accessible requires that axe finds nothing wrong with the page, by the rules of WCAG 2.1 AA.
func (b *browser) accessible(t *testing.T, where string) {
	t.Helper()
	source, err := axe()
	require.NoError(t, err)
	_, err = chromedp.Run(b, chromedp.Evaluate[bool](source+"; true"))
	require.NoError(t, err)
	type violation struct {
		ID    string
		Help  string
		Nodes []struct{ HTML, FailureSummary string }
	}
	found, err := chromedp.Run(b, chromedp.Evaluate[[]violation](
		`axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']}).then(r => r.violations.map(v => ({ID: v.id, Help: v.help, Nodes: v.nodes.slice(0, 3).map(n => ({HTML: n.html, FailureSummary: n.failureSummary}))})))`,
		func(p *runtime.EvaluateParams) { p.AwaitPromise = new(true) }))
	require.NoError(t, err)
	require.Empty(t, found, where)
}

// window is how wide the window is, and whether it is night.
func (b *browser) window(t *testing.T, width int64, dark bool) {
	t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	require.NoError(t, chromedp.Do(b, chromedp.EmulateViewport(width, 900)))
	_, err := chromedp.Call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	require.NoError(t, err)
}

// keep writes a picture of the page where TTLEDGER_PICTURES says.
func (b *browser) keep(t *testing.T, name string) {
	dir := os.Getenv("TTLEDGER_PICTURES")
	if dir == "" {
		return
	}
	raw, err := chromedp.Run(b, chromedp.FullScreenshot(100))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(dir+"/"+name+".png", raw, 0o600))
}

// follows waits until a script is true.
func (b *browser) follows(t *testing.T, script string) {
	t.Helper()
	require.Eventually(t, func() bool { return b.eval(t, script) == "true" }, 20*time.Second, 50*time.Millisecond, script)
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
