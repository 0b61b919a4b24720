package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ttledger/adapters/esdb/esdbtest"
	"ttledger/domain/ledger"
	"ttledger/projections"
)

// content is every event of a directory, to the byte.
func (o office) content(t *testing.T) string {
	d, err := openToRead(t.Context(), place{data: o.data})
	require.NoError(t, err)
	defer d.close()
	var all strings.Builder
	for r, err := range upToNow(t.Context(), d.store) {
		require.NoError(t, err)
		all.WriteString(strings.Join([]string{r.ID.String(), r.Stream.String(), r.Type, string(r.RawMeta), string(r.Data)}, " ") + "\n")
	}
	return all.String()
}

func TestACopyThereAndBackIsTheSameToTheByte(t *testing.T) {
	o := newOffice(t)
	must(t, o.importArgs("--data", o.data)...)
	auditor := keep(t, o.dir, must(t, "token", "issue", "chen.aud", "--role", "AUD", "--data", o.data, "--token-file", o.admin))
	server := esdbtest.Start(t, esdbtest.Options{})
	url := server.ConnectionString()
	must(t, "copy", "--from", o.data, "--to", url)
	require.Contains(t, must(t, "copy", "--from", o.data, "--to", url), "copied 0 events", "and nothing again")

	back := office{dir: o.dir, data: filepath.Join(o.dir, "back"), admin: o.admin, manager: o.manager, approver: o.approver}
	_, problems, code := call(t, "copy", "--from", url, "--to", back.data)
	require.Equal(t, exitUsage, code)
	require.Contains(t, problems, "--key FILE")
	must(t, "copy", "--from", url, "--to", back.data, "--key", filepath.Join(o.data, "keys", "digest.key"))
	require.Equal(t, o.content(t), back.content(t))
	for _, v := range projections.Views() {
		view := func(o office) string {
			return must(t, "export", "view", v.Name, "--data", o.data, "--token-file", auditor)
		}
		require.Equal(t, view(o), view(back), v.Name)
	}

	// The ledger goes on where it is now: with the same tokens, and a repeat is known as one.
	must(t, back.importArgs("--data", back.data)...)
	require.Equal(t, o.content(t), back.content(t))
}

func TestACopyGoesOnWhereItWasAndRefusesATargetThatDiffers(t *testing.T) {
	o := newOffice(t)
	must(t, o.importArgs("--data", o.data)...)
	server := esdbtest.Start(t, esdbtest.Options{})
	url := server.ConnectionString()

	// The server breaks down again and again on the way.
	for done := false; !done; {
		server.Fault(esdbtest.Fault{Op: esdbtest.Append, Stream: "ttledger.organisation", Times: 1, After: true, Effect: esdbtest.Drop()})
		_, problems, code := call(t, "copy", "--from", o.data, "--to", url)
		if done = code == 0; !done {
			require.Contains(t, problems, "does not answer")
		}
		server.Heal()
	}
	require.Contains(t, must(t, "copy", "--from", o.data, "--to", url), "copied 0 events")

	refused := func(what string, args ...string) {
		t.Helper()
		_, problems, code := call(t, append([]string{"copy"}, args...)...)
		require.NotZero(t, code)
		require.Contains(t, problems, what)
	}
	stranger := newOffice(t)
	refused("keys/digest.key is not the key", "--from", stranger.data, "--to", url)
	refused("another ledger's directory", "--from", stranger.data, "--to", o.data)

	// The source goes on apart from the copy: each side is a beginning of neither.
	must(t, "token", "issue", "li.aud", "--role", "AUD", "--data", o.data, "--token-file", o.admin)
	longer := o.content(t)
	must(t, "copy", "--from", o.data, "--to", url)
	restoredTo := filepath.Join(o.dir, "restored")
	must(t, "copy", "--from", url, "--to", restoredTo, "--key", filepath.Join(o.data, "keys", "digest.key"))
	must(t, "token", "issue", "sun.aud", "--role", "AUD", "--data", o.data, "--token-file", o.admin)
	must(t, "token", "issue", "zhou.aud", "--role", "AUD", "--data", restoredTo, "--token-file", o.admin)
	refused("the target differs at entry", "--from", restoredTo, "--to", o.data)
	refused("the target goes on after entry", "--from", url, "--to", o.data, "--key", filepath.Join(o.data, "keys", "digest.key"))
	require.True(t, strings.HasPrefix(o.content(t), longer), "what was refused changed nothing")
}

// A copy must not be taken for one whose bytes changed on the way.
func TestACopyComparesBytes(t *testing.T) {
	r := ledger.Recorded{Proposed: ledger.Proposed{Type: "project.noted.v1", Data: []byte(`{"a":1}`)}, Version: 1, RawMeta: []byte(`{}`)}
	for _, change := range []func(*ledger.Recorded){
		func(r *ledger.Recorded) { r.ID[0]++ },
		func(r *ledger.Recorded) { r.Stream.Category = "x" },
		func(r *ledger.Recorded) { r.Version++ },
		func(r *ledger.Recorded) { r.Type += "x" },
		func(r *ledger.Recorded) { r.Data = []byte(`{"a": 1}`) },
		func(r *ledger.Recorded) { r.RawMeta = []byte(`{ }`) },
	} {
		other := r
		change(&other)
		require.False(t, same(r, other))
	}
	other := r
	other.Position.Commit = 7
	require.True(t, same(r, other))
}
