package importer

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
	"ttledger/domain/principal"
)

// Templates is the format of filled templates: a row is one command, a file one kind of
// command. The catalogue is what GET /v1/commands answers; check holds a body against its schema,
// and is nil where the ledger that takes the commands does so itself.
func Templates(catalogue []byte, check func(aggregate, verb string, body []byte) error) (Format, error) {
	var listed struct {
		Commands []*template `json:"commands"`
	}
	if err := json.Unmarshal(catalogue, &listed); err != nil {
		return Format{}, fmt.Errorf("the catalogue of commands cannot be read: %w", err)
	}
	f := Format{
		Name:  TemplateName,
		Title: ledger.Text{En: "templates of commands, filled in", Zh: "已填写的命令导入模板"},
		needs: ledger.Text{
			En: "accepted is a command's template (ttledger import --template project/propose) saved as CSV, whose first line has a column such as project/propose:id that names the command",
			Zh: "可用文件为以 CSV 保存的命令模板(ttledger import --template project/propose),首行须含指明命令的列,如 project/propose:id",
		},
	}
	known := templates{byName: map[string]*template{}, check: check}
	for _, t := range listed.Commands {
		if len(t.Columns) == 0 || t.Columns[0].Type != "id" {
			return Format{}, fmt.Errorf("the catalogue has no columns for %s/%s; the server may be of an older release", t.Aggregate, t.Verb)
		}
		known.byName[t.name()] = t
		f.Kinds = append(f.Kinds, Kind{Name: t.name(), Columns: []string{t.id()}, template: t})
	}
	f.begin = func(Options) decoder { return known }
	return f, nil
}

// TemplateName is the name of the format that Templates makes.
const TemplateName = "template"

// template is a command as a row of a table, as the catalogue has it.
type template struct {
	Aggregate string   `json:"aggregate"`
	Verb      string   `json:"verb"`
	FourEyes  bool     `json:"four_eyes"`
	Creates   bool     `json:"creates"`
	Columns   []column `json:"columns"` // the id comes first
}

type column struct {
	Key      string `json:"key"`
	Pointer  string `json:"pointer"`
	Type     string `json:"type"`
	Items    string `json:"items"` // type of a list's
	Choices  []any  `json:"choices"`
	Required bool   `json:"required"` // with the columns that begin with With, or always
	With     string `json:"with"`
	Example  string `json:"example"`
}

func (t *template) name() string { return t.Aggregate + "/" + t.Verb }

func (t *template) id() string { return t.Columns[0].Key }

// misfit says what is wrong with a file's first line: a column that means nothing here would be
// lost, and one that every row needs cannot be missing.
func (t *template) misfit(header []string) *ledger.Text {
	var keys, needed, unknown, lacks []string
	for _, c := range t.Columns {
		keys = append(keys, c.Key)
		if c.Required && c.With == "" {
			needed = append(needed, c.Key)
		}
	}
	for _, key := range header {
		if key != "" && !slices.Contains(keys, key) {
			unknown = append(unknown, strconv.Quote(key))
		}
		if key != "" && count(header, key) > 1 {
			return &ledger.Text{En: fmt.Sprintf("the column %s stands there more than once", key), Zh: fmt.Sprintf("列 %s 重复出现", key)}
		}
	}
	for _, key := range needed {
		if !slices.Contains(header, key) {
			lacks = append(lacks, key)
		}
	}
	switch accepted := strings.Join(keys, ", "); {
	case len(unknown) > 0:
		list := strings.Join(unknown, ", ")
		return &ledger.Text{En: fmt.Sprintf("%s has no column %s; there are %s", t.name(), list, accepted), Zh: fmt.Sprintf("%s 没有列 %s;可用列:%s", t.name(), list, accepted)}
	case len(lacks) > 0:
		list := strings.Join(lacks, ", ")
		return &ledger.Text{En: fmt.Sprintf("the column %s is missing, which %s needs", list, t.name()), Zh: fmt.Sprintf("缺少 %s 必需的列 %s", t.name(), list)}
	}
	return nil
}

// noteMark begins the id cell of a row that is for people, as the line of labels is. It is known
// wherever sorting has put it.
const noteMark = "# "

// idle says whether a row says nothing: it is empty, or a note.
func (t *template) idle(r record) bool {
	return strings.HasPrefix(r.get(t.id()), noteMark) || !slices.ContainsFunc(r.values, func(v string) bool { return strings.TrimSpace(v) != "" })
}

// templates is all commands; rows of templates need nothing of the rows before.
type templates struct {
	byName map[string]*template
	check  func(aggregate, verb string, body []byte) error
}

