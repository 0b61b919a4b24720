package ledger

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

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
