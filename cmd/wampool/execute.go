package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wampool/wampool/configs"
)

// Exit codes.
const (
	exitClean   = 0
	exitFailure = 1 // while running
	exitUsage   = 2 // command line or configuration
)

// streams are the program's ties to the outside.
type streams struct {
	in      io.Reader
	out     io.Writer               // what was asked for
	err     io.Writer               // logs and errors
	signals func() <-chan os.Signal // heeds them from then on; until then they end the program
}

// failure is an error of a command that runs. Any other error comes from its
// command line.
type failure struct {
	code  int
	cause error // nil: all has been said
}

func (f *failure) Error() string { return fmt.Sprint(f.cause) }

// failed returns an error that happened while a command ran, nil for nil.
func failed(err error) error {
	if err == nil {
		return nil
	}
	return &failure{exitFailure, err}
}

// execute runs the command that args name, and returns the exit code.
func execute(args []string, s streams) int {
	root := newRoot(s)
	root.SetArgs(args)
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	command, err := root.ExecuteContextC(context.Background())
	if err == nil {
		return exitClean
	}
	if failure := (*failure)(nil); errors.As(err, &failure) {
		report(s.err, failure.cause)
		return failure.code
	}
	fmt.Fprintf(s.err, "wampool: %s\nTry '%s --help'.\n", oneLine(command, err), command.CommandPath())
	return exitUsage
}

// oneLine is what is wrong with a command line, with the command that was
// perhaps meant.
func oneLine(command *cobra.Command, err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	var name string
	if n, _ := fmt.Sscanf(line, "unknown command %q", &name); n == 1 && !command.HasParent() {
		if meant := command.SuggestionsFor(name); len(meant) > 0 {
			line += fmt.Sprintf("; did you mean %q?", meant[0])
		}
	}
	return line
}

// report prints an error, if there is one. Mistakes in a file begin with its name.
func report(w io.Writer, err error) {
	if mistakes := (configs.Diagnostics)(nil); errors.As(err, &mistakes) {
		fmt.Fprintln(w, mistakes)
	} else if err != nil {
		fmt.Fprintln(w, "wampool:", err)
	}
}

func newRoot(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "wampool",
		Short: "Shared registrations, concurrency control and call queues for WAMP, beside any router",
		Long: `wampool is a sidecar for WAMP services. Callees connect to it instead of to the
router; it shares procedures among them, limits the calls in flight at each, and
queues what is above that. Callers stay where they are.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },

		SilenceUsage: true, SilenceErrors: true, SuggestionsMinimumDistance: 2,
	}
	root.Version = version(buildInfo())
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddCommand(newRun(s), newCheck(s), newConfig(s), newFmt(s), newImport(s), newHealth(s), newTop(s), newTrace(s), newPools(s), newSessions(s), newPeers(s), newReload(s), newDrain(s), newUndrain(s), newPause(s), newResume(s), newDemo(s), newBench(s), newVersion(s), newMan(s))
	return root
}
