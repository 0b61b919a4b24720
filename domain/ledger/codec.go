package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Codec reads and writes the stored forms of one aggregate's events. The Go type is always the
// present shape; former shapes are upcast on read, one step a version, and stored bytes are
// never rewritten.
type Codec[E Event] struct{ entries map[string]Shape[E] }

// Shape is one line of a codec's table, made by Current or Former.
type Shape[E Event] struct {
	name   string
	decode func([]byte) (any, error)
	next   string        // the name upcast to; "" for a present shape
	up     func(any) any // nil for a present shape
	event  func(any) E   // nil for a former shape

	personal    personal // where it has personal texts
	correctable bool
}

// Current enters the present shape T under its EventType.
func Current[T Event, E Event]() Shape[E] {
	var zero T
	_, correctable := any(zero).(Correctable)
	return Shape[E]{
		name:   zero.EventType(),
		decode: decodeAs[T],
		event:  func(v any) E { return v.(E) },

		personal:    personalOf(reflect.TypeFor[T]()),
		correctable: correctable,
	}
}

// Former enters a shape that is no longer written: events stored as from are read as Old and
// turned by up into New, the shape stored as to. Chains run by themselves.
func Former[Old, New any, E Event](from, to string, up func(Old) New) Shape[E] {
	return Shape[E]{
		name:   from,
		decode: decodeAs[Old],
		next:   to,
		up:     func(v any) any { return up(v.(Old)) },

		personal: personalOf(reflect.TypeFor[Old]()),
	}
}

func decodeAs[T any](data []byte) (any, error) {
	var v T
	err := decodeStored(data, &v)
	return v, err
}

// NewCodec builds the table. It panics on a name entered twice, a present shape that is not an
// E, and an upcast that leads nowhere or round in a circle: those are mistakes in the program.
func NewCodec[E Event](entries ...Shape[E]) *Codec[E] {
	c := &Codec[E]{entries: map[string]Shape[E]{}}
	for _, e := range entries {
		if _, twice := c.entries[e.name]; twice {
			panic("codec: " + e.name + " is entered twice")
		}
		c.entries[e.name] = e
	}
	for name, e := range c.entries {
		for steps := 0; e.up != nil; steps++ {
			next, ok := c.entries[e.next]
			if !ok || steps > len(entries) {
				panic("codec: the upcast of " + name + " does not reach a present shape: " + e.next)
			}
			e = next
		}
		v, _ := e.decode([]byte("{}"))
		if _, ok := v.(E); !ok {
			panic("codec: " + e.name + " is not an event of this aggregate")
		}
	}
	return c
}

// Decode reads a stored event. An unknown name and an unknown field are errors: a ledger that
// skips what it does not understand is wrong quietly.
func (c *Codec[E]) Decode(name string, data []byte) (E, error) {
	var none E
	e, ok := c.entries[name]
	if !ok {
		return none, fmt.Errorf("unknown event %q", name)
	}
	v, err := e.decode(data)
	if err == nil {
		err = e.personal.stored(v)
	}
	if err != nil {
		return none, fmt.Errorf("%s: %w", name, err)
	}
	for e.up != nil {
		v, e = e.up(v), c.entries[e.next]
	}
	return e.event(v), nil
}

// Encode writes the present shape.
func (c *Codec[E]) Encode(event E) ([]byte, error) {
	e, ok := c.entries[event.EventType()]
	if !ok || e.up != nil {
		return nil, fmt.Errorf("%q is not a present shape of this codec", event.EventType())
	}
	if err := e.personal.stored(event); err != nil {
		return nil, fmt.Errorf("%s: %w", event.EventType(), err)
	}
	return json.Marshal(event)
}

// correctable says that some present shape may be put right by a correction.
func (c *Codec[E]) correctable() bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(c.entries)), func(s Shape[E]) bool { return s.correctable })
}

