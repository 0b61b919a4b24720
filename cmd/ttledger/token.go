package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"ttledger/adapters/httpapi"
	"ttledger/domain/ledger"
	"ttledger/domain/principal"
)

// commander takes one command: a ledger in this process or a server.
type commander interface {
	Do(ctx context.Context, r ledger.Request) (ledger.Receipt, error)
}

// issuer enrols principals and makes tokens for them.
type issuer struct {
	to     commander
	actor  ledger.Actor
	source ledger.Source
}

// lastDay is the last of so many days from today on; the ledger bounds it.
func lastDay(days int) ledger.Date { return ledger.DayOf(time.Now().AddDate(0, 0, days)) }

// issue makes sure that a principal is enrolled and holds the roles from today on, and gives it
// a new token. The token is the result and is not recorded; only its digest is.
func (i issuer) issue(ctx context.Context, handle, kind string, roles []string, label string, random io.Reader) (string, error) {
	return i.issueUntil(ctx, handle, kind, roles, label, ledger.Date{}, random)
}

// issueUntil is issue of a token that ends on a day; a zero day leaves it to the ledger.
func (i issuer) issueUntil(ctx context.Context, handle, kind string, roles []string, label string, expires ledger.Date, random io.Reader) (string, error) {
	err := i.send(ctx, handle, "enrol", principal.Enrol{Handle: handle, Kind: kind})
	if err != nil && ledger.CodeOf(err) != "exists" {
		return "", err
	}
	for _, role := range roles {
		err := i.send(ctx, handle, "grant-role", principal.GrantRole{Role: ledger.Role(role), From: ledger.DayOf(time.Now())})
		if err != nil && ledger.CodeOf(err) != "role-held" {
			return "", err
		}
	}
	token, record, err := principal.NewToken(random, handle, label)
	if err != nil {
		return "", err
	}
	record.Expires = expires
	return token, i.send(ctx, handle, "issue-token", record)
}

func (i issuer) send(ctx context.Context, handle, verb string, command any) error {
	data, err := json.Marshal(command)
	if err != nil {
		return err
	}
	body, err := json.Marshal(ledger.Act{Data: data})
	if err != nil {
		return err
	}
	expect := ledger.Whatever() // each of these commands is right whatever else was done to the principal
	_, err = i.to.Do(ctx, ledger.Request{
		Aggregate: "principal", ID: principal.ID(handle), Verb: verb, Command: uuid.New(),
		Body: body, Expect: expect, Actor: i.actor, Source: i.source,
	})
	return err
}

// access is how a command reaches a ledger: its directory, or a server that writes it.
type access struct {
	place
	server, tokenFile string
}

func (a *access) flags(c *cobra.Command) {
	a.place.flags(c, "data directory")
	c.Flags().StringVar(&a.server, "server", "", "address of the server that writes the directory, such as http://127.0.0.1:8080")
	c.Flags().StringVar(&a.tokenFile, "token-file", "", "file with the token to act by; - is standard input")
}

// open calls f with the way in and the actor it stands for; a server finds the actor by itself.
func (a *access) open(c *cobra.Command, f func(to commander, actor ledger.Actor) error) (err error) {
	if (a.data == "") == (a.server == "") {
		return usageError{fmt.Errorf("say where the ledger is: --data DIR, or --server URL where one is running")}
	}
	if a.server != "" {
		token, err := readToken(a.tokenFile, c.InOrStdin())
		if err != nil {
			return err
		}
		return f(&httpapi.Client{Server: a.server, Token: token}, ledger.Actor{})
	}
	d, err := openDirectory(c.Context(), a.place)
	if err != nil {
		return err
	}
	defer func() {
		if closed := d.close(); err == nil {
			err = closed
		}
	}()
	actor, err := d.authenticate(c.Context(), a.tokenFile, c.InOrStdin())
	if err != nil {
		return err
	}
	return f(d.ledger, actor)
}

