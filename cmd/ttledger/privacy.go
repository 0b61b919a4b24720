package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"ttledger/adapters/importer"
	"ttledger/domain/ledger"
	"ttledger/domain/person"
)

func privacyCommand() *cobra.Command {
	root := &cobra.Command{Use: "privacy", Short: "what is held of a person, and its erasure 个人信息"}
	root.AddCommand(privacyExportCommand(),
		privacyActCommand("propose SUBJECT", "ask for a person's data to be erased (role DPO)", "propose-erasure", true),
		privacyActCommand("erase SUBJECT", "ask for a proposed erasure (role DPO), and decide it as another person (role APR)", "erase", false),
		privacyDueCommand(), privacyErasedCommand())
	return root
}

func subjectArg(args []string) (uuid.UUID, error) {
	id, err := uuid.Parse(args[0])
	if err != nil {
		return id, usageError{fmt.Errorf("%q is not a pseudonym; it is the id of a person's stream, such as 6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11", args[0])}
	}
	return id, nil
}

func privacyExportCommand() *cobra.Command {
	var at access
	var out, purpose string
	c := &cobra.Command{
		Use:   "export SUBJECT",
		Short: "what is held of a person, where and until when, as the API answers it",
		Long: "Writes what is held of a person, where and until when. With --purpose the texts themselves are in it,\n" +
			"as far as the token's roles and the purpose allow, and that they were shown is recorded first.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := subjectArg(args)
			if err != nil {
				return err
			}
			path := "/v1/subjects/" + id.String()
			if purpose != "" {
				path += "?purpose=" + purpose
			}
			return at.fetch(c, path, out)
		},
	}
	at.flags(c)
	c.Flags().StringVarP(&out, "out", "o", "-", "file to write, whole or not at all; - is standard output")
	c.Flags().StringVar(&purpose, "purpose", "", "what for, such as subject-request; without it no text is opened")
	return c
}

// privacyActCommand is one command on a person, by the same way as everyone's.
func privacyActCommand(use, short, verb string, grounded bool) *cobra.Command {
	var at access
	var ground, approverFile string
	c := &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := subjectArg(args)
			if err != nil {
				return err
			}
			var command any = person.Erase{}
			if grounded {
				command = person.ProposeErasure{Ground: ground}
			}
			return at.privacy(c, id, verb, command, approverFile)
		},
	}
	at.flags(c)
	if !grounded {
		c.Flags().StringVar(&approverFile, "approver-token-file", "", "file with the token of who approves it (role APR); without it the request waits for them")
	}
	if grounded {
		c.Flags().StringVar(&ground, "ground", "subject-request", "subject-request, consent-withdrawn, retention-expired or unlawful")
	}
	return c
}

// privacy sends a command about a person; what needs four eyes is decided at once where the second
// person's token is given. Where this process writes the directory itself, it also carries out what
// was decided.
func (a *access) privacy(c *cobra.Command, id uuid.UUID, verb string, command any, approverFile string) error {
	data, err := json.Marshal(command)
	if err != nil {
		return err
	}
	body, err := json.Marshal(ledger.Act{Data: data})
	if err != nil {
		return err
	}
	request := ledger.Request{
		Aggregate: person.Aggregate.Category, ID: id, Verb: verb, Command: uuid.New(), Body: body,
		Expect: ledger.Whatever(), Source: ledger.Source{Kind: "api"},
	}
	if approverFile == "" {
		return a.open(c, func(to commander, actor ledger.Actor) error {
			request.Actor = actor
			receipt, err := to.Do(c.Context(), request)
			if err == nil && receipt.Pending {
				_, err = fmt.Fprintf(c.OutOrStdout(), "%s awaits another person's decision\n", receipt.Stream)
				return err
			}
			return recordedAs(c, receipt, err)
		})
	}
	return a.both(c, approverFile, func(to importer.Ledger, preparer, approver ledger.Actor) error {
		request.Actor = preparer
		outcomes, err := importer.Approved(c.Context(), to, approver, []ledger.Request{request})
		if err != nil {
			return err
		}
		if here, ok := to.(importer.Local); ok && here.Ledger.Vault != nil && outcomes[0].Err == nil {
			if err := here.Ledger.Vault.Erase(c.Context(), id); err != nil {
				return fmt.Errorf("the erasure is recorded and not yet carried out; the next start does it: %w", err)
			}
		}
		return recordedAs(c, outcomes[0].Receipt, outcomes[0].Err)
	})
}

func recordedAs(c *cobra.Command, receipt ledger.Receipt, err error) error {
	if err == nil {
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s version %d\n", receipt.Stream, receipt.Version)
	}
	return err
}

func privacyDueCommand() *cobra.Command {
	var data string
	var propose, asJSON bool
	c := &cobra.Command{
		Use:   "due",
		Short: "what the retention schedule says is due today; a server proposes it by itself",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			d, err := openDirectory(c.Context(), place{data: data})
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, d.close()) }()
			views, runner, err := d.readModels(false, slog.New(slog.DiscardHandler))
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, views.Close()) }()
			if err := runner.CatchUp(c.Context()); err != nil {
				return err
			}
			list, err := dues(c.Context(), views, ledger.DayOf(time.Now()))
			if err != nil {
				return err
			}
			for _, due := range list {
				outcome := ""
				if propose {
					if outcome, err = d.proposeDue(c, due); err != nil {
						return err
					}
				}
				if err := due.print(c.OutOrStdout(), outcome, asJSON); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().StringVar(&data, "data", "", "data directory; its server must be stopped")
	c.Flags().BoolVar(&propose, "propose", false, "issue the commands that are due, as the server does")
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return c
}

// proposeDue issues what is due; a refusal of a rule is an outcome.
func (d *directory) proposeDue(c *cobra.Command, due dueData) (string, error) {
	q, err := due.command()
	if err != nil {
		return "", err
	}
	if _, err = d.ledger.Do(c.Context(), q); err != nil && ledger.KindOf(err) != ledger.KindRejected {
		return "", err
	}
	return outcome(err), nil
}

func (d dueData) print(w io.Writer, outcome string, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(struct {
			dueData
			Outcome string `json:"outcome,omitzero"`
		}{d, outcome})
	}
	held := ""
	if d.Holds > 0 {
		held = fmt.Sprintf(" held by %d", d.Holds)
	}
	_, err := fmt.Fprintf(w, "%s %s %s (%s)%s %s\n", d.On, d.Subject, d.Verb, d.Ground, held, outcome)
	return err
}

func privacyErasedCommand() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:   "erased",
		Short: "the pseudonyms that were erased, one a line, for `restore --erased`",
		Long: "Lists the pseudonyms that were erased. Kept away from the backups, the list lets `ttledger restore --erased`\n" +
			"carry the erasures out again on a backup that is older than they are. It tells nothing about anybody.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			d, err := openToRead(c.Context(), place{data: data})
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, d.close()) }()
			erases := d.eraser(nil).Erases
			for batch, err := range d.store.Follow(c.Context(), ledger.Position{}) {
				if err != nil {
					return err
				}
				for _, r := range batch.Events {
					if subject, ok := erases(r); ok {
						if _, err := fmt.Fprintln(c.OutOrStdout(), subject); err != nil {
							return err
						}
					}
				}
				if batch.Live {
					break
				}
			}
			return nil
		},
	}
	c.Flags().StringVar(&data, "data", "", "data directory; its server may run")
	return c
}
