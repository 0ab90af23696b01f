package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/wampool/wampool/cmd/wampool/top"
)

func newTop(s streams) *cobra.Command {
	var of sidecar
	var times int
	var asJSON bool
	command := &cobra.Command{
		Use:   "top -c FILE | top --address ADDRESS",
		Short: "Watch the pools of a sidecar that runs",
		Long: `Shows the pools of a sidecar and the callees of one of them, anew each second. Where
the output is no terminal, the same table is printed each second; with --json a line
each second, as GET /api/v1/events tells it.`,
		Example: `  wampool top -c /etc/wampool/wampool.hcl
  wampool top --address 127.0.0.1:9090 --times 1 | head`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			address, err := of.find(command, s.in)
			if err != nil {
				return err
			}
			ctx, stop := untilSignal(command.Context(), s.signals())
			defer stop()
			return failed(top.Run(ctx, top.Options{
				Address: address, In: s.in, Out: s.out, IsLive: isTerminal(s.out) && !isDumb(), Times: times, JSON: asJSON,
			}))
		},
	}
	addSidecar(command, &of)
	command.Flags().IntVar(&times, "times", 0, "where the output is no terminal, or with --json: print `N` tables or lines and end")
	command.Flags().BoolVar(&asJSON, "json", false, "print a line of JSON each second, for programs")
	return command
}

// untilSignal returns a context that a signal ends.
func untilSignal(ctx context.Context, signals <-chan os.Signal) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() { // ends with ctx
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
