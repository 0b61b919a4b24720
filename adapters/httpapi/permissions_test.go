package httpapi

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/achievement"
	techcontract "ttledger/domain/contract"
	"ttledger/domain/demand"
	"ttledger/domain/identity"
	"ttledger/domain/indicator"
	"ttledger/domain/ledger"
	"ttledger/domain/notice"
	"ttledger/domain/period"
	"ttledger/domain/principal"
	"ttledger/domain/programme"
	"ttledger/domain/trace"
	"ttledger/projections"
)

const permissions = "testdata/permissions.txt"

const permissionsHead = `Who may what: the status that each route and each command answers, by role. Made by a test from the
table of routes and those of commands, views and reports; a change here is a change of who may.

"-" has no token, "none" a token and no role today; the other columns are roles, one a principal.
"own" is a thing that concerns the one who asks, "other" one that does not, "missing" one that is
not there; what somebody may not see answers like what is missing. Commands are sent with the
If-Match of a version that is nowhere, so that nothing is recorded: 412 and 409 mean that they would
be decided, 404 that there is nothing to decide on.

`

// things is what of one kind there is: for one who asks, and for nobody in particular.
type things struct {
	own            func(handle string) string // nil where nothing is anybody's own
	other, missing string
}

// offices is a world with a principal for each role, and something of each kind.
func offices(t *testing.T) (w *world, handles []string, by map[string]things) {
	w = newWorld(t, func(c *Config) { c.Log = slog.New(slog.DiscardHandler) }) // more lines than anybody awaits
	handles = []string{"", "nobody"}
	for _, r := range ledger.AllRoles() {
		handle := "one-" + strings.ToLower(string(r))
		w.enrol(handle, r)
		handles = append(handles, handle)
	}
	own := map[string]string{}
	propose := func(behalf string) string {
		id := uuid.NewString()
		raw, err := json.Marshal(map[string]any{"on_behalf_of": behalf, "data": map[string]any{"titles": map[string]string{"en": "A project"}}})
		require.NoError(t, err)
		require.Equal(t, 201, w.post("ada", "/v1/commands/project/"+id+"/propose", string(raw)).status)
		return id
	}
	for _, h := range handles[1:] {
		own[h] = propose(h)
	}
	organisation := uuid.NewString()
	a := w.post("ada", "/v1/commands/organisation/"+organisation+"/register", `{"data":{"names":{"en":"Maker"},"kind":"company","foreign":{"country":"DE","scheme":"hrb","id":"7"}}}`)
	require.Equal(t, 201, a.status, a.body)
	link := identity.ID("https://login.example.org", "one")
	a = w.post("root", "/v1/commands/identity/"+link.String()+"/link", fmt.Sprintf(`{"data":{"issuer":"https://login.example.org","subject":"one","principal":%q}}`, principal.ID("ada")))
	require.Equal(t, 201, a.status, a.body)
	day := ledger.Day(2026, 11, 22)
	digest := trace.NewDigest()
	digest.Add(trace.Access{Seq: 1, At: today.AddDate(0, 0, -1)})
	raw, err := json.Marshal(map[string]any{"data": digest.Seal(day)})
	require.NoError(t, err)
	_, err = w.ledger.Do(t.Context(), ledger.Request{Aggregate: "trace", ID: trace.ID(day), Verb: "seal", Command: uuid.New(), Body: raw, Actor: trace.Sealer})
	require.NoError(t, err)
	somebody := uuid.NewString()
	_, err = w.ledger.Do(t.Context(), ledger.Request{Aggregate: "person", ID: uuid.MustParse(somebody), Verb: "enrol", Command: uuid.New(), Body: []byte(wang), Actor: ledger.Actor{Handle: "hr", Roles: []ledger.Role{ledger.HR}}})
	require.NoError(t, err)
	approval := func(as string) string { // that nobody has decided on
		id := uuid.NewString()
		_, err := w.ledger.Do(t.Context(), ledger.Request{Aggregate: "project", ID: uuid.MustParse(propose("")), Verb: "approve", Command: uuid.MustParse(id),
			Body: []byte(`{"data":{"body":"zone leading group"}}`), Expect: ledger.Whatever(), Actor: ledger.Actor{Handle: as, Roles: []ledger.Role{ledger.PM}}})
		require.NoError(t, err)
		return ledger.ApprovalStream(uuid.MustParse(id)).ID.String()
	}
	asked := map[string]string{}
	for _, h := range handles[1:] {
		asked[h] = approval(h)
	}
	begin := func(category string, e ledger.Event, role ledger.Role, behalf string) string {
		s := ledger.StreamID{Category: category, ID: uuid.New()}
		raw, err := json.Marshal(e)
		require.NoError(t, err)
		_, err = w.store.Append(t.Context(), s, 0, []ledger.Proposed{{ID: uuid.New(), Type: e.EventType(), Data: raw, Meta: ledger.Metadata{
			Ledger: w.ledger.ID, Command: uuid.New(), Actor: "somebody", Role: role, OnBehalfOf: behalf, OccurredOn: day, Source: ledger.Source{Kind: "api"},
		}}})
		require.NoError(t, err)
		return s.ID.String()
	}
	names := ledger.Names{En: "A thing"}
	contracts, achievements := map[string]string{}, map[string]string{}
	sign := func(behalf string) string {
		return begin("contract", techcontract.Signed{Code: uuid.NewString()[:8], Names: names}, ledger.LEG, behalf)
	}
	disclose := func(behalf string) string {
		return begin("achievement", achievement.Disclosed{Titles: names, Category: "applied", Secrecy: "open"}, ledger.TM, behalf)
	}
	for _, h := range handles[1:] {
		contracts[h], achievements[h] = sign(h), disclose(h)
	}
	demanded := begin("demand", demand.Published{Terms: demand.Terms{Titles: names, Problem: "x", Mode: "roadshow"}}, ledger.PM, "")
	noticed := begin("notice", notice.Posted{Kind: "award", Subject: ledger.StreamID{Category: "project", ID: uuid.New()}, Titles: names, From: day, To: day}, ledger.TM, "")
	missing := uuid.NewString()
	w.record("programme", programme.Opened{Code: "KCZG", Names: ledger.Names{En: "A programme"}})
	w.record("indicator", indicator.Defined{Code: "HNTE", Scope: "SETDZ"})
	w.record("period", period.Closed{Code: "2021Q2", From: ledger.Day(2021, 4, 1), To: ledger.Day(2021, 6, 30)})
	by = map[string]things{
		"project":      {func(h string) string { return own[h] }, propose(""), missing},
		"contract":     {func(h string) string { return contracts[h] }, sign(""), missing},
		"achievement":  {func(h string) string { return achievements[h] }, disclose(""), missing},
		"demand":       {nil, demanded, missing},
		"notice":       {nil, noticed, missing},
		"principal":    {func(h string) string { return principal.ID(h).String() }, principal.ID("ada").String(), missing},
		"organisation": {nil, organisation, missing},
		"identity":     {nil, link.String(), missing},
		"person":       {nil, somebody, missing},
		"trace":        {nil, trace.ID(day).String(), missing},
		"approval":     {func(h string) string { return asked[h] }, approval("ada"), missing},
		"claim":        {nil, ledger.ClaimStream("foreign-register", "DE hrb 7").ID.String(), missing},
		"policy":       {nil, missing, missing},
		"programme":    {nil, one("programme").String(), missing},
		"indicator":    {nil, one("indicator").String(), missing},
		"period":       {nil, one("period").String(), missing},
	}
	maps.Copy(by, w.incubated(handles[1:], missing))
	for category, first := range map[string]string{
		"team": "team.formed.v1", "grant": "grant.approved.v1", "recognition": "recognition.granted.v1",
		"investment": "investment.commitment-made.v1", "engagement": "engagement.agreed.v1",
	} {
		begun := map[string]string{}
		for _, h := range handles[1:] {
			begun[h] = w.stored(category, first, h)
		}
		by[category] = things{func(h string) string { return begun[h] }, w.stored(category, first, ""), missing}
	}
	maps.Copy(by, w.recruited(handles[1:], missing))
	w.settle()
	return w, handles, by
}

