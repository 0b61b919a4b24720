package webui

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// signInData is what the page of signing in shows.
type signInData struct{ Next string }

func (s *site) signInForm(p *page) error {
	return p.render(http.StatusOK, "sign-in", p.say("sign-in"), signInData{local(p.r.URL.Query().Get("next"))})
}

// signIn hands the token to the API and its cookie to the browser.
func (s *site) signIn(p *page) error {
	if err := p.r.ParseForm(); err != nil {
		return badForm
	}
	next := local(p.r.PostForm.Get("next"))
	body, err := json.Marshal(map[string]string{"token": strings.TrimSpace(p.r.PostForm.Get("token"))})
	if err != nil {
		return err
	}
	a, err := p.ask(http.MethodPost, "/session", nil, http.Header{"Content-Type": {"application/json"}}, body)
	if wrong, ok := errors.AsType[*problem](err); ok {
		p.Wrong = wrong
		return p.render(wrong.Status, "sign-in", p.say("sign-in"), signInData{next})
	}
	if err != nil {
		return err
	}
	p.pass(a)
	if next == "" {
		next = "/" + p.Lang + "/"
	}
	p.redirect(next, nil)
	return nil
}

func (s *site) signOut(p *page) error {
	a, err := p.ask(http.MethodDelete, "/session", nil, nil, nil)
	if err != nil {
		return err
	}
	p.pass(a)
	p.redirect("/"+p.Lang+"/sign-in", nil)
	return nil
}

// pass hands the API's cookies on.
func (p *page) pass(a *answer) {
	for _, cookie := range a.header.Values("Set-Cookie") {
		p.w.Header().Add("Set-Cookie", cookie)
	}
}

// local is an address on this site, or "": nobody is led elsewhere by a link to signing in.
func local(address string) string {
	if !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") || strings.ContainsAny(address, "\\\r\n") {
		return ""
	}
	return address
}

var badForm = &problem{Status: http.StatusBadRequest, Code: "bad-form"}
