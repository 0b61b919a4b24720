package ledger_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

// diary is a thing of two verbs: it is opened, and then lines are written into it.
type diary struct {
	Title string
	Lines []string
}

type entry interface {
	ledger.Event
	apply(diary) diary
}

type opened struct {
	Title string `json:"title"`
}

type written struct {
	Line string `json:"line"`
}

func (opened) EventType() string     { return "diary.opened.v1" }
func (written) EventType() string    { return "diary.written.v1" }
func (e opened) apply(d diary) diary { d.Title = e.Title; return d }
func (e written) apply(d diary) diary {
	return diary{d.Title, append(d.Lines[:len(d.Lines):len(d.Lines)], e.Line)}
}

type task interface {
	decide(diary, ledger.Context) ([]entry, error)
}

type open struct {
	Title string `json:"title"`
}

// write writes lines, none of which may be "secret"; After names what the writer has read.
type write struct {
	Lines []string          `json:"lines,omitzero"`
	After []ledger.StreamID `json:"after,omitzero"`
}

type burn struct{}

// A diary of June is not opened later.
func (c open) decide(_ diary, at ledger.Context) ([]entry, error) {
	if c.Title == "June" && at.Now.Month() > time.June {
		return nil, ledger.Rejected("late", ledger.Text{En: "June is over", Zh: "六月已过"})
	}
	return []entry{opened(c)}, nil
}

func (c write) ReliesOn() []ledger.StreamID { return c.After }

func (c write) decide(_ diary, _ ledger.Context) ([]entry, error) {
	var events []entry
	for _, line := range c.Lines {
		if line == "secret" {
			return nil, ledger.Rejected("secret", ledger.Text{En: "not here", Zh: "不可"})
		}
		events = append(events, written{line})
	}
	return events, nil
}

// ash is an event that the codec was not told of.
type ash struct{ written }

func (ash) EventType() string { return "diary.burnt.v1" }

func (burn) decide(diary, ledger.Context) ([]entry, error) {
	return []entry{written{"fire"}, ash{}}, nil
}

var diaries = ledger.NewCodec(ledger.Current[opened, entry](), ledger.Current[written, entry]())

// world is a ledger of diaries on a store that can fail, at a time that can be set.
type world struct {
	ledger.Ledger
	store ledgertest.Streams
	now   time.Time
	met   []ledger.Context // what decisions were shown
	found []diary          // and in which state
}

func newWorld() *world {
	w := &world{now: ledgertest.Now}
	decider := ledger.Decider[diary, task, entry]{
		Decide: func(d diary, c task, at ledger.Context) ([]entry, error) {
			w.met, w.found = append(w.met, at), append(w.found, d)
			return c.decide(d, at)
		},
		Evolve: func(d diary, e entry, _ ledger.Metadata) diary { return e.apply(d) },
	}
	w.Ledger = ledger.Ledger{
		ID: uuid.MustParse("2f1e0d3c-4b5a-4968-8776-655443322110"), Secret: []byte("a key of the vault"),
		Streams: &w.store, Now: func() time.Time { return w.now },
		Aggregates: []ledger.Aggregate{ledger.New("diary", ledger.Text{En: "diary", Zh: "日志"}, decider, diaries,
			ledger.Does[open, task](ledger.Verb{Name: "open", Creates: true, Roles: []ledger.Role{ledger.PM}}),
			ledger.Does[write, task](ledger.Verb{Name: "write", Roles: []ledger.Role{ledger.TM, ledger.PM}}),
			ledger.Does[burn, task](ledger.Verb{Name: "burn", Roles: []ledger.Role{ledger.PM}}),
		)},
	}
	return w
}

var stream = ledger.StreamID{Category: "diary", ID: uuid.MustParse("6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11")}

// key is the n-th idempotency key of a test.
func key(n int) uuid.UUID { return uuid.MustParse(fmt.Sprintf("01977a3e-5c1f-7d2b-9e44-%012x", n)) }

func request(n int, verb, body string, change ...func(*ledger.Request)) ledger.Request {
	r := ledger.Request{
		Aggregate: "diary", ID: stream.ID, Verb: verb, Command: key(n), Body: []byte(body), Expect: ledger.Whatever(),
		Actor: ledger.Actor{Handle: "pm-zgc-01", Roles: []ledger.Role{ledger.AUD, ledger.PM}}, Source: ledger.Source{Kind: "api"},
	}
	for _, f := range change {
		f(&r)
	}
	return r
}

