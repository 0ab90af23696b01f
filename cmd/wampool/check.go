package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wampool/wampool/configs"
)

func newCheck(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE...",
		Short: "Report every mistake in configuration files",
		Long: `Reads configuration files as run does, without running anything, and reports all
their mistakes at once. Variables and files that they read by env() and file()
must be there.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("check needs the FILE to be checked")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, files []string) error {
			wrong := false
			for _, file := range files {
				config, err := configs.Load(file)
				if err != nil {
					report(s.err, err)
					wrong = true
					continue
				}
				fmt.Fprintf(s.out, "%s: ok: %s\n", file, contents(config))
			}
			if wrong {
				return &failure{code: exitUsage}
			}
			return nil
		},
	}
}

// contents says how much a configuration holds.
func contents(config *configs.Config) string {
	pools := 0
	for _, realm := range config.Realms {
		pools += len(realm.Pools)
	}
	return fmt.Sprintf("%s, %s", count(len(config.Realms), "realm"), count(pools, "pool"))
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
