package httpapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"ttledger/domain/ledger"
)

// schemaOf derives the JSON Schema (2020-12) of a type as its strict decoder reads it.
func schemaOf(t reflect.Type) *jsonschema.Schema {
	return schemaBy(t, leaf)
}

// storedSchemaOf is schemaOf for an event, in which personal texts are sealed.
func storedSchemaOf(t reflect.Type) *jsonschema.Schema {
	return schemaBy(t, func(t reflect.Type) *jsonschema.Schema {
		if t == reflect.TypeFor[ledger.Personal]() {
			return schemaOf(reflect.TypeFor[sealedText]())
		}
		return leaf(t)
	})
}

// EventSchemas is the schema of each form of event that is written today, by its stored name.
func EventSchemas(aggregates []ledger.Aggregate) (map[string][]byte, error) {
	all := map[string][]byte{}
	for _, g := range aggregates {
		for _, name := range g.Events {
			s, now, err := eventSchema(g, name)
			if err == nil && now == name {
				all[name], err = json.MarshalIndent(s, "", "  ")
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return all, nil
}

// sealedText is a personal text as it is stored.
type sealedText struct {
	Subject uuid.UUID `json:"subject" en:"pseudonym whose key it is sealed under" zh:"化名标识(其密钥加密)"`
	Kind    string    `json:"kind" en:"kind of text" zh:"信息类别"`
	Sealed  []byte    `json:"sealed" en:"ciphertext" zh:"密文"`
}

func schemaBy(t reflect.Type, mapper func(reflect.Type) *jsonschema.Schema) *jsonschema.Schema {
	r := jsonschema.Reflector{Anonymous: true, DoNotReference: true, ExpandedStruct: true, Mapper: mapper}
	s := r.ReflectFromType(t)
	annotate(s, t)
	return s
}

// answerOf is schemaOf for what leaves: it may get more fields later, so it is open.
func answerOf[T any]() *jsonschema.Schema {
	r := jsonschema.Reflector{Anonymous: true, DoNotReference: true, ExpandedStruct: true, AllowAdditionalProperties: true, Mapper: leaf}
	s := r.ReflectFromType(reflect.TypeFor[T]())
	s.Version = "" // the document around it says
	return s
}

const streamPattern = "^[a-z]+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

const datePattern = "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"

// leaf is the schema of the types that are text in JSON and not what their Go kind says.
func leaf(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[ledger.Date]():
		return &jsonschema.Schema{Type: "string", Pattern: datePattern}
	case reflect.TypeFor[uuid.UUID]():
		return &jsonschema.Schema{Type: "string", Format: "uuid"}
	case reflect.TypeFor[time.Time]():
		return &jsonschema.Schema{Type: "string", Format: "date-time"}
	case reflect.TypeFor[ledger.StreamID]():
		return &jsonschema.Schema{Type: "string", Pattern: streamPattern}
	case reflect.TypeFor[ledger.Position](), reflect.TypeFor[ledger.Personal]():
		return &jsonschema.Schema{Type: "string"}
	case reflect.TypeFor[json.RawMessage]():
		return &jsonschema.Schema{}
	}
	return nil
}

// annotate takes the descriptions and the choices from the tags en, zh and enum of the fields.
func annotate(s *jsonschema.Schema, t reflect.Type) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice && s.Items != nil {
		if t.Kind() == reflect.Slice {
			s = s.Items
		}
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || s.Properties == nil {
		return
	}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		field, ok := s.Properties.Get(name)
		if !ok {
			continue
		}
		describe(field, ledger.Text{En: f.Tag.Get("en"), Zh: f.Tag.Get("zh")})
		value := field // or, of a list, what is in it
		if field.Items != nil {
			value = field.Items
		}
		if choices := f.Tag.Get("enum"); choices != "" {
			for c := range strings.SplitSeq(choices, ",") {
				value.Enum = append(value.Enum, c)
			}
		}
		if kind := f.Tag.Get("personal"); kind != "" {
			markPersonal(value, kind)
		}
		annotate(field, f.Type)
	}
}

const (
	inChinese = "x-description-zh"
	personal  = "x-personal" // the kind of a text about a person, which is kept sealed
)

func markPersonal(s *jsonschema.Schema, kind string) {
	if s.Extras == nil {
		s.Extras = map[string]any{}
	}
	s.Extras[personal] = kind
	if s.Properties != nil {
		if k, ok := s.Properties.Get("kind"); ok {
			k.Enum = []any{kind}
		}
	}
}

func describe(s *jsonschema.Schema, text ledger.Text) {
	if s.Description = text.En; text.Zh != "" {
		s.Extras = map[string]any{inChinese: text.Zh}
	}
}

// bodyOf is the schema of a command's body: the act with the command's data in its place.
func bodyOf(data *jsonschema.Schema, help ledger.Text) *jsonschema.Schema {
	body, inner := schemaOf(reflect.TypeFor[ledger.Act]()), *data
	inner.Version = ""
	describe(&inner, help)
	body.Properties.Set("data", &inner)
	return body
}

// compile makes a schema ready to hold values against.
func compile(s *jsonschema.Schema) (*validator.Schema, error) {
	raw, err := encode(s)
	if err != nil {
		return nil, err
	}
	document, err := validator.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	c := validator.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("urn:ttledger:schema", document); err != nil {
		return nil, err
	}
	return c.Compile("urn:ttledger:schema")
}

// maxWrong bounds how many faults of one request are told.
const maxWrong = 100

// check holds a body against the command's schema. What is no JSON it lets pass: the ledger
// decodes more strictly than any schema says, and points at the place.
func (c command) check(body []byte) error {
	value, err := validator.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return nil
	}
	err = c.valid.Validate(value)
	wrong, ok := errors.AsType[*validator.ValidationError](err)
	if !ok {
		return err
	}
	fields := faults(wrong, nil)
	slices.SortFunc(fields, func(a, b ledger.Field) int {
		return cmp.Or(strings.Compare(a.Pointer, b.Pointer), strings.Compare(a.Detail.En, b.Detail.En))
	})
	return ledger.Invalid("invalid", ledger.Text{En: "the command is not valid", Zh: "命令内容不符合要求"},
		fields[:min(len(fields), maxWrong)]...)
}

