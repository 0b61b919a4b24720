package main

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/httpapi"
	"ttledger/domain/ledger"
	"ttledger/domain/organisation"
	"ttledger/domain/project"
	"ttledger/domain/recognition"
)

// TestWhatACrashOrADayLeftIsDone: a request was approved and the process died before it was carried
// out; a recognition ran out years ago. The next start does both, once.
func TestWhatACrashOrADayLeftIsDone(t *testing.T) {
	o := newOffice(t)
	d, err := openDirectory(t.Context(), place{data: o.data})
	require.NoError(t, err)
	manager := ledger.Actor{Handle: "wang.pm", Roles: []ledger.Role{ledger.PM}}
	do := func(s ledger.StreamID, verb string, data any) ledger.Receipt {
		raw, err := json.Marshal(data)
		require.NoError(t, err)
		body, err := json.Marshal(ledger.Act{OccurredOn: ledger.Day(2024, 3, 1), Data: raw})
		require.NoError(t, err)
		receipt, err := d.ledger.Do(t.Context(), ledger.Request{Aggregate: s.Category, ID: s.ID, Verb: verb, Command: uuid.New(), Body: body,
			Expect: ledger.Whatever(), Actor: manager, Source: ledger.Source{Kind: "api"}})
		require.NoError(t, err)
		return receipt
	}
	append := func(s ledger.StreamID, at ledger.Version, e ledger.Event) {
		raw, err := json.Marshal(e)
		require.NoError(t, err)
		command := uuid.New()
		_, err = d.store.Append(t.Context(), s, at, []ledger.Proposed{{ID: ledger.EventID(s, command, 0), Type: e.EventType(), Data: raw, Meta: ledger.Metadata{
			Ledger: d.ledger.ID, Command: command, Correlation: command, Actor: "zhao.apr", Role: ledger.APR, OccurredOn: ledger.DayOf(time.Now()), Source: ledger.Source{Kind: "api"},
		}}})
		require.NoError(t, err)
	}
	p := ledger.StreamID{Category: "project", ID: uuid.New()}
	do(p, "propose", project.Propose{Titles: ledger.Names{Zh: "冷烧结陶瓷"}})
	asked := do(p, "approve", project.Approve{Body: "办公会"})
	require.True(t, asked.Pending)
	append(asked.Stream, 1, ledger.ApprovalDecided{Decision: "approve"})

	firm := ledger.StreamID{Category: "organisation", ID: uuid.New()}
	do(firm, "register", organisation.Register{Names: ledger.Names{Zh: "沈鼓"}, Kind: "company", USCC: "91110108551385082Q"})
	r := ledger.StreamID{Category: "recognition", ID: uuid.New()}
	append(r, 0, recognition.Granted{Subject: firm, Scheme: "HNTE", Certificate: "GR202021000001", From: ledger.Day(2020, 12, 1), To: ledger.Day(2023, 11, 30)})
	require.NoError(t, d.close())

	s := startServer(t, o.data)
	client := &httpapi.Client{Server: s.address, Token: o.read(t, o.manager)}
	history := func(stream ledger.StreamID) string {
		answer, err := client.Get(t.Context(), "/v1/streams/"+stream.Category+"/"+stream.ID.String())
		require.NoError(t, err)
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return string(text)
	}
	require.Eventually(t, func() bool {
		return strings.Contains(history(asked.Stream), "approval.carried-out.v1") && strings.Contains(history(r), "recognition.ended.v1")
	}, time.Minute, 500*time.Millisecond)
	require.Contains(t, history(p), `"approver":"zhao.apr"`)
	require.Contains(t, history(r), `"occurred_on":"2023-12-01"`)
	s.stop(t)

	s = startServer(t, o.data)
	client.Server = s.address
	time.Sleep(200 * time.Millisecond) // it looks at once; there is nothing to wait for
	require.Equal(t, 1, strings.Count(history(p), "project.approved.v1"))
	require.Equal(t, 1, strings.Count(history(r), "recognition.ended.v1"))
	s.stop(t)
}