func expecting(e ledger.Expectation) func(*ledger.Request) {
	return func(r *ledger.Request) { r.Expect = e }
}

const (
	openIt = `{"data":{"title":"2026"}}`
	line   = `{"data":{"lines":["rain"]}}`
	lines  = `{"data":{"lines":["rain","sun","rain"]}}`
)

// do asks for something that must succeed.
func (w *world) do(t *testing.T, r ledger.Request) ledger.Receipt {
	t.Helper()
	receipt, err := w.Do(t.Context(), r)
	require.NoError(t, err)
	return receipt
}

// refuses asks for something that must be refused, and record nothing.
func (w *world) refuses(t *testing.T, kind ledger.Kind, code string, r ledger.Request) *ledger.Error {
	t.Helper()
	before := w.store.All()
	receipt, err := w.Do(t.Context(), r)
	require.Equal(t, code, ledger.CodeOf(err), "%v", err)
	require.Equal(t, kind, ledger.KindOf(err))
	require.Zero(t, receipt)
	require.Equal(t, before, w.store.All(), "a refusal leaves no trace")
	refusal, _ := errors.AsType[*ledger.Error](err)
	require.NotEmpty(t, refusal.Msg.En)
	require.NotEmpty(t, refusal.Msg.Zh)
	return refusal
}

func TestACommandIsRecorded(t *testing.T) {
	w := newWorld()
	receipt := w.do(t, request(1, "open", openIt, expecting(ledger.Expectation{})))
	require.Equal(t, ledger.Receipt{
		Stream: stream, Version: 1, Position: ledger.Position{Commit: 1}, Created: true,
		Events: []ledger.EventRef{{ID: ledger.EventID(stream, key(1), 0), Type: "diary.opened.v1", Version: 1}},
	}, receipt)

	receipt = w.do(t, request(2, "write", lines, expecting(ledger.At(1))))
	require.Equal(t, ledger.Receipt{
		Stream: stream, Version: 4, Position: ledger.Position{Commit: 4},
		Events: []ledger.EventRef{
			{ID: ledger.EventID(stream, key(2), 0), Type: "diary.written.v1", Version: 2},
			{ID: ledger.EventID(stream, key(2), 1), Type: "diary.written.v1", Version: 3},
			{ID: ledger.EventID(stream, key(2), 2), Type: "diary.written.v1", Version: 4},
		},
	}, receipt)

	all := w.store.All()
	require.Len(t, all, 4)
	for i, r := range all[1:] {
		require.Equal(t, receipt.Events[i], ledger.EventRef{ID: r.ID, Type: r.Type, Version: r.Version})
		require.Equal(t, key(2), r.Meta.Command, "each event of a command says whose it is")
	}
	require.Equal(t, `{"line":"sun"}`, string(all[2].Data))
	w.do(t, request(3, "write", line))
	require.Equal(t, diary{"2026", []string{"rain", "sun", "rain"}}, w.found[2], "decided on all that went before")
}

func TestTheEnvelopeSaysWhoAndWhy(t *testing.T) {
	w := newWorld()
	body := `{"occurred_on":"2026-05","reason":"late-entry","authority":"DEL-7","on_behalf_of":"apr-zgc-02",
		"correlation":"01977a3e-5c1f-7d2b-9e44-00000000ffff","policy":{"code":"LN-TT","version":"2024-1","clause":"12"},
		"evidence":[{"alg":"hmac-sha-256","digest":"` + strings.Repeat("0aF9", 16) + `","media_type":"text/plain","name":"a.txt"}],
		"data":{"title":"2026"}}`
	w.do(t, request(1, "open", body, func(r *ledger.Request) {
		r.Source = ledger.Source{Kind: "import", Batch: "b", Row: 7}
		r.Trace, r.Cause = "4bf92f3577b34da6a3ce929d0e0e4736", key(9)
	}))
	mac := hmac.New(sha256.New, w.Secret)
	mac.Write([]byte(stream.String() + "\nopen\n" + body))
	require.Equal(t, ledger.Metadata{
		Ledger: w.ID, Command: key(1), Digest: hex.EncodeToString(mac.Sum(nil)),
		Actor: "pm-zgc-01", Role: ledger.PM, OnBehalfOf: "apr-zgc-02", Authority: "DEL-7",
		Correlation: key(0xffff), Causation: key(9), Trace: "4bf92f3577b34da6a3ce929d0e0e4736",
		OccurredOn: day("2026-05"), RecordedAt: ledgertest.Now, Policy: &ledger.Policy{Code: "LN-TT", Version: "2024-1", Clause: "12"},
		Evidence: []ledger.Evidence{{Alg: "hmac-sha-256", Digest: strings.Repeat("0aF9", 16), MediaType: "text/plain", Name: "a.txt"}},
		Source:   ledger.Source{Kind: "import", Batch: "b", Row: 7}, Reason: "late-entry",
	}, w.store.All()[0].Meta)
	require.Equal(t, []ledger.Context{{Stream: stream, On: day("2026-05"), Now: w.now, Actor: "pm-zgc-01", Role: ledger.PM}}, w.met)
}