func tokenCommand() *cobra.Command {
	root := &cobra.Command{Use: "token", Short: "issue, rotate, list and revoke tokens 访问令牌"}
	root.AddCommand(issueCommand(), rotateCommand(), recoverCommand(), listCommand(), revokeCommand())
	return root
}

func issueCommand() *cobra.Command {
	var at access
	var kind, label string
	var roles []string
	var days int
	c := &cobra.Command{
		Use:   "issue HANDLE",
		Short: "give a principal a token, enrolling it and granting roles where needed",
		Long:  "Gives the principal HANDLE a new token and prints it, once, on standard output. A principal that is\nnot known is enrolled; roles it does not hold are granted from today on. Needs an administrator's token.",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return at.open(c, func(to commander, actor ledger.Actor) error {
				i := issuer{to, actor, ledger.Source{Kind: "api"}}
				token, err := i.issueUntil(c.Context(), args[0], kind, roles, label, lastDay(days), rand.Reader)
				if err != nil {
					return err
				}
				fmt.Fprintln(c.OutOrStdout(), token)
				return nil
			})
		},
	}
	at.flags(c)
	c.Flags().StringVar(&kind, "kind", "person", "person or service, for a principal not yet known")
	c.Flags().StringSliceVar(&roles, "role", nil, "role to grant, such as PM; may be repeated")
	c.Flags().StringVar(&label, "label", "", "what the token is for")
	c.Flags().IntVar(&days, "days", 365, "days that the token opens, at most 366")
	return c
}

func recoverCommand() *cobra.Command {
	var at place
	c := &cobra.Command{
		Use:   "recover",
		Short: "a new token for the administrator, where all are lost; recorded as done at the console",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := openDirectory(c.Context(), at)
			if err != nil {
				return err
			}
			defer d.close()
			i := issuer{d.ledger, console, ledger.Source{Kind: "process"}}
			token, err := i.issue(c.Context(), administrator, "person", []string{"ADM"}, "recovered at the console", rand.Reader)
			if err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), token)
			return nil
		},
	}
	at.flags(c, "data directory; its server must be stopped")
	return c
}

func listCommand() *cobra.Command {
	var at place
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "principals with their roles today and their tokens",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := openToRead(c.Context(), at)
			if err != nil {
				return err
			}
			defer d.close()
			states, err := foldAll(c.Context(), d, moment{})
			if err != nil {
				return err
			}
			return printPrincipals(c.OutOrStdout(), states, asJSON)
		},
	}
	at.flags(c, "data directory")
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return c
}

func printPrincipals(w io.Writer, states []folded, asJSON bool) error {
	today := ledger.DayOf(time.Now())
	for _, f := range states {
		s, ok := f.state.(principal.State)
		if !ok {
			continue
		}
		if asJSON {
			if err := json.NewEncoder(w).Encode(s); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(w, "%s (%s) %v\n", s.Handle, s.Kind, s.RolesOn(today))
		for _, k := range slices.Backward(s.Tokens) {
			state := "live"
			switch {
			case k.Revoked:
				state = "revoked"
			case !k.LiveOn(today):
				state = "ended " + k.Expires.String()
			case !k.Expires.IsZero():
				state = "live to " + k.Expires.String()
			}
			fmt.Fprintf(w, "  %s %s %s\n", k.Token, state, k.Label)
		}
	}
	return nil
}

func revokeCommand() *cobra.Command {
	var at access
	c := &cobra.Command{
		Use:   "revoke HANDLE TOKEN-ID",
		Short: "make a token useless from now on; `token list` shows the ids",
		Args:  cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := uuid.Parse(args[1])
			if err != nil {
				return usageError{fmt.Errorf("%q is not the id of a token; `ttledger token list` shows them", args[1])}
			}
			return at.open(c, func(to commander, actor ledger.Actor) error {
				i := issuer{to, actor, ledger.Source{Kind: "api"}}
				return i.send(c.Context(), args[0], "revoke-token", principal.RevokeToken{Token: id})
			})
		},
	}
	at.flags(c)
	return c
}