// Names lists every stored name that can be read, former ones included, in order.
func (c *Codec[E]) Names() []string { return slices.Sorted(maps.Keys(c.entries)) }

// decodeStored reads bytes of our own writing: strict about fields, and about what follows.
func decodeStored(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more follows the value")
	}
	return nil
}

// maxDepth bounds the nesting of what clients send.
const maxDepth = 32

// DecodeStrict reads JSON that a client sent into v, whose fields stand at pointer in the
// request. It refuses what the standard decoder lets pass: unknown fields, keys given twice
// (also where only their case differs), text that is not UTF-8, nesting beyond 32, and
// anything after the value.
func DecodeStrict(data []byte, pointer string, v any) error {
	if !utf8.Valid(data) {
		return malformed(pointer, "the text is not UTF-8", "文本不是 UTF-8 编码")
	}
	// Nearly all that is sent is right, and found so at a fifth of the cost of saying what is wrong.
	if unambiguous(data) && decodeStored(data, v) == nil {
		return nil
	}
	var values []place
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := walk(d, pointer, 0, &values); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return malformed(pointer, "more follows the JSON value", "JSON 值之后还有多余内容")
	}
	d = json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return mistyped(wrong, values)
	}
	return explain(err, pointer)
}

// place is where a value of the request begins to be known for what it is: a scalar at its end,
// an object or list at its bracket.
type place struct {
	pointer string
	offset  int64
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1") // RFC 6901

// walk reads one value, checks what the decoder would not, and lists the places of all values.
func walk(d *json.Decoder, pointer string, depth int, values *[]place) error {
	if depth > maxDepth {
		return malformed(pointer, fmt.Sprintf("nested deeper than %d", maxDepth), fmt.Sprintf("嵌套超过 %d 层", maxDepth))
	}
	token, err := d.Token()
	if err != nil {
		return explain(err, pointer)
	}
	*values = append(*values, place{pointer, d.InputOffset()})
	open, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for i := 0; d.More(); i++ {
		at := pointer + "/" + strconv.Itoa(i)
		if open == '{' {
			key, err := d.Token()
			if err != nil {
				return explain(err, pointer)
			}
			name := key.(string)
			at = pointer + "/" + escapePointer.Replace(name)
			folded := strings.Map(foldRune, name)
			if seen[folded] {
				return malformed(at, "the key is given twice", "键重复")
			}
			seen[folded] = true
		}
		if err := walk(d, at, depth+1, values); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return explain(err, pointer)
	}
	return nil
}

// foldRune is the same for all runes that the decoder takes for one in a key.
func foldRune(r rune) rune {
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	return least
}

// mistyped points at the value that does not fit: the first that ends where the decoder stopped.
func mistyped(wrong *json.UnmarshalTypeError, values []place) error {
	i := slices.IndexFunc(values, func(p place) bool { return p.offset >= wrong.Offset })
	i = max(i, 0)
	return malformed(values[i].pointer, fmt.Sprintf("a %s does not fit here; expected %s", wrong.Value, wrong.Type), fmt.Sprintf("此处不能是 %s,应为 %s", wrong.Value, wrong.Type))
}

// explain turns the decoder's error into one that points at the field.
func explain(err error, pointer string) error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*Error](err); ok {
		f := Field{pointer, known.Msg}
		return Invalid("malformed", Text{"the request is not valid JSON of the expected form", "请求不是所要求形式的 JSON"}, f)
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name = strings.Trim(name, `"`)
		return malformed(pointer, fmt.Sprintf("the field %q is not known here", name), fmt.Sprintf("未知字段 %q", name))
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return malformed(pointer, "the JSON ends too early", "JSON 不完整")
	}
	return malformed(pointer, err.Error(), "JSON 无法解析:"+err.Error())
}

func malformed(pointer, en, zh string) error {
	return Invalid("malformed",
		Text{"the request is not valid JSON of the expected form", "请求不是所要求形式的 JSON"},
		Field{pointer, Text{en, zh}})
}
