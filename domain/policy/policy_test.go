package policy

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

// floor is parameters for the tests.
type floor struct {
	Floor int64 `json:"floor"`
}

func (f floor) Check() error {
	if f.Floor > 1000 {
		return ledger.InvalidField("params/floor", "at most 1000", "不超过 1000")
	}
	return nil
}

var forms = []ledger.RuleForm{
	ledger.RuleOf[floor]("distribution", ledger.Text{En: "distribution", Zh: "分配"}),
	ledger.RuleOf[floor]("cap", ledger.Text{En: "cap", Zh: "上限"}),
}

func terms(change ...func(*Terms)) Terms {
	t := Terms{Code: "PSTTA-45", Version: "2015", Form: "distribution", Names: ledger.Names{Zh: "转化法", En: "Law"}, Issuer: "NPC",
		Level: "national", From: ledgertest.Date("2015-10-01"), Mark: "L", Params: json.RawMessage(`{"floor":500}`)}
	for _, f := range change {
		f(&t)
	}
	return t
}

func version(name, from string) func(*Terms) {
	return func(t *Terms) { t.Version, t.From = name, ledgertest.Date(from) }
}

func supersedes(name string) func(*Terms) { return func(t *Terms) { t.Supersedes = name } }

var at = ledger.Context{Stream: ledger.PolicyStream("PSTTA-45")}

func TestAdopt(t *testing.T) {
	first := VersionAdopted{terms()}
	cases := []ledgertest.Case[Command, Event]{
		{Name: "a first version", At: at, When: Adopt{terms()}, Then: []Event{first}},
		{Name: "another version", At: at, Given: ledgertest.Given[Event](first), When: Revise{terms(version("2026", "2026-01-01"), supersedes("2015"))},
			Then: []Event{VersionAdopted{terms(version("2026", "2026-01-01"), supersedes("2015"))}}},
		{Name: "a version twice", At: at, Given: ledgertest.Given[Event](first), When: Revise{terms()}, Code: "version-known"},
		{Name: "another form", At: at, Given: ledgertest.Given[Event](first),
			When: Revise{terms(version("2026", "2026-01-01"), func(t *Terms) { t.Form = "cap" })}, Code: "policy-form"},
		{Name: "in another policy's stream", At: ledger.Context{Stream: ledger.PolicyStream("X")}, When: Adopt{terms()}, Code: "invalid", Field: "code"},
	}
	for field, change := range map[string]func(*Terms){
		"code": func(t *Terms) { t.Code = "pstta 45" }, "version": func(t *Terms) { t.Version = "" }, "form": func(t *Terms) { t.Form = "none" },
		"names": func(t *Terms) { t.Names = ledger.Names{} }, "doc_no": func(t *Terms) { t.DocNo = "\x00" }, "issuer": func(t *Terms) { t.Issuer = "" },
		"source": func(t *Terms) { t.Source = "\x00" }, "level": func(t *Terms) { t.Level = "village" }, "mark": func(t *Terms) { t.Mark = "X" },
		"from": func(t *Terms) { t.From = ledgertest.Date("2015-10") }, "to": func(t *Terms) { t.To = ledgertest.Date("2015-09-30") },
		"supersedes": supersedes("1996"), "params/floor": func(t *Terms) { t.Params = json.RawMessage(`{"floor":1001}`) },
	} {
		cases = append(cases, ledgertest.Case[Command, Event]{Name: "wrong " + field, At: at, When: Adopt{terms(change)}, Code: "invalid", Field: field})
	}
	ledgertest.Run(t, Decider(forms), Codec, cases)
	require.Equal(t, uuid.Version(5), at.Stream.ID.Version())
}

func TestInForce(t *testing.T) {
	var s State
	for _, v := range []Terms{
		terms(), terms(version("2020", "2020-01-01"), supersedes("2015")), terms(version("2021", "2021-01-01")),
		terms(version("trial", "2022-01-01"), func(t *Terms) { t.To = ledgertest.Date("2022-06") }),
	} {
		s = VersionAdopted{v}.apply(s)
	}
	for _, c := range []struct{ on, named, want string }{
		{"2015-09-30", "", ""}, {"2015-10-01", "", "2015"}, {"2019-12-31", "", "2015"}, {"2020-01-01", "", "2020"}, {"2021-05-05", "", "2021"},
		{"2022-06-30", "", "trial"}, {"2022-07-01", "", "2021"}, {"2030-01-01", "2015", "2015"}, {"2030-01-01", "1996", ""},
	} {
		rule, found := s.InForce(ledgertest.Date(c.on), c.named)
		require.Equal(t, c.want, rule.Version, "%s %s", c.on, c.named)
		require.Equal(t, c.want != "", found)
	}
	require.Equal(t, "2019-12-31", s.Versions[0].To.String(), "what is superseded ends the day before")
}

func TestStoredShapes(t *testing.T) { ledgertest.Shapes(t, Codec, os.DirFS("testdata/events")) }

func FuzzDecode(f *testing.F) { ledgertest.FuzzDecode(f, Codec, os.DirFS("testdata/events")) }
