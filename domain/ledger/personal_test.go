package ledger_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

// A dossier is about the person whose pseudonym is its id, and may quote a referee.
type dossier struct{ Name ledger.Personal }

type leaf interface {
	ledger.Event
	apply(dossier) dossier
}

type contact struct {
	Way   string          `json:"way"`
	Value ledger.Personal `json:"value" personal:"contact"`
}

type begun struct {
	Name     ledger.Personal   `json:"name" personal:"name"`
	Contacts []contact         `json:"contacts,omitzero"`
	Marks    []ledger.Personal `json:"marks,omitzero" personal:"mark"`
	Print    ledger.Personal   `json:"print,omitzero" personal:"print"`
	Referee  *contact          `json:"referee,omitzero"`
}

type shut struct{}

func (begun) EventType() string       { return "dossier.begun.v1" }
func (shut) EventType() string        { return "dossier.shut.v1" }
func (e begun) apply(dossier) dossier { return dossier{e.Name} }
func (shut) apply(d dossier) dossier  { return d }
func (c begin) note() ledger.Personal { return c.Name.Fingerprint() }
func (c begin) about(at ledger.Context) uuid.UUID {
	if c.Nobody {
		return uuid.Nil
	}
	return at.Stream.ID
}

var referee = uuid.MustParse("0d9f6c1e-0c51-4a3e-8a8e-2f6d7f2b1c33")

type begin struct {
	Name     ledger.Personal   `json:"name" personal:"name"`
	Contacts []contact         `json:"contacts,omitzero"`
	Marks    []ledger.Personal `json:"marks,omitzero" personal:"mark"`
	Referee  *contact          `json:"referee,omitzero"`
	Nobody   bool              `json:"nobody,omitzero"` // a rule that forgets whom it is about
	Drop     bool              `json:"drop,omitzero"`   // a rule that drops what it was told
}

type shutting struct{}

type order interface {
	decide(dossier, ledger.Context) ([]leaf, error)
}

func (c begin) decide(_ dossier, at ledger.Context) ([]leaf, error) {
	if c.Drop {
		return []leaf{shut{}}, nil
	}
	id := c.about(at)
	e := begun{Name: c.Name.Of(id), Print: c.note().Of(id)}
	for _, x := range c.Contacts {
		e.Contacts = append(e.Contacts, contact{x.Way, x.Value.Of(id)})
	}
	for _, m := range c.Marks {
		e.Marks = append(e.Marks, m.Of(id))
	}
	if c.Referee != nil {
		e.Referee = &contact{c.Referee.Way, c.Referee.Value.Of(referee)}
	}
	return []leaf{e}, nil
}

func (shutting) decide(dossier, ledger.Context) ([]leaf, error) { return []leaf{shut{}}, nil }

var dossiers = ledger.NewCodec(ledger.Current[begun, leaf](), ledger.Current[shut, leaf]())

// office is a ledger of dossiers with a vault.
type office struct {
	ledger.Ledger
	store ledgertest.Streams
	vault ledgertest.Vault
}

func newOffice() *office {
	o := &office{}
	o.Ledger = newWorld().Ledger
	o.Streams, o.Vault = &o.store, &o.vault
	clerk := []ledger.Role{ledger.PM}
	o.Aggregates = []ledger.Aggregate{ledger.New("dossier", ledger.Text{En: "dossier", Zh: "档案"}, ledger.Decider[dossier, order, leaf]{
		Decide: func(d dossier, c order, at ledger.Context) ([]leaf, error) { return c.decide(d, at) },
		Evolve: func(d dossier, e leaf, _ ledger.Metadata) dossier { return e.apply(d) },
		About:  func(_ dossier, s ledger.StreamID) uuid.UUID { return s.ID },
	}, dossiers,
		ledger.Does[begin, order](ledger.Verb{Name: "begin", Creates: true, Roles: clerk}),
		ledger.Does[shutting, order](ledger.Verb{Name: "shut", Roles: clerk}))}
	return o
}

