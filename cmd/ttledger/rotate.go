package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"ttledger/adapters/httpapi"
	"ttledger/domain/identity"
	"ttledger/domain/ledger"
	"ttledger/domain/principal"
)

func rotateCommand() *cobra.Command {
	var at access
	var overlap, days int
	c := &cobra.Command{
		Use:   "rotate [HANDLE TOKEN-ID]",
		Short: "a successor for a token, which itself opens for some days yet 轮换令牌",
		Long: "Prints a new token, once, on standard output. Without arguments it is the successor of the token in\n" +
			"--token-file, which anyone may rotate for themselves; an administrator names another's.",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return cobra.ExactArgs(2)(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			return at.open(c, func(to commander, actor ledger.Actor) error {
				handle, token, err := at.which(c, to, args)
				if err != nil {
					return err
				}
				text, record, err := principal.NewToken(rand.Reader, handle, "")
				if err != nil {
					return err
				}
				i := issuer{to, actor, ledger.Source{Kind: "api"}}
				err = i.send(c.Context(), handle, "rotate-token", principal.RotateToken{
					Token: token, Successor: record.Token, SHA256: record.SHA256, Expires: lastDay(days), OverlapDays: overlap,
				})
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(c.OutOrStdout(), text)
				return err
			})
		},
	}
	at.flags(c)
	c.Flags().IntVar(&overlap, "overlap-days", 7, "days that the old token opens yet, 0 to 30; 0 is to the end of today")
	c.Flags().IntVar(&days, "days", 365, "days that the new token opens, at most 366")
	return c
}

// which is the token that is meant: the one named, or the one that is shown.
func (a *access) which(c *cobra.Command, to commander, args []string) (handle string, token uuid.UUID, err error) {
	if len(args) == 2 {
		if token, err = uuid.Parse(args[1]); err != nil {
			return "", token, usageError{fmt.Errorf("%q is not the id of a token; `ttledger token list` shows them", args[1])}
		}
		return args[0], token, nil
	}
	if client, ok := to.(*httpapi.Client); ok {
		return askWhoami(c.Context(), client)
	}
	l := to.(*ledger.Ledger)
	text, err := readToken(a.tokenFile, c.InOrStdin())
	if err != nil {
		return "", token, err
	}
	actor, credential, err := (&principal.Directory{Streams: l.Streams}).Check(c.Context(), text, l.Now())
	return actor.Handle, credential.Token, err
}

func askWhoami(ctx context.Context, client *httpapi.Client) (handle string, token uuid.UUID, err error) {
	answer, err := client.Get(ctx, "/v1/whoami")
	if err != nil {
		return "", token, err
	}
	defer answer.Body.Close()
	var self struct {
		Handle string
		Token  uuid.UUID
	}
	err = json.NewDecoder(answer.Body).Decode(&self)
	return self.Handle, self.Token, err
}

func identityCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "identity",
		Short: "whom an OpenID Connect issuer's subjects are here 外部身份",
		Long:  "An outside identity, an issuer's subject, acts as the principal that an administrator linked it to. Nobody is\nenrolled by signing in. The subject is recorded nowhere: only an id that is derived from it.",
	}
	root.AddCommand(linkCommand(), unlinkCommand())
	return root
}

// outside is an identity as the command line names it.
type outside struct{ issuer, subject string }

func (o *outside) flags(c *cobra.Command) {
	c.Flags().StringVar(&o.issuer, "issuer", "", "the issuer's URL, as its tokens have it in iss")
	c.Flags().StringVar(&o.subject, "subject", "", "the subject, as the tokens have it in sub")
}

// send sends one command to the identity.
func (o outside) send(ctx context.Context, to commander, actor ledger.Actor, verb string, command any) error {
	data, err := json.Marshal(command)
	if err != nil {
		return err
	}
	body, err := json.Marshal(ledger.Act{Data: data})
	if err != nil {
		return err
	}
	_, err = to.Do(ctx, ledger.Request{
		Aggregate: "identity", ID: identity.ID(o.issuer, o.subject), Verb: verb, Command: uuid.New(),
		Body: body, Expect: ledger.Whatever(), Actor: actor, Source: ledger.Source{Kind: "api"},
	})
	return err
}

func linkCommand() *cobra.Command {
	var at access
	var o outside
	c := &cobra.Command{
		Use:   "link HANDLE",
		Short: "let a subject of an issuer act as the principal",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return at.open(c, func(to commander, actor ledger.Actor) error {
				link := identity.Link{Issuer: o.issuer, Subject: o.subject, Principal: principal.ID(strings.TrimSpace(args[0]))}
				err := o.send(c.Context(), to, actor, "link", link)
				if ledger.CodeOf(err) == "exists" {
					err = o.send(c.Context(), to, actor, "relink", link)
				}
				return err
			})
		},
	}
	at.flags(c)
	o.flags(c)
	return c
}

func unlinkCommand() *cobra.Command {
	var at access
	var o outside
	c := &cobra.Command{
		Use:   "unlink",
		Short: "a subject of an issuer is nobody here any more, from now on",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return at.open(c, func(to commander, actor ledger.Actor) error {
				return o.send(c.Context(), to, actor, "unlink", identity.Unlink{})
			})
		},
	}
	at.flags(c)
	o.flags(c)
	return c
}