func TestWhatTheClientLeavesOutIsSettled(t *testing.T) {
	w := newWorld()
	w.now = time.Date(2026, 6, 15, 16, 30, 0, 0, time.UTC)
	w.do(t, request(1, "open", openIt))
	m := w.store.All()[0].Meta
	require.Equal(t, key(1), m.Correlation, "an affair begins with its first command")
	require.Equal(t, day("2026-06-16"), m.OccurredOn, "today is today in the zone")
}

func TestARoleIsHeldForTheVerb(t *testing.T) {
	w := newWorld()
	w.do(t, request(1, "open", openIt))
	for _, held := range []struct {
		roles []ledger.Role
		acts  ledger.Role
	}{
		{[]ledger.Role{ledger.PM}, ledger.PM},
		{[]ledger.Role{ledger.TM}, ledger.TM},
		{[]ledger.Role{ledger.PM, ledger.TM}, ledger.TM}, // the verb names it first
	} {
		w.met = nil
		w.do(t, request(2, "write", `{"data":{}}`, func(r *ledger.Request) { r.Actor.Roles = held.roles }))
		require.Equal(t, held.acts, w.met[0].Role)
	}
	for _, roles := range [][]ledger.Role{nil, {ledger.ADM}, {"pm"}, {ledger.AUD, ledger.APR}} {
		w.refuses(t, ledger.KindDenied, "role", request(3, "write", line, func(r *ledger.Request) { r.Actor.Roles = roles }))
	}
}

func TestThereIsNoSuchThing(t *testing.T) {
	w := newWorld()
	w.refuses(t, ledger.KindNotFound, "no-such-command", request(1, "sell", line))
	w.refuses(t, ledger.KindNotFound, "no-such-command", request(1, "open", openIt, func(r *ledger.Request) { r.Aggregate = "ship" }))
	for _, e := range []ledger.Expectation{{}, ledger.Whatever(), ledger.At(0), ledger.At(1)} {
		w.refuses(t, ledger.KindNotFound, "no-such-stream", request(1, "write", line, expecting(e)))
	}
}

func TestARepeatIsAnsweredFromTheRecord(t *testing.T) {
	w := newWorld()
	first := w.do(t, request(1, "open", openIt))
	second := w.do(t, request(2, "write", lines, expecting(ledger.At(1))))
	w.do(t, request(3, "write", line, expecting(ledger.At(4))))
	w.now = w.now.AddDate(0, 1, 0)
	decided := len(w.met)

	first.Replayed, second.Replayed = true, true
	require.Equal(t, first, w.do(t, request(1, "open", openIt)), "that it exists now is no reason to refuse")
	require.Equal(t, second, w.do(t, request(2, "write", lines, expecting(ledger.At(1)))), "that the version has moved on is no reason to refuse")
	require.Equal(t, second, w.do(t, request(2, "write", lines, expecting(ledger.Expectation{}))), "nor is a missing If-Match")
	require.Len(t, w.store.All(), 5)
	require.Len(t, w.met, decided+1, "a repeat is not decided again, but for a beginning, which is decided before it is looked for")
}

func TestABeginningThatWouldNowBeRefusedIsAnsweredFromTheRecord(t *testing.T) {
	w := newWorld()
	june := request(1, "open", `{"data":{"title":"June"}}`)
	first := w.do(t, june)
	w.now = w.now.AddDate(0, 1, 0)
	w.refuses(t, ledger.KindConflict, "exists", request(2, "open", `{"data":{"title":"June"}}`))
	first.Replayed = true
	require.Equal(t, first, w.do(t, june))
	w.refuses(t, ledger.KindRejected, "late", request(3, "open", `{"data":{"title":"June"}}`, func(r *ledger.Request) { r.ID = key(9) }))
}