// stored begins a thing with the event that its fixture has, on somebody's behalf.
func (w *world) stored(category, name, behalf string) string {
	raw, err := os.ReadFile(filepath.Join("../../domain", category, "testdata/events", name+".json"))
	require.NoError(w.t, err)
	s := ledger.StreamID{Category: category, ID: uuid.New()}
	_, err = w.store.Append(w.t.Context(), s, 0, []ledger.Proposed{{ID: uuid.New(), Type: name, Data: raw, Meta: ledger.Metadata{
		Ledger: w.ledger.ID, Command: uuid.New(), Actor: "somebody", Role: ledger.PM, OnBehalfOf: behalf, OccurredOn: ledger.Day(2026, 11, 22), Source: ledger.Source{Kind: "api"},
	}}})
	require.NoError(w.t, err)
	return s.ID.String()
}

// permission is one line of the table.
type permission struct {
	label, object string
	method        string
	path          func(handle string) string
	body          string
}

// linesFor is a line for each thing a path can be about; at is a fmt for its id.
func linesFor(label, method, at, body string, things things) []permission {
	fixed := func(id string) func(string) string {
		return func(string) string { return fmt.Sprintf(at, id) }
	}
	var list []permission
	if things.own != nil {
		list = append(list, permission{label, "own", method, func(h string) string { return fmt.Sprintf(at, things.own(h)) }, body})
	}
	return append(list, permission{label, "other", method, fixed(things.other), body}, permission{label, "missing", method, fixed(things.missing), body})
}

