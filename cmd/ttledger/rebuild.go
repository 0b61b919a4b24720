package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func rebuildCommand() *cobra.Command {
	var at place
	c := &cobra.Command{
		Use:   "rebuild",
		Short: "build the read models anew beside the old, then switch 重建读模型",
		Long:  "Builds the read models anew from the first event, beside those that serve, and switches to them in\none transaction. It can run beside a server, which goes on with the new ones.",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			d, err := openToRead(c.Context(), at)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, d.close()) }()
			views, runner, err := d.readModels(true, logger(c.ErrOrStderr()))
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, views.Close()) }()
			start := time.Now()
			if err := runner.CatchUp(c.Context()); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "read models rebuilt to entry %d in %s\n", runner.Status().Checkpoint.Entry, time.Since(start).Round(time.Millisecond))
			return err
		},
	}
	at.flags(c, "data directory")
	return c
}
