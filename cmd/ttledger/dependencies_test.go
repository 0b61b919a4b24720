package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const dependencies = "../../docs/dependencies.md"

const dependenciesHead = `# Dependencies

Every module that is part of the program, and those that only its tests need, with the licence as
its own file says. Written by a test, which fails where this and go.mod differ:

` + "```sh\nTTLEDGER_DEPENDENCIES=1 go test ./cmd/ttledger -run TestDependencies\n```" + `

Tools that look at the program and are no part of it stand in go.mod under ` + "`tool`" + ` (staticcheck) and in
.ci/tools.mod (gosec, govulncheck, tessera's fsck), apart, so that what they need is nothing the program needs.

| module | version | licence | |
|---|---|---|---|
`

// module is what go list says of one.
type module struct {
	Path, Version, Dir string
	Main               bool
}

// modulesOf lists the modules that packages are built from; -test adds what their tests need.
func modulesOf(t *testing.T, args ...string) map[string]module {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-deps", "-json=Module,ImportPath"}, args...)...).Output()
	require.NoError(t, err)
	all := map[string]module{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct{ Module *module }
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		if p.Module != nil && !p.Module.Main {
			all[p.Module.Path] = *p.Module
		}
	}
}

// licenceOf is the SPDX name of the licence in a module's directory, by the sentences that make
// it that one.
func licenceOf(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	for _, file := range files {
		name := strings.ToLower(filepath.Base(file))
		if !strings.HasPrefix(name, "licen") && !strings.HasPrefix(name, "copying") {
			continue
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			continue // a directory
		}
		text := strings.ToLower(strings.Join(strings.Fields(string(raw)), " "))
		has := func(part string) bool { return strings.Contains(text, part) }
		switch {
		case has("apache license") && has("version 2.0"):
			return "Apache-2.0"
		case has("mozilla public license") && has("2.0"):
			return "MPL-2.0"
		case has("redistribution and use in source and binary forms") && (has("neither the name") || has("names of its contributors")):
			return "BSD-3-Clause"
		case has("redistribution and use in source and binary forms"):
			return "BSD-2-Clause"
		case has("permission is hereby granted, free of charge"):
			return "MIT"
		case has("permission to use, copy, modify, and/or distribute"), has("permission to use, copy, modify, and distribute"):
			return "ISC"
		}
	}
	return ""
}

func TestDependencies(t *testing.T) {
	linked, tested := modulesOf(t, "ttledger/cmd/ttledger"), modulesOf(t, "-test", "ttledger/...")
	var table strings.Builder
	table.WriteString(dependenciesHead)
	for _, part := range []struct {
		modules map[string]module
		what    string
	}{{linked, "in the program"}, {tested, "in tests only"}} {
		for _, path := range slices.Sorted(maps.Keys(part.modules)) {
			m := part.modules[path]
			if _, both := linked[path]; both && part.what != "in the program" {
				continue
			}
			licence := licenceOf(t, m.Dir)
			require.NotEmpty(t, licence, "look at the licence of %s in %s, and say here how it is known", path, m.Dir)
			fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", path, m.Version, licence, part.what)
		}
	}
	if os.Getenv("TTLEDGER_DEPENDENCIES") != "" {
		require.NoError(t, os.WriteFile(dependencies, []byte(table.String()), 0o644))
	}
	agreed, err := os.ReadFile(dependencies)
	require.NoError(t, err)
	require.Equal(t, string(agreed), table.String(), `The modules have changed. Look at the new ones and their licences, then run
	TTLEDGER_DEPENDENCIES=1 go test ./cmd/ttledger -run TestDependencies
and commit docs/dependencies.md with the change.`)
}
