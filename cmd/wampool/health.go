package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wampool/wampool/proxy/admin"
)

// healthPatience is how long a sidecar may take to say how it is.
const healthPatience = 3 * time.Second

func newHealth(s streams) *cobra.Command {
	var of sidecar
	var ready bool
	command := &cobra.Command{
		Use:   "health -c FILE | health --address ADDRESS",
		Short: "Ask a sidecar that runs whether it is well",
		Long: `Asks the admin listener of a sidecar on this machine, and prints what it says. The
exit code is 0 if all is well, else 1. It is for where there is no other program
to ask with, as in an image that holds wampool alone.`,
		Example: `  wampool health -c /etc/wampool/wampool.hcl
  wampool health --ready --address 127.0.0.1:9090`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			address, err := of.find(command, s.in)
			if err != nil {
				return err
			}
			path := "/healthz"
			if ready {
				path = "/readyz"
			}
			text, err := ask(command.Context(), address, path)
			fmt.Fprint(s.out, text)
			return failed(err)
		},
	}
	flags := command.Flags()
	addSidecar(command, &of)
	flags.BoolVar(&ready, "ready", false, "ask whether it can do its work, not only whether it runs")
	return command
}

// ask returns what an admin listener says, and an error unless it is well.
func ask(ctx context.Context, address, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	answer, status, err := admin.NewClient(address).Open(ctx, http.MethodGet, path, nil)
	if err != nil {
		return "", fmt.Errorf("health: %w", err)
	}
	defer answer.Close()
	const longest = 64 << 10
	body, err := io.ReadAll(io.LimitReader(answer, longest))
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("health: %s answers %d %s", path, status, strings.ToLower(http.StatusText(status)))
	}
	return string(body), err
}