// permissionsOf is the lines of a route; one whose path has places has lines for what can stand
// there.
func permissionsOf(t *testing.T, w *world, a *api, rt route, by map[string]things) (list []permission) {
	simple := func(path string) permission {
		return permission{rt.method + " " + path, "", rt.method, func(string) string { return path }, ""}
	}
	switch rt.name {
	case "command":
		for _, c := range a.commands {
			body, err := indented(example(c.body, false))
			require.NoError(t, err)
			list = append(list, linesFor(c.Aggregate+" "+c.Verb, "POST", strings.Replace(c.Route, "{id}", "%s", 1), body, by[c.Aggregate])...)
		}
	case "catalogue-entry":
		list = append(list, simple("/v1/commands/project/propose"), simple("/v1/commands/project/nothing"))
	case "template-en", "template-zh":
		for _, verb := range []string{"propose", "nothing"} {
			list = append(list, simple(strings.NewReplacer("{aggregate}", "project", "{verb}", verb).Replace(rt.path)))
		}
	case "entries", "entries-2", "entries-3", "tile", "tile-2", "tile-3":
		list = append(list, simple(strings.NewReplacer("{level}", "0", "{n}", "000.p", "{m}", "7", "{w}", "1").Replace(rt.path)))
	case "receipt":
		own := func(handle string) string { return eventOfProject(t, w, by["project"].own(handle)) }
		list = append(list, linesFor("GET /v1/receipts", "GET", "/v1/receipts/%s", "", things{own, eventOfProject(t, w, by["project"].other), by["project"].missing})...)
	case "subject":
		list = append(list, linesFor("GET /v1/subjects", "GET", "/v1/subjects/%s", "", by["person"])...)
	case "approval":
		list = append(list, linesFor("GET /v1/approvals", "GET", "/v1/approvals/%s", "", by["approval"])...)
	case "stream":
		for _, g := range a.Ledger.Aggregates {
			list = append(list, linesFor("GET /v1/streams/"+g.Category, "GET", "/v1/streams/"+g.Category+"/%s", "", by[g.Category])...)
		}
	case "view":
		for _, v := range append(slices.Clone(a.Views), projections.View{Name: "nothing"}) {
			list = append(list, simple("/v1/views/"+v.Name))
		}
	case "view-row":
		for _, v := range a.Views {
			at, label := "/v1/views/"+v.Name+"/%s", "GET /v1/views/"+v.Name
			switch {
			case v.Of.Category != "":
				list = append(list, linesFor(label, "GET", at, "", by[v.Of.Category])...)
			case v.Name == projections.Timeline.Name:
				for _, g := range a.Ledger.Aggregates {
					list = append(list, linesFor(label+"/"+g.Category, "GET", "/v1/views/timeline/"+g.Category+"-%s:000001", "", by[g.Category])...)
				}
			default:
				list = append(list, linesFor(label, "GET", at, "", things{nil, "2026-11-22", "missing"})...)
			}
		}
	case "report-file":
		list = append(list, simple("/v1/reports/k06/files"), simple("/v1/reports/nothing/files"))
	case "issued":
		list = append(list, linesFor("GET /v1/issued-reports", "GET", "/v1/issued-reports/%s:000001", "", by["period"])...)
	case "report":
		for _, x := range append(slices.Clone(a.Reports), projections.Report{Code: "nothing"}) {
			list = append(list, simple("/v1/reports/"+x.Code))
		}
	default:
		require.NotContains(t, rt.path, "{", "say what can stand in the path of the route %s", rt.name)
		list = append(list, simple(rt.path))
	}
	return list
}

