package ledger_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
)

// measure is an aggregate that has changed its one event twice.
type measure interface {
	ledger.Event
	metres() float64
}

type measured struct {
	Millimetres int64  `json:"millimetres"`
	By          string `json:"by,omitzero"`
}

func (measured) EventType() string { return "case.measured.v3" }
func (m measured) metres() float64 { return float64(m.Millimetres) / 1000 }

type (
	measuredV1 struct {
		Metres int64 `json:"metres"`
	}
	measuredV2 struct {
		Centimetres int64 `json:"centimetres"`
	}
	weighed struct{} // an event, and no measure
)

func (weighed) EventType() string { return "case.weighed.v1" }

func (m measuredV1) up() measuredV2 { return measuredV2{m.Metres * 100} }
func (m measuredV2) up() measured   { return measured{Millimetres: m.Centimetres * 10} }

var (
	first   = ledger.Former[measuredV1, measuredV2, measure]("case.measured.v1", "case.measured.v2", measuredV1.up)
	second  = ledger.Former[measuredV2, measured, measure]("case.measured.v2", "case.measured.v3", measuredV2.up)
	present = ledger.Current[measured, measure]()
	lengths = ledger.NewCodec(first, present, second)
)

func TestFormerShapesReadAsThePresentOne(t *testing.T) {
	require.Equal(t, []string{"case.measured.v1", "case.measured.v2", "case.measured.v3"}, lengths.Names())
	for name, data := range map[string]string{
		"case.measured.v1": `{"metres":2}`,
		"case.measured.v2": `{"centimetres":200}`,
		"case.measured.v3": `{"millimetres":2000}`,
	} {
		e, err := lengths.Decode(name, []byte(data))
		require.NoError(t, err)
		require.Equal(t, measured{Millimetres: 2000}, e, name)
	}
	data, err := lengths.Encode(measured{Millimetres: 1, By: "tm-zgc-07"})
	require.NoError(t, err)
	require.Equal(t, `{"millimetres":1,"by":"tm-zgc-07"}`, string(data))
}

func TestWhatCannotBeReadIsAnError(t *testing.T) {
	for _, wrong := range []struct{ why, name, data string }{
		{"unknown event", "case.measured.v4", `{}`},
		{"unknown event", "", `{}`},
		{"unknown field", "case.measured.v3", `{"metres":2}`},
		{"unknown field", "case.measured.v1", `{"millimetres":2}`},
		{"more follows", "case.measured.v3", `{"millimetres":2}{}`},
		{"unexpected EOF", "case.measured.v3", `{"millimetres":2`},
		{"EOF", "case.measured.v3", ``},
		{"cannot unmarshal", "case.measured.v2", `{"centimetres":"2"}`},
	} {
		e, err := lengths.Decode(wrong.name, []byte(wrong.data))
		require.ErrorContains(t, err, wrong.why)
		require.Nil(t, e, "nothing is made of what was not understood")
		require.Equal(t, ledger.KindInternal, ledger.KindOf(err))
	}
}

type stranger struct{ measured }

func (stranger) EventType() string { return "case.estimated.v1" }

type throwback struct{ measured }

func (throwback) EventType() string { return "case.measured.v1" }

func TestOnlyPresentShapesAreWritten(t *testing.T) {
	for _, e := range []measure{stranger{}, throwback{}} {
		_, err := lengths.Encode(e)
		require.ErrorContains(t, err, "not a present shape")
	}
}

