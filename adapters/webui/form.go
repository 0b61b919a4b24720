package webui

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// input is a control of a form, or a group or list of them.
type input struct {
	Path     string // its name in the form, and with dots for slashes its place in the command
	Label    string
	Help     string
	Kind     string
	Value    string
	Required bool
	Personal bool
	Choices  []choice
	Pick     string  // the kind of thing whose id is asked for
	Picked   string  // what the thing is called
	Fields   []input // of a group
	Items    []input // of a list
	Wrong    string
}

// ID is the input's id on the page.
func (i input) ID() string { return strings.ReplaceAll(i.Path, ".", "-") }

// maker makes inputs from schemas, with what was filled in and what is wrong with it.
type maker struct {
	*page
	form  url.Values
	wrong map[string]string // by path
	grow  string            // path of the list that gets one more row
}

// input is the control for a schema. What was filled in stands in the form under from, which is not
// path where empty rows above were left out.
func (m maker) input(name string, s schema, path, from string, required bool) input {
	help := say(m.Lang, s.text())
	i := input{
		Path: path, Label: first(short(help), m.site.names.of(m.Lang, m.vars["aggregate"], "", name)), Help: help, Kind: s.control(),
		Value: m.form.Get(from), Required: required, Personal: s.Personal != "", Wrong: m.wrong[path],
	}
	if i.Help == i.Label {
		i.Help = ""
	}
	switch i.Kind {
	case asGroup:
		for _, p := range s.Properties {
			i.Fields = append(i.Fields, m.input(p.Name, p.Schema, path+"."+p.Name, from+"."+p.Name, required && s.needs(p.Name)))
		}
	case asList:
		i.Items = m.items(*s.Items, path, from, required)
	case asMoney:
		i.Value, i.Choices = m.form.Get(from+".amount"), m.choices(first(m.form.Get(from+".currency"), "CNY"), m.terms(s.Properties[1].Schema.Enum, "currency"))
	case asChoice:
		i.Choices = m.choices(i.Value, m.terms(s.Enum, name))
	case asChoices:
		i.Choices = m.terms(s.Items.Enum, name)
		for at := range i.Choices {
			i.Choices[at].Chosen = slices.Contains(m.form[from], i.Choices[at].Value)
		}
	case asText:
		m.pick(&i, name, s)
	}
	return i
}

// items is the rows of a list: those filled in, one where the list must not be empty, and one more
// where it was asked for.
func (m maker) items(item schema, path, from string, required bool) []input {
	var list []input
	rows := rowsIn(item, from, m.form)
	if required && len(rows) == 0 || m.grow == path {
		rows = append(rows, maxRows)
	}
	for n, i := range rows {
		list = append(list, m.input("", item, path+"."+strconv.Itoa(n), from+"."+strconv.Itoa(i), required))
	}
	return list
}

// pick makes a field for the id of a thing one that suggests things.
func (m maker) pick(i *input, name string, s schema) {
	if s.Format != "uuid" {
		return
	}
	of := trimPlural(name)
	if other, ok := called[of]; ok {
		of = other
	}
	if !m.site.keeps(of) {
		return
	}
	i.Pick = of
	if id, err := uuid.Parse(i.Value); err == nil {
		stream := ledger.StreamID{Category: of, ID: id}
		m.learn([]ledger.StreamID{stream})
		i.Picked = m.nameOf(stream)
	}
}

func (m maker) terms(codes []string, name string) []choice {
	var list []choice
	for _, code := range codes {
		label := m.site.term(m.Lang, name, code)
		if label != code && m.Lang == english {
			label = code + " – " + label
		}
		list = append(list, choice{Value: code, Label: label})
	}
	return list
}

// formData is the page of a command.
type formData struct {
	Kind    ledger.Aggregate
	Verb    ledger.Verb
	Stream  ledger.StreamID
	Name    string // of the thing; empty where it begins
	Fields  []input
	Date    *input  // of the act: when it was true
	Around  []input // of the act: the rest
	Open    bool    // something is wrong with that rest
	Key     string
	Version string
	Wrong   []wrongField
	Since   []told // what was recorded while the form was open
}

