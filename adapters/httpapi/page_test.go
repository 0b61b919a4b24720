package httpapi

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
)

func TestTheCataloguePage(t *testing.T) {
	w := newWorld(t)
	for accept, to := range map[string]string{"zh-CN,zh;q=0.9": "/zh/catalogue", "en": "/en/catalogue", "fr": "/en/catalogue"} {
		a := w.get("", "/catalogue", "Accept-Language: "+accept)
		require.Equal(t, 303, a.status)
		require.Equal(t, to, a.header.Get("Location"))
	}
	for lang, path := range map[string]string{english: "/en/catalogue", chinese: "/zh/catalogue"} {
		a := w.get("", path)
		words, other := prose(a.body), chinese
		if lang == chinese {
			other = english
		}
		require.Equal(t, 200, a.status)
		require.Equal(t, "text/html; charset=utf-8", a.header.Get("Content-Type"))
		require.Equal(t, lang, a.header.Get("Content-Language"))
		require.Contains(t, a.body, `<html lang="`+lang+`">`)
		require.Equal(t, 304, w.get("", path, "If-None-Match: "+a.header.Get("ETag")).status)
		for _, g := range w.ledger.Aggregates {
			for _, v := range g.Verbs {
				require.Contains(t, a.body, `id="`+g.Category+"-"+v.Name+`"`)
				require.Contains(t, a.body, say(lang, v.Help))
				require.False(t, strings.Contains(words, say(other, v.Help)), "%s in %s", v.Help.En, lang)
			}
			for _, name := range g.Events {
				require.Contains(t, a.body, "<code>"+name+"</code>")
			}
		}
		for _, v := range w.config.Views {
			require.Contains(t, a.body, "/v1/views/"+v.Name)
			for _, c := range v.Columns {
				require.Contains(t, a.body, "<code>"+c.Name+"</code>")
				require.Contains(t, a.body, say(lang, c.Label))
			}
		}
		for _, r := range w.config.Reports {
			require.Contains(t, a.body, r.Formula)
		}
		for _, label := range pageLabels {
			if label != pageLabels["other"] {
				require.False(t, strings.Contains(words, ">"+say(other, label)+"<"), "%s in %s", label.En, lang)
			}
		}
		require.NotRegexp(t, `<td></td>|<h[1-5]> *</|: *</p>`, a.body, "nothing is left blank")
	}
	require.Equal(t, "text/css; charset=utf-8", w.get("", "/catalogue.css").header.Get("Content-Type"))
}

// prose leaves out what is code, which is the same in every language.
func prose(html string) string {
	return regexp.MustCompile(`(?s)<pre>.*?</pre>|<code>.*?</code>`).ReplaceAllString(html, "")
}

// TestThePageAsksNobodyElse: no script, no style of its own in it, no address on another host.
func TestThePageAsksNobodyElse(t *testing.T) {
	w := newWorld(t)
	policy := w.get("", "/en/catalogue").header.Get("Content-Security-Policy")
	require.True(t, strings.HasPrefix(policy, "default-src 'none'; style-src 'self';"), policy)
	require.NotContains(t, policy, "unsafe")
	for _, path := range []string{"/en/catalogue", "/zh/catalogue"} {
		html := w.get("", path).body
		for _, m := range regexp.MustCompile(`(?:src|href|action)="([^"]*)"`).FindAllStringSubmatch(html, -1) {
			require.True(t, strings.HasPrefix(m[1], "#") || strings.HasPrefix(m[1], "/") && !strings.HasPrefix(m[1], "//"), m[0])
			if strings.HasPrefix(m[1], "/") {
				require.Equal(t, 200, w.get("", m[1]).status, m[1])
			} else {
				require.Contains(t, html, `id="`+m[1][1:]+`"`)
			}
		}
		for _, bad := range []string{"<script", "<style", " style=", "javascript:", "<img", "ZgotmplZ"} {
			require.NotContains(t, html, bad)
		}
	}
	css := w.get("", "/catalogue.css").body
	require.NotContains(t, css, "url(")
	require.NotContains(t, css, "@import")
}

func TestEveryLabelIsInBothLanguages(t *testing.T) {
	file, err := pageFiles.ReadFile("page.html")
	require.NoError(t, err)
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`\bt "([a-z-]+)"`).FindAllStringSubmatch(string(file), -1) {
		used[m[1]] = true
	}
	require.Len(t, pageLabels, len(used), "each label is used")
	for key, label := range pageLabels {
		require.True(t, used[key], key)
		require.True(t, label.En != "" && label.Zh != "", key)
	}
	require.NotRegexp(t, `\p{Han}`, string(file), "words stand in tables")

	for _, f := range fieldsOf(actSchema, "") {
		require.True(t, f.Help.En != "" && f.Help.Zh != "", f.Path)
	}
	for _, c := range bare(t, newWorld(t)).commands {
		require.NotContains(t, []ledger.Text{c.Title, c.Help}, ledger.Text{})
		for _, f := range fieldsOf(c.Schema, "") {
			require.True(t, f.Help.En != "" && f.Help.Zh != "", "%s %s", c.Route, f.Path)
			require.NotEmpty(t, typeNames[f.Type], "%s %s", c.Route, f.Path)
		}
	}
}
