package principal

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
	"ttledger/domain/ledger/ledgertest"
)

var (
	given = ledgertest.Given[Event]
	day   = ledgertest.Date

	enrolled = Enrolled{Handle: "tm-zgc-07", Kind: "person"}
	pm       = RoleGranted{Role: ledger.PM, From: day("2026-01-01"), To: day("2026-12-31")}
	auditor  = RoleGranted{Role: ledger.AUD, From: day("2026-02-01")}

	tokenA = uuid.MustParse("0f6d3a52-4b1c-4c5e-9d0a-7a1d5b2c9e44")
	tokenB = uuid.MustParse("c0a8e7d1-93f4-4f2b-8a6e-1b2d3c4e5f60")
	digest = strings.Repeat("9f86d081", 8)
	other  = strings.Repeat("60303ae2", 8)
	issued = TokenIssued{tokenA, digest, "laptop", day("2027-06-15")}
	second = TokenIssued{Token: tokenB, SHA256: other, Expires: day("2027-06-15")}
)

// of is the context of a command for the principal with a handle.
func of(handle string) ledger.Context {
	return ledger.Context{Stream: ledger.StreamID{Category: "principal", ID: ID(handle)}}
}

func TestEnrol(t *testing.T) {
	long := "a" + strings.Repeat("b", 62) + "c"
	ledgertest.Run(t, Decider, Codec, []ledgertest.Case[Command, Event]{
		// A second enrolment is refused by the ledger, which knows that the stream is there.
		{Name: "a person", At: of("tm-zgc-07"), When: Enrol{"tm-zgc-07", "person"}, Then: []Event{enrolled}, Again: true},
		{Name: "a service", At: of("timer.due"), When: Enrol{"timer.due", "service"}, Then: []Event{Enrolled{"timer.due", "service"}}, Again: true},
		{Name: "three characters are enough", At: of("a-1"), When: Enrol{"a-1", "person"}, Then: []Event{Enrolled{"a-1", "person"}}, Again: true},
		{Name: "sixty-four characters fit", At: of(long), When: Enrol{long, "person"}, Then: []Event{Enrolled{long, "person"}}, Again: true},
		{Name: "two characters are too few", At: of("ab"), When: Enrol{"ab", "person"}, Code: "invalid", Field: "handle"},
		{Name: "sixty-five characters are too many", At: of(long + "d"), When: Enrol{long + "d", "person"}, Code: "invalid", Field: "handle"},
		{Name: "a real name is not a handle", At: of("王小明"), When: Enrol{"王小明", "person"}, Code: "invalid", Field: "handle"},
		{Name: "capitals are not a handle", At: of("Zgc-01"), When: Enrol{"Zgc-01", "person"}, Code: "invalid", Field: "handle"},
		{Name: "a handle begins with a letter", At: of("1ab"), When: Enrol{"1ab", "person"}, Code: "invalid", Field: "handle"},
		{Name: "a handle does not end in a dash", At: of("abc-"), When: Enrol{"abc-", "person"}, Code: "invalid", Field: "handle"},
		{Name: "no line may follow a handle", At: of("abc\n"), When: Enrol{"abc\n", "person"}, Code: "invalid", Field: "handle"},
		{Name: "neither person nor service", At: of("tm-zgc-07"), When: Enrol{"tm-zgc-07", "robot"}, Code: "invalid", Field: "kind"},
		{Name: "not what the program calls itself", At: of("console"), When: Enrol{"console", "person"}, Code: "reserved-handle"},
		{Name: "a handle has one stream", At: of("tm-zgc-08"), When: Enrol{"tm-zgc-07", "person"}, Code: "handle-id"},
	})
}

