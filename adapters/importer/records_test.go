package importer

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// scan is each record as "line:values" or "line!code".
func scan(t *testing.T, text string) (list []string) {
	in, err := newRecords(strings.NewReader(text))
	require.NoError(t, err)
	for {
		rec, err := in.next()
		if errors.Is(err, io.EOF) {
			return list
		}
		require.NoError(t, err)
		if rec.fault != nil {
			list = append(list, fmt.Sprintf("%d!%s", rec.line, rec.fault.code))
		} else {
			list = append(list, fmt.Sprintf("%d:%s", rec.line, strings.Join(rec.values, "|")))
		}
	}
}

func TestRecords(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"plain":                 {"a,b\n1,2\n3,4", []string{"2:1|2", "3:3|4"}},
		"byte order mark":       {bom + "a,b\n1,2\n", []string{"2:1|2"}},
		"CRLF":                  {"a,b\r\n1,2\r\n\r\n3,4\r\n", []string{"2:1|2", "4:3|4"}},
		"empty lines":           {"a,b\n\n\n1,2\n\n", []string{"4:1|2"}},
		"over several lines":    {"a,b\n1,\"x\ny\nz\"\n3,4\n", []string{"2:1|x\ny\nz", "5:3|4"}},
		"a quote inside":        {"a,b\n1,5\" disk\n3,4\n", []string{"2!csv-quotes", "3:3|4"}},
		"a quote never closed":  {"a,b\n1,\"x\n3,4\n5,6\n", []string{"2!csv-quotes", "3:3|4", "4:5|6"}},
		"closed by the next":    {"a,b\n1,\"x\n3,\"y\"\n5,6\n", []string{"2!csv-quotes", "3:3|y", "4:5|6"}},
		"joined by two quotes":  {"a,b\n1,\"x\n3,y\"\n5,6\n", []string{"2:1|x\n3,y", "4:5|6"}},
		"joined to too many":    {"a,b\n1,2,\"x\n3,y\"\n5,6\n", []string{"2!csv-fields", "3!csv-quotes", "4:5|6"}},
		"field count":           {"a,b\n1\n1,2,3\n3,4\n", []string{"2!csv-fields", "3!csv-fields", "4:3|4"}},
		"GBK":                   {"a,b\n1,\xd6\xd0\n3,4\n", []string{"2!not-utf-8", "3:3|4"}},
		"GBK over two lines":    {"a,b\n1,\"\xd6\n\xd0\"\n3,4\n", []string{"2!not-utf-8", "4:3|4"}},
		"a line that is a book": {"a,b\n" + strings.Repeat("x", 3*maxRecord) + "\n3,4\n", []string{"2!too-long", "3:3|4"}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, scan(t, c.text)) })
	}
}

func TestRecordsThatCannotBeRead(t *testing.T) {
	in, err := newRecords(io.MultiReader(strings.NewReader("a,b\n1,2\n"), failing{}))
	require.NoError(t, err)
	_, err = in.next()
	require.NoError(t, err)
	_, err = in.next()
	require.ErrorIs(t, err, errBroken, "a failure is not an end")
	_, err = newRecords(failing{})
	require.ErrorIs(t, err, errBroken)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBroken }

// No line is lost, whatever the bytes.
func FuzzRecords(f *testing.F) {
	f.Add("a,b\n1,\"x\n3,4\n")
	f.Add("a\n\"\n\"\"\n\n\"\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		at := 1
		for _, rec := range scan(t, text) {
			var line int
			_, err := fmt.Sscan(strings.FieldsFunc(rec, func(r rune) bool { return r == ':' || r == '!' })[0], &line)
			require.NoError(t, err)
			require.Greater(t, line, at)
			at = line
		}
	})
}
