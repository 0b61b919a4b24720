package projections

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Spec is a read model as its author writes it: what it is called, which keys a fact touches,
// and what the fact makes of the row of one key. Keys and Fold are pure: no I/O, no clock, and
// no writing into slices or maps that the row came with.
//
// D is a struct; each field is a column, named in snake case, with its labels in the tags en
// and zh. Strings, integers, bools, ledger.Date, time.Time, uuid.UUID and ledger.Money (two
// columns, _minor and _currency) have columns of their own type; anything else is JSON. A zero
// text, date, time, id or money is NULL.
type Spec[D any] struct {
	Name    string // the noun a user says, kebab-case
	Version int    // from 1; another fold, or another meaning of a column, is another version
	Title   ledger.Text
	Roles   []ledger.Role // who may read it
	Of      Of            // whose rows they are; zero where they are nobody's in particular
	Once    bool          // no key is touched twice, so none needs to be looked up
	Search  []string      // columns in which a search looks; in none where empty
	Keeps   bool          // it tells of the record itself: also of corrections and voided claims, and of what was recorded wrongly as it was recorded
	Keys    func(Fact) []string
	Fold    func(row D, key string, f Fact) D
}

// Of names the column that says of which stream a row is: its id where Category is set, else the
// stream in full. Who does not see a stream does not see its rows.
type Of struct{ Category, Column string }

// View is a read model as the rest of the program handles it.
type View struct {
	Name    string
	Version int
	Title   ledger.Text
	Roles   []ledger.Role
	Of      Of
	Search  []string
	Columns []Column

	once   bool
	keeps  bool
	keys   func(Fact) []string
	fold   func(row any, key string, f Fact) any
	zero   func() any
	values func(row any) []any
	scan   func(values []any) (any, error)
}

// NewView closes the row type over. It panics on a view without a role and on a row type that
// cannot be a table.
func NewView[D any](s Spec[D]) View {
	t := reflect.TypeFor[D]()
	if len(s.Roles) == 0 || s.Version < 1 || t.Kind() != reflect.Struct {
		panic("view " + s.Name + ": a view has a role, a version and a struct for its rows")
	}
	columns := columnsOf(t)
	if s.Of.Column != "" && !slices.ContainsFunc(columns, func(c Column) bool { return c.Name == s.Of.Column }) {
		panic("view " + s.Name + ": there is no column " + s.Of.Column + " to say whose rows they are")
	}
	for _, name := range s.Search {
		if !slices.ContainsFunc(columns, func(c Column) bool { return c.Name == name && c.Type == TypeText }) {
			panic("view " + s.Name + ": there is no text column " + name + " to search in")
		}
	}
	return View{
		Name: s.Name, Version: s.Version, Title: s.Title, Roles: s.Roles, Of: s.Of, Search: s.Search, Columns: columns,
		once: s.Once, keeps: s.Keeps,
		keys: func(f Fact) []string {
			if !s.Keeps && ledger.IsKeeping(f.Event) {
				return nil
			}
			return s.Keys(f)
		},
		fold:   func(row any, key string, f Fact) any { return s.Fold(row.(D), key, f) },
		zero:   func() any { var d D; return d },
		values: func(row any) []any { return valuesOf(reflect.ValueOf(row)) },
		scan: func(values []any) (any, error) {
			var d D
			err := scanInto(reflect.ValueOf(&d).Elem(), values)
			return d, err
		},
	}
}

