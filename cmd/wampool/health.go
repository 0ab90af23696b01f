package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// healthPatience is how long a sidecar may take to say how it is.
const healthPatience = 3 * time.Second

func newHealth(s streams) *cobra.Command {
	var files []string
	var address string
	var ready bool
	command := &cobra.Command{
		Use:   "health -c FILE | health --address HOST:PORT",
		Short: "Ask a sidecar that runs whether it is well",
		Long: `Asks the admin listener of a sidecar on this machine, and prints what it says. The
exit code is 0 if all is well, else 1. It is for where there is no other program
to ask with, as in an image that holds wampool alone.`,
		Example: `  wampool health -c /etc/wampool/wampool.hcl
  wampool health --ready --address 127.0.0.1:9090`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if (len(files) == 0) == (address == "") {
				return errors.New("health needs -c FILE or --address HOST:PORT, one of them")
			}
			if len(files) > 0 {
				config, err := loadFiles(files, s.in)
				switch {
				case err != nil:
					return &failure{exitUsage, err}
				case config.Admin == nil:
					return &failure{exitUsage, fmt.Errorf("%s has no admin block: there is nobody to ask", named(files))}
				}
				address = config.Admin.Address
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
	addFiles(command, &files)
	flags.StringVar(&address, "address", "", "`HOST:PORT` of its admin listener")
	flags.BoolVar(&ready, "ready", false, "ask whether it can do its work, not only whether it runs")
	return command
}

// ask returns what an admin listener says, and an error unless it is well.
func ask(ctx context.Context, address, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachable(address)+path, nil)
	if err != nil {
		return "", fmt.Errorf("health: %w", err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // without the proxies of the environment
	response, err := client.Do(request)
	if err != nil {
		return "", fmt.Errorf("health: %w", err)
	}
	defer response.Body.Close()
	const longest = 64 << 10
	body, err := io.ReadAll(io.LimitReader(response.Body, longest))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("health: %s answers %s", path, strings.ToLower(response.Status))
	}
	return string(body), err
}

// reachable is an address to connect to where one listens on all of them.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip, bad := netip.ParseAddr(host); err == nil && bad == nil && ip.IsUnspecified() {
		loopback := "127.0.0.1"
		if ip.Is6() {
			loopback = "::1"
		}
		return net.JoinHostPort(loopback, port)
	}
	return address
}
