package esdbtest_test

import (
	"io"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/stretchr/testify/require"

	"ttledger/adapters/esdb/esdbtest"
)

var users = map[string]string{esdbtest.Admin: "changeit", "ledger": "s:e/c@ret", "guest": "guest"}

// protect sets an ACL; the roles it does not name are left to the default.
func protect(t *testing.T, admin *esdb.Client, stream string, set func(a *esdb.Acl)) {
	t.Helper()
	var a esdb.Acl
	set(&a)
	var m esdb.StreamMetadata
	m.SetAcl(a)
	_, err := admin.SetStreamMetadata(within(t), stream, expect(esdb.Any{}), m)
	require.NoError(t, err)
}

// refused holds the error of a call against the code of its refusal. Of an append that is refused
// before it was read whole, the client may learn no more than EOF from Send, which is code 0.
func refused(t *testing.T, want esdb.ErrorCode, err error, why string) {
	t.Helper()
	if code(t, err) == esdb.ErrorCodeUnknown {
		require.ErrorIs(t, err, io.EOF, why)
		return
	}
	require.Equal(t, want, code(t, err), why)
}

func TestUsersAreKnownByTheirPassword(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{Users: users})
	ctx := within(t)
	_, err := connect(t, s.ConnectionStringAs("ledger")).AppendToStream(ctx, stream, expect(esdb.NoStream{}), events(1)...)
	require.NoError(t, err)
	_, err = connect(t, s.ConnectionStringAs("nobody")).AppendToStream(ctx, stream, expect(esdb.Any{}), events(1)...)
	refused(t, esdb.ErrorCodeAccessDenied, err, "anonymous")
	_, err = connect(t, s.ConnectionString()).AppendToStream(ctx, stream, esdb.AppendToStreamOptions{
		Authenticated: &esdb.Credentials{Login: "ledger", Password: "wrong"}}, events(1)...)
	refused(t, esdb.ErrorCodeUnauthenticated, err, "a wrong password")
}

// Data/SystemSettings.cs: users' streams are open to every user, system streams and $all to $admins.
func TestTheDefaultACLs(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{Users: users})
	admin, user, ctx := connect(t, s.ConnectionString()), connect(t, s.ConnectionStringAs("ledger")), within(t)
	write(t, user, stream, 1)
	require.Len(t, numbers(t, user, stream), 1)
	readAll := func(client *esdb.Client) error {
		all, err := client.ReadAll(ctx, esdb.ReadAllOptions{}, 10)
		_, err = drain(t, all, err)
		return err
	}
	require.NoError(t, readAll(admin))
	require.Equal(t, esdb.ErrorCodeAccessDenied, code(t, readAll(user)))
	_, err := user.AppendToStream(ctx, "$mine", expect(esdb.Any{}), events(1)...)
	refused(t, esdb.ErrorCodeAccessDenied, err, "a system stream")
	_, err = user.SubscribeToAll(ctx, esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: ours})
	require.Equal(t, esdb.ErrorCodeAccessDenied, code(t, err))
	_, err = user.DeleteStream(ctx, stream, esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}})
	require.NoError(t, err)

	protect(t, admin, "$all", func(a *esdb.Acl) { a.AddReadRoles("ledger") }) // how a user is let read it
	require.NoError(t, readAll(user))
}

