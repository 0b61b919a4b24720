package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"ttledger/adapters/webhook"
	"ttledger/domain/ledger"
)

// webhooks is the sender of a directory. Its endpoints stand in webhooks.json, what it knows of
// them in webhooks/.
func (d *directory) webhooks(log *slog.Logger) (*webhook.Sender, error) {
	endpoints, err := webhook.Load(d.file("webhooks.json"))
	return &webhook.Sender{
		Dir: d.file("webhooks"), Endpoints: endpoints, Feed: d.store, Log: log, Now: time.Now, Random: rand.Float64,
	}, err
}

func webhookCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "webhook",
		Short: "what other systems are told, and whether they take it 事件通知",
		Long: "Other systems are told of what is recorded by signed messages (Standard Webhooks). They are listed in\n" +
			"webhooks.json in the data directory, which `ttledger serve` reads at its start:\n\n" +
			`  [{"name": "portal", "url": "https://…", "secret_file": "portal.secret", "types": ["project.approved.v1"]}]`,
	}
	root.AddCommand(webhookListCommand(),
		webhookOrderCommand(webhook.Retry, "retry NAME", "send what was given up again, oldest first, until one is not taken; what is failing is tried now"),
		webhookOrderCommand(webhook.Enable, "enable NAME", "send again to an endpoint that was disabled because it said that it is gone"))
	return root
}

func webhookListCommand() *cobra.Command {
	var at place
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "endpoints: how far each has come, since when it fails, and what was given up",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := openToRead(c.Context(), at)
			if err != nil {
				return err
			}
			defer d.close()
			lines, err := d.webhookLines(c)
			if err != nil {
				return err
			}
			for _, l := range lines {
				if err := l.print(c.OutOrStdout(), asJSON); err != nil {
					return err
				}
			}
			return nil
		},
	}
	at.flags(c, "data directory")
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return c
}

// webhookLine is how one endpoint fares.
type webhookLine struct {
	Name   string `json:"name"`
	URL    string `json:"url"`
	Begun  bool   `json:"begun"`  // the server has read it
	Behind int64  `json:"behind"` // events after its checkpoint
	webhook.State
}

func (d *directory) webhookLines(c *cobra.Command) ([]webhookLine, error) {
	sender, err := d.webhooks(slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	var lines []webhookLine
	for _, e := range sender.Endpoints {
		l := webhookLine{Name: e.Name, URL: e.URL}
		if l.State, l.Begun, err = webhook.ReadState(sender.Dir, e.Name); err != nil {
			return nil, err
		}
		if l.Begun {
			at, err := ledger.ParsePosition(l.Position)
			if err != nil {
				return nil, err
			}
			if l.Behind, _, err = d.store.Behind(c.Context(), at); err != nil {
				return nil, err
			}
		}
		lines = append(lines, l)
	}
	return lines, nil
}

func (l webhookLine) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(l)
	}
	if !l.Begun {
		_, err := fmt.Fprintf(w, "%s %s: not begun; the server reads webhooks.json at its start\n", l.Name, l.URL)
		return err
	}
	fmt.Fprintf(w, "%s %s: entry %d, %d behind\n", l.Name, l.URL, l.Entry, l.Behind)
	if !l.Disabled.IsZero() {
		fmt.Fprintf(w, "  disabled since %s: it said that it is gone; `ttledger webhook enable %s` sends to it again\n", l.Disabled.Format(time.RFC3339), l.Name)
	}
	if f := l.Failing; f != nil {
		fmt.Fprintf(w, "  failing since %s at entry %d: %s (attempt %d, next %s)\n",
			f.Since.Format(time.RFC3339), f.Message.Data.Entry, f.Error, f.Attempts, f.Due.Format(time.RFC3339))
	}
	for _, x := range l.Dead {
		fmt.Fprintf(w, "  given up: entry %d %s %s: %s (attempt %d)\n", x.Message.Data.Entry, x.Message.Type, x.Message.Data.ID, x.Error, x.Attempts)
	}
	return nil
}

func webhookOrderCommand(o webhook.Order, use, short string) *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:   use,
		Short: short,
		Long:  short + ".\nA server that runs does it within seconds, otherwise the next does it at its start.",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if data == "" {
				return errNoData
			}
			endpoints, err := webhook.Load(filepath.Join(data, "webhooks.json"))
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(endpoints, func(e webhook.Endpoint) bool { return e.Name == args[0] }) {
				return fmt.Errorf("webhooks.json in %s has no endpoint %q", data, args[0])
			}
			return webhook.Give(filepath.Join(data, "webhooks"), args[0], o)
		},
	}
	c.Flags().StringVar(&data, "data", "", "data directory")
	return c
}