func TestABadTableDoesNotStart(t *testing.T) {
	back := ledger.Former[measured, measuredV1, measure]("case.measured.v3", "case.measured.v1", func(measured) measuredV1 { return measuredV1{} })
	self := ledger.Former[measuredV1, measuredV1, measure]("case.measured.v1", "case.measured.v1", func(m measuredV1) measuredV1 { return m })
	for why, entries := range map[string][]ledger.Shape[measure]{
		"codec: case.measured.v3 is entered twice":                                               {present, present},
		"codec: case.measured.v1 is entered twice":                                               {first, second, present, first},
		"codec: the upcast of case.measured.v2 does not reach a present shape: case.measured.v3": {second},
		"codec: the upcast of case.measured.v1 does not reach a present shape: case.measured.v2": {first, present},
		"codec: the upcast of case.measured.v1 does not reach a present shape: case.measured.v1": {self},
		"codec: case.weighed.v1 is not an event of this aggregate":                               {present, ledger.Current[weighed, measure]()},
	} {
		require.PanicsWithValue(t, why, func() { ledger.NewCodec(entries...) })
	}
	require.Panics(t, func() { ledger.NewCodec(first, second, back) }, "an upcast round in a circle")
}

// letter is what a client may send.
type letter struct {
	Title string      `json:"title"`
	On    ledger.Date `json:"on,omitzero"`
	Pages []page      `json:"pages,omitzero"`
	page
}

type page struct {
	Number int `json:"number"`
}

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

func TestDecodeStrict(t *testing.T) {
	for name, wrong := range map[string]struct{ at, data string }{
		"an unknown field":                      {"/data", `{"titel":"x"}`},
		"an unknown field further in":           {"/data", `{"pages":[{"no":1}]}`},
		"a key given twice":                     {"/data/title", `{"title":"x","title":"y"}`},
		"a key given twice, one in capitals":    {"/data/TITLE", `{"title":"x","TITLE":"y"}`},
		"a key given twice, one escaped":        {"/data/title", `{"title":"x","\u0074itle":"y"}`},
		"a key given twice further in":          {"/data/pages/1/number", `{"pages":[{"number":1},{"number":1,"number":2}]}`},
		"a key with a slash and a tilde, twice": {"/data/a~1b~0", `{"a/b~":1,"a/b~":2}`},
		"not UTF-8":                             {"/data", "{\"title\":\"\xff\"}"},
		"something after the value":             {"/data", `{"title":"x"} true`},
		"a bracket after the value":             {"/data", `{"title":"x"}}`},
		"too deep":                              {"/data/pages" + strings.Repeat("/0", 32), `{"pages":` + nested(34) + `}`},
		"a number for a text":                   {"/data/title", `{"title":1}`},
		"a list for the whole":                  {"/data", `[]`},
		"nothing":                               {"/data", ``},
		"blanks":                                {"/data", ` `},
		"cut short in an object":                {"/data", `{"title":"x"`},
		"cut short after a key":                 {"/data/title", `{"title":`},
		"cut short in a text":                   {"/data", `{"tit`},
		"a comma too many":                      {"/data", `{"title":"x",}`},
		"a word":                                {"/data", `yes`},
	} {
		t.Run(name, func(t *testing.T) {
			var l letter
			err := ledger.DecodeStrict([]byte(wrong.data), "/data", &l)
			require.Equal(t, "malformed", ledger.CodeOf(err), "%v", err)
			require.Equal(t, wrong.at, pointer(t, err), "%v", err)
		})
	}
	var l letter
	require.NoError(t, ledger.DecodeStrict([]byte(` {"title":"信","on":"2026-02","pages":[{"number":1},{"number":1}],"number":7} `), "/data", &l))
	require.Equal(t, letter{"信", day("2026-02"), []page{{1}, {1}}, page{7}}, l)

	var v any
	require.NoError(t, ledger.DecodeStrict([]byte(nested(33)), "", &v), "the outermost value is not nested")
	require.Error(t, ledger.DecodeStrict([]byte(nested(34)), "", &v))
	require.Error(t, ledger.DecodeStrict([]byte(strings.Repeat("[", 1<<20)), "", &v), "depth is refused before it costs anything")
}