func TestGrantRole(t *testing.T) {
	ledgertest.Run(t, Decider, Codec, []ledgertest.Case[Command, Event]{
		{Name: "for a year", Given: given(enrolled),
			When: GrantRole{ledger.PM, day("2026-01-01"), day("2026-12-31")}, Then: []Event{pm}},
		{Name: "without an end", Given: given(enrolled),
			When: GrantRole{Role: ledger.AUD, From: day("2026-02-01")}, Then: []Event{auditor}},
		{Name: "for one day", Given: given(enrolled),
			When: GrantRole{ledger.CHR, day("2026-06-20"), day("2026-06-20")}, Then: []Event{RoleGranted{ledger.CHR, day("2026-06-20"), day("2026-06-20")}}},
		{Name: "another role beside those held", Given: given(enrolled, pm, RoleGranted{Role: ledger.REV, From: day("2026-01-01")}),
			When: GrantRole{Role: ledger.CHR, From: day("2026-01-01")}, Then: []Event{RoleGranted{Role: ledger.CHR, From: day("2026-01-01")}}},
		{Name: "again from the day after the last", Given: given(enrolled, pm),
			When: GrantRole{Role: ledger.PM, From: day("2027-01-01")}, Then: []Event{RoleGranted{Role: ledger.PM, From: day("2027-01-01")}}},
		{Name: "granted so already", Given: given(enrolled, pm), When: GrantRole{ledger.PM, day("2026-01-01"), day("2026-12-31")}},
		{Name: "held on that day already", Given: given(enrolled, pm), When: GrantRole{Role: ledger.PM, From: day("2026-12-31")}, Code: "role-held"},
		{Name: "held from that day, to another end", Given: given(enrolled, pm), When: GrantRole{Role: ledger.PM, From: day("2026-01-01")}, Code: "role-held"},
		{Name: "held from a later day on", Given: given(enrolled, pm), When: GrantRole{Role: ledger.PM, From: day("2025-06-01")}, Code: "role-held"},
		{Name: "ended before the next begins", Given: given(enrolled, pm), When: GrantRole{ledger.PM, day("2025-06-01"), day("2025-12-31")}, Then: []Event{RoleGranted{ledger.PM, day("2025-06-01"), day("2025-12-31")}}},
		{Name: "held without an end", Given: given(enrolled, auditor), When: GrantRole{Role: ledger.AUD, From: day("2030-01-01")}, Code: "role-held"},
		{Name: "nobody grants a role to oneself", Given: given(enrolled), At: ledger.Context{Actor: "tm-zgc-07"},
			When: GrantRole{Role: ledger.ADM, From: day("2026-01-01")}, Code: "own-role"},
		{Name: "not a role", Given: given(enrolled), When: GrantRole{Role: "CEO", From: day("2026-01-01")}, Code: "invalid", Field: "role"},
		{Name: "no first day", Given: given(enrolled), When: GrantRole{Role: ledger.PM}, Code: "invalid", Field: "from"},
		{Name: "from a month", Given: given(enrolled), When: GrantRole{Role: ledger.PM, From: day("2026-01")}, Code: "invalid", Field: "from"},
		{Name: "ends before it begins", Given: given(enrolled),
			When: GrantRole{ledger.PM, day("2026-02-01"), day("2026-01-31")}, Code: "invalid", Field: "to"},
	})
}

func TestEndRole(t *testing.T) {
	ledgertest.Run(t, Decider, Codec, []ledgertest.Case[Command, Event]{
		{Name: "before its end", Given: given(enrolled, pm),
			When: EndRole{ledger.PM, day("2026-06-30")}, Then: []Event{RoleEnded{ledger.PM, day("2026-06-30")}}},
		{Name: "one without an end", Given: given(enrolled, auditor),
			When: EndRole{ledger.AUD, day("2026-06-15")}, Then: []Event{RoleEnded{ledger.AUD, day("2026-06-15")}}},
		{Name: "after its end", Given: given(enrolled, pm), When: EndRole{ledger.PM, day("2027-01-01")}, Code: "role-not-held"},
		{Name: "before its beginning", Given: given(enrolled, pm), When: EndRole{ledger.PM, day("2025-12-31")}, Code: "role-not-held"},
		{Name: "ended earlier already", Given: given(enrolled, pm, RoleEnded{ledger.PM, day("2026-03-31")}), When: EndRole{ledger.PM, day("2026-06-30")}, Code: "role-not-held"},
		{Name: "another role", Given: given(enrolled, pm), When: EndRole{ledger.TM, day("2026-06-30")}, Code: "role-not-held"},
		{Name: "the end of a month is a day", Given: given(enrolled, pm), When: EndRole{ledger.PM, day("2026-06")}, Code: "invalid", Field: "last"},
		{Name: "no day", Given: given(enrolled, pm), When: EndRole{Role: ledger.PM}, Code: "invalid", Field: "last"},
	})
}