// A role may end between an act and its repeat; what is recorded is recorded.
func TestARepeatIsAnsweredAlsoWhereTheRoleWasLost(t *testing.T) {
	w := newWorld()
	w.do(t, request(1, "open", openIt))
	want := w.do(t, request(2, "write", line))
	want.Replayed = true
	lost := func(r *ledger.Request) { r.Actor.Roles = []ledger.Role{ledger.AUD} }
	require.Equal(t, want, w.do(t, request(2, "write", line, lost)))
	w.refuses(t, ledger.KindDenied, "role", request(2, "write", lines, lost)) // and does not learn that the key was used
	w.refuses(t, ledger.KindDenied, "role", request(3, "write", line, lost))
	w.store.BeforeRead = func(ledger.StreamID) error { return ledgertest.ErrLost }
	w.refuses(t, ledger.KindDenied, "role", request(2, "write", line, lost))
}

func TestAKeyIsForOneRequest(t *testing.T) {
	w := newWorld()
	w.do(t, request(1, "open", openIt))
	w.do(t, request(2, "write", line))
	w.refuses(t, ledger.KindRejected, "key-reused", request(2, "write", lines))
	w.refuses(t, ledger.KindRejected, "key-reused", request(2, "write", line+" "))
	w.refuses(t, ledger.KindRejected, "key-reused", request(2, "write", lines, expecting(ledger.At(1))))
	w.refuses(t, ledger.KindRejected, "key-reused", request(1, "write", `{"data":{}}`))
	w.refuses(t, ledger.KindRejected, "key-reused", request(2, "burn", `{"data":{}}`))
	w.refuses(t, ledger.KindRejected, "key-reused", request(2, "write", line, func(r *ledger.Request) { r.Actor.Handle = "pm-zgc-02" }))
	w.Secret = []byte("another key")
	w.refuses(t, ledger.KindRejected, "key-reused", request(2, "write", line))
}

func TestWhichVersionWasDecidedOn(t *testing.T) {
	w := newWorld()
	stale := w.refuses(t, ledger.KindConflict, "stale", request(1, "open", openIt, expecting(ledger.At(3))))
	require.Zero(t, stale.Current)
	w.do(t, request(1, "open", openIt, expecting(ledger.At(0))))
	for _, e := range []ledger.Expectation{{}, ledger.Whatever(), ledger.At(0), ledger.At(1)} {
		exists := w.refuses(t, ledger.KindConflict, "exists", request(2, "open", openIt, expecting(e)))
		require.Equal(t, ledger.Version(1), exists.Current)
	}
	missing := w.refuses(t, ledger.KindPrecondition, "if-match-needed", request(2, "write", line, expecting(ledger.Expectation{})))
	require.Equal(t, ledger.Version(1), missing.Current)
	for _, v := range []ledger.Version{0, 2} {
		stale := w.refuses(t, ledger.KindConflict, "stale", request(2, "write", line, expecting(ledger.At(v))))
		require.Equal(t, ledger.Version(1), stale.Current)
	}
	w.do(t, request(2, "write", line, expecting(ledger.At(1))))
	w.do(t, request(3, "write", line, expecting(ledger.Whatever())))
	require.Len(t, w.store.All(), 3)
}

func TestAnExpectationIsStatedAsInHTTP(t *testing.T) {
	require.Empty(t, ledger.Expectation{}.IfMatch())
	require.Equal(t, "*", ledger.Whatever().IfMatch())
	require.Equal(t, `"0"`, ledger.At(0).IfMatch())
	require.Equal(t, `"18446744073709551615"`, ledger.At(1<<64-1).IfMatch())
}

func TestAnActIsNotOfTheFuture(t *testing.T) {
	w := newWorld() // it is 15 June 2026
	for _, on := range []string{"2026-06-16", "2026-07", "2027", "2027-01-01"} {
		refusal := w.refuses(t, ledger.KindInvalid, "future-date", request(1, "open", `{"occurred_on":"`+on+`","data":{"title":"x"}}`))
		require.Equal(t, "/occurred_on", refusal.Fields[0].Pointer)
	}
	for i, on := range []string{"2026-06-15", "2026-06", "2026", "1978"} {
		w.do(t, request(10+i, "open", `{"occurred_on":"`+on+`","data":{"title":"x"}}`, func(r *ledger.Request) { r.ID = key(i) }))
	}
}

