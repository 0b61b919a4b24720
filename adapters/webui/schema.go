package webui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// schema is as much of a JSON Schema as a form needs.
type schema struct {
	Type       string
	Format     string
	Pattern    string
	En         string `json:"description"`
	Zh         string `json:"x-description-zh"`
	Personal   string `json:"x-personal"`
	Enum       []string
	Items      *schema
	Properties properties
	Required   []string
}

// properties keeps its members in their order, which a map would lose.
type properties []property

type property struct {
	Name   string
	Schema schema
}

// UnmarshalJSON reads an object member by member.
func (all *properties) UnmarshalJSON(raw []byte) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		one := property{Name: fmt.Sprint(name)}
		if err := d.Decode(&one.Schema); err != nil {
			return err
		}
		*all = append(*all, one)
	}
	return nil
}

func (s schema) needs(name string) bool { return slices.Contains(s.Required, name) }

func (s schema) text() ledger.Text { return ledger.Text{En: s.En, Zh: s.Zh} }

// isMoney says whether it is an amount and its currency, which a form asks for as one.
func (s schema) isMoney() bool {
	return len(s.Properties) == 2 && s.Properties[0].Name == "minor" && s.Properties[1].Name == "currency"
}

// The kinds of controls that a form has.
const (
	asText    = "text"
	asLines   = "lines" // a list, one a line
	asNumber  = "number"
	asDate    = "date"
	asChoice  = "choice"
	asChoices = "choices" // several of some
	asYes     = "yes"
	asMoney   = "money"
	asGroup   = "group"
	asList    = "list" // of groups
	asJSON    = "json"
)

// control is the kind of control that asks for what a schema describes.
func (s schema) control() string {
	switch {
	case s.isMoney():
		return asMoney
	case s.Type == "object" && len(s.Properties) > 0:
		return asGroup
	case s.Type == "array" && s.Items != nil:
		return s.Items.several()
	case s.Type == "boolean":
		return asYes
	case s.Type == "integer" || s.Type == "number":
		return asNumber
	case s.Type == "string" && len(s.Enum) > 0:
		return asChoice
	case s.Type == "string" && s.Pattern != "":
		return asDate // the one pattern there is
	case s.Type == "string":
		return asText
	}
	return asJSON
}

// several is the control for a list of them.
func (s schema) several() string {
	switch s.control() {
	case asGroup, asMoney:
		return asList
	case asChoice:
		return asChoices
	case asText, asDate, asNumber:
		return asLines
	}
	return asJSON
}