func TestTokens(t *testing.T) {
	ledgertest.Run(t, Decider, Codec, []ledgertest.Case[Command, Event]{
		{Name: "issued by its digest", Given: given(enrolled), When: IssueToken{Token: tokenA, SHA256: digest, Label: "laptop"}, Then: []Event{issued}},
		{Name: "a second beside the first", Given: given(enrolled, issued),
			When: IssueToken{Token: tokenB, SHA256: other}, Then: []Event{second}},
		{Name: "an id is used once", Given: given(enrolled, issued), When: IssueToken{Token: tokenA, SHA256: other}, Code: "token-known"},
		{Name: "a digest is used once", Given: given(enrolled, issued), When: IssueToken{Token: tokenB, SHA256: digest}, Code: "token-known"},
		{Name: "a revoked token is not issued again", Given: given(enrolled, issued, TokenRevoked{tokenA}), When: IssueToken{Token: tokenA, SHA256: digest, Label: "laptop"}, Code: "token-known"},
		{Name: "no id", Given: given(enrolled), When: IssueToken{SHA256: digest}, Code: "invalid", Field: "token"},
		{Name: "a digest that is short", Given: given(enrolled), When: IssueToken{Token: tokenA, SHA256: digest[1:]}, Code: "invalid", Field: "sha256"},
		{Name: "a digest in capitals", Given: given(enrolled), When: IssueToken{Token: tokenA, SHA256: strings.ToUpper(digest)}, Code: "invalid", Field: "sha256"},
		{Name: "a label that is too long", Given: given(enrolled), When: IssueToken{Token: tokenA, SHA256: digest, Label: strings.Repeat("标", 101)}, Code: "invalid", Field: "label"},
		{Name: "to a last day", Given: given(enrolled), When: IssueToken{tokenA, digest, "laptop", day("2026-06-15")},
			Then: []Event{TokenIssued{tokenA, digest, "laptop", day("2026-06-15")}}},
		{Name: "for the longest time", Given: given(enrolled), When: IssueToken{tokenA, digest, "laptop", day("2027-06-16")},
			Then: []Event{TokenIssued{tokenA, digest, "laptop", day("2027-06-16")}}},
		{Name: "too long", Given: given(enrolled), When: IssueToken{tokenA, digest, "laptop", day("2027-06-17")}, Code: "invalid", Field: "expires"},
		{Name: "ended already", Given: given(enrolled), When: IssueToken{tokenA, digest, "laptop", day("2026-06-14")}, Code: "invalid", Field: "expires"},
		{Name: "to a month", Given: given(enrolled), When: IssueToken{tokenA, digest, "laptop", day("2026-07")}, Code: "invalid", Field: "expires"},
		{Name: "one more than fifty", Given: given(many(50)...), When: IssueToken{Token: tokenA, SHA256: digest}, Code: "too-many-tokens"},
		{Name: "the fiftieth", Given: given(many(49)...), When: IssueToken{Token: tokenA, SHA256: digest, Label: "laptop"}, Then: []Event{issued}},
		{Name: "those that ended do not count", Given: given(append(many(50), TokenRevoked{uuid.UUID{49}})...),
			When: IssueToken{Token: tokenA, SHA256: digest, Label: "laptop"}, Then: []Event{issued}},
		{Name: "revoked", Given: given(enrolled, issued), When: RevokeToken{tokenA}, Then: []Event{TokenRevoked{tokenA}}},
		{Name: "one of two revoked", Given: given(enrolled, second, issued),
			When: RevokeToken{tokenA}, Then: []Event{TokenRevoked{tokenA}}},
		{Name: "revoking one leaves the other to be revoked", Given: given(enrolled, second, issued, TokenRevoked{tokenA}),
			When: RevokeToken{tokenB}, Then: []Event{TokenRevoked{tokenB}}},
		{Name: "revoked already", Given: given(enrolled, issued, TokenRevoked{tokenA}), When: RevokeToken{tokenA}},
		{Name: "revoking what was never issued", Given: given(enrolled, issued), When: RevokeToken{tokenB}, Code: "token-unknown"},
	})
}

// many is a principal with so many live tokens.
func many(n int) []Event {
	events := []Event{enrolled}
	for i := range n {
		events = append(events, TokenIssued{uuid.UUID{byte(i)}, fmt.Sprintf("%064x", i), "", day("2027-01-01")})
	}
	return events
}