func TestTheBodyIsReadStrictly(t *testing.T) {
	w := newWorld()
	w.do(t, request(1, "open", openIt))
	for name, wrong := range map[string]struct{ at, body string }{
		"nothing":                        {"", ``},
		"null":                           {"/data", `null`},
		"no command":                     {"/data", `{"reason":"x"}`},
		"an unknown field":               {"", `{"data":{},"dat":{}}`},
		"an unknown field of a command":  {"/data", `{"data":{"line":"rain"}}`},
		"a key given twice":              {"/data", `{"data":{},"data":{}}`},
		"a key given twice in a command": {"/data/lines", `{"data":{"lines":["a"],"lines":["b"]}}`},
		"something after it":             {"", line + line},
		"nested too deep":                {"/data/lines" + strings.Repeat("/0", 31), `{"data":{"lines":` + nested(40) + `}}`},
		"not UTF-8":                      {"", "{\"reason\":\"\xc3\x28\",\"data\":{}}"},
		"a command that is no object":    {"/data", `{"data":[]}`},
		"a line that is no text":         {"/data/lines", `{"data":{"lines":"rain"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			refusal := w.refuses(t, ledger.KindInvalid, "malformed", request(2, "write", wrong.body))
			require.Equal(t, wrong.at, refusal.Fields[0].Pointer)
		})
	}
}

func TestEvidenceIsADigest(t *testing.T) {
	w := newWorld()
	good := strings.Repeat("0a", 32)
	for name, e := range map[string]string{
		"an unknown algorithm": `{"alg":"md5","digest":"` + good + `"}`,
		"no algorithm":         `{"digest":"` + good + `"}`,
		"too short":            `{"alg":"sha-256","digest":"` + good[2:] + `"}`,
		"too long":             `{"alg":"sha-256","digest":"` + good + `00"}`,
		"not hex":              `{"alg":"sha-256","digest":"` + good[2:] + `zz"}`,
	} {
		t.Run(name, func(t *testing.T) {
			refusal := w.refuses(t, ledger.KindInvalid, "invalid", request(1, "open",
				`{"evidence":[{"alg":"sha-256","digest":"`+good+`"},`+e+`],"data":{"title":"x"}}`))
			require.Equal(t, "/evidence/1", refusal.Fields[0].Pointer)
		})
	}
}

func TestARuleRefuses(t *testing.T) {
	w := newWorld()
	w.do(t, request(1, "open", openIt))
	w.refuses(t, ledger.KindRejected, "secret", request(2, "write", `{"data":{"lines":["rain","secret"]}}`))
	w.do(t, request(2, "write", line)) // the key was not used up
}

func TestWhatDecidedNothingLeavesNoTrace(t *testing.T) {
	w := newWorld()
	w.do(t, request(1, "open", openIt))
	for range 2 {
		require.Equal(t, ledger.Receipt{Stream: stream, Version: 1}, w.do(t, request(2, "write", `{"data":{}}`)))
	}
	require.Len(t, w.store.All(), 1)
	require.Len(t, w.met, 3, "and is decided anew")
	w.do(t, request(2, "write", line))
}

func TestWhatADecisionReliedOnIsRecorded(t *testing.T) {
	w := newWorld()
	w.do(t, request(1, "open", openIt))
	there, gone := ledger.StreamID{Category: "diary", ID: key(7)}, ledger.StreamID{Category: "atlas", ID: key(8)}
	w.do(t, request(2, "open", openIt, func(r *ledger.Request) { r.ID = there.ID }))
	w.do(t, request(3, "write", lines, func(r *ledger.Request) { r.ID = there.ID }))
	body := fmt.Sprintf(`{"data":{"lines":["rain"],"after":["%s","%s","%s"]}}`, there, gone, there)
	w.do(t, request(4, "write", body))

	all := w.store.All()
	relied := []ledger.Relied{{Stream: gone, Version: 0}, {Stream: there, Version: 4}}
	require.Equal(t, relied, all[len(all)-1].Meta.ReliedOn, "each once, in one order")
	at := w.met[len(w.met)-1]
	require.Equal(t, relied, at.ReliedOn)
	require.True(t, at.Exists(there))
	require.False(t, at.Exists(gone), "read, and not there")
	require.False(t, at.Exists(stream), "not read")

	w.store.BeforeRead = func(s ledger.StreamID) error {
		if s == there {
			return ledgertest.ErrLost
		}
		return nil
	}
	_, err := w.Do(t.Context(), request(5, "write", body))
	require.ErrorIs(t, err, ledgertest.ErrLost, "what cannot be read is not relied on")
	require.Len(t, w.store.All(), len(all))
}

// once runs f the first time only.
func once(f func() error) func() error {
	done := false
	return func() error {
		if done {
			return nil
		}
		done = true
		return f()
	}
}

func TestALostAnswerIsFoundAgain(t *testing.T) {
	w := newWorld()
	w.do(t, request(1, "open", openIt))
	w.store.AfterAppend = once(func() error { return ledgertest.ErrLost })
	receipt := w.do(t, request(2, "write", lines, expecting(ledger.At(1))))
	require.Equal(t, ledger.Version(4), receipt.Version)
	require.Len(t, receipt.Events, 3)
	require.Len(t, w.store.All(), 4, "written once")
}

func TestALostCreationIsFoundAgain(t *testing.T) {
	w := newWorld()
	w.store.AfterAppend = once(func() error { return context.DeadlineExceeded })
	receipt := w.do(t, request(1, "open", openIt))
	require.True(t, receipt.Created)
	require.Len(t, w.store.All(), 1)
}

func TestAnErrorBeforeTheEffectIsTriedAgain(t *testing.T) {
	w := newWorld()
	w.do(t, request(1, "open", openIt))
	w.store.BeforeAppend = once(func() error { return ledgertest.ErrLost })
	receipt := w.do(t, request(2, "write", line, expecting(ledger.At(1))))
	require.False(t, receipt.Replayed)
	require.Len(t, w.store.All(), 2)
}

func TestItIsTriedFourTimesAtMost(t *testing.T) {
	for name, end := range map[string]struct {
		err  error
		kind ledger.Kind
		code string
	}{
		"a conflict ends as busy":      {ledger.Conflict(stream, 1), ledger.KindConflict, "busy"},
		"a conflict may be wrapped":    {fmt.Errorf("append: %w", ledger.Conflict(stream, 1)), ledger.KindConflict, "busy"},
		"another error ends as itself": {ledgertest.ErrLost, ledger.KindInternal, ""},
		"so does one with a kind":      {ledger.Unavailable("store-busy", ledger.Text{En: "x", Zh: "x"}, nil), ledger.KindUnavailable, "store-busy"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.do(t, request(1, "open", openIt))
			tries := 0
			w.store.BeforeAppend = func() error { tries++; return end.err }
			_, err := w.Do(t.Context(), request(2, "write", line))
			require.Equal(t, end.kind, ledger.KindOf(err))
			require.Equal(t, end.code, ledger.CodeOf(err))
			require.Equal(t, 4, tries)
			require.Len(t, w.store.All(), 1)
			w.store.BeforeAppend = nil
			w.do(t, request(2, "write", line))
		})
	}
}

func TestALostRace(t *testing.T) {
	race := func() *world {
		w := newWorld()
		w.do(t, request(1, "open", openIt))
		rival := newWorld()
		rival.Streams = &w.store
		w.store.BeforeAppend = once(func() error {
			rival.do(t, request(2, "write", `{"data":{"lines":["snow"]}}`))
			return nil
		})
		return w
	}
	t.Run("is decided anew on what is there", func(t *testing.T) {
		w := race()
		require.Equal(t, ledger.Version(3), w.do(t, request(3, "write", line)).Version)
		require.Equal(t, []diary{{}, {Title: "2026"}, {Title: "2026", Lines: []string{"snow"}}}, w.found)
	})
	t.Run("is told to who named a version", func(t *testing.T) {
		w := race()
		_, err := w.Do(t.Context(), request(3, "write", line, expecting(ledger.At(1))))
		require.Equal(t, "stale", ledger.CodeOf(err))
		require.Len(t, w.store.All(), 2)
	})
}

func TestATroubledStoreIsNoEmptyStream(t *testing.T) {
	w := newWorld()
	w.do(t, request(1, "open", openIt))
	w.store.BeforeRead = func(ledger.StreamID) error { return ledgertest.ErrLost }
	_, err := w.Do(t.Context(), request(2, "open", openIt))
	require.ErrorIs(t, err, ledgertest.ErrLost)
	w.store.BeforeRead = nil

	_, err = w.store.Append(t.Context(), stream, 1, []ledger.Proposed{{ID: key(5), Type: "diary.sung.v1", Data: []byte(`{}`), Meta: ledger.Metadata{OccurredOn: day("2026")}}})
	require.NoError(t, err)
	_, err = w.Do(t.Context(), request(2, "write", line))
	require.Equal(t, ledger.KindInternal, ledger.KindOf(err))
	require.ErrorContains(t, err, stream.String()+` version 2: unknown event "diary.sung.v1"`)
}

func TestAnEventTheCodecDoesNotKnowIsNotRecorded(t *testing.T) {
	w := newWorld()
	w.do(t, request(1, "open", openIt))
	_, err := w.Do(t.Context(), request(2, "burn", `{"data":{}}`))
	require.ErrorContains(t, err, "diary.burnt.v1")
	require.Equal(t, ledger.KindInternal, ledger.KindOf(err))
	require.Len(t, w.store.All(), 1)
}

// Many writers at once: who is told to come back comes back with the same key, and each line is
// written once.
func TestManyWriters(t *testing.T) {
	w := newWorld()
	w.do(t, request(1, "open", openIt))
	const writers, each = 8, 10
	var wg sync.WaitGroup
	for n := range writers {
		l := newWorld()
		l.Streams = &w.store
		wg.Go(func() {
			for i := range each {
				r := request(100+n*each+i, "write", fmt.Sprintf(`{"data":{"lines":["%d of %d"]}}`, i, n))
				_, err := l.Do(context.Background(), r)
				for ledger.CodeOf(err) == "busy" {
					_, err = l.Do(context.Background(), r)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	all := w.store.All()
	require.Len(t, all, 1+writers*each)
	next := map[string]int{}
	for i, r := range all {
		require.Equal(t, ledger.Version(i+1), r.Version)
		if i > 0 {
			var at, who int
			_, err := fmt.Fscanf(bytes.NewReader(r.Data), `{"line":"%d of %d"}`, &at, &who)
			require.NoError(t, err)
			require.Equal(t, next[fmt.Sprint(who)], at, "a writer's lines stand in their order")
			next[fmt.Sprint(who)]++
		}
	}
}

func TestTheCommandTable(t *testing.T) {
	a, ok := newWorld().Aggregate("diary")
	require.True(t, ok)
	v, ok := a.Verb("write")
	require.True(t, ok)
	require.Equal(t, "write", v.Data.Name())
	_, ok = a.Verb("sell")
	require.False(t, ok)
	require.Equal(t, []string{"diary.opened.v1", "diary.written.v1"}, a.Events)
	_, ok = newWorld().Aggregate("ship")
	require.False(t, ok)

	e, err := newWorld().Decode("diary.written.v1", []byte(`{"line":"rain"}`))
	require.NoError(t, err)
	require.Equal(t, written{"rain"}, e)
	require.Equal(t, diary{Lines: []string{"rain"}}, a.Evolve(a.Zero(), e, ledger.Metadata{}))
	_, err = newWorld().Decode("ship.sunk.v1", []byte(`{}`))
	require.ErrorContains(t, err, `unknown event "ship.sunk.v1"`)
}

func TestABadCommandTableDoesNotStart(t *testing.T) {
	roles := []ledger.Role{ledger.PM}
	table := func(verbs ...ledger.Verb) func() {
		var rows []ledger.VerbOf[task]
		for _, v := range verbs {
			rows = append(rows, ledger.Does[write, task](v))
		}
		return func() {
			ledger.New("diary", ledger.Text{}, ledger.Decider[diary, task, entry]{}, diaries, rows...)
		}
	}
	require.NotPanics(t, table(ledger.Verb{Name: "write", Roles: roles}, ledger.Verb{Name: "read", Roles: roles}))
	require.Panics(t, table(ledger.Verb{Name: "write"}), "nobody may")
	require.Panics(t, table(ledger.Verb{Roles: roles}), "it has no name")
	require.Panics(t, table(ledger.Verb{Name: "write", Roles: roles}, ledger.Verb{Name: "write", Roles: roles}), "it is there twice")
}