// touched is the keys that a fact changes the rows of.
func (v View) touched(f Fact) []string {
	if f.amended == nil || v.keeps {
		return v.keys(f)
	}
	keys := append(slices.Clone(v.keys(f.amended.was)), v.keys(f.amended.is)...)
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Fingerprint changes whenever a view's name, version or columns do: rows written under another
// fingerprint are to be built anew.
func Fingerprint(views []View) string {
	h := sha256.New()
	for _, v := range views {
		fmt.Fprintf(h, "%s %d\n", v.Name, v.Version)
		for _, c := range v.Columns {
			fmt.Fprintf(h, "  %s %s\n", c.Name, c.Type)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

var (
	dateType  = reflect.TypeFor[ledger.Date]()
	timeType  = reflect.TypeFor[time.Time]()
	uuidType  = reflect.TypeFor[uuid.UUID]()
	moneyType = reflect.TypeFor[ledger.Money]()
)

func columnsOf(t reflect.Type) []Column {
	var columns []Column
	for i := range t.NumField() {
		f := t.Field(i)
		name, label := snake(f.Name), ledger.Text{En: f.Tag.Get("en"), Zh: f.Tag.Get("zh")}
		if label.En == "" || label.Zh == "" || !f.IsExported() {
			panic(fmt.Sprintf("%s.%s: a column is exported and has the tags en and zh", t, f.Name))
		}
		if f.Type == moneyType {
			columns = append(columns,
				Column{name + "_minor", TypeInteger, ledger.Text{En: label.En + " (minor units)", Zh: label.Zh + "(最小货币单位)"}},
				Column{name + "_currency", TypeText, ledger.Text{En: label.En + " (currency)", Zh: label.Zh + "(币种)"}})
			continue
		}
		columns = append(columns, Column{name, columnType(f.Type), label})
	}
	return columns
}

func columnType(t reflect.Type) ColumnType {
	switch {
	case t == dateType:
		return TypeDate
	case t == timeType:
		return TypeTime
	case t == uuidType || t.Kind() == reflect.String:
		return TypeText
	case t.Kind() == reflect.Bool:
		return TypeBoolean
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Int64:
		return TypeInteger
	}
	return TypeJSON
}

// snake turns FieldName into field_name and EventID into event_id.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// timeFormat sorts as text in the order of time.
const timeFormat = "2006-01-02T15:04:05.000000Z"

// valuesOf is a row as its columns hold it: string, int64 or nil.
func valuesOf(row reflect.Value) []any {
	values := make([]any, 0, row.NumField()+2)
	text := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	for i := range row.NumField() {
		switch v := row.Field(i).Interface().(type) {
		case ledger.Date:
			values = append(values, text(v.String()))
		case time.Time:
			if v.IsZero() {
				values = append(values, nil)
			} else {
				values = append(values, v.UTC().Format(timeFormat))
			}
		case uuid.UUID:
			if v == uuid.Nil {
				values = append(values, nil)
			} else {
				values = append(values, v.String())
			}
		case ledger.Money:
			if v.IsZero() {
				values = append(values, nil, nil)
			} else {
				values = append(values, v.Minor, v.Currency)
			}
		default:
			values = append(values, plain(row.Field(i), text))
		}
	}
	return values
}

func plain(v reflect.Value, text func(string) any) any {
	switch {
	case v.Kind() == reflect.String:
		return text(v.String())
	case v.CanInt():
		return v.Int()
	case v.Kind() == reflect.Bool && v.Bool():
		return int64(1)
	case v.Kind() == reflect.Bool:
		return int64(0)
	case v.IsZero():
		return nil
	}
	raw, err := json.Marshal(v.Interface())
	if err != nil {
		panic(fmt.Sprintf("a column of type %s cannot be JSON: %v", v.Type(), err)) // the row type is wrong
	}
	return string(raw)
}

// scanInto reads back what valuesOf wrote.
func scanInto(row reflect.Value, values []any) error {
	next := func() any { v := values[0]; values = values[1:]; return v }
	for i := range row.NumField() {
		field := row.Field(i)
		if len(values) == 0 {
			return fmt.Errorf("the row has too few columns for %s", row.Type())
		}
		if field.Type() == moneyType {
			minor, currency := next(), next()
			if minor != nil {
				field.Set(reflect.ValueOf(ledger.Money{Minor: minor.(int64), Currency: currency.(string)}))
			}
			continue
		}
		v := next()
		if v == nil {
			continue
		}
		if err := scanField(field, v); err != nil {
			return fmt.Errorf("%s.%s: %w", row.Type(), row.Type().Field(i).Name, err)
		}
	}
	return nil
}

func scanField(field reflect.Value, v any) error {
	if n, ok := v.(int64); ok {
		if field.Kind() == reflect.Bool {
			field.SetBool(n != 0)
		} else {
			field.SetInt(n)
		}
		return nil
	}
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("unexpected %T", v)
	}
	switch target := field.Addr().Interface().(type) {
	case *ledger.Date:
		return target.UnmarshalText([]byte(text))
	case *uuid.UUID:
		return target.UnmarshalText([]byte(text))
	case *time.Time:
		at, err := time.Parse(time.RFC3339Nano, text)
		*target = at
		return err
	}
	if field.Kind() == reflect.String {
		field.SetString(text)
		return nil
	}
	return json.Unmarshal([]byte(text), field.Addr().Interface())
}