func TestRotation(t *testing.T) {
	rotated := TokenRotated{tokenB, other, "laptop", day("2027-06-15"), tokenA, day("2026-06-22")}
	ledgertest.Run(t, Decider, Codec, []ledgertest.Case[Command, Event]{
		{Name: "with an overlap", Given: given(enrolled, issued),
			When: RotateToken{Token: tokenA, Successor: tokenB, SHA256: other, OverlapDays: 7}, Then: []Event{rotated}},
		{Name: "to the end of today, under another label", Given: given(enrolled, issued),
			When: RotateToken{Token: tokenA, Successor: tokenB, SHA256: other, Label: "phone", Expires: day("2026-12-31")},
			Then: []Event{TokenRotated{tokenB, other, "phone", day("2026-12-31"), tokenA, day("2026-06-15")}}},
		{Name: "the overlap does not lengthen the old", Given: given(enrolled, TokenIssued{tokenA, digest, "laptop", day("2026-06-18")}),
			When: RotateToken{Token: tokenA, Successor: tokenB, SHA256: other, OverlapDays: 7},
			Then: []Event{TokenRotated{tokenB, other, "laptop", day("2027-06-15"), tokenA, day("2026-06-18")}}},
		{Name: "one that never ended ends", Given: given(enrolled, TokenIssued{Token: tokenA, SHA256: digest, Label: "laptop"}),
			When: RotateToken{Token: tokenA, Successor: tokenB, SHA256: other, OverlapDays: 7}, Then: []Event{rotated}},
		{Name: "too long an overlap", Given: given(enrolled, issued),
			When: RotateToken{Token: tokenA, Successor: tokenB, SHA256: other, OverlapDays: 31}, Code: "invalid", Field: "overlap_days"},
		{Name: "a negative overlap", Given: given(enrolled, issued),
			When: RotateToken{Token: tokenA, Successor: tokenB, SHA256: other, OverlapDays: -1}, Code: "invalid", Field: "overlap_days"},
		{Name: "of one never issued", Given: given(enrolled), When: RotateToken{Token: tokenA, Successor: tokenB, SHA256: other}, Code: "token-unknown"},
		{Name: "of one that ended", Given: given(enrolled, TokenIssued{tokenA, digest, "laptop", day("2026-06-14")}),
			When: RotateToken{Token: tokenA, Successor: tokenB, SHA256: other}, Code: "token-ended"},
		{Name: "of one revoked", Given: given(enrolled, issued, TokenRevoked{tokenA}),
			When: RotateToken{Token: tokenA, Successor: tokenB, SHA256: other}, Code: "token-ended"},
		{Name: "by itself", Given: given(enrolled, issued), When: RotateToken{Token: tokenA, Successor: tokenA, SHA256: other}, Code: "token-known"},
		{Name: "without an id", Given: given(enrolled, issued), When: RotateToken{Token: tokenA, SHA256: other}, Code: "invalid", Field: "token"},
	})
}

// Segregation of duties: each row of the table both ways, and that it is a matter of days.
func TestDutiesAreHeldApart(t *testing.T) {
	for _, d := range duties {
		for _, other := range d.from {
			for _, pair := range [][2]ledger.Role{{d.role, other}, {other, d.role}} {
				held := RoleGranted{pair[0], day("2026-01-01"), day("2026-06-30")}
				ledgertest.Run(t, Decider, Codec, []ledgertest.Case[Command, Event]{
					{Name: fmt.Sprint(pair, "on one day"), Given: given(enrolled, held),
						When: GrantRole{Role: pair[1], From: day("2026-06-30")}, Code: "duties"},
					{Name: fmt.Sprint(pair, "one after the other"), Given: given(enrolled, held),
						When: GrantRole{Role: pair[1], From: day("2026-07-01")}, Then: []Event{RoleGranted{Role: pair[1], From: day("2026-07-01")}}},
				})
			}
		}
	}
	_, clash := apart(ledger.PM, ledger.APR)
	require.False(t, clash, "who asks may decide another case; that is held apart on the case")
	_, clash = apart(ledger.AUD, ledger.REP)
	require.False(t, clash, "both only read")
}

func TestRolesOnADay(t *testing.T) {
	var s State
	for _, e := range []Event{enrolled, pm, auditor, RoleGranted{ledger.PM, day("2027-01-01"), day("2027-01-31")}, RoleEnded{ledger.PM, day("2026-06-30")}} {
		s = Decider.Evolve(s, e, ledger.Metadata{})
	}
	for on, want := range map[string][]ledger.Role{
		"2025-12-31": nil,
		"2026-01-01": {ledger.PM},
		"2026-02-01": {ledger.PM, ledger.AUD},
		"2026-06-30": {ledger.PM, ledger.AUD},
		"2026-07-01": {ledger.AUD},
		"2027-01-01": {ledger.PM, ledger.AUD},
		"2027-02-01": {ledger.AUD},
	} {
		require.ElementsMatch(t, want, s.RolesOn(day(on)), on)
	}
}

// A handle is the same principal on every machine, for ever: this one is pinned.
func TestTheIDOfAHandle(t *testing.T) {
	require.Equal(t, "39f4d81b-57ee-50c3-9021-3560d5a29472", ID("pm-zgc-01").String())
	require.NotEqual(t, ID("pm-zgc-01"), ID("pm-zgc-02"))
}

// Two grants of one role that overlap do not make it two roles.
func TestARoleIsHeldOnce(t *testing.T) {
	s := State{Grants: []Grant{{Role: ledger.PM, From: day("2026-06-01")}, {Role: ledger.PM, From: day("2026-01-01")}}}
	require.Equal(t, []ledger.Role{ledger.PM}, s.RolesOn(day("2026-06-15")))
}

func TestStoredShapes(t *testing.T) { ledgertest.Shapes(t, Codec, os.DirFS("testdata/events")) }

func FuzzDecode(f *testing.F) { ledgertest.FuzzDecode(f, Codec, os.DirFS("testdata/events")) }
