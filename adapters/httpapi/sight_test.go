package httpapi

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/principal"
	"ttledger/projections"
)

// guest is a completer for whom the office acts on one project and not on another.
func (w *world) guest() (own, other string) {
	w.t.Helper()
	w.enrol("ivy", ledger.INV)
	own, other = uuid.NewString(), w.propose("Another's secret", "2026-05-04")
	a := w.post("ada", "/v1/commands/project/"+own+"/propose", `{"occurred_on":"2026-05-05","on_behalf_of":"ivy","data":{"titles":{"en":"Her own"}}}`)
	require.Equal(w.t, 201, a.status, a.body)
	w.settle()
	return own, other
}

// alike asks for two things and says that the answers tell nothing of which is there.
func (w *world) alike(as, method, path, there, missing, body string, headers ...string) {
	w.t.Helper()
	ask := func(id string) string {
		a := w.ask(as, method, fmt.Sprintf(path, id), body, headers...)
		return strings.ReplaceAll(sameButID(a), id, "ID") + a.header.Get("Ledger-Position")
	}
	require.Equal(w.t, ask(missing), ask(there), "%s %s as %s", method, path, as)
}

func TestAGuestSeesTheirOwnOnly(t *testing.T) {
	w := newWorld(t)
	own, other := w.guest()

	require.Equal(t, 200, w.get("ivy", "/v1/streams/project/"+own).status)
	require.Equal(t, 404, w.get("ivy", "/v1/streams/project/"+other).status)
	w.alike("ivy", "GET", "/v1/streams/project/%s", other, uuid.NewString(), "")
	require.Equal(t, 200, w.get("ivy", "/v1/views/project-board/"+own).status)
	require.Equal(t, 404, w.get("ivy", "/v1/views/project-board/"+other).status)
	w.alike("ivy", "GET", "/v1/views/project-board/%s", other, uuid.NewString(), "")
	w.alike("ivy", "GET", "/v1/views/timeline/project-%s:000001", other, uuid.NewString(), "")
	require.Equal(t, 403, w.get("ivy", "/v1/reports/k06").status, "nor what is counted over all")
	require.NotContains(t, w.get("ivy", "/v1/reports").body, "k06")

	for _, path := range []string{
		"/v1/events?limit=1000", "/v1/events?format=ndjson", "/v1/events?format=cloudevents-batch", "/v1/events?stream=project-" + other,
		"/v1/views/project-board", "/v1/views/project-board?format=csv", "/v1/views/timeline?limit=500", "/v1/views/timeline?format=ndjson",
		"/v1/views/timeline?sort=-entry&data.like=secret", "/v1/views/project-steps",
	} {
		a := w.get("ivy", path)
		require.Equal(t, 200, a.status, path)
		require.NotContains(t, a.body, other, path)
		require.NotContains(t, a.body, "secret", path)
		require.NotContains(t, a.body, "sha256", path)
		require.Equal(t, !strings.Contains(path, "stream=") && !strings.Contains(path, "secret"), strings.Contains(a.body, own), path)
		require.Contains(t, w.get("ada", path).body, other, "the office sees it")
	}
}

// What becomes somebody's while they follow shows from then on; a feed looks who may see what.
func TestALiveFeedShowsAGuestTheirOwn(t *testing.T) {
	w := newWorld(t)
	own, _ := w.guest()
	w.serveLive()
	l := w.listen("ivy", "/v1/events")
	require.Contains(t, l.event().data, "project-"+own)
	w.propose("Another's secret", "2026-05-04")
	next := uuid.NewString()
	a := w.post("ada", "/v1/commands/project/"+next+"/propose", `{"on_behalf_of":"ivy","data":{"titles":{"en":"Hers too"}}}`)
	require.Equal(t, 201, a.status)
	require.Contains(t, l.event().data, "project-"+next)
}