// The decoder takes the long s for an s when it looks for a field, and lets the last one win.
func TestAKeyGivenTwiceInAnotherScriptIsFound(t *testing.T) {
	var l struct {
		Reason string `json:"reason"`
		Link   string `json:"link"`
	}
	for _, data := range []string{`{"reason":"a","rea\u017fon":"b"}`, `{"reaſon":"a","reason":"b"}`, "{\"link\":\"a\",\"lin\u212a\":\"b\"}"} {
		require.Error(t, ledger.DecodeStrict([]byte(data), "", &l), data)
	}
}

// The reader of an answer knows the request, not the Go types: a pointer is one into the request.
func TestAWrongTypeIsPointedAtInTheRequest(t *testing.T) {
	for at, data := range map[string]string{
		"/data/title":          `{"title":1}`,
		"/data/number":         `{"number":"7"}`, // embedded in the Go type
		"/data/pages/1/number": `{"pages":[{"number":1},{"number":1.5}]}`,
	} {
		require.Equal(t, at, pointer(t, ledger.DecodeStrict([]byte(data), "/data", new(letter))), data)
	}
}

func TestADateThatIsNoneIsMalformed(t *testing.T) {
	for _, data := range []string{`{"on":"2026-02-30"}`, `{"on":""}`, `{"on":20260230}`} {
		err := ledger.DecodeStrict([]byte(data), "/data", new(letter))
		require.Equal(t, "malformed", ledger.CodeOf(err))
		require.Contains(t, pointer(t, err), "/data")
	}
}

// FuzzDecodeStrict: what is accepted is JSON, means one thing, and no key is given twice.
func FuzzDecodeStrict(f *testing.F) {
	for _, data := range []string{
		`{"a":1,"b":[{"a":1},{"a":2}]}`, `{"a":1,"a":2}`, `{"a":1,"A":2}`, `"\ud800"`, `{"":{"":{}}}`, `[1,2`, `1 2`, `null`,
		`{"data":{"title":"x"},"occurred_on":"2026-06"}`, nested(40), `{"a":"\":"}`,
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = ledger.DecodeStrict(data, "", new(ledger.Act)) // does not panic
		var strict, plain any
		if err := ledger.DecodeStrict(data, "", &strict); err != nil {
			require.Equal(t, ledger.KindInvalid, ledger.KindOf(err))
			return
		}
		require.NoError(t, json.Unmarshal(data, &plain))
		require.Equal(t, plain, strict)
		require.Equal(t, members(data), keys(t, plain), "a key was given twice")
	})
}

// members counts the members of all objects as they are written: the colons outside of texts.
func members(data []byte) int {
	n, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch {
		case data[i] == '"':
			quoted = !quoted
		case data[i] == '\\':
			i++
		case data[i] == ':' && !quoted:
			n++
		}
	}
	return n
}

// keys counts the keys as they were understood, and finds those that differ by case alone.
func keys(t *testing.T, v any) int {
	n := 0
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			n += keys(t, e)
		}
	case map[string]any:
		for key, e := range v {
			n += 1 + keys(t, e)
			for other := range v {
				require.False(t, key != other && strings.EqualFold(key, other), "%q and %q", key, other)
			}
		}
	}
	return n
}

func ExampleCodec() {
	// The shape of version 1 is stored for ever; the program knows the present one alone.
	codec := ledger.NewCodec(
		ledger.Current[measured, measure](),
		ledger.Former[measuredV2, measured, measure]("case.measured.v2", "case.measured.v3", measuredV2.up),
		ledger.Former[measuredV1, measuredV2, measure]("case.measured.v1", "case.measured.v2", measuredV1.up),
	)
	e, err := codec.Decode("case.measured.v1", []byte(`{"metres":2}`))
	fmt.Println(e.EventType(), e.metres(), err)
	_, err = codec.Decode("case.measured.v3", []byte(`{"metres":2}`))
	fmt.Println(err)
	// Output:
	// case.measured.v3 2 <nil>
	// case.measured.v3: json: unknown field "metres"
}
