package importer

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/httpapi"
	"ttledger/domain/ledger"
	"ttledger/domain/organisation"
	"ttledger/domain/principal"
	"ttledger/domain/project"
)

var everything = []ledger.Aggregate{principal.Aggregate, organisation.Aggregate, project.Aggregate}

func catalogueOf(t testing.TB) []byte {
	raw, err := httpapi.Catalogue(everything)
	require.NoError(t, err)
	return raw
}

func templatesOf(t testing.TB) Format {
	check, err := httpapi.Checker(everything)
	require.NoError(t, err)
	f, err := Templates(catalogueOf(t), check)
	require.NoError(t, err)
	return f
}

// schema is as much of a JSON Schema as an example needs.
type schema struct {
	Type, Format, Pattern string
	Enum                  []any
	Items                 *schema
	Properties            map[string]*schema
}

// sample is a value with every field that a schema has.
func (s *schema) sample() any {
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Format == "uuid":
		return "6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11"
	case strings.HasPrefix(s.Pattern, "^[a-z]"):
		return "organisation-6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11"
	case s.Pattern != "":
		return "2026-05-04"
	case s.Type == "integer":
		return 7
	case s.Type == "boolean":
		return true
	case s.Type == "string":
		return `two "words", 冷烧结`
	case s.Type == "array":
		return []any{s.Items.sample(), s.Items.sample()}
	}
	value := map[string]any{}
	for name, field := range s.Properties {
		value[name] = field.sample()
	}
	return value
}

// written is the part of a body as people write it in a cell.
func written(t *testing.T, body any, c column) string {
	for name := range strings.SplitSeq(c.Pointer[1:], "/") {
		body = body.(map[string]any)[name]
	}
	switch v := body.(type) {
	case []any:
		if c.Type == "list" {
			return fmt.Sprintf("%s ; %s;", v[0], v[1])
		}
	case string:
		return v
	}
	raw, err := json.Marshal(body)
	require.NoError(t, err)
	return string(raw)
}

// decoded is what the rows of a file become, by the way that a run takes.
func decoded(t *testing.T, f Format, w *world, file string) []*item {
	s, fault, err := examine(f, file, w.options())
	require.NoError(t, err)
	require.Nil(t, fault)
	in, err := s.open()
	require.NoError(t, err)
	defer in.Close()
	var items []*item
	for range s.rows {
		rec, err := in.next()
		require.NoError(t, err)
		require.Nil(t, rec.fault)
		items = append(items, f.begin(w.options()).decode(s.kind.Name, rec))
	}
	return items
}

// TestEachCommandComesBackAsItWasFilledIn: what the schema says of a command goes into its
// template as the server writes it, and out of the row comes the same JSON.
func TestEachCommandComesBackAsItWasFilledIn(t *testing.T) {
	w, f := newWorld(t), templatesOf(t)
	var listed struct {
		Act      *schema
		Commands []struct {
			template
			Schema *schema
		}
	}
	require.NoError(t, json.Unmarshal(catalogueOf(t), &listed))
	require.Len(t, f.Kinds, len(listed.Commands))
	for _, c := range listed.Commands {
		body := listed.Act.sample().(map[string]any)
		body["data"] = c.Schema.sample()
		empty, err := httpapi.Template(everything, c.name(), "zh-CN")
		require.NoError(t, err)
		keys, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(empty, []byte(bom)))).Read()
		require.NoError(t, err)
		row := make([]string, len(keys))
		for i, x := range c.Columns {
			require.Equal(t, keys[i], x.Key)
			switch x.Type {
			case "id":
				row[i] = "4b7c1d1e-50f1-4c8e-9c0a-0c1f4be1a0d3"
			case "version":
				row[i] = "7"
			default:
				row[i] = written(t, body, x)
			}
		}
		var file strings.Builder
		file.Write(empty)
		require.NoError(t, csv.NewWriter(&file).WriteAll([][]string{row}))
		items := decoded(t, f, w, w.file("filled.csv", file.String()))
		require.Len(t, items, 1, "the line of labels is none")
		require.Nil(t, items[0].refusal, "%s: %v", c.name(), items[0].refusal)
		want, err := json.Marshal(body)
		require.NoError(t, err)
		s := items[0].steps[0]
		require.JSONEq(t, string(want), string(s.body), c.name())
		require.Equal(t, c.Aggregate+"-4b7c1d1e-50f1-4c8e-9c0a-0c1f4be1a0d3", s.stream.String())
		require.Equal(t, []any{c.Verb, !c.Creates}, []any{s.verb, s.at == 7})
	}
}