// wrongField is a line of what is wrong, leading to its field.
type wrongField struct{ ID, Label, Detail string }

// entry is a line of the catalogue of commands.
type entry struct {
	Schema schema
	Act    schema
}

// begin gives a thing that is not there yet an id, and leads to the form that begins it.
func (s *site) begin(p *page) error {
	query := p.r.URL.Query()
	p.redirect(fmt.Sprintf("/%s/things/%s/%s/do/%s", p.Lang, p.vars["aggregate"], uuid.NewString(), p.vars["verb"]), query)
	return nil
}

// form is the empty form of a command, filled in as the address says.
func (s *site) form(p *page) error {
	values := url.Values{}
	for name, given := range p.r.URL.Query() {
		if strings.HasPrefix(name, "data.") || name == "act.occurred_on" {
			values[name] = given
		}
	}
	values.Set("_key", uuid.NewString())
	if values.Get("act.occurred_on") == "" {
		values.Set("act.occurred_on", ledger.DayOf(s.Now()).String())
	}
	return p.showForm(http.StatusOK, values, nil)
}

// showForm renders a command's form with what was filled in and what is wrong with it.
func (p *page) showForm(status int, values url.Values, wrong *problem) error {
	data, e, err := p.commandOf()
	if err != nil {
		return err
	}
	p.Moment, p.Wrong = moment{}, wrong
	data.Key = values.Get("_key")
	if err := p.standOf(&data, values, wrong); err != nil {
		return err
	}
	m := maker{page: p, form: values, wrong: map[string]string{}, grow: values.Get("_add")}
	if wrong != nil {
		for _, f := range wrong.Errors {
			m.wrong[strings.ReplaceAll(strings.Trim(strings.Replace(f.Pointer, "/data", "data", 1), "/"), "/", ".")] = f.Detail
		}
	}
	for _, one := range e.Schema.Properties {
		path := "data." + one.Name
		data.Fields = append(data.Fields, m.input(one.Name, one.Schema, path, path, e.Schema.needs(one.Name)))
	}
	for _, one := range e.Act.Properties {
		if one.Name != "data" {
			path := "act." + one.Name
			data.Around = append(data.Around, m.input(one.Name, one.Schema, path, path, false))
		}
	}
	data.place(m.wrong)
	data.Open = slices.ContainsFunc(data.Around, func(i input) bool { return i.Wrong != "" || strings.HasPrefix(m.grow, i.Path) })
	if at := slices.IndexFunc(data.Around, func(i input) bool { return i.Path == "act.occurred_on" }); at >= 0 {
		date := data.Around[at]
		data.Date, data.Around = &date, slices.Delete(data.Around, at, at+1)
	}
	return p.render(status, "form", say(p.Lang, data.Verb.Help), data)
}

// commandOf is the command that the address names, with its schema.
func (p *page) commandOf() (data formData, e entry, err error) {
	g, known := p.site.kindOf(p.vars["aggregate"])
	v, found := g.Verb(p.vars["verb"])
	id, bad := uuid.Parse(p.vars["id"])
	if !known || !found || bad != nil {
		return data, e, nothingHere
	}
	err = p.get("/v1/commands/"+g.Category+"/"+v.Name, nil, &e)
	return formData{Kind: g, Verb: v, Stream: ledger.StreamID{Category: g.Category, ID: id}}, e, err
}

