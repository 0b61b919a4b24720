package httpapi

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"
	"github.com/invopop/jsonschema"

	"ttledger/domain/ledger"
)

// column is one column of a command's template: a command as a row of a table. It is made from
// the schema and is all that a reader of filled templates needs to know.
type column struct {
	Key      string      `json:"key"`              // as the first line has it
	Pointer  string      `json:"pointer,omitzero"` // into the body; none for what is not of the body
	Type     columnType  `json:"type"`
	Items    columnType  `json:"items,omitzero"` // of a list
	Choices  []any       `json:"choices,omitempty"`
	Required bool        `json:"required"`         // in the object named by With, or else always
	With     string      `json:"with,omitzero"`    // beginning of the keys of the nearest object that may be absent
	Example  string      `json:"example,omitzero"` // of JSON
	Label    ledger.Text `json:"label"`
}

// columnType is how a cell is read.
type columnType string

const (
	cellID      columnType = "id"      // a UUID, or a name from which one is derived
	cellVersion columnType = "version" // as If-Match has it
	cellText    columnType = "text"
	cellInteger columnType = "integer"
	cellBoolean columnType = "boolean"
	cellDate    columnType = "date"
	cellUUID    columnType = "uuid"
	cellList    columnType = "list" // ; between
	cellJSON    columnType = "json"
)

// columnsOf lists the columns of a command's template: its id, which names the command too, the
// version it is decided on, the act around the data, the data.
func columnsOf(c command) []column {
	all := []column{{Key: c.Aggregate + "/" + c.Verb + ":id", Type: cellID, Required: true, Label: ledger.Text{
		En: "# id: a UUID, or what you call it, the same each time (required)", Zh: "# 标识:UUID,或自有编号(每次须相同)(必填)",
	}}}
	if !c.Creates {
		all = append(all, column{Key: "if_match", Type: cellVersion, Required: true, Label: ledger.Text{
			En: "the version it is decided on, such as 7, or * for any (required)", Zh: "所依据的版本号,如 7;* 表示不限(必填)",
		}})
	}
	around := branch{except: "data"}
	within := branch{pointer: "/data", reserved: []string{"if_match"}}
	for p := c.body.Properties.Oldest(); p != nil; p = p.Next() {
		within.reserved = append(within.reserved, p.Key)
	}
	return slices.Concat(all, around.columns(c.body), within.columns(c.Schema))
}

// branch is a place in a schema from which columns are listed.
type branch struct {
	key, pointer, with string
	label              ledger.Text
	except             string   // a member that is no column here
	reserved           []string // names that mean something else as a key: such a member is data.…
}

func (b branch) columns(s *jsonschema.Schema) []column {
	var all []column
	if s.Properties == nil {
		return nil
	}
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		if p.Key == b.except {
			continue
		}
		at, required := b.into(p.Key, p.Value), slices.Contains(s.Required, p.Key)
		if p.Value.Properties != nil && p.Value.Properties.Len() > 0 {
			if !required {
				at.with = at.key + "."
			}
			all = append(all, at.next().columns(p.Value)...)
			continue
		}
		c := column{Key: at.key, Pointer: at.pointer, Type: cellOf(p.Value), Choices: p.Value.Enum, Required: required, With: at.with}
		switch c.Type {
		case cellList:
			c.Items, c.Choices = cellOf(p.Value.Items), p.Value.Items.Enum
		case cellJSON:
			c.Example = sampleOf(p.Value)
		}
		c.Label = c.labelled(at.label)
		all = append(all, c)
	}
	return all
}

func (b branch) into(name string, s *jsonschema.Schema) branch {
	zh, _ := s.Extras[inChinese].(string)
	at := branch{key: b.key + name, pointer: b.pointer + pointer([]string{name}), with: b.with, label: ledger.Text{En: s.Description, Zh: zh}}
	if slices.Contains(b.reserved, name) {
		at.key = "data." + name
	}
	if b.label.En != "" {
		at.label = ledger.Text{En: b.label.En + ": " + at.label.En, Zh: b.label.Zh + ":" + at.label.Zh}
	}
	return at
}

func (b branch) next() branch {
	b.key += "."
	return b
}