// fill runs files of templates.
func (w *world) fill(files ...string) (Summary, []Row) {
	s, err := Run(w.t.Context(), Local{w.ledger}, templatesOf(w.t), files, w.options())
	require.NoError(w.t, err)
	return s, w.report()
}

const proposals = "project/propose:id,occurred_on,titles.zh,tags,budget.minor,budget.currency\r\n" +
	"P-1,2026-01-05,冷烧结,xinzihao;laozihao,125000,CNY\r\nP-2,2026-01,等离子,,,\r\n"

func TestFilledTemplatesAreCommands(t *testing.T) {
	w := newWorld(t)
	approvals := w.file("approve.csv", "body,if_match,project/approve:id,occurred_on\n办公会,1,P-1,2026-02-01\n办公会,*,P-2,2026-02-01\n")
	files := []string{approvals, w.file("propose.csv", proposals)}
	s, rows := w.fill(files...)
	require.Equal(t, 4, s.Total.New, rows)
	p1 := ledger.StreamID{Category: "project", ID: templateID("id", "project", "P-1")}
	require.Equal(t, []string{
		`project.proposed.v2 2026-01-05 importer {"titles":{"zh":"冷烧结"},"tags":["xinzihao","laozihao"],"budget":{"minor":125000,"currency":"CNY"}}`,
		`project.approved.v1 2026-02-01 approver {"body":"办公会"}`,
	}, w.told(p1.String()), "proposed first, whatever the order of the files; approved by the other")
	before := w.events()
	require.Equal(t, s.Files[0].Batch, before[0].Meta.Source.Batch)
	require.Equal(t, 2, before[0].Meta.Source.Row)

	again, _ := w.fill(files...)
	require.Zero(t, again.Total.New)
	require.Equal(t, 4, again.Total.Accepted, "a version that was right then is a repeat now")
	require.Equal(t, before, w.events())

	_, rows = w.fill(w.file("changed.csv", strings.Replace(proposals, "等离子", "等离子体", 1)))
	require.Equal(t, []string{accepted, refused}, []string{rows[0].Outcome, rows[1].Outcome})
	require.Equal(t, "differs", rows[1].Code)
	_, rows = w.fill(w.file("stale.csv", "project/approve:id,if_match,occurred_on,body\nP-1,1,2026-02-01,党组会\n"))
	require.Equal(t, "stale", rows[0].Code, rows)
	require.Equal(t, before, w.events())
}

func TestTemplatesGoOnWhereTheyStopped(t *testing.T) {
	undisturbed := newWorld(t)
	var file strings.Builder
	file.WriteString("project/propose:id,occurred_on,titles.en\n")
	for n := range 2 * window {
		fmt.Fprintf(&file, "P-%d,2026,project %d\n", n, n)
	}
	undisturbed.fill(undisturbed.file("f.csv", file.String()))
	for _, late := range []bool{false, true} {
		w := newWorld(t)
		w.ledger.Streams = &breaking{w.store, window + 7, late}
		f := w.file("f.csv", file.String())
		_, err := Run(t.Context(), Local{w.ledger}, templatesOf(t), []string{f}, w.options())
		require.ErrorIs(t, err, errBroken)
		w.ledger.Streams = w.store
		s, _ := w.fill(f)
		require.Equal(t, 2*window, s.Total.Accepted)
		require.Less(t, s.Total.New, window)
		require.Equal(t, undisturbed.events(), w.events())
	}
}

