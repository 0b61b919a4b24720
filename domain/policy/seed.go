package policy

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
)

//go:embed seed/*.json
var seeds embed.FS

// Seeds is the policies that come with the program, a version each, in the order in which the
// versions of one policy came into force. Each says by its mark how sure its text is.
func Seeds() ([]Terms, error) {
	files, err := seeds.ReadDir("seed")
	if err != nil {
		return nil, err
	}
	var all []Terms
	for _, f := range files {
		raw, err := seeds.ReadFile("seed/" + f.Name())
		if err != nil {
			return nil, err
		}
		var t Terms
		if err := json.Unmarshal(raw, &t); err != nil {
			return nil, fmt.Errorf("seed %s: %w", f.Name(), err)
		}
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b Terms) int { return cmp.Or(cmp.Compare(a.Code, b.Code), a.From.Compare(b.From)) })
	return all, nil
}