func inDossier(r *ledger.Request) { r.Aggregate = "dossier" }

func (o *office) do(t *testing.T, n int, verb, body string, change ...func(*ledger.Request)) (ledger.Receipt, error) {
	return o.Do(t.Context(), request(n, verb, body, append(change, inDossier)...))
}

const (
	whole = `{"data":{"name":"王小明","contacts":[{"way":"mobile","value":"13800138000"},{"way":"email","value":"wang@example.org"}],"marks":["scar"],"referee":{"way":"mobile","value":"13900139000"}}}`
	short = `{"data":{"name":"王小明"}}`
)

func TestWhatIsStoredIsSealed(t *testing.T) {
	o := newOffice()
	_, err := o.do(t, 1, "begin", whole)
	require.NoError(t, err)
	stored := o.store.All()[0]
	for _, secret := range []string{"王小明", "13800138000", "wang@example.org", "scar", "13900139000"} {
		require.NotContains(t, string(stored.Data)+string(stored.RawMeta), secret)
	}
	require.ElementsMatch(t, []uuid.UUID{stream.ID, referee}, stored.Meta.Subjects)

	e, err := o.Decode(stored.Type, stored.Data)
	require.NoError(t, err)
	opened := map[string]string{}
	for _, p := range ledger.PartsOf(e) {
		require.Equal(t, p.Kind, p.Text.Kind())
		opened[p.Path+" "+p.Kind], err = o.Open(t.Context(), p.Text)
		require.NoError(t, err)
	}
	digest, err := o.vault.Digest(t.Context(), uuid.Nil, "print", []byte("王小明"))
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"name name": "王小明", "contacts/0/value contact": "13800138000", "contacts/1/value contact": "wang@example.org",
		"marks/0 mark": "scar", "print print": hex.EncodeToString(digest), "referee/value contact": "13900139000",
	}, opened)
}

func TestARepeatIsKnownUntilTheErasure(t *testing.T) {
	for name, erased := range map[string]uuid.UUID{"of the person": stream.ID, "of the one who was quoted": referee} {
		t.Run(name, func(t *testing.T) {
			o := newOffice()
			first, err := o.do(t, 1, "begin", whole)
			require.NoError(t, err)
			again, err := o.do(t, 1, "begin", whole)
			require.NoError(t, err)
			require.True(t, again.Replayed)
			require.Equal(t, first.Events, again.Events)
			_, err = o.do(t, 1, "begin", strings.Replace(whole, "scar", "none", 1))
			require.Equal(t, "key-reused", ledger.CodeOf(err))
			_, err = o.do(t, 1, "begin", whole, func(r *ledger.Request) { r.Actor.Roles = nil })
			require.NoError(t, err, "a repeat needs no role")

			require.NoError(t, o.vault.Erase(t.Context(), erased))
			_, err = o.do(t, 1, "begin", whole)
			require.Equal(t, "subject-erased", ledger.CodeOf(err))
			require.Len(t, o.store.All(), 1)
		})
	}
}

// The digest of a request could be guessed at, by whoever has the ledger's secret, if the
// subject's key were not in it.
func TestTheDigestOfARequestGoesDark(t *testing.T) {
	o := newOffice()
	_, err := o.do(t, 1, "begin", short)
	require.NoError(t, err)
	_, err = o.do(t, 2, "shut", `{"data":{}}`)
	require.NoError(t, err)

	plain := hmac.New(sha256.New, o.Secret)
	plain.Write([]byte("dossier-" + stream.ID.String() + "\nbegin\n" + short))
	keyed, err := o.vault.Digest(t.Context(), stream.ID, "digest", []byte(hex.EncodeToString(plain.Sum(nil))))
	require.NoError(t, err)
	require.Equal(t, hex.EncodeToString(keyed), o.store.All()[0].Meta.Digest)

	require.NoError(t, o.vault.Erase(t.Context(), stream.ID))
	receipt, err := o.do(t, 2, "shut", `{"data":{}}`)
	require.NoError(t, err, "what held nothing personal is answered from the record for ever")
	require.True(t, receipt.Replayed)
	_, err = o.do(t, 1, "begin", short)
	require.Equal(t, "subject-erased", ledger.CodeOf(err), "what cannot be compared is not compared")
}