// faults adds what is wrong to a list, each at the field that would have to change.
func faults(e *validator.ValidationError, list []ledger.Field) []ledger.Field {
	for _, cause := range e.Causes {
		list = faults(cause, list)
	}
	if len(e.Causes) > 0 {
		return list
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			list = append(list, ledger.Field{Pointer: pointer(e.InstanceLocation, name), Detail: ledger.Text{En: "is missing", Zh: "缺少该字段"}})
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			list = append(list, ledger.Field{Pointer: pointer(e.InstanceLocation, name), Detail: ledger.Text{
				En: "is not known here; names are exact, capital letters too", Zh: "未知字段;字段名须完全一致,区分大小写",
			}})
		}
	default:
		list = append(list, ledger.Field{Pointer: pointer(e.InstanceLocation), Detail: faultText(e.ErrorKind)})
	}
	return list
}

// pointer is a JSON pointer (RFC 6901).
func pointer(location []string, more ...string) string {
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	text := ""
	for _, part := range slices.Concat(location, more) {
		text += "/" + escape.Replace(part)
	}
	return text
}

// faultText says what is wrong with a value, for every keyword that schemaOf writes.
func faultText(wrong validator.ErrorKind) ledger.Text {
	switch k := wrong.(type) {
	case *kind.Type:
		want := k.Want[0]
		return ledger.Text{
			En: fmt.Sprintf("a %s does not fit here; expected %s", k.Got, want),
			Zh: fmt.Sprintf("此处不能是%s,应为%s", typeNames[k.Got], typeNames[want]),
		}
	case *kind.Enum:
		var list []string
		for _, choice := range k.Want {
			list = append(list, fmt.Sprint(choice))
		}
		return ledger.Text{
			En: fmt.Sprintf("%q is not known; one of %s", fmt.Sprint(k.Got), strings.Join(list, ", ")),
			Zh: fmt.Sprintf("%q 不在可选范围:%s", fmt.Sprint(k.Got), strings.Join(list, "、")),
		}
	case *kind.Pattern:
		if k.Want == streamPattern {
			return ledger.Text{En: "must be a stream: category-uuid, such as organisation-6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11", Zh: "应为事件流:类别-uuid,例如 organisation-6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11"}
		}
		if k.Want == datePattern {
			return ledger.Text{
				En: "is not a date; write 2021-06-15, or 2021-06 or 2021 where no more is known",
				Zh: "不是日期;请写 2021-06-15,只知道月或年时写 2021-06 或 2021",
			}
		}
	case *kind.Format:
		return ledger.Text{En: "is not a " + k.Want, Zh: "不符合 " + k.Want + " 格式"}
	}
	return ledger.Text{En: "does not fit the schema", Zh: "不符合数据模式"}
}

// typeNames is what the types of JSON are called in Chinese.
var typeNames = map[string]string{
	"": "任意 JSON", "null": "空值", "boolean": "布尔值", "number": "数字", "integer": "整数", "string": "文本", "array": "列表", "object": "对象",
}

// example is a value that fits a schema, short: of an object only what it requires, or all where
// it requires nothing; whole takes every field.
func example(s *jsonschema.Schema, whole bool) any {
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Format == "uuid":
		return "6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11"
	case s.Pattern == datePattern:
		return "2026-05-04"
	case s.Pattern == streamPattern:
		return "organisation-6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11"
	case s.ContentEncoding == "base64":
		return "Y2lwaGVydGV4dA=="
	}
	switch s.Type {
	case "string":
		return "example"
	case "integer", "number":
		return 1
	case "boolean":
		return true
	case "array":
		return []any{example(s.Items, whole)}
	}
	value := sample{}
	if s.Properties == nil {
		return value
	}
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		if whole || len(s.Required) == 0 || slices.Contains(s.Required, p.Key) {
			value = append(value, member{p.Key, example(p.Value, whole)})
		}
	}
	return value
}

// sample is a JSON object whose members keep their order.
type sample []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members in their order.
func (s sample) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, m := range s {
		if i > 0 {
			b = append(b, ',')
		}
		raw, err := encode(m.value)
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, quoted(m.name)...), ':'), raw...)
	}
	return append(b, '}'), nil
}
