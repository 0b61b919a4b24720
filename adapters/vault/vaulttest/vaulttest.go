// Package vaulttest is what every vault must do. It knows ledger and no vault, and is imported by
// tests only.
package vaulttest

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ttledger/domain/ledger"
)

var (
	ada = uuid.MustParse("6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11")
	bea = uuid.MustParse("0d9f6c1e-0c51-4a3e-8a8e-2f6d7f2b1c33")
)

// Run holds a vault to the contract of ledger.Vault. make is a new, empty vault.
func Run(t *testing.T, make func(t *testing.T) ledger.Vault) {
	for name, law := range map[string]func(*testing.T, ledger.Vault){
		"WhatIsSealedOpens": whatIsSealedOpens, "NowhereElse": nowhereElse, "NoTwoAlike": noTwoAlike,
		"ChangedIsRefused": changedIsRefused, "Digests": digests, "ErasedIsForEver": erasedIsForEver,
		"OthersStay": othersStay, "CancelIsAnError": cancelIsAnError, "Together": together,
	} {
		t.Run(name, func(t *testing.T) { law(t, make(t)) })
	}
}

func sealed(t *testing.T, v ledger.Vault, subject uuid.UUID, kind, text string) []byte {
	t.Helper()
	s, err := v.Seal(t.Context(), subject, kind, []byte(text))
	require.NoError(t, err)
	return s
}

func whatIsSealedOpens(t *testing.T, v ledger.Vault) {
	for _, text := range []string{"王小明", "", "x", "\x80\x00", strings.Repeat("长", 5000), strings.Repeat("a", 31), strings.Repeat("a", 32), string(make([]byte, 64))} {
		s := sealed(t, v, ada, "name", text)
		opened, err := v.Open(t.Context(), ada, "name", s)
		require.NoError(t, err)
		require.Equal(t, text, string(opened))
		if len(text) > 4 {
			require.False(t, bytes.Contains(s, []byte(text)))
		}
	}
}

func nowhereElse(t *testing.T, v ledger.Vault) {
	s := sealed(t, v, ada, "name", "王小明")
	sealed(t, v, bea, "name", "李四")
	for _, as := range []struct {
		subject uuid.UUID
		kind    string
	}{{bea, "name"}, {ada, "note"}, {ada, ""}} {
		opened, err := v.Open(t.Context(), as.subject, as.kind, s)
		require.Error(t, err)
		require.Empty(t, opened)
		require.NotContains(t, err.Error(), "王小明")
	}
}

func noTwoAlike(t *testing.T, v ledger.Vault) {
	require.NotEqual(t, sealed(t, v, ada, "name", "王小明"), sealed(t, v, ada, "name", "王小明"))
}

func changedIsRefused(t *testing.T, v ledger.Vault) {
	s := sealed(t, v, ada, "name", "王小明")
	for i := range s {
		changed := bytes.Clone(s)
		changed[i] ^= 1
		_, err := v.Open(t.Context(), ada, "name", changed)
		require.Error(t, err, "byte %d", i)
		_, err = v.Open(t.Context(), ada, "name", s[:i])
		require.Error(t, err, "cut to %d", i)
	}
}

func digests(t *testing.T, v ledger.Vault) {
	of := func(subject uuid.UUID, purpose, data string) string {
		d, err := v.Digest(t.Context(), subject, purpose, []byte(data))
		require.NoError(t, err)
		require.Len(t, d, 32)
		return string(d)
	}
	require.Equal(t, of(ada, "digest", "x"), of(ada, "digest", "x"))
	require.Equal(t, of(uuid.Nil, "id", "x"), of(uuid.Nil, "id", "x"))
	all := map[string]bool{}
	for _, d := range []string{of(ada, "a", "x"), of(bea, "a", "x"), of(uuid.Nil, "a", "x"), of(ada, "b", "x"), of(ada, "a", "y"), of(ada, "ax", "")} {
		all[d] = true
	}
	require.Len(t, all, 6)
}

func erasedIsForEver(t *testing.T, v ledger.Vault) {
	s := sealed(t, v, ada, "name", "王小明")
	for range 2 {
		require.NoError(t, v.Erase(t.Context(), ada))
		gone(t, v, ada, s)
	}
	require.NoError(t, v.Erase(t.Context(), bea), "whom the vault has not seen")
	gone(t, v, bea, s)
}

func gone(t *testing.T, v ledger.Vault, subject uuid.UUID, s []byte) {
	t.Helper()
	_, sealing := v.Seal(t.Context(), subject, "name", []byte("x"))
	_, opening := v.Open(t.Context(), subject, "name", s)
	_, digesting := v.Digest(t.Context(), subject, "digest", []byte("x"))
	for _, err := range []error{sealing, opening, digesting} {
		require.Equal(t, "subject-erased", ledger.CodeOf(err))
		require.Equal(t, ledger.KindRejected, ledger.KindOf(err))
	}
}

func othersStay(t *testing.T, v ledger.Vault) {
	s := sealed(t, v, bea, "name", "李四")
	sealed(t, v, ada, "name", "王小明")
	require.NoError(t, v.Erase(t.Context(), ada))
	opened, err := v.Open(t.Context(), bea, "name", s)
	require.NoError(t, err)
	require.Equal(t, "李四", string(opened))
}

func cancelIsAnError(t *testing.T, v ledger.Vault) {
	s := sealed(t, v, ada, "name", "王小明")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := v.Seal(ctx, ada, "name", nil)
	require.ErrorIs(t, err, context.Canceled)
	_, err = v.Open(ctx, ada, "name", s)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, v.Erase(ctx, ada), context.Canceled)
	_, err = v.Open(t.Context(), ada, "name", s)
	require.NoError(t, err, "nothing was erased")
}

// together: many at once make one key a subject, and after an erasure nobody seals.
func together(t *testing.T, v ledger.Vault) {
	const many = 16
	results := make(chan []byte, many)
	for range many {
		go func() {
			s, err := v.Seal(t.Context(), ada, "name", []byte("王小明"))
			if err != nil {
				s = nil
			}
			results <- s
		}()
	}
	for range many {
		opened, err := v.Open(t.Context(), ada, "name", <-results)
		require.NoError(t, err)
		require.Equal(t, "王小明", string(opened))
	}
}