func TestEvidenceAboutAPersonIsKeyed(t *testing.T) {
	const digest = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"
	o := newOffice()
	_, err := o.do(t, 1, "begin", strings.Replace(short, "{", `{"evidence":[{"alg":"sha-256","digest":"`+digest+`","media_type":"application/pdf"}],`, 1))
	require.NoError(t, err)
	_, err = o.do(t, 2, "shut", `{"evidence":[{"alg":"sha-256","digest":"`+digest+`"}],"data":{}}`)
	require.NoError(t, err)
	keyed, err := o.vault.Digest(t.Context(), stream.ID, "digest", []byte(strings.ToLower(digest)))
	require.NoError(t, err)
	for i, media := range []string{"application/pdf", ""} {
		stored := o.store.All()[i].Meta
		require.Equal(t, []ledger.Evidence{{Alg: "hmac-sha-256", Digest: hex.EncodeToString(keyed), MediaType: media}}, stored.Evidence)
		require.Equal(t, []uuid.UUID{stream.ID}, stored.Subjects)
	}
	for name, e := range map[string]string{
		"a file name":    `{"alg":"sha-256","digest":"` + digest + `","name":"王小明.pdf"}`,
		"a digest keyed": `{"alg":"hmac-sha-256","digest":"` + digest + `"}`,
	} {
		_, err = o.do(t, 3, "shut", `{"evidence":[`+e+`],"data":{}}`)
		require.Equal(t, "personal-evidence", ledger.CodeOf(err), name)
	}
}

func TestNoFreeTextAroundAPerson(t *testing.T) {
	o := newOffice()
	for _, field := range []string{"reason", "authority", "on_behalf_of"} {
		_, err := o.do(t, 1, "begin", strings.Replace(short, "{", `{"`+field+`":"王小明 asked for it",`, 1))
		require.Equal(t, "invalid", ledger.CodeOf(err))
		require.ErrorContains(t, err, "/"+field)
	}
	_, err := o.do(t, 1, "begin", strings.Replace(short, "{", `{"reason":"on-request","authority":"grant/7","on_behalf_of":"li.wei",`, 1))
	require.NoError(t, err)
}

func TestMistakesOfRulesAreNotRecorded(t *testing.T) {
	o := newOffice()
	for name, body := range map[string]string{
		"about nobody": `{"data":{"name":"王小明","nobody":true}}`,
		"dropped":      `{"data":{"name":"王小明","drop":true}}`,
	} {
		_, err := o.do(t, 1, "begin", body)
		require.Equal(t, ledger.KindInternal, ledger.KindOf(err), name)
		require.ErrorContains(t, err, "about nobody", name)
	}
	o.Vault = nil
	_, err := o.do(t, 1, "begin", short)
	require.Equal(t, "no-vault", ledger.CodeOf(err), "%v", err)
	require.Empty(t, o.store.All())
	require.NotContains(t, fmt.Sprint(err), "王小明")
}

// What a vault cannot do now may be done later; nothing is stored half.
func TestAVaultThatFails(t *testing.T) {
	o := newOffice()
	o.vault.Before = func() error { return ledger.Unavailable("vault", ledger.Text{En: "later", Zh: "稍后"}, nil) }
	_, err := o.do(t, 1, "begin", short)
	require.Equal(t, ledger.KindUnavailable, ledger.KindOf(err))
	require.Empty(t, o.store.All())
	o.vault.Before = nil
	_, err = o.do(t, 1, "begin", short)
	require.NoError(t, err)
}

