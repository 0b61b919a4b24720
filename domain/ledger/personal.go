package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

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

// Part is one personal text of an event or command.
type Part struct {
	Path string // below the data, such as contacts/0/value
	Kind string
	Text Personal
}

// PartsOf lists the personal texts that a value has.
func PartsOf(v any) []Part {
	var parts []Part
	_, _ = personalOf(reflect.TypeOf(v)).each(v, func(p Part) (Personal, error) {
		parts = append(parts, p)
		return p.Text, nil
	})
	return parts
}

// personal is where a type has personal texts; nil where it has none. It calls f for each that is
// not zero and puts what f answers in its place, copying what the value points to.
type personal func(v reflect.Value, path string, f func(Part) (Personal, error)) error

// each is a copy of v with what f makes of its texts.
func (w personal) each(v any, f func(Part) (Personal, error)) (any, error) {
	if w == nil {
		return v, nil
	}
	c := reflect.New(reflect.TypeOf(v)).Elem()
	c.Set(reflect.ValueOf(v))
	err := w(c, "", f)
	return c.Interface(), err
}

// stored refuses a text that is not sealed, or sealed as something else than its field holds.
func (w personal) stored(v any) error {
	_, err := w.each(v, func(p Part) (Personal, error) {
		if p.Text.form != sealed || p.Text.kind != p.Kind {
			return p.Text, fmt.Errorf("%s is not sealed as %s", p.Path, p.Kind)
		}
		return p.Text, nil
	})
	return err
}

// carried says whether a command has a personal text, and refuses one that came sealed: nobody
// hands the ledger ciphertext.
func (w personal) carried(v any) (some bool, err error) {
	_, err = w.each(v, func(p Part) (Personal, error) {
		some = true
		if p.Text.form == sealed {
			return p.Text, InvalidField(p.Path, "text is needed here, not an object", "此处应为文本,不能是对象")
		}
		return p.Text, nil
	})
	return some, err
}

var (
	personalType  = reflect.TypeFor[Personal]()
	personalTypes sync.Map // reflect.Type to personal: types are looked through once
)

func personalOf(t reflect.Type) personal {
	if t == nil {
		return nil
	}
	if known, ok := personalTypes.Load(t); ok {
		return known.(personal)
	}
	w := lookThrough(t, "", nil)
	personalTypes.Store(t, w)
	return w
}

// lookThrough panics on a Personal without a kind or in a map: those are mistakes in the program.
func lookThrough(t reflect.Type, kind string, above []reflect.Type) personal {
	if t == personalType {
		if kind == "" {
			panic(fmt.Sprintf("%s: a Personal has the tag personal, which says what it holds", above[len(above)-1]))
		}
		return func(v reflect.Value, path string, f func(Part) (Personal, error)) error {
			p := v.Interface().(Personal)
			if p.IsZero() {
				return nil
			}
			changed, err := f(Part{path, kind, p})
			v.Set(reflect.ValueOf(changed))
			return err
		}
	}
	if slices.Contains(above, t) {
		return nil // it ends in itself; what it has was found above
	}
	above = append(slices.Clone(above), t)
	switch t.Kind() {
	case reflect.Struct:
		return inFields(t, above)
	case reflect.Slice:
		return inItems(lookThrough(t.Elem(), kind, above))
	case reflect.Pointer:
		return behindPointer(lookThrough(t.Elem(), kind, above))
	case reflect.Map, reflect.Array:
		if lookThrough(t.Elem(), "in a map", above) != nil {
			panic(fmt.Sprintf("%s: a Personal stands in a struct, a list or behind a pointer", t))
		}
	}
	return nil
}

func inFields(t reflect.Type, above []reflect.Type) personal {
	type place struct {
		index int
		name  string
		in    personal
	}
	var places []place
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		if in := lookThrough(f.Type, f.Tag.Get("personal"), above); in != nil {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			places = append(places, place{i, name, in})
		}
	}
	if places == nil {
		return nil
	}
	return func(v reflect.Value, path string, f func(Part) (Personal, error)) error {
		for _, p := range places {
			if err := p.in(v.Field(p.index), below(path, p.name), f); err != nil {
				return err
			}
		}
		return nil
	}
}

func inItems(item personal) personal {
	if item == nil {
		return nil
	}
	return func(v reflect.Value, path string, f func(Part) (Personal, error)) error {
		if v.IsNil() {
			return nil
		}
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(c, v)
		v.Set(c)
		for i := range v.Len() {
			if err := item(v.Index(i), below(path, strconv.Itoa(i)), f); err != nil {
				return err
			}
		}
		return nil
	}
}

func behindPointer(target personal) personal {
	if target == nil {
		return nil
	}
	return func(v reflect.Value, path string, f func(Part) (Personal, error)) error {
		if v.IsNil() {
			return nil
		}
		c := reflect.New(v.Type().Elem())
		c.Elem().Set(v.Elem())
		v.Set(c)
		return target(c.Elem(), path, f)
	}
}

func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}