func cellOf(s *jsonschema.Schema) columnType {
	switch {
	case s.Pattern == datePattern:
		return cellDate
	case s.Format == "uuid":
		return cellUUID
	case s.Type == "string":
		return cellText
	case s.Type == "integer":
		return cellInteger
	case s.Type == "boolean":
		return cellBoolean
	case s.Type == "array" && s.Items.Type != "array" && cellOf(s.Items) != cellJSON:
		return cellList
	}
	return cellJSON
}

func sampleOf(s *jsonschema.Schema) string {
	raw, err := encode(example(s, true))
	if err != nil {
		panic(err) // an example is made of what JSON is made of
	}
	return strings.TrimSpace(string(raw))
}

// labelled is the label of a column: what it is, and how its cells are written.
func (c column) labelled(what ledger.Text) ledger.Text {
	var en, zh string
	if c.Type == cellList {
		en, zh = " (several: ; between)", "(多项以 ; 分隔)"
	}
	switch {
	case len(c.Choices) > 0:
		var list []string
		for _, choice := range c.Choices {
			list = append(list, fmt.Sprint(choice))
		}
		en, zh = en+" (one of "+strings.Join(list, ", ")+")", zh+"(可选:"+strings.Join(list, "、")+")"
	case c.Type == cellJSON:
		en, zh = " (JSON, such as "+c.Example+")", "(JSON,如 "+c.Example+")"
	case c.Type == cellBoolean:
		en, zh = " (true or false)", "(true 或 false)"
	}
	if c.Required && c.With == "" {
		en, zh = en+" (required)", zh+"(必填)"
	}
	return ledger.Text{En: what.En + en, Zh: what.Zh + zh}
}

// template is the command as an empty table: a line of keys, a line of labels.
func (c command) template(lang string) ([]byte, error) {
	var keys, labels []string
	for _, x := range c.Columns {
		keys, labels = append(keys, x.Key), append(labels, say(lang, x.Label))
	}
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	err := w.WriteAll([][]string{keys, labels})
	return b.Bytes(), err
}

func (c command) writeTemplate(w http.ResponseWriter, lang string) error {
	raw, err := c.template(lang)
	if err != nil {
		return err
	}
	file := c.Aggregate + "_" + c.Verb + ".csv"
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s"; filename*=UTF-8''%s`, file, file))
	h.Set("Content-Language", lang)
	_, err = w.Write(raw)
	return err
}

// templateIn answers a template in one language to anyone: it says no more than the page does,
// and a link on the page cannot carry a token.
func (a *api) templateIn(lang string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := paramsOf(r).done(); err != nil {
			return err
		}
		c, ok := a.find(mux.Vars(r)["aggregate"], mux.Vars(r)["verb"])
		if !ok {
			return noSuchCommand()
		}
		return c.writeTemplate(w, lang)
	}
}

// Catalogue is what GET /v1/commands answers, for a program that has the tables themselves.
func Catalogue(aggregates []ledger.Aggregate) ([]byte, error) {
	commands, err := catalogue(aggregates)
	if err != nil {
		return nil, err
	}
	return encode(listed(commands))
}

// Checker holds the body of a command against its schema, as the API does before the ledger sees
// it.
func Checker(aggregates []ledger.Aggregate) (func(aggregate, verb string, body []byte) error, error) {
	commands, err := catalogue(aggregates)
	if err != nil {
		return nil, err
	}
	known := api{commands: commands}
	return func(aggregate, verb string, body []byte) error {
		c, ok := known.find(aggregate, verb)
		if !ok {
			return noSuchCommand()
		}
		return c.check(body)
	}, nil
}

// Template is the template of the command aggregate/verb as CSV, with labels in en or zh-CN.
func Template(aggregates []ledger.Aggregate, name, lang string) ([]byte, error) {
	commands, err := catalogue(aggregates)
	if err != nil {
		return nil, err
	}
	var known []string
	for _, c := range commands {
		if c.Aggregate+"/"+c.Verb == name {
			return c.template(lang)
		}
		known = append(known, c.Aggregate+"/"+c.Verb)
	}
	list := strings.Join(known, ", ")
	return nil, ledger.Invalid("no-such-command", ledger.Text{
		En: fmt.Sprintf("there is no command %q; one of %s", name, list), Zh: fmt.Sprintf("没有命令 %q;可用:%s", name, list),
	})
}
