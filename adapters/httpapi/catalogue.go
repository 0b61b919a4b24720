package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/google/uuid"
	"github.com/gorilla/mux"
	"github.com/invopop/jsonschema"

	"ttledger/domain/ledger"
)

// command is a line of the catalogue, made once from the aggregates' command tables.
type command struct {
	Aggregate string          `json:"aggregate"`
	Verb      string          `json:"verb"`
	Title     ledger.Text     `json:"title"` // of the aggregate
	Help      ledger.Text     `json:"help"`
	Roles     []namedRole     `json:"roles"`
	FourEyes  bool            `json:"four_eyes"`
	Creates   bool            `json:"creates"`
	Route     string          `json:"route"`
	Schema    json.RawMessage `json:"schema"` // of the body's data
}

// actSchema is the schema of the body around the data.
var actSchema = schemaOf(reflect.TypeFor[ledger.Act]())

func catalogue(aggregates []ledger.Aggregate) ([]command, error) {
	var all []command
	for _, g := range aggregates {
		for _, v := range g.Verbs {
			raw, err := encode(schemaOf(v.Data))
			if err != nil {
				return nil, fmt.Errorf("httpapi: the schema of %s/%s: %w", g.Category, v.Name, err)
			}
			all = append(all, command{
				Aggregate: g.Category, Verb: v.Name, Title: g.Title, Help: v.Help, Roles: named(v.Roles),
				FourEyes: v.FourEyes, Creates: v.Creates,
				Route: "/v1/commands/" + g.Category + "/{id}/" + v.Name, Schema: raw,
			})
		}
	}
	return all, nil
}

func (a *api) catalogue(w http.ResponseWriter, r *http.Request) error {
	if err := paramsOf(r).done(); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]any{"act": actSchema, "commands": a.commands})
}

func (a *api) catalogueEntry(w http.ResponseWriter, r *http.Request) error {
	if err := paramsOf(r).done(); err != nil {
		return err
	}
	vars := mux.Vars(r)
	for _, c := range a.commands {
		if c.Aggregate == vars["aggregate"] && c.Verb == vars["verb"] {
			return writeJSON(w, http.StatusOK, struct {
				command
				Act *jsonschema.Schema `json:"act"`
			}{c, actSchema})
		}
	}
	return &ledger.Error{Kind: ledger.KindNotFound, Code: "no-such-command", Msg: ledger.Text{
		En: "there is no such command; /v1/commands lists them", Zh: "没有该命令;命令目录见 /v1/commands",
	}}
}

// schemaOf derives the JSON Schema (2020-12) of a type as its strict decoder reads it.
func schemaOf(t reflect.Type) *jsonschema.Schema {
	r := jsonschema.Reflector{Anonymous: true, DoNotReference: true, ExpandedStruct: true, Mapper: leaf}
	s := r.ReflectFromType(t)
	annotate(s, t)
	return s
}

// leaf is the schema of the types that are text in JSON and not what their Go kind says.
func leaf(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[ledger.Date]():
		return &jsonschema.Schema{Type: "string", Pattern: "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"}
	case reflect.TypeFor[uuid.UUID]():
		return &jsonschema.Schema{Type: "string", Format: "uuid"}
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
		field.Description = f.Tag.Get("en")
		if zh := f.Tag.Get("zh"); zh != "" {
			field.Extras = map[string]any{"x-description-zh": zh}
		}
		if choices := f.Tag.Get("enum"); choices != "" {
			for c := range strings.SplitSeq(choices, ",") {
				field.Enum = append(field.Enum, c)
			}
		}
		annotate(field, f.Type)
	}
}