func TestAnACLForbidsWhatItDoesNotAllow(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{Users: users})
	admin, user, ctx := connect(t, s.ConnectionString()), connect(t, s.ConnectionStringAs("ledger")), within(t)
	guest := connect(t, s.ConnectionStringAs("guest"))
	write(t, user, stream, 1)
	protect(t, admin, stream, func(a *esdb.Acl) {
		a.AddReadRoles("$all")
		a.AddWriteRoles("ledger")
		a.AddDeleteRoles("$admins")
		a.AddMetaReadRoles("ledger")
		a.AddMetaWriteRoles("$admins")
	})
	write(t, user, stream, 1)
	require.Len(t, numbers(t, guest, stream), 2)
	var m esdb.StreamMetadata
	m.SetMaxCount(1)
	for name, call := range map[string]func() error{
		"delete": func() error {
			_, err := user.DeleteStream(ctx, stream, esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}})
			return err
		},
		"tombstone": func() error {
			_, err := user.TombstoneStream(ctx, stream, esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Any{}})
			return err
		},
		"$maxCount": func() error {
			_, err := user.SetStreamMetadata(ctx, stream, expect(esdb.Any{}), m)
			return err
		},
		"metadata": func() error {
			_, err := guest.GetStreamMetadata(ctx, stream, esdb.ReadStreamOptions{})
			return err
		},
		"write": func() error {
			_, err := guest.AppendToStream(ctx, stream, expect(esdb.Any{}), events(1)...)
			return err
		},
	} {
		refused(t, esdb.ErrorCodeAccessDenied, call(), name)
	}
	require.Len(t, numbers(t, user, stream), 2)
	got, err := user.GetStreamMetadata(ctx, stream, esdb.ReadStreamOptions{})
	require.NoError(t, err)
	require.Equal(t, []string{"$admins"}, got.StreamAcl().DeleteRoles())
	_, err = admin.TombstoneStream(ctx, stream, esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Any{}})
	require.NoError(t, err, "no ACL binds admins")
	_, err = admin.TombstoneStream(ctx, "$$"+stream, esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Any{}})
	require.Equal(t, esdb.ErrorCodeAccessDenied, code(t, err), "but nobody deletes metadata")
	_, err = admin.AppendToStream(ctx, "$all", expect(esdb.Any{}), events(1)...)
	refused(t, esdb.ErrorCodeAccessDenied, err, "or writes to $all")
}

// The stream $settings overrides the defaults (docs, "Default ACL").
func TestSettingsOverrideTheDefaultACLs(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{Users: users})
	admin, user, ctx := connect(t, s.ConnectionString()), connect(t, s.ConnectionStringAs("ledger")), within(t)
	write(t, user, stream, 1)
	set := events(1)
	set[0].EventType = "update-default-acl"
	set[0].Data = []byte(`{"$userStreamAcl":{"$r":"$all","$w":["$admins","ledger"],"$d":"$admins","$mr":"$all","$mw":"$admins"},` +
		`"$systemStreamAcl":{"$r":["$admins","ledger"],"$w":"$admins","$d":"$admins","$mr":"$admins","$mw":"$admins"}}`)
	_, err := user.AppendToStream(ctx, "$settings", expect(esdb.Any{}), set...)
	refused(t, esdb.ErrorCodeAccessDenied, err, "only for admins")
	_, err = admin.AppendToStream(ctx, "$settings", expect(esdb.NoStream{}), set...)
	require.NoError(t, err)
	write(t, user, stream, 1)
	require.NotEmpty(t, whole(t, user))
	_, err = user.DeleteStream(ctx, stream, esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}})
	require.Equal(t, esdb.ErrorCodeAccessDenied, code(t, err))
}

// PassthroughAuthorizationProvider.cs: an insecure server keeps ACLs and enforces none.
func TestAnInsecureServerEnforcesNothing(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client, ctx := connect(t, s.ConnectionString()), within(t)
	write(t, client, stream, 1)
	protect(t, client, stream, func(a *esdb.Acl) { a.AddDeleteRoles("$admins") })
	_, err := client.DeleteStream(ctx, stream, esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}})
	require.NoError(t, err)
	got, err := client.GetStreamMetadata(ctx, stream, esdb.ReadStreamOptions{})
	require.NoError(t, err)
	require.Equal(t, []string{"$admins"}, got.StreamAcl().DeleteRoles(), "a deletion keeps the rest of the metadata")
}

// The client writes a list of roles and cannot read one (esdb/types.go, collectRoles): whoever
// checks an ACL should give each right to one role, or read the metadata stream itself.
func TestTheClientCannotReadAListOfRoles(t *testing.T) {
	s := esdbtest.Start(t, esdbtest.Options{})
	client, ctx := connect(t, s.ConnectionString()), within(t)
	protect(t, client, stream, func(a *esdb.Acl) { a.AddReadRoles("ledger", "guest") })
	_, err := client.GetStreamMetadata(ctx, stream, esdb.ReadStreamOptions{})
	require.Equal(t, esdb.ErrorCodeParsing, code(t, err))
	read, err := client.ReadStream(ctx, "$$"+stream, esdb.ReadStreamOptions{}, 1)
	raw, err := drain(t, read, err)
	require.NoError(t, err)
	require.JSONEq(t, `{"$acl":{"$r":["ledger","guest"]}}`, string(raw[0].Event.Data))
}