// standOf finds the version that the form is made on; after a conflict, what happened since.
func (p *page) standOf(data *formData, values url.Values, wrong *problem) error {
	if data.Verb.Creates {
		return nil
	}
	p.learn([]ledger.StreamID{data.Stream})
	data.Name = p.nameOf(data.Stream)
	data.Version = values.Get("_version")
	if wrong != nil && wrong.CurrentVersion != nil {
		data.Version = strconv.FormatUint(uint64(*wrong.CurrentVersion), 10)
		for _, e := range wrong.Events {
			data.Since = append(data.Since, p.toldOf(e))
		}
	}
	if data.Version != "" {
		return nil
	}
	history, err := p.stream()
	data.Version = strconv.FormatUint(uint64(history.Version), 10)
	return err
}

// place gives each fault to the input that it is about: that of its path, or of the nearest above.
func (d *formData) place(wrong map[string]string) {
	paths := make([]string, 0, len(wrong))
	for path := range wrong {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		i := nearest(d.Fields, path)
		if i == nil {
			i = nearest(d.Around, strings.TrimPrefix("act."+path, "act.act."))
		}
		if i == nil {
			d.Wrong = append(d.Wrong, wrongField{Detail: wrong[path]})
			continue
		}
		if i.Wrong == "" {
			i.Wrong = wrong[path]
		}
		d.Wrong = append(d.Wrong, wrongField{i.ID(), i.Label, wrong[path]})
	}
}

func nearest(list []input, path string) *input {
	for at := range list {
		i := &list[at]
		if i.Path != path && !strings.HasPrefix(path, i.Path+".") {
			continue
		}
		if found := nearest(i.Fields, path); found != nil {
			return found
		}
		if found := nearest(i.Items, path); found != nil {
			return found
		}
		return i
	}
	return nil
}

// do sends a filled form as a command.
func (s *site) do(p *page) error {
	if err := p.r.ParseForm(); err != nil {
		return badForm
	}
	values := p.r.PostForm
	if values.Get("_add") != "" {
		return p.showForm(http.StatusOK, values, nil)
	}
	data, e, err := p.commandOf()
	if err != nil {
		return err
	}
	body, err := bodyOf(e, values)
	if err != nil {
		return err
	}
	header := http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {values.Get("_key")}}
	if version := values.Get("_version"); version != "" {
		header.Set("If-Match", strconv.Quote(version))
	}
	a, err := p.ask(http.MethodPost, fmt.Sprintf("/v1/commands/%s/%s/%s", data.Kind.Category, data.Stream.ID, data.Verb.Name), nil, header, body)
	if wrong, ok := errors.AsType[*problem](err); ok && wrong.Status != http.StatusUnauthorized {
		return p.showForm(wrong.Status, values, wrong)
	}
	if err != nil {
		return err
	}
	return p.done(data, a)
}

// bodyOf is the body of a command as its form was filled in.
func bodyOf(e entry, values url.Values) ([]byte, error) {
	body := object{}
	for _, one := range e.Act.Properties {
		if v := fill(one.Schema, "act."+one.Name, values); v != nil && one.Name != "data" {
			body = append(body, member{one.Name, v})
		}
	}
	data := fillGroup(e.Schema, "data", values)
	if data == nil {
		data = object{}
	}
	return json.Marshal(append(body, member{"data", data}))
}

// done waits until the read models show what was recorded, and leads to it.
func (p *page) done(data formData, a *answer) error {
	if position := a.header.Get("Ledger-Position"); position != "" {
		// Where they take longer than that, the page says that they are behind.
		_, _ = p.ask(http.MethodGet, "/v1/views/timeline", url.Values{"limit": {"1"}}, http.Header{"Ledger-Min-Position": {position}}, nil)
	}
	to := "/" + p.Lang + "/things/" + data.Kind.Category + "/" + data.Stream.ID.String()
	if id, asked := strings.CutPrefix(a.header.Get("Location"), "/v1/approvals/"); asked && a.status == http.StatusAccepted {
		p.redirect("/"+p.Lang+"/things/"+ledger.Approvals.Category+"/"+id, url.Values{"done": {"asked"}})
		return nil
	}
	p.redirect(to, url.Values{"done": {data.Verb.Name}})
	return nil
}
