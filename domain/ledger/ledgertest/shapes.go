package ledgertest

import (
	"bytes"
	"encoding"
	"encoding/json"
	"io/fs"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
)

// Shapes holds a codec against the fixtures written by hand when each shape was born, and never
// edited since: <name>.json has every field, <name>.<anything>.json is a variant worth keeping.
// They decode strictly and re-encode to the same JSON. A shape no longer written reads today as
// its .now.json says. Nothing writes fixtures: a missing one is a failure that names the file.
func Shapes[E ledger.Event](t *testing.T, codec *ledger.Codec[E], fixtures fs.FS) {
	t.Helper()
	known := map[string]bool{}
	for _, name := range codec.Names() {
		known[name] = true
		_, err := fs.Stat(fixtures, name+".json")
		require.NoError(t, err, "every stored shape has a fixture; write %s.json by hand", name)
	}
	files, err := fs.Glob(fixtures, "*.json")
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, ".now.json") {
			continue
		}
		t.Run(file, func(t *testing.T) {
			name := nameOf(file)
			require.True(t, known[name], "the codec does not read %s; a shape once released is read for ever", name)
			stored := read(t, fixtures, file)
			e, err := codec.Decode(name, stored)
			require.NoError(t, err)
			now, err := codec.Encode(e)
			require.NoError(t, err)
			if e.EventType() != name {
				stored = read(t, fixtures, strings.TrimSuffix(file, ".json")+".now.json")
			} else if file == name+".json" {
				Filled(t, name, reflect.ValueOf(e))
			}
			require.Equal(t, compact(t, stored), compact(t, now))
		})
	}
}

// FuzzDecode feeds a codec anything under each of its names, from the fixtures on: it never
// panics, and what it reads has one stored form, which reads and is written as itself.
func FuzzDecode[E ledger.Event](f *testing.F, codec *ledger.Codec[E], fixtures fs.FS) {
	files, err := fs.Glob(fixtures, "*.json")
	require.NoError(f, err)
	for _, file := range files {
		data, err := fs.ReadFile(fixtures, file)
		require.NoError(f, err)
		f.Add(nameOf(file), data)
	}
	f.Add("case.nothing.v1", []byte(`{}`))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		e, err := codec.Decode(name, data)
		if err != nil {
			return
		}
		stored, err := codec.Encode(e)
		require.NoError(t, err)
		again, err := codec.Decode(e.EventType(), stored)
		if code := ledger.CodeOf(err); code == "date" || code == "stream-id" {
			return // no decision makes an event without the date or the stream it must have
		}
		require.NoError(t, err)
		same, err := codec.Encode(again)
		require.NoError(t, err)
		// Not the events: a pointer to nothing is stored as nothing, and no decision makes one.
		require.Equal(t, string(stored), string(same))
	})
}

// nameOf is the stored name a fixture is of: what stands before the first dot after the version.
func nameOf(file string) string {
	parts := strings.SplitN(file, ".", 4)
	return strings.Join(parts[:min(3, len(parts))], ".")
}

// Filled finds the fields that a full fixture leaves out.
func Filled(t *testing.T, path string, v reflect.Value) {
	t.Helper()
	require.False(t, v.IsZero(), "%s is missing from the full shape", path)
	switch v.Interface().(type) {
	case encoding.TextMarshaler, json.Marshaler:
		return // a leaf
	}
	switch v.Kind() {
	case reflect.Pointer:
		Filled(t, path, v.Elem())
	case reflect.Slice:
		require.NotZero(t, v.Len(), "%s is empty in the full shape", path)
		Filled(t, path+"/0", v.Index(0))
	case reflect.Struct:
		for i := range v.NumField() {
			Filled(t, path+"/"+v.Type().Field(i).Name, v.Field(i))
		}
	}
}

func read(t *testing.T, fixtures fs.FS, file string) []byte {
	t.Helper()
	data, err := fs.ReadFile(fixtures, file)
	require.NoError(t, err)
	return data
}

func compact(t *testing.T, data []byte) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, json.Compact(&b, data))
	return b.String()
}
