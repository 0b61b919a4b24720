package ledger_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
)

// corrects asks for a correction of an event; old and new are JSON, and absent where empty.
func (h *house) corrects(id, event uuid.UUID, path, old, value string) ledger.Request {
	body := fmt.Sprintf(`{"data":{"event":%q,"path":%q,"ground":"misread"`, event, path)
	if old != "" {
		body += `,"old":` + old
	}
	if value != "" {
		body += `,"new":` + value
	}
	return h.ask(asker, "deal", id, "correct", body+"}}")
}

// correct has a correction made, by two.
func (h *house) correct(t *testing.T, id, event uuid.UUID, path, old, value string) *ledger.Effect {
	t.Helper()
	asked, err := h.Do(t.Context(), h.corrects(id, event, path, old, value))
	require.NoError(t, err)
	return h.approve(t, asked)
}

const parts = `{"occurred_on":"2026-06-10","data":{"no":"K-1","parts":[{"name":"a","cost":1},{"name":"b","cost":2}],"tag":"x"}}`

func TestARecordIsPutRight(t *testing.T) {
	h := newHouse()
	event := h.do(t, asker, "deal", firstDeal, "sign", parts).Events[0].ID
	stored := h.store.All()[0]

	effect := h.correct(t, firstDeal, event, "/data/parts/1/cost", "2", "20")
	require.Nil(t, effect.Refused)
	require.Equal(t, ledger.Version(2), effect.Version)
	require.Nil(t, h.correct(t, firstDeal, event, "/data/parts/1/cost", "20", "21").Refused, "twice")
	require.Nil(t, h.correct(t, firstDeal, event, "/data/tag", `"x"`, "").Refused, "taken away")
	require.Nil(t, h.correct(t, firstDeal, event, "/data/tag", "", `"y"`).Refused, "and put there")
	require.Nil(t, h.correct(t, firstDeal, event, "/occurred_on", `"2026-06-10"`, `"2026-06"`).Refused)
	d := h.deal(t, firstDeal)
	require.Equal(t, []part{{"a", 1}, {"b", 21}}, d.Parts)
	require.Equal(t, "2026-06", d.On.String())
	require.Nil(t, h.correct(t, firstDeal, event, "/data/parts", `[{"name":"a","cost":1},{"cost":21,"name":"b"}]`, `[{"name":"c","cost":3}]`).Refused)
	require.Equal(t, []part{{"c", 3}}, h.deal(t, firstDeal).Parts, "a whole list, compared by value")

	require.Equal(t, stored.Data, h.store.All()[0].Data, "what is stored stays")
	require.Equal(t, stored.RawMeta, h.store.All()[0].RawMeta)
	last := h.store.All()[len(h.store.All())-2]
	require.Equal(t, "ledger.record-corrected.v1", last.Type)
	require.Equal(t, event, last.Meta.Corrects)

	before := len(h.store.All())
	same, err := h.Do(t.Context(), h.corrects(firstDeal, event, "/data/tag", `"y"`, `"y"`))
	require.NoError(t, err)
	require.Empty(t, same.Events, "it is so already")
	require.Len(t, h.store.All(), before)
}

func TestWhatIsNotPutRightByACorrection(t *testing.T) {
	h := newHouse()
	event := h.do(t, asker, "deal", firstDeal, "sign", parts).Events[0].ID
	payment := h.approve(t, h.do(t, asker, "deal", firstDeal, "pay", payIt)).Events[0].ID
	over := h.do(t, asker, "deal", firstDeal, "end", `{"data":{}}`).Events[0].ID
	correction := h.correct(t, firstDeal, event, "/data/tag", `"x"`, `"z"`).Events[0].ID
	for _, c := range []struct {
		name      string
		event     uuid.UUID
		path      string
		old, want string
		code      string
	}{
		{"an event of another stream", key(77), "/data/tag", `"z"`, `"y"`, "invalid"},
		{"an event that has later facts for it", over, "/occurred_on", `"2026-06-15"`, `"2026-06-14"`, "not-correctable"},
		{"a correction", correction, "/data/new", `"z"`, `"y"`, "not-correctable"},
		{"a value that is another by now", event, "/data/tag", `"x"`, `"y"`, "correction-stale"},
		{"a value that is not there", event, "/data/size", `1`, `2`, "correction-stale"},
		{"a value that is there", event, "/data/tag", "", `"y"`, "correction-stale"},
		{"the envelope", event, "/actor", `"pm-zgc-01"`, `"pm-zgc-02"`, "invalid"},
		{"a field that the event does not know", event, "/data/size", "", `2`, "invalid"},
		{"a text for a number", event, "/data/parts/0/cost", `1`, `"one"`, "invalid"},
		{"an item that is not there", event, "/data/parts/2/cost", `1`, `2`, "invalid"},
		{"an item by name", event, "/data/parts/a", `1`, `2`, "invalid"},
		{"an item out of a list", event, "/data/parts/0", `{"name":"a","cost":1}`, "", "invalid"},
		{"a field of a text", event, "/data/tag/x", `1`, `2`, "invalid"},
		{"a day to come", event, "/occurred_on", `"2026-06-10"`, `"2026-06-16"`, "invalid"},
		{"no day", event, "/occurred_on", `"2026-06-10"`, `"soon"`, "invalid"},
		{"what the event's own check refuses", event, "/data/tag", `"z"`, `"far too long"`, "invalid"},
		{"a person's data", payment, "/data/payee/subject", `"` + referee.String() + `"`, `"` + firstDeal.String() + `"`, "personal-correction"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h.refuses(t, c.code, h.corrects(firstDeal, c.event, c.path, c.old, c.want))
		})
	}
	groundless := h.ask(asker, "deal", firstDeal, "correct", `{"data":{"event":"`+event.String()+`","path":"/data/tag","old":"z","new":"y","ground":""}}`)
	h.refuses(t, "invalid", groundless)

	require.Nil(t, h.correct(t, firstDeal, payment, "/data/sum", "5", "6").Refused, "what stands beside a person's data")
}

func TestACorrectionMovesClaims(t *testing.T) {
	h := newHouse()
	first := h.do(t, asker, "deal", firstDeal, "sign", signIt).Events[0].ID
	second := h.do(t, asker, "deal", secondDeal, "sign", `{"data":{"no":"K-2"}}`).Events[0].ID
	h.refuses(t, "claimed", h.corrects(secondDeal, second, "/data/no", `"K-2"`, `"K-1"`))

	require.Nil(t, h.correct(t, firstDeal, first, "/data/no", `"K-1"`, `"K-3"`).Refused)
	require.Nil(t, h.correct(t, secondDeal, second, "/data/no", `"K-2"`, `"K-1"`).Refused, "the old number is free")
	third := uuid.MustParse("6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7d03")
	h.refuses(t, "claimed", h.ask(asker, "deal", third, "sign", `{"data":{"no":"K-3"}}`))
	h.do(t, asker, "deal", third, "sign", `{"data":{"no":"K-2"}}`)
}

func TestTheSecondOfTwoCorrectionsOfOneFieldIsStale(t *testing.T) {
	h := newHouse()
	event := h.do(t, asker, "deal", firstDeal, "sign", parts).Events[0].ID
	one, err := h.Do(t.Context(), h.corrects(firstDeal, event, "/data/tag", `"x"`, `"y"`))
	require.NoError(t, err)
	two, err := h.Do(t.Context(), h.corrects(firstDeal, event, "/data/tag", `"x"`, `"z"`))
	require.NoError(t, err)
	require.Nil(t, h.approve(t, one).Refused)
	require.Equal(t, "correction-stale", h.approve(t, two).Refused.Code)
}
