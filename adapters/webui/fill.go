package webui

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"ttledger/domain/ledger"
)

// fill makes what a schema describes out of the fields of a form; nil where nothing was filled in.
// What cannot be read as the schema wants is sent as it was typed, and the API says what is wrong
// with it, at its place.
func fill(s schema, path string, form url.Values) any {
	text := strings.TrimSpace(form.Get(path))
	switch s.control() {
	case asMoney:
		return fillMoney(path, form)
	case asGroup:
		return fillGroup(s, path, form)
	case asList:
		return fillList(*s.Items, path, form)
	case asLines, asChoices:
		return fillLines(*s.Items, form[path])
	case asYes:
		if text == "" {
			return nil
		}
		return text == "true"
	case asNumber:
		return number(text)
	case asJSON:
		if json.Valid([]byte(text)) {
			return json.RawMessage(text)
		}
	}
	if text == "" {
		return nil
	}
	return text
}

func number(text string) any {
	if text == "" {
		return nil
	}
	if _, err := strconv.ParseInt(text, 10, 64); err != nil {
		return text
	}
	return json.Number(text)
}

// object is a JSON object whose members keep the order of the schema.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, m := range o {
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		raw, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, name...), ':'), raw...)
	}
	return append(b, '}'), nil
}

func fillGroup(s schema, path string, form url.Values) any {
	o := object{}
	for _, p := range s.Properties {
		if v := fill(p.Schema, path+"."+p.Name, form); v != nil {
			o = append(o, member{p.Name, v})
		}
	}
	if len(o) == 0 {
		return nil
	}
	return o
}

func fillList(item schema, path string, form url.Values) any {
	var list []any
	for _, i := range rowsIn(item, path, form) {
		list = append(list, fill(item, path+"."+strconv.Itoa(i), form))
	}
	if list == nil {
		return nil
	}
	return list
}

// maxRows bounds the rows of a list in a form.
const maxRows = 200

// rowsIn is the numbers of the rows of a list in which something was filled in.
func rowsIn(item schema, path string, form url.Values) []int {
	var all []int
	for key := range form {
		rest, ok := strings.CutPrefix(key, path+".")
		digits, _, _ := strings.Cut(rest, ".")
		if n, err := strconv.Atoi(digits); ok && err == nil && n >= 0 && n < maxRows && !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(all, func(i int) bool { return fill(item, path+"."+strconv.Itoa(i), form) == nil })
}

// fillLines reads a list of texts or numbers, one a line.
func fillLines(item schema, values []string) any {
	var list []any
	for _, value := range values {
		for line := range strings.Lines(value) {
			switch line = strings.TrimSpace(line); {
			case line == "":
			case item.control() == asNumber:
				list = append(list, number(line))
			default:
				list = append(list, line)
			}
		}
	}
	if list == nil {
		return nil
	}
	return list
}

// fillMoney turns an amount in yuan or dollars into minor units.
func fillMoney(path string, form url.Values) any {
	amount, currency := strings.ReplaceAll(strings.TrimSpace(form.Get(path+".amount")), ",", ""), form.Get(path+".currency")
	if amount == "" {
		return nil
	}
	return object{{"minor", minor(amount, currency)}, {"currency", currency}}
}

func minor(amount, currency string) any {
	whole, part, _ := strings.Cut(amount, ".")
	digits := ledger.Money{Currency: currency}.Digits()
	if len(part) > digits {
		return amount
	}
	return number(whole + part + strings.Repeat("0", digits-len(part)))
}
