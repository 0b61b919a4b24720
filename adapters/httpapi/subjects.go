package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/google/uuid"
	"github.com/gorilla/mux"

	"ttledger/domain/ledger"
	"ttledger/domain/person"
	"ttledger/projections"
)

// subjectAnswer is what is held of a person (domain read model R22). Texts are in it only where
// they were asked for with a purpose.
type subjectAnswer struct {
	Subject    uuid.UUID   `json:"subject"`
	Basis      string      `json:"basis"`
	Retention  string      `json:"retention"`
	EnrolledOn ledger.Date `json:"enrolled_on,omitzero"`
	KeptUntil  ledger.Date `json:"kept_until,omitzero"` // absent while the retention has no end in sight
	Restricted bool        `json:"restricted"`
	Held       bool        `json:"held"` // by a legal hold
	Erased     bool        `json:"erased"`
	ErasedOn   ledger.Date `json:"erased_on,omitzero"`
	Purpose    string      `json:"purpose,omitzero"`
	Disclosure uuid.UUID   `json:"disclosure,omitzero"` // the event that records this answer
	Holdings   []holding   `json:"holdings"`
	More       bool        `json:"more,omitzero"` // there are more than are shown
	footing
}

// holding is one text about a person, in one event.
type holding struct {
	Entry      int64   `json:"entry"`
	Stream     string  `json:"stream"`
	Version    int64   `json:"version"`
	Type       string  `json:"type"`
	OccurredOn string  `json:"occurred_on"`
	Field      string  `json:"field"`
	Kind       string  `json:"kind"`
	Text       *string `json:"text,omitzero"`

	sealed ledger.Personal
}

// maxHoldings bounds the texts of one answer.
const maxHoldings = 10_000

func subjectParams() []tree {
	var purposes []string
	for _, p := range person.Purposes {
		purposes = append(purposes, p.Code)
	}
	return []tree{
		described(tree{"name": "purpose", "in": "query", "schema": oneOf(purposes...)}, ledger.Text{
			En: "what the texts are to be opened for; without it none is", Zh: "查看目的;未填写则不显示内容",
		}),
		described(tree{"name": "kind", "in": "query", "style": "form", "explode": true, "schema": list(aString)}, ledger.Text{
			En: "kinds of text to open, any of them; all that the purpose allows where absent", Zh: "查看的信息类别;缺省为该目的允许的全部",
		}),
	}
}

// subject answers what is held of a person, where and until when. With a purpose the texts are
// opened, after that was recorded in the person's own stream; HEAD opens nothing.
func (a *api) subject(w http.ResponseWriter, r *http.Request) error {
	p := paramsOf(r)
	purpose, kinds := p.one("purpose"), p.all("kind")
	if len(kinds) > 0 && purpose == "" {
		p.wrong("kind says what to open for a purpose; which one?", "kind 须与 purpose 同用")
	}
	if err := p.done(); err != nil {
		return err
	}
	id, err := parseUUID(mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	s, at, err := a.holdings(r.Context(), id)
	if err != nil {
		return err
	}
	if purpose != "" && r.Method != http.MethodHead {
		if err := a.disclose(r, &s, purpose, kinds); err != nil {
			return err
		}
		w.Header().Set("Cache-Control", "no-store")
	}
	stand(w.Header(), at)
	return writeJSON(w, http.StatusOK, s)
}

// holdings is the answer without any text.
func (a *api) holdings(ctx context.Context, id uuid.UUID) (s subjectAnswer, at projections.Checkpoint, err error) {
	page, err := a.Reader.Query(ctx, projections.Query{View: projections.PersonRegister.Name, Key: id.String(), Limit: 1})
	if err != nil {
		return s, at, err
	}
	if len(page.Rows) == 0 {
		return s, at, &ledger.Error{Kind: ledger.KindNotFound, Code: "no-such-subject", Msg: ledger.Text{
			En: fmt.Sprintf("nobody is known by the pseudonym %s", id), Zh: fmt.Sprintf("没有化名为 %s 的人员", id),
		}}
	}
	var row struct {
		Basis      string      `json:"basis"`
		Retention  string      `json:"retention"`
		EnrolledOn ledger.Date `json:"enrolled_on"`
		DueOn      ledger.Date `json:"due_on"`
		Restricted bool        `json:"restricted"`
		Holds      int         `json:"holds"`
		Erased     bool        `json:"erased"`
		ErasedOn   ledger.Date `json:"erased_on"`
	}
	if err := json.Unmarshal(objects(page)[0], &row); err != nil {
		return s, at, err
	}
	s = subjectAnswer{
		Subject: id, Basis: row.Basis, Retention: row.Retention, EnrolledOn: row.EnrolledOn, KeptUntil: row.DueOn,
		Restricted: row.Restricted, Held: row.Holds > 0, Erased: row.Erased, ErasedOn: row.ErasedOn,
		Holdings: []holding{}, footing: footingOf(page),
	}
	q := projections.Query{
		View: projections.SubjectHoldings.Name, At: page.At, Limit: maxHoldings + 1, Sort: []projections.Sort{{Column: "entry"}},
		Where: []projections.Where{{Column: "subject", Op: "eq", Values: []string{id.String()}}},
	}
	for held, err := range a.pages(ctx, q) {
		if err != nil {
			return s, at, err
		}
		for _, raw := range objects(held) {
			h, err := readHolding(raw)
			if err != nil {
				return s, at, err
			}
			s.Holdings = append(s.Holdings, h)
		}
	}
	if s.More = len(s.Holdings) > maxHoldings; s.More {
		s.Holdings = s.Holdings[:maxHoldings]
	}
	return s, page.Checkpoint, nil
}

func readHolding(raw []byte) (holding, error) {
	var row struct {
		holding
		Sealed ledger.Personal `json:"sealed"`
	}
	err := json.Unmarshal(raw, &row)
	row.sealed = row.Sealed
	return row.holding, err
}

// disclose opens what a purpose allows and was asked for. The command that records it decides
// whether this actor may; only then is anything decrypted.
func (a *api) disclose(r *http.Request, s *subjectAnswer, purpose string, kinds []string) error {
	p, err := person.PurposeOf(purpose)
	if err != nil {
		return err
	}
	if len(kinds) == 0 {
		kinds = p.Kinds
	}
	data, err := json.Marshal(person.Disclose{Purpose: purpose, Kinds: kinds})
	if err != nil {
		return err
	}
	body, err := json.Marshal(ledger.Act{Data: data})
	if err != nil {
		return err
	}
	receipt, err := a.Ledger.Do(r.Context(), ledger.Request{
		Aggregate: person.Aggregate.Category, ID: s.Subject, Verb: "disclose", Command: uuid.Must(uuid.NewV7()), Body: body,
		Expect: ledger.Whatever(), Actor: callOf(r).actor, Source: ledger.Source{Kind: "api"}, Trace: traceID(r.Header),
	})
	if err != nil {
		return err
	}
	s.Purpose, s.Disclosure = purpose, receipt.Events[0].ID
	for i, h := range s.Holdings {
		if !slices.Contains(kinds, h.Kind) {
			continue
		}
		text, err := a.Ledger.Open(r.Context(), h.sealed)
		if err != nil {
			return err
		}
		s.Holdings[i].Text = &text
	}
	return nil
}
