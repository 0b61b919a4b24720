package httpapi

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"sync"

	"github.com/gorilla/mux"
	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"ttledger/domain/ledger"
)

// command is a line of the catalogue, made once from the aggregates' command tables.
type command struct {
	Aggregate string             `json:"aggregate"`
	Verb      string             `json:"verb"`
	Title     ledger.Text        `json:"title"` // of the aggregate
	Help      ledger.Text        `json:"help"`
	Roles     []namedRole        `json:"roles"`
	FourEyes  bool               `json:"four_eyes"`
	Creates   bool               `json:"creates"`
	Route     string             `json:"route"`
	Schema    *jsonschema.Schema `json:"schema"`  // of the body's data
	Columns   []column           `json:"columns"` // of the template

	roles []ledger.Role
	body  *jsonschema.Schema // of the whole body
	valid *validator.Schema  // body, compiled
}

// actSchema is the schema of the body around the data.
var actSchema = schemaOf(reflect.TypeFor[ledger.Act]())

func catalogue(aggregates []ledger.Aggregate) ([]command, error) {
	var all []command
	for _, g := range aggregates {
		for _, v := range g.Verbs {
			form, err := formOf(v)
			if err != nil {
				return nil, fmt.Errorf("httpapi: the schema of %s/%s: %w", g.Category, v.Name, err)
			}
			c := command{
				Aggregate: g.Category, Verb: v.Name, Title: g.Title, Help: v.Help, Roles: named(v.Roles),
				FourEyes: v.FourEyes(), Creates: v.Creates,
				Route: "/v1/commands/" + g.Category + "/{id}/" + v.Name, Schema: form.data,
				roles: v.Roles, body: form.body, valid: form.valid,
			}
			c.Columns = columnsOf(c)
			all = append(all, c)
		}
	}
	return all, nil
}

// form is the schemas of a command; what it is made of never changes while the program runs.
type form struct {
	data, body *jsonschema.Schema
	valid      *validator.Schema
}

type formKey struct {
	data reflect.Type
	help ledger.Text
}

var forms sync.Map // formKey to form: schemas are compiled once

func formOf(v ledger.Verb) (form, error) {
	if known, ok := forms.Load(formKey{v.Data, v.Help}); ok {
		return known.(form), nil
	}
	f := form{data: schemaOf(v.Data)}
	f.body = bodyOf(f.data, v.Help)
	var err error
	if f.valid, err = compile(f.body); err == nil {
		forms.Store(formKey{v.Data, v.Help}, f)
	}
	return f, err
}

// find is a command by its names.
func (a *api) find(aggregate, verb string) (command, bool) {
	i := slices.IndexFunc(a.commands, func(c command) bool { return c.Aggregate == aggregate && c.Verb == verb })
	if i < 0 {
		return command{}, false
	}
	return a.commands[i], true
}

func (a *api) catalogue(w http.ResponseWriter, r *http.Request) error {
	if err := paramsOf(r).done(); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, listed(a.commands))
}

func listed(commands []command) any { return map[string]any{"act": actSchema, "commands": commands} }

// catalogueEntry answers a command with its schema, or its template as a table.
func (a *api) catalogueEntry(w http.ResponseWriter, r *http.Request) error {
	p := paramsOf(r)
	form, err := negotiate(r.Header, p.one("format"), formatJSON, formatCSV)
	if err != nil {
		return err
	}
	if err := p.done(); err != nil {
		return err
	}
	c, ok := a.find(mux.Vars(r)["aggregate"], mux.Vars(r)["verb"])
	if !ok {
		return noSuchCommand()
	}
	if form == formatCSV {
		return c.writeTemplate(w, callOf(r).lang)
	}
	return writeJSON(w, http.StatusOK, struct {
		command
		Act *jsonschema.Schema `json:"act"`
	}{c, actSchema})
}

func noSuchCommand() error {
	return &ledger.Error{Kind: ledger.KindNotFound, Code: "no-such-command", Msg: ledger.Text{
		En: "there is no such command; /v1/commands lists them", Zh: "没有该命令;命令目录见 /v1/commands",
	}}
}