func TestWhatSpreadsheetProgramsDoToAFile(t *testing.T) {
	plain := newWorld(t)
	plain.fill(plain.file("f.csv", proposals))
	empty, err := httpapi.Template(everything, "project/propose", "zh-CN")
	require.NoError(t, err)
	labels := strings.Split(string(empty), "\r\n")[1]
	require.NotEmpty(t, labels)
	for name, file := range map[string]string{
		"mark and line ends":    bom + proposals,
		"bare line ends":        strings.ReplaceAll(proposals, "\r\n", "\n"),
		"columns in disorder":   "titles.zh,budget.currency,budget.minor,project/propose:id,tags,occurred_on\n冷烧结,CNY,125000,P-1,xinzihao;laozihao,2026-01-05\n等离子,,,P-2,,2026-01\n",
		"empty columns":         strings.ReplaceAll(proposals, "\r\n", ",,\r\n"),
		"cells left out":        strings.Replace(proposals, ",,,\r\n", "\r\n", 1),
		"empty rows":            proposals + ",,,,,\r\n,,,,,,,\r\n\r\n",
		"dates rewritten":       strings.NewReplacer("2026-01-05", "2026/1/5", "2026-01,", "2026年1月,").Replace(proposals),
		"blanks and wide marks": strings.NewReplacer("xinzihao;", " xinzihao\uff1b ", "冷烧结", "\u3000冷烧结 ").Replace(proposals),
		"a note sorted down":    proposals + "# 标识,业务发生日\r\n",
		"quotes everywhere":     `"` + strings.ReplaceAll(strings.ReplaceAll(strings.TrimSuffix(proposals, "\r\n"), ",", `","`), "\r\n", "\"\r\n\"") + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			s, rows := w.fill(w.file("f.csv", file))
			require.Equal(t, 2, s.Total.New, rows)
			require.Equal(t, 2, s.Total.Read)
			for i, e := range w.events() {
				require.Equal(t, plain.events()[i].ID, e.ID, "the same commands")
				require.Equal(t, string(plain.events()[i].Data), string(e.Data))
			}
		})
	}
}

func TestFilesThatAreNoTemplate(t *testing.T) {
	w := newWorld(t)
	for file, says := range map[string]string{
		"project/propose:id,title.zh\nP-1,x\n":                       `project/propose has no column "title.zh"; there are project/propose:id, occurred_on`,
		"project/propose:id,if_match,titles.zh\nP-1,1,x\n":           `"if_match"`,
		"project/propose:id,project/approve:id\nP-1,x\n":             `"project/approve:id"`,
		"project/propose:id,titles.zh,titles.zh\nP-1,x,y\n":          "titles.zh stands there more than once",
		"project/approve:id,body\nP-1,x\n":                           "the column if_match is missing",
		"id,titles.zh\nP-1,x\n":                                      "none of the known columns",
		"project/propose:id;titles.zh\nP-1;x\n":                      "none of the known columns",
		"project/propose:id,titles.zh\nP-1,\xc0\xe4\xc9\xd5\xbd\xe1": "line 2 is not UTF-8",
	} {
		_, err := Run(t.Context(), Local{w.ledger}, templatesOf(t), []string{w.file("f.csv", file), w.file("good.csv", proposals)}, w.options())
		require.Equal(t, "files", ledger.CodeOf(err), file)
		require.ErrorContains(t, err, says)
		require.Empty(t, w.events(), "nothing is recorded where one file is refused")
	}
	_, err := Templates([]byte(`{"commands":[{"aggregate":"project","verb":"propose"}]}`), nil)
	require.ErrorContains(t, err, "older release")
}

