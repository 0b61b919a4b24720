package webui

import (
	"encoding/json"
	"net/http"

	"ttledger/domain/ledger"
)

// proofData is the page on which a browser verifies that an entry is in the signed log. The server
// gives the stored bytes and where the receipt is, and says nothing about whether they agree.
type proofData struct {
	Told   told
	Stream ledger.StreamID
	Parts  []proofPart
	Origin string
}

// proofPart is a part of the leaf; readers may change it and see that it no longer agrees.
type proofPart struct {
	Name, Label, Value string
	Long               bool
}

func (s *site) proof(p *page) error {
	id, e, err := p.eventAt(p.vars["entry"])
	if err != nil {
		return err
	}
	var meta struct{ Ledger string }
	if err := json.Unmarshal(e.Metadata, &meta); err != nil {
		return err
	}
	p.learn([]ledger.StreamID{id})
	d := proofData{Told: p.toldOf(e), Stream: id, Origin: "http://" + p.r.Host}
	if p.r.TLS != nil {
		d.Origin = "https://" + p.r.Host
	}
	d.Parts = []proofPart{
		{"entry", p.say("entry"), p.plain(e.Entry), false}, {"ledger", p.site.names.of(p.Lang, "", "", "ledger"), meta.Ledger, false},
		{"event", p.say("event"), e.ID.String(), false}, {"stream", p.site.names.of(p.Lang, "", "", "stream"), e.Stream, false},
		{"version", p.say("version"), p.plain(ledger.Entry(e.Version)), false}, {"type", p.site.names.of(p.Lang, "", "", "type"), e.Type, false},
		{"meta", p.say("envelope"), string(e.Metadata), true}, {"data", p.say("data"), string(e.Data), true},
	}
	return p.render(http.StatusOK, "proof", p.say("proof"), d)
}