func TestNobodyHandsInCiphertext(t *testing.T) {
	o := newOffice()
	_, err := o.do(t, 1, "begin", short)
	require.NoError(t, err)
	var stored struct {
		Name json.RawMessage `json:"name"`
	}
	require.NoError(t, json.Unmarshal(o.store.All()[0].Data, &stored))
	_, err = o.do(t, 2, "begin", `{"data":{"name":`+string(stored.Name)+`}}`, func(r *ledger.Request) { r.ID = referee })
	require.Equal(t, "invalid", ledger.CodeOf(err))
	require.ErrorContains(t, err, "/data/name")
}

func TestStoredTextStandsInItsPlace(t *testing.T) {
	name := `{"subject":"` + stream.ID.String() + `","kind":"name","sealed":"AAAA"}`
	for data, wrong := range map[string]string{
		`{"name":` + name + `}`: "",
		`{"name":"王小明"}`:        "name is not sealed as name",
		`{"name":` + strings.Replace(name, `"name"`, `"mark"`, 1) + `}`:      "name is not sealed as name",
		`{"name":` + name + `,"contacts":[{"way":"","value":` + name + `}]}`: "contacts/0/value is not sealed as contact",
		`{"name":{"subject":"` + stream.ID.String() + `","kind":"name"}}`:    "its ciphertext",
		`{"name":{"kind":"name","sealed":"AAAA"}}`:                           "has a subject",
		`{"name":{"kind":"name","sealed":"AAAA","more":1}}`:                  "unknown field",
		`{"name":7}`: "cannot unmarshal number",
	} {
		_, err := dossiers.Decode("dossier.begun.v1", []byte(data))
		if wrong == "" {
			require.NoError(t, err, data)
		} else {
			require.ErrorContains(t, err, wrong, data)
		}
	}
	_, err := dossiers.Encode(begun{Name: ledger.Plain("王小明").Of(stream.ID)})
	require.ErrorContains(t, err, "not sealed")
	require.NotContains(t, err.Error(), "王小明")
}

func TestSealingLeavesTheEventAlone(t *testing.T) {
	e := begun{Name: ledger.Plain("a").Of(referee), Marks: []ledger.Personal{ledger.Plain("b").Of(referee)}, Referee: &contact{"", ledger.Plain("c").Of(referee)}}
	kept, subjects, err := dossiers.Seal(t.Context(), &ledgertest.Vault{}, e)
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{referee, referee, referee}, subjects)
	require.Equal(t, ledger.Plain("b").Of(referee), e.Marks[0])
	require.Equal(t, ledger.Plain("c").Of(referee), e.Referee.Value)
	same, _, err := dossiers.Seal(t.Context(), nil, kept)
	require.NoError(t, err, "what is sealed needs no vault")
	require.Equal(t, kept, same)
}

func TestPlainTextIsNotPrinted(t *testing.T) {
	c := begin{Name: ledger.Plain("王小明"), Contacts: []contact{{"mobile", ledger.Plain("138")}}}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("command", "c", c, "p", c.Name)
	for _, text := range []string{log.String(), fmt.Sprintf("%v %+v %#v %s %q %x", c, c, c, c.Name, c.Name, c.Name), fmt.Sprint(&c.Name)} {
		require.NotContains(t, text, "王小明")
		require.NotContains(t, text, "138")
		require.NotContains(t, text, "e78e8be5b08fe6988e")
	}
}

type unnamed struct{ Who ledger.Personal }

type mapped struct {
	Who map[string]ledger.Personal `personal:"name"`
}

func (unnamed) EventType() string       { return "dossier.unnamed.v1" }
func (mapped) EventType() string        { return "dossier.mapped.v1" }
func (unnamed) apply(d dossier) dossier { return d }
func (mapped) apply(d dossier) dossier  { return d }

func TestMistakesInTypesDoNotStart(t *testing.T) {
	require.Panics(t, func() { ledger.Current[unnamed, leaf]() })
	require.Panics(t, func() { ledger.Current[mapped, leaf]() })
}

func TestOpenNeedsSomethingSealed(t *testing.T) {
	o := newOffice()
	_, err := o.Open(context.Background(), ledger.Plain("x"))
	require.Error(t, err)
}