func TestBadCells(t *testing.T) {
	w := newWorld(t)
	for i, c := range []struct{ column, cell, code string }{
		{"project/propose:id", "", "bad-id"},
		{"project/propose:id", "#7", "bad-id"},
		{"project/propose:id", strings.Repeat("x", 201), "bad-id"},
		{"project/propose:id", "9.15E+17", "spoiled-cell"},
		{"occurred_on", "1/2/2026", "bad-date"},
		{"occurred_on", "2026-02-30", "bad-date"},
		{"occurred_on", "Jun-26", "bad-date"},
		{"action", "1.5", "bad-integer"},
		{"action", "1,000", "bad-integer"},
		{"action", "99999999999999999999", "bad-integer"},
		{"action", "7", "invalid"},
		{"mode", "Licence", "bad-choice"},
		{"tags", "#NAME?", "spoiled-cell"},
		{"tags", "Xin", "invalid"},
		{"tags", "[xin]", "bad-json"},
		{"achievements", "not-a-uuid", "bad-uuid"},
		{"milestones", "[{“code”:1}]", "bad-json"},
		{"milestones", `[{"colour":"red"}]`, "invalid"},
		{"correlation", "7", "bad-uuid"},
		{"budget.minor", "1", "missing"},
	} {
		keys, row := []string{"project/propose:id", "titles.zh"}, []string{fmt.Sprint("P-", i), "冷烧结"}
		if c.column == keys[0] {
			row[0] = c.cell
		} else {
			keys, row = append(keys, c.column), append(row, c.cell)
		}
		if c.column == "budget.minor" {
			keys, row, c.column = append(keys, "budget.currency"), append(row, ""), "budget.currency"
		}
		var file strings.Builder
		require.NoError(t, csv.NewWriter(&file).WriteAll([][]string{keys, row}))
		_, rows := w.fill(w.file("f.csv", file.String()))
		require.Len(t, rows, 1)
		require.Equal(t, []string{refused, c.code, c.column}, []string{rows[0].Outcome, rows[0].Code, rows[0].Field}, "%s: %v", c.cell, rows)
		require.True(t, rows[0].Reason.En != "" && rows[0].Reason.Zh != "")
	}
	_, rows := w.fill(w.file("f.csv", "project/propose:id,titles.zh,\nP-1,x,a value under no column\n"))
	require.Equal(t, "csv-fields", rows[0].Code)
	_, rows = w.fill(w.file("f.csv", "project/propose:id,titles.zh\nP-1,\"x\ny,z\nw\",stray\nP-2,\"\n"))
	require.Len(t, rows, 2, "a line within a cell is no row of its own")
	require.Equal(t, []string{"csv-fields", "csv-quotes"}, []string{rows[0].Code, rows[1].Code})
	for _, version := range []string{"", "0", "-1", "one", "1.0"} {
		_, rows := w.fill(w.file("f.csv", "project/approve:id,if_match,body\nP-1,"+version+",x\n"))
		require.Equal(t, []string{"bad-version", "if_match"}, []string{rows[0].Code, rows[0].Field})
	}
	require.Empty(t, w.events())
}

func TestWhichThingARowIsAbout(t *testing.T) {
	f := templatesOf(t)
	id := func(kind, cell string) uuid.UUID {
		r := record{values: []string{cell}, columns: map[string]int{kind + ":id": 0}}
		return f.begin(Options{}).decode(kind, r).stream.ID
	}
	require.Equal(t, id("project/propose", "P-1"), id("project/approve", " P-1 "))
	require.NotEqual(t, id("project/propose", "P-1"), id("organisation/register", "P-1"), "each kind of thing has keys of its own")
	require.Equal(t, principal.ID("li.pm"), id("principal/enrol", "li.pm"), "a principal's id follows from its handle by a rule of its own")
	require.Equal(t, "4b7c1d1e-50f1-4c8e-9c0a-0c1f4be1a0d3", id("project/propose", "4B7C1D1E-50F1-4C8E-9C0A-0C1F4BE1A0D3").String())
	require.NotEqual(t, "4b7c1d1e-50f1-4c8e-9c0a-0c1f4be1a0d3", id("project/propose", "4b7c1d1e50f14c8e9c0a0c1f4be1a0d3").String())
}

// FuzzTemplateRow: whatever stands in the cells, a row is refused with a reason in both languages
// or is JSON of that command, and the same row gives the same command.
func FuzzTemplateRow(f *testing.F) {
	format := templatesOf(f)
	for _, cell := range []string{"", "P-1", "2026/1/5", "7", "*", "true", "a;b", `[{"x":1}]`, `["a"]`, "#N/A", "# note", "1E+10", "\u3000", "6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11"} {
		f.Add(0, cell, cell, cell)
		f.Add(12, "P-1", cell, "7")
	}
	f.Fuzz(func(t *testing.T, kind int, id, first, rest string) {
		k := format.Kinds[uint(kind)%uint(len(format.Kinds))]
		r := record{columns: map[string]int{}}
		for i, c := range k.template.Columns {
			r.columns[c.Key] = i
			r.values = append(r.values, []string{id, first, rest}[min(i, 2)])
		}
		it := format.begin(Options{}).decode(k.Name, r)
		if it.refusal != nil {
			require.NotEmpty(t, it.refusal.code)
			require.Contains(t, r.columns, it.refusal.field)
			require.True(t, it.refusal.reason.En != "" && it.refusal.reason.Zh != "")
			return
		}
		var act map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(it.steps[0].body, &act))
		require.True(t, slices.Contains([]byte("{"), act["data"][0]))
		require.Equal(t, it.steps, format.begin(Options{}).decode(k.Name, r).steps)
	})
}
