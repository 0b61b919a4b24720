package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"ttledger/adapters/importer"
	"ttledger/domain/ledger"
	"ttledger/domain/policy"
)

func policiesCommand() *cobra.Command {
	var at access
	var approverFile string
	var adopt, asJSON bool
	c := &cobra.Command{
		Use:   "policies",
		Short: "the policies that come with the program: list them, or adopt them 政策",
		Long: `Lists the policies that come with the program, each with where its text comes from and how sure
it is (L read in the law, W in an excerpt, R unconfirmed, D our own). With --adopt they are adopted,
through the same commands and four eyes as everyone: the preparer's token asks (role PM) and the
approver's decides (role APR). Adopting again adds nothing. What a zone decides otherwise it adopts
itself, as another version.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			seeds, err := policy.Seeds()
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(c.OutOrStdout()).Encode(seeds)
			}
			if !adopt {
				for _, s := range seeds {
					fmt.Fprintf(c.OutOrStdout(), "%-22s %-8s %s  %-20s %s\n", s.Code, s.Version, s.Mark, s.Form, s.Names.Zh)
				}
				return nil
			}
			return at.both(c, approverFile, func(to importer.Ledger, preparer, approver ledger.Actor) error {
				n, err := adoptAll(c.Context(), to, preparer, approver, seeds)
				if err == nil {
					fmt.Fprintf(c.OutOrStdout(), "%d versions adopted, %d were there\n", n, len(seeds)-n)
				}
				return err
			})
		},
	}
	at.flags(c)
	c.Flags().BoolVar(&adopt, "adopt", false, "adopt them")
	c.Flags().StringVar(&approverFile, "approver-token-file", "", "file with the approver's token")
	c.Flags().BoolVar(&asJSON, "json", false, "list them as JSON")
	return c
}

var seedSpace = uuid.MustParse("1c7c4a3e-5f0b-5b7a-9d58-0a4f6e2c8b13")

// adoptAll adopts versions of policies in their order and counts those that were not there.
func adoptAll(ctx context.Context, to importer.Ledger, preparer, approver ledger.Actor, all []policy.Terms) (adopted int, err error) {
	known := map[string]bool{}
	for _, t := range all {
		verb := "adopt"
		if known[t.Code] {
			verb = "revise"
		}
		known[t.Code] = true
		new, err := adoptOne(ctx, to, preparer, approver, verb, t)
		if ledger.CodeOf(err) == "exists" { // with versions of the zone's own
			new, err = adoptOne(ctx, to, preparer, approver, "revise", t)
		}
		if err != nil {
			return adopted, fmt.Errorf("%s %s: %w", t.Code, t.Version, err)
		}
		if new {
			adopted++
		}
	}
	return adopted, nil
}

func adoptOne(ctx context.Context, to importer.Ledger, preparer, approver ledger.Actor, verb string, t policy.Terms) (new bool, err error) {
	data, err := json.Marshal(t)
	if err != nil {
		return false, err
	}
	body, err := json.Marshal(map[string]json.RawMessage{"data": data})
	if err != nil {
		return false, err
	}
	stream := ledger.PolicyStream(t.Code)
	outcomes, err := importer.Approved(ctx, to, approver, []ledger.Request{{
		Aggregate: stream.Category, ID: stream.ID, Verb: verb, Command: uuid.NewSHA1(seedSpace, []byte(verb+" "+t.Code+"@"+t.Version)),
		Body: body, Expect: ledger.Whatever(), Actor: preparer, Source: ledger.Source{Kind: "api"},
	}})
	if err != nil {
		return false, err
	}
	if ledger.CodeOf(outcomes[0].Err) == "version-known" {
		return false, nil
	}
	return !outcomes[0].Receipt.Replayed, outcomes[0].Err
}
