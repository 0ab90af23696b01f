package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/wampool/wampool/cmd/wampool/demo"
)

func newDemo(s streams) *cobra.Command {
	var length time.Duration
	var printConfig bool
	command := &cobra.Command{
		Use:   "demo",
		Short: "Show it at work: a router, callees and callers in one process",
		Long: `Starts a small router, wampool in front of it, three callees of different
capacity that join through wampool, and callers at the router that overload them
for a while. A table shows who gets which calls; the summary at the end must add
up, or the exit code is 1. Ctrl-C ends it early.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if printConfig {
				_, err := fmt.Fprint(s.out, demo.Config)
				return failed(err)
			}
			if length < demo.Shortest || length > demo.Longest {
				return fmt.Errorf("--for must be from %s to %s", demo.Shortest, demo.Longest)
			}
			return failed(show(s, length))
		},
	}
	command.Flags().DurationVar(&length, "for", 15*time.Second, "how long it lasts")
	command.Flags().BoolVar(&printConfig, "print-config", false, "print the configuration that wampool has in it, and exit")
	return command
}

// show runs the demo. A signal ends it early: then its summary still comes.
func show(s streams, length time.Duration) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := s.signals()
	go func() { // ends with the demo
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	options := demo.Options{For: length, Out: s.out}
	if file, ok := s.out.(*os.File); ok && isTerminal(file) && !isDumb() {
		options.Size = func() (width, height int, err error) { return term.GetSize(int(file.Fd())) }
		options.Color = os.Getenv("NO_COLOR") == ""
	}
	summary, err := demo.Run(ctx, options)
	if err != nil {
		return err
	}
	return summary.Err()
}