func (all templates) decode(kind string, r record) *item {
	t := all.byName[kind]
	it := t.item(r)
	if it.refusal == nil && all.check != nil {
		if err := all.check(t.Aggregate, t.Verb, it.steps[0].body); err != nil {
			it.refuse(it.steps[0], err)
		}
	}
	return it
}

func (templates) follow() []*item { return nil }

// item makes the command of a row.
func (t *template) item(r record) *item {
	f := &fields{record: r}
	it := &item{key: strings.TrimSpace(r.get(t.id()))}
	it.stream = ledger.StreamID{Category: t.Aggregate, ID: f.id(t)}
	s := step{stream: it.stream, verb: t.Verb, columns: t.places()}
	if !t.Creates {
		s.at, s.free = f.version("if_match")
	}
	s.body = f.body(t)
	if it.refusal = f.fault; it.refusal == nil {
		s.command = t.command(s, strings.TrimSpace(r.get("if_match")))
		it.steps = []step{s}
	}
	return it
}

// command derives the idempotency key. What begins a stream does so once, and another row for it
// is told to differ; anything else is known by all that the row says.
func (t *template) command(s step, version string) uuid.UUID {
	if t.Creates {
		return templateID("command", t.name(), s.stream.String())
	}
	return templateID("command", t.name(), s.stream.String(), version, string(s.body))
}

var templateSpace = uuid.MustParse("b5a4c5be-2a0f-5f0f-8a43-5a1b0c6d7e92")

func templateID(parts ...string) uuid.UUID {
	return uuid.NewSHA1(templateSpace, []byte(strings.Join(parts, "\n")))
}

// places is the column behind each part of the body; a part of several columns has the first.
func (t *template) places() map[string]string {
	places := map[string]string{}
	for _, c := range t.Columns {
		for at := c.Pointer; at != "" && at != "/data"; at = at[:strings.LastIndexByte(at, '/')] {
			if places[at] == "" {
				places[at] = c.Key
			}
		}
	}
	return places
}

// maxKey bounds what people call a thing.
const maxKey = 200

// id reads which thing a row is about: a UUID, or a name from which one is derived.
func (f *fields) id(t *template) uuid.UUID {
	text := f.cell(column{Key: t.id()})
	if text == "" || len(text) > maxKey || text[0] == '#' {
		f.refuse("bad-id", t.id(), "needed is a UUID, or a name of your own of at most 200 bytes that does not begin with #", "须填 UUID,或不超过 200 字节且不以 # 开头的自有编号")
		return uuid.Nil
	}
	if id, err := uuid.Parse(text); err == nil && len(text) == 36 {
		return id
	}
	if t.Aggregate == principal.Aggregate.Category {
		return principal.ID(text)
	}
	return templateID("id", t.Aggregate, text)
}

var versionPattern = regexp.MustCompile(`^"?([1-9][0-9]{0,17})"?$`)

// version reads on which version of its stream a command was decided, or that any will do.
func (f *fields) version(key string) (at ledger.Version, anyOne bool) {
	text := f.cell(column{Key: key})
	if text == "*" {
		return 0, true
	}
	m := versionPattern.FindStringSubmatch(text)
	if m == nil {
		f.refuse("bad-version", key, fmt.Sprintf("%q is not a version; a number such as 7, or * for any", text), fmt.Sprintf("%q 不是版本号;应为数字,如 7,或以 * 表示不限", text))
		return 0, false
	}
	n, err := strconv.ParseUint(m[1], 10, 64)
	if err != nil {
		panic(err) // eighteen digits fit
	}
	return ledger.Version(n), false
}

// body reads the cells of a row as the body of its command. The same cells give the same bytes.
func (f *fields) body(t *template) []byte {
	body := map[string]any{"data": map[string]any{}}
	var filled []string
	for _, c := range t.Columns {
		if text := f.cell(c); text != "" && c.Pointer != "" {
			put(body, c.Pointer, f.value(c, text))
			filled = append(filled, c.Key)
		}
	}
	for _, c := range t.Columns {
		within := func(key string) bool { return strings.HasPrefix(key, c.With) }
		if c.Required && !slices.Contains(filled, c.Key) && c.Pointer != "" && (c.With == "" || slices.ContainsFunc(filled, within)) {
			f.refuse("missing", c.Key, "is empty, but needed", "必填项为空")
		}
	}
	if f.fault != nil {
		return nil
	}
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err) // what value returns is JSON
	}
	return raw
}

// put sets a member by its JSON pointer.
func put(object map[string]any, pointer string, value any) {
	parts := strings.Split(pointer[1:], "/")
	for _, name := range parts[:len(parts)-1] {
		inner, ok := object[name].(map[string]any)
		if !ok {
			inner = map[string]any{}
			object[name] = inner
		}
		object = inner
	}
	object[parts[len(parts)-1]] = value
}
