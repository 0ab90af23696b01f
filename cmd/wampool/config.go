package main

import (
	"errors"

	"github.com/spf13/cobra"
)

func newConfig(s streams) *cobra.Command {
	var files []string
	var asJSON bool
	command := &cobra.Command{
		Use:   "config -c FILE",
		Short: "Print the configuration that is in force",
		Long: `Prints what a configuration says as one file, all defaults filled in. It can be
read again. Secrets that stand in the configuration are hidden, and so is the query
of the router's URL; those that come from env() or file() are named as there. Other
values that are read from elsewhere are printed.`,
		Example: `  wampool config -c /etc/wampool/wampool.hcl -c /etc/wampool/conf.d
  wampool config --json -c wampool.hcl | jq .limits`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if len(files) == 0 {
				return errors.New("config needs -c FILE, - for the standard input")
			}
			config, err := loadFiles(files, s.in)
			if err != nil {
				return &failure{exitUsage, err}
			}
			text := config.HCL()
			if asJSON {
				text = config.JSON()
			}
			_, err = s.out.Write(text)
			return failed(err)
		},
	}
	addFiles(command, &files)
	command.Flags().BoolVar(&asJSON, "json", false, "print it in the JSON syntax of HCL")
	return command
}
