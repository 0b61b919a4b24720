package ledger

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// Personal is text about a person. A command carries it plain, as a JSON string; a decision gives
// it its subject (Of), and before the event's bytes are made it is sealed under that subject's
// key. Events, states and read models know it only sealed: {"subject", "kind", "sealed"}.
//
// Each field of this type says by the tag personal what kind of text it holds. The kind is bound
// to the ciphertext, so that no sealed text can be put in another's place, and decides who may
// open it. Numbers and dates are formatted as text. The zero Personal is no text.
type Personal struct {
	subject uuid.UUID
	kind    string // of a sealed text
	text    string // plain, or what the vault made of it
	form    form
}

type form uint8

const (
	plain       form = iota
	fingerprint      // plain, of which only the keyed digest is to be kept
	sealed
)

// Plain is text as a command carries it.
func Plain(text string) Personal { return Personal{text: text} }

// SealedText is a text that a vault sealed.
func SealedText(subject uuid.UUID, kind string, sealedBy []byte) Personal {
	return Personal{subject, kind, string(sealedBy), sealed}
}

// Of says whom the text is about.
func (p Personal) Of(subject uuid.UUID) Personal {
	if !p.IsZero() {
		p.subject = subject
	}
	return p
}

// Fingerprint is the text's digest under the vault's own key in its place: the same for the same
// text, whosoever it is about. It is sealed in turn, so that it goes dark with the rest.
func (p Personal) Fingerprint() Personal {
	if !p.IsZero() {
		p.form = fingerprint
	}
	return p
}

// Map is the plain text changed by f, for rules that normalise.
func (p Personal) Map(f func(string) string) Personal {
	if p.form == plain {
		p.text = f(p.text)
	}
	return p
}

// IsZero says that there is no text.
func (p Personal) IsZero() bool { return p == Personal{} }

// Subject is whom the text is about; nil for what a command carries.
func (p Personal) Subject() uuid.UUID { return p.subject }

// Kind is what a sealed text is; "" for a plain one.
func (p Personal) Kind() string { return p.kind }

// Check says what is wrong with a plain line of text, as CheckText does.
func (p Personal) Check(path string, limit int, required bool) error {
	return CheckText(path, p.text, limit, required)
}

// Test is what a rule says of the plain text.
func (p Personal) Test(rule func(string) bool) bool { return rule(p.text) }

// Format prints that there is something and never what, whatever the verb.
func (p Personal) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[personal]")) }

type sealedForm struct {
	Subject uuid.UUID `json:"subject"`
	Kind    string    `json:"kind"`
	Sealed  []byte    `json:"sealed"`
}

// MarshalJSON is a string for plain text, an object for a sealed one.
func (p Personal) MarshalJSON() ([]byte, error) {
	if p.form != sealed {
		return json.Marshal(p.text)
	}
	return json.Marshal(sealedForm{p.subject, p.kind, []byte(p.text)})
}

// UnmarshalJSON reads either form; where only one of them may stand, whoever reads it checks.
func (p *Personal) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] != '{' {
		var text string
		err := json.Unmarshal(data, &text)
		*p = Plain(text)
		return err
	}
	var s sealedForm
	if err := decodeStored(data, &s); err != nil {
		return err
	}
	if s.Subject == uuid.Nil || s.Kind == "" || len(s.Sealed) == 0 {
		return errors.New("a sealed text has a subject, a kind and its ciphertext")
	}
	*p = SealedText(s.Subject, s.Kind, s.Sealed)
	return nil
}