// eventOfProject is the id of the first event of a project.
func eventOfProject(t *testing.T, w *world, id string) string {
	t.Helper()
	for r, err := range w.store.Read(t.Context(), ledger.StreamID{Category: "project", ID: uuid.MustParse(id)}, 0) {
		require.NoError(t, err)
		return r.ID.String()
	}
	return ""
}

// TestWhoMayWhat asks everything as everyone. With TTLEDGER_PERMISSIONS=1 it writes the table
// instead of holding it against the one that was agreed to.
func TestWhoMayWhat(t *testing.T) {
	w, handles, by := offices(t)
	a := bare(t, w)
	for _, g := range a.Ledger.Aggregates {
		require.Contains(t, by, g.Category, "a new kind of thing: say what there is of it")
	}
	var table strings.Builder
	table.WriteString(permissionsHead)
	fmt.Fprintf(&table, "%-44s %-8s", "", "")
	for _, h := range handles {
		name := strings.ToUpper(strings.TrimPrefix(h, "one-"))
		fmt.Fprintf(&table, "%-5s", strings.NewReplacer("NOBODY", "none").Replace(name+map[bool]string{true: "-"}[h == ""]))
	}
	for _, rt := range a.routes() {
		for _, p := range permissionsOf(t, w, a, rt, by) {
			fmt.Fprintf(&table, "\n%-44s %-8s", p.label, p.object)
			for _, h := range handles {
				as := h
				if as == "" {
					h = "nobody" // whose things the one without a token asks for
				}
				headers := []string{"Idempotency-Key: " + uuid.NewString()}
				if p.method == "POST" && rt.name == "command" {
					headers = append(headers, asJSON, `If-Match: "999"`)
				}
				fmt.Fprintf(&table, "%-5d", w.ask(as, p.method, p.path(h), p.body, headers...).status)
			}
		}
	}
	var lines []string
	for line := range strings.SplitSeq(table.String(), "\n") {
		lines = append(lines, strings.TrimRight(line, " "))
	}
	got := strings.Join(lines, "\n") + "\n"
	if os.Getenv("TTLEDGER_PERMISSIONS") != "" {
		require.NoError(t, os.WriteFile(permissions, []byte(got), 0o644))
	}
	agreed, err := os.ReadFile(permissions)
	require.NoError(t, err)
	require.Equal(t, string(agreed), got, `Who may what has changed.
Not meant: put it right. Meant: run
	TTLEDGER_PERMISSIONS=1 go test ./adapters/httpapi -run TestWhoMayWhat
and commit `+permissions+` with the change, for a reviewer to see.`)
}

// TestAdministratorsAndAuditorsRecordNothingOfTheBusiness: administration is not the business, and
// whoever only watches or reports records nothing but a token of their own.
func TestAdministratorsAndAuditorsRecordNothingOfTheBusiness(t *testing.T) {
	administration := []string{"principal", "identity", "trace"}
	for _, g := range newWorld(t).ledger.Aggregates {
		for _, v := range g.Verbs {
			own := g.Category == "principal" && v.Name == "rotate-token"
			for _, r := range v.Roles {
				require.False(t, r == ledger.ADM && !slices.Contains(administration, g.Category), "ADM may %s %s", g.Category, v.Name)
				require.False(t, (r == ledger.AUD || r == ledger.REP) && !own, "%s may %s %s", r, g.Category, v.Name)
			}
		}
	}
}