// Digests of tokens and who holds which role are for administrators and auditors.
func TestPrincipalsAreNotForEveryone(t *testing.T) {
	w := newWorld(t)
	w.propose("Cold sintering", "2026-05-04")
	w.settle()
	id := principal.ID("chen").String()
	require.Equal(t, 200, w.get("root", "/v1/streams/principal/"+id).status)
	require.Equal(t, 200, w.get("chen", "/v1/streams/principal/"+principal.ID("root").String()).status)
	for _, as := range []string{"ada", "bea"} {
		w.alike(as, "GET", "/v1/streams/principal/%s", id, uuid.NewString(), "")
		w.alike(as, "GET", "/v1/streams/principal/%s", principal.ID(as).String(), uuid.NewString(), "")
		w.alike(as, "GET", "/v1/views/timeline/principal-%s:000001", id, uuid.NewString(), "")
		for _, path := range []string{"/v1/events?limit=1000", "/v1/events?type=principal.enrolled.v1", "/v1/views/timeline?limit=500", "/v1/views/timeline?category=principal"} {
			a := w.get(as, path)
			require.Equal(t, 200, a.status)
			require.NotContains(t, a.body, "principal-", path)
			require.NotContains(t, a.body, "sha256", path)
		}
		require.Equal(t, 403, w.get(as, "/v1/views/involvement").status)
		require.Equal(t, 403, w.get(as, "/v1/views/access-days").status)
	}
	require.Contains(t, w.get("chen", "/v1/views/timeline?category=principal").body, "sha256")
}

// Everyone rotates their own token; of another's nobody learns whether it is there.
func TestTokensAreRotatedByTheirHolder(t *testing.T) {
	w := newWorld(t)
	rotate := func(handle string) (path, body string) {
		s, _, err := (&principal.Directory{Streams: w.store}).Load(t.Context(), principal.ID(handle))
		require.NoError(t, err)
		text, c, err := principal.NewToken(strings.NewReader(strings.Repeat(handle+uuid.NewString(), 3)), handle, "")
		require.NoError(t, err)
		w.tokens[handle+" next"] = text
		raw, err := json.Marshal(map[string]any{"data": principal.RotateToken{Token: s.Tokens[0].Token, Successor: c.Token, SHA256: c.SHA256}})
		require.NoError(t, err)
		return "/v1/commands/principal/" + principal.ID(handle).String() + "/rotate-token", string(raw)
	}
	path, body := rotate("ada")
	require.Equal(t, 404, w.post("tam", path, body, "If-Match: *").status)
	for _, match := range [][]string{nil, {"If-Match: *"}, {`If-Match: "1"`}, {`If-Match: "3"`}} {
		w.alike("bea", "POST", "/v1/commands/principal/%s/rotate-token", principal.ID("ada").String(), uuid.NewString(), body,
			append([]string{asJSON, "Idempotency-Key: " + uuid.NewString()}, match...)...)
	}
	stale := w.post("ada", path, body, `If-Match: "1"`)
	require.Equal(t, 412, stale.status)
	require.NotContains(t, stale.body, "sha256", "not in what happened since either")

	require.Equal(t, 200, w.post("ada", path, body, "If-Match: *").status)
	for _, as := range []string{"ada", "ada next"} {
		require.Equal(t, "ada", w.get(as, "/v1/whoami").json(t)["handle"], "both open today")
	}
	require.Equal(t, "2026-11-23", w.get("ada", "/v1/whoami").json(t)["expires"])
	w.pass(24 * 3600e9)
	require.Equal(t, 401, w.get("ada", "/v1/whoami").status)
	require.Equal(t, 200, w.get("ada next", "/v1/whoami").status)

	path, body = rotate("chen")
	require.Equal(t, 200, w.post("root", path, body, "If-Match: *").status, "an administrator rotates anyone's")
}

func TestNothingIsServedOfWhichItIsNotSaidWhoSeesIt(t *testing.T) {
	w := newWorld(t)
	refuses := func(part string, change func(*Config)) {
		c := w.config
		l := *w.ledger
		l.Aggregates = append([]ledger.Aggregate{}, l.Aggregates...)
		c.Ledger = &l
		change(&c)
		_, err := New(c)
		require.ErrorContains(t, err, part)
	}
	at := func(category string) int {
		return slices.IndexFunc(w.ledger.Aggregates, func(g ledger.Aggregate) bool { return g.Category == category })
	}
	refuses("who sees its streams", func(c *Config) { c.Ledger.Aggregates[at("organisation")].Sight = ledger.Sight{} })
	refuses("not said whose it is", func(c *Config) { c.Ledger.Aggregates[at("project")].Sight.Concerns = nil })
	refuses("not said whose it is", func(c *Config) { c.Ledger.Aggregates[at("organisation")].Sight.Own = []ledger.Role{ledger.INV} })
	refuses("not whose its rows are", func(c *Config) {
		v := projections.ProjectBoard
		v.Of = projections.Of{}
		c.Views = []projections.View{v}
	})
	refuses("counts over all", func(c *Config) {
		r := projections.Reports()[0]
		r.Roles = ledger.AllRoles()
		c.Reports = []projections.Report{r}
	})
}
