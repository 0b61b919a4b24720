// Command ttledger is the ledger of a development zone's technology transfer: server, importer
// and the tools of its auditors in one binary. This package is flags, wiring and shutdown;
// rules live in domain, read models in projections, the outside world in adapters.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ttledger/domain/ledger"
)

// Exit codes; scripts rely on them.
const (
	exitFailed = 1
	exitUsage  = 2
	exitDiffer = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	tune()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// tune sets two things of the runtime, unless the environment does. The garbage collector runs a
// third as often: the heap is small beside the engine's page caches, and an eighth of the processor
// comes free. And one more thread than processors may run Go: whoever waits for the disk keeps its
// place for a while, and with two processors that would be half of them.
func tune() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(300)
	}
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
}

// run is main without the process.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "ttledger:", explain(err))
	// cobra has no type of its own for a command it does not know.
	if _, ok := errors.AsType[usageError](err); ok || strings.HasPrefix(err.Error(), "unknown command") {
		return exitUsage
	}
	if errors.Is(err, errDifferent) {
		return exitDiffer
	}
	return exitFailed
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

// explain is an error as a person at a terminal reads it: the message in both languages, and
// each field that is wrong.
func explain(err error) string {
	e, ok := errors.AsType[*ledger.Error](err)
	if !ok {
		return err.Error()
	}
	text := e.Msg.En
	if e.Msg.Zh != "" && e.Msg.Zh != e.Msg.En {
		text += " / " + e.Msg.Zh
	}
	text += " [" + e.Code + "]"
	for _, f := range e.Fields {
		text += fmt.Sprintf("\n  %s: %s / %s", f.Pointer, f.Detail.En, f.Detail.Zh)
	}
	if e.Err != nil {
		text += "\n  " + e.Err.Error()
	}
	return text
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "ttledger",
		Short:         "the event-sourced ledger of a technology-transfer zone 技术转移统计台账",
		Long:          "ttledger keeps the technology-transfer projects of a development zone, and everything they lead to,\nas an append-only ledger of events. Every flag can also be set by an environment variable:\n--data is TTLEDGER_DATA, --token-file is TTLEDGER_TOKEN_FILE.",
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			return fromEnvironment(c.Flags())
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(demoCommand(), serveCommand(), importCommand(), policiesCommand(), exportCommand(), freezeCommand(), replayCommand(), rebuildCommand(), verifyCommand(), checkpointCommand(), copyCommand(), benchCommand(), tokenCommand(), identityCommand(), privacyCommand(), backupCommand(), restoreCommand(), webhookCommand(), healthCommand(), doctorCommand(), versionCommand())
	for _, c := range root.Commands() {
		withUsage(c)
	}
	return root
}

// withUsage makes wrong arguments a usage error, in a command and those below it.
func withUsage(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return usageError{err}
			}
			return nil
		}
	}
	for _, below := range c.Commands() {
		withUsage(below)
	}
}

// fromEnvironment sets each flag that the command line left alone from TTLEDGER_….
func fromEnvironment(flags *pflag.FlagSet) (err error) {
	flags.VisitAll(func(f *pflag.Flag) {
		name := "TTLEDGER_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, ok := os.LookupEnv(name)
		if err != nil || f.Changed || !ok {
			return
		}
		if set := flags.Set(f.Name, value); set != nil {
			err = usageError{fmt.Errorf("%s: %w", name, set)}
		}
	})
	return err
}
