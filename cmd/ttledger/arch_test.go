package main

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// goPackage is what `go list -json` says of a package.
type goPackage struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []goPackage {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "ttledger/...").Output()
	require.NoError(t, err)
	var all []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else {
			require.NoError(t, err)
		}
		all = append(all, p)
	}
}

// layers are in the order in which imports may point: to the right, never back.
var layers = []string{"ttledger/cmd", "ttledger/adapters", "ttledger/projections", "ttledger/domain", "ttledger/domain/", "ttledger/domain/ledger"}

func layer(path string) int {
	found := -1
	for i, prefix := range layers {
		if strings.HasPrefix(path, prefix) {
			found = i
		}
	}
	return found
}

// forbidden names what keeps a layer pure.
var forbidden = map[string][]string{
	"ttledger/domain":      {"net/http", "database/sql", "log/slog", "os", "net", "math/rand", "math/rand/v2", "crypto/rand"},
	"ttledger/projections": {"net/http", "database/sql", "os", "net", "math/rand", "math/rand/v2", "crypto/rand"},
}

func TestImportsRunOneWay(t *testing.T) {
	all := packages(t)
	require.Greater(t, len(all), 8)
	for _, p := range all {
		if strings.HasSuffix(p.ImportPath, "ledgertest") {
			continue
		}
		require.GreaterOrEqual(t, layer(p.ImportPath), 0, "%s is in no layer", p.ImportPath)
		for _, i := range p.Imports {
			if strings.HasPrefix(i, "ttledger/") {
				checkArrow(t, p.ImportPath, i)
			}
			for prefix, list := range forbidden {
				if strings.HasPrefix(p.ImportPath, prefix) && slices.Contains(list, i) {
					t.Errorf("%s may not import %s", p.ImportPath, i)
				}
			}
		}
	}
}

func checkArrow(t *testing.T, from, to string) {
	switch {
	case strings.HasPrefix(from, "ttledger/cmd"):
	case from == "ttledger/adapters/storetest":
		// The suite is for tests only, and nothing but tests imports it.
		if layer(to) < layer(from) {
			t.Errorf("%s may not import %s", from, to)
		}
	case layer(to) <= layer(from):
		t.Errorf("%s may not import %s", from, to)
	case to == "ttledger/adapters/storetest":
		t.Errorf("%s may not import the test suite", from)
	}
}

var clockOrChance = regexp.MustCompile(`time\.(Now|Since|Until)\(|uuid\.(New|NewV7|NewRandom|NewString)\(`)

// TestRulesSeeNoClock: domain and projections take time and chance as arguments. A pause of the
// runner is no rule.
func TestRulesSeeNoClock(t *testing.T) {
	for _, root := range []string{"../../domain", "../../projections"} {
		require.NoError(t, filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			code, err := os.ReadFile(path)
			if found := clockOrChance.Find(code); found != nil {
				t.Errorf("%s calls %s", path, found)
			}
			return err
		}))
	}
}

var opening = regexp.MustCompile(`[lL]edger\.Open\(`)

// TestOnlyARendererOpens: personal data is decrypted where an answer is made for somebody who may
// see it, and nowhere else.
func TestOnlyARendererOpens(t *testing.T) {
	found := map[string]int{}
	for _, root := range []string{"../../domain", "../../projections", "../../adapters", "../../cmd"} {
		require.NoError(t, filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			code, err := os.ReadFile(path)
			if n := len(opening.FindAll(code, -1)); n > 0 {
				found[path] = n
			}
			return err
		}))
	}
	require.Equal(t, map[string]int{"../../adapters/httpapi/subjects.go": 1}, found)
}
